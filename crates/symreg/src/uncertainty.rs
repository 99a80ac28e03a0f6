//! Confidence intervals of the constants of a fitted law.

use ndarray::Array2;
use rand::RngExt;

use crate::linear::{dot, norm};
use crate::random::{Purpose, stream};
use crate::refit::{Refit, check_finite, columns_of};
use crate::student::t_quantile;
use crate::{Data, Error, Expression, Model, Result};

/// Norm left of a column of the Jacobian after projection on the others, relative to the norm
/// before, below which the rows cannot tell its constant.
const DEPENDENT: f64 = 1e-10;
/// Steps of each refit.
const ITERATIONS: usize = 200;

/// What a bootstrap draws again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Resampling {
    /// Whole rows (the default): valid also where the scatter differs from row to row.
    #[default]
    Rows,
    /// Residuals, put on the fitted values and inflated by $\sqrt{n/(n-p)}$: the inputs stay as they are.
    Residuals,
}

/// How intervals were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum IntervalMethod {
    /// From the Jacobian at the optimum.
    Linear,
    /// From the profile of the residual sum of squares.
    Profile,
    /// From refits to resampled rows or residuals.
    Bootstrap,
}

/// Confidence intervals for the constants of a law, in three ways.
///
/// - [`linear`](Self::linear): $s^2 (J^\top J)^{-1}$ and Student's t. Exact for laws linear in their
///   constants; a matter of microseconds.
/// - [`profile`](Self::profile): where holding one constant and refitting the others raises the
///   residual sum of squares to $S(\hat\theta)(1 + t^2/(n-p))$. Follows the curvature of the law, is
///   the same in any parameterization, and may be unbounded.
/// - [`bootstrap`](Self::bootstrap): percentiles of refits. Needs no normal errors.
///
/// All three take the structure as given. That a search chose it among many is not part of them, so
/// they are too narrow where other structures fit as well: see [`ParetoFront::ties`](crate::ParetoFront::ties).
///
/// # References
///
/// Bates and Watts 1988, *Nonlinear Regression Analysis and Its Applications*,
/// doi 10.1002/9780470316757, sections 2.2 and 6.1; Efron 1979, doi 10.1214/aos/1176344552.
///
/// # Examples
///
/// ```
/// use symreg::{ConstantFit, ConstantUncertainty, Data, Expression};
/// let x: Vec<f64> = (0..30).map(|i| 0.1 * f64::from(i)).collect();
/// let y: Vec<f64> = x.iter().enumerate()
///     .map(|(i, v)| 5.0 - 4.0 * (-v).exp() + 0.01 * f64::from(i as u32 * 7 % 11) - 0.05)
///     .collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let model = ConstantFit::new().fit(&[Expression::parse("exp(-0.5*x)", &["x"])?], &data)?;
/// let intervals = ConstantUncertainty::new().linear(&model, &data)?;
/// let weight = &intervals.constants()[1];
/// assert_eq!(weight.name, "weight 1");
/// assert!(weight.low < -4.0 && -4.0 < weight.high && weight.high - weight.low < 0.2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConstantUncertainty {
    level: f64,
    resamples: usize,
    resampling: Resampling,
    seed: u64,
}

impl Default for ConstantUncertainty {
    fn default() -> Self {
        Self::new()
    }
}

