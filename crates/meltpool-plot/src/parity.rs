//! Predicted against measured values.

use crate::chart::{Chart, Line, Points};
use crate::drawing::{Drawing, csv_text};
use crate::palette::style_of;
use crate::{Axis, Color, Error, Figure, Result, Series, Theme};

/// The gray of the band: light enough to read points on it.
const BAND: Color = Color::rgb(225, 225, 225);

/// How far a prediction may be off to lie in the band.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Band {
    /// Off by so much, in the unit of the axes.
    Absolute(f64),
    /// Off by this fraction of the measured value, below 1: 0.1 is ±10 %.
    Relative(f64),
}

/// Predicted against measured values by group, with the line of equality and a band around it.
///
/// Both axes show the same quantity over the same range, as wide as high.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Band, Figure, ParityFigure, Series};
///
/// let figure = ParityFigure::new(Axis::new("keyhole depth", "µm"))
///     .series(Series::new("Al6061", [100.0, 210.0, 330.0], [110.0, 200.0, 320.0]))
///     .band(Band::Relative(0.1))
///     .note("R² = 0.98");
/// assert!(figure.to_svg()?.contains("predicted keyhole depth (µm)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ParityFigure {
    axis: Axis,
    series: Vec<Series>,
    band: Option<Band>,
    notes: Vec<String>,
    theme: Theme,
}

impl ParityFigure {
    /// A figure of one quantity; `measured` and `predicted` are put before its label.
    pub fn new(axis: Axis) -> Self {
        Self {
            axis,
            series: Vec::new(),
            band: None,
            notes: Vec::new(),
            theme: Theme::column().height_mm(89.0),
        }
    }

    /// Adds a group: x is measured, y is predicted.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The band around the line of equality; none by default.
    pub fn band(mut self, band: Band) -> Self {
        self.band = Some(band);
        self
    }

    /// Adds a line to the box of notes.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Size and style; by default [`Theme::column`], 89 mm high.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    fn table(&self) -> Result<String> {
        let header = [
            "name".to_owned(),
            self.axis.relabeled("measured").text(),
            self.axis.relabeled("predicted").text(),
            "x_error".to_owned(),
            "y_error".to_owned(),
        ];
        let mut rows = vec![header.to_vec()];
        let error = |e: Option<f64>| e.map(|v| v.to_string()).unwrap_or_default();
        for series in &self.series {
            for (i, (x, y)) in series.x().iter().zip(series.y()).enumerate() {
                let (dx, dy) = series.errors(i);
                rows.push(vec![
                    series.name().to_owned(),
                    x.to_string(),
                    y.to_string(),
                    error(dx),
                    error(dy),
                ]);
            }
        }
        csv_text(rows)
    }
}

impl Figure for ParityFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        self.axis.validate()?;
        if self.series.is_empty() {
            return Err(Error::Empty {
                series: "figure".to_owned(),
            });
        }
        for series in &self.series {
            series.validate()?;
            series.check_scale(&self.axis, &self.axis)?;
        }
        let (name, requirement, value, good) = match self.band {
            None => return Ok(()),
            Some(Band::Absolute(d)) => ("band", "positive and finite", d, d > 0.0 && d.is_finite()),
            Some(Band::Relative(r)) => ("band", "above 0 and below 1", r, r > 0.0 && r < 1.0),
        };
        if good {
            Ok(())
        } else {
            Err(Error::InvalidParameter {
                name,
                requirement,
                found: value.to_string(),
            })
        }
    }

    fn draw(&self) -> Result<Drawing> {
        self.draw_in(&self.theme)
    }

    fn draw_in(&self, theme: &Theme) -> Result<Drawing> {
        self.validate()?;
        theme.validate()?;
        let measured = self.axis.relabeled("measured");
        let predicted = self.axis.relabeled("predicted");
        // The common range of both axes, from the points alone.
        let mut data = Chart::new(&measured, &predicted);
        for (i, series) in self.series.iter().enumerate() {
            data.points(Points::of(series, style_of(i)), series.name());
        }
        let [x, y] = data.ranges()?;
        let (first, last) = (x.0.min(y.0), x.1.max(y.1));
        let mut chart = Chart::new(&measured.range(first, last), &predicted.range(first, last));
        chart.square();
        if let Some(band) = self.band {
            let unit = self.axis.unit_text();
            let (low, high, name) = match band {
                Band::Absolute(d) => {
                    let name = format!("±{d}{unit}");
                    (shift(-d), shift(d), name)
                }
                Band::Relative(r) => (
                    scale(1.0 - r),
                    scale(1.0 + r),
                    format!("±{} %", (r * 1e6).round() / 1e4),
                ),
            };
            chart.area(band_corners((first, last), &low, &high), BAND, &name, false);
        }
        let equality = Line {
            points: vec![(first, first), (last, last)],
            color: Color::BLACK,
            dashed: false,
            ranging: false,
        };
        chart.line(equality, "1:1");
        for (i, series) in self.series.iter().enumerate() {
            chart.points(Points::of(series, style_of(i)), series.name());
        }
        for note in &self.notes {
            chart.note(note);
        }
        chart.draw(theme, self.table()?)
    }
}

fn shift(by: f64) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |v| v + by)
}

/// A fraction of the magnitude, so that the band also surrounds negative values.
fn scale(by: f64) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |v| v + (by - 1.0) * v.abs())
}

/// The outline of the band, sampled, since it is bent on logarithmic axes and at zero.
fn band_corners(
    (first, last): (f64, f64),
    low: &dyn Fn(f64) -> f64,
    high: &dyn Fn(f64) -> f64,
) -> Vec<(f64, f64)> {
    const PIECES: i32 = 200;
    let at = |i: i32| {
        let t = f64::from(i) / f64::from(PIECES);
        if first > 0.0 {
            first * (last / first).powf(t)
        } else {
            first + t * (last - first)
        }
    };
    let lower = (0..=PIECES).map(|i| (at(i), low(at(i))));
    let upper = (0..=PIECES).rev().map(|i| (at(i), high(at(i))));
    lower.chain(upper).collect()
}
