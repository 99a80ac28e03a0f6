//! Robust variational flow: Charbonnier penalties on data and smoothness, and medians between warps.

mod non_local;
mod system;

use crate::coarse_to_fine::Levels;
use crate::derivative::gradients;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::median::median_into;
use crate::parallel::bands;
use crate::phase::global_shift;
use crate::plane::Plane;
use non_local::Guide;
use system::{Row, WeightedGrid};

/// Flow that may break at the edges of moving things.
///
/// It minimizes the sum over the pixels of
///
/// $$\psi\big((I_2(\mathbf x+\mathbf u) - I_1)^2\big) + \gamma\,\psi\big(|\nabla I_2(\mathbf x + \mathbf u) - \nabla I_1|^2\big) + \alpha\,\psi\big(|\nabla u|^2 + |\nabla v|^2\big)$$
///
/// with $\psi(s^2) = \sqrt{s^2 + \varepsilon^2}$ by warps on a pyramid. In each the penalties are linearized a few times and the linear system
/// is relaxed by red-black over-relaxation. After each warp both components pass a median filter. Penalties of intensities are in units
/// of 1/255. It follows noise where there is much: prefer [`HornSchunck`](crate::HornSchunck) then.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowEstimator, Image, RobustFlow};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let result = RobustFlow::new()
///     .estimate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(1.5).view())?)?;
/// assert!((result.flow.u[[32, 32]] - 1.5).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot \text{warps} \cdot \text{linearizations} \cdot \text{sweeps})$.
///
/// # References
///
/// T. Brox, A. Bruhn, N. Papenberg and J. Weickert, ECCV 2004, doi 10.1007/978-3-540-24673-2_3, Eq. 4 (both constancies, Charbonnier penalties).
/// D. Sun, S. Roth and M. J. Black, Int. J. Comput. Vis. 106, 115 (2014), doi 10.1007/s11263-013-0644-x (medians of 5 x 5 px after each warp;
/// weighted ones at edges, with its weights; intensities are gray here, and other pixels keep the plain median).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RobustFlow {
    alpha: f64,
    gamma: f64,
    epsilon: f64,
    warps: usize,
    linearizations: usize,
    sweeps: usize,
    median_radius: usize,
    non_local_radius: usize,
    pre_smoothing: f64,
    start_from_phase: bool,
}

impl Default for RobustFlow {
    fn default() -> Self {
        Self::new()
    }
}

impl RobustFlow {
    /// The defaults of each setter.
    pub fn new() -> Self {
        Self {
            alpha: 6.0,
            gamma: 7.0,
            epsilon: 0.001,
            warps: 3,
            linearizations: 2,
            sweeps: 8,
            median_radius: 2,
            non_local_radius: 0,
            pre_smoothing: 0.8,
            start_from_phase: false,
        }
    }

    /// The most accurate configuration for sharp edges of motion, at several times the cost: weighted medians over 15 x 15 px at these edges.
    pub fn non_local() -> Self {
        Self {
            non_local_radius: 7,
            ..Self::new()
        }
    }

    /// Weight of the smoothness.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Weight of the gradients' constancy; 0 for intensities alone.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }

    /// The width $\varepsilon$ below which penalties are quadratic, in px of flow gradient and counts of 1/255. Default 0.001.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Warps on the finest level; twice as many on the next, three times as many on those above, where they cost little. Default 3.
    pub fn warps(mut self, warps: usize) -> Self {
        self.warps = warps;
        self
    }

    /// Linearizations of the penalties in each warp.
    pub fn linearizations(mut self, linearizations: usize) -> Self {
        self.linearizations = linearizations;
        self
    }

    /// Sweeps of over-relaxation in each linearization.
    pub fn sweeps(mut self, sweeps: usize) -> Self {
        self.sweeps = sweeps;
        self
    }

    /// Radius of the median filter: 0 for none, 1 for 3 x 3, 2 for 5 x 5 px.
    pub fn median_radius(mut self, median_radius: usize) -> Self {
        self.median_radius = median_radius;
        self
    }

