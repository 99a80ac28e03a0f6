//! Bytes at a position: a file read by position, or bytes in memory.

use std::fs::File;
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

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
        let status = file
            .metadata()
            .map_err(|source| Error::io(path, "open", source))?;
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
            Kind::File(file) => file
                .read_exact_at(buffer, offset)
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
