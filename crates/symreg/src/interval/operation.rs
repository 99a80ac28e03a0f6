//! Operators on intervals.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::operator::Operator;

use super::{Interval, below};

/// The values of an operator, and whether it may be undefined for some arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Image {
    /// Holds all values that are numbers; `None` if there are none.
    pub(super) values: Option<Interval>,
    /// Some arguments may have no finite value.
    pub(super) undefined: bool,
}

fn defined(values: Interval) -> Image {
    Image {
        values: Some(values),
        undefined: false,
    }
}

const NOWHERE: Image = Image {
    values: None,
    undefined: true,
};

/// More than the error of each function of the kernel, in units of the last place.
const ULPS: u32 = 16;

pub(super) fn unary(op: Operator, a: Interval) -> Image {
    let (low, high) = (a.low, a.high);
    let rising = |ulps: u32| Interval::outward(op.apply_unary(low), op.apply_unary(high), ulps);
    match op {
        Operator::Neg => defined(Interval {
            low: -high,
            high: -low,
        }),
        Operator::Abs => defined(absolute(a)),
        Operator::Square => {
            let size = absolute(a);
            let squared = Interval::outward(size.low * size.low, size.high * size.high, 1);
            defined(at_least(squared, 0.0))
        }
        Operator::Exp => defined(at_least(rising(ULPS), 0.0)),
        Operator::Tanh | Operator::Erf => defined(within(rising(ULPS), -1.0, 1.0)),
        Operator::Erfc => {
            let falling = Interval::outward(op.apply_unary(high), op.apply_unary(low), ULPS);
            defined(within(falling, 0.0, 2.0))
        }
        Operator::Log => {
            if high < 0.0 {
                return NOWHERE;
            }
            let from = low.max(0.0);
            let mut values = Interval::outward(op.apply_unary(from), op.apply_unary(high), ULPS);
            // The logarithm of 1 is 0 exactly, and rounding keeps the order.
            if from >= 1.0 {
                values = at_least(values, 0.0);
            }
            if high <= 1.0 {
                values.high = values.high.min(0.0);
            }
            Image {
                values: Some(values),
                undefined: low <= 0.0,
            }
        }
        Operator::Sqrt => {
            if high < 0.0 {
                return NOWHERE;
            }
            let values = Interval::outward(low.max(0.0).sqrt(), high.sqrt(), 1);
            Image {
                values: Some(at_least(values, 0.0)),
                undefined: low < 0.0,
            }
        }
        Operator::Sin => defined(wave(a, 0.0, Operator::Sin)),
        Operator::Cos => defined(wave(a, FRAC_PI_2, Operator::Cos)),
        _ => Image {
            values: Some(Interval::ALL),
            undefined: true,
        },
    }
}

fn absolute(a: Interval) -> Interval {
    if a.low >= 0.0 {
        a
    } else if a.high <= 0.0 {
        Interval {
            low: -a.high,
            high: -a.low,
        }
    } else {
        Interval {
            low: 0.0,
            high: a.high.max(-a.low),
        }
    }
}

fn at_least(a: Interval, bound: f64) -> Interval {
    Interval {
        low: a.low.max(bound),
        high: a.high.max(bound),
    }
}

fn within(a: Interval, low: f64, high: f64) -> Interval {
    Interval {
        low: a.low.clamp(low, high),
        high: a.high.clamp(low, high),
    }
}

/// Sine or cosine; `shift` moves the argument to that of a sine.
fn wave(a: Interval, shift: f64, op: Operator) -> Interval {
    const FULL: Interval = Interval {
        low: -1.0,
        high: 1.0,
    };
    // Beyond this the place in the period is not known well enough.
    if !(a.is_bounded() && a.width() < TAU && a.low.abs().max(a.high.abs()) < 1e8) {
        return FULL;
    }
    // Whether a crest at `offset` + k·2π lies in the interval, widened by more than rounding.
    let holds = |offset: f64| {
        let slack = 1e-6;
        let first = ((a.low + shift - slack - offset) / TAU).ceil();
        first * TAU + offset <= a.high + shift + slack
    };
    let (x, y) = (op.apply_unary(a.low), op.apply_unary(a.high));
    let mut range = Interval::outward(x.min(y), x.max(y), ULPS);
    if holds(0.5 * PI) {
        range.high = 1.0;
    }
    if holds(-0.5 * PI) {
        range.low = -1.0;
    }
    within(range, -1.0, 1.0)
}

/// The number below a rounded result, and the result itself where a zero is exact or has the sign
/// of what underflowed to it.
fn rounded_down(v: f64, exact: bool) -> f64 {
    if exact || (v == 0.0 && v.is_sign_positive()) {
        v
    } else {
        below(v)
    }
}

fn rounded_up(v: f64, exact: bool) -> f64 {
    -rounded_down(-v, exact)
}

