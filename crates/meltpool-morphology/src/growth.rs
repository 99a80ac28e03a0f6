//! Logistic growth of an area.

use crate::error::{Error, Result};
use crate::statistics::Interval;

/// A logistic curve $A(t) = A_0 + (A_1 - A_0)/(1 + e^{-(t - t_m)/\tau})$ fitted to areas over time.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogisticGrowth {
    /// Area before the growth, in units of the input, with two standard errors.
    pub first: Interval,
    /// The plateau, with two standard errors.
    pub plateau: Interval,
    /// Time of the fastest growth in frames, with two standard errors.
    pub middle: Interval,
    /// Time constant $\tau$ in frames, with two standard errors.
    pub rise: Interval,
    /// Root mean square of the residuals.
    pub residual_rms: f64,
    /// Iterations of the fit.
    pub iterations: usize,
    /// Whether the step of the fit fell below a part in $10^9$.
    pub has_converged: bool,
}

impl LogisticGrowth {
    /// Least squares over (`frames`, `areas`): the levels follow linearly, middle and rise by Gauss-Newton with damping from the best of a grid.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below six points, [`Error::NonFinite`], [`Error::InvalidParameter`] for series of unequal length or times that do not
    /// vary.
    ///
    /// # Examples
    ///
    /// ```
    /// use meltpool_morphology::LogisticGrowth;
    ///
    /// let t: Vec<f64> = (0..30).map(f64::from).collect();
    /// let area: Vec<f64> = t.iter().map(|t| 1329.0 + 5179.0 / (1.0 + (-(t - 12.0) / 2.5_f64).exp())).collect();
    /// let growth = LogisticGrowth::fit(&t, &area)?;
    /// assert!((growth.plateau.value - 6508.0).abs() < 1.0 && (growth.rise.value - 2.5).abs() < 1e-3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::too_many_lines, reason = "one iteration in one place")]
    pub fn fit(frames: &[f64], areas: &[f64]) -> Result<Self> {
        if frames.len() != areas.len() {
            return Err(Error::parameter("areas", "as long as frames", areas.len()));
        }
        Error::at_least("logistic growth", "points", 6, frames.len())?;
        Error::all_finite("frames", frames)?;
        Error::all_finite("areas", areas)?;
        let (low, high) = frames
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |r, t| {
                (r.0.min(*t), r.1.max(*t))
            });
        let span = high - low;
        if span <= 0.0 {
            return Err(Error::parameter("frames", "not constant", low));
        }
        let share = |t: f64, p: [f64; 2]| 1.0 / (1.0 + libm::exp(-(t - p[0]) / p[1]));
        // levels and residual for a middle and a rise
        let levels = |p: [f64; 2]| -> ([f64; 2], f64) {
            let n = frames.len() as f64;
            let (mut s, mut ss, mut a, mut sa) = (0.0, 0.0, 0.0, 0.0);
            for (t, area) in frames.iter().zip(areas) {
                let x = share(*t, p);
                s += x;
                ss += x * x;
                a += area;
                sa += x * area;
            }
            let spread = n * ss - s * s;
            let slope = if spread > 1e-12 * n * n {
                (n * sa - s * a) / spread
            } else {
                0.0
            };
            let first = (a - slope * s) / n;
            let rest = frames.iter().zip(areas).map(|(t, area)| {
                let r = area - first - slope * share(*t, p);
                r * r
            });
            ([first, slope], rest.sum())
        };
        let mut p = [low + 0.5 * span, 0.1 * span];
        let mut rest = f64::INFINITY;
        for i in 0..=20 {
            for k in 0..=10 {
                let q = [
                    low + span * f64::from(i) / 20.0,
                    span * 0.01 * libm::exp(f64::from(k) * 0.4),
                ];
                let value = levels(q).1;
                if value < rest {
                    (p, rest) = (q, value);
                }
            }
        }
        let (mut damping, mut iterations, mut has_converged) = (1e-3, 0, false);
        let mut covariance = [[f64::INFINITY; 4]; 4];
        while iterations < 200 && !has_converged {
            iterations += 1;
            let ([first, slope], _) = levels(p);
            let (mut normal, mut right) = ([[0.0; 4]; 4], [0.0; 4]);
            for (t, area) in frames.iter().zip(areas) {
                let x = share(*t, p);
                let bend = slope * x * (1.0 - x) / p[1];
                let row = [1.0, x, -bend, -bend * (t - p[0]) / p[1]];
                let r = area - first - slope * x;
                for i in 0..4 {
                    right[i] += row[i] * r;
                    for j in 0..4 {
                        normal[i][j] += row[i] * row[j];
                    }
                }
            }
            covariance = inverse(normal).unwrap_or([[f64::INFINITY; 4]; 4]);
            let mut moved = false;
            for _ in 0..20 {
                let mut damped = normal;
                for (i, row) in damped.iter_mut().enumerate() {
                    row[i] = row[i] * (1.0 + damping) + 1e-300;
                }
                let Some(inv) = inverse(damped) else {
                    damping *= 10.0;
                    continue;
                };
                let step: [f64; 2] =
                    std::array::from_fn(|k| (0..4).map(|j| inv[k + 2][j] * right[j]).sum());
                let q = [
                    (p[0] + step[0]).clamp(low - span, high + span),
                    (p[1] + step[1]).clamp(1e-4 * span, 10.0 * span),
                ];
                let value = levels(q).1;
                if value <= rest {
                    has_converged =
                        (q[0] - p[0]).abs() < 1e-9 * span && (q[1] - p[1]).abs() < 1e-9 * span;
                    (p, rest) = (q, value);
                    damping = (damping * 0.2).max(1e-12);
                    moved = true;
                    break;
                }
                damping *= 10.0;
            }
            if !moved {
                has_converged = true;
            }
        }
        let ([first, slope], _) = levels(p);
        let variance = rest / (frames.len() as f64 - 4.0);
        let c = |i: usize, j: usize| variance * covariance[i][j];
        let around = |value: f64, variance: f64| {
            let error = 2.0 * variance.max(0.0).sqrt();
            Interval {
                value,
                low: value - error,
                high: value + error,
            }
        };
        Ok(Self {
            first: around(first, c(0, 0)),
            plateau: around(first + slope, c(0, 0) + c(1, 1) + 2.0 * c(0, 1)),
            middle: around(p[0], c(2, 2)),
            rise: around(p[1], c(3, 3)),
            residual_rms: (rest / frames.len() as f64).sqrt(),
            iterations,
            has_converged,
        })
    }
}

