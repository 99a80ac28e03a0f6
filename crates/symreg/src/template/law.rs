//! What a search under a template finds.

use super::{Form, indicators};
use crate::complexity::ComplexityMeasure;
use crate::linear::Basis;
use crate::refit::{Refit, floored_sse};
use crate::{Criterion, Data, Error, Expression, Result};

/// A law under a template, its constants fitted.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemplateLaw {
    names: Vec<String>,
    labels: Vec<String>,
    expression: Expression,
    parts: Vec<(String, Expression)>,
    parameters: Vec<(String, Vec<f64>)>,
    n_rows: usize,
    sse: f64,
    floored_sse: f64,
    chi_squared: Option<f64>,
    r2: f64,
    complexity: usize,
    fitted_constants: usize,
}

impl TemplateLaw {
    /// The law of these pieces, fitted to convergence, without the constants that it does as well without.
    ///
    /// Each constant of a part in turn is tried as 0 and as 1, the parts written shorter and all fitted again; what does
    /// not raise BIC stays.
    pub(super) fn pruned(
        form: &Form,
        slots: &[String],
        pieces: Vec<Expression>,
        data: &Data,
        measure: ComplexityMeasure,
    ) -> Option<Self> {
        let n_parts = form.parts.len();
        let value = |law: &Self| law.criterion(Criterion::Bic).unwrap_or(f64::INFINITY);
        let (mut best, mut pieces) = Self::fitted(form, slots, pieces, data, measure)?;
        let mut shorter: Vec<Expression> = pieces.clone();
        for part in &mut shorter[..n_parts] {
            *part = part.condensed();
        }
        let (mut part, mut constant) = (0, 0);
        let mut trial = Some(shorter);
        loop {
            let found = trial
                .take()
                .and_then(|t| Self::fitted(form, slots, t, data, measure))
                .filter(|(law, _)| law.complexity <= best.complexity && value(law) <= value(&best));
            if let Some(found) = found {
                if found.0.complexity < best.complexity {
                    (part, constant) = (0, 0);
                }
                (best, pieces) = found;
            }
            let Some(own) = pieces[..n_parts].get(part) else {
                return Some(best);
            };
            if constant >= 2 * own.constant_count() {
                (part, constant) = (part + 1, 0);
                continue;
            }
            let mut values: Vec<f64> = own.constants().collect();
            values[constant / 2] = if constant % 2 == 0 { 0.0 } else { 1.0 };
            constant += 1;
            let mut changed = own.clone();
            changed.set_constants(&mut values.into_iter());
            let mut next = pieces.clone();
            next[part] = changed.condensed();
            if next[part].constant_count() < pieces[part].constant_count() {
                trial = Some(next);
            }
        }
    }

    /// The law of these pieces, fitted to convergence, and the pieces with their constants.
    fn fitted(
        form: &Form,
        slots: &[String],
        mut pieces: Vec<Expression>,
        data: &Data,
        measure: ComplexityMeasure,
    ) -> Option<(Self, Vec<Expression>)> {
        const ITERATIONS: usize = 300;
        let (mut law, free) = form.compose(&pieces);
        let mut refit = Refit::of_data(&form.columns, data);
        let sse = refit.fit(&mut law, &free, ITERATIONS)?;
        form.take_back(&law, &mut pieces);
        let mut basis = Basis::empty(data.n_rows());
        for (column, _) in refit.jacobian(&law).iter().zip(&free).filter(|(_, f)| **f) {
            basis.push(column);
        }
        let n_parts = form.parts.len();
        let named = |wanted: bool| {
            slots
                .iter()
                .zip(&form.pieces)
                .filter(move |(_, place)| (**place < n_parts) == wanted)
                .map(|(name, place)| (name.clone(), &pieces[*place]))
        };
        let target = data.target();
        let weights = data.root_weights();
        let weight = |i: usize| weights.get(i).map_or(1.0, |w| w * w);
        let total: f64 = (0..target.len()).map(weight).sum();
        let mean = (0..target.len())
            .map(|i| weight(i) * target[i])
            .sum::<f64>()
            / total;
        let spread: f64 = (0..target.len())
            .map(|i| weight(i) * (target[i] - mean) * (target[i] - mean))
            .sum();
        let law = Self {
            names: form.names.clone(),
            labels: form.labels.clone(),
            parts: named(true).map(|(n, e)| (n, e.clone())).collect(),
            parameters: named(false)
                .map(|(n, e)| (n, e.constants().collect()))
                .collect(),
            expression: law,
            n_rows: target.len(),
            sse,
            floored_sse: floored_sse(sse, target),
            chi_squared: data.noise_variance().map(|v| sse / v),
            r2: 1.0 - sse / spread,
            complexity: pieces[..n_parts].iter().map(|p| measure.of(p)).sum(),
            fitted_constants: basis.rank(),
        };
        Some((law, pieces))
    }

