//! The reader of unit texts.

use crate::error::{Error, Result, excerpt};
use crate::rational::Rational;
use crate::unit::catalog::{lookup, offset_scale};
use crate::unit::{MAX_UNIT_DEPTH, MAX_UNIT_LENGTH, Unit, UnitProblem};

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// Reads a whole unit text.
pub(super) fn parse(text: &str) -> Result<Unit> {
    let mut parser = Parser {
        text,
        position: 0,
        depth: 0,
    };
    if text.len() > MAX_UNIT_LENGTH {
        let limit = MAX_UNIT_LENGTH;
        return Err(parser.error_at(limit, UnitProblem::TooLong { limit }));
    }
    parser.skip_space();
    if parser.peek().is_none() {
        return Err(parser.error_at(0, UnitProblem::Empty));
    }
    let unit = parser.level()?;
    match parser.peek() {
        None if unit.is_in_range() => Ok(unit),
        None => Err(parser.error_at(0, UnitProblem::OutOfRange)),
        Some(')') => Err(parser.error(UnitProblem::UnbalancedParenthesis)),
        Some(found) => Err(parser.error(UnitProblem::Unexpected { found })),
    }
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Operator {
    Times,
    Over,
}

impl<'a> Parser<'a> {
    /// Factors joined by products and quotients, up to a closing parenthesis or the end.
    fn level(&mut self) -> Result<Unit> {
        let start = self.position;
        let mut first_slash = None;
        let mut last_factor = self.position;
        let mut unit = self.factor()?;
        let mut end = self.position;
        while let Some((operator, sign_at)) = self.operator() {
            self.skip_space();
            let factor_at = self.position;
            let factor = self.factor()?;
            if operator == Operator::Times && first_slash.is_some() {
                let slash = first_slash.unwrap_or(start);
                let next = self.text[factor_at..self.position].trim_end();
                let grouped_head = &self.text[start..last_factor];
                let last = self.text[last_factor..end].trim_end();
                let numerator = self.text[start..slash].trim_end();
                let rest = self.text[slash..end].trim_end();
                let problem = UnitProblem::AmbiguousProduct {
                    grouped: format!("{}({last}*{next})", grouped_head.trim_end()),
                    reordered: format!("{numerator}*{next}{rest}"),
                };
                return Err(self.error_at(sign_at, problem));
            }
            let combined = match operator {
                Operator::Times => unit.times(factor),
                Operator::Over => {
                    first_slash = first_slash.or(Some(sign_at));
                    unit.over(factor)
                }
            };
            unit = combined.map_err(|_| self.error_at(factor_at, UnitProblem::OutOfRange))?;
            last_factor = factor_at;
            end = self.position;
        }
        Ok(unit)
    }

    /// The operator before the next factor, and its position; nothing at the end of a level.
    fn operator(&mut self) -> Option<(Operator, usize)> {
        let before = self.position;
        self.skip_space();
        let at = self.position;
        match self.peek()? {
            '/' => {
                self.advance();
                Some((Operator::Over, at))
            }
            '*' | '·' | '⋅' | '×' => {
                self.advance();
                Some((Operator::Times, at))
            }
            // An opening parenthesis or a space is a product.
            '(' => Some((Operator::Times, at)),
            ')' => None,
            _ if at > before => Some((Operator::Times, at)),
            _ => None,
        }
    }

    /// A symbol, `1` or a parenthesis, with its exponent.
    fn factor(&mut self) -> Result<Unit> {
        self.skip_space();
        let at = self.position;
        let base = match self.peek() {
            None => return Err(self.error(UnitProblem::UnexpectedEnd)),
            Some('(') => self.parenthesis(at)?,
            Some(c) if c.is_ascii_digit() => self.one(at)?,
            Some(c) if is_symbol_character(c) => self.symbol(at)?,
            Some(found) => return Err(self.error(UnitProblem::Unexpected { found })),
        };
        let Some(exponent) = self.exponent()? else {
            return Ok(base);
        };
        if self.exponent_follows() {
            return Err(self.error(UnitProblem::RepeatedExponent));
        }
        base.pow(exponent)
            .ok()
            .filter(Unit::is_in_range)
            .ok_or_else(|| self.error_at(at, UnitProblem::OutOfRange))
    }

    fn parenthesis(&mut self, at: usize) -> Result<Unit> {
        if self.depth == MAX_UNIT_DEPTH {
            let limit = MAX_UNIT_DEPTH;
            return Err(self.error(UnitProblem::TooDeep { limit }));
        }
        self.advance();
        self.depth += 1;
        self.skip_space();
        let unit = self.level()?;
        self.skip_space();
        self.depth -= 1;
        match self.peek() {
            Some(')') => {
                self.advance();
                Ok(unit)
            }
            None => Err(self.error_at(at, UnitProblem::UnbalancedParenthesis)),
            Some(found) => Err(self.error(UnitProblem::Unexpected { found })),
        }
    }

    /// The pure number `1`, the only number that is a unit.
    fn one(&mut self, at: usize) -> Result<Unit> {
        let number = self.take_while(|c| c.is_ascii_digit() || c == '.');
        if number == "1" {
            return Ok(Unit::ONE);
        }
        let number = number.to_owned();
        Err(self.error_at(at, UnitProblem::NumberInUnit { number }))
    }

    fn symbol(&mut self, at: usize) -> Result<Unit> {
        let symbol = self.take_while(is_symbol_character);
        let digits = self.take_while(|c| c.is_ascii_digit());
        let problem = if let Some(plain) = offset_scale(symbol) {
            UnitProblem::OffsetTemperature {
                symbol: symbol.to_owned(),
                plain,
            }
        } else if let Some(unit) = lookup(symbol) {
            if digits.is_empty() {
                return Ok(unit);
            }
            UnitProblem::DigitAfterSymbol {
                symbol: symbol.to_owned(),
                digits: digits.to_owned(),
            }
        } else {
            UnitProblem::UnknownSymbol {
                symbol: excerpt(symbol),
            }
        };
        Err(self.error_at(at, problem))
    }

    fn exponent_follows(&self) -> bool {
        let rest = self.text[self.position..].trim_start();
        rest.starts_with('^') || rest.starts_with("**") || rest.starts_with(is_superscript)
    }

    /// The exponent after a factor, if there is one.
    fn exponent(&mut self) -> Result<Option<Rational>> {
        if self.peek().is_some_and(is_superscript) {
            let at = self.position;
            let raised = self.take_while(is_superscript);
            let flat: String = raised.chars().map(flattened).collect();
            return self.exact(at, raised, &flat).map(Some);
        }
        if !self.exponent_follows() {
            return Ok(None);
        }
        self.skip_space();
        if self.peek().is_some_and(is_superscript) {
            // A superscript after a space belongs to nothing.
            return Err(self.error(UnitProblem::Unexpected {
                found: self.peek().unwrap_or(' '),
            }));
        }
        let marks = if self.peek() == Some('^') { 1 } else { 2 };
        self.position += marks;
        self.skip_space();
        let at = self.position;
        if self.peek() != Some('(') {
            let length = self.exponent_length();
            let text = &self.text[at..at + length];
            self.position += length;
            return self
                .exact(at, text, &text.replace('\u{2212}', "-"))
                .map(Some);
        }
        self.advance();
        let inner = self.take_while(|c| c != ')');
        if self.peek().is_none() {
            return Err(self.error_at(at, UnitProblem::UnbalancedParenthesis));
        }
        self.advance();
        let plain = inner.replace('\u{2212}', "-");
        let compact: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
        self.exact(at, inner, &compact).map(Some)
    }

    /// Bytes of an exponent without parentheses: sign, digits with decimals, then `/` and digits.
    fn exponent_length(&self) -> usize {
        let rest = &self.text[self.position..];
        let sign = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '+' | '-' | '\u{2212}'))
            .map_or(0, char::len_utf8);
        let bytes = rest.as_bytes();
        let digits = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let mut end = sign + digits(sign);
        for mark in [b'.', b'/'] {
            if bytes.get(end) == Some(&mark) && digits(end + 1) > 0 {
                end += 1 + digits(end + 1);
                break;
            }
        }
        end
    }

    fn exact(&self, at: usize, shown: &str, plain: &str) -> Result<Rational> {
        plain.parse().map_err(|_| {
            let text = excerpt(shown);
            self.error_at(at, UnitProblem::InvalidExponent { text })
        })
    }

    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn advance(&mut self) {
        self.position += self.peek().map_or(0, char::len_utf8);
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.position..];
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn error(&self, problem: UnitProblem) -> Error {
        self.error_at(self.position, problem)
    }

    fn error_at(&self, position: usize, problem: UnitProblem) -> Error {
        Error::InvalidUnit {
            text: excerpt(self.text),
            position,
            problem,
        }
    }
}

fn is_symbol_character(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '%' | '\u{b0}' | '\u{2103}' | '\u{2109}')
}

fn is_superscript(c: char) -> bool {
    SUPERSCRIPTS.contains(&c) || matches!(c, '⁻' | '⁺')
}

fn flattened(c: char) -> char {
    match c {
        '⁻' => '-',
        '⁺' => '+',
        _ => {
            let digit = SUPERSCRIPTS.iter().position(|&s| s == c).unwrap_or(0);
            char::from(b'0' + digit as u8)
        }
    }
}
