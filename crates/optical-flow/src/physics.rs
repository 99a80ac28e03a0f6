//! Flow from the conservation of what makes the image: the projected transport equation.

use crate::coarse_to_fine::Levels;
use crate::convergence::{Convergence, StopReason};
use crate::derivative::gradients;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::phase::global_shift;
use crate::plane::Plane;
use crate::smooth::gaussian;

/// Liu and Shen's physics-based flow: intensity is conserved as an amount, $\partial_t g + \nabla\cdot(g\mathbf u) = 0$, not as a brightness.
///
/// That fits images whose intensity is a path or a density, such as absorbance: where matter comes together it gets more. Intensity 0 must mean
/// that there is nothing. It minimizes
///
/// $$\iint \left(\partial_t g + \nabla\cdot(g\mathbf u)\right)^2 + \alpha_v^2\left(|\nabla u|^2 + |\nabla v|^2 + \delta\,(\nabla\cdot\mathbf u)^2 + \kappa\,(\partial_x v - \partial_y u)^2\right) dx\,dy$$
///
/// with $\alpha_v^2 = \alpha^2/3$ as in [`HornSchunck`](crate::HornSchunck). For motion beyond a pixel it goes from coarse to fine: the second frame is warped
/// and multiplied by the determinant of the warp, and the equation is linearized around that. The discrete normal equations, with
/// derivatives of five points, are solved by conjugate gradients; the two outer pixels carry no data.
///
/// # Examples
///
/// An expansion by 2 % thins the matter, which brightness constancy would take for motion:
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowEstimator, Image, LiuShen};
///
/// let amount = |x: f32, y: f32| 1.0 + 0.3 * (0.4 * x).sin() * (0.35 * y + 0.1 * x).cos();
/// let frame = |s: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     let (dx, dy) = (x as f32 - 32.0, y as f32 - 32.0);
///     amount(dx / s, dy / s) / (s * s)
/// });
/// let result = LiuShen::new()
///     .estimate(&Image::new(&frame(1.0).view())?, &Image::new(&frame(1.02).view())?)?;
/// assert!((result.flow.u[[32, 44]] - 0.24).abs() < 0.02);
/// // nearer to the border it is less exact
/// assert!((result.flow.u[[32, 52]] - 0.40).abs() < 0.04);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot \text{warps} \cdot \text{iterations})$, one thread; some 100 bytes a pixel.
///
/// # References
///
/// T. Liu and L. Shen, J. Fluid Mech. 614, 253 (2008), doi 10.1017/S0022112008003273 (the projected transport equation; here minimized after discretization, not before).
/// T. Corpetti, É. Mémin and P. Pérez, "Dense estimation of fluid flows", IEEE Trans. Pattern Anal. Mach. Intell. 24, 365 (2002) (divergence and curl; here of
/// first order, their derivatives being left to the gradient term).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LiuShen {
    alpha: f64,
    divergence_weight: f64,
    curl_weight: f64,
    warps: usize,
    tolerance: f64,
    max_iterations: usize,
    pre_smoothing: f64,
    start_from_phase: bool,
}

impl Default for LiuShen {
    fn default() -> Self {
        Self::new()
    }
}

impl LiuShen {
    /// $\alpha = 0.1$, no further weights, 2 warps a level, residual 1e-3 or 200 iterations, no smoothing.
    pub fn new() -> Self {
        Self {
            alpha: 0.1,
            divergence_weight: 0.0,
            curl_weight: 0.0,
            warps: 2,
            tolerance: 1e-3,
            max_iterations: 200,
            pre_smoothing: 0.0,
            start_from_phase: true,
        }
    }

    /// The smoothness weight, in units of intensity.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Weight $\delta$ of the squared divergence, as a multiple of the smoothness.
    pub fn divergence_weight(mut self, divergence_weight: f64) -> Self {
        self.divergence_weight = divergence_weight;
        self
    }

    /// Weight $\kappa$ of the squared vorticity, as a multiple of the smoothness.
    pub fn curl_weight(mut self, curl_weight: f64) -> Self {
        self.curl_weight = curl_weight;
        self
    }

