//! How much of the laser's power a keyhole absorbs.

use crate::error::{Result, not_negative, require};

/// The absorptance as a function of the keyhole's depth over the radius of the spot.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Absorptivity {
    /// $\eta = \eta_0 + (\eta_\infty - \eta_0)(1 - e^{-c\,(1 + h)\,d/r_0})$ with the relative fluctuation $h$ of the width.
    Exponential {
        /// Absorptance of the flat surface, $\eta_0$.
        flat: f64,
        /// Absorptance of a very deep keyhole, $\eta_\infty$.
        deep: f64,
        /// Rate $c$.
        rate: f64,
    },
    /// $\eta = \max(\eta_m, 0.7\,(1 - e^{-a\,d/r_0}))$, the form used by Gan et al. for their Keyhole number (doi
    /// 10.1038/s41467-021-22704-0) with the diameter in place of the radius.
    Capped {
        /// Absorptance of the flat surface, $\eta_m$.
        flat: f64,
        /// Rate $a$.
        rate: f64,
    },
    /// $\eta = 1 - (1 - \eta_0)^{1 + c\,d/r_0}$: each of $1 + c\,d/r_0$ reflections absorbs the same share. Invented.
    Reflections {
        /// Absorptance of one reflection.
        flat: f64,
        /// Further reflections for a depth of one radius.
        rate: f64,
    },
}

impl Absorptivity {
    /// The absorptance of a keyhole of this depth over spot radius and relative fluctuation of its width.
    pub fn absorptance(&self, depth_over_radius: f64, shape: f64) -> f64 {
        match *self {
            Self::Exponential { flat, deep, rate } => {
                flat + (deep - flat) * (1.0 - libm::exp(-rate * (1.0 + shape) * depth_over_radius))
            }
            Self::Capped { flat, rate } => {
                flat.max(0.7 * (1.0 - libm::exp(-rate * depth_over_radius)))
            }
            Self::Reflections { flat, rate } => {
                1.0 - libm::pow(1.0 - flat, 1.0 + rate * depth_over_radius)
            }
        }
    }

    /// The absorptance of the flat surface.
    pub fn flat(&self) -> f64 {
        match *self {
            Self::Exponential { flat, .. }
            | Self::Capped { flat, .. }
            | Self::Reflections { flat, .. } => flat,
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let (flat, rate) = match *self {
            Self::Exponential { flat, deep, rate } => {
                require(
                    (0.0..=1.0).contains(&deep),
                    "absorptivity.deep",
                    "in [0, 1]",
                    deep,
                )?;
                (flat, rate)
            }
            Self::Capped { flat, rate } | Self::Reflections { flat, rate } => (flat, rate),
        };
        require(
            (0.0..=1.0).contains(&flat),
            "absorptivity.flat",
            "in [0, 1]",
            flat,
        )?;
        not_negative("absorptivity.rate", rate)
    }
}
