//! Mutual information by nearest neighbors, and the error it leaves to any law.

use crate::error::{Error, Result};

/// The scale on which distances between rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ColumnTransform {
    /// The values as they are.
    Raw,
    /// Natural logarithms: values must be positive. A power of a column changes its weight against the others.
    Logarithm,
    /// Ranks, equal values sharing their mean rank: no rising function of a column changes the estimate.
    #[default]
    Rank,
}

/// The estimator of mutual information of Kraskov, Stögbauer and Grassberger, and a bound on the error of any law.
///
/// With $\epsilon_i$ the distance from row $i$ to its $k$-th nearest other row in inputs and response together (the
/// largest difference of any column), and $n_x$, $n_y$ the numbers of other rows **strictly** nearer than that in the
/// inputs alone and in the response alone,
///
/// $$ I = \psi(k) + \psi(N) - \langle \psi(n_x + 1) + \psi(n_y + 1) \rangle. $$
///
/// The estimate depends on $k$ and on the scale of the columns, although the true information does not: state both
/// beside the number. Counting neighbors at the distance itself, or the row among its neighbors, biases it downward.
///
/// # Ties
///
/// The formula is made for values without ties. Where at least $k$ other rows agree with a row in every column, its
/// distance is 0 and no row is nearer; there the rule of Gao et al. for mixtures is taken: $k$ becomes the number of rows
/// that agree, this one included, and $n_x$, $n_y$ count the others that agree in the inputs and in the response.
/// [`n_tied_rows`](InformationEstimate::n_tied_rows) says how often. No noise is added, so the same rows in any order
/// give the same result up to rounding.
///
/// # Performance
///
/// Rows are sorted by the first input and only those within reach of a row are looked at: near $N^{2 - 1/d} k^{1/d}$
/// distances for $d$ columns, N² at worst; O(N d) memory. In two columns 90 rows take some 30 µs and 10 000 rows some 15 ms.
///
/// # Examples
///
/// ```
/// use dimless::MutualInformation;
///
/// let x: Vec<f64> = (1..200).map(|i| f64::from(i * 37 % 199)).collect();
/// let y: Vec<f64> = x.iter().map(|x| x * x).collect();
/// let estimate = MutualInformation::new().estimate(&[&x], &y)?;
/// assert!(estimate.error_bound() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// A. Kraskov, H. Stögbauer, P. Grassberger, *Estimating mutual information*, Phys. Rev. E 69, 066138 (2004), doi
/// 10.1103/PhysRevE.69.066138, the first of its two estimators (Eq. 8, number unverified). W. Gao, S. Kannan, S. Oh, P. Viswanath, *Estimating mutual information for
/// discrete-continuous mixtures*, NIPS 2017, arXiv 1709.06212. The default of 3 neighbors is ours, within the range of
/// 2 to 4 that Kraskov et al. advise (unverified).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MutualInformation {
    n_neighbors: usize,
    transform: ColumnTransform,
}

impl Default for MutualInformation {
    fn default() -> Self {
        Self::new()
    }
}

impl MutualInformation {
    /// Three neighbors, on ranks.
    pub const fn new() -> Self {
        Self {
            n_neighbors: 3,
            transform: ColumnTransform::Rank,
        }
    }

    /// The number of neighbors $k$; the default is 3. More of them lower the variance and raise the bias.
    #[must_use]
    pub const fn n_neighbors(mut self, n_neighbors: usize) -> Self {
        self.n_neighbors = n_neighbors;
        self
    }

