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
        let mut list = List::default();
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
                    list.clear();
                }
                list.read(&mut reader)?;
            }
            if flags & HAS_DATA != 0 {
                list.data(source, start + raw, next - raw, flags)?;
            }
            at = start + next;
        }
        Ok(Self {
            path: path.to_owned(),
            channels: list.channels,
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

/// The channels of the segments so far, and those whose data stand in the next one.
///
/// What a segment costs is bounded by its own length, not by the number of channels before it.
#[derive(Default)]
struct List {
    channels: Vec<(String, Channel)>,
    /// By the raw path: the number of the channel.
    known: BTreeMap<String, usize>,
    /// Of each channel, its last layout, and the list and place in which it stands.
    places: Vec<(Layout, usize, u64)>,
    /// In the order of the data; channels without values are left out.
    order: BTreeMap<u64, (usize, Layout)>,
    /// Number of this list.
    number: usize,
    next: u64,
}

impl List {
    fn clear(&mut self) {
        self.order.clear();
        self.number += 1;
    }

    /// Puts a channel at the end, or leaves it at its place.
    fn put(&mut self, channel: usize) {
        let Some((layout, list, place)) = self.places.get_mut(channel) else {
            return;
        };
        if *list != self.number {
            (*list, *place) = (self.number, self.next);
            self.next += 1;
        }
        if layout.n == 0 {
            self.order.remove(place);
        } else {
            self.order.insert(*place, (channel, *layout));
        }
    }

    fn take_out(&mut self, channel: usize) {
        let Some((_, list, place)) = self.places.get_mut(channel) else {
            return;
        };
        if *list == self.number {
            self.order.remove(place);
            *list = usize::MAX;
        }
    }

    /// The objects that a segment names: what is new about them.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        for _ in 0..reader.u32()? {
            let path = reader.text()?;
            let index = reader.u32()?;
            let channel = self.known.get(&path).copied();
            match (index, channel) {
                (u32::MAX, None) => {}
                (u32::MAX, Some(channel)) => self.take_out(channel),
                (0, Some(channel)) => self.put(channel),
                (0, None) => {
                    let found = cut(&path, 80);
                    return Err(Error::invalid(
                        reader.path,
                        "raw data index",
                        None,
                        "known before it is repeated",
                        found,
                    ));
                }
                (_, channel) => {
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
                    let layout = Layout { kind, n };
                    let channel = channel.unwrap_or(self.channels.len());
                    if channel == self.channels.len() {
                        self.channels.push((plain(&path), Channel::default()));
                        self.places.push((layout, usize::MAX, 0));
                        self.known.insert(path.clone(), channel);
                    }
                    self.places[channel].0 = layout;
                    self.put(channel);
                }
            }
            self.properties(reader, &path)?;
        }
        Ok(())
    }

    fn properties(&mut self, reader: &mut Reader<'_>, path: &str) -> Result<()> {
        // Groups have one part, the file none.
        let is_channel = path.matches("/'").count() == 2;
        let channel = self.known.get(path).filter(|_| is_channel).copied();
        for _ in 0..reader.u32()? {
            let name = reader.text()?;
            let (value, text) = reader.property()?;
            let Some((_, channel)) = channel.and_then(|number| self.channels.get_mut(number))
            else {
                continue;
            };
            match (name.as_str(), value, text) {
                ("wf_increment", Some(value), _) => channel.increment = Some(value),
                ("wf_start_offset", Some(value), _) => channel.start = value,
                ("unit_string", _, Some(text)) => channel.unit = text,
                _ => {}
            }
        }
        Ok(())
    }

    /// The data of a segment: chunks of all channels, as many as fit.
    fn data(&mut self, source: &Source, start: u64, bytes: u64, flags: u32) -> Result<()> {
        let path = source.path();
        if bytes == 0 {
            return Ok(());
        }
        // Number of the channel, type, bytes of a value, and values in a chunk.
        let mut parts = Vec::with_capacity(self.order.len());
        let mut chunk = 0_u64;
        for (channel, layout) in self.order.values() {
            let Some(size) = layout.size() else {
                return Err(Error::unsupported(path, "type of a channel", layout.kind));
            };
            chunk = chunk.saturating_add(size.saturating_mul(layout.n));
            parts.push((*channel, layout.kind, size as usize, layout.n as usize));
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
        let channels = &mut self.channels;
        let mut put = |channel: usize, kind: u32, value: &[u8]| {
            let mut word = [0; 8];
            let word = &mut word[..value.len()];
            word.copy_from_slice(value);
            if is_big {
                word.reverse();
            }
            let value = number(kind, word).unwrap_or(f64::NAN);
            channels[channel].1.values.push(value);
        };
        for i in 0..bytes / chunk {
            // One chunk at a time: it is in the file, so it can be in memory.
            let block = source.read_vec("raw data", start + i * chunk, chunk)?;
            if flags & INTERLEAVED != 0 {
                let row: usize = parts.iter().map(|part| part.2).sum();
                for row in block.chunks_exact(row) {
                    let mut rest = row;
                    for (channel, kind, size, _) in &parts {
                        let (value, after) = rest.split_at(*size);
                        put(*channel, *kind, value);
                        rest = after;
                    }
                }
            } else {
                let mut rest = &block[..];
                for (channel, kind, size, n) in &parts {
                    let (values, after) = rest.split_at(size * n);
                    for value in values.chunks_exact(*size) {
                        put(*channel, *kind, value);
                    }
                    rest = after;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_quotes() {
        assert_eq!(plain("/'daq'/'it''s'"), "/daq/it's");
    }

    /// A segment of channels of bytes, and its data.
    fn segment(flags: u32, objects: &[(&str, Option<u64>)], data: &[u8]) -> Vec<u8> {
        let mut metadata = (objects.len() as u32).to_le_bytes().to_vec();
        for (path, n) in objects {
            metadata.extend((path.len() as u32).to_le_bytes());
            metadata.extend(path.as_bytes());
            match n {
                Some(n) => {
                    for number in [20_u32, 5, 1] {
                        metadata.extend(number.to_le_bytes());
                    }
                    metadata.extend(n.to_le_bytes());
                }
                None => metadata.extend(u32::MAX.to_le_bytes()),
            }
            metadata.extend(0_u32.to_le_bytes());
        }
        let mut bytes = b"TDSm".to_vec();
        bytes.extend((flags | HAS_METADATA | HAS_DATA).to_le_bytes());
        bytes.extend(4713_u32.to_le_bytes());
        bytes.extend(((metadata.len() + data.len()) as u64).to_le_bytes());
        bytes.extend((metadata.len() as u64).to_le_bytes());
        bytes.extend(metadata);
        bytes.extend(data);
        bytes
    }

    #[test]
    fn the_list_of_a_segment_is_changed_by_the_next() -> Result<()> {
        let (a, b, c) = ("/'g'/'a'", "/'g'/'b'", "/'g'/'c'");
        let bytes = [
            segment(
                NEW_LIST,
                &[(a, Some(2)), (b, Some(1)), (c, Some(0))],
                &[1, 2, 3, 4, 5, 6],
            ),
            // The first is taken out and stands last when it comes back; the third now has a value.
            segment(0, &[(a, None), (c, Some(1))], &[7, 8]),
            segment(0, &[(a, Some(1))], &[9, 10, 11]),
            segment(INTERLEAVED, &[], &[12, 13, 14, 15, 16, 17]),
            segment(NEW_LIST, &[(b, Some(2))], &[18, 19]),
        ]
        .concat();
        let file = TdmsFile::open_bytes("x.tdms", bytes)?;
        let values = |name: &str| -> Result<Vec<f64>> { Ok(file.signal(name)?.values().to_vec()) };
        assert_eq!(values("/g/a")?, [1.0, 2.0, 4.0, 5.0, 11.0, 14.0, 17.0]);
        assert_eq!(
            values("/g/b")?,
            [3.0, 6.0, 7.0, 9.0, 12.0, 15.0, 18.0, 19.0]
        );
        assert_eq!(values("/g/c")?, [8.0, 10.0, 13.0, 16.0]);
        Ok(())
    }

    #[test]
    fn many_channels_and_segments_take_no_time() {
        let names: Vec<String> = (0..20_000).map(|i| format!("/'g'/'{i}'")).collect();
        let objects: Vec<(&str, Option<u64>)> =
            names.iter().map(|name| (name.as_str(), Some(0))).collect();
        let mut bytes = segment(NEW_LIST, &objects, &[]);
        for name in &names {
            bytes.extend(segment(0, &[(name, Some(1))], &[]));
            bytes.extend(segment(0, &[(name, None)], &[]));
        }
        // Quadratic work would take minutes here.
        let start = std::time::Instant::now();
        assert!(TdmsFile::open_bytes("x.tdms", bytes).is_ok());
        assert!(start.elapsed().as_secs() < 20);
    }
}