    /// Warps on each level.
    pub fn warps(mut self, warps: usize) -> Self {
        self.warps = warps;
        self
    }

    /// True relative residual at which a solve ends.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The most iterations of a solve.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
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
        Error::positive("alpha", self.alpha)?;
        Error::not_negative("divergence_weight", self.divergence_weight)?;
        Error::not_negative("curl_weight", self.curl_weight)?;
        Error::positive("tolerance", self.tolerance)?;
        for (name, value) in [
            ("warps", self.warps),
            ("max_iterations", self.max_iterations),
        ] {
            Error::at_least(name, "from 1 to 10000", value == 0 || value > 10_000, value)?;
        }
        Error::pre_smoothing(self.pre_smoothing)
    }
}

/// Pixels at the border without data: there, derivatives of five points are not antisymmetric.
const BORDER: usize = 2;

type Pair = (Plane, Plane);

/// The normal equations of one linearization.
struct System {
    /// Mean of the first frame and the warped second one, and weight of the data.
    mean: Plane,
    weight: Plane,
    a: f32,
    divergence: f32,
    curl: f32,
    scratch: [Plane; 5],
}

/// Whether a pixel is far enough from the border for derivatives.
fn is_inner((rows, columns): (usize, usize), y: usize, x: usize) -> bool {
    y >= BORDER && x >= BORDER && y + BORDER < rows && x + BORDER < columns
}

impl System {
    /// `out = A field`.
    fn apply(&mut self, field: &Pair, out: &mut Pair) {
        let dim = self.mean.dim();
        let [p, q, s, t, r] = &mut self.scratch;
        for (product, component) in [(&mut *p, &field.0), (&mut *q, &field.1)] {
            let values = product
                .data_mut()
                .iter_mut()
                .zip(component.data())
                .zip(self.mean.data());
            for ((product, value), mean) in values {
                *product = value * mean;
            }
        }
        // the weighted divergence of the flux
        gradients(p, r, s);
        gradients(q, s, t);
        for ((r, t), w) in r
            .data_mut()
            .iter_mut()
            .zip(t.data())
            .zip(self.weight.data())
        {
            *r = w * (*r + t);
        }
        gradients(r, p, q);
        let (u, v) = (&mut out.0, &mut out.1);
        for (out, derivative) in [(&mut *u, &*p), (&mut *v, &*q)] {
            let values = out
                .data_mut()
                .iter_mut()
                .zip(derivative.data())
                .zip(self.mean.data());
            for ((out, derivative), mean) in values {
                *out = -mean * derivative;
            }
        }
        for (out, field) in [(&mut *u, &field.0), (&mut *v, &field.1)] {
            add_roughness(out, field, self.a);
        }
        if self.divergence > 0.0 || self.curl > 0.0 {
            gradients(&field.0, p, q);
            gradients(&field.1, s, t);
            for y in 0..dim.0 {
                for x in 0..dim.1 {
                    let inner = f32::from(u8::from(is_inner(dim, y, x)));
                    let divergence = inner * self.divergence * (p.at(y, x) + t.at(y, x));
                    let curl = inner * self.curl * (s.at(y, x) - q.at(y, x));
                    p.row_mut(y)[x] = divergence;
                    q.row_mut(y)[x] = curl;
                }
            }
            gradients(p, r, s);
            for (k, (r, s)) in r.data().iter().zip(s.data()).enumerate() {
                u.data_mut()[k] -= r;
                v.data_mut()[k] -= s;
            }
            gradients(q, r, s);
            for (k, (r, s)) in r.data().iter().zip(s.data()).enumerate() {
                u.data_mut()[k] += s;
                v.data_mut()[k] -= r;
            }
        }
    }
}

/// Adds `a` times the sum of the differences from the up to four neighbors.
fn add_roughness(out: &mut Plane, field: &Plane, a: f32) {
    let (rows, columns) = field.dim();
    for y in 0..rows {
        let (here, above, below) = (
            field.row(y),
            field.row(y.max(1) - 1),
            field.row((y + 1).min(rows - 1)),
        );
        let out = out.row_mut(y);
        for x in 0..columns {
            let sides = here[x.max(1) - 1] + here[(x + 1).min(columns - 1)];
            out[x] += a * (4.0 * here[x] - (above[x] + below[x]) - sides);
        }
    }
}

