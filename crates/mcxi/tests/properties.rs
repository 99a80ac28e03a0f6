//! Properties that hold for any input, and settings through JSON.

use mcxi::{Band, Detrend, FrameRate, Measure, MoveContrast, Window};
use ndarray::{Array2, Array3};
use proptest::prelude::*;

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::Rectangular),
        Just(Window::Hann),
        Just(Window::Hamming),
        Just(Window::Blackman),
    ]
}

fn detrends() -> impl Strategy<Value = Detrend> {
    prop_oneof![
        Just(Detrend::None),
        Just(Detrend::Mean),
        Just(Detrend::Linear),
        Just(Detrend::Quadratic),
    ]
}

fn frames() -> impl Strategy<Value = Array3<u16>> {
    (2_usize..70, 1_usize..5, 1_usize..40, any::<u64>()).prop_map(|(t, h, w, seed)| {
        let mut state = seed | 1;
        Array3::from_shape_simple_fn((t, h, w), || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 52) as u16
        })
    })
}

/// RMS of the whole axis or a typed error for too few frames.
fn image(
    frames: &Array3<f64>,
    window: Window,
    detrend: Detrend,
    band: Band,
) -> Result<Array2<f64>, TestCaseError> {
    let rate = FrameRate::from_hertz(1000.0)?;
    let contrast = MoveContrast::new(rate)
        .window(window)
        .detrend(detrend)
        .band(band);
    Ok(contrast.image(&frames.view())?)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_settings_and_band_give_an_image_or_a_typed_error(
        frames in frames(),
        window in windows(),
        detrend in detrends(),
        low in -0.1_f64..0.6,
        width in -0.1_f64..0.6,
        length in 0_usize..90,
        hop in 0_usize..5,
    ) {
        let rate = FrameRate::from_hertz(1000.0)?;
        let contrast = MoveContrast::new(rate)
            .window(window)
            .detrend(detrend)
            .band(Band::from_fraction(low, low + width))
            .measures([Measure::Rms, Measure::PeakFrequency, Measure::CentroidFrequency]);
        if let Ok(images) = contrast.images(&frames.view()) {
            prop_assert_eq!(images.len(), 3);
            prop_assert!(images[0].image.iter().all(|v| *v >= 0.0 && v.is_finite()));
        }
        let padded = contrast.clone().transform_length(length).images(&frames.view());
        prop_assert!(padded.is_err() || length >= frames.dim().0);
        let sliding = contrast.sliding(&frames.view(), length, hop);
        prop_assert!(sliding.is_err() || (hop > 0 && length <= frames.dim().0));
    }

    #[test]
    fn a_factor_scales_and_a_still_image_vanishes(
        frames in frames(),
        window in windows(),
        factor in 0.01_f64..100.0,
        offset in 0.0_f64..1e4,
    ) {
        prop_assume!(frames.dim().0 >= 4);
        let values = frames.mapv(f64::from);
        let plain = image(&values, window, Detrend::Linear, Band::all())?;
        let mut changed = values.mapv(|v| factor * v);
        for (i, mut pixels) in changed.lanes_mut(ndarray::Axis(0)).into_iter().enumerate() {
            pixels += offset * (i % 7) as f64;
        }
        let changed = image(&changed, window, Detrend::Linear, Band::all())?;
        let largest = factor * plain.iter().copied().fold(1.0, f64::max);
        for (a, b) in plain.iter().zip(&changed) {
            prop_assert!((factor * a - b).abs() <= 1e-12 * (largest + offset));
        }
    }

    /// Time reversed keeps every amplitude but for the window's asymmetry, which the rectangular one has not.
    #[test]
    fn time_may_run_backward(frames in frames(), detrend in detrends()) {
        prop_assume!(frames.dim().0 >= 4);
        let values = frames.mapv(f64::from);
        let mut reversed = values.clone();
        reversed.invert_axis(ndarray::Axis(0));
        let forward = image(&values, Window::Rectangular, detrend, Band::all())?;
        let backward = image(&reversed, Window::Rectangular, detrend, Band::all())?;
        for (a, b) in forward.iter().zip(&backward) {
            prop_assert!((a - b).abs() <= 1e-12 * 4096.0);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn settings_survive_json() -> Result<(), Box<dyn std::error::Error>> {
    let rate = FrameRate::from_hertz(1.087e6)?;
    let contrast = MoveContrast::new(rate)
        .bands([Band::from_hertz(1e5, 2e5), Band::from_fraction(0.1, 0.3)])
        .measures([Measure::Power, Measure::MaxAmplitude])
        .window(Window::Blackman)
        .transform_length(64);
    let text = serde_json::to_string(&contrast)?;
    assert_eq!(serde_json::from_str::<MoveContrast>(&text)?, contrast);
    let robust = mcxi::rival::RobustPca::new().tolerance(1e-5);
    let text = serde_json::to_string(&robust)?;
    assert_eq!(
        serde_json::from_str::<mcxi::rival::RobustPca>(&text)?,
        robust
    );
    // a frame rate is checked on the way in
    let bad = serde_json::to_string(&contrast)?.replace("1087000.0", "-1.0");
    assert!(serde_json::from_str::<MoveContrast>(&bad).is_err(), "{bad}");
    Ok(())
}

/// The shortest transform of its own kind once kept the mean.
#[test]
fn four_frames_lose_their_mean() -> Result<(), TestCaseError> {
    let frames = Array3::from_shape_vec((4, 1, 1), vec![1733.0, 2086.0, 2655.0, 1568.0])?;
    let rms = image(&frames, Window::Rectangular, Detrend::Mean, Band::all())?[[0, 0]];
    approx::assert_relative_eq!(rms, frames.std(0.0), max_relative = 1e-12);
    Ok(())
}
