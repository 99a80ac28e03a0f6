//! Signals from TDMS files.
//!
//! "TDMS File Format Internal Structure", National Instruments: segments with what is new about their channels, then the
//! data of each channel, as often as they fit into the segment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Signal;
use crate::error::{Error, Result, cut};
use crate::limits::Limits;
use crate::source::Source;
use crate::time::TimeAxis;

/// Channels of a TDMS file, read as `f64`.
///
/// A channel has a time axis if it has the properties `wf_increment` (seconds between samples) and `wf_start_offset` (the
/// first one; 0 where it is missing), and its unit is `unit_string`.
///
/// # Examples
///
/// ```no_run
/// use xray_io::TdmsFile;
///
/// let file = TdmsFile::open("photodiode.tdms")?;
/// for name in file.names() {
///     println!("{name}");
/// }
/// let signal = file.signal("/daq/pd")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TdmsFile {
    path: PathBuf,
    /// Name as `/group/channel`, and what is known.
    channels: Vec<(String, Channel)>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Channel {
    values: Vec<f64>,
    unit: String,
    increment: Option<f64>,
    start: f64,
}

/// Type of the values of a channel, and their number in one chunk of a segment.
#[derive(Debug, Clone, Copy)]
struct Layout {
    kind: u32,
    n: u64,
}

impl Layout {
    /// Bytes of a value; `None` for texts and other types that are no numbers.
    fn size(self) -> Option<u64> {
        match self.kind {
            1 | 5 | 0x21 => Some(1),
            2 | 6 => Some(2),
            3 | 7 | 9 => Some(4),
            4 | 8 | 10 => Some(8),
            _ => None,
        }
    }
}

const HAS_METADATA: u32 = 1 << 1;
const NEW_LIST: u32 = 1 << 2;
const HAS_DATA: u32 = 1 << 3;
const INTERLEAVED: u32 = 1 << 5;
const BIG_ENDIAN: u32 = 1 << 6;
const DAQMX: u32 = 1 << 7;

/// Bytes of the lead-in of a segment.
const LEAD_IN: u64 = 28;

/// Numbers and texts of the metadata of a segment.
struct Reader<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    at: usize,
    /// Where the bytes start in the file.
    base: u64,
    is_big: bool,
}

impl Reader<'_> {
    fn take(&mut self, n: usize) -> Result<&[u8]> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(Error::Truncated {
                path: self.path.to_owned(),
                frame: None,
                what: "the metadata of a segment",
                offset: self.base + self.at as u64,
                needed: n as u64,
                available: (self.bytes.len() - self.at) as u64,
            });
        };
        let part = &self.bytes[self.at..end];
        self.at = end;
        Ok(part)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let is_big = self.is_big;
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        if is_big {
            array.reverse();
        }
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String> {
        let n = self.u32()? as usize;
        Ok(String::from_utf8_lossy(self.take(n)?).into_owned())
    }

    /// A property as a number or a text; others are passed over.
    fn property(&mut self) -> Result<(Option<f64>, Option<String>)> {
        let kind = self.u32()?;
        if kind == 0x20 {
            return Ok((None, Some(cut(&self.text()?, 200))));
        }
        let n = Layout { kind, n: 1 }.size().unwrap_or(match kind {
            0x44 | 0x000d_0010 => 16,
            0x0008_000c => 8,
            _ => u64::MAX,
        });
        if n > 16 {
            return Err(Error::unsupported(self.path, "type of a property", kind));
        }
        let mut bytes = self.take(n as usize)?.to_vec();
        if self.is_big {
            bytes.reverse();
        }
        Ok((number(kind, &bytes), None))
    }
}

/// A little-endian number of this type.
fn number(kind: u32, bytes: &[u8]) -> Option<f64> {
    fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
        bytes.try_into().ok()
    }
    Some(match kind {
        1 => f64::from(i8::from_le_bytes(array(bytes)?)),
        2 => f64::from(i16::from_le_bytes(array(bytes)?)),
        3 => f64::from(i32::from_le_bytes(array(bytes)?)),
        4 => i64::from_le_bytes(array(bytes)?) as f64,
        5 | 0x21 => f64::from(u8::from_le_bytes(array(bytes)?)),
        6 => f64::from(u16::from_le_bytes(array(bytes)?)),
        7 => f64::from(u32::from_le_bytes(array(bytes)?)),
        8 => u64::from_le_bytes(array(bytes)?) as f64,
        9 => f64::from(f32::from_le_bytes(array(bytes)?)),
        10 => f64::from_le_bytes(array(bytes)?),
        _ => return None,
    })
}

