//! Published scaling laws.

use crate::error::{Error, Result};

/// Keyhole depth from the keyhole number, Eq. 2 of the preprint:
///
/// $$e/d = 5.12 - 5.07\, e^{-1.0\, \mathrm{Ke}}$$
///
/// with the depth in spot **diameters** and [`KeyholeNumber2019`](crate::NamedNumber::KeyholeNumber2019). The law
/// saturates at its plateau.
///
/// # Accuracy
///
/// On the 90 measured depths of [`dataset::keyhole`](crate::dataset::keyhole), with the absorptivity of the measured
/// depth, $R^2$ is 0.977 on Ti-6Al-4V (on which it was fitted) and 0.882 on Al6061 and SS316. The absorptivity uses the depth
/// that the law predicts; solved without that knowledge by [`FixedPoint`](crate::FixedPoint) the numbers are 0.962
/// and 0.833.
///
/// # References
///
/// Gan et al., *Discovering universal scaling laws in 3D printing of metals* (preprint), Eq. 2.
///
/// # Examples
///
/// ```
/// use dimless::ExponentialDepthLaw;
///
/// let depth = ExponentialDepthLaw::published().predict(1.0)?;
/// assert!((depth - (5.12 - 5.07 / 1f64.exp())).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExponentialDepthLaw {
    plateau: f64,
    amplitude: f64,
    rate: f64,
}

impl Default for ExponentialDepthLaw {
    fn default() -> Self {
        Self::published()
    }
}

impl ExponentialDepthLaw {
    /// A law $a - b\, e^{-c\, \mathrm{Ke}}$ of plateau $a$, amplitude $b$ and rate $c$.
    pub const fn new(plateau: f64, amplitude: f64, rate: f64) -> Self {
        Self {
            plateau,
            amplitude,
            rate,
        }
    }

    /// The published coefficients: plateau 5.12, amplitude 5.07, rate 1.0.
    pub const fn published() -> Self {
        Self::new(5.12, 5.07, 1.0)
    }

    /// The depth at an infinite keyhole number, in diameters.
    pub const fn plateau(&self) -> f64 {
        self.plateau
    }

    /// The plateau less the depth at the keyhole number 0, in diameters.
    pub const fn amplitude(&self) -> f64 {
        self.amplitude
    }

    /// The rate of saturation.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// Checks that the coefficients are finite.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        finite("plateau", self.plateau)?;
        finite("amplitude", self.amplitude)?;
        finite("rate", self.rate)
    }

    /// The depth in spot diameters, $e/d$, for a keyhole number of 2019.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::InvalidValue`] when the number or the result is not finite.
    pub fn predict(&self, keyhole_number: f64) -> Result<f64> {
        self.validate()?;
        let keyhole_number = finite_value("keyhole number", keyhole_number)?;
        let depth = self.plateau - self.amplitude * libm::exp(-self.rate * keyhole_number);
        finite_value("depth", depth)
    }
}

/// Porosity from normalized energy density and keyhole number, Eq. 5 of the preprint:
///
/// $$\Phi = 0.0591\, \mathrm{erfc}(\mathrm{NED} - 2.04) + 0.0591\, \mathrm{erf}(\mathrm{Ke} - 2.09) + 0.0639$$
///
/// with [`NormalizedEnergyDensity`](crate::NamedNumber::NormalizedEnergyDensity) and
/// [`KeyholeNumberMultiTrack`](crate::NamedNumber::KeyholeNumberMultiTrack): too little energy leaves pores of lack of
/// fusion, too much makes keyhole pores.
///
/// # Accuracy
///
/// Fig. 4 of the preprint cannot be redrawn exactly from public data: the raw laser powers, absorptivities and
/// vaporization points of its 92 rows are not public. With the published absorbed powers as they stand,
/// $R^2$ is 0.677 on IN718 and Ti-6Al-4V, $-0.114$ on SS316L and 0.182 on all; see
/// [`dataset::porosity`](crate::dataset::porosity).
///
/// # References
///
/// Gan et al., *Discovering universal scaling laws in 3D printing of metals* (preprint), Eqs. 5 to 7.
///
/// # Examples
///
/// ```
/// use dimless::PorosityLaw;
///
/// let porosity = PorosityLaw::published().predict(2.04, 2.09)?;
/// assert!((porosity - (0.0591 + 0.0639)).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PorosityLaw {
    fusion_amplitude: f64,
    fusion_threshold: f64,
    keyhole_amplitude: f64,
    keyhole_threshold: f64,
    offset: f64,
}

