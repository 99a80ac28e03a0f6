//! Pores: bright round spots that do not touch keyhole or surface.

use ndarray::{Array2, ArrayView2};
use xray_io::PixelSize;

use crate::error::{Error, Result};
use crate::outline::{Outline, Point};
use crate::smooth::gaussian;
use crate::threshold::robust_sigma;

/// A pore in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pore {
    /// Center in pixels, by the fit of a sphere.
    pub center: Point,
    /// Standard error of each coordinate of the center in pixels, from the residual of the fit.
    pub center_error: f64,
    /// Radius of the sphere in pixels.
    pub radius: f64,
    /// Contrast in the middle over that around.
    pub peak: f64,
    /// Peak over the residual of the fit in the window.
    pub signal_to_noise: f64,
}

impl Pore {
    /// Diameter in µm.
    pub fn diameter_um(&self, pixel_size: PixelSize) -> f64 {
        2.0 * self.radius * pixel_size.micrometers()
    }
}

/// Finds pores in a frame of contrast.
///
/// Differences of Gaussians at some sizes between the least and the largest radius give candidates: points that are largest among their
/// neighbors in place and size and stand out of the robust deviation of their size by `min_significance`. A sphere, $b +
/// h\sqrt{1-\rho^2/r^2}$, is then fitted to each by least squares (Gauss-Newton with damping, over the smoothed profile). $O(n)$ a size.
///
/// The background must not hold the pore itself: use a picture of the plate, or a temporal median if pores move.
///
/// # References
///
/// T. Lindeberg, Int. J. Comput. Vis. 30, 79 (1998), doi 10.1023/A:1008045108935: blobs over scales.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PoreFinder {
    radii: [f64; 2],
    min_significance: f64,
    blur_px: f64,
    clearance_px: f64,
    max_pores: usize,
}

impl PoreFinder {
    /// A finder of pores with radii between these two, in pixels.
    pub fn new(least_radius_px: f64, largest_radius_px: f64) -> Self {
        Self {
            radii: [least_radius_px, largest_radius_px],
            min_significance: 6.0,
            blur_px: 1.0,
            clearance_px: 4.0,
            max_pores: 1000,
        }
    }

    /// How far a response must stand out, in robust standard deviations of all responses of its size (6 unless set).
    pub fn min_significance(mut self, min_significance: f64) -> Self {
        self.min_significance = min_significance;
        self
    }

    /// Standard deviation in pixels of the blur of the detector, which the fit includes (1 unless set).
    pub fn blur_px(mut self, blur_px: f64) -> Self {
        self.blur_px = blur_px;
        self
    }

    /// Least distance in pixels of the center from excluded pixels, besides the radius (4 unless set).
    pub fn clearance_px(mut self, clearance_px: f64) -> Self {
        self.clearance_px = clearance_px;
        self
    }

    /// Most pores of a frame; the most significant are kept (1000 unless set).
    pub fn max_pores(mut self, max_pores: usize) -> Self {
        self.max_pores = max_pores;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        let [least, largest] = self.radii;
        Error::between("least_radius_px", least, 1.0, 200.0)?;
        Error::between("largest_radius_px", largest, least, 200.0)?;
        Error::positive("min_significance", self.min_significance)?;
        Error::between("blur_px", self.blur_px, 0.0, 50.0)?;
        Error::between("clearance_px", self.clearance_px, 0.0, 1e6)
    }

