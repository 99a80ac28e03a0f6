//! Weighted least-squares polynomials in orthogonal form.

use super::MAX_DEGREE;

/// A polynomial $\sum_j c_j p_j(t)$ in polynomials that are orthogonal on the weighted rows, after G. E. Forsythe, J. Soc.
/// Ind. Appl. Math. 5, 74 (1957), doi 10.1137/0105007: $p_{j+1} = (t - a_j) p_j - b_j p_{j-1}$.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawPolynomial"))]
pub(crate) struct Polynomial {
    degree: usize,
    /// Without an intercept the polynomial is $c_0 t$.
    intercept: bool,
    a: [f64; MAX_DEGREE],
    b: [f64; MAX_DEGREE],
    c: [f64; MAX_DEGREE + 1],
}

/// The unchecked form that is read before [`Polynomial`] accepts it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct RawPolynomial {
    degree: usize,
    intercept: bool,
    a: [f64; MAX_DEGREE],
    b: [f64; MAX_DEGREE],
    c: [f64; MAX_DEGREE + 1],
}

#[cfg(feature = "serde")]
impl TryFrom<RawPolynomial> for Polynomial {
    type Error = crate::Error;

    fn try_from(raw: RawPolynomial) -> crate::Result<Self> {
        super::Link::Polynomial(raw.degree).validate()?;
        Ok(Self {
            degree: raw.degree,
            intercept: raw.intercept,
            a: raw.a,
            b: raw.b,
            c: raw.c,
        })
    }
}

/// Least part of its size that a new orthogonal polynomial must keep; below it the rows have too few values of $t$.
const LEAST_PART: f64 = 1e-24;

impl Polynomial {
    /// The fit and its weighted sum of squared residuals; nothing when the rows that count have too few values of $t$, or the
    /// values leave the range of a float.
    pub(crate) fn fit(
        t: &[f64],
        y: &[f64],
        weights: &[f64],
        degree: usize,
        intercept: bool,
    ) -> Option<(Self, f64)> {
        let mut fitted = Self {
            degree,
            intercept,
            a: [0.0; MAX_DEGREE],
            b: [0.0; MAX_DEGREE],
            c: [0.0; MAX_DEGREE + 1],
        };
        let rows = || t.iter().zip(y).zip(weights);
        if !intercept {
            let (mut ty, mut tt) = (0.0, 0.0);
            for ((&t, &y), &w) in rows() {
                ty += w * t * y;
                tt += w * t * t;
            }
            fitted.c[0] = ty / tt;
        } else if degree == 1 {
            // The usual case, without recurrences.
            let (mut sum, mut st, mut sy) = (0.0, 0.0, 0.0);
            for ((&t, &y), &w) in rows() {
                sum += w;
                st += w * t;
                sy += w * y;
            }
            let (mean_t, mean_y) = (st / sum, sy / sum);
            let (mut tt, mut ty) = (0.0, 0.0);
            for ((&t, &y), &w) in rows() {
                let d = t - mean_t;
                tt += w * d * d;
                ty += w * d * (y - mean_y);
            }
            let least = LEAST_PART * sum * mean_t * mean_t;
            if tt.is_nan() || tt <= least {
                return None;
            }
            let slope = ty / tt;
            fitted.a[0] = mean_t;
            fitted.c[0] = mean_y;
            fitted.c[1] = slope;
            let mut ssr = 0.0;
            for ((&t, &y), &w) in rows() {
                let residual = (y - mean_y) - slope * (t - mean_t);
                ssr += w * residual * residual;
            }
            return ssr.is_finite().then_some((fitted, ssr));
        } else {
            fitted.orthogonalize(t, y, weights)?;
        }
        let ssr = rows()
            .map(|((&t, &y), &w)| {
                let residual = y - fitted.at(t);
                w * residual * residual
            })
            .sum::<f64>();
        ssr.is_finite().then_some((fitted, ssr))
    }

    fn orthogonalize(&mut self, t: &[f64], y: &[f64], weights: &[f64]) -> Option<()> {
        // Residuals and not the target itself, so that later coefficients do not lose digits.
        let mut left = y.to_vec();
        let mut before = vec![0.0; t.len()];
        let mut now = vec![1.0; t.len()];
        let mut norm_before = 0.0;
        for j in 0..=self.degree {
            let (mut norm, mut along, mut tn) = (0.0, 0.0, 0.0);
            for (((&w, &p), &r), &t) in weights.iter().zip(&now).zip(&left).zip(t) {
                norm += w * p * p;
                along += w * p * r;
                tn += w * t * p * p;
            }
            if norm.is_nan() || norm <= 0.0 {
                return None;
            }
            self.c[j] = along / norm;
            for (r, &p) in left.iter_mut().zip(&now) {
                *r -= self.c[j] * p;
            }
            if j == self.degree {
                break;
            }
            self.a[j] = tn / norm;
            self.b[j] = if j == 0 { 0.0 } else { norm / norm_before };
            let (mut kept, mut size) = (0.0, 0.0);
            for (((p, q), &t), &w) in now.iter_mut().zip(&mut before).zip(t).zip(weights) {
                let next = (t - self.a[j]) * *p - self.b[j] * *q;
                size += w * (t * *p) * (t * *p);
                kept += w * next * next;
                *q = *p;
                *p = next;
            }
            if kept.is_nan() || kept <= LEAST_PART * size {
                return None;
            }
            norm_before = norm;
        }
        Some(())
    }

