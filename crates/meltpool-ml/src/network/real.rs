//! The two types of numbers, and the functions of gates for each.

use ndarray::{ArrayView2, ArrayViewMut2, NdFloat};

/// `f32` for work, `f64` for checks.
pub(crate) trait Real: NdFloat {
    fn of(value: f64) -> Self;
    fn sigmoid(self) -> Self;
    fn hyperbolic_tangent(self) -> Self;
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + libm::exp(-self))
    }
    fn hyperbolic_tangent(self) -> Self {
        libm::tanh(self)
    }
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + exponential(-self))
    }
    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        1.0 - 2.0 / (1.0 + exponential(2.0 * self))
    }
}

/// $e^x$ to two units in the last place, without branches, so that loops over it become vector code. NaN stays NaN; beyond ±87
/// the value at that edge.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
    const ROUNDER: f32 = 12_582_912.0;
    let x = if x > 87.0 { 87.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    // ln 2 in two parts, so that the product with n is exact in the first
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    // polynomial of Cephes expf on [-ln 2 / 2, ln 2 / 2]
    let p = 1.987_569_1e-4_f32;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let p = p * (r * r) + r + 1.0;
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// $C \leftarrow AB + \beta C$.
pub(crate) fn multiply_into<F: Real>(
    a: &ArrayView2<F>,
    b: &ArrayView2<F>,
    beta: F,
    c: &mut ArrayViewMut2<F>,
) {
    ndarray::linalg::general_mat_mul(F::one(), a, b, beta, c);
}

/// A slice seen as a matrix.
pub(crate) fn matrix<F>(values: &[F], n_rows: usize, n_columns: usize) -> ArrayView2<'_, F> {
    match ArrayView2::from_shape((n_rows, n_columns), values) {
        Ok(view) => view,
        Err(_) => unreachable!("{} values are no {n_rows} by {n_columns}", values.len()),
    }
}

/// A slice seen as a matrix to be written.
pub(crate) fn matrix_mut<F>(
    values: &mut [F],
    n_rows: usize,
    n_columns: usize,
) -> ArrayViewMut2<'_, F> {
    match ArrayViewMut2::from_shape((n_rows, n_columns), values) {
        Ok(view) => view,
        Err(_) => unreachable!("the values are no {n_rows} by {n_columns}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_that_of_double_precision() {
        let mut worst: f64 = 0.0;
        for k in -86_000..=86_000 {
            let x = k as f32 / 1000.0;
            let exact = libm::exp(f64::from(x));
            worst = worst.max((f64::from(exponential(x)) / exact - 1.0).abs());
        }
        assert!(worst < 2.4e-7, "{worst}");
        assert!(exponential(f32::NAN).is_nan());
        assert!(exponential(1e9).is_finite() && exponential(-1e9) >= 0.0);
    }

    #[test]
    fn gates_reach_their_limits() {
        assert!((100.0_f32.sigmoid() - 1.0).abs() < 1e-7 && (-100.0_f32).sigmoid() < 1e-30);
        assert!((100.0_f32.hyperbolic_tangent() - 1.0).abs() < 1e-7);
        for k in -200..200 {
            let x = f64::from(k) / 20.0;
            let off = f64::from((x as f32).hyperbolic_tangent()) - libm::tanh(x);
            assert!(off.abs() < 3e-7, "{x} {off}");
        }
    }
}
