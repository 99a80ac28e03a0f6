//! Sums of two curves, fitted.

use super::shape::{Curve, Shape};
use crate::linear::{damped, dot};

const MAX_ITERATIONS: usize = 60;
/// Largest effect of one group over the rows, in that of the target.
const LARGEST_EFFECT: f64 = 10.0;

/// A sum of a constant and two curves.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Sum {
    pub(crate) shapes: [Shape; 2],
    pub(crate) constants: [f64; 3],
    /// Weighted sum of squared residuals.
    pub(crate) ssr: f64,
}

impl Sum {
    /// The constants that fit these curves best.
    pub(super) fn of(
        shapes: [Shape; 2],
        u: [&[f64]; 2],
        y: &[f64],
        weights: &[f64],
        roots: &[f64],
    ) -> Option<Self> {
        let curve = |k: usize| -> Vec<f64> {
            let rows = u[k].iter().zip(roots);
            rows.map(|(&u, root)| root * shapes[k].at(u)).collect()
        };
        let right: Vec<f64> = y.iter().zip(roots).map(|(y, root)| root * y).collect();
        let columns = [roots.to_vec(), curve(0), curve(1)];
        let c = damped(&columns, &right, &[0.0; 3]);
        // Two curves that nearly cancel each other describe no causes, and go anywhere beyond the rows.
        let spread = |values: &[f64]| {
            let counted = values.iter().zip(roots).filter(|(_, root)| **root > 0.0);
            let ends = counted.fold((f64::INFINITY, f64::NEG_INFINITY), |ends, (v, root)| {
                (ends.0.min(v / root), ends.1.max(v / root))
            });
            ends.1 - ends.0
        };
        let most = LARGEST_EFFECT * spread(&right);
        if (1..3).any(|k| c[k].abs() * spread(&columns[k]) > most) {
            return None;
        }
        let mut sum = Self {
            shapes,
            constants: [c[0], c[1], c[2]],
            ssr: 0.0,
        };
        sum.ssr = sum.squares(u, y, weights);
        (sum.ssr.is_finite() && c[1] != 0.0 && c[2] != 0.0).then_some(sum)
    }

    pub(crate) fn at(&self, u: [f64; 2]) -> f64 {
        let [c, a, b] = self.constants;
        c + a * self.shapes[0].at(u[0]) + b * self.shapes[1].at(u[1])
    }

    fn squares(&self, u: [&[f64]; 2], y: &[f64], weights: &[f64]) -> f64 {
        let squared = |row: usize| {
            let residual = y[row] - self.at([u[0][row], u[1][row]]);
            weights[row] * residual * residual
        };
        (0..y.len()).map(squared).sum()
    }
}

/// Damped Gauss-Newton steps in all constants at once; they never make the fit worse.
pub(super) fn refine(start: Sum, u: [&[f64]; 2], y: &[f64], weights: &[f64], roots: &[f64]) -> Sum {
    let mut best = start;
    let mut damping = 1e-2;
    let n_free = best.shapes[0].n_free();
    if n_free == 0 {
        return best;
    }
    for _ in 0..MAX_ITERATIONS {
        let curves = [0, 1].map(|k| -> Vec<Curve> {
            u[k].iter()
                .map(|&u| best.shapes[k].derivatives(u))
                .collect()
        });
        let weighted = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..y.len()).map(|row| roots[row] * value(row)).collect()
        };
        let mut columns = vec![roots.to_vec()];
        columns.extend(curves.iter().map(|curve| weighted(&|row| curve[row].value)));
        for (curve, constant) in curves.iter().zip(&best.constants[1..]) {
            for k in 0..n_free {
                columns.push(weighted(&|row| constant * curve[row].by_constant[k]));
            }
        }
        let right = weighted(&|row| y[row] - best.at([u[0][row], u[1][row]]));
        let mut lambda = vec![damping; columns.len()];
        lambda[..3].fill(0.0);
        let free: Vec<(f64, f64, f64)> =
            best.shapes.iter().flat_map(|shape| shape.free()).collect();
        // A constant at an end of its range that would leave it stays, and the others are solved for without it.
        let mut step = damped(&columns, &right, &lambda);
        for _ in 0..free.len() {
            let leaving = free.iter().enumerate().find(|(k, (value, low, high))| {
                let change = step[3 + k];
                (*value <= *low && change < 0.0) || (*value >= *high && change > 0.0)
            });
            let Some((k, _)) = leaving else { break };
            columns[3 + k].fill(0.0);
            step = damped(&columns, &right, &lambda);
        }
        let shapes = [0, 1].map(|k| best.shapes[k].moved(&step[3 + k * n_free..]));
        let next = Sum::of(shapes, u, y, weights, roots).filter(|next| next.ssr < best.ssr);
        match next {
            Some(next) => {
                let gain = best.ssr - next.ssr;
                best = next;
                damping = (damping * 0.3).max(1e-8);
                if gain <= 1e-12 * best.ssr {
                    break;
                }
            }
            None if damping > 1e6 => break,
            None => damping *= 4.0,
        }
    }
    best
}

/// Weighted values less their mean, of unit length; nothing where those that count are all the same or out of range.
pub(super) fn unit(mut values: Vec<f64>, weights: &[f64], roots: &[f64]) -> Option<Vec<f64>> {
    let mean = dot(&values, weights) / weights.iter().sum::<f64>();
    let size = values.iter().fold(0.0_f64, |s, v| s.max(v.abs()));
    for (value, root) in values.iter_mut().zip(roots) {
        *value = root * (*value - mean);
    }
    let norm = libm::sqrt(dot(&values, &values));
    if !(norm.is_finite() && norm > 1e-9 * size) {
        return None;
    }
    for value in &mut values {
        *value /= norm;
    }
    Some(values)
}

/// $R^2$ of two curves together, from their correlations with the target and with each other; nothing where they are one.
pub(super) fn explained(a: f64, b: f64, between: f64) -> Option<f64> {
    let free = 1.0 - between * between;
    (free > 1e-8).then(|| (a * a + b * b - 2.0 * a * b * between) / free)
}
