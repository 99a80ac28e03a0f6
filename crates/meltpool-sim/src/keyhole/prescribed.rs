//! A J-shaped keyhole that swells and shrinks periodically.

use std::f64::consts::{PI, TAU};

use super::Slice;
use crate::error::{Result, finite, not_negative, positive, require};

/// A J-shaped keyhole with prescribed periodic motion.
///
/// With the phase $\varphi = 2\pi t/P$, depth $D = D_0 + D_1\sin\varphi$ and mouth radius
/// $r = r_0 + r_1\sin(2\varphi + 0.5)$, the center line and the half width at depth $y$ are
///
/// $$c = x_0 + vt - 0.18\,y - 22\left[\frac{y - 0.72D}{0.28D}\right]_{0..1}^2,\qquad
/// R = r\left(1 - 0.45\frac{y}{D}\right) + s\,(1 + \sin(\varphi - 0.6))\,e^{-\left((y - 0.82D)/0.16D\right)^2},$$
///
/// and the path through vapor is $2\sqrt{R^2 - (x - c)^2}\sqrt{\min(1, (D - y)/8)}$. All lengths in pixels, times in
/// frames. The shape is invented after published radiographs of keyholes of 0.1 mm depth with a J-shaped tail.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PrescribedKeyhole {
    column: f64,
    speed: f64,
    period: f64,
    depth: f64,
    depth_swing: f64,
    mouth_radius: f64,
    mouth_swing: f64,
    tail_swing: f64,
}

impl PrescribedKeyhole {
    /// A keyhole whose mouth is in this column at time 0, with this period in frames.
    pub fn new(column: f64, period: f64) -> Self {
        Self {
            column,
            speed: 0.0,
            period,
            depth: 125.0,
            depth_swing: 18.0,
            mouth_radius: 24.0,
            mouth_swing: 3.0,
            tail_swing: 9.0,
        }
    }

    /// Speed of the laser to the right in pixels a frame (0 unless set).
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Mean depth in pixels (125 unless set) and the amplitude of its swing (18 unless set).
    pub fn depth_and_swing(mut self, depth: f64, swing: f64) -> Self {
        self.depth = depth;
        self.depth_swing = swing;
        self
    }

    /// Mean radius of the mouth in pixels (24 unless set) and the amplitude of its swing (3 unless set).
    pub fn mouth_and_swing(mut self, radius: f64, swing: f64) -> Self {
        self.mouth_radius = radius;
        self.mouth_swing = swing;
        self
    }

    /// Mean swelling of the tail in pixels, also the amplitude of its swing (9 unless set).
    pub fn tail_swing(mut self, tail_swing: f64) -> Self {
        self.tail_swing = tail_swing;
        self
    }

    /// Column of the mouth at a time.
    pub fn column_at(&self, time: f64) -> f64 {
        self.column + self.speed * time
    }

    /// Depth of the tip at a time.
    pub fn depth(&self, time: f64) -> f64 {
        self.depth + self.depth_swing * libm::sin(TAU * time / self.period)
    }

    pub(super) fn slice(&self, time: f64, y: f64) -> Slice {
        let phase = TAU * time / self.period;
        let depth = self.depth(time);
        let mouth = self.mouth_radius + self.mouth_swing * libm::sin(2.0 * phase + 0.5);
        let hook = ((y - 0.72 * depth) / (0.28 * depth)).clamp(0.0, 1.0);
        let center = self.column_at(time) - 0.18 * y - 22.0 * hook * hook;
        let bump = (y - 0.82 * depth) / (0.16 * depth);
        let radius = mouth * (1.0 - 0.45 * y / depth)
            + (self.tail_swing + self.tail_swing * libm::sin(phase - 0.6))
                * libm::exp(-bump * bump);
        Slice {
            left: center - radius,
            right: center + radius,
            taper: ((depth - y) / 8.0).clamp(0.0, 1.0).sqrt(),
        }
    }

    /// Exact integral over depth, from 0 to `y`, of the columns of the (left, right) walls: as [left, right].
    pub(crate) fn wall_integral(&self, time: f64, y: f64) -> [f64; 2] {
        let phase = TAU * time / self.period;
        let depth = self.depth(time);
        let mouth = self.mouth_radius + self.mouth_swing * libm::sin(2.0 * phase + 0.5);
        let span = 0.28 * depth;
        let hook = ((y - 0.72 * depth) / span).max(0.0);
        // within the keyhole the hook runs from 0 to 1 without being cut
        let center =
            self.column_at(time) * y - 0.09 * y * y - 22.0 * span * hook * hook * hook / 3.0;
        let width = 0.16 * depth;
        let bump = |y: f64| libm::erf((y - 0.82 * depth) / width);
        let radius = mouth * (y - 0.225 * y * y / depth)
            + self.tail_swing
                * (1.0 + libm::sin(phase - 0.6))
                * width
                * 0.5
                * PI.sqrt()
                * (bump(y) - bump(0.0));
        [center - radius, center + radius]
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("column", self.column)?;
        finite("speed", self.speed)?;
        positive("period", self.period)?;
        positive("depth", self.depth)?;
        not_negative("depth_swing", self.depth_swing)?;
        require(
            self.depth_swing < self.depth,
            "depth_swing",
            "below the depth",
            self.depth_swing,
        )?;
        positive("mouth_radius", self.mouth_radius)?;
        not_negative("mouth_swing", self.mouth_swing)?;
        require(
            self.mouth_swing < self.mouth_radius,
            "mouth_swing",
            "below the mouth radius",
            self.mouth_swing,
        )?;
        not_negative("tail_swing", self.tail_swing)
    }
}
