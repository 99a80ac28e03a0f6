//! Blocked evaluation of postfix programs, with derivatives.
//!
//! A program is run over a block of rows at a time, so that every intermediate column stays in
//! the first-level cache. The stack holds operands, not data: a constant, or the place of a
//! column. Pushing a leaf costs nothing; only operators run loops, each specialized by the kinds
//! of its operands and compiled for each instruction set.

#![expect(
    clippy::inline_always,
    reason = "the body of a block is put into the function of each instruction set"
)]

use ndarray::{Array1, ArrayRef2};

use crate::expression::{Expression, Token, subtree_start};
use crate::kernel::dispatch::{Job, dispatch};
use crate::kernel::math;
use crate::operator::Operator;
use crate::{Error, Result};

/// Runs `$body` with `$f` bound to the function of the operator, so that each loop is compiled
/// for each operator and vectorizes.
macro_rules! for_each_unary {
    ($op:expr, $f:ident, $body:expr) => {
        for_each_unary!(@ $op, $f, $body,
            (Neg, |a: f64| -a) (Square, |a: f64| a * a) (Sqrt, |a: f64| a.sqrt()) (Abs, |a: f64| a.abs())
            (Exp, math::exp) (Log, math::log) (Sin, math::sin) (Cos, math::cos) (Tanh, math::tanh)
            (Erf, math::erf) (Erfc, math::erfc))
    };
    (@ $op:expr, $f:ident, $body:expr, $(($name:ident, $function:expr))*) => {
        match $op {
            $(Operator::$name => {
                let $f = $function;
                $body
            })*
            op => {
                let $f = |a: f64| op.apply_unary(a);
                $body
            }
        }
    };
}

macro_rules! for_each_binary {
    ($op:expr, $f:ident, $body:expr) => {
        match $op {
            Operator::Add => {
                let $f = |a: f64, b: f64| a + b;
                $body
            }
            Operator::Sub => {
                let $f = |a: f64, b: f64| a - b;
                $body
            }
            Operator::Mul => {
                let $f = |a: f64, b: f64| a * b;
                $body
            }
            Operator::Div => {
                let $f = |a: f64, b: f64| a / b;
                $body
            }
            op => {
                let $f = |a: f64, b: f64| op.apply_binary(a, b);
                $body
            }
        }
    };
}

/// The same for the derivative at an argument where the value is known.
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

/// Rows of one block: an intermediate column of 512 values takes 4 KiB.
pub(crate) const BLOCK: usize = 512;

type Column = [f64; BLOCK];

/// Input columns of equal length, borrowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    columns: &'a [Vec<f64>],
}

impl<'a> Columns<'a> {
    pub(crate) fn new(columns: &'a [Vec<f64>]) -> Self {
        Self { columns }
    }

    #[inline]
    fn slice(&self, variable: u16, start: usize, length: usize) -> &'a [f64] {
        &self.columns[usize::from(variable)][start..start + length]
    }
}

/// Where the value of a node is.
#[derive(Debug, Clone, Copy)]
enum Operand {
    Constant(f64),
    Input(u16),
    /// Scratch column of this index.
    Scratch(usize),
}

/// Scratch space of one thread, reused from call to call.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    stack: Vec<Operand>,
    scratch: Vec<Column>,
    // For derivatives: one value column and one adjoint column a node.
    values: Vec<Column>,
    adjoints: Vec<Column>,
    roots: Vec<usize>,
}

impl Workspace {
    /// Evaluates `tokens` on all rows into `out`. Returns the first row whose value is not finite.
    pub(crate) fn evaluate(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_>,
        out: &mut [f64],
    ) -> Option<usize> {
        dispatch(Values {
            workspace: self,
            tokens,
            columns,
            out,
        })
    }

    #[inline(always)]
    fn evaluate_blocks(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_>,
        out: &mut [f64],
    ) -> Option<usize> {
        let n = out.len();
        let mut bad = None;
        let mut start = 0;
        while start < n {
            let length = BLOCK.min(n - start);
            let target = &mut out[start..start + length];
            self.block(tokens, columns, start, target);
            // One check a block: a sum of finite values times zero is zero.
            if bad.is_none() && !all_finite(target) {
                bad = target
                    .iter()
                    .position(|v| !v.is_finite())
                    .map(|i| start + i);
            }
            start += length;
        }
        bad
    }

