//! How many independent runs come to the same law.

use crate::{Criterion, Data, Equivalence, Error, Model, ParetoFront, Penalty, Result};
use crate::{Noise, SearchResult};

/// Share by which the range of each input is widened for the comparison.
const WIDENED: f64 = 0.25;
/// Largest relative difference of two fits of one structure, by default.
const TOLERANCE: f64 = 1e-6;

/// A rule that picks one law of a front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Choice {
    /// The least value of an information criterion.
    Criterion(Criterion, Penalty),
    /// The least description length ([`ParetoFront::shortest`]).
    DescriptionLength,
    /// The knee in complexity and ln RMSE ([`ParetoFront::knee`]).
    Knee,
    /// The knee among the laws that the rows support ([`ParetoFront::supported_knee`]).
    SupportedKnee,
}

impl Choice {
    /// AIC, AICc and BIC on the fitted constants, the extended BIC, description length, and the knees of the front and of its
    /// supported laws.
    pub const ALL: [Self; 7] = [
        Self::Criterion(Criterion::Aic, Penalty::FittedConstants),
        Self::Criterion(Criterion::Aicc, Penalty::FittedConstants),
        Self::Criterion(Criterion::Bic, Penalty::FittedConstants),
        Self::Criterion(Criterion::Bic, Penalty::ConstantsAndStructure),
        Self::DescriptionLength,
        Self::Knee,
        Self::SupportedKnee,
    ];

    /// A short name for a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Criterion(Criterion::Aic, Penalty::FittedConstants) => "AIC",
            Self::Criterion(Criterion::Aicc, Penalty::FittedConstants) => "AICc",
            Self::Criterion(Criterion::Bic, Penalty::FittedConstants) => "BIC",
            Self::Criterion(Criterion::Aic, Penalty::ExpressionalComplexity) => "AIC by complexity",
            Self::Criterion(Criterion::Aicc, Penalty::ExpressionalComplexity) => {
                "AICc by complexity"
            }
            Self::Criterion(Criterion::Bic, Penalty::ExpressionalComplexity) => "BIC by complexity",
            Self::Criterion(Criterion::Aic, Penalty::ConstantsAndStructure) => "AIC with structure",
            Self::Criterion(Criterion::Aicc, Penalty::ConstantsAndStructure) => {
                "AICc with structure"
            }
            Self::Criterion(Criterion::Bic, Penalty::ConstantsAndStructure) => "extended BIC",
            Self::DescriptionLength => "description length",
            Self::Knee => "knee",
            Self::SupportedKnee => "supported knee",
        }
    }

    /// The law that the rule picks of `front`, fitted to the rows of `data`; `None` where the front is empty
    /// or has no knee.
    ///
    /// # Errors
    ///
    /// As [`ParetoFront::shortest`].
    pub fn of<'a>(self, front: &'a ParetoFront, data: &Data) -> Result<Option<&'a Model>> {
        Ok(match self {
            Self::Criterion(criterion, penalty) => front.best(criterion, penalty).map(|b| b.0),
            Self::DescriptionLength => front
                .ranking_by_description_length(data, Noise::of(data))?
                .first()
                .map(|ranked| ranked.model),
            Self::Knee => front.knee().map(|k| k.1),
            Self::SupportedKnee => front.supported_knee(data)?.map(|k| k.1),
        })
    }
}

/// What the runs of a search pick, each by itself, against what they pick together.
///
/// A run agrees when its own law and that of all runs together are one function: their values at 64 points
/// of the ranges of the rows, widened by a quarter, differ by at most the tolerance
/// ([`Expression::equivalence`](crate::Expression::equivalence)). No constant is fitted for the comparison. The tolerance,
/// 1e-6 by default, is wider than that of `equivalence`: two runs fit the same structure from different starts, and
/// a least-squares fit has its constants to about the square root of the rounding, 1e-8.
///
/// Agreement speaks of the search, not of the law: runs that share an enumeration share its laws and agree the more for
/// it, and all of them can agree on a wrong one.
///
/// # Examples
///
/// ```
/// use symreg::{Agreement, Choice, Data, SymbolicRegressor};
/// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
/// let y: Vec<f64> = x.iter().enumerate()
///     .map(|(i, v)| 2.0 / (1.0 + v) + 0.001 * f64::from(i as u32 * 7 % 11))
///     .collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let result = SymbolicRegressor::gan().max_genes(1).population_size(150).runs(3).seed(1).fit(&data)?;
/// for agreement in Agreement::of_all(&result, &data)? {
///     println!("{}: {} of {}", agreement.choice().name(), agreement.agreeing(), agreement.runs().len());
/// }
/// let knee = Agreement::of(&result, &data, Choice::Knee)?;
/// assert_eq!(knee.runs().len(), 3);
/// assert!(knee.share() > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Agreement {
    choice: Choice,
    law: Option<Model>,
    runs: Vec<bool>,
}

impl Agreement {
    /// The agreement of the runs of `result`, a search of `data`, on the law that a rule picks.
    ///
    /// # Errors
    ///
    /// As [`ParetoFront::shortest`].
    pub fn of(result: &SearchResult, data: &Data, choice: Choice) -> Result<Self> {
        Self::within(result, data, choice, TOLERANCE)
    }

