//! Means, lines and bootstrap.

use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};
use crate::keyhole::Sighting;
use crate::threshold::of_sorted;

/// Mean, spread and range of a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Summary {
    /// How many values.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation with $n - 1$; 0 for one value.
    pub std: f64,
    /// Least.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Largest.
    pub max: f64,
}

impl Summary {
    /// Of the finite values; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut v: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        v.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*v.first()?, *v.last()?);
        let n = v.len() as f64;
        let mean = v.iter().sum::<f64>() / n;
        let square = v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        Some(Self {
            n: v.len(),
            mean,
            std: if v.len() > 1 {
                (square / (n - 1.0)).sqrt()
            } else {
                0.0
            },
            min,
            median: of_sorted(&v, 0.5),
            max,
        })
    }
}

/// Statistics of every quantity over the frames of a stack in which the keyhole was found; quantities that never exist are left out.
pub fn summaries(sightings: &[Sighting]) -> Vec<(&'static str, Summary)> {
    let columns: Vec<_> = sightings
        .iter()
        .filter_map(Sighting::keyhole)
        .map(|keyhole| keyhole.geometry.columns())
        .collect();
    let Some(first) = columns.first() else {
        return Vec::new();
    };
    (0..first.len())
        .filter_map(|k| {
            let summary = Summary::of(columns.iter().map(|row| row[k].1))?;
            Some((first[k].0, summary))
        })
        .collect()
}

/// A straight line by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Line {
    /// Slope.
    pub slope: f64,
    /// Standard error of the slope from the scatter about the line, with $n - 2$ degrees of freedom.
    pub slope_error: f64,
    /// Value at 0.
    pub intercept: f64,
    /// Root mean square of the residuals.
    pub residual_rms: f64,
    /// How many points.
    pub n: usize,
}

impl Line {
    /// Through the points (`x`, `y`).
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below three points, [`Error::NonFinite`], and [`Error::InvalidParameter`] for series of unequal length or
    /// an `x` that does not vary.
    pub fn fit(x: &[f64], y: &[f64]) -> Result<Self> {
        if x.len() != y.len() {
            return Err(Error::parameter("y", "as long as x", y.len()));
        }
        Error::at_least("a line", "points", 3, x.len())?;
        Error::all_finite("x", x)?;
        Error::all_finite("y", y)?;
        let n = x.len() as f64;
        let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let (mut xx, mut xy) = (0.0, 0.0);
        for (a, b) in x.iter().zip(y) {
            xx += (a - mx) * (a - mx);
            xy += (a - mx) * (b - my);
        }
        if xx <= 0.0 {
            return Err(Error::parameter("x", "not constant", mx));
        }
        let slope = xy / xx;
        let rest: f64 = x
            .iter()
            .zip(y)
            .map(|(a, b)| {
                let r = b - my - slope * (a - mx);
                r * r
            })
            .sum();
        Ok(Self {
            slope,
            slope_error: (rest / (n - 2.0) / xx).sqrt(),
            intercept: my - slope * mx,
            residual_rms: (rest / n).sqrt(),
            n: x.len(),
        })
    }
}

/// A value with an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies within.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Percentile bootstrap: 95 % interval of a statistic when whole groups are drawn with replacement.
///
/// ChaCha8, one stream for each resample.
pub(crate) fn bootstrap<T: Copy>(
    groups: &[Vec<T>],
    n_resamples: usize,
    seed: u64,
    statistic: impl Fn(&[T]) -> f64,
) -> Interval {
    let all: Vec<T> = groups.iter().flatten().copied().collect();
    let mut values: Vec<f64> = (0..n_resamples)
        .map(|k| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(k as u64 + 1);
            let drawn: Vec<T> = (0..groups.len())
                .flat_map(|_| groups[rng.random_range(0..groups.len())].iter().copied())
                .collect();
            statistic(&drawn)
        })
        .filter(|v| v.is_finite())
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let value = statistic(&all);
    if values.is_empty() {
        return Interval {
            value,
            low: f64::NAN,
            high: f64::NAN,
        };
    }
    Interval {
        value,
        low: of_sorted(&values, 0.025),
        high: of_sorted(&values, 0.975),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_line_and_its_error() -> Result<()> {
        let x = [0.0, 1.0, 2.0, 3.0, 4.0];
        let line = Line::fit(&x, &[1.0, 3.1, 4.9, 7.2, 8.8])?;
        // by the normal equations
        assert_relative_eq!(line.slope, 1.97, max_relative = 1e-12);
        assert_relative_eq!(line.intercept, 1.06, max_relative = 1e-12);
        assert_relative_eq!(
            line.slope_error,
            (0.091_f64 / 3.0 / 10.0).sqrt(),
            max_relative = 1e-9
        );
        assert!(Line::fit(&x[..2], &[1.0, 2.0]).is_err());
        assert!(Line::fit(&[1.0; 4], &[1.0; 4]).is_err());
        assert!(Line::fit(&x, &[f64::NAN; 5]).is_err());
        Ok(())
    }

    #[test]
    fn summary_leaves_out_what_does_not_exist() {
        let s = Summary::of([1.0, f64::NAN, 3.0]).unwrap();
        assert_eq!(
            (s.n, s.mean, s.min, s.max, s.median),
            (2, 2.0, 1.0, 3.0, 2.0)
        );
        assert_relative_eq!(s.std, 2.0_f64.sqrt());
        assert_eq!(Summary::of([f64::NAN]), None);
    }
}
