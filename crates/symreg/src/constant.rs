//! Fitting the constants of a given structure: variable projection and Levenberg-Marquardt.
//!
//! The model $b + \sum_i w_i g_i(x; \theta)$ is linear in $b, w$ and not in $\theta$. For each
//! $\theta$ the best $b, w$ follow in closed form by projection on the genes, and only $\theta$ is
//! searched, on the projected residual (Golub and Pereyra 1973, doi 10.1137/0710036) with the
//! Jacobian of Kaufman (1975, doi 10.1007/BF01932995), which drops a second-order term.

use crate::complexity::ComplexityMeasure;
use crate::expression::{Expression, MAX_NODES};
use crate::kernel::workspace::{Columns, Workspace};
use crate::linear::{Basis, dot, solve_cholesky};
use crate::loss::Loss;
use crate::model::reciprocal;
use crate::{Data, Error, Model, Result};

/// Why an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// There was nothing to iterate on: the structure has no inner constants.
    ClosedForm,
    /// The relative decrease of the residual sum of squares fell below the tolerance.
    Tolerance,
    /// No step, however short, lowered the residual: a minimum to rounding.
    NoDescent,
    /// The allowed number of iterations was used up.
    MaxIterations,
}

/// How an iterative fit ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Convergence {
    /// Why it ended.
    pub reason: Reason,
    /// Steps tried.
    pub iterations: usize,
    /// Relative decrease of the residual sum of squares in the last accepted step.
    pub residual: f64,
    /// The tolerance on it.
    pub tolerance: f64,
}

/// Least-squares fit of all constants of a given structure.
///
/// Every number in the genes is a starting value and is fitted; the published or guessed values
/// are good starts. Defaults: 200 iterations, tolerance $10^{-14}$ on the relative decrease of the
/// residual sum of squares, 11 starts. O(iterations × starts × rows × (nodes + constants²)).
///
/// # Examples
///
/// The three coefficients of a saturating law, from a rough guess of one:
///
/// ```
/// use symreg::{ConstantFit, Data, Expression};
/// let ke: Vec<f64> = (1..40).map(|i| 0.06 * f64::from(i)).collect();
/// let depth: Vec<f64> = ke.iter().map(|k| 5.12 - 5.07 * (-1.0 * k).exp()).collect();
/// let data = Data::from_columns([("ke", ke)], ("depth", depth))?;
/// let model = ConstantFit::new().fit(&[Expression::parse("exp(-0.2*ke)", &["ke"])?], &data)?;
/// assert_eq!(model.to_infix_rounded(6), "5.12-5.07*exp(-1*ke)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConstantFit {
    max_iterations: usize,
    tolerance: f64,
    starts: usize,
    measure: ComplexityMeasure,
    through_origin: bool,
    loss: Loss,
}

impl Default for ConstantFit {
    fn default() -> Self {
        Self::new()
    }
}

