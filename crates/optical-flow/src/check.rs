//! Checks of a flow without a truth: residual maps and forward-backward consistency.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::estimator::FlowEstimator;
use crate::field::FlowField;
use crate::image::Image;
use crate::interpolate::{Interpolation, Sampler};
use crate::plane::Plane;

fn planes(flow: &FlowField) -> (Plane, Plane) {
    let finite = |array: &Array2<f32>| {
        let mut plane = Plane::from_view(&array.view());
        for value in plane.data_mut() {
            if !value.is_finite() {
                *value = 1e9;
            }
        }
        plane
    };
    (finite(&flow.u), finite(&flow.v))
}

/// The second frame carried back by a flow: it looks like the first where the flow is right. Not a number where the flow leads out
/// of the frame or is unknown.
///
/// # Errors
///
/// [`Error::ShapeMismatch`].
pub fn warp_back(
    second: &Image,
    flow: &FlowField,
    interpolation: Interpolation,
) -> Result<Array2<f32>> {
    Error::same_shape("flow", second.dim(), flow.dim())?;
    let (u, v) = planes(flow);
    let (mut out, inside) = Sampler::new(second.plane(), interpolation).warp(&u, &v);
    for (value, inside) in out.data_mut().iter_mut().zip(inside.data()) {
        if *inside == 0.0 {
            *value = f32::NAN;
        }
    }
    Ok(out.into_array())
}

/// The difference that a flow leaves, $I_2(\mathbf x + \mathbf u) - I_1(\mathbf x)$, in intensity.
///
/// # Errors
///
/// [`Error::ShapeMismatch`].
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowField, Image, residual_map};
///
/// let frame = |shift: f32| Array2::from_shape_fn((16, 16), |(_, x)| 0.01 * (x as f32 - shift));
/// let (first, second) = (Image::new(&frame(0.0).view())?, Image::new(&frame(1.0).view())?);
/// let left = residual_map(&first, &second, &FlowField::uniform((16, 16), 1.0, 0.0))?;
/// assert!(left[[8, 8]].abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn residual_map(first: &Image, second: &Image, flow: &FlowField) -> Result<Array2<f32>> {
    Error::same_shape("second", first.dim(), second.dim())?;
    Ok(warp_back(second, flow, Interpolation::CubicBSpline)? - first.intensity())
}

/// Distance between each pixel and where it comes back to by the forward and then the backward flow, px; not a number where that leads
/// out of the frame.
///
/// # Errors
///
/// [`Error::ShapeMismatch`].
pub fn round_trip(forward: &FlowField, backward: &FlowField) -> Result<Array2<f32>> {
    Error::same_shape("backward", forward.dim(), backward.dim())?;
    let (u, v) = planes(forward);
    let (bu, bv) = planes(backward);
    let (bu, inside) = Sampler::new(&bu, Interpolation::Bilinear).warp(&u, &v);
    let (bv, _) = Sampler::new(&bv, Interpolation::Bilinear).warp(&u, &v);
    Ok(Array2::from_shape_fn(forward.dim(), |(y, x)| {
        if inside.at(y, x) == 0.0 {
            return f32::NAN;
        }
        (u.at(y, x) + bu.at(y, x)).hypot(v.at(y, x) + bv.at(y, x))
    }))
}

/// Estimates both ways and gives the [`round_trip`] of the two.
///
/// # Errors
///
/// As the estimator.
pub fn forward_backward(
    estimator: &dyn FlowEstimator,
    first: &Image,
    second: &Image,
) -> Result<Array2<f32>> {
    let forward = estimator.estimate(first, second)?.flow;
    let backward = estimator.estimate(second, first)?.flow;
    round_trip(&forward, &backward)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_and_its_opposite_come_back() -> Result<()> {
        let there = FlowField::uniform((12, 16), 2.5, -1.0);
        let back = FlowField::uniform((12, 16), -2.5, 1.5);
        let distance = round_trip(&there, &back)?;
        approx::assert_relative_eq!(distance[[6, 6]], 0.5, max_relative = 1e-6);
        assert!(distance[[6, 15]].is_nan() && distance[[0, 3]].is_nan());
        let mut unknown = there.clone();
        unknown.u[[6, 6]] = f32::NAN;
        assert!(round_trip(&unknown, &back)?[[6, 6]].is_nan());
        Ok(())
    }
}
