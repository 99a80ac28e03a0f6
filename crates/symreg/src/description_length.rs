//! Minimum description length: one currency for misfit, structure and the precision of constants.

use std::collections::BTreeSet;

use crate::expression::Token;
use crate::linear::dot;
use crate::ranking::{RankedModel, rank};
use crate::refit::{Refit, check_finite, columns_of, floored_sse};
use crate::{Data, Error, Expression, Model, ParetoFront, Result};

/// What is known of the scatter of the target about the law.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Noise {
    /// Nothing: its variance is estimated as SSE/n (the default).
    #[default]
    Estimated,
    /// Its standard deviation, in the target's unit, the same on all rows; with weights, in a row of weight 1.
    Known(f64),
}

impl Noise {
    /// What is known of the rows of `data`: the uncertainties of
    /// [`Data::with_sigmas`], else nothing. With them the deviation is that of a row of weight 1.
    #[must_use]
    pub fn of(data: &Data) -> Self {
        data.noise_variance()
            .map_or(Self::Estimated, |v| Self::Known(v.sqrt()))
    }
}

/// The length in nats of the shortest message that holds a law and the rows given the law.
///
/// $$L = -\ln\mathcal L(\hat\theta) + m\ln q + \sum_j \ln|c_j|
///   + \sum_i\left[\tfrac12\ln I_{ii} + \ln|\hat\theta_i|\right] - \tfrac p2\ln 3$$
///
/// with $m$ nodes of $q$ different kinds, $c_j$ the constants that are not fitted, $\hat\theta_i$ the
/// $p$ fitted ones and $I = J^\top J/\sigma^2$ their Fisher matrix. The Jacobian is that of the whole
/// law, weights and bias included. A constant below its own resolution,
/// $|\hat\theta_i| < \sqrt{12/I_{ii}}$, adds nothing to the sum but stays counted in $p$, as in the
/// program Operon; the authors of the method set it to zero instead. The smaller length is the better
/// law; lengths compare laws of one data set, and a difference of 1 is a factor of e in probability.
///
/// # References
///
/// Bartlett, Desmond and Ferreira 2023, arXiv 2304.06333.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DescriptionLength {
    /// Negative logarithm of the likelihood, of normal errors.
    pub misfit: f64,
    /// Nodes and fixed constants: $m \ln q + \sum_j \ln|c_j|$.
    pub structure: f64,
    /// Fitted constants: their values to the precision that the rows can tell.
    pub constants: f64,
}

impl DescriptionLength {
    /// The whole length.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.misfit + self.structure + self.constants
    }

    /// The length of an expression, `fitted[k]` saying whether its constant `k` (in postfix order) was
    /// fitted to the rows of `data`.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if there is not one mark a constant; [`Error::InvalidParameter`] for
    /// a noise that is not positive; [`Error::UnknownColumn`]; [`Error::VariableOutOfRange`];
    /// [`Error::InvalidModel`] where the expression is not finite on a row.
    pub fn of<S: AsRef<str>>(
        expression: &Expression,
        fitted: &[bool],
        names: &[S],
        data: &Data,
        noise: Noise,
    ) -> Result<Self> {
        if fitted.len() != expression.constant_count() {
            return Err(Error::CountMismatch {
                what: "marks of constants",
                expected: expression.constant_count(),
                found: fitted.len(),
            });
        }
        let columns = columns_of(expression, names, data)?;
        check_finite(expression, names, &columns, data.n_rows())?;
        let n = data.n_rows() as f64;
        let mut fit = Refit::of_data(&columns, data);
        let sse = fit.sse(expression).unwrap_or(f64::INFINITY);
        let variance = match noise {
            Noise::Estimated => floored_sse(sse, data.target()) / n,
            Noise::Known(sigma) if sigma > 0.0 && sigma.is_finite() => sigma * sigma,
            Noise::Known(sigma) => {
                return Err(Error::InvalidParameter {
                    name: "noise",
                    requirement: "positive and finite",
                    found: sigma.to_string(),
                });
            }
        };
        let misfit = 0.5 * n * libm::log(std::f64::consts::TAU * variance)
            + 0.5 * floored_sse(sse, data.target()) / variance;
        let values: Vec<f64> = expression.constants().collect();
        let structure = structure_length(expression, fitted)
            + values
                .iter()
                .zip(fitted)
                .filter(|(c, f)| !**f && **c != 0.0)
                .map(|(c, _)| libm::log(c.abs()))
                .sum::<f64>();
        let jacobian = fit.jacobian(expression);
        let mut constants = 0.0;
        for ((value, column), _) in values
            .iter()
            .zip(jacobian.iter())
            .zip(fitted)
            .filter(|(_, f)| **f)
        {
            let information = dot(column, column) / variance;
            // Below its resolution a constant need not be told; NaN and zero count as below.
            if information > 0.0 && value.abs() >= (12.0 / information).sqrt() {
                constants += 0.5 * libm::log(information) + libm::log(value.abs());
            }
        }
        let p = fitted.iter().filter(|f| **f).count() as f64;
        constants -= 0.5 * p * libm::log(3.0);
        Ok(Self {
            misfit,
            structure,
            constants,
        })
    }
}

