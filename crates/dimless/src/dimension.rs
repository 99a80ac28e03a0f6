//! Physical dimensions: exact exponents of the seven SI base quantities.

use std::fmt;

use crate::error::Result;
use crate::rational::Rational;
use crate::unit::Unit;

/// Symbols of the SI base units, in the order of [`Dimension::exponents`].
const BASE_UNITS: [&str; 7] = ["kg", "m", "s", "K", "A", "mol", "cd"];

/// A physical dimension: seven exact exponents, of mass, length, time, temperature, electric current,
/// amount of substance and luminous intensity, in this order.
///
/// # Examples
///
/// ```
/// use dimless::Dimension;
///
/// let density = Dimension::MASS.over(Dimension::LENGTH.pow(3.into())?)?;
/// assert_eq!(density.to_string(), "kg m^-3");
/// assert_eq!(density, Dimension::of("g/cm^3")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dimension {
    exponents: [Rational; 7],
}

impl Dimension {
    /// The dimension of a pure number.
    pub const DIMENSIONLESS: Self = Self::from_integers([0; 7]);
    /// Mass, kg.
    pub const MASS: Self = Self::from_integers([1, 0, 0, 0, 0, 0, 0]);
    /// Length, m.
    pub const LENGTH: Self = Self::from_integers([0, 1, 0, 0, 0, 0, 0]);
    /// Time, s.
    pub const TIME: Self = Self::from_integers([0, 0, 1, 0, 0, 0, 0]);
    /// Thermodynamic temperature, K.
    pub const TEMPERATURE: Self = Self::from_integers([0, 0, 0, 1, 0, 0, 0]);
    /// Electric current, A.
    pub const CURRENT: Self = Self::from_integers([0, 0, 0, 0, 1, 0, 0]);
    /// Amount of substance, mol.
    pub const AMOUNT: Self = Self::from_integers([0, 0, 0, 0, 0, 1, 0]);
    /// Luminous intensity, cd.
    pub const LUMINOUS_INTENSITY: Self = Self::from_integers([0, 0, 0, 0, 0, 0, 1]);

    /// A dimension of seven exact exponents, in the order of [`exponents`](Self::exponents).
    pub const fn new(exponents: [Rational; 7]) -> Self {
        Self { exponents }
    }

    /// A dimension of seven whole exponents: of mass, length, time, temperature, current, amount, luminous intensity.
    pub const fn from_integers(exponents: [i64; 7]) -> Self {
        let [mass, length, time, temperature, current, amount, luminous] = exponents;
        Self {
            exponents: [
                Rational::integer(mass),
                Rational::integer(length),
                Rational::integer(time),
                Rational::integer(temperature),
                Rational::integer(current),
                Rational::integer(amount),
                Rational::integer(luminous),
            ],
        }
    }

    /// The dimension of a unit text such as `"W/(m*K)"`; the grammar is that of [`Unit`].
    ///
    /// # Errors
    ///
    /// Those of [`Unit::parse`].
    pub fn of(unit: &str) -> Result<Self> {
        Ok(Unit::parse(unit)?.dimension())
    }

    /// The exponents of mass, length, time, temperature, current, amount and luminous intensity.
    pub const fn exponents(&self) -> &[Rational; 7] {
        &self.exponents
    }

    /// Whether all exponents are 0.
    pub fn is_dimensionless(&self) -> bool {
        self.exponents.iter().all(|e| e.is_zero())
    }

    /// The dimension of a product.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`](crate::Error::Overflow).
    pub fn times(self, other: Self) -> Result<Self> {
        let mut exponents = self.exponents;
        for (mine, theirs) in exponents.iter_mut().zip(other.exponents) {
            *mine = mine.plus(theirs)?;
        }
        Ok(Self { exponents })
    }

    /// The dimension of a quotient.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`](crate::Error::Overflow).
    pub fn over(self, other: Self) -> Result<Self> {
        let mut exponents = self.exponents;
        for (mine, theirs) in exponents.iter_mut().zip(other.exponents) {
            *mine = mine.minus(theirs)?;
        }
        Ok(Self { exponents })
    }

    /// The dimension of a power.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`](crate::Error::Overflow).
    pub fn pow(self, exponent: Rational) -> Result<Self> {
        let mut exponents = self.exponents;
        for mine in &mut exponents {
            *mine = mine.times(exponent)?;
        }
        Ok(Self { exponents })
    }
}

/// Writes the product of SI base units, `kg m^-3` or `kg m^(-1/2) s^-2`, and `1` for a pure number.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut factors = Vec::new();
        for (unit, exponent) in BASE_UNITS.into_iter().zip(self.exponents) {
            factors.extend(power_text(unit, exponent));
        }
        if factors.is_empty() {
            f.pad("1")
        } else {
            f.pad(&factors.join(" "))
        }
    }
}

/// `V^-1` and the like; nothing for the exponent 0.
pub(crate) fn power_text(name: &str, exponent: Rational) -> Option<String> {
    if exponent.is_zero() {
        None
    } else if exponent == Rational::ONE {
        Some(name.to_owned())
    } else if exponent.is_integer() {
        Some(format!("{name}^{exponent}"))
    } else {
        Some(format!("{name}^({exponent})"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Error;

    #[test]
    fn writes_base_units() -> Result<()> {
        assert_eq!(Dimension::DIMENSIONLESS.to_string(), "1");
        assert_eq!(Dimension::of("W/(m*K)")?.to_string(), "kg m s^-3 K^-1");
        assert_eq!(Dimension::of("Pa*m^0.5")?.to_string(), "kg m^(-1/2) s^-2");
        Ok(())
    }

    #[test]
    fn overflow_is_an_error() {
        let huge = Dimension::LENGTH.pow(Rational::integer(i64::MAX));
        let twice = huge.and_then(|d| d.times(d));
        assert!(matches!(twice, Err(Error::Overflow { .. })));
    }

    proptest! {
        #[test]
        fn text_round_trip(n in prop::array::uniform7(-9i64..9), d in prop::array::uniform7(1i64..5)) {
            let mut exponents = [Rational::ZERO; 7];
            for i in 0..7 { exponents[i] = Rational::new(n[i], d[i])?; }
            let dimension = Dimension::new(exponents);
            prop_assert_eq!(Dimension::of(&dimension.to_string())?, dimension);
        }

        #[test]
        fn is_an_abelian_group(a in prop::array::uniform7(-99i64..99), b in prop::array::uniform7(-99i64..99)) {
            let (a, b) = (Dimension::from_integers(a), Dimension::from_integers(b));
            prop_assert_eq!(a.times(b)?, b.times(a)?);
            prop_assert_eq!(a.times(b)?.over(b)?, a);
            prop_assert!(a.over(a)?.is_dimensionless());
            prop_assert_eq!(a.pow(Rational::integer(2))?, a.times(a)?);
        }
    }
}
