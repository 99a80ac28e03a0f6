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
    /// A size is above its limit.
    #[error("{what} must be at most {limit}, found {found}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// The size that was asked for.
        found: u64,
    },
    /// A frame beyond the last one was asked for.
    #[error("frame {frame} does not exist in a film of {n_frames} frames")]
    NoSuchFrame {
        /// The frame asked for, counted from 0.
        frame: usize,
        /// Number of frames of the film.
        n_frames: usize,
    },
    /// A list or array has the wrong length.
    #[error("{name} must have length {expected}, found {found}")]
    LengthMismatch {
        /// What the list is.
        name: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// The keyhole leaves the image in some frame.
    #[error(
        "the keyhole leaves the image in frame {frame}: {side} reaches {reached} of {limit} pixels"
    )]
    KeyholeOutside {
        /// The first frame in which it does.
        frame: usize,
        /// Which edge of it leaves.
        side: &'static str,
        /// The pixel coordinate it reaches.
        reached: f64,
        /// The size of the image along that axis.
        limit: usize,
    },
    /// A table of published settings has no such entry.
    #[error("{what} must be between {first} and {last}, found {found}")]
    NoSuchEntry {
        /// What was looked up.
        what: &'static str,
        /// First entry.
        first: usize,
        /// Last entry.
        last: usize,
        /// The entry asked for.
        found: usize,
    },
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Fails unless `holds`, naming the parameter.
pub(crate) fn require(
    holds: bool,
    name: &'static str,
    requirement: &'static str,
    found: impl std::fmt::Debug,
) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::InvalidParameter {
            name,
            requirement,
            found: format!("{found:?}"),
        })
    }
}

/// Fails unless the value is finite and above zero.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    require(
        value.is_finite() && value > 0.0,
        name,
        "finite and positive",
        value,
    )
}

/// Fails unless the value is finite and zero or above.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<()> {
    require(
        value.is_finite() && value >= 0.0,
        name,
        "finite and not negative",
        value,
    )
}

/// Fails unless the value is finite.
pub(crate) fn finite(name: &'static str, value: f64) -> Result<()> {
    require(value.is_finite(), name, "finite", value)
}
