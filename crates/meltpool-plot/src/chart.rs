//! Points and lines on a pair of axes, with legend and notes: the common ground of the kinds
//! that have axes.

mod ground;

use kuva::render::render::{Primitive, TextAnchor};

pub(crate) use ground::Field;
use ground::{Level, cut_on_page};

use crate::drawing::Drawing;
use crate::frame::{Frame, Plan, check_width, widen_log};
use crate::shape::{self, Occupied, Rect};
use crate::text::{self, CAP, LINE};
use crate::{Axis, Color, Curve, Marker, Result, Series, Theme};

/// Length of the sample in front of a legend entry.
const SAMPLE: f64 = 18.0;
/// Room inside a box around text.
const PAD: f64 = 4.0;
/// Edge of filled data points, and of boxes.
const EDGE_GRAY: Color = Color::rgb(160, 160, 160);
/// The line between a point and its label.
const TIE_GRAY: Color = Color::rgb(90, 90, 90);

/// What a legend entry shows in front of its text.
#[derive(Debug, Clone)]
enum Sample {
    Point(Marker, Color),
    Line(Color, bool),
    Area(Color),
}

/// Points of one look.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    pub(crate) at: Vec<(f64, f64)>,
    /// Half lengths of the error bars along x and y; empty or one a point.
    pub(crate) errors: Vec<(Option<f64>, Option<f64>)>,
    pub(crate) marker: Marker,
    pub(crate) color: Color,
    /// As a multiple of the size of the theme.
    pub(crate) size: f64,
    /// Whether the points have a dark edge.
    pub(crate) edged: bool,
}

impl Points {
    pub(crate) fn of(series: &Series, default: (Color, Marker)) -> Self {
        let (color, marker) = series.style(default);
        let n = series.x().len();
        Self {
            at: pairs(series.x(), series.y()),
            errors: (0..n).map(|i| series.errors(i)).collect(),
            marker,
            color,
            size: 1.0,
            edged: true,
        }
    }
}

/// A line of one look.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) color: Color,
    pub(crate) dashed: bool,
    /// Whether the axes reach as far as the line.
    pub(crate) ranging: bool,
}

#[derive(Debug, Clone)]
enum Layer {
    Points(Points),
    Line(Line),
    Area {
        corners: Vec<(f64, f64)>,
        color: Color,
        /// Whether the axes reach as far as the area.
        ranging: bool,
    },
}

/// A point with a label beside it.
#[derive(Debug, Clone)]
struct Callout {
    at: (f64, f64),
    text: String,
}

/// Layers, legend and notes, in the order in which they are drawn.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    x_axis: Axis,
    y_axis: Axis,
    field: Option<Field>,
    layers: Vec<Layer>,
    levels: Vec<Level>,
    legend: Vec<(Sample, String)>,
    callouts: Vec<Callout>,
    notes: Vec<String>,
    square: bool,
}

pub(crate) fn pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

impl Chart {
    pub(crate) fn new(x_axis: &Axis, y_axis: &Axis) -> Self {
        Self {
            x_axis: x_axis.clone(),
            y_axis: y_axis.clone(),
            field: None,
            layers: Vec::new(),
            levels: Vec::new(),
            legend: Vec::new(),
            callouts: Vec::new(),
            notes: Vec::new(),
            square: false,
        }
    }

    pub(crate) fn square(&mut self) {
        self.square = true;
    }

    pub(crate) fn points(&mut self, points: Points, name: &str) {
        if !name.is_empty() {
            let sample = Sample::Point(points.marker, points.color);
            self.legend.push((sample, name.to_owned()));
        }
        self.layers.push(Layer::Points(points));
    }

    pub(crate) fn line(&mut self, line: Line, name: &str) {
        if !name.is_empty() {
            let sample = Sample::Line(line.color, line.dashed);
            self.legend.push((sample, name.to_owned()));
        }
        self.layers.push(Layer::Line(line));
    }

    /// A polygon below all lines and points.
    pub(crate) fn area(
        &mut self,
        corners: Vec<(f64, f64)>,
        color: Color,
        name: &str,
        ranging: bool,
    ) {
        if !name.is_empty() {
            self.legend.push((Sample::Area(color), name.to_owned()));
        }
        self.layers.push(Layer::Area {
            corners,
            color,
            ranging,
        });
    }

