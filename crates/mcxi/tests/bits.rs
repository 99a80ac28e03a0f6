//! The same bits from every way to the same image, and what is refused.

use std::ops::ControlFlow;

use mcxi::{Band, BandPass, Detrend, Error, FrameRate, Measure, MoveContrast, NonFinite, Window};
use ndarray::{Array2, Array3, ArrayView3, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xray_io::ImageSequence;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn counts(n_frames: usize, n_rows: usize, n_columns: usize) -> Array3<u16> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    Array3::from_shape_fn((n_frames, n_rows, n_columns), |_| {
        random.random_range(0..4000_u16)
    })
}

fn contrast() -> Result<MoveContrast, xray_io::Error> {
    Ok(MoveContrast::new(FrameRate::from_hertz(5e4)?)
        .bands([Band::from_fraction(0.1, 0.3), Band::all()])
        .measures([Measure::Rms, Measure::CentroidFrequency]))
}

fn bits<'a>(images: impl IntoIterator<Item = &'a Array2<f32>>) -> Vec<u32> {
    let pixels = images.into_iter().flat_map(|image| image.iter());
    pixels.map(|v| v.to_bits()).collect()
}

#[test]
fn the_type_of_the_pixels_does_not_matter() -> Outcome {
    for n in [16, 30, 151] {
        let frames = counts(n, 13, 17).mapv(|v| v % 256);
        let images = contrast()?.images(&frames.view())?;
        let bytes = contrast()?.images(&frames.mapv(|v| v as u8).view())?;
        let floats = contrast()?.images(&frames.mapv(f32::from).view())?;
        assert_eq!(images, bytes);
        assert_eq!(images, floats);
    }
    Ok(())
}

#[test]
fn a_pixel_does_not_depend_on_its_neighbors() -> Outcome {
    for n in [32, 37, 151] {
        let frames = counts(n, 40, 61);
        let whole = contrast()?.images(&frames.view())?;
        let part = contrast()?.images(&frames.slice(s![.., 7..29, 5..50]))?;
        for (whole, part) in whole.iter().zip(&part) {
            assert_eq!(whole.image.slice(s![7..29, 5..50]), part.image);
        }
    }
    Ok(())
}

#[test]
fn views_of_any_layout() -> Outcome {
    let frames = counts(32, 9, 11);
    let whole = contrast()?.images(&frames.view())?;
    let turned = frames
        .view()
        .permuted_axes([2, 1, 0])
        .as_standard_layout()
        .into_owned();
    let back: ArrayView3<'_, u16> = turned.view().permuted_axes([2, 1, 0]);
    assert!(!back.is_standard_layout());
    assert_eq!(contrast()?.images(&back)?, whole);
    let mut backwards = frames.clone();
    backwards.invert_axis(ndarray::Axis(1));
    let mut expected = whole[0].image.clone();
    expected.invert_axis(ndarray::Axis(0));
    assert_eq!(contrast()?.images(&backwards.view())?[0].image, expected);
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn any_number_of_threads() -> Outcome {
    let frames = counts(30, 120, 130);
    let rate = FrameRate::from_hertz(5e4)?;
    let pass = BandPass::new(rate, Band::from_fraction(0.1, 0.3));
    let mut found = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        found.push(
            pool.install(|| {
                let images = contrast()?.images(&frames.view())?;
                let moving = pass.apply(&frames.view())?;
                let spectrum = contrast()?.spectrum(&frames.view())?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>((images, moving, spectrum))
            })
            .map_err(|e| e.to_string())?,
        );
    }
    assert!(found[0] == found[1] && found[1] == found[2]);
    Ok(())
}

