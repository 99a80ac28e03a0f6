//! Fig. S3 of Gan et al. (preprint): candidate laws of the keyhole depth with three inputs, with two and with one.
//!
//! Predicted against measured depths of all 90 keyholes, for the law with T* as the paper has it (Eq. 2, its three coefficients fitted), for the knee of a
//! search with P* and Pe, and for the knees of searches that are given only P* or only Pe. All are fitted to the 71 rows of
//! Ti-6Al-4V; the rest test them. Depths are measured; the absorptivity in P* is reconstructed from them, as in the
//! paper. Takes some seconds. Figures and tables go to `target/figures/gan_figs3_candidate_models/`; the last line of output is
//! JSON.

#[path = "support/keyhole.rs"]
#[expect(dead_code, reason = "this example needs the rows and the search")]
mod keyhole;

use std::error::Error;
use std::path::Path;

use dimless::Source;
use keyhole::{Keyholes, keyhole_search, keyholes};
use meltpool_plot::{Axis, Band, Figure, PanelFigure, ParityFigure, Series, Theme};
use serde_json::{Map, Value, json};
use symreg::{ConstantFit, Data, Expression, Model};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_figs3_candidate_models";
const ALLOYS: [(&str, &str); 3] = [
    ("Ti-6Al-4V", "train"),
    ("Al6061", "test"),
    ("SS316", "test"),
];
const SYMBOLS: [(&str, &str); 3] = [("*", "·"), ("Ps", "P*"), ("Ts", "T*")];

fn main() -> Outcome {
    let quick = std::env::args().any(|a| a == "--quick");
    let keyholes = keyholes(&Source::GanTableS1)?;
    let (train, test) = keyholes
        .data
        .split_by_label(&keyholes.material, |m| m == ALLOYS[0].0)?;
    let population = if quick { 250 } else { 500 };
    let search = keyhole_search(1).population_size(population);
    let knee = |names: &[&str]| -> Outcome<Model> {
        let columns = names
            .iter()
            .map(|name| Ok((*name, train.column(name)?.to_vec())))
            .collect::<symreg::Result<Vec<_>>>()?;
        let rows = Data::from_columns(columns, ("depth", train.target().to_vec()))?;
        let result = search.fit(&rows)?;
        let (_, law) = result.front().knee().ok_or("the front has no knee")?;
        Ok(law.clone())
    };
    let group = Expression::parse("exp(-1*(Ps/(Pe*Ts)))", train.names())?;
    let laws = [
        (
            "three inputs, Eq. 2 fitted",
            "three_inputs",
            ConstantFit::new().fit(&[group], &train)?,
        ),
        ("two inputs, knee", "two_inputs", knee(&["Ps", "Pe"])?),
        ("P* alone, knee", "power_alone", knee(&["Ps"])?),
        ("Pe alone, knee", "peclet_alone", knee(&["Pe"])?),
    ];
    let mut page = PanelFigure::new(2).theme(Theme::page().height_mm(195.0));
    let mut summary = Map::new();
    for (title, key, law) in &laws {
        let score = [law.r2(), law.score(&test)?.r2];
        println!(
            "{title:27} R2 {:.4}, test {:.4}: {}",
            score[0],
            score[1],
            law.to_infix_rounded(4)
        );
        summary.insert(
            (*key).to_owned(),
            json!({"law": law.to_infix(), "r2_train": score[0], "r2_test": score[1]}),
        );
        page = page.panel(panel(title, law, score, &keyholes)?);
    }
    // No single number explains what the ratio of both does.
    let r2 = |k: usize| laws[k].2.r2();
    assert!(r2(0) > 0.97 && r2(1) > 0.97 && r2(2) < 0.93 && r2(3) < 0.93);
    let files = page.save_all(Path::new(FOLDER), "candidate_models")?;
    println!("{}", files.png.display());
    println!("{}", Value::Object(summary));
    Ok(())
}

fn panel(title: &str, law: &Model, r2: [f64; 2], keyholes: &Keyholes) -> Outcome<ParityFigure> {
    let predicted = law.predict_data(&keyholes.data)?;
    let measured = keyholes.data.target();
    let mut text = law.to_infix_rounded(3);
    for (name, symbol) in SYMBOLS {
        text = text.replace(name, symbol);
    }
    let mut figure = ParityFigure::new(Axis::dimensionless("e/d"))
        .band(Band::Relative(0.15))
        .note(title)
        .note(text)
        .note(format!("R² {:.3}, test {:.3}", r2[0], r2[1]));
    for (alloy, role) in ALLOYS {
        let rows = (0..measured.len()).filter(|&row| keyholes.material[row] == alloy);
        let (x, y): (Vec<f64>, Vec<f64>) = rows.map(|row| (measured[row], predicted[row])).unzip();
        figure = figure.series(Series::new(format!("{alloy} ({role})"), x, y));
    }
    Ok(figure)
}
