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
    /// A series, curve or image holds no value at all.
    #[error("{series:?} is empty")]
    Empty {
        /// Name of the series, curve or image.
        series: String,
    },
    /// Two arrays of one series differ in length.
    #[error("{array} of {series:?} has {found} values, but x has {expected}")]
    LengthMismatch {
        /// Name of the series or curve.
        series: String,
        /// The array that does not fit.
        array: &'static str,
        /// Number of x values.
        expected: usize,
        /// Number of values found.
        found: usize,
    },
    /// A value is NaN or infinite.
    #[error("{array} of {series:?} is {value} at index {index}")]
    NonFinite {
        /// Name of the series or curve.
        series: String,
        /// The array that holds it.
        array: &'static str,
        /// Position in the array.
        index: usize,
        /// The value.
        value: f64,
    },
    /// An error bar has a negative length.
    #[error("{array} of {series:?} is negative, {value}, at index {index}")]
    NegativeError {
        /// Name of the series.
        series: String,
        /// The array that holds it.
        array: &'static str,
        /// Position in the array.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A value that is not positive was put on a logarithmic axis.
    #[error(
        "{array} of {series:?} is {value} at index {index}, but the axis {axis:?} is logarithmic"
    )]
    NonPositiveOnLog {
        /// Label of the axis.
        axis: String,
        /// Name of the series or curve.
        series: String,
        /// The array that holds it.
        array: &'static str,
        /// Position in the array.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A pixel of an image is NaN or infinite.
    #[error("pixel at row {row}, column {column} is {value}")]
    NonFinitePixel {
        /// Row of the pixel.
        row: usize,
        /// Column of the pixel.
        column: usize,
        /// The value.
        value: f32,
    },
    /// The values of a grid are not one a node.
    #[error(
        "a grid of {} x {} nodes (rows x columns) has {} x {} values",
        expected.0, expected.1, found.0, found.1
    )]
    GridShape {
        /// Numbers of nodes along y and along x.
        expected: (usize, usize),
        /// Numbers of rows and columns of the values.
        found: (usize, usize),
    },
    /// A value of a grid is infinite.
    #[error("node at row {row}, column {column} of the grid is {value}")]
    InfiniteNode {
        /// Row of the node, along y.
        row: usize,
        /// Column of the node, along x.
        column: usize,
        /// The value.
        value: f64,
    },
    /// The lower end of an interval lies above the upper one.
    #[error("the interval of {series:?} goes from {lower} to {upper} at index {index}")]
    InvertedInterval {
        /// Name of the curve.
        series: String,
        /// Position in the arrays.
        index: usize,
        /// The lower end.
        lower: f64,
        /// The upper end.
        upper: f64,
    },
    /// The cells of a table do not match its header.
    #[error("row {row} of the table has {found} cells, its header {expected}")]
    RowLength {
        /// Number of the row below the header, counted from 0.
        row: usize,
        /// Number of cells of the header.
        expected: usize,
        /// Number of cells found.
        found: usize,
    },
    /// An image has more pixels than a figure takes.
    #[error("image of {rows} x {columns} pixels exceeds the limit of {limit} pixels")]
    RasterTooLarge {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
        /// The largest number of pixels.
        limit: usize,
    },
    /// A text is longer than the room that the figure has for it.
    #[error("text {text:?} needs {needed_mm:.1} mm, but there are {available_mm:.1} mm")]
    TextTooLong {
        /// The text.
        text: String,
        /// Its length in the theme's text size.
        needed_mm: f64,
        /// The room for it.
        available_mm: f64,
    },
    /// The figure is too small for its labels: nothing is left to draw the data in.
    #[error(
        "{width_mm:.1} mm x {height_mm:.1} mm are left for the data, at least {minimum_mm:.1} mm are needed"
    )]
    FigureTooSmall {
        /// Width left.
        width_mm: f64,
        /// Height left.
        height_mm: f64,
        /// The least width and height.
        minimum_mm: f64,
    },
    /// A file or folder could not be written.
    #[error("cannot write {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The picture could not be encoded.
    #[error("cannot encode the picture as {format}: {reason}")]
    Encode {
        /// The file format.
        format: &'static str,
        /// What the encoder said.
        reason: String,
    },
}

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source: Arc::new(source),
        }
    }
}
