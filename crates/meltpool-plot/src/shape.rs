//! Rectangles, the cutting of lines, and the search for free room.

use std::fmt::Write;

use kuva::render::render::{PathData, Primitive};

use crate::{Color, Marker};

/// A rectangle in points, y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    pub(crate) fn at(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self {
            left: x,
            top: y,
            right: x + width,
            bottom: y + height,
        }
    }

    pub(crate) fn around(x: f64, y: f64, radius: f64) -> Self {
        Self::at(x - radius, y - radius, 2.0 * radius, 2.0 * radius)
    }

    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(crate) fn holds(&self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The point of the rectangle that is nearest to another point.
    pub(crate) fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            x.max(self.left).min(self.right),
            y.max(self.top).min(self.bottom),
        )
    }

    /// Distance of a point from the rectangle; zero inside.
    pub(crate) fn distance(&self, point: (f64, f64)) -> f64 {
        let (x, y) = self.nearest(point);
        (x - point.0).hypot(y - point.1)
    }

    pub(crate) fn grown(&self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    pub(crate) fn filled(&self, fill: Color, edge: Option<(Color, f64)>) -> Primitive {
        Primitive::Rect {
            x: self.left,
            y: self.top,
            width: self.width(),
            height: self.height(),
            fill: fill.ink(),
            stroke: edge.map(|e| e.0.ink()),
            stroke_width: edge.map(|e| e.1),
            opacity: None,
        }
    }
}

/// The part of a segment inside a rectangle (Liang and Barsky, ACM Trans. Graph. 3, 1 (1984),
/// doi 10.1145/357332.357333).
pub(crate) fn cut(
    rect: &Rect,
    (x0, y0): (f64, f64),
    (x1, y1): (f64, f64),
) -> Option<[(f64, f64); 2]> {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (p, q) in [
        (-dx, x0 - rect.left),
        (dx, rect.right - x0),
        (-dy, y0 - rect.top),
        (dy, rect.bottom - y0),
    ] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            enter = enter.max(q / p);
        } else {
            leave = leave.min(q / p);
        }
    }
    if enter > leave || !(dx.is_finite() && dy.is_finite()) {
        return None;
    }
    let at = |t: f64| (x0 + t * dx, y0 + t * dy);
    // The ends themselves are kept exact, so that pieces join.
    let start = if enter > 0.0 { at(enter) } else { (x0, y0) };
    let end = if leave < 1.0 { at(leave) } else { (x1, y1) };
    Some([start, end])
}

/// The parts of a line inside a rectangle.
pub(crate) fn cut_line(rect: &Rect, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in points.windows(2) {
        if let Some([start, end]) = cut(rect, pair[0], pair[1]) {
            match lines.last_mut() {
                Some(line) if line.last() == Some(&start) => line.push(end),
                _ => lines.push(vec![start, end]),
            }
        }
    }
    lines
}

/// Length of a line.
pub(crate) fn length(points: &[(f64, f64)]) -> f64 {
    let step = |w: &[(f64, f64)]| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1);
    points.windows(2).map(step).sum()
}

/// The point at a distance along a line, or its last one.
pub(crate) fn point_along(points: &[(f64, f64)], mut distance: f64) -> (f64, f64) {
    for w in points.windows(2) {
        let (dx, dy) = (w[1].0 - w[0].0, w[1].1 - w[0].1);
        let step = dx.hypot(dy);
        if distance <= step && step > 0.0 {
            let t = distance / step;
            return (w[0].0 + t * dx, w[0].1 + t * dy);
        }
        distance -= step;
    }
    points.last().copied().unwrap_or_default()
}

/// A line cut into dashes; the pattern runs on around corners.
pub(crate) fn dashes(points: &[(f64, f64)], dash: f64, gap: f64) -> Vec<Vec<(f64, f64)>> {
    let mut lines = Vec::new();
    let mut line: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let (mut drawn, mut left) = (true, dash);
    for pair in points.windows(2) {
        let ((mut x, mut y), (x1, y1)) = (pair[0], pair[1]);
        loop {
            let length = (x1 - x).hypot(y1 - y);
            if length <= left {
                left -= length;
                if drawn {
                    line.push((x1, y1));
                }
                break;
            }
            let t = left / length;
            (x, y) = (x + t * (x1 - x), y + t * (y1 - y));
            if drawn {
                line.push((x, y));
                lines.push(std::mem::take(&mut line));
            } else {
                line = vec![(x, y)];
            }
            drawn = !drawn;
            left = if drawn { dash } else { gap };
        }
    }
    if drawn && line.len() > 1 {
        lines.push(line);
    }
    lines
}

/// Several open lines as one path.
pub(crate) fn stroke(lines: &[Vec<(f64, f64)>], color: Color, width: f64) -> Option<Primitive> {
    if lines.is_empty() {
        return None;
    }
    let mut d = String::new();
    for line in lines {
        write_line(&mut d, line);
    }
    Some(Primitive::Path(Box::new(PathData {
        d,
        fill: None,
        stroke: color.ink(),
        stroke_width: width,
        opacity: None,
        stroke_dasharray: None,
    })))
}

/// A closed polygon.
pub(crate) fn polygon(
    points: &[(f64, f64)],
    fill: Color,
    opacity: Option<f64>,
    edge: Option<(Color, f64)>,
) -> Primitive {
    let mut d = String::new();
    write_line(&mut d, points);
    d.push_str(" Z");
    Primitive::Path(Box::new(PathData {
        d,
        fill: Some(fill.ink()),
        stroke: edge.map_or(kuva::render::color::Color::None, |e| e.0.ink()),
        stroke_width: edge.map_or(0.0, |e| e.1),
        opacity,
        stroke_dasharray: None,
    }))
}

