//! Crossover and mutation.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::complexity::depth;
use crate::expression::{Expression, Token, arguments, subtree_start};
use crate::operator::Operator;
use crate::population::{Alphabet, pick};

/// A node of `tokens`: an operator with probability 0.9 if there is one (Koza's rule).
fn any_node(tokens: &[Token], rng: &mut ChaCha8Rng) -> usize {
    let operators: Vec<usize> = (0..tokens.len())
        .filter(|&i| tokens[i].arity() > 0)
        .collect();
    if !operators.is_empty() && rng.random_bool(0.9) {
        pick(rng, &operators)
    } else {
        rng.random_range(0..tokens.len())
    }
}

/// `tokens` with the subtree at `root` replaced.
fn splice(tokens: &[Token], root: usize, replacement: &[Token]) -> Vec<Token> {
    let start = subtree_start(tokens, root);
    let mut out = Vec::with_capacity(tokens.len() + replacement.len());
    out.extend_from_slice(&tokens[..start]);
    out.extend_from_slice(replacement);
    out.extend_from_slice(&tokens[root + 1..]);
    out
}

/// The child if it keeps to the limits of size, else the parent.
fn limited(child: Vec<Token>, parent: &Expression, alphabet: &Alphabet) -> Expression {
    if child.len() <= alphabet.max_nodes && depth(&child) <= alphabet.max_depth {
        Expression::from_valid(child)
    } else {
        parent.clone()
    }
}

/// Subtree crossover: a random subtree of `a` is replaced by a copy of one of `b`.
pub(crate) fn cross_genes(
    a: &Expression,
    b: &Expression,
    alphabet: &Alphabet,
    rng: &mut ChaCha8Rng,
) -> Expression {
    let (into, from) = (any_node(a.tokens(), rng), any_node(b.tokens(), rng));
    let donor = &b.tokens()[subtree_start(b.tokens(), from)..=from];
    limited(splice(a.tokens(), into, donor), a, alphabet)
}

