//! Eddies of a closed pool from a stream function, exact in double and fast in single precision.

use super::{Position, Velocity};
use crate::error::{Result, finite, positive, require};
use crate::filter::exp_f32;
use crate::pool::HalfEllipse;

/// Depth in pixels over which the flow rises from rest at the surface.
const SURFACE_LAYER: f64 = 25.0;

/// One Gaussian eddy of a stream function.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Eddy {
    /// Strength $A$ in square pixels a frame.
    pub strength: f64,
    /// Standard deviation $\sigma$ in pixels.
    pub sigma: f64,
    /// Center.
    pub center: Position,
}

/// Eddies in a half-elliptic pool, closed by a stream function.
///
/// $$\psi = \max(L,0)^2\,q^2(3-2q)\sum_i A_i\,e^{-r_i^2/2\sigma_i^2},\qquad q = \mathrm{clip}\!\left(\frac{y-y_s}{25}\right),$$
/// $u = \partial_y\psi$, $v = -\partial_x\psi$, where $L$ is the [level](HalfEllipse::level) of the pool: 1 at its center, 0 on
/// its border. The velocity is free of divergence, zero on the border of the pool and at the surface, and continuous.
/// The derivatives are exact. (The numpy program whose golden data the tests hold takes central differences over
/// ±0.5 pixels; these differ from the exact field by up to 3e-3 pixels a frame.)
///
/// The field is invented: it looks like the recirculation seen behind a keyhole and has its speeds (up to 7.5 m/s in the
/// preset), but solves no equation of motion.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StreamFlow {
    pool: HalfEllipse,
    eddies: Vec<Eddy>,
}

impl StreamFlow {
    /// Eddies in this pool.
    pub fn new(pool: HalfEllipse, eddies: Vec<Eddy>) -> Self {
        Self { pool, eddies }
    }

    /// The three eddies of the scan-cycle film, for an image of this width with the keyhole in this column.
    pub fn scan_cycle(pool: HalfEllipse, keyhole_column: f64, width: f64) -> Self {
        let surface = pool.surface_row();
        let eddy = |strength, sigma, dx: f64, dy: f64| Eddy {
            strength,
            sigma,
            center: Position::new(keyhole_column + dx * width, surface + dy),
        };
        Self::new(
            pool,
            vec![
                eddy(260.0, 48.0, -0.12, 70.0),
                eddy(-170.0, 55.0, -0.27, 60.0),
                eddy(-330.0, 40.0, -0.05, 150.0),
            ],
        )
    }

    /// The pool that the flow fills.
    pub fn pool(&self) -> &HalfEllipse {
        &self.pool
    }

    /// The eddies.
    pub fn eddies(&self) -> &[Eddy] {
        &self.eddies
    }

    /// The stream function at a point, in square pixels a frame.
    pub fn stream_function(&self, at: Position) -> f64 {
        self.value_and_velocity(at).0
    }

    /// The exact velocity at a point.
    pub fn velocity(&self, at: Position) -> Velocity {
        self.value_and_velocity(at).1
    }