/// The scalar product over both components.
fn dot(a: &Pair, b: &Pair) -> f64 {
    let part = |a: &Plane, b: &Plane| -> f64 {
        (0..a.rows())
            .map(|y| {
                let products = a.row(y).iter().zip(b.row(y)).map(|(a, b)| a * b);
                f64::from(products.sum::<f32>())
            })
            .sum()
    };
    part(&a.0, &b.0) + part(&a.1, &b.1)
}

/// `out += factor * other`.
fn add(out: &mut Pair, factor: f32, other: &Pair) {
    for (out, other) in [(&mut out.0, &other.0), (&mut out.1, &other.1)] {
        for (out, other) in out.data_mut().iter_mut().zip(other.data()) {
            *out += factor * other;
        }
    }
}

impl System {
    /// Conjugate gradients from the field, preconditioned by the diagonal.
    fn solve(
        &mut self,
        b: &Pair,
        field: &mut Pair,
        tolerance: f64,
        max_iterations: usize,
    ) -> Convergence {
        let dim = self.mean.dim();
        let zeros = || (Plane::new(dim.0, dim.1), Plane::new(dim.0, dim.1));
        // of the squared five-point derivative: 130/144, and of the smoothness: four neighbors
        let beside = 4.0 * self.a + 130.0 / 144.0 * (self.divergence + self.curl);
        let diagonal: Vec<f32> = self
            .mean
            .data()
            .iter()
            .map(|g| 1.0 / (130.0 / 144.0 * g * g + beside))
            .collect();
        let precondition = |r: &Pair, z: &mut Pair| {
            for (z, r) in [(&mut z.0, &r.0), (&mut z.1, &r.1)] {
                for ((z, r), d) in z.data_mut().iter_mut().zip(r.data()).zip(&diagonal) {
                    *z = r * d;
                }
            }
        };
        let norm = dot(b, b).sqrt();
        let mut result = Convergence {
            reason: StopReason::Exact,
            iterations: 0,
            residual: 0.0,
            update: None,
            tolerance,
        };
        let (mut r, mut z, mut product) = (b.clone(), zeros(), zeros());
        self.apply(field, &mut product);
        add(&mut r, -1.0, &product);
        // without data the start's roughness is all that there is to measure by
        let scale = if norm > 0.0 { norm } else { dot(&r, &r).sqrt() };
        if scale <= 0.0 {
            return result;
        }
        precondition(&r, &mut z);
        let mut p = z.clone();
        let mut rz = dot(&r, &z);
        result.reason = StopReason::MaxIterations;
        result.residual = dot(&r, &r).sqrt() / scale;
        while result.iterations < max_iterations {
            if result.residual <= tolerance {
                result.reason = StopReason::Tolerance;
                break;
            }
            self.apply(&p, &mut product);
            let curvature = dot(&p, &product);
            if curvature <= 0.0 {
                break;
            }
            let step = (rz / curvature) as f32;
            add(field, step, &p);
            add(&mut r, -step, &product);
            precondition(&r, &mut z);
            let next = dot(&r, &z);
            let keep = (next / rz) as f32;
            rz = next;
            for (p, z) in [(&mut p.0, &z.0), (&mut p.1, &z.1)] {
                for (p, z) in p.data_mut().iter_mut().zip(z.data()) {
                    *p = z + keep * *p;
                }
            }
            result.iterations += 1;
            result.residual = dot(&r, &r).sqrt() / scale;
        }
        // the residual that the iteration carries along may drift from the true one
        self.apply(field, &mut product);
        let mut r = b.clone();
        add(&mut r, -1.0, &product);
        result.residual = dot(&r, &r).sqrt() / scale;
        if result.residual <= tolerance {
            result.reason = StopReason::Tolerance;
        } else if result.reason == StopReason::Tolerance {
            result.reason = StopReason::MaxIterations;
        }
        result
    }
}