    /// As [`of`](Self::of), with another tolerance.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a tolerance that is negative or not finite, and the errors of
    /// [`ParetoFront::shortest`].
    pub fn within(
        result: &SearchResult,
        data: &Data,
        choice: Choice,
        tolerance: f64,
    ) -> Result<Self> {
        if !(tolerance >= 0.0 && tolerance.is_finite()) {
            return Err(Error::InvalidParameter {
                name: "tolerance",
                requirement: "finite and not negative",
                found: tolerance.to_string(),
            });
        }
        let law = choice.of(result.front(), data)?.cloned();
        let sides = data.widened_ranges(WIDENED);
        let runs = result
            .runs()
            .iter()
            .map(|run| {
                let (Some(law), Some(own)) = (&law, choice.of(run.front(), data)?) else {
                    return Ok(false);
                };
                let found = law.expression().equivalence(&own.expression(), &sides)?;
                Ok(is_one_function(&found, tolerance))
            })
            .collect::<Result<_>>()?;
        Ok(Self { choice, law, runs })
    }

    /// The agreement by each rule of [`Choice::ALL`].
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn of_all(result: &SearchResult, data: &Data) -> Result<Vec<Self>> {
        let each = |choice: &Choice| Self::of(result, data, *choice);
        Choice::ALL.iter().map(each).collect()
    }

    /// The rule.
    #[must_use]
    pub fn choice(&self) -> Choice {
        self.choice
    }

    /// What the rule picks of the front of all runs together.
    #[must_use]
    pub fn law(&self) -> Option<&Model> {
        self.law.as_ref()
    }

    /// Of each run whether it picks that law by itself.
    #[must_use]
    pub fn runs(&self) -> &[bool] {
        &self.runs
    }

    /// How many runs do.
    #[must_use]
    pub fn agreeing(&self) -> usize {
        self.runs.iter().filter(|r| **r).count()
    }

    /// The share of the runs that do; 0 without runs.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.agreeing() as f64 / self.runs.len().max(1) as f64
    }
}

/// The test of [`Equivalence::holds`] with a tolerance of its own.
fn is_one_function(found: &Equivalence, tolerance: f64) -> bool {
    let limit = Equivalence {
        largest_difference: 0.0,
        ..*found
    };
    limit.holds() && found.largest_difference <= tolerance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataReport;
    use crate::search_result::{RunResult, StopReason};
    use crate::{ConstantFit, Expression};

    fn rows() -> Result<Data> {
        let x: Vec<f64> = (1..60).map(|i| 0.05 * f64::from(i)).collect();
        let y = x
            .iter()
            .enumerate()
            .map(|(i, v)| 5.0 - 4.0 * libm::exp(-v) + 0.01 * ((i * 7 % 11) as f64 - 5.0))
            .collect();
        Data::from_columns([("x", x)], ("y", y))
    }

    /// A search whose runs have these genes on their fronts.
    fn search(runs: &[&[&str]], data: &Data) -> Result<SearchResult> {
        let mut results = Vec::new();
        for genes in runs {
            let models: Result<Vec<Model>> = genes
                .iter()
                .map(|g| ConstantFit::new().fit(&[Expression::parse(g, &["x"])?], data))
                .collect();
            let front = ParetoFront::from_models(models?);
            let reason = StopReason::MaxGenerations;
            results.push(RunResult::new(front, Vec::new(), vec![1.0], 0, 1, reason));
        }
        let front = ParetoFront::merged(results.iter().map(RunResult::front));
        Ok(SearchResult::new(
            front,
            results,
            DataReport::default(),
            false,
        ))
    }

    #[test]
    fn one_function_in_three_writings_is_one_law() -> Result<()> {
        let data = rows()?;
        let result = search(
            &[
                &["x", "exp(-0.3*x)"],
                &["x", "exp(x/-2)"],
                // The same curve from another start and another side.
                &["1/exp(7*x)"],
                // Close to it on the rows, and another function.
                &["x", "tanh(0.6*x)"],
                &["x"],
            ],
            &data,
        )?;
        let found = Agreement::of(
            &result,
            &data,
            Choice::Criterion(Criterion::Bic, Penalty::FittedConstants),
        )?;
        assert_eq!(found.runs(), [true, true, true, false, false]);
        assert_eq!(found.agreeing(), 3);
        assert!((found.share() - 0.6).abs() < 1e-15);
        let law = found.law().expect("a law").expression();
        assert!((law.evaluate_row(&[0.0])? - 1.0).abs() < 0.05);
        Ok(())
    }

    #[test]
    fn each_rule_is_that_of_the_front() -> Result<()> {
        let data = rows()?;
        let genes = [
            "x",
            "square(x)*x",
            "exp(-0.3*x)",
            "exp(-0.3*x)*x",
            "exp(-0.9*x^1.1)*x^0.1",
        ];
        let result = search(&[&genes], &data)?;
        let front = result.front();
        let all = Agreement::of_all(&result, &data)?;
        assert_eq!(all.len(), 7);
        for agreement in &all {
            let expected = match agreement.choice() {
                Choice::Criterion(c, p) => front.best(c, p).map(|b| b.0),
                Choice::DescriptionLength => front.shortest(&data)?,
                Choice::Knee => front.knee().map(|k| k.1),
                Choice::SupportedKnee => front.supported_knee(&data)?.map(|k| k.1),
            };
            assert_eq!(agreement.law(), expected, "{}", agreement.choice().name());
            // One run is all runs.
            assert_eq!(agreement.agreeing(), usize::from(expected.is_some()));
        }
        Ok(())
    }

    #[test]
    fn no_law_is_no_agreement_and_a_bad_tolerance_an_error() -> Result<()> {
        let data = rows()?;
        let result = search(&[&["x"], &["x"]], &data)?;
        let knee = Agreement::of(&result, &data, Choice::Knee)?;
        assert_eq!((knee.law(), knee.agreeing()), (None, 0));
        assert!(knee.share().abs() < 1e-15);
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Agreement::within(&result, &data, Choice::Knee, bad).is_err());
        }
        Ok(())
    }
}
