//! A law for any CSV file with a header.
//!
//! `cargo run --release --example symreg_csv -- FILE --target NAME [--inputs A,B] [--units FILE [--pure-constants]]
//! [--operators add,sub,mul,div,exp,erf,…] [--seed N] [--seconds S] [--threads T] [--rows N] [--checkpoint FILE [--resume]]
//! [--events FILE] [--predict OTHER.csv --out PRED.csv]`
//!
//! Searches for a law of the target column in the input columns (default: all others), prints the front, writes a report
//! that needs no network, and with `--predict` the chosen law's values on another table. The chosen law is that of least
//! description length, its constants replaced by round numbers where that lowers the BIC. The units file has a line `name,unit`
//! a column; the report then shows units. With units for all columns no law adds unlike quantities: fitted numbers take whatever
//! unit is missing, or with `--pure-constants` none. Without FILE it makes rows
//! from the published depth law of Gan et al. (preprint, Eq. 2) with 3 % noise, and says so. Some ten seconds by default;
//! `--quick` takes two. A search of more than 2000 rows works on 2000 of them, drawn
//! by the seed (`--rows N`; 0: all), and fits its laws to all. With `--checkpoint` the state of the search is in that file after every generation, and the same command
//! with `--resume` goes on from there to the same result, also after the process was killed. `--events` writes a line of JSON
//! a generation; on a terminal, a bar shows where the search is. Everything goes to `target/figures/symreg_csv/`; the last line of
//! output is JSON.

#[path = "support/symreg_cli.rs"]
mod symreg_cli;

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dimless::{Dimension, Unit};
use serde_json::{Value, json};
use symreg::{
    ConstantDimensions, ConstantSnapping, Constraints, Criterion, Data, Evaluator, Expression,
    HtmlReport, JsonLines, Model, ParetoFront, Penalty, ProgressBar, RunControl, SearchResult,
    SymbolicRegressor,
};
use symreg_cli::{Options, Table, cpu_seconds, generated, identifiers};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/symreg_csv";
/// Rows that the search of a large table works on unless the command says how many.
const ROWS: usize = 2000;

fn main() -> Outcome {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    fs::create_dir_all(FOLDER)?;
    let table = match &options.file {
        Some(path) => Table::read(path)?,
        None => generated(options.seed),
    };
    let target = match (&options.target, &options.file) {
        (Some(name), _) => name.clone(),
        (None, None) => "depth".to_owned(),
        (None, Some(_)) => return Err("--target NAME says which column to explain".into()),
    };
    let inputs = options
        .inputs
        .clone()
        .unwrap_or_else(|| table.others(&target));
    let names = identifiers(&inputs);
    let columns: Vec<Vec<f64>> = inputs
        .iter()
        .map(|name| table.numbers(name))
        .collect::<Result<_, _>>()?;
    let data = Data::from_columns(
        names.iter().cloned().zip(columns),
        (target.clone(), table.numbers(&target)?),
    )?;
    let units = options
        .units
        .as_deref()
        .map(symreg_cli::read_units)
        .transpose()?;
    let unit_of = |header: &str| {
        units
            .as_ref()
            .and_then(|u| u.iter().find(|(n, _)| n == header))
            .map(|(_, unit)| unit.as_str())
    };
    println!(
        "{} rows of {target} and {} inputs from {}",
        data.n_rows(),
        inputs.len(),
        options.file.as_deref().map_or_else(
            || "the published law with 3 % noise, generated".to_owned(),
            |p| p.display().to_string()
        )
    );
    for name in data.report().constant_columns() {
        println!("   {name} has one value in all rows: its role cannot be learned");
    }

    let dimensions = dimensions(&inputs, &names, &target, unit_of)?;
    if options.units.is_some() {
        println!("{}", said_of_units(&options, dimensions.as_ref()));
    }
    let result = search_for_a_law(&options, &data, dimensions)?;
    let front = result.front();
    print_front(front);
    let model = front.shortest(&data)?.ok_or("no law was found")?;
    let snapped = ConstantSnapping::new().apply(model, &data)?;
    let law = snapped.expression();
    println!("\nthe law of least description length, with the round numbers that lower its BIC:");
    println!("   {target} = {}", law.to_infix_rounded(&names, 6)?);
    if result.was_stopped() {
        println!("   the search was stopped by its time limit");
    }

    let named: Vec<(String, &str)> = inputs
        .iter()
        .zip(&names)
        .chain([(&target, &target)])
        .filter_map(|(header, name)| Some((name.clone(), unit_of(header)?)))
        .collect();
    println!(
        "   {}",
        write_report(&options, &result, &data, named)?.display()
    );
    if let Some(path) = &options.predict {
        let out = options.out.as_deref().ok_or("--predict needs --out FILE")?;
        predict(law, &Table::read(path)?, &inputs, &target, out)?;
        println!("   {}", out.display());
    }
    println!(
        "{}",
        summary(law, &names, &inputs, snapped.r2(), model, front)?
    );
    Ok(())
}

