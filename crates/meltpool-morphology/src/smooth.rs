//! Smoothing and sampling of images in single precision.

use ndarray::{Array2, ArrayView2};

/// Weights of a Gaussian cut at four standard deviations.
fn kernel(sigma: f64) -> Vec<f32> {
    let reach = (4.0 * sigma + 0.5) as usize;
    let weights: Vec<f64> = (0..=reach)
        .map(|i| {
            if sigma > 0.0 {
                libm::exp(-0.5 * (i as f64 / sigma) * (i as f64 / sigma))
            } else {
                1.0
            }
        })
        .collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    weights.iter().map(|w| (w / sum) as f32).collect()
}

/// Index of the mirrored image: … 1 0 | 0 1 … n-1 | n-1 …
pub(crate) fn mirrored(i: isize, n: usize) -> usize {
    let n = n as isize;
    let i = i.rem_euclid(2 * n);
    (if i < n { i } else { 2 * n - 1 - i }) as usize
}

/// The image under a Gaussian, mirrored at the edges; values that are not finite count as 0.
pub(crate) fn gaussian(image: &ArrayView2<f32>, sigma: f64) -> Array2<f32> {
    let (n_rows, n_columns) = image.dim();
    let weights = kernel(sigma);
    let reach = weights.len() - 1;
    if image.is_empty() {
        return Array2::zeros((n_rows, n_columns));
    }
    let clean = |value: f32| if value.is_finite() { value } else { 0.0 };
    let mut source: Vec<f32> = Vec::with_capacity(image.len());
    for row in image.rows() {
        source.extend(row.iter().map(|v| clean(*v)));
    }
    if reach == 0 {
        return Array2::from_shape_vec((n_rows, n_columns), source)
            .unwrap_or_else(|_| Array2::zeros((n_rows, n_columns)));
    }
    let mut out = Array2::zeros((n_rows, n_columns));
    let mut down = vec![0.0_f32; n_columns + 2 * reach];
    for (y, mut line) in out.rows_mut().into_iter().enumerate() {
        let middle = &mut down[reach..reach + n_columns];
        let row = |i: isize| &source[mirrored(i, n_rows) * n_columns..][..n_columns];
        for (out, value) in middle.iter_mut().zip(row(y as isize)) {
            *out = weights[0] * value;
        }
        for (k, weight) in weights.iter().enumerate().skip(1) {
            let (above, below) = (row(y as isize - k as isize), row(y as isize + k as isize));
            for ((out, a), b) in middle.iter_mut().zip(above).zip(below) {
                *out += weight * (a + b);
            }
        }
        for k in 0..reach {
            down[reach - 1 - k] = down[reach + mirrored(-1 - k as isize, n_columns)];
            down[reach + n_columns + k] =
                down[reach + mirrored((n_columns + k) as isize, n_columns)];
        }
        let Some(line) = line.as_slice_mut() else {
            continue;
        };
        for (out, value) in line.iter_mut().zip(&down[reach..]) {
            *out = weights[0] * value;
        }
        for (k, weight) in weights.iter().enumerate().skip(1) {
            let (left, right) = (&down[reach - k..], &down[reach + k..]);
            for ((out, a), b) in line.iter_mut().zip(left).zip(right) {
                *out += weight * (a + b);
            }
        }
    }
    out
}

/// The value between pixels by Catmull-Rom cubics; the border is continued.
pub(crate) fn sample(image: &ArrayView2<f32>, x: f64, y: f64) -> f64 {
    let (n_rows, n_columns) = image.dim();
    let weights = |t: f64| {
        [
            0.5 * t * (-1.0 + t * (2.0 - t)),
            0.5 * (2.0 + t * t * (3.0 * t - 5.0)),
            0.5 * t * (1.0 + t * (4.0 - 3.0 * t)),
            0.5 * t * t * (t - 1.0),
        ]
    };
    let (left, top) = (x.floor(), y.floor());
    let (wx, wy) = (weights(x - left), weights(y - top));
    let place = |first: f64, k: usize, n: usize| {
        (first as i64 + k as i64 - 1).clamp(0, n as i64 - 1) as usize
    };
    let mut sum = 0.0;
    for (j, wy) in wy.iter().enumerate() {
        let row = place(top, j, n_rows);
        let mut line = 0.0;
        for (i, wx) in wx.iter().enumerate() {
            line += wx * f64::from(image[(row, place(left, i, n_columns))]);
        }
        sum += wy * line;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn smoothing_is_the_direct_sum() {
        let image = Array2::from_shape_fn((7, 9), |(y, x)| ((3 * y + 5 * x) % 7) as f32);
        let sigma = 0.8;
        let smooth = gaussian(&image.view(), sigma);
        let w = |d: isize| (-0.5 * (d as f64 / sigma).powi(2)).exp();
        let total: f64 = (-3..=3).map(w).sum();
        for y in 0..7 {
            for x in 0..9 {
                let mut sum = 0.0;
                for i in -3..=3 {
                    for j in -3..=3 {
                        let at = (mirrored(y + i, 7), mirrored(x + j, 9));
                        sum += w(i) * w(j) * f64::from(image[at]);
                    }
                }
                let got = f64::from(smooth[(y as usize, x as usize)]);
                assert_relative_eq!(got, sum / total / total, epsilon = 1e-5);
            }
        }
    }

    #[test]
    fn samples_are_exact_on_pixels_and_planes() {
        let plane = Array2::from_shape_fn((8, 8), |(y, x)| 2.0 * y as f32 - x as f32);
        assert_relative_eq!(sample(&plane.view(), 3.0, 4.0), 5.0, epsilon = 1e-6);
        assert_relative_eq!(sample(&plane.view(), 3.3, 4.6), 9.2 - 3.3, epsilon = 1e-5);
    }

    #[test]
    fn tiny_images_survive() {
        assert_eq!(
            gaussian(&Array2::<f32>::ones((1, 2)).view(), 2.0).dim(),
            (1, 2)
        );
        assert_eq!(
            gaussian(&Array2::<f32>::ones((0, 2)).view(), 2.0).dim(),
            (0, 2)
        );
    }
}
