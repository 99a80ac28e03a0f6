//! Frames made ready for a network: rotation, size, gray values.

use ndarray::{Array2, Array3, Array4, ArrayView2, Axis};
use xray_io::ImageSequence;

use crate::error::{Error, Result, require};

/// How gray values are normalized before the scaler of the train part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Gray {
    /// As they are.
    Keep,
    /// Divided by the first frame: what stands still is gone.
    DivideByFirst,
    /// From the smallest to the largest value of each frame on 0 to 1: absolute attenuation is gone.
    FrameMinMax,
}

/// Rotates, resizes and normalizes the frames of a sequence.
///
/// # Examples
/// ```
/// use meltpool_ml::Preprocess;
/// use ndarray::Array3;
/// use xray_io::ImageSequence;
///
/// let frames = ImageSequence::new(Array3::from_elem((2, 200, 160), 0.5))?;
/// let images = Preprocess::new().apply(&frames)?;
/// assert_eq!(images.dim(), (2, 1, 128, 128));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preprocess {
    rotation_deg: f64,
    n_rows: usize,
    n_columns: usize,
    gray: Gray,
}

impl Default for Preprocess {
    fn default() -> Self {
        Self::new()
    }
}

impl Preprocess {
    /// Rotation by 7 degrees and 128 x 128 pixels, as the paper says; gray values as they are, which it does not say.
    pub fn new() -> Self {
        Self {
            rotation_deg: 7.0,
            n_rows: 128,
            n_columns: 128,
            gray: Gray::Keep,
        }
    }

    /// Degrees by which the content turns counterclockwise on the screen; default 7.
    pub fn rotation_deg(mut self, rotation_deg: f64) -> Self {
        self.rotation_deg = rotation_deg;
        self
    }

    /// Rows and columns of the result; default 128 x 128.
    pub fn size(mut self, n_rows: usize, n_columns: usize) -> Self {
        self.n_rows = n_rows;
        self.n_columns = n_columns;
        self
    }

    /// Gray values; default as they are.
    pub fn gray(mut self, gray: Gray) -> Self {
        self.gray = gray;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        require(
            self.rotation_deg.is_finite(),
            "rotation_deg",
            "finite",
            self.rotation_deg,
        )?;
        for side in [self.n_rows, self.n_columns] {
            require(
                (1..=16_384).contains(&side),
                "size",
                "1 to 16384 rows and columns",
                side,
            )?;
        }
        Ok(())
    }

    /// Images as samples x one channel x rows x columns.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`]; [`Error::NonFinite`] for a pixel that is no number; [`Error::Constant`] for a frame without contrast
    /// that is to be stretched, or a zero in the first frame that is to divide.
    pub fn apply(&self, sequence: &ImageSequence) -> Result<Array4<f32>> {
        self.validate()?;
        let frames = sequence.view();
        let (n, _, columns) = frames.dim();
        for (sample, frame) in frames.outer_iter().enumerate() {
            if let Some(((y, x), value)) = frame.indexed_iter().find(|(_, v)| !v.is_finite()) {
                return Err(Error::NonFinite {
                    what: "the frames",
                    sample,
                    position: y * columns + x,
                    found: f64::from(*value),
                });
            }
        }
        let mut images = Array4::zeros((n, 1, self.n_rows, self.n_columns));
        if n == 0 {
            return Ok(images);
        }
        let first = frames.index_axis(Axis(0), 0);
        if self.gray == Gray::DivideByFirst
            && let Some(place) = first.iter().position(|v| *v == 0.0)
        {
            return Err(Error::Constant {
                what: "the first frame",
                column: place % columns.max(1),
                value: 0.0,
            });
        }
        for (sample, frame) in frames.outer_iter().enumerate() {
            let divided;
            let mut view = frame;
            if self.gray == Gray::DivideByFirst {
                divided = &frame / &first;
                view = divided.view();
            }
            let turned = rotated(&view, self.rotation_deg);
            let mut image = resized(&turned.view(), self.n_rows, self.n_columns);
            if self.gray == Gray::FrameMinMax {
                let (low, high) = image.iter().fold((f32::MAX, f32::MIN), |(low, high), v| {
                    (low.min(*v), high.max(*v))
                });
                if high <= low {
                    return Err(Error::Constant {
                        what: "a frame",
                        column: sample,
                        value: f64::from(low),
                    });
                }
                image.mapv_inplace(|v| (v - low) / (high - low));
            }
            images
                .index_axis_mut(Axis(0), sample)
                .index_axis_mut(Axis(0), 0)
                .assign(&image);
        }
        Ok(images)
    }
}

/// Turned about its center by bilinear interpolation; beyond the edge the nearest pixel stands.
fn rotated(frame: &ArrayView2<f32>, degrees: f64) -> Array2<f32> {
    warped(frame, degrees, (0.0, 0.0))
}

