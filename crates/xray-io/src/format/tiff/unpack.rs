//! Packed samples to native ones, and undoing the predictors.

use crate::pixel::PixelType;

/// Unpacks samples of `bits` bits, the most significant bit first, into native pixels; rows start on a byte.
pub(crate) fn unpack_row(bits: u32, pixel_type: PixelType, source: &[u8], destination: &mut [u8]) {
    match (bits, pixel_type) {
        (12, PixelType::U16) => unpack_12(source, destination),
        (10, PixelType::U16) => unpack_groups::<5, 10>(source, destination),
        (14, PixelType::U16) => unpack_groups::<7, 14>(source, destination),
        _ => unpack_any(bits, pixel_type.bytes(), source, destination),
    }
}

/// Two samples in three bytes.
fn unpack_12(source: &[u8], destination: &mut [u8]) {
    let whole = destination.len() / 4;
    for (out, bytes) in destination.chunks_exact_mut(4).zip(source.chunks_exact(3)) {
        let first = u16::from(bytes[0]) << 4 | u16::from(bytes[1]) >> 4;
        let second = u16::from(bytes[1] & 15) << 8 | u16::from(bytes[2]);
        out[..2].copy_from_slice(&first.to_ne_bytes());
        out[2..].copy_from_slice(&second.to_ne_bytes());
    }
    unpack_any(12, 2, &source[whole * 3..], &mut destination[whole * 4..]);
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

macro_rules! accumulate {
    ($row:expr, $samples:expr, $type:ty, $size:literal, $mask:expr) => {{
        let read = |bytes: &[u8]| {
            let mut array = [0; $size];
            array.copy_from_slice(bytes);
            <$type>::from_ne_bytes(array)
        };
        if $samples == 1 {
            let mut sum: $type = 0;
            for sample in $row.chunks_exact_mut($size) {
                sum = sum.wrapping_add(read(sample)) & $mask;
                sample.copy_from_slice(&sum.to_ne_bytes());
            }
        } else {
            let step = $samples * $size;
            for at in (step..$row.len()).step_by($size) {
                let sum = read(&$row[at - step..at - step + $size])
                    .wrapping_add(read(&$row[at..at + $size]))
                    & $mask;
                $row[at..at + $size].copy_from_slice(&sum.to_ne_bytes());
            }
        }
    }};
}

/// Undoes horizontal differencing (predictor 2) of one row of native samples, modulo 2^bits.
pub(super) fn undo_differences(row: &mut [u8], samples: usize, bytes: usize, bits: u32) {
    match bytes {
        1 => accumulate!(row, samples, u8, 1, u8::MAX >> (8 - bits.min(8))),
        2 => accumulate!(row, samples, u16, 2, u16::MAX >> (16 - bits.min(16))),
        4 => accumulate!(row, samples, u32, 4, u32::MAX >> (32 - bits.min(32))),
        _ => accumulate!(row, samples, u64, 8, u64::MAX),
    }
}

/// Undoes the floating-point predictor (3) of one row: differences of bytes, and the bytes of all samples sorted by their
/// significance. The result is native, whatever the byte order of the file.
pub(super) fn undo_float_differences(
    row: &mut [u8],
    samples: usize,
    bytes: usize,
    scratch: &mut Vec<u8>,
) {
    for i in samples..row.len() {
        row[i] = row[i].wrapping_add(row[i - samples]);
    }
    scratch.clear();
    scratch.extend_from_slice(row);
    let n = row.len() / bytes;
    for (i, sample) in row.chunks_exact_mut(bytes).enumerate() {
        for (significance, byte) in sample.iter_mut().enumerate() {
            let plane = if cfg!(target_endian = "big") {
                significance
            } else {
                bytes - 1 - significance
            };
            *byte = scratch[plane * n + i];
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
            for n in 1..=35_usize {
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

    #[test]
    fn differences_wrap_in_their_bits() {
        let mut row: Vec<u8> = [4000_u16, 200, 4095, 1]
            .iter()
            .flat_map(|value| value.to_ne_bytes())
            .collect();
        undo_differences(&mut row, 1, 2, 12);
        let found: Vec<u16> = row
            .chunks_exact(2)
            .map(|b| u16::from_ne_bytes([b[0], b[1]]))
            .collect();
        assert_eq!(found, [4000, 104, 103, 104]);
        let mut row = vec![1, 10, 1, 10, 255, 10];
        undo_differences(&mut row, 2, 1, 8);
        assert_eq!(row, [1, 10, 2, 20, 1, 30]);
    }
}
