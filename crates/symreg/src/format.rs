//! Writing expressions as text.

use std::fmt::Write as _;

use crate::expression::{Expression, Token};
use crate::operator::Operator;
use crate::parse::check_names;
use crate::{Error, Result};

/// Binding strength of a piece of text, as the parser sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

impl Expression {
    /// Infix text that [`parse`](Self::parse) reads back token for token, unless its parentheses
    /// nest deeper than [`MAX_NESTING`](crate::MAX_NESTING) or it is longer than
    /// [`MAX_TEXT_LENGTH`](crate::MAX_TEXT_LENGTH), which `parse` then says.
    ///
    /// `names[i]` names variable `i`. Numbers are printed with the fewest digits that give the
    /// same `f64`; parentheses stand where precedence or association needs them and around
    /// negative operands.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if a variable has no name, and the errors of `parse` for bad
    /// names.
    pub fn to_infix<S: AsRef<str>>(&self, names: &[S]) -> Result<String> {
        self.write(names, shortest)
    }

    /// Infix text for reading: numbers rounded to `digits` significant digits, spaces around `+`
    /// and `-`.
    ///
    /// # Errors
    ///
    /// As [`to_infix`](Self::to_infix).
    pub fn to_infix_rounded<S: AsRef<str>>(&self, names: &[S], digits: usize) -> Result<String> {
        let digits = digits.clamp(1, 17);
        self.write(names, |c| round_significant(c, digits))
    }

    fn write<S: AsRef<str>>(&self, names: &[S], number: impl Fn(f64) -> String) -> Result<String> {
        check_names(names)?;
        let mut stack: Vec<(String, Strength)> = Vec::new();
        for token in self.tokens() {
            let piece = match *token {
                Token::Constant(c) if c.is_sign_negative() => (number(c), Strength::Sign),
                Token::Constant(c) => (number(c), Strength::Atom),
                Token::Variable(v) => {
                    let name = names.get(usize::from(v)).ok_or(Error::VariableOutOfRange {
                        index: usize::from(v),
                        columns: names.len(),
                    })?;
                    (name.as_ref().to_owned(), Strength::Atom)
                }
                Token::Apply(op) if op.arity() == 1 => {
                    let a = stack.pop().unwrap_or_else(missing);
                    unary(op, a)
                }
                Token::Apply(op) => {
                    let b = stack.pop().unwrap_or_else(missing);
                    let a = stack.pop().unwrap_or_else(missing);
                    binary(op, a, b)
                }
            };
            stack.push(piece);
        }
        Ok(stack.pop().unwrap_or_else(missing).0)
    }
}

/// Never reached: every expression is well formed.
fn missing() -> (String, Strength) {
    (String::new(), Strength::Atom)
}

fn wrapped((text, strength): (String, Strength), least: Strength) -> String {
    if strength < least {
        format!("({text})")
    } else {
        text
    }
}

fn unary(op: Operator, a: (String, Strength)) -> (String, Strength) {
    if op == Operator::Neg {
        // `-2` would be read as one number and `--x` is hard to read.
        let bare_number = a.1 == Strength::Atom && a.0.starts_with(|c: char| c.is_ascii_digit());
        let inner = if bare_number || a.0.starts_with('-') {
            format!("({})", a.0)
        } else {
            wrapped(a, Strength::Sign)
        };
        return (format!("-{inner}"), Strength::Sign);
    }
    (format!("{}({})", op.name(), a.0), Strength::Atom)
}

fn binary(op: Operator, a: (String, Strength), b: (String, Strength)) -> (String, Strength) {
    use Strength::{Atom, Power, Product, Sum};
    let (left, right, own) = match op {
        Operator::Add | Operator::Sub => (Sum, Product, Sum),
        Operator::Mul | Operator::Div => (Product, Power, Product),
        // The base of a power is an atom; powers associate to the right.
        Operator::Pow => (Atom, Power, Power),
        _ => return (format!("{}({},{})", op.name(), a.0, b.0), Atom),
    };
    let mut text = wrapped(a, left);
    text.push_str(op.name());
    // A sign after an operator is legal but hard to read.
    let second = wrapped(b, right);
    if second.starts_with('-') {
        let _ = write!(text, "({second})");
    } else {
        text.push_str(&second);
    }
    (text, own)
}

/// The fewest digits that are read back as the same number.
fn shortest(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

/// `value` with `digits` significant digits, without trailing zeros.
pub(crate) fn round_significant(value: f64, digits: usize) -> String {
    let scientific = format!("{value:.*e}", digits.saturating_sub(1));
    // Rounding up the largest numbers would leave their range.
    let parsed = scientific.parse().ok().filter(|v: &f64| v.is_finite());
    let rounded: f64 = parsed.unwrap_or(value);
    let size = rounded.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{rounded:e}");
    }
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::random_expression_for_tests;
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["x", "y", "z"];

    #[test]
    fn keeps_association_and_drops_needless_parentheses() -> Result<()> {
        for text in [
            "x-(y-z)",
            "x-y-z",
            "x/(y/z)",
            "x/y/z",
            "x*(y+z)",
            "x^y^z",
            "(x^y)^z",
            "-x^2",
            "(-x)^2",
            "-(x+y)",
            "exp(x+y)",
            "min(x,y+z)",
            "x-(-2)",
            "-2*x",
            "(-2)^x",
            "-(2)",
            "-(2)^x",
            "x+(y+z)",
            "-(-x)",
            "x*(y/z)",
            "2^(-x)",
            "-(2*x)",
            "-x*y",
        ] {
            let e = Expression::parse(text, &NAMES)?;
            let printed = e.to_infix(&NAMES)?;
            assert_eq!(
                Expression::parse(&printed, &NAMES)?,
                e,
                "{text} printed as {printed}"
            );
        }
        let e = Expression::parse("((x*y)/z)+(x^2)", &NAMES)?;
        assert_eq!(e.to_infix(&NAMES)?, "x*y/z+x^2");
        Ok(())
    }

    #[test]
    fn rounds_to_significant_digits() {
        assert_eq!(round_significant(5.276_91, 4), "5.277");
        assert_eq!(round_significant(-0.500_04, 3), "-0.5");
        assert_eq!(round_significant(1.234_5e-9, 3), "1.23e-9");
        assert_eq!(round_significant(123_456.0, 3), "123000");
        assert_eq!(round_significant(0.0, 3), "0");
        assert_eq!(round_significant(f64::MAX, 3), "1.7976931348623157e308");
    }

    #[test]
    fn an_unnamed_variable_is_an_error() -> Result<()> {
        let e = Expression::parse("x+y", &NAMES)?;
        assert_eq!(
            e.to_infix(&["x"]),
            Err(Error::VariableOutOfRange {
                index: 1,
                columns: 1
            })
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn text_is_read_back_token_for_token(seed in 0_u64..5000) {
            let e = random_expression_for_tests(seed, 3, 7);
            let text = e.to_infix(&NAMES).unwrap();
            let back = Expression::parse(&text, &NAMES).unwrap();
            prop_assert_eq!(&back, &e, "{}", text);
        }
    }
}
