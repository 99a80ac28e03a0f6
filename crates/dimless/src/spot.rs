//! Size of the laser spot, with diameter and radius told apart by type.

use crate::error::{Error, Result};

/// Diameter of the laser spot, in meters.
///
/// Papers normalize by the diameter or by the radius; a factor of two hides there. The types keep them apart.
///
/// # Examples
///
/// ```
/// use dimless::SpotDiameter;
///
/// let spot = SpotDiameter::from_micrometers(95.0)?;
/// assert_eq!(spot.meters(), 95e-6);
/// assert_eq!(spot.radius().meters(), 47.5e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "f64", into = "f64"))]
pub struct SpotDiameter(f64);

/// Radius of the laser spot, in meters; see [`SpotDiameter`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "f64", into = "f64"))]
pub struct SpotRadius(f64);

impl SpotDiameter {
    /// A diameter in meters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless it is finite and positive.
    pub fn from_meters(diameter: f64) -> Result<Self> {
        positive("spot_diameter", diameter, diameter).map(Self)
    }

    /// A diameter in micrometers.
    ///
    /// # Errors
    ///
    /// As [`from_meters`](Self::from_meters).
    pub fn from_micrometers(diameter: f64) -> Result<Self> {
        positive("spot_diameter", diameter / 1e6, diameter).map(Self)
    }

    /// The diameter in meters.
    pub const fn meters(self) -> f64 {
        self.0
    }

    /// The diameter in micrometers.
    pub const fn micrometers(self) -> f64 {
        self.0 * 1e6
    }

    /// The radius, half the diameter.
    pub const fn radius(self) -> SpotRadius {
        SpotRadius(self.0 / 2.0)
    }
}

impl SpotRadius {
    /// A radius in meters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless it is finite and positive.
    pub fn from_meters(radius: f64) -> Result<Self> {
        positive("spot_radius", radius, radius).map(Self)
    }

    /// A radius in micrometers.
    ///
    /// # Errors
    ///
    /// As [`from_meters`](Self::from_meters).
    pub fn from_micrometers(radius: f64) -> Result<Self> {
        positive("spot_radius", radius / 1e6, radius).map(Self)
    }

    /// The radius in meters.
    pub const fn meters(self) -> f64 {
        self.0
    }

    /// The radius in micrometers.
    pub const fn micrometers(self) -> f64 {
        self.0 * 1e6
    }

    /// The diameter, twice the radius.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] when twice the radius is not finite.
    pub fn diameter(self) -> Result<SpotDiameter> {
        SpotDiameter::from_meters(2.0 * self.0)
    }
}

fn positive(name: &'static str, meters: f64, given: f64) -> Result<f64> {
    // A subnormal length would lose digits and vanish when halved or squared.
    if meters.is_finite() && meters >= f64::MIN_POSITIVE {
        Ok(meters)
    } else {
        Err(Error::InvalidParameter {
            name,
            requirement: "finite and positive",
            found: given.to_string(),
        })
    }
}

impl TryFrom<f64> for SpotDiameter {
    type Error = Error;

    fn try_from(meters: f64) -> Result<Self> {
        Self::from_meters(meters)
    }
}

impl TryFrom<f64> for SpotRadius {
    type Error = Error;

    fn try_from(meters: f64) -> Result<Self> {
        Self::from_meters(meters)
    }
}

impl From<SpotDiameter> for f64 {
    fn from(spot: SpotDiameter) -> Self {
        spot.0
    }
}

impl From<SpotRadius> for f64 {
    fn from(spot: SpotRadius) -> Self {
        spot.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_sizes_without_meaning() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-310] {
            assert!(matches!(
                SpotDiameter::from_meters(bad),
                Err(Error::InvalidParameter {
                    name: "spot_diameter",
                    ..
                })
            ));
            assert!(SpotRadius::from_micrometers(bad).is_err());
        }
    }

    #[test]
    fn radius_and_diameter_invert_each_other() -> Result<()> {
        let spot = SpotDiameter::from_micrometers(140.0)?;
        assert_eq!(spot.radius().diameter()?, spot);
        Ok(())
    }
}
