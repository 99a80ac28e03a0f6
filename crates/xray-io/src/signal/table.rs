//! Signals from tables of text (CSV).

use std::path::{Path, PathBuf};

use super::Signal;
use crate::error::{Error, Result, cut};
use crate::metadata::Note;
use crate::source::Source;
use crate::time::{TimeAxis, Timing};

/// How a table of text is read.
///
/// Delimiter (`,`, `;` or tab) and decimal mark are found together; a row of units under the header, units in the names
/// (`Time(s)`, `Width [um]`, `time_s`), a byte order mark, comments (`#`, `%`) and columns without a name are understood.
/// A row of another length, text among numbers, a time that does not increase, and a gap are errors with the line.
///
/// # Examples
///
/// ```
/// use xray_io::SignalTableReader;
///
/// let text = "Time(s),RelativeAbsorption(%)\n0,20\n1e-6,--\n2e-6,24\n";
/// let table = SignalTableReader::new().parse("spot.csv", text)?;
/// let signal = table.signal("RelativeAbsorption")?;
/// assert_eq!(signal.unit(), "%");
/// assert!(signal.values()[1].is_nan());
/// assert!((signal.time_axis().interval().ok_or("uniform")? - 1e-6).abs() < 1e-18);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SignalTableReader {
    time_column: Option<String>,
    uniformity: f64,
    allow_irregular: bool,
    max_bytes: u64,
}

impl Default for SignalTableReader {
    fn default() -> Self {
        Self {
            time_column: None,
            uniformity: 1e-3,
            allow_irregular: false,
            max_bytes: 1 << 30,
        }
    }
}

impl SignalTableReader {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Name of the column of times. Default: the first one that is called time, t or Zeit, else the first with a unit of
    /// time.
    pub fn time_column(mut self, name: impl Into<String>) -> Self {
        self.time_column = Some(name.into());
        self
    }

    /// Largest deviation from even spacing, as a share of the interval, under which the times are uniform. Default 10⁻³.
    pub fn uniformity(mut self, tolerance: f64) -> Self {
        self.uniformity = tolerance;
        self
    }

    /// Takes times with gaps as an irregular axis. Default: they are an error.
    pub fn allow_irregular(mut self, allow: bool) -> Self {
        self.allow_irregular = allow;
        self
    }

    /// Largest file. Default 1 GiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::LimitExceeded`], and as [`parse`](Self::parse).
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SignalTable> {
        let source = Source::open(path.as_ref())?;
        if source.len() > self.max_bytes {
            return Err(Error::LimitExceeded {
                path: source.path().to_owned(),
                limit: "max_bytes",
                claimed: source.len(),
                allowed: self.max_bytes,
            });
        }
        let bytes = source.read_vec("the table", 0, source.len())?;
        self.parse(path, &String::from_utf8_lossy(&bytes))
    }

    /// Reads a text; `name` stands in for the path.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRow`] with the line, [`Error::NotFound`] if there is no column of this name, [`Error::NoFrames`]
    /// if there is no row, [`Error::InvalidParameter`] if a setting is out of range.
    pub fn parse(&self, name: impl AsRef<Path>, text: &str) -> Result<SignalTable> {
        if !(self.uniformity.is_finite() && self.uniformity >= 0.0) {
            return Err(Error::InvalidParameter {
                name: "uniformity",
                requirement: "zero or positive",
                found: self.uniformity.to_string(),
            });
        }
        let path = name.as_ref();
        let rows = Rows::new(path, text)?;
        let mut table = rows.table(path)?;
        table.place_in_time(self)?;
        Ok(table)
    }
}

/// The columns of numbers of a table, on one time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalTable {
    path: PathBuf,
    columns: Vec<Column>,
    /// Line of each row, from 1.
    lines: Vec<usize>,
    time_axis: TimeAxis,
    notes: Vec<Note>,
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    /// As it stands in the header.
    header: String,
    /// Without its unit.
    name: String,
    unit: String,
    values: Vec<f64>,
}

/// Units that names may end with, and seconds for those of time.
const UNITS: &[(&str, Option<f64>)] = &[
    ("s", Some(1.0)),
    ("sec", Some(1.0)),
    ("ms", Some(1e-3)),
    ("msec", Some(1e-3)),
    ("us", Some(1e-6)),
    ("µs", Some(1e-6)),
    ("μs", Some(1e-6)),
    ("usec", Some(1e-6)),
    ("ns", Some(1e-9)),
    ("nsec", Some(1e-9)),
    ("W", None),
    ("V", None),
    ("mV", None),
    ("A", None),
    ("K", None),
    ("um", None),
    ("mm", None),
    ("percent", None),
];

