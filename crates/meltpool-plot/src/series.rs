//! Named points and named curves.

use crate::{Axis, Color, Error, Marker, Result};

/// Number of pieces into which a function is cut to be drawn.
const PIECES: usize = 240;

/// Points that share a name, a color and a shape, such as all runs of one alloy.
///
/// # Examples
/// ```
/// use meltpool_plot::Series;
///
/// let series = Series::new("Ti-6Al-4V", [1.0, 2.0, 3.0], [0.4, 1.1, 1.6]).y_error([0.1; 3]);
/// series.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    x_error: Option<Vec<f64>>,
    y_error: Option<Vec<f64>>,
    marker: Option<Marker>,
    color: Option<Color>,
}

impl Series {
    /// Points `(x[i], y[i])` under a name that the legend shows.
    pub fn new(name: impl Into<String>, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Self {
            name: name.into(),
            x: x.into(),
            y: y.into(),
            x_error: None,
            y_error: None,
            marker: None,
            color: None,
        }
    }

    /// Half lengths of the horizontal error bars, in the unit of x.
    pub fn x_error(mut self, x_error: impl Into<Vec<f64>>) -> Self {
        self.x_error = Some(x_error.into());
        self
    }

    /// Half lengths of the vertical error bars, in the unit of y.
    pub fn y_error(mut self, y_error: impl Into<Vec<f64>>) -> Self {
        self.y_error = Some(y_error.into());
        self
    }

    /// The shape of the points; by default the next of [`Marker::ALL`].
    pub fn marker(mut self, marker: Marker) -> Self {
        self.marker = Some(marker);
        self
    }

    /// The color of the points; by default the next of [`OKABE_ITO`](crate::OKABE_ITO).
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Checks lengths and values.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NonFinite`] and
    /// [`Error::NegativeError`], each with the name of the series and the index.
    pub fn validate(&self) -> Result<()> {
        check_pairs(&self.name, &self.x, &self.y)?;
        for (array, values) in [("x_error", &self.x_error), ("y_error", &self.y_error)] {
            if let Some(values) = values {
                check_length(&self.name, array, self.x.len(), values.len())?;
                check_finite(&self.name, array, values)?;
                if let Some(index) = values.iter().position(|&v| v < 0.0) {
                    return Err(Error::NegativeError {
                        series: self.name.clone(),
                        array,
                        index,
                        value: values[index],
                    });
                }
            }
        }
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn x(&self) -> &[f64] {
        &self.x
    }

    pub(crate) fn y(&self) -> &[f64] {
        &self.y
    }

    pub(crate) fn errors(&self, index: usize) -> (Option<f64>, Option<f64>) {
        let at = |values: &Option<Vec<f64>>| values.as_ref().map(|v| v[index]);
        (at(&self.x_error), at(&self.y_error))
    }

    pub(crate) fn style(&self, default: (Color, Marker)) -> (Color, Marker) {
        (
            self.color.unwrap_or(default.0),
            self.marker.unwrap_or(default.1),
        )
    }

    pub(crate) fn check_scale(&self, x_axis: &Axis, y_axis: &Axis) -> Result<()> {
        check_positive(x_axis, &self.name, "x", &self.x)?;
        check_positive(y_axis, &self.name, "y", &self.y)
    }
}

/// A line through given points, such as a law over the range that it was fitted on.
///
/// # Examples
/// ```
/// use meltpool_plot::Curve;
///
/// let law = Curve::from_fn_extrapolated("law", (1.0, 10.0), (0.5, 20.0), |ke| 0.12 * ke);
/// law.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    solid: (f64, f64),
    dashed: bool,
    color: Color,
    interval: Option<Interval>,
}

