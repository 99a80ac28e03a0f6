//! Windows over consecutive frames.

use ndarray::ArrayView2;

use super::SequenceReader;
use crate::error::{Error, Result};

/// Windows of frames that follow each other; made by [`windows`](super::SequenceReaderExt::windows).
///
/// The frames lie in a ring buffer that is allocated once; a frame that two windows share is read once.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, SequenceReaderExt};
///
/// let sequence = ImageSequence::new(Array3::from_shape_fn((6, 2, 2), |(frame, ..)| frame as f32))?;
/// let mut windows = sequence.windows(3, 2)?;
/// let mut sums = Vec::new();
/// while let Some(window) = windows.next_window() {
///     sums.push(window?.frames().map(|frame| frame.sum()).sum::<f32>());
/// }
/// assert_eq!(sums, [12.0, 36.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Windows<'a, R: SequenceReader + ?Sized> {
    reader: &'a R,
    n: usize,
    step: usize,
    next: usize,
    /// Frames before this one that belong to the next window are in the ring.
    read_to: usize,
    ring: Vec<f32>,
}

impl<'a, R: SequenceReader + ?Sized> Windows<'a, R> {
    pub(super) fn new(reader: &'a R, n: usize, step: usize) -> Result<Self> {
        let n_frames = reader.shape().n_frames;
        if n == 0 || n > n_frames {
            return Err(Error::InvalidParameter {
                name: "n",
                requirement: "at least 1 and at most the number of frames",
                found: format!("{n} with {n_frames} frames"),
            });
        }
        if step == 0 {
            return Err(Error::InvalidParameter {
                name: "step",
                requirement: "positive",
                found: "0".to_owned(),
            });
        }
        let ring = vec![0.0; n * reader.shape().n_pixels()];
        Ok(Self {
            reader,
            n,
            step,
            next: 0,
            read_to: 0,
            ring,
        })
    }

    /// Number of windows that are still to come.
    pub fn remaining(&self) -> usize {
        (self.reader.shape().n_frames + self.step).saturating_sub(self.next + self.n) / self.step
    }

    /// The next window, `None` after the last one.
    ///
    /// It borrows the ring buffer, so it must be dropped before the next call; that is why this is no `Iterator`.
    pub fn next_window(&mut self) -> Option<Result<Window<'_>>> {
        let shape = self.reader.shape();
        let (start, end) = (self.next, self.next + self.n);
        if end > shape.n_frames {
            return None;
        }
        let pixels = shape.n_pixels();
        for frame in self.read_to.max(start)..end {
            let slot = frame % self.n;
            if let Err(error) = self
                .reader
                .read_f32_into(frame, &mut self.ring[slot * pixels..(slot + 1) * pixels])
            {
                // What was read is kept; the next call tries the same window again.
                self.read_to = frame;
                return Some(Err(error));
            }
        }
        self.read_to = end;
        self.next += self.step;
        Some(Ok(Window {
            ring: &self.ring,
            start,
            n: self.n,
            n_rows: shape.n_rows,
            n_columns: shape.n_columns,
        }))
    }
}

/// Some frames that follow each other, as `f32`.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    ring: &'a [f32],
    start: usize,
    n: usize,
    n_rows: usize,
    n_columns: usize,
}

impl<'a> Window<'a> {
    /// Number of the first frame in its sequence.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.n
    }

    /// Frame `i` of the window, in the order of time.
    ///
    /// # Panics
    ///
    /// If `i` is not below the number of frames.
    pub fn frame(&self, i: usize) -> ArrayView2<'a, f32> {
        assert!(i < self.n, "frame {i} of a window of {}", self.n);
        let pixels = self.n_rows * self.n_columns;
        let slot = (self.start + i) % self.n;
        let slice = &self.ring[slot * pixels..(slot + 1) * pixels];
        // The slice has exactly this many pixels, so the shape always fits.
        ArrayView2::from_shape((self.n_rows, self.n_columns), slice)
            .unwrap_or_else(|_| ArrayView2::from(&[[]; 0]))
    }

    /// The frames in the order of time.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = ArrayView2<'a, f32>> + '_ {
        (0..self.n).map(|i| self.frame(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::SequenceReaderExt;
    use crate::sequence::ImageSequence;
    use ndarray::Array3;

    #[test]
    fn every_window_holds_its_frames_whatever_the_step() -> Result<()> {
        let sequence = ImageSequence::new(Array3::from_shape_fn((11, 2, 3), |(f, r, c)| {
            (f * 6 + r * 3 + c) as f32
        }))?;
        for n in 1..=11 {
            for step in 1..=12 {
                let mut windows = sequence.windows(n, step)?;
                let expected = windows.remaining();
                let mut count = 0;
                while let Some(window) = windows.next_window() {
                    let window = window?;
                    assert_eq!(window.start(), count * step);
                    for (i, frame) in window.frames().enumerate() {
                        assert_eq!(frame, sequence.frame(window.start() + i));
                    }
                    count += 1;
                }
                assert_eq!(count, (11 - n) / step + 1);
                assert_eq!(count, expected);
                assert_eq!(windows.remaining(), 0);
            }
        }
        assert!(sequence.windows(0, 1).is_err());
        assert!(sequence.windows(12, 1).is_err());
        assert!(sequence.windows(1, 0).is_err());
        Ok(())
    }
}
