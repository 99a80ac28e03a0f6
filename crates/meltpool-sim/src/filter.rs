//! Gaussian filters and the exponential of the hot loops: single precision, portable bits.

use ndarray::Array2;

use crate::kernel::dispatch::{Job, dispatch};

/// $e^x$ in single precision by argument reduction and a polynomial; no branch, so that the compiler vectorizes it.
///
/// Largest relative error 2e-7 for arguments from -87 to 88, to which the argument is cut.
#[inline(always)]
pub(crate) fn exp_f32(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to a whole number
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = (x - whole * 0.693_359_4) + whole * 2.121_944_4e-4;
    let poly = 0.5
        + r * (0.166_666_66
            + r * (4.166_579_6e-2 + r * (8.333_452e-3 + r * (1.398_2e-3 + r * 1.987_569e-4))));
    let fraction = 1.0 + r + r * r * poly;
    let exponent = (shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127))
        << 23;
    fraction * f32::from_bits(exponent)
}

/// `keep` times `out` and `share` times $e^{-fx}$ of each value.
pub(crate) fn add_exp(out: &mut [f32], values: &[f32], keep: f32, share: f32, factor: f32) {
    dispatch(AddExp {
        out,
        values,
        keep,
        share,
        factor,
    });
}

struct AddExp<'a> {
    out: &'a mut [f32],
    values: &'a [f32],
    keep: f32,
    share: f32,
    factor: f32,
}

impl Job for AddExp<'_> {
    #[inline(always)]
    fn run(self) {
        for (out, x) in self.out.iter_mut().zip(self.values) {
            // nothing of what lay there, whatever it was, if nothing is kept
            let kept = if self.keep == 0.0 {
                0.0
            } else {
                self.keep * *out
            };
            *out = kept + self.share * exp_f32(-x * self.factor);
        }
    }
}

/// Weights of a Gaussian of this standard deviation, from 0 outwards, cut at four standard deviations.
pub(crate) fn gaussian_weights(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as usize;
    let half: Vec<f64> = (0..=radius)
        .map(|i| libm::exp(-0.5 * (i as f64 / sigma) * (i as f64 / sigma)))
        .collect();
    let sum = 2.0 * half.iter().sum::<f64>() - half[0];
    half.iter().map(|w| w / sum).collect()
}

/// How a filter continues the image beyond its border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Border {
    /// Mirrored at the outer edge of the last pixel (d c b a | a b c d).
    Reflect,
    /// Periodic.
    Wrap,
}

#[inline(always)]
fn outside(i: isize, n: usize, border: Border) -> usize {
    let n = n as isize;
    match border {
        Border::Wrap => i.rem_euclid(n) as usize,
        Border::Reflect => {
            let i = i.rem_euclid(2 * n);
            (if i < n { i } else { 2 * n - 1 - i }) as usize
        }
    }
}

/// Buffers of the filters, kept between frames.
#[derive(Debug, Default, Clone)]
pub(crate) struct Scratch {
    line: Vec<f32>,
    plane: Vec<f32>,
}

/// Filters a row-major image in place with the symmetric weights of each axis (down, across).
pub(crate) fn blur(
    image: &mut [f32],
    n_columns: usize,
    down: &[f32],
    across: &[f32],
    border: Border,
    scratch: &mut Scratch,
) {
    if down.len() > 1 {
        scratch.plane.clear();
        scratch.plane.extend_from_slice(image);
        let plane = std::mem::take(&mut scratch.plane);
        blur_from(&plane, image, n_columns, down, across, border, scratch);
        scratch.plane = plane;
    } else {
        let line = &mut scratch.line;
        dispatch(BlurAcross {
            image,
            n_columns,
            across,
            border,
            line,
        });
    }
}

/// Filters `source` into `image`, which has the same size.
pub(crate) fn blur_from(
    source: &[f32],
    image: &mut [f32],
    n_columns: usize,
    down: &[f32],
    across: &[f32],
    border: Border,
    scratch: &mut Scratch,
) {
    dispatch(BlurDown {
        source,
        image,
        n_columns,
        down,
        border,
    });
    let line = &mut scratch.line;
    dispatch(BlurAcross {
        image,
        n_columns,
        across,
        border,
        line,
    });
}

struct BlurDown<'a> {
    source: &'a [f32],
    image: &'a mut [f32],
    n_columns: usize,
    down: &'a [f32],
    border: Border,
}