/// Lower and upper ends of an interval around a curve.
#[derive(Debug, Clone, PartialEq)]
struct Interval {
    name: String,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Curve {
    /// A solid black line through the points `(x[i], y[i])`, in their order.
    pub fn new(name: impl Into<String>, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Self {
            name: name.into(),
            x: x.into(),
            y: y.into(),
            solid: (f64::NEG_INFINITY, f64::INFINITY),
            dashed: false,
            color: Color::BLACK,
            interval: None,
        }
    }

    /// A solid black line of a function over the range `first` to `last`.
    ///
    /// The function is sampled at 241 points: in equal ratios where the range is positive and
    /// spans more than a factor of ten, else in equal steps.
    pub fn from_fn(
        name: impl Into<String>,
        (first, last): (f64, f64),
        function: impl Fn(f64) -> f64,
    ) -> Self {
        Self::from_fn_extrapolated(name, (first, last), (first, last), function)
    }

    /// As [`Curve::from_fn`], but drawn over all of `shown`, dashed outside of `fitted`.
    pub fn from_fn_extrapolated(
        name: impl Into<String>,
        fitted: (f64, f64),
        shown: (f64, f64),
        function: impl Fn(f64) -> f64,
    ) -> Self {
        let mut x = samples(shown);
        for edge in [fitted.0, fitted.1] {
            if edge > shown.0 && edge < shown.1 {
                let at = x.partition_point(|&v| v < edge);
                x.insert(at, edge);
            }
        }
        let y: Vec<f64> = x.iter().map(|&v| function(v)).collect();
        Self {
            solid: fitted,
            ..Self::new(name, x, y)
        }
    }

    /// Draws all of the curve dashed.
    pub fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// The color; black by default.
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// A filled band below the curve, in a light tint of its color, from `lower[i]` to `upper[i]` at
    /// each `x[i]`, such as a bootstrap interval. The legend shows its name.
    pub fn interval(
        mut self,
        name: impl Into<String>,
        lower: impl Into<Vec<f64>>,
        upper: impl Into<Vec<f64>>,
    ) -> Self {
        self.interval = Some(Interval {
            name: name.into(),
            lower: lower.into(),
            upper: upper.into(),
        });
        self
    }

    /// As [`Curve::interval`], with the ends that a function gives for each x of the curve.
    ///
    /// # Examples
    /// ```
    /// use meltpool_plot::Curve;
    ///
    /// let law = Curve::from_fn("law", (1.0, 9.0), |x| 0.4 * x)
    ///     .interval_fn("95 %", |x| (0.35 * x, 0.47 * x));
    /// law.validate()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interval_fn(
        self,
        name: impl Into<String>,
        function: impl Fn(f64) -> (f64, f64),
    ) -> Self {
        let (lower, upper): (Vec<f64>, Vec<f64>) = self.x.iter().map(|&x| function(x)).unzip();
        self.interval(name, lower, upper)
    }

    /// Checks lengths and values.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NonFinite`] and
    /// [`Error::InvertedInterval`], each with the name of the curve and the index.
    pub fn validate(&self) -> Result<()> {
        check_pairs(&self.name, &self.x, &self.y)?;
        let Some(Interval { lower, upper, .. }) = &self.interval else {
            return Ok(());
        };
        for (array, values) in [("lower", lower), ("upper", upper)] {
            check_length(&self.name, array, self.x.len(), values.len())?;
            check_finite(&self.name, array, values)?;
        }
        match lower.iter().zip(upper).position(|(l, u)| l > u) {
            None => Ok(()),
            Some(index) => Err(Error::InvertedInterval {
                series: self.name.clone(),
                index,
                lower: lower[index],
                upper: upper[index],
            }),
        }
    }

    /// Name, lower and upper ends of the interval.
    pub(crate) fn band(&self) -> Option<(&str, &[f64], &[f64])> {
        let band = self.interval.as_ref()?;
        Some((&band.name, &band.lower, &band.upper))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn x(&self) -> &[f64] {
        &self.x
    }

    pub(crate) fn y(&self) -> &[f64] {
        &self.y
    }

    pub(crate) fn ink(&self) -> Color {
        self.color
    }

    /// The curve in pieces: points and whether the piece is dashed.
    pub(crate) fn pieces(&self) -> Vec<(Vec<(f64, f64)>, bool)> {
        let mut pieces: Vec<(Vec<(f64, f64)>, bool)> = Vec::new();
        for i in 1..self.x.len() {
            let middle = 0.5 * (self.x[i - 1] + self.x[i]);
            let dashed = self.dashed || middle < self.solid.0 || middle > self.solid.1;
            let end = (self.x[i], self.y[i]);
            match pieces.last_mut() {
                Some((points, same)) if *same == dashed => points.push(end),
                _ => pieces.push((vec![(self.x[i - 1], self.y[i - 1]), end], dashed)),
            }
        }
        pieces
    }

    pub(crate) fn check_scale(&self, x_axis: &Axis, y_axis: &Axis) -> Result<()> {
        check_positive(x_axis, &self.name, "x", &self.x)?;
        check_positive(y_axis, &self.name, "y", &self.y)
    }
}

/// Points of a range, ends included.
fn samples((first, last): (f64, f64)) -> Vec<f64> {
    let ratio = last / first;
    (0..=PIECES)
        .map(|i| {
            let t = i as f64 / PIECES as f64;
            if i == 0 {
                first
            } else if i == PIECES {
                last
            } else if first > 0.0 && ratio > 10.0 {
                first * ratio.powf(t)
            } else {
                first + (last - first) * t
            }
        })
        .collect()
}

fn check_pairs(name: &str, x: &[f64], y: &[f64]) -> Result<()> {
    if x.is_empty() && y.is_empty() {
        return Err(Error::Empty {
            series: name.to_owned(),
        });
    }
    check_length(name, "y", x.len(), y.len())?;
    check_finite(name, "x", x)?;
    check_finite(name, "y", y)
}

fn check_length(name: &str, array: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::LengthMismatch {
            series: name.to_owned(),
            array,
            expected,
            found,
        })
    }
}

