//! The small dense algebra of model fitting: an orthonormal basis grown column by column, and a
//! Cholesky solver. At most a few dozen columns.

#![expect(
    clippy::inline_always,
    reason = "a body takes on the instruction set of the job that it is put into"
)]

use crate::kernel::dispatch::{Job, dispatch};

/// Norm left after projection, relative to the norm before, below which a column counts as a
/// combination of those before it.
const DEPENDENT: f64 = 1e-10;

/// An orthonormal basis of some columns, with the triangular factor that made it.
///
/// Modified Gram-Schmidt, each column projected twice: as accurate as Householder reflections for
/// the purpose (Giraud, Langou and Rozložník 2005, doi 10.1016/j.camwa.2005.08.009).
#[derive(Debug, Clone)]
pub(crate) struct Basis {
    n_rows: usize,
    directions: Vec<Vec<f64>>,
    /// `factor[k][j]`: component of pushed column `k` along direction `j`.
    factor: Vec<Vec<f64>>,
}

impl Basis {
    /// The basis of the constant column alone.
    pub(crate) fn with_constant(n_rows: usize) -> Self {
        let size = (n_rows as f64).sqrt();
        Self {
            n_rows,
            directions: vec![vec![1.0 / size; n_rows]],
            factor: vec![vec![size]],
        }
    }

    /// A basis of nothing yet: the first column pushed is its first direction.
    pub(crate) fn empty(n_rows: usize) -> Self {
        Self {
            n_rows,
            directions: Vec::new(),
            factor: Vec::new(),
        }
    }

    /// Adds a column; `false` (and nothing added) if it is a combination of those before it.
    pub(crate) fn push(&mut self, column: &[f64]) -> bool {
        debug_assert_eq!(column.len(), self.n_rows);
        // By a power of two, which changes no digit, to where squares neither over- nor underflow.
        let largest = column.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let exponent = if largest.is_normal() {
            libm::ilogb(largest)
        } else {
            0
        };
        let mut rest = scaled(column, -exponent);
        let before = norm(&rest);
        let mut components = self.project_out(&mut rest);
        let after = norm(&rest);
        // Written so that NaN counts as dependent.
        if !(after > DEPENDENT * before && after.is_finite() && after > f64::MIN_POSITIVE) {
            return false;
        }
        for v in &mut rest {
            *v /= after;
        }
        components.push(after);
        for c in &mut components {
            *c = libm::scalbn(*c, exponent);
        }
        self.directions.push(rest);
        self.factor.push(components);
        true
    }

    /// Number of directions.
    pub(crate) fn rank(&self) -> usize {
        self.directions.len()
    }

    /// Removes from `column` all that lies in the span; returns the components removed.
    pub(crate) fn project_out(&self, column: &mut [f64]) -> Vec<f64> {
        let mut components = vec![0.0; self.directions.len()];
        for _ in 0..2 {
            for (c, q) in components.iter_mut().zip(&self.directions) {
                *c += remove_along(q, column);
            }
        }
        components
    }

    /// Element `k` of the diagonal of $(A^T A)^{-1}$ for the pushed columns $A$.
    pub(crate) fn inverse_diagonal(&self, k: usize) -> f64 {
        // A = Q R, so it is the squared norm of row k of the inverse of R. `factor[c][r]` is R_rc.
        let n = self.factor.len();
        let mut row = vec![0.0; n];
        row[k] = 1.0 / self.factor[k][k];
        for c in k + 1..n {
            let known: f64 = (k..c).map(|r| row[r] * self.factor[c][r]).sum();
            row[c] = -known / self.factor[c][c];
        }
        row.iter().map(|v| v * v).sum()
    }

    /// Coefficients of the pushed columns, the constant first, from components along the
    /// directions.
    pub(crate) fn coefficients(&self, components: &[f64]) -> Vec<f64> {
        let n = self.factor.len();
        let mut solution = components[..n].to_vec();
        for k in (0..n).rev() {
            solution[k] /= self.factor[k][k];
            let value = solution[k];
            for (s, f) in solution[..k].iter_mut().zip(&self.factor[k]) {
                *s -= f * value;
            }
        }
        solution
    }
}

/// Sum of products in a fixed order of eight lanes, so that it vectorizes and has the same bits
/// everywhere.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    dispatch(Dot(a, b))
}

struct Dot<'a>(&'a [f64], &'a [f64]);

impl Job for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        dot_within(self.0, self.1)
    }
}

