//! Laws that are products: their logarithm is a sum, up to powers of the inputs.

use super::pieces::Piece;
use super::space::{Selection, Space};
use super::sums::coefficients;
use super::{Candidate, Material, gene};
use crate::expression::{Token, arguments};
use crate::kernel::loops::map;
use crate::operator::Operator;

/// Greatest departure of twice an exponent from a whole number.
const LOOSE: f64 = 0.3;
/// Pieces of each kind, and rates, that stand before all others.
const SIMPLE_PIECES: usize = 1_200;
const SIMPLE_RATES: usize = 400;
/// Largest exponents, twice.
const LARGEST_HALVES: f64 = 12.0;

/// A factor of a product and what it adds to the logarithm.
struct Factor<'a> {
    tokens: &'a [Token],
    logarithms: Vec<f64>,
    /// `exp(c h)` adds `c h`: the logarithm is `h` itself, its coefficient a constant to fit.
    is_rate: bool,
    /// Whether the factor is negative on some row: then its square root is not defined there, or that of
    /// its negative is.
    is_negative: bool,
}

pub(super) fn candidates(material: &Material) -> Vec<Candidate> {
    let vocabulary = &material.vocabulary;
    let y = material.data.target();
    if !(vocabulary.has(Operator::Mul) && vocabulary.has(Operator::Div))
        || y.iter().any(|v| !v.is_normal())
    {
        return Vec::new();
    }
    let logarithm = |c: &[f64]| -> Option<Vec<f64>> {
        let sizes: Vec<f64> = c.iter().map(|v| v.abs()).collect();
        let logs = map(Operator::Log, &sizes);
        logs.iter().all(|v| v.is_finite()).then_some(logs)
    };
    let Some(target) = logarithm(y) else {
        return Vec::new();
    };
    let mut weights: Vec<f64> = y.iter().map(|v| v.abs()).collect();
    for (weight, root) in weights.iter_mut().zip(material.data.root_weights()) {
        *weight *= root;
    }
    let powers: Vec<(u16, Vec<f64>)> = material
        .variables
        .iter()
        .filter_map(|&v| Some((v, logarithm(&material.data.columns()[usize::from(v)])?)))
        .collect();
    let factors = factors(material, &logarithm);
    let mut out: Vec<Candidate> = power_law(material, &target, &weights, &powers)
        .into_iter()
        .collect();
    // With the inputs to any power, and with none.
    for powers in [powers.as_slice(), &[]] {
        let mut always = vec![vec![1.0; y.len()]];
        always.extend(powers.iter().map(|p| p.1.clone()));
        let Some(mut space) = Space::new(&target, &weights, &always) else {
            continue;
        };
        space.reserve(factors.len());
        for (index, factor) in factors.iter().enumerate() {
            space.push(&factor.logarithms, index);
        }
        let effort = &material.effort;
        let singles = space.singles(effort.pairs);
        let mut pairs = space.pairs(effort.paired / 2);
        pairs.truncate(effort.pairs);
        let mut starts: Vec<Selection> = pairs[..pairs.len().min(4)].to_vec();
        starts.extend_from_slice(&singles[..singles.len().min(2)]);
        let larger = space.extended(&starts, effort.extended, 4);
        out.extend(singles.iter().chain(&pairs).chain(&larger).filter_map(|s| {
            let chosen: Vec<&Factor<'_>> =
                s.atoms.iter().map(|&a| &factors[space.source(a)]).collect();
            product(material, &target, &weights, powers, &chosen)
        }));
    }
    out
}

/// The law of powers of the inputs alone.
fn power_law(
    material: &Material,
    target: &[f64],
    weights: &[f64],
    powers: &[(u16, Vec<f64>)],
) -> Option<Candidate> {
    product(material, target, weights, powers, &[])
}

