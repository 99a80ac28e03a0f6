//! Rows of filters.

use super::dispatch::{Kernel, dispatch};

/// Lanes of sums: a sum of a row has this many partial sums, whatever the instruction set.
const LANES: usize = 8;

/// Values of a sum that are kept in registers.
const BLOCK: usize = 32;

/// `out = sum of weight * row` over rows of the same length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Combine;

impl Kernel<(&mut [f32], &[&[f32]], &[f32])> for Combine {
    #[inline(always)]
    fn run((out, rows, weights): (&mut [f32], &[&[f32]], &[f32])) {
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let at = block * BLOCK;
            if let Ok(out) = <&mut [f32; BLOCK]>::try_from(&mut *out) {
                let mut sum = [0.0; BLOCK];
                for (row, weight) in rows.iter().zip(weights) {
                    let row = &row[at..][..BLOCK];
                    for x in 0..BLOCK {
                        sum[x] += weight * row[x];
                    }
                }
                *out = sum;
                continue;
            }
            for (x, out) in out.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (row, weight) in rows.iter().zip(weights) {
                    sum += weight * row[at + x];
                }
                *out = sum;
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
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let padded = &padded[block * BLOCK..];
            if let Ok(out) = <&mut [f32; BLOCK]>::try_from(&mut *out) {
                let mut sum = [0.0; BLOCK];
                for (k, weight) in weights.iter().enumerate() {
                    let shifted = &padded[k..][..BLOCK];
                    for x in 0..BLOCK {
                        sum[x] += weight * shifted[x];
                    }
                }
                *out = sum;
                continue;
            }
            for (x, out) in out.iter_mut().enumerate() {
                let mut sum = 0.0;
                for (k, weight) in weights.iter().enumerate() {
                    sum += weight * padded[x + k];
                }
                *out = sum;
            }
        }
    }
}

/// `out[x]` from a row padded by as many pixels on each side as there are weights after the first:
/// `weights[0] * padded[x + r] + sum of weights[k] * (padded[x + r - k] + padded[x + r + k])`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvolveEven;

impl Kernel<(&mut [f32], &[f32], &[f32])> for ConvolveEven {
    #[inline(always)]
    fn run((out, padded, weights): (&mut [f32], &[f32], &[f32])) {
        let r = weights.len() - 1;
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let padded = &padded[block * BLOCK..];
            if let Ok(out) = <&mut [f32; BLOCK]>::try_from(&mut *out) {
                let middle = &padded[r..][..BLOCK];
                let mut sum = [0.0; BLOCK];
                for x in 0..BLOCK {
                    sum[x] = weights[0] * middle[x];
                }
                for (k, weight) in weights.iter().enumerate().skip(1) {
                    let (left, right) = (&padded[r - k..][..BLOCK], &padded[r + k..][..BLOCK]);
                    for x in 0..BLOCK {
                        sum[x] += weight * (left[x] + right[x]);
                    }
                }
                *out = sum;
                continue;
            }
            for (x, out) in out.iter_mut().enumerate() {
                let mut sum = weights[0] * padded[x + r];
                for (k, weight) in weights.iter().enumerate().skip(1) {
                    sum += weight * (padded[x + r - k] + padded[x + r + k]);
                }
                *out = sum;
            }
        }
    }
}

/// `out = scale * row`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale;

impl Kernel<(&mut [f32], &[f32], f32)> for Scale {
    #[inline(always)]
    fn run((out, row, scale): (&mut [f32], &[f32], f32)) {
        let n = out.len();
        let row = &row[..n];
        for x in 0..n {
            out[x] = scale * row[x];
        }
    }
}

/// `out += weight * row`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Add;

impl Kernel<(&mut [f32], &[f32], f32)> for Add {
    #[inline(always)]
    fn run((out, row, weight): (&mut [f32], &[f32], f32)) {
        let n = out.len();
        let row = &row[..n];
        for x in 0..n {
            out[x] += weight * row[x];
        }
    }
}

/// One step of a first-order recursion: `out = scale * row + pole * before`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forward;

impl Kernel<(&mut [f32], &[f32], &[f32], [f32; 2])> for Forward {
    #[inline(always)]
    fn run((out, row, before, [scale, pole]): (&mut [f32], &[f32], &[f32], [f32; 2])) {
        let n = out.len();
        let (row, before) = (&row[..n], &before[..n]);
        for x in 0..n {
            out[x] = scale * row[x] + pole * before[x];
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

/// `out[x] = outer * (odd[x] + even[x + 1]) + inner * (even[x] + odd[x + 1])`: a row of half the length, from its even pixels and one more, and from
/// its odd pixels after one more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Halve;

impl Kernel<(&mut [f32], &[f32], &[f32], [f32; 2])> for Halve {
    #[inline(always)]
    fn run((out, even, odd, [outer, inner]): (&mut [f32], &[f32], &[f32], [f32; 2])) {
        let n = out.len();
        let (even, even_next) = (&even[..n], &even[1..][..n]);
        let (odd_before, odd) = (&odd[..n], &odd[1..][..n]);
        for x in 0..n {
            out[x] = outer * (odd_before[x] + even_next[x]) + inner * (even[x] + odd[x]);
        }
    }
}

/// A row of twice the length, linear between the middles of cells: three quarters of the own cell and a quarter of the next one. The cells have
/// one more on each side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Double;

impl Kernel<(&mut [f32], &[f32])> for Double {
    #[inline(always)]
    fn run((out, cells): (&mut [f32], &[f32])) {
        let n = out.len() / 2;
        let (left, here, right) = (&cells[..n], &cells[1..][..n], &cells[2..][..n]);
        for (x, pair) in out.chunks_exact_mut(2).enumerate().take(n) {
            pair[0] = 0.75 * here[x] + 0.25 * left[x];
            pair[1] = 0.75 * here[x] + 0.25 * right[x];
        }
        if out.len() % 2 == 1 {
            out[2 * n] = 0.75 * cells[n + 1] + 0.25 * cells[n];
        }
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
