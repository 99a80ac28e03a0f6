//! Individuals, and the random expressions that a search starts from.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::complexity::ComplexityMeasure;
use crate::expression::{Expression, Token};
use crate::operator::Operator;

/// A candidate model: its genes, and what the fit made of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Individual {
    pub(crate) genes: Vec<Expression>,
    pub(crate) complexity: usize,
    /// Residual sum of squares; infinite if the model is not finite on all rows.
    pub(crate) sse: f64,
}

impl Individual {
    /// Whether `self` is no worse in error and complexity and better in one.
    pub(crate) fn dominates(&self, other: &Self) -> bool {
        self.sse <= other.sse
            && self.complexity <= other.complexity
            && (self.sse < other.sse || self.complexity < other.complexity)
    }

    /// A model that is not to be fitted.
    pub(crate) fn refused(genes: Vec<Expression>, measure: ComplexityMeasure) -> Self {
        Self::fitted(genes, 0, measure, |_| None)
    }

    /// The model after `fit` has set the constants of its genes and given its residual sum of squares.
    ///
    /// The error is infinite where that is not finite, and, without a fit, where there are as many constants as
    /// rows: such a model explains nothing.
    pub(crate) fn fitted(
        mut genes: Vec<Expression>,
        rows: usize,
        measure: ComplexityMeasure,
        fit: impl FnOnce(&mut Vec<Expression>) -> Option<f64>,
    ) -> Self {
        let constants: usize = genes.iter().map(Expression::constant_count).sum();
        let sse = if constants + genes.len() + 2 > rows {
            None
        } else {
            fit(&mut genes).filter(|sse| sse.is_finite())
        };
        let complexity = genes.iter().map(|g| measure.of(g)).sum();
        Self {
            genes,
            complexity,
            sse: sse.unwrap_or(f64::INFINITY),
        }
    }
}

/// The structure of a model without its numbers, whatever the order of its genes.
pub(crate) fn skeleton(genes: &[Expression]) -> Vec<u32> {
    let mut parts: Vec<Vec<u32>> = genes
        .iter()
        .map(|g| {
            let mut part = Vec::with_capacity(g.node_count() + 1);
            g.skeleton(&mut part);
            part
        })
        .collect();
    parts.sort_unstable();
    parts.concat()
}

/// What random expressions are made of.
#[derive(Debug, Clone)]
pub(crate) struct Alphabet {
    pub(crate) variables: Vec<u16>,
    pub(crate) unary: Vec<Operator>,
    pub(crate) binary: Vec<Operator>,
    pub(crate) constant_probability: f64,
    pub(crate) constant_range: (f64, f64),
    pub(crate) max_depth: usize,
    pub(crate) max_nodes: usize,
}

impl Alphabet {
    pub(crate) fn constant(&self, rng: &mut ChaCha8Rng) -> f64 {
        let (low, high) = self.constant_range;
        low + (high - low) * rng.random::<f64>()
    }

    pub(crate) fn leaf(&self, rng: &mut ChaCha8Rng) -> Token {
        if rng.random_bool(self.constant_probability) {
            Token::Constant(self.constant(rng))
        } else {
            Token::Variable(pick(rng, &self.variables))
        }
    }

    pub(crate) fn operator(&self, rng: &mut ChaCha8Rng) -> Operator {
        let count = self.unary.len() + self.binary.len();
        let i = rng.random_range(0..count);
        if i < self.unary.len() {
            self.unary[i]
        } else {
            self.binary[i - self.unary.len()]
        }
    }

    /// A random expression of at most `depth`: with `full`, every branch goes down all the way.
    pub(crate) fn grow(&self, rng: &mut ChaCha8Rng, depth: usize, full: bool) -> Expression {
        let mut tokens = Vec::new();
        self.grow_into(rng, depth, full, &mut tokens);
        Expression::from_valid(tokens)
    }

    fn grow_into(&self, rng: &mut ChaCha8Rng, depth: usize, full: bool, out: &mut Vec<Token>) {
        let leaf = depth == 0 || out.len() >= self.max_nodes || (!full && rng.random_bool(0.3));
        if leaf {
            out.push(self.leaf(rng));
            return;
        }
        let op = self.operator(rng);
        for _ in 0..op.arity() {
            self.grow_into(rng, depth - 1, full, out);
        }
        out.push(Token::Apply(op));
    }