    #[inline(always)]
    fn block(&mut self, tokens: &[Token], columns: Columns<'_>, start: usize, out: &mut [f64]) {
        let length = out.len();
        self.stack.clear();
        let Some((root, tokens)) = tokens.split_last() else {
            return;
        };
        for token in tokens {
            match *token {
                Token::Constant(c) => self.stack.push(Operand::Constant(c)),
                Token::Variable(v) => self.stack.push(Operand::Input(v)),
                Token::Apply(op) if op.arity() == 1 => {
                    let a = self.pop();
                    let level = self.stack.len();
                    let result = match a {
                        Operand::Constant(c) => Operand::Constant(op.apply_unary(c)),
                        Operand::Input(v) => {
                            let target = slot(&mut self.scratch, level);
                            unary(op, columns.slice(v, start, length), target);
                            Operand::Scratch(level)
                        }
                        Operand::Scratch(s) => {
                            // An operand at this level was made at this level: in place.
                            debug_assert_eq!(s, level);
                            unary_in_place(op, &mut self.scratch[s][..length]);
                            Operand::Scratch(s)
                        }
                    };
                    self.stack.push(result);
                }
                Token::Apply(op) => {
                    let b = self.pop();
                    let a = self.pop();
                    let level = self.stack.len();
                    let result = self.binary(op, a, b, level, columns, start, length);
                    self.stack.push(result);
                }
            }
        }
        self.root(*root, columns, start, out);
    }

    /// The last node, straight into the caller's place.
    #[inline(always)]
    fn root(&mut self, root: Token, columns: Columns<'_>, start: usize, out: &mut [f64]) {
        let length = out.len();
        match root {
            Token::Constant(c) => out.fill(c),
            Token::Variable(v) => out.copy_from_slice(columns.slice(v, start, length)),
            Token::Apply(op) if op.arity() == 1 => match self.pop() {
                Operand::Constant(c) => out.fill(op.apply_unary(c)),
                Operand::Input(v) => unary(op, columns.slice(v, start, length), out),
                Operand::Scratch(s) => unary(op, &self.scratch[s][..length], out),
            },
            Token::Apply(op) => {
                let (b, a) = (self.pop(), self.pop());
                let place = |operand: Operand| match operand {
                    Operand::Constant(_) => None,
                    Operand::Input(v) => Some(columns.slice(v, start, length)),
                    Operand::Scratch(s) => Some(&self.scratch[s][..length]),
                };
                match (place(a), place(b), a, b) {
                    (Some(a), Some(b), ..) => combine(op, a, b, out),
                    (Some(a), None, _, Operand::Constant(c)) => constant_right(op, a, c, out),
                    (None, Some(b), Operand::Constant(c), _) => constant_left(op, c, b, out),
                    (_, _, Operand::Constant(x), Operand::Constant(y)) => {
                        out.fill(op.apply_binary(x, y));
                    }
                    // An operand without a place is a constant.
                    _ => out.fill(f64::NAN),
                }
            }
        }
    }

