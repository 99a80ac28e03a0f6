//! The errors of this crate.

use std::sync::Arc;

/// What went wrong, with the names and values that say where.
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
    /// An image too small for the work.
    #[error("{what} needs at least {needed} rows and columns, found {found:?}")]
    TooSmall {
        /// What needs them.
        what: &'static str,
        /// Fewest rows and columns.
        needed: usize,
        /// Rows and columns there are.
        found: (usize, usize),
    },
    /// A pixel is not a number or infinite, and the policy is to refuse it.
    #[error("row {row}, column {column} of {what} is {found}")]
    NonFinite {
        /// Which array.
        what: &'static str,
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// The value.
        found: f64,
    },
    /// A sequence too short for the work.
    #[error("the sequence has {found} frames, needs {needed}")]
    TooFewFrames {
        /// Frames it must have.
        needed: usize,
        /// Frames it has.
        found: usize,
    },
    /// No pixel is left to work with.
    #[error("{what} has {found} usable pixels, needs {needed}")]
    TooFewPixels {
        /// Which array or region.
        what: &'static str,
        /// Pixels it must have.
        needed: usize,
        /// Pixels it has.
        found: usize,
    },
    /// A vector field could not be read or written.
    #[error("cannot access the vector field")]
    File(#[source] Arc<xray_io::Error>),
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

    /// A parameter that must be positive and finite.
    pub(crate) fn positive(name: &'static str, found: f64) -> Result<()> {
        if found.is_finite() && found > 0.0 {
            return Ok(());
        }
        Err(Self::parameter(name, "positive and finite", found))
    }

    /// A parameter that must not be negative, and finite.
    pub(crate) fn not_negative(name: &'static str, found: f64) -> Result<()> {
        if found.is_finite() && found >= 0.0 {
            return Ok(());
        }
        Err(Self::parameter(name, "finite and not negative", found))
    }

    /// The standard deviation of the smoothing of both frames.
    pub(crate) fn pre_smoothing(found: f64) -> Result<()> {
        if (0.0..=100.0).contains(&found) {
            return Ok(());
        }
        Err(Self::parameter("pre_smoothing", "from 0 to 100 px", found))
    }

    pub(crate) fn at_least(
        name: &'static str,
        least: &'static str,
        bad: bool,
        found: usize,
    ) -> Result<()> {
        if bad {
            return Err(Self::parameter(name, least, found));
        }
        Ok(())
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
}

impl From<xray_io::Error> for Error {
    fn from(error: xray_io::Error) -> Self {
        Self::File(Arc::new(error))
    }
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
