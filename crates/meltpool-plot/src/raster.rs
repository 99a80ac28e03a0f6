//! Images inside a figure: as PNG inside the SVG, as pixels in the PNG.

use kuva::render::render::Primitive;

use crate::shape::Rect;
use crate::{Color, Error, Result};

/// An image of 8-bit sRGB pixels with its place in points.
#[derive(Debug, Clone)]
pub(crate) struct Raster {
    place: Rect,
    shift: (f64, f64),
    rows: usize,
    columns: usize,
    pixels: Vec<[u8; 3]>,
    /// Parts that later elements cover, in points: the PNG leaves them as they are.
    holes: Vec<Rect>,
    /// Whether lines, points and text are drawn on it.
    ground: bool,
}

impl Raster {
    /// `pixels` go row by row and number `rows * columns`.
    pub(crate) fn new(place: Rect, rows: usize, columns: usize, pixels: Vec<[u8; 3]>) -> Self {
        Self {
            place,
            shift: (0.0, 0.0),
            rows,
            columns,
            pixels,
            holes: Vec::new(),
            ground: false,
        }
    }

    /// An image that lies below whatever is drawn later. Without this, a PNG shows it above all but
    /// its holes.
    pub(crate) fn ground(mut self) -> Self {
        self.ground = true;
        self
    }

    pub(crate) fn is_ground(&self) -> bool {
        self.ground
    }

    pub(crate) fn hole(mut self, rect: Rect) -> Self {
        self.holes.push(rect);
        self
    }

    pub(crate) fn moved(mut self, dx: f64, dy: f64) -> Self {
        self.shift = (self.shift.0 + dx, self.shift.1 + dy);
        self
    }

    /// The place inside its own panel.
    pub(crate) fn own_place(&self) -> Rect {
        self.place
    }

    fn on_page(&self, rect: &Rect) -> Rect {
        Rect::at(
            rect.left + self.shift.0,
            rect.top + self.shift.1,
            rect.width(),
            rect.height(),
        )
    }

    /// Mean color of the image pixels from `from` to `to`, each as (row, column), ends included.
    fn mean(&self, from: (usize, usize), to: (usize, usize)) -> [u8; 3] {
        let mut sum = [0u64; 3];
        for row in from.0..=to.0 {
            for pixel in &self.pixels[row * self.columns + from.1..=row * self.columns + to.1] {
                for (s, &c) in sum.iter_mut().zip(pixel) {
                    *s += u64::from(c);
                }
            }
        }
        let n = ((to.0 - from.0 + 1) * (to.1 - from.1 + 1)) as u64;
        sum.map(|s| ((s + n / 2) / n) as u8)
    }

    pub(crate) fn to_png(&self) -> Result<Vec<u8>> {
        encode_png(self.pixels.as_flattened(), self.columns, self.rows, None)
    }

    /// The image as rectangles whose edges are those of the pixels of a picture, in its own points:
    /// as [`Canvas::blit`] would draw it.
    pub(crate) fn rectangles(&self, scale: f64) -> Primitive {
        let place = self.on_page(&self.place);
        let edge = |v: f64| (v * scale).round();
        let (left, top) = (edge(place.left), edge(place.top));
        let drawn = |first: f64, last: f64| (edge(last) - first).max(0.0) as usize;
        let columns = runs(&cover(drawn(left, place.right), self.columns));
        let rows = runs(&cover(drawn(top, place.bottom), self.rows));
        let (mut x, mut y, mut w, mut h) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut fills = Vec::new();
        for (first_row, n_rows, row) in &rows {
            for (first_column, n_columns, column) in &columns {
                x.push((left + *first_column as f64) / scale - self.shift.0);
                y.push((top + *first_row as f64) / scale - self.shift.1);
                w.push(*n_columns as f64 / scale);
                h.push(*n_rows as f64 / scale);
                let [red, green, blue] = self.mean((row.0, column.0), (row.1, column.1));
                fills.push(Color::rgb(red, green, blue).ink());
            }
        }
        Primitive::RectBatch { x, y, w, h, fills }
    }
}

