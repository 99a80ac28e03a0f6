//! One experiment: laser, geometry and material.

use crate::error::{Error, Result};
use crate::material::{Condition, Material, Property, PropertyKind, Source};
use crate::number::NamedNumber;
use crate::spot::SpotDiameter;
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
    laser_power: Option<f64>,
    absorbed_power: Option<f64>,
    threshold_power: Option<f64>,
    absorptivity: Option<f64>,
    scan_speed: Option<f64>,
    spot: Option<SpotDiameter>,
    hatch_spacing: Option<f64>,
    layer_thickness: Option<f64>,
    keyhole_depth: Option<f64>,
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

    /// A process with nothing set but the ambient temperature.
    pub const fn new() -> Self {
        Self {
            laser_power: None,
            absorbed_power: None,
            threshold_power: None,
            absorptivity: None,
            scan_speed: None,
            spot: None,
            hatch_spacing: None,
            layer_thickness: None,
            keyhole_depth: None,
            ambient_temperature: Self::DEFAULT_AMBIENT_TEMPERATURE,
            properties: Vec::new(),
        }
    }

    /// Power of the beam \[W\].
    #[must_use]
    pub const fn laser_power(mut self, watts: f64) -> Self {
        self.laser_power = Some(watts);
        self
    }

    /// Absorbed power \[W\], where it is known directly; by default absorptivity times laser power.
    #[must_use]
    pub const fn absorbed_power(mut self, watts: f64) -> Self {
        self.absorbed_power = Some(watts);
        self
    }

    /// Least power that makes a keyhole \[W\]; by default that of the material for this spot diameter.
    #[must_use]
    pub const fn threshold_power(mut self, watts: f64) -> Self {
        self.threshold_power = Some(watts);
        self
    }

    /// Absorbed fraction of the power \[1\].
    #[must_use]
    pub const fn absorptivity(mut self, fraction: f64) -> Self {
        self.absorptivity = Some(fraction);
        self
    }

    /// Speed of the beam over the surface \[m/s\].
    #[must_use]
    pub const fn scan_speed(mut self, meters_per_second: f64) -> Self {
        self.scan_speed = Some(meters_per_second);
        self
    }

    /// Diameter of the spot.
    #[must_use]
    pub const fn spot_diameter(mut self, spot: SpotDiameter) -> Self {
        self.spot = Some(spot);
        self
    }

    /// Distance between neighboring tracks \[m\].
    #[must_use]
    pub const fn hatch_spacing(mut self, meters: f64) -> Self {
        self.hatch_spacing = Some(meters);
        self
    }

    /// Thickness of the powder layer \[m\].
    #[must_use]
    pub const fn layer_thickness(mut self, meters: f64) -> Self {
        self.layer_thickness = Some(meters);
        self
    }

    /// Measured depth of the keyhole \[m\].
    #[must_use]
    pub const fn keyhole_depth(mut self, meters: f64) -> Self {
        self.keyhole_depth = Some(meters);
        self
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

    /// The value of a symbol in SI units, or nothing when it does not follow from what is set.
    ///
    /// Conductivity and diffusivity follow from each other with density and heat capacity. A rise is taken as the
    /// source states it, else as the point less [`ambient_temperature`](Self::ambient_temperature). A source
    /// that gives one of melting point and liquidus gives it for both: the keyhole table has the liquidus only, Table S1
    /// and the porosity table the melting point only.
    pub fn value(&self, symbol: Symbol) -> Option<f64> {
        let property = |kind| self.property_value(kind);
        match symbol {
            Symbol::LaserPower => self.laser_power,
            Symbol::ThresholdPower => self.threshold(),
            Symbol::Absorptivity => self.absorptivity,
            Symbol::AbsorbedPower => self
                .absorbed_power
                .or_else(|| Some(self.absorptivity? * self.laser_power?)),
            Symbol::EffectivePower => {
                Some(self.absorptivity? * (self.laser_power? - self.threshold()?))
            }
            Symbol::ScanSpeed => self.scan_speed,
            Symbol::SpotDiameter => self.spot.map(SpotDiameter::meters),
            Symbol::SpotRadius => self.spot.map(|spot| spot.radius().meters()),
            Symbol::HatchSpacing => self.hatch_spacing,
            Symbol::LayerThickness => self.layer_thickness,
            Symbol::KeyholeDepth => self.keyhole_depth,
            Symbol::Density => property(PropertyKind::Density),
            Symbol::HeatCapacity => property(PropertyKind::HeatCapacity),
            Symbol::ThermalConductivity => {
                property(PropertyKind::ThermalConductivity).or_else(|| {
                    Some(property(PropertyKind::ThermalDiffusivity)? * self.volumetric_heat()?)
                })
            }
            Symbol::ThermalDiffusivity => {
                property(PropertyKind::ThermalDiffusivity).or_else(|| {
                    Some(property(PropertyKind::ThermalConductivity)? / self.volumetric_heat()?)
                })
            }
            Symbol::VaporizationRise => self.rise(
                PropertyKind::VaporizationRise,
                PropertyKind::VaporizationPoint,
            ),
            Symbol::MeltingRise => self
                .rise(PropertyKind::MeltingRise, PropertyKind::MeltingPoint)
                .or_else(|| property(PropertyKind::LiquidusRise)),
            Symbol::LiquidusRise => property(PropertyKind::LiquidusRise)
                .or_else(|| self.rise(PropertyKind::MeltingRise, PropertyKind::MeltingPoint)),
            Symbol::LatentHeatOfFusion => property(PropertyKind::LatentHeatOfFusion),
            Symbol::LatentHeatOfVaporization => property(PropertyKind::LatentHeatOfVaporization),
        }
    }

    /// The value of a named number.
    ///
    /// # Errors
    ///
    /// Those of [`NamedNumber::evaluate`].
    pub fn number(&self, number: NamedNumber) -> Result<f64> {
        if !(self.ambient_temperature.is_finite() && self.ambient_temperature >= 0.0) {
            return Err(Error::InvalidParameter {
                name: "ambient_temperature",
                requirement: "finite and at least 0",
                found: self.ambient_temperature.to_string(),
            });
        }
        number
            .evaluate(|symbol| self.value(symbol))
            .map_err(|error| match error {
                Error::MissingSymbol { number, symbol } => Error::MissingSymbol {
                    number,
                    symbol: self.missing_part(symbol),
                },
                other => other,
            })
    }

    /// What has to be set for a symbol that has no value: the first of its parts without one.
    fn missing_part(&self, symbol: Symbol) -> Symbol {
        let parts: &[Symbol] = match symbol {
            Symbol::EffectivePower => &[
                Symbol::LaserPower,
                Symbol::Absorptivity,
                Symbol::ThresholdPower,
            ],
            Symbol::AbsorbedPower => &[Symbol::LaserPower, Symbol::Absorptivity],
            _ => &[],
        };
        let missing = parts.iter().find(|part| self.value(**part).is_none());
        missing.copied().unwrap_or(symbol)
    }

    fn property_value(&self, kind: PropertyKind) -> Option<f64> {
        let found = self.properties.iter().find(|p| p.kind() == kind)?;
        Some(found.value())
    }

    fn volumetric_heat(&self) -> Option<f64> {
        let density = self.property_value(PropertyKind::Density)?;
        Some(density * self.property_value(PropertyKind::HeatCapacity)?)
    }

    fn rise(&self, rise: PropertyKind, point: PropertyKind) -> Option<f64> {
        self.property_value(rise)
            .or_else(|| Some(self.property_value(point)? - self.ambient_temperature))
    }

    /// The threshold power that was set, else the one on record for this spot diameter.
    fn threshold(&self) -> Option<f64> {
        if self.threshold_power.is_some() {
            return self.threshold_power;
        }
        let mut stated = self
            .properties
            .iter()
            .filter(|p| p.kind() == PropertyKind::ThresholdPower);
        let holds = |property: &&Property| match property.stated_condition() {
            // A spot size read from a table differs from the record by rounding only.
            Some(Condition::Spot(spot)) => self
                .spot
                .is_some_and(|mine| (mine.meters() - spot.meters()).abs() <= 1e-6 * spot.meters()),
            _ => true,
        };
        stated.find(holds).map(Property::value)
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
    fn conductivity_and_diffusivity_follow_from_each_other() -> Result<()> {
        let inconel = Process::new().material(&Material::named("IN718")?, &Source::PorosityTable);
        let conductivity = inconel.value(Symbol::ThermalConductivity);
        approx::assert_relative_eq!(conductivity.unwrap_or(0.0), 5.56e-6 * 7400.0 * 720.0);
        Ok(())
    }
}
