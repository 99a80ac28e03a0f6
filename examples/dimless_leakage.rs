//! Why the measured depth must not enter the absorptivity: the depth law of Gan et al. on shuffled depths.
//!
//! Eq. 1 of the preprint takes the absorptivity from the keyhole depth that Eq. 2 then predicts. Three ways to score the
//! law on the 90 measured depths: as published, with the measured depth in its input; solved for the depth that agrees
//! with its own absorptivity; and the Keyhole number of 2021, whose absorptivity knows only power, speed and spot. Then
//! the depths of the 71 Ti-6Al-4V rows are shuffled, so that nothing is left to predict, and Eq. 2 is fitted again:
//! what it still scores is the leak. Data: the project's own table of published measurements. Takes a second. Figures and
//! tables go to `target/figures/dimless_leakage/`; the last line of output is JSON. `--quick`: 50 shuffles instead of 200.

#[path = "support/keyhole.rs"]
#[expect(dead_code, reason = "this example needs no search")]
mod keyhole;
#[path = "support/leakage.rs"]
mod leakage;

use std::error::Error;
use std::path::Path;

use dimless::{ExponentialDepthLaw, Source};
use keyhole::{Keyholes, keyholes, self_consistent};
use leakage::{Shuffled, keyhole_numbers_2021, line, percentile, refit_law, shuffled};
use meltpool_plot::{
    Axis, Curve, Figure, OKABE_ITO, PanelFigure, ParityFigure, ScatterFigure, Series, Theme,
};
use serde_json::json;
use symreg::Score;

type Outcome<T> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/dimless_leakage";
const ALLOYS: [&str; 3] = ["Ti-6Al-4V", "Al6061", "SS316"];
const SEED: u64 = 1;

fn main() -> Outcome<()> {
    let quick = std::env::args().any(|a| a == "--quick");
    let keyholes = keyholes(&Source::GanTableS1)?;
    let law = ExponentialDepthLaw::published();
    let [ps, pe, ts] = [0, 1, 2].map(|j| &keyholes.data.columns()[j]);
    let ke: Vec<f64> = (0..ps.len()).map(|i| ps[i] / (pe[i] * ts[i])).collect();
    let published = ke
        .iter()
        .map(|k| law.predict(*k))
        .collect::<Result<Vec<f64>, _>>()?;
    let solved = self_consistent(&keyholes, law)?;
    let titanium: Vec<usize> = (0..ke.len())
        .filter(|&i| keyholes.material[i] == ALLOYS[0])
        .collect();
    let pick = |values: &[f64]| titanium.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    let ke_2021 = keyhole_numbers_2021()?;
    let (slope, intercept) = line(&pick(&ke_2021), &pick(keyholes.data.target()));
    let linear: Vec<f64> = ke_2021.iter().map(|k| intercept + slope * k).collect();

    println!("R2 on Ti-6Al-4V / Al6061+SS316 (RMSE of e/d)");
    let mut scores = Vec::new();
    for (name, predicted) in [
        ("Eq. 2, measured depth in its input", &published),
        ("Eq. 2, solved self-consistently", &solved),
        (
            "line in the Keyhole number of 2021, fitted on Ti-6Al-4V",
            &linear,
        ),
    ] {
        let [train, test] = score(&keyholes, predicted)?;
        println!(
            "   {name}: {:.4} / {:.4} ({:.3} / {:.3})",
            train.r2, test.r2, train.rmse, test.rmse
        );
        scores.push([train.r2, test.r2]);
    }
    assert!((scores[0][0] - 0.9773).abs() < 5e-4 && (scores[0][1] - 0.8818).abs() < 2e-3);
    assert!((scores[1][0] - 0.962).abs() < 5e-3 && (scores[1][1] - 0.833).abs() < 5e-3);
    assert!((scores[2][0] - 0.9812).abs() < 5e-4 && (scores[2][1] - 0.9492).abs() < 2e-3);

    let count = if quick { 50 } else { 200 };
    let (refitted, refit_r2) = refit_law(&pick(&ke), &pick(keyholes.data.target()))?;
    println!(
        "Eq. 2 refitted on Ti-6Al-4V: {:.3}, {:.3}, {:.3}, R2 {refit_r2:.4}",
        refitted.plateau(),
        refitted.amplitude(),
        refitted.rate()
    );
    let found = shuffled(&keyholes, &titanium, count, SEED)?;
    let summary = |values: &[f64]| [50.0, 5.0, 95.0].map(|p| percentile(values, p));
    let (leaking, free) = (summary(&found.leaking), summary(&found.leak_free));
    println!(
        "{count} shuffles of the depths of Ti-6Al-4V, {} with a fit; R2 of the refit, median and 5 to 95 %",
        found.leaking.len()
    );
    println!(
        "   Eq. 2: {:.3}, {:.3} to {:.3}",
        leaking[0], leaking[1], leaking[2]
    );
    println!(
        "   line in the Keyhole number of 2021: {:.3}, {:.3} to {:.3}",
        free[0], free[1], free[2]
    );
    assert!((leaking[0] - 0.11).abs() < 0.03 && free[0] < 0.02);
    draw(
        &keyholes,
        &found,
        [
            (&published, scores[0]),
            (&solved, scores[1]),
            (&linear, scores[2]),
        ],
    )?;
    println!(
        "{}",
        json!({
            "r2_published": scores[0], "r2_self_consistent": scores[1], "r2_keyhole_2021": scores[2],
            "shuffles": count, "fitted": found.leaking.len(),
            "r2_shuffled_median": leaking[0], "r2_shuffled_5_95": [leaking[1], leaking[2]],
            "r2_shuffled_leak_free_median": free[0], "r2_shuffled_leak_free_5_95": [free[1], free[2]],
        })
    );
    Ok(())
}

