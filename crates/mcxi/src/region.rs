//! Regions of an image, as masks of its size.

use ndarray::ArrayRef2;

use crate::error::{Error, Result};
use crate::sample::Real;

/// An error if a mask is not of this size.
pub(crate) fn check_mask(
    what: &'static str,
    mask: &ArrayRef2<bool>,
    expected: (usize, usize),
) -> Result<()> {
    if mask.dim() == expected {
        return Ok(());
    }
    Err(Error::ShapeMismatch {
        what,
        expected,
        found: mask.dim(),
    })
}

/// The finite values of an image in a region, at least `needed` of them.
pub(crate) fn values<R: Real>(
    what: &'static str,
    image: &ArrayRef2<R>,
    mask: &ArrayRef2<bool>,
    needed: usize,
) -> Result<Vec<f64>> {
    check_mask(what, mask, image.dim())?;
    let values: Vec<f64> = image
        .iter()
        .zip(mask)
        .filter(|(value, inside)| **inside && value.finite())
        .map(|(value, _)| value.as_f64())
        .collect();
    if values.len() < needed {
        return Err(Error::SmallRegion {
            what,
            needed,
            found: values.len(),
        });
    }
    Ok(values)
}

/// Mean and sample variance (divided by n - 1), in two passes.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (mean, square / (n - 1.0))
}
