//! Farnebäck's method: quadratic polynomials around each pixel, and how they move.

use crate::coarse_to_fine::Levels;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::kernel::filter::{Combine, Convolve};
use crate::parallel::bands;
use crate::phase::global_shift;
use crate::plane::Plane;
use crate::smooth::{gaussian_into, gaussian_weights, pad_row};

/// Dense motion from polynomial expansions of both frames.
///
/// Around each pixel a frame is fitted by $\mathbf x^TA\mathbf x + \mathbf b^T\mathbf x + c$ in least squares with a Gaussian weight. Where
/// $f_2(\mathbf x) = f_1(\mathbf x - \mathbf d)$, the coefficients say $A\mathbf d = -\tfrac12(\mathbf b_2 - \mathbf b_1)$; with the mean $A$ of both frames,
/// gathered over a Gaussian window, this gives
///
/// $$\mathbf d = \langle A^TA\rangle^{-1}\langle A^T\Delta\mathbf b\rangle, \qquad \Delta\mathbf b = -\tfrac12(\mathbf b_2 - \mathbf b_1) + A\tilde{\mathbf d}$$
///
/// around a field $\tilde{\mathbf d}$ that is known from a coarser level or the iteration before. The reference looks $\mathbf b_2$ and $A_2$ up at places
/// rounded to pixels; here the second frame is warped by a cubic B-spline and expanded anew. Where $A$ vanishes the
/// field stays as it was.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{Farneback, FlowEstimator, Image};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let result = Farneback::new()
///     .estimate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(1.5).view())?)?;
/// assert!((result.flow.u[[32, 32]] - 1.5).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot (\text{expansion} + \text{window}) \cdot \text{iterations})$; some 80 bytes a pixel.
///
/// # References
///
/// G. Farnebäck, Image Analysis (SCIA), 363 (2003), doi 10.1007/3-540-45103-X_50.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Farneback {
    expansion: f64,
    window: f64,
    iterations: usize,
    start_from_phase: bool,
}

impl Default for Farneback {
    fn default() -> Self {
        Self::new()
    }
}

impl Farneback {
    /// Polynomials weighted over 1.5 px, a window of 4 px, 3 iterations a level, a start from phase correlation.
    pub fn new() -> Self {
        Self {
            expansion: 1.5,
            window: 4.0,
            iterations: 3,
            start_from_phase: true,
        }
    }

    /// Standard deviation of the weight of the polynomials, px.
    pub fn expansion(mut self, expansion: f64) -> Self {
        self.expansion = expansion;
        self
    }

    /// Standard deviation of the Gaussian window that the equations are gathered over, px.
    pub fn window(mut self, window: f64) -> Self {
        self.window = window;
        self
    }

    /// Iterations on each level.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds. Default yes.
    pub fn start_from_phase(mut self, start_from_phase: bool) -> Self {
        self.start_from_phase = start_from_phase;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        for (name, value) in [("expansion", self.expansion), ("window", self.window)] {
            if !(0.5..=100.0).contains(&value) {
                return Err(Error::parameter(name, "from 0.5 to 100 px", value));
            }
        }
        Error::at_least(
            "iterations",
            "from 1 to 1000",
            self.iterations == 0 || self.iterations > 1000,
            self.iterations,
        )
    }
}

/// Added to the matrix: curvatures below its root, in counts a squared pixel, say nothing of motion.
const DAMPING: f32 = 1e-3;

impl FlowEstimator for Farneback {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        // the window is to fit into the coarsest level
        let least = ((4.0 * self.window) as usize).max(16);
        let weight = first.common_weight(second);
        let levels = Levels::new(first.counts(0.0), second.counts(0.0), weight, least);
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let basis = Basis::new(self.expansion);
        let mut scratch = Scratch::default();
        let mut of_first: Option<Polynomials> = None;
        let field = levels.descend(
            shift,
            |_| self.iterations,
            |first, second, weight, field| {
                let known = of_first
                    .take()
                    .filter(|p| p.linear[0].dim() == first.dim())
                    .unwrap_or_else(|| Polynomials::of(first, &basis));
                self.improve(&known, second, weight, field, &basis, &mut scratch);
                of_first = Some(known);
            },
        );
        let mut result = FlowResult::new(field);
        result.initial = shift;
        Ok(result)
    }
}

/// One-dimensional weights of the moments $1, x, x^2$, and what turns moments into coefficients.
#[derive(Debug)]
struct Basis {
    weights: [Vec<f32>; 3],
    /// One over the second moment, one over its square, the second moment, one over the fourth less its square.
    solve: [f32; 4],
}

