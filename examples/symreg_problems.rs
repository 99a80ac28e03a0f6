//! How surely and how fast `symreg` finds known laws again.
//!
//! `cargo run --release --example symreg_problems -- [--seconds S] [--seeds N] [--first-seed K]
//! [--levels L] [--selection tournament|nsga2|grid] [--islands N] [--population N] [--remember N] [--gan] [--descent] [--units]
//! [--noise F] [--write DIR] [--exactly ID] [ID …]`
//!
//! The 29 problems of `benches/data/symreg/problems.csv`: 14 formulas of the AI Feynman list (Udrescu and Tegmark 2020,
//! doi 10.1126/sciadv.aay2631; ranges are ours), 7 classical ones, and the two laws of Gan et al. (preprint, Eqs. 2 and 5)
//! with and without noise. Each is searched with several seeds (data and search) on one thread, until a law is exact or
//! S seconds of processor time are over (default 5; 5 seeds). A law counts as exact when it agrees with the true one to
//! 1e-9 at 64 points of the ranges widened by a quarter, with no constant fitted again. For the two laws the table says
//! whether the chosen law holds the inputs in the true groups, by least description length, least BIC with and without a price
//! of the structure, the knee of the front and the knee among its supported laws. `--units` makes the units of the 14 formulas of physics a constraint (pure constants; the units are those of
//! `benches/data/symreg/units.csv`). `--selection` and `--islands` say how evolution goes (`--levels 0` leaves it without enumeration); islands share
//! the population, `--remember` is how many fits a run remembers by their structure, `--gan` is the preset of Gan et al., `--descent` fits constants by stochastic gradient descent. `--noise`
//! adds noise to the noise-free problems; `--write` stores the tables for other programs. Through noise
//! no constant is exact, so there the table says of how many searches the chosen law (least description length) has the true
//! form, of how many any law of the front has it, and of how many the chosen one is exact once its constants are
//! round numbers where BIC falls, and of how many the chosen law has the true form or the true law, fitted to the rows, a BIC of at most 2 above that of the chosen one. A form is true when its constants, fitted again to rows without noise, give the true values
//! as above and none of its parts vanishes. The last line of output is JSON.

#[path = "support/problems.rs"]
#[expect(dead_code, reason = "all problems are read here, none by its name")]
mod problems;
#[path = "support/symreg_cli.rs"]
#[allow(dead_code)]
mod symreg_cli;

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;

use dimless::Dimension;
use problems::{CHOICE_KEYS, CHOICES, N_CHOICES, Problem};
use serde_json::{Value, json};
use symreg::{
    ConstantDimensions, ConstantFit, ConstantOptimizer, ConstantSnapping, Constraints, Criterion,
    Data, GradientDescent, Model, Penalty, SearchResult, Selection, SymbolicRegressor,
};
use symreg_cli::cpu_seconds;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What one search gave.
struct Trial {
    seconds: f64,
    /// Seconds until an R² of 0.999 on the training rows.
    seconds_to_hit: Option<f64>,
    is_exact: bool,
    /// Grouping by each rule of choice, for the laws of Gan et al.
    groups: Option<[bool; N_CHOICES]>,
    /// Through noise: whether the chosen law has the true form, whether any of the front has it, whether the chosen one is exact
    /// with round numbers, and whether the true law has a BIC of at most 2 above it.
    forms: Option<[bool; 4]>,
    text: String,
}

struct Options {
    seconds: f64,
    seeds: u64,
    first_seed: u64,
    levels: usize,
    noise: f64,
    write: Option<PathBuf>,
    ids: Vec<String>,
    exactly: Option<String>,
    selection: Selection,
    islands: usize,
    population: usize,
    remember: Option<usize>,
    gan: bool,
    descent: bool,
    units: bool,
}

