//! Where a search starts beside chance and enumeration: guesses as text, and the models of an earlier search.

use crate::constraints::Rules;
use crate::expression::{Expression, Token, arguments, subtree_start};
use crate::operator::Operator;
use crate::population::Individual;
use crate::regressor::SymbolicRegressor;
use crate::{ConstantFit, Data, Error, ParetoFront, Result};

impl SymbolicRegressor {
    /// Laws that may be near the truth, as text in the names of the columns (default none).
    ///
    /// Their numbers are starting values and are fitted. A guess enters as one gene and, if it is a sum of at most
    /// `max_genes` terms, as these terms as well; it takes part in the first generation of every run and stands on the
    /// front if nothing is better. It may use functions that are not in the function set, but must keep to the limits
    /// of size. Each counts as one evaluation.
    ///
    /// [`fit`](Self::fit) fails with [`Error::Guess`] for a text that cannot be read (the cause gives the position), is
    /// too large, constant, or undefined on a row.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Data, SymbolicRegressor};
    /// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
    /// let y = x.iter().map(|x| 2.0 + 3.0 * (0.7 * x).sin() / x).collect();
    /// let data = Data::from_columns([("x", x)], ("y", y))?;
    /// let search = SymbolicRegressor::gan().population_size(20).max_generations(1).runs(1);
    /// let result = search.clone().guesses(["sin(0.5*x)/x"]).fit(&data)?;
    /// let law = result.front().models().last().ok_or("no law")?;
    /// assert_eq!(law.to_infix_rounded(3), "2+3*(sin(0.7*x)/x)");
    ///
    /// let error = search.guesses(["sin(x)/z"]).fit(&data).unwrap_err();
    /// assert_eq!(error.to_string(), "guess 0, `sin(x)/z`, cannot be used");
    /// let cause = std::error::Error::source(&error).ok_or("no cause")?;
    /// assert_eq!(cause.to_string(), "at byte 7: `z` is neither a variable nor a function");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn guesses<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.guesses = texts.into_iter().map(Into::into).collect();
        self
    }

    /// The models of an earlier front, to go on from (default none).
    ///
    /// Columns are found by name. Constants are fitted again from where they were, to the rows of the new search. A
    /// model that exceeds the limits of size or is not finite on these rows is passed over; a column that is missing is
    /// an [`Error::Guess`]. Each model counts as one evaluation.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Data, SymbolicRegressor};
    /// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
    /// let y = x.iter().map(|x| (x + 0.3 * (5.0 * x).cos()).exp()).collect();
    /// let data = Data::from_columns([("x", x)], ("y", y))?;
    /// let search = SymbolicRegressor::gan().population_size(40).max_generations(2).runs(1);
    /// let first = search.fit(&data)?;
    /// let second = search.seed(1).warm_start(first.front()).fit(&data)?;
    /// let least = |r: &symreg::SearchResult| r.front().models().last().map(|m| m.sse());
    /// assert!(least(&second) <= least(&first));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warm_start(mut self, front: &ParetoFront) -> Self {
        let text = |names: &[String], gene: &Expression| gene.to_infix(names).unwrap_or_default();
        self.warm_models = front
            .models()
            .iter()
            .map(|m| m.genes().iter().map(|g| text(m.names(), g)).collect())
            .collect();
        self
    }
}

/// Fitted guesses, then the models of the warm start.
pub(crate) fn individuals(
    settings: &SymbolicRegressor,
    data: &Data,
    rules: &Rules,
) -> Result<Vec<Individual>> {
    let mut out = Vec::new();
    for (index, text) in settings.guesses.iter().enumerate() {
        let found = guess(text, settings, data, rules).map_err(|source| Error::Guess {
            what: "guess",
            index,
            text: text.clone(),
            source: Box::new(source),
        })?;
        out.extend(found);
    }
    for (index, texts) in settings.warm_models.iter().enumerate() {
        let mut genes = Vec::with_capacity(texts.len());
        for text in texts {
            let gene = Expression::parse(text, data.names()).map_err(|source| Error::Guess {
                what: "model of the warm start",
                index,
                text: text.clone(),
                source: Box::new(source),
            })?;
            genes.extend(gene.canonical_gene());
        }
        if !genes.is_empty() && genes.len() <= settings.max_genes && fits_limits(&genes, settings) {
            out.extend(fitted(&genes, 1, settings, data, rules).ok());
        }
    }
    Ok(out)
}

