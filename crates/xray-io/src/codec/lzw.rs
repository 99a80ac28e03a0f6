//! LZW as TIFF has it (TIFF 6.0, section 13): most significant bit first, codes of 9 to 12 bits, early change.
//!
//! A string of the table is a place in the output where it already stands, and its length, so the table has no chains to
//! follow and no strings to turn around.

use crate::error::CodecProblem;

const CLEAR: u32 = 256;
const END: u32 = 257;
const FIRST: u32 = 258;
const MAX_CODES: u32 = 4096;
/// Strings up to this length are copied as one block.
const BLOCK: usize = 16;

/// Bits of the input, from the most significant one.
struct Bits<'a> {
    input: &'a [u8],
    at: usize,
    /// The next bits, aligned to the top.
    window: u64,
    available: u32,
}

impl Bits<'_> {
    #[inline]
    fn refill(&mut self) {
        if let Some(bytes) = self.input.get(self.at..self.at + 8) {
            let mut word = [0; 8];
            word.copy_from_slice(bytes);
            self.window |= u64::from_be_bytes(word) >> self.available;
            let taken = (63 - self.available) / 8;
            self.at += taken as usize;
            self.available += taken * 8;
        } else {
            while self.available <= 56 {
                let Some(&byte) = self.input.get(self.at) else {
                    return;
                };
                self.window |= u64::from(byte) << (56 - self.available);
                self.available += 8;
                self.at += 1;
            }
        }
    }

    #[inline]
    fn take(&mut self, width: u32) -> Option<u32> {
        if self.available < width {
            self.refill();
            if self.available < width {
                return None;
            }
        }
        let code = (self.window >> (64 - width)) as u32;
        self.window <<= width;
        self.available -= width;
        Some(code)
    }
}

pub(crate) fn decode_lzw(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    // The form before TIFF 6.0 has the least significant bit first: its first code, a clear, starts with these bits.
    if let [0, second, ..] = input {
        if second & 1 == 1 {
            return Err(CodecProblem::Unsupported("LZW of the form before TIFF 6.0"));
        }
    }
    let expected = output.len();
    let mut bits = Bits {
        input,
        at: 0,
        window: 0,
        available: 0,
    };
    // (start in the output, length) of each string.
    let mut table = vec![(0_u32, 0_u32); MAX_CODES as usize];
    let (mut next, mut width) = (FIRST, 9);
    let mut previous: Option<(usize, usize)> = None;
    let mut done = 0;
    if u32::try_from(expected).is_err() {
        return Err(CodecProblem::Unsupported(
            "LZW of 4 GiB and more in one strip",
        ));
    }
    while done < expected {
        let Some(code) = bits.take(width) else {
            return Err(CodecProblem::Short {
                expected,
                found: done,
            });
        };
        let (start, length) = if code < CLEAR {
            output[done] = code as u8;
            (done, 1)
        } else if code == CLEAR {
            (next, width, previous) = (FIRST, 9, None);
            continue;
        } else if code == END {
            return Err(CodecProblem::Short {
                expected,
                found: done,
            });
        } else if code < next {
            let (start, length) = table[code as usize];
            let (start, length) = (start as usize, length as usize);
            let room = expected - done;
            if length <= BLOCK && room >= BLOCK {
                let mut block = [0; BLOCK];
                block.copy_from_slice(&output[start..start + BLOCK]);
                output[done..done + BLOCK].copy_from_slice(&block);
            } else {
                output.copy_within(start..start + length.min(room), done);
            }
            (done, length)
        } else {
            // The string that this very code is about to define: the previous one and its first byte.
            let Some((start, length)) = previous.filter(|_| code == next) else {
                return Err(CodecProblem::Damaged { decoded: done });
            };
            let first = output[start];
            let room = expected - done;
            output.copy_within(start..start + length.min(room), done);
            if length < room {
                output[done + length] = first;
            }
            (done, length + 1)
        };
        if let Some((previous_start, previous_length)) = previous {
            if next < MAX_CODES {
                table[next as usize] = (previous_start as u32, previous_length as u32 + 1);
                next += 1;
                if next >= (1 << width) - 1 && width < 12 {
                    width += 1;
                }
            }
        }
        previous = Some((start, length));
        done += length;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// A plain encoder by the pseudocode of TIFF 6.0, section 13.
    pub(crate) fn encode(data: &[u8]) -> Vec<u8> {
        let (mut bytes, mut window, mut filled) = (Vec::new(), 0_u64, 0);
        let mut put = |code: u32, width: u32| {
            window = window << width | u64::from(code);
            filled += width;
            while filled >= 8 {
                bytes.push((window >> (filled - 8)) as u8);
                filled -= 8;
            }
        };
        let fresh = || -> HashMap<Vec<u8>, u32> { (0..256).map(|c| (vec![c as u8], c)).collect() };
        let (mut table, mut next, mut width) = (fresh(), FIRST, 9);
        put(CLEAR, 9);
        let mut current: Vec<u8> = Vec::new();
        for &byte in data {
            let mut longer = current.clone();
            longer.push(byte);
            if table.contains_key(&longer) {
                current = longer;
                continue;
            }
            put(table[&current], width);
            table.insert(longer, next);
            next += 1;
            if next == 512 || next == 1024 || next == 2048 {
                width += 1;
            }
            if next == 4094 {
                put(CLEAR, 12);
                (table, next, width) = (fresh(), FIRST, 9);
            }
            current = vec![byte];
        }
        if !current.is_empty() {
            put(table[&current], width);
            next += 1;
            if next == 512 || next == 1024 || next == 2048 {
                width += 1;
            }
        }
        put(END, width);
        put(0, 7);
        bytes
    }

    proptest! {
        #[test]
        fn decodes_what_the_plain_encoder_wrote(
            data in proptest::collection::vec(0_u8..4, 1..20_000),
            factor in 1_u8..60,
        ) {
            let data: Vec<u8> = data.iter().map(|value| value * factor).collect();
            let mut output = vec![0; data.len()];
            prop_assert_eq!(decode_lzw(&encode(&data), &mut output), Ok(()));
            prop_assert_eq!(output, data);
        }

        #[test]
        fn any_bytes_give_an_answer(input in proptest::collection::vec(any::<u8>(), 0..500), length in 0_usize..3000) {
            let _ = decode_lzw(&input, &mut vec![0; length]);
        }
    }

    #[test]
    fn constant_runs_and_short_streams() {
        for n in [1, 2, 3, 15, 16, 17, 5000, 100_000] {
            let data = vec![7; n];
            let stream = encode(&data);
            let mut output = vec![0; n];
            assert_eq!(decode_lzw(&stream, &mut output), Ok(()));
            assert_eq!(output, data);
            let mut longer = vec![0; n + 1];
            assert!(
                matches!(decode_lzw(&stream, &mut longer), Err(CodecProblem::Short { found, .. }) if found == n)
            );
        }
    }
}
