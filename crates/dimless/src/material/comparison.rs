//! What several sources say about one quantity of a material.

use super::{Material, Property, PropertyKind, Source};
use crate::process::Process;
use crate::symbol::Symbol;

/// The values that several sources state, or imply, for one quantity of a material.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Comparison<Q> {
    quantity: Q,
    values: Vec<(Source, f64)>,
}

impl<Q: Copy> Comparison<Q> {
    /// What is compared.
    pub const fn quantity(&self) -> Q {
        self.quantity
    }

    /// The sources and their values in SI units, in the order of the record.
    pub fn values(&self) -> &[(Source, f64)] {
        &self.values
    }

    /// The largest magnitude over the smallest, at least 1; infinite when one of them is 0, and 1 without values.
    pub fn ratio(&self) -> f64 {
        let magnitudes = self.values.iter().map(|(_, value)| value.abs());
        let largest = magnitudes.clone().fold(f64::MIN_POSITIVE, f64::max);
        let smallest = magnitudes.fold(largest, f64::min);
        largest / smallest
    }

    fn of(quantity: Q, values: Vec<(Source, f64)>) -> Self {
        Self { quantity, values }
    }
}

impl Material {
    /// All values of a property, with their sources and conditions.
    pub fn values(&self, kind: PropertyKind) -> impl Iterator<Item = &Property> {
        self.properties().iter().filter(move |p| p.kind() == kind)
    }

    /// The sources on record, each once, in the order of the record.
    pub fn sources(&self) -> Vec<&Source> {
        let mut sources: Vec<&Source> = Vec::new();
        for property in self.properties() {
            if !sources.contains(&property.source()) {
                sources.push(property.source());
            }
        }
        sources
    }

    /// What each source says about a property, side by side; the first value where a source states several.
    ///
    /// Values that hold at different conditions are compared all the same; [`values`](Self::values) gives the conditions.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{Material, PropertyKind};
    ///
    /// let density = Material::named("Ti64")?.compare(PropertyKind::Density);
    /// for (source, value) in density.values() {
    ///     println!("{value} kg/m^3 from {source}");
    /// }
    /// assert!((density.ratio() - 5316.0 / 3920.0).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compare(&self, kind: PropertyKind) -> Comparison<PropertyKind> {
        let sources = self.sources().into_iter();
        let values = sources.filter_map(|source| {
            let found = self.values(kind).find(|p| p.source() == source)?;
            Some((source.clone(), found.value()))
        });
        Comparison::of(kind, values.collect())
    }

    /// What each source implies about a symbol by itself, side by side, as [`Process::value`] finds it.
    ///
    /// So a vaporization point less 298 K is compared with a rise that another source states, and a diffusivity with
    /// the conductivity over the volumetric heat capacity.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{Material, Source, Symbol};
    ///
    /// let rise = Material::named("Ti64")?.compare_symbol(Symbol::VaporizationRise);
    /// assert_eq!(rise.values()[0], (Source::GanTableS1, 3315.0 - 298.0));
    /// assert_eq!(rise.values()[1], (Source::KeyholeTable, 3267.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compare_symbol(&self, symbol: Symbol) -> Comparison<Symbol> {
        let sources = self.sources().into_iter();
        let values = sources.filter_map(|source| {
            let value = Process::new()
                .material(self, source)
                .property_value_of(symbol)?;
            Some((source.clone(), value))
        });
        Comparison::of(symbol, values.collect())
    }

    /// The symbols about which two sources differ by more than a factor, largest ratio first.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{Material, Symbol};
    ///
    /// let contradictions = Material::named("SS316L")?.contradictions(1.01);
    /// assert!(contradictions.is_empty());
    /// let contradictions = Material::named("Ti64")?.contradictions(1.3);
    /// assert!(contradictions.iter().any(|c| c.quantity() == Symbol::Density));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn contradictions(&self, factor: f64) -> Vec<Comparison<Symbol>> {
        let mut found: Vec<_> = Symbol::ALL
            .iter()
            .map(|&symbol| self.compare_symbol(symbol))
            .filter(|comparison| comparison.values.len() > 1 && comparison.ratio() > factor)
            .collect();
        found.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()));
        found
    }
}
