//! Named numbers of whole tables.

use std::collections::{BTreeMap, HashMap};

use crate::absorptivity_law::AbsorptivityLaw;
use crate::energy_density::EnergyDensity;
use crate::error::{Error, Result};
use crate::material::{Material, Property, PropertyKind, Source};
use crate::number::NamedNumber;
use crate::process::Process;
use crate::symbol::Symbol;
use crate::table::Table;

/// A table whose rows are experiments: each row is a [`Process`], and a named number a column.
///
/// Columns are mapped to symbols by name, and the materials are looked up by the text of a column. What a row leaves
/// open follows as in [`Process`], which each row is: a threshold power on record for its spot, a conductivity from a diffusivity.
///
/// # Examples
///
/// The keyhole number of 2019 and the Péclet number of all measured depths:
///
/// ```
/// use dimless::{AbsorptivityLaw, NamedNumber, ProcessTable, Source, Symbol, dataset};
///
/// let table = dataset::keyhole()?;
/// let rows = ProcessTable::new(&table)
///     .column(Symbol::LaserPower, "power")
///     .column(Symbol::ScanSpeed, "scan_speed")
///     .column(Symbol::SpotDiameter, "spot_diameter")
///     .column(Symbol::KeyholeDepth, "keyhole_depth")
///     .materials("material", &Source::GanTableS1)
///     .absorptivity_law(AbsorptivityLaw::MeasuredDepth);
/// let keyhole_number = rows.number(NamedNumber::KeyholeNumber2019)?;
/// assert_eq!(keyhole_number.len(), 90);
/// let table = rows.with_numbers(&[(NamedNumber::KeyholeNumber2019, "Ke"), (NamedNumber::Peclet, "Pe")])?;
/// assert_eq!(table.column("Ke")?, keyhole_number);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProcessTable<'a> {
    table: &'a Table,
    settings: Process,
    columns: BTreeMap<Symbol, String>,
    materials: Option<Materials>,
    records: Vec<Material>,
    other_sources: Vec<(PropertyKind, Vec<Source>)>,
    absorptivity_law: Option<AbsorptivityLaw>,
}

/// Where the material of a row comes from, and the source of its properties.
#[derive(Debug, Clone)]
struct Materials {
    origin: Origin,
    source: Source,
}

#[derive(Debug, Clone)]
enum Origin {
    Column(String),
    One(Box<Material>),
}

/// A process with the properties of one material.
struct Template {
    process: Process,
    material: Material,
}

impl<'a> ProcessTable<'a> {
    /// The rows of a table, with nothing mapped.
    pub fn new(table: &'a Table) -> Self {
        Self {
            table,
            settings: Process::new(),
            columns: BTreeMap::new(),
            materials: None,
            records: Vec::new(),
            other_sources: Vec::new(),
            absorptivity_law: None,
        }
    }

    /// Settings of all rows, such as ambient temperature or hatch; columns go before them, and materials replace their
    /// properties.
    #[must_use]
    pub fn settings(mut self, settings: Process) -> Self {
        self.settings = settings;
        self
    }

    /// Takes a symbol from a column, which must have its dimension. Any symbol can be taken, a property of the material
    /// too. A column of radii is that of [`Symbol::SpotRadius`], one of diameters that of [`Symbol::SpotDiameter`].
    #[must_use]
    pub fn column(mut self, symbol: Symbol, column: impl Into<String>) -> Self {
        self.columns.insert(symbol, column.into());
        self
    }

    /// Takes the material of each row from a column of names, and all properties that one source states for it.
    #[must_use]
    pub fn materials(mut self, column: impl Into<String>, source: &Source) -> Self {
        self.materials = Some(Materials {
            origin: Origin::Column(column.into()),
            source: source.clone(),
        });
        self
    }

    /// Takes one material for all rows, and all properties that one source states for it.
    #[must_use]
    pub fn material(mut self, material: &Material, source: &Source) -> Self {
        self.materials = Some(Materials {
            origin: Origin::One(Box::new(material.clone())),
            source: source.clone(),
        });
        self
    }

    /// Adds a material of the user's own, which goes before one on record of the same name.
    #[must_use]
    pub fn record(mut self, material: Material) -> Self {
        self.records.push(material);
        self
    }

    /// Takes one property from the first of other sources that states it for the material, in place of that of the main
    /// source.
    #[must_use]
    pub fn property_from(mut self, kind: PropertyKind, sources: &[Source]) -> Self {
        self.other_sources.push((kind, sources.to_vec()));
        self
    }

    /// Computes the absorptivity of each row by a law, with the source of the materials.
    #[must_use]
    pub fn absorptivity_law(mut self, law: AbsorptivityLaw) -> Self {
        self.absorptivity_law = Some(law);
        self
    }

