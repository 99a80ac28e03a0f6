//! How the pieces of a formula are written with the operators that a search allows.

use crate::expression::Token;
use crate::operator::Operator;
use crate::population::Alphabet;

/// Token sequences of products, powers and functions, in the operators of a search.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    allowed: Vec<Operator>,
}

impl Vocabulary {
    pub(super) fn new(alphabet: &Alphabet) -> Self {
        let allowed = alphabet
            .unary
            .iter()
            .chain(&alphabet.binary)
            .copied()
            .collect();
        Self { allowed }
    }

    pub(super) fn has(&self, op: Operator) -> bool {
        self.allowed.contains(&op)
    }

    /// Operators of the user's own.
    pub(super) fn custom(&self, arity: usize) -> impl Iterator<Item = Operator> + use<> {
        let own: Vec<Operator> = self
            .allowed
            .iter()
            .copied()
            .filter(|op| matches!(op, Operator::Custom(_)) && op.arity() == arity)
            .collect();
        own.into_iter()
    }

    /// `op(a)`; `None` if the search has no such operator.
    pub(super) fn unary(&self, op: Operator, a: &[Token]) -> Option<Vec<Token>> {
        if op == Operator::Square && !self.has(op) {
            return self.binary(Operator::Mul, a, a);
        }
        self.has(op).then(|| [a, &[Token::Apply(op)]].concat())
    }

    /// `a op b`; `None` if the search has no such operator.
    pub(super) fn binary(&self, op: Operator, a: &[Token], b: &[Token]) -> Option<Vec<Token>> {
        self.has(op).then(|| [a, b, &[Token::Apply(op)]].concat())
    }

    /// Whether squares can be written.
    pub(super) fn squares(&self) -> bool {
        self.has(Operator::Square) || self.has(Operator::Mul)
    }

    /// `f` to the power of `halves / 2`, for a positive count of halves: roots, squares and products.
    fn positive_power(&self, f: &[Token], halves: u32) -> Option<Vec<Token>> {
        if halves % 2 == 1 {
            let root = self.unary(Operator::Sqrt, f)?;
            return if halves == 1 {
                Some(root)
            } else {
                self.binary(Operator::Mul, &root, &self.positive_power(f, halves - 1)?)
            };
        }
        match halves / 2 {
            1 => Some(f.to_vec()),
            2 => self.unary(Operator::Square, f),
            n if n % 2 == 0 => {
                let half = self.positive_power(f, n)?;
                self.unary(Operator::Square, &half)
            }
            n => {
                let lower = self.positive_power(f, 2 * (n - 1))?;
                self.binary(Operator::Mul, f, &lower)
            }
        }
    }

    /// The product of `f^(halves / 2)` over all factors: a numerator over a denominator. `None` if it
    /// cannot be written, or is empty.
    pub(super) fn power_product(&self, factors: &[(Vec<Token>, i32)]) -> Option<Vec<Token>> {
        let part = |positive: bool| -> Option<Option<Vec<Token>>> {
            let mut product: Option<Vec<Token>> = None;
            // Two roots or more are one root of a product.
            let wanted = factors
                .iter()
                .filter(|(_, halves)| *halves != 0 && (*halves > 0) == positive);
            let odd: Vec<&(Vec<Token>, i32)> = wanted
                .clone()
                .filter(|(_, halves)| halves % 2 != 0)
                .collect();
            let joined = odd.len() > 1 && odd.iter().all(|(_, h)| h.abs() == 1);
            if joined {
                let mut under = odd[0].0.clone();
                for (f, _) in &odd[1..] {
                    under = self.binary(Operator::Mul, &under, f)?;
                }
                product = Some(self.unary(Operator::Sqrt, &under)?);
            }
            for (f, halves) in wanted {
                if joined && halves % 2 != 0 {
                    continue;
                }
                let factor = self.positive_power(f, halves.unsigned_abs())?;
                product = Some(match product {
                    None => factor,
                    Some(p) => self.binary(Operator::Mul, &p, &factor)?,
                });
            }
            Some(product)
        };
        match (part(true)?, part(false)?) {
            (Some(above), Some(below)) => self.binary(Operator::Div, &above, &below),
            (Some(above), None) => Some(above),
            (None, Some(below)) => self.binary(Operator::Div, &[Token::Constant(1.0)], &below),
            (None, None) => None,
        }
    }

    /// `constant + factor * f + …`: a weighted sum as one expression with constants to be fitted, as a
    /// balanced tree.
    pub(super) fn weighted_sum(
        &self,
        constant: f64,
        terms: &[(f64, Vec<Token>)],
    ) -> Option<Vec<Token>> {
        let mut parts: Vec<Vec<Token>> = vec![vec![Token::Constant(constant)]];
        for (weight, term) in terms {
            parts.push(self.binary(Operator::Mul, &[Token::Constant(*weight)], term)?);
        }
        while parts.len() > 1 {
            parts = parts
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => self.binary(Operator::Add, a, b),
                    rest => Some(rest.concat()),
                })
                .collect::<Option<_>>()?;
        }
        parts.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expression;

    fn vocabulary(operators: &[Operator]) -> Vocabulary {
        Vocabulary {
            allowed: operators.to_vec(),
        }
    }

    fn text(tokens: Option<Vec<Token>>) -> Option<String> {
        let e = Expression::from_tokens(tokens?).unwrap();
        Some(e.to_infix(&["x", "y", "z"]).unwrap())
    }

    #[test]
    fn writes_power_products_with_what_there_is() {
        use Operator::{Div, Mul, Sqrt, Square};
        let v = |i| vec![Token::Variable(i)];
        let all = vocabulary(&[Mul, Div, Square, Sqrt]);
        let product = |halves: [i32; 3]| {
            let factors: Vec<_> = (0..3).map(|i| v(i as u16)).zip(halves).collect();
            text(all.power_product(&factors))
        };
        for (halves, expected) in [
            ([2, -2, -2], "x/(y*z)"),
            ([4, -1, 0], "square(x)/sqrt(y)"),
            ([1, 1, 0], "sqrt(x*y)"),
            ([3, 0, 0], "sqrt(x)*x"),
            ([6, 0, 0], "x*square(x)"),
            ([8, 0, 0], "square(square(x))"),
            ([0, -10, 0], "1/(y*square(square(y)))"),
        ] {
            assert_eq!(product(halves).as_deref(), Some(expected), "{halves:?}");
        }
        assert_eq!(product([0, 0, 0]), None);
        let few = vocabulary(&[Mul]);
        assert_eq!(
            text(few.power_product(&[(v(0), 4)])).as_deref(),
            Some("x*x")
        );
        assert_eq!(few.power_product(&[(v(0), 1)]), None);
        assert_eq!(few.power_product(&[(v(0), -2)]), None);
    }
}
