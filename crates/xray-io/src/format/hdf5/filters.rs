//! The filters of chunks, undone into a buffer of the size of the chunk.

mod bitshuffle;
mod blosc;
mod blosc2;
mod blosclz;
mod lzf;

use hdf5_reader::filters as theirs;
use hdf5_reader::messages::filter_pipeline::FilterDescription;

use crate::codec::{decode_zstd, inflate_zlib};
use crate::error::CodecProblem;

/// A step that failed, and why.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) codec: &'static str,
    pub(super) problem: CodecProblem,
}

type Step<T> = Result<T, CodecProblem>;

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const SZIP: u16 = 4;
const NBIT: u16 = 5;
const SCALE_OFFSET: u16 = 6;
const LZF: u16 = 32000;
const BLOSC: u16 = 32001;
const LZ4: u16 = 32004;
const BITSHUFFLE: u16 = 32008;
const ZSTD: u16 = 32015;
const BLOSC2: u16 = 32026;

/// Names of registered filters, those that are read and those that are only known.
const NAMES: &[(u16, &str, bool)] = &[
    (DEFLATE, "deflate", true),
    (SHUFFLE, "shuffle", true),
    (FLETCHER32, "fletcher32", true),
    (SZIP, "szip", true),
    (NBIT, "nbit", true),
    (SCALE_OFFSET, "scale-offset", true),
    (LZF, "LZF", true),
    (BLOSC, "blosc", true),
    (LZ4, "LZ4", true),
    (BITSHUFFLE, "bitshuffle", true),
    (ZSTD, "zstd", true),
    (BLOSC2, "blosc2", true),
    (307, "bzip2", false),
    (32013, "zfp", false),
    (32017, "SZ", false),
    (32019, "JPEG", false),
];

fn name(id: u16) -> &'static str {
    NAMES
        .iter()
        .find(|known| known.0 == id)
        .map_or("a filter", |known| known.1)
}

/// The filters of a data set in the order in which they were applied.
#[derive(Debug)]
pub(super) struct Pipeline {
    filters: Vec<FilterDescription>,
    element_bytes: usize,
    chunk_bytes: usize,
}

