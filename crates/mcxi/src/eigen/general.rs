//! Eigenvalues and eigenvectors of general real matrices as small as a sequence is long.

use ndarray::{Array1, Array2};
use num_complex::Complex;

use super::NOT_FINITE;
use crate::error::{Error, Result};

type C = Complex<f64>;

const ZERO: C = C::new(0.0, 0.0);

/// Eigenvalues, and eigenvectors of length 1 as columns, in the order in which they were found.
#[derive(Debug, Clone)]
pub(crate) struct ComplexEigen {
    pub(crate) values: Array1<C>,
    pub(crate) vectors: Array2<C>,
}

/// Of a square matrix.
pub(crate) fn general(matrix: &Array2<f64>) -> Result<ComplexEigen> {
    if matrix.iter().any(|v| !v.is_finite()) {
        return Err(NOT_FINITE);
    }
    #[cfg(feature = "lapack")]
    return by_lapack(matrix);
    #[cfg(not(feature = "lapack"))]
    by_schur(matrix)
}

#[cfg(feature = "lapack")]
fn by_lapack(matrix: &Array2<f64>) -> Result<ComplexEigen> {
    use ndarray_linalg::Eig;
    let (values, vectors) = matrix.eig().map_err(|_| NOT_CONVERGED)?;
    Ok(ComplexEigen { values, vectors })
}

const NOT_CONVERGED: Error = Error::Numerical {
    method: "eigenvalues of a matrix",
    reason: "the iteration did not converge",
};

/// Complex Schur form by Householder reflections and shifted QR steps with Givens rotations, then back substitution: G. H. Golub
/// and C. F. Van Loan, Matrix Computations, 4th ed., Algorithms 7.4.2 and 7.5.2 in complex arithmetic. $O(n^3)$.
#[cfg_attr(
    all(feature = "lapack", not(test)),
    expect(dead_code, reason = "LAPACK does it; tests compare")
)]
fn by_schur(matrix: &Array2<f64>) -> Result<ComplexEigen> {
    let n = matrix.nrows();
    let mut h = matrix.mapv(|v| C::new(v, 0.0));
    let mut q = Array2::<C>::eye(n);
    to_hessenberg(&mut h, &mut q);
    to_triangle(&mut h, &mut q)?;
    let scale = h.iter().map(|v| v.norm()).fold(0.0, f64::max);
    let mut vectors = Array2::from_elem((n, n), ZERO);
    for k in 0..n {
        let mut y = vec![ZERO; n];
        y[k] = C::new(1.0, 0.0);
        for i in (0..k).rev() {
            let sum: C = (i + 1..=k).map(|j| h[[i, j]] * y[j]).sum();
            let mut gap = h[[i, i]] - h[[k, k]];
            if gap.norm() < f64::EPSILON * scale {
                // a double eigenvalue: any direction of its space
                gap = C::new(f64::EPSILON * scale.max(f64::MIN_POSITIVE), 0.0);
            }
            y[i] = -sum / gap;
        }
        let mut vector: Vec<C> = (0..n)
            .map(|i| (0..=k).map(|j| q[[i, j]] * y[j]).sum())
            .collect();
        let norm = vector.iter().map(C::norm_sqr).sum::<f64>().sqrt();
        for (i, value) in vector.drain(..).enumerate() {
            vectors[[i, k]] = value / norm;
        }
    }
    Ok(ComplexEigen {
        values: h.diag().to_owned(),
        vectors,
    })
}

