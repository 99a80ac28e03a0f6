//! The way from small images to large ones that the estimators share whose steps change a field in place.

use crate::estimator::Shift;
use crate::field::FlowField;
use crate::interpolate::{Interpolation, Sampler, WarpScratch};
use crate::plane::Plane;
use crate::pyramid::{depth, expand, reduce};

/// First frame, second frame and weight of the pixels at each size, the largest first.
pub(crate) struct Levels(Vec<(Plane, Plane, Option<Plane>)>);

impl Levels {
    /// Halved for as long as the shorter side is not below `least`.
    pub(crate) fn new(first: Plane, second: Plane, weight: Option<Plane>, least: usize) -> Self {
        let (rows, columns) = first.dim();
        let mut levels = vec![(first, second, weight)];
        for _ in 1..depth(rows, columns, least) {
            let Some((a, b, w)) = levels.last() else {
                break;
            };
            let next = (reduce(a), reduce(b), w.as_ref().map(reduce));
            levels.push(next);
        }
        Self(levels)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The field that `steps` calls of `improve` on each level, 0 the finest, make of a uniform start. It gets the first frame, the second one to be
    /// sampled, the weight, and the field so far. A level whose coarser ones explain its frames worse than the uniform start does begins with that:
    /// small images may have lost the texture, and what they found is not to be believed then.
    pub(crate) fn descend(
        &self,
        start: Shift,
        steps: impl Fn(usize) -> usize,
        mut improve: impl FnMut(&Plane, &Sampler, Option<&Plane>, &mut (Plane, Plane)),
    ) -> FlowField {
        let mut field: Option<(Plane, Plane)> = None;
        for (n, (a, b, weight)) in self.0.iter().enumerate().rev() {
            let (rows, columns) = a.dim();
            let scale = 0.5_f64.powi(n as i32);
            let sampler = Sampler::new(b, Interpolation::CubicBSpline);
            let uniform = (
                Plane::filled(rows, columns, (start.u * scale) as f32),
                Plane::filled(rows, columns, (start.v * scale) as f32),
            );
            let mut here = match field.take() {
                None => uniform,
                Some((u, v)) => {
                    let found = (
                        expand(&u, rows, columns, 2.0),
                        expand(&v, rows, columns, 2.0),
                    );
                    let left = |field| mismatch(a, &sampler, weight.as_ref(), field);
                    if left(&found) <= left(&uniform) {
                        found
                    } else {
                        uniform
                    }
                }
            };
            for _ in 0..steps(n) {
                improve(a, &sampler, weight.as_ref(), &mut here);
            }
            field = Some(here);
        }
        let (u, v) = field.unwrap_or_else(|| (Plane::new(0, 0), Plane::new(0, 0)));
        FlowField {
            u: u.into_array(),
            v: v.into_array(),
        }
    }
}

/// Mean square difference between a frame and the warped second one, over some rows; infinite where most of it is out of the frame.
fn mismatch(
    first: &Plane,
    second: &Sampler,
    weight: Option<&Plane>,
    field: &(Plane, Plane),
) -> f64 {
    let (rows, columns) = first.dim();
    let step = (rows / 64).max(1);
    let mut scratch = WarpScratch::default();
    let (mut out, mut inside) = (vec![0.0; columns], vec![0.0; columns]);
    let (mut sum, mut count) = (0.0, 0.0);
    for y in (0..rows).step_by(step) {
        let (u, v) = (field.0.row(y), field.1.row(y));
        second.warp_row(y, u, v, &mut scratch, &mut out, &mut inside);
        for (x, value) in first.row(y).iter().enumerate() {
            let known = inside[x] * weight.map_or(1.0, |weight| weight.at(y, x));
            sum += f64::from(known * (out[x] - value).powi(2));
            count += f64::from(known);
        }
    }
    // a field that leads everywhere out of the frame explains nothing
    if count > 0.25 * columns as f64 * rows.div_ceil(step) as f64 {
        sum / count
    } else {
        f64::INFINITY
    }
}
