//! An image with its scale bar and its color bar.

use kuva::render::render::{Primitive, TextAnchor};
use ndarray::{Array2, ArrayRef2};

use crate::colorbar::ColorBar;
use crate::colormap::{Colormap, Contrast};
use crate::drawing::{Drawing, csv_text};
use crate::frame::check_width;
use crate::raster::Raster;
use crate::shape::Rect;
use crate::text::{self, CAP};
use crate::{Axis, Color, Error, Figure, Result, Theme};

/// Largest number of pixels of an image.
const MAX_PIXELS: usize = 16 << 20;
/// Room at the edge of the figure, and least side of the image.
const EDGE: f64 = 3.0;
const LEAST: f64 = 36.0;
/// The scale bar and its label, and the ground below them: the largest contrast there is.
const BAR: Color = Color::WHITE;
const GROUND: Color = Color::BLACK;
const BAR_HEIGHT: f64 = 3.0;
const PAD: f64 = 4.0;

/// A radiograph, or any image of numbers: rows down, columns to the right.
///
/// The SVG holds the image with its own pixels; the PNG shows each of them as a square of pixels,
/// or their mean where the image is finer than the PNG. The scale bar stands on a ground of its
/// own, so that it reads on any image.
///
/// # Examples
/// ```
/// use meltpool_plot::{Axis, Figure, RadiographFigure};
/// use ndarray::Array2;
///
/// let image = Array2::from_shape_fn((60, 80), |(row, column)| (row + column) as f32 / 140.0);
/// let figure = RadiographFigure::new(&image, 1.9, Axis::dimensionless("transmission"));
/// assert!(figure.to_svg()?.contains("transmission (–)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RadiographFigure {
    image: Array2<f32>,
    pixel_size_um: f64,
    intensity: Axis,
    colormap: Colormap,
    contrast: Contrast,
    scale_bar_um: Option<f64>,
    theme: Theme,
}

impl RadiographFigure {
    /// An image whose pixels are squares of `pixel_size_um` micrometers; `intensity` labels the
    /// color bar. The image is copied.
    pub fn new(image: &ArrayRef2<f32>, pixel_size_um: f64, intensity: Axis) -> Self {
        Self {
            image: image.to_owned(),
            pixel_size_um,
            intensity,
            colormap: Colormap::Gray,
            contrast: Contrast::default(),
            scale_bar_um: None,
            theme: Theme::column(),
        }
    }

    /// The colors; [`Colormap::Gray`] by default.
    pub fn colormap(mut self, colormap: Colormap) -> Self {
        self.colormap = colormap;
        self
    }

    /// The values shown as first and last color; percentiles 0.5 and 99.5 by default.
    pub fn contrast(mut self, contrast: Contrast) -> Self {
        self.contrast = contrast;
        self
    }

    /// Length of the scale bar in micrometers; by default the largest of 1, 2, 5, 10, … that is
    /// at most 30 % of the width of the image.
    pub fn scale_bar_um(mut self, scale_bar_um: f64) -> Self {
        self.scale_bar_um = Some(scale_bar_um);
        self
    }

    /// Size and style; [`Theme::column`] by default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    fn width_um(&self) -> f64 {
        self.image.ncols() as f64 * self.pixel_size_um
    }

    fn bar_um(&self) -> f64 {
        self.scale_bar_um
            .unwrap_or_else(|| round_length(0.3 * self.width_um()))
    }

    /// Pixel values row by row below their positions, both in micrometers from the corner to the
    /// center of the pixel.
    fn table(&self) -> Result<String> {
        let position = |i: usize| ((i as f64 + 0.5) * self.pixel_size_um).to_string();
        let mut header = vec!["y (µm) \\ x (µm)".to_owned()];
        header.extend((0..self.image.ncols()).map(position));
        let mut rows = vec![header];
        for (i, row) in self.image.rows().into_iter().enumerate() {
            let mut cells = vec![position(i)];
            cells.extend(row.iter().map(ToString::to_string));
            rows.push(cells);
        }
        csv_text(rows)
    }

    fn pixels(&self, (low, high): (f64, f64)) -> Vec<[u8; 3]> {
        let colors = self.colormap.table();
        self.image
            .iter()
            .map(|&v| {
                let t = (f64::from(v) - low) / (high - low);
                colors[(t.clamp(0.0, 1.0) * 255.0).round() as usize]
            })
            .collect()
    }

    /// Bar, label and ground, in a corner of the image.
    fn scale_bar(&self, theme: &Theme, place: &Rect) -> Result<(Rect, Vec<Primitive>)> {
        let size = theme.text();
        let em = f64::from(size);
        let length = self.bar_um() / self.width_um() * place.width();
        let label = length_text(self.bar_um());
        let width = length.max(text::width(&label, size)) + 2.0 * PAD;
        let height = CAP * em + BAR_HEIGHT + 3.0 * PAD;
        if width > place.width() - 2.0 || height > place.height() - 2.0 {
            return Err(Error::FigureTooSmall {
                width_mm: text::mm(place.width()),
                height_mm: text::mm(place.height()),
                minimum_mm: text::mm(width.max(height) + 2.0),
            });
        }
        // Kept off the edge as far as the image allows.
        let gap = PAD.min(place.width() - width).min(place.height() - height);
        let ground = Rect::at(
            place.right - gap - width,
            place.bottom - gap - height,
            width,
            height,
        );
        let middle = 0.5 * (ground.left + ground.right);
        let bar = Rect::at(
            middle - 0.5 * length,
            ground.bottom - PAD - BAR_HEIGHT,
            length,
            BAR_HEIGHT,
        );
        let base = (middle, ground.top + PAD + CAP * em);
        let drawn = vec![
            ground.filled(GROUND, None),
            bar.filled(BAR, None),
            text::label(&label, base, size, TextAnchor::Middle, BAR),
        ];
        Ok((ground, drawn))
    }
}

