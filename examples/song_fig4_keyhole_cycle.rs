//! The keyhole cycle, measured: area of the tail, its stages and period, the ratio of the hook, and a growing stagnation zone.
//!
//! What is seen: depth and area of the tail over two cycles of 24 µs with the change points of each cycle, the periodogram, the distance of the hook's
//! ratio from the two published observations (0.69 stable, 1.31 pore-generating; no verdict), and the area of liquid below a speed with a logistic
//! curve. Simulated (`scan_cycle` at 2e4 photons, whose cycle is a sinusoid without stages; `pinch_off` for the zone, by its true velocities). After
//! Song et al., Metals 16(5), 487 (2026). Some 30 s. Output: `target/figures/song_fig4_keyhole_cycle/`.

use meltpool_morphology::{
    ChangePoints, FrameRate, LogisticGrowth, Period, RatioDistance, Summary, labels_csv,
};
use meltpool_plot::{Axis, Curve, PanelFigure, ScatterFigure, Series, Theme};
use meltpool_sim::{Detector, Flow, preset};
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, finder, is_quick, save, simulate};

#[expect(clippy::too_many_lines, reason = "straight through")]
fn main() -> Outcome {
    println!("frames: simulated (scan_cycle, pinch_off)");
    let n = if is_quick() { 40 } else { 56 };
    let film = preset::scan_cycle(512, 512).map_detector(|_| Detector::new(2e4));
    let found = simulate(&film.n_frames(n).seed(1))?;
    let sightings = finder(&found.plan)?.apply_all(&found.film)?;
    let rate = FrameRate::from_hertz(1.087e6)?;
    let (mut t, mut depth, mut tail, mut ratio, mut spread) =
        (vec![], vec![], vec![], vec![], vec![]);
    for (frame, sighting) in sightings.iter().enumerate() {
        let keyhole = sighting.keyhole().ok_or("a keyhole is missing")?;
        t.push(frame as f64);
        depth.push(keyhole.geometry.depth_um);
        tail.push(keyhole.geometry.tail_area_um2);
        if let (Some(hook), Some(error)) = (keyhole.geometry.hook, keyhole.uncertainty.hook) {
            ratio.push(hook.ratio);
            spread.push(error.ratio);
        }
    }
    let period = Period::of(&tail, rate)?.ok_or("nothing varies")?;
    println!(
        "period {:.2} [{:.2}, {:.2}] µs over {:.1} cycles (true 24), explains {:.2}",
        1e6 * period.seconds.value,
        1e6 * period.seconds.low,
        1e6 * period.seconds.high,
        period.n_cycles,
        period.explained
    );
    let stages = ChangePoints::new().max_pieces(6).apply(&tail)?;
    for stage in &stages {
        println!(
            "frames {} to {}: {:?}, {:.1} µm²/frame",
            stage.begin, stage.end, stage.kind, stage.slope
        );
    }
    let hook = Summary::of(ratio.iter().copied()).ok_or("no hook")?;
    let error =
        Summary::of(spread.iter().copied().filter(|e| e.is_finite())).map_or(0.0, |s| s.median);
    let distance = RatioDistance::of(hook.median, error)?;
    println!(
        "hook d/h {:.2} ± {:.2} (our reading): {:+.2} from 0.69, {:+.2} from 1.31; two observations, no verdict",
        hook.median,
        2.0 * error,
        distance.to_stable.value,
        distance.to_pore_generating.value
    );
    assert!((1e6 * period.seconds.value / 24.0 - 1.0).abs() < 0.05);

    // the zone that is at rest in the scene, by the true velocities, beside the area that the scene prescribes
    let plan = preset::pinch_off().plan()?;
    let (mut at, mut area, mut truth) = (vec![], vec![], vec![]);
    if let Flow::Quiet(flow) = plan.film().scene().flow_field() {
        for frame in 0..30 {
            let mask = plan.stagnation_zone(frame, 1e-3)?;
            let center = flow.center();
            let near = |y: usize, x: usize| {
                (x as f64 - center.x).hypot(y as f64 - center.y) < flow.radius(29.0) + 3.0
            };
            at.push(frame as f64);
            area.push(
                mask.indexed_iter()
                    .filter(|((y, x), slow)| **slow && near(*y, *x))
                    .count() as f64,
            );
            truth.push(flow.area(frame as f64));
        }
    }
    let growth = LogisticGrowth::fit(&at, &area)?;
    println!(
        "stagnation zone: plateau {:.0} [{:.0}, {:.0}] µm² (true 6508), time constant {:.2} frames",
        growth.plateau.value, growth.plateau.low, growth.plateau.high, growth.rise.value
    );
    assert!((growth.plateau.value / 6508.0 - 1.0).abs() < 0.03);

    let sizes = ScatterFigure::new(
        Axis::new("frame", "–"),
        Axis::new("area of the tail", "µm²"),
    )
    .series(Series::new("measured", t.clone(), tail.clone()));
    let sizes = stages.iter().fold(sizes, |figure, stage| {
        let (a, b) = (stage.begin as f64, stage.end as f64 - 1.0);
        figure.curve(Curve::new(
            format!("{:?}", stage.kind),
            vec![a, b],
            vec![stage.value, stage.value + stage.slope * (b - a)],
        ))
    });
    let spectrum = ScatterFigure::new(
        Axis::new("period", "µs").log(),
        Axis::dimensionless("explained share"),
    )
    .curve(Curve::new(
        "periodogram",
        period
            .spectrum
            .iter()
            .rev()
            .map(|p| 1.0 / p[0] / 1.087)
            .collect::<Vec<_>>(),
        period
            .spectrum
            .iter()
            .rev()
            .map(|p| p[1])
            .collect::<Vec<_>>(),
    ));
    let zone = ScatterFigure::new(Axis::new("frame", "–"), Axis::new("stagnation area", "µm²"))
        .series(Series::new("liquid below 1 mm/s", at.clone(), area))
        .curve(Curve::new("prescribed", at, truth));
    let page = PanelFigure::new(1)
        .panel(sizes)
        .panel(spectrum)
        .panel(zone)
        .theme(Theme::page().height_mm(230.0));
    save("song_fig4_keyhole_cycle", &page, &labels_csv(&sightings))?;
    println!(
        "{}",
        json!({ "period_us": [1e6 * period.seconds.low, 1e6 * period.seconds.value, 1e6 * period.seconds.high], "stages": stages.len(),
                "hook_ratio": hook.median, "to_stable": distance.to_stable.value, "to_pore_generating": distance.to_pore_generating.value,
                "plateau_um2": [growth.plateau.low, growth.plateau.value, growth.plateau.high], "depth_um": Summary::of(depth).map(|s| s.mean) })
    );
    Ok(())
}
