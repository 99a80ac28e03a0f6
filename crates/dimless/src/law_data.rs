//! Rows from which a scaling law is learnt.

use crate::error::{Error, Result, excerpt};
use crate::pi::Group;
use crate::system::System;
use crate::table::Table;

/// Largest target in magnitude, and one over the least difference of two targets: squares stay within the range of a float.
const LARGEST: f64 = 1e140;

/// Measured rows: variables with dimensions, a dimensionless target, and, if there are, labels such as the material.
///
/// All variables are positive, since laws are power products. The rows are kept in an order of their own that depends on
/// their values and not on the order in which they came, so that a search gives the same bits for any order of the rows;
/// what is returned a row is in the order in which they came.
///
/// # Examples
///
/// ```
/// use dimless::{LawData, Table};
///
/// let table = Table::parse("alloy,v [m/s],L [mm],nu [mm^2/s],drag [1]\nA,2,5,1,0.4\nA,3,5,1,0.3\nB,3,5,2,0.5\n")?;
/// let data = LawData::from_table(&table, &["v", "L", "nu"], &[("drag", 1)])?.labels_from(&table, "alloy")?;
/// assert_eq!((data.n_rows(), data.system().n_groups()?), (3, 1));
/// assert_eq!(data.label_names(), ["A", "B"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawData", into = "RawData"))]
pub struct LawData {
    system: System,
    target_name: String,
    /// One column a variable, in the order of the rows of this struct.
    columns: Vec<Vec<f64>>,
    /// The natural logarithms of the columns.
    logarithms: Vec<Vec<f64>>,
    target: Vec<f64>,
    /// Sorted names of the labels, and for each row the index of its own.
    label_names: Vec<String>,
    labels: Vec<usize>,
    /// The row of the caller for each row of this struct.
    origin: Vec<usize>,
}

/// The unchecked form, in the order of the caller.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
struct RawData {
    system: System,
    target_name: String,
    columns: Vec<Vec<f64>>,
    target: Vec<f64>,
    labels: Option<Vec<String>>,
}

impl LawData {
    /// Rows from one column a variable, in consistent units, and the target.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`]; [`Error::TooFewRows`] below 3 rows; [`Error::InvalidValue`] with the row of a variable
    /// that is not finite and positive, or of a target that is not finite or above 1e140, and for targets that differ by less than
    /// 1e-140; [`Error::ConstantColumn`] for a target of one value.
    pub fn new(
        system: System,
        columns: &[Vec<f64>],
        target_name: impl Into<String>,
        target: &[f64],
    ) -> Result<Self> {
        let target_name = target_name.into();
        if columns.len() != system.n_variables() {
            return Err(Error::LengthMismatch {
                name: "list of columns".to_owned(),
                expected: system.n_variables(),
                found: columns.len(),
            });
        }
        for (name, column) in system.names().iter().zip(columns) {
            if column.len() != target.len() {
                return Err(Error::LengthMismatch {
                    name: format!("column {:?}", excerpt(name)),
                    expected: target.len(),
                    found: column.len(),
                });
            }
            check(name, column, "finite and positive", |v| v > 0.0)?;
        }
        check(&target_name, target, "finite, and at most 1e140", |v| {
            v.abs() <= LARGEST
        })?;
        let labels = vec![0; target.len()];
        let all: Vec<usize> = (0..target.len()).collect();
        Self::arranged(system, target_name, columns, target, &[], &labels, &all)
    }

    /// Rows from the columns of a table; the target is a product of powers of columns, `[("depth", 1), ("radius", -1)]`. A target made of
    /// the variables alone is a law of itself, and nothing warns of that.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), of [`Table::system`], of [`System::group`] (the target must be dimensionless) and of
    /// [`Group::evaluate_table`].
    pub fn from_table(table: &Table, variables: &[&str], target: &[(&str, i64)]) -> Result<Self> {
        let system = table.system(variables)?;
        let names: Vec<&str> = target.iter().map(|(name, _)| *name).collect();
        let target = table.system(&names)?.group(target)?;
        let values = target.evaluate_table(table)?;
        let mut columns = Vec::with_capacity(variables.len());
        for name in variables {
            columns.push(table.column(name)?.to_vec());
        }
        Self::new(system, &columns, target.to_string(), &values)
    }

