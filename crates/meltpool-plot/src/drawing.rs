//! A finished figure in vector form, and its way into SVG, PNG and CSV.

use std::fmt::Write;
use std::path::Path;

use kuva::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::raster::{self, Raster};
use crate::shape::Rect;
use crate::{Color, Error, Result, Theme, text};

/// Fonts that the SVG asks for, best first; widths are computed for the first.
const FONTS: &str = "DejaVu Sans, Verdana, Liberation Sans, Arial, sans-serif";

/// One table of drawn data.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Empty for a single figure, the letter of the panel else; a further table of a figure adds a
    /// word to it.
    pub(crate) panel: String,
    pub(crate) text: String,
}

/// A figure that is drawn and waits to be written.
///
/// [`Figure::draw`](crate::Figure::draw) makes it; most callers use the shortcuts of
/// [`Figure`](crate::Figure) instead.
#[derive(Debug, Clone)]
pub struct Drawing {
    theme: Theme,
    elements: Vec<Primitive>,
    defs: Vec<String>,
    clips: usize,
    rasters: Vec<Raster>,
    tables: Vec<Table>,
}

impl Drawing {
    pub(crate) fn new(theme: &Theme) -> Self {
        Self {
            theme: theme.clone(),
            elements: Vec::new(),
            defs: Vec::new(),
            clips: 0,
            rasters: Vec::new(),
            tables: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, primitive: Primitive) {
        self.elements.push(primitive);
    }

    pub(crate) fn extend(&mut self, primitives: impl IntoIterator<Item = Primitive>) {
        self.elements.extend(primitives);
    }

    pub(crate) fn add_table(&mut self, text: String) {
        self.tables.push(Table {
            panel: String::new(),
            text,
        });
    }

    /// A further table, whose file name ends in a word.
    pub(crate) fn add_named_table(&mut self, word: &str, text: String) {
        self.tables.push(Table {
            panel: word.to_owned(),
            text,
        });
    }

    /// From here to [`Drawing::end_clip`] nothing shows outside of the rectangle.
    pub(crate) fn start_clip(&mut self, rect: &Rect) {
        // kuva numbers its own clips by a counter of the process, which would give other bytes
        // at each call; these are numbered within the figure.
        let id = format!("clip-{}", self.clips);
        self.clips += 1;
        self.push_clip(id, rect.left, rect.top, rect.width(), rect.height());
    }

    fn push_clip(&mut self, id: String, x: f64, y: f64, width: f64, height: f64) {
        self.defs.push(format!(
            "<clipPath id=\"{id}\"><rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" \
             height=\"{height:.2}\"/></clipPath>"
        ));
        self.elements.push(Primitive::ClipStart {
            x,
            y,
            width,
            height,
            id,
        });
    }

    pub(crate) fn end_clip(&mut self) {
        self.elements.push(Primitive::ClipEnd);
    }

    /// Adds an image; it lies below all that is added later.
    pub(crate) fn add_raster(&mut self, raster: Raster) {
        // An empty group marks where in the SVG the image belongs.
        self.push_raster_mark();
        self.elements.push(Primitive::GroupEnd);
        self.rasters.push(raster);
    }

    fn push_raster_mark(&mut self) {
        self.elements.push(Primitive::GroupStart {
            transform: None,
            title: None,
            extra_attrs: Some(format!("id=\"raster-{}\"", self.rasters.len())),
        });
    }

    /// Puts another drawing into this one, its corner at `(dx, dy)` in points.
    pub(crate) fn absorb(&mut self, other: Self, dx: f64, dy: f64, panel: &str) {
        let round = |v: f64| (v * 100.0).round() / 100.0;
        let (dx, dy) = (round(dx), round(dy));
        self.elements.push(Primitive::GroupStart {
            transform: Some(format!("translate({dx},{dy})")),
            title: None,
            extra_attrs: None,
        });
        let mut rasters = other.rasters.into_iter();
        for element in other.elements {
            match element {
                Primitive::ClipStart {
                    x,
                    y,
                    width,
                    height,
                    ..
                } => {
                    let id = format!("clip-{}", self.clips);
                    self.clips += 1;
                    self.push_clip(id, x, y, width, height);
                }
                Primitive::GroupStart {
                    extra_attrs: Some(_),
                    ..
                } => {
                    // The only group with attributes is the mark of an image.
                    self.push_raster_mark();
                    if let Some(raster) = rasters.next() {
                        self.rasters.push(raster.moved(dx, dy));
                    }
                }
                element => self.elements.push(element),
            }
        }
        self.elements.push(Primitive::GroupEnd);
        for table in other.tables {
            self.tables.push(Table {
                panel: match table.panel.len() {
                    0 | 1 => format!("{panel}{}", table.panel),
                    _ => format!("{panel}_{}", table.panel),
                },
                text: table.text,
            });
        }
    }

    fn scene(&self, width: f64, height: f64) -> Scene {
        let mut scene = Scene::new(width, height);
        scene.font_family = Some(FONTS.to_owned());
        scene.text_color = Some("#000000".to_owned());
        scene.elements.clone_from(&self.elements);
        scene.defs.clone_from(&self.defs);
        scene
    }

    /// The figure as SVG; one unit of its coordinates is a point.
    ///
    /// # Errors
    /// [`Error::Encode`] if an image in it cannot be encoded.
    pub fn to_svg(&self) -> Result<String> {
        let (width, height) = (self.theme.width_pt(), self.theme.height_pt());
        let backend = SvgBackend::new().with_embedded_font(self.theme.has_embedded_font());
        let drawn = backend.render_scene(&self.scene(width, height));
        let body = drawn.split_once('>').map_or("", |(_, body)| body);
        let body = if self.theme.has_embedded_font() {
            keep_used_fonts(body, self.has_bold_text())
        } else {
            body.to_owned()
        };
        let (width_mm, height_mm) = self.theme.mm();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_mm}mm\" \
             height=\"{height_mm}mm\" viewBox=\"0 0 {width:.4} {height:.4}\" \
             font-family=\"{FONTS}\" fill=\"#000000\">"
        );
        let mut rest = body.as_str();
        for (i, raster) in self.rasters.iter().enumerate() {
            let mark = format!("<g id=\"raster-{i}\"></g>");
            let (before, after) = rest.split_once(&mark).ok_or_else(|| Error::Encode {
                format: "SVG",
                reason: format!("the place of image {i} is lost"),
            })?;
            svg.push_str(before);
            // The image in a panel stands inside the moved group, so its own place counts.
            let place = raster.own_place();
            let _ = write!(
                svg,
                "<image id=\"raster-{i}\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" \
                 height=\"{:.2}\" preserveAspectRatio=\"none\" \
                 style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
                place.left,
                place.top,
                place.width(),
                place.height(),
                raster::base64(&raster.to_png()?)
            );
            rest = after;
        }
        svg.push_str(rest);
        svg.push('\n');
        Ok(svg)
    }

    fn has_bold_text(&self) -> bool {
        self.elements
            .iter()
            .any(|e| matches!(e, Primitive::RichText { spans, .. } if spans.iter().any(|s| s.bold)))
    }

    /// The figure as PNG: millimeters times dpi pixels, rounded, with the resolution in the
    /// `pHYs` chunk.
    ///
    /// # Errors
    /// [`Error::Encode`] if the picture cannot be encoded.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        let encode = |reason: String| Error::Encode {
            format: "PNG",
            reason,
        };
        let scale = f64::from(self.theme.resolution()) / 72.0;
        let (width, height) = self.theme.size_px();
        let mut scene = self.scene(f64::from(width) / scale, f64::from(height) / scale);
        self.place_grounds(&mut scene, scale);
        let upright = take_upright(&mut scene);
        let render = |scene: &Scene| {
            RasterBackend::new()
                .with_scale(scale as f32)
                .render_scene(scene)
                .map_err(encode)
        };
        let mut canvas = raster::Canvas::decode(&render(&scene)?, width, height)?;
        // kuva turns the pixels of rotated text without smoothing. Text that reads upward is
        // drawn level instead, and the picture of it is turned by a right angle.
        for text in upright {
            let room = 2.0 * f64::from(text.size);
            let length = text::width(&text.content, text.size) + room;
            let mut level = Scene::new(length, room);
            level.elements.push(text::label(
                &text.content,
                (0.5 * length, 0.5 * room),
                text.size,
                TextAnchor::Middle,
                Color::BLACK,
            ));
            let side = |points: f64| (points * scale).floor() as u32;
            let drawn = render(&level)?;
            let level = raster::Canvas::decode(&drawn, side(length), side(room))?;
            canvas.darken_upright(&level, text.at, (0.5 * length, 0.5 * room), scale);
        }
        for raster in self.rasters.iter().filter(|r| !r.is_ground()) {
            canvas.blit(raster, scale);
        }
        canvas.to_png(self.theme.resolution())
    }

    /// Puts the images that others are drawn on into a scene, as rectangles.
    fn place_grounds(&self, scene: &mut Scene, scale: f64) {
        let mut rasters = self.rasters.iter();
        let mut elements = std::mem::take(&mut scene.elements).into_iter();
        while let Some(element) = elements.next() {
            // The only group with attributes is the mark of an image; its end comes next.
            let marks = matches!(
                &element,
                Primitive::GroupStart {
                    extra_attrs: Some(_),
                    ..
                }
            );
            let raster = if marks { rasters.next() } else { None };
            match raster.filter(|r| r.is_ground()) {
                Some(raster) => {
                    elements.next();
                    scene.elements.push(raster.rectangles(scale));
                }
                None => scene.elements.push(element),
            }
        }
    }

    /// The drawn data as CSV, one text a panel.
    pub fn to_csv(&self) -> Vec<String> {
        self.tables.iter().map(|t| t.text.clone()).collect()
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }
}

