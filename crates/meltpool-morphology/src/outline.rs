//! Closed outlines with sub-pixel points, and what can be measured on them.

use ndarray::Array2;

use crate::error::{Error, Result};

/// A point of the image in pixels: `x` to the right, `y` down, centers of pixels at whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Point {
    /// Column.
    pub x: f64,
    /// Row.
    pub y: f64,
}

impl Point {
    /// A point of this column and row.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Distance to another point in pixels.
    pub fn distance(self, other: Self) -> f64 {
        libm::hypot(self.x - other.x, self.y - other.y)
    }
}

/// Area, centroid and central second moments of a region.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moments {
    /// Area in px².
    pub area: f64,
    /// Centroid.
    pub centroid: Point,
    /// Mean of $(x-\bar x)^2$ in px².
    pub xx: f64,
    /// Mean of $(x-\bar x)(y-\bar y)$ in px².
    pub xy: f64,
    /// Mean of $(y-\bar y)^2$ in px².
    pub yy: f64,
}

impl Moments {
    /// Semi-axes in pixels of the ellipse with these moments, the longer one first.
    pub fn semi_axes(&self) -> [f64; 2] {
        let mean = 0.5 * (self.xx + self.yy);
        let root = libm::hypot(0.5 * (self.xx - self.yy), self.xy);
        [mean + root, mean - root].map(|value| 2.0 * value.max(0.0).sqrt())
    }

    /// Angle of the longer axis in degrees from the direction of columns towards that of rows, from -90 to 90.
    pub fn orientation_deg(&self) -> f64 {
        (0.5 * libm::atan2(2.0 * self.xy, self.xx - self.yy)).to_degrees()
    }
}

/// A closed polygon in pixels of the image.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{Outline, Point};
///
/// let square = Outline::new([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)].map(|(x, y)| Point::new(x, y)))?;
/// assert_eq!((square.area(), square.perimeter()), (16.0, 16.0));
/// assert_eq!(square.crossings(1.0), [0.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outline {
    points: Vec<Point>,
}

impl Outline {
    /// A polygon through these points in order; the last is joined to the first.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below three points, [`Error::NonFinite`] for a coordinate that is not a number or infinite.
    pub fn new(points: impl Into<Vec<Point>>) -> Result<Self> {
        let points = points.into();
        Error::at_least("an outline", "points", 3, points.len())?;
        for (index, point) in points.iter().enumerate() {
            for found in [point.x, point.y] {
                if !found.is_finite() {
                    return Err(Error::NonFinite {
                        what: "outline",
                        index,
                        found,
                    });
                }
            }
        }
        Ok(Self { points })
    }

    /// For points that are known to be finite and at least three.
    pub(crate) fn of(points: Vec<Point>) -> Self {
        debug_assert!(points.len() >= 3);
        Self { points }
    }

