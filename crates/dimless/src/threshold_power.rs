//! The least power that makes a keyhole, from depths at several powers.

use crate::dataset::KeyholeRow;
use crate::error::{Error, Result};
use crate::spot::SpotDiameter;

/// Estimates the power $P_0$ at which the depth of a keyhole reaches zero, from depths measured at several powers.
///
/// At one material, spot and speed the depth rises nearly linearly with the power. The model is a bundle of lines, one
/// for each series of equal speed, that meet at depth 0 in one power:
///
/// $$ e = b_s\, (P - P_0). $$
///
/// Slopes $b_s$ and $P_0$ minimize the squared residuals. With one series this is the intercept of the line fitted to it.
/// The interval holds every $P_0$ that an F test of the residuals with 1 degree of freedom does not reject; for
/// one series that is Fieller's interval. It is unbounded where the depths do not rise clearly enough.
///
/// # Accuracy
///
/// What the interval knows is the scatter about the lines. It does not know that shallow depths of the conduction mode lie
/// above them, nor that a line bends at high power: rows outside the linear part move $P_0$, and are the caller's to
/// leave out. The minimum is found on a scan of 2000 powers and bisected to the last bit.
///
/// # Performance
///
/// Some 2200 passes over the rows.
///
/// # Examples
///
/// ```
/// use dimless::ThresholdPower;
///
/// let power = [150.0, 200.0, 250.0, 300.0, 200.0, 300.0];
/// let depth = [51e-6, 99e-6, 151e-6, 199e-6, 51e-6, 99e-6];
/// let speed = [0.4, 0.4, 0.4, 0.4, 0.8, 0.8];
/// let threshold = ThresholdPower::new().estimate(&power, &depth, &speed)?;
/// assert!((threshold.power() - 100.0).abs() < 3.0);
/// assert!(threshold.lower().is_some_and(|p| p > 90.0 && p < 100.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// E. C. Fieller, *Some problems in interval estimation*, J. R. Stat. Soc. B 16, 175 (1954), doi
/// 10.1111/j.2517-6161.1954.tb00159.x (unverified). The bundle of lines is this
/// crate's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ThresholdPower {
    confidence: f64,
}

impl Default for ThresholdPower {
    fn default() -> Self {
        Self::new()
    }
}

impl ThresholdPower {
    /// Intervals of 95 %.
    pub const fn new() -> Self {
        Self { confidence: 0.95 }
    }

    /// The confidence of the interval, between 0 and 1; the default is 0.95.
    #[must_use]
    pub const fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a confidence outside the open interval from 0 to 1.
    pub fn validate(&self) -> Result<()> {
        if self.confidence > 0.0 && self.confidence < 1.0 {
            return Ok(());
        }
        Err(Error::InvalidParameter {
            name: "confidence",
            requirement: "between 0 and 1, both excluded",
            found: self.confidence.to_string(),
        })
    }

