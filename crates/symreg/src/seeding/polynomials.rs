//! Polynomials of the inputs in each form of the target, by elimination from the complete one.

use super::sums::coefficients;
use super::targets::TargetForm;
use super::{Candidate, Material, gene};
use crate::expression::Token;
use crate::linear::Basis;
use crate::operator::Operator;

/// Most terms of the complete polynomial, and rows for each.
const MOST_TERMS: usize = 40;
const ROWS_PER_TERM: usize = 3;
/// Most terms of one that is kept.
const KEPT_TERMS: usize = 12;

pub(super) fn candidates(material: &Material) -> Vec<Candidate> {
    let data = &material.data;
    let most = MOST_TERMS.min(data.n_rows() / ROWS_PER_TERM);
    let exponents = complete(material.variables.len(), most);
    let vocabulary = &material.vocabulary;
    if exponents.is_empty() || !vocabulary.has(Operator::Mul) {
        return Vec::new();
    }
    let columns: Vec<&[f64]> = material
        .variables
        .iter()
        .map(|&v| data.columns()[usize::from(v)].as_slice())
        .collect();
    let terms: Vec<Vec<f64>> = exponents
        .iter()
        .map(|e| {
            (0..data.n_rows())
                .map(|row| {
                    columns
                        .iter()
                        .zip(e)
                        .map(|(c, e)| c[row].powi(*e))
                        .product()
                })
                .collect()
        })
        .collect();
    let tokens: Vec<Vec<Token>> = exponents
        .iter()
        .filter_map(|e| {
            let factors: Vec<(Vec<Token>, i32)> = material
                .variables
                .iter()
                .map(|&v| vec![Token::Variable(v)])
                .zip(e.iter().map(|e| 2 * e))
                .collect();
            vocabulary.power_product(&factors)
        })
        .collect();
    if tokens.len() != terms.len() {
        return Vec::new();
    }
    TargetForm::ALL
        .into_iter()
        .filter_map(|form| Some((form, form.apply(data, vocabulary)?)))
        .flat_map(|(form, (target, weights))| {
            eliminated(&target, &weights, &terms)
                .into_iter()
                .filter_map(|kept| {
                    let columns: Vec<&[f64]> = kept.iter().map(|&k| terms[k].as_slice()).collect();
                    let (constant, factors) = coefficients(&target, &weights, &columns)?;
                    let weighted: Vec<(f64, Vec<Token>)> = factors
                        .into_iter()
                        .zip(kept.iter().map(|&k| tokens[k].clone()))
                        .collect();
                    let sum = vocabulary.weighted_sum(constant, &weighted)?;
                    Some(vec![gene(form.inverse(sum, vocabulary)?)?])
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Exponents of all terms of the highest degree, at most 6, of which there are no more than `most`; none
/// below degree 2.
fn complete(variables: usize, most: usize) -> Vec<Vec<i32>> {
    let mut found = Vec::new();
    for degree in 2..=6 {
        let mut all = vec![vec![]];
        for _ in 0..variables {
            all = all
                .into_iter()
                .flat_map(|e: Vec<i32>| {
                    let left = degree - e.iter().sum::<i32>();
                    (0..=left).map(move |d| [e.as_slice(), &[d]].concat())
                })
                .collect();
            if all.len() > 10_000 {
                return found;
            }
        }
        all.retain(|e| e.iter().any(|d| *d > 0));
        if all.len() > most {
            break;
        }
        found = all;
    }
    found
}

/// Takes the term that explains least out of the complete polynomial, again and again; the sets of at most
/// [`KEPT_TERMS`] terms.
fn eliminated(target: &[f64], weights: &[f64], terms: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let weighted = |c: &[f64]| -> Vec<f64> { c.iter().zip(weights).map(|(c, w)| c * w).collect() };
    let columns: Vec<Vec<f64>> = terms.iter().map(|t| weighted(t)).collect();
    let y = weighted(target);
    let mut kept: Vec<usize> = (0..terms.len()).collect();
    let mut found = Vec::new();
    while kept.len() > 1 {
        let mut basis = Basis::empty(y.len());
        let mut independent = basis.push(weights);
        for &k in &kept {
            independent &= basis.push(&columns[k]);
        }
        if !independent {
            return found;
        }
        let components = basis.project_out(&mut y.clone());
        let solved = basis.coefficients(&components);
        // Without term k the sum of squares grows by its coefficient squared over the diagonal of the
        // inverse of the normal matrix. The constant is the first column, and stays.
        let growth = |k: usize| solved[k + 1] * solved[k + 1] / basis.inverse_diagonal(k + 1);
        let Some(least) = (0..kept.len()).min_by(|&a, &b| growth(a).total_cmp(&growth(b))) else {
            return found;
        };
        kept.remove(least);
        if kept.len() <= KEPT_TERMS {
            found.push(kept.clone());
        }
    }
    found
}
