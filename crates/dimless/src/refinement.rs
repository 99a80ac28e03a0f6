//! Real exponents fitted to the rows.

use std::fmt;

use crate::convergence::{Convergence, Reason};
use crate::error::{Error, Result};
use crate::law_data::LawData;
use crate::law_search::{LawSearch, centered};
use crate::linear::{damped, independent};
use crate::link::{Fit, FittedLink, Fitter, Link};
use crate::rational::Rational;
use crate::scaling_law::{LawScores, LawTest, LawText, ScalingLaw, fitted_target, test_link};

const MAX_ITERATIONS: usize = 200;
const TOLERANCE: f64 = 1e-12;

/// A law whose exponents are real numbers fitted to the rows, still dimensionless (to rounding).
///
/// More freedom describes the rows of the fit better and other rows, as a rule, worse: on one alloy with two spot
/// sizes the exponents of the keyhole number run off to values that fail on other alloys. Compare
/// [`test`](Self::test) with that of the law it came from, and see [`LawSearch::bootstrap_exponents`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RefinedLaw {
    names: Vec<String>,
    exponents: Vec<f64>,
    fixed: String,
    n_free: usize,
    n_held: usize,
    link: FittedLink,
    target_name: String,
    log_target: bool,
    scores: LawScores,
    convergence: Convergence,
}

impl RefinedLaw {
    /// The names of the variables.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The exponents, in the order of the names.
    pub fn exponents(&self) -> &[f64] {
        &self.exponents
    }

    /// The exponent of one variable; nothing if there is no such variable.
    pub fn exponent(&self, name: &str) -> Option<f64> {
        let index = self.names.iter().position(|n| n == name)?;
        self.exponents.get(index).copied()
    }

    /// The variable whose exponent was not changed, since a group is known up to powers.
    pub fn fixed(&self) -> &str {
        &self.fixed
    }

    /// How many independent combinations of exponents were fitted.
    pub const fn n_free(&self) -> usize {
        self.n_free
    }

    /// How many more dimensional analysis leaves free but the rows say nothing about, because the variables they belong to are
    /// constant or vary together; these were held.
    pub const fn n_held(&self) -> usize {
        self.n_held
    }

    /// The fitted link.
    pub const fn link(&self) -> &FittedLink {
        &self.link
    }

    /// The scores on the rows of the fit; the free exponents count as constants.
    pub const fn scores(&self) -> &LawScores {
        &self.scores
    }

    /// How the fit ended.
    pub const fn convergence(&self) -> &Convergence {
        &self.convergence
    }

    /// The target of each row.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVariables`].
    pub fn predict_rows(&self, data: &LawData) -> Result<Vec<f64>> {
        let fitted = self.logarithms(data)?.into_iter().map(|u| {
            let value = self.link.predict_logarithm(u);
            if self.log_target {
                libm::exp(value)
            } else {
                value
            }
        });
        let fitted: Vec<f64> = fitted.collect();
        Ok(data.in_given_order(&fitted))
    }

    /// The score on rows that may be others than those of the fit.
    ///
    /// # Errors
    ///
    /// As [`ScalingLaw::test`].
    pub fn test(&self, data: &LawData) -> Result<LawTest> {
        test_link(&self.link, &self.logarithms(data)?, self.log_target, data)
    }

    fn logarithms(&self, data: &LawData) -> Result<Vec<f64>> {
        if data.system().names() != self.names {
            return Err(Error::OtherVariables {
                expected: self.names.clone(),
                found: data.system().names().to_vec(),
            });
        }
        Ok(combined(data.logarithms(), &self.exponents))
    }
}

impl fmt::Display for RefinedLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let law = LawText {
            names: &self.names,
            exponents: &self.exponents,
            target_name: &self.target_name,
            log_target: self.log_target,
            link: &self.link,
        };
        f.pad(&law.to_string())
    }
}

