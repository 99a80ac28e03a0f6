//! Blocked evaluation of postfix programs.
//!
//! A program is run over a block of rows at a time, so that every intermediate column stays in
//! the first-level cache. The stack holds operands, not data: a constant, or the place of a
//! column. Pushing a leaf costs nothing; only operators run loops, each specialized by the kinds
//! of its operands and compiled for each instruction set.

use super::gradient::Node;
use super::loops::{Source, all_finite, apply};
use super::real::{Real, apply_binary, apply_unary};
use crate::expression::Token;
use crate::operator::Operator;

/// Rows of one block: an intermediate column of 512 values takes 4 KiB.
pub(crate) const BLOCK: usize = 512;

pub(super) type Column<T> = [T; BLOCK];

/// Input columns of equal length, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a, T = f64> {
    columns: &'a [Vec<T>],
}

impl<'a, T> Columns<'a, T> {
    pub(crate) fn new(columns: &'a [Vec<T>]) -> Self {
        Self { columns }
    }

    #[inline]
    pub(super) fn slice(&self, variable: u16, start: usize, length: usize) -> &'a [T] {
        &self.columns[usize::from(variable)][start..start + length]
    }
}

/// Where the value of a node is.
#[derive(Debug, Clone, Copy)]
enum Operand<T> {
    Constant(T),
    Input(u16),
    /// Scratch column of this index.
    Scratch(usize),
}

/// Scratch space of one thread, reused from call to call.
#[derive(Debug, Default)]
pub(crate) struct Workspace<T = f64> {
    stack: Vec<Operand<T>>,
    /// Two columns a level of the stack: a result never goes where an operand is.
    scratch: Vec<Vec<T>>,
    // For derivatives: one value column and one adjoint column a node.
    pub(super) values: Vec<Column<T>>,
    pub(super) adjoints: Vec<Column<T>>,
    pub(super) nodes: Vec<Node>,
}

impl<T: Real> Workspace<T> {
    /// Evaluates `tokens` on all rows into `out`. Returns the first row whose value is not finite.
    pub(crate) fn evaluate(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_, T>,
        out: &mut [T],
    ) -> Option<usize> {
        let mut bad = None;
        for (index, target) in out.chunks_mut(BLOCK).enumerate() {
            let start = index * BLOCK;
            self.block(tokens, columns, start, target);
            if bad.is_none() && !all_finite(target) {
                bad = target
                    .iter()
                    .position(|v| !v.is_a_number())
                    .map(|i| start + i);
            }
        }
        bad
    }

    fn block(&mut self, tokens: &[Token], columns: Columns<'_, T>, start: usize, out: &mut [T]) {
        let length = out.len();
        let last = tokens.len() - 1;
        self.stack.clear();
        for (index, token) in tokens.iter().enumerate() {
            let op = match *token {
                Token::Constant(c) => {
                    self.stack.push(Operand::Constant(T::from_f64(c)));
                    continue;
                }
                Token::Variable(v) => {
                    self.stack.push(Operand::Input(v));
                    continue;
                }
                Token::Apply(op) => op,
            };
            let b = (op.arity() == 2).then(|| self.pop());
            let a = self.pop();
            match (a, b) {
                (Operand::Constant(x), None) => {
                    self.stack.push(Operand::Constant(apply_unary(op, x)));
                    continue;
                }
                (Operand::Constant(x), Some(Operand::Constant(y))) => {
                    self.stack.push(Operand::Constant(apply_binary(op, x, y)));
                    continue;
                }
                _ => {}
            }
            if index == last {
                // Straight into the caller's place.
                self.apply(op, a, b, columns, start, out);
                return;
            }
            let place = self.free_place(a);
            let mut target = std::mem::take(&mut self.scratch[place]);
            self.apply(op, a, b, columns, start, &mut target[..length]);
            self.scratch[place] = target;
            self.stack.push(Operand::Scratch(place));
        }
        // Nothing but a leaf, or constants alone.
        match self.pop() {
            Operand::Constant(c) => out.fill(c),
            Operand::Input(v) => out.copy_from_slice(columns.slice(v, start, length)),
            Operand::Scratch(s) => out.copy_from_slice(&self.scratch[s][..length]),
        }
    }

    /// The scratch column for a result whose first operand is `a`, both operands being off the stack.
    fn free_place(&mut self, a: Operand<T>) -> usize {
        let first = 2 * self.stack.len();
        while self.scratch.len() < first + 2 {
            self.scratch.push(vec![T::default(); BLOCK]);
        }
        // A second operand is one level above; the first, if computed, is in one of the two of this level.
        match a {
            Operand::Scratch(s) if s == first => first + 1,
            _ => first,
        }
    }

    fn apply(
        &self,
        op: Operator,
        a: Operand<T>,
        b: Option<Operand<T>>,
        columns: Columns<'_, T>,
        start: usize,
        out: &mut [T],
    ) {
        let length = out.len();
        let source = |operand: Operand<T>| match operand {
            Operand::Constant(c) => Source::Constant(c),
            Operand::Input(v) => Source::Column(columns.slice(v, start, length)),
            Operand::Scratch(s) => Source::Column(&self.scratch[s][..length]),
        };
        apply(op, source(a), b.map(source), out);
    }

    fn pop(&mut self) -> Operand<T> {
        // Expressions are well formed, so there is always something to take.
        self.stack
            .pop()
            .unwrap_or(Operand::Constant(T::from_f64(f64::NAN)))
    }
}
