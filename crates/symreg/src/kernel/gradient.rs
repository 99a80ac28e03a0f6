//! Derivatives of postfix programs, block by block, in reverse mode.

#![expect(
    clippy::inline_always,
    reason = "a loop is put into the function of each instruction set"
)]

use super::dispatch::{Job, dispatch};
use super::loops::{Source, apply};
use super::scratch::Scratch;
use super::workspace::{BLOCK, Columns, Workspace};
use crate::expression::{Token, subtree_start};
use crate::operator::Operator;

/// Runs `$body` with `$f` bound to the derivative of the operator at an argument where the value is known.
macro_rules! for_each_unary_slope {
    ($op:expr, $f:ident, $body:expr) => {
        for_each_unary_slope!(@ $op, $f, $body,
            Neg Square Exp Log Sqrt Tanh Erf Erfc Abs)
    };
    (@ $op:expr, $f:ident, $body:expr, $($name:ident)*) => {
        match $op {
            $(Operator::$name => {
                let $f = |a: f64, value: f64| Operator::$name.slope(a, value);
                $body
            })*
            op => {
                let $f = |a: f64, value: f64| op.slope(a, value);
                $body
            }
        }
    };
}

macro_rules! for_each_binary_slope {
    ($op:expr, $f:ident, $body:expr) => {
        for_each_binary_slope!(@ $op, $f, $body, Add Sub Mul Div)
    };
    (@ $op:expr, $f:ident, $body:expr, $($name:ident)*) => {
        match $op {
            $(Operator::$name => {
                let $f = |a: f64, b: f64, value: f64| Operator::$name.slopes(a, b, value);
                $body
            })*
            op => {
                let $f = |a: f64, b: f64, value: f64| op.slopes(a, b, value);
                $body
            }
        }
    };
}

/// By what an expression is differentiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Constants,
    Variables,
}

/// What a sweep knows of a node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Node {
    /// The root of the first of two operands.
    first: usize,
    /// Whether anything below it is differentiated by: nothing is passed down to the others.
    is_active: bool,
}

impl Workspace {
    /// Values into `out` and the derivative by each constant, in postfix order, into
    /// `gradients[k]`.
    ///
    /// Reverse mode: one forward and one backward pass whatever the number of constants, O(nodes)
    /// a row.
    pub(crate) fn evaluate_with_constants(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_>,
        out: &mut [f64],
        gradients: &mut [Vec<f64>],
    ) {
        let n = out.len();
        for g in gradients.iter_mut() {
            g.resize(n, 0.0);
        }
        self.shape(tokens.len(), n);
        for start in (0..n).step_by(BLOCK) {
            let length = BLOCK.min(n - start);
            self.forward(tokens, columns, start, length, By::Constants);
            self.backward(tokens, columns, start, length);
            let root = tokens.len() - 1;
            out[start..start + length].copy_from_slice(node_values(
                tokens,
                &self.values,
                columns,
                root,
                start,
                length,
            ));
            let constants = tokens
                .iter()
                .enumerate()
                .filter(|(_, t)| matches!(t, Token::Constant(_)));
            for ((i, _), gradient) in constants.zip(gradients.iter_mut()) {
                gradient[start..start + length].copy_from_slice(self.adjoints.column(i, length));
            }
        }
    }

    /// Value and derivative by each variable of one row.
    pub(crate) fn gradient_by_variables(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_>,
        row: usize,
        gradient: &mut [f64],
    ) -> f64 {
        self.shape(tokens.len(), 1);
        self.forward(tokens, columns, row, 1, By::Variables);
        self.backward(tokens, columns, row, 1);
        gradient.fill(0.0);
        for (i, token) in tokens.iter().enumerate() {
            if let Token::Variable(v) = token {
                gradient[usize::from(*v)] += self.adjoints.column(i, 1)[0];
            }
        }
        node_values(tokens, &self.values, columns, tokens.len() - 1, row, 1)[0]
    }

    fn shape(&mut self, nodes: usize, rows: usize) {
        self.values.shape(nodes, rows.min(BLOCK));
        self.adjoints.shape(nodes, rows.min(BLOCK));
    }