impl LawSearch {
    /// The law with its exponents as real numbers that fit the rows best, starting from those of `law`.
    ///
    /// The group stays dimensionless, and the exponent of its first variable stays as it is. The link is
    /// fitted anew at each step (variable projection), and the exponents by damped Gauss-Newton steps. Folds and labels are
    /// left out as in the search, with the exponents fitted anew to the rest.
    ///
    /// # Errors
    ///
    /// Those of [`fit_group`](Self::fit_group); [`Error::InvalidParameter`] for a monotone link, which has no derivative;
    /// [`Error::TooFewRows`] unless there are two more rows than constants and free exponents.
    ///
    /// # References
    ///
    /// G. H. Golub and V. Pereyra, *Separable nonlinear least squares: the variable projection method and its applications*, Inverse
    /// Probl. 19, R1 (2003), doi 10.1088/0266-5611/19/2/201.
    pub fn refine(&self, data: &LawData, law: &ScalingLaw) -> Result<RefinedLaw> {
        let refiner = Refiner::new(self, data, law)?;
        let splits = self.splits(data)?;
        let fits: Vec<Option<Refined>> = splits
            .iter()
            .map(|split| refiner.refine(&split.weights))
            .collect();
        let constant = || Error::ConstantColumn {
            name: law.group().to_string(),
        };
        let whole = fits.first().and_then(Option::as_ref).ok_or_else(constant)?;
        let predicted = |split: usize, row: usize| match &fits[split + 1] {
            Some(fit) => {
                let logarithm = |(c, e): (&Vec<f64>, &f64)| c[row] * e;
                let sum: f64 = data
                    .logarithms()
                    .iter()
                    .zip(&fit.exponents)
                    .map(logarithm)
                    .sum();
                fit.fit.at(sum - fit.center)
            }
            None => f64::NAN,
        };
        let n_free = refiner.directions.len();
        let ssr = whole.fit.ssr;
        let scores = self.scores(data, &refiner.target, ssr, n_free, &splits, &predicted);
        let (_, u) =
            centered(combined(data.logarithms(), &whole.exponents)).ok_or_else(constant)?;
        let fitter = Fitter::new(self.stated_link(), &[1.0], &refiner.target);
        Ok(RefinedLaw {
            names: data.system().names().to_vec(),
            exponents: whole.exponents.clone(),
            fixed: data.system().names()[refiner.fixed].clone(),
            n_free,
            n_held: refiner.n_held,
            link: fitter.finish(whole.fit.clone(), whole.center, &u),
            target_name: data.target_name().to_owned(),
            log_target: self.has_log_target(),
            scores,
            convergence: whole.convergence,
        })
    }
}

/// Exponents fitted under one weighting of the rows.
pub(crate) struct Refined {
    pub(crate) exponents: Vec<f64>,
    pub(crate) fit: Fit,
    center: f64,
    convergence: Convergence,
}

/// What all fits of one law share.
pub(crate) struct Refiner<'a> {
    link: Link,
    data: &'a LawData,
    pub(crate) target: Vec<f64>,
    start: Vec<f64>,
    pub(crate) fixed: usize,
    /// Changes of the exponents that keep them dimensionless, and what each does to the logarithm in each row.
    directions: Vec<(Vec<f64>, Vec<f64>)>,
    n_held: usize,
}

impl<'a> Refiner<'a> {
    pub(crate) fn new(search: &LawSearch, data: &'a LawData, law: &ScalingLaw) -> Result<Self> {
        search.validate()?;
        let link = search.stated_link();
        if link == Link::Monotone {
            return Err(Error::InvalidParameter {
                name: "link",
                requirement: "one with a derivative for fitted exponents",
                found: link.to_string(),
            });
        }
        // Names are checked here.
        data.group_logarithms(law.group())?;
        let target = fitted_target(data, search.has_log_target())?;
        let start = law.exponents();
        let fixed = start.iter().position(|&e| e != 0.0).unwrap_or(0);
        let mut candidates = Vec::new();
        for direction in free_directions(data, fixed)? {
            let logarithms = combined(data.logarithms(), &direction);
            let size = data.n_rows() as f64;
            let mean = logarithms.iter().sum::<f64>() / size;
            let along: Vec<f64> = logarithms.iter().map(|l| l - mean).collect();
            // Rounding of the logarithms must not pass for variation.
            let scale = logarithms.iter().fold(1.0_f64, |s, l| s.max(l.abs()));
            if along.iter().any(|a| a.abs() > 1e-11 * scale) {
                candidates.push((direction, along));
            } else {
                candidates.push((direction, vec![0.0; data.n_rows()]));
            }
        }
        let columns: Vec<Vec<f64>> = candidates.iter().map(|c| c.1.clone()).collect();
        let kept = independent(&columns, 1e-9);
        let n_held = candidates.len() - kept.len();
        let directions: Vec<_> = kept.iter().map(|&i| candidates[i].clone()).collect();
        data.require_rows(link.n_constants() + directions.len() + 2)?;
        Ok(Self {
            link,
            data,
            target,
            start,
            fixed,
            directions,
            n_held,
        })
    }

