//! Smoothing in space.

use ndarray::{Array2, ArrayRef2};

use crate::error::{Error, Result};
use crate::sample::Real;

/// An image under a Gaussian of this standard deviation in px, cut at four of them and mirrored at the edges (half-sample symmetric).
///
/// Smooth powers, not amplitudes, and state the width beside each contrast-to-noise ratio. A pixel that is not a number spoils those within
/// reach. A width of 0 gives the image itself. $O(\sigma)$ a pixel.
///
/// ```
/// use mcxi::gaussian;
/// use ndarray::Array2;
///
/// let mut image = Array2::<f32>::zeros((21, 21));
/// image[[10, 10]] = 1.0;
/// let smooth = gaussian(&image, 2.0)?;
/// assert!((smooth.sum() - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidParameter`] for a width that is not between 0 and 1000.
pub fn gaussian<R: Real>(image: &ArrayRef2<R>, sigma_px: f64) -> Result<Array2<R>> {
    if !(0.0..=1000.0).contains(&sigma_px) {
        return Err(Error::parameter("sigma_px", "between 0 and 1000", sigma_px));
    }
    let reach = (4.0 * sigma_px + 0.5) as usize;
    if reach == 0 || image.is_empty() {
        return Ok(image.to_owned());
    }
    let mut kernel: Vec<f64> = (0..=2 * reach)
        .map(|i| {
            let distance = (i as f64 - reach as f64) / sigma_px;
            libm::exp(-0.5 * distance * distance)
        })
        .collect();
    let sum: f64 = kernel.iter().sum();
    for weight in &mut kernel {
        *weight /= sum;
    }
    let (n_rows, n_columns) = image.dim();
    // rows first, then columns; whole rows are added up, so that neither pass strides
    let source: Vec<f64> = image.iter().map(|v| v.as_f64()).collect();
    let mut down = vec![0.0; source.len()];
    for (y, out) in down.chunks_exact_mut(n_columns).enumerate() {
        for (i, weight) in kernel.iter().enumerate() {
            let from = mirrored(y as isize + i as isize - reach as isize, n_rows);
            let row = &source[from * n_columns..][..n_columns];
            for (out, value) in out.iter_mut().zip(row) {
                *out += weight * value;
            }
        }
    }
    let mut padded = vec![0.0; n_columns + 2 * reach];
    let mut out = Vec::with_capacity(source.len());
    for row in down.chunks_exact(n_columns) {
        for (i, value) in padded.iter_mut().enumerate() {
            *value = row[mirrored(i as isize - reach as isize, n_columns)];
        }
        for window in padded.windows(kernel.len()) {
            let sum: f64 = window.iter().zip(&kernel).map(|(v, w)| v * w).sum();
            out.push(R::of(sum));
        }
    }
    Ok(crate::contrast::image_of((n_rows, n_columns), out))
}

/// Index of the mirrored image: … 1 0 | 0 1 … n-1 | n-1 n-2 …
fn mirrored(i: isize, n: usize) -> usize {
    let n = n as isize;
    let i = i.rem_euclid(2 * n);
    (if i < n { i } else { 2 * n - 1 - i }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_constants_and_mirrors_edges() -> Result<()> {
        let image = Array2::from_elem((5, 3), 2.5_f64);
        for value in gaussian(&image, 3.0)? {
            approx::assert_relative_eq!(value, 2.5, max_relative = 1e-14);
        }
        let order: Vec<usize> = (-4_isize..8).map(|i| mirrored(i, 3)).collect();
        assert_eq!(order, [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
        assert!(gaussian(&image, f64::NAN).is_err());
        Ok(())
    }
}
