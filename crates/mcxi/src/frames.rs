//! Sequences in memory, as one slice of pixels a frame.

use ndarray::{ArrayView3, CowArray, Ix3};

use crate::error::{Error, Result};

/// What is done with pixels that are infinite or not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NonFinite {
    /// The results of that pixel, and of no other, are not a number.
    #[default]
    Propagate,
    /// An error names the first of them.
    Reject,
}

/// A sequence whose frames lie in memory pixel by pixel; a copy is made only where they do not.
#[derive(Debug)]
pub(crate) struct Frames<'a, S> {
    array: CowArray<'a, S, Ix3>,
}

impl<'a, S: Copy> Frames<'a, S> {
    pub(crate) fn new(view: &ArrayView3<'a, S>) -> Result<Self> {
        let (n_frames, n_rows, n_columns) = view.dim();
        if view.is_empty() {
            return Err(Error::EmptySequence {
                n_frames,
                n_rows,
                n_columns,
            });
        }
        let array = if view.is_standard_layout() {
            CowArray::from(*view)
        } else {
            let values: Vec<S> = view.iter().copied().collect();
            let owned = ndarray::Array3::from_shape_vec(view.raw_dim(), values);
            // the vector has as many values as the view
            CowArray::from(owned.map_err(|_| Error::Numerical {
                method: "copy of the frames",
                reason: "their number of pixels changed",
            })?)
        };
        Ok(Self { array })
    }

    pub(crate) fn shape(&self) -> (usize, usize) {
        let (_, n_rows, n_columns) = self.array.dim();
        (n_rows, n_columns)
    }

    pub(crate) fn slices(&self) -> Vec<&[S]> {
        let pixels = self.shape().0 * self.shape().1;
        self.array
            .as_slice()
            .map_or_else(Vec::new, |all| all.chunks_exact(pixels).collect())
    }
}
