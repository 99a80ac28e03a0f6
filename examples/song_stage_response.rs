//! Stage durations, period and aspect ratio of keyholes against power and speed: a fitted law with intervals.
//!
//! What is seen: period and depth over width of simulated keyholes on a matrix of powers and speeds, with the power law that is fitted to each. The public data
//! hold one condition (205 W, 0.5 m/s), so no dependence can be learned from them; here the dependence is prescribed (depth by the linear law of Gan et al.
//! 2021 with an absorptivity of 0.7, period proportional to depth and 24 µs at 205 W and 0.5 m/s: invented), and the example shows that it is found again. `--input
//! TABLE.csv` with columns power_W, speed_m_s, period_us, aspect takes a user's table. Some 30 s. Output: `target/figures/song_stage_response/`.

use std::fmt::Write as _;

use meltpool_morphology::{FrameRate, Period};
use meltpool_plot::{Axis, PanelFigure, ScatterFigure, Series, Theme};
use meltpool_sim::preset::{self, ProcessCase};
use meltpool_sim::{Alloy, Detector, Keyhole, PrescribedKeyhole};
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, argument, finder, save, simulate};

/// One condition: power, speed, period in µs, depth over width.
type Row = [f64; 4];

fn simulated() -> Outcome<Vec<Row>> {
    let depth = |power_w: f64, speed_m_s: f64| {
        ProcessCase {
            power_w,
            speed_m_s,
            spot_um: 100.0,
            alloy: Alloy::Ti64,
        }
        .depth_um(0.7)
    };
    let nominal = depth(205.0, 0.5);
    let mut rows = Vec::new();
    for power in [150.0, 205.0, 260.0] {
        for speed in [0.4, 0.5, 0.7] {
            let relative = depth(power, speed) / nominal;
            let period = 26.1 * relative;
            let n = (1.6 * period).ceil() as usize;
            let film = preset::scan_cycle(512, 512)
                .map_detector(|_| Detector::new(2e4))
                .map_scene(|scene| {
                    let keyhole = PrescribedKeyhole::new(317.4, period)
                        .speed(speed / 1.087)
                        .depth_and_swing(125.0 * relative, 18.0 * relative);
                    scene
                        .keyhole(Keyhole::Prescribed(keyhole))
                        .pores(Vec::new())
                });
            let found = simulate(&film.n_frames(n).seed(1))?;
            let sightings = finder(&found.plan)?.apply_all(&found.film)?;
            let shapes: Vec<_> = sightings
                .iter()
                .filter_map(|s| Some(s.keyhole()?.geometry))
                .collect();
            if shapes.len() < n {
                println!("{power} W, {speed} m/s: {} of {n} frames", shapes.len());
                continue;
            }
            let depths: Vec<f64> = shapes.iter().map(|g| g.depth_um).collect();
            let period =
                Period::of(&depths, FrameRate::from_hertz(1.087e6)?)?.ok_or("no period")?;
            let aspect = shapes.iter().map(|g| g.aspect_ratio).sum::<f64>() / n as f64;
            println!(
                "{power} W, {speed} m/s: period {:.1} [{:.1}, {:.1}] µs, aspect {aspect:.2}",
                1e6 * period.seconds.value,
                1e6 * period.seconds.low,
                1e6 * period.seconds.high
            );
            rows.push([power, speed, 1e6 * period.seconds.value, aspect]);
        }
    }
    Ok(rows)
}

