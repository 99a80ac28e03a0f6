//! Physical dimensions of expressions (feature `dimensions`).

#![expect(
    clippy::result_large_err,
    reason = "a misfit is met often and read rarely: moving it is cheaper than boxing it"
)]

use dimless::{Dimension, Rational};

use crate::expression::Token;
use crate::operator::Operator;
use crate::{Error, Expression, Result};

/// Largest denominator of a constant exponent that is read as a fraction.
const MAX_DENOMINATOR: i64 = 12;

/// Checks the dimensions of expressions.
///
/// Sums, minima and maxima need equal dimensions; functions, and powers whose exponent is no number,
/// need dimensionless arguments; products, quotients, squares, roots and powers with a constant
/// exponent act on the exact exponents. A dimension that is not determined, since a free constant carries
/// it, fits any other.
///
/// # Examples
///
/// ```
/// use dimless::Dimension;
/// use symreg::{ConstantDimensions, DimensionCheck, Expression};
/// let dimensions = [Dimension::of("m")?, Dimension::of("s")?];
/// let fall = Expression::parse("9.81*square(t)/2 + x", &["x", "t"])?;
/// // The 9.81 must be an acceleration.
/// let pure = DimensionCheck::new().of(&fall, &dimensions);
/// assert!(pure.is_err());
/// let free = DimensionCheck::new().constants(ConstantDimensions::Free).of(&fall, &dimensions)?;
/// assert_eq!(free, Some(Dimension::LENGTH));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DimensionCheck {
    constants: ConstantDimensions,
}

/// What dimension a number in an expression may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ConstantDimensions {
    /// None: numbers are pure (the default).
    #[default]
    Dimensionless,
    /// Any: a fitted number may have units. Constant exponents are pure numbers all the same.
    Free,
}

/// Why a dimension could not be computed; two are equal when they read the same.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct DimensionCause(dimless::Error);

impl PartialEq for DimensionCause {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

/// The dimension of a part of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Known(Dimension),
    /// A free constant gives it whatever the rest needs.
    Any,
}

impl DimensionCheck {
    /// With dimensionless constants.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What dimension constants may have (default none).
    pub fn constants(mut self, value: ConstantDimensions) -> Self {
        self.constants = value;
        self
    }

    /// The dimension of an expression whose variable `i` has the dimension `dimensions[i]`; `None` if free
    /// constants let it be any. O(nodes).
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if a variable has no dimension;
    /// [`Error::DimensionMismatch`] and [`Error::NotDimensionless`] naming the operator's token;
    /// [`Error::UnknownExponent`] for a power whose exponent is no fraction with a denominator up to 12, of a
    /// base with a dimension; [`Error::Dimension`] for exponents beyond the range of exact fractions.
    pub fn of(
        &self,
        expression: &Expression,
        dimensions: &[Dimension],
    ) -> Result<Option<Dimension>> {
        expression.check_variables(dimensions.len())?;
        match self.kind(expression.tokens(), dimensions) {
            Ok(Kind::Known(dimension)) => Ok(Some(dimension)),
            Ok(Kind::Any) => Ok(None),
            Err((node, misfit)) => Err(misfit.into_error(node)),
        }
    }

    /// Whether the expression can have the dimension `target`: [`check`](Self::check) without the reason, and
    /// without allocating for it, for the inner loop of a search. `false` also if a variable has no dimension.
    #[must_use]
    pub fn fits(
        &self,
        expression: &Expression,
        dimensions: &[Dimension],
        target: Dimension,
    ) -> bool {
        let known = expression.check_variables(dimensions.len()).is_ok();
        known
            && match self.kind(expression.tokens(), dimensions) {
                Ok(Kind::Known(found)) => found == target,
                Ok(Kind::Any) => true,
                Err(_) => false,
            }
    }

