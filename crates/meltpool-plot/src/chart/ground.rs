//! What lies below curves and points: an image with its color bar, and contour lines with their levels.

use kuva::render::render::TextAnchor;

use super::{Chart, Layer, Sample, dashed};
use crate::colorbar::ColorBar;
use crate::drawing::Drawing;
use crate::frame::Frame;
use crate::raster::Raster;
use crate::shape::{self, Occupied, Rect};
use crate::text::{self, CAP, signed};
use crate::{Color, Contours, Grid, Nodes, Result, Theme};

/// Pixels below everything else.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// From the lower left corner to the upper right one.
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From the top row down.
    pub(crate) pixels: Vec<[u8; 3]>,
    pub(crate) bar: ColorBar,
}

/// The lines of one level.
#[derive(Debug, Clone)]
pub(super) struct Level {
    /// The number that stands on the longest line, or nothing.
    text: String,
    color: Color,
    dashed: bool,
    lines: Vec<Vec<(f64, f64)>>,
}

impl Chart {
    /// Contour lines above the areas and below everything else; they do not widen the axes.
    pub(crate) fn contours(&mut self, contours: &Contours) -> Result<()> {
        let (color, dashed) = (contours.ink(), contours.is_dashed());
        if !contours.name().is_empty() {
            let sample = Sample::Line(color, dashed);
            self.legend.push((sample, contours.name().to_owned()));
        }
        for (level, lines) in contours.lines()? {
            let text = if contours.is_labeled() {
                signed(&level.to_string())
            } else {
                String::new()
            };
            self.levels.push(Level {
                text,
                color,
                dashed,
                lines,
            });
        }
        Ok(())
    }

    /// Lets the axes reach as far as a grid.
    pub(crate) fn span(&mut self, grid: &Grid) {
        let (x, y) = (grid.x(), grid.y());
        let last = |nodes: &Nodes| nodes.at(nodes.n_nodes().saturating_sub(1));
        self.layers.push(Layer::Area {
            corners: vec![(x.first(), y.first()), (last(x), last(y))],
            color: Color::WHITE,
            ranging: true,
        });
    }

    /// Where the numbers of the contour lines stand: on the line, clear of points and of each other,
    /// and of the lines of other levels as far as it goes. The lines are then occupied as well.
    pub(super) fn place_numbers(
        &self,
        frame: &Frame,
        theme: &Theme,
        occupied: &mut Occupied,
    ) -> Vec<(Rect, String)> {
        const STEP: f64 = 4.0;
        let size = theme.text();
        let room = frame.area.grown(-2.0);
        let mut points = self.occupied_by_points(frame, theme);
        let on_page: Vec<Vec<Vec<(f64, f64)>>> = self
            .levels
            .iter()
            .map(|level| {
                let lines = level.lines.iter();
                lines.flat_map(|line| cut_on_page(line, frame)).collect()
            })
            .collect();
        let squares: Vec<Occupied> = on_page
            .iter()
            .map(|pieces| {
                let mut lines = Occupied::default();
                for piece in pieces {
                    lines.add_line(piece);
                }
                lines
            })
            .collect();
        let mut numbers = Vec::new();
        for (k, (level, pieces)) in self.levels.iter().zip(&on_page).enumerate() {
            let width = text::width(&level.text, size) + 3.0;
            let height = CAP * f64::from(size) + 3.0;
            let longest = pieces
                .iter()
                .map(|piece| (shape::length(piece), piece))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((length, piece)) = longest.filter(|l| l.0 > 1.5 * width) else {
                continue;
            };
            if level.text.is_empty() {
                continue;
            }
            let steps = (length / STEP) as usize;
            let best = (0..=steps)
                .map(|i| (i as f64 * STEP, shape::point_along(piece, i as f64 * STEP)))
                .map(|(s, (x, y))| {
                    (
                        s,
                        Rect::at(x - 0.5 * width, y - 0.5 * height, width, height),
                    )
                })
                .filter(|(_, rect)| {
                    let corners = [(rect.left, rect.top), (rect.right, rect.bottom)];
                    corners.into_iter().all(|c| room.holds(c)) && points.is_free(rect)
                })
                .map(|(s, rect)| {
                    let others = squares.iter().enumerate().filter(|(other, _)| *other != k);
                    let hits: usize = others.map(|(_, lines)| lines.hits(&rect)).sum();
                    (hits, (s - 0.5 * length).abs(), rect)
                })
                .min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            if let Some((_, _, rect)) = best {
                points.add(rect.grown(2.0));
                occupied.add(rect);
                numbers.push((rect, level.text.clone()));
            }
        }
        for piece in on_page.iter().flatten() {
            occupied.add_line(piece);
        }
        numbers
    }

    pub(super) fn draw_field(&self, frame: &Frame, drawing: &mut Drawing) {
        if let Some(field) = &self.field {
            let (left, bottom) = frame.point((field.x.0, field.y.0));
            let (right, top) = frame.point((field.x.1, field.y.1));
            let place = Rect {
                left,
                top,
                right,
                bottom,
            };
            let pixels = field.pixels.clone();
            drawing.add_raster(Raster::new(place, field.rows, field.columns, pixels).ground());
        }
    }

    pub(super) fn draw_levels(
        &self,
        frame: &Frame,
        theme: &Theme,
        numbers: &[(Rect, String)],
        drawing: &mut Drawing,
    ) {
        for level in &self.levels {
            let lines = level.lines.iter();
            let pieces: Vec<Vec<(f64, f64)>> =
                lines.flat_map(|line| cut_on_page(line, frame)).collect();
            let pieces = if level.dashed {
                dashed(&pieces)
            } else {
                pieces
            };
            drawing.extend(shape::stroke(&pieces, level.color, 0.7 * theme.line()));
        }
        for (place, number) in numbers {
            drawing.add(place.filled(Color::WHITE, None));
            let base = (0.5 * (place.left + place.right), place.bottom - 1.5);
            drawing.add(text::label(
                number,
                base,
                theme.text(),
                TextAnchor::Middle,
                Color::BLACK,
            ));
        }
    }
}

pub(super) fn cut_on_page(line: &[(f64, f64)], frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    let points: Vec<(f64, f64)> = line.iter().map(|&p| frame.point(p)).collect();
    shape::cut_line(&frame.area, &points)
}