impl Pipeline {
    /// The text of the first filter that is not read is the error.
    pub(super) fn new(
        filters: Vec<FilterDescription>,
        element_bytes: usize,
        chunk_bytes: usize,
    ) -> Result<Self, String> {
        let is_read = |id: u16| NAMES.iter().any(|known| known.0 == id && known.2);
        if let Some(filter) = filters.iter().find(|filter| !is_read(filter.id)) {
            let own = filter.name.as_deref().unwrap_or(name(filter.id));
            return Err(format!("{} ({own})", filter.id));
        }
        Ok(Self {
            filters,
            element_bytes,
            chunk_bytes,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// Decodes a stored chunk. Bit `i` of the mask says that filter `i` was left out.
    pub(super) fn decode(&self, stored: &[u8], mask: u32, out: &mut [u8]) -> Result<(), Failed> {
        let active = |i: &usize| mask >> i & 1 == 0;
        let mut steps: Vec<usize> = (0..self.filters.len().min(32)).filter(active).collect();
        let mut data = std::borrow::Cow::Borrowed(stored);
        while let Some(step) = steps.pop() {
            let filter = &self.filters[step];
            let failed = |problem| Failed {
                codec: name(filter.id),
                problem,
            };
            if steps.is_empty() {
                return self.undo(filter, &data, out).map_err(failed);
            }
            data = std::borrow::Cow::Owned(match self.bytes_after(&steps) {
                Some(length) => {
                    let mut next = vec![0; length];
                    self.undo(filter, &data, &mut next).map_err(failed)?;
                    next
                }
                None => self.undo_unknown(filter, &data).map_err(failed)?,
            });
        }
        // Every filter was left out.
        copy_exact(&data, out).map_err(|problem| Failed {
            codec: "uncompressed",
            problem,
        })
    }

    /// Size of a chunk after these filters were applied, where that does not depend on the data.
    fn bytes_after(&self, steps: &[usize]) -> Option<usize> {
        steps.iter().try_fold(self.chunk_bytes, |bytes, &step| {
            match self.filters[step].id {
                SHUFFLE => Some(bytes),
                FLETCHER32 => bytes.checked_add(4),
                _ => None,
            }
        })
    }

    /// Undoes one filter whose result has the length of `out`.
    fn undo(&self, filter: &FilterDescription, input: &[u8], out: &mut [u8]) -> Step<()> {
        let options = &filter.client_data;
        match filter.id {
            DEFLATE => inflate_zlib(input, out),
            SHUFFLE => unshuffle(input, self.element_bytes, out),
            LZF => lzf::decode(input, out),
            LZ4 => lz4_blocks(input, out),
            ZSTD => decode_zstd(input, out),
            BITSHUFFLE => bitshuffle::decode(input, options, self.element_bytes, out),
            BLOSC => blosc::decode(input, out),
            BLOSC2 => blosc2::decode(input, self.element_bytes, out),
            FLETCHER32 => {
                let data = theirs::fletcher32::verify_and_strip(input)
                    .map_err(|_| CodecProblem::Checksum)?;
                copy_exact(&data, out)
            }
            _ => {
                let data = self.undo_unknown(filter, input)?;
                copy_exact(&data, out)
            }
        }
    }

    /// Undoes one filter whose result has a length that only the data say, which is bounded.
    fn undo_unknown(&self, filter: &FilterDescription, input: &[u8]) -> Step<Vec<u8>> {
        // What a filter adds to data that it cannot make smaller stays below this.
        let limit = self.chunk_bytes + self.chunk_bytes / 16 + 4096;
        let damaged = |_| CodecProblem::Damaged { decoded: 0 };
        match filter.id {
            DEFLATE => theirs::deflate::decompress_with_limit(input, limit).map_err(damaged),
            FLETCHER32 => {
                theirs::fletcher32::verify_and_strip(input).map_err(|_| CodecProblem::Checksum)
            }
            SHUFFLE => {
                let mut out = vec![0; input.len()];
                unshuffle(input, self.element_bytes, &mut out)?;
                Ok(out)
            }
            SZIP | NBIT | SCALE_OFFSET => theirs::apply_pipeline_with_limit(
                input,
                std::slice::from_ref(filter),
                0,
                self.element_bytes,
                None,
                Some(limit),
            )
            .map_err(damaged),
            _ => Err(CodecProblem::Unsupported("this order of filters")),
        }
    }
}

fn copy_exact(data: &[u8], out: &mut [u8]) -> Step<()> {
    let (expected, found) = (out.len(), data.len());
    let data = data
        .get(..expected)
        .ok_or(CodecProblem::Short { expected, found })?;
    out.copy_from_slice(data);
    Ok(())
}

/// Puts the bytes of each element together that stand in planes, one plane a byte of the element.
fn unshuffle(input: &[u8], element: usize, out: &mut [u8]) -> Step<()> {
    if input.len() < out.len() {
        return copy_exact(input, out);
    }
    if element <= 1 {
        return copy_exact(input, out);
    }
    let n = out.len() / element;
    if element == 2 {
        let (low, high) = input.split_at(n);
        for ((pixel, low), high) in out.chunks_exact_mut(2).zip(low).zip(high) {
            pixel.copy_from_slice(&[*low, *high]);
        }
    } else {
        for (plane, bytes) in input.chunks_exact(n.max(1)).take(element).enumerate() {
            for (pixel, byte) in out.chunks_exact_mut(element).zip(bytes) {
                pixel[plane] = *byte;
            }
        }
    }
    // Bytes that make no whole element stand at the end as they are.
    let whole = n * element;
    let end = out.len();
    out[whole..].copy_from_slice(&input[whole..end]);
    Ok(())
}

/// Big-endian 32-bit number at a position.
fn be32(input: &[u8], at: usize) -> Step<usize> {
    let mut word = [0; 4];
    word.copy_from_slice(
        input
            .get(at..at + 4)
            .ok_or(CodecProblem::Damaged { decoded: 0 })?,
    );
    Ok(u32::from_be_bytes(word) as usize)
}

/// One block of LZ4 that fills the buffer.
fn lz4_block(input: &[u8], out: &mut [u8]) -> Step<()> {
    match lz4_flex::block::decompress_into(input, out) {
        Ok(found) if found == out.len() => Ok(()),
        Ok(found) => Err(CodecProblem::Short {
            expected: out.len(),
            found,
        }),
        Err(_) => Err(CodecProblem::Damaged { decoded: 0 }),
    }
}

/// The LZ4 filter: size (64 bits) and size of blocks (32 bits), then blocks with their sizes, all big-endian. A block as
/// long as its data is stored as it is.
fn lz4_blocks(input: &[u8], out: &mut [u8]) -> Step<()> {
    let expected = out.len();
    let total = be32(input, 0)? << 16 << 16 | be32(input, 4)?;
    if total < expected {
        return Err(CodecProblem::Short {
            expected,
            found: total,
        });
    }
    let block = be32(input, 8)?.min(expected.max(1));
    if block == 0 {
        return Err(CodecProblem::Damaged { decoded: 0 });
    }
    let mut at = 12;
    for (i, part) in out.chunks_mut(block).enumerate() {
        let damaged = CodecProblem::Damaged { decoded: i * block };
        let length = be32(input, at)?;
        let data = input.get(at + 4..at + 4 + length).ok_or(damaged)?;
        if length == part.len() {
            part.copy_from_slice(data);
        } else {
            lz4_block(data, part)?;
        }
        at += 4 + length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(id: u16) -> FilterDescription {
        FilterDescription {
            id,
            name: None,
            client_data: Vec::new(),
        }
    }

    #[test]
    fn unshuffling_is_the_inverse_of_the_definition() {
        for element in 1..=9 {
            for extra in 0..element {
                let data: Vec<u8> = (0..element * 7 + extra).map(|i| i as u8).collect();
                let n = data.len() / element;
                let mut planes: Vec<u8> = (0..element)
                    .flat_map(|b| (0..n).map(move |i| (i * element + b) as u8))
                    .collect();
                planes.extend_from_slice(&data[n * element..]);
                let mut out = vec![0; data.len()];
                unshuffle(&planes, element, &mut out).expect("lengths fit");
                assert_eq!(out, data, "{element}");
            }
        }
    }

    #[test]
    fn filters_that_are_not_read_are_named() {
        let error = Pipeline::new(vec![filter(32013)], 2, 8).unwrap_err();
        assert_eq!(error, "32013 (zfp)");
    }

    #[test]
    fn stored_lz4_blocks_and_short_ones() {
        let mut input = 6_u64.to_be_bytes().to_vec();
        input.extend(4_u32.to_be_bytes());
        input.extend(4_u32.to_be_bytes());
        input.extend([1, 2, 3, 4]);
        input.extend(2_u32.to_be_bytes());
        input.extend([5, 6]);
        let mut out = [0; 6];
        assert_eq!(lz4_blocks(&input, &mut out), Ok(()));
        assert_eq!(out, [1, 2, 3, 4, 5, 6]);
        for cut in 0..input.len() {
            assert!(lz4_blocks(&input[..cut], &mut out).is_err(), "{cut}");
        }
    }
}
