//! Expressions as flat postfix programs.

use crate::{Error, Operator, Result};

/// Most nodes that an expression may have.
pub const MAX_NODES: usize = 4096;

/// One step of a postfix program.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Token {
    /// Push the input column of this index.
    Variable(u16),
    /// Push a number. Always finite in an [`Expression`].
    Constant(f64),
    /// Apply an operator to the topmost one or two values.
    Apply(Operator),
}

impl Token {
    /// How many values the token takes from the stack.
    #[must_use]
    pub const fn arity(self) -> usize {
        match self {
            Self::Apply(op) => op.arity(),
            _ => 0,
        }
    }
}

/// A formula, kept as a postfix program: arguments first, then the operator.
///
/// The order makes evaluation a single pass and each subtree a contiguous slice that ends at its
/// root. Every value of this type is well formed: it leaves exactly one value on the stack, all
/// of its constants are finite, and it has at most [`MAX_NODES`] nodes.
///
/// # Examples
///
/// ```
/// use symreg::Expression;
/// let law = Expression::parse("5.12 - 5.07*exp(-Ps/(Pe*Ts))", &["Ps", "Pe", "Ts"])?;
/// assert_eq!(law.node_count(), 11);
/// assert_eq!(law.to_infix(&["Ps", "Pe", "Ts"])?, "5.12-5.07*exp(-Ps/(Pe*Ts))");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Vec<Token>", into = "Vec<Token>"))]
pub struct Expression {
    tokens: Vec<Token>,
}

impl Expression {
    /// Builds an expression from tokens in postfix order.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedTokens`] where an operator lacks arguments, values are left over, or a
    /// constant is not finite; [`Error::TooManyNodes`] above [`MAX_NODES`].
    pub fn from_tokens(tokens: Vec<Token>) -> Result<Self> {
        if tokens.len() > MAX_NODES {
            return Err(Error::TooManyNodes {
                found: tokens.len(),
                limit: MAX_NODES,
            });
        }
        let mut height = 0_usize;
        for (index, token) in tokens.iter().enumerate() {
            if matches!(token, Token::Constant(c) if !c.is_finite()) {
                return Err(Error::MalformedTokens { index });
            }
            let arity = token.arity();
            if height < arity {
                return Err(Error::MalformedTokens { index });
            }
            height = height - arity + 1;
        }
        if height == 1 {
            Ok(Self { tokens })
        } else {
            Err(Error::MalformedTokens {
                index: tokens.len(),
            })
        }
    }

    /// Builds from tokens that are well formed by construction.
    pub(crate) fn from_valid(tokens: Vec<Token>) -> Self {
        debug_assert!(Self::from_tokens(tokens.clone()).is_ok(), "{tokens:?}");
        Self { tokens }
    }

    /// The expression that is one variable.
    #[must_use]
    pub fn variable(index: u16) -> Self {
        Self {
            tokens: vec![Token::Variable(index)],
        }
    }

    /// The tokens in postfix order.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Number of nodes: operators, variables and constants.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.tokens.len()
    }

    /// Indices of the variables that occur, ascending, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<usize> {
        let mut found: Vec<usize> = self
            .tokens
            .iter()
            .filter_map(|t| {
                if let Token::Variable(v) = t {
                    Some(usize::from(*v))
                } else {
                    None
                }
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The constants, in postfix order.
    pub fn constants(&self) -> impl Iterator<Item = f64> + '_ {
        self.tokens.iter().filter_map(|t| {
            if let Token::Constant(c) = t {
                Some(*c)
            } else {
                None
            }
        })
    }

    /// Number of constants.
    #[must_use]
    pub fn constant_count(&self) -> usize {
        self.constants().count()
    }

    pub(crate) fn set_constants(&mut self, values: &mut impl Iterator<Item = f64>) {
        for token in &mut self.tokens {
            if let Token::Constant(c) = token {
                *c = values.next().unwrap_or(*c);
            }
        }
    }

    /// The tokens with every constant replaced by a mark: two expressions of the same skeleton
    /// differ at most in their numbers.
    pub(crate) fn skeleton(&self, out: &mut Vec<u32>) {
        out.extend(self.tokens.iter().map(|t| match t {
            Token::Constant(_) => 0,
            Token::Apply(op) => 1 + op.code(),
            Token::Variable(v) => 0x1_0000 + u32::from(*v),
        }));
        out.push(u32::MAX);
    }

    /// First token of the subtree whose root is token `root`.
    ///
    /// Walks left from the root until the subtree's arguments are complete: O(size of the subtree).
    #[must_use]
    pub fn subtree_start(&self, root: usize) -> usize {
        subtree_start(&self.tokens, root)
    }
}

pub(crate) fn subtree_start(tokens: &[Token], root: usize) -> usize {
    let mut missing = 1_usize;
    let mut at = root + 1;
    while missing > 0 {
        at -= 1;
        missing = missing - 1 + tokens[at].arity();
    }
    at
}

/// Roots of the arguments of the operator at `root`, first argument first.
pub(crate) fn arguments(tokens: &[Token], root: usize) -> (Option<usize>, Option<usize>) {
    match tokens[root].arity() {
        0 => (None, None),
        1 => (Some(root - 1), None),
        _ => {
            let second = root - 1;
            (Some(subtree_start(tokens, second) - 1), Some(second))
        }
    }
}

impl TryFrom<Vec<Token>> for Expression {
    type Error = Error;

    fn try_from(tokens: Vec<Token>) -> Result<Self> {
        Self::from_tokens(tokens)
    }
}

impl From<Expression> for Vec<Token> {
    fn from(expression: Expression) -> Self {
        expression.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_sequences_that_are_no_expression() {
        let add = Token::Apply(Operator::Add);
        let x = Token::Variable(0);
        for (tokens, index) in [
            (vec![], 0),
            (vec![add], 0),
            (vec![x, add], 1),
            (vec![x, x], 2),
            (vec![x, Token::Constant(f64::NAN), add], 1),
        ] {
            assert_eq!(
                Expression::from_tokens(tokens),
                Err(Error::MalformedTokens { index })
            );
        }
        let long = vec![Token::Apply(Operator::Neg); MAX_NODES];
        assert!(matches!(
            Expression::from_tokens([vec![x], long].concat()),
            Err(Error::TooManyNodes { .. })
        ));
    }

    #[test]
    fn finds_subtrees_and_arguments() -> Result<()> {
        let e = Expression::parse("x*(x+2)-exp(x)", &["x"])?;
        // x x 2 + * x exp -
        assert_eq!(e.subtree_start(4), 0);
        assert_eq!(e.subtree_start(3), 1);
        assert_eq!(e.subtree_start(6), 5);
        assert_eq!(arguments(e.tokens(), 7), (Some(4), Some(6)));
        assert_eq!(arguments(e.tokens(), 6), (Some(5), None));
        assert_eq!(arguments(e.tokens(), 0), (None, None));
        Ok(())
    }
}
