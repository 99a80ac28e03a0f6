//! Charts as SVG.

use std::fmt::Write as _;

use super::markup::{at, escaped, short};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 52.0;

pub(super) const BLUE: &str = "#0072b2";
pub(super) const ORANGE: &str = "#d55e00";
pub(super) const GREEN: &str = "#009e73";
pub(super) const GRAY: &str = "#8a8a8a";

/// One axis: a range of numbers, linear or logarithmic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    /// A scale that holds all finite values, with some room; logarithmic where that is asked for
    /// and all are positive.
    pub(super) fn holding(values: impl IntoIterator<Item = f64>, logarithmic: bool) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values {
            if v.is_finite() && (!logarithmic || v > 0.0) {
                low = low.min(v);
                high = high.max(v);
            }
        }
        if low > high {
            (low, high) = if logarithmic { (0.1, 1.0) } else { (0.0, 1.0) };
        }
        if logarithmic {
            // Within a decade at least.
            let (l, h) = (libm::log10(low), libm::log10(high));
            let room = (0.06 * (h - l)).max(0.1);
            return Self {
                low: libm::exp10(l - room).max(f64::MIN_POSITIVE),
                high: libm::exp10(h + room).min(1e300),
                logarithmic,
            };
        }
        // Large values are brought where their difference is a number.
        let (low, high) = (low.clamp(-1e300, 1e300), high.clamp(-1e300, 1e300));
        let room = if high > low {
            0.05 * (high - low)
        } else {
            0.5 * high.abs().max(1.0)
        };
        Self {
            low: low - room,
            high: high + room,
            logarithmic,
        }
    }

    /// From 0 to a value above the greatest.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let mut scale = Self::holding(values.into_iter().chain([0.0]), false);
        scale.low = 0.0;
        scale
    }

    /// Place between 0 and 1.
    fn place(self, value: f64) -> f64 {
        if self.logarithmic {
            let (l, h) = (libm::log10(self.low), libm::log10(self.high));
            (libm::log10(value.max(self.low)) - l) / (h - l)
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    fn ticks(self) -> Vec<f64> {
        if self.logarithmic {
            let (l, h) = (libm::log10(self.low), libm::log10(self.high));
            let step = ((h - l) / 6.0).ceil().max(1.0);
            let multiples: &[f64] = if h - l > 3.0 {
                &[1.0]
            } else if h - l > 1.2 {
                &[1.0, 3.0]
            } else {
                &[1.0, 2.0, 3.0, 5.0, 7.0]
            };
            let mut ticks = Vec::new();
            let mut power = l.floor();
            while power <= h {
                for m in multiples {
                    let v = m * libm::exp10(power);
                    if (self.low..=self.high).contains(&v) {
                        ticks.push(v);
                    }
                }
                power += step;
            }
            // Less than a factor of two or three: the even steps of a linear axis are close to even here.
            if ticks.len() > 1 {
                return ticks;
            }
        }
        let raw = (self.high - self.low) / 6.0;
        let unit = libm::exp10(libm::log10(raw).floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|m| m * unit)
            .find(|s| *s >= raw)
            .unwrap_or(raw);
        let mut ticks = Vec::new();
        let mut k = (self.low / step).ceil();
        while k * step <= self.high && ticks.len() < 20 {
            // Without the rounding of a multiple: 0.3, not 0.30000000000000004.
            ticks.push(k * step);
            k += 1.0;
        }
        ticks
    }
}

/// A chart under construction: frame, grid and names of the axes first, then what is drawn in it.
#[derive(Debug)]
pub(super) struct Chart {
    x: Scale,
    y: Scale,
    body: String,
    label: String,
}

impl Chart {
    pub(super) fn new(label: &str, x: Scale, y: Scale, x_name: &str, y_name: &str) -> Self {
        let mut chart = Self {
            x,
            y,
            body: String::new(),
            label: label.to_owned(),
        };
        chart.frame(x_name, y_name);
        chart
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - TOP - BOTTOM)
    }

    fn frame(&mut self, x_name: &str, y_name: &str) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let mut out = String::new();
        for tick in self.x.ticks() {
            let x = at(self.px(tick));
            let _ = write!(
                out,
                "<line x1=\"{x}\" y1=\"{TOP}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#e6e6e6\"/>\
                 <text x=\"{x}\" y=\"{}\" font-size=\"13\" text-anchor=\"middle\">{}</text>",
                at(bottom + 18.0),
                short(tick)
            );
        }
        for tick in self.y.ticks() {
            let y = self.py(tick);
            let _ = write!(
                out,
                "<line x1=\"{LEFT}\" y1=\"{0}\" x2=\"{right}\" y2=\"{0}\" stroke=\"#e6e6e6\"/>\
                 <text x=\"{1}\" y=\"{2}\" font-size=\"13\" text-anchor=\"end\">{3}</text>",
                at(y),
                at(LEFT - 7.0),
                at(y + 4.5),
                short(tick)
            );
        }
        let _ = write!(
            out,
            "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#666\"/>\
             <text x=\"{}\" y=\"{}\" font-size=\"14\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(17 {}) rotate(-90)\" font-size=\"14\" text-anchor=\"middle\">{}</text>",
            at(right - LEFT),
            at(bottom - TOP),
            at(0.5 * (LEFT + right)),
            at(HEIGHT - 12.0),
            escaped(x_name),
            at(0.5 * (TOP + bottom)),
            escaped(y_name)
        );
        self.body.push_str(&out);
    }

    /// A dot with a text that shows under the pointer. Nothing for a point that is not finite.
    pub(super) fn dot(&mut self, x: f64, y: f64, radius: f64, color: &str, title: &str) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        let _ = write!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{color}\" fill-opacity=\"0.85\"><title>{}</title></circle>",
            at(self.px(x)),
            at(self.py(y)),
            at(radius),
            escaped(title)
        );
    }

    /// A ring around a point.
    pub(super) fn ring(&mut self, x: f64, y: f64, radius: f64, color: &str) {
        let _ = write!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\"/>",
            at(self.px(x)),
            at(self.py(y)),
            at(radius)
        );
    }

    /// A line through points, straight or in steps that keep the last height.
    pub(super) fn line(&mut self, points: &[(f64, f64)], color: &str, dashes: &str, steps: bool) {
        let mut path = String::new();
        let mut last: Option<f64> = None;
        for &(x, y) in points
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
        {
            let (px, py) = (self.px(x), self.py(y));
            if let (Some(before), true) = (last, steps) {
                let _ = write!(path, " {},{}", at(px), at(before));
            }
            let _ = write!(path, " {},{}", at(px), at(py));
            last = Some(py);
        }
        let _ = write!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\" stroke-dasharray=\"{dashes}\"/>",
            path.trim_start()
        );
    }

    /// Entries of a legend: marks and what they mean, from the top right down.
    pub(super) fn legend(&mut self, entries: &[(&str, bool, &str)]) {
        for (i, (color, ring, text)) in entries.iter().enumerate() {
            let y = TOP + 20.0 + 20.0 * i as f64;
            let x = WIDTH - RIGHT - 14.0;
            let fill = if *ring {
                format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\"")
            } else {
                format!("fill=\"{color}\"")
            };
            let _ = write!(
                self.body,
                "<circle cx=\"{}\" cy=\"{}\" r=\"5\" {fill}/>\
                 <text x=\"{}\" y=\"{}\" font-size=\"13\" text-anchor=\"end\" stroke=\"#fff\" stroke-width=\"4\" paint-order=\"stroke\">{}</text>",
                at(x),
                at(y - 4.5),
                at(x - 11.0),
                at(y),
                escaped(text)
            );
        }
    }

    pub(super) fn finish(self) -> String {
        svg(WIDTH, HEIGHT, &self.label, &self.body)
    }
}

