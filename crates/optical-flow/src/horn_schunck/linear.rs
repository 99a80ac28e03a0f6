//! Frames linearized around a field: derivatives of their mean, and their difference.

use super::jacobi::{Problem, Rule};
use super::level::Level;
use crate::convergence::Convergence;
use crate::interpolate::WarpScratch;
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::kernel::filter::{DerivativeAlong, DerivativeDown};
use crate::parallel::{BAND, chunks_with};
use crate::plane::{Field, Plane};
use crate::smooth::gaussian;
use crate::system::Row;

/// A level and the field to linearize around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linearizer<'a> {
    pub(super) level: &'a Level,
    pub(super) field: &'a Field,
}

/// Rows above and below that a derivative needs.
const REACH: usize = 2;

/// Rows that are kept while the next ones are made.
const KEPT: usize = 2 * REACH + 1;

/// The last rows of the mean of both frames, of their difference and of the weight, each warped once where rows are asked for in order.
#[derive(Debug)]
pub(super) struct Rows {
    /// Padded by two pixels on each side.
    mean: [Vec<f32>; KEPT],
    difference: [Vec<f32>; KEPT],
    weight: [Vec<f32>; KEPT],
    scratch: WarpScratch,
    other: [Vec<f32>; 2],
    /// The first and one after the last of the rows that were made.
    made: (usize, usize),
}

impl Rows {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            mean: std::array::from_fn(|_| vec![0.0; columns + 2 * REACH]),
            difference: std::array::from_fn(|_| vec![0.0; columns]),
            weight: std::array::from_fn(|_| vec![0.0; columns]),
            scratch: WarpScratch::default(),
            other: [vec![0.0; columns], vec![0.0; columns]],
            made: (0, 0),
        }
    }
}

/// Mean and difference of the first frame and the warped second one, which stands in the place of the difference.
#[derive(Debug, Clone, Copy)]
struct Compare;

/// From gradients (in the places of the right-hand side) to the products of the data term.
#[derive(Debug, Clone, Copy)]
struct DataTerm;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
mod kernels {
    use super::{Compare, DataTerm, Kernel};

    impl Kernel<(&mut [f32], &mut [f32], &[f32])> for Compare {
        #[inline(always)]
        fn run((mean, difference, first): (&mut [f32], &mut [f32], &[f32])) {
            let n = first.len();
            let (mean, difference) = (&mut mean[..n], &mut difference[..n]);
            for x in 0..n {
                let second = difference[x];
                mean[x] = 0.5 * (second + first[x]);
                difference[x] = second - first[x];
            }
        }
    }

    impl Kernel<([&mut [f32]; 5], [&[f32]; 4])> for DataTerm {
        #[inline(always)]
        fn run((outs, ins): ([&mut [f32]; 5], [&[f32]; 4])) {
            let [j11, j12, j22, r1, r2] = outs;
            let n = j11.len();
            let (j12, j22, r1, r2) = (&mut j12[..n], &mut j22[..n], &mut r1[..n], &mut r2[..n]);
            let [it, weight, u0, v0] = ins.map(|slice| &slice[..n]);
            for x in 0..n {
                let (ix, iy) = (r1[x], r2[x]);
                let c = it[x] - ix * u0[x] - iy * v0[x];
                let (wx, wy) = (weight[x] * ix, weight[x] * iy);
                j11[x] = wx * ix;
                j12[x] = wx * iy;
                j22[x] = wy * iy;
                r1[x] = -wx * c;
                r2[x] = -wy * c;
            }
        }
    }
}

impl Linearizer<'_> {
    /// Makes the rows that the derivatives of row `y` need.
    fn advance(&self, rows: &mut Rows, y: usize) {
        let last = self.level.dim().0 - 1;
        let (low, high) = (y.saturating_sub(REACH), (y + REACH).min(last));
        let (begin, end) = rows.made;
        if low < begin.max(end.saturating_sub(KEPT)) || low > end {
            rows.made = (low, low);
        }
        while rows.made.1 <= high {
            self.make(rows, rows.made.1);
            rows.made.1 += 1;
        }
    }

    fn make(&self, rows: &mut Rows, y: usize) {
        let level = self.level;
        let columns = level.dim().1;
        let (u, v) = (self.field.0.row(y), self.field.1.row(y));
        let (mean, difference) = (&mut rows.mean[y % KEPT], &mut rows.difference[y % KEPT]);
        let weight = &mut rows.weight[y % KEPT];
        let scratch = &mut rows.scratch;
        level.second.warp_row(y, u, v, scratch, difference, weight);
        let inner = &mut mean[REACH..REACH + columns];
        dispatch(Compare, (inner, &mut difference[..], level.first.row(y)));
        let (left, right) = (mean[REACH], mean[REACH + columns - 1]);
        mean[..REACH].fill(left);
        mean[REACH + columns..].fill(right);
        if let Some((first, second)) = &level.weight {
            let [known, inside] = &mut rows.other;
            second.warp_row(y, u, v, scratch, known, inside);
            for ((weight, a), b) in weight.iter_mut().zip(first.row(y)).zip(known) {
                // half-known pixels count in full on coarse levels; hardly known ones would bring in what was filled
                *weight *= if a.min(*b) >= 0.5 { 1.0 } else { 0.0 };
            }
        }
    }

    /// Derivatives of the mean along row `y` and down.
    fn derivatives(&self, rows: &mut Rows, y: usize, along: &mut [f32], down: &mut [f32]) {
        self.advance(rows, y);
        let (last, columns) = (self.level.dim().0 - 1, along.len());
        dispatch(DerivativeAlong, (along, &rows.mean[y % KEPT][..]));
        let at = |j: usize| {
            let y = (y + j).saturating_sub(REACH).min(last);
            &rows.mean[y % KEPT][REACH..REACH + columns]
        };
        dispatch(DerivativeDown, (down, at(0), at(1), at(3), at(4)));
    }

    /// The data term of row `y`.
    pub(super) fn products(&self, rows: &mut Rows, y: usize, row: Row<'_>) {
        let Row {
            j11,
            j12,
            j22,
            r1,
            r2,
        } = row;
        self.derivatives(rows, y, r1, r2);
        let (difference, weight) = (&rows.difference[y % KEPT][..], &rows.weight[y % KEPT][..]);
        let ins = [difference, weight, self.field.0.row(y), self.field.1.row(y)];
        dispatch(DataTerm, ([j11, j12, j22, r1, r2], ins));
    }

    /// All rows.
    pub(super) fn planes(&self) -> Linearized {
        let (n_rows, columns) = self.level.dim();
        let plane = || Plane::new(n_rows, columns);
        let mut out = Linearized {
            along: plane(),
            down: plane(),
            difference: plane(),
            weight: plane(),
        };
        let planes = [
            &mut out.along,
            &mut out.down,
            &mut out.difference,
            &mut out.weight,
        ];
        chunks_with(
            planes.map(|plane| (plane.data_mut(), BAND * columns)),
            n_rows * columns,
            || Rows::new(columns),
            |rows, band, [along, down, difference, weight]| {
                for k in 0..along.len() / columns {
                    let (y, at) = (band * BAND + k, k * columns..(k + 1) * columns);
                    self.derivatives(rows, y, &mut along[at.clone()], &mut down[at.clone()]);
                    difference[at.clone()].copy_from_slice(&rows.difference[y % KEPT]);
                    weight[at].copy_from_slice(&rows.weight[y % KEPT]);
                }
            },
        );
        out
    }
}