    /// Checks that columns, dimensions and choices fit together, without looking at the rows.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`] and [`Error::WrongColumnKind`]; [`Error::ColumnDimension`]; [`Error::InvalidParameter`] when
    /// both diameter and radius of the spot are mapped, or an absorptivity law has no material or comes on top of an absorptivity
    /// or absorbed power that is stated.
    pub fn validate(&self) -> Result<()> {
        self.mapped().map(|_| ())
    }

    /// The process of each row.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::TableRow`] naming row and column, over [`Error::UnknownMaterial`],
    /// [`Error::MissingProperty`] or what the absorptivity law refuses.
    pub fn processes(&self) -> Result<Vec<Process>> {
        self.each(|process| Ok(process.clone()))
    }

    /// A named number of each row, the same as [`Process::number`] of [`processes`](Self::processes).
    ///
    /// # Errors
    ///
    /// Those of [`processes`](Self::processes); [`Error::TableRow`] over those of [`Process::number`].
    ///
    /// # Performance
    ///
    /// O(rows · properties); each material is looked up once.
    pub fn number(&self, number: NamedNumber) -> Result<Vec<f64>> {
        self.each(|process| process.number(number))
    }

    /// An energy density of each row, in SI units \[J/m³ or J/m\].
    ///
    /// # Errors
    ///
    /// As [`number`](Self::number).
    pub fn energy_density(&self, density: EnergyDensity) -> Result<Vec<f64>> {
        self.each(|process| process.evaluate(density))
    }

    /// The value of a symbol in each row in SI units, such as the absorptivity by a law.
    ///
    /// # Errors
    ///
    /// As [`processes`](Self::processes); [`Error::TableRow`] over [`Error::MissingInput`] where it has no value.
    pub fn symbol(&self, symbol: Symbol) -> Result<Vec<f64>> {
        self.each(|process| {
            process.value(symbol).ok_or(Error::MissingInput {
                quantity: "the column",
                symbol,
            })
        })
    }

    /// The table with a new column for each of some numbers, by name.
    ///
    /// # Errors
    ///
    /// Those of [`number`](Self::number) and [`Table::with_column`].
    pub fn with_numbers(&self, numbers: &[(NamedNumber, &str)]) -> Result<Table> {
        let mut columns = vec![Vec::with_capacity(self.table.n_rows()); numbers.len()];
        self.each(|process| {
            for ((number, _), column) in numbers.iter().zip(&mut columns) {
                column.push(process.number(*number)?);
            }
            Ok(())
        })?;
        let mut table = self.table.clone();
        for ((_, name), column) in numbers.iter().zip(columns) {
            table = table.with_column(name, "1", column)?;
        }
        Ok(table)
    }

