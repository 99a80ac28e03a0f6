//! Blosc 2: a contiguous frame that holds one chunk, whose blocks may be boxes of an array.
//!
//! README_CFRAME_FORMAT, README_CHUNK_FORMAT and README_B2ND_METALAYER of c-blosc2. The filter of HDF5 writes each of its
//! chunks as a frame of its own.

use super::bitshuffle::unshuffle_bits;
use super::blosc::decode_stream;
use super::{Step, copy_exact, unshuffle};
use crate::error::CodecProblem;

const DAMAGED: CodecProblem = CodecProblem::Damaged { decoded: 0 };

/// Reads numbers of a fixed length from a position on.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn take(&mut self, n: usize) -> Step<&'a [u8]> {
        let end = self.at.checked_add(n).ok_or(DAMAGED)?;
        let part = self.bytes.get(self.at..end).ok_or(DAMAGED)?;
        self.at = end;
        Ok(part)
    }

    fn little(&mut self) -> Step<i32> {
        let mut word = [0; 4];
        word.copy_from_slice(self.take(4)?);
        Ok(i32::from_le_bytes(word))
    }

    /// A signed integer of MessagePack.
    fn integer(&mut self) -> Step<i64> {
        let kind = self.take(1)?[0];
        let n = match kind {
            0..=0x7f => return Ok(i64::from(kind)),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xce | 0xd2 => 4,
            0xcf | 0xd3 => 8,
            _ => return Err(DAMAGED),
        };
        let bytes = self.take(n)?;
        let is_negative = kind >= 0xd0 && bytes[0] & 0x80 != 0;
        Ok(bytes
            .iter()
            .fold(if is_negative { -1 } else { 0 }, |value, &byte| {
                value << 8 | i64::from(byte)
            }))
    }
}

/// Lengths of the array in a chunk, and of its blocks.
struct Boxes {
    lengths: Vec<usize>,
    block: Vec<usize>,
}

/// Most axes of an array of blosc 2.
const MAX_AXES: u8 = 15;

impl Boxes {
    /// The metalayer `b2nd`, if the frame has it.
    fn read(header: &[u8]) -> Step<Option<Self>> {
        // Its name, the offset of its content, and there a binary of 32-bit length.
        let name = b"\xa4b2nd\xd2";
        let Some(found) = header.windows(name.len()).position(|part| part == name) else {
            return Ok(None);
        };
        let mut cursor = Cursor::new(header, found + name.len() - 1);
        let at = usize::try_from(cursor.integer()?).map_err(|_| DAMAGED)?;
        // Mark and length of the binary, mark of the list, version.
        let mut cursor = Cursor::new(header, at.checked_add(6).ok_or(DAMAGED)?);
        cursor.integer()?;
        let n = cursor.integer()?;
        let n = u8::try_from(n)
            .ok()
            .filter(|n| (1..=MAX_AXES).contains(n))
            .ok_or(DAMAGED)?;
        let mut list = || -> Step<Vec<usize>> {
            if cursor.take(1)?[0] != 0x90 | n {
                return Err(DAMAGED);
            }
            (0..n)
                .map(|_| {
                    usize::try_from(cursor.integer()?)
                        .ok()
                        .filter(|n| *n > 0)
                        .ok_or(DAMAGED)
                })
                .collect()
        };
        let _shape = list()?;
        let (lengths, block) = (list()?, list()?);
        Ok(Some(Self { lengths, block }))
    }

    /// Elements of the blocks together, which cover the chunk and may reach beyond it.
    fn padded(&self) -> Step<usize> {
        let covered = self.lengths.iter().zip(&self.block);
        covered
            .map(|(length, block)| length.div_ceil(*block).checked_mul(*block))
            .try_fold(1_usize, |product, length| product.checked_mul(length?))
            .ok_or(DAMAGED)
    }

    /// Puts block after block into its place in the chunk; `element` bytes each.
    fn place(&self, blocks: &[u8], element: usize, out: &mut [u8]) -> Step<()> {
        let n = self.lengths.len();
        let row = self.block[n - 1];
        let rows: usize = self.block[..n - 1].iter().product();
        let across: Vec<usize> = (0..n)
            .map(|axis| self.lengths[axis].div_ceil(self.block[axis]))
            .collect();
        let digits = |mut number: usize, bases: &[usize]| {
            let mut digits = vec![0; bases.len()];
            for (digit, base) in digits.iter_mut().zip(bases).rev() {
                *digit = number % base;
                number /= base;
            }
            digits
        };
        for (number, block) in blocks.chunks_exact(rows * row * element).enumerate() {
            let corner: Vec<usize> = digits(number, &across)
                .iter()
                .zip(&self.block)
                .map(|(step, length)| step * length)
                .collect();
            let columns = row.min(self.lengths[n - 1] - corner[n - 1]);
            for (r, values) in block.chunks_exact(row * element).enumerate() {
                let inside = digits(r, &self.block[..n - 1]);
                let mut at = 0;
                let mut is_beyond = false;
                for axis in 0..n - 1 {
                    let place = corner[axis] + inside[axis];
                    is_beyond |= place >= self.lengths[axis];
                    at = at * self.lengths[axis] + place;
                }
                if is_beyond {
                    continue;
                }
                let start = (at * self.lengths[n - 1] + corner[n - 1]) * element;
                let to = out
                    .get_mut(start..start + columns * element)
                    .ok_or(DAMAGED)?;
                to.copy_from_slice(&values[..columns * element]);
            }
        }
        Ok(())
    }
}

