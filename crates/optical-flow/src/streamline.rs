//! Lines along a field.

use crate::error::{Error, Result};
use crate::field::FlowField;
use crate::interpolate::{Interpolation, Sampler};
use crate::plane::Plane;

/// A point in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Point {
    /// Column.
    pub x: f32,
    /// Row.
    pub y: f32,
}

/// Traces the streamline through a point, forward, by the classical Runge-Kutta method of fourth order on the unit field.
///
/// Steps of `step` px; it ends at the border, where the speed falls below a thousandth of the largest, or after `max_steps`. The first
/// point is the start. $O(1)$ a step after $O(n)$ for the field.
///
/// # Errors
///
/// [`Error::InvalidParameter`] for a step that is not positive, [`Error::NonFinite`] if the field is not finite.
///
/// # Examples
///
/// ```
/// use optical_flow::{FlowField, Point, streamline};
///
/// let line = streamline(&FlowField::uniform((10, 40), 2.0, 0.0), Point { x: 3.0, y: 5.0 }, 0.5, 1000)?;
/// let end = line[line.len() - 1];
/// assert!((end.y - 5.0).abs() < 1e-5 && end.x > 38.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn streamline(
    flow: &FlowField,
    start: Point,
    step: f32,
    max_steps: usize,
) -> Result<Vec<Point>> {
    Error::positive("step", f64::from(step))?;
    let mut largest = 0.0_f32;
    for ((row, column), u) in flow.u.indexed_iter() {
        let speed = u.hypot(flow.v[[row, column]]);
        if !speed.is_finite() {
            return Err(Error::NonFinite {
                what: "flow",
                row,
                column,
                found: f64::from(speed),
            });
        }
        largest = largest.max(speed);
    }
    let (rows, columns) = flow.dim();
    let mut line = vec![start];
    if rows == 0 || columns == 0 || largest <= 0.0 {
        return Ok(line);
    }
    let u = Sampler::new(&Plane::from_view(&flow.u.view()), Interpolation::Keys);
    let v = Sampler::new(&Plane::from_view(&flow.v.view()), Interpolation::Keys);
    let direction = |x: f32, y: f32| {
        let inside =
            (0.0..=columns as f32 - 1.0).contains(&x) && (0.0..=rows as f32 - 1.0).contains(&y);
        let (a, b) = (u.at(x, y), v.at(x, y));
        let speed = a.hypot(b);
        (inside && speed > 1e-3 * largest).then(|| (a / speed, b / speed))
    };
    let mut next = |p: Point| -> Option<Point> {
        let k1 = direction(p.x, p.y)?;
        let k2 = direction(p.x + 0.5 * step * k1.0, p.y + 0.5 * step * k1.1)?;
        let k3 = direction(p.x + 0.5 * step * k2.0, p.y + 0.5 * step * k2.1)?;
        let k4 = direction(p.x + step * k3.0, p.y + step * k3.1)?;
        Some(Point {
            x: p.x + step / 6.0 * (k1.0 + 2.0 * k2.0 + 2.0 * k3.0 + k4.0),
            y: p.y + step / 6.0 * (k1.1 + 2.0 * k2.1 + 2.0 * k3.1 + k4.1),
        })
    };
    while line.len() <= max_steps {
        let Some(point) = line.last().copied().and_then(&mut next) else {
            break;
        };
        line.push(point);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn a_rotation_closes_its_circle() -> Result<()> {
        let u = Array2::from_shape_fn((101, 101), |(y, _)| -(y as f32 - 50.0));
        let v = Array2::from_shape_fn((101, 101), |(_, x)| x as f32 - 50.0);
        let flow = FlowField::new(u, v)?;
        let line = streamline(&flow, Point { x: 80.0, y: 50.0 }, 0.5, 377)?;
        for point in &line {
            approx::assert_abs_diff_eq!(
                (point.x - 50.0).hypot(point.y - 50.0),
                30.0,
                epsilon = 1e-2
            );
        }
        // 377 half pixels are one turn of radius 30
        let end = line[line.len() - 1];
        assert!((end.x - 80.0).hypot(end.y - 50.0) < 0.2);
        assert!(streamline(&flow, line[0], 0.0, 10).is_err());
        Ok(())
    }
}
