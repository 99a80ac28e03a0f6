//! One level of the pyramid: linearize, solve, limit, check.

use super::jacobi::Rule;
use super::linear::{Linearizer, Rows};
use super::{HornSchunck, Solver};
use crate::convergence::{Convergence, LevelReport};
use crate::image::Image;
use crate::interpolate::{Interpolation, Sampler, WarpScratch};
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::median::median;
use crate::parallel::{BAND, both, map};
use crate::plane::{Field, Plane};
use crate::pyramid::{expand_into, reduce_into};
use crate::smooth::gaussian_into;
use crate::system::Hierarchy;

/// Both frames of one size.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    pub(crate) first: Plane,
    pub(crate) second: Sampler,
    /// Weight of the data of each pixel of both frames; absent if all are 1.
    pub(crate) weight: Option<(Plane, Sampler)>,
}

/// The grids to solve on, and the number of the level.
pub(crate) type Solving<'a> = (&'a mut Hierarchy, usize);

/// The levels of two frames, fine to coarse, and what they are made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pyramid {
    pub(crate) levels: Vec<Level>,
    /// The second frame at each level; that of the finest only if it is smoothed.
    seconds: Vec<Plane>,
}

impl Pyramid {
    /// Takes two other frames, in the memory that is there.
    pub(crate) fn fill(
        &mut self,
        first: &Image,
        second: &Image,
        sigma: f64,
        n_levels: usize,
        interpolation: Interpolation,
    ) {
        self.levels.resize_with(n_levels, Level::default);
        self.seconds.resize_with(n_levels, Plane::default);
        let (levels, seconds) = (&mut self.levels, &mut self.seconds);
        let (rows, columns) = first.dim();
        let firsts = || {
            gaussian_into(first.plane(), sigma, &mut levels[0].first);
            for n in 1..n_levels {
                let (fine, coarse) = levels.split_at_mut(n);
                reduce_into(&fine[n - 1].first, &mut coarse[0].first);
            }
        };
        let others = || {
            if sigma > 0.0 {
                gaussian_into(second.plane(), sigma, &mut seconds[0]);
            }
            for n in 1..n_levels {
                let (fine, coarse) = seconds.split_at_mut(n);
                let fine = if n == 1 && sigma <= 0.0 {
                    second.plane()
                } else {
                    &fine[n - 1]
                };
                reduce_into(fine, &mut coarse[0]);
            }
        };
        both(rows * columns, firsts, others);
        for (n, level) in self.levels.iter_mut().enumerate() {
            let frame = if n == 0 && sigma <= 0.0 {
                second.plane()
            } else {
                &self.seconds[n]
            };
            level.second.fill(frame, interpolation);
            level.weight = None;
        }
        if first.weight().is_some() || second.weight().is_some() {
            let known = |image: &Image| {
                let ones = || Plane::filled(rows, columns, 1.0);
                image.weight().cloned().unwrap_or_else(ones)
            };
            let (mut a, mut b) = (known(first), known(second));
            for level in &mut self.levels {
                let next = (crate::pyramid::reduce(&a), crate::pyramid::reduce(&b));
                level.weight = Some((a, Sampler::new(&b, Interpolation::Bilinear)));
                (a, b) = next;
            }
        }
    }
}

/// The field that a level is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Motion<'a> {
    Field(&'a Field),
    /// One displacement for all pixels.
    Uniform(f32, f32),
}

/// A field of a level, the field before its last warp, and planes to work in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stage {
    pub(crate) field: Field,
    pub(crate) before: Field,
}

impl Stage {
    pub(crate) fn resize(&mut self, (rows, columns): (usize, usize)) {
        for (u, v) in [&mut self.field, &mut self.before] {
            u.resize(rows, columns);
            v.resize(rows, columns);
        }
    }

    /// Begins with one displacement for all pixels.
    pub(crate) fn uniform(&mut self, u: f32, v: f32) {
        self.field.0.fill(u);
        self.field.1.fill(v);
    }