    /// The rows chosen by `origin`, arranged; `labels` are indices in names.
    fn arranged(
        system: System,
        target_name: String,
        columns: &[Vec<f64>],
        target: &[f64],
        label_names: &[String],
        labels: &[usize],
        rows: &[usize],
    ) -> Result<Self> {
        if rows.len() < 3 {
            return Err(Error::TooFewRows {
                needed: 3,
                found: rows.len(),
            });
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&i, &j| {
            let (i, j) = (rows[i], rows[j]);
            let by_columns = || {
                let pairs = columns.iter().map(|c| c[i].total_cmp(&c[j]));
                pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            };
            target[i]
                .total_cmp(&target[j])
                .then_with(by_columns)
                .then(label_names.get(labels[i]).cmp(&label_names.get(labels[j])))
        });
        let pick =
            |values: &[f64]| -> Vec<f64> { order.iter().map(|&i| values[rows[i]]).collect() };
        let target = pick(target);
        if target
            .first()
            .zip(target.last())
            .is_some_and(|(a, b)| a >= b)
        {
            return Err(Error::ConstantColumn { name: target_name });
        }
        let ends = target.first().zip(target.last());
        if let Some((low, high)) = ends.filter(|(low, high)| *high - *low < 1.0 / LARGEST) {
            return Err(Error::InvalidValue {
                name: format!("range of {}", excerpt(&target_name)),
                row: None,
                requirement: "at least 1e-140, so that its squares are numbers",
                found: high - low,
            });
        }
        let columns: Vec<Vec<f64>> = columns.iter().map(|c| pick(c)).collect();
        let logarithms = columns
            .iter()
            .map(|column| column.iter().map(|&v| libm::log(v)).collect())
            .collect();
        // Labels that no row has any more are dropped.
        let mut used: Vec<usize> = rows.iter().map(|&row| labels[row]).collect();
        used.sort_unstable();
        used.dedup();
        let new_index = |old: usize| used.partition_point(|&u| u < old);
        Ok(Self {
            logarithms,
            columns,
            target,
            labels: order.iter().map(|&i| new_index(labels[rows[i]])).collect(),
            label_names: used
                .iter()
                .filter_map(|&u| label_names.get(u).cloned())
                .collect(),
            origin: order,
            system,
            target_name,
        })
    }

    /// The same rows with a label each, such as the material or the laboratory.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless there is one label a row; [`Error::EmptyName`] with the row of an empty one.
    pub fn labels<S: Into<String>>(self, labels: impl IntoIterator<Item = S>) -> Result<Self> {
        let given: Vec<String> = labels.into_iter().map(Into::into).collect();
        if given.len() != self.n_rows() {
            return Err(Error::LengthMismatch {
                name: "list of labels".to_owned(),
                expected: self.n_rows(),
                found: given.len(),
            });
        }
        if let Some(row) = given.iter().position(|label| label.trim().is_empty()) {
            return Err(Error::EmptyName { index: row + 1 });
        }
        let mut names = given.clone();
        names.sort_unstable();
        names.dedup();
        let given: Vec<usize> = given
            .iter()
            .map(|label| names.partition_point(|name| name < label))
            .collect();
        let labels: Vec<usize> = self.origin.iter().map(|&row| given[row]).collect();
        let mut rows = vec![0; labels.len()];
        for (here, &row) in self.origin.iter().enumerate() {
            rows[row] = here;
        }
        let (columns, target) = (&self.columns, &self.target);
        Self::arranged(
            self.system,
            self.target_name,
            columns,
            target,
            &names,
            &labels,
            &rows,
        )
    }

    /// The same rows with labels from a column of text.
    ///
    /// # Errors
    ///
    /// Those of [`labels`](Self::labels) and [`Table::text`].
    pub fn labels_from(self, table: &Table, column: &str) -> Result<Self> {
        self.labels(table.text(column)?.iter().cloned())
    }

