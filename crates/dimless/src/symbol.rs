//! The physical quantities of laser melting that the named numbers are made of.

use std::fmt;

use crate::dimension::Dimension;
use crate::error::Result;

/// Writes the enumeration and its table, one line a symbol.
macro_rules! symbols {
    ($($name:ident, $letter:literal, $unit:literal, $sentence:literal;)*) => {
        /// A physical quantity of laser melting, with its unit, dimension and usual letter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum Symbol {
            $(#[doc = concat!($sentence, " \\[", $unit, "\\].")] $name,)*
        }

        impl Symbol {
            /// All symbols.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The usual letter, in plain characters: `eta P`, `T_v - T_0`.
            pub const fn letter(self) -> &'static str {
                match self { $(Self::$name => $letter,)* }
            }

            /// The coherent SI unit, in the grammar of [`Unit`](crate::Unit).
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$name => $unit,)* }
            }

            /// What the symbol means, in a few words.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

symbols! {
    LaserPower, "P", "W", "Power of the laser beam";
    ThresholdPower, "P_0", "W", "Least laser power that makes a keyhole";
    AbsorbedPower, "eta P", "W", "Absorbed laser power, absorptivity times power";
    EffectivePower, "eta (P - P_0)", "W", "Absorptivity times the power above the keyhole threshold";
    Absorptivity, "eta", "1", "Absorbed fraction of the laser power";
    ScanSpeed, "V", "m/s", "Speed of the beam over the surface";
    SpotDiameter, "d", "m", "Diameter of the laser spot";
    SpotRadius, "r_0", "m", "Radius of the laser spot, half its diameter";
    HatchSpacing, "H", "m", "Distance between neighboring scan tracks";
    LayerThickness, "L", "m", "Thickness of the powder layer";
    KeyholeDepth, "e", "m", "Depth of the keyhole below the surface";
    Density, "rho", "kg/m^3", "Density";
    HeatCapacity, "C_p", "J/(kg K)", "Specific heat capacity at constant pressure";
    ThermalConductivity, "K", "W/(m K)", "Thermal conductivity";
    ThermalDiffusivity, "alpha", "m^2/s", "Thermal diffusivity, K/(rho C_p)";
    VaporizationRise, "T_v - T_0", "K", "Vaporization point less ambient temperature";
    MeltingRise, "T_m - T_0", "K", "Melting point less ambient temperature";
    LiquidusRise, "T_l - T_0", "K", "Liquidus temperature less ambient temperature";
    LatentHeatOfFusion, "L_m", "J/kg", "Specific latent heat of fusion";
    LatentHeatOfVaporization, "L_v", "J/kg", "Specific latent heat of vaporization";
    LiquidRange, "T_v - T_m", "K", "Vaporization point less melting point";
    MeltingEnthalpy, "h_s", "J/kg", "Specific enthalpy at melting above that at ambient temperature";
    DynamicViscosity, "mu", "Pa s", "Dynamic viscosity of the melt";
    SurfaceTension, "sigma", "N/m", "Surface tension of the melt";
    SurfaceTensionCoefficient, "|d sigma/d T|", "N/(m K)", "Magnitude of the temperature coefficient of the surface tension";
    FlowVelocity, "u", "m/s", "Characteristic velocity of the melt flow";
    CharacteristicLength, "L_c", "m", "Characteristic length, such as width or depth of the melt pool";
    CharacteristicTime, "t", "s", "Characteristic time";
    TemperatureDifference, "Delta T", "K", "Characteristic temperature difference";
    Gravity, "g", "m/s^2", "Acceleration of gravity";
}

impl Symbol {
    /// The dimension.
    ///
    /// # Errors
    ///
    /// None for the symbols of this crate, whose units a test reads.
    pub fn dimension(self) -> Result<Dimension> {
        Dimension::of(self.unit())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letter())
    }
}
