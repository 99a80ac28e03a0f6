//! Tables of columns with names and units.

mod read;

use std::collections::HashSet;

use crate::dimension::Dimension;
use crate::error::{Error, Result, excerpt};
use crate::system::System;
use crate::unit::Unit;

pub use read::TableLimits;

/// Columns of equal length, each with a name: numbers in SI base units with their dimension, or text.
///
/// # CSV
///
/// The first line names the columns. `power [W]` is a column of numbers in watt, converted to SI when it is read;
/// `porosity [1]` holds pure numbers; a name without brackets is a column of text. Lines that begin with `#` are
/// comments. Every numeric cell must be a finite number: an empty cell or `NaN` is an error that names its row and column.
///
/// # Examples
///
/// ```
/// use dimless::Table;
///
/// let table = Table::parse("alloy,power [W],depth [um]\nTi64,150,120\nAl6061,416,95\n")?;
/// assert_eq!(table.column("power")?, [150.0, 416.0]);
/// assert_eq!(table.column("depth")?, [120e-6, 95e-6]);
/// assert_eq!(table.text("alloy")?[1], "Al6061");
/// let message = table.column("speed").map_err(|e| e.to_string());
/// assert_eq!(message, Err("no column \"speed\" among alloy, power, depth".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "Vec<Column>", into = "Vec<Column>")
)]
pub struct Table {
    columns: Vec<Column>,
    n_rows: usize,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Column {
    name: String,
    data: Data,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
enum Data {
    /// Values in SI base units.
    Numbers {
        values: Vec<f64>,
        dimension: Dimension,
    },
    Text(Vec<String>),
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Self::Numbers { values, .. } => values.len(),
            Self::Text(values) => values.len(),
        }
    }
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of values given in a unit.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyName`]; [`Error::DuplicateName`]; [`Error::LengthMismatch`] with the columns before;
    /// [`Error::NamedUnit`]; [`Error::InvalidValue`] with the row of a value that is not finite.
    pub fn with_column(self, name: &str, unit: &str, values: Vec<f64>) -> Result<Self> {
        let unit = column_unit(name, unit)?;
        let mut values = values;
        for (row, value) in values.iter_mut().enumerate() {
            let given = *value;
            *value = unit.to_si(given);
            if !value.is_finite() {
                return Err(Error::InvalidValue {
                    name: excerpt(name),
                    row: Some(row + 1),
                    requirement: "finite",
                    found: given,
                });
            }
        }
        let dimension = unit.dimension();
        self.with(name, Data::Numbers { values, dimension })
    }

    /// Adds a column of text.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyName`]; [`Error::DuplicateName`]; [`Error::LengthMismatch`] with the columns before.
    pub fn with_text<S: Into<String>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let values = values.into_iter().map(Into::into).collect();
        self.with(name, Data::Text(values))
    }

    /// Reads a column of text as numbers in a unit, for files whose headers state no units.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::WrongColumnKind`] if it holds numbers already; [`Error::NamedUnit`];
    /// [`Error::NonNumericCell`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::Table;
    ///
    /// let table = Table::parse("P,V\n150,0.4\n")?.with_unit("P", "W")?.with_unit("V", "m/s")?;
    /// assert_eq!(table.column("V")?, [0.4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_unit(mut self, name: &str, unit: &str) -> Result<Self> {
        let cells = self.text(name)?;
        let unit = column_unit(name, unit)?;
        let mut values = Vec::with_capacity(cells.len());
        for (index, cell) in cells.iter().enumerate() {
            values.push(read::number(cell, &unit, index + 1, name)?);
        }
        let dimension = unit.dimension();
        for column in self.columns.iter_mut().filter(|c| c.name == name) {
            column.data = Data::Numbers {
                values: std::mem::take(&mut values),
                dimension,
            };
        }
        Ok(self)
    }

    fn with(mut self, name: &str, data: Data) -> Result<Self> {
        let second = self.columns.len() + 1;
        if name.trim().is_empty() {
            return Err(Error::EmptyName { index: second });
        }
        if let Some(first) = self.columns.iter().position(|c| c.name == name) {
            return Err(Error::DuplicateName {
                name: excerpt(name),
                first: first + 1,
                second,
            });
        }
        if second > 1 && data.len() != self.n_rows {
            return Err(Error::LengthMismatch {
                name: format!("column {:?}", excerpt(name)),
                expected: self.n_rows,
                found: data.len(),
            });
        }
        self.n_rows = data.len();
        self.columns.push(Column {
            name: name.to_owned(),
            data,
        });
        Ok(self)
    }

    /// The number of rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of columns.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|c| c.name.as_str())
    }

    /// The values of a column of numbers, in SI base units.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`] listing the columns; [`Error::WrongColumnKind`] for text.
    pub fn column(&self, name: &str) -> Result<&[f64]> {
        Ok(self.numbers(name)?.0)
    }

    /// The values of a column of numbers, in another unit of its dimension.
    ///
    /// # Errors
    ///
    /// As [`column`](Self::column); [`Error::InvalidUnit`]; [`Error::DimensionMismatch`] when the unit does not match.
    pub fn column_in(&self, name: &str, unit: &str) -> Result<Vec<f64>> {
        let (values, dimension) = self.numbers(name)?;
        let unit = Unit::parse(unit)?;
        if unit.dimension() != dimension {
            return Err(Error::DimensionMismatch {
                operation: "conversion of a column",
                left: Box::new(dimension),
                right: Box::new(unit.dimension()),
            });
        }
        Ok(values.iter().map(|&value| unit.from_si(value)).collect())
    }

    /// The dimension of a column of numbers.
    ///
    /// # Errors
    ///
    /// As [`column`](Self::column).
    pub fn dimension(&self, name: &str) -> Result<Dimension> {
        Ok(self.numbers(name)?.1)
    }

    /// The cells of a column of text.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`] listing the columns; [`Error::WrongColumnKind`] for numbers.
    pub fn text(&self, name: &str) -> Result<&[String]> {
        match &self.find(name)?.data {
            Data::Text(values) => Ok(values),
            Data::Numbers { .. } => Err(Error::WrongColumnKind {
                name: excerpt(name),
                expected: "text",
                found: "numbers",
            }),
        }
    }

    /// The system of some columns of numbers as variables, in this order.
    ///
    /// # Errors
    ///
    /// As [`column`](Self::column), and those of [`System::from_dimensions`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::Table;
    ///
    /// let table = Table::parse("v [m/s],L [mm],nu [mm^2/s]\n2,5,1\n3,5,1\n")?;
    /// let basis = table.system(&["v", "L", "nu"])?.pi()?;
    /// assert_eq!(basis.groups()[0].to_string(), "v L nu^-1");
    /// let reynolds = basis.groups()[0].evaluate_table(&table)?;
    /// assert!((reynolds[1] - 15000.0).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn system(&self, names: &[&str]) -> Result<System> {
        let mut variables = Vec::with_capacity(names.len());
        for name in names {
            variables.push((*name, self.dimension(name)?));
        }
        System::from_dimensions(variables)
    }

    /// The rows for which a condition on the row's index, counted from 0, holds.
    #[must_use]
    pub fn filter_rows(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.n_rows).filter(|&row| keep(row)).collect();
        let columns = self.columns.iter().map(|column| Column {
            name: column.name.clone(),
            data: match &column.data {
                Data::Numbers { values, dimension } => Data::Numbers {
                    values: kept.iter().map(|&row| values[row]).collect(),
                    dimension: *dimension,
                },
                Data::Text(values) => {
                    Data::Text(kept.iter().map(|&row| values[row].clone()).collect())
                }
            },
        });
        Self {
            columns: columns.collect(),
            n_rows: kept.len(),
        }
    }

    /// The rows for which a condition on a cell of text holds.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn filter_text(&self, name: &str, mut keep: impl FnMut(&str) -> bool) -> Result<Self> {
        let cells = self.text(name)?;
        Ok(self.filter_rows(|row| keep(&cells[row])))
    }

    fn numbers(&self, name: &str) -> Result<(&[f64], Dimension)> {
        match &self.find(name)?.data {
            Data::Numbers { values, dimension } => Ok((values, *dimension)),
            Data::Text(_) => Err(Error::WrongColumnKind {
                name: excerpt(name),
                expected: "numbers (its header states no unit; see with_unit)",
                found: "text",
            }),
        }
    }

    fn find(&self, name: &str) -> Result<&Column> {
        let found = self.columns.iter().find(|c| c.name == name);
        found.ok_or_else(|| Error::MissingColumn {
            name: excerpt(name),
            present: self.names().map(str::to_owned).collect(),
        })
    }
}

