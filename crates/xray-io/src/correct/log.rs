//! Logarithms: attenuation, and the change of a frame against a background.

use super::{Correction, FrameKernel, Prepared, invalid, mean_frame};
use crate::error::Result;
use crate::reader::{SequenceReader, SequenceReaderExt};

/// Attenuation of a transmission, $-\ln T$; of values that are not positive it is [`fill`](Self::fill).
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, MinusLog, SequenceReaderExt};
///
/// let sequence = ImageSequence::new(Array3::from_elem((1, 2, 2), 0.5))?;
/// let attenuation = sequence.correct(&MinusLog::new())?.read_frame_f32(0)?;
/// assert_eq!(attenuation[[0, 0]], std::f32::consts::LN_2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinusLog {
    fill: f32,
}

impl Default for MinusLog {
    fn default() -> Self {
        Self { fill: f32::NAN }
    }
}

impl MinusLog {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands where there is no logarithm. Default NaN.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Correction for MinusLog {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        Ok(Prepared::like(input, "minus logarithm", *self))
    }
}

impl FrameKernel for MinusLog {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        for value in out {
            *value = if *value > 0.0 {
                -f64::from(*value).ln() as f32
            } else {
                self.fill
            };
        }
        Ok(())
    }
}

/// The change against the mean $b$ of the first frames, $\ln(f + 1) - \ln(b + 1)$, as in a script of the Advanced Photon
/// Source for laser welding. NaN where a value is not above -1.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, LogDelta, SequenceReaderExt};
///
/// let sequence = ImageSequence::new(Array3::from_elem((60, 2, 2), 500.0))?;
/// assert_eq!(sequence.correct(&LogDelta::new(50))?.read_frame_f32(55)?[[0, 0]], 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogDelta {
    n_frames: usize,
}

impl LogDelta {
    /// With the mean of this many first frames as background.
    pub fn new(n_frames: usize) -> Self {
        Self { n_frames }
    }
}

impl Correction for LogDelta {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let n = input.shape().n_frames;
        if self.n_frames == 0 || self.n_frames > n {
            return Err(invalid(
                "n_frames",
                "at least 1 and at most the number of frames",
                self.n_frames,
            ));
        }
        let background = mean_frame(&input.range(0..self.n_frames)?)?;
        let logarithms = background
            .iter()
            .map(|value| (f64::from(*value) + 1.0).ln())
            .collect();
        let text = format!(
            "logarithmic change against the first {} frames",
            self.n_frames
        );
        Ok(Prepared::like(input, text, Delta { logarithms }))
    }
}

#[derive(Debug)]
struct Delta {
    /// Of the background plus one.
    logarithms: Vec<f64>,
}

impl FrameKernel for Delta {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        for (value, background) in out.iter_mut().zip(&self.logarithms) {
            *value = ((f64::from(*value) + 1.0).ln() - background) as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::ImageSequence;
    use ndarray::Array3;

    #[test]
    fn values_without_a_logarithm_are_filled() -> Result<()> {
        let values = vec![1.0, 0.0, -1.0, f32::NAN];
        let array = Array3::from_shape_vec((1, 1, 4), values).expect("four values");
        let found = ImageSequence::new(array)?
            .correct(&MinusLog::new().fill(9.0))?
            .read_frame_f32(0)?;
        assert_eq!(found.as_slice(), Some(&[-0.0, 9.0, 9.0, 9.0][..]));
        Ok(())
    }

    #[test]
    fn the_change_equals_its_definition() -> Result<()> {
        let input = noise(6, 3, 4)?;
        let corrected = input.clone().correct(&LogDelta::new(2))?;
        let found = corrected.read_frame_f32(4)?;
        for (at, found) in found.indexed_iter() {
            let of = |frame: usize| f64::from(input.frame(frame)[at]);
            let expected = (of(4) + 1.0).ln() - (0.5 * (of(0) + of(1)) + 1.0).ln();
            assert!((f64::from(*found) - expected).abs() < 2e-6);
        }
        assert!(input.clone().correct(&LogDelta::new(0)).is_err());
        assert!(input.correct(&LogDelta::new(7)).is_err());
        Ok(())
    }
}