    /// The rows whose label meets a condition; rows without labels have the label `""`.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewRows`] when fewer than 3 are left; [`Error::ConstantColumn`] when their targets are all equal.
    pub fn filter_labels(&self, mut keep: impl FnMut(&str) -> bool) -> Result<Self> {
        let kept: Vec<bool> = self.label_names.iter().map(|name| keep(name)).collect();
        let unlabeled = self.label_names.is_empty() && keep("");
        let mut rows: Vec<usize> = (0..self.n_rows())
            .filter(|&row| kept.get(self.labels[row]).copied().unwrap_or(unlabeled))
            .collect();
        rows.sort_by_key(|&row| self.origin[row]);
        Self::arranged(
            self.system.clone(),
            self.target_name.clone(),
            &self.columns,
            &self.target,
            &self.label_names,
            &self.labels,
            &rows,
        )
    }

    /// The variables.
    pub const fn system(&self) -> &System {
        &self.system
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.target.len()
    }

    /// What the target is.
    pub fn target_name(&self) -> &str {
        &self.target_name
    }

    /// The target of each row.
    pub fn target(&self) -> Vec<f64> {
        self.in_given_order(&self.target)
    }

    /// The values of a group in each row.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVariables`] for a group of another system.
    pub fn group_values(&self, group: &Group) -> Result<Vec<f64>> {
        let logarithms = self.group_logarithms(group)?;
        let values: Vec<f64> = logarithms.iter().map(|&u| libm::exp(u)).collect();
        Ok(self.in_given_order(&values))
    }

    /// The names of the labels, sorted; none for rows without labels.
    pub fn label_names(&self) -> &[String] {
        &self.label_names
    }

    /// The variables that have one value in all rows. A law on these rows says nothing about them.
    pub fn constant_variables(&self) -> Vec<&str> {
        let columns = self.system.names().iter().zip(&self.columns);
        columns
            .filter(|(_, column)| column.iter().all(|v| v.total_cmp(&column[0]).is_eq()))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// For each row the index of its label in [`label_names`](Self::label_names).
    pub(crate) fn label_indices(&self) -> &[usize] {
        &self.labels
    }

    /// The targets in the order of this struct.
    pub(crate) fn arranged_target(&self) -> &[f64] {
        &self.target
    }

    /// Refuses fewer rows than are needed.
    pub(crate) fn require_rows(&self, needed: usize) -> Result<()> {
        let found = self.n_rows();
        if found < needed {
            return Err(Error::TooFewRows { needed, found });
        }
        Ok(())
    }

    /// The natural logarithms of each variable, in the order of this struct.
    pub(crate) fn logarithms(&self) -> &[Vec<f64>] {
        &self.logarithms
    }

    /// The natural logarithm of a group in each row, in the order of this struct.
    pub(crate) fn group_logarithms(&self, group: &Group) -> Result<Vec<f64>> {
        self.check_group(group)?;
        let mut sum = vec![0.0; self.n_rows()];
        for (column, &exponent) in self.logarithms.iter().zip(group.exponents()) {
            if exponent != 0 {
                for (s, l) in sum.iter_mut().zip(column) {
                    *s += exponent as f64 * l;
                }
            }
        }
        Ok(sum)
    }

    fn check_group(&self, group: &Group) -> Result<()> {
        if group.names() == self.system.names() {
            return Ok(());
        }
        Err(Error::OtherVariables {
            expected: group.names().to_vec(),
            found: self.system.names().to_vec(),
        })
    }

    /// Values a row, from the order of this struct to that of the caller.
    pub(crate) fn in_given_order<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let mut back = vec![0; self.origin.len()];
        for (here, &row) in self.origin.iter().enumerate() {
            back[row] = here;
        }
        back.iter().map(|&here| values[here]).collect()
    }
}

fn check(
    name: &str,
    values: &[f64],
    requirement: &'static str,
    holds: impl Fn(f64) -> bool,
) -> Result<()> {
    match values.iter().position(|&v| !(v.is_finite() && holds(v))) {
        None => Ok(()),
        Some(row) => Err(Error::InvalidValue {
            name: excerpt(name),
            row: Some(row + 1),
            requirement,
            found: values[row],
        }),
    }
}

