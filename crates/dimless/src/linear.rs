//! Small dense linear algebra: least squares and symmetric eigenvalues.

mod damped;

pub(crate) use damped::{damped, independent};

/// The coefficients that minimize the squared residuals, by Householder reflections with the columns scaled to unit length;
/// nothing where the columns are dependent to about eleven digits, or outnumber the rows.
pub(crate) fn least_squares(columns: &[Vec<f64>], side: &[f64]) -> Option<Vec<f64>> {
    let (n_rows, n_columns) = (side.len(), columns.len());
    if n_columns > n_rows {
        return None;
    }
    let mut side = side.to_vec();
    let mut scales = Vec::with_capacity(n_columns);
    let mut columns = columns.to_vec();
    for column in &mut columns {
        let scale = norm(column);
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        for value in column.iter_mut() {
            *value /= scale;
        }
        scales.push(scale);
    }
    for k in 0..n_columns {
        let (done, rest) = columns.split_at_mut(k + 1);
        let own = &mut done[k];
        let length = norm(&own[k..]);
        if length < 1e-11 {
            return None;
        }
        // The reflection takes own[k..] to the diagonal; its vector is kept apart from the diagonal.
        let diagonal = if own[k] > 0.0 { -length } else { length };
        let mut reflector: Vec<f64> = own[k..].to_vec();
        reflector[0] -= diagonal;
        let square = dot(&reflector, &reflector);
        for column in rest.iter_mut().chain([&mut side]) {
            let factor = 2.0 * dot(&reflector, &column[k..]) / square;
            for (value, r) in column[k..].iter_mut().zip(&reflector) {
                *value -= factor * r;
            }
        }
        own[k] = diagonal;
    }
    let mut solution = vec![0.0; n_columns];
    for k in (0..n_columns).rev() {
        let known: f64 = (k + 1..n_columns)
            .map(|j| columns[j][k] * solution[j])
            .sum();
        solution[k] = (side[k] - known) / columns[k][k];
    }
    for (value, scale) in solution.iter_mut().zip(scales) {
        *value /= scale;
    }
    solution.iter().all(|v| v.is_finite()).then_some(solution)
}

/// The eigenvalues of a symmetric matrix in falling order, and for each its vector of unit length: Jacobi's cyclic
/// rotations, until all others vanish beside the diagonal.
pub(crate) fn symmetric_eigen(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = matrix.len();
    let mut vectors: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    // Convergence is quadratic: ten sweeps are more than any small matrix needs.
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let off = matrix[p][q];
                let diagonal = libm::sqrt((matrix[p][p] * matrix[q][q]).abs());
                if off == 0.0 || off.abs() <= f64::EPSILON * 1e-2 * diagonal {
                    continue;
                }
                rotated = true;
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * off);
                let tangent = theta.signum() / (theta.abs() + libm::hypot(theta, 1.0));
                let cosine = 1.0 / libm::hypot(tangent, 1.0);
                let sine = tangent * cosine;
                for row in &mut matrix {
                    let (a, b) = (row[p], row[q]);
                    row[p] = cosine * a - sine * b;
                    row[q] = sine * a + cosine * b;
                }
                rotate(&mut matrix, p, q, cosine, sine);
                matrix[p][q] = 0.0;
                matrix[q][p] = 0.0;
                rotate(&mut vectors, p, q, cosine, sine);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| matrix[b][b].total_cmp(&matrix[a][a]));
    let values = order.iter().map(|&i| matrix[i][i]).collect();
    let vectors = order.iter().map(|&i| vectors[i].clone()).collect();
    (values, vectors)
}