/// Turned about its center, then moved by rows and columns.
pub(crate) fn warped(
    frame: &ArrayView2<f32>,
    degrees: f64,
    (down, right): (f64, f64),
) -> Array2<f32> {
    if degrees == 0.0 && down == 0.0 && right == 0.0 {
        return frame.to_owned();
    }
    let (rows, columns) = frame.dim();
    let (sin, cos) = (
        libm::sin(degrees.to_radians()),
        libm::cos(degrees.to_radians()),
    );
    let (cy, cx) = ((rows as f64 - 1.0) / 2.0, (columns as f64 - 1.0) / 2.0);
    Array2::from_shape_fn((rows, columns), |(y, x)| {
        let (dy, dx) = (y as f64 - cy - down, x as f64 - cx - right);
        let sy = (cy + sin * dx + cos * dy).clamp(0.0, rows as f64 - 1.0);
        let sx = (cx + cos * dx - sin * dy).clamp(0.0, columns as f64 - 1.0);
        let (y0, x0) = (sy as usize, sx as usize);
        let (y1, x1) = ((y0 + 1).min(rows - 1), (x0 + 1).min(columns - 1));
        let (fy, fx) = ((sy - y0 as f64) as f32, (sx - x0 as f64) as f32);
        let upper = frame[[y0, x0]] * (1.0 - fx) + frame[[y0, x1]] * fx;
        let lower = frame[[y1, x0]] * (1.0 - fx) + frame[[y1, x1]] * fx;
        upper * (1.0 - fy) + lower * fy
    })
}

/// Another size: the triangle filter, as wide as a pixel of the coarser of both grids, so that nothing aliases.
fn resized(frame: &ArrayView2<f32>, n_rows: usize, n_columns: usize) -> Array2<f32> {
    let (rows, columns) = frame.dim();
    if (rows, columns) == (n_rows, n_columns) {
        return frame.to_owned();
    }
    let vertical = weights(rows, n_rows);
    let horizontal = weights(columns, n_columns);
    let half = Array2::from_shape_fn((n_rows, columns), |(y, x)| {
        vertical[y]
            .iter()
            .map(|(source, w)| w * frame[[*source, x]])
            .sum::<f32>()
    });
    Array2::from_shape_fn((n_rows, n_columns), |(y, x)| {
        horizontal[x]
            .iter()
            .map(|(source, w)| w * half[[y, *source]])
            .sum::<f32>()
    })
}

fn weights(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    let width = scale.max(1.0);
    (0..to)
        .map(|k| {
            let center = (k as f64 + 0.5) * scale - 0.5;
            let first = (center - width).ceil().max(0.0) as usize;
            let last = ((center + width).floor().max(0.0) as usize).min(from - 1);
            let raw: Vec<(usize, f64)> = (first..=last)
                .map(|source| {
                    (
                        source,
                        (1.0 - (source as f64 - center).abs() / width).max(0.0),
                    )
                })
                .collect();
            let sum: f64 = raw.iter().map(|(_, w)| w).sum();
            raw.into_iter()
                .map(|(source, w)| (source, (w / sum) as f32))
                .collect()
        })
        .collect()
}

/// Standardizes images by one mean and standard deviation, those of the given samples only.
///
/// # Errors
/// [`Error::TooFewSamples`] without samples, [`Error::Constant`] if they have no contrast.
///
/// # Panics
/// If a row lies outside.
pub fn standardize_images(images: &mut Array4<f32>, train_rows: &[usize]) -> Result<(f64, f64)> {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for row in train_rows {
        for value in images.index_axis(Axis(0), *row) {
            sum += f64::from(*value);
            n += 1.0;
        }
    }
    if n == 0.0 {
        return Err(Error::TooFewSamples {
            purpose: "a scaler of images",
            needed: 1,
            found: 0,
        });
    }
    let mean = sum / n;
    for row in train_rows {
        for value in images.index_axis(Axis(0), *row) {
            squares += (f64::from(*value) - mean).powi(2);
        }
    }
    let deviation = (squares / n).sqrt();
    if deviation <= f64::EPSILON * mean.abs() {
        return Err(Error::Constant {
            what: "the images",
            column: 0,
            value: mean,
        });
    }
    images.mapv_inplace(|v| ((f64::from(v) - mean) / deviation) as f32);
    Ok((mean, deviation))
}