#[cfg(feature = "serde")]
impl TryFrom<RawData> for LawData {
    type Error = Error;

    fn try_from(raw: RawData) -> Result<Self> {
        let data = Self::new(raw.system, &raw.columns, raw.target_name, &raw.target)?;
        match raw.labels {
            Some(labels) => data.labels(labels),
            None => Ok(data),
        }
    }
}

#[cfg(feature = "serde")]
impl From<LawData> for RawData {
    fn from(data: LawData) -> Self {
        let labels = data.in_given_order(&data.labels);
        let name = |index: usize| data.label_names.get(index).cloned();
        let labels: Option<Vec<String>> = labels.into_iter().map(name).collect();
        let columns = data
            .columns
            .iter()
            .map(|c| data.in_given_order(c))
            .collect();
        Self {
            columns,
            target: data.target(),
            labels,
            target_name: data.target_name,
            system: data.system,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Result<LawData> {
        let system = System::new([("a", "m"), ("b", "m")])?;
        let columns = vec![vec![4.0, 2.0, 3.0, 1.0], vec![1.0, 1.0, 1.0, 1.0]];
        LawData::new(system, &columns, "y", &[0.1, 0.4, 0.2, 0.3])?.labels(["t", "s", "t", "s"])
    }

    #[test]
    fn gives_rows_back_in_the_order_in_which_they_came() -> Result<()> {
        let data = rows()?;
        assert_eq!(data.target(), [0.1, 0.4, 0.2, 0.3]);
        let group = data.system().group(&[("a", 1), ("b", -1)])?;
        for (found, wanted) in data.group_values(&group)?.iter().zip([4.0, 2.0, 3.0, 1.0]) {
            approx::assert_relative_eq!(*found, wanted, max_relative = 1e-15);
        }
        assert_eq!(data.label_names(), ["s", "t"]);
        assert_eq!(data.constant_variables(), ["b"]);
        Ok(())
    }

    #[test]
    fn keeps_the_rows_of_a_label() -> Result<()> {
        let system = System::new([("a", "m"), ("b", "m")])?;
        let columns = vec![vec![5.0, 4.0, 2.0, 3.0, 1.0], vec![1.0; 5]];
        let data = LawData::new(system, &columns, "y", &[0.5, 0.1, 0.4, 0.2, 0.3])?
            .labels(["t", "t", "s", "t", "s"])?;
        let kept = data.filter_labels(|label| label == "t")?;
        assert_eq!(kept.target(), [0.5, 0.1, 0.2]);
        assert_eq!(kept.label_names(), ["t"]);
        assert!(matches!(
            data.filter_labels(|label| label == "s"),
            Err(Error::TooFewRows {
                needed: 3,
                found: 2
            })
        ));
        Ok(())
    }

    #[test]
    fn names_what_is_wrong() -> Result<()> {
        let system = || System::new([("a", "m"), ("b", "m")]);
        let new = |a: [f64; 3], y: Vec<f64>| {
            LawData::new(system()?, &[a.to_vec(), vec![1.0; 3]], "y", &y)
        };
        assert!(matches!(
            new([1.0, 0.0, 2.0], vec![1.0, 2.0, 3.0]),
            Err(Error::InvalidValue { row: Some(2), .. })
        ));
        assert!(matches!(
            new([1.0, f64::NAN, 2.0], vec![1.0, 2.0, 3.0]),
            Err(Error::InvalidValue { row: Some(2), .. })
        ));
        assert!(matches!(
            new([1.0, 1.0, 2.0], vec![1.0, 2.0, f64::INFINITY]),
            Err(Error::InvalidValue { row: Some(3), .. })
        ));
        assert!(matches!(
            new([1.0, 1.0, 2.0], vec![2.0; 3]),
            Err(Error::ConstantColumn { .. })
        ));
        assert!(matches!(
            new([1.0, 1.0, 2.0], vec![2.0; 2]),
            Err(Error::LengthMismatch { .. })
        ));
        assert!(matches!(
            rows()?.labels(["x", "", "y", "z"]),
            Err(Error::EmptyName { index: 2 })
        ));
        Ok(())
    }
}
