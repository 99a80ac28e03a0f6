//! Laws as MathML, which browsers draw without help.

use crate::format::round_significant;
use crate::operator::Operator;
use crate::{Expression, Token};

use super::markup::escaped;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

struct Piece {
    markup: String,
    strength: Strength,
    starts_with_sign: bool,
    starts_with_digit: bool,
}

/// `target = law` with numbers of four significant digits.
pub(super) fn equation(target: &str, expression: &Expression, names: &[String]) -> String {
    format!(
        "<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\"><mrow>{}<mo>=</mo>{}</mrow></math>",
        name(target),
        markup(expression, names)
    )
}

fn markup(expression: &Expression, names: &[String]) -> String {
    let mut stack: Vec<Piece> = Vec::new();
    for token in expression.tokens() {
        let piece = match *token {
            Token::Constant(c) => number(c),
            Token::Variable(v) => atom(
                names
                    .get(usize::from(v))
                    .map_or_else(String::new, |n| name(n)),
            ),
            Token::Apply(op) if op.arity() == 1 => {
                let a = stack.pop().unwrap_or_else(|| atom(String::new()));
                unary(op, &a)
            }
            Token::Apply(op) => {
                let b = stack.pop().unwrap_or_else(|| atom(String::new()));
                let a = stack.pop().unwrap_or_else(|| atom(String::new()));
                binary(op, &a, &b)
            }
        };
        stack.push(piece);
    }
    stack.pop().map_or_else(String::new, |p| p.markup)
}

fn atom(markup: String) -> Piece {
    Piece {
        markup,
        strength: Strength::Atom,
        starts_with_sign: false,
        starts_with_digit: false,
    }
}

/// A name with what follows its first underscore as an index.
fn name(text: &str) -> String {
    match text.split_once('_') {
        Some((base, index)) if !base.is_empty() && !index.is_empty() => format!(
            "<msub><mi>{}</mi><mtext>{}</mtext></msub>",
            escaped(base),
            escaped(index)
        ),
        _ => format!("<mi>{}</mi>", escaped(text)),
    }
}

fn number(value: f64) -> Piece {
    let text = round_significant(value.abs(), 4);
    let (markup, strength) = match text.split_once('e') {
        Some((mantissa, exponent)) => (
            format!(
                "<mrow><mn>{mantissa}</mn><mo>×</mo><msup><mn>10</mn><mn>{}</mn></msup></mrow>",
                exponent.replace('-', "−")
            ),
            Strength::Power,
        ),
        None => (format!("<mn>{text}</mn>"), Strength::Atom),
    };
    let negative = value.is_sign_negative();
    Piece {
        markup: if negative {
            format!("<mrow><mo>−</mo>{markup}</mrow>")
        } else {
            markup
        },
        strength: if negative { Strength::Sign } else { strength },
        starts_with_sign: negative,
        starts_with_digit: true,
    }
}

fn parenthesized(piece: &Piece) -> String {
    format!("<mrow><mo>(</mo>{}<mo>)</mo></mrow>", piece.markup)
}

fn at_least(piece: &Piece, least: Strength, no_sign: bool) -> String {
    if piece.strength < least || (no_sign && piece.starts_with_sign) {
        parenthesized(piece)
    } else {
        piece.markup.clone()
    }
}

fn unary(op: Operator, a: &Piece) -> Piece {
    match op {
        Operator::Neg => Piece {
            markup: format!(
                "<mrow><mo>−</mo>{}</mrow>",
                at_least(a, Strength::Product, true)
            ),
            strength: Strength::Sign,
            starts_with_sign: true,
            starts_with_digit: false,
        },
        Operator::Square => power(a, "<mn>2</mn>"),
        Operator::Sqrt => atom(format!("<msqrt>{}</msqrt>", a.markup)),
        Operator::Abs => atom(format!("<mrow><mo>|</mo>{}<mo>|</mo></mrow>", a.markup)),
        Operator::Log => call("ln", &a.markup),
        _ => call(op.name(), &a.markup),
    }
}

fn call(function: &str, argument: &str) -> Piece {
    atom(format!(
        "<mrow><mi>{function}</mi><mo>&#x2061;</mo><mrow><mo>(</mo>{argument}<mo>)</mo></mrow></mrow>"
    ))
}

fn power(base: &Piece, exponent: &str) -> Piece {
    let fraction = base.markup.starts_with("<mfrac>");
    let base = if fraction {
        parenthesized(base)
    } else {
        at_least(base, Strength::Atom, true)
    };
    Piece {
        markup: format!("<msup>{base}<mrow>{exponent}</mrow></msup>"),
        strength: Strength::Power,
        starts_with_sign: false,
        starts_with_digit: false,
    }
}

fn binary(op: Operator, a: &Piece, b: &Piece) -> Piece {
    match op {
        Operator::Add | Operator::Sub => {
            let sign = if op == Operator::Add { "+" } else { "−" };
            let right = at_least(b, Strength::Product, true);
            Piece {
                markup: format!("<mrow>{}<mo>{sign}</mo>{right}</mrow>", a.markup),
                strength: Strength::Sum,
                starts_with_sign: a.starts_with_sign,
                starts_with_digit: a.starts_with_digit,
            }
        }
        Operator::Mul => {
            let left = at_least(a, Strength::Product, false);
            let nested = b.strength == Strength::Product;
            let right = if nested {
                parenthesized(b)
            } else {
                at_least(b, Strength::Product, true)
            };
            let sign = if b.starts_with_digit && !nested {
                "<mo>·</mo>"
            } else {
                "<mspace width=\"0.17em\"/>"
            };
            Piece {
                markup: format!("<mrow>{left}{sign}{right}</mrow>"),
                strength: Strength::Product,
                starts_with_sign: a.starts_with_sign,
                starts_with_digit: a.starts_with_digit,
            }
        }
        Operator::Div => atom(format!(
            "<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>",
            a.markup, b.markup
        )),
        Operator::Pow => power(a, &b.markup),
        _ => call(op.name(), &format!("{}<mo>,</mo>{}", a.markup, b.markup)),
    }
}
