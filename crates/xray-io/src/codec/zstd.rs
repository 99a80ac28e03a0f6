//! Zstandard, by ruzstd or by the C library.

use crate::error::CodecProblem;

#[cfg(not(feature = "zstd-c"))]
pub(crate) fn decode_zstd(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    use ruzstd::decoding::{FrameDecoder, errors::FrameDecoderError};
    use std::cell::RefCell;

    thread_local! {
        static DECODER: RefCell<FrameDecoder> = RefCell::new(FrameDecoder::new());
    }
    let expected = output.len();
    DECODER.with_borrow_mut(|decoder| match decoder.decode_all(input, output) {
        Ok(found) if found == expected => Ok(()),
        Ok(found) => Err(CodecProblem::Short { expected, found }),
        Err(FrameDecoderError::TargetTooSmall) => Err(CodecProblem::Damaged { decoded: expected }),
        Err(_) => {
            // A decoder that failed midway is not used again.
            *decoder = FrameDecoder::new();
            Err(CodecProblem::Damaged { decoded: 0 })
        }
    })
}

#[cfg(feature = "zstd-c")]
pub(crate) fn decode_zstd(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    use std::cell::RefCell;

    thread_local! {
        static DECODER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let expected = output.len();
    DECODER.with_borrow_mut(|slot| {
        let decoder = match slot {
            Some(decoder) => decoder,
            None => slot.insert(
                zstd::bulk::Decompressor::new()
                    .map_err(|_| CodecProblem::Unsupported("zstd without memory"))?,
            ),
        };
        match decoder.decompress_to_buffer(input, output) {
            Ok(found) if found == expected => Ok(()),
            Ok(found) => Err(CodecProblem::Short { expected, found }),
            Err(_) => Err(CodecProblem::Damaged { decoded: 0 }),
        }
    })
}
