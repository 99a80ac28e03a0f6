//! One level of the pyramid: linearize, solve, limit, check.

use super::jacobi::{Problem, Rule};
use super::{HornSchunck, Solver};
use crate::convergence::{Convergence, LevelReport};
use crate::derivative::gradient_row;
use crate::image::Image;
use crate::interpolate::{Interpolation, Sampler};
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::median::median;
use crate::parallel::bands;
use crate::plane::Plane;
use crate::pyramid::reduce;
use crate::smooth::gaussian;
use crate::system::{Hierarchy, System};

/// Both frames of one size.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) first: Plane,
    pub(crate) second: Sampler,
    /// Weight of the data of each pixel of both frames; absent if all are 1.
    pub(crate) weight: Option<(Plane, Sampler)>,
}

/// The grids to solve on, and the number of the level.
pub(crate) type Solving<'a> = (&'a mut Hierarchy, usize);

/// The levels of two frames, fine to coarse.
pub(crate) fn pyramid(
    first: &Image,
    second: &Image,
    sigma: f64,
    n_levels: usize,
    interpolation: Interpolation,
) -> Vec<Level> {
    let has_weight = first.weight().is_some() || second.weight().is_some();
    let (rows, columns) = first.dim();
    let ones = || Plane::filled(rows, columns, 1.0);
    let mut weights = has_weight.then(|| {
        (
            first.weight().cloned().unwrap_or_else(ones),
            second.weight().cloned().unwrap_or_else(ones),
        )
    });
    let mut frames = (
        gaussian(first.plane(), sigma),
        gaussian(second.plane(), sigma),
    );
    let mut levels = Vec::with_capacity(n_levels);
    for n in 0..n_levels {
        let next = (n + 1 < n_levels).then(|| (reduce(&frames.0), reduce(&frames.1)));
        let (first, second) = frames;
        levels.push(Level {
            second: Sampler::new(&second, interpolation),
            first,
            weight: weights
                .as_ref()
                .map(|(a, b)| (a.clone(), Sampler::new(b, Interpolation::Bilinear))),
        });
        let Some(next) = next else { break };
        frames = next;
        weights = weights.map(|(a, b)| (reduce(&a), reduce(&b)));
    }
    levels
}

/// Frames linearized around a field.
#[derive(Debug, Clone)]
pub(crate) struct Linearized {
    pub(crate) mean: Plane,
    pub(crate) difference: Plane,
    pub(crate) weight: Plane,
}

impl Level {
    pub(crate) fn dim(&self) -> (usize, usize) {
        self.first.dim()
    }

    pub(crate) fn linearize(&self, u: &Plane, v: &Plane) -> Linearized {
        let (rows, columns) = self.dim();
        let (mut mean, mut weight) = self.second.warp(u, v);
        let mut difference = Plane::new(rows, columns);
        bands(
            [mean.data_mut(), difference.data_mut()],
            columns,
            |row, [mean, difference]| {
                let first = &self.first.data()[row * columns..][..mean.len()];
                for ((mean, difference), first) in mean.iter_mut().zip(difference).zip(first) {
                    *difference = *mean - first;
                    *mean = 0.5 * (*mean + first);
                }
            },
        );
        if let Some((first, second)) = &self.weight {
            let (second, _) = second.warp(u, v);
            for ((weight, a), b) in weight
                .data_mut()
                .iter_mut()
                .zip(first.data())
                .zip(second.data())
            {
                // half-known pixels count in full on coarse levels; hardly known ones would bring in what was filled
                *weight *= if a.min(*b) >= 0.5 { 1.0 } else { 0.0 };
            }
        }
        Linearized {
            mean,
            difference,
            weight,
        }
    }

    /// Root mean square of the weighted difference between the first frame and the warped second one, every `step`-th row.
    pub(crate) fn mismatch(&self, u: &Plane, v: &Plane, step: usize) -> f64 {
        let (rows, columns) = self.dim();
        let picked: Vec<usize> = (0..rows).step_by(step).collect();
        let parts = crate::parallel::map(picked, rows * columns / step, |y| {
            let mut scratch = crate::interpolate::WarpScratch::default();
            let (mut out, mut inside) = (vec![0.0; columns], vec![0.0; columns]);
            self.second
                .warp_row(y, u.row(y), v.row(y), &mut scratch, &mut out, &mut inside);
            let known = |x: usize| {
                self.weight
                    .as_ref()
                    .is_none_or(|(first, _)| first.at(y, x) >= 0.5)
            };
            let (mut sum, mut count) = (0.0, 0.0);
            for x in 0..columns {
                if inside[x] > 0.0 && known(x) {
                    sum += f64::from(out[x] - self.first.at(y, x)).powi(2);
                    count += 1.0;
                }
            }
            (sum, count)
        });
        let (sum, count) = parts
            .iter()
            .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        // a field that leads everywhere out of the frame explains nothing
        if count > 0.25 * columns as f64 * rows.div_ceil(step) as f64 {
            f64::sqrt(sum / count)
        } else {
            f64::INFINITY
        }
    }

