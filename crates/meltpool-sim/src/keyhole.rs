//! Shapes of the keyhole as exact functions of time.

mod pinch_off;
mod prescribed;
mod profile;

pub use pinch_off::PinchOffKeyhole;
pub use prescribed::PrescribedKeyhole;
pub use profile::ProfileKeyhole;
pub(crate) use profile::profile_at;

use crate::error::Result;

/// The keyhole at one depth: from the left wall to the right one, in columns.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Slice {
    /// Column of the left (rear) wall.
    pub left: f64,
    /// Column of the right (front) wall.
    pub right: f64,
    /// Factor below 1 where the vapor path closes towards the tip.
    pub taper: f64,
}

impl Slice {
    /// Path of the beam through vapor in this column: a circular cross section times the taper, in pixels.
    pub fn vapor_path(&self, column: f64) -> f64 {
        let (center, radius) = (
            0.5 * (self.left + self.right),
            0.5 * (self.right - self.left),
        );
        let d = column - center;
        2.0 * (radius * radius - d * d).max(0.0).sqrt() * self.taper
    }

    /// Width in pixels.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }
}

/// The velocity of both walls at one depth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WallSpeed {
    /// The walls.
    pub slice: Slice,
    /// Speed of the left wall to the right, in pixels a frame.
    pub left: f64,
    /// Speed of the right wall to the right, in pixels a frame.
    pub right: f64,
}

/// The keyhole: a cavity of vapor under the surface.
///
/// Times are in frames, depths in pixels below the surface, columns in pixels.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Keyhole {
    /// A J-shaped keyhole that swells and shrinks periodically.
    Prescribed(PrescribedKeyhole),
    /// A keyhole whose neck closes, so that its tail becomes a pore.
    PinchOff(PinchOffKeyhole),
    /// A keyhole of tabulated depth and width and a fixed relative profile.
    Profile(ProfileKeyhole),
}

impl Keyhole {
    /// Depth of the tip at a time.
    pub fn depth(&self, time: f64) -> f64 {
        match self {
            Self::Prescribed(keyhole) => keyhole.depth(time),
            Self::PinchOff(keyhole) => keyhole.depth(time),
            Self::Profile(keyhole) => keyhole.depth(time),
        }
    }

    /// The walls at a depth, or `None` above the surface, below the tip and where the neck is closed.
    pub fn slice(&self, time: f64, depth: f64) -> Option<Slice> {
        if !(depth > 0.0 && depth < self.depth(time)) {
            return None;
        }
        let slice = match self {
            Self::Prescribed(keyhole) => keyhole.slice(time, depth),
            Self::PinchOff(keyhole) => keyhole.slice(time, depth),
            Self::Profile(keyhole) => keyhole.slice(time, depth),
        };
        (slice.right > slice.left).then_some(slice)
    }

    /// Both walls and their speeds at a depth: the exact derivative in time, by differences of fourth order over 1e-3 frames.
    pub fn wall_speed(&self, time: f64, depth: f64) -> Option<WallSpeed> {
        const H: f64 = 1e-3;
        let slice = self.slice(time, depth)?;
        let at = |k: f64| self.slice(time + k * H, depth);
        let (a, b, c, d) = (at(-2.0)?, at(-1.0)?, at(1.0)?, at(2.0)?);
        let derivative =
            |f: fn(&Slice) -> f64| (f(&a) - 8.0 * f(&b) + 8.0 * f(&c) - f(&d)) / (12.0 * H);
        Some(WallSpeed {
            slice,
            left: derivative(|s| s.left),
            right: derivative(|s| s.right),
        })
    }

    /// Area of the outline in square pixels, by Simpson's rule over 2048 panels.
    pub fn area(&self, time: f64) -> f64 {
        const N: usize = 2048;
        let depth = self.depth(time);
        let width = |i: usize| {
            let at = (depth * i as f64 / N as f64).clamp(depth * 1e-12, depth * (1.0 - 1e-12));
            self.slice(time, at).map_or(0.0, |s| s.width())
        };
        let mut sum = width(0) + width(N);
        for i in 1..N {
            sum += width(i) * if i % 2 == 1 { 4.0 } else { 2.0 };
        }
        sum * depth / (3.0 * N as f64)
    }

    pub(crate) fn validate(&self) -> Result<()> {
        match self {
            Self::Prescribed(keyhole) => keyhole.validate(),
            Self::PinchOff(keyhole) => keyhole.validate(),
            Self::Profile(keyhole) => keyhole.validate(),
        }
    }
}
