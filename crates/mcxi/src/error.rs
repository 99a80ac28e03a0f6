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
    /// Fewer frames than the work needs.
    #[error("{purpose} needs at least {needed} frames, found {found}")]
    TooFewFrames {
        /// What needs them.
        purpose: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A band that is reversed, negative, above the Nyquist frequency or not a number.
    #[error(
        "the band {low_hz} to {high_hz} Hz must ascend between 0 and the Nyquist frequency {nyquist_hz} Hz"
    )]
    BandOutside {
        /// Lower edge in Hz.
        low_hz: f64,
        /// Upper edge in Hz.
        high_hz: f64,
        /// Half the frame rate in Hz.
        nyquist_hz: f64,
    },
    /// A band that holds no frequency of the transform.
    #[error(
        "the band {low_hz} to {high_hz} Hz lies between two frequencies of a transform with a step of {step_hz} Hz"
    )]
    BandBetweenBins {
        /// Lower edge in Hz.
        low_hz: f64,
        /// Upper edge in Hz.
        high_hz: f64,
        /// Step of frequencies in Hz.
        step_hz: f64,
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
    /// No frames or no pixels.
    #[error("the sequence is empty: {n_frames} frames of {n_rows} by {n_columns} pixels")]
    EmptySequence {
        /// Frames.
        n_frames: usize,
        /// Rows.
        n_rows: usize,
        /// Columns.
        n_columns: usize,
    },
    /// A pixel is not a number or infinite, and the policy is to refuse it.
    #[error("frame {frame}, row {row}, column {column} is {found}")]
    NonFinite {
        /// Frame.
        frame: usize,
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// The value.
        found: f64,
    },
    /// The open beam is not brighter than the dark level.
    #[error("flat field {flat} is not above dark level {dark} at row {row}, column {column}")]
    FlatNotAboveDark {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// Flat field in counts.
        flat: f64,
        /// Dark level in counts.
        dark: f64,
    },
    /// A region has too few pixels for a statistic.
    #[error("the region {what} has {found} usable pixels, needs {needed}")]
    SmallRegion {
        /// Which region.
        what: &'static str,
        /// Pixels it must have.
        needed: usize,
        /// Pixels it has.
        found: usize,
    },
    /// Work that would need more memory than is allowed.
    #[error("{what} needs {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// What needs it.
        what: &'static str,
        /// Bytes it needs; the largest number where the product overflows.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A numerical method has met values that it cannot work with.
    #[error("{method} failed: {reason}")]
    Numerical {
        /// Which method.
        method: &'static str,
        /// What stopped it.
        reason: &'static str,
    },
    /// A frame could not be read.
    #[error("cannot read frame {frame}")]
    Read {
        /// The first frame of the part that was asked for.
        frame: usize,
        /// The cause.
        #[source]
        source: Arc<xray_io::Error>,
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
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
