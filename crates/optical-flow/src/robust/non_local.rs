//! Weighted medians at the edges of motion, guided by the frames.

use crate::kernel::dispatch::{Kernel, dispatch};
use crate::parallel::map;
use crate::plane::Plane;

/// What the weights come from: the first frame, its difference from the warped second one, in counts, and 0 where that is unknown.
pub(super) struct Guide<'a> {
    pub(super) first: &'a Plane,
    pub(super) difference: &'a Plane,
    pub(super) known: &'a Plane,
}

/// Distance over which weights fall, px.
const NEAR: f32 = 7.0;

/// Difference of intensity over which weights fall, counts.
const ALIKE: f32 = 7.0;

/// Convergence of the field, 1/frame, and difference of the frames, counts, over which pixels count as hidden.
const CONVERGING: f32 = 0.3;
const DIFFERENT: f32 = 20.0;

/// What a hidden pixel keeps of its weight.
const HIDDEN: f32 = 1e-3;

/// A step of the field to a next pixel above this is an edge, px.
const EDGE: f32 = 0.1;

/// Pixels so far from an edge are near it.
const MARGIN: usize = 2;

/// Steps of the weights' table in a count.
const STEPS: f32 = 4.0;

/// Width of the interval that a median is brought down to before the least value in it is taken, px.
const WIDTH: f32 = 1e-4;

/// Lanes of sums: the same bits whatever the instruction set.
const LANES: usize = 32;

/// Sum of the weights of the values up to a bound.
#[derive(Debug, Clone, Copy)]
struct WeightUpTo;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&[f32], &[f32], f32, &mut f32)> for WeightUpTo {
    #[inline(always)]
    fn run((values, weights, bound, sum): (&[f32], &[f32], f32, &mut f32)) {
        let mut lanes = [0.0_f32; LANES];
        for (values, weights) in values.chunks_exact(LANES).zip(weights.chunks_exact(LANES)) {
            for l in 0..LANES {
                lanes[l] += if values[l] <= bound { weights[l] } else { 0.0 };
            }
        }
        *sum = lanes.iter().sum();
    }
}

/// The least value up to which lies half of the weight. Lengths are multiples of the lanes, weights not negative, their sum positive.
fn weighted_median(values: &[f32], weights: &[f32]) -> f32 {
    let total: f32 = {
        let mut sum = 0.0;
        dispatch(WeightUpTo, (values, weights, f32::INFINITY, &mut sum));
        sum
    };
    let (mut low, mut high) = values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |range, value| {
            (range.0.min(*value), range.1.max(*value))
        });
    let half = 0.5 * total;
    let mut below = 0.0;
    dispatch(WeightUpTo, (values, weights, low, &mut below));
    if below >= half {
        return low;
    }
    // the median is above `low` and at most `high`
    while high - low > WIDTH {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        dispatch(WeightUpTo, (values, weights, middle, &mut below));
        if below >= half {
            high = middle;
        } else {
            low = middle;
        }
    }
    values
        .iter()
        .copied()
        .filter(|value| *value > low)
        .fold(f32::INFINITY, f32::min)
}

