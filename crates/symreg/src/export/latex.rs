//! LaTeX.

use std::fmt::Write as _;

use crate::operator::Operator;
use crate::{Expression, Token};

use super::header::Header;
use super::language::GREEK;
use super::writer::Strength;

struct Piece {
    text: String,
    strength: Strength,
    /// Starts or ends with a digit, next to which a factor needs a sign.
    digit_first: bool,
    digit_last: bool,
}

/// The expression as mathematics, without dollar signs.
pub(super) fn inline(expression: &Expression, names: &[&str]) -> String {
    let mut stack: Vec<Piece> = Vec::new();
    for token in expression.tokens() {
        let piece = match *token {
            Token::Constant(c) => number(c),
            Token::Variable(v) => atom(symbol(names[usize::from(v)])),
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
    stack.pop().unwrap_or_else(missing).text
}

/// A displayed equation below its header.
pub(super) fn document(expression: &Expression, names: &[&str], header: &Header<'_>) -> String {
    let called: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut text = String::new();
    for line in header.lines(&called) {
        let _ = writeln!(text, "{}", format!("% {line}").trim_end());
    }
    let _ = writeln!(
        text,
        "\\begin{{equation}}\n  {} = {}\n\\end{{equation}}",
        symbol(header.target()),
        inline(expression, names)
    );
    text
}

fn missing() -> Piece {
    atom(String::new())
}

fn atom(text: String) -> Piece {
    Piece {
        text,
        strength: Strength::Atom,
        digit_first: false,
        digit_last: false,
    }
}

fn number(value: f64) -> Piece {
    let size = value.abs();
    let plain = size == 0.0 || (1e-4..1e7).contains(&size);
    let text = if plain {
        format!("{value}")
    } else {
        let scientific = format!("{value:e}");
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        match mantissa {
            "1" => format!("10^{{{exponent}}}"),
            "-1" => format!("-10^{{{exponent}}}"),
            _ => format!("{mantissa} \\times 10^{{{exponent}}}"),
        }
    };
    let strength = if value.is_sign_negative() {
        Strength::Sign
    } else if plain {
        Strength::Atom
    } else {
        // A power of it needs parentheses.
        Strength::Power
    };
    Piece {
        strength,
        digit_first: !text.starts_with('-'),
        digit_last: plain,
        text,
    }
}

fn parenthesized(piece: &Piece) -> Piece {
    atom(format!("\\left({}\\right)", piece.text))
}

fn at_least(piece: Piece, least: Strength) -> Piece {
    if piece.strength < least {
        parenthesized(&piece)
    } else {
        piece
    }
}

fn unary(op: Operator, a: Piece) -> Piece {
    match op {
        Operator::Neg => {
            let inner = if a.text.starts_with('-') {
                parenthesized(&a)
            } else {
                at_least(a, Strength::Product)
            };
            Piece {
                text: format!("-{}", inner.text),
                strength: Strength::Sign,
                digit_first: false,
                digit_last: inner.digit_last,
            }
        }
        Operator::Square => power(a, "2"),
        Operator::Sqrt => atom(format!("\\sqrt{{{}}}", a.text)),
        Operator::Abs => atom(format!("\\left|{}\\right|", a.text)),
        _ => atom(format!("{}\\left({}\\right)", function(op), a.text)),
    }
}

fn function(op: Operator) -> String {
    let known = match op {
        Operator::Exp => "\\exp",
        Operator::Log => "\\ln",
        Operator::Sin => "\\sin",
        Operator::Cos => "\\cos",
        Operator::Tanh => "\\tanh",
        Operator::Erf => "\\operatorname{erf}",
        Operator::Erfc => "\\operatorname{erfc}",
        Operator::Min => "\\min",
        Operator::Max => "\\max",
        own => return format!("\\operatorname{{{}}}", own.name().replace('_', "\\_")),
    };
    known.to_owned()
}

fn power(base: Piece, exponent: &str) -> Piece {
    // A fraction is an atom elsewhere, but not below an exponent.
    let fraction = base.text.starts_with("\\frac");
    let base = if fraction {
        parenthesized(&base)
    } else {
        at_least(base, Strength::Atom)
    };
    Piece {
        digit_first: base.digit_first,
        digit_last: false,
        text: format!("{}^{{{exponent}}}", base.text),
        strength: Strength::Power,
    }
}

fn binary(op: Operator, a: Piece, b: Piece) -> Piece {
    match op {
        Operator::Add | Operator::Sub => {
            let sign = if op == Operator::Add { '+' } else { '-' };
            let b = at_least(b, Strength::Product);
            let b = if b.text.starts_with('-') {
                parenthesized(&b)
            } else {
                b
            };
            Piece {
                text: format!("{} {sign} {}", a.text, b.text),
                strength: Strength::Sum,
                digit_first: a.digit_first,
                digit_last: b.digit_last,
            }
        }
        Operator::Mul => {
            let a = at_least(a, Strength::Product);
            let b = at_least(b, Strength::Product);
            // A product of products keeps its association to the right by parentheses.
            let b = if b.strength == Strength::Product || b.text.starts_with('-') {
                parenthesized(&b)
            } else {
                b
            };
            let sign = if b.digit_first { " \\cdot " } else { "\\," };
            Piece {
                text: format!("{}{sign}{}", a.text, b.text),
                strength: Strength::Product,
                digit_first: a.digit_first,
                digit_last: b.digit_last,
            }
        }
        Operator::Div => {
            // A sign in front of a fraction is read better than one inside of it.
            if let Some(rest) = a
                .text
                .strip_prefix('-')
                .filter(|_| a.strength == Strength::Sign)
            {
                return Piece {
                    text: format!("-\\frac{{{rest}}}{{{}}}", b.text),
                    strength: Strength::Sign,
                    digit_first: false,
                    digit_last: false,
                };
            }
            atom(format!("\\frac{{{}}}{{{}}}", a.text, b.text))
        }
        Operator::Pow => power(a, &b.text),
        _ => atom(format!(
            "{}\\left({},\\,{}\\right)",
            function(op),
            a.text,
            b.text
        )),
    }
}

/// A name as a symbol: what follows the first underscore, or the digits at the end, is an index.
pub(super) fn symbol(name: &str) -> String {
    let trimmed = name.trim_matches('_');
    let (base, index) = if let Some((base, index)) = trimmed.split_once('_') {
        (base, index)
    } else {
        let end = trimmed.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        trimmed.split_at(end)
    };
    let base = word(base);
    if index.is_empty() {
        base
    } else {
        format!("{base}_{{{}}}", word(index))
    }
}

fn word(text: &str) -> String {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        if let Some((_, name)) = GREEK.iter().find(|(g, _)| *g == c) {
            return format!("\\{name}");
        }
        if c.is_ascii_alphanumeric() {
            return c.to_string();
        }
    }
    if GREEK.iter().any(|(_, name)| *name == text) {
        return format!("\\{text}");
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        return text.to_owned();
    }
    let escaped: String = text
        .chars()
        .flat_map(|c| {
            let special = matches!(c, '_' | '%' | '&' | '#' | '$' | '{' | '}');
            special.then_some('\\').into_iter().chain(match c {
                '\\' | '^' | '~' => Some(' '),
                _ => Some(c),
            })
        })
        .collect();
    format!("\\mathrm{{{escaped}}}")
}
