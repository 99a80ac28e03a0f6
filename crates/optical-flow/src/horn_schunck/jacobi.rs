//! The iteration of Horn and Schunck itself, in double precision, with a nine-point mean.

use crate::convergence::{Convergence, StopReason};

/// One linearization, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) ix: Vec<f64>,
    pub(crate) iy: Vec<f64>,
    /// $c = I_t - I_x u_0 - I_y v_0$.
    pub(crate) c: Vec<f64>,
}

/// When the sweeps end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) alpha: f64,
    pub(crate) tolerance: f64,
    pub(crate) max_sweeps: usize,
}

/// The nine-point mean of a row: 1/6 of each edge neighbor, 1/12 of each corner, the border repeated.
fn mean_row(field: &[f64], rows: usize, columns: usize, y: usize, padded: &mut [Vec<f64>; 3], out: &mut [f64]) {
    for (k, padded) in padded.iter_mut().enumerate() {
        let row = (y + k).saturating_sub(1).min(rows - 1);
        let row = &field[row * columns..][..columns];
        padded.resize(columns + 2, 0.0);
        padded[1..=columns].copy_from_slice(row);
        padded[0] = row[0];
        padded[columns + 1] = row[columns - 1];
    }
    let [above, here, below] = padded;
    for x in 0..columns {
        let edges = ((above[x + 1] + below[x + 1]) + here[x]) + here[x + 2];
        let corners = ((above[x] + above[x + 2]) + below[x]) + below[x + 2];
        out[x] = edges / 6.0 + corners / 12.0;
    }
}

impl Problem {
    /// Sweeps until $\lVert\Delta u\rVert/\lVert u\rVert$ falls below the tolerance; a field of zero never meets the rule.
    pub(crate) fn solve(
        &self,
        u: &mut Vec<f64>,
        v: &mut Vec<f64>,
        rule: Rule,
        mut observe: impl FnMut(usize, f64, &[f64], &[f64]),
    ) -> Convergence {
        let (rows, columns) = (self.rows, self.columns);
        let mut next = (vec![0.0; u.len()], vec![0.0; v.len()]);
        let mut padded = [Vec::new(), Vec::new(), Vec::new()];
        let (mut mean_u, mut mean_v) = (vec![0.0; columns], vec![0.0; columns]);
        let square = rule.alpha * rule.alpha;
        let mut result = Convergence {
            reason: StopReason::MaxIterations,
            iterations: 0,
            residual: f64::NAN,
            update: None,
            tolerance: rule.tolerance,
        };
        for sweep in 1..=rule.max_sweeps {
            let (mut change, mut size) = (0.0, 0.0);
            for y in 0..rows {
                mean_row(u, rows, columns, y, &mut padded, &mut mean_u);
                mean_row(v, rows, columns, y, &mut padded, &mut mean_v);
                let at = y * columns;
                for x in 0..columns {
                    let i = at + x;
                    let (ix, iy) = (self.ix[i], self.iy[i]);
                    let t = (ix * mean_u[x] + iy * mean_v[x] + self.c[i])
                        / (square + ix * ix + iy * iy);
                    let (a, b) = (mean_u[x] - ix * t, mean_v[x] - iy * t);
                    change += (a - u[i]).powi(2) + (b - v[i]).powi(2);
                    size += u[i] * u[i] + v[i] * v[i];
                    next.0[i] = a;
                    next.1[i] = b;
                }
            }
            std::mem::swap(u, &mut next.0);
            std::mem::swap(v, &mut next.1);
            result.iterations = sweep;
            let update = if size > 0.0 {
                (change / size).sqrt()
            } else if change == 0.0 {
                // nothing moves, and nothing ever will
                0.0
            } else {
                f64::INFINITY
            };
            result.update = Some(update);
            observe(sweep, update, u, v);
            if update < rule.tolerance || (size == 0.0 && change == 0.0) {
                result.reason = if size == 0.0 { StopReason::Exact } else { StopReason::Tolerance };
                break;
            }
        }
        result.residual = self.residual(u, v, rule.alpha);
        result
    }

    /// $\lVert b - Ax\rVert/\lVert b\rVert$ of $\alpha^2(u - \bar u) + I_x(I_x u + I_y v) = -I_x c$, likewise for $v$.
    pub(crate) fn residual(&self, u: &[f64], v: &[f64], alpha: f64) -> f64 {
        let (rows, columns) = (self.rows, self.columns);
        let mut padded = [Vec::new(), Vec::new(), Vec::new()];
        let (mut mean_u, mut mean_v) = (vec![0.0; columns], vec![0.0; columns]);
        let (mut sum, mut norm) = (0.0, 0.0);
        let square = alpha * alpha;
        for y in 0..rows {
            mean_row(u, rows, columns, y, &mut padded, &mut mean_u);
            mean_row(v, rows, columns, y, &mut padded, &mut mean_v);
            for x in 0..columns {
                let i = y * columns + x;
                let (ix, iy, c) = (self.ix[i], self.iy[i], self.c[i]);
                let e = ix * u[i] + iy * v[i] + c;
                sum += (square * (mean_u[x] - u[i]) - ix * e).powi(2)
                    + (square * (mean_v[x] - v[i]) - iy * e).powi(2);
                norm += c * c * (ix * ix + iy * iy);
            }
        }
        if norm > 0.0 { (sum / norm).sqrt() } else { 0.0 }
    }
}