impl LiuShen {
    /// The system around a field and its right-hand side.
    fn linearize(
        &self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &Pair,
    ) -> (System, Pair) {
        let (rows, columns) = first.dim();
        let plane = || Plane::new(rows, columns);
        let (mut amount, mut known) = second.warp(&field.0, &field.1);
        let (mut ux, mut uy, mut vx, mut vy) = (plane(), plane(), plane(), plane());
        gradients(&field.0, &mut ux, &mut uy);
        gradients(&field.1, &mut vx, &mut vy);
        let mut mean = plane();
        let mut rest = plane();
        for y in 0..rows {
            for x in 0..columns {
                let determinant =
                    (1.0 + ux.at(y, x)) * (1.0 + vy.at(y, x)) - uy.at(y, x) * vx.at(y, x);
                let g = amount.at(y, x) * determinant;
                amount.row_mut(y)[x] = g;
                mean.row_mut(y)[x] = 0.5 * (first.at(y, x) + g);
                if !is_inner((rows, columns), y, x) {
                    known.row_mut(y)[x] = 0.0;
                }
                known.row_mut(y)[x] *= weight.map_or(1.0, |weight| weight.at(y, x));
            }
        }
        // what the equation says at no motion: rest + div(mean u) = 0
        let mut flux = (plane(), plane());
        for (flux, component) in [(&mut flux.0, &field.0), (&mut flux.1, &field.1)] {
            for ((flux, value), mean) in flux
                .data_mut()
                .iter_mut()
                .zip(component.data())
                .zip(mean.data())
            {
                *flux = value * mean;
            }
        }
        gradients(&flux.0, &mut ux, &mut uy);
        gradients(&flux.1, &mut vx, &mut vy);
        for k in 0..rows * columns {
            rest.data_mut()[k] = known.data()[k]
                * (amount.data()[k] - first.data()[k] - ux.data()[k] - vy.data()[k]);
        }
        gradients(&rest, &mut ux, &mut uy);
        for ((x, y), mean) in ux.data_mut().iter_mut().zip(uy.data_mut()).zip(mean.data()) {
            *x *= mean;
            *y *= mean;
        }
        let a = (self.alpha * self.alpha / 3.0) as f32;
        let system = System {
            mean,
            weight: known,
            a,
            divergence: a * self.divergence_weight as f32,
            curl: a * self.curl_weight as f32,
            scratch: [plane(), plane(), plane(), plane(), plane()],
        };
        (system, (ux, uy))
    }
}

impl FlowEstimator for LiuShen {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        let levels = Levels::new(
            gaussian(first.plane(), self.pre_smoothing),
            gaussian(second.plane(), self.pre_smoothing),
            first.common_weight(second),
            32,
        );
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let mut last = None;
        let field = levels.descend(
            shift,
            |_| self.warps,
            |first, second, weight, field| {
                let (mut system, b) = self.linearize(first, second, weight, field);
                let before = field.clone();
                last = Some(system.solve(&b, field, self.tolerance, self.max_iterations));
                // as far as a linearization can be trusted
                for (plane, before) in [(&mut field.0, &before.0), (&mut field.1, &before.1)] {
                    for (value, before) in plane.data_mut().iter_mut().zip(before.data()) {
                        let change = *value - before;
                        *value = before
                            + if change.is_nan() {
                                0.0
                            } else {
                                change.clamp(-2.0, 2.0)
                            };
                    }
                }
            },
        );
        let mut result = FlowResult::new(field);
        result.convergence = last;
        result.alpha = Some(self.alpha);
        result.pre_smoothing = self.pre_smoothing;
        result.initial = shift;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(seed: usize, low: f32) -> Plane {
        Plane::from_fn(11, 13, |(y, x)| {
            low + ((y * 37 + x * 91 + seed * 57) % 101) as f32 / 101.0
        })
    }

