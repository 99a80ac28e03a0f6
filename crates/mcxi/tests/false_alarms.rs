//! False alarms on noise, to 1e-3 within ±10 % of nominal (counting error below 3 %); `mcxi_false_alarms` goes to 1e-4.

use mcxi::{Band, Detrend, FrameRate, MotionDetector, MoveContrast, Window};
use ndarray::Array3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Normal noise by Box and Muller, on a mean of 1000 and a level that differs from column to column.
fn white(n_frames: usize, n_rows: usize, n_columns: usize) -> Array3<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    Array3::from_shape_fn((n_frames, n_rows, n_columns), |(_, _, x)| {
        let radius = (-2.0 * (1.0 - random.random::<f32>()).ln()).sqrt();
        let angle = std::f32::consts::TAU * random.random::<f32>();
        1000.0 + (5.0 + 40.0 * x as f32 / n_columns as f32) * radius * angle.cos()
    })
}

#[test]
fn rates_are_nominal_on_uneven_white_noise() -> Outcome {
    let rate = FrameRate::from_hertz(1.0)?;
    let frames = white(32, 1000, 1300);
    let n = 1.3e6;
    for (band, tail) in [((0.12, 0.22), (0.28, 0.49)), ((0.125, 0.125), (0.28, 0.49))] {
        for nominal in [1e-1, 1e-2, 1e-3] {
            let detection = MotionDetector::new(
                rate,
                Band::from_fraction(band.0, band.1),
                Band::from_fraction(tail.0, tail.1),
            )
            .false_alarm_probability(nominal)
            .apply(&frames.view())?;
            let alarms = detection.moving.iter().filter(|m| **m).count() as f64;
            let ratio = alarms / n / nominal;
            assert!(
                (0.9..1.1).contains(&ratio),
                "{band:?} at {nominal}: {ratio}"
            );
        }
    }
    Ok(())
}

#[test]
fn the_floor_of_white_noise_is_its_share() -> Outcome {
    let rate = FrameRate::from_hertz(1.0)?;
    let frames = white(64, 100, 100).mapv(|v| (v - 1000.0) / 100.0);
    for window in [Window::Rectangular, Window::Hann, Window::Blackman] {
        let contrast = MoveContrast::new(rate)
            .window(window)
            .detrend(Detrend::Mean);
        let share = contrast.noise_fractions(64)?[0];
        let image = contrast.image(&frames.view())?;
        let mut mean = 0.0;
        for ((_, x), rms) in image.indexed_iter() {
            let sigma = (5.0 + 40.0 * x as f64 / 100.0) / 100.0;
            mean += f64::from(*rms).powi(2) / (sigma * sigma) / 1e4;
        }
        // 10^4 pixels of at least 6 independent frequencies: standard error below 0.41 %
        assert!(
            (mean / share - 1.0).abs() < 0.0125,
            "{window:?}: {mean} for {share}"
        );
    }
    Ok(())
}

#[test]
fn refuses_bands_that_share_frequencies_or_hold_the_mean() -> Outcome {
    let rate = FrameRate::from_hertz(1.0)?;
    let frames = Array3::<u16>::zeros((32, 2, 2));
    for (band, tail) in [
        ((0.1, 0.3), (0.28, 0.45)),
        ((0.0, 0.2), (0.3, 0.45)),
        ((0.1, 0.2), (0.3, 0.5)),
    ] {
        let detector = MotionDetector::new(
            rate,
            Band::from_fraction(band.0, band.1),
            Band::from_fraction(tail.0, tail.1),
        );
        assert!(detector.apply(&frames.view()).is_err(), "{band:?} {tail:?}");
        assert!(
            detector
                .false_alarm_probability(0.0)
                .apply(&frames.view())
                .is_err()
        );
    }
    Ok(())
}
