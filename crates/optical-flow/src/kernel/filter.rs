//! Rows of filters.

use super::dispatch::{Kernel, dispatch};

/// Lanes of sums: a sum of a row has this many partial sums, whatever the instruction set.
const LANES: usize = 8;

/// `out = sum of weight * row` over rows of the same length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Combine;

impl Kernel<(&mut [f32], &[&[f32]], &[f32])> for Combine {
    #[inline(always)]
    fn run((out, rows, weights): (&mut [f32], &[&[f32]], &[f32])) {
        let n = out.len();
        out.fill(0.0);
        for (row, weight) in rows.iter().zip(weights) {
            let row = &row[..n];
            for x in 0..n {
                out[x] += weight * row[x];
            }
        }
    }
}

/// `out[x] = sum of weights[k] * padded[x + k]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Convolve;

impl Kernel<(&mut [f32], &[f32], &[f32])> for Convolve {
    #[inline(always)]
    fn run((out, padded, weights): (&mut [f32], &[f32], &[f32])) {
        let n = out.len();
        out.fill(0.0);
        for (k, weight) in weights.iter().enumerate() {
            let shifted = &padded[k..][..n];
            for x in 0..n {
                out[x] += weight * shifted[x];
            }
        }
    }
}

/// One step of a first-order recursion: `row += pole * other`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forward;

impl Kernel<(&mut [f32], &[f32], f32)> for Forward {
    #[inline(always)]
    fn run((row, other, pole): (&mut [f32], &[f32], f32)) {
        let n = row.len();
        let other = &other[..n];
        for x in 0..n {
            row[x] += pole * other[x];
        }
    }
}

/// One step back: `row = pole * (other - row)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backward;

impl Kernel<(&mut [f32], &[f32], f32)> for Backward {
    #[inline(always)]
    fn run((row, other, pole): (&mut [f32], &[f32], f32)) {
        let n = row.len();
        let other = &other[..n];
        for x in 0..n {
            row[x] = pole * (other[x] - row[x]);
        }
    }
}

/// The five-point derivative of rows, up and down: `(a2 - 8 a1 + 8 b1 - b2) / 12`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DerivativeDown;

impl Kernel<(&mut [f32], &[f32], &[f32], &[f32], &[f32])> for DerivativeDown {
    #[inline(always)]
    fn run((out, a2, a1, b1, b2): (&mut [f32], &[f32], &[f32], &[f32], &[f32])) {
        let n = out.len();
        let (a2, a1, b1, b2) = (&a2[..n], &a1[..n], &b1[..n], &b2[..n]);
        for x in 0..n {
            out[x] = (8.0 * (b1[x] - a1[x]) - (b2[x] - a2[x])) * (1.0 / 12.0);
        }
    }
}

/// The five-point derivative along a row that is padded by two pixels on each side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DerivativeAlong;

impl Kernel<(&mut [f32], &[f32])> for DerivativeAlong {
    #[inline(always)]
    fn run((out, padded): (&mut [f32], &[f32])) {
        let n = out.len();
        DerivativeDown::run((
            out,
            &padded[..n],
            &padded[1..][..n],
            &padded[3..][..n],
            &padded[4..][..n],
        ));
    }
}

/// The sum of squares, in a fixed order.
#[derive(Debug, Clone, Copy)]
struct SquaresBody;

impl Kernel<(&[f32], &mut f64)> for SquaresBody {
    #[inline(always)]
    fn run((values, sum): (&[f32], &mut f64)) {
        let mut lanes = [0.0_f32; LANES];
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for l in 0..LANES {
                lanes[l] += chunk[l] * chunk[l];
            }
        }
        let mut total: f64 = lanes.iter().map(|v| f64::from(*v)).sum();
        for value in rest {
            total += f64::from(value * value);
        }
        *sum = total;
    }
}

/// The sum of squares of a row.
pub(crate) fn squares(values: &[f32]) -> f64 {
    let mut sum = 0.0;
    dispatch(SquaresBody, (values, &mut sum));
    sum
}
