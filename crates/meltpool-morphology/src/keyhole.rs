//! The keyhole in a frame: from contrast to outline and size, or the reason why there is none.

use ndarray::{Array2, ArrayView2, s};

use crate::contour::trace;
use crate::contrast::{ContrastFilm, Unusable};
use crate::error::{Error, Result};
use crate::geometry::{KeyholeGauge, KeyholeGeometry};
use crate::mask::{Components, Connectivity, fill_holes};
use crate::outline::{Outline, Point};
use crate::refine::{EdgeShape, EdgeTemplates, offset, to_edge};
use crate::smooth::gaussian;
use crate::threshold::{median, otsu, robust_sigma};

/// The contrast from which a pixel belongs to the keyhole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Threshold {
    /// Otsu's, within a window around what stands out by five times the noise.
    #[default]
    Otsu,
    /// This contrast: 0.12 is 1.12 times the background.
    Fixed(f64),
}

/// Why no keyhole is given for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Missing {
    /// The frame itself cannot be measured.
    Unusable(Unusable),
    /// Nothing stands out of the noise below the surface.
    NothingBright,
    /// Something stands out, but it does not reach the surface.
    NotAtSurface,
    /// The largest region at the surface has fewer pixels than allowed.
    TooSmall {
        /// Its pixels.
        n_pixels: usize,
    },
    /// The keyhole touches a side or the bottom of the image, so that its size is unknown.
    CutByBorder,
    /// The contrast drops at too small a share of the outline: it is a line of equal value in a slope, the edge of nothing
    /// ([`KeyholeFinder::min_confidence`]).
    NoEdge,
}

/// A keyhole that was found in a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Keyhole {
    /// What it encloses below the surface, in pixels.
    pub outline: Outline,
    /// Size and shape.
    pub geometry: KeyholeGeometry,
    /// Standard uncertainty of each quantity: half the change when the threshold moves by plus and minus the noise, and, in quadrature,
    /// when all edges move together by the scatter of single edge places.
    pub uncertainty: KeyholeGeometry,
    /// The contrast used as threshold.
    pub threshold: f64,
    /// Standard deviation of the smoothed image below the surface.
    pub noise: f64,
    /// Share of the outline below the surface's margin at which the contrast drops outwards by more than three times the noise, from 0 to 1.
    pub confidence: f64,
    /// Whether a user has drawn it.
    pub corrected: bool,
}

/// What was seen in a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(
    clippy::large_enum_variant,
    reason = "most frames have a keyhole, and there are few frames"
)]
pub enum Sighting {
    /// A keyhole.
    Seen(Keyhole),
    /// None, and why.
    Missing(Missing),
}

impl Sighting {
    /// The keyhole, if there is one.
    pub fn keyhole(&self) -> Option<&Keyhole> {
        match self {
            Self::Seen(keyhole) => Some(keyhole),
            Self::Missing(_) => None,
        }
    }

    /// Why there is none, if so.
    pub fn missing(&self) -> Option<Missing> {
        match self {
            Self::Seen(_) => None,
            Self::Missing(missing) => Some(*missing),
        }
    }
}