/// Gauss-Jordan with pivots.
fn inverse(mut a: [[f64; 4]; 4]) -> Option<[[f64; 4]; 4]> {
    let mut b = [[0.0; 4]; 4];
    for (i, row) in b.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for k in 0..4 {
        let pivot = (k..4).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs()))?;
        if a[pivot][k].abs() < 1e-290 || !a[pivot][k].is_finite() {
            return None;
        }
        a.swap(k, pivot);
        b.swap(k, pivot);
        let scale = 1.0 / a[k][k];
        for j in 0..4 {
            a[k][j] *= scale;
            b[k][j] *= scale;
        }
        for i in 0..4 {
            if i != k {
                let by = a[i][k];
                for j in 0..4 {
                    a[i][j] -= by * a[k][j];
                    b[i][j] -= by * b[k][j];
                }
            }
        }
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_the_record() {
        // F43: ratio and equivalent diameters
        assert!((6508.0_f64 / 1329.0 - 4.90).abs() < 0.005);
        let diameter = |area: f64| 2.0 * (area / std::f64::consts::PI).sqrt();
        assert!((diameter(1329.0) - 41.1).abs() < 0.05 && (diameter(6508.0) - 91.0).abs() < 0.05);
    }

    #[test]
    fn noisy_plateaus_lie_within_their_intervals() {
        use rand::{RngExt as _, SeedableRng};
        let t: Vec<f64> = (0..30).map(f64::from).collect();
        let mut held = 0;
        for seed in 0..200 {
            let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let curve = |t: &f64| 1329.0 + 5179.0 / (1.0 + (-(t - 12.0) / 2.5).exp());
            let area: Vec<f64> = t
                .iter()
                .map(|t| curve(t) + 200.0 * (rng.random::<f64>() - 0.5))
                .collect();
            let growth = LogisticGrowth::fit(&t, &area).unwrap();
            assert!(growth.has_converged);
            assert!((growth.plateau.value / 6508.0 - 1.0).abs() < 0.03);
            held += usize::from(growth.plateau.contains(6508.0));
        }
        // two standard errors hold 0.945 of them; 4 deviations of that count
        assert!((177..=200).contains(&held), "{held}");
    }

    #[test]
    fn constants_and_short_series() {
        let t: Vec<f64> = (0..10).map(f64::from).collect();
        let flat = LogisticGrowth::fit(&t, &[5.0; 10]).unwrap();
        assert!((flat.plateau.value - 5.0).abs() < 1e-6);
        assert!(LogisticGrowth::fit(&t[..5], &[1.0; 5]).is_err());
        assert!(LogisticGrowth::fit(&[1.0; 8], &[1.0; 8]).is_err());
        assert!(LogisticGrowth::fit(&t, &[f64::NAN; 10]).is_err());
    }
}