    /// Improves a field; `start` is what the pyramid began with.
    pub(crate) fn refine(
        &self,
        settings: &HornSchunck,
        field: &mut (Plane, Plane),
        start: &(Plane, Plane),
        alpha: f64,
        solver: &mut Solving<'_>,
    ) -> LevelReport {
        let (n_rows, n_columns) = self.dim();
        let mut report = LevelReport {
            n_rows,
            n_columns,
            solves: Vec::with_capacity(settings.warps),
            difference_before: f64::NAN,
            difference_after: f64::NAN,
            rejected: false,
            clamped: 0,
        };
        let step = (n_rows / 64).max(1);
        report.difference_before = self.mismatch(&field.0, &field.1, step);
        let mut from_start = f64::INFINITY;
        if settings.energy_check {
            from_start = self.mismatch(&start.0, &start.1, step);
            if report.difference_before > from_start {
                field.clone_from(start);
                report.difference_before = from_start;
                report.rejected = true;
            }
        }
        for _ in 0..settings.warps {
            let before = field.clone();
            let linearized = self.linearize(&before.0, &before.1);
            report
                .solves
                .push(linearized.solve(settings, &before, field, alpha, solver));
            report.clamped = limit(field, &before, settings.update_limit as f32);
            if settings.median_radius > 0 {
                median(&mut field.0, settings.median_radius);
                median(&mut field.1, settings.median_radius);
            }
        }
        report.difference_after = self.mismatch(&field.0, &field.1, step);
        if settings.energy_check
            && report.difference_after > report.difference_before.min(from_start) * 1.5
        {
            // far worse than the start: no motion that this level can see
            field.clone_from(start);
            report.difference_after = from_start;
            report.rejected = true;
        }
        report
    }
}

/// The weight of the difference of next neighbors that a smoothness weight means.
pub(super) fn smoothness(alpha: f64) -> f32 {
    (alpha * alpha / 3.0) as f32
}

/// Cuts each component's change to a limit and returns how many pixels were cut; values that are not finite go back.
pub(super) fn limit(field: &mut (Plane, Plane), before: &(Plane, Plane), most: f32) -> usize {
    let mut cut = 0;
    for ((u, v), (u0, v0)) in field
        .0
        .data_mut()
        .iter_mut()
        .zip(field.1.data_mut())
        .zip(before.0.data().iter().zip(before.1.data()))
    {
        let (du, dv) = (*u - u0, *v - v0);
        if du.abs() <= most && dv.abs() <= most {
            continue;
        }
        cut += 1;
        let bounded = |d: f32| {
            if d.is_nan() {
                0.0
            } else {
                d.clamp(-most, most)
            }
        };
        *u = u0 + bounded(du);
        *v = v0 + bounded(dv);
    }
    cut
}

impl Linearized {
    /// Products of the data term of a row, around the field of the row.
    #[expect(clippy::too_many_arguments, reason = "five outputs of one row")]
    fn products(
        &self,
        y: usize,
        (u0, v0): (&[f32], &[f32]),
        j11: &mut [f32],
        j12: &mut [f32],
        j22: &mut [f32],
        r1: &mut [f32],
        r2: &mut [f32],
    ) {
        let mut padded = Vec::new();
        gradient_row(&self.mean, y, &mut padded, r1, r2);
        dispatch(
            DataTerm,
            (
                [j11, j12, j22, r1, r2],
                [self.difference.row(y), self.weight.row(y), u0, v0],
            ),
        );
    }

