//! From a line of equal value to the edge itself.

use ndarray::ArrayView2;

use crate::contrast::peak;
use crate::outline::{Outline, Point, smooth_closed};
use crate::smooth::sample;

/// An outline moved to the edge, and how sure that is.
#[derive(Debug, Clone)]
pub(crate) struct Refined {
    pub(crate) outline: Outline,
    /// Robust scatter in pixels of single edge places about the smoothed ones.
    pub(crate) scatter: f64,
    /// Share of the outline at which the image drops by more than three times the noise.
    pub(crate) clear: f64,
}

/// Outward normals of a closed outline by its neighbors over `reach` points.
fn normals(outline: &Outline, reach: usize) -> Vec<Point> {
    let points = outline.points();
    let n = points.len();
    // with rows down, a positive area turns clockwise on the screen
    let sign = outline.signed_area().signum();
    (0..n)
        .map(|i| {
            let (a, b) = (points[(i + n - reach % n) % n], points[(i + reach) % n]);
            let (dx, dy) = (b.x - a.x, b.y - a.y);
            let length = libm::hypot(dx, dy).max(1e-12);
            Point::new(sign * dy / length, -sign * dx / length)
        })
        .collect()
}

/// The outline with every point moved outwards by so many pixels.
pub(crate) fn offset(outline: &Outline, by: f64) -> Outline {
    let points = outline
        .points()
        .iter()
        .zip(normals(outline, 1))
        .map(|(p, n)| Point::new(p.x + by * n.x, p.y + by * n.y))
        .collect();
    Outline::of(points)
}

/// What an edge looks like along its normal before it is blurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum EdgeShape {
    /// The root of the depth behind the wall: the path through a cavity with round walls.
    #[default]
    Round,
    /// A step: a cavity with flat sides along the beam.
    Step,
}

/// Distance between samples along a normal, and how far they reach to either side.
const STEP: f64 = 0.5;
const SIDE: usize = 8;
const N_SAMPLES: usize = 2 * SIDE + 1;

/// Blurred edges at places from `-reach` to `reach` in quarter pixels, each with mean 0 and length 1.
#[derive(Debug, Clone)]
pub(crate) struct EdgeTemplates {
    places: Vec<f64>,
    shapes: Vec<[f64; N_SAMPLES]>,
}

impl EdgeTemplates {
    pub(crate) fn new(shape: EdgeShape, blur: f64, reach: f64) -> Self {
        let n = (reach / 0.25).round() as i64;
        let places: Vec<f64> = (-n..=n).map(|k| 0.25 * k as f64).collect();
        // all depths are multiples of a quarter pixel
        let span = n + 2 * SIDE as i64;
        let table: Vec<f64> = (-span..=span)
            .map(|k| blurred(shape, 0.25 * k as f64, blur))
            .collect();
        let shapes = (-n..=n)
            .map(|k| {
                let mut t: [f64; N_SAMPLES] = std::array::from_fn(|j| {
                    let outward = 2 * (j as i64 - SIDE as i64);
                    table[(k - outward + span) as usize]
                });
                let mean = t.iter().sum::<f64>() / N_SAMPLES as f64;
                for value in &mut t {
                    *value -= mean;
                }
                let length = t.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-12);
                t.map(|value| value / length)
            })
            .collect();
        Self { places, shapes }
    }

    /// The place of the best fit of level and height to a profile; `None` if nothing falls outwards.
    fn place(&self, profile: &[f64; N_SAMPLES]) -> Option<f64> {
        let score =
            |k: usize| -> f64 { self.shapes[k].iter().zip(profile).map(|(t, v)| t * v).sum() };
        let scores: Vec<f64> = (0..self.shapes.len()).map(score).collect();
        let middle = scores.len() / 2;
        let mut best = middle;
        for (k, value) in scores.iter().enumerate() {
            // nearer places win between equals
            let nearer = k.abs_diff(middle) < best.abs_diff(middle);
            if *value > scores[best] || (*value >= scores[best] && nearer) {
                best = k;
            }
        }
        if scores[best] <= 0.0 {
            return None;
        }
        let shift = if best > 0 && best + 1 < scores.len() {
            peak(scores[best - 1], scores[best], scores[best + 1])
        } else {
            0.0
        };
        Some(self.places[best] + 0.25 * shift)
    }
}

