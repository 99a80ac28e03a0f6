//! Song et al., Metals 16(5), 487 (2026), Table R1 of its review record: flow against manual tracking of pores, recomputed, and the same protocol
//! where the truth is known.
//!
//! What is seen: the 27 printed pairs of speeds against each other; the errors recomputed from them, and which were misprinted; then twelve simulated pores
//! that move by 1.4 to 4.3 px a frame (1.09 m/s each), clicked to whole pixels as by hand and tracked by flow (published setting and ours), each
//! against the exact speed. The agreement of 2 % in the table is agreement of two measurements; the errors against the truth say which is accurate.
//! Simulated frames; some 5 s. Output: `target/figures/song_table1_validation/`.

use std::fmt::Write as _;

use meltpool_plot::{Axis, Curve, PanelFigure, ScatterFigure, Series, Theme};
use ndarray::Array2;
use optical_flow::{FlowEstimator, HornSchunck, Image, RobustFlow};
use rand::{RngExt, SeedableRng};
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, save};

const TABLE: &str = include_str!("../crates/optical-flow/tests/data/table_r1.csv");

/// Speed of one pixel a frame, m/s.
const UNIT: f64 = 1.087;

struct Row {
    manual: f64,
    flow: f64,
    stated_percent: f64,
    label: String,
}

fn rows() -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for record in csv::Reader::from_reader(TABLE.as_bytes()).records() {
        let record = record?;
        rows.push(Row {
            manual: record[2].parse()?,
            flow: record[3].parse()?,
            stated_percent: record[5].parse()?,
            label: format!("{} {}", &record[0], &record[1]),
        });
    }
    Ok(rows)
}

/// A bright disk with soft edges on a rough, moving melt, with photon noise.
fn pore_frame(
    at: (f64, f64),
    radius: f64,
    noise: f64,
    random: &mut rand_chacha::ChaCha8Rng,
) -> Array2<f32> {
    Array2::from_shape_fn((96, 96), |(y, x)| {
        let r = (x as f64 - at.0).hypot(y as f64 - at.1);
        let disk = 0.5 - 0.5 * libm::erf((r - radius) / 1.5);
        let n: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        (0.35 + 0.25 * disk + noise * n) as f32
    })
}

/// Mean displacement of the pore's pixels along its motion.
fn tracked(
    method: &dyn FlowEstimator,
    a: &Array2<f32>,
    b: &Array2<f32>,
    at: (f64, f64),
    radius: f64,
) -> Outcome<f64> {
    let result = method.estimate(&Image::new(&a.view())?, &Image::new(&b.view())?)?;
    let (mut u, mut v, mut n) = (0.0, 0.0, 0.0);
    for ((y, x), value) in result.flow.u.indexed_iter() {
        let r = (x as f64 - at.0).hypot(y as f64 - at.1);
        // the rim carries the contrast
        if r < radius + 2.0 {
            u += f64::from(*value);
            v += f64::from(result.flow.v[[y, x]]);
            n += 1.0;
        }
    }
    Ok((u / n).hypot(v / n))
}

