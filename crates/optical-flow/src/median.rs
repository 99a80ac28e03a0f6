//! Medians over small squares, many pixels side by side.

use crate::kernel::dispatch::{Kernel, dispatch};
use crate::parallel::bands;
use crate::plane::Plane;
use crate::smooth::pad_row;

/// Pixels that are sorted side by side.
const LANES: usize = 32;

type Lane = [f32; LANES];

/// Most values that are held at a time: half of 25, and two more.
const HELD: usize = 14;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
#[inline(always)]
fn exchange(held: &mut [Lane; HELD], low: usize, high: usize) {
    let (one, two) = (held[low], held[high]);
    for ((out, a), b) in held[low].iter_mut().zip(one).zip(two) {
        *out = if b < a { b } else { a };
    }
    for ((out, a), b) in held[high].iter_mut().zip(one).zip(two) {
        *out = if b < a { a } else { b };
    }
}

/// The smallest of the first `n` goes to the front, the largest to the end.
#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
#[inline(always)]
fn extremes(held: &mut [Lane; HELD], n: usize) {
    for k in 0..n / 2 {
        exchange(held, k, n - 1 - k);
    }
    for k in 1..n.div_ceil(2) {
        exchange(held, 0, k);
    }
    for k in n / 2..n - 1 {
        exchange(held, k, n - 1);
    }
}

/// Medians of a row. `rows` are padded rows around it, as many as the side of the square.
#[derive(Debug, Clone, Copy)]
struct MedianRow;

impl Kernel<(&mut [f32], &[Vec<f32>])> for MedianRow {
    #[expect(
        clippy::inline_always,
        reason = "a body takes the instruction set of its caller only if it is inlined"
    )]
    #[inline(always)]
    fn run((out, rows): (&mut [f32], &[Vec<f32>])) {
        let side = rows.len();
        let n = side * side;
        // forgetful selection: neither the least nor the largest of more than half of the values is the median
        let first = n / 2 + 2;
        for (start, out) in (0..).step_by(LANES).zip(out.chunks_mut(LANES)) {
            let mut held = [[0.0_f32; LANES]; HELD];
            let take = |k: usize| -> Lane {
                let mut lane = [0.0; LANES];
                let row = &rows[k / side][start + k % side..];
                let m = LANES.min(row.len());
                lane[..m].copy_from_slice(&row[..m]);
                lane
            };
            for (k, lane) in held.iter_mut().enumerate().take(first) {
                *lane = take(k);
            }
            let mut held_n = first;
            for next in first..n {
                extremes(&mut held, held_n);
                // the least is replaced by the next value, the largest is dropped
                held[0] = take(next);
                held_n -= 1;
            }
            extremes(&mut held, held_n);
            out.copy_from_slice(&held[1][..out.len()]);
        }
    }
}

/// The median over a square of side `2 radius + 1` around each pixel, the border repeated; radius 1 or 2.
pub(crate) fn median(plane: &Plane, radius: usize) -> Plane {
    let (rows, columns) = plane.dim();
    let radius = radius.clamp(1, 2);
    let side = 2 * radius + 1;
    let mut out = Plane::new(rows, columns);
    bands([out.data_mut()], columns, |first, [band]| {
        let mut around = vec![vec![0.0; columns + 2 * radius + LANES]; side];
        for (k, out) in band.chunks_exact_mut(columns).enumerate() {
            for (j, padded) in around.iter_mut().enumerate() {
                let y = (first + k + j).saturating_sub(radius).min(rows - 1);
                pad_row(padded, plane.row(y), radius);
            }
            dispatch(MedianRow, (out, &around[..]));
        }
    });
    out
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values that are exact")]
mod tests {
    use super::*;

    #[test]
    fn is_the_middle_of_the_sorted_values() {
        for (rows, columns, radius) in [(8, 8, 1), (11, 40, 2), (33, 70, 2), (9, 33, 1)] {
            let plane = Plane::from_fn(rows, columns, |(y, x)| {
                ((y * 7919 + x * 104_729 + y * x * 31) % 997) as f32
            });
            let found = median(&plane, radius);
            let r = radius as isize;
            for y in 0..rows {
                for x in 0..columns {
                    let mut values = Vec::new();
                    for dy in -r..=r {
                        for dx in -r..=r {
                            values.push(plane.clamped(y as isize + dy, x as isize + dx));
                        }
                    }
                    values.sort_by(f32::total_cmp);
                    assert_eq!(found.at(y, x), values[values.len() / 2], "{y} {x}");
                }
            }
        }
    }
}
