//! Particle image velocimetry: cross-correlation of windows that are deformed by what is known.

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::{Interpolation, Sampler};
use crate::outlier::normalized_median;
use crate::parallel::map;
use crate::phase::global_shift;
use crate::plane::Plane;

/// Displacements of interrogation windows by cross-correlation, in passes of ever smaller windows.
///
/// Each pass warps the second frame by the field so far (cubic B-spline), correlates windows that overlap by half, fits a Gaussian through the
/// peak and its neighbors along both axes, replaces what fails the [normalized median test](crate::normalized_median), and smooths the field
/// by a mean of 3 x 3 vectors, but for the last pass. The field between the centers of the windows is bilinear, and constant beyond the
/// outer ones. Only the second frame is deformed, so that vectors belong to the pixels of the first frame.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{CrossCorrelation, FlowEstimator, Image};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     let x = x as f32 - dx;
///     0.5 + 0.2 * (0.9 * x + 0.2 * y as f32).sin() + 0.2 * (0.8 * y as f32 - 0.5 * x).cos()
/// });
/// let vectors = CrossCorrelation::new().windows([16, 16])
///     .correlate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(1.5).view())?)?;
/// assert!((vectors.u[[3, 3]] - 1.5).abs() < 0.05);
/// assert!(vectors.peak_ratio[[3, 3]] > 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \log w)$ a pass for windows of $w$ px.
///
/// # References
///
/// J. Westerweel, Meas. Sci. Technol. 8, 1379 (1997), doi 10.1088/0957-0233/8/12/002 (correlation, Gaussian fit of the peak).
/// F. Scarano, Meas. Sci. Technol. 13, R1 (2002), doi 10.1088/0957-0233/13/1/201 (deformation of the image in passes).
/// J. Westerweel and F. Scarano, Exp. Fluids 39, 1096 (2005), doi 10.1007/s00348-005-0016-6 (normalized median test).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CrossCorrelation {
    windows: Vec<usize>,
    threshold: f64,
    noise: f64,
    start_from_phase: bool,
}

/// Vectors on the centers of windows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WindowVectors {
    /// Column of each center, px.
    pub x: ndarray::Array1<f32>,
    /// Row of each center, px.
    pub y: ndarray::Array1<f32>,
    /// Displacement along columns, px/frame.
    pub u: ndarray::Array2<f32>,
    /// Displacement along rows, px/frame.
    pub v: ndarray::Array2<f32>,
    /// Height of the highest peak of the last pass over that of the second, at least 3 px from it; not a number without a peak.
    pub peak_ratio: ndarray::Array2<f32>,
    /// Whether the vector failed the normalized median test in the last pass, and is the median of its neighbors.
    pub replaced: ndarray::Array2<bool>,
}

impl Default for CrossCorrelation {
    fn default() -> Self {
        Self::new()
    }
}

impl CrossCorrelation {
    /// Windows of 64, 32, 16 and again 16 px, threshold 2 and noise 0.1 px of the median test.
    pub fn new() -> Self {
        Self {
            windows: vec![64, 32, 16, 16],
            threshold: 2.0,
            noise: 0.1,
            start_from_phase: true,
        }
    }

    /// Sides of the windows of each pass, px: even, from 4 to 1024. Windows that do not fit into the frames are halved until they do.
    pub fn windows(mut self, windows: impl IntoIterator<Item = usize>) -> Self {
        self.windows = windows.into_iter().collect();
        self
    }

