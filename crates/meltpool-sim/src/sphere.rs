//! Pores, spatter and powder: spheres with known tracks.

use crate::error::{Result, finite, not_negative, positive, require};
use crate::flow::Position;

/// A gas pore at its starting place.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pore {
    /// Center at the time of birth.
    pub center: Position,
    /// Radius in pixels.
    pub radius: f64,
    /// Time of birth in frames; it is not there before.
    pub birth: f64,
}

impl Pore {
    /// A pore that is there from the first frame.
    pub fn new(center: Position, radius: f64) -> Self {
        Self {
            center,
            radius,
            birth: 0.0,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("pore.center.x", self.center.x)?;
        finite("pore.center.y", self.center.y)?;
        positive("pore.radius", self.radius)?;
        not_negative("pore.birth", self.birth)
    }
}

/// A pore, droplet or powder particle at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SphereState {
    /// Center.
    pub center: Position,
    /// Velocity in pixels a frame.
    pub velocity: crate::flow::Velocity,
    /// Radius in pixels.
    pub radius: f64,
    /// Whether it is there: a pore in the pool and not inside the keyhole, a droplet above the surface.
    pub alive: bool,
}

/// Droplets thrown out of the keyhole's mouth.
///
/// Launch times are uniform over the film, directions uniform within `half_angle` of straight up, speeds uniform from
/// `speed` / 2 to `speed`, radii uniform from `radius` / 2 to `radius`; droplets fly straight (over the microseconds of a film
/// gravity moves them by less than a nanometer). Statistics invented.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Spatter {
    /// Number of droplets in the film.
    pub count: usize,
    /// Largest speed in pixels a frame.
    pub speed: f64,
    /// Largest radius in pixels.
    pub radius: f64,
    /// Largest angle to the vertical in radians.
    pub half_angle: f64,
}

/// Powder particles at rest on the surface, side by side at random columns. Statistics invented.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Powder {
    /// Number of particles.
    pub count: usize,
    /// Smallest and largest radius in pixels.
    pub radius: (f64, f64),
}

impl Spatter {
    pub(crate) fn validate(&self) -> Result<()> {
        require(
            self.count <= 10_000,
            "spatter.count",
            "at most 10000",
            self.count,
        )?;
        positive("spatter.speed", self.speed)?;
        positive("spatter.radius", self.radius)?;
        require(
            (0.0..1.57).contains(&self.half_angle),
            "spatter.half_angle",
            "in [0, 1.57)",
            self.half_angle,
        )
    }
}

impl Powder {
    pub(crate) fn validate(&self) -> Result<()> {
        require(
            self.count <= 100_000,
            "powder.count",
            "at most 100000",
            self.count,
        )?;
        positive("powder.radius.0", self.radius.0)?;
        require(
            self.radius.1.is_finite() && self.radius.1 >= self.radius.0,
            "powder.radius.1",
            "at least the smallest radius",
            self.radius.1,
        )
    }
}
