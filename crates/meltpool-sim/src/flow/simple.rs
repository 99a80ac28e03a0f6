//! The same velocity everywhere, and a linear shear.

use super::{Position, Velocity};
use crate::error::{Result, finite};

/// The same velocity everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Uniform {
    velocity: Velocity,
}

impl Uniform {
    /// A uniform flow of this velocity in pixels a frame.
    pub fn new(velocity: Velocity) -> Self {
        Self { velocity }
    }

    /// The velocity.
    pub fn velocity(&self) -> Velocity {
        self.velocity
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("velocity.u", self.velocity.u)?;
        finite("velocity.v", self.velocity.v)
    }
}

/// A linear shear, $u = \dot\gamma\,(y - y_0)$, $v = 0$.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shear {
    rate: f64,
    row: f64,
}

impl Shear {
    /// A shear of this rate in 1/frame about the row at rest.
    pub fn new(rate: f64, row: f64) -> Self {
        Self { rate, row }
    }

    /// The velocity at a point.
    pub fn velocity(&self, at: Position) -> Velocity {
        Velocity {
            u: self.rate * (at.y - self.row),
            v: 0.0,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("rate", self.rate)?;
        finite("row", self.row)
    }
}