    /// Its points.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub(crate) fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let next = self.points.iter().cycle().skip(1);
        self.points.iter().zip(next).map(|(a, b)| (*a, *b))
    }

    /// Twice the area with the sign of the sense of turning.
    pub(crate) fn signed_area(&self) -> f64 {
        let o = self.points[0];
        0.5 * self
            .edges()
            .map(|(a, b)| (a.x - o.x) * (b.y - o.y) - (b.x - o.x) * (a.y - o.y))
            .sum::<f64>()
    }

    /// Area in px² (shoelace formula).
    pub fn area(&self) -> f64 {
        self.signed_area().abs()
    }

    /// Length of the closed line in pixels.
    pub fn perimeter(&self) -> f64 {
        self.edges().map(|(a, b)| a.distance(b)).sum()
    }

    /// Diameter in pixels of the disc of equal area, $2\sqrt{A/\pi}$.
    pub fn equivalent_diameter(&self) -> f64 {
        2.0 * (self.area() / std::f64::consts::PI).sqrt()
    }

    /// $4\pi A/P^2$: 1 for a disc, less for all else.
    pub fn circularity(&self) -> f64 {
        let perimeter = self.perimeter();
        if perimeter > 0.0 {
            4.0 * std::f64::consts::PI * self.area() / (perimeter * perimeter)
        } else {
            0.0
        }
    }

    /// Area, centroid and central moments by Green's theorem; `None` for an area of 0.
    pub fn moments(&self) -> Option<Moments> {
        let o = self.points[0];
        let mut sums = [0.0; 6];
        for (a, b) in self.edges() {
            let (ax, ay, bx, by) = (a.x - o.x, a.y - o.y, b.x - o.x, b.y - o.y);
            let cross = ax * by - bx * ay;
            sums[0] += cross;
            sums[1] += (ax + bx) * cross;
            sums[2] += (ay + by) * cross;
            sums[3] += (ax * ax + ax * bx + bx * bx) * cross;
            sums[4] += (ax * by + 2.0 * ax * ay + 2.0 * bx * by + bx * ay) * cross;
            sums[5] += (ay * ay + ay * by + by * by) * cross;
        }
        let area = 0.5 * sums[0];
        if area == 0.0 {
            return None;
        }
        let (x, y) = (sums[1] / (6.0 * area), sums[2] / (6.0 * area));
        Some(Moments {
            area: area.abs(),
            centroid: Point::new(x + o.x, y + o.y),
            xx: sums[3] / (12.0 * area) - x * x,
            xy: sums[4] / (24.0 * area) - x * y,
            yy: sums[5] / (12.0 * area) - y * y,
        })
    }

    /// Columns at which the outline crosses a row, ascending: inside lies between the first and the second, and so on.
    pub fn crossings(&self, row: f64) -> Vec<f64> {
        let mut columns: Vec<f64> = self
            .edges()
            .filter(|(a, b)| (a.y <= row) != (b.y <= row))
            .map(|(a, b)| a.x + (row - a.y) / (b.y - a.y) * (b.x - a.x))
            .collect();
        columns.sort_unstable_by(f64::total_cmp);
        columns
    }

    /// Whether a point lies inside (even-odd rule).
    pub fn contains(&self, point: Point) -> bool {
        self.crossings(point.y)
            .iter()
            .filter(|column| **column <= point.x)
            .count()
            % 2
            == 1
    }

    /// The outline shifted by so many columns and rows.
    pub fn moved(&self, dx: f64, dy: f64) -> Self {
        let moved = |p: &Point| Point::new(p.x + dx, p.y + dy);
        Self::of(self.points.iter().map(moved).collect())
    }

    /// The lowest and the highest row and column: `[x_min, x_max, y_min, y_max]`.
    pub fn bounds(&self) -> [f64; 4] {
        let start = [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        self.points.iter().fold(start, |b, p| {
            [b[0].min(p.x), b[1].max(p.x), b[2].min(p.y), b[3].max(p.y)]
        })
    }

    /// The part below a row (of larger `y`); `None` if nothing is there.
    pub fn below(&self, row: f64) -> Option<Self> {
        let mut points = Vec::with_capacity(self.points.len() + 4);
        for (a, b) in self.edges() {
            if a.y >= row {
                points.push(a);
            }
            if (a.y >= row) != (b.y >= row) {
                let x = a.x + (row - a.y) / (b.y - a.y) * (b.x - a.x);
                points.push(Point::new(x, row));
            }
        }
        (points.len() >= 3).then(|| Self::of(points))
    }

    /// Points at equal distances of about `spacing_px` along the outline.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a spacing that is not positive; [`Error::TooLarge`] above 2^20 points.
    pub fn resampled(&self, spacing_px: f64) -> Result<Self> {
        Error::positive("spacing_px", spacing_px)?;
        let length = self.perimeter();
        let n = (length / spacing_px).round().max(3.0);
        if n > 1_048_576.0 {
            return Err(Error::TooLarge {
                what: "points of an outline",
                limit: 1_048_576,
                found: n as u64,
            });
        }
        let n = n as usize;
        let step = length / n as f64;
        let mut points = Vec::with_capacity(n);
        let mut passed = 0.0;
        for (a, b) in self.edges() {
            let edge = a.distance(b);
            while points.len() < n && points.len() as f64 * step < passed + edge {
                let t = (points.len() as f64 * step - passed) / edge;
                points.push(Point::new(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)));
            }
            passed += edge;
        }
        // rounding may leave the last point out
        while points.len() < n {
            points.push(self.points[0]);
        }
        Ok(Self::of(points))
    }

    /// Signed curvature in 1/px at points about `spacing_px` apart, positive where the outline bends around its inside.
    ///
    /// $\kappa = (x'y''-y'x'')/(x'^2+y'^2)^{3/2}$ of the outline under $2G - G*G$ with a Gaussian $G$ of `sigma_px` along its length. A
    /// circle of radius $R$ shrinks under $G$ by $e^{-q}$, $q = \sigma^2/2R^2$, under $2G - G*G$ by $q^2$ only.
    ///
    /// # Errors
    ///
    /// As [`resampled`](Self::resampled), and for a width that is not between 0 and 1000 px.
    pub fn curvature(&self, spacing_px: f64, sigma_px: f64) -> Result<Vec<(Point, f64)>> {
        Error::between("sigma_px", sigma_px, 0.0, 1000.0)?;
        let even = self.resampled(spacing_px)?;
        let n = even.points.len();
        let step = self.perimeter() / n as f64;
        let values = |of: fn(&Point) -> f64| -> Vec<f64> {
            let values: Vec<f64> = even.points.iter().map(of).collect();
            let once = smooth_closed(&values, sigma_px / step);
            let twice = smooth_closed(&once, sigma_px / step);
            once.iter().zip(twice).map(|(a, b)| 2.0 * a - b).collect()
        };
        let (x, y) = (values(|p| p.x), values(|p| p.y));
        let sign = even.signed_area().signum();
        Ok((0..n)
            .map(|i| {
                let (a, b) = ((i + n - 1) % n, (i + 1) % n);
                let (dx, dy) = (0.5 * (x[b] - x[a]), 0.5 * (y[b] - y[a]));
                let (ddx, ddy) = (x[b] - 2.0 * x[i] + x[a], y[b] - 2.0 * y[i] + y[a]);
                let speed = libm::hypot(dx, dy);
                let kappa = sign * (dx * ddy - dy * ddx) / (speed * speed * speed).max(1e-300);
                (Point::new(x[i], y[i]), kappa)
            })
            .collect())
    }

    /// Pixels whose centers lie inside.
    pub fn mask(&self, shape: (usize, usize)) -> Array2<bool> {
        let mut mask = Array2::from_elem(shape, false);
        let [_, _, top, bottom] = self.bounds();
        let (first, last) = (
            top.ceil().max(0.0),
            bottom.floor().min(shape.0 as f64 - 1.0),
        );
        let mut row = first;
        while row <= last {
            for pair in self.crossings(row).chunks_exact(2) {
                let from = pair[0].ceil().max(0.0) as usize;
                // a pixel centered on the right line is outside, as in `contains`
                let to = pair[1].ceil().clamp(0.0, shape.1 as f64) as usize;
                for column in from..to.max(from) {
                    mask[(row as usize, column)] = true;
                }
            }
            row += 1.0;
        }
        mask
    }
}

