//! Fig. 3 of Gan et al. (preprint): accuracy against complexity of ten thousand candidate laws of porosity.
//!
//! Ten runs of a thousand laws each, twice: genetic programming alone (the `gan` preset) and the full search, which
//! enumerates first. Two figures: `synthetic`, on 120 rows generated from the published law (Eq. 5) with 5 % noise, where
//! it is known what should be found; and `measured`, on the public rows of the two training alloys, IN718 and Ti-6Al-4V,
//! whose absorbed powers are not those of the paper. Marked are the knee of the front and the law of least description
//! length. Takes minutes; `--quick` makes each search a fifteenth as long. Figures and tables go to
//! `target/figures/gan_fig3_pareto_porosity/`; the last line of output is JSON.

#[path = "support/porosity_steps.rs"]
#[expect(dead_code, reason = "this example needs only the five numbers")]
mod porosity_steps;
#[path = "support/problems.rs"]
mod problems;
#[path = "support/search_page.rs"]
#[expect(dead_code, reason = "this example draws candidates only")]
mod search_page;

use std::error::Error;
use std::path::Path;

use meltpool_plot::{Axis, Figure, PanelFigure, TableFigure, Theme};
use porosity_steps::five_numbers;
use problems::Problem;
use search_page::{Setup, candidates, readable, search};
use serde_json::{Map, Value, json};
use symreg::{Choice, Data, Model, SearchResult};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/gan_fig3_pareto_porosity";
const SEED: u64 = 1;
const SYMBOLS: [(&str, &str); 4] = [("Pm", "P*ₘ"), ("Pv", "P*ᵥ"), ("Hs", "H*"), ("Ts", "T*")];

fn main() -> Outcome {
    let law = Problem::named("seed_eq5")?;
    let setup = Setup {
        operators: law.operators.clone(),
        population: 1000,
        generations: 30,
        runs: 10,
        max_genes: 4,
        seed: SEED,
    };
    let setup = if std::env::args().any(|a| a == "--quick") {
        setup.quick()
    } else {
        setup
    };
    let mut summary = Map::new();
    let synthetic = law.rows(SEED, law.n_rows, 0.0, law.noise)?;
    let about = "synthetic, 5 % noise";
    draw("synthetic", about, &setup, &synthetic, &law, &mut summary)?;

    let (numbers, alloys) = five_numbers()?;
    let (measured, _) = numbers.split_by_label(&alloys, |alloy| alloy != "SS316L")?;
    let about = format!(
        "measured: {} rows of IN718 and Ti-6Al-4V",
        measured.n_rows()
    );
    draw("measured", &about, &setup, &measured, &law, &mut summary)?;
    println!("{}", Value::Object(summary));
    Ok(())
}

/// Searches some rows twice and draws the two clouds above each other.
fn draw(
    name: &str,
    about: &str,
    setup: &Setup,
    data: &Data,
    law: &Problem,
    summary: &mut Map<String, Value>,
) -> Outcome {
    println!("{about}");
    let mut page = PanelFigure::new(1).theme(Theme::page().height_mm(260.0));
    let mut table = TableFigure::new(["marked", "R²", "porosity ="]);
    for (preset, title, regressor) in [
        ("gan", "genetic programming alone", setup.gan()),
        ("full", "full search", setup.full()),
    ] {
        let result = search(title, &regressor, data)?;
        let chosen = chosen(&result, data)?;
        print_front(&result, data)?;
        let mut marks: Vec<(String, &Model)> = Vec::new();
        for (choice, model) in &chosen {
            let name = format!("{preset}, {}", choice.name());
            marks.push((name.clone(), model));
            let lines = wrapped(&readable(model, &SYMBOLS), 66);
            let r2 = format!("{:.4}", model.r2());
            for (i, line) in lines.iter().enumerate() {
                let first = |text: &str| {
                    if i == 0 {
                        text.to_owned()
                    } else {
                        String::new()
                    }
                };
                table = table.row([first(&name), first(&r2), line.clone()]);
            }
        }
        page = page.panel(candidates(
            &result,
            &format!("{about}, {title}"),
            Axis::dimensionless("RMSE of porosity"),
            &marks,
        ));
        for (choice, model) in chosen {
            let true_groups = law.has_true_groups(model, data)?;
            let value = json!({"law": model.to_infix(), "r2": model.r2(), "rmse": model.rmse(),
                "complexity": model.complexity(), "true_groups": true_groups});
            summary.insert(format!("{name}_{preset}_{}", choice.name()), value);
        }
    }
    let page = page.panel(table);
    println!(
        "   {}",
        page.save_all(Path::new(FOLDER), name)?.png.display()
    );
    Ok(())
}

/// The laws to be marked: that of the knee, and that of least description length where it is another one.
fn chosen<'a>(result: &'a SearchResult, data: &Data) -> Outcome<Vec<(Choice, &'a Model)>> {
    let mut found: Vec<(Choice, &Model)> = Vec::new();
    for choice in [Choice::Knee, Choice::DescriptionLength] {
        let model = choice.of(result.front(), data)?;
        found.extend(model.map(|m| (choice, m)));
    }
    found.dedup_by(|a, b| a.1 == b.1);
    Ok(found)
}

/// A formula in lines of about so many characters, broken before a sign.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut depth = 0;
    let characters: Vec<char> = text.chars().collect();
    for (i, c) in characters.iter().enumerate() {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        let last = lines.len() - 1;
        // Not within an exponent such as 1e-5.
        let is_sign = matches!(c, '+' | '-') && i > 0 && characters[i - 1] != 'e';
        let long = lines[last].chars().count();
        if is_sign && (depth == 0 && long > width / 2 || long > width) {
            lines.push(String::new());
        }
        let last = lines.len() - 1;
        lines[last].push(*c);
    }
    lines
}

fn print_front(result: &SearchResult, data: &Data) -> Outcome {
    println!("     C   k      R2    RMSE   porosity =");
    for model in result.front().supported(data)?.models() {
        println!(
            "   {:3} {:3}  {:.4}  {:.5}  {}",
            model.complexity(),
            model.fitted_constants(),
            model.r2(),
            model.rmse(),
            model.to_infix_rounded(4)
        );
    }
    Ok(())
}