    /// Ramped half-and-half: depths from 1 to the limit (at most 4) in turn, half of the trees full.
    pub(crate) fn ramped(&self, rng: &mut ChaCha8Rng, slot: usize) -> Expression {
        let deepest = self.max_depth.min(4);
        self.grow(rng, slot % (deepest + 1), (slot / (deepest + 1)) % 2 == 0)
    }
}

pub(crate) fn pick<T: Copy>(rng: &mut ChaCha8Rng, items: &[T]) -> T {
    items[rng.random_range(0..items.len())]
}

#[cfg(test)]
pub(crate) fn alphabet_for_tests() -> Alphabet {
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

#[cfg(test)]
pub(crate) fn random_expression_for_tests(seed: u64, variables: u16, depth: usize) -> Expression {
    let alphabet = Alphabet {
        variables: (0..variables).collect(),
        unary: Operator::ALL
            .into_iter()
            .filter(|o| o.arity() == 1)
            .collect(),
        binary: Operator::ALL
            .into_iter()
            .filter(|o| o.arity() == 2)
            .collect(),
        constant_probability: 0.4,
        constant_range: (-3.0, 3.0),
        max_depth: depth,
        max_nodes: 200,
    };
    let mut rng = crate::random::stream(seed, 0, 0, 0, crate::random::Purpose::Initial);
    alphabet.grow(&mut rng, depth, seed % 3 == 0)
}

/// Whether `row` is a regular point: every intermediate value and slope is at most 1e6, and the result
/// hardly feels a rounding of the inputs (relative 1e-9 for a change of 1e-13). Elsewhere neither
/// differences nor rewritten forms have digits to compare, and a zero may have either sign.
#[cfg(test)]
pub(crate) fn is_regular(e: &Expression, row: &[f64]) -> bool {
    let at = |r: &[f64]| e.evaluate_row(r).unwrap_or(f64::NAN);
    let mut stack: Vec<f64> = Vec::new();
    for token in e.tokens() {
        let (value, slopes) = match *token {
            Token::Constant(c) => (c, (0.0, 0.0)),
            Token::Variable(v) => (row[usize::from(v)], (0.0, 0.0)),
            Token::Apply(op) if op.arity() == 1 => {
                let a = stack.pop().unwrap();
                let value = op.apply_unary(a);
                (value, (op.slope(a, value), 0.0))
            }
            Token::Apply(op) => {
                let (b, a) = (stack.pop().unwrap(), stack.pop().unwrap());
                let value = op.apply_binary(a, b);
                (value, op.slopes(a, b, value))
            }
        };
        if [value, slopes.0, slopes.1]
            .iter()
            .any(|v| v.is_nan() || v.abs() > 1e6)
        {
            return false;
        }
        stack.push(value);
    }
    let value = at(row);
    (0..row.len()).all(|i| {
        let mut moved = row.to_vec();
        moved[i] *= 1.0 + 1e-13;
        (at(&moved) - value).abs() <= 1e-9 * value.abs()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn ramped_expressions_fill_the_depths_and_use_the_whole_alphabet() {
        let alphabet = Alphabet {
            variables: vec![0, 2],
            unary: vec![Operator::Exp],
            binary: vec![Operator::Add, Operator::Div],
            constant_probability: 0.2,
            constant_range: (-1.0, 1.0),
            max_depth: 3,
            max_nodes: 60,
        };
        let mut depths = [0_usize; 4];
        let (mut variables, mut constants) = (std::collections::BTreeSet::new(), 0);
        for slot in 0..400 {
            let e = alphabet.ramped(&mut stream(7, 0, 0, slot as u64, Purpose::Initial), slot);
            depths[e.depth()] += 1;
            variables.extend(e.variables());
            constants += e.constant_count();
        }
        assert!(depths.iter().all(|&d| d > 20), "{depths:?}");
        assert_eq!(variables.into_iter().collect::<Vec<_>>(), [0, 2]);
        assert!(constants > 50);
    }
}
