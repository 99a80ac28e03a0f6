//! Laws that are sums of terms in some form of the target.

use super::pieces::Piece;
use super::space::{Selection, Space};
use super::targets::TargetForm;
use super::{Candidate, Material, gene, polynomials};
use crate::expression::Token;
use crate::linear::{Basis, dot};

/// Forms in which longer sums are sought: those whose short sums explain most.
const LONG_FORMS: usize = 2;

/// One form of the target with all terms in it.
struct Form {
    of: TargetForm,
    target: Vec<f64>,
    space: Space,
    found: Vec<Selection>,
}

pub(super) fn candidates(material: &Material, max_genes: usize) -> Vec<Candidate> {
    let terms = terms(material);
    let mut forms: Vec<Form> = TargetForm::ALL
        .into_iter()
        .filter_map(|form| screened(form, material, &terms))
        .collect();
    // The forms whose short sums explain most, in order.
    let mut order: Vec<usize> = (0..forms.len()).collect();
    let reach = |f: &Form| f.found.iter().map(|s| s.r2).fold(0.0, f64::max);
    order.sort_by(|&a, &b| {
        reach(&forms[b])
            .total_cmp(&reach(&forms[a]))
            .then(a.cmp(&b))
    });
    for &index in order.iter().take(LONG_FORMS) {
        let form = &mut forms[index];
        let mut starts = form.found.clone();
        starts.sort_by(|a, b| b.r2.total_cmp(&a.r2).then(a.atoms.cmp(&b.atoms)));
        starts.truncate(1);
        let pairs = form.found.iter().filter(|s| s.atoms.len() == 2);
        starts.extend(pairs.take(3).cloned());
        let longer = form.space.extended(
            &starts,
            material.effort.extended,
            material.effort.most_terms,
        );
        form.found.extend(longer);
    }
    let polynomials = polynomials::candidates(material);
    forms
        .iter()
        .flat_map(|form| {
            form.found
                .iter()
                .filter_map(|selection| written(form, selection, &terms, material, max_genes))
                .collect::<Vec<_>>()
        })
        .chain(polynomials)
        .collect()
}

/// The best single terms and pairs of a form, and sums of up to four terms from the best of them.
fn screened(
    form: TargetForm,
    material: &Material,
    terms: &[(&[Token], &[f64], usize)],
) -> Option<Form> {
    let effort = &material.effort;
    let (target, weights) = form.apply(&material.data, &material.vocabulary)?;
    let mut space = Space::new(&target, &weights, &[vec![1.0; target.len()]])?;
    space.reserve(terms.len());
    for (index, (_, values, _)) in terms.iter().enumerate() {
        space.push(values, index);
    }
    let (paired, pairs) = if form == TargetForm::Identity {
        (effort.paired, 2 * effort.pairs)
    } else {
        (effort.paired_forms, effort.pairs)
    };
    let singles = distinct(
        &space,
        space.singles(10 * effort.singles),
        terms,
        effort.singles,
    );
    let pairs = distinct(&space, space.pairs(paired), terms, pairs);
    let mut starts: Vec<Selection> = pairs.iter().take(1).cloned().collect();
    starts.extend(singles.iter().take(effort.starts).cloned());
    // none at all where no term varies on the rows that are looked at
    let (first, others) = starts.split_at(starts.len().min(1));
    let mut longer = space.extended(first, effort.extended, effort.most_terms);
    longer.extend(space.extended(others, effort.extended, 4));
    let found = pairs.into_iter().chain(singles).chain(longer).collect();
    Some(Form {
        of: form,
        target,
        space,
        found,
    })
}

/// A selection of terms as the genes of a model.
fn written(
    form: &Form,
    selection: &Selection,
    terms: &[(&[Token], &[f64], usize)],
    material: &Material,
    max_genes: usize,
) -> Option<Candidate> {
    let chosen: Vec<(&[Token], &[f64], usize)> = selection
        .atoms
        .iter()
        .map(|&a| terms[form.space.source(a)])
        .collect();
    if form.of == TargetForm::Identity && chosen.len() <= max_genes {
        return chosen.iter().map(|(t, ..)| gene(t.to_vec())).collect();
    }
    let columns: Vec<&[f64]> = chosen.iter().map(|(_, values, _)| *values).collect();
    let (constant, factors) = coefficients(&form.target, form.space.weights(), &columns)?;
    let weighted: Vec<(f64, Vec<Token>)> = factors
        .into_iter()
        .zip(&chosen)
        .map(|(w, (t, ..))| (w, t.to_vec()))
        .collect();
    let sum = material.vocabulary.weighted_sum(constant, &weighted)?;
    let whole = form.of.inverse(sum, &material.vocabulary)?;
    Some(vec![gene(whole)?])
}

