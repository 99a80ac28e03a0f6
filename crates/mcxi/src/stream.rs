//! Windows that slide over a sequence: in memory, frame by frame, or from a reader.

use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::{ArrayView2, ArrayView3};
use xray_io::{RegionOfInterest, SequenceReader, SequenceReaderExt};

use crate::contrast::{BandImage, MoveContrast, image_of};
use crate::error::{Error, Result};
use crate::frames::Frames;
use crate::kernel::block::BlockPlan;
use crate::parallel::run_blocks;
use crate::sample::Sample;

/// The images of one window.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowImages<R> {
    /// First frame of the window.
    pub start: usize,
    /// Middle of the window, in frames: `start` + (length - 1)/2.
    pub center: f64,
    /// One image for each band and measure, in their order.
    pub images: Vec<BandImage<R>>,
}

fn positive(name: &'static str, found: usize) -> Result<()> {
    if found > 0 {
        return Ok(());
    }
    Err(Error::parameter(name, "at least 1", found))
}

impl MoveContrast {
    /// Images of windows of `length` frames, every `hop` frames: a short-time Fourier transform.
    ///
    /// ```
    /// use mcxi::{FrameRate, MoveContrast};
    /// use ndarray::Array3;
    ///
    /// let frames = Array3::from_shape_fn((40, 4, 4), |(n, y, x)| (100 + (n * 7 + y * x) % 5) as u16);
    /// let contrast = MoveContrast::new(FrameRate::from_hertz(5e4)?);
    /// let windows = contrast.sliding(&frames.view(), 16, 8)?;
    /// assert_eq!(windows.iter().map(|w| w.center).collect::<Vec<_>>(), [7.5, 15.5, 23.5, 31.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`images`](Self::images) for `length` frames; [`Error::TooFewFrames`] if there are fewer; [`Error::InvalidParameter`] for a hop
    /// of 0.
    pub fn sliding<S: Sample>(
        &self,
        frames: &ArrayView3<'_, S>,
        length: usize,
        hop: usize,
    ) -> Result<Vec<WindowImages<S::Real>>> {
        positive("hop", hop)?;
        let plan = self.plan::<S::Real>(length)?;
        let source = Frames::new(frames)?;
        let slices = source.slices();
        if slices.len() < length {
            return Err(Error::TooFewFrames {
                purpose: "a window",
                needed: length,
                found: slices.len(),
            });
        }
        self.check::<S>(&slices, source.shape())?;
        Ok((0..=slices.len() - length)
            .step_by(hop)
            .map(|start| WindowImages {
                start,
                center: start as f64 + (length - 1) as f64 / 2.0,
                images: self.run(&plan, &slices[start..start + length], source.shape()),
            })
            .collect())
    }

    /// A receiver of frames that gives the images of each window as soon as its last frame is there.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate) for `length` frames; [`Error::InvalidParameter`] for a hop of 0 or no pixels; [`Error::TooLarge`] if the
    /// frames of a window do not fit into memory that can be addressed.
    pub fn stream<S: Sample>(
        &self,
        shape: (usize, usize),
        length: usize,
        hop: usize,
    ) -> Result<ContrastStream<S>> {
        positive("hop", hop)?;
        positive("shape", shape.0.min(shape.1))?;
        let plan = self.plan::<S::Real>(length)?;
        let too_large = Error::TooLarge {
            what: "the frames of a window",
            bytes: usize::MAX,
            limit: isize::MAX as usize,
        };
        let n_pixels = shape
            .0
            .checked_mul(shape.1)
            .filter(|pixels| {
                pixels
                    .checked_mul(length)
                    .and_then(|all| all.checked_mul(size_of::<S>()))
                    .is_some_and(|bytes| isize::try_from(bytes).is_ok())
            })
            .ok_or(too_large)?;
        Ok(ContrastStream {
            contrast: self.clone(),
            plan,
            shape,
            ring: Vec::new(),
            n_pixels,
            hop,
            received: 0,
        })
    }

