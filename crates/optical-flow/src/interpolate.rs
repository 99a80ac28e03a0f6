//! Values of an image between its pixels.

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::error::{Error, Result};
use crate::kernel::dispatch::{Kernel, dispatch};
use crate::kernel::filter::{Add, Backward, ConvolveEven, Forward, Scale};
use crate::kernel::spline::{BSpline, Keys, Linear, PAD, Points, Sample, SampleSquare, Square};
use crate::parallel::{BAND, bands, chunks_with};
use crate::plane::Plane;

/// How values between pixels are found. It decides the sub-pixel accuracy of the flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Interpolation {
    /// Cubic B-spline on prefiltered values; mirrored at the border without repeating the edge.
    ///
    /// M. Unser, IEEE Signal Process. Mag. 16(6), 22 (1999), doi 10.1109/79.799930.
    #[default]
    CubicBSpline,
    /// Cubic convolution with $A = -1/2$, of third order; the edge is repeated.
    ///
    /// R. G. Keys, IEEE Trans. Acoust. Speech Signal Process. 29, 1153 (1981), doi 10.1109/TASSP.1981.1163711, Eq. 15.
    Keys,
    /// Cubic convolution with $A = -3/4$, which is not of third order and costs three to four times the error; for comparison with
    /// programs that use it.
    KeysSharp,
    /// Linear; the edge is repeated.
    Bilinear,
}

/// An image prepared for sampling: padded, and prefiltered if the method wants it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sampler {
    rows: usize,
    columns: usize,
    stride: usize,
    padded: Vec<f32>,
    method: Interpolation,
}

fn mirrored(at: isize, n: usize) -> usize {
    let period = (2 * n as isize - 2).max(1);
    let folded = at.rem_euclid(period) as usize;
    if folded < n {
        folded
    } else {
        period as usize - folded
    }
}

/// The pole of the cubic B-spline.
const POLE: f32 = -0.267_949_2;

/// Terms until the pole's power is below the precision.
const HORIZON: usize = 16;

/// Terms of the filter along rows beside the middle one; those beyond are below 1e-8 of it.
const TERMS: usize = 13;

/// The inverse of the B-spline at the pixels, as a symmetric filter: $-6z/(1 - z^2)\,z^{|k|}$ with the pole $z$.
fn inverse() -> [f32; TERMS + 1] {
    let pole = f64::from(POLE);
    let scale = -6.0 * pole / (1.0 - pole * pole);
    std::array::from_fn(|k| (scale * pole.powi(k as i32)) as f32)
}

/// Coefficients down the columns of an image, as a recursion, into rows of `stride` values from `offset` on.
fn prefilter_down(image: &Plane, out: &mut [f32], stride: usize, offset: usize) {
    let (rows, columns) = image.dim();
    let at = |y: usize| y * stride + offset..y * stride + offset + columns;
    if rows < 2 {
        out[at(0)].copy_from_slice(image.row(0));
        return;
    }
    // the mirrored sum before the first row
    dispatch(Scale, (&mut out[at(0)], image.row(0), 6.0));
    let mut power = POLE;
    for k in 1..=HORIZON {
        let row = image.row(mirrored(k as isize, rows));
        dispatch(Add, (&mut out[at(0)], row, 6.0 * power));
        power *= POLE;
    }
    for y in 1..rows {
        let (before, here) = out.split_at_mut(y * stride);
        let here = &mut here[offset..offset + columns];
        let weights = [6.0, POLE];
        dispatch(Forward, (here, image.row(y), &before[at(y - 1)], weights));
    }
    // the last row, mirrored
    let (before, last) = out.split_at_mut((rows - 1) * stride);
    let scale = POLE / (POLE * POLE - 1.0);
    let last = &mut last[offset..offset + columns];
    for (last, before) in last.iter_mut().zip(&before[at(rows - 2)]) {
        *last = scale * (*last + POLE * before);
    }
    for y in (0..rows - 1).rev() {
        let (here, after) = out.split_at_mut((y + 1) * stride);
        dispatch(Backward, (&mut here[at(y)], &after[offset..], POLE));
    }
}

impl Sampler {
    pub(crate) fn new(image: &Plane, method: Interpolation) -> Self {
        let mut sampler = Self::default();
        sampler.fill(image, method);
        sampler
    }

