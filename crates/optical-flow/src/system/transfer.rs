//! Between a grid and the next coarser one: residuals down, corrections up, with the sweeps between them.

use super::{Color, Grid, inner, is_even};
use crate::kernel::dispatch::dispatch;
use crate::kernel::filter::squares;
use crate::kernel::relax::{Correct, Mean2, RightHandSide, Split};
use crate::parallel::{BAND, bands, is_parallel};

/// Rows between two grids.
struct Between {
    fine: [Vec<f32>; 4],
    natural: [Vec<f32>; 2],
    halves: [[Vec<f32>; 2]; 2],
    /// A row of coarse cells with a repeated cell on each side.
    column: Vec<f32>,
}

impl Between {
    fn new(fine: &Grid, coarse: &Grid) -> Self {
        Self {
            fine: std::array::from_fn(|_| vec![0.0; fine.half]),
            natural: std::array::from_fn(|_| vec![0.0; coarse.columns]),
            halves: std::array::from_fn(|_| std::array::from_fn(|_| vec![0.0; coarse.half])),
            column: vec![0.0; coarse.columns + 2],
        }
    }
}

impl Grid {
    /// What stands between two solutions on the coarser grid: its correction if that is wanted, sweeps, and the restricted residual as its
    /// right-hand side, with zero as its field. Returns the norm of the residual.
    pub(super) fn descend(&mut self, coarse: &mut Self, corrected: bool, sweeps: usize) -> f64 {
        let mut q = coarse.take_right_hand_side();
        let sums = if is_parallel(self.rows * self.columns) {
            if corrected {
                self.correct_from(coarse);
            }
            self.smooth(sweeps, None);
            coarse.restrict_from(self, &mut q)
        } else {
            let mut between = Between::new(self, coarse);
            let stages = 2 * sweeps;
            let mut sums = vec![0.0; coarse.rows.div_ceil(BAND)];
            let mut next = 0;
            for t in 0..self.rows + stages {
                self.advance(coarse, corrected, stages, t, &mut between);
                // rows whose last black cells are relaxed; the residual of red ones needs the row below
                let done = (t + 2).saturating_sub(stages).min(self.rows);
                while next < coarse.rows && (2 * next + 2 < done || done == self.rows) {
                    let at = coarse.range(next);
                    let rows = q.each_mut().map(|plane| &mut plane[at.clone()]);
                    sums[next / BAND] += coarse.restrict_row(self, next, rows, &mut between);
                    next += 1;
                }
            }
            sums
        };
        coarse.give_right_hand_side(q);
        // relaxation of the red cells comes first and reads black ones only
        let black = &mut coarse.colors[1];
        black.u.fill(0.0);
        black.v.fill(0.0);
        sums.iter().sum::<f64>().sqrt()
    }

    /// The coarser grid's correction, and sweeps.
    pub(super) fn ascend(&mut self, coarse: &Self, sweeps: usize) {
        if is_parallel(self.rows * self.columns) {
            self.correct_from(coarse);
            self.smooth(sweeps, None);
            return;
        }
        let mut between = Between::new(self, coarse);
        for t in 0..self.rows + 2 * sweeps {
            self.advance(coarse, true, 2 * sweeps, t, &mut between);
        }
    }

    /// One step of a pass over the rows: a correction ahead, then each color behind the one before it.
    fn advance(
        &mut self,
        coarse: &Self,
        corrected: bool,
        stages: usize,
        t: usize,
        between: &mut Between,
    ) {
        if corrected {
            for y in (if t == 0 { 0 } else { t + 1 })..(t + 2).min(self.rows) {
                let at = self.range(y);
                let black = &mut self.colors[1];
                let (mut u, mut v) = (std::mem::take(&mut black.u), std::mem::take(&mut black.v));
                self.correct_row(coarse, y, [&mut u[at.clone()], &mut v[at]], between);
                let black = &mut self.colors[1];
                black.u = u;
                black.v = v;
            }
        }
        for stage in 0..stages {
            if t >= stage && t - stage < self.rows {
                self.relax_row(stage % 2, None, t - stage);
            }
        }
    }

    /// The right-hand sides of both colors, to be given back.
    fn take_right_hand_side(&mut self) -> [Vec<f32>; 4] {
        let [red, black] = &mut self.colors;
        let [r0, r1] = red.q.each_mut().map(std::mem::take);
        let [b0, b1] = black.q.each_mut().map(std::mem::take);
        [r0, r1, b0, b1]
    }

    fn give_right_hand_side(&mut self, [r0, r1, b0, b1]: [Vec<f32>; 4]) {
        self.colors[0].q = [r0, r1];
        self.colors[1].q = [b0, b1];
    }

