//! A keyhole whose neck closes, so that its tail becomes a pore.

use super::Slice;
use crate::error::{Result, finite, positive, require};
use crate::flow::Position;

/// A keyhole of constant depth whose neck closes at given wall speeds and cuts off the tail.
///
/// The neck lies at $y_n = 0.75D$. Its front and rear half widths fall as $w(t) = w_0 - V\,s(t - t_0)$ with
/// $s(\tau) = \tau^2/2T$ during the ramp $T$ of acceleration and $\tau - T/2$ after it. The walls meet when both sum
/// to 0; with the sum $W$ of half widths and $V$ of speeds that is $\tau_c = W/V + T/2$ when $W \ge VT/2$, else
/// $\sqrt{2TW/V}$. From then on the keyhole ends at the neck, and the tail, whose area at contact is exact, is a round pore of
/// equal area at its centroid.
///
/// The half width away from the neck is $R(y) = r\,(1 - 0.45\,y/D)$ with a swollen tail, blended into the neck by a
/// Gaussian of width $0.07D$. The instantaneous rounding of the pore is invented.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PinchOffKeyhole {
    column: f64,
    depth: f64,
    mouth_radius: f64,
    tail_radius: f64,
    neck_front: f64,
    neck_rear: f64,
    front_speed: f64,
    rear_speed: f64,
    start: f64,
    ramp: f64,
}

impl PinchOffKeyhole {
    /// A keyhole in this column whose neck starts to close at this time in frames, with the speeds of its front and rear
    /// wall in pixels a frame.
    pub fn new(column: f64, start: f64, front_speed: f64, rear_speed: f64) -> Self {
        Self {
            column,
            depth: 140.0,
            mouth_radius: 26.0,
            tail_radius: 17.0,
            neck_front: 7.5,
            neck_rear: 7.5,
            front_speed,
            rear_speed,
            start,
            ramp: 1.6,
        }
    }

    /// Depth in pixels before the pinch-off (140 unless set).
    pub fn initial_depth(mut self, depth: f64) -> Self {
        self.depth = depth;
        self
    }

    /// Front and rear half widths of the neck in pixels (7.5 and 7.5 unless set).
    pub fn neck(mut self, front: f64, rear: f64) -> Self {
        self.neck_front = front;
        self.neck_rear = rear;
        self
    }

    /// Time of acceleration of the neck's walls in frames (1.6 unless set).
    pub fn ramp(mut self, ramp: f64) -> Self {
        self.ramp = ramp;
        self
    }

    /// Exact time of contact in frames.
    pub fn contact_time(&self) -> f64 {
        let width = self.neck_front + self.neck_rear;
        let speed = self.front_speed + self.rear_speed;
        self.start
            + if width >= speed * self.ramp / 2.0 {
                width / speed + self.ramp / 2.0
            } else {
                (2.0 * self.ramp * width / speed).sqrt()
            }
    }

    /// Depth of the neck in pixels.
    pub fn neck_depth(&self) -> f64 {
        0.75 * self.depth
    }

    /// Distance that a wall of speed 1 has moved.
    fn travel(&self, time: f64) -> f64 {
        let tau = (time - self.start).clamp(0.0, (self.contact_time() - self.start).max(0.0));
        if tau < self.ramp {
            tau * tau / (2.0 * self.ramp)
        } else {
            tau - self.ramp / 2.0
        }
    }

    /// Half widths of the neck in front and rear at a time, in pixels; constant after contact.
    pub fn neck_half_widths(&self, time: f64) -> (f64, f64) {
        let travel = self.travel(time);
        (
            self.neck_front - self.front_speed * travel,
            self.neck_rear - self.rear_speed * travel,
        )
    }

    /// Depth of the tip at a time.
    pub fn depth(&self, time: f64) -> f64 {
        if time < self.contact_time() {
            self.depth
        } else {
            self.neck_depth()
        }
    }

    fn full_slice(&self, time: f64, y: f64) -> Slice {
        let center = self.column - 0.12 * y;
        let tail = (y - 0.89 * self.depth) / (0.09 * self.depth);
        let base = self.mouth_radius
            * (1.0 - 0.5 * y / self.depth)
            * if y < self.neck_depth() { 1.0 } else { 0.0 }
            + if y < self.neck_depth() {
                0.0
            } else {
                self.mouth_radius * 0.625
            }
            + (self.tail_radius - 0.625 * self.mouth_radius) * libm::exp(-tail * tail);
        let near = (y - self.neck_depth()) / (0.07 * self.depth);
        let blend = libm::exp(-near * near);
        let (front, rear) = self.neck_half_widths(time);
        let end = ((self.depth - y) / 12.0).clamp(0.0, 1.0);
        let round = (end * (2.0 - end)).sqrt();
        let side = |neck: f64| (base + (neck - base) * blend) * round;
        Slice {
            left: center - side(rear),
            right: center + side(front),
            taper: 1.0,
        }
    }

    pub(super) fn slice(&self, time: f64, y: f64) -> Slice {
        self.full_slice(time, y)
    }

    /// The pore: its center relative to the surface row (`y` is a depth) and its radius, from the tail at contact.
    pub fn pore(&self) -> (Position, f64) {
        const N: usize = 4096;
        let time = self.contact_time();
        let (top, bottom) = (self.neck_depth(), self.depth);
        let h = (bottom - top) / N as f64;
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for i in 0..N {
            let depth = top + (i as f64 + 0.5) * h;
            let slice = self.full_slice(time, depth);
            let width = slice.width().max(0.0);
            area += width * h;
            x += width * h * 0.5 * (slice.left + slice.right);
            y += width * h * depth;
        }
        (
            Position::new(x / area, y / area),
            (area / std::f64::consts::PI).sqrt(),
        )
    }

    pub(crate) fn validate(&self) -> Result<()> {
        finite("column", self.column)?;
        finite("start", self.start)?;
        for (name, value) in [
            ("depth", self.depth),
            ("mouth_radius", self.mouth_radius),
            ("tail_radius", self.tail_radius),
            ("neck_front", self.neck_front),
            ("neck_rear", self.neck_rear),
            ("front_speed", self.front_speed),
            ("rear_speed", self.rear_speed),
            ("ramp", self.ramp),
        ] {
            positive(name, value)?;
        }
        require(
            self.neck_front < self.tail_radius && self.neck_rear < self.tail_radius,
            "neck",
            "narrower than the tail",
            (self.neck_front, self.neck_rear),
        )
    }
}