fn main() -> Outcome {
    let options = options()?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()?;
    let (mut runs, mut hits, mut exact, mut groups) = (0, 0, 0, [0; N_CHOICES]);
    let mut law_runs = 0;
    let mut forms = [0; 5];
    let mut lines = Vec::new();
    println!(
        "{:18} hits exact  s to R2>0.999  s in all  a law of the last seed",
        "problem"
    );
    for mut problem in Problem::all()? {
        if problem.noise == 0.0 {
            problem.noise = options.noise;
        }
        let wanted = options.ids.is_empty() || options.ids.iter().any(|i| problem.id.contains(i));
        if !wanted || options.exactly.as_ref().is_some_and(|id| *id != problem.id) {
            continue;
        }
        let trials: Vec<Trial> = (options.first_seed..options.first_seed + options.seeds)
            .map(|seed| trial(&problem, seed, &options))
            .collect::<Outcome<_>>()?;
        let count = |f: &dyn Fn(&Trial) -> bool| trials.iter().filter(|t| f(t)).count();
        let (hit, same) = (
            count(&|t| t.seconds_to_hit.is_some()),
            count(&|t| t.is_exact),
        );
        let to_hit = median(trials.iter().filter_map(|t| t.seconds_to_hit).collect());
        let seconds = median(trials.iter().map(|t| t.seconds).collect());
        println!(
            "{:18} {hit:4} {same:5} {:>13} {:9.2}  {}",
            problem.id,
            to_hit.map_or("-".into(), |s| format!("{s:.2}")),
            seconds.unwrap_or(f64::NAN),
            trials.last().map_or("", |t| t.text.as_str())
        );
        let grouped: Vec<[bool; N_CHOICES]> = trials.iter().filter_map(|t| t.groups).collect();
        if !grouped.is_empty() {
            let of: [usize; N_CHOICES] =
                std::array::from_fn(|k| grouped.iter().filter(|g| g[k]).count());
            let parts = CHOICES.iter().zip(of);
            let parts: Vec<String> = parts.map(|(c, n)| format!("{} {n}", c.name())).collect();
            println!(
                "{:18} true groups of {}: {}",
                "",
                grouped.len(),
                parts.join(", ")
            );
            groups = std::array::from_fn(|k| groups[k] + of[k]);
            law_runs += grouped.len();
        }
        let formed: Vec<[bool; 4]> = trials.iter().filter_map(|t| t.forms).collect();
        let formed: [usize; 5] =
            std::array::from_fn(|k| formed.iter().filter(|f| *f.get(k).unwrap_or(&true)).count());
        if formed[4] > 0 {
            println!(
                "{:18} of {}: true form in the law of least description length {}, on the front {}, exact with round numbers {}, true law within 2 of its BIC {}",
                "", formed[4], formed[0], formed[1], formed[2], formed[3]
            );
            forms = std::array::from_fn(|k| forms[k] + formed[k]);
        }
        if problem.noise == 0.0 {
            runs += trials.len();
            hits += hit;
            exact += same;
        }
        lines.push(json!({"id": problem.id, "hits": hit, "exact": same, "seconds_to_hit": to_hit, "seconds": seconds,
            "true_form_chosen": formed[0], "true_form_on_front": formed[1], "exact_with_round_numbers": formed[2], "true_law_within_2": formed[3]}));
    }
    let groups_by_rule: serde_json::Map<String, Value> = CHOICE_KEYS
        .map(str::to_owned)
        .into_iter()
        .zip(groups.map(Value::from))
        .collect();
    println!(
        "{}",
        json!({"selection": format!("{:?}", options.selection), "islands": options.islands, "noise_free_runs": runs, "hits": hits, "exact": exact, "seeds": options.seeds, "seconds_allowed": options.seconds,
            "law_runs": law_runs, "true_groups": groups_by_rule, "noisy_runs": forms[4], "true_law_within_2": forms[3], "true_form_chosen": forms[0],
            "true_form_on_front": forms[1], "exact_with_round_numbers": forms[2], "problems": lines})
    );
    Ok(())
}