/// An SVG of a size, with its label for readers that do not see it.
pub(super) fn svg(width: f64, height: f64, label: &str, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" \
         aria-label=\"{2}\" style=\"max-width:100%;height:auto\">{body}</svg>",
        at(width),
        at(height),
        escaped(label)
    )
}

/// Horizontal bars: a name, a value, and the spread about it.
pub(super) fn bars(label: &str, entries: &[(String, f64, f64)]) -> String {
    let width = WIDTH;
    let name_width = 120.0;
    let row = 30.0;
    let largest = entries
        .iter()
        .map(|e| e.1 + e.2)
        .filter(|v| v.is_finite())
        .fold(1e-12, f64::max);
    let scale = (width - name_width - 90.0) / largest;
    let mut body = String::new();
    for (i, (name, value, spread)) in entries.iter().enumerate() {
        let y = 8.0 + row * i as f64;
        let length = if value.is_finite() {
            value.max(0.0) * scale
        } else {
            0.0
        };
        let _ = write!(
            body,
            "<text x=\"{}\" y=\"{}\" font-size=\"14\" text-anchor=\"end\">{}</text>\
             <rect x=\"{name_width}\" y=\"{}\" width=\"{}\" height=\"18\" fill=\"{BLUE}\"/>",
            at(name_width - 8.0),
            at(y + 14.0),
            escaped(name),
            at(y),
            at(length)
        );
        if spread.is_finite() && *spread > 0.0 {
            let (low, high) = ((value - spread).max(0.0) * scale, (value + spread) * scale);
            let _ = write!(
                body,
                "<line x1=\"{}\" y1=\"{2}\" x2=\"{}\" y2=\"{2}\" stroke=\"#222\" stroke-width=\"1.5\"/>",
                at(name_width + low),
                at(name_width + high),
                at(y + 9.0)
            );
        }
        let end = if spread.is_finite() {
            (value + spread).max(0.0) * scale
        } else {
            length
        };
        let _ = write!(
            body,
            "<text x=\"{}\" y=\"{}\" font-size=\"13\">{}</text>",
            at(name_width + end.max(length) + 8.0),
            at(y + 14.0),
            short(*value)
        );
    }
    svg(width, 16.0 + row * entries.len() as f64, label, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_ticks_however_short_it_is() {
        for (low, high) in [
            (0.0405, 0.0406),
            (1.9, 2.1),
            (0.5, 3e4),
            (1e-9, 1e9),
            (7.0, 7.0),
            (1e-300, 3e-300),
        ] {
            for logarithmic in [false, true] {
                let scale = Scale::holding([low, high], logarithmic);
                let ticks = scale.ticks();
                assert!(ticks.len() > 1, "{low} to {high}: {ticks:?}");
                assert!(ticks.windows(2).all(|t| t[0] < t[1]), "{ticks:?}");
                let inside = |t: &f64| (scale.low..=scale.high).contains(t);
                assert!(ticks.iter().all(inside), "{ticks:?}");
            }
        }
    }
}