impl Guide<'_> {
    /// How much a pixel is seen in both frames, from [`HIDDEN`] to 1.
    fn visibility(&self, field: &(Plane, Plane)) -> Plane {
        let (rows, columns) = self.first.dim();
        let step = |plane: &Plane, y: usize, x: usize| {
            let next = |a: usize, n: usize| (a + 1).min(n - 1);
            let before = |a: usize| a.max(1) - 1;
            (
                0.5 * (plane.at(y, next(x, columns)) - plane.at(y, before(x))),
                0.5 * (plane.at(next(y, rows), x) - plane.at(before(y), x)),
            )
        };
        Plane::from_fn(rows, columns, |(y, x)| {
            if self.known.at(y, x) == 0.0 {
                return HIDDEN;
            }
            let divergence = (step(&field.0, y, x).0 + step(&field.1, y, x).1).min(0.0);
            let d = divergence / CONVERGING;
            let e = self.difference.at(y, x) / DIFFERENT;
            (-0.5 * (d * d + e * e)).exp().max(HIDDEN)
        })
    }

    /// The columns of each row that are near an edge of the field.
    fn near_edges(field: &(Plane, Plane)) -> Vec<Vec<usize>> {
        let (rows, columns) = field.0.dim();
        let mut near = vec![false; rows * columns];
        for y in 0..rows {
            for x in 0..columns {
                let to = |yy: usize, xx: usize| {
                    let (du, dv) = (
                        field.0.at(yy, xx) - field.0.at(y, x),
                        field.1.at(yy, xx) - field.1.at(y, x),
                    );
                    du * du + dv * dv
                };
                if to((y + 1).min(rows - 1), x) + to(y, (x + 1).min(columns - 1)) < EDGE * EDGE {
                    continue;
                }
                for yy in y.saturating_sub(MARGIN)..(y + MARGIN + 1).min(rows) {
                    let first = yy * columns + x.saturating_sub(MARGIN);
                    let last = yy * columns + (x + MARGIN + 1).min(columns);
                    near[first..last].fill(true);
                }
            }
        }
        near.chunks_exact(columns)
            .map(|row| (0..columns).filter(|x| row[*x]).collect())
            .collect()
    }

    /// Replaces vectors near edges of the field by weighted medians over squares of this radius.
    pub(super) fn smooth(&self, field: &mut (Plane, Plane), radius: usize) {
        let (rows, columns) = self.first.dim();
        let visible = self.visibility(field);
        let r = radius as f32;
        let side = 2 * radius + 1;
        let by_distance: Vec<f32> = (0..side * side)
            .map(|k| {
                let (dy, dx) = ((k / side) as f32 - r, (k % side) as f32 - r);
                (-0.5 * (dx * dx + dy * dy) / (NEAR * NEAR)).exp()
            })
            .collect();
        let by_likeness: Vec<f32> = (0..=(4.0 * ALIKE * STEPS) as usize)
            .map(|k| (-0.5 * (k as f32 / (STEPS * ALIKE)).powi(2)).exp())
            .collect();
        let near: Vec<(usize, Vec<usize>)> =
            Self::near_edges(field).into_iter().enumerate().collect();
        let (u, v) = (&field.0, &field.1);
        let found = map(near, rows * columns, |(y, near)| {
            let room = (side * side).next_multiple_of(LANES);
            let (mut us, mut vs, mut weights) = (
                Vec::with_capacity(room),
                Vec::with_capacity(room),
                Vec::with_capacity(room),
            );
            let tops = y.saturating_sub(radius)..(y + radius + 1).min(rows);
            near.into_iter()
                .map(|x| {
                    us.clear();
                    vs.clear();
                    weights.clear();
                    let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(columns));
                    let here = self.first.at(y, x);
                    for yy in tops.clone() {
                        us.extend_from_slice(&u.row(yy)[left..right]);
                        vs.extend_from_slice(&v.row(yy)[left..right]);
                        let distance = &by_distance[(yy + radius - y) * side + left + radius - x..];
                        let rows = self.first.row(yy)[left..right]
                            .iter()
                            .zip(&visible.row(yy)[left..right])
                            .zip(distance);
                        weights.extend(rows.map(|((value, visible), distance)| {
                            let at = ((value - here).abs() * STEPS) as usize;
                            visible * distance * by_likeness.get(at).copied().unwrap_or(0.0)
                        }));
                    }
                    let (last_u, last_v) = (us[us.len() - 1], vs[vs.len() - 1]);
                    let full = us.len().next_multiple_of(LANES);
                    us.resize(full, last_u);
                    vs.resize(full, last_v);
                    weights.resize(full, 0.0);
                    (
                        x,
                        weighted_median(&us, &weights),
                        weighted_median(&vs, &weights),
                    )
                })
                .collect::<Vec<_>>()
        });
        for (y, row) in found.into_iter().enumerate() {
            for (x, u, v) in row {
                field.0.row_mut(y)[x] = u;
                field.1.row_mut(y)[x] = v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_the_sorted_values() {
        for seed in 1..40_usize {
            let n = LANES * (1 + seed % 9);
            let values: Vec<f32> = (0..n)
                .map(|k| ((k * 7919 + seed * 104_729) % 997) as f32 / 31.0 - 12.0)
                .collect();
            let weights: Vec<f32> = (0..n)
                .map(|k| ((k * 31 + seed * 17) % 64) as f32 / 64.0)
                .collect();
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
            let total: f32 = weights.iter().sum();
            let mut sum = 0.0;
            let expected = order.into_iter().find(|k| {
                sum += weights[*k];
                sum >= 0.5 * total
            });
            assert_eq!(
                Some(weighted_median(&values, &weights)),
                expected.map(|k| values[k])
            );
        }
    }

    /// A blurred edge of motion goes back to the edge of the intensities; a smooth field is left alone.
    #[test]
    fn edges_of_motion_go_to_edges_of_the_frame() {
        let (rows, columns) = (40, 48);
        let first = Plane::from_fn(rows, columns, |(_, x)| if x < 24 { 60.0 } else { 120.0 });
        let (difference, known) = (Plane::new(rows, columns), Plane::filled(rows, columns, 1.0));
        let guide = Guide {
            first: &first,
            difference: &difference,
            known: &known,
        };
        let blurred = |x: usize| ((x as f32 - 20.0) / 5.0).clamp(0.0, 1.0) * 2.0;
        let mut field = (
            Plane::from_fn(rows, columns, |(_, x)| blurred(x)),
            Plane::new(rows, columns),
        );
        guide.smooth(&mut field, 7);
        for x in 0..columns {
            let expected = if x < 24 { 0.0 } else { 2.0 };
            approx::assert_abs_diff_eq!(field.0.at(20, x), expected, epsilon = 0.01);
        }
        let ramp = Plane::from_fn(rows, columns, |(y, x)| 0.02 * x as f32 - 0.03 * y as f32);
        let mut field = (ramp.clone(), ramp.clone());
        guide.smooth(&mut field, 7);
        assert_eq!(field.0, ramp);
    }
}
