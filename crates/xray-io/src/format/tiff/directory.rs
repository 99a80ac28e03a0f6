//! The container: header, image file directories, values of tags.

use std::path::Path;

use crate::error::{Error, Result};
use crate::format::ByteOrder;
use crate::limits::Limits;
use crate::source::Source;

/// Byte order, width of offsets, and where the first directory lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) order: ByteOrder,
    big: bool,
    pub(super) first: u64,
}

macro_rules! number {
    ($name:ident, $type:ty, $size:literal) => {
        pub(super) fn $name(self, bytes: &[u8]) -> $type {
            let mut array = [0; $size];
            array.copy_from_slice(&bytes[..$size]);
            match self {
                ByteOrder::Little => <$type>::from_le_bytes(array),
                ByteOrder::Big => <$type>::from_be_bytes(array),
            }
        }
    };
}

impl ByteOrder {
    number!(u16, u16, 2);
    number!(u32, u32, 4);
    number!(u64, u64, 8);
}

impl Header {
    pub(super) fn read(source: &Source) -> Result<Self> {
        let mut bytes = [0; 16];
        source.read_exact_at("the header", 0, &mut bytes[..8])?;
        let order = match &bytes[..2] {
            b"II" => ByteOrder::Little,
            b"MM" => ByteOrder::Big,
            other => {
                let found = other.escape_ascii().to_string();
                return Err(Error::invalid(
                    source.path(),
                    "byte order",
                    Some(0),
                    "II or MM",
                    found,
                ));
            }
        };
        match order.u16(&bytes[2..]) {
            42 => Ok(Self {
                order,
                big: false,
                first: u64::from(order.u32(&bytes[4..])),
            }),
            43 => {
                source.read_exact_at("the header", 0, &mut bytes)?;
                let width = order.u16(&bytes[4..]);
                if width != 8 || order.u16(&bytes[6..]) != 0 {
                    return Err(Error::invalid(
                        source.path(),
                        "offset size",
                        Some(4),
                        "8 in a BigTIFF",
                        width,
                    ));
                }
                Ok(Self {
                    order,
                    big: true,
                    first: order.u64(&bytes[8..]),
                })
            }
            other => Err(Error::invalid(
                source.path(),
                "version",
                Some(2),
                "42 or 43",
                other,
            )),
        }
    }

    pub(super) fn name(self) -> &'static str {
        if self.big { "BigTIFF" } else { "TIFF" }
    }

    fn entry_bytes(self) -> usize {
        if self.big { 20 } else { 12 }
    }
}

/// One tag of a directory; its values may lie elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    kind: u16,
    pub(super) count: u64,
    /// Where the values start in the file, be it inside the entry.
    pub(super) offset: u64,
    inline: [u8; 8],
    is_inline: bool,
}

/// The tags of a directory that this crate asks for, and where the next directory lies.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    pub(super) offset: u64,
    pub(super) next: u64,
    header: Header,
    entries: Vec<(u16, Entry)>,
}

/// Read at once for a directory; most are smaller.
const GUESS: usize = 512;

