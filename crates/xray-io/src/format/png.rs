//! Gray PNG: one frame of 8- or 16-bit pixels.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use png::{BitDepth, ColorType, Decoder, DecodingError, Limits as PngLimits};

use crate::error::{CodecProblem, Error, Result};
use crate::metadata::{EffectiveBits, Metadata, Origin, Recorded};
use crate::opener::Context;
use crate::pixel::{PixelType, swap_bytes};
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

#[derive(Debug)]
struct Png {
    source: Arc<Source>,
    shape: SequenceShape,
    pixel_type: PixelType,
    bits: u32,
    metadata: Metadata,
    time_axis: TimeAxis,
}

fn problem(path: &Path, error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Codec {
                path: path.to_owned(),
                frame: Some(0),
                offset: 0,
                codec: "PNG",
                problem: CodecProblem::Damaged { decoded: 0 },
            }
        }
        other => Error::invalid(path, "PNG", None, "well-formed", other),
    }
}

/// Bytes of one stored row.
fn row_bytes(n_columns: usize, bits: u32) -> usize {
    (n_columns as u64 * u64::from(bits)).div_ceil(8) as usize
}

impl SequenceReader for Png {
    fn format(&self) -> &'static str {
        "PNG"
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, self.pixel_type, destination.len())?;
        let path = self.source.path();
        let bytes = self.source.read_vec("the file", 0, self.source.len())?;
        // The rows and the working buffer, and some for texts.
        let limit = destination.len().saturating_mul(2).saturating_add(1 << 20);
        let decoder = Decoder::new_with_limits(Cursor::new(bytes), PngLimits { bytes: limit });
        let mut reader = decoder.read_info().map_err(|error| problem(path, error))?;
        if self.bits >= 8 {
            reader
                .next_frame(destination)
                .map_err(|error| problem(path, error))?;
            if self.bits == 16 && cfg!(target_endian = "little") {
                swap_bytes(destination, 2);
            }
            return Ok(());
        }
        let stored = row_bytes(self.shape.n_columns, self.bits);
        let mut packed = vec![0; stored * self.shape.n_rows];
        reader
            .next_frame(&mut packed)
            .map_err(|error| problem(path, error))?;
        let shift = 8 - self.bits;
        for (row, out) in packed
            .chunks_exact(stored)
            .zip(destination.chunks_exact_mut(self.shape.n_columns))
        {
            for (i, pixel) in out.iter_mut().enumerate() {
                let at = i * self.bits as usize;
                *pixel = (row[at / 8] << (at % 8)) >> shift;
            }
        }
        Ok(())
    }
}

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    // The header and the chunks before the pixels; the pixels are not read.
    let bytes = source.read_vec("the file", 0, source.len())?;
    let decoder = Decoder::new_with_limits(Cursor::new(bytes), PngLimits { bytes: 1 << 20 });
    let reader = decoder.read_info().map_err(|error| problem(path, error))?;
    let info = reader.info();
    if info.color_type != ColorType::Grayscale {
        return Err(Error::unsupported(
            path,
            "color type",
            format!("{:?}", info.color_type),
        ));
    }
    if info.is_animated() {
        return Err(Error::unsupported(path, "PNG", "with animation"));
    }
    let (pixel_type, bits) = match info.bit_depth {
        BitDepth::One => (PixelType::U8, 1),
        BitDepth::Two => (PixelType::U8, 2),
        BitDepth::Four => (PixelType::U8, 4),
        BitDepth::Eight => (PixelType::U8, 8),
        BitDepth::Sixteen => (PixelType::U16, 16),
    };
    let shape = SequenceShape {
        n_frames: 1,
        n_rows: info.height as usize,
        n_columns: info.width as usize,
    };
    let decoded = context.limits().frame_bytes(
        path,
        shape.n_rows as u64,
        shape.n_columns as u64,
        pixel_type.bytes() as u64,
    )?;
    // No byte of deflate stands for more than 1032 bytes.
    let least = (row_bytes(shape.n_columns, bits) as u64 * shape.n_rows as u64).div_ceil(1033);
    if source.len() < least {
        return Err(Error::Truncated {
            path: path.to_owned(),
            frame: Some(0),
            what: "the pixels",
            offset: 0,
            needed: least.min(decoded as u64),
            available: source.len(),
        });
    }
    let mut metadata = Metadata::new();
    if bits < 8 {
        let origin = Origin::File {
            path: path.display().to_string(),
            key: "bit depth".into(),
            text: bits.to_string(),
        };
        metadata.effective_bits = Some(Recorded::new(
            EffectiveBits { bits, shift: 0 },
            "bit",
            origin,
        ));
    }
    Ok(Box::new(Png {
        source: Arc::clone(source),
        shape,
        pixel_type,
        bits,
        metadata,
        time_axis: TimeAxis::unknown(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Opener, SequenceReaderExt};

    fn write(columns: u32, rows: u32, color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, columns, rows);
        encoder.set_color(color);
        encoder.set_depth(depth);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn gray_of_every_depth_is_read() -> Result<()> {
        let bytes = write(
            3,
            2,
            ColorType::Grayscale,
            BitDepth::Sixteen,
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        );
        let reader = Opener::new().open_bytes("x.png", bytes)?;
        let frame = reader.read_frame::<u16>(0)?;
        assert_eq!(
            frame.as_slice(),
            Some(&[0x0102, 0x0304, 0x0506, 0x0708, 0x090a, 0x0b0c][..])
        );
        let bytes = write(
            3,
            2,
            ColorType::Grayscale,
            BitDepth::Four,
            &[0x12, 0x30, 0x45, 0x60],
        );
        let reader = Opener::new().open_bytes("x.png", bytes)?;
        assert_eq!(
            reader.read_frame::<u8>(0)?.as_slice(),
            Some(&[1, 2, 3, 4, 5, 6][..])
        );
        Ok(())
    }

    #[test]
    fn color_and_cut_files_are_refused() {
        let color = write(1, 1, ColorType::Rgb, BitDepth::Eight, &[1, 2, 3]);
        assert!(matches!(
            Opener::new().open_bytes("x.png", color),
            Err(Error::Unsupported { .. })
        ));
        let data: Vec<u8> = (0..64 * 64_u32).map(|i| ((i * i) >> 3) as u8).collect();
        let whole = write(64, 64, ColorType::Grayscale, BitDepth::Eight, &data);
        for cut in [9, 20, 40, whole.len() / 2, whole.len() - 30] {
            let result = Opener::new()
                .open_bytes("x.png", whole[..cut].to_vec())
                .and_then(|reader| reader.read_frame::<u8>(0));
            assert!(result.is_err(), "{cut} of {}", whole.len());
        }
    }
}