/// High-level crossover: each gene of either parent goes to the child with probability `rate`,
/// at least one and at most `max_genes`.
pub(crate) fn cross_models(
    a: &[Expression],
    b: &[Expression],
    rate: f64,
    max_genes: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<Expression> {
    let mut child: Vec<Expression> = a
        .iter()
        .chain(b)
        .filter(|_| rng.random_bool(rate))
        .cloned()
        .collect();
    if child.is_empty() {
        child.push(a[rng.random_range(0..a.len())].clone());
    }
    while child.len() > max_genes {
        child.remove(rng.random_range(0..child.len()));
    }
    child
}

/// One of seven mutations, chosen at random: a new subtree (probability 0.35); an operator
/// exchanged for another of its arity (0.1); a leaf exchanged (0.1); a constant moved (0.1); a
/// subtree wrapped in an operator, its other argument a leaf (0.2); an operator replaced by one
/// of its arguments (0.1); a subtree made the whole gene (0.05).
pub(crate) fn mutate(gene: &Expression, alphabet: &Alphabet, rng: &mut ChaCha8Rng) -> Expression {
    let tokens = gene.tokens();
    let node = any_node(tokens, rng);
    let draw: f64 = rng.random();
    let child = if draw < 0.35 {
        let below = alphabet.max_depth.min(3);
        let depth = rng.random_range(0..=below);
        let subtree = alphabet.grow(rng, depth, false);
        splice(tokens, node, subtree.tokens())
    } else if draw < 0.45 {
        exchange_operator(tokens, node, alphabet, rng)
    } else if draw < 0.55 {
        let leaves: Vec<usize> = (0..tokens.len())
            .filter(|&i| tokens[i].arity() == 0)
            .collect();
        let leaf = pick(rng, &leaves);
        splice(tokens, leaf, &[alphabet.leaf(rng)])
    } else if draw < 0.65 {
        move_constant(tokens, alphabet, rng)
    } else if draw < 0.85 {
        wrap(tokens, node, alphabet, rng)
    } else if draw < 0.95 {
        let (a, b) = arguments(tokens, node);
        let kept = match (a, b) {
            (Some(a), Some(b)) => Some(if rng.random_bool(0.5) { a } else { b }),
            (a, _) => a,
        };
        match kept {
            Some(k) => splice(tokens, node, &tokens[subtree_start(tokens, k)..=k]),
            None => tokens.to_vec(),
        }
    } else {
        tokens[subtree_start(tokens, node)..=node].to_vec()
    };
    limited(child, gene, alphabet)
}

fn exchange_operator(
    tokens: &[Token],
    node: usize,
    alphabet: &Alphabet,
    rng: &mut ChaCha8Rng,
) -> Vec<Token> {
    let mut child = tokens.to_vec();
    let choices: &[Operator] = match tokens[node].arity() {
        1 => &alphabet.unary,
        2 => &alphabet.binary,
        _ => &[],
    };
    if !choices.is_empty() {
        child[node] = Token::Apply(pick(rng, choices));
    }
    child
}

/// Multiplies a constant by a factor between 1/4 and 4 or changes its sign; without a constant,
/// makes one of a leaf.
fn move_constant(tokens: &[Token], alphabet: &Alphabet, rng: &mut ChaCha8Rng) -> Vec<Token> {
    let mut child = tokens.to_vec();
    let constants: Vec<usize> = (0..tokens.len())
        .filter(|&i| matches!(tokens[i], Token::Constant(_)))
        .collect();
    if constants.is_empty() {
        let leaves: Vec<usize> = (0..tokens.len())
            .filter(|&i| tokens[i].arity() == 0)
            .collect();
        child[pick(rng, &leaves)] = Token::Constant(alphabet.constant(rng));
        return child;
    }
    let at = pick(rng, &constants);
    if let Token::Constant(c) = &mut child[at] {
        let factor = libm::exp2(4.0 * rng.random::<f64>() - 2.0);
        *c *= if rng.random_bool(0.2) {
            -factor
        } else {
            factor
        };
        if !c.is_finite() {
            *c = alphabet.constant(rng);
        }
    }
    child
}

/// `f` becomes `g(f)`, `f op leaf` or `leaf op f`; half of those leaves are constants, since an
/// inner scale or shift is what a fitted structure most often lacks.
fn wrap(tokens: &[Token], node: usize, alphabet: &Alphabet, rng: &mut ChaCha8Rng) -> Vec<Token> {
    let inner = &tokens[subtree_start(tokens, node)..=node];
    let op = alphabet.operator(rng);
    let mut piece = inner.to_vec();
    if op.arity() == 2 {
        let leaf = if rng.random_bool(0.5) {
            Token::Constant(alphabet.constant(rng))
        } else {
            alphabet.leaf(rng)
        };
        let at = if rng.random_bool(0.5) { 0 } else { piece.len() };
        piece.insert(at, leaf);
    }
    piece.push(Token::Apply(op));
    splice(tokens, node, &piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;
    use crate::population::random_expression_for_tests;
    use crate::random::{Purpose, stream};
    use proptest::prelude::*;

    fn alphabet() -> Alphabet {
        Alphabet {
            variables: vec![0, 1, 2],
            unary: vec![Operator::Exp, Operator::Log],
            binary: vec![Operator::Add, Operator::Mul, Operator::Div],
            constant_probability: 0.3,
            constant_range: (-10.0, 10.0),
            max_depth: 6,
            max_nodes: 40,
        }
    }

    proptest! {
        #[test]
        fn children_are_well_formed_and_keep_to_the_limits(seed in any::<u64>()) {
            let alphabet = alphabet();
            let mut rng = stream(seed, 0, 0, 0, Purpose::Offspring);
            let (a, b) = (random_expression_for_tests(seed, 3, 4), random_expression_for_tests(!seed, 3, 4));
            prop_assume!(a.node_count() <= 40 && b.node_count() <= 40);
            for child in [cross_genes(&a, &b, &alphabet, &mut rng), mutate(&a, &alphabet, &mut rng)] {
                prop_assert!(Expression::from_tokens(child.tokens().to_vec()).is_ok());
                prop_assert!(child.node_count() <= 40 && child.depth() <= 6);
            }
            let child = cross_models(&[a.clone(), b.clone()], &[b, a], 0.5, 2, &mut rng);
            prop_assert!((1..=2).contains(&child.len()));
        }
    }

    #[test]
    fn crossover_takes_material_of_both_parents() -> Result<()> {
        let a = Expression::parse("x*(x+x)", &["x", "y"])?;
        let b = Expression::parse("exp(y)/y", &["x", "y"])?;
        let mixed = (0..200).filter(|&k| {
            let rng = &mut stream(3, 0, 0, k, Purpose::Offspring);
            cross_genes(&a, &b, &alphabet(), rng).variables() == [0, 1]
        });
        assert!(mixed.count() > 60);
        Ok(())
    }

    #[test]
    fn mutation_reaches_the_missing_scale() -> Result<()> {
        let a = Expression::parse("exp(x/y)", &["x", "y"])?;
        let found = (0..2000).any(|k| {
            let rng = &mut stream(3, 0, 0, k, Purpose::Offspring);
            let text = mutate(&a, &alphabet(), rng)
                .simplified()
                .to_infix(&["x", "y", "z"]);
            text.is_ok_and(|t| t.starts_with("exp(") && t.contains("*(x/y)"))
        });
        assert!(found);
        Ok(())
    }
}