/// Extremes of a product or quotient at its four corners, an undefined one (0·∞) counted as 0.
fn corners(a: Interval, b: Interval, f: impl Fn(f64, f64) -> f64, absorbing: bool) -> Interval {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    for x in [a.low, a.high] {
        for y in [b.low, b.high] {
            let v = f(x, y);
            let exact = v.is_nan() || x == 0.0 || (absorbing && y == 0.0);
            let v = if v.is_nan() { 0.0 } else { v };
            low = low.min(rounded_down(v, exact));
            high = high.max(rounded_up(v, exact));
        }
    }
    Interval { low, high }
}

pub(super) fn binary(op: Operator, a: Interval, b: Interval) -> Image {
    match op {
        Operator::Add => defined(sum(a, b)),
        Operator::Sub => defined(sum(
            a,
            Interval {
                low: -b.high,
                high: -b.low,
            },
        )),
        Operator::Mul => defined(product(a, b)),
        Operator::Div => divide(a, b),
        Operator::Min => defined(Interval {
            low: a.low.min(b.low),
            high: a.high.min(b.high),
        }),
        Operator::Max => defined(Interval {
            low: a.low.max(b.low),
            high: a.high.max(b.high),
        }),
        Operator::Pow => power(a, b),
        _ => unary(op, a),
    }
}

pub(super) fn sum(a: Interval, b: Interval) -> Interval {
    // Adding zero is exact, and so keeps a derivative that is exactly zero what it is.
    let exact = |x: f64, y: f64| x == 0.0 || y == 0.0;
    let low = rounded_down(a.low + b.low, exact(a.low, b.low));
    let high = rounded_up(a.high + b.high, exact(a.high, b.high));
    Interval::outward(low, high, 0)
}

pub(super) fn product(a: Interval, b: Interval) -> Interval {
    corners(a, b, |x, y| x * y, true)
}

fn divide(a: Interval, b: Interval) -> Image {
    if !b.contains(0.0) {
        return defined(corners(a, b, |x, y| x / y, false));
    }
    if b.low == 0.0 && b.high == 0.0 {
        // Infinite of either sign, of which functions such as exp and tanh make numbers again.
        return Image {
            values: Some(Interval::ALL),
            undefined: true,
        };
    }
    // Zero at one end of the denominator: the quotient has one sign if the numerator has.
    let one_sided = if b.low == 0.0 && a.low >= 0.0 || b.high == 0.0 && a.high <= 0.0 {
        let least = if b.low == 0.0 {
            a.low / b.high
        } else {
            a.high / b.low
        };
        Some(Interval::outward(least, f64::INFINITY, 1)).map(|i| at_least(i, 0.0))
    } else if b.low == 0.0 && a.high <= 0.0 || b.high == 0.0 && a.low >= 0.0 {
        let greatest = if b.low == 0.0 {
            a.high / b.high
        } else {
            a.low / b.low
        };
        let open = Interval::outward(f64::NEG_INFINITY, greatest, 1);
        Some(Interval {
            low: open.low,
            high: open.high.min(0.0),
        })
    } else {
        None
    };
    Image {
        values: Some(one_sided.unwrap_or(Interval::ALL)),
        undefined: true,
    }
}

fn power(a: Interval, b: Interval) -> Image {
    let exponent = b.low;
    if b.is_point() && exponent.fract() == 0.0 {
        return whole_power(a, exponent);
    }
    // A fractional power: of bases that are not negative.
    let negative = a.low < 0.0;
    if a.high < 0.0 {
        // Whole exponents inside a wider interval are possible.
        let values = if b.is_point() {
            None
        } else {
            Some(Interval::ALL)
        };
        return Image {
            values,
            undefined: true,
        };
    }
    if negative && !b.is_point() {
        return Image {
            values: Some(Interval::ALL),
            undefined: true,
        };
    }
    let base = Interval {
        low: a.low.max(0.0),
        high: a.high,
    };
    // x^y is monotone in each argument, so that its extremes are at corners, or at base 1 or
    // exponent 0, where it is 1.
    let mut values = corners(base, b, libm::pow, false);
    if b.is_point() {
        let pow = |x: f64| libm::pow(x, exponent);
        values = if exponent > 0.0 {
            Interval::outward(pow(base.low), pow(base.high), 4)
        } else {
            Interval::outward(pow(base.high), pow(base.low), 4)
        };
    } else {
        if base.contains(1.0) || b.contains(0.0) {
            values = values.hull(Interval::point(1.0));
        }
        values = Interval::outward(values.low, values.high, 4);
    }
    Image {
        values: Some(at_least(values, 0.0)),
        undefined: negative || (base.low == 0.0 && b.low < 0.0),
    }
}

