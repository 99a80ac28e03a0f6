//! What `hdf5-reader` reads from, and its errors as ours.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::error::Error as Refusal;
use hdf5_reader::storage::{Storage, StorageBuffer};
use hdf5_reader::{ExternalLinkResolver, Hdf5File};

use super::layouts::Layouts;
use crate::error::{Error, Result};
use crate::source::Source;

/// A source as the storage of `hdf5-reader`: nothing is allocated unless it is in the file.
pub(super) struct Store {
    pub(super) source: Arc<Source>,
    pub(super) layouts: Arc<Layouts>,
}

impl Storage for Store {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer, Refusal> {
        match self.source.read_vec("a structure", offset, len as u64) {
            Ok(mut bytes) => {
                self.layouts.pass(offset, &mut bytes);
                Ok(StorageBuffer::from_vec(bytes))
            }
            Err(Error::Truncated {
                offset,
                needed,
                available,
                ..
            }) => Err(Refusal::UnexpectedEof {
                offset,
                needed,
                available,
            }),
            Err(error) => Err(Refusal::Io(std::io::Error::other(error))),
        }
    }
}

/// The external links that were met. None is followed: a file that is opened opens no others.
#[derive(Default)]
pub(super) struct Links(Mutex<Option<String>>);

impl ExternalLinkResolver for Links {
    fn resolve_external_link(&self, filename: &str) -> Result<Option<Hdf5File>, Refusal> {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| crate::error::cut(filename, 60));
        Ok(None)
    }
}

impl Links {
    /// What was not found may stand behind a link that was met; then that is the error.
    pub(super) fn blame(&self, path: &Path, error: Error) -> Error {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*first, error) {
            (Some(name), Error::NoFrames { .. } | Error::NotFound { .. }) => {
                Error::unsupported(path, "an external link", format!("to {name:?}"))
            }
            (_, error) => error,
        }
    }
}

/// What `hdf5-reader` refuses, by the kind of fault.
pub(super) fn refused(path: &Path, refusal: &Refusal) -> Error {
    match refusal {
        Refusal::Context { source, .. } => refused(path, source),
        Refusal::UnexpectedEof {
            offset,
            needed,
            available,
        } => Error::Truncated {
            path: path.to_owned(),
            frame: None,
            what: "an HDF5 structure",
            offset: *offset,
            needed: *needed,
            available: *available,
        },
        Refusal::GroupNotFound(name) | Refusal::DatasetNotFound(name) => Error::NotFound {
            path: path.to_owned(),
            what: "data set",
            name: crate::error::cut(name, 80),
        },
        Refusal::UnsupportedLayoutClass(3) => {
            Error::unsupported(path, "a layout", "of a virtual data set")
        }
        Refusal::UnsupportedSuperblockVersion(_)
        | Refusal::UnsupportedObjectHeaderVersion(_)
        | Refusal::UnsupportedDatatypeClass(_)
        | Refusal::UnsupportedLayoutClass(_)
        | Refusal::UnsupportedLayoutVersion(_)
        | Refusal::UnsupportedLinkType(_)
        | Refusal::UnsupportedFilter(_)
        | Refusal::UnsupportedEncoding(_) => Error::unsupported(path, "HDF5:", refusal),
        _ => Error::invalid(path, "an HDF5 structure", None, "readable", refusal),
    }
}
