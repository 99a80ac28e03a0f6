//! Fig. S2 of Gan et al. (preprint): data, settings, convergence and candidates of the search for the keyhole depth law.
//!
//! a, the 90 measured keyholes of three alloys, split as in the paper: Ti-6Al-4V trains, aluminum and steel test. b, the settings;
//! the paper shows its function set only in a picture, so this one is ours. c, the error of each of five runs of
//! genetic programming alone after each generation. d, the five thousand laws of the last generations and the knee of their front.
//! e, how many runs come to the law of all runs together, by each rule of choice, for genetic programming alone and for the full
//! search. f, how often both find the group of the Keyhole number in tables generated from the published law (Eq. 2,
//! 90 rows, 3 % noise), where it is known: the only synthetic part. The rows are measured, but the absorptivity in P* is reconstructed from the measured
//! depth, as in the paper. Takes a minute or two; `--quick` is quicker. Figures and tables go to
//! `target/figures/gan_figs2_keyhole_search/`; the last line of output is JSON.

#[path = "support/keyhole.rs"]
#[expect(dead_code, reason = "this example needs only the rows")]
mod keyhole;
#[path = "support/problems.rs"]
mod problems;
#[path = "support/search_page.rs"]
mod search_page;

use std::error::Error;
use std::path::Path;

use dimless::Source;
use keyhole::{FUNCTIONS, Keyholes, keyholes};
use meltpool_plot::{Axis, Figure, PanelFigure, ScatterFigure, Series, Theme};
use problems::Problem;
use search_page::{Setup, agreement, candidates, convergence, readable, search, success_of_both};
use serde_json::json;
use symreg::Model;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs2_keyhole_search";
const TRAINING: &str = "Ti-6Al-4V";
const SYMBOLS: [(&str, &str); 2] = [("Ps", "P*"), ("Ts", "T*")];

fn main() -> Outcome {
    let quick = std::env::args().any(|a| a == "--quick");
    let setup = Setup {
        operators: FUNCTIONS.to_vec(),
        population: 1000,
        generations: 30,
        runs: 5,
        max_genes: 1,
        seed: 1,
    };
    let setup = if quick { setup.quick() } else { setup };
    let keyholes = keyholes(&Source::GanTableS1)?;
    let (train, test) = keyholes
        .data
        .split_by_label(&keyholes.material, |m| m == TRAINING)?;
    println!(
        "{} rows train, {} test, all measured; constant on the training rows: {}",
        train.n_rows(),
        test.n_rows(),
        train.report().constant_columns().join(", ")
    );
    let gan = search("gan", &setup.gan(), &train)?;
    let full = search("full", &setup.full(), &train)?;
    let (_, law) = gan.front().knee().ok_or("the front has no knee")?;
    println!(
        "   knee: depth = {}, R2 {:.4}, test {:.4}",
        law.to_infix_rounded(4),
        law.r2(),
        law.score(&test)?.r2
    );
    // One alloy cannot tell T* from a constant, so the group is P*/Pe here.
    let is_ratio = law.expression().power_product(&train)? == Some(vec![1.0, -1.0, 0.0]);
    assert!(is_ratio && law.r2() > 0.97);
    let (agreements, shares) = agreement(&[("gan", &gan), ("full", &full)], &train)?;
    println!("synthetic tables, Eq. 2 with 3 % noise");
    let problem = Problem::named("seed_eq2")?;
    let (successes, counts) = success_of_both(&problem, if quick { 1 } else { 5 })?;
    let marks: [(String, &Model); 1] = [(format!("knee: {}", readable(law, &SYMBOLS)), law)];
    let error = || Axis::dimensionless("RMSE of e/d");
    let page = PanelFigure::new(2)
        .panel(split(&keyholes)?)
        .panel(setup.table("P*, Pe, T*, numbers"))
        .panel(convergence(&gan, error()))
        .panel(candidates(&gan, "measured", error(), &marks))
        .panel(agreements.note("measured Ti-6Al-4V rows"))
        .panel(successes.note("synthetic: Eq. 2, 90 rows, 3 % noise"))
        .theme(Theme::page().height_mm(235.0));
    let files = page.save_all(Path::new(FOLDER), "keyhole_search")?;
    println!("{}", files.png.display());
    println!(
        "{}",
        json!({"law": law.to_infix(), "r2_train": law.r2(), "r2_test": law.score(&test)?.r2,
               "agreement": shares, "seeds_with_group_eq2": counts})
    );
    Ok(())
}

/// Where the rows lie, by alloy.
fn split(keyholes: &Keyholes) -> Outcome<ScatterFigure> {
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("Péclet number Pe"),
        Axis::dimensionless("normalized power P*"),
    )
    .note("measured keyholes");
    for (alloy, role) in [(TRAINING, "train"), ("Al6061", "test"), ("SS316", "test")] {
        let rows: Vec<usize> = (0..keyholes.material.len())
            .filter(|&row| keyholes.material[row] == alloy)
            .collect();
        let pick = |name: &str| -> symreg::Result<Vec<f64>> {
            let column = keyholes.data.column(name)?;
            Ok(rows.iter().map(|&row| column[row]).collect())
        };
        let name = format!("{alloy} ({role}, {})", rows.len());
        figure = figure.series(Series::new(name, pick("Pe")?, pick("Ps")?));
    }
    Ok(figure)
}
