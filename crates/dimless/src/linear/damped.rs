//! Least squares with damping, for steps of Gauss-Newton iterations.

use super::dot;

/// The solution of $\min \lVert A x - b \rVert^2 + \sum_j \lambda_j^2 \lVert a_j \rVert^2 x_j^2$ for columns $a_j$, by
/// modified Gram-Schmidt on the columns with their damping as further rows. A column that depends on those before it gets
/// the coefficient 0.
///
/// The damping is relative to the size of its column, so the solution does not depend on units.
pub(crate) fn damped(columns: &[Vec<f64>], right: &[f64], damping: &[f64]) -> Vec<f64> {
    let (n, m) = (right.len(), columns.len());
    let mut q: Vec<Vec<f64>> = Vec::with_capacity(m);
    let mut sizes = Vec::with_capacity(m);
    for (j, column) in columns.iter().enumerate() {
        let size = libm::sqrt(dot(column, column));
        let mut extended = column.clone();
        extended.resize(n + m, 0.0);
        extended[n + j] = damping[j] * size;
        q.push(extended);
        sizes.push(libm::sqrt(1.0 + damping[j] * damping[j]) * size);
    }
    let mut left = right.to_vec();
    left.resize(n + m, 0.0);
    // Upper triangle, a column at a time, and the right side.
    let mut r = vec![vec![0.0; m]; m];
    let mut along = vec![0.0; m];
    for j in 0..m {
        let mut column = std::mem::take(&mut q[j]);
        for _ in 0..2 {
            // Twice is enough.
            for (i, other) in q[..j].iter().enumerate() {
                let part = dot(other, &column);
                r[i][j] += part;
                add(&mut column, -part, other);
            }
        }
        let norm = libm::sqrt(dot(&column, &column));
        if norm > 1e-12 * sizes[j] && norm > 0.0 {
            for value in &mut column {
                *value /= norm;
            }
            r[j][j] = norm;
            along[j] = dot(&column, &left);
            add(&mut left, -along[j], &column);
        } else {
            column.fill(0.0);
        }
        q[j] = column;
    }
    let mut x = vec![0.0; m];
    for j in (0..m).rev() {
        if r[j][j] > 0.0 {
            let known: f64 = (j + 1..m).map(|k| r[j][k] * x[k]).sum();
            x[j] = (along[j] - known) / r[j][j];
        }
    }
    x
}

/// The columns that do not depend on those before them, to this part of their size.
pub(crate) fn independent(columns: &[Vec<f64>], tolerance: f64) -> Vec<usize> {
    let mut kept: Vec<Vec<f64>> = Vec::new();
    let mut indices = Vec::new();
    for (j, column) in columns.iter().enumerate() {
        let size = libm::sqrt(dot(column, column));
        let mut left = column.clone();
        for _ in 0..2 {
            for other in &kept {
                let part = dot(other, &left);
                add(&mut left, -part, other);
            }
        }
        let norm = libm::sqrt(dot(&left, &left));
        if norm > tolerance * size && size > 0.0 {
            for value in &mut left {
                *value /= norm;
            }
            kept.push(left);
            indices.push(j);
        }
    }
    indices
}

fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

#[cfg(test)]
mod tests {
    use approx::{assert_abs_diff_eq, assert_relative_eq};

    use super::*;

    fn columns() -> Vec<Vec<f64>> {
        let wave = |k: f64| (0..23).map(|i| libm::sin(f64::from(i) * k + k)).collect();
        vec![vec![1.0; 23], wave(0.3), wave(1.1), wave(2.0)]
    }

    #[test]
    fn residual_is_orthogonal_to_the_columns() {
        let columns = columns();
        let right: Vec<f64> = (0..23).map(|i| libm::cos(f64::from(i * i))).collect();
        let x = damped(&columns, &right, &[0.0; 4]);
        let mut residual = right.clone();
        for (column, x) in columns.iter().zip(&x) {
            add(&mut residual, -x, column);
        }
        for column in &columns {
            assert_abs_diff_eq!(dot(column, &residual), 0.0, epsilon = 1e-12);
        }
    }

    #[test]
    fn damping_solves_the_normal_equations_with_a_larger_diagonal() {
        let columns = columns();
        let right: Vec<f64> = (0..23).map(|i| libm::cos(f64::from(i * i))).collect();
        let damping = [0.0, 0.5, 0.0, 2.0];
        let x = damped(&columns, &right, &damping);
        for (i, a) in columns.iter().enumerate() {
            let mut left: f64 = columns.iter().zip(&x).map(|(b, x)| dot(a, b) * x).sum();
            left += damping[i] * damping[i] * dot(a, a) * x[i];
            assert_relative_eq!(left, dot(a, &right), max_relative = 1e-11);
        }
    }

    #[test]
    fn dependent_columns_are_left_out() {
        let mut columns = columns();
        columns.insert(2, columns[1].iter().map(|v| 3.0 * v + 2.0).collect());
        let right = columns[3].clone();
        let x = damped(&columns, &right, &[0.0; 5]);
        assert_eq!(x[2].to_bits(), 0.0_f64.to_bits());
        assert_abs_diff_eq!(x[3], 1.0, epsilon = 1e-12);
        assert_eq!(independent(&columns, 1e-10), [0, 1, 3, 4]);
        assert_eq!(independent(&[vec![0.0; 3]], 1e-10), [0_usize; 0]);
    }
}
