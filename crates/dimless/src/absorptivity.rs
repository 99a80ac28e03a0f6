//! Laws of the absorptivity of a keyhole.

use crate::error::{Error, Result};
use crate::material::{Material, PropertyKind, Source};
use crate::spot::SpotDiameter;

/// The absorptivity that a deep keyhole tends to, 0.7.
const PLATEAU: f64 = 0.7;

/// Absorptivity that grows with the keyhole depth, from the text under Eq. 1 of the preprint:
///
/// $$\eta = \max\left(\eta_m,\ 0.7\,(1 - e^{-0.38\, e/d})\right)$$
///
/// with the keyhole depth $e$ over the spot **diameter** $d$: a flat surface absorbs $\eta_m$, a deep keyhole 0.7.
/// The Greek letters of this formula are lost in the text of the preprint. Among 144 readings this one, with
/// $e/d$ and the maximum, fits the published depth law.
///
/// # References
///
/// Gan et al., *Discovering universal scaling laws in 3D printing of metals* (preprint), after Ye et al. (2019).
///
/// # Examples
///
/// ```
/// use dimless::DepthAbsorptivity;
///
/// let law = DepthAbsorptivity::new(0.26);
/// assert_eq!(law.predict(0.0)?, 0.26);
/// assert!((law.predict(4.0)? - 0.5469).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DepthAbsorptivity {
    minimum: f64,
    plateau: f64,
    rate: f64,
}

impl DepthAbsorptivity {
    /// The law of the preprint with the absorptivity $\eta_m$ of the flat surface.
    pub const fn new(minimum: f64) -> Self {
        Self {
            minimum,
            plateau: PLATEAU,
            rate: 0.38,
        }
    }

    /// The law with the $\eta_m$ that a source states for a material.
    ///
    /// # Errors
    ///
    /// [`Error::MissingProperty`].
    pub fn of(material: &Material, source: &Source) -> Result<Self> {
        Ok(Self::new(
            material.value(PropertyKind::MinimumAbsorptivity, source)?,
        ))
    }

    /// The absorptivity of an infinitely deep keyhole \[1\]; the preprint has 0.7, the default.
    #[must_use]
    pub const fn plateau(mut self, plateau: f64) -> Self {
        self.plateau = plateau;
        self
    }

    /// The rate of growth per $e/d$ \[1\]; the preprint has 0.38, the default.
    #[must_use]
    pub const fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless both absorptivities are in (0, 1] and the rate is finite and positive.
    pub fn validate(&self) -> Result<()> {
        fraction("minimum", self.minimum)?;
        fraction("plateau", self.plateau)?;
        positive("rate", self.rate)
    }

    /// The absorptivity of a keyhole of depth $e/d$, in spot diameters.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::InvalidValue`] when the depth is negative or not finite.
    pub fn predict(&self, depth_in_diameters: f64) -> Result<f64> {
        self.validate()?;
        if !(depth_in_diameters.is_finite() && depth_in_diameters >= 0.0) {
            return Err(Error::InvalidValue {
                name: "depth in diameters".to_owned(),
                row: None,
                requirement: "finite and at least 0",
                found: depth_in_diameters,
            });
        }
        let grown = -self.plateau * libm::expm1(-self.rate * depth_in_diameters);
        Ok(grown.max(self.minimum))
    }
}

/// Absorptivity from the process settings alone:
///
/// $$\eta = \max\left(\eta_m,\ 0.7\,(1 - e^{-C P/(V d^2)})\right)$$
///
/// This law was **decoded** from the absorptivities published beside the 90 keyhole depths of Gan et al. (2021); no
/// paper states it. It reproduces every one of them to 5.3e-4 relative. The coefficient $C$ \[m³/J\] was found for
/// three alloys and does not follow from their properties.
///
/// # Examples
///
/// ```
/// use dimless::{Material, ProcessAbsorptivity, SpotDiameter};
///
/// let law = ProcessAbsorptivity::of(&Material::named("Ti64")?)?;
/// let absorptivity = law.predict(103.198, 0.4, SpotDiameter::from_micrometers(95.0)?)?;
/// assert!((absorptivity - 0.442).abs() < 5e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessAbsorptivity {
    minimum: f64,
    coefficient: f64,
    plateau: f64,
}

