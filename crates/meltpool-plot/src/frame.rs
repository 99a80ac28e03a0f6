//! The rectangle that data are drawn in, its axes, and the way from values to points.

use std::sync::Arc;

use kuva::render::axis::add_axes_and_grid;
use kuva::render::layout::{AxisLabelOverlap, ComputedLayout, Layout, TickFormat};
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::shape::Rect;
use crate::text::{self, DESCENT};
use crate::ticks::Ticks;
use crate::{Axis, Color, Error, Result, Theme};

/// Length of a tick, and from its end to its label.
const TICK: f64 = 3.5;
const TICK_TO_LABEL: f64 = 3.0;
/// Least room between anything and the edge of the figure.
const EDGE: f64 = 3.0;
/// Least width and height that is left for data.
const LEAST: f64 = 36.0;

/// From values to points along one axis.
#[derive(Debug, Clone, Copy)]
struct Map {
    log: bool,
    first: f64,
    last: f64,
    /// Points of the first and last value.
    ends: (f64, f64),
}

impl Map {
    fn at(&self, value: f64) -> f64 {
        let f = |v: f64| if self.log { v.log10() } else { v };
        let t = (f(value) - f(self.first)) / (f(self.last) - f(self.first));
        self.ends.0 + t * (self.ends.1 - self.ends.0)
    }
}

/// What a frame is made for.
#[derive(Debug, Clone)]
pub(crate) struct Plan<'a> {
    pub(crate) theme: &'a Theme,
    pub(crate) x_axis: &'a Axis,
    pub(crate) y_axis: &'a Axis,
    pub(crate) x_range: (f64, f64),
    pub(crate) y_range: (f64, f64),
    /// Room above the frame for a legend.
    pub(crate) head: f64,
    /// Room right of the frame for a color bar.
    pub(crate) beside: f64,
    /// As wide as high.
    pub(crate) square: bool,
}

/// Axes with their place on the page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) area: Rect,
    x: Map,
    y: Map,
    x_ticks: Ticks,
    y_ticks: Ticks,
    /// How many ticks kuva is asked for along x and y.
    wanted: (usize, usize),
}

impl Frame {
    pub(crate) fn new(plan: &Plan<'_>) -> Result<Self> {
        let theme = plan.theme;
        let size = theme.text();
        let em = f64::from(size);
        let (page_width, page_height) = (theme.width_pt(), theme.height_pt());
        let (x_text, y_text) = (plan.x_axis.text(), plan.y_axis.text());
        check_width(&x_text, size, page_width - 2.0 * EDGE)?;
        check_width(&y_text, size, page_height - 2.0 * EDGE)?;

        let mut area = Rect {
            left: 0.0,
            top: EDGE + 0.5 * em + plan.head,
            right: page_width - EDGE - plan.beside,
            bottom: page_height - (EDGE + em + 3.0 + 1.2 * em + TICK),
        };
        let mut wanted_y = wanted_ticks(area.height() / (2.6 * em));
        if plan.square {
            // Both axes show the same ticks.
            wanted_y = wanted_y.min(wanted_ticks(area.width() / (5.0 * em)));
        }
        let y_ticks = ticks(plan.y_axis, plan.y_range, wanted_y);
        let widest = y_ticks
            .labels
            .iter()
            .map(|(_, label)| text::width(label, size))
            .fold(0.0, f64::max);
        area.left = EDGE + em + 4.0 + widest + TICK_TO_LABEL + TICK;
        if plan.square {
            let side = area.width().min(area.height());
            area.left += 0.5 * (area.width() - side);
            area.right = area.left + side;
            area.top += 0.5 * (area.height() - side);
            area.bottom = area.top + side;
        }
        let mut wanted_x = if plan.square {
            wanted_y
        } else {
            wanted_ticks(area.width() / (5.0 * em))
        };
        let map = Map {
            log: plan.x_axis.is_log(),
            first: plan.x_range.0,
            last: plan.x_range.1,
            ends: (area.left, area.right),
        };
        let mut x_ticks = ticks(plan.x_axis, plan.x_range, wanted_x);
        let crowded = |ticks: &Ticks| {
            let place = |v: f64| map.at(v / 10f64.powi(ticks.shift));
            ticks.is_crowded(0.6 * em, place, |label| text::width(label, size))
        };
        if crowded(&x_ticks) && !(map.log && x_ticks.keep_decades()) {
            while crowded(&x_ticks) && wanted_x > 2 {
                wanted_x -= 1;
                x_ticks = ticks(plan.x_axis, plan.x_range, wanted_x);
            }
        }
        // The last label may stand out at the right.
        let reach = x_ticks
            .labels
            .iter()
            .map(|(v, label)| {
                map.at(v / 10f64.powi(x_ticks.shift)) + 0.5 * text::width(label, size)
            })
            .fold(0.0, f64::max);
        let over = reach - (page_width - EDGE);
        if over > 0.0 {
            area.right -= over;
        }
        if !(area.width() >= LEAST && area.height() >= LEAST) {
            return Err(Error::FigureTooSmall {
                width_mm: text::mm(area.width()),
                height_mm: text::mm(area.height()),
                minimum_mm: text::mm(LEAST),
            });
        }
        for (axis, ticks) in [(plan.x_axis, &x_ticks), (plan.y_axis, &y_ticks)] {
            let named = ticks.labels.iter().filter(|t| !t.1.is_empty()).count();
            if axis.is_log() && axis.fixed_range().is_some() && named < 2 {
                return Err(Error::InvalidParameter {
                    name: "range",
                    requirement: "wide enough on a logarithmic axis to hold two of 1, 2, 5, 10, …",
                    found: format!("{:?}", axis.fixed_range()),
                });
            }
        }
        Ok(Self {
            area,
            x: Map {
                ends: (area.left, area.right),
                ..map
            },
            y: Map {
                log: plan.y_axis.is_log(),
                first: plan.y_range.0,
                last: plan.y_range.1,
                ends: (area.bottom, area.top),
            },
            x_ticks,
            y_ticks,
            wanted: (wanted_x, wanted_y),
        })
    }