    pub(crate) fn value_and_velocity(&self, at: Position) -> (f64, Velocity) {
        let level = self.pool.level(at);
        let q = (at.y - self.pool.surface_row()) / SURFACE_LAYER;
        if level <= 0.0 || q <= 0.0 {
            return (0.0, Velocity::default());
        }
        let (rise, rise_y) = if q < 1.0 {
            (q * q * (3.0 - 2.0 * q), 6.0 * q * (1.0 - q) / SURFACE_LAYER)
        } else {
            (1.0, 0.0)
        };
        let (mut sum, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
        for eddy in &self.eddies {
            let (x, y) = (at.x - eddy.center.x, at.y - eddy.center.y);
            let s2 = eddy.sigma * eddy.sigma;
            let e = eddy.strength * libm::exp(-(x * x + y * y) / (2.0 * s2));
            sum += e;
            sum_x -= e * x / s2;
            sum_y -= e * y / s2;
        }
        let slope = self.pool.level_gradient(at);
        let (g, g_x, g_y) = (level * level, 2.0 * level * slope.x, 2.0 * level * slope.y);
        (
            g * rise * sum,
            Velocity {
                u: g_y * rise * sum + g * rise_y * sum + g * rise * sum_y,
                v: -(g_x * rise * sum + g * rise * sum_x),
            },
        )
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.pool.validate()?;
        require(
            self.eddies.len() <= 64,
            "eddies",
            "at most 64",
            self.eddies.len(),
        )?;
        for eddy in &self.eddies {
            finite("strength", eddy.strength)?;
            positive("sigma", eddy.sigma)?;
            finite("center.x", eddy.center.x)?;
            finite("center.y", eddy.center.y)?;
        }
        Ok(())
    }
}

/// Inverse of the surface layer.
const RISE: f32 = (1.0 / SURFACE_LAYER) as f32;

/// Pixels handled together, so that the compiler fills its vector registers.
pub(crate) const LANES: usize = 16;
type Lane = [f32; LANES];

/// Constants of one eddy relative to the center of the pool.
#[derive(Debug, Clone, Copy)]
struct EddyKernel {
    strength: f32,
    x: f32,
    y: f32,
    /// -1/2σ² and -1/σ².
    exponent: f32,
    slope: f32,
}

/// The same field in single precision relative to the center of the pool, sixteen points at a time.
///
/// Coordinates below 512 pixels resolve 3e-5 pixels; the tests hold the error of the map against the exact one.
#[derive(Debug, Clone)]
pub(crate) struct StreamKernel {
    eddies: Vec<EddyKernel>,
    a2: f32,
    b2: f32,
}

impl StreamKernel {
    pub(crate) fn new(flow: &StreamFlow) -> Self {
        let center = flow.pool.center();
        let (a, b) = (flow.pool.semi_axis_x(), flow.pool.semi_axis_y());
        Self {
            eddies: flow
                .eddies
                .iter()
                .map(|eddy| EddyKernel {
                    strength: eddy.strength as f32,
                    x: (eddy.center.x - center.x) as f32,
                    y: (eddy.center.y - center.y) as f32,
                    exponent: (-0.5 / (eddy.sigma * eddy.sigma)) as f32,
                    slope: (-1.0 / (eddy.sigma * eddy.sigma)) as f32,
                })
                .collect(),
            a2: (1.0 / (a * a)) as f32,
            b2: (1.0 / (b * b)) as f32,
        }
    }

    /// Velocities at sixteen points relative to the center of the pool, which lies on the surface.
    #[inline(always)]
    fn velocity(&self, x: &Lane, y: &Lane, u: &mut Lane, v: &mut Lane) {
        let (mut sum, mut sum_x, mut sum_y) =
            ([0.0_f32; LANES], [0.0_f32; LANES], [0.0_f32; LANES]);
        for eddy in &self.eddies {
            for i in 0..LANES {
                let (dx, dy) = (x[i] - eddy.x, y[i] - eddy.y);
                let e = eddy.strength * exp_f32((dx * dx + dy * dy) * eddy.exponent);
                sum[i] += e;
                sum_x[i] += e * dx * eddy.slope;
                sum_y[i] += e * dy * eddy.slope;
            }
        }
        for i in 0..LANES {
            let level = 1.0 - x[i] * x[i] * self.a2 - y[i] * y[i] * self.b2;
            let level = if level > 0.0 { level } else { 0.0 };
            let q = y[i] * RISE;
            let q = if q > 0.0 { q } else { 0.0 };
            let q = if q < 1.0 { q } else { 1.0 };
            let rise = q * q * (3.0 - 2.0 * q);
            let rise_y = 6.0 * RISE * q * (1.0 - q);
            let g = level * level;
            let (g_x, g_y) = (-4.0 * level * x[i] * self.a2, -4.0 * level * y[i] * self.b2);
            u[i] = sum[i] * (g_y * rise + g * rise_y) + g * rise * sum_y[i];
            v[i] = -rise * (g_x * sum[i] + g * sum_x[i]);
        }
    }

    /// Moves the displacements of sixteen pixels by one Runge–Kutta step over `dt` frames.
    #[inline(always)]
    pub(crate) fn step(&self, px: &Lane, py: &Lane, dx: &mut Lane, dy: &mut Lane, dt: f32) {
        let (mut x, mut y) = ([0.0; LANES], [0.0; LANES]);
        let (mut u, mut v) = ([0.0; LANES], [0.0; LANES]);
        let (mut su, mut sv) = ([0.0; LANES], [0.0; LANES]);
        let (x0, y0) = (*dx, *dy);
        for (stage, (h, w)) in [(0.0, 1.0), (0.5, 2.0), (0.5, 2.0), (1.0, 1.0)]
            .into_iter()
            .enumerate()
        {
            let h = h * dt;
            for i in 0..LANES {
                x[i] = px[i] + (x0[i] + h * u[i]);
                y[i] = py[i] + (y0[i] + h * v[i]);
            }
            self.velocity(&x, &y, &mut u, &mut v);
            for i in 0..LANES {
                su[i] = if stage == 0 { u[i] } else { su[i] + w * u[i] };
                sv[i] = if stage == 0 { v[i] } else { sv[i] + w * v[i] };
            }
        }
        for i in 0..LANES {
            dx[i] = x0[i] + dt / 6.0 * su[i];
            dy[i] = y0[i] + dt / 6.0 * sv[i];
        }
    }
}
