//! Which value of a signal belongs to which frame.

use super::{SAME, Signal, SignalTable};
use crate::error::{Error, Result};
use crate::time::TimeAxis;

/// How a value of a signal is chosen for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FrameRule {
    /// The first row at or after the start of the exposure; the rule of the NIST AM-Bench tables.
    #[default]
    FirstRowOfFrame,
    /// The mean of all rows from the start of the exposure up to its end.
    MeanOverExposure,
    /// The value in the middle of the exposure, by linear interpolation.
    AtMidpoint,
}

/// The value of a signal for each of some frames.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FrameValues {
    /// Numbers of the frames.
    pub frames: Vec<usize>,
    /// A value a frame, in the unit of the signal; NaN where it is missing.
    pub values: Vec<f64>,
    /// The rows of the signal that were used for each frame: the first one, and how many.
    pub rows: Vec<(usize, usize)>,
    /// How the time of the signal follows from the number of the frame.
    pub map: AffineTimeMap,
}

/// The time of a signal as a linear function of the number of the frame, `t = interval × i + offset`.
///
/// # Examples
///
/// ```
/// use xray_io::AffineTimeMap;
///
/// let map = AffineTimeMap::fit(&[(80, 0.0), (81, 20e-6), (83, 61e-6)])?;
/// assert!((map.interval - 20.36e-6).abs() < 0.01e-6);
/// assert!(map.residual < 0.6e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AffineTimeMap {
    /// Seconds between frames.
    pub interval: f64,
    /// Time of frame 0, in seconds.
    pub offset: f64,
    /// Largest distance of a time that went into it from the line, in seconds.
    pub residual: f64,
}

impl AffineTimeMap {
    /// The line of least squares through frame numbers and times in seconds, in O(n).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] with fewer than two different frames or a time that is not finite.
    pub fn fit(points: &[(usize, f64)]) -> Result<Self> {
        let n = points.len() as f64;
        let mean_frame = points.iter().map(|point| point.0 as f64).sum::<f64>() / n;
        let mean_time = points.iter().map(|point| point.1).sum::<f64>() / n;
        let (mut over, mut under) = (0.0, 0.0);
        for (frame, time) in points {
            let d = *frame as f64 - mean_frame;
            over += d * (time - mean_time);
            under += d * d;
        }
        let interval = over / under;
        if !interval.is_finite() {
            return Err(Error::InvalidParameter {
                name: "points",
                requirement: "two or more different frames with finite times",
                found: format!("{} points", points.len()),
            });
        }
        let mut map = Self {
            interval,
            offset: mean_time - interval * mean_frame,
            residual: 0.0,
        };
        map.residual = points
            .iter()
            .map(|(frame, time)| (map.time(*frame) - time).abs())
            .fold(0.0, f64::max);
        Ok(map)
    }

    /// Time of a frame, in seconds.
    pub fn time(&self, frame: usize) -> f64 {
        self.interval * frame as f64 + self.offset
    }
}

/// Places a signal on the frames, by a rule.
///
/// # Examples
///
/// ```
/// use xray_io::{Coregistration, FrameRule, Signal, TimeAxis};
///
/// // 25 MHz beside 50 kHz: 500 rows a frame, 62.5 of them in the exposure.
/// let signal = Signal::new("absorptivity", "", (0..2000).map(f64::from).collect())
///     .with_time_axis(TimeAxis::uniform(0.0, 40e-9)?)?;
/// let frames = TimeAxis::uniform(0.0, 20e-6)?.with_exposure(2.5e-6)?;
/// let first = Coregistration::new(FrameRule::FirstRowOfFrame).apply(&signal, &frames, 4)?;
/// assert_eq!(first.values, [0.0, 500.0, 1000.0, 1500.0]);
/// let mean = Coregistration::new(FrameRule::MeanOverExposure).apply(&signal, &frames, 4)?;
/// assert_eq!(mean.values, [31.0, 531.0, 1031.0, 1531.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Coregistration {
    rule: FrameRule,
    delay: f64,
}

impl Coregistration {
    /// With this rule.
    pub fn new(rule: FrameRule) -> Self {
        Self { rule, delay: 0.0 }
    }

    /// Seconds by which the clock of the signal is ahead of that of the frames: what happens at `t` in the frames stands
    /// at `t + delay` in the signal. Default 0.
    pub fn delay(mut self, seconds: f64) -> Self {
        self.delay = seconds;
        self
    }

