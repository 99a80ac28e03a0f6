//! Mutation: one gene changed in one place.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::expression::{Expression, Token, arguments, subtree_start};
use crate::operator::Operator;
use crate::population::{Alphabet, pick};
use crate::variation::{any_node, limited, splice};
use crate::{Error, Result};

/// How often each kind of mutation is chosen, in proportion to its weight.
///
/// The defaults add up to 1, so that they are the probabilities. A mutation that is impossible in a gene, or
/// whose child exceeds the limits of size, leaves the gene as it is.
///
/// # Examples
///
/// ```
/// use symreg::{MutationWeights, SymbolicRegressor};
/// // Only new subtrees and moved constants, nine to one.
/// let weights = MutationWeights::none().subtree(0.9).constant(0.1);
/// let search = SymbolicRegressor::new().mutations(weights);
/// assert!(search.validate().is_ok());
/// assert!(SymbolicRegressor::new().mutations(MutationWeights::none()).validate().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MutationWeights {
    pub(crate) subtree: f64,
    pub(crate) operator: f64,
    pub(crate) leaf: f64,
    pub(crate) constant: f64,
    pub(crate) wrap: f64,
    pub(crate) shrink: f64,
    pub(crate) hoist: f64,
}

impl Default for MutationWeights {
    fn default() -> Self {
        Self::new()
    }
}

impl MutationWeights {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            subtree: 0.35,
            operator: 0.1,
            leaf: 0.1,
            constant: 0.1,
            wrap: 0.2,
            shrink: 0.1,
            hoist: 0.05,
        }
    }

    /// The probabilities of GPTIPS 2: 0.9 a new subtree, 0.05 another leaf, 0.05 a moved constant.
    #[must_use]
    pub fn gptips() -> Self {
        Self::none().subtree(0.9).leaf(0.05).constant(0.05)
    }

    /// All weights zero, to name the wanted ones alone.
    #[must_use]
    pub fn none() -> Self {
        Self {
            subtree: 0.0,
            operator: 0.0,
            leaf: 0.0,
            constant: 0.0,
            wrap: 0.0,
            shrink: 0.0,
            hoist: 0.0,
        }
    }

    /// A subtree is replaced by a random one of depth 0 to 3 (default 0.35; GPTIPS 0.9).
    pub fn subtree(mut self, value: f64) -> Self {
        self.subtree = value;
        self
    }

    /// Point mutation of a function: an operator becomes another of as many arguments (default 0.1).
    pub fn operator(mut self, value: f64) -> Self {
        self.operator = value;
        self
    }

    /// Point mutation of a leaf: a variable or constant becomes another leaf (default 0.1; GPTIPS 0.05 for variables).
    pub fn leaf(mut self, value: f64) -> Self {
        self.leaf = value;
        self
    }

    /// A constant is multiplied by a factor from 1/4 to 4, evenly in its logarithm, with probability 0.2 by its negative; in a
    /// gene without constants a leaf becomes one (default 0.1; GPTIPS 0.05, by adding normal noise).
    pub fn constant(mut self, value: f64) -> Self {
        self.constant = value;
        self
    }

    /// A subtree becomes the argument of a new operator; its other argument is a leaf, half of the time a constant, since
    /// an inner scale or shift is what a fitted structure most often lacks (default 0.2; not in GPTIPS).
    pub fn wrap(mut self, value: f64) -> Self {
        self.wrap = value;
        self
    }

    /// An operator is replaced by one of its arguments (default 0.1; not in GPTIPS).
    pub fn shrink(mut self, value: f64) -> Self {
        self.shrink = value;
        self
    }

    /// Hoist mutation: a subtree becomes the whole gene (default 0.05; not in GPTIPS).
    pub fn hoist(mut self, value: f64) -> Self {
        self.hoist = value;
        self
    }

    /// Checks the weights.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a weight that is negative or not finite, and if all are zero.
    pub fn validate(&self) -> Result<()> {
        let weights = self.in_order();
        let wrong = weights.iter().find(|w| !(**w >= 0.0 && w.is_finite()));
        let total: f64 = weights.iter().sum();
        if wrong.is_none() && total > 0.0 && total.is_finite() {
            return Ok(());
        }
        Err(Error::InvalidParameter {
            name: "mutations",
            requirement: "finite weights, none negative and not all zero",
            found: format!("{weights:?}"),
        })
    }

    pub(crate) fn in_order(&self) -> [f64; 7] {
        let Self {
            subtree,
            operator,
            leaf,
            constant,
            wrap,
            shrink,
            hoist,
        } = *self;
        [subtree, operator, leaf, constant, wrap, shrink, hoist]
    }

    /// Index of a kind of mutation, for `draw` in [0, 1).
    fn kind(&self, draw: f64) -> usize {
        let weights = self.in_order();
        let total: f64 = weights.iter().sum();
        let mut bound = 0.0;
        for (kind, weight) in weights.into_iter().enumerate() {
            bound += weight;
            if draw * total < bound {
                return kind;
            }
        }
        // Rounding left the draw above the sum: the last kind that can be chosen.
        weights.iter().rposition(|w| *w > 0.0).unwrap_or(0)
    }
}

/// The gene, changed in one place.
pub(crate) fn mutate(
    gene: &Expression,
    weights: &MutationWeights,
    alphabet: &Alphabet,
    rng: &mut ChaCha8Rng,
) -> Expression {
    let tokens = gene.tokens();
    let node = any_node(tokens, rng);
    let child = match weights.kind(rng.random()) {
        0 => {
            let below = alphabet.max_depth.min(3);
            let depth = rng.random_range(0..=below);
            let subtree = alphabet.grow(rng, depth, false);
            splice(tokens, node, subtree.tokens())
        }
        1 => exchange_operator(tokens, node, alphabet, rng),
        2 => {
            let leaf = any_leaf(tokens, rng);
            splice(tokens, leaf, &[alphabet.leaf(rng)])
        }
        3 => move_constant(tokens, alphabet, rng),
        4 => wrap(tokens, node, alphabet, rng),
        5 => shrink(tokens, node, rng),
        _ => tokens[subtree_start(tokens, node)..=node].to_vec(),
    };
    limited(child, gene, alphabet)
}

