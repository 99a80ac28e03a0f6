//! Pixels and frames put together.

use super::{Correction, FrameKernel, Prepared, frame_of, invalid};
use crate::error::Result;
use crate::reader::SequenceReader;

/// Means of squares of `n` × `n` pixels; a rest of fewer at the right and lower border is left out.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{BinPixels, ImageSequence, SequenceReaderExt};
///
/// let frames = Array3::from_shape_fn((1, 5, 4), |(_, r, c)| (r * 4 + c) as f32);
/// let binned = ImageSequence::new(frames)?.correct(&BinPixels::new(2))?.read_frame_f32(0)?;
/// assert_eq!(binned, ndarray::array![[2.5, 4.5], [10.5, 12.5]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinPixels {
    n: usize,
}

impl BinPixels {
    /// Squares of this side in pixels.
    pub fn new(n: usize) -> Self {
        Self { n }
    }
}

impl Correction for BinPixels {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let shape = input.shape();
        let n = self.n;
        if n == 0 || n > shape.n_rows.min(shape.n_columns) {
            return Err(invalid(
                "n",
                "at least 1 and at most the side of a frame",
                n,
            ));
        }
        let mut prepared = Prepared::like(input, format!("means of {n} x {n} pixels"), *self);
        prepared.shape.n_rows = shape.n_rows / n;
        prepared.shape.n_columns = shape.n_columns / n;
        if let Some(size) = &mut prepared.metadata.pixel_size {
            size.value = size.value.binned(n)?;
            size.origin = crate::Origin::Derived {
                from: format!("pixel size and bins of {n}"),
            };
        }
        Ok(prepared)
    }
}

impl FrameKernel for BinPixels {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let source = frame_of(input, frame)?;
        let n_columns = input.shape().n_columns;
        let (n, out_columns) = (self.n, n_columns / self.n);
        let pixels = (n * n) as f64;
        for (i, value) in out.iter_mut().enumerate() {
            let (row, column) = (i / out_columns * n, i % out_columns * n);
            let sum: f64 = (row..row + n)
                .flat_map(|r| &source[r * n_columns + column..r * n_columns + column + n])
                .map(|value| f64::from(*value))
                .sum();
            *value = (sum / pixels) as f32;
        }
        Ok(())
    }
}

/// Means of `n` frames that follow each other; the time of each is the mean of theirs, and a rest of fewer is left out.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{BinFrames, ImageSequence, SequenceReaderExt};
///
/// let frames = Array3::from_shape_fn((7, 1, 1), |(frame, ..)| frame as f32);
/// let binned = ImageSequence::new(frames)?.correct(&BinFrames::new(3))?.read_all()?;
/// assert_eq!(binned.view().as_slice(), Some(&[1.0, 4.0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinFrames {
    n: usize,
}

impl BinFrames {
    /// This many frames.
    pub fn new(n: usize) -> Self {
        Self { n }
    }
}

impl Correction for BinFrames {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let n_frames = input.shape().n_frames;
        if self.n == 0 || self.n > n_frames {
            return Err(invalid(
                "n",
                "at least 1 and at most the number of frames",
                self.n,
            ));
        }
        let mut prepared = Prepared::like(input, format!("means of {} frames", self.n), *self);
        prepared.shape.n_frames = n_frames / self.n;
        prepared.time_axis = input.time_axis().binned(self.n)?;
        if let Some(rate) = &mut prepared.metadata.frame_rate {
            rate.value = crate::FrameRate::from_hertz(rate.value.hertz() / self.n as f64)?;
            rate.origin = crate::Origin::Derived {
                from: format!("frame rate and bins of {}", self.n),
            };
        }
        Ok(prepared)
    }
}

impl FrameKernel for BinFrames {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let mut sums = vec![0.0_f64; out.len()];
        for number in frame * self.n..(frame + 1) * self.n {
            input.read_f32_into(number, out)?;
            sums.iter_mut()
                .zip(&*out)
                .for_each(|(sum, value)| *sum += f64::from(*value));
        }
        for (value, sum) in out.iter_mut().zip(sums) {
            *value = (sum / self.n as f64) as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::{Resample, SequenceReaderExt};

    #[test]
    fn bins_are_what_resampling_to_whole_factors_gives() -> Result<()> {
        let input = noise(2, 12, 9)?;
        let binned = input.clone().correct(&BinPixels::new(3))?;
        let resampled = input.clone().correct(&Resample::to(4, 3))?;
        let (a, b) = (binned.read_frame_f32(1)?, resampled.read_frame_f32(1)?);
        assert!(a.iter().zip(&b).all(|(a, b)| (a / b - 1.0).abs() < 1e-6));
        assert_eq!(
            binned
                .metadata()
                .pixel_size
                .as_ref()
                .map(|size| size.value.micrometers()),
            Some(6.0)
        );
        assert!(input.correct(&BinPixels::new(10)).is_err());
        Ok(())
    }

    #[test]
    fn frames_and_times_are_means() -> Result<()> {
        let input = noise(7, 2, 2)?;
        let binned = input.clone().correct(&BinFrames::new(2))?;
        assert_eq!(binned.n_frames(), 3);
        assert!(
            binned
                .time_axis()
                .start(1)
                .is_some_and(|t| (t - 50e-6).abs() < 1e-12)
        );
        let found = binned.read_frame_f32(1)?[(1, 1)];
        let expected = 0.5 * (input.frame(2)[(1, 1)] + input.frame(3)[(1, 1)]);
        assert!((found - expected).abs() < 1e-3);
        Ok(())
    }
}