    /// The scale of all columns; the default is ranks.
    #[must_use]
    pub const fn transform(mut self, transform: ColumnTransform) -> Self {
        self.transform = transform;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for no neighbor.
    pub fn validate(&self) -> Result<()> {
        if self.n_neighbors == 0 {
            return Err(Error::InvalidParameter {
                name: "n_neighbors",
                requirement: "at least 1",
                found: self.n_neighbors.to_string(),
            });
        }
        Ok(())
    }

    /// The information that input columns have on a response, all of one length.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::InvalidParameter`] without an input; [`Error::LengthMismatch`];
    /// [`Error::TooFewRows`] below `n_neighbors` + 1; [`Error::InvalidValue`] with the row for a value that is not finite,
    /// or not positive under a logarithm; [`Error::ConstantColumn`].
    pub fn estimate(&self, inputs: &[&[f64]], response: &[f64]) -> Result<InformationEstimate> {
        self.validate()?;
        if inputs.is_empty() {
            return Err(Error::InvalidParameter {
                name: "inputs",
                requirement: "at least one column",
                found: "none".to_owned(),
            });
        }
        let (n, k) = (response.len(), self.n_neighbors);
        for (index, input) in inputs.iter().enumerate() {
            if input.len() != n {
                return Err(Error::LengthMismatch {
                    name: input_name(index),
                    expected: n,
                    found: input.len(),
                });
            }
        }
        if n <= k {
            return Err(Error::TooFewRows {
                needed: k.saturating_add(1),
                found: n,
            });
        }
        let mut columns = Vec::with_capacity(inputs.len() + 1);
        for (index, input) in inputs.iter().enumerate() {
            columns.push(self.transformed(input, || input_name(index))?);
        }
        let response = self.transformed(response, || "response".to_owned())?;
        let x = Points::new(&columns);
        columns.push(response);
        let joint = Points::new(&columns);
        let y = Points::new(&columns[inputs.len()..]);
        let psi = digamma(n);
        let (mut sum, mut n_tied_rows) = (0.0, 0);
        let mut nearest = Vec::with_capacity(k);
        for row in 0..n {
            let distance = joint.neighbor_distance(row, k, &mut nearest);
            let agree = if distance > 0.0 {
                k
            } else {
                n_tied_rows += 1;
                joint.count(row, Reach::Equal) + 1
            };
            let reach = if distance > 0.0 {
                Reach::Nearer(distance)
            } else {
                Reach::Equal
            };
            let (n_x, n_y) = (x.count(row, reach), y.count(row, reach));
            sum += psi[agree] - psi[n_x + 1] - psi[n_y + 1];
        }
        Ok(InformationEstimate {
            nats: psi[n] + sum / n as f64,
            n_rows: n,
            n_tied_rows,
            n_neighbors: k,
            transform: self.transform,
        })
    }

    fn transformed(&self, column: &[f64], name: impl Fn() -> String) -> Result<Vec<f64>> {
        let requirement = match self.transform {
            ColumnTransform::Logarithm => "finite and positive",
            ColumnTransform::Raw | ColumnTransform::Rank => "finite",
        };
        let fits = |value: f64| match self.transform {
            ColumnTransform::Logarithm => value.is_finite() && value > 0.0,
            ColumnTransform::Raw | ColumnTransform::Rank => value.is_finite(),
        };
        if let Some(row) = column.iter().position(|v| !fits(*v)) {
            return Err(Error::InvalidValue {
                name: name(),
                row: Some(row + 1),
                requirement,
                found: column[row],
            });
        }
        let values = match self.transform {
            ColumnTransform::Raw => column.to_vec(),
            ColumnTransform::Logarithm => column.iter().map(|v| libm::log(*v)).collect(),
            ColumnTransform::Rank => ranks(column),
        };
        if values.iter().all(|v| (v - values[0]).abs() == 0.0) {
            return Err(Error::ConstantColumn { name: name() });
        }
        Ok(values)
    }
}

fn input_name(index: usize) -> String {
    format!("input column {}", index + 1)
}

/// An estimate of mutual information, with what it depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InformationEstimate {
    nats: f64,
    n_rows: usize,
    n_tied_rows: usize,
    n_neighbors: usize,
    transform: ColumnTransform,
}

impl InformationEstimate {
    /// The information $I$ in nats. Chance can make the estimate slightly negative.
    pub fn nats(&self) -> f64 {
        self.nats
    }

