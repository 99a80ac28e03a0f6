//! How surely and how fast `symreg` finds known laws again.
//!
//! `cargo run --release --example symreg_problems -- [--seconds S] [--seeds N] [--first-seed K]
//! [--levels L] [--selection tournament|nsga2|grid] [--islands N] [--population N] [--gan] [--descent]
//! [--noise F] [--write DIR] [--exactly ID] [ID …]`
//!
//! The 29 problems of `benches/data/symreg/problems.csv`: 14 formulas of the AI Feynman list (Udrescu and Tegmark 2020,
//! doi 10.1126/sciadv.aay2631; ranges are ours), 7 classical ones, and the two laws of Gan et al. (preprint, Eqs. 2 and 5)
//! with and without noise. Each is searched with several seeds (data and search) on one thread, until a law is exact or
//! S seconds of processor time are over (default 5; 5 seeds). A law counts as exact when it agrees with the true one to
//! 1e-9 at 64 points of the ranges widened by a quarter, with no constant fitted again. For the two laws the table says
//! whether the chosen law holds the inputs in the true groups, by least description length, least BIC and the knee of
//! the front. `--selection` and `--islands` say how evolution goes (`--levels 0` leaves it without enumeration); islands share
//! the population, `--gan` is the preset of Gan et al., `--descent` fits constants by stochastic gradient descent. `--noise`
//! adds noise to the noise-free problems; `--write` stores the tables for other programs. The last line of output is JSON.

#[path = "support/symreg_cli.rs"]
#[allow(dead_code)]
mod symreg_cli;

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use symreg::{
    ConstantOptimizer, Criterion, Data, Expression, GradientDescent, Model, Operator, Penalty,
    SearchResult, Selection, SymbolicRegressor,
};
use symreg_cli::cpu_seconds;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One line of the table of problems.
struct Problem {
    id: String,
    names: Vec<String>,
    /// Least and largest value, and whether drawn with a uniform logarithm.
    ranges: Vec<(f64, f64, bool)>,
    law: Expression,
    rows: usize,
    noise: f64,
    operators: Vec<Operator>,
}

/// What one search gave.
struct Trial {
    seconds: f64,
    /// Seconds until an R² of 0.999 on the training rows.
    seconds_to_hit: Option<f64>,
    is_exact: bool,
    /// Grouping by description length, BIC and knee, for the laws of Gan et al.
    groups: Option<[bool; 3]>,
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
    gan: bool,
    descent: bool,
}

fn main() -> Outcome {
    let options = options()?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()?;
    let table = include_str!("../benches/data/symreg/problems.csv");
    let (mut runs, mut hits, mut exact, mut groups) = (0, 0, 0, [0; 4]);
    let mut lines = Vec::new();
    println!(
        "{:18} hits exact  s to R2>0.999  s in all  a law of the last seed",
        "problem"
    );
    for line in table.lines().skip(1) {
        let Some(problem) = problem(line, options.noise)? else {
            return Err(format!("cannot read the problem: {line}").into());
        };
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
        let grouped: Vec<[bool; 3]> = trials.iter().filter_map(|t| t.groups).collect();
        let of = |k: usize| grouped.iter().filter(|g| g[k]).count();
        if !grouped.is_empty() {
            println!(
                "{:18} true groups in the law of least description length {} of {}, of least BIC {}, at the knee {}",
                "",
                of(0),
                grouped.len(),
                of(1),
                of(2)
            );
            groups = [
                groups[0] + of(0),
                groups[1] + of(1),
                groups[2] + of(2),
                groups[3] + grouped.len(),
            ];
        }
        if problem.noise == 0.0 {
            runs += trials.len();
            hits += hit;
            exact += same;
        }
        lines.push(json!({"id": problem.id, "hits": hit, "exact": same, "seconds_to_hit": to_hit, "seconds": seconds}));
    }
    println!(
        "{}",
        json!({"selection": format!("{:?}", options.selection), "islands": options.islands, "noise_free_runs": runs, "hits": hits, "exact": exact, "seeds": options.seeds, "seconds_allowed": options.seconds,
            "law_runs": groups[3], "groups_by_description_length": groups[0], "groups_by_bic": groups[1],
            "groups_at_knee": groups[2], "problems": lines})
    );
    Ok(())
}

