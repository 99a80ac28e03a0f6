//! Corrections against arrays that NumPy computed, and what their composition keeps.

#![cfg(all(feature = "npy", feature = "hdf5"))]

#[path = "support/data.rs"]
mod data;

use std::error::Error;

use data::data;
use xray_io::{
    Correction, Despeckle, DivideDelayed, FlatField, Flicker, LogDelta, MinusLog, Opener, Role,
    Rotate, SequenceReader, SequenceReaderExt, TimeAxis,
};

type TestResult = Result<(), Box<dyn Error>>;

#[test]
fn every_golden_is_reached() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let stack = || xray_io::open(folder.join("stack.npy"));
    let fields = |role| {
        Opener::new()
            .role(role)
            .open(folder.join("dx_contig_earliest.h5"))
    };
    let flat_field = FlatField::from_readers(&fields(Role::Flat)?, &fields(Role::Dark)?)?;
    let near = |name: &str, reader: &dyn SequenceReader, tolerance: f64| -> TestResult {
        let golden = xray_io::open(folder.join(name))?;
        assert_eq!(golden.shape(), reader.shape(), "{name}");
        let mut expected = vec![0.0_f64; golden.shape().n_pixels()];
        for frame in 0..golden.shape().n_frames {
            golden.read_frame_into(frame, &mut expected)?;
            let found = reader.read_frame_f32(frame)?;
            for (found, expected) in found.iter().zip(&expected) {
                let error = (f64::from(*found) - expected).abs();
                assert!(
                    error <= tolerance * expected.abs().max(1.0),
                    "{name}, frame {frame}: {found}, {expected}"
                );
            }
        }
        Ok(())
    };
    // Single precision rounds to 6e-8 of a value; the bound is that of the definition of these arrays.
    near(
        "golden_divide_delayed_lag1.npy",
        &stack()?.correct(&DivideDelayed::new(1))?,
        2e-6,
    )?;
    near(
        "golden_flat_field.npy",
        &stack()?.correct(&flat_field)?,
        2e-6,
    )?;
    near(
        "golden_minus_log.npy",
        &stack()?.correct(&flat_field)?.correct(&MinusLog::new())?,
        2e-6,
    )?;
    near(
        "golden_flicker_median.npy",
        &stack()?.correct(&Flicker::new())?,
        2e-6,
    )?;
    near(
        "golden_log_delta_n3.npy",
        &stack()?.correct(&LogDelta::new(3))?,
        2e-6,
    )?;
    // The median is exact.
    let golden = xray_io::open(folder.join("golden_despeckle3_edge.npy"))?.read_all()?;
    assert_eq!(
        stack()?.correct(&Despeckle::new())?.read_all()?.view(),
        golden.view()
    );
    Ok(())
}

#[test]
fn corrections_compose_and_parts_equal_the_whole() -> TestResult {
    let Some(folder) = data("synthetic/valid") else {
        return Ok(());
    };
    let stack = xray_io::open(folder.join("stack.npy"))?
        .read_all()?
        .with_time_axis(TimeAxis::uniform(0.0, 2e-5)?)?;
    let steps: [&dyn Correction; 3] = [
        &Despeckle::new(),
        &DivideDelayed::new(2),
        &Rotate::degrees(7.0).fill(0.0),
    ];
    let mut reader: Box<dyn SequenceReader> = Box::new(stack);
    for step in steps {
        reader = Box::new(reader.correct(step)?);
    }
    assert_eq!(reader.shape().n_frames, 8);
    assert_eq!(reader.metadata().notes.len(), 3);
    assert!(
        reader
            .time_axis()
            .start(2)
            .is_some_and(|t| (t - 2e-5).abs() < 1e-15)
    );
    let all = reader.read_all()?;
    let region = xray_io::RegionOfInterest::new(5, 6, 7, 8);
    let part = (&reader).crop(region)?.read_all()?;
    assert_eq!(part.view(), all.view().slice(ndarray::s![.., 5..12, 6..14]));
    let mut windows = reader.windows(3, 2)?;
    while let Some(window) = windows.next_window() {
        let window = window?;
        assert_eq!(window.frame(1), all.frame(window.start() + 1));
    }
    Ok(())
}