impl Figure for RadiographFigure {
    fn validate(&self) -> Result<()> {
        self.theme.validate()?;
        self.intensity.validate()?;
        self.contrast.validate()?;
        let (rows, columns) = self.image.dim();
        if rows == 0 || columns == 0 {
            return Err(Error::Empty {
                series: "image".to_owned(),
            });
        }
        if rows.saturating_mul(columns) > MAX_PIXELS {
            return Err(Error::RasterTooLarge {
                rows,
                columns,
                limit: MAX_PIXELS,
            });
        }
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(Error::InvalidParameter {
                    name,
                    requirement: "positive and finite",
                    found: value.to_string(),
                })
            }
        };
        positive("pixel_size_um", self.pixel_size_um)?;
        // Lengths are written in nanometers to meters.
        if !(1e-3..=1e9).contains(&self.width_um()) {
            return Err(Error::InvalidParameter {
                name: "pixel_size_um",
                requirement: "such that the image is from 1 nm to 1 km wide",
                found: self.pixel_size_um.to_string(),
            });
        }
        if let Some(length) = self.scale_bar_um {
            positive("scale_bar_um", length)?;
            if length > self.width_um() {
                return Err(Error::InvalidParameter {
                    name: "scale_bar_um",
                    requirement: "at most the width of the image",
                    found: format!("{length} on {} µm", self.width_um()),
                });
            }
        }
        match self.image.indexed_iter().find(|(_, v)| !v.is_finite()) {
            None => Ok(()),
            Some(((row, column), &value)) => Err(Error::NonFinitePixel { row, column, value }),
        }
    }

    fn draw(&self) -> Result<Drawing> {
        self.draw_in(&self.theme)
    }

    fn draw_in(&self, theme: &Theme) -> Result<Drawing> {
        self.validate()?;
        theme.validate()?;
        let size = theme.text();
        let em = f64::from(size);
        let (page_width, page_height) = (theme.width_pt(), theme.height_pt());
        check_width(&self.intensity.text(), size, page_height - 2.0 * EDGE)?;
        let bar = ColorBar {
            axis: self.intensity.clone(),
            window: self.contrast.window(&self.image),
            colormap: self.colormap,
        };
        let room_height = page_height - 2.0 * EDGE - em;
        let (rows, columns) = self.image.dim();
        let beside = bar.room(theme, room_height);
        let room_width = page_width - 2.0 * EDGE - beside;
        let zoom = (room_width / columns as f64).min(room_height / rows as f64);
        let (width, height) = (columns as f64 * zoom, rows as f64 * zoom);
        if !(width >= LEAST && height >= LEAST) {
            return Err(Error::FigureTooSmall {
                width_mm: text::mm(width.max(0.0)),
                height_mm: text::mm(height.max(0.0)),
                minimum_mm: text::mm(LEAST),
            });
        }
        let place = Rect::at(
            0.5 * (page_width - width - beside),
            0.5 * (page_height - height),
            width,
            height,
        );
        let (ground, scale_bar) = self.scale_bar(theme, &place)?;

        let mut drawing = Drawing::new(theme);
        let outline = place.grown(0.5 * theme.axis_line());
        drawing.add(outline.filled(Color::WHITE, Some((Color::BLACK, theme.axis_line()))));
        let pixels = self.pixels(bar.window);
        drawing.add_raster(Raster::new(place, rows, columns, pixels).hole(ground));
        bar.draw(theme, &place, &mut drawing);
        drawing.extend(scale_bar);
        drawing.add_table(self.table()?);
        Ok(drawing)
    }
}

/// The largest of …, 1, 2, 5, 10, … that is not above a length.
fn round_length(length: f64) -> f64 {
    let decade = 10f64.powf(length.log10().floor());
    let digit = [5.0, 2.0]
        .into_iter()
        .find(|d| d * decade <= length * (1.0 + 1e-12))
        .unwrap_or(1.0);
    digit * decade
}

/// A length in the unit that keeps its number between 1 and 1000.
fn length_text(um: f64) -> String {
    let (factor, unit) = if um < 1.0 {
        (1e3, "nm")
    } else if um < 1e3 {
        (1.0, "µm")
    } else if um < 1e6 {
        (1e-3, "mm")
    } else {
        (1e-6, "m")
    };
    let number = (um * factor * 1e6).round() / 1e6;
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_lengths_down_to_one_two_five() {
        for (length, round) in [
            (0.9, 0.5),
            (1.0, 1.0),
            (1.99, 1.0),
            (2.0, 2.0),
            (499.0, 200.0),
        ] {
            assert!(
                (round_length(length) / round - 1.0).abs() < 1e-12,
                "{length}"
            );
        }
    }

    #[test]
    fn writes_lengths_in_a_fitting_unit() {
        assert_eq!(length_text(200.0), "200 µm");
        assert_eq!(length_text(0.5), "500 nm");
        assert_eq!(length_text(1000.0), "1 mm");
        assert_eq!(length_text(2e6), "2 m");
    }

    #[test]
    fn bar_and_ground_have_the_largest_contrast() {
        assert!(BAR.contrast(GROUND) >= 7.0, "WCAG 2.2, level AAA");
    }
}