    /// Threshold of the normalized median test; infinite for no test.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// The noise of displacements that the normalized median test reckons with, px.
    pub fn noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds, where it is beyond a quarter of the first window. Default yes.
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
        Error::at_least(
            "windows",
            "from 1 to 100 passes",
            self.windows.is_empty() || self.windows.len() > 100,
            self.windows.len(),
        )?;
        for side in &self.windows {
            let bad = side % 2 == 1 || !(4..=1024).contains(side);
            Error::at_least("windows", "even, from 4 to 1024 px", bad, *side)?;
        }
        if self.threshold.is_nan() || self.threshold <= 0.0 {
            return Err(Error::parameter("threshold", "positive", self.threshold));
        }
        Error::positive("noise", self.noise)
    }

    /// The vectors of the windows of the last pass.
    ///
    /// # Errors
    ///
    /// As [`CrossCorrelation::validate`]; [`Error::ShapeMismatch`] and [`Error::TooSmall`] as any estimator.
    pub fn correlate(&self, first: &Image, second: &Image) -> Result<WindowVectors> {
        self.validate()?;
        check_frames(first, second)?;
        let shift = self.shift(first, second);
        Ok(self.passes(first, second, shift))
    }

    fn shift(&self, first: &Image, second: &Image) -> Shift {
        if self.start_from_phase {
            let reach = self.windows.first().map_or(1, |side| side / 4);
            global_shift(first, second, 1 + reach.max(1).ilog2() as usize)
        } else {
            Shift::default()
        }
    }

    fn passes(&self, first: &Image, second: &Image, shift: Shift) -> WindowVectors {
        let (rows, columns) = first.dim();
        let weight = first.common_weight(second);
        let sampler = Sampler::new(second.plane(), Interpolation::CubicBSpline);
        let mut field = (
            Plane::filled(rows, columns, shift.u as f32),
            Plane::filled(rows, columns, shift.v as f32),
        );
        let mut vectors = None;
        for (pass, side) in self.windows.iter().enumerate() {
            let mut side = *side;
            while side > rows.min(columns) {
                side /= 2;
            }
            let (warped, known) = sampler.warp(&field.0, &field.1);
            let windows = Windows::new((rows, columns), side);
            let mut here = windows.correlate(first.plane(), &warped, |y, x| {
                known.at(y, x) * weight.as_ref().map_or(1.0, |weight| weight.at(y, x))
            });
            for (at, u) in here.u.indexed_iter_mut() {
                let (y, x) = (here.y[at.0] as usize, here.x[at.1] as usize);
                *u += field.0.at(y, x);
                here.v[at] += field.1.at(y, x);
            }
            self.repair(&mut here);
            if pass + 1 < self.windows.len() {
                here.u = mean3(&here.u);
                here.v = mean3(&here.v);
            }
            field = (
                dense(&here.u, &here.x, &here.y, rows, columns),
                dense(&here.v, &here.x, &here.y, rows, columns),
            );
            vectors = Some(here);
        }
        // there is at least one pass
        vectors.unwrap_or_else(|| WindowVectors {
            x: ndarray::Array1::zeros(0),
            y: ndarray::Array1::zeros(0),
            u: ndarray::Array2::zeros((0, 0)),
            v: ndarray::Array2::zeros((0, 0)),
            peak_ratio: ndarray::Array2::zeros((0, 0)),
            replaced: ndarray::Array2::from_elem((0, 0), false),
        })
    }

    /// Puts the median of the neighbors in the place of vectors that fail the test or have no peak.
    fn repair(&self, vectors: &mut WindowVectors) {
        let test = normalized_median(&vectors.u, &vectors.v, self.noise as f32);
        let bad = test
            .residual
            .mapv(|r| r.is_nan() || f64::from(r) > self.threshold);
        let bad = ndarray::Zip::from(&bad)
            .and(&vectors.peak_ratio)
            .map_collect(|bad, ratio| *bad || ratio.is_nan());
        for (at, bad) in bad.indexed_iter() {
            if *bad {
                vectors.u[at] = test.u[at];
                vectors.v[at] = test.v[at];
            }
        }
        vectors.replaced = bad;
    }
}

impl FlowEstimator for CrossCorrelation {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        let shift = self.shift(first, second);
        let (rows, columns) = first.dim();
        let vectors = self.passes(first, second, shift);
        let component = |c| dense(c, &vectors.x, &vectors.y, rows, columns).into_array();
        let mut result = FlowResult::new(FlowField {
            u: component(&vectors.u),
            v: component(&vectors.v),
        });
        result.initial = shift;
        Ok(result)
    }
}

/// The mean over 3 x 3 vectors, fewer at the border.
fn mean3(values: &ndarray::Array2<f32>) -> ndarray::Array2<f32> {
    let (rows, columns) = values.dim();
    ndarray::Array2::from_shape_fn((rows, columns), |(y, x)| {
        let around = values.slice(ndarray::s![
            y.saturating_sub(1)..(y + 2).min(rows),
            x.saturating_sub(1)..(x + 2).min(columns)
        ]);
        around.sum() / around.len() as f32
    })
}

/// Bilinear between the centers, constant beyond the outer ones.
fn dense(
    values: &ndarray::Array2<f32>,
    x: &ndarray::Array1<f32>,
    y: &ndarray::Array1<f32>,
    rows: usize,
    columns: usize,
) -> Plane {
    let place = |centers: &ndarray::Array1<f32>, at: usize| {
        let n = centers.len();
        let next = centers.iter().position(|c| *c > at as f32).unwrap_or(n);
        if next == 0 {
            (0, 0, 0.0)
        } else if next == n {
            (n - 1, n - 1, 0.0)
        } else {
            let (low, high) = (centers[next - 1], centers[next]);
            (next - 1, next, (at as f32 - low) / (high - low))
        }
    };
    let across: Vec<_> = (0..columns).map(|at| place(x, at)).collect();
    let mut out = Plane::new(rows, columns);
    for at in 0..rows {
        let (above, below, t) = place(y, at);
        for (out, &(left, right, s)) in out.row_mut(at).iter_mut().zip(&across) {
            let row = |y: usize| (1.0 - s) * values[[y, left]] + s * values[[y, right]];
            *out = (1.0 - t) * row(above) + t * row(below);
        }
    }
    out
}