fn trial(problem: &Problem, seed: u64, options: &Options) -> Outcome<Trial> {
    let data = problem.rows(seed, problem.n_rows, 0.0, problem.noise)?;
    if let Some(folder) = &options.write {
        write(problem, seed, &data, folder)?;
    }
    let start = cpu_seconds().ok_or("no processor times on this system")?;
    let elapsed = || cpu_seconds().unwrap_or(f64::NAN) - start;
    let target = data.target();
    let mean = target.iter().sum::<f64>() / target.len() as f64;
    let variance =
        target.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / target.len() as f64;
    let mut seconds_to_hit = None;
    let mut search = if options.gan {
        SymbolicRegressor::gan()
    } else {
        SymbolicRegressor::new().enumeration_levels(options.levels)
    };
    if options.descent {
        let optimizer = ConstantOptimizer::GradientDescent(GradientDescent::new());
        search = search.constant_optimizer(optimizer);
    }
    if let Some(fits) = options.remember {
        search = search.remembered_fits(fits);
    }
    if options.units {
        search = search.constraints(units(problem)?);
    }
    let result = search
        .operators(problem.operators.iter().copied())
        .selection(options.selection)
        .islands(options.islands)
        .population_size(options.population / options.islands.max(1))
        .seed(seed)
        .runs(1000)
        .fit_observed(&data, |p| {
            if seconds_to_hit.is_none() && p.best_error * p.best_error < 0.001 * variance {
                seconds_to_hit = Some(elapsed());
            }
            if elapsed() > options.seconds {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
    let seconds = elapsed();
    // What came after the time is no success: a level of enumeration that has begun is finished.
    let seconds_to_hit = seconds_to_hit.filter(|s| *s <= options.seconds);
    // The ranges widened by a quarter at their upper ends, as the noise-free law continues there.
    let wide = problem.rows(seed + 1_000_000, 64, 0.25, 0.0)?;
    let models = result.front().models();
    let same = models
        .iter()
        .filter(|m| agrees(m, &wide))
        .min_by_key(|m| m.complexity());
    let shown = same.or(result.front().shortest(&data)?);
    Ok(Trial {
        seconds,
        seconds_to_hit,
        is_exact: same.is_some() && seconds <= options.seconds,
        groups: problem.groups(&result, &data)?,
        forms: if problem.noise > 0.0 {
            let clean = problem.rows(seed, problem.n_rows, 0.0, 0.0)?;
            Some(forms(problem, &result, &data, &clean, &wide)?)
        } else {
            None
        },
        text: shown.map_or_else(String::new, |m| m.to_infix_rounded(4)),
    })
}

/// The units of a problem as a constraint; none for a problem without.
fn units(problem: &Problem) -> Outcome<Constraints> {
    let table = include_str!("../benches/data/symreg/units.csv");
    let id = problem.id.trim_end_matches("_n10");
    let (mut columns, mut target) = (Vec::new(), None);
    for line in table.lines().skip(1) {
        let [of, name, unit] = line.split(',').collect::<Vec<_>>()[..] else {
            return Err(format!("cannot read the unit: {line}").into());
        };
        if of == id && name == "target" {
            target = Some(Dimension::of(unit)?);
        } else if of == id {
            columns.push((name, Dimension::of(unit)?));
        }
    }
    Ok(target.map_or_else(Constraints::new, |target| {
        Constraints::new().units(columns, target, ConstantDimensions::Dimensionless)
    }))
}

/// Whether a law agrees with the true values to 1e-9.
fn agrees(model: &Model, wide: &Data) -> bool {
    model
        .predict_data(wide)
        .is_ok_and(|found| same_values(&found, wide))
}

fn same_values(found: &[f64], wide: &Data) -> bool {
    let largest = wide.target().iter().fold(0.0_f64, |m, y| m.max(y.abs()));
    let mut pairs = found.iter().zip(wide.target());
    pairs.all(|(f, y)| (f - y).abs() <= 1e-9 * y.abs().max(1e-3 * largest))
}

/// Whether the law of least description length has the true form, whether any law of the front has it, and whether the
/// first is exact with round numbers; whether the true law, its constants fitted, has a BIC of at most 2 above that of the first.
fn forms(
    problem: &Problem,
    result: &SearchResult,
    data: &Data,
    clean: &Data,
    wide: &Data,
) -> Outcome<[bool; 4]> {
    let Some(chosen) = result.front().shortest(data)? else {
        return Ok([false; 4]);
    };
    let bic = |model: &Model| Criterion::Bic.of(model, Penalty::FittedConstants);
    let truth = ConstantFit::new().fit(std::slice::from_ref(&problem.law), data)?;
    let is_true = has_true_form(chosen, clean, wide);
    // As the table writes the law it may have a constant more than it needs.
    let bics = bic(&truth).zip(bic(chosen));
    let within = is_true || bics.is_some_and(|(t, c)| t <= c + 2.0);
    let snapped = ConstantSnapping::new().apply(chosen, data)?;
    let values: Option<Vec<f64>> = (0..wide.n_rows())
        .map(|i| {
            let row: Vec<f64> = wide.columns().iter().map(|c| c[i]).collect();
            snapped.expression().evaluate_row(&row).ok()
        })
        .collect();
    Ok([
        is_true,
        result
            .front()
            .models()
            .iter()
            .any(|m| has_true_form(m, clean, wide)),
        values.is_some_and(|v| same_values(&v, wide)),
        within,
    ])
}

/// Whether the constants of a law, fitted again to rows without noise, give the true values, and none of its parts vanishes.
fn has_true_form(model: &Model, clean: &Data, wide: &Data) -> bool {
    let Ok(again) = ConstantFit::new().fit(model.genes(), clean) else {
        return false;
    };
    let vanishes = |value: f64| value.abs() < 1e-6;
    let spread = |values: &[f64]| {
        let ends = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(*v), h.max(*v))
            });
        ends.1 - ends.0
    };
    let all = spread(clean.target());
    agrees(&again, wide)
        && again.genes().len() == model.genes().len()
        && again.genes().iter().zip(again.weights()).all(|(gene, w)| {
            let values: Option<Vec<f64>> = (0..clean.n_rows())
                .map(|i| {
                    let row: Vec<f64> = clean.columns().iter().map(|c| c[i]).collect();
                    gene.evaluate_row(&row).ok()
                })
                .collect();
            values.is_some_and(|v| !vanishes(w * spread(&v) / all))
                && !gene.constants().any(vanishes)
        })
}

