//! Real frames: how fast the keyhole drifts through them.
//!
//! What is seen: the column of a keyhole in 32 radiographs of a plate of Ti-6Al-4V (synchrotron, not in the repository) and the line through it. The keyhole is found
//! by ten times the noise of the smoothed difference from the median over time, in rows 105 to 299. Without the frames it takes a simulated film and says
//! so. Some 5 s. Output: `target/figures/aps_keyhole_drift/`.

use std::fmt::Write as _;

use mcxi::gaussian;
use meltpool_plot::{Axis, ScatterFigure, Series, Theme};
use meltpool_sim::preset;
use ndarray::{Array3, Axis as Dimension};
use serde_json::json;
use xray_io::SequenceReaderExt;

#[path = "support/drift.rs"]
mod drift;
#[path = "support/flow.rs"]
mod flow;
use drift::drift;
use flow::{Outcome, save, test_data};

fn main() -> Outcome<()> {
    let real = test_data("mcxi/aps_ti64_P200_v0.5_frames0230-0261.tif");
    let (frames, rows) = if let Some(path) = &real {
        (xray_io::open(path)?.read_all()?.into_array(), 105..300)
    } else {
        println!("no test data at hand: a simulated film");
        let plan = preset::aps_like().plan()?;
        let mut frames = Array3::zeros((0, 0, 0));
        for (k, frame) in plan.frames().enumerate() {
            if k == 0 {
                frames = Array3::zeros((plan.n_frames(), frame.dim().0, frame.dim().1));
            }
            frames
                .index_axis_mut(Dimension(0), k)
                .assign(&frame.mapv(f32::from));
        }
        let n = frames.dim().1;
        (frames, 0..n)
    };
    let found = drift(&frames, rows, |image| {
        gaussian(image, 2.0).unwrap_or_else(|_| image.clone())
    })
    .ok_or("a frame without a keyhole")?;
    println!(
        "{:.3} px/frame, {:.1} px rms from the line, threshold {:.1}",
        found.pixels_per_frame, found.rms, found.threshold
    );
    if real.is_some() {
        assert!(
            (found.pixels_per_frame - 4.8).abs() < 0.05 * 4.8,
            "the drift of these frames is 4.8 px/frame"
        );
    }
    let mut table = "frame,column_px\n".to_owned();
    for (k, column) in found.columns.iter().enumerate() {
        writeln!(table, "{k},{column:.3}")?;
    }
    let n = found.columns.len();
    let times: Vec<f64> = (0..n).map(|k| k as f64).collect();
    let mean = found.columns.iter().sum::<f64>() / n as f64;
    let line: Vec<f64> = times
        .iter()
        .map(|t| mean + found.pixels_per_frame * (t - 0.5 * (n - 1) as f64))
        .collect();
    let figure = ScatterFigure::new(
        Axis::dimensionless("frame"),
        Axis::new("column of the keyhole", "px"),
    )
    .theme(Theme::page())
    .series(Series::new("found", times.clone(), found.columns.clone()))
    .series(Series::new("line", times, line));
    save("aps_keyhole_drift", &figure, &table)?;
    println!(
        "{}",
        json!({ "px_per_frame": found.pixels_per_frame, "rms_px": found.rms, "threshold": found.threshold, "real_frames": real.is_some() })
    );
    Ok(())
}
