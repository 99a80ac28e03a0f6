//! Fig. 4 of Gan et al. (preprint): the law of porosity against its two numbers.
//!
//! Eq. 5 and the measured porosities of 92 printed parts of three alloys: a, the step of lack of fusion against the
//! normalized energy density; b, the step of keyhole pores against the Keyhole number; c, the surface over both numbers
//! with the parts on it; d, predicted against measured. The curves are the published law and, beside it, the same form
//! with its five coefficients fitted to the alloys that the paper trained with: the public absorbed powers are not those of the paper,
//! and the table of the parts states no vaporization points, so the numbers of each part are ours (reconstructed). Porosities are measured, the
//! surface is the law. Takes a second; `--quick` changes nothing. Figures and tables go to
//! `target/figures/gan_fig4_porosity_law/`; the last line of output is JSON.

#[path = "support/porosity_steps.rs"]
#[expect(dead_code, reason = "the five numbers are for the searches")]
mod porosity_steps;

use std::error::Error;
use std::path::Path;

use dimless::PorosityLaw;
use meltpool_plot::{
    Axis, Color, Contours, Curve, Figure, Grid, HeatmapFigure, Nodes, OKABE_ITO, PanelFigure,
    ParityFigure, ScatterFigure, Series, Theme,
};
use porosity_steps::{Parts, Steps, fit_steps};
use serde_json::json;
use symreg::Score;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_fig4_porosity_law";
const ALLOYS: [(&str, &str); 3] = [
    ("IN718", "train"),
    ("Ti-6Al-4V", "train"),
    ("SS316L", "test"),
];
const PERCENT: f64 = 100.0;

fn main() -> Outcome {
    let parts = Parts::read()?;
    let law = PorosityLaw::published();
    let rows = |keep: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..parts.porosity.len())
            .filter(|&row| keep(&parts.material[row]))
            .collect()
    };
    let (train, test) = (rows(&|m| m != ALLOYS[2].0), rows(&|m| m == ALLOYS[2].0));
    let fitted = fit_steps(&parts.data(&train)?)?;
    let published = |row: usize| law.predict(parts.energy[row], parts.keyhole[row]);
    let refitted = |row: usize| {
        fitted
            .model
            .predict_row(&[parts.energy[row], parts.keyhole[row]])
    };
    let mut scores = Vec::new();
    for rows in [&train, &test] {
        let measured: Vec<f64> = rows.iter().map(|&row| parts.porosity[row]).collect();
        let by_law: Vec<f64> = rows
            .iter()
            .map(|&row| published(row))
            .collect::<Result<_, _>>()?;
        let by_fit: Vec<f64> = rows
            .iter()
            .map(|&row| refitted(row))
            .collect::<Result<_, _>>()?;
        scores.push([
            Score::of(&measured, &by_law)?,
            Score::of(&measured, &by_fit)?,
        ]);
    }
    println!("published: porosity = 0.0591 erfc(NED - 2.04) + 0.0591 erf(Ke - 2.09) + 0.0639");
    println!("refitted:  porosity = {}", fitted.model.to_infix_rounded(3));
    for (name, [by_law, by_fit]) in ["training rows", "SS316L"].iter().zip(&scores) {
        println!(
            "{name:13}: R2 {:.3} published, {:.3} refitted; RMSE {:.4} and {:.4}",
            by_law.r2, by_fit.r2, by_law.rmse, by_fit.rmse
        );
    }
    // The limits of the law: dense in the middle, 12.3 % where no track melts and where all is keyhole.
    assert!((law.predict(100.0, 0.0)? - 0.0048).abs() < 2e-4);
    assert!((law.predict(0.0, 0.0)? - 0.123).abs() < 2e-3);
    assert!(scores[0][1].r2 > scores[0][0].r2 && scores[0][1].r2 > 0.5);

    let page = PanelFigure::new(2)
        .panel(term(&parts, &fitted, Number::Energy))
        .panel(term(&parts, &fitted, Number::Keyhole))
        .panel(surface(&parts))
        .panel(parity(&parts, &refitted, &scores)?)
        .theme(Theme::page().height_mm(180.0));
    println!(
        "{}",
        page.save_all(Path::new(FOLDER), "porosity_law")?
            .png
            .display()
    );
    println!(
        "{}",
        json!({"r2_train_published": scores[0][0].r2, "r2_test_published": scores[1][0].r2,
               "r2_train_refitted": scores[0][1].r2, "r2_test_refitted": scores[1][1].r2,
               "ned_middle_refitted": fitted.energy, "ke_middle_refitted": fitted.keyhole,
               "rows_train": train.len(), "rows_test": test.len()})
    );
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Number {
    Energy,
    Keyhole,
}

