//! Arrays in Fortran order, as NumPy and MATLAB have them.

use std::ops::Range;
use std::sync::Arc;

use super::raw::ByteOrder;
use crate::error::Result;
use crate::metadata::Metadata;
use crate::pixel::{PixelType, swap_bytes};
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

/// An array whose first axis, the frames, varies fastest (Fortran order): pixels of one frame lie `n_frames` apart.
#[derive(Debug)]
pub(crate) struct Fortran {
    pub(crate) source: Arc<Source>,
    pub(crate) format: &'static str,
    pub(crate) shape: SequenceShape,
    pub(crate) pixel_type: PixelType,
    pub(crate) byte_order: ByteOrder,
    pub(crate) offset: u64,
    pub(crate) metadata: Metadata,
    pub(crate) time_axis: TimeAxis,
}

/// Bytes that are read at a time from an array in Fortran order.
const BLOCK: usize = 1 << 20;

impl SequenceReader for Fortran {
    fn format(&self) -> &'static str {
        self.format
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.read_native_range_into(frame..frame + 1, destination)
    }

    /// One pass over the file, whatever the number of frames.
    fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        let SequenceShape {
            n_frames,
            n_rows,
            n_columns,
        } = self.shape;
        self.shape.check_range(&frames)?;
        self.shape
            .check_bytes(frames.len(), self.pixel_type, destination.len())?;
        let bytes = self.pixel_type.bytes();
        let group = n_frames * bytes;
        // Groups of one value a frame, rows fastest, then columns.
        let groups = n_rows * n_columns;
        let together = (BLOCK / group.max(1)).clamp(1, groups.max(1));
        let mut block = vec![0; together * group];
        let frame_bytes = groups * bytes;
        for first in (0..groups).step_by(together) {
            let n = together.min(groups - first);
            let block = &mut block[..n * group];
            self.source
                .read_exact_at("pixels", self.offset + (first * group) as u64, block)?;
            if self.byte_order.is_foreign() {
                swap_bytes(block, bytes);
            }
            for (i, values) in block.chunks_exact(group).enumerate() {
                let (row, column) = ((first + i) % n_rows, (first + i) / n_rows);
                let to = (row * n_columns + column) * bytes;
                for (k, frame) in frames.clone().enumerate() {
                    let out = k * frame_bytes + to;
                    destination[out..out + bytes]
                        .copy_from_slice(&values[frame * bytes..(frame + 1) * bytes]);
                }
            }
        }
        Ok(())
    }
}
