//! Frames and signal made ready as in Mojumder et al., arXiv 2509.03029 (2025): a turn by 7 degrees, 128 x 128 pixels, one value of the signal a frame.
//!
//! What is seen: a raw frame of 256 x 256 pixels whose plate is tilted by 7 degrees, turned level, brought to 128 x 128 and normalized; the slope of its surface
//! before and after; and, of a signal sampled every 40 ns, which samples stand for a frame: the first of its exposure (the rule of
//! NIST's notebook) or the mean of the 2.5 µs of exposure. The paper states the angle but neither its sign nor how gray values were normalized. All simulated. 2 s.
//! Output: `target/figures/mojumder_preprocess/`.

use meltpool_ml::{Alignment, Gray, Preprocess, frame_values, signal_windows};
use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, RadiographFigure, ScatterFigure, Series};
use meltpool_sim::SpotRadiograph;
use ndarray::{Array3, ArrayView2, Axis as Along, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use xray_io::ImageSequence;

#[path = "support/ml.rs"]
mod ml;
#[path = "support/ml_runs.rs"]
mod ml_runs;
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml::Outcome;
use ml_runs::normal;
use ml_scores::{page, save};

/// Tilt of the plate's surface in degrees, counterclockwise: the line through the border of air and plate in the columns away from the keyhole.
fn tilt_deg(image: &ArrayView2<f32>) -> f64 {
    let (rows, columns) = image.dim();
    let (mut n, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for column in (columns / 10..columns * 9 / 10).filter(|c| c.abs_diff(columns / 2) > columns / 5)
    {
        // air is half as bright again as the solid plate
        let is_air = |row: &usize| image.slice(s![*row, column - 2..column + 3]).sum() > 5.0 * 1.27;
        let at = (0..rows / 3).filter(is_air).count() as f64;
        let c = column as f64;
        n += 1.0;
        x += c;
        y += at;
        xx += c * c;
        xy += c * at;
    }
    -((n * xy - x * y) / (n * xx - x * x)).atan().to_degrees()
}

fn main() -> Outcome {
    let camera = SpotRadiograph::new(256).tilt_deg(7.0);
    let raw = camera.frame([150.0, 45.0, 140.0, 210.0], 1, 0, 80)?;
    let films = ImageSequence::new(Array3::from_shape_fn((1, 256, 256), |(_, y, x)| {
        raw[[y, x]]
    }))?;
    let level = Preprocess::new().rotation_deg(-7.0);
    let turned = level.clone().size(256, 256).apply(&films)?;
    let small = level.gray(Gray::FrameMinMax).apply(&films)?;
    let view = |images: &ndarray::Array4<f32>| images.slice(s![0, 0, .., ..]).to_owned();
    let (before, after) = (tilt_deg(&raw.view()), tilt_deg(&view(&turned).view()));
    println!("tilt of the surface: {before:.2} degrees before, {after:.2} after");
    assert!(
        (before - 7.0).abs() < 1.0 && after.abs() < 0.5,
        "{before} {after}"
    );

    // 12 frames of 20 µs in 40 ns: a slow course with white noise; the frame's number stands in its first row only
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let n = 12 * 500;
    let time: Vec<f64> = (0..n).map(|k| 40e-9 * f64::from(k)).collect();
    let clean: Vec<f64> = time.iter().map(|t| 0.4 + 0.2 * (t / 60e-6).sin()).collect();
    let signal: Vec<f64> = clean.iter().map(|c| c + 0.03 * normal(&mut rng)).collect();
    let numbers: Vec<u64> = (0..n)
        .map(|k| if k % 500 == 0 { 80 + k as u64 / 500 } else { 0 })
        .collect();
    let (frames, first) = frame_values(&numbers, &time, &signal, Alignment::Start)?;
    let (_, mean) = frame_values(&numbers, &time, &signal, Alignment::Exposure(2.5e-6))?;
    let error = |values: &[f64]| {
        let squares: f64 = values
            .iter()
            .zip(clean.iter().step_by(500))
            .map(|(v, c)| (v - c).powi(2))
            .sum();
        (squares / values.len() as f64).sqrt()
    };
    println!(
        "frames {} to {}: error of the first sample {:.4}, of the mean over the exposure {:.4}",
        frames[0],
        frames[11],
        error(&first),
        error(&mean)
    );
    assert!(error(&mean) < error(&first));
    assert_eq!(signal_windows(&mean, 5, 0.0)?.dim(), (12, 5));

    let mut figure = PanelFigure::new(2).theme(page(150.0));
    for (name, image) in [
        ("256 px, tilted", raw),
        ("turned by 7°", view(&turned)),
        ("128 px, 0 to 1", view(&small)),
    ] {
        let pixel = 676.0 / image.len_of(Along(0)) as f64;
        figure = figure.panel(RadiographFigure::new(
            &image,
            pixel,
            Axis::dimensionless(name),
        ));
    }
    let us = |k: usize| 1e6 * time[k];
    let starts: Vec<f64> = (0..12).map(|k| us(500 * k)).collect();
    let trace: Vec<usize> = (0..n as usize).step_by(10).collect();
    let panel = ScatterFigure::new(
        Axis::new("time", "µs"),
        Axis::dimensionless("absorptance").range(0.1, 0.9),
    )
    .curve(
        Curve::new(
            "every tenth sample",
            trace.iter().map(|k| us(*k)).collect::<Vec<_>>(),
            trace.iter().map(|k| signal[*k]).collect::<Vec<_>>(),
        )
        .color(OKABE_ITO[1]),
    )
    .series(Series::new("first of a frame", starts.clone(), first.clone()).color(OKABE_ITO[5]))
    .series(Series::new("mean of its exposure", starts, mean.clone()).color(OKABE_ITO[4]));
    save(&figure.panel(panel), "mojumder_preprocess")?;
    println!(
        "{}",
        json!({ "tilt_before_deg": before, "tilt_after_deg": after, "error_first": error(&first), "error_mean": error(&mean) })
    );
    Ok(())
}
