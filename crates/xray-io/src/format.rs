//! The formats: one file each, and the table by which they are found.
//!
//! To add one: a feature in `Cargo.toml`, `mod name;` behind it, a line in [`FORMATS`], and `name.rs` with
//! `pub(crate) fn open(source: &Arc<Source>, context: &mut Context<'_>) -> Result<Box<dyn SequenceReader>>` that
//!
//! 1. reads its header by `source.read_exact_at` and `read_vec`, which refuse what is not in the file before anything is
//!    allocated; companion files are opened beside `source.path()` by `Source::open`;
//! 2. holds sizes against `context.limits()`: `frame_bytes`, `check_frames`, `check_metadata_bytes`;
//! 3. reports a fault that leaves some frames whole by `context.fault(error)?`, and goes on with those: that is an error
//!    when strict, a note when lenient, a line of the report in salvage; any other fault is returned;
//! 4. fills [`Metadata`](crate::Metadata) with values, units and origins, and the time axis; what it mends or assumes
//!    becomes a note;
//! 5. returns [`raw::EvenFrames`] if frames of whole bytes lie at even distances, else a type of its own with
//!    `read_native_into`: check the frame and the length of the buffer, read, put into the byte order of this machine,
//!    and name the frame in errors by `Error::in_frame`.
//!
//! What the user knows better, salvage, `f32`, ranges on threads, windows and regions come by themselves.

#[cfg(feature = "avi")]
mod avi;
mod folder;
#[cfg(any(feature = "npy", feature = "mat"))]
mod fortran;
#[cfg(feature = "hdf5")]
mod hdf5;
#[cfg(feature = "mat")]
mod mat;
#[cfg(feature = "npy")]
pub(crate) mod npy;
#[cfg(feature = "phantom")]
mod phantom;
#[cfg(feature = "photron")]
mod photron;
#[cfg(feature = "png")]
mod png;
mod raw;
#[cfg(feature = "tiff")]
mod tiff;

use std::sync::Arc;

pub(crate) use folder::open_folder;
pub(crate) use raw::open_raw;
pub use raw::{ByteOrder, RawDescription};

use crate::error::{Error, Result};
use crate::opener::Context;
use crate::reader::SequenceReader;
use crate::source::Source;

/// Opens a file whose format is known.
pub(crate) type Open = fn(&Arc<Source>, &mut Context<'_>) -> Result<Box<dyn SequenceReader>>;

/// One line of the table of formats.
struct Format {
    name: &'static str,
    /// The feature that builds it.
    feature: &'static str,
    /// Endings of file names, lower case; asked only where no content is recognized.
    extensions: &'static [&'static str],
    /// Whether the first bytes of a file (at most [`HEAD`]) are of this format.
    recognizes: fn(&[u8]) -> bool,
    /// `None` where the feature is off.
    open: Option<Open>,
}

/// Bytes at the start of a file by which a format is recognized.
const HEAD: usize = 520;

/// The function, if its feature is on.
macro_rules! with_feature {
    ($feature:tt, $open:path) => {{
        #[cfg(feature = $feature)]
        {
            Some($open as Open)
        }
        #[cfg(not(feature = $feature))]
        {
            None
        }
    }};
}

/// A new format is one line here, one file in this folder, and one feature in `Cargo.toml`.
const FORMATS: &[Format] = &[
    Format {
        name: "TIFF",
        feature: "tiff",
        extensions: &["tif", "tiff", "btf", "tf8"],
        recognizes: |head| {
            matches!(
                head.get(..4),
                Some(b"II\x2a\0" | b"MM\0\x2a" | b"II\x2b\0" | b"MM\0\x2b")
            )
        },
        open: with_feature!("tiff", tiff::open),
    },
    Format {
        name: "NPY",
        feature: "npy",
        extensions: &["npy"],
        recognizes: |head| head.starts_with(b"\x93NUMPY"),
        open: with_feature!("npy", npy::open),
    },
    Format {
        name: "NPZ",
        feature: "npy",
        extensions: &["npz"],
        recognizes: |head| head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06"),
        open: with_feature!("npy", npy::open_npz),
    },
    Format {
        name: "PNG",
        feature: "png",
        extensions: &["png"],
        recognizes: |head| head.starts_with(b"\x89PNG\r\n\x1a\n"),
        open: with_feature!("png", png::open),
    },
    Format {
        name: "HDF5",
        feature: "hdf5",
        extensions: &["h5", "hdf5", "hdf", "nxs", "nx", "nexus"],
        // Behind a block of the user's, as in MAT 7.3, the signature stands at 512.
        recognizes: |head| {
            head.starts_with(b"\x89HDF\r\n\x1a\n")
                || head.get(512..520) == Some(b"\x89HDF\r\n\x1a\n")
        },
        open: with_feature!("hdf5", hdf5::open),
    },
    Format {
        name: "MAT",
        feature: "mat",
        extensions: &["mat"],
        // Version 5 has a mark; version 4 has none.
        recognizes: |head| {
            head.starts_with(b"MATLAB 5")
                || matches!(head.get(124..128), Some(b"\x00\x01IM" | b"\x01\x00MI"))
        },
        open: with_feature!("mat", mat::open),
    },
    Format {
        name: "AVI",
        feature: "avi",
        extensions: &["avi"],
        recognizes: |head| head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI "),
        open: with_feature!("avi", avi::open),
    },
    Format {
        name: "Photron",
        feature: "photron",
        extensions: &["cih", "cihx"],
        recognizes: |head| {
            head.starts_with(b"#Camera Information Header")
                || head.get(256..260) == Some(b"CIHX")
                || head.starts_with(b"!!! This file can not be edited. !!!")
                || head.starts_with(b"CIHX")
        },
        open: with_feature!("photron", photron::open),
    },
    Format {
        name: "Photron MRAW",
        feature: "photron",
        extensions: &["mraw"],
        recognizes: |_| false,
        open: with_feature!("photron", photron::open_pixels),
    },
    Format {
        name: "Phantom cine",
        feature: "phantom",
        extensions: &["cine"],
        // The length of the header follows the mark.
        recognizes: |head| head.starts_with(b"CI\x2c\0"),
        open: with_feature!("phantom", phantom::open),
    },
];

/// Finds the format by content, then by extension.
pub(crate) fn detect(source: &Source) -> Result<Open> {
    let head = source.read_up_to(0, HEAD)?;
    let extension = source
        .path()
        .extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase);
    let by_content = FORMATS.iter().find(|format| (format.recognizes)(&head));
    let found = by_content.or_else(|| {
        let extension = extension?;
        FORMATS
            .iter()
            .find(|format| format.extensions.contains(&extension.as_str()))
    });
    match found {
        Some(Format {
            open: Some(open), ..
        }) => Ok(*open),
        Some(format) => Err(Error::FeatureMissing {
            path: source.path().to_owned(),
            format: format.name,
            feature: format.feature,
        }),
        None => {
            let head = head[..head.len().min(16)].escape_ascii().to_string();
            Err(Error::UnknownFormat {
                path: source.path().to_owned(),
                head,
            })
        }
    }
}

/// Whether a file name ends as those of a format that is built.
fn is_known_extension(extension: &str) -> bool {
    FORMATS
        .iter()
        .any(|format| format.open.is_some() && format.extensions.contains(&extension))
}
