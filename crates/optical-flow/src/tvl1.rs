//! Total variation and absolute differences: the duality-based method.

use crate::coarse_to_fine::Levels;
use crate::convergence::{Convergence, StopReason};
use crate::derivative::gradients;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::kernel::filter::squares;
use crate::parallel::bands;
use crate::phase::global_shift;
use crate::plane::Plane;

/// Flow with sharp edges by total variation, and absolute differences of intensity that forgive outliers.
///
/// It minimizes the sum over the pixels of
///
/// $$\lambda\,|I_2(\mathbf x+\mathbf u) - I_1| + |\nabla u| + |\nabla v|$$
///
/// by warps on a pyramid. In each the difference is linearized, and a threshold step on the data term takes turns with a step of the dual
/// problem of the total variation, both coupled by $\theta$. Intensities are counted in units of 1/255. Derivatives are those of the mean of the
/// first frame and the warped second one, where the reference warps those of the second; the warp is a cubic B-spline.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowEstimator, Image, TvL1};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let result = TvL1::new()
///     .estimate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(1.5).view())?)?;
/// assert!((result.flow.u[[32, 32]] - 1.5).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot \text{warps} \cdot \text{iterations})$; some 70 bytes a pixel.
///
/// # References
///
/// C. Zach, T. Pock and H. Bischof, Pattern Recognition (DAGM), 214 (2007), doi 10.1007/978-3-540-74936-3_22.
/// J. Sánchez Pérez, E. Meinhardt-Llopis and G. Facciolo, Image Processing On Line 3, 137 (2013), doi 10.5201/ipol.2013.26.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TvL1 {
    lambda: f64,
    theta: f64,
    tau: f64,
    warps: usize,
    max_iterations: usize,
    tolerance: f64,
    pre_smoothing: f64,
    start_from_phase: bool,
}

impl Default for TvL1 {
    fn default() -> Self {
        Self::new()
    }
}

impl TvL1 {
    /// $\lambda = 0.15$, $\theta = 0.3$, $\tau = 0.25$, 5 warps, tolerance 0.01 px, at most 300 iterations a warp,
    /// smoothing by 0.8 px.
    pub fn new() -> Self {
        Self {
            lambda: 0.15,
            theta: 0.3,
            tau: 0.25,
            warps: 5,
            max_iterations: 300,
            tolerance: 0.01,
            pre_smoothing: 0.8,
            start_from_phase: true,
        }
    }

    /// Weight of the data term, in pixels of total variation a count of 1/255.
    pub fn lambda(mut self, lambda: f64) -> Self {
        self.lambda = lambda;
        self
    }

    /// How tightly the two steps are coupled: the smaller, the tighter.
    pub fn theta(mut self, theta: f64) -> Self {
        self.theta = theta;
        self
    }

    /// Step of the dual problem, at most 0.25 for stability.
    pub fn tau(mut self, tau: f64) -> Self {
        self.tau = tau;
        self
    }

    /// Warps on each level.
    pub fn warps(mut self, warps: usize) -> Self {
        self.warps = warps;
        self
    }

