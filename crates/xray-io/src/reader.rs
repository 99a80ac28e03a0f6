//! Frames that are read when they are asked for.

mod adapter;
mod extension;
mod windows;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub(crate) use adapter::Described;
pub use adapter::{Cropped, Selected};
pub use extension::{NativeFrame, SequenceReaderExt};
pub use windows::{Window, Windows};

use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::parallel::for_each_part;
use crate::pixel::{PixelType, narrow_part, to_f32, widen};
use crate::roi::RegionOfInterest;
use crate::time::TimeAxis;

/// Number of frames, rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SequenceShape {
    /// Frames.
    pub n_frames: usize,
    /// Rows of a frame.
    pub n_rows: usize,
    /// Columns of a frame.
    pub n_columns: usize,
}

impl SequenceShape {
    /// Pixels of one frame.
    pub fn n_pixels(self) -> usize {
        self.n_rows * self.n_columns
    }

    /// Bytes of one frame of this type.
    pub fn frame_bytes(self, pixel_type: PixelType) -> usize {
        self.n_pixels() * pixel_type.bytes()
    }

    /// An error if there is no such frame.
    ///
    /// # Errors
    ///
    /// [`Error::FrameOutOfRange`].
    pub fn check_frame(self, frame: usize) -> Result<()> {
        if frame < self.n_frames {
            return Ok(());
        }
        Err(Error::FrameOutOfRange {
            frame,
            n_frames: self.n_frames,
        })
    }

    /// An error if a range ends beyond the last frame or ends before it starts.
    ///
    /// # Errors
    ///
    /// [`Error::FrameOutOfRange`].
    pub fn check_range(self, frames: &Range<usize>) -> Result<()> {
        if frames.start <= frames.end && frames.end <= self.n_frames {
            return Ok(());
        }
        Err(Error::FrameOutOfRange {
            frame: frames.end.max(frames.start),
            n_frames: self.n_frames,
        })
    }

    /// An error if a buffer of bytes does not hold exactly `n_frames` frames of this type.
    ///
    /// # Errors
    ///
    /// [`Error::BufferLength`].
    pub fn check_bytes(self, n_frames: usize, pixel_type: PixelType, found: usize) -> Result<()> {
        Self::check_length(
            "bytes",
            n_frames.checked_mul(self.frame_bytes(pixel_type)),
            found,
        )
    }

    pub(crate) fn check_pixels(self, n_frames: usize, found: usize) -> Result<()> {
        Self::check_length("pixels", n_frames.checked_mul(self.n_pixels()), found)
    }

    fn check_length(unit: &'static str, expected: Option<usize>, found: usize) -> Result<()> {
        let expected = expected.unwrap_or(usize::MAX);
        if expected == found {
            Ok(())
        } else {
            Err(Error::BufferLength {
                unit,
                expected,
                found,
            })
        }
    }
}

/// The methods of a reader of one file that has what they give as fields of the same names, and the file as `source`.
macro_rules! of_a_file {
    () => {
        fn path(&self) -> &std::path::Path {
            self.source.path()
        }

        fn shape(&self) -> $crate::reader::SequenceShape {
            self.shape
        }

        fn pixel_type(&self) -> $crate::pixel::PixelType {
            self.pixel_type
        }

        fn metadata(&self) -> &$crate::metadata::Metadata {
            &self.metadata
        }

        fn time_axis(&self) -> &$crate::time::TimeAxis {
            &self.time_axis
        }
    };
}
pub(crate) use of_a_file;