#[test]
fn streamed_and_read_in_strips() -> Outcome {
    for (n_frames, length, hop) in [(40, 16, 8), (37, 30, 1), (33, 7, 9)] {
        let frames = counts(n_frames, 12, 70);
        let sequence = ImageSequence::new(frames.mapv(f32::from))?;
        let contrast = contrast()?;
        let windows = contrast.sliding(&frames.view(), length, hop)?;
        let mut stream = contrast.stream::<u16>((12, 70), length, hop)?;
        let mut streamed = Vec::new();
        for frame in frames.outer_iter() {
            streamed.extend(stream.push(&frame)?);
        }
        assert_eq!(streamed, windows);
        let mut read = Vec::new();
        contrast.sliding_from(&sequence, length, hop, |window| {
            read.push(window);
            ControlFlow::Continue(())
        })?;
        assert_eq!(read, windows);

        let whole = contrast.images(&frames.view())?;
        for rows in [1, 5, 100] {
            let strips = contrast.images_from(&sequence, rows * n_frames * 70 * 4)?;
            assert_eq!(strips, whole);
        }
        let too_small = contrast.images_from(&sequence, n_frames * 70 * 4 - 1);
        assert!(matches!(too_small, Err(Error::TooLarge { .. })));
    }
    Ok(())
}

#[test]
fn a_window_of_the_whole_is_the_whole() -> Outcome {
    let frames = counts(32, 5, 6);
    let windows = contrast()?.sliding(&frames.view(), 32, 1)?;
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0].images, contrast()?.images(&frames.view())?);
    Ok(())
}

#[test]
fn a_bad_pixel_spoils_itself_only() -> Outcome {
    for n in [32, 37, 151] {
        for bad in [f32::NAN, f32::INFINITY] {
            let clean = counts(n, 6, 21).mapv(f32::from);
            let mut frames = clean.clone();
            frames[[n / 2, 3, 4]] = bad;
            let every = contrast()?.measures([
                Measure::Rms,
                Measure::Power,
                Measure::SumAmplitude,
                Measure::MaxAmplitude,
                Measure::PeakFrequency,
                Measure::CentroidFrequency,
            ]);
            let images = every.images(&frames.view())?;
            let expected = every.images(&clean.view())?;
            for (mut image, expected) in images.into_iter().zip(expected) {
                assert!(image.image[[3, 4]].is_nan(), "{:?}", image.measure);
                image.image[[3, 4]] = expected.image[[3, 4]];
                assert_eq!(bits([&image.image]), bits([&expected.image]));
            }
            let strict = contrast()?.non_finite(NonFinite::Reject);
            let refused = strict.images(&frames.view());
            assert!(
                matches!(refused, Err(Error::NonFinite { frame, row: 3, column: 4, .. }) if frame == n / 2)
            );
        }
    }
    Ok(())
}

#[test]
fn constant_pixels_and_ramps_give_nothing() -> Outcome {
    let frames = Array3::from_shape_fn((32, 4, 20), |(n, y, x)| {
        1000.0 + 64.0 * y as f64 + if x > 9 { 3.0 * n as f64 } else { 0.0 }
    });
    let images = contrast()?.images(&frames.view())?;
    assert!(images[0].image.iter().all(|v| v.abs() < 1e-11));
    let still = contrast()?.images(&frames.mapv(|v| v as u16).slice(s![.., .., ..9]))?;
    assert!(still[0].image.iter().all(|v| *v == 0.0));
    assert!(
        still[1].image.iter().all(|v| v.is_nan()),
        "no power, no frequency"
    );
    Ok(())
}

#[test]
fn a_cosine_has_its_amplitude_and_all_frequencies_hold_the_variance() -> Outcome {
    let frames = Array3::from_shape_fn((40, 3, 5), |(n, y, x)| {
        let phase = std::f64::consts::TAU * 6.0 * n as f64 / 40.0 + y as f64;
        700.0 + (x + 1) as f64 * phase.cos()
    });
    for window in [Window::Rectangular, Window::Hann] {
        let spectrum = contrast()?
            .window(window)
            .detrend(Detrend::Mean)
            .spectrum(&frames.view())?;
        for ((y, x), amplitude) in spectrum.amplitude(6)?.indexed_iter() {
            approx::assert_relative_eq!(*amplitude, (x + 1) as f64, max_relative = 1e-12);
            approx::assert_abs_diff_eq!(spectrum.phase(6)?[[y, x]], y as f64, epsilon = 1e-12);
        }
    }
    let noise = counts(45, 7, 8).mapv(f64::from);
    let all = MoveContrast::new(FrameRate::from_hertz(1.0)?)
        .band(Band::all())
        .window(Window::Rectangular)
        .detrend(Detrend::Mean)
        .image(&noise.view())?;
    let std = noise.std_axis(ndarray::Axis(0), 0.0);
    for (ours, std) in all.iter().zip(&std) {
        approx::assert_relative_eq!(*ours, *std, max_relative = 1e-13);
    }
    Ok(())
}

