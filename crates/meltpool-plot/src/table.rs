//! A small table as a picture.

use kuva::render::render::{Primitive, TextAnchor};

use crate::drawing::{Drawing, csv_text};
use crate::frame::check_width;
use crate::text::{self, CAP, LINE, signed};
use crate::{Color, Error, Figure, Result, Theme};

/// Room at the edge of the figure, and least room between columns.
const EDGE: f64 = 4.0;
const GUTTER: f64 = 10.0;
/// Height of a row, as a multiple of the text size.
const ROW: f64 = 1.7;

/// A table with a header, a title above and notes below, such as a matrix of exponents.
///
/// Columns share the width. One whose cells are all numbers is centered, any other starts at the left.
/// What does not fit is an error.
///
/// # Examples
/// ```
/// use meltpool_plot::{Figure, TableFigure};
///
/// let figure = TableFigure::new(["", "V", "d", "α"])
///     .title("Dimensions")
///     .row(["m", "1", "1", "2"])
///     .row(["s", "-1", "0", "-1"])
///     .note("rank 2, one group: V d/α");
/// assert!(figure.to_svg()?.contains(">−1</text>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TableFigure {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    title: Option<String>,
    notes: Vec<String>,
    theme: Theme,
}

fn texts<T: Into<String>>(cells: impl IntoIterator<Item = T>) -> Vec<String> {
    cells.into_iter().map(Into::into).collect()
}

impl TableFigure {
    /// A table of as many columns as the header has cells.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self {
            header: texts(header),
            rows: Vec::new(),
            title: None,
            notes: Vec::new(),
            theme: Theme::column(),
        }
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.rows.push(texts(cells));
        self
    }

    /// A line above the table; none by default.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds a line below the table.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Size and style; [`Theme::column`] by default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Whether a column holds numbers only, and at least one.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().map(|row| &row[column]).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
    }
}

impl Figure for TableFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        if self.header.is_empty() || self.rows.is_empty() {
            return Err(Error::Empty {
                series: "table".to_owned(),
            });
        }
        let expected = self.header.len();
        match self.rows.iter().position(|row| row.len() != expected) {
            None => Ok(()),
            Some(row) => Err(Error::RowLength {
                row,
                expected,
                found: self.rows[row].len(),
            }),
        }
    }

    fn draw(&self) -> Result<Drawing> {
        self.draw_in(&self.theme)
    }

    fn draw_in(&self, theme: &Theme) -> Result<Drawing> {
        self.validate()?;
        theme.validate()?;
        let size = theme.text();
        let em = f64::from(size);
        let (page_width, page_height) = (theme.width_pt(), theme.height_pt());
        let room = page_width - 2.0 * EDGE;
        for line in self.title.iter().chain(&self.notes) {
            check_width(line, size, room)?;
        }
        let shown = |column: usize, cell: &str| {
            if self.is_numeric(column) {
                signed(cell)
            } else {
                cell.to_owned()
            }
        };
        let cells = |column: usize| {
            let rows = self.rows.iter().map(move |row| &row[column]);
            std::iter::once(&self.header[column]).chain(rows)
        };
        let widths: Vec<f64> = (0..self.header.len())
            .map(|column| {
                let widths = cells(column).map(|cell| text::width(&shown(column, cell), size));
                widths.fold(0.0, f64::max)
            })
            .collect();
        let needed = widths.iter().sum::<f64>() + GUTTER * (widths.len() - 1) as f64;
        if needed > room {
            return Err(Error::TextTooLong {
                text: self.header.join(" | "),
                needed_mm: text::mm(needed),
                available_mm: text::mm(room),
            });
        }
        let above = if self.title.is_some() { ROW * em } else { 0.0 };
        let table = (self.rows.len() + 1) as f64 * ROW * em;
        let below =
            self.notes.len() as f64 * LINE * em + if self.notes.is_empty() { 0.0 } else { 4.0 };
        let height = above + table + below;
        if height > page_height - 2.0 * EDGE {
            return Err(Error::FigureTooSmall {
                width_mm: text::mm(room),
                height_mm: text::mm(page_height - 2.0 * EDGE),
                minimum_mm: text::mm(height),
            });
        }
        // What is left goes between the columns, up to a point.
        let spare = (room - needed) / widths.len() as f64;
        let spare = spare.min(2.0 * GUTTER);
        let reach = needed + spare * widths.len() as f64;

        let mut drawing = Drawing::new(theme);
        let mut top = EDGE;
        if let Some(title) = &self.title {
            drawing.add(text::bold(title, (EDGE, top + CAP * em + 1.0), size));
            top += above;
        }
        let rule = |y: f64, width: f64| Primitive::Line {
            x1: EDGE,
            y1: y,
            x2: EDGE + reach,
            y2: y,
            stroke: Color::BLACK.ink(),
            stroke_width: width,
            stroke_dasharray: None,
        };
        let line = theme.axis_line();
        drawing.add(rule(top, 1.5 * line));
        drawing.add(rule(top + ROW * em, line));
        drawing.add(rule(top + table, 1.5 * line));
        let mut left = EDGE + 0.5 * spare;
        for (column, width) in widths.iter().enumerate() {
            for (row, cell) in cells(column).enumerate() {
                let base = top + (row as f64 + 0.5) * ROW * em + 0.5 * CAP * em;
                let (x, anchor) = if self.is_numeric(column) {
                    (left + 0.5 * width, TextAnchor::Middle)
                } else {
                    (left, TextAnchor::Start)
                };
                let cell = shown(column, cell);
                if !cell.is_empty() {
                    drawing.add(text::label(&cell, (x, base), size, anchor, Color::BLACK));
                }
            }
            left += width + GUTTER + spare;
        }
        for (i, note) in self.notes.iter().enumerate() {
            let base = top + table + 4.0 + (i as f64 * LINE + 0.5 * (LINE + CAP)) * em;
            drawing.add(text::label(
                note,
                (EDGE, base),
                size,
                TextAnchor::Start,
                Color::BLACK,
            ));
        }
        let rows = std::iter::once(&self.header).chain(&self.rows);
        drawing.add_table(csv_text(rows.cloned())?);
        Ok(drawing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_must_match_the_header() {
        let table = || TableFigure::new(["a", "b"]).row(["1", "2"]);
        assert!(table().validate().is_ok());
        assert!(matches!(
            table().row(["3"]).validate(),
            Err(Error::RowLength {
                row: 1,
                expected: 2,
                found: 1
            })
        ));
        assert!(matches!(
            TableFigure::new(["a"]).validate(),
            Err(Error::Empty { .. })
        ));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let long = "much too long a cell for a figure of one column".repeat(2);
        let wide = TableFigure::new(["a"]).row([long]);
        assert!(matches!(wide.draw(), Err(Error::TextTooLong { .. })));
        let high = (0..40).fold(TableFigure::new(["a"]), |t, i| t.row([i.to_string()]));
        assert!(matches!(high.draw(), Err(Error::FigureTooSmall { .. })));
    }

    #[test]
    fn the_table_is_saved_as_it_was_given() -> Result<()> {
        let table = TableFigure::new(["x", "y"]).row(["-1", "a, b"]);
        assert_eq!(table.draw()?.to_csv(), ["x,y\n-1,\"a, b\"\n"]);
        Ok(())
    }
}
