//! A laser pulse on one spot: depth dynamics, melt pool and absorptance over milliseconds.

mod history;
mod model;
mod noise;

pub use history::PulseHistory;
pub use model::PulseModel;
pub use noise::PulseNoise;

use crate::error::{Error, Result, not_negative, positive};

/// Largest number of time steps of a pulse.
const MAX_STEPS: u64 = 1 << 26;

/// A pulse of a stationary beam: keyhole depth, melt pool and absorptance as functions of time.
///
/// With the superheat of a disc source on a half space,
/// $$S = \frac{\eta_0 P}{\pi^{3/2}k\,r_0\,(T_b - T_0)}\arctan\frac{\sqrt{4\alpha t}}{r_0},$$
/// the equilibrium depth is $d_{eq} = r_0\,(0.20 + 4.6\sqrt{S - 1}\,(t/\mathrm{ms})^{0.30})$ for $S > 1$, else 0, and the mean depth
/// follows it with 60 µs. The depth is $\bar d\,\max(0, 1 + su)(1 - c)$ with an Ornstein–Uhlenbeck process $u$ (exact
/// update) and collapses $c$ that come at random. The width is $(23\,\mathrm{µm} + 0.13\,d)(1 + h)$. The half width $R$ of the pool
/// balances enthalpy,
/// $$\dot R = \frac{\eta P - 2\pi\kappa\,\Delta T_m\,\phi\,R}{2\pi R^2 H},\qquad H = \rho\,(c_p\,\Delta T_m\,\psi + L_f),$$
/// and its depth is $\max(0.55R + 0.5\,d_{slow}, d + 12\,\mathrm{µm})$. Explicit Euler steps of 2 µs, a frame every 20 µs. When the
/// laser is off, the mean depth relaxes with the collapse time and $\eta = 0$.
///
/// The onset law is physics with an effective conductivity; the depth law, fluctuations, widths and the pool's shape are
/// fitted forms. Powers are nominal: 232 W here behaves like some 102 W measured at the sample.
///
/// # Examples
/// ```
/// use meltpool_sim::{PulseModel, PulseNoise, SpotPulse};
///
/// let pulse = SpotPulse::new(240.0, 60.0).model(PulseModel::reference());
/// let history = pulse.simulate(&PulseNoise::None)?;
/// assert_eq!(history.n_frames(), 103);
/// assert!((history.depth_um[102] - 139.63).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpotPulse {
    power_w: f64,
    spot_radius_um: f64,
    on_us: f64,
    tail_us: f64,
    model: PulseModel,
}

impl SpotPulse {
    /// A pulse of this nominal power in W on a spot of this radius in µm, on for 2060 µs.
    pub fn new(power_w: f64, spot_radius_um: f64) -> Self {
        Self {
            power_w,
            spot_radius_um,
            on_us: 2060.0,
            tail_us: 0.0,
            model: PulseModel::calibrated(),
        }
    }

    /// Time the laser is on in µs (2060 unless set).
    pub fn on_us(mut self, on_us: f64) -> Self {
        self.on_us = on_us;
        self
    }

    /// Time simulated after the laser is off in µs (0 unless set).
    pub fn tail_us(mut self, tail_us: f64) -> Self {
        self.tail_us = tail_us;
        self
    }

    /// The parameters ([`PulseModel::calibrated`] unless set).
    pub fn model(mut self, model: PulseModel) -> Self {
        self.model = model;
        self
    }

    /// Nominal power in W.
    pub fn power_w(&self) -> f64 {
        self.power_w
    }

    /// Radius of the spot in µm.
    pub fn spot_radius_um(&self) -> f64 {
        self.spot_radius_um
    }

    /// Number of time steps.
    pub fn n_steps(&self) -> usize {
        ((self.on_us + self.tail_us) * 1e-6 / self.model.step).round() as usize
    }

    /// Surface superheat over the rise to boiling at a time in s.
    pub fn superheat(&self, time_s: f64) -> f64 {
        let (m, r0) = (&self.model, self.spot_radius_um * 1e-6);
        m.absorptivity.flat() * self.power_w
            / (libm::pow(std::f64::consts::PI, 1.5) * m.conductivity * r0)
            * libm::atan((4.0 * m.diffusivity * time_s).sqrt() / r0)
            / (m.boiling_k - m.ambient_k)
    }

    /// Equilibrium depth in m at a time in s by the fitted law.
    pub fn equilibrium_depth(&self, time_s: f64) -> f64 {
        let (m, r0) = (&self.model, self.spot_radius_um * 1e-6);
        let s = self.superheat(time_s);
        if s > 1.0 {
            r0 * (m.depth_offset
                + m.depth_factor * (s - 1.0).sqrt() * libm::pow(time_s / 1e-3, m.depth_exponent))
        } else {
            0.0
        }
    }

    /// Checks every parameter.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] or [`Error::TooLarge`].
    pub fn validate(&self) -> Result<()> {
        not_negative("power_w", self.power_w)?;
        positive("spot_radius_um", self.spot_radius_um)?;
        positive("on_us", self.on_us)?;
        not_negative("tail_us", self.tail_us)?;
        self.model.validate()?;
        let steps = ((self.on_us + self.tail_us) * 1e-6 / self.model.step).round();
        if steps > MAX_STEPS as f64 {
            return Err(Error::TooLarge {
                what: "time steps",
                limit: MAX_STEPS,
                found: steps as u64,
            });
        }
        crate::error::require(
            steps >= self.model.steps_per_frame() as f64,
            "on_us",
            "at least one frame long",
            self.on_us,
        )
    }

    /// Runs the pulse with the depth law of its model.
    ///
    /// # Errors
    /// As [`validate`](Self::validate), and [`Error::LengthMismatch`] for given noise of another length.
    pub fn simulate(&self, noise: &PulseNoise) -> Result<PulseHistory> {
        self.simulate_with(noise, |time| self.equilibrium_depth(time))
    }

    /// Runs the pulse with another law of the equilibrium depth in m as a function of the time in s, for example the Keyhole
    /// number's.
    ///
    /// # Errors
    /// As [`simulate`](Self::simulate).
    pub fn simulate_with(
        &self,
        noise: &PulseNoise,
        depth_law: impl Fn(f64) -> f64,
    ) -> Result<PulseHistory> {
        self.validate()?;
        noise.validate(self.n_steps())?;
        Ok(history::run(self, noise, depth_law))
    }

    pub(crate) fn parts(&self) -> (&PulseModel, f64) {
        (&self.model, self.on_us * 1e-6)
    }
}
