//! Eddies around a disc at rest whose area grows: a stagnation zone of known area.

use super::{Position, StreamFlow, Velocity};
use crate::error::{Result, finite, positive, require};

/// An area that grows from one value to another along a logistic curve.
///
/// $A(t) = A_0 + (A_1 - A_0)/(1 + e^{-(t - t_m)/\tau})$.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogisticArea {
    /// Area long before, in square pixels.
    pub first: f64,
    /// Area long after, in square pixels.
    pub last: f64,
    /// Time of the middle $t_m$, in frames.
    pub middle: f64,
    /// Time constant $\tau$, in frames.
    pub rise: f64,
}

impl LogisticArea {
    /// The area at a time in frames.
    pub fn at(&self, time: f64) -> f64 {
        self.first + (self.last - self.first) / (1.0 + libm::exp(-(time - self.middle) / self.rise))
    }
}

/// A [`StreamFlow`] whose stream function is flat inside a disc, which is therefore at rest.
///
/// $\psi' = \psi\,s(\rho)$ with $\rho$ the distance to the center over the radius, $s = 0$ up to 1 and a smoothstep
/// of second order from there to `rim` times the radius. The disc of [area](Self::area) is exactly at rest; the zone below
/// a threshold of speed is a little larger, as the speed rises quadratically from its edge.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QuietFlow {
    flow: StreamFlow,
    center: Position,
    area: LogisticArea,
    rim: f64,
}

impl QuietFlow {
    /// This flow with a disc at rest around `center`, with a rim of 1.5 radii.
    pub fn new(flow: StreamFlow, center: Position, area: LogisticArea) -> Self {
        Self {
            flow,
            center,
            area,
            rim: 1.5,
        }
    }

    /// Outer end of the rim, in radii of the disc (1.5 unless set).
    pub fn rim(mut self, rim: f64) -> Self {
        self.rim = rim;
        self
    }

    /// Center of the disc.
    pub fn center(&self) -> Position {
        self.center
    }

    /// Area of the disc at rest at a time in frames, in square pixels.
    pub fn area(&self, time: f64) -> f64 {
        self.area.at(time)
    }

    /// Radius of the disc at rest, in pixels.
    pub fn radius(&self, time: f64) -> f64 {
        (self.area(time) / std::f64::consts::PI).max(0.0).sqrt()
    }

    /// The velocity at a point.
    pub fn velocity(&self, at: Position, time: f64) -> Velocity {
        let radius = self.radius(time);
        let (x, y) = (at.x - self.center.x, at.y - self.center.y);
        let distance = (x * x + y * y).sqrt();
        if distance <= radius {
            return Velocity::default();
        }
        let (psi, inner) = self.flow.value_and_velocity(at);
        let width = (self.rim - 1.0) * radius;
        let p = (distance - radius) / width;
        if p >= 1.0 || width <= 0.0 {
            return inner;
        }
        let s = p * p * p * (10.0 - p * (15.0 - 6.0 * p));
        let slope = 30.0 * p * p * (1.0 - p) * (1.0 - p) / width;
        Velocity {
            u: s * inner.u + psi * slope * y / distance,
            v: s * inner.v - psi * slope * x / distance,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("center.x", self.center.x)?;
        finite("center.y", self.center.y)?;
        positive("area.first", self.area.first)?;
        positive("area.last", self.area.last)?;
        finite("area.middle", self.area.middle)?;
        positive("area.rise", self.area.rise)?;
        require(
            self.rim.is_finite() && self.rim > 1.0,
            "rim",
            "above 1",
            self.rim,
        )?;
        self.flow.validate()
    }
}
