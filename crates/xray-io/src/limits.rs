//! Caps on size and allocation, checked before any buffer is made.

use std::path::Path;

use crate::error::{Error, Result};

/// What a file may ask for, at most.
///
/// Every number of a header is held against these, and against the size of the file, before anything is allocated.
/// The defaults allow 1 GiB a frame, 64 GiB a sequence in memory, 2²⁴ frames and pages, and 64 MiB of metadata
/// beyond three times the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::struct_field_names,
    reason = "fields are named as their setters"
)]
pub struct Limits {
    max_frame_bytes: u64,
    max_total_bytes: u64,
    max_frames: u64,
    max_ifds: u64,
    max_metadata_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame_bytes: 1 << 30,
            max_total_bytes: 64 << 30,
            max_frames: 1 << 24,
            max_ifds: 1 << 24,
            max_metadata_bytes: 64 << 20,
        }
    }
}

impl Limits {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decoded bytes of one frame. Default 1 GiB.
    pub fn max_frame_bytes(mut self, bytes: u64) -> Self {
        self.max_frame_bytes = bytes;
        self
    }

    /// Decoded bytes of one array in memory. Default 64 GiB.
    pub fn max_total_bytes(mut self, bytes: u64) -> Self {
        self.max_total_bytes = bytes;
        self
    }

    /// Frames of one sequence. Default 2²⁴.
    pub fn max_frames(mut self, frames: u64) -> Self {
        self.max_frames = frames;
        self
    }

    /// Pages (TIFF image file directories) or the like of one file. Default 2²⁴.
    pub fn max_ifds(mut self, ifds: u64) -> Self {
        self.max_ifds = ifds;
        self
    }

    /// Bytes of headers, descriptions and indices in memory. Default 64 MiB.
    pub fn max_metadata_bytes(mut self, bytes: u64) -> Self {
        self.max_metadata_bytes = bytes;
        self
    }

    pub(crate) fn metadata_bytes(&self) -> u64 {
        self.max_metadata_bytes
    }

    fn check(path: &Path, limit: &'static str, claimed: u64, allowed: u64) -> Result<()> {
        if claimed <= allowed {
            return Ok(());
        }
        Err(Error::LimitExceeded {
            path: path.to_owned(),
            limit,
            claimed,
            allowed,
        })
    }

    pub(crate) fn check_total_bytes(&self, path: &Path, bytes: u64) -> Result<()> {
        Self::check(path, "max_total_bytes", bytes, self.max_total_bytes)
    }

    pub(crate) fn check_frames(&self, path: &Path, frames: u64) -> Result<()> {
        Self::check(path, "max_frames", frames, self.max_frames)
    }

    pub(crate) fn check_ifds(&self, path: &Path, ifds: u64) -> Result<()> {
        Self::check(path, "max_ifds", ifds, self.max_ifds)
    }

    pub(crate) fn check_metadata_bytes(&self, path: &Path, bytes: u64) -> Result<()> {
        Self::check(path, "max_metadata_bytes", bytes, self.max_metadata_bytes)
    }

    /// Bytes of one frame, checked: the product cannot overflow and fits the limit and this machine.
    pub(crate) fn frame_bytes(
        &self,
        path: &Path,
        rows: u64,
        columns: u64,
        pixel: u64,
    ) -> Result<usize> {
        let product = rows
            .checked_mul(columns)
            .and_then(|pixels| pixels.checked_mul(pixel));
        let claimed = product.unwrap_or(u64::MAX);
        Self::check(path, "max_frame_bytes", claimed, self.max_frame_bytes)?;
        Self::check(path, "max_frame_bytes", claimed, isize::MAX as u64)?;
        Ok(claimed as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_that_overflow_are_refused() {
        let limits = Limits::new().max_frame_bytes(u64::MAX);
        assert!(
            limits
                .frame_bytes(Path::new("x"), u64::MAX, u64::MAX, 8)
                .is_err()
        );
        assert!(
            limits.frame_bytes(Path::new("x"), 1 << 62, 1, 2).is_err(),
            "more than a slice can hold"
        );
        assert_eq!(
            limits.frame_bytes(Path::new("x"), 37, 52, 2).ok(),
            Some(37 * 52 * 2)
        );
    }
}