    /// $\epsilon = e^{-I}$, 1 where the estimate is negative: no law of these inputs has a smaller error, in the
    /// following sense.
    ///
    /// For every function $f$ of the inputs, with $h$ the differential entropy of the response on any scale,
    ///
    /// $$ \sqrt{\mathrm{E}\, (y - f(x))^2} \ge \epsilon\, \sigma_h, \quad \sigma_h = e^{h(y)} / \sqrt{2 \pi e}. $$
    ///
    /// At a given variance the normal distribution has the largest entropy, so the root mean square error is at least
    /// $e^{h(y|x)} / \sqrt{2 \pi e}$, and $h(y|x) = h(y) - I$. For the same reason the entropy deviation $\sigma_h$ is at
    /// most the standard deviation $\sigma$, and equal to it for a normal response. So $1 - R^2 \ge \epsilon^2$ holds for
    /// normal responses, and $1 - R^2 \ge \epsilon^2 \sigma_h^2 / \sigma^2$ in general. $I$ is the same for the response
    /// and its logarithm; $\sigma_h$ is not.
    ///
    /// This is an estimate of a bound, from finitely many rows, not itself a bound.
    ///
    /// # References
    ///
    /// The inequality: T. M. Cover, J. A. Thomas, *Elements of Information Theory*, 2nd ed., section 8.6 (unverified), doi
    /// 10.1002/047174882X (unverified). Ranking inputs by such a bound on the error of all models: Y. Yuan, A.
    /// Lozano-Durán, *Dimensionless learning based on information*, Nat. Commun. 16, 9171 (2025), doi
    /// 10.1038/s41467-025-64425-8, whose normalization may differ (only its abstract was read).
    pub fn error_bound(&self) -> f64 {
        libm::exp(-self.nats.max(0.0))
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of rows that at least $k$ others agree with in every column.
    pub fn n_tied_rows(&self) -> usize {
        self.n_tied_rows
    }

    /// The number of neighbors.
    pub fn n_neighbors(&self) -> usize {
        self.n_neighbors
    }

    /// The scale of the columns.
    pub fn transform(&self) -> ColumnTransform {
        self.transform
    }
}

/// $\psi(0..=n + 1)$ on whole numbers, from $\psi(1) = -\gamma$; entry 0 is unused.
fn digamma(n: usize) -> Vec<f64> {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let mut psi = vec![f64::NAN, -EULER];
    let mut sum = 0.0;
    for m in 1..=n {
        sum += 1.0 / m as f64;
        psi.push(sum - EULER);
    }
    psi
}

/// The ranks, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // -0 and 0 are equal, and total order would part them.
    let key = |i: usize| values[i] + 0.0;
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0.0;
    for run in order.chunk_by(|&a, &b| key(a).total_cmp(&key(b)).is_eq()) {
        let mean = start + (run.len() as f64 - 1.0) / 2.0;
        for &i in run {
            ranks[i] = mean;
        }
        start += run.len() as f64;
    }
    ranks
}

/// Which rows are counted.
#[derive(Clone, Copy)]
enum Reach {
    /// Those strictly nearer than a distance.
    Nearer(f64),
    /// Those that agree.
    Equal,
}

/// Rows in the order of their first coordinate.
struct Points {
    n_columns: usize,
    /// Row after row.
    values: Vec<f64>,
    first: Vec<f64>,
    /// Where each row went.
    place: Vec<usize>,
}

impl Points {
    fn new(columns: &[Vec<f64>]) -> Self {
        let n_columns = columns.len();
        let n = columns.first().map_or(0, Vec::len);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| columns[0][a].total_cmp(&columns[0][b]));
        let mut place = vec![0; n];
        let mut values = Vec::with_capacity(n * n_columns);
        for (at, &row) in order.iter().enumerate() {
            place[row] = at;
            values.extend(columns.iter().map(|column| column[row]));
        }
        let first = order.iter().map(|&row| columns[0][row]).collect();
        Self {
            n_columns,
            values,
            first,
            place,
        }
    }

    fn point(&self, at: usize) -> &[f64] {
        &self.values[at * self.n_columns..(at + 1) * self.n_columns]
    }

    /// The distance to the `k`-th nearest other row; there are at least `k` others.
    fn neighbor_distance(&self, row: usize, k: usize, nearest: &mut Vec<f64>) -> f64 {
        let at = self.place[row];
        let own = self.point(at);
        let (mut left, mut right) = (at, at + 1);
        nearest.clear();
        loop {
            let gap_left = match left {
                0 => f64::INFINITY,
                _ => own[0] - self.first[left - 1],
            };
            let gap_right = self.first.get(right).map_or(f64::INFINITY, |v| v - own[0]);
            let gap = gap_left.min(gap_right);
            let reach = match nearest.last() {
                Some(farthest) if nearest.len() == k => *farthest,
                _ => f64::INFINITY,
            };
            if gap >= reach {
                return reach;
            }
            let other = if gap_left <= gap_right {
                left -= 1;
                left
            } else {
                right += 1;
                right - 1
            };
            let distance = distance(own, self.point(other));
            if nearest.len() < k || distance < reach {
                nearest.truncate(k - 1);
                let position = nearest.partition_point(|d| *d <= distance);
                nearest.insert(position, distance);
            }
        }
    }

    /// The number of other rows within reach.
    fn count(&self, row: usize, reach: Reach) -> usize {
        let at = self.place[row];
        let own = self.point(at);
        let inside = |difference: f64| match reach {
            Reach::Nearer(distance) => difference < distance,
            Reach::Equal => difference == 0.0,
        };
        let start = self.first[..at].partition_point(|v| !inside(own[0] - v));
        let end = at + self.first[at..].partition_point(|v| inside(v - own[0]));
        if self.n_columns == 1 {
            return end - start - 1;
        }
        let others = (start..end).filter(|other| *other != at);
        others
            .filter(|&other| inside(distance(own, self.point(other))))
            .count()
    }
}

