//! The errors of this crate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What went wrong, with the names and values that say where.
///
/// Offsets are bytes from the start of the file, frames count from 0. Texts taken from a file are cut to a stated
/// length, so an error is small whatever the file was.
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
    /// The operating system refused an operation on a file.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// The cause.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// Neither the content nor the extension is one that this crate knows.
    #[error("{}: no known format, the file starts with {head:?}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// Its first bytes, at most 16, as text with escapes.
        head: String,
    },
    /// The format is known, but its feature was not switched on when this crate was built.
    #[error("{}: {format} needs the feature {feature:?} of this crate", path.display())]
    FeatureMissing {
        /// The file.
        path: PathBuf,
        /// The format or codec.
        format: &'static str,
        /// The feature to switch on.
        feature: &'static str,
    },
    /// The file is valid, but uses something that this crate does not read.
    #[error("{}: {what} {found}{} is not supported", path.display(), in_frame(*frame))]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Frame or page, if it concerns one.
        frame: Option<usize>,
        /// What is not supported, as the format's specification calls it.
        what: &'static str,
        /// The value in the file, cut to 80 characters.
        found: String,
    },
    /// The file ends, or a stored range ends, before the data that it promises.
    #[error(
        "{}: {what}{} needs {needed} bytes at offset {offset}, found {available}",
        path.display(), in_frame(*frame)
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Frame or page, if it concerns one.
        frame: Option<usize>,
        /// What was being read.
        what: &'static str,
        /// Where it starts.
        offset: u64,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are there.
        available: u64,
    },
    /// A field of the file has a value that cannot be right.
    #[error(
        "{}: {field}{}{} must be {requirement}, found {found}",
        path.display(), in_frame(*frame), at_offset(*offset)
    )]
    InvalidField {
        /// The file.
        path: PathBuf,
        /// Frame or page, if it concerns one.
        frame: Option<usize>,
        /// The field or tag, as the format's specification calls it.
        field: &'static str,
        /// Where it stands in the file, if known.
        offset: Option<u64>,
        /// The condition it must meet.
        requirement: &'static str,
        /// The value, cut to 80 characters.
        found: String,
    },
    /// A row of a table breaks a rule.
    #[error(
        "{}, line {line}{}: must be {requirement}, found {found}",
        path.display(), in_column(column)
    )]
    InvalidRow {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column as it stands in the header; empty if the row as a whole is meant.
        column: String,
        /// The condition it must meet.
        requirement: &'static str,
        /// What stands there, cut to 80 characters.
        found: String,
    },
    /// The file says that it holds more or fewer frames than it does.
    #[error("{}: {claimed_by} claims {claimed} frames, the file holds {found} whole ones", path.display())]
    FrameCount {
        /// The file.
        path: PathBuf,
        /// The field or description that makes the claim.
        claimed_by: &'static str,
        /// Frames that it claims.
        claimed: u64,
        /// Whole frames that the file can hold.
        found: u64,
    },
    /// A compressed stream is damaged.
    #[error("{}: {codec} stream{} at offset {offset}: {problem}", path.display(), in_frame(*frame))]
    Codec {
        /// The file.
        path: PathBuf,
        /// Frame or page.
        frame: Option<usize>,
        /// Where the stream starts.
        offset: u64,
        /// The compression.
        codec: &'static str,
        /// What is wrong with it.
        problem: CodecProblem,
    },
    /// Opening or reading would pass a limit set in [`Limits`](crate::Limits).
    #[error("{}: {limit} is {allowed}, the file asks for {claimed}", path.display())]
    LimitExceeded {
        /// The file.
        path: PathBuf,
        /// The limit, as its setter is called.
        limit: &'static str,
        /// What the file asks for.
        claimed: u64,
        /// What the limit allows.
        allowed: u64,
    },
    /// The pages of a file, or the files of a folder, differ in what must be the same.
    #[error("{}{}: {what} is {found}, that of the first frame {expected}", path.display(), in_frame(*frame))]
    Inconsistent {
        /// The file that differs.
        path: PathBuf,
        /// Its frame.
        frame: Option<usize>,
        /// What differs.
        what: &'static str,
        /// Value of the first frame.
        expected: String,
        /// Value of this one.
        found: String,
    },
    /// The file holds several arrays or planes, and none was chosen.
    #[error("{}: several {what}s, one must be chosen: {choices}", path.display())]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// What is to be chosen.
        what: &'static str,
        /// The names, cut to 200 characters.
        choices: String,
    },
    /// The array or plane that was chosen is not in the file.
    #[error("{}: no {what} {name:?}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is no frame.
    #[error("{}: no frames", path.display())]
    NoFrames {
        /// The file or folder.
        path: PathBuf,
    },
    /// A frame beyond the end of the sequence was asked for.
    #[error("frame {frame} is not in a sequence of {n_frames}")]
    FrameOutOfRange {
        /// The frame.
        frame: usize,
        /// Frames in the sequence.
        n_frames: usize,
    },
    /// A buffer does not have the length of what is to be read into it.
    #[error("the buffer holds {found} {unit}, needed are {expected}")]
    BufferLength {
        /// What is counted.
        unit: &'static str,
        /// Length that is needed.
        expected: usize,
        /// Length of the buffer.
        found: usize,
    },
    /// Typed access with another type than the stored one.
    #[error("the pixels are {expected}, asked for as {found}")]
    PixelTypeMismatch {
        /// The stored type.
        expected: crate::PixelType,
        /// The type of the buffer.
        found: crate::PixelType,
    },
    /// A region reaches beyond the frame or is empty.
    #[error("region {region} is not inside {n_rows} rows and {n_columns} columns")]
    RegionOutside {
        /// The region.
        region: crate::RegionOfInterest,
        /// Rows of the frame.
        n_rows: usize,
        /// Columns of the frame.
        n_columns: usize,
    },
    /// Arrays that belong together differ in shape.
    #[error("{what} has shape {found:?}, expected {expected:?}")]
    ShapeMismatch {
        /// The array.
        what: &'static str,
        /// Shape of the first array.
        expected: Vec<usize>,
        /// Shape of this one.
        found: Vec<usize>,
    },
}

