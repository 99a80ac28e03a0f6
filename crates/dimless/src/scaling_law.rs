//! A fitted scaling law and its scores.

use std::fmt;

use crate::error::{Error, Result};
use crate::law_data::LawData;
use crate::link::{FittedLink, Link};
use crate::pi::Group;

/// How well a law describes the rows it was fitted to, and rows it was not fitted to.
///
/// $R^2 = 1 - \sum (y - f)^2 / \sum (y - \bar y)^2$ with the mean $\bar y$ of the rows that are scored, all in the logarithm
/// of the target where that is fitted.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LawScores {
    /// The number of rows of the fit.
    pub n_rows: usize,
    /// $R^2$ on the rows of the fit. It says nothing about other rows.
    pub r_squared: f64,
    /// Root of the mean squared residual, in the unit of the target.
    pub rmse: f64,
    /// $n \ln(\mathrm{SSR}/n) + k \ln n$, with the constants of the link as $k$; less is better. The choice of the group and of
    /// its power is not counted: it is the same for all groups of a search. SSR is taken as at least $10^{-26}$ of the sum of squares
    /// about the mean. G. Schwarz, Ann. Stat. 6, 461 (1978), doi 10.1214/aos/1176344136.
    pub bic: f64,
    /// $R^2$ of rows predicted by a law fitted to the other folds, power chosen anew. Nothing if it was not asked for, or if the
    /// group has one value in the rows of a fit.
    pub cross_validated_r_squared: Option<f64>,
    /// Scores of labels left out one at a time, likewise.
    pub left_out: Option<LeftOut>,
}

/// Scores of rows predicted by a law fitted to the rows of all other labels.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LeftOut {
    /// $R^2$ of all predictions together.
    pub r_squared: f64,
    /// Each label, in the order of [`LawData::label_names`].
    pub labels: Vec<LeftOutLabel>,
}

/// The score of one label, predicted by a law fitted to the rows of all others.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LeftOutLabel {
    /// The label.
    pub label: String,
    /// The number of its rows.
    pub n_rows: usize,
    /// $R^2$ about the mean of its rows; nothing where their targets are all equal.
    pub r_squared: Option<f64>,
    /// Root of the mean squared residual.
    pub rmse: f64,
}

/// How well a law predicts rows that it may not have seen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LawTest {
    /// The number of rows.
    pub n_rows: usize,
    /// $R^2$ about the mean of these rows.
    pub r_squared: f64,
    /// Root of the mean squared residual.
    pub rmse: f64,
    /// How many rows lie outside the range of the group to which the law was fitted.
    pub n_extrapolated: usize,
}

/// $R^2$ of pairs of value and prediction; nothing where the values are all equal.
pub(crate) fn r_squared(pairs: &[(f64, f64)]) -> Option<f64> {
    let mean = pairs.iter().map(|(y, _)| y).sum::<f64>() / pairs.len() as f64;
    let total: f64 = pairs.iter().map(|(y, _)| (y - mean) * (y - mean)).sum();
    let ssr: f64 = pairs.iter().map(|(y, p)| (y - p) * (y - p)).sum();
    (total > 0.0).then_some(1.0 - ssr / total)
}

pub(crate) fn bic(ssr: f64, total: f64, n_rows: usize, n_constants: usize) -> f64 {
    let n = n_rows as f64;
    // An exact fit is exact to rounding.
    let ssr = ssr.max(1e-26 * total);
    n * libm::log(ssr / n) + n_constants as f64 * libm::log(n)
}

/// A target as a function of one dimensionless group, fitted to rows.
///
/// It writes itself as `e r0^-1 = -0.4349 + 0.4037 (etaP V^-0.5 …)`, with the power of the link multiplied into the group.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScalingLaw {
    group: Group,
    link: FittedLink,
    target_name: String,
    log_target: bool,
    scores: LawScores,
}

impl ScalingLaw {
    pub(crate) fn new(
        group: Group,
        link: FittedLink,
        target_name: &str,
        log_target: bool,
        scores: LawScores,
    ) -> Self {
        Self {
            group,
            link,
            target_name: target_name.to_owned(),
            log_target,
            scores,
        }
    }

    /// The group, primitive and with a positive first exponent where it comes from a search.
    pub const fn group(&self) -> &Group {
        &self.group
    }

    /// The sum of the magnitudes of the exponents of the group: its size.
    pub fn size(&self) -> u64 {
        crate::lattice::size(self.group.exponents())
    }

    /// The exponents of the variables with the power of the link multiplied in.
    pub fn exponents(&self) -> Vec<f64> {
        let power = self.link.power().unwrap_or(1.0);
        let exponents = self.group.exponents().iter();
        exponents.map(|&e| power * e as f64).collect()
    }

    /// The fitted link.
    pub const fn link(&self) -> &FittedLink {
        &self.link
    }

    /// Whether the law is one of the logarithm of the target.
    pub const fn has_log_target(&self) -> bool {
        self.log_target
    }

    /// The scores on the rows of the fit.
    pub const fn scores(&self) -> &LawScores {
        &self.scores
    }

    /// The target for one value a variable, in the order of the variables and in SI units.
    ///
    /// # Errors
    ///
    /// Those of [`Group::evaluate`].
    pub fn predict(&self, values: &[f64]) -> Result<f64> {
        let fitted = self.link.predict(self.group.evaluate(values)?);
        Ok(self.as_target(fitted))
    }

