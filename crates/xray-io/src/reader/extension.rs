//! What every reader can do.

use std::ops::Range;

use ndarray::{Array2, Array3};

use super::{Cropped, Selected, SequenceReader, SequenceShape, Windows};
use crate::correct::{Corrected, Correction};
use crate::error::{Error, Result};
use crate::parallel::for_each_part;
use crate::pixel::{Pixel, PixelType};
use crate::roi::RegionOfInterest;
use crate::sequence::ImageSequence;

/// One frame in the type in which it is stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say all")]
pub enum NativeFrame {
    U8(Array2<u8>),
    U16(Array2<u16>),
    U32(Array2<u32>),
    U64(Array2<u64>),
    I8(Array2<i8>),
    I16(Array2<i16>),
    I32(Array2<i32>),
    I64(Array2<i64>),
    /// The bits of IEEE 754 binary16.
    F16(Array2<u16>),
    F32(Array2<f32>),
    F64(Array2<f64>),
}

/// What every [`SequenceReader`] can do; there is nothing to implement.
pub trait SequenceReaderExt: SequenceReader {
    /// Number of frames.
    fn n_frames(&self) -> usize {
        self.shape().n_frames
    }

    /// Reads one frame into a buffer of its own type.
    ///
    /// # Errors
    ///
    /// [`Error::PixelTypeMismatch`], and as [`SequenceReader::read_native_into`].
    fn read_frame_into<T: Pixel>(&self, frame: usize, destination: &mut [T]) -> Result<()> {
        check_type::<T>(self.pixel_type())?;
        self.shape().check_pixels(1, destination.len())?;
        self.read_native_into(frame, bytemuck::cast_slice_mut(destination))
    }

    /// Reads frames that follow each other into a buffer of their own type.
    ///
    /// # Errors
    ///
    /// [`Error::PixelTypeMismatch`], and as [`SequenceReader::read_native_range_into`].
    fn read_range_into<T: Pixel>(&self, frames: Range<usize>, destination: &mut [T]) -> Result<()> {
        check_type::<T>(self.pixel_type())?;
        self.shape().check_range(&frames)?;
        self.shape().check_pixels(frames.len(), destination.len())?;
        self.read_native_range_into(frames, bytemuck::cast_slice_mut(destination))
    }

    /// One frame in its own type.
    ///
    /// # Errors
    ///
    /// As [`read_frame_into`](Self::read_frame_into).
    fn read_frame<T: Pixel>(&self, frame: usize) -> Result<Array2<T>> {
        check_type::<T>(self.pixel_type())?;
        let mut pixels = vec![T::zeroed(); self.shape().n_pixels()];
        self.read_frame_into(frame, &mut pixels)?;
        shaped(self.shape(), pixels)
    }

    /// One frame in whatever type it has.
    ///
    /// # Errors
    ///
    /// As [`SequenceReader::read_native_into`].
    fn read_native_frame(&self, frame: usize) -> Result<NativeFrame> {
        Ok(match self.pixel_type() {
            PixelType::U8 => NativeFrame::U8(self.read_frame(frame)?),
            PixelType::U16 => NativeFrame::U16(self.read_frame(frame)?),
            PixelType::U32 => NativeFrame::U32(self.read_frame(frame)?),
            PixelType::U64 => NativeFrame::U64(self.read_frame(frame)?),
            PixelType::I8 => NativeFrame::I8(self.read_frame(frame)?),
            PixelType::I16 => NativeFrame::I16(self.read_frame(frame)?),
            PixelType::I32 => NativeFrame::I32(self.read_frame(frame)?),
            PixelType::I64 => NativeFrame::I64(self.read_frame(frame)?),
            PixelType::F32 => NativeFrame::F32(self.read_frame(frame)?),
            PixelType::F64 => NativeFrame::F64(self.read_frame(frame)?),
            PixelType::F16 => {
                let mut bits = vec![0_u16; self.shape().n_pixels()];
                self.read_native_into(frame, bytemuck::cast_slice_mut(&mut bits))?;
                NativeFrame::F16(shaped(self.shape(), bits)?)
            }
        })
    }

    /// One frame as `f32` by value.
    ///
    /// # Errors
    ///
    /// As [`SequenceReader::read_f32_into`].
    fn read_frame_f32(&self, frame: usize) -> Result<Array2<f32>> {
        let mut pixels = vec![0.0; self.shape().n_pixels()];
        self.read_f32_into(frame, &mut pixels)?;
        shaped(self.shape(), pixels)
    }

    /// Reads frames that follow each other as `f32`, on several threads where that is of use.
    ///
    /// # Errors
    ///
    /// As [`SequenceReader::read_f32_into`], for the first frame that fails.
    fn read_range_f32_into(&self, frames: Range<usize>, destination: &mut [f32]) -> Result<()> {
        self.shape().check_range(&frames)?;
        self.shape().check_pixels(frames.len(), destination.len())?;
        for_each_part(destination, self.shape().n_pixels(), |i, part| {
            self.read_f32_into(frames.start + i, part)
        })
    }

