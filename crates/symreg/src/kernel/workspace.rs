//! Blocked evaluation of postfix programs.
//!
//! A program is run over a block of rows at a time, so that every intermediate column stays in
//! the first-level cache. The stack holds operands, not data: a constant, or the place of a
//! column. Pushing a leaf costs nothing; only operators run loops, each specialized by the kinds
//! of its operands and compiled for each instruction set.

use super::gradient::Node;
use super::loops::{Source, all_finite, apply};
use super::real::{Real, apply_binary, apply_unary};
use super::scratch::{Others, Scratch};
use crate::expression::Token;

/// Rows of one block: an intermediate column takes 8 KiB, in single precision 4.
pub(crate) const BLOCK: usize = 1024;

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
    levels: Scratch<T>,
    // For derivatives: one value column and one adjoint column a node.
    pub(super) values: Scratch<T>,
    pub(super) adjoints: Scratch<T>,
    pub(super) nodes: Vec<Node>,
}

impl<T: Real> Workspace<T> {
    /// Evaluates `tokens` on the rows into `out`, up to the block in which a value is not finite. Returns the first such row.
    pub(crate) fn evaluate(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_, T>,
        out: &mut [T],
    ) -> Option<usize> {
        let mut bad = None;
        self.blocks(tokens, columns, out, |start, values| {
            if !all_finite(values) {
                bad = values
                    .iter()
                    .position(|v| !v.is_a_number())
                    .map(|i| start + i);
            }
            bad.is_none()
        });
        bad
    }

    /// Evaluates `tokens` on all rows into `out`, finite or not.
    pub(crate) fn fill(&mut self, tokens: &[Token], columns: Columns<'_, T>, out: &mut [T]) {
        self.blocks(tokens, columns, out, |_, _| true);
    }

    /// Evaluates `tokens` block by block into `out`, for as long as the values of the last block, from the row given, say so.
    pub(crate) fn blocks(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_, T>,
        out: &mut [T],
        mut goes_on: impl FnMut(usize, &[T]) -> bool,
    ) {
        self.levels
            .shape(2 * stack_height(tokens), BLOCK.min(out.len()));
        for (index, target) in out.chunks_mut(BLOCK).enumerate() {
            let start = index * BLOCK;
            self.block(tokens, columns, start, target);
            if !goes_on(start, target) {
                return;
            }
        }
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
            // A second operand is one level above; the first, if computed, is in one of the two columns of this level.
            let first = 2 * self.stack.len();
            let place = match a {
                Operand::Scratch(s) if s == first => first + 1,
                _ => first,
            };
            let (target, others) = self.levels.apart(place);
            // The last goes straight into the caller's place.
            let target = if index == last {
                &mut *out
            } else {
                &mut target[..length]
            };
            let source = |operand| source(operand, others, columns, start, length);
            apply(op, source(a), b.map(source), target);
            if index == last {
                return;
            }
            self.stack.push(Operand::Scratch(place));
        }
        // Nothing but a leaf, or constants alone.
        match self.pop() {
            Operand::Constant(c) => out.fill(c),
            Operand::Input(v) => out.copy_from_slice(columns.slice(v, start, length)),
            Operand::Scratch(s) => out.copy_from_slice(self.levels.column(s, length)),
        }
    }

    fn pop(&mut self) -> Operand<T> {
        // Expressions are well formed, so there is always something to take.
        self.stack
            .pop()
            .unwrap_or(Operand::Constant(T::from_f64(f64::NAN)))
    }
}

#[inline]
fn source<'a, T: Copy>(
    operand: Operand<T>,
    others: Others<'a, T>,
    columns: Columns<'a, T>,
    start: usize,
    length: usize,
) -> Source<'a, T> {
    match operand {
        Operand::Constant(c) => Source::Constant(c),
        Operand::Input(v) => Source::Column(columns.slice(v, start, length)),
        Operand::Scratch(s) => Source::Column(others.column(s, length)),
    }
}

/// The most operands that are on the stack at once.
fn stack_height(tokens: &[Token]) -> usize {
    let (mut height, mut most) = (0_usize, 0);
    for token in tokens {
        height += 1;
        if let Token::Apply(op) = token {
            height = height.saturating_sub(op.arity());
        }
        most = most.max(height);
    }
    most
}
