//! What each input of a law contributes.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::kernel::workspace::{Columns, Workspace};
use crate::random::{Purpose, stream};
use crate::refit::{check_finite, columns_of};
use crate::{Data, Error, Expression, Model, Result};

/// Importance of each input of a law on some rows, in three ways.
///
/// - *Permutation*: by how much R² falls when the column is shuffled, the mean over
///   [`repeats`](Self::repeats). What a law loses without the information of that column; about zero for an
///   input that the law does not hold. It needs no derivative, and correlated inputs share it unevenly.
/// - *Total variance share* of the law's own values: the part of their variance that is left when all other inputs are
///   known, by Jansen's estimator over pairs of rows drawn from the data, each column by itself. The shares
///   sum to 1 for additive laws and to more where inputs act together.
/// - *Gradient share*: $(\partial f/\partial x_j)^2\,\mathrm{var}(x_j)$, the mean over the rows, as a share of the
///   sum: the first-order variance, which needs no draws.
///
/// # References
///
/// Breiman 2001, doi 10.1023/A:1010933404324 (permutation); Jansen 1999,
/// doi 10.1016/S0010-4655(98)00154-4, and Saltelli et al. 2010, doi 10.1016/j.cpc.2009.09.018,
/// table 2 (f) (total variance).
///
/// # Examples
///
/// ```
/// use symreg::{Data, Expression, VariableImportance};
/// let a: Vec<f64> = (0..50).map(f64::from).collect();
/// let b: Vec<f64> = a.iter().map(|v| v * 7.0 % 11.0).collect();
/// let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 3.0 * a + 0.1 * b).collect();
/// let data = Data::from_columns([("a", a), ("b", b)], ("y", y))?;
/// let law = Expression::parse("3*a + 0.1*b", &["a", "b"])?;
/// let shares = VariableImportance::new().of(&law, &["a", "b"], &data)?;
/// assert!(shares[0].permutation > 1.0 && shares[1].permutation < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VariableImportance {
    repeats: usize,
    seed: u64,
}

impl Default for VariableImportance {
    fn default() -> Self {
        Self::new()
    }
}

/// What one input contributes to a law.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Importance {
    /// The input.
    pub name: String,
    /// Mean fall of R² when its column is shuffled. NaN if the law is undefined on a shuffled row.
    pub permutation: f64,
    /// Standard deviation of that fall over the repeats.
    pub permutation_spread: f64,
    /// Total share of the variance of the law's values.
    pub variance_share: f64,
    /// Share of the first-order variance, from the gradient.
    pub gradient_share: f64,
}

