//! Laws whose outer form is known.

mod law;
mod search;

use crate::expression::Token;
use crate::parse::check_names;
use crate::{Data, Error, Expression, Operator, Result};

pub use law::{TemplateLaw, TemplateResult};

/// A law whose outer form is known and whose parts are searched for.
///
/// The text holds columns, numbers, which stay as they are written, and names of parts: a [`part`](Self::part) is an unknown
/// function of the columns that it may use, a [`parameter`](Self::parameter) an unknown number, and a
/// [`parameter_by_label`](Self::parameter_by_label) an unknown number for each label, such as the material of a row, in a law
/// that all labels share. [`SymbolicRegressor::fit_template`](crate::SymbolicRegressor::fit_template) finds them.
///
/// # Examples
///
/// ```
/// use symreg::{Data, Operator, SymbolicRegressor, Template};
/// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
/// let z: Vec<f64> = (1..40).map(|i| f64::from(i * i % 17 + 1)).collect();
/// let y: Vec<f64> = x.iter().zip(&z).map(|(x, z)| 1.0 - (-x * x).exp() + 3.0 * z).collect();
/// let data = Data::from_columns([("x", x), ("z", z)], ("y", y))?;
/// let template = Template::new("1 - exp(-f) + g").part("f", ["x"]).part("g", ["z"]);
/// let search = SymbolicRegressor::new().operators([Operator::Square, Operator::Mul]).population_size(100).runs(1);
/// let result = search.fit_template(&template, &data)?;
/// let law = result.best();
/// assert_eq!(law.part("f").map(|f| f.to_infix(data.names())).ok_or("no f")??, "square(x)");
/// assert!(law.rmse() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Template {
    text: String,
    slots: Vec<Slot>,
    labels: Vec<String>,
}

/// Something that a template leaves open.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Slot {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Kind {
    /// A function of these columns.
    Part(Vec<String>),
    Parameter,
    ParameterByLabel,
}

impl Template {
    /// A template of this text, in the notation of [`Expression::parse`].
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            slots: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// An unknown function of some columns, which stands once in the text by its name.
    pub fn part<S: Into<String>>(
        self,
        name: impl Into<String>,
        columns: impl IntoIterator<Item = S>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.slot(name, Kind::Part(columns))
    }

    /// An unknown number, which stands once in the text by its name.
    pub fn parameter(self, name: impl Into<String>) -> Self {
        self.slot(name, Kind::Parameter)
    }

    /// An unknown number for each label of [`labels`](Self::labels), which stands once in the text by its name.
    pub fn parameter_by_label(self, name: impl Into<String>) -> Self {
        self.slot(name, Kind::ParameterByLabel)
    }

    /// The label of each row.
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    fn slot(mut self, name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        self.slots.push(Slot { name, kind });
        self
    }
}

/// A template that has been checked against a table.
#[derive(Debug)]
struct Form {
    /// Postfix; variables from `n_columns` on stand for slots, in the order of their numbers.
    pattern: Vec<Token>,
    n_columns: usize,
    names: Vec<String>,
    /// For each part, the columns that it may use.
    parts: Vec<Vec<u16>>,
    /// For each slot, its place among the pieces of an individual: parts first, then parameters.
    pieces: Vec<usize>,
    parameters: Vec<Kind>,
    /// The labels that there are, in order.
    labels: Vec<String>,
    /// The columns of the table, then one of zeros and ones for each label.
    columns: Vec<Vec<f64>>,
}

