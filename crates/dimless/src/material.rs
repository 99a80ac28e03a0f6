//! Thermophysical properties of materials, each value with its source.

mod catalog;

use std::fmt;

use crate::error::{Error, Result, excerpt};
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
    /// Vaporization point \[K\].
    VaporizationPoint,
    /// Melting point less ambient temperature, as stated by the source \[K\].
    MeltingRise,
    /// Liquidus temperature less ambient temperature, as stated by the source \[K\].
    LiquidusRise,
    /// Vaporization point less ambient temperature, as stated by the source \[K\].
    VaporizationRise,
    /// Specific latent heat of fusion \[J/kg\].
    LatentHeatOfFusion,
    /// Specific latent heat of vaporization \[J/kg\].
    LatentHeatOfVaporization,
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
            Self::VaporizationPoint => "vaporization point [K]",
            Self::MeltingRise => "melting point less ambient [K]",
            Self::LiquidusRise => "liquidus less ambient [K]",
            Self::VaporizationRise => "vaporization point less ambient [K]",
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

/// Where a property value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Source {
    /// Table S1 of Gan et al., *Discovering universal scaling laws in 3D printing of metals* (preprint).
    GanTableS1,
    /// The constants published beside the 90 keyhole depths of Gan et al., Nat. Commun. 12, 2379 (2021).
    KeyholeTable,
    /// The constants published beside the 92 porosities that the preprint's Fig. 4 uses.
    PorosityTable,
    /// Not stated by any source but derived from a published table; the record says how.
    Decoded,
    /// An assumption of this crate where no source states a value.
    Assumed,
    /// A source of the user's own, as a citation.
    Other(String),
}

impl Source {
    /// The citation.
    pub fn citation(&self) -> &str {
        match self {
            Self::GanTableS1 => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals with genetic programming and dimensional analysis (preprint), Table S1"
            }
            Self::KeyholeTable => {
                "constants beside the keyhole depths of Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0"
            }
            Self::PorosityTable => {
                "constants beside the porosities of Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Fig. 4"
            }
            Self::Decoded => {
                "derived from the absorptivities published beside the keyhole depths of Gan et al. (2021)"
            }
            Self::Assumed => "assumption of the crate dimless; no source states it",
            Self::Other(citation) => citation,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.citation())
    }
}

/// The state in which a property value holds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Condition {
    /// The liquid, at a temperature that the source does not state.
    Liquid,
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
    /// [`Error::InvalidValue`] unless it is finite and positive.
    pub fn new(kind: PropertyKind, value: f64, source: Source) -> Result<Self> {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::InvalidValue {
                name: kind.to_string(),
                row: None,
                requirement: "finite and positive",
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

/// A material and what several sources say about it, side by side.
///
/// The sources disagree, so a value is always asked for together with its source. Known contradictions: the density of
/// Ti-6Al-4V is 5316 kg/m³ in Table S1 of the preprint and 3920 kg/m³ in the keyhole table (the former is implausible
/// for the liquid and is kept as the paper's value), its heat capacity 730 and 830 J/(kg K), its conductivity 30 and
/// 33.4 W/(m K), its rise to vaporization 3315 K − T0 and 3267 K; its rise to the liquidus is 1630 K in the
/// keyhole table and its rise to melting 1430 K in the porosity table. The density of SS316 is 6681 and 6881 kg/m³.
///
/// # Examples
///
/// ```
/// use dimless::{Material, PropertyKind, Source};
///
/// let titanium = Material::named("Ti64")?;
/// assert_eq!(titanium.name(), "Ti-6Al-4V");
/// assert_eq!(titanium.value(PropertyKind::Density, &Source::GanTableS1)?, 5316.0);
/// assert_eq!(titanium.value(PropertyKind::Density, &Source::KeyholeTable)?, 3920.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Material {
    name: String,
    aliases: Vec<String>,
    properties: Vec<Property>,
}

impl Material {
    /// A material of the user's own, without properties.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            aliases: Vec::new(),
            properties: Vec::new(),
        }
    }

    /// Adds another name.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.aliases.push(alias.into());
        self
    }

    /// Adds a property value.
    #[must_use]
    pub fn property(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }

    /// A material on record, by its name or an alias; case, spaces and hyphens do not matter.
    ///
    /// On record are Ti-6Al-4V, Al6061, SS316, SS316L and IN718.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownMaterial`] listing the names on record.
    pub fn named(name: &str) -> Result<Self> {
        let wanted = plain(name);
        let mut records = Self::all()?;
        let found = records.iter().position(|record| {
            let mut names = std::iter::once(&record.name).chain(&record.aliases);
            names.any(|n| plain(n) == wanted)
        });
        match found {
            Some(index) => Ok(records.swap_remove(index)),
            None => Err(Error::UnknownMaterial {
                name: excerpt(name),
                known: records.into_iter().map(|record| record.name).collect(),
            }),
        }
    }

    /// All materials on record.
    ///
    /// # Errors
    ///
    /// None for the records of this crate, which a test reads.
    pub fn all() -> Result<Vec<Self>> {
        catalog::all()
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Other names.
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// All property values.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// The value of a property from a source, in SI units; the first one if its conditions differ.
    ///
    /// # Errors
    ///
    /// [`Error::MissingProperty`].
    pub fn value(&self, kind: PropertyKind, source: &Source) -> Result<f64> {
        let found = self
            .properties
            .iter()
            .find(|p| p.kind == kind && p.source == *source);
        found
            .map(Property::value)
            .ok_or_else(|| Error::MissingProperty {
                material: self.name.clone(),
                kind,
                origin: source.clone(),
            })
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}