/// Zeros below the first subdiagonal: $H = Q^* A Q$.
fn to_hessenberg(h: &mut Array2<C>, q: &mut Array2<C>) {
    let n = h.nrows();
    for k in 0..n.saturating_sub(2) {
        let mut v: Vec<C> = (k + 1..n).map(|i| h[[i, k]]).collect();
        let norm = v.iter().map(C::norm_sqr).sum::<f64>().sqrt();
        if norm == 0.0 {
            continue;
        }
        let phase = if v[0].norm() > 0.0 {
            v[0] / v[0].norm()
        } else {
            C::new(1.0, 0.0)
        };
        v[0] += phase * norm;
        let length2 = v.iter().map(C::norm_sqr).sum::<f64>();
        for j in 0..n {
            let dot: C = v
                .iter()
                .enumerate()
                .map(|(i, v)| v.conj() * h[[k + 1 + i, j]])
                .sum();
            for (i, v) in v.iter().enumerate() {
                h[[k + 1 + i, j]] -= v * dot * (2.0 / length2);
            }
        }
        for matrix in [&mut *h, &mut *q] {
            for i in 0..n {
                let dot: C = v
                    .iter()
                    .enumerate()
                    .map(|(j, v)| matrix[[i, k + 1 + j]] * v)
                    .sum();
                for (j, v) in v.iter().enumerate() {
                    matrix[[i, k + 1 + j]] -= dot * v.conj() * (2.0 / length2);
                }
            }
        }
    }
}

/// Zeros below the diagonal of a Hessenberg matrix.
fn to_triangle(h: &mut Array2<C>, q: &mut Array2<C>) -> Result<()> {
    let n = h.nrows();
    let mut high = n;
    let mut steps = 0;
    while high > 1 {
        let mut low = high - 1;
        while low > 0 {
            let near = h[[low, low]].norm() + h[[low - 1, low - 1]].norm();
            if h[[low, low - 1]].norm() <= f64::EPSILON * near.max(f64::MIN_POSITIVE) {
                h[[low, low - 1]] = ZERO;
                break;
            }
            low -= 1;
        }
        if low == high - 1 {
            high -= 1;
            steps = 0;
            continue;
        }
        steps += 1;
        if steps > 100 {
            return Err(NOT_CONVERGED);
        }
        // Wilkinson's shift, now and then another
        let (a, b) = (h[[high - 2, high - 2]], h[[high - 2, high - 1]]);
        let (c, d) = (h[[high - 1, high - 2]], h[[high - 1, high - 1]]);
        let half = (a - d) * 0.5;
        let root = (half * half + b * c).sqrt();
        let middle = (a + d) * 0.5;
        let (one, two) = (middle + root, middle - root);
        let shift = if steps % 20 == 0 {
            d + c.norm()
        } else if (one - d).norm() < (two - d).norm() {
            one
        } else {
            two
        };
        qr_step(h, q, low, high, shift);
    }
    Ok(())
}

/// One explicitly shifted QR step on the rows and columns `low..high`.
fn qr_step(h: &mut Array2<C>, q: &mut Array2<C>, low: usize, high: usize, shift: C) {
    let n = h.nrows();
    for i in low..high {
        h[[i, i]] -= shift;
    }
    let mut rotations = Vec::with_capacity(high - low);
    for k in low..high - 1 {
        let (x, y) = (h[[k, k]], h[[k + 1, k]]);
        let r = (x.norm_sqr() + y.norm_sqr()).sqrt();
        let (c, s) = if r > 0.0 {
            (x.conj() / r, y.conj() / r)
        } else {
            (C::new(1.0, 0.0), ZERO)
        };
        for j in k..n {
            let (x, y) = (h[[k, j]], h[[k + 1, j]]);
            h[[k, j]] = c * x + s * y;
            h[[k + 1, j]] = c.conj() * y - s.conj() * x;
        }
        rotations.push((c, s));
    }
    for (k, (c, s)) in (low..).zip(rotations) {
        for i in 0..high.min(k + 2) {
            let (x, y) = (h[[i, k]], h[[i, k + 1]]);
            h[[i, k]] = x * c.conj() + y * s.conj();
            h[[i, k + 1]] = y * c - x * s;
        }
        for i in 0..n {
            let (x, y) = (q[[i, k]], q[[i, k + 1]]);
            q[[i, k]] = x * c.conj() + y * s.conj();
            q[[i, k + 1]] = y * c - x * s;
        }
    }
    for i in low..high {
        h[[i, i]] += shift;
    }
}