/// Turns two rows, the first of which comes before the second, into each other.
fn rotate(rows: &mut [Vec<f64>], first: usize, second: usize, cosine: f64, sine: f64) {
    let (above, below) = rows.split_at_mut(second);
    for (a, b) in above[first].iter_mut().zip(&mut below[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

/// Rows of unit length at right angles to each other that span the same space, in the order given; rows must be
/// independent.
pub(crate) fn orthonormal(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut done: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
    for row in rows {
        let mut row = row.clone();
        scale_to_unit(&mut row);
        // The second pass takes out what rounding left.
        for _ in 0..2 {
            for other in &done {
                let factor = dot(&row, other);
                row.iter_mut()
                    .zip(other)
                    .for_each(|(v, o)| *v -= factor * o);
            }
            scale_to_unit(&mut row);
        }
        done.push(row);
    }
    done
}

fn scale_to_unit(row: &mut [f64]) {
    let length = norm(row);
    if length > 0.0 {
        for value in row {
            *value /= length;
        }
    }
}

/// The product of two vectors, in a fixed order of addition that a compiler can vectorize.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_blocks.remainder().iter().zip(b_blocks.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let pairs = [
        sums[0] + sums[4],
        sums[1] + sums[5],
        sums[2] + sums[6],
        sums[3] + sums[7],
    ];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3]) + rest
}

/// The Euclidean length, without overflow of squares.
pub(crate) fn norm(a: &[f64]) -> f64 {
    let largest = a.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = a.iter().map(|v| (v / largest) * (v / largest)).sum();
    largest * libm::sqrt(sum)
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dependent_columns_have_no_solution() {
        let column = vec![1.0, 2.0, 3.0];
        assert_eq!(
            least_squares(&[column.clone(), column], &[1.0, 1.0, 1.0]),
            None
        );
        assert_eq!(least_squares(&[vec![0.0, 0.0]], &[1.0, 1.0]), None);
        assert_eq!(least_squares(&[vec![1.0], vec![2.0]], &[1.0]), None);
    }

    proptest! {
        #[test]
        fn residuals_are_at_right_angles_to_the_columns(
            columns in prop::collection::vec(prop::collection::vec(-3.0..3.0, 7), 1..5),
            side in prop::collection::vec(-3.0..3.0, 7),
        ) {
            if let Some(solution) = least_squares(&columns, &side) {
                let size = solution.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
                for column in &columns {
                    let residual: Vec<f64> = (0..7)
                        .map(|i| side[i] - columns.iter().zip(&solution).map(|(c, x)| c[i] * x).sum::<f64>())
                        .collect();
                    prop_assert!(dot(column, &residual).abs() < 1e-11 * size);
                }
            }
        }

        #[test]
        fn eigenvectors_rebuild_the_matrix(entries in prop::collection::vec(-3.0..3.0, 15)) {
            let at = |i: usize, j: usize| { let (i, j) = (i.max(j), i.min(j)); entries[i * (i + 1) / 2 + j] };
            let matrix: Vec<Vec<f64>> = (0..5).map(|i| (0..5).map(|j| at(i, j)).collect()).collect();
            let (values, vectors) = symmetric_eigen(matrix.clone());
            prop_assert!(values.is_sorted_by(|a, b| a >= b));
            for i in 0..5 {
                for j in 0..5 {
                    let rebuilt: f64 = (0..5).map(|k| values[k] * vectors[k][i] * vectors[k][j]).sum();
                    prop_assert!((rebuilt - matrix[i][j]).abs() < 1e-13 * 20.0);
                    let right_angle = f64::from(u8::from(i == j));
                    prop_assert!((dot(&vectors[i], &vectors[j]) - right_angle).abs() < 1e-13);
                }
            }
        }
    }

    #[test]
    fn the_basis_is_orthonormal() {
        let basis = orthonormal(&[vec![1.0, 1.0, 0.0], vec![1.0, 1.0, 1e-3]]);
        assert_abs_diff_eq!(dot(&basis[0], &basis[1]), 0.0, epsilon = 1e-15);
        assert_abs_diff_eq!(basis[1][2], 1.0, epsilon = 1e-12);
        assert_abs_diff_eq!(norm(&[3e200, 4e200]), 5e200, epsilon = 1e186);
    }
}