    /// An error if the delay is not finite.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if self.delay.is_finite() {
            return Ok(());
        }
        Err(Error::InvalidParameter {
            name: "delay",
            requirement: "finite",
            found: self.delay.to_string(),
        })
    }

    /// A value for each frame of a time axis. Frames outside the signal have NaN and no rows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if the times of the frames or of the signal are unknown, the exposure is needed and
    /// unknown, or there are fewer than two frames.
    pub fn apply(
        &self,
        signal: &Signal,
        frames: &TimeAxis,
        n_frames: usize,
    ) -> Result<FrameValues> {
        self.validate()?;
        let missing = |name: &'static str| Error::InvalidParameter {
            name,
            requirement: "known",
            found: "unknown".to_owned(),
        };
        if signal.time_axis().start(0).is_none() {
            return Err(missing("signal.time_axis"));
        }
        let (mut values, mut rows, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for frame in 0..n_frames {
            let start = frames.start(frame).ok_or_else(|| missing("frames"))? + self.delay;
            points.push((frame, start));
            let exposure = || frames.exposure(frame).ok_or_else(|| missing("exposure"));
            let first = signal.first_at_or_after(start);
            let (value, used) = match self.rule {
                FrameRule::FirstRowOfFrame => {
                    // A row before the signal starts would be one of a later frame.
                    let slack = SAME * signal.time_axis().interval().unwrap_or(0.0);
                    let inside = signal
                        .time_axis()
                        .start(0)
                        .is_some_and(|time| time <= start + slack);
                    match first.filter(|_| inside) {
                        Some(row) => (signal.values()[row], (row, 1)),
                        None => (f64::NAN, (0, 0)),
                    }
                }
                FrameRule::MeanOverExposure => {
                    let end = start + exposure()?;
                    let from = first.unwrap_or(signal.len());
                    let to = signal.first_at_or_after(end).unwrap_or(signal.len());
                    let mean = signal.mean_between(start, end).unwrap_or(f64::NAN);
                    (mean, (from, to.saturating_sub(from)))
                }
                FrameRule::AtMidpoint => {
                    let time = start + 0.5 * exposure()?;
                    let row = signal.first_at_or_after(time).unwrap_or(signal.len());
                    let value = signal.value_at(time);
                    let used = if value.is_some() {
                        (row.saturating_sub(1), 2)
                    } else {
                        (0, 0)
                    };
                    (value.unwrap_or(f64::NAN), used)
                }
            };
            values.push(value);
            rows.push(used);
        }
        Ok(FrameValues {
            frames: (0..n_frames).collect(),
            values,
            rows,
            map: AffineTimeMap::fit(&points)?,
        })
    }

    /// The value in the first row of each frame that the table numbers in a column, as the NIST AM-Bench tables do: 0 is
    /// no frame; the number may stand in the first row of its frame only or in all of them. The rule and the delay do not
    /// count here.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if a column is missing; [`Error::InvalidRow`] if a number is no whole one or lower than one
    /// before it; [`Error::InvalidParameter`] with fewer than two frames.
    pub fn by_frame_number(
        table: &SignalTable,
        signal: &str,
        numbers: &str,
    ) -> Result<FrameValues> {
        let (signal, numbers) = (table.signal(signal)?, table.signal(numbers)?);
        let (mut frames, mut values, mut rows, mut points) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, &number) in numbers.values().iter().enumerate() {
            let is_same = |last: &usize| (*last as f64 - number).abs() < 0.5;
            if number.is_nan() || number == 0.0 || frames.last().is_some_and(is_same) {
                continue;
            }
            let after = frames.last().copied().unwrap_or(0) as f64;
            if number.fract() != 0.0 || number < after || number > u32::MAX.into() {
                return Err(table.invalid(
                    row,
                    numbers.name(),
                    "a whole number, not below those before",
                    number.to_string(),
                ));
            }
            let frame = number as usize;
            frames.push(frame);
            values.push(signal.values()[row]);
            rows.push((row, 1));
            let time = signal.time_axis().start(row);
            points.push((frame, time.unwrap_or(f64::NAN)));
        }
        Ok(FrameValues {
            frames,
            values,
            rows,
            map: AffineTimeMap::fit(&points)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SignalTableReader;

    #[test]
    fn rules_on_a_line_give_its_values_at_their_times() -> Result<()> {
        let signal = Signal::new("x", "", (0..1000).map(|i| f64::from(i) * 0.5).collect())
            .with_time_axis(TimeAxis::uniform(0.0, 1e-6)?)?;
        let frames = TimeAxis::uniform(10.5e-6, 100e-6)?.with_exposure(20e-6)?;
        let of = |rule| {
            Coregistration::new(rule)
                .delay(2e-6)
                .apply(&signal, &frames, 11)
        };
        let near = |found: &[f64], at: f64| {
            for (i, value) in found.iter().enumerate().take(9) {
                let expected = 0.5 * (at + 100.0 * i as f64);
                assert!((value - expected).abs() < 1e-9, "{i}: {value}, {expected}");
            }
        };
        near(&of(FrameRule::FirstRowOfFrame)?.values, 13.0);
        // Rows 13 to 32.
        near(&of(FrameRule::MeanOverExposure)?.values, 22.5);
        near(&of(FrameRule::AtMidpoint)?.values, 22.5);
        let mean = of(FrameRule::MeanOverExposure)?;
        assert_eq!(mean.rows[1], (113, 20));
        assert!(mean.values[10].is_nan(), "beyond the signal");
        assert!(mean.map.residual < 1e-15);
        let blind = TimeAxis::uniform(0.0, 1e-4)?;
        assert!(
            Coregistration::new(FrameRule::AtMidpoint)
                .apply(&signal, &blind, 3)
                .is_err()
        );
        Ok(())
    }

    #[test]
    fn numbers_may_stand_in_one_row_or_in_all() -> Result<()> {
        for text in [
            "time_us,v,n\n0,9,0\n1,1,4\n2,9,0\n3,3,5\n4,9,0\n",
            "time_us,v,n\n0,9,0\n1,1,4\n2,9,4\n3,3,5\n4,9,5\n",
        ] {
            let table = SignalTableReader::new().parse("x", text)?;
            let found = Coregistration::by_frame_number(&table, "v", "n")?;
            assert_eq!(found.frames, [4, 5]);
            assert_eq!(found.values, [1.0, 3.0]);
            assert!((found.map.interval - 2e-6).abs() < 1e-15);
        }
        let table = SignalTableReader::new().parse("x", "time_us,v,n\n0,9,5\n1,1,4\n")?;
        assert!(matches!(
            Coregistration::by_frame_number(&table, "v", "n"),
            Err(Error::InvalidRow { line: 3, .. })
        ));
        Ok(())
    }
}