    /// Laws, each with its interval below all of them.
    pub(crate) fn curves(&mut self, curves: &[Curve]) {
        for curve in curves {
            if let Some((name, lower, upper)) = curve.band() {
                let mut corners = pairs(curve.x(), lower);
                corners.extend(pairs(curve.x(), upper).into_iter().rev());
                self.area(corners, curve.ink().tint(0.82), name, true);
            }
        }
        for curve in curves {
            let mut name = curve.name();
            // A piece inside the fitted range, where there is one, stands for the curve.
            let pieces = curve.pieces();
            let solid = pieces.iter().any(|p| !p.1);
            for (points, dashed) in pieces {
                let shown = if dashed && solid {
                    ""
                } else {
                    std::mem::take(&mut name)
                };
                let line = Line {
                    points,
                    color: curve.ink(),
                    dashed,
                    ranging: true,
                };
                self.line(line, shown);
            }
        }
    }

    /// The image below everything, with its color bar.
    pub(crate) fn field(&mut self, field: Field) {
        self.field = Some(field);
    }

    pub(crate) fn callout(&mut self, at: (f64, f64), text: &str) {
        self.callouts.push(Callout {
            at,
            text: text.to_owned(),
        });
    }

    pub(crate) fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// The ranges of both axes.
    pub(crate) fn ranges(&self) -> Result<[(f64, f64); 2]> {
        let mut x = (f64::INFINITY, f64::NEG_INFINITY);
        let mut y = x;
        let take = |range: &mut (f64, f64), axis: &Axis, value: f64| {
            if value.is_finite() && (!axis.is_log() || value > 0.0) {
                *range = (range.0.min(value), range.1.max(value));
            }
        };
        for layer in &self.layers {
            match layer {
                Layer::Points(points) => {
                    for (i, &(px, py)) in points.at.iter().enumerate() {
                        let (dx, dy) = points.errors.get(i).copied().unwrap_or_default();
                        for sign in [-1.0, 1.0] {
                            take(&mut x, &self.x_axis, px + sign * dx.unwrap_or(0.0));
                            take(&mut y, &self.y_axis, py + sign * dy.unwrap_or(0.0));
                        }
                    }
                }
                Layer::Line(Line {
                    points,
                    ranging: true,
                    ..
                })
                | Layer::Area {
                    corners: points,
                    ranging: true,
                    ..
                } => {
                    for &(px, py) in points {
                        take(&mut x, &self.x_axis, px);
                        take(&mut y, &self.y_axis, py);
                    }
                }
                _ => {}
            }
        }
        let shown = |axis: &Axis, (low, high): (f64, f64)| {
            let range = axis.shown_range(low, high)?;
            Ok(if axis.is_log() && axis.fixed_range().is_none() {
                widen_log(range)
            } else {
                range
            })
        };
        Ok([shown(&self.x_axis, x)?, shown(&self.y_axis, y)?])
    }