    /// The pores of a frame, the most significant first, outside `excluded` (keyhole and all above the surface).
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate), and [`Error::ShapeMismatch`].
    pub fn apply(
        &self,
        contrast: &ArrayView2<f32>,
        excluded: &ArrayView2<bool>,
    ) -> Result<Vec<Pore>> {
        self.validate()?;
        Error::same_shape("excluded", contrast.dim(), excluded.dim())?;
        let (n_rows, n_columns) = contrast.dim();
        if n_rows < 8 || n_columns < 8 {
            return Ok(Vec::new());
        }
        // what is excluded takes the value of its surroundings, so that it has no edge
        let clean = without(contrast, excluded);
        let distance = distance_to(excluded);
        let [least, largest] = self.radii;
        let n_sizes = ((largest / least).log2() / 0.4).ceil() as usize + 1;
        let mut responses = Vec::with_capacity(n_sizes);
        for k in 0..n_sizes {
            let radius = least * (largest / least).powf(k as f64 / (n_sizes.max(2) - 1) as f64);
            let sigma = radius / std::f64::consts::SQRT_2;
            let near = gaussian(&clean.view(), sigma / 1.26);
            let far = gaussian(&clean.view(), sigma * 1.26);
            let response = near - far;
            let scale = robust_sigma(
                response
                    .iter()
                    .zip(&distance)
                    .filter(|(_, d)| f64::from(**d) > radius)
                    .map(|(v, _)| *v),
            );
            let scale = scale.unwrap_or(0.0).max(1e-12);
            responses.push((radius, response.mapv(|v| (f64::from(v) / scale) as f32)));
        }
        let mut found: Vec<(f32, f64, usize, usize)> = Vec::new();
        for (k, (radius, response)) in responses.iter().enumerate() {
            for y in 1..n_rows - 1 {
                for x in 1..n_columns - 1 {
                    let here = response[(y, x)];
                    if f64::from(here) < self.min_significance
                        || f64::from(distance[(y, x)]) < radius + self.clearance_px
                    {
                        continue;
                    }
                    let is_top = (k.saturating_sub(1)..(k + 2).min(responses.len())).all(|size| {
                        (y - 1..y + 2).all(|j| {
                            (x - 1..x + 2).all(|i| {
                                let there = responses[size].1[(j, i)];
                                there < here || (there <= here && (size, j, i) >= (k, y, x))
                            })
                        })
                    });
                    if is_top {
                        found.push((here, *radius, y, x));
                    }
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.2, a.3).cmp(&(b.2, b.3))));
        let mut pores: Vec<Pore> = Vec::new();
        for (_, radius, y, x) in found {
            if pores.len() >= self.max_pores {
                break;
            }
            let start = Point::new(x as f64, y as f64);
            let is_known = |p: &Pore| p.center.distance(start) < p.radius.max(radius);
            if pores.iter().any(is_known) {
                continue;
            }
            if let Some(pore) = fit(&clean, start, radius, self.blur_px, self.radii) {
                if !pores
                    .iter()
                    .any(|p| p.center.distance(pore.center) < p.radius.max(pore.radius))
                {
                    pores.push(pore);
                }
            }
        }
        Ok(pores)
    }
}

/// The image with excluded pixels filled row by row from what is next to them.
fn without(contrast: &ArrayView2<f32>, excluded: &ArrayView2<bool>) -> Array2<f32> {
    let mut out = contrast.mapv(|v| if v.is_finite() { v } else { 0.0 });
    let n = contrast.ncols();
    for (mut row, gone) in out.rows_mut().into_iter().zip(excluded.rows()) {
        let mut x = 0;
        while x < n {
            if !gone[x] {
                x += 1;
                continue;
            }
            let start = x;
            while x < n && gone[x] {
                x += 1;
            }
            // some pixels off the border, where the edge has been blurred
            let left = (start >= 4).then(|| row[start - 4]);
            let right = (x + 3 < n).then(|| row[x + 3]);
            let (from, to) = match (left, right) {
                (Some(a), Some(b)) => (a, b),
                (Some(a), None) | (None, Some(a)) => (a, a),
                (None, None) => (0.0, 0.0),
            };
            let (first, last) = (start.saturating_sub(3), (x + 3).min(n));
            for i in first..last {
                let t = (i - first) as f32 / (last - first) as f32;
                row[i] = from + t * (to - from);
            }
        }
    }
    out
}

/// Chessboard distance in pixels to the next excluded pixel or the border.
fn distance_to(excluded: &ArrayView2<bool>) -> Array2<f32> {
    let (h, w) = excluded.dim();
    let mut d = Array2::from_shape_fn((h, w), |(y, x)| {
        let border = (y + 1).min(x + 1).min(h - y).min(w - x) as f32;
        if excluded[(y, x)] { 0.0 } else { border }
    });
    for y in 1..h {
        for x in 0..w {
            let above = d[(y - 1, x.saturating_sub(1))].min(d[(y - 1, x)]);
            let above = above.min(d[(y - 1, (x + 1).min(w - 1))]);
            let left = if x > 0 { d[(y, x - 1)] } else { f32::INFINITY };
            d[(y, x)] = d[(y, x)].min(above.min(left) + 1.0);
        }
    }
    for y in (0..h).rev() {
        for x in (0..w).rev() {
            let mut least = if x + 1 < w {
                d[(y, x + 1)]
            } else {
                f32::INFINITY
            };
            if y + 1 < h {
                for i in x.saturating_sub(1)..(x + 2).min(w) {
                    least = least.min(d[(y + 1, i)]);
                }
            }
            d[(y, x)] = d[(y, x)].min(least + 1.0);
        }
    }
    d
}