#[test]
fn bands_that_share_the_axis_add_in_power() -> Outcome {
    let frames = counts(64, 6, 9).mapv(f64::from);
    let parts = [(0.0, 0.1), (0.1001, 0.3), (0.3001, 0.5)];
    let images = MoveContrast::new(FrameRate::from_hertz(1.0)?)
        .bands(
            parts
                .map(|(a, b)| Band::from_fraction(a, b))
                .into_iter()
                .chain([Band::all()]),
        )
        .measure(Measure::Power)
        .images(&frames.view())?;
    let sum = &images[0].image + &images[1].image + &images[2].image;
    for (sum, all) in sum.iter().zip(&images[3].image) {
        approx::assert_relative_eq!(*sum, *all, max_relative = 1e-12);
    }
    Ok(())
}

#[test]
fn refuses_what_makes_no_sense() -> Outcome {
    let frames = counts(16, 4, 4);
    let view = frames.view();
    let contrast = contrast()?;
    let few = contrast.images(&frames.slice(s![..2, .., ..]));
    assert!(matches!(
        few,
        Err(Error::TooFewFrames {
            needed: 3,
            found: 2,
            ..
        })
    ));
    let none = contrast.images(&frames.slice(s![.., ..0, ..]));
    assert!(matches!(none, Err(Error::EmptySequence { n_rows: 0, .. })));
    let short = contrast.clone().transform_length(15).images(&view);
    assert!(matches!(
        short,
        Err(Error::InvalidParameter {
            name: "transform_length",
            ..
        })
    ));
    let huge = contrast.clone().transform_length(usize::MAX).images(&view);
    assert!(matches!(
        huge,
        Err(Error::InvalidParameter {
            name: "transform_length",
            ..
        })
    ));
    assert!(matches!(
        contrast.clone().bands([]).images(&view),
        Err(Error::InvalidParameter { name: "bands", .. })
    ));
    assert!(matches!(
        contrast.clone().measures([]).images(&view),
        Err(Error::InvalidParameter {
            name: "measures",
            ..
        })
    ));
    assert!(matches!(
        contrast
            .clone()
            .band(Band::from_hertz(1.0, 26e3))
            .images(&view),
        Err(Error::BandOutside { .. })
    ));
    assert!(matches!(
        contrast
            .clone()
            .band(Band::from_fraction(0.07, 0.08))
            .images(&view),
        Err(Error::BandBetweenBins { .. })
    ));
    assert!(matches!(
        contrast.sliding(&view, 17, 1),
        Err(Error::TooFewFrames {
            needed: 17,
            found: 16,
            ..
        })
    ));
    assert!(matches!(
        contrast.sliding(&view, 16, 0),
        Err(Error::InvalidParameter { name: "hop", .. })
    ));
    let too_large = contrast.stream::<u16>((usize::MAX, 2), 16, 1);
    assert!(matches!(too_large, Err(Error::TooLarge { .. })));
    let mut stream = contrast.stream::<u16>((4, 4), 16, 1)?;
    let other = Array2::zeros((4, 5));
    assert!(matches!(
        stream.push(&other.view()),
        Err(Error::ShapeMismatch { .. })
    ));
    let rate = FrameRate::from_hertz(1.0)?;
    let taper = BandPass::new(rate, Band::all())
        .taper(f64::NAN)
        .apply(&view);
    assert!(matches!(
        taper,
        Err(Error::InvalidParameter { name: "taper", .. })
    ));
    assert!(contrast.spectrum(&view)?.amplitude(9).is_err());
    Ok(())
}
