//! Dense inverse search: patches found by inverse composition, spread over the pixels, and refined.

use crate::coarse_to_fine::Levels;
use crate::derivative::gradients;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::parallel::{bands, map};
use crate::phase::global_shift;
use crate::plane::Plane;
use crate::robust::{Refinement, RobustFlow};

/// Fast flow by patches of a grid, each found by itself.
///
/// From coarse to fine, each patch $T$ of the first frame is looked for in the second one by steps
/// $\Delta\mathbf u = H^{-1}\sum\nabla T\,(I_2(\mathbf x + \mathbf u) - T)$, $\mathbf u \leftarrow \mathbf u - \Delta\mathbf u$, whose matrix $H = \sum\nabla T\nabla T^T$ is
/// made once; means are taken off. A pixel then gets the mean of the motions of the patches that hold it, each weighted by $1/\max(1, |I_2(\mathbf x + \mathbf u) - I_1|)$
/// in counts of 1/255. A variational refinement, that of [`RobustFlow`], follows on each level; it goes on to the finest, where no patches are looked for by
/// default.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowEstimator, Image, InverseSearch};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let result = InverseSearch::new()
///     .estimate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(1.5).view())?)?;
/// assert!((result.flow.u[[32, 32]] - 1.5).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot \text{patch}^2/\text{stride}^2 \cdot \text{iterations})$, and two warps of [`RobustFlow`] a level.
///
/// # References
///
/// T. Kroeger, R. Timofte, D. Dai and L. Van Gool, ECCV 2016, doi 10.1007/978-3-319-46493-0_29. Here the second frame is sampled by a cubic B-spline, where the
/// reference has linear interpolation.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InverseSearch {
    patch: usize,
    stride: usize,
    iterations: usize,
    finest_level: usize,
    refinement: Option<RobustFlow>,
    start_from_phase: bool,
}

impl Default for InverseSearch {
    fn default() -> Self {
        Self::new()
    }
}

impl InverseSearch {
    /// Patches of 8 px every 4 px, at most 12 steps, on every level but the finest; two refining warps on each level.
    pub fn new() -> Self {
        Self {
            patch: 8,
            stride: 4,
            iterations: 12,
            finest_level: 1,
            refinement: Some(RobustFlow::new().warps(2)),
            start_from_phase: false,
        }
    }

    /// Side of the patches, px.
    pub fn patch(mut self, patch: usize) -> Self {
        self.patch = patch;
        self
    }

    /// Step of the grid of patches, px; at most their side.
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// The most steps of a patch on a level. It ends before when a step is below 0.01 px.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// The finest level on which patches are looked for: 0 is the size of the frames, 1 half of it (the default), and so on.
    pub fn finest_level(mut self, finest_level: usize) -> Self {
        self.finest_level = finest_level;
        self
    }

    /// The refinement after the search on each level, and its smoothing of the frames; none for patches alone. Its start from phase correlation is not
    /// used.
    pub fn refinement(mut self, refinement: impl Into<Option<RobustFlow>>) -> Self {
        self.refinement = refinement.into();
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds. Default no.
    pub fn start_from_phase(mut self, start_from_phase: bool) -> Self {
        self.start_from_phase = start_from_phase;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range, those of the refinement included.
    pub fn validate(&self) -> Result<()> {
        let (patch, stride) = (self.patch, self.stride);
        Error::at_least(
            "patch",
            "from 4 to 64 px",
            !(4..=64).contains(&patch),
            patch,
        )?;
        if !(1..=patch).contains(&stride) {
            return Err(Error::parameter(
                "stride",
                "from 1 to the side of the patches",
                stride,
            ));
        }
        Error::at_least(
            "iterations",
            "from 1 to 1000",
            self.iterations == 0 || self.iterations > 1000,
            self.iterations,
        )?;
        self.refinement
            .as_ref()
            .map_or(Ok(()), RobustFlow::validate)
    }
}

/// A step below this ends the search of a patch, px.
const SMALL: f32 = 0.01;

/// Smallest eigenvalue of the matrix of a patch, in squared counts a squared pixel and pixel of the patch, that determines a motion.
const TEXTURE: f32 = 0.1;

impl FlowEstimator for InverseSearch {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        let smoothing = self.refinement.as_ref().map_or(0.0, RobustFlow::smoothing);
        let levels = Levels::new(
            first.counts(smoothing),
            second.counts(smoothing),
            first.common_weight(second),
            2 * self.patch,
        );
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let finest = self.finest_level.min(levels.len() - 1);
        let mut refinement = self.refinement.clone().map(Refinement::new);
        let mut level = levels.len();
        let field = levels.descend(
            shift,
            |_| 1,
            |first, second, weight, field| {
                level -= 1;
                if level >= finest {
                    self.search(first, second, weight, field);
                }
                if let Some(refinement) = &mut refinement {
                    refinement.refine(first, second, weight, field);
                }
            },
        );
        let mut result = FlowResult::new(field);
        result.pre_smoothing = smoothing;
        result.initial = shift;
        Ok(result)
    }
}

/// A patch that was looked for: its motion, and what it leaves unexplained, in counts.
struct Found {
    u: f32,
    v: f32,
    left: Vec<f32>,
}

/// The first frame of a level and its derivatives, those of masked pixels zero.
struct Templates<'a> {
    first: &'a Plane,
    weight: Option<&'a Plane>,
    along: Plane,
    down: Plane,
    side: usize,
}

