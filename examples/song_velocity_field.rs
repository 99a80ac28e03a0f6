//! Song et al., Metals 16(5), 487 (2026), the central claim: velocities of melt from radiographs by motion contrast and optical flow, with the truth
//! beside them.
//!
//! What is seen: the true speed of a simulated keyhole cycle (512 x 512 px, 1.087 MHz, 1 µm), and what is found from raw absorption by the published
//! setting, from raw absorption by the automatic one, and from the band-passed sequence by the automatic one. The table has the error in the liquid in
//! m/s and degrees, that of a field of zeros, and the 95th percentile of the speed found in still plate: the smallest speed told from
//! zero. At 2000, 8000 and 20000 photons a pixel. A second table, `smallest_speed.csv`, has that speed against contrast to noise, for the mean of 1, 4 and
//! 12 pairs, and for half and a quarter of the frame rate; a manual click to whole pixels tells 1.09 m/s. Simulated frames; a minute (`--quick`: one level of photons). Output: `target/figures/song_velocity_field/`.

use std::fmt::Write as _;

use mcxi::{Band, BandPass};
use meltpool_plot::{Axis, Colormap, PanelFigure, Theme};
use ndarray::{Array2, Array3};
use optical_flow::{
    Calibration, FlowError, FlowEstimator, FlowField, FlowStatistics, FrameRate, HornSchunck,
    Image, PixelSize,
};
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
#[path = "support/motion.rs"]
mod motion;
use flow::{Outcome, image, is_quick, save};
use motion::{frame, song_scene};

/// The 95th percentile of the speed found in still plate, m/s: mean of some pairs of frames that are `step` frames apart.
fn smallest(
    frames: &Array3<f32>,
    still: &Array2<bool>,
    step: usize,
    n_pairs: usize,
    unit: f64,
) -> Outcome<f64> {
    let middle = frames.dim().0 / 2;
    let mut statistics = FlowStatistics::new(still.dim());
    for k in 0..n_pairs {
        let start = middle - n_pairs / 2 + k;
        let (a, b) = (frame(frames, start), frame(frames, start + step));
        let (first, second) = Image::pair(&a.view(), &b.view())?;
        statistics.add(&HornSchunck::new().estimate(&first, &second)?.flow)?;
    }
    let speed = statistics.mean().speed();
    let mut still: Vec<f32> = speed
        .iter()
        .zip(still)
        .filter(|(_, still)| **still)
        .map(|(v, _)| *v)
        .collect();
    still.sort_by(f32::total_cmp);
    Ok(f64::from(still[still.len() * 95 / 100]) * unit / step as f64)
}