impl ConstantUncertainty {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            level: 0.95,
            resamples: 1000,
            resampling: Resampling::Rows,
            seed: 0,
        }
    }

    /// Probability that an interval covers the true constant (default 0.95).
    pub fn level(mut self, value: f64) -> Self {
        self.level = value;
        self
    }

    /// Refits of a bootstrap (default 1000).
    pub fn resamples(mut self, value: usize) -> Self {
        self.resamples = value;
        self
    }

    /// What a bootstrap draws again (default rows).
    pub fn resampling(mut self, value: Resampling) -> Self {
        self.resampling = value;
        self
    }

    /// Seed of the bootstrap (default 0); each refit draws from a ChaCha8 stream of its own.
    pub fn seed(mut self, value: u64) -> Self {
        self.seed = value;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::InvalidParameter {
                name: "level",
                requirement: "between 0 and 1",
                found: self.level.to_string(),
            });
        }
        if !(20..=1_000_000).contains(&self.resamples) {
            return Err(Error::InvalidParameter {
                name: "resamples",
                requirement: "from 20 to 1000000",
                found: self.resamples.to_string(),
            });
        }
        Ok(())
    }

    /// Intervals from the Jacobian at the optimum. O(rows × (nodes + constants²)).
    ///
    /// A constant that the rows cannot tell from others has an infinite standard error.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]; [`Error::UnknownColumn`] if `data` lacks a column that the law
    /// uses; [`Error::InvalidModel`] if the law is not finite on a row; [`Error::TooFewRows`] when
    /// the rows do not outnumber the constants.
    pub fn linear(&self, model: &Model, data: &Data) -> Result<ConstantIntervals> {
        self.validate()?;
        let problem = Problem::new(model, data)?;
        Ok(self.linear_of(&problem))
    }

    /// Intervals from the profile of the residual sum of squares. O(constants × 50) refits.
    ///
    /// An end is infinite where no value within 10⁶ standard errors raises the residuals enough.
    ///
    /// # Errors
    ///
    /// As [`linear`](Self::linear).
    pub fn profile(&self, model: &Model, data: &Data) -> Result<ConstantIntervals> {
        self.validate()?;
        let problem = Problem::new(model, data)?;
        let mut intervals = self.linear_of(&problem);
        intervals.method = IntervalMethod::Profile;
        let t = t_quantile(0.5 + 0.5 * self.level, problem.degrees_of_variance());
        let variance = problem.variance();
        for (k, constant) in intervals.constants.iter_mut().enumerate() {
            if !(constant.standard_error.is_finite() && constant.standard_error > 0.0) {
                continue;
            }
            let sign = problem.signs[k];
            let ends = [-1.0, 1.0].map(|direction| {
                sign * problem.profile_end(k, direction * constant.standard_error, t, variance)
            });
            constant.low = ends[0].min(ends[1]);
            constant.high = ends[0].max(ends[1]);
        }
        Ok(intervals)
    }

    /// Intervals from refits to resampled data: percentiles, and the standard deviation as the
    /// standard error. O([`resamples`](Self::resamples)) refits.
    ///
    /// A refit that ends in no finite law is left out and counted in
    /// [`ConstantIntervals::failed`].
    ///
    /// # Errors
    ///
    /// As [`linear`](Self::linear); [`Error::NoValidModel`] if fewer than half of the refits end in
    /// a finite law.
    pub fn bootstrap(&self, model: &Model, data: &Data) -> Result<ConstantIntervals> {
        self.validate()?;
        let problem = Problem::new(model, data)?;
        let mut intervals = self.linear_of(&problem);
        intervals.method = IntervalMethod::Bootstrap;
        let n = problem.target.len();
        let inflation = (n as f64 / problem.degrees()).sqrt();
        let mut fit = problem.refit();
        let mut found: Vec<Vec<f64>> = vec![Vec::new(); problem.values.len()];
        for resample in 0..self.resamples {
            let mut rng = stream(self.seed, 0, 0, resample as u64, Purpose::Bootstrap);
            match self.resampling {
                Resampling::Rows => {
                    let mut counts = vec![0.0; n];
                    for _ in 0..n {
                        counts[rng.random_range(0..n)] += 1.0;
                    }
                    if !problem.root_weights.is_empty() {
                        for (count, root) in counts.iter_mut().zip(&problem.root_weights) {
                            *count *= root * root;
                        }
                    }
                    fit.set_weights(&counts);
                }
                Resampling::Residuals => {
                    let target: Vec<f64> = problem
                        .fitted
                        .iter()
                        .enumerate()
                        .map(|(i, f)| {
                            let drawn = problem.residual[rng.random_range(0..n)];
                            f + inflation * drawn / problem.root_weight(i)
                        })
                        .collect();
                    fit.set_target(&target);
                }
            }
            let mut law = problem.law.clone();
            let free = vec![true; problem.values.len()];
            if fit.fit(&mut law, &free, ITERATIONS).is_some() {
                for ((column, value), sign) in
                    found.iter_mut().zip(law.constants()).zip(&problem.signs)
                {
                    column.push(sign * value);
                }
            }
        }
        let succeeded = found.first().map_or(0, Vec::len);
        intervals.failed = self.resamples - succeeded;
        if 2 * succeeded < self.resamples {
            return Err(Error::NoValidModel {
                constraints: Vec::new(),
                evaluations: self.resamples as u64,
            });
        }
        let means: Vec<f64> = found
            .iter()
            .map(|c| c.iter().sum::<f64>() / succeeded as f64)
            .collect();
        for i in 0..found.len() {
            for j in 0..found.len() {
                let products = found[i].iter().zip(&found[j]);
                intervals.covariance[[i, j]] = products
                    .map(|(a, b)| (a - means[i]) * (b - means[j]))
                    .sum::<f64>()
                    / (succeeded - 1) as f64;
            }
        }
        for (i, (constant, values)) in intervals.constants.iter_mut().zip(&mut found).enumerate() {
            values.sort_by(f64::total_cmp);
            constant.standard_error = intervals.covariance[[i, i]].sqrt();
            constant.low = percentile(values, 0.5 - 0.5 * self.level);
            constant.high = percentile(values, 0.5 + 0.5 * self.level);
        }
        Ok(intervals)
    }

    fn linear_of(&self, problem: &Problem) -> ConstantIntervals {
        let mut fit = problem.refit();
        let mut jacobian = fit.jacobian(&problem.law).to_vec();
        for (column, sign) in jacobian.iter_mut().zip(&problem.signs) {
            for v in column.iter_mut() {
                *v *= sign;
            }
        }
        let variance = problem.variance();
        let covariance = inverse_normal_matrix(&jacobian) * variance;
        let t = t_quantile(0.5 + 0.5 * self.level, problem.degrees_of_variance());
        let constants = problem
            .names
            .iter()
            .zip(&problem.values)
            .zip(&problem.signs)
            .enumerate()
            .map(|(i, ((name, value), sign))| {
                let estimate = sign * value;
                let standard_error = covariance[[i, i]].sqrt();
                ConstantInterval {
                    name: name.clone(),
                    estimate,
                    standard_error,
                    low: estimate - t * standard_error,
                    high: estimate + t * standard_error,
                }
            })
            .collect();
        ConstantIntervals {
            method: IntervalMethod::Linear,
            level: self.level,
            sigma: variance.sqrt(),
            degrees_of_freedom: problem.target.len() - problem.values.len(),
            constants,
            covariance,
            failed: 0,
        }
    }
}