    /// The most iterations of a warp.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Root mean square change of the field in one iteration, px, below which a warp ends.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Standard deviation of the smoothing of both frames, px.
    pub fn pre_smoothing(mut self, pre_smoothing: f64) -> Self {
        self.pre_smoothing = pre_smoothing;
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds, where the pyramid would not reach it. Default yes.
    pub fn start_from_phase(mut self, start_from_phase: bool) -> Self {
        self.start_from_phase = start_from_phase;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        Error::positive("lambda", self.lambda)?;
        Error::positive("theta", self.theta)?;
        Error::positive("tolerance", self.tolerance)?;
        if !(self.tau > 0.0 && self.tau <= 0.25) {
            return Err(Error::parameter(
                "tau",
                "above 0 and at most 0.25",
                self.tau,
            ));
        }
        for (name, value) in [
            ("warps", self.warps),
            ("max_iterations", self.max_iterations),
        ] {
            Error::at_least(name, "from 1 to 10000", value == 0 || value > 10_000, value)?;
        }
        Error::pre_smoothing(self.pre_smoothing)
    }
}

/// What a warp needs, kept from one to the next on a level.
struct Workspace {
    mean: Plane,
    known: Plane,
    /// Difference at no motion, derivatives, and one over the square of their length.
    rho: Plane,
    gradient: [Plane; 2],
    inverse: Plane,
    /// Dual variables of both components, along columns and down.
    p: [Plane; 4],
}

impl Workspace {
    fn new((rows, columns): (usize, usize)) -> Self {
        let plane = || Plane::new(rows, columns);
        Self {
            mean: plane(),
            known: plane(),
            rho: plane(),
            gradient: [plane(), plane()],
            inverse: plane(),
            p: [plane(), plane(), plane(), plane()],
        }
    }
}

/// The threshold step and the field from the dual variables, for a row. `rows`: difference, derivatives, inverse.
#[derive(Debug, Clone, Copy)]
struct Primal;

struct PrimalRow<'a> {
    field: [&'a mut [f32]; 2],
    /// Divergences of the dual variables; becomes the change of the field.
    divergence: [&'a mut [f32]; 2],
    data: [&'a [f32]; 4],
    limit: f32,
    theta: f32,
}

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<PrimalRow<'_>> for Primal {
    #[inline(always)]
    fn run(row: PrimalRow<'_>) {
        let [u, v] = row.field;
        let n = u.len();
        let v = &mut v[..n];
        let [d, e] = row.divergence.map(|row| &mut row[..n]);
        let [rho, gx, gy, inverse] = row.data.map(|row| &row[..n]);
        for x in 0..n {
            let error = rho[x] + gx[x] * u[x] + gy[x] * v[x];
            let step = (-error * inverse[x]).max(-row.limit).min(row.limit);
            let new_u = u[x] + step * gx[x] + row.theta * d[x];
            let new_v = v[x] + step * gy[x] + row.theta * e[x];
            d[x] = new_u - u[x];
            e[x] = new_v - v[x];
            u[x] = new_u;
            v[x] = new_v;
        }
    }
}

/// The divergence of a row of dual variables by backward differences; both vanish over the last border.
#[derive(Debug, Clone, Copy)]
struct Divergence;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&mut [f32], [&[f32]; 3])> for Divergence {
    #[inline(always)]
    fn run((out, rows): (&mut [f32], [&[f32]; 3])) {
        let n = out.len();
        let [along, down, above] = rows.map(|row| &row[..n]);
        for x in 0..n {
            out[x] = along[x] + (down[x] - above[x]);
        }
        let (out, before) = (&mut out[1..], &along[..n - 1]);
        for x in 0..n - 1 {
            out[x] -= before[x];
        }
    }
}

/// The step of the dual problem of a row.
#[derive(Debug, Clone, Copy)]
struct Dual;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 2], [&[f32]; 2], f32)> for Dual {
    #[inline(always)]
    fn run(([p, q], field, step): ([&mut [f32]; 2], [&[f32]; 2], f32)) {
        let n = p.len();
        let q = &mut q[..n];
        let [here, below] = field.map(|row| &row[..n]);
        let next = &here[1..][..n - 1];
        for x in 0..n - 1 {
            let (dx, dy) = (next[x] - here[x], below[x] - here[x]);
            let scale = 1.0 / (1.0 + step * (dx * dx + dy * dy).sqrt());
            p[x] = (p[x] + step * dx) * scale;
            q[x] = (q[x] + step * dy) * scale;
        }
        let x = n - 1;
        let dy = below[x] - here[x];
        q[x] = (q[x] + step * dy) / (1.0 + step * dy.abs());
    }
}