    /// Takes another image, in the memory that is there.
    pub(crate) fn fill(&mut self, image: &Plane, method: Interpolation) {
        let (rows, columns) = image.dim();
        let stride = columns + 2 * PAD;
        (self.rows, self.columns, self.stride) = (rows, columns, stride);
        self.method = method;
        let mirror = method == Interpolation::CubicBSpline;
        let index = |at: usize, n: usize| {
            let at = at as isize - PAD as isize;
            if mirror {
                mirrored(at, n)
            } else {
                at.clamp(0, n as isize - 1) as usize
            }
        };
        self.padded.resize(stride * (rows + 2 * PAD), 0.0);
        let inner = &mut self.padded[PAD * stride..(PAD + rows) * stride];
        if mirror {
            prefilter_down(image, inner, stride, PAD);
        } else {
            for (out, row) in inner
                .chunks_exact_mut(stride)
                .zip(image.data().chunks_exact(columns))
            {
                out[PAD..PAD + columns].copy_from_slice(row);
            }
        }
        let weights = inverse();
        let wide = || vec![0.0_f32; columns + 2 * TERMS];
        let band = (inner, BAND * stride);
        chunks_with([band], rows * columns, wide, |wide, _, [band]| {
            for out in band.chunks_exact_mut(stride) {
                if mirror && columns > 1 {
                    wide[TERMS..TERMS + columns].copy_from_slice(&out[PAD..PAD + columns]);
                    for k in 1..=TERMS {
                        wide[TERMS - k] = out[PAD + mirrored(-(k as isize), columns)];
                        let right = mirrored((columns - 1 + k) as isize, columns);
                        wide[TERMS + columns - 1 + k] = out[PAD + right];
                    }
                    let out = &mut out[PAD..PAD + columns];
                    dispatch(ConvolveEven, (out, &wide[..], &weights[..]));
                }
                for x in (0..PAD).chain(PAD + columns..stride) {
                    out[x] = out[PAD + index(x, columns)];
                }
            }
        });
        for y in (0..PAD).chain(PAD + rows..2 * PAD + rows) {
            let from = (PAD + index(y, rows)) * stride;
            self.padded.copy_within(from..from + stride, y * stride);
        }
    }

    /// A coordinate in the padded image that has the same value.
    fn place(&self, at: f32, n: usize) -> f32 {
        let last = n as f32 - 1.0;
        let at = if at.is_finite() { at } else { 0.0 };
        if self.method == Interpolation::CubicBSpline {
            let at = if (0.0..=last).contains(&at) {
                at
            } else if n == 1 {
                0.0
            } else {
                let folded = at.rem_euclid(2.0 * last);
                if folded > last {
                    2.0 * last - folded
                } else {
                    folded
                }
            };
            at + PAD as f32
        } else {
            at.clamp(-2.0, last + 1.0) + PAD as f32
        }
    }

    fn run(&self, out: &mut [f32], x: &[f32], y: &[f32]) {
        let points = Points {
            out,
            x,
            y,
            image: &self.padded,
            stride: self.stride,
        };
        match self.method {
            Interpolation::CubicBSpline => dispatch(Sample, (points, BSpline)),
            Interpolation::Keys => dispatch(Sample, (points, Keys(-0.5))),
            Interpolation::KeysSharp => dispatch(Sample, (points, Keys(-0.75))),
            Interpolation::Bilinear => dispatch(Sample, (points, Linear)),
        }
    }

