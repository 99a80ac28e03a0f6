//! Table S1 of Gan et al. beside the other constants published with the same data, and what the choice changes.
//!
//! Compares every property that two sources state for Ti-6Al-4V, Al6061 and SS316: Table S1 of the preprint, the constants
//! published beside the keyhole depths (2021) and those beside the porosities. Draws each value as its ratio to the first
//! source, lists what disagrees, and evaluates the published depth law (Eq. 2) with both complete sets on the 90 measured
//! depths. Data: the project's own tables of published values; nothing is simulated. Takes a second. Tables (CSV,
//! Markdown) and figure go to `target/figures/gan_tables1_materials/`; the last line of output is JSON. `--quick` changes
//! nothing.

#[path = "support/keyhole.rs"]
#[expect(dead_code, reason = "this example needs the rows only")]
mod keyhole;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use dimless::{ExponentialDepthLaw, Material, Process, PropertyKind, Source};
use keyhole::keyholes;
use meltpool_plot::{Axis, Curve, Figure, ScatterFigure, Series, Theme};
use serde_json::json;
use symreg::Score;

type Outcome<T> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_tables1_materials";
const ALLOYS: [&str; 3] = ["Ti-6Al-4V", "Al6061", "SS316"];
const SOURCES: [(Source, &str); 3] = [
    (Source::GanTableS1, "Table S1 (preprint)"),
    (Source::KeyholeTable, "beside the depths (2021)"),
    (Source::PorosityTable, "beside the porosities"),
];
const DIFFUSIVITY: &str = "diffusivity";
/// Relative differences above this are contradictions, not rounding.
const TOLERANCE: f64 = 0.005;

/// What one source says of one quantity of one alloy.
struct Entry {
    alloy: &'static str,
    quantity: &'static str,
    unit: &'static str,
    source: usize,
    value: f64,
    /// How the value was formed, where the source states another quantity.
    formed: &'static str,
}

fn main() -> Outcome<()> {
    let entries = entries()?;
    let rows = rows(&entries);
    write_tables(&entries, &rows)?;
    // The diffusivity follows from the three quantities before it and counts as no contradiction of its own.
    let stated = rows.iter().filter(|r| r.quantity != DIFFUSIVITY);
    let contradictions: Vec<&Row> = stated.filter(|r| r.spread > TOLERANCE).collect();
    println!(
        "{} quantities stated by two sources or more; {} contradict by more than 0.5 %:",
        rows.len(),
        contradictions.len()
    );
    for row in &contradictions {
        let values: Vec<String> = row
            .values
            .iter()
            .map(|(s, v)| format!("{} {v}", SOURCES[*s].1))
            .collect();
        println!(
            "   {} {} [{}]: {} ({:.0} %)",
            row.alloy,
            row.quantity,
            row.unit,
            values.join(", "),
            100.0 * row.spread
        );
    }
    println!(
        "   (Tₘ−T₀ of Table S1 is formed with 298 K; the depths state the liquidus, the porosities the melting rise)"
    );
    let worst = contradictions
        .iter()
        .max_by(|a, b| a.spread.total_cmp(&b.spread))
        .ok_or("no contradiction")?;
    assert_eq!((worst.alloy, worst.quantity), ("Ti-6Al-4V", "density"));
    assert!((worst.spread - 1396.0 / 5316.0).abs() < 1e-12);
    assert_eq!(contradictions.len(), 7);

    let s1 = scores(&Source::GanTableS1)?;
    let other = scores(&Source::KeyholeTable)?;
    println!(
        "R2 of Eq. 2 on Ti-6Al-4V / Al6061+SS316: Table S1 {:.4} / {:.4}, constants beside the depths {:.4} / {:.4}",
        s1[0], s1[1], other[0], other[1]
    );
    assert!((s1[0] - 0.9773).abs() < 5e-4 && (s1[1] - 0.8818).abs() < 2e-3);
    assert!((other[0] - 0.976).abs() < 5e-4 && (other[1] - 0.884).abs() < 2e-3);
    draw(&rows, s1, other)?;
    println!(
        "{}",
        json!({
            "compared": rows.len(), "contradictions": contradictions.len(),
            "worst": format!("{} {}", worst.alloy, worst.quantity), "worst_spread": worst.spread,
            "r2_train_table_s1": s1[0], "r2_test_table_s1": s1[1],
            "r2_train_keyhole_table": other[0], "r2_test_keyhole_table": other[1],
        })
    );
    Ok(())
}

