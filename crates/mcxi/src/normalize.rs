//! From counts to transmission and absorbance, with one gain a frame.

use ndarray::{Array2, Array3, ArrayRef2, ArrayView3, Axis, Zip};

use crate::error::{Error, Result};
use crate::frames::Frames;
use crate::region::check_mask;
use crate::sample::{Real, Sample};

/// Counts made comparable: dark level and flat field, one gain a frame from a static region, absorbance.
///
/// $t = (I - D)/(F - D)$, clipped from below; $t$ of each frame divided by its mean in the static region (over all frames that mean is kept);
/// $A = -\ln t$. Jitter of the beam is a coherent signal in every pixel and must go before the noise is measured: with 1 % left in,
/// the noise level comes out twice too high.
///
/// ```
/// use mcxi::Normalization;
/// use ndarray::{Array2, Array3};
///
/// let frames = Array3::from_shape_fn((4, 2, 8), |(n, _, x)| (100.0 + 10.0 * n as f32) * if x < 4 { 1.0 } else { 0.5 });
/// let flat = Array2::from_elem((2, 8), 200.0);
/// let still = Array2::from_shape_fn((2, 8), |(_, x)| x < 4);
/// let absorbance = Normalization::new().flat(flat).gain_region(still).absorbance(true).apply(&frames.view())?;
/// assert!((absorbance[[3, 1, 6]] - absorbance[[0, 1, 6]]).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Normalization {
    flat: Option<Array2<f64>>,
    dark: f64,
    gain_region: Option<Array2<bool>>,
    absorbance: bool,
}

/// Smallest transmission (or intensity in counts) that is not clipped.
const SMALLEST: f64 = 1e-6;

impl Normalization {
    /// Nothing but a conversion.
    pub fn new() -> Self {
        Self::default()
    }

    /// The open beam in counts, dark level included. Default: none, and intensities stay in counts above dark.
    pub fn flat(mut self, flat: Array2<f64>) -> Self {
        self.flat = Some(flat);
        self
    }

    /// The dark level in counts. Default: 0.
    pub fn dark(mut self, dark: f64) -> Self {
        self.dark = dark;
        self
    }

    /// Pixels that stand still, from which each frame's gain is taken. Default: none, and gains stay.
    pub fn gain_region(mut self, region: Array2<bool>) -> Self {
        self.gain_region = Some(region);
        self
    }

    /// Whether $-\ln$ is taken. Default: no.
    pub fn absorbance(mut self, absorbance: bool) -> Self {
        self.absorbance = absorbance;
        self
    }

    /// The sequence, made comparable; without unit if there is a flat field or the absorbance is taken, else in counts.
    ///
    /// # Errors
    ///
    /// [`Error::EmptySequence`]; [`Error::ShapeMismatch`]; [`Error::FlatNotAboveDark`]; [`Error::SmallRegion`] for an empty region;
    /// [`Error::Numerical`] if the mean of a frame in the region is not positive.
    pub fn apply<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Array3<S::Real>> {
        let source = Frames::new(frames)?;
        let shape = source.shape();
        let scale = self.scale(shape)?;
        if let Some(region) = &self.gain_region {
            check_mask("gain", region, shape)?;
        }
        let mut out = Array3::from_elem(
            (source.slices().len(), shape.0, shape.1),
            <S::Real as Real>::NAN,
        );
        let mut gains = Vec::new();
        for (mut out, pixels) in out.outer_iter_mut().zip(source.slices()) {
            for ((out, pixel), scale) in out.iter_mut().zip(pixels).zip(&scale) {
                let t = (pixel.real().as_f64() - self.dark) * scale;
                *out = <S::Real as Real>::of(if t.is_nan() { t } else { t.max(SMALLEST) });
            }
            if let Some(region) = &self.gain_region {
                let values = crate::region::values("gain", &out, region, 1)?;
                gains.push(values.iter().sum::<f64>() / values.len() as f64);
            }
        }
        let mean = gains.iter().sum::<f64>() / gains.len().max(1) as f64;
        for (n, mut out) in out.outer_iter_mut().enumerate() {
            let gain = gains.get(n).map_or(1.0, |gain| mean / gain);
            if gain.is_nan() || gain <= 0.0 || gain.is_infinite() {
                return Err(Error::Numerical {
                    method: "the gain of a frame",
                    reason: "its mean in the static region is not positive",
                });
            }
            out.mapv_inplace(|t| {
                let t = t.as_f64() * gain;
                <S::Real as Real>::of(if self.absorbance { -libm::log(t) } else { t })
            });
        }
        Ok(out)
    }

    /// $1/(F - D)$ of each pixel.
    fn scale(&self, shape: (usize, usize)) -> Result<Vec<f64>> {
        let Some(flat) = &self.flat else {
            return Ok(vec![1.0; shape.0 * shape.1]);
        };
        if flat.dim() != shape {
            return Err(Error::ShapeMismatch {
                what: "the flat field",
                expected: shape,
                found: flat.dim(),
            });
        }
        flat.indexed_iter()
            .map(|((row, column), flat)| {
                if *flat > self.dark {
                    Ok(1.0 / (flat - self.dark))
                } else {
                    Err(Error::FlatNotAboveDark {
                        row,
                        column,
                        flat: *flat,
                        dark: self.dark,
                    })
                }
            })
            .collect()
    }
}

/// Each frame less its mean in a region: what [`Normalization`] does to gains, done to an absorbance.
///
/// # Errors
///
/// [`Error::ShapeMismatch`]; [`Error::SmallRegion`] for an empty region.
pub fn subtract_region_mean<R: Real>(
    frames: &mut Array3<R>,
    region: &ArrayRef2<bool>,
) -> Result<()> {
    for mut frame in frames.axis_iter_mut(Axis(0)) {
        let values = crate::region::values("static", &frame, region, 1)?;
        let mean = R::of(values.iter().sum::<f64>() / values.len() as f64);
        Zip::from(&mut frame).for_each(|pixel| *pixel = *pixel - mean);
    }
    Ok(())
}
