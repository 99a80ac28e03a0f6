//! How the pixels of a page are laid out, checked.

use std::path::Path;

use super::directory::{Directory, tag};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pixel::PixelType;
use crate::source::Source;

/// Compressions that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
    Lzma,
    Lerc,
}

impl Compression {
    fn from_tag(path: &Path, value: u64) -> Result<Self> {
        let refuse =
            |name: &str| Error::unsupported(path, "Compression", format!("{value} ({name})"));
        Err(match value {
            1 => return Ok(Self::None),
            5 => return Ok(Self::Lzw),
            8 | 32946 => return Ok(Self::Deflate),
            32773 => return Ok(Self::PackBits),
            50000 => return Ok(Self::Zstd),
            34925 if cfg!(feature = "lzma") => return Ok(Self::Lzma),
            34925 => Error::FeatureMissing {
                path: path.to_owned(),
                format: "TIFF with LZMA",
                feature: "lzma",
            },
            34887 if cfg!(feature = "lerc") => return Ok(Self::Lerc),
            34887 => Error::FeatureMissing {
                path: path.to_owned(),
                format: "TIFF with LERC",
                feature: "lerc",
            },
            2 => refuse("CCITT modified Huffman"),
            3 => refuse("CCITT fax group 3"),
            4 => refuse("CCITT fax group 4"),
            6 | 7 => refuse("JPEG"),
            34676 | 34677 => refuse("SGI LogLuv"),
            34712 => refuse("JPEG 2000"),
            50001 => refuse("WebP"),
            50002 | 52546 => refuse("JPEG XL"),
            _ => refuse("unknown"),
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lzw => "LZW",
            Self::Deflate => "deflate",
            Self::PackBits => "PackBits",
            Self::Zstd => "zstd",
            Self::Lzma => "LZMA",
            Self::Lerc => "LERC",
        }
    }

    /// The most bytes that one byte of a stream can stand for, plus some: beyond it a header lies.
    fn max_expansion(self) -> u64 {
        match self {
            Self::None => 1,
            Self::PackBits => 64,
            Self::Deflate => 1033,
            Self::Lzw => 2800,
            Self::Lzma => 8192,
            // Blocks of 128 KiB in four bytes.
            Self::Zstd => 32769,
            // A constant strip takes about a hundred bytes, whatever its size.
            Self::Lerc => 1 << 20,
        }
    }
}

/// Everything that pages of one sequence share.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a tag of two values")]
pub(super) struct Layout {
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    pub(super) bits: u32,
    pub(super) pixel_type: PixelType,
    /// Samples of a pixel that lie together in a strip or tile: 1 if there is one, or one plane a sample.
    pub(super) interleaved: usize,
    /// The sample that is taken.
    pub(super) plane: usize,
    planes: usize,
    planar: bool,
    pub(super) compression: Compression,
    pub(super) predictor: u16,
    pub(super) reversed_bits: bool,
    pub(super) white_is_zero: bool,
    pub(super) tiled: bool,
    pub(super) chunk_rows: usize,
    pub(super) chunk_columns: usize,
}

fn u32_value(path: &Path, field: &'static str, value: u64) -> Result<usize> {
    if value == 0 || value > u64::from(u32::MAX) {
        return Err(Error::invalid(
            path,
            field,
            None,
            "positive and of 32 bits",
            value,
        ));
    }
    Ok(value as usize)
}

impl Layout {
    #[expect(clippy::too_many_lines, reason = "one tag after the other")]
    pub(super) fn read(
        source: &Source,
        directory: &Directory,
        plane: Option<usize>,
        limits: &Limits,
    ) -> Result<Self> {
        let path = source.path();
        let get = |tag, field| directory.integer(source, tag, field);
        let required = |tag, field: &'static str| {
            let missing =
                || Error::invalid(path, field, Some(directory.offset), "present", "nothing");
            get(tag, field)?.ok_or_else(missing)
        };
        let n_columns = u32_value(path, "ImageWidth", required(tag::WIDTH, "ImageWidth")?)?;
        let n_rows = u32_value(path, "ImageLength", required(tag::LENGTH, "ImageLength")?)?;
        let samples = get(tag::SAMPLES, "SamplesPerPixel")?.unwrap_or(1);
        if samples == 0 || samples > 65535 {
            return Err(Error::invalid(
                path,
                "SamplesPerPixel",
                None,
                "from 1 to 65535",
                samples,
            ));
        }
        let planar = get(tag::PLANAR, "PlanarConfiguration")?.unwrap_or(1);
        if !matches!(planar, 1 | 2) {
            return Err(Error::invalid(
                path,
                "PlanarConfiguration",
                None,
                "1 or 2",
                planar,
            ));
        }
        let planar = planar == 2 && samples > 1;
        let white_is_zero = color(
            path,
            get(tag::PHOTOMETRIC, "PhotometricInterpretation")?,
            samples,
            plane,
        )?;
        let plane = match plane {
            Some(plane) if plane as u64 >= samples => {
                return Err(Error::NotFound {
                    path: path.to_owned(),
                    what: "plane",
                    name: plane.to_string(),
                });
            }
            plane => plane.unwrap_or(0),
        };
        let same = |tag, field: &'static str, default: u64| -> Result<u64> {
            let values = directory
                .integers(source, tag, field, limits)?
                .unwrap_or_else(|| vec![default]);
            match values.first() {
                Some(first) if values.iter().all(|value| value == first) => Ok(*first),
                Some(_) => Err(Error::unsupported(
                    path,
                    field,
                    "that differs between samples",
                )),
                None => Err(Error::invalid(path, field, None, "present", "nothing")),
            }
        };
        let bits = same(tag::BITS, "BitsPerSample", 1)?;
        let format = same(tag::SAMPLE_FORMAT, "SampleFormat", 1)?;
        let pixel_type = pixel_type(path, bits, format)?;
        let compression =
            Compression::from_tag(path, get(tag::COMPRESSION, "Compression")?.unwrap_or(1))?;
        if compression == Compression::Lerc {
            // The version, and a second compression of the blobs.
            let parameters =
                directory.integers(source, tag::LERC_PARAMETERS, "LercParameters", limits)?;
            let second = parameters.as_ref().and_then(|values| values.get(1));
            if let Some(second @ 1..) = second {
                return Err(Error::unsupported(path, "LERC with compression", second));
            }
        }
        let predictor = predictor(
            path,
            get(tag::PREDICTOR, "Predictor")?.unwrap_or(1),
            pixel_type,
        )?;
        let fill_order = get(tag::FILL_ORDER, "FillOrder")?.unwrap_or(1);
        if !matches!(fill_order, 1 | 2) {
            return Err(Error::invalid(
                path,
                "FillOrder",
                None,
                "1 or 2",
                fill_order,
            ));
        }
        let tiled = directory.entry(tag::TILE_OFFSETS).is_some();
        let (chunk_rows, chunk_columns) = if tiled {
            (
                u32_value(
                    path,
                    "TileLength",
                    required(tag::TILE_LENGTH, "TileLength")?,
                )?,
                u32_value(path, "TileWidth", required(tag::TILE_WIDTH, "TileWidth")?)?,
            )
        } else {
            let rows = get(tag::ROWS_PER_STRIP, "RowsPerStrip")?.unwrap_or(u64::from(u32::MAX));
            (
                u32_value(path, "RowsPerStrip", rows)?.min(n_rows),
                n_columns,
            )
        };
        let layout = Self {
            n_rows,
            n_columns,
            bits: bits as u32,
            pixel_type,
            interleaved: if planar { 1 } else { samples as usize },
            plane,
            planes: samples as usize,
            planar,
            compression,
            predictor,
            reversed_bits: fill_order == 2,
            white_is_zero,
            tiled,
            chunk_rows,
            chunk_columns,
        };
        limits.frame_bytes(
            path,
            n_rows as u64,
            n_columns as u64,
            pixel_type.bytes() as u64,
        )?;
        // One decoded strip or tile is a buffer of its own: it counts like a frame.
        limits.frame_bytes(
            path,
            chunk_rows as u64,
            layout.chunk_row_bits().div_ceil(8),
            1,
        )?;
        Ok(layout)
    }

    fn chunk_row_bits(&self) -> u64 {
        // Below 2^32 columns, 2^16 samples and 64 bits this fits, but for the worst of tags: then it saturates.
        (self.chunk_columns as u64)
            .saturating_mul(self.interleaved as u64)
            .saturating_mul(u64::from(self.bits))
    }

    /// Bytes of one row of a strip or tile; rows start on a byte.
    pub(super) fn chunk_row_bytes(&self) -> usize {
        self.chunk_row_bits().div_ceil(8) as usize
    }

    pub(super) fn chunks_across(&self) -> usize {
        self.n_columns.div_ceil(self.chunk_columns)
    }

    pub(super) fn chunks_down(&self) -> usize {
        self.n_rows.div_ceil(self.chunk_rows)
    }

    /// Strips or tiles of one plane.
    pub(super) fn chunks_of_plane(&self) -> u64 {
        self.chunks_across() as u64 * self.chunks_down() as u64
    }

    /// Strips or tiles of all planes, as the tables count them.
    pub(super) fn all_chunks(&self) -> u64 {
        self.chunks_of_plane() * if self.planar { self.planes as u64 } else { 1 }
    }

    /// The first strip or tile of the plane that is taken.
    pub(super) fn first_chunk(&self) -> u64 {
        if self.planar {
            self.chunks_of_plane() * self.plane as u64
        } else {
            0
        }
    }

    /// Rows that strip or tile `chunk` stores: all of a tile, the rest of the image for the last strip.
    pub(super) fn stored_rows(&self, chunk: usize) -> usize {
        if self.tiled {
            return self.chunk_rows;
        }
        self.chunk_rows.min(self.n_rows - chunk * self.chunk_rows)
    }

    /// Decoded bytes of a strip or tile.
    pub(super) fn chunk_bytes(&self, chunk: usize) -> usize {
        self.stored_rows(chunk) * self.chunk_row_bytes()
    }

    /// Whether samples are whole bytes of a native type.
    pub(super) fn is_packed(&self) -> bool {
        self.bits as usize != self.pixel_type.bytes() * 8
    }

    /// Whether rows of strips are rows of the frame, so that they are decoded where they belong.
    pub(super) fn is_direct(&self) -> bool {
        !self.tiled && self.interleaved == 1 && !self.is_packed()
    }

    /// Whether the frame lies in the file as it lies in memory, but for the byte order.
    pub(super) fn is_plain(&self) -> bool {
        self.is_direct()
            && self.compression == Compression::None
            && self.predictor == 1
            && !self.reversed_bits
    }

    /// The least number of stored bytes from which a strip or tile can be decoded.
    pub(super) fn least_stored(&self, chunk: usize) -> u64 {
        (self.chunk_bytes(chunk) as u64).div_ceil(self.compression.max_expansion())
    }

    /// The first property in which another page differs: name, here, there.
    pub(super) fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        if (self.n_rows, self.n_columns) != (other.n_rows, other.n_columns) {
            let size = |layout: &Self| format!("{}x{}", layout.n_rows, layout.n_columns);
            return Some(("rows x columns", size(self), size(other)));
        }
        if self.pixel_type != other.pixel_type {
            return Some((
                "pixel type",
                self.pixel_type.to_string(),
                other.pixel_type.to_string(),
            ));
        }
        None
    }
}

