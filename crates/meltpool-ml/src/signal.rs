//! From a signal in time to what models see: one value a frame, windows of the last T frames, absorbed energy.

use ndarray::Array2;

use crate::error::{Error, Result, require, same_length};

/// Which part of a frame's signal stands for the frame.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Alignment {
    /// The first sample with the frame's number: the start of the exposure, as in the notebook of the NIST data set.
    Start,
    /// The mean of the samples within this time after the start of the exposure, in seconds (2.5e-6 there).
    Exposure(f64),
    /// The sample nearest to this time after the start of the exposure, in seconds.
    Offset(f64),
}

/// One value for each frame, from samples that carry the number of their frame.
///
/// Number 0 means no frame: tables that name the frame only at its start, and tables that repeat it over the whole block, are both read.
/// `time_s` are the times of the samples in seconds. The first result are the frame numbers, the second their values.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::NonFinite`], [`Error::TimeNotAscending`], [`Error::RepeatedFrame`] for a number that comes back after
/// another, [`Error::MissingFrame`] for a gap between the first and the last number, [`Error::TooFewSamples`] without any frame.
///
/// # Examples
/// ```
/// use meltpool_ml::{Alignment, frame_values};
///
/// let (frames, values) = frame_values(&[7, 0, 8, 0], &[0.0, 1.0, 2.0, 3.0], &[0.5, 0.7, 0.2, 0.4], Alignment::Exposure(1.5))?;
/// assert_eq!(frames, [7, 8]);
/// assert!((values[0] - 0.6).abs() < 1e-12 && (values[1] - 0.3).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn frame_values(
    frame_numbers: &[u64],
    time_s: &[f64],
    values: &[f64],
    alignment: Alignment,
) -> Result<(Vec<u64>, Vec<f64>)> {
    same_length("the times", frame_numbers.len(), time_s.len())?;
    same_length("the signal", frame_numbers.len(), values.len())?;
    for (what, series) in [("the times", time_s), ("the signal", values)] {
        if let Some(sample) = series.iter().position(|v| !v.is_finite()) {
            return Err(Error::NonFinite {
                what,
                sample,
                position: 0,
                found: series[sample],
            });
        }
    }
    if let Some(row) = (1..time_s.len()).find(|row| time_s[*row] <= time_s[row - 1]) {
        return Err(Error::TimeNotAscending {
            row,
            before: time_s[row - 1],
            after: time_s[row],
        });
    }
    let mut starts: Vec<(u64, usize)> = Vec::new();
    for (row, number) in frame_numbers.iter().enumerate() {
        if *number == 0 {
            continue;
        }
        match starts.last() {
            Some((last, _)) if last == number => {
                // the block goes on, or the number is given a second time after a gap of zeros
                if frame_numbers[row - 1] == 0 {
                    return Err(Error::RepeatedFrame {
                        frame: *number,
                        row,
                    });
                }
            }
            Some((last, _)) if number < last => {
                return Err(Error::RepeatedFrame {
                    frame: *number,
                    row,
                });
            }
            Some((last, _)) if *number > last + 1 => {
                return Err(Error::MissingFrame { frame: last + 1 });
            }
            _ => starts.push((*number, row)),
        }
    }
    if starts.is_empty() {
        return Err(Error::TooFewSamples {
            purpose: "the alignment of frames",
            needed: 1,
            found: 0,
        });
    }
    let value = |start: usize| match alignment {
        Alignment::Start => values[start],
        Alignment::Exposure(length) => {
            let end = time_s[start] + length;
            let inside = (start..values.len())
                .take_while(|row| time_s[*row] < end)
                .count()
                .max(1);
            values[start..start + inside].iter().sum::<f64>() / inside as f64
        }
        Alignment::Offset(offset) => {
            let wanted = time_s[start] + offset;
            let after = time_s
                .partition_point(|t| *t < wanted)
                .min(values.len() - 1);
            let before = after.saturating_sub(1);
            let nearer = (time_s[after] - wanted).abs() < (wanted - time_s[before]).abs();
            values[if nearer { after } else { before }]
        }
    };
    Ok((
        starts.iter().map(|(number, _)| *number).collect(),
        starts.iter().map(|(_, start)| value(*start)).collect(),
    ))
}

/// The last `n_steps` values at each frame, the newest last; before the first frame stands the laser-off baseline.
///
/// # Errors
/// [`Error::InvalidParameter`] for no steps, more than 65536 or a baseline that is not finite, [`Error::TooFewSamples`] without frames.
///
/// # Examples
/// ```
/// let windows = meltpool_ml::signal_windows(&[0.3, 0.5, 0.6], 2, 0.0)?;
/// assert_eq!(windows, ndarray::array![[0.0, 0.3], [0.3, 0.5], [0.5, 0.6]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn signal_windows(signal: &[f64], n_steps: usize, baseline: f64) -> Result<Array2<f64>> {
    require(
        (1..=65_536).contains(&n_steps),
        "n_steps",
        "1 to 65536",
        n_steps,
    )?;
    require(baseline.is_finite(), "baseline", "finite", baseline)?;
    if signal.is_empty() {
        return Err(Error::TooFewSamples {
            purpose: "windows of a signal",
            needed: 1,
            found: 0,
        });
    }
    Ok(Array2::from_shape_fn(
        (signal.len(), n_steps),
        |(frame, step)| {
            (frame + step + 1)
                .checked_sub(n_steps)
                .map_or(baseline, |place| signal[place])
        },
    ))
}

