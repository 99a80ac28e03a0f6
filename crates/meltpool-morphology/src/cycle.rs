//! Stages and period of the keyhole cycle.

use xray_io::FrameRate;

use crate::error::{Error, Result};
use crate::statistics::Interval;

/// A piece of a series between two changes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stage {
    /// First sample.
    pub begin: usize,
    /// One past the last sample.
    pub end: usize,
    /// Slope in units of the series a frame.
    pub slope: f64,
    /// Value at its first sample.
    pub value: f64,
    /// What the slope says.
    pub kind: StageKind,
}

/// The stages of the keyhole cycle, told apart by the sign of the slope of the tail's area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StageKind {
    /// The area grows.
    Expansion,
    /// The area changes by less than the noise.
    Stratification,
    /// The area shrinks.
    Contraction,
}

/// Change points of a series by straight pieces: dynamic programming over all partitions, their number by the Bayesian information
/// criterion.
///
/// The cost of a piece is the sum of squared residuals about its line; for $k$ pieces of $n$ samples $\mathrm{BIC} = n\ln(\mathrm{RSS}/n) +
/// (3k - 1)\ln n$ (a slope, a level and a border each). A stage counts as [`StageKind::Stratification`] if its slope is less than two standard
/// errors or its change is below the residual. $O(k n^2)$.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::ChangePoints;
///
/// let ramp: Vec<f64> = (0..30).map(|n| if n < 10 { n as f64 } else if n < 20 { 15.0 } else { 28.0 - n as f64 }).collect();
/// let stages = ChangePoints::new().apply(&ramp)?;
/// assert_eq!(stages.iter().map(|s| s.begin).collect::<Vec<_>>(), [0, 10, 20]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// I. E. Auger and C. E. Lawrence, Bull. Math. Biol. 51, 39 (1989), doi 10.1007/BF02458835; G. Schwarz, Ann. Statist. 6, 461 (1978), doi
/// 10.1214/aos/1176344136.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChangePoints {
    max_pieces: usize,
    min_length: usize,
}

impl Default for ChangePoints {
    fn default() -> Self {
        Self::new()
    }
}

/// Largest length of a series.
const MAX_LENGTH: usize = 4096;

impl ChangePoints {
    /// At most three pieces of at least three samples.
    pub fn new() -> Self {
        Self {
            max_pieces: 3,
            min_length: 3,
        }
    }

    /// Most pieces (3 unless set).
    pub fn max_pieces(mut self, max_pieces: usize) -> Self {
        self.max_pieces = max_pieces;
        self
    }