    fn pop(&mut self) -> Operand {
        // Expressions are well formed, so there is always something to take.
        self.stack.pop().unwrap_or(Operand::Constant(f64::NAN))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the state of the block, passed on once"
    )]
    #[inline(always)]
    fn binary(
        &mut self,
        op: Operator,
        a: Operand,
        b: Operand,
        level: usize,
        columns: Columns<'_>,
        start: usize,
        length: usize,
    ) -> Operand {
        if let (Operand::Constant(x), Operand::Constant(y)) = (a, b) {
            return Operand::Constant(op.apply_binary(x, y));
        }
        slot(&mut self.scratch, level + 1);
        // An operand's column has the index of its place on the stack: `a`, if computed, is at
        // `level`, where the result goes, and `b` one above.
        let (low, high) = self.scratch.split_at_mut(level + 1);
        let target = &mut low[level][..length];
        let above = &high[0][..length];
        match (a, b) {
            (Operand::Scratch(_), Operand::Scratch(_)) => combine_in_place(op, target, above),
            (Operand::Scratch(_), Operand::Input(v)) => {
                combine_in_place(op, target, columns.slice(v, start, length));
            }
            (Operand::Scratch(_), Operand::Constant(c)) => constant_right_in_place(op, target, c),
            (Operand::Input(u), Operand::Input(v)) => {
                let (x, y) = (
                    columns.slice(u, start, length),
                    columns.slice(v, start, length),
                );
                combine(op, x, y, target);
            }
            (Operand::Input(u), Operand::Scratch(_)) => {
                combine(op, columns.slice(u, start, length), above, target);
            }
            (Operand::Input(u), Operand::Constant(c)) => {
                constant_right(op, columns.slice(u, start, length), c, target);
            }
            (Operand::Constant(c), Operand::Input(v)) => {
                constant_left(op, c, columns.slice(v, start, length), target);
            }
            (Operand::Constant(c), Operand::Scratch(_)) => constant_left(op, c, above, target),
            (Operand::Constant(_), Operand::Constant(_)) => {}
        }
        Operand::Scratch(level)
    }

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
        dispatch(Gradients {
            workspace: self,
            tokens,
            columns,
            out,
            by_constant: gradients,
        });
    }

    #[inline(always)]
    fn differentiate_blocks(
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
        let mut start = 0;
        while start < n {
            let length = BLOCK.min(n - start);
            self.forward_backward(tokens, columns, start, length);
            out[start..start + length].copy_from_slice(&self.values[tokens.len() - 1][..length]);
            let constants = tokens
                .iter()
                .enumerate()
                .filter(|(_, t)| matches!(t, Token::Constant(_)));
            for ((i, _), gradient) in constants.zip(gradients.iter_mut()) {
                gradient[start..start + length].copy_from_slice(&self.adjoints[i][..length]);
            }
            start += length;
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
        self.forward_backward(tokens, columns, row, 1);
        gradient.fill(0.0);
        for (i, token) in tokens.iter().enumerate() {
            if let Token::Variable(v) = token {
                gradient[usize::from(*v)] += self.adjoints[i][0];
            }
        }
        self.values[tokens.len() - 1][0]
    }

    #[inline(always)]
    fn forward_backward(
        &mut self,
        tokens: &[Token],
        columns: Columns<'_>,
        start: usize,
        length: usize,
    ) {
        let count = tokens.len();
        if self.values.len() < count {
            self.values.resize(count, [0.0; BLOCK]);
            self.adjoints.resize(count, [0.0; BLOCK]);
        }
        self.roots.clear();
        for (i, token) in tokens.iter().enumerate() {
            let (below, rest) = self.values.split_at_mut(i);
            let target = &mut rest[0][..length];
            match *token {
                Token::Constant(c) => target.fill(c),
                Token::Variable(v) => target.copy_from_slice(columns.slice(v, start, length)),
                Token::Apply(op) if op.arity() == 1 => {
                    unary(op, &below[i - 1][..length], target);
                }
                Token::Apply(op) => {
                    let first = subtree_start(tokens, i - 1) - 1;
                    combine(op, &below[first][..length], &below[i - 1][..length], target);
                    self.roots.push(first);
                }
            }
        }
        self.adjoints[count - 1][..length].fill(1.0);
        for (i, token) in tokens.iter().enumerate().rev() {
            let Token::Apply(op) = *token else { continue };
            let (below, rest) = self.adjoints.split_at_mut(i);
            let own = &rest[0][..length];
            let value = &self.values[i][..length];
            if op.arity() == 1 {
                let a = &self.values[i - 1][..length];
                let target = &mut below[i - 1][..length];
                for_each_unary_slope!(op, slope, {
                    for (t, ((&g, &x), &v)) in target.iter_mut().zip(own.iter().zip(a).zip(value)) {
                        *t = chain(g, slope(x, v));
                    }
                });
            } else {
                let first = self.roots.pop().unwrap_or(0);
                let (a, b) = (&self.values[first], &self.values[i - 1]);
                let (left, right) = below.split_at_mut(i - 1);
                let (to_a, to_b) = (&mut left[first], &mut right[0]);
                let (a, b) = (&a[..length], &b[..length]);
                let (to_a, to_b) = (&mut to_a[..length], &mut to_b[..length]);
                for_each_binary_slope!(op, slopes, {
                    for j in 0..length {
                        let (da, db) = slopes(a[j], b[j], value[j]);
                        to_a[j] = chain(own[j], da);
                        to_b[j] = chain(own[j], db);
                    }
                });
            }
        }
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

#[inline(always)]
fn slot(scratch: &mut Vec<Column>, level: usize) -> &mut [f64] {
    while scratch.len() <= level {
        scratch.push([0.0; BLOCK]);
    }
    &mut scratch[level]
}

/// Whether all values are finite: a sum of `v * 0` is NaN as soon as one is not.
#[inline(always)]
pub(crate) fn all_finite(values: &[f64]) -> bool {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let blocks = values.chunks_exact(LANES);
    let mut rest = 0.0;
    for value in blocks.remainder() {
        rest += value * 0.0;
    }
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += block[lane] * 0.0;
        }
    }
    sums.iter().fold(rest, |sum, lane| sum + lane) == 0.0
}

