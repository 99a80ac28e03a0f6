//! Information criteria: fit against number of fitted parameters.

use crate::Model;

/// An information criterion for $n$ rows, residual sum of squares SSE and $k$ parameters, for
/// Gaussian errors of unknown variance. The smaller value is the better model.
///
/// A search over many structures is not paid for by $k$: the criteria rank, they do not test.
/// Differences below 2 are ties. Values compare models of one data set only.
///
/// # References
///
/// Akaike 1974, doi 10.1109/TAC.1974.1100705; Hurvich and Tsai 1989,
/// doi 10.1093/biomet/76.2.297; Schwarz 1978, doi 10.1214/aos/1176344136.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Criterion {
    /// $n \ln(\mathrm{SSE}/n) + 2k$
    Aic,
    /// $\mathrm{AIC} + 2k(k+1)/(n-k-1)$, undefined for $n \le k + 1$
    Aicc,
    /// $n \ln(\mathrm{SSE}/n) + k \ln n$
    Bic,
}

/// What counts as the number of parameters $k$ in a [`Criterion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Penalty {
    /// The statistical count (the default): gene weights, bias and inner constants that the data
    /// can tell apart, and one for the noise variance.
    #[default]
    FittedConstants,
    /// The expressional complexity in place of $k$. Gan et al. write that their AIC and BIC rest
    /// on R² and the expressional complexity, without a formula; this is one reading of it.
    ExpressionalComplexity,
    /// The fitted constants, and for the choice of structure $2\gamma \ln\tau$ with $\gamma = 1$ and $\tau = q^m$ the number
    /// of texts of $m$ nodes of $q$ kinds, those of the law: the extended BIC (Chen and Chen 2008,
    /// doi 10.1093/biomet/asn034, Eq. 1), where the criterion is BIC. The best of $\tau$ laws fits noise better
    /// than one law by about that much, which $k$ does not see.
    ConstantsAndStructure,
}

impl Penalty {
    /// What the choice of structure adds to a criterion.
    fn of_structure(self, model: &Model) -> f64 {
        match self {
            Self::FittedConstants | Self::ExpressionalComplexity => 0.0,
            Self::ConstantsAndStructure => 2.0 * model.expression().structure_length(),
        }
    }
}

