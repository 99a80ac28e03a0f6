//! The definitions of the named numbers, one entry a number.

use super::{NamedNumber, Term};
use crate::rational::Rational;
use crate::symbol::Symbol as S;

/// What [`NamedNumber`] says about one number.
pub(super) struct Definition {
    pub(super) letter: &'static str,
    pub(super) formula: &'static str,
    pub(super) source: &'static str,
    pub(super) terms: &'static [Term],
}

const ONE: Rational = Rational::integer(1);
const TWO: Rational = Rational::integer(2);
const MINUS_ONE: Rational = Rational::integer(-1);
const MINUS_TWO: Rational = Rational::integer(-2);
const MINUS_HALF: Rational = Rational::halves(-1);
const MINUS_THREE_HALVES: Rational = Rational::halves(-3);

impl NamedNumber {
    #[expect(clippy::too_many_lines, reason = "a table, one entry a number")]
    pub(super) const fn definition(self) -> &'static Definition {
        match self {
            Self::NormalizedPower => &Definition {
                letter: "P*",
                formula: "eta (P - P_0) / (d K (T_v - T_0))",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2",
                terms: &[
                    (S::EffectivePower, ONE),
                    (S::SpotDiameter, MINUS_ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                    (S::VaporizationRise, MINUS_ONE),
                ],
            },
            Self::NormalizedPowerByRadius => &Definition {
                letter: "P*_r",
                formula: "eta (P - P_0) / (r_0 K (T_v - T_0))",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2, with the radius for the diameter: a form of this crate",
                terms: &[
                    (S::EffectivePower, ONE),
                    (S::SpotRadius, MINUS_ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                    (S::VaporizationRise, MINUS_ONE),
                ],
            },
            Self::Peclet => &Definition {
                letter: "Pe",
                formula: "V d rho C_p / K",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2",
                terms: &[
                    (S::ScanSpeed, ONE),
                    (S::SpotDiameter, ONE),
                    (S::Density, ONE),
                    (S::HeatCapacity, ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                ],
            },
            Self::PecletByRadius => &Definition {
                letter: "Pe_r",
                formula: "V r_0 rho C_p / K",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2, with the radius for the diameter: a form of this crate",
                terms: &[
                    (S::ScanSpeed, ONE),
                    (S::SpotRadius, ONE),
                    (S::Density, ONE),
                    (S::HeatCapacity, ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                ],
            },
            Self::NormalizedTemperature => &Definition {
                letter: "T*",
                formula: "(T_v - T_0) / (T_m - T_0)",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2",
                terms: &[(S::VaporizationRise, ONE), (S::MeltingRise, MINUS_ONE)],
            },
            Self::DepthToDiameter => &Definition {
                letter: "e/d",
                formula: "e / d",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 1 and 2",
                terms: &[(S::KeyholeDepth, ONE), (S::SpotDiameter, MINUS_ONE)],
            },
            Self::DepthToRadius => &Definition {
                letter: "e/r_0",
                formula: "e / r_0",
                source: "Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0",
                terms: &[(S::KeyholeDepth, ONE), (S::SpotRadius, MINUS_ONE)],
            },
            Self::MeltingEfficiency => &Definition {
                letter: "P_m*",
                formula: "eta_m P / (L K (T_m - T_0))",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 4 and 5",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::LayerThickness, MINUS_ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                    (S::MeltingRise, MINUS_ONE),
                ],
            },
            Self::VaporizationEfficiency => &Definition {
                letter: "P_v*",
                formula: "eta_m P / (H K (T_v - T_0))",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 4 and 5",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::HatchSpacing, MINUS_ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                    (S::VaporizationRise, MINUS_ONE),
                ],
            },
            Self::NormalizedHatch => &Definition {
                letter: "H*",
                formula: "H / d",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 4 and 5",
                terms: &[(S::HatchSpacing, ONE), (S::SpotDiameter, MINUS_ONE)],
            },
            Self::HatchToRadius => &Definition {
                letter: "H/r_0",
                formula: "H / r_0",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eqs. 4 and 5, with the radius for the diameter: a form of this crate",
                terms: &[(S::HatchSpacing, ONE), (S::SpotRadius, MINUS_ONE)],
            },
            Self::NormalizedEnergyDensity => &Definition {
                letter: "NED",
                formula: "eta_m P / (V H L rho C_p (T_m - T_0))",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eq. 6",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::ScanSpeed, MINUS_ONE),
                    (S::HatchSpacing, MINUS_ONE),
                    (S::LayerThickness, MINUS_ONE),
                    (S::Density, MINUS_ONE),
                    (S::HeatCapacity, MINUS_ONE),
                    (S::MeltingRise, MINUS_ONE),
                ],
            },
            Self::KeyholeNumber2019 => &Definition {
                letter: "Ke (2019)",
                formula: "eta (P - P_0) / (V d^2 rho C_p (T_v - T_0)) * (T_m - T_0) / (T_v - T_0)",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eq. 3",
                terms: &[
                    (S::EffectivePower, ONE),
                    (S::ScanSpeed, MINUS_ONE),
                    (S::SpotDiameter, MINUS_TWO),
                    (S::Density, MINUS_ONE),
                    (S::HeatCapacity, MINUS_ONE),
                    (S::VaporizationRise, MINUS_TWO),
                    (S::MeltingRise, ONE),
                ],
            },
            Self::KeyholeNumberMultiTrack => &Definition {
                letter: "Ke (multi-track)",
                formula: "eta_m P / (V d H rho C_p (T_v - T_0)) * (T_m - T_0) / (T_v - T_0)",
                source: "Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Eq. 7",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::ScanSpeed, MINUS_ONE),
                    (S::SpotDiameter, MINUS_ONE),
                    (S::HatchSpacing, MINUS_ONE),
                    (S::Density, MINUS_ONE),
                    (S::HeatCapacity, MINUS_ONE),
                    (S::VaporizationRise, MINUS_TWO),
                    (S::MeltingRise, ONE),
                ],
            },
            Self::KeyholeNumber2021 => &Definition {
                letter: "Ke (2021)",
                formula: "eta P / (pi (T_l - T_0) rho C_p sqrt(alpha V r_0^3))",
                source: "Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::ScanSpeed, MINUS_HALF),
                    (S::SpotRadius, MINUS_THREE_HALVES),
                    (S::ThermalDiffusivity, MINUS_HALF),
                    (S::Density, MINUS_ONE),
                    (S::HeatCapacity, MINUS_ONE),
                    (S::LiquidusRise, MINUS_ONE),
                ],
            },
            Self::NormalizedEnthalpy => &Definition {
                letter: "dH/h_s",
                formula: "eta P / (pi rho h_s sqrt(alpha V r_0^3))",
                source: "form of King et al. (2014), Hann et al. (2011) and Rubenchik et al. (2018), unverified: none of these papers was read",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::ScanSpeed, MINUS_HALF),
                    (S::SpotRadius, MINUS_THREE_HALVES),
                    (S::ThermalDiffusivity, MINUS_HALF),
                    (S::Density, MINUS_ONE),
                    (S::MeltingEnthalpy, MINUS_ONE),
                ],
            },
            Self::VaporizationPeclet => &Definition {
                letter: "Pe_vap",
                formula: "L_v rho eta P V / (K^2 (T_v - T_m) (T_m - T_0))",
                source: "read-me of the example lpbf_porosity_symmetry in GitHub prokash122/PyDimension, a fork of PyDimension; it names no paper",
                terms: &[
                    (S::AbsorbedPower, ONE),
                    (S::ScanSpeed, ONE),
                    (S::Density, ONE),
                    (S::LatentHeatOfVaporization, ONE),
                    (S::ThermalConductivity, MINUS_TWO),
                    (S::LiquidRange, MINUS_ONE),
                    (S::MeltingRise, MINUS_ONE),
                ],
            },
            Self::Marangoni => &Definition {
                letter: "Ma",
                formula: "|d sigma/d T| Delta T L_c / (mu alpha)",
                source: "standard definition, read in https://en.wikipedia.org/wiki/Marangoni_number",
                terms: &[
                    (S::SurfaceTensionCoefficient, ONE),
                    (S::TemperatureDifference, ONE),
                    (S::CharacteristicLength, ONE),
                    (S::DynamicViscosity, MINUS_ONE),
                    (S::ThermalDiffusivity, MINUS_ONE),
                ],
            },
            Self::Capillary => &Definition {
                letter: "Ca",
                formula: "mu u / sigma",
                source: "standard definition, read in https://www.cfd-online.com/Wiki/Capillary_number",
                terms: &[
                    (S::DynamicViscosity, ONE),
                    (S::FlowVelocity, ONE),
                    (S::SurfaceTension, MINUS_ONE),
                ],
            },
            Self::Weber => &Definition {
                letter: "We",
                formula: "rho u^2 L_c / sigma",
                source: "standard definition, read in http://soft-matter.seas.harvard.edu/index.php/Weber_number",
                terms: &[
                    (S::Density, ONE),
                    (S::FlowVelocity, TWO),
                    (S::CharacteristicLength, ONE),
                    (S::SurfaceTension, MINUS_ONE),
                ],
            },
            Self::Fourier => &Definition {
                letter: "Fo",
                formula: "alpha t / L_c^2",
                source: "standard definition, read in https://dimless.org/docs/numbers/fourier/ (not of this crate)",
                terms: &[
                    (S::ThermalDiffusivity, ONE),
                    (S::CharacteristicTime, ONE),
                    (S::CharacteristicLength, MINUS_TWO),
                ],
            },
            Self::Stefan => &Definition {
                letter: "Ste",
                formula: "C_p Delta T / L_m",
                source: "standard definition, read in https://en.wikipedia.org/wiki/Stefan_number",
                terms: &[
                    (S::HeatCapacity, ONE),
                    (S::TemperatureDifference, ONE),
                    (S::LatentHeatOfFusion, MINUS_ONE),
                ],
            },
            Self::Ohnesorge => &Definition {
                letter: "Oh",
                formula: "mu / sqrt(rho sigma L_c)",
                source: "standard definition, read in https://www.chemeurope.com/en/encyclopedia/Ohnesorge_number.html",
                terms: &[
                    (S::DynamicViscosity, ONE),
                    (S::Density, MINUS_HALF),
                    (S::SurfaceTension, MINUS_HALF),
                    (S::CharacteristicLength, MINUS_HALF),
                ],
            },
            Self::Bond => &Definition {
                letter: "Bo",
                formula: "rho g L_c^2 / sigma",
                source: "standard definition, read in https://dimless.org/docs/numbers/bond/ (not of this crate)",
                terms: &[
                    (S::Density, ONE),
                    (S::Gravity, ONE),
                    (S::CharacteristicLength, TWO),
                    (S::SurfaceTension, MINUS_ONE),
                ],
            },
            Self::Prandtl => &Definition {
                letter: "Pr",
                formula: "mu C_p / K",
                source: "standard definition, read in http://www.continuummechanics.org/techforms/DimNumbers.html",
                terms: &[
                    (S::DynamicViscosity, ONE),
                    (S::HeatCapacity, ONE),
                    (S::ThermalConductivity, MINUS_ONE),
                ],
            },
            Self::Reynolds => &Definition {
                letter: "Re",
                formula: "rho u L_c / mu",
                source: "standard definition, read in http://www.continuummechanics.org/techforms/DimNumbers.html",
                terms: &[
                    (S::Density, ONE),
                    (S::FlowVelocity, ONE),
                    (S::CharacteristicLength, ONE),
                    (S::DynamicViscosity, MINUS_ONE),
                ],
            },
        }
    }
}
