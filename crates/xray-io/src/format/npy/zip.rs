//! As much of ZIP as `.npz` files use: stored and deflated entries, Zip64 (APPNOTE 6.3).

use std::io::Read;
use std::path::Path;

use super::header::Header;
use crate::codec::inflate_raw;
use crate::error::{CodecProblem, Error, Result};
use crate::limits::Limits;
use crate::source::Source;

/// Bytes of an entry that are looked at for the header of its array.
const HEAD_BYTES: u64 = 128 << 10;

/// One file of the archive.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    method: u16,
    flags: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    /// Where its local header starts.
    local: u64,
}

/// Where the bytes of an entry are.
pub(super) enum Contents {
    /// In the archive as they are.
    Stored { offset: u64, bytes: u64 },
    /// Inflated.
    Inflated(Vec<u8>),
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// End-of-directory record and the longest comment behind it.
const END_SEARCH: usize = 22 + 65535;

/// The central directory.
pub(super) fn entries(source: &Source, limits: &Limits) -> Result<Vec<Entry>> {
    let path = source.path();
    let tail_start = source.len().saturating_sub(END_SEARCH as u64);
    let tail = source.read_up_to(tail_start, END_SEARCH)?;
    let missing = || Error::Truncated {
        path: path.to_owned(),
        frame: None,
        what: "the directory of the archive",
        offset: source.len(),
        needed: 22,
        available: 0,
    };
    let end = (0..=tail.len().saturating_sub(22))
        .rev()
        .find(|&at| tail[at..].starts_with(b"PK\x05\x06"));
    let end = end
        .filter(|end| end + 22 <= tail.len())
        .ok_or_else(missing)?;
    let mut count = u64::from(u16_at(&tail, end + 10));
    let mut bytes = u64::from(u32_at(&tail, end + 12));
    let mut offset = u64::from(u32_at(&tail, end + 16));
    if count == 0xffff || bytes == 0xffff_ffff || offset == 0xffff_ffff {
        // Zip64: a locator stands before the record and points at a longer one.
        let locator = end
            .checked_sub(20)
            .filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
        if let Some(locator) = locator {
            let record =
                source.read_vec("the Zip64 directory record", u64_at(&tail, locator + 8), 56)?;
            if record.starts_with(b"PK\x06\x06") {
                (count, bytes, offset) = (
                    u64_at(&record, 32),
                    u64_at(&record, 40),
                    u64_at(&record, 48),
                );
            }
        }
    }
    limits.check_metadata_bytes(path, bytes)?;
    let directory = source.read_vec("the directory of the archive", offset, bytes)?;
    let mut found = Vec::new();
    let mut at = 0;
    for _ in 0..count {
        let invalid = || {
            Error::invalid(
                path,
                "ZIP directory",
                Some(offset + at as u64),
                "made of whole entries",
                "a broken one",
            )
        };
        let head = directory
            .get(at..at + 46)
            .filter(|head| head.starts_with(b"PK\x01\x02"))
            .ok_or_else(invalid)?;
        let lengths = [u16_at(head, 28), u16_at(head, 30), u16_at(head, 32)].map(usize::from);
        let variable = directory
            .get(at + 46..at + 46 + lengths[0] + lengths[1])
            .ok_or_else(invalid)?;
        let (name, extra) = variable.split_at(lengths[0]);
        let mut entry = Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            flags: u16_at(head, 8),
            method: u16_at(head, 10),
            crc: u32_at(head, 16),
            compressed: u64::from(u32_at(head, 20)),
            size: u64::from(u32_at(head, 24)),
            local: u64::from(u32_at(head, 42)),
        };
        entry.widen(extra);
        found.push(entry);
        at += 46 + lengths.iter().sum::<usize>();
    }
    Ok(found)
}

