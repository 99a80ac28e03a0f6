//! BloscLZ, the own codec of blosc: a dialect of FastLZ.

use super::Step;
use crate::error::CodecProblem;

/// Distances above this have 16 more bits.
const FAR: usize = 8191;

pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Step<()> {
    let expected = out.len();
    let (mut at, mut done) = (0, 0);
    // The first byte cannot be a match; its upper bits are free.
    let mut first = 0x1f;
    while let Some(control) = input.get(at).map(|byte| usize::from(byte & first)) {
        first = 0xff;
        at += 1;
        let damaged = CodecProblem::Damaged { decoded: done };
        if control < 32 {
            let data = input.get(at..=at + control).ok_or(damaged.clone())?;
            let to = out.get_mut(done..done + data.len()).ok_or(damaged)?;
            to.copy_from_slice(data);
            at += data.len();
            done += data.len();
            continue;
        }
        let mut next = || -> Step<usize> {
            let byte = *input
                .get(at)
                .ok_or(CodecProblem::Damaged { decoded: done })?;
            at += 1;
            Ok(usize::from(byte))
        };
        let mut length = (control >> 5) + 2;
        if length == 9 {
            loop {
                let more = next()?;
                length += more;
                if more != 255 {
                    break;
                }
            }
        }
        let upper = (control & 31) << 8;
        let lower = next()?;
        let distance = if lower == 255 && upper == 31 << 8 {
            (next()? << 8 | next()?) + FAR + 1
        } else {
            upper + lower + 1
        };
        let from = done.checked_sub(distance).ok_or(damaged.clone())?;
        let end = done
            .checked_add(length)
            .filter(|end| *end <= expected)
            .ok_or(damaged)?;
        if distance >= length {
            out.copy_within(from..from + length, done);
        } else {
            // What is copied is written meanwhile.
            for i in done..end {
                out[i] = out[i - distance];
            }
        }
        done = end;
    }
    if done == expected {
        return Ok(());
    }
    Err(CodecProblem::Short {
        expected,
        found: done,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_near_matches() {
        // Three bytes, then five from a distance of two, then one byte.
        let input = [0x02, 1, 2, 3, 0x60, 1, 0x00, 9];
        let mut out = [0; 9];
        assert_eq!(decode(&input, &mut out), Ok(()));
        assert_eq!(out, [1, 2, 3, 2, 3, 2, 3, 2, 9]);
        for cut in 0..input.len() {
            assert!(decode(&input[..cut], &mut out).is_err(), "{cut}");
        }
        assert!(
            decode(&[0x00, 1, 0x20, 5], &mut out).is_err(),
            "before the start"
        );
    }
}
