//! Pixels of any type as bytes.

use xray_io::{PixelType, SequenceReader};

pub(crate) const TYPES: [PixelType; 11] = [
    PixelType::U8,
    PixelType::U16,
    PixelType::U32,
    PixelType::U64,
    PixelType::I8,
    PixelType::I16,
    PixelType::I32,
    PixelType::I64,
    PixelType::F16,
    PixelType::F32,
    PixelType::F64,
];

/// All frames, read as one range.
pub(crate) fn bytes_of(reader: &dyn SequenceReader) -> xray_io::Result<Vec<u8>> {
    let shape = reader.shape();
    let mut bytes = vec![0; shape.n_frames * shape.frame_bytes(reader.pixel_type())];
    reader.read_native_range_into(0..shape.n_frames, &mut bytes)?;
    Ok(bytes)
}