/// The profile of a sphere of radius `r` at a distance, softened by the blur.
fn profile(distance: f64, r: f64, blur: f64) -> f64 {
    // the blur of a root: mean over five points of a normal law across the edge
    const NODES: [(f64, f64); 5] = [
        (-2.856_970, 0.011_257),
        (-1.355_626, 0.222_076),
        (0.0, 0.533_333),
        (1.355_626, 0.222_076),
        (2.856_970, 0.011_257),
    ];
    // and over three along it
    const ALONG: [(f64, f64); 2] = [(0.0, 2.0 / 3.0), (1.732_051, 1.0 / 3.0)];
    let mut sum = 0.0;
    for (z, weight) in NODES {
        let across = (distance + blur * z) / r;
        for (a, share) in ALONG {
            let along = blur * a / r;
            let inside = 1.0 - across * across - along * along;
            sum += weight * share * inside.max(0.0).sqrt();
        }
    }
    sum
}

/// Least-squares sphere: center, radius, height, ground.
#[expect(clippy::too_many_lines, reason = "one iteration in one place")]
fn fit(image: &Array2<f32>, start: Point, radius: f64, blur: f64, radii: [f64; 2]) -> Option<Pore> {
    let (h, w) = image.dim();
    let reach = (1.6 * radius + 2.0).ceil();
    let rows = (start.y - reach).max(0.0) as usize..=((start.y + reach) as usize).min(h - 1);
    let columns = (start.x - reach).max(0.0) as usize..=((start.x + reach) as usize).min(w - 1);
    let mut samples = Vec::new();
    for y in rows {
        for x in columns.clone() {
            let (dx, dy) = (x as f64 - start.x, y as f64 - start.y);
            if dx * dx + dy * dy <= reach * reach {
                samples.push([x as f64, y as f64, f64::from(image[(y, x)])]);
            }
        }
    }
    if samples.len() < 12 {
        return None;
    }
    // height and ground follow linearly from the profile
    let solve = |p: [f64; 3]| -> (f64, f64, f64) {
        let (mut sums, n) = ([0.0; 4], samples.len() as f64);
        for s in &samples {
            let t = profile(libm::hypot(s[0] - p[0], s[1] - p[1]), p[2], blur);
            sums[0] += t;
            sums[1] += s[2];
            sums[2] += t * t;
            sums[3] += t * s[2];
        }
        let spread = sums[2] - sums[0] * sums[0] / n;
        let height = if spread > 0.0 {
            (sums[3] - sums[0] * sums[1] / n) / spread
        } else {
            0.0
        };
        let ground = (sums[1] - height * sums[0]) / n;
        let rest = samples.iter().map(|s| {
            let t = profile(libm::hypot(s[0] - p[0], s[1] - p[1]), p[2], blur);
            (s[2] - ground - height * t) * (s[2] - ground - height * t)
        });
        (height, ground, rest.sum())
    };
    let mut p = [start.x, start.y, radius];
    let mut damping = 1e-3;
    let (mut height, mut ground, mut rest) = solve(p);
    let mut normal = [[0.0; 3]; 3];
    for _ in 0..30 {
        let mut right = [0.0; 3];
        normal = [[0.0; 3]; 3];
        for s in &samples {
            let value =
                |q: [f64; 3]| height * profile(libm::hypot(s[0] - q[0], s[1] - q[1]), q[2], blur);
            let residual = s[2] - ground - value(p);
            let slope: [f64; 3] = std::array::from_fn(|k| {
                let (mut up, mut down) = (p, p);
                up[k] += 0.05;
                down[k] -= 0.05;
                (value(up) - value(down)) / 0.1
            });
            for i in 0..3 {
                right[i] += slope[i] * residual;
                for j in 0..3 {
                    normal[i][j] += slope[i] * slope[j];
                }
            }
        }
        let mut better = false;
        for _ in 0..8 {
            let mut damped = normal;
            for (i, row) in damped.iter_mut().enumerate() {
                row[i] *= 1.0 + damping;
            }
            let step = solve3(damped, right)?;
            let q = [
                p[0] + step[0],
                p[1] + step[1],
                (p[2] + step[2]).clamp(0.5 * radii[0], 2.0 * radii[1]),
            ];
            let (new_height, new_ground, new_rest) = solve(q);
            if new_rest < rest {
                better = rest - new_rest > 1e-10 * rest;
                (p, height, ground, rest) = (q, new_height, new_ground, new_rest);
                damping = (damping * 0.3).max(1e-9);
                break;
            }
            damping *= 5.0;
        }
        if !better {
            break;
        }
    }
    let moved = libm::hypot(p[0] - start.x, p[1] - start.y);
    if height <= 0.0 || moved > radius + 2.0 || p[2] < 0.75 * radii[0] || p[2] > 1.3 * radii[1] {
        return None;
    }
    let variance = rest / (samples.len() - 5) as f64;
    let error = |k: usize| {
        let mut unit = [0.0; 3];
        unit[k] = 1.0;
        solve3(normal, unit).map_or(f64::INFINITY, |c| (variance * c[k]).max(0.0).sqrt())
    };
    Some(Pore {
        center: Point::new(p[0], p[1]),
        center_error: (0.5 * (error(0) * error(0) + error(1) * error(1))).sqrt(),
        radius: p[2],
        peak: height,
        signal_to_noise: height / variance.sqrt().max(1e-12),
    })
}

