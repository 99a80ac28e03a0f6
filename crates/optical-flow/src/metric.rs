//! Errors against a known field.

use ndarray::{Array2, Zip};

use crate::error::{Error, Result};
use crate::field::FlowField;

/// End-point and angular errors of a field, over the pixels where both fields are known.
///
/// End-point error: length of the difference, px. Angular error: angle between $(u, v, 1)$ and $(u^*, v^*, 1)$, degrees
/// (J. L. Barron, D. J. Fleet and S. S. Beauchemin, Int. J. Comput. Vis. 12, 43 (1994), doi 10.1007/BF01420984).
///
/// # Examples
///
/// ```
/// use optical_flow::{FlowError, FlowField};
///
/// let truth = FlowField::uniform((4, 4), 1.0, 0.0);
/// let error = FlowError::between(&FlowField::uniform((4, 4), 1.3, 0.4), &truth, None)?;
/// assert!((error.end_point - 0.5).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct FlowError {
    /// Mean end-point error, px.
    pub end_point: f64,
    /// 95th percentile of the end-point error, px.
    pub end_point_p95: f64,
    /// Root mean square end-point error, px.
    pub end_point_rms: f64,
    /// Mean angular error, degrees.
    pub angular_deg: f64,
    /// 95th percentile of the angular error, degrees.
    pub angular_p95_deg: f64,
    /// Pixels that were compared.
    pub n_pixels: usize,
}

/// The percentile of unsorted values, linear between order statistics.
pub(crate) fn percentile(values: &mut [f64], fraction: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let at = fraction * (values.len() - 1) as f64;
    let low = at.floor() as usize;
    let (_, value, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    let value = *value;
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    if next.is_finite() {
        value + (at - low as f64) * (next - value)
    } else {
        value
    }
}

impl FlowError {
    /// Errors of `found` against `truth`, inside `mask` if one is given.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::TooFewPixels`] if no pixel is known in both fields and inside the mask.
    pub fn between(
        found: &FlowField,
        truth: &FlowField,
        mask: Option<&Array2<bool>>,
    ) -> Result<Self> {
        Error::same_shape("found", truth.dim(), found.dim())?;
        if let Some(mask) = mask {
            Error::same_shape("mask", truth.dim(), mask.dim())?;
        }
        let mut lengths = Vec::new();
        let mut angles = Vec::new();
        for (at, u) in found.u.indexed_iter() {
            if mask.is_some_and(|mask| !mask[at]) || !found.is_known(at) || !truth.is_known(at) {
                continue;
            }
            let (u, v) = (f64::from(*u), f64::from(found.v[at]));
            let (tu, tv) = (f64::from(truth.u[at]), f64::from(truth.v[at]));
            lengths.push((u - tu).hypot(v - tv));
            // the cross product keeps small angles, which the cosine loses
            let cross = ((v - tv).powi(2) + (u - tu).powi(2) + (u * tv - v * tu).powi(2)).sqrt();
            angles.push(cross.atan2(u * tu + v * tv + 1.0).to_degrees());
        }
        let n = lengths.len();
        if n == 0 {
            return Err(Error::TooFewPixels {
                what: "found and truth",
                needed: 1,
                found: 0,
            });
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
        Ok(Self {
            end_point: mean(&lengths),
            end_point_rms: (lengths.iter().map(|e| e * e).sum::<f64>() / n as f64).sqrt(),
            angular_deg: mean(&angles),
            end_point_p95: percentile(&mut lengths, 0.95),
            angular_p95_deg: percentile(&mut angles, 0.95),
            n_pixels: n,
        })
    }
}

/// End-point error of each pixel, px; not a number where either field is unknown.
///
/// # Errors
///
/// [`Error::ShapeMismatch`].
pub fn end_point_error(found: &FlowField, truth: &FlowField) -> Result<Array2<f32>> {
    Error::same_shape("found", truth.dim(), found.dim())?;
    let mut error = Zip::from(&found.u)
        .and(&found.v)
        .and(&truth.u)
        .and(&truth.v)
        .map_collect(|u, v, tu, tv| (u - tu).hypot(v - tv));
    for (at, value) in error.indexed_iter_mut() {
        if !found.is_known(at) || !truth.is_known(at) {
            *value = f32::NAN;
        }
    }
    Ok(error)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values that are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_no_error_against_itself() -> Result<()> {
        let mut field = FlowField::uniform((5, 7), 3.0, -2.0);
        field.u[[0, 0]] = 1.7e9;
        field.v[[1, 1]] = f32::NAN;
        let error = FlowError::between(&field, &field, None)?;
        assert_eq!(
            (error.end_point, error.angular_deg, error.n_pixels),
            (0.0, 0.0, 33)
        );
        assert_eq!(
            end_point_error(&field, &field)?
                .iter()
                .filter(|e| e.is_nan())
                .count(),
            2
        );
        Ok(())
    }

    #[test]
    fn angles_are_those_of_space_time() -> Result<()> {
        let still = FlowField::zeros((3, 3));
        let error = FlowError::between(&FlowField::uniform((3, 3), 0.0, 1.0), &still, None)?;
        approx::assert_relative_eq!(error.angular_deg, 45.0, max_relative = 1e-12);
        let mut values: Vec<f64> = (0..101).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 0.95), 95.0);
        Ok(())
    }

    #[test]
    fn rejects_what_cannot_be_compared() {
        let field = FlowField::zeros((3, 3));
        assert!(FlowError::between(&FlowField::zeros((3, 4)), &field, None).is_err());
        assert!(
            FlowError::between(&field, &field, Some(&Array2::from_elem((3, 3), false))).is_err()
        );
        assert!(
            FlowError::between(&FlowField::uniform((3, 3), f32::NAN, 0.0), &field, None).is_err()
        );
    }
}
