//! Layouts of virtual data sets, which `hdf5-reader` refuses together with the object header that holds them.
//!
//! While that crate reads an object header through our storage, a layout message of the class "virtual" is noted and
//! handed on as one of compact data of no bytes, with a checksum that fits: groups, links, types, shapes and attributes are
//! read as ever, and an attempt to read data through that crate is its error about a wrong number of bytes. Only headers
//! whose own checksum fits are changed.
//!
//! HDF5 File Format Specification, version 3.0, sections IV.A.1 (object headers), IV.A.2.i (data layout, class 3) and
//! IV.A.2.q (continuation).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hdf5_reader::checksum::jenkins_lookup3;
use hdf5_reader::superblock::Superblock;

const LAYOUT: u16 = 0x08;
const CONTINUATION: u16 = 0x10;
const VIRTUAL: u8 = 3;
const COMPACT: u8 = 0;

/// Where the list of the parts of a virtual data set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeapId {
    /// Address of the collection of the global heap, from the base of the file.
    pub(super) collection: u64,
    pub(super) index: u32,
}

/// The virtual layouts of a file, noted while its object headers are read.
#[derive(Debug, Default)]
pub(super) struct Layouts(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// Bytes of an address and of a length, and the base of the file; before they are known no header is looked at.
    sizes: Option<(usize, usize, u64)>,
    /// Where a header of version 1 was begun to be read.
    begun: Option<u64>,
    /// Continuation blocks by their position: length, and the header they belong to.
    blocks: BTreeMap<u64, (u64, Header)>,
    /// Lists of parts by the position of the header.
    found: BTreeMap<u64, HeapId>,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    position: u64,
    version: u8,
    /// Bytes of the head of a message.
    envelope: usize,
}

/// The unsigned number of a few little-endian bytes at `at`.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    let value = bytes.iter().rev();
    Some(value.fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

impl Layouts {
    /// Says what the superblock says; headers that are read from now on are looked at.
    pub(super) fn begin(&self, superblock: &Superblock) {
        let size = |bytes: u8| usize::from(bytes.clamp(1, 8));
        self.noted().sizes = Some((
            size(superblock.offset_size),
            size(superblock.length_size),
            superblock.base_address,
        ));
    }

    /// The list of parts of the data set whose object header stands at this address, if it is a virtual one.
    pub(super) fn virtual_at(&self, address: u64) -> Option<HeapId> {
        let noted = self.noted();
        let (_, _, base) = noted.sizes?;
        noted.found.get(&address.checked_add(base)?).copied()
    }

    /// Looks at bytes that were read; those of an object header with a virtual layout are changed.
    pub(super) fn pass(&self, offset: u64, bytes: &mut [u8]) {
        let mut noted = self.noted();
        if noted.sizes.is_some() {
            noted.pass(offset, bytes);
        }
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn pass(&mut self, offset: u64, bytes: &mut [u8]) {
        let begun = self.begun.take();
        let block = self.blocks.get(&offset).copied();
        if let Some((_, header)) = block.filter(|(length, _)| *length == bytes.len() as u64) {
            if header.version == 1 {
                self.messages(bytes, 0, header);
            } else if bytes.starts_with(b"OCHK") {
                self.checked(bytes, 4, header);
            }
        } else if bytes.starts_with(b"OHDR") {
            self.second(offset, bytes);
        } else if bytes.starts_with(&[1, 0]) {
            // Version 1 has no mark: its 16 bytes are read, then the same with the messages behind them.
            if bytes.len() == 16 {
                self.begun = Some(offset);
            } else if begun == Some(offset)
                && number(bytes, 8, 4).is_some_and(|size| size + 16 == bytes.len() as u64)
            {
                let header = Header {
                    position: offset,
                    version: 1,
                    envelope: 8,
                };
                self.messages(bytes, 16, header);
            }
        }
    }

    /// The first block of a header of version 2, if all of it was read.
    fn second(&mut self, offset: u64, bytes: &mut [u8]) {
        let [_, _, _, _, 2, flags, ..] = *bytes else {
            return;
        };
        let width = 1 << (flags & 3);
        let times = if flags & 0x20 == 0 { 0 } else { 16 };
        let phases = if flags & 0x10 == 0 { 0 } else { 4 };
        let at = 6 + times + phases;
        let start = at + width;
        let size = number(bytes, at, width).and_then(|size| size.checked_add(start as u64 + 4));
        if size == Some(bytes.len() as u64) {
            let header = Header {
                position: offset,
                version: 2,
                envelope: if flags & 4 == 0 { 4 } else { 6 },
            };
            self.checked(bytes, start, header);
        }
    }

    /// Messages with their checksum behind them.
    fn checked(&mut self, bytes: &mut [u8], start: usize, header: Header) {
        let Some((content, sum)) = bytes.split_last_chunk_mut::<4>() else {
            return;
        };
        if start <= content.len()
            && jenkins_lookup3(content) == u32::from_le_bytes(*sum)
            && self.messages(content, start, header)
        {
            *sum = jenkins_lookup3(content).to_le_bytes();
        }
    }

    /// Goes through the messages; whether one was changed.
    fn messages(&mut self, bytes: &mut [u8], start: usize, header: Header) -> bool {
        let Some((address, length, base)) = self.sizes else {
            return false;
        };
        let mut changed = false;
        let mut at = start;
        loop {
            let (kind, size) = if header.version == 1 {
                (number(bytes, at, 2), number(bytes, at + 2, 2))
            } else {
                (number(bytes, at, 1), number(bytes, at + 1, 2))
            };
            let (Some(kind), Some(size)) = (kind, size) else {
                return changed;
            };
            let from = at + header.envelope;
            at = from + size as usize;
            let Some(body) = bytes.get_mut(from..at) else {
                return changed;
            };
            if kind == u64::from(CONTINUATION) {
                if let (Some(block), Some(length)) =
                    (number(body, 0, address), number(body, address, length))
                {
                    self.blocks
                        .insert(block.saturating_add(base), (length, header));
                }
            } else if kind == u64::from(LAYOUT) && matches!(body, [4 | 5, VIRTUAL, ..]) {
                if let (Some(collection), Some(index)) =
                    (number(body, 2, address), number(body, 2 + address, 4))
                {
                    let id = HeapId {
                        collection,
                        index: index as u32,
                    };
                    self.found.insert(header.position, id);
                    body[1] = COMPACT;
                    body[2..4].fill(0);
                    changed = true;
                }
            }
        }
    }
}