/// All values of the quantities of Eq. 1. Rises are formed with T0 = 298 K where a source states the temperature.
fn entries() -> Outcome<Vec<Entry>> {
    use PropertyKind as P;
    let ambient = Process::DEFAULT_AMBIENT_TEMPERATURE;
    let mut entries = Vec::new();
    for alloy in ALLOYS {
        let material = Material::named(alloy)?;
        for (source, (origin, _)) in SOURCES.iter().enumerate() {
            let of = |kind| material.value(kind, origin).ok();
            let mut add = |quantity, unit, value: Option<f64>, formed| {
                if let Some(value) = value {
                    entries.push(Entry {
                        alloy,
                        quantity,
                        unit,
                        source,
                        value,
                        formed,
                    });
                }
            };
            let (density, heat, conductivity) = (
                of(P::Density),
                of(P::HeatCapacity),
                of(P::ThermalConductivity),
            );
            add("density", "kg/m³", density, "");
            add("heat capacity", "J/(kg K)", heat, "");
            add("conductivity", "W/(m K)", conductivity, "");
            let ratio = conductivity
                .zip(density.zip(heat))
                .map(|(k, (rho, cp))| k / (rho * cp));
            let stated = of(P::ThermalDiffusivity);
            add(
                DIFFUSIVITY,
                "m²/s",
                stated.or(ratio),
                if stated.is_some() { "" } else { "K/(ρCₚ)" },
            );
            let rise = |point: Option<f64>, rise: Option<f64>| rise.or(point.map(|t| t - ambient));
            let formed = |point: Option<f64>| if point.is_some() { "less 298 K" } else { "" };
            let (boiling, melting) = (of(P::VaporizationPoint), of(P::MeltingPoint));
            add(
                "Tᵥ−T₀",
                "K",
                rise(boiling, of(P::VaporizationRise)),
                formed(boiling),
            );
            let liquidus = of(P::LiquidusRise);
            let note = if liquidus.is_some() {
                "liquidus"
            } else {
                formed(melting)
            };
            add(
                "Tₘ−T₀",
                "K",
                rise(melting, of(P::MeltingRise).or(liquidus)),
                note,
            );
        }
    }
    Ok(entries)
}

/// A quantity of an alloy that at least two sources state.
struct Row {
    alloy: &'static str,
    quantity: &'static str,
    unit: &'static str,
    /// Source and value, Table S1 first.
    values: Vec<(usize, f64)>,
    /// Largest relative difference from the first value.
    spread: f64,
}

fn rows(entries: &[Entry]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for entry in entries {
        let same = |r: &&mut Row| (r.alloy, r.quantity) == (entry.alloy, entry.quantity);
        match rows.iter_mut().find(same) {
            Some(row) => {
                row.spread = row.spread.max((entry.value / row.values[0].1 - 1.0).abs());
                row.values.push((entry.source, entry.value));
            }
            None => rows.push(Row {
                alloy: entry.alloy,
                quantity: entry.quantity,
                unit: entry.unit,
                values: vec![(entry.source, entry.value)],
                spread: 0.0,
            }),
        }
    }
    rows.retain(|row| row.values.len() > 1);
    rows
}