/// `/'group'/'channel'` without its quotes; a doubled quote is one.
fn plain(path: &str) -> String {
    let mut name = String::new();
    for part in path.split("/'").filter(|part| !part.is_empty()) {
        name.push('/');
        name.push_str(&part.strip_suffix('\'').unwrap_or(part).replace("''", "'"));
    }
    name
}

impl TdmsFile {
    /// Reads all channels of numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Truncated`] if a segment is not whole, [`Error::InvalidField`], [`Error::Unsupported`] for
    /// DAQmx raw data.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::read(&Source::open(path.as_ref())?)
    }

    /// As [`open`](Self::open), of the bytes of a file in memory; `name` stands in for its path.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        Self::read(&Source::memory(name.as_ref(), bytes))
    }

    fn read(source: &Source) -> Result<Self> {
        let path = source.path();
        let limits = Limits::new();
        let mut channels: Vec<(String, Channel)> = Vec::new();
        // By the raw path: the number of the channel, and its last layout.
        let mut known: BTreeMap<String, (usize, Layout)> = BTreeMap::new();
        let mut order: Vec<String> = Vec::new();
        let mut at = 0;
        while at < source.len() {
            let lead = source.read_vec("the lead-in of a segment", at, LEAD_IN)?;
            if !lead.starts_with(b"TDSm") {
                let found = lead[..4].escape_ascii().to_string();
                return Err(Error::invalid(
                    path,
                    "mark of a segment",
                    Some(at),
                    "TDSm",
                    found,
                ));
            }
            let mut reader = Reader {
                path,
                bytes: &lead,
                at: 4,
                base: at,
                is_big: false,
            };
            let flags = reader.u32()?;
            reader.is_big = flags & BIG_ENDIAN != 0;
            let _version = reader.u32()?;
            let (next, raw) = (reader.u64()?, reader.u64()?);
            if flags & DAQMX != 0 {
                return Err(Error::unsupported(path, "raw data", "of DAQmx"));
            }
            let start = at + LEAD_IN;
            // All bits set: the program that wrote it did not end it.
            source.check_range("a segment", start, next)?;
            if raw > next {
                return Err(Error::invalid(
                    path,
                    "offset of raw data",
                    Some(at + 20),
                    "inside the segment",
                    raw,
                ));
            }
            if flags & HAS_METADATA != 0 {
                limits.check_metadata_bytes(path, raw)?;
                let bytes = source.read_vec("the metadata of a segment", start, raw)?;
                let mut reader = Reader {
                    path,
                    bytes: &bytes,
                    at: 0,
                    base: start,
                    is_big: flags & BIG_ENDIAN != 0,
                };
                if flags & NEW_LIST != 0 {
                    order.clear();
                }
                objects(&mut reader, &mut channels, &mut known, &mut order)?;
            }
            if flags & HAS_DATA != 0 {
                let layouts: Vec<(usize, Layout)> = order
                    .iter()
                    .filter_map(|path| known.get(path).copied())
                    .collect();
                data(
                    source,
                    start + raw,
                    next - raw,
                    flags,
                    &layouts,
                    &mut channels,
                )?;
            }
            at = start + next;
        }
        Ok(Self {
            path: path.to_owned(),
            channels,
        })
    }

    /// Names of the channels, as `/group/channel`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|channel| channel.0.as_str())
    }

    /// A channel as a signal.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::InvalidParameter`] if its increment is not positive and finite.
    pub fn signal(&self, name: &str) -> Result<Signal> {
        let found = self.channels.iter().find(|channel| channel.0 == name);
        let (name, channel) = found.ok_or_else(|| Error::NotFound {
            path: self.path.clone(),
            what: "channel",
            name: cut(name, 80),
        })?;
        let signal = Signal::new(name.clone(), channel.unit.clone(), channel.values.clone());
        match channel.increment {
            Some(dt) => signal.with_time_axis(TimeAxis::uniform(channel.start, dt)?),
            None => Ok(signal),
        }
    }
}

