//! Exact fractions.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, excerpt};

/// An exact fraction of two 64-bit integers, always reduced, with a positive denominator.
///
/// Arithmetic is checked: intermediate values are 128 bits wide, and a result that does not fit is an
/// [`Error::Overflow`], never a wrapped or rounded value.
///
/// # Examples
///
/// ```
/// use dimless::Rational;
///
/// let half = Rational::new(2, 4)?;
/// assert_eq!(half.plus("1/3".parse()?)?.to_string(), "5/6");
/// assert_eq!("0.5".parse::<Rational>()?, half);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Rational {
    numerator: i64,
    denominator: i64,
}

impl Rational {
    /// The number 0.
    pub const ZERO: Self = Self::integer(0);
    /// The number 1.
    pub const ONE: Self = Self::integer(1);

    /// A fraction in lowest terms.
    ///
    /// # Errors
    ///
    /// [`Error::ZeroDenominator`]; [`Error::Overflow`] when the reduced fraction does not fit
    /// (`1/i64::MIN` would need the denominator $2^{63}$).
    pub fn new(numerator: i64, denominator: i64) -> Result<Self> {
        if denominator == 0 {
            return Err(Error::ZeroDenominator { numerator });
        }
        reduced(i128::from(numerator), i128::from(denominator), "a fraction")
    }

    /// A whole number.
    pub const fn integer(value: i64) -> Self {
        Self {
            numerator: value,
            denominator: 1,
        }
    }

    /// Half of an odd number, for the tables of this crate: `halves(-3)` is $-3/2$.
    pub(crate) const fn halves(odd: i64) -> Self {
        assert!(odd % 2 != 0, "halves() takes an odd number");
        Self {
            numerator: odd,
            denominator: 2,
        }
    }

    /// The numerator of the reduced fraction; it carries the sign.
    pub const fn numerator(self) -> i64 {
        self.numerator
    }

    /// The denominator of the reduced fraction, at least 1.
    pub const fn denominator(self) -> i64 {
        self.denominator
    }

    /// Whether this is 0.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether this is a whole number.
    pub const fn is_integer(self) -> bool {
        self.denominator == 1
    }

    /// The nearest double-precision number (the quotient of the two rounded parts).
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self> {
        // Each product is below 2^126, so the sum fits in 128 bits.
        let numerator = self.wide_numerator() * other.wide_denominator()
            + other.wide_numerator() * self.wide_denominator();
        let denominator = self.wide_denominator() * other.wide_denominator();
        reduced(numerator, denominator, "a sum of fractions")
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`].
    pub fn minus(self, other: Self) -> Result<Self> {
        let numerator = self.wide_numerator() * other.wide_denominator()
            - other.wide_numerator() * self.wide_denominator();
        let denominator = self.wide_denominator() * other.wide_denominator();
        reduced(numerator, denominator, "a difference of fractions")
    }

    /// The product.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`].
    pub fn times(self, other: Self) -> Result<Self> {
        reduced(
            self.wide_numerator() * other.wide_numerator(),
            self.wide_denominator() * other.wide_denominator(),
            "a product of fractions",
        )
    }

    /// The quotient.
    ///
    /// # Errors
    ///
    /// [`Error::ZeroDenominator`] when `other` is 0; [`Error::Overflow`].
    pub fn over(self, other: Self) -> Result<Self> {
        if other.is_zero() {
            return Err(Error::ZeroDenominator {
                numerator: self.numerator,
            });
        }
        reduced(
            self.wide_numerator() * other.wide_denominator(),
            self.wide_denominator() * other.wide_numerator(),
            "a quotient of fractions",
        )
    }

    /// The number with the opposite sign.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`] for `i64::MIN`.
    pub fn negated(self) -> Result<Self> {
        reduced(
            -self.wide_numerator(),
            self.wide_denominator(),
            "a negated fraction",
        )
    }

    fn wide_numerator(self) -> i128 {
        i128::from(self.numerator)
    }

    fn wide_denominator(self) -> i128 {
        i128::from(self.denominator)
    }
}

/// Reduces a fraction; the caller guarantees a nonzero denominator above `i128::MIN`.
fn reduced(numerator: i128, denominator: i128, operation: &'static str) -> Result<Rational> {
    let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
    let overflow = || Error::Overflow { operation };
    let divisor = i128::try_from(divisor).map_err(|_| overflow())?;
    let sign = if denominator < 0 { -1 } else { 1 };
    Ok(Rational {
        numerator: i64::try_from(sign * (numerator / divisor)).map_err(|_| overflow())?,
        denominator: i64::try_from(sign * (denominator / divisor)).map_err(|_| overflow())?,
    })
}

