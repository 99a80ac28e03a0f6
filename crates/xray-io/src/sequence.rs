//! Frames in memory.

use std::path::Path;

use ndarray::{Array3, ArrayView2, ArrayView3, ArrayViewMut3, Axis};

use crate::calibration::Calibration;
use crate::error::{Error, Result};
use crate::metadata::{Metadata, Origin, Recorded};
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::time::TimeAxis;

/// Frames × rows × columns of `f32` in memory, with what is known about them.
///
/// Row 0 is the top row, column 0 the left one. The array is in standard (C) layout.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, TimeAxis};
///
/// let sequence = ImageSequence::new(Array3::zeros((4, 3, 5)))?
///     .with_time_axis(TimeAxis::uniform(0.0, 20e-6)?)?;
/// assert_eq!(sequence.n_frames(), 4);
/// assert_eq!(sequence.frame(2).dim(), (3, 5));
/// assert_eq!(sequence.time_axis().start(2), Some(40e-6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSequence {
    frames: Array3<f32>,
    metadata: Metadata,
    time_axis: TimeAxis,
}

impl ImageSequence {
    /// From an array of frames × rows × columns; one that is not in standard layout is copied into it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if there is no frame, row or column.
    pub fn new(frames: Array3<f32>) -> Result<Self> {
        if frames.is_empty() {
            return Err(Error::InvalidParameter {
                name: "frames",
                requirement: "at least one frame, row and column",
                found: format!("{:?}", frames.shape()),
            });
        }
        let frames = if frames.is_standard_layout() {
            frames
        } else {
            frames.as_standard_layout().into_owned()
        };
        Ok(Self {
            frames,
            metadata: Metadata::new(),
            time_axis: TimeAxis::unknown(),
        })
    }

    /// With this metadata in the place of what it had.
    ///
    /// If the metadata has a frame rate and the time axis is unknown, the axis becomes uniform from 0.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if the exposure of the metadata is not positive and finite.
    pub fn with_metadata(mut self, metadata: Metadata) -> Result<Self> {
        self.time_axis = axis_from(&metadata, self.time_axis)?;
        self.metadata = metadata;
        Ok(self)
    }

    /// With this time axis. A uniform one is also the frame rate of the metadata, where that has none.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if the axis speaks of another number of frames.
    pub fn with_time_axis(mut self, time_axis: TimeAxis) -> Result<Self> {
        time_axis.check_n_frames(self.n_frames())?;
        if let (None, Some(rate)) = (&self.metadata.frame_rate, time_axis.frame_rate()) {
            let origin = Origin::Derived {
                from: "time axis".into(),
            };
            self.metadata.frame_rate = Some(Recorded::new(rate, "Hz", origin));
        }
        self.time_axis = time_axis;
        Ok(self)
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.frames.dim().0
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.frames.dim().1
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.frames.dim().2
    }

    /// One frame.
    ///
    /// # Panics
    ///
    /// If there is no such frame.
    pub fn frame(&self, frame: usize) -> ArrayView2<'_, f32> {
        self.frames.index_axis(Axis(0), frame)
    }

    /// The frames in order.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = ArrayView2<'_, f32>> {
        self.frames.outer_iter()
    }

    /// All of it, frames × rows × columns.
    pub fn view(&self) -> ArrayView3<'_, f32> {
        self.frames.view()
    }

    /// All of it, to be changed in place.
    pub fn view_mut(&mut self) -> ArrayViewMut3<'_, f32> {
        self.frames.view_mut()
    }

    /// The array alone.
    pub fn into_array(self) -> Array3<f32> {
        self.frames
    }

    /// What is known about the recording.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// When each frame was exposed.
    pub fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    /// Pixel size and frame rate, if both are known.
    pub fn calibration(&self) -> Option<Calibration> {
        self.metadata.calibration()
    }
}

/// The axis that the metadata gives: a frame rate makes an unknown axis uniform, an exposure fills an unknown one.
pub(crate) fn axis_from(metadata: &Metadata, axis: TimeAxis) -> Result<TimeAxis> {
    let mut axis = axis;
    if let (crate::Timing::Unknown, Some(rate)) = (axis.timing(), &metadata.frame_rate) {
        axis = TimeAxis::uniform(0.0, rate.value.interval_seconds())?;
    }
    if let (crate::Exposure::Unknown, Some(exposure)) = (axis.exposures(), &metadata.exposure) {
        axis = axis.with_exposure(exposure.value)?;
    }
    Ok(axis)
}

impl SequenceReader for ImageSequence {
    fn format(&self) -> &'static str {
        "memory"
    }

    fn path(&self) -> &Path {
        Path::new("")
    }

    fn shape(&self) -> SequenceShape {
        let (n_frames, n_rows, n_columns) = self.frames.dim();
        SequenceShape {
            n_frames,
            n_rows,
            n_columns,
        }
    }

    fn pixel_type(&self) -> PixelType {
        PixelType::F32
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape().check_frame(frame)?;
        self.shape()
            .check_bytes(1, PixelType::F32, destination.len())?;
        let view = self.frame(frame);
        let pixels = view.as_slice().unwrap_or_default();
        destination.copy_from_slice(bytemuck::cast_slice(pixels));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_layouts_become_standard() -> Result<()> {
        let array = Array3::from_shape_fn((2, 3, 4), |(f, r, c)| (f * 100 + r * 10 + c) as f32);
        let turned = array
            .clone()
            .reversed_axes()
            .as_standard_layout()
            .into_owned()
            .reversed_axes();
        assert!(!turned.is_standard_layout());
        assert_eq!(ImageSequence::new(turned)?, ImageSequence::new(array)?);
        Ok(())
    }

    #[test]
    fn refuses_what_has_no_pixels_and_axes_of_another_length() -> Result<()> {
        assert!(ImageSequence::new(Array3::zeros((0, 3, 4))).is_err());
        assert!(ImageSequence::new(Array3::zeros((2, 0, 4))).is_err());
        let sequence = ImageSequence::new(Array3::zeros((2, 3, 4)))?;
        assert!(
            sequence
                .with_time_axis(TimeAxis::irregular(vec![0.0, 1.0, 2.0])?)
                .is_err()
        );
        Ok(())
    }
}
