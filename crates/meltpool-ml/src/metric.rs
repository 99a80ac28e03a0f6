//! Scores of predictions, their intervals by bootstrap, and paired tests between models.

use ndarray::{ArrayView1, ArrayView2};

use crate::error::{Error, Result, require, same_length};
use crate::random::{Purpose, Random};
use crate::split::distinct;

/// Scores of one target.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// Coefficient of determination, $1-\sum(y-\hat y)^2/\sum(y-\bar y)^2$ with the mean of these targets; `None` if they are
    /// all equal, where it is undefined.
    pub r2: Option<f64>,
    /// Mean absolute error in the unit of the target.
    pub mae: f64,
    /// Root mean square error in the unit of the target.
    pub rmse: f64,
    /// Number of samples.
    pub n: usize,
}

impl Score {
    /// Scores of predictions of one target.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::TooFewSamples`] for none, [`Error::NonFinite`].
    ///
    /// # Examples
    /// ```
    /// use meltpool_ml::Score;
    /// use ndarray::array;
    ///
    /// let score = Score::new(&array![1.0, 2.0, 3.0].view(), &array![1.0, 2.0, 4.0].view())?;
    /// assert_eq!(score.r2, Some(0.5));
    /// let constant = Score::new(&array![2.0, 2.0].view(), &array![2.0, 3.0].view())?;
    /// assert_eq!(constant.r2, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(targets: &ArrayView1<f64>, predictions: &ArrayView1<f64>) -> Result<Self> {
        let n = targets.len();
        same_length("the predictions", n, predictions.len())?;
        if n == 0 {
            return Err(Error::TooFewSamples {
                purpose: "a score",
                needed: 1,
                found: 0,
            });
        }
        for (what, values) in [("the targets", targets), ("the predictions", predictions)] {
            if let Some(sample) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NonFinite {
                    what,
                    sample,
                    position: 0,
                    found: values[sample],
                });
            }
        }
        let mean = targets.sum() / n as f64;
        let (mut residual, mut total, mut absolute) = (0.0, 0.0, 0.0);
        for (y, p) in targets.iter().zip(predictions) {
            residual += (y - p) * (y - p);
            total += (y - mean) * (y - mean);
            absolute += (y - p).abs();
        }
        let constant = targets.iter().all(|y| y.total_cmp(&targets[0]).is_eq());
        Ok(Self {
            r2: (!constant && total > 0.0).then(|| 1.0 - residual / total),
            mae: absolute / n as f64,
            rmse: (residual / n as f64).sqrt(),
            n,
        })
    }

    /// Scores of each column of tables of targets and predictions.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn columns(targets: &ArrayView2<f64>, predictions: &ArrayView2<f64>) -> Result<Vec<Self>> {
        same_length(
            "the predicted targets",
            targets.ncols(),
            predictions.ncols(),
        )?;
        targets
            .columns()
            .into_iter()
            .zip(predictions.columns())
            .map(|(y, p)| Self::new(&y, &p))
            .collect()
    }
}

/// R², or the typed error where it is undefined.
///
/// # Errors
/// [`Error::Undefined`] for constant targets; else as [`Score::new`].
pub fn r2(targets: &ArrayView1<f64>, predictions: &ArrayView1<f64>) -> Result<f64> {
    let score = Score::new(targets, predictions)?;
    score.r2.ok_or(Error::Undefined {
        score: "R²",
        n: score.n,
        value: targets[0],
    })
}

/// The R² that a perfect model reaches on labels with noise of standard deviation `label_noise`:
/// $1-\sigma^2/\mathrm{var}(y)$.
///
/// # Errors
/// [`Error::Undefined`] for constant labels, [`Error::TooFewSamples`] for none.
pub fn label_noise_ceiling(labels: &ArrayView1<f64>, label_noise: f64) -> Result<f64> {
    let n = labels.len();
    if n == 0 {
        return Err(Error::TooFewSamples {
            purpose: "the ceiling of R²",
            needed: 1,
            found: 0,
        });
    }
    let mean = labels.sum() / n as f64;
    let variance = labels.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n as f64;
    if variance == 0.0 {
        return Err(Error::Undefined {
            score: "the ceiling of R²",
            n,
            value: mean,
        });
    }
    Ok(1.0 - label_noise * label_noise / variance)
}