    /// The point of a pair of values; logarithms of numbers that are not positive lie at minus
    /// infinity.
    pub(crate) fn point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// As [`Frame::point`], moved onto the frame where it lies outside: for error bars, which
    /// may reach zero on a logarithmic axis.
    pub(crate) fn point_on_frame(&self, x: f64, y: f64) -> (f64, f64) {
        let positive = |map: &Map, v: f64| {
            if map.log && v <= 0.0 { map.first } else { v }
        };
        let (px, py) = self.point((positive(&self.x, x), positive(&self.y, y)));
        (
            px.clamp(self.area.left, self.area.right),
            py.clamp(self.area.top, self.area.bottom),
        )
    }

    /// As [`Frame::point`], kept within a few times the size of the frame: for areas, which may
    /// reach far beyond it and are cut when drawn.
    pub(crate) fn point_near_frame(&self, x: f64, y: f64) -> (f64, f64) {
        let (px, py) = self.point((x, y));
        let near = |p: f64, first: f64, last: f64, otherwise: f64| {
            let room = 3.0 * (last - first);
            if p.is_nan() {
                otherwise
            } else {
                p.clamp(first - room, last + room)
            }
        };
        // The logarithm of a negative number lies below and left of everything.
        let area = &self.area;
        (
            near(px, area.left, area.right, area.left - 3.0 * area.width()),
            near(py, area.top, area.bottom, area.bottom + 3.0 * area.height()),
        )
    }

