//! The melt pool: a half ellipse under the surface.

use crate::error::{Result, finite, not_negative, positive};
use crate::flow::Position;

/// A pool of half-elliptic outline under the surface.
///
/// Its level is $L = 1 - (\Delta x/a)^2 - (\Delta y/b)^2$ about a center on the surface; the beam passes through
/// $t\sqrt{L}$ of liquid, with $t$ the largest path.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HalfEllipse {
    center: Position,
    semi_axis_x: f64,
    semi_axis_y: f64,
    path: f64,
}

impl HalfEllipse {
    /// A pool of this center on the surface, semi-axes and largest path of the beam, all in pixels.
    pub fn new(center: Position, semi_axis_x: f64, semi_axis_y: f64, path: f64) -> Self {
        Self {
            center,
            semi_axis_x,
            semi_axis_y,
            path,
        }
    }

    /// Center, on the surface.
    pub fn center(&self) -> Position {
        self.center
    }

    /// Row of the surface.
    pub fn surface_row(&self) -> f64 {
        self.center.y
    }

    /// Half the width at the surface.
    pub fn semi_axis_x(&self) -> f64 {
        self.semi_axis_x
    }

    /// Depth.
    pub fn semi_axis_y(&self) -> f64 {
        self.semi_axis_y
    }

    /// The largest path of the beam through liquid.
    pub fn path(&self) -> f64 {
        self.path
    }

    /// 1 at the center, 0 on the border, negative outside.
    pub fn level(&self, at: Position) -> f64 {
        let (x, y) = (
            (at.x - self.center.x) / self.semi_axis_x,
            (at.y - self.center.y) / self.semi_axis_y,
        );
        1.0 - x * x - y * y
    }

    /// The derivatives of the level along x and y.
    pub(crate) fn level_gradient(&self, at: Position) -> Position {
        Position::new(
            -2.0 * (at.x - self.center.x) / (self.semi_axis_x * self.semi_axis_x),
            -2.0 * (at.y - self.center.y) / (self.semi_axis_y * self.semi_axis_y),
        )
    }

    /// Whether a point is inside the pool and under the surface.
    pub fn contains(&self, at: Position) -> bool {
        self.level(at) > 0.0 && at.y > self.center.y
    }

    /// Path of the beam through the liquid at a point, in pixels.
    pub fn liquid_path(&self, at: Position) -> f64 {
        if self.contains(at) {
            self.path * self.level(at).sqrt()
        } else {
            0.0
        }
    }

    /// Exact area of the outline, $\pi a b/2$, in square pixels.
    pub fn area(&self) -> f64 {
        0.5 * std::f64::consts::PI * self.semi_axis_x * self.semi_axis_y
    }

    /// The same pool with its center shifted along the surface.
    pub fn shifted(mut self, by: f64) -> Self {
        self.center.x += by;
        self
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("center.x", self.center.x)?;
        finite("center.y", self.center.y)?;
        positive("semi_axis_x", self.semi_axis_x)?;
        positive("semi_axis_y", self.semi_axis_y)?;
        not_negative("path", self.path)
    }
}
