//! The pinch-off of a keyhole, measured: neck, speeds of its walls, contact.
//!
//! What is seen: frames around the pinch-off with outlines, the walls of the neck over time, and the closing speed with its interval against the ramp
//! that is assumed. Song et al., Metals 16(5), 487 (2026), report 7.98 and 8.04 m/s for front and rear wall at 1.087 MHz and 1 µm; a neck of 10 to 20 µm
//! closes at these speeds in about one frame, so that speed and ramp cannot be told apart from positions alone: the interval says so. Simulated
//! (`pinch_off`, 2e4 photons, plate recorded before the laser), and the same neck filmed ten times as fast without noise. Some 20 s. Output:
//! `target/figures/song_fig5_pinch_off/`.

use std::fmt::Write as _;

use meltpool_morphology::{FrameRate, NeckGauge, NeckSample, PinchOffFit, PixelSize, pinch_offs};
use meltpool_plot::{
    Axis, Colormap, Contrast, Curve, PanelFigure, RadiographFigure, ScatterFigure, Series, Theme,
};
use meltpool_sim::{Keyhole, PinchOffKeyhole, preset};
use ndarray::s;
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, finder, save, simulate, tiled, with_outlines};

#[expect(clippy::too_many_lines, reason = "straight through")]
fn main() -> Outcome {
    println!("frames: simulated (pinch_off)");
    let found = simulate(&preset::pinch_off().seed(1))?;
    let finder = finder(&found.plan)?;
    let sightings = finder.apply_all(&found.film)?;
    let pixel = PixelSize::from_micrometers(1.0)?;
    let rate = FrameRate::from_hertz(1.087e6)?;
    let surface = finder.surface_row();
    let events = pinch_offs(&sightings, surface, pixel, 0.15, 0.4)?;
    let event = events.first().ok_or("no pinch-off was found")?;
    let truth = PinchOffKeyhole::new(0.62 * 512.0, 14.0, 7.98 / 1.087, 8.04 / 1.087);
    println!(
        "last whole frame {}, neck at row {:.1} (true {:.1})",
        event.frame,
        event.neck.row,
        surface + truth.neck_depth()
    );
    // the outline loses a neck that is about as thin as the texture is coarse: its brightness, calibrated while it is wide, goes on
    let middle = 0.5 * (event.neck.walls[0] + event.neck.walls[1]);
    let gauge = NeckGauge::new(event.neck.row, middle);
    let mut per_px = Vec::new();
    for frame in event.frame.saturating_sub(7)..event.frame {
        per_px.extend(
            gauge
                .apply(&found.film.frame(frame))?
                .map(|f| f.contrast_per_px),
        );
    }
    let gauge = gauge.calibrated(per_px.iter().sum::<f64>() / per_px.len() as f64);
    let mut samples = Vec::new();
    let mut closed = event.frame + 1;
    for frame in event.frame.saturating_sub(7)..event.frame + 4 {
        let Some(neck) = gauge.apply(&found.film.frame(frame))? else {
            break;
        };
        closed = frame;
        println!(
            "frame {frame}: half width {:.2} px around column {:.2}",
            neck.half_width, neck.center
        );
        if neck.half_width < 2.5 {
            break;
        }
        samples.push(neck.sample(frame as f64, 0.5));
    }
    let fit = PinchOffFit::new(pixel, rate);
    let open = fit.accelerated(&samples, closed as f64, event.neck.row)?;
    let known = fit
        .ramp(1.6, 1.6)
        .accelerated(&samples, closed as f64, event.neck.row)?;
    for (name, found) in [("ramp 1 to 2 µs", &open), ("ramp known", &known)] {
        println!(
            "{name}: front {:.2} [{:.2}, {:.2}], rear {:.2} [{:.2}, {:.2}], closing {:.2} [{:.2}, {:.2}] m/s, contact {:.2} [{:.2}, {:.2}] (true {:.2})",
            found.front_m_s.value,
            found.front_m_s.low,
            found.front_m_s.high,
            found.rear_m_s.value,
            found.rear_m_s.low,
            found.rear_m_s.high,
            found.closing_m_s.value,
            found.closing_m_s.low,
            found.closing_m_s.high,
            found.contact_frame.value,
            found.contact_frame.low,
            found.contact_frame.high,
            truth.contact_time()
        );
    }
    let holds = open.front_m_s.contains(7.98)
        && open.rear_m_s.contains(8.04)
        && open.closing_m_s.contains(16.02);
    assert!(holds, "the interval holds the truth");

    // without noise, and ten times as fast: the walls of the truth
    let fast = preset::pinch_off().n_frames(165).map_scene(|scene| {
        let neck =
            PinchOffKeyhole::new(0.62 * 512.0, 140.0, 0.798 / 1.087, 0.804 / 1.087).ramp(16.0);
        scene.keyhole(Keyhole::PinchOff(neck))
    });
    let fast = fast.plan()?;
    let row = (surface + truth.neck_depth()).round();
    let mut exact = Vec::new();
    for frame in 156..159 {
        let walls = fast.walls(frame)?;
        if let Some(wall) = walls.iter().find(|w| (w.row as f64 - row).abs() < 0.5) {
            exact.push(NeckSample {
                frame: frame as f64,
                rear: wall.left,
                front: wall.right,
                sigma: 0.01,
            });
        }
    }
    let sharp = PinchOffFit::new(pixel, FrameRate::from_hertz(10.87e6)?).even(&exact, row)?;
    println!(
        "without noise at 10.87 MHz: front {:.3}, rear {:.3} m/s",
        sharp.front_m_s.value, sharp.rear_m_s.value
    );
    assert!(
        (sharp.front_m_s.value / 7.98 - 1.0).abs() < 0.03
            && (sharp.rear_m_s.value / 8.04 - 1.0).abs() < 0.03
    );

    let mut table = "frame,rear_px,front_px,true_rear_px,true_front_px\n".to_owned();
    let (mut t, mut rear, mut front, mut true_rear, mut true_front) =
        (vec![], vec![], vec![], vec![], vec![]);
    for sample in &samples {
        let walls = found.plan.walls(sample.frame as usize)?;
        let Some(wall) = walls
            .iter()
            .find(|w| (w.row as f64 - event.neck.row.round()).abs() < 0.5)
        else {
            continue;
        };
        writeln!(
            table,
            "{},{:.3},{:.3},{:.3},{:.3}",
            sample.frame, sample.rear, sample.front, wall.left, wall.right
        )?;
        t.push(sample.frame);
        rear.push(sample.rear);
        front.push(sample.front);
        true_rear.push(wall.left);
        true_front.push(wall.right);
    }
    let mut parts = Vec::new();
    for (frame, sighting) in sightings.iter().enumerate().skip(event.frame - 1).take(4) {
        let (top, left) = (surface as usize - 8, 230_usize);
        let image = found.film.frame(frame);
        let outline = sighting
            .keyhole()
            .map(|k| k.outline.moved(-(left as f64), -(top as f64)));
        let lines: Vec<_> = outline.iter().map(|o| (o, 0.6_f32)).collect();
        parts.push(with_outlines(
            &image.slice(s![top..top + 165, left..left + 130]),
            [-0.05, 0.4],
            &lines,
            3,
        ));
    }
    let picture = RadiographFigure::new(
        &tiled(&parts, 4),
        1.0 / 3.0,
        Axis::dimensionless("I / plate − 1"),
    )
    .colormap(Colormap::Gray)
    .contrast(Contrast::Window {
        low: -0.05,
        high: 0.6,
    })
    .scale_bar_um(50.0);
    let walls = ScatterFigure::new(
        Axis::new("frame", "–"),
        Axis::new("column of the wall", "px"),
    )
    .series(Series::new("front, measured", t.clone(), front))
    .series(Series::new("rear, measured", t.clone(), rear))
    .curve(Curve::new("true front", t.clone(), true_front))
    .curve(Curve::new("true rear", t, true_rear));
    let (mut ramps, mut speeds, mut low, mut high) = (vec![], vec![], vec![], vec![]);
    for k in 0..9 {
        let ramp = 1.087 + 1.087 * f64::from(k) / 8.0;
        if let Ok(one) = fit
            .ramp(ramp, ramp)
            .accelerated(&samples, closed as f64, event.neck.row)
        {
            ramps.push(ramp / 1.087);
            speeds.push(one.closing_m_s.value);
            low.push(one.closing_m_s.value - one.closing_m_s.low);
            high.push(one.closing_m_s.high - one.closing_m_s.value);
        }
    }
    let half: Vec<f64> = low.iter().zip(&high).map(|(a, b)| 0.5 * (a + b)).collect();
    let ramp_figure = ScatterFigure::new(
        Axis::new("assumed ramp", "µs"),
        Axis::new("closing speed", "m/s"),
    )
    .series(Series::new("measured, with interval", ramps.clone(), speeds).y_error(half))
    .curve(Curve::new("true 16.02", vec![1.0, 2.0], vec![16.02, 16.02]));
    let page = PanelFigure::new(1)
        .panel(picture)
        .panel(walls)
        .panel(ramp_figure)
        .theme(Theme::page().height_mm(240.0));
    save("song_fig5_pinch_off", &page, &table)?;
    println!(
        "{}",
        json!({
            "frames": "simulated (pinch_off)", "frame": event.frame, "front_m_s": [open.front_m_s.low, open.front_m_s.value, open.front_m_s.high],
            "rear_m_s": [open.rear_m_s.low, open.rear_m_s.value, open.rear_m_s.high],
            "closing_m_s": [open.closing_m_s.low, open.closing_m_s.value, open.closing_m_s.high],
            "closing_known_ramp_m_s": known.closing_m_s.value, "contact_frame": open.contact_frame.value,
            "front_fast_m_s": sharp.front_m_s.value, "rear_fast_m_s": sharp.rear_m_s.value, "tail_area_um2": event.tail_area_um2
        })
    );
    Ok(())
}
