//! Cell-centered pyramids: a coarse pixel covers two by two fine ones.

use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::{Combine, Double, Halve};
use crate::kernel::relax::Split;
use crate::parallel::bands;
use crate::plane::Plane;

/// The binomial filter of even length, centered between two pixels.
const WEIGHTS: [f32; 4] = [0.125, 0.375, 0.375, 0.125];

/// Half the size, rounded up: the filter 1 3 3 1 along both axes, the border repeated.
pub(crate) fn reduce(fine: &Plane) -> Plane {
    let mut coarse = Plane::default();
    reduce_into(fine, &mut coarse);
    coarse
}

/// [`reduce`] into a plane of the caller.
pub(crate) fn reduce_into(fine: &Plane, coarse: &mut Plane) {
    let (rows, columns) = fine.dim();
    let half = columns.div_ceil(2);
    coarse.resize(rows.div_ceil(2), half);
    bands([coarse.data_mut()], half, |first, [band]| {
        let mut middle = vec![0.0; columns];
        // odd pixels have one before the first, even ones one behind the last
        let (mut even, mut odd) = (vec![0.0; half + 1], vec![0.0; half + 1]);
        for (k, out) in band.chunks_exact_mut(half).enumerate() {
            let at = |j: usize| fine.row((2 * (first + k) + j).saturating_sub(1).min(rows - 1));
            let around = [at(0), at(1), at(2), at(3)];
            dispatch(Combine, (&mut middle[..], &around[..], &WEIGHTS[..]));
            let last = middle[columns - 1];
            dispatch(Split, (&mut even[..half], &mut odd[1..], &middle[..]));
            odd[0] = middle[0];
            even[half] = last;
            if columns % 2 == 1 {
                odd[half] = last;
            }
            dispatch(Halve, (out, &even[..], &odd[..], [WEIGHTS[0], WEIGHTS[1]]));
        }
    });
}

/// A coarse plane on a finer grid, bilinear between cell centers, times a factor.
pub(crate) fn expand_into(coarse: &Plane, factor: f32, fine: &mut Plane) {
    let (rows_c, columns_c) = coarse.dim();
    let columns = fine.columns();
    bands([fine.data_mut()], columns, |first, [band]| {
        let mut middle = vec![0.0; columns_c + 2];
        for (k, out) in band.chunks_exact_mut(columns).enumerate() {
            let y = first + k;
            let rows = [
                coarse.row((y / 2).min(rows_c - 1)),
                coarse.row(neighbor(y, rows_c)),
            ];
            let weights = [0.75 * factor, 0.25 * factor];
            dispatch(
                Combine,
                (&mut middle[1..=columns_c], &rows[..], &weights[..]),
            );
            middle[0] = middle[1];
            middle[columns_c + 1] = middle[columns_c];
            dispatch(Double, (out, &middle[..]));
        }
    });
}

/// [`expand_into`] a plane of this size.
pub(crate) fn expand(coarse: &Plane, rows: usize, columns: usize, factor: f32) -> Plane {
    let mut fine = Plane::new(rows, columns);
    expand_into(coarse, factor, &mut fine);
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
