//! Laws that are quotients of sums: $y (1 + \sum v_i h_i) = b + \sum w_i g_i$ is linear in its constants.

use super::space::Space;
use super::sums::coefficients;
use super::{Candidate, Material, gene};
use crate::expression::Token;
use crate::operator::Operator;

/// Most terms of both together.
const MOST_TERMS: usize = 6;

pub(super) fn candidates(material: &Material) -> Vec<Candidate> {
    let vocabulary = &material.vocabulary;
    if !vocabulary.has(Operator::Div) || !vocabulary.has(Operator::Mul) {
        return Vec::new();
    }
    let y = material.data.target();
    let ones = vec![1.0; y.len()];
    let mut weights = ones.clone();
    for (weight, root) in weights.iter_mut().zip(material.data.root_weights()) {
        *weight = root;
    }
    let Some(mut space) = Space::new(y, &weights, std::slice::from_ref(&ones)) else {
        return Vec::new();
    };
    let share = material.effort.paired / 24;
    let terms: Vec<(&[Token], &[f64])> = material
        .monomials
        .iter()
        .map(|m| (m.tokens.as_slice(), m.values.as_slice()))
        .take(share)
        .chain(
            material
                .algebraic
                .iter()
                .filter(|p| !p.is_monomial)
                .map(|p| (p.tokens.as_slice(), p.values.as_slice()))
                .take(share),
        )
        .collect();
    let products: Vec<Vec<f64>> = terms
        .iter()
        .map(|(_, h)| h.iter().zip(y).map(|(h, y)| h * y).collect())
        .collect();
    // Sources below the number of terms are of the numerator, the others of the denominator.
    let column = |source: usize| -> &[f64] {
        match source.checked_sub(terms.len()) {
            None => terms[source].1,
            Some(i) => &products[i],
        }
    };
    for source in 0..2 * terms.len() {
        space.push(column(source), source);
    }
    let mut pairs = space.pairs(space.len());
    pairs.truncate(60);
    let starts = pairs[..pairs.len().min(8)].to_vec();
    let larger = space.extended(&starts, space.len(), MOST_TERMS);
    pairs
        .iter()
        .chain(&larger)
        .filter_map(|selection| {
            let sources: Vec<usize> = selection.atoms.iter().map(|&a| space.source(a)).collect();
            if sources.iter().all(|s| *s < terms.len()) {
                return None;
            }
            let columns: Vec<&[f64]> = sources.iter().map(|&s| column(s)).collect();
            let (constant, factors) = coefficients(y, &weights, &columns)?;
            let mut above = Vec::new();
            let mut below = Vec::new();
            for (&source, factor) in sources.iter().zip(factors) {
                match source.checked_sub(terms.len()) {
                    None => above.push((factor, terms[source].0.to_vec())),
                    // From the right of the equation to the left.
                    Some(i) => below.push((-factor, terms[i].0.to_vec())),
                }
            }
            let denominator = vocabulary.weighted_sum(1.0, &below)?;
            // A numerator that is about constant, or has no constant, is written so.
            let size = above
                .iter()
                .zip(&columns)
                .map(|((w, _), c)| {
                    w.abs() * c.iter().map(|v| v.abs()).sum::<f64>() / c.len() as f64
                })
                .sum::<f64>();
            let numerator = if constant.abs() < 1e-6 * size {
                let (first, rest) = above.split_first()?;
                let mut sum = first.1.clone();
                for (w, term) in rest {
                    let scaled =
                        vocabulary.binary(Operator::Mul, &[Token::Constant(w / first.0)], term)?;
                    sum = vocabulary.binary(Operator::Add, &sum, &scaled)?;
                }
                sum
            } else {
                vocabulary.weighted_sum(constant, &above)?
            };
            let whole = vocabulary.binary(Operator::Div, &numerator, &denominator)?;
            Some(vec![gene(whole)?])
        })
        .collect()
}