/// Rank correlation of Spearman, with mean ranks for ties.
///
/// # Errors
/// As [`r2`]; [`Error::Undefined`] if either side is constant.
pub fn spearman(a: &ArrayView1<f64>, b: &ArrayView1<f64>) -> Result<f64> {
    Score::new(a, b)?;
    let (ra, rb) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in ra.iter().zip(&rb) {
        ab += (x - mean) * (y - mean);
        aa += (x - mean) * (x - mean);
        bb += (y - mean) * (y - mean);
    }
    if aa * bb == 0.0 {
        return Err(Error::Undefined {
            score: "the rank correlation",
            n: a.len(),
            value: a[0],
        });
    }
    Ok(ab / (aa * bb).sqrt())
}

fn ranks(values: &ArrayView1<f64>) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let mut last = first;
        while last + 1 < order.len()
            && values[order[last + 1]]
                .total_cmp(&values[order[first]])
                .is_eq()
        {
            last += 1;
        }
        for k in &order[first..=last] {
            ranks[*k] = (first + last) as f64 / 2.0;
        }
        first = last + 1;
    }
    ranks
}

/// The lag of `b` against `a`, in samples, at which their correlation is highest, within `max_lag`; positive if `b` is late.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::TooFewSamples`] if a shifted overlap would be shorter than 3, [`Error::Undefined`] if
/// every overlap is constant.
pub fn best_lag(a: &[f64], b: &[f64], max_lag: usize) -> Result<(isize, f64)> {
    same_length("the second series", a.len(), b.len())?;
    if a.len() < max_lag + 3 {
        return Err(Error::TooFewSamples {
            purpose: "the search of the lag",
            needed: max_lag + 3,
            found: a.len(),
        });
    }
    let mut best: Option<(isize, f64)> = None;
    for lag in -(max_lag as isize)..=max_lag as isize {
        let shift = lag.unsigned_abs();
        let n = a.len() - shift;
        let (x, y) = if lag >= 0 {
            (&a[..n], &b[shift..])
        } else {
            (&a[shift..], &b[..n])
        };
        let (mx, my) = (
            x.iter().sum::<f64>() / n as f64,
            y.iter().sum::<f64>() / n as f64,
        );
        let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in x.iter().zip(y) {
            xy += (x - mx) * (y - my);
            xx += (x - mx) * (x - mx);
            yy += (y - my) * (y - my);
        }
        let correlation = xy / (xx * yy).sqrt();
        if correlation.is_finite() && best.is_none_or(|(_, top)| correlation > top) {
            best = Some((lag, correlation));
        }
    }
    best.ok_or(Error::Undefined {
        score: "the lag",
        n: a.len(),
        value: a[0],
    })
}

/// An estimate with a percentile interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// The estimate from all samples.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Share of the resamples in which the statistic was undefined, as R² of constant targets.
    pub undefined_share: f64,
}

/// Percentile intervals by resampling with replacement (Efron, Ann. Statist. 7, 1 (1979), doi 10.1214/aos/1176344552).
///
/// Rows are drawn one by one, or whole groups with [`groups`](Self::groups), where rows of one run are not independent.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bootstrap {
    n_resamples: usize,
    confidence: f64,
    seed: u64,
    groups: Option<Vec<usize>>,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self::new()
    }
}

impl Bootstrap {
    /// 2000 resamples, 95 %, seed 0, single rows.
    pub fn new() -> Self {
        Self {
            n_resamples: 2000,
            confidence: 0.95,
            seed: 0,
            groups: None,
        }
    }

    /// Number of resamples.
    pub fn n_resamples(mut self, n_resamples: usize) -> Self {
        self.n_resamples = n_resamples;
        self
    }

    /// Nominal coverage, in (0, 1).
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Seed of the resampling.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Draws whole groups: one number a row.
    pub fn groups(mut self, groups: Vec<usize>) -> Self {
        self.groups = Some(groups);
        self
    }

