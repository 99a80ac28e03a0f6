//! Fits of the constants of a given structure, and how they end.

use crate::complexity::ComplexityMeasure;
use crate::expression::{Expression, MAX_NODES};
use crate::fitter::{Fitter, Outcome, free_constants, set_free_constants};
use crate::loss::Loss;
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
        let Some((mut fitted, outcome)) = best else {
            return Err(Error::InvalidModel {
                expression: expression(),
                row: bad_row,
            });
        };
        let outcome = fitter.settle(&mut fitted, outcome);
        let model = fitter.into_model(fitted, &outcome, self.measure);
        if model.genes.is_empty() {
            return Err(Error::ConstantModel {
                expression: expression(),
            });
        }
        Ok(model)
    }
}

const STARTS: [f64; 11] = [
    1.0, 0.1, 10.0, 0.01, 100.0, -1.0, -0.1, -10.0, -0.01, -100.0, 1e-3,
];

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
