//! The tags of an XML file whose data need not be text.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result, cut};

/// One tag: its name, its attributes, and where it stands.
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    pub(super) place: Range<usize>,
}

impl<'a> Tag<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.attributes.iter().find(|found| found.0 == name)?;
        Some(found.1)
    }
}

/// The next tag from `at`; comments and declarations are passed over.
pub(super) fn next_tag<'a>(path: &Path, bytes: &'a [u8], mut at: usize) -> Result<Option<Tag<'a>>> {
    let wrong = |at: usize, requirement: &'static str, found: &[u8]| {
        let found = cut(&String::from_utf8_lossy(found), 40);
        Error::invalid(path, "a tag", Some(at as u64), requirement, found)
    };
    let find = |from: usize, what: &[u8]| {
        bytes
            .get(from..)?
            .windows(what.len())
            .position(|window| window == what)
            .map(|found| from + found)
    };
    loop {
        let Some(start) = find(at, b"<") else {
            return Ok(None);
        };
        let rest = &bytes[start..];
        let (mark, end) = if rest.starts_with(b"<!--") {
            (true, &b"-->"[..])
        } else {
            (
                rest.starts_with(b"<?") || rest.starts_with(b"<!"),
                &b">"[..],
            )
        };
        let close =
            find(start, end).ok_or_else(|| wrong(start, "closed", &rest[..rest.len().min(40)]))?;
        at = close + end.len();
        if mark {
            continue;
        }
        let inside = &bytes[start + 1..close];
        let text = std::str::from_utf8(inside).map_err(|_| wrong(start, "text", inside))?;
        let (name, mut rest) = text
            .split_once(|c: char| c.is_ascii_whitespace())
            .unwrap_or((text, ""));
        let mut attributes = Vec::new();
        while let Some((name, after)) = rest.split_once('=') {
            let after = after.trim_start();
            let quote = after
                .chars()
                .next()
                .filter(|quote| matches!(quote, '"' | '\''));
            let value = quote.and_then(|quote| after[1..].split_once(quote));
            let Some((value, after)) = value else {
                return Err(wrong(start, "of attributes in quotes", inside));
            };
            attributes.push((name.trim(), value));
            rest = after;
        }
        return Ok(Some(Tag {
            name: name.trim_end_matches('/'),
            attributes,
            place: start..at,
        }));
    }
}