/// Three linear equations by Cramer's rule.
fn solve3(a: [[f64; 3]; 3], b: [f64; 3]) -> Option<[f64; 3]> {
    let minor = |m: &[[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let all = minor(&a);
    if all == 0.0 || !all.is_finite() {
        return None;
    }
    Some(std::array::from_fn(|k| {
        let mut m = a;
        for (row, value) in m.iter_mut().zip(b) {
            row[k] = value;
        }
        minor(&m) / all
    }))
}

/// A pore by its outline: for regions that are not round.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegionShape {
    /// Centroid in pixels.
    pub centroid: Point,
    /// Area in µm².
    pub area_um2: f64,
    /// $2\sqrt{A/\pi}$ in µm.
    pub equivalent_diameter_um: f64,
    /// $4\pi A/P^2$.
    pub circularity: f64,
    /// Ratio of the longer to the shorter axis of the ellipse with equal moments.
    pub elongation: f64,
}

impl RegionShape {
    /// Of what an outline encloses; `None` for no area.
    pub fn of(outline: &Outline, pixel_size: PixelSize) -> Option<Self> {
        let px = pixel_size.micrometers();
        let moments = outline.moments()?;
        let [long, short] = moments.semi_axes();
        Some(Self {
            centroid: moments.centroid,
            area_um2: moments.area * px * px,
            equivalent_diameter_um: outline.equivalent_diameter() * px,
            circularity: outline.circularity(),
            elongation: if short > 0.0 {
                long / short
            } else {
                f64::INFINITY
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spheres(list: &[(f64, f64, f64)], noise: f64) -> Array2<f32> {
        let ripple =
            |x: f64, y: f64| noise * ((12.9898 * x + 78.233 * y).sin() * 43758.5453).fract();
        let sharp = Array2::from_shape_fn((120, 160), |(y, x)| {
            // mean over 5 × 5 points of each pixel
            let mut sum = 0.0;
            for k in 0..25 {
                let (px, py) = (
                    x as f64 + 0.2 * f64::from(k % 5 - 2),
                    y as f64 + 0.2 * f64::from(k / 5 - 2),
                );
                for (cx, cy, r) in list {
                    let d2 = (px - cx).powi(2) + (py - cy).powi(2);
                    sum += 0.01 * (r * r - d2).max(0.0).sqrt() / 25.0;
                }
            }
            sum as f32
        });
        let mut blurred = gaussian(&sharp.view(), 1.0);
        for ((y, x), v) in blurred.indexed_iter_mut() {
            *v += ripple(x as f64, y as f64) as f32;
        }
        blurred
    }

    #[test]
    fn centers_without_noise() {
        let truth = [(40.3, 50.7, 7.0), (90.15, 30.4, 5.0), (120.8, 80.25, 8.5)];
        let none = Array2::from_elem((120, 160), false);
        let found = PoreFinder::new(3.0, 10.0)
            .apply(&spheres(&truth, 1e-6).view(), &none.view())
            .unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        for (x, y, r) in truth {
            let near = found
                .iter()
                .find(|p| p.center.distance(Point::new(x, y)) < 1.0)
                .unwrap();
            assert!(near.center.distance(Point::new(x, y)) < 0.02, "{near:?}");
            assert!((near.radius - r).abs() < 0.15, "{near:?} {r}");
        }
    }

    #[test]
    fn noise_and_excluded_regions_give_no_pores() {
        let none = Array2::from_elem((120, 160), false);
        let empty = spheres(&[], 0.01);
        let finder = PoreFinder::new(3.0, 10.0);
        assert!(
            finder
                .apply(&empty.view(), &none.view())
                .unwrap()
                .is_empty()
        );
        let mut slot = none.clone();
        slot.slice_mut(ndarray::s![..70, 60..90]).fill(true);
        let mut image = empty;
        image.slice_mut(ndarray::s![..70, 60..90]).fill(0.3);
        assert!(
            finder
                .apply(&image.view(), &slot.view())
                .unwrap()
                .is_empty()
        );
        let small = Array2::<f32>::zeros((3, 3));
        let gone = Array2::from_elem((3, 3), false);
        assert!(
            finder
                .apply(&small.view(), &gone.view())
                .unwrap()
                .is_empty()
        );
        assert!(finder.apply(&small.view(), &none.view()).is_err());
        assert!(
            PoreFinder::new(5.0, 2.0)
                .apply(&small.view(), &gone.view())
                .is_err()
        );
    }
}
