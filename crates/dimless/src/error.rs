//! The errors of this crate.

use std::path::PathBuf;
use std::sync::Arc;

use crate::dimension::Dimension;
use crate::material::{PropertyKind, Source};
use crate::number::NamedNumber;
use crate::symbol::Symbol;
use crate::unit::UnitProblem;

/// What went wrong, with the names and values that say where.
///
/// Texts taken from the input are cut to a stated length, so an error is small whatever the input was.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter has a value outside its stated range.
    #[error("{name} must be {requirement}, found {found}")]
    InvalidParameter {
        /// Name of the parameter, as its setter is called.
        name: &'static str,
        /// The range or condition it must meet.
        requirement: &'static str,
        /// The value that was given.
        found: String,
    },
    /// A data value is outside the range in which the computation means anything.
    #[error("{name}{} must be {requirement}, found {found}", at_row(*row))]
    InvalidValue {
        /// The variable, symbol, column or result.
        name: String,
        /// Row of the value counted from 1, where it comes from a column.
        row: Option<usize>,
        /// The condition it must meet.
        requirement: &'static str,
        /// The value that was found.
        found: f64,
    },
    /// A fraction has a zero denominator.
    #[error("fraction {numerator}/0 has a zero denominator")]
    ZeroDenominator {
        /// The numerator of the fraction.
        numerator: i64,
    },
    /// Exact integer arithmetic left the range of 64-bit results (or 128-bit intermediate values).
    #[error("exact arithmetic overflows in {operation}")]
    Overflow {
        /// What was being computed.
        operation: &'static str,
    },
    /// A text is not an exact fraction.
    #[error("{text:?} is not a fraction such as 3, -1/2 or 0.25")]
    InvalidRational {
        /// The text, cut to 80 characters.
        text: String,
    },
    /// A unit text cannot be read.
    #[error("unit {text:?}, byte {position}: {problem}")]
    InvalidUnit {
        /// The unit text, cut to 80 characters.
        text: String,
        /// Byte offset in the whole text.
        position: usize,
        /// What is wrong there.
        problem: UnitProblem,
    },
    /// A quantity text does not begin with a number.
    #[error("{text:?} does not begin with a finite decimal number")]
    InvalidQuantity {
        /// The text, cut to 80 characters.
        text: String,
    },
    /// Two dimensions that must agree differ.
    #[error("{operation} needs equal dimensions, found {left} and {right}")]
    DimensionMismatch {
        /// What was being computed.
        operation: &'static str,
        /// Dimension of the first operand.
        left: Box<Dimension>,
        /// Dimension of the second operand.
        right: Box<Dimension>,
    },
    /// A system has no variable.
    #[error("a system needs at least one variable")]
    EmptySystem,
    /// A name is empty.
    #[error("name number {index} is empty")]
    EmptyName {
        /// Position of the name, counted from 1.
        index: usize,
    },
    /// A name occurs twice.
    #[error("name {name:?} occurs twice, at positions {first} and {second}")]
    DuplicateName {
        /// The name.
        name: String,
        /// Its first position, counted from 1.
        first: usize,
        /// Its second position, counted from 1.
        second: usize,
    },
    /// A variable is not part of the system.
    #[error("no variable {name:?} among {}", present.join(", "))]
    UnknownVariable {
        /// The name that was asked for.
        name: String,
        /// The names of the system.
        present: Vec<String>,
    },
    /// The dimension of a repeating variable follows from those before it.
    #[error("the dimension of {name:?} follows from those of the repeating variables before it")]
    DependentVariable {
        /// The variable.
        name: String,
    },
    /// A chosen group is a product of powers of those before it.
    #[error("group number {index}, {group}, is a product of powers of those before it")]
    DependentGroup {
        /// The group as text.
        group: String,
        /// Its position, counted from 1.
        index: usize,
    },
    /// A variable is tied to symbols of another dimension.
    #[error("variable {variable:?} has the dimension {expected}, but {symbols} has {found}")]
    WrongSymbols {
        /// The variable.
        variable: String,
        /// The product of symbols as text.
        symbols: String,
        /// Dimension of the variable.
        expected: Box<Dimension>,
        /// Dimension of the product.
        found: Box<Dimension>,
    },
    /// The rows do not vary in as many ways as a fit has coefficients.
    #[error("the rows do not determine {what}")]
    Undetermined {
        /// What cannot be told from them.
        what: &'static str,
    },
    /// There are too many choices of repeating variables to try.
    #[error("{subsets} choices of repeating variables exceed the limit of {limit}")]
    TooManySubsets {
        /// How many there are.
        subsets: u128,
        /// The limit.
        limit: u64,
    },
    /// A list has the wrong length.
    #[error("{name} must have length {expected}, found {found}")]
    LengthMismatch {
        /// What the list is.
        name: String,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A group or law belongs to other variables than the data.
    #[error("the variables must be {}, found {}", expected.join(", "), found.join(", "))]
    OtherVariables {
        /// The variables of the group or law.
        expected: Vec<String>,
        /// The variables of the data.
        found: Vec<String>,
    },
    /// There is no group whose law could be fitted.
    #[error(
        "no group to fit: {n_groups} within the bound on the exponents, all constant on the rows"
    )]
    NoGroup {
        /// How many groups are within the bound.
        n_groups: usize,
    },
    /// There are too few rows for what is asked of them.
    #[error("at least {needed} rows are needed, found {found}")]
    TooFewRows {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A column has one value in all rows, so that nothing can be learnt from it.
    #[error("{name} has the same value in all rows")]
    ConstantColumn {
        /// The column or the group.
        name: String,
    },
    /// Rows cannot be left out by their labels.
    #[error("leaving out one label at a time needs rows of at least 2 labels, found {found}")]
    TooFewLabels {
        /// How many labels the rows have.
        found: usize,
    },
    /// A power product has a dimension left.
    #[error("{product} is not dimensionless: its dimension is {dimension}")]
    NotDimensionless {
        /// The product as text.
        product: String,
        /// What is left of its dimension.
        dimension: Box<Dimension>,
    },
    /// A computed group failed its exact check; this is a defect of this crate, not of the input.
    #[error("group number {index} failed its exact check; please report this system")]
    CheckFailed {
        /// Position of the group, counted from 1.
        index: usize,
    },
    /// A size is above its limit.
    #[error("{what} must be at most {limit}, found {found} or more")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// The size that was found when reading stopped.
        found: u64,
    },
    /// A symbol that a named number needs has no value.
    #[error("{number} needs {symbol}, which has no value")]
    MissingSymbol {
        /// The number.
        number: NamedNumber,
        /// The symbol without a value.
        symbol: Symbol,
    },
    /// A symbol that a quantity other than a named number needs has no value.
    #[error("{quantity} needs {symbol}, which has no value")]
    MissingInput {
        /// The quantity.
        quantity: &'static str,
        /// The symbol without a value.
        symbol: Symbol,
    },
    /// An equation that should have one solution has none or several.
    #[error("{quantity} must have one solution, found {found}")]
    NotUnique {
        /// What was solved for.
        quantity: &'static str,
        /// How many solutions there are.
        found: usize,
    },
    /// A column does not have the dimension of the symbol for which it stands.
    #[error("column {column:?} must have the dimension of {symbol}, {expected}, found {found}")]
    ColumnDimension {
        /// The column.
        column: String,
        /// The symbol.
        symbol: Symbol,
        /// The dimension of the symbol.
        expected: Box<Dimension>,
        /// The dimension of the column.
        found: Box<Dimension>,
    },
    /// A row of a table cannot be evaluated.
    #[error("row {row} cannot be evaluated{}", at_column(column.as_deref()))]
    TableRow {
        /// Data row, counted from 1.
        row: usize,
        /// The column that holds what is wrong, where one does.
        column: Option<String>,
        /// What is wrong.
        #[source]
        source: Box<Error>,
    },
    /// No material record has this name or alias.
    #[error("no material {name:?} among {}", known.join(", "))]
    UnknownMaterial {
        /// The name that was asked for.
        name: String,
        /// The names on record.
        known: Vec<String>,
    },
    /// A material record has no such property from this source.
    #[error("{material} has no {kind} from {origin}")]
    MissingProperty {
        /// The material.
        material: String,
        /// The property that was asked for.
        kind: PropertyKind,
        /// The source that was asked for.
        origin: Source,
    },
    /// A table has no column of this name.
    #[error("no column {name:?} among {}", present.join(", "))]
    MissingColumn {
        /// The name that was asked for.
        name: String,
        /// The columns of the table.
        present: Vec<String>,
    },
    /// A column holds text where numbers are needed, or the other way round.
    #[error("column {name:?} holds {found}, not {expected}")]
    WrongColumnKind {
        /// The column.
        name: String,
        /// What was asked for.
        expected: &'static str,
        /// What it holds.
        found: &'static str,
    },
    /// A header cell is not `name` or `name [unit]`.
    #[error("header of column {column} must be {requirement}, found {text:?}")]
    InvalidHeader {
        /// Column, counted from 1.
        column: usize,
        /// The form it must have.
        requirement: &'static str,
        /// The header cell, cut to 80 characters.
        text: String,
    },
    /// The unit of a column or a variable cannot be read.
    #[error("the unit of {name:?} cannot be read")]
    NamedUnit {
        /// The column or variable.
        name: String,
        /// What is wrong with its unit.
        #[source]
        source: Box<Error>,
    },
    /// A cell of a numeric column is not a finite number.
    #[error("row {row} of column {column:?} must be a finite number, found {text:?}")]
    NonNumericCell {
        /// Data row, counted from 1 (the header is not counted).
        row: usize,
        /// Name of the column.
        column: String,
        /// The cell, cut to 80 characters.
        text: String,
    },
    /// A row has more or fewer cells than the header.
    #[error("row {row} must have {expected} cells, found {found}")]
    RaggedRow {
        /// Data row, counted from 1 (the header is not counted).
        row: usize,
        /// Number of cells in the header.
        expected: usize,
        /// Number of cells in the row.
        found: usize,
    },
    /// A table text has no header line.
    #[error("the table has no header line")]
    NoHeader,
    /// A table text is not UTF-8.
    #[error("line {line} is not valid utf-8")]
    NotUtf8 {
        /// Line, counted from 1.
        line: u64,
    },
    /// Reading failed.
    #[error("cannot read {}", path.as_ref().map_or_else(|| "the table".to_owned(), |p| p.display().to_string()))]
    Read {
        /// The file, where it is known.
        path: Option<PathBuf>,
        /// The cause.
        #[source]
        source: Arc<std::io::Error>,
    },
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The first 80 characters of a text that goes into an error.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(80) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

fn at_row(row: Option<usize>) -> String {
    row.map_or_else(String::new, |row| format!(" in row {row}"))
}

fn at_column(column: Option<&str>) -> String {
    column.map_or_else(String::new, |column| format!(", see column {column:?}"))
}