/// Tokens, values and family of every term, the simplest first.
fn terms(material: &Material) -> Vec<(&[Token], &[f64], usize)> {
    // Families of the wrapped terms are counted from 0; every other term is a family of its own.
    let gridded = material.wrapped.iter().chain(&material.bumps);
    let mut family = gridded.map(|t| t.family + 1).max().unwrap_or(0);
    let mut own = || {
        family += 1;
        family
    };
    let mut monomials = material
        .monomials
        .iter()
        .map(|m| (m.tokens.as_slice(), m.values.as_slice()));
    let piece = |p: &'_ Piece| !p.is_monomial;
    let mut algebraic = material
        .algebraic
        .iter()
        .filter(|p| piece(p))
        .map(|p| (p.tokens.as_slice(), p.values.as_slice()));
    let mut transcendental = material
        .transcendental
        .iter()
        .map(|p| (p.tokens.as_slice(), p.values.as_slice()));
    let modulated = material
        .modulated
        .iter()
        .map(|t| (t.tokens.as_slice(), t.values.as_slice()));
    let mut all: Vec<(&[Token], &[f64], usize)> = Vec::new();
    all.extend(monomials.by_ref().take(300).map(|(t, v)| (t, v, own())));
    let bumps = material.bumps.iter();
    all.extend(bumps.map(|t| (t.tokens.as_slice(), t.values.as_slice(), t.family)));
    all.extend(algebraic.by_ref().take(400).map(|(t, v)| (t, v, own())));
    all.extend(
        transcendental
            .by_ref()
            .take(300)
            .map(|(t, v)| (t, v, own())),
    );
    let mut wrapped = material
        .wrapped
        .iter()
        .map(|t| (t.tokens.as_slice(), t.values.as_slice(), t.family));
    all.extend(wrapped.by_ref().take(2_600));
    all.extend(modulated.map(|(t, v)| (t, v, own())));
    let composed = material
        .composed
        .iter()
        .map(|t| (t.tokens.as_slice(), t.values.as_slice()));
    all.extend(composed.map(|(t, v)| (t, v, own())));
    all.extend(wrapped);
    all.extend(monomials.map(|(t, v)| (t, v, own())));
    all.extend(algebraic.map(|(t, v)| (t, v, own())));
    all.extend(transcendental.map(|(t, v)| (t, v, own())));
    all
}

/// The best selection of each set of families, at most `count`.
fn distinct(
    space: &Space,
    selections: Vec<Selection>,
    terms: &[(&[Token], &[f64], usize)],
    count: usize,
) -> Vec<Selection> {
    let mut seen = std::collections::HashSet::new();
    selections
        .into_iter()
        .filter(|s| {
            let mut families: Vec<usize> =
                s.atoms.iter().map(|&a| terms[space.source(a)].2).collect();
            families.sort_unstable();
            seen.insert(families)
        })
        .take(count)
        .collect()
}

/// Constant and factors of the weighted least-squares fit.
pub(super) fn coefficients(
    target: &[f64],
    weights: &[f64],
    columns: &[&[f64]],
) -> Option<(f64, Vec<f64>)> {
    let weighted = |c: &[f64]| -> Vec<f64> { c.iter().zip(weights).map(|(c, w)| c * w).collect() };
    let mut basis = Basis::empty(target.len());
    let mut fine = basis.push(weights);
    for column in columns {
        fine &= basis.push(&weighted(column));
    }
    if !fine {
        return None;
    }
    let mut rest = weighted(target);
    let components = basis.project_out(&mut rest);
    let solved = basis.coefficients(&components);
    let finite = solved.iter().all(|c| c.is_finite()) && dot(&rest, &rest).is_finite();
    finite.then(|| (solved[0], solved[1..].to_vec()))
}
