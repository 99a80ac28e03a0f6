//! Writing TIFF and BigTIFF.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::{Output, to_little_endian};
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::time::TimeAxis;

/// Compression of the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TiffCompression {
    /// None: frames follow each other, so that they can be mapped.
    #[default]
    None,
    /// Deflate (8) with horizontal differences for whole numbers.
    Deflate,
}

/// Kind of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TiffLayout {
    /// TIFF if all offsets surely fit into 32 bits, else BigTIFF.
    #[default]
    Auto,
    /// TIFF with 32-bit offsets; an error if they do not fit.
    Classic,
    /// BigTIFF.
    Big,
}

/// Writes sequences as TIFF, one page a frame, with the calibration in the form of ImageJ.
///
/// Frames are read one at a time, so a sequence larger than memory can be written. ImageJ gets `images`, `frames`,
/// `finterval` (seconds), `fps`, and the pixel size as `XResolution` with `unit=um`. An irregular time axis and other
/// metadata have no place in this form.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, Metadata, PixelSize, SequenceReader, TiffWriter, TimeAxis};
///
/// let sequence = ImageSequence::new(Array3::ones((2, 3, 4)))?
///     .with_metadata(Metadata::new().with_pixel_size(PixelSize::from_micrometers(1.93)?))?
///     .with_time_axis(TimeAxis::uniform(0.0, 20e-6)?)?;
/// let path = std::env::temp_dir().join(format!("xray_io_doc_{}.tif", std::process::id()));
/// TiffWriter::new().write(&path, &sequence)?;
/// let back = xray_io::open(&path)?;
/// assert_eq!(back.time_axis().interval(), Some(20e-6));
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TiffWriter {
    compression: TiffCompression,
    layout: TiffLayout,
    rows_per_strip: Option<usize>,
}

/// Bytes of a directory at most: 15 tags, of 20 bytes each, and the two fractions.
const DIRECTORY: u64 = 8 + 15 * 20 + 8 + 16;

impl TiffWriter {
    /// Without compression, classic where it fits, one strip a frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compression. Default none.
    pub fn compression(mut self, compression: TiffCompression) -> Self {
        self.compression = compression;
        self
    }

    /// Kind of the container. Default [`TiffLayout::Auto`].
    pub fn layout(mut self, layout: TiffLayout) -> Self {
        self.layout = layout;
        self
    }

    /// Rows of a strip. Default: all, one strip a frame.
    pub fn rows_per_strip(mut self, rows: usize) -> Self {
        self.rows_per_strip = Some(rows);
        self
    }

