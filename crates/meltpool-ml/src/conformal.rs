//! Intervals with guaranteed coverage: split conformal, and adaptive conformal for streams.

use std::collections::VecDeque;

use ndarray::ArrayView2;

use crate::error::{Error, Result, finite, require, same_length};

fn check_alpha(alpha: f64) -> Result<()> {
    require(
        alpha > 0.0 && alpha < 1.0,
        "alpha",
        "between 0 and 1, both excluded",
        alpha,
    )
}

/// The $\lceil (n+1)(1-\alpha)\rceil$-th smallest of the residuals; infinite if there are too few for this $\alpha$.
fn conformal_quantile(residuals: &mut [f64], alpha: f64) -> f64 {
    residuals.sort_by(f64::total_cmp);
    // the small number keeps a product like 10 * 0.9 from being rounded up to the next whole number
    let rank = ((residuals.len() + 1) as f64 * (1.0 - alpha) - 1e-9).ceil() as usize;
    residuals
        .get(rank.max(1) - 1)
        .copied()
        .unwrap_or(f64::INFINITY)
}

/// Half widths of intervals around predictions, from the residuals of a calibration part (split conformal prediction).
///
/// If calibration and test samples are exchangeable, the interval prediction ± half width holds the target with probability at least
/// $1-\alpha$, whatever the model. Frames of one run are not exchangeable with frames of another: calibrate by whole runs.
///
/// # References
/// Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018), doi 10.1080/01621459.2017.1307116, algorithm 2.
///
/// # Examples
/// ```
/// use meltpool_ml::SplitConformal;
/// use ndarray::Array2;
///
/// let targets = Array2::from_shape_fn((99, 1), |(k, _)| (k + 1) as f64);
/// let intervals = SplitConformal::fit(&targets.view(), &Array2::zeros((99, 1)).view(), 0.1)?;
/// assert_eq!(intervals.half_widths(), [90.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SplitConformal {
    half_widths: Vec<f64>,
    alpha: f64,
}

impl SplitConformal {
    /// Half width of each target (column) from a calibration part that the model has not learned from.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for $\alpha$ outside (0, 1), [`Error::ShapeMismatch`], [`Error::NonFinite`],
    /// [`Error::TooFewSamples`] if no finite interval has this coverage.
    pub fn fit(
        targets: &ArrayView2<f64>,
        predictions: &ArrayView2<f64>,
        alpha: f64,
    ) -> Result<Self> {
        check_alpha(alpha)?;
        if targets.dim() != predictions.dim() {
            return Err(Error::ShapeMismatch {
                what: "the predictions".into(),
                expected: targets.shape().to_vec(),
                found: predictions.shape().to_vec(),
            });
        }
        finite("the targets", targets.rows())?;
        finite("the predictions", predictions.rows())?;
        let half_widths: Vec<f64> = targets
            .columns()
            .into_iter()
            .zip(predictions.columns())
            .map(|(y, p)| {
                let mut residuals: Vec<f64> = y.iter().zip(p).map(|(y, p)| (y - p).abs()).collect();
                conformal_quantile(&mut residuals, alpha)
            })
            .collect();
        if half_widths.iter().any(|w| w.is_infinite()) {
            return Err(Error::TooFewSamples {
                purpose: "a conformal interval of this coverage",
                needed: (1.0 / alpha).ceil() as usize - 1,
                found: targets.nrows(),
            });
        }
        Ok(Self { half_widths, alpha })
    }

    /// Half width of each target, in its unit.
    pub fn half_widths(&self) -> &[f64] {
        &self.half_widths
    }

    /// The nominal share outside.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Share of the targets inside, of each column.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn coverage(
        &self,
        targets: &ArrayView2<f64>,
        predictions: &ArrayView2<f64>,
    ) -> Result<Vec<f64>> {
        same_length(
            "the targets' columns",
            self.half_widths.len(),
            targets.ncols(),
        )?;
        same_length("the predictions", targets.len(), predictions.len())?;
        Ok(targets
            .columns()
            .into_iter()
            .zip(predictions.columns())
            .zip(&self.half_widths)
            .map(|((y, p), width)| {
                let inside = y.iter().zip(p).filter(|(y, p)| (*y - *p).abs() <= *width);
                inside.count() as f64 / y.len() as f64
            })
            .collect())
    }
}

