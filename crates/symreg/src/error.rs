//! The errors of this crate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What went wrong, with the names and values that say where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
    /// The data have no input columns.
    #[error("the data have no input columns")]
    NoColumns,
    /// A column's length differs from the target's.
    #[error("column `{column}` has {found} rows, the target has {expected}")]
    LengthMismatch {
        /// Name of the column.
        column: String,
        /// Rows of the target.
        expected: usize,
        /// Rows of the column.
        found: usize,
    },
    /// The number of names differs from the number of columns, or that of labels from that of rows.
    #[error("found {found} {what}, expected {expected}")]
    CountMismatch {
        /// What was counted.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("column `{column}` holds {value} in row {row}, counting from 0")]
    NonFinite {
        /// Name of the column, or of the target.
        column: String,
        /// Row, counted from 0.
        row: usize,
        /// The value as text.
        value: String,
    },
    /// A weight or standard uncertainty that cannot be one.
    #[error("the {what} of row {row} is {value}; it must be {requirement}")]
    InvalidWeight {
        /// "weight" or "standard uncertainty".
        what: &'static str,
        /// Row, counted from 0.
        row: usize,
        /// The value as text.
        value: String,
        /// What it must be.
        requirement: &'static str,
    },
    /// The target has one value in all rows: there is nothing to explain and R² is undefined.
    #[error("the target `{target}` is {value} in all {rows} rows")]
    ConstantTarget {
        /// Name of the target.
        target: String,
        /// Its one value.
        value: f64,
        /// Number of rows.
        rows: usize,
    },
    /// The sum of squares of the target is not between 1e-200 and 1e200: a search would meet numbers out of range.
    #[error(
        "the target `{target}` spreads over {spread:e}, whose squares and products leave the range of numbers; scale it"
    )]
    TargetOutOfRange {
        /// Name of the target.
        target: String,
        /// Its largest distance from its mean.
        spread: f64,
    },
    /// All input columns are constant, so no law can hold any of them.
    #[error("all {columns} input columns are constant")]
    AllColumnsConstant {
        /// Number of columns.
        columns: usize,
    },
    /// There are fewer rows than the smallest model needs.
    #[error(
        "{rows} rows cannot determine {parameters} fitted parameters; at least {needed} are needed"
    )]
    TooFewRows {
        /// Rows at hand.
        rows: usize,
        /// Parameters of the model.
        parameters: usize,
        /// Least number of rows.
        needed: usize,
    },
    /// A name is not a letter or underscore followed by letters, digits or underscores.
    #[error(
        "`{name}` is no variable name: letters, digits and underscores, not starting with a digit"
    )]
    InvalidName {
        /// The name.
        name: String,
    },
    /// Two columns, or a column and a function, have the same name.
    #[error("the name `{name}` is taken by {taken_by}")]
    NameClash {
        /// The name.
        name: String,
        /// What has it already.
        taken_by: &'static str,
    },
    /// A part or parameter does not stand exactly once in its template.
    #[error("`{name}` stands {found} times in the template; it must stand there once")]
    TemplateSlot {
        /// Name of the part or parameter.
        name: String,
        /// How often it stands in the text.
        found: usize,
    },
    /// A part of a template has no column that varies.
    #[error("the part `{name}` of the template has no column that varies")]
    TemplatePart {
        /// Name of the part.
        name: String,
    },
    /// A label that the training rows do not have.
    #[error("the label `{label}` of row {row} is not among those of the training rows")]
    UnknownLabel {
        /// The label.
        label: String,
        /// Row, counted from 0.
        row: usize,
    },
    /// A name was asked for that the data do not have.
    #[error("no column `{name}`; there are {available}")]
    UnknownColumn {
        /// The name.
        name: String,
        /// The names that exist, separated by commas.
        available: String,
    },
    /// Expression text could not be read.
    #[error("at byte {position}: {problem}")]
    Parse {
        /// Byte offset in the text.
        position: usize,
        /// What is wrong there.
        problem: ParseProblem,
    },
    /// A sequence of tokens is no expression in postfix order.
    #[error("token {index} makes the sequence no expression in postfix order")]
    MalformedTokens {
        /// Index of the token where this shows.
        index: usize,
    },
    /// An expression has more nodes than this crate handles.
    #[error("an expression of {found} nodes exceeds the limit of {limit}")]
    TooManyNodes {
        /// Nodes found.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// An expression uses a variable that the data do not have.
    #[error("the expression uses variable number {index}, the data have {columns} columns")]
    VariableOutOfRange {
        /// Index of the variable, from 0.
        index: usize,
        /// Columns of the data.
        columns: usize,
    },
    /// A model gives no finite value on a training row, at any of the constants tried.
    #[error("`{expression}` has no finite value in row {row}, counting from 0")]
    InvalidModel {
        /// The expression.
        expression: String,
        /// The first such row.
        row: usize,
    },
    /// Every gene of a model is constant on the training rows.
    #[error("`{expression}` is constant on all rows")]
    ConstantModel {
        /// The expression.
        expression: String,
    },
    /// No individual of the search was finite on all training rows and met the constraints.
    #[error(
        "no candidate of {evaluations} evaluated was finite on all training rows{}",
        and_met(constraints)
    )]
    NoValidModel {
        /// How many were evaluated.
        evaluations: u64,
        /// The kinds of constraints that candidates had to meet beside that, as the setters of
        /// [`Constraints`](crate::Constraints) are called.
        constraints: Vec<&'static str>,
    },
    /// A guess, or a model to start from, cannot be used.
    #[error("{what} {index}, `{text}`, cannot be used")]
    Guess {
        /// A guess, or a model of the warm start.
        what: &'static str,
        /// Which one, from 0.
        index: usize,
        /// Its text, or that of the gene at fault.
        text: String,
        /// Why not; [`Error::Parse`] gives the position in the text.
        #[source]
        source: Box<Error>,
    },
    /// A checkpoint cannot be written, or a search cannot go on from it.
    #[error("the checkpoint{} cannot be used", of_path(path.as_deref()))]
    Checkpoint {
        /// Its file, if it came from one.
        path: Option<PathBuf>,
        /// Why not.
        #[source]
        problem: CheckpointProblem,
    },
    /// The two sides of an operator have different dimensions.
    #[cfg(feature = "dimensions")]
    #[error("token {node}, {operator}: the dimensions {left} and {right} differ")]
    DimensionMismatch {
        /// Index of the operator among the tokens.
        node: usize,
        /// The operator.
        operator: &'static str,
        /// Dimension of its first argument.
        left: String,
        /// Dimension of its second argument.
        right: String,
    },
    /// A function, or an exponent, has an argument with a dimension.
    #[cfg(feature = "dimensions")]
    #[error("token {node}, {operator}: needs a pure number, found {found}")]
    NotDimensionless {
        /// Index of the operator among the tokens.
        node: usize,
        /// The operator.
        operator: &'static str,
        /// The dimension.
        found: String,
    },
    /// The exponent of a quantity with a dimension is no simple fraction.
    #[cfg(feature = "dimensions")]
    #[error(
        "token {node}: the exponent {value} of a quantity is no fraction with a denominator to 12"
    )]
    UnknownExponent {
        /// Index of the power among the tokens.
        node: usize,
        /// The exponent.
        value: f64,
    },
    /// Exponents of dimensions leave the range of exact fractions.
    #[cfg(feature = "dimensions")]
    #[error("the dimension of token {node} cannot be computed")]
    Dimension {
        /// Index of the operator among the tokens.
        node: usize,
        /// The cause.
        #[source]
        source: crate::DimensionCause,
    },
    /// A function needs positive values.
    #[error("column `{column}` must be positive, found {value} in row {row}, counting from 0")]
    NotPositive {
        /// Name of the column.
        column: String,
        /// Row, counted from 0.
        row: usize,
        /// The value.
        value: f64,
    },
}

