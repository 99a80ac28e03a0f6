//! Vectors that do not fit their neighbors.

use ndarray::Array2;

/// The normalized median test of a field of vectors.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MedianTest {
    /// Length of the distance from the neighbors' median over what is usual among them; above 2 for outliers.
    pub residual: Array2<f32>,
    /// Median of the neighbors' displacements along columns.
    pub u: Array2<f32>,
    /// Median of the neighbors' displacements along rows.
    pub v: Array2<f32>,
}

/// Compares each vector with its up to eight neighbors: $r = |u_0 - u_m|/(r_m + \varepsilon)$ with the neighbors' median $u_m$ and
/// the median $r_m$ of their distances from it, for each component; the residual is the length of both.
///
/// `u` and `v` are of one shape; the smaller is used. `noise` is $\varepsilon$, 0.1 px in the paper. Vectors without neighbors have a residual of zero.
/// $O(n)$.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
///
/// let mut u = Array2::from_shape_fn((6, 6), |(y, _)| 0.1 * y as f32);
/// u[[3, 3]] = 4.0;
/// let test = optical_flow::normalized_median(&u, &Array2::zeros((6, 6)), 0.1);
/// assert!(test.residual[[3, 3]] > 2.0 && test.residual[[1, 1]] < 2.0);
/// assert!((test.u[[3, 3]] - 0.3).abs() < 0.06);
/// ```
///
/// # References
///
/// J. Westerweel and F. Scarano, Exp. Fluids 39, 1096 (2005), doi 10.1007/s00348-005-0016-6.
pub fn normalized_median(u: &Array2<f32>, v: &Array2<f32>, noise: f32) -> MedianTest {
    let dim = (u.dim().0.min(v.dim().0), u.dim().1.min(v.dim().1));
    let (rows, columns) = dim;
    let mut test = MedianTest {
        residual: Array2::zeros(dim),
        u: Array2::zeros(dim),
        v: Array2::zeros(dim),
    };
    let mut neighbors = Vec::with_capacity(8);
    let mut distances = Vec::with_capacity(8);
    for y in 0..rows {
        for x in 0..columns {
            let mut square = 0.0;
            for (field, middle) in [(u, &mut test.u), (v, &mut test.v)] {
                neighbors.clear();
                for yy in y.saturating_sub(1)..(y + 2).min(rows) {
                    for xx in x.saturating_sub(1)..(x + 2).min(columns) {
                        if (yy, xx) != (y, x) {
                            neighbors.push(field[[yy, xx]]);
                        }
                    }
                }
                if neighbors.is_empty() {
                    middle[[y, x]] = field[[y, x]];
                    continue;
                }
                let median = middle_of(&mut neighbors);
                distances.clear();
                distances.extend(neighbors.iter().map(|value| (value - median).abs()));
                let usual = middle_of(&mut distances);
                middle[[y, x]] = median;
                let r = (field[[y, x]] - median).abs() / (usual + noise);
                square += r * r;
            }
            test.residual[[y, x]] = square.sqrt();
        }
    }
    test
}

/// The median of some values: of an even number, the mean of the two in the middle.
fn middle_of(values: &mut [f32]) -> f32 {
    values.sort_by(f32::total_cmp);
    let n = values.len();
    if n % 2 == 1 {
        values[n / 2]
    } else {
        0.5 * (values[n / 2 - 1] + values[n / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_definition() {
        let u = ndarray::array![[1.0, 2.0, 3.0], [4.0, 9.0, 5.0], [6.0, 7.0, 8.0]];
        let v = Array2::zeros((3, 3));
        let test = normalized_median(&u, &v, 0.5);
        // neighbors 1 to 8: median 4.5, distances 0.5 0.5 1.5 1.5 2.5 2.5 3.5 3.5 with median 2
        approx::assert_relative_eq!(test.residual[[1, 1]], 4.5 / 2.5, max_relative = 1e-6);
        approx::assert_relative_eq!(test.u[[1, 1]], 4.5, max_relative = 1e-6);
        // the corner has 2, 4 and 9
        approx::assert_relative_eq!(test.residual[[0, 0]], 3.0 / 2.5, max_relative = 1e-6);
        let one = normalized_median(&Array2::ones((1, 1)), &Array2::zeros((1, 1)), 0.1);
        approx::assert_relative_eq!(one.u[[0, 0]], 1.0);
    }
}