/// Windows of one side that overlap by half.
struct Windows {
    side: usize,
    top: Vec<usize>,
    left: Vec<usize>,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl Windows {
    fn new((rows, columns): (usize, usize), side: usize) -> Self {
        let starts = |n: usize| {
            // evenly spread, so that the last ends at the border
            let count = (2 * (n - side)).div_ceil(side) + 1;
            let step = if count > 1 {
                (n - side) as f64 / (count - 1) as f64
            } else {
                0.0
            };
            (0..count)
                .map(|k| (k as f64 * step).round() as usize)
                .collect()
        };
        let mut planner = FftPlanner::new();
        Self {
            side,
            top: starts(rows),
            left: starts(columns),
            forward: planner.plan_fft_forward(side),
            inverse: planner.plan_fft_inverse(side),
        }
    }

    /// Rows, then columns, in place.
    fn transform(&self, fft: &Arc<dyn Fft<f32>>, data: &mut [Complex32], other: &mut [Complex32]) {
        let n = self.side;
        fft.process(data);
        for y in 0..n {
            for x in 0..n {
                other[x * n + y] = data[y * n + x];
            }
        }
        fft.process(other);
        for y in 0..n {
            for x in 0..n {
                data[x * n + y] = other[y * n + x];
            }
        }
    }

    fn correlate(
        &self,
        first: &Plane,
        second: &Plane,
        weight: impl Fn(usize, usize) -> f32 + Sync + Send,
    ) -> WindowVectors {
        let n = self.side;
        let n_pixels = first.rows() * first.columns();
        let lines = map((0..self.top.len()).collect(), n_pixels, |line: usize| {
            let mut window = vec![Complex32::default(); n * n];
            let mut other = window.clone();
            let mut weights = vec![0.0; n * n];
            let mut found = Vec::with_capacity(self.left.len());
            for left in &self.left {
                let top = self.top[line];
                let mut sums = [0.0_f64; 3];
                for k in 0..n * n {
                    let (y, x) = (top + k / n, left + k % n);
                    let w = weight(y, x);
                    weights[k] = w;
                    window[k] = Complex32::new(first.at(y, x), second.at(y, x));
                    sums[0] += f64::from(w);
                    sums[1] += f64::from(w * window[k].re);
                    sums[2] += f64::from(w * window[k].im);
                }
                let norm = sums[0].max(1e-9);
                let mean = Complex32::new((sums[1] / norm) as f32, (sums[2] / norm) as f32);
                for (value, w) in window.iter_mut().zip(&weights) {
                    *value = (*value - mean) * *w;
                }
                // both real windows by one complex transform
                self.transform(&self.forward, &mut window, &mut other);
                for y in 0..n {
                    for x in 0..n {
                        let (here, there) = (y * n + x, (n - y) % n * n + (n - x) % n);
                        let (p, q) = (window[here], window[there].conj());
                        let (a, b) = ((p + q) * 0.5, (p - q) * Complex32::new(0.0, -0.5));
                        other[here] = a.conj() * b;
                    }
                }
                window.copy_from_slice(&other);
                self.transform(&self.inverse, &mut window, &mut other);
                // fewer than half of the pixels with data are too few
                let enough = sums[0] * 2.0 >= (n * n) as f64;
                found.push(if enough { peak(&window, n) } else { Peak::NONE });
            }
            found
        });
        let dim = (self.top.len(), self.left.len());
        let pick = |value: fn(&Peak) -> f32| {
            ndarray::Array2::from_shape_fn(dim, |(y, x)| value(&lines[y][x]))
        };
        let centers = |starts: &[usize]| {
            starts
                .iter()
                .map(|s| *s as f32 + 0.5 * (n - 1) as f32)
                .collect()
        };
        WindowVectors {
            x: centers(&self.left),
            y: centers(&self.top),
            u: pick(|peak| peak.u),
            v: pick(|peak| peak.v),
            peak_ratio: pick(|peak| peak.ratio),
            replaced: ndarray::Array2::from_elem(dim, false),
        }
    }
}

/// The highest point of a correlation plane.
#[derive(Debug, Clone, Copy)]
struct Peak {
    u: f32,
    v: f32,
    ratio: f32,
}

impl Peak {
    const NONE: Self = Self {
        u: 0.0,
        v: 0.0,
        ratio: f32::NAN,
    };
}

/// The peak within a third of the window, with a Gaussian through three points along each axis.
fn peak(plane: &[Complex32], n: usize) -> Peak {
    let reach = (n / 3).max(1) as isize;
    let at = |dy: isize, dx: isize| {
        let fold = |d: isize| d.rem_euclid(n as isize) as usize;
        plane[fold(dy) * n + fold(dx)].re
    };
    let mut best = (f32::MIN, 0, 0);
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            if at(dy, dx) > best.0 {
                best = (at(dy, dx), dy, dx);
            }
        }
    }
    let (height, dy, dx) = best;
    if height <= 0.0 || !height.is_finite() {
        return Peak::NONE;
    }
    let mut second = 0.0_f32;
    for y in -reach..=reach {
        for x in -reach..=reach {
            if (y - dy).abs().max((x - dx).abs()) >= 3 {
                second = second.max(at(y, x));
            }
        }
    }
    let fit = |before: f32, after: f32| {
        let least = 1e-6 * height;
        let (a, b, c) = (before.max(least).ln(), height.ln(), after.max(least).ln());
        let curvature = a - 2.0 * b + c;
        if curvature < 0.0 {
            (0.5 * (a - c) / curvature).clamp(-1.0, 1.0)
        } else {
            0.0
        }
    };
    Peak {
        u: dx as f32 + fit(at(dy, dx - 1), at(dy, dx + 1)),
        v: dy as f32 + fit(at(dy - 1, dx), at(dy + 1, dx)),
        ratio: if second > 0.0 {
            height / second
        } else {
            f32::INFINITY
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The correlation plane by sums over the pixels, and the place of a known peak.
    #[test]
    fn the_plane_is_that_of_the_sums_and_the_fit_finds_a_gaussian() {
        let n = 8;
        let value = |seed: usize| {
            Plane::from_fn(n, n, |(y, x)| {
                ((y * 37 + x * 91 + seed * 57) % 101) as f32 / 101.0
            })
        };
        let (a, b) = (value(1), value(2));
        let windows = Windows::new((n, n), n);
        let mut data: Vec<Complex32> = a
            .data()
            .iter()
            .zip(b.data())
            .map(|(a, b)| Complex32::new(*a, *b))
            .collect();
        let mut other = data.clone();
        windows.transform(&windows.forward, &mut data, &mut other);
        for y in 0..n {
            for x in 0..n {
                let mut sum = Complex32::default();
                for (k, (a, b)) in a.data().iter().zip(b.data()).enumerate() {
                    let angle =
                        -std::f32::consts::TAU * ((k / n * y + k % n * x) as f32) / n as f32;
                    sum += Complex32::new(*a, *b) * Complex32::from_polar(1.0, angle);
                }
                assert!((sum - data[y * n + x]).norm_sqr() < 1e-6);
            }
        }
        let plane: Vec<Complex32> = (0..256)
            .map(|k| {
                let fold = |d: usize| if d > 8 { d as f32 - 16.0 } else { d as f32 };
                let (dy, dx) = (fold(k / 16) + 1.3, fold(k % 16) - 2.4);
                Complex32::new((-0.4 * (dx * dx + dy * dy)).exp(), 0.0)
            })
            .collect();
        let found = peak(&plane, 16);
        approx::assert_abs_diff_eq!(found.u, 2.4, epsilon = 1e-4);
        approx::assert_abs_diff_eq!(found.v, -1.3, epsilon = 1e-4);
    }

    #[test]
    fn windows_cover_the_frame() {
        for (n, side) in [(64, 16), (65, 16), (100, 32), (16, 16), (71, 64)] {
            let windows = Windows::new((n, n), side);
            assert_eq!(windows.top[0], 0);
            assert_eq!(windows.top.last(), Some(&(n - side)));
            assert!(
                windows
                    .top
                    .windows(2)
                    .all(|w| w[1] - w[0] <= side / 2 && w[1] > w[0])
            );
        }
    }

    #[test]
    fn rejects_what_is_out_of_range() {
        for bad in [
            CrossCorrelation::new().windows([]),
            CrossCorrelation::new().windows([15]),
            CrossCorrelation::new().windows([2]),
            CrossCorrelation::new().threshold(0.0),
            CrossCorrelation::new().noise(f64::NAN),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
