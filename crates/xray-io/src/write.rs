//! Writing sequences and fields.

mod flo;
#[cfg(feature = "hdf5")]
mod hdf5;
#[cfg(feature = "npy")]
mod npy;
#[cfg(feature = "tiff")]
mod tiff;
mod vti;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub use flo::{Flo, read_flo, write_flo};
#[cfg(feature = "hdf5")]
pub use hdf5::DataExchangeWriter;
#[cfg(feature = "npy")]
pub use npy::write_npy;
#[cfg(feature = "tiff")]
pub use tiff::{TiffCompression, TiffLayout, TiffWriter};
pub use vti::{Vti, read_vti, write_vti};

use crate::error::{Error, Result};
#[cfg(any(feature = "tiff", feature = "npy", feature = "hdf5"))]
use crate::reader::SequenceReader;

/// A file that is being written, with its path for errors.
struct Output<'a> {
    path: &'a Path,
    file: BufWriter<File>,
    written: u64,
}

impl<'a> Output<'a> {
    fn create(path: &'a Path) -> Result<Self> {
        let file = File::create(path).map_err(|source| Error::io(path, "create", source))?;
        Ok(Self {
            path,
            file: BufWriter::with_capacity(1 << 16, file),
            written: 0,
        })
    }

    /// As [`create`](Self::create), for frames that are read while they are written: their own file would be emptied.
    #[cfg(any(feature = "tiff", feature = "npy", feature = "hdf5"))]
    fn create_from(path: &'a Path, readers: &[&dyn SequenceReader]) -> Result<Self> {
        if let Ok(target) = path.canonicalize() {
            let is_read = |reader: &&dyn SequenceReader| {
                let source = reader.path().canonicalize();
                // A folder of frames is read from its files.
                source.is_ok_and(|source| target == source || target.parent() == Some(&source))
            };
            if readers.iter().any(is_read) {
                return Err(Error::InvalidParameter {
                    name: "path",
                    requirement: "another file than the one that is read",
                    found: path.display().to_string(),
                });
            }
        }
        Self::create(path)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|source| Error::io(self.path, "write", source))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Flushes; an error of the last bytes is not lost.
    fn finish(mut self) -> Result<File> {
        self.file
            .flush()
            .map_err(|source| Error::io(self.path, "write", source))?;
        self.file
            .into_inner()
            .map_err(|error| Error::io(self.path, "write", error.into_error()))
    }
}

/// Native bytes of pixels to little-endian ones.
#[cfg(any(feature = "tiff", feature = "npy", feature = "hdf5"))]
fn to_little_endian(bytes: &mut [u8], size: usize) {
    if cfg!(target_endian = "big") {
        crate::pixel::swap_bytes(bytes, size);
    }
}
