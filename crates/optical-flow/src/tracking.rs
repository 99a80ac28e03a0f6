//! Motion of single points: pyramidal Lucas-Kanade with a check backward.

use crate::derivative::gradients;
use crate::error::{Error, Result};
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::{Interpolation, Sampler};
use crate::lucas_kanade::LucasKanade;
use crate::plane::Plane;
use crate::pyramid::{depth, reduce};
use crate::streamline::Point;

/// Follows points from one frame to the next, and back again.
///
/// On each level of a pyramid the window around a point is matched by Gauss-Newton steps with the derivatives of the first frame. A track is
/// `found` if the matrix of its derivatives is not singular, it stays inside the frame, and the way back ends within `round_trip` of the start.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{Image, PointTracker};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let (first, second) = (Image::new(&frame(0.0).view())?, Image::new(&frame(2.5).view())?);
/// let tracker = PointTracker::new();
/// let tracks = tracker.track(&first, &second, &tracker.corners(&first, 5, 8.0)?)?;
/// assert!(tracks.iter().any(|t| t.found && (t.to.x - t.from.x - 2.5).abs() < 0.02));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n)$ for the pyramid, $O(w^2)$ an iteration and point for windows of $w$ px.
///
/// # References
///
/// B. D. Lucas and T. Kanade, Proc. IJCAI, 674 (1981). J. Shi and C. Tomasi, Proc. CVPR, 593 (1994), doi 10.1109/CVPR.1994.323794 (corners).
/// Z. Kalal, K. Mikolajczyk and J. Matas, Proc. ICPR, 2756 (2010), doi 10.1109/ICPR.2010.675 (forward-backward error).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    expect(
        clippy::unsafe_derive_deserialize,
        reason = "there is no unsafe code in its methods"
    )
)]
pub struct PointTracker {
    radius: usize,
    max_iterations: usize,
    tolerance: f64,
    round_trip: f64,
    threshold: f64,
}

/// The motion of one point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Track {
    /// Where it was.
    pub from: Point,
    /// Where it is.
    pub to: Point,
    /// Distance between the start and the end of the way back, px; not a number where there is none.
    pub round_trip: f32,
    /// Smaller eigenvalue of the mean of $\nabla I\,\nabla I^T$ over the window, squared intensity a squared pixel.
    pub texture: f32,
    /// Whether all checks were passed.
    pub found: bool,
}

impl Default for PointTracker {
    fn default() -> Self {
        Self::new()
    }
}

/// One frame of a pyramid: values and derivatives between the pixels.
struct Sampled {
    image: Sampler,
    along: Sampler,
    down: Sampler,
    dim: (usize, usize),
}

impl PointTracker {
    /// Windows of 21 px, at most 30 steps down to 0.01 px on each level, half a pixel of the way back, texture of 1e-6.
    pub fn new() -> Self {
        Self {
            radius: 10,
            max_iterations: 30,
            tolerance: 0.01,
            round_trip: 0.5,
            threshold: 1e-6,
        }
    }

    /// Radius of the square window, px.
    pub fn radius(mut self, radius: usize) -> Self {
        self.radius = radius;
        self
    }

    /// The most steps on a level.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Length of a step, px, that ends a level.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Longest distance between the start and the end of the way back, px.
    pub fn round_trip(mut self, round_trip: f64) -> Self {
        self.round_trip = round_trip;
        self
    }

