//! X-ray attenuation and melting of the alloys that are filmed.

/// An alloy with its attenuation at 24.7 keV and the properties that the films use.
///
/// Attenuation: total mass coefficients of the elements by xraydb 4.5.8 (tables of W. T. Elam, B. D. Ravel and J. R. Sieber, doi
/// 10.1016/S0969-806X(01)00227-4), weighted by nominal composition and density. 24.7 keV is the first harmonic of
/// the beam of Gan et al. Thermal properties: the constants published beside the keyhole depths of Gan et al.
/// (github.com/xiaoyuxie-vico/PyDimension); those of IN718 are nominal values from memory, see [`is_sourced`](Self::is_sourced).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Alloy {
    /// 90 Ti, 6 Al, 4 V by weight; 4430 kg/m³.
    Ti64,
    /// 97.88 Al, 1.0 Mg, 0.6 Si, 0.27 Cu, 0.25 Cr; 2700 kg/m³.
    Al6061,
    /// 65.5 Fe, 17 Cr, 12 Ni, 2.5 Mo, 2 Mn, 0.75 Si, 0.03 C; 7990 kg/m³.
    Ss316,
    /// 52.5 Ni, 19 Cr, 18.5 Fe, 5.1 Nb, 3.05 Mo, 0.9 Ti, 0.5 Al; 8190 kg/m³.
    In718,
}

impl Alloy {
    /// All alloys.
    pub const ALL: [Self; 4] = [Self::Ti64, Self::Al6061, Self::Ss316, Self::In718];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ti64 => "Ti-6Al-4V",
            Self::Al6061 => "Al6061",
            Self::Ss316 => "SS316",
            Self::In718 => "IN718",
        }
    }

    /// Attenuation coefficient at 20, 24.7 and 30 keV in 1/m.
    pub fn attenuation_table(self) -> [(f64, f64); 3] {
        let at = match self {
            Self::Ti64 => [6725.1, 3677.1, 2110.9],
            Self::Al6061 => [962.7, 530.9, 315.3],
            Self::Ss316 => [19_944.9, 11_798.6, 6829.7],
            Self::In718 => [24_586.5, 14_683.9, 8545.0],
        };
        [(20.0, at[0]), (24.7, at[1]), (30.0, at[2])]
    }

    /// Attenuation coefficient at 24.7 keV in 1/m.
    pub fn attenuation(self) -> f64 {
        self.attenuation_table()[1].1
    }

    /// Relative density deficit of the liquid, $1 - \rho_l/\rho_s$; nominal densities from memory.
    pub fn liquid_deficit(self) -> f64 {
        match self {
            Self::Ti64 => 0.07,
            Self::Al6061 => 0.11,
            Self::Ss316 => 0.13,
            Self::In718 => 0.10,
        }
    }

    /// Density times heat capacity of the liquid in J/m³/K, liquidus over room temperature in K, diffusivity in m²/s.
    pub(crate) fn thermal(self) -> (f64, f64, f64) {
        match self {
            Self::Ti64 => (3920.0 * 830.0, 1630.0, 1.026_56e-5),
            Self::Al6061 => (2415.0 * 1170.0, 622.0, 3.185_22e-5),
            Self::Ss316 => (6881.0 * 790.0, 1430.0, 4.9485e-6),
            Self::In718 => (7400.0 * 720.0, 1311.0, 5.6e-6),
        }
    }

    /// Whether the thermal values come from a named source.
    pub fn is_sourced(self) -> bool {
        self != Self::In718
    }
}