/// Powers with one whole exponent.
fn whole_power(a: Interval, exponent: f64) -> Image {
    let pow = |x: f64| libm::pow(x, exponent);
    if exponent == 0.0 {
        return defined(Interval::point(1.0));
    }
    if exponent < 0.0 {
        let positive = whole_power(a, -exponent);
        let Some(values) = positive.values else {
            return NOWHERE;
        };
        let mut image = divide(Interval::point(1.0), values);
        if let Some(v) = image.values {
            // The library computes x^-n at once, not 1/x^n.
            image.values = Some(Interval::outward(v.low, v.high, 4));
        }
        return image;
    }
    let even = (0.5 * exponent).fract() == 0.0;
    let base = if even { absolute(a) } else { a };
    let values = Interval::outward(pow(base.low), pow(base.high), 4);
    defined(if even { at_least(values, 0.0) } else { values })
}

/// Enclosure of the derivative of a one-argument operator over `a`, where its values are `value`.
pub(super) fn slope(op: Operator, a: Interval, value: Interval) -> Interval {
    let one = Interval::point(1.0);
    match op {
        Operator::Neg => Interval::point(-1.0),
        Operator::Square => product(Interval::point(2.0), a),
        Operator::Exp => value,
        Operator::Log => divide(one, a).values.unwrap_or(Interval::ALL),
        Operator::Sqrt => divide(Interval::point(0.5), value)
            .values
            .unwrap_or(Interval::ALL),
        Operator::Sin => wave(a, FRAC_PI_2, Operator::Cos),
        Operator::Cos => {
            let sine = wave(a, 0.0, Operator::Sin);
            Interval {
                low: -sine.high,
                high: -sine.low,
            }
        }
        Operator::Tanh => {
            let square = product(value, value);
            let difference = sum(
                one,
                Interval {
                    low: -square.high,
                    high: -square.low,
                },
            );
            within(difference, 0.0, 1.0)
        }
        Operator::Erf | Operator::Erfc => {
            let size = absolute(a);
            let bell = |x: f64| std::f64::consts::FRAC_2_SQRT_PI * libm::exp(-x * x);
            // The exponent's rounding grows with its size: 1e-13 covers it down to underflow.
            let low = bell(size.high) * (1.0 - 1e-12);
            let high = bell(size.low) * (1.0 + 1e-12) + f64::MIN_POSITIVE;
            let positive = Interval {
                low: if low < f64::MIN_POSITIVE { 0.0 } else { low },
                high,
            };
            if op == Operator::Erf {
                positive
            } else {
                Interval {
                    low: -positive.high,
                    high: -positive.low,
                }
            }
        }
        Operator::Abs => {
            if a.low > 0.0 {
                one
            } else if a.high < 0.0 {
                Interval::point(-1.0)
            } else {
                Interval {
                    low: -1.0,
                    high: 1.0,
                }
            }
        }
        _ => Interval::ALL,
    }
}

/// Enclosures of both partial derivatives of a two-argument operator.
pub(super) fn slopes(
    op: Operator,
    a: Interval,
    b: Interval,
    value: Interval,
) -> (Interval, Interval) {
    let one = Interval::point(1.0);
    let unit = Interval {
        low: 0.0,
        high: 1.0,
    };
    let negative = |i: Interval| Interval {
        low: -i.high,
        high: -i.low,
    };
    match op {
        Operator::Add => (one, one),
        Operator::Sub => (one, Interval::point(-1.0)),
        Operator::Mul => (b, a),
        Operator::Div => {
            let inverse = divide(one, b).values.unwrap_or(Interval::ALL);
            let square = unary(Operator::Square, b).values.unwrap_or(Interval::ALL);
            // -a/b²: closer than -(a/b)/b where the signs of b and the quotient are tied.
            let by_b = divide(negative(a), square).values.unwrap_or(Interval::ALL);
            let other = product(negative(value), inverse);
            (inverse, by_b.intersection(other).unwrap_or(by_b))
        }
        Operator::Pow => {
            let below = sum(b, Interval::point(-1.0));
            // The rounding of b - 1 must not turn a whole exponent into an interval.
            let below = if b.is_point() && (b.low - 1.0 + 1.0 - b.low) == 0.0 {
                Interval::point(b.low - 1.0)
            } else {
                below
            };
            let by_base = power(a, below)
                .values
                .map_or(Interval::ALL, |p| product(b, p));
            let by_exponent = if b.is_point() && a.low < 0.0 {
                Interval::ALL
            } else {
                unary(Operator::Log, a)
                    .values
                    .map_or(Interval::ALL, |l| product(value, l))
            };
            (by_base, by_exponent)
        }
        Operator::Min => {
            if a.high < b.low {
                (one, Interval::point(0.0))
            } else if b.high < a.low {
                (Interval::point(0.0), one)
            } else {
                (unit, unit)
            }
        }
        Operator::Max => {
            if a.low > b.high {
                (one, Interval::point(0.0))
            } else if b.low > a.high {
                (Interval::point(0.0), one)
            } else {
                (unit, unit)
            }
        }
        _ => (Interval::ALL, Interval::ALL),
    }
}
