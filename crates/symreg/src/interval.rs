//! Interval arithmetic: what an expression can do over a whole box of inputs.
//!
//! Every operation rounds outward, by one unit in the last place for the operations of IEEE 754 and
//! by more than the stated error of each elementary function, so that an enclosure holds also the
//! values that this crate computes.

mod analysis;
mod operation;

pub use analysis::{BoxAnalysis, Monotonicity, Pole, PoleKind, RangeReport};

use crate::{Error, Result};

/// A closed interval of numbers, possibly unbounded.
///
/// # Examples
///
/// ```
/// use symreg::Interval;
/// let width = Interval::new(0.5, 2.0)?;
/// assert!(width.contains(1.0) && !width.contains(0.0));
/// assert!(Interval::new(1.0, 0.0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Interval {
    low: f64,
    high: f64,
}

impl Interval {
    /// All numbers.
    pub const ALL: Self = Self {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };

    /// The numbers from `low` to `high`, both included.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless `low` ≤ `high`, neither of them NaN.
    pub fn new(low: f64, high: f64) -> Result<Self> {
        if low <= high {
            Ok(Self { low, high })
        } else {
            Err(Error::InvalidParameter {
                name: "interval",
                requirement: "from a lower to a higher number",
                found: format!("{low} to {high}"),
            })
        }
    }

    /// One number. All numbers for NaN.
    #[must_use]
    pub fn point(value: f64) -> Self {
        if value.is_nan() {
            Self::ALL
        } else {
            Self {
                low: value,
                high: value,
            }
        }
    }

    /// The least number.
    #[must_use]
    pub const fn low(self) -> f64 {
        self.low
    }

    /// The greatest number.
    #[must_use]
    pub const fn high(self) -> f64 {
        self.high
    }

    /// Whether it holds `value`.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether both ends are finite.
    #[must_use]
    pub fn is_bounded(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// What both hold; `None` if that is nothing.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.low.max(other.low), self.high.min(other.high)).ok()
    }

    /// Difference of the ends.
    #[must_use]
    pub fn width(self) -> f64 {
        self.high - self.low
    }

    /// A number in the middle; finite.
    #[must_use]
    pub fn middle(self) -> f64 {
        let low = self.low.max(-f64::MAX);
        let high = self.high.min(f64::MAX);
        0.5 * low + 0.5 * high
    }

    /// Whether it is one number.
    #[expect(clippy::float_cmp, reason = "one number is exactly one")]
    pub(crate) fn is_point(self) -> bool {
        self.low == self.high
    }

    /// From ends that may be NaN, which becomes unbounded.
    pub(crate) fn outward(low: f64, high: f64, ulps: u32) -> Self {
        let (mut low, mut high) = (low, high);
        for _ in 0..ulps {
            low = below(low);
            high = above(high);
        }
        Self {
            low: if low.is_nan() { f64::NEG_INFINITY } else { low },
            high: if high.is_nan() { f64::INFINITY } else { high },
        }
    }
}

/// The next number above; infinity and NaN stay.
pub(crate) fn above(value: f64) -> f64 {
    if value.is_nan() || value == f64::INFINITY {
        return value;
    }
    if value == 0.0 {
        return f64::from_bits(1);
    }
    let bits = value.to_bits();
    f64::from_bits(if value > 0.0 { bits + 1 } else { bits - 1 })
}

/// The next number below.
pub(crate) fn below(value: f64) -> f64 {
    -above(-value)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the neighbors of a number are exact")]
mod tests {
    use super::*;

    #[test]
    fn neighbors_are_next_to_each_other() {
        for v in [0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, f64::MAX, 1e-300] {
            assert!(above(v) > v || v == f64::MAX && above(v) == f64::INFINITY);
            assert!(below(v) < v);
            if v != 0.0 {
                assert_eq!(
                    below(above(v)).to_bits(),
                    if v == f64::MAX {
                        f64::MAX.to_bits()
                    } else {
                        (v + 0.0).to_bits()
                    }
                );
            }
        }
        assert_eq!(above(f64::INFINITY), f64::INFINITY);
        assert_eq!(below(f64::INFINITY), f64::MAX);
    }

    #[test]
    fn refuses_what_is_no_interval() {
        assert!(Interval::new(f64::NAN, 1.0).is_err());
        assert!(Interval::new(1.0, f64::NAN).is_err());
        assert_eq!(Interval::point(f64::NAN), Interval::ALL);
        assert_eq!(Interval::ALL.middle(), 0.0);
    }
}
