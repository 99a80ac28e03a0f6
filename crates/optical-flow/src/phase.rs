//! Phase correlation.

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::estimator::Shift;
use crate::image::Image;
use crate::plane::Plane;
use crate::pyramid::reduce;

/// The longest side that is transformed; larger frames are reduced first.
const LONGEST: usize = 256;

/// How much of a correlation's energy its peak must hold, in multiples of the root mean square.
const SIGNIFICANT: f32 = 12.0;

/// Transforms rows, then columns.
fn transform(data: &mut [Complex32], rows: usize, columns: usize, plan: impl Fn(usize, &mut FftPlanner<f32>) -> std::sync::Arc<dyn Fft<f32>>) {
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

/// Means removed, a Hann window on both axes.
fn windowed(plane: &Plane) -> Vec<Complex32> {
    let (rows, columns) = plane.dim();
    let mean = (plane.data().iter().map(|v| f64::from(*v)).sum::<f64>() / plane.data().len() as f64) as f32;
    let hann = |k: usize, n: usize| {
        0.5 - 0.5 * (std::f32::consts::TAU * (k as f32 + 0.5) / n as f32).cos()
    };
    let across: Vec<f32> = (0..columns).map(|x| hann(x, columns)).collect();
    (0..rows)
        .flat_map(|y| {
            let down = hann(y, rows);
            let across = &across;
            plane
                .row(y)
                .iter()
                .zip(across)
                .map(move |(value, w)| Complex32::new((value - mean) * w * down, 0.0))
        })
        .collect()
}

/// The uniform shift between two frames by phase correlation; none where its peak does not stand out.
///
/// C. D. Kuglin and D. C. Hines, Proc. IEEE Int. Conf. Cybernetics and Society, 163 (1975). Whole pixels of the frames, reduced to at most
/// 256 px: the pyramid finds the rest.
pub(crate) fn global_shift(first: &Image, second: &Image) -> Shift {
    let (mut a, mut b) = (first.plane().clone(), second.plane().clone());
    let mut scale = 1.0;
    while a.rows().max(a.columns()) > LONGEST && a.rows().min(a.columns()) >= 32 {
        a = reduce(&a);
        b = reduce(&b);
        scale *= 2.0;
    }
    let (rows, columns) = a.dim();
    let (mut fa, mut fb) = (windowed(&a), windowed(&b));
    transform(&mut fa, rows, columns, |n, planner| planner.plan_fft_forward(n));
    transform(&mut fb, rows, columns, |n, planner| planner.plan_fft_forward(n));
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
        *a = if norm > least { product / norm } else { Complex32::default() };
    }
    transform(&mut fa, rows, columns, |n, planner| planner.plan_fft_inverse(n));
    let mut best = (f32::MIN, 0);
    let mut energy = 0.0_f64;
    for (at, value) in fa.iter().enumerate() {
        energy += f64::from(value.re * value.re);
        if value.re > best.0 {
            best = (value.re, at);
        }
    }
    let rms = (energy / fa.len() as f64).sqrt() as f32;
    let signed = |at: usize, n: usize| if at > n / 2 { at as f64 - n as f64 } else { at as f64 };
    let (v, u) = (signed(best.1 / columns, rows), signed(best.1 % columns, columns));
    // motion beyond a third of the frame leaves too little in common
    if best.0 < SIGNIFICANT * rms || u.abs() * 3.0 > columns as f64 || v.abs() * 3.0 > rows as f64 {
        return Shift::default();
    }
    Shift {
        u: u * scale,
        v: v * scale,
    }
}