/// The greatest common divisor; 0 only when both are 0.
pub(crate) fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Default for Rational {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<i64> for Rational {
    fn from(value: i64) -> Self {
        Self::integer(value)
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = self.wide_numerator() * other.wide_denominator();
        left.cmp(&(other.wide_numerator() * self.wide_denominator()))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_integer() {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

/// Reads `3`, `-1/2` or an exact decimal such as `0.25` (which is 1/4); the sign stands in front.
impl FromStr for Rational {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::InvalidRational {
            text: excerpt(text),
        };
        let overflow = || Error::Overflow {
            operation: "reading a fraction",
        };
        let (negative, magnitude) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let sign = if negative { -1 } else { 1 };
        let digits = |part: &str| -> Result<i128> {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(invalid());
            }
            part.parse().map_err(|_| overflow())
        };
        if let Some((numerator, denominator)) = magnitude.split_once('/') {
            let (numerator, denominator) = (digits(numerator)?, digits(denominator)?);
            if denominator == 0 {
                let numerator = i64::try_from(sign * numerator).map_err(|_| overflow())?;
                return Err(Error::ZeroDenominator { numerator });
            }
            return reduced(sign * numerator, denominator, "reading a fraction");
        }
        let Some((whole, decimals)) = magnitude.split_once('.') else {
            return reduced(sign * digits(magnitude)?, 1, "reading a fraction");
        };
        let mut scale: i128 = 1;
        let mut numerator = digits(whole)?;
        digits(decimals)?;
        for digit in decimals.bytes() {
            scale = scale.checked_mul(10).ok_or_else(overflow)?;
            numerator = numerator
                .checked_mul(10)
                .and_then(|n| n.checked_add(i128::from(digit - b'0')))
                .ok_or_else(overflow)?;
        }
        reduced(sign * numerator, scale, "reading a fraction")
    }
}

impl TryFrom<String> for Rational {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Rational> for String {
    fn from(value: Rational) -> Self {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reduces_and_moves_the_sign_up() -> Result<()> {
        let x = Rational::new(6, -4)?;
        assert_eq!((x.numerator(), x.denominator()), (-3, 2));
        assert_eq!(Rational::new(0, -7)?, Rational::ZERO);
        Ok(())
    }

    #[test]
    fn refuses_what_does_not_fit() -> Result<()> {
        assert!(matches!(
            Rational::new(1, 0),
            Err(Error::ZeroDenominator { numerator: 1 })
        ));
        assert!(matches!(
            Rational::new(1, i64::MIN),
            Err(Error::Overflow { .. })
        ));
        assert_eq!(Rational::new(i64::MIN, i64::MIN)?, Rational::ONE);
        let least = Rational::integer(i64::MIN);
        assert!(matches!(least.negated(), Err(Error::Overflow { .. })));
        assert!(matches!(
            least.minus(Rational::ONE),
            Err(Error::Overflow { .. })
        ));
        assert!(matches!(
            Rational::ONE.over(Rational::ZERO),
            Err(Error::ZeroDenominator { numerator: 1 })
        ));
        let tiny = Rational::new(1, i64::MAX)?;
        assert!(matches!(tiny.times(tiny), Err(Error::Overflow { .. })));
        Ok(())
    }

    #[test]
    fn reads_only_fractions() {
        for text in [
            "", "-", "1/", "/2", "1/-2", "1//2", "1.", ".5", "0.5/2", "1e3", " 1", "٣", "1/2/3",
        ] {
            let read = text.parse::<Rational>();
            assert!(
                matches!(read, Err(Error::InvalidRational { .. })),
                "{text:?} gave {read:?}"
            );
        }
        assert!(matches!(
            "3/0".parse::<Rational>(),
            Err(Error::ZeroDenominator { numerator: 3 })
        ));
        let long = "9".repeat(60);
        assert!(matches!(
            long.parse::<Rational>(),
            Err(Error::Overflow { .. })
        ));
    }

    fn any_rational() -> impl Strategy<Value = Rational> {
        (-1_000_000i64..1_000_000, 1i64..1_000_000)
            .prop_map(|(n, d)| Rational::new(n, d).expect("small"))
    }

    proptest! {
        #[test]
        fn is_a_field_and_agrees_with_wide_integers(a in any_rational(), b in any_rational(), c in any_rational()) {
            // Numerators and denominators below 2^20 cannot overflow in two operations.
            prop_assert_eq!(a.plus(b)?, b.plus(a)?);
            prop_assert_eq!(a.times(b)?, b.times(a)?);
            prop_assert_eq!(a.plus(b)?.minus(b)?, a);
            if !b.is_zero() { prop_assert_eq!(a.times(b)?.over(b)?, a); }
            prop_assert_eq!(a.plus(a.negated()?)?, Rational::ZERO);
            let small = |x: Rational| Rational::new(x.numerator() % 1000, x.denominator() % 1000 + 1).expect("small");
            let (a, b, c) = (small(a), small(b), small(c));
            prop_assert_eq!(a.plus(b)?.plus(c)?, a.plus(b.plus(c)?)?);
            prop_assert_eq!(a.times(b)?.times(c)?, a.times(b.times(c)?)?);
            prop_assert_eq!(a.times(b.plus(c)?)?, a.times(b)?.plus(a.times(c)?)?);
            let wide = |x: Rational| (i128::from(x.numerator()), i128::from(x.denominator()));
            let ((an, ad), (bn, bd), (sn, sd)) = (wide(a), wide(b), wide(a.plus(b)?));
            prop_assert_eq!((an * bd + bn * ad) * sd, sn * ad * bd);
            prop_assert_eq!(a.cmp(&b), (an * bd).cmp(&(bn * ad)));
        }

        #[test]
        fn text_round_trip(a in any_rational()) {
            prop_assert_eq!(a.to_string().parse::<Rational>()?, a);
        }

        #[test]
        fn extreme_fractions_never_wrap(n in any::<i64>(), d in any::<i64>(), m in any::<i64>(), e in any::<i64>()) {
            if let (Ok(a), Ok(b)) = (Rational::new(n, d), Rational::new(m, e)) {
                prop_assert!(a.denominator() > 0);
                if let Ok(s) = a.plus(b) {
                    prop_assert!((s.to_f64() - (a.to_f64() + b.to_f64())).abs() <= 1e-12 * (a.to_f64().abs() + b.to_f64().abs()));
                }
                if let Ok(p) = a.times(b) {
                    prop_assert!((p.to_f64() - a.to_f64() * b.to_f64()).abs() <= 1e-14 * p.to_f64().abs());
                }
            }
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = text.parse::<Rational>();
        }
    }
}
