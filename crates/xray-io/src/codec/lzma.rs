//! LZMA in the xz frame, as TIFF has it.

use std::io::Read;

use crate::error::CodecProblem;

/// Dictionaries above this are refused: the stream says how large a buffer the decoder allocates.
const MAX_DICTIONARY: u64 = 64 << 20;

/// The size of the dictionary of the first LZMA2 filter, as the block header of an xz stream gives it.
fn dictionary_bytes(input: &[u8]) -> Option<u64> {
    // Stream header: 12 bytes. Block header: size, flags, optional sizes, then per filter: id, property size, property.
    let mut at = 14;
    let flags = *input.get(13)?;
    let skip_number = |at: &mut usize| -> Option<u64> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = *input.get(*at)?;
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 56 {
                return Some(value);
            }
        }
    };
    for optional in [0x40, 0x80] {
        if flags & optional != 0 {
            skip_number(&mut at)?;
        }
    }
    for _ in 0..=(flags & 3) {
        let id = skip_number(&mut at)?;
        let length = skip_number(&mut at)? as usize;
        if id == 0x21 {
            let code = u32::from(*input.get(at)? & 0x3f);
            return Some(match code {
                40.. => u64::from(u32::MAX),
                _ => u64::from(2 | (code & 1)) << (code / 2 + 11),
            });
        }
        at = at.checked_add(length)?;
    }
    None
}

pub(crate) fn decode_xz(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    match dictionary_bytes(input) {
        Some(bytes) if bytes <= MAX_DICTIONARY => {}
        Some(_) => return Err(CodecProblem::Unsupported("a dictionary above 64 MiB")),
        None => return Err(CodecProblem::Damaged { decoded: 0 }),
    }
    let mut reader = lzma_rust2::XzReader::new(input, false);
    let (expected, mut done) = (output.len(), 0);
    while done < expected {
        match reader.read(&mut output[done..]) {
            Ok(0) => {
                return Err(CodecProblem::Short {
                    expected,
                    found: done,
                });
            }
            Ok(n) => done += n,
            Err(_) => return Err(CodecProblem::Damaged { decoded: done }),
        }
    }
    Ok(())
}
