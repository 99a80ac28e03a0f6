//! Robust principal components.

use ndarray::{Array2, Array3, ArrayView3, Zip};

use super::svd::{as_frames, as_matrix};
use crate::eigen::symmetric;
use crate::error::{Error, Result};
use crate::sample::Sample;

/// A sequence as a low-rank part (what stands still) and a sparse part (what moves), by the inexact augmented Lagrangian method.
///
/// Minimizes $\|L\|_* + \lambda\|S\|_1$ under $D = L + S$. Parameters as in the reference implementation: $\lambda = 1/\sqrt{\max(m, n)}$ unless
/// set, $\mu_0 = 1.25/\|D\|_2$ growing by 1.5, singular values through the smaller Gram matrix. In f64.
///
/// # Performance
///
/// Some thirty iterations of $O(T^2)$ a pixel; memory is that of the sequence in f64, five times.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RobustPca {
    lambda: Option<f64>,
    tolerance: f64,
    max_iterations: usize,
}

/// Why an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StopReason {
    /// The residual is below the tolerance.
    Converged,
    /// The largest number of iterations is reached.
    MaxIterations,
}

/// What [`RobustPca`] gives.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RobustPcaResult<R> {
    /// The low-rank part.
    pub low_rank: Array3<R>,
    /// The sparse part.
    pub sparse: Array3<R>,
    /// Why it ended.
    pub reason: StopReason,
    /// Iterations made.
    pub iterations: usize,
    /// $\|D - L - S\|_F/\|D\|_F$ at the end.
    pub residual: f64,
    /// The tolerance of the residual.
    pub tolerance: f64,
}

impl Default for RobustPca {
    fn default() -> Self {
        Self {
            lambda: None,
            tolerance: 1e-6,
            max_iterations: 60,
        }
    }
}

impl RobustPca {
    /// With the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The weight of the sparse part. Default: $1/\sqrt{\max(m, n)}$ of $m$ frames and $n$ pixels.
    pub fn lambda(mut self, lambda: f64) -> Self {
        self.lambda = Some(lambda);
        self
    }

    /// Residual at which the iteration ends. Default: 1e-6.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Most iterations. Default: 60.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Splits a sequence.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySequence`]; [`Error::InvalidParameter`]; [`Error::Numerical`] if a pixel is not finite, or all are zero.
    pub fn apply<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<RobustPcaResult<S::Real>> {
        for (name, value) in [("tolerance", Some(self.tolerance)), ("lambda", self.lambda)] {
            let Some(value) = value else { continue };
            if value.is_nan() || value <= 0.0 {
                return Err(Error::parameter(name, "positive", value));
            }
        }
        if self.max_iterations == 0 {
            return Err(Error::parameter("max_iterations", "at least 1", 0));
        }
        let frames_by_pixels = as_matrix(frames)?;
        let wide = frames_by_pixels.nrows() < frames_by_pixels.ncols();
        // the Gram matrix is of the smaller side
        let data = if wide {
            frames_by_pixels
        } else {
            frames_by_pixels.t().as_standard_layout().into_owned()
        };
        let gram = symmetric(&data.dot(&data.t()))?;
        let norm2 = gram.values[0].max(0.0).sqrt();
        if norm2 == 0.0 {
            return Err(Error::Numerical {
                method: "robust principal components",
                reason: "all pixels are zero",
            });
        }
        let (m, n) = data.dim();
        let lambda = self.lambda.unwrap_or(1.0 / (m.max(n) as f64).sqrt());
        let largest = data.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let mut multiplier = data.mapv(|v| v / norm2.max(largest / lambda));
        let mut mu = 1.25 / norm2;
        let frobenius = norm(&data);
        let mut low = Array2::<f64>::zeros((m, n));
        let mut sparse = Array2::<f64>::zeros((m, n));
        let (mut iterations, mut residual) = (0, f64::INFINITY);
        while iterations < self.max_iterations && residual >= self.tolerance {
            iterations += 1;
            Zip::from(&mut sparse)
                .and(&data)
                .and(&low)
                .and(&multiplier)
                .for_each(|s, d, l, y| {
                    let r = d - l + y / mu;
                    *s = r.signum() * (r.abs() - lambda / mu).max(0.0);
                });
            let part = &data - &sparse + &multiplier / mu;
            let eigen = symmetric(&part.dot(&part.t()))?;
            let shrink = eigen.values.mapv(|w| {
                let singular = w.max(0.0).sqrt();
                if singular > 0.0 {
                    (singular - 1.0 / mu).max(0.0) / singular
                } else {
                    0.0
                }
            });
            let projected = eigen.vectors.t().dot(&part);
            low = (&eigen.vectors * &shrink).dot(&projected);
            let rest = &data - &low - &sparse;
            multiplier.scaled_add(mu, &rest);
            mu *= 1.5;
            residual = norm(&rest) / frobenius;
        }
        let back = |matrix: Array2<f64>| {
            if wide {
                as_frames(&matrix, frames.dim())
            } else {
                as_frames(&matrix.t().as_standard_layout().into_owned(), frames.dim())
            }
        };
        Ok(RobustPcaResult {
            low_rank: back(low),
            sparse: back(sparse),
            reason: if residual < self.tolerance {
                StopReason::Converged
            } else {
                StopReason::MaxIterations
            },
            iterations,
            residual,
            tolerance: self.tolerance,
        })
    }
}

fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|v| v * v).sum::<f64>().sqrt()
}
