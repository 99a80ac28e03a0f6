//! One experiment: laser, geometry and material.

mod value;

use std::collections::BTreeMap;

use crate::energy_density::EnergyDensity;
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::material::{Material, Property, Source};
use crate::number::NamedNumber;
use crate::quantity::Quantity;
use crate::spot::{SpotDiameter, SpotRadius};
use crate::symbol::Symbol;

/// The settings of one experiment, from which the value of each [`Symbol`] follows.
///
/// All values are in SI units. What is not set has no value, and a number that needs it says so. The setters never
/// fail; values without meaning are refused where a number is evaluated.
///
/// # Examples
///
/// ```
/// use dimless::{Material, NamedNumber, Process, Source, SpotDiameter};
///
/// let process = Process::new()
///     .laser_power(300.0)
///     .scan_speed(0.7)
///     .spot_diameter(SpotDiameter::from_micrometers(95.0)?)
///     .absorptivity(0.6)
///     .material(&Material::named("Ti64")?, &Source::GanTableS1);
/// let keyhole_number = process.number(NamedNumber::KeyholeNumber2019)?;
/// let three = [NamedNumber::NormalizedPower, NamedNumber::Peclet, NamedNumber::NormalizedTemperature];
/// let [power, peclet, temperature] = three.map(|n| process.number(n));
/// assert!((keyhole_number - power? / (peclet? * temperature?)).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Process {
    stated: BTreeMap<Symbol, f64>,
    ambient_temperature: f64,
    properties: Vec<Property>,
}

impl Default for Process {
    fn default() -> Self {
        Self::new()
    }
}

impl Process {
    /// The ambient temperature of a new process, 298 K. The preprint does not state its own; 273 to 300 K moves the
    /// test $R^2$ of its depth law by 0.002.
    pub const DEFAULT_AMBIENT_TEMPERATURE: f64 = 298.0;

    /// The acceleration of gravity of a new process, 9.80665 m/s²: the standard value by its definition.
    pub const STANDARD_GRAVITY: f64 = 9.806_65;

    /// A process with nothing set but the ambient temperature and gravity.
    pub const fn new() -> Self {
        Self {
            stated: BTreeMap::new(),
            ambient_temperature: Self::DEFAULT_AMBIENT_TEMPERATURE,
            properties: Vec::new(),
        }
    }

