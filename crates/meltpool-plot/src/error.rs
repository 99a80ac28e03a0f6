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
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
