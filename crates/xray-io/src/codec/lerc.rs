//! LERC, as TIFF has it: one blob a strip or tile.

use bytemuck::cast_slice;
use lerc_core::{DataType, PixelData};

use crate::error::CodecProblem;
use crate::pixel::PixelType;

fn same_type(found: DataType, expected: PixelType) -> bool {
    matches!(
        (found, expected),
        (DataType::I8, PixelType::I8)
            | (DataType::U8, PixelType::U8)
            | (DataType::I16, PixelType::I16)
            | (DataType::U16, PixelType::U16)
            | (DataType::I32, PixelType::I32)
            | (DataType::U32, PixelType::U32)
            | (DataType::F32, PixelType::F32)
            | (DataType::F64, PixelType::F64)
    )
}

/// Decodes pixels of `samples` values each, `columns` a row, in the byte order of this machine. What the blob says about
/// its size is held against the output before anything is decoded.
pub(crate) fn decode_lerc(
    input: &[u8],
    pixel_type: PixelType,
    columns: usize,
    samples: usize,
    output: &mut [u8],
) -> Result<(), CodecProblem> {
    let damaged = CodecProblem::Damaged { decoded: 0 };
    let info = lerc_reader::inspect_first(input).map_err(|_| damaged.clone())?;
    if !same_type(info.data_type, pixel_type) {
        return Err(CodecProblem::Unsupported(
            "another type of values than that of the tags",
        ));
    }
    let rows = output.len() / (columns * samples * pixel_type.bytes()).max(1);
    let size = [info.width, info.height, info.depth].map(|length| length as usize);
    if size != [columns, rows, samples] {
        return Err(CodecProblem::Unsupported(
            "another size than that of the tags",
        ));
    }
    if info.valid_pixel_count as usize != rows * columns {
        return Err(CodecProblem::Unsupported("a mask of missing pixels"));
    }
    let decoded = lerc_reader::decode_first(input).map_err(|_| damaged)?;
    let bytes: &[u8] = match &decoded.pixels {
        PixelData::I8(values) => cast_slice(values),
        PixelData::U8(values) => values,
        PixelData::I16(values) => cast_slice(values),
        PixelData::U16(values) => cast_slice(values),
        PixelData::I32(values) => cast_slice(values),
        PixelData::U32(values) => cast_slice(values),
        PixelData::F32(values) => cast_slice(values),
        PixelData::F64(values) => cast_slice(values),
    };
    if bytes.len() != output.len() {
        return Err(CodecProblem::Short {
            expected: output.len(),
            found: bytes.len(),
        });
    }
    output.copy_from_slice(bytes);
    Ok(())
}
