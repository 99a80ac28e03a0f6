//! Units as text.

mod catalog;
mod parse;

use std::str::FromStr;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::rational::Rational;

/// The longest unit text that is read, in bytes.
pub const MAX_UNIT_LENGTH: usize = 256;
/// The deepest nesting of parentheses that is read.
pub const MAX_UNIT_DEPTH: usize = 32;

/// What is wrong in a unit text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitProblem {
    /// Nothing is there.
    #[error("the text is empty; a pure number has the unit 1")]
    Empty,
    /// The text is longer than [`MAX_UNIT_LENGTH`].
    #[error("the text is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// Parentheses are nested deeper than [`MAX_UNIT_DEPTH`].
    #[error("parentheses are nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// No unit has this symbol.
    #[error("no unit is called {symbol:?}")]
    UnknownSymbol {
        /// The symbol.
        symbol: String,
    },
    /// A character that cannot stand here.
    #[error("a unit was expected, found {found:?}")]
    Unexpected {
        /// The character.
        found: char,
    },
    /// The text stops where a unit must follow.
    #[error("a unit was expected, found the end of the text")]
    UnexpectedEnd,
    /// A parenthesis has no partner.
    #[error("this parenthesis has no partner")]
    UnbalancedParenthesis,
    /// A number other than 1 stands where a unit is expected.
    #[error("the number {number} is no unit; only 1 is")]
    NumberInUnit {
        /// The number.
        number: String,
    },
    /// A digit directly after a symbol.
    #[error("a digit follows {symbol:?}; a power is written {symbol}^{digits}")]
    DigitAfterSymbol {
        /// The symbol.
        symbol: String,
        /// The digits.
        digits: String,
    },
    /// A product after a division, which people read in two ways.
    #[error("a product after a division is ambiguous; write {grouped} or {reordered}")]
    AmbiguousProduct {
        /// The spelling with the factor in the denominator.
        grouped: String,
        /// The spelling with the factor in the numerator.
        reordered: String,
    },
    /// A temperature scale with an offset.
    #[error(
        "{symbol} has an offset and is no factor of a unit; write delta_{plain} for a difference, or make an absolute temperature by Quantity::from_celsius"
    )]
    OffsetTemperature {
        /// The symbol.
        symbol: String,
        /// Its plain name, `degC` or `degF`.
        plain: &'static str,
    },
    /// An exponent that is not an exact fraction.
    #[error("{text:?} is no exponent such as 2, -1, 1/2 or 0.5")]
    InvalidExponent {
        /// The text.
        text: String,
    },
    /// A power of a power without parentheses.
    #[error("a second exponent follows; write the inner power in parentheses")]
    RepeatedExponent,
    /// Exponents or the conversion factor leave the range of exact or double-precision numbers.
    #[error("the exponents or the conversion factor are out of range")]
    OutOfRange,
}

/// A unit of measure: its conversion factor to SI and its dimension.
///
/// # Grammar
///
/// - All SI base and derived units and prefixes (`um`, `µm` and `μm` are the micrometer), and `min h d L t bar atm eV
///   deg rad sr % ppm angstrom in ft`. Symbols are case sensitive: `K` is the kelvin, `k` only a prefix.
/// - Products by `*`, `·`, `⋅`, `×` or a space; quotients by `/`; parentheses; `1` is the pure number.
/// - Exponents after `^` or `**`: whole, negative, fractions and decimals (`m^2`, `s^-1`, `kg^(1/2)`, `kg^0.5`), or
///   superscript digits (`mm²`). A fraction needs no parentheses: `kg^-1/2` has the exponent $-1/2$, because a bare
///   number is no unit that could stand in a denominator. A prefix belongs to its unit: `mm^2` is $(10^{-3}\,\mathrm{m})^2$.
/// - `J/kg/K` divides twice. A product after a division on the same level, as in `W/m*K`, is refused with both
///   clear spellings, because half of its readers would take it the other way.
/// - `°C`, `degC`, `°F` and `degF` are refused: an absolute temperature is made by
///   [`Quantity::from_celsius`](crate::Quantity::from_celsius), a difference has the unit `delta_degC` or `delta_degF`.
///
/// Texts are limited to [`MAX_UNIT_LENGTH`] bytes and [`MAX_UNIT_DEPTH`] nested parentheses.
///
/// # Accuracy
///
/// Powers of ten are kept exactly and applied once, so that 95 `um` is the same double as `95e-6`.
///
/// # Examples
///
/// ```
/// use dimless::Unit;
///
/// let unit = Unit::parse("W/(m*K)")?;
/// assert_eq!(unit.dimension().to_string(), "kg m s^-3 K^-1");
/// assert_eq!(Unit::parse("um")?.to_si(95.0), 95e-6);
/// assert!(Unit::parse("W/m*K").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// The part of the factor that is no power of ten.
    scale: f64,
    /// The exact decimal exponent of the rest.
    power_of_ten: Rational,
    dimension: Dimension,
}

