//! Where ticks stand and what they say.

use kuva::render::render_utils::{generate_ticks, generate_ticks_log};

use crate::text::{signed, superscript};

/// The ticks of one axis: positions as kuva is given them, and labels.
///
/// A logarithmic axis is handed to kuva multiplied by $10^{\text{shift}}$, since kuva clamps
/// logarithmic values below $10^{-10}$.
#[derive(Debug, Clone)]
pub(crate) struct Ticks {
    pub(crate) labels: Vec<(f64, String)>,
    pub(crate) shift: i32,
    pub(crate) minor: Vec<f64>,
}

impl Ticks {
    pub(crate) fn linear((first, last): (f64, f64), wanted: usize) -> Self {
        let values = generate_ticks(first, last, wanted);
        let texts = linear_labels(&values);
        Self {
            labels: values.into_iter().zip(texts).collect(),
            shift: 0,
            minor: Vec::new(),
        }
    }

    /// Names at 0, 1, 2, … as far as the range shows them.
    pub(crate) fn named((first, last): (f64, f64), names: &[String]) -> Self {
        let values = (0..names.len()).map(|i| i as f64);
        Self {
            labels: values
                .zip(names.iter().cloned())
                .filter(|(v, _)| (first..=last).contains(v))
                .collect(),
            shift: 0,
            minor: Vec::new(),
        }
    }

    /// Ticks at the decades, and at 2 and 5 times them where three decades or fewer show;
    /// labels at no more than `wanted` decades.
    pub(crate) fn logarithmic((first, last): (f64, f64), wanted: usize) -> Self {
        let shift = (-first.log10().floor()).max(0.0) as i32;
        let scale = 10f64.powi(shift);
        let values = generate_ticks_log(first * scale, last * scale);
        let plain = first >= 0.999e-3 && last <= 1.001e5;
        let split: Vec<(i32, i32)> = values.iter().map(|&v| split_decade(v, shift)).collect();
        let decades = split.iter().filter(|s| s.0 == 1).count();
        let every = decades.div_ceil(wanted.max(2)).max(1) as i32;
        let labels = values
            .iter()
            .zip(&split)
            .map(|(&value, &(digit, exponent))| {
                let text = if exponent.rem_euclid(every) != 0 {
                    String::new()
                } else if plain {
                    let places = usize::try_from(-exponent).unwrap_or(0);
                    format!("{:.places$}", f64::from(digit) * 10f64.powi(exponent))
                } else if digit == 1 {
                    format!("10{}", superscript(exponent))
                } else {
                    format!("{digit}×10{}", superscript(exponent))
                };
                (value, text)
            })
            .collect();
        let (low, high) = (first.log10().floor() as i32, last.log10().ceil() as i32);
        let minor = (low..=high)
            .filter(|_| high - low <= 12)
            .flat_map(|e| (2..10).map(move |d| f64::from(d) * 10f64.powi(e)))
            .filter(|v| (first..=last).contains(v))
            .collect();
        Self {
            labels,
            shift,
            minor,
        }
    }

    /// Whether labels side by side come nearer than `gap` to each other; `place` gives the center
    /// of a value and `width` the width of a label.
    pub(crate) fn is_crowded(
        &self,
        gap: f64,
        place: impl Fn(f64) -> f64,
        width: impl Fn(&str) -> f64,
    ) -> bool {
        let spans: Vec<(f64, f64)> = self
            .labels
            .iter()
            .filter(|(_, label)| !label.is_empty())
            .map(|(value, label)| (place(*value), 0.5 * width(label)))
            .collect();
        spans
            .windows(2)
            .any(|w| w[1].0 - w[1].1 < w[0].0 + w[0].1 + gap)
    }

    /// Takes the labels of a logarithmic axis away at 2 and 5 times the decades, if two decades
    /// keep theirs. Says whether it did.
    pub(crate) fn keep_decades(&mut self) -> bool {
        let at_decade = |value: f64| split_decade(value, 0).0 == 1;
        let named = self
            .labels
            .iter()
            .filter(|(v, t)| at_decade(*v) && !t.is_empty())
            .count();
        if named < 2 {
            return false;
        }
        for (value, text) in &mut self.labels {
            if !at_decade(*value) {
                text.clear();
            }
        }
        true
    }

