//! The keyhole of synchrotron radiographs, outlined and measured frame by frame.
//!
//! What is seen: frames over their temporal median with the outline found in each, depth and width over time with their uncertainties, and the
//! places of the walls whose slopes are the drift. By default the 32 public Ti-6Al-4V frames (200 W, 0.5 m/s; 1.93 µm and 50 kHz are nominal)
//! of `mcxi/` in the folder named by `MELTPOOL_TEST_DATA`, else `shared/data`; where they are absent, the preset `aps_like` of the simulator, and
//! the output says so. `--input STACK [--pixel-um X --rate-hz Y --surface ROW --threshold S]` takes another stack. A user draws a frame anew by
//! `--regions FILE.zip`, an ImageJ set. Some seconds. Output: `target/figures/aps_keyhole_track/`.

use meltpool_morphology::{
    Background, Contrast, EdgeShape, KeyholeDrift, KeyholeFinder, KeyholeGauge, Line, PixelSize,
    Sighting, Summary, SurfaceLine, Threshold, imagej_roi_set, labels_csv, summaries,
};
use meltpool_plot::{
    Axis, Colormap, Contrast as Range, PanelFigure, RadiographFigure, ScatterFigure, Series, Theme,
};
use meltpool_sim::preset;
use ndarray::{Array2, ArrayView2, s};
use serde_json::json;
use xray_io::SequenceReaderExt;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, argument, real_frames, save, tiled, with_outlines};

