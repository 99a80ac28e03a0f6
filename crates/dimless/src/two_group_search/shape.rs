//! The curve in which a group enters a sum.

use crate::pi::Group;

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
                        threshold: slope * middle,
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
pub(super) enum Shape {
    Power(f64),
    Step {
        power: f64,
        slope: f64,
        threshold: f64,
        /// The least and the largest value of the group among the rows, and the distance between its deciles.
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
                threshold,
                ..
            } => libm::erf(slope * libm::exp(power * u) - threshold),
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
                threshold,
                ..
            } => {
                let group = libm::exp(power * u);
                let argument = slope * group - threshold;
                let bell = std::f64::consts::FRAC_2_SQRT_PI * libm::exp(-argument * argument);
                [bell * group, -bell]
            }
        };
        Curve { value, by_constant }
    }

    /// The curve with its free constants changed; nothing where one leaves its range.
    pub(super) fn moved(self, step: &[f64]) -> Option<Self> {
        match (self, step) {
            (Self::Power(_), _) => Some(self),
            (
                Self::Step {
                    power,
                    slope,
                    threshold,
                    range,
                    spread,
                },
                [by_slope, by_threshold, ..],
            ) => {
                let (slope, threshold) = (slope + by_slope, threshold + by_threshold);
                let middle = threshold / slope;
                let in_range = (0.2..=50.0).contains(&(slope * spread))
                    && (range.0..=range.1).contains(&middle);
                in_range.then_some(Self::Step {
                    power,
                    slope,
                    threshold,
                    range,
                    spread,
                })
            }
            _ => None,
        }
    }

    /// The constants for the group itself, whose logarithm has this mean.
    pub(super) fn constants(self, center: f64) -> Vec<f64> {
        match self {
            Self::Power(power) => vec![power],
            Self::Step {
                power,
                slope,
                threshold,
                ..
            } => vec![power, slope * libm::exp(-power * center), threshold],
        }
    }

    pub(super) fn text(self, group: &Group, center: f64) -> String {
        match self {
            Self::Power(power) => format!("({group})^{power}/{:.4e}", libm::exp(power * center)),
            Self::Step { power, .. } => {
                let constants = self.constants(center);
                let group = if power < 0.0 {
                    format!("/({group})")
                } else {
                    format!(" ({group})")
                };
                format!("erf({:.4}{group} - {:.4})", constants[1], constants[2])
            }
        }
    }
}
