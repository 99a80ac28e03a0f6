//! Pixels without a header, as the user describes them.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::pixel::{PixelType, swap_bytes};
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

/// Order of the bytes of a number in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ByteOrder {
    /// The least significant byte comes first.
    #[default]
    Little,
    /// The most significant byte comes first.
    Big,
}

impl ByteOrder {
    /// Whether the bytes must be reversed on this machine.
    pub(crate) fn is_foreign(self) -> bool {
        (self == Self::Big) != cfg!(target_endian = "big")
    }
}

/// Where the pixels of a file without a header lie.
///
/// Frames follow each other from `offset`, row by row from the top, with `gap` bytes between them. The size of the file
/// must fit: a rest that is no whole frame is an error.
///
/// # Examples
///
/// ```
/// use xray_io::{Opener, PixelType, RawDescription, SequenceReaderExt};
///
/// let description = RawDescription::new(2, 3, PixelType::U8).offset(4);
/// let bytes = (0..4 + 2 * 6).collect();
/// let reader = Opener::new().raw(description).open_bytes("two_frames.raw", bytes)?;
/// assert_eq!(reader.shape().n_frames, 2);
/// assert_eq!(reader.read_frame::<u8>(1)?[[0, 0]], 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RawDescription {
    n_rows: usize,
    n_columns: usize,
    pixel_type: PixelType,
    byte_order: ByteOrder,
    offset: u64,
    gap: u64,
    n_frames: Option<usize>,
}

impl RawDescription {
    /// From the size of a frame and the type of its pixels.
    pub fn new(n_rows: usize, n_columns: usize, pixel_type: PixelType) -> Self {
        Self {
            n_rows,
            n_columns,
            pixel_type,
            byte_order: ByteOrder::Little,
            offset: 0,
            gap: 0,
            n_frames: None,
        }
    }

    /// Byte order. Default little.
    pub fn byte_order(mut self, byte_order: ByteOrder) -> Self {
        self.byte_order = byte_order;
        self
    }

    /// Bytes before the first frame. Default 0.
    pub fn offset(mut self, bytes: u64) -> Self {
        self.offset = bytes;
        self
    }

    /// Bytes between two frames. Default 0.
    pub fn gap(mut self, bytes: u64) -> Self {
        self.gap = bytes;
        self
    }

    /// Number of frames; the file may then be longer, but not shorter. Default: as many as the file holds, exactly.
    pub fn n_frames(mut self, n_frames: usize) -> Self {
        self.n_frames = Some(n_frames);
        self
    }

    /// An error if a frame has no pixels or there are to be no frames.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        let zero = [
            ("n_rows", self.n_rows),
            ("n_columns", self.n_columns),
            ("n_frames", self.n_frames.unwrap_or(1)),
        ]
        .into_iter()
        .find(|(_, value)| *value == 0);
        match zero {
            Some((name, _)) => Err(Error::InvalidParameter {
                name,
                requirement: "positive",
                found: "0".to_owned(),
            }),
            None => Ok(()),
        }
    }
}

/// Frames of equal size at even distances in a file: raw files, and the data of formats that are like them.
#[derive(Debug)]
pub(crate) struct EvenFrames {
    pub(crate) source: Arc<Source>,
    pub(crate) format: &'static str,
    pub(crate) shape: SequenceShape,
    pub(crate) pixel_type: PixelType,
    pub(crate) byte_order: ByteOrder,
    /// First byte of frame 0.
    pub(crate) offset: u64,
    /// From the start of one frame to that of the next.
    pub(crate) stride: u64,
    pub(crate) metadata: Metadata,
    pub(crate) time_axis: TimeAxis,
}

impl EvenFrames {
    fn read(&self, offset: u64, destination: &mut [u8]) -> Result<()> {
        self.source.read_exact_at("pixels", offset, destination)?;
        if self.byte_order.is_foreign() {
            swap_bytes(destination, self.pixel_type.bytes());
        }
        Ok(())
    }
}