impl Default for PorosityLaw {
    fn default() -> Self {
        Self::published()
    }
}

impl PorosityLaw {
    /// The published coefficients.
    pub const fn published() -> Self {
        Self {
            fusion_amplitude: 0.0591,
            fusion_threshold: 2.04,
            keyhole_amplitude: 0.0591,
            keyhole_threshold: 2.09,
            offset: 0.0639,
        }
    }

    /// Amplitude and threshold of the lack-of-fusion term; by default 0.0591 and 2.04.
    #[must_use]
    pub const fn fusion(mut self, amplitude: f64, threshold: f64) -> Self {
        self.fusion_amplitude = amplitude;
        self.fusion_threshold = threshold;
        self
    }

    /// Amplitude and threshold of the keyhole term; by default 0.0591 and 2.09.
    #[must_use]
    pub const fn keyhole(mut self, amplitude: f64, threshold: f64) -> Self {
        self.keyhole_amplitude = amplitude;
        self.keyhole_threshold = threshold;
        self
    }

    /// The constant term; by default 0.0639.
    #[must_use]
    pub const fn offset(mut self, offset: f64) -> Self {
        self.offset = offset;
        self
    }

    /// Checks that the coefficients are finite.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        finite("fusion_amplitude", self.fusion_amplitude)?;
        finite("fusion_threshold", self.fusion_threshold)?;
        finite("keyhole_amplitude", self.keyhole_amplitude)?;
        finite("keyhole_threshold", self.keyhole_threshold)?;
        finite("offset", self.offset)
    }

    /// The porosity as a fraction of the volume. As published the law does not bound its result to 0 to 1.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::InvalidValue`] when a number or the result is not finite.
    pub fn predict(&self, normalized_energy_density: f64, keyhole_number: f64) -> Result<f64> {
        self.validate()?;
        let energy = finite_value("normalized energy density", normalized_energy_density)?;
        let keyhole = finite_value("keyhole number", keyhole_number)?;
        let fusion = self.fusion_amplitude * libm::erfc(energy - self.fusion_threshold);
        let keyhole = self.keyhole_amplitude * libm::erf(keyhole - self.keyhole_threshold);
        finite_value("porosity", fusion + keyhole + self.offset)
    }
}

fn finite(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        name,
        requirement: "finite",
        found: value.to_string(),
    })
}

fn finite_value(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::InvalidValue {
        name: name.to_owned(),
        row: None,
        requirement: "finite",
        found: value,
    })
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn porosity_has_its_limits() -> Result<()> {
        let law = PorosityLaw::published();
        // No energy at all: both error functions are at an end of their range.
        assert_relative_eq!(
            law.predict(-50.0, -50.0)?,
            2.0 * 0.0591 - 0.0591 + 0.0639,
            max_relative = 1e-15
        );
        assert_relative_eq!(
            law.predict(50.0, 50.0)?,
            0.0591 + 0.0639,
            max_relative = 1e-15
        );
        // erfc(-0.04) = 1.0451111061, erf(-0.09) = -0.1012805939 (Abramowitz and Stegun, Table 7.1, ten digits).
        let written = 0.0591 * (1.045_111_106_1 - 0.101_280_593_9) + 0.0639;
        assert_relative_eq!(law.predict(2.0, 2.0)?, written, max_relative = 1e-9);
        Ok(())
    }

    #[test]
    fn refuses_what_is_not_finite() {
        assert!(matches!(
            ExponentialDepthLaw::new(f64::NAN, 1.0, 1.0).predict(1.0),
            Err(Error::InvalidParameter {
                name: "plateau",
                ..
            })
        ));
        let law = ExponentialDepthLaw::published();
        assert!(law.predict(f64::NAN).is_err());
        assert!(law.predict(-1e5).is_err());
        assert!(
            PorosityLaw::published()
                .predict(1.0, f64::INFINITY)
                .is_err()
        );
        assert!(
            PorosityLaw::published()
                .offset(f64::NAN)
                .validate()
                .is_err()
        );
    }
}
