//! Models of a front by a criterion, with their weights and their ties.

use crate::{Criterion, Model, ParetoFront, Penalty};

/// Difference in a criterion up to which two models count as tied.
const TIE: f64 = 2.0;

/// The relative likelihood of each of some models, $w_i = e^{-\Delta_i/2} / \sum_j e^{-\Delta_j/2}$,
/// from their values of AIC, AICc or BIC; for BIC these are approximate posterior probabilities
/// under equal priors.
///
/// They compare the models given with each other, and say nothing of laws that are not among them.
/// A value that is NaN has weight 0.
///
/// # References
///
/// Burnham and Anderson 2004, doi 10.1177/0049124104268644, Eq. 8.
///
/// # Examples
///
/// ```
/// let weights = symreg::akaike_weights(&[-10.0, -8.0, f64::NAN]);
/// assert!((weights[0] / weights[1] - 1_f64.exp()).abs() < 1e-12);
/// assert_eq!((weights[0] + weights[1], weights[2]), (1.0, 0.0));
/// ```
#[must_use]
pub fn akaike_weights(values: &[f64]) -> Vec<f64> {
    let best = values
        .iter()
        .copied()
        .filter(|v| !v.is_nan())
        .fold(f64::INFINITY, f64::min);
    let likelihoods: Vec<f64> = values
        .iter()
        .map(|v| {
            if v.is_nan() {
                0.0
            } else if *v <= best {
                1.0
            } else {
                libm::exp(-0.5 * (v - best))
            }
        })
        .collect();
    let total: f64 = likelihoods.iter().sum();
    likelihoods
        .into_iter()
        .map(|l| if total > 0.0 { l / total } else { 0.0 })
        .collect()
}

/// One model of a front, in the order of a criterion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankedModel<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its place in [`ParetoFront::models`].
    pub index: usize,
    /// Its value of the criterion.
    pub value: f64,
    /// How far it is above the best.
    pub difference: f64,
    /// Its Akaike weight among the models of the front.
    pub weight: f64,
}

impl RankedModel<'_> {
    /// Whether the rows cannot tell it from the best: a difference of at most 2.
    #[must_use]
    pub fn is_tied(&self) -> bool {
        self.difference <= TIE
    }
}

/// Sorts and weighs models with their values.
pub(crate) fn rank<'a>(
    models: impl IntoIterator<Item = (usize, &'a Model, f64)>,
) -> Vec<RankedModel<'a>> {
    let mut entries: Vec<_> = models.into_iter().collect();
    entries.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
    let values: Vec<f64> = entries.iter().map(|e| e.2).collect();
    let best = values.first().copied().unwrap_or(0.0);
    entries
        .into_iter()
        .zip(akaike_weights(&values))
        .map(|((index, model, value), weight)| RankedModel {
            model,
            index,
            value,
            difference: value - best,
            weight,
        })
        .collect()
}

impl ParetoFront {
    /// All models for which the criterion is defined, best first, with differences and weights.
    #[must_use]
    pub fn ranking(&self, criterion: Criterion, penalty: Penalty) -> Vec<RankedModel<'_>> {
        rank(self.models().iter().enumerate().filter_map(|(i, m)| {
            let value = criterion.of(m, penalty)?;
            (!value.is_nan()).then_some((i, m, value))
        }))
    }

    /// The best model by a criterion and every other within 2 of it: laws that the rows do not
    /// tell apart, all of which should be shown.
    #[must_use]
    pub fn ties(&self, criterion: Criterion, penalty: Penalty) -> Vec<RankedModel<'_>> {
        let mut ranking = self.ranking(criterion, penalty);
        ranking.retain(RankedModel::is_tied);
        ranking
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConstantFit, Data, Expression, Result};
    use approx::assert_relative_eq;

    #[test]
    fn weights_sum_to_one_and_ties_are_within_two() -> Result<()> {
        let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
        let y: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(i, v)| v.tanh() + 0.05 * ((i * 7 % 11) as f64 / 11.0 - 0.5))
            .collect();
        let data = Data::from_columns([("x", x)], ("y", y))?;
        let mut models = Vec::new();
        for genes in [
            &["x"][..],
            &["tanh(x)"],
            &["tanh(0.9*x)"],
            &["tanh(0.9*x)", "x"],
        ] {
            let genes: Result<Vec<Expression>> =
                genes.iter().map(|g| Expression::parse(g, &["x"])).collect();
            models.push(ConstantFit::new().fit(&genes?, &data)?);
        }
        let front = ParetoFront::from_models(models);
        let ranking = front.ranking(Criterion::Bic, Penalty::FittedConstants);
        assert!(ranking.len() >= 3);
        assert_relative_eq!(
            ranking.iter().map(|r| r.weight).sum::<f64>(),
            1.0,
            max_relative = 1e-12
        );
        for pair in ranking.windows(2) {
            assert!(pair[0].value <= pair[1].value && pair[0].weight >= pair[1].weight);
        }
        for r in &ranking {
            assert_eq!(&front.models()[r.index], r.model);
            assert_relative_eq!(
                r.weight / ranking[0].weight,
                (-0.5 * r.difference).exp(),
                max_relative = 1e-12
            );
        }
        let ties = front.ties(Criterion::Bic, Penalty::FittedConstants);
        assert_eq!(
            ties.len(),
            ranking.iter().filter(|r| r.difference <= 2.0).count()
        );
        assert!(
            ParetoFront::default()
                .ties(Criterion::Aic, Penalty::FittedConstants)
                .is_empty()
        );
        Ok(())
    }

    #[test]
    fn weights_of_extreme_values_are_numbers() {
        assert_eq!(akaike_weights(&[]), Vec::<f64>::new());
        assert_eq!(akaike_weights(&[f64::NAN]), [0.0]);
        assert_eq!(akaike_weights(&[-1e300, 1e300]), [1.0, 0.0]);
        assert_eq!(akaike_weights(&[f64::NEG_INFINITY, 0.0]), [1.0, 0.0]);
    }
}