    /// Images of windows of a sequence that need not fit into memory; each is handed over, and kept by nobody else.
    ///
    /// Values and bits are those of [`sliding`](Self::sliding) on the same frames as `f32` (and so as `u8` or `u16`); wider integers and
    /// `f64` are rounded to `f32`. Holds `length` frames.
    ///
    /// # Errors
    ///
    /// As [`stream`](Self::stream); [`Error::Read`]; [`Error::TooFewFrames`] before anything is read.
    pub fn sliding_from<R: SequenceReader + ?Sized>(
        &self,
        reader: &R,
        length: usize,
        hop: usize,
        mut receive: impl FnMut(WindowImages<f32>) -> ControlFlow<()>,
    ) -> Result<()> {
        let shape = reader.shape();
        let mut stream = self.stream::<f32>((shape.n_rows, shape.n_columns), length, hop)?;
        if shape.n_frames < length {
            return Err(Error::TooFewFrames {
                purpose: "a window",
                needed: length,
                found: shape.n_frames,
            });
        }
        for frame in 0..shape.n_frames {
            let pixels = reader
                .read_frame_f32(frame)
                .map_err(|source| read_error(frame, source))?;
            if let Some(images) = stream.push(&pixels.view())? {
                if receive(images).is_break() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Images of a whole sequence that need not fit into memory: strips of rows of all frames, one after the other.
    ///
    /// Values and bits are those of [`images`](Self::images) on the same frames as `f32` (and so as `u8` or `u16`). Each strip reads its rows of
    /// every frame, so a compressed file is decoded once for every strip. `max_bytes` bounds the pixels that are held at once, besides the
    /// images; at least one row of all frames is.
    ///
    /// # Errors
    ///
    /// As [`images`](Self::images); [`Error::Read`]; [`Error::TooLarge`] if one row of all frames is more than `max_bytes`.
    pub fn images_from<R: SequenceReader + ?Sized>(
        &self,
        reader: &R,
        max_bytes: usize,
    ) -> Result<Vec<BandImage<f32>>> {
        let shape = reader.shape();
        let plan = self.plan::<f32>(shape.n_frames)?;
        let row_bytes = shape
            .n_frames
            .saturating_mul(shape.n_columns)
            .saturating_mul(size_of::<f32>());
        let rows = max_bytes / row_bytes.max(1);
        if rows == 0 {
            return Err(Error::TooLarge {
                what: "one row of all frames",
                bytes: row_bytes,
                limit: max_bytes,
            });
        }
        let rows = rows.min(shape.n_rows);
        let mut pixels = vec![0.0_f32; shape.n_frames * rows * shape.n_columns];
        let mut images: Vec<Vec<f32>> = Vec::new();
        for top in (0..shape.n_rows).step_by(rows) {
            let here = rows.min(shape.n_rows - top);
            let region = RegionOfInterest::new(top, 0, here, shape.n_columns);
            let strip = reader
                .crop(region)
                .map_err(|source| read_error(0, source))?;
            let part = &mut pixels[..shape.n_frames * here * shape.n_columns];
            strip
                .read_range_f32_into(0..shape.n_frames, part)
                .map_err(|source| read_error(0, source))?;
            let frames: Vec<&[f32]> = part.chunks_exact(here * shape.n_columns).collect();
            self.check(&frames, (here, shape.n_columns))
                .map_err(|error| shifted(error, top))?;
            let parts = run_blocks(&plan, &frames, here * shape.n_columns);
            if images.is_empty() {
                images = parts;
            } else {
                for (image, part) in images.iter_mut().zip(parts) {
                    image.extend(part);
                }
            }
        }
        let size = (shape.n_rows, shape.n_columns);
        Ok(self
            .kinds()
            .zip(images)
            .map(|((band, measure), pixels)| BandImage {
                band,
                measure,
                image: image_of(size, pixels),
            })
            .collect())
    }
}

fn read_error(frame: usize, source: xray_io::Error) -> Error {
    Error::Read {
        frame,
        source: Arc::new(source),
    }
}

/// The same error in rows of the whole frame.
fn shifted(error: Error, top: usize) -> Error {
    match error {
        Error::NonFinite {
            frame,
            row,
            column,
            found,
        } => Error::NonFinite {
            frame,
            row: row + top,
            column,
            found,
        },
        other => other,
    }
}

/// Frames in, images out; holds the frames of one window. Made by [`MoveContrast::stream`].
///
/// ```
/// use mcxi::{FrameRate, MoveContrast};
/// use ndarray::Array2;
///
/// let contrast = MoveContrast::new(FrameRate::from_hertz(5e4)?);
/// let mut stream = contrast.stream::<u16>((4, 4), 16, 8)?;
/// let mut n = 0;
/// for i in 0..40_u16 {
///     let frame = Array2::from_elem((4, 4), 100 + i % 3);
///     if let Some(window) = stream.push(&frame.view())? {
///         assert_eq!(window.start, 8 * n);
///         n += 1;
///     }
/// }
/// assert_eq!(n, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ContrastStream<S: Sample> {
    contrast: MoveContrast,
    plan: BlockPlan<S::Real>,
    shape: (usize, usize),
    /// The latest frames; frame `n` lies at `n` modulo the length of the window.
    ring: Vec<Vec<S>>,
    n_pixels: usize,
    hop: usize,
    received: usize,
}

impl<S: Sample> ContrastStream<S> {
    /// Frames received so far.
    pub fn n_frames(&self) -> usize {
        self.received
    }

    /// Takes the next frame; gives the images of the window that it completes, if it completes one.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::NonFinite`] if the policy is to refuse. The frame is then not taken.
    pub fn push(&mut self, frame: &ArrayView2<'_, S>) -> Result<Option<WindowImages<S::Real>>> {
        if frame.dim() != self.shape {
            return Err(Error::ShapeMismatch {
                what: "a frame of the stream",
                expected: self.shape,
                found: frame.dim(),
            });
        }
        let pixels: Vec<S> = frame.iter().copied().collect();
        self.contrast
            .check::<S>(&[&pixels], self.shape)
            .map_err(|error| match error {
                Error::NonFinite {
                    row, column, found, ..
                } => Error::NonFinite {
                    frame: self.received,
                    row,
                    column,
                    found,
                },
                other => other,
            })?;
        debug_assert_eq!(pixels.len(), self.n_pixels);
        let length = self.plan.n_frames();
        let at = self.received % length;
        if at < self.ring.len() {
            self.ring[at] = pixels;
        } else {
            self.ring.push(pixels);
        }
        self.received += 1;
        let Some(start) = self.received.checked_sub(length) else {
            return Ok(None);
        };
        if start % self.hop != 0 {
            return Ok(None);
        }
        let frames: Vec<&[S]> = (start..self.received)
            .map(|n| self.ring[n % length].as_slice())
            .collect();
        Ok(Some(WindowImages {
            start,
            center: start as f64 + (length - 1) as f64 / 2.0,
            images: self.contrast.run(&self.plan, &frames, self.shape),
        }))
    }
}