    /// Least texture of a window.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        Error::at_least(
            "radius",
            "from 1 to 100 px",
            self.radius == 0 || self.radius > 100,
            self.radius,
        )?;
        Error::at_least(
            "max_iterations",
            "from 1 to 1000",
            self.max_iterations == 0 || self.max_iterations > 1000,
            self.max_iterations,
        )?;
        Error::positive("tolerance", self.tolerance)?;
        Error::positive("round_trip", self.round_trip)?;
        Error::positive("threshold", self.threshold)
    }

    /// Up to `n` points with the strongest texture, at least `distance` px apart, strongest first.
    ///
    /// # Errors
    ///
    /// As [`PointTracker::validate`].
    pub fn corners(&self, frame: &Image, n: usize, distance: f32) -> Result<Vec<Point>> {
        self.validate()?;
        Error::not_negative("distance", f64::from(distance))?;
        let texture = LucasKanade::new().window(1.5).texture(frame)?;
        let (rows, columns) = texture.dim();
        let mut places = Vec::new();
        for y in 1..rows.max(2) - 1 {
            for x in 1..columns.max(2) - 1 {
                let here = texture[[y, x]];
                let around = texture.slice(ndarray::s![y - 1..=y + 1, x - 1..=x + 1]);
                if f64::from(here) >= self.threshold && around.iter().all(|value| *value <= here) {
                    places.push((here, y, x));
                }
            }
        }
        places.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut found: Vec<Point> = Vec::new();
        for (_, y, x) in places {
            if found.len() >= n {
                break;
            }
            let here = Point {
                x: x as f32,
                y: y as f32,
            };
            if found
                .iter()
                .all(|p| (p.x - here.x).hypot(p.y - here.y) >= distance)
            {
                found.push(here);
            }
        }
        Ok(found)
    }

    /// Where each point of the first frame is in the second one. Masks are not heeded.
    ///
    /// # Errors
    ///
    /// As [`PointTracker::validate`]; [`Error::ShapeMismatch`], [`Error::TooSmall`]; [`Error::NonFinite`] for a point that is not finite.
    pub fn track(&self, first: &Image, second: &Image, points: &[Point]) -> Result<Vec<Track>> {
        self.validate()?;
        check_frames(first, second)?;
        for (row, point) in points.iter().enumerate() {
            for (column, value) in [point.x, point.y].into_iter().enumerate() {
                if !value.is_finite() {
                    return Err(Error::NonFinite {
                        what: "points",
                        row,
                        column,
                        found: f64::from(value),
                    });
                }
            }
        }
        let (rows, columns) = first.dim();
        let n_levels = depth(rows, columns, (2 * self.radius + 1).max(8));
        let sampled = |image: &Image| {
            let mut planes = vec![image.plane().clone()];
            while planes.len() < n_levels {
                let next = reduce(&planes[planes.len() - 1]);
                planes.push(next);
            }
            planes.iter().map(Sampled::new).collect::<Vec<_>>()
        };
        let (first, second) = (sampled(first), sampled(second));
        let indices: Vec<usize> = (0..points.len()).collect();
        let n_pixels = points.len() * (2 * self.radius + 1).pow(2);
        Ok(crate::parallel::map(indices, n_pixels, |k| {
            let from = points[k];
            let (to, texture, inside) = self.follow(&first, &second, from);
            let round_trip = if inside {
                let (back, _, _) = self.follow(&second, &first, to);
                (back.x - from.x).hypot(back.y - from.y)
            } else {
                f32::NAN
            };
            Track {
                from,
                to,
                round_trip,
                texture,
                found: inside
                    && f64::from(texture) >= self.threshold
                    && f64::from(round_trip) <= self.round_trip,
            }
        }))
    }

    /// Where a point goes, the texture of its window on the finest level, and whether it stays inside.
    fn follow(&self, first: &[Sampled], second: &[Sampled], from: Point) -> (Point, f32, bool) {
        let side = 2 * self.radius + 1;
        let n = side * side;
        let offsets = |k: usize, n: usize| k as f32 - n as f32;
        let mut shift = (0.0_f32, 0.0_f32);
        let mut texture = 0.0;
        let (mut x, mut y) = (vec![0.0; n], vec![0.0; n]);
        let mut values = [vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]];
        for (level, (a, b)) in first.iter().zip(second).enumerate().rev() {
            let scale = 0.5_f32.powi(level as i32);
            let center = ((from.x + 0.5) * scale - 0.5, (from.y + 0.5) * scale - 0.5);
            let place = |x: &mut [f32], y: &mut [f32], dx: f32, dy: f32| {
                for k in 0..n {
                    x[k] = center.0 + dx + offsets(k % side, self.radius);
                    y[k] = center.1 + dy + offsets(k / side, self.radius);
                }
            };
            let [image, along, down, moved] = &mut values;
            place(&mut x, &mut y, 0.0, 0.0);
            a.image.points(image, &mut x.clone(), &mut y.clone());
            a.along.points(along, &mut x.clone(), &mut y.clone());
            a.down.points(down, &mut x, &mut y);
            let (mut xx, mut xy, mut yy) = (0.0_f64, 0.0_f64, 0.0_f64);
            for (gx, gy) in along.iter().zip(down.iter()) {
                xx += f64::from(gx * gx);
                xy += f64::from(gx * gy);
                yy += f64::from(gy * gy);
            }
            let least = (0.5 * (xx + yy) - (0.5 * (xx - yy)).hypot(xy)).max(0.0) / n as f64;
            texture = least as f32;
            let determinant = xx * yy - xy * xy;
            // as the coarser level left it where there is nothing to see
            let steps = if least < 1e-12 {
                0
            } else {
                self.max_iterations
            };
            for _ in 0..steps {
                place(&mut x, &mut y, shift.0, shift.1);
                b.image.points(moved, &mut x, &mut y);
                let (mut p, mut q) = (0.0_f64, 0.0_f64);
                for k in 0..n {
                    let t = f64::from(image[k] - moved[k]);
                    p += t * f64::from(along[k]);
                    q += t * f64::from(down[k]);
                }
                let step = (
                    (yy * p - xy * q) / determinant,
                    (xx * q - xy * p) / determinant,
                );
                let length = step.0.hypot(step.1);
                // no farther at once than a linearization reaches
                let cut = if length > 2.0 { 2.0 / length } else { 1.0 };
                shift = (
                    shift.0 + (cut * step.0) as f32,
                    shift.1 + (cut * step.1) as f32,
                );
                if length < self.tolerance {
                    break;
                }
            }
            if level > 0 {
                shift = (2.0 * shift.0, 2.0 * shift.1);
            }
        }
        let to = Point {
            x: from.x + shift.0,
            y: from.y + shift.1,
        };
        let (rows, columns) = first.first().map_or((0, 0), |level| level.dim);
        let inside = (0.0..=columns as f32 - 1.0).contains(&to.x)
            && (0.0..=rows as f32 - 1.0).contains(&to.y);
        (to, texture, inside)
    }
}