    /// The threshold from powers \[W\] and depths (any unit) of one material and spot; rows of equal `series`, such as
    /// the scan speed, share a slope.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate); [`Error::LengthMismatch`]; [`Error::InvalidValue`] with the row for a value
    /// that is not finite, a power that is not positive or a negative depth; [`Error::TooFewRows`] unless there are at
    /// least two more rows than series; [`Error::ConstantColumn`] where no series has two powers;
    /// [`Error::Undetermined`] where the depths do not rise from a threshold.
    pub fn estimate(
        &self,
        power: &[f64],
        depth: &[f64],
        series: &[f64],
    ) -> Result<ThresholdEstimate> {
        self.validate()?;
        let bundle = Bundle::new(power, depth, series)?;
        let n_parameters = bundle.lines.len() + 1;
        if power.len() <= n_parameters {
            return Err(Error::TooFewRows {
                needed: n_parameters + 1,
                found: power.len(),
            });
        }
        let degrees_of_freedom = power.len() - n_parameters;
        let scan = bundle.scan();
        let squares: Vec<f64> = scan.iter().map(|p| bundle.squares(*p)).collect();
        let undetermined = Error::Undetermined {
            what: "a threshold power: the depths do not rise from one",
        };
        let Some(best) = (0..scan.len()).min_by(|&a, &b| squares[a].total_cmp(&squares[b])) else {
            return Err(undetermined);
        };
        if best == 0 || best + 1 == scan.len() {
            return Err(undetermined);
        }
        let threshold = bisect(scan[best - 1], scan[best + 1], |p| bundle.slope(p) < 0.0);
        let least = bundle.squares(threshold);
        let quantile = student_quantile(self.confidence, degrees_of_freedom);
        let bound = least * (1.0 + quantile * quantile / degrees_of_freedom as f64);
        let rejected = |p: f64| bundle.squares(p) > bound;
        let below = scan.iter().rposition(|&p| p < threshold && rejected(p));
        let above = scan.iter().position(|&p| p > threshold && rejected(p));
        let lower = below.map(|i| bisect(scan[i], threshold.min(scan[i + 1]), rejected));
        let upper = above.map(|i| {
            let inside = threshold.max(scan[i - 1]);
            bisect(inside, scan[i], |p| !rejected(p))
        });
        Ok(ThresholdEstimate {
            power: threshold,
            lower,
            upper,
            confidence: self.confidence,
            degrees_of_freedom,
            residual_deviation: libm::sqrt(least / degrees_of_freedom as f64),
            slopes: bundle.slopes(threshold),
        })
    }

    /// The threshold of each material and spot of a list of rows, in the order of their first rows; rows of equal scan
    /// speed share a slope. Depths are in m, so slopes are in m/W.
    ///
    /// A group whose threshold the rows do not determine carries its error beside the others.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate).
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{ThresholdPower, dataset};
    /// let groups = ThresholdPower::new().estimate_rows(&dataset::keyhole_rows()?)?;
    /// let first = &groups[0];
    /// assert_eq!((first.material.as_str(), first.spot.meters()), ("Ti-6Al-4V", 95e-6));
    /// let threshold = first.estimate.clone()?;
    /// assert!((threshold.power() - 88.0).abs() < 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn estimate_rows(&self, rows: &[KeyholeRow]) -> Result<Vec<ThresholdGroup>> {
        self.validate()?;
        let mut groups: Vec<(&KeyholeRow, [Vec<f64>; 3])> = Vec::new();
        for row in rows {
            let same = |(first, _): &&mut (&KeyholeRow, _)| {
                first.material == row.material && first.spot == row.spot
            };
            let at = if let Some((_, columns)) = groups.iter_mut().find(same) {
                columns
            } else {
                groups.push((row, Default::default()));
                let last = groups.len() - 1;
                &mut groups[last].1
            };
            at[0].push(row.power);
            at[1].push(row.keyhole_depth);
            at[2].push(row.scan_speed);
        }
        let groups = groups
            .into_iter()
            .map(|(first, [power, depth, speed])| ThresholdGroup {
                material: first.material.clone(),
                spot: first.spot,
                n_rows: power.len(),
                estimate: self.estimate(&power, &depth, &speed),
            });
        Ok(groups.collect())
    }
}

/// The threshold of one material and spot; see [`ThresholdPower::estimate_rows`].
#[derive(Debug, Clone)]
pub struct ThresholdGroup {
    /// Name of the material.
    pub material: String,
    /// Spot diameter.
    pub spot: SpotDiameter,
    /// Number of rows.
    pub n_rows: usize,
    /// The estimate, or why there is none.
    pub estimate: Result<ThresholdEstimate>,
}

/// A threshold power with its interval.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ThresholdEstimate {
    power: f64,
    lower: Option<f64>,
    upper: Option<f64>,
    confidence: f64,
    degrees_of_freedom: usize,
    residual_deviation: f64,
    slopes: Vec<(f64, f64)>,
}

impl ThresholdEstimate {
    /// The threshold $P_0$ \[W\]. Negative where the lines meet below no power at all.
    pub fn power(&self) -> f64 {
        self.power
    }

    /// The lower end of the interval \[W\], which may be negative; none where it is unbounded.
    pub fn lower(&self) -> Option<f64> {
        self.lower
    }

