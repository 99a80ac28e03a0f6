//! Rivals and noise levels against the NumPy program of `tests/data/oracle`.

mod common;

use common::{Outcome, deviation, frames, golden};
use mcxi::rival::{
    RobustPca, StopReason, differences, excess_std, pair_means, subtract_mean, subtract_median,
    svd_filter, temporal_std,
};
use mcxi::{Detrend, Error, FrameRate, MoveContrast, Window};
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