    /// The value at one point.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let mut out = [0.0];
        self.run(
            &mut out,
            &[self.place(x, self.columns)],
            &[self.place(y, self.rows)],
        );
        out[0]
    }

    /// Values at points, which are folded or clamped into the image in place.
    pub(crate) fn points(&self, out: &mut [f32], x: &mut [f32], y: &mut [f32]) {
        for (x, y) in x.iter_mut().zip(y.iter_mut()) {
            *x = self.place(*x, self.columns);
            *y = self.place(*y, self.rows);
        }
        self.run(out, x, y);
    }

    /// A row of the image at the places where its pixels have moved to, and 1 where that is inside the image, else 0.
    pub(crate) fn warp_row(
        &self,
        y: usize,
        u: &[f32],
        v: &[f32],
        scratch: &mut WarpScratch,
        out: &mut [f32],
        inside: &mut [f32],
    ) {
        let n = out.len();
        scratch.x.resize(n, 0.0);
        scratch.y.resize(n, 0.0);
        let (last_x, last_y) = (self.columns as f32 - 1.0, self.rows as f32 - 1.0);
        dispatch(
            Places,
            (
                [&mut scratch.x[..], &mut scratch.y[..], &mut *inside],
                [u, v],
                y as f32,
                [last_x, last_y],
            ),
        );
        self.run(out, &scratch.x, &scratch.y);
    }

    /// A square of values, `side` to a row, whose first is at `x`, `y`: all lie at the same fraction between pixels.
    pub(crate) fn patch(
        &self,
        x: f32,
        y: f32,
        side: usize,
        scratch: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let (left, top) = (x.floor(), y.floor());
        let inside = |at: f32, n: usize| at >= 0.0 && at + side as f32 + 1.0 <= n as f32;
        if self.method != Interpolation::CubicBSpline
            || !inside(left, self.columns)
            || !inside(top, self.rows)
        {
            for (k, out) in out.iter_mut().enumerate() {
                *out = self.at(x + (k % side) as f32, y + (k / side) as f32);
            }
            return;
        }
        scratch.resize((side + 3) * side, 0.0);
        let first = (top as usize + PAD - 1) * self.stride + left as usize + PAD - 1;
        let square = Square {
            image: &self.padded[first..],
            stride: self.stride,
            side,
            fraction: [x - left, y - top],
        };
        dispatch(SampleSquare, (square, &mut scratch[..], out));
    }

    /// The whole image, warped by a field.
    pub(crate) fn warp(&self, u: &Plane, v: &Plane) -> (Plane, Plane) {
        let (rows, columns) = u.dim();
        let mut out = Plane::new(rows, columns);
        let mut inside = Plane::new(rows, columns);
        self.warp_into(u, v, &mut out, &mut inside);
        (out, inside)
    }

    /// [`Sampler::warp`] into planes of the caller.
    pub(crate) fn warp_into(&self, u: &Plane, v: &Plane, out: &mut Plane, inside: &mut Plane) {
        let columns = u.columns();
        bands(
            [out.data_mut(), inside.data_mut()],
            columns,
            |first, [out, inside]| {
                let mut scratch = WarpScratch::default();
                for (k, (out, inside)) in out
                    .chunks_exact_mut(columns)
                    .zip(inside.chunks_exact_mut(columns))
                    .enumerate()
                {
                    let y = first + k;
                    self.warp_row(y, u.row(y), v.row(y), &mut scratch, out, inside);
                }
            },
        );
    }
}

#[derive(Debug, Default)]
pub(crate) struct WarpScratch {
    x: Vec<f32>,
    y: Vec<f32>,
}

/// Clamped from 0 to `last`; 0 for what is not a number.
#[inline]
fn within(value: f32, last: f32) -> f32 {
    let value = if value > 0.0 { value } else { 0.0 };
    if value < last { value } else { last }
}

/// Places in the padded image, clamped to the frame, and whether they were inside it.
#[derive(Debug, Clone, Copy)]
struct Places;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 3], [&[f32]; 2], f32, [f32; 2])> for Places {
    #[inline(always)]
    fn run((out, field, row, last): ([&mut [f32]; 3], [&[f32]; 2], f32, [f32; 2])) {
        let [px, py, inside] = out;
        let n = px.len();
        let (py, inside) = (&mut py[..n], &mut inside[..n]);
        let [u, v] = field.map(|slice| &slice[..n]);
        for x in 0..n {
            let (fx, fy) = (x as f32 + u[x], row + v[x]);
            let (cx, cy) = (within(fx, last[0]), within(fy, last[1]));
            inside[x] = if (cx - fx).abs() + (cy - fy).abs() <= 0.0 {
                1.0
            } else {
                0.0
            };
            px[x] = cx + PAD as f32;
            py[x] = cy + PAD as f32;
        }
    }
}