    /// The operator is the gradient of the energy, written out pixel by pixel in double precision; so it is symmetric, too.
    #[test]
    fn the_equations_are_those_of_the_energy() {
        let (rows, columns) = (11, 13);
        let (mean, weight) = (
            value(1, 0.5),
            Plane::from_fn(rows, columns, |(y, x)| {
                f32::from(u8::from(
                    is_inner((rows, columns), y, x) && (y, x) != (5, 6),
                ))
            }),
        );
        let mut system = System {
            mean: mean.clone(),
            weight: weight.clone(),
            a: 0.3,
            divergence: 0.2,
            curl: 0.7,
            scratch: std::array::from_fn(|_| Plane::new(rows, columns)),
        };
        let derivative =
            |f: &dyn Fn(isize, isize) -> f64, y: isize, x: isize, dy: isize, dx: isize| {
                (8.0 * (f(y + dy, x + dx) - f(y - dy, x - dx))
                    - (f(y + 2 * dy, x + 2 * dx) - f(y - 2 * dy, x - 2 * dx)))
                    / 12.0
            };
        let energy = |field: &Pair| -> f64 {
            let at =
                |plane: &Plane, y: isize, x: isize| f64::from(plane.at(y as usize, x as usize));
            let mut sum = 0.0;
            for y in 0..rows as isize {
                for x in 0..columns as isize {
                    for plane in [&field.0, &field.1] {
                        if x + 1 < columns as isize {
                            sum += 0.3 * (at(plane, y, x + 1) - at(plane, y, x)).powi(2);
                        }
                        if y + 1 < rows as isize {
                            sum += 0.3 * (at(plane, y + 1, x) - at(plane, y, x)).powi(2);
                        }
                    }
                    if !is_inner((rows, columns), y as usize, x as usize) {
                        continue;
                    }
                    let flux = derivative(&|y, x| at(&mean, y, x) * at(&field.0, y, x), y, x, 0, 1)
                        + derivative(&|y, x| at(&mean, y, x) * at(&field.1, y, x), y, x, 1, 0);
                    sum += at(&weight, y, x) * flux * flux;
                    let slope =
                        |plane: &Plane, dy, dx| derivative(&|y, x| at(plane, y, x), y, x, dy, dx);
                    sum += 0.2 * (slope(&field.0, 0, 1) + slope(&field.1, 1, 0)).powi(2);
                    sum += 0.7 * (slope(&field.1, 0, 1) - slope(&field.0, 1, 0)).powi(2);
                }
            }
            sum
        };
        let field = (value(2, -0.5), value(3, -0.5));
        let mut out = (Plane::new(rows, columns), Plane::new(rows, columns));
        system.apply(&field, &mut out);
        // a quadratic form is half the product with its gradient, and central differences of it are exact
        approx::assert_relative_eq!(dot(&field, &out), energy(&field), max_relative = 1e-5);
        for (y, x) in [(0, 0), (1, 5), (5, 6), (4, 4), (10, 12), (8, 2)] {
            for c in 0..2 {
                let nudged = |by: f32| {
                    let mut field = field.clone();
                    let plane = if c == 0 { &mut field.0 } else { &mut field.1 };
                    plane.row_mut(y)[x] += by;
                    energy(&field)
                };
                let slope = 0.5 * (nudged(0.5) - nudged(-0.5));
                let found = if c == 0 {
                    out.0.at(y, x)
                } else {
                    out.1.at(y, x)
                };
                approx::assert_abs_diff_eq!(f64::from(found), slope, epsilon = 2e-5);
            }
        }
        let mut solved = (Plane::new(rows, columns), Plane::new(rows, columns));
        let result = system.solve(&out, &mut solved, 1e-6, 500);
        assert!(result.is_converged(), "{result:?}");
        for (a, b) in solved.0.data().iter().zip(field.0.data()) {
            approx::assert_abs_diff_eq!(a, b, epsilon = 1e-3);
        }
    }

    #[test]
    fn rejects_what_is_out_of_range() {
        for bad in [
            LiuShen::new().alpha(0.0),
            LiuShen::new().divergence_weight(-1.0),
            LiuShen::new().curl_weight(f64::NAN),
            LiuShen::new().warps(0),
            LiuShen::new().tolerance(0.0),
            LiuShen::new().max_iterations(0),
            LiuShen::new().pre_smoothing(f64::INFINITY),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
