//! Energy densities of the process settings, which are not dimensionless.

use std::fmt;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::number::Term;
use crate::rational::Rational;
use crate::symbol::Symbol;

/// An energy density of laser melting: a power product of the settings with a dimension of its own.
///
/// Both use the laser power as set, not the absorbed part, and no property of the material, so that equal values mean
/// nothing across machines or alloys. What is dimensionless and carries over is
/// [`NamedNumber::NormalizedEnergyDensity`](crate::NamedNumber::NormalizedEnergyDensity).
///
/// # Examples
///
/// ```
/// use dimless::{EnergyDensity, Process};
///
/// let process = Process::new()
///     .laser_power(280.0)
///     .scan_speed(1.2)
///     .hatch_spacing(100e-6)
///     .layer_thickness(30e-6);
/// let density = process.energy_density(EnergyDensity::Volumetric)?;
/// assert!((density.value_in("J/mm^3")? - 77.78).abs() < 5e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum EnergyDensity {
    /// $\mathrm{VED} = P/(V H L)$ \[J/m³\]: energy by volume of the layer that is scanned.
    Volumetric,
    /// $\mathrm{LED} = P/V$ \[J/m\]: energy by length of the track.
    Linear,
}

const ONE: Rational = Rational::integer(1);
const MINUS_ONE: Rational = Rational::integer(-1);

impl EnergyDensity {
    /// All energy densities.
    pub const ALL: &'static [Self] = &[Self::Volumetric, Self::Linear];

    /// The factors, each a symbol with its exponent.
    pub const fn terms(self) -> &'static [Term] {
        use Symbol as S;
        match self {
            Self::Volumetric => &[
                (S::LaserPower, ONE),
                (S::ScanSpeed, MINUS_ONE),
                (S::HatchSpacing, MINUS_ONE),
                (S::LayerThickness, MINUS_ONE),
            ],
            Self::Linear => &[(S::LaserPower, ONE), (S::ScanSpeed, MINUS_ONE)],
        }
    }

    /// The coherent SI unit, in the grammar of [`Unit`](crate::Unit).
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Volumetric => "J/m^3",
            Self::Linear => "J/m",
        }
    }

    /// The formula in plain characters.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Volumetric => "P / (V H L)",
            Self::Linear => "P / V",
        }
    }

    /// The usual letters.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Volumetric => "VED",
            Self::Linear => "LED",
        }
    }

    /// Where it is defined.
    pub const fn source(self) -> &'static str {
        "standard definition, read in https://additive.tools/tools/volumetric-energy-density"
    }

    /// The dimension of the power product by exact arithmetic; a test holds it at that of [`unit`](Self::unit).
    ///
    /// # Errors
    ///
    /// None for the energy densities of this crate.
    pub fn dimension(self) -> Result<Dimension> {
        self.exact_dimension()
    }

    /// The value in SI units \[J/m³ or J/m\], from the value of each symbol in SI units.
    ///
    /// # Errors
    ///
    /// [`Error::MissingInput`]; [`Error::InvalidValue`] for a value that is not finite and positive, or a result out
    /// of range.
    pub fn evaluate(self, value: impl Fn(Symbol) -> Option<f64>) -> Result<f64> {
        self.of_values(value)
    }

    /// The value in SI units in each row, from a column of values in SI units for each symbol.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate), with the row; [`Error::LengthMismatch`] for columns of different lengths.
    pub fn evaluate_columns<'a>(
        self,
        column: impl Fn(Symbol) -> Option<&'a [f64]>,
    ) -> Result<Vec<f64>> {
        self.of_columns(column)
    }
}

impl Formula for EnergyDensity {
    fn factors(self) -> &'static [Term] {
        self.terms()
    }

    fn factor_in_front(self) -> f64 {
        1.0
    }

    fn missing(self, symbol: Symbol) -> Error {
        Error::MissingInput {
            quantity: self.letter(),
            symbol,
        }
    }
}

impl fmt::Display for EnergyDensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letter())
    }
}
