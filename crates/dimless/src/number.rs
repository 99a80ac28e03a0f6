//! Named dimensionless numbers as exact power products.

mod definition;

use std::fmt;

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::formula::Formula;
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
/// There are three keyhole numbers of different size and exponents, and a number on the spot size is in use by diameter
/// and by radius. They have different names here because a factor of two, or of ten, hides between them.
///
/// Numbers of the melt flow use a characteristic length $L_c$ and flow velocity $u$ that the caller names, since no two
/// papers take the same: width, length or depth of the pool, diameter of a drop or of a neck; scan speed, or the speed of
/// the surface. [`Symbol`] says what each letter means, [`source`](Self::source) where the number is defined and whether that
/// place was read.
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
    /// $\eta (P - P_0) / (r_0 K (T_v - T_0)) = 2 P^*$: the same over the spot **radius**.
    NormalizedPowerByRadius,
    /// $\mathrm{Pe} = V d \rho C_p / K$: transport by the moving beam against conduction, on the spot diameter.
    Peclet,
    /// $V r_0 \rho C_p / K = \mathrm{Pe}/2$: the same on the spot **radius**.
    PecletByRadius,
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
    /// $H/r_0 = 2 H^*$: hatch spacing in spot **radii**.
    HatchToRadius,
    /// $\mathrm{NED} = \eta_m P / (V H L \rho C_p (T_m - T_0)) = P_m^*/(\mathrm{Pe}\, H^*)$: absorbed energy
    /// against the heat that melts the material. It is the absorbed [`EnergyDensity`](crate::EnergyDensity) by volume over
    /// that heat.
    NormalizedEnergyDensity,
    /// $\mathrm{Ke} = P^*/(\mathrm{Pe}\, T^*)$, Eq. 3 of the preprint, with the power above the threshold and $d^2$.
    KeyholeNumber2019,
    /// $\mathrm{Ke} = P_v^*/(\mathrm{Pe}\, T^*)$, Eq. 7 of the preprint: the form for many tracks, with the absorbed
    /// power and $d H$.
    KeyholeNumberMultiTrack,
    /// $\mathrm{Ke} = \eta P / (\pi (T_l - T_0) \rho C_p \sqrt{\alpha V r_0^3})$ of Gan 2021, on the spot radius; it
    /// equals the [`NormalizedEnthalpy`](Self::NormalizedEnthalpy).
    KeyholeNumber2021,
    /// $\Delta H/h_s = \eta P / (\pi \rho h_s \sqrt{\alpha V r_0^3})$: enthalpy that the beam leaves at the
    /// surface against the enthalpy at melting, after King, Hann and Rubenchik.
    ///
    /// It is [`KeyholeNumber2021`](Self::KeyholeNumber2021) where $h_s = C_p (T_l - T_0)$ and the beam size is $r_0$: the
    /// value of $h_s$ that [`Process`](crate::Process) takes unless another is stated. None of the three papers was read for this
    /// crate, so the form is **unverified**, and public programs that cite King et al. differ: $\pi$ before the root or
    /// under it, $h_s = C_p T_m$ with the absolute melting point or a rise, and several measures of the beam. State $h_s$
    /// by [`Process::melting_enthalpy`](crate::Process::melting_enthalpy), and compare thresholds only within one reading.
    NormalizedEnthalpy,
    /// $\mathrm{Pe_{vap}} = L_v \rho\, \eta P\, V / (K^2 (T_v - T_m)(T_m - T_0))$: absorbed power against conduction, times
    /// transport against conduction, times latent heat of vaporization against the heat of melting. The spot size cancels.
    VaporizationPeclet,
    /// $\mathrm{Ma} = |d\sigma/dT|\, \Delta T L_c / (\mu \alpha)$: thermocapillary flow along $L_c$ under $\Delta T$ against
    /// viscosity and conduction. The magnitude of the coefficient is taken; its sign tells the direction of the flow.
    Marangoni,
    /// $\mathrm{Ca} = \mu u / \sigma$: viscous against capillary forces.
    Capillary,
    /// $\mathrm{We} = \rho u^2 L_c / \sigma$: inertia against capillary forces.
    Weber,
    /// $\mathrm{Fo} = \alpha t / L_c^2$: time in units of the time that conduction takes over $L_c$.
    Fourier,
    /// $\mathrm{Ste} = C_p \Delta T / L_m$: sensible heat of $\Delta T$ against latent heat of fusion.
    Stefan,
    /// $\mathrm{Oh} = \mu / \sqrt{\rho \sigma L_c} = \sqrt{\mathrm{We}}/\mathrm{Re}$: viscosity against inertia and capillarity.
    Ohnesorge,
    /// $\mathrm{Bo} = \rho g L_c^2 / \sigma$: weight against capillary forces, for a melt under a gas of negligible density.
    Bond,
    /// $\mathrm{Pr} = \mu C_p / K$: diffusion of momentum against diffusion of heat.
    Prandtl,
    /// $\mathrm{Re} = \rho u L_c / \mu$: inertia against viscosity. With $u = V$ and $L_c = d$ it is
    /// $\mathrm{Pe}/\mathrm{Pr}$.
    Reynolds,
}

