//! Features dropped at random while training, and the spread that this gives when it goes on while predicting.

use ndarray::Array2;

use super::{Inputs, Network};
use crate::error::{Result, require};
use crate::random::{Purpose, Random};

/// Which features a pass drops: a function of seed, pass, sample and layer alone, so that neither batches nor threads change it.
#[derive(Debug, Clone)]
pub(crate) struct Masks {
    share: f64,
    seed: u64,
    pass: u64,
    rows: Vec<usize>,
    n_layers: u64,
}

impl Masks {
    pub(crate) fn new(share: f64, seed: u64, pass: u64, rows: &[usize]) -> Self {
        Self {
            share,
            seed,
            pass,
            rows: rows.to_vec(),
            n_layers: 0,
        }
    }

    /// Zeros and $1/(1-p)$ for the next layer of this width, sample by sample.
    pub(crate) fn next(&mut self, width: usize) -> Vec<f32> {
        let layer = self.n_layers;
        self.n_layers += 1;
        let kept = (1.0 / (1.0 - self.share)) as f32;
        let mut mask = Vec::with_capacity(self.rows.len() * width);
        for row in &self.rows {
            let item = (self.pass << 40) | ((*row as u64) << 8) | layer;
            let mut random = Random::new(self.seed, Purpose::Dropout, item);
            mask.extend((0..width).map(|_| {
                if random.uniform() < self.share {
                    0.0
                } else {
                    kept
                }
            }));
        }
        mask
    }
}

/// Predictions of many passes with dropout.
#[derive(Debug, Clone, PartialEq)]
pub struct DropoutPrediction {
    /// Mean over the passes, one row a sample.
    pub mean: Array2<f64>,
    /// Standard deviation over the passes, with $n - 1$.
    pub standard_deviation: Array2<f64>,
}

impl Network {
    /// Predictions with dropout switched on, `n_passes` times: their mean and how far they spread (Monte Carlo dropout).
    ///
    /// The spread is an approximation of what the weights leave open; it knows nothing of the noise of labels, and is no interval of stated
    /// coverage: give it to [`SplitConformal`](crate::SplitConformal) if that is wanted.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a network without dropout and fewer
    /// than 2 or more than a million passes.
    ///
    /// # References
    /// Gal and Ghahramani, Dropout as a Bayesian approximation, ICML 2016, arXiv 1506.02142, equations 6 and 7 (without the noise of
    /// observation in the latter).
    ///
    /// # Examples
    /// ```
    /// use meltpool_ml::{Inputs, Network, NetworkConfig};
    /// use ndarray::Array3;
    ///
    /// let network = Network::new(NetworkConfig::lstm(5, 1, 1).with_dropout(0.2), 0)?;
    /// let windows = Inputs::new().with_sequences(Array3::from_elem((2, 5, 1), 0.4));
    /// let spread = network.predict_dropout(&windows, 50, 0)?;
    /// assert!(spread.standard_deviation.iter().all(|s| *s > 0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict_dropout(
        &self,
        inputs: &Inputs,
        n_passes: usize,
        seed: u64,
    ) -> Result<DropoutPrediction> {
        require(
            self.config.dropout > 0.0,
            "dropout",
            "above 0 in the network",
            self.config.dropout,
        )?;
        require(
            (2..=1_000_000).contains(&n_passes),
            "n_passes",
            "2 to a million",
            n_passes,
        )?;
        // Welford's sums, pass after pass
        let mut mean = Array2::<f64>::zeros((inputs.n_samples(), self.config.n_outputs));
        let mut squares = mean.clone();
        for pass in 0..n_passes {
            let (predictions, _) = self.run(inputs, Some((seed, pass as u64)))?;
            for ((mean, squares), value) in mean.iter_mut().zip(&mut squares).zip(&predictions) {
                let off = f64::from(*value) - *mean;
                *mean += off / (pass + 1) as f64;
                *squares += off * (f64::from(*value) - *mean);
            }
        }
        let standard_deviation = squares.mapv(|s| (s / (n_passes - 1) as f64).sqrt());
        Ok(DropoutPrediction {
            mean,
            standard_deviation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::network::NetworkConfig;
    use ndarray::{Array2, Array3};

    #[test]
    fn masks_depend_on_sample_and_pass_and_not_on_the_batch() {
        let all = Masks::new(0.3, 1, 0, &[0, 1, 2]).next(500);
        let alone = Masks::new(0.3, 1, 0, &[1]).next(500);
        assert_eq!(all[500..1000], alone);
        assert_ne!(alone, Masks::new(0.3, 1, 1, &[1]).next(500));
        let mut layers = Masks::new(0.3, 1, 0, &[1]);
        assert_ne!(layers.next(500), layers.next(500));
        let dropped = all.iter().filter(|v| **v == 0.0).count() as f64 / 1500.0;
        // three standard deviations of a share of 0.3 among 1500
        assert!((dropped - 0.3).abs() < 0.036, "{dropped}");
        assert!(
            all.iter()
                .all(|v| *v == 0.0 || (*v - 1.0 / 0.7).abs() < 1e-6)
        );
    }

    #[test]
    fn the_spread_of_a_linear_layer_is_that_of_the_definition() -> Result<()> {
        // y = sum over 64 features f_k w_k m_k + b with independent masks: variance p / (1 - p) sum (f_k w_k)^2
        let share = 0.4;
        let network = Network::new(NetworkConfig::lstm(3, 1, 1).with_dropout(share), 5)?;
        let windows = Array3::from_shape_fn((4, 3, 1), |(n, t, _)| (n + 2 * t) as f32 * 0.4 - 0.7);
        let inputs = Inputs::new().with_sequences(windows);
        let n_passes = 4000;
        let spread = network.predict_dropout(&inputs, n_passes, 2)?;
        let features = network.features(&inputs)?;
        let weights = network
            .parameters()
            .get("output.weight")
            .map(|(_, w)| w.to_vec());
        let weights = weights.unwrap_or_default();
        let plain: Array2<f32> = network.predict(&inputs)?;
        for row in 0..4 {
            let sum: f64 = features
                .row(row)
                .iter()
                .zip(&weights)
                .map(|(f, w)| f64::from(f * w).powi(2))
                .sum();
            let expected = (share / (1.0 - share) * sum).sqrt();
            let found = spread.standard_deviation[[row, 0]];
            // four standard errors of a standard deviation from 4000 draws
            assert!(
                (found / expected - 1.0).abs() < 4.0 / 8000_f64.sqrt(),
                "{found} {expected}"
            );
            let off = (spread.mean[[row, 0]] - f64::from(plain[[row, 0]])).abs();
            assert!(off < 4.0 * expected / (n_passes as f64).sqrt());
        }
        assert_eq!(spread, network.predict_dropout(&inputs, n_passes, 2)?);
        let still = Network::new(NetworkConfig::lstm(3, 1, 1), 5)?;
        assert!(matches!(
            still.predict_dropout(&inputs, 10, 0),
            Err(Error::InvalidParameter {
                name: "dropout",
                ..
            })
        ));
        assert!(network.predict_dropout(&inputs, 1, 0).is_err());
        Ok(())
    }
}