    /// The best exponents near the start; nothing where the group has too few values in the rows that count.
    pub(crate) fn refine(&self, weights: &[f64]) -> Option<Refined> {
        let mut fitter = Fitter::new(self.link, &[1.0], &self.target);
        let mut fit_at = |exponents: &[f64]| {
            let (center, u) = centered(combined(self.data.logarithms(), exponents))?;
            let fit = fitter.best(&u, &[weights]).pop().flatten()?;
            Some((fit, center, u))
        };
        let mut exponents = self.start.clone();
        let (mut fit, mut center, mut u) = fit_at(&exponents)?;
        let mut damping = 1e-3;
        let mut convergence = Convergence {
            reason: Reason::Tolerance,
            iterations: 0,
            residual: 0.0,
            tolerance: TOLERANCE,
        };
        while !self.directions.is_empty() {
            if convergence.iterations == MAX_ITERATIONS {
                convergence.reason = Reason::MaxIterations;
                break;
            }
            convergence.iterations += 1;
            let steps = self.steps(&fit, &u, weights, damping)?;
            let mut next = exponents.clone();
            for ((direction, _), step) in self.directions.iter().zip(&steps) {
                for (exponent, d) in next.iter_mut().zip(direction) {
                    *exponent += step * d;
                }
            }
            match fit_at(&next).filter(|(new, ..)| new.ssr < fit.ssr) {
                Some((new_fit, new_center, new_u)) => {
                    convergence.residual = (fit.ssr - new_fit.ssr) / fit.ssr;
                    (fit, center, u) = (new_fit, new_center, new_u);
                    exponents = next;
                    damping = (damping * 0.2).max(1e-9);
                    if convergence.residual <= TOLERANCE {
                        break;
                    }
                }
                None if damping > 1e6 => {
                    convergence.reason = Reason::NoProgress;
                    break;
                }
                None => damping *= 5.0,
            }
        }
        Some(Refined {
            exponents,
            fit,
            center,
            convergence,
        })
    }

    /// One damped step along each direction, with the constants of the link free to follow.
    fn steps(&self, fit: &Fit, u: &[f64], weights: &[f64], damping: f64) -> Option<Vec<f64>> {
        let n = u.len();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut right = vec![0.0; n];
        let mut by_direction = vec![vec![0.0; n]; self.directions.len()];
        for row in 0..n {
            let root = libm::sqrt(weights[row]);
            let (constants, slope) = fit.derivatives(u[row])?;
            if columns.is_empty() {
                columns = vec![vec![0.0; n]; constants.len()];
            }
            for (column, constant) in columns.iter_mut().zip(&constants) {
                column[row] = root * constant;
            }
            for (column, (_, along)) in by_direction.iter_mut().zip(&self.directions) {
                column[row] = root * slope * along[row];
            }
            right[row] = root * (self.target[row] - fit.at(u[row]));
        }
        let n_constants = columns.len();
        columns.extend(by_direction);
        let mut lambda = vec![0.0; columns.len()];
        lambda[n_constants..].fill(damping);
        Some(damped(&columns, &right, &lambda).split_off(n_constants))
    }
}

/// Whole-number directions of exponents that keep a product dimensionless and leave the fixed exponent alone.
fn free_directions(data: &LawData, fixed: usize) -> Result<Vec<Vec<f64>>> {
    let basis = data.system().pi()?;
    let rows: Vec<&[i64]> = basis
        .groups()
        .iter()
        .map(crate::pi::Group::exponents)
        .collect();
    let Some(pivot) = rows.iter().position(|row| row[fixed] != 0) else {
        return Ok(Vec::new());
    };
    let mut directions = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if index == pivot {
            continue;
        }
        let factor = Rational::new(row[fixed], rows[pivot][fixed])?;
        let direction: Result<Vec<f64>> = row
            .iter()
            .zip(rows[pivot])
            .map(|(&e, &p)| {
                let taken = factor.times(Rational::integer(p))?;
                Ok(Rational::integer(e).minus(taken)?.to_f64())
            })
            .collect();
        directions.push(direction?);
    }
    Ok(directions)
}

/// The logarithm of the product of powers in each row.
fn combined(logarithms: &[Vec<f64>], exponents: &[f64]) -> Vec<f64> {
    let n = logarithms.first().map_or(0, Vec::len);
    let mut sum = vec![0.0; n];
    for (column, &exponent) in logarithms.iter().zip(exponents) {
        if exponent != 0.0 {
            for (s, l) in sum.iter_mut().zip(column) {
                *s += exponent * l;
            }
        }
    }
    sum
}
