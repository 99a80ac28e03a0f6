//! Dynamic mode decomposition.

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView3, s};
use num_complex::Complex;
use xray_io::FrameRate;

use super::svd::{as_frames, as_matrix};
use crate::band::Band;
use crate::eigen::{general, solve, symmetric};
use crate::error::{Error, Result};
use crate::sample::Sample;

/// Share of the largest singular value below which components are left out unless a rank is set: the Gram matrix holds no more.
const SMALLEST: f64 = 1e-7;

/// A sequence as modes that oscillate and grow or decay: $x_n = \sum_p b_p \boldsymbol\varphi_p \lambda_p^n$.
///
/// The frames $X$ but the last and $Y$ but the first are related by the linear map of least squares, whose eigenvalues in the space of the
/// first $r$ singular vectors, $\tilde A = U^\top Y V \Sigma^{-1}$, are the $\lambda_p$ (exact in that space; J. H. Tu et al., J. Comput. Dyn.
/// 1, 391 (2014), doi 10.3934/jcd.2014.1.391, Algorithm 1 with projected modes). The amplitudes $b$ fit the first frame. A mode has the
/// frequency $f_s\,|\arg \lambda_p|/2\pi$; those near zero are what stands still, and a band of them is a filtered sequence (J. Grosek and
/// J. N. Kutz, arXiv:1404.7592). Noise makes modes decay that should not: on short noisy records the later frames of a band fade.
///
/// ```
/// use mcxi::rival::DynamicModes;
/// use mcxi::{Band, FrameRate};
/// use ndarray::Array3;
///
/// // A still image and one oscillation of 12.5 kHz whose phase runs along x.
/// let frames = Array3::from_shape_fn((24, 4, 5), |(n, y, x)| 100.0 + 7.0 * y as f64 + (0.25 * std::f64::consts::PI * n as f64 + x as f64).cos());
/// let modes = DynamicModes::new(FrameRate::from_kilohertz(100.0)?).rank(3).decompose(&frames.view())?;
/// let moving = modes.sequence(Band::from_hertz(10e3, 15e3))?;
/// assert!((moving[[20, 1, 2]] - (0.25 * std::f64::consts::PI * 20.0 + 2.0).cos()).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DynamicModes {
    rate: FrameRate,
    rank: Option<usize>,
}

impl DynamicModes {
    /// With the defaults, at this frame rate.
    pub fn new(rate: FrameRate) -> Self {
        Self { rate, rank: None }
    }

    /// Number of singular vectors, at most one less than there are frames. Default: all above 1e-7 of the largest value.
    pub fn rank(mut self, rank: usize) -> Self {
        self.rank = Some(rank);
        self
    }

