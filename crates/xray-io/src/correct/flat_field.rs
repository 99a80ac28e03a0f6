//! Flat and dark fields.

use ndarray::{Array2, ArrayRef2};

use super::{Correction, FrameKernel, Prepared, check_size, invalid, median};
use crate::error::{Error, Result};
use crate::reader::{SequenceReader, SequenceShape};

/// The mean of all frames, pixel by pixel, with sums in `f64`: the usual field.
///
/// # Errors
///
/// Those of reading.
pub fn mean_frame<R: SequenceReader + ?Sized>(reader: &R) -> Result<Array2<f32>> {
    let shape = reader.shape();
    let mut frame = vec![0.0; shape.n_pixels()];
    let mut sums = vec![0.0_f64; shape.n_pixels()];
    for number in 0..shape.n_frames {
        reader.read_f32_into(number, &mut frame)?;
        for (sum, value) in sums.iter_mut().zip(&frame) {
            *sum += f64::from(*value);
        }
    }
    let n = shape.n_frames as f64;
    field(
        shape,
        sums.into_iter().map(|sum| (sum / n) as f32).collect(),
    )
}

/// The median of all frames, pixel by pixel: a field that single bright events do not change.
///
/// All frames are in memory at once.
///
/// # Errors
///
/// Those of reading.
pub fn median_frame<R: SequenceReader + ?Sized>(reader: &R) -> Result<Array2<f32>> {
    let shape = reader.shape();
    let mut frame = vec![0.0; shape.n_pixels()];
    let mut all = vec![Vec::with_capacity(shape.n_frames); shape.n_pixels()];
    for number in 0..shape.n_frames {
        reader.read_f32_into(number, &mut frame)?;
        for (values, value) in all.iter_mut().zip(&frame) {
            values.push(*value);
        }
    }
    field(shape, all.iter_mut().map(median).collect())
}

fn field(shape: SequenceShape, values: Vec<f32>) -> Result<Array2<f32>> {
    let found = values.len();
    Array2::from_shape_vec((shape.n_rows, shape.n_columns), values).map_err(|_| {
        Error::BufferLength {
            unit: "pixels",
            expected: shape.n_pixels(),
            found,
        }
    })
}

/// Transmission: $(I - D)/(F - D)$ with the dark field $D$ and the flat field $F$.
///
/// With a second flat field, of after the recording, the field of each frame lies between both, linear in the number of
/// the frame. Where the flat field is not above the dark one there is no transmission: [`fill`](Self::fill) stands there.
/// The form is that of the tomography packages `TomoPy` and `DXchange`.
///
/// # Examples
///
/// ```
/// use ndarray::{Array2, Array3};
/// use xray_io::{FlatField, ImageSequence, SequenceReaderExt};
///
/// let sequence = ImageSequence::new(Array3::from_elem((2, 3, 4), 1100.0))?;
/// let correction = FlatField::new(Array2::from_elem((3, 4), 2100.0)).dark(Array2::from_elem((3, 4), 100.0));
/// assert_eq!(sequence.correct(&correction)?.read_frame_f32(0)?[[0, 0]], 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FlatField {
    flat: Array2<f32>,
    after: Option<Array2<f32>>,
    dark: Option<Array2<f32>>,
    fill: f32,
}

impl FlatField {
    /// With this flat field, in the unit of the frames; see [`mean_frame`] and [`median_frame`].
    pub fn new(flat: Array2<f32>) -> Self {
        Self {
            flat,
            after: None,
            dark: None,
            fill: f32::NAN,
        }
    }

    /// The flat field after the last frame; [`new`](Self::new) then has that of before the first one. Default: one field.
    pub fn flat_after(mut self, flat: Array2<f32>) -> Self {
        self.after = Some(flat);
        self
    }

    /// The dark field. Default: zero.
    pub fn dark(mut self, dark: Array2<f32>) -> Self {
        self.dark = Some(dark);
        self
    }

    /// What stands where there is no transmission. Default NaN.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }

    /// Where the (first) flat field is not above the dark one.
    pub fn invalid_pixels(&self) -> Array2<bool> {
        match &self.dark {
            Some(dark) if dark.dim() == self.flat.dim() => {
                let mut mask = self.flat.mapv(f32::is_nan);
                mask.zip_mut_with(&(&self.flat - dark), |is_invalid, difference| {
                    *is_invalid |= difference.is_nan() || *difference <= 0.0;
                });
                mask
            }
            _ => self.flat.mapv(|flat| flat.is_nan() || flat <= 0.0),
        }
    }
}

fn values(field: &ArrayRef2<f32>) -> Vec<f32> {
    field.iter().copied().collect()
}

