//! The headers of a `.cine` file: file, bitmap, setup, tagged blocks. All numbers are little-endian.

use std::fmt::Display;
use std::path::Path;

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::metadata::Origin;
use crate::source::Source;

/// Type of the tagged block with a time stamp an image: 64 bits, the unit is 2⁻³² s.
const STAMPS: u16 = 1002;
/// Type of the tagged block with an exposure an image: 32 bits, the unit is 2⁻³² s.
const EXPOSURES: u16 = 1003;

/// Length of the setup that is read; the fields beyond are not needed.
const SETUP_READ: u64 = 8192;

#[derive(Debug)]
pub(super) struct Header {
    pub(super) n_rows: u32,
    pub(super) n_columns: u32,
    /// Whether the rows of 8- and 16-bit images come from the bottom up.
    pub(super) bottom_up: bool,
    pub(super) bit_count: u16,
    pub(super) compression: u32,
    pub(super) n_images: u32,
    /// Number of the first image, counted from the trigger.
    pub(super) first_image: i32,
    pub(super) images_at: u64,
    pub(super) trigger_time: u64,
    /// Frames a second as set.
    pub(super) rate: Option<u32>,
    pub(super) real_bits: Option<u32>,
    pub(super) shutter_ns: Option<u32>,
    software: Option<u32>,
    decimation: Option<u32>,
    /// Stored values that a display shows as black and as white.
    levels: Option<(i32, i32)>,
    tags_at: u64,
}

struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.0.get(at..at + N)?);
        Some(array)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn i32(&self, at: usize) -> Option<i32> {
        self.array(at).map(i32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }
}

impl Header {
    pub(super) fn read(source: &Source) -> Result<Self> {
        let path = source.path();
        let file = source.read_vec("the file header", 0, 44)?;
        let file = Words(&file);
        // In range: 44 bytes were read.
        let word = |at| file.u32(at).unwrap_or(0);
        if file.0.get(..4) != Some(b"CI\x2c\0") {
            let found = file.0[..4].escape_ascii().to_string();
            return Err(Error::invalid(
                path,
                "Type and Headersize",
                Some(0),
                "CI and 44",
                found,
            ));
        }
        if let Some(kind @ 1..) = file.u16(4) {
            return Err(Error::unsupported(path, "Compression", kind));
        }
        let n_images = word(20);
        if n_images == 0 {
            return Err(Error::NoFrames {
                path: path.to_owned(),
            });
        }
        let (bitmap_at, setup_at) = (u64::from(word(24)), u64::from(word(28)));
        let bitmap = source.read_vec("the bitmap header", bitmap_at, 40)?;
        let bitmap = Words(&bitmap);
        let (width, height) = (bitmap.i32(4).unwrap_or(0), bitmap.i32(8).unwrap_or(0));
        if width <= 0 || height == 0 {
            return Err(Error::invalid(
                path,
                "biWidth and biHeight",
                Some(bitmap_at + 4),
                "positive",
                format!("{width} and {height}"),
            ));
        }
        let start = source.read_vec("the setup", setup_at, 144)?;
        if start.get(140..142) != Some(b"ST") {
            return Err(Error::invalid(
                path,
                "Mark",
                Some(setup_at + 140),
                "ST",
                start[140..142].escape_ascii(),
            ));
        }
        let length = u64::from(Words(&start).u16(142).unwrap_or(0));
        let setup = source.read_vec("the setup", setup_at, length.min(SETUP_READ))?;
        let setup = Words(&setup);
        if let Some(filter @ 1..) = setup.u32(808) {
            return Err(Error::unsupported(path, "color filter array", filter));
        }
        Ok(Self {
            n_rows: height.unsigned_abs(),
            n_columns: width.unsigned_abs(),
            bottom_up: height > 0,
            bit_count: bitmap.u16(14).unwrap_or(0),
            compression: bitmap.u32(16).unwrap_or(0),
            n_images,
            first_image: file.i32(16).unwrap_or(0),
            images_at: u64::from(word(32)),
            trigger_time: file.u64(36).unwrap_or(0),
            // The old field of 16 bits saturates.
            rate: setup.u32(768).or_else(|| setup.u16(0).map(u32::from)),
            real_bits: setup.u32(896),
            shutter_ns: setup.u32(1568),
            software: setup.u32(800),
            decimation: setup.u32(1556),
            levels: setup.i32(5732).zip(setup.i32(5736)),
            tags_at: setup_at + length,
        })
    }

    /// What the header has, as texts.
    pub(super) fn entries(&self) -> Vec<(String, String)> {
        let fields = [
            ("FirstImageNo", Some(i64::from(self.first_image))),
            ("ImageCount", Some(i64::from(self.n_images))),
            ("biBitCount", Some(i64::from(self.bit_count))),
            ("biCompression", Some(i64::from(self.compression))),
            ("FrameRate", self.rate.map(i64::from)),
            ("RealBPP", self.real_bits.map(i64::from)),
            ("ShutterNs", self.shutter_ns.map(i64::from)),
            ("SoftwareVersion", self.software.map(i64::from)),
            ("Decimation", self.decimation.map(i64::from)),
            ("BlackLevel", self.levels.map(|levels| i64::from(levels.0))),
            ("WhiteLevel", self.levels.map(|levels| i64::from(levels.1))),
        ];
        fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_string())))
            .collect()
    }
}

/// A value of a header.
pub(super) fn origin(path: &Path, key: &str, value: impl Display) -> Origin {
    Origin::File {
        path: path.display().to_string(),
        key: key.to_owned(),
        text: value.to_string(),
    }
}

/// The blocks between the setup and the table of images.
#[derive(Debug, Default)]
pub(super) struct TaggedBlocks {
    pub(super) stamps: Vec<u64>,
    pub(super) exposures: Vec<u32>,
}

impl TaggedBlocks {
    pub(super) fn read(source: &Source, header: &Header, limits: &Limits) -> Result<Self> {
        let path = source.path();
        let mut blocks = Self::default();
        let mut at = header.tags_at;
        while at.saturating_add(8) <= header.images_at {
            let head = source.read_vec("a tagged block", at, 8)?;
            let head = Words(&head);
            let (size, kind) = (
                u64::from(head.u32(0).unwrap_or(0)),
                head.u16(4).unwrap_or(0),
            );
            if size < 8 || size > header.images_at - at {
                return Err(Error::invalid(
                    path,
                    "size of a tagged block",
                    Some(at),
                    "at least 8 and before the table of images",
                    size,
                ));
            }
            if matches!(kind, STAMPS | EXPOSURES) {
                limits.check_metadata_bytes(path, size)?;
                let body = source.read_vec("a tagged block", at + 8, size - 8)?;
                if kind == STAMPS {
                    blocks.stamps = numbers::<8>(&body).map(u64::from_le_bytes).collect();
                } else {
                    blocks.exposures = numbers::<4>(&body).map(u32::from_le_bytes).collect();
                }
            }
            at += size;
        }
        Ok(blocks)
    }
}

fn numbers<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.chunks_exact(N).map(|bytes| {
        let mut array = [0; N];
        array.copy_from_slice(bytes);
        array
    })
}
