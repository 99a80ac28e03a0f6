//! Named dimensionless numbers as exact power products.

use std::fmt;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::power::rational_power_product;
use crate::rational::Rational;
use crate::symbol::Symbol;

/// One factor of a named number: a symbol and its exact exponent.
pub type Term = (Symbol, Rational);

/// A named dimensionless number of laser melting.
///
/// Each is a coefficient times a product of exact powers, so that a computer can check that it is dimensionless and
/// evaluate it on any data. The preprint is Gan et al., *Discovering universal scaling laws in 3D printing of metals
/// with genetic programming and dimensional analysis*; its journal successor is Nat. Commun. 12, 2379 (2021), doi
/// 10.1038/s41467-021-22704-0, called Gan 2021 below.
///
/// There are three keyhole numbers of different size and exponents, and two ways to normalize a depth. They have
/// different names here because a factor of two, or of ten, hides between them.
///
/// # Examples
///
/// ```
/// use dimless::{NamedNumber, Symbol};
///
/// let number = NamedNumber::NormalizedTemperature;
/// let value = number.evaluate(|symbol| match symbol {
///     Symbol::VaporizationRise => Some(3315.0 - 298.0),
///     Symbol::MeltingRise => Some(1900.0 - 298.0),
///     _ => None,
/// })?;
/// assert!((value - 1.883).abs() < 5e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NamedNumber {
    /// $P^* = \eta (P - P_0) / (d K (T_v - T_0))$: effective power against conduction over the spot diameter.
    NormalizedPower,
    /// $\mathrm{Pe} = V d \rho C_p / K$: transport by the moving beam against conduction, on the spot diameter.
    Peclet,
    /// $T^* = (T_v - T_0) / (T_m - T_0)$: rise to vaporization against rise to melting.
    NormalizedTemperature,
    /// $e/d$: keyhole depth in spot **diameters**, the $e^*$ of the preprint.
    DepthToDiameter,
    /// $e/r_0$: keyhole depth in spot **radii**, the $e^*$ of Gan 2021.
    DepthToRadius,
    /// $P_m^* = \eta_m P / (L K (T_m - T_0))$: absorbed power against conduction at melting, over the layer thickness.
    MeltingEfficiency,
    /// $P_v^* = \eta_m P / (H K (T_v - T_0))$: absorbed power against conduction at vaporization, over the hatch.
    VaporizationEfficiency,
    /// $H^* = H/d$: hatch spacing in spot diameters.
    NormalizedHatch,
    /// $\mathrm{NED} = \eta_m P / (V H L \rho C_p (T_m - T_0)) = P_m^*/(\mathrm{Pe}\, H^*)$: absorbed energy
    /// against the heat that melts the material.
    NormalizedEnergyDensity,
    /// $\mathrm{Ke} = P^*/(\mathrm{Pe}\, T^*)$, Eq. 3 of the preprint, with the power above the threshold and $d^2$.
    KeyholeNumber2019,
    /// $\mathrm{Ke} = P_v^*/(\mathrm{Pe}\, T^*)$, Eq. 7 of the preprint: the form for many tracks, with the absorbed
    /// power and $d H$.
    KeyholeNumberMultiTrack,
    /// $\mathrm{Ke} = \eta P / (\pi (T_l - T_0) \rho C_p \sqrt{\alpha V r_0^3})$ of Gan 2021, on the spot radius; it
    /// equals the normalized enthalpy.
    KeyholeNumber2021,
}

const ONE: Rational = Rational::integer(1);
const MINUS_ONE: Rational = Rational::integer(-1);
const MINUS_TWO: Rational = Rational::integer(-2);
const MINUS_HALF: Rational = Rational::halves(-1);
const MINUS_THREE_HALVES: Rational = Rational::halves(-3);

