//! One structure for several targets.

use std::collections::HashSet;

use crate::constant::ConstantFit;
use crate::constraints::Rules;
use crate::front::pareto_front;
use crate::map_all::map_all;
use crate::population::skeleton;
use crate::regressor::SymbolicRegressor;
use crate::search_result::SearchResult;
use crate::{Criterion, Data, Error, Expression, Model, Penalty, Result};

/// Several laws of one structure: the same functions of the same columns, each with its own constants.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SharedLaw {
    models: Vec<Model>,
}

impl SharedLaw {
    /// The law of each output, in the order in which they were given.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Complexity of the structure, counted once.
    #[must_use]
    pub fn complexity(&self) -> usize {
        self.models.first().map_or(0, Model::complexity)
    }

    /// The criterion of all outputs together, whose errors are taken as independent: the sum of theirs, each with its own constants and
    /// noise. `None` if that of one is undefined.
    #[must_use]
    pub fn criterion(&self, criterion: Criterion) -> Option<f64> {
        let values = self
            .models
            .iter()
            .map(|m| criterion.of(m, Penalty::FittedConstants));
        values.sum()
    }

    /// Sum over the outputs of the share of the variance that is not explained.
    fn unexplained(&self) -> f64 {
        self.models.iter().map(|m| 1.0 - m.r2()).sum()
    }
}

/// Laws of one structure for several outputs, beside what each output would have alone.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SharedResult {
    front: Vec<SharedLaw>,
    separate: Vec<SearchResult>,
    n_structures: usize,
}

impl SharedResult {
    /// Laws that no other one is at least as simple as and better than, by rising complexity; the error is the sum over the
    /// outputs of $1 - R^2$.
    #[must_use]
    pub fn front(&self) -> &[SharedLaw] {
        &self.front
    }

    /// The law of least value of a criterion, the simpler of equals.
    #[must_use]
    pub fn best(&self, criterion: Criterion) -> Option<&SharedLaw> {
        let defined = self
            .front
            .iter()
            .filter_map(|law| Some((law, law.criterion(criterion)?)));
        defined
            .reduce(|a, b| if b.1 < a.1 { b } else { a })
            .map(|(law, _)| law)
    }

    /// The search of each output by itself.
    #[must_use]
    pub fn separate(&self) -> &[SearchResult] {
        &self.separate
    }

    /// By how much a criterion is larger with one structure for all than with the best structure of each output. Below zero: the
    /// rows support one structure even without its being counted once.
    #[must_use]
    pub fn cost_of_sharing(&self, criterion: Criterion) -> Option<f64> {
        let shared = self.best(criterion)?.criterion(criterion)?;
        let alone = self.separate.iter().map(|s| {
            let best = s.front().best(criterion, Penalty::FittedConstants)?;
            Some(best.1)
        });
        Some(shared - alone.sum::<Option<f64>>()?)
    }

    /// How many structures were fitted to all outputs.
    #[must_use]
    pub const fn n_structures(&self) -> usize {
        self.n_structures
    }
}

