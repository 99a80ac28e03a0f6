//! Velocity fields with exact values, divergence, and forward and backward maps.

mod layered;
mod quiet;
mod simple;
mod stream;
mod vortex;
mod wall;

pub use layered::LayeredFlow;
pub use quiet::{LogisticArea, QuietFlow};
pub use simple::{Shear, Uniform};
pub use stream::{Eddy, StreamFlow};
pub use vortex::{LambOseen, Rankine};
pub use wall::WallFlow;

pub(crate) use stream::{LANES, StreamKernel};

use crate::error::Result;

/// A position in pixels: `x` to the right, `y` down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Column.
    pub x: f64,
    /// Row.
    pub y: f64,
}

impl Position {
    /// The position in column `x`, row `y`.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// A velocity in pixels a frame: `u` along `x`, `v` along `y`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Velocity {
    /// To the right.
    pub u: f64,
    /// Down.
    pub v: f64,
}

impl Velocity {
    /// The speed in pixels a frame.
    pub fn speed(&self) -> f64 {
        (self.u * self.u + self.v * self.v).sqrt()
    }
}

/// A velocity field in the plane of the image, in pixels a frame, as a function of position and time in frames.
///
/// | variant | field | steady | divergence |
/// |---|---|---|---|
/// | `Rest` | 0 | yes | 0 |
/// | `Uniform`, `Shear` | constant, linear | yes | 0 |
/// | `Rankine`, `LambOseen` | vortices | yes | 0 |
/// | `Stream` | eddies of a closed pool from a stream function | yes | 0 |
/// | `Quiet` | `Stream` with a growing disc at rest | no | 0 |
/// | `Wall` | `Stream` that follows the walls of a moving keyhole | no | 0 |
/// | `Moving` | any of these carried along at a constant velocity | no | that of the inner field |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Flow {
    /// No motion.
    Rest,
    /// The same velocity everywhere.
    Uniform(Uniform),
    /// A linear shear.
    Shear(Shear),
    /// Rankine vortices.
    Rankine(Vec<Rankine>),
    /// Lamb–Oseen vortices.
    LambOseen(Vec<LambOseen>),
    /// Eddies in a half-elliptic pool.
    Stream(StreamFlow),
    /// Eddies around a disc at rest whose area grows.
    Quiet(QuietFlow),
    /// Eddies that follow the walls of a keyhole.
    Wall(Box<WallFlow>),
    /// A field that moves along with its pool: its pattern at time `t` is shifted by `velocity` times `t`.
    Moving {
        /// The field at time 0.
        flow: Box<Flow>,
        /// Velocity of the pattern.
        velocity: Velocity,
    },
}

impl Flow {
    /// The exact velocity at a point, at a time in frames.
    pub fn velocity(&self, at: Position, time: f64) -> Velocity {
        match self {
            Self::Rest => Velocity::default(),
            Self::Uniform(flow) => flow.velocity(),
            Self::Shear(flow) => flow.velocity(at),
            Self::Rankine(vortices) => sum(vortices.iter().map(|vortex| vortex.velocity(at))),
            Self::LambOseen(vortices) => sum(vortices.iter().map(|vortex| vortex.velocity(at))),
            Self::Stream(flow) => flow.velocity(at),
            Self::Quiet(flow) => flow.velocity(at, time),
            Self::Wall(flow) => flow.velocity(at, time),
            Self::Moving { flow, velocity } => flow.velocity(
                Position::new(at.x - velocity.u * time, at.y - velocity.v * time),
                time,
            ),
        }
    }

    /// Whether the field does not depend on time.
    pub fn is_steady(&self) -> bool {
        match self {
            Self::Quiet(_) | Self::Wall(_) => false,
            Self::Moving { flow, velocity } => flow.is_steady() && velocity.speed() == 0.0,
            _ => true,
        }
    }

    /// The divergence by central differences over ±`step` pixels, in 1/frame.
    pub fn divergence(&self, at: Position, time: f64, step: f64) -> f64 {
        let at_offset = |x: f64, y: f64| self.velocity(Position::new(at.x + x, at.y + y), time);
        (at_offset(step, 0.0).u - at_offset(-step, 0.0).u + at_offset(0.0, step).v
            - at_offset(0.0, -step).v)
            / (2.0 * step)
    }

    /// One Runge–Kutta step of fourth order over `dt` frames.
    pub(crate) fn step(&self, at: Position, time: f64, dt: f64) -> Position {
        let moved = |k: Velocity, h: f64| Position::new(at.x + h * k.u, at.y + h * k.v);
        let k1 = self.velocity(at, time);
        let k2 = self.velocity(moved(k1, dt / 2.0), time + dt / 2.0);
        let k3 = self.velocity(moved(k2, dt / 2.0), time + dt / 2.0);
        let k4 = self.velocity(moved(k3, dt), time + dt);
        Position::new(
            at.x + dt / 6.0 * (k1.u + 2.0 * k2.u + 2.0 * k3.u + k4.u),
            at.y + dt / 6.0 * (k1.v + 2.0 * k2.v + 2.0 * k3.v + k4.v),
        )
    }

    /// Where the matter that is `at` a point at time `from` is at time `to`, by Runge–Kutta steps of fourth order.
    ///
    /// `steps_per_frame` is the least number of steps in a frame; for the eddies of the preset films, two leave an error of
    /// up to 0.017 pixels after 32 frames (worst of 400 points), four less; it comes from the kink of the velocity's slope below the surface. With `to < from` this is the backward map.
    pub fn advect(&self, at: Position, from: f64, to: f64, steps_per_frame: usize) -> Position {
        let span = to - from;
        let n = (span.abs() * steps_per_frame.max(1) as f64).ceil().max(1.0);
        if !n.is_finite() || span == 0.0 {
            return at;
        }
        let dt = span / n;
        let mut here = at;
        for i in 0..n as u64 {
            here = self.step(here, from + i as f64 * dt, dt);
        }
        here
    }

    pub(crate) fn validate(&self) -> Result<()> {
        match self {
            Self::Rest => Ok(()),
            Self::Uniform(flow) => flow.validate(),
            Self::Shear(flow) => flow.validate(),
            Self::Rankine(vortices) => vortices.iter().try_for_each(Rankine::validate),
            Self::LambOseen(vortices) => vortices.iter().try_for_each(LambOseen::validate),
            Self::Stream(flow) => flow.validate(),
            Self::Quiet(flow) => flow.validate(),
            Self::Wall(flow) => flow.validate(),
            Self::Moving { flow, velocity } => {
                crate::error::finite("velocity.u", velocity.u)?;
                crate::error::finite("velocity.v", velocity.v)?;
                flow.validate()
            }
        }
    }
}

fn sum(parts: impl Iterator<Item = Velocity>) -> Velocity {
    parts.fold(Velocity::default(), |a, b| Velocity {
        u: a.u + b.u,
        v: a.v + b.v,
    })
}
