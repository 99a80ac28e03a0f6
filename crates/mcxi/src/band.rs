//! Bands of frequency.

use std::ops::RangeInclusive;

use xray_io::FrameRate;

use crate::error::{Error, Result};

/// Share of the frame rate by which a frequency may lie outside a band and still belong to it.
const SLACK: f64 = 1e-9;

/// A band of temporal frequency, both edges included, in Hz or as a fraction of the frame rate.
///
/// A frequency belongs to the band if it lies within it or outside by at most $10^{-9}$ of the frame rate. The edges are checked when the
/// band meets a frame rate and a number of frames.
///
/// ```
/// use mcxi::{Band, FrameRate};
///
/// let rate = FrameRate::from_hertz(1.087e6)?;
/// let band = Band::from_fraction(0.03, 0.25);
/// assert_eq!(band.bins(32, rate)?, 1..=8);
/// assert!(Band::from_hertz(36.0e3, 37.0e3).bins(32, rate).is_err()); // between two frequencies
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Band {
    low: f64,
    high: f64,
    hertz: bool,
}

impl Band {
    /// From edges in Hz.
    pub fn from_hertz(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            hertz: true,
        }
    }

    /// From edges as fractions of the frame rate, 0 to 0.5.
    pub fn from_fraction(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            hertz: false,
        }
    }

    /// Every frequency, zero and Nyquist included.
    pub fn all() -> Self {
        Self::from_fraction(0.0, 0.5)
    }

    /// Lower edge in Hz.
    pub fn low_hz(self, rate: FrameRate) -> f64 {
        if self.hertz {
            self.low
        } else {
            self.low * rate.hertz()
        }
    }

    /// Upper edge in Hz.
    pub fn high_hz(self, rate: FrameRate) -> f64 {
        if self.hertz {
            self.high
        } else {
            self.high * rate.hertz()
        }
    }

    /// Edges as fractions of the frame rate, checked.
    pub(crate) fn fractions(self, rate: FrameRate) -> Result<[f64; 2]> {
        let scale = if self.hertz { rate.hertz() } else { 1.0 };
        let (low, high) = (self.low / scale, self.high / scale);
        if low >= 0.0 && low <= high && high <= 0.5 + SLACK {
            return Ok([low, high]);
        }
        Err(Error::BandOutside {
            low_hz: self.low_hz(rate),
            high_hz: self.high_hz(rate),
            nyquist_hz: rate.hertz() / 2.0,
        })
    }

    /// The frequencies $f_k = k f_s / N$ of a transform of length `n` that belong to the band.
    ///
    /// # Errors
    ///
    /// [`Error::BandOutside`] if the edges do not ascend between 0 and Nyquist, [`Error::BandBetweenBins`] if there is none.
    pub fn bins(self, n: usize, rate: FrameRate) -> Result<RangeInclusive<usize>> {
        let [low, high] = self.fractions(rate)?;
        let n_f = n as f64;
        let mut first = (((low - SLACK) * n_f).floor().max(0.0)) as usize;
        while (first as f64) / n_f < low - SLACK {
            first += 1;
        }
        let mut last = (((high + SLACK) * n_f).ceil() as usize).min(n / 2);
        while last > 0 && (last as f64) / n_f > high + SLACK {
            last -= 1;
        }
        if n == 0 || first > last || (last as f64) / n_f < low - SLACK {
            return Err(Error::BandBetweenBins {
                low_hz: self.low_hz(rate),
                high_hz: self.high_hz(rate),
                step_hz: rate.hertz() / n_f,
            });
        }
        Ok(first..=last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_included_and_checked() -> Result<(), Box<dyn std::error::Error>> {
        let rate = FrameRate::from_hertz(1000.0)?;
        assert_eq!(Band::from_hertz(100.0, 200.0).bins(10, rate)?, 1..=2);
        assert_eq!(Band::all().bins(7, rate)?, 0..=3);
        assert_eq!(Band::from_fraction(0.5, 0.5).bins(8, rate)?, 4..=4);
        for bad in [
            Band::from_hertz(-1.0, 10.0),
            Band::from_hertz(20.0, 10.0),
            Band::from_hertz(20.0, 501.0),
            Band::from_hertz(f64::NAN, 1.0),
            Band::from_hertz(1.0, f64::NAN),
        ] {
            assert!(matches!(bad.bins(8, rate), Err(Error::BandOutside { .. })));
        }
        let between = Band::from_hertz(130.0, 140.0).bins(8, rate);
        assert!(matches!(between, Err(Error::BandBetweenBins { .. })));
        Ok(())
    }
}