/// Conformal intervals that follow a drifting stream: after each sample the level is moved by what happened.
///
/// $\alpha_{t+1} = \alpha_t + \gamma(\alpha - e_t)$, where $e_t$ is 1 if the target lay outside; the half width is the conformal
/// quantile of the last residuals at $\alpha_t$. The share outside tends to $\alpha$ on any sequence.
///
/// # References
/// Gibbs and Candès, Adaptive conformal inference under distribution shift, NeurIPS 34 (2021), arXiv 2106.00170, equation 2.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AdaptiveConformal {
    alpha: f64,
    gamma: f64,
    level: f64,
    window: usize,
    residuals: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl AdaptiveConformal {
    /// Nominal share outside $\alpha$, step $\gamma$ (the paper uses 0.005) and the number of residuals kept.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn new(alpha: f64, gamma: f64, window: usize) -> Result<Self> {
        check_alpha(alpha)?;
        require((0.0..1.0).contains(&gamma), "gamma", "in [0, 1)", gamma)?;
        require(
            (1..=1_000_000).contains(&window),
            "window",
            "1 to 1000000",
            window,
        )?;
        Ok(Self {
            alpha,
            gamma,
            level: alpha,
            window,
            residuals: VecDeque::with_capacity(window),
            sorted: Vec::with_capacity(window),
        })
    }

    /// Half width of the next interval; infinite before any residual is known or while the level is at or below 0.
    pub fn half_width(&self) -> f64 {
        if self.residuals.is_empty() || self.level <= 0.0 {
            return f64::INFINITY;
        }
        if self.level >= 1.0 {
            return 0.0;
        }
        let n = self.sorted.len();
        let rank = ((n + 1) as f64 * (1.0 - self.level) - 1e-9).ceil() as usize;
        self.sorted
            .get(rank.max(1) - 1)
            .copied()
            .unwrap_or(f64::INFINITY)
    }

    /// Tells what the residual |target − prediction| was; answers whether the target lay inside. O(window), no allocation.
    ///
    /// # Errors
    /// [`Error::NonFinite`].
    pub fn update(&mut self, residual: f64) -> Result<bool> {
        let residual = residual.abs();
        if !residual.is_finite() {
            return Err(Error::NonFinite {
                what: "the residual",
                sample: 0,
                position: 0,
                found: residual,
            });
        }
        let inside = residual <= self.half_width();
        self.level += self.gamma * (self.alpha - f64::from(u8::from(!inside)));
        if self.residuals.len() == self.window
            && let Some(old) = self.residuals.pop_front()
        {
            let place = self.sorted.partition_point(|r| *r < old);
            self.sorted.remove(place);
        }
        self.residuals.push_back(residual);
        let place = self.sorted.partition_point(|r| *r < residual);
        self.sorted.insert(place, residual);
        Ok(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Random};
    use ndarray::Array2;

    #[test]
    fn coverage_of_exchangeable_residuals_is_nominal() -> Result<()> {
        // 10^4 draws: 1000 calibrations of 99 residuals, 10 tested each
        let mut rng = Random::new(5, Purpose::Test, 0);
        let mut inside = 0.0;
        for _ in 0..1000 {
            let calibration = Array2::from_shape_simple_fn((99, 1), || rng.normal());
            let test = Array2::from_shape_simple_fn((10, 1), || rng.normal());
            let zero = Array2::zeros((99, 1));
            let intervals = SplitConformal::fit(&calibration.view(), &zero.view(), 0.1)?;
            let none = Array2::zeros((10, 1));
            inside += 10.0 * intervals.coverage(&test.view(), &none.view())?[0];
        }
        assert!((inside / 1e4 - 0.9).abs() < 0.01, "{inside}");
        Ok(())
    }

    #[test]
    fn the_rank_is_that_of_the_definition() {
        let residuals: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!(conformal_quantile(&mut residuals.clone(), 0.1), 9.0);
        assert_eq!(conformal_quantile(&mut residuals.clone(), 0.5), 5.0);
        assert_eq!(
            conformal_quantile(&mut residuals.clone(), 0.05),
            f64::INFINITY
        );
    }

    #[test]
    fn adaptive_intervals_follow_a_drift() -> Result<()> {
        let mut rng = Random::new(9, Purpose::Test, 0);
        let mut adaptive = AdaptiveConformal::new(0.1, 0.02, 100)?;
        let (mut inside, n) = (0, 6000);
        for t in 0..n {
            let scale = 1.0 + 4.0 * f64::from(t) / f64::from(n);
            inside += usize::from(adaptive.update(scale * rng.normal())?);
        }
        assert!(
            (inside as f64 / f64::from(n) - 0.9).abs() < 0.01,
            "{inside}"
        );
        Ok(())
    }

    #[test]
    fn bad_levels_are_refused() {
        let x = Array2::zeros((5, 1));
        for alpha in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(SplitConformal::fit(&x.view(), &x.view(), alpha).is_err());
            assert!(AdaptiveConformal::new(alpha, 0.01, 10).is_err());
        }
        assert!(matches!(
            SplitConformal::fit(&x.view(), &x.view(), 0.1),
            Err(Error::TooFewSamples {
                needed: 9,
                found: 5,
                ..
            })
        ));
    }
}