    /// The label of the tick that kuva asks for.
    pub(crate) fn text(&self, value: f64) -> String {
        self.labels
            .iter()
            .min_by(|a, b| (a.0 - value).abs().total_cmp(&(b.0 - value).abs()))
            .map(|(_, text)| text.clone())
            .unwrap_or_default()
    }
}

/// Leading digit and decade of a tick that was multiplied by `10^shift`.
fn split_decade(value: f64, shift: i32) -> (i32, i32) {
    let exponent = (value.log10() + 1e-9).floor() as i32;
    let digit = (value / 10f64.powi(exponent)).round() as i32;
    (digit, exponent - shift)
}

/// Labels with as many places as the ticks need, all the same; powers of ten for very large and
/// very small numbers.
pub(crate) fn linear_labels(values: &[f64]) -> Vec<String> {
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let step = match values {
        [a, b, ..] => (b - a).abs(),
        _ => largest,
    };
    let places_for = |scale: f64| {
        (0..=9usize).find(|&p| {
            let unit = 10f64.powi(p as i32);
            let exact = |v: &f64| {
                let scaled = v / scale * unit;
                (scaled - scaled.round()).abs() <= 1e-6 * step / scale * unit
            };
            values.iter().all(exact)
        })
    };
    if largest > 0.0 && !(1e-2..1e5).contains(&largest) {
        let exponent = (largest.log10() + 1e-9).floor() as i32;
        let scale = 10f64.powi(exponent);
        let places = places_for(scale).unwrap_or(9);
        let write = |&v: &f64| {
            if v == 0.0 {
                "0".to_owned()
            } else {
                let mantissa = signed(&format!("{:.places$}", v / scale));
                format!("{mantissa}×10{}", superscript(exponent))
            }
        };
        return values.iter().map(write).collect();
    }
    let places = places_for(1.0).unwrap_or(9);
    values
        .iter()
        .map(|&v| signed(&format!("{:.places$}", if v == 0.0 { 0.0 } else { v })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_every_tick_with_the_places_it_needs() {
        assert_eq!(linear_labels(&[0.0, 0.25, 0.5]), ["0.00", "0.25", "0.50"]);
        assert_eq!(linear_labels(&[-10.0, 0.0, 10.0]), ["−10", "0", "10"]);
        assert_eq!(linear_labels(&[0.0, 2e-5]), ["0", "2×10⁻⁵"]);
        assert_eq!(linear_labels(&[5e5, 1e6]), ["0.5×10⁶", "1.0×10⁶"]);
    }

    #[test]
    fn log_ticks_reach_below_the_clamp_of_kuva() {
        let ticks = Ticks::logarithmic((1e-28, 1e-2), 6);
        let shown: Vec<&str> = ticks
            .labels
            .iter()
            .map(|(_, t)| t.as_str())
            .filter(|t| !t.is_empty())
            .collect();
        assert!(shown.len() >= 4 && shown.len() <= 7, "{shown:?}");
        assert!(
            shown.contains(&"10⁻²⁵") && shown.contains(&"10⁻¹⁰"),
            "{shown:?}"
        );
    }

    #[test]
    fn crowded_labels_leave_the_decades() {
        let mut ticks = Ticks::logarithmic((1.0, 100.0), 8);
        let place = |v: f64| 30.0 * v.log10();
        let crowded = |t: &Ticks| t.is_crowded(3.0, place, |label| 6.0 * label.len() as f64);
        assert!(crowded(&ticks));
        assert!(ticks.keep_decades());
        assert!(!crowded(&ticks));
        let shown: Vec<&str> = ticks.labels.iter().map(|t| t.1.as_str()).collect();
        assert_eq!(shown, ["1", "", "", "10", "", "", "100"]);
        assert!(!Ticks::logarithmic((1.0, 9.0), 8).keep_decades());
    }

    #[test]
    fn log_ticks_within_three_decades_are_plain_numbers() {
        let ticks = Ticks::logarithmic((0.01, 10.0), 10);
        let shown: Vec<&str> = ticks.labels.iter().map(|(_, t)| t.as_str()).collect();
        assert_eq!(
            shown,
            [
                "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10"
            ]
        );
        for (value, text) in &ticks.labels {
            let written: f64 = text.parse().unwrap();
            assert!((value / 10f64.powi(ticks.shift) / written - 1.0).abs() < 1e-9);
        }
    }
}