    /// Fewest samples of a piece (3 unless set).
    pub fn min_length(mut self, min_length: usize) -> Self {
        self.min_length = min_length;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for no pieces, more than 64, or pieces below three samples.
    pub fn validate(&self) -> Result<()> {
        if !(1..=64).contains(&self.max_pieces) {
            return Err(Error::parameter(
                "max_pieces",
                "from 1 to 64",
                self.max_pieces,
            ));
        }
        if self.min_length < 3 {
            return Err(Error::parameter(
                "min_length",
                "at least 3",
                self.min_length,
            ));
        }
        Ok(())
    }

    /// The stages of a series with one value a frame.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::TooFew`] for less than one piece, [`Error::TooLarge`] above 4096 samples,
    /// [`Error::NonFinite`].
    pub fn apply(&self, series: &[f64]) -> Result<Vec<Stage>> {
        self.validate()?;
        let n = series.len();
        Error::at_least("change points", "samples", self.min_length, n)?;
        Error::all_finite("series", series)?;
        if n > MAX_LENGTH {
            return Err(Error::TooLarge {
                what: "length of a series",
                limit: MAX_LENGTH as u64,
                found: n as u64,
            });
        }
        let sums = Sums::of(series);
        let most = self.max_pieces.min(n / self.min_length);
        // least[k][i]: k + 1 pieces over the first i samples, and where the last begins
        let mut least = vec![vec![(f64::INFINITY, 0_usize); n + 1]; most];
        for (i, cost) in least[0].iter_mut().enumerate().skip(self.min_length) {
            *cost = (sums.piece(0, i).2, 0);
        }
        for k in 1..most {
            for i in (k + 1) * self.min_length..=n {
                for j in k * self.min_length..=i - self.min_length {
                    let cost = least[k - 1][j].0 + sums.piece(j, i).2;
                    if cost < least[k][i].0 {
                        least[k][i] = (cost, j);
                    }
                }
            }
        }
        let count = n as f64;
        // an exact fit is as good as rounding allows
        let floor = 1e-20 * (sums.piece(0, n).2 + f64::MIN_POSITIVE);
        let bic = |k: usize| {
            let rest = least[k][n].0.max(floor);
            count * libm::log(rest / count) + (3.0 * (k as f64 + 1.0) - 1.0) * libm::log(count)
        };
        let best = (0..most)
            .min_by(|a, b| bic(*a).total_cmp(&bic(*b)))
            .unwrap_or(0);
        let noise = (least[best][n].0 / count).sqrt();
        let mut ends = vec![n];
        for k in (1..=best).rev() {
            let end = ends[ends.len() - 1];
            ends.push(least[k][end].1);
        }
        ends.push(0);
        ends.reverse();
        Ok(ends
            .windows(2)
            .map(|pair| {
                let (begin, end) = (pair[0], pair[1]);
                let (value, slope, rest) = sums.piece(begin, end);
                let m = (end - begin) as f64;
                let spread = m * (m * m - 1.0) / 12.0;
                let error = (rest / (m - 2.0).max(1.0) / spread).sqrt();
                let change = slope.abs() * (m - 1.0);
                let kind = if slope.abs() <= 2.0 * error || change <= noise {
                    StageKind::Stratification
                } else if slope > 0.0 {
                    StageKind::Expansion
                } else {
                    StageKind::Contraction
                };
                Stage {
                    begin,
                    end,
                    slope,
                    value,
                    kind,
                }
            })
            .collect())
    }
}

/// Prefix sums of a series, its mean taken off.
struct Sums {
    mean: f64,
    y: Vec<f64>,
    ty: Vec<f64>,
    yy: Vec<f64>,
}

impl Sums {
    fn of(series: &[f64]) -> Self {
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        let prefix = |f: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0];
            for i in 0..series.len() {
                sums.push(sums[i] + f(i));
            }
            sums
        };
        let at = |i: usize| series[i] - mean;
        Self {
            mean,
            y: prefix(&at),
            ty: prefix(&|i| i as f64 * at(i)),
            yy: prefix(&|i| at(i) * at(i)),
        }
    }

    /// Value at the begin, slope and residual sum of the line through samples `a..b`.
    fn piece(&self, a: usize, b: usize) -> (f64, f64, f64) {
        let n = (b - a) as f64;
        let middle = a as f64 + 0.5 * (n - 1.0);
        let y = self.y[b] - self.y[a];
        let ty = self.ty[b] - self.ty[a] - middle * y;
        let yy = self.yy[b] - self.yy[a] - y * y / n;
        let spread = n * (n * n - 1.0) / 12.0;
        let slope = if spread > 0.0 { ty / spread } else { 0.0 };
        let value = self.mean + y / n - slope * 0.5 * (n - 1.0);
        (value, slope, (yy - slope * ty).max(0.0))
    }
}

/// The period of a series.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Period {
    /// Period in frames: of the sinusoid with straight trend that fits best, with an interval of two standard errors.
    pub frames: Interval,
    /// The same in s.
    pub seconds: Interval,
    /// Lag in frames of the highest autocorrelation after its first zero; `None` if there is none within half of the series.
    pub autocorrelation_lag: Option<f64>,
    /// Cycles that the series holds: with about one, the interval rests on the assumption of a sinusoid.
    pub n_cycles: f64,
    /// Share of the variance about the trend that the sinusoid explains.
    pub explained: f64,
    /// Frequencies in cycles a frame and the explained share at each, the periodogram by least squares.
    pub spectrum: Vec<[f64; 2]>,
}

