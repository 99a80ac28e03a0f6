//! The Rayleigh number found in measurements of heat carried by convection.
//!
//! All dimensionless groups of plate distance, temperature difference, gravity, thermal expansion,
//! viscosity and diffusivity with exponents within 3 are tried on 56 measured heat fluxes through
//! helium heated from below. The search is the one that finds the Keyhole number of laser melting.
//! Data: the project's own table of published measurements (Niemela et al.; see
//! `dimless::dataset::rayleigh_benard`); nothing is simulated. Takes less than a second. The
//! figure goes to `target/figures/rayleigh_benard/`; the last line of output is JSON.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use dimless::{LawData, LawSearch, LawSearchResult, Link, ScalingLaw, dataset};
use meltpool_plot::{Axis, Curve, Figure, PanelFigure, ScatterFigure, Series, Theme};
use serde_json::json;

const FOLDER: &str = "target/figures/rayleigh_benard";
const INPUTS: [&str; 6] = [
    "height",
    "temperature_difference",
    "gravity",
    "thermal_expansion",
    "kinematic_viscosity",
    "thermal_diffusivity",
];

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let table = dataset::rayleigh_benard()?;
    // Heat carried against heat conducted: the Nusselt number, formed from the measured flux.
    let nusselt = [
        ("heat_flux", 1),
        ("height", 1),
        ("thermal_conductivity", -1),
        ("temperature_difference", -1),
    ];
    let published = LawData::from_table(&table, &INPUTS, &[("nusselt", 1)])?;
    let formed = LawData::from_table(&table, &INPUTS, &nusselt)?;
    println!(
        "{} rows; constant in all of them: {}",
        formed.n_rows(),
        formed.constant_variables().join(", ")
    );
    println!("a lattice basis of the groups:");
    for group in formed.system().pi()?.groups() {
        println!("   {group}");
    }
    let rayleigh = formed.system().group(&[
        ("height", 3),
        ("temperature_difference", 1),
        ("gravity", 1),
        ("thermal_expansion", 1),
        ("kinematic_viscosity", -1),
        ("thermal_diffusivity", -1),
    ])?;
    let search = LawSearch::new()
        .max_exponent(3)
        .link(Link::LogPolynomial(2))
        .log_target(true);
    let mut ranks = Vec::new();
    for (name, data) in [
        ("published with the rows", &published),
        ("formed from the flux", &formed),
    ] {
        let found = search.fit(data)?;
        ranks.push(found.rank(&rayleigh).unwrap_or(0));
        println!(
            "Nusselt number {name}: {} groups, ln Nu a quadratic of their logarithm",
            found.n_groups()
        );
        for (rank, law) in found.laws().iter().take(4).enumerate() {
            println!(
                "   {} R2 {:.5}, ten folds {:.5}  {}",
                rank + 1,
                law.scores().r_squared,
                law.scores().cross_validated_r_squared.unwrap_or(f64::NAN),
                law.group()
            );
        }
        let drawn = search.bootstrap(data, 1000)?;
        println!(
            "   of 1000 resamples {} put the first group first, {} another",
            drawn.groups()[0].count,
            1000 - drawn.groups()[0].count
        );
    }
    println!(
        "Distance, temperature difference and gravity do not vary, so the margin over groups with another exponent of the"
    );
    println!(
        "expansion is thin: the rows support the Rayleigh number, dimensional analysis adds the three constants."
    );
    let found = search.fit(&published)?;
    assert_eq!((ranks.as_slice(), found.n_groups()), (&[1, 1][..], 51));
    let line = search
        .clone()
        .link(Link::LogPolynomial(1))
        .fit_group(&published, &rayleigh)?;
    let exponent = line.link().constants()[1];
    println!(
        "As a power law: Nu ~ Ra^{exponent:.4}, R2 {:.5}",
        line.scores().r_squared
    );

    draw(&published, &found)?;
    println!(
        "{}",
        json!({
            "group_found": ranks == [1, 1], "n_groups": found.n_groups(),
            "r2": found.best().scores().r_squared, "r2_second": found.laws()[1].scores().r_squared,
            "power_law_exponent": exponent, "seconds": start.elapsed().as_secs_f64(),
        })
    );
    Ok(())
}

/// The law of the first group and that of the last.
fn draw(data: &LawData, found: &LawSearchResult) -> Result<(), Box<dyn Error>> {
    let panel = |law: &ScalingLaw, label: &str| -> Result<ScatterFigure, dimless::Error> {
        let x = data.group_values(law.group())?;
        Ok(ScatterFigure::new(
            Axis::dimensionless(label).log(),
            Axis::dimensionless("Nusselt number Nu").log(),
        )
        .curve(Curve::from_fn(
            "quadratic in the logarithm",
            law.link().range(),
            |group| law.link().predict(group).exp(),
        ))
        .series(Series::new("measured, helium", x, data.target()))
        .note(format!("R² {:.5}", law.scores().r_squared)))
    };
    let worst = found.laws().last().ok_or("no law")?;
    let page = PanelFigure::new(2)
        .panel(panel(found.best(), "Rayleigh number Ra, rank 1 of 51")?)
        .panel(panel(
            worst,
            &format!("{}, rank {}", short(worst.group()), found.laws().len()),
        )?)
        .theme(Theme::page().height_mm(80.0));
    println!(
        "{}",
        page.save_all(Path::new(FOLDER), "rayleigh_benard")?
            .png
            .display()
    );
    Ok(())
}

/// The group with the usual letters.
fn short(group: &dimless::Group) -> String {
    let letters = ["h", "ΔT", "g", "β", "ν", "κ"];
    let factors = letters.iter().zip(group.exponents());
    let text: Vec<String> = factors
        .filter(|(_, exponent)| **exponent != 0)
        .map(|(letter, exponent)| match exponent {
            1 => (*letter).to_owned(),
            _ => format!("{letter}^{exponent}"),
        })
        .collect();
    text.join(" ")
}
