//! Repair of pixels that are known to be wrong.

use ndarray::{Array2, ArrayRef2};

use super::{Correction, FrameKernel, Prepared, check_size, frame_of, invalid, median};
use crate::error::Result;
use crate::reader::SequenceReader;

/// Replaces the pixels of a mask by the median of the good ones around them.
///
/// The neighborhood grows from 3 × 3 until it has a good pixel. The other pixels keep their values to the bit, so no ring
/// or stripe comes from it.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{HotPixels, ImageSequence, SequenceReaderExt, mean_frame};
///
/// let mut frames = Array3::from_shape_fn((3, 8, 8), |(_, r, c)| (100 + r + c) as f32);
/// frames.slice_mut(ndarray::s![.., 3, 4]).fill(4095.0);
/// let sequence = ImageSequence::new(frames)?;
/// let hot = HotPixels::find(&mean_frame(&sequence)?, 10.0)?;
/// assert_eq!(hot.count(), 1);
/// assert_eq!(sequence.correct(&hot)?.read_frame_f32(0)?[[3, 4]], 107.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotPixels {
    mask: Array2<bool>,
}

impl HotPixels {
    /// Of this mask: `true` is wrong.
    pub fn new(mask: Array2<bool>) -> Self {
        Self { mask }
    }

    /// The pixels of a field (such as the mean of all frames) that differ from the median of their 3 × 3 neighborhood by
    /// more than `threshold` times the scatter of these differences; the scatter is 1.4826 times their median absolute
    /// value, which is the standard deviation of normal noise, and not below 10⁻³ of the median value, so that the slopes of a smooth field are not taken for faults.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) if the threshold is not positive or the field is empty.
    pub fn find(field: &ArrayRef2<f32>, threshold: f32) -> Result<Self> {
        if !(threshold > 0.0 && threshold.is_finite()) {
            return Err(invalid("threshold", "positive and finite", threshold));
        }
        let (n_rows, n_columns) = field.dim();
        if field.is_empty() {
            return Err(invalid("field", "not empty", "no pixel"));
        }
        let around = |at: usize, n: usize| at.saturating_sub(1)..(at + 2).min(n);
        let mut window = Vec::with_capacity(9);
        let differences = Array2::from_shape_fn(field.dim(), |(row, column)| {
            window.clear();
            for r in around(row, n_rows) {
                window.extend(around(column, n_columns).map(|c| field[[r, c]]));
            }
            (field[[row, column]] - median(&mut window)).abs()
        });
        let middle = median(&mut field.iter().copied().collect()).abs();
        let mut all: Vec<f32> = differences.iter().copied().collect();
        let scatter = (1.4826 * median(&mut all)).max(1e-3 * middle);
        let is_hot = |difference: &f32| difference.is_nan() || *difference > threshold * scatter;
        Ok(Self::new(differences.map(is_hot)))
    }

    /// Number of wrong pixels.
    pub fn count(&self) -> usize {
        self.mask.iter().filter(|is_hot| **is_hot).count()
    }

    /// Where they are.
    pub fn mask(&self) -> &ArrayRef2<bool> {
        &self.mask
    }
}

impl Correction for HotPixels {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        check_size("mask of pixels", self.mask.dim(), input.shape())?;
        let (n_rows, n_columns) = self.mask.dim();
        let mut repairs = Vec::new();
        for ((row, column), _) in self.mask.indexed_iter().filter(|(_, is_hot)| **is_hot) {
            let mut good = Vec::new();
            let mut radius = 1;
            while good.is_empty() && radius < n_rows.max(n_columns) {
                let around =
                    |at: usize, n: usize| at.saturating_sub(radius)..(at + radius + 1).min(n);
                for r in around(row, n_rows) {
                    good.extend(
                        around(column, n_columns)
                            .filter(|&c| !self.mask[[r, c]])
                            .map(|c| r * n_columns + c),
                    );
                }
                radius += 1;
            }
            if good.is_empty() {
                return Err(invalid(
                    "mask",
                    "not of all pixels",
                    format!("{} of them", self.mask.len()),
                ));
            }
            repairs.push((row * n_columns + column, good));
        }
        let text = format!("{} hot pixels repaired", repairs.len());
        Ok(Prepared::like(input, text, Kernel { repairs }))
    }
}

#[derive(Debug)]
struct Kernel {
    /// Each wrong pixel, with the good ones around it.
    repairs: Vec<(usize, Vec<usize>)>,
}

impl FrameKernel for Kernel {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let source = frame_of(input, frame)?;
        out.copy_from_slice(&source);
        let mut values = Vec::new();
        for (pixel, good) in &self.repairs {
            values.clear();
            values.extend(good.iter().map(|&at| source[at]));
            out[*pixel] = median(&mut values);
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
    fn only_masked_pixels_change_and_they_become_the_median_of_good_ones() -> Result<()> {
        let input = noise(2, 5, 6)?;
        let mut mask = Array2::from_elem((5, 6), false);
        for at in [(0, 0), (2, 3), (2, 4)] {
            mask[at] = true;
        }
        let found = input
            .clone()
            .correct(&HotPixels::new(mask.clone()))?
            .read_frame_f32(1)?;
        let frame = input.frame(1);
        for (at, found) in found.indexed_iter() {
            if !mask[at] {
                assert_eq!(*found, frame[at]);
            }
        }
        let mut corner = [frame[(0, 1)], frame[(1, 0)], frame[(1, 1)]];
        corner.sort_by(f32::total_cmp);
        assert_eq!(found[(0, 0)], corner[1]);
        assert!(
            input
                .correct(&HotPixels::new(Array2::from_elem((5, 6), true)))
                .is_err()
        );
        Ok(())
    }
}
