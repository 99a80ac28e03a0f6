//! The operators that expressions are built from, with their values and derivatives.

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

use crate::custom::CustomOperator;
use crate::kernel::{double as math, real};

/// An operator of one or two arguments.
///
/// Nothing is protected: `log(-1)` is NaN and `1/0` infinite, and a model that meets either on a
/// training row is discarded. A patched operator would mean something else wherever the law is
/// used outside this crate.
///
/// Transcendental functions are those of this crate's kernel (within 1 unit in the last place for exp, log, sin and cos, 4 for
/// tanh and erf, 8 for erfc), the power and sines of angles above a million those of the `libm` crate: the same input gives the
/// same bits on every platform and with every instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Operator {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// `a ^ b`: the real power, NaN for a negative base and a fractional exponent.
    Pow,
    /// The smaller of two values; NaN if either is.
    Min,
    /// The larger of two values; NaN if either is.
    Max,
    /// `-a`
    Neg,
    /// `a * a`
    Square,
    /// The exponential function.
    Exp,
    /// The natural logarithm, NaN below zero.
    Log,
    /// The square root, NaN below zero.
    Sqrt,
    /// The sine of an angle in radians.
    Sin,
    /// The cosine of an angle in radians.
    Cos,
    /// The hyperbolic tangent.
    Tanh,
    /// The error function.
    Erf,
    /// The complementary error function, accurate where it is small.
    Erfc,
    /// The absolute value.
    Abs,
    /// An operator of the user's own, made by [`OperatorDefinition`](crate::OperatorDefinition).
    Custom(CustomOperator),
}

impl Operator {
    /// Every operator but those of the user's own.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Pow,
        Self::Min,
        Self::Max,
        Self::Neg,
        Self::Square,
        Self::Exp,
        Self::Log,
        Self::Sqrt,
        Self::Sin,
        Self::Cos,
        Self::Tanh,
        Self::Erf,
        Self::Erfc,
        Self::Abs,
    ];

    /// Number of arguments: 1 or 2.
    #[must_use]
    pub const fn arity(self) -> usize {
        match self {
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Pow | Self::Min | Self::Max => 2,
            Self::Custom(op) => op.arity(),
            _ => 1,
        }
    }

    /// Whether the order of the two arguments does not matter.
    #[must_use]
    pub const fn is_commutative(self) -> bool {
        matches!(self, Self::Add | Self::Mul | Self::Min | Self::Max)
    }

    /// The name in expression text: a sign for `+ - * / ^`, else the function's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub | Self::Neg => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Pow => "^",
            Self::Min => "min",
            Self::Max => "max",
            Self::Square => "square",
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Sqrt => "sqrt",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
            Self::Erfc => "erfc",
            Self::Abs => "abs",
            Self::Custom(op) => op.name(),
        }
    }

    /// A number of its own for each operator.
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Custom(op) => Self::ALL.len() as u32 + op.index(),
            op => Self::ALL.iter().position(|o| *o == op).unwrap_or(0) as u32,
        }
    }

    /// The function of this name, one of the user's own among them; `ln` is read as `log`. Signs are no
    /// function names.
    #[must_use]
    pub fn from_function_name(name: &str) -> Option<Self> {
        if name == "ln" {
            return Some(Self::Log);
        }
        Self::ALL
            .into_iter()
            .find(|op| {
                op.name() == name && op.name().starts_with(|c: char| c.is_ascii_alphabetic())
            })
            .or_else(|| CustomOperator::of_name(name).map(Self::Custom))
    }

    /// The value for one argument.
    ///
    /// NaN for an operator of two arguments.
    #[inline]
    #[must_use]
    pub fn apply_unary(self, a: f64) -> f64 {
        real::apply_unary(self, a)
    }

    /// The value for two arguments.
    ///
    /// For an operator of one argument the second is ignored.
    #[inline]
    #[must_use]
    pub fn apply_binary(self, a: f64, b: f64) -> f64 {
        real::apply_binary(self, a, b)
    }

    /// Derivative of the one-argument operator at `a`, where its value is `value`.
    #[expect(
        clippy::inline_always,
        reason = "put into the loop of each instruction set"
    )]
    #[inline(always)]
    pub(crate) fn slope(self, a: f64, value: f64) -> f64 {
        match self {
            Self::Neg => -1.0,
            Self::Square => 2.0 * a,
            Self::Exp => value,
            Self::Log => 1.0 / a,
            Self::Sqrt => 0.5 / value,
            Self::Sin => Self::Cos.apply_unary(a),
            Self::Cos => -Self::Sin.apply_unary(a),
            Self::Tanh => 1.0 - value * value,
            Self::Erf => FRAC_2_SQRT_PI * math::exp(-a * a),
            Self::Erfc => -FRAC_2_SQRT_PI * math::exp(-a * a),
            Self::Abs => {
                if a == 0.0 {
                    0.0
                } else {
                    a.signum()
                }
            }
            Self::Custom(op) => op.slopes(a, 0.0, value).0,
            _ => f64::NAN,
        }
    }

    /// Both partial derivatives of the two-argument operator at `(a, b)`, where its value is `value`.
    #[expect(
        clippy::inline_always,
        reason = "put into the loop of each instruction set"
    )]
    #[inline(always)]
    pub(crate) fn slopes(self, a: f64, b: f64, value: f64) -> (f64, f64) {
        match self {
            Self::Add => (1.0, 1.0),
            Self::Sub => (1.0, -1.0),
            Self::Mul => (b, a),
            Self::Div => (1.0 / b, -value / b),
            Self::Pow => {
                let by_base = if b == 0.0 {
                    0.0
                } else {
                    b * libm::pow(a, b - 1.0)
                };
                // A negative base has a value at integer exponents only: there is no way to move.
                let by_exponent = if value == 0.0 || a < 0.0 {
                    0.0
                } else {
                    value * libm::log(a)
                };
                (by_base, by_exponent)
            }
            Self::Min => {
                if a <= b {
                    (1.0, 0.0)
                } else {
                    (0.0, 1.0)
                }
            }
            Self::Max => {
                if a >= b {
                    (1.0, 0.0)
                } else {
                    (0.0, 1.0)
                }
            }
            Self::Custom(op) => op.slopes(a, b, value),
            _ => (f64::NAN, f64::NAN),
        }
    }
}

