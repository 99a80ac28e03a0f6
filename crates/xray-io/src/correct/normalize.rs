//! Values between 0 and 1.

use super::{Correction, FrameKernel, Prepared, frame_of, invalid};
use crate::error::Result;
use crate::reader::SequenceReader;

/// The smallest and the largest value of the whole sequence become 0 and 1; a constant sequence becomes 0.
///
/// One pass over all frames finds them when the correction is applied; NaN and infinities do not count.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, Normalize, SequenceReaderExt};
///
/// let frames = Array3::from_shape_fn((2, 1, 3), |(frame, _, c)| (frame * 3 + c) as f32);
/// let unit = ImageSequence::new(frames)?.correct(&Normalize::new())?.read_all()?;
/// assert_eq!(unit.view().as_slice(), Some(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Normalize;

impl Normalize {
    /// Over the sequence.
    pub fn new() -> Self {
        Self
    }
}

impl Correction for Normalize {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for frame in 0..input.shape().n_frames {
            for value in frame_of(input, frame)?
                .into_iter()
                .filter(|value| value.is_finite())
            {
                low = low.min(value);
                high = high.max(value);
            }
        }
        let text = format!("{low} to {high} scaled to 0 to 1");
        Ok(Prepared::like(
            input,
            text,
            Window {
                low,
                high,
                clips: false,
            },
        ))
    }
}

/// Linear from one value to another.
#[derive(Debug)]
struct Window {
    low: f32,
    high: f32,
    clips: bool,
}

impl Window {
    fn apply(&self, out: &mut [f32]) {
        let (low, width) = (
            f64::from(self.low),
            f64::from(self.high) - f64::from(self.low),
        );
        for value in out {
            *value = if width > 0.0 {
                ((f64::from(*value) - low) / width) as f32
            } else {
                // A constant has no scale; what is no number stays none.
                *value * 0.0
            };
            if self.clips {
                *value = value.clamp(0.0, 1.0);
            }
        }
    }
}

impl FrameKernel for Window {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        self.apply(out);
        Ok(())
    }
}

/// Contrast for display: two percentiles of each frame become 0 and 1, and what is beyond is clipped.
///
/// The percentile $p$ of $n$ values is at the position $p\,(n - 1)/100$ of the sorted ones, linear between two.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, SequenceReaderExt, Stretch};
///
/// let frames = Array3::from_shape_fn((1, 1, 101), |(.., c)| c as f32);
/// let shown = ImageSequence::new(frames)?.correct(&Stretch::new(10.0, 90.0))?.read_frame_f32(0)?;
/// assert_eq!((shown[[0, 5]], shown[[0, 50]], shown[[0, 95]]), (0.0, 0.5, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    low: f64,
    high: f64,
}

impl Stretch {
    /// Between these percentiles, from 0 to 100.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}

impl Correction for Stretch {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        if !(0.0 <= self.low && self.low < self.high && self.high <= 100.0) {
            let found = format!("{} and {}", self.low, self.high);
            return Err(invalid(
                "percentiles",
                "from 0 to 100, the first below the second",
                found,
            ));
        }
        let text = format!(
            "contrast from percentile {} to {} of each frame",
            self.low, self.high
        );
        Ok(Prepared::like(input, text, *self))
    }
}

impl FrameKernel for Stretch {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        let mut sorted: Vec<f32> = out
            .iter()
            .copied()
            .filter(|value| value.is_finite())
            .collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let window = Window {
            low: percentile(&sorted, self.low),
            high: percentile(&sorted, self.high),
            clips: true,
        };
        window.apply(out);
        Ok(())
    }
}

fn percentile(sorted: &[f32], percent: f64) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f32::NAN;
    };
    let at = percent / 100.0 * last as f64;
    let (low, share) = (at.floor() as usize, at.fract());
    let next = sorted[(low + 1).min(last)];
    (f64::from(sorted[low]) * (1.0 - share) + f64::from(next) * share) as f32
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::{ImageSequence, SequenceReaderExt};
    use ndarray::Array3;

    #[test]
    fn percentiles_are_linear_between_sorted_values() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (percent, expected) in [(0.0, 1.0), (50.0, 3.0), (100.0, 8.0), (25.0, 1.75)] {
            assert_eq!(percentile(&sorted, percent), expected);
        }
        assert!(percentile(&[], 50.0).is_nan());
    }

    #[test]
    fn constants_become_zero_and_ranges_become_units() -> Result<()> {
        let flat = ImageSequence::new(Array3::from_elem((2, 2, 2), 7.0))?;
        assert!(
            flat.clone()
                .correct(&Normalize::new())?
                .read_all()?
                .view()
                .iter()
                .all(|v| *v == 0.0)
        );
        assert!(
            flat.clone()
                .correct(&Stretch::new(1.0, 99.0))?
                .read_all()?
                .view()
                .iter()
                .all(|v| *v == 0.0)
        );
        assert!(flat.correct(&Stretch::new(5.0, 5.0)).is_err());
        let unit = noise(3, 4, 5)?.correct(&Normalize::new())?.read_all()?;
        let (low, high) = unit
            .view()
            .iter()
            .fold((1.0_f32, 0.0_f32), |(l, h), v| (l.min(*v), h.max(*v)));
        assert_eq!((low, high), (0.0, 1.0));
        Ok(())
    }
}
