//! Packed samples to native ones: the most significant bit first, as TIFF, Photron and Phantom have them.

#[cfg(any(feature = "photron", feature = "phantom"))]
use std::cell::RefCell;

#[cfg(any(feature = "photron", feature = "phantom"))]
use crate::error::Result;
use crate::pixel::PixelType;
#[cfg(any(feature = "photron", feature = "phantom"))]
use crate::source::{PAGE, Source, start_off};

/// Unpacks samples of `bits` bits, the most significant bit first, into native pixels; rows start on a byte.
pub(crate) fn unpack_row(bits: u32, pixel_type: PixelType, source: &[u8], destination: &mut [u8]) {
    match (bits, pixel_type) {
        (12, PixelType::U16) => unpack_12(source, destination),
        (10, PixelType::U16) => unpack_groups::<5, 10>(source, destination),
        (14, PixelType::U16) => unpack_groups::<7, 14>(source, destination),
        _ => unpack_any(bits, pixel_type.bytes(), source, destination),
    }
}

/// Pixels that are unpacked at a time: their packed bytes stay in the cache, and any number of bits ends on a byte.
#[cfg(any(feature = "photron", feature = "phantom"))]
const BLOCK: usize = 1 << 16;

/// Reads one run of samples of `bits` bits from `offset` and unpacks it into 16-bit pixels.
#[cfg(any(feature = "photron", feature = "phantom"))]
pub(crate) fn read_packed(
    source: &Source,
    offset: u64,
    bits: u32,
    destination: &mut [u8],
) -> Result<()> {
    thread_local! {
        static PACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let packed_bytes = |pixels: usize| (pixels * bits as usize).div_ceil(8);
    source.check_range("pixels", offset, packed_bytes(destination.len() / 2) as u64)?;
    PACKED.with_borrow_mut(|packed| {
        packed.resize(packed_bytes(BLOCK) + PAGE, 0);
        // Blocks are whole pages of the file, so that all of them lie as the first one does.
        let start = start_off(packed.as_ptr().addr(), offset);
        let packed = &mut packed[start..];
        let mut at = offset;
        for part in destination.chunks_mut(BLOCK * 2) {
            let packed = &mut packed[..packed_bytes(part.len() / 2)];
            source.read_exact_at("pixels", at, packed)?;
            unpack_row(bits, PixelType::U16, packed, part);
            at += packed.len() as u64;
        }
        Ok(())
    })
}

/// Pairs of samples that are unpacked together.
const PAIRS: usize = 16;

/// Two samples in three bytes. Each pair is taken as a word of four bytes, and sixteen words are unpacked together by
/// masks and shifts within 32 bits, which the compiler does for several words at once without wider instructions.
fn unpack_12(source: &[u8], destination: &mut [u8]) {
    // The last word of a block takes one byte of the next block.
    let n = (source.len().saturating_sub(1) / (3 * PAIRS)).min(destination.len() / (4 * PAIRS));
    let blocks = source.windows(3 * PAIRS + 1).step_by(3 * PAIRS);
    for (block, out) in blocks.zip(destination.chunks_exact_mut(4 * PAIRS)) {
        let mut words = [0_u32; PAIRS];
        for (word, bytes) in words.iter_mut().zip(block.windows(4).step_by(3)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for word in &mut words {
            let [low, high] = [
                (*word & 0xff) << 4 | *word >> 12 & 0xf,
                *word & 0x0f00 | *word >> 16 & 0xff,
            ];
            *word = if cfg!(target_endian = "little") {
                low | high << 16
            } else {
                low << 16 | high
            };
        }
        for (out, word) in out.chunks_exact_mut(4).zip(words) {
            out.copy_from_slice(&word.to_ne_bytes());
        }
    }
    unpack_any(
        12,
        2,
        &source[n * 3 * PAIRS..],
        &mut destination[n * 4 * PAIRS..],
    );
}

/// Four samples of `BITS` bits in `BYTES` bytes.
fn unpack_groups<const BYTES: usize, const BITS: u32>(source: &[u8], destination: &mut [u8]) {
    let whole = destination.len() / 8;
    let mask = (1_u64 << BITS) - 1;
    for (out, bytes) in destination
        .chunks_exact_mut(8)
        .zip(source.chunks_exact(BYTES))
    {
        let group = bytes
            .iter()
            .fold(0_u64, |group, &byte| group << 8 | u64::from(byte));
        for (i, sample) in out.chunks_exact_mut(2).enumerate() {
            let value = group >> (BITS * (3 - i as u32)) & mask;
            sample.copy_from_slice(&(value as u16).to_ne_bytes());
        }
    }
    unpack_any(
        BITS,
        2,
        &source[whole * BYTES..],
        &mut destination[whole * 8..],
    );
}

/// Any number of bits from 1 to 32, into 1, 2 or 4 bytes.
fn unpack_any(bits: u32, bytes: usize, source: &[u8], destination: &mut [u8]) {
    let mask = (1_u64 << bits) - 1;
    let (mut window, mut filled) = (0_u64, 0);
    let mut input = source.iter();
    for out in destination.chunks_exact_mut(bytes) {
        while filled < bits {
            // The row is long enough by its geometry; a missing byte would read as zero.
            window = window << 8 | u64::from(input.next().copied().unwrap_or(0));
            filled += 8;
        }
        filled -= bits;
        let value = window >> filled & mask;
        match bytes {
            1 => out[0] = value as u8,
            2 => out.copy_from_slice(&(value as u16).to_ne_bytes()),
            _ => out.copy_from_slice(&(value as u32).to_ne_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain form: bit by bit.
    fn pack(bits: u32, values: &[u32]) -> Vec<u8> {
        let mut out = vec![0; (values.len() * bits as usize).div_ceil(8)];
        for (i, value) in values.iter().enumerate() {
            for b in 0..bits as usize {
                let at = i * bits as usize + b;
                out[at / 8] |= ((value >> (bits as usize - 1 - b) & 1) as u8) << (7 - at % 8);
            }
        }
        out
    }

    #[test]
    fn unpacks_every_width_and_residue() {
        for bits in 1..=32_u32 {
            let pixel_type = match bits {
                1..=8 => PixelType::U8,
                9..=16 => PixelType::U16,
                _ => PixelType::U32,
            };
            for n in 1..=99_usize {
                let mask = if bits == 32 {
                    u32::MAX
                } else {
                    (1 << bits) - 1
                };
                let values: Vec<u32> = (0..n as u32)
                    .map(|i| i.wrapping_mul(2_654_435_761).rotate_left(i) & mask)
                    .collect();
                let mut out = vec![0; n * pixel_type.bytes()];
                unpack_row(bits, pixel_type, &pack(bits, &values), &mut out);
                let found: Vec<u32> = out
                    .chunks_exact(pixel_type.bytes())
                    .map(|bytes| match *bytes {
                        [a] => u32::from(a),
                        [a, b] => u32::from(u16::from_ne_bytes([a, b])),
                        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]),
                        _ => unreachable!(),
                    })
                    .collect();
                assert_eq!(found, values, "{bits} bits, {n} samples");
            }
        }
    }
}
