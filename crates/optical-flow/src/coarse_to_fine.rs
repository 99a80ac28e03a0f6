//! The way from small images to large ones that the estimators share whose steps change a field in place.

use crate::estimator::Shift;
use crate::field::FlowField;
use crate::interpolate::{Interpolation, Sampler};
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
    /// sampled, the weight, and the field so far.
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
            let mut here = match field.take() {
                None => (
                    Plane::filled(rows, columns, (start.u * scale) as f32),
                    Plane::filled(rows, columns, (start.v * scale) as f32),
                ),
                Some((u, v)) => (
                    expand(&u, rows, columns, 2.0),
                    expand(&v, rows, columns, 2.0),
                ),
            };
            let sampler = Sampler::new(b, Interpolation::CubicBSpline);
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