fn read(path: &str) -> Outcome<Vec<Row>> {
    let mut reader = csv::Reader::from_path(path)?;
    let header = reader.headers()?.clone();
    let place = |name: &str| {
        header
            .iter()
            .position(|h| h == name)
            .ok_or_else(|| format!("no column {name}"))
    };
    let columns = [
        place("power_W")?,
        place("speed_m_s")?,
        place("period_us")?,
        place("aspect")?,
    ];
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let mut row = [0.0; 4];
        for (value, column) in row.iter_mut().zip(columns) {
            *value = record.get(column).unwrap_or("").parse()?;
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Least squares of ln y = a + b ln P + c ln V: exponents with two standard errors.
fn law(rows: &[Row], k: usize) -> Outcome<[[f64; 2]; 2]> {
    let n = rows.len() as f64;
    let mean = |f: &dyn Fn(&Row) -> f64| rows.iter().map(f).sum::<f64>() / n;
    let (p, v, y) = (
        mean(&|r| r[0].ln()),
        mean(&|r| r[1].ln()),
        mean(&|r| r[k].ln()),
    );
    let (mut pp, mut pv, mut vv, mut py, mut vy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for r in rows {
        let (a, b, c) = (r[0].ln() - p, r[1].ln() - v, r[k].ln() - y);
        pp += a * a;
        pv += a * b;
        vv += b * b;
        py += a * c;
        vy += b * c;
    }
    let det = pp * vv - pv * pv;
    if rows.len() < 5 || det <= 1e-12 {
        return Err("a law in power and speed needs five conditions that vary in both".into());
    }
    let (b, c) = ((py * vv - vy * pv) / det, (vy * pp - py * pv) / det);
    let rest: f64 = rows
        .iter()
        .map(|r| (r[k].ln() - y - b * (r[0].ln() - p) - c * (r[1].ln() - v)).powi(2))
        .sum();
    let variance = rest / (n - 3.0);
    Ok([
        [b, 2.0 * (variance * vv / det).sqrt()],
        [c, 2.0 * (variance * pp / det).sqrt()],
    ])
}

fn main() -> Outcome {
    let own = argument("--input");
    println!(
        "frames: {}",
        if own.is_some() {
            "own table"
        } else {
            "simulated, dependence prescribed"
        }
    );
    println!("the public data hold one condition: 205 W and 0.5 m/s");
    let rows = own.map_or_else(simulated, |path| read(&path))?;
    let mut table = "power_W,speed_m_s,period_us,aspect\n".to_owned();
    for r in &rows {
        writeln!(table, "{},{},{:.3},{:.4}", r[0], r[1], r[2], r[3])?;
    }
    let (period, aspect) = (law(&rows, 2)?, law(&rows, 3)?);
    for (name, [p, v]) in [("period", period), ("aspect", aspect)] {
        println!(
            "{name} ~ P^({:.2} ± {:.2}) V^({:.2} ± {:.2})",
            p[0], p[1], v[0], v[1]
        );
    }
    let mut speeds: Vec<f64> = rows.iter().map(|r| r[1]).collect();
    speeds.sort_unstable_by(f64::total_cmp);
    speeds.dedup();
    let figure = |label: &str, unit: &str, k: usize| {
        let axis = if unit.is_empty() {
            Axis::dimensionless(label)
        } else {
            Axis::new(label, unit)
        };
        speeds.iter().fold(
            ScatterFigure::new(Axis::new("power", "W"), axis),
            |figure, speed| {
                let chosen: Vec<&Row> = rows
                    .iter()
                    .filter(|r| (r[1] - *speed).abs() < 1e-9)
                    .collect();
                let (x, y): (Vec<f64>, Vec<f64>) = chosen.iter().map(|r| (r[0], r[k])).unzip();
                figure.series(Series::new(format!("{speed} m/s"), x.clone(), y.clone()))
            },
        )
    };
    let page = PanelFigure::new(2)
        .panel(figure("period", "µs", 2))
        .panel(figure("depth over width", "", 3))
        .theme(Theme::page().height_mm(95.0));
    save("song_stage_response", &page, &table)?;
    println!(
        "{}",
        json!({ "conditions": rows.len(), "period_exponent_power": period[0], "period_exponent_speed": period[1],
        "aspect_exponent_power": aspect[0], "aspect_exponent_speed": aspect[1], "prescribed": true })
    );
    Ok(())
}