fn factors<'a>(
    material: &'a Material,
    logarithm: &impl Fn(&[f64]) -> Option<Vec<f64>>,
) -> Vec<Factor<'a>> {
    let mut out = Vec::new();
    let rates = material.vocabulary.has(Operator::Exp);
    let logged = |tokens: &'a [Token], values: &[f64]| {
        logarithm(values).map(|logarithms| Factor {
            tokens,
            logarithms,
            is_rate: false,
            is_negative: values.iter().any(|v| *v < 0.0),
        })
    };
    let rate = |tokens: &'a [Token], values: &[f64]| Factor {
        tokens,
        logarithms: values.to_vec(),
        is_rate: true,
        is_negative: false,
    };
    // A product or a root is the sum of the logarithms of what it is made of.
    let pieces = |list: &'a [Piece]| list.iter().filter(|p| is_irreducible(p));
    // The simplest of every kind first: only the first of them are tried in pairs.
    let simple = |list: &'a [Piece]| pieces(list).take(SIMPLE_PIECES);
    let mut monomials = material
        .monomials
        .iter()
        .map(|m| rate(&m.tokens, &m.values));
    if rates {
        out.extend(monomials.by_ref().take(SIMPLE_RATES));
    }
    for piece in simple(&material.algebraic).chain(simple(&material.transcendental)) {
        out.extend(logged(&piece.tokens, &piece.values));
    }
    if rates {
        for term in &material.bumps {
            out.extend(logged(&term.tokens, &term.values));
        }
        let small = pieces(&material.algebraic).take(SIMPLE_RATES);
        out.extend(small.map(|p| rate(&p.tokens, &p.values)));
    }
    for list in [&material.algebraic, &material.transcendental] {
        for piece in pieces(list).skip(SIMPLE_PIECES) {
            out.extend(logged(&piece.tokens, &piece.values));
        }
    }
    if rates {
        out.extend(monomials);
    }
    for term in material.unshifted.iter().chain(&material.wrapped) {
        out.extend(logged(&term.tokens, &term.values));
    }
    out
}

/// The product of powers of the inputs and of `chosen`, exponents rounded to halves. `None` if they are
/// no halves.
fn product(
    material: &Material,
    target: &[f64],
    weights: &[f64],
    powers: &[(u16, Vec<f64>)],
    chosen: &[&Factor<'_>],
) -> Option<Candidate> {
    let columns: Vec<&[f64]> = powers
        .iter()
        .map(|p| p.1.as_slice())
        .chain(chosen.iter().map(|f| f.logarithms.as_slice()))
        .collect();
    let (_, exponents) = coefficients(target, weights, &columns)?;
    let vocabulary = &material.vocabulary;
    let mut factors: Vec<(Vec<Token>, i32)> = Vec::new();
    let mut rates: Vec<(f64, &[Token])> = Vec::new();
    for (k, &exponent) in exponents.iter().enumerate() {
        let (tokens, is_rate) = match k.checked_sub(powers.len()) {
            None => (vec![Token::Variable(powers[k].0)], false),
            Some(i) => {
                let factor = chosen[i];
                let odd = (2.0 * exponent).round().rem_euclid(2.0) > 0.5;
                let tokens = if odd && factor.is_negative {
                    reversed(factor.tokens)?
                } else {
                    factor.tokens.to_vec()
                };
                (tokens, factor.is_rate)
            }
        };
        if is_rate {
            rates.push((exponent, chosen[k - powers.len()].tokens));
            continue;
        }
        let halves = (2.0 * exponent).round();
        if (2.0 * exponent - halves).abs() > LOOSE || halves.abs() > LARGEST_HALVES {
            return None;
        }
        let halves = halves as i32;
        // Without a square root only whole exponents can be written.
        if halves % 2 != 0 && !vocabulary.has(Operator::Sqrt) {
            return None;
        }
        if halves != 0 {
            factors.push((tokens, halves));
        }
    }
    let mut rate: Option<Vec<Token>> = None;
    for (c, tokens) in rates {
        let scaled = vocabulary.binary(Operator::Mul, &[Token::Constant(c)], tokens)?;
        rate = Some(match rate {
            None => scaled,
            Some(r) => vocabulary.binary(Operator::Add, &r, &scaled)?,
        });
    }
    let exponential = match rate {
        Some(r) => Some(vocabulary.unary(Operator::Exp, &r)?),
        None => None,
    };
    let product = if factors.is_empty() {
        None
    } else {
        Some(vocabulary.power_product(&factors)?)
    };
    let whole = match (product, exponential) {
        (Some(p), Some(e)) => vocabulary.binary(Operator::Mul, &p, &e)?,
        (Some(p), None) => p,
        (None, Some(e)) => e,
        (None, None) => return None,
    };
    Some(vec![gene(whole)?])
}

/// Whether the logarithm of a piece is no sum of logarithms of simpler ones.
fn is_irreducible(piece: &Piece) -> bool {
    !matches!(
        piece.tokens.last(),
        None | Some(
            Token::Variable(_)
                | Token::Constant(_)
                | Token::Apply(
                    Operator::Mul
                        | Operator::Div
                        | Operator::Square
                        | Operator::Sqrt
                        | Operator::Exp
                        | Operator::Pow
                        | Operator::Abs
                )
        )
    )
}

/// `b - a` for `a - b`.
fn reversed(tokens: &[Token]) -> Option<Vec<Token>> {
    let root = tokens.len() - 1;
    if tokens[root] != Token::Apply(Operator::Sub) {
        return None;
    }
    let (first, _) = arguments(tokens, root);
    let end = first? + 1;
    Some([&tokens[end..root], &tokens[..end], &tokens[root..]].concat())
}
