//! LZW as TIFF has it (TIFF 6.0, section 13): most significant bit first, codes of 9 to 12 bits, early change.
//!
//! A string of up to seven bytes stands in its entry of the table, with its length: single bytes and short strings are
//! written alike, without a branch that noise makes unpredictable. A longer one is a place in the output where it already
//! stands, and its length, so there are no chains to follow and no strings to turn around.

use crate::error::CodecProblem;

const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const MAX_CODES: usize = 4096;
/// Strings up to this one have codes of nine bits; one code early, as TIFF has it.
const WIDER: usize = 511;
/// Strings up to this length stand in the table.
const SHORT: usize = 7;
/// Longer strings up to this length are copied as one block.
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
    fn take(&mut self, width: u32) -> usize {
        let code = (self.window >> (64 - width)) as usize;
        self.window <<= width;
        self.available -= width;
        code
    }
}

/// Writes a string that stands at `start`, as far as there is room, and gives its first byte.
#[inline]
fn copy(output: &mut [u8], start: usize, length: usize, done: usize) -> u8 {
    let room = output.len() - done;
    let first = output[start];
    // Its last byte may be the first that is written here.
    let stands = length.min(done - start);
    if stands <= BLOCK && room >= BLOCK {
        let mut block = [0; BLOCK];
        block.copy_from_slice(&output[start..start + BLOCK]);
        output[done..done + BLOCK].copy_from_slice(&block);
    } else {
        output.copy_within(start..start + stands.min(room), done);
    }
    if stands < length && stands < room {
        output[done + stands] = first;
    }
    first
}

pub(crate) fn decode_lzw(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    // The form before TIFF 6.0 has the least significant bit first: its first code, a clear, starts with these bits.
    if let [0, second, ..] = input {
        if second & 1 == 1 {
            return Err(CodecProblem::Unsupported("LZW of the form before TIFF 6.0"));
        }
    }
    if u32::try_from(output.len()).is_err() {
        return Err(CodecProblem::Unsupported(
            "LZW of 4 GiB and more in one strip",
        ));
    }
    let (mut short, mut long) = (vec![0; MAX_CODES], vec![(0, 0); MAX_CODES]);
    match (short.first_chunk_mut(), long.first_chunk_mut()) {
        (Some(short), Some(long)) => decode(input, output, short, long),
        _ => Err(CodecProblem::Damaged { decoded: 0 }),
    }
}

/// `short`: the bytes of short strings from the lowest byte on, and the length in the highest one; 0 for the others. `long`:
/// start in the output and length of those. They are arguments, so that the compiler knows that they do not overlap the
/// output: as vectors in the function they cost a third of its speed.
#[inline(never)]
fn decode(
    input: &[u8],
    output: &mut [u8],
    short: &mut [u64; MAX_CODES],
    long: &mut [(u32, u32); MAX_CODES],
) -> Result<(), CodecProblem> {
    let expected = output.len();
    let mut bits = Bits {
        input,
        at: 0,
        window: 0,
        available: 0,
    };
    for (byte, entry) in short[..CLEAR].iter_mut().enumerate() {
        *entry = 1 << 56 | byte as u64;
    }
    let (mut next, mut width, mut wider_at) = (FIRST, 9, WIDER);
    // Entry, start and length of the string before; no length directly behind a clear.
    let (mut before, mut start_before, mut length_before) = (0_u64, 0, 0);
    let mut done = 0;
    while done < expected {
        if bits.available < width {
            bits.refill();
            if bits.available < width {
                return Err(CodecProblem::Short {
                    expected,
                    found: done,
                });
            }
        }
        let code = bits.take(width) % MAX_CODES;
        let room = expected - done;
        let mut entry = short[code];
        let (first, length);
        if entry != 0 {
            (first, length) = (entry as u8, (entry >> 56) as usize);
            let bytes = entry.to_le_bytes();
            if let Some(slot) = output.get_mut(done..done + 8) {
                // The length in the eighth byte is overwritten by what follows.
                slot.copy_from_slice(&bytes);
            } else {
                let n = length.min(room);
                output[done..done + n].copy_from_slice(&bytes[..n]);
            }
        } else if code == CLEAR {
            short[FIRST..next].fill(0);
            (next, width, wider_at, length_before) = (FIRST, 9, WIDER, 0);
            continue;
        } else if code == END {
            return Err(CodecProblem::Short {
                expected,
                found: done,
            });
        } else {
            let start;
            (start, length) = if code < next {
                let (start, length) = long[code];
                (start as usize, length as usize)
            } else if code == next && length_before > 0 {
                // The string that this very code is about to define: the one before and its first byte.
                (start_before, length_before + 1)
            } else {
                return Err(CodecProblem::Damaged { decoded: done });
            };
            first = copy(output, start, length, done);
        }
        if length_before > 0 && next < MAX_CODES {
            if length_before < SHORT {
                let grown = (before & !(0xff << 56))
                    | u64::from(first) << (8 * length_before)
                    | (length_before as u64 + 1) << 56;
                short[next] = grown;
                if code == next {
                    entry = grown;
                }
            } else {
                long[next] = (start_before as u32, length_before as u32 + 1);
            }
            next += 1;
            if next == wider_at {
                width += 1;
                wider_at = if width == 12 {
                    usize::MAX
                } else {
                    2 * wider_at + 1
                };
            }
        }
        (before, start_before, length_before) = (entry, done, length);
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
        let mut put = |code: usize, width: u32| {
            window = window << width | code as u64;
            filled += width;
            while filled >= 8 {
                bytes.push((window >> (filled - 8)) as u8);
                filled -= 8;
            }
        };
        let fresh =
            || -> HashMap<Vec<u8>, usize> { (0..256).map(|c| (vec![c as u8], c)).collect() };
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