    pub(crate) fn draw(&self, theme: &Theme, table: String) -> Result<Drawing> {
        let [x_range, y_range] = self.ranges()?;
        let mut plan = Plan {
            theme,
            x_axis: &self.x_axis,
            y_axis: &self.y_axis,
            x_range,
            y_range,
            head: 0.0,
            beside: 0.0,
            square: self.square,
        };
        if let Some(Field { bar, .. }) = &self.field {
            let height = theme.height_pt();
            check_width(&bar.axis.text(), theme.text(), height - 2.0 * PAD)?;
            plan.beside = bar.room(theme, height);
        }
        let size = theme.text();
        let page = theme.width_pt() - 2.0 * PAD;
        let entry = |text: &str| SAMPLE + PAD + text::width(text, size);
        for (_, name) in &self.legend {
            check_width(name, size, page - SAMPLE - PAD)?;
        }
        for text in self
            .notes
            .iter()
            .chain(self.callouts.iter().map(|c| &c.text))
        {
            check_width(text, size, page - 2.0 * PAD)?;
        }
        // Legend and notes go where they cover no data; what finds no room goes above the frame,
        // and the frame then gets smaller, so that the search starts again.
        let (mut legend_above, mut notes_above) = (false, false);
        loop {
            let rows = if legend_above {
                self.legend_rows(page, &entry)
            } else {
                Vec::new()
            };
            let head_lines = rows.len() + if notes_above { self.notes.len() } else { 0 };
            plan.head = head_lines as f64 * LINE * f64::from(size);
            let frame = Frame::new(&plan)?;
            let mut occupied = self.occupied(&frame, theme);
            let numbers = self.place_numbers(&frame, theme, &mut occupied);
            let callouts = self.place_callouts(&frame, theme, &mut occupied);
            let mut place = |texts: &[&str], lead: f64| {
                let widest = texts
                    .iter()
                    .map(|t| text::width(t, size))
                    .fold(0.0, f64::max);
                let width = widest + lead + 2.0 * PAD;
                let height = texts.len() as f64 * LINE * f64::from(size) + 2.0 * PAD - 2.0;
                let place = occupied.place(&frame.area, width, height)?;
                occupied.add(place);
                Some(place)
            };
            let names: Vec<&str> = self.legend.iter().map(|(_, n)| n.as_str()).collect();
            let mut legend = None;
            if !names.is_empty() && !legend_above {
                legend = place(&names, SAMPLE + PAD);
                if legend.is_none() {
                    legend_above = true;
                    continue;
                }
            }
            let lines: Vec<&str> = self.notes.iter().map(String::as_str).collect();
            let mut notes = None;
            if !lines.is_empty() && !notes_above {
                notes = place(&lines, 0.0);
                if notes.is_none() {
                    notes_above = true;
                    continue;
                }
            }
            let (mut labels, mut ties) = (Vec::new(), Vec::new());
            for (callout, place) in self.callouts.iter().zip(callouts) {
                let point = frame.point(callout.at);
                let near = place.grown(1.5).nearest(point);
                // A label that stands off its point is tied to it.
                if place.distance(point) > 3.5 * theme.marker_radius() {
                    let tie = vec![vec![point, near]];
                    ties.extend(shape::stroke(&tie, TIE_GRAY, 0.7));
                }
                let base = (place.left, place.top + CAP * f64::from(size));
                let label = text::label(&callout.text, base, size, TextAnchor::Start, Color::BLACK);
                labels.push(label);
            }
            let mut drawing = Drawing::new(theme);
            self.draw_layers(&frame, theme, ties, &numbers, &mut drawing);
            drawing.extend(frame.draw(&plan));
            if let Some(field) = &self.field {
                field.bar.draw(theme, &frame.area, &mut drawing);
            }
            drawing.extend(labels);
            self.draw_boxes(&mut drawing, theme, legend, notes);
            self.draw_head(&mut drawing, theme, &rows, notes_above, &entry);
            drawing.add_table(table);
            return Ok(drawing);
        }
    }

    /// Legend and notes inside the frame.
    fn draw_boxes(
        &self,
        drawing: &mut Drawing,
        theme: &Theme,
        legend: Option<Rect>,
        notes: Option<Rect>,
    ) {
        let size = theme.text();
        if let Some(place) = legend {
            drawing.add(place.filled(Color::WHITE, Some((EDGE_GRAY, 0.5))));
            for (i, (sample, name)) in self.legend.iter().enumerate() {
                let at = (place.left + PAD, base_line(&place, i, size));
                draw_entry(drawing, theme, sample, name, at);
            }
        }
        if let Some(place) = notes {
            drawing.add(place.filled(Color::WHITE, Some((EDGE_GRAY, 0.5))));
            for (i, line) in self.notes.iter().enumerate() {
                let at = (place.left + PAD, base_line(&place, i, size));
                drawing.add(text::label(line, at, size, TextAnchor::Start, Color::BLACK));
            }
        }
    }