/// The parts as points of one color and shape an alloy.
fn points(parts: &Parts, value: impl Fn(usize) -> (f64, f64)) -> Vec<Series> {
    ALLOYS
        .iter()
        .map(|(alloy, role)| {
            let (x, y): (Vec<f64>, Vec<f64>) = (0..parts.material.len())
                .filter(|&row| parts.material[row] == *alloy)
                .map(&value)
                .unzip();
            Series::new(format!("{alloy} ({role})"), x, y)
        })
        .collect()
}

/// The measured porosities and one step of the law, the other number being where its own step is over.
fn term(parts: &Parts, fitted: &Steps, number: Number) -> ScatterFigure {
    let law = PorosityLaw::published();
    let (label, text, end) = match number {
        Number::Energy => ("normalized energy density NED", "at Ke = 0", 26.0),
        Number::Keyhole => ("Keyhole number Ke", "at high NED", 4.0),
    };
    let at = |x: f64| match number {
        Number::Energy => (x, 0.0),
        Number::Keyhole => (100.0, x),
    };
    let published = |x: f64| {
        let (energy, keyhole) = at(x);
        law.predict(energy, keyhole)
            .map_or(f64::NAN, |p| PERCENT * p)
    };
    let refitted = |x: f64| {
        let (energy, keyhole) = at(x);
        let found = fitted.model.predict_row(&[energy, keyhole]);
        found.map_or(f64::NAN, |p| PERCENT * p)
    };
    let mut figure = ScatterFigure::new(
        Axis::dimensionless(label).range(0.0, end),
        Axis::new("porosity", "%").range(0.0, 14.0),
    )
    .curve(Curve::from_fn("Eq. 5", (0.0, end), published))
    .curve(
        Curve::from_fn("same form, refitted", (0.0, end), refitted)
            .dashed()
            .color(OKABE_ITO[4]),
    )
    .note("points: measured")
    .note(format!("curves: {text}"));
    for series in points(parts, |row| {
        let x = match number {
            Number::Energy => parts.energy[row],
            Number::Keyhole => parts.keyhole[row],
        };
        (x, PERCENT * parts.porosity[row])
    }) {
        figure = figure.series(series);
    }
    figure
}

/// The published law as colors and contours, the parts on it.
fn surface(parts: &Parts) -> HeatmapFigure {
    let law = PorosityLaw::published();
    let (x, y) = (Nodes::linear(0.0, 26.0, 131), Nodes::linear(0.0, 4.0, 81));
    let grid = Grid::from_fn(x, y, |energy, keyhole| {
        law.predict(energy, keyhole)
            .map_or(f64::NAN, |p| PERCENT * p)
    });
    let mut figure = HeatmapFigure::new(
        grid.clone(),
        Axis::dimensionless("NED"),
        Axis::dimensionless("Keyhole number Ke"),
        Axis::new("porosity, Eq. 5", "%").range(0.0, 12.5),
    )
    .contours(Contours::new("", grid, [1.0, 3.0, 6.0, 9.0]).color(Color::WHITE));
    for series in points(parts, |row| (parts.energy[row], parts.keyhole[row])) {
        figure = figure.series(series);
    }
    figure
}

/// Predictions of the refitted law against the measured values.
fn parity(
    parts: &Parts,
    refitted: &dyn Fn(usize) -> symreg::Result<f64>,
    scores: &[[Score; 2]],
) -> Outcome<ParityFigure> {
    let predicted: Vec<f64> = (0..parts.porosity.len())
        .map(refitted)
        .collect::<Result<_, _>>()?;
    let mut figure = ParityFigure::new(Axis::new("porosity", "%"))
        .note(format!(
            "refitted: R² {:.2}, test {:.2}",
            scores[0][1].r2, scores[1][1].r2
        ))
        .note(format!(
            "Eq. 5: R² {:.2}, test {:.2}",
            scores[0][0].r2, scores[1][0].r2
        ));
    for series in points(parts, |row| {
        (PERCENT * parts.porosity[row], PERCENT * predicted[row])
    }) {
        figure = figure.series(series);
    }
    Ok(figure)
}
