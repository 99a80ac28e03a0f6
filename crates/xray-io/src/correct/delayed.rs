//! Division of a sequence by itself, delayed.

use super::{Correction, FrameKernel, Prepared, frame_of, invalid};
use crate::error::Result;
use crate::reader::SequenceReader;
use crate::time::TimeOf;

/// Each frame divided by a later one, as in the supplement of Gan et al., Nat. Commun. 12, 2379 (2021), doi
/// 10.1038/s41467-021-22704-0: the stack is duplicated to A and B, the first slice of A and the last of B are doubled,
/// and A is divided by B slice by slice.
///
/// With $N$ frames and the lag $L$ (1 there) the result has $N + L$ slices: $f_{k-L}/f_k$ for $L \le k < N$, and 1
/// before and after. It is the earlier frame over the later one. The paper prints no equation; this is its text in
/// symbols, and the time of a slice, which it does not give, is a setting.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{DivideDelayed, ImageSequence, SequenceReaderExt};
///
/// let frames = Array3::from_shape_fn((3, 1, 1), |(frame, ..)| [8.0, 4.0, 1.0][frame]);
/// let ratio = ImageSequence::new(frames)?.correct(&DivideDelayed::new(1))?.read_all()?;
/// assert_eq!(ratio.view().as_slice(), Some(&[1.0, 2.0, 4.0, 1.0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DivideDelayed {
    lag: usize,
    time_of: TimeOf,
    on_zero: f32,
}

impl DivideDelayed {
    /// With this lag in frames.
    pub fn new(lag: usize) -> Self {
        Self {
            lag,
            time_of: TimeOf::Midpoint,
            on_zero: f32::NAN,
        }
    }

    /// Which of the two frames gives the time of a slice. Default [`TimeOf::Midpoint`].
    pub fn time_of(mut self, time_of: TimeOf) -> Self {
        self.time_of = time_of;
        self
    }

    /// What stands where the divisor is zero. Default NaN.
    pub fn on_zero(mut self, value: f32) -> Self {
        self.on_zero = value;
        self
    }
}

impl Correction for DivideDelayed {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let n = input.shape().n_frames;
        if self.lag == 0 || self.lag > n {
            return Err(invalid(
                "lag",
                "at least 1 and at most the number of frames",
                self.lag,
            ));
        }
        let text = format!("divided by the stack delayed by {} frames", self.lag);
        let mut prepared = Prepared::like(input, text, *self);
        prepared.shape.n_frames = n + self.lag;
        prepared.time_axis = input.time_axis().delayed(self.lag, n, self.time_of);
        Ok(prepared)
    }
}

impl FrameKernel for DivideDelayed {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        if frame < self.lag || frame >= input.shape().n_frames {
            out.fill(1.0);
            return Ok(());
        }
        input.read_f32_into(frame - self.lag, out)?;
        let later = frame_of(input, frame)?;
        for (value, later) in out.iter_mut().zip(later) {
            *value = if later == 0.0 {
                self.on_zero
            } else {
                *value / later
            };
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::SequenceReaderExt;

    #[test]
    fn equals_the_two_stacks_slice_by_slice() -> Result<()> {
        let input = noise(6, 3, 4)?;
        for lag in 1..=6 {
            let ratio = input
                .clone()
                .correct(&DivideDelayed::new(lag))?
                .read_all()?;
            assert_eq!(ratio.n_frames(), 6 + lag);
            // A and B as the text has them.
            let frames: Vec<_> = input.frames().collect();
            let mut a = vec![frames[0]; lag];
            a.extend_from_slice(&frames);
            let mut b = frames.clone();
            b.extend(vec![frames[5]; lag]);
            for k in lag..6 {
                assert_eq!(ratio.frame(k), &a[k] / &b[k], "lag {lag}, slice {k}");
            }
            for k in (0..lag).chain(6..6 + lag) {
                assert!(ratio.frame(k).iter().all(|value| *value == 1.0));
            }
        }
        Ok(())
    }

    #[test]
    fn the_product_of_all_slices_telescopes() -> Result<()> {
        let input = noise(9, 2, 3)?;
        let ratio = input.clone().correct(&DivideDelayed::new(1))?.read_all()?;
        for (at, first) in input.frame(0).indexed_iter() {
            let product: f64 = ratio.frames().map(|frame| f64::from(frame[at])).product();
            let expected = f64::from(*first) / f64::from(input.frame(8)[at]);
            assert!((product / expected - 1.0).abs() < 1e-5);
        }
        let start = |time_of| -> Result<Option<f64>> {
            Ok(input
                .clone()
                .correct(&DivideDelayed::new(1).time_of(time_of))?
                .time_axis()
                .start(1))
        };
        assert_eq!(start(TimeOf::Later)?, Some(20e-6));
        assert_eq!(start(TimeOf::Earlier)?, Some(0.0));
        assert!(input.correct(&DivideDelayed::new(0)).is_err());
        Ok(())
    }
}
