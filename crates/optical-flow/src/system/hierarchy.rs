//! Grids of rising step, and the solvers on them.

use super::{Grid, Row};
use crate::convergence::{Convergence, StopReason};
use crate::plane::{Field, Plane};

/// Grids of one, two, four, … times the step, made when first needed and filled again for each system.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hierarchy {
    dim: (usize, usize),
    grids: Vec<Grid>,
}

/// A system of equations on some of the grids of a hierarchy, the finest first.
#[derive(Debug)]
pub(crate) struct System<'a> {
    grids: &'a mut [Grid],
    norm_b: f64,
}

/// The shortest side that is made still coarser.
const COARSEST: usize = 4;

impl Hierarchy {
    /// For frames of this size.
    pub(crate) fn new(dim: (usize, usize)) -> Self {
        Self {
            dim,
            grids: Vec::new(),
        }
    }

    /// Takes frames of another size.
    pub(crate) fn resize(&mut self, dim: (usize, usize)) {
        if self.dim != dim {
            *self = Self::new(dim);
        }
    }

    fn has(&mut self, n: usize) -> bool {
        while self.grids.len() <= n {
            let dim = match self.grids.last() {
                None => self.dim,
                Some(last) if last.rows.min(last.columns) <= COARSEST => return false,
                Some(last) => (last.rows.div_ceil(2), last.half),
            };
            self.grids.push(Grid::allocate(dim));
        }
        true
    }

    /// The system that `fill` writes row by row, on the grid of a level of the pyramid and at most `n_grids - 1` coarser ones. `memory` is what it
    /// keeps from row to row.
    pub(crate) fn system<S: Send>(
        &mut self,
        level: usize,
        n_grids: usize,
        a: f32,
        memory: impl Fn() -> S + Sync + Send,
        fill: impl Fn(&mut S, usize, Row<'_>) + Sync + Send,
    ) -> System<'_> {
        let mut n = 0;
        while n < n_grids && self.has(level + n) {
            n += 1;
        }
        let grids = &mut self.grids[level..level + n];
        let sum = grids[0].fill(a, true, memory, fill);
        for k in 1..n {
            let (fine, coarse) = grids.split_at_mut(k);
            coarse[0].coarsen(&fine[k - 1]);
        }
        System {
            grids,
            norm_b: sum.sqrt(),
        }
    }
}

impl Hierarchy {
    /// [`Hierarchy::system`] from planes of the coefficients and the right-hand side.
    pub(crate) fn gathered(
        &mut self,
        level: usize,
        n_grids: usize,
        a: f32,
        planes: &[Plane; 5],
    ) -> System<'_> {
        self.system(
            level,
            n_grids,
            a,
            || (),
            |(), y, row| {
                let outs = [row.j11, row.j12, row.j22, row.r1, row.r2];
                for (out, plane) in outs.into_iter().zip(planes) {
                    out.copy_from_slice(plane.row(y));
                }
            },
        )
    }
}

/// One V cycle with a sweep before and after, or the solution on the coarsest grid.
fn cycle(grids: &mut [Grid]) {
    let Some((fine, rest)) = grids.split_first_mut() else {
        return;
    };
    if rest.is_empty() {
        fine.smooth(30 + 4 * fine.rows.max(fine.columns), None);
        return;
    }
    fine.descend(&mut rest[0], false, 1);
    cycle(rest);
    fine.ascend(&rest[0], 1);
}

impl System<'_> {
    fn relative(&self, norm: f64) -> f64 {
        if self.norm_b > 0.0 {
            norm / self.norm_b
        } else {
            0.0
        }
    }

    /// Solves from the field `start` by V(1,1) cycles until the relative residual is below the tolerance.
    ///
    /// The sweep after one cycle and that before the next are one pass, which gives the residual too; the last cycle ends with it.
    pub(crate) fn multigrid(
        &mut self,
        start: &Field,
        field: &mut Field,
        tolerance: f64,
        max_cycles: usize,
    ) -> Convergence {
        if self.grids.len() == 1 {
            return self.solve(start, field, tolerance, max_cycles, |system| {
                cycle(system.grids);
                0.0
            });
        }
        let mut corrected = false;
        self.solve(start, field, tolerance, max_cycles, |system| {
            let Some((fine, rest)) = system.grids.split_first_mut() else {
                return 0.0;
            };
            if !corrected {
                fine.descend(&mut rest[0], false, 1);
                corrected = true;
            }
            cycle(rest);
            fine.descend(&mut rest[0], true, 2)
        })
    }

    /// Relative residual of a field.
    pub(crate) fn residual(&mut self, field: &Field) -> f64 {
        self.grids[0].set(field);
        let norm = self.grids[0].residual_norm();
        self.relative(norm)
    }

    /// The same by successive over-relaxation, the residual looked at every fifth sweep.
    pub(crate) fn sor(
        &mut self,
        start: &Field,
        field: &mut Field,
        omega: f32,
        tolerance: f64,
        max_sweeps: usize,
    ) -> Convergence {
        let steps = max_sweeps.div_ceil(5);
        let mut left = max_sweeps;
        let mut result = self.solve(start, field, tolerance, steps, |system| {
            system.grids[0].smooth(left.min(5), Some(omega));
            left = left.saturating_sub(5);
            0.0
        });
        result.iterations = (5 * result.iterations).min(max_sweeps);
        result
    }

    /// Steps until the residual is small. A step returns a bound from below of the residual's norm.
    fn solve(
        &mut self,
        start: &Field,
        field: &mut Field,
        tolerance: f64,
        max_iterations: usize,
        mut step: impl FnMut(&mut Self) -> f64,
    ) -> Convergence {
        let is_zero = |plane: &Plane| plane.data().iter().all(|value| *value == 0.0);
        if self.norm_b == 0.0 && is_zero(&start.0) && is_zero(&start.1) {
            field.clone_from(start);
            return Convergence::exact(tolerance);
        }
        self.grids[0].set(start);
        if self.norm_b == 0.0 {
            // no data: the smoothest field is any constant; the start's differences are all that there is to measure by
            self.norm_b = self.grids[0].residual_norm().max(f64::MIN_POSITIVE);
        }
        let mut result = Convergence {
            reason: StopReason::MaxIterations,
            iterations: 0,
            residual: f64::INFINITY,
            update: None,
            tolerance,
        };
        for n in 1..=max_iterations {
            // the step's own norm lacks what rounding leaves in the black cells
            let norm = step(self);
            result.iterations = n;
            if n < max_iterations && self.relative(norm) > tolerance {
                continue;
            }
            let norm = self.grids[0].residual_norm();
            result.residual = self.relative(norm);
            if result.residual <= tolerance {
                result.reason = StopReason::Tolerance;
                break;
            }
        }
        self.grids[0].get(field);
        result
    }
}