impl Job for BlurDown<'_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            source,
            image,
            n_columns,
            down,
            border,
        } = self;
        let n_rows = source.len() / n_columns;
        let row = |i: isize| {
            let i = outside(i, n_rows, border);
            &source[i * n_columns..(i + 1) * n_columns]
        };
        for (y, out) in image.chunks_exact_mut(n_columns).enumerate() {
            for (out, x) in out.iter_mut().zip(row(y as isize)) {
                *out = down[0] * x;
            }
            for (k, w) in down.iter().enumerate().skip(1) {
                let (above, below) = (row(y as isize - k as isize), row(y as isize + k as isize));
                for ((out, a), b) in out.iter_mut().zip(above).zip(below) {
                    *out += w * (a + b);
                }
            }
        }
    }
}

struct BlurAcross<'a> {
    image: &'a mut [f32],
    n_columns: usize,
    across: &'a [f32],
    border: Border,
    line: &'a mut Vec<f32>,
}

impl Job for BlurAcross<'_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            image,
            n_columns,
            across,
            border,
            line,
        } = self;
        let radius = across.len() - 1;
        if radius == 0 {
            return;
        }
        line.resize(n_columns + 2 * radius, 0.0);
        for out in image.chunks_exact_mut(n_columns) {
            let line = &mut line[..];
            line[radius..radius + n_columns].copy_from_slice(out);
            for k in 1..=radius {
                line[radius - k] = out[outside(-(k as isize), n_columns, border)];
                line[radius + n_columns - 1 + k] =
                    out[outside((n_columns - 1 + k) as isize, n_columns, border)];
            }
            for (out, x) in out.iter_mut().zip(&line[radius..]) {
                *out = across[0] * x;
            }
            for (k, w) in across.iter().enumerate().skip(1) {
                let (left, right) = (&line[radius - k..], &line[radius + k..]);
                for ((out, a), b) in out.iter_mut().zip(left).zip(right) {
                    *out += w * (a + b);
                }
            }
        }
    }
}

/// The weights in single precision, or the identity for a width of 0.
pub(crate) fn weights_f32(sigma: f64) -> Vec<f32> {
    if sigma > 0.0 {
        gaussian_weights(sigma).iter().map(|w| *w as f32).collect()
    } else {
        vec![1.0]
    }
}

/// Filters and scales a field to zero mean and unit variance.
pub(crate) fn standardized(
    mut field: Array2<f32>,
    down: f64,
    across: f64,
    border: Border,
) -> Array2<f32> {
    let n_columns = field.ncols();
    if let Some(values) = field.as_slice_mut() {
        blur(
            values,
            n_columns,
            &weights_f32(down),
            &weights_f32(across),
            border,
            &mut Scratch::default(),
        );
    }
    let n = field.len().max(1) as f64;
    let mean = field.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    let variance = field
        .iter()
        .map(|x| (f64::from(*x) - mean) * (f64::from(*x) - mean))
        .sum::<f64>()
        / n;
    let scale = if variance > 0.0 {
        1.0 / variance.sqrt()
    } else {
        0.0
    };
    field.mapv_inplace(|x| ((f64::from(x) - mean) * scale) as f32);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_f32_is_within_two_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        for i in -87_000..88_000 {
            let x = (f64::from(i) * 1e-3) as f32;
            let exact = libm::exp(f64::from(x));
            worst = worst.max((f64::from(exp_f32(x)) / exact - 1.0).abs());
        }
        assert!(worst < 2e-7, "{worst}");
        assert_eq!(exp_f32(0.0).to_bits(), 1.0_f32.to_bits());
    }

    #[test]
    fn blur_agrees_with_the_direct_sum_and_keeps_the_total() {
        for border in [Border::Reflect, Border::Wrap] {
            let (rows, columns) = (7, 11);
            let field =
                Array2::from_shape_fn((rows, columns), |(y, x)| ((y * 31 + x * 17) % 23) as f32);
            let mut blurred = field.clone();
            let (down, across) = (weights_f32(0.8), weights_f32(1.3));
            if let Some(values) = blurred.as_slice_mut() {
                blur(
                    values,
                    columns,
                    &down,
                    &across,
                    border,
                    &mut Scratch::default(),
                );
            }
            let mut direct = Array2::<f64>::zeros((rows, columns));
            let radius = |w: &[f32]| w.len() as isize - 1;
            for ((y, x), out) in direct.indexed_iter_mut() {
                for j in -radius(&down)..=radius(&down) {
                    for i in -radius(&across)..=radius(&across) {
                        let source = field[(
                            outside(y as isize + j, rows, border),
                            outside(x as isize + i, columns, border),
                        )];
                        *out +=
                            f64::from(down[j.unsigned_abs()] * across[i.unsigned_abs()] * source);
                    }
                }
            }
            for (a, b) in blurred.iter().zip(&direct) {
                assert!((f64::from(*a) - b).abs() < 1e-5);
            }
            assert!((blurred.sum() - field.sum()).abs() < 1e-3);
        }
    }
}
