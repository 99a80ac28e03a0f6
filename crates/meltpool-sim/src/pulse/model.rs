//! The parameters of a spot pulse.

use crate::absorptivity::Absorptivity;
use crate::error::{Error, Result, not_negative, positive, require};

/// Parameters of the keyhole's dynamics, of the pool and of the sensor; SI units.
///
/// [`reference`](Self::reference) holds those of the numpy program whose golden data the tests hold;
/// [`calibrated`](Self::calibrated) is closer to measured keyholes. All are effective values fitted to measured depths and
/// absorptances of Ti-6Al-4V under a stationary beam, except the alloy's properties, which are common literature values of that program.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    missing_docs,
    reason = "each field is named by its symbol in the equations of `SpotPulse`"
)]
pub struct PulseModel {
    pub ambient_k: f64,
    pub boiling_k: f64,
    /// Effective conductivity of the superheat law, W/m/K.
    pub conductivity: f64,
    /// Diffusivity of the superheat law, m²/s.
    pub diffusivity: f64,
    pub absorptivity: Absorptivity,
    /// Offset and factor of the equilibrium depth over the radius, and its exponent of time.
    pub depth_offset: f64,
    pub depth_factor: f64,
    pub depth_exponent: f64,
    /// Time constant of the mean depth, s.
    pub depth_time: f64,
    /// Correlation time of the depth's fluctuation, s, and its strengths: at any depth, and more near onset.
    pub fluctuation_time: f64,
    pub fluctuation: f64,
    pub fluctuation_onset: f64,
    /// Rate of collapses, 1/s; smallest and largest size; decay, s.
    pub collapse_rate: f64,
    pub collapse_sizes: (f64, f64),
    pub collapse_time: f64,
    /// Width without depth, m, and per depth.
    pub width_offset: f64,
    pub width_slope: f64,
    /// Relative fluctuation of the width.
    pub width_fluctuation: f64,
    pub density: f64,
    pub heat_capacity: f64,
    pub melting_k: f64,
    pub latent_heat: f64,
    /// Mean superheat of the pool over the rise to melting, conductivity around it, W/m/K, and shape factor of the losses.
    pub pool_superheat: f64,
    pub pool_conductivity: f64,
    pub pool_loss: f64,
    /// Half width of the pool at the start, m.
    pub pool_start: f64,
    /// Depth of the pool per half width and per lagged depth; lag, s; least metal under the keyhole, m.
    pub pool_depth_width: f64,
    pub pool_depth_keyhole: f64,
    pub pool_lag: f64,
    pub pool_margin: f64,
    /// Time step and time between frames, s.
    pub step: f64,
    pub frame_time: f64,
    /// White noise of the signal, standard deviation of the plume and its correlation time, s, and of the gain of a run.
    pub signal_noise: f64,
    pub plume: f64,
    pub plume_time: f64,
    pub signal_gain: f64,
    /// Whether the plume is weak before the keyhole opens: factor $1 - e^{-\bar d/r_0}$.
    pub plume_follows_depth: bool,
}

impl PulseModel {
    /// The parameters of the reference program.
    pub fn reference() -> Self {
        Self {
            ambient_k: 298.0,
            boiling_k: 3315.0,
            conductivity: 95.0,
            diffusivity: 1.2e-5,
            absorptivity: Absorptivity::Exponential {
                flat: 0.33,
                deep: 0.92,
                rate: 0.5,
            },
            depth_offset: 0.2,
            depth_factor: 4.6,
            depth_exponent: 0.3,
            depth_time: 60e-6,
            fluctuation_time: 8e-6,
            fluctuation: 0.13,
            fluctuation_onset: 0.2,
            collapse_rate: 5000.0,
            collapse_sizes: (0.3, 0.8),
            collapse_time: 15e-6,
            width_offset: 23e-6,
            width_slope: 0.13,
            width_fluctuation: 0.08,
            density: 4430.0,
            heat_capacity: 750.0,
            melting_k: 1928.0,
            latent_heat: 2.86e5,
            pool_superheat: 0.8,
            pool_conductivity: 25.0,
            pool_loss: 2.5,
            pool_start: 20e-6,
            pool_depth_width: 0.55,
            pool_depth_keyhole: 0.5,
            pool_lag: 200e-6,
            pool_margin: 12e-6,
            step: 2e-6,
            frame_time: 20e-6,
            signal_noise: 0.01,
            plume: 0.03,
            plume_time: 200e-6,
            signal_gain: 0.02,
            plume_follows_depth: false,
        }
    }

