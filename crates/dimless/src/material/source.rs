//! Where property values come from, and whether the place was read.

use std::fmt;

/// Where a property value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Source {
    /// Table S1 of Gan et al., *Discovering universal scaling laws in 3D printing of metals* (preprint).
    GanTableS1,
    /// The constants published beside the 90 keyhole depths of Gan et al., Nat. Commun. 12, 2379 (2021).
    KeyholeTable,
    /// The constants published beside the 92 porosities that the preprint's Fig. 4 uses.
    PorosityTable,
    /// Not stated by any source but derived from a published table; the record says how.
    Decoded,
    /// An assumption of this crate where no source states a value.
    Assumed,
    /// *Surface Tension and Viscosity of Industrial Ti-Alloys Measured by the Oscillating Drop Method on Board Parabolic
    /// Flights*, High Temp. Mater. Processes 27, 401 (2008), doi 10.1515/HTMP.2008.27.6.401; its abstract was read.
    ParabolicFlights2008,
    /// Schneider, Egry and Seyhan, *Measurement of the Surface Tension of Undercooled Liquid Ti90Al6V4 by the Oscillating
    /// Drop Technique*, Int. J. Thermophys. (2002); its abstract was read.
    Schneider2002,
    /// *Evolution of solidification texture during additive manufacturing*, Sci. Rep. 5, 16446 (2015), doi
    /// 10.1038/srep16446, Table 1. The table was read; its liquidus and solidus are exchanged. The abstract calls the alloy
    /// nickel based; that it is Inconel 718 was not confirmed.
    SolidificationTexture2015,
    /// *High-Speed X-Ray Transmission and Numerical Study of Melt Flows inside the Molten Pool during Laser Welding of
    /// Aluminum Alloy*, Math. Probl. Eng. 2016, 1409872, doi 10.1155/2016/1409872, table of the properties of 6056.
    AluminumWelding2016,
    /// The authors' reply in the public review record of Metals 16(5), 487 (2026), which names no source. Its surface
    /// tension is stated below the melting point of the alloy, and its viscosity and density (1.25e-6 m²/s) contradict the
    /// kinematic viscosity of 0.5e-6 m²/s that it uses elsewhere.
    MetalsReview2026,
    /// The example `lpbf_porosity_symmetry` of GitHub prokash122/PyDimension, a fork of PyDimension, which names no source.
    /// Its vaporization points less its melting points differ from the ranges that it states by up to 17 K.
    PyDimensionFork,
    /// The constants in `parameters.h` of the melt pool program GitHub cmmg/AMMeltpoolThermoFluidics, in its version for
    /// SS316, which names no source.
    MeltPoolProgram,
    /// A source of the user's own, as a citation.
    Other(String),
}

/// How far this crate vouches for a source.
///
/// It says nothing about whether a value is right: sources that were read contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Verification {
    /// The values were read in the source that is named: the table, or the abstract where the source says so.
    Read,
    /// The values were read where the source says, but they stand there without saying where they come from.
    Secondhand,
    /// Computed by this crate from published values.
    Derived,
    /// Assumed by this crate.
    Assumed,
    /// Unverified: this crate has not seen the value in the source. So is every [`Source::Other`].
    Unverified,
}

impl Source {
    /// The sources of the records, without those of users.
    pub const ALL: &'static [Self] = &[
        Self::GanTableS1,
        Self::KeyholeTable,
        Self::PorosityTable,
        Self::Decoded,
        Self::Assumed,
        Self::ParabolicFlights2008,
        Self::Schneider2002,
        Self::SolidificationTexture2015,
        Self::AluminumWelding2016,
        Self::MetalsReview2026,
        Self::PyDimensionFork,
        Self::MeltPoolProgram,
    ];

    /// The citation.
    pub fn citation(&self) -> &str {
        match self {
            Self::GanTableS1 => {
                "Gan et al., Discovering universal scaling laws in 3D printing of metals with genetic programming and dimensional analysis (preprint), Table S1"
            }
            Self::KeyholeTable => {
                "constants beside the keyhole depths of Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0"
            }
            Self::PorosityTable => {
                "constants beside the porosities of Gan et al., Discovering universal scaling laws in 3D printing of metals (preprint), Fig. 4"
            }
            Self::Decoded => {
                "derived from the absorptivities published beside the keyhole depths of Gan et al. (2021)"
            }
            Self::Assumed => "assumption of the crate dimless; no source states it",
            Self::ParabolicFlights2008 => {
                "Surface Tension and Viscosity of Industrial Ti-Alloys Measured by the Oscillating Drop Method on Board Parabolic Flights, High Temp. Mater. Processes 27, 401 (2008), doi 10.1515/HTMP.2008.27.6.401, abstract"
            }
            Self::Schneider2002 => {
                "Schneider, Egry and Seyhan, Measurement of the Surface Tension of Undercooled Liquid Ti90Al6V4 by the Oscillating Drop Technique, Int. J. Thermophys. (2002), abstract"
            }
            Self::SolidificationTexture2015 => {
                "Evolution of solidification texture during additive manufacturing, Sci. Rep. 5, 16446 (2015), doi 10.1038/srep16446, Table 1 (a nickel based alloy; that it is Inconel 718 was not confirmed)"
            }
            Self::AluminumWelding2016 => {
                "High-Speed X-Ray Transmission and Numerical Study of Melt Flows inside the Molten Pool during Laser Welding of Aluminum Alloy, Math. Probl. Eng. 2016, 1409872, doi 10.1155/2016/1409872, table of properties"
            }
            Self::MetalsReview2026 => {
                "reply of the authors in the review record of Metals 16(5), 487 (2026); it names no source"
            }
            Self::PyDimensionFork => {
                "example lpbf_porosity_symmetry of GitHub prokash122/PyDimension; it names no source"
            }
            Self::MeltPoolProgram => {
                "parameters.h of GitHub cmmg/AMMeltpoolThermoFluidics, in its version for SS316; it names no source"
            }
            Self::Other(citation) => citation,
        }
    }

    /// How far this crate vouches for the source.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{Source, Verification};
    ///
    /// assert_eq!(Source::GanTableS1.verification(), Verification::Read);
    /// assert_eq!(Source::PyDimensionFork.verification(), Verification::Secondhand);
    /// assert_eq!(Source::Other("my notes".to_owned()).verification(), Verification::Unverified);
    /// ```
    pub const fn verification(&self) -> Verification {
        match self {
            Self::GanTableS1
            | Self::KeyholeTable
            | Self::PorosityTable
            | Self::ParabolicFlights2008
            | Self::Schneider2002
            | Self::SolidificationTexture2015
            | Self::AluminumWelding2016 => Verification::Read,
            Self::MetalsReview2026 | Self::PyDimensionFork | Self::MeltPoolProgram => {
                Verification::Secondhand
            }
            Self::Decoded => Verification::Derived,
            Self::Assumed => Verification::Assumed,
            Self::Other(_) => Verification::Unverified,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.citation())
    }
}