/// Finds the keyhole in frames of contrast.
///
/// Steps: a Gaussian of `smoothing_px`; the noise from the median of absolute deviations below the surface; what exceeds it fivefold gives a
/// window, Otsu's level in it the threshold (twice, the second time around what the first has found; again inside, if what was found is the melt pool with something
/// much brighter in it); of the regions above it that
/// reach the surface the largest, followed down to `low_share` of its contrast (hysteresis), its holes filled; its line of equal value by
/// marching squares; each point of that line moved along its normal, at most by `refine_px`, to where the blurred [`EdgeShape`] fits best.
///
/// Rows less than `surface_margin_px` below the surface are not looked at: there the edge of the plate is blurred. The outline is carried up
/// from the first row below them.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{EdgeShape, KeyholeFinder, KeyholeGauge, PixelSize};
/// use ndarray::Array2;
///
/// // a slot of 20 by 60 pixels below the surface in row 10
/// let contrast = Array2::from_shape_fn((100, 120), |(y, x)| {
///     let inside = (10..70).contains(&y) && (50..70).contains(&x);
///     (if inside { 0.2_f32 } else { 0.0 }) + 0.002 * ((7 * x + 5 * y) % 11) as f32
/// });
/// let gauge = KeyholeGauge::new(PixelSize::from_micrometers(1.0)?);
/// let finder = KeyholeFinder::new(gauge, 9.5).edge(EdgeShape::Step, 0.0);
/// let sighting = finder.apply(&contrast.view())?;
/// let keyhole = sighting.keyhole().ok_or("no keyhole")?;
/// assert!((keyhole.geometry.depth_um - 60.0).abs() < 0.3);
/// assert!((keyhole.geometry.width_half_um - 20.0).abs() < 0.3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    expect(
        clippy::unsafe_derive_deserialize,
        reason = "the macro that slices arrays expands to unsafe code of ndarray"
    )
)]
pub struct KeyholeFinder {
    gauge: KeyholeGauge,
    surface_row: f64,
    threshold: Threshold,
    smoothing_px: f64,
    surface_margin_px: f64,
    max_depth_px: f64,
    min_area_px: usize,
    refine_px: f64,
    edge: EdgeShape,
    blur_px: f64,
    low_share: f64,
    min_confidence: f64,
}

/// Pixels around the region in the window that is worked on.
const MARGIN: usize = 8;

/// The smoothed rows below the surface, or a part of them.
struct Work {
    smooth: Array2<f32>,
    /// Row of the frame of its first row.
    first: usize,
    /// Column of the frame of its first column.
    left: usize,
    /// Whether the image goes on to the left, to the right and below.
    open: [bool; 3],
    /// Noise and median below the surface.
    noise: f64,
    ground: f64,
}

/// A region of a frame at one threshold.
struct Region {
    /// Rows and columns of the window in the frame.
    top: usize,
    left: usize,
    /// 1 + index of the region within the window's labels.
    inside: Array2<bool>,
    n_pixels: usize,
    /// Whether it touches the border of the image, or that of the part that is looked at.
    cut: bool,
    outgrown: bool,
    /// One past the last row and column of the region.
    ends: [usize; 2],
}

impl Region {
    /// The region with a quarter of its size around it.
    fn window(&self, (n_rows, n_columns): (usize, usize)) -> [std::ops::Range<usize>; 2] {
        let grow = |from: usize, to: usize, end: usize| {
            let by = (to - from) / 4 + MARGIN;
            from.saturating_sub(by)..(to + by).min(end)
        };
        let rows = grow(self.top, self.ends[0], n_rows);
        let columns = grow(self.left, self.ends[1], n_columns);
        [rows, columns]
    }
}

impl KeyholeFinder {
    /// A finder that measures with this gauge below a surface in this row.
    pub fn new(gauge: KeyholeGauge, surface_row: f64) -> Self {
        Self {
            gauge,
            surface_row,
            threshold: Threshold::Otsu,
            smoothing_px: 0.8,
            surface_margin_px: 4.0,
            max_depth_px: f64::INFINITY,
            min_area_px: 50,
            refine_px: 3.0,
            edge: EdgeShape::Round,
            blur_px: 1.0,
            low_share: 0.15,
            min_confidence: 0.25,
        }
    }

    /// The threshold (Otsu's unless set).
    pub fn threshold(mut self, threshold: Threshold) -> Self {
        self.threshold = threshold;
        self
    }

    /// Standard deviation of the smoothing in pixels (0.8 unless set).
    pub fn smoothing_px(mut self, smoothing_px: f64) -> Self {
        self.smoothing_px = smoothing_px;
        self
    }

    /// Rows below the surface that are not looked at (4 unless set).
    pub fn surface_margin_px(mut self, surface_margin_px: f64) -> Self {
        self.surface_margin_px = surface_margin_px;
        self
    }

    /// Depth below the surface that is searched (to the bottom of the image unless set). A small one is faster.
    pub fn max_depth_px(mut self, max_depth_px: f64) -> Self {
        self.max_depth_px = max_depth_px;
        self
    }