/// Frames linearized around a field.
#[derive(Debug, Clone)]
pub(crate) struct Linearized {
    along: Plane,
    down: Plane,
    difference: Plane,
    pub(super) weight: Plane,
}

impl Linearized {
    /// The data term of row `y` around a field, with another weight of the pixels.
    pub(super) fn products(&self, weight: &Plane, around: &Field, y: usize, row: Row<'_>) {
        let Row {
            j11,
            j12,
            j22,
            r1,
            r2,
        } = row;
        r1.copy_from_slice(self.along.row(y));
        r2.copy_from_slice(self.down.row(y));
        let ins = [
            self.difference.row(y),
            weight.row(y),
            around.0.row(y),
            around.1.row(y),
        ];
        dispatch(DataTerm, ([j11, j12, j22, r1, r2], ins));
    }

    /// The data term around a field, gathered over a Gaussian: three products of the gradient, and the right-hand side.
    pub(crate) fn gathered(&self, around: &Field, integration: f64) -> [Plane; 5] {
        let (rows, columns) = self.along.dim();
        let mut planes: [Plane; 5] = std::array::from_fn(|_| Plane::new(rows, columns));
        let [j11, j12, j22, r1, r2] = &mut planes;
        for y in 0..rows {
            let row = Row {
                j11: j11.row_mut(y),
                j12: j12.row_mut(y),
                j22: j22.row_mut(y),
                r1: r1.row_mut(y),
                r2: r2.row_mut(y),
            };
            self.products(&self.weight, around, y, row);
        }
        if integration == 0.0 {
            return planes;
        }
        planes.map(|plane| gaussian(&plane, integration))
    }

    /// Sum of squares of $I_x u + I_y v + I_t$ around a field over the pixels that `kept` leaves out.
    pub(crate) fn prediction_error(&self, kept: &Plane, around: &Field, field: &Field) -> f64 {
        let (rows, columns) = self.along.dim();
        let mut sum = 0.0;
        for y in 0..rows {
            let (along, down) = (self.along.row(y), self.down.row(y));
            for x in 0..columns {
                let (du, dv) = (
                    field.0.at(y, x) - around.0.at(y, x),
                    field.1.at(y, x) - around.1.at(y, x),
                );
                let e = along[x] * du + down[x] * dv + self.difference.at(y, x);
                sum += f64::from((self.weight.at(y, x) - kept.at(y, x)) * e * e);
            }
        }
        sum
    }

    /// The published iteration, from the field before.
    pub(super) fn jacobi(&self, before: &Field, field: &mut Field, rule: Rule) -> Convergence {
        let (rows, columns) = self.along.dim();
        let mut problem = Problem {
            rows,
            columns,
            ix: Vec::with_capacity(rows * columns),
            iy: Vec::with_capacity(rows * columns),
            c: Vec::with_capacity(rows * columns),
        };
        for y in 0..rows {
            for x in 0..columns {
                let w = f64::from(self.weight.at(y, x));
                let ix = w * f64::from(self.along.at(y, x));
                let iy = w * f64::from(self.down.at(y, x));
                let it = w * f64::from(self.difference.at(y, x));
                problem.ix.push(ix);
                problem.iy.push(iy);
                problem.c.push(
                    it - ix * f64::from(before.0.at(y, x)) - iy * f64::from(before.1.at(y, x)),
                );
            }
        }
        let double = |plane: &Plane| {
            plane
                .data()
                .iter()
                .map(|v| f64::from(*v))
                .collect::<Vec<_>>()
        };
        let (mut u, mut v) = (double(&before.0), double(&before.1));
        let result = problem.solve(&mut u, &mut v, rule, |_, _, _, _| {});
        for (plane, values) in [(&mut field.0, u), (&mut field.1, v)] {
            for (out, value) in plane.data_mut().iter_mut().zip(values) {
                *out = value as f32;
            }
        }
        result
    }
}
