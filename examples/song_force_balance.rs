//! The forces on a keyhole wall as the review record of Song et al., Metals 16(5), 487 (2026), states them, recomputed.
//!
//! What is seen: a table of the record's values, ours, and what follows; and the recoil pressure over temperature beside the capillary pressure. No
//! frames. The record gives density, viscosity, surface tension and boiling point; latent heat, molar mass and solidus are from memory, as
//! [`meltpool_morphology::LiquidMetal::song_ti64`] says. A second. Output: `target/figures/song_force_balance/`.

use std::fmt::Write as _;

use meltpool_morphology::LiquidMetal;
use meltpool_morphology::force::{Curvature, capillary_pressure, reflected_share};
use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, ScatterFigure, TableFigure, Theme};
use serde_json::json;

#[path = "support/morphology.rs"]
mod support;
use support::{Outcome, save};

#[expect(clippy::too_many_lines, reason = "straight through")]
fn main() -> Outcome {
    let metal = LiquidMetal::song_ti64();
    let kpa = |pascal: f64| pascal / 1e3;
    let boiling = metal.recoil_pressure(metal.boiling.value)?;
    let needed = metal.recoil_temperature(0.1e6)?;
    let low = metal.recoil_pressure(3260.0)?;
    let lower = metal.recoil_pressure(3160.0)?;
    let cylinder = [50e-6, 100e-6].map(|r| capillary_pressure(1.5, r, Curvature::Cylinder));
    let sphere = [50e-6, 100e-6].map(|r| capillary_pressure(1.5, r, Curvature::Sphere));
    let hot = metal.surface_tension_at(3560.0)?;
    let deep = [200e-6, 400e-6].map(|h| metal.hydrostatic_pressure(h, 9.8));
    let closing = metal.flow_numbers(8.0, 20e-6, 1.5)?;
    let at_hot = metal.flow_numbers(8.0, 20e-6, hot)?;
    let scale = metal.capillary_inertia(10e-6, 1.5)?;
    let neck = capillary_pressure(1.5, 10e-6, Curvature::Cylinder)?;
    let reynolds = |v: f64| metal.flow_numbers(v, 200e-6, 1.5).map(|n| n.reynolds);
    let by_ca = metal.surface_tension_from_capillary([7.98, 8.04], [0.02, 0.03])?;
    let by_we = metal.surface_tension_from_weber([7.98, 8.04], [5e-6, 10e-6], [1.0, 1.0])?;
    let rows: Vec<[String; 4]> = [
        (
            "recoil at 3560 K",
            "0.1–1 MPa".to_owned(),
            format!("{:.1} kPa; 0.1 MPa at {needed:.0} K", kpa(boiling)),
            "wrong",
        ),
        (
            "recoil 300 / 400 K lower",
            "10–30 kPa".to_owned(),
            format!("{:.1} / {:.1} kPa", kpa(low), kpa(lower)),
            "partly",
        ),
        (
            "capillary, R 50 / 100 µm",
            "30 / 15 kPa".to_owned(),
            format!(
                "{:.0} / {:.0} (sphere {:.0} / {:.0})",
                kpa(cylinder[0].clone()?),
                kpa(cylinder[1].clone()?),
                kpa(sphere[0].clone()?),
                kpa(sphere[1].clone()?)
            ),
            "one curvature",
        ),
        (
            "γ at 3560 K",
            "1.5 N/m at 1600 K".to_owned(),
            format!("{hot:.2} N/m; 1600 K is solid"),
            "inconsistent",
        ),
        (
            "hydrostatic, 200 / 400 µm",
            "8–16 Pa, 4 orders".to_owned(),
            format!(
                "{:.1} / {:.1} Pa, 2.8–3.6 orders",
                deep[0].clone()?,
                deep[1].clone()?
            ),
            "orders wrong",
        ),
        (
            "two bounces at 34 %",
            "44 %".to_owned(),
            format!("{:.1} %", 100.0 * reflected_share(0.34, 2)?),
            "right",
        ),
        (
            "Ca at 8 m/s",
            "0.025".to_owned(),
            format!(
                "{:.4} ({:.3} with γ hot)",
                closing.capillary, at_hot.capillary
            ),
            "7 % off",
        ),
        (
            "We, Oh at 20 µm",
            "–".to_owned(),
            format!("{:.2}, {:.4}", closing.weber, closing.ohnesorge),
            "not Ca decides",
        ),
        (
            "√(γ/ρR), R 10 µm",
            "–".to_owned(),
            format!("{:.1} m/s, {:.1} µs", scale.speed_m_s, 1e6 * scale.time_s),
            "plausible",
        ),
        (
            "ρV²/2 against γ/R",
            "–".to_owned(),
            format!(
                "{:.0} against {:.0} kPa",
                kpa(closing.dynamic_pressure_pa),
                kpa(neck)
            ),
            "plausible",
        ),
        (
            "Re at 0.8 m/s, 200 µm",
            "320".to_owned(),
            format!("{:.0} with ν = µ/ρ", reynolds(0.8)?),
            "inconsistent",
        ),
        (
            "Re at 12 m/s",
            "below 2000".to_owned(),
            format!("{:.0}", reynolds(12.0)?),
            "at the limit",
        ),
        (
            "γ from Ca 0.02–0.03",
            "–".to_owned(),
            format!(
                "{:.2} [{:.2}, {:.2}] N/m",
                by_ca.value, by_ca.low, by_ca.high
            ),
            "interval",
        ),
        (
            "γ from We = 1, R 5–10 µm",
            "–".to_owned(),
            format!(
                "{:.2} [{:.2}, {:.2}] N/m",
                by_we.value, by_we.low, by_we.high
            ),
            "interval",
        ),
    ]
    .map(|(a, b, c, d)| [a.to_owned(), b, c, d.to_owned()])
    .to_vec();
    let mut csv = "quantity,record,ours,verdict\n".to_owned();
    let mut table = TableFigure::new(["quantity", "record", "ours", "verdict"]);
    for row in rows {
        println!("{:<28} {:<20} {:<34} {}", row[0], row[1], row[2], row[3]);
        writeln!(
            csv,
            "\"{}\",\"{}\",\"{}\",\"{}\"",
            row[0], row[1], row[2], row[3]
        )?;
        table = table.row(row);
    }
    for problem in metal.contradictions() {
        println!("contradiction: {problem}");
    }
    assert!((kpa(boiling) - 54.7).abs() < 0.05 && (closing.weber - 3.41).abs() < 0.005);
    let recoil = Curve::from_fn("recoil", (3000.0, 4000.0), |t| {
        metal.recoil_pressure(t).map_or(f64::NAN, kpa)
    });
    let flat = |name: &str, p: f64| Curve::new(name, vec![3000.0, 4000.0], vec![p, p]);
    let figure = ScatterFigure::new(
        Axis::new("temperature", "K"),
        Axis::new("pressure", "kPa").log(),
    )
    .curve(recoil)
    .curve(flat("γ/R at 50 µm", 30.0).color(OKABE_ITO[0]))
    .curve(flat("γ/R at 10 µm", 150.0).color(OKABE_ITO[1]))
    .curve(
        flat("ρV²/2 at 8 m/s", kpa(closing.dynamic_pressure_pa))
            .color(OKABE_ITO[2])
            .dashed(),
    );
    let page = PanelFigure::new(1)
        .panel(table)
        .panel(figure)
        .theme(Theme::page().height_mm(220.0));
    save("song_force_balance", &page, &csv)?;
    println!(
        "{}",
        json!({ "recoil_3560_kpa": kpa(boiling), "temperature_for_0.1_mpa_k": needed, "capillary": closing.capillary, "weber": closing.weber,
                "ohnesorge": closing.ohnesorge, "reynolds_0.8": reynolds(0.8)?, "gamma_3560": hot, "capillary_inertial_m_s": scale.speed_m_s })
    );
    Ok(())
}
