//! One figure of each kind, from generated data, to see what the house style looks like.
//!
//! Writes SVG, PNG and CSV to `target/figures/house_style/`; takes a second. All data are
//! generated: nothing here was measured.

use std::path::Path;

use meltpool_plot::{Axis, Band, Curve, Figure, ParetoFigure, ParityFigure, ScatterFigure, Series};

/// A portable generator of numbers from −1 to 1 (Lehmer, modulus 2³¹ − 1, factor 48271).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        2.0 * self.0 as f64 / 2_147_483_647.0 - 1.0
    }
}

fn law(ke: f64) -> f64 {
    0.12 * ke - 0.3
}

fn scatter(noise: &mut Noise) -> ScatterFigure {
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("Ke = ηP / ((T₁ − T₀)πρC √(αVr³))"),
        Axis::dimensionless("keyhole aspect ratio e*"),
    )
    .curve(Curve::from_fn_extrapolated("law", (5.0, 30.0), (3.0, 38.0), law))
    .note("e* = 0.12 Ke − 0.30")
    .note("R² ≈ 0.98");
    for (name, start) in [("Ti-6Al-4V", 5.0), ("Al6061", 7.0), ("SS316", 9.0)] {
        let ke: Vec<f64> = (0..9).map(|i| start + 2.4 * f64::from(i)).collect();
        let depth: Vec<f64> = ke.iter().map(|&k| law(k) + 0.18 * noise.next()).collect();
        figure = figure.series(Series::new(name, ke, depth).x_error([0.4; 9]).y_error([0.15; 9]));
    }
    figure
}

fn pareto(noise: &mut Noise) -> ParetoFigure {
    let nodes: Vec<f64> = (0..240).map(|i| f64::from(1 + i % 24)).collect();
    let error: Vec<f64> = nodes
        .iter()
        .map(|&n| 0.9 * (-0.45 * n.min(9.0)).exp() * (2.5 * (1.0 + noise.next())).exp())
        .map(|e| e.min(1.0))
        .collect();
    let figure = ParetoFigure::new(
        Axis::new("complexity", "nodes"),
        Axis::dimensionless("1 − R²").log(),
        nodes,
        error,
    );
    let front = figure.front();
    let (simple, chosen) = (front[1], front[front.len() - 1]);
    figure.highlight("linear law", simple).highlight("chosen: 0.12 Ke − 0.30", chosen)
}

fn parity(noise: &mut Noise) -> ParityFigure {
    let mut figure = ParityFigure::new(Axis::new("keyhole depth", "µm"))
        .band(Band::Relative(0.1))
        .note("R² = 0.97")
        .note("MAE = 14 µm");
    for (name, start) in [("training", 80.0), ("test", 100.0)] {
        let measured: Vec<f64> = (0..16).map(|i| start + 25.0 * f64::from(i)).collect();
        let predicted: Vec<f64> = measured.iter().map(|&d| d + 25.0 * noise.next()).collect();
        figure = figure.series(Series::new(name, measured, predicted));
    }
    figure
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut noise = Noise(2021);
    let folder = Path::new("target/figures/house_style");
    let figures: [(&str, Box<dyn Figure>); 3] = [
        ("scatter", Box::new(scatter(&mut noise))),
        ("pareto", Box::new(pareto(&mut noise))),
        ("parity", Box::new(parity(&mut noise))),
    ];
    for (stem, figure) in &figures {
        let files = figure.save_all(folder, stem)?;
        println!("{}", files.png.display());
    }
    Ok(())
}