    /// Decomposes a sequence, in f64.
    ///
    /// # Performance
    ///
    /// $O(T^2)$ a pixel and $O(T^3)$; memory is that of the sequence in f64.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySequence`]; [`Error::TooFewFrames`] for fewer than three; [`Error::InvalidParameter`] for a rank of 0 or above the number of
    /// frames less one; [`Error::Numerical`] if a pixel is not finite, all are zero, or two modes are one.
    pub fn decompose<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Modes<S>> {
        let data = as_matrix(frames)?;
        let n = data.nrows();
        if n < 3 {
            return Err(Error::TooFewFrames {
                purpose: "a decomposition into modes",
                needed: 3,
                found: n,
            });
        }
        if let Some(rank) = self.rank.filter(|rank| *rank == 0 || *rank >= n) {
            return Err(Error::parameter(
                "rank",
                "at least 1 and below the number of frames",
                rank,
            ));
        }
        // frames are rows: the products of all pairs of frames are all that is needed
        let gram = data.dot(&data.t());
        let now = block(&gram, 0..n - 1, 0..n - 1);
        let eigen = symmetric(&now)?;
        let singular: Vec<f64> = eigen.values.iter().map(|w| w.max(0.0).sqrt()).collect();
        let above = singular
            .iter()
            .take_while(|value| **value > SMALLEST * singular[0])
            .count();
        let rank = self.rank.map_or(above, |rank| rank.min(above));
        if rank == 0 {
            return Err(Error::Numerical {
                method: "a decomposition into modes",
                reason: "all pixels are zero",
            });
        }
        // U = X V / sigma; rows of `basis` give U^T from the frames
        let basis =
            Array2::from_shape_fn((rank, n - 1), |(i, t)| eigen.vectors[[t, i]] / singular[i]);
        let across = block(&gram, 0..n - 1, 1..n);
        let small = basis.dot(&across).dot(&basis.t());
        let spectrum = general(&small)?;
        let first = basis.dot(&block(&gram, 0..n - 1, 0..1));
        let first = first.iter().map(|v| Complex::new(*v, 0.0)).collect();
        let amplitudes = solve(spectrum.vectors.clone(), first).ok_or(Error::Numerical {
            method: "a decomposition into modes",
            reason: "two modes are one",
        })?;
        Ok(Modes {
            rate: self.rate,
            shape: frames.dim(),
            eigenvalues: spectrum.values.to_vec(),
            coordinates: Array2::from_shape_fn((rank, rank), |(i, p)| {
                spectrum.vectors[[i, p]] * amplitudes[p]
            }),
            images: basis.dot(&block(&data, 0..n - 1, 0..data.ncols())),
            pixel: std::marker::PhantomData,
        })
    }
}

/// Rows and columns of a matrix.
fn block(matrix: &Array2<f64>, rows: Range<usize>, columns: Range<usize>) -> Array2<f64> {
    matrix.slice(s![rows, columns]).to_owned()
}

/// What [`DynamicModes`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Modes<S> {
    rate: FrameRate,
    shape: (usize, usize, usize),
    eigenvalues: Vec<Complex<f64>>,
    /// $b_p$ times the coordinates of each mode (columns) in the space of the singular vectors.
    coordinates: Array2<Complex<f64>>,
    /// The singular vectors as images (rows).
    images: Array2<f64>,
    pixel: std::marker::PhantomData<S>,
}

impl<S: Sample> Modes<S> {
    /// The $\lambda_p$, each a factor from frame to frame.
    pub fn eigenvalues(&self) -> &[Complex<f64>] {
        &self.eigenvalues
    }

    /// The frequency of each mode in Hz, $f_s\,|\arg\lambda_p|/2\pi$.
    pub fn frequencies_hz(&self) -> Vec<f64> {
        let hertz = |value: &Complex<f64>| {
            libm::atan2(value.im, value.re).abs() / std::f64::consts::TAU * self.rate.hertz()
        };
        self.eigenvalues.iter().map(hertz).collect()
    }

    /// The part of the sequence in the modes of a band, as long as the sequence.
    ///
    /// # Errors
    ///
    /// [`Error::BandOutside`]. A band without any mode gives zeros.
    pub fn sequence(&self, band: Band) -> Result<Array3<S::Real>> {
        let [low, high] = band.fractions(self.rate)?;
        let hertz = self.rate.hertz();
        let within: Vec<bool> = self
            .frequencies_hz()
            .iter()
            .map(|f| f / hertz >= low - 1e-9 && f / hertz <= high + 1e-9)
            .collect();
        let rank = self.eigenvalues.len();
        let mut powers: Vec<Complex<f64>> = within
            .iter()
            .map(|inside| Complex::new(f64::from(u8::from(*inside)), 0.0))
            .collect();
        let mut course = Array2::<f64>::zeros((self.shape.0, rank));
        for mut row in course.rows_mut() {
            for (i, out) in row.iter_mut().enumerate() {
                // modes come in pairs, so that imaginary parts cancel
                *out = (0..rank)
                    .map(|p| (self.coordinates[[i, p]] * powers[p]).re)
                    .sum();
            }
            for (power, value) in powers.iter_mut().zip(&self.eigenvalues) {
                *power *= value;
            }
        }
        Ok(as_frames(&course.dot(&self.images), self.shape))
    }
}
