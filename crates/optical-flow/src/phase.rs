//! Phase correlation.

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

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

/// Transforms rows, then columns.
fn transform(
    data: &mut [Complex32],
    rows: usize,
    columns: usize,
    plan: impl Fn(usize, &mut FftPlanner<f32>) -> std::sync::Arc<dyn Fft<f32>>,
) {
    let mut planner = FftPlanner::new();
    plan(columns, &mut planner).process(data);
    let down = plan(rows, &mut planner);
    let mut column = vec![Complex32::default(); rows];
    for x in 0..columns {
        for (y, value) in column.iter_mut().enumerate() {
            *value = data[y * columns + x];
        }
        down.process(&mut column);
        for (y, value) in column.iter().enumerate() {
            data[y * columns + x] = *value;
        }
    }
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

/// Means removed, an eighth of each side tapered by a cosine.
fn windowed(plane: &Plane) -> Vec<Complex32> {
    let (rows, columns) = plane.dim();
    let mean = (plane.data().iter().map(|v| f64::from(*v)).sum::<f64>() / plane.data().len() as f64)
        as f32;
    let taper = |k: usize, n: usize| {
        let from_edge = (k.min(n - 1 - k) as f32 + 0.5) * 8.0 / n as f32;
        0.5 - 0.5 * (std::f32::consts::PI * from_edge.min(1.0)).cos()
    };
    let across: Vec<f32> = (0..columns).map(|x| taper(x, columns)).collect();
    (0..rows)
        .flat_map(|y| {
            let down = taper(y, rows);
            let across = &across;
            plane
                .row(y)
                .iter()
                .zip(across)
                .map(move |(value, w)| Complex32::new((value - mean) * w * down, 0.0))
        })
        .collect()
}

/// The uniform shift between two frames by phase correlation; none where its peak does not stand out, or where the shifted frames are no more alike.
///
/// C. D. Kuglin and D. C. Hines, Proc. IEEE Int. Conf. Cybernetics and Society, 163 (1975). Whole pixels of the frames, reduced to at most
/// 128 px: the pyramid finds the rest.
pub(crate) fn global_shift(first: &Image, second: &Image, n_levels: usize) -> Shift {
    let (mut a, mut b) = (first.plane().clone(), second.plane().clone());
    let mut scale = 1.0;
    while a.rows().max(a.columns()) > LONGEST && a.rows().min(a.columns()) >= 32 {
        a = reduce(&a);
        b = reduce(&b);
        scale *= 2.0;
    }
    let (rows, columns) = a.dim();
    let (mut fa, mut fb) = (windowed(&a), windowed(&b));
    transform(&mut fa, rows, columns, |n, planner| {
        planner.plan_fft_forward(n)
    });
    transform(&mut fb, rows, columns, |n, planner| {
        planner.plan_fft_forward(n)
    });
    let strongest = fa
        .iter()
        .zip(&fb)
        .map(|(a, b)| (a * b.conj()).norm_sqr())
        .fold(0.0_f32, f32::max)
        .sqrt();
    if strongest <= 0.0 || !strongest.is_finite() {
        return Shift::default();
    }
    // frequencies without signal would add noise of modulus one
    let least = 1e-6 * strongest;
    for (a, b) in fa.iter_mut().zip(&fb) {
        let product = a.conj() * b;
        let norm = product.norm_sqr().sqrt();
        *a = if norm > least {
            product / norm
        } else {
            Complex32::default()
        };
    }
    transform(&mut fa, rows, columns, |n, planner| {
        planner.plan_fft_inverse(n)
    });
    let mut best = (f32::MIN, 0);
    let mut energy = 0.0_f64;
    for (at, value) in fa.iter().enumerate() {
        energy += f64::from(value.re * value.re);
        if value.re > best.0 {
            best = (value.re, at);
        }
    }
    let rms = (energy / fa.len() as f64).sqrt() as f32;
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
