//! Strips and tiles into a frame.

use std::cell::Cell;

use super::layout::Compression;
use super::unpack::{undo_differences, undo_float_differences};
use super::{Chunk, Pages, Tiff};
use crate::codec;
use crate::codec::unpack_row;
use crate::error::{CodecProblem, Error, Result};
use crate::pixel::swap_bytes;

/// Buffers that a thread keeps between frames.
#[derive(Default)]
struct Scratch {
    stored: Vec<u8>,
    chunk: Vec<u8>,
    row: Vec<u8>,
}

/// Larger buffers are given back after each frame.
const KEPT: usize = 16 << 20;

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::new(Scratch::default());
}

impl Tiff {
    /// Decodes a page into its frame.
    pub(super) fn decode(&self, page: usize, destination: &mut [u8]) -> Result<()> {
        let Pages::Chunks(chunks) = &self.pages else {
            return Ok(());
        };
        let chunks = &chunks[page * self.chunks_of_page..(page + 1) * self.chunks_of_page];
        let mut scratch = SCRATCH.take();
        let result = if self.layout.is_direct() {
            self.decode_strips(chunks, destination, &mut scratch)
        } else {
            self.decode_chunks(chunks, destination, &mut scratch)
        };
        for buffer in [&mut scratch.stored, &mut scratch.chunk, &mut scratch.row] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        SCRATCH.set(scratch);
        result
    }

    /// Strips whose rows are rows of the frame: each is decoded where it belongs.
    fn decode_strips(
        &self,
        chunks: &[Chunk],
        destination: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let row_bytes = self.layout.chunk_row_bytes();
        for (strip, (chunk, rows)) in chunks
            .iter()
            .zip(destination.chunks_mut(self.layout.chunk_rows * row_bytes))
            .enumerate()
        {
            debug_assert_eq!(rows.len(), self.layout.chunk_bytes(strip));
            self.decode_bytes(*chunk, rows, &mut scratch.stored)?;
            self.finish_rows(rows, &mut scratch.row);
        }
        Ok(())
    }

    /// Tiles, packed samples, and pixels of several samples: by way of a buffer.
    fn decode_chunks(
        &self,
        chunks: &[Chunk],
        destination: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let layout = &self.layout;
        let pixel = layout.pixel_type.bytes();
        let (across, row_bytes) = (layout.chunks_across(), layout.chunk_row_bytes());
        let samples = layout.interleaved;
        let mut unpacked = Vec::new();
        if layout.is_packed() {
            unpacked.resize(layout.chunk_columns * samples * pixel, 0);
        }
        for (i, chunk) in chunks.iter().enumerate() {
            let (down, right) = (i / across, i % across);
            let Scratch {
                stored,
                chunk: buffer,
                row,
            } = scratch;
            buffer.resize(layout.chunk_bytes(down), 0);
            self.decode_bytes(*chunk, buffer, stored)?;
            if !layout.is_packed() {
                self.finish_rows(buffer, row);
            }
            let first_row = down * layout.chunk_rows;
            let first_column = right * layout.chunk_columns;
            let columns = layout.chunk_columns.min(layout.n_columns - first_column);
            let rows = layout.chunk_rows.min(layout.n_rows - first_row);
            for (r, source) in buffer.chunks_exact(row_bytes).take(rows).enumerate() {
                let start = ((first_row + r) * layout.n_columns + first_column) * pixel;
                let out = &mut destination[start..start + columns * pixel];
                let native = if layout.is_packed() {
                    unpack_row(layout.bits, layout.pixel_type, source, &mut unpacked);
                    if layout.predictor == 2 {
                        undo_differences(&mut unpacked, samples, pixel, layout.bits);
                    }
                    &unpacked[..]
                } else {
                    source
                };
                if samples == 1 {
                    out.copy_from_slice(&native[..columns * pixel]);
                } else {
                    let step = samples * pixel;
                    let shift = if layout.interleaved > 1 {
                        layout.plane * pixel
                    } else {
                        0
                    };
                    for (to, from) in out.chunks_exact_mut(pixel).zip(native.chunks_exact(step)) {
                        to.copy_from_slice(&from[shift..shift + pixel]);
                    }
                }
            }
        }
        Ok(())
    }

    /// The bytes of a strip or tile as they are before prediction and byte order are dealt with.
    fn decode_bytes(&self, chunk: Chunk, out: &mut [u8], stored: &mut Vec<u8>) -> Result<()> {
        let layout = &self.layout;
        let what = if layout.tiled { "a tile" } else { "a strip" };
        if layout.compression == Compression::None && !layout.reversed_bits {
            return self.source.read_exact_at(what, chunk.offset, out);
        }
        stored.clear();
        // The range was held against the file when it was opened; a file that shrank since is refused before the buffer.
        self.source.check_range(what, chunk.offset, chunk.bytes)?;
        stored.resize(chunk.bytes as usize, 0);
        self.source.read_exact_at(what, chunk.offset, stored)?;
        if layout.reversed_bits {
            for byte in stored.iter_mut() {
                *byte = byte.reverse_bits();
            }
        }
        let result = match layout.compression {
            Compression::None => match stored.get(..out.len()) {
                Some(bytes) => {
                    out.copy_from_slice(bytes);
                    Ok(())
                }
                None => Err(CodecProblem::Short {
                    expected: out.len(),
                    found: stored.len(),
                }),
            },
            Compression::Lzw => codec::decode_lzw(stored, out),
            Compression::Deflate => codec::inflate_zlib(stored, out),
            Compression::PackBits => codec::decode_packbits(stored, out),
            Compression::Zstd => codec::decode_zstd(stored, out),
            #[cfg(feature = "lzma")]
            Compression::Lzma => codec::decode_xz(stored, out),
            #[cfg(not(feature = "lzma"))]
            Compression::Lzma => Err(CodecProblem::Unsupported("LZMA")),
            #[cfg(feature = "lerc")]
            Compression::Lerc => codec::decode_lerc(
                stored,
                layout.pixel_type,
                layout.chunk_columns,
                layout.interleaved,
                out,
            ),
            #[cfg(not(feature = "lerc"))]
            Compression::Lerc => Err(CodecProblem::Unsupported("LERC")),
        };
        result.map_err(|problem| Error::Codec {
            path: self.source.path().to_owned(),
            frame: None,
            offset: chunk.offset,
            codec: layout.compression.name(),
            problem,
        })
    }

    /// Byte order and prediction of rows of whole-byte samples.
    fn finish_rows(&self, rows: &mut [u8], scratch: &mut Vec<u8>) {
        let layout = &self.layout;
        let pixel = layout.pixel_type.bytes();
        // The bytes that the floating-point predictor sorts have no byte order, and LERC gives numbers.
        if self.byte_order.is_foreign()
            && layout.predictor != 3
            && layout.compression != Compression::Lerc
        {
            swap_bytes(rows, pixel);
        }
        if layout.predictor == 1 {
            return;
        }
        for row in rows.chunks_exact_mut(layout.chunk_row_bytes()) {
            if layout.predictor == 2 {
                undo_differences(row, layout.interleaved, pixel, layout.bits);
            } else {
                undo_float_differences(row, layout.interleaved, pixel, scratch);
            }
        }
    }
}