    /// The upper end of the interval \[W\]; none where it is unbounded.
    pub fn upper(&self) -> Option<f64> {
        self.upper
    }

    /// The confidence of the interval.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// Rows less slopes less one.
    pub fn degrees_of_freedom(&self) -> usize {
        self.degrees_of_freedom
    }

    /// The standard deviation of the residuals, in the unit of the depths.
    pub fn residual_deviation(&self) -> f64 {
        self.residual_deviation
    }

    /// Each series with its slope, depth per watt, in the order of first rows.
    pub fn slopes(&self) -> &[(f64, f64)] {
        &self.slopes
    }
}

/// The rows of one series.
struct Line {
    series: f64,
    power: Vec<f64>,
    depth: Vec<f64>,
}

impl Line {
    /// Depth times distance from the threshold, and the square of that distance, summed.
    fn moments(&self, threshold: f64) -> (f64, f64) {
        let rows = self.power.iter().zip(&self.depth);
        rows.fold((0.0, 0.0), |(product, square), (power, depth)| {
            let x = power - threshold;
            (product + depth * x, square + x * x)
        })
    }

    fn slope(&self, threshold: f64) -> f64 {
        let (product, square) = self.moments(threshold);
        if square > 0.0 { product / square } else { 0.0 }
    }
}

struct Bundle {
    lines: Vec<Line>,
    largest_power: f64,
}

impl Bundle {
    fn new(power: &[f64], depth: &[f64], series: &[f64]) -> Result<Self> {
        for (name, column) in [("depth", depth), ("series", series)] {
            if column.len() != power.len() {
                return Err(Error::LengthMismatch {
                    name: name.to_owned(),
                    expected: power.len(),
                    found: column.len(),
                });
            }
        }
        let mut lines: Vec<Line> = Vec::new();
        for row in 0..power.len() {
            let checks = [
                ("power", power[row], power[row] > 0.0, "finite and positive"),
                (
                    "depth",
                    depth[row],
                    depth[row] >= 0.0,
                    "finite and not negative",
                ),
                ("series", series[row], true, "finite"),
            ];
            for (name, found, fits, requirement) in checks {
                if !(fits && found.is_finite()) {
                    return Err(Error::InvalidValue {
                        name: name.to_owned(),
                        row: Some(row + 1),
                        requirement,
                        found,
                    });
                }
            }
            let same = |line: &Line| line.series.to_bits() == (series[row] + 0.0).to_bits();
            let at = lines.iter().position(same).unwrap_or_else(|| {
                lines.push(Line {
                    series: series[row] + 0.0,
                    power: Vec::new(),
                    depth: Vec::new(),
                });
                lines.len() - 1
            });
            lines[at].power.push(power[row]);
            lines[at].depth.push(depth[row]);
        }
        let varies = |line: &Line| line.power.iter().any(|p| (p - line.power[0]).abs() > 0.0);
        if !power.is_empty() && !lines.iter().any(varies) {
            return Err(Error::ConstantColumn {
                name: "power".to_owned(),
            });
        }
        let largest_power = power.iter().fold(0.0, |m: f64, p| m.max(*p));
        Ok(Self {
            lines,
            largest_power,
        })
    }

    /// Powers from far below 0 to the largest power, in equal ratios of the distance from that.
    fn scan(&self) -> Vec<f64> {
        const N: i32 = 2000;
        let distance =
            |i: i32| libm::exp(libm::log(10.0) * (3.0 - 6.0 * f64::from(i) / f64::from(N)));
        (0..=N)
            .map(|i| self.largest_power * (1.0 - distance(i)))
            .collect()
    }

    /// The sum of squared residuals.
    fn squares(&self, threshold: f64) -> f64 {
        let mut sum = 0.0;
        for line in &self.lines {
            let slope = line.slope(threshold);
            for (power, depth) in line.power.iter().zip(&line.depth) {
                let residual = depth - slope * (power - threshold);
                sum += residual * residual;
            }
        }
        sum
    }

