//! Undoing the predictors.

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
