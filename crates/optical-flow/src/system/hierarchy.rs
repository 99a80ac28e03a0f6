//! Grids of rising step, and the solvers on them.

use super::Grid;
use crate::convergence::{Convergence, StopReason};
use crate::plane::Plane;

/// A grid and those of twice, four times, … the step.
#[derive(Debug, Clone)]
pub(crate) struct Hierarchy {
    grids: Vec<Grid>,
    norm_b: f64,
}

/// The shortest side that is made still coarser.
const COARSEST: usize = 4;

impl Hierarchy {
    /// `(grid, sum)` as [`Grid::new`] gives them; one grid only without `multigrid`.
    pub(crate) fn new((grid, sum): (Grid, f64), multigrid: bool) -> Self {
        let mut grids = vec![grid];
        if multigrid {
            while let Some(last) = grids.last() {
                if last.rows.min(last.columns) <= COARSEST {
                    break;
                }
                grids.push(last.coarser());
            }
        }
        Self {
            grids,
            norm_b: sum.sqrt(),
        }
    }

    fn fine(&mut self) -> &mut Grid {
        &mut self.grids[0]
    }

    /// One V cycle with `sweeps` sweeps before and after.
    fn cycle(grids: &mut [Grid], sweeps: usize) {
        let Some((fine, rest)) = grids.split_first_mut() else {
            return;
        };
        if rest.is_empty() {
            for _ in 0..30 + 4 * fine.rows.max(fine.columns) {
                fine.sweep(None);
            }
            return;
        }
        for _ in 0..sweeps {
            fine.sweep(None);
        }
        rest[0].restrict_from(fine);
        Self::cycle(rest, sweeps);
        fine.correct_from(&rest[0]);
        for _ in 0..sweeps {
            fine.sweep(None);
        }
    }

    fn relative(&self, norm: f64) -> f64 {
        if self.norm_b > 0.0 {
            norm / self.norm_b
        } else {
            0.0
        }
    }

    /// A system whose right-hand side is zero, started from zero.
    fn exact(tolerance: f64) -> Convergence {
        Convergence {
            reason: StopReason::Exact,
            iterations: 0,
            residual: 0.0,
            update: None,
            tolerance,
        }
    }

    /// Solves from the field in `u` and `v` by V cycles until the relative residual is below the tolerance.
    pub(crate) fn multigrid(
        &mut self,
        u: &mut Plane,
        v: &mut Plane,
        tolerance: f64,
        max_cycles: usize,
    ) -> Convergence {
        self.solve(u, v, tolerance, max_cycles, |hierarchy| {
            Self::cycle(&mut hierarchy.grids, 1);
        })
    }

    /// The same by successive over-relaxation, the residual looked at every fifth sweep.
    pub(crate) fn sor(
        &mut self,
        u: &mut Plane,
        v: &mut Plane,
        omega: f32,
        tolerance: f64,
        max_sweeps: usize,
    ) -> Convergence {
        let steps = max_sweeps.div_ceil(5);
        let mut left = max_sweeps;
        let mut result = self.solve(u, v, tolerance, steps, |hierarchy| {
            for _ in 0..left.min(5) {
                hierarchy.fine().sweep(Some(omega));
            }
            left = left.saturating_sub(5);
        });
        result.iterations = (5 * result.iterations).min(max_sweeps);
        result
    }

    fn solve(
        &mut self,
        u: &mut Plane,
        v: &mut Plane,
        tolerance: f64,
        max_iterations: usize,
        mut step: impl FnMut(&mut Self),
    ) -> Convergence {
        let is_zero = |plane: &Plane| plane.data().iter().all(|value| *value == 0.0);
        if self.norm_b == 0.0 && is_zero(u) && is_zero(v) {
            return Self::exact(tolerance);
        }
        self.fine().set(u, v);
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
            step(self);
            result.iterations = n;
            let norm = self.grids[0].residual_norm();
            result.residual = self.relative(norm);
            if result.residual <= tolerance {
                result.reason = StopReason::Tolerance;
                break;
            }
        }
        self.grids[0].get(u, v);
        result
    }
}
