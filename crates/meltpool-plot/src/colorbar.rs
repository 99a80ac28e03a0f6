//! The strip that says which color stands for which value.

use kuva::render::render::{Primitive, TextAnchor};

use crate::colormap::Colormap;
use crate::drawing::Drawing;
use crate::raster::Raster;
use crate::shape::Rect;
use crate::text::{self, CAP, DESCENT};
use crate::ticks::Ticks;
use crate::{Axis, Color, Theme};

const GAP: f64 = 8.0;
const STRIP: f64 = 10.0;
const TICK: f64 = 3.0;
/// Least room between the label and the edge of the figure.
const EDGE: f64 = 3.0;

/// A color bar right of an image.
#[derive(Debug, Clone)]
pub(crate) struct ColorBar {
    pub(crate) axis: Axis,
    /// The values of the first and the last color.
    pub(crate) window: (f64, f64),
    pub(crate) colormap: Colormap,
}

impl ColorBar {
    /// Where a value lies between the first color (0) and the last (1).
    pub(crate) fn share(&self, value: f64) -> f64 {
        let (low, high) = self.window;
        if self.axis.is_log() {
            (value / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        }
    }

    fn ticks(&self, height: f64, em: f64) -> Ticks {
        let wanted = ((height / (2.6 * em)).round() as usize).clamp(2, 6);
        if self.axis.is_log() {
            Ticks::logarithmic(self.window, wanted)
        } else {
            Ticks::linear(self.window, wanted)
        }
    }

    fn widest(ticks: &Ticks, size: u32) -> f64 {
        let widths = ticks.labels.iter().map(|(_, t)| text::width(t, size));
        widths.fold(0.0, f64::max)
    }

    /// The room that it takes beside an image of at most this height.
    pub(crate) fn room(&self, theme: &Theme, height: f64) -> f64 {
        let em = f64::from(theme.text());
        // Ticks depend on the height of the image, that on the width of their labels: the ticks
        // of the highest image decide on the room.
        let widest_at = |height| Self::widest(&self.ticks(height, em), theme.text());
        let widest = widest_at(height).max(widest_at(0.0));
        GAP + STRIP + 2.0 * TICK + widest + 4.0 + em
    }

    /// Draws it right of an image.
    pub(crate) fn draw(&self, theme: &Theme, image: &Rect, drawing: &mut Drawing) {
        let size = theme.text();
        let em = f64::from(size);
        let strip = Rect::at(image.right + GAP, image.top, STRIP, image.height());
        let outline = strip.grown(0.5 * theme.axis_line());
        drawing.add(outline.filled(Color::WHITE, Some((Color::BLACK, theme.axis_line()))));
        let mut colors = self.colormap.table();
        colors.reverse();
        drawing.add_raster(Raster::new(strip, colors.len(), 1, colors));
        let ticks = self.ticks(image.height(), em);
        for (value, name) in &ticks.labels {
            let t = self.share(value / 10f64.powi(ticks.shift));
            if name.is_empty() || !(-1e-9..=1.0 + 1e-9).contains(&t) {
                continue;
            }
            let y = strip.bottom - t * strip.height();
            drawing.add(Primitive::Line {
                x1: strip.right,
                y1: y,
                x2: strip.right + TICK,
                y2: y,
                stroke: Color::BLACK.ink(),
                stroke_width: theme.axis_line(),
                stroke_dasharray: None,
            });
            let at = (strip.right + 2.0 * TICK, y + 0.5 * CAP * em);
            drawing.add(text::label(name, at, size, TextAnchor::Start, Color::BLACK));
        }
        let label = self.axis.text();
        let half = 0.5 * text::width(&label, size) + EDGE;
        let at = (
            strip.right + 2.0 * TICK + Self::widest(&ticks, size) + 4.0 + (1.0 - DESCENT) * em,
            (0.5 * (image.top + image.bottom))
                .min(theme.height_pt() - half)
                .max(half),
        );
        drawing.add(text::upright(&label, at, size));
    }
}
