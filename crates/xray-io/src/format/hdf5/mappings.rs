//! The list of the mappings of a virtual data set.
//!
//! HDF5 File Format Specification, version 3.0, section III.E.1 ("Global heap block for virtual datasets"), version 0. Version
//! 1, which HDF5 2.0 writes, is read as its files have it: a byte of flags before each entry says which names stand elsewhere.

use hdf5_reader::checksum::jenkins_lookup3;
use hdf5_reader::global_heap::GlobalHeapCollection;

use super::Opened;
use super::layouts::HeapId;
use super::selection::{Bytes, Problem, Selection, parse};
use super::store::refused;
use crate::error::{Error, Result};

/// Says of what a mapping is, in the words of the errors.
pub(super) const MAPPED: &str = "mapping of a virtual data set";

/// A mapping as it is stored.
pub(super) struct Stored {
    pub(super) file: String,
    pub(super) dataset: String,
    pub(super) there: Selection,
    pub(super) here: Selection,
}

/// The list of the mappings.
pub(super) fn mappings(opened: &Opened, id: HeapId) -> Result<Vec<Stored>> {
    let path = opened.path();
    let superblock = opened.file.superblock();
    let (offset, length) = (superblock.offset_size, superblock.length_size);
    // All bits set: no list.
    if id.collection == u64::MAX >> (64 - 8 * u32::from(offset.clamp(1, 8))) {
        return Ok(Vec::new());
    }
    let at = Some(id.collection.saturating_add(superblock.base_address));
    let damaged = |found: &str| Error::invalid(path, MAPPED, at, "whole", found);
    let storage = opened.file.storage();
    let heap = GlobalHeapCollection::parse_at_storage(storage, id.collection, offset, length)
        .map_err(|refusal| refused(path, &refusal))?;
    let object = u16::try_from(id.index)
        .ok()
        .and_then(|index| heap.get_object(index))
        .ok_or_else(|| damaged("an object that is not in its heap"))?;
    let (content, sum) = object
        .data
        .split_last_chunk::<4>()
        .ok_or_else(|| damaged("nothing"))?;
    if jenkins_lookup3(content) != u32::from_le_bytes(*sum) {
        return Err(damaged("a checksum that does not fit"));
    }
    list(content, usize::from(length)).map_err(|problem| match problem {
        Problem::Damaged => damaged("one that ends too early or contradicts itself"),
        Problem::Unsupported(what) => Error::unsupported(path, MAPPED, what),
    })
}

/// The names of version 1 that stand elsewhere: that of an earlier file, an earlier array, and this file.
const FILE_SHARED: u64 = 1;
const DATASET_SHARED: u64 = 2;
const SAME_FILE: u64 = 4;

fn list(content: &[u8], length: usize) -> Result<Vec<Stored>, Problem> {
    let mut bytes = Bytes(content);
    let version = bytes.number(1)?;
    if version > 1 {
        return Err(Problem::Unsupported("of an unknown version"));
    }
    let n = bytes.number(length)?;
    let mut found: Vec<Stored> = Vec::new();
    for _ in 0..n {
        let flags = if version == 0 { 0 } else { bytes.number(1)? };
        if flags & !(FILE_SHARED | DATASET_SHARED | SAME_FILE) != 0 {
            return Err(Problem::Unsupported("with unknown flags"));
        }
        let earlier = |bytes: &mut Bytes<'_>| {
            let entry = usize::try_from(bytes.number(length)?).ok();
            entry.and_then(|i| found.get(i)).ok_or(Problem::Damaged)
        };
        let file = if flags & SAME_FILE != 0 {
            ".".to_owned()
        } else if flags & FILE_SHARED != 0 {
            earlier(&mut bytes)?.file.clone()
        } else {
            name(bytes.text()?)?
        };
        let dataset = if flags & DATASET_SHARED != 0 {
            earlier(&mut bytes)?.dataset.clone()
        } else {
            name(bytes.text()?)?
        };
        let (there, here) = (parse(&mut bytes)?, parse(&mut bytes)?);
        found.push(Stored {
            file,
            dataset,
            there,
            here,
        });
    }
    if bytes.0.is_empty() {
        Ok(found)
    } else {
        Err(Problem::Damaged)
    }
}

/// A name as it is meant: two signs of percent are one, and other things behind one are patterns.
fn name(text: &[u8]) -> Result<String, Problem> {
    let text =
        std::str::from_utf8(text).map_err(|_| Problem::Unsupported("named other than in UTF-8"))?;
    let plain = text.replace("%%", "");
    if plain.contains("%b") {
        return Err(Problem::Unsupported("named by a pattern"));
    }
    Ok(text.replace("%%", "%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_once_are_found_and_others_refused() -> Result<(), Problem> {
        let all = [3_u32, 1, 0, 0].map(u32::to_le_bytes).concat();
        let list_of = |entries: &[&[u8]]| {
            let mut bytes = vec![1];
            bytes.extend((entries.len() as u64).to_le_bytes());
            for entry in entries {
                bytes.extend([entry, &all[..], &all[..]].concat());
            }
            list(&bytes, 8)
        };
        let zero = [0; 8];
        let both = [
            &[FILE_SHARED as u8 | DATASET_SHARED as u8][..],
            &zero,
            &zero,
        ]
        .concat();
        let found = list_of(&[b"\0a%%.h5\0/data\0", &both, b"\x04/own\0"])?;
        let names: Vec<_> = found
            .iter()
            .map(|part| (&*part.file, &*part.dataset))
            .collect();
        assert_eq!(
            names,
            [("a%.h5", "/data"), ("a%.h5", "/data"), (".", "/own")]
        );
        assert_eq!(
            list_of(&[&both]).err(),
            Some(Problem::Damaged),
            "its own name"
        );
        let pattern = Problem::Unsupported("named by a pattern");
        assert_eq!(list_of(&[b"\0f_%b.h5\0/data\0"]).err(), Some(pattern));
        assert_eq!(
            list_of(&[b"\x08a.h5\0/data\0"]).err(),
            Some(Problem::Unsupported("with unknown flags"))
        );
        Ok(())
    }
}