    /// An error if a setting is out of range.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if self.rows_per_strip == Some(0) {
            let found = "0".to_owned();
            return Err(Error::InvalidParameter {
                name: "rows_per_strip",
                requirement: "positive",
                found,
            });
        }
        Ok(())
    }

    /// Writes the sequence in its own pixel type.
    ///
    /// # Errors
    ///
    /// What reading the sequence or writing the file gives; [`Error::InvalidParameter`] if a frame has 2³² rows or
    /// columns, a classic file would pass 4 GiB, or the file is the one that the sequence is read from.
    pub fn write(&self, path: impl AsRef<Path>, sequence: &dyn SequenceReader) -> Result<()> {
        self.validate()?;
        let SequenceShape {
            n_frames,
            n_rows,
            n_columns,
        } = sequence.shape();
        if u32::try_from(n_rows.max(n_columns)).is_err() {
            let found = format!("{n_rows}x{n_columns}");
            return Err(Error::InvalidParameter {
                name: "sequence",
                requirement: "below 2^32 rows and columns",
                found,
            });
        }
        let rows_per_strip = self.rows_per_strip.map_or(n_rows, |rows| rows.min(n_rows));
        let n_strips = n_rows.div_ceil(rows_per_strip);
        let pixel_type = sequence.pixel_type();
        let frame_bytes = sequence.shape().frame_bytes(pixel_type);
        let description = description(sequence.metadata(), sequence.time_axis(), n_frames);
        // Deflate can make noise longer, by less than a thousandth and some bytes a strip.
        let most = (frame_bytes as u64
            + frame_bytes as u64 / 1000
            + n_strips as u64 * (64 + 32)
            + DIRECTORY)
            .saturating_mul(n_frames as u64)
            .saturating_add(description.len() as u64 + 64);
        let fits = u32::try_from(most).is_ok();
        let big = match self.layout {
            TiffLayout::Auto => !fits,
            TiffLayout::Big => true,
            TiffLayout::Classic if fits => false,
            TiffLayout::Classic => {
                let found = format!("{most} bytes at most");
                return Err(Error::InvalidParameter {
                    name: "layout",
                    requirement: "BigTIFF from 4 GiB",
                    found,
                });
            }
        };
        let path = path.as_ref();
        let mut output = Output::create_from(path, &[sequence])?;
        let mut file = Writer {
            big,
            pages: Vec::with_capacity(n_frames),
        };
        output.put(&file.header(0))?;
        let mut frame = vec![0; frame_bytes];
        let row_bytes = n_columns * pixel_type.bytes();
        for number in 0..n_frames {
            sequence.read_native_into(number, &mut frame)?;
            let mut strips = Vec::with_capacity(n_strips);
            for rows in frame.chunks_mut(rows_per_strip * row_bytes) {
                let offset = output.written;
                match self.compression {
                    TiffCompression::None => {
                        to_little_endian(rows, pixel_type.bytes());
                        output.put(rows)?;
                    }
                    TiffCompression::Deflate => {
                        if predicts(pixel_type) {
                            differences(rows, row_bytes, pixel_type.bytes());
                        }
                        to_little_endian(rows, pixel_type.bytes());
                        let mut encoder = flate2::write::ZlibEncoder::new(
                            Vec::new(),
                            flate2::Compression::new(6),
                        );
                        let compressed = encoder
                            .write_all(rows)
                            .and_then(|()| encoder.finish())
                            .map_err(|source| Error::io(path, "compress", source))?;
                        output.put(&compressed)?;
                    }
                }
                strips.push((offset, output.written - offset));
            }
            file.pages.push(strips);
        }
        let tags = Tags {
            n_rows: n_rows as u64,
            n_columns: n_columns as u64,
            rows_per_strip: rows_per_strip as u64,
            pixel_type,
            compression: self.compression,
            description: description.as_bytes(),
            pixels_per_micrometer: sequence
                .metadata()
                .pixel_size
                .as_ref()
                .map(|size| 1.0 / size.value.micrometers()),
        };
        let first = file.directories(&mut output, &tags)?;
        let header = file.header(first);
        let mut inner = output.finish()?;
        inner
            .seek(SeekFrom::Start(0))
            .and_then(|_| inner.write_all(&header))
            .map_err(|source| Error::io(path, "write", source))
    }
}

fn predicts(pixel_type: PixelType) -> bool {
    !matches!(pixel_type, PixelType::F16 | PixelType::F32 | PixelType::F64)
}

/// Horizontal differences of native samples, from the right so that each sees its unchanged neighbor.
fn differences(rows: &mut [u8], row_bytes: usize, size: usize) {
    for row in rows.chunks_exact_mut(row_bytes) {
        for at in (size..row.len()).step_by(size).rev() {
            let (mut value, mut before) = ([0; 8], [0; 8]);
            value[..size].copy_from_slice(&row[at..at + size]);
            before[..size].copy_from_slice(&row[at - size..at]);
            // Native bytes at the front of the word: on a big-endian machine they are its upper part, which subtracts
            // alike.
            let difference = u64::from_ne_bytes(value)
                .wrapping_sub(u64::from_ne_bytes(before))
                .to_ne_bytes();
            row[at..at + size].copy_from_slice(&difference[..size]);
        }
    }
}

fn description(metadata: &Metadata, time_axis: &TimeAxis, n_frames: usize) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "ImageJ=1.54f\nimages={n_frames}\nframes={n_frames}\nhyperstack=true\nmode=grayscale\nloop=false\n"
    );
    if let Some(dt) = time_axis.interval() {
        // Writing to a text cannot fail.
        let _ = write!(text, "finterval={dt:?}\nfps={:?}\ntunit=sec\n", 1.0 / dt);
    }
    if metadata.pixel_size.is_some() {
        text.push_str("unit=um\n");
    }
    text.push('\0');
    text
}

