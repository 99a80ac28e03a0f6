//! Thermophysical properties of materials, each value with its source.

mod catalog;
mod comparison;
mod property;
mod source;

use crate::error::{Error, Result, excerpt};

pub use comparison::Comparison;
pub use property::{Condition, Property, PropertyKind};
pub use source::{Source, Verification};

/// A material and what several sources say about it, side by side.
///
/// The sources disagree, so a value is always asked for together with its source. Known contradictions: the density of
/// Ti-6Al-4V is 5316 kg/m³ in Table S1 of the preprint and 3920 kg/m³ in the keyhole table (the former is implausible
/// for the liquid and is kept as the paper's value), its heat capacity 730 and 830 J/(kg K), its conductivity 30 and
/// 33.4 W/(m K), its rise to vaporization 3315 K − T0 and 3267 K; its rise to the liquidus is 1630 K in the
/// keyhole table and its rise to melting 1430 K in the porosity table. The density of SS316 is 6681 and 6881 kg/m³.
/// [`compare`](Self::compare) and [`contradictions`](Self::contradictions) list such cases, and
/// [`Source::verification`] says of each source whether it was read.
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
    /// On record are Ti-6Al-4V, Al6061, SS316, SS316L, IN718, SS304, Al2024, Al6056 and copper.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownMaterial`] listing the names on record.
    pub fn named(name: &str) -> Result<Self> {
        let mut records = Self::all()?;
        let found = records.iter().position(|record| record.is_called(name));
        match found {
            Some(index) => Ok(records.swap_remove(index)),
            None => Err(Error::UnknownMaterial {
                name: excerpt(name),
                known: records.into_iter().map(|record| record.name).collect(),
            }),
        }
    }

    /// Whether this is the name or an alias; case, spaces and hyphens do not matter.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let wanted = plain(name);
        let mut names = std::iter::once(&self.name).chain(&self.aliases);
        names.any(|own| plain(own) == wanted)
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
            .find(|p| p.kind() == kind && p.source() == source);
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
