//! Data Exchange HDF5 as it is written, and arrays that stand elsewhere.

#![cfg(feature = "hdf5")]

#[path = "support/bytes.rs"]
mod bytes;

use std::error::Error;
use std::path::Path;

use bytes::{TYPES, bytes_of};
use ndarray::Array3;
use xray_io::{
    ByteOrder, DataExchangeWriter, FrameRate, ImageSequence, Metadata, Opener, PixelSize,
    RawDescription, Role, SequenceReader, SequenceReaderExt, TimeAxis, Timing,
};

type TestResult = Result<(), Box<dyn Error>>;

#[test]
fn every_pixel_type_comes_back() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scan.h5");
    for pixel_type in TYPES {
        let bytes: Vec<u8> = (0..3 * 5 * 7 * pixel_type.bytes())
            .map(|i| (i * 37 % 59) as u8)
            .collect();
        let description = RawDescription::new(5, 7, pixel_type).byte_order(ByteOrder::Little);
        let sequence = Opener::new().raw(description).open_bytes("x.raw", bytes)?;
        DataExchangeWriter::new().write(&path, &sequence)?;
        let back = xray_io::open(&path)?;
        assert_eq!(back.pixel_type(), pixel_type);
        assert_eq!(bytes_of(&back)?, bytes_of(&sequence)?, "{pixel_type}");
        assert_eq!(back.time_axis(), &TimeAxis::unknown());
    }
    Ok(())
}

#[test]
fn fields_times_and_what_is_known_come_back() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scan.h5");
    let of = |n: usize, value: f32| {
        ImageSequence::new(Array3::from_shape_fn((n, 4, 6), |(t, r, c)| {
            value + (t * 24 + r * 6 + c) as f32
        }))
    };
    let metadata = Metadata::new()
        .with_pixel_size(PixelSize::from_micrometers(1.93)?)
        .with_frame_rate(FrameRate::from_kilohertz(50.0)?)
        .with_exposure(2.5e-6)
        .with_beam_energy(24_400.0)
        .with_detector_distance(0.3)
        .with_camera("SA-Z")
        .with_material("Ti-6Al-4V");
    let starts = vec![-40e-6, -20e-6, 0.0, 35e-6];
    let sequence = of(4, 100.0)?
        .with_metadata(metadata)?
        .with_time_axis(TimeAxis::from_stamps(starts.clone(), 0.01)?)?;
    let (flat, dark) = (of(2, 1000.0)?, of(1, 3.0)?);
    DataExchangeWriter::new()
        .flat(&flat)
        .dark(&dark)
        .write(&path, &sequence)?;
    let back = xray_io::open(&path)?;
    assert_eq!(back.read_all()?.view(), sequence.view());
    assert!(matches!(back.time_axis().timing(), Timing::Irregular(found) if found == &starts));
    let known = back.metadata();
    let size = known.pixel_size.as_ref().ok_or("a pixel size")?;
    assert_eq!(size.value, PixelSize::from_micrometers(1.93)?);
    assert_eq!(
        known.exposure.as_ref().map(|exposure| exposure.value),
        Some(2.5e-6)
    );
    assert_eq!(
        known.beam_energy.as_ref().map(|energy| energy.value),
        Some(24_400.0)
    );
    assert_eq!(
        known
            .detector_distance
            .as_ref()
            .map(|distance| distance.value),
        Some(0.3)
    );
    for (role, fields) in [(Role::Flat, &flat), (Role::Dark, &dark)] {
        let found = Opener::new().role(role).open(&path)?.read_all()?;
        assert_eq!(found.view(), fields.view(), "{role}");
    }
    let small = ImageSequence::new(Array3::zeros((1, 4, 5)))?;
    let refused = DataExchangeWriter::new()
        .flat(&small)
        .write(&path, &sequence);
    assert!(matches!(
        refused,
        Err(xray_io::Error::ShapeMismatch {
            what: "flat fields",
            ..
        })
    ));
    Ok(())
}

#[test]
fn every_cut_of_what_was_written_is_an_error() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scan.h5");
    let sequence = ImageSequence::new(Array3::ones((3, 8, 8)))?;
    DataExchangeWriter::new().write(&path, &sequence)?;
    let whole = std::fs::read(&path)?;
    for length in (0..whole.len()).step_by(7) {
        let cut = Opener::new().open_bytes("scan.h5", whole[..length].to_vec());
        assert!(cut.is_err(), "cut to {length}");
    }
    Ok(())
}

#[test]
fn arrays_that_stand_elsewhere_are_refused_by_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hdf5");
    for (name, what) in [
        ("external_link.h5", "an external link"),
        ("external_file.h5", "in external files"),
    ] {
        let outcome = xray_io::open(folder.join(name));
        let text = outcome.as_ref().err().map(ToString::to_string);
        let is_named = text
            .as_ref()
            .is_some_and(|text| text.contains(what) && text.contains(name));
        assert!(
            is_named && matches!(outcome, Err(xray_io::Error::Unsupported { .. })),
            "{name}: {text:?}"
        );
    }
}

#[test]
fn both_versions_of_blosc_give_the_plain_array() -> TestResult {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hdf5/blosc.h5");
    let read = |name: &str| bytes_of(&Opener::new().dataset(name).open(&path)?);
    let plain = read("plain")?;
    let codecs = [
        ("blosclz", &[0, 1, 2][..]),
        ("lz4", &[1]),
        ("lz4hc", &[1]),
        ("zlib", &[1]),
        ("zstd", &[0, 1, 2]),
    ];
    for (codec, filters) in codecs {
        for filter in filters {
            for version in 1..=2 {
                let name = format!("blosc{version}_{codec}_{filter}");
                assert!(read(&name)? == plain, "{name}");
            }
        }
    }
    assert!(read("wide")? == read("wide_plain")?);
    assert!(read("zeros")?.iter().all(|byte| *byte == 0));
    for name in ["large1", "large2"] {
        assert!(read(name)? == read("large_plain")?, "{name}");
    }
    Ok(())
}
