//! Robust variational flow: Charbonnier penalties on data and smoothness, and medians between warps.

mod system;

use crate::coarse_to_fine::Levels;
use crate::derivative::gradient_row;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::median::median;
use crate::phase::global_shift;
use crate::plane::Plane;
use crate::smooth::gaussian;
use system::{Coefficients, WeightedGrid};

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
/// D. Sun, S. Roth and M. J. Black, Int. J. Comput. Vis. 106, 115 (2014), doi 10.1007/s11263-013-0644-x (medians of 5 x 5 px after each warp).
#[derive(Debug, Clone, PartialEq)]
pub struct RobustFlow {
    alpha: f64,
    gamma: f64,
    epsilon: f64,
    warps: usize,
    linearizations: usize,
    sweeps: usize,
    median_radius: usize,
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
            alpha: 8.0,
            gamma: 7.0,
            epsilon: 0.001,
            warps: 5,
            linearizations: 2,
            sweeps: 8,
            median_radius: 2,
            pre_smoothing: 0.6,
            start_from_phase: false,
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

    /// Warps on each level.
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
        if !(0.0..=100.0).contains(&self.pre_smoothing) {
            return Err(Error::parameter(
                "pre_smoothing",
                "from 0 to 100 px",
                self.pre_smoothing,
            ));
        }
        Ok(())
    }
}

/// Over-relaxation factor: between those that are best for smooth and for broken fields.
const OMEGA: f32 = 1.8;

/// Intensities are compared in counts of 8 bits.
const COUNTS: f32 = 255.0;

impl FlowEstimator for RobustFlow {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        let counts = |image: &Image| {
            let mut plane = gaussian(image.plane(), self.pre_smoothing);
            for value in plane.data_mut() {
                *value *= COUNTS;
            }
            plane
        };
        let levels = Levels::new(
            counts(first),
            counts(second),
            first.common_weight(second),
            14,
        );
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let field = levels.descend(shift, self.warps, |first, second, weight, field| {
            self.warp(first, second, weight, field);
        });
        let mut result = FlowResult::new(field);
        result.alpha = Some(self.alpha);
        result.pre_smoothing = self.pre_smoothing;
        result.initial = shift;
        Ok(result)
    }
}

fn gradients(image: &Plane) -> (Plane, Plane) {
    let (rows, columns) = image.dim();
    let (mut along, mut down) = (Plane::new(rows, columns), Plane::new(rows, columns));
    let mut padded = Vec::new();
    for y in 0..rows {
        gradient_row(image, y, &mut padded, along.row_mut(y), down.row_mut(y));
    }
    (along, down)
}

/// Weights of the edges: the mean of the penalties' slopes at both ends.
fn diffuse(u: &Plane, v: &Plane, alpha: f32, epsilon: f32, c: &mut Coefficients) {
    let (rows, columns) = u.dim();
    let mut slope = Plane::new(rows, columns);
    for y in 0..rows {
        let below = (y + 1).min(rows - 1);
        let (u0, ub, v0, vb) = (u.row(y), u.row(below), v.row(y), v.row(below));
        let out = slope.row_mut(y);
        for x in 0..columns {
            let right = (x + 1).min(columns - 1);
            let (ux, uy) = (u0[right] - u0[x], ub[x] - u0[x]);
            let (vx, vy) = (v0[right] - v0[x], vb[x] - v0[x]);
            out[x] = alpha / (ux * ux + uy * uy + vx * vx + vy * vy + epsilon).sqrt();
        }
    }
    for y in 0..rows {
        let (here, next) = (slope.row(y), slope.row((y + 1).min(rows - 1)));
        let below = c.below.row_mut(y);
        for x in 0..columns {
            below[x] = 0.5 * (here[x] + next[x]);
        }
        let right = c.right.row_mut(y);
        for x in 0..columns {
            right[x] = 0.5 * (here[x] + here[(x + 1).min(columns - 1)]);
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
    ) {
        let before = field.clone();
        let (rows, columns) = first.dim();
        let (warped, inside) = second.warp(&before.0, &before.1);
        let mean = Plane::from_fn(rows, columns, |(y, x)| {
            0.5 * (first.at(y, x) + warped.at(y, x))
        });
        let difference = Plane::from_fn(rows, columns, |(y, x)| warped.at(y, x) - first.at(y, x));
        let (ix, iy) = gradients(&mean);
        let (ixx, ixy) = gradients(&ix);
        let (_, iyy) = gradients(&iy);
        let (ixt, iyt) = gradients(&difference);
        let (epsilon, gamma) = ((self.epsilon * self.epsilon) as f32, self.gamma as f32);
        let alpha = self.alpha as f32;
        let mut c = Coefficients {
            j11: Plane::new(rows, columns),
            j12: Plane::new(rows, columns),
            j22: Plane::new(rows, columns),
            r1: Plane::new(rows, columns),
            r2: Plane::new(rows, columns),
            right: Plane::new(rows, columns),
            below: Plane::new(rows, columns),
        };
        let mut known = inside;
        if let Some(weight) = weight {
            for (known, weight) in known.data_mut().iter_mut().zip(weight.data()) {
                *known *= weight;
            }
        }
        for _ in 0..self.linearizations {
            let (u, v) = (&field.0, &field.1);
            for y in 0..rows {
                let n = columns;
                let (u, v) = (&u.row(y)[..n], &v.row(y)[..n]);
                let (u0, v0) = (&before.0.row(y)[..n], &before.1.row(y)[..n]);
                let (gx, gy, t) = (&ix.row(y)[..n], &iy.row(y)[..n], &difference.row(y)[..n]);
                let (xx, xy, yy) = (&ixx.row(y)[..n], &ixy.row(y)[..n], &iyy.row(y)[..n]);
                let (xt, yt) = (&ixt.row(y)[..n], &iyt.row(y)[..n]);
                let known = &known.row(y)[..n];
                let (j11, j12, j22) = (c.j11.row_mut(y), c.j12.row_mut(y), c.j22.row_mut(y));
                let (j11, j12, j22) = (&mut j11[..n], &mut j12[..n], &mut j22[..n]);
                let (r1, r2) = (&mut c.r1.row_mut(y)[..n], &mut c.r2.row_mut(y)[..n]);
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
            }
            diffuse(&field.0, &field.1, alpha, epsilon, &mut c);
            WeightedGrid::new(&c).sweep(&mut field.0, &mut field.1, OMEGA, self.sweeps);
        }
        for (plane, before) in [(&mut field.0, &before.0), (&mut field.1, &before.1)] {
            for (value, before) in plane.data_mut().iter_mut().zip(before.data()) {
                let change = *value - before;
                *value = before
                    + if change.is_nan() {
                        0.0
                    } else {
                        change.clamp(-1.0, 1.0)
                    };
            }
            if self.median_radius > 0 {
                *plane = median(plane, self.median_radius);
            }
        }
    }
}
