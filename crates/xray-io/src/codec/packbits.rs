//! PackBits: runs of literals and repeats (TIFF 6.0, section 9).

use crate::error::CodecProblem;

pub(crate) fn decode_packbits(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    let expected = output.len();
    let (mut at, mut done) = (0, 0);
    while done < expected {
        let Some(&header) = input.get(at) else {
            return Err(CodecProblem::Short {
                expected,
                found: done,
            });
        };
        at += 1;
        match header {
            0..=127 => {
                let n = (usize::from(header) + 1).min(expected - done);
                let there = n.min(input.len() - at);
                output[done..done + there].copy_from_slice(&input[at..at + there]);
                done += there;
                if there < n {
                    return Err(CodecProblem::Short {
                        expected,
                        found: done,
                    });
                }
                at += usize::from(header) + 1;
                if at > input.len() && done < expected {
                    return Err(CodecProblem::Short {
                        expected,
                        found: done,
                    });
                }
            }
            128 => {}
            129..=255 => {
                let Some(&value) = input.get(at) else {
                    return Err(CodecProblem::Short {
                        expected,
                        found: done,
                    });
                };
                at += 1;
                let n = (257 - usize::from(header)).min(expected - done);
                output[done..done + n].fill(value);
                done += n;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let packed = [
            0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7,
            0xaa,
        ];
        let expected = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        let mut output = [0; 24];
        assert_eq!(decode_packbits(&packed, &mut output), Ok(()));
        assert_eq!(output, expected);
        for cut in 0..packed.len() {
            assert!(decode_packbits(&packed[..cut], &mut output).is_err());
        }
    }
}