impl VariableImportance {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            repeats: 20,
            seed: 0,
        }
    }

    /// Shuffles of each column (default 20).
    pub fn repeats(mut self, value: usize) -> Self {
        self.repeats = value;
        self
    }

    /// Seed of shuffles and draws (default 0): a ChaCha8 stream for each column and repeat.
    pub fn seed(mut self, value: u64) -> Self {
        self.seed = value;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if (2..=10_000).contains(&self.repeats) {
            return Ok(());
        }
        Err(Error::InvalidParameter {
            name: "repeats",
            requirement: "from 2 to 10000",
            found: self.repeats.to_string(),
        })
    }

    /// As [`of`](Self::of), for a fitted law.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn of_model(&self, model: &Model, data: &Data) -> Result<Vec<Importance>> {
        self.of(&model.expression(), model.names(), data)
    }

    /// The importance of each input, in the order of `names`, whose columns are found by name.
    /// O(repeats × inputs × rows × nodes).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]; [`Error::VariableOutOfRange`]; [`Error::UnknownColumn`] if `data`
    /// lacks a column that the law uses; [`Error::InvalidModel`] if the law is not finite on a row.
    pub fn of<S: AsRef<str>>(
        &self,
        expression: &Expression,
        names: &[S],
        data: &Data,
    ) -> Result<Vec<Importance>> {
        self.validate()?;
        let mut columns = columns_of(expression, names, data)?;
        let fitted = check_finite(expression, names, &columns, data.n_rows())?;
        let used = expression.variables();
        let target = data.target();
        let total = data.total_sum_of_squares();
        let sse = |values: &[f64]| -> f64 {
            let pairs = values.iter().zip(target);
            pairs.map(|(v, y)| (y - v) * (y - v)).sum()
        };
        let best = sse(&fitted);
        let gradient = gradient_parts(expression, &columns, data.n_rows());
        let gradient_total: f64 = gradient.iter().sum();
        let mut workspace = Workspace::default();
        let mut values = vec![0.0; data.n_rows()];
        let mut result = Vec::with_capacity(names.len());
        for (j, name) in names.iter().enumerate() {
            let mut falls = vec![0.0; self.repeats];
            if used.contains(&j) {
                let original = columns[j].clone();
                for (repeat, fall) in falls.iter_mut().enumerate() {
                    let mut rng =
                        stream(self.seed, 0, repeat as u32, j as u64, Purpose::Permutation);
                    columns[j].copy_from_slice(&original);
                    columns[j].shuffle(&mut rng);
                    workspace.fill(expression.tokens(), Columns::new(&columns), &mut values);
                    *fall = (sse(&values) - best) / total;
                }
                columns[j] = original;
            }
            let mean = falls.iter().sum::<f64>() / self.repeats as f64;
            let spread = falls.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>();
            result.push(Importance {
                name: name.as_ref().to_owned(),
                permutation: mean,
                permutation_spread: (spread / (self.repeats - 1) as f64).sqrt(),
                variance_share: 0.0,
                gradient_share: if gradient_total > 0.0 {
                    gradient[j] / gradient_total
                } else {
                    0.0
                },
            });
        }
        let shares = self.variance_shares(expression, &columns, &used, data.n_rows());
        for (importance, share) in result.iter_mut().zip(shares) {
            importance.variance_share = share;
        }
        Ok(result)
    }

    /// Jansen's estimator: half the mean square of the change when one input is drawn again.
    fn variance_shares(
        &self,
        expression: &Expression,
        columns: &[Vec<f64>],
        used: &[usize],
        n_rows: usize,
    ) -> Vec<f64> {
        let draws = (self.repeats * n_rows).clamp(2_000, 200_000);
        let mut workspace = Workspace::default();
        // Each column is drawn by itself: the inputs are taken as independent.
        let draw = |purpose_slot: u32, j: usize| -> Vec<f64> {
            let mut rng = stream(self.seed, 1, purpose_slot, j as u64, Purpose::Permutation);
            (0..draws)
                .map(|_| columns[j][rng.random_range(0..n_rows)])
                .collect()
        };
        let mut points: Vec<Vec<f64>> = (0..columns.len())
            .map(|j| {
                if used.contains(&j) {
                    draw(0, j)
                } else {
                    vec![0.0; draws]
                }
            })
            .collect();
        let mut base = vec![0.0; draws];
        workspace.fill(expression.tokens(), Columns::new(&points), &mut base);
        let finite: Vec<f64> = base.iter().copied().filter(|v| v.is_finite()).collect();
        let mean = finite.iter().sum::<f64>() / finite.len() as f64;
        let variance =
            finite.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / finite.len() as f64;
        let mut values = vec![0.0; draws];
        (0..columns.len())
            .map(|j| {
                if !used.contains(&j) {
                    return 0.0;
                }
                let kept = std::mem::replace(&mut points[j], draw(1, j));
                workspace.fill(expression.tokens(), Columns::new(&points), &mut values);
                points[j] = kept;
                let (mut total, mut count) = (0.0, 0_usize);
                for (a, b) in values.iter().zip(&base) {
                    let d = a - b;
                    if d.is_finite() {
                        total += d * d;
                        count += 1;
                    }
                }
                0.5 * total / count as f64 / variance
            })
            .collect()
    }
}

