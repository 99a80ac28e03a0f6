//! The fit of one structure after another to the same rows: variable projection and Levenberg-Marquardt.
//!
//! The model $b + \sum_i w_i g_i(x; \theta)$ is linear in $b, w$ and not in $\theta$. For each
//! $\theta$ the best $b, w$ follow in closed form by projection on the genes, and only $\theta$ is
//! searched, on the projected residual (Golub and Pereyra 1973, doi 10.1137/0710036) with the
//! Jacobian of Kaufman (1975, doi 10.1007/BF01932995), which drops a second-order term.

mod reweighting;
mod settling;

use crate::complexity::ComplexityMeasure;
use crate::constant::{Convergence, Reason};
use crate::expression::Expression;
use crate::kernel::workspace::{Columns, Workspace};
use crate::linear::{Basis, dot, norm, solve_cholesky};
use crate::loss::Loss;
use crate::model::reciprocal;
use crate::{Data, Model};

/// The constants that are fitted: all but the numerator of a reciprocal gene, which the gene's
/// weight stands for.
pub(crate) fn free_constants(gene: &Expression) -> impl Iterator<Item = f64> + '_ {
    gene.constants().skip(fixed_constants(gene))
}

/// Leading constants of a gene that its weight stands for.
pub(crate) fn fixed_constants(gene: &Expression) -> usize {
    usize::from(reciprocal(gene).is_some())
}

pub(crate) fn set_free_constants(gene: &mut Expression, values: &mut impl Iterator<Item = f64>) {
    let count = gene.constant_count();
    let skip = fixed_constants(gene);
    let fixed: Vec<f64> = gene.constants().take(skip).collect();
    let free: Vec<f64> = values.take(count - skip).collect();
    gene.set_constants(&mut fixed.into_iter().chain(free));
}

/// Cancellation below which the sum of squares of the projection is that of the law to 10 digits.
const NEGLIGIBLE_CANCELLATION: f64 = 1e6;

/// The closed-form part of a fit, at given inner constants. Its `sse` is what was minimized.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Bias, then one weight a gene; the weight of a dependent gene is 0.
    pub(crate) coefficients: Vec<f64>,
    pub(crate) sse: f64,
    /// The largest term of the model over the target, as norms: so many times the rounding is lost where terms cancel.
    pub(crate) cancellation: f64,
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
        let mut cancellation = self.cancellation(&current);
        let mut theta: Vec<f64> = genes.iter().flat_map(free_constants).collect();
        if theta.is_empty() || max_iterations == 0 {
            return Ok(outcome(&current, cancellation, convergence));
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
                    cancellation = self.cancellation(&current);
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
        Ok(outcome(&current, cancellation, convergence))
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
        let (mut sse, mut objective) = (outcome.sse, outcome.sse);
        if self.loss != Loss::Squared || outcome.cancellation > NEGLIGIBLE_CANCELLATION {
            let coefficients: Vec<f64> = std::iter::once(outcome.coefficients[0])
                .chain(weights.iter().copied())
                .collect();
            let mut residual = self.residuals(&genes, &coefficients).unwrap_or_default();
            weigh(&mut residual, &self.root_weights);
            sse = dot(&residual, &residual);
            if self.loss == Loss::Squared {
                // What the law gives is not what the projection promised: digits were lost among large terms.
                sse = sse.max(outcome.sse);
                objective = sse;
            }
        }
        Model {
            genes,
            weights,
            bias: outcome.coefficients[0],
            names: self.data.names().to_vec(),
            n_rows: target.len(),
            sse,
            objective,
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

    /// The largest term over the target, as norms, of genes whose values are the last that were evaluated.
    fn cancellation(&self, at: &Projection) -> f64 {
        let target = norm(self.data.target()).max(f64::MIN_POSITIVE);
        let rows = self.data.n_rows() as f64;
        let terms = at.coefficients[1..].iter().zip(&self.values);
        let largest = terms
            .map(|(weight, values)| weight.abs() * norm(values))
            .fold(at.coefficients[0].abs() * rows.sqrt(), f64::max);
        largest / target
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
            let skip = fixed_constants(gene);
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

fn outcome(at: &Projection, cancellation: f64, convergence: Convergence) -> Outcome {
    Outcome {
        coefficients: at.coefficients.clone(),
        sse: at.sse,
        cancellation,
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
