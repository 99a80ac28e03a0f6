//! An axis: what it shows, in which unit, on which scale.

use crate::{Error, Result};

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scale {
    /// Equal steps for equal differences.
    #[default]
    Linear,
    /// Equal steps for equal ratios; takes positive values only.
    Logarithmic,
}

/// Label, unit, scale and range of one axis.
///
/// The unit always shows: `depth (µm)`. A dimensionless axis says so, `Keyhole number Ke (–)`,
/// so that it cannot be taken for one whose unit was forgotten.
///
/// # Examples
/// ```
/// use meltpool_plot::Axis;
///
/// assert_eq!(Axis::new("depth", "µm").text(), "depth (µm)");
/// assert_eq!(Axis::dimensionless("Keyhole number Ke").text(), "Keyhole number Ke (–)");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    label: String,
    unit: Option<String>,
    scale: Scale,
    range: Option<(f64, f64)>,
    categories: Vec<String>,
}

impl Axis {
    /// A linear axis of a quantity with a unit.
    pub fn new(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: Some(unit.into()),
            scale: Scale::Linear,
            range: None,
            categories: Vec::new(),
        }
    }

    /// A linear axis of a pure number; its label ends in `(–)`.
    pub fn dimensionless(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: None,
            scale: Scale::Linear,
            range: None,
            categories: Vec::new(),
        }
    }

    /// An axis of names instead of numbers: the values 0, 1, 2, … stand for the first name, the
    /// second, the third, … It is linear, and by default reaches half a step beyond both ends.
    ///
    /// # Examples
    /// ```
    /// use meltpool_plot::{Axis, Figure, ScatterFigure, Series};
    ///
    /// let alloys = Axis::categories("alloy", ["Ti-6Al-4V", "Al6061"]);
    /// let figure = ScatterFigure::new(Axis::new("density", "kg/m³"), alloys)
    ///     .series(Series::new("Table S1", [5316.0, 2415.0], [0.0, 1.0]));
    /// assert!(figure.to_svg()?.contains(">Al6061</text>"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn categories<N: Into<String>>(
        label: impl Into<String>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        Self {
            categories: names.into_iter().map(Into::into).collect(),
            unit: Some(String::new()),
            ..Self::dimensionless(label)
        }
    }

    /// The scale; linear by default.
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// A logarithmic axis; short for `scale(Scale::Logarithmic)`.
    pub fn log(self) -> Self {
        self.scale(Scale::Logarithmic)
    }

    /// First and last value shown; by default all data with a margin of 5 %.
    pub fn range(mut self, first: f64, last: f64) -> Self {
        self.range = Some((first, last));
        self
    }

    /// The text beside the axis: label and unit; the label alone where names stand for numbers.
    pub fn text(&self) -> String {
        if !self.categories.is_empty() {
            return self.label.clone();
        }
        let unit = self.unit.as_deref().unwrap_or("–");
        format!("{} ({unit})", self.label)
    }

    /// Checks label, unit and range.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an empty label, unit, category or list of categories,
    /// categories on a logarithmic axis, a range that is not finite and rising, and a range on a
    /// logarithmic axis that is not positive.
    pub fn validate(&self) -> Result<()> {
        let invalid = |name, requirement, found: String| {
            Err(Error::InvalidParameter {
                name,
                requirement,
                found,
            })
        };
        if self.label.trim().is_empty() {
            return invalid(
                "label",
                "a text that is not empty",
                format!("{:?}", self.label),
            );
        }
        if let Some(name) = self.categories.iter().find(|n| n.trim().is_empty()) {
            return invalid("category", "a text that is not empty", format!("{name:?}"));
        }
        if !self.categories.is_empty() && self.is_log() {
            return invalid(
                "scale",
                "linear where names stand for numbers",
                "log".to_owned(),
            );
        }
        if self.categories.is_empty() && self.unit.as_deref().is_some_and(|u| u.trim().is_empty()) {
            return invalid(
                "unit",
                "a text that is not empty",
                format!("{:?}", self.unit),
            );
        }
        if let Some((first, last)) = self.range {
            let found = format!("{first} to {last}");
            if !(first.is_finite()
                && last.is_finite()
                && first < last
                && (last - first).is_finite())
            {
                return invalid("range", "finite and rising", found);
            }
            if self.is_log() && first <= 0.0 {
                return invalid("range", "positive on a logarithmic axis", found);
            }
        }
        Ok(())
    }

    pub(crate) fn is_log(&self) -> bool {
        self.scale == Scale::Logarithmic
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.categories
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// A space and the unit, or nothing.
    pub(crate) fn unit_text(&self) -> String {
        self.unit
            .as_ref()
            .map(|u| format!(" {u}"))
            .unwrap_or_default()
    }

    pub(crate) fn fixed_range(&self) -> Option<(f64, f64)> {
        self.range
    }

    pub(crate) fn relabeled(&self, prefix: &str) -> Self {
        Self {
            label: format!("{prefix} {}", self.label),
            ..self.clone()
        }
    }

    /// The range to show for data from `low` to `high`.
    pub(crate) fn shown_range(&self, low: f64, high: f64) -> Result<(f64, f64)> {
        let (first, last) = if let Some(range) = self.range {
            range
        } else if !self.categories.is_empty() {
            (-0.5, self.categories.len() as f64 - 0.5)
        } else if self.is_log() {
            let (a, b) = (low.log10(), high.log10());
            let margin = if b > a { 0.05 * (b - a) } else { 0.3 };
            (10f64.powf(a - margin), 10f64.powf(b + margin))
        } else {
            let span = high - low;
            let margin = if span > 0.0 {
                0.05 * span
            } else if low == 0.0 {
                1.0
            } else {
                0.1 * low.abs()
            };
            (low - margin, high + margin)
        };
        let wide = (last - first).is_finite() && first < last;
        // Powers of ten beyond these bounds leave the range of 64-bit numbers.
        let decades = !self.is_log() || (first > 1e-280 && last < 1e280 && last / first < 1e280);
        // Ticks closer than this cannot be told apart.
        let largest = first.abs().max(last.abs());
        let resolved = self.is_log()
            || (last - first > 1e-9 * largest && last - first > 1e-290 && largest < 1e300);
        if wide && decades && resolved {
            Ok((first, last))
        } else {
            Err(Error::InvalidParameter {
                name: "range",
                requirement: "neither too wide nor too narrow for 64-bit numbers",
                found: format!("{low} to {high}"),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_label_without_text_or_unit() {
        assert!(Axis::new(" ", "µm").validate().is_err());
        assert!(Axis::new("depth", "").validate().is_err());
    }

    #[test]
    fn refuses_missing_names() {
        assert!(Axis::categories("alloy", ["a", ""]).validate().is_err());
        assert!(Axis::categories("alloy", [""; 0]).validate().is_err());
        let axis = Axis::categories("alloy", ["a", "b"]);
        assert!(axis.validate().is_ok());
        assert_eq!(
            (axis.text(), axis.shown_range(1.0, 1.0).ok()),
            ("alloy".to_owned(), Some((-0.5, 1.5)))
        );
        assert!(axis.log().validate().is_err());
    }

    #[test]
    fn refuses_bad_ranges() {
        assert!(Axis::new("d", "m").range(1.0, 1.0).validate().is_err());
        assert!(Axis::new("d", "m").range(0.0, f64::NAN).validate().is_err());
        assert!(
            Axis::new("d", "m")
                .log()
                .range(0.0, 1.0)
                .validate()
                .is_err()
        );
        assert!(Axis::new("d", "m").range(-1.0, 1.0).validate().is_ok());
    }

    #[test]
    fn shows_all_data_with_a_margin() -> Result<()> {
        assert_eq!(Axis::new("d", "m").shown_range(0.0, 10.0)?, (-0.5, 10.5));
        let (a, b) = Axis::new("d", "m").log().shown_range(1.0, 100.0)?;
        assert!((a.log10() + 0.1).abs() < 1e-12 && (b.log10() - 2.1).abs() < 1e-12);
        assert!(
            Axis::new("d", "m")
                .shown_range(-f64::MAX, f64::MAX)
                .is_err()
        );
        let (a, b) = Axis::new("d", "m").shown_range(3.0, 3.0)?;
        assert!(a < 3.0 && b > 3.0);
        Ok(())
    }
}
