//! The reader of CSV tables.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result, excerpt};
use crate::table::{Column, Data, Table, check_names, column_unit};
use crate::unit::Unit;

/// Caps on the size of a table that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::struct_field_names,
    reason = "each field bears the name of its setter"
)]
pub struct TableLimits {
    max_bytes: u64,
    max_rows: usize,
    max_columns: usize,
}

impl Default for TableLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl TableLimits {
    /// 256 MiB, ten million rows and 4096 columns.
    pub const fn new() -> Self {
        Self {
            max_bytes: 256 << 20,
            max_rows: 10_000_000,
            max_columns: 4096,
        }
    }

    /// The largest number of bytes read; the default is 256 MiB.
    #[must_use]
    pub const fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The largest number of data rows; the default is ten million.
    #[must_use]
    pub const fn max_rows(mut self, max_rows: usize) -> Self {
        self.max_rows = max_rows;
        self
    }

    /// The largest number of columns; the default is 4096.
    #[must_use]
    pub const fn max_columns(mut self, max_columns: usize) -> Self {
        self.max_columns = max_columns;
        self
    }
}

impl Table {
    /// Reads a CSV file.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] with the path; those of [`read`](Self::read).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let with_path = |error: Error| match error {
            Error::Read { source, .. } => Error::Read {
                path: Some(path.to_owned()),
                source,
            },
            other => other,
        };
        let file = File::open(path).map_err(|source| with_path(read_error(source)))?;
        Self::read(file, &TableLimits::new()).map_err(with_path)
    }

    /// Reads a CSV text.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text.as_bytes(), &TableLimits::new())
    }

    /// Reads CSV from any reader, within limits.
    ///
    /// # Errors
    ///
    /// [`Error::NoHeader`], [`Error::InvalidHeader`], [`Error::DuplicateName`], [`Error::NamedUnit`],
    /// [`Error::RaggedRow`], [`Error::NonNumericCell`], [`Error::NotUtf8`], [`Error::TooLarge`], [`Error::Read`].
    pub fn read(reader: impl Read, limits: &TableLimits) -> Result<Self> {
        // One byte above the limit tells a file that is too long from one that just fits.
        let mut bytes = Counted {
            inner: reader.take(limits.max_bytes.saturating_add(1)),
            count: 0,
        };
        let result = read_rows(&mut bytes, limits);
        if bytes.count > limits.max_bytes {
            return Err(Error::TooLarge {
                what: "number of bytes of the table",
                limit: limits.max_bytes,
                found: bytes.count,
            });
        }
        result
    }
}

/// A reader that counts what it gave.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// A column while it is read.
struct Builder {
    name: String,
    unit: Option<Unit>,
    numbers: Vec<f64>,
    cells: Vec<String>,
}

fn read_rows(reader: impl Read, limits: &TableLimits) -> Result<Table> {
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(reader);
    let mut record = csv::StringRecord::new();
    if !csv.read_record(&mut record).map_err(csv_error)? {
        return Err(Error::NoHeader);
    }
    if record.len() > limits.max_columns {
        return Err(Error::TooLarge {
            what: "number of columns",
            limit: limits.max_columns as u64,
            found: record.len() as u64,
        });
    }
    let mut builders = Vec::with_capacity(record.len());
    for (index, text) in record.iter().enumerate() {
        builders.push(header(index + 1, text)?);
    }
    check_names(builders.iter().map(|b: &Builder| b.name.as_str()))?;
    let mut row = 0;
    while csv.read_record(&mut record).map_err(csv_error)? {
        row += 1;
        if row > limits.max_rows {
            return Err(Error::TooLarge {
                what: "number of rows",
                limit: limits.max_rows as u64,
                found: row as u64,
            });
        }
        if record.len() != builders.len() {
            return Err(Error::RaggedRow {
                row,
                expected: builders.len(),
                found: record.len(),
            });
        }
        for (builder, cell) in builders.iter_mut().zip(&record) {
            match &builder.unit {
                Some(unit) => builder
                    .numbers
                    .push(number(cell, unit, row, &builder.name)?),
                None => builder.cells.push(cell.to_owned()),
            }
        }
    }
    let columns = builders.into_iter().map(|builder| Column {
        name: builder.name,
        data: match builder.unit {
            Some(unit) => Data::Numbers {
                values: builder.numbers,
                dimension: unit.dimension(),
            },
            None => Data::Text(builder.cells),
        },
    });
    Ok(Table {
        columns: columns.collect(),
        n_rows: row,
    })
}

/// Reads `name` or `name [unit]`.
fn header(column: usize, text: &str) -> Result<Builder> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let invalid = |requirement| Error::InvalidHeader {
        column,
        requirement,
        text: excerpt(text),
    };
    let (name, unit) = match text.split_once('[') {
        None if text.contains(']') => return Err(invalid("a name or a name and [unit]")),
        None => (text, None),
        Some((name, rest)) => {
            let unit = rest
                .strip_suffix(']')
                .filter(|unit| !unit.contains(['[', ']']))
                .ok_or_else(|| invalid("a name or a name and [unit]"))?;
            (name.trim(), Some(unit))
        }
    };
    if name.is_empty() {
        return Err(invalid("a name that is not empty"));
    }
    let unit = unit.map(|unit| column_unit(name, unit)).transpose()?;
    Ok(Builder {
        name: name.to_owned(),
        unit,
        numbers: Vec::new(),
        cells: Vec::new(),
    })
}

/// One numeric cell in SI base units.
pub(super) fn number(cell: &str, unit: &Unit, row: usize, column: &str) -> Result<f64> {
    let value = cell.trim().parse::<f64>().ok().map(|v| unit.to_si(v));
    value
        .filter(|value| value.is_finite())
        .ok_or_else(|| Error::NonNumericCell {
            row,
            column: excerpt(column),
            text: excerpt(cell),
        })
}

fn csv_error(error: csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => read_error(source),
        csv::ErrorKind::Utf8 { pos, .. } => Error::NotUtf8 {
            line: pos.map_or(line, |pos| pos.line()),
        },
        other => read_error(std::io::Error::other(format!("{other:?}"))),
    }
}

fn read_error(source: std::io::Error) -> Error {
    Error::Read {
        path: None,
        source: Arc::new(source),
    }
}