/// A constant with its interval.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConstantInterval {
    /// `bias`, `weight 1`, or `constant 2 of gene 1`, counting from 1 in the order of the text.
    pub name: String,
    /// The fitted value.
    pub estimate: f64,
    /// Its standard error; infinite if the rows cannot tell it.
    pub standard_error: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Intervals of all constants of a law: the bias, then each gene's weight and inner constants.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstantIntervals {
    method: IntervalMethod,
    level: f64,
    sigma: f64,
    degrees_of_freedom: usize,
    constants: Vec<ConstantInterval>,
    covariance: Array2<f64>,
    failed: usize,
}

impl ConstantIntervals {
    /// How they were found.
    #[must_use]
    pub fn method(&self) -> IntervalMethod {
        self.method
    }

    /// The probability that each covers the true constant.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Standard deviation of the residuals, $\sqrt{\mathrm{SSE}/(n-p)}$.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Rows less constants.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> usize {
        self.degrees_of_freedom
    }

    /// The constants with their intervals.
    #[must_use]
    pub fn constants(&self) -> &[ConstantInterval] {
        &self.constants
    }

    /// Covariance matrix of the estimates, in their order. Rows and columns of constants that the
    /// rows cannot tell are zero but for an infinite diagonal.
    #[must_use]
    pub fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    /// Refits of a bootstrap that ended in no finite law.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }
}

