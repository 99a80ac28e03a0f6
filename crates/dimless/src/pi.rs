//! Dimensionless groups and their canonical basis.

use std::fmt;
use std::sync::Arc;

use crate::dimension::{Dimension, power_text};
use crate::error::{Error, Result};
use crate::power::integer_power_product;
use crate::rational::Rational;
use crate::table::Table;

/// A product of whole powers of the variables of a [`System`](crate::System).
///
/// It writes itself as `P V^-1 d^-2`, and `1` when all exponents are 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "Vec<(String, i64)>", into = "Vec<(String, i64)>")
)]
pub struct Group {
    names: Arc<[String]>,
    exponents: Vec<i64>,
}

impl Group {
    pub(crate) fn new(names: Arc<[String]>, exponents: Vec<i64>) -> Self {
        debug_assert_eq!(names.len(), exponents.len());
        Self { names, exponents }
    }

    /// The names of all variables of the system, those with the exponent 0 included.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The exponents, in the order of the names.
    pub fn exponents(&self) -> &[i64] {
        &self.exponents
    }

    /// The exponent of one variable; nothing if the system has no such variable.
    pub fn exponent(&self, name: &str) -> Option<i64> {
        let index = self.names.iter().position(|n| n == name)?;
        self.exponents.get(index).copied()
    }

    /// The variables with an exponent other than 0.
    pub fn support(&self) -> impl Iterator<Item = (&str, i64)> {
        let factors = self.names.iter().zip(&self.exponents);
        factors
            .filter(|(_, exponent)| **exponent != 0)
            .map(|(name, exponent)| (name.as_str(), *exponent))
    }

    /// The value of the group, from one value a variable in the order of the names and in consistent units.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for a value that is not finite, or a result that is not
    /// (zero to a negative power, or out of range).
    ///
    /// # Accuracy
    ///
    /// A few units in the last place a factor; intermediate values can neither overflow nor underflow.
    pub fn evaluate(&self, values: &[f64]) -> Result<f64> {
        if values.len() != self.exponents.len() {
            return Err(Error::LengthMismatch {
                name: "list of values".to_owned(),
                expected: self.exponents.len(),
                found: values.len(),
            });
        }
        self.evaluate_row(None, |index| values[index])
    }

    /// The value of the group in each row of a table, whose columns are found by the names of the variables.
    ///
    /// Only variables with an exponent other than 0 need a column. The dimensions of the columns are checked.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`] and [`Error::WrongColumnKind`]; [`Error::NotDimensionless`] when the columns have
    /// other dimensions than the variables; [`Error::InvalidValue`] with the row.
    pub fn evaluate_table(&self, table: &Table) -> Result<Vec<f64>> {
        let mut columns: Vec<&[f64]> = vec![&[]; self.exponents.len()];
        let mut dimension = Dimension::DIMENSIONLESS;
        for (index, name) in self.names.iter().enumerate() {
            let exponent = self.exponents[index];
            if exponent != 0 {
                columns[index] = table.column(name)?;
                dimension = dimension.times(table.dimension(name)?.pow(exponent.into())?)?;
            }
        }
        if !dimension.is_dimensionless() {
            return Err(Error::NotDimensionless {
                product: self.to_string(),
                dimension: Box::new(dimension),
            });
        }
        (0..table.n_rows())
            .map(|row| self.evaluate_row(Some(row + 1), |index| columns[index][row]))
            .collect()
    }

    fn evaluate_row(&self, row: Option<usize>, value: impl Fn(usize) -> f64) -> Result<f64> {
        let used = || (0..self.exponents.len()).filter(|&i| self.exponents[i] != 0);
        for index in used() {
            if !value(index).is_finite() {
                return Err(Error::InvalidValue {
                    name: self.names[index].clone(),
                    row,
                    requirement: "finite",
                    found: value(index),
                });
            }
        }
        let product = integer_power_product(used().map(|i| (value(i), self.exponents[i])));
        if product.is_finite() {
            Ok(product)
        } else {
            Err(Error::InvalidValue {
                name: self.to_string(),
                row,
                requirement: "finite",
                found: product,
            })
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors: Vec<String> = self
            .support()
            .filter_map(|(name, exponent)| power_text(name, Rational::integer(exponent)))
            .collect();
        if factors.is_empty() {
            f.pad("1")
        } else {
            f.pad(&factors.join(" "))
        }
    }
}

impl AsRef<[i64]> for Group {
    fn as_ref(&self) -> &[i64] {
        &self.exponents
    }
}

/// Reads the form that is stored; a name may occur once.
impl TryFrom<Vec<(String, i64)>> for Group {
    type Error = Error;