/// Circular convolution with a Gaussian whose width is in samples.
pub(crate) fn smooth_closed(values: &[f64], sigma: f64) -> Vec<f64> {
    let n = values.len();
    let reach = ((4.0 * sigma).ceil() as usize).min(n.saturating_sub(1) / 2);
    if reach == 0 {
        return values.to_vec();
    }
    let weights: Vec<f64> = (0..=reach)
        .map(|i| libm::exp(-0.5 * (i as f64 / sigma) * (i as f64 / sigma)))
        .collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    (0..n)
        .map(|i| {
            let sum: f64 = (1..=reach)
                .map(|k| weights[k] * (values[(i + k) % n] + values[(i + n - k) % n]))
                .sum();
            (weights[0] * values[i] + sum) / total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn ellipse(a: f64, b: f64, turn: f64, n: usize) -> Outline {
        let (s, c) = turn.sin_cos();
        Outline::of(
            (0..n)
                .map(|i| {
                    let t = std::f64::consts::TAU * i as f64 / n as f64;
                    let (x, y) = (a * t.cos(), b * t.sin());
                    Point::new(50.3 + c * x - s * y, 40.7 + s * x + c * y)
                })
                .collect(),
        )
    }

    #[test]
    fn moments_of_an_ellipse() {
        let turn = 0.4;
        let m = ellipse(20.0, 8.0, turn, 4000).moments().unwrap();
        assert_relative_eq!(m.area, std::f64::consts::PI * 160.0, max_relative = 1e-5);
        assert_relative_eq!(m.centroid.x, 50.3, max_relative = 1e-9);
        let [a, b] = m.semi_axes();
        assert_relative_eq!(a, 20.0, max_relative = 1e-5);
        assert_relative_eq!(b, 8.0, max_relative = 1e-5);
        assert_relative_eq!(m.orientation_deg(), turn.to_degrees(), max_relative = 1e-9);
    }

    #[test]
    fn either_sense_of_turning_gives_the_same() {
        let forward = ellipse(11.0, 5.0, 1.1, 400);
        let mut points = forward.points().to_vec();
        points.reverse();
        let backward = Outline::of(points);
        assert_relative_eq!(forward.area(), backward.area(), max_relative = 1e-12);
        let (a, b) = (forward.moments().unwrap(), backward.moments().unwrap());
        assert_relative_eq!(a.xy, b.xy, max_relative = 1e-10);
        let bend = |o: &Outline| {
            o.curvature(1.0, 1.0)
                .unwrap()
                .iter()
                .map(|c| c.1)
                .sum::<f64>()
        };
        assert!(bend(&forward) > 0.0 && bend(&backward) > 0.0);
    }

    #[test]
    fn a_cut_below_a_row_keeps_the_area_below() {
        let circle = ellipse(10.0, 10.0, 0.0, 2000);
        let lower = circle.below(40.7).unwrap();
        assert_relative_eq!(lower.area(), 0.5 * circle.area(), max_relative = 1e-4);
        assert!(circle.below(60.0).is_none());
    }

    #[test]
    fn mask_agrees_with_containment() {
        let outline = ellipse(9.5, 6.2, 0.7, 100);
        let mask = outline.mask((80, 90));
        for ((y, x), inside) in mask.indexed_iter() {
            assert_eq!(*inside, outline.contains(Point::new(x as f64, y as f64)));
        }
        assert!(!ellipse(3.0, 3.0, 0.0, 50).mask((20, 20)).iter().any(|i| *i));
    }

    #[test]
    fn refuses_lines_and_numbers_that_are_none() {
        let p = Point::new(0.0, 0.0);
        assert!(matches!(Outline::new([p, p]), Err(Error::TooFew { .. })));
        let bad = [p, p, Point::new(f64::NAN, 0.0)];
        assert!(matches!(
            Outline::new(bad),
            Err(Error::NonFinite { index: 2, .. })
        ));
    }
}