    /// The function that was found for a part, of the columns of the data.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Expression> {
        self.parts.iter().find(|p| p.0 == name).map(|p| &p.1)
    }

    /// The value of a parameter; of one by label the first of [`parameter_by_label`](Self::parameter_by_label).
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<f64> {
        let found = self.parameters.iter().find(|p| p.0 == name)?;
        found.1.first().copied()
    }

    /// The values of a parameter by label, in the order of [`labels`](Self::labels).
    #[must_use]
    pub fn parameter_by_label(&self, name: &str) -> Option<&[f64]> {
        let found = self.parameters.iter().find(|p| p.0 == name)?;
        Some(&found.1)
    }

    /// The labels, sorted; none without parameters by label.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Residual sum of squares on the training rows, weighted as they are.
    #[must_use]
    pub const fn sse(&self) -> f64 {
        self.sse
    }

    /// Root of the mean squared residual of the training rows.
    #[must_use]
    pub fn rmse(&self) -> f64 {
        (self.sse / self.n_rows as f64).sqrt()
    }

    /// Coefficient of determination on the training rows.
    #[must_use]
    pub const fn r2(&self) -> f64 {
        self.r2
    }

    /// Complexity of the parts, added up; what the template gives costs nothing.
    #[must_use]
    pub const fn complexity(&self) -> usize {
        self.complexity
    }

    /// Rank of the derivatives by the constants that were fitted.
    #[must_use]
    pub const fn fitted_constants(&self) -> usize {
        self.fitted_constants
    }

    /// A criterion of this law, with the fitted constants as its parameters; of $\chi^2$ where the uncertainty of each row is known. `None` as for [`Criterion::value`].
    #[must_use]
    pub fn criterion(&self, criterion: Criterion) -> Option<f64> {
        match self.chi_squared {
            Some(value) => {
                criterion.value_of_chi_squared(self.n_rows, value, self.fitted_constants)
            }
            None => criterion.value(self.n_rows, self.floored_sse, self.fitted_constants + 1),
        }
    }

    /// The whole law as text: of the columns, and with parameters by label of columns named `is_` and the label's number from 1.
    ///
    /// # Errors
    ///
    /// [`Error::NameClash`] if the data have a column of such a name.
    pub fn to_infix(&self) -> Result<String> {
        let mut names = self.names.clone();
        names.extend((1..=self.labels.len()).map(|k| format!("is_{k}")));
        self.expression.to_infix(&names)
    }

    /// Predictions for the rows of `data`, whose columns are found by name. `labels` has one label a row if the template has
    /// parameters by label, and is empty if not.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`]; [`Error::CountMismatch`] unless there is one label a row; [`Error::UnknownLabel`] for one that the
    /// training rows do not have.
    pub fn predict<S: AsRef<str>>(&self, data: &Data, labels: &[S]) -> Result<Vec<f64>> {
        let wanted = if self.labels.is_empty() {
            0
        } else {
            data.n_rows()
        };
        if labels.len() != wanted {
            return Err(Error::CountMismatch {
                what: "labels",
                expected: wanted,
                found: labels.len(),
            });
        }
        let rows: Vec<String> = labels.iter().map(|l| l.as_ref().to_owned()).collect();
        if let Some(row) = rows.iter().position(|l| !self.labels.contains(l)) {
            return Err(Error::UnknownLabel {
                label: rows[row].clone(),
                row,
            });
        }
        let mut columns = Vec::with_capacity(self.names.len() + self.labels.len());
        let used = self.expression.variables();
        for (k, name) in self.names.iter().enumerate() {
            columns.push(if used.contains(&k) {
                data.column(name)?.to_vec()
            } else {
                vec![0.0; data.n_rows()]
            });
        }
        columns.extend(indicators(&self.labels, &rows));
        let mut values = vec![0.0; data.n_rows()];
        crate::Evaluator::new(columns)?.evaluate_into(&self.expression, &mut values)?;
        Ok(values)
    }
}

/// The front of a search under a template.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemplateResult {
    front: Vec<TemplateLaw>,
    /// Where in the front the law of least BIC is.
    best: usize,
    evaluations: u64,
}

impl TemplateResult {
    /// `None` without laws.
    pub(super) fn new(mut laws: Vec<TemplateLaw>, evaluations: u64) -> Option<Self> {
        laws.sort_by(|a, b| {
            (a.complexity.cmp(&b.complexity)).then(a.floored_sse.total_cmp(&b.floored_sse))
        });
        let mut front: Vec<TemplateLaw> = Vec::new();
        for law in laws {
            if front.last().is_none_or(|l| law.floored_sse < l.floored_sse) {
                front.push(law);
            }
        }
        let value = |law: &TemplateLaw| law.criterion(Criterion::Bic).unwrap_or(f64::INFINITY);
        let best = (0..front.len()).reduce(|a, b| {
            if value(&front[b]) < value(&front[a]) {
                b
            } else {
                a
            }
        })?;
        Some(Self {
            front,
            best,
            evaluations,
        })
    }

    /// The laws that no other one is at least as simple and better than, by rising complexity.
    #[must_use]
    pub fn front(&self) -> &[TemplateLaw] {
        &self.front
    }

    /// The law of least BIC, the simpler of equals.
    #[must_use]
    pub fn best(&self) -> &TemplateLaw {
        &self.front[self.best]
    }

    /// How many structures were fitted.
    #[must_use]
    pub const fn evaluations(&self) -> u64 {
        self.evaluations
    }
}
