//! The melt pool around the keyhole.

use ndarray::{Array2, ArrayView2};
use xray_io::PixelSize;

use crate::error::{Error, Result};
use crate::mask::{Components, Connectivity};
use crate::outline::{Outline, Point};
use crate::smooth::gaussian;
use crate::threshold::{median, robust_sigma};

/// The melt pool in a frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeltPool {
    /// Its outline below the surface: the convex hull of what stands out.
    pub outline: Outline,
    /// Length along the surface in µm.
    pub length_um: f64,
    /// Depth of the lowest point in µm.
    pub depth_um: f64,
    /// Area in µm², the keyhole included.
    pub area_um2: f64,
    /// Columns of the rear (left) and front (right) end at the surface.
    pub ends: [f64; 2],
    /// Standard uncertainty of the depth in µm: half its change when the threshold moves by plus and minus the noise.
    pub depth_error_um: f64,
    /// Share of the hull that stands out by itself, from 0 to 1: low where the hull bridges what was not seen.
    pub confidence: f64,
}

/// Finds the melt pool as the convex hull of what stands out of the plate around the keyhole.
///
/// The image is any evidence of liquid that is larger in the pool: the contrast to the plate before the laser (liquid is less dense), or
/// motion contrast less its noise floor. It is smoothed by `smoothing_px`, compared with the plate
/// outside (median and robust deviation of `plate`), and what exceeds `min_significance` deviations and is connected with the keyhole is taken with its convex
/// hull, cut at the surface. Melt pools are nearly convex below the surface; a J-shaped or split pool is not what this finds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PoolFinder {
    pixel_size: PixelSize,
    surface_row: f64,
    smoothing_px: f64,
    min_significance: f64,
    edge_share: f64,
    surface_margin_px: f64,
}

impl PoolFinder {
    /// A finder below a surface in this row.
    pub fn new(pixel_size: PixelSize, surface_row: f64) -> Self {
        Self {
            pixel_size,
            surface_row,
            smoothing_px: 4.0,
            min_significance: 4.0,
            edge_share: 0.15,
            surface_margin_px: 4.0,
        }
    }

    /// Standard deviation of the smoothing in pixels (4 unless set).
    pub fn smoothing_px(mut self, smoothing_px: f64) -> Self {
        self.smoothing_px = smoothing_px;
        self
    }

    /// By how many robust deviations of the smoothed plate liquid must stand out (4 unless set).
    pub fn min_significance(mut self, min_significance: f64) -> Self {
        self.min_significance = min_significance;
        self
    }

    /// Share of the evidence in the pool (its median where it stands out) at which its edge is taken (0.15 unless set: the blurred root of a round pool at its
    /// wall for the default smoothing and a depth of some 60 px), if that is above `min_significance` deviations.
    pub fn edge_share(mut self, edge_share: f64) -> Self {
        self.edge_share = edge_share;
        self
    }

    /// Rows below the surface that are not looked at (4 unless set).
    pub fn surface_margin_px(mut self, surface_margin_px: f64) -> Self {
        self.surface_margin_px = surface_margin_px;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::finite("surface_row", self.surface_row)?;
        Error::between("smoothing_px", self.smoothing_px, 0.0, 100.0)?;
        Error::between("surface_margin_px", self.surface_margin_px, 0.0, 1e6)?;
        Error::between("edge_share", self.edge_share, 0.0, 1.0)?;
        Error::positive("min_significance", self.min_significance)
    }