    /// Radius of the weighted median near edges of motion, px; 0 (the default) for none, at most 15.
    ///
    /// After each warp, within 2 px of an edge, a vector becomes the weighted median of those around it. The weights fall with the distance
    /// (over 7 px), with the difference of intensity in the first frame (over 7 counts of 1/255), and where a pixel seems to be hidden in the
    /// second frame: where the field converges, or the frames differ.
    pub fn non_local_radius(mut self, non_local_radius: usize) -> Self {
        self.non_local_radius = non_local_radius;
        self
    }

    /// Standard deviation of the smoothing of both frames, px.
    pub fn pre_smoothing(mut self, pre_smoothing: f64) -> Self {
        self.pre_smoothing = pre_smoothing;
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds. Default no.
    pub fn start_from_phase(mut self, start_from_phase: bool) -> Self {
        self.start_from_phase = start_from_phase;
        self
    }

    pub(crate) fn smoothing(&self) -> f64 {
        self.pre_smoothing
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        Error::positive("alpha", self.alpha)?;
        Error::not_negative("gamma", self.gamma)?;
        Error::positive("epsilon", self.epsilon)?;
        for (name, value) in [
            ("warps", self.warps),
            ("linearizations", self.linearizations),
            ("sweeps", self.sweeps),
        ] {
            Error::at_least(name, "from 1 to 1000", value == 0 || value > 1000, value)?;
        }
        Error::at_least(
            "median_radius",
            "at most 2",
            self.median_radius > 2,
            self.median_radius,
        )?;
        Error::at_least(
            "non_local_radius",
            "at most 15",
            self.non_local_radius > 15,
            self.non_local_radius,
        )?;
        Error::pre_smoothing(self.pre_smoothing)
    }
}

/// Over-relaxation factor: between those that are best for smooth and for broken fields.
const OMEGA: f32 = 1.9;

impl FlowEstimator for RobustFlow {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        let levels = Levels::new(
            first.counts(self.pre_smoothing),
            second.counts(self.pre_smoothing),
            first.common_weight(second),
            14,
        );
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let mut refinement = Refinement::new(self.clone());
        let field = levels.descend(
            shift,
            |level| self.warps * (level + 1).min(3),
            |first, second, weight, field| refinement.warp(first, second, weight, field),
        );
        let mut result = FlowResult::new(field);
        result.alpha = Some(self.alpha);
        result.pre_smoothing = self.pre_smoothing;
        result.initial = shift;
        Ok(result)
    }
}

/// What a warp needs, kept from one to the next on a level.
struct Workspace {
    before: (Plane, Plane),
    mean: Plane,
    difference: Plane,
    known: Plane,
    /// Derivatives of the mean: first, second; and of the difference.
    first: [Plane; 2],
    second: [Plane; 3],
    of_difference: [Plane; 2],
    slope: Plane,
    grid: WeightedGrid,
}

impl Workspace {
    fn new((rows, columns): (usize, usize)) -> Self {
        let plane = || Plane::new(rows, columns);
        Self {
            before: (plane(), plane()),
            mean: plane(),
            difference: plane(),
            known: plane(),
            first: [plane(), plane()],
            second: [plane(), plane(), plane()],
            of_difference: [plane(), plane()],
            slope: plane(),
            grid: WeightedGrid::new((rows, columns)),
        }
    }
}

/// Steps of [`RobustFlow`] on a field, with the planes that they need.
pub(crate) struct Refinement {
    settings: RobustFlow,
    workspace: Workspace,
}

impl Refinement {
    pub(crate) fn new(settings: RobustFlow) -> Self {
        Self {
            settings,
            workspace: Workspace::new((0, 0)),
        }
    }

    /// One warp.
    pub(crate) fn warp(
        &mut self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
    ) {
        if self.workspace.mean.dim() != first.dim() {
            self.workspace = Workspace::new(first.dim());
        }
        self.settings
            .warp(first, second, weight, field, &mut self.workspace);
    }

    /// As many warps as the settings have on the finest level.
    pub(crate) fn refine(
        &mut self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
    ) {
        for _ in 0..self.settings.warps {
            self.warp(first, second, weight, field);
        }
    }
}

