//! Rivals and noise levels against the NumPy program of `tests/data/oracle`.

mod common;

use approx::assert_abs_diff_eq;
use common::{Outcome, deviation, frames, golden};
use mcxi::rival::{
    DynamicModes, RobustPca, StopReason, differences, excess_std, pair_means, subtract_mean,
    subtract_median, svd_filter, temporal_std,
};
use mcxi::{Band, Detrend, Error, FrameRate, MoveContrast, Window};
use ndarray::{Array3, Axis, s};

const RATE: f64 = 1.087e6;

#[test]
fn components_and_sparse_part() -> Outcome {
    for n in [30, 32, 37] {
        let input = frames(&format!("T{n}_input"))?;
        let reference = golden(&format!("T{n}_svd1_8"))?;
        let found = deviation(svd_filter(&input.view(), 1..8)?, &reference);
        // The Gram matrix squares the condition: its largest eigenvalue is some 1e6 of the last that is kept, in both programs.
        assert!(found <= 1e-10, "T{n}: {found:e}");
        let single = input.mapv(|v| v as f32);
        let ours = svd_filter(&single.view(), 1..8)?.mapv(f64::from);
        assert!(deviation(ours, &reference) <= 1e-5);

        let result = RobustPca::new().apply(&input.view())?;
        assert_eq!(result.reason, StopReason::Converged);
        assert_eq!(result.iterations, 31, "as the reference");
        let reference = golden(&format!("T{n}_rpca_sparse"))?;
        let found = deviation(result.sparse, &reference);
        // A hundredth of the residual at which both programs stop; Gram matrices in each of 31 iterations amplify rounding.
        assert!(found <= 1e-8, "T{n}: {found:e}");
    }
    Ok(())
}

#[test]
fn tail_levels() -> Outcome {
    let rate = FrameRate::from_hertz(RATE)?;
    for n in [30, 32, 37] {
        let input = frames(&format!("T{n}_input"))?;
        for (window, w) in [(Window::Rectangular, "rect"), (Window::Hann, "hann")] {
            for (detrend, d) in [(Detrend::Mean, 0), (Detrend::Linear, 1)] {
                let contrast = MoveContrast::new(rate).window(window).detrend(detrend);
                let level = contrast.spectrum(&input.view())?.tail_level(0.35 * RATE)?;
                let found = deviation(level, &golden(&format!("T{n}_{w}_d{d}_noise_psd"))?);
                assert!(found <= 1e-12, "T{n} {w} d{d}: {found:e}");
            }
        }
    }
    Ok(())
}

#[test]
fn statistics_over_time() -> Outcome {
    let input = frames("T37_input")?;
    let std = input.std_axis(Axis(0), 1.0);
    assert!(deviation(temporal_std(&input.view())?, &std) <= 1e-13);
    let mean = input.mean_axis(Axis(0)).ok_or("frames")?;
    let excess = (&std * &std - &mean / 8.0).mapv(|v| v.max(0.0).sqrt());
    assert!(deviation(excess_std(&input.view(), 8.0)?, &excess) <= 1e-12);
    let less = &input - &mean;
    assert!(deviation(subtract_mean(&input.view())?, &less) <= 1e-12);
    // an odd number of frames: the median is one of the values
    let median = subtract_median(&input.view())?;
    for (lane, values) in median.lanes(Axis(0)).into_iter().zip(input.lanes(Axis(0))) {
        assert_eq!(lane.iter().filter(|v| **v == 0.0).count(), 1);
        assert_eq!(lane.iter().filter(|v| **v > 0.0).count(), 18);
        assert_eq!(values.len(), 37);
    }
    let pairs = pair_means(&input.view())?;
    assert_eq!(pairs.dim().0, 36);
    let mean = f64::midpoint(input[[3, 2, 1]], input[[4, 2, 1]]);
    approx::assert_relative_eq!(pairs[[3, 2, 1]], mean, max_relative = 1e-15);
    let lag = differences(&input.view(), 5)?;
    let difference = input[[5, 7, 7]] - input[[0, 7, 7]];
    approx::assert_relative_eq!(lag[[0, 7, 7]], difference, max_relative = 1e-15);
    Ok(())
}

