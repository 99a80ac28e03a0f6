//! Rankine and Lamb–Oseen vortices.

use super::{Position, Velocity};
use crate::error::{Result, finite, positive};

/// A Rankine vortex: rigid rotation inside the core, $u_\theta = \Gamma/2\pi r$ outside.
///
/// $u_\theta = u_m\,r/a$ for $r \le a$ and $u_m\,a/r$ beyond, with the largest speed $u_m$ at the core radius $a$. Positive
/// speeds turn from `x` towards `y`, that is clockwise in an image whose rows run down.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rankine {
    center: Position,
    core_radius: f64,
    speed: f64,
}

impl Rankine {
    /// A vortex of this center and core radius in pixels, and largest speed in pixels a frame.
    pub fn new(center: Position, core_radius: f64, speed: f64) -> Self {
        Self {
            center,
            core_radius,
            speed,
        }
    }

    /// The velocity at a point.
    pub fn velocity(&self, at: Position) -> Velocity {
        let (x, y) = (at.x - self.center.x, at.y - self.center.y);
        let r2 = x * x + y * y;
        let a2 = self.core_radius * self.core_radius;
        // angular velocity
        let omega = self.speed * self.core_radius / r2.max(a2);
        Velocity {
            u: -omega * y,
            v: omega * x,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("center.x", self.center.x)?;
        finite("center.y", self.center.y)?;
        positive("core_radius", self.core_radius)?;
        finite("speed", self.speed)
    }
}

/// A Lamb–Oseen vortex: $u_\theta = \frac{\Gamma}{2\pi r}\left(1 - e^{-r^2/a^2}\right)$.
///
/// $\Gamma$ is in square pixels a frame, $a$ the core radius in pixels; positive turns from `x` towards `y`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LambOseen {
    center: Position,
    core_radius: f64,
    circulation: f64,
}

impl LambOseen {
    /// A vortex of this center, core radius in pixels and circulation in square pixels a frame.
    pub fn new(center: Position, core_radius: f64, circulation: f64) -> Self {
        Self {
            center,
            core_radius,
            circulation,
        }
    }

    /// The velocity at a point.
    pub fn velocity(&self, at: Position) -> Velocity {
        let (x, y) = (at.x - self.center.x, at.y - self.center.y);
        let r2 = x * x + y * y;
        let a2 = self.core_radius * self.core_radius;
        let s = r2 / a2;
        // (1 - e^-s)/s, whose limit at the center is 1
        let shape = if s > 0.0 { -libm::expm1(-s) / s } else { 1.0 };
        let omega = self.circulation / (std::f64::consts::TAU * a2) * shape;
        Velocity {
            u: -omega * y,
            v: omega * x,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("center.x", self.center.x)?;
        finite("center.y", self.center.y)?;
        positive("core_radius", self.core_radius)?;
        finite("circulation", self.circulation)
    }
}
