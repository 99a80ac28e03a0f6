//! A power pulse against pinch-off, as the review record of Song et al., Metals 16(5), 487 (2026), proposes it: the arithmetic only.
//!
//! What is seen: the pulse in the cycle of 24 µs at 205 W, and which latencies leave time for it. Advisory: the record tests nothing of it, and it rests on one
//! condition and one cycle. A second. Output: `target/figures/song_power_control/`.

use std::fmt::Write as _;

use meltpool_morphology::PowerPulse;
use meltpool_plot::{Axis, Curve, PanelFigure, ScatterFigure, Theme};
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, save};

fn main() -> Outcome {
    let pulse = PowerPulse::new(205.0, 24e-6).window(19.0 / 24.0, 1.0);
    let advice = pulse.advise()?;
    println!("{}", advice.evidence);
    println!(
        "extra {:.1} to {:.1} W, {:.0} to {:.0} µJ, {:.1} to {:.1} % of {:.2} mJ a cycle",
        advice.extra_power_w[0],
        advice.extra_power_w[1],
        1e6 * advice.extra_energy_j[0],
        1e6 * advice.extra_energy_j[1],
        100.0 * advice.extra_share[0],
        100.0 * advice.extra_share[1],
        1e3 * advice.cycle_energy_j
    );
    assert!(
        (1e6 * advice.extra_energy_j[0] - 41.0).abs() < 0.5
            && (1e6 * advice.extra_energy_j[1] - 205.0).abs() < 0.5
    );
    let (mut csv, mut latencies, mut commands) = (
        "latency_us,command_us,feasible\n".to_owned(),
        vec![],
        vec![],
    );
    let mut longest = 0.0;
    for k in 0..=40 {
        let latency = 0.25 * f64::from(k);
        let one = pulse
            .clone()
            .latency_s(latency * 1e-6)
            .actuation_s(1e-6)
            .advise()?;
        let command = 1e6 * one.command_s.ok_or("a latency was given")?;
        writeln!(csv, "{latency},{command},{}", one.is_feasible)?;
        latencies.push(latency);
        commands.push(command);
        if one.is_feasible {
            longest = latency;
        }
    }
    println!(
        "the longest latency that leaves time in a window of 5 µs with 1 µs of actuation: {longest:.2} µs"
    );
    let shape = |extra: f64| vec![205.0, 205.0, 205.0 + extra, 205.0 + extra, 205.0];
    let times = vec![0.0, 19.0, 20.0, 23.0, 24.0];
    let power = ScatterFigure::new(
        Axis::new("time in the cycle", "µs"),
        Axis::new("power", "W"),
    )
    .curve(Curve::new(
        "+10 %",
        times.clone(),
        shape(advice.extra_power_w[0]),
    ))
    .curve(Curve::new("+20 %", times, shape(advice.extra_power_w[1])))
    .note("advisory: one condition, one cycle, untested");
    let command = ScatterFigure::new(
        Axis::new("latency", "µs"),
        Axis::new("command after start of cycle", "µs"),
    )
    .curve(Curve::new("1 µs actuation", latencies, commands));
    let page = PanelFigure::new(2)
        .panel(power)
        .panel(command)
        .theme(Theme::page().height_mm(90.0));
    save("song_power_control", &page, &csv)?;
    println!(
        "{}",
        json!({ "advisory": true, "extra_energy_uj": [1e6 * advice.extra_energy_j[0], 1e6 * advice.extra_energy_j[1]],
        "extra_share": advice.extra_share, "longest_latency_us": longest, "evidence": advice.evidence })
    );
    Ok(())
}