impl ProcessAbsorptivity {
    /// The law with the absorptivity $\eta_m$ of the flat surface and the coefficient $C$ \[m³/J\].
    pub const fn new(minimum: f64, coefficient: f64) -> Self {
        Self {
            minimum,
            coefficient,
            plateau: PLATEAU,
        }
    }

    /// The law with the decoded constants of Ti-6Al-4V, Al6061 or SS316.
    ///
    /// # Errors
    ///
    /// [`Error::MissingProperty`] for other materials.
    pub fn of(material: &Material) -> Result<Self> {
        Ok(Self::new(
            material.value(PropertyKind::MinimumAbsorptivity, &Source::Decoded)?,
            material.value(PropertyKind::AbsorptivityCoefficient, &Source::Decoded)?,
        ))
    }

    /// The absorptivity at infinite energy \[1\]; the default is 0.7.
    #[must_use]
    pub const fn plateau(mut self, plateau: f64) -> Self {
        self.plateau = plateau;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless both absorptivities are in (0, 1] and the coefficient is finite and positive.
    pub fn validate(&self) -> Result<()> {
        fraction("minimum", self.minimum)?;
        fraction("plateau", self.plateau)?;
        positive("coefficient", self.coefficient)
    }

    /// The absorptivity for a laser power \[W\], a scan speed \[m/s\] and a spot.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::InvalidValue`] unless power and speed are finite and positive.
    pub fn predict(&self, laser_power: f64, scan_speed: f64, spot: SpotDiameter) -> Result<f64> {
        self.validate()?;
        for (name, value) in [("laser power", laser_power), ("scan speed", scan_speed)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::InvalidValue {
                    name: name.to_owned(),
                    row: None,
                    requirement: "finite and positive",
                    found: value,
                });
            }
        }
        let diameter = spot.meters();
        let energy = laser_power / (scan_speed * diameter * diameter);
        let grown = -self.plateau * libm::expm1(-self.coefficient * energy);
        Ok(grown.max(self.minimum))
    }
}

fn fraction(name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value <= 1.0 {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        name,
        requirement: "above 0 and at most 1",
        found: value.to_string(),
    })
}

fn positive(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        name,
        requirement: "finite and positive",
        found: value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn matches_the_written_formulas() -> Result<()> {
        let law = DepthAbsorptivity::new(0.1);
        for depth in [0.5f64, 1.0, 3.0, 10.0] {
            let written = (0.7 * (1.0 - (-0.38 * depth).exp())).max(0.1);
            assert_relative_eq!(law.predict(depth)?, written, max_relative = 1e-14);
        }
        let spot = SpotDiameter::from_micrometers(88.0)?;
        let law = ProcessAbsorptivity::new(0.1, 3.2505e-12);
        let written = 0.7 * (1.0 - (-3.2505e-12 * 520.0 / (0.3 * 88e-6 * 88e-6_f64)).exp());
        assert_relative_eq!(
            law.predict(520.0, 0.3, spot)?,
            written,
            max_relative = 1e-14
        );
        Ok(())
    }

    #[test]
    fn refuses_values_without_meaning() -> Result<()> {
        for bad in [f64::NAN, -0.1, f64::INFINITY] {
            assert!(DepthAbsorptivity::new(0.3).predict(bad).is_err());
            assert!(matches!(
                DepthAbsorptivity::new(bad).predict(1.0),
                Err(Error::InvalidParameter {
                    name: "minimum",
                    ..
                })
            ));
            assert!(DepthAbsorptivity::new(0.3).rate(bad).validate().is_err());
            let spot = SpotDiameter::from_micrometers(88.0)?;
            let law = ProcessAbsorptivity::new(0.1, 3e-12);
            assert!(law.predict(bad, 1.0, spot).is_err());
            assert!(law.predict(1.0, bad, spot).is_err());
            assert!(ProcessAbsorptivity::new(0.1, bad).validate().is_err());
        }
        assert!(ProcessAbsorptivity::of(&Material::named("IN718")?).is_err());
        Ok(())
    }
}
