//! Fits any subset of the constants of one whole expression, by Levenberg-Marquardt.
//!
//! Where [`ConstantFit`](crate::ConstantFit) finds the optimum of a structure from afar, this one
//! stays near an optimum that is known: for intervals of constants, for resampled rows, for laws
//! some of whose constants are held at a round number.

use crate::kernel::workspace::{BLOCK, Columns, Workspace};
use crate::linear::{dot, solve_cholesky};
use crate::{Data, Error, Expression, Result};

/// Relative error below which a fit of noise-free data counts as exact, as in the criteria.
const NOISE_FLOOR: f64 = 1e-13;

/// A residual sum of squares no smaller than rounding leaves it.
pub(crate) fn floored_sse(sse: f64, target: &[f64]) -> f64 {
    let mean_square = dot(target, target) / target.len() as f64;
    sse.max(target.len() as f64 * NOISE_FLOOR * NOISE_FLOOR * mean_square)
}

/// Columns of `data` in the order of `names`; zeros where the expression does not look.
pub(crate) fn columns_of<S: AsRef<str>>(
    expression: &Expression,
    names: &[S],
    data: &Data,
) -> Result<Vec<Vec<f64>>> {
    expression.check_variables(names.len())?;
    let mut columns = vec![vec![0.0; data.n_rows()]; names.len()];
    for index in expression.variables() {
        columns[index] = data.column(names[index].as_ref())?.to_vec();
    }
    Ok(columns)
}

/// Fits constants of one expression after another to the same rows.
#[derive(Debug)]
pub(crate) struct Refit<'a> {
    columns: &'a [Vec<f64>],
    target: Vec<f64>,
    /// Square roots of the weights of the rows; empty for equal weights.
    root_weights: Vec<f64>,
    workspace: Workspace,
    residual: Vec<f64>,
    jacobian: Vec<Vec<f64>>,
}

impl<'a> Refit<'a> {
    pub(crate) fn new(columns: &'a [Vec<f64>], target: &[f64]) -> Self {
        Self {
            columns,
            target: target.to_vec(),
            root_weights: Vec::new(),
            workspace: Workspace::default(),
            residual: vec![0.0; target.len()],
            jacobian: Vec::new(),
        }
    }

    /// As [`new`](Self::new), with the weights of the rows.
    pub(crate) fn of_data(columns: &'a [Vec<f64>], data: &Data) -> Self {
        Self::with_root_weights(columns, data.target(), &data.root_weights())
    }

    /// As [`new`](Self::new), with square roots of weights; none stands for equal weights.
    pub(crate) fn with_root_weights(
        columns: &'a [Vec<f64>],
        target: &[f64],
        root_weights: &[f64],
    ) -> Self {
        Self {
            root_weights: root_weights.to_vec(),
            ..Self::new(columns, target)
        }
    }

    pub(crate) fn set_target(&mut self, target: &[f64]) {
        self.target.clear();
        self.target.extend_from_slice(target);
    }

    pub(crate) fn set_weights(&mut self, weights: &[f64]) {
        self.root_weights.clear();
        self.root_weights.extend(weights.iter().map(|w| w.sqrt()));
    }

    /// Weighted residual sum of squares; `None` where a value is not finite on a row that counts.
    pub(crate) fn sse(&mut self, expression: &Expression) -> Option<f64> {
        let columns = Columns::new(self.columns);
        self.workspace
            .fill(expression.tokens(), columns, &mut self.residual);
        self.sum()
    }

    /// As [`sse`](Self::sse) if that is below a bound, else `None`, as soon as a part of the rows shows it.
    fn sse_below(&mut self, expression: &Expression, bound: f64) -> Option<f64> {
        if self.target.len() <= BLOCK {
            return self.sse(expression).filter(|sse| *sse < bound);
        }
        let columns = Columns::new(self.columns);
        let (target, weights) = (&self.target, &self.root_weights);
        // The order of the sum is another one: what is near the bound is left to the whole.
        let limit = bound * (1.0 + 1e-9);
        let mut partial = 0.0;
        self.workspace.blocks(
            expression.tokens(),
            columns,
            &mut self.residual,
            |start, values| {
                for (i, (v, y)) in (start..).zip(values.iter().zip(&target[start..])) {
                    let weight = weights.get(i).copied().unwrap_or(1.0);
                    if weight != 0.0 {
                        partial += (weight * (y - v)) * (weight * (y - v));
                    }
                }
                partial <= limit
            },
        );
        if partial.is_nan() || partial > limit {
            return None;
        }
        self.sum().filter(|sse| *sse < bound)
    }

