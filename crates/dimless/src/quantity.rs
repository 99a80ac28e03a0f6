//! Values with a dimension.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::dimension::Dimension;
use crate::error::{Error, Result, excerpt};
use crate::power::rational_power;
use crate::rational::Rational;
use crate::unit::Unit;

/// A finite value in SI base units and its dimension.
///
/// # Examples
///
/// ```
/// use dimless::Quantity;
///
/// let power = Quantity::new(200.0, "W")?;
/// let time = "1.5 ms".parse::<Quantity>()?;
/// assert_eq!(power.times(time)?.value_in("mJ")?, 300.0);
/// assert!(power.plus(time).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawQuantity"))]
pub struct Quantity {
    value: f64,
    dimension: Dimension,
}

/// The unchecked form that is read before [`Quantity`] accepts it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct RawQuantity {
    value: f64,
    dimension: Dimension,
}

#[cfg(feature = "serde")]
impl TryFrom<RawQuantity> for Quantity {
    type Error = Error;

    fn try_from(raw: RawQuantity) -> Result<Self> {
        Self::from_si(raw.value, raw.dimension)
    }
}

impl Quantity {
    /// A value in a unit; for the grammar see [`Unit`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUnit`]; [`Error::InvalidValue`] when the value, or its value in SI, is not finite.
    pub fn new(value: f64, unit: &str) -> Result<Self> {
        let unit = Unit::parse(unit)?;
        Self::from_si(unit.to_si(value), unit.dimension())
    }

    /// A value in SI base units.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when the value is not finite.
    pub fn from_si(value: f64, dimension: Dimension) -> Result<Self> {
        if value.is_finite() {
            Ok(Self { value, dimension })
        } else {
            Err(Error::InvalidValue {
                name: "quantity".to_owned(),
                row: None,
                requirement: "finite",
                found: value,
            })
        }
    }

    /// An absolute temperature given on the Celsius scale; its value is in kelvin.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when the value is not finite or lies below absolute zero.
    pub fn from_celsius(degrees: f64) -> Result<Self> {
        if !(degrees.is_finite() && degrees >= -273.15) {
            return Err(Error::InvalidValue {
                name: "temperature on the celsius scale".to_owned(),
                row: None,
                requirement: "finite and at least -273.15",
                found: degrees,
            });
        }
        Self::from_si(degrees + 273.15, Dimension::TEMPERATURE)
    }