/// What all pages share.
struct Tags<'a> {
    n_rows: u64,
    n_columns: u64,
    rows_per_strip: u64,
    pixel_type: PixelType,
    compression: TiffCompression,
    description: &'a [u8],
    pixels_per_micrometer: Option<f64>,
}

struct Writer {
    big: bool,
    /// Offset and length of each strip of each page.
    pages: Vec<Vec<(u64, u64)>>,
}

/// A value of a tag: its type, count, and bytes; longer ones have been written before and are an offset.
struct Value {
    kind: u16,
    count: u64,
    bytes: Vec<u8>,
}

impl Writer {
    fn header(&self, first: u64) -> Vec<u8> {
        if self.big {
            let mut bytes = b"II\x2b\0\x08\0\0\0".to_vec();
            bytes.extend(first.to_le_bytes());
            return bytes;
        }
        let mut bytes = b"II\x2a\0".to_vec();
        bytes.extend((first as u32).to_le_bytes());
        bytes
    }

    fn offset_kind(&self) -> u16 {
        if self.big { 16 } else { 4 }
    }

    fn offset(&self, value: u64) -> Vec<u8> {
        if self.big {
            value.to_le_bytes().to_vec()
        } else {
            (value as u32).to_le_bytes().to_vec()
        }
    }

    /// Writes all directories behind the pixels; where the first one starts.
    #[expect(clippy::too_many_lines, reason = "one tag after the other")]
    fn directories(&self, output: &mut Output<'_>, tags: &Tags<'_>) -> Result<u64> {
        let inline = if self.big { 8 } else { 4 };
        // What all pages share is written once.
        let resolution = match tags.pixels_per_micrometer.and_then(fraction) {
            Some((numerator, denominator)) => {
                let at = output.written;
                output.put(&numerator.to_le_bytes())?;
                output.put(&denominator.to_le_bytes())?;
                Some(at)
            }
            None => None,
        };
        let description = output.written;
        output.put(tags.description)?;
        let mut starts = Vec::with_capacity(self.pages.len());
        let mut tables = Vec::with_capacity(self.pages.len());
        for strips in &self.pages {
            let mut at = [0; 2];
            if strips.len() > 1 {
                for (i, at) in at.iter_mut().enumerate() {
                    *at = output.written;
                    for (offset, length) in strips {
                        output.put(&self.offset(if i == 0 { *offset } else { *length }))?;
                    }
                }
            }
            tables.push(at);
        }
        if output.written % 2 == 1 {
            output.put(&[0])?;
        }
        let short = |value: u16| Value {
            kind: 3,
            count: 1,
            bytes: value.to_le_bytes().to_vec(),
        };
        let long = |value: u64| Value {
            kind: 4,
            count: 1,
            bytes: (value as u32).to_le_bytes().to_vec(),
        };
        for (page, (strips, table)) in self.pages.iter().zip(&tables).enumerate() {
            let several = |i: usize, single: u64| Value {
                kind: self.offset_kind(),
                count: strips.len() as u64,
                bytes: self.offset(if strips.len() > 1 { table[i] } else { single }),
            };
            let (offset, length) = strips.first().copied().unwrap_or_default();
            let is_deflated = tags.compression == TiffCompression::Deflate;
            let mut entries = vec![
                (254, long(0)),
                (256, long(tags.n_columns)),
                (257, long(tags.n_rows)),
                (258, short(tags.pixel_type.bytes() as u16 * 8)),
                (259, short(if is_deflated { 8 } else { 1 })),
                (262, short(1)),
            ];
            if page == 0 {
                let (count, bytes) = (tags.description.len() as u64, self.offset(description));
                entries.push((
                    270,
                    Value {
                        kind: 2,
                        count,
                        bytes,
                    },
                ));
            }
            entries.push((273, several(0, offset)));
            entries.push((277, short(1)));
            entries.push((278, long(tags.rows_per_strip)));
            entries.push((279, several(1, length)));
            if let Some(at) = resolution {
                entries.push((282, self.fraction(at, tags)));
                entries.push((283, self.fraction(at, tags)));
                // No unit of TIFF: it stands in the description.
                entries.push((296, short(1)));
            }
            if is_deflated && predicts(tags.pixel_type) {
                entries.push((317, short(2)));
            }
            entries.push((339, short(sample_format(tags.pixel_type))));
            starts.push(output.written);
            let bytes = if self.big {
                8 + entries.len() * 20 + 8
            } else {
                2 + entries.len() * 12 + 4
            };
            let next = if page + 1 == self.pages.len() {
                0
            } else {
                output.written + bytes as u64
            };
            let mut directory = Vec::with_capacity(bytes);
            if self.big {
                directory.extend((entries.len() as u64).to_le_bytes());
            } else {
                directory.extend((entries.len() as u16).to_le_bytes());
            }
            for (tag, value) in entries {
                directory.extend(u16::to_le_bytes(tag));
                directory.extend(value.kind.to_le_bytes());
                directory.extend(self.offset(value.count));
                let mut bytes = value.bytes;
                bytes.resize(inline, 0);
                directory.extend(bytes);
            }
            directory.extend(self.offset(next));
            output.put(&directory)?;
        }
        starts.first().copied().ok_or_else(|| Error::NoFrames {
            path: output.path.to_owned(),
        })
    }

