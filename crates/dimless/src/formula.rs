//! What named products of symbols have in common: exact dimension and evaluation.

use std::fmt;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::number::Term;
use crate::power::rational_power_product;
use crate::symbol::Symbol;

/// A coefficient times a product of exact powers of symbols.
pub(crate) trait Formula: Copy + fmt::Display {
    fn factors(self) -> &'static [Term];

    fn factor_in_front(self) -> f64;

    /// The error that says that a symbol has no value.
    fn missing(self, symbol: Symbol) -> Error;

    fn exact_dimension(self) -> Result<Dimension> {
        let terms = self.factors().iter();
        terms
            .copied()
            .try_fold(Dimension::DIMENSIONLESS, |product, (symbol, exponent)| {
                product.times(symbol.dimension()?.pow(exponent)?)
            })
    }

    fn of_values(self, value: impl Fn(Symbol) -> Option<f64>) -> Result<f64> {
        let mut factors = Vec::with_capacity(self.factors().len());
        for &(symbol, exponent) in self.factors() {
            let value = value(symbol).ok_or_else(|| self.missing(symbol))?;
            factors.push((symbol, value, exponent));
        }
        product(self, &factors, None)
    }

    fn of_columns<'a>(self, column: impl Fn(Symbol) -> Option<&'a [f64]>) -> Result<Vec<f64>> {
        let mut columns = Vec::with_capacity(self.factors().len());
        let mut n_rows = None;
        for &(symbol, exponent) in self.factors() {
            let values = column(symbol).ok_or_else(|| self.missing(symbol))?;
            let expected = *n_rows.get_or_insert(values.len());
            if values.len() != expected {
                return Err(Error::LengthMismatch {
                    name: format!("column of {symbol}"),
                    expected,
                    found: values.len(),
                });
            }
            columns.push((symbol, values, exponent));
        }
        let mut factors = Vec::with_capacity(columns.len());
        (0..n_rows.unwrap_or(0))
            .map(|row| {
                factors.clear();
                factors.extend(columns.iter().map(|(s, values, e)| (*s, values[row], *e)));
                product(self, &factors, Some(row + 1))
            })
            .collect()
    }
}

fn product(
    formula: impl Formula,
    factors: &[(Symbol, f64, crate::rational::Rational)],
    row: Option<usize>,
) -> Result<f64> {
    for (symbol, value, _) in factors {
        if !(value.is_finite() && *value > 0.0) {
            return Err(Error::InvalidValue {
                name: symbol.to_string(),
                row,
                requirement: "finite and positive",
                found: *value,
            });
        }
    }
    let powers = factors
        .iter()
        .map(|&(_, value, exponent)| (value, exponent));
    let product = formula.factor_in_front() * rational_power_product(powers);
    if product.is_finite() {
        Ok(product)
    } else {
        Err(Error::InvalidValue {
            name: formula.to_string(),
            row,
            requirement: "finite",
            found: product,
        })
    }
}
