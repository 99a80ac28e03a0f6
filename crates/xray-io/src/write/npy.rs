//! Writing `.npy`.

use std::path::Path;

use super::{Output, to_little_endian};
use crate::error::Result;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};

/// Writes a sequence as `.npy` (format 1.0, little-endian, C order, frames × rows × columns) in its own pixel type.
///
/// Metadata and time axis have no place in this format.
///
/// # Errors
///
/// What reading the sequence or writing the file gives; [`Error::InvalidParameter`](crate::Error::InvalidParameter) if
/// the file is the one that the sequence is read from.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, SequenceReader, write_npy};
///
/// let path = std::env::temp_dir().join(format!("xray_io_doc_{}.npy", std::process::id()));
/// write_npy(&path, &ImageSequence::new(Array3::ones((2, 3, 4)))?)?;
/// assert_eq!(xray_io::open(&path)?.shape().n_frames, 2);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_npy(path: impl AsRef<Path>, sequence: &dyn SequenceReader) -> Result<()> {
    let mut output = Output::create_from(path.as_ref(), &[sequence])?;
    let SequenceShape {
        n_frames,
        n_rows,
        n_columns,
    } = sequence.shape();
    let pixel_type = sequence.pixel_type();
    let descr = match pixel_type {
        PixelType::U8 => "|u1",
        PixelType::U16 => "<u2",
        PixelType::U32 => "<u4",
        PixelType::U64 => "<u8",
        PixelType::I8 => "|i1",
        PixelType::I16 => "<i2",
        PixelType::I32 => "<i4",
        PixelType::I64 => "<i8",
        PixelType::F16 => "<f2",
        PixelType::F32 => "<f4",
        PixelType::F64 => "<f8",
    };
    let mut header = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({n_frames}, {n_rows}, {n_columns}), }}"
    );
    // Magic, version and length take 10 bytes; the pixels start at a multiple of 64.
    let padded = (10 + header.len() + 1).div_ceil(64) * 64;
    header.extend(std::iter::repeat_n(' ', padded - 10 - header.len() - 1));
    header.push('\n');
    output.put(b"\x93NUMPY\x01\x00")?;
    output.put(&(header.len() as u16).to_le_bytes())?;
    output.put(header.as_bytes())?;
    let mut frame = vec![0; sequence.shape().frame_bytes(pixel_type)];
    for number in 0..n_frames {
        sequence.read_native_into(number, &mut frame)?;
        to_little_endian(&mut frame, pixel_type.bytes());
        output.put(&frame)?;
    }
    output.finish().map(drop)
}