#[expect(clippy::too_many_lines, reason = "one figure, straight through")]
fn main() -> Outcome<()> {
    let rate = FrameRate::from_hertz(1.087e6)?;
    let scale = Calibration::new(PixelSize::from_micrometers(1.0)?, rate);
    let unit = scale.meters_per_second(1.0);
    let mut table =
        "photons,input,method,error_m_s,p95_m_s,angle_deg,zero_field_m_s,smallest_m_s\n".to_owned();
    let mut limits = "photons,input,cnr,rate_mhz,pairs,smallest_m_s\n".to_owned();
    let (mut rows, mut smallest_rows) = (Vec::new(), Vec::new());
    let mut page = PanelFigure::new(2).theme(Theme::page().height_mm(150.0));
    let levels: &[f64] = if is_quick() { &[2e4] } else { &[2e3, 8e3, 2e4] };
    for &photons in levels {
        let n_frames = 32;
        let scene = song_scene(photons, n_frames, 1)?;
        let middle = n_frames / 2;
        let truth = scene.plan.velocity_field(middle)?;
        let truth = FlowField::new(truth.u, truth.v)?;
        let (liquid, keyhole) = (
            scene.plan.liquid_mask(middle)?,
            scene.plan.keyhole_mask(middle + 1)?,
        );
        let scored = Array2::from_shape_fn(liquid.dim(), |at| liquid[at] && !keyhole[at]);
        let filtered =
            BandPass::new(rate, Band::from_fraction(0.03, 0.25)).apply(&scene.absorbance.view())?;
        let zero = FlowError::between(&FlowField::zeros(truth.dim()), &truth, Some(&scored))?
            .end_point
            * unit;
        let inputs = [
            ("raw", &scene.absorbance, true),
            ("raw", &scene.absorbance, false),
            ("contrast", &filtered, false),
        ];
        for (input, frames, published) in inputs {
            let (a, b) = (frame(frames, middle), frame(frames, middle + 1));
            let (first, second) = Image::pair(&a.view(), &b.view())?;
            let method = if published {
                HornSchunck::song()
            } else {
                HornSchunck::new()
            };
            let name = if published { "published" } else { "auto" };
            let result = method.estimate(&first, &second)?;
            let error = FlowError::between(&result.flow, &truth, Some(&scored))?;
            let mut still: Vec<f32> = result
                .flow
                .speed()
                .iter()
                .zip(&scene.still)
                .filter(|(_, still)| **still)
                .map(|(v, _)| *v)
                .collect();
            still.sort_by(f32::total_cmp);
            let smallest = f64::from(still[still.len() * 95 / 100]) * unit;
            let (mean, p95) = (error.end_point * unit, error.end_point_p95 * unit);
            assert!(mean.is_finite());
            println!(
                "{photons} photons, {input}, {name}: {mean:.2} m/s from the truth (zero field {zero:.2}), {:.0}°, still plate below {smallest:.2} m/s, alpha {:.3?}, {:.2} px",
                error.angular_deg, result.alpha, result.pre_smoothing
            );
            writeln!(
                table,
                "{photons},{input},{name},{mean:.4},{p95:.4},{:.2},{zero:.4},{smallest:.4}",
                error.angular_deg
            )?;
            rows.push(json!({ "photons": photons, "input": input, "method": name, "error_m_s": mean, "zero_field_m_s": zero, "smallest_m_s": smallest }));
            if Some(&photons) == levels.last() {
                let speed = result.flow.in_meters_per_second(scale).speed();
                page = page.panel(image(
                    &speed,
                    1.0,
                    Axis::new(format!("{name} on {input}"), "m/s"),
                    Colormap::Cividis,
                    Some((0.0, 6.0)),
                ));
            }
        }
        for (input, frames) in [("raw", &scene.absorbance), ("contrast", &filtered)] {
            let cnr = scene.feature_cnr(&frame(frames, middle))?;
            for step in [1, 2, 4] {
                for n_pairs in [1, 4, 12] {
                    let speed = smallest(frames, &scene.still, step, n_pairs, unit)?;
                    let mhz = 1.087 / step as f64;
                    println!(
                        "{photons} photons, {input}, CNR {cnr:.2}: {n_pairs} pairs at {mhz:.3} MHz: told from rest above {speed:.3} m/s"
                    );
                    writeln!(
                        limits,
                        "{photons},{input},{cnr:.3},{mhz:.4},{n_pairs},{speed:.4}"
                    )?;
                    smallest_rows.push(json!([photons, input, cnr, mhz, n_pairs, speed]));
                }
            }
        }
        if Some(&photons) == levels.last() {
            let speed = truth.in_meters_per_second(scale).speed();
            page = page.panel(image(
                &speed,
                1.0,
                Axis::new("truth", "m/s"),
                Colormap::Cividis,
                Some((0.0, 6.0)),
            ));
        }
    }
    save("song_velocity_field", &page, &table)?;
    std::fs::write(
        "target/figures/song_velocity_field/smallest_speed.csv",
        limits,
    )?;
    println!(
        "{}",
        json!({ "fields": rows, "smallest_speed": { "columns": ["photons", "input", "cnr", "mhz", "pairs", "m_s"], "rows": smallest_rows }, "manual_step_m_s": unit })
    );
    Ok(())
}