    /// The value in SI base units.
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The dimension.
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The value in another unit of the same dimension.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidUnit`]; [`Error::DimensionMismatch`]; [`Error::InvalidValue`] when the converted value is not
    /// finite.
    pub fn value_in(&self, unit: &str) -> Result<f64> {
        let unit = Unit::parse(unit)?;
        self.same_dimension("conversion", unit.dimension())?;
        Ok(Self::from_si(unit.from_si(self.value), self.dimension)?.value)
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] naming both; [`Error::InvalidValue`] when the result is not finite.
    pub fn plus(self, other: Self) -> Result<Self> {
        self.same_dimension("addition", other.dimension)?;
        Self::from_si(self.value + other.value, self.dimension)
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// As [`plus`](Self::plus).
    pub fn minus(self, other: Self) -> Result<Self> {
        self.same_dimension("subtraction", other.dimension)?;
        Self::from_si(self.value - other.value, self.dimension)
    }

    /// The product.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when the result is not finite; [`Error::Overflow`] of an exponent.
    pub fn times(self, other: Self) -> Result<Self> {
        Self::from_si(
            self.value * other.value,
            self.dimension.times(other.dimension)?,
        )
    }

    /// The quotient.
    ///
    /// # Errors
    ///
    /// As [`times`](Self::times); division by zero is a value that is not finite.
    pub fn over(self, other: Self) -> Result<Self> {
        Self::from_si(
            self.value / other.value,
            self.dimension.over(other.dimension)?,
        )
    }

    /// A whole power.
    ///
    /// # Errors
    ///
    /// As [`times`](Self::times).
    pub fn powi(self, exponent: i64) -> Result<Self> {
        self.pow(Rational::integer(exponent))
    }

    /// A rational power.
    ///
    /// # Errors
    ///
    /// As [`times`](Self::times); a negative value has only whole powers.
    pub fn pow(self, exponent: Rational) -> Result<Self> {
        if self.value < 0.0 && !exponent.is_integer() {
            return Err(Error::InvalidValue {
                name: "base of a fractional power".to_owned(),
                row: None,
                requirement: "at least 0",
                found: self.value,
            });
        }
        Self::from_si(
            rational_power(self.value, exponent),
            self.dimension.pow(exponent)?,
        )
    }

    /// The square root.
    ///
    /// # Errors
    ///
    /// As [`pow`](Self::pow).
    pub fn sqrt(self) -> Result<Self> {
        self.pow(Rational::halves(1))
    }

    /// Compares two quantities of one dimension. `<` and its kin are false between different dimensions.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] naming both.
    pub fn compare(&self, other: &Self) -> Result<Ordering> {
        self.same_dimension("comparison", other.dimension)?;
        // Both are finite, so only the two zeros could differ from the numerical order.
        Ok(self
            .value
            .partial_cmp(&other.value)
            .unwrap_or(Ordering::Equal))
    }

    fn same_dimension(&self, operation: &'static str, other: Dimension) -> Result<()> {
        if self.dimension == other {
            Ok(())
        } else {
            Err(Error::DimensionMismatch {
                operation,
                left: Box::new(self.dimension),
                right: Box::new(other),
            })
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.compare(other).ok()
    }
}

/// Writes the shortest text that reads back to the same value, in SI base units: `25 kg m s^-3 K^-1`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.value.abs();
        let number = if magnitude == 0.0 || (1e-4..1e15).contains(&magnitude) {
            self.value.to_string()
        } else {
            format!("{:e}", self.value)
        };
        if self.dimension.is_dimensionless() {
            f.pad(&number)
        } else {
            f.pad(&format!("{number} {}", self.dimension))
        }
    }
}

/// Reads a decimal number and a unit, `25 W/(m*K)`; without a unit it is a pure number.
impl FromStr for Quantity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let trimmed = text.trim();
        let invalid = || Error::InvalidQuantity {
            text: excerpt(text),
        };
        let (number, unit) = trimmed.split_at(number_length(trimmed.as_bytes()));
        let value: f64 = number.parse().map_err(|_| invalid())?;
        if !value.is_finite() {
            return Err(invalid());
        }
        match unit.trim() {
            "" => Self::from_si(value, Dimension::DIMENSIONLESS),
            unit => Self::new(value, unit),
        }
    }
}

/// Bytes of the decimal number at the front; `e` counts as an exponent only before digits, so `2eV` is 2 eV.
fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let sign = |at: usize| usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let mut end = sign(0);
    end += digits(end);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + sign(end + 1);
        if digits(exponent) > 0 {
            end = exponent + digits(exponent);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these results are exact")]
    fn converts_and_combines() -> Result<()> {
        let conductivity = Quantity::new(25.0, "W/(m*K)")?;
        assert_eq!(conductivity.to_string(), "25 kg m s^-3 K^-1");
        let area = Quantity::new(4.0, "mm²")?;
        assert_eq!(area.sqrt()?.value_in("mm")?, 2.0);
        assert_eq!(area.powi(-1)?.value_in("mm^-2")?, 0.25);
        assert_eq!(Quantity::from_celsius(25.0)?.value(), 298.15);
        assert_eq!("2eV".parse::<Quantity>()?, Quantity::new(2.0, "eV")?);
        assert_eq!("1e3".parse::<Quantity>()?.value(), 1000.0);
        Ok(())
    }

    #[test]
    fn names_both_dimensions_of_a_mismatch() -> Result<()> {
        let power = Quantity::new(1.0, "W")?;
        let length = Quantity::new(1.0, "m")?;
        let message = power.plus(length).map_err(|e| e.to_string());
        assert_eq!(
            message,
            Err("addition needs equal dimensions, found kg m^2 s^-3 and m".to_owned())
        );
        assert!(power.partial_cmp(&length).is_none());
        assert!(power.compare(&length).is_err());
        assert!(power < Quantity::new(1.0, "kW")?);
        assert!(matches!(
            power.value_in("J"),
            Err(Error::DimensionMismatch { .. })
        ));
        Ok(())
    }

    #[test]
    fn refuses_values_that_are_not_finite() -> Result<()> {
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(matches!(
                Quantity::new(bad, "m"),
                Err(Error::InvalidValue { .. })
            ));
        }
        let zero = Quantity::new(0.0, "m")?;
        assert!(zero.over(zero).is_err());
        assert!(zero.powi(-1).is_err());
        assert!(Quantity::new(-1.0, "m")?.sqrt().is_err());
        assert!(Quantity::from_celsius(-300.0).is_err());
        assert!(Quantity::new(1e200, "m")?.powi(2).is_err());
        for text in [
            "", "m", "nan m", "inf", "1e999 m", "--1", ".", "1 2 m", "25 degC",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn text_round_trip(value in prop::num::f64::NORMAL | prop::num::f64::ZERO, n in prop::array::uniform7(-4i64..5)) {
            let quantity = Quantity::from_si(value, Dimension::from_integers(n))?;
            let read: Quantity = quantity.to_string().parse()?;
            prop_assert_eq!(read.value().to_bits(), value.to_bits());
            prop_assert_eq!(read.dimension(), quantity.dimension());
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = text.parse::<Quantity>();
        }
    }
}
