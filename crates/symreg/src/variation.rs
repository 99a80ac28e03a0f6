//! Crossover, and the surgery on trees that it shares with mutation.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::complexity::depth;
use crate::expression::{Expression, Token, subtree_start};
use crate::population::{Alphabet, pick};

/// A node of `tokens`: an operator with probability 0.9 if there is one (Koza's rule).
pub(crate) fn any_node(tokens: &[Token], rng: &mut ChaCha8Rng) -> usize {
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
pub(crate) fn splice(tokens: &[Token], root: usize, replacement: &[Token]) -> Vec<Token> {
    let start = subtree_start(tokens, root);
    let mut out = Vec::with_capacity(tokens.len() + replacement.len());
    out.extend_from_slice(&tokens[..start]);
    out.extend_from_slice(replacement);
    out.extend_from_slice(&tokens[root + 1..]);
    out
}

/// The child if it keeps to the limits of size, else the parent.
pub(crate) fn limited(child: Vec<Token>, parent: &Expression, alphabet: &Alphabet) -> Expression {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;
    use crate::population::{alphabet_for_tests as alphabet, random_expression_for_tests};
    use crate::random::{Purpose, stream};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn children_are_well_formed_and_keep_to_the_limits(seed in any::<u64>()) {
            let alphabet = alphabet();
            let mut rng = stream(seed, 0, 0, 0, Purpose::Offspring);
            let (a, b) = (random_expression_for_tests(seed, 3, 4), random_expression_for_tests(!seed, 3, 4));
            prop_assume!(a.node_count() <= 40 && b.node_count() <= 40);
            let child = cross_genes(&a, &b, &alphabet, &mut rng);
            prop_assert!(Expression::from_tokens(child.tokens().to_vec()).is_ok());
            prop_assert!(child.node_count() <= 40 && child.depth() <= 6);
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
}