#[inline(always)]
fn unary(op: Operator, a: &[f64], out: &mut [f64]) {
    for_each_unary!(op, f, {
        for (o, &x) in out.iter_mut().zip(a) {
            *o = f(x);
        }
    });
    if matches!(op, Operator::Sin | Operator::Cos) {
        for (o, &x) in out.iter_mut().zip(a) {
            // Not a number goes there as well.
            if x.is_nan() || x.abs() > math::TRIGONOMETRIC_LIMIT {
                *o = op.apply_unary(x);
            }
        }
    }
}

#[inline(always)]
fn unary_in_place(op: Operator, a: &mut [f64]) {
    if matches!(op, Operator::Sin | Operator::Cos) {
        let mut before = [0.0; BLOCK];
        let before = &mut before[..a.len()];
        before.copy_from_slice(a);
        unary(op, before, a);
        return;
    }
    for_each_unary!(op, f, {
        for x in a.iter_mut() {
            *x = f(*x);
        }
    });
}

#[inline(always)]
fn combine(op: Operator, a: &[f64], b: &[f64], out: &mut [f64]) {
    for_each_binary!(op, f, {
        for ((o, &x), &y) in out.iter_mut().zip(a).zip(b) {
            *o = f(x, y);
        }
    });
}

#[inline(always)]
fn combine_in_place(op: Operator, a: &mut [f64], b: &[f64]) {
    for_each_binary!(op, f, {
        for (x, &y) in a.iter_mut().zip(b) {
            *x = f(*x, y);
        }
    });
}

#[inline(always)]
fn constant_right_in_place(op: Operator, a: &mut [f64], c: f64) {
    for_each_binary!(op, f, {
        for x in a.iter_mut() {
            *x = f(*x, c);
        }
    });
}

#[inline(always)]
fn constant_right(op: Operator, a: &[f64], c: f64, out: &mut [f64]) {
    for_each_binary!(op, f, {
        for (o, &x) in out.iter_mut().zip(a) {
            *o = f(x, c);
        }
    });
}

#[inline(always)]
fn constant_left(op: Operator, c: f64, b: &[f64], out: &mut [f64]) {
    for_each_binary!(op, f, {
        for (o, &y) in out.iter_mut().zip(b) {
            *o = f(c, y);
        }
    });
}

struct Values<'a, 'c> {
    workspace: &'a mut Workspace,
    tokens: &'a [Token],
    columns: Columns<'c>,
    out: &'a mut [f64],
}

impl Job for Values<'_, '_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.workspace
            .evaluate_blocks(self.tokens, self.columns, self.out)
    }
}

struct Gradients<'a, 'c> {
    workspace: &'a mut Workspace,
    tokens: &'a [Token],
    columns: Columns<'c>,
    out: &'a mut [f64],
    by_constant: &'a mut [Vec<f64>],
}

impl Job for Gradients<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.workspace
            .differentiate_blocks(self.tokens, self.columns, self.out, self.by_constant);
    }
}

/// Evaluates many expressions on the same rows: a plan that owns the columns and the scratch space.
///
/// # Examples
///
/// ```
/// use symreg::{Evaluator, Expression};
/// let mut evaluator = Evaluator::new(vec![vec![4.0, 9.0], vec![1.0, 2.0]])?;
/// let mut values = [0.0; 2];
/// evaluator.evaluate_into(&Expression::parse("sqrt(x) + y", &["x", "y"])?, &mut values)?;
/// assert_eq!(values, [3.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    columns: Vec<Vec<f64>>,
    n_rows: usize,
    workspace: Workspace,
}

impl Evaluator {
    /// A plan for these columns, one a variable.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for columns of different lengths.
    pub fn new(columns: Vec<Vec<f64>>) -> Result<Self> {
        let n_rows = columns.first().map_or(0, Vec::len);
        for (index, column) in columns.iter().enumerate() {
            if column.len() != n_rows {
                return Err(Error::LengthMismatch {
                    column: format!("{}", index + 1),
                    expected: n_rows,
                    found: column.len(),
                });
            }
        }
        Ok(Self {
            columns,
            n_rows,
            workspace: Workspace::default(),
        })
    }

