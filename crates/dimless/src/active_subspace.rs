//! Active subspaces: the groups along which a response changes most.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::linear::{dot, least_squares, norm, orthonormal, symmetric_eigen};
use crate::pi::{Group, PiBasis};
use crate::table::Table;

/// How the gradient of the response is estimated at each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum GradientModel {
    /// One quadratic polynomial through all rows.
    #[default]
    Quadratic,
    /// At each row a plane through the nearest rows and itself.
    LocalLinear {
        /// How many nearest rows; at least the number of groups.
        n_neighbors: usize,
    },
}

/// Finds the products of real powers along which a response changes, and the share of each.
///
/// A dimensionless response $y$ depends on the logarithms $x$ of the variables only through the kernel of the dimension
/// matrix: it is a ridge function. With $W$ an orthonormal basis of that kernel and $z = W^T x$, the matrix
///
/// $$ C = \langle \nabla_z y\, \nabla_z y^T \rangle $$
///
/// has the eigenvalues $\lambda_1 \ge \lambda_2 \ge \dots$: the mean squared change of the response along their
/// eigenvectors $u_i$. The exponents $W u_i$ are a dimensionless product by construction, and do not depend on the basis
/// of the kernel. One eigenvalue far above the others means that one group decides.
///
/// # Accuracy
///
/// The gradients come from a fit, so noise and a wrong model go into all eigenvalues; the quadratic is exact where the
/// response is quadratic in the logarithm of a group. A direction in which the data do not vary cannot be judged and is an
/// error. As with every fit of free exponents, data of one material fix few of them.
///
/// # Performance
///
/// O(N q²) for q coefficients, $(m + 1)(m + 2)/2$ for m groups; local planes O(N² m + N k m²). O(N q) memory.
///
/// # Examples
///
/// ```
/// use dimless::{ActiveSubspace, System};
///
/// let pipe = System::new([("rho", "kg/m^3"), ("v", "m/s"), ("D", "m"), ("mu", "Pa s"), ("eps", "m")])?;
/// // Of the two groups, the response needs the Reynolds number alone.
/// let columns: Vec<Vec<f64>> = (0..5)
///     .map(|c| (0..60).map(|r| 1.0 + f64::from((r * (7 + 4 * c) + c) % 53) / 20.0).collect())
///     .collect();
/// let response: Vec<f64> =
///     (0..60).map(|r| (columns[0][r] * columns[1][r] * columns[2][r] / columns[3][r]).ln()).collect();
/// let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
/// let found = ActiveSubspace::new().fit(&pipe.pi()?, &views, &response)?;
/// assert!(found.shares()[0] > 0.999_999);
/// let group = found.nearest_group(0, 4)?.ok_or("a group")?;
/// assert_eq!(group.to_string(), "rho v D mu^-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// P. G. Constantine, Z. del Rosario, G. Iaccarino, *Many physical laws are ridge functions*, arXiv 1605.07974 (2016);
/// the same, *Data-driven dimensional analysis: algorithms for unique and relevant dimensionless groups*, arXiv 1708.04303
/// (2017, unverified). The orthonormal kernel basis, which frees the result from the choice of groups, is this crate's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ActiveSubspace {
    model: GradientModel,
}

impl Default for ActiveSubspace {
    fn default() -> Self {
        Self::new()
    }
}

impl ActiveSubspace {
    /// Gradients of one quadratic.
    pub const fn new() -> Self {
        Self {
            model: GradientModel::Quadratic,
        }
    }

