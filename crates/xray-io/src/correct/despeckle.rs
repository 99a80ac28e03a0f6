//! The median of a neighborhood.

use super::{Correction, FrameKernel, Prepared, frame_of, invalid, median};
use crate::error::Result;
use crate::reader::SequenceReader;

/// Each pixel replaced by the median of the square around it; beyond the border the nearest pixel stands.
///
/// The default of 3 × 3 is what Despeckle of ImageJ is understood to do. Its border is not documented; replication is
/// our choice. NaN does not count.
///
/// # Performance
///
/// O(pixels · (2 radius + 1)²).
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{Despeckle, ImageSequence, SequenceReaderExt};
///
/// let mut frames = Array3::from_elem((1, 5, 5), 10.0);
/// frames[[0, 2, 2]] = 4000.0;
/// let clean = ImageSequence::new(frames)?.correct(&Despeckle::new())?.read_frame_f32(0)?;
/// assert!(clean.iter().all(|value| *value == 10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Despeckle {
    radius: usize,
}

impl Default for Despeckle {
    fn default() -> Self {
        Self { radius: 1 }
    }
}

impl Despeckle {
    /// 3 × 3 pixels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pixels to each side, 1 to 15. Default 1.
    pub fn radius(mut self, radius: usize) -> Self {
        self.radius = radius;
        self
    }
}

impl Correction for Despeckle {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        if !(1..=15).contains(&self.radius) {
            return Err(invalid("radius", "from 1 to 15", self.radius));
        }
        let side = 2 * self.radius + 1;
        Ok(Prepared::like(
            input,
            format!("median of {side} x {side} pixels"),
            *self,
        ))
    }
}

impl FrameKernel for Despeckle {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let source = frame_of(input, frame)?;
        let (n_rows, n_columns) = (input.shape().n_rows, input.shape().n_columns);
        let inside =
            |at: usize, by: usize, n: usize| (at + by).saturating_sub(self.radius).min(n - 1);
        let side = 2 * self.radius + 1;
        let mut window = Vec::with_capacity(side * side);
        for (row, line) in out.chunks_exact_mut(n_columns).enumerate() {
            for (column, value) in line.iter_mut().enumerate() {
                window.clear();
                for r in 0..side {
                    let start = inside(row, r, n_rows) * n_columns;
                    window.extend((0..side).map(|c| source[start + inside(column, c, n_columns)]));
                }
                *value = median(&mut window);
            }
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
    fn is_the_middle_of_the_sorted_neighborhood() -> Result<()> {
        let input = noise(2, 6, 7)?;
        for radius in [1_i64, 2] {
            let found = input
                .clone()
                .correct(&Despeckle::new().radius(radius as usize))?
                .read_frame_f32(1)?;
            for ((row, column), found) in found.indexed_iter() {
                let mut values = Vec::new();
                for r in -radius..=radius {
                    for c in -radius..=radius {
                        let at = (
                            (row as i64 + r).clamp(0, 5) as usize,
                            (column as i64 + c).clamp(0, 6) as usize,
                        );
                        values.push(input.frame(1)[at]);
                    }
                }
                values.sort_by(f32::total_cmp);
                assert_eq!(*found, values[values.len() / 2]);
            }
        }
        assert!(input.correct(&Despeckle::new().radius(0)).is_err());
        Ok(())
    }
}