/// An edge `depth` pixels behind its wall under a Gaussian, by the trapezoidal rule over five of its widths.
fn blurred(shape: EdgeShape, depth: f64, blur: f64) -> f64 {
    const N: i32 = 60;
    let at = |d: f64| match shape {
        EdgeShape::Round => d.max(0.0).sqrt(),
        EdgeShape::Step => f64::from(u8::from(d > 0.0)),
    };
    let (mut sum, mut total) = (0.0, 0.0);
    for i in -N..=N {
        let z = 5.0 * f64::from(i) / f64::from(N);
        let weight = libm::exp(-0.5 * z * z);
        sum += weight * at(depth + blur * z);
        total += weight;
    }
    sum / total
}

/// Moves each point along its normal to where an edge fits best; what lies above the row `top` is not judged.
pub(crate) fn to_edge(
    image: &ArrayView2<f32>,
    outline: &Outline,
    templates: &EdgeTemplates,
    noise: f64,
    top: f64,
) -> Refined {
    let Ok(even) = outline.resampled(1.0) else {
        return Refined {
            outline: outline.clone(),
            scatter: 0.0,
            clear: 0.0,
        };
    };
    let normals = normals(&even, 2);
    let mut offsets = Vec::with_capacity(normals.len());
    let (mut clear, mut judged) = (0_usize, 0_usize);
    for (p, n) in even.points().iter().zip(&normals) {
        let profile: [f64; N_SAMPLES] = std::array::from_fn(|j| {
            let along = (j as f64 - SIDE as f64) * STEP;
            sample(image, p.x + along * n.x, p.y + along * n.y)
        });
        if p.y >= top {
            let step = profile[SIDE / 2] - profile[N_SAMPLES - 1 - SIDE / 2];
            clear += usize::from(step > 3.0 * noise);
            judged += 1;
        }
        offsets.push(templates.place(&profile).unwrap_or(0.0));
    }
    let n = offsets.len();
    let medians: Vec<f64> = (0..n)
        .map(|i| {
            let mut five: [f64; 5] = std::array::from_fn(|k| offsets[(i + n + k - 2 % n) % n]);
            five.sort_unstable_by(f64::total_cmp);
            five[2]
        })
        .collect();
    let smooth = smooth_closed(&medians, 2.0);
    let mut off: Vec<f64> = offsets
        .iter()
        .zip(&smooth)
        .map(|(a, b)| (a - b).abs())
        .collect();
    off.sort_unstable_by(f64::total_cmp);
    let moved = even.points().iter().zip(&normals).zip(&smooth);
    Refined {
        outline: Outline::of(
            moved
                .map(|((p, n), by)| Point::new(p.x + by * n.x, p.y + by * n.y))
                .collect(),
        ),
        scatter: 1.4826 * off[n / 2],
        clear: clear as f64 / judged.max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour::outlines;
    use crate::smooth::gaussian;
    use ndarray::Array2;

    #[test]
    fn a_blurred_disc_is_found_from_a_wrong_level() {
        let radius = 20.0_f64;
        let fine = Array2::from_shape_fn((64 * 8, 64 * 8), |(y, x)| {
            let (x, y) = ((x as f64 - 3.5) / 8.0, (y as f64 - 3.5) / 8.0);
            f32::from((x - 31.3).hypot(y - 30.8) < radius)
        });
        let disc = Array2::from_shape_fn((64, 64), |(y, x)| {
            fine.slice(ndarray::s![8 * y..8 * y + 8, 8 * x..8 * x + 8])
                .mean()
                .unwrap_or(0.0)
        });
        let blurred = gaussian(&disc.view(), 1.0);
        let templates = EdgeTemplates::new(EdgeShape::Step, 1.0, 3.0);
        for level in [0.2, 0.5, 0.8] {
            let rough = &outlines(&blurred.view(), level).unwrap()[0];
            let found = to_edge(&blurred.view(), rough, &templates, 0.01, 0.0);
            let ratio = found.outline.equivalent_diameter() / (2.0 * radius);
            assert!((ratio - 1.0).abs() < 0.005, "{level}: {ratio}");
            assert!(found.clear > 0.99 && found.scatter < 0.1);
            let grown = offset(&found.outline, 1.0).equivalent_diameter();
            assert!((grown - found.outline.equivalent_diameter() - 2.0).abs() < 0.05);
        }
    }
}