/// Whether white is zero; refuses color, unless one plane was chosen.
fn color(
    path: &Path,
    photometric: Option<u64>,
    samples: u64,
    plane: Option<usize>,
) -> Result<bool> {
    let refuse = |name: &str| {
        let found = format!("{} ({name})", photometric.unwrap_or(1));
        Error::unsupported(path, "PhotometricInterpretation", found)
    };
    match photometric.unwrap_or(1) {
        value @ (0 | 1) if samples == 1 || plane.is_some() => Ok(value == 0),
        0 | 1 => Err(Error::unsupported(path, "SamplesPerPixel", samples)),
        2 | 3 | 5 | 8 if plane.is_some() => Ok(false),
        2 => Err(refuse("RGB")),
        3 => Err(refuse("palette")),
        4 => Err(refuse("transparency mask")),
        5 => Err(refuse("CMYK")),
        6 => Err(refuse("YCbCr")),
        8 => Err(refuse("CIE L*a*b*")),
        32803 => Err(refuse("color filter array")),
        32844 | 32845 => Err(refuse("LogLuv")),
        _ => Err(refuse("unknown")),
    }
}

fn pixel_type(path: &Path, bits: u64, format: u64) -> Result<PixelType> {
    // 4 means undefined; libtiff takes it as unsigned.
    Ok(match (format, bits) {
        (1 | 4, 1..=8) => PixelType::U8,
        (1 | 4, 9..=16) => PixelType::U16,
        (1 | 4, 17..=32) => PixelType::U32,
        (1 | 4, 64) => PixelType::U64,
        (2, 8) => PixelType::I8,
        (2, 16) => PixelType::I16,
        (2, 32) => PixelType::I32,
        (2, 64) => PixelType::I64,
        (3, 16) => PixelType::F16,
        (3, 32) => PixelType::F32,
        (3, 64) => PixelType::F64,
        (1..=4, 0 | 65..) => {
            return Err(Error::invalid(
                path,
                "BitsPerSample",
                None,
                "from 1 to 64",
                bits,
            ));
        }
        (1..=4, _) => {
            let kind = ["unsigned", "signed", "float", "undefined"][format as usize - 1];
            return Err(Error::unsupported(
                path,
                "BitsPerSample",
                format!("{bits} ({kind})"),
            ));
        }
        (5 | 6, _) => {
            return Err(Error::unsupported(
                path,
                "SampleFormat",
                format!("{format} (complex)"),
            ));
        }
        _ => {
            return Err(Error::invalid(
                path,
                "SampleFormat",
                None,
                "from 1 to 6",
                format,
            ));
        }
    })
}

fn predictor(path: &Path, value: u64, pixel_type: PixelType) -> Result<u16> {
    let is_float = matches!(pixel_type, PixelType::F16 | PixelType::F32 | PixelType::F64);
    match value {
        1 => Ok(1),
        2 => Ok(2),
        3 if is_float => Ok(3),
        3 => Err(Error::invalid(
            path,
            "Predictor",
            None,
            "1 or 2 for whole numbers",
            value,
        )),
        _ => Err(Error::unsupported(path, "Predictor", value)),
    }
}