/// Mean of the squared derivative by each input, times the variance of that input.
fn gradient_parts(expression: &Expression, columns: &[Vec<f64>], n_rows: usize) -> Vec<f64> {
    let mut workspace = Workspace::default();
    let mut gradient = vec![0.0; columns.len()];
    let mut squares = vec![0.0; columns.len()];
    let mut count = 0_usize;
    for row in 0..n_rows {
        workspace.gradient_by_variables(
            expression.tokens(),
            Columns::new(columns),
            row,
            &mut gradient,
        );
        if gradient.iter().all(|g| g.is_finite()) {
            count += 1;
            for (s, g) in squares.iter_mut().zip(&gradient) {
                *s += g * g;
            }
        }
    }
    squares
        .iter()
        .zip(columns)
        .map(|(s, column)| {
            let mean = column.iter().sum::<f64>() / n_rows as f64;
            let spread = column.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            s / count.max(1) as f64 * spread / n_rows as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn data(n: usize) -> Result<Data> {
        // Two incommensurate rotations: close to independent and even.
        let column =
            |step: f64| -> Vec<f64> { (0..n).map(|i| (i as f64 * step).fract() - 0.5).collect() };
        let (a, b, c) = (column(0.618_034), column(0.414_214), column(0.732_051));
        let y = (0..n).map(|i| a[i] + 2.0 * b[i]).collect();
        Data::from_columns([("a", a), ("b", b), ("c", c)], ("y", y))
    }

    /// y = a + 2b of equal variances: shares 1/5 and 4/5; shuffling b raises SSE by 2 · 4/5 of SST.
    #[test]
    fn additive_laws_have_known_shares() -> Result<()> {
        let data = data(2000)?;
        let law = Expression::parse("a+2*b", &["a", "b", "c"])?;
        let found = VariableImportance::new().of(&law, data.names(), &data)?;
        for (importance, share) in found.iter().zip([0.2, 0.8, 0.0]) {
            assert_relative_eq!(importance.variance_share, share, epsilon = 0.02);
            assert_relative_eq!(importance.gradient_share, share, epsilon = 0.01);
            assert_relative_eq!(importance.permutation, 2.0 * share, epsilon = 0.05);
        }
        assert!(found[2].permutation_spread <= 0.0);
        Ok(())
    }

    /// f = a b of zero means: all variance is interaction, so that each total share is 1.
    #[test]
    fn shares_of_an_interaction_sum_to_more_than_one() -> Result<()> {
        let data = data(2000)?;
        let law = Expression::parse("a*b", &["a", "b", "c"])?;
        let found = VariableImportance::new().of(&law, data.names(), &data)?;
        assert_relative_eq!(found[0].variance_share, 1.0, epsilon = 0.03);
        assert_relative_eq!(found[1].variance_share, 1.0, epsilon = 0.03);
        Ok(())
    }

    #[test]
    fn the_seed_decides_and_bad_input_is_named() -> Result<()> {
        let data = data(100)?;
        let law = Expression::parse("exp(a)*b", &["a", "b"])?;
        let names = ["a", "b"];
        let way = VariableImportance::new().seed(3);
        assert_eq!(way.of(&law, &names, &data)?, way.of(&law, &names, &data)?);
        assert_ne!(
            way.of(&law, &names, &data)?,
            way.clone().seed(4).of(&law, &names, &data)?
        );
        assert!(way.clone().repeats(1).of(&law, &names, &data).is_err());
        assert!(matches!(
            way.of(&law, &["a", "q"], &data),
            Err(Error::UnknownColumn { .. })
        ));
        let undefined = Expression::parse("log(a)", &["a"])?;
        assert!(matches!(
            way.of(&undefined, &["a"], &data),
            Err(Error::InvalidModel { .. })
        ));
        Ok(())
    }
}