impl Criterion {
    /// The criterion for `n` rows, a residual sum of squares and `k` parameters, the noise
    /// variance counted among them.
    ///
    /// `None` where it is undefined: no rows, SSE not positive, AICc with $n \le k + 1$.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Criterion;
    /// // Five rows, SSE = 2, a line (2 constants and the noise variance).
    /// let aic = Criterion::Aic.value(5, 2.0, 3).ok_or("undefined")?;
    /// assert!((aic - (5.0 * (0.4_f64).ln() + 6.0)).abs() < 1e-12);
    /// assert_eq!(Criterion::Aicc.value(5, 2.0, 4), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(self, n: usize, sse: f64, k: usize) -> Option<f64> {
        if n == 0 || !(sse > 0.0 && sse.is_finite()) {
            return None;
        }
        self.penalized(n, n as f64 * libm::log(sse / n as f64), k)
    }

    /// The criterion of a fitted model on its training rows.
    ///
    /// The residual sum of squares is floored at $n (10^{-13}\,\mathrm{rms}(y))^2$, so that models
    /// of noise-free data are told apart by their parameters and not by rounding.
    #[must_use]
    pub fn of(self, model: &Model, penalty: Penalty) -> Option<f64> {
        self.without_structure(model, penalty)
            .map(|value| value + penalty.of_structure(model))
    }

    fn without_structure(self, model: &Model, penalty: Penalty) -> Option<f64> {
        if let Some(chi_squared) = model.chi_squared() {
            let k = match penalty {
                Penalty::FittedConstants | Penalty::ConstantsAndStructure => {
                    model.fitted_constants()
                }
                Penalty::ExpressionalComplexity => model.complexity(),
            };
            return self.value_of_chi_squared(model.n_rows(), chi_squared, k);
        }
        let k = match penalty {
            Penalty::FittedConstants | Penalty::ConstantsAndStructure => {
                model.fitted_constants() + 1
            }
            Penalty::ExpressionalComplexity => model.complexity(),
        };
        let (n, objective) = (model.n_rows(), model.floored_objective());
        if model.degree < 2.0 && objective > 0.0 && objective.is_finite() && n > 0 {
            let misfit = n as f64 * (2.0 / model.degree) * libm::log(objective / n as f64);
            return self.penalized(n, misfit, k);
        }
        self.value(n, objective, k)
    }

    /// The criterion where the uncertainty of each row is known: $\chi^2$ takes the place of
    /// $n \ln(\mathrm{SSE}/n)$, and the noise variance is no parameter.
    ///
    /// `None` as for [`value`](Self::value), but a $\chi^2$ of zero is allowed.
    #[must_use]
    pub fn value_of_chi_squared(self, n: usize, chi_squared: f64, k: usize) -> Option<f64> {
        (n > 0 && chi_squared >= 0.0 && chi_squared.is_finite())
            .then(|| self.penalized(n, chi_squared, k))
            .flatten()
    }

    fn penalized(self, n: usize, misfit: f64, k: usize) -> Option<f64> {
        let (rows, parameters) = (n as f64, k as f64);
        let aic = misfit + 2.0 * parameters;
        match self {
            Self::Aic => Some(aic),
            Self::Aicc if n <= k + 1 => None,
            Self::Aicc => {
                Some(aic + 2.0 * parameters * (parameters + 1.0) / (rows - parameters - 1.0))
            }
            Self::Bic => Some(misfit + parameters * libm::log(rows)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// By hand: n = 5, SSE = 2, k = 3: 5 ln 0.4 = -4.581453659.
    #[test]
    fn agrees_with_values_computed_by_hand() {
        let close = |c: Criterion, expected: f64| {
            assert_relative_eq!(c.value(5, 2.0, 3).unwrap(), expected, max_relative = 1e-9);
        };
        close(Criterion::Aic, 1.418_546_341);
        close(Criterion::Aicc, 25.418_546_341);
        close(Criterion::Bic, 0.246_860_078);
    }

    #[test]
    fn aicc_tends_to_aic_and_is_undefined_for_few_rows() {
        let difference = Criterion::Aicc.value(1_000_000, 3.0, 4).unwrap()
            - Criterion::Aic.value(1_000_000, 3.0, 4).unwrap();
        assert!(difference > 0.0 && difference < 1e-4);
        assert_eq!(Criterion::Aicc.value(4, 1.0, 3), None);
        assert_eq!(Criterion::Aic.value(0, 1.0, 3), None);
        assert_eq!(Criterion::Bic.value(5, 0.0, 3), None);
        assert_eq!(Criterion::Bic.value(5, f64::NAN, 3), None);
    }

    /// 2 m ln q by hand: `w*x + b` are five nodes of four kinds.
    #[test]
    fn the_extended_criterion_pays_for_structure() -> crate::Result<()> {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let y = x.iter().map(|v| 2.0 + 3.0 * v + (v * v % 7.0)).collect();
        let data = crate::Data::from_columns([("x", x)], ("y", y))?;
        let line = crate::Expression::parse("x", &["x"])?;
        let model = crate::ConstantFit::new().fit(&[line], &data)?;
        for criterion in [Criterion::Aic, Criterion::Aicc, Criterion::Bic] {
            let value = |penalty| criterion.of(&model, penalty).unwrap();
            assert_relative_eq!(
                value(Penalty::ConstantsAndStructure) - value(Penalty::FittedConstants),
                2.0 * 5.0 * 4_f64.ln(),
                max_relative = 1e-12
            );
        }
        Ok(())
    }

    /// `n ln(1 - R²)` differs by the same amount for every model of one data set.
    #[test]
    fn ranks_like_the_form_in_r_squared() {
        let (n, sst) = (71_usize, 40.0);
        let shift = |sse: f64| {
            Criterion::Bic.value(n, sse, 4).unwrap()
                - Criterion::Bic.value(n, sse / sst, 4).unwrap()
        };
        assert_relative_eq!(shift(1.0), shift(7.0), max_relative = 1e-12);
    }
}