    /// Writes the restricted residual of a finer grid, whose black cells were relaxed last, as the right-hand side of a row. Returns the sum of
    /// squares of that residual.
    fn restrict_row(
        &self,
        fine: &Self,
        y: usize,
        q: [&mut [f32]; 4],
        between: &mut Between,
    ) -> f64 {
        let [a1, a2, b1, b2] = between.fine.each_mut().map(Vec::as_mut_slice);
        fine.residual_row(0, 2 * y, a1, a2);
        let mut sum = squares(a1) + squares(a2);
        if 2 * y + 1 < fine.rows {
            fine.residual_row(0, 2 * y + 1, b1, b2);
            sum += squares(b1) + squares(b2);
        } else {
            b1.fill(0.0);
            b2.fill(0.0);
        }
        let [n1, n2] = between.natural.each_mut().map(Vec::as_mut_slice);
        dispatch(Mean2, (&mut *n1, &*a1, &*b1, 0.25));
        dispatch(Mean2, (&mut *n2, &*a2, &*b2, 0.25));
        for ([even, odd], natural) in between.halves.iter_mut().zip([&*n1, &*n2]) {
            dispatch(Split, (&mut even[..], &mut odd[..], natural));
        }
        let at = self.range(y);
        let [r0, r1, b0, b1] = q;
        for (color, q) in [[r0, r1], [b0, b1]].into_iter().enumerate() {
            let parity = usize::from(!is_even(color, y));
            let p = self.colors[color].p.each_ref().map(|p| &p[at.clone()]);
            let r = between.halves.each_ref().map(|half| &half[parity][..]);
            dispatch(RightHandSide, (q, p, r, self.a));
        }
        sum
    }

    /// [`Grid::restrict_row`] of all rows, in bands; their sums.
    fn restrict_from(&self, fine: &Self, q: &mut [Vec<f32>; 4]) -> Vec<f64> {
        let (stride, half) = (self.stride, self.half);
        let planes = q.each_mut().map(|plane| inner(plane, stride));
        bands(planes, stride, |first, mut q| {
            let mut between = Between::new(fine, self);
            let mut sum = 0.0;
            for k in 0..q[0].len() / stride {
                let at = k * stride + 1..k * stride + 1 + half;
                let rows = q.each_mut().map(|plane| &mut plane[at.clone()]);
                sum += self.restrict_row(fine, first + k, rows, &mut between);
            }
            sum
        })
    }

    /// Adds a coarser grid's field to the black cells of a row, `u` and `v`; the red ones are relaxed next, from black ones alone.
    fn correct_row(&self, coarse: &Self, y: usize, [u, v]: [&mut [f32]; 2], between: &mut Between) {
        let n_c = coarse.columns;
        let other = if y % 2 == 0 {
            (y / 2).saturating_sub(1)
        } else {
            (y / 2 + 1).min(coarse.rows - 1)
        };
        // black cells: odd columns in even rows
        let even = is_even(1, y);
        let cells = self.half - usize::from(!even) * (self.columns % 2);
        let Between {
            natural: [near, far],
            column,
            ..
        } = between;
        let picks: [fn(&Color) -> &Vec<f32>; 2] = [|color| &color.u, |color| &color.v];
        for (out, pick) in [u, v].into_iter().zip(picks) {
            coarse.join_row(y / 2, pick, near);
            coarse.join_row(other, pick, far);
            for (out, (near, far)) in column[1..].iter_mut().zip(near.iter().zip(far.iter())) {
                *out = 3.0 * near + far;
            }
            column[0] = column[1];
            column[n_c + 1] = column[n_c];
            let far = if even {
                &column[..cells]
            } else {
                &column[2..2 + cells]
            };
            dispatch(Correct, (&mut out[..cells], &column[1..=cells], far));
        }
    }

    /// [`Grid::correct_row`] of all rows, in bands.
    fn correct_from(&mut self, coarse: &Self) {
        let (stride, half, rows) = (self.stride, self.half, self.rows);
        let black = &mut self.colors[1];
        let (mut u, mut v) = (std::mem::take(&mut black.u), std::mem::take(&mut black.v));
        let all = stride..(rows + 1) * stride;
        let this = &*self;
        bands(
            [&mut u[all.clone()], &mut v[all]],
            stride,
            |first, [u, v]| {
                let mut between = Between::new(this, coarse);
                let lines = u.chunks_exact_mut(stride).zip(v.chunks_exact_mut(stride));
                for (k, (u, v)) in lines.enumerate() {
                    this.correct_row(
                        coarse,
                        first + k,
                        [&mut u[1..=half], &mut v[1..=half]],
                        &mut between,
                    );
                }
            },
        );
        let black = &mut self.colors[1];
        black.u = u;
        black.v = v;
    }
}
