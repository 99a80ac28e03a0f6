//! Material values with their temperature and source.

use crate::error::{Error, Result};

/// A value with the temperature at which it holds and where it is from.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sourced {
    /// The value in SI units.
    pub value: f64,
    /// Temperature in K at which it holds, where the source says.
    pub temperature_k: Option<f64>,
    /// Where it is from; says so if it was not read but remembered.
    pub source: String,
}

impl Sourced {
    /// A value with its temperature in K and source.
    pub fn new(value: f64, temperature_k: Option<f64>, source: impl Into<String>) -> Self {
        Self {
            value,
            temperature_k,
            source: source.into(),
        }
    }
}

/// What the forces on a liquid metal depend on, in SI units.
///
/// The kinematic viscosity is not a field: it is $\mu/\rho$, so that the two cannot contradict each other.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LiquidMetal {
    /// Name.
    pub name: String,
    /// Density $\rho$ in kg/m³.
    pub density: Sourced,
    /// Dynamic viscosity $\mu$ in Pa s.
    pub viscosity: Sourced,
    /// Surface tension $\gamma_0$ in N/m at its temperature $T_0$, which is needed.
    pub surface_tension: Sourced,
    /// $d\gamma/dT$ in N/m/K.
    pub surface_tension_slope: Sourced,
    /// Boiling temperature $T_b$ in K at 101 325 Pa.
    pub boiling: Sourced,
    /// Latent heat of evaporation $L_v$ in J/kg.
    pub latent_heat: Sourced,
    /// Molar mass $M$ in kg/mol.
    pub molar_mass: Sourced,
    /// Solidus in K.
    pub solidus: Sourced,
}

impl LiquidMetal {
    /// Ti-6Al-4V with the values of the review record of Song et al., Metals 16(5), 487 (2026).
    ///
    /// Density, viscosity, surface tension, its slope and the boiling temperature stand in the record; latent heat, molar mass and solidus do
    /// not and are from memory. The record's 1.5 N/m "at ~1600 K" lies below the solidus: [`LiquidMetal::validate`] accepts
    /// it, [`LiquidMetal::contradictions`] says so.
    pub fn song_ti64() -> Self {
        let record = "review record of doi 10.3390/met16050487";
        let memory = "from memory, unverified";
        Self {
            name: "Ti-6Al-4V".to_owned(),
            density: Sourced::new(4000.0, None, record),
            viscosity: Sourced::new(0.005, None, record),
            surface_tension: Sourced::new(1.5, Some(1600.0), record),
            surface_tension_slope: Sourced::new(-0.26e-3, None, record),
            boiling: Sourced::new(3560.0, None, record),
            latent_heat: Sourced::new(9.1e6, None, memory),
            molar_mass: Sourced::new(0.0467, None, memory),
            solidus: Sourced::new(1878.0, None, memory),
        }
    }

    /// Kinematic viscosity $\nu = \mu/\rho$ in m²/s.
    pub fn kinematic_viscosity(&self) -> f64 {
        self.viscosity.value / self.density.value
    }

    /// Surface tension in N/m at a temperature, $\gamma(T) = \gamma_0 + \gamma'(T - T_0)$.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a temperature that is not positive, a record without $T_0$, or where the line has fallen to 0.
    pub fn surface_tension_at(&self, temperature_k: f64) -> Result<f64> {
        Error::positive("temperature_k", temperature_k)?;
        let Some(reference) = self.surface_tension.temperature_k else {
            return Err(Error::parameter(
                "surface_tension",
                "given with its temperature",
                self.surface_tension.value,
            ));
        };
        let slope = self.surface_tension_slope.value;
        let gamma = self.surface_tension.value + slope * (temperature_k - reference);
        Error::positive("surface tension at the temperature", gamma)?;
        Ok(gamma)
    }

    /// Checks that all values are finite and, but for the slope of the surface tension, positive.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] that names the first value outside its range.
    pub fn validate(&self) -> Result<()> {
        Error::positive("density", self.density.value)?;
        Error::positive("viscosity", self.viscosity.value)?;
        Error::positive("surface_tension", self.surface_tension.value)?;
        Error::finite("surface_tension_slope", self.surface_tension_slope.value)?;
        Error::positive("boiling", self.boiling.value)?;
        Error::positive("latent_heat", self.latent_heat.value)?;
        Error::positive("molar_mass", self.molar_mass.value)?;
        Error::positive("solidus", self.solidus.value)
    }

    /// What the values say against each other: properties of the liquid stated below the solidus, and a boiling point below it.
    pub fn contradictions(&self) -> Vec<String> {
        let solidus = self.solidus.value;
        let mut found = Vec::new();
        for (name, value) in [
            ("density", &self.density),
            ("viscosity", &self.viscosity),
            ("surface tension", &self.surface_tension),
        ] {
            if let Some(temperature) = value.temperature_k.filter(|t| *t < solidus) {
                found.push(format!(
                    "the {name} is stated at {temperature} K, below the solidus of {solidus} K"
                ));
            }
        }
        if self.boiling.value <= solidus {
            found.push(format!(
                "it boils at {} K, below the solidus of {solidus} K",
                self.boiling.value
            ));
        }
        found
    }
}