impl Sampled {
    fn new(plane: &Plane) -> Self {
        let (rows, columns) = plane.dim();
        let (mut along, mut down) = (Plane::new(rows, columns), Plane::new(rows, columns));
        gradients(plane, &mut along, &mut down);
        Self {
            image: Sampler::new(plane, Interpolation::CubicBSpline),
            along: Sampler::new(&along, Interpolation::CubicBSpline),
            down: Sampler::new(&down, Interpolation::CubicBSpline),
            dim: (rows, columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn frame(u: f32, v: f32) -> Result<Image> {
        let value = |x: f32, y: f32| {
            0.5 + 0.1 * (0.4 * x).sin()
                + 0.1 * (0.3 * y + 0.2 * x).cos()
                + 0.1 * (0.11 * x - 0.17 * y).sin()
        };
        Image::new(
            &Array2::from_shape_fn((96, 96), |(y, x)| value(x as f32 - u, y as f32 - v)).view(),
        )
    }

    #[test]
    fn finds_shifts_and_says_what_it_lost() -> Result<()> {
        let first = frame(0.0, 0.0)?;
        let tracker = PointTracker::new();
        for (u, v) in [(0.3, -0.2), (3.7, 1.2), (-6.0, 5.5)] {
            let inner: Vec<Point> = tracker
                .corners(&first, 40, 6.0)?
                .into_iter()
                .filter(|p| (24.0..72.0).contains(&p.x) && (24.0..72.0).contains(&p.y))
                .collect();
            assert!(inner.len() >= 4);
            for track in tracker.track(&first, &frame(u, v)?, &inner)? {
                assert!(track.found, "{track:?}");
                approx::assert_abs_diff_eq!(track.to.x - track.from.x, u, epsilon = 0.01);
                approx::assert_abs_diff_eq!(track.to.y - track.from.y, v, epsilon = 0.01);
            }
        }
        // out of the frame, and without texture
        let out = tracker.track(&first, &frame(-9.0, 0.0)?, &[Point { x: 3.0, y: 48.0 }])?;
        assert!(!out[0].found);
        let flat = Image::new(&Array2::from_elem((96, 96), 0.5_f32).view())?;
        let lost = tracker.track(&flat, &first, &[Point { x: 48.0, y: 48.0 }])?;
        assert!(!lost[0].found && lost[0].texture < 1e-9);
        Ok(())
    }

    #[test]
    fn rejects_what_is_out_of_range() -> Result<()> {
        for bad in [
            PointTracker::new().radius(0),
            PointTracker::new().max_iterations(0),
            PointTracker::new().tolerance(0.0),
            PointTracker::new().round_trip(f64::NAN),
            PointTracker::new().threshold(0.0),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
        let first = frame(0.0, 0.0)?;
        let nowhere = [Point {
            x: f32::NAN,
            y: 1.0,
        }];
        assert!(PointTracker::new().track(&first, &first, &nowhere).is_err());
        Ok(())
    }
}