impl SequenceReader for EvenFrames {
    fn format(&self) -> &'static str {
        self.format
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, self.pixel_type, destination.len())?;
        self.read(self.offset + frame as u64 * self.stride, destination)
            .map_err(|error| error.in_frame(frame))
    }

    fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        self.shape.check_range(&frames)?;
        self.shape
            .check_bytes(frames.len(), self.pixel_type, destination.len())?;
        let bytes = self.shape.frame_bytes(self.pixel_type);
        // Small frames in one read, large ones on several threads.
        if self.stride == bytes as u64 && bytes < 1 << 16 {
            let together = ((1 << 20) / bytes.max(1)).max(1);
            for (i, part) in destination.chunks_mut(together * bytes).enumerate() {
                let frame = frames.start + i * together;
                self.read(self.offset + frame as u64 * self.stride, part)
                    .map_err(|error| error.in_frame(frame))?;
            }
            return Ok(());
        }
        crate::parallel::for_each_part(destination, bytes, |i, part| {
            self.read_native_into(frames.start + i, part)
        })
    }

    fn read_native_region_into(
        &self,
        frame: usize,
        region: &crate::RegionOfInterest,
        destination: &mut [u8],
    ) -> Result<()> {
        self.shape.check_frame(frame)?;
        let region = region.check(self.shape.n_rows, self.shape.n_columns)?;
        let bytes = self.pixel_type.bytes();
        let row_bytes = region.n_columns * bytes;
        if destination.len() != row_bytes * region.n_rows {
            let expected = row_bytes * region.n_rows;
            return Err(Error::BufferLength {
                unit: "bytes",
                expected,
                found: destination.len(),
            });
        }
        let start = self.offset + frame as u64 * self.stride;
        for (r, row) in destination.chunks_exact_mut(row_bytes).enumerate() {
            let first = (region.row + r) * self.shape.n_columns + region.column;
            self.read(start + (first * bytes) as u64, row)
                .map_err(|error| error.in_frame(frame))?;
        }
        Ok(())
    }
}

pub(crate) fn open_raw(
    source: &Arc<Source>,
    description: &RawDescription,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let RawDescription {
        n_rows,
        n_columns,
        pixel_type,
        byte_order,
        offset,
        gap,
        n_frames,
    } = *description;
    let path = source.path();
    let bytes = context.limits().frame_bytes(
        path,
        n_rows as u64,
        n_columns as u64,
        pixel_type.bytes() as u64,
    )? as u64;
    source.check_range("frame 0", offset, bytes)?;
    let stride = bytes
        .checked_add(gap)
        .ok_or_else(|| Error::InvalidParameter {
            name: "gap",
            requirement: "small enough to count",
            found: gap.to_string(),
        })?;
    // The last frame needs no gap behind it, but may have one.
    let rest = source.len() - offset;
    let whole = (rest - bytes) / stride + 1;
    let left = rest - ((whole - 1) * stride + bytes);
    let found = match n_frames {
        Some(claimed) if claimed as u64 > whole => {
            let path = path.to_owned();
            let claimed_by = "the description";
            context.fault(Error::FrameCount {
                path,
                claimed_by,
                claimed: claimed as u64,
                found: whole,
            })?;
            whole
        }
        Some(claimed) => claimed as u64,
        None => {
            if left != 0 && left != gap {
                context.fault(Error::Truncated {
                    path: path.to_owned(),
                    frame: Some(whole as usize),
                    what: "pixels",
                    offset: offset + whole * stride,
                    needed: bytes,
                    available: left.saturating_sub(gap),
                })?;
            }
            whole
        }
    };
    context.limits().check_frames(path, found)?;
    let shape = SequenceShape {
        n_frames: found as usize,
        n_rows,
        n_columns,
    };
    Ok(Box::new(EvenFrames {
        source: Arc::clone(source),
        format: "raw",
        shape,
        pixel_type,
        byte_order,
        offset,
        stride,
        metadata: Metadata::new(),
        time_axis: TimeAxis::unknown(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opener, SequenceReaderExt};

    #[test]
    fn a_rest_that_is_no_frame_is_named() {
        let opener = Opener::new().raw(RawDescription::new(2, 3, PixelType::U16));
        let error = opener.open_bytes("x.raw", vec![0; 30]).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Truncated {
                    frame: Some(2),
                    offset: 24,
                    needed: 12,
                    available: 6,
                    ..
                }
            ),
            "{error}"
        );
        let salvage = opener.salvage_bytes("x.raw", vec![0; 30]).unwrap();
        assert_eq!(salvage.reader().shape().n_frames, 2);
        assert_eq!(salvage.faults().len(), 1);
    }

    #[test]
    fn gaps_and_big_endian_are_read() -> Result<()> {
        let mut bytes = vec![9; 3];
        for frame in 0..3_u16 {
            for pixel in 0..4 {
                bytes.extend((frame * 10 + pixel).to_be_bytes());
            }
            bytes.extend([7; 5]);
        }
        let description = RawDescription::new(2, 2, PixelType::U16)
            .byte_order(ByteOrder::Big)
            .offset(3)
            .gap(5);
        for cut in [0, 5] {
            let bytes = bytes[..bytes.len() - cut].to_vec();
            let reader = Opener::new()
                .raw(description.clone())
                .open_bytes("x.raw", bytes)?;
            assert_eq!(reader.shape().n_frames, 3);
            assert_eq!(
                reader.read_frame::<u16>(2)?.as_slice(),
                Some(&[20, 21, 22, 23][..])
            );
        }
        let claim = Opener::new()
            .raw(description.n_frames(4))
            .open_bytes("x.raw", bytes);
        assert!(matches!(
            claim,
            Err(Error::FrameCount {
                claimed: 4,
                found: 3,
                ..
            })
        ));
        Ok(())
    }
}
