//! Lines of equal value with sub-pixel points: marching squares.

use ndarray::ArrayView2;

use crate::error::{Error, Result};
use crate::outline::{Outline, Point};

/// Closed outlines of where an image is above a level, by marching squares with linear interpolation.
///
/// The image is thought to be surrounded by values as far below the level as its lowest pixel, so that regions at the border are closed.
/// Two opposite corners above the level are joined if the mean of the four is. Holes are outlines of their own, turning the other way;
/// a value that is not a number counts as lowest. Longest first. $O(n)$ in pixels.
///
/// # Errors
///
/// [`Error::InvalidParameter`] for a level that is not finite.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::outlines;
/// use ndarray::Array2;
///
/// let disc = Array2::from_shape_fn((40, 40), |(y, x)| 12.25 - (x as f32 - 20.3).hypot(y as f32 - 19.8));
/// let found = outlines(&disc.view(), 0.0)?;
/// assert!((found[0].area() / (12.25_f64.powi(2) * std::f64::consts::PI) - 1.0).abs() < 0.005);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn outlines(image: &ArrayView2<f32>, level: f64) -> Result<Vec<Outline>> {
    Error::finite("level", level)?;
    let (n_rows, n_columns) = image.dim();
    if n_rows == 0 || n_columns == 0 {
        return Ok(Vec::new());
    }
    let lowest = image
        .iter()
        .filter(|value| value.is_finite())
        .fold(f64::INFINITY, |low, value| low.min(f64::from(*value)));
    let outside = if lowest < level { lowest } else { level - 1.0 };
    Ok(trace(image, level, outside))
}

/// Marching squares on the grid padded by one pixel of `outside` on each side.
pub(crate) fn trace(image: &ArrayView2<f32>, level: f64, outside: f64) -> Vec<Outline> {
    let (n_rows, n_columns) = image.dim();
    let width = n_columns + 2;
    let at = |y: usize, x: usize| -> f64 {
        if y == 0 || x == 0 || y > n_rows || x > n_columns {
            return outside;
        }
        let value = f64::from(image[(y - 1, x - 1)]);
        if value.is_nan() {
            outside
        } else {
            value.clamp(-1e30, 1e30)
        }
    };
    // an edge of the grid is known by its upper or left end: 2 i for rightward, 2 i + 1 for downward
    let crossing = |edge: usize| -> Point {
        let (y, x) = (edge / 2 / width, edge / 2 % width);
        let (a, b) = if edge % 2 == 0 {
            (at(y, x), at(y, x + 1))
        } else {
            (at(y, x), at(y + 1, x))
        };
        let t = ((level - a) / (b - a)).clamp(0.0, 1.0);
        let (dx, dy) = if edge % 2 == 0 { (t, 0.0) } else { (0.0, t) };
        Point::new(x as f64 - 1.0 + dx, y as f64 - 1.0 + dy)
    };
    // pieces from edge to edge with the inside on the right hand: next[edge] = where the line goes from there
    let mut next: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for y in 0..=n_rows {
        let mut left = [at(y, 0) > level, at(y + 1, 0) > level];
        for x in 0..=n_columns {
            let right = [at(y, x + 1) > level, at(y + 1, x + 1) > level];
            let case = [left[0], right[0], right[1], left[1]]; // clockwise from the upper left
            left = right;
            let above = case.iter().filter(|c| **c).count();
            if above == 0 || above == 4 {
                continue;
            }
            let i = y * width + x;
            let sides = [2 * i, 2 * (i + 1) + 1, 2 * (i + width), 2 * i + 1]; // top, right, bottom, left
            // going clockwise around the cell, the line enters where it leaves the inside
            let leaves: Vec<usize> = (0..4).filter(|k| case[*k] && !case[(*k + 1) % 4]).collect();
            let enters: Vec<usize> = (0..4).filter(|k| !case[*k] && case[(*k + 1) % 4]).collect();
            if leaves.len() == 1 {
                next.insert(sides[enters[0]], sides[leaves[0]]);
                continue;
            }
            let mean = 0.25 * (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1));
            for k in &enters {
                // joined corners: the line cuts off the low corner before the entry; else it goes around the high one after it
                let to = if mean > level {
                    (k + 3) % 4
                } else {
                    (k + 1) % 4
                };
                next.insert(sides[*k], sides[to]);
            }
        }
    }
    let mut found = Vec::new();
    while let Some((start, mut edge)) = next.pop_first() {
        let mut points = vec![crossing(start)];
        while edge != start {
            points.push(crossing(edge));
            match next.remove(&edge) {
                Some(to) => edge = to,
                None => break,
            }
        }
        points.dedup();
        if points.len() >= 3 {
            found.push(Outline::of(points));
        }
    }
    found.sort_by(|a, b| b.area().total_cmp(&a.area()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::{Array2, array};

    #[test]
    fn curvature_of_a_circle_is_that_of_its_radius() {
        for radius in [8.0_f32, 15.0, 30.0] {
            let image = Array2::from_shape_fn((80, 80), |(y, x)| {
                radius - (x as f32 - 40.2).hypot(y as f32 - 39.6)
            });
            let circle = &outlines(&image.view(), 0.0).unwrap()[0];
            let sigma = 2.0;
            for (_, kappa) in circle.curvature(1.0, sigma).unwrap() {
                assert!((kappa * f64::from(radius) - 1.0).abs() < 0.02, "{kappa}");
            }
        }
    }

    #[test]
    fn holes_are_outlines_of_their_own() {
        let ring = Array2::from_shape_fn((41, 41), |(y, x)| {
            let r = (x as f32 - 20.0).hypot(y as f32 - 20.0);
            (15.0 - r).min(r - 6.0)
        });
        let found = outlines(&ring.view(), 0.0).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].signed_area() * found[1].signed_area() < 0.0);
        assert_relative_eq!(
            found[1].area(),
            36.0 * std::f64::consts::PI,
            max_relative = 0.01
        );
    }

    #[test]
    fn corners_that_touch_are_joined_by_their_mean() {
        let low = array![[1.0, 0.0], [0.0, 1.0]];
        assert_eq!(outlines(&low.view(), 0.7).unwrap().len(), 2);
        assert_eq!(outlines(&low.view(), 0.3).unwrap().len(), 1);
    }

    #[test]
    fn edges_of_input() {
        let one = array![[1.0_f32, 1.0, 1.0]];
        assert_eq!(outlines(&one.view(), 0.5).unwrap().len(), 1);
        let none = Array2::<f32>::from_elem((5, 5), f32::NAN);
        assert!(outlines(&none.view(), 0.5).unwrap().is_empty());
        assert!(
            outlines(&Array2::<f32>::zeros((0, 4)).view(), 0.0)
                .unwrap()
                .is_empty()
        );
        assert!(outlines(&one.view(), f64::NAN).is_err());
    }
}