    /// All frames as `f32`, with metadata and time axis.
    ///
    /// # Errors
    ///
    /// As [`SequenceReader::read_f32_into`], for the first frame that fails; [`Error::InvalidParameter`] if the whole is
    /// more than memory can hold.
    fn read_all(&self) -> Result<ImageSequence> {
        let SequenceShape {
            n_frames,
            n_rows,
            n_columns,
        } = self.shape();
        let length = n_frames.checked_mul(n_rows * n_columns);
        // Asked for first, since running out of memory would end the process.
        let fits = |length: &usize| Vec::<f32>::new().try_reserve_exact(*length).is_ok();
        let Some(length) = length.filter(fits) else {
            return Err(Error::InvalidParameter {
                name: "shape",
                requirement: "small enough for memory",
                found: format!("{n_frames} frames of {n_rows}x{n_columns}"),
            });
        };
        let mut pixels = vec![0.0; length];
        self.read_range_f32_into(0..n_frames, &mut pixels)?;
        let frames =
            Array3::from_shape_vec((n_frames, n_rows, n_columns), pixels).map_err(|_| {
                Error::BufferLength {
                    unit: "pixels",
                    expected: length,
                    found: length,
                }
            })?;
        ImageSequence::new(frames)?
            .with_metadata(self.metadata().clone())?
            .with_time_axis(self.time_axis().clone())
    }

    /// The frames in order, each as `f32`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::Array3;
    /// use xray_io::{ImageSequence, SequenceReaderExt};
    ///
    /// let sequence = ImageSequence::new(Array3::from_elem((4, 3, 5), 2.0))?;
    /// let mut total = 0.0;
    /// for frame in sequence.iter_f32() {
    ///     total += frame?.sum();
    /// }
    /// assert_eq!(total, 120.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn iter_f32(&self) -> impl Iterator<Item = Result<Array2<f32>>> + '_ {
        (0..self.shape().n_frames).map(|frame| self.read_frame_f32(frame))
    }

    /// Windows of `n` frames that move on by `step`, read through one ring buffer.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if `n` or `step` is zero or there are fewer than `n` frames.
    fn windows(&self, n: usize, step: usize) -> Result<Windows<'_, Self>> {
        Windows::new(self, n, step)
    }

    /// A region of one frame as `f32`.
    ///
    /// # Errors
    ///
    /// As [`SequenceReader::read_native_region_into`].
    fn read_region_f32(&self, frame: usize, region: RegionOfInterest) -> Result<Array2<f32>> {
        (&self).crop(region)?.read_frame_f32(frame)
    }

    /// A reader of this region of each frame.
    ///
    /// # Errors
    ///
    /// [`Error::RegionOutside`].
    fn crop(self, region: RegionOfInterest) -> Result<Cropped<Self>>
    where
        Self: Sized,
    {
        Cropped::new(self, region)
    }

    /// A reader of corrected frames, each computed when it is read.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a setting out of range, [`Error::ShapeMismatch`] for a field of another size, and
    /// those of reading, for corrections that look at the input first.
    ///
    /// # Examples
    ///
    /// Flat field, dark field, attenuation, and the change since the last frame:
    ///
    /// ```
    /// use ndarray::{Array2, Array3};
    /// use xray_io::{Despeckle, DivideDelayed, FlatField, ImageSequence, MinusLog, SequenceReaderExt};
    ///
    /// let sequence = ImageSequence::new(Array3::from_elem((5, 8, 8), 600.0))?;
    /// let fields = FlatField::new(Array2::from_elem((8, 8), 1100.0)).dark(Array2::from_elem((8, 8), 100.0));
    /// let attenuation = (&sequence).correct(&fields)?.correct(&Despeckle::new())?.correct(&MinusLog::new())?;
    /// assert!((attenuation.read_frame_f32(4)?[[3, 3]] - 2.0_f32.ln()).abs() < 1e-6);
    /// let change = sequence.correct(&DivideDelayed::new(1))?;
    /// assert_eq!(change.n_frames(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn correct(self, correction: &dyn Correction) -> Result<Corrected<Self>>
    where
        Self: Sized,
    {
        Corrected::new(self, correction)
    }

    /// A reader of some frames, in the order given.
    ///
    /// # Errors
    ///
    /// [`Error::FrameOutOfRange`], and [`Error::NoFrames`] if none is given.
    fn select(self, frames: Vec<usize>) -> Result<Selected<Self>>
    where
        Self: Sized,
    {
        Selected::new(self, frames)
    }

    /// A reader of a range of frames.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    fn range(self, frames: Range<usize>) -> Result<Selected<Self>>
    where
        Self: Sized,
    {
        self.shape().check_range(&frames)?;
        Selected::new(self, frames.collect())
    }
}

impl<R: SequenceReader + ?Sized> SequenceReaderExt for R {}

fn check_type<T: Pixel>(expected: PixelType) -> Result<()> {
    if T::TYPE == expected {
        Ok(())
    } else {
        Err(Error::PixelTypeMismatch {
            expected,
            found: T::TYPE,
        })
    }
}

fn shaped<T>(shape: SequenceShape, pixels: Vec<T>) -> Result<Array2<T>> {
    let found = pixels.len();
    Array2::from_shape_vec((shape.n_rows, shape.n_columns), pixels).map_err(|_| {
        Error::BufferLength {
            unit: "pixels",
            expected: shape.n_pixels(),
            found,
        }
    })
}
