//! Conversions between run-time quantities and the compile-time quantities of `uom`.

use std::marker::PhantomData;

use uom::si::{Dimension as SiDimension, SI};
use uom::typenum::Integer;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::quantity::Quantity;

/// The dimension that a type of `uom` has, in the order of this crate.
fn dimension_of<D: SiDimension + ?Sized>() -> Dimension {
    Dimension::from_integers([
        D::M::to_i64(),
        D::L::to_i64(),
        D::T::to_i64(),
        D::Th::to_i64(),
        D::I::to_i64(),
        D::N::to_i64(),
        D::J::to_i64(),
    ])
}

/// From a `uom` quantity in `f64`, whatever its kind: its value in SI base units and its seven exponents.
///
/// The kind of a quantity is lost: an angle becomes a pure number, a temperature and a temperature interval both have the
/// dimension of a temperature.
///
/// # Errors
///
/// [`Error::InvalidValue`] for a value that is not finite.
impl<D> TryFrom<uom::si::Quantity<D, SI<f64>, f64>> for Quantity
where
    D: SiDimension + ?Sized,
{
    type Error = Error;

    fn try_from(quantity: uom::si::Quantity<D, SI<f64>, f64>) -> Result<Self> {
        Self::from_si(quantity.value, dimension_of::<D>())
    }
}

/// To a `uom` quantity in `f64`, of a kind that the caller's type names; only the dimension is checked.
///
/// # Errors
///
/// [`Error::DimensionMismatch`].
///
/// # Examples
///
/// ```
/// use dimless::Quantity;
/// use uom::si::f64::{Power, Velocity};
/// use uom::si::power::kilowatt;
///
/// let power = Power::try_from(Quantity::new(250.0, "W")?)?;
/// assert_eq!(power.get::<kilowatt>(), 0.25);
/// assert!(Velocity::try_from(Quantity::new(250.0, "W")?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<D> TryFrom<Quantity> for uom::si::Quantity<D, SI<f64>, f64>
where
    D: SiDimension + ?Sized,
{
    type Error = Error;

    fn try_from(quantity: Quantity) -> Result<Self> {
        let expected = dimension_of::<D>();
        if quantity.dimension() != expected {
            return Err(Error::DimensionMismatch {
                operation: "the conversion to uom",
                left: Box::new(quantity.dimension()),
                right: Box::new(expected),
            });
        }
        Ok(Self {
            dimension: PhantomData,
            units: PhantomData,
            value: quantity.value(),
        })
    }
}
