//! The known laws of `benches/data/symreg/problems.csv`, rows of them, and whether a law of Gan et al. was found again.

use std::error::Error;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use symreg::{Choice, Criterion, Data, Expression, Model, Operator, Penalty, SearchResult};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One line of the table of problems.
pub struct Problem {
    pub id: String,
    pub names: Vec<String>,
    /// Least and largest value, and whether drawn with a uniform logarithm.
    pub ranges: Vec<(f64, f64, bool)>,
    pub law: Expression,
    pub n_rows: usize,
    /// Standard deviation of the noise as a share of that of the law's values.
    pub noise: f64,
    pub operators: Vec<Operator>,
}

/// The rules of choice that are counted.
pub const CHOICES: [Choice; N_CHOICES] = [
    Choice::DescriptionLength,
    Choice::Criterion(Criterion::Bic, Penalty::FittedConstants),
    Choice::Criterion(Criterion::Bic, Penalty::ConstantsAndStructure),
    Choice::Knee,
    Choice::SupportedKnee,
];

/// How many they are.
pub const N_CHOICES: usize = 5;

/// Their keys in a line of JSON.
pub const CHOICE_KEYS: [&str; N_CHOICES] = [
    "description_length",
    "bic",
    "extended_bic",
    "knee",
    "supported_knee",
];

impl Problem {
    /// All problems in the order of the table.
    pub fn all() -> Outcome<Vec<Self>> {
        let table = include_str!("../../benches/data/symreg/problems.csv");
        let read = |line: &str| -> Outcome<Self> {
            Self::read(line)?.ok_or_else(|| format!("cannot read the problem: {line}").into())
        };
        table.lines().skip(1).map(read).collect()
    }

    /// The problem of a name.
    pub fn named(id: &str) -> Outcome<Self> {
        let found = Self::all()?.into_iter().find(|p| p.id == id);
        found.ok_or_else(|| format!("no problem {id}").into())
    }

    /// Rows of the problem: every input drawn from its range, widened at the upper end by a share of its width, and normal
    /// noise of a share of the standard deviation of the law's values. The same seed draws the same inputs whatever the noise.
    pub fn rows(&self, seed: u64, n: usize, widened: f64, noise: f64) -> Outcome<Data> {
        let mut key = [0_u8; 32];
        for (place, byte) in key[8..].iter_mut().zip(self.id.bytes()) {
            *place = byte;
        }
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        let mut columns = vec![Vec::with_capacity(n); self.names.len()];
        let mut clean = Vec::with_capacity(n);
        while clean.len() < n {
            let row: Vec<f64> = self
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
            let y = self.law.evaluate_row(&row)?;
            if y.is_finite() && y.abs() < 1e6 {
                clean.push(y);
                for (column, value) in columns.iter_mut().zip(row) {
                    column.push(value);
                }
            }
        }
        let mean = clean.iter().sum::<f64>() / n as f64;
        let deviation =
            (clean.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n as f64).sqrt();
        let noisy = clean
            .iter()
            .map(|y| {
                let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
                let normal = libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v);
                y + noise * deviation * normal
            })
            .collect();
        Ok(Data::from_columns(
            self.names.iter().cloned().zip(columns),
            ("target".to_owned(), noisy),
        )?)
    }

    /// For a law of Gan et al. whether a model holds the inputs in the true groups only: whether scaling the inputs so that
    /// the groups keep their values changes nothing. `None` for another problem.
    pub fn has_true_groups(&self, model: &Model, data: &Data) -> Outcome<Option<bool>> {
        let symmetries: &[&[f64]] = if self.id.starts_with("seed_eq2") {
            &[&[1.0, 1.0, 0.0], &[1.0, 0.0, 1.0]]
        } else if self.id.starts_with("seed_eq5") {
            &[
                &[1.0, 0.0, 0.0, 1.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0, 1.0],
                &[1.0, 1.0, 1.0, 0.0, 0.0],
            ]
        } else {
            return Ok(None);
        };
        for weights in symmetries {
            if !model.expression().has_scaling_symmetry(weights, data)? {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    /// For a law of Gan et al. whether the laws by each of [`CHOICES`] hold the true groups only.
    pub fn groups(&self, result: &SearchResult, data: &Data) -> Outcome<Option<[bool; N_CHOICES]>> {
        let mut holds = [false; N_CHOICES];
        for (holds, choice) in holds.iter_mut().zip(CHOICES) {
            if let Some(model) = choice.of(result.front(), data)? {
                match self.has_true_groups(model, data)? {
                    Some(found) => *holds = found,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(holds))
    }

    /// Reads a line `id,source,formula,vars,n_train,n_test,noise,ops,notes`, of which the source may be quoted.
    fn read(line: &str) -> Outcome<Option<Self>> {
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
        Ok(Some(Self {
            id: field(0).to_owned(),
            law: Expression::parse(&field(2).replace("**", "^"), &names)?,
            names,
            ranges,
            n_rows: field(4).parse()?,
            noise: field(6).parse()?,
            operators: operators.ok_or("an unknown operator")?,
        }))
    }
}