fn check_finite(name: &str, array: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NonFinite {
            series: name.to_owned(),
            array,
            index,
            value: values[index],
        }),
    }
}

fn check_positive(axis: &Axis, name: &str, array: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|&v| axis.is_log() && v <= 0.0) {
        None => Ok(()),
        Some(index) => Err(Error::NonPositiveOnLog {
            axis: axis.label().to_owned(),
            series: name.to_owned(),
            array,
            index,
            value: values[index],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_series_and_index_of_a_nan() {
        let error = Series::new("run 7", [1.0, 2.0], [0.0, f64::NAN])
            .validate()
            .unwrap_err();
        assert_eq!(error.to_string(), "y of \"run 7\" is NaN at index 1");
    }

    #[test]
    fn refuses_empty_and_uneven_series() {
        let empty: [f64; 0] = [];
        assert!(matches!(
            Series::new("a", empty, empty).validate(),
            Err(Error::Empty { .. })
        ));
        assert!(matches!(
            Series::new("a", [1.0], [1.0, 2.0]).validate(),
            Err(Error::LengthMismatch {
                array: "y",
                expected: 1,
                found: 2,
                ..
            })
        ));
        assert!(matches!(
            Series::new("a", [1.0], [1.0])
                .y_error([0.1, 0.1])
                .validate(),
            Err(Error::LengthMismatch {
                array: "y_error",
                ..
            })
        ));
        assert!(matches!(
            Series::new("a", [1.0], [1.0]).x_error([-0.1]).validate(),
            Err(Error::NegativeError {
                array: "x_error",
                index: 0,
                ..
            })
        ));
    }

    #[test]
    fn refuses_what_a_logarithm_cannot_take() {
        let axis = Axis::new("error", "µm").log();
        let linear = Axis::dimensionless("n");
        let error = Series::new("a", [0.0, 1.0], [1.0, 0.0])
            .check_scale(&linear, &axis)
            .unwrap_err();
        assert!(matches!(
            error,
            Error::NonPositiveOnLog {
                array: "y",
                index: 1,
                ..
            }
        ));
    }

    #[test]
    fn a_law_is_dashed_exactly_outside_its_fitted_range() {
        let law = Curve::from_fn_extrapolated("law", (2.0, 4.0), (1.0, 8.0), |x| x);
        let pieces = law.pieces();
        let dashes: Vec<bool> = pieces.iter().map(|p| p.1).collect();
        assert_eq!(dashes, [true, false, true]);
        let ends = |k: usize| (pieces[k].0[0].0, pieces[k].0[pieces[k].0.len() - 1].0);
        assert_eq!(
            (ends(0), ends(1), ends(2)),
            ((1.0, 2.0), (2.0, 4.0), (4.0, 8.0))
        );
    }

    #[test]
    fn refuses_intervals_that_do_not_fit_or_are_inverted() {
        let curve = || Curve::new("law", [1.0, 2.0], [1.0, 2.0]);
        assert!(
            curve()
                .interval("95 %", [0.0, 1.0], [2.0, 3.0])
                .validate()
                .is_ok()
        );
        assert!(matches!(
            curve().interval("95 %", [0.0], [2.0, 3.0]).validate(),
            Err(Error::LengthMismatch {
                array: "lower",
                expected: 2,
                found: 1,
                ..
            })
        ));
        assert!(matches!(
            curve()
                .interval("95 %", [0.0, 1.0], [2.0, f64::NAN])
                .validate(),
            Err(Error::NonFinite {
                array: "upper",
                index: 1,
                ..
            })
        ));
        assert!(matches!(
            curve().interval_fn("95 %", |x| (x, 3.0 - x)).validate(),
            Err(Error::InvertedInterval { index: 1, .. })
        ));
    }

    #[test]
    fn samples_wide_positive_ranges_in_equal_ratios() {
        let x = samples((1e-3, 1e3));
        let ratio = x[1] / x[0];
        assert!(
            x.windows(2)
                .all(|w| (w[1] / w[0] / ratio - 1.0).abs() < 1e-9)
        );
        assert_eq!((x[0], x[PIECES]), (1e-3, 1e3));
    }
}
