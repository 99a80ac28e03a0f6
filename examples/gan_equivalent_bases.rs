//! A claim of Gan et al. (preprint, supplement) tested: that any complete set of dimensionless groups gives the same law.
//!
//! `cargo run --release --example gan_equivalent_bases -- [--seeds N] [--bases N] [--quick]`
//!
//! By Buckingham's theorem a law in one complete set of groups is a law in every other. A search prefers what is short, and
//! what is short in one set is long in another, so whether it *finds* the same law is a question for an experiment. Rows generated
//! from Eq. 2 and Eq. 5, without noise and with the noise of `benches/data/symreg/problems.csv`, are searched in the
//! paper's numbers, in the lattice basis of `dimless`, and in sets that other repeating variables give. The law of least
//! description length of each is compared with that of the paper's numbers at 64 points of ranges widened by a quarter. The claim holds for a set when
//! the two laws differ by at most a millionth of the spread of the values. Takes minutes; `--quick` is quicker. The
//! table goes to `target/figures/gan_equivalent_bases/`; the last line of output is JSON.

#[path = "support/problems.rs"]
#[expect(dead_code, reason = "this example counts no success")]
mod problems;

use std::error::Error;
use std::path::Path;

use dimless::{Group, System};
use problems::Problem;
use serde_json::{Value, json};
use symreg::{Data, Model, Score, SymbolicRegressor};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;
type Powers = &'static [(&'static str, i64)];

const FOLDER: &str = "target/figures/gan_equivalent_bases";
/// Difference of two fits of one function, relative to the spread of its values.
const SAME: f64 = 1e-6;
/// All variables but the target, with units.
const VARIABLES: [(&str, &str); 9] = [
    ("etaP", "W"),
    ("V", "m/s"),
    ("d", "m"),
    ("K", "W/(m K)"),
    ("rhoCp", "J/(m^3 K)"),
    ("dTv", "K"),
    ("dTm", "K"),
    ("H", "m"),
    ("L", "m"),
];
const PE: Powers = &[("V", 1), ("d", 1), ("rhoCp", 1), ("K", -1)];
const TS: Powers = &[("dTv", 1), ("dTm", -1)];
/// The law, how many of the variables it has, and the paper's numbers in the order of the problem's columns.
const LAWS: [(&str, usize, &[Powers]); 2] = [
    (
        "seed_eq2",
        7,
        &[&[("etaP", 1), ("d", -1), ("K", -1), ("dTv", -1)], PE, TS],
    ),
    (
        "seed_eq5",
        9,
        &[
            &[("etaP", 1), ("L", -1), ("K", -1), ("dTm", -1)],
            PE,
            &[("etaP", 1), ("H", -1), ("K", -1), ("dTv", -1)],
            &[("H", 1), ("d", -1)],
            TS,
        ],
    ),
];

/// A complete set of groups as powers of the paper's numbers.
struct Basis {
    text: String,
    powers: Vec<Vec<f64>>,
}

impl Basis {
    fn new(system: &System, groups: &[Group], numbers: &[Group]) -> Outcome<Self> {
        let mut powers = Vec::new();
        for group in groups {
            let found = system.express(group.exponents(), numbers)?;
            let found = found.ok_or("the paper's numbers do not span a group")?;
            powers.push(found.powers().iter().map(|p| p.to_f64()).collect());
        }
        let text: Vec<String> = groups.iter().map(ToString::to_string).collect();
        Ok(Self {
            text: text.join("; "),
            powers,
        })
    }

    /// The rows in this set.
    fn rows(&self, data: &Data) -> Outcome<Data> {
        let columns = self.powers.iter().enumerate().map(|(k, powers)| {
            let values = (0..data.n_rows()).map(|row| {
                let exponent: f64 = data
                    .columns()
                    .iter()
                    .zip(powers)
                    .map(|(column, power)| power * column[row].ln())
                    .sum();
                exponent.exp()
            });
            (format!("g{}", k + 1), values.collect::<Vec<f64>>())
        });
        Ok(Data::from_columns(
            columns,
            ("target", data.target().to_vec()),
        )?)
    }
}