impl Basis {
    fn new(sigma: f64) -> Self {
        let plain = gaussian_weights(sigma);
        let radius = (plain.len() / 2) as f64;
        let moment = |power: i32| {
            plain.iter().enumerate().fold(0.0, |sum, (k, w)| {
                sum + f64::from(*w) * (k as f64 - radius).powi(power)
            })
        };
        let (second, fourth) = (moment(2), moment(4));
        let times = |power: i32| {
            let at = |k: usize| (k as f64 - radius).powi(power) as f32;
            plain.iter().enumerate().map(|(k, w)| w * at(k)).collect()
        };
        Self {
            weights: [times(0), times(1), times(2)],
            solve: [
                (1.0 / second) as f32,
                (1.0 / (second * second)) as f32,
                second as f32,
                (1.0 / (fourth - second * second)) as f32,
            ],
        }
    }
}

/// Coefficients of $\mathbf x^TA\mathbf x + \mathbf b^T\mathbf x + c$ around each pixel.
#[derive(Debug, Default)]
struct Polynomials {
    /// $b_x$, $b_y$.
    linear: [Plane; 2],
    /// $A_{xx}$, $A_{xy}$, $A_{yy}$.
    quadratic: [Plane; 3],
}

/// From the moments of a row, in the places of the coefficients, to these: $xx$, $yy$, $xy$, $x$, $y$, and the mean.
#[derive(Debug, Clone, Copy)]
struct Solve;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 5], &[f32], [f32; 4])> for Solve {
    #[inline(always)]
    fn run(
        (moments, mean, [inverse, inverse2, second, spread]): ([&mut [f32]; 5], &[f32], [f32; 4]),
    ) {
        let n = mean.len();
        let [x1, y1, xx, xy, yy] = moments.map(|row| &mut row[..n]);
        for i in 0..n {
            x1[i] *= inverse;
            y1[i] *= inverse;
            xx[i] = (xx[i] - second * mean[i]) * spread;
            yy[i] = (yy[i] - second * mean[i]) * spread;
            // the coefficient of xy stands twice in the symmetric matrix
            xy[i] *= 0.5 * inverse2;
        }
    }
}

impl Polynomials {
    fn of(image: &Plane, basis: &Basis) -> Self {
        let mut out = Self::default();
        out.fill(image, basis);
        out
    }

    /// Those of another image, in the memory that is there.
    fn fill(&mut self, image: &Plane, basis: &Basis) {
        let (rows, columns) = image.dim();
        for plane in self.linear.iter_mut().chain(&mut self.quadratic) {
            plane.resize(rows, columns);
        }
        let [bx, by] = self.linear.each_mut().map(Plane::data_mut);
        let [axx, axy, ayy] = self.quadratic.each_mut().map(Plane::data_mut);
        let taps = basis.weights[0].len();
        let radius = taps / 2;
        bands([bx, by, axx, axy, ayy], columns, |first, outs| {
            let mut middle = vec![0.0; columns];
            let mut mean = vec![0.0; columns];
            let mut padded: [Vec<f32>; 3] =
                std::array::from_fn(|_| vec![0.0; columns + 2 * radius]);
            let n_rows = outs[0].len() / columns;
            let [bx, by, axx, axy, ayy] = outs;
            for k in 0..n_rows {
                let around: Vec<&[f32]> = (0..taps)
                    .map(|j| image.row((first + k + j).saturating_sub(radius).min(rows - 1)))
                    .collect();
                for (weights, padded) in basis.weights.iter().zip(&mut padded) {
                    dispatch(Combine, (&mut middle[..], &around[..], &weights[..]));
                    pad_row(padded, &middle, radius);
                }
                let at = k * columns..(k + 1) * columns;
                let [w0, w1, w2] = basis.weights.each_ref().map(Vec::as_slice);
                let [p0, p1, p2] = padded.each_ref().map(Vec::as_slice);
                dispatch(Convolve, (&mut mean[..], p0, w0));
                dispatch(Convolve, (&mut bx[at.clone()], p0, w1));
                dispatch(Convolve, (&mut by[at.clone()], p1, w0));
                dispatch(Convolve, (&mut axx[at.clone()], p0, w2));
                dispatch(Convolve, (&mut axy[at.clone()], p1, w1));
                dispatch(Convolve, (&mut ayy[at.clone()], p2, w0));
                let moments = [
                    &mut bx[at.clone()],
                    &mut by[at.clone()],
                    &mut axx[at.clone()],
                    &mut axy[at.clone()],
                    &mut ayy[at],
                ];
                dispatch(Solve, (moments, &mean[..], basis.solve));
            }
        });
    }

