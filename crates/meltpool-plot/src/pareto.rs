//! Accuracy against complexity: all candidates, their Pareto front, and the chosen ones.

use crate::chart::{Chart, Line, Points};
use crate::drawing::{Drawing, csv_text};
use crate::palette::style_of;
use crate::series::Series;
use crate::{Axis, Color, Error, Figure, Marker, Result, Theme};

/// All candidates as light points, the Pareto front as a stepped line, and chosen candidates
/// with a shape, a color and a label.
///
/// Less is better on both axes. The front are the candidates to which no other is at least as
/// good on both axes and better on one; the figure finds it itself. The steps show what is
/// dominated: all above and to the right of the line.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Figure, ParetoFigure};
///
/// let nodes = [1.0, 3.0, 3.0, 5.0, 9.0];
/// let error = [0.9, 0.4, 0.6, 0.02, 0.019];
/// let figure = ParetoFigure::new(
///     Axis::new("complexity", "nodes"),
///     Axis::dimensionless("1 − R²").log(),
///     nodes,
///     error,
/// )
/// .highlight("chosen law", 3);
/// assert_eq!(figure.front(), [0, 1, 3, 4]);
/// assert!(figure.to_svg()?.contains("chosen law"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoFigure {
    x_axis: Axis,
    y_axis: Axis,
    candidates: Series,
    highlights: Vec<(String, usize)>,
    theme: Theme,
}

impl ParetoFigure {
    /// Candidates `(x[i], y[i])`, usually complexity and error; less is better.
    pub fn new(x_axis: Axis, y_axis: Axis, x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Self {
            x_axis,
            y_axis,
            candidates: Series::new("all candidates", x, y),
            highlights: Vec::new(),
            theme: Theme::column(),
        }
    }

    /// What the light points are called in the legend (default "all candidates").
    pub fn candidates_label(mut self, label: impl Into<String>) -> Self {
        let (x, y) = (self.candidates.x().to_vec(), self.candidates.y().to_vec());
        self.candidates = Series::new(label, x, y);
        self
    }

    /// Marks and labels the candidate at `index`.
    pub fn highlight(mut self, label: impl Into<String>, index: usize) -> Self {
        self.highlights.push((label.into(), index));
        self
    }

    /// Size and style; [`Theme::column`] by default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Indices of the candidates on the front, in rising order of x.
    ///
    /// Of candidates that are equal on both axes the first counts.
    ///
    /// # Performance
    /// $O(n \log n)$ time and $O(n)$ memory for $n$ candidates.
    pub fn front(&self) -> Vec<usize> {
        let (x, y) = (self.candidates.x(), self.candidates.y());
        let mut order: Vec<usize> = (0..x.len().min(y.len())).collect();
        order.sort_by(|&a, &b| x[a].total_cmp(&x[b]).then(y[a].total_cmp(&y[b])));
        let mut least = f64::INFINITY;
        order.retain(|&i| {
            let better = y[i] < least;
            if better {
                least = y[i];
            }
            better
        });
        order
    }

    fn table(&self, front: &[usize]) -> Result<String> {
        let mut on_front = vec![false; self.candidates.x().len()];
        for &i in front {
            on_front[i] = true;
        }
        let header = [
            "candidate".to_owned(),
            self.x_axis.text(),
            self.y_axis.text(),
            "on_front".to_owned(),
            "label".to_owned(),
        ];
        let mut rows = vec![header.to_vec()];
        for (i, (x, y)) in self
            .candidates
            .x()
            .iter()
            .zip(self.candidates.y())
            .enumerate()
        {
            let label = self
                .highlights
                .iter()
                .find(|h| h.1 == i)
                .map(|h| h.0.clone())
                .unwrap_or_default();
            rows.push(vec![
                i.to_string(),
                x.to_string(),
                y.to_string(),
                u8::from(on_front[i]).to_string(),
                label,
            ]);
        }
        csv_text(rows)
    }
}

impl Figure for ParetoFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        self.x_axis.validate()?;
        self.y_axis.validate()?;
        self.candidates.validate()?;
        self.candidates.check_scale(&self.x_axis, &self.y_axis)?;
        for (_, index) in &self.highlights {
            if *index >= self.candidates.x().len() {
                return Err(Error::InvalidParameter {
                    name: "highlight",
                    requirement: "the index of a candidate",
                    found: format!("{index} of {}", self.candidates.x().len()),
                });
            }
        }
        Ok(())
    }

    fn draw(&self) -> Result<Drawing> {
        self.draw_in(&self.theme)
    }

    fn draw_in(&self, theme: &Theme) -> Result<Drawing> {
        self.validate()?;
        theme.validate()?;
        let front = self.front();
        let at = |i: usize| (self.candidates.x()[i], self.candidates.y()[i]);
        let mut chart = Chart::new(&self.x_axis, &self.y_axis);
        let light = (Color::LIGHT_GRAY, Marker::Circle);
        let mut candidates = Points::of(&self.candidates, light);
        candidates.size = 0.8;
        candidates.edged = false;
        chart.points(candidates, self.candidates.name());
        let (front_color, _) = style_of(0);
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for &i in &front {
            let (x, y) = at(i);
            if let Some(&(_, last)) = steps.last() {
                steps.push((x, last));
            }
            steps.push((x, y));
        }
        let line = Line {
            points: steps,
            color: front_color,
            dashed: false,
            ranging: true,
        };
        chart.line(line, "Pareto front");
        let corners = Points {
            at: front.iter().map(|&i| at(i)).collect(),
            errors: Vec::new(),
            marker: Marker::Circle,
            color: front_color,
            size: 0.8,
            edged: true,
        };
        chart.points(corners, "");
        for (k, (label, index)) in self.highlights.iter().enumerate() {
            let (color, marker) = style_of(k + 1);
            let point = Points {
                at: vec![at(*index)],
                errors: Vec::new(),
                marker,
                color,
                size: 1.6,
                edged: true,
            };
            chart.points(point, "");
            chart.callout(at(*index), label);
        }
        chart.draw(theme, self.table(&front)?)
    }
}
