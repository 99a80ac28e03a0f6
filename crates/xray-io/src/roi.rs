//! Regions of interest.

use std::fmt;

use crate::error::{Error, Result};

/// A rectangle of pixels: rows count down from the top, columns to the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegionOfInterest {
    /// First row.
    pub row: usize,
    /// First column.
    pub column: usize,
    /// Number of rows.
    pub n_rows: usize,
    /// Number of columns.
    pub n_columns: usize,
}

impl RegionOfInterest {
    /// From the first row and column and the size.
    pub fn new(row: usize, column: usize, n_rows: usize, n_columns: usize) -> Self {
        Self {
            row,
            column,
            n_rows,
            n_columns,
        }
    }

    /// The region itself, if it is not empty and lies inside a frame of this size.
    ///
    /// # Errors
    ///
    /// [`Error::RegionOutside`] otherwise.
    pub fn check(self, n_rows: usize, n_columns: usize) -> Result<Self> {
        let inside = |first: usize, length: usize, of: usize| {
            length > 0 && first.checked_add(length).is_some_and(|end| end <= of)
        };
        if inside(self.row, self.n_rows, n_rows) && inside(self.column, self.n_columns, n_columns) {
            return Ok(self);
        }
        Err(Error::RegionOutside {
            region: self,
            n_rows,
            n_columns,
        })
    }

    /// Number of pixels.
    pub fn n_pixels(self) -> usize {
        self.n_rows * self.n_columns
    }

    /// Copies the region out of the bytes of a frame of `n_columns` columns.
    pub(crate) fn copy(
        self,
        frame: &[u8],
        n_columns: usize,
        pixel_bytes: usize,
        destination: &mut [u8],
    ) {
        let row_bytes = self.n_columns * pixel_bytes;
        for (r, row) in destination.chunks_exact_mut(row_bytes).enumerate() {
            let start = ((self.row + r) * n_columns + self.column) * pixel_bytes;
            row.copy_from_slice(&frame[start..start + row_bytes]);
        }
    }
}

impl fmt::Display for RegionOfInterest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            row,
            column,
            n_rows,
            n_columns,
        } = self;
        write!(f, "{n_rows}x{n_columns} at row {row}, column {column}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regions_inside_pass() {
        assert!(RegionOfInterest::new(0, 0, 4, 5).check(4, 5).is_ok());
        assert!(RegionOfInterest::new(1, 0, 4, 5).check(4, 5).is_err());
        assert!(RegionOfInterest::new(0, 0, 0, 5).check(4, 5).is_err());
        assert!(
            RegionOfInterest::new(usize::MAX, 0, 2, 5)
                .check(4, 5)
                .is_err()
        );
    }
}