    /// From values to residuals and the sum of their squares.
    fn sum(&mut self) -> Option<f64> {
        for (r, y) in self.residual.iter_mut().zip(&self.target) {
            *r = y - *r;
        }
        self.weigh();
        let sse = dot(&self.residual, &self.residual);
        sse.is_finite().then_some(sse)
    }

    /// Residuals of the last call of [`sse`](Self::sse).
    pub(crate) fn residual(&self) -> &[f64] {
        &self.residual
    }

    fn weigh(&mut self) {
        for (r, w) in self.residual.iter_mut().zip(&self.root_weights) {
            // A row that was not drawn may be undefined.
            *r = if *w == 0.0 { 0.0 } else { *r * w };
        }
    }

    /// Derivatives of the values by each constant, in postfix order, one column a constant; slopes
    /// that overflow count as zero.
    pub(crate) fn jacobian(&mut self, expression: &Expression) -> &mut [Vec<f64>] {
        let count = expression.constant_count();
        self.jacobian.resize_with(count, Vec::new);
        let mut values = vec![0.0; self.target.len()];
        self.workspace.evaluate_with_constants(
            expression.tokens(),
            Columns::new(self.columns),
            &mut values,
            &mut self.jacobian,
        );
        for column in &mut self.jacobian {
            for v in column.iter_mut() {
                if !v.is_finite() {
                    *v = 0.0;
                }
            }
            for (v, w) in column.iter_mut().zip(&self.root_weights) {
                *v *= w;
            }
        }
        &mut self.jacobian
    }

    /// Moves the free constants of `expression` to the nearest minimum. Returns the residual sum of
    /// squares, or `None` if the expression is not finite to begin with.
    pub(crate) fn fit(
        &mut self,
        expression: &mut Expression,
        free: &[bool],
        max_iterations: usize,
    ) -> Option<f64> {
        let mut current = self.sse(expression)?;
        let mut theta: Vec<f64> = expression.constants().collect();
        let moving: Vec<usize> = (0..theta.len()).filter(|&i| free[i]).collect();
        if moving.is_empty() {
            return Some(current);
        }
        let mut damping = 1e-3;
        let mut iterations = 0;
        'accepted: while iterations < max_iterations {
            let residual = self.residual.clone();
            let jacobian = self.jacobian(expression);
            let scale: Vec<f64> = moving
                .iter()
                .map(|&i| {
                    let size = dot(&jacobian[i], &jacobian[i]).sqrt();
                    if size > 0.0 && size.is_finite() {
                        size
                    } else {
                        1.0
                    }
                })
                .collect();
            let normal: Vec<Vec<f64>> = moving
                .iter()
                .zip(&scale)
                .map(|(&i, si)| {
                    moving
                        .iter()
                        .zip(&scale)
                        .map(|(&j, sj)| dot(&jacobian[i], &jacobian[j]) / (si * sj))
                        .collect()
                })
                .collect();
            let gradient: Vec<f64> = moving
                .iter()
                .zip(&scale)
                .map(|(&i, s)| dot(&jacobian[i], &residual) / s)
                .collect();
            while iterations < max_iterations {
                iterations += 1;
                let mut matrix = normal.clone();
                for (i, row) in matrix.iter_mut().enumerate() {
                    row[i] += damping;
                }
                let mut step = gradient.clone();
                let mut trial = theta.clone();
                if solve_cholesky(&mut matrix, &mut step) {
                    for ((&i, s), size) in moving.iter().zip(&step).zip(&scale) {
                        trial[i] += s / size;
                    }
                }
                let usable = trial.iter().all(|t| t.is_finite());
                if usable {
                    expression.set_constants(&mut trial.iter().copied());
                    if let Some(sse) = self.sse_below(expression, current) {
                        let gain = 1.0 - sse / current;
                        theta = trial;
                        current = sse;
                        damping = (damping * 0.1).max(1e-15);
                        if gain < 1e-15 || current == 0.0 {
                            break 'accepted;
                        }
                        continue 'accepted;
                    }
                }
                damping *= 10.0;
                if damping > 1e8 {
                    break 'accepted;
                }
            }
        }
        expression.set_constants(&mut theta.iter().copied());
        // The residuals belong to the last trial, which may have been refused.
        self.sse(expression)
    }
}

