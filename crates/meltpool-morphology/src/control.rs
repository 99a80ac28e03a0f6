//! A calculator for power pulses against pinch-off. Advisory only.

use crate::error::{Error, Result};

/// What the advice rests on; it stands in every result.
pub const EVIDENCE: &str = "advisory only: from one condition and one keyhole cycle (review record of doi 10.3390/met16050487), never tested as control";

/// A power pulse timed to a phase of the keyhole cycle.
///
/// The record proposes 10 to 20 % more power for 2 to 5 µs in the phase of pinch-off. It tests nothing of it; this calculator only does
/// the arithmetic.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::PowerPulse;
///
/// let advice = PowerPulse::new(205.0, 24e-6).advise()?;
/// assert!((advice.extra_energy_j[0] - 41e-6).abs() < 1e-12 && (advice.extra_energy_j[1] - 205e-6).abs() < 1e-12);
/// assert!(!advice.is_feasible); // no latency was given
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PowerPulse {
    power_w: f64,
    cycle_s: f64,
    increment: [f64; 2],
    duration_s: [f64; 2],
    window: [f64; 2],
    latency_s: Option<f64>,
    actuation_s: f64,
    ramp_s: f64,
}

/// The arithmetic of a [`PowerPulse`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Advice {
    /// Extra power in W, least and largest.
    pub extra_power_w: [f64; 2],
    /// Extra energy of a pulse in J, least and largest.
    pub extra_energy_j: [f64; 2],
    /// Energy of a whole cycle at the nominal power in J.
    pub cycle_energy_j: f64,
    /// Extra energy over that of the cycle, least and largest.
    pub extra_share: [f64; 2],
    /// Begin and end of the window after the start of the cycle, in s.
    pub window_s: [f64; 2],
    /// When the command must leave, in s after the start of the cycle; negative in the cycle before. `None` without latency.
    pub command_s: Option<f64>,
    /// Slopes of the ramps at both ends in W/s for the least and the largest increment.
    pub ramp_w_per_s: [f64; 2],
    /// Whether latency and actuation together are shorter than the window. False without a latency.
    pub is_feasible: bool,
    /// What it rests on.
    pub evidence: &'static str,
}

impl PowerPulse {
    /// A pulse on this nominal power in W and cycle in s with the proposed values: 10 to 20 % for 2 to 5 µs, window from 23/24 of the
    /// cycle to its end, ramps of 5 µs, no actuation time, latency unknown.
    pub fn new(power_w: f64, cycle_s: f64) -> Self {
        Self {
            power_w,
            cycle_s,
            increment: [0.1, 0.2],
            duration_s: [2e-6, 5e-6],
            window: [23.0 / 24.0, 1.0],
            latency_s: None,
            actuation_s: 0.0,
            ramp_s: 5e-6,
        }
    }

    /// Least and largest increment as shares of the power (0.1, 0.2 unless set).
    pub fn increment(mut self, least: f64, largest: f64) -> Self {
        self.increment = [least, largest];
        self
    }

    /// Least and largest duration in s (2e-6, 5e-6 unless set).
    pub fn duration_s(mut self, least: f64, largest: f64) -> Self {
        self.duration_s = [least, largest];
        self
    }

    /// Begin and end of the window as phases of the cycle (23/24 and 1 unless set).
    pub fn window(mut self, begin: f64, end: f64) -> Self {
        self.window = [begin, end];
        self
    }

    /// Time in s from what is seen to the command (unknown unless set).
    pub fn latency_s(mut self, latency_s: f64) -> Self {
        self.latency_s = Some(latency_s);
        self
    }

    /// Time in s from the command to the power (0 unless set).
    pub fn actuation_s(mut self, actuation_s: f64) -> Self {
        self.actuation_s = actuation_s;
        self
    }

    /// Duration in s of the ramps at both ends (5e-6 unless set).
    pub fn ramp_s(mut self, ramp_s: f64) -> Self {
        self.ramp_s = ramp_s;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::positive("power_w", self.power_w)?;
        Error::positive("cycle_s", self.cycle_s)?;
        Error::positive("ramp_s", self.ramp_s)?;
        Error::not_negative("actuation_s", self.actuation_s)?;
        if let Some(latency) = self.latency_s {
            Error::not_negative("latency_s", latency)?;
        }
        for (name, [low, high]) in [
            ("increment", self.increment),
            ("duration_s", self.duration_s),
            ("window", self.window),
        ] {
            Error::not_negative(name, low)?;
            Error::finite(name, high)?;
            if low > high {
                return Err(Error::parameter(
                    name,
                    "ascending",
                    format!("{low} to {high}"),
                ));
            }
        }
        Error::between("window", self.window[1], 0.0, 1.0)
    }

    /// Does the arithmetic.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn advise(&self) -> Result<Advice> {
        self.validate()?;
        let extra_power_w = self.increment.map(|share| share * self.power_w);
        let extra_energy_j: [f64; 2] =
            std::array::from_fn(|k| extra_power_w[k] * self.duration_s[k]);
        let cycle_energy_j = self.power_w * self.cycle_s;
        let window_s = self.window.map(|phase| phase * self.cycle_s);
        let delay = self.latency_s.map(|latency| latency + self.actuation_s);
        Ok(Advice {
            extra_power_w,
            extra_energy_j,
            cycle_energy_j,
            extra_share: extra_energy_j.map(|energy| energy / cycle_energy_j),
            window_s,
            command_s: delay.map(|delay| window_s[0] - delay),
            ramp_w_per_s: extra_power_w.map(|power| power / self.ramp_s),
            is_feasible: delay.is_some_and(|delay| delay < window_s[1] - window_s[0]),
            evidence: EVIDENCE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_of_the_record() -> Result<()> {
        // F52: 41 to 205 µJ, 0.8 to 4.2 % of 4.92 mJ
        let advice = PowerPulse::new(205.0, 24e-6).advise()?;
        assert!((advice.cycle_energy_j - 4.92e-3).abs() < 1e-9);
        assert!((100.0 * advice.extra_share[0] - 0.8).abs() < 0.05);
        assert!((100.0 * advice.extra_share[1] - 4.2).abs() < 0.05);
        assert!(advice.evidence.starts_with("advisory only"));
        Ok(())
    }

    #[test]
    fn slow_loops_are_not_feasible() -> Result<()> {
        let pulse = PowerPulse::new(205.0, 24e-6).window(0.5, 1.0);
        let quick = pulse.clone().latency_s(3e-6).actuation_s(2e-6).advise()?;
        assert!(quick.is_feasible);
        assert!((quick.command_s.unwrap_or(0.0) - 7e-6).abs() < 1e-12);
        assert!(!pulse.clone().latency_s(20e-6).advise()?.is_feasible);
        assert!(!pulse.clone().advise()?.is_feasible);
        assert!(pulse.clone().window(0.9, 1.2).advise().is_err());
        assert!(pulse.increment(0.3, 0.1).advise().is_err());
        Ok(())
    }
}