    /// The target of each row.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVariables`].
    pub fn predict_rows(&self, data: &LawData) -> Result<Vec<f64>> {
        let predictions: Vec<f64> = data
            .group_logarithms(&self.group)?
            .iter()
            .map(|&u| self.as_target(self.link.predict_logarithm(u)))
            .collect();
        Ok(data.in_given_order(&predictions))
    }

    fn as_target(&self, value: f64) -> f64 {
        if self.log_target {
            libm::exp(value)
        } else {
            value
        }
    }

    /// The score on rows that may be others than those of the fit, in the logarithm of the target where that was fitted.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVariables`]; [`Error::InvalidValue`] where a logarithm of a target is needed that has none.
    pub fn test(&self, data: &LawData) -> Result<LawTest> {
        let logarithms = data.group_logarithms(&self.group)?;
        test_link(&self.link, &logarithms, self.log_target, data)
    }
}

/// The score of a link on the logarithms of its group, in the order of the data.
pub(crate) fn test_link(
    link: &FittedLink,
    logarithms: &[f64],
    log_target: bool,
    data: &LawData,
) -> Result<LawTest> {
    let target = fitted_target(data, log_target)?;
    let fitted = logarithms.iter().map(|&u| link.predict_logarithm(u));
    let pairs: Vec<(f64, f64)> = target.into_iter().zip(fitted).collect();
    let outside = logarithms.iter().filter(|&&u| !link.is_inside(u));
    test_pairs(&pairs, outside.count(), data)
}

/// The score of pairs of target and prediction.
pub(crate) fn test_pairs(
    pairs: &[(f64, f64)],
    n_extrapolated: usize,
    data: &LawData,
) -> Result<LawTest> {
    let ssr: f64 = pairs.iter().map(|(y, p)| (y - p) * (y - p)).sum();
    Ok(LawTest {
        n_rows: pairs.len(),
        r_squared: r_squared(pairs).ok_or_else(|| Error::ConstantColumn {
            name: data.target_name().to_owned(),
        })?,
        rmse: libm::sqrt(ssr / pairs.len() as f64),
        n_extrapolated,
    })
}

/// The target, or its logarithm, in the order of the data.
pub(crate) fn fitted_target(data: &LawData, log_target: bool) -> Result<Vec<f64>> {
    if !log_target {
        return Ok(data.arranged_target().to_vec());
    }
    let given = data.target();
    if let Some(row) = given.iter().position(|&y| y <= 0.0) {
        return Err(Error::InvalidValue {
            name: data.target_name().to_owned(),
            row: Some(row + 1),
            requirement: "positive, since its logarithm is used",
            found: given[row],
        });
    }
    let target = data.arranged_target().iter();
    Ok(target.map(|&y| libm::log(y)).collect())
}

impl fmt::Display for ScalingLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let law = LawText {
            names: self.group.names(),
            exponents: &self.exponents(),
            target_name: &self.target_name,
            log_target: self.log_target,
            link: &self.link,
        };
        f.pad(&law.to_string())
    }
}

/// How a law is written.
pub(crate) struct LawText<'a> {
    pub(crate) names: &'a [String],
    pub(crate) exponents: &'a [f64],
    pub(crate) target_name: &'a str,
    pub(crate) log_target: bool,
    pub(crate) link: &'a FittedLink,
}

impl fmt::Display for LawText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factors: Vec<String> = self
            .names
            .iter()
            .zip(self.exponents)
            .filter(|(_, e)| **e != 0.0)
            .map(|(name, &e)| {
                let rounded = libm::round(e * 1e4) / 1e4;
                if (rounded - 1.0).abs() < 1e-9 {
                    name.clone()
                } else {
                    format!("{name}^{rounded}")
                }
            })
            .collect();
        let group = format!("({})", factors.join(" "));
        let target = if self.log_target {
            format!("ln({})", self.target_name)
        } else {
            self.target_name.to_owned()
        };
        let constants = self.link.constants();
        let signed = |c: f64| {
            if c < 0.0 {
                format!("- {:.4}", Short(-c))
            } else {
                format!("+ {:.4}", Short(c))
            }
        };
        let sum = |argument: &str| -> String {
            let term = |(j, &c): (usize, &f64)| match j {
                0 => format!("{:.4}", Short(c)),
                1 => format!(" {} {argument}", signed(c)),
                _ => format!(" {} {argument}^{j}", signed(c)),
            };
            constants.iter().enumerate().map(term).collect()
        };
        let form = match (self.link.link(), constants.as_slice()) {
            (Link::Power, [c, ..]) => format!("{:.4} {group}", Short(*c)),
            (Link::ExponentialSaturation, [a, b, c]) => {
                format!(
                    "{:.4} {} exp(-{:.4} {group})",
                    Short(*a),
                    signed(-b),
                    Short(*c)
                )
            }
            (Link::LogPolynomial(_), _) => sum(&format!("ln{group}")),
            (Link::Monotone, _) => format!("monotone{group}"),
            _ => sum(&group),
        };
        f.pad(&format!("{target} = {form}"))
    }
}

/// A number with some significant digits, in powers of ten where that is shorter.
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(4);
        let size = self.0.abs();
        if self.0 == 0.0 {
            f.write_str("0")
        } else if (1e-3..1e5).contains(&size) {
            let decimals = digits as i32 - 1 - libm::floor(libm::log10(size)) as i32;
            write!(f, "{:.*}", decimals.max(0) as usize, self.0)
        } else {
            write!(f, "{:.*e}", digits - 1, self.0)
        }
    }
}
