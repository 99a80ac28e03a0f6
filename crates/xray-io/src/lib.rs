//! High-speed X-ray image sequences and the signals beside them.
//!
//! **This release holds the error type only.** The crate is planned to hold:
//!
//! - `ImageSequence` (frames × rows × columns), calibrated pixel size, frame rate, time axis and
//!   process metadata, as the vocabulary that the other image crates share;
//! - lazy readers that find the format by content (TIFF family, Photron, Phantom, HDF5 Data
//!   Exchange, NumPy, raw), each behind its own feature, and writers;
//! - flat and dark field corrections, hot pixels, regions of interest;
//! - signals beside the frames (absorptivity, photodiode) and their co-registration.
//!
//! It will not segment, filter in time or estimate flow: see `meltpool-morphology`, `mcxi` and
//! `optical-flow`.

mod error;

pub use error::{Error, Result};