/// On the training alloy and on the two others.
fn score(keyholes: &Keyholes, predicted: &[f64]) -> Outcome<[Score; 2]> {
    let of = |train: bool| {
        let rows = keyholes
            .material
            .iter()
            .zip(keyholes.data.target().iter().zip(predicted));
        let kept = rows.filter(|(m, _)| (*m == ALLOYS[0]) == train);
        let (measured, predicted): (Vec<f64>, Vec<f64>) = kept.map(|(_, (y, f))| (*y, *f)).unzip();
        Score::of(&measured, &predicted)
    };
    Ok([of(true)?, of(false)?])
}

fn draw(keyholes: &Keyholes, found: &Shuffled, laws: [(&Vec<f64>, [f64; 2]); 3]) -> Outcome<()> {
    let steps = |name: &str, values: &[f64]| {
        let (x, y) = histogram(values);
        Curve::new(name, x, y)
    };
    let mut page = PanelFigure::new(2)
        .theme(Theme::page().height_mm(185.0))
        .panel(
            ScatterFigure::new(
                Axis::dimensionless("R² on shuffled depths"),
                Axis::new("shuffles", "per bin of 0.02"),
            )
            .curve(steps("Eq. 2", &found.leaking).color(OKABE_ITO[1]))
            .curve(
                steps("Ke of 2021", &found.leak_free)
                    .color(OKABE_ITO[0])
                    .dashed(),
            ),
        );
    let names = ["Eq. 2, measured η", "Eq. 2, solved", "line in Ke of 2021"];
    // One range for the three, with every point in it.
    let all = laws.iter().flat_map(|(predicted, _)| *predicted);
    let deepest = all
        .chain(keyholes.data.target())
        .fold(0.0_f64, |m, v| m.max(*v));
    for (name, (predicted, [train, test])) in names.into_iter().zip(laws) {
        let mut parity =
            ParityFigure::new(Axis::dimensionless("depth e/d").range(-0.2, 1.05 * deepest))
                .note(name)
                .note(format!("R²: Ti {train:.3}, others {test:.3}"));
        for alloy in ALLOYS {
            let rows: Vec<usize> = (0..predicted.len())
                .filter(|&i| keyholes.material[i] == alloy)
                .collect();
            let pick = |values: &[f64]| rows.iter().map(|&i| values[i]).collect::<Vec<f64>>();
            parity = parity.series(Series::new(
                alloy,
                pick(keyholes.data.target()),
                pick(predicted),
            ));
        }
        page = page.panel(parity);
    }
    println!(
        "{}",
        page.save_all(Path::new(FOLDER), "leakage")?.png.display()
    );
    Ok(())
}

/// Outline of a histogram with bins of 0.02 from 0.
fn histogram(values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    const BIN: f64 = 0.02;
    let last = values.iter().fold(0.0_f64, |m, v| m.max(*v));
    let mut counts = vec![0.0; (last / BIN) as usize + 1];
    for value in values {
        counts[(value.max(0.0) / BIN) as usize] += 1.0;
    }
    let (mut x, mut y) = (vec![0.0], vec![0.0]);
    for (i, count) in counts.iter().enumerate() {
        x.extend([i as f64 * BIN, (i + 1) as f64 * BIN]);
        y.extend([*count, *count]);
    }
    x.push(counts.len() as f64 * BIN);
    y.push(0.0);
    (x, y)
}