    /// The expression without the pure constants that are added to something with a dimension: only
    /// zero can stand there. `None` if that is not all that is wrong with it.
    pub(crate) fn mended(
        self,
        expression: &Expression,
        dimensions: &[Dimension],
    ) -> Option<Expression> {
        if self.kind(expression.tokens(), dimensions).is_ok() {
            return Some(expression.clone());
        }
        let mut stack: Vec<(Kind, Vec<Token>)> = Vec::new();
        for token in expression.tokens() {
            let part = match *token {
                Token::Constant(_) => (Kind::Known(Dimension::DIMENSIONLESS), vec![*token]),
                Token::Variable(v) => (Kind::Known(dimensions[usize::from(v)]), vec![*token]),
                Token::Apply(op) if op.arity() == 1 => {
                    let (a, mut tokens) = stack.pop()?;
                    tokens.push(*token);
                    (unary(op, a).ok()?, tokens)
                }
                Token::Apply(op) => {
                    let ((b, right), (a, left)) = (stack.pop()?, stack.pop()?);
                    let is_number =
                        |t: &[Token]| !t.iter().any(|t| matches!(t, Token::Variable(_)));
                    if let Ok(kind) = binary(op, a, b, &[left.as_slice(), &right].concat()) {
                        (kind, [left, right, vec![*token]].concat())
                    } else if !matches!(op, Operator::Add | Operator::Sub) {
                        return None;
                    } else if is_number(&right) {
                        (a, left)
                    } else if is_number(&left) && op == Operator::Add {
                        (b, right)
                    } else if is_number(&left) {
                        (b, [right, vec![Token::Apply(Operator::Neg)]].concat())
                    } else {
                        return None;
                    }
                }
            };
            stack.push(part);
        }
        stack
            .pop()
            .map(|(_, tokens)| Expression::from_valid(tokens))
    }

    /// The dimension at the root, or the token that does not fit.
    fn kind(self, tokens: &[Token], dimensions: &[Dimension]) -> Result<Kind, (usize, Misfit)> {
        let mut stack: Vec<Kind> = Vec::new();
        for (node, token) in tokens.iter().enumerate() {
            let kind = match *token {
                Token::Constant(_) => match self.constants {
                    ConstantDimensions::Dimensionless => Ok(Kind::Known(Dimension::DIMENSIONLESS)),
                    ConstantDimensions::Free => Ok(Kind::Any),
                },
                Token::Variable(v) => Ok(Kind::Known(dimensions[usize::from(v)])),
                Token::Apply(op) if op.arity() == 1 => {
                    let a = stack.pop().unwrap_or(Kind::Any);
                    unary(op, a)
                }
                Token::Apply(op) => {
                    let b = stack.pop().unwrap_or(Kind::Any);
                    let a = stack.pop().unwrap_or(Kind::Any);
                    binary(op, a, b, &tokens[..node])
                }
            };
            stack.push(kind.map_err(|misfit| (node, misfit))?);
        }
        Ok(stack.pop().unwrap_or(Kind::Any))
    }