    /// A fraction takes eight bytes: inside the entry of a BigTIFF, elsewhere in a classic one.
    fn fraction(&self, at: u64, tags: &Tags<'_>) -> Value {
        let (numerator, denominator) = tags
            .pixels_per_micrometer
            .and_then(fraction)
            .unwrap_or((1, 1));
        let bytes = if self.big {
            [numerator.to_le_bytes(), denominator.to_le_bytes()].concat()
        } else {
            self.offset(at)
        };
        Value {
            kind: 5,
            count: 1,
            bytes,
        }
    }
}

fn sample_format(pixel_type: PixelType) -> u16 {
    match pixel_type {
        PixelType::U8 | PixelType::U16 | PixelType::U32 | PixelType::U64 => 1,
        PixelType::I8 | PixelType::I16 | PixelType::I32 | PixelType::I64 => 2,
        PixelType::F16 | PixelType::F32 | PixelType::F64 => 3,
    }
}

/// The closest fraction of 32-bit numbers, by the continued fraction; `None` outside their range.
fn fraction(value: f64) -> Option<(u32, u32)> {
    if !(value.is_finite() && value >= 1.0 / f64::from(u32::MAX) && value <= f64::from(u32::MAX)) {
        return None;
    }
    let (mut p, mut q) = ((0_u64, 1_u64), (1_u64, 0_u64));
    let mut rest = value;
    for _ in 0..40 {
        let whole = rest.floor();
        let a = whole as u64;
        let next = (
            a.checked_mul(p.1)?.checked_add(p.0)?,
            a.checked_mul(q.1)?.checked_add(q.0)?,
        );
        if next.0 > u64::from(u32::MAX) || next.1 > u64::from(u32::MAX) {
            break;
        }
        (p, q) = ((p.1, next.0), (q.1, next.1));
        let left = rest - whole;
        if left < 1e-12 || (p.1 as f64 / q.1 as f64 - value).abs() <= value * 1e-15 {
            break;
        }
        rest = 1.0 / left;
    }
    (p.1 > 0 && q.1 > 0).then_some((p.1 as u32, q.1 as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_close() {
        for micrometers in [1.93, 1.98, 0.65, 1.0, 12.5, 1e-4, 3e3] {
            let value = 1.0 / micrometers;
            let (p, q) = fraction(value).unwrap();
            approx::assert_relative_eq!(f64::from(p) / f64::from(q), value, max_relative = 1e-12);
        }
        assert_eq!(fraction(0.0), None);
        assert_eq!(fraction(f64::NAN), None);
    }
}
