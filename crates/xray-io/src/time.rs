//! When each frame was exposed.

use std::ops::Range;

use crate::calibration::FrameRate;
use crate::error::{Error, Result};

/// Exposure time of the frames, in seconds.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Exposure {
    /// Not known.
    #[default]
    Unknown,
    /// The same for all frames.
    Constant(f64),
    /// One value a frame.
    PerFrame(Vec<f64>),
}

/// Which of the two frames of a pair gives the time of what is computed from both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TimeOf {
    /// The earlier frame.
    Earlier,
    /// The later frame.
    Later,
    /// The mean of both.
    #[default]
    Midpoint,
}

/// The starts of the exposures, in three states that are never mixed up.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Timing {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Frame `i` starts at `t0 + i dt`, in seconds.
    Uniform {
        /// Start of frame 0, in seconds from the trigger or from the first frame.
        t0: f64,
        /// Seconds between the starts of two frames.
        dt: f64,
    },
    /// The start of each frame, in seconds, strictly increasing.
    Irregular(Vec<f64>),
}

/// When each frame was exposed: starts, exposure, and how derived sequences keep them.
///
/// The time of a frame is the **start** of its exposure; [`midpoint`](Self::midpoint) adds half the exposure. An axis
/// is uniform only if it was measured so within a tolerance, see [`from_stamps`](Self::from_stamps). Nothing is ever
/// resampled: a missing frame makes the axis irregular.
///
/// # Examples
///
/// ```
/// use xray_io::TimeAxis;
///
/// // Every 36th frame of 60 kHz was kept, the first one 52 recorded frames after the trigger.
/// let axis = TimeAxis::uniform(52.0 / 60e3, 36.0 / 60e3)?.with_exposure(1.25e-6)?;
/// assert!((axis.interval().ok_or("uniform")? - 600e-6).abs() < 1e-15);
/// assert!((axis.start(1).ok_or("known")? - 1.4666667e-3).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TimeAxis {
    timing: Timing,
    exposure: Exposure,
}

fn finite(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::InvalidParameter {
        name,
        requirement: "finite",
        found: value.to_string(),
    })
}

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

impl TimeAxis {
    /// Largest deviation from uniform stamps, as a share of the interval, under which an axis counts as uniform.
    pub const DEFAULT_TOLERANCE: f64 = 0.01;

    /// Nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// Frame `i` starts at `t0 + i dt`, both in seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if `t0` is not finite or `dt` not positive and finite.
    pub fn uniform(t0: f64, dt: f64) -> Result<Self> {
        let timing = Timing::Uniform {
            t0: finite("t0", t0)?,
            dt: positive("dt", dt)?,
        };
        Ok(Self {
            timing,
            exposure: Exposure::Unknown,
        })
    }

    /// The start of each frame, in seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if there is none, one is not finite, or they do not strictly increase.
    pub fn irregular(starts: Vec<f64>) -> Result<Self> {
        let problem = |found: String| Error::InvalidParameter {
            name: "starts",
            requirement: "one or more finite, strictly increasing times",
            found,
        };
        if starts.is_empty() {
            return Err(problem("none".to_owned()));
        }
        if let Some(i) = starts.iter().position(|t| !t.is_finite()) {
            return Err(problem(format!("{} at frame {i}", starts[i])));
        }
        if let Some(i) = starts.windows(2).position(|pair| pair[1] <= pair[0]) {
            return Err(problem(format!(
                "{} after {} at frame {}",
                starts[i + 1],
                starts[i],
                i + 1
            )));
        }
        Ok(Self {
            timing: Timing::Irregular(starts),
            exposure: Exposure::Unknown,
        })
    }