    /// The number of rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Values on all rows. Values that are undefined come out as NaN or infinite; nothing is patched.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`]; [`Error::LengthMismatch`] unless there is one place a row.
    ///
    /// # Performance
    ///
    /// O(rows × nodes), by blocks that stay in the first-level cache, with the widest vectors the machine has; no allocation after
    /// the first calls.
    pub fn evaluate_into(&mut self, expression: &Expression, values: &mut [f64]) -> Result<()> {
        expression.check_variables(self.columns.len())?;
        if values.len() != self.n_rows {
            return Err(Error::LengthMismatch {
                column: "list of values".to_owned(),
                expected: self.n_rows,
                found: values.len(),
            });
        }
        let columns = Columns::new(&self.columns);
        self.workspace
            .evaluate(expression.tokens(), columns, values);
        Ok(())
    }
}

impl Expression {
    /// Values on all rows of `x` (rows × variables).
    ///
    /// Values that are undefined come out as NaN or infinite; nothing is patched. O(rows × nodes).
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if the expression uses a variable that `x` does not have.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use symreg::Expression;
    /// let e = Expression::parse("sqrt(x) + y", &["x", "y"])?;
    /// assert_eq!(e.evaluate(&array![[4.0, 1.0], [9.0, 2.0]])?, array![3.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evaluate(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        self.check_variables(x.ncols())?;
        let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
        let mut out = vec![0.0; x.nrows()];
        Workspace::default().evaluate(self.tokens(), Columns::new(&columns), &mut out);
        Ok(Array1::from_vec(out))
    }

    /// The value for one row of inputs.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if the expression uses a variable that `row` does not have.
    pub fn evaluate_row(&self, row: &[f64]) -> Result<f64> {
        self.check_variables(row.len())?;
        let columns: Vec<Vec<f64>> = row.iter().map(|&v| vec![v]).collect();
        let mut out = [0.0];
        Workspace::default().evaluate(self.tokens(), Columns::new(&columns), &mut out);
        Ok(out[0])
    }

    pub(crate) fn check_variables(&self, columns: usize) -> Result<()> {
        match self.variables().last() {
            Some(&index) if index >= columns => Err(Error::VariableOutOfRange { index, columns }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) fn evaluate_recursively(e: &Expression, row: &[f64]) -> f64 {
    fn walk(tokens: &[Token], root: usize, row: &[f64]) -> f64 {
        match tokens[root] {
            Token::Constant(c) => c,
            Token::Variable(v) => row[usize::from(v)],
            Token::Apply(op) => match crate::expression::arguments(tokens, root) {
                (Some(a), Some(b)) => op.apply_binary(walk(tokens, a, row), walk(tokens, b, row)),
                (Some(a), None) => op.apply_unary(walk(tokens, a, row)),
                _ => f64::NAN,
            },
        }
    }
    walk(e.tokens(), e.node_count() - 1, row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{is_regular, random_expression_for_tests};
    use approx::assert_relative_eq;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn sample(rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            0.3 + ((i * 37 + j * 91) % 101) as f64 / 23.0 - if j == 2 { 2.0 } else { 0.0 }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// The blocked evaluator and the recursive one run the same operations in the same order.
        #[test]
        fn agrees_bit_for_bit_with_the_recursive_evaluator(seed in any::<u64>(), rows in 1_usize..600) {
            let e = random_expression_for_tests(seed, 3, 8);
            let x = sample(rows, 3);
            let fast = e.evaluate(&x).unwrap();
            for (i, row) in x.rows().into_iter().enumerate() {
                let slow = evaluate_recursively(&e, row.as_slice().unwrap());
                prop_assert!(fast[i].to_bits() == slow.to_bits() || (fast[i].is_nan() && slow.is_nan()),
                    "{:?} row {}: {} {}", e, i, fast[i], slow);
            }
        }

        /// Every path of the kernel gives the same bits, for every length of the last block.
        #[test]
        fn all_instruction_sets_give_the_same_bits(seed in any::<u64>(), rows in 1_usize..600) {
            let e = random_expression_for_tests(seed, 3, 8);
            let x = sample(rows, 3);
            let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
            let run = |baseline: bool| {
                crate::kernel::dispatch::BASELINE_ONLY.set(baseline);
                let mut values = vec![0.0; rows];
                let mut gradients = vec![Vec::new(); e.constants().count()];
                let mut workspace = Workspace::default();
                workspace.evaluate(e.tokens(), Columns::new(&columns), &mut values);
                let plain: Vec<u64> = values.iter().map(|v| v.to_bits()).collect();
                workspace.evaluate_with_constants(e.tokens(), Columns::new(&columns), &mut values, &mut gradients);
                crate::kernel::dispatch::BASELINE_ONLY.set(false);
                let all = gradients.concat();
                (plain, all.iter().chain(&values).map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect::<Vec<u64>>())
            };
            let (narrow, wide) = (run(true), run(false));
            for (a, b) in narrow.0.iter().zip(&wide.0) {
                prop_assert!(a == b || (f64::from_bits(*a).is_nan() && f64::from_bits(*b).is_nan()));
            }
            prop_assert_eq!(narrow.1, wide.1);
        }

        #[test]
        fn derivatives_by_constants_agree_with_central_differences(seed in any::<u64>()) {
            let e = random_expression_for_tests(seed, 3, 6);
            let x = sample(7, 3);
            let columns: Vec<Vec<f64>> = x.columns().into_iter().map(|c| c.to_vec()).collect();
            let constants: Vec<f64> = e.constants().collect();
            let mut gradients = vec![Vec::new(); constants.len()];
            let mut values = vec![0.0; 7];
            let mut workspace = Workspace::default();
            workspace.evaluate_with_constants(e.tokens(), Columns::new(&columns), &mut values, &mut gradients);
            for k in 0..constants.len() {
                let at = |c: f64, row: &[f64]| {
                    let mut shifted = e.clone();
                    let mut new = constants.clone();
                    new[k] = c;
                    shifted.set_constants(&mut new.into_iter());
                    shifted.evaluate_row(row).unwrap()
                };
                for (i, row) in x.rows().into_iter().enumerate() {
                    let row = row.as_slice().unwrap();
                    if !is_regular(&e, row) {
                        continue;
                    }
                    let c = constants[k];
                    let h = 1e-5 * c.abs().max(0.1);
                    let (p2, p1, m1, m2) = (at(c + 2.0 * h, row), at(c + h, row), at(c - h, row), at(c - 2.0 * h, row));
                    let coarse = (p2 - m2) / (4.0 * h);
                    let fine = (p1 - m1) / (2.0 * h);
                    // Only where the differences themselves have converged and are smooth.
                    let scale = values[i].abs().max(1.0);
                    let size = fine.abs().max(1e-3 * scale);
                    if fine.is_finite() && coarse.is_finite() && size < 1e6 * scale && (fine - coarse).abs() < 1e-7 * size {
                        prop_assert!((gradients[k][i] - fine).abs() < 1e-5 * size,
                            "{} by constant {}: {} against {}", e.to_infix(&["x","y","z"]).unwrap(), k, gradients[k][i], fine);
                    }
                }
            }
        }
    }

    #[test]
    fn gradient_by_variables_adds_up_repeated_uses() -> Result<()> {
        let e = Expression::parse("x*x + x/y", &["x", "y"])?;
        let columns = vec![vec![3.0], vec![2.0]];
        let mut gradient = [0.0; 2];
        let value = Workspace::default().gradient_by_variables(
            e.tokens(),
            Columns::new(&columns),
            0,
            &mut gradient,
        );
        assert_relative_eq!(value, 10.5);
        assert_relative_eq!(gradient[0], 6.5);
        assert_relative_eq!(gradient[1], -0.75);
        Ok(())
    }

    #[test]
    fn reports_the_first_row_that_is_not_finite() -> Result<()> {
        let e = Expression::parse("log(x)", &["x"])?;
        let mut x: Vec<f64> = vec![1.0; 700];
        x[513] = -1.0;
        x[600] = -1.0;
        let columns = vec![x];
        let mut out = vec![0.0; 700];
        let bad = Workspace::default().evaluate(e.tokens(), Columns::new(&columns), &mut out);
        assert_eq!(bad, Some(513));
        Ok(())
    }

    #[test]
    fn a_missing_variable_is_an_error() -> Result<()> {
        let e = Expression::parse("x+y", &["x", "y"])?;
        assert_eq!(
            e.evaluate_row(&[1.0]),
            Err(Error::VariableOutOfRange {
                index: 1,
                columns: 1
            })
        );
        Ok(())
    }

    #[test]
    fn no_rows_give_no_values() -> Result<()> {
        let e = Expression::parse("x", &["x"])?;
        assert_eq!(e.evaluate(&Array2::zeros((0, 1)))?.len(), 0);
        Ok(())
    }
}
