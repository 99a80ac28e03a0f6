//! The image: its size in pixels, the size of a pixel and the frame rate.

use crate::error::{Error, Result, positive, require};

/// Largest number of pixels of a frame.
const MAX_PIXELS: u64 = 1 << 26;

/// Size of the image, of its pixels, and the frame rate: what ties pixels and frames to meters and seconds.
///
/// Rows run down, columns to the right. Positions are in pixels with the centers of pixels at whole numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Camera {
    n_rows: usize,
    n_columns: usize,
    pixel_size_um: f64,
    frame_rate_hz: f64,
}

impl Camera {
    /// A camera of this many rows and columns, pixel size in µm at the sample and frames a second.
    pub fn new(n_rows: usize, n_columns: usize, pixel_size_um: f64, frame_rate_hz: f64) -> Self {
        Self {
            n_rows,
            n_columns,
            pixel_size_um,
            frame_rate_hz,
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.n_rows, self.n_columns)
    }

    /// Size of a pixel at the sample in µm.
    pub fn pixel_size_um(&self) -> f64 {
        self.pixel_size_um
    }

    /// Frames a second.
    pub fn frame_rate_hz(&self) -> f64 {
        self.frame_rate_hz
    }

    /// Speed in m/s of one pixel a frame.
    pub fn meters_per_second(&self) -> f64 {
        self.pixel_size_um * 1e-6 * self.frame_rate_hz
    }

    /// Pixels a frame of a speed in m/s.
    pub fn pixels_per_frame(&self, speed_m_s: f64) -> f64 {
        speed_m_s / self.meters_per_second()
    }

    /// Frames in a time in µs.
    pub fn frames(&self, time_us: f64) -> f64 {
        time_us * 1e-6 * self.frame_rate_hz
    }

    /// Checks sizes and rates.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a size of 0 or a pixel size or rate that is not positive; [`Error::TooLarge`] above
    /// 2^26 pixels.
    pub fn validate(&self) -> Result<()> {
        require(self.n_rows > 0, "n_rows", "at least 1", self.n_rows)?;
        require(
            self.n_columns > 0,
            "n_columns",
            "at least 1",
            self.n_columns,
        )?;
        let pixels = (self.n_rows as u64).saturating_mul(self.n_columns as u64);
        if pixels > MAX_PIXELS {
            return Err(Error::TooLarge {
                what: "pixels of a frame",
                limit: MAX_PIXELS,
                found: pixels,
            });
        }
        positive("pixel_size_um", self.pixel_size_um)?;
        positive("frame_rate_hz", self.frame_rate_hz)
    }
}