/// Two damped waves that run across the image and a still one: their factors are the eigenvalues, and each is a band.
#[test]
fn modes_of_known_factors() -> Outcome {
    let rate = FrameRate::from_hertz(1000.0)?;
    let wave = |n: usize, x: usize, decay: f64, turn: f64| {
        decay.powi(n as i32) * (std::f64::consts::TAU * turn * n as f64 + 0.7 * x as f64).cos()
    };
    let still = |y: usize, x: usize| 50.0 + 3.0 * ((y * 5 + x * 3) % 7) as f64;
    let frames = Array3::from_shape_fn((30, 6, 9), |(n, y, x)| {
        still(y, x) + 4.0 * wave(n, x, 0.98, 0.11) + wave(n, 2 * x + y, 1.0, 0.31)
    });
    let modes = DynamicModes::new(rate).decompose(&frames.view())?;
    assert_eq!(modes.eigenvalues().len(), 5);
    for (factor, turn) in [(1.0, 0.0), (0.98, 0.11), (1.0, 0.31)] {
        let near = modes.eigenvalues().iter().map(|v| {
            (v.norm() - factor).abs() + (v.arg().abs() / std::f64::consts::TAU - turn).abs()
        });
        assert!(near.fold(f64::INFINITY, f64::min) < 1e-7, "{factor} {turn}");
    }
    let moving = modes.sequence(Band::from_hertz(50.0, 200.0))?;
    let fast = modes.sequence(Band::from_hertz(200.0, 500.0))?;
    for ((n, y, x), value) in moving.indexed_iter() {
        assert_abs_diff_eq!(*value, 4.0 * wave(n, x, 0.98, 0.11), epsilon = 1e-5);
        assert_abs_diff_eq!(
            fast[[n, y, x]],
            wave(n, 2 * x + y, 1.0, 0.31),
            epsilon = 1e-5
        );
    }
    assert!(
        modes
            .sequence(Band::from_hertz(350.0, 400.0))?
            .iter()
            .all(|v| *v == 0.0)
    );
    for rank in [0, 30] {
        let refused = DynamicModes::new(rate).rank(rank).decompose(&frames.view());
        assert!(matches!(
            refused,
            Err(Error::InvalidParameter { name: "rank", .. })
        ));
    }
    let two = frames.slice(s![..2, .., ..]);
    let refused = DynamicModes::new(rate).decompose(&two);
    assert!(matches!(refused, Err(Error::TooFewFrames { .. })));
    let dark = Array3::<u8>::zeros((5, 3, 3));
    assert!(DynamicModes::new(rate).decompose(&dark.view()).is_err());
    Ok(())
}

/// Motion between 0.1 and 0.2 of the frame rate under white noise: the band is found, no region being given.
#[test]
fn the_automatic_band_is_where_the_motion_is() -> Outcome {
    let rate = FrameRate::from_hertz(1.0)?;
    let mut state = 7_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24) - 0.5
    };
    let frames = Array3::from_shape_fn((64, 40, 40), |(n, y, x)| {
        let turns: f64 = (8..12)
            .map(|k| (std::f64::consts::TAU * k as f64 / 64.0 * n as f64 + (y * k) as f64).sin())
            .sum();
        random() + if x < 10 { 0.3 * turns } else { 0.0 }
    });
    let spectrum = MoveContrast::new(rate)
        .window(Window::Rectangular)
        .detrend(Detrend::Mean)
        .spectrum(&frames.view())?;
    let band = spectrum.automatic_band(1, Band::from_fraction(0.35, 0.48))?;
    assert_abs_diff_eq!(band.low_hz, 8.0 / 64.0, epsilon = 1e-12);
    assert_abs_diff_eq!(band.high_hz, 11.0 / 64.0, epsilon = 1e-12);
    assert!(band.score > 1.0, "{band:?}");
    let still = Array3::<f64>::zeros((64, 2, 2));
    let silent = MoveContrast::new(rate).spectrum(&still.view())?;
    let refused = silent.automatic_band(1, Band::from_fraction(0.35, 0.48));
    assert!(matches!(refused, Err(Error::Numerical { .. })));
    let refused = spectrum.automatic_band(30, Band::from_fraction(0.35, 0.48));
    assert!(matches!(
        refused,
        Err(Error::InvalidParameter { name: "first", .. })
    ));
    Ok(())
}

#[test]
fn refuses_what_makes_no_sense() -> Outcome {
    let input = frames("T30_input")?;
    let one = input.slice(s![..1, .., ..]);
    assert!(matches!(
        temporal_std(&one),
        Err(Error::TooFewFrames { .. })
    ));
    assert!(matches!(
        differences(&one, usize::MAX),
        Err(Error::TooFewFrames { .. })
    ));
    assert!(matches!(
        svd_filter(&input.view(), 4..31),
        Err(Error::InvalidParameter {
            name: "components",
            ..
        })
    ));
    let mut bad = input.clone();
    bad[[1, 1, 1]] = f64::NAN;
    assert!(matches!(
        svd_filter(&bad.view(), 1..4),
        Err(Error::Numerical { .. })
    ));
    let zero = Array3::<f32>::zeros((4, 3, 3));
    assert!(matches!(
        RobustPca::new().apply(&zero.view()),
        Err(Error::Numerical { .. })
    ));
    assert!(
        RobustPca::new()
            .tolerance(f64::NAN)
            .apply(&input.view())
            .is_err()
    );
    Ok(())
}
