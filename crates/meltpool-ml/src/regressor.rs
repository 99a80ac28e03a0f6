//! What predicts targets from a table: a network, a ridge regression or an outside law alike.

use ndarray::{Array2, ArrayView2};

use crate::error::Result;

/// Predicts a table of targets, one row a sample, from a table of inputs.
///
/// [`CubicRidge`](crate::CubicRidge) and [`NearestNeighbor`](crate::NearestNeighbor) are such; a closure
/// becomes one through [`Law`].
pub trait Regressor {
    /// Predicted targets of each row.
    ///
    /// # Errors
    /// If the table does not fit the model.
    fn predict(&self, inputs: &ArrayView2<f64>) -> Result<Array2<f64>>;
}

/// Writes targets from inputs.
type Rule = Box<dyn Fn(&[f64], &mut [f64]) + Send + Sync>;

/// A formula from elsewhere, as from symbolic regression, seen as a [`Regressor`].
///
/// # Examples
/// ```
/// use meltpool_ml::{Law, Regressor};
/// use ndarray::array;
///
/// let law = Law::new(1, |inputs, outputs| outputs[0] = 2.0 * inputs[0] + inputs[1]);
/// assert_eq!(law.predict(&array![[1.0, 3.0]].view())?, array![[5.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Law {
    n_targets: usize,
    rule: Rule,
}

impl std::fmt::Debug for Law {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Law")
            .field("n_targets", &self.n_targets)
            .finish_non_exhaustive()
    }
}

impl Law {
    /// A rule that writes `n_targets` values from the inputs of a row.
    pub fn new(
        n_targets: usize,
        rule: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        Self {
            n_targets,
            rule: Box::new(rule),
        }
    }
}

impl Regressor for Law {
    fn predict(&self, inputs: &ArrayView2<f64>) -> Result<Array2<f64>> {
        let mut predictions = Array2::zeros((inputs.nrows(), self.n_targets));
        let mut row = vec![0.0; inputs.ncols()];
        let mut written = vec![0.0; self.n_targets];
        for (input, mut output) in inputs.rows().into_iter().zip(predictions.rows_mut()) {
            for (to, from) in row.iter_mut().zip(input) {
                *to = *from;
            }
            (self.rule)(&row, &mut written);
            for (to, from) in output.iter_mut().zip(&written) {
                *to = *from;
            }
        }
        Ok(predictions)
    }
}
