//! Eddies that follow the walls of a moving keyhole.

use super::{Position, StreamFlow, Velocity};
use crate::error::{Result, positive};
use crate::keyhole::{Keyhole, PrescribedKeyhole};

/// A [`StreamFlow`] changed near a moving keyhole so that no metal crosses its walls.
///
/// On a wall $x_w(y, t)$ the kinematic condition $u - \partial_t x_w - v\,\partial_y x_w = 0$ says that the stream function
/// varies along it as $\mathrm{d}\psi/\mathrm{d}y = \partial_t x_w$, and on the flat bottom as $\partial_x\psi = -\dot D$.
/// So $\psi = (1 - B)\,\psi_0 + B\,\psi_w$ with
/// $\psi_w(y) = \pm\dot D R(D) - \int_y^D \partial_t x_w\,\mathrm{d}y'$ (exact, by the closed integral of the shape), linear between
/// the walls, and $B = e^{-\delta^2}$, 1 on the walls with no slope and $\delta$ the distance in
/// units of `reach`. The metal that the keyhole displaces leaves through the surface beside the mouth.
///
/// The velocity is the central difference of $\psi$ over ±0.02 pixels, so it is free of divergence to rounding. It costs some
/// microseconds a point, much more than the steady [`StreamFlow`]; the field is invented.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WallFlow {
    flow: StreamFlow,
    keyhole: PrescribedKeyhole,
    reach: f64,
}

/// Half step of the differences of the stream function, in pixels.
const H: f64 = 0.02;

impl WallFlow {
    /// This flow around this keyhole, with a reach of 30 pixels.
    pub fn new(flow: StreamFlow, keyhole: PrescribedKeyhole) -> Self {
        Self {
            flow,
            keyhole,
            reach: 30.0,
        }
    }

    /// Distance in pixels over which the walls are felt (30 unless set).
    pub fn reach(mut self, reach: f64) -> Self {
        self.reach = reach;
        self
    }

    /// The stream function at a point and time.
    pub fn stream_function(&self, at: Position, time: f64) -> f64 {
        const DT: f64 = 1e-4;
        let inner = self.flow.stream_function(at);
        let below = at.y - self.flow.pool().surface_row();
        if below <= 0.0 {
            return inner;
        }
        let keyhole = Keyhole::Prescribed(self.keyhole.clone());
        let depth = keyhole.depth(time);
        let y = below.min(depth * (1.0 - 1e-9));
        let Some(slice) = keyhole.slice(time, y) else {
            return inner;
        };
        let across = (slice.left - at.x).max(at.x - slice.right).max(0.0) / self.reach;
        let down = (below - depth).max(0.0) / self.reach;
        let distance = across * across + down * down;
        if distance > 36.0 {
            return inner;
        }
        let blend = libm::exp(-distance);
        let Some(tip) = keyhole.slice(time, depth * (1.0 - 1e-9)) else {
            return inner;
        };
        let depth_speed =
            (self.keyhole.depth(time + DT) - self.keyhole.depth(time - DT)) / (2.0 * DT);
        // the integral from y to D of the speed of each wall: y and D are held while the shape moves
        let between = |t: f64| {
            let (to, from) = (
                self.keyhole.wall_integral(t, depth),
                self.keyhole.wall_integral(t, y),
            );
            [to[0] - from[0], to[1] - from[1]]
        };
        let (after, before) = (between(time + DT), between(time - DT));
        let swept = [0, 1].map(|i| (after[i] - before[i]) / (2.0 * DT));
        let radius = 0.5 * tip.width();
        let left = depth_speed * radius - swept[0];
        let right = -depth_speed * radius - swept[1];
        let part = ((at.x - slice.left) / slice.width()).clamp(0.0, 1.0);
        (1.0 - blend) * inner + blend * (left + (right - left) * part)
    }

    /// The velocity at a point and time.
    pub fn velocity(&self, at: Position, time: f64) -> Velocity {
        let psi = |x: f64, y: f64| self.stream_function(Position::new(at.x + x, at.y + y), time);
        Velocity {
            u: (psi(0.0, H) - psi(0.0, -H)) / (2.0 * H),
            v: -(psi(H, 0.0) - psi(-H, 0.0)) / (2.0 * H),
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        positive("reach", self.reach)?;
        self.keyhole.validate()?;
        self.flow.validate()
    }
}