    /// Axes, ticks and labels.
    pub(crate) fn draw(&self, plan: &Plan<'_>) -> Vec<Primitive> {
        let theme = plan.theme;
        let (width, height) = (theme.width_pt(), theme.height_pt());
        let size = theme.text();
        let em = f64::from(size);
        let area = &self.area;
        let shifted = |(first, last): (f64, f64), shift: i32| {
            let scale = 10f64.powi(shift);
            (first * scale, last * scale)
        };
        let x_range = shifted(plan.x_range, self.x_ticks.shift);
        let y_range = shifted(plan.y_range, self.y_ticks.shift);
        let format = |ticks: &Ticks| {
            let ticks = ticks.clone();
            TickFormat::Custom(Arc::new(move |v| ticks.text(v)))
        };
        let mut layout = Layout::new(x_range, y_range)
            .with_width(width)
            .with_height(height)
            .with_force_margins(area.left, width - area.right)
            .with_force_margins_y(area.top, height - area.bottom)
            .with_x_axis_min(x_range.0)
            .with_x_axis_max(x_range.1)
            .with_y_axis_min(y_range.0)
            .with_y_axis_max(y_range.1)
            .with_x_tick_format(format(&self.x_ticks))
            .with_y_tick_format(format(&self.y_ticks))
            .with_x_label_overlap(AxisLabelOverlap::Thin)
            .with_tick_size(size)
            .with_tick_length(TICK)
            .with_tick_width(theme.axis_line())
            .with_axis_line_width(theme.axis_line())
            .with_show_grid(false)
            .with_box_axes();
        // Names stand at whole numbers.
        if !plan.x_axis.names().is_empty() {
            layout = layout.with_x_tick_step(1.0);
        }
        if !plan.y_axis.names().is_empty() {
            layout = layout.with_y_tick_step(1.0);
        }
        layout.log_x = plan.x_axis.is_log();
        layout.log_y = plan.y_axis.is_log();
        let mut computed = ComputedLayout::from_layout(&layout);
        (computed.x_ticks, computed.y_ticks) = self.wanted;
        let mut scene = Scene::new(width, height);
        add_axes_and_grid(&mut scene, &computed, &layout);
        let mut elements = scene.elements;
        // An empty label is one that was thinned out.
        elements.retain(|e| !matches!(e, Primitive::Text { content, .. } if content.is_empty()));
        let mut line = |x1: f64, y1: f64, x2: f64, y2: f64| {
            elements.push(Primitive::Line {
                x1,
                y1,
                x2,
                y2,
                stroke: Color::BLACK.ink(),
                stroke_width: theme.axis_line(),
                stroke_dasharray: None,
            });
        };
        for &value in &self.x_ticks.minor {
            let x = self.x.at(value);
            line(x, area.bottom, x, area.bottom + 0.6 * TICK);
        }
        for &value in &self.y_ticks.minor {
            let y = self.y.at(value);
            line(area.left - 0.6 * TICK, y, area.left, y);
        }
        let center = (
            0.5 * (area.left + area.right),
            0.5 * (area.top + area.bottom),
        );
        // Labels are centered on their axis, moved as far as the page asks.
        let half_x = 0.5 * text::width(&plan.x_axis.text(), size) + EDGE;
        let half_y = 0.5 * text::width(&plan.y_axis.text(), size) + EDGE;
        let x_text_bottom = area.bottom + TICK + 1.2 * em + 3.0 + em;
        elements.push(text::label(
            &plan.x_axis.text(),
            (
                center.0.min(width - half_x).max(half_x),
                x_text_bottom - DESCENT * em,
            ),
            size,
            TextAnchor::Middle,
            Color::BLACK,
        ));
        let widest = self
            .y_ticks
            .labels
            .iter()
            .map(|(_, label)| text::width(label, size))
            .fold(0.0, f64::max);
        let y_text_right = area.left - TICK - TICK_TO_LABEL - widest - 4.0;
        elements.push(text::upright(
            &plan.y_axis.text(),
            (
                y_text_right - DESCENT * em,
                center.1.min(height - half_y).max(half_y),
            ),
            size,
        ));
        elements
    }
}

fn wanted_ticks(room: f64) -> usize {
    (room.round() as usize).clamp(2, 8)
}

fn ticks(axis: &Axis, range: (f64, f64), wanted: usize) -> Ticks {
    if !axis.names().is_empty() {
        Ticks::named(range, axis.names())
    } else if axis.is_log() {
        Ticks::logarithmic(range, wanted)
    } else {
        Ticks::linear(range, wanted)
    }
}

/// Refuses a text that is longer than its room.
pub(crate) fn check_width(text: &str, size: u32, available: f64) -> Result<()> {
    let needed = text::width(text, size);
    if needed <= available {
        Ok(())
    } else {
        Err(Error::TextTooLong {
            text: text.to_owned(),
            needed_mm: text::mm(needed),
            available_mm: text::mm(available),
        })
    }
}

/// Widens an automatic logarithmic range until it holds two ticks of the 1, 2, 5 pattern.
pub(crate) fn widen_log((mut first, mut last): (f64, f64)) -> (f64, f64) {
    let named = |first: f64, last: f64| {
        Ticks::logarithmic((first, last), 8)
            .labels
            .iter()
            .filter(|t| !t.1.is_empty())
            .count()
    };
    for _ in 0..8 {
        if named(first, last) >= 2 {
            break;
        }
        first /= 1.3;
        last *= 1.3;
    }
    (first, last)
}