impl Period {
    /// Of a series with one value a frame: for each of 400 frequencies between one cycle in 1.5 lengths and a quarter a frame, a sinusoid and a straight trend
    /// are fitted by least squares; the best is refined by a parabola. Its error is that of a frequency, $\sigma_f =
    /// \sqrt{6}\,\sigma/(\pi A n^{3/2})$ (D. C. Rife and R. R. Boorstyn, IEEE Trans. Inf. Theory 20, 591 (1974), doi
    /// 10.1109/TIT.1974.1055282, Eq. 24 in cycles a sample). `None` if nothing varies about the trend.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below 8 samples, [`Error::NonFinite`].
    pub fn of(series: &[f64], frame_rate: FrameRate) -> Result<Option<Self>> {
        const STEPS: usize = 400;
        let n = series.len();
        Error::at_least("a period", "samples", 8, n)?;
        Error::all_finite("series", series)?;
        let (least, most) = (1.0 / (1.5 * n as f64), 0.25);
        let trend = residual(series, None);
        let scale = series.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        if trend.0 <= 1e-20 * scale * scale * n as f64 {
            return Ok(None);
        }
        let explained = |f: f64| 1.0 - residual(series, Some(f)).0 / trend.0;
        let frequency = |k: usize| least * (most / least).powf(k as f64 / (STEPS - 1) as f64);
        let spectrum: Vec<[f64; 2]> = (0..STEPS)
            .map(|k| [frequency(k), explained(frequency(k))])
            .collect();
        let best = (0..STEPS)
            .max_by(|a, b| spectrum[*a][1].total_cmp(&spectrum[*b][1]))
            .unwrap_or(0);
        // golden section between the neighbors
        let (mut low, mut high) = (
            spectrum[best.saturating_sub(1)][0],
            spectrum[(best + 1).min(STEPS - 1)][0],
        );
        for _ in 0..60 {
            let (a, b) = (
                high - 0.618_034 * (high - low),
                low + 0.618_034 * (high - low),
            );
            if explained(a) < explained(b) {
                low = a;
            } else {
                high = b;
            }
        }
        let f = 0.5 * (low + high);
        let (rest, amplitude) = residual(series, Some(f));
        let sigma = (rest / (n as f64 - 5.0)).sqrt();
        let root = (n as f64).sqrt();
        let error = 6.0_f64.sqrt() * sigma
            / (std::f64::consts::PI * amplitude.max(1e-300) * n as f64 * root);
        let frames = Interval {
            value: 1.0 / f,
            low: 1.0 / (f + 2.0 * error),
            high: if f > 2.0 * error {
                1.0 / (f - 2.0 * error)
            } else {
                f64::INFINITY
            },
        };
        let s = frame_rate.interval_seconds();
        Ok(Some(Self {
            frames,
            seconds: Interval {
                value: frames.value * s,
                low: frames.low * s,
                high: frames.high * s,
            },
            autocorrelation_lag: autocorrelation_lag(series),
            n_cycles: n as f64 * f,
            explained: explained(f),
            spectrum,
        }))
    }
}