/// The first half of an iteration on the field; its mean square change.
fn primal(field: &mut (Plane, Plane), w: &Workspace, limit: f32, theta: f32) -> f64 {
    let (rows, columns) = field.0.dim();
    let zeros = vec![0.0; columns];
    let planes = [field.0.data_mut(), field.1.data_mut()];
    let sums = bands(planes, columns, |first, [u, v]| {
        let mut divergence = [vec![0.0; columns], vec![0.0; columns]];
        let mut sum = 0.0;
        let lines = u.chunks_exact_mut(columns).zip(v.chunks_exact_mut(columns));
        for (k, (u, v)) in lines.enumerate() {
            let y = first + k;
            for (out, p) in divergence.iter_mut().zip(w.p.chunks_exact(2)) {
                let above = if y > 0 { p[1].row(y - 1) } else { &zeros };
                dispatch(
                    Divergence,
                    (&mut out[..], [p[0].row(y), p[1].row(y), above]),
                );
            }
            let [d, e] = divergence.each_mut().map(Vec::as_mut_slice);
            let row = PrimalRow {
                field: [u, v],
                divergence: [d, e],
                data: [
                    w.rho.row(y),
                    w.gradient[0].row(y),
                    w.gradient[1].row(y),
                    w.inverse.row(y),
                ],
                limit,
                theta,
            };
            dispatch(Primal, row);
            sum += squares(&divergence[0]) + squares(&divergence[1]);
        }
        sum
    });
    sums.iter().sum::<f64>() / (rows * columns) as f64
}

fn dual(field: &(Plane, Plane), p: &mut [Plane; 4], step: f32) {
    let (rows, columns) = field.0.dim();
    let planes = p.each_mut().map(Plane::data_mut);
    bands(planes, columns, |first, [p11, p12, p21, p22]| {
        for k in 0..p11.len() / columns {
            let (y, at) = (first + k, k * columns..(k + 1) * columns);
            let below = (y + 1).min(rows - 1);
            for (plane, p, q) in [
                (&field.0, &mut *p11, &mut *p12),
                (&field.1, &mut *p21, &mut *p22),
            ] {
                let rows = [plane.row(y), plane.row(below)];
                dispatch(Dual, ([&mut p[at.clone()], &mut q[at.clone()]], rows, step));
            }
        }
    });
}

impl TvL1 {
    fn warp(
        &self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
        w: &mut Workspace,
    ) -> Convergence {
        second.warp_into(&field.0, &field.1, &mut w.mean, &mut w.known);
        for ((mean, rho), first) in w
            .mean
            .data_mut()
            .iter_mut()
            .zip(w.rho.data_mut())
            .zip(first.data())
        {
            *rho = *mean - first;
            *mean = 0.5 * (*mean + first);
        }
        if let Some(weight) = weight {
            for (known, weight) in w.known.data_mut().iter_mut().zip(weight.data()) {
                *known *= weight;
            }
        }
        let [gx, gy] = &mut w.gradient;
        gradients(&w.mean, gx, gy);
        let (gx, gy) = (gx.data_mut(), gy.data_mut());
        let (rho, inverse) = (w.rho.data_mut(), w.inverse.data_mut());
        for (k, known) in w.known.data().iter().enumerate() {
            gx[k] *= known;
            gy[k] *= known;
            let square = gx[k] * gx[k] + gy[k] * gy[k];
            // difference as a function of the whole field
            rho[k] = known * rho[k] - gx[k] * field.0.data()[k] - gy[k] * field.1.data()[k];
            inverse[k] = if square > 1e-10 { 1.0 / square } else { 0.0 };
        }
        let (theta, limit) = (self.theta as f32, (self.lambda * self.theta) as f32);
        let step = (self.tau / self.theta) as f32;
        let mut result = Convergence {
            reason: StopReason::MaxIterations,
            iterations: 0,
            residual: f64::INFINITY,
            update: None,
            tolerance: self.tolerance,
        };
        for n in 1..=self.max_iterations {
            let change = primal(field, w, limit, theta).sqrt();
            dual(field, &mut w.p, step);
            result.iterations = n;
            result.residual = change;
            result.update = Some(change);
            if change < self.tolerance {
                result.reason = StopReason::Tolerance;
                break;
            }
        }
        result
    }
}

