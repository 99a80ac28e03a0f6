//! Property values: what they state, in which state they hold, and where they come from.

use std::fmt;

use super::Source;
use crate::error::{Error, Result};
use crate::spot::SpotDiameter;

/// What a property value states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PropertyKind {
    /// Density \[kg/m³\].
    Density,
    /// Specific heat capacity at constant pressure \[J/(kg K)\].
    HeatCapacity,
    /// Thermal conductivity \[W/(m K)\].
    ThermalConductivity,
    /// Thermal diffusivity \[m²/s\].
    ThermalDiffusivity,
    /// Melting point \[K\].
    MeltingPoint,
    /// Solidus temperature \[K\].
    SolidusTemperature,
    /// Liquidus temperature \[K\].
    LiquidusTemperature,
    /// Vaporization point \[K\].
    VaporizationPoint,
    /// Melting point less ambient temperature, as stated by the source \[K\].
    MeltingRise,
    /// Liquidus temperature less ambient temperature, as stated by the source \[K\].
    LiquidusRise,
    /// Vaporization point less ambient temperature, as stated by the source \[K\].
    VaporizationRise,
    /// Vaporization point less melting point, as stated by the source \[K\].
    LiquidRange,
    /// Specific latent heat of fusion \[J/kg\].
    LatentHeatOfFusion,
    /// Specific latent heat of vaporization \[J/kg\].
    LatentHeatOfVaporization,
    /// Dynamic viscosity \[Pa s\].
    DynamicViscosity,
    /// Surface tension \[N/m\].
    SurfaceTension,
    /// Temperature coefficient of the surface tension, with its sign \[N/(m K)\].
    SurfaceTensionCoefficient,
    /// Absorptivity, one value for all settings \[1\].
    Absorptivity,
    /// Absorptivity of the flat surface, the least that a keyhole can have \[1\].
    MinimumAbsorptivity,
    /// Least laser power that makes a keyhole \[W\]; its condition is the spot diameter.
    ThresholdPower,
    /// The coefficient $C$ of [`ProcessAbsorptivity`](crate::ProcessAbsorptivity) \[m³/J\].
    AbsorptivityCoefficient,
}

impl PropertyKind {
    /// What the property is and its unit.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Density => "density [kg/m^3]",
            Self::HeatCapacity => "specific heat capacity [J/(kg K)]",
            Self::ThermalConductivity => "thermal conductivity [W/(m K)]",
            Self::ThermalDiffusivity => "thermal diffusivity [m^2/s]",
            Self::MeltingPoint => "melting point [K]",
            Self::SolidusTemperature => "solidus temperature [K]",
            Self::LiquidusTemperature => "liquidus temperature [K]",
            Self::VaporizationPoint => "vaporization point [K]",
            Self::MeltingRise => "melting point less ambient [K]",
            Self::LiquidusRise => "liquidus less ambient [K]",
            Self::VaporizationRise => "vaporization point less ambient [K]",
            Self::LiquidRange => "vaporization point less melting point [K]",
            Self::DynamicViscosity => "dynamic viscosity [Pa s]",
            Self::SurfaceTension => "surface tension [N/m]",
            Self::SurfaceTensionCoefficient => {
                "temperature coefficient of the surface tension [N/(m K)]"
            }
            Self::Absorptivity => "absorptivity [1]",
            Self::LatentHeatOfFusion => "latent heat of fusion [J/kg]",
            Self::LatentHeatOfVaporization => "latent heat of vaporization [J/kg]",
            Self::MinimumAbsorptivity => "minimum absorptivity [1]",
            Self::ThresholdPower => "keyhole threshold power [W]",
            Self::AbsorptivityCoefficient => "absorptivity coefficient [m^3/J]",
        }
    }
}

impl fmt::Display for PropertyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.description())
    }
}

/// The state in which a property value holds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Condition {
    /// The liquid, at a temperature that the source does not state.
    Liquid,
    /// The liquid at the liquidus temperature.
    Liquidus,
    /// The source prints liquidus and solidus the wrong way round; here each stands under its name.
    Exchanged,
    /// At this temperature \[K\].
    Temperature(f64),
    /// For this laser spot.
    Spot(SpotDiameter),
}

/// One value of a property, in SI units, with its condition and source.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawProperty"))]
pub struct Property {
    kind: PropertyKind,
    value: f64,
    condition: Option<Condition>,
    source: Source,
}

/// The unchecked form that is read before [`Property`] accepts it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct RawProperty {
    kind: PropertyKind,
    value: f64,
    condition: Option<Condition>,
    source: Source,
}

#[cfg(feature = "serde")]
impl TryFrom<RawProperty> for Property {
    type Error = Error;

    fn try_from(raw: RawProperty) -> Result<Self> {
        let mut property = Self::new(raw.kind, raw.value, raw.source)?;
        property.condition = raw.condition;
        Ok(property)
    }
}

impl Property {
    /// A value in SI units.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] unless it is finite and positive; a coefficient of the surface tension may be negative.
    pub fn new(kind: PropertyKind, value: f64, source: Source) -> Result<Self> {
        let signed = kind == PropertyKind::SurfaceTensionCoefficient;
        if !(value.is_finite() && (value > 0.0 || signed)) {
            return Err(Error::InvalidValue {
                name: kind.to_string(),
                row: None,
                requirement: if signed {
                    "finite"
                } else {
                    "finite and positive"
                },
                found: value,
            });
        }
        Ok(Self {
            kind,
            value,
            condition: None,
            source,
        })
    }

    /// The state in which the value holds; none by default.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// What the value states.
    pub const fn kind(&self) -> PropertyKind {
        self.kind
    }

    /// The value in SI units.
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The state in which the value holds, if the source says.
    pub const fn stated_condition(&self) -> Option<Condition> {
        self.condition
    }

    /// Where the value comes from.
    pub const fn source(&self) -> &Source {
        &self.source
    }
}