/// A picture of 8-bit sRGB pixels.
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Canvas {
    /// Decodes the PNG of kuva, which is as large as asked or up to a pixel larger, and cuts it.
    pub(crate) fn decode(bytes: &[u8], width: u32, height: u32) -> Result<Self> {
        let fail = |reason: String| Error::Encode {
            format: "PNG",
            reason,
        };
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .map_err(|e| fail(e.to_string()))?;
        let size = reader
            .output_buffer_size()
            .ok_or_else(|| fail("too large".to_owned()))?;
        let mut buffer = vec![0u8; size];
        let info = reader
            .next_frame(&mut buffer)
            .map_err(|e| fail(e.to_string()))?;
        let (width, height) = (width as usize, height as usize);
        let (drawn_width, drawn_height) = (info.width as usize, info.height as usize);
        if info.color_type != png::ColorType::Rgba || drawn_width < width || drawn_height < height {
            return Err(fail(format!(
                "the picture is {drawn_width} x {drawn_height} instead of {width} x {height}"
            )));
        }
        let pixels = buffer
            .chunks_exact(4 * drawn_width)
            .take(height)
            .flat_map(|row| row.chunks_exact(4).take(width).map(|p| [p[0], p[1], p[2]]))
            .collect();
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// Draws an image: a picture pixel takes the image pixel at its center, or the mean of all
    /// that it covers where the image is finer.
    pub(crate) fn blit(&mut self, raster: &Raster, scale: f64) {
        let place = raster.on_page(&raster.place);
        let edge = |v: f64, limit: usize| ((v * scale).round().max(0.0) as usize).min(limit);
        let (left, right) = (edge(place.left, self.width), edge(place.right, self.width));
        let (top, bottom) = (
            edge(place.top, self.height),
            edge(place.bottom, self.height),
        );
        let holes: Vec<[usize; 4]> = raster
            .holes
            .iter()
            .map(|hole| {
                let hole = raster.on_page(hole);
                // Pixels that the cover meets only in part take the image.
                [
                    (hole.left * scale).ceil().max(0.0) as usize,
                    (hole.top * scale).ceil().max(0.0) as usize,
                    (hole.right * scale).floor().max(0.0) as usize,
                    (hole.bottom * scale).floor().max(0.0) as usize,
                ]
            })
            .collect();
        let columns = cover(right - left, raster.columns);
        let rows = cover(bottom - top, raster.rows);
        for (y, &(row, last_row)) in (top..bottom).zip(&rows) {
            for (x, &(column, last_column)) in (left..right).zip(&columns) {
                let hidden = |h: &[usize; 4]| x >= h[0] && x < h[2] && y >= h[1] && y < h[3];
                if !holes.iter().any(hidden) {
                    self.pixels[y * self.width + x] =
                        raster.mean((row, column), (last_row, last_column));
                }
            }
        }
    }

    /// Draws a level picture of dark text on white, turned by a right angle so that it reads
    /// upward: its point `anchor` comes to lie at `at`, both in points.
    pub(crate) fn darken_upright(
        &mut self,
        level: &Self,
        at: (f64, f64),
        anchor: (f64, f64),
        scale: f64,
    ) {
        let px = |v: f64| (v * scale).round() as i64;
        // Level (x, y) goes to (y, -x), counted from the anchor.
        let left = px(at.0) - px(anchor.1);
        let bottom = px(at.1) + px(anchor.0);
        for (y, row) in level.pixels.chunks_exact(level.width).enumerate() {
            let Ok(column) = usize::try_from(left + y as i64) else {
                continue;
            };
            for (x, pixel) in row.iter().enumerate() {
                let Ok(line) = usize::try_from(bottom - 1 - x as i64) else {
                    continue;
                };
                if column < self.width && line < self.height {
                    let target = &mut self.pixels[line * self.width + column];
                    for (t, &c) in target.iter_mut().zip(pixel) {
                        *t = (*t).min(c);
                    }
                }
            }
        }
    }

    pub(crate) fn to_png(&self, dpi: u32) -> Result<Vec<u8>> {
        encode_png(
            self.pixels.as_flattened(),
            self.width,
            self.height,
            Some(dpi),
        )
    }
}

/// First and last of `n` image pixels under each of `drawn` picture pixels.
fn cover(drawn: usize, n: usize) -> Vec<(usize, usize)> {
    (0..drawn)
        .map(|k| {
            if n <= drawn {
                let center = (2 * k + 1) * n / (2 * drawn);
                (center, center)
            } else {
                let first = k * n / drawn;
                (first, ((k + 1) * n / drawn).max(first + 1) - 1)
            }
        })
        .collect()
}

/// Neighbors of equal span as first picture pixel, number of them, and their span.
fn runs(spans: &[(usize, usize)]) -> Vec<(usize, usize, (usize, usize))> {
    let mut runs: Vec<(usize, usize, (usize, usize))> = Vec::new();
    for (k, &span) in spans.iter().enumerate() {
        match runs.last_mut() {
            Some((_, n, same)) if *same == span => *n += 1,
            _ => runs.push((k, 1, span)),
        }
    }
    runs
}

fn encode_png(pixels: &[u8], width: usize, height: usize, dpi: Option<u32>) -> Result<Vec<u8>> {
    let fail = |reason: String| Error::Encode {
        format: "PNG",
        reason,
    };
    let side = |n: usize| u32::try_from(n).map_err(|_| fail(format!("{n} pixels on a side")));
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(width)?, side(height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::RelativeColorimetric);
    if let Some(dpi) = dpi {
        let per_meter = (f64::from(dpi) / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_meter,
            yppu: per_meter,
            unit: png::Unit::Meter,
        }));
    }
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(pixels)?;
            writer.finish()
        })
        .map_err(|e| fail(e.to_string()))?;
    Ok(bytes)
}

/// Base64 of RFC 4648, section 4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for k in 0..4 {
            if k <= chunk.len() {
                text.push(char::from(DIGITS[(word >> (18 - 6 * k)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_gives_the_vectors_of_the_standard() {
        // RFC 4648, section 10.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn every_image_pixel_is_covered_once_when_reduced() {
        let spans = cover(7, 23);
        assert_eq!((spans[0].0, spans[6].1), (0, 22));
        assert!(spans.windows(2).all(|w| w[1].0 == w[0].1 + 1));
    }

    #[test]
    fn enlarging_repeats_pixels_evenly() {
        let spans = cover(9, 3);
        let columns: Vec<usize> = spans.iter().map(|s| s.0).collect();
        assert_eq!(columns, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    }
}
