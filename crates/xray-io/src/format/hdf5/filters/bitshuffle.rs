//! Bitshuffle: the bits of the elements of a block sorted by their significance, then LZ4 or zstd or nothing.
//!
//! Masui et al., "A compression scheme for radio data in high performance computing", Astronomy and Computing 12 (2015),
//! doi 10.1016/j.ascom.2015.07.002. A block has a multiple of eight elements; the last elements that make no eight stand
//! behind the blocks as they are.

use super::{Step, be32, copy_exact, lz4_block};
use crate::codec::decode_zstd;
use crate::error::CodecProblem;

/// Bytes of a block where the file does not say how large it is.
const TARGET_BYTES: usize = 8192;

pub(super) fn decode(input: &[u8], options: &[u32], element: usize, out: &mut [u8]) -> Step<()> {
    let element = element.max(1);
    // Version and size come first in the options, then the elements of a block and the codec.
    let codec = options.get(4).copied().unwrap_or(0);
    let mut block = options.get(3).copied().unwrap_or(0) as usize;
    let mut at = 0;
    if codec != 0 {
        // Size of the data (64 bits) and of a block in bytes, big-endian.
        block = be32(input, 8)? / element;
        at = 12;
    }
    if block == 0 {
        block = (TARGET_BYTES / element / 8 * 8).max(128);
    }
    let damaged = CodecProblem::Damaged { decoded: 0 };
    if block % 8 != 0 {
        return Err(damaged);
    }
    let n = out.len() / element;
    let block_bytes = block.checked_mul(element).ok_or(damaged.clone())?;
    let whole = n / 8 * 8 * element;
    let mut planes = vec![0; block_bytes.min(whole)];
    let (blocks, rest) = out.split_at_mut(whole);
    for part in blocks.chunks_mut(block_bytes) {
        let planes = &mut planes[..part.len()];
        let length = if codec == 0 {
            planes.len()
        } else {
            at += 4;
            be32(input, at - 4)?
        };
        let data = input.get(at..at + length).ok_or(damaged.clone())?;
        match codec {
            0 => planes.copy_from_slice(data),
            2 => lz4_block(data, planes)?,
            3 => decode_zstd(data, planes)?,
            _ => return Err(CodecProblem::Unsupported("this codec after bitshuffle")),
        }
        at += length;
        unshuffle_bits(planes, element, part);
    }
    copy_exact(input.get(at..).unwrap_or_default(), rest)
}

/// Transposes bits: plane `8 b + j` has bit `j` of byte `b` of each element, eight elements a byte, the first one in
/// the least significant bit.
pub(super) fn unshuffle_bits(planes: &[u8], element: usize, out: &mut [u8]) {
    let n = out.len() / element;
    let plane_bytes = n / 8;
    for byte in 0..element {
        for group in 0..plane_bytes {
            let mut rows = [0; 8];
            for (j, row) in rows.iter_mut().enumerate() {
                *row = planes[(byte * 8 + j) * plane_bytes + group];
            }
            let columns = transpose(u64::from_le_bytes(rows)).to_le_bytes();
            for (i, column) in columns.iter().enumerate() {
                out[(group * 8 + i) * element + byte] = *column;
            }
        }
    }
}

/// Transposes a matrix of 8 × 8 bits, row `r` in byte `r` (Warren, Hacker's Delight, 7-3).
fn transpose(mut x: u64) -> u64 {
    let mut t = (x ^ x >> 7) & 0x00aa_00aa_00aa_00aa;
    x ^= t ^ t << 7;
    t = (x ^ x >> 14) & 0x0000_cccc_0000_cccc;
    x ^= t ^ t << 14;
    t = (x ^ x >> 28) & 0x0000_0000_f0f0_f0f0;
    x ^ t ^ t << 28
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_to_their_elements() {
        for element in [1, 2, 4, 8] {
            let n = 40;
            let data: Vec<u8> = (0..n * element).map(|i| (i * 37 % 251) as u8).collect();
            // By definition, bit by bit.
            let mut planes = vec![0_u8; data.len()];
            for i in 0..n {
                for bit in 0..element * 8 {
                    let set = data[i * element + bit / 8] >> (bit % 8) & 1;
                    planes[bit * n / 8 + i / 8] |= set << (i % 8);
                }
            }
            let mut out = vec![0; data.len()];
            unshuffle_bits(&planes, element, &mut out);
            assert_eq!(out, data, "{element}");
        }
    }
}
