//! One figure of each kind, from generated data, to see what the house style looks like.
//!
//! Writes SVG, PNG and CSV to `target/figures/house_style/`; takes a second. All data are
//! generated: nothing here was measured.

#![expect(
    clippy::print_stdout,
    reason = "an example tells where its figures are"
)]

use std::path::Path;

use meltpool_plot::{
    Axis, Band, Colormap, Contours, Curve, Figure, Grid, HeatmapFigure, Nodes, PanelFigure,
    ParetoFigure, ParityFigure, RadiographFigure, ScatterFigure, Series, TableFigure, Theme,
};
use ndarray::Array2;

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

/// Coefficient of determination and mean absolute error of predictions.
fn quality(pairs: &[(f64, f64)]) -> (f64, f64) {
    let n = pairs.len() as f64;
    let mean = pairs.iter().map(|p| p.0).sum::<f64>() / n;
    let total: f64 = pairs.iter().map(|p| (p.0 - mean).powi(2)).sum();
    let rest: f64 = pairs.iter().map(|p| (p.0 - p.1).powi(2)).sum();
    let error = pairs.iter().map(|p| (p.0 - p.1).abs()).sum::<f64>() / n;
    (1.0 - rest / total, error)
}

fn scatter(noise: &mut Noise) -> ScatterFigure {
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("Ke = ηP / ((T₁ − T₀)πρC √(αVr³))"),
        Axis::dimensionless("keyhole aspect ratio e*"),
    )
    .curve(
        Curve::from_fn_extrapolated("law", (5.0, 30.0), (3.0, 38.0), law)
            .interval_fn("±10 %", |ke| (0.9 * law(ke).abs(), 1.1 * law(ke).abs())),
    )
    .note("e* = 0.12 Ke − 0.30");
    let mut pairs = Vec::new();
    for (name, start) in [("Ti-6Al-4V", 5.0), ("Al6061", 7.0), ("SS316", 9.0)] {
        let ke: Vec<f64> = (0..9).map(|i| start + 2.4 * f64::from(i)).collect();
        let depth: Vec<f64> = ke.iter().map(|&k| law(k) + 0.18 * noise.next()).collect();
        pairs.extend(depth.iter().zip(&ke).map(|(&d, &k)| (d, law(k))));
        figure = figure.series(
            Series::new(name, ke, depth)
                .x_error([0.4; 9])
                .y_error([0.15; 9]),
        );
    }
    figure.note(format!("R² ≈ {:.2}", quality(&pairs).0))
}

fn pareto(noise: &mut Noise) -> ParetoFigure {
    let nodes: Vec<f64> = (0..240).map(|i| f64::from(1 + i % 24)).collect();
    let error: Vec<f64> = nodes
        .iter()
        .map(|&n| {
            let floor = 0.9 * (-0.45 * n.min(9.0)).exp();
            floor + (0.95 - floor) * (0.5 + 0.5 * noise.next()).powi(4)
        })
        .collect();
    let figure = ParetoFigure::new(
        Axis::new("complexity", "nodes"),
        Axis::dimensionless("1 − R²").log(),
        nodes,
        error,
    );
    let front = figure.front();
    let (simple, chosen) = (front[1], front[front.len() - 1]);
    figure
        .highlight("linear law", simple)
        .highlight("chosen: 0.12 Ke − 0.30", chosen)
}

fn parity(noise: &mut Noise) -> ParityFigure {
    let mut figure = ParityFigure::new(Axis::new("keyhole depth", "µm")).band(Band::Relative(0.1));
    let mut pairs = Vec::new();
    for (name, start) in [("training", 80.0), ("test", 100.0)] {
        let measured: Vec<f64> = (0..16).map(|i| start + 25.0 * f64::from(i)).collect();
        let predicted: Vec<f64> = measured.iter().map(|&d| d + 25.0 * noise.next()).collect();
        pairs.extend(measured.iter().copied().zip(predicted.iter().copied()));
        figure = figure.series(Series::new(name, measured, predicted));
    }
    let (r2, error) = quality(&pairs);
    figure
        .note(format!("R² = {r2:.2}"))
        .note(format!("MAE = {error:.0} µm"))
}

/// A keyhole in a plate below gas, as transmission.
fn radiograph(noise: &mut Noise) -> RadiographFigure {
    let image = Array2::from_shape_fn((180, 260), |(row, column)| {
        let (x, depth) = (column as f64 - 130.0, row as f64 - 50.0);
        let half_width = 26.0 * (1.0 - depth / 95.0).max(0.0).sqrt();
        let plate = if depth < 0.0 { 0.95 } else { 0.42 };
        let keyhole = if depth >= 0.0 && x.abs() < half_width {
            0.33 * (1.0 - (x / half_width).powi(2)).sqrt()
        } else {
            0.0
        };
        (plate + keyhole + 0.02 * noise.next()) as f32
    });
    RadiographFigure::new(&image, 1.9, Axis::dimensionless("transmission"))
}

/// A quantity over two others: color for one number, lines for another, points on both.
fn heatmap() -> HeatmapFigure {
    let speed = Nodes::logarithmic(0.1, 3.0, 120);
    let power = Nodes::linear(50.0, 500.0, 90);
    let depth = Grid::from_fn(speed, power, |v, p| {
        let depth = 5.0 * (1.0 - (-0.004 * (p - 80.0) / v).exp());
        if depth > 0.0 { depth } else { f64::NAN }
    });
    let energy = Grid::from_fn(speed, power, |v, p| p / v / 1000.0);
    HeatmapFigure::new(
        depth,
        Axis::new("scan speed", "m/s").log(),
        Axis::new("laser power", "W"),
        Axis::dimensionless("depth e/d"),
    )
    .contours(Contours::new(
        "energy of track (J/mm)",
        energy,
        [0.1, 0.3, 1.0, 3.0],
    ))
    .series(Series::new("runs", [0.4, 0.7, 1.2], [150.0, 260.0, 380.0]))
    .note("white: no keyhole")
}

fn table() -> TableFigure {
    TableFigure::new(["", "V", "d", "α", "K"])
        .title("Dimensions (generated example)")
        .row(["kg", "0", "0", "0", "1"])
        .row(["m", "1", "1", "2", "1"])
        .row(["s", "-1", "0", "-1", "-3"])
        .row(["K", "0", "0", "0", "-1"])
        .note("rank 3, one group: Pe = V d/α")
        .theme(Theme::column().height_mm(50.0))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut noise = Noise(2021);
    let folder = Path::new("target/figures/house_style");
    let (scatter, pareto) = (scatter(&mut noise), pareto(&mut noise));
    let (parity, radiograph) = (parity(&mut noise), radiograph(&mut noise));
    let page = PanelFigure::new(2)
        .panel(radiograph.clone())
        .panel(scatter.clone())
        .panel(pareto.clone())
        .panel(parity.clone())
        .theme(Theme::page().height_mm(150.0));
    let figures: [(&str, Box<dyn Figure>); 8] = [
        ("heatmap", Box::new(heatmap())),
        ("table", Box::new(table())),
        ("scatter", Box::new(scatter)),
        ("pareto", Box::new(pareto)),
        ("parity", Box::new(parity)),
        (
            "radiograph_cividis",
            Box::new(radiograph.clone().colormap(Colormap::Cividis)),
        ),
        ("radiograph", Box::new(radiograph)),
        ("page", Box::new(page)),
    ];
    for (stem, figure) in &figures {
        let files = figure.save_all(folder, stem)?;
        println!("{}", files.png.display());
    }
    Ok(())
}