fn main() -> Outcome {
    let (seeds, n_bases) = options()?;
    std::fs::create_dir_all(FOLDER)?;
    let path = Path::new(FOLDER).join("bases.csv");
    let mut table = csv::Writer::from_path(&path)?;
    table.write_record([
        "problem",
        "seed",
        "groups",
        "law",
        "r2_rows",
        "r2_truth_widened",
        "difference",
        "holds",
    ])?;
    let mut summary = serde_json::Map::new();
    for (id, n_variables, numbers) in LAWS {
        let system = System::new(VARIABLES[..n_variables].iter().copied())?;
        let numbers = numbers
            .iter()
            .map(|powers| system.group(powers))
            .collect::<Result<Vec<Group>, _>>()?;
        let bases = bases(&system, &numbers, n_bases)?;
        for problem in [Problem::named(&format!("{id}_clean"))?, Problem::named(id)?] {
            println!(
                "{}: {} rows, noise {} %",
                problem.id,
                problem.n_rows,
                100.0 * problem.noise
            );
            let (mut held, mut tried, mut true_laws) = (0, 0, 0);
            for seed in 1..=seeds {
                let data = problem.rows(seed, problem.n_rows, 0.0, problem.noise)?;
                let wide = problem.rows(seed + 1_000_000, 64, 0.25, 0.0)?;
                let mut first: Option<Vec<f64>> = None;
                for basis in &bases {
                    let rows = basis.rows(&data)?;
                    let law = law_of(&problem, &rows, seed)?;
                    let values = law.predict_data(&basis.rows(&wide)?)?;
                    let difference = first.as_ref().map_or(0.0, |f| difference(f, &values));
                    let truth = Score::of(wide.target(), &values)?.r2;
                    let holds = difference <= SAME;
                    if first.is_some() {
                        tried += 1;
                        held += usize::from(holds);
                    }
                    true_laws += usize::from(truth > 0.999);
                    println!(
                        "  {} differs by {difference:.1e}, R2 on the rows {:.5}, against the truth {truth:.5}: {} in {}",
                        if first.is_none() {
                            "the paper's numbers:"
                        } else if holds {
                            "HOLDS:"
                        } else {
                            "HOLDS NOT:"
                        },
                        law.r2(),
                        law.to_infix_rounded(4),
                        basis.text
                    );
                    table.write_record([
                        problem.id.clone(),
                        seed.to_string(),
                        basis.text.clone(),
                        law.to_infix(),
                        law.r2().to_string(),
                        truth.to_string(),
                        difference.to_string(),
                        holds.to_string(),
                    ])?;
                    first.get_or_insert(values);
                }
            }
            println!("  the claim holds in {held} of {tried} searches");
            summary.insert(
                problem.id.clone(),
                json!({"held": held, "of": tried, "close_to_truth": true_laws,
                       "searches": tried + usize::try_from(seeds)?}),
            );
        }
    }
    table.flush()?;
    println!("{}", path.display());
    println!("{}", Value::Object(summary));
    Ok(())
}

/// The paper's numbers, the lattice basis, and evenly spread others among those of all repeating variables.
fn bases(system: &System, numbers: &[Group], n: usize) -> Outcome<Vec<Basis>> {
    let mut found = vec![
        Basis::new(system, numbers, numbers)?,
        Basis::new(system, system.pi()?.groups(), numbers)?,
    ];
    let sets = system.repeating_sets()?;
    let sets = sets.distinct();
    let others = n.saturating_sub(1).min(sets.len());
    for k in 0..others {
        let set = &sets[k * sets.len() / others];
        found.push(Basis::new(system, set.groups(), numbers)?);
    }
    Ok(found)
}

/// The law of least description length.
fn law_of(problem: &Problem, rows: &Data, seed: u64) -> Outcome<Model> {
    let result = SymbolicRegressor::new()
        .operators(problem.operators.iter().copied())
        .population_size(200)
        .max_generations(10)
        .runs(1)
        .seed(seed)
        .fit(rows)?;
    Ok(result
        .front()
        .shortest(rows)?
        .ok_or("an empty front")?
        .clone())
}

/// The largest difference, relative to the spread of the first values.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    let ends = a
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        });
    let largest = a.iter().zip(b).fold(0.0_f64, |m, (a, b)| {
        let d = (a - b).abs();
        if d.is_finite() {
            m.max(d)
        } else {
            f64::INFINITY
        }
    });
    largest / (ends.1 - ends.0)
}

fn options() -> Outcome<(u64, usize)> {
    let (mut seeds, mut n_bases) = (3, 5);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--seeds" => seeds = value()?.parse()?,
            "--bases" => n_bases = value()?.parse()?,
            "--quick" => (seeds, n_bases) = (1, 2),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok((seeds, n_bases))
}