/// A law at its optimum, as one expression.
struct Problem {
    law: Expression,
    columns: Vec<Vec<f64>>,
    target: Vec<f64>,
    fitted: Vec<f64>,
    residual: Vec<f64>,
    names: Vec<String>,
    values: Vec<f64>,
    /// -1 where the expression holds the absolute value of a negative weight.
    signs: Vec<f64>,
    sse: f64,
    /// Square roots of the weights of the rows; empty for equal weights.
    root_weights: Vec<f64>,
    noise_variance: Option<f64>,
}

impl Problem {
    fn new(model: &Model, data: &Data) -> Result<Self> {
        let mut law = model.expression();
        let columns = columns_of(&law, model.names(), data)?;
        check_finite(&law, model.names(), &columns, data.n_rows())?;
        let (mut names, mut signs) = (Vec::new(), Vec::new());
        if !model.through_origin {
            names.push("bias".to_owned());
            signs.push(1.0);
        }
        let total = law.constant_count();
        for (i, (gene, weight)) in model.genes().iter().zip(model.weights()).enumerate() {
            names.push(format!("weight {}", i + 1));
            // The first constant of a law is written with its sign.
            let is_absolute = *weight < 0.0 && !signs.is_empty();
            signs.push(if is_absolute { -1.0 } else { 1.0 });
            let skip = usize::from(crate::model::reciprocal(gene).is_some());
            for k in skip..gene.constant_count() {
                names.push(format!("constant {} of gene {}", k + 1 - skip, i + 1));
                signs.push(1.0);
            }
        }
        debug_assert_eq!(names.len(), total);
        if data.n_rows() <= total {
            return Err(Error::TooFewRows {
                rows: data.n_rows(),
                parameters: total,
                needed: total + 1,
            });
        }
        let target = data.target().to_vec();
        let mut fit = Refit::of_data(&columns, data);
        let sse = fit
            .fit(&mut law, &vec![true; total], ITERATIONS)
            .unwrap_or(f64::INFINITY);
        let residual = fit.residual().to_vec();
        let root_weights = data.root_weights();
        let fitted = target
            .iter()
            .zip(&residual)
            .enumerate()
            .map(|(i, (y, r))| y - r / root_weights.get(i).unwrap_or(&1.0))
            .collect();
        let values = law.constants().collect();
        Ok(Self {
            law,
            columns,
            target,
            fitted,
            residual,
            names,
            values,
            signs,
            sse,
            root_weights,
            noise_variance: data.noise_variance(),
        })
    }

    fn refit(&self) -> Refit<'_> {
        Refit::with_root_weights(&self.columns, &self.target, &self.root_weights)
    }

    fn root_weight(&self, row: usize) -> f64 {
        self.root_weights.get(row).copied().unwrap_or(1.0)
    }

    /// The noise variance of a row of weight 1, known or estimated.
    fn variance(&self) -> f64 {
        self.noise_variance.unwrap_or(self.sse / self.degrees())
    }

    /// Degrees of freedom of that variance: as good as infinite where it is known.
    fn degrees_of_variance(&self) -> f64 {
        if self.noise_variance.is_some() {
            1e9
        } else {
            self.degrees()
        }
    }

    fn degrees(&self) -> f64 {
        (self.target.len() - self.values.len()) as f64
    }

    /// The value of constant `k`, in the direction of `step`, at which the profile reaches `t`.
    fn profile_end(&self, k: usize, step: f64, t: f64, variance: f64) -> f64 {
        let step = step * self.signs[k];
        let mut fit = self.refit();
        let mut free = vec![true; self.values.len()];
        free[k] = false;
        // The others, as they were at the nearest point that was fitted.
        let mut near = self.law.clone();
        let mut reach = |distance: f64, near: &mut Expression| -> f64 {
            let mut law = near.clone();
            let mut values: Vec<f64> = law.constants().collect();
            values[k] = self.values[k] + distance * step;
            law.set_constants(&mut values.into_iter());
            match fit.fit(&mut law, &free, ITERATIONS) {
                Some(sse) => {
                    *near = law;
                    ((sse - self.sse).max(0.0) / variance).sqrt()
                }
                // Where the law is not finite, no fit is worse.
                None => f64::INFINITY,
            }
        };
        let (mut inside, mut outside) = (0.0, t);
        let mut inside_law = near.clone();
        while reach(outside, &mut near) < t {
            inside = outside;
            inside_law.clone_from(&near);
            outside *= 1.6;
            if outside > 1e6 {
                return if step < 0.0 {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                };
            }
        }
        for _ in 0..60 {
            let middle = 0.5 * (inside + outside);
            let mut law = inside_law.clone();
            if reach(middle, &mut law) < t {
                inside = middle;
                inside_law = law;
            } else {
                outside = middle;
            }
            if outside - inside <= 1e-9 * outside {
                break;
            }
        }
        self.values[k] + 0.5 * (inside + outside) * step
    }
}

