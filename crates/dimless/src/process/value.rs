//! The value of each symbol of a process, and what it follows from.

use super::Process;
use crate::error::{Error, Result};
use crate::material::{Condition, Property, PropertyKind};
use crate::symbol::Symbol;

impl Process {
    /// The value of a symbol in SI units, or nothing when it does not follow from what is set.
    ///
    /// A value that is stated holds. Else conductivity and diffusivity follow from each other with density and heat
    /// capacity; a density or heat capacity that is stated changes neither of them where the source has both. A rise is
    /// taken as the source states it, else as the point less [`ambient_temperature`](Self::ambient_temperature). A source
    /// that gives one of melting point and liquidus gives it for both: the keyhole table has the liquidus only, Table S1
    /// and the porosity table the melting point only.
    pub fn value(&self, symbol: Symbol) -> Option<f64> {
        self.stated_value(symbol).or_else(|| self.derived(symbol))
    }

    /// The value of a symbol by the properties alone, without what is the same for all materials.
    pub(crate) fn property_value_of(&self, symbol: Symbol) -> Option<f64> {
        self.value(symbol).filter(|_| symbol != Symbol::Gravity)
    }

    /// Whether a symbol is stated as such.
    pub(crate) fn states(&self, symbol: Symbol) -> bool {
        self.stated.contains_key(&symbol)
    }

    fn stated_value(&self, symbol: Symbol) -> Option<f64> {
        self.stated.get(&symbol).copied()
    }

    fn derived(&self, symbol: Symbol) -> Option<f64> {
        let property = |kind| self.property_value(kind);
        let value = |symbol| self.value(symbol);
        match symbol {
            Symbol::ThresholdPower => self.threshold_on_record(),
            Symbol::Absorptivity => property(PropertyKind::Absorptivity),
            Symbol::AbsorbedPower => {
                Some(value(Symbol::Absorptivity)? * value(Symbol::LaserPower)?)
            }
            Symbol::EffectivePower => {
                let above = value(Symbol::LaserPower)? - value(Symbol::ThresholdPower)?;
                Some(value(Symbol::Absorptivity)? * above)
            }
            Symbol::SpotDiameter => Some(2.0 * self.stated_value(Symbol::SpotRadius)?),
            Symbol::SpotRadius => Some(self.stated_value(Symbol::SpotDiameter)? / 2.0),
            Symbol::Density => property(PropertyKind::Density),
            Symbol::HeatCapacity => property(PropertyKind::HeatCapacity),
            Symbol::ThermalConductivity => match self.stated_value(Symbol::ThermalDiffusivity) {
                Some(diffusivity) => Some(diffusivity * self.volumetric_heat()?),
                None => property(PropertyKind::ThermalConductivity).or_else(|| {
                    Some(property(PropertyKind::ThermalDiffusivity)? * self.volumetric_heat()?)
                }),
            },
            Symbol::ThermalDiffusivity => match self.stated_value(Symbol::ThermalConductivity) {
                Some(conductivity) => Some(conductivity / self.volumetric_heat()?),
                None => property(PropertyKind::ThermalDiffusivity).or_else(|| {
                    Some(property(PropertyKind::ThermalConductivity)? / self.volumetric_heat()?)
                }),
            },
            Symbol::VaporizationRise => self.rise(
                PropertyKind::VaporizationRise,
                PropertyKind::VaporizationPoint,
            ),
            Symbol::MeltingRise => self.melting_rise().or_else(|| self.liquidus_rise()),
            Symbol::LiquidusRise => self.liquidus_rise().or_else(|| self.melting_rise()),
            Symbol::LiquidRange => property(PropertyKind::LiquidRange)
                .or_else(|| Some(value(Symbol::VaporizationRise)? - value(Symbol::MeltingRise)?)),
            Symbol::MeltingEnthalpy => {
                Some(value(Symbol::HeatCapacity)? * value(Symbol::LiquidusRise)?)
            }
            Symbol::LatentHeatOfFusion => property(PropertyKind::LatentHeatOfFusion),
            Symbol::LatentHeatOfVaporization => property(PropertyKind::LatentHeatOfVaporization),
            Symbol::DynamicViscosity => property(PropertyKind::DynamicViscosity),
            Symbol::SurfaceTension => property(PropertyKind::SurfaceTension),
            Symbol::SurfaceTensionCoefficient => {
                property(PropertyKind::SurfaceTensionCoefficient).map(f64::abs)
            }
            Symbol::Gravity => Some(Self::STANDARD_GRAVITY),
            Symbol::LaserPower
            | Symbol::ScanSpeed
            | Symbol::HatchSpacing
            | Symbol::LayerThickness
            | Symbol::KeyholeDepth
            | Symbol::FlowVelocity
            | Symbol::CharacteristicLength
            | Symbol::CharacteristicTime
            | Symbol::TemperatureDifference => None,
        }
    }