/// [`dot`] for bodies that have their instruction set.
#[inline(always)]
pub(crate) fn dot_within(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a8.zip(b8) {
        for i in 0..8 {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f64>() + tail
}

/// Removes from `column` what lies along a unit vector; returns the component removed.
pub(crate) fn remove_along(direction: &[f64], column: &mut [f64]) -> f64 {
    dispatch(Removal { direction, column })
}

struct Removal<'a> {
    direction: &'a [f64],
    column: &'a mut [f64],
}

impl Job for Removal<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let part = dot_within(self.direction, self.column);
        for (v, d) in self.column.iter_mut().zip(self.direction) {
            *v -= part * d;
        }
        part
    }
}

/// The values times a power of two.
fn scaled(column: &[f64], exponent: i32) -> Vec<f64> {
    if exponent.abs() <= 1000 {
        let factor = libm::scalbn(1.0, exponent);
        column.iter().map(|v| v * factor).collect()
    } else {
        // The power itself may be no number.
        column.iter().map(|v| libm::scalbn(*v, exponent)).collect()
    }
}

pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Solves `matrix · x = right` for a symmetric positive definite matrix, in place of `right`.
/// `false` if the matrix is not positive definite.
pub(crate) fn solve_cholesky(matrix: &mut [Vec<f64>], right: &mut [f64]) -> bool {
    let n = right.len();
    for k in 0..n {
        let pivot = matrix[k][k] - matrix[k][..k].iter().map(|v| v * v).sum::<f64>();
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        let root = pivot.sqrt();
        matrix[k][k] = root;
        let (above, below) = matrix.split_at_mut(k + 1);
        for row in below {
            let known: f64 = row[..k].iter().zip(&above[k]).map(|(a, b)| a * b).sum();
            row[k] = (row[k] - known) / root;
        }
    }
    for k in 0..n {
        let known: f64 = matrix[k][..k].iter().zip(&*right).map(|(m, r)| m * r).sum();
        right[k] = (right[k] - known) / matrix[k][k];
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| matrix[j][k] * right[j]).sum();
        right[k] = (right[k] - known) / matrix[k][k];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn fits_a_line_exactly_and_reports_dependent_columns() {
        let x: Vec<f64> = (0..9).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|v| 3.0 - 0.25 * v).collect();
        let mut basis = Basis::with_constant(9);
        assert!(basis.push(&x));
        assert!(!basis.push(&y), "a combination of 1 and x");
        assert!(!basis.push(&[0.0; 9]));
        assert!(!basis.push(&[f64::NAN; 9]));
        for size in [1e-300, 1e300] {
            let extreme: Vec<f64> = x.iter().map(|v| size * v).collect();
            assert!(!basis.push(&extreme), "a multiple of x");
            assert!(Basis::with_constant(9).push(&extreme));
        }
        assert_eq!(basis.rank(), 2);
        let mut rest = y;
        let components = basis.project_out(&mut rest);
        let c = basis.coefficients(&components);
        assert_relative_eq!(c[0], 3.0, max_relative = 1e-14);
        assert_relative_eq!(c[1], -0.25, max_relative = 1e-14);
        assert!(norm(&rest) < 1e-14);
    }

    /// A Vandermonde basis on close points has condition 1e10; the directions must stay orthogonal.
    #[test]
    fn directions_stay_orthogonal_when_columns_are_nearly_dependent() {
        let x: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i) * 1e-3).collect();
        let mut basis = Basis::with_constant(40);
        for power in 1..4 {
            basis.push(&x.iter().map(|v| v.powi(power)).collect::<Vec<_>>());
        }
        for (i, a) in basis.directions.iter().enumerate() {
            for b in &basis.directions[..i] {
                assert!(dot(a, b).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn cholesky_solves_and_refuses_indefinite_matrices() {
        let mut m = vec![
            vec![4.0, 2.0, 0.6],
            vec![2.0, 5.0, 1.0],
            vec![0.6, 1.0, 3.0],
        ];
        let expected = [1.0, -2.0, 0.5];
        let mut r: Vec<f64> = m
            .iter()
            .map(|row| row.iter().zip(&expected).map(|(a, b)| a * b).sum())
            .collect();
        assert!(solve_cholesky(&mut m, &mut r));
        for (a, b) in r.iter().zip(expected) {
            assert_relative_eq!(*a, b, max_relative = 1e-13);
        }
        assert!(!solve_cholesky(
            &mut [vec![1.0, 2.0], vec![2.0, 1.0]],
            &mut [1.0, 1.0]
        ));
    }
}