fn any_leaf(tokens: &[Token], rng: &mut ChaCha8Rng) -> usize {
    let leaves: Vec<usize> = (0..tokens.len())
        .filter(|&i| tokens[i].arity() == 0)
        .collect();
    pick(rng, &leaves)
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

fn move_constant(tokens: &[Token], alphabet: &Alphabet, rng: &mut ChaCha8Rng) -> Vec<Token> {
    let mut child = tokens.to_vec();
    let constants: Vec<usize> = (0..tokens.len())
        .filter(|&i| matches!(tokens[i], Token::Constant(_)))
        .collect();
    if constants.is_empty() {
        child[any_leaf(tokens, rng)] = Token::Constant(alphabet.constant(rng));
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

fn shrink(tokens: &[Token], node: usize, rng: &mut ChaCha8Rng) -> Vec<Token> {
    let (a, b) = arguments(tokens, node);
    let kept = match (a, b) {
        (Some(a), Some(b)) => Some(if rng.random_bool(0.5) { a } else { b }),
        (a, _) => a,
    };
    match kept {
        Some(k) => splice(tokens, node, &tokens[subtree_start(tokens, k)..=k]),
        None => tokens.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{alphabet_for_tests as alphabet, random_expression_for_tests};
    use crate::random::{Purpose, stream};
    use proptest::prelude::*;

    /// What each kind may do to a gene, seen in the child alone.
    fn is_allowed(kind: usize, parent: &Expression, child: &Expression) -> bool {
        let (p, c) = (parent.tokens(), child.tokens());
        let same_shape = p.len() == c.len() && p.iter().zip(c).all(|(a, b)| a.arity() == b.arity());
        let changes = || p.iter().zip(c).filter(|(a, b)| a != b).count();
        match kind {
            1 => same_shape && changes() <= 1,
            2 => {
                let leaf = |(a, b): (&Token, &Token)| a == b || a.arity() == 0;
                same_shape && changes() <= 1 && p.iter().zip(c).all(leaf)
            }
            3 => {
                let number = |(a, b): (&Token, &Token)| a == b || matches!(b, Token::Constant(_));
                same_shape && changes() <= 1 && p.iter().zip(c).all(number)
            }
            4 => p.len() < c.len() && c.len() <= p.len() + 2 || p == c,
            // What is left are parts of the parent.
            5 => c.len() < p.len() || p.len() == 1,
            6 => (0..p.len()).any(|r| p[subtree_start(p, r)..=r] == *c),
            _ => true,
        }
    }

    proptest! {
        #[test]
        fn every_kind_does_what_it_says_within_the_limits(seed in any::<u64>(), kind in 0_usize..7) {
            let alphabet = alphabet();
            let mut weights = MutationWeights::none();
            let set: [&mut f64; 7] = [
                &mut weights.subtree, &mut weights.operator, &mut weights.leaf, &mut weights.constant,
                &mut weights.wrap, &mut weights.shrink, &mut weights.hoist,
            ];
            for (k, weight) in set.into_iter().enumerate() {
                *weight = f64::from(u8::from(k == kind)) * 0.3;
            }
            let parent = random_expression_for_tests(seed, 3, 4);
            prop_assume!(parent.node_count() <= 40 && parent.depth() <= 6);
            let mut rng = stream(seed, 0, 0, 0, Purpose::Offspring);
            let child = mutate(&parent, &weights, &alphabet, &mut rng);
            prop_assert!(Expression::from_tokens(child.tokens().to_vec()).is_ok());
            prop_assert!(child.node_count() <= 40 && child.depth() <= 6);
            // The operator at the chosen node may be a leaf: then nothing changes, or one part stays.
            prop_assert!(is_allowed(kind, &parent, &child) || child == parent, "{kind}: {parent:?} {child:?}");
        }
    }

    #[test]
    fn kinds_are_chosen_in_proportion_to_their_weights() {
        let weights = MutationWeights::new();
        let mut counts = [0_usize; 7];
        for k in 0..10_000 {
            counts[weights.kind((f64::from(k) + 0.5) / 10_000.0)] += 1;
        }
        assert_eq!(counts, [3500, 1000, 1000, 1000, 2000, 1000, 500]);
        let hoist = MutationWeights::none().hoist(1e-300);
        assert_eq!(hoist.kind(0.0), 6);
        assert_eq!(hoist.kind(1.0 - f64::EPSILON), 6);
    }

    #[test]
    fn refuses_weights_that_are_none() {
        for bad in [
            MutationWeights::none(),
            MutationWeights::new().wrap(-0.1),
            MutationWeights::new().leaf(f64::NAN),
            MutationWeights::new().hoist(f64::INFINITY),
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn mutation_reaches_the_missing_scale() -> Result<()> {
        let a = Expression::parse("exp(x/y)", &["x", "y"])?;
        let found = (0..2000).any(|k| {
            let rng = &mut stream(3, 0, 0, k, Purpose::Offspring);
            let text = mutate(&a, &MutationWeights::new(), &alphabet(), rng)
                .simplified()
                .to_infix(&["x", "y", "z"]);
            text.is_ok_and(|t| t.starts_with("exp(") && t.contains("*(x/y)"))
        });
        assert!(found);
        Ok(())
    }
}