/// $m \ln q$: nodes times the logarithm of the number of different ones, where all fitted constants
/// are of one kind and all others of one more.
fn structure_length(expression: &Expression, fitted: &[bool]) -> f64 {
    let mut kinds = BTreeSet::new();
    let mut marks = fitted.iter();
    for token in expression.tokens() {
        kinds.insert(match *token {
            Token::Variable(v) => (0, u32::from(v)),
            Token::Apply(op) => (1, op.code()),
            Token::Constant(_) => (2, u32::from(marks.next().copied().unwrap_or(true))),
        });
    }
    expression.node_count() as f64 * libm::log(kinds.len() as f64)
}

impl Expression {
    /// $m \ln q$ with all constants fitted.
    pub(crate) fn structure_length(&self) -> f64 {
        structure_length(self, &[])
    }
}

impl Model {
    /// The description length of this law and the rows of `data`, all of its constants fitted.
    ///
    /// # Errors
    ///
    /// As [`DescriptionLength::of`].
    pub fn description_length(&self, data: &Data, noise: Noise) -> Result<DescriptionLength> {
        let expression = self.expression();
        let fitted = vec![true; expression.constant_count()];
        DescriptionLength::of(&expression, &fitted, self.names(), data, noise)
    }
}

impl ParetoFront {
    /// The models by rising description length. Values and differences are twice the length, so
    /// that they are on the scale of AIC and BIC: a difference of 2 is a tie, and weights are
    /// probabilities.
    ///
    /// # Errors
    ///
    /// As [`DescriptionLength::of`].
    pub fn ranking_by_description_length(
        &self,
        data: &Data,
        noise: Noise,
    ) -> Result<Vec<RankedModel<'_>>> {
        let mut entries = Vec::with_capacity(self.models().len());
        for (index, model) in self.models().iter().enumerate() {
            let length = model.description_length(data, noise)?;
            entries.push((index, model, 2.0 * length.total()));
        }
        Ok(rank(entries))
    }

    /// The law of least description length, the one to take unless something else is known: a search among
    /// many structures fits noise, and an information criterion that counts constants alone does not pay
    /// for that. `None` for an empty front.
    ///
    /// # Errors
    ///
    /// As [`DescriptionLength::of`].
    pub fn shortest(&self, data: &Data) -> Result<Option<&Model>> {
        let ranking = self.ranking_by_description_length(data, Noise::of(data))?;
        Ok(ranking.first().map(|ranked| ranked.model))
    }

    /// The laws of the front that the rows support: each has a shorter description than every simpler one.
    /// What is left out fits the rows better than a simpler law, but by no more than the choice among so many
    /// structures explains.
    ///
    /// # Errors
    ///
    /// As [`DescriptionLength::of`].
    pub fn supported(&self, data: &Data) -> Result<Self> {
        let kept = self.supported_indices(data)?;
        Ok(Self::from_models(
            kept.into_iter().map(|i| self.models()[i].clone()).collect(),
        ))
    }

    /// Places of the [`supported`](Self::supported) laws.
    pub(crate) fn supported_indices(&self, data: &Data) -> Result<Vec<usize>> {
        let mut shortest = f64::INFINITY;
        let mut kept = Vec::new();
        for (index, model) in self.models().iter().enumerate() {
            let length = model.description_length(data, Noise::of(data))?.total();
            if length < shortest {
                shortest = length;
                kept.push(index);
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConstantFit;
    use approx::assert_relative_eq;

    fn rows(scale: f64) -> Result<Data> {
        let x: Vec<f64> = (0..40).map(|i| 0.1 * f64::from(i)).collect();
        let y = x
            .iter()
            .enumerate()
            .map(|(i, v)| {
                scale * (2.0 + 3.0 * (-0.8 * v).exp() + 0.02 * ((i * 7 % 11) as f64 / 11.0 - 0.5))
            })
            .collect();
        Data::from_columns([("x", x)], ("y", y))
    }

    /// With a known noise, scaling the law by a shifts the length by ln a for each constant: the
    /// weights by their size, the inner constants by their information. This fails when the Jacobian
    /// leaves out the weight of the gene.
    #[test]
    fn scaling_the_law_shifts_the_length_by_a_logarithm_for_each_constant() -> Result<()> {
        let factor = 100.0;
        let length = |scale: f64| -> Result<DescriptionLength> {
            let data = rows(scale)?;
            let gene = Expression::parse("exp(-0.7*x)", &["x"])?;
            let model = ConstantFit::new().fit(&[gene], &data)?;
            assert_eq!(model.fitted_constants(), 3);
            model.description_length(&data, Noise::Known(0.01))
        };
        let (one, other) = (length(1.0)?, length(factor)?);
        assert_relative_eq!(
            other.constants - one.constants,
            3.0 * factor.ln(),
            max_relative = 1e-6
        );
        assert_relative_eq!(other.structure, one.structure);
        Ok(())
    }

    /// With an estimated noise the unit of the target does not matter but for n ln a.
    #[test]
    fn the_unit_of_the_target_shifts_all_laws_alike() -> Result<()> {
        for text in ["exp(-0.7*x)", "x"] {
            let length = |scale: f64| -> Result<f64> {
                let data = rows(scale)?;
                let model = ConstantFit::new().fit(&[Expression::parse(text, &["x"])?], &data)?;
                Ok(model.description_length(&data, Noise::Estimated)?.total())
            };
            assert_relative_eq!(
                length(1000.0)? - length(1.0)?,
                40.0 * 1000_f64.ln(),
                max_relative = 1e-6
            );
        }
        Ok(())
    }

    /// By hand: y = 2x on x = 1..4 with residuals ±0.1, sigma = 0.1: nodes 2, x, * of 3 kinds.
    #[test]
    fn agrees_with_a_length_computed_by_hand() -> Result<()> {
        let data = Data::from_columns(
            [("x", vec![1.0, 2.0, 3.0, 4.0])],
            ("y", vec![2.1, 3.9, 6.1, 7.9]),
        )?;
        let law = Expression::parse("2*x", &["x"])?;
        let found = DescriptionLength::of(&law, &[true], &["x"], &data, Noise::Known(0.1))?;
        // 2 ln(2 pi 0.01) + 0.04/0.02; 3 ln 3; (1/2) ln(30/0.01) + ln 2 - (1/2) ln 3.
        let tau = std::f64::consts::TAU;
        assert_relative_eq!(
            found.misfit,
            2.0 * (tau * 0.01).ln() + 2.0,
            max_relative = 1e-9
        );
        assert_relative_eq!(found.structure, 3.0 * 3_f64.ln(), max_relative = 1e-12);
        assert_relative_eq!(
            found.constants,
            0.5 * 3000_f64.ln() + 2_f64.ln() - 0.5 * 3_f64.ln(),
            max_relative = 1e-12
        );
        // A constant that was not fitted costs its logarithm, and no precision.
        let fixed = DescriptionLength::of(&law, &[false], &["x"], &data, Noise::Known(0.1))?;
        assert_relative_eq!(
            fixed.structure,
            3.0 * 3_f64.ln() + 2_f64.ln(),
            max_relative = 1e-12
        );
        assert_relative_eq!(fixed.constants, 0.0);
        assert!(DescriptionLength::of(&law, &[], &["x"], &data, Noise::Estimated).is_err());
        assert!(DescriptionLength::of(&law, &[true], &["x"], &data, Noise::Known(0.0)).is_err());
        Ok(())
    }

    #[test]
    fn prefers_the_law_that_made_the_rows() -> Result<()> {
        let data = rows(1.0)?;
        let mut models = Vec::new();
        for gene in ["exp(-0.7*x)", "x", "x^1.3/(x+2)+erf(0.3*x)*x"] {
            models.push(ConstantFit::new().fit(&[Expression::parse(gene, &["x"])?], &data)?);
        }
        let front = ParetoFront::from_models(models);
        let ranking = front.ranking_by_description_length(&data, Noise::Estimated)?;
        assert!(ranking[0].model.to_infix().contains("exp"), "{ranking:?}");
        Ok(())
    }
}
