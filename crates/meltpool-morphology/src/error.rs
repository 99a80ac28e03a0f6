//! The errors of this crate.

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
    /// Arrays that belong together differ in size.
    #[error("{what} has {found:?} rows and columns, expected {expected:?}")]
    ShapeMismatch {
        /// Which array.
        what: &'static str,
        /// Rows and columns it must have.
        expected: (usize, usize),
        /// Rows and columns it has.
        found: (usize, usize),
    },
    /// Fewer samples than the work needs.
    #[error("{purpose} needs at least {needed} {of}, found {found}")]
    TooFew {
        /// What needs them.
        purpose: &'static str,
        /// What is counted.
        of: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A value of a series or an array is not a number or infinite.
    #[error("{what} holds {found} at index {index}")]
    NonFinite {
        /// Which series or array.
        what: &'static str,
        /// Index in logical order.
        index: usize,
        /// The value.
        found: f64,
    },
    /// A frame that the sequence does not have.
    #[error("frame {frame} is asked for, there are {n_frames}")]
    NoSuchFrame {
        /// The frame asked for.
        frame: usize,
        /// Frames there are.
        n_frames: usize,
    },
    /// A file of regions that does not follow its format.
    #[error("{format} at byte {offset}: {problem}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// Where in the bytes.
        offset: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// A kind of region that is not read.
    #[error("{format} holds {what}, which is not supported")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// What was met.
        what: String,
    },
    /// A cell of a table that cannot be read.
    #[error("line {line}, column {column}: expected {requirement}, found {found:?}")]
    Cell {
        /// Line of the text, counted from 1.
        line: usize,
        /// Name of the column.
        column: String,
        /// What it must be.
        requirement: &'static str,
        /// The text of the cell.
        found: String,
    },
    /// More than a limit allows.
    #[error("{what} of {found}, more than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What was found.
        found: u64,
    },
}

impl Error {
    pub(crate) fn parameter(
        name: &'static str,
        requirement: &'static str,
        found: impl std::fmt::Display,
    ) -> Self {
        Self::InvalidParameter {
            name,
            requirement,
            found: found.to_string(),
        }
    }

    pub(crate) fn same_shape(
        what: &'static str,
        expected: (usize, usize),
        found: (usize, usize),
    ) -> Result<()> {
        if expected == found {
            return Ok(());
        }
        Err(Self::ShapeMismatch {
            what,
            expected,
            found,
        })
    }

    pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
        if value > 0.0 && value.is_finite() {
            return Ok(());
        }
        Err(Self::parameter(name, "positive and finite", value))
    }

    pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<()> {
        if value >= 0.0 && value.is_finite() {
            return Ok(());
        }
        Err(Self::parameter(name, "at least 0 and finite", value))
    }

    pub(crate) fn finite(name: &'static str, value: f64) -> Result<()> {
        if value.is_finite() {
            return Ok(());
        }
        Err(Self::parameter(name, "finite", value))
    }

    pub(crate) fn between(name: &'static str, value: f64, low: f64, high: f64) -> Result<()> {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        Err(Self::InvalidParameter {
            name,
            requirement: "within its range",
            found: format!("{value}, not from {low} to {high}"),
        })
    }

    pub(crate) fn all_finite(what: &'static str, values: &[f64]) -> Result<()> {
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(index) => Err(Self::NonFinite {
                what,
                index,
                found: values[index],
            }),
        }
    }

    pub(crate) fn at_least(
        purpose: &'static str,
        of: &'static str,
        needed: usize,
        found: usize,
    ) -> Result<()> {
        if found >= needed {
            return Ok(());
        }
        Err(Self::TooFew {
            purpose,
            of,
            needed,
            found,
        })
    }
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
