//! The command line of `symreg_csv`, its tables, and the CPU time of the process.

use std::error::Error;
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use symreg::Operator;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What the command line asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    pub file: Option<PathBuf>,
    pub target: Option<String>,
    pub inputs: Option<Vec<String>>,
    pub units: Option<PathBuf>,
    pub operators: Option<Vec<Operator>>,
    pub seed: u64,
    pub seconds: Option<f64>,
    /// 0 for as many as there are processors.
    pub threads: usize,
    pub predict: Option<PathBuf>,
    pub out: Option<PathBuf>,
    pub checkpoint: Option<PathBuf>,
    pub resume: bool,
    /// Rows that the search works on; all where this is 0, some where it is not said.
    pub rows: Option<usize>,
    pub events: Option<PathBuf>,
    pub quick: bool,
    /// Constants are plain numbers, whatever the units of the columns.
    pub pure_constants: bool,
}

impl Options {
    pub fn from_arguments(arguments: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let mut options = Self::default();
        let mut rest = arguments.into_iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .ok_or_else(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--target" => options.target = Some(value()?),
                "--inputs" => options.inputs = Some(listed(&value()?)),
                "--units" => options.units = Some(value()?.into()),
                "--operators" => {
                    let names = listed(&value()?);
                    let found: Outcome<Vec<Operator>> = names.iter().map(|n| operator(n)).collect();
                    options.operators = Some(found?);
                }
                "--seed" => options.seed = number(&argument, &value()?)?,
                "--seconds" => {
                    let seconds: f64 = number(&argument, &value()?)?;
                    if !(seconds > 0.0 && seconds.is_finite()) {
                        return Err(
                            format!("--seconds needs a positive number, found {seconds}").into(),
                        );
                    }
                    options.seconds = Some(seconds);
                }
                "--rows" => options.rows = Some(number(&argument, &value()?)?),
                "--threads" => options.threads = number(&argument, &value()?)?,
                "--predict" => options.predict = Some(value()?.into()),
                "--out" => options.out = Some(value()?.into()),
                "--checkpoint" => options.checkpoint = Some(value()?.into()),
                "--events" => options.events = Some(value()?.into()),
                "--resume" => options.resume = true,
                "--quick" => options.quick = true,
                "--pure-constants" => options.pure_constants = true,
                other if other.starts_with('-') => {
                    return Err(format!("unknown option {other}").into());
                }
                file if options.file.is_none() => options.file = Some(file.into()),
                other => return Err(format!("a second file, {other}, makes no sense").into()),
            }
        }
        if options.predict.is_some() != options.out.is_some() {
            return Err("--predict OTHER.csv and --out PRED.csv go together".into());
        }
        if options.pure_constants && options.units.is_none() {
            return Err("--pure-constants needs --units FILE".into());
        }
        if options.resume && options.checkpoint.is_none() {
            return Err("--resume needs --checkpoint FILE".into());
        }
        Ok(options)
    }
}

fn listed(text: &str) -> Vec<String> {
    text.split(',')
        .map(|n| n.trim().to_owned())
        .filter(|n| !n.is_empty())
        .collect()
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Outcome<T> {
    text.parse()
        .map_err(|_| format!("{name} needs a number, found {text}").into())
}

/// An operator by the name of its function, or by a word for its sign.
fn operator(name: &str) -> Outcome<Operator> {
    let sign = match name {
        "add" | "+" => Some(Operator::Add),
        "sub" | "-" => Some(Operator::Sub),
        "mul" | "*" => Some(Operator::Mul),
        "div" | "/" => Some(Operator::Div),
        "pow" | "^" => Some(Operator::Pow),
        "neg" => Some(Operator::Neg),
        _ => None,
    };
    sign.or_else(|| Operator::from_function_name(name))
        .ok_or_else(|| {
            let names: Vec<&str> = Operator::ALL
                .iter()
                .map(|o| o.name())
                .filter(|n| n.len() > 1)
                .collect();
            format!(
                "no operator {name}; there are add, sub, mul, div, pow, neg, {}",
                names.join(", ")
            )
            .into()
        })
}

/// A CSV file as text cells.
#[derive(Debug, Clone)]
pub struct Table {
    path: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn read(path: &Path) -> Outcome<Self> {
        let named = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|e| named(&e))?;
        let header: Vec<String> = reader
            .headers()
            .map_err(|e| named(&e))?
            .iter()
            // Spreadsheets put a mark in front of the first name.
            .map(|h| h.trim_start_matches('\u{feff}').to_owned())
            .collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| named(&e))?;
            rows.push(record.iter().map(str::to_owned).collect());
        }
        Ok(Self {
            path: path.display().to_string(),
            header,
            rows,
        })
    }

    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// All columns but one.
    pub fn others(&self, target: &str) -> Vec<String> {
        self.header
            .iter()
            .filter(|h| *h != target)
            .cloned()
            .collect()
    }

    /// The numbers of one column.
    pub fn numbers(&self, name: &str) -> Outcome<Vec<f64>> {
        let column = self.header.iter().position(|h| h == name).ok_or_else(|| {
            format!(
                "{} has no column {name}; there are {}",
                self.path,
                self.header.join(", ")
            )
        })?;
        self.rows
            .iter()
            .enumerate()
            .map(|(row, cells)| {
                cells[column].parse().map_err(|_| {
                    let cell = &cells[column];
                    format!(
                        "{}: line {}, column {name}: `{cell}` is no number",
                        self.path,
                        row + 2
                    )
                    .into()
                })
            })
            .collect()
    }
}

/// Pairs of a column's name and its unit.
pub fn read_units(path: &Path) -> Outcome<Vec<(String, String)>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|e| format!("{}: {e}", path.display()))?;
    let mut units = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| format!("{}: {e}", path.display()))?;
        match (record.get(0), record.get(1)) {
            (Some(name), Some(unit)) if (name, unit) != ("name", "unit") => {
                units.push((name.to_owned(), unit.to_owned()));
            }
            (Some(_), Some(_)) => {}
            _ => return Err(format!("{}: a line is not `name,unit`", path.display()).into()),
        }
    }
    Ok(units)
}

/// Names that a law can hold, one a header: letters, digits and underscores, no two alike.
pub fn identifiers(headers: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for header in headers {
        let mut name: String = header
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || c == '_' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let starts_badly = !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if starts_badly {
            name.insert(0, 'v');
        }
        while names.contains(&name) || Operator::from_function_name(&name).is_some() || name == "pi"
        {
            name.push('_');
        }
        names.push(name);
    }
    names
}

/// Rows of the published depth law (Eq. 2 of the preprint) with 3 % noise.
pub fn generated(seed: u64) -> Table {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let rows = (0..90)
        .map(|_| {
            let power = 0.5 + 27.5 * rng.random::<f64>();
            let peclet = 5.0 + 13.0 * rng.random::<f64>();
            let temperature = 1.8 + 2.4 * rng.random::<f64>();
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
            let depth = 5.12 - 5.07 * (-power / (peclet * temperature)).exp();
            [power, peclet, temperature, depth * (1.0 + 0.03 * normal)]
                .map(|x| x.to_string())
                .to_vec()
        })
        .collect();
    Table {
        path: "generated rows".to_owned(),
        header: ["Ps", "Pe", "Ts", "depth"].map(str::to_owned).to_vec(),
        rows,
    }
}

/// CPU seconds of all threads of this process so far; null where the system does not tell.
pub fn cpu_seconds() -> Option<f64> {
    // Fields 14 and 15 of Linux's stat, after the name in parentheses, in hundredths of a second.
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let rest = text.rsplit_once(')')?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}