    /// The table with a new column for each of some symbols, by name; in SI units.
    ///
    /// # Errors
    ///
    /// Those of [`symbol`](Self::symbol) and [`Table::with_column`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{AbsorptivityLaw, ProcessTable, Source, Symbol, dataset};
    ///
    /// let table = dataset::keyhole()?;
    /// let rows = ProcessTable::new(&table)
    ///     .column(Symbol::LaserPower, "power")
    ///     .column(Symbol::ScanSpeed, "scan_speed")
    ///     .column(Symbol::SpotDiameter, "spot_diameter")
    ///     .materials("material", &Source::KeyholeTable)
    ///     .absorptivity_law(AbsorptivityLaw::Settings);
    /// let table = rows.with_symbols(&[(Symbol::AbsorbedPower, "etaP"), (Symbol::SpotRadius, "r0")])?;
    /// assert!(table.column("etaP")?.iter().zip(table.column("power")?).all(|(a, p)| a < p));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_symbols(&self, symbols: &[(Symbol, &str)]) -> Result<Table> {
        let mut table = self.table.clone();
        for (symbol, name) in symbols {
            table = table.with_column(name, symbol.unit(), self.symbol(*symbol)?)?;
        }
        Ok(table)
    }

    fn each<T>(&self, mut compute: impl FnMut(&Process) -> Result<T>) -> Result<Vec<T>> {
        let columns = self.mapped()?;
        let mut templates: HashMap<&str, Template> = HashMap::new();
        let names = match &self.materials {
            Some(Materials {
                origin: Origin::Column(column),
                ..
            }) => Some(self.table.text(column)?),
            _ => None,
        };
        let mut results = Vec::with_capacity(self.table.n_rows());
        for row in 0..self.table.n_rows() {
            let name = names.map_or("", |names| names[row].as_str());
            if !templates.contains_key(name) {
                let template = self.template(name).map_err(|e| self.at(row, e))?;
                templates.insert(name, template);
            }
            let result = self
                .row(row, &columns, &templates[name])
                .and_then(|process| compute(&process));
            results.push(result.map_err(|e| self.at(row, e))?);
        }
        Ok(results)
    }

    fn row(
        &self,
        row: usize,
        columns: &[(Symbol, &[f64])],
        template: &Template,
    ) -> Result<Process> {
        let mut process = template.process.clone();
        for (symbol, values) in columns {
            process = process.with_value(*symbol, values[row]);
        }
        match (&self.absorptivity_law, &self.materials) {
            (Some(law), Some(materials)) => {
                law.apply(process, &template.material, &materials.source)
            }
            _ => Ok(process),
        }
    }

    /// The settings with the properties of a material.
    fn template(&self, name: &str) -> Result<Template> {
        let Some(materials) = &self.materials else {
            return Ok(Template {
                process: self.settings.clone(),
                material: Material::new(name),
            });
        };
        let material = match &materials.origin {
            Origin::One(material) => (**material).clone(),
            Origin::Column(_) => self.find(name)?,
        };
        let mut process = self.settings.clone().material(&material, &materials.source);
        for (kind, sources) in &self.other_sources {
            for source in sources {
                if let Ok(value) = material.value(*kind, source) {
                    process = process.property(Property::new(*kind, value, source.clone())?);
                    break;
                }
            }
        }
        Ok(Template { process, material })
    }

    fn find(&self, name: &str) -> Result<Material> {
        let own = self.records.iter().find(|record| record.is_called(name));
        own.map_or_else(|| Material::named(name), |record| Ok(record.clone()))
    }

    /// The columns by symbol, checked.
    fn mapped(&self) -> Result<Vec<(Symbol, &'a [f64])>> {
        let is_mapped = |symbol| self.columns.contains_key(&symbol);
        if is_mapped(Symbol::SpotDiameter) && is_mapped(Symbol::SpotRadius) {
            return Err(Error::InvalidParameter {
                name: "column",
                requirement: "one of spot diameter and spot radius",
                found: "both".to_owned(),
            });
        }
        if self.absorptivity_law.is_some() {
            let conflict = [Symbol::Absorptivity, Symbol::AbsorbedPower]
                .into_iter()
                .find(|&symbol| is_mapped(symbol) || self.settings.states(symbol));
            let found = match (conflict, &self.materials) {
                (Some(symbol), _) => Some(symbol.to_string()),
                (None, None) => Some("no material".to_owned()),
                (None, Some(_)) => None,
            };
            if let Some(found) = found {
                return Err(Error::InvalidParameter {
                    name: "absorptivity_law",
                    requirement: "used with a material, and absorptivity and absorbed power not stated",
                    found,
                });
            }
        }
        if let Some(Materials {
            origin: Origin::Column(column),
            ..
        }) = &self.materials
        {
            self.table.text(column)?;
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for (&symbol, column) in &self.columns {
            let values = self.table.column(column)?;
            let (expected, found) = (symbol.dimension()?, self.table.dimension(column)?);
            if expected != found {
                return Err(Error::ColumnDimension {
                    column: column.clone(),
                    symbol,
                    expected: Box::new(expected),
                    found: Box::new(found),
                });
            }
            columns.push((symbol, values));
        }
        Ok(columns)
    }

    /// The error of a row, with the column that holds what is wrong where one does.
    fn at(&self, row: usize, error: Error) -> Error {
        let column = match &error {
            Error::MissingSymbol { symbol, .. } | Error::MissingInput { symbol, .. } => {
                self.column_of(*symbol)
            }
            Error::InvalidValue { name, .. } => {
                let mut symbols = Symbol::ALL.iter();
                let symbol = symbols.find(|symbol| symbol.letter() == name);
                symbol.and_then(|symbol| self.column_of(*symbol))
            }
            Error::InvalidParameter { name, .. } if *name == "spot_diameter" => {
                self.column_of(Symbol::SpotDiameter)
            }
            Error::UnknownMaterial { .. } | Error::MissingProperty { .. } => {
                match self.materials.as_ref().map(|m| &m.origin) {
                    Some(Origin::Column(column)) => Some(column.clone()),
                    _ => None,
                }
            }
            _ => None,
        };
        Error::TableRow {
            row: row + 1,
            column,
            source: Box::new(error),
        }
    }

    /// The column from which a symbol comes, by itself or through another.
    fn column_of(&self, symbol: Symbol) -> Option<String> {
        let through: &[Symbol] = match symbol {
            Symbol::EffectivePower | Symbol::AbsorbedPower => &[Symbol::LaserPower],
            // The threshold on record is that of a spot size.
            Symbol::ThresholdPower => &[Symbol::SpotDiameter, Symbol::SpotRadius],
            Symbol::SpotDiameter => &[Symbol::SpotRadius],
            Symbol::SpotRadius => &[Symbol::SpotDiameter],
            _ => &[],
        };
        let mut candidates = std::iter::once(&symbol).chain(through);
        candidates.find_map(|symbol| self.columns.get(symbol).cloned())
    }
}
