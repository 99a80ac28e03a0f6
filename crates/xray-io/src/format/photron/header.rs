//! Keys and values of `.cih` and `.cihx`.

use std::path::{Path, PathBuf};

use roxmltree::{Document, Node, ParsingOptions};

use crate::error::{Error, Result, cut};
use crate::limits::Limits;
use crate::metadata::{Metadata, Origin};
use crate::source::Source;

/// What the same thing is called in each kind of header.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) width: &'static str,
    pub(super) height: &'static str,
    pub(super) bits: &'static str,
    pub(super) color: &'static str,
    pub(super) file_format: &'static str,
    pub(super) total_frames: &'static str,
    pub(super) start_frame: &'static str,
    pub(super) step: &'static str,
    pub(super) rate: &'static str,
    nanoseconds: &'static str,
    shutter: &'static str,
    pub(super) depth: &'static str,
    pub(super) side: &'static str,
    pub(super) camera: &'static str,
    pub(super) trigger_mode: &'static str,
}

const CIH: Keys = Keys {
    width: "Image Width",
    height: "Image Height",
    bits: "Color Bit",
    color: "Color Type",
    file_format: "File Format",
    total_frames: "Total Frame",
    start_frame: "Start Frame",
    step: "Save Step",
    rate: "Record Rate(fps)",
    nanoseconds: "Shutter Type2(nsec)",
    shutter: "Shutter Speed(s)",
    depth: "EffectiveBit Depth",
    side: "EffectiveBit Side",
    camera: "Camera Type",
    trigger_mode: "Trigger Mode",
};

const CIHX: Keys = Keys {
    width: "imageDataInfo/resolution/width",
    height: "imageDataInfo/resolution/height",
    bits: "imageDataInfo/colorInfo/bit",
    color: "imageDataInfo/colorInfo/type",
    file_format: "imageFileInfo/fileFormat",
    total_frames: "frameInfo/totalFrame",
    start_frame: "frameInfo/startFrame",
    step: "frameInfo/skipFrame",
    rate: "recordInfo/recordRate",
    nanoseconds: "recordInfo/shutterSpeedNsec",
    shutter: "recordInfo/shutterSpeed",
    depth: "imageDataInfo/effectiveBit/depth",
    side: "imageDataInfo/effectiveBit/side",
    camera: "deviceInfo/deviceName",
    trigger_mode: "recordInfo/triggerMode/pdcMode",
};

/// Longest value that is kept as a text.
const VALUE_LENGTH: usize = 200;

/// Elements of an XML header; those of cameras have some thousand.
const MAX_NODES: u32 = 1 << 16;

/// A header as keys and values in the order of the file.
#[derive(Debug)]
pub(super) struct Header {
    path: PathBuf,
    is_xml: bool,
    entries: Vec<(String, String)>,
}

impl Header {
    pub(super) fn read(source: &Source, limits: &Limits) -> Result<Self> {
        let path = source.path();
        // The text, its lossless copy, and the entries.
        limits.check_metadata_bytes(path, source.len().saturating_mul(3))?;
        let bytes = source.read_vec("the header", 0, source.len())?;
        let is_xml = bytes.get(256..260) == Some(b"CIHX")
            || bytes.starts_with(b"CIHX")
            || bytes.starts_with(b"!!! This file");
        let entries = if is_xml {
            xml_entries(path, xml_part(path, &bytes)?)?
        } else {
            text_entries(&String::from_utf8_lossy(&bytes))
        };
        Ok(Self {
            path: path.to_owned(),
            is_xml,
            entries,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn keys(&self) -> &'static Keys {
        if self.is_xml { &CIHX } else { &CIH }
    }

    /// The value of the first entry of this key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.entries
            .iter()
            .find(|entry| entry.0 == key)
            .map(|entry| entry.1.as_str())
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        key: &'static str,
        requirement: &'static str,
    ) -> Result<Option<T>> {
        match self.text(key) {
            None | Some("") => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| Error::invalid(&self.path, key, None, requirement, text)),
        }
    }

    pub(super) fn integer(&self, key: &'static str) -> Result<Option<i64>> {
        self.parsed(key, "an integer")
    }

    pub(super) fn number(&self, key: &'static str) -> Result<Option<f64>> {
        self.parsed(key, "a number")
    }

    /// A count that must be there.
    pub(super) fn positive(&self, key: &'static str) -> Result<u64> {
        let found = self.text(key).unwrap_or("nothing");
        self.parsed::<u64>(key, "a positive integer")?
            .filter(|value| *value > 0)
            .ok_or_else(|| Error::invalid(&self.path, key, None, "a positive integer", found))
    }

    pub(super) fn origin(&self, key: &str) -> Origin {
        Origin::File {
            path: self.path.display().to_string(),
            key: key.to_owned(),
            text: cut(self.text(key).unwrap_or_default(), 80),
        }
    }

    pub(super) fn derived(&self, keys: &[&str]) -> Origin {
        let values: Vec<String> = keys
            .iter()
            .map(|key| format!("{key}: {}", self.text(key).unwrap_or_default()))
            .collect();
        Origin::Derived {
            from: cut(&values.join(", "), 200),
        }
    }

    /// All entries as texts.
    pub(super) fn metadata(&self) -> Metadata {
        let mut metadata = Metadata::new();
        metadata.entries.clone_from(&self.entries);
        metadata
    }