/// The objects that a segment names: what is new about them, and their order.
fn objects(
    reader: &mut Reader<'_>,
    channels: &mut Vec<(String, Channel)>,
    known: &mut BTreeMap<String, (usize, Layout)>,
    order: &mut Vec<String>,
) -> Result<()> {
    for _ in 0..reader.u32()? {
        let path = reader.text()?;
        let index = reader.u32()?;
        // Groups have one part, the file none.
        let is_channel = path.matches("/'").count() == 2;
        match index {
            u32::MAX => order.retain(|other| *other != path),
            0 if known.contains_key(&path) => {
                if !order.contains(&path) {
                    order.push(path.clone());
                }
            }
            0 => {
                let found = cut(&path, 80);
                return Err(Error::invalid(
                    reader.path,
                    "raw data index",
                    None,
                    "known before it is repeated",
                    found,
                ));
            }
            _ => {
                let (kind, dimension, n) = (reader.u32()?, reader.u32()?, reader.u64()?);
                if dimension != 1 {
                    return Err(Error::unsupported(
                        reader.path,
                        "dimension of a channel",
                        dimension,
                    ));
                }
                if kind == 0x20 {
                    reader.u64()?;
                }
                let number = channels.len();
                let entry = known
                    .entry(path.clone())
                    .or_insert((number, Layout { kind, n }));
                entry.1 = Layout { kind, n };
                if entry.0 == channels.len() {
                    channels.push((plain(&path), Channel::default()));
                }
                if !order.contains(&path) {
                    order.push(path.clone());
                }
            }
        }
        for _ in 0..reader.u32()? {
            let name = reader.text()?;
            let (value, text) = reader.property()?;
            let Some((number, _)) = known.get(&path).filter(|_| is_channel) else {
                continue;
            };
            let Some((_, channel)) = channels.get_mut(*number) else {
                continue;
            };
            match (name.as_str(), value, text) {
                ("wf_increment", Some(value), _) => channel.increment = Some(value),
                ("wf_start_offset", Some(value), _) => channel.start = value,
                ("unit_string", _, Some(text)) => channel.unit = text,
                _ => {}
            }
        }
    }
    Ok(())
}

/// The data of a segment: chunks of all channels, as many as fit.
fn data(
    source: &Source,
    start: u64,
    bytes: u64,
    flags: u32,
    layouts: &[(usize, Layout)],
    channels: &mut [(String, Channel)],
) -> Result<()> {
    let path = source.path();
    let mut chunk = 0_u64;
    for (_, layout) in layouts {
        let Some(size) = layout.size() else {
            return Err(Error::unsupported(path, "type of a channel", layout.kind));
        };
        chunk = chunk.saturating_add(size.saturating_mul(layout.n));
    }
    if chunk == 0 {
        return Ok(());
    }
    if bytes % chunk != 0 {
        return Err(Error::invalid(
            path,
            "size of the raw data of a segment",
            Some(start),
            "whole chunks of all channels",
            format!("{bytes} bytes for chunks of {chunk}"),
        ));
    }
    let is_big = flags & BIG_ENDIAN != 0;
    let mut put = |number: usize, kind: u32, value: &[u8]| {
        let mut word = [0; 8];
        let word = &mut word[..value.len()];
        word.copy_from_slice(value);
        if is_big {
            word.reverse();
        }
        channels[number]
            .1
            .values
            .push(self::number(kind, word).unwrap_or(f64::NAN));
    };
    for n in 0..bytes / chunk {
        // One chunk at a time: it is in the file, so it can be in memory.
        let block = source.read_vec("raw data", start + n * chunk, chunk)?;
        if flags & INTERLEAVED != 0 {
            let row: usize = layouts
                .iter()
                .filter_map(|(_, layout)| layout.size())
                .sum::<u64>() as usize;
            for row in block.chunks_exact(row.max(1)) {
                let mut at = 0;
                for (number, layout) in layouts {
                    let size = layout.size().unwrap_or(0) as usize;
                    put(*number, layout.kind, &row[at..at + size]);
                    at += size;
                }
            }
        } else {
            let mut at = 0;
            for (number, layout) in layouts {
                let size = layout.size().unwrap_or(1) as usize;
                let end = at + size * layout.n as usize;
                for value in block[at..end].chunks_exact(size) {
                    put(*number, layout.kind, value);
                }
                at = end;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_quotes() {
        assert_eq!(plain("/'daq'/'it''s'"), "/daq/it's");
    }
}