fn trial(problem: &Problem, seed: u64, options: &Options) -> Outcome<Trial> {
    let data = rows(problem, seed, problem.rows, 0.0, problem.noise)?;
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
    let result = search
        .operators(problem.operators.iter().copied())
        .selection(options.selection)
        .islands(options.islands)
        .population_size(options.population / options.islands.max(1))
        .seed(seed)
        .runs(1000)
        .fit_observed(&data, |p| {
            if seconds_to_hit.is_none() && p.best_rmse * p.best_rmse < 0.001 * variance {
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
    let wide = rows(problem, seed + 1_000_000, 64, 0.25, 0.0)?;
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
        groups: groups(problem, &result, &data)?,
        text: shown.map_or_else(String::new, |m| m.to_infix_rounded(4)),
    })
}

/// Whether a law agrees with the true values to 1e-9.
fn agrees(model: &Model, wide: &Data) -> bool {
    let largest = wide.target().iter().fold(0.0_f64, |m, y| m.max(y.abs()));
    model.predict_data(wide).is_ok_and(|found| {
        let mut pairs = found.iter().zip(wide.target());
        pairs.all(|(f, y)| (f - y).abs() <= 1e-9 * y.abs().max(1e-3 * largest))
    })
}

/// For a law of Gan et al. whether the laws by description length, BIC and knee hold the inputs in the true groups only:
/// whether scaling the inputs so that the groups keep their values changes nothing.
fn groups(problem: &Problem, result: &SearchResult, data: &Data) -> Outcome<Option<[bool; 3]>> {
    let symmetries: &[&[f64]] = if problem.id.starts_with("seed_eq2") {
        &[&[1.0, 1.0, 0.0], &[1.0, 0.0, 1.0]]
    } else if problem.id.starts_with("seed_eq5") {
        &[
            &[1.0, 0.0, 0.0, 1.0, 0.0],
            &[0.0, 0.0, 1.0, 0.0, 1.0],
            &[1.0, 1.0, 1.0, 0.0, 0.0],
        ]
    } else {
        return Ok(None);
    };
    let holds = |model: Option<&Model>| -> Outcome<bool> {
        let Some(model) = model else {
            return Ok(false);
        };
        for weights in symmetries {
            if !model.expression().has_scaling_symmetry(weights, data)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let front = result.front();
    Ok(Some([
        holds(front.shortest(data)?)?,
        holds(
            front
                .best(Criterion::Bic, Penalty::FittedConstants)
                .map(|b| b.0),
        )?,
        holds(front.knee().map(|k| k.1))?,
    ]))
}

/// Rows of a problem: every input drawn from its range, widened at the upper end by a share of its width.
fn rows(problem: &Problem, seed: u64, n: usize, widened: f64, noise: f64) -> Outcome<Data> {
    let mut key = [0_u8; 32];
    for (place, byte) in key[8..].iter_mut().zip(problem.id.bytes()) {
        *place = byte;
    }
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    let mut columns = vec![Vec::with_capacity(n); problem.names.len()];
    let mut clean = Vec::with_capacity(n);
    while clean.len() < n {
        let row: Vec<f64> = problem
            .ranges
            .iter()
            .map(|&(low, high, logarithmic)| {
                let (a, b) = if logarithmic {
                    (libm::log(low), libm::log(high))
                } else {
                    (low, high)
                };
                let drawn = a + (b + widened * (b - a) - a) * rng.random::<f64>();
                if logarithmic { libm::exp(drawn) } else { drawn }
            })
            .collect();
        let y = problem.law.evaluate_row(&row)?;
        if y.is_finite() && y.abs() < 1e6 {
            clean.push(y);
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
    }
    let mean = clean.iter().sum::<f64>() / n as f64;
    let deviation = (clean.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n as f64).sqrt();
    let noisy = clean
        .iter()
        .map(|y| {
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            let normal = libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v);
            y + noise * deviation * normal
        })
        .collect();
    Ok(Data::from_columns(
        problem.names.iter().cloned().zip(columns),
        ("target".to_owned(), noisy),
    )?)
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

/// Reads a line `id,source,formula,vars,n_train,n_test,noise,ops,notes`, of which the source may be quoted.
fn problem(line: &str, noise: f64) -> Outcome<Option<Problem>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    let Some(record) = reader.records().next().transpose()? else {
        return Ok(None);
    };
    let field = |k: usize| record.get(k).unwrap_or("");
    let (mut names, mut ranges) = (Vec::new(), Vec::new());
    for variable in field(3).split_whitespace() {
        let parts: Vec<&str> = variable.split(['~', '(', ';', ')']).collect();
        let [name, kind, low, high, ..] = parts[..] else {
            return Ok(None);
        };
        names.push(name.to_owned());
        ranges.push((low.parse()?, high.parse()?, kind == "loguniform"));
    }
    let operators = field(7)
        .split_whitespace()
        .map(|name| match name {
            "add" => Some(Operator::Add),
            "sub" => Some(Operator::Sub),
            "mul" => Some(Operator::Mul),
            "div" => Some(Operator::Div),
            name => Operator::from_function_name(name),
        })
        .collect::<Option<Vec<_>>>();
    let given: f64 = field(6).parse()?;
    Ok(Some(Problem {
        id: field(0).to_owned(),
        law: Expression::parse(&field(2).replace("**", "^"), &names)?,
        names,
        ranges,
        rows: field(4).parse()?,
        noise: if given == 0.0 { noise } else { given },
        operators: operators.ok_or("an unknown operator")?,
    }))
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
        gan: false,
        descent: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--seconds" => options.seconds = value()?.parse()?,
            "--seeds" => options.seeds = value()?.parse()?,
            "--first-seed" => options.first_seed = value()?.parse()?,
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