impl Directory {
    /// Reads the directory at `offset`; `buffer` is reused between calls.
    pub(super) fn read(
        source: &Source,
        header: Header,
        offset: u64,
        limits: &Limits,
        buffer: &mut Vec<u8>,
    ) -> Result<Self> {
        let (count_bytes, next_bytes) = if header.big { (8, 8) } else { (2, 4) };
        let what = "an image file directory";
        source.check_range(what, offset, count_bytes)?;
        let guess = (source.len() - offset).min(GUESS as u64) as usize;
        buffer.resize(guess, 0);
        source.read_exact_at(what, offset, buffer)?;
        let order = header.order;
        let count = if header.big {
            order.u64(buffer)
        } else {
            u64::from(order.u16(buffer))
        };
        let entry_bytes = header.entry_bytes();
        let bytes = count
            .checked_mul(entry_bytes as u64)
            .and_then(|bytes| bytes.checked_add(count_bytes + next_bytes))
            .unwrap_or(u64::MAX);
        source.check_range(what, offset, bytes)?;
        limits.check_metadata_bytes(source.path(), bytes)?;
        if bytes as usize > buffer.len() {
            buffer.resize(bytes as usize, 0);
            source.read_exact_at(what, offset, buffer)?;
        }
        let start = count_bytes as usize;
        let mut entries = Vec::with_capacity(20);
        for (i, raw) in buffer[start..start + count as usize * entry_bytes]
            .chunks_exact(entry_bytes)
            .enumerate()
        {
            let tag = order.u16(raw);
            if !tag::USED.contains(&tag) {
                continue;
            }
            let kind = order.u16(&raw[2..]);
            let (count, value) = if header.big {
                (order.u64(&raw[4..]), &raw[12..20])
            } else {
                (u64::from(order.u32(&raw[4..])), &raw[8..12])
            };
            let mut inline = [0; 8];
            inline[..value.len()].copy_from_slice(value);
            let is_inline = count
                .checked_mul(kind_bytes(kind))
                .is_some_and(|bytes| bytes <= value.len() as u64);
            let value_offset = if is_inline {
                offset + (start + i * entry_bytes + entry_bytes - value.len()) as u64
            } else if header.big {
                order.u64(value)
            } else {
                u64::from(order.u32(value))
            };
            // The first of two equal tags counts, as in libtiff.
            if !entries.iter().any(|(known, _)| *known == tag) {
                entries.push((
                    tag,
                    Entry {
                        kind,
                        count,
                        offset: value_offset,
                        inline,
                        is_inline,
                    },
                ));
            }
        }
        let rest = &buffer[start + count as usize * entry_bytes..];
        let next = if header.big {
            order.u64(rest)
        } else {
            u64::from(order.u32(rest))
        };
        Ok(Self {
            offset,
            next,
            header,
            entries,
        })
    }

    pub(super) fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|(known, _)| *known == tag)
            .map(|(_, entry)| entry)
    }

    /// The bytes of all values of a tag. At most `limit` bytes are allowed.
    fn bytes(
        source: &Source,
        field: &'static str,
        entry: &Entry,
        limits: &Limits,
    ) -> Result<Vec<u8>> {
        let size = kind_bytes(entry.kind);
        let bytes = entry.count.saturating_mul(size);
        if entry.is_inline {
            return Ok(entry.inline[..bytes as usize].to_vec());
        }
        source.check_range(field, entry.offset, bytes)?;
        limits.check_metadata_bytes(source.path(), bytes)?;
        source.read_vec(field, entry.offset, bytes)
    }

    /// All values of a tag of whole numbers.
    pub(super) fn integers(
        &self,
        source: &Source,
        tag: u16,
        field: &'static str,
        limits: &Limits,
    ) -> Result<Option<Vec<u64>>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        let order = self.header.order;
        let size = kind_bytes(entry.kind) as usize;
        if !matches!(entry.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            let requirement = "of a type of unsigned whole numbers";
            return Err(Error::invalid(
                source.path(),
                field,
                Some(entry.offset),
                requirement,
                entry.kind,
            ));
        }
        let bytes = Self::bytes(source, field, entry, limits)?;
        Ok(Some(
            bytes
                .chunks_exact(size)
                .map(|value| match size {
                    1 => u64::from(value[0]),
                    2 => u64::from(order.u16(value)),
                    4 => u64::from(order.u32(value)),
                    _ => order.u64(value),
                })
                .collect(),
        ))
    }

    /// The first value of a tag of whole numbers.
    pub(super) fn integer(
        &self,
        source: &Source,
        tag: u16,
        field: &'static str,
    ) -> Result<Option<u64>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        let order = self.header.order;
        if entry.count == 0 {
            return Err(Error::invalid(
                source.path(),
                field,
                Some(entry.offset),
                "one value at least",
                "none",
            ));
        }
        // Almost all single values lie inside their entry: no allocation.
        if entry.is_inline {
            return match entry.kind {
                1 | 7 => Ok(Some(u64::from(entry.inline[0]))),
                3 => Ok(Some(u64::from(order.u16(&entry.inline)))),
                4 | 13 => Ok(Some(u64::from(order.u32(&entry.inline)))),
                16 | 18 => Ok(Some(order.u64(&entry.inline))),
                other => {
                    let requirement = "of a type of unsigned whole numbers";
                    Err(Error::invalid(
                        source.path(),
                        field,
                        Some(entry.offset),
                        requirement,
                        other,
                    ))
                }
            };
        }
        let mut first = *entry;
        first.count = 1;
        let shortened = Self {
            entries: vec![(tag, first)],
            ..self.clone()
        };
        Ok(shortened
            .integers(source, tag, field, &Limits::new())?
            .and_then(|values| values.first().copied()))
    }

    /// A text, as far as it is UTF-8, else as Latin-1; without the zero at its end.
    pub(super) fn text(
        &self,
        source: &Source,
        tag: u16,
        field: &'static str,
        limits: &Limits,
    ) -> Result<Option<String>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        if kind_bytes(entry.kind) != 1 {
            return Err(Error::invalid(
                source.path(),
                field,
                Some(entry.offset),
                "of the type of texts",
                entry.kind,
            ));
        }
        let mut bytes = Self::bytes(source, field, entry, limits)?;
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(Some(String::from_utf8(bytes).unwrap_or_else(|error| {
            // ImageJ writes its µ as one byte.
            error
                .into_bytes()
                .iter()
                .map(|&byte| char::from(byte))
                .collect()
        })))
    }

    /// A fraction.
    pub(super) fn rational(
        &self,
        source: &Source,
        tag: u16,
        field: &'static str,
    ) -> Result<Option<f64>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        if entry.kind != 5 || entry.count == 0 {
            return Ok(None);
        }
        let mut first = *entry;
        first.count = 1;
        let bytes = Self::bytes(source, field, &first, &Limits::new())?;
        let (numerator, denominator) = (
            self.header.order.u32(&bytes),
            self.header.order.u32(&bytes[4..]),
        );
        Ok((denominator != 0).then(|| f64::from(numerator) / f64::from(denominator)))
    }

    /// Whether a table of this tag was written with fewer values than it needs.
    pub(super) fn short_table(
        path: &Path,
        field: &'static str,
        entry: Option<&Entry>,
        needed: u64,
    ) -> Error {
        let offset = entry.map(|entry| entry.offset);
        let found = entry.map_or(0, |entry| entry.count);
        Error::invalid(
            path,
            field,
            offset,
            "one value a strip or tile",
            format!("{found} of {needed}"),
        )
    }
}