fn seconds(unit: &str) -> Option<f64> {
    UNITS.iter().find(|known| known.0 == unit)?.1
}

impl SignalTable {
    /// Names of the columns of numbers, without their units.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// A column as a signal, by its name with or without the unit.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn signal(&self, name: &str) -> Result<Signal> {
        let column = self.column(name).ok_or_else(|| Error::NotFound {
            path: self.path.clone(),
            what: "column of numbers",
            name: cut(name, 80),
        })?;
        Signal::new(
            column.name.clone(),
            column.unit.clone(),
            column.values.clone(),
        )
        .with_time_axis(self.time_axis.clone())
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.header == name)
            .or_else(|| self.columns.iter().find(|column| column.name == name))
    }

    /// Rows with a time (all, if there is no column of times).
    pub fn n_rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of a row in the file, from 1.
    pub fn line(&self, row: usize) -> Option<usize> {
        self.lines.get(row).copied()
    }

    /// When each row was taken.
    pub fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    /// What was left out.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    pub(super) fn invalid(
        &self,
        row: usize,
        column: &str,
        requirement: &'static str,
        found: String,
    ) -> Error {
        Error::InvalidRow {
            path: self.path.clone(),
            line: self.lines[row],
            column: cut(column, 80),
            requirement,
            found,
        }
    }

    /// Finds the column of times and makes the axis of it.
    fn place_in_time(&mut self, reader: &SignalTableReader) -> Result<()> {
        let named = |column: &Column| {
            let name = column.name.to_lowercase();
            matches!(name.as_str(), "t" | "time" | "zeit") || name.starts_with("time")
        };
        let found = match &reader.time_column {
            Some(name) => {
                let exact = |column: &Column| column.header == *name || column.name == *name;
                let position = self.columns.iter().position(exact);
                Some(position.ok_or_else(|| Error::NotFound {
                    path: self.path.clone(),
                    what: "column of times",
                    name: cut(name, 80),
                })?)
            }
            None => self.columns.iter().position(named).or_else(|| {
                self.columns
                    .iter()
                    .position(|column| seconds(&column.unit).is_some())
            }),
        };
        let Some(at) = found else {
            self.note("time", "no column of times: no time axis");
            return Ok(());
        };
        let times = self.columns.remove(at);
        let scale = match (seconds(&times.unit), times.unit.as_str()) {
            (Some(scale), _) => scale,
            (None, "") => {
                self.note(&times.header, "no unit: taken as seconds");
                1.0
            }
            (None, unit) => {
                let found = cut(unit, 80);
                return Err(self.invalid(0, &times.header, "in a unit of time", found));
            }
        };
        let kept: Vec<usize> = (0..times.values.len())
            .filter(|&row| !times.values[row].is_nan())
            .collect();
        self.leave_out_others(&kept);
        let starts: Vec<f64> = kept.iter().map(|&row| times.values[row] * scale).collect();
        if starts.is_empty() {
            return Err(Error::NoFrames {
                path: self.path.clone(),
            });
        }
        if let Some(row) = (1..starts.len()).find(|&row| starts[row] <= starts[row - 1]) {
            let found = format!("{} after {}", starts[row], starts[row - 1]);
            return Err(self.invalid(row, &times.header, "later than in the row before", found));
        }
        let axis = TimeAxis::from_stamps(starts, reader.uniformity)?;
        if let (Timing::Irregular(starts), false) = (axis.timing(), reader.allow_irregular) {
            if starts.len() > 1 {
                // The widest step is where something is missing.
                let row = (1..starts.len())
                    .max_by(|&a, &b| {
                        (starts[a] - starts[a - 1]).total_cmp(&(starts[b] - starts[b - 1]))
                    })
                    .unwrap_or(1);
                let found = format!("a step of {:e} s", starts[row] - starts[row - 1]);
                return Err(self.invalid(row, &times.header, "evenly spaced", found));
            }
        }
        self.time_axis = axis;
        Ok(())
    }

    /// Keeps the rows with a time, and says what the others held.
    fn leave_out_others(&mut self, kept: &[usize]) {
        let n = self.lines.len();
        if kept.len() == n {
            return;
        }
        let mut is_kept = vec![false; n];
        for &row in kept {
            is_kept[row] = true;
        }
        let (mut values, mut fillers) = (0, 0);
        for row in (0..n).filter(|&row| !is_kept[row]) {
            if self
                .columns
                .iter()
                .any(|column| !column.values[row].is_nan())
            {
                values += 1;
            } else {
                fillers += 1;
            }
        }
        for column in &mut self.columns {
            column.values = kept.iter().map(|&row| column.values[row]).collect();
        }
        self.lines = kept.iter().map(|&row| self.lines[row]).collect();
        self.note(
            "rows without a time",
            format!("{values} with values and {fillers} without any are left out"),
        );
    }

    fn note(&mut self, subject: &str, text: impl Into<String>) {
        self.notes.push(Note {
            subject: subject.to_owned(),
            text: text.into(),
        });
    }
}