/// $(J^\top J)^{-1}$ through a QR factorization of the columns. The columns that depend on each
/// other get an infinite variance.
fn inverse_normal_matrix(columns: &[Vec<f64>]) -> Array2<f64> {
    let p = columns.len();
    let mut directions: Vec<Vec<f64>> = Vec::new();
    // `factor[k]`: components of kept column `k` along the directions, its own last.
    let mut factor: Vec<Vec<f64>> = Vec::new();
    let mut kept: Vec<usize> = Vec::new();
    let mut undetermined = vec![false; p];
    let sizes: Vec<f64> = columns.iter().map(|c| norm(c)).collect();
    for (index, column) in columns.iter().enumerate() {
        if !(sizes[index] > 0.0 && sizes[index].is_finite()) {
            undetermined[index] = true;
            continue;
        }
        let mut rest: Vec<f64> = column.iter().map(|v| v / sizes[index]).collect();
        let mut components = vec![0.0; directions.len()];
        for _ in 0..2 {
            for (c, q) in components.iter_mut().zip(&directions) {
                let part = dot(q, &rest);
                *c += part;
                for (r, d) in rest.iter_mut().zip(q) {
                    *r -= part * d;
                }
            }
        }
        let left = norm(&rest);
        if left <= DEPENDENT {
            undetermined[index] = true;
            // And so are those that it is a combination of.
            let mut shares = components;
            for k in (0..kept.len()).rev() {
                shares[k] /= factor[k][k];
                let share = shares[k];
                for (s, f) in shares[..k].iter_mut().zip(&factor[k]) {
                    *s -= f * share;
                }
                if share.abs() > 1e-6 {
                    undetermined[kept[k]] = true;
                }
            }
            continue;
        }
        for v in &mut rest {
            *v /= left;
        }
        components.push(left);
        directions.push(rest);
        factor.push(components);
        kept.push(index);
    }
    // Columns of the inverse of the upper triangular factor.
    let m = kept.len();
    let mut inverse = vec![vec![0.0; m]; m];
    for (k, column) in inverse.iter_mut().enumerate() {
        column[k] = 1.0 / factor[k][k];
        for i in (0..k).rev() {
            let sum: f64 = (i + 1..=k).map(|j| factor[j][i] * column[j]).sum();
            column[i] = -sum / factor[i][i];
        }
    }
    let mut result = Array2::zeros((p, p));
    for (a, &i) in kept.iter().enumerate() {
        for (b, &j) in kept.iter().enumerate() {
            if !undetermined[i] && !undetermined[j] {
                let sum: f64 = inverse.iter().map(|column| column[a] * column[b]).sum();
                result[[i, j]] = sum / (sizes[i] * sizes[j]);
            }
        }
    }
    for (i, unknown) in undetermined.iter().enumerate() {
        if *unknown {
            result[[i, i]] = f64::INFINITY;
        }
    }
    result
}

/// The value below which a share of sorted values lies, linearly between them.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests;