    /// Parameters closer to measured keyholes.
    ///
    /// Fitted (random search over twelve parameters) to onset, growth, scatter, memory and skewness of the depths of two public runs
    /// at 50 kHz, taken as nominal 221 and 280 W, and to the absorptances of NIST's public spot run (doi 10.18434/mds2-2525) at
    /// nominal 230 W. What is reached and what is not stands in the workspace's validation record: the scatter near onset is too
    /// small, and the memory of the deeper run too long.
    pub fn calibrated() -> Self {
        Self {
            conductivity: 93.95,
            diffusivity: 1.08e-5,
            absorptivity: Absorptivity::Exponential {
                flat: 0.325,
                deep: 0.85,
                rate: 0.53,
            },
            depth_offset: 1.1,
            depth_factor: 2.65,
            depth_exponent: 0.248,
            depth_time: 25.6e-6,
            fluctuation_time: 2e-6,
            fluctuation: 0.134,
            fluctuation_onset: 0.29,
            collapse_rate: 4120.0,
            collapse_sizes: (0.96, 0.98),
            collapse_time: 20.8e-6,
            plume_follows_depth: true,
            ..Self::reference()
        }
    }

    /// Steps between two frames.
    pub(crate) fn steps_per_frame(&self) -> usize {
        (self.frame_time / self.step).round() as usize
    }

    /// Checks every parameter.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] names the first one outside its range, among them a step that does not divide the frame
    /// time.
    pub fn validate(&self) -> Result<()> {
        for (name, value) in [
            ("ambient_k", self.ambient_k),
            ("conductivity", self.conductivity),
            ("diffusivity", self.diffusivity),
            ("depth_time", self.depth_time),
            ("fluctuation_time", self.fluctuation_time),
            ("collapse_time", self.collapse_time),
            ("density", self.density),
            ("heat_capacity", self.heat_capacity),
            ("pool_start", self.pool_start),
            ("pool_lag", self.pool_lag),
            ("step", self.step),
            ("frame_time", self.frame_time),
            ("plume_time", self.plume_time),
        ] {
            positive(name, value)?;
        }
        for (name, value) in [
            ("depth_offset", self.depth_offset),
            ("depth_factor", self.depth_factor),
            ("depth_exponent", self.depth_exponent),
            ("fluctuation", self.fluctuation),
            ("fluctuation_onset", self.fluctuation_onset),
            ("collapse_rate", self.collapse_rate),
            ("width_offset", self.width_offset),
            ("width_slope", self.width_slope),
            ("width_fluctuation", self.width_fluctuation),
            ("latent_heat", self.latent_heat),
            ("pool_superheat", self.pool_superheat),
            ("pool_conductivity", self.pool_conductivity),
            ("pool_loss", self.pool_loss),
            ("pool_depth_width", self.pool_depth_width),
            ("pool_depth_keyhole", self.pool_depth_keyhole),
            ("pool_margin", self.pool_margin),
            ("signal_noise", self.signal_noise),
            ("plume", self.plume),
            ("signal_gain", self.signal_gain),
        ] {
            not_negative(name, value)?;
        }
        require(
            self.boiling_k.is_finite() && self.boiling_k > self.ambient_k,
            "boiling_k",
            "above ambient_k",
            self.boiling_k,
        )?;
        require(
            self.melting_k.is_finite() && self.melting_k > self.ambient_k,
            "melting_k",
            "above ambient_k",
            self.melting_k,
        )?;
        let (low, high) = self.collapse_sizes;
        require(
            0.0 <= low && low <= high && high <= 1.0,
            "collapse_sizes",
            "two sizes in [0, 1] in order",
            (low, high),
        )?;
        require(
            self.collapse_rate * self.step <= 1.0,
            "collapse_rate",
            "at most one a step",
            self.collapse_rate,
        )?;
        let ratio = self.frame_time / self.step;
        if ratio < 0.5 || (ratio - ratio.round()).abs() > 1e-6 * ratio {
            return Err(Error::InvalidParameter {
                name: "step",
                requirement: "a whole fraction of frame_time",
                found: format!("{:?}", self.step),
            });
        }
        self.absorptivity.validate()
    }
}