    /// What has to be set for a symbol that has no value: the first of its parts without one.
    pub(super) fn missing_part(&self, symbol: Symbol) -> Symbol {
        let conducts = [
            PropertyKind::ThermalConductivity,
            PropertyKind::ThermalDiffusivity,
        ];
        let transport = [Symbol::ThermalConductivity, Symbol::ThermalDiffusivity];
        let is_known = transport.iter().any(|s| self.states(*s))
            || conducts.iter().any(|k| self.property_value(*k).is_some());
        if transport.contains(&symbol) && !is_known {
            return symbol;
        }
        let missing = parts(symbol)
            .iter()
            .find(|part| self.value(**part).is_none());
        missing.copied().unwrap_or(symbol)
    }

    /// Refuses parts without meaning, whose product or difference could have one.
    pub(super) fn check_parts(&self, symbol: Symbol) -> Result<()> {
        if self.states(symbol) {
            return Ok(());
        }
        for &part in parts(symbol) {
            let Some(found) = self.value(part) else {
                continue;
            };
            let requirement = match part {
                Symbol::ThresholdPower if found >= 0.0 => "finite",
                Symbol::Absorptivity if found > 1.0 => "at most 1",
                _ if found > 0.0 => "finite",
                _ => "finite and positive",
            };
            if requirement != "finite" || !found.is_finite() {
                return Err(Error::InvalidValue {
                    name: part.to_string(),
                    row: None,
                    requirement,
                    found,
                });
            }
        }
        Ok(())
    }

    fn property_value(&self, kind: PropertyKind) -> Option<f64> {
        let found = self.properties.iter().find(|p| p.kind() == kind)?;
        Some(found.value())
    }

    fn volumetric_heat(&self) -> Option<f64> {
        Some(self.value(Symbol::Density)? * self.value(Symbol::HeatCapacity)?)
    }

    fn rise(&self, rise: PropertyKind, point: PropertyKind) -> Option<f64> {
        self.property_value(rise)
            .or_else(|| Some(self.property_value(point)? - self.ambient_temperature))
    }

    fn melting_rise(&self) -> Option<f64> {
        self.rise(PropertyKind::MeltingRise, PropertyKind::MeltingPoint)
    }

    fn liquidus_rise(&self) -> Option<f64> {
        self.rise(
            PropertyKind::LiquidusRise,
            PropertyKind::LiquidusTemperature,
        )
    }

    /// The threshold power on record for this spot diameter.
    fn threshold_on_record(&self) -> Option<f64> {
        let diameter = self.value(Symbol::SpotDiameter);
        let mut stated = self
            .properties
            .iter()
            .filter(|p| p.kind() == PropertyKind::ThresholdPower);
        let holds = |property: &&Property| match property.stated_condition() {
            // A spot size read from a table differs from the record by rounding only.
            Some(Condition::Spot(spot)) => {
                diameter.is_some_and(|mine| (mine - spot.meters()).abs() <= 1e-6 * spot.meters())
            }
            _ => true,
        };
        stated.find(holds).map(Property::value)
    }
}

/// The symbols from which a symbol follows.
fn parts(symbol: Symbol) -> &'static [Symbol] {
    match symbol {
        Symbol::EffectivePower => &[
            Symbol::LaserPower,
            Symbol::Absorptivity,
            Symbol::ThresholdPower,
        ],
        Symbol::AbsorbedPower => &[Symbol::LaserPower, Symbol::Absorptivity],
        Symbol::MeltingEnthalpy => &[Symbol::HeatCapacity, Symbol::LiquidusRise],
        Symbol::LiquidRange => &[Symbol::VaporizationRise, Symbol::MeltingRise],
        Symbol::ThermalConductivity | Symbol::ThermalDiffusivity => {
            &[Symbol::Density, Symbol::HeatCapacity]
        }
        _ => &[],
    }
}