impl SymbolicRegressor {
    /// Laws of several outputs that share a structure, such as depth and width of one melt pool: the same functions of the same
    /// columns, with constants of their own.
    ///
    /// Each output is searched by itself; then every structure on any front of theirs is fitted to all outputs, from its own
    /// constants and from ten multiples of them. Constraints hold for the law of each output; with units, those of the target are
    /// asked of every output. One search after the other, and structures × outputs fits.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::CountMismatch`] without outputs; [`Error::UnknownColumn`] if an output has not the columns of
    /// the first, and [`Error::LengthMismatch`] if it has not its rows; [`Error::NoValidModel`] if no structure is a law of all.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Criterion, Data, Operator, SymbolicRegressor};
    /// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
    /// let of = |f: &dyn Fn(f64) -> f64| x.iter().map(|v| f(*v)).collect::<Vec<f64>>();
    /// let depth = Data::from_columns([("x", x.clone())], ("depth", of(&|x| 2.0 - 1.5 * (-0.8 * x).exp())))?;
    /// let width = Data::from_columns([("x", x.clone())], ("width", of(&|x| 1.0 - 0.3 * (-2.0 * x).exp())))?;
    /// let search = SymbolicRegressor::new().operators([Operator::Mul, Operator::Exp]).population_size(50).runs(1);
    /// let result = search.fit_outputs(&[depth, width])?;
    /// let law = result.best(Criterion::Bic).ok_or("no law")?;
    /// assert_eq!(law.models()[0].to_infix_rounded(3), "2-1.5*exp(-0.8*x)");
    /// assert_eq!(law.models()[1].to_infix_rounded(3), "1-0.3*exp(-2*x)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit_outputs(&self, outputs: &[Data]) -> Result<SharedResult> {
        let Some(first) = outputs.first() else {
            return Err(Error::CountMismatch {
                what: "outputs",
                expected: 1,
                found: 0,
            });
        };
        for output in outputs {
            if output.n_rows() != first.n_rows() {
                return Err(Error::LengthMismatch {
                    column: output.target_name().to_owned(),
                    expected: first.n_rows(),
                    found: output.n_rows(),
                });
            }
            for (a, b) in [(first, output), (output, first)] {
                for name in a.names() {
                    b.column(name)?;
                }
            }
        }
        let mut separate = Vec::with_capacity(outputs.len());
        for output in outputs {
            separate.push(self.fit(output)?);
        }
        let mut seen = HashSet::new();
        let mut structures: Vec<Vec<Expression>> = Vec::new();
        for model in separate.iter().flat_map(|s| s.front().models()) {
            let genes = renumbered(model, first.names());
            if seen.insert(skeleton(&genes)) {
                structures.push(genes);
            }
        }
        let rules: Vec<Rules> = outputs
            .iter()
            .map(|output| Rules::new(&self.constraints, output))
            .collect::<Result<_>>()?;
        let laws = map_all(
            &structures,
            || (),
            |(), genes| self.shared(genes, outputs, &rules, first.names()),
        );
        let laws: Vec<SharedLaw> = laws.into_iter().flatten().collect();
        let points: Vec<(usize, f64)> = laws
            .iter()
            .map(|l| (l.complexity(), l.unexplained().max(f64::MIN_POSITIVE)))
            .collect();
        let mut kept: Vec<usize> = pareto_front(&points);
        kept.sort_by_key(|&i| points[i].0);
        let front: Vec<SharedLaw> = kept.iter().map(|&i| laws[i].clone()).collect();
        if front.is_empty() {
            return Err(Error::NoValidModel {
                evaluations: structures.len() as u64,
                constraints: rules.first().map(Rules::kinds).unwrap_or_default(),
            });
        }
        Ok(SharedResult {
            front,
            separate,
            n_structures: structures.len(),
        })
    }

    /// One structure, whose columns have the order of `names`, fitted to each output; `None` if it is no law of one of them.
    fn shared(
        &self,
        genes: &[Expression],
        outputs: &[Data],
        rules: &[Rules],
        names: &[String],
    ) -> Option<SharedLaw> {
        let mut models = Vec::with_capacity(outputs.len());
        for (output, rules) in outputs.iter().zip(rules) {
            let fit = ConstantFit::new()
                .through_origin(rules.through_origin())
                .loss(self.loss.clone())
                .complexity_measure(self.measure);
            let own: Option<Vec<Expression>> = genes
                .iter()
                .map(|gene| reordered(gene, names, output.names()))
                .collect();
            let model = fit.fit(&own?, output).ok()?;
            if !rules.keeps(&model) {
                return None;
            }
            // A gene that another one stands for on these rows is left out: the structure is another.
            if model.genes().len() != genes.len() {
                return None;
            }
            models.push(model);
        }
        Some(SharedLaw { models })
    }
}

/// The genes of a model with columns in the order of `names`.
fn renumbered(model: &Model, names: &[String]) -> Vec<Expression> {
    let genes = model.genes().iter();
    genes
        .filter_map(|gene| reordered(gene, model.names(), names))
        .collect()
}

/// The expression with the columns that stand in the order of `from` in the order of `to`.
fn reordered(gene: &Expression, from: &[String], to: &[String]) -> Option<Expression> {
    use crate::expression::Token;
    let mut tokens = gene.tokens().to_vec();
    for token in &mut tokens {
        if let Token::Variable(v) = token {
            let name = from.get(usize::from(*v))?;
            *v = to.iter().position(|n| n == name)? as u16;
        }
    }
    Some(Expression::from_valid(tokens))
}
