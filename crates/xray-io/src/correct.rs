//! Corrections: readers of readers that compute each frame when it is asked for.
//!
//! To add one: a struct of settings that implements [`Correction`], in a file of its own.

mod bin;
mod delayed;
mod despeckle;
mod drift;
mod flat_field;
mod flicker;
mod hot_pixels;
mod linearize;
mod log;
mod normalize;
mod resample;
mod rotate;
mod sample;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use bin::{BinFrames, BinPixels};
pub use delayed::DivideDelayed;
pub use despeckle::Despeckle;
pub use drift::{DriftSearch, Shift, ShiftFrames};
pub use flat_field::{FlatField, mean_frame, median_frame};
pub use flicker::Flicker;
pub use hot_pixels::HotPixels;
pub use linearize::Linearize;
pub use log::{LogDelta, MinusLog};
pub use normalize::{Normalize, Stretch};
pub use resample::Resample;
pub use rotate::Rotate;
pub use sample::Interpolation;

use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::time::TimeAxis;

/// Settings of a correction; applied by [`correct`](crate::SequenceReaderExt::correct).
///
/// # Examples
///
/// Half of each value:
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{Correction, FrameKernel, ImageSequence, Prepared, Result, SequenceReader, SequenceReaderExt};
///
/// #[derive(Debug)]
/// struct Half;
///
/// impl Correction for Half {
///     fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
///         Ok(Prepared::like(input, "half", Half))
///     }
/// }
///
/// impl FrameKernel for Half {
///     fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
///         input.read_f32_into(frame, out)?;
///         out.iter_mut().for_each(|value| *value *= 0.5);
///         Ok(())
///     }
/// }
///
/// let sequence = ImageSequence::new(Array3::from_elem((2, 3, 4), 8.0))?;
/// assert_eq!(sequence.correct(&Half)?.read_frame_f32(1)?[[2, 3]], 4.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Correction: fmt::Debug {
    /// Checks the settings, looks at the input once, and says what comes out.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a setting out of range, [`Error::ShapeMismatch`] for a field of another size,
    /// and those of reading.
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared>;
}

/// Computes a frame from those of the input.
pub trait FrameKernel: fmt::Debug + Send + Sync {
    /// Fills `out`, which holds exactly one frame of the result, row by row.
    ///
    /// # Errors
    ///
    /// Those of reading.
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()>;
}

/// What comes out of a correction.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Prepared {
    /// Frames, rows and columns.
    pub shape: SequenceShape,
    /// When the frames of the result were taken.
    pub time_axis: TimeAxis,
    /// What is known about the result.
    pub metadata: Metadata,
    kernel: Arc<dyn FrameKernel>,
}

impl Prepared {
    /// Of the shape, times and metadata of the input, with a note on what was done.
    pub fn like(
        input: &dyn SequenceReader,
        text: impl Into<String>,
        kernel: impl FrameKernel + 'static,
    ) -> Self {
        let mut metadata = input.metadata().clone();
        metadata.note("correction", text);
        Self {
            shape: input.shape(),
            time_axis: input.time_axis().clone(),
            metadata,
            kernel: Arc::new(kernel),
        }
    }
}

/// A corrected sequence of `f32`; made by [`correct`](crate::SequenceReaderExt::correct).
#[derive(Debug, Clone)]
pub struct Corrected<R> {
    reader: R,
    prepared: Prepared,
}

impl<R: SequenceReader> Corrected<R> {
    pub(crate) fn new(reader: R, correction: &dyn Correction) -> Result<Self> {
        let prepared = correction.prepare(&reader)?;
        prepared.time_axis.check_n_frames(prepared.shape.n_frames)?;
        Ok(Self { reader, prepared })
    }

    /// The sequence that is corrected.
    pub fn input(&self) -> &R {
        &self.reader
    }
}

