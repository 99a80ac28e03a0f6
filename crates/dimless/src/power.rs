//! Products of powers without overflow of intermediate values.

use crate::rational::Rational;

/// A number as mantissa times a power of two; the mantissa is in $\pm[0.5, 1)$, or 0, or not finite.
#[derive(Clone, Copy)]
struct Scaled {
    mantissa: f64,
    exponent: i128,
}

impl Scaled {
    const ONE: Self = Self {
        mantissa: 0.5,
        exponent: 1,
    };

    fn new(value: f64) -> Self {
        Self {
            mantissa: value,
            exponent: 0,
        }
        .normalized()
    }

    fn normalized(self) -> Self {
        if self.mantissa == 0.0 || !self.mantissa.is_finite() {
            return self;
        }
        let (mantissa, shift) = libm::frexp(self.mantissa);
        Self {
            mantissa,
            exponent: self.exponent.saturating_add(i128::from(shift)),
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            mantissa: self.mantissa * other.mantissa,
            exponent: self.exponent.saturating_add(other.exponent),
        }
        .normalized()
    }

    fn inverted(self) -> Self {
        Self {
            mantissa: 1.0 / self.mantissa,
            exponent: self.exponent.saturating_neg(),
        }
        .normalized()
    }

    fn powi(self, exponent: i64) -> Self {
        let mut base = self;
        let mut left = exponent.unsigned_abs();
        let mut product = Self::ONE;
        while left > 0 {
            if left & 1 == 1 {
                product = product.times(base);
            }
            base = base.times(base);
            left >>= 1;
        }
        if exponent < 0 {
            product.inverted()
        } else {
            product
        }
    }

    fn root(self, degree: i64) -> Self {
        if degree == 1 || self.mantissa == 0.0 {
            return self;
        }
        let degree_wide = i128::from(degree);
        let shift = self.exponent.rem_euclid(degree_wide);
        let exponent = (self.exponent - shift) / degree_wide;
        let mantissa = match degree {
            2 => libm::sqrt(self.mantissa * if shift == 1 { 2.0 } else { 1.0 }),
            _ => libm::exp2((libm::log2(self.mantissa) + shift as f64) / degree as f64),
        };
        Self { mantissa, exponent }.normalized()
    }

    fn value(self) -> f64 {
        let exponent = self.exponent.clamp(-100_000, 100_000);
        libm::ldexp(self.mantissa, exponent as i32)
    }
}

/// The product of whole powers. Overflow or underflow happens only if the result itself is out of range.
pub(crate) fn integer_power_product<I>(factors: I) -> f64
where
    I: IntoIterator<Item = (f64, i64)> + Clone,
{
    direct_product(factors.clone()).unwrap_or_else(|| scaled_product(factors))
}

/// The product with the range of exponents extended.
fn scaled_product<I: IntoIterator<Item = (f64, i64)>>(factors: I) -> f64 {
    factors
        .into_iter()
        .filter(|&(_, exponent)| exponent != 0)
        .fold(Scaled::ONE, |product, (value, exponent)| {
            product.times(Scaled::new(value).powi(exponent))
        })
        .value()
}

/// The same multiplications on plain doubles, with the same bits; nothing if one of them leaves the normal range.
fn direct_product<I: IntoIterator<Item = (f64, i64)>>(factors: I) -> Option<f64> {
    let mut product = 1.0;
    for (value, exponent) in factors {
        let mut base: f64 = value;
        let mut left = exponent.unsigned_abs();
        let mut power = 1.0;
        while left > 0 {
            if left & 1 == 1 {
                power *= base;
                if !(base.is_normal() && power.is_normal()) {
                    return None;
                }
            }
            base *= base;
            left >>= 1;
        }
        if exponent < 0 {
            power = 1.0 / power;
        }
        product *= power;
        if !(power.is_normal() && product.is_normal()) {
            return None;
        }
    }
    Some(product)
}

/// One rational power; a base below 0 gives NaN unless the exponent is whole.
pub(crate) fn rational_power(value: f64, exponent: Rational) -> f64 {
    if exponent.is_zero() {
        return 1.0;
    }
    let power = Scaled::new(value).powi(exponent.numerator());
    if exponent.denominator() != 1 && value < 0.0 {
        return f64::NAN;
    }
    power.root(exponent.denominator()).value()
}

/// The product of powers whose exponents are whole or half; others are multiplied one by one.
pub(crate) fn rational_power_product<I: IntoIterator<Item = (f64, Rational)>>(factors: I) -> f64 {
    let mut whole = Scaled::ONE;
    let mut under_root = Scaled::ONE;
    for (value, exponent) in factors {
        let base = Scaled::new(value);
        match exponent.denominator() {
            1 => whole = whole.times(base.powi(exponent.numerator())),
            2 => under_root = under_root.times(base.powi(exponent.numerator())),
            degree => whole = whole.times(base.powi(exponent.numerator()).root(degree)),
        }
    }
    whole.times(under_root.root(2)).value()
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_ways_give_the_same_bits(
            factors in prop::collection::vec((-1e3..1e3, -40i64..40), 0..9),
        ) {
            if let Some(direct) = direct_product(factors.iter().copied()) {
                prop_assert_eq!(direct.to_bits(), scaled_product(factors).to_bits());
            }
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these results are exact")]
    fn large_intermediate_values_cancel() {
        let product = integer_power_product([(1e200, 3), (1e-150, 4)]);
        // Eight roundings of 2^-53 and the two inexact inputs to the third and fourth power.
        assert_relative_eq!(product, 1.0, max_relative = 3e-15);
        assert!(integer_power_product([(1e200, 2)]).is_infinite());
        assert!(integer_power_product([(0.0, -1)]).is_infinite());
        assert_eq!(integer_power_product([(-2.0, 3)]), -8.0);
        assert_eq!(integer_power_product([]), 1.0);
        assert_eq!(integer_power_product([(3.0, i64::MIN)]), 0.0);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the first result is exact")]
    fn rational_powers() -> crate::Result<()> {
        assert_eq!(rational_power(9.0, Rational::new(-1, 2)?), 1.0 / 3.0);
        assert_relative_eq!(
            rational_power(27.0, Rational::new(2, 3)?),
            9.0,
            max_relative = 1e-15
        );
        assert!(rational_power(-1.0, Rational::new(1, 2)?).is_nan());
        let third = Rational::new(1, 3)?;
        let product = rational_power_product([
            (8.0, third),
            (2.0, Rational::halves(1)),
            (2.0, Rational::halves(3)),
        ]);
        assert_relative_eq!(product, 8.0, max_relative = 1e-15);
        Ok(())
    }
}