pub(super) fn decode(input: &[u8], element: usize, out: &mut [u8]) -> Step<()> {
    if input.get(1..10) != Some(b"\xa8b2frame\0") {
        return Err(DAMAGED);
    }
    let mut cursor = Cursor::new(input, 10);
    let length = usize::try_from(cursor.integer()?).map_err(|_| DAMAGED)?;
    let header = input.get(..length).ok_or(DAMAGED)?;
    let _frame_length = cursor.integer()?;
    cursor.take(5)?;
    let bytes = usize::try_from(cursor.integer()?).map_err(|_| DAMAGED)?;
    let stored = cursor.integer()?;
    let (_element, _block) = (cursor.integer()?, cursor.integer()?);
    let chunk = usize::try_from(cursor.integer()?).map_err(|_| DAMAGED)?;
    if chunk != bytes {
        return Err(CodecProblem::Unsupported("a frame of several chunks"));
    }
    let chunk = &input[length..];
    if stored == 0 {
        return decode_special(chunk, out);
    }
    match Boxes::read(header)? {
        Some(boxes) => {
            let padded = boxes.padded()?.checked_mul(element).ok_or(DAMAGED)?;
            let elements: usize = boxes.lengths.iter().product();
            // Blocks may cover up to twice the chunk along each axis; more is no layout that a writer chooses.
            if elements * element != out.len() || padded / 64 > out.len() + 4096 {
                return Err(DAMAGED);
            }
            let is_one_row = boxes.block[1..] == boxes.lengths[1..] && padded == out.len();
            if is_one_row {
                return decode_chunk(chunk, out);
            }
            let mut blocks = vec![0; padded];
            decode_chunk(chunk, &mut blocks)?;
            boxes.place(&blocks, element, out)
        }
        None => decode_chunk(chunk, out),
    }
}

/// A frame without a stored chunk: the list of offsets, itself a chunk, has a mark in the place of one.
fn decode_special(offsets: &[u8], out: &mut [u8]) -> Step<()> {
    let mut offset = [0; 8];
    decode_chunk(offsets, &mut offset)?;
    match offset[7] {
        0x81 => {
            out.fill(0);
            Ok(())
        }
        _ => Err(CodecProblem::Unsupported("a chunk of one special value")),
    }
}

fn decode_chunk(input: &[u8], out: &mut [u8]) -> Step<()> {
    let head = input.get(..32).ok_or(DAMAGED)?;
    let (flags, element) = (head[2], usize::from(head[3]).max(1));
    if flags & 5 != 5 {
        return Err(CodecProblem::Unsupported(
            "a chunk without the longer header",
        ));
    }
    let mut cursor = Cursor::new(input, 4);
    let (bytes, block) = (cursor.little()?, cursor.little()?);
    if usize::try_from(bytes).ok() != Some(out.len()) {
        return Err(CodecProblem::Short {
            expected: out.len(),
            found: usize::try_from(bytes).unwrap_or(0),
        });
    }
    if head[31] & 3 != 0 {
        return Err(CodecProblem::Unsupported("a dictionary or big-endian data"));
    }
    match head[31] >> 4 & 7 {
        0 => {}
        1 => {
            out.fill(0);
            return Ok(());
        }
        3 => {
            let value = input.get(32..32 + element).ok_or(DAMAGED)?;
            for to in out.chunks_exact_mut(element) {
                to.copy_from_slice(value);
            }
            return Ok(());
        }
        _ => return Err(CodecProblem::Unsupported("a chunk of one special value")),
    }
    if flags & 2 != 0 {
        return copy_exact(&input[32..], out);
    }
    let block = usize::try_from(block)
        .ok()
        .filter(|block| *block > 0)
        .ok_or(DAMAGED)?;
    let block = block.min(out.len().max(1));
    let mut scratch = vec![0; block];
    let mut other = vec![0; block];
    for (i, part) in out.chunks_mut(block).enumerate() {
        let start = Cursor::new(input, 32 + 4 * i).little()?;
        let mut streams = Cursor::new(input, usize::try_from(start).map_err(|_| DAMAGED)?);
        let (scratch, other) = (&mut scratch[..part.len()], &mut other[..part.len()]);
        let is_split = flags & 0x10 == 0 && part.len() == block && part.len() % element == 0;
        let n_streams = if is_split { element } else { 1 };
        for plane in scratch.chunks_mut((part.len() / n_streams).max(1)) {
            decode_plane(&mut streams, flags >> 5, plane)?;
        }
        // The last filter was applied last.
        for filter in head[16..22].iter().rev() {
            match filter {
                0 | 4 => continue,
                1 => unshuffle(scratch, element, other)?,
                2 => {
                    // Elements that make no eight stay as they are.
                    let whole = part.len() / element / 8 * 8 * element;
                    unshuffle_bits(&scratch[..whole], element, &mut other[..whole]);
                    other[whole..].copy_from_slice(&scratch[whole..]);
                }
                3 => return Err(CodecProblem::Unsupported("the delta filter of blosc")),
                _ => return Err(CodecProblem::Unsupported("this filter of blosc")),
            }
            scratch.copy_from_slice(other);
        }
        part.copy_from_slice(scratch);
    }
    Ok(())
}

/// One stream: its length, which is 0 for zeros and negative for a run of one byte.
fn decode_plane(streams: &mut Cursor<'_>, codec: u8, plane: &mut [u8]) -> Step<()> {
    let length = streams.little()?;
    match usize::try_from(length) {
        Ok(0) => plane.fill(0),
        Ok(length) => {
            let data = streams.take(length)?;
            if length == plane.len() {
                plane.copy_from_slice(data);
            } else {
                decode_stream(codec, data, plane)?;
            }
        }
        Err(_) => {
            // A mark of one bit says that it is a run; the byte stands in the length.
            let mark = streams.take(1)?[0];
            if mark & 1 == 0 {
                return Err(DAMAGED);
            }
            plane.fill(length.wrapping_neg() as u8);
        }
    }
    Ok(())
}