    /// Values of all nodes but the variables.
    fn forward(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_>,
        start: usize,
        length: usize,
        by: By,
    ) {
        self.nodes.clear();
        for (i, token) in tokens.iter().enumerate() {
            let (target, others) = self.values.apart(i);
            let target = &mut target[..length];
            let of = |node: usize| {
                Source::Column(match tokens[node] {
                    Token::Variable(v) => columns.slice(v, start, length),
                    _ => others.column(node, length),
                })
            };
            let node = match *token {
                Token::Constant(c) => {
                    target.fill(c);
                    Node {
                        first: 0,
                        is_active: by == By::Constants,
                    }
                }
                Token::Variable(_) => Node {
                    first: 0,
                    is_active: by == By::Variables,
                },
                Token::Apply(op) if op.arity() == 1 => {
                    apply(op, of(i - 1), None, target);
                    Node {
                        first: 0,
                        is_active: self.nodes[i - 1].is_active,
                    }
                }
                Token::Apply(op) => {
                    let first = subtree_start(tokens, i - 1) - 1;
                    apply(op, of(first), Some(of(i - 1)), target);
                    let is_active = self.nodes[first].is_active || self.nodes[i - 1].is_active;
                    Node { first, is_active }
                }
            };
            self.nodes.push(node);
        }
    }

    /// Derivatives of the root by the nodes on the way to what is differentiated by.
    fn backward(&mut self, tokens: &[Token], columns: Columns<'_>, start: usize, length: usize) {
        let values = &self.values;
        let of = |node: usize| node_values(tokens, values, columns, node, start, length);
        self.adjoints.column_mut(tokens.len() - 1, length).fill(1.0);
        for (i, token) in tokens.iter().enumerate().rev() {
            let (Token::Apply(op), Node { first, is_active }) = (*token, self.nodes[i]) else {
                continue;
            };
            if !is_active {
                continue;
            }
            if op.arity() == 1 {
                let (to, others) = self.adjoints.apart(i - 1);
                dispatch(PullUnary {
                    op,
                    own: others.column(i, length),
                    a: of(i - 1),
                    value: of(i),
                    to: &mut to[..length],
                });
                continue;
            }
            let [to_a, to_b, own] = self.adjoints.three(first, i - 1, i);
            dispatch(PullBinary {
                op,
                own: &own[..length],
                a: of(first),
                b: of(i - 1),
                value: of(i),
                to_a: self.nodes[first].is_active.then_some(&mut to_a[..length]),
                to_b: self.nodes[i - 1].is_active.then_some(&mut to_b[..length]),
            });
        }
    }
}

/// The values of a node that have been computed, or the column that it stands for.
fn node_values<'a>(
    tokens: &[Token],
    values: &'a Scratch<f64>,
    columns: Columns<'a>,
    node: usize,
    start: usize,
    length: usize,
) -> &'a [f64] {
    match tokens[node] {
        Token::Variable(v) => columns.slice(v, start, length),
        _ => values.column(node, length),
    }
}

/// The product of two slopes, zero if either is: what does not move passes nothing on, even next
/// to a slope that is infinite.
#[inline(always)]
fn chain(outer: f64, slope: f64) -> f64 {
    if outer == 0.0 || slope == 0.0 {
        0.0
    } else {
        outer * slope
    }
}

/// Passes the derivative of an operator of one argument on to it.
struct PullUnary<'a> {
    op: Operator,
    own: &'a [f64],
    a: &'a [f64],
    value: &'a [f64],
    to: &'a mut [f64],
}

impl Job for PullUnary<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rest = self.own.iter().zip(self.a).zip(self.value);
        for_each_unary_slope!(self.op, slope, {
            for (t, ((&g, &x), &v)) in self.to.iter_mut().zip(rest) {
                *t = chain(g, slope(x, v));
            }
        });
    }
}

/// Passes the derivative of an operator of two arguments on to those that want it.
struct PullBinary<'a> {
    op: Operator,
    own: &'a [f64],
    a: &'a [f64],
    b: &'a [f64],
    value: &'a [f64],
    to_a: Option<&'a mut [f64]>,
    to_b: Option<&'a mut [f64]>,
}

impl Job for PullBinary<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if let Some(to) = self.to_a {
            let rest = self.own.iter().zip(self.a).zip(self.b).zip(self.value);
            for_each_binary_slope!(self.op, slopes, {
                for (t, (((&g, &x), &y), &v)) in to.iter_mut().zip(rest) {
                    *t = chain(g, slopes(x, y, v).0);
                }
            });
        }
        if let Some(to) = self.to_b {
            let rest = self.own.iter().zip(self.a).zip(self.b).zip(self.value);
            for_each_binary_slope!(self.op, slopes, {
                for (t, (((&g, &x), &y), &v)) in to.iter_mut().zip(rest) {
                    *t = chain(g, slopes(x, y, v).1);
                }
            });
        }
    }
}
