//! The mean of the nearest samples: the simplest baseline that remembers.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::error::{Error, Result, finite, require, same_length};
use crate::regressor::Regressor;
use crate::scaler::Scaler;

/// Predicts the mean target of the k nearest train samples, by Euclidean distance of standardized inputs.
///
/// With images as inputs it shows how much a random split of consecutive frames gives away. Cost O(n d) a prediction.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NearestNeighbor {
    scaler: Scaler,
    inputs: Array2<f64>,
    targets: Array2<f64>,
    k: usize,
}

impl NearestNeighbor {
    /// Remembers the samples.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for k = 0, [`Error::LengthMismatch`], [`Error::TooFewSamples`] for fewer than k rows,
    /// [`Error::NonFinite`], [`Error::Constant`] for an input that does not vary.
    pub fn fit(inputs: &ArrayView2<f64>, targets: &ArrayView2<f64>, k: usize) -> Result<Self> {
        require(k > 0, "k", "at least 1", k)?;
        same_length("the targets", inputs.nrows(), targets.nrows())?;
        if inputs.nrows() < k {
            return Err(Error::TooFewSamples {
                purpose: "the nearest neighbors",
                needed: k,
                found: inputs.nrows(),
            });
        }
        finite("the targets", targets.rows())?;
        let rows: Vec<usize> = (0..inputs.nrows()).collect();
        let scaler = Scaler::fit(inputs, &rows)?;
        Ok(Self {
            inputs: scaler.apply(inputs)?,
            scaler,
            targets: targets.to_owned(),
            k,
        })
    }
}

impl Regressor for NearestNeighbor {
    fn predict(&self, inputs: &ArrayView2<f64>) -> Result<Array2<f64>> {
        let scaled = self.scaler.apply(inputs)?;
        let mut predictions = Array2::zeros((inputs.nrows(), self.targets.ncols()));
        for (row, mut prediction) in scaled.rows().into_iter().zip(predictions.rows_mut()) {
            let mut distances: Vec<(f64, usize)> = self
                .inputs
                .rows()
                .into_iter()
                .enumerate()
                .map(|(k, other)| {
                    let square: f64 = row.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
                    (square, k)
                })
                .collect();
            distances.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let nearest: Vec<usize> = distances[..self.k].iter().map(|(_, k)| *k).collect();
            let mean: Array1<f64> =
                self.targets.select(Axis(0), &nearest).sum_axis(Axis(0)) / self.k as f64;
            prediction.assign(&mean);
        }
        Ok(predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_nearest_and_the_mean_of_two() -> Result<()> {
        let x = array![[0.0], [1.0], [10.0]];
        let y = array![[5.0], [7.0], [9.0]];
        let one = NearestNeighbor::fit(&x.view(), &y.view(), 1)?;
        assert_eq!(
            one.predict(&array![[0.8], [30.0]].view())?,
            array![[7.0], [9.0]]
        );
        let two = NearestNeighbor::fit(&x.view(), &y.view(), 2)?;
        assert_eq!(two.predict(&array![[0.1]].view())?, array![[6.0]]);
        assert!(NearestNeighbor::fit(&x.view(), &y.view(), 4).is_err());
        Ok(())
    }
}
