//! The scale of space and time: pixel size, frame rate, and both together.

use crate::error::{Error, Result};

fn positive(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::InvalidParameter {
        name,
        requirement: "positive and finite",
        found: value.to_string(),
    })
}

/// Edge length of a square pixel in the plane of the sample.
///
/// # Examples
///
/// ```
/// use xray_io::PixelSize;
///
/// let size = PixelSize::from_micrometers(1.93)?;
/// assert!((size.meters() - 1.93e-6).abs() < 1e-18);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "f64", into = "f64")
)]
pub struct PixelSize {
    meters: f64,
}

impl PixelSize {
    /// From meters a pixel.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not positive and finite.
    pub fn from_meters(meters: f64) -> Result<Self> {
        Ok(Self {
            meters: positive("pixel_size", meters)?,
        })
    }

    /// From micrometers a pixel.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not positive and finite.
    pub fn from_micrometers(micrometers: f64) -> Result<Self> {
        Self::from_meters(micrometers * 1e-6)
    }

    /// Meters a pixel.
    pub fn meters(self) -> f64 {
        self.meters
    }

    /// Micrometers a pixel.
    pub fn micrometers(self) -> f64 {
        self.meters * 1e6
    }

    /// The size after `n` × `n` pixels were put together.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if `n` is zero.
    pub fn binned(self, n: usize) -> Result<Self> {
        Self::from_meters(self.meters * n as f64)
    }
}

/// Frames a second, as recorded.
///
/// # Examples
///
/// ```
/// use xray_io::FrameRate;
///
/// let rate = FrameRate::from_kilohertz(50.0)?;
/// assert_eq!(rate.interval_seconds(), 20e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "f64", into = "f64")
)]
pub struct FrameRate {
    hertz: f64,
}

impl FrameRate {
    /// From frames a second.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not positive and finite.
    pub fn from_hertz(hertz: f64) -> Result<Self> {
        Ok(Self {
            hertz: positive("frame_rate", hertz)?,
        })
    }

    /// From thousands of frames a second.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not positive and finite.
    pub fn from_kilohertz(kilohertz: f64) -> Result<Self> {
        Self::from_hertz(kilohertz * 1e3)
    }

    /// From the seconds between the starts of two frames.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not positive and finite, or its inverse is not.
    pub fn from_interval_seconds(seconds: f64) -> Result<Self> {
        Self::from_hertz(1.0 / positive("frame_interval", seconds)?)
    }

    /// Frames a second.
    pub fn hertz(self) -> f64 {
        self.hertz
    }

    /// Seconds between the starts of two frames.
    pub fn interval_seconds(self) -> f64 {
        1.0 / self.hertz
    }
}

impl TryFrom<f64> for PixelSize {
    type Error = Error;

    fn try_from(meters: f64) -> Result<Self> {
        Self::from_meters(meters)
    }
}

impl From<PixelSize> for f64 {
    fn from(size: PixelSize) -> f64 {
        size.meters
    }
}

impl TryFrom<f64> for FrameRate {
    type Error = Error;

    fn try_from(hertz: f64) -> Result<Self> {
        Self::from_hertz(hertz)
    }
}

impl From<FrameRate> for f64 {
    fn from(rate: FrameRate) -> f64 {
        rate.hertz
    }
}

/// Pixel size and frame rate together: what turns pixels a frame into meters a second.
///
/// # Examples
///
/// ```
/// use xray_io::{Calibration, FrameRate, PixelSize};
///
/// let calibration = Calibration::new(PixelSize::from_micrometers(2.0)?, FrameRate::from_kilohertz(50.0)?);
/// assert!((calibration.meters_per_second(3.0) - 0.3).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Calibration {
    pixel_size: PixelSize,
    frame_rate: FrameRate,
}

impl Calibration {
    /// From the two scales.
    pub fn new(pixel_size: PixelSize, frame_rate: FrameRate) -> Self {
        Self {
            pixel_size,
            frame_rate,
        }
    }

    /// The scale of space.
    pub fn pixel_size(self) -> PixelSize {
        self.pixel_size
    }

    /// The scale of time.
    pub fn frame_rate(self) -> FrameRate {
        self.frame_rate
    }

    /// A velocity of pixels a frame in meters a second.
    pub fn meters_per_second(self, pixels_per_frame: f64) -> f64 {
        pixels_per_frame * self.pixel_size.meters * self.frame_rate.hertz
    }

    /// A velocity of meters a second in pixels a frame.
    pub fn pixels_per_frame(self, meters_per_second: f64) -> f64 {
        meters_per_second / (self.pixel_size.meters * self.frame_rate.hertz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_what_is_no_scale() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(PixelSize::from_meters(bad).is_err());
            assert!(FrameRate::from_hertz(bad).is_err());
            assert!(FrameRate::from_interval_seconds(bad).is_err());
        }
        assert!(
            FrameRate::from_interval_seconds(1e-320).is_err(),
            "the inverse is infinite"
        );
    }

    #[test]
    fn velocities_go_there_and_back() -> Result<()> {
        let calibration = Calibration::new(
            PixelSize::from_micrometers(1.93)?,
            FrameRate::from_hertz(1.087e6)?,
        );
        for v in [0.0, 1.0, -2.5] {
            approx::assert_relative_eq!(
                calibration.pixels_per_frame(calibration.meters_per_second(v)),
                v,
                max_relative = 1e-14
            );
        }
        Ok(())
    }
}