    /// Exposure in seconds: nanoseconds where they are, else the shutter, which is a fraction of a second in `.cih` and
    /// its inverse in `.cihx`.
    pub(super) fn exposure(&self, metadata: &mut Metadata) -> Option<(f64, Origin)> {
        let keys = self.keys();
        let usable = |seconds: &f64| seconds.is_finite() && *seconds > 0.0;
        let nanoseconds = self
            .text(keys.nanoseconds)
            .and_then(|text| text.parse().ok())
            .map(|value: f64| value * 1e-9)
            .filter(usable);
        let shutter = self.text(keys.shutter).and_then(|text| {
            let value = match text.split_once('/') {
                Some((over, under)) => {
                    over.trim().parse::<f64>().ok()? / under.trim().parse::<f64>().ok()?
                }
                None => text.parse().ok()?,
            };
            Some(if self.is_xml { 1.0 / value } else { value })
        });
        let shutter = match (shutter.filter(usable), self.text(keys.shutter)) {
            (None, Some(text)) if !text.is_empty() => {
                metadata.note(keys.shutter, format!("{:?} is no exposure", cut(text, 80)));
                None
            }
            (seconds, _) => seconds,
        };
        match (nanoseconds, shutter) {
            (Some(exact), Some(coarse)) if (coarse / exact - 1.0).abs() > 0.01 => {
                let text = format!(
                    "{coarse:e} s; the {exact:e} s of {} are taken",
                    keys.nanoseconds
                );
                metadata.note(keys.shutter, text);
                Some((exact, self.origin(keys.nanoseconds)))
            }
            (Some(exact), _) => Some((exact, self.origin(keys.nanoseconds))),
            (None, Some(coarse)) => Some((coarse, self.origin(keys.shutter))),
            (None, None) => {
                metadata.note(keys.nanoseconds, "no exposure in the header");
                None
            }
        }
    }
}

/// Lines `key : value` up to the first empty one.
fn text_entries(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(|line| line.trim_end_matches(['\r', '\0']))
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" : ").or_else(|| line.split_once(':')))
        .map(|(key, value)| {
            (
                cut(key.trim(), VALUE_LENGTH),
                cut(value.trim(), VALUE_LENGTH),
            )
        })
        .collect()
}

/// The XML of a `.cihx` file: by the offset and length at byte 276 where they fit, else by its element.
fn xml_part<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [u8]> {
    let word = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(bytes.get(at..at + 8)?);
        usize::try_from(u64::from_le_bytes(word)).ok()
    };
    let by_offset = || {
        let (offset, length) = (word(276)?, word(284)?);
        let part = bytes.get(offset..offset.checked_add(length)?)?;
        let start = part.trim_ascii_start();
        (start.starts_with(b"<?xml") || start.starts_with(b"<cih")).then_some(part)
    };
    let by_element = || {
        let find = |what: &[u8]| bytes.windows(what.len()).position(|part| part == what);
        let (start, end) = (find(b"<cih>")?, find(b"</cih>")?);
        bytes.get(start..end + b"</cih>".len())
    };
    by_offset().or_else(by_element).ok_or_else(|| {
        let found = format!("{} bytes without <cih> ... </cih>", bytes.len());
        Error::invalid(path, "CIHX", Some(256), "followed by XML", found)
    })
}

fn xml_entries(path: &Path, xml: &[u8]) -> Result<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(xml);
    // No document type, so no entities beyond the five of XML.
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&text, options)
        .map_err(|error| Error::invalid(path, "CIHX", None, "well-formed XML", error))?;
    let mut entries = Vec::new();
    for node in document
        .root_element()
        .descendants()
        .filter(Node::is_element)
    {
        if node.children().any(|child| child.is_element()) {
            continue;
        }
        let mut names: Vec<&str> = node
            .ancestors()
            .take(16)
            .filter(|node| node.is_element() && node.parent_element().is_some())
            .map(|node| node.tag_name().name())
            .collect();
        names.reverse();
        let key = cut(&names.join("/"), VALUE_LENGTH);
        let value = cut(node.text().unwrap_or_default().trim(), VALUE_LENGTH);
        entries.push((key, value));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Header> {
        let source = Source::memory(Path::new("x.cih"), text.as_bytes().to_vec());
        Header::read(&source, &Limits::new())
    }

    #[test]
    fn values_keep_their_colons_and_the_first_empty_line_ends() -> Result<()> {
        let header = header(
            "#Camera Information Header\r\nTime : 00:11\r\nPartition Number: 1\r\nScene Name : \r\n\r\nTime : 1\r\n",
        )?;
        assert_eq!(header.text("Time"), Some("00:11"));
        assert_eq!(header.text("Partition Number"), Some("1"));
        assert_eq!(header.text("Scene Name"), Some(""));
        assert_eq!(header.entries.len(), 3);
        Ok(())
    }

    #[test]
    fn nanoseconds_go_before_the_shutter_and_a_shutter_is_a_fraction() -> Result<()> {
        let seconds = |text: &str| -> Result<Option<f64>> {
            Ok(header(text)?
                .exposure(&mut Metadata::new())
                .map(|exposure| exposure.0))
        };
        let close = |found: Option<f64>, expected: f64| {
            found.is_some_and(|found| (found / expected - 1.0).abs() < 1e-12)
        };
        assert!(close(
            seconds("Shutter Speed(s) : 1/800000\nShutter Type2(nsec) : 1250")?,
            1.25e-6
        ));
        assert!(close(seconds("Shutter Speed(s) : 1/50000")?, 2e-5));
        assert!(close(seconds("Shutter Speed(s) : 0.001")?, 1e-3));
        assert_eq!(seconds("Shutter Speed(s) : 1/0")?, None);
        assert_eq!(seconds("Shutter Speed(s) : x")?, None);
        Ok(())
    }
}
