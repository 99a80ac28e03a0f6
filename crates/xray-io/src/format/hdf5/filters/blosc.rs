//! Blosc 1: blocks, shuffled by bytes or bits, each split into one stream a byte of the element.
//!
//! The layout is that of the header file and README_HEADER of c-blosc 1.

use super::bitshuffle::unshuffle_bits;
use super::{Step, blosclz, copy_exact, lz4_block, unshuffle};
use crate::codec::{decode_zstd, inflate_zlib};
use crate::error::CodecProblem;

fn le32(input: &[u8], at: usize) -> Step<usize> {
    let mut word = [0; 4];
    word.copy_from_slice(
        input
            .get(at..at + 4)
            .ok_or(CodecProblem::Damaged { decoded: 0 })?,
    );
    Ok(u32::from_le_bytes(word) as usize)
}

/// One stream of a block, by the number of its codec.
pub(super) fn decode_stream(codec: u8, data: &[u8], plane: &mut [u8]) -> Step<()> {
    match codec {
        0 => blosclz::decode(data, plane),
        1 => lz4_block(data, plane),
        3 => inflate_zlib(data, plane),
        4 => decode_zstd(data, plane),
        2 => Err(CodecProblem::Unsupported("Snappy")),
        _ => Err(CodecProblem::Unsupported("this codec of blosc")),
    }
}

pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Step<()> {
    let damaged = CodecProblem::Damaged { decoded: 0 };
    let head = input.get(..16).ok_or(damaged.clone())?;
    let (flags, element) = (head[2], usize::from(head[3]).max(1));
    let (bytes, block) = (le32(input, 4)?, le32(input, 8)?);
    if bytes != out.len() {
        return Err(CodecProblem::Short {
            expected: out.len(),
            found: bytes,
        });
    }
    if flags & 2 != 0 {
        return copy_exact(&input[16..], out);
    }
    if block == 0 {
        return Err(damaged);
    }
    let block = block.min(out.len().max(1));
    let mut scratch = vec![0; block];
    for (i, part) in out.chunks_mut(block).enumerate() {
        let mut at = le32(input, 16 + 4 * i)?;
        let scratch = &mut scratch[..part.len()];
        // Only whole blocks are split, and only where each stream has some length.
        let is_split = flags & 0x10 == 0 && part.len() == block && part.len() % element == 0;
        let stream = if is_split {
            part.len() / element
        } else {
            part.len()
        };
        for plane in scratch.chunks_mut(stream.max(1)) {
            let length = le32(input, at)?;
            let data = input.get(at + 4..at + 4 + length).ok_or(damaged.clone())?;
            at += 4 + length;
            if length == plane.len() {
                plane.copy_from_slice(data);
                continue;
            }
            decode_stream(flags >> 5, data, plane)?;
        }
        // Bits are shuffled only where the elements make eights; bytes behind the last element stay as they are.
        let n = part.len() / element;
        if flags & 4 != 0 && n % 8 == 0 {
            let whole = n * element;
            unshuffle_bits(&scratch[..whole], element, &mut part[..whole]);
            part[whole..].copy_from_slice(&scratch[whole..]);
        } else if flags & 1 != 0 {
            unshuffle(scratch, element, part)?;
        } else {
            part.copy_from_slice(scratch);
        }
    }
    Ok(())
}
