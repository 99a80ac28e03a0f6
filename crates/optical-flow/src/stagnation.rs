//! Where the melt stands still.

use ndarray::Array2;
use xray_io::PixelSize;

use crate::error::{Error, Result};
use crate::field::FlowField;

/// Pixels slower than a threshold.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SlowZone {
    /// Pixels of the zone.
    pub mask: Array2<bool>,
    /// How many.
    pub n_pixels: usize,
}

impl SlowZone {
    /// Pixels inside `region` (everywhere if absent) whose speed is known and at most `threshold` px/frame.
    ///
    /// Smoothness makes the flow slow near still borders: a zone that is narrower than the scale of the smoothing is not evidence. It
    /// never shrinks as the threshold grows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a threshold that is negative or not a number, [`Error::ShapeMismatch`].
    ///
    /// # Examples
    ///
    /// ```
    /// use optical_flow::{FlowField, PixelSize, SlowZone};
    ///
    /// let mut flow = FlowField::uniform((10, 10), 1.0, 0.0);
    /// flow.u.slice_mut(ndarray::s![.., ..3]).fill(0.01);
    /// let zone = SlowZone::below(&flow, 0.1, None)?;
    /// assert!((zone.area_um2(PixelSize::from_micrometers(2.0)?) - 120.0).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn below(flow: &FlowField, threshold: f64, region: Option<&Array2<bool>>) -> Result<Self> {
        Error::not_negative("threshold", threshold)?;
        if let Some(region) = region {
            Error::same_shape("region", flow.dim(), region.dim())?;
        }
        let mask = Array2::from_shape_fn(flow.dim(), |at| {
            region.is_none_or(|region| region[at])
                && f64::from(flow.u[at]).hypot(f64::from(flow.v[at])) <= threshold
        });
        let n_pixels = mask.iter().filter(|slow| **slow).count();
        Ok(Self { mask, n_pixels })
    }

    /// Area in µm².
    pub fn area_um2(&self, pixel_size: PixelSize) -> f64 {
        self.n_pixels as f64 * pixel_size.micrometers().powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_its_threshold_and_leaves_out_the_unknown() -> Result<()> {
        let mut flow = FlowField::new(
            Array2::from_shape_fn((9, 9), |(y, x)| 0.1 * (y + x) as f32),
            Array2::zeros((9, 9)),
        )?;
        flow.v[[0, 0]] = f32::NAN;
        let mut last = 0;
        for threshold in [0.0, 0.15, 0.5, 1.0, 2.0] {
            let n = SlowZone::below(&flow, threshold, None)?.n_pixels;
            assert!(n >= last);
            last = n;
        }
        assert_eq!(last, 80);
        assert!(SlowZone::below(&flow, -1.0, None).is_err());
        assert!(SlowZone::below(&flow, f64::NAN, None).is_err());
        Ok(())
    }
}