fn write_tables(entries: &[Entry], rows: &[Row]) -> Outcome<()> {
    std::fs::create_dir_all(FOLDER)?;
    let mut csv = "alloy,quantity,unit,source,value,formed as\n".to_owned();
    for e in entries {
        writeln!(
            csv,
            "{},{},{},{},{},{}",
            e.alloy, e.quantity, e.unit, SOURCES[e.source].1, e.value, e.formed
        )?;
    }
    let names: Vec<&str> = SOURCES.iter().map(|s| s.1).collect();
    let mut markdown = format!(
        "| alloy | quantity | {} | differs |\n|---|---|---|---|---|---|\n",
        names.join(" | ")
    );
    for row in rows {
        let cell = |s: usize| {
            row.values
                .iter()
                .find(|v| v.0 == s)
                .map_or("–".to_owned(), |v| number(v.1))
        };
        let cells: Vec<String> = (0..SOURCES.len()).map(cell).collect();
        let differs = if row.spread > TOLERANCE {
            format!("{:.1} %", 100.0 * row.spread)
        } else {
            String::new()
        };
        writeln!(
            markdown,
            "| {} | {} [{}] | {} | {differs} |",
            row.alloy,
            row.quantity,
            row.unit,
            cells.join(" | ")
        )?;
    }
    for (name, text) in [("values.csv", csv), ("table.md", markdown)] {
        let path = Path::new(FOLDER).join(name);
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}

fn number(value: f64) -> String {
    if value < 1e-2 {
        format!("{value:.4e}")
    } else {
        value.to_string()
    }
}

/// R² of the published depth law on Ti-6Al-4V and on the two other alloys.
fn scores(source: &Source) -> Outcome<[f64; 2]> {
    let keyholes = keyholes(source)?;
    let law = ExponentialDepthLaw::published();
    let (ps, pe, ts) = (
        keyholes.data.column("Ps")?,
        keyholes.data.column("Pe")?,
        keyholes.data.column("Ts")?,
    );
    let mut pairs = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for (i, alloy) in keyholes.material.iter().enumerate() {
        let (measured, predicted) = &mut pairs[usize::from(alloy != ALLOYS[0])];
        measured.push(keyholes.data.target()[i]);
        predicted.push(law.predict(ps[i] / (pe[i] * ts[i]))?);
    }
    let [train, test] = pairs;
    Ok([
        Score::of(&train.0, &train.1)?.r2,
        Score::of(&test.0, &test.1)?.r2,
    ])
}

fn draw(rows: &[Row], s1: [f64; 2], other: [f64; 2]) -> Outcome<()> {
    let shown: Vec<&Row> = rows.iter().rev().collect();
    let names = shown.iter().map(|r| format!("{} {}", r.alloy, r.quantity));
    let last = shown.len() as f64 - 0.5;
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("value over that of Table S1").range(0.7, 1.4),
        Axis::categories("quantity", names),
    )
    .curve(Curve::new("Table S1", [1.0, 1.0], [-0.5, last]))
    .note("R² of Eq. 2,")
    .note("Ti-6Al-4V / others:")
    .note(format!("{:.3} / {:.3} by Table S1", s1[0], s1[1]))
    .note(format!("{:.3} / {:.3} by 2021", other[0], other[1]))
    .theme(Theme::page().height_mm(140.0));
    for (source, (_, name)) in SOURCES.iter().enumerate().skip(1) {
        let points = shown.iter().enumerate().flat_map(|(i, row)| {
            let stated = row.values.iter().filter(move |v| v.0 == source);
            // Sources stand side by side, so that equal values do not hide each other.
            let y = i as f64 + 0.17 * (3.0 - 2.0 * source as f64);
            stated.map(move |v| (v.1 / row.values[0].1, y))
        });
        let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
        figure = figure.series(Series::new(*name, x, y));
    }
    println!(
        "{}",
        figure
            .save_all(Path::new(FOLDER), "ratio_to_table_s1")?
            .png
            .display()
    );
    Ok(())
}
