//! Cell-centered pyramids: a coarse pixel covers two by two fine ones.

use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::Combine;
use crate::parallel::bands;
use crate::plane::Plane;

/// The binomial filter of even length, centered between two pixels.
const WEIGHTS: [f32; 4] = [0.125, 0.375, 0.375, 0.125];

/// Half the size, rounded up: the filter 1 3 3 1 along both axes, the border repeated.
pub(crate) fn reduce(fine: &Plane) -> Plane {
    let (rows, columns) = fine.dim();
    let (rows_c, columns_c) = (rows.div_ceil(2), columns.div_ceil(2));
    let mut coarse = Plane::new(rows_c, columns_c);
    bands([coarse.data_mut()], columns_c, |first, [band]| {
        let mut middle = vec![0.0; columns];
        for (k, out) in band.chunks_exact_mut(columns_c).enumerate() {
            let at = |j: usize| fine.row((2 * (first + k) + j).saturating_sub(1).min(rows - 1));
            dispatch(
                Combine,
                (
                    &mut middle[..],
                    &[at(0), at(1), at(2), at(3)][..],
                    &WEIGHTS[..],
                ),
            );
            let n = columns;
            let edge = |x: usize| {
                let at = |j: usize| middle[(2 * x + j).saturating_sub(1).min(n - 1)];
                WEIGHTS[0] * (at(0) + at(3)) + WEIGHTS[1] * (at(1) + at(2))
            };
            out[0] = edge(0);
            for (x, w) in middle[1..].windows(4).step_by(2).enumerate() {
                out[x + 1] = WEIGHTS[0] * (w[0] + w[3]) + WEIGHTS[1] * (w[1] + w[2]);
            }
            let inner = (n.saturating_sub(3)) / 2 + 1;
            let inner = inner.max(1);
            for (k, out) in out.iter_mut().skip(inner).enumerate() {
                *out = edge(inner + k);
            }
        }
    });
    coarse
}

/// A coarse plane on the fine grid, bilinear between cell centers, times a factor.
pub(crate) fn expand(coarse: &Plane, rows: usize, columns: usize, factor: f32) -> Plane {
    let mut fine = Plane::new(rows, columns);
    let (rows_c, columns_c) = coarse.dim();
    bands([fine.data_mut()], columns, |first, [band]| {
        let mut middle = vec![0.0; columns_c];
        for (k, out) in band.chunks_exact_mut(columns).enumerate() {
            let y = first + k;
            let near = coarse.row((y / 2).min(rows_c - 1));
            let far = coarse.row(neighbor(y, rows_c));
            dispatch(
                Combine,
                (
                    &mut middle[..],
                    &[near, far][..],
                    &[0.75 * factor, 0.25 * factor][..],
                ),
            );
            for (x, out) in out.iter_mut().enumerate() {
                *out = 0.75 * middle[x / 2] + 0.25 * middle[neighbor(x, columns_c)];
            }
        }
    });
    fine
}

/// The second nearest coarse cell of a fine one.
fn neighbor(fine: usize, n: usize) -> usize {
    if fine % 2 == 0 {
        (fine / 2).saturating_sub(1)
    } else {
        (fine / 2 + 1).min(n - 1)
    }
}

/// How many levels leave the shorter side at least so long.
pub(crate) fn depth(rows: usize, columns: usize, least: usize) -> usize {
    let mut side = rows.min(columns);
    let mut n = 1;
    while side.div_ceil(2) >= least && side > 1 {
        side = side.div_ceil(2);
        n += 1;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filter written out, cell by cell.
    fn direct(fine: &Plane) -> Plane {
        let (rows, columns) = fine.dim();
        Plane::from_fn(rows.div_ceil(2), columns.div_ceil(2), |(y, x)| {
            let mut sum = 0.0;
            for (j, wy) in WEIGHTS.iter().enumerate() {
                for (i, wx) in WEIGHTS.iter().enumerate() {
                    let (yy, xx) = ((2 * y + j) as isize - 1, (2 * x + i) as isize - 1);
                    sum += wy * wx * fine.clamped(yy, xx);
                }
            }
            sum
        })
    }

    #[test]
    fn reduction_is_the_filter_at_any_size() {
        for (rows, columns) in [(1, 1), (1, 5), (2, 2), (3, 4), (7, 9), (8, 16), (33, 40)] {
            let fine = Plane::from_fn(rows, columns, |(y, x)| ((y * 7 + x * 13) % 11) as f32);
            let (a, b) = (reduce(&fine), direct(&fine));
            assert_eq!(a.dim(), b.dim());
            for (a, b) in a.data().iter().zip(b.data()) {
                approx::assert_abs_diff_eq!(a, b, epsilon = 1e-5);
            }
        }
    }

    #[test]
    fn a_ramp_goes_down_and_up() {
        let ramp = Plane::from_fn(32, 48, |(y, x)| 0.5 * x as f32 - 0.25 * y as f32);
        let there = expand(&reduce(&ramp), 32, 48, 2.0);
        for y in 4..28 {
            for x in 4..44 {
                approx::assert_abs_diff_eq!(there.at(y, x), 2.0 * ramp.at(y, x), epsilon = 1e-4);
            }
        }
    }
}
