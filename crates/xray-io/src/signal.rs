//! Time series recorded beside the frames.

mod coregister;
mod correlation;
mod table;
#[cfg(feature = "tdms")]
mod tdms;

pub use coregister::{AffineTimeMap, Coregistration, FrameRule, FrameValues};
pub use correlation::{Offset, OffsetSearch};
pub use table::{SignalTable, SignalTableReader};
#[cfg(feature = "tdms")]
pub use tdms::TdmsFile;

use crate::error::{Error, Result};
use crate::time::{TimeAxis, Timing};

/// A time series with its name, unit and time axis, such as absorptivity or the voltage of a photodiode.
///
/// Missing values are NaN; they are never filled in. Times are in seconds.
///
/// # Examples
///
/// ```
/// use xray_io::{Signal, TimeAxis};
///
/// let signal = Signal::new("absorptivity", "", vec![0.2, 0.4, 0.8])
///     .with_time_axis(TimeAxis::uniform(0.0, 1e-6)?)?;
/// assert_eq!(signal.value_at(0.5e-6), Some(0.30000000000000004));
/// assert_eq!(signal.value_at(3e-6), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Signal {
    name: String,
    unit: String,
    values: Vec<f64>,
    time_axis: TimeAxis,
}

/// Share of an interval below which two times are the same: far above rounding, far below what matters.
const SAME: f64 = 1e-6;

impl Signal {
    /// From its values, in `unit`; the unit is empty for pure numbers.
    pub fn new(name: impl Into<String>, unit: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            values,
            time_axis: TimeAxis::unknown(),
        }
    }

    /// With this time axis.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if the axis has another number of times.
    pub fn with_time_axis(mut self, time_axis: TimeAxis) -> Result<Self> {
        time_axis.check_n_frames(self.values.len())?;
        self.time_axis = time_axis;
        Ok(self)
    }

    /// What it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Unit of the values as the file has it, empty for pure numbers.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The values, NaN where one is missing.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// When each value was taken.
    pub fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    /// The same values, `seconds` later. Exact: nothing is interpolated.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not finite.
    pub fn delayed(mut self, seconds: f64) -> Result<Self> {
        if !seconds.is_finite() {
            return Err(Error::InvalidParameter {
                name: "seconds",
                requirement: "finite",
                found: seconds.to_string(),
            });
        }
        self.time_axis = match self.time_axis.timing() {
            Timing::Unknown => self.time_axis,
            Timing::Uniform { t0, dt } => TimeAxis::uniform(t0 + seconds, *dt)?,
            Timing::Irregular(times) => {
                TimeAxis::irregular(times.iter().map(|time| time + seconds).collect())?
            }
        };
        Ok(self)
    }

    /// The value at a time by linear interpolation; `None` outside the signal or without times. NaN beside a missing
    /// value.
    pub fn value_at(&self, seconds: f64) -> Option<f64> {
        let after = self.first_at_or_after(seconds)?;
        let time = self.time_axis.start(after)?;
        // At a sample, or the first one after it.
        if time <= seconds {
            return self.values.get(after).copied();
        }
        let before = after.checked_sub(1)?;
        let start = self.time_axis.start(before)?;
        let share = (seconds - start) / (time - start);
        Some(self.values[before] * (1.0 - share) + self.values[after] * share)
    }

    /// Number of the first sample at or after a time, `None` if there is none or the times are unknown. On a uniform axis a
    /// sample that is earlier by less than a millionth of the interval counts as at that time.
    pub(crate) fn first_at_or_after(&self, seconds: f64) -> Option<usize> {
        if !seconds.is_finite() || self.values.is_empty() {
            return None;
        }
        match self.time_axis.timing() {
            Timing::Unknown => None,
            Timing::Irregular(times) => {
                let i = times.partition_point(|time| *time < seconds);
                (i < times.len()).then_some(i)
            }
            Timing::Uniform { t0, dt } => {
                // Times that differ by rounding only are the same.
                let steps = ((seconds - t0) / dt - SAME).ceil().max(0.0);
                if steps >= self.values.len() as f64 {
                    return None;
                }
                let i = steps as usize;
                (i < self.values.len()).then_some(i)
            }
        }
    }

    /// Mean of the values from one time up to, but not including, another; with the samples it is made of. `None` if
    /// there is no sample between.
    pub fn mean_between(&self, from: f64, to: f64) -> Option<f64> {
        let start = self.first_at_or_after(from)?;
        let end = self.first_at_or_after(to).unwrap_or(self.values.len());
        let part = self
            .values
            .get(start..end)
            .filter(|part| !part.is_empty())?;
        Some(part.iter().sum::<f64>() / part.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_exact_on_lines_and_ends_with_the_signal() -> Result<()> {
        let values: Vec<f64> = (0..50).map(|i| 3.0 + 2.0 * f64::from(i)).collect();
        for axis in [
            TimeAxis::uniform(-1e-3, 40e-9)?,
            TimeAxis::irregular((0..50).map(|i| -1e-3 + 40e-9 * f64::from(i)).collect())?,
        ] {
            let signal = Signal::new("x", "V", values.clone()).with_time_axis(axis)?;
            for k in 0..490 {
                let t = -1e-3 + 4e-9 * f64::from(k);
                let expected = 3.0 + 0.2 * f64::from(k);
                let found = signal.value_at(t);
                assert!(
                    found.is_some_and(|v| (v - expected).abs() < 1e-6),
                    "{k} {found:?}"
                );
            }
            assert_eq!(signal.value_at(-1e-3 - 1e-9), None);
            assert_eq!(signal.value_at(-1e-3 + 50.0 * 40e-9), None);
            let mean = signal.mean_between(-1e-3 + 79e-9, -1e-3 + 161e-9);
            assert!(
                mean.is_some_and(|mean| (mean - 9.0).abs() < 1e-9),
                "samples 2, 3 and 4: {mean:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn a_delay_moves_the_times_only() -> Result<()> {
        let signal =
            Signal::new("x", "", vec![1.0, 2.0]).with_time_axis(TimeAxis::uniform(0.0, 1.0)?)?;
        let later = signal.clone().delayed(0.25)?;
        assert_eq!(later.values(), signal.values());
        assert_eq!(later.value_at(0.75), Some(1.5));
        assert!(signal.delayed(f64::NAN).is_err());
        Ok(())
    }
}
