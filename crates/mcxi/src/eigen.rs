//! Eigenvalues of matrices as small as a sequence is long: symmetric here, general ones below.

mod general;

pub(crate) use general::{general, solve};

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};

/// Eigenvalues in descending order, and the eigenvectors as columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Eigen {
    pub(crate) values: Array1<f64>,
    pub(crate) vectors: Array2<f64>,
}

const NOT_FINITE: Error = Error::Numerical {
    method: "eigenvalues of a symmetric matrix",
    reason: "it has entries that are not finite",
};

/// Of a symmetric matrix.
pub(crate) fn symmetric(matrix: &Array2<f64>) -> Result<Eigen> {
    if matrix.iter().any(|v| !v.is_finite()) {
        return Err(NOT_FINITE);
    }
    #[cfg(feature = "lapack")]
    return by_lapack(matrix);
    #[cfg(not(feature = "lapack"))]
    Ok(by_rotations(matrix))
}

#[cfg(feature = "lapack")]
fn by_lapack(matrix: &Array2<f64>) -> Result<Eigen> {
    use ndarray_linalg::{Eigh, UPLO};
    let (values, vectors) = matrix.eigh(UPLO::Lower).map_err(|_| Error::Numerical {
        method: "eigenvalues of a symmetric matrix",
        reason: "LAPACK did not converge",
    })?;
    Ok(sorted(&values.to_vec(), &vectors))
}

/// Cyclic Jacobi rotations until nothing is left off the diagonal: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed.,
/// Algorithm 8.4.3. $O(n^3)$ a sweep, some ten sweeps.
#[cfg_attr(
    all(feature = "lapack", not(test)),
    expect(dead_code, reason = "LAPACK does it; tests compare")
)]
fn by_rotations(matrix: &Array2<f64>) -> Eigen {
    let n = matrix.nrows();
    let mut a = matrix.clone();
    // eigenvectors as rows here, so that a rotation works on contiguous memory
    let mut v = Array2::<f64>::eye(n);
    let total: f64 = a.iter().map(|x| x * x).sum();
    for _ in 0..60 {
        let off: f64 = a
            .indexed_iter()
            .filter(|((i, j), _)| i != j)
            .map(|(_, x)| x * x)
            .sum();
        if off <= total * 1e-32 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, p, q);
            }
        }
    }
    let values: Vec<f64> = a.diag().to_vec();
    sorted(&values, &v.reversed_axes())
}

/// One rotation that makes the entry (p, q) zero.
fn rotate(a: &mut Array2<f64>, v: &mut Array2<f64>, p: usize, q: usize) {
    let apq = a[[p, q]];
    if apq == 0.0 {
        return;
    }
    let theta = (a[[q, q]] - a[[p, p]]) / (2.0 * apq);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for matrix in [&mut *a, v] {
        let (mut top, mut bottom) = matrix.view_mut().split_at(ndarray::Axis(0), q);
        let rows = top.row_mut(p).into_iter().zip(bottom.row_mut(0));
        for (x, y) in rows {
            (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
        }
    }
    for mut row in a.rows_mut() {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
}

fn sorted(values: &[f64], vectors: &Array2<f64>) -> Eigen {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*j].total_cmp(&values[*i]));
    Eigen {
        values: order.iter().map(|i| values[*i]).collect(),
        vectors: vectors.select(ndarray::Axis(1), &order),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize) -> Array2<f64> {
        // the product of both places, or all rows were sums of the same two
        let x = Array2::from_shape_fn((n, 2 * n), |(i, j)| {
            libm::sin((i * 31 + j * j * 7 + i * i * j * 3) as f64)
        });
        x.dot(&x.t())
    }

    #[test]
    fn rotations_diagonalize() {
        for n in [1, 2, 5, 32] {
            let a = matrix(n);
            let Eigen { values, vectors } = by_rotations(&a);
            let scale = values[0].abs();
            let back = (&vectors * &values).dot(&vectors.t());
            for (x, y) in back.iter().zip(&a) {
                approx::assert_abs_diff_eq!(x, y, epsilon = 1e-13 * scale);
            }
            for ((i, j), dot) in vectors.t().dot(&vectors).indexed_iter() {
                approx::assert_abs_diff_eq!(*dot, f64::from(u8::from(i == j)), epsilon = 1e-13);
            }
            assert!(values.windows(2).into_iter().all(|w| w[0] >= w[1]));
        }
    }

    #[cfg(feature = "lapack")]
    #[test]
    fn lapack_gives_the_same() -> Result<()> {
        let a = matrix(24);
        let (ours, theirs) = (by_rotations(&a), by_lapack(&a)?);
        let gaps = ours.values.windows(2);
        let least = gaps
            .into_iter()
            .map(|w| w[0] - w[1])
            .fold(f64::INFINITY, f64::min);
        assert!(least > 1e-4 * ours.values[0], "vectors are not unique");
        for (i, (x, y)) in ours.values.iter().zip(&theirs.values).enumerate() {
            approx::assert_abs_diff_eq!(x, y, epsilon = 1e-12 * ours.values[0]);
            let dot = ours.vectors.column(i).dot(&theirs.vectors.column(i));
            approx::assert_abs_diff_eq!(dot.abs(), 1.0, epsilon = 1e-8);
        }
        Ok(())
    }

    #[test]
    fn refuses_what_is_not_finite() {
        let mut a = matrix(3);
        a[[1, 1]] = f64::NAN;
        assert!(symmetric(&a).is_err());
    }
}
