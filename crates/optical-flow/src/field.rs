//! Dense displacement fields.

use std::path::Path;

use ndarray::{Array2, Zip};
use xray_io::{Calibration, Flo, PixelSize, Vti};

use crate::error::{Error, Result};

/// Displacements in pixels a frame, on the pixels of the first frame: `u` along columns to the right, `v` along rows down.
///
/// Values that are not finite, or above $10^9$ as in the Middlebury files, mean unknown.
///
/// # Examples
///
/// ```
/// use optical_flow::{FlowField, FrameRate, PixelSize, Calibration};
///
/// let flow = FlowField::uniform((4, 6), 3.0, -4.0);
/// let calibration = Calibration::new(PixelSize::from_micrometers(1.0)?, FrameRate::from_hertz(1.087e6)?);
/// let velocity = flow.in_meters_per_second(calibration);
/// assert!((velocity.speed()[[2, 3]] - 5.435).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlowField {
    /// Displacement along columns, to the right, px/frame.
    pub u: Array2<f32>,
    /// Displacement along rows, down, px/frame.
    pub v: Array2<f32>,
}

/// Velocities in meters a second, with the axes of a [`FlowField`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VelocityField {
    /// Velocity along columns, to the right, m/s.
    pub u: Array2<f32>,
    /// Velocity along rows, down, m/s.
    pub v: Array2<f32>,
}

/// Whether a component is a displacement and not a mark for the unknown.
pub(crate) fn is_known(value: f32) -> bool {
    value.abs() <= 1e9
}

fn speed(u: &Array2<f32>, v: &Array2<f32>) -> Array2<f32> {
    Zip::from(u).and(v).map_collect(|u, v| u.hypot(*v))
}

impl FlowField {
    /// From its components.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if they differ in shape.
    pub fn new(u: Array2<f32>, v: Array2<f32>) -> Result<Self> {
        Error::same_shape("v", u.dim(), v.dim())?;
        Ok(Self { u, v })
    }

    /// No motion.
    pub fn zeros(dim: (usize, usize)) -> Self {
        Self::uniform(dim, 0.0, 0.0)
    }

    /// The same motion everywhere.
    pub fn uniform(dim: (usize, usize), u: f32, v: f32) -> Self {
        Self {
            u: Array2::from_elem(dim, u),
            v: Array2::from_elem(dim, v),
        }
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        self.u.dim()
    }

    /// Length of each vector, px/frame.
    pub fn speed(&self) -> Array2<f32> {
        speed(&self.u, &self.v)
    }

    /// Whether both components of a pixel are known.
    pub fn is_known(&self, at: (usize, usize)) -> bool {
        is_known(self.u[at]) && is_known(self.v[at])
    }

    /// Velocities: $V = d \cdot \text{pixel size} \cdot \text{frame rate}$.
    pub fn in_meters_per_second(&self, calibration: Calibration) -> VelocityField {
        let convert = |d: &f32| calibration.meters_per_second(f64::from(*d)) as f32;
        VelocityField {
            u: self.u.map(convert),
            v: self.v.map(convert),
        }
    }

    /// Reads a `.flo` file.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn read_flo(path: impl AsRef<Path>) -> Result<Self> {
        Ok(xray_io::read_flo(path)?.into())
    }

    /// Reads a field from a ParaView `.vti` file, as other programs write them; its values are taken for displacements in px/frame.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn read_vti(path: impl AsRef<Path>) -> Result<Self> {
        Ok(xray_io::read_vti(path)?.into())
    }

    /// Writes a `.vti` file for ParaView, with the size of a pixel as its step where that is known.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`], [`Error::File`].
    pub fn write_vti(&self, path: impl AsRef<Path>, pixel_size: Option<PixelSize>) -> Result<()> {
        Error::same_shape("v", self.u.dim(), self.v.dim())?;
        Ok(xray_io::write_vti(path, &self.u, &self.v, pixel_size)?)
    }

    /// Writes a `.flo` file.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`], [`Error::File`].
    pub fn write_flo(&self, path: impl AsRef<Path>) -> Result<()> {
        Error::same_shape("v", self.u.dim(), self.v.dim())?;
        Ok(xray_io::write_flo(path, &self.u, &self.v)?)
    }
}

impl From<Vti> for FlowField {
    fn from(vti: Vti) -> Self {
        Self { u: vti.u, v: vti.v }
    }
}

impl From<Flo> for FlowField {
    fn from(flo: Flo) -> Self {
        Self { u: flo.u, v: flo.v }
    }
}

impl VelocityField {
    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        self.u.dim()
    }

    /// Speed of each pixel, m/s.
    pub fn speed(&self) -> Array2<f32> {
        speed(&self.u, &self.v)
    }

    /// Back to displacements.
    pub fn in_pixels_per_frame(&self, calibration: Calibration) -> FlowField {
        let convert = |v: &f32| calibration.pixels_per_frame(f64::from(*v)) as f32;
        FlowField {
            u: self.u.map(convert),
            v: self.v.map(convert),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xray_io::{FrameRate, PixelSize};

    #[test]
    fn conversion_is_linear_in_both_scales() -> Result<()> {
        let flow = FlowField::uniform((2, 2), 1.0, -2.0);
        let scale = |um: f64, hz: f64| -> Result<f32> {
            let c = Calibration::new(PixelSize::from_micrometers(um)?, FrameRate::from_hertz(hz)?);
            let velocity = flow.in_meters_per_second(c);
            let back = velocity.in_pixels_per_frame(c);
            approx::assert_relative_eq!(back.v[[1, 1]], -2.0, max_relative = 1e-6);
            Ok(velocity.u[[0, 0]])
        };
        approx::assert_relative_eq!(scale(1.0, 1.087e6)?, 1.087, max_relative = 1e-6);
        approx::assert_relative_eq!(scale(2.0, 1.087e6)?, 2.174, max_relative = 1e-6);
        approx::assert_relative_eq!(scale(1.0, 2.174e6)?, 2.174, max_relative = 1e-6);
        Ok(())
    }
}
