//! The table that a law is searched in: named input columns and a target.

use ndarray::{ArrayRef1, ArrayRef2};

use crate::linear::Basis;
use crate::parse::check_names;
use crate::{Error, Result};

/// The golden section less one: its multiples fall evenly and follow no period.
const GOLDEN: f64 = 0.618_033_988_749_895;
/// Sums of squares of a target that leave room for the squares, products and powers which a search makes of it.
const TARGET_SQUARES: std::ops::RangeInclusive<f64> = 1e-200..=1e200;

/// Named input columns and a target of as many rows, all finite.
///
/// # Examples
///
/// ```
/// use symreg::Data;
/// let data = Data::from_columns(
///     [("power", vec![1.0, 2.0, 3.0, 5.0]), ("alloy", vec![1.9, 1.9, 1.9, 1.9])],
///     ("depth", vec![0.1, 0.4, 0.9, 2.0]),
/// )?;
/// // One alloy cannot tell how the law depends on the alloy.
/// assert_eq!(data.report().constant_columns(), ["alloy"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Data {
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
    target_name: String,
    target: Vec<f64>,
    /// Of mean 1; empty for equal weights.
    weights: Vec<f64>,
    /// Variance of a row of weight 1, where the uncertainty of each row is known.
    noise_variance: Option<f64>,
}

impl Data {
    /// Builds a table from `x` (rows × columns) and the target `y`.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if the names are not as many as the columns, and the errors of
    /// [`from_columns`](Self::from_columns).
    pub fn new<S: AsRef<str>>(
        names: &[S],
        x: &ArrayRef2<f64>,
        target_name: &str,
        y: &ArrayRef1<f64>,
    ) -> Result<Self> {
        if names.len() != x.ncols() {
            return Err(Error::CountMismatch {
                what: "names",
                expected: x.ncols(),
                found: names.len(),
            });
        }
        let columns = names
            .iter()
            .map(AsRef::as_ref)
            .zip(x.columns().into_iter().map(|c| c.to_vec()));
        Self::from_columns(columns, (target_name, y.to_vec()))
    }

    /// Builds a table from named columns and a named target.
    ///
    /// # Errors
    ///
    /// [`Error::NoColumns`]; [`Error::LengthMismatch`]; [`Error::NonFinite`] naming column and
    /// row; [`Error::TooFewRows`] without rows; [`Error::InvalidName`] and [`Error::NameClash`]. A
    /// name must be a letter or underscore followed by letters, digits and underscores, and no
    /// function's.
    pub fn from_columns<N: Into<String>>(
        columns: impl IntoIterator<Item = (N, Vec<f64>)>,
        target: (impl Into<String>, Vec<f64>),
    ) -> Result<Self> {
        let (names, columns): (Vec<String>, Vec<Vec<f64>>) =
            columns.into_iter().map(|(n, c)| (n.into(), c)).unzip();
        let (target_name, target) = (target.0.into(), target.1);
        if columns.is_empty() {
            return Err(Error::NoColumns);
        }
        if columns.len() > usize::from(u16::MAX) {
            return Err(Error::CountMismatch {
                what: "columns",
                expected: usize::from(u16::MAX),
                found: columns.len(),
            });
        }
        check_names(&names)?;
        if names.contains(&target_name) {
            return Err(Error::NameClash {
                name: target_name,
                taken_by: "an input column",
            });
        }
        if target.is_empty() {
            return Err(Error::TooFewRows {
                rows: 0,
                parameters: 1,
                needed: 1,
            });
        }
        for (name, column) in names.iter().zip(&columns) {
            if column.len() != target.len() {
                return Err(Error::LengthMismatch {
                    column: name.clone(),
                    expected: target.len(),
                    found: column.len(),
                });
            }
        }
        for (name, column) in names.iter().zip(&columns).chain([(&target_name, &target)]) {
            if let Some(row) = column.iter().position(|v| !v.is_finite()) {
                return Err(Error::NonFinite {
                    column: name.clone(),
                    row,
                    value: column[row].to_string(),
                });
            }
        }
        Ok(Self {
            names,
            columns,
            target_name,
            target,
            weights: Vec::new(),
            noise_variance: None,
        })
    }

