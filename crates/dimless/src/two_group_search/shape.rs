//! The curve in which a group enters a sum.

use crate::pi::Group;
use crate::scaling_law::Short;

/// Ends of the slope of a step, in the reciprocal of the distance between the deciles of the rows.
const LEAST_SLOPE: f64 = 0.2;
const LARGEST_SLOPE: f64 = 50.0;

/// The curve $f$ of each group in a sum of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum GroupShape {
    /// $f = \Pi^p$.
    Power,
    /// $f = \mathrm{erf}(s\, \Pi^p - \theta)$ with free $s > 0$ and $\theta$: a step, as in Eq. 5 of Gan et al.,
    /// *Discovering universal scaling laws in 3D printing of metals* (preprint). Its middle lies among the rows, and its width is
    /// from a fiftieth to five times the distance between the deciles of the rows, which say nothing about others.
    Step,
}

impl GroupShape {
    /// The curves that are tried, for logarithms `u` of a group less their mean.
    pub(super) fn grid(self, u: &[f64], powers: &[f64]) -> Vec<Shape> {
        if u.is_empty() {
            return Vec::new();
        }
        if self == Self::Power {
            return powers.iter().map(|&power| Shape::Power(power)).collect();
        }
        let mut grid = Vec::new();
        for &power in powers {
            let mut values: Vec<f64> = u.iter().map(|u| libm::exp(power * u)).collect();
            values.sort_by(f64::total_cmp);
            let last = values.len() - 1;
            let at = |part: f64| values[(part * last as f64) as usize];
            let spread = at(0.9) - at(0.1);
            // Rows of which nearly all have one value of the group say nothing about a step in it.
            if spread.is_nan() || spread <= 1e-9 * at(1.0) {
                continue;
            }
            for middle in [0.2, 0.5, 0.8].map(at) {
                for steepness in [2.0, 5.0] {
                    let slope = steepness / spread;
                    grid.push(Shape::Step {
                        power,
                        slope,
                        middle,
                        range: (at(0.0), at(1.0)),
                        spread,
                    });
                }
            }
        }
        grid
    }
}

/// A curve of the logarithm of a group less its mean.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Shape {
    Power(f64),
    /// $\mathrm{erf}(s (g - m))$ with $g$ the group over its geometric mean, to the power.
    Step {
        power: f64,
        slope: f64,
        middle: f64,
        /// The least and the largest value of $g$ among the rows, and the distance between its deciles.
        range: (f64, f64),
        spread: f64,
    },
}

/// The value of a curve and its derivatives by its free constants.
pub(super) struct Curve {
    pub(super) value: f64,
    pub(super) by_constant: [f64; 2],
}

impl Shape {
    pub(super) fn at(self, u: f64) -> f64 {
        match self {
            Self::Power(power) => libm::exp(power * u),
            Self::Step {
                power,
                slope,
                middle,
                ..
            } => libm::erf(slope * (libm::exp(power * u) - middle)),
        }
    }

    pub(super) const fn power(self) -> f64 {
        match self {
            Self::Power(power) | Self::Step { power, .. } => power,
        }
    }

    pub(super) const fn n_free(self) -> usize {
        match self {
            Self::Power(_) => 0,
            Self::Step { .. } => 2,
        }
    }

    pub(super) fn derivatives(self, u: f64) -> Curve {
        let value = self.at(u);
        let by_constant = match self {
            Self::Power(_) => [0.0; 2],
            Self::Step {
                power,
                slope,
                middle,
                ..
            } => {
                let distance = libm::exp(power * u) - middle;
                let argument = slope * distance;
                let bell = std::f64::consts::FRAC_2_SQRT_PI * libm::exp(-argument * argument);
                [bell * distance, -bell * slope]
            }
        };
        Curve { value, by_constant }
    }

    /// The free constants with the ends of their ranges.
    pub(super) fn free(self) -> Vec<(f64, f64, f64)> {
        match self {
            Self::Power(_) => Vec::new(),
            Self::Step {
                slope,
                middle,
                range,
                spread,
                ..
            } => vec![
                (slope, LEAST_SLOPE / spread, LARGEST_SLOPE / spread),
                (middle, range.0, range.1),
            ],
        }
    }

    /// The curve with its free constants changed, each held within its range.
    pub(super) fn moved(self, step: &[f64]) -> Self {
        let held = |k: usize| {
            let (value, low, high) = self.free()[k];
            (value + step.get(k).copied().unwrap_or(0.0)).clamp(low, high)
        };
        match self {
            Self::Power(_) => self,
            Self::Step {
                power,
                range,
                spread,
                ..
            } => Self::Step {
                power,
                slope: held(0),
                middle: held(1),
                range,
                spread,
            },
        }
    }

    /// Whether a free constant is at an end of its range.
    pub(crate) fn is_at_edge(self) -> bool {
        let mut constants = self.free().into_iter();
        constants.any(|(value, low, high)| value <= low || value >= high)
    }

    /// The constants for the group itself, whose logarithm has this mean.
    pub(crate) fn constants(self, center: f64) -> Vec<f64> {
        match self {
            Self::Power(power) => vec![power],
            Self::Step {
                power,
                slope,
                middle,
                ..
            } => vec![power, slope * libm::exp(-power * center), slope * middle],
        }
    }

    pub(crate) fn text(self, group: &Group, center: f64) -> String {
        match self {
            Self::Power(power) => {
                format!("(({group})/{:.4})^{power}", Short(libm::exp(center)))
            }
            Self::Step { power, .. } => {
                let constants = self.constants(center);
                let slope = Short(constants[1]);
                let threshold = Short(constants[2].abs());
                let sign = if constants[2] < 0.0 { '+' } else { '-' };
                if (power - 1.0).abs() < 1e-12 {
                    format!("erf({slope:.4} ({group}) {sign} {threshold:.4})")
                } else {
                    format!("erf({slope:.4} ({group})^{power} {sign} {threshold:.4})")
                }
            }
        }
    }
}
