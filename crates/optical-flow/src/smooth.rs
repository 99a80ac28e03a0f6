//! Gaussian smoothing.

use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::{Combine, Convolve};
use crate::parallel::bands;
use crate::plane::Plane;

/// Weights of a sampled Gaussian, up to three standard deviations, of sum one.
pub(crate) fn gaussian_weights(sigma: f64) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil().max(1.0) as i64;
    let weights: Vec<f64> = (-radius..=radius)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| (w / sum) as f32).collect()
}

/// A row with its first and last pixel repeated.
pub(crate) fn pad_row(padded: &mut [f32], row: &[f32], pad: usize) {
    let n = row.len();
    padded[..pad].fill(row[0]);
    padded[pad..pad + n].copy_from_slice(row);
    padded[pad + n..pad + n + pad].fill(row[n - 1]);
}

/// Smooths along both axes with the same odd filter, the border repeated.
pub(crate) fn separable(image: &Plane, weights: &[f32]) -> Plane {
    let mut out = Plane::default();
    separable_into(image, weights, &mut out);
    out
}

fn separable_into(image: &Plane, weights: &[f32], out: &mut Plane) {
    let (rows, columns) = image.dim();
    let radius = weights.len() / 2;
    out.resize(rows, columns);
    bands([out.data_mut()], columns, |first, [band]| {
        let mut middle = vec![0.0; columns];
        let mut padded = vec![0.0; columns + 2 * radius];
        for (k, out) in band.chunks_exact_mut(columns).enumerate() {
            let around: Vec<&[f32]> = (0..weights.len())
                .map(|j| image.row((first + k + j).saturating_sub(radius).min(rows - 1)))
                .collect();
            dispatch(Combine, (&mut middle[..], &around[..], weights));
            pad_row(&mut padded, &middle, radius);
            dispatch(Convolve, (out, &padded[..], weights));
        }
    });
}

/// Smooths by a Gaussian; no change for a standard deviation of zero.
pub(crate) fn gaussian(image: &Plane, sigma: f64) -> Plane {
    let mut out = Plane::default();
    gaussian_into(image, sigma, &mut out);
    out
}

/// [`gaussian`] into a plane of the caller.
pub(crate) fn gaussian_into(image: &Plane, sigma: f64, out: &mut Plane) {
    if sigma > 0.0 {
        separable_into(image, &gaussian_weights(sigma), out);
    } else {
        out.copy_from(image);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_constants_and_moments() {
        let image = Plane::filled(40, 30, 2.5);
        for value in gaussian(&image, 1.5).data() {
            approx::assert_relative_eq!(*value, 2.5, max_relative = 1e-6);
        }
        let mut point = Plane::new(41, 41);
        point.row_mut(20)[20] = 1.0;
        let smooth = gaussian(&point, 2.0);
        let mut second = 0.0;
        for y in 0..41 {
            for x in 0..41 {
                second += f64::from(smooth.at(y, x)) * (x as f64 - 20.0).powi(2);
            }
        }
        // the cut at three deviations takes about 3 % of the variance
        approx::assert_relative_eq!(second, 4.0, max_relative = 0.04);
    }
}
