//! Fig. S5 of Gan et al. (preprint): data, settings and convergence of the search for the porosity law.
//!
//! a, the 92 measured porosities, split as in the paper: IN718 and Ti-6Al-4V train, SS316L tests. b, the settings; the paper shows
//! its function set only in a picture, so this one is ours. c, the error of ten runs of genetic programming
//! alone after each generation, on 120 rows generated from the published law (Eq. 5) with 5 % noise: the powers that the paper trained with are not public, so
//! the search is shown where the law is known. d, the measured parts by absorbed power and scan speed.
//! e, how many runs come to the law of all runs together, by each rule of choice, for genetic programming alone and for the full search, on
//! the synthetic rows. f, how often both find the two groups in five such tables. Takes minutes; `--quick` is quicker.
//! Figures and tables go to `target/figures/gan_figs5_porosity_search/`; the last line of output is JSON.

#[path = "support/problems.rs"]
mod problems;
#[path = "support/search_page.rs"]
#[expect(dead_code, reason = "this example draws no candidates")]
mod search_page;

use std::error::Error;
use std::path::Path;

use dimless::dataset;
use meltpool_plot::{Axis, Figure, PanelFigure, ScatterFigure, Series, TableFigure, Theme};
use problems::Problem;
use search_page::{Setup, agreement, convergence, search, success_of_both};
use serde_json::json;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs5_porosity_search";
const ALLOYS: [(&str, &str); 3] = [
    ("IN718", "train"),
    ("Ti-6Al-4V", "train"),
    ("SS316L", "test"),
];

fn main() -> Outcome {
    let quick = std::env::args().any(|a| a == "--quick");
    let problem = Problem::named("seed_eq5")?;
    let setup = Setup {
        operators: problem.operators.clone(),
        population: 1000,
        generations: 30,
        runs: 10,
        max_genes: 4,
        seed: 1,
    };
    let setup = if quick { setup.quick() } else { setup };
    let data = problem.rows(1, problem.n_rows, 0.0, problem.noise)?;
    let gan = search("gan", &setup.gan(), &data)?;
    let full = search("full", &setup.full(), &data)?;
    let law = full.front().shortest(&data)?.ok_or("no law")?;
    println!("   full search: porosity = {}", law.to_infix_rounded(3));
    assert_eq!(problem.has_true_groups(law, &data)?, Some(true));
    let (agreements, shares) = agreement(&[("gan", &gan), ("full", &full)], &data)?;
    println!("synthetic tables, Eq. 5 with 5 % noise");
    let (successes, counts) = success_of_both(&problem, if quick { 1 } else { 5 })?;

    let rows = dataset::porosity_rows()?;
    let mut split = TableFigure::new(["alloy", "parts", "role"]).title("measured porosities");
    let mut map = ScatterFigure::new(
        Axis::new("scan speed", "m/s"),
        Axis::new("absorbed power", "W"),
    )
    .note("measured parts");
    for (alloy, role) in ALLOYS {
        let parts: Vec<_> = rows.iter().filter(|row| row.material == alloy).collect();
        split = split.row([alloy.to_owned(), parts.len().to_string(), role.to_owned()]);
        let (x, y): (Vec<f64>, Vec<f64>) = parts
            .iter()
            .map(|p| (p.scan_speed, p.absorbed_power))
            .unzip();
        map = map.series(Series::new(format!("{alloy} ({role})"), x, y));
    }
    let page = PanelFigure::new(2)
        .panel(split.note("powers: absorbed, as published"))
        .panel(setup.table("P*ₘ, Pe, P*ᵥ, H*, T*, numbers"))
        .panel(
            convergence(&gan, Axis::dimensionless("RMSE of porosity"))
                .note("synthetic: Eq. 5, 5 % noise"),
        )
        .panel(map)
        .panel(agreements.note("synthetic: Eq. 5, 120 rows, 5 % noise"))
        .panel(successes.note("synthetic: Eq. 5, 120 rows, 5 % noise"))
        .theme(Theme::page().height_mm(235.0));
    let files = page.save_all(Path::new(FOLDER), "porosity_search")?;
    println!("{}", files.png.display());
    println!(
        "{}",
        json!({"law": law.to_infix(), "r2": law.r2(), "agreement": shares, "seeds_with_groups_eq5": counts})
    );
    Ok(())
}