/// What is wrong with a piece of expression text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseProblem {
    /// There is no text.
    #[error("the expression is empty")]
    Empty,
    /// The text ends where an operand must follow.
    #[error("the text ends where an operand must follow")]
    UnexpectedEnd,
    /// A character cannot stand here.
    #[error("unexpected `{0}`")]
    Unexpected(char),
    /// A name is neither a variable nor a function.
    #[error("`{0}` is neither a variable nor a function")]
    UnknownName(String),
    /// A function stands without its arguments.
    #[error("function `{0}` needs an opening parenthesis")]
    MissingArguments(&'static str),
    /// A function has the wrong number of arguments.
    #[error("function `{name}` takes {expected} argument(s)")]
    WrongArgumentCount {
        /// The function.
        name: &'static str,
        /// How many it takes.
        expected: usize,
    },
    /// A number cannot be represented.
    #[error("`{0}` is no number, or beyond their range")]
    BadNumber(String),
    /// A parenthesis is not closed.
    #[error("the parenthesis opened at byte {0} is not closed")]
    Unclosed(usize),
    /// Parentheses, functions and signs are nested too deeply.
    #[error("nesting exceeds {0} levels")]
    TooDeep(usize),
    /// The text is too long.
    #[error("the text exceeds {0} bytes")]
    TooLong(usize),
    /// The expression has too many nodes.
    #[error("the expression exceeds {0} nodes")]
    TooManyNodes(usize),
}

/// What is wrong with a checkpoint.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointProblem {
    /// The file system refused.
    #[error("it could not be {action}")]
    Io {
        /// What was tried: opened, read or written.
        action: &'static str,
        /// The cause.
        #[source]
        source: IoCause,
    },
    /// The bytes do not begin with the mark of a checkpoint.
    #[error("it is no checkpoint of this crate")]
    NoCheckpoint,
    /// It has another format.
    #[error("its format is {found}, expected {expected}")]
    Format {
        /// The format of this version.
        expected: u32,
        /// The format found.
        found: u32,
    },
    /// Another version of this crate wrote it, whose search may take another course.
    #[error("version {found} wrote it, this is {expected}")]
    Version {
        /// This version.
        expected: &'static str,
        /// The version found.
        found: String,
    },
    /// It is shorter or longer than it says.
    #[error("it has {found} bytes and says {expected}")]
    Length {
        /// Bytes that it says.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// It is larger than a checkpoint may be.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// Bytes that there are, at least.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// A byte was changed since it was written.
    #[error("its checksum does not fit: it was damaged")]
    Checksum,
    /// The search had other settings.
    #[error("it belongs to a search with other settings")]
    Settings,
    /// The search had other data.
    #[error("it belongs to other data: the {what} differ")]
    Data {
        /// What is different first: number of rows, number of columns, names or values.
        what: &'static str,
    },
    /// It holds what no search has.
    #[error("before byte {offset}: {what}")]
    Malformed {
        /// Offset behind what was read last.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

/// An error of the file system that can be copied and compared.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct IoCause(Arc<std::io::Error>);

impl IoCause {
    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> std::io::ErrorKind {
        self.0.kind()
    }
}

impl From<std::io::Error> for IoCause {
    fn from(error: std::io::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl PartialEq for IoCause {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.to_string() == other.to_string()
    }
}

/// The end of a sentence about candidates.
fn and_met(constraints: &[&str]) -> String {
    if constraints.is_empty() {
        String::new()
    } else {
        format!(" and met the constraints ({})", constraints.join(", "))
    }
}

fn of_path(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |p| format!(" {}", p.display()))
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
