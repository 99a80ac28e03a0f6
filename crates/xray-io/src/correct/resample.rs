//! Another number of pixels.

use super::{Correction, FrameKernel, Prepared, frame_of, invalid};
use crate::calibration::PixelSize;
use crate::error::Result;
use crate::metadata::{Origin, Recorded};
use crate::reader::SequenceReader;

/// Frames in another size: each new pixel is the mean of the area that it covers, weighted by the overlap.
///
/// Means over the whole frame stay as they are. For enlarging it repeats pixels. The pixel size follows where rows and
/// columns change by the same factor; else it is left out, and a note says so.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, Resample, SequenceReaderExt};
///
/// let frames = Array3::from_shape_fn((1, 4, 6), |(_, r, c)| (r * 6 + c) as f32);
/// let small = ImageSequence::new(frames)?.correct(&Resample::to(2, 3))?.read_frame_f32(0)?;
/// assert_eq!(small[[0, 0]], (0.0 + 1.0 + 6.0 + 7.0) / 4.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resample {
    n_rows: usize,
    n_columns: usize,
}

impl Resample {
    /// To this size, such as 128 × 128.
    pub fn to(n_rows: usize, n_columns: usize) -> Self {
        Self { n_rows, n_columns }
    }
}

impl Correction for Resample {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let largest = isize::MAX as usize / 8;
        if self
            .n_rows
            .checked_mul(self.n_columns)
            .is_none_or(|n| n == 0 || n > largest)
        {
            let found = format!("{} x {}", self.n_rows, self.n_columns);
            return Err(invalid("size", "positive and countable", found));
        }
        let shape = input.shape();
        let kernel = Kernel {
            rows: overlaps(shape.n_rows, self.n_rows),
            columns: overlaps(shape.n_columns, self.n_columns),
        };
        let text = format!("resampled by area to {} x {}", self.n_rows, self.n_columns);
        let mut prepared = Prepared::like(input, text, kernel);
        prepared.shape.n_rows = self.n_rows;
        prepared.shape.n_columns = self.n_columns;
        if let Some(size) = prepared.metadata.pixel_size.take() {
            let by_rows = shape.n_rows as f64 / self.n_rows as f64;
            let by_columns = shape.n_columns as f64 / self.n_columns as f64;
            if (by_rows / by_columns - 1.0).abs() < 1e-9 {
                let scaled = PixelSize::from_meters(size.value.meters() * by_columns)?;
                let from = format!("pixel size and resampling by {by_columns}");
                prepared.metadata.pixel_size =
                    Some(Recorded::new(scaled, "m", Origin::Derived { from }));
            } else {
                prepared
                    .metadata
                    .note("pixel_size", "left out: pixels are no longer square");
            }
        }
        Ok(prepared)
    }
}

/// For each new pixel the first old one that it covers, and the shares of that and the following.
type Overlaps = Vec<(usize, Vec<f64>)>;

fn overlaps(from: usize, to: usize) -> Overlaps {
    let scale = from as f64 / to as f64;
    (0..to)
        .map(|i| {
            let (start, end) = (i as f64 * scale, (i + 1) as f64 * scale);
            let first = (start as usize).min(from - 1);
            let last = (end.ceil() as usize).clamp(first + 1, from);
            let shares: Vec<f64> = (first..last)
                .map(|old| (end.min((old + 1) as f64) - start.max(old as f64)).max(0.0))
                .collect();
            let sum: f64 = shares.iter().sum();
            (first, shares.into_iter().map(|share| share / sum).collect())
        })
        .collect()
}

#[derive(Debug)]
struct Kernel {
    rows: Overlaps,
    columns: Overlaps,
}

impl FrameKernel for Kernel {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let source = frame_of(input, frame)?;
        let n_columns = input.shape().n_columns;
        let mut line = vec![0.0_f64; n_columns];
        for ((first_row, shares), out) in self
            .rows
            .iter()
            .zip(out.chunks_exact_mut(self.columns.len()))
        {
            line.fill(0.0);
            for (row, share) in (*first_row..)
                .zip(shares)
                .filter(|(_, share)| **share > 0.0)
            {
                for (sum, value) in line.iter_mut().zip(&source[row * n_columns..]) {
                    *sum += share * f64::from(*value);
                }
            }
            for ((first, shares), out) in self.columns.iter().zip(out) {
                *out = shares
                    .iter()
                    .zip(&line[*first..])
                    .filter(|(share, _)| **share > 0.0)
                    .map(|(share, value)| share * value)
                    .sum::<f64>() as f32;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::SequenceReaderExt;

    #[test]
    fn equals_the_mean_of_many_points_and_keeps_the_mean() -> Result<()> {
        let input = noise(1, 12, 15)?;
        let found = input
            .clone()
            .correct(&Resample::to(5, 4))?
            .read_frame_f32(0)?;
        let frame = input.frame(0);
        // The area as fine points: 12 / 5 and 15 / 4 are covered by 60 points a pixel of the input.
        let points = 60;
        for ((row, column), found) in found.indexed_iter() {
            let (rows, columns) = (12 * points / 5, 15 * points / 4);
            let mut sum = 0.0;
            for r in 0..rows {
                for c in 0..columns {
                    sum += f64::from(
                        frame[((row * rows + r) / points, (column * columns + c) / points)],
                    );
                }
            }
            let expected = sum / (rows * columns) as f64;
            assert!((f64::from(*found) / expected - 1.0).abs() < 1e-6);
        }
        let mean = |values: ndarray::ArrayView2<f32>| {
            values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64
        };
        assert!((mean(found.view()) / mean(frame) - 1.0).abs() < 1e-6);
        Ok(())
    }

    #[test]
    fn the_pixel_size_follows_a_common_factor_only() -> Result<()> {
        let input = noise(1, 12, 18)?;
        let half = input.clone().correct(&Resample::to(6, 9))?;
        let size = half
            .metadata()
            .pixel_size
            .as_ref()
            .map(|size| size.value.micrometers());
        assert!(size.is_some_and(|size| (size - 4.0).abs() < 1e-9));
        assert_eq!(
            input
                .clone()
                .correct(&Resample::to(6, 6))?
                .metadata()
                .pixel_size,
            None
        );
        let same = input.clone().correct(&Resample::to(12, 18))?.read_all()?;
        assert_eq!(same.view(), input.view());
        assert!(input.correct(&Resample::to(0, 6)).is_err());
        Ok(())
    }
}