    /// Interval of a statistic of rows; `statistic` gets row numbers, with repetitions, and answers `None` where it is undefined.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::TooFewSamples`] for no rows, [`Error::LengthMismatch`] for groups of another length,
    /// [`Error::Undefined`] if the statistic of all rows, or of all resamples, is undefined.
    pub fn interval(
        &self,
        n: usize,
        mut statistic: impl FnMut(&[usize]) -> Option<f64>,
    ) -> Result<Interval> {
        require(
            self.n_resamples > 0,
            "n_resamples",
            "at least 1",
            self.n_resamples,
        )?;
        require(
            self.confidence > 0.0 && self.confidence < 1.0,
            "confidence",
            "between 0 and 1, both excluded",
            self.confidence,
        )?;
        if n == 0 {
            return Err(Error::TooFewSamples {
                purpose: "a bootstrap",
                needed: 1,
                found: 0,
            });
        }
        let members: Vec<Vec<usize>> = match &self.groups {
            None => (0..n).map(|row| vec![row]).collect(),
            Some(groups) => {
                same_length("the groups", n, groups.len())?;
                distinct(groups)
                    .iter()
                    .map(|name| (0..n).filter(|row| groups[*row] == *name).collect())
                    .collect()
            }
        };
        let undefined = Error::Undefined {
            score: "the statistic",
            n,
            value: f64::NAN,
        };
        let all: Vec<usize> = (0..n).collect();
        let estimate = statistic(&all).ok_or_else(|| undefined.clone())?;
        let mut rng = Random::new(self.seed, Purpose::Bootstrap, 0);
        let mut values = Vec::with_capacity(self.n_resamples);
        let mut rows = Vec::with_capacity(n);
        for _ in 0..self.n_resamples {
            rows.clear();
            for _ in 0..members.len() {
                rows.extend_from_slice(&members[rng.below(members.len())]);
            }
            values.extend(statistic(&rows).filter(|v| v.is_finite()));
        }
        if values.is_empty() {
            return Err(undefined);
        }
        values.sort_by(f64::total_cmp);
        let tail = (1.0 - self.confidence) / 2.0;
        Ok(Interval {
            estimate,
            low: quantile(&values, tail),
            high: quantile(&values, 1.0 - tail),
            undefined_share: 1.0 - values.len() as f64 / self.n_resamples as f64,
        })
    }

    /// Interval of R².
    ///
    /// # Errors
    /// As [`interval`](Self::interval) and [`Score::new`].
    pub fn r2(&self, targets: &ArrayView1<f64>, predictions: &ArrayView1<f64>) -> Result<Interval> {
        Score::new(targets, predictions)?;
        self.interval(targets.len(), |rows| {
            let n = rows.len() as f64;
            let mean = rows.iter().map(|r| targets[*r]).sum::<f64>() / n;
            let total: f64 = rows.iter().map(|r| (targets[*r] - mean).powi(2)).sum();
            let left: f64 = rows
                .iter()
                .map(|r| (targets[*r] - predictions[*r]).powi(2))
                .sum();
            (total > 0.0).then(|| 1.0 - left / total)
        })
    }
}

/// Linear interpolation between sorted values.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (place - low as f64) * (sorted[high] - sorted[low])
}

/// The difference of two models over the same splits or seeds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PairedTest {
    /// Mean of a − b.
    pub mean_difference: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
    /// Two-sided probability of a difference at least as large if signs were random.
    pub p_value: f64,
    /// Number of pairs.
    pub n: usize,
}

