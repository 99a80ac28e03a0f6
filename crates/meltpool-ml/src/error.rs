//! The errors of this crate.

use std::path::PathBuf;
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
    /// Two things that belong together differ in length.
    #[error("{what} has {found} entries, expected {expected}")]
    LengthMismatch {
        /// Which of them.
        what: &'static str,
        /// How many it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// An array has the wrong shape.
    #[error("{what} has shape {found:?}, expected {expected:?}")]
    ShapeMismatch {
        /// Which array.
        what: String,
        /// The shape it must have.
        expected: Vec<usize>,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// Fewer samples than the work needs.
    #[error("{purpose} needs at least {needed} samples, found {found}")]
    TooFewSamples {
        /// What needs them.
        purpose: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// Fewer groups than a split by group needs.
    #[error("a split by group needs at least {needed} groups, found {found}")]
    TooFewGroups {
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// A value is not a number or infinite.
    #[error("{what} at sample {sample}, position {position} is {found}")]
    NonFinite {
        /// Which array.
        what: &'static str,
        /// The sample.
        sample: usize,
        /// The position in the sample.
        position: usize,
        /// The value.
        found: f64,
    },
    /// A column that must vary does not.
    #[error("column {column} of {what} is constant at {value}")]
    Constant {
        /// Which table.
        what: &'static str,
        /// The column.
        column: usize,
        /// The value of all its entries.
        value: f64,
    },
    /// A score that needs varying targets was asked of constant ones.
    #[error("{score} of {n} samples is undefined: all targets are {value}")]
    Undefined {
        /// The score.
        score: &'static str,
        /// Number of samples.
        n: usize,
        /// The value of all targets.
        value: f64,
    },
    /// A frame number that should be there is not.
    #[error("frame {frame} is missing from the signal")]
    MissingFrame {
        /// The frame number.
        frame: u64,
    },
    /// A frame number that appears twice with a gap between.
    #[error("frame {frame} appears again at row {row}, after other frames")]
    RepeatedFrame {
        /// The frame number.
        frame: u64,
        /// The row.
        row: usize,
    },
    /// Time that does not ascend.
    #[error("time goes from {before} to {after} at row {row}")]
    TimeNotAscending {
        /// The row.
        row: usize,
        /// Time of the row before.
        before: f64,
        /// Time of the row.
        after: f64,
    },
    /// A text table that cannot be read.
    #[error("line {line}: {reason}, found {found:?}")]
    Table {
        /// The line, from 1.
        line: usize,
        /// What was wrong.
        reason: &'static str,
        /// The text.
        found: String,
    },
    /// A matrix that cannot be solved with.
    #[error("the normal equations are not positive definite at row {row}")]
    Singular {
        /// The row at which the decomposition broke off.
        row: usize,
    },
    /// The loss left the finite numbers; the last good state is in the checkpoint, if one was asked for.
    #[error("the loss became {loss} in epoch {epoch}, step {step}")]
    Diverged {
        /// The epoch, from 0.
        epoch: usize,
        /// The step in the epoch, from 0.
        step: usize,
        /// The loss.
        loss: f64,
    },
    /// A file of parameters that does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was wrong, and where.
        reason: String,
    },
    /// A checkpoint of another version of the format.
    #[error("{} has format version {found:?}, this crate reads {expected:?}", path.display())]
    CheckpointVersion {
        /// The file.
        path: PathBuf,
        /// The version that is read.
        expected: &'static str,
        /// The version of the file.
        found: String,
    },
    /// A parameter that a file lacks.
    #[error("{} has no tensor {name:?}", path.display())]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A file that could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The device is not in this build.
    #[error("device {device} needs the feature {feature} of this crate")]
    DeviceMissing {
        /// The device.
        device: &'static str,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// The framework of a device failed.
    #[error("device {device}: {reason}")]
    DeviceFailed {
        /// The device.
        device: &'static str,
        /// What the framework said.
        reason: String,
    },
    /// The observer ended the run before there was anything to return.
    #[error("the observer ended the run before the first epoch was over")]
    Stopped,
}

impl Error {
    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Refuses a parameter outside its range.
pub(crate) fn require(
    holds: bool,
    name: &'static str,
    requirement: &'static str,
    found: impl std::fmt::Display,
) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::InvalidParameter {
            name,
            requirement,
            found: found.to_string(),
        })
    }
}

/// Refuses a length that does not fit.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::LengthMismatch {
            what,
            expected,
            found,
        })
    }
}

/// Refuses numbers that are not finite.
pub(crate) fn finite<'a>(
    what: &'static str,
    rows: impl IntoIterator<Item = ndarray::ArrayView1<'a, f64>>,
) -> Result<()> {
    for (sample, row) in rows.into_iter().enumerate() {
        if let Some(position) = row.iter().position(|v| !v.is_finite()) {
            return Err(Error::NonFinite {
                what,
                sample,
                position,
                found: row[position],
            });
        }
    }
    Ok(())
}
