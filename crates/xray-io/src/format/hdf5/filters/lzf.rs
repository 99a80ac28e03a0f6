//! LZF, the codec of `h5py`: runs of literals and back references.

use super::Step;
use crate::error::CodecProblem;

/// A control byte below 32 starts a run of literals, else a reference of a length (upper three bits, 7 means that a byte
/// follows) and a distance of 13 bits.
pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Step<()> {
    let expected = out.len();
    let (mut from, mut at) = (0, 0);
    while at < expected {
        let damaged = CodecProblem::Damaged { decoded: at };
        let Some(&control) = input.get(from) else {
            return Err(CodecProblem::Short {
                expected,
                found: at,
            });
        };
        from += 1;
        if control < 32 {
            let n = usize::from(control) + 1;
            let (Some(data), Some(part)) = (input.get(from..from + n), out.get_mut(at..at + n))
            else {
                return Err(damaged);
            };
            part.copy_from_slice(data);
            from += n;
            at += n;
            continue;
        }
        let mut length = usize::from(control >> 5) + 2;
        if length == 9 {
            length += usize::from(*input.get(from).ok_or(damaged.clone())?);
            from += 1;
        }
        let low = usize::from(*input.get(from).ok_or(damaged.clone())?);
        from += 1;
        let distance = (usize::from(control & 31) << 8 | low) + 1;
        if distance > at || at + length > expected {
            return Err(damaged);
        }
        if distance >= length {
            out.copy_within(at - distance..at - distance + length, at);
        } else {
            // The reference reaches into what it writes.
            for i in at..at + length {
                out[i] = out[i - distance];
            }
        }
        at += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_references_and_runs_that_overlap() {
        // Three literals, a reference of three from three back, a run of ten of the last byte.
        let input = [2, b'a', b'b', b'c', 1 << 5, 2, 7 << 5, 1, 0];
        // As many bytes as they stand for are no reason to take them as they are.
        let literals = [2, b'a', b'b', b'c'];
        let mut out = [0; 4];
        let short = decode(&literals, &mut out);
        assert!(
            matches!(
                short,
                Err(CodecProblem::Short {
                    expected: 4,
                    found: 3
                })
            ),
            "{short:?}"
        );
        let mut out = [0; 16];
        assert_eq!(decode(&input, &mut out), Ok(()));
        assert_eq!(&out, b"abcabccccccccccc");
        for cut in 0..input.len() {
            assert!(decode(&input[..cut], &mut out).is_err(), "{cut}");
        }
        assert!(
            decode(&[1 << 5, 0], &mut out).is_err(),
            "a reference before the start"
        );
    }
}