/// The fields of the rows that are no comments, and how they are written.
struct Rows<'a> {
    /// Number of the line, and its text.
    lines: Vec<(usize, &'a str)>,
    delimiter: char,
    decimal_comma: bool,
}

/// Fields of a line; quotes protect delimiters.
fn fields(line: &str, delimiter: char) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut is_quoted) = (0, false);
    for (at, c) in line.char_indices() {
        if c == '"' {
            is_quoted = !is_quoted;
        } else if c == delimiter && !is_quoted {
            found.push(&line[start..at]);
            start = at + c.len_utf8();
        }
    }
    found.push(&line[start..]);
    found
        .into_iter()
        .map(|field| field.trim().trim_matches('"').trim())
        .collect()
}

fn is_missing(field: &str) -> bool {
    matches!(
        field,
        "" | "-" | "--" | "NA" | "N/A" | "n/a" | "nan" | "NaN" | "NAN"
    )
}

impl<'a> Rows<'a> {
    fn new(path: &Path, text: &'a str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.contains('\0') {
            return Err(Error::unsupported(
                path,
                "a table",
                "in UTF-16 or with zero bytes",
            ));
        }
        let lines: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.trim_end_matches('\r')))
            .filter(|(_, line)| {
                let start = line.trim_start();
                !start.is_empty() && !start.starts_with(['#', '%'])
            })
            .collect();
        let head = || lines.iter().take(20).map(|line| line.1);
        let delimiter = [';', '\t']
            .into_iter()
            .find(|&delimiter| head().all(|line| line.contains(delimiter)))
            .unwrap_or(',');
        // A comma inside a number, where it does not divide fields.
        let decimal_comma = delimiter != ','
            && head().any(|line| {
                fields(line, delimiter).iter().any(|field| {
                    field.matches(',').count() == 1
                        && field.replace(',', ".").parse::<f64>().is_ok()
                })
            });
        Ok(Self {
            lines,
            delimiter,
            decimal_comma,
        })
    }

    fn number(&self, field: &str) -> Option<f64> {
        let value: f64 = if self.decimal_comma {
            field.replace(',', ".").parse().ok()?
        } else {
            field.parse().ok()?
        };
        value.is_finite().then_some(value)
    }

    /// Whether a row has texts and no number.
    fn is_text(&self, row: &[&str]) -> bool {
        row.iter().any(|field| !is_missing(field))
            && row.iter().all(|field| self.number(field).is_none())
    }

    fn table(&self, path: &Path) -> Result<SignalTable> {
        let no_rows = || Error::NoFrames {
            path: path.to_owned(),
        };
        let split = |line: &(usize, &'a str)| fields(line.1, self.delimiter);
        let first = self.lines.first().map(split).ok_or_else(no_rows)?;
        let has_header = self.is_text(&first);
        let second = self.lines.get(1).map(split).unwrap_or_default();
        let has_units = has_header && second.len() == first.len() && self.is_text(&second);
        let skipped = usize::from(has_header) + usize::from(has_units);
        let body = self
            .lines
            .get(skipped..)
            .filter(|rows| !rows.is_empty())
            .ok_or_else(no_rows)?;
        let n = first.len();
        let headers: Vec<String> = if has_header {
            first.iter().map(|name| (*name).to_owned()).collect()
        } else {
            (0..n).map(|i| format!("column {i}")).collect()
        };
        let mut columns: Vec<Option<Vec<f64>>> = (0..n).map(|_| Some(Vec::new())).collect();
        let mut is_seen = vec![false; n];
        for (line, text) in body {
            let row = fields(text, self.delimiter);
            let invalid = |column: &str, requirement, found: String| Error::InvalidRow {
                path: path.to_owned(),
                line: *line,
                column: cut(column, 80),
                requirement,
                found: cut(&found, 80),
            };
            if row.len() != n {
                let found = format!("{} fields for {n} columns", row.len());
                return Err(invalid("", "as long as the first", found));
            }
            for (i, field) in row.iter().enumerate() {
                let Some(values) = &mut columns[i] else {
                    continue;
                };
                if is_missing(field) {
                    values.push(f64::NAN);
                } else if let Some(value) = self.number(field) {
                    is_seen[i] = true;
                    values.push(value);
                } else if is_seen[i] {
                    return Err(invalid(&headers[i], "a number", (*field).to_owned()));
                } else {
                    // Its first value is a text: so is the column.
                    columns[i] = None;
                }
            }
        }
        let mut table = SignalTable {
            path: path.to_owned(),
            columns: Vec::new(),
            lines: body.iter().map(|line| line.0).collect(),
            time_axis: TimeAxis::unknown(),
            notes: Vec::new(),
        };
        for (i, (header, values)) in headers.into_iter().zip(columns).enumerate() {
            match values {
                Some(_) if header.is_empty() => {
                    table.note("a column without a name", format!("column {i} is left out"));
                }
                Some(values) => {
                    let (name, unit) = match second.get(i).filter(|_| has_units) {
                        Some(unit) => {
                            let unit = unit.trim().trim_matches(['(', ')', '[', ']']);
                            (header.clone(), unit.to_owned())
                        }
                        None => name_and_unit(&header),
                    };
                    table.columns.push(Column {
                        header,
                        name,
                        unit,
                        values,
                    });
                }
                None => table.note(&header, "a column of texts is left out"),
            }
        }
        if table.columns.is_empty() {
            return Err(Error::NoFrames { path: table.path });
        }
        Ok(table)
    }
}