    /// Legend entries in rows that fit the page, as indices.
    fn legend_rows(&self, page: f64, entry: &impl Fn(&str) -> f64) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut used = f64::INFINITY;
        for (i, (_, name)) in self.legend.iter().enumerate() {
            let width = entry(name);
            if used + width > page {
                rows.push(Vec::new());
                used = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push(i);
            }
            used += width + 2.0 * PAD;
        }
        rows
    }

    fn draw_head(
        &self,
        drawing: &mut Drawing,
        theme: &Theme,
        rows: &[Vec<usize>],
        notes: bool,
        entry: &impl Fn(&str) -> f64,
    ) {
        let size = theme.text();
        let mut base = PAD + CAP * f64::from(size);
        for row in rows {
            let mut x = PAD;
            for &i in row {
                let (sample, name) = &self.legend[i];
                draw_entry(drawing, theme, sample, name, (x, base));
                x += entry(name) + 2.0 * PAD;
            }
            base += LINE * f64::from(size);
        }
        if notes {
            for line in &self.notes {
                let at = (PAD, base);
                drawing.add(text::label(line, at, size, TextAnchor::Start, Color::BLACK));
                base += LINE * f64::from(size);
            }
        }
    }

    /// The room of points and lines; a field takes all that it covers.
    fn occupied(&self, frame: &Frame, theme: &Theme) -> Occupied {
        let mut occupied = self.occupied_by_points(frame, theme);
        if let Some(field) = &self.field {
            let (left, bottom) = frame.point_on_frame(field.x.0, field.y.0);
            let (right, top) = frame.point_on_frame(field.x.1, field.y.1);
            occupied.add(Rect {
                left,
                top,
                right,
                bottom,
            });
        }
        occupied
    }

    fn occupied_by_points(&self, frame: &Frame, theme: &Theme) -> Occupied {
        let mut occupied = Occupied::default();
        for layer in &self.layers {
            match layer {
                Layer::Points(points) => {
                    let radius = 1.3 * points.size * theme.marker_radius() + 1.0;
                    for (i, &at) in points.at.iter().enumerate() {
                        let (x, y) = frame.point(at);
                        if frame.area.holds((x, y)) {
                            occupied.add(Rect::around(x, y, radius));
                            for bar in error_bars(points, i, frame) {
                                occupied.add_line(&bar);
                            }
                        }
                    }
                }
                Layer::Line(line) => {
                    for piece in line_on_page(line, frame) {
                        occupied.add_line(&piece);
                    }
                }
                Layer::Area { .. } => {}
            }
        }
        occupied
    }

    /// Where the labels of single points go: as near to their point as they cover nothing.
    fn place_callouts(&self, frame: &Frame, theme: &Theme, occupied: &mut Occupied) -> Vec<Rect> {
        const STEPS: usize = 40;
        let size = theme.text();
        let height = CAP * f64::from(size);
        let mut places = Vec::new();
        for callout in &self.callouts {
            let point = frame.point(callout.at);
            let width = text::width(&callout.text, size);
            let room = frame.area.grown(-3.0);
            let least = 2.2 * theme.marker_radius();
            let mut best: Option<(usize, f64, Rect)> = None;
            for j in 0..=STEPS {
                for i in 0..=STEPS {
                    let x = room.left + (room.width() - width) * i as f64 / STEPS as f64;
                    let y = room.top + (room.height() - height) * j as f64 / STEPS as f64;
                    let rect = Rect::at(x, y, width, height);
                    let distance = rect.distance(point);
                    // Points may be covered where there is no room, another label or its point never.
                    let points = self.callouts.iter().map(|c| frame.point(c.at));
                    let marked = points.filter(|p| rect.distance(*p) < least).count();
                    let labels = places
                        .iter()
                        .filter(|p: &&Rect| p.overlaps(&rect.grown(3.0)));
                    let hits = occupied.hits(&rect.grown(1.5)) + 10_000 * (marked + labels.count());
                    let better = best
                        .as_ref()
                        .is_none_or(|b| hits < b.0 || (hits == b.0 && distance < b.1));
                    if better {
                        best = Some((hits, distance, rect));
                    }
                }
            }
            let place = best.map_or_else(|| Rect::at(room.left, room.top, width, height), |b| b.2);
            occupied.add(place.grown(1.5));
            occupied.add_line(&[point, place.nearest(point)]);
            places.push(place);
        }
        places
    }

    /// `ties` lie above lines and areas and below the points of single labels.
    fn draw_layers(
        &self,
        frame: &Frame,
        theme: &Theme,
        ties: Vec<Primitive>,
        numbers: &[(Rect, String)],
        drawing: &mut Drawing,
    ) {
        drawing.start_clip(&frame.area);
        self.draw_field(frame, drawing);
        for layer in &self.layers {
            if let Layer::Area { corners, color, .. } = layer {
                let corners: Vec<(f64, f64)> = corners
                    .iter()
                    .map(|&(x, y)| frame.point_near_frame(x, y))
                    .collect();
                drawing.add(shape::polygon(&corners, *color, None, None));
            }
        }
        self.draw_levels(frame, theme, numbers, drawing);
        let labeled = self.layers.len().saturating_sub(self.callouts.len());
        let mut ties = Some(ties);
        for (i, layer) in self.layers.iter().enumerate() {
            if i == labeled {
                drawing.extend(ties.take().unwrap_or_default());
            }
            match layer {
                Layer::Area { .. } => {}
                Layer::Line(line) => {
                    let mut pieces = line_on_page(line, frame);
                    if line.dashed {
                        pieces = dashed(&pieces);
                    }
                    drawing.extend(shape::stroke(&pieces, line.color, theme.line()));
                }
                Layer::Points(points) => draw_points(points, frame, theme, drawing),
            }
        }
        drawing.end_clip();
    }
}