/// Names that expression text reads as numbers.
pub(crate) const NAMED_CONSTANTS: [(&str, f64); 1] = [("pi", PI)];

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn central(f: impl Fn(f64) -> f64, x: f64) -> f64 {
        let h = 1e-5 * x.abs().max(1.0);
        (f(x + h) - f(x - h)) / (2.0 * h)
    }

    #[test]
    fn slopes_agree_with_central_differences() {
        for op in Operator::ALL {
            for a in [0.3, 1.7, 2.9] {
                if op.arity() == 1 {
                    let expected = central(|x| op.apply_unary(x), a);
                    // Truncation of the central difference is h² f'''/6, about 1e-10 here.
                    assert_relative_eq!(
                        op.slope(a, op.apply_unary(a)),
                        expected,
                        max_relative = 1e-6,
                        epsilon = 1e-9
                    );
                } else {
                    for b in [0.4, 2.3] {
                        let (da, db) = op.slopes(a, b, op.apply_binary(a, b));
                        let ea = central(|x| op.apply_binary(x, b), a);
                        let eb = central(|x| op.apply_binary(a, x), b);
                        assert_relative_eq!(da, ea, max_relative = 1e-6, epsilon = 1e-9);
                        assert_relative_eq!(db, eb, max_relative = 1e-6, epsilon = 1e-9);
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for op in Operator::ALL {
            if op.name().len() > 1 {
                assert_eq!(Operator::from_function_name(op.name()), Some(op));
            }
        }
        assert_eq!(Operator::from_function_name("ln"), Some(Operator::Log));
        assert_eq!(Operator::from_function_name("+"), None);
    }

    #[test]
    fn erfc_keeps_relative_accuracy_where_it_is_small() {
        // erfc(10), mpmath 50 digits.
        assert_relative_eq!(
            Operator::Erfc.apply_unary(10.0),
            2.088_487_583_762_545e-45,
            max_relative = 1e-14
        );
    }

    #[test]
    fn undefined_values_are_not_patched() {
        assert!(Operator::Log.apply_unary(-1.0).is_nan());
        assert!(Operator::Sqrt.apply_unary(-1.0).is_nan());
        assert!(Operator::Div.apply_binary(1.0, 0.0).is_infinite());
        assert!(Operator::Pow.apply_binary(-2.0, 0.5).is_nan());
        assert!(Operator::Min.apply_binary(f64::NAN, 1.0).is_nan());
        assert!(Operator::Max.apply_binary(1.0, f64::NAN).is_nan());
    }
}