impl NamedNumber {
    /// All named numbers.
    pub const ALL: &'static [Self] = &[
        Self::NormalizedPower,
        Self::Peclet,
        Self::NormalizedTemperature,
        Self::DepthToDiameter,
        Self::DepthToRadius,
        Self::MeltingEfficiency,
        Self::VaporizationEfficiency,
        Self::NormalizedHatch,
        Self::NormalizedEnergyDensity,
        Self::KeyholeNumber2019,
        Self::KeyholeNumberMultiTrack,
        Self::KeyholeNumber2021,
    ];

    /// The factors, each a symbol with its exponent.
    pub const fn terms(self) -> &'static [Term] {
        use Symbol as S;
        match self {
            Self::NormalizedPower => &[
                (S::EffectivePower, ONE),
                (S::SpotDiameter, MINUS_ONE),
                (S::ThermalConductivity, MINUS_ONE),
                (S::VaporizationRise, MINUS_ONE),
            ],
            Self::Peclet => &[
                (S::ScanSpeed, ONE),
                (S::SpotDiameter, ONE),
                (S::Density, ONE),
                (S::HeatCapacity, ONE),
                (S::ThermalConductivity, MINUS_ONE),
            ],
            Self::NormalizedTemperature => {
                &[(S::VaporizationRise, ONE), (S::MeltingRise, MINUS_ONE)]
            }
            Self::DepthToDiameter => &[(S::KeyholeDepth, ONE), (S::SpotDiameter, MINUS_ONE)],
            Self::DepthToRadius => &[(S::KeyholeDepth, ONE), (S::SpotRadius, MINUS_ONE)],
            Self::MeltingEfficiency => &[
                (S::AbsorbedPower, ONE),
                (S::LayerThickness, MINUS_ONE),
                (S::ThermalConductivity, MINUS_ONE),
                (S::MeltingRise, MINUS_ONE),
            ],
            Self::VaporizationEfficiency => &[
                (S::AbsorbedPower, ONE),
                (S::HatchSpacing, MINUS_ONE),
                (S::ThermalConductivity, MINUS_ONE),
                (S::VaporizationRise, MINUS_ONE),
            ],
            Self::NormalizedHatch => &[(S::HatchSpacing, ONE), (S::SpotDiameter, MINUS_ONE)],
            Self::NormalizedEnergyDensity => &[
                (S::AbsorbedPower, ONE),
                (S::ScanSpeed, MINUS_ONE),
                (S::HatchSpacing, MINUS_ONE),
                (S::LayerThickness, MINUS_ONE),
                (S::Density, MINUS_ONE),
                (S::HeatCapacity, MINUS_ONE),
                (S::MeltingRise, MINUS_ONE),
            ],
            Self::KeyholeNumber2019 => &[
                (S::EffectivePower, ONE),
                (S::ScanSpeed, MINUS_ONE),
                (S::SpotDiameter, MINUS_TWO),
                (S::Density, MINUS_ONE),
                (S::HeatCapacity, MINUS_ONE),
                (S::VaporizationRise, MINUS_TWO),
                (S::MeltingRise, ONE),
            ],
            Self::KeyholeNumberMultiTrack => &[
                (S::AbsorbedPower, ONE),
                (S::ScanSpeed, MINUS_ONE),
                (S::SpotDiameter, MINUS_ONE),
                (S::HatchSpacing, MINUS_ONE),
                (S::Density, MINUS_ONE),
                (S::HeatCapacity, MINUS_ONE),
                (S::VaporizationRise, MINUS_TWO),
                (S::MeltingRise, ONE),
            ],
            Self::KeyholeNumber2021 => &[
                (S::AbsorbedPower, ONE),
                (S::ScanSpeed, MINUS_HALF),
                (S::SpotRadius, MINUS_THREE_HALVES),
                (S::ThermalDiffusivity, MINUS_HALF),
                (S::Density, MINUS_ONE),
                (S::HeatCapacity, MINUS_ONE),
                (S::LiquidusRise, MINUS_ONE),
            ],
        }
    }

    /// The factor in front of the power product: $1/\pi$ for [`KeyholeNumber2021`](Self::KeyholeNumber2021), else 1.
    pub const fn coefficient(self) -> f64 {
        match self {
            Self::KeyholeNumber2021 => std::f64::consts::FRAC_1_PI,
            _ => 1.0,
        }
    }

    /// The formula in plain characters.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::NormalizedPower => "eta (P - P_0) / (d K (T_v - T_0))",
            Self::Peclet => "V d rho C_p / K",
            Self::NormalizedTemperature => "(T_v - T_0) / (T_m - T_0)",
            Self::DepthToDiameter => "e / d",
            Self::DepthToRadius => "e / r_0",
            Self::MeltingEfficiency => "eta_m P / (L K (T_m - T_0))",
            Self::VaporizationEfficiency => "eta_m P / (H K (T_v - T_0))",
            Self::NormalizedHatch => "H / d",
            Self::NormalizedEnergyDensity => "eta_m P / (V H L rho C_p (T_m - T_0))",
            Self::KeyholeNumber2019 => {
                "eta (P - P_0) / (V d^2 rho C_p (T_v - T_0)) * (T_m - T_0) / (T_v - T_0)"
            }
            Self::KeyholeNumberMultiTrack => {
                "eta_m P / (V d H rho C_p (T_v - T_0)) * (T_m - T_0) / (T_v - T_0)"
            }
            Self::KeyholeNumber2021 => "eta P / (pi (T_l - T_0) rho C_p sqrt(alpha V r_0^3))",
        }
    }

    /// Where the number is defined.
    pub const fn source(self) -> &'static str {
        match self {
            Self::NormalizedPower
            | Self::Peclet
            | Self::NormalizedTemperature
            | Self::DepthToDiameter => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2"
            }
            Self::KeyholeNumber2019 => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eq. 3"
            }
            Self::MeltingEfficiency | Self::VaporizationEfficiency | Self::NormalizedHatch => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 4 and 5"
            }
            Self::NormalizedEnergyDensity => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eq. 6"
            }
            Self::KeyholeNumberMultiTrack => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eq. 7"
            }
            Self::DepthToRadius | Self::KeyholeNumber2021 => {
                "Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0"
            }
        }
    }

    /// The usual letter, in plain characters.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::NormalizedPower => "P*",
            Self::Peclet => "Pe",
            Self::NormalizedTemperature => "T*",
            Self::DepthToDiameter => "e/d",
            Self::DepthToRadius => "e/r_0",
            Self::MeltingEfficiency => "P_m*",
            Self::VaporizationEfficiency => "P_v*",
            Self::NormalizedHatch => "H*",
            Self::NormalizedEnergyDensity => "NED",
            Self::KeyholeNumber2019 => "Ke (2019)",
            Self::KeyholeNumberMultiTrack => "Ke (multi-track)",
            Self::KeyholeNumber2021 => "Ke (2021)",
        }
    }

    /// The dimension of the power product by exact arithmetic; a test holds it at [`Dimension::DIMENSIONLESS`].
    ///
    /// # Errors
    ///
    /// None for the numbers of this crate.
    pub fn dimension(self) -> Result<Dimension> {
        let terms = self.terms().iter();
        terms
            .copied()
            .try_fold(Dimension::DIMENSIONLESS, |product, (symbol, exponent)| {
                product.times(symbol.dimension()?.pow(exponent)?)
            })
    }

    /// The value of the number, from the value of each symbol in SI units.
    ///
    /// # Errors
    ///
    /// [`Error::MissingSymbol`]; [`Error::InvalidValue`] for a value that is not finite and positive, or a result out
    /// of range.
    pub fn evaluate(self, value: impl Fn(Symbol) -> Option<f64>) -> Result<f64> {
        let mut factors = Vec::with_capacity(self.terms().len());
        for &(symbol, exponent) in self.terms() {
            let number = self;
            let value = value(symbol).ok_or(Error::MissingSymbol { number, symbol })?;
            factors.push((symbol, value, exponent));
        }
        self.product(&factors, None)
    }

    /// The value of the number in each row, from a column of values in SI units for each symbol.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate), with the row; [`Error::LengthMismatch`] for columns of different lengths.
    pub fn evaluate_columns<'a>(
        self,
        column: impl Fn(Symbol) -> Option<&'a [f64]>,
    ) -> Result<Vec<f64>> {
        let mut columns: Vec<(Symbol, &[f64], Rational)> = Vec::with_capacity(self.terms().len());
        for &(symbol, exponent) in self.terms() {
            let number = self;
            let values = column(symbol).ok_or(Error::MissingSymbol { number, symbol })?;
            let expected = columns.first().map_or(values.len(), |c| c.1.len());
            if values.len() != expected {
                return Err(Error::LengthMismatch {
                    name: format!("column of {symbol}"),
                    expected,
                    found: values.len(),
                });
            }
            columns.push((symbol, values, exponent));
        }
        let n_rows = columns.first().map_or(0, |c| c.1.len());
        let mut factors = Vec::with_capacity(columns.len());
        (0..n_rows)
            .map(|row| {
                factors.clear();
                factors.extend(columns.iter().map(|(s, values, e)| (*s, values[row], *e)));
                self.product(&factors, Some(row + 1))
            })
            .collect()
    }

    fn product(self, factors: &[(Symbol, f64, Rational)], row: Option<usize>) -> Result<f64> {
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
        let product = self.coefficient() * rational_power_product(powers);
        if product.is_finite() {
            Ok(product)
        } else {
            Err(Error::InvalidValue {
                name: self.to_string(),
                row,
                requirement: "finite",
                found: product,
            })
        }
    }
}

impl fmt::Display for NamedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letter())
    }
}