/// Residual sum of squares about a trend with or without a sinusoid, and the amplitude of that.
fn residual(series: &[f64], frequency: Option<f64>) -> (f64, f64) {
    let n = series.len();
    let half = 0.5 * (n as f64 - 1.0);
    let mut basis: Vec<Vec<f64>> = vec![
        vec![1.0; n],
        (0..n).map(|i| (i as f64 - half) / half).collect(),
    ];
    if let Some(f) = frequency {
        let angle = |i: usize| std::f64::consts::TAU * f * (i as f64 - half);
        basis.push((0..n).map(|i| libm::cos(angle(i))).collect());
        basis.push((0..n).map(|i| libm::sin(angle(i))).collect());
    }
    // Gram-Schmidt, twice for stability; the sinusoid's part is what the last two explain
    let mut rest = series.to_vec();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut done, mut power): (Vec<Vec<f64>>, f64) = (Vec::new(), 0.0);
    for (k, mut vector) in basis.into_iter().enumerate() {
        for _ in 0..2 {
            for other in &done {
                let part = dot(&vector, other);
                for (v, o) in vector.iter_mut().zip(other) {
                    *v -= part * o;
                }
            }
        }
        let length = dot(&vector, &vector).sqrt();
        if length < 1e-9 {
            continue;
        }
        for v in &mut vector {
            *v /= length;
        }
        let part = dot(&rest, &vector);
        for (r, v) in rest.iter_mut().zip(&vector) {
            *r -= part * v;
        }
        if k >= 2 {
            power += part * part;
        }
        done.push(vector);
    }
    (dot(&rest, &rest), (2.0 * power / n as f64).sqrt())
}

/// Highest autocorrelation after the first zero, sub-sample by a parabola.
fn autocorrelation_lag(series: &[f64]) -> Option<f64> {
    let n = series.len();
    let mean = series.iter().sum::<f64>() / n as f64;
    let at = |lag: usize| -> f64 {
        let sum: f64 = (0..n - lag)
            .map(|i| (series[i] - mean) * (series[i + lag] - mean))
            .sum();
        sum / (n - lag) as f64
    };
    let values: Vec<f64> = (0..=3 * n / 4).map(at).collect();
    let zero = values.iter().position(|v| *v < 0.0)?;
    let best = (zero + 1..values.len().saturating_sub(1))
        .filter(|k| values[*k] > 0.0 && values[*k] >= values[k - 1] && values[*k] >= values[k + 1])
        .max_by(|a, b| values[*a].total_cmp(&values[*b]))?;
    Some(best as f64 + crate::contrast::peak(values[best - 1], values[best], values[best + 1]))
}

/// Tail length over height that the record gives for stable keyholes and for cycles that make pores.
pub const OBSERVED_RATIOS: [f64; 2] = [0.69, 1.31];

/// How far a tail's length over height is from the two published observations.
///
/// They are two observations, not a fitted threshold, and d and h are not defined where they stand: there is no verdict here.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RatioDistance {
    /// The ratio d/h, with two standard errors.
    pub ratio: Interval,
    /// Ratio less 0.69, observed in a stable cycle.
    pub to_stable: Interval,
    /// Ratio less 1.31, observed in a cycle that made a pore.
    pub to_pore_generating: Interval,
}

