//! Rotation by an angle.

use super::sample::sample;
use super::{Correction, FrameKernel, Interpolation, Prepared, frame_of, invalid};
use crate::error::Result;
use crate::reader::SequenceReader;

/// Frames turned about their center, counterclockwise as they are seen (rows down), in the same size.
///
/// # Examples
///
/// A quarter turn takes the right end of a row to the top:
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, Rotate, SequenceReaderExt};
///
/// let mut frames = Array3::zeros((1, 5, 5));
/// frames[[0, 2, 4]] = 1.0;
/// let turned = ImageSequence::new(frames)?.correct(&Rotate::degrees(90.0))?.read_frame_f32(0)?;
/// assert!((turned[[0, 2]] - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotate {
    degrees: f64,
    interpolation: Interpolation,
    fill: f32,
}

impl Rotate {
    /// By this angle in degrees.
    pub fn degrees(degrees: f64) -> Self {
        Self {
            degrees,
            interpolation: Interpolation::Bilinear,
            fill: f32::NAN,
        }
    }

    /// Default [`Interpolation::Bilinear`].
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// What stands where no pixel of the input is. Default NaN.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Correction for Rotate {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        if !self.degrees.is_finite() {
            return Err(invalid("degrees", "finite", self.degrees));
        }
        let text = format!(
            "turned counterclockwise by {} degrees, {:?}",
            self.degrees, self.interpolation
        );
        Ok(Prepared::like(input, text, *self))
    }
}

impl FrameKernel for Rotate {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let source = frame_of(input, frame)?;
        let (n_rows, n_columns) = (input.shape().n_rows, input.shape().n_columns);
        let (sine, cosine) = self.degrees.to_radians().sin_cos();
        let (y0, x0) = ((n_rows - 1) as f64 / 2.0, (n_columns - 1) as f64 / 2.0);
        for (row, line) in out.chunks_exact_mut(n_columns).enumerate() {
            let y = row as f64 - y0;
            for (column, value) in line.iter_mut().enumerate() {
                let x = column as f64 - x0;
                let from = (y0 + sine * x + cosine * y, x0 + cosine * x - sine * y);
                *value = sample(&source, n_rows, n_columns, from, self.interpolation)
                    .unwrap_or(self.fill);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::{ImageSequence, SequenceReaderExt};
    use ndarray::Array3;

    #[test]
    fn quarter_turns_move_pixels_and_four_are_none() -> Result<()> {
        let input = noise(1, 7, 7)?;
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
            let rotate = |degrees| Rotate::degrees(degrees).interpolation(interpolation);
            let turned = input.clone().correct(&rotate(90.0))?.read_frame_f32(0)?;
            for ((row, column), found) in turned.indexed_iter() {
                let expected = input.frame(0)[(column, 6 - row)];
                assert!((found - expected).abs() < 1e-3);
            }
            let same = input.clone().correct(&rotate(360.0))?.read_frame_f32(0)?;
            assert!(
                same.iter()
                    .zip(input.frame(0))
                    .all(|(a, b)| (a - b).abs() < 1e-3)
            );
        }
        Ok(())
    }

    #[test]
    fn a_plane_stays_a_plane() -> Result<()> {
        let (a, b) = (3.0, -2.0);
        let frames = Array3::from_shape_fn((1, 21, 31), |(_, r, c)| {
            (a * r as f64 + b * c as f64) as f32
        });
        let turned = ImageSequence::new(frames)?
            .correct(&Rotate::degrees(7.0))?
            .read_frame_f32(0)?;
        let (sine, cosine) = 7.0_f64.to_radians().sin_cos();
        let mut compared = 0;
        for ((row, column), found) in turned.indexed_iter().filter(|(_, value)| !value.is_nan()) {
            let (y, x) = (row as f64 - 10.0, column as f64 - 15.0);
            let expected = a * (10.0 + sine * x + cosine * y) + b * (15.0 + cosine * x - sine * y);
            assert!((f64::from(*found) - expected).abs() < 1e-4);
            compared += 1;
        }
        assert!(compared > 500, "only {compared} pixels inside");
        Ok(())
    }
}