    /// How gradients are estimated; the default is one quadratic.
    #[must_use]
    pub const fn model(mut self, model: GradientModel) -> Self {
        self.model = model;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for local planes without a neighbor.
    pub fn validate(&self) -> Result<()> {
        match self.model {
            GradientModel::LocalLinear { n_neighbors: 0 } => Err(Error::InvalidParameter {
                name: "n_neighbors",
                requirement: "at least 1",
                found: "0".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The directions from one column a variable, in the order of the basis and in consistent units, and a
    /// dimensionless response. Take the logarithm of a response that is a power of a group.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::LengthMismatch`]; [`Error::InvalidValue`] with the row for a
    /// variable that is not finite and positive or a response that is not finite; [`Error::TooFewRows`];
    /// [`Error::ConstantColumn`] for the response; [`Error::Undetermined`] where the system has no group, or the rows
    /// do not vary in all of its groups.
    pub fn fit(
        &self,
        basis: &PiBasis,
        columns: &[&[f64]],
        response: &[f64],
    ) -> Result<ActiveDirections> {
        self.validate()?;
        let n_rows = check(basis, columns, response)?;
        let kernel: Vec<Vec<f64>> = basis
            .groups()
            .iter()
            .map(|group| group.exponents().iter().map(|e| *e as f64).collect())
            .collect();
        let kernel = orthonormal(&kernel);
        let m = kernel.len();
        let n_needed = match self.model {
            GradientModel::Quadratic => (m + 1) * (m + 2) / 2,
            GradientModel::LocalLinear { n_neighbors } => n_neighbors.max(m).saturating_add(1),
        };
        if m == 0 {
            return Err(Error::Undetermined {
                what: "a direction: the system has no dimensionless group",
            });
        }
        if n_rows < n_needed {
            return Err(Error::TooFewRows {
                needed: n_needed,
                found: n_rows,
            });
        }
        let logarithms: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| column.iter().map(|v| libm::log(*v)).collect())
            .collect();
        let coordinates: Vec<Vec<f64>> = kernel
            .iter()
            .map(|direction| coordinate(direction, &logarithms))
            .collect();
        let gradients = match self.model {
            GradientModel::Quadratic => quadratic_gradients(&coordinates, response),
            GradientModel::LocalLinear { n_neighbors } => {
                local_gradients(&coordinates, response, n_neighbors.max(m))
            }
        };
        let gradients = gradients.ok_or(Error::Undetermined {
            what: "the gradients: their groups do not vary independently",
        })?;
        let mut matrix = vec![vec![0.0; m]; m];
        for i in 0..m {
            for j in 0..m {
                let sum: f64 = gradients.iter().map(|g| g[i] * g[j]).sum();
                matrix[i][j] = sum / n_rows as f64;
            }
        }
        let (eigenvalues, vectors) = symmetric_eigen(matrix);
        let exponents = vectors.iter().map(|vector| direction_of(vector, &kernel));
        Ok(ActiveDirections {
            basis: basis.clone(),
            eigenvalues: eigenvalues.into_iter().map(|v| v.max(0.0)).collect(),
            exponents: exponents.collect(),
        })
    }

    /// As [`fit`](Self::fit), with the columns of a table found by the names of the variables. A variable that no group
    /// uses needs no column.
    ///
    /// # Errors
    ///
    /// Those of [`fit`](Self::fit); [`Error::MissingColumn`], [`Error::WrongColumnKind`]; [`Error::NotDimensionless`] for
    /// the response, or where the columns have other dimensions than the variables.
    pub fn fit_table(
        &self,
        basis: &PiBasis,
        table: &Table,
        response: &str,
    ) -> Result<ActiveDirections> {
        // Evaluation checks the dimensions of the columns.
        for group in basis.groups() {
            group.evaluate_table(table)?;
        }
        let ones = vec![1.0; table.n_rows()];
        let unusable = basis.unusable_variables();
        let columns: Result<Vec<&[f64]>> = basis
            .names()
            .iter()
            .map(|name| {
                if unusable.contains(&name.as_str()) {
                    Ok(ones.as_slice())
                } else {
                    table.column(name)
                }
            })
            .collect();
        let dimension = table.dimension(response)?;
        if !dimension.is_dimensionless() {
            return Err(Error::NotDimensionless {
                product: response.to_owned(),
                dimension: Box::new(dimension),
            });
        }
        self.fit(basis, &columns?, table.column(response)?)
    }
}

fn check(basis: &PiBasis, columns: &[&[f64]], response: &[f64]) -> Result<usize> {
    if columns.len() != basis.names().len() {
        return Err(Error::LengthMismatch {
            name: "list of columns".to_owned(),
            expected: basis.names().len(),
            found: columns.len(),
        });
    }
    for (name, column) in basis.names().iter().zip(columns) {
        if column.len() != response.len() {
            return Err(Error::LengthMismatch {
                name: format!("column of {name}"),
                expected: response.len(),
                found: column.len(),
            });
        }
        let bad = |v: &f64| !(v.is_finite() && *v > 0.0);
        if let Some(row) = column.iter().position(bad) {
            return Err(Error::InvalidValue {
                name: name.clone(),
                row: Some(row + 1),
                requirement: "finite and positive",
                found: column[row],
            });
        }
    }
    // Squares of gradients must be numbers.
    if let Some(row) = response
        .iter()
        .position(|v| !v.is_finite() || v.abs() > 1e140)
    {
        return Err(Error::InvalidValue {
            name: "response".to_owned(),
            row: Some(row + 1),
            requirement: "finite, and at most 1e140",
            found: response[row],
        });
    }
    if !response.is_empty() && response.iter().all(|v| (v - response[0]).abs() < 1e-140) {
        return Err(Error::ConstantColumn {
            name: "response".to_owned(),
        });
    }
    Ok(response.len())
}

/// The logarithm of the product of powers in each row, less its mean.
fn coordinate(direction: &[f64], logarithms: &[Vec<f64>]) -> Vec<f64> {
    let n_rows = logarithms.first().map_or(0, Vec::len);
    let row = |r: usize| -> f64 {
        let factors = direction.iter().zip(logarithms);
        factors.map(|(exponent, column)| exponent * column[r]).sum()
    };
    let mut values: Vec<f64> = (0..n_rows).map(row).collect();
    let mean = values.iter().sum::<f64>() / n_rows as f64;
    for value in &mut values {
        *value -= mean;
    }
    values
}

fn quadratic_gradients(coordinates: &[Vec<f64>], response: &[f64]) -> Option<Vec<Vec<f64>>> {
    let (m, n_rows) = (coordinates.len(), response.len());
    let scales: Vec<f64> = coordinates.iter().map(|z| deviation(z)).collect();
    let scaled: Vec<Vec<f64>> = coordinates
        .iter()
        .zip(&scales)
        .map(|(z, scale)| z.iter().map(|v| v / scale).collect())
        .collect();
    let mut columns = vec![vec![1.0; n_rows]];
    columns.extend(scaled.iter().cloned());
    for i in 0..m {
        for j in i..m {
            let product = scaled[i].iter().zip(&scaled[j]).map(|(a, b)| a * b);
            columns.push(product.collect());
        }
    }
    let coefficients = least_squares(&columns, response)?;
    let gradients = (0..n_rows).map(|row| {
        let mut gradient = coefficients[1..=m].to_vec();
        let mut next = m + 1;
        for i in 0..m {
            for j in i..m {
                gradient[i] += coefficients[next] * scaled[j][row];
                gradient[j] += coefficients[next] * scaled[i][row];
                next += 1;
            }
        }
        let unscaled = gradient.iter().zip(&scales).map(|(g, scale)| g / scale);
        unscaled.collect()
    });
    Some(gradients.collect())
}

/// The planes are fitted about each row, to its nearest rows and itself; nearest with each coordinate in deviations.
fn local_gradients(coordinates: &[Vec<f64>], response: &[f64], k: usize) -> Option<Vec<Vec<f64>>> {
    let n_rows = response.len();
    let scales: Vec<f64> = coordinates.iter().map(|z| deviation(z)).collect();
    let mut gradients = Vec::with_capacity(n_rows);
    for row in 0..n_rows {
        let distance = |other: usize| -> f64 {
            let differences = coordinates.iter().zip(&scales);
            differences
                .map(|(z, scale)| ((z[other] - z[row]) / scale).powi(2))
                .sum()
        };
        let mut order: Vec<(f64, usize)> =
            (0..n_rows).map(|other| (distance(other), other)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let near = &order[..=k.min(n_rows - 1)];
        let mut columns = vec![vec![1.0; near.len()]];
        for (z, scale) in coordinates.iter().zip(&scales) {
            columns.push(near.iter().map(|&(_, i)| (z[i] - z[row]) / scale).collect());
        }
        let side: Vec<f64> = near.iter().map(|&(_, i)| response[i]).collect();
        let coefficients = least_squares(&columns, &side)?;
        let unscaled = coefficients[1..]
            .iter()
            .zip(&scales)
            .map(|(g, scale)| g / scale);
        gradients.push(unscaled.collect());
    }
    Some(gradients)
}

/// The standard deviation of values whose mean is 0; 1 where it vanishes, so that the fit finds the column wanting.
fn deviation(values: &[f64]) -> f64 {
    let deviation = norm(values) / libm::sqrt(values.len() as f64);
    if deviation > 1e-12 { deviation } else { 1.0 }
}

/// Exponents of unit length, the largest of them positive.
fn direction_of(vector: &[f64], kernel: &[Vec<f64>]) -> Vec<f64> {
    let n = kernel.first().map_or(0, Vec::len);
    let mut exponents: Vec<f64> = (0..n)
        .map(|variable| {
            kernel
                .iter()
                .zip(vector)
                .map(|(row, u)| row[variable] * u)
                .sum()
        })
        .collect();
    // The first that is the largest up to rounding.
    let largest = exponents.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
    let first = exponents.iter().find(|e| e.abs() > largest * (1.0 - 1e-6));
    if first.is_some_and(|e| *e < 0.0) {
        for exponent in &mut exponents {
            *exponent = -*exponent;
        }
    }
    exponents
}

/// The directions of an active subspace, in falling order of their eigenvalues.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveDirections {
    basis: PiBasis,
    eigenvalues: Vec<f64>,
    exponents: Vec<Vec<f64>>,
}

impl ActiveDirections {
    /// The mean squared derivative of the response along each direction.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Each eigenvalue by the sum of all.
    pub fn shares(&self) -> Vec<f64> {
        let sum: f64 = self.eigenvalues.iter().sum();
        self.eigenvalues.iter().map(|v| v / sum).collect()
    }

    /// For each direction the exponents of the variables, of unit length, the largest of them positive. The product of these
    /// powers is dimensionless.
    pub fn exponents(&self) -> &[Vec<f64>] {
        &self.exponents
    }

    /// The names of the variables, in the order of the exponents.
    pub fn names(&self) -> &[String] {
        self.basis.names()
    }

    /// The group at the smallest angle to a direction among those found by scaling its largest exponent to 1, 2, .. up to
    /// a bound and rounding; nothing if none of these is dimensionless.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a direction that there is not, or a bound above 1000; [`Error::Overflow`].
    pub fn nearest_group(&self, direction: usize, max_exponent: u32) -> Result<Option<Group>> {
        if max_exponent > 1000 {
            return Err(Error::InvalidParameter {
                name: "max_exponent",
                requirement: "at most 1000",
                found: max_exponent.to_string(),
            });
        }
        let exponents = self
            .exponents
            .get(direction)
            .ok_or(Error::InvalidParameter {
                name: "direction",
                requirement: "less than the number of groups",
                found: direction.to_string(),
            })?;
        let largest = exponents.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
        let mut best: Option<(f64, Vec<i64>)> = None;
        for size in 1..=max_exponent {
            let factor = f64::from(size) / largest;
            let rounded: Vec<f64> = exponents.iter().map(|e| (e * factor).round()).collect();
            let whole: Vec<i64> = rounded.iter().map(|e| *e as i64).collect();
            if self.basis.coordinates(&whole)?.is_none() {
                continue;
            }
            let cosine = dot(&rounded, exponents) / norm(&rounded);
            // A multiple of a group found before is no better.
            if best
                .as_ref()
                .is_none_or(|(other, _)| cosine > other + 1e-12)
            {
                best = Some((cosine, whole));
            }
        }
        let names: Arc<[String]> = self.basis.names().into();
        Ok(best.map(|(_, exponents)| Group::new(names, exponents)))
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::System;

    fn keyhole() -> Result<System> {
        System::new([
            ("P", "W"),
            ("V", "m/s"),
            ("r0", "m"),
            ("alpha", "m^2/s"),
            ("rho", "kg/m^3"),
            ("cp", "J/(kg K)"),
            ("dT", "K"),
        ])
    }

    /// Columns of values between 1 and 3 by a linear congruential generator.
    fn columns(n_columns: usize, n_rows: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            1.0 + 2.0 * (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n_columns)
            .map(|_| (0..n_rows).map(|_| next()).collect())
            .collect()
    }

    fn views(columns: &[Vec<f64>]) -> Vec<&[f64]> {
        columns.iter().map(Vec::as_slice).collect()
    }

    const KEYHOLE_SQUARED: [f64; 7] = [2.0, -1.0, -3.0, -1.0, -2.0, -2.0, -2.0];

    fn cosine(a: &[f64], b: &[f64]) -> f64 {
        dot(a, b) / (norm(a) * norm(b))
    }

    #[test]
    fn a_law_of_one_group_has_one_direction() -> Result<()> {
        let system = keyhole()?;
        let basis = system.pi()?;
        let columns = columns(7, 200, 1);
        let squared = system.group(&[
            ("P", 2),
            ("V", -1),
            ("r0", -3),
            ("alpha", -1),
            ("rho", -2),
            ("cp", -2),
            ("dT", -2),
        ])?;
        let group: Vec<f64> = (0..200)
            .map(|r| squared.evaluate(&columns.iter().map(|c| c[r]).collect::<Vec<_>>()))
            .collect::<Result<_>>()?;
        // Quadratic in the logarithm: the model is exact.
        let exact: Vec<f64> = group
            .iter()
            .map(|g| 1.0 + libm::log(*g) + 0.3 * libm::log(*g).powi(2))
            .collect();
        let found = ActiveSubspace::new().fit(&basis, &views(&columns), &exact)?;
        // Beside the first, the rounding of the entries of C in double precision.
        assert!(found.shares()[1] < 1e-15, "{:?}", found.shares());
        assert_abs_diff_eq!(
            cosine(&found.exponents()[0], &KEYHOLE_SQUARED).abs(),
            1.0,
            epsilon = 1e-12
        );
        assert_eq!(
            found.nearest_group(0, 4)?.expect("a group").exponents(),
            [-2, 1, 3, 1, 2, 2, 2]
        );
        // A saturating law: neither model is exact, both find the group.
        let law: Vec<f64> = group
            .iter()
            .map(|g| 5.0 - 5.0 * libm::exp(-0.5 * libm::sqrt(*g)))
            .collect();
        for model in [
            GradientModel::Quadratic,
            GradientModel::LocalLinear { n_neighbors: 12 },
        ] {
            let found = ActiveSubspace::new()
                .model(model)
                .fit(&basis, &views(&columns), &law)?;
            assert!(found.shares()[0] > 0.95, "{model:?} {:?}", found.shares());
            assert!(
                cosine(&found.exponents()[0], &KEYHOLE_SQUARED).abs() > 0.99,
                "{model:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn every_direction_is_dimensionless_whatever_the_response() -> Result<()> {
        let system = keyhole()?;
        let columns = columns(7, 60, 2);
        let noise = &columns[3];
        let found = ActiveSubspace::new().fit(&system.pi()?, &views(&columns), noise)?;
        assert_eq!((found.exponents().len(), found.names().len()), (3, 7));
        for exponents in found.exponents() {
            for base in 0..7 {
                let dimensions = system.dimensions().iter();
                let left: f64 = dimensions
                    .zip(exponents)
                    .map(|(d, e)| d.exponents()[base].to_f64() * e)
                    .sum();
                assert_abs_diff_eq!(left, 0.0, epsilon = 1e-14);
            }
        }
        assert_abs_diff_eq!(found.shares().iter().sum::<f64>(), 1.0, epsilon = 1e-12);
        assert!(matches!(
            found.nearest_group(3, 4),
            Err(Error::InvalidParameter {
                name: "direction",
                ..
            })
        ));
        assert!(matches!(
            found.nearest_group(0, 5000),
            Err(Error::InvalidParameter {
                name: "max_exponent",
                ..
            })
        ));
        Ok(())
    }

    #[test]
    fn bad_input_is_named() -> Result<()> {
        let basis = keyhole()?.pi()?;
        let good = columns(7, 40, 3);
        let fit =
            |columns: &[Vec<f64>], y: &[f64]| ActiveSubspace::new().fit(&basis, &views(columns), y);
        let y = good[0].clone();
        assert!(matches!(
            fit(&good[..6], &y),
            Err(Error::LengthMismatch { expected: 7, .. })
        ));
        assert!(matches!(
            fit(&good, &y[1..]),
            Err(Error::LengthMismatch { .. })
        ));
        assert!(matches!(
            fit(&good, &[1.0; 40]),
            Err(Error::ConstantColumn { .. })
        ));
        let mut bad = good.clone();
        bad[2][4] = 0.0;
        assert!(
            matches!(fit(&bad, &y), Err(Error::InvalidValue { row: Some(5), ref name, .. }) if name == "r0")
        );
        let mut nan = y.clone();
        nan[7] = f64::NAN;
        assert!(matches!(
            fit(&good, &nan),
            Err(Error::InvalidValue { row: Some(8), .. })
        ));
        let short: Vec<Vec<f64>> = good.iter().map(|c| c[..9].to_vec()).collect();
        assert!(matches!(
            fit(&short, &y[..9]),
            Err(Error::TooFewRows {
                needed: 10,
                found: 9
            })
        ));
        // One material and one spot: only power and speed vary, two ways for three groups.
        let mut one = good.clone();
        one[2..].iter_mut().for_each(|c| c.fill(1.5));
        assert!(matches!(fit(&one, &y), Err(Error::Undetermined { .. })));
        let none = System::new([("m", "kg"), ("l", "m")])?.pi()?;
        let found = ActiveSubspace::new().fit(&none, &views(&good[..2]), &y);
        assert!(matches!(found, Err(Error::Undetermined { .. })));
        let planes = ActiveSubspace::new().model(GradientModel::LocalLinear { n_neighbors: 0 });
        assert!(matches!(
            planes.validate(),
            Err(Error::InvalidParameter { .. })
        ));
        Ok(())
    }

    proptest! {
        /// Another order of variables is another basis of the kernel, but the same directions.
        #[test]
        fn the_order_of_variables_only_permutes_exponents(seed in any::<u64>()) {
            let system = keyhole()?;
            let columns = columns(7, 40, seed);
            let y: Vec<f64> = (0..40).map(|r| (columns[0][r] * columns[6][r]).sin()).collect();
            let found = ActiveSubspace::new().fit(&system.pi()?, &views(&columns), &y)?;
            let order = [4, 2, 6, 0, 1, 5, 3];
            let permuted = System::from_dimensions(order.map(|i| (system.names()[i].clone(), system.dimensions()[i])))?;
            let moved: Vec<Vec<f64>> = order.iter().map(|&i| columns[i].clone()).collect();
            let other = ActiveSubspace::new().fit(&permuted.pi()?, &views(&moved), &y)?;
            for (a, b) in found.eigenvalues().iter().zip(other.eigenvalues()) {
                prop_assert!((a - b).abs() <= 1e-8 * found.eigenvalues()[0], "{} {}", a, b);
            }
        }
    }
}