fn write_line(d: &mut String, points: &[(f64, f64)]) {
    for (i, &(x, y)) in points.iter().enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        let space = if d.is_empty() { "" } else { " " };
        // Writing to a string does not fail.
        let _ = write!(d, "{space}{command}{x:.2} {y:.2}");
    }
}

/// A data point.
pub(crate) fn marker(
    marker: Marker,
    (x, y): (f64, f64),
    radius: f64,
    fill: Color,
    edge: Option<(Color, f64)>,
) -> Primitive {
    let corners = marker.corners();
    if corners.is_empty() {
        return Primitive::Circle {
            cx: x,
            cy: y,
            r: radius,
            fill: fill.ink(),
            fill_opacity: None,
            stroke: edge.map(|e| e.0.ink()),
            stroke_width: edge.map(|e| e.1),
        };
    }
    let points: Vec<(f64, f64)> = corners
        .into_iter()
        .map(|(dx, dy)| (x + radius * dx, y + radius * dy))
        .collect();
    polygon(&points, fill, None, edge)
}

/// What is drawn already, so that labels can keep clear of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Occupied(Vec<Rect>);

impl Occupied {
    pub(crate) fn add(&mut self, rect: Rect) {
        self.0.push(rect);
    }

    /// Adds a line as a chain of small squares.
    pub(crate) fn add_line(&mut self, points: &[(f64, f64)]) {
        const STEP: f64 = 3.0;
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let n = ((x1 - x0).hypot(y1 - y0) / STEP).ceil().max(1.0) as usize;
            for i in 0..=n {
                let t = i as f64 / n as f64;
                self.add(Rect::around(x0 + t * (x1 - x0), y0 + t * (y1 - y0), 1.5));
            }
        }
    }

    pub(crate) fn is_free(&self, rect: &Rect) -> bool {
        !self.0.iter().any(|r| r.overlaps(rect))
    }

    pub(crate) fn hits(&self, rect: &Rect) -> usize {
        self.0.iter().filter(|r| r.overlaps(rect)).count()
    }

    /// A free place for a box of this size: the corners first, then the edges, then anywhere.
    pub(crate) fn place(&self, inside: &Rect, width: f64, height: f64) -> Option<Rect> {
        const STEPS: usize = 12;
        let room = inside.grown(-4.0);
        let (free_x, free_y) = (room.width() - width, room.height() - height);
        if free_x < 0.0 || free_y < 0.0 {
            return None;
        }
        let mut spots: Vec<(usize, usize)> = (0..=STEPS)
            .flat_map(|j| (0..=STEPS).map(move |i| (i, j)))
            .collect();
        let off_edge = |k: usize| k.min(STEPS - k);
        spots.sort_by_key(|&(i, j)| {
            (
                off_edge(i) + off_edge(j),
                off_edge(i).min(off_edge(j)),
                j,
                i,
            )
        });
        spots
            .into_iter()
            .map(|(i, j)| {
                let x = room.left + free_x * i as f64 / STEPS as f64;
                let y = room.top + free_y * j as f64 / STEPS as f64;
                Rect::at(x, y, width, height)
            })
            .find(|rect| self.is_free(rect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Rect = Rect {
        left: 0.0,
        top: 0.0,
        right: 1.0,
        bottom: 1.0,
    };

    #[test]
    fn cuts_segments_at_the_edges() {
        assert_eq!(
            cut(&UNIT, (-1.0, 0.5), (2.0, 0.5)),
            Some([(0.0, 0.5), (1.0, 0.5)])
        );
        assert_eq!(
            cut(&UNIT, (0.2, 0.3), (0.4, 0.5)),
            Some([(0.2, 0.3), (0.4, 0.5)])
        );
        assert_eq!(cut(&UNIT, (-1.0, 2.0), (2.0, 2.0)), None);
        assert_eq!(cut(&UNIT, (-1.0, 0.5), (-0.5, 0.5)), None);
        assert_eq!(cut(&UNIT, (f64::NEG_INFINITY, 0.5), (2.0, 0.5)), None);
    }

    #[test]
    fn joins_the_parts_of_a_line_that_stay_inside() {
        let lines = cut_line(&UNIT, &[(0.1, 0.1), (0.5, 0.5), (2.0, 0.5), (0.5, 0.6)]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], [(0.1, 0.1), (0.5, 0.5), (1.0, 0.5)]);
    }

    #[test]
    fn dashes_cover_their_share_of_the_line() {
        let lines = dashes(&[(0.0, 0.0), (3.5, 0.0), (10.0, 0.0)], 2.0, 1.0);
        let ends: Vec<(f64, f64)> = lines.iter().map(|l| (l[0].0, l[l.len() - 1].0)).collect();
        assert_eq!(ends, [(0.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 10.0)]);
    }

    #[test]
    fn finds_the_free_corner_or_none() {
        let frame = Rect::at(0.0, 0.0, 100.0, 100.0);
        let mut occupied = Occupied::default();
        assert_eq!(
            occupied.place(&frame, 20.0, 10.0),
            Some(Rect::at(4.0, 4.0, 20.0, 10.0))
        );
        occupied.add(Rect::at(0.0, 0.0, 10.0, 10.0));
        let place = occupied.place(&frame, 20.0, 10.0).unwrap();
        assert!((place.right - 96.0).abs() < 1e-9 && (place.top - 4.0).abs() < 1e-9);
        occupied.add(frame);
        assert_eq!(occupied.place(&frame, 20.0, 10.0), None);
    }
}
