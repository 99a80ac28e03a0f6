//! How a keyhole is found: level, region, line of equal value, edge.

use ndarray::{Array2, ArrayView2, s};

use super::{Keyhole, KeyholeFinder, Missing, Sighting, Threshold};
use crate::contour::trace;
use crate::error::Result;
use crate::geometry::KeyholeGeometry;
use crate::mask::{Components, Connectivity, fill_holes};
use crate::outline::{Outline, Point};
use crate::refine::{EdgeTemplates, offset, to_edge};
use crate::smooth::gaussian;
use crate::threshold::{median, otsu, robust_sigma};

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
    /// The keyhole in rows of a frame of contrast that is finite.
    pub(super) fn find(
        &self,
        contrast: &ArrayView2<f32>,
        [first, last]: [usize; 2],
    ) -> Result<Sighting> {
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
    pub(super) fn moved(
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