fn base_line(place: &Rect, row: usize, size: u32) -> f64 {
    let em = f64::from(size);
    place.top + PAD - 1.0 + (row as f64 * LINE + 0.5 * (LINE + CAP)) * em
}

fn draw_entry(drawing: &mut Drawing, theme: &Theme, sample: &Sample, name: &str, at: (f64, f64)) {
    let size = theme.text();
    let (x, base) = at;
    let middle = base - 0.5 * CAP * f64::from(size);
    match sample {
        Sample::Point(marker, color) => {
            let center = (x + 0.5 * SAMPLE, middle);
            let edge = point_edge(*color);
            let radius = theme.marker_radius();
            drawing.add(shape::marker(*marker, center, radius, *color, edge));
        }
        Sample::Line(color, dashed) => {
            // A line that is made for a dark ground is shown on one.
            if color.contrast(Color::WHITE) < 1.5 {
                let place = Rect::at(x - 1.0, middle - 4.0, SAMPLE + 2.0, 8.0);
                drawing.add(place.filled(Color::DARK_GRAY, None));
            }
            let line = [(x, middle), (x + SAMPLE, middle)];
            let pieces = if *dashed {
                shape::dashes(&line, 4.5, 3.0)
            } else {
                vec![line.to_vec()]
            };
            drawing.extend(shape::stroke(&pieces, *color, theme.line()));
        }
        Sample::Area(color) => {
            let place = Rect::at(x, middle - 3.5, SAMPLE, 7.0);
            drawing.add(place.filled(*color, None));
        }
    }
    let at = (x + SAMPLE + PAD, base);
    drawing.add(text::label(name, at, size, TextAnchor::Start, Color::BLACK));
}

/// Points that are context have no edge.
fn point_edge(color: Color) -> Option<(Color, f64)> {
    (color != Color::LIGHT_GRAY).then_some((Color::BLACK, 0.4))
}

fn line_on_page(line: &Line, frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    cut_on_page(&line.points, frame)
}

fn dashed(pieces: &[Vec<(f64, f64)>]) -> Vec<Vec<(f64, f64)>> {
    let dashes = pieces.iter().map(|piece| shape::dashes(piece, 4.5, 3.0));
    dashes.flatten().collect()
}

/// The error bars of one point on the page.
fn error_bars(points: &Points, index: usize, frame: &Frame) -> Vec<[(f64, f64); 2]> {
    let (x, y) = points.at[index];
    let (dx, dy) = points.errors.get(index).copied().unwrap_or_default();
    let mut bars = Vec::new();
    if let Some(d) = dx {
        bars.push([
            frame.point_on_frame(x - d, y),
            frame.point_on_frame(x + d, y),
        ]);
    }
    if let Some(d) = dy {
        bars.push([
            frame.point_on_frame(x, y - d),
            frame.point_on_frame(x, y + d),
        ]);
    }
    bars
}

fn draw_points(points: &Points, frame: &Frame, theme: &Theme, drawing: &mut Drawing) {
    let radius = points.size * theme.marker_radius();
    let seen: Vec<usize> = (0..points.at.len())
        .filter(|&i| frame.area.holds(frame.point(points.at[i])))
        .collect();
    let mut bars = Vec::new();
    for &i in &seen {
        for [a, b] in error_bars(points, i, frame) {
            bars.push(vec![a, b]);
            // Caps stand across the bar.
            let (cx, cy) = if (a.1 - b.1).abs() < f64::EPSILON {
                (0.0, 2.0)
            } else {
                (2.0, 0.0)
            };
            for (x, y) in [a, b] {
                bars.push(vec![(x - cx, y - cy), (x + cx, y + cy)]);
            }
        }
    }
    drawing.extend(shape::stroke(&bars, points.color, 0.8));
    let edge = if points.edged {
        point_edge(points.color)
    } else {
        None
    };
    for &i in &seen {
        let at = frame.point(points.at[i]);
        drawing.add(shape::marker(points.marker, at, radius, points.color, edge));
    }
}