    /// The derivative of half the sum of squares by the threshold.
    fn slope(&self, threshold: f64) -> f64 {
        let mut sum = 0.0;
        for line in &self.lines {
            let slope = line.slope(threshold);
            for (power, depth) in line.power.iter().zip(&line.depth) {
                sum += slope * (depth - slope * (power - threshold));
            }
        }
        sum
    }

    fn slopes(&self, threshold: f64) -> Vec<(f64, f64)> {
        let lines = self.lines.iter();
        lines
            .map(|line| (line.series, line.slope(threshold)))
            .collect()
    }
}

/// The last place where `holds` still does, from `low` where it holds to `high` where it does not: to the last bit.
fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = low + (high - low) / 2.0;
        // Not a number, where the ends overflow, is between nothing.
        if !(low < middle && middle < high) {
            return middle;
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The $t$ that a Student variable exceeds in size with probability 1 − `confidence`, by bisection of the finite sums of
/// Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4.
fn student_quantile(confidence: f64, degrees_of_freedom: usize) -> f64 {
    let inside = |angle: f64| {
        let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
        let odd = degrees_of_freedom % 2 == 1;
        let (mut term, mut sum) = if odd { (cosine, 0.0) } else { (1.0, 0.0) };
        // Terms of the sum have the powers 1, 3, .. or 0, 2, .. up to the degrees of freedom less two.
        let mut power = usize::from(odd);
        while power + 2 <= degrees_of_freedom {
            sum += term;
            term *= cosine * cosine * (power as f64 + 1.0) / (power as f64 + 2.0);
            power += 2;
        }
        if odd {
            (angle + sine * sum) * std::f64::consts::FRAC_2_PI
        } else {
            sine * sum
        }
    };
    let angle = bisect(0.0, std::f64::consts::FRAC_PI_2, |angle| {
        inside(angle) < confidence
    });
    libm::sqrt(degrees_of_freedom as f64) * libm::tan(angle)
}

#[cfg(test)]
mod tests {
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_agree_with_tables() {
        // scipy.stats.t.ppf(0.975, n), .ppf(0.995, n).
        for (n, p95, p99) in [
            (1, 12.706_204_736, 63.656_741_163),
            (2, 4.302_652_730, 9.924_843_201),
            (3, 3.182_446_305, 5.840_909_310),
            (10, 2.228_138_852, 3.169_272_673),
            (41, 2.019_540_970, 2.701_181_304),
        ] {
            assert_relative_eq!(student_quantile(0.95, n), p95, max_relative = 1e-9);
            assert_relative_eq!(student_quantile(0.99, n), p99, max_relative = 1e-9);
        }
    }

    /// Intercept and Fieller's interval of one line, by the formula.
    fn fieller(power: &[f64], depth: &[f64], t: f64) -> (f64, f64, f64) {
        let n = power.len() as f64;
        let (mean_p, mean_e) = (power.iter().sum::<f64>() / n, depth.iter().sum::<f64>() / n);
        let sxx: f64 = power.iter().map(|p| (p - mean_p).powi(2)).sum();
        let sxy: f64 = power
            .iter()
            .zip(depth)
            .map(|(p, e)| (p - mean_p) * (e - mean_e))
            .sum();
        let slope = sxy / sxx;
        let rest: f64 = power
            .iter()
            .zip(depth)
            .map(|(p, e)| (e - mean_e - slope * (p - mean_p)).powi(2))
            .sum();
        let variance = rest / (n - 2.0);
        let threshold = mean_p - mean_e / slope;
        // Roots of (e - b x)^2 = t^2 s^2 (1/n + x^2/Sxx) in x = mean_p - P0.
        let a = slope * slope - t * t * variance / sxx;
        let b = -2.0 * mean_e * slope;
        let c = mean_e * mean_e - t * t * variance / n;
        let root = (b * b - 4.0 * a * c).sqrt();
        let (x1, x2) = ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a));
        (threshold, mean_p - x2, mean_p - x1)
    }

    #[test]
    fn one_series_gives_the_intercept_and_fiellers_interval() -> Result<()> {
        let power = [120.0, 150.0, 200.0, 260.0, 300.0];
        let depth = [20e-6, 55e-6, 95e-6, 165e-6, 190e-6];
        let found = ThresholdPower::new().estimate(&power, &depth, &[0.5; 5])?;
        let (threshold, lower, upper) = fieller(&power, &depth, student_quantile(0.95, 3));
        assert_relative_eq!(found.power(), threshold, max_relative = 1e-9);
        assert_relative_eq!(found.lower().expect("bounded"), lower, max_relative = 1e-7);
        assert_relative_eq!(found.upper().expect("bounded"), upper, max_relative = 1e-7);
        assert_eq!((found.degrees_of_freedom(), found.slopes().len()), (3, 1));
        Ok(())
    }

    #[test]
    fn a_slope_that_may_be_zero_leaves_the_interval_open() -> Result<()> {
        let power = [200.0, 210.0, 220.0, 230.0];
        let found = ThresholdPower::new().estimate(&power, &[5.0, 9.0, 4.0, 8.0], &[1.0; 4])?;
        assert_eq!(found.lower(), None);
        Ok(())
    }

    #[test]
    fn what_the_rows_do_not_tell_is_an_error() {
        let estimator = ThresholdPower::new();
        let power = [200.0, 250.0, 300.0];
        let depth = [10.0, 20.0, 30.0];
        assert!(matches!(
            estimator
                .confidence(1.0)
                .estimate(&power, &depth, &[1.0; 3]),
            Err(Error::InvalidParameter {
                name: "confidence",
                ..
            })
        ));
        assert!(matches!(
            estimator.estimate(&power, &depth, &[1.0, 1.0, 2.0]),
            Err(Error::TooFewRows {
                needed: 4,
                found: 3
            })
        ));
        assert!(matches!(
            estimator.estimate(&[], &[], &[]),
            Err(Error::TooFewRows { .. })
        ));
        assert!(matches!(
            estimator.estimate(&power, &depth[1..], &[1.0; 3]),
            Err(Error::LengthMismatch { .. })
        ));
        assert!(matches!(
            estimator.estimate(&power, &[1.0, f64::NAN, 2.0], &[1.0; 3]),
            Err(Error::InvalidValue { row: Some(2), .. })
        ));
        assert!(matches!(
            estimator.estimate(&[0.0, 1.0, 2.0], &depth, &[1.0; 3]),
            Err(Error::InvalidValue { row: Some(1), .. })
        ));
        assert!(matches!(
            estimator.estimate(&[200.0; 3], &depth, &[1.0; 3]),
            Err(Error::ConstantColumn { ref name }) if name == "power"
        ));
        assert!(matches!(
            estimator.estimate(&power, &[30.0, 20.0, 10.0], &[1.0; 3]),
            Err(Error::Undetermined { .. })
        ));
        // Squares that overflow are an end, not a loop.
        let huge = [1e307, 2e307, 3e307, 5e307];
        assert!(estimator.estimate(&huge, &huge, &[1.0; 4]).is_err());
    }

    proptest! {
        #[test]
        fn exact_lines_give_the_threshold_they_were_made_with(
            threshold in 20.0..180.0,
            slopes in prop::collection::vec(0.1..3.0, 1..4),
        ) {
            let (mut power, mut depth, mut series) = (vec![], vec![], vec![]);
            for (s, slope) in slopes.iter().enumerate() {
                for i in 0..4 {
                    let p = 200.0 + 40.0 * f64::from(i);
                    power.push(p);
                    depth.push(slope * (p - threshold));
                    series.push(s as f64);
                }
            }
            let found = ThresholdPower::new().estimate(&power, &depth, &series)?;
            assert_abs_diff_eq!(found.power(), threshold, epsilon = 1e-8);
            let ends = (found.lower().expect("bounded"), found.upper().expect("bounded"));
            prop_assert!(ends.0 <= found.power() && found.power() <= ends.1, "{:?}", ends);
            prop_assert!(ends.1 - ends.0 < 1e-3, "{:?}", ends);
            for ((_, found), slope) in found.slopes().iter().zip(&slopes) {
                assert_abs_diff_eq!(*found, *slope, epsilon = 1e-9);
            }
        }
    }
}
