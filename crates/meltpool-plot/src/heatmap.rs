//! A quantity over two others, as colors.

use crate::chart::{Chart, Field, Points};
use crate::colorbar::ColorBar;
use crate::drawing::{Drawing, csv_text};
use crate::palette::style_of;
use crate::scatter::data_table;
use crate::{Axis, Colormap, Contours, Curve, Error, Figure, Grid, Nodes, Result, Series, Theme};

/// The ground of the figure, where the quantity has no value.
const BLANK: [u8; 3] = [255; 3];

/// The values of a [`Grid`] as colors, with a color bar, and contour lines, laws and points on it.
///
/// Each node is the middle of a rectangle of its color; a NaN stays white, so a map that ends in
/// white ([`Colormap::Gray`]) is for grids without. Values beyond the range of the value axis take
/// the first or the last color. The axes show the rectangles without margin.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Contours, Figure, Grid, HeatmapFigure, Nodes};
///
/// let power = Nodes::linear(100.0, 500.0, 40);
/// let speed = Nodes::logarithmic(0.1, 3.0, 30);
/// let grid = Grid::from_fn(power, speed, |p, v| p / v);
/// let figure = HeatmapFigure::new(
///     grid.clone(),
///     Axis::new("laser power", "W"),
///     Axis::new("scan speed", "m/s").log(),
///     Axis::new("energy of a meter of track", "J").log(),
/// )
/// .contours(Contours::new("", grid, [100.0, 300.0, 1000.0]));
/// assert!(figure.to_svg()?.contains("energy of a meter of track (J)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HeatmapFigure {
    grid: Grid,
    x_axis: Axis,
    y_axis: Axis,
    value_axis: Axis,
    colormap: Colormap,
    series: Vec<Series>,
    curves: Vec<Curve>,
    contours: Vec<Contours>,
    notes: Vec<String>,
    theme: Theme,
}

impl HeatmapFigure {
    /// A grid whose nodes stand in equal steps on the axes: [`Nodes::logarithmic`] on a logarithmic
    /// axis, else [`Nodes::linear`].
    ///
    /// The value axis labels the color bar; its scale says whether colors go by differences or by
    /// ratios, its range which values are the first and the last color: by default the least and
    /// the greatest.
    pub fn new(grid: Grid, x_axis: Axis, y_axis: Axis, value_axis: Axis) -> Self {
        Self {
            grid,
            x_axis,
            y_axis,
            value_axis,
            colormap: Colormap::Cividis,
            series: Vec::new(),
            curves: Vec::new(),
            contours: Vec::new(),
            notes: Vec::new(),
            theme: Theme::column(),
        }
    }

    /// The colors; [`Colormap::Cividis`] by default.
    pub fn colormap(mut self, colormap: Colormap) -> Self {
        self.colormap = colormap;
        self
    }

    /// Adds a group of points.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a curve; it is drawn below the points.
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curves.push(curve);
        self
    }

    /// Adds contour lines, of this quantity or of another; they are drawn below the curves.
    pub fn contours(mut self, contours: Contours) -> Self {
        self.contours.push(contours);
        self
    }

    /// Adds a line to the box of notes.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Size and style; [`Theme::column`] by default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// The values of the first and the last color; one value gets a window around it.
    fn window(&self) -> (f64, f64) {
        let (low, high) = self
            .value_axis
            .fixed_range()
            .unwrap_or(self.grid.extremes());
        if low < high {
            (low, high)
        } else if self.value_axis.is_log() {
            (low / 2.0, low * 2.0)
        } else {
            let half = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
            (low - half, low + half)
        }
    }

    fn pixels(&self, bar: &ColorBar) -> Vec<[u8; 3]> {
        let colors = self.colormap.table();
        let rows = self.grid.values().rows().into_iter().rev();
        rows.flat_map(|row| row.to_vec())
            .map(|value| {
                let share = bar.share(value);
                if share.is_nan() {
                    BLANK
                } else {
                    colors[(share.clamp(0.0, 1.0) * 255.0).round() as usize]
                }
            })
            .collect()
    }

    /// The values below their positions, as many columns as nodes along x.
    fn grid_table(&self) -> Result<String> {
        let (x, y) = (self.grid.x(), self.grid.y());
        let mut header = vec![format!("{} \\ {}", self.y_axis.text(), self.x_axis.text())];
        header.extend((0..x.n_nodes()).map(|i| x.at(i).to_string()));
        let mut rows = vec![header];
        for (j, values) in self.grid.values().rows().into_iter().enumerate() {
            let mut cells = vec![y.at(j).to_string()];
            let write = |v: &f64| {
                if v.is_nan() {
                    String::new()
                } else {
                    v.to_string()
                }
            };
            cells.extend(values.iter().map(write));
            rows.push(cells);
        }
        csv_text(rows)
    }
}

impl Figure for HeatmapFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        for axis in [&self.x_axis, &self.y_axis, &self.value_axis] {
            axis.validate()?;
        }
        self.grid.validate()?;
        for (axis, nodes) in [(&self.x_axis, self.grid.x()), (&self.y_axis, self.grid.y())] {
            if axis.is_log() != nodes.is_log() {
                return Err(Error::InvalidParameter {
                    name: "nodes",
                    requirement: "in equal ratios on a logarithmic axis, in equal steps on a linear one",
                    found: format!("{nodes:?} on {:?}", axis.text()),
                });
            }
            // Half a step beyond the ends, the outer rectangles must still be numbers.
            let (first, last) = nodes.reach();
            axis.clone().range(first, last).validate()?;
        }
        if self.value_axis.is_log() && self.grid.extremes().0 <= 0.0 {
            return Err(Error::InvalidParameter {
                name: "grid",
                requirement: "of positive values on a logarithmic value axis",
                found: self.grid.extremes().0.to_string(),
            });
        }
        let (low, high) = self.window();
        self.value_axis
            .clone()
            .range(low, high)
            .shown_range(low, high)?;
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
        let shown = |axis: &Axis, nodes: &Nodes| match axis.fixed_range() {
            Some(_) => axis.clone(),
            None => axis.clone().range(nodes.reach().0, nodes.reach().1),
        };
        let x_axis = shown(&self.x_axis, self.grid.x());
        let y_axis = shown(&self.y_axis, self.grid.y());
        let bar = ColorBar {
            axis: self.value_axis.clone(),
            window: self.window(),
            colormap: self.colormap,
        };
        let mut chart = Chart::new(&x_axis, &y_axis);
        chart.field(Field {
            x: self.grid.x().reach(),
            y: self.grid.y().reach(),
            rows: self.grid.y().n_nodes(),
            columns: self.grid.x().n_nodes(),
            pixels: self.pixels(&bar),
            bar,
        });
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
        let mut drawing = chart.draw(theme, self.grid_table()?)?;
        if !(self.series.is_empty() && self.curves.is_empty() && self.contours.is_empty()) {
            let axes = [&self.x_axis, &self.y_axis];
            let lines = data_table(axes, &self.series, &self.curves, &self.contours)?;
            drawing.add_named_table("lines", lines);
        }
        Ok(drawing)
    }
}