impl ConstantFit {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_iterations: 200,
            tolerance: 1e-14,
            starts: 11,
            measure: ComplexityMeasure::Expressional,
            through_origin: false,
            loss: Loss::Squared,
        }
    }

    /// What is minimized (default: the sum of squared residuals).
    pub fn loss(mut self, value: Loss) -> Self {
        self.loss = value;
        self
    }

    /// Whether the law has no bias (default: it has one).
    pub fn through_origin(mut self, value: bool) -> Self {
        self.through_origin = value;
        self
    }

    /// Most steps of each start (default 200). With 0 the inner constants stay as they are and
    /// only bias and weights are fitted.
    pub fn max_iterations(mut self, value: usize) -> Self {
        self.max_iterations = value;
        self
    }

    /// Relative decrease of the residual sum of squares below which a start ends (default 1e-14).
    pub fn tolerance(mut self, value: f64) -> Self {
        self.tolerance = value;
        self
    }

    /// Number of starting points (default 11): the given constants first, then all of them times
    /// 0.1, 10, 0.01, 100, -1, -0.1, -10, … The best fit is returned; a start that is not finite on
    /// all rows is passed over, so the fit can lie far from the constants given.
    pub fn starts(mut self, value: usize) -> Self {
        self.starts = value;
        self
    }

    /// The measure that [`Model::complexity`] will report (default expressional).
    pub fn complexity_measure(mut self, value: ComplexityMeasure) -> Self {
        self.measure = value;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        self.loss.validate()?;
        if !(self.tolerance >= 0.0 && self.tolerance < 1.0) {
            return Err(Error::InvalidParameter {
                name: "tolerance",
                requirement: "in [0, 1)",
                found: self.tolerance.to_string(),
            });
        }
        if self.starts == 0 || self.starts > STARTS.len() {
            return Err(Error::InvalidParameter {
                name: "starts",
                requirement: "from 1 to 11",
                found: self.starts.to_string(),
            });
        }
        Ok(())
    }

    /// Fits bias, weights and all constants of `genes` to the rows of `data`.
    ///
    /// A gene that is constant or a linear combination of those before it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]; [`Error::VariableOutOfRange`]; [`Error::TooManyNodes`];
    /// [`Error::ConstantTarget`]; [`Error::TargetOutOfRange`]; [`Error::TooFewRows`] when the rows do
    /// not outnumber the constants; [`Error::ConstantModel`] when no gene varies;
    /// [`Error::InvalidModel`] when no start gives finite values on all rows.
    pub fn fit(&self, genes: &[Expression], data: &Data) -> Result<Model> {
        self.validate()?;
        data.check_searchable()?;
        if genes.is_empty() {
            return Err(Error::InvalidParameter {
                name: "genes",
                requirement: "at least one",
                found: "none".into(),
            });
        }
        let nodes: usize = genes.iter().map(|g| g.node_count() + 3).sum();
        if nodes + 1 > MAX_NODES {
            return Err(Error::TooManyNodes {
                found: nodes + 1,
                limit: MAX_NODES,
            });
        }
        for gene in genes {
            gene.check_variables(data.n_columns())?;
        }
        let inner: usize = genes.iter().map(|g| free_constants(g).count()).sum();
        let parameters = inner + genes.len() + 1;
        if data.n_rows() < parameters + 1 {
            return Err(Error::TooFewRows {
                rows: data.n_rows(),
                parameters,
                needed: parameters + 1,
            });
        }
        let starts = if inner == 0 || self.max_iterations == 0 {
            1
        } else {
            self.starts
        };
        let mut fitter = Fitter::new(data)
            .through_origin(self.through_origin)
            .loss(&self.loss);
        let mut best: Option<(Vec<Expression>, Outcome)> = None;
        let mut bad_row = 0;
        for (i, scale) in STARTS.iter().enumerate().take(starts) {
            let mut start = genes.to_vec();
            for gene in &mut start {
                let scaled: Vec<f64> = free_constants(gene).map(|c| c * scale).collect();
                set_free_constants(gene, &mut scaled.into_iter());
            }
            match fitter.fit(&mut start, self.max_iterations, self.tolerance) {
                Ok(outcome) => {
                    if best.as_ref().is_none_or(|(_, b)| outcome.sse < b.sse) {
                        best = Some((start, outcome));
                    }
                }
                Err(row) if i == 0 => bad_row = row,
                Err(_) => {}
            }
        }
        let expression = || {
            let texts: Vec<String> = genes
                .iter()
                .map(|g| g.to_infix(data.names()).unwrap_or_default())
                .collect();
            texts.join("; ")
        };
        let Some((fitted, outcome)) = best else {
            return Err(Error::InvalidModel {
                expression: expression(),
                row: bad_row,
            });
        };
        let model = fitter.into_model(fitted, &outcome, self.measure);
        if model.genes.is_empty() {
            return Err(Error::ConstantModel {
                expression: expression(),
            });
        }
        Ok(model)
    }
}

/// Most steps of reweighted least squares.
const REWEIGHTINGS: usize = 100;

const STARTS: [f64; 11] = [
    1.0, 0.1, 10.0, 0.01, 100.0, -1.0, -0.1, -10.0, -0.01, -100.0, 1e-3,
];

/// The constants that are fitted: all but the numerator of a reciprocal gene, which the gene's
/// weight stands for.
fn free_constants(gene: &Expression) -> impl Iterator<Item = f64> + '_ {
    let skip = usize::from(reciprocal(gene).is_some());
    gene.constants().skip(skip)
}

fn set_free_constants(gene: &mut Expression, values: &mut impl Iterator<Item = f64>) {
    let count = gene.constant_count();
    let skip = count - free_constants(gene).count();
    let fixed: Vec<f64> = gene.constants().take(skip).collect();
    let free: Vec<f64> = values.take(count - skip).collect();
    gene.set_constants(&mut fixed.into_iter().chain(free));
}