#[expect(clippy::too_many_lines, reason = "straight through")]
fn main() -> Outcome {
    let (frames, source) = match (argument("--input"), real_frames()?) {
        (Some(path), _) => (xray_io::open(path)?.read_all()?.into_array(), "own frames"),
        (None, Some(frames)) => (frames, "32 public synchrotron frames"),
        (None, None) => {
            let record = preset::aps_like().n_frames(32).plan()?.record()?;
            (record.frames.mapv(f32::from), "simulated (aps_like)")
        }
    };
    println!("frames: {source}");
    let number = |name: &str, default: f64| argument(name).map_or(Ok(default), |text| text.parse());
    let (_, n_rows, n_columns) = frames.dim();
    let pixel = PixelSize::from_micrometers(number("--pixel-um", 1.93)?)?;
    let still = Array2::from_shape_fn((n_rows, n_columns), |(y, _)| 8 * y > 5 * n_rows);
    let film = Contrast::new(Background::TemporalMedian)
        .gain_region(still)
        .apply(&frames.view())?;
    let line = SurfaceLine::find(&film.background.view()).ok_or("no surface in the background")?;
    println!(
        "steepest row of the background {:.2} ± {:.2}, slope {:.5}",
        line.row, line.row_error, line.slope
    );
    // the plate of the public frames begins in row 90; elsewhere the steepest row is taken
    let is_public = source.starts_with("32");
    let surface = number("--surface", if is_public { 90.0 } else { line.row })?;
    let finder = KeyholeFinder::new(KeyholeGauge::new(pixel), surface)
        .threshold(Threshold::Fixed(number("--threshold", 0.12)?))
        .edge(EdgeShape::Step, 0.8)
        .smoothing_px(1.6)
        .surface_margin_px(8.0)
        .max_depth_px(150.0);
    let mut found = finder.apply_all(&film)?;
    if let Some(path) = argument("--regions") {
        for region in imagej_roi_set(&std::fs::read(path)?)? {
            if let Some(sighting) = region.frame.and_then(|frame| found.get_mut(frame)) {
                *sighting = finder.drawn(&region.outline)?;
            }
        }
    }
    for (frame, sighting) in found.iter().enumerate() {
        if let Some(why) = sighting.missing() {
            println!("frame {frame}: no keyhole, {why:?}");
        }
    }
    let seen: Vec<_> = found
        .iter()
        .enumerate()
        .filter_map(|(n, s)| Some((n, s.keyhole()?)))
        .collect();
    let drift = KeyholeDrift::of(&found)?;
    for (name, line) in [
        ("front", drift.front),
        ("rear", drift.rear),
        ("centroid", drift.centroid),
        ("tip", drift.tip),
    ] {
        println!(
            "drift of {name}: {:.3} ± {:.3} px/frame, residual {:.2} px",
            line.slope, line.slope_error, line.residual_rms
        );
    }
    let px = pixel.micrometers();
    let frames_of: Vec<f64> = seen.iter().map(|(n, _)| *n as f64).collect();
    let series = |name: &str, value: &dyn Fn(&meltpool_morphology::KeyholeGeometry) -> f64| {
        let y: Vec<f64> = seen.iter().map(|(_, k)| value(&k.geometry)).collect();
        let e: Vec<f64> = seen.iter().map(|(_, k)| value(&k.uncertainty)).collect();
        Series::new(name, frames_of.clone(), y).y_error(e)
    };
    // the definition behind 5.22 px/frame, without gains: the median column of all that is bright from row 88 to 200, streaks at the surface included
    let level = number("--threshold", 0.12)? as f32;
    let (first, last) = (surface as usize - 2, (surface as usize + 110).min(n_rows));
    let plain = Contrast::new(Background::TemporalMedian).apply(&frames.view())?;
    let all: Vec<f64> = (0..found.len())
        .map(|n| median_column(&plain.frame(n).slice(s![first..last, ..]), level))
        .collect();
    let every: Vec<f64> = (0..found.len()).map(|n| n as f64).collect();
    let by_median = Line::fit(&every, &all)?;
    println!(
        "drift of the median bright column: {:.3} ± {:.3} px/frame, residual {:.2} px",
        by_median.slope, by_median.slope_error, by_median.residual_rms
    );
    for (name, summary) in summaries(&found).iter().take(10) {
        println!(
            "{name:<24} mean {:9.2} std {:8.2} min {:9.2} max {:9.2}",
            summary.mean, summary.std, summary.min, summary.max
        );
    }
    let depth =
        Summary::of(seen.iter().map(|(_, k)| k.geometry.depth_um / px)).ok_or("no keyhole")?;
    println!(
        "depth {:.1} to {:.1} px, median {:.1}",
        depth.min, depth.max, depth.median
    );
    if is_public {
        assert_eq!(seen.len(), 32, "the keyhole is whole in all frames");
        assert!(
            (by_median.slope - 5.22).abs() < 0.09 && by_median.residual_rms < 2.25,
            "drift {}",
            by_median.slope
        );
    }

    // eight frames, each around its keyhole
    let picked: Vec<_> = (0..8)
        .filter_map(|k| seen.get(k * (seen.len() - 1) / 7))
        .collect();
    let mut parts = Vec::new();
    for (frame, keyhole) in picked {
        let left = (keyhole.geometry.centroid.x as usize)
            .saturating_sub(95)
            .min(n_columns.saturating_sub(170));
        let top = (surface as usize).saturating_sub(15);
        let (right, bottom) = ((left + 170).min(n_columns), (top + 130).min(n_rows));
        let outline = keyhole.outline.moved(-(left as f64), -(top as f64));
        let image = film.frame(*frame);
        parts.push(with_outlines(
            &image.slice(s![top..bottom, left..right]),
            [-0.2, 0.35],
            &[(&outline, 1.0)],
            3,
        ));
    }
    let montage = tiled(&parts, 4);
    let picture = RadiographFigure::new(&montage, 0.5 * px, Axis::dimensionless("I / median − 1"))
        .colormap(Colormap::Gray)
        .contrast(Range::Window {
            low: -0.25,
            high: 0.7,
        })
        .scale_bar_um(100.0);
    let sizes = ScatterFigure::new(Axis::new("frame", "–"), Axis::new("depth, width", "µm"))
        .series(series("depth", &|g| g.depth_um))
        .series(series("width at half depth", &|g| g.width_half_um));
    let places = ScatterFigure::new(Axis::new("frame", "–"), Axis::new("column", "px"))
        .series(series("front wall", &|g| g.front_column))
        .series(series("rear wall", &|g| g.rear_column));
    let page = PanelFigure::new(1)
        .panel(picture)
        .panel(sizes)
        .panel(places)
        .theme(Theme::page().height_mm(240.0));
    save("aps_keyhole_track", &page, &labels_csv(&found))?;
    let missing = found
        .iter()
        .filter(|s| matches!(s, Sighting::Missing(_)))
        .count();
    println!(
        "{}",
        json!({
            "source": source, "frames": found.len(), "frames_with_keyhole": found.len() - missing,
            "drift_px_per_frame": by_median.slope, "drift_residual_px": by_median.residual_rms, "drift_error": by_median.slope_error,
            "drift_front": [drift.front.slope, drift.front.slope_error], "drift_rear": [drift.rear.slope, drift.rear.slope_error],
            "drift_centroid": [drift.centroid.slope, drift.centroid.slope_error],
            "depth_px_median": depth.median, "depth_px_min": depth.min, "depth_px_max": depth.max
        })
    );
    Ok(())
}

fn median_column(contrast: &ArrayView2<f32>, level: f32) -> f64 {
    let mut columns: Vec<usize> = contrast
        .indexed_iter()
        .filter(|(_, value)| **value > level)
        .map(|((_, x), _)| x)
        .collect();
    columns.sort_unstable();
    let n = columns.len();
    if n == 0 {
        return f64::NAN;
    }
    0.5 * (columns[(n - 1) / 2] + columns[n / 2]) as f64
}