    /// Fewest pixels of a keyhole (50 unless set).
    pub fn min_area_px(mut self, min_area_px: usize) -> Self {
        self.min_area_px = min_area_px;
        self
    }

    /// What the walls look like (round unless set), and the standard deviation in pixels of the blur of the detector (1 unless set).
    ///
    /// The path through a cavity with round walls rises from its wall as a root: under a Gaussian of width $\sigma$ its steepest place
    /// lies $0.765\,\sigma$ inside the wall, its half-maximum further still. The fit of the blurred edge takes that out.
    pub fn edge(mut self, edge: EdgeShape, blur_px: f64) -> Self {
        self.edge = edge;
        self.blur_px = blur_px;
        self
    }

    /// With Otsu's threshold: the share of the contrast over its surroundings down to which the region is followed (0.15 unless set; at
    /// least three times the noise there; 1 stays at Otsu's level).
    pub fn low_share(mut self, low_share: f64) -> Self {
        self.low_share = low_share;
        self
    }

    /// The least [`Keyhole::confidence`] (0.25 unless set; with 0 every region is a keyhole). Through noise the edges of a keyhole are
    /// lost one by one; a melt pool whose contrast fades out, or a slope of the background, has none.
    pub fn min_confidence(mut self, min_confidence: f64) -> Self {
        self.min_confidence = min_confidence;
        self
    }

    /// How far an edge may lie from the line of the threshold (3 px unless set; 0 keeps that line).
    pub fn refine_px(mut self, refine_px: f64) -> Self {
        self.refine_px = refine_px;
        self
    }

    /// The gauge.
    pub fn gauge(&self) -> &KeyholeGauge {
        &self.gauge
    }

    /// Row of the surface.
    pub fn surface_row(&self) -> f64 {
        self.surface_row
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        self.gauge.validate()?;
        Error::finite("surface_row", self.surface_row)?;
        Error::between("smoothing_px", self.smoothing_px, 0.0, 100.0)?;
        Error::between("surface_margin_px", self.surface_margin_px, 0.0, 1e6)?;
        Error::between("refine_px", self.refine_px, 0.0, 50.0)?;
        Error::between("blur_px", self.blur_px, 0.0, 50.0)?;
        Error::between("low_share", self.low_share, 0.0, 1.0)?;
        Error::between("min_confidence", self.min_confidence, 0.0, 1.0)?;
        if let Threshold::Fixed(level) = self.threshold {
            Error::positive("threshold", level)?;
        }
        if self.max_depth_px > 0.0 {
            Ok(())
        } else {
            Err(Error::parameter(
                "max_depth_px",
                "positive",
                self.max_depth_px,
            ))
        }
    }

    /// The keyhole in a frame of contrast.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::InvalidParameter`] for a surface that leaves no row to look at.
    pub fn apply(&self, contrast: &ArrayView2<f32>) -> Result<Sighting> {
        let zone = self.zone(contrast.dim())?;
        if contrast.iter().any(|value| !value.is_finite()) {
            return Ok(Sighting::Missing(Missing::Unusable(Unusable::NonFinite)));
        }
        self.find(contrast, zone)
    }