/// Where patches begin: every `stride` pixels, and one at the far border.
fn places(n: usize, side: usize, stride: usize) -> Vec<usize> {
    let last = n - side;
    let mut places: Vec<usize> = (0..last).step_by(stride).collect();
    places.push(last);
    places
}

impl InverseSearch {
    fn search(
        &self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
    ) {
        let (rows, columns) = first.dim();
        let side = self.patch.min(rows).min(columns);
        let (mut along, mut down) = (Plane::new(rows, columns), Plane::new(rows, columns));
        gradients(first, &mut along, &mut down);
        if let Some(weight) = weight {
            for plane in [&mut along, &mut down] {
                for (value, weight) in plane.data_mut().iter_mut().zip(weight.data()) {
                    *value *= weight;
                }
            }
        }
        let templates = Templates {
            first,
            weight,
            along,
            down,
            side,
        };
        let stride = self.stride.min(side);
        let tops = places(rows, side, stride);
        let lefts = places(columns, side, stride);
        let (u, v) = (&field.0, &field.1);
        let found: Vec<Vec<Found>> = map(tops.clone(), rows * columns, |top| {
            let mut scratch = Vec::new();
            let start = |left: usize| {
                let at = (top + side / 2, left + side / 2);
                (u.at(at.0, at.1), v.at(at.0, at.1))
            };
            lefts
                .iter()
                .map(|left| {
                    templates.find(
                        second,
                        (top, *left),
                        start(*left),
                        self.iterations,
                        &mut scratch,
                    )
                })
                .collect()
        });
        spread(&tops, &lefts, side, &found, field);
    }
}

impl Templates<'_> {
    /// Looks for the patch at `top`, `left`, from a motion known before.
    fn find(
        &self,
        second: &Sampler,
        (top, left): (usize, usize),
        start: (f32, f32),
        iterations: usize,
        scratch: &mut Vec<f32>,
    ) -> Found {
        let side = self.side;
        let rows = |plane: &Plane| -> Vec<f32> {
            (top..top + side)
                .flat_map(|y| plane.row(y)[left..left + side].to_vec())
                .collect()
        };
        let (template, gx, gy) = (rows(self.first), rows(&self.along), rows(&self.down));
        let known: Option<Vec<f32>> = self.weight.map(rows);
        let count = known
            .as_ref()
            .map_or((side * side) as f32, |known| known.iter().sum());
        let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (sx, sy): (f32, f32) = (gx.iter().sum(), gy.iter().sum());
        // sums around the mean
        let mean = 1.0 / count.max(1.0);
        let (a, b, d) = (
            sum(&gx, &gx) - sx * sx * mean,
            sum(&gx, &gy) - sx * sy * mean,
            sum(&gy, &gy) - sy * sy * mean,
        );
        let determinant = a * d - b * b;
        let least = 0.5 * (a + d) - (0.25 * (a - d).powi(2) + b * b).sqrt();
        let mut left_over = vec![0.0; side * side];
        let (mut u, mut v) = start;
        let mut sample = |u: f32, v: f32, out: &mut [f32]| {
            second.patch(left as f32 + u, top as f32 + v, side, scratch, out);
            for (out, template) in out.iter_mut().zip(&template) {
                *out -= template;
            }
        };
        if least > TEXTURE * count && determinant > 0.0 {
            let mut least_cost = f32::INFINITY;
            let (mut at_u, mut at_v) = start;
            for step in 0..=iterations {
                sample(at_u, at_v, &mut left_over);
                let shift = match &known {
                    None => left_over.iter().sum::<f32>(),
                    Some(known) => sum(&left_over, known),
                } * mean;
                // masked pixels count with their filled values, as in the frame
                let cost = sum(&left_over, &left_over) - shift * shift * count;
                if cost < least_cost {
                    (least_cost, u, v) = (cost, at_u, at_v);
                } else if step > 1 {
                    break;
                }
                let p = sum(&gx, &left_over) - sx * shift;
                let q = sum(&gy, &left_over) - sy * shift;
                let (du, dv) = ((d * p - b * q) / determinant, (a * q - b * p) / determinant);
                (at_u, at_v) = (at_u - du, at_v - dv);
                // a patch that runs away has found nothing
                let far = (at_u - start.0).hypot(at_v - start.1);
                if far.is_nan() || far > side as f32 {
                    (u, v) = start;
                    break;
                }
                if du.abs() + dv.abs() < SMALL {
                    break;
                }
            }
        }
        sample(u, v, &mut left_over);
        Found {
            u,
            v,
            left: left_over,
        }
    }
}

