//! Data by group against a law, and contour lines of a quantity on the same axes.

use crate::chart::{Chart, Points};
use crate::drawing::{Drawing, csv_text};
use crate::palette::style_of;
use crate::{Axis, Contours, Curve, Error, Figure, Result, Series, Theme};

/// Points by group with error bars, laws as curves, a legend, and notes such as the law's text.
///
/// Each group takes the next color and the next shape. Legend and notes go where they cover no
/// data; where there is no such place they go above the frame. Points outside of a range that
/// was set are not drawn, but are in the CSV.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Curve, Figure, ScatterFigure, Series};
///
/// let ke = [1.0, 2.0, 4.0, 8.0];
/// let depth = [0.11, 0.25, 0.47, 0.97];
/// let figure = ScatterFigure::new(
///     Axis::dimensionless("Keyhole number Ke"),
///     Axis::dimensionless("keyhole aspect ratio e*"),
/// )
/// .series(Series::new("Ti-6Al-4V", ke, depth).y_error([0.03; 4]))
/// .curve(Curve::from_fn_extrapolated("law", (1.0, 8.0), (0.5, 10.0), |ke| 0.12 * ke))
/// .note("e* = 0.12 Ke")
/// .note("R² = 0.998");
/// let svg = figure.to_svg()?;
/// assert!(svg.contains("Keyhole number Ke (–)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterFigure {
    x_axis: Axis,
    y_axis: Axis,
    series: Vec<Series>,
    curves: Vec<Curve>,
    contours: Vec<Contours>,
    notes: Vec<String>,
    theme: Theme,
}

impl ScatterFigure {
    /// A figure with two axes and no data yet.
    pub fn new(x_axis: Axis, y_axis: Axis) -> Self {
        Self {
            x_axis,
            y_axis,
            series: Vec::new(),
            curves: Vec::new(),
            contours: Vec::new(),
            notes: Vec::new(),
            theme: Theme::column(),
        }
    }

    /// Adds a group of points.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a curve; it is drawn below the points, and its interval below all curves.
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curves.push(curve);
        self
    }

    /// Adds contour lines; they are drawn below the curves and do not widen the axes, unless there is
    /// nothing else.
    pub fn contours(mut self, contours: Contours) -> Self {
        self.contours.push(contours);
        self
    }

    /// Adds a line to the box of notes, such as the text of a law or its R².
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Size and style; [`Theme::column`] by default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    fn table(&self) -> Result<String> {
        data_table(
            [&self.x_axis, &self.y_axis],
            &self.series,
            &self.curves,
            &self.contours,
        )
    }
}

/// The drawn data of a figure with axes.
pub(crate) fn data_table(
    axes: [&Axis; 2],
    series: &[Series],
    curves: &[Curve],
    contours: &[Contours],
) -> Result<String> {
    let header = ["kind", "name", &axes[0].text(), &axes[1].text()]
        .map(str::to_owned)
        .into_iter()
        .chain(["x_error", "y_error"].map(str::to_owned))
        .collect();
    let mut rows: Vec<Vec<String>> = vec![header];
    let mut add = |kind: &str, name: &str, x: f64, y: f64, errors: [Option<f64>; 2]| {
        let error = |e: Option<f64>| e.map(|v| v.to_string()).unwrap_or_default();
        let row = [
            kind.to_owned(),
            name.to_owned(),
            x.to_string(),
            y.to_string(),
        ];
        rows.push(row.into_iter().chain(errors.map(error)).collect());
    };
    for series in series {
        for (i, (&x, &y)) in series.x().iter().zip(series.y()).enumerate() {
            let (dx, dy) = series.errors(i);
            add("point", series.name(), x, y, [dx, dy]);
        }
    }
    for curve in curves {
        let mut line = |kind: &str, name: &str, values: &[f64]| {
            for (&x, &y) in curve.x().iter().zip(values) {
                add(kind, name, x, y, [None; 2]);
            }
        };
        line("curve", curve.name(), curve.y());
        if let Some((name, lower, upper)) = curve.band() {
            line("lower", name, lower);
            line("upper", name, upper);
        }
    }
    for contours in contours {
        for (level, lines) in contours.lines()? {
            for (number, line) in lines.into_iter().enumerate() {
                let name = format!("{} = {level}, line {}", contours.name(), number + 1);
                for (x, y) in line {
                    add("contour", &name, x, y, [None; 2]);
                }
            }
        }
    }
    csv_text(rows)
}

impl Figure for ScatterFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        self.x_axis.validate()?;
        self.y_axis.validate()?;
        if self.series.is_empty() && self.curves.is_empty() && self.contours.is_empty() {
            return Err(Error::Empty {
                series: "figure".to_owned(),
            });
        }
        for series in &self.series {
            series.validate()?;
            series.check_scale(&self.x_axis, &self.y_axis)?;
        }
        for curve in &self.curves {
            curve.validate()?;
            curve.check_scale(&self.x_axis, &self.y_axis)?;
        }
        for contours in &self.contours {
            contours.validate()?;
            contours.check_scale(&self.x_axis, &self.y_axis)?;
        }
        Ok(())
    }

    fn draw(&self) -> Result<Drawing> {
        self.draw_in(&self.theme)
    }

    fn draw_in(&self, theme: &Theme) -> Result<Drawing> {
        self.validate()?;
        theme.validate()?;
        let mut chart = Chart::new(&self.x_axis, &self.y_axis);
        if self.series.is_empty() && self.curves.is_empty() {
            for contours in &self.contours {
                chart.span(contours.grid());
            }
        }
        chart.curves(&self.curves);
        for contours in &self.contours {
            chart.contours(contours)?;
        }
        for (i, series) in self.series.iter().enumerate() {
            chart.points(Points::of(series, style_of(i)), series.name());
        }
        for note in &self.notes {
            chart.note(note);
        }
        chart.draw(theme, self.table()?)
    }
}