    /// The keyholes of a film, frame by frame, on several threads with feature `rayon`.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_all(&self, film: &ContrastFilm) -> Result<Vec<Sighting>> {
        let (_, n_rows, n_columns) = film.frames.dim();
        self.zone((n_rows, n_columns))?;
        let one = |n: usize| match film.unusable.get(n).copied().flatten() {
            Some(why) => Ok(Sighting::Missing(Missing::Unusable(why))),
            None => self.apply(&film.frame(n)),
        };
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            (0..film.n_frames()).into_par_iter().map(one).collect()
        }
        #[cfg(not(feature = "rayon"))]
        {
            (0..film.n_frames()).map(one).collect()
        }
    }

    /// The keyhole as a user has drawn it: what is true in the mask, its largest region. Put it in place of a sighting and go on.
    ///
    /// The uncertainty is that of all edges moving together by half a pixel. `Missing` only for a mask that is empty or lies above
    /// the surface; a drawn keyhole may touch the border.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn corrected(&self, mask: &ArrayView2<bool>) -> Result<Sighting> {
        self.zone(mask.dim())?;
        let field = mask.mapv(|inside| f32::from(u8::from(inside)));
        match trace(&field.view(), 0.5, 0.0).into_iter().next() {
            Some(outline) => self.drawn(&outline),
            None => Ok(Sighting::Missing(Missing::NothingBright)),
        }
    }

    /// The keyhole within an outline that a user has drawn, as [`corrected`](Self::corrected).
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn drawn(&self, outline: &Outline) -> Result<Sighting> {
        self.validate()?;
        let Some(geometry) = self.gauge.measure(outline, self.surface_row)? else {
            return Ok(Sighting::Missing(Missing::NothingBright));
        };
        let uncertainty = self.moved(&geometry, outline, 0.5)?;
        Ok(Sighting::Seen(Keyhole {
            outline: outline
                .below(self.surface_row)
                .unwrap_or_else(|| outline.clone()),
            geometry,
            uncertainty,
            threshold: 0.5,
            noise: 0.0,
            confidence: 1.0,
            corrected: true,
        }))
    }

    /// First row to look at and one past the last.
    fn zone(&self, shape: (usize, usize)) -> Result<[usize; 2]> {
        self.validate()?;
        let first = (self.surface_row + self.surface_margin_px).ceil().max(0.0);
        let last = (self.surface_row + self.max_depth_px)
            .ceil()
            .min(shape.0 as f64);
        if first + 3.0 > last || shape.1 < 3 {
            return Err(Error::parameter(
                "surface_row",
                "at least three rows and columns with its margin inside the image",
                format!("{} in {} by {} pixels", self.surface_row, shape.0, shape.1),
            ));
        }
        Ok([first as usize, last as usize])
    }

    fn find(&self, contrast: &ArrayView2<f32>, [first, last]: [usize; 2]) -> Result<Sighting> {
        let zone = contrast.slice(s![first..last, ..]);
        let smooth = gaussian(&zone, self.smoothing_px);
        let stride = (smooth.len() / 16_384).max(1) | 1;
        let flat = smooth.as_slice().unwrap_or(&[]);
        let mut values: Vec<f32> = flat.iter().step_by(stride).copied().collect();
        let noise = robust_sigma(values.iter().copied()).unwrap_or(0.0);
        let ground = median(&mut values).unwrap_or(0.0);
        let level = match self.threshold {
            Threshold::Fixed(level) => level,
            Threshold::Otsu => ground + 5.0 * noise,
        };
        let whole = Work {
            first,
            left: 0,
            open: [false; 3],
            noise,
            ground,
            smooth,
        };
        let Some(region) = Self::largest(&whole, level) else {
            return Ok(Sighting::Missing(Missing::NothingBright));
        };
        if region.n_pixels < self.min_area_px {
            return Ok(self.nothing(&whole.smooth, level, region.n_pixels));
        }
        // what follows looks at the surroundings only, unless the region outgrows them
        let shape = whole.smooth.dim();
        let [rows, columns] = region.window(shape);
        let part = Work {
            first,
            left: columns.start,
            open: [columns.start > 0, columns.end < shape.1, rows.end < shape.0],
            noise,
            ground,
            smooth: whole.smooth.slice(s![rows, columns]).to_owned(),
        };
        match self.measure(&part, level)? {
            Some(sighting) => Ok(sighting),
            None => Ok(self
                .measure(&whole, level)?
                .unwrap_or(Sighting::Missing(Missing::CutByBorder))),
        }
    }

    /// The level of the threshold and the noise around the keyhole, or why there is none; `None` if the region leaves its surroundings.
    fn level(&self, work: &Work, start: f64) -> Option<Result<(f64, f64), Sighting>> {
        if let Threshold::Fixed(level) = self.threshold {
            return Some(Ok((level, work.noise)));
        }
        let (mut level, mut noise) = (start, work.noise);
        for pass in 0..5 {
            let Some(region) = Self::largest(work, level) else {
                return Some(Err(Sighting::Missing(Missing::NothingBright)));
            };
            if region.n_pixels < self.min_area_px {
                return Some(Err(self.nothing(&work.smooth, level, region.n_pixels)));
            }
            if region.outgrown {
                return None;
            }
            let [rows, columns] = region.window(work.smooth.dim());
            let window = work.smooth.slice(s![rows, columns]);
            if pass < 2 {
                match otsu(window.iter().copied()) {
                    Some(found) => level = found.max(work.ground + 3.0 * noise),
                    None => return Some(Err(Sighting::Missing(Missing::NothingBright))),
                }
                continue;
            }
            if pass < 4 {
                // the region may be the melt pool: something twice as much brighter inside it is the keyhole
                if let Some(higher) = distinct(&window, level) {
                    level = higher;
                }
                continue;
            }
            let (mut inside, mut around): (Vec<f32>, Vec<f32>) =
                window.iter().partition(|value| f64::from(**value) > level);
            noise = robust_sigma(around.iter().copied()).unwrap_or(noise);
            let high = median(&mut inside).unwrap_or(level);
            let low = median(&mut around).unwrap_or(work.ground);
            let rise = (3.0 * noise).max(self.low_share * (high - low));
            level = level.min(low + rise);
        }
        Some(Ok((level, noise)))
    }

    fn measure(&self, work: &Work, start: f64) -> Result<Option<Sighting>> {
        let (threshold, noise) = match self.level(work, start) {
            None => return Ok(None),
            Some(Err(sighting)) => return Ok(Some(sighting)),
            Some(Ok(found)) => found,
        };
        let missing = |why| Ok(Some(Sighting::Missing(why)));
        let Some((outline, region)) = self.outline(work, threshold) else {
            return missing(Missing::NothingBright);
        };
        if region.n_pixels < self.min_area_px {
            return Ok(Some(self.nothing(&work.smooth, threshold, region.n_pixels)));
        }
        if region.outgrown {
            return Ok(None);
        }
        if region.cut {
            return missing(Missing::CutByBorder);
        }
        let blur = libm::hypot(self.smoothing_px, self.blur_px);
        let templates = EdgeTemplates::new(self.edge, blur, self.refine_px);
        let (outline, scatter, confidence) = self.refined(work, &outline, &templates, noise);
        if confidence < self.min_confidence {
            return missing(Missing::NoEdge);
        }
        let Some(geometry) = self.gauge.measure(&outline, self.surface_row)? else {
            return missing(Missing::NothingBright);
        };
        // about four edge places are averaged into one
        let mut uncertainty = self.moved(&geometry, &outline, 0.5 * scatter)?;
        let mut other = Vec::with_capacity(2);
        for level in [threshold - noise, threshold + noise] {
            if let Some((rough, region)) = self.outline(work, level) {
                if region.n_pixels >= self.min_area_px && !region.cut && !region.outgrown {
                    let (there, _, _) = self.refined(work, &rough, &templates, noise);
                    other.extend(self.gauge.measure(&there, self.surface_row)?);
                }
            }
        }
        let change = match other.as_slice() {
            [low, high] => low.zip(high, |a, b| 0.5 * (a - b).abs()),
            [one] => one.zip(&geometry, |a, b| (a - b).abs()),
            _ => geometry.zip(&geometry, |_, _| f64::INFINITY),
        };
        uncertainty = uncertainty.zip(&change, libm::hypot);
        Ok(Some(Sighting::Seen(Keyhole {
            outline: outline.below(self.surface_row).unwrap_or(outline),
            geometry,
            uncertainty,
            threshold,
            noise,
            confidence,
            corrected: false,
        })))
    }

    /// Half the change of all quantities when the outline is moved out and in.
    fn moved(
        &self,
        geometry: &KeyholeGeometry,
        outline: &Outline,
        by: f64,
    ) -> Result<KeyholeGeometry> {
        let out = self.gauge.measure(&offset(outline, by), self.surface_row)?;
        let inside = self
            .gauge
            .measure(&offset(outline, -by), self.surface_row)?;
        Ok(match (out, inside) {
            (Some(a), Some(b)) => a.zip(&b, |a, b| 0.5 * (a - b).abs()),
            (Some(a), None) => a.zip(geometry, |a, b| (a - b).abs()),
            _ => geometry.zip(geometry, |_, _| f64::INFINITY),
        })
    }

    /// Why a small region was all that reached the surface.
    fn nothing(&self, smooth: &Array2<f32>, level: f64, n_pixels: usize) -> Sighting {
        let all = Components::of(
            &smooth.mapv(|v| f64::from(v) > level).view(),
            Connectivity::Four,
        );
        let largest = all.largest().map_or(0, |i| all.list[i].n_pixels);
        Sighting::Missing(if largest >= self.min_area_px {
            Missing::NotAtSurface
        } else if n_pixels == 0 {
            Missing::NothingBright
        } else {
            Missing::TooSmall { n_pixels }
        })
    }

    /// The largest region above a level that touches the first two rows; without pixels if none does, `None` if there is no region.
    fn largest(work: &Work, level: f64) -> Option<Region> {
        let mask = work.smooth.mapv(|value| f64::from(value) > level);
        let regions = Components::of(&mask.view(), Connectivity::Four);
        if regions.list.is_empty() {
            return None;
        }
        let best = (0..regions.list.len())
            .rev()
            .filter(|i| regions.list[*i].rows[0] < 2)
            .max_by_key(|i| regions.list[*i].n_pixels);
        let (n_rows, n_columns) = work.smooth.dim();
        let Some(index) = best else {
            return Some(Region {
                top: 0,
                left: 0,
                inside: Array2::from_elem((0, 0), false),
                n_pixels: 0,
                cut: false,
                outgrown: false,
                ends: [0, 0],
            });
        };
        let region = regions.list[index];
        let rows = region.rows[0].saturating_sub(MARGIN)..(region.rows[1] + 1 + MARGIN).min(n_rows);
        let columns = region.columns[0].saturating_sub(MARGIN)
            ..(region.columns[1] + 1 + MARGIN).min(n_columns);
        let labels = regions.labels.slice(s![rows.clone(), columns.clone()]);
        let touches = [
            region.columns[0] == 0,
            region.columns[1] + 1 == n_columns,
            region.rows[1] + 1 == n_rows,
        ];
        let any = |open: bool| (0..3).any(|k| touches[k] && work.open[k] == open);
        Some(Region {
            top: rows.start,
            left: columns.start,
            inside: labels.mapv(|label| label as usize == index + 1),
            n_pixels: region.n_pixels,
            cut: any(false),
            outgrown: any(true),
            ends: [region.rows[1] + 1, region.columns[1] + 1],
        })
    }

    /// Rows above the zone into which the outline is carried up.
    fn above(&self, first: usize) -> usize {
        (first as f64 - self.surface_row).ceil().max(0.0) as usize + 2
    }

    /// The line of equal value around the largest region, in pixels of the frame.
    fn outline(&self, work: &Work, level: f64) -> Option<(Outline, Region)> {
        let region = Self::largest(work, level)?;
        if region.n_pixels == 0 {
            return Some((Outline::of(vec![Point::default(); 3]), region));
        }
        let up = self.above(work.first);
        let filled = filled_below(&region.inside);
        let (h, w) = region.inside.dim();
        // elsewhere nothing may reach the level, in holes everything does
        let field = Array2::from_shape_fn((h + up, w), |(y, x)| {
            let row = y.saturating_sub(up);
            let value = f64::from(work.smooth[(region.top + row, region.left + x)]);
            let value = match (region.inside[(row, x)], filled[(row, x)]) {
                (true, _) => value,
                (false, true) => value.max(level + 0.05 * level.abs().max(1e-6)),
                (false, false) => value.min(level),
            };
            value as f32
        });
        let outline = trace(&field.view(), level, level - level.abs().max(1e-6))
            .into_iter()
            .next()?;
        let dx = (work.left + region.left) as f64;
        let dy = (region.top + work.first) as f64 - up as f64;
        Some((outline.moved(dx, dy), region))
    }

    /// The outline at the fitted edge; its scatter and the share that is clear.
    fn refined(
        &self,
        work: &Work,
        rough: &Outline,
        templates: &EdgeTemplates,
        noise: f64,
    ) -> (Outline, f64, f64) {
        let up = self.above(work.first);
        let (n_rows, n_columns) = work.smooth.dim();
        let reach = self.refine_px.ceil() as usize + 6;
        let [left, right, _, bottom] = rough.bounds();
        let column = |x: f64| (x - work.left as f64).max(0.0) as usize;
        let from = column(left).saturating_sub(reach).min(n_columns - 1);
        let to = (column(right) + 1 + reach).clamp(from + 1, n_columns);
        let low = ((bottom - work.first as f64).max(0.0) as usize + 1 + reach).min(n_rows);
        let field = Array2::from_shape_fn((low + up, to - from), |(y, x)| {
            work.smooth[(y.saturating_sub(up), from + x)]
        });
        let (dx, dy) = ((work.left + from) as f64, work.first as f64 - up as f64);
        let refined = to_edge(
            &field.view(),
            &rough.moved(-dx, -dy),
            templates,
            noise,
            up as f64 + 2.0,
        );
        if self.refine_px > 0.0 {
            (
                refined.outline.moved(dx, dy),
                refined.scatter,
                refined.clear,
            )
        } else {
            (rough.clone(), 0.0, refined.clear)
        }
    }
}

