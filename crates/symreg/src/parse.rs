//! Reading expressions from text.

use crate::error::ParseProblem;
use crate::expression::{Expression, MAX_NODES, Token};
use crate::operator::{NAMED_CONSTANTS, Operator};
use crate::{Error, Result};

/// Longest text that [`Expression::parse`] reads, in bytes.
pub const MAX_TEXT_LENGTH: usize = 1 << 16;
/// Deepest nesting of parentheses, functions, signs and powers that it follows.
pub const MAX_NESTING: usize = 200;

impl Expression {
    /// Reads an expression from infix text.
    ///
    /// `names[i]` names variable `i`. Operators by falling binding strength: `^` (right to left),
    /// unary `-` and `+`, `*` and `/` (left to right), `+` and `-` (left to right); so `-x^2` is
    /// $-(x^2)$ and `2^-1` is one half. Functions: `exp log ln sqrt sin cos tanh erf erfc abs
    /// square min max`; `pi` is a number unless a variable has that name. A sign directly before
    /// a number belongs to the number, unless a power follows. What
    /// [`to_infix`](Self::to_infix) prints is read back token for token, within these limits.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`] with the byte offset and the problem, for anything that is not such an
    /// expression, is longer than [`MAX_TEXT_LENGTH`] bytes, nested deeper than [`MAX_NESTING`] or
    /// larger than [`MAX_NODES`]; [`Error::InvalidName`] and [`Error::NameClash`] for bad names.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Error, Expression};
    /// let e = Expression::parse("a - -2*b^2", &["a", "b"])?;
    /// assert_eq!(e.to_infix(&["a", "b"])?, "a-(-2*b^2)");
    /// let error = Expression::parse("a + (b", &["a", "b"]).unwrap_err();
    /// assert_eq!(error.to_string(), "at byte 6: the parenthesis opened at byte 4 is not closed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse<S: AsRef<str>>(text: &str, names: &[S]) -> Result<Self> {
        check_names(names)?;
        if text.len() > MAX_TEXT_LENGTH {
            return Err(problem(
                MAX_TEXT_LENGTH,
                ParseProblem::TooLong(MAX_TEXT_LENGTH),
            ));
        }
        let mut parser = Parser {
            text,
            at: 0,
            names,
            tokens: Vec::new(),
            depth: 0,
        };
        parser.skip_space();
        if parser.at == text.len() {
            return Err(problem(0, ParseProblem::Empty));
        }
        parser.sum()?;
        match parser.peek() {
            None => Self::from_tokens(parser.tokens),
            Some(c) => Err(problem(parser.at, ParseProblem::Unexpected(c))),
        }
    }
}

/// Checks that every name is an identifier, that none is a function and none stands twice.
pub(crate) fn check_names<S: AsRef<str>>(names: &[S]) -> Result<()> {
    for (i, name) in names.iter().enumerate() {
        let name = name.as_ref();
        let mut chars = name.chars();
        let starts_well = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !starts_well || !chars.all(|c| c.is_alphanumeric() || c == '_') {
            return Err(Error::InvalidName {
                name: name.to_owned(),
            });
        }
        if Operator::from_function_name(name).is_some() {
            return Err(Error::NameClash {
                name: name.to_owned(),
                taken_by: "a function",
            });
        }
        if names[..i].iter().any(|other| other.as_ref() == name) {
            return Err(Error::NameClash {
                name: name.to_owned(),
                taken_by: "another column",
            });
        }
    }
    Ok(())
}

fn problem(position: usize, problem: ParseProblem) -> Error {
    Error::Parse { position, problem }
}

struct Parser<'a, S> {
    text: &'a str,
    at: usize,
    names: &'a [S],
    tokens: Vec<Token>,
    depth: usize,
}