    /// From measured starts, in seconds: uniform if no stamp is farther from the line through the first and the last
    /// one than `tolerance` intervals, else irregular.
    ///
    /// The interval is (last − first)/(n − 1), not the difference of the first two, which rounded stamps make coarse.
    /// One stamp alone gives an irregular axis, since no interval is known.
    ///
    /// # Errors
    ///
    /// As [`irregular`](Self::irregular); also if `tolerance` is negative or not finite.
    pub fn from_stamps(starts: Vec<f64>, tolerance: f64) -> Result<Self> {
        if !(tolerance.is_finite() && tolerance >= 0.0) {
            return Err(Error::InvalidParameter {
                name: "tolerance",
                requirement: "zero or positive",
                found: tolerance.to_string(),
            });
        }
        let irregular = Self::irregular(starts)?;
        let Timing::Irregular(starts) = &irregular.timing else {
            return Ok(irregular);
        };
        let n = starts.len();
        if n < 2 {
            return Ok(irregular);
        }
        let (t0, dt) = (starts[0], (starts[n - 1] - starts[0]) / (n - 1) as f64);
        let largest = starts
            .iter()
            .enumerate()
            .map(|(i, t)| (t - (t0 + i as f64 * dt)).abs())
            .fold(0.0, f64::max);
        if dt.is_finite() && dt > 0.0 && largest <= tolerance * dt {
            Self::uniform(t0, dt)
        } else {
            Ok(irregular)
        }
    }

    /// The same axis with one exposure, in seconds, for all frames.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is not positive and finite.
    pub fn with_exposure(mut self, seconds: f64) -> Result<Self> {
        self.exposure = Exposure::Constant(positive("exposure", seconds)?);
        Ok(self)
    }

    /// The same axis with an exposure a frame, in seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if one is not positive and finite.
    pub fn with_exposures(mut self, seconds: Vec<f64>) -> Result<Self> {
        for value in &seconds {
            positive("exposure", *value)?;
        }
        self.exposure = match seconds.first() {
            Some(first)
                if seconds
                    .iter()
                    .all(|value| value.to_bits() == first.to_bits()) =>
            {
                Exposure::Constant(*first)
            }
            _ => Exposure::PerFrame(seconds),
        };
        Ok(self)
    }

    /// The state of the axis.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// The exposures.
    pub fn exposures(&self) -> &Exposure {
        &self.exposure
    }

    /// Start of the exposure of frame `i`, in seconds, if known.
    pub fn start(&self, i: usize) -> Option<f64> {
        match &self.timing {
            Timing::Unknown => None,
            Timing::Uniform { t0, dt } => Some(t0 + i as f64 * dt),
            Timing::Irregular(starts) => starts.get(i).copied(),
        }
    }

    /// Exposure of frame `i`, in seconds, if known.
    pub fn exposure(&self, i: usize) -> Option<f64> {
        match &self.exposure {
            Exposure::Unknown => None,
            Exposure::Constant(seconds) => Some(*seconds),
            Exposure::PerFrame(seconds) => seconds.get(i).copied(),
        }
    }

    /// Middle of the exposure of frame `i`, in seconds, if start and exposure are known.
    pub fn midpoint(&self, i: usize) -> Option<f64> {
        Some(self.start(i)? + 0.5 * self.exposure(i)?)
    }

    /// Seconds between frames, if the axis is uniform.
    pub fn interval(&self) -> Option<f64> {
        match self.timing {
            Timing::Uniform { dt, .. } => Some(dt),
            _ => None,
        }
    }

    /// Frames a second, if the axis is uniform.
    pub fn frame_rate(&self) -> Option<FrameRate> {
        FrameRate::from_interval_seconds(self.interval()?).ok()
    }

    /// Frames that the axis speaks of, if it has one time or exposure a frame.
    pub fn n_frames(&self) -> Option<usize> {
        match (&self.timing, &self.exposure) {
            (Timing::Irregular(starts), _) => Some(starts.len()),
            (_, Exposure::PerFrame(seconds)) => Some(seconds.len()),
            _ => None,
        }
    }

