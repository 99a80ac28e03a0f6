//! The tree of an expression as SVG.

use std::fmt::Write as _;

use crate::expression::arguments;
use crate::format::round_significant;
use crate::operator::Operator;
use crate::parse::check_names;
use crate::{Expression, Result, Token};

use super::chart::{BLUE, GREEN, ORANGE, svg};
use super::markup::{at, escaped};

/// Rows of the drawing are this far apart.
const ROW: f64 = 58.0;
const GAP: f64 = 14.0;
const HEIGHT: f64 = 30.0;

/// Each node below its operator, arguments from left to right, leaves side by side.
pub(super) fn drawing<S: AsRef<str>>(
    expression: &Expression,
    names: &[S],
    marked: &[usize],
) -> String {
    let tokens = expression.tokens();
    let labels: Vec<(String, &str)> = tokens.iter().map(|t| label(*t, names)).collect();
    let widths: Vec<f64> = labels
        .iter()
        .map(|(text, _)| (9.0 * text.chars().count() as f64 + 16.0).max(HEIGHT))
        .collect();
    // Postfix order visits arguments first, so that a node stands over what is placed already.
    let mut x = vec![0.0; tokens.len()];
    let mut span = vec![(0.0, 0.0); tokens.len()];
    let mut free = 0.0_f64;
    for i in 0..tokens.len() {
        match arguments(tokens, i) {
            (None, _) => {
                x[i] = free + 0.5 * widths[i];
                free += widths[i] + GAP;
            }
            (Some(a), None) => x[i] = x[a],
            (Some(a), Some(b)) => x[i] = 0.5 * (x[a] + x[b]),
        }
        span[i] = (x[i] - 0.5 * widths[i], x[i] + 0.5 * widths[i]);
        free = free.max(span[i].1 + GAP);
    }
    let mut depth = vec![0_usize; tokens.len()];
    for i in (0..tokens.len()).rev() {
        let (a, b) = arguments(tokens, i);
        for argument in [a, b].into_iter().flatten() {
            depth[argument] = depth[i] + 1;
        }
    }
    let left = span.iter().map(|s| s.0).fold(0.0, f64::min);
    let place = |i: usize| {
        (
            x[i] - left + 4.0,
            4.0 + 0.5 * HEIGHT + ROW * depth[i] as f64,
        )
    };
    let mut body = String::new();
    for i in 0..tokens.len() {
        let (a, b) = arguments(tokens, i);
        let (px, py) = place(i);
        for argument in [a, b].into_iter().flatten() {
            let (cx, cy) = place(argument);
            let _ = write!(
                body,
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"#888\" stroke-width=\"1.5\"/>",
                at(px),
                at(py + 0.5 * HEIGHT),
                at(cx),
                at(cy - 0.5 * HEIGHT)
            );
        }
    }
    for (i, (text, color)) in labels.iter().enumerate() {
        let (px, py) = place(i);
        let ground = if marked.contains(&i) {
            "#ffe3c2"
        } else {
            "#fff"
        };
        let _ = write!(
            body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{HEIGHT}\" rx=\"14\" fill=\"{ground}\" stroke=\"{color}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{}\" font-size=\"14\" text-anchor=\"middle\">{}</text>",
            at(px - 0.5 * widths[i]),
            at(py - 0.5 * HEIGHT),
            at(widths[i]),
            at(px),
            at(py + 5.0),
            escaped(text)
        );
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    svg(
        free - left + 8.0,
        ROW * deepest as f64 + HEIGHT + 8.0,
        "tree of the law",
        &body,
    )
}

impl Expression {
    /// The tree as a picture: an SVG element with text, no fonts and no scripts in it. The nodes whose token
    /// indices are in `marked` have a ground of another color.
    ///
    /// # Errors
    ///
    /// As [`to_infix`](Self::to_infix).
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::Expression;
    /// let picture = Expression::parse("exp(-x)", &["x"])?.to_svg(&["x"], &[0])?;
    /// assert!(picture.starts_with("<svg") && picture.matches("<rect").count() == 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_svg<S: AsRef<str>>(&self, names: &[S], marked: &[usize]) -> Result<String> {
        check_names(names)?;
        self.check_variables(names.len())?;
        Ok(drawing(self, names, marked))
    }
}

fn label<S: AsRef<str>>(token: Token, names: &[S]) -> (String, &'static str) {
    match token {
        Token::Constant(c) => (round_significant(c, 4).replace('-', "−"), ORANGE),
        Token::Variable(v) => (
            names
                .get(usize::from(v))
                .map_or_else(String::new, |n| n.as_ref().to_owned()),
            GREEN,
        ),
        Token::Apply(op) => {
            let text = match op {
                Operator::Mul => "×",
                Operator::Div => "÷",
                Operator::Sub | Operator::Neg => "−",
                Operator::Square => "( )²",
                Operator::Sqrt => "√",
                other => other.name(),
            };
            (text.to_owned(), BLUE)
        }
    }
}
