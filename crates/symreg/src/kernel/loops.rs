//! The loops of one operator over one block: each compiled for each operator, precision and instruction set.

#![expect(
    clippy::inline_always,
    reason = "a loop is put into the function of each instruction set"
)]

use super::dispatch::{Job, dispatch};
use super::real::{Real, apply_binary, apply_unary, greater, lesser};
use crate::operator::Operator;

/// Runs `$body` with `$f` bound to the function of the operator, so that each loop vectorizes.
macro_rules! for_each_unary {
    ($real:ident, $op:expr, $f:ident, $body:expr) => {
        for_each_unary!(@ $real, $op, $f, $body,
            (Neg, |a: $real| -a) (Square, |a: $real| a * a) (Sqrt, $real::sqrt) (Abs, $real::abs)
            (Exp, $real::exp) (Log, $real::log) (Sin, $real::sin) (Cos, $real::cos) (Tanh, $real::tanh)
            (Erf, $real::erf) (Erfc, $real::erfc))
    };
    (@ $real:ident, $op:expr, $f:ident, $body:expr, $(($name:ident, $function:expr))*) => {
        match $op {
            $(Operator::$name => {
                let $f = $function;
                $body
            })*
            op => {
                let $f = |a: $real| apply_unary(op, a);
                $body
            }
        }
    };
}

macro_rules! for_each_binary {
    ($real:ident, $op:expr, $f:ident, $body:expr) => {
        match $op {
            Operator::Add => {
                let $f = |a: $real, b: $real| a + b;
                $body
            }
            Operator::Sub => {
                let $f = |a: $real, b: $real| a - b;
                $body
            }
            Operator::Mul => {
                let $f = |a: $real, b: $real| a * b;
                $body
            }
            Operator::Div => {
                let $f = |a: $real, b: $real| a / b;
                $body
            }
            Operator::Min => {
                let $f = lesser;
                $body
            }
            Operator::Max => {
                let $f = greater;
                $body
            }
            op => {
                let $f = |a: $real, b: $real| apply_binary(op, a, b);
                $body
            }
        }
    };
}

/// An operand of a loop.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a, T> {
    Constant(T),
    Column(&'a [T]),
}

/// Fills `out` with the values of one operator; operands that are columns have its length, and one of them is a column.
#[inline]
pub(crate) fn apply<T: Real>(
    op: Operator,
    a: Source<'_, T>,
    b: Option<Source<'_, T>>,
    out: &mut [T],
) {
    if let Operator::Custom(custom) = op {
        if let Some(out) = T::as_doubles(out) {
            let column = |s| match s {
                Source::Column(c) => T::doubles(c),
                Source::Constant(_) => None,
            };
            let filled = match (column(a), b.map(column)) {
                (Some(a), None) => custom.fill(a, &[], out),
                (Some(a), Some(Some(b))) => custom.fill(a, b, out),
                _ => false,
            };
            if filled {
                return;
            }
        }
    }
    dispatch(Loop { op, a, b, out });
    if matches!(op, Operator::Sin | Operator::Cos) {
        if let Source::Column(a) = a {
            far_angles(op, a, out);
        }
    }
}

/// The values of an operator of one argument.
pub(crate) fn map<T: Real>(op: Operator, arguments: &[T]) -> Vec<T> {
    let mut out = vec![T::default(); arguments.len()];
    apply(op, Source::Column(arguments), None, &mut out);
    out
}

struct Loop<'a, T> {
    op: Operator,
    a: Source<'a, T>,
    b: Option<Source<'a, T>>,
    out: &'a mut [T],
}

impl<T: Real> Job for Loop<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { op, a, b, out } = self;
        match (a, b) {
            (Source::Column(a), None) => for_each_unary!(T, op, f, {
                for (o, &x) in out.iter_mut().zip(a) {
                    *o = f(x);
                }
            }),
            (Source::Column(a), Some(Source::Column(b))) => for_each_binary!(T, op, f, {
                for ((o, &x), &y) in out.iter_mut().zip(a).zip(b) {
                    *o = f(x, y);
                }
            }),
            (Source::Column(a), Some(Source::Constant(c))) => for_each_binary!(T, op, f, {
                for (o, &x) in out.iter_mut().zip(a) {
                    *o = f(x, c);
                }
            }),
            (Source::Constant(c), Some(Source::Column(b))) => for_each_binary!(T, op, f, {
                for (o, &y) in out.iter_mut().zip(b) {
                    *o = f(c, y);
                }
            }),
            (Source::Constant(c), None) => out.fill(apply_unary(op, c)),
            (Source::Constant(c), Some(Source::Constant(d))) => out.fill(apply_binary(op, c, d)),
        }
    }
}

/// Sines and cosines of angles that the vectorized functions do not reach.
fn far_angles<T: Real>(op: Operator, a: &[T], out: &mut [T]) {
    // One look at all, which vectorizes, before one at each.
    let far: u32 = a.iter().map(|x| u32::from(x.far_angle())).sum();
    if far > 0 {
        for (o, &x) in out.iter_mut().zip(a) {
            if x.far_angle() {
                *o = apply_unary(op, x);
            }
        }
    }
}

/// Whether all values are finite.
pub(crate) fn all_finite<T: Real>(values: &[T]) -> bool {
    dispatch(Finite(values))
}

struct Finite<'a, T>(&'a [T]);

impl<T: Real> Job for Finite<'_, T> {
    type Output = bool;

    /// A sum of `v * 0` is NaN as soon as one is not finite.
    #[inline(always)]
    fn run(self) -> bool {
        const LANES: usize = 32;
        let zero = T::default();
        let mut sums = [zero; LANES];
        let blocks = self.0.chunks_exact(LANES);
        let mut rest = zero;
        for &value in blocks.remainder() {
            rest = rest + value * zero;
        }
        for block in blocks {
            for lane in 0..LANES {
                sums[lane] = sums[lane] + block[lane] * zero;
            }
        }
        sums.iter().fold(rest, |sum, &lane| sum + lane) == zero
    }
}