/// `alpha` times the penalty's slope at the gradient of a field: from rows here and below.
#[derive(Debug, Clone, Copy)]
struct Slope;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&mut [f32], [&[f32]; 4], [f32; 2])> for Slope {
    #[inline(always)]
    fn run((out, rows, [alpha, epsilon]): (&mut [f32], [&[f32]; 4], [f32; 2])) {
        let n = out.len();
        let [u, ub, v, vb] = rows.map(|row| &row[..n]);
        let at = |ux: f32, uy: f32, vx: f32, vy: f32| {
            alpha / (ux * ux + uy * uy + vx * vx + vy * vy + epsilon).sqrt()
        };
        let (u_next, v_next) = (&u[1..][..n - 1], &v[1..][..n - 1]);
        for x in 0..n - 1 {
            out[x] = at(
                u_next[x] - u[x],
                ub[x] - u[x],
                v_next[x] - v[x],
                vb[x] - v[x],
            );
        }
        let x = n - 1;
        out[x] = at(0.0, ub[x] - u[x], 0.0, vb[x] - v[x]);
    }
}

/// The data term of a row, and the weights of its edges: the mean of the slopes at both ends.
#[derive(Debug, Clone, Copy)]
struct Assemble;

struct Rows<'a> {
    /// Field, field before, derivatives along and down, difference, three second derivatives, two of the difference, known.
    image: [&'a [f32]; 13],
    /// Slopes here, above, below.
    slope: [&'a [f32]; 3],
    gamma: f32,
    epsilon: f32,
}

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(Row<'_>, Rows<'_>)> for Assemble {
    #[inline(always)]
    fn run((row, rows): (Row<'_>, Rows<'_>)) {
        let Rows {
            image,
            slope,
            gamma,
            epsilon,
        } = rows;
        let n = image[0].len();
        let [u, v, u0, v0, gx, gy, t, xx, xy, yy, xt, yt, known] = image.map(|row| &row[..n]);
        let [j11, j12, j22] = row.j.map(|row| &mut row[..n]);
        let [r1, r2] = row.r.map(|row| &mut row[..n]);
        for x in 0..n {
            let (du, dv) = (u[x] - u0[x], v[x] - v0[x]);
            let e0 = t[x] + gx[x] * du + gy[x] * dv;
            let e1 = xt[x] + xx[x] * du + xy[x] * dv;
            let e2 = yt[x] + xy[x] * du + yy[x] * dv;
            let w0 = known[x] / (e0 * e0 + epsilon).sqrt();
            let w1 = gamma * known[x] / (e1 * e1 + e2 * e2 + epsilon).sqrt();
            let a = w0 * gx[x] * gx[x] + w1 * (xx[x] * xx[x] + xy[x] * xy[x]);
            let b = w0 * gx[x] * gy[x] + w1 * xy[x] * (xx[x] + yy[x]);
            let d = w0 * gy[x] * gy[x] + w1 * (xy[x] * xy[x] + yy[x] * yy[x]);
            let t1 = w0 * gx[x] * t[x] + w1 * (xx[x] * xt[x] + xy[x] * yt[x]);
            let t2 = w0 * gy[x] * t[x] + w1 * (xy[x] * xt[x] + yy[x] * yt[x]);
            j11[x] = a;
            j12[x] = b;
            j22[x] = d;
            r1[x] = a * u0[x] + b * v0[x] - t1;
            r2[x] = b * u0[x] + d * v0[x] - t2;
        }
        let [here, above, below] = slope.map(|row| &row[..n]);
        let [wl, wr, wa, wb] = row.w.map(|row| &mut row[..n]);
        for x in 0..n {
            wa[x] = 0.5 * (here[x] + above[x]);
            wb[x] = 0.5 * (here[x] + below[x]);
        }
        let next = &here[1..][..n - 1];
        let (wr, wl) = (&mut wr[..n - 1], &mut wl[1..][..n - 1]);
        for x in 0..n - 1 {
            wr[x] = 0.5 * (here[x] + next[x]);
            wl[x] = 0.5 * (here[x] + next[x]);
        }
    }
}

/// Cuts the change of a row from `before` to one pixel; what is not a number goes back.
#[derive(Debug, Clone, Copy)]
struct Limit;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&mut [f32], &[f32])> for Limit {
    #[inline(always)]
    fn run((values, before): (&mut [f32], &[f32])) {
        let n = values.len();
        let before = &before[..n];
        for x in 0..n {
            let change = values[x] - before[x];
            let change = if change > 1.0 { 1.0 } else { change };
            let change = if change > -1.0 { change } else { -1.0 };
            values[x] = before[x] + if values[x].is_nan() { 0.0 } else { change };
        }
    }
}

