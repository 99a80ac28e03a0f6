//! The house style: sizes, widths and resolution of every figure.

use crate::{Error, Result};

/// Points in a millimeter: a point is 1/72 inch.
pub(crate) const POINTS_PER_MM: f64 = 72.0 / 25.4;

/// Largest number of pixels of a PNG.
const MAX_PIXELS: f64 = 64e6;

/// Size, resolution, text and lines of a figure; one theme serves all kinds.
///
/// Lengths are those of the printed figure: a text of 10 pt is 10 pt high when the figure is
/// placed at its own size. The ground is white, axes and text are black, and series take the
/// colors [`OKABE_ITO`](crate::OKABE_ITO) and the shapes [`Marker::ALL`](crate::Marker::ALL)
/// together, so that no information rests on color alone.
///
/// # Examples
/// ```
/// use meltpool_plot::Theme;
///
/// let theme = Theme::page().height_mm(120.0).text_size_pt(11);
/// theme.validate()?;
/// assert_eq!(theme.size_px(), (2161, 1417));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    width_mm: f64,
    height_mm: f64,
    dpi: u32,
    text_size_pt: u32,
    line_width_pt: f64,
    marker_size_pt: f64,
    embed_font: bool,
}

impl Default for Theme {
    fn default() -> Self {
        Self::column()
    }
}

impl Theme {
    /// A figure one column wide: 89 mm × 70 mm, 300 dpi, text of 10 pt.
    pub const fn column() -> Self {
        Self {
            width_mm: 89.0,
            height_mm: 70.0,
            dpi: 300,
            text_size_pt: 10,
            line_width_pt: 1.4,
            marker_size_pt: 5.5,
            embed_font: false,
        }
    }

    /// A figure two columns wide: 183 mm × 110 mm, otherwise as [`Theme::column`].
    pub const fn page() -> Self {
        let mut theme = Self::column();
        theme.width_mm = 183.0;
        theme.height_mm = 110.0;
        theme
    }

    /// Width of the figure in millimeters, from 20 to 1000.
    pub fn width_mm(mut self, width_mm: f64) -> Self {
        self.width_mm = width_mm;
        self
    }

    /// Height of the figure in millimeters, from 20 to 1000.
    pub fn height_mm(mut self, height_mm: f64) -> Self {
        self.height_mm = height_mm;
        self
    }

    /// Resolution of the PNG in pixels per inch, from 72 to 1200; 300 by default.
    pub fn dpi(mut self, dpi: u32) -> Self {
        self.dpi = dpi;
        self
    }

    /// Height of all text in points, from 10 to 24; 10 by default.
    pub fn text_size_pt(mut self, text_size_pt: u32) -> Self {
        self.text_size_pt = text_size_pt;
        self
    }

    /// Width of curves in points, from 0.5 to 5; 1.4 by default. Axes are half as wide.
    pub fn line_width_pt(mut self, line_width_pt: f64) -> Self {
        self.line_width_pt = line_width_pt;
        self
    }

    /// Diameter of data points in points, from 2 to 20; 5.5 by default.
    pub fn marker_size_pt(mut self, marker_size_pt: f64) -> Self {
        self.marker_size_pt = marker_size_pt;
        self
    }

    /// Puts the font into the SVG, so that it looks the same everywhere; off by default.
    ///
    /// Without it the SVG names the fonts (DejaVu Sans, else Verdana, Arial, sans-serif), stays
    /// small and takes the reader's. With it each SVG grows by about 1 MB. A PNG always holds its text
    /// as pixels of the same font and needs neither.
    pub fn embed_font(mut self, embed_font: bool) -> Self {
        self.embed_font = embed_font;
        self
    }

    /// Width and height of the PNG in pixels: millimeters times dpi, rounded.
    pub fn size_px(&self) -> (u32, u32) {
        let px = |mm: f64| (mm * f64::from(self.dpi) / 25.4).round() as u32;
        (px(self.width_mm), px(self.height_mm))
    }

    /// Checks all parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] names the first one that is out of its range.
    pub fn validate(&self) -> Result<()> {
        let check = |name, requirement, value: f64, low: f64, high: f64| {
            if value >= low && value <= high {
                Ok(())
            } else {
                Err(Error::InvalidParameter {
                    name,
                    requirement,
                    found: value.to_string(),
                })
            }
        };
        check("width_mm", "from 20 to 1000", self.width_mm, 20.0, 1000.0)?;
        check("height_mm", "from 20 to 1000", self.height_mm, 20.0, 1000.0)?;
        check("dpi", "from 72 to 1200", f64::from(self.dpi), 72.0, 1200.0)?;
        let text = f64::from(self.text_size_pt);
        check("text_size_pt", "from 10 to 24", text, 10.0, 24.0)?;
        check(
            "line_width_pt",
            "from 0.5 to 5",
            self.line_width_pt,
            0.5,
            5.0,
        )?;
        check(
            "marker_size_pt",
            "from 2 to 20",
            self.marker_size_pt,
            2.0,
            20.0,
        )?;
        let (w, h) = self.size_px();
        let pixels = f64::from(w) * f64::from(h);
        check(
            "dpi",
            "such that the PNG has at most 64 million pixels",
            pixels,
            1.0,
            MAX_PIXELS,
        )
    }

    pub(crate) fn width_pt(&self) -> f64 {
        self.width_mm * POINTS_PER_MM
    }

    pub(crate) fn height_pt(&self) -> f64 {
        self.height_mm * POINTS_PER_MM
    }

    pub(crate) fn mm(&self) -> (f64, f64) {
        (self.width_mm, self.height_mm)
    }

    pub(crate) fn text(&self) -> u32 {
        self.text_size_pt
    }

    pub(crate) fn line(&self) -> f64 {
        self.line_width_pt
    }

    pub(crate) fn axis_line(&self) -> f64 {
        0.5 * self.line_width_pt
    }

    pub(crate) fn marker_radius(&self) -> f64 {
        0.5 * self.marker_size_pt
    }

    pub(crate) fn resolution(&self) -> u32 {
        self.dpi
    }

    pub(crate) fn has_embedded_font(&self) -> bool {
        self.embed_font
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_small_text_and_names_it() {
        let error = Theme::column().text_size_pt(9).validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "text_size_pt must be from 10 to 24, found 9"
        );
    }

    #[test]
    fn rejects_nan_and_huge_sizes() {
        assert!(Theme::column().width_mm(f64::NAN).validate().is_err());
        assert!(Theme::column().height_mm(1e9).validate().is_err());
        let huge = Theme::column().width_mm(1000.0).height_mm(1000.0).dpi(1200);
        assert!(huge.validate().is_err());
    }

    #[test]
    fn presets_are_valid_and_have_the_journal_widths() {
        assert!(Theme::column().validate().is_ok());
        assert!(Theme::page().validate().is_ok());
        assert_eq!(Theme::column().size_px(), (1051, 827));
        assert_eq!(Theme::page().size_px().0, 2161);
    }
}
