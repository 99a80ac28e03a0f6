//! The last digits of constants.

use super::{Fitter, Outcome, damped_step, free_constants, outcome, set_theta};
use crate::expression::Expression;
use crate::linear::dot;
use crate::loss::Loss;

const MOST_STEPS: usize = 30;
/// By how much of itself the sum of squares may grow in a step: rounding, and no more.
const ROUNDING: f64 = 1e-12;

impl Fitter<'_> {
    /// Goes on from a minimum by undamped steps for as long as they shrink.
    ///
    /// The sum of squares is flat to its rounding within a hundred-millionth of its minimum, where a search that wants it to
    /// fall ends. Its gradient is not, and by it the constants come out to nearly all digits, whatever the start.
    pub(crate) fn settle(&mut self, genes: &mut [Expression], reached: Outcome) -> Outcome {
        let mut theta: Vec<f64> = genes.iter().flat_map(free_constants).collect();
        if theta.is_empty() || self.loss != Loss::Squared || self.evaluate(genes).is_err() {
            return reached;
        }
        let mut current = self.project();
        let least = current.sse;
        let mut convergence = reached.convergence;
        let mut size = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            let (normal, gradient) = self.normal_equations(genes, &current);
            let Some(step) = damped_step(&normal, &gradient, 0.0) else {
                break;
            };
            // The square of what the step moves the predictions by.
            let next_size = dot(&step, &gradient);
            if !(next_size > 0.0 && next_size < 0.5 * size) {
                break;
            }
            let trial: Vec<f64> = theta.iter().zip(&step).map(|(t, s)| t + s).collect();
            set_theta(genes, &trial);
            let projection = self.evaluate(genes).ok().map(|()| self.project());
            match projection.filter(|p| p.sse <= least * (1.0 + ROUNDING)) {
                Some(p) => {
                    (theta, current, size) = (trial, p, next_size);
                    convergence.iterations += 1;
                }
                None => break,
            }
        }
        set_theta(genes, &theta);
        outcome(&current, reached.cancellation, convergence)
    }
}