    /// The data term around a field, gathered over a Gaussian: three products of the gradient, and the right-hand side.
    pub(crate) fn gathered(&self, before: &(Plane, Plane), integration: f64) -> [Plane; 5] {
        let (rows, columns) = self.mean.dim();
        let mut planes: [Plane; 5] = std::array::from_fn(|_| Plane::new(rows, columns));
        let [j11, j12, j22, r1, r2] = &mut planes;
        for y in 0..rows {
            self.products(
                y,
                (before.0.row(y), before.1.row(y)),
                j11.row_mut(y),
                j12.row_mut(y),
                j22.row_mut(y),
                r1.row_mut(y),
                r2.row_mut(y),
            );
        }
        if integration == 0.0 {
            return planes;
        }
        planes.map(|plane| gaussian(&plane, integration))
    }

    /// The linear system around a field, with the data term gathered over a Gaussian if that is wanted.
    pub(crate) fn system<'a>(
        &self,
        before: &(Plane, Plane),
        alpha: f64,
        integration: f64,
        (hierarchy, level): &'a mut Solving<'_>,
        n_grids: usize,
    ) -> System<'a> {
        let a = smoothness(alpha);
        if integration == 0.0 {
            return hierarchy.system(*level, n_grids, a, |y, row| {
                self.products(
                    y,
                    (before.0.row(y), before.1.row(y)),
                    row.j11,
                    row.j12,
                    row.j22,
                    row.r1,
                    row.r2,
                );
            });
        }
        let planes = self.gathered(before, integration);
        hierarchy.system(*level, n_grids, a, |y, row| {
            let outs = [row.j11, row.j12, row.j22, row.r1, row.r2];
            for (out, plane) in outs.into_iter().zip(&planes) {
                out.copy_from_slice(plane.row(y));
            }
        })
    }

    /// Sum of squares of $I_x u + I_y v + I_t$ around a field over the pixels that `kept` leaves out.
    pub(crate) fn prediction_error(
        &self,
        kept: &Plane,
        around: &(Plane, Plane),
        field: &(Plane, Plane),
    ) -> f64 {
        let (rows, columns) = self.mean.dim();
        let (mut along, mut down) = (vec![0.0; columns], vec![0.0; columns]);
        let mut padded = Vec::new();
        let mut sum = 0.0;
        for y in 0..rows {
            gradient_row(&self.mean, y, &mut padded, &mut along, &mut down);
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

    fn solve(
        &self,
        settings: &HornSchunck,
        before: &(Plane, Plane),
        field: &mut (Plane, Plane),
        alpha: f64,
        solver: &mut Solving<'_>,
    ) -> Convergence {
        let (tolerance, most) = (settings.tolerance, settings.max_iterations);
        let (u, v) = (&mut field.0, &mut field.1);
        match settings.solver {
            Solver::Jacobi => {
                let rule = Rule {
                    alpha,
                    tolerance,
                    max_sweeps: most,
                };
                self.jacobi(before, field, rule)
            }
            Solver::Sor(omega) => self
                .system(before, alpha, settings.integration, solver, 1)
                .sor(u, v, omega as f32, tolerance, most),
            Solver::Multigrid => self
                .system(before, alpha, settings.integration, solver, usize::MAX)
                .multigrid(u, v, tolerance, most),
        }
    }

    fn jacobi(
        &self,
        before: &(Plane, Plane),
        field: &mut (Plane, Plane),
        rule: Rule,
    ) -> Convergence {
        let (rows, columns) = self.mean.dim();
        let mut problem = Problem {
            rows,
            columns,
            ix: Vec::with_capacity(rows * columns),
            iy: Vec::with_capacity(rows * columns),
            c: Vec::with_capacity(rows * columns),
        };
        let (mut along, mut down) = (vec![0.0; columns], vec![0.0; columns]);
        let mut padded = Vec::new();
        for y in 0..rows {
            gradient_row(&self.mean, y, &mut padded, &mut along, &mut down);
            for x in 0..columns {
                let w = f64::from(self.weight.at(y, x));
                let (ix, iy) = (w * f64::from(along[x]), w * f64::from(down[x]));
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
        let (mut u, mut v) = (double(&field.0), double(&field.1));
        let result = problem.solve(&mut u, &mut v, rule, |_, _, _, _| {});
        for (plane, values) in [(&mut field.0, u), (&mut field.1, v)] {
            for (out, value) in plane.data_mut().iter_mut().zip(values) {
                *out = value as f32;
            }
        }
        result
    }
}

/// From gradients (in the places of the right-hand side) to the products of the data term.
#[derive(Debug, Clone, Copy)]
struct DataTerm;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
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