/// Energy absorbed up to and with each frame in J: $E_n = \sum_{k\le n} a_k P\,\Delta t$ of the measured absorptance, the nominal power in W
/// and the frame interval in s.
///
/// # Errors
/// [`Error::InvalidParameter`] for a power or interval that is negative or not finite.
pub fn absorbed_energy(signal: &[f64], power_w: f64, interval_s: f64) -> Result<Vec<f64>> {
    for (name, value) in [("power_w", power_w), ("interval_s", interval_s)] {
        require(
            value >= 0.0 && value.is_finite(),
            name,
            "finite and not negative",
            value,
        )?;
    }
    Ok(signal
        .iter()
        .scan(0.0, |sum, a| {
            *sum += a * power_w * interval_s;
            Some(*sum)
        })
        .collect())
}

/// A signal moved against its frames: frame n gets the value of frame n + `frames`; at the ends the nearest value stands.
///
/// Fractions of a frame are interpolated along a line. For the sensitivity of a model to the alignment.
///
/// # Errors
/// [`Error::InvalidParameter`] for a shift that is not finite.
pub fn shifted(signal: &[f64], frames: f64) -> Result<Vec<f64>> {
    require(frames.is_finite(), "frames", "finite", frames)?;
    let last = signal.len().saturating_sub(1) as f64;
    Ok((0..signal.len())
        .map(|n| {
            let place = (n as f64 + frames).clamp(0.0, last);
            let (low, part) = (place.floor(), place - place.floor());
            let high = (low as usize + 1).min(signal.len() - 1);
            signal[low as usize] * (1.0 - part) + signal[high] * part
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_tables_give_the_same_frames() -> Result<()> {
        let time: Vec<f64> = (0..9).map(f64::from).collect();
        let values: Vec<f64> = (0..9).map(|k| f64::from(k * k)).collect();
        let at_start = [0, 80, 0, 0, 81, 0, 0, 82, 0];
        let repeated = [0, 80, 80, 80, 81, 81, 81, 82, 82];
        for alignment in [
            Alignment::Start,
            Alignment::Exposure(1.5),
            Alignment::Offset(0.9),
        ] {
            let a = frame_values(&at_start, &time, &values, alignment)?;
            assert_eq!(a, frame_values(&repeated, &time, &values, alignment)?);
            assert_eq!(a.0, [80, 81, 82]);
        }
        let (_, start) = frame_values(&at_start, &time, &values, Alignment::Start)?;
        assert_eq!(start, [1.0, 16.0, 49.0]);
        let (_, next) = frame_values(&at_start, &time, &values, Alignment::Offset(0.9))?;
        assert_eq!(next, [4.0, 25.0, 64.0]);
        let (_, mean) = frame_values(&at_start, &time, &values, Alignment::Exposure(1.5))?;
        assert_eq!(mean, [2.5, 20.5, 56.5]);
        Ok(())
    }

    #[test]
    fn broken_tables_are_named() {
        let time = [0.0, 1.0, 2.0, 3.0];
        let value = [0.1; 4];
        let read = |frames: &[u64]| frame_values(frames, &time, &value, Alignment::Start);
        assert!(matches!(
            read(&[1, 0, 3, 0]),
            Err(Error::MissingFrame { frame: 2 })
        ));
        assert!(matches!(
            read(&[1, 2, 1, 3]),
            Err(Error::RepeatedFrame { frame: 1, row: 2 })
        ));
        assert!(matches!(
            read(&[1, 0, 1, 2]),
            Err(Error::RepeatedFrame { frame: 1, row: 2 })
        ));
        assert!(matches!(read(&[0; 4]), Err(Error::TooFewSamples { .. })));
        assert!(matches!(
            frame_values(&[1, 2], &[1.0, 0.5], &[0.1, 0.2], Alignment::Start),
            Err(Error::TimeNotAscending { row: 1, .. })
        ));
        assert!(matches!(
            frame_values(&[1, 2], &[0.0, 0.5], &[0.1, f64::NAN], Alignment::Start),
            Err(Error::NonFinite { sample: 1, .. })
        ));
        assert!(matches!(
            frame_values(&[1], &[0.0, 0.5], &[0.1, 0.2], Alignment::Start),
            Err(Error::LengthMismatch { .. })
        ));
        assert!(signal_windows(&value, 0, 0.0).is_err() && signal_windows(&[], 1, 0.0).is_err());
    }

    #[test]
    fn energy_and_shifts_of_known_numbers() -> Result<()> {
        assert_eq!(absorbed_energy(&[0.5, 0.25], 200.0, 0.01)?, [1.0, 1.5]);
        let signal = [0.0, 1.0, 4.0];
        assert_eq!(shifted(&signal, 1.0)?, [1.0, 4.0, 4.0]);
        assert_eq!(shifted(&signal, -1.0)?, [0.0, 0.0, 1.0]);
        assert_eq!(shifted(&signal, 0.5)?, [0.5, 2.5, 4.0]);
        assert!(shifted(&signal, f64::NAN).is_err());
        Ok(())
    }
}
