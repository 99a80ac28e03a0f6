//! Fits the constants of what the screening found.

use std::collections::HashSet;

use super::vocabulary::Vocabulary;
use super::{Candidate, Material};
use crate::Data;
use crate::context::Context;
use crate::expression::{Expression, Token};
use crate::fitter::Fitter;
use crate::map_all::map_all;
use crate::neighborhood;
use crate::operator::Operator;
use crate::population::{Individual, skeleton};
use crate::selection::front_and_rest;

/// Steps of the fit to the screening rows, and to all rows.
const SCREENING_STEPS: usize = 15;
const FINAL_STEPS: usize = 60;
/// Relative decrease of the residual that ends either.
const TOLERANCE: f64 = 1e-9;

/// The best of the candidates, fitted to all rows, and how many fits were made.
pub(super) fn refine(
    candidates: Vec<Candidate>,
    material: &Material,
    context: Context,
) -> (Vec<Individual>, u64) {
    let Context { data, alphabet, .. } = context;
    let (screening, vocabulary) = (&material.data, &material.vocabulary);
    let mut seen = HashSet::new();
    let mut models: Vec<Vec<Expression>> = Vec::new();
    for candidate in candidates {
        for model in with_other_steps(candidate, vocabulary) {
            let genes = acceptable(model, context);
            if !genes.is_empty() && seen.insert(skeleton(&genes)) {
                models.push(genes);
            }
        }
    }
    let mut fits = models.len() as u64;
    let mut screened = fit_all(&models, screening, SCREENING_STEPS, context);
    // The best of them, changed in all small ways, and the best of that once more.
    for _ in 0..material.effort.rounds {
        let mut changed: Vec<Vec<Expression>> = Vec::new();
        for individual in promising(&screened, screening.n_rows(), material.effort.changed) {
            for model in neighborhood::neighbors(&individual.genes, alphabet) {
                let genes = acceptable(model, context);
                if !genes.is_empty() && seen.insert(skeleton(&genes)) {
                    changed.push(genes);
                }
            }
        }
        fits += changed.len() as u64;
        screened.extend(fit_all(&changed, screening, SCREENING_STEPS, context));
    }
    let chosen = finalists(&screened, material.effort.finalists);
    fits += chosen.len() as u64;
    let mut fitted = fit_all(&chosen, data, FINAL_STEPS, context);
    fitted.retain(|i| i.sse.is_finite());
    (fitted, fits)
}

/// The models of least description: misfit, constants and nodes.
fn promising(screened: &[Individual], rows: usize, count: usize) -> Vec<&Individual> {
    let length = |i: &Individual| {
        let (n, nodes): (f64, usize) = (
            rows as f64,
            i.genes.iter().map(Expression::node_count).sum(),
        );
        let constants: usize = i.genes.iter().map(|g| g.constant_count() + 1).sum();
        let misfit = 0.5 * n * libm::log(i.sse.max(f64::MIN_POSITIVE) / n);
        misfit + 0.5 * constants as f64 * libm::log(n) + 2.0 * nodes as f64
    };
    let mut order: Vec<(f64, usize)> = screened
        .iter()
        .enumerate()
        .filter(|(_, i)| i.sse.is_finite())
        .map(|(k, i)| (length(i), k))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order
        .into_iter()
        .take(count)
        .map(|(_, k)| &screened[k])
        .collect()
}

/// The candidate, and with tanh for erf where the search has both: the screening takes them for one.
fn with_other_steps(candidate: Candidate, vocabulary: &Vocabulary) -> Vec<Candidate> {
    let erf = Token::Apply(Operator::Erf);
    let holds = candidate.iter().any(|g| g.tokens().contains(&erf));
    if !holds || !vocabulary.has(Operator::Tanh) {
        return vec![candidate];
    }
    let other = candidate
        .iter()
        .map(|g| {
            let tokens = g
                .tokens()
                .iter()
                .map(|t| {
                    if *t == erf {
                        Token::Apply(Operator::Tanh)
                    } else {
                        *t
                    }
                })
                .collect();
            Expression::from_valid(tokens)
        })
        .collect();
    vec![candidate, other]
}

/// Canonical genes within the limits of the search; empty if one is not.
fn acceptable(genes: Vec<Expression>, context: Context) -> Vec<Expression> {
    let settings = context.settings;
    let mut out: Vec<Expression> = Vec::with_capacity(genes.len());
    let mut complexity = 0;
    for gene in genes {
        let Some(gene) = gene.canonical_gene() else {
            return Vec::new();
        };
        complexity += settings.measure.of(&gene);
        if gene.node_count() > settings.max_nodes || gene.depth() > settings.max_depth {
            return Vec::new();
        }
        if !out.contains(&gene) {
            out.push(gene);
        }
    }
    if complexity > settings.max_complexity {
        out.clear();
    }
    context.rules.admitted(out)
}

fn fit_all(
    models: &[Vec<Expression>],
    data: &Data,
    steps: usize,
    context: Context,
) -> Vec<Individual> {
    let settings = context.settings;
    let rows = data.n_rows();
    map_all(
        models,
        || {
            Fitter::new(data)
                .through_origin(context.rules.through_origin())
                .loss(&settings.loss)
        },
        |fitter, genes| {
            Individual::fitted(genes.clone(), rows, settings.measure, |genes| {
                let outcome = fitter.fit(genes, steps, TOLERANCE).ok();
                outcome.filter(|o| context.accepts(genes, o)).map(|o| o.sse)
            })
        },
    )
}

/// The front of the screened models, then those of least error.
fn finalists(screened: &[Individual], count: usize) -> Vec<Vec<Expression>> {
    let (mut order, by_error) = front_and_rest(screened);
    order.extend(by_error.into_iter().take(count));
    order.retain(|&i| screened[i].sse.is_finite());
    order
        .into_iter()
        .map(|i| screened[i].genes.clone())
        .collect()
}
