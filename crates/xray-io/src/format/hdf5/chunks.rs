//! Frames in chunks.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use hdf5_reader::chunk_index::ChunkEntry;

use super::filters::Pipeline;
use crate::error::{Error, Result};
use crate::format::raw::ByteOrder;
use crate::metadata::Metadata;
use crate::parallel::for_each_part;
use crate::pixel::{PixelType, swap_bytes};
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

/// Where a chunk lies in the file.
#[derive(Debug, Clone, Copy)]
struct Stored {
    /// Its place in the grid of chunks, counted in C order.
    place: u64,
    address: u64,
    bytes: u64,
    mask: u32,
}

/// The chunks of an array of frames × rows × columns.
#[derive(Debug)]
pub(super) struct Grid {
    /// Frames, rows and columns of a chunk.
    chunk: [usize; 3],
    /// Chunks along each axis.
    n: [u64; 3],
    /// In the order of their places; those that were never written are missing.
    stored: Vec<Stored>,
}

impl Grid {
    /// Puts the entries of an index in order and holds them against the file.
    pub(super) fn new(
        source: &Source,
        base: u64,
        shape: SequenceShape,
        chunk: [usize; 3],
        entries: &[ChunkEntry],
    ) -> Result<Self> {
        let path = source.path();
        let axes = [shape.n_frames, shape.n_rows, shape.n_columns];
        let n = [0, 1, 2].map(|axis| axes[axis].div_ceil(chunk[axis]) as u64);
        let wrong =
            |found: String| Error::invalid(path, "chunk index", None, "inside the array", found);
        let mut stored = Vec::with_capacity(entries.len());
        for entry in entries {
            // Arrays of fewer axes have one frame, or one row.
            let mut at = [0; 3];
            for (to, from) in at.iter_mut().rev().zip(entry.offsets.iter().rev()) {
                *to = *from;
            }
            let mut place = 0;
            for axis in 0..3 {
                let (step, size) = (at[axis] / chunk[axis] as u64, chunk[axis] as u64);
                if at[axis] % size != 0 || step >= n[axis] {
                    return Err(wrong(format!("a chunk at {:?}", entry.offsets)));
                }
                place = place * n[axis] + step;
            }
            stored.push(Stored {
                place,
                address: entry.address.saturating_add(base),
                bytes: entry.size,
                mask: entry.filter_mask,
            });
        }
        stored.sort_unstable_by_key(|chunk| chunk.place);
        if let Some(pair) = stored
            .windows(2)
            .find(|pair| pair[0].place == pair[1].place)
        {
            return Err(wrong(format!("two chunks at place {}", pair[0].place)));
        }
        Ok(Self { chunk, n, stored })
    }

    /// Chunks that were never written.
    pub(super) fn n_missing(&self) -> u64 {
        self.n.iter().product::<u64>() - self.stored.len() as u64
    }

    /// The first frame of each chunk that is not whole in the file, and the error.
    pub(super) fn faults<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = Error> + 'a {
        self.stored.iter().filter_map(|chunk| {
            let frame = (chunk.place / (self.n[1] * self.n[2])) as usize * self.chunk[0];
            source
                .check_range("a chunk", chunk.address, chunk.bytes)
                .err()
                .map(|error| error.in_frame(frame))
        })
    }

    fn find(&self, place: u64) -> Option<&Stored> {
        let i = self
            .stored
            .binary_search_by_key(&place, |chunk| chunk.place)
            .ok()?;
        self.stored.get(i)
    }
}

#[derive(Debug)]
pub(super) struct Chunked {
    pub(super) source: Arc<Source>,
    pub(super) format: &'static str,
    pub(super) shape: SequenceShape,
    pub(super) pixel_type: PixelType,
    pub(super) byte_order: ByteOrder,
    pub(super) grid: Grid,
    pub(super) pipeline: Pipeline,
    /// The bytes of a pixel that was never written, as in the file.
    pub(super) fill: Vec<u8>,
    pub(super) metadata: Metadata,
    pub(super) time_axis: TimeAxis,
}