    pub(crate) fn at(&self, t: f64) -> f64 {
        if !self.intercept {
            return self.c[0] * t;
        }
        let (mut before, mut now) = (0.0, 1.0);
        let mut sum = self.c[0];
        for j in 0..self.degree {
            let next = (t - self.a[j]) * now - self.b[j] * before;
            before = now;
            now = next;
            sum += self.c[j + 1] * now;
        }
        sum
    }

    /// The orthogonal polynomials at `t`, with the derivative of the whole.
    pub(super) fn basis_at(&self, t: f64) -> (Vec<f64>, f64) {
        if !self.intercept {
            return (vec![t], self.c[0]);
        }
        let (mut before, mut now) = (0.0, 1.0);
        let (mut slope_before, mut slope_now) = (0.0, 0.0);
        let mut basis = vec![1.0];
        let mut derivative = 0.0;
        for j in 0..self.degree {
            let next = (t - self.a[j]) * now - self.b[j] * before;
            let slope = now + (t - self.a[j]) * slope_now - self.b[j] * slope_before;
            (before, now) = (now, next);
            (slope_before, slope_now) = (slope_now, slope);
            basis.push(now);
            derivative += self.c[j + 1] * slope;
        }
        (basis, derivative)
    }

    #[cfg(feature = "serde")]
    pub(super) fn is_of(&self, degree: usize, intercept: bool) -> bool {
        let constants = self.a.iter().chain(&self.b).chain(&self.c);
        self.degree == degree
            && self.intercept == intercept
            && constants.into_iter().all(|c| c.is_finite())
    }

    pub(super) const fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The slope of a polynomial of the first degree.
    pub(super) const fn slope(&self) -> f64 {
        if self.intercept { self.c[1] } else { self.c[0] }
    }

    /// The coefficients of $1, t, t^2, \ldots$; without an intercept that of $t$ alone.
    pub(super) fn monomials(&self) -> Vec<f64> {
        if !self.intercept {
            return vec![self.c[0]];
        }
        let n = self.degree + 1;
        let mut before = vec![0.0; n];
        let mut now = vec![0.0; n];
        now[0] = 1.0;
        let mut sum = vec![0.0; n];
        sum[0] = self.c[0];
        for j in 0..self.degree {
            let mut next = vec![0.0; n];
            for k in 0..n {
                let raised = if k == 0 { 0.0 } else { now[k - 1] };
                next[k] = raised - self.a[j] * now[k] - self.b[j] * before[k];
            }
            for (s, p) in sum.iter_mut().zip(&next) {
                *s += self.c[j + 1] * p;
            }
            before = now;
            now = next;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn recovers_a_polynomial_under_any_weights() -> Result<(), Box<dyn std::error::Error>> {
        let t: Vec<f64> = (0..30).map(|i| 0.5 + 0.1 * f64::from(i)).collect();
        let truth = [0.3, -1.2, 0.5, 0.07, -0.011, 0.002, 0.0003];
        for degree in 1..=MAX_DEGREE {
            let y: Vec<f64> = t
                .iter()
                .map(|t| truth[..=degree].iter().rev().fold(0.0, |s, c| s * t + c))
                .collect();
            for weights in [
                vec![1.0; 30],
                (0..30).map(|i| f64::from(i % 3)).collect::<Vec<_>>(),
            ] {
                let (fit, ssr) = Polynomial::fit(&t, &y, &weights, degree, true).ok_or("a fit")?;
                assert!(ssr < 1e-20);
                for (found, wanted) in fit.monomials().iter().zip(&truth) {
                    assert_relative_eq!(found, wanted, epsilon = 1e-9);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn residuals_are_orthogonal_to_every_power() -> Result<(), Box<dyn std::error::Error>> {
        let t: Vec<f64> = (0..40).map(|i| libm::exp(0.07 * f64::from(i))).collect();
        let y: Vec<f64> = (0..40).map(|i| libm::sin(f64::from(i * i))).collect();
        let weights: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i % 4)).collect();
        for degree in 1..=4 {
            let (fit, _) = Polynomial::fit(&t, &y, &weights, degree, true).ok_or("a fit")?;
            for power in 0..=degree {
                let (mut sum, mut size) = (0.0, 0.0);
                for i in 0..40 {
                    let term = weights[i] * t[i].powi(i32::try_from(power)?);
                    sum += term * (y[i] - fit.at(t[i]));
                    size += (term * y[i]).abs();
                }
                assert!(sum.abs() < 1e-10 * size, "{degree} {power} {sum} {size}");
            }
        }
        Ok(())
    }

    #[test]
    fn too_few_values_give_no_fit() {
        let y = [1.0, 2.0, 3.0, 4.0];
        assert!(Polynomial::fit(&[2.0; 4], &y, &[1.0; 4], 1, true).is_none());
        assert!(Polynomial::fit(&[1.0, 2.0, 1.0, 2.0], &y, &[1.0; 4], 2, true).is_none());
        let two_count = [1.0, 1.0, 0.0, 0.0];
        assert!(Polynomial::fit(&[1.0, 2.0, 3.0, 4.0], &y, &two_count, 2, true).is_none());
        assert!(Polynomial::fit(&[0.0; 4], &y, &[1.0; 4], 1, false).is_none());
        assert!(Polynomial::fit(&[1.0; 4], &y, &[0.0; 4], 1, true).is_none());
    }
}
