//! Standardization, fitted on the train part only.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::error::{Error, Result, finite, same_length};

/// Mean and standard deviation of each column, from chosen rows.
///
/// It reads only the rows it is given, so that nothing of a test part can enter. The standard deviation is that of the population
/// (divisor n).
///
/// # Examples
/// ```
/// use meltpool_ml::Scaler;
/// use ndarray::array;
///
/// let values = array![[1.0, 10.0], [3.0, 30.0], [1e9, 1e9]];
/// let scaler = Scaler::fit(&values.view(), &[0, 1])?;
/// assert_eq!(scaler.mean().to_vec(), [2.0, 20.0]);
/// assert_eq!(scaler.apply(&values.view())?[[1, 1]], 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scaler {
    mean: Array1<f64>,
    standard_deviation: Array1<f64>,
}

impl Scaler {
    /// Mean and standard deviation of the given rows.
    ///
    /// # Errors
    /// [`Error::TooFewSamples`] without rows, [`Error::NonFinite`] for values that are no numbers, [`Error::Constant`] for a column
    /// that does not vary in these rows.
    ///
    /// # Panics
    /// If a row lies outside the table.
    pub fn fit(values: &ArrayView2<f64>, rows: &[usize]) -> Result<Self> {
        if rows.is_empty() {
            return Err(Error::TooFewSamples {
                purpose: "a scaler",
                needed: 1,
                found: 0,
            });
        }
        finite("the scaled table", rows.iter().map(|row| values.row(*row)))?;
        let part = values.select(Axis(0), rows);
        let n = rows.len() as f64;
        let mean = part.sum_axis(Axis(0)) / n;
        let standard_deviation = (&part - &mean)
            .mapv(|v| v * v)
            .sum_axis(Axis(0))
            .mapv(|sum| (sum / n).sqrt());
        for (column, (std, mean)) in standard_deviation.iter().zip(&mean).enumerate() {
            if *std <= f64::EPSILON * mean.abs() {
                return Err(Error::Constant {
                    what: "the scaled table",
                    column,
                    value: *mean,
                });
            }
        }
        Ok(Self {
            mean,
            standard_deviation,
        })
    }

    /// One mean and standard deviation for all columns together, as for windows of one signal.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    ///
    /// # Panics
    /// As [`fit`](Self::fit).
    pub fn fit_shared(values: &ArrayView2<f64>, rows: &[usize]) -> Result<Self> {
        let flat: Array2<f64> = {
            let part = values.select(Axis(0), rows);
            let n = part.len();
            part.into_shape_with_order((n, 1))
                .map_err(|_| Error::TooFewSamples {
                    purpose: "a scaler",
                    needed: 1,
                    found: 0,
                })?
        };
        let all: Vec<usize> = (0..flat.nrows()).collect();
        let one = Self::fit(&flat.view(), &all)?;
        let n = values.ncols();
        Ok(Self {
            mean: Array1::from_elem(n, one.mean[0]),
            standard_deviation: Array1::from_elem(n, one.standard_deviation[0]),
        })
    }

    /// Mean of each column.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// Standard deviation of each column.
    pub fn standard_deviation(&self) -> &Array1<f64> {
        &self.standard_deviation
    }

    /// $(x - \mu)/\sigma$ of each column.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of columns.
    pub fn apply(&self, values: &ArrayView2<f64>) -> Result<Array2<f64>> {
        same_length("the scaled table", self.mean.len(), values.ncols())?;
        Ok((values - &self.mean) / &self.standard_deviation)
    }

    /// $x\sigma + \mu$ of each column.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn invert(&self, values: &ArrayView2<f64>) -> Result<Array2<f64>> {
        same_length("the scaled table", self.mean.len(), values.ncols())?;
        Ok(values * &self.standard_deviation + &self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_poisoned_test_part_changes_nothing() -> Result<()> {
        let clean = array![[1.0, 2.0], [4.0, 3.0], [2.0, 9.0], [7.0, 7.0]];
        let mut poisoned = clean.clone();
        poisoned.row_mut(3).fill(1e9);
        let train = [0, 1, 2];
        let a = Scaler::fit(&clean.view(), &train)?;
        assert_eq!(a, Scaler::fit(&poisoned.view(), &train)?);
        let shared = Scaler::fit_shared(&clean.view(), &train)?;
        assert_eq!(shared, Scaler::fit_shared(&poisoned.view(), &train)?);
        assert_eq!(shared.mean()[0], 3.5);
        Ok(())
    }

    #[test]
    fn scaling_and_back_is_the_identity() -> Result<()> {
        let values = array![[1.0, -2.0], [4.0, 3.0], [2.0, 9.0]];
        let scaler = Scaler::fit(&values.view(), &[0, 1, 2])?;
        let back = scaler.invert(&scaler.apply(&values.view())?.view())?;
        for (a, b) in back.iter().zip(&values) {
            approx::assert_relative_eq!(a, b, epsilon = 1e-14);
        }
        Ok(())
    }

    #[test]
    fn constant_columns_and_nan_are_refused() {
        let constant = array![[1.0, 5.0], [2.0, 5.0]];
        assert!(matches!(
            Scaler::fit(&constant.view(), &[0, 1]),
            Err(Error::Constant { column: 1, .. })
        ));
        let nan = array![[1.0, f64::NAN], [2.0, 5.0]];
        assert!(matches!(
            Scaler::fit(&nan.view(), &[0, 1]),
            Err(Error::NonFinite {
                sample: 0,
                position: 1,
                ..
            })
        ));
        assert!(matches!(
            Scaler::fit(&constant.view(), &[]),
            Err(Error::TooFewSamples { .. })
        ));
    }
}
