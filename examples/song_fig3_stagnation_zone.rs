//! The quasi-stationary zone of Song et al., Metals 16(5), 487 (2026): its map from motion contrast and its area, against truth.
//!
//! What is seen: the band RMS of the melt with the liquid that was not seen to move left bright, and its area over time beside the area that
//! is truly slow. What counts as slow follows from texture, noise and length of the window, not from the paper: one film (seed 1) sets
//! the speed below which liquid is not seen to move, and films with another texture and noise are held to it. All simulated (`pinch_off`: a
//! disc at rest of 1329 growing to 6508 µm², the reported areas; place and shape invented), in most of whose pool the liquid is slow.
//! `--input STACK --pixel-um X --rate-hz Y` maps own frames (rows below a fifth count as liquid). Some two minutes. Output:
//! `target/figures/song_fig3_stagnation_zone/`.

use mcxi::{Band, FrameRate, MoveContrast, Normalization, PixelSize, StagnationMap, Window};
use meltpool_plot::{Axis, Colormap, Curve, PanelFigure, ScatterFigure, Series, Theme};
use meltpool_sim::{FilmPlan, preset};
use ndarray::{Array2, Zip};
use serde_json::json;
use std::fmt::Write as _;

#[path = "support/motion.rs"]
mod motion;
use motion::{
    Outcome, STILL_COLUMNS, STILL_ROWS, absorbance_of, own_frames, picture, rectangle, save,
};

const WINDOW: usize = 16;
const FRAMES: usize = 24;

fn map(rate: FrameRate) -> StagnationMap {
    let contrast = MoveContrast::new(rate)
        .window(Window::Rectangular)
        .band(Band::from_fraction(0.03, 0.12));
    StagnationMap::new(contrast)
        .smoothing_px(3.0)
        .false_alarm_probability(1e-2)
}

/// The RMS, with the zone left bright.
fn overlay(power: &Array2<f64>, mask: &Array2<bool>) -> Array2<f32> {
    let top = power.iter().copied().fold(0.0, f64::max).sqrt();
    Zip::from(power).and(mask).map_collect(|power, inside| {
        if *inside {
            top as f32
        } else {
            power.sqrt() as f32
        }
    })
}

/// Speeds of the liquid in a frame, in m/s and ascending.
fn speeds(plan: &FilmPlan, frame: usize) -> Outcome<Vec<f64>> {
    let field = plan.velocity_field(frame)?;
    let liquid = plan.liquid_mask(frame)?;
    let scale = plan.camera().meters_per_second();
    let mut speeds: Vec<f64> = liquid
        .indexed_iter()
        .filter(|(_, inside)| **inside)
        .map(|(at, _)| scale * f64::from(field.u[at].hypot(field.v[at])))
        .collect();
    speeds.sort_unstable_by(f64::total_cmp);
    Ok(speeds)
}

fn own() -> Outcome<bool> {
    let Some(own) = own_frames()? else {
        return Ok(false);
    };
    let (_, n_rows, n_columns) = own.frames.dim();
    let still = rectangle(
        (n_rows, n_columns),
        3 * n_rows / 4..n_rows,
        0..n_columns / 3,
    );
    let liquid = rectangle(
        (n_rows, n_columns),
        n_rows / 5..n_rows,
        n_columns / 3..n_columns,
    );
    let absorbance = Normalization::new()
        .gain_region(still.clone())
        .absorbance(true)
        .apply(&own.frames.view())?;
    let found = map(own.rate).apply(&absorbance.view(), &liquid, &still)?;
    let image = overlay(&found.power, &found.mask);
    let axis = Axis::dimensionless("band RMS, zone bright");
    let page = PanelFigure::new(1).panel(picture(
        &image,
        own.pixel_um,
        axis,
        Colormap::Cividis,
        100.0,
    ));
    let area = found.area_um2(PixelSize::from_micrometers(own.pixel_um)?);
    save(
        "song_fig3_stagnation_zone",
        &page,
        &format!("quantity,value\narea_um2,{area}\n"),
    )?;
    println!("{}", json!({ "frames": "own", "area_um2": area }));
    Ok(true)
}

fn main() -> Outcome<()> {
    if own()? {
        return Ok(());
    }
    println!("frames: simulated (pinch_off)");
    let rate = FrameRate::from_hertz(1.087e6)?;
    let pixel = PixelSize::from_micrometers(1.0)?;
    let still = rectangle((512, 512), STILL_ROWS, STILL_COLUMNS);
    let mut table = "seed,middle_frame,area_um2,true_area_um2,area_error\n".to_owned();
    let (mut limit, mut errors) = (f64::NAN, Vec::new());
    let (mut times, mut areas, mut truths) = (Vec::new(), Vec::new(), Vec::new());
    let mut pictures = Vec::new();
    for seed in 1..=7_u64 {
        let plan = preset::pinch_off().n_frames(FRAMES).seed(seed).plan()?;
        let absorbance = absorbance_of(&plan, &still)?;
        let mut liquid = Vec::new();
        for frame in 0..FRAMES {
            liquid.push(plan.liquid_mask(frame)?);
        }
        let found =
            map(rate).over_time(&absorbance.view(), &still, pixel, [WINDOW, 2], |center| {
                liquid[center.round() as usize].clone()
            })?;
        for (i, at) in found.iter().enumerate() {
            let speeds = speeds(&plan, at.center.round() as usize)?;
            if seed == 1 && i == found.len() / 2 {
                limit = speeds[at.map.n_pixels().min(speeds.len() - 1)];
            }
        }
        for at in &found {
            let speeds = speeds(&plan, at.center.round() as usize)?;
            let truth = speeds.partition_point(|speed| *speed < limit) as f64;
            let error = at.area_um2 / truth - 1.0;
            writeln!(
                table,
                "{seed},{},{:.0},{truth:.0},{error:.5}",
                at.center, at.area_um2
            )?;
            if seed > 1 {
                errors.push(error);
            }
            if seed == 2 {
                times.push(at.center);
                areas.push(at.area_um2);
                truths.push(truth);
            }
        }
        if let (2, Some(last)) = (seed, found.last()) {
            pictures.push(overlay(&last.map.power, &last.map.mask));
        }
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let worst = errors.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    println!(
        "liquid below {limit:.2} m/s is not seen to move; films 2 to 7: mean area error {:.2} %, worst window {:.2} %",
        100.0 * mean,
        100.0 * worst
    );
    assert!(mean.abs() < 0.03, "area error {mean}");
    let image = pictures.pop().ok_or("no window")?;
    let curve = ScatterFigure::new(
        Axis::new("middle of the window", "frames"),
        Axis::new("stagnation area", "µm²"),
    )
    .series(Series::new("motion contrast", times.clone(), areas))
    .curve(Curve::new(
        format!("true, below {limit:.2} m/s"),
        times,
        truths,
    ));
    let page = PanelFigure::new(1)
        .panel(picture(
            &image,
            1.0,
            Axis::dimensionless("band RMS, zone bright"),
            Colormap::Cividis,
            100.0,
        ))
        .panel(curve)
        .theme(Theme::page().height_mm(230.0));
    save("song_fig3_stagnation_zone", &page, &table)?;
    println!(
        "{}",
        json!({ "area_error_mean": mean, "area_error_worst": worst, "unseen_below_m_s": limit, "windows": errors.len() })
    );
    Ok(())
}