impl Entry {
    /// Takes the 64-bit numbers of the Zip64 field, which stand there in this order where the short ones are full.
    fn widen(&mut self, mut extra: &[u8]) {
        while let [a, b, c, d, rest @ ..] = extra {
            let (id, length) = (
                u16::from_le_bytes([*a, *b]),
                usize::from(u16::from_le_bytes([*c, *d])),
            );
            let Some(field) = rest.get(..length) else {
                return;
            };
            if id == 1 {
                let mut numbers = field.chunks_exact(8).map(|number| u64_at(number, 0));
                for value in [&mut self.size, &mut self.compressed, &mut self.local] {
                    if *value == 0xffff_ffff {
                        *value = numbers.next().unwrap_or(*value);
                    }
                }
                return;
            }
            extra = &rest[length..];
        }
    }

    /// Finds or inflates the bytes. Those of inflated entries are held against their checksum; stored ones are read
    /// later, part by part, and are not.
    pub(super) fn read(&self, source: &Source, limits: &Limits) -> Result<Contents> {
        let path = source.path();
        if self.flags & 1 != 0 {
            return Err(Error::unsupported(path, "ZIP entry", "with encryption"));
        }
        let local = source.read_vec("a local header", self.local, 30)?;
        if !local.starts_with(b"PK\x03\x04") {
            let found = local[..4].escape_ascii().to_string();
            return Err(Error::invalid(
                path,
                "local header",
                Some(self.local),
                "PK\\x03\\x04",
                found,
            ));
        }
        let offset =
            self.local + 30 + u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
        source.check_range("an entry of the archive", offset, self.compressed)?;
        match self.method {
            0 if self.compressed == self.size => Ok(Contents::Stored {
                offset,
                bytes: self.size,
            }),
            0 => Err(Error::invalid(
                path,
                "stored entry",
                Some(self.local),
                "as long as its array",
                self.compressed,
            )),
            8 => {
                limits.check_total_bytes(path, self.size)?;
                let codec = |problem| Error::Codec {
                    path: path.to_owned(),
                    frame: None,
                    offset,
                    codec: "deflate",
                    problem,
                };
                // No byte of deflate stands for more than 1032 bytes: nothing is allocated for a claim beyond.
                if self.size / 1033 > self.compressed {
                    let problem = CodecProblem::Short {
                        expected: self.size as usize,
                        found: 0,
                    };
                    return Err(codec(problem));
                }
                let compressed =
                    source.read_vec("an entry of the archive", offset, self.compressed)?;
                if let Some(needed) = array_bytes(path, &compressed, limits) {
                    if u128::from(self.size) > needed {
                        return Err(Error::invalid(
                            path,
                            "size of an entry",
                            Some(offset),
                            "that of its array",
                            format!("{} for {needed} bytes", self.size),
                        ));
                    }
                }
                let mut bytes = vec![0; self.size as usize];
                inflate_raw(&compressed, &mut bytes).map_err(codec)?;
                let mut crc = flate2::Crc::new();
                crc.update(&bytes);
                if crc.sum() != self.crc {
                    return Err(codec(CodecProblem::Checksum));
                }
                Ok(Contents::Inflated(bytes))
            }
            other => Err(Error::unsupported(path, "ZIP method", other)),
        }
    }
}

/// Bytes of the array whose header stands at the start of a compressed entry, header included: known before anything is
/// allocated for an entry that claims more. `None` if there is no header there.
fn array_bytes(path: &Path, compressed: &[u8], limits: &Limits) -> Option<u128> {
    let mut head = Vec::new();
    flate2::read::DeflateDecoder::new(compressed)
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .ok()?;
    let length = head.len() as u64;
    let source = Source::memory(path, head);
    let (header, data) = Header::read(&source, 0, length, limits).ok()?;
    let mut pixels = header.shape.iter().map(|length| u128::from(*length));
    let pixels = pixels.try_fold(1_u128, u128::checked_mul)?;
    pixels
        .checked_mul(header.pixel_type.bytes() as u128)?
        .checked_add(u128::from(data))
}