/// Windows as the inputs of a recurrent branch: samples x steps x signals, where each further table gives every step one more signal.
///
/// `windows` is samples x steps; `features` (samples x numbers) are repeated at each step.
///
/// # Errors
/// [`Error::LengthMismatch`].
pub fn sequences(
    windows: &ArrayView2<f64>,
    features: Option<&ArrayView2<f64>>,
) -> Result<Array3<f32>> {
    let (n, steps) = windows.dim();
    let extra = features.map_or(0, ArrayView2::ncols);
    if let Some(features) = features {
        crate::error::same_length("the features", n, features.nrows())?;
    }
    Ok(Array3::from_shape_fn(
        (n, steps, 1 + extra),
        |(row, step, k)| match (k, features) {
            (0, _) | (_, None) => windows[[row, step]] as f32,
            (k, Some(features)) => features[[row, k - 1]] as f32,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn a_quarter_turn_and_a_turn_back() {
        let frame = Array2::from_shape_fn((9, 9), |(y, x)| (y * 9 + x) as f32);
        let turned = rotated(&frame.view(), 90.0);
        // counterclockwise on a screen whose rows go down: the right column becomes the upper row
        for k in 0..9 {
            approx::assert_abs_diff_eq!(turned[[0, k]], frame[[k, 8]], epsilon = 1e-4);
        }
        let smooth = Array2::from_shape_fn((60, 60), |(y, x)| {
            ((y as f32) * 0.1).sin() + ((x as f32) * 0.07).cos()
        });
        let back = rotated(&rotated(&smooth.view(), 7.0).view(), -7.0);
        for ((y, x), value) in back.indexed_iter() {
            if (12..48).contains(&y) && (12..48).contains(&x) {
                // two bilinear interpolations of a curvature of 0.015
                approx::assert_abs_diff_eq!(*value, smooth[[y, x]], epsilon = 0.005);
            }
        }
    }

    #[test]
    fn resizing_keeps_lines_and_means() {
        let ramp = Array2::from_shape_fn((40, 60), |(y, x)| 2.0 * y as f32 + 3.0 * x as f32);
        let small = resized(&ramp.view(), 20, 20);
        for y in 2..18 {
            for x in 2..18 {
                let exact =
                    2.0 * ((y as f32 + 0.5) * 2.0 - 0.5) + 3.0 * ((x as f32 + 0.5) * 3.0 - 0.5);
                approx::assert_abs_diff_eq!(small[[y, x]], exact, epsilon = 1e-3);
            }
        }
        let checker = Array2::from_shape_fn((64, 64), |(y, x)| ((y + x) % 2) as f32);
        assert!(
            resized(&checker.view(), 16, 16)
                .iter()
                .all(|v| (v - 0.5).abs() < 0.02)
        );
        assert_eq!(
            resized(&Array2::from_elem((3, 3), 5.0_f32).view(), 7, 5),
            Array2::from_elem((7, 5), 5.0)
        );
    }

    #[test]
    fn gray_values_and_bad_frames() -> Outcome {
        let frames =
            Array3::from_shape_fn((2, 6, 6), |(n, y, x)| 1.0 + (n * 10 + y * 6 + x) as f32);
        let sequence = ImageSequence::new(frames.clone())?;
        let flat = Preprocess::new().rotation_deg(0.0).size(6, 6);
        let divided = flat.clone().gray(Gray::DivideByFirst).apply(&sequence)?;
        assert!(divided.index_axis(Axis(0), 0).iter().all(|v| *v == 1.0));
        let stretched = flat.clone().gray(Gray::FrameMinMax).apply(&sequence)?;
        assert_eq!(
            (stretched[[1, 0, 0, 0]], stretched[[1, 0, 5, 5]]),
            (0.0, 1.0)
        );
        let constant = ImageSequence::new(Array3::zeros((1, 6, 6)))?;
        for gray in [Gray::DivideByFirst, Gray::FrameMinMax] {
            assert!(matches!(
                flat.clone().gray(gray).apply(&constant),
                Err(Error::Constant { .. })
            ));
        }
        let mut nan = frames;
        nan[[1, 2, 3]] = f32::NAN;
        if let Ok(sequence) = ImageSequence::new(nan) {
            assert!(matches!(
                flat.apply(&sequence),
                Err(Error::NonFinite {
                    sample: 1,
                    position: 15,
                    ..
                })
            ));
        }
        assert!(Preprocess::new().size(0, 3).validate().is_err());
        Ok(())
    }

    #[test]
    fn image_scalers_see_the_train_part_only() -> Outcome {
        let mut clean = Array4::from_shape_fn((3, 1, 4, 4), |(n, _, y, x)| (n + y * x) as f32);
        let mut poisoned = clean.clone();
        poisoned.index_axis_mut(Axis(0), 2).fill(1e9);
        let a = standardize_images(&mut clean, &[0, 1])?;
        assert_eq!(a, standardize_images(&mut poisoned, &[0, 1])?);
        assert!(standardize_images(&mut clean, &[]).is_err());
        Ok(())
    }
}