    /// Begins with the field of the coarser level.
    pub(crate) fn expand(&mut self, coarse: &Field) {
        expand_into(&coarse.0, 2.0, &mut self.field.0);
        expand_into(&coarse.1, 2.0, &mut self.field.1);
    }
}

impl Level {
    pub(crate) fn dim(&self) -> (usize, usize) {
        self.first.dim()
    }

    /// Root mean square of the weighted difference between the first frame and the warped second one, every `step`-th row.
    pub(crate) fn mismatch(&self, motion: Motion<'_>, step: usize) -> f64 {
        let (rows, columns) = self.dim();
        let picked = rows.div_ceil(step);
        let bands: Vec<usize> = (0..picked).step_by(BAND).collect();
        let parts = map(bands, rows * columns / step, |begin| {
            let mut scratch = WarpScratch::default();
            let (mut out, mut inside) = (vec![0.0; columns], vec![0.0; columns]);
            let same = match motion {
                Motion::Field(_) => (Vec::new(), Vec::new()),
                Motion::Uniform(u, v) => (vec![u; columns], vec![v; columns]),
            };
            let (mut sum, mut count) = (0.0, 0.0);
            for y in (begin..(begin + BAND).min(picked)).map(|k| k * step) {
                let (u, v) = match motion {
                    Motion::Field(field) => (field.0.row(y), field.1.row(y)),
                    Motion::Uniform(..) => (&same.0[..], &same.1[..]),
                };
                self.second
                    .warp_row(y, u, v, &mut scratch, &mut out, &mut inside);
                if let Some((known, _)) = &self.weight {
                    for (inside, known) in inside.iter_mut().zip(known.row(y)) {
                        *inside *= if *known >= 0.5 { 1.0 } else { 0.0 };
                    }
                }
                let mut sums = [0.0; 2];
                dispatch(
                    Differ,
                    (&out[..], self.first.row(y), &inside[..], &mut sums),
                );
                sum += sums[0];
                count += sums[1];
            }
            (sum, count)
        });
        let (sum, count) = parts
            .iter()
            .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        // a field that leads everywhere out of the frame explains nothing
        if count > 0.25 * columns as f64 * picked as f64 {
            f64::sqrt(sum / count)
        } else {
            f64::INFINITY
        }
    }

    /// Improves the field of a stage; `start` is the displacement that the pyramid began with.
    pub(crate) fn refine(
        &self,
        settings: &HornSchunck,
        stage: &mut Stage,
        start: (f32, f32),
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
        report.difference_before = self.mismatch(Motion::Field(&stage.field), step);
        let mut from_start = f64::INFINITY;
        if settings.energy_check {
            from_start = self.mismatch(Motion::Uniform(start.0, start.1), step);
            if report.difference_before > from_start {
                stage.uniform(start.0, start.1);
                report.difference_before = from_start;
                report.rejected = true;
            }
        }
        for _ in 0..settings.warps {
            std::mem::swap(&mut stage.field, &mut stage.before);
            let Stage { field, before } = stage;
            report
                .solves
                .push(self.solve(settings, before, field, alpha, solver));
            report.clamped = limit(field, before, settings.update_limit as f32);
            if settings.median_radius > 0 {
                median(&mut field.0, settings.median_radius);
                median(&mut field.1, settings.median_radius);
            }
        }
        report.difference_after = self.mismatch(Motion::Field(&stage.field), step);
        if settings.energy_check
            && report.difference_after > report.difference_before.min(from_start) * 1.5
        {
            // far worse than the start: no motion that this level can see
            stage.uniform(start.0, start.1);
            report.difference_after = from_start;
            report.rejected = true;
        }
        report
    }