/// The closed-form part of a fit, at given inner constants. Its `sse` is what was minimized.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Bias, then one weight a gene; the weight of a dependent gene is 0.
    pub(crate) coefficients: Vec<f64>,
    pub(crate) sse: f64,
    convergence: Convergence,
}

/// Fits structures to one data set; owns the scratch space of one thread.
#[derive(Debug)]
pub(crate) struct Fitter<'a> {
    data: &'a Data,
    workspace: Workspace,
    values: Vec<Vec<f64>>,
    gradients: Vec<Vec<f64>>,
    /// Square roots of the weights of the rows; empty for equal weights.
    root_weights: Vec<f64>,
    /// Whether models have no bias.
    through_origin: bool,
    loss: Loss,
    /// Residuals that a step aims at; empty for none.
    bottoms: Vec<f64>,
}

/// The projection of the target on the genes.
struct Projection {
    basis: Basis,
    coefficients: Vec<f64>,
    residual: Vec<f64>,
    sse: f64,
}

impl<'a> Fitter<'a> {
    pub(crate) fn new(data: &'a Data) -> Self {
        Self {
            data,
            workspace: Workspace::default(),
            values: Vec::new(),
            gradients: Vec::new(),
            root_weights: data.root_weights(),
            through_origin: false,
            loss: Loss::Squared,
            bottoms: Vec::new(),
        }
    }

    /// What is minimized.
    pub(crate) fn loss(mut self, value: &Loss) -> Self {
        self.loss.clone_from(value);
        self
    }

    pub(crate) fn minimized(&self) -> &Loss {
        &self.loss
    }

    /// Whether models have no bias.
    pub(crate) fn through_origin(mut self, value: bool) -> Self {
        self.through_origin = value;
        self
    }

    /// Fits in place. `Err(row)` when the genes as given are not finite on that row.
    pub(crate) fn fit(
        &mut self,
        genes: &mut [Expression],
        max_iterations: usize,
        tolerance: f64,
    ) -> Result<Outcome, usize> {
        let squares = self.fit_squares(genes, max_iterations, tolerance)?;
        if self.loss == Loss::Squared {
            return Ok(squares);
        }
        let roots = std::mem::take(&mut self.root_weights);
        let outcome = self.reweighted(genes, squares, &roots, max_iterations, tolerance);
        self.root_weights = roots;
        outcome
    }

    /// Iteratively reweighted least squares from a least-squares fit, `roots` being those of the rows' own
    /// weights.
    fn reweighted(
        &mut self,
        genes: &mut [Expression],
        start: Outcome,
        roots: &[f64],
        max_iterations: usize,
        tolerance: f64,
    ) -> Result<Outcome, usize> {
        let target = self.data.target();
        let own = |row: usize| roots.get(row).map_or(1.0, |r| r * r);
        let mut best = start;
        let mut residual = self.residuals(genes, &best.coefficients)?;
        let total = |residual: &[f64], loss: &Loss| -> f64 {
            let rows = residual.iter().enumerate();
            2.0 * rows.map(|(i, r)| own(i) * loss.value(*r)).sum::<f64>()
        };
        best.sse = total(&residual, &self.loss);
        // Residuals this small are rounding of the target.
        let least = 1e-8 * (self.data.total_sum_of_squares() / target.len() as f64).sqrt();
        for _ in 0..REWEIGHTINGS {
            self.root_weights = residual
                .iter()
                .enumerate()
                .map(|(i, r)| (own(i) * self.loss.weight(*r, least)).max(0.0).sqrt())
                .collect();
            self.bottoms = residual
                .iter()
                .map(|r| self.loss.bottom(*r, least))
                .collect();
            let mut trial = genes.to_vec();
            let fitted = self.fit_squares(&mut trial, max_iterations, tolerance);
            self.bottoms.clear();
            let Ok(mut next) = fitted else {
                break;
            };
            let Ok(left) = self.residuals(&trial, &next.coefficients) else {
                break;
            };
            next.sse = total(&left, &self.loss);
            if next.sse.is_nan() || next.sse >= best.sse {
                break;
            }
            let gain = 1.0 - next.sse / best.sse;
            genes.clone_from_slice(&trial);
            (best, residual) = (next, left);
            if gain < tolerance.max(1e-10) {
                break;
            }
        }
        Ok(best)
    }