    /// Whether the expression can have the dimension `target`.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of), and [`Error::DimensionMismatch`] at the root for another dimension.
    pub fn check(
        &self,
        expression: &Expression,
        dimensions: &[Dimension],
        target: Dimension,
    ) -> Result<()> {
        match self.of(expression, dimensions)? {
            Some(found) if found != target => Err(Error::DimensionMismatch {
                node: expression.node_count() - 1,
                operator: "whole expression",
                left: found.to_string(),
                right: target.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

impl Expression {
    /// The dimension of the value, variable `i` having `dimensions[i]` and all constants none; see
    /// [`DimensionCheck`] for constants with units.
    ///
    /// # Errors
    ///
    /// As [`DimensionCheck::of`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::Dimension;
    /// use symreg::{Error, Expression};
    /// let names = ["P", "V"];
    /// let units = [Dimension::of("W")?, Dimension::of("m/s")?];
    /// let force = Expression::parse("2*P/V", &names)?.dimensions(&units)?;
    /// assert_eq!(force, Dimension::of("N")?);
    /// let wrong = Expression::parse("P + V", &names)?.dimensions(&units);
    /// assert!(matches!(wrong, Err(Error::DimensionMismatch { node: 2, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dimensions(&self, dimensions: &[Dimension]) -> Result<Dimension> {
        let found = DimensionCheck::new().of(self, dimensions)?;
        // Without free constants every dimension is known.
        Ok(found.unwrap_or(Dimension::DIMENSIONLESS))
    }
}

/// What is wrong with an operator, as numbers: a search asks often and reads rarely.
enum Misfit {
    Differ(Operator, Dimension, Dimension),
    NotPure(Operator, Dimension),
    Exponent(f64),
    Cause(dimless::Error),
}

impl Misfit {
    fn into_error(self, node: usize) -> Error {
        match self {
            Self::Differ(op, left, right) => Error::DimensionMismatch {
                node,
                operator: op.name(),
                left: left.to_string(),
                right: right.to_string(),
            },
            Self::NotPure(op, found) => Error::NotDimensionless {
                node,
                operator: op.name(),
                found: found.to_string(),
            },
            Self::Exponent(value) => Error::UnknownExponent { node, value },
            Self::Cause(error) => Error::Dimension {
                node,
                source: DimensionCause(error),
            },
        }
    }
}

fn unary(op: Operator, a: Kind) -> Result<Kind, Misfit> {
    let Kind::Known(dimension) = a else {
        return Ok(match op {
            Operator::Neg | Operator::Abs | Operator::Square | Operator::Sqrt => Kind::Any,
            _ => Kind::Known(Dimension::DIMENSIONLESS),
        });
    };
    match op {
        Operator::Neg | Operator::Abs => Ok(a),
        Operator::Square => raised(dimension, 2.0),
        Operator::Sqrt => raised(dimension, 0.5),
        _ => pure(op, dimension),
    }
}

fn pure(op: Operator, dimension: Dimension) -> Result<Kind, Misfit> {
    if dimension.is_dimensionless() {
        Ok(Kind::Known(Dimension::DIMENSIONLESS))
    } else {
        Err(Misfit::NotPure(op, dimension))
    }
}

fn binary(op: Operator, a: Kind, b: Kind, before: &[Token]) -> Result<Kind, Misfit> {
    match (op, a, b) {
        (Operator::Pow, _, _) => power(a, b, before),
        (Operator::Mul, Kind::Known(x), Kind::Known(y)) => {
            x.times(y).map(Kind::Known).map_err(Misfit::Cause)
        }
        (Operator::Div, Kind::Known(x), Kind::Known(y)) => {
            x.over(y).map(Kind::Known).map_err(Misfit::Cause)
        }
        // Of an operator of the user's nothing is known: numbers in, a number out.
        (Operator::Custom(_), _, _) => {
            for kind in [a, b] {
                if let Kind::Known(dimension) = kind {
                    pure(op, dimension)?;
                }
            }
            Ok(Kind::Known(Dimension::DIMENSIONLESS))
        }
        (Operator::Mul | Operator::Div, _, _) | (_, Kind::Any, Kind::Any) => Ok(Kind::Any),
        (_, Kind::Known(x), Kind::Known(y)) if x != y => Err(Misfit::Differ(op, x, y)),
        (_, Kind::Known(x), _) | (_, _, Kind::Known(x)) => Ok(Kind::Known(x)),
    }
}

fn power(a: Kind, b: Kind, before: &[Token]) -> Result<Kind, Misfit> {
    // A number, with or without a sign of its own.
    let exponent = match before {
        [.., Token::Constant(c)] => Some(*c),
        [.., Token::Constant(c), Token::Apply(Operator::Neg)] => Some(-c),
        _ => None,
    };
    if let Kind::Known(dimension) = b {
        pure(Operator::Pow, dimension)?;
    }
    match (a, exponent) {
        (Kind::Known(base), _) if base.is_dimensionless() => Ok(a),
        (Kind::Known(base), Some(c)) => raised(base, c),
        (Kind::Known(base), None) => pure(Operator::Pow, base),
        (Kind::Any, Some(_)) => Ok(Kind::Any),
        (Kind::Any, None) => Ok(Kind::Known(Dimension::DIMENSIONLESS)),
    }
}

fn raised(dimension: Dimension, exponent: f64) -> Result<Kind, Misfit> {
    let exponent = fraction(exponent)?;
    dimension
        .pow(exponent)
        .map(Kind::Known)
        .map_err(Misfit::Cause)
}

/// The fraction that a number is, to rounding.
fn fraction(value: f64) -> Result<Rational, Misfit> {
    for denominator in 1..=MAX_DENOMINATOR {
        let numerator = value * denominator as f64;
        let whole = numerator.round();
        if whole.abs() <= 1e9 && (numerator - whole).abs() <= 4.0 * f64::EPSILON * numerator.abs() {
            return Rational::new(whole as i64, denominator).map_err(Misfit::Cause);
        }
    }
    Err(Misfit::Exponent(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["L", "T", "M", "q"];

    fn units() -> [Dimension; 4] {
        [
            Dimension::LENGTH,
            Dimension::TIME,
            Dimension::MASS,
            Dimension::DIMENSIONLESS,
        ]
    }

    fn of(text: &str) -> Result<String> {
        let e = Expression::parse(text, &NAMES)?;
        Ok(e.dimensions(&units())?.to_string())
    }

    fn free(text: &str) -> Result<Option<String>> {
        let e = Expression::parse(text, &NAMES)?;
        let check = DimensionCheck::new().constants(ConstantDimensions::Free);
        Ok(check.of(&e, &units())?.map(|d| d.to_string()))
    }

    #[test]
    fn follows_the_rules_of_dimensions() -> Result<()> {
        for (text, expected) in [
            ("M*L/square(T)", "kg m s^-2"),
            ("sqrt(L/T)", "m^(1/2) s^(-1/2)"),
            ("(L*M)^(-1.5)", "kg^(-3/2) m^(-3/2)"),
            ("L^(1/3)", "1"),
            ("2*L+max(L,3*L)", "m"),
            ("exp(L/L)*erf(q)", "1"),
            ("q^q", "1"),
            ("-abs(L)", "m"),
            ("L*exp(-T/(2*T))", "m"),
        ] {
            if text == "L^(1/3)" {
                // 1/3 is an expression here, not a number: its value is not looked at.
                assert!(matches!(of(text), Err(Error::NotDimensionless { .. })));
            } else {
                assert_eq!(of(text)?, expected, "{text}");
            }
        }
        assert_eq!(of("L^0.3333333333333333")?, "m^(1/3)");
        Ok(())
    }

    #[test]
    fn names_the_operator_that_does_not_fit() {
        assert!(matches!(
            of("L+T"),
            Err(Error::DimensionMismatch {
                node: 2,
                operator: "+",
                ..
            })
        ));
        assert!(matches!(of("1+L"), Err(Error::DimensionMismatch { .. })));
        assert!(matches!(
            of("M*exp(L)"),
            Err(Error::NotDimensionless {
                node: 2,
                operator: "exp",
                ..
            })
        ));
        assert!(matches!(of("q^L"), Err(Error::NotDimensionless { .. })));
        assert!(matches!(of("L^q"), Err(Error::NotDimensionless { .. })));
        assert!(matches!(
            of("L^0.123"),
            Err(Error::UnknownExponent { node: 2, .. })
        ));
        assert!(matches!(
            of("L^1e9^1e9"),
            Err(Error::NotDimensionless { .. }
                | Error::UnknownExponent { .. }
                | Error::Dimension { .. })
        ));
        assert!(matches!(
            of("(L^999999999)^999999999*L^999999999"),
            Err(Error::Dimension { .. }) | Ok(_)
        ));
        let short = Expression::parse("T", &NAMES).and_then(|e| e.dimensions(&units()[..1]));
        assert!(matches!(short, Err(Error::VariableOutOfRange { .. })));
    }

    #[test]
    fn free_constants_carry_what_is_missing() -> Result<()> {
        assert_eq!(free("2*L")?, None);
        assert_eq!(free("2*L+T")?.as_deref(), Some("s"));
        assert_eq!(free("exp(-3*L)")?.as_deref(), Some("1"));
        assert_eq!(free("5-3*exp(-2*L)")?, None);
        assert!(free("exp(L)").is_err());
        assert!(free("exp(L+1)").is_err());
        assert_eq!(free("L^2")?.as_deref(), Some("m^2"));
        let e = Expression::parse("2*L", &NAMES)?;
        let check = DimensionCheck::new();
        assert!(check.check(&e, &units(), Dimension::LENGTH).is_ok());
        assert!(check.check(&e, &units(), Dimension::TIME).is_err());
        assert!(check.fits(&e, &units(), Dimension::LENGTH));
        assert!(!check.fits(&e, &units(), Dimension::TIME));
        assert!(!check.fits(
            &Expression::parse("q", &NAMES)?,
            &units()[..2],
            Dimension::DIMENSIONLESS
        ));
        Ok(())
    }
}