fn column_unit(name: &str, unit: &str) -> Result<Unit> {
    Unit::parse(unit).map_err(|source| Error::NamedUnit {
        name: excerpt(name),
        source: Box::new(source),
    })
}

#[cfg(feature = "serde")]
impl TryFrom<Vec<Column>> for Table {
    type Error = Error;

    fn try_from(columns: Vec<Column>) -> Result<Self> {
        let mut table = Self::new();
        for column in columns {
            if let Data::Numbers { values, .. } = &column.data {
                if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                    return Err(Error::InvalidValue {
                        name: excerpt(&column.name),
                        row: Some(row + 1),
                        requirement: "finite",
                        found: values[row],
                    });
                }
            }
            table = table.with(&column.name, column.data)?;
        }
        Ok(table)
    }
}

#[cfg(feature = "serde")]
impl From<Table> for Vec<Column> {
    fn from(table: Table) -> Self {
        table.columns
    }
}

/// Refuses a name that occurs twice, in one pass.
fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = HashSet::new();
    let mut list = Vec::new();
    for name in names {
        list.push(name);
        if !seen.insert(name) {
            let first = list.iter().position(|n| *n == name).unwrap_or(0);
            return Err(Error::DuplicateName {
                name: excerpt(name),
                first: first + 1,
                second: list.len(),
            });
        }
    }
    Ok(())
}