/// The solution of $A x = b$ by elimination with the largest pivot of each column; `None` if $A$ is singular.
pub(crate) fn solve(mut a: Array2<C>, mut b: Vec<C>) -> Option<Vec<C>> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|i, j| a[[*i, k]].norm().total_cmp(&a[[*j, k]].norm()))?;
        if a[[pivot, k]] == ZERO || a[[pivot, k]].is_nan() {
            return None;
        }
        for j in 0..n {
            a.swap([k, j], [pivot, j]);
        }
        b.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[[i, k]] / a[[k, k]];
            for j in k..n {
                let above = a[[k, j]];
                a[[i, j]] -= factor * above;
            }
            let above = b[k];
            b[i] -= factor * above;
        }
    }
    for k in (0..n).rev() {
        let rest: C = (k + 1..n).map(|j| a[[k, j]] * b[j]).sum();
        b[k] = (b[k] - rest) / a[[k, k]];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(i, j)| {
            libm::sin((i * i * 31 + j * 17 + i * j) as f64)
        })
    }

    #[test]
    fn vectors_belong_to_their_values() -> Result<()> {
        for n in [1, 2, 3, 8, 31] {
            let a = matrix(n);
            let ComplexEigen { values, vectors } = by_schur(&a)?;
            let trace: C = values.iter().sum();
            approx::assert_abs_diff_eq!(trace.re, a.diag().sum(), epsilon = 1e-11);
            approx::assert_abs_diff_eq!(trace.im, 0.0, epsilon = 1e-11);
            let left = a.mapv(|v| C::new(v, 0.0)).dot(&vectors);
            for ((i, k), left) in left.indexed_iter() {
                assert!(
                    (left - values[k] * vectors[[i, k]]).norm() < 1e-11,
                    "{n}: {i} {k}"
                );
            }
        }
        Ok(())
    }

    /// The roots of 1 as the values of a cyclic shift, all of one modulus: the hardest case for QR steps.
    #[test]
    fn a_cyclic_shift_has_the_roots_of_one() -> Result<()> {
        let n = 12;
        let a = Array2::from_shape_fn((n, n), |(i, j)| f64::from(u8::from((j + 1) % n == i)));
        let values = by_schur(&a)?.values;
        for k in 0..n {
            let (s, c) = (std::f64::consts::TAU * k as f64 / n as f64).sin_cos();
            let near = values.iter().map(|v| (v - C::new(c, s)).norm());
            assert!(near.fold(f64::INFINITY, f64::min) < 1e-12, "{k}");
        }
        Ok(())
    }

    #[test]
    fn elimination_solves() {
        let n = 9;
        let a = matrix(n).mapv(|v| C::new(v, v * v - 0.3));
        let x: Vec<C> = (0..n).map(|i| C::new(i as f64, 1.0 - i as f64)).collect();
        let b = (0..n)
            .map(|i| (0..n).map(|j| a[[i, j]] * x[j]).sum())
            .collect();
        let found = solve(a, b).unwrap_or_default();
        assert_eq!(found.len(), n);
        for (found, x) in found.iter().zip(&x) {
            assert!((found - x).norm() < 1e-10);
        }
        assert!(solve(Array2::from_elem((2, 2), ZERO), vec![ZERO; 2]).is_none());
    }

    #[cfg(feature = "lapack")]
    #[test]
    fn lapack_gives_the_same() -> Result<()> {
        let a = matrix(15);
        let (ours, theirs) = (by_schur(&a)?, by_lapack(&a)?);
        for value in &ours.values {
            let near = theirs.values.iter().map(|v| (v - value).norm());
            assert!(near.fold(f64::INFINITY, f64::min) < 1e-10);
        }
        Ok(())
    }
}