/// The largest difference of any coordinate.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .fold(0.0, |largest: f64, (a, b)| largest.max((a - b).abs()))
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    use super::*;

    /// The textbook form, all distances to all rows.
    fn direct(inputs: &[Vec<f64>], y: &[f64], k: usize) -> f64 {
        let n = y.len();
        let psi = digamma(n);
        let far = |columns: &[Vec<f64>], i: usize, j: usize| {
            let differences = columns.iter().map(|c| (c[i] - c[j]).abs());
            differences.fold(0.0, f64::max)
        };
        let mut sum = 0.0;
        for i in 0..n {
            let others = || (0..n).filter(|j| *j != i);
            let mut all: Vec<f64> = others()
                .map(|j| far(inputs, i, j).max((y[i] - y[j]).abs()))
                .collect();
            all.sort_by(f64::total_cmp);
            let epsilon = all[k - 1];
            let n_x = others().filter(|&j| far(inputs, i, j) < epsilon).count();
            let n_y = others().filter(|&j| (y[i] - y[j]).abs() < epsilon).count();
            sum += psi[k] - psi[n_x + 1] - psi[n_y + 1];
        }
        psi[n] + sum / n as f64
    }

    /// Pairs of normal numbers by the method of Box and Muller, from a linear congruential generator.
    fn normal_pairs(n: usize, seed: u64) -> Vec<(f64, f64)> {
        let mut state = seed;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        (0..n)
            .map(|_| {
                let radius = libm::sqrt(-2.0 * libm::log(uniform()));
                let angle = std::f64::consts::TAU * uniform();
                (radius * libm::cos(angle), radius * libm::sin(angle))
            })
            .collect()
    }

    #[test]
    fn bivariate_normal_rows_have_the_known_information() -> Result<()> {
        for (correlation, seed) in [(0.0_f64, 1), (0.5, 2), (0.9, 3), (0.99, 4)] {
            let rest = (1.0 - correlation * correlation).sqrt();
            let pairs = normal_pairs(4000, seed);
            let x: Vec<f64> = pairs.iter().map(|p| p.0).collect();
            let y: Vec<f64> = pairs
                .iter()
                .map(|p| correlation * p.0 + rest * p.1)
                .collect();
            let exact = -0.5 * libm::log(1.0 - correlation * correlation);
            for transform in [ColumnTransform::Raw, ColumnTransform::Rank] {
                let estimate = MutualInformation::new()
                    .transform(transform)
                    .estimate(&[&x], &y)?;
                // The scatter of the estimate at this many rows, three neighbors, is about 0.02.
                assert_abs_diff_eq!(estimate.nats(), exact, epsilon = 0.06);
            }
        }
        Ok(())
    }

    #[test]
    fn two_inputs_share_their_information() -> Result<()> {
        let pairs = normal_pairs(3000, 7);
        let noise = normal_pairs(3000, 8);
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let y: Vec<f64> = (0..a.len()).map(|i| a[i] + b[i] + noise[i].0).collect();
        let estimator = MutualInformation::new()
            .transform(ColumnTransform::Raw)
            .n_neighbors(4);
        let both = estimator.estimate(&[&a, &b], &y)?.nats();
        let one = estimator.estimate(&[&a], &y)?.nats();
        // Variances 3 of the response, 1 and 2 left.
        assert_abs_diff_eq!(both, 0.5 * libm::log(3.0), epsilon = 0.06);
        assert_abs_diff_eq!(one, 0.5 * libm::log(1.5), epsilon = 0.06);
        assert_abs_diff_eq!(both, direct(&[a, b], &y, 4), epsilon = 1e-12);
        Ok(())
    }

    #[test]
    fn values_that_only_repeat_give_the_entropy() -> Result<()> {
        let x: Vec<f64> = (0..400).map(|i| f64::from(i % 4)).collect();
        let estimate = MutualInformation::new().estimate(&[&x], &x)?;
        assert_eq!(estimate.n_tied_rows(), 400);
        assert_abs_diff_eq!(estimate.nats(), libm::log(4.0), epsilon = 0.02);
        let independent: Vec<f64> = (0..400).map(|i| f64::from(i / 100)).collect();
        let estimate = MutualInformation::new().estimate(&[&x], &independent)?;
        assert_abs_diff_eq!(estimate.nats(), 0.0, epsilon = 0.03);
        assert!(estimate.error_bound() <= 1.0);
        Ok(())
    }

    #[test]
    fn ranks_share_ties() {
        assert_eq!(
            ranks(&[3.0, 1.0, 3.0, -0.0, 0.0]),
            [3.5, 2.0, 3.5, 0.5, 0.5]
        );
        assert_eq!(ranks(&[]), [0.0; 0]);
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 2.0, 1.0]);
        let estimator = MutualInformation::new();
        assert!(matches!(
            estimator.n_neighbors(0).estimate(&[&x], &y),
            Err(Error::InvalidParameter {
                name: "n_neighbors",
                ..
            })
        ));
        assert!(matches!(
            estimator.estimate(&[], &y),
            Err(Error::InvalidParameter { name: "inputs", .. })
        ));
        assert!(matches!(
            estimator.n_neighbors(4).estimate(&[&x], &y),
            Err(Error::TooFewRows {
                needed: 5,
                found: 4
            })
        ));
        assert!(matches!(
            estimator.n_neighbors(usize::MAX).estimate(&[&x], &y),
            Err(Error::TooFewRows { .. })
        ));
        assert!(matches!(
            estimator.estimate(&[&x, &x[1..]], &y),
            Err(Error::LengthMismatch { ref name, .. }) if name == "input column 2"
        ));
        assert!(matches!(
            estimator.estimate(&[&[1.0, f64::NAN, 0.0, 2.0]], &y),
            Err(Error::InvalidValue { row: Some(2), .. })
        ));
        assert!(matches!(
            estimator.transform(ColumnTransform::Logarithm).estimate(&[&x], &[1.0, 2.0, 0.0, 4.0]),
            Err(Error::InvalidValue { row: Some(3), ref name, .. }) if name == "response"
        ));
        assert!(matches!(
            estimator.estimate(&[&x], &[5.0; 4]),
            Err(Error::ConstantColumn { ref name }) if name == "response"
        ));
    }

    proptest! {
        #[test]
        fn agrees_with_all_distances(
            rows in prop::collection::vec((-1.0..1.0, -1.0..1.0, -1.0..1.0), 6..40),
            k in 1usize..5,
        ) {
            let a: Vec<f64> = rows.iter().map(|r| r.0).collect();
            let b: Vec<f64> = rows.iter().map(|r| r.1).collect();
            let y: Vec<f64> = rows.iter().map(|r| r.2).collect();
            let estimator = MutualInformation::new().transform(ColumnTransform::Raw).n_neighbors(k);
            let one = estimator.estimate(&[&a], &y)?.nats();
            prop_assert_eq!(one.to_bits(), direct(std::slice::from_ref(&a), &y, k).to_bits());
            let two = estimator.estimate(&[&a, &b], &y)?.nats();
            prop_assert_eq!(two.to_bits(), direct(&[a, b], &y, k).to_bits());
        }

        #[test]
        fn rising_functions_do_not_change_ranks(rows in prop::collection::vec((0.1..9.0, 0.1..9.0), 6..40)) {
            let (x, y): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let cubes: Vec<f64> = x.iter().map(|x| x * x * x).collect();
            let estimator = MutualInformation::new();
            prop_assert_eq!(estimator.estimate(&[&x], &y)?, estimator.estimate(&[&cubes], &y)?);
        }
    }
}