impl<R: SequenceReader> SequenceReader for Corrected<R> {
    fn format(&self) -> &'static str {
        self.reader.format()
    }

    fn path(&self) -> &Path {
        self.reader.path()
    }

    fn shape(&self) -> SequenceShape {
        self.prepared.shape
    }

    fn pixel_type(&self) -> PixelType {
        PixelType::F32
    }

    fn metadata(&self) -> &Metadata {
        &self.prepared.metadata
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.prepared.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape()
            .check_bytes(1, PixelType::F32, destination.len())?;
        if let Ok(pixels) = bytemuck::try_cast_slice_mut(destination) {
            return self.read_f32_into(frame, pixels);
        }
        // A buffer of bytes need not start where numbers may.
        let mut pixels = vec![0.0_f32; self.shape().n_pixels()];
        self.read_f32_into(frame, &mut pixels)?;
        destination.copy_from_slice(bytemuck::cast_slice(&pixels));
        Ok(())
    }

    fn read_f32_into(&self, frame: usize, destination: &mut [f32]) -> Result<()> {
        self.shape().check_frame(frame)?;
        self.shape().check_pixels(1, destination.len())?;
        self.prepared
            .kernel
            .frame_into(&self.reader, frame, destination)
    }
}

/// One frame of the input in a buffer of its own.
fn frame_of(input: &dyn SequenceReader, frame: usize) -> Result<Vec<f32>> {
    let mut pixels = vec![0.0; input.shape().n_pixels()];
    input.read_f32_into(frame, &mut pixels)?;
    Ok(pixels)
}

/// The median of the values that are no NaN: the middle one, or the mean of the two in the middle; NaN without any.
fn median(values: &mut Vec<f32>) -> f32 {
    values.retain(|value| !value.is_nan());
    let n = values.len();
    if n == 0 {
        return f32::NAN;
    }
    let (below, middle, _) = values.select_nth_unstable_by(n / 2, f32::total_cmp);
    if n % 2 == 1 {
        return *middle;
    }
    let lower = below.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (0.5 * (f64::from(lower) + f64::from(*middle))) as f32
}

fn invalid(name: &'static str, requirement: &'static str, found: impl fmt::Display) -> Error {
    Error::InvalidParameter {
        name,
        requirement,
        found: found.to_string(),
    }
}

/// An error if a field does not have the size of the frames.
fn check_size(what: &'static str, found: (usize, usize), input: SequenceShape) -> Result<()> {
    let expected = (input.n_rows, input.n_columns);
    if found == expected {
        return Ok(());
    }
    Err(Error::ShapeMismatch {
        what,
        expected: vec![expected.0, expected.1],
        found: vec![found.0, found.1],
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod test_support {
    use ndarray::Array3;

    use crate::{ImageSequence, Metadata, PixelSize, Result, TimeAxis};

    /// Numbers without a pattern, from 100 to 1100, with times and a pixel size.
    pub(super) fn noise(n: usize, rows: usize, columns: usize) -> Result<ImageSequence> {
        let mut state = 7_u64;
        let frames = Array3::from_shape_simple_fn((n, rows, columns), || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            100.0 + (state >> 40) as f32 / 16777.216
        });
        ImageSequence::new(frames)?
            .with_metadata(Metadata::new().with_pixel_size(PixelSize::from_micrometers(2.0)?))?
            .with_time_axis(TimeAxis::uniform(0.0, 20e-6)?)
    }

    #[test]
    fn the_median_is_that_of_sorted_values() {
        for n in 0..12_u32 {
            let values: Vec<f32> = (0..n).map(|i| (i * 7 % 11) as f32).collect();
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            let k = sorted.len() / 2;
            let expected = match n {
                0 => f32::NAN,
                n if n % 2 == 1 => sorted[k],
                _ => 0.5 * (sorted[k - 1] + sorted[k]),
            };
            let mut with_nan = values;
            with_nan.push(f32::NAN);
            let found = super::median(&mut with_nan);
            assert!(
                found == expected || (found.is_nan() && expected.is_nan()),
                "{n}"
            );
        }
    }
}