/// What is wrong with a compressed stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecProblem {
    /// The stream ends before the pixels are complete.
    #[error("ends after {found} of {expected} bytes")]
    Short {
        /// Bytes that the pixels need.
        expected: usize,
        /// Bytes that the stream gave.
        found: usize,
    },
    /// The stream breaks the rules of its format.
    #[error("is damaged after {decoded} decoded bytes")]
    Damaged {
        /// Bytes decoded before the fault, 0 where the decoder does not say.
        decoded: usize,
    },
    /// A checksum does not fit.
    #[error("its checksum does not fit")]
    Checksum,
    /// A kind of this stream that is not read.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
}

fn in_frame(frame: Option<usize>) -> String {
    frame
        .map(|frame| format!(" in frame {frame}"))
        .unwrap_or_default()
}

fn in_column(column: &str) -> String {
    if column.is_empty() {
        String::new()
    } else {
        format!(", column {column:?}")
    }
}

fn at_offset(offset: Option<u64>) -> String {
    offset
        .map(|offset| format!(" at offset {offset}"))
        .unwrap_or_default()
}

/// A text of a file, cut to `length` characters.
pub(crate) fn cut(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length).chain(['…']).collect()
}

impl Error {
    pub(crate) fn io(path: &Path, operation: &'static str, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            operation,
            source: Arc::new(source),
        }
    }

    pub(crate) fn invalid(
        path: &Path,
        field: &'static str,
        offset: Option<u64>,
        requirement: &'static str,
        found: impl std::fmt::Display,
    ) -> Self {
        let found = cut(&found.to_string(), 80);
        Self::InvalidField {
            path: path.to_owned(),
            frame: None,
            field,
            offset,
            requirement,
            found,
        }
    }

    pub(crate) fn unsupported(
        path: &Path,
        what: &'static str,
        found: impl std::fmt::Display,
    ) -> Self {
        Self::Unsupported {
            path: path.to_owned(),
            frame: None,
            what,
            found: cut(&found.to_string(), 80),
        }
    }

    /// Says which frame the error concerns, where it does not know yet.
    pub(crate) fn in_frame(mut self, number: usize) -> Self {
        if let Some(frame) = self.frame_mut() {
            frame.get_or_insert(number);
        }
        self
    }

    /// The same of a frame of a folder, whatever number it has in its own file.
    pub(crate) fn of_frame(mut self, number: usize) -> Self {
        if let Some(frame) = self.frame_mut() {
            *frame = Some(number);
        }
        self
    }

    fn frame_mut(&mut self) -> Option<&mut Option<usize>> {
        match self {
            Self::Unsupported { frame, .. }
            | Self::Truncated { frame, .. }
            | Self::InvalidField { frame, .. }
            | Self::Inconsistent { frame, .. }
            | Self::Codec { frame, .. } => Some(frame),
            _ => None,
        }
    }

    /// The frame that the error concerns, if it is about one.
    pub fn frame(&self) -> Option<usize> {
        match self {
            Self::Unsupported { frame, .. }
            | Self::Truncated { frame, .. }
            | Self::InvalidField { frame, .. }
            | Self::Inconsistent { frame, .. }
            | Self::Codec { frame, .. } => *frame,
            Self::FrameOutOfRange { frame, .. } => Some(*frame),
            _ => None,
        }
    }

    /// The byte of the file at which the error was found, if it is about one.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Truncated { offset, .. } | Self::Codec { offset, .. } => Some(*offset),
            Self::InvalidField { offset, .. } => *offset,
            _ => None,
        }
    }
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