    /// Linearizes around a field and solves.
    fn solve(
        &self,
        settings: &HornSchunck,
        before: &Field,
        field: &mut Field,
        alpha: f64,
        (hierarchy, level): &mut Solving<'_>,
    ) -> Convergence {
        let (tolerance, most) = (settings.tolerance, settings.max_iterations);
        let around = Linearizer {
            level: self,
            field: before,
        };
        let n_grids = match settings.solver {
            Solver::Jacobi => {
                let rule = Rule {
                    alpha,
                    tolerance,
                    max_sweeps: most,
                };
                return around.planes().jacobi(before, field, rule);
            }
            Solver::Sor(_) => 1,
            Solver::Multigrid => usize::MAX,
        };
        let mut system = if settings.integration == 0.0 {
            let memory = || Rows::new(self.first.columns());
            hierarchy.system(
                *level,
                n_grids,
                smoothness(alpha),
                memory,
                |rows, y, row| {
                    around.products(rows, y, row);
                },
            )
        } else {
            let data = around.planes().gathered(before, settings.integration);
            hierarchy.gathered(*level, n_grids, smoothness(alpha), &data)
        };
        match settings.solver {
            Solver::Sor(omega) => system.sor(before, field, omega as f32, tolerance, most),
            _ => system.multigrid(before, field, tolerance, most),
        }
    }
}

/// Sum of squared differences of two rows where a weight is 1, and the sum of the weights.
#[derive(Debug, Clone, Copy)]
struct Differ;

/// Partial sums, whatever the instruction set.
const LANES: usize = 8;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&[f32], &[f32], &[f32], &mut [f64; 2])> for Differ {
    #[inline(always)]
    fn run((a, b, weight, out): (&[f32], &[f32], &[f32], &mut [f64; 2])) {
        let (mut sums, mut counts) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        let n = a.len() - a.len() % LANES;
        let (b, weight) = (&b[..a.len()], &weight[..a.len()]);
        for x in (0..n).step_by(LANES) {
            let (a, b, w) = (&a[x..][..LANES], &b[x..][..LANES], &weight[x..][..LANES]);
            for l in 0..LANES {
                let d = a[l] - b[l];
                sums[l] += w[l] * (d * d);
                counts[l] += w[l];
            }
        }
        for x in n..a.len() {
            sums[0] += weight[x] * (a[x] - b[x]).powi(2);
            counts[0] += weight[x];
        }
        let total = |lanes: [f32; LANES]| lanes.iter().map(|v| f64::from(*v)).sum();
        *out = [total(sums), total(counts)];
    }
}

/// The weight of the difference of next neighbors that a smoothness weight means.
pub(super) fn smoothness(alpha: f64) -> f32 {
    (alpha * alpha / 3.0) as f32
}

/// How many changes are not within a limit.
#[derive(Debug, Clone, Copy)]
struct Beyond;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&[f32]; 4], f32, &mut u32)> for Beyond {
    #[inline(always)]
    fn run((planes, most, count): ([&[f32]; 4], f32, &mut u32)) {
        let n = planes[0].len();
        let [u, v, u0, v0] = planes.map(|plane| &plane[..n]);
        let mut sum = 0;
        for x in 0..n {
            let within = (u[x] - u0[x]).abs() <= most && (v[x] - v0[x]).abs() <= most;
            sum += u32::from(!within);
        }
        *count = sum;
    }
}

/// Cuts each component's change to a limit and returns how many pixels were cut; values that are not finite go back.
pub(super) fn limit(field: &mut Field, before: &Field, most: f32) -> usize {
    let mut cut = 0;
    for y in 0..field.0.rows() {
        let (u, v) = (field.0.row_mut(y), field.1.row_mut(y));
        let (u0, v0) = (before.0.row(y), before.1.row(y));
        let mut count = 0;
        dispatch(Beyond, ([&*u, &*v, u0, v0], most, &mut count));
        if count == 0 {
            continue;
        }
        cut += count as usize;
        let bounded = |d: f32| {
            if d.is_nan() {
                0.0
            } else {
                d.clamp(-most, most)
            }
        };
        for ((u, v), (u0, v0)) in u.iter_mut().zip(v).zip(u0.iter().zip(v0)) {
            let (du, dv) = (*u - u0, *v - v0);
            if !(du.abs() <= most && dv.abs() <= most) {
                *u = u0 + bounded(du);
                *v = v0 + bounded(dv);
            }
        }
    }
    cut
}
