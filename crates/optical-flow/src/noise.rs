//! Noise and texture of a frame.

use ndarray::ArrayView2;

use crate::plane::Plane;

/// Fourth differences along both axes: blind to smooth images, of norm 70 for white noise.
const FOURTH: [f32; 5] = [1.0, -4.0, 6.0, -4.0, 1.0];

/// Standard deviation of white noise in a frame, by the median of its fourth differences along both axes.
///
/// $\hat\sigma = \operatorname{median}|D|/(0.6745 \cdot 70)$, in the units of the pixels. Texture of periods above about six pixels hardly
/// counts; rounding to integers counts as its $1/\sqrt{12}$. Zero for frames below 5 px. Pixels that are not finite are left out. $O(n)$.
///
/// # Examples
///
/// ```
/// let smooth = ndarray::Array2::from_shape_fn((40, 40), |(y, x)| (0.02 * (x * y) as f32).sin());
/// assert!(optical_flow::noise_level(&smooth.view()) < 0.01);
/// ```
pub fn noise_level(frame: &ArrayView2<'_, f32>) -> f64 {
    noise(&Plane::from_view(&frame.view()))
}

pub(crate) fn noise(plane: &Plane) -> f64 {
    let (rows, columns) = plane.dim();
    if rows < 5 || columns < 5 {
        return 0.0;
    }
    let mut values = Vec::with_capacity((rows - 4) * (columns - 4));
    let mut down = vec![0.0_f32; columns];
    for y in 0..rows - 4 {
        down.fill(0.0);
        for (k, w) in FOURTH.iter().enumerate() {
            for (out, value) in down.iter_mut().zip(plane.row(y + k)) {
                *out += w * value;
            }
        }
        for window in down.windows(5) {
            let d: f32 = window.iter().zip(FOURTH).map(|(a, w)| a * w).sum();
            if d.is_finite() {
                values.push(d.abs());
            }
        }
    }
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let median = *values.select_nth_unstable_by(middle, f32::total_cmp).1;
    f64::from(median) / (0.674_489_750_196_082 * 70.0)
}

/// Root mean square length of the gradient by central differences, the part that white noise of this deviation brings taken away.
pub(crate) fn texture_gradient(plane: &Plane, noise: f64) -> f64 {
    let (rows, columns) = plane.dim();
    let mut sum = 0.0;
    for y in 1..rows.saturating_sub(1) {
        let (above, here, below) = (plane.row(y - 1), plane.row(y), plane.row(y + 1));
        let mut part = 0.0_f32;
        for x in 1..columns - 1 {
            let (gx, gy) = (
                0.5 * (here[x + 1] - here[x - 1]),
                0.5 * (below[x] - above[x]),
            );
            part += gx * gx + gy * gy;
        }
        sum += f64::from(part);
    }
    let n = (rows.saturating_sub(2) * columns.saturating_sub(2)).max(1) as f64;
    // each component has half the variance of the noise
    (sum / n - noise * noise).max(0.0).sqrt()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values that are exact")]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn finds_white_noise_under_texture() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut normal = || (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
        let frame = Array2::from_shape_fn((128, 128), |(y, x)| {
            0.3 * (0.5 * x as f32 + 0.2 * y as f32).sin() + 0.05 * normal()
        });
        approx::assert_relative_eq!(noise_level(&frame.view()), 0.05, max_relative = 0.05);
        assert_eq!(noise_level(&Array2::zeros((128, 3)).view()), 0.0);
        assert_eq!(noise_level(&Array2::from_elem((9, 9), 4.0).view()), 0.0);
    }
}