/// The motion of each pixel from those of the patches that hold it.
fn spread(
    tops: &[usize],
    lefts: &[usize],
    side: usize,
    found: &[Vec<Found>],
    field: &mut (Plane, Plane),
) {
    let columns = field.0.columns();
    let planes = [field.0.data_mut(), field.1.data_mut()];
    bands(planes, columns, |first, [u, v]| {
        let n_rows = u.len() / columns;
        let mut weights = vec![0.0_f32; u.len()];
        u.fill(0.0);
        v.fill(0.0);
        for (top, row) in tops.iter().zip(found) {
            for y in (*top).max(first)..(top + side).min(first + n_rows) {
                for (left, patch) in lefts.iter().zip(row) {
                    let at = (y - first) * columns + left;
                    let left_over = &patch.left[(y - top) * side..][..side];
                    let outs = u[at..].iter_mut().zip(&mut v[at..]).zip(&mut weights[at..]);
                    for (((u, v), weight), left_over) in outs.zip(left_over) {
                        let w = 1.0 / left_over.abs().max(1.0);
                        *u += w * patch.u;
                        *v += w * patch.v;
                        *weight += w;
                    }
                }
            }
        }
        for ((u, v), weight) in u.iter_mut().zip(v).zip(weights) {
            // every pixel lies in a patch
            *u /= weight;
            *v /= weight;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpolate::Interpolation;

    fn texture(y: f32, x: f32) -> f32 {
        100.0 + 30.0 * (0.5 * x + 0.2 * y).sin() + 30.0 * (0.45 * y - 0.3 * x).cos()
    }

    fn frame(u: f32, v: f32) -> Plane {
        Plane::from_fn(40, 48, |(y, x)| texture(y as f32 - v, x as f32 - u))
    }

    /// The motion of a patch is where the sum of squares around the means is least: that of a scan.
    #[test]
    fn a_patch_is_found_where_a_scan_finds_it() {
        let (first, second) = (frame(0.0, 0.0), frame(1.3, -0.8));
        let sampler = Sampler::new(&second, Interpolation::CubicBSpline);
        let (mut along, mut down) = (Plane::new(40, 48), Plane::new(40, 48));
        gradients(&first, &mut along, &mut down);
        let templates = Templates {
            first: &first,
            weight: None,
            along,
            down,
            side: 8,
        };
        let found = templates.find(&sampler, (16, 20), (0.0, 0.0), 30, &mut Vec::new());
        let cost = |u: f32, v: f32| {
            let mut out = [0.0; 64];
            sampler.patch(20.0 + u, 16.0 + v, 8, &mut Vec::new(), &mut out);
            let left: Vec<f32> = (0..64)
                .map(|k| out[k] - first.at(16 + k / 8, 20 + k % 8))
                .collect();
            let mean = left.iter().sum::<f32>() / 64.0;
            left.iter().map(|v| (v - mean).powi(2)).sum::<f32>()
        };
        let mut best = (f32::MAX, 0.0, 0.0);
        for j in 0..=100 {
            for i in 0..=100 {
                let (u, v) = (0.8 + 0.01 * i as f32, -1.3 + 0.01 * j as f32);
                let cost = cost(u, v);
                if cost < best.0 {
                    best = (cost, u, v);
                }
            }
        }
        approx::assert_abs_diff_eq!(found.u, best.1, epsilon = 0.011);
        approx::assert_abs_diff_eq!(found.v, best.2, epsilon = 0.011);
    }

    /// The weights written out, pixel by pixel.
    #[test]
    fn a_pixel_has_the_weighted_mean_of_its_patches() {
        let (rows, columns, side) = (11, 13, 4);
        let (tops, lefts) = (places(rows, side, 3), places(columns, side, 3));
        assert_eq!(tops, [0, 3, 6, 7]);
        let patch = |j: usize, i: usize| Found {
            u: (j * 7 + i * 3) as f32,
            v: (j + 5 * i) as f32,
            left: (0..16)
                .map(|k| ((k * 5 + j * 11 + i * 13) % 9) as f32 - 4.0)
                .collect(),
        };
        let found: Vec<Vec<Found>> = (0..tops.len())
            .map(|j| (0..lefts.len()).map(|i| patch(j, i)).collect())
            .collect();
        let mut field = (Plane::new(rows, columns), Plane::new(rows, columns));
        spread(&tops, &lefts, side, &found, &mut field);
        for y in 0..rows {
            for x in 0..columns {
                let (mut sum, mut weight) = (0.0, 0.0);
                for (j, top) in tops.iter().enumerate() {
                    for (i, left) in lefts.iter().enumerate() {
                        if (*top..top + side).contains(&y) && (*left..left + side).contains(&x) {
                            let left_over = found[j][i].left[(y - top) * side + x - left];
                            let w = 1.0 / left_over.abs().max(1.0);
                            sum += w * found[j][i].u;
                            weight += w;
                        }
                    }
                }
                approx::assert_abs_diff_eq!(field.0.at(y, x), sum / weight, epsilon = 1e-4);
            }
        }
    }

    #[test]
    fn rejects_what_is_out_of_range() {
        for bad in [
            InverseSearch::new().patch(3),
            InverseSearch::new().stride(0),
            InverseSearch::new().stride(9),
            InverseSearch::new().iterations(0),
            InverseSearch::new().refinement(RobustFlow::new().alpha(0.0)),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