/// A text that reads upward, centered at a point of its base line.
struct Upright {
    at: (f64, f64),
    content: String,
    size: u32,
}

/// Takes the texts that read upward out of a scene, with their place on the page.
fn take_upright(scene: &mut Scene) -> Vec<Upright> {
    let mut found = Vec::new();
    let mut shifts = vec![(0.0, 0.0)];
    scene.elements.retain(|element| {
        let shift = shifts.last().copied().unwrap_or_default();
        match element {
            Primitive::GroupStart { transform, .. } => {
                let (dx, dy) = transform
                    .as_deref()
                    .and_then(read_translate)
                    .unwrap_or_default();
                shifts.push((shift.0 + dx, shift.1 + dy));
                true
            }
            Primitive::GroupEnd => {
                shifts.pop();
                true
            }
            Primitive::Text {
                x,
                y,
                content,
                size,
                rotate: Some(_),
                ..
            } => {
                found.push(Upright {
                    at: (x + shift.0, y + shift.1),
                    content: content.replace("\\$", "$"),
                    size: *size,
                });
                false
            }
            _ => true,
        }
    });
    found
}

fn read_translate(transform: &str) -> Option<(f64, f64)> {
    let inner = transform.strip_prefix("translate(")?.strip_suffix(')')?;
    let (x, y) = inner.split_once(',')?;
    Some((x.parse().ok()?, y.parse().ok()?))
}

/// Drops the fonts that the figure does not use from the embedded style: kuva puts in four, at
/// 0.5 MB to 1 MB each.
fn keep_used_fonts(body: &str, bold: bool) -> String {
    const RULE: &str = "@font-face{";
    let (Some(start), Some(end)) = (body.find("<style>"), body.find("</style>")) else {
        return body.to_owned();
    };
    let style = &body[start + "<style>".len()..end];
    let kept: String = style
        .split(RULE)
        .filter(|rule| {
            let sans = rule.contains("font-family:'DejaVu Sans';");
            let upright = rule.contains("font-style:normal");
            sans && upright && (bold || !rule.contains("font-weight:bold"))
        })
        .flat_map(|rule| [RULE, rule])
        .collect();
    format!("{}<style>{kept}{}", &body[..start], &body[end..])
}

/// Rows of a table as CSV.
pub(crate) fn csv_text(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let encode = |reason: String| Error::Encode {
        format: "CSV",
        reason,
    };
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(&row)
            .map_err(|e| encode(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| encode(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| encode(e.to_string()))
}

pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|e| Error::io(path, e))
}
