//! Deflate, with and without the zlib frame.

#[cfg(any(feature = "tiff", feature = "hdf5", feature = "mat"))]
use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::CodecProblem;

#[cfg(any(feature = "tiff", feature = "hdf5", feature = "mat"))]
thread_local! {
    /// The state of zlib, some 40 kB, kept between strips.
    static ZLIB: RefCell<Decompress> = RefCell::new(Decompress::new(true));
    #[cfg(feature = "libdeflate")]
    static LIBDEFLATE: RefCell<libdeflater::Decompressor> = RefCell::new(libdeflater::Decompressor::new());
}

/// A zlib stream. Its checksum is held against the pixels where the stream ends with them.
#[cfg(any(feature = "tiff", feature = "hdf5", feature = "mat"))]
pub(crate) fn inflate_zlib(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    #[cfg(feature = "libdeflate")]
    {
        use libdeflater::DecompressionError;
        let result = LIBDEFLATE.with_borrow_mut(|inflater| inflater.zlib_decompress(input, output));
        match result {
            Ok(found) if found == output.len() => return Ok(()),
            Ok(found) => {
                return Err(CodecProblem::Short {
                    expected: output.len(),
                    found,
                });
            }
            // A stream that holds more than the strip, or a fault: the other decoder says which and where.
            Err(DecompressionError::InsufficientSpace | DecompressionError::BadData) => {}
        }
    }
    ZLIB.with_borrow_mut(|state| {
        state.reset(true);
        inflate(state, input, output)
    })
}

/// A raw deflate stream, as in ZIP files.
#[cfg(feature = "npy")]
pub(crate) fn inflate_raw(input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    inflate(&mut Decompress::new(false), input, output)
}

fn inflate(state: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<(), CodecProblem> {
    let expected = output.len();
    loop {
        let (read, done) = (state.total_in() as usize, state.total_out() as usize);
        let full = done >= expected;
        // Once the pixels are complete, one spare byte lets the decoder reach the end of the stream and its checksum.
        let mut spare = [0];
        let room = if full {
            &mut spare[..]
        } else {
            &mut output[done..]
        };
        let status = state
            .decompress(&input[read..], room, FlushDecompress::Finish)
            .map_err(|_| {
                if full {
                    CodecProblem::Checksum
                } else {
                    CodecProblem::Damaged { decoded: done }
                }
            })?;
        let (now_read, now_done) = (state.total_in() as usize, state.total_out() as usize);
        if full || now_done > expected {
            return Ok(());
        }
        if now_done < expected
            && (status == Status::StreamEnd || (now_read, now_done) == (read, done))
        {
            return Err(CodecProblem::Short {
                expected,
                found: now_done,
            });
        }
        if status == Status::StreamEnd {
            return Ok(());
        }
    }
}

#[cfg(all(test, feature = "tiff"))]
mod tests {
    use super::*;
    use std::io::Write;

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(data).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn stops_at_the_length_of_the_output() {
        let data: Vec<u8> = (0..200_000_u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect();
        let stream = zlib(&data);
        for length in [0, 1, 512, 199_999, 200_000] {
            let mut output = vec![0; length];
            assert_eq!(inflate_zlib(&stream, &mut output), Ok(()));
            assert_eq!(output, data[..length]);
        }
        let mut longer = vec![0; 200_001];
        assert_eq!(
            inflate_zlib(&stream, &mut longer),
            Err(CodecProblem::Short {
                expected: 200_001,
                found: 200_000
            })
        );
        for cut in [0, 1, 2, 100, stream.len() / 2] {
            assert!(inflate_zlib(&stream[..cut], &mut vec![0; 200_000]).is_err());
        }
    }

    #[test]
    fn a_wrong_checksum_is_seen() {
        let data = vec![3; 1000];
        let mut stream = zlib(&data);
        let last = stream.len() - 1;
        stream[last] ^= 1;
        assert!(inflate_zlib(&stream, &mut vec![0; 1000]).is_err());
    }
}