/// The level between two classes of what is above a level, if the brighter one stands out of the darker one by more than twice what that stands out of
/// the surroundings.
fn distinct(window: &ArrayView2<f32>, level: f64) -> Option<f64> {
    let (inside, mut around): (Vec<f32>, Vec<f32>) =
        window.iter().partition(|value| f64::from(**value) > level);
    let higher = otsu(inside.iter().copied())?;
    let (mut bright, mut dim): (Vec<f32>, Vec<f32>) = inside
        .into_iter()
        .partition(|value| f64::from(*value) > higher);
    let (bright, dim, ground) = (
        median(&mut bright)?,
        median(&mut dim)?,
        median(&mut around)?,
    );
    (bright - dim > 2.0 * (dim - ground)).then_some(higher)
}

/// Holes filled, where the sides and the bottom are open and the top is not.
fn filled_below(inside: &Array2<bool>) -> Array2<bool> {
    let (h, w) = inside.dim();
    let padded = Array2::from_shape_fn((h + 1, w + 2), |(y, x)| {
        y < h && x > 0 && x <= w && inside[(y, x - 1)]
    });
    fill_holes(&padded.view()).slice(s![..h, 1..=w]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use xray_io::PixelSize;

    fn finder() -> KeyholeFinder {
        KeyholeFinder::new(
            KeyholeGauge::new(PixelSize::from_micrometers(1.0).unwrap()),
            19.5,
        )
    }

    /// A cavity with round walls, 0.2 deep in the middle, with ripples of 0.005.
    fn scene(left: f64, right: f64, bottom: f64) -> Array2<f32> {
        Array2::from_shape_fn((120, 160), |(y, x)| {
            let (x, y) = (x as f64, y as f64);
            let (middle, radius) = (0.5 * (left + right), 0.5 * (right - left));
            let path = (1.0 - ((x - middle) / radius).powi(2)).max(0.0).sqrt();
            let end = ((bottom - y) / 8.0).clamp(0.0, 1.0).sqrt();
            let ripple = 0.005 * ((12.9898 * x + 78.233 * y).sin() * 43758.5453).fract();
            (if y < 20.0 { 1.0 } else { 0.2 * path * end } + ripple) as f32
        })
    }

    #[test]
    fn a_round_cavity_ends_where_its_path_does() {
        let sighting = finder()
            .edge(EdgeShape::Round, 0.0)
            .apply(&scene(60.0, 100.0, 90.0).view())
            .unwrap();
        let keyhole = sighting.keyhole().unwrap();
        let g = keyhole.geometry;
        // ripples of a fortieth of the contrast move each wall by some tenths of a pixel
        assert!((g.width_half_um - 40.0).abs() < 0.5, "{g:?}");
        assert!((g.depth_um - 70.5).abs() < 1.0, "{g:?}");
        assert!(keyhole.confidence > 0.95 && keyhole.uncertainty.depth_um < 1.0);
    }

    /// A bright hill without a wall: its line of equal value is no keyhole, unless that is asked for.
    #[test]
    fn a_slope_without_an_edge_is_no_keyhole() {
        let hill = Array2::from_shape_fn((160, 200), |(y, x)| {
            let (dy, dx) = (y as f64 - 20.0, x as f64 - 100.0);
            let height = 0.05 * libm::exp(-(dx * dx + dy * dy) / 1800.0);
            (height + 0.002 * (((7 * x + 5 * y) % 11) as f64 - 5.0)) as f32
        });
        let found = finder().apply(&hill.view()).unwrap();
        assert_eq!(found.missing(), Some(Missing::NoEdge));
        let asked = finder().min_confidence(0.0).apply(&hill.view()).unwrap();
        assert!(asked.keyhole().is_some_and(|k| k.confidence < 0.25));
        assert!(finder().min_confidence(1.5).validate().is_err());
    }

    #[test]
    fn what_cannot_be_measured_is_missing_with_a_reason() {
        let missing = |image: Array2<f32>| finder().apply(&image.view()).unwrap().missing();
        assert_eq!(
            missing(Array2::zeros((120, 160))),
            Some(Missing::NothingBright)
        );
        assert_eq!(
            missing(scene(-10.0, 30.0, 90.0)),
            Some(Missing::CutByBorder)
        );
        assert_eq!(
            missing(scene(60.0, 100.0, 150.0)),
            Some(Missing::CutByBorder)
        );
        let mut buried = scene(60.0, 100.0, 90.0);
        buried.slice_mut(s![..50, ..]).fill(0.0);
        assert_eq!(missing(buried), Some(Missing::NotAtSurface));
        let mut bad = scene(60.0, 100.0, 90.0);
        bad[(110, 3)] = f32::NAN;
        assert_eq!(missing(bad), Some(Missing::Unusable(Unusable::NonFinite)));
        assert!(matches!(
            missing(scene(78.0, 82.0, 30.0)),
            Some(Missing::TooSmall { .. } | Missing::NothingBright)
        ));
    }

    #[test]
    fn a_correction_is_measured_as_drawn() {
        let mut mask = Array2::from_elem((120, 160), false);
        mask.slice_mut(s![10..80, 40..70]).fill(true);
        let drawn = finder().corrected(&mask.view()).unwrap();
        let keyhole = drawn.keyhole().unwrap();
        assert!(keyhole.corrected);
        assert!((keyhole.geometry.depth_um - 60.0).abs() < 0.01);
        assert!((keyhole.geometry.width_half_um - 30.0).abs() < 0.01);
        assert!((keyhole.uncertainty.depth_um - 0.5).abs() < 0.05);
        mask.fill(false);
        assert!(
            finder()
                .corrected(&mask.view())
                .unwrap()
                .missing()
                .is_some()
        );
    }

    #[test]
    fn impossible_settings_are_refused() {
        let image = scene(60.0, 100.0, 90.0);
        for bad in [
            finder().smoothing_px(-1.0),
            finder().threshold(Threshold::Fixed(0.0)),
            finder().max_depth_px(0.0),
            KeyholeFinder::new(*finder().gauge(), 118.0),
            KeyholeFinder::new(*finder().gauge(), f64::NAN),
        ] {
            assert!(bad.apply(&image.view()).is_err());
        }
        assert!(finder().apply(&Array2::zeros((1, 50)).view()).is_err());
    }

    #[test]
    fn a_mirror_image_gives_the_mirror_outline() {
        let image = scene(55.0, 91.0, 90.0);
        let flipped = image.slice(s![.., ..;-1]);
        let a = finder().apply(&image.view()).unwrap();
        let b = finder().apply(&flipped).unwrap();
        let (a, b) = (a.keyhole().unwrap(), b.keyhole().unwrap());
        assert!((a.geometry.area_um2 / b.geometry.area_um2 - 1.0).abs() < 2e-3);
        assert!((a.geometry.centroid.x + b.geometry.centroid.x - 159.0).abs() < 0.05);
    }
}