impl Form {
    fn new(template: &Template, data: &Data) -> Result<Self> {
        let mut names: Vec<String> = data.names().to_vec();
        let n_columns = names.len();
        names.extend(template.slots.iter().map(|s| s.name.clone()));
        check_names(&names)?;
        let pattern = Expression::parse(&template.text, &names)?.tokens().to_vec();
        for (k, slot) in template.slots.iter().enumerate() {
            let here = Token::Variable((n_columns + k) as u16);
            let found = pattern.iter().filter(|t| **t == here).count();
            if found != 1 {
                return Err(Error::TemplateSlot {
                    name: slot.name.clone(),
                    found,
                });
            }
        }
        let by_label = |s: &Slot| s.kind == Kind::ParameterByLabel;
        let labels = if template.slots.iter().any(by_label) {
            if template.labels.len() != data.n_rows() {
                return Err(Error::CountMismatch {
                    what: "labels",
                    expected: data.n_rows(),
                    found: template.labels.len(),
                });
            }
            let mut labels = template.labels.clone();
            labels.sort_unstable();
            labels.dedup();
            labels
        } else {
            Vec::new()
        };
        let mut columns = data.columns().to_vec();
        columns.extend(indicators(&labels, &template.labels));
        if columns.len() > usize::from(u16::MAX) {
            return Err(Error::InvalidParameter {
                name: "labels",
                requirement: "at most 65535 together with the columns",
                found: columns.len().to_string(),
            });
        }
        let mut form = Self {
            pattern,
            n_columns,
            names: data.names().to_vec(),
            parts: Vec::new(),
            pieces: Vec::new(),
            parameters: Vec::new(),
            labels,
            columns,
        };
        for slot in &template.slots {
            if let Kind::Part(inputs) = &slot.kind {
                form.parts.push(allowed(inputs, &slot.name, data)?);
            }
        }
        let (mut parts, mut parameters) = (0, form.parts.len());
        for slot in &template.slots {
            let next = if matches!(slot.kind, Kind::Part(_)) {
                &mut parts
            } else {
                form.parameters.push(slot.kind.clone());
                &mut parameters
            };
            form.pieces.push(*next);
            *next += 1;
        }
        Ok(form)
    }

    /// The parameters before any fit.
    fn first_parameters(&self) -> impl Iterator<Item = Expression> + '_ {
        self.parameters.iter().map(|kind| {
            if *kind == Kind::Parameter {
                return Expression::from_valid(vec![Token::Constant(1.0)]);
            }
            let mut tokens = Vec::new();
            for k in 0..self.labels.len() {
                let indicator = Token::Variable((self.n_columns + k) as u16);
                let product = Token::Apply(Operator::Mul);
                tokens.extend([Token::Constant(1.0), indicator, product]);
                if k > 0 {
                    tokens.push(Token::Apply(Operator::Add));
                }
            }
            Expression::from_valid(tokens)
        })
    }

    /// The whole law, and which of its constants are to be fitted.
    fn compose(&self, pieces: &[Expression]) -> (Expression, Vec<bool>) {
        let (mut tokens, mut free) = (Vec::new(), Vec::new());
        for token in &self.pattern {
            if let Some(slot) = self.slot_of(*token) {
                let piece = &pieces[self.pieces[slot]];
                tokens.extend_from_slice(piece.tokens());
                free.resize(free.len() + piece.constant_count(), true);
            } else {
                tokens.push(*token);
                if matches!(token, Token::Constant(_)) {
                    free.push(false);
                }
            }
        }
        (Expression::from_valid(tokens), free)
    }

    /// Takes the constants of a composed law back to its pieces.
    fn take_back(&self, law: &Expression, pieces: &mut [Expression]) {
        let mut constants = law.constants();
        for token in &self.pattern {
            if let Some(slot) = self.slot_of(*token) {
                let piece = &mut pieces[self.pieces[slot]];
                let own: Vec<f64> = constants.by_ref().take(piece.constant_count()).collect();
                piece.set_constants(&mut own.into_iter());
            } else if matches!(token, Token::Constant(_)) {
                constants.next();
            }
        }
    }

    fn slot_of(&self, token: Token) -> Option<usize> {
        match token {
            Token::Variable(v) => usize::from(v).checked_sub(self.n_columns),
            _ => None,
        }
    }
}

/// For each of `labels` a column that is one on its rows.
fn indicators<'a>(labels: &'a [String], rows: &'a [String]) -> impl Iterator<Item = Vec<f64>> + 'a {
    labels.iter().map(|label| {
        rows.iter()
            .map(|row| f64::from(u8::from(row == label)))
            .collect()
    })
}

/// The columns of a part, without those that are constant.
fn allowed(inputs: &[String], part: &str, data: &Data) -> Result<Vec<u16>> {
    let mut found = Vec::new();
    for input in inputs {
        data.column(input)?;
        let index = data.names().iter().position(|n| n == input);
        found.extend(index.map(|i| i as u16));
    }
    let report = data.report();
    let varies = |i: &u16| {
        !report
            .constant_columns()
            .contains(&data.names()[usize::from(*i)])
    };
    found.sort_unstable();
    found.dedup();
    found.retain(varies);
    if found.is_empty() {
        return Err(Error::TemplatePart {
            name: part.to_owned(),
        });
    }
    Ok(found)
}