/// Difference and mean of a frame and a warped one, in the places of the last two.
#[derive(Debug, Clone, Copy)]
struct Compare;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&[f32], &mut [f32], &mut [f32])> for Compare {
    #[inline(always)]
    fn run((first, mean, difference): (&[f32], &mut [f32], &mut [f32])) {
        let n = first.len();
        let (mean, difference) = (&mut mean[..n], &mut difference[..n]);
        for x in 0..n {
            difference[x] = mean[x] - first[x];
            mean[x] = 0.5 * (first[x] + mean[x]);
        }
    }
}

impl RobustFlow {
    fn warp(
        &self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
        w: &mut Workspace,
    ) {
        let columns = first.columns();
        w.before.clone_from(field);
        second.warp_into(&w.before.0, &w.before.1, &mut w.mean, &mut w.known);
        let planes = [w.mean.data_mut(), w.difference.data_mut()];
        bands(planes, columns, |row, [mean, difference]| {
            let first = &first.data()[row * columns..][..mean.len()];
            dispatch(Compare, (first, mean, difference));
        });
        if let Some(weight) = weight {
            for (known, weight) in w.known.data_mut().iter_mut().zip(weight.data()) {
                *known *= weight;
            }
        }
        let [ix, iy] = &mut w.first;
        let [ixx, ixy, iyy] = &mut w.second;
        let [ixt, iyt] = &mut w.of_difference;
        gradients(&w.mean, ix, iy);
        // the last but one is written again by the line after it
        gradients(iy, ixy, iyy);
        gradients(ix, ixx, ixy);
        gradients(&w.difference, ixt, iyt);
        let epsilon = (self.epsilon * self.epsilon) as f32;
        let (alpha, gamma) = (self.alpha as f32, self.gamma as f32);
        let last = first.rows() - 1;
        for _ in 0..self.linearizations {
            let (u, v) = (&field.0, &field.1);
            bands([w.slope.data_mut()], columns, |first, [slope]| {
                for (k, out) in slope.chunks_exact_mut(columns).enumerate() {
                    let (y, below) = (first + k, (first + k + 1).min(last));
                    let rows = [u.row(y), u.row(below), v.row(y), v.row(below)];
                    dispatch(Slope, (out, rows, [alpha, epsilon]));
                }
            });
            let image: [&Plane; 13] = [
                u,
                v,
                &w.before.0,
                &w.before.1,
                ix,
                iy,
                &w.difference,
                ixx,
                ixy,
                iyy,
                ixt,
                iyt,
                &w.known,
            ];
            let slope = &w.slope;
            w.grid.fill(|y, row| {
                let rows = Rows {
                    image: image.map(|plane| plane.row(y)),
                    slope: [y, y.max(1) - 1, (y + 1).min(last)].map(|y| slope.row(y)),
                    gamma,
                    epsilon,
                };
                dispatch(Assemble, (row, rows));
            });
            w.grid.sweep(&mut field.0, &mut field.1, OMEGA, self.sweeps);
        }
        for (plane, before) in [(&mut field.0, &w.before.0), (&mut field.1, &w.before.1)] {
            dispatch(Limit, (plane.data_mut(), before.data()));
            if self.median_radius > 0 {
                median_into(plane, self.median_radius, &mut w.slope);
                std::mem::swap(plane, &mut w.slope);
            }
        }
        if self.non_local_radius > 0 {
            let guide = Guide {
                first,
                difference: &w.difference,
                known: &w.known,
            };
            guide.smooth(field, self.non_local_radius);
        }
    }
}