fn write(problem: &Problem, seed: u64, data: &Data, folder: &std::path::Path) -> Outcome {
    std::fs::create_dir_all(folder)?;
    let mut writer = csv::Writer::from_path(folder.join(format!("{}__s{seed}.csv", problem.id)))?;
    writer.write_record(problem.names.iter().map(String::as_str).chain(["target"]))?;
    for row in 0..data.n_rows() {
        let values = data
            .columns()
            .iter()
            .map(|c| c[row])
            .chain([data.target()[row]]);
        writer.write_record(values.map(|v| format!("{v:?}")))?;
    }
    writer.flush()?;
    Ok(())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn options() -> Outcome<Options> {
    let mut options = Options {
        seconds: 5.0,
        seeds: 5,
        first_seed: 1,
        levels: 4,
        noise: 0.0,
        write: None,
        ids: Vec::new(),
        exactly: None,
        selection: Selection::ParetoTournament,
        islands: 1,
        population: 500,
        remember: None,
        gan: false,
        descent: false,
        units: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--seconds" => options.seconds = value()?.parse()?,
            "--seeds" => options.seeds = value()?.parse()?,
            "--first-seed" => options.first_seed = value()?.parse()?,
            "--units" => options.units = true,
            "--exactly" => options.exactly = Some(value()?),
            "--selection" => {
                options.selection = match value()?.as_str() {
                    "tournament" => Selection::ParetoTournament,
                    "nsga2" => Selection::NsgaII,
                    "grid" => Selection::QualityDiversity,
                    other => {
                        return Err(format!(
                            "no selection {other}; there are tournament, nsga2, grid"
                        )
                        .into());
                    }
                }
            }
            "--islands" => options.islands = value()?.parse()?,
            "--population" => options.population = value()?.parse()?,
            "--remember" => options.remember = Some(value()?.parse()?),
            "--gan" => options.gan = true,
            "--descent" => options.descent = true,
            "--levels" => options.levels = value()?.parse()?,
            "--noise" => options.noise = value()?.parse()?,
            "--write" => options.write = Some(value()?.into()),
            id if !id.starts_with('-') => options.ids.push(id.to_owned()),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}