    /// Measured less predicted, without weights.
    fn residuals(&mut self, genes: &[Expression], coefficients: &[f64]) -> Result<Vec<f64>, usize> {
        let roots = std::mem::take(&mut self.root_weights);
        let evaluated = self.evaluate(genes);
        self.root_weights = roots;
        evaluated?;
        let mut residual: Vec<f64> = self
            .data
            .target()
            .iter()
            .map(|y| y - coefficients[0])
            .collect();
        for (values, weight) in self.values.iter().zip(&coefficients[1..]) {
            for (r, v) in residual.iter_mut().zip(values) {
                *r -= weight * v;
            }
        }
        Ok(residual)
    }

    /// Least squares in place.
    fn fit_squares(
        &mut self,
        genes: &mut [Expression],
        max_iterations: usize,
        tolerance: f64,
    ) -> Result<Outcome, usize> {
        let mut convergence = Convergence {
            reason: Reason::ClosedForm,
            iterations: 0,
            residual: 0.0,
            tolerance,
        };
        self.evaluate(genes)?;
        let mut current = self.project();
        if !current.sse.is_finite() {
            return Err(0);
        }
        let mut theta: Vec<f64> = genes.iter().flat_map(free_constants).collect();
        if theta.is_empty() || max_iterations == 0 {
            return Ok(outcome(&current, convergence));
        }
        convergence.reason = Reason::MaxIterations;
        let mut damping = 1e-2;
        'accepted: while convergence.iterations < max_iterations {
            let (normal, gradient) = self.normal_equations(genes, &current);
            loop {
                if convergence.iterations == max_iterations {
                    break 'accepted;
                }
                convergence.iterations += 1;
                let next = damped_step(&normal, &gradient, damping).and_then(|step| {
                    let trial: Vec<f64> = theta.iter().zip(&step).map(|(t, s)| t + s).collect();
                    let usable = trial.iter().all(|t| t.is_finite());
                    set_theta(genes, &trial);
                    let fine = usable && self.evaluate(genes).is_ok();
                    fine.then(|| (trial, self.project()))
                        .filter(|(_, p)| p.sse < current.sse)
                });
                if let Some((trial, projection)) = next {
                    convergence.residual = 1.0 - projection.sse / current.sse;
                    theta = trial;
                    current = projection;
                    damping = (damping * 0.1).max(1e-14);
                    if convergence.residual < tolerance {
                        convergence.reason = Reason::Tolerance;
                        break 'accepted;
                    }
                    continue 'accepted;
                }
                set_theta(genes, &theta);
                damping *= 10.0;
                if damping > 1e10 {
                    convergence.reason = Reason::NoDescent;
                    break 'accepted;
                }
            }
        }
        set_theta(genes, &theta);
        Ok(outcome(&current, convergence))
    }

    /// The better of two fits in place: from the constants as they are, and from all of them with
    /// the other sign. A step cannot pass the pole at 0 of a constant that divides, nor the flat
    /// region between `exp(c*x)` and `exp(-c*x)`.
    pub(crate) fn fit_either_sign(
        &mut self,
        genes: &mut Vec<Expression>,
        max_iterations: usize,
        tolerance: f64,
    ) -> Result<Outcome, usize> {
        if max_iterations == 0 || genes.iter().all(|g| free_constants(g).next().is_none()) {
            return self.fit(genes, max_iterations, tolerance);
        }
        let mut negated = genes.clone();
        for gene in &mut negated {
            let flipped: Vec<f64> = free_constants(gene).map(|c| -c).collect();
            set_free_constants(gene, &mut flipped.into_iter());
        }
        let first = self.fit(genes, max_iterations, tolerance);
        let second = self.fit(&mut negated, max_iterations, tolerance);
        match (first, second) {
            (Ok(a), Ok(b)) if b.sse < a.sse => {
                *genes = negated;
                Ok(b)
            }
            (Err(_), Ok(b)) => {
                *genes = negated;
                Ok(b)
            }
            (first, _) => first,
        }
    }

    /// The fitted model, without the genes that are dependent on others.
    pub(crate) fn into_model(
        mut self,
        genes: Vec<Expression>,
        outcome: &Outcome,
        measure: ComplexityMeasure,
    ) -> Model {
        let (genes, weights): (Vec<_>, Vec<_>) = genes
            .into_iter()
            .zip(outcome.coefficients[1..].iter().copied())
            .filter(|(_, w)| *w != 0.0)
            .unzip();
        let fitted_constants = self.count_constants(&genes, &weights);
        let target = self.data.target();
        let mut sse = outcome.sse;
        if self.loss != Loss::Squared {
            let coefficients: Vec<f64> = std::iter::once(outcome.coefficients[0])
                .chain(weights.iter().copied())
                .collect();
            let mut residual = self.residuals(&genes, &coefficients).unwrap_or_default();
            weigh(&mut residual, &self.root_weights);
            sse = dot(&residual, &residual);
        }
        Model {
            genes,
            weights,
            bias: outcome.coefficients[0],
            names: self.data.names().to_vec(),
            n_rows: target.len(),
            sse,
            objective: outcome.sse,
            degree: self.loss.degree(),
            total_sum_of_squares: self.data.total_sum_of_squares(),
            target_rms: (dot(target, target) / target.len() as f64).sqrt(),
            fitted_constants,
            measure,
            convergence: outcome.convergence,
            noise_variance: self.data.noise_variance(),
            through_origin: self.through_origin,
        }
    }

    /// Values of all genes on all rows, into `self.values`.
    fn evaluate(&mut self, genes: &[Expression]) -> Result<(), usize> {
        let n = self.data.n_rows();
        let columns = Columns::new(self.data.columns());
        self.values.resize_with(genes.len(), Vec::new);
        for (gene, values) in genes.iter().zip(&mut self.values) {
            values.resize(n, 0.0);
            if let Some(row) = self.workspace.evaluate(gene.tokens(), columns, values) {
                return Err(row);
            }
            weigh(values, &self.root_weights);
        }
        Ok(())
    }

    /// The basis of the constant column, or of nothing.
    fn constant_basis(&self) -> Basis {
        if self.through_origin {
            return Basis::empty(self.data.n_rows());
        }
        if self.root_weights.is_empty() {
            return Basis::with_constant(self.data.n_rows());
        }
        let mut basis = Basis::empty(self.data.n_rows());
        basis.push(&self.root_weights);
        basis
    }

    fn project(&self) -> Projection {
        let mut basis = self.constant_basis();
        let independent: Vec<bool> = self.values.iter().map(|v| basis.push(v)).collect();
        let mut residual = self.data.target().to_vec();
        for (r, bottom) in residual.iter_mut().zip(&self.bottoms) {
            *r -= bottom;
        }
        weigh(&mut residual, &self.root_weights);
        let components = basis.project_out(&mut residual);
        let mut solved = basis.coefficients(&components).into_iter();
        let mut coefficients = vec![0.0];
        if !self.through_origin {
            coefficients[0] = solved.next().unwrap_or(0.0);
        }
        coefficients.extend(
            independent
                .iter()
                .map(|&i| if i { solved.next().unwrap_or(0.0) } else { 0.0 }),
        );
        // A gene too small for its weight to be a number has no weight, however well its direction fits.
        let sse = if coefficients.iter().all(|c| c.is_finite()) {
            dot(&residual, &residual)
        } else {
            f64::INFINITY
        };
        Projection {
            basis,
            coefficients,
            residual,
            sse,
        }
    }

    /// Derivatives of the weighted genes by the free constants, into `self.gradients`.
    fn differentiate(&mut self, genes: &[Expression], weights: &[f64]) -> usize {
        let n = self.data.n_rows();
        let columns = Columns::new(self.data.columns());
        let mut filled = 0;
        let mut scratch: Vec<Vec<f64>> = Vec::new();
        for ((gene, values), weight) in genes.iter().zip(&mut self.values).zip(weights) {
            let count = gene.constant_count();
            if count == 0 {
                continue;
            }
            let skip = count - free_constants(gene).count();
            scratch.resize_with(count, Vec::new);
            values.resize(n, 0.0);
            self.workspace.evaluate_with_constants(
                gene.tokens(),
                columns,
                values,
                &mut scratch[..count],
            );
            for column in &mut scratch[skip..count] {
                if self.gradients.len() == filled {
                    self.gradients.push(Vec::new());
                }
                let target = &mut self.gradients[filled];
                std::mem::swap(target, column);
                // A slope that overflows says nothing about the way down.
                for v in target.iter_mut() {
                    *v *= weight;
                    if !v.is_finite() {
                        *v = 0.0;
                    }
                }
                weigh(target, &self.root_weights);
                filled += 1;
            }
        }
        filled
    }

    /// JᵀJ and the steepest descent -Jᵀr of the projected residual.
    fn normal_equations(
        &mut self,
        genes: &[Expression],
        at: &Projection,
    ) -> (Vec<Vec<f64>>, Vec<f64>) {
        debug_assert_eq!(at.coefficients.len(), genes.len() + 1);
        let count = self.differentiate(genes, &at.coefficients[1..]);
        let columns = &mut self.gradients[..count];
        let gradient: Vec<f64> = columns.iter().map(|d| dot(d, &at.residual)).collect();
        for column in columns.iter_mut() {
            at.basis.project_out(column);
        }
        let mut normal = vec![vec![0.0; count]; count];
        for i in 0..count {
            for j in 0..=i {
                let v = dot(&columns[i], &columns[j]);
                normal[i][j] = v;
                normal[j][i] = v;
            }
        }
        (normal, gradient)
    }

    /// Rank of the Jacobian by bias, weights and inner constants.
    fn count_constants(&mut self, genes: &[Expression], weights: &[f64]) -> usize {
        if self.evaluate(genes).is_err() {
            return 1;
        }
        let mut basis = self.project().basis;
        let count = self.differentiate(genes, weights);
        for column in &self.gradients[..count] {
            basis.push(column);
        }
        basis.rank()
    }
}