fn guess(
    text: &str,
    settings: &SymbolicRegressor,
    data: &Data,
    rules: &Rules,
) -> Result<Vec<Individual>> {
    let law = Expression::parse(text, data.names())?;
    let whole = law.canonical_gene().ok_or(Error::ConstantModel {
        expression: text.to_owned(),
    })?;
    let mut terms: Vec<Expression> = Vec::new();
    for term in terms_of(law.tokens()) {
        match term.canonical_gene() {
            Some(gene) if !terms.contains(&gene) => terms.push(gene),
            _ => {}
        }
    }
    let mut models = vec![vec![whole.clone()]];
    if (2..=settings.max_genes).contains(&terms.len()) {
        models.push(terms);
    }
    models.retain(|genes| fits_limits(genes, settings));
    if models.is_empty() {
        return Err(Error::InvalidParameter {
            name: "guesses",
            requirement: "within max_nodes, max_depth and max_complexity",
            found: format!(
                "{} nodes, depth {}, complexity {}",
                whole.node_count(),
                whole.depth(),
                settings.measure.of(&whole)
            ),
        });
    }
    let mut problem = None;
    let mut out = Vec::new();
    for genes in models {
        match fitted(&genes, 11, settings, data, rules) {
            Ok(individual) => out.push(individual),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    match problem {
        Some(error) if out.is_empty() => Err(error),
        _ => Ok(out),
    }
}

fn fits_limits(genes: &[Expression], settings: &SymbolicRegressor) -> bool {
    let complexity: usize = genes.iter().map(|g| settings.measure.of(g)).sum();
    complexity <= settings.max_complexity
        && genes
            .iter()
            .all(|g| g.node_count() <= settings.max_nodes && g.depth() <= settings.max_depth)
}

fn fitted(
    genes: &[Expression],
    starts: usize,
    settings: &SymbolicRegressor,
    data: &Data,
    rules: &Rules,
) -> Result<Individual> {
    let refused = || Error::InvalidParameter {
        name: "guesses",
        requirement: "within the constraints",
        found: "a law that breaks one".to_owned(),
    };
    let genes = rules.admitted(genes.to_vec());
    if genes.is_empty() {
        return Err(refused());
    }
    let model = ConstantFit::new()
        .starts(starts)
        .through_origin(rules.through_origin())
        .loss(settings.loss.clone())
        .complexity_measure(settings.measure)
        .fit(&genes, data)?;
    if rules.has_proofs() && !rules.proves(&model.expression()) {
        return Err(refused());
    }
    Ok(Individual {
        complexity: model.complexity(),
        sse: 2.0 * model.loss(),
        genes: model.genes().to_vec(),
    })
}

/// The terms of a sum, from left to right; signs are left to the weights.
fn terms_of(tokens: &[Token]) -> Vec<Expression> {
    let mut out = Vec::new();
    let mut roots = vec![tokens.len() - 1];
    while let Some(root) = roots.pop() {
        let is_sum = matches!(tokens[root], Token::Apply(Operator::Add | Operator::Sub));
        if let (true, (Some(a), Some(b))) = (is_sum, arguments(tokens, root)) {
            roots.push(b);
            roots.push(a);
        } else {
            let start = subtree_start(tokens, root);
            out.push(Expression::from_valid(tokens[start..=root].to_vec()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_apart_from_left_to_right() -> Result<()> {
        let names = ["x", "y"];
        let law = Expression::parse("5-3*(x-y)+exp(x+1)-(y+x)", &names)?;
        let texts: Vec<String> = terms_of(law.tokens())
            .iter()
            .map(|t| t.to_infix(&names))
            .collect::<Result<_>>()?;
        assert_eq!(texts, ["5", "3*(x-y)", "exp(x+1)", "y", "x"]);
        Ok(())
    }
}