impl RatioDistance {
    /// Of a ratio with its standard uncertainty.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a ratio that is not positive or an uncertainty that is negative.
    pub fn of(ratio: f64, uncertainty: f64) -> Result<Self> {
        Error::positive("ratio", ratio)?;
        Error::not_negative("uncertainty", uncertainty)?;
        let around = |value: f64| Interval {
            value,
            low: value - 2.0 * uncertainty,
            high: value + 2.0 * uncertainty,
        };
        Ok(Self {
            ratio: around(ratio),
            to_stable: around(ratio - OBSERVED_RATIOS[0]),
            to_pore_generating: around(ratio - OBSERVED_RATIOS[1]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> f64 {
        2.0 * ((12.9898 * n as f64).sin() * 43758.5453).fract().abs() - 1.0
    }

    #[test]
    fn stages_are_found_within_one_frame_under_noise() {
        let series: Vec<f64> = (0..60)
            .map(|n| {
                let t = n as f64;
                let area = if t < 12.0 {
                    100.0 + 40.0 * t
                } else if t < 37.0 {
                    580.0
                } else {
                    580.0 - 25.0 * (t - 37.0)
                };
                area + 12.0 * noise(n)
            })
            .collect();
        let stages = ChangePoints::new().apply(&series).unwrap();
        let kinds: Vec<StageKind> = stages.iter().map(|s| s.kind).collect();
        assert_eq!(
            kinds,
            [
                StageKind::Expansion,
                StageKind::Stratification,
                StageKind::Contraction
            ]
        );
        assert!(
            stages[1].begin.abs_diff(12) <= 1 && stages[2].begin.abs_diff(37) <= 1,
            "{stages:?}"
        );
    }

    #[test]
    fn time_reversal_exchanges_expansion_and_contraction() {
        let series: Vec<f64> = (0..30)
            .map(|n| if n < 10 { 3.0 * n as f64 } else { 27.0 } + 0.1 * noise(n))
            .collect();
        let mut back = series.clone();
        back.reverse();
        let (a, b) = (
            ChangePoints::new().apply(&series).unwrap(),
            ChangePoints::new().apply(&back).unwrap(),
        );
        assert_eq!(a[0].kind, StageKind::Expansion);
        assert_eq!(b[b.len() - 1].kind, StageKind::Contraction);
        assert_eq!(a[1].begin, 30 - b[1].begin);
    }

    #[test]
    fn the_partition_is_the_best_of_all() {
        let series: Vec<f64> = (0..14)
            .map(|n| noise(3 * n) + if n > 6 { 4.0 } else { 0.0 })
            .collect();
        let sums = Sums::of(&series);
        let stages = ChangePoints::new().apply(&series).unwrap();
        if stages.len() == 2 {
            let found = sums.piece(0, stages[1].begin).2 + sums.piece(stages[1].begin, 14).2;
            for cut in 3..=11 {
                assert!(found <= sums.piece(0, cut).2 + sums.piece(cut, 14).2 + 1e-9);
            }
        }
        // a piece's line by the normal equations
        let (value, slope, rest) = sums.piece(2, 7);
        let x: Vec<f64> = (0..5).map(f64::from).collect();
        let line = crate::statistics::Line::fit(&x, &series[2..7]).unwrap();
        assert!((line.slope - slope).abs() < 1e-9 && (line.intercept - value).abs() < 1e-9);
        assert!((line.residual_rms.powi(2) * 5.0 - rest).abs() < 1e-9);
    }

    #[test]
    fn a_period_lies_within_its_interval() {
        let rate = FrameRate::from_hertz(1.087e6).unwrap();
        let series: Vec<f64> = (0..64)
            .map(|n| {
                5.0 + 0.02 * n as f64
                    + 3.0 * (std::f64::consts::TAU * n as f64 / 26.1 + 0.4).sin()
                    + 0.5 * noise(n)
            })
            .collect();
        let period = Period::of(&series, rate).unwrap().unwrap();
        assert!(period.frames.contains(26.1), "{:?}", period.frames);
        assert!((period.seconds.value - 24e-6).abs() < 0.5e-6 && period.explained > 0.9);
        assert!((period.autocorrelation_lag.unwrap() - 26.0).abs() < 2.0);
        assert_eq!(Period::of(&[2.0; 20], rate).unwrap(), None);
        assert!(Period::of(&[1.0; 3], rate).is_err());
    }

    #[test]
    fn series_without_sense_are_refused() {
        assert!(ChangePoints::new().apply(&[1.0, 2.0]).is_err());
        assert!(ChangePoints::new().apply(&[f64::NAN; 9]).is_err());
        assert!(ChangePoints::new().max_pieces(0).apply(&[1.0; 9]).is_err());
        assert!(ChangePoints::new().apply(&vec![0.0; 5000]).is_err());
        assert_eq!(ChangePoints::new().apply(&[1.0; 9]).unwrap().len(), 1);
    }

    #[test]
    fn distances_carry_the_uncertainty_and_no_verdict() {
        let d = RatioDistance::of(1.0, 0.1).unwrap();
        assert!(
            (d.to_stable.value - 0.31).abs() < 1e-12
                && (d.to_pore_generating.value + 0.31).abs() < 1e-12
        );
        assert!((d.ratio.high - 1.2).abs() < 1e-12);
        assert!(RatioDistance::of(0.0, 0.1).is_err());
    }
}