impl<S: AsRef<str>> Parser<'_, S> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.rest().chars().next()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn push(&mut self, token: Token) -> Result<()> {
        if self.tokens.len() == MAX_NODES {
            return Err(problem(self.at, ParseProblem::TooManyNodes(MAX_NODES)));
        }
        self.tokens.push(token);
        Ok(())
    }

    /// Runs `body` one level deeper.
    fn nested(&mut self, body: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.depth == MAX_NESTING {
            return Err(problem(self.at, ParseProblem::TooDeep(MAX_NESTING)));
        }
        self.depth += 1;
        body(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn sum(&mut self) -> Result<()> {
        self.product()?;
        loop {
            let op = match self.peek() {
                Some('+') => Operator::Add,
                Some('-') => Operator::Sub,
                _ => return Ok(()),
            };
            self.at += 1;
            self.product()?;
            self.push(Token::Apply(op))?;
        }
    }

    fn product(&mut self) -> Result<()> {
        self.signed()?;
        loop {
            let op = match self.peek() {
                Some('*') => Operator::Mul,
                Some('/') => Operator::Div,
                _ => return Ok(()),
            };
            self.at += 1;
            self.signed()?;
            self.push(Token::Apply(op))?;
        }
    }

    fn signed(&mut self) -> Result<()> {
        match self.peek() {
            Some('+') => {
                self.at += 1;
                self.nested(Self::signed)
            }
            Some('-') => {
                self.at += 1;
                if self.peek().is_some_and(starts_number) {
                    let before = self.at;
                    let value = self.number()?;
                    if self.peek() != Some('^') {
                        return self.push(Token::Constant(-value));
                    }
                    self.at = before;
                }
                self.nested(Self::signed)?;
                self.push(Token::Apply(Operator::Neg))
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<()> {
        self.primary()?;
        if self.take('^') {
            // Right to left, and the exponent may carry a sign.
            self.nested(Self::signed)?;
            self.push(Token::Apply(Operator::Pow))?;
        }
        Ok(())
    }

    fn primary(&mut self) -> Result<()> {
        match self.peek() {
            None => Err(problem(self.at, ParseProblem::UnexpectedEnd)),
            Some('(') => {
                let opened = self.at;
                self.at += 1;
                self.nested(Self::sum)?;
                self.close(opened)
            }
            Some(c) if starts_number(c) => {
                let value = self.number()?;
                self.push(Token::Constant(value))
            }
            Some(c) if c.is_alphabetic() || c == '_' => self.named(),
            Some(c) => Err(problem(self.at, ParseProblem::Unexpected(c))),
        }
    }

    fn close(&mut self, opened: usize) -> Result<()> {
        if self.take(')') {
            return Ok(());
        }
        match self.peek() {
            None => Err(problem(self.at, ParseProblem::Unclosed(opened))),
            Some(c) => Err(problem(self.at, ParseProblem::Unexpected(c))),
        }
    }

    fn named(&mut self) -> Result<()> {
        let start = self.at;
        let rest = self.rest();
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        self.at += length;
        if let Some(index) = self.names.iter().position(|n| n.as_ref() == name) {
            let index = u16::try_from(index)
                .map_err(|_| problem(start, ParseProblem::UnknownName(name.clone())))?;
            return self.push(Token::Variable(index));
        }
        if let Some((_, value)) = NAMED_CONSTANTS.iter().find(|(n, _)| *n == name) {
            return self.push(Token::Constant(*value));
        }
        let Some(op) = Operator::from_function_name(&name) else {
            return Err(problem(start, ParseProblem::UnknownName(shortened(&name))));
        };
        let opened = {
            self.skip_space();
            self.at
        };
        if !self.take('(') {
            return Err(problem(opened, ParseProblem::MissingArguments(op.name())));
        }
        let wrong = ParseProblem::WrongArgumentCount {
            name: op.name(),
            expected: op.arity(),
        };
        for i in 0..op.arity() {
            if i > 0 && !self.take(',') {
                return Err(problem(self.at, wrong));
            }
            self.nested(Self::sum)?;
        }
        if self.peek() == Some(',') {
            return Err(problem(self.at, wrong));
        }
        self.close(opened)?;
        self.push(Token::Apply(op))
    }

    /// Reads an unsigned number: digits, an optional fraction, an optional exponent.
    fn number(&mut self) -> Result<f64> {
        let start = self.at;
        let bytes = self.rest().as_bytes();
        let digits = |mut i: usize| {
            while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            i
        };
        let mut end = digits(0);
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let after = digits(end + 1 + sign);
            if after > end + 1 + sign {
                end = after;
            }
        }
        let text = &self.rest()[..end];
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        let is_zero = !mantissa.contains(|c: char| ('1'..='9').contains(&c));
        // Neither infinite nor, by underflow, zero.
        let value: f64 = text
            .parse()
            .ok()
            .filter(|v: &f64| v.is_finite() && (*v != 0.0 || is_zero))
            .ok_or_else(|| problem(start, ParseProblem::BadNumber(shortened(text))))?;
        self.at += end;
        Ok(value)
    }
}

/// At most 40 characters, for messages.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn starts_number(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["x", "y", "z"];

    fn value(text: &str) -> f64 {
        Expression::parse(text, &NAMES)
            .unwrap()
            .evaluate_row(&[2.0, 3.0, 5.0])
            .unwrap()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "small integers and exact halves")]
    fn follows_the_usual_precedence() {
        for (text, expected) in [
            ("x-y-z", -6.0),
            ("x-(y-z)", 4.0),
            ("x/y/2*3", 1.0),
            ("-x^2", -4.0),
            ("(-x)^2", 4.0),
            ("-2^2", -4.0),
            ("(-2)^2", 4.0),
            ("2^-1", 0.5),
            ("2^3^2", 512.0),
            ("--x", 2.0),
            ("+x", 2.0),
            ("x*-y", -6.0),
            ("min(x, y) + max(x, z)", 7.0),
            ("square(y)", 9.0),
            ("1.5e1 - .5", 14.5),
            ("2e0", 2.0),
            ("0e-999", 0.0),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        assert_eq!(value("pi"), std::f64::consts::PI);
        assert_eq!(value("ln(exp(1))"), value("log(exp(1))"));
    }

    #[test]
    fn a_variable_may_be_called_pi() -> Result<()> {
        let e = Expression::parse("pi", &["pi"])?;
        assert_eq!(e.tokens(), &[Token::Variable(0)]);
        Ok(())
    }

    #[test]
    fn names_the_problem_and_its_place() {
        use ParseProblem as P;
        for (text, position, expected) in [
            ("", 0, P::Empty),
            ("  ", 0, P::Empty),
            ("x +", 3, P::UnexpectedEnd),
            ("x y", 2, P::Unexpected('y')),
            ("(x", 2, P::Unclosed(0)),
            ("x)", 1, P::Unexpected(')')),
            ("q", 0, P::UnknownName("q".into())),
            ("sin x", 4, P::MissingArguments("sin")),
            (
                "sin(x, y)",
                5,
                P::WrongArgumentCount {
                    name: "sin",
                    expected: 1,
                },
            ),
            (
                "min(x)",
                5,
                P::WrongArgumentCount {
                    name: "min",
                    expected: 2,
                },
            ),
            ("1e999", 0, P::BadNumber("1e999".into())),
            ("1e-999", 0, P::BadNumber("1e-999".into())),
            (".", 0, P::BadNumber(".".into())),
            ("x # y", 2, P::Unexpected('#')),
            ("sin()", 4, P::Unexpected(')')),
            ("2x", 1, P::Unexpected('x')),
        ] {
            assert_eq!(
                Expression::parse(text, &NAMES),
                Err(Error::Parse {
                    position,
                    problem: expected
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn limits_depth_length_and_size() {
        let deep = "(".repeat(60_000) + "x";
        assert!(matches!(
            Expression::parse(&deep, &NAMES),
            Err(Error::Parse {
                problem: ParseProblem::TooDeep(MAX_NESTING),
                ..
            })
        ));
        for nest in ["-", "2^", "exp("] {
            assert!(matches!(
                Expression::parse(&nest.repeat(10_000), &NAMES),
                Err(Error::Parse {
                    problem: ParseProblem::TooDeep(_),
                    ..
                })
            ));
        }
        let million = "(".repeat(1_000_000);
        assert!(matches!(
            Expression::parse(&million, &NAMES),
            Err(Error::Parse {
                problem: ParseProblem::TooLong(_),
                ..
            })
        ));
        let wide = "x+".repeat(5_000) + "x";
        assert!(matches!(
            Expression::parse(&wide, &NAMES),
            Err(Error::Parse {
                problem: ParseProblem::TooManyNodes(_),
                ..
            })
        ));
    }

    #[test]
    fn rejects_bad_names() {
        assert!(matches!(
            Expression::parse("x", &["1x"]),
            Err(Error::InvalidName { .. })
        ));
        assert!(matches!(
            Expression::parse("x", &[""]),
            Err(Error::InvalidName { .. })
        ));
        assert!(matches!(
            Expression::parse("x", &["a b"]),
            Err(Error::InvalidName { .. })
        ));
        assert!(matches!(
            Expression::parse("x", &["exp"]),
            Err(Error::NameClash { .. })
        ));
        assert!(matches!(
            Expression::parse("x", &["x", "x"]),
            Err(Error::NameClash { .. })
        ));
    }

    proptest! {
        #[test]
        fn never_panics_on_any_text(text in ".{0,80}") {
            let _ = Expression::parse(&text, &NAMES);
        }

        #[test]
        fn never_panics_on_formula_like_text(text in "[-+*/^(),.0-9exyzsinlogerfmax ]{0,60}") {
            if let Ok(e) = Expression::parse(&text, &NAMES) {
                let printed = e.to_infix(&NAMES).unwrap();
                prop_assert_eq!(Expression::parse(&printed, &NAMES).unwrap(), e);
            }
        }
    }
}