/// `expression` with finite values on all rows of `data`, or the error that names the first
/// without.
pub(crate) fn check_finite<S: AsRef<str>>(
    expression: &Expression,
    names: &[S],
    columns: &[Vec<f64>],
    n_rows: usize,
) -> Result<Vec<f64>> {
    let mut values = vec![0.0; n_rows];
    match Workspace::default().evaluate(expression.tokens(), Columns::new(columns), &mut values) {
        None => Ok(values),
        Some(row) => Err(Error::InvalidModel {
            expression: expression.to_infix(names)?,
            row,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn moves_only_what_is_free() -> Result<()> {
        let x: Vec<f64> = (0..30).map(|i| 0.1 * f64::from(i)).collect();
        let y: Vec<f64> = x.iter().map(|v| 2.0 + 3.0 * (-0.7 * v).exp()).collect();
        let columns = [x];
        let mut fit = Refit::new(&columns, &y);
        let mut law = Expression::parse("1.9+2.5*exp(-0.5*x)", &["x"])?;
        let sse = fit.fit(&mut law, &[true; 3], 100).unwrap();
        assert!(sse < 1e-25, "{sse}");
        for (found, expected) in law.constants().zip([2.0, 3.0, -0.7]) {
            assert_relative_eq!(found, expected, max_relative = 1e-10);
        }
        let mut held = Expression::parse("1.9+2.5*exp(-0.5*x)", &["x"])?;
        let sse = fit.fit(&mut held, &[true, true, false], 100).unwrap();
        assert!(sse > 1e-3);
        assert_relative_eq!(held.constants().nth(2).unwrap(), -0.5);
        Ok(())
    }

    #[test]
    fn a_sum_above_the_bound_is_refused_and_one_below_is_the_whole_sum() -> Result<()> {
        let columns = [(0..5000).map(f64::from).collect::<Vec<f64>>()];
        let y: Vec<f64> = columns[0]
            .iter()
            .map(|x| 2.0 * x + f64::from(*x > 4000.0))
            .collect();
        let law = Expression::parse("2*x", &["x"])?;
        let mut fit = Refit::new(&columns, &y);
        assert_eq!(fit.sse(&law), Some(999.0));
        assert_eq!(fit.sse_below(&law, 999.5), Some(999.0));
        assert_eq!(fit.sse_below(&law, 999.0), None);
        assert_eq!(fit.sse_below(&law, 10.0), None);
        assert_eq!(
            fit.sse_below(&Expression::parse("1/x", &["x"])?, 1e300),
            None
        );
        Ok(())
    }

    #[test]
    fn rows_of_weight_zero_do_not_count() -> Result<()> {
        let columns = [vec![1.0, 2.0, 3.0, 0.0]];
        let mut fit = Refit::new(&columns, &[1.0, 0.5, 1.0 / 3.0, 9.0]);
        fit.set_weights(&[1.0, 2.0, 1.0, 0.0]);
        let mut law = Expression::parse("2/x", &["x"])?;
        let sse = fit.fit(&mut law, &[true], 50).unwrap();
        assert!(sse < 1e-28);
        assert_relative_eq!(law.constants().next().unwrap(), 1.0, max_relative = 1e-12);
        Ok(())
    }
}