    /// The pool around a keyhole; `None` if nothing stands out next to it. `plate` is solid for certain.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::ShapeMismatch`]; [`Error::TooFew`] below 100 pixels of plate.
    pub fn apply(
        &self,
        evidence: &ArrayView2<f32>,
        keyhole: &Outline,
        plate: &ArrayView2<bool>,
    ) -> Result<Option<MeltPool>> {
        self.validate()?;
        Error::same_shape("plate", evidence.dim(), plate.dim())?;
        let (n_rows, n_columns) = evidence.dim();
        let first = (self.surface_row + self.surface_margin_px).ceil().max(0.0) as usize;
        if first + 3 > n_rows {
            return Ok(None);
        }
        // what lies above the margin is replaced by the first row below it, so that no bright air is smeared in
        let carried =
            Array2::from_shape_fn((n_rows, n_columns), |(y, x)| evidence[(y.max(first), x)]);
        let smooth = gaussian(&carried.view(), self.smoothing_px);
        let mut solid: Vec<f32> = smooth
            .iter()
            .zip(plate)
            .filter(|(_, p)| **p)
            .map(|(v, _)| *v)
            .collect();
        Error::at_least("the melt pool", "pixels of plate", 100, solid.len())?;
        let ground = median(&mut solid).unwrap_or(0.0);
        let noise = robust_sigma(solid).unwrap_or(0.0).max(1e-12);
        let cavity = keyhole.mask((n_rows, n_columns));
        let least = self.min_significance * noise;
        let mut liquid: Vec<f32> = smooth
            .indexed_iter()
            .filter(|((y, x), v)| {
                *y >= first && !cavity[(*y, *x)] && f64::from(**v) > ground + least
            })
            .map(|(_, v)| *v)
            .collect();
        let height = median(&mut liquid).map_or(0.0, |m| m - ground);
        let base = least.max(self.edge_share * 1.5 * height);
        let hull_at = |sigmas: f64| -> Option<(Outline, f64)> {
            let level = ground + base + sigmas * noise;
            let mask = Array2::from_shape_fn((n_rows, n_columns), |(y, x)| {
                y >= first && (cavity[(y, x)] || f64::from(smooth[(y, x)]) > level)
            });
            let regions = Components::of(&mask.view(), Connectivity::Four);
            let label = regions
                .labels
                .iter()
                .zip(&cavity)
                .find(|(l, c)| **c && **l > 0)
                .map(|(l, _)| *l)?;
            let mut ends = Vec::new();
            let mut seen = 0_usize;
            for (y, row) in regions.labels.rows().into_iter().enumerate() {
                let inside = || {
                    row.iter()
                        .enumerate()
                        .filter(|(_, l)| **l == label)
                        .map(|(x, _)| x)
                };
                let (Some(a), Some(b)) = (inside().next(), inside().next_back()) else {
                    continue;
                };
                seen += inside().count();
                for x in [a as f64 - 0.5, b as f64 + 0.5] {
                    for dy in [-0.5, 0.5] {
                        ends.push(Point::new(x, y as f64 + dy));
                    }
                    if y == first {
                        ends.push(Point::new(x, self.surface_row));
                    }
                }
            }
            let hull = Outline::new(convex_hull(ends))
                .ok()?
                .below(self.surface_row)?;
            let share = seen as f64 / hull.below(first as f64 - 0.5)?.area().max(1.0);
            Some((hull, share.min(1.0)))
        };
        let Some((outline, confidence)) = hull_at(0.0) else {
            return Ok(None);
        };
        let px = self.pixel_size.micrometers();
        let depth = |o: &Outline| (o.bounds()[3] - self.surface_row) * px;
        let other = [1.0, -1.0].map(|d| hull_at(d).map(|h| depth(&h.0)));
        let depth_error_um = match other {
            [Some(a), Some(b)] => 0.5 * (a - b).abs(),
            _ => f64::INFINITY,
        };
        let [left, right, ..] = outline.bounds();
        Ok(Some(MeltPool {
            length_um: (right - left) * px,
            depth_um: depth(&outline),
            area_um2: outline.area() * px * px,
            ends: [left, right],
            depth_error_um,
            confidence,
            outline,
        }))
    }
}

/// Andrew's monotone chain.
fn convex_hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup();
    let turn = |o: Point, a: Point, b: Point| (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
    let mut hull: Vec<Point> = Vec::new();
    for pass in 0..2 {
        let start = hull.len();
        let mut add = |p: Point| {
            while hull.len() >= start + 2
                && turn(hull[hull.len() - 2], hull[hull.len() - 1], p) <= 0.0
            {
                hull.pop();
            }
            hull.push(p);
        };
        if pass == 0 {
            points.iter().copied().for_each(&mut add);
        } else {
            points.iter().rev().copied().for_each(&mut add);
        }
        hull.pop();
    }
    hull
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::intersection_over_union;

    #[test]
    fn half_an_ellipse_is_found_again() {
        let level = |y: usize, x: usize| {
            let (dx, dy) = ((x as f64 - 120.0) / 80.0, (y as f64 - 20.0) / 60.0);
            1.0 - dx * dx - dy * dy
        };
        let image = Array2::from_shape_fn((140, 260), |(y, x)| {
            let ripple =
                0.01 * ((12.9898 * x as f64 + 78.233 * y as f64).sin() * 43758.5453).fract();
            (if y < 20 {
                0.5
            } else {
                0.06 * level(y, x).max(0.0).sqrt()
            } + ripple) as f32
        });
        let keyhole = Outline::new(
            [(110.0, 20.0), (130.0, 20.0), (120.0, 60.0)].map(|(x, y)| Point::new(x, y)),
        )
        .unwrap();
        let plate = Array2::from_shape_fn((140, 260), |(y, _)| y > 100);
        let px = PixelSize::from_micrometers(2.0).unwrap();
        let finder = PoolFinder::new(px, 20.0);
        let pool = finder
            .apply(&image.view(), &keyhole, &plate.view())
            .unwrap()
            .unwrap();
        let truth = Array2::from_shape_fn((140, 260), |(y, x)| y >= 20 && level(y, x) > 0.0);
        let iou =
            intersection_over_union(&pool.outline.mask((140, 260)).view(), &truth.view()).unwrap();
        assert!(iou > 0.93, "{iou}");
        assert!((pool.depth_um - 120.0).abs() < 8.0, "{}", pool.depth_um);
        let flat = Array2::from_elem((140, 260), 0.0_f32);
        let only_keyhole = finder
            .apply(&flat.view(), &keyhole, &plate.view())
            .unwrap()
            .unwrap();
        assert!(only_keyhole.area_um2 < 2.2 * 4.0 * keyhole.area());
        let nothing = Array2::from_elem((140, 260), false);
        assert!(
            finder
                .apply(&flat.view(), &keyhole, &nothing.view())
                .is_err()
        );
    }
}