impl NamedNumber {
    /// All named numbers.
    pub const ALL: &'static [Self] = &[
        Self::NormalizedPower,
        Self::NormalizedPowerByRadius,
        Self::Peclet,
        Self::PecletByRadius,
        Self::NormalizedTemperature,
        Self::DepthToDiameter,
        Self::DepthToRadius,
        Self::MeltingEfficiency,
        Self::VaporizationEfficiency,
        Self::NormalizedHatch,
        Self::HatchToRadius,
        Self::NormalizedEnergyDensity,
        Self::KeyholeNumber2019,
        Self::KeyholeNumberMultiTrack,
        Self::KeyholeNumber2021,
        Self::NormalizedEnthalpy,
        Self::VaporizationPeclet,
        Self::Marangoni,
        Self::Capillary,
        Self::Weber,
        Self::Fourier,
        Self::Stefan,
        Self::Ohnesorge,
        Self::Bond,
        Self::Prandtl,
        Self::Reynolds,
    ];

    /// The factors, each a symbol with its exponent.
    pub const fn terms(self) -> &'static [Term] {
        self.definition().terms
    }

    /// The factor in front of the power product: $1/\pi$ for [`KeyholeNumber2021`](Self::KeyholeNumber2021) and
    /// [`NormalizedEnthalpy`](Self::NormalizedEnthalpy), else 1.
    pub const fn coefficient(self) -> f64 {
        match self {
            Self::KeyholeNumber2021 | Self::NormalizedEnthalpy => std::f64::consts::FRAC_1_PI,
            _ => 1.0,
        }
    }

    /// The formula in plain characters.
    pub const fn formula(self) -> &'static str {
        self.definition().formula
    }

    /// Where the number is defined. Where that place was not read, the text says "unverified".
    pub const fn source(self) -> &'static str {
        self.definition().source
    }

    /// The usual letter, in plain characters.
    pub const fn letter(self) -> &'static str {
        self.definition().letter
    }

    /// The dimension of the power product by exact arithmetic; a test holds it at [`Dimension::DIMENSIONLESS`].
    ///
    /// # Errors
    ///
    /// None for the numbers of this crate.
    pub fn dimension(self) -> Result<Dimension> {
        self.exact_dimension()
    }

    /// The value of the number, from the value of each symbol in SI units.
    ///
    /// # Errors
    ///
    /// [`Error::MissingSymbol`]; [`Error::InvalidValue`] for a value that is not finite and positive, or a result out
    /// of range.
    pub fn evaluate(self, value: impl Fn(Symbol) -> Option<f64>) -> Result<f64> {
        self.of_values(value)
    }

    /// The value of the number in each row, from a column of values in SI units for each symbol.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate), with the row; [`Error::LengthMismatch`] for columns of different lengths.
    ///
    /// # See also
    ///
    /// [`ProcessTable`](crate::ProcessTable) for the columns of a [`Table`](crate::Table), with materials.
    pub fn evaluate_columns<'a>(
        self,
        column: impl Fn(Symbol) -> Option<&'a [f64]>,
    ) -> Result<Vec<f64>> {
        self.of_columns(column)
    }
}

impl Formula for NamedNumber {
    fn factors(self) -> &'static [Term] {
        self.terms()
    }

    fn factor_in_front(self) -> f64 {
        self.coefficient()
    }

    fn missing(self, symbol: Symbol) -> Error {
        Error::MissingSymbol {
            number: self,
            symbol,
        }
    }
}

impl fmt::Display for NamedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letter())
    }
}