    fn rows(&self, y: usize) -> [&[f32]; 5] {
        let ([bx, by], [axx, axy, ayy]) = (&self.linear, &self.quadratic);
        [bx, by, axx, axy, ayy].map(|plane| plane.row(y))
    }
}

/// The equations of a row: $A^TA$ and $A^T\Delta\mathbf b$ times a weight.
#[derive(Debug, Clone, Copy)]
struct Equations;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 5], [[&[f32]; 5]; 2], [&[f32]; 3])> for Equations {
    #[inline(always)]
    fn run((out, [one, two], field): ([&mut [f32]; 5], [[&[f32]; 5]; 2], [&[f32]; 3])) {
        let [u, v, weight] = field;
        let n = u.len();
        let (v, weight) = (&v[..n], &weight[..n]);
        let [g11, g12, g22, h1, h2] = out.map(|row| &mut row[..n]);
        let [bx1, by1, xx1, xy1, yy1] = one.map(|row| &row[..n]);
        let [bx2, by2, xx2, xy2, yy2] = two.map(|row| &row[..n]);
        for i in 0..n {
            let a = 0.5 * (xx1[i] + xx2[i]);
            let b = 0.5 * (xy1[i] + xy2[i]);
            let d = 0.5 * (yy1[i] + yy2[i]);
            let p = 0.5 * (bx1[i] - bx2[i]) + (a * u[i] + b * v[i]);
            let q = 0.5 * (by1[i] - by2[i]) + (b * u[i] + d * v[i]);
            let w = weight[i];
            g11[i] = w * (a * a + b * b);
            g12[i] = w * b * (a + d);
            g22[i] = w * (b * b + d * d);
            h1[i] = w * (a * p + b * q);
            h2[i] = w * (b * p + d * q);
        }
    }
}

/// What an iteration needs, kept from one to the next.
#[derive(Debug, Default)]
struct Scratch {
    warped: Plane,
    known: Plane,
    second: Polynomials,
    sums: [Plane; 5],
    smooth: Plane,
}

/// The field of a row from the gathered equations; what is not finite stays as it was.
#[derive(Debug, Clone, Copy)]
struct Update;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 2], [&[f32]; 5])> for Update {
    #[inline(always)]
    fn run((field, sums): ([&mut [f32]; 2], [&[f32]; 5])) {
        let [u, v] = field;
        let n = u.len();
        let v = &mut v[..n];
        let [g11, g12, g22, h1, h2] = sums.map(|row| &row[..n]);
        let limited = |change: f32| {
            let change = if change > MOST { MOST } else { change };
            if change < -MOST { -MOST } else { change }
        };
        for i in 0..n {
            let (a, b, d) = (g11[i] + DAMPING, g12[i], g22[i] + DAMPING);
            let (p, q) = (h1[i] + DAMPING * u[i], h2[i] + DAMPING * v[i]);
            let determinant = (a * d - b * b).max(DAMPING * DAMPING);
            let (new_u, new_v) = ((d * p - b * q) / determinant, (a * q - b * p) / determinant);
            let is_finite = new_u.abs() + new_v.abs() < f32::INFINITY;
            u[i] += if is_finite {
                limited(new_u - u[i])
            } else {
                0.0
            };
            v[i] += if is_finite {
                limited(new_v - v[i])
            } else {
                0.0
            };
        }
    }
}

impl Farneback {
    fn improve(
        &self,
        first: &Polynomials,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
        basis: &Basis,
        scratch: &mut Scratch,
    ) {
        let (rows, columns) = field.0.dim();
        let Scratch {
            warped,
            known,
            second: of_second,
            sums,
            smooth,
        } = scratch;
        warped.resize(rows, columns);
        known.resize(rows, columns);
        second.warp_into(&field.0, &field.1, warped, known);
        if let Some(weight) = weight {
            for (known, weight) in known.data_mut().iter_mut().zip(weight.data()) {
                *known *= weight;
            }
        }
        of_second.fill(warped, basis);
        for sum in &mut *sums {
            sum.resize(rows, columns);
        }
        let (u, v) = (&field.0, &field.1);
        bands(
            sums.each_mut().map(Plane::data_mut),
            columns,
            |row, mut sums| {
                for k in 0..sums[0].len() / columns {
                    let y = row + k;
                    let out = sums
                        .each_mut()
                        .map(|sum| &mut sum[k * columns..(k + 1) * columns]);
                    let both = [first.rows(y), of_second.rows(y)];
                    dispatch(Equations, (out, both, [u.row(y), v.row(y), known.row(y)]));
                }
            },
        );
        for sum in &mut *sums {
            gaussian_into(sum, self.window, smooth);
            std::mem::swap(sum, smooth);
        }
        let planes = [field.0.data_mut(), field.1.data_mut()];
        bands(planes, columns, |first, [u, v]| {
            let at = first * columns..first * columns + u.len();
            let sums = sums.each_ref().map(|sum| &sum.data()[at.clone()]);
            dispatch(Update, ([u, v], sums));
        });
    }
}