    /// States the value of a symbol in SI units. It goes before all that would follow from other settings and from
    /// properties. Of diameter and radius of the spot the one stated last holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{NamedNumber, Process, Symbol};
    ///
    /// let prandtl = Process::new()
    ///     .with_value(Symbol::DynamicViscosity, 4.76e-3)
    ///     .with_value(Symbol::HeatCapacity, 830.0)
    ///     .with_value(Symbol::ThermalConductivity, 33.4)
    ///     .number(NamedNumber::Prandtl)?;
    /// assert!((prandtl - 0.1183).abs() < 1e-4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_value(mut self, symbol: Symbol, value: f64) -> Self {
        match symbol {
            Symbol::SpotDiameter => self.stated.remove(&Symbol::SpotRadius),
            Symbol::SpotRadius => self.stated.remove(&Symbol::SpotDiameter),
            _ => None,
        };
        self.stated.insert(symbol, value);
        self
    }

    /// Power of the beam \[W\].
    #[must_use]
    pub fn laser_power(self, watts: f64) -> Self {
        self.with_value(Symbol::LaserPower, watts)
    }

    /// Absorbed power \[W\], where it is known directly; by default absorptivity times laser power.
    #[must_use]
    pub fn absorbed_power(self, watts: f64) -> Self {
        self.with_value(Symbol::AbsorbedPower, watts)
    }

    /// Least power that makes a keyhole \[W\]; by default that of the material for this spot diameter.
    #[must_use]
    pub fn threshold_power(self, watts: f64) -> Self {
        self.with_value(Symbol::ThresholdPower, watts)
    }

    /// Absorbed fraction of the power \[1\]; by default that of the source, where it states one for all settings. See
    /// [`AbsorptivityLaw`](crate::AbsorptivityLaw) for one that follows from the settings or the depth.
    #[must_use]
    pub fn absorptivity(self, fraction: f64) -> Self {
        self.with_value(Symbol::Absorptivity, fraction)
    }

    /// Speed of the beam over the surface \[m/s\].
    #[must_use]
    pub fn scan_speed(self, meters_per_second: f64) -> Self {
        self.with_value(Symbol::ScanSpeed, meters_per_second)
    }

    /// Diameter of the spot.
    #[must_use]
    pub fn spot_diameter(self, spot: SpotDiameter) -> Self {
        self.with_value(Symbol::SpotDiameter, spot.meters())
    }

    /// Radius of the spot, in place of its diameter.
    #[must_use]
    pub fn spot_radius(self, spot: SpotRadius) -> Self {
        self.with_value(Symbol::SpotRadius, spot.meters())
    }

    /// Distance between neighboring tracks \[m\].
    #[must_use]
    pub fn hatch_spacing(self, meters: f64) -> Self {
        self.with_value(Symbol::HatchSpacing, meters)
    }

    /// Thickness of the powder layer \[m\].
    #[must_use]
    pub fn layer_thickness(self, meters: f64) -> Self {
        self.with_value(Symbol::LayerThickness, meters)
    }

    /// Measured depth of the keyhole \[m\].
    #[must_use]
    pub fn keyhole_depth(self, meters: f64) -> Self {
        self.with_value(Symbol::KeyholeDepth, meters)
    }

    /// Characteristic velocity of the melt flow \[m/s\]. It has no default: it is not the scan speed.
    #[must_use]
    pub fn flow_velocity(self, meters_per_second: f64) -> Self {
        self.with_value(Symbol::FlowVelocity, meters_per_second)
    }

    /// Characteristic length \[m\] of the numbers of the melt flow, such as the width of the pool. It has no default.
    #[must_use]
    pub fn characteristic_length(self, meters: f64) -> Self {
        self.with_value(Symbol::CharacteristicLength, meters)
    }

    /// Characteristic time \[s\]. It has no default.
    #[must_use]
    pub fn characteristic_time(self, seconds: f64) -> Self {
        self.with_value(Symbol::CharacteristicTime, seconds)
    }

    /// Characteristic temperature difference \[K\], such as vaporization less melting point along the surface of the
    /// pool. It has no default.
    #[must_use]
    pub fn temperature_difference(self, kelvin: f64) -> Self {
        self.with_value(Symbol::TemperatureDifference, kelvin)
    }

    /// Specific enthalpy at melting \[J/kg\] of the normalized enthalpy; by default $C_p (T_l - T_0)$.
    #[must_use]
    pub fn melting_enthalpy(self, joules_per_kilogram: f64) -> Self {
        self.with_value(Symbol::MeltingEnthalpy, joules_per_kilogram)
    }

    /// Acceleration of gravity \[m/s²\]; the default is [`STANDARD_GRAVITY`](Self::STANDARD_GRAVITY).
    #[must_use]
    pub fn gravity(self, meters_per_second_squared: f64) -> Self {
        self.with_value(Symbol::Gravity, meters_per_second_squared)
    }

    /// Ambient or preheat temperature $T_0$ \[K\]; the default is
    /// [`DEFAULT_AMBIENT_TEMPERATURE`](Self::DEFAULT_AMBIENT_TEMPERATURE). A rise that a source states as such already
    /// contains the source's own ambient temperature and does not change with this setting.
    #[must_use]
    pub const fn ambient_temperature(mut self, kelvin: f64) -> Self {
        self.ambient_temperature = kelvin;
        self
    }

    /// Takes all properties that one source states for a material, in place of those set before.
    #[must_use]
    pub fn material(mut self, material: &Material, source: &Source) -> Self {
        let stated = material.properties().iter();
        self.properties = stated.filter(|p| p.source() == source).cloned().collect();
        self
    }

    /// Sets one property, in place of what is known of its kind.
    #[must_use]
    pub fn property(mut self, property: Property) -> Self {
        self.properties.retain(|p| p.kind() != property.kind());
        self.properties.push(property);
        self
    }

    /// The value of a named number.
    ///
    /// # Errors
    ///
    /// Those of [`NamedNumber::evaluate`]; [`Error::InvalidValue`] also when a value from which another follows is not
    /// finite and positive, or the absorptivity is above 1; [`Error::InvalidParameter`] for the ambient temperature.
    pub fn number(&self, number: NamedNumber) -> Result<f64> {
        self.evaluate(number)
    }

    /// The value of an energy density, with its dimension.
    ///
    /// # Errors
    ///
    /// As [`number`](Self::number), with [`Error::MissingInput`] for a missing symbol.
    pub fn energy_density(&self, density: EnergyDensity) -> Result<Quantity> {
        Quantity::from_si(self.evaluate(density)?, density.dimension()?)
    }

    pub(crate) fn evaluate(&self, formula: impl Formula) -> Result<f64> {
        if !(self.ambient_temperature.is_finite() && self.ambient_temperature >= 0.0) {
            return Err(Error::InvalidParameter {
                name: "ambient_temperature",
                requirement: "finite and at least 0",
                found: self.ambient_temperature.to_string(),
            });
        }
        for &(symbol, _) in formula.factors() {
            if self.value(symbol).is_none() {
                return Err(formula.missing(self.missing_part(symbol)));
            }
            self.check_parts(symbol)?;
        }
        formula.of_values(|symbol| self.value(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(d_um: f64) -> Result<Process> {
        Ok(Process::new()
            .laser_power(200.0)
            .absorptivity(0.5)
            .spot_diameter(SpotDiameter::from_micrometers(d_um)?)
            .material(&Material::named("Ti64")?, &Source::GanTableS1))
    }

    #[test]
    fn threshold_power_belongs_to_a_spot_diameter() -> Result<()> {
        assert_eq!(published(95.0)?.value(Symbol::EffectivePower), Some(50.0));
        assert_eq!(published(140.0)?.value(Symbol::EffectivePower), Some(37.5));
        assert_eq!(published(100.0)?.value(Symbol::EffectivePower), None);
        let own = published(100.0)?.threshold_power(100.0);
        assert_eq!(own.value(Symbol::EffectivePower), Some(50.0));
        Ok(())
    }

    #[test]
    fn missing_and_meaningless_settings_are_named() -> Result<()> {
        let process = published(95.0)?;
        assert!(matches!(
            process.number(NamedNumber::Peclet),
            Err(Error::MissingSymbol {
                number: NamedNumber::Peclet,
                symbol: Symbol::ScanSpeed
            })
        ));
        let unknown_threshold = published(100.0)?.number(NamedNumber::NormalizedPower);
        assert!(matches!(
            unknown_threshold,
            Err(Error::MissingSymbol {
                symbol: Symbol::ThresholdPower,
                ..
            })
        ));
        let below = published(95.0)?.laser_power(90.0);
        assert!(matches!(
            below.number(NamedNumber::NormalizedPower),
            Err(Error::InvalidValue { .. })
        ));
        let hot = published(95.0)?.ambient_temperature(f64::NAN);
        assert!(matches!(
            hot.number(NamedNumber::NormalizedTemperature),
            Err(Error::InvalidParameter {
                name: "ambient_temperature",
                ..
            })
        ));
        Ok(())
    }

    #[test]
    fn two_wrongs_make_no_value() -> Result<()> {
        let below = published(95.0)?.laser_power(90.0).absorptivity(-0.5);
        assert_eq!(below.value(Symbol::EffectivePower), Some(5.0));
        let refused = below.scan_speed(1.0).number(NamedNumber::KeyholeNumber2019);
        assert!(matches!(
            refused,
            Err(Error::InvalidValue { ref name, .. }) if name == "eta"
        ));
        let above_one = published(95.0)?.absorptivity(1.5);
        assert!(matches!(
            above_one.number(NamedNumber::NormalizedPower),
            Err(Error::InvalidValue {
                requirement: "at most 1",
                ..
            })
        ));
        let negative = Process::new()
            .with_value(Symbol::ThermalConductivity, 30.0)
            .with_value(Symbol::Density, -4000.0)
            .with_value(Symbol::HeatCapacity, -800.0)
            .characteristic_time(1e-3)
            .characteristic_length(1e-4);
        assert!(negative.number(NamedNumber::Fourier).is_err());
        Ok(())
    }

    #[test]
    fn a_stated_value_goes_before_the_record() -> Result<()> {
        let process = published(95.0)?.with_value(Symbol::ThermalConductivity, 15.0);
        assert_eq!(process.value(Symbol::ThermalConductivity), Some(15.0));
        let diffusivity = process.value(Symbol::ThermalDiffusivity);
        assert_eq!(diffusivity, Some(15.0 / (5316.0 * 730.0)));
        let by_radius = process.spot_radius(SpotDiameter::from_micrometers(140.0)?.radius());
        assert_eq!(by_radius.value(Symbol::SpotDiameter), Some(140e-6));
        assert_eq!(by_radius.value(Symbol::EffectivePower), Some(37.5));
        let by_diameter = by_radius.spot_diameter(SpotDiameter::from_micrometers(95.0)?);
        assert_eq!(by_diameter.value(Symbol::SpotRadius), Some(47.5e-6));
        Ok(())
    }

    #[test]
    fn conductivity_and_diffusivity_follow_from_each_other() -> Result<()> {
        let inconel = Process::new().material(&Material::named("IN718")?, &Source::PorosityTable);
        let conductivity = inconel.value(Symbol::ThermalConductivity);
        approx::assert_relative_eq!(conductivity.unwrap_or(0.0), 5.56e-6 * 7400.0 * 720.0);
        Ok(())
    }
}
