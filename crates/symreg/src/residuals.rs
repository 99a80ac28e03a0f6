//! A law row by row.

use std::fmt::Write as _;

use crate::export::predict;
use crate::{Data, Expression, Model, Result};

/// Measured and predicted values of each row of a table, and what their differences say.
///
/// # Examples
///
/// ```
/// use symreg::{Data, Expression, ResidualTable};
/// let data = Data::from_columns([("x", vec![1.0, 2.0, 3.0])], ("y", vec![2.0, 4.5, 5.5]))?;
/// let table = ResidualTable::of(&Expression::parse("2*x", &["x"])?, &["x"], &data)?;
/// assert_eq!(table.residuals(), [0.0, 0.5, -0.5]);
/// assert_eq!(table.error_curve()[1], (0.5, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ResidualTable {
    measured: Vec<f64>,
    predicted: Vec<f64>,
    residuals: Vec<f64>,
}

impl ResidualTable {
    /// The table of an expression on the rows of `data`, whose columns are found by name.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`](crate::Error::VariableOutOfRange);
    /// [`Error::UnknownColumn`](crate::Error::UnknownColumn) if `data` lacks a column that the law
    /// uses.
    pub fn of<S: AsRef<str>>(expression: &Expression, names: &[S], data: &Data) -> Result<Self> {
        let predicted = predict(expression, names, data)?;
        let residuals = data
            .target()
            .iter()
            .zip(&predicted)
            .map(|(y, f)| y - f)
            .collect();
        Ok(Self {
            measured: data.target().to_vec(),
            predicted,
            residuals,
        })
    }

    /// The table of a fitted law.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn of_model(model: &Model, data: &Data) -> Result<Self> {
        Self::of(&model.expression(), model.names(), data)
    }

    /// The target.
    #[must_use]
    pub fn measured(&self) -> &[f64] {
        &self.measured
    }

    /// What the law gives; NaN or infinite where it is undefined.
    #[must_use]
    pub fn predicted(&self) -> &[f64] {
        &self.predicted
    }

    /// Measured less predicted.
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// The `count` rows with the largest absolute residuals, largest first; undefined ones before
    /// all others.
    #[must_use]
    pub fn worst(&self, count: usize) -> Vec<usize> {
        let size = |i: usize| {
            let r = self.residuals[i].abs();
            if r.is_nan() { f64::INFINITY } else { r }
        };
        let mut rows: Vec<usize> = (0..self.residuals.len()).collect();
        rows.sort_by(|&i, &j| size(j).total_cmp(&size(i)).then(i.cmp(&j)));
        rows.truncate(count);
        rows
    }

    /// The regression error characteristic: for each absolute error that occurs, ascending, the share
    /// of rows with at most that error. Rows where the law is undefined are in no share. Bi and Bennett 2003.
    #[must_use]
    pub fn error_curve(&self) -> Vec<(f64, f64)> {
        let mut errors: Vec<f64> = self
            .residuals
            .iter()
            .map(|r| r.abs())
            .filter(|r| r.is_finite())
            .collect();
        errors.sort_by(f64::total_cmp);
        let n = self.residuals.len() as f64;
        let mut curve: Vec<(f64, f64)> = Vec::with_capacity(errors.len());
        for (i, error) in errors.iter().enumerate() {
            let share = (i + 1) as f64 / n;
            match curve.last_mut() {
                Some(last) if last.0 >= *error => last.1 = share,
                _ => curve.push((*error, share)),
            }
        }
        curve
    }

    /// The Durbin-Watson statistic of the residuals in the order of rising prediction: about 2 for
    /// residuals without a trend, toward 0 where the law misses a bend. NaN where it is undefined. Durbin and Watson 1950,
    /// doi 10.1093/biomet/37.3-4.409.
    #[must_use]
    pub fn durbin_watson(&self) -> f64 {
        let mut order: Vec<usize> = (0..self.residuals.len()).collect();
        order.sort_by(|&i, &j| self.predicted[i].total_cmp(&self.predicted[j]));
        let steps: f64 = order
            .windows(2)
            .map(|w| {
                let d = self.residuals[w[1]] - self.residuals[w[0]];
                d * d
            })
            .sum();
        steps / self.residuals.iter().map(|r| r * r).sum::<f64>()
    }

    /// The table as CSV: row from 0, measured, predicted, residual, all digits.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = String::from("row,measured,predicted,residual\n");
        for (i, ((y, f), r)) in self
            .measured
            .iter()
            .zip(&self.predicted)
            .zip(&self.residuals)
            .enumerate()
        {
            let _ = writeln!(text, "{i},{y},{f},{r}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(measured: &[f64], law: &str) -> Result<ResidualTable> {
        let x = (0..measured.len()).map(|i| i as f64).collect();
        let data = Data::from_columns([("x", x)], ("y", measured.to_vec()))?;
        ResidualTable::of(&Expression::parse(law, &["x"])?, &["x"], &data)
    }

    #[test]
    fn the_error_curve_counts_ties_once_and_undefined_rows_never() -> Result<()> {
        let found = table(&[1.0, 2.0, 1.0, 3.0], "1/x*x")?;
        assert!(found.residuals()[0].is_nan());
        assert_eq!(found.error_curve(), [(0.0, 0.25), (1.0, 0.5), (2.0, 0.75)]);
        assert_eq!(found.worst(2), [0, 3]);
        assert!(found.to_csv().contains("\n3,3,1,2\n"));
        Ok(())
    }

    #[test]
    fn a_missed_bend_shows_in_the_order_of_residuals() -> Result<()> {
        let bend: Vec<f64> = (0..20).map(|i| f64::from(i * i)).collect();
        assert!(table(&bend, "19*x-57")?.durbin_watson() < 0.7);
        let zigzag: Vec<f64> = (0..20)
            .map(|i| f64::from(i) + f64::from(i % 2) - 0.5)
            .collect();
        assert!(table(&zigzag, "x")?.durbin_watson() > 3.5);
        Ok(())
    }
}