/// Searches as the options say, with a bar on a terminal.
fn search_for_a_law(
    options: &Options,
    data: &Data,
    dimensions: Option<Dimensions>,
) -> Outcome<SearchResult> {
    let rows = options.rows.unwrap_or(ROWS);
    if rows > 0 && data.n_rows() > rows {
        println!("   the search works on {rows} rows; its laws are fitted to all");
    }
    let mut search = SymbolicRegressor::new()
        .seed(options.seed)
        .sampled_rows(rows);
    if let Some((columns, target)) = dimensions {
        let constants = if options.pure_constants {
            ConstantDimensions::Dimensionless
        } else {
            ConstantDimensions::Free
        };
        search = search.constraints(Constraints::new().units(columns, target, constants));
    }
    if let Some(operators) = &options.operators {
        search = search.operators(operators.iter().copied());
    }
    if options.quick {
        search = search.population_size(200).max_generations(10).runs(2);
    }
    let mut control = RunControl::new().resume(options.resume);
    if let Some(path) = &options.checkpoint {
        control = control.checkpoint(path);
    }
    let log = options
        .events
        .as_deref()
        .map(fs::File::create)
        .transpose()?;
    let mut events = log.map(JsonLines::new);
    let mut bar = ProgressBar::stderr();
    let start = Instant::now();
    let result = in_threads(options.threads, || {
        search.fit_controlled(data, &control, |progress| {
            let _ = bar.observe(progress);
            if let Some(events) = &mut events {
                let _ = events.observe(progress);
            }
            let late = options
                .seconds
                .is_some_and(|s| start.elapsed().as_secs_f64() > s);
            if late {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    })??;

    bar.finish();
    if let Some(events) = events {
        events.finish(&result)?;
    }
    Ok(result)
}

/// The page on all that was found.
fn write_report(
    options: &Options,
    result: &SearchResult,
    data: &Data,
    units: Vec<(String, &str)>,
) -> Outcome<PathBuf> {
    let mut report = HtmlReport::new()
        .title(format!("A law for {}", data.target_name()))
        .note(format!(
            "Search of {} run{}, seed {}.",
            result.runs().len(),
            if result.runs().len() == 1 { "" } else { "s" },
            options.seed
        ))
        .seed(options.seed)
        .search(result);
    if options.file.is_none() {
        report = report.note(
            "The rows are generated from a published law, with noise; nothing here is measured.",
        );
    }
    for (name, unit) in units {
        report = report.unit(name, unit);
    }
    let page = Path::new(FOLDER).join("report.html");
    fs::write(&page, report.write(result.front(), data)?)?;
    Ok(page)
}

/// Runs the search on so many threads; 0 for all.
fn in_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Outcome<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    Ok(pool.install(work))
}

/// The dimension of each input and of the target.
type Dimensions = (Vec<(String, Dimension)>, Dimension);

/// `None` if a unit is missing.
fn dimensions<'a>(
    inputs: &[String],
    names: &[String],
    target: &str,
    unit_of: impl Fn(&str) -> Option<&'a str>,
) -> Outcome<Option<Dimensions>> {
    let dimension = |header: &str| -> Outcome<Option<Dimension>> {
        let unit = unit_of(header).map(Unit::parse).transpose()?;
        Ok(unit.map(|u| u.dimension()))
    };
    let mut columns = Vec::new();
    for (header, name) in inputs.iter().zip(names) {
        match dimension(header)? {
            Some(found) => columns.push((name.clone(), found)),
            None => return Ok(None),
        }
    }
    Ok(dimension(target)?.map(|target| (columns, target)))
}

fn said_of_units(options: &Options, dimensions: Option<&Dimensions>) -> &'static str {
    match (dimensions, options.pure_constants) {
        (None, _) => "   a unit is missing: units are shown, and no law is refused for them",
        (Some(_), false) => {
            "   laws agree with the units; fitted numbers have whatever unit is missing"
        }
        (Some(_), true) => "   laws agree with the units; fitted numbers have none",
    }
}

fn print_front(front: &ParetoFront) {
    let ranking = front.ranking(Criterion::Bic, Penalty::FittedConstants);
    println!("\ncomplexity       RMSE          R2         BIC   law");
    for (index, model) in front.models().iter().enumerate() {
        let ranked = ranking.iter().find(|r| r.index == index);
        println!(
            "{:>10} {:>10.4e} {:>11.7} {:>11}{} {}",
            model.complexity(),
            model.rmse(),
            model.r2(),
            ranked.map_or_else(|| "undefined".to_owned(), |r| format!("{:.1}", r.value)),
            if ranked.is_some_and(symreg::RankedModel::is_tied) {
                " *"
            } else {
                "  "
            },
            model.to_infix_rounded(4)
        );
    }
    println!("* least BIC, or within 2 of it");
}

fn predict(
    law: &Expression,
    table: &Table,
    inputs: &[String],
    target: &str,
    out: &Path,
) -> Outcome {
    let used = law.variables();
    let mut columns = vec![vec![0.0; table.n_rows()]; inputs.len()];
    for index in used {
        columns[index] = table.numbers(&inputs[index])?;
    }
    let mut values = vec![0.0; table.n_rows()];
    Evaluator::new(columns)?.evaluate_into(law, &mut values)?;
    let mut writer = csv::Writer::from_path(out)?;
    writer.write_record([target])?;
    for value in values {
        writer.write_record([value.to_string()])?;
    }
    writer.flush()?;
    Ok(())
}

fn summary(
    law: &Expression,
    names: &[String],
    inputs: &[String],
    r2: f64,
    model: &Model,
    front: &ParetoFront,
) -> Outcome<Value> {
    let python = Expression::python_names(names)?;
    let renamed: serde_json::Map<String, Value> = inputs
        .iter()
        .zip(&python)
        .filter(|(header, name)| header != name)
        .map(|(header, name)| (header.clone(), json!(name)))
        .collect();
    let rows: Vec<Value> = front
        .models()
        .iter()
        .map(|m| json!({"complexity": m.complexity(), "rmse": m.rmse(), "r2": m.r2(), "law": m.to_infix()}))
        .collect();
    Ok(json!({
        "law": law.to_infix(names)?,
        "law_python": law.to_python(names)?,
        "python_names": renamed,
        "r2": r2,
        "complexity": model.complexity(),
        "cpu_seconds": cpu_seconds(),
        "front": rows,
    }))
}