fn kind_bytes(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        // An unknown type: such an entry is never inside its entry and is refused when it is asked for.
        _ => u64::MAX,
    }
}

/// Numbers of the tags that are read.
pub(super) mod tag {
    pub(in super::super) const SUBFILE: u16 = 254;
    pub(in super::super) const WIDTH: u16 = 256;
    pub(in super::super) const LENGTH: u16 = 257;
    pub(in super::super) const BITS: u16 = 258;
    pub(in super::super) const COMPRESSION: u16 = 259;
    pub(in super::super) const PHOTOMETRIC: u16 = 262;
    pub(in super::super) const FILL_ORDER: u16 = 266;
    pub(in super::super) const DESCRIPTION: u16 = 270;
    pub(in super::super) const MODEL: u16 = 272;
    pub(in super::super) const STRIP_OFFSETS: u16 = 273;
    pub(in super::super) const ORIENTATION: u16 = 274;
    pub(in super::super) const SAMPLES: u16 = 277;
    pub(in super::super) const ROWS_PER_STRIP: u16 = 278;
    pub(in super::super) const STRIP_BYTES: u16 = 279;
    pub(in super::super) const X_RESOLUTION: u16 = 282;
    pub(in super::super) const PLANAR: u16 = 284;
    pub(in super::super) const SOFTWARE: u16 = 305;
    pub(in super::super) const DATE: u16 = 306;
    pub(in super::super) const PREDICTOR: u16 = 317;
    pub(in super::super) const TILE_WIDTH: u16 = 322;
    pub(in super::super) const TILE_LENGTH: u16 = 323;
    pub(in super::super) const TILE_OFFSETS: u16 = 324;
    pub(in super::super) const TILE_BYTES: u16 = 325;
    pub(in super::super) const SAMPLE_FORMAT: u16 = 339;
    pub(in super::super) const LERC_PARAMETERS: u16 = 50674;
    pub(super) const USED: &[u16] = &[
        254, 256, 257, 258, 259, 262, 266, 270, 272, 273, 274, 277, 278, 279, 282, 284, 305, 306,
        317, 322, 323, 324, 325, 339, 50674,
    ];
}