/// Values of an image at any points, in pixels.
///
/// Outside the image it continues as the method says. $O(1)$ a point after $O(n)$ for the image.
///
/// # Errors
///
/// [`Error::TooFewPixels`] for an empty image, [`Error::ShapeMismatch`] if the coordinates differ in number.
///
/// # Examples
///
/// ```
/// use ndarray::{Array2, array};
/// use optical_flow::{Interpolation, interpolate};
///
/// let ramp = Array2::from_shape_fn((9, 9), |(y, x)| (10 * y + x) as f32);
/// let value = interpolate(&ramp.view(), &array![4.25].view(), &array![3.5].view(), Interpolation::Keys)?;
/// assert!((value[0] - 39.25).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn interpolate(
    image: &ArrayView2<'_, f32>,
    x: &ArrayView1<'_, f32>,
    y: &ArrayView1<'_, f32>,
    method: Interpolation,
) -> Result<Array1<f32>> {
    if image.is_empty() {
        return Err(Error::TooFewPixels {
            what: "image",
            needed: 1,
            found: 0,
        });
    }
    Error::same_shape("y", (x.len(), 1), (y.len(), 1))?;
    let sampler = Sampler::new(&Plane::from_view(&image.view()), method);
    Ok(x.iter()
        .zip(y)
        .map(|(x, y)| {
            if x.is_finite() && y.is_finite() {
                sampler.at(*x, *y)
            } else {
                f32::NAN
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::load;
    use ndarray::{Array2, s};

    #[test]
    fn agrees_with_other_programs_inside_and_outside() -> Result<()> {
        let image = load("warp_image").mapv(|v| v as f32);
        let points = load("warp_xy").mapv(|v| v as f32);
        for (name, method) in [
            ("warp_bspline3_mirror", Interpolation::CubicBSpline),
            ("warp_keys05_edge", Interpolation::Keys),
            ("warp_bilinear_edge", Interpolation::Bilinear),
        ] {
            let expected = load(name);
            let found = interpolate(
                &image.view(),
                &points.slice(s![.., 0]),
                &points.slice(s![.., 1]),
                method,
            )?;
            for (found, expected) in found.iter().zip(&expected) {
                approx::assert_abs_diff_eq!(f64::from(*found), *expected, epsilon = 2e-5);
            }
        }
        Ok(())
    }

    #[test]
    fn a_square_is_its_points() {
        let image = Plane::from_fn(21, 26, |(y, x)| ((y * 37 + x * 91) % 101) as f32);
        let sampler = Sampler::new(&image, Interpolation::CubicBSpline);
        let mut out = [0.0; 64];
        for (x, y) in [
            (3.25, 4.75),
            (0.0, 0.0),
            (17.0, 12.0),
            (-2.5, 15.1),
            (20.3, -40.0),
        ] {
            sampler.patch(x, y, 8, &mut Vec::new(), &mut out);
            for (k, found) in out.iter().enumerate() {
                let expected = sampler.at(x + (k % 8) as f32, y + (k / 8) as f32);
                approx::assert_abs_diff_eq!(*found, expected, epsilon = 1e-3);
            }
        }
    }

    #[test]
    fn a_single_row_or_column_has_its_own_values() -> Result<()> {
        let values = [3.0_f32, -1.0, 4.0, 1.5, 9.0];
        let at = ndarray::array![0.0_f32, 1.0, 2.0, 3.0, 4.0];
        let zero = Array1::zeros(5);
        for method in [Interpolation::CubicBSpline, Interpolation::Keys] {
            let row = Array2::from_shape_fn((1, 5), |(_, x)| values[x]);
            let along = interpolate(&row.view(), &at.view(), &zero.view(), method)?;
            let down = interpolate(&row.t(), &zero.view(), &at.view(), method)?;
            for (k, expected) in values.iter().enumerate() {
                approx::assert_abs_diff_eq!(along[k], *expected, epsilon = 1e-5);
                approx::assert_abs_diff_eq!(down[k], *expected, epsilon = 1e-5);
            }
        }
        Ok(())
    }

    #[test]
    fn gives_pixels_at_whole_coordinates_and_cubics_between() -> Result<()> {
        let image = Array2::from_shape_fn((30, 34), |(y, x)| {
            let (x, y) = (0.1 * x as f32, 0.1 * y as f32);
            x * x * x - x * y * y + 0.5 * y
        });
        let x = ndarray::array![3.0_f32, 20.0, 15.3, 17.7];
        let y = ndarray::array![4.0_f32, 11.0, 14.6, 15.1];
        for method in [
            Interpolation::CubicBSpline,
            Interpolation::Keys,
            Interpolation::KeysSharp,
        ] {
            let found = interpolate(&image.view(), &x.view(), &y.view(), method)?;
            for k in 0..2 {
                approx::assert_abs_diff_eq!(
                    found[k],
                    image[[y[k] as usize, x[k] as usize]],
                    epsilon = 1e-5
                );
            }
            if method == Interpolation::CubicBSpline {
                for k in 2..4 {
                    let (x, y) = (0.1 * x[k], 0.1 * y[k]);
                    approx::assert_abs_diff_eq!(
                        found[k],
                        x * x * x - x * y * y + 0.5 * y,
                        epsilon = 1e-5
                    );
                }
            }
        }
        assert!(
            interpolate(
                &image.view(),
                &ndarray::array![f32::NAN].view(),
                &ndarray::array![0.0].view(),
                Interpolation::Keys
            )?[0]
                .is_nan()
        );
        assert!(
            interpolate(
                &Array2::zeros((0, 3)).view(),
                &x.view(),
                &y.view(),
                Interpolation::Keys
            )
            .is_err()
        );
        Ok(())
    }
}