fn weigh(column: &mut [f64], root_weights: &[f64]) {
    for (v, w) in column.iter_mut().zip(root_weights) {
        *v *= w;
    }
}

fn outcome(at: &Projection, convergence: Convergence) -> Outcome {
    Outcome {
        coefficients: at.coefficients.clone(),
        sse: at.sse,
        convergence,
    }
}

fn set_theta(genes: &mut [Expression], theta: &[f64]) {
    let mut values = theta.iter().copied();
    for gene in genes {
        set_free_constants(gene, &mut values);
    }
}

/// Solves (JᵀJ + damping · diag JᵀJ) step = -Jᵀr.
fn damped_step(normal: &[Vec<f64>], gradient: &[f64], damping: f64) -> Option<Vec<f64>> {
    let mut matrix = normal.to_vec();
    let largest = (0..gradient.len())
        .map(|i| normal[i][i])
        .fold(0.0, f64::max);
    if largest.is_nan() || largest <= 0.0 {
        return None;
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += damping * row[i].max(1e-12 * largest);
    }
    let mut step = gradient.to_vec();
    solve_cholesky(&mut matrix, &mut step).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn grid(n: usize, f: impl Fn(f64, f64) -> f64) -> Result<Data> {
        let a: Vec<f64> = (0..n)
            .map(|i| 0.2 + 3.0 * ((i * 7) % n) as f64 / n as f64)
            .collect();
        let b: Vec<f64> = (0..n)
            .map(|i| 0.5 + 2.0 * ((i * 11) % n) as f64 / n as f64)
            .collect();
        let y = a.iter().zip(&b).map(|(&x, &z)| f(x, z)).collect();
        Data::from_columns([("a", a), ("b", b)], ("y", y))
    }

    fn gene(text: &str) -> Expression {
        Expression::parse(text, &["a", "b"]).unwrap()
    }

    #[test]
    fn a_gene_whose_weight_is_no_number_is_no_model() -> Result<()> {
        let data = grid(40, |a, b| a + b)?;
        let fit = ConstantFit::new().max_iterations(0);
        // About 1e-307, of which three thousandths vary: its weight would be 1e310.
        let tiny = gene("exp(-707-0.001*a)");
        for genes in [vec![tiny.clone()], vec![gene("b"), tiny]] {
            assert!(matches!(
                fit.fit(&genes, &data),
                Err(Error::InvalidModel { .. })
            ));
        }
        Ok(())
    }

    /// Eq. 2 of Gan et al. in the form that the search meets, constants known exactly.
    #[test]
    fn recovers_the_coefficients_of_the_depth_law() -> Result<()> {
        let data = grid(83, |p, e| 5.12 - 5.07 * libm::exp(-1.3 * p / e))?;
        let model = ConstantFit::new().fit(&[gene("exp(-0.4*(a/b))")], &data)?;
        assert_relative_eq!(model.bias(), 5.12, max_relative = 1e-8);
        assert_relative_eq!(model.weights()[0], -5.07, max_relative = 1e-8);
        let rate = model.genes()[0].constants().next().unwrap();
        assert_relative_eq!(rate, -1.3, max_relative = 1e-8);
        assert_eq!(model.fitted_constants(), 3);
        Ok(())
    }

    /// Eq. 5 of Gan et al.: two error functions and one bias.
    #[test]
    fn recovers_the_coefficients_of_the_porosity_law() -> Result<()> {
        let data = grid(120, |p, e| {
            0.0591 * libm::erfc(1.7 * p - 2.04) + 0.0591 * libm::erf(2.2 * e - 2.09) + 0.0639
        })?;
        let model = ConstantFit::new().fit(&[gene("erf(a-1)"), gene("erf(b-1)")], &data)?;
        // Only the shift is free in these genes; the scale is not, so the fit is not exact.
        assert!(model.r2() < 1.0 - 1e-6);
        let model = ConstantFit::new().fit(&[gene("erf(1*a-1)"), gene("erf(1*b-1)")], &data)?;
        assert_relative_eq!(model.bias(), 0.0639 + 0.0591, max_relative = 1e-8);
        assert_relative_eq!(model.weights()[0], -0.0591, max_relative = 1e-8);
        assert_relative_eq!(model.weights()[1], 0.0591, max_relative = 1e-8);
        let shift = model.genes()[1].constants().nth(1).unwrap();
        assert_relative_eq!(shift, 2.09, max_relative = 1e-8);
        assert_eq!(model.fitted_constants(), 7);
        Ok(())
    }

    #[test]
    fn a_constant_that_another_stands_for_is_not_counted_twice() -> Result<()> {
        let data = grid(50, |p, e| 1.0 + libm::exp(-p) * e)?;
        // exp(c + k a) holds a factor e^c that the weight holds too.
        let model = ConstantFit::new().fit(&[gene("exp(0.3-0.7*a)*b")], &data)?;
        assert_eq!(model.fitted_constants(), 3);
        assert!(model.r2() > 1.0 - 1e-12);
        Ok(())
    }

    #[test]
    fn drops_a_gene_that_depends_on_another() -> Result<()> {
        let data = grid(50, |p, e| p * e)?;
        let model = ConstantFit::new().fit(&[gene("a*b"), gene("2*a*b"), gene("a-a")], &data)?;
        assert_eq!(model.genes().len(), 1);
        assert_eq!(model.fitted_constants(), 2);
        assert_eq!(model.convergence().reason, Reason::NoDescent);
        Ok(())
    }

    /// The fit must be no worse than a fine scan over the one inner constant.
    #[test]
    fn reaches_the_minimum_that_a_scan_finds() -> Result<()> {
        let data = grid(60, |p, e| (p / e).sqrt() + 0.1 * libm::sin(17.0 * p))?;
        let model = ConstantFit::new().fit(&[gene("exp(-1*(a/b))")], &data)?;
        let mut least = f64::INFINITY;
        for i in 1..4000 {
            let rate = -4.0 + f64::from(i) * 0.001;
            let fixed = ConstantFit::new()
                .max_iterations(0)
                .fit(&[gene(&format!("exp({rate}*(a/b))"))], &data)?;
            least = least.min(fixed.sse());
        }
        assert!(
            model.sse() <= least * (1.0 + 1e-12),
            "{} {least}",
            model.sse()
        );
        Ok(())
    }

    #[test]
    fn names_what_cannot_be_fitted() -> Result<()> {
        let data = grid(5, |p, e| p + e * e)?;
        let fit = |text: &str| ConstantFit::new().fit(&[gene(text)], &data);
        assert!(matches!(
            fit("1*a+2*b+3*(a*b)+4*exp(a)"),
            Err(Error::TooFewRows {
                rows: 5,
                parameters: 6,
                needed: 7
            })
        ));
        assert!(matches!(
            fit("log(-a)"),
            Err(Error::InvalidModel { row: 0, .. })
        ));
        assert!(matches!(fit("a-a"), Err(Error::ConstantModel { .. })));
        let c = Expression::parse("c", &["a", "b", "c"])?;
        assert_eq!(
            ConstantFit::new().fit(&[c], &data),
            Err(Error::VariableOutOfRange {
                index: 2,
                columns: 2
            })
        );
        assert!(ConstantFit::new().fit(&[], &data).is_err());
        assert!(
            ConstantFit::new()
                .starts(0)
                .fit(&[gene("a")], &data)
                .is_err()
        );
        assert!(
            ConstantFit::new()
                .tolerance(f64::NAN)
                .fit(&[gene("a")], &data)
                .is_err()
        );
        Ok(())
    }
}
