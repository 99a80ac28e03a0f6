//! Fits that minimize another loss than squares.

use super::{Fitter, Outcome};
use crate::expression::Expression;
use crate::loss::Loss;

/// Most steps of reweighted least squares.
const REWEIGHTINGS: usize = 100;

impl Fitter<'_> {
    /// Iteratively reweighted least squares from a least-squares fit, `roots` being those of the rows' own
    /// weights.
    pub(super) fn reweighted(
        &mut self,
        genes: &mut [Expression],
        start: Outcome,
        roots: &[f64],
        max_iterations: usize,
        tolerance: f64,
    ) -> Result<Outcome, usize> {
        let target = self.data.target();
        let own = |row: usize| roots.get(row).map_or(1.0, |r| r * r);
        let mut best = start;
        let mut residual = self.residuals(genes, &best.coefficients)?;
        let total = |residual: &[f64], loss: &Loss| -> f64 {
            let rows = residual.iter().enumerate();
            2.0 * rows.map(|(i, r)| own(i) * loss.value(*r)).sum::<f64>()
        };
        best.sse = total(&residual, &self.loss);
        // Residuals this small are rounding of the target.
        let least = 1e-8 * (self.data.total_sum_of_squares() / target.len() as f64).sqrt();
        for _ in 0..REWEIGHTINGS {
            self.root_weights = residual
                .iter()
                .enumerate()
                .map(|(i, r)| (own(i) * self.loss.weight(*r, least)).max(0.0).sqrt())
                .collect();
            self.bottoms = residual
                .iter()
                .map(|r| self.loss.bottom(*r, least))
                .collect();
            let mut trial = genes.to_vec();
            let fitted = self.fit_squares(&mut trial, max_iterations, tolerance);
            self.bottoms.clear();
            let Ok(mut next) = fitted else {
                break;
            };
            let Ok(left) = self.residuals(&trial, &next.coefficients) else {
                break;
            };
            next.sse = total(&left, &self.loss);
            if next.sse.is_nan() || next.sse >= best.sse {
                break;
            }
            let gain = 1.0 - next.sse / best.sse;
            genes.clone_from_slice(&trial);
            (best, residual) = (next, left);
            if gain < tolerance.max(1e-10) {
                break;
            }
        }
        Ok(best)
    }
}