thread_local! {
    /// Stored and decoded bytes of a chunk, kept between chunks.
    static SCRATCH: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

impl Chunked {
    /// Decodes a chunk, or fills in what was never written.
    fn decode(&self, place: u64, stored_bytes: &mut Vec<u8>, out: &mut [u8]) -> Result<()> {
        let Some(stored) = self.grid.find(place) else {
            for pixel in out.chunks_exact_mut(self.fill.len()) {
                pixel.copy_from_slice(&self.fill);
            }
            return Ok(());
        };
        if self.pipeline.is_empty() {
            self.source
                .check_range("a chunk", stored.address, stored.bytes)?;
            return self.source.read_exact_at("a chunk", stored.address, out);
        }
        self.source
            .check_range("a chunk", stored.address, stored.bytes)?;
        stored_bytes.resize(stored.bytes as usize, 0);
        self.source
            .read_exact_at("a chunk", stored.address, stored_bytes)?;
        self.pipeline
            .decode(stored_bytes, stored.mask, out)
            .map_err(|failed| Error::Codec {
                path: self.source.path().to_owned(),
                frame: None,
                offset: stored.address,
                codec: failed.codec,
                problem: failed.problem,
            })
    }

    /// Reads some frames of one layer of chunks, each chunk once.
    fn read_layer(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        let [depth, chunk_rows, chunk_columns] = self.grid.chunk;
        let (n_rows, n_columns) = (self.shape.n_rows, self.shape.n_columns);
        let pixel = self.pixel_type.bytes();
        let layer = frames.start / depth;
        let first = frames.start - layer * depth;
        let per_layer = self.grid.n[1] * self.grid.n[2];
        let (frame_bytes, row_bytes) = (n_rows * n_columns * pixel, n_columns * pixel);
        let is_frame = depth == 1 && chunk_rows == n_rows && chunk_columns == n_columns;
        SCRATCH
            .with_borrow_mut(|(stored, decoded)| {
                if is_frame {
                    return self.decode(layer as u64, stored, destination);
                }
                decoded.resize(depth * chunk_rows * chunk_columns * pixel, 0);
                for place in 0..per_layer {
                    self.decode(layer as u64 * per_layer + place, stored, decoded)?;
                    let row = (place / self.grid.n[2]) as usize * chunk_rows;
                    let column = (place % self.grid.n[2]) as usize * chunk_columns;
                    let rows = chunk_rows.min(n_rows - row);
                    let bytes = chunk_columns.min(n_columns - column) * pixel;
                    for (k, frame) in destination.chunks_exact_mut(frame_bytes).enumerate() {
                        for r in 0..rows {
                            let from = (((first + k) * chunk_rows + r) * chunk_columns) * pixel;
                            let to = (row + r) * row_bytes + column * pixel;
                            frame[to..to + bytes].copy_from_slice(&decoded[from..from + bytes]);
                        }
                    }
                }
                Ok(())
            })
            .map_err(|error: Error| error.in_frame(frames.start))?;
        if self.byte_order.is_foreign() {
            swap_bytes(destination, pixel);
        }
        Ok(())
    }
}

impl SequenceReader for Chunked {
    fn format(&self) -> &'static str {
        self.format
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, self.pixel_type, destination.len())?;
        self.read_layer(frame..frame + 1, destination)
    }

    /// Each chunk is decoded once, whatever its depth in frames.
    fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        self.shape.check_range(&frames)?;
        self.shape
            .check_bytes(frames.len(), self.pixel_type, destination.len())?;
        let bytes = self.shape.frame_bytes(self.pixel_type);
        let depth = self.grid.chunk[0];
        // A start inside a layer, whole layers in parallel, an end inside a layer.
        let head = (depth - frames.start % depth) % depth;
        let head = head.min(frames.len());
        let (first, rest) = destination.split_at_mut(head * bytes);
        if head > 0 {
            self.read_layer(frames.start..frames.start + head, first)?;
        }
        let start = frames.start + head;
        let n_layers = (frames.end - start) / depth;
        let (layers, last) = rest.split_at_mut(n_layers * depth * bytes);
        for_each_part(layers, depth * bytes, |layer, part| {
            let from = start + layer * depth;
            self.read_layer(from..from + depth, part)
        })?;
        let end = start + n_layers * depth;
        if end < frames.end {
            self.read_layer(end..frames.end, last)?;
        }
        Ok(())
    }
}
