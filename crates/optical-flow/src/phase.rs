//! Phase correlation.

use std::borrow::Cow;

use rustfft::FftPlanner;
use rustfft::num_complex::Complex32;

use crate::estimator::Shift;
use crate::image::Image;
use crate::plane::Plane;
use crate::pyramid::reduce;

/// The longest side that is transformed; larger frames are reduced first.
const LONGEST: usize = 128;

/// How far the peak must stand out, in multiples of the root mean square of the correlation.
const SIGNIFICANT: f32 = 6.0;

/// How much smaller than without a shift the mean squared difference must be.
const BETTER: f64 = 0.8;

/// Columns as rows.
fn transposed(data: &[Complex32], rows: usize, columns: usize) -> Vec<Complex32> {
    const SIDE: usize = 8;
    let mut out = vec![Complex32::default(); data.len()];
    // squares that stay in the cache
    for top in (0..rows).step_by(SIDE) {
        for left in (0..columns).step_by(SIDE) {
            for x in left..(left + SIDE).min(columns) {
                for y in top..(top + SIDE).min(rows) {
                    out[x * rows + y] = data[y * columns + x];
                }
            }
        }
    }
    out
}

/// The phases of the cross spectrum of two real planes, columns as rows; none without signal. One transform serves both: the spectrum of a real
/// plane is its own conjugate at the opposite frequency, so that the parts of $a + ib$ can be told.
fn phases(both: &mut [Complex32], rows: usize, columns: usize) -> Option<Vec<Complex32>> {
    let mut planner = FftPlanner::new();
    planner.plan_fft_forward(columns).process(both);
    let mut spectrum = transposed(both, rows, columns);
    planner.plan_fft_forward(rows).process(&mut spectrum);
    let mut products = Vec::with_capacity(spectrum.len());
    for x in 0..columns {
        let here = &spectrum[x * rows..][..rows];
        let there = &spectrum[(columns - x) % columns * rows..][..rows];
        for (y, value) in here.iter().enumerate() {
            let opposite = there[(rows - y) % rows].conj();
            // twice the spectrum of the first, and that of the second times 2i
            let (a, b) = (value + opposite, value - opposite);
            products.push(a.conj() * Complex32::new(b.im, -b.re));
        }
    }
    let strongest = products
        .iter()
        .map(Complex32::norm_sqr)
        .fold(0.0_f32, f32::max)
        .sqrt();
    if strongest <= 0.0 || !strongest.is_finite() {
        return None;
    }
    // frequencies without signal would add noise of modulus one
    let least = 1e-6 * strongest;
    for product in &mut products {
        let norm = product.norm_sqr().sqrt();
        *product = if norm > least {
            *product / norm
        } else {
            Complex32::default()
        };
    }
    Some(products)
}

/// The correlation whose peak lies at the shift.
fn correlation(mut both: Vec<Complex32>, rows: usize, columns: usize) -> Option<Vec<Complex32>> {
    let mut phases = phases(&mut both, rows, columns)?;
    let mut planner = FftPlanner::new();
    planner.plan_fft_inverse(rows).process(&mut phases);
    let mut out = transposed(&phases, columns, rows);
    planner.plan_fft_inverse(columns).process(&mut out);
    Some(out)
}

/// Mean squared difference of the overlap of two frames, the second shifted by whole pixels.
fn mismatch(a: &Plane, b: &Plane, u: isize, v: isize) -> f64 {
    let (rows, columns) = (a.rows() as isize, a.columns() as isize);
    let (first, last) = ((-u).max(0), (columns - u).min(columns));
    let mut sum = 0.0;
    let mut n = 0.0;
    for y in (-v).max(0)..(rows - v).min(rows) {
        let here = &a.row(y as usize)[first as usize..last as usize];
        let there = &b.row((y + v) as usize)[(first + u) as usize..(last + u) as usize];
        for (a, b) in here.iter().zip(there) {
            sum += f64::from(b - a).powi(2);
            n += 1.0;
        }
    }
    sum / f64::max(n, 1.0)
}