    /// The same rows with a weight for each: a fit minimizes $\sum_i w_i r_i^2$.
    ///
    /// Weights are scaled to a mean of 1, so that only their ratios matter: the noise variance is
    /// still estimated from the residuals. R² and RMSE are weighted too.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] unless there is one weight a row; [`Error::InvalidWeight`] naming the first
    /// that is not positive and finite. A row that is not to count must be left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{ConstantFit, Data, Expression};
    /// let x = vec![1.0, 2.0, 3.0, 4.0, 5.0];
    /// let data = Data::from_columns([("x", x)], ("y", vec![2.0, 4.0, 6.0, 8.0, 99.0]))?
    ///     .with_weights(vec![1.0, 1.0, 1.0, 1.0, 1e-12])?;
    /// let line = ConstantFit::new().fit(&[Expression::parse("x", &["x"])?], &data)?;
    /// assert!((line.weights()[0] - 2.0).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_weights(mut self, weights: Vec<f64>) -> Result<Self> {
        self.check_weights("weight", &weights)?;
        let mean = weights
            .iter()
            .map(|w| w / weights.len() as f64)
            .sum::<f64>();
        self.weights = weights.into_iter().map(|w| w / mean).collect();
        if let Some(row) = self.weights.iter().position(|w| !w.is_normal()) {
            return Err(Error::InvalidWeight {
                what: "weight",
                row,
                value: format!("{} of the mean", self.weights[row]),
                requirement: "positive and finite",
            });
        }
        self.noise_variance = None;
        Ok(self)
    }

    /// The same rows with the standard uncertainty of the target in each, in the target's unit.
    ///
    /// A fit minimizes $\chi^2 = \sum_i (r_i/\sigma_i)^2$. The criteria use $\chi^2$ itself in place of
    /// $n \ln(\mathrm{SSE}/n)$, and no longer count the noise variance as a parameter; intervals and
    /// description lengths take the uncertainties for known.
    ///
    /// # Errors
    ///
    /// As [`with_weights`](Self::with_weights).
    pub fn with_sigmas(self, sigmas: &[f64]) -> Result<Self> {
        self.check_weights("standard uncertainty", sigmas)?;
        // Over the largest, so that no square leaves the range.
        let largest = sigmas.iter().copied().fold(0.0, f64::max);
        let weights: Vec<f64> = sigmas
            .iter()
            .map(|s| (largest / s) * (largest / s))
            .collect();
        let mean = weights
            .iter()
            .map(|w| w / weights.len() as f64)
            .sum::<f64>();
        let mut data = self.with_weights(weights)?;
        let variance = largest * (largest / mean);
        if let (false, Some(row)) = (
            variance.is_normal(),
            sigmas.iter().position(|s| !(s * s).is_normal()),
        ) {
            return Err(Error::InvalidWeight {
                what: "standard uncertainty",
                row,
                value: format!("{:e}", sigmas[row]),
                requirement: "of a square that is a number",
            });
        }
        data.noise_variance = Some(variance);
        Ok(data)
    }

    fn check_weights(&self, what: &'static str, values: &[f64]) -> Result<()> {
        if values.len() != self.n_rows() {
            return Err(Error::CountMismatch {
                what: "weights",
                expected: self.n_rows(),
                found: values.len(),
            });
        }
        match values.iter().position(|v| !(v.is_finite() && *v > 0.0)) {
            None => Ok(()),
            Some(row) => Err(Error::InvalidWeight {
                what,
                row,
                value: format!("{:e}", values[row]),
                requirement: "positive and finite",
            }),
        }
    }

    /// The weight of each row, of mean 1; `None` for equal weights.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        (!self.weights.is_empty()).then_some(self.weights.as_slice())
    }

    /// The variance of the target in a row of weight 1, where [`with_sigmas`](Self::with_sigmas) has told it.
    #[must_use]
    pub fn noise_variance(&self) -> Option<f64> {
        self.noise_variance
    }

    /// Square roots of the weights; empty for equal weights.
    pub(crate) fn root_weights(&self) -> Vec<f64> {
        self.weights.iter().map(|w| w.sqrt()).collect()
    }

    /// Names of the input columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Name of the target.
    #[must_use]
    pub fn target_name(&self) -> &str {
        &self.target_name
    }

    /// The target's values.
    #[must_use]
    pub fn target(&self) -> &[f64] {
        &self.target
    }

    /// The input columns, in the order of [`names`](Self::names).
    #[must_use]
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The values of one input column.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`] naming the columns there are.
    pub fn column(&self, name: &str) -> Result<&[f64]> {
        match self.names.iter().position(|n| n == name) {
            Some(i) => Ok(&self.columns[i]),
            None => Err(Error::UnknownColumn {
                name: name.to_owned(),
                available: self.names.join(", "),
            }),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.target.len()
    }

    /// Number of input columns.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// The rows whose label meets the condition, and the others.
    ///
    /// A split by group (material, machine, run) shows whether a law carries over; a random one
    /// mostly shows how alike neighboring rows are.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if the labels are not as many as the rows;
    /// [`Error::TooFewRows`] if either part is empty.
    pub fn split_by_label<L>(
        &self,
        labels: &[L],
        is_first: impl Fn(&L) -> bool,
    ) -> Result<(Self, Self)> {
        if labels.len() != self.n_rows() {
            return Err(Error::CountMismatch {
                what: "labels",
                expected: self.n_rows(),
                found: labels.len(),
            });
        }
        let keep: Vec<bool> = labels.iter().map(is_first).collect();
        Ok((self.select(|i| keep[i])?, self.select(|i| !keep[i])?))
    }

    fn select(&self, keep: impl Fn(usize) -> bool) -> Result<Self> {
        let pick = |column: &Vec<f64>| -> Vec<f64> {
            column
                .iter()
                .enumerate()
                .filter(|(i, _)| keep(*i))
                .map(|(_, v)| *v)
                .collect()
        };
        let target = pick(&self.target);
        if target.is_empty() {
            return Err(Error::TooFewRows {
                rows: 0,
                parameters: 1,
                needed: 1,
            });
        }
        Ok(Self {
            columns: self.columns.iter().map(pick).collect(),
            target,
            ..self.with_rows_of_weights(pick(&self.weights))
        })
    }

    /// A table without rows, for those of these weights among the rows of this one.
    fn with_rows_of_weights(&self, mut weights: Vec<f64>) -> Self {
        let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
        for w in &mut weights {
            *w /= mean;
        }
        Self {
            names: self.names.clone(),
            columns: Vec::new(),
            target_name: self.target_name.clone(),
            target: Vec::new(),
            noise_variance: self.noise_variance.map(|v| v / mean),
            weights,
        }
    }

    /// At most `most` rows, one of each of as many equal parts of the table, at places within them that follow no period.
    pub(crate) fn thinned(&self, most: usize) -> Self {
        let n = self.n_rows();
        if n <= most {
            return self.clone();
        }
        let rows: Vec<usize> = (0..most)
            .map(|k| {
                let (from, to) = (k * n / most, (k + 1) * n / most);
                let within = (k as f64 * GOLDEN).fract();
                from + (within * (to - from) as f64) as usize
            })
            .collect();
        self.at(&rows)
    }

    /// The rows of these places.
    pub(crate) fn at(&self, rows: &[usize]) -> Self {
        // No weights means equal ones: then the column is empty.
        let pick = |column: &Vec<f64>| -> Vec<f64> {
            rows.iter()
                .filter_map(|&i| column.get(i).copied())
                .collect()
        };
        Self {
            columns: self.columns.iter().map(pick).collect(),
            target: pick(&self.target),
            ..self.with_rows_of_weights(pick(&self.weights))
        }
    }

    /// What these rows cannot tell: constant columns, and columns that follow from others.
    ///
    /// O(rows × columns²).
    #[must_use]
    pub fn report(&self) -> DataReport {
        let constant: Vec<usize> = (0..self.columns.len())
            .filter(|&i| is_constant(&self.columns[i]))
            .collect();
        let varying: Vec<usize> = (0..self.columns.len())
            .filter(|i| !constant.contains(i))
            .collect();
        let mut dependent = Vec::new();
        for logarithmic in [false, true] {
            let usable: Vec<usize> = varying
                .iter()
                .copied()
                .filter(|&i| !logarithmic || self.columns[i].iter().all(|v| *v > 0.0))
                .collect();
            let mut basis = Basis::with_constant(self.n_rows());
            let mut kept: Vec<usize> = Vec::new();
            for i in usable {
                let column: Vec<f64> = if logarithmic {
                    self.columns[i].iter().map(|v| libm::log(*v)).collect()
                } else {
                    self.columns[i].clone()
                };
                if basis.push(&column) {
                    kept.push(i);
                } else {
                    dependent.push(Dependence {
                        column: self.names[i].clone(),
                        on: kept.iter().map(|&k| self.names[k].clone()).collect(),
                        logarithmic,
                    });
                }
            }
        }
        DataReport {
            constant: constant.iter().map(|&i| self.names[i].clone()).collect(),
            dependent,
        }
    }

    /// Sum of squared differences of the target from its mean, both weighted.
    pub(crate) fn total_sum_of_squares(&self) -> f64 {
        let n = self.target.len() as f64;
        let Some(weights) = self.weights() else {
            let mean = self.target.iter().sum::<f64>() / n;
            return self.target.iter().map(|y| (y - mean) * (y - mean)).sum();
        };
        let pairs = || self.target.iter().zip(weights);
        let mean = pairs().map(|(y, w)| w * y).sum::<f64>() / n;
        pairs().map(|(y, w)| w * (y - mean) * (y - mean)).sum()
    }

    /// Checks that a search can start: a target that varies, a column that varies.
    pub(crate) fn check_searchable(&self) -> Result<()> {
        // Weight, bias and the noise variance of the smallest model.
        if self.n_rows() < 4 {
            return Err(Error::TooFewRows {
                rows: self.n_rows(),
                parameters: 2,
                needed: 4,
            });
        }
        if is_constant(&self.target) {
            return Err(Error::ConstantTarget {
                target: self.target_name.clone(),
                value: self.target[0],
                rows: self.target.len(),
            });
        }
        if !TARGET_SQUARES.contains(&self.total_sum_of_squares()) {
            let mean = self.target.iter().sum::<f64>() / self.target.len() as f64;
            let spread = self
                .target
                .iter()
                .map(|y| (y - mean).abs())
                .fold(0.0, f64::max);
            return Err(Error::TargetOutOfRange {
                target: self.target_name.clone(),
                spread,
            });
        }
        if self.columns.iter().all(|c| is_constant(c)) {
            return Err(Error::AllColumnsConstant {
                columns: self.columns.len(),
            });
        }
        Ok(())
    }
}

/// Whether the spread of a column is within rounding (1e-12) of its size.
pub(crate) fn is_constant(column: &[f64]) -> bool {
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    high - low <= 1e-12 * low.abs().max(high.abs())
}

/// A column that the rows at hand cannot tell from a combination of others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dependence {
    /// The dependent column.
    pub column: String,
    /// The columns before it; it is a combination of them, or of some of them.
    pub on: Vec<String>,
    /// `true` for a power product (linear in the logarithms), `false` for a linear combination.
    pub logarithmic: bool,
}

/// What a set of rows cannot tell, found before any search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DataReport {
    constant: Vec<String>,
    dependent: Vec<Dependence>,
}

impl DataReport {
    /// Columns of one value: their role in the law cannot be learned, and the search leaves them out.
    #[must_use]
    pub fn constant_columns(&self) -> &[String] {
        &self.constant
    }

    /// Columns that are a linear combination or a power product of others, to 1e-10: laws that
    /// differ only by such an exchange fit equally well.
    #[must_use]
    pub fn dependent_columns(&self) -> &[Dependence] {
        &self.dependent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn names_what_is_wrong_with_the_data() {
        let none: [(&str, Vec<f64>); 0] = [];
        assert_eq!(
            Data::from_columns(none, ("y", vec![1.0])),
            Err(Error::NoColumns)
        );
        assert!(matches!(
            Data::from_columns([("x", vec![])], ("y", vec![])),
            Err(Error::TooFewRows { rows: 0, .. })
        ));
        assert_eq!(
            Data::from_columns([("x", vec![1.0, 2.0])], ("y", vec![1.0])),
            Err(Error::LengthMismatch {
                column: "x".into(),
                expected: 1,
                found: 2
            })
        );
        assert_eq!(
            Data::from_columns([("x", vec![1.0, f64::NAN])], ("y", vec![1.0, 2.0])),
            Err(Error::NonFinite {
                column: "x".into(),
                row: 1,
                value: "NaN".into()
            })
        );
        assert_eq!(
            Data::from_columns([("x", vec![1.0])], ("y", vec![f64::INFINITY])),
            Err(Error::NonFinite {
                column: "y".into(),
                row: 0,
                value: "inf".into()
            })
        );
        assert!(matches!(
            Data::from_columns([("x", vec![1.0]), ("x", vec![1.0])], ("y", vec![1.0])),
            Err(Error::NameClash { .. })
        ));
        assert!(matches!(
            Data::from_columns([("x", vec![1.0])], ("x", vec![1.0])),
            Err(Error::NameClash { .. })
        ));
        assert_eq!(
            Data::new(&["a"], &array![[1.0, 2.0]], "y", &array![1.0]),
            Err(Error::CountMismatch {
                what: "names",
                expected: 2,
                found: 1
            })
        );
    }

    #[test]
    fn names_what_cannot_be_searched() -> Result<()> {
        let constant = Data::from_columns([("x", vec![1.0, 2.0, 3.0, 4.0])], ("y", vec![7.0; 4]))?;
        assert_eq!(
            constant.check_searchable(),
            Err(Error::ConstantTarget {
                target: "y".into(),
                value: 7.0,
                rows: 4
            })
        );
        let flat = Data::from_columns([("x", vec![1.0; 4])], ("y", vec![1.0, 2.0, 3.0, 4.0]))?;
        assert_eq!(
            flat.check_searchable(),
            Err(Error::AllColumnsConstant { columns: 1 })
        );
        for size in [1e300, 1e-300] {
            let y = vec![size, 2.0 * size, 3.0 * size, 4.0 * size];
            let extreme = Data::from_columns([("x", vec![1.0, 2.0, 3.0, 4.0])], ("y", y))?;
            assert!(matches!(
                extreme.check_searchable(),
                Err(Error::TargetOutOfRange { .. })
            ));
        }
        let short = Data::from_columns([("x", vec![1.0; 3])], ("y", vec![1.0, 2.0, 3.0]))?;
        assert!(matches!(
            short.check_searchable(),
            Err(Error::TooFewRows { rows: 3, .. })
        ));
        assert_eq!(
            flat.column("z"),
            Err(Error::UnknownColumn {
                name: "z".into(),
                available: "x".into()
            })
        );
        Ok(())
    }

    #[test]
    fn finds_constant_collinear_and_log_collinear_columns() -> Result<()> {
        let a: Vec<f64> = (1..20).map(f64::from).collect();
        let b: Vec<f64> = a.iter().map(|v| (v * 7.0) % 5.0 + 1.0).collect();
        let sum: Vec<f64> = a
            .iter()
            .zip(&b)
            .map(|(x, y)| 2.0 * x - 0.5 * y + 3.0)
            .collect();
        let product: Vec<f64> = a.iter().zip(&b).map(|(x, y)| 4.0 * x * x / y).collect();
        let data = Data::from_columns(
            [
                ("a", a.clone()),
                ("b", b),
                ("k", vec![2.0; 19]),
                ("sum", sum),
                ("product", product),
            ],
            ("y", a),
        )?;
        let report = data.report();
        assert_eq!(report.constant_columns(), ["k"]);
        let found: Vec<(&str, bool)> = report
            .dependent_columns()
            .iter()
            .map(|d| (d.column.as_str(), d.logarithmic))
            .collect();
        assert_eq!(found, [("sum", false), ("product", true)]);
        assert_eq!(report.dependent_columns()[0].on, ["a", "b"]);
        Ok(())
    }

    #[test]
    fn splits_by_label() -> Result<()> {
        let data = Data::from_columns([("x", vec![1.0, 2.0, 3.0])], ("y", vec![4.0, 5.0, 6.0]))?;
        let (train, test) = data.split_by_label(&["Ti", "Al", "Ti"], |l| *l == "Ti")?;
        assert_eq!(train.target(), [4.0, 6.0]);
        assert_eq!(test.column("x")?, [2.0]);
        assert!(matches!(
            data.split_by_label(&[1, 1, 1], |l| *l == 1),
            Err(Error::TooFewRows { rows: 0, .. })
        ));
        assert!(matches!(
            data.split_by_label(&[1], |l| *l == 1),
            Err(Error::CountMismatch { what: "labels", .. })
        ));
        Ok(())
    }
}