/// Tests whether two models differ, by scores on the same splits: all sign changes of the differences (Fisher's randomization test),
/// exact up to 16 pairs, else 20 000 random ones.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::TooFewSamples`] below 2 pairs.
pub fn paired_test(a: &[f64], b: &[f64], seed: u64) -> Result<PairedTest> {
    same_length("the second scores", a.len(), b.len())?;
    let n = a.len();
    if n < 2 {
        return Err(Error::TooFewSamples {
            purpose: "a paired test",
            needed: 2,
            found: n,
        });
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let sum: f64 = differences.iter().sum();
    let mean = sum / n as f64;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let bound = sum.abs() * (1.0 - 1e-12);
    let (mut extreme, mut trials) = (0_u64, 0_u64);
    let mut count = |signed: f64| {
        trials += 1;
        extreme += u64::from(signed.abs() >= bound);
    };
    if n <= 16 {
        for signs in 0..1_u32 << n {
            count(
                (0..n)
                    .map(|k| {
                        if signs >> k & 1 == 1 {
                            -differences[k]
                        } else {
                            differences[k]
                        }
                    })
                    .sum(),
            );
        }
    } else {
        let mut rng = Random::new(seed, Purpose::Bootstrap, 1);
        count(sum);
        for _ in 1..20_000 {
            count(
                differences
                    .iter()
                    .map(|d| if rng.uniform() < 0.5 { -d } else { *d })
                    .sum(),
            );
        }
    }
    Ok(PairedTest {
        mean_difference: mean,
        standard_error: (variance / n as f64).sqrt(),
        p_value: extreme as f64 / trials as f64,
        n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn constant_targets_have_no_r2() {
        let constant = array![3.0, 3.0, 3.0];
        let other = array![1.0, 2.0, 3.0];
        assert!(matches!(
            r2(&constant.view(), &other.view()),
            Err(Error::Undefined { n: 3, .. })
        ));
        assert!(label_noise_ceiling(&constant.view(), 1.0).is_err());
        assert!(spearman(&constant.view(), &other.view()).is_err());
    }

    #[test]
    fn scores_of_known_numbers() -> Result<()> {
        let y = array![0.0, 1.0, 2.0, 5.0];
        let p = array![0.0, 2.0, 2.0, 3.0];
        let score = Score::new(&y.view(), &p.view())?;
        // by hand: residual 5, mean 2, total 14
        approx::assert_relative_eq!(score.r2.unwrap_or(0.0), 1.0 - 5.0 / 14.0, epsilon = 1e-14);
        approx::assert_relative_eq!(score.mae, 0.75, epsilon = 1e-14);
        approx::assert_relative_eq!(score.rmse, 1.25_f64.sqrt(), epsilon = 1e-14);
        Ok(())
    }

    #[test]
    fn spearman_of_a_monotone_map_is_one_and_ties_share_ranks() -> Result<()> {
        let a = array![1.0, 5.0, 2.0, 9.0];
        approx::assert_relative_eq!(spearman(&a.view(), &a.mapv(f64::exp).view())?, 1.0);
        assert_eq!(ranks(&array![2.0, 1.0, 2.0].view()), [1.5, 0.0, 1.5]);
        Ok(())
    }

    #[test]
    fn the_lag_of_a_shifted_series_is_found() -> Result<()> {
        let a: Vec<f64> = (0..60).map(|k| (f64::from(k * k) * 0.37).sin()).collect();
        let mut b = a.clone();
        b.rotate_right(3);
        let (lag, correlation) = best_lag(&a, &b, 5)?;
        assert_eq!(lag, 3);
        assert!(correlation > 0.999);
        Ok(())
    }

    #[test]
    fn bootstrap_intervals_cover_a_known_r2() -> Result<()> {
        // y = x + e with var(x) = var(e) = 1: the R² of the prediction x is 1 - 1/2
        let mut covered = 0;
        for trial in 0..100 {
            let mut rng = Random::new(trial, Purpose::Test, 0);
            let x: Array1<f64> = (0..100).map(|_| rng.normal()).collect();
            let y: Array1<f64> = x.iter().map(|x| x + rng.normal()).collect();
            let interval = Bootstrap::new()
                .n_resamples(300)
                .seed(trial)
                .r2(&y.view(), &x.view())?;
            covered += usize::from(interval.low <= 0.5 && 0.5 <= interval.high);
        }
        // 95 of 100 expected, standard deviation 2.2; percentile intervals are a little narrow
        assert!((88..=100).contains(&covered), "{covered}");
        Ok(())
    }

    #[test]
    fn paired_test_is_exact_for_few_pairs() -> Result<()> {
        let a = [1.0, 2.0, 3.0, 4.0];
        let b = [0.5, 1.0, 2.5, 3.0];
        // all four differences positive: 2 of 16 sign patterns are as extreme
        approx::assert_relative_eq!(paired_test(&a, &b, 0)?.p_value, 0.125);
        approx::assert_relative_eq!(paired_test(&a, &a, 0)?.p_value, 1.0);
        assert!(paired_test(&a[..1], &b[..1], 0).is_err());
        Ok(())
    }
}