impl Correction for FlatField {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let shape = input.shape();
        check_size("flat field", self.flat.dim(), shape)?;
        if let Some(after) = &self.after {
            check_size("flat field after", after.dim(), shape)?;
        }
        if let Some(dark) = &self.dark {
            check_size("dark field", dark.dim(), shape)?;
        }
        let n_invalid = self.invalid_pixels().iter().filter(|is| **is).count();
        let kernel = Kernel {
            flat: values(&self.flat),
            after: self.after.as_deref().map(values),
            dark: self
                .dark
                .as_deref()
                .map_or_else(|| vec![0.0; shape.n_pixels()], values),
            fill: self.fill,
            last: shape.n_frames.saturating_sub(1).max(1) as f64,
        };
        let text = format!("flat and dark field, {n_invalid} pixels without transmission");
        Ok(Prepared::like(input, text, kernel))
    }
}

#[derive(Debug)]
struct Kernel {
    flat: Vec<f32>,
    after: Option<Vec<f32>>,
    dark: Vec<f32>,
    fill: f32,
    last: f64,
}

impl FrameKernel for Kernel {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        let share = frame as f64 / self.last;
        for (i, (value, dark)) in out.iter_mut().zip(&self.dark).enumerate() {
            let mut flat = f64::from(self.flat[i]);
            if let Some(after) = &self.after {
                flat += share * (f64::from(after[i]) - flat);
            }
            let under = flat - f64::from(*dark);
            *value = if under > 0.0 {
                ((f64::from(*value) - f64::from(*dark)) / under) as f32
            } else {
                self.fill
            };
        }
        Ok(())
    }
}

impl FlatField {
    /// With the [means](mean_frame) of the frames of two readers.
    ///
    /// # Errors
    ///
    /// Those of reading; [`Error::InvalidParameter`] if the sizes differ.
    pub fn from_readers<F, D>(flats: &F, darks: &D) -> Result<Self>
    where
        F: SequenceReader + ?Sized,
        D: SequenceReader + ?Sized,
    {
        let (flat, dark) = (mean_frame(flats)?, mean_frame(darks)?);
        if flat.dim() != dark.dim() {
            let found = format!("{:?} and {:?}", flat.dim(), dark.dim());
            return Err(invalid("fields", "of one size", found));
        }
        Ok(Self::new(flat).dark(dark))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::SequenceReaderExt;

    #[test]
    fn equals_its_definition_between_two_fields() -> Result<()> {
        let input = noise(5, 4, 6)?;
        let (before, after) = (noise(3, 4, 6)?, noise(2, 4, 6)?);
        let (flat, late) = (mean_frame(&before)? + 3000.0, mean_frame(&after)? + 5000.0);
        let dark = mean_frame(&noise(4, 4, 6)?)? * 0.1;
        let correction = FlatField::new(flat.clone())
            .flat_after(late.clone())
            .dark(dark.clone());
        let corrected = input.clone().correct(&correction)?;
        for frame in 0..5 {
            let found = corrected.read_frame_f32(frame)?;
            for ((at, found), value) in found.indexed_iter().zip(input.frame(frame)) {
                let flat = f64::from(flat[at]) * (1.0 - frame as f64 / 4.0)
                    + f64::from(late[at]) * frame as f64 / 4.0;
                let dark = f64::from(dark[at]);
                let expected = (f64::from(*value) - dark) / (flat - dark);
                assert!((f64::from(*found) / expected - 1.0).abs() < 2e-6);
            }
        }
        Ok(())
    }

    #[test]
    fn unit_flat_and_no_dark_change_nothing_and_dead_pixels_are_filled() -> Result<()> {
        let input = noise(2, 3, 4)?;
        let same = input
            .clone()
            .correct(&FlatField::new(Array2::ones((3, 4))))?;
        assert_eq!(same.read_all()?.view(), input.view());
        let mut flat = Array2::from_elem((3, 4), 10.0);
        flat[[1, 2]] = 1.0;
        let correction = FlatField::new(flat).dark(Array2::ones((3, 4))).fill(-1.0);
        assert_eq!(
            correction.invalid_pixels().iter().filter(|is| **is).count(),
            1
        );
        assert_eq!(
            input.clone().correct(&correction)?.read_frame_f32(1)?[[1, 2]],
            -1.0
        );
        assert!(
            input
                .correct(&FlatField::new(Array2::ones((4, 3))))
                .is_err()
        );
        Ok(())
    }

    #[test]
    fn mean_and_median_are_those_of_each_pixel() -> Result<()> {
        let input = noise(5, 2, 3)?;
        let (mean, median) = (mean_frame(&input)?, median_frame(&input)?);
        for at in [(0, 0), (1, 2)] {
            let mut values: Vec<f32> = input.frames().map(|frame| frame[at]).collect();
            values.sort_by(f32::total_cmp);
            assert_eq!(median[at], values[2]);
            let expected = values.iter().map(|value| f64::from(*value)).sum::<f64>() / 5.0;
            assert!((f64::from(mean[at]) - expected).abs() < 1e-4);
        }
        Ok(())
    }
}