/// Two planes as real and imaginary parts: means removed, an eighth of each side tapered by a cosine.
fn windowed(a: &Plane, b: &Plane) -> Vec<Complex32> {
    let (rows, columns) = a.dim();
    let mean = |plane: &Plane| {
        let sum = plane.data().iter().map(|v| f64::from(*v)).sum::<f64>();
        (sum / plane.data().len() as f64) as f32
    };
    let (mean_a, mean_b) = (mean(a), mean(b));
    let taper = |k: usize, n: usize| {
        let from_edge = (k.min(n - 1 - k) as f32 + 0.5) * 8.0 / n as f32;
        0.5 - 0.5 * (std::f32::consts::PI * from_edge.min(1.0)).cos()
    };
    let across: Vec<f32> = (0..columns).map(|x| taper(x, columns)).collect();
    let mut out = Vec::with_capacity(rows * columns);
    for y in 0..rows {
        let down = taper(y, rows);
        for ((a, b), w) in a.row(y).iter().zip(b.row(y)).zip(&across) {
            let w = w * down;
            out.push(Complex32::new((a - mean_a) * w, (b - mean_b) * w));
        }
    }
    out
}

/// The uniform shift between two frames by phase correlation; none where its peak does not stand out, or where the shifted frames are no more alike.
///
/// C. D. Kuglin and D. C. Hines, Proc. IEEE Int. Conf. Cybernetics and Society, 163 (1975). Whole pixels of the frames, reduced to at most
/// 128 px: the pyramid finds the rest.
pub(crate) fn global_shift(first: &Image, second: &Image, n_levels: usize) -> Shift {
    let (mut a, mut b) = (Cow::Borrowed(first.plane()), Cow::Borrowed(second.plane()));
    let mut scale = 1.0;
    while a.rows().max(a.columns()) > LONGEST && a.rows().min(a.columns()) >= 32 {
        (a, b) = (Cow::Owned(reduce(&a)), Cow::Owned(reduce(&b)));
        scale *= 2.0;
    }
    let (rows, columns) = a.dim();
    let Some(plane) = correlation(windowed(&a, &b), rows, columns) else {
        return Shift::default();
    };
    let mut best = (f32::MIN, 0);
    let mut energy = 0.0_f64;
    for (at, value) in plane.iter().enumerate() {
        energy += f64::from(value.re * value.re);
        if value.re > best.0 {
            best = (value.re, at);
        }
    }
    let rms = (energy / plane.len() as f64).sqrt() as f32;
    let signed = |at: usize, n: usize| {
        if at > n / 2 {
            at as f64 - n as f64
        } else {
            at as f64
        }
    };
    let (v, u) = (
        signed(best.1 / columns, rows),
        signed(best.1 % columns, columns),
    );
    // what the pyramid reaches by itself is better left to it: the most common motion need not be that of all
    let reach = 2.0_f64.powi(n_levels.min(32) as i32 - 1);
    // motion beyond a third of the frame leaves too little in common
    let is_plausible = best.0 >= SIGNIFICANT * rms
        && scale * u.hypot(v) > reach
        && u.abs() * 3.0 <= columns as f64
        && v.abs() * 3.0 <= rows as f64;
    if !is_plausible || mismatch(&a, &b, u as isize, v as isize) > BETTER * mismatch(&a, &b, 0, 0) {
        return Shift::default();
    }
    Shift {
        u: u * scale,
        v: v * scale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both spectra by their definition.
    #[test]
    fn phases_are_those_of_two_transforms() -> Result<(), &'static str> {
        for (rows, columns) in [(6, 5), (4, 8), (1, 3)] {
            let value = |k: usize| ((k * k * 37 + k * 91) % 101) as f32 / 101.0 - 0.3;
            let (a, b) = (|k| value(k), |k| value(k + 17));
            let mut both: Vec<Complex32> = (0..rows * columns)
                .map(|k| Complex32::new(a(k), b(k)))
                .collect();
            let found = phases(&mut both, rows, columns).ok_or("no signal")?;
            let spectrum = |f: &dyn Fn(usize) -> f32, ky: usize, kx: usize| {
                let mut sum = Complex32::default();
                for k in 0..rows * columns {
                    let turns = (k / columns * ky) as f32 / rows as f32
                        + (k % columns * kx) as f32 / columns as f32;
                    sum += f(k) * Complex32::cis(-std::f32::consts::TAU * turns);
                }
                sum
            };
            for ky in 0..rows {
                for kx in 0..columns {
                    let product = spectrum(&a, ky, kx).conj() * spectrum(&b, ky, kx);
                    let expected = product / product.norm();
                    let found = found[kx * rows + ky];
                    assert!((found - expected).norm() < 1e-3, "{found} {expected}");
                }
            }
        }
        Ok(())
    }
}
