//! The table that a law is searched in: named input columns and a target.

use ndarray::{ArrayRef1, ArrayRef2};

use crate::linear::Basis;
use crate::parse::check_names;
use crate::{Error, Result};

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
        })
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
            names: self.names.clone(),
            columns: self.columns.iter().map(pick).collect(),
            target_name: self.target_name.clone(),
            target,
        })
    }

    /// At most `most` rows, evenly spread over the table.
    pub(crate) fn thinned(&self, most: usize) -> Self {
        let n = self.n_rows();
        if n <= most {
            return self.clone();
        }
        let pick = |column: &Vec<f64>| (0..most).map(|k| column[k * n / most]).collect();
        Self {
            names: self.names.clone(),
            columns: self.columns.iter().map(pick).collect(),
            target_name: self.target_name.clone(),
            target: pick(&self.target),
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

    /// Sum of squared differences of the target from its mean.
    pub(crate) fn total_sum_of_squares(&self) -> f64 {
        let mean = self.target.iter().sum::<f64>() / self.target.len() as f64;
        self.target.iter().map(|y| (y - mean) * (y - mean)).sum()
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
        if !self.total_sum_of_squares().is_normal() {
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