#[expect(clippy::too_many_lines, reason = "one figure, straight through")]
fn main() -> Outcome<()> {
    let rows = rows()?;
    assert_eq!(rows.len(), 27);
    let n = rows.len() as f64;
    let bias = rows.iter().map(|r| r.flow - r.manual).sum::<f64>() / n;
    let rms = (rows
        .iter()
        .map(|r| (r.flow - r.manual).powi(2))
        .sum::<f64>()
        / n)
        .sqrt();
    let percent = |r: &Row| 100.0 * (r.flow - r.manual).abs() / r.manual;
    let mean = rows.iter().map(percent).sum::<f64>() / n;
    let max = rows.iter().map(percent).fold(0.0, f64::max);
    // more than rounding to two digits
    let misprints: Vec<String> = rows
        .iter()
        .filter(|r| (percent(r) - r.stated_percent).abs() > 0.0051)
        .map(|r| {
            format!(
                "{}: {:.2} % printed as {:.2} %",
                r.label,
                percent(r),
                r.stated_percent
            )
        })
        .collect();
    println!("27 rows: bias {bias:.3} m/s, rms {rms:.3} m/s, mean {mean:.2} %, max {max:.2} %");
    for text in &misprints {
        println!("misprint: {text}");
    }
    assert!((bias + 0.007).abs() < 5e-4 && (rms - 0.037).abs() < 5e-4);
    assert!((mean - 1.08).abs() < 5e-3 && (max - 1.95).abs() < 5e-3);

    // the protocol with a truth
    let methods: [(&str, Box<dyn FlowEstimator>); 3] = [
        ("published setting", Box::new(HornSchunck::song())),
        ("automatic", Box::new(HornSchunck::new())),
        ("robust", Box::new(RobustFlow::new())),
    ];
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(27);
    let mut table = "speed_px,clicked_px,song_px,automatic_px,robust_px\n".to_owned();
    let mut errors = vec![Vec::new(); 4];
    let mut series = vec![Vec::new(); 4];
    let mut truths = Vec::new();
    for k in 0..12 {
        let speed = 1.42 + (4.30 - 1.42) * f64::from(k) / 11.0;
        let angle = random.random::<f64>() * std::f64::consts::TAU;
        let radius = 7.0 + 2.0 * random.random::<f64>();
        let at = (48.0 + random.random::<f64>(), 48.0 + random.random::<f64>());
        let to = (at.0 + speed * angle.cos(), at.1 + speed * angle.sin());
        let a = pore_frame(at, radius, 0.01, &mut random);
        let b = pore_frame(to, radius, 0.01, &mut random);
        let clicked = (to.0.round() - at.0.round()).hypot(to.1.round() - at.1.round());
        let mut found = vec![clicked];
        for (_, method) in &methods {
            found.push(tracked(method.as_ref(), &a, &b, at, radius)?);
        }
        writeln!(
            table,
            "{speed:.4},{:.4},{:.4},{:.4},{:.4}",
            found[0], found[1], found[2], found[3]
        )?;
        truths.push(speed * UNIT);
        for (k, found) in found.iter().enumerate() {
            errors[k].push(100.0 * (found - speed).abs() / speed);
            series[k].push(found * UNIT);
        }
    }
    let mean_of = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let names = [
        "clicked, whole px",
        "published setting",
        "automatic",
        "robust",
    ];
    for (name, errors) in names.iter().zip(&errors) {
        println!("{name}: {:.1} % from the truth on average", mean_of(errors));
    }
    let line = || Curve::new("equal", [1.0, 6.0], [1.0, 6.0]);
    let axes = |x: &str, y: &str| {
        ScatterFigure::new(Axis::new(x, "m/s"), Axis::new(y, "m/s"))
            .curve(line())
            .theme(Theme::page())
    };
    let table_r1 = axes("manual tracking", "flow").series(Series::new(
        "Table R1, 27 rows",
        rows.iter().map(|r| r.manual).collect::<Vec<_>>(),
        rows.iter().map(|r| r.flow).collect::<Vec<_>>(),
    ));
    let mut simulated = axes("true speed of simulated pores", "found");
    for (name, values) in names.iter().zip(&series) {
        simulated = simulated.series(Series::new(*name, truths.clone(), values.clone()));
    }
    save(
        "song_table1_validation",
        &PanelFigure::new(2).panel(table_r1).panel(simulated),
        &table,
    )?;
    println!(
        "{}",
        json!({ "rows": rows.len(), "bias_m_s": bias, "rms_m_s": rms, "mean_percent": mean, "max_percent": max, "misprints": misprints,
            "simulated_mean_percent": names.iter().zip(&errors).map(|(n, e)| json!({ "method": n, "error": mean_of(e) })).collect::<Vec<_>>() })
    );
    Ok(())
}
