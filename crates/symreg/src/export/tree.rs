//! The tree of a law as a JSON document and as a Graphviz graph.

use std::fmt::Write as _;

use crate::expression::arguments;
use crate::{Expression, Score, Token};

use super::header::Header;
use super::writer::float_literal;

/// A string of JSON, quotes included.
pub(crate) fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A number of JSON; null where it is not finite, which JSON cannot write.
pub(crate) fn json_number(value: f64) -> String {
    if value.is_finite() {
        float_literal(value)
    } else {
        "null".to_owned()
    }
}

/// The document: format, law, variables with ranges and units, errors, and the tree.
pub(super) fn json(expression: &Expression, names: &[&str], header: &Header<'_>) -> String {
    let mut text = String::from("{\n  \"format\": \"symreg-law\",\n  \"version\": 1,\n");
    if !header.description.is_empty() {
        let _ = writeln!(
            text,
            "  \"description\": {},",
            json_string(header.description)
        );
    }
    let _ = writeln!(text, "  \"target\": {},", json_string(header.target()));
    if let Some(unit) = header.units.get(header.target()) {
        let _ = writeln!(text, "  \"target_unit\": {},", json_string(unit));
    }
    let _ = writeln!(text, "  \"infix\": {},", json_string(&header.infix()));
    let variables: Vec<String> = header
        .ranges()
        .iter()
        .map(|range| {
            let mut one = format!("{{\"name\": {}", json_string(range.name));
            if let Some((low, high)) = range.bounds {
                let (low, high) = (json_number(low), json_number(high));
                let _ = write!(one, ", \"low\": {low}, \"high\": {high}");
            }
            if let Some(unit) = range.unit {
                let _ = write!(one, ", \"unit\": {}", json_string(unit));
            }
            one + "}"
        })
        .collect();
    let _ = writeln!(text, "  \"variables\": [{}],", variables.join(", "));
    if let Some(digits) = header.digits {
        let _ = writeln!(text, "  \"digits\": {digits},");
        write_score(&mut text, "unrounded", header.exact);
    }
    write_score(&mut text, "quality", header.printed);
    let _ = writeln!(text, "  \"complexity\": {},", expression.complexity());
    let _ = writeln!(text, "  \"tree\": {}\n}}", tree(expression, names));
    text
}

fn write_score(text: &mut String, name: &str, score: Option<Score>) {
    if let Some(score) = score {
        let _ = writeln!(
            text,
            "  \"{name}\": {{\"rows\": {}, \"r2\": {}, \"rmse\": {}}},",
            score.n_rows,
            json_number(score.r2),
            json_number(score.rmse)
        );
    }
}

fn tree(expression: &Expression, names: &[&str]) -> String {
    let mut stack: Vec<String> = Vec::new();
    for token in expression.tokens() {
        let node = match *token {
            Token::Constant(c) => json_number(c),
            Token::Variable(v) => json_string(names[usize::from(v)]),
            Token::Apply(op) => {
                let b = stack.pop().unwrap_or_default();
                let arguments = if op.arity() == 1 {
                    b
                } else {
                    format!("{}, {b}", stack.pop().unwrap_or_default())
                };
                format!(
                    "{{\"op\": {}, \"args\": [{arguments}]}}",
                    json_string(label(op))
                )
            }
        };
        stack.push(node);
    }
    stack.pop().unwrap_or_default()
}

/// A name for each operator; the sign of a negation is not that of a subtraction.
fn label(op: crate::Operator) -> &'static str {
    if op == crate::Operator::Neg {
        "neg"
    } else {
        op.name()
    }
}

/// The graph, arguments from left to right.
pub(super) fn dot(expression: &Expression, names: &[&str], header: &Header<'_>) -> String {
    let called: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut text = String::new();
    for line in header.lines(&called) {
        let _ = writeln!(text, "{}", format!("// {line}").trim_end());
    }
    text.push_str("digraph law {\n  ordering=out;\n  node [fontname=\"sans-serif\"];\n");
    let tokens = expression.tokens();
    for (i, token) in tokens.iter().enumerate() {
        let (name, shape) = match *token {
            Token::Constant(c) => (float_literal(c), "box"),
            Token::Variable(v) => (names[usize::from(v)].to_owned(), "ellipse"),
            Token::Apply(op) => (op.name().to_owned(), "circle"),
        };
        let _ = writeln!(
            text,
            "  n{i} [label={}, shape={shape}];",
            json_string(&name)
        );
    }
    for i in 0..tokens.len() {
        let (a, b) = arguments(tokens, i);
        for argument in [a, b].into_iter().flatten() {
            let _ = writeln!(text, "  n{i} -> n{argument};");
        }
    }
    text.push_str("}\n");
    text
}
