//! The two precisions that programs run in.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{double, single};
use crate::operator::Operator;

/// A precision that expressions can be evaluated in: `f64` or `f32`.
///
/// Constants are rounded to it. Fits and searches work in `f64`; single precision is for evaluating
/// laws on many rows, such as the pixels of an image.
pub trait Real: Elementary {}

impl Real for f64 {}
impl Real for f32 {}

/// What the kernel needs of a precision. Not to be implemented elsewhere.
pub trait Elementary:
    Copy
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    fn from_f64(value: f64) -> Self;
    fn into_f64(self) -> f64;
    fn is_a_number(self) -> bool;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn exp(self) -> Self;
    fn log(self) -> Self;
    /// Within the limit of [`far_angle`](Self::far_angle).
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tanh(self) -> Self;
    fn erf(self) -> Self;
    fn erfc(self) -> Self;
    /// Whether sine and cosine need the library function.
    fn far_angle(self) -> bool;
    fn far_sin(self) -> Self;
    fn far_cos(self) -> Self;
    fn pow(self, exponent: Self) -> Self;
    /// The values as double precision, if they are.
    fn doubles(values: &[Self]) -> Option<&[f64]>;
    fn as_doubles(values: &mut [Self]) -> Option<&mut [f64]>;
}

macro_rules! elementary {
    ($real:ty, $of:ident, $sin:path, $cos:path, $pow:path, $as_doubles:expr, $doubles:expr) => {
        impl Elementary for $real {
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn into_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_a_number(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$real>::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$real>::abs(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $of::exp(self)
            }
            #[inline(always)]
            fn log(self) -> Self {
                $of::log(self)
            }
            #[inline(always)]
            fn sin(self) -> Self {
                $of::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                $of::cos(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $of::tanh(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                $of::erf(self)
            }
            #[inline(always)]
            fn erfc(self) -> Self {
                $of::erfc(self)
            }
            #[inline(always)]
            fn far_angle(self) -> bool {
                // Not a number goes there as well.
                self.is_nan() || <$real>::abs(self) > $of::TRIGONOMETRIC_LIMIT
            }
            fn far_sin(self) -> Self {
                $sin(self)
            }
            fn far_cos(self) -> Self {
                $cos(self)
            }
            fn pow(self, exponent: Self) -> Self {
                $pow(self, exponent)
            }
            fn doubles(values: &[Self]) -> Option<&[f64]> {
                $doubles(values)
            }
            fn as_doubles(values: &mut [Self]) -> Option<&mut [f64]> {
                $as_doubles(values)
            }
        }
    };
}

elementary!(f64, double, libm::sin, libm::cos, libm::pow, Some, Some);
elementary!(
    f32,
    single,
    libm::sinf,
    libm::cosf,
    libm::powf,
    |_| None,
    |_| None
);

/// The value of an operator of one argument; NaN for an operator of two.
#[inline]
pub(crate) fn apply_unary<T: Real>(op: Operator, a: T) -> T {
    match op {
        Operator::Neg => -a,
        Operator::Square => a * a,
        Operator::Exp => a.exp(),
        Operator::Log => a.log(),
        Operator::Sqrt => a.sqrt(),
        Operator::Sin if a.far_angle() => a.far_sin(),
        Operator::Sin => a.sin(),
        Operator::Cos if a.far_angle() => a.far_cos(),
        Operator::Cos => a.cos(),
        Operator::Tanh => a.tanh(),
        Operator::Erf => a.erf(),
        Operator::Erfc => a.erfc(),
        Operator::Abs => a.abs(),
        Operator::Custom(op) => T::from_f64(op.value(a.into_f64(), 0.0)),
        _ => T::from_f64(f64::NAN),
    }
}

/// The value of an operator of two arguments; one of one argument ignores the second.
#[inline]
pub(crate) fn apply_binary<T: Real>(op: Operator, a: T, b: T) -> T {
    match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mul => a * b,
        Operator::Div => a / b,
        Operator::Pow => a.pow(b),
        Operator::Min => lesser(a, b),
        Operator::Max => greater(a, b),
        Operator::Custom(op) => T::from_f64(op.value(a.into_f64(), b.into_f64())),
        _ => apply_unary(op, a),
    }
}

#[expect(
    clippy::inline_always,
    reason = "it takes on the instruction set of its loop"
)]
#[inline(always)]
pub(super) fn lesser<T: Real>(a: T, b: T) -> T {
    if a < b {
        a
    } else if a >= b {
        b
    } else {
        T::from_f64(f64::NAN)
    }
}

#[expect(
    clippy::inline_always,
    reason = "it takes on the instruction set of its loop"
)]
#[inline(always)]
pub(super) fn greater<T: Real>(a: T, b: T) -> T {
    if a > b {
        a
    } else if a <= b {
        b
    } else {
        T::from_f64(f64::NAN)
    }
}