impl FlowEstimator for TvL1 {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        let weight = first.common_weight(second);
        let levels = Levels::new(
            first.counts(self.pre_smoothing),
            second.counts(self.pre_smoothing),
            weight,
            16,
        );
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let mut workspace = Workspace::new((0, 0));
        let mut last = None;
        let field = levels.descend(
            shift,
            |_| self.warps,
            |first, second, weight, field| {
                if workspace.mean.dim() != first.dim() {
                    workspace = Workspace::new(first.dim());
                }
                last = Some(self.warp(first, second, weight, field, &mut workspace));
            },
        );
        let mut result = FlowResult::new(field);
        result.convergence = last;
        result.pre_smoothing = self.pre_smoothing;
        result.initial = shift;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The threshold step against the three cases of the threshold, and both steps against loops over pixels.
    #[test]
    fn one_iteration_is_that_of_the_paper() {
        let (rows, columns) = (9, 13);
        let value = |seed: usize| {
            Plane::from_fn(rows, columns, |(y, x)| {
                ((y * 37 + x * 91 + seed * 57) % 101) as f32 / 50.0 - 1.0
            })
        };
        let mut w = Workspace::new((rows, columns));
        (w.rho, w.gradient, w.p) = (value(1), [value(2), value(3)], [4, 5, 6, 7].map(value));
        // as after any number of steps: nothing flows over the border
        for y in 0..rows {
            w.p[0].row_mut(y)[columns - 1] = 0.0;
            w.p[2].row_mut(y)[columns - 1] = 0.0;
        }
        for k in [1, 3] {
            w.p[k].row_mut(rows - 1).fill(0.0);
        }
        for k in 0..rows * columns {
            let (gx, gy) = (w.gradient[0].data()[k], w.gradient[1].data()[k]);
            w.inverse.data_mut()[k] = 1.0 / (gx * gx + gy * gy).max(1e-10);
        }
        let start = (value(8), value(9));
        let mut field = start.clone();
        let (limit, theta, step) = (0.3, 0.2, 0.25 / 0.2);
        let before = w.p.clone();
        primal(&mut field, &w, limit, theta);
        dual(&field, &mut w.p, step);
        for y in 0..rows {
            for x in 0..columns {
                let (gx, gy) = (w.gradient[0].at(y, x), w.gradient[1].at(y, x));
                let (u, v) = (start.0.at(y, x), start.1.at(y, x));
                let rho = w.rho.at(y, x) + gx * u + gy * v;
                let square = gx * gx + gy * gy;
                let scale = if rho < -limit * square {
                    limit
                } else if rho > limit * square {
                    -limit
                } else {
                    -rho / square
                };
                for (c, (new, old, g)) in [(&field.0, u, gx), (&field.1, v, gy)]
                    .into_iter()
                    .enumerate()
                {
                    let (p, q) = (&before[2 * c], &before[2 * c + 1]);
                    let mut divergence = p.at(y, x) + q.at(y, x);
                    divergence -= if x > 0 { p.at(y, x - 1) } else { 0.0 };
                    divergence -= if y > 0 { q.at(y - 1, x) } else { 0.0 };
                    let expected = old + scale * g + theta * divergence;
                    approx::assert_abs_diff_eq!(new.at(y, x), expected, epsilon = 1e-5);
                    let dx = if x + 1 < columns {
                        new.at(y, x + 1) - new.at(y, x)
                    } else {
                        0.0
                    };
                    let dy = if y + 1 < rows {
                        new.at(y + 1, x) - new.at(y, x)
                    } else {
                        0.0
                    };
                    let length = 1.0 + step * dx.hypot(dy);
                    let expected = (p.at(y, x) + step * dx) / length;
                    approx::assert_abs_diff_eq!(w.p[2 * c].at(y, x), expected, epsilon = 1e-5);
                    let expected = (q.at(y, x) + step * dy) / length;
                    approx::assert_abs_diff_eq!(w.p[2 * c + 1].at(y, x), expected, epsilon = 1e-5);
                }
            }
        }
    }

    #[test]
    fn rejects_what_is_out_of_range() {
        for bad in [
            TvL1::new().lambda(0.0),
            TvL1::new().theta(f64::NAN),
            TvL1::new().tau(0.3),
            TvL1::new().warps(0),
            TvL1::new().max_iterations(0),
            TvL1::new().tolerance(0.0),
            TvL1::new().pre_smoothing(-1.0),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