impl Unit {
    /// The unit of a pure number.
    pub const ONE: Self = Self {
        scale: 1.0,
        power_of_ten: Rational::ZERO,
        dimension: Dimension::DIMENSIONLESS,
    };

    /// Reads a unit text.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUnit`] with the byte offset and a [`UnitProblem`].
    ///
    /// # Performance
    ///
    /// O(length), without recursion deeper than [`MAX_UNIT_DEPTH`].
    pub fn parse(text: &str) -> Result<Self> {
        parse::parse(text)
    }

    /// The dimension.
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The value of one such unit in SI base units.
    pub fn factor(&self) -> f64 {
        self.to_si(1.0)
    }

    /// A value in this unit, converted to SI base units.
    pub fn to_si(&self, value: f64) -> f64 {
        scale_by_ten(value * self.scale, self.power_of_ten, false)
    }

    /// A value in SI base units, converted to this unit.
    pub fn from_si(&self, value: f64) -> f64 {
        scale_by_ten(value, self.power_of_ten, true) / self.scale
    }

    fn times(self, other: Self) -> Result<Self> {
        Ok(Self {
            scale: self.scale * other.scale,
            power_of_ten: self.power_of_ten.plus(other.power_of_ten)?,
            dimension: self.dimension.times(other.dimension)?,
        })
    }

    fn over(self, other: Self) -> Result<Self> {
        Ok(Self {
            scale: self.scale / other.scale,
            power_of_ten: self.power_of_ten.minus(other.power_of_ten)?,
            dimension: self.dimension.over(other.dimension)?,
        })
    }

    fn pow(self, exponent: Rational) -> Result<Self> {
        Ok(Self {
            scale: crate::power::rational_power(self.scale, exponent),
            power_of_ten: self.power_of_ten.times(exponent)?,
            dimension: self.dimension.pow(exponent)?,
        })
    }

    /// Whether conversions by this unit stay well inside the range of double precision.
    fn is_in_range(&self) -> bool {
        let magnitude = libm::log10(self.scale) + self.power_of_ten.to_f64();
        self.scale.is_normal()
            && magnitude.abs() <= 250.0
            && self.power_of_ten.to_f64().abs() <= 250.0
    }
}

impl FromStr for Unit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The powers of ten that are exact in double precision.
const EXACT_TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// `value` times ten to the exponent (divided by it if `inverse`), rounded once where the power of ten is exact.
fn scale_by_ten(value: f64, exponent: Rational, inverse: bool) -> f64 {
    let (numerator, denominator) = (exponent.numerator(), exponent.denominator());
    if numerator == 0 {
        return value;
    }
    let shrink = (numerator < 0) != inverse;
    let exact = usize::try_from(numerator.unsigned_abs())
        .ok()
        .filter(|_| denominator == 1)
        .and_then(|n| EXACT_TENS.get(n));
    let power = exact
        .copied()
        .unwrap_or_else(|| libm::exp10(numerator.unsigned_abs() as f64 / denominator as f64));
    if shrink { value / power } else { value * power }
}