/// `name (unit)`, `name [unit]`, and `name_unit` where the unit is a known one.
fn name_and_unit(header: &str) -> (String, String) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        let inner = header
            .strip_suffix(close)
            .and_then(|rest| rest.rsplit_once(open));
        if let Some((name, unit)) = inner {
            return (name.trim().to_owned(), unit.trim().to_owned());
        }
    }
    if let Some((name, unit)) = header.rsplit_once('_') {
        if !name.is_empty() && UNITS.iter().any(|known| known.0 == unit) {
            return (name.to_owned(), unit.to_owned());
        }
    }
    (header.to_owned(), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SignalTable> {
        SignalTableReader::new().parse("x.csv", text)
    }

    #[test]
    fn delimiters_decimal_marks_and_units() -> Result<()> {
        for text in [
            "time_us,v_W\n0,1.5\n2,2.5\n",
            "\u{feff}Zeit (us);v (W)\r\n0,0;1,5\r\n2,0;2,5\r\n",
            "# made by hand\nTime\tv\nus\tW\n0\t1.5\n2\t2.5\n",
            "t [us],\"v [W]\"\n0,1.5\n2,\"2.5\"\n",
            "Time_usec,v_W\n0,1.5\n2,2.5\n",
            "Time,v\n(us),[W]\n0,1.5\n2,2.5\n",
        ] {
            let table = parse(text)?;
            let signal = table.signal("v")?;
            assert_eq!(signal.values(), [1.5, 2.5], "{text}");
            assert_eq!(signal.unit(), "W");
            assert_eq!(table.time_axis().interval(), Some(2e-6));
        }
        let bare = parse("0,1\n1,3\n")?;
        assert_eq!(bare.signal("column 1")?.values(), [1.0, 3.0]);
        assert_eq!(bare.time_axis(), &TimeAxis::unknown());
        Ok(())
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let line = |text: &str| match parse(text) {
            Err(Error::InvalidRow { line, column, .. }) => (line, column),
            other => panic!("{other:?}"),
        };
        assert_eq!(line("time_s,v\n0,1\n1e-6\n2e-6,1,7\n"), (3, String::new()));
        assert_eq!(line("time_s,v\n0,1\n1e-6,abc\n"), (3, "v".to_owned()));
        assert_eq!(
            line("time_s,v\n0,1\n2e-6,1\n1e-6,1\n"),
            (4, "time_s".to_owned())
        );
        assert_eq!(line("time_s,v\n0,1\n0,1\n"), (3, "time_s".to_owned()));
        assert_eq!(
            line("time_s,v\n0,1\n1e-6,1\n5e-6,1\n6e-6,1\n"),
            (4, "time_s".to_owned())
        );
        assert_eq!(line("time (V),v\n0,1\n"), (2, "time (V)".to_owned()));
        for text in [
            "",
            "a,b\n",
            "time,v\n,--\n",
            "# only this\n",
            "a,b\nx,y\nz,w\n",
            "time v\n0 1\n",
        ] {
            assert!(
                matches!(parse(text), Err(Error::NoFrames { .. })),
                "{text:?}"
            );
        }
        let irregular = SignalTableReader::new().allow_irregular(true);
        let table = irregular.parse("x", "time_s,v\n0,1\n1e-6,1\n5e-6,1\n");
        assert!(
            table.is_ok_and(|table| matches!(table.time_axis().timing(), Timing::Irregular(_)))
        );
    }
}
