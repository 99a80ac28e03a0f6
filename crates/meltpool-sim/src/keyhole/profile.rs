//! A keyhole of tabulated depth and width and a fixed relative profile.

use super::Slice;
use crate::error::{Error, Result, finite, require};

/// Relative half widths at 0, ¼, ½, ¾ and 1 of the depth, measured on spot-pulse radiographs of Ti-6Al-4V.
pub(crate) const PROFILE: [f64; 5] = [0.50, 1.22, 1.00, 0.72, 0.0];

/// The profile at a fraction of the depth.
pub(crate) fn profile_at(fraction: f64) -> f64 {
    let f = fraction.clamp(0.0, 1.0) * 4.0;
    let i = (f as usize).min(3);
    PROFILE[i] + (PROFILE[i + 1] - PROFILE[i]) * (f - i as f64)
}

/// A keyhole whose depth and width are given for each frame, linear between frames.
///
/// The half width at depth $y$ is $\tfrac12 w\,p(y/d)$ with $p$ linear through 0.50, 1.22, 1.00, 0.72 and 0 at
/// 0, ¼, ½, ¾ and 1: ratios measured on radiographs of spot pulses.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProfileKeyhole {
    column: f64,
    speed: f64,
    depths: Vec<f64>,
    widths: Vec<f64>,
}

impl ProfileKeyhole {
    /// A keyhole in this column with these depths and mean widths in pixels, one for each frame.
    pub fn new(column: f64, depths: Vec<f64>, widths: Vec<f64>) -> Self {
        Self {
            column,
            speed: 0.0,
            depths,
            widths,
        }
    }

    /// Speed of the laser to the right in pixels a frame (0 unless set).
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    fn table(values: &[f64], time: f64) -> f64 {
        let Some(last) = values.len().checked_sub(1) else {
            return 0.0;
        };
        let t = time.clamp(0.0, last as f64);
        let i = (t as usize).min(last.saturating_sub(1));
        let next = values[(i + 1).min(last)];
        values[i] + (next - values[i]) * (t - i as f64)
    }

    /// Depth of the tip at a time.
    pub fn depth(&self, time: f64) -> f64 {
        Self::table(&self.depths, time)
    }

    /// Mean width at a time.
    pub fn width(&self, time: f64) -> f64 {
        Self::table(&self.widths, time)
    }

    pub(super) fn slice(&self, time: f64, y: f64) -> Slice {
        let center = self.column + self.speed * time;
        let radius = 0.5 * self.width(time) * profile_at(y / self.depth(time));
        Slice {
            left: center - radius,
            right: center + radius,
            taper: 1.0,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("column", self.column)?;
        finite("speed", self.speed)?;
        if self.depths.len() != self.widths.len() {
            return Err(Error::LengthMismatch {
                name: "widths",
                expected: self.depths.len(),
                found: self.widths.len(),
            });
        }
        for (name, values) in [("depths", &self.depths), ("widths", &self.widths)] {
            for value in values {
                require(
                    value.is_finite() && *value >= 0.0,
                    name,
                    "finite and not negative",
                    value,
                )?;
            }
        }
        Ok(())
    }
}
