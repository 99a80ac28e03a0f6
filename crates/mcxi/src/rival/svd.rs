//! Temporal principal components.

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView3};

use crate::eigen::symmetric;
use crate::error::{Error, Result};
use crate::sample::{Real, Sample};

/// The sequence as frames by pixels, in f64.
pub(crate) fn as_matrix<S: Sample>(frames: &ArrayView3<'_, S>) -> Result<Array2<f64>> {
    let (n_frames, n_rows, n_columns) = frames.dim();
    if frames.is_empty() {
        return Err(Error::EmptySequence {
            n_frames,
            n_rows,
            n_columns,
        });
    }
    let values = frames.iter().map(|v| v.real().as_f64()).collect();
    Array2::from_shape_vec((n_frames, n_rows * n_columns), values).map_err(|_| Error::Numerical {
        method: "frames as a matrix",
        reason: "their number of pixels changed",
    })
}

/// Back to frames, rows, columns.
pub(crate) fn as_frames<R: Real>(matrix: &Array2<f64>, shape: (usize, usize, usize)) -> Array3<R> {
    let values = matrix.iter().map(|v| R::of(*v)).collect();
    Array3::from_shape_vec(shape, values).unwrap_or_else(|_| Array3::from_elem(shape, R::NAN))
}

/// The part of a sequence in some of its temporal principal components, counted from the strongest (0).
///
/// $U_r U_r^\top A$ with the eigenvectors $U$ of the $T \times T$ matrix $A A^\top$; the mean is not removed, so component 0 is mostly the still image.
/// The Gram matrix squares the condition of the sequence: components below some $10^{-7}$ of the strongest are rounding. In f64.
///
/// # Performance
///
/// $O(T^2)$ a pixel and $O(T^3)$; memory is that of the sequence in f64, twice.
///
/// # Errors
///
/// [`Error::EmptySequence`]; [`Error::InvalidParameter`] for a range that is empty or ends beyond the number of frames; [`Error::Numerical`] if
/// a pixel is not finite.
pub fn svd_filter<S: Sample>(
    frames: &ArrayView3<'_, S>,
    components: Range<usize>,
) -> Result<Array3<S::Real>> {
    let n_frames = frames.dim().0;
    if components.start >= components.end || components.end > n_frames {
        let found = format!("{components:?} of {n_frames} frames");
        return Err(Error::parameter(
            "components",
            "within the number of frames",
            found,
        ));
    }
    let matrix = as_matrix(frames)?;
    let eigen = symmetric(&matrix.dot(&matrix.t()))?;
    let kept = eigen.vectors.slice(ndarray::s![.., components]);
    let projected = kept.dot(&kept.t().dot(&matrix));
    Ok(as_frames(&projected, frames.dim()))
}