    /// An error if the axis has times or exposures of another number of frames.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn check_n_frames(&self, n_frames: usize) -> Result<()> {
        let exposures = match &self.exposure {
            Exposure::PerFrame(seconds) => seconds.len(),
            _ => n_frames,
        };
        match self.n_frames() {
            Some(found) if found != n_frames || exposures != n_frames => {
                Err(Error::InvalidParameter {
                    name: "time_axis",
                    requirement: "one time and exposure a frame",
                    found: format!("{found} times, {exposures} exposures for {n_frames} frames"),
                })
            }
            _ => Ok(()),
        }
    }

    /// The axis of some frames, in increasing order; uniform if their numbers are evenly spaced.
    ///
    /// Frames that are not in increasing order have no time axis: the result is unknown.
    pub fn select(&self, frames: &[usize]) -> Self {
        let exposure = match &self.exposure {
            Exposure::PerFrame(seconds) => {
                let chosen: Option<Vec<f64>> =
                    frames.iter().map(|&i| seconds.get(i).copied()).collect();
                chosen.map_or(Exposure::Unknown, Exposure::PerFrame)
            }
            other => other.clone(),
        };
        let increasing = frames.windows(2).all(|pair| pair[0] < pair[1]);
        let Some((&first, true)) = frames.first().map(|first| (first, increasing)) else {
            return Self {
                timing: Timing::Unknown,
                exposure,
            };
        };
        let step = frames.get(1).map_or(1, |second| second - first);
        let even = frames.windows(2).all(|pair| pair[1] - pair[0] == step);
        let timing = match (&self.timing, even) {
            (Timing::Unknown, _) => Timing::Unknown,
            (Timing::Uniform { t0, dt }, true) => Timing::Uniform {
                t0: t0 + first as f64 * dt,
                dt: dt * step as f64,
            },
            _ => {
                let starts: Option<Vec<f64>> = frames.iter().map(|&i| self.start(i)).collect();
                starts.map_or(Timing::Unknown, Timing::Irregular)
            }
        };
        Self { timing, exposure }
    }

    /// The axis of a range of frames.
    pub fn range(&self, frames: Range<usize>) -> Self {
        match (&self.timing, &self.exposure) {
            (Timing::Uniform { t0, dt }, Exposure::Unknown | Exposure::Constant(_)) => Self {
                timing: Timing::Uniform {
                    t0: t0 + frames.start as f64 * dt,
                    dt: *dt,
                },
                exposure: self.exposure.clone(),
            },
            (Timing::Unknown, Exposure::Unknown | Exposure::Constant(_)) => self.clone(),
            _ => self.select(&frames.collect::<Vec<_>>()),
        }
    }

    /// The axis after each `n` frames were averaged: the time is the mean of their starts, the exposure is that of one
    /// frame. A rest of fewer than `n` frames is left out.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if `n` is zero.
    pub fn binned(&self, n: usize) -> Result<Self> {
        if n == 0 {
            return Err(Error::InvalidParameter {
                name: "n",
                requirement: "positive",
                found: n.to_string(),
            });
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
        let timing = match &self.timing {
            Timing::Unknown => Timing::Unknown,
            Timing::Uniform { t0, dt } => Timing::Uniform {
                t0: t0 + 0.5 * (n - 1) as f64 * dt,
                dt: dt * n as f64,
            },
            Timing::Irregular(starts) => {
                Timing::Irregular(starts.chunks_exact(n).map(mean).collect())
            }
        };
        let exposure = match &self.exposure {
            Exposure::PerFrame(seconds) => {
                Exposure::PerFrame(seconds.chunks_exact(n).map(mean).collect())
            }
            other => other.clone(),
        };
        Ok(Self { timing, exposure })
    }

    /// The axis of a sequence of `n_frames` divided by itself delayed by `lag`: slice `k` of the `n_frames + lag`
    /// pairs the frames `k - lag` and `k`.
    ///
    /// Where one of the pair lies before the first or after the last frame, its time is continued by the interval (the
    /// mean interval, if the axis is irregular), so that the times stay increasing and a uniform axis stays uniform.
    pub fn delayed(&self, lag: usize, n_frames: usize, time_of: TimeOf) -> Self {
        let exposure = match &self.exposure {
            Exposure::PerFrame(_) => Exposure::Unknown,
            other => other.clone(),
        };
        let back = match time_of {
            TimeOf::Earlier => 1.0,
            TimeOf::Midpoint => 0.5,
            TimeOf::Later => 0.0,
        };
        let timing = match &self.timing {
            Timing::Uniform { t0, dt } => Timing::Uniform {
                t0: t0 - back * lag as f64 * dt,
                dt: *dt,
            },
            Timing::Irregular(starts) if starts.len() == n_frames && n_frames > 1 => {
                let n = n_frames;
                let dt = (starts[n - 1] - starts[0]) / (n - 1) as f64;
                let at = |i: i64| match usize::try_from(i) {
                    Err(_) => starts[0] + i as f64 * dt,
                    Ok(i) if i < n => starts[i],
                    Ok(i) => starts[n - 1] + (i + 1 - n) as f64 * dt,
                };
                let of = |k: usize| {
                    let (later, earlier) = (at(k as i64), at(k as i64 - lag as i64));
                    back * earlier + (1.0 - back) * later
                };
                Timing::Irregular((0..n + lag).map(of).collect())
            }
            Timing::Unknown | Timing::Irregular(_) => Timing::Unknown,
        };
        Self { timing, exposure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photron_step_and_start_give_the_interval() -> Result<()> {
        // t_i = (r + i s)/R.
        for (rate, step, start) in [(60e3, 36.0, 52.0), (50e3, 3.0, -7.0), (30e3, 1.0, 0.0)] {
            let axis = TimeAxis::uniform(start / rate, step / rate)?;
            for i in [0_usize, 1, 14] {
                let expected = (start + i as f64 * step) / rate;
                approx::assert_abs_diff_eq!(axis.start(i).unwrap(), expected, epsilon = 1e-15);
            }
        }
        Ok(())
    }

    #[test]
    fn one_late_frame_makes_the_axis_irregular() -> Result<()> {
        let mut stamps: Vec<f64> = (0..15).map(|i| f64::from(i) * 111.07e-6).collect();
        assert!(
            TimeAxis::from_stamps(stamps.clone(), 0.01)?
                .interval()
                .is_some()
        );
        stamps[7] += 30e-6;
        let axis = TimeAxis::from_stamps(stamps, 0.01)?;
        assert_eq!(axis.interval(), None);
        assert!(matches!(axis.timing(), Timing::Irregular(_)));
        Ok(())
    }

    #[test]
    fn stamps_that_do_not_increase_are_refused() {
        for bad in [vec![], vec![0.0, 0.0], vec![1.0, 0.5], vec![0.0, f64::NAN]] {
            assert!(TimeAxis::irregular(bad).is_err());
        }
    }

    #[test]
    fn maps_of_irregular_axes_agree_with_uniform_ones() -> Result<()> {
        let (n, dt) = (9, 20e-6);
        let uniform = TimeAxis::uniform(-3e-5, dt)?;
        let irregular = TimeAxis::irregular((0..n).map(|i| -3e-5 + i as f64 * dt).collect())?;
        for time_of in [TimeOf::Earlier, TimeOf::Later, TimeOf::Midpoint] {
            for lag in [1, 2, 5] {
                let (a, b) = (
                    uniform.delayed(lag, n, time_of),
                    irregular.delayed(lag, n, time_of),
                );
                for k in 0..n + lag {
                    approx::assert_abs_diff_eq!(
                        a.start(k).unwrap(),
                        b.start(k).unwrap(),
                        epsilon = 1e-15
                    );
                }
            }
        }
        for bin in [1, 2, 4] {
            let (a, b) = (uniform.binned(bin)?, irregular.binned(bin)?);
            for k in 0..n / bin {
                approx::assert_abs_diff_eq!(
                    a.start(k).unwrap(),
                    b.start(k).unwrap(),
                    epsilon = 1e-15
                );
            }
        }
        assert_eq!(uniform.select(&[1, 3, 5]).interval(), Some(2.0 * dt));
        assert_eq!(uniform.select(&[1, 3, 6]).interval(), None);
        assert_eq!(uniform.select(&[3, 1]).timing(), &Timing::Unknown);
        Ok(())
    }

    #[test]
    fn midpoint_needs_an_exposure() -> Result<()> {
        let axis = TimeAxis::uniform(0.0, 20e-6)?;
        assert_eq!(axis.midpoint(1), None);
        approx::assert_abs_diff_eq!(
            axis.with_exposure(2e-6)?.midpoint(1).unwrap(),
            21e-6,
            epsilon = 1e-18
        );
        Ok(())
    }
}