/// The largest change of a component by one iteration, in pixels of the level.
const MOST: f32 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpolate::Interpolation;

    /// Weighted least squares at one pixel, by normal equations of six unknowns in double precision.
    fn direct(image: &Plane, sigma: f64, y: usize, x: usize) -> [f64; 6] {
        let weights = gaussian_weights(sigma);
        let radius = (weights.len() / 2) as isize;
        let mut m = [[0.0_f64; 7]; 6];
        for j in -radius..=radius {
            for i in -radius..=radius {
                let w = f64::from(weights[(j + radius) as usize])
                    * f64::from(weights[(i + radius) as usize]);
                let f = f64::from(image.clamped(y as isize + j, x as isize + i));
                let (i, j) = (i as f64, j as f64);
                let basis = [1.0, i, j, i * i, i * j, j * j];
                for (row, one) in m.iter_mut().zip(basis) {
                    for (sum, other) in row.iter_mut().zip(basis) {
                        *sum += w * one * other;
                    }
                    row[6] += w * one * f;
                }
            }
        }
        for p in 0..6 {
            for r in 0..6 {
                if r != p {
                    let factor = m[r][p] / m[p][p];
                    let pivot = m[p];
                    for (value, other) in m[r].iter_mut().zip(pivot) {
                        *value -= factor * other;
                    }
                }
            }
        }
        std::array::from_fn(|k| m[k][6] / m[k][k])
    }

    #[test]
    fn expansion_is_weighted_least_squares() {
        let image = Plane::from_fn(23, 31, |(y, x)| {
            100.0 * (((y * 37 + x * 91 + x * y * 5) % 101) as f32 / 101.0 - 0.5)
        });
        for sigma in [0.8, 1.5, 2.3] {
            let found = Polynomials::of(&image, &Basis::new(sigma));
            for (y, x) in [(0, 0), (3, 30), (11, 14), (22, 7)] {
                let [_, bx, by, xx, xy, yy] = direct(&image, sigma, y, x);
                let rows = found.rows(y).map(|row| f64::from(row[x]));
                for (found, expected) in rows.iter().zip([bx, by, xx, 0.5 * xy, yy]) {
                    approx::assert_abs_diff_eq!(*found, expected, epsilon = 2e-4);
                }
            }
        }
    }

    /// For frames that are quadratic the equations are exact: one iteration finds the motion.
    #[test]
    fn a_moved_quadratic_is_found_at_once() {
        let frame = |dx: f32, dy: f32| {
            Plane::from_fn(48, 48, |(y, x)| {
                let (x, y) = (x as f32 - 20.0 - dx, y as f32 - 26.0 - dy);
                0.9 * x * x - 0.5 * x * y + 0.7 * y * y + 3.0 * x - 2.0 * y
            })
        };
        let basis = Basis::new(1.5);
        let first = Polynomials::of(&frame(0.0, 0.0), &basis);
        let second = Sampler::new(&frame(0.8, -0.6), Interpolation::CubicBSpline);
        let mut field = (Plane::new(48, 48), Plane::new(48, 48));
        Farneback::new().window(1.5).improve(
            &first,
            &second,
            None,
            &mut field,
            &basis,
            &mut Scratch::default(),
        );
        for y in 14..34 {
            for x in 14..34 {
                approx::assert_abs_diff_eq!(field.0.at(y, x), 0.8, epsilon = 2e-3);
                approx::assert_abs_diff_eq!(field.1.at(y, x), -0.6, epsilon = 2e-3);
            }
        }
    }

    #[test]
    fn rejects_what_is_out_of_range() {
        for bad in [
            Farneback::new().window(f64::NAN),
            Farneback::new().expansion(0.0),
            Farneback::new().iterations(0),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
