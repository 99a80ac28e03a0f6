//! Bytes at a position: a file read by position, or bytes in memory.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file, or its bytes in memory. Reading takes `&self`, so threads share it without a lock.
///
/// The file is read by position, not mapped: a mapped file that another program cuts short ends the process.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    length: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File(positioned::Positioned),
    Memory(Vec<u8>),
}

#[cfg(unix)]
mod positioned {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;

    #[derive(Debug)]
    pub(super) struct Positioned(File);

    impl Positioned {
        pub(super) fn new(file: File) -> Self {
            Self(file)
        }

        pub(super) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            self.0.read_exact_at(buffer, offset)
        }
    }
}

#[cfg(not(unix))]
mod positioned {
    use std::fs::File;
    use std::io::{self, Read, Seek, SeekFrom};
    use std::sync::{Mutex, PoisonError};

    #[derive(Debug)]
    pub(super) struct Positioned(Mutex<File>);

    impl Positioned {
        pub(super) fn new(file: File) -> Self {
            Self(Mutex::new(file))
        }

        pub(super) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(buffer)
        }
    }
}

/// Bytes of a page of memory, in the units of which the system keeps files.
pub(crate) const PAGE: usize = 4096;

/// Bytes of a detour: they stay in the cache between the two copies.
const PIECE: usize = 1 << 17;

/// Whether the system copies to this buffer slowly: some processors (measured on Zen 3) copy a string of bytes at a third to a
/// quarter of their speed if the target lies less than 64 bytes further on in its page than the source in its own. Large
/// buffers of common allocators start 16 bytes behind a page, so this is what a file without a header meets.
fn is_slow(buffer: &[u8], offset: u64) -> bool {
    let ahead = buffer.as_ptr().addr().wrapping_sub(offset as usize) % PAGE;
    cfg!(target_arch = "x86_64") && buffer.len() >= PIECE / 2 && matches!(ahead, 1..64)
}

/// From where on a buffer at `address` lies half a page off from the bytes at `offset` of a file; below [`PAGE`].
pub(crate) fn start_off(address: usize, offset: u64) -> usize {
    (offset as usize)
        .wrapping_add(PAGE / 2)
        .wrapping_sub(address)
        % PAGE
}

/// Fills the buffer by way of another one that lies better; twice the copies, and three times as fast.
fn read_by_detour(file: &positioned::Positioned, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    thread_local! {
        static PASSING: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    PASSING.with_borrow_mut(|passing| {
        passing.resize(PIECE + PAGE, 0);
        let start = start_off(passing.as_ptr().addr(), offset);
        let mut at = offset;
        for part in buffer.chunks_mut(PIECE) {
            let piece = &mut passing[start..start + part.len()];
            file.read_exact_at(piece, at)?;
            part.copy_from_slice(piece);
            at += part.len() as u64;
        }
        Ok(())
    })
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let cannot = |source| Error::io(path, "open", source);
        // Asked before it is opened: a pipe would wait for somebody to write.
        if !std::fs::metadata(path).map_err(cannot)?.is_file() {
            let what = "this kind of file";
            return Err(Error::unsupported(path, what, "a pipe, device or folder"));
        }
        let file = File::open(path).map_err(cannot)?;
        let status = file.metadata().map_err(cannot)?;
        Ok(Self {
            path: path.to_owned(),
            length: status.len(),
            kind: Kind::File(positioned::Positioned::new(file)),
        })
    }

    pub(crate) fn memory(path: &Path, bytes: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            length: bytes.len() as u64,
            kind: Kind::Memory(bytes),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the bytes are in memory: no file lies beside them then.
    pub(crate) fn is_memory(&self) -> bool {
        matches!(self.kind, Kind::Memory(_))
    }

    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// An error if `needed` bytes at `offset` are not all in the file.
    pub(crate) fn check_range(&self, what: &'static str, offset: u64, needed: u64) -> Result<()> {
        if offset
            .checked_add(needed)
            .is_some_and(|end| end <= self.length)
        {
            return Ok(());
        }
        Err(Error::Truncated {
            path: self.path.clone(),
            frame: None,
            what,
            offset,
            needed,
            available: self.length.saturating_sub(offset),
        })
    }

    /// Fills the buffer from `offset`.
    pub(crate) fn read_exact_at(
        &self,
        what: &'static str,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<()> {
        self.check_range(what, offset, buffer.len() as u64)?;
        match &self.kind {
            Kind::Memory(bytes) => {
                // In range, as checked above.
                let start = offset as usize;
                buffer.copy_from_slice(&bytes[start..start + buffer.len()]);
                Ok(())
            }
            Kind::File(file) => if is_slow(buffer, offset) {
                read_by_detour(file, buffer, offset)
            } else {
                file.read_exact_at(buffer, offset)
            }
            .map_err(|source| Error::io(&self.path, "read", source)),
        }
    }

    /// At most `length` bytes from `offset`, fewer at the end of the file.
    pub(crate) fn read_up_to(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let there = self.length.saturating_sub(offset).min(length as u64) as usize;
        let mut buffer = vec![0; there];
        self.read_exact_at("data", offset, &mut buffer)?;
        Ok(buffer)
    }

    /// `length` bytes from `offset`; nothing is allocated unless they are there.
    pub(crate) fn read_vec(&self, what: &'static str, offset: u64, length: u64) -> Result<Vec<u8>> {
        self.check_range(what, offset, length)?;
        let mut buffer = vec![0; length as usize];
        self.read_exact_at(what, offset, &mut buffer)?;
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alignment_gives_the_bytes_of_the_file() -> Result<()> {
        let bytes: Vec<u8> = (0..3 * PIECE + 77).map(|i| (i * 37 % 251) as u8).collect();
        let file = tempfile::NamedTempFile::new()
            .map_err(|error| Error::io(Path::new("x"), "create", error))?;
        std::fs::write(file.path(), &bytes)
            .map_err(|error| Error::io(file.path(), "write", error))?;
        let source = Source::open(file.path())?;
        let mut buffer = vec![0; bytes.len() + 2 * PAGE];
        let first = buffer.as_ptr().addr().wrapping_neg() % PAGE;
        let mut detours = 0;
        for (ahead, offset) in [
            (0, 0),
            (1, 0),
            (16, 0),
            (63, 0),
            (64, 0),
            (17, 9),
            (4095, 4090),
        ] {
            for length in [100, PIECE / 2, PIECE, 2 * PIECE + 1, bytes.len() - offset] {
                let part = &mut buffer[first + ahead..first + ahead + length];
                part.fill(0xaa);
                detours += usize::from(is_slow(part, offset as u64));
                source.read_exact_at("bytes", offset as u64, part)?;
                assert!(
                    *part == bytes[offset..offset + length],
                    "{ahead} {offset} {length}"
                );
            }
        }
        assert!(detours > 0 || !cfg!(target_arch = "x86_64"));
        Ok(())
    }
}