    fn try_from(powers: Vec<(String, i64)>) -> Result<Self> {
        let dimensionless = |name: &String| (name.clone(), Dimension::DIMENSIONLESS);
        // A system of pure numbers makes the same checks of names.
        crate::System::from_dimensions(powers.iter().map(|(name, _)| dimensionless(name)))?;
        let (names, exponents): (Vec<String>, Vec<i64>) = powers.into_iter().unzip();
        Ok(Self::new(names.into(), exponents))
    }
}

impl From<Group> for Vec<(String, i64)> {
    fn from(group: Group) -> Self {
        group.names.iter().cloned().zip(group.exponents).collect()
    }
}

const OVERFLOW: Error = Error::Overflow {
    operation: "coordinates in the basis",
};

/// The canonical basis of all dimensionless groups of a system; see [`System::pi`](crate::System::pi).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PiBasis {
    names: Arc<[String]>,
    groups: Vec<Group>,
}

impl PiBasis {
    /// The caller guarantees rows in Hermite normal form.
    pub(crate) fn new(names: Arc<[String]>, rows: Vec<Vec<i64>>) -> Self {
        let groups = rows
            .into_iter()
            .map(|exponents| Group::new(Arc::clone(&names), exponents))
            .collect();
        Self { names, groups }
    }

    /// The groups, none when the variables are independent.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub(crate) fn shared_names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The number of groups, $n - r$.
    pub fn n_groups(&self) -> usize {
        self.groups.len()
    }

    /// The rank $r$ of the dimension matrix.
    pub fn rank(&self) -> usize {
        self.names.len() - self.groups.len()
    }

    /// The names of the variables, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The variables that occur in no dimensionless group, such as the mass of a pendulum.
    pub fn unusable_variables(&self) -> Vec<&str> {
        let unused = |index: &usize| self.groups.iter().all(|g| g.exponents[*index] == 0);
        (0..self.names.len())
            .filter(unused)
            .map(|index| self.names[index].as_str())
            .collect()
    }

    /// Whether a product of whole powers is dimensionless, that is, a combination of the basis.
    pub fn contains(&self, exponents: impl AsRef<[i64]>) -> bool {
        matches!(self.coordinates(exponents), Ok(Some(_)))
    }

    /// The powers to which the groups of the basis are raised to give a product of whole powers of the variables;
    /// nothing if the product is not dimensionless.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless there is one exponent a variable; [`Error::Overflow`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::System;
    ///
    /// let system = System::new([("v", "m/s"), ("L", "m"), ("nu", "m^2/s"), ("t", "s")])?;
    /// let basis = system.pi()?;
    /// let reynolds = system.group(&[("v", 1), ("L", 1), ("nu", -1)])?;
    /// let reynolds_squared: Vec<i64> = reynolds.exponents().iter().map(|e| 2 * e).collect();
    /// let (once, twice) = (basis.coordinates(&reynolds)?, basis.coordinates(reynolds_squared)?);
    /// assert_eq!(once.map(|c| c.iter().map(|x| 2 * x).collect::<Vec<_>>()), twice);
    /// assert_eq!(basis.coordinates([1, 0, 0, 0])?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn coordinates(&self, exponents: impl AsRef<[i64]>) -> Result<Option<Vec<i64>>> {
        let exponents = exponents.as_ref();
        if exponents.len() != self.names.len() {
            return Err(Error::LengthMismatch {
                name: "list of exponents".to_owned(),
                expected: self.names.len(),
                found: exponents.len(),
            });
        }
        let mut left: Vec<i128> = exponents.iter().copied().map(i128::from).collect();
        let mut coordinates = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let pivot = group.exponents.iter().position(|&e| e != 0);
            let Some(pivot) = pivot else {
                return Ok(None);
            };
            let divisor = i128::from(group.exponents[pivot]);
            if left[pivot] % divisor != 0 {
                return Ok(None);
            }
            let factor = left[pivot] / divisor;
            for (value, exponent) in left.iter_mut().zip(&group.exponents) {
                *value = factor
                    .checked_mul(i128::from(*exponent))
                    .and_then(|product| value.checked_sub(product))
                    .ok_or(OVERFLOW)?;
            }
            coordinates.push(i64::try_from(factor).map_err(|_| OVERFLOW)?);
        }
        Ok(left.iter().all(|&v| v == 0).then_some(coordinates))
    }
}
