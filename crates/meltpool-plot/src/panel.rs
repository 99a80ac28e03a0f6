//! Several figures on one page.

use std::sync::Arc;

use crate::drawing::Drawing;
use crate::theme::POINTS_PER_MM;
use crate::{Error, Figure, Result, Theme, text};

/// Room between panels.
const GAP_MM: f64 = 4.0;

/// A grid of figures with the letters a, b, c, … in reading order.
///
/// Each panel is drawn anew at its size on the page, so that text is as large as in a single
/// figure. The theme of the page holds for all panels; their own are not used.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Figure, PanelFigure, ScatterFigure, Series, Theme};
///
/// let figure = |name: &str| {
///     ScatterFigure::new(Axis::new("power", "W"), Axis::new("depth", "µm"))
///         .series(Series::new(name, [100.0, 200.0, 300.0], [40.0, 110.0, 190.0]))
/// };
/// let page = PanelFigure::new(2)
///     .panel(figure("0.5 m/s"))
///     .panel(figure("1.0 m/s"))
///     .theme(Theme::page().height_mm(75.0));
/// assert_eq!(page.draw()?.to_csv().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PanelFigure {
    columns: usize,
    panels: Vec<Arc<dyn Figure + Send + Sync>>,
    theme: Theme,
}

impl PanelFigure {
    /// A page with so many panels in a row.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            panels: Vec::new(),
            theme: Theme::page(),
        }
    }

    /// Adds a figure at the next place.
    pub fn panel(mut self, figure: impl Figure + Send + Sync + 'static) -> Self {
        self.panels.push(Arc::new(figure));
        self
    }

    /// Size and style of the page; [`Theme::page`] by default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }
}

impl Figure for PanelFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        let within = |name, requirement, found: usize| {
            if (1..=26).contains(&found) {
                Ok(())
            } else {
                Err(Error::InvalidParameter {
                    name,
                    requirement,
                    found: found.to_string(),
                })
            }
        };
        within("columns", "from 1 to 26", self.columns)?;
        within("panel", "called 1 to 26 times", self.panels.len())?;
        self.panels.iter().try_for_each(|panel| panel.validate())
    }

    fn draw(&self) -> Result<Drawing> {
        self.draw_in(&self.theme)
    }

    fn draw_in(&self, theme: &Theme) -> Result<Drawing> {
        self.validate()?;
        theme.validate()?;
        let columns = self.columns.min(self.panels.len());
        let rows = self.panels.len().div_ceil(columns);
        let em = f64::from(theme.text());
        let (page_width, page_height) = theme.mm();
        let side = |page: f64, n: usize| (page - GAP_MM * (n - 1) as f64) / n as f64;
        let (width, row) = (side(page_width, columns), side(page_height, rows));
        let head = text::mm(1.3 * em);
        let cell = theme.clone().width_mm(width).height_mm(row - head);
        let mut drawing = Drawing::new(theme);
        for (i, (panel, letter)) in self.panels.iter().zip('a'..='z').enumerate() {
            let x = (i % columns) as f64 * (width + GAP_MM) * POINTS_PER_MM;
            let y = (i / columns) as f64 * (row + GAP_MM) * POINTS_PER_MM;
            let letter = letter.to_string();
            drawing.add(text::bold(&letter, (x + 3.0, y + em), theme.text()));
            drawing.absorb(panel.draw_in(&cell)?, x, y + head * POINTS_PER_MM, &letter);
        }
        Ok(drawing)
    }
}