/// A sequence of frames of one shape and type, read when they are asked for.
///
/// Reading takes `&self`, in any order and from any thread. To implement it, give shape, type, metadata, time axis and
/// [`read_native_into`](Self::read_native_into); override the other methods only where they can be faster. What is
/// built on it (typed and `f32` frames, iteration, windows, regions, reading all) is in [`SequenceReaderExt`].
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, SequenceReader, SequenceReaderExt};
///
/// let sequence = ImageSequence::new(Array3::from_elem((4, 3, 5), 7.0))?;
/// let reader: &dyn SequenceReader = &sequence;
/// assert_eq!(reader.shape().n_frames, 4);
/// assert_eq!(reader.read_frame_f32(3)?.sum(), 105.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SequenceReader: fmt::Debug + Send + Sync {
    /// Name of the format, such as `"TIFF"`.
    fn format(&self) -> &'static str;

    /// The file or folder; empty for frames in memory.
    fn path(&self) -> &Path;

    /// Number of frames, rows and columns, none of them zero.
    fn shape(&self) -> SequenceShape;

    /// Type of the pixels.
    fn pixel_type(&self) -> PixelType;

    /// What is known about the recording.
    fn metadata(&self) -> &Metadata;

    /// When each frame was exposed.
    fn time_axis(&self) -> &TimeAxis;

    /// Reads one frame as it is stored, row by row, in the byte order of this machine.
    ///
    /// # Errors
    ///
    /// [`Error::FrameOutOfRange`], [`Error::BufferLength`] if the buffer does not hold exactly one frame, and what is
    /// wrong with the file. After an error the buffer holds anything.
    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()>;

    /// Reads frames that follow each other, on several threads where that is of use.
    ///
    /// # Errors
    ///
    /// As [`read_native_into`](Self::read_native_into), for the first frame that fails.
    fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        self.shape().check_range(&frames)?;
        self.shape()
            .check_bytes(frames.len(), self.pixel_type(), destination.len())?;
        let bytes = self.shape().frame_bytes(self.pixel_type());
        for_each_part(destination, bytes, |i, part| {
            self.read_native_into(frames.start + i, part)
        })
    }

    /// Reads a region of one frame as it is stored.
    ///
    /// # Errors
    ///
    /// As [`read_native_into`](Self::read_native_into), and [`Error::RegionOutside`].
    fn read_native_region_into(
        &self,
        frame: usize,
        region: &RegionOfInterest,
        destination: &mut [u8],
    ) -> Result<()> {
        let shape = self.shape();
        let region = region.check(shape.n_rows, shape.n_columns)?;
        let bytes = self.pixel_type().bytes();
        SequenceShape::check_length("bytes", Some(region.n_pixels() * bytes), destination.len())?;
        let mut whole = vec![0; shape.frame_bytes(self.pixel_type())];
        self.read_native_into(frame, &mut whole)?;
        region.copy(&whole, shape.n_columns, bytes, destination);
        Ok(())
    }

    /// Reads one frame as `f32` by value, without scaling.
    ///
    /// 32- and 64-bit integers and `f64` are rounded to the nearest `f32`; all other types are exact.
    ///
    /// # Errors
    ///
    /// As [`read_native_into`](Self::read_native_into).
    fn read_f32_into(&self, frame: usize, destination: &mut [f32]) -> Result<()> {
        self.shape().check_pixels(1, destination.len())?;
        let pixel_type = self.pixel_type();
        if pixel_type.bytes() <= 4 {
            self.read_native_into(frame, narrow_part(pixel_type, destination))?;
            widen(pixel_type, destination);
        } else {
            let mut native = vec![0; self.shape().frame_bytes(pixel_type)];
            self.read_native_into(frame, &mut native)?;
            to_f32(pixel_type, &native, destination);
        }
        Ok(())
    }
}

macro_rules! forward {
    ($($for:ty),*) => {
        $(impl<R: SequenceReader + ?Sized> SequenceReader for $for {
            fn format(&self) -> &'static str {
                (**self).format()
            }
            fn path(&self) -> &Path {
                (**self).path()
            }
            fn shape(&self) -> SequenceShape {
                (**self).shape()
            }
            fn pixel_type(&self) -> PixelType {
                (**self).pixel_type()
            }
            fn metadata(&self) -> &Metadata {
                (**self).metadata()
            }
            fn time_axis(&self) -> &TimeAxis {
                (**self).time_axis()
            }
            fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
                (**self).read_native_into(frame, destination)
            }
            fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
                (**self).read_native_range_into(frames, destination)
            }
            fn read_native_region_into(
                &self,
                frame: usize,
                region: &RegionOfInterest,
                destination: &mut [u8],
            ) -> Result<()> {
                (**self).read_native_region_into(frame, region, destination)
            }
            fn read_f32_into(&self, frame: usize, destination: &mut [f32]) -> Result<()> {
                (**self).read_f32_into(frame, destination)
            }
        })*
    };
}
forward!(&R, Box<R>, Arc<R>);
