//! Stochastic gradient descent on the inner constants, the optimizer that Gan et al. name.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::expression::Expression;
use crate::fitter::{Fitter, fixed_constants, free_constants};
use crate::kernel::workspace::{Columns, Workspace};
use crate::loss::Loss;
use crate::{Data, Error, Result};

/// How a search fits the constants inside of new models. Bias and weights follow in closed form either way.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ConstantOptimizer {
    /// Variable projection and Levenberg-Marquardt, as [`ConstantFit`](crate::ConstantFit) does it (the default).
    #[default]
    LevenbergMarquardt,
    /// Stochastic gradient descent.
    GradientDescent(GradientDescent),
}

/// Stochastic gradient descent on the inner constants.
///
/// Each epoch starts with bias $b$ and weights $w$ by least squares on all rows. The rows, in random order, are then
/// taken in batches $B$. With the residuals $r_i = (y_i - b - \sum_k w_k g_k(x_i; \theta))/\sigma_y$ and the scales
/// $t_j = |\theta_j|$ of the start (1 for a zero), a batch moves the constants by
///
/// $$\theta_j \leftarrow \theta_j - \eta_e\, t_j\, \frac{G_j}{\max(1, \lVert G \rVert)},\qquad
///   G_j = \frac{t_j}{|B|} \sum_{i \in B} v_i \frac{\partial r_i^2}{\partial \theta_j},\qquad
///   \eta_e = \frac{\eta_0}{1 + \delta e}$$
///
/// in epoch $e$ from 0, with $v_i$ the weights of the rows: a step never changes a constant by more than $\eta_e$ of its scale. The constants after
/// the best epoch, the start among them, are kept. An epoch that meets a value that is not finite ends there.
///
/// Gan et al. say that coefficients were found by stochastic gradient descent and give no details; batch, rate and
/// schedule are ours. O(epochs × rows × (nodes + constants)) a model, but far less accurate than the same time spent on
/// Levenberg-Marquardt.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GradientDescent {
    pub(crate) epochs: usize,
    pub(crate) batch_size: usize,
    pub(crate) learning_rate: f64,
    pub(crate) decay: f64,
}

impl Default for GradientDescent {
    fn default() -> Self {
        Self::new()
    }
}

impl GradientDescent {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            epochs: 20,
            batch_size: 16,
            learning_rate: 0.1,
            decay: 0.1,
        }
    }

    /// Passes over all rows (default 20).
    pub fn epochs(mut self, value: usize) -> Self {
        self.epochs = value;
        self
    }

    /// Rows of a batch (default 16); the last one of an epoch has what is left.
    pub fn batch_size(mut self, value: usize) -> Self {
        self.batch_size = value;
        self
    }

    /// $\eta_0$, the largest relative change of a constant in one step of the first epoch (default 0.1).
    pub fn learning_rate(mut self, value: f64) -> Self {
        self.learning_rate = value;
        self
    }

    /// $\delta$, by which the rate falls from epoch to epoch (default 0.1; 0 keeps it).
    pub fn decay(mut self, value: f64) -> Self {
        self.decay = value;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        let wrong = |name, requirement, found: String| {
            Err(Error::InvalidParameter {
                name,
                requirement,
                found,
            })
        };
        if self.epochs > 100_000 {
            return wrong("epochs", "at most 100000", self.epochs.to_string());
        }
        if self.batch_size == 0 {
            return wrong("batch_size", "at least 1", "0".to_owned());
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            let found = self.learning_rate.to_string();
            return wrong("learning_rate", "above 0 and at most 1", found);
        }
        if !(self.decay >= 0.0 && self.decay.is_finite()) {
            return wrong("decay", "finite and not negative", self.decay.to_string());
        }
        Ok(())
    }

    /// Fits the genes in place and gives the residual sum of squares; `None` if they are not finite on all rows.
    pub(crate) fn fit(
        &self,
        genes: &mut Vec<Expression>,
        data: &Data,
        fitter: &mut Fitter,
        rng: &mut ChaCha8Rng,
    ) -> Option<f64> {
        let mut at = fitter.fit(genes, 0, 0.0).ok()?;
        let mut best = (genes.clone(), at.sse);
        let start: Vec<f64> = genes.iter().flat_map(free_constants).collect();
        if start.is_empty() {
            return Some(best.1);
        }
        let scales: Vec<f64> = start
            .iter()
            .map(|c| if *c == 0.0 { 1.0 } else { c.abs() })
            .collect();
        let deviation = (data.total_sum_of_squares() / data.n_rows() as f64).sqrt();
        let mut rows: Vec<usize> = (0..data.n_rows()).collect();
        let mut batch = Batch::default();
        let loss = fitter.minimized().clone();
        for epoch in 0..self.epochs {
            let rate = self.learning_rate / (1.0 + self.decay * epoch as f64);
            for last in (1..rows.len()).rev() {
                rows.swap(last, rng.random_range(0..=last));
            }
            for chosen in rows.chunks(self.batch_size) {
                let Some(gradient) = batch.gradient(genes, &at.coefficients, data, chosen, &loss)
                else {
                    break;
                };
                // The residual as a share of the target's deviation, the constants as shares of their scales.
                let scaled: Vec<f64> = gradient
                    .iter()
                    .zip(&scales)
                    .map(|(g, t)| g * t / (deviation * deviation))
                    .collect();
                let norm = scaled.iter().map(|g| g * g).sum::<f64>().sqrt();
                if !norm.is_finite() {
                    break;
                }
                let mut steps = scaled
                    .iter()
                    .zip(&scales)
                    .map(|(g, t)| rate * t * g / norm.max(1.0));
                for gene in genes.iter_mut() {
                    let skip = fixed_constants(gene);
                    let moved: Vec<f64> = gene
                        .constants()
                        .enumerate()
                        .map(|(k, c)| {
                            if k < skip {
                                c
                            } else {
                                c - steps.next().unwrap_or(0.0)
                            }
                        })
                        .collect();
                    gene.set_constants(&mut moved.into_iter());
                }
            }
            if let Ok(outcome) = fitter.fit(genes, 0, 0.0) {
                at = outcome;
                if at.sse < best.1 {
                    best = (genes.clone(), at.sse);
                }
            } else {
                // Back to where the values were finite, with the weights of there.
                genes.clone_from(&best.0);
                at = fitter.fit(genes, 0, 0.0).ok()?;
            }
        }
        *genes = best.0;
        Some(best.1)
    }
}

/// A residual that counts as none where the loss has a bend.
const TINY: f64 = 1e-150;

/// Scratch space for the rows of one batch.
#[derive(Debug, Default)]
struct Batch {
    workspace: Workspace,
    columns: Vec<Vec<f64>>,
    values: Vec<f64>,
    slopes: Vec<Vec<f64>>,
}

impl Batch {
    /// Mean derivative of the weighted squared residual by each free constant; `None` where a value is not finite.
    fn gradient(
        &mut self,
        genes: &[Expression],
        coefficients: &[f64],
        data: &Data,
        rows: &[usize],
        loss: &Loss,
    ) -> Option<Vec<f64>> {
        self.columns.resize_with(data.n_columns(), Vec::new);
        for (gathered, column) in self.columns.iter_mut().zip(data.columns()) {
            gathered.clear();
            gathered.extend(rows.iter().map(|&row| column[row]));
        }
        let mut residual: Vec<f64> = rows
            .iter()
            .map(|&row| data.target()[row] - coefficients[0])
            .collect();
        let columns = Columns::new(&self.columns);
        let mut derivatives: Vec<Vec<f64>> = Vec::new();
        self.values.resize(rows.len(), 0.0);
        for (gene, weight) in genes.iter().zip(&coefficients[1..]) {
            let count = gene.constant_count();
            self.slopes.resize_with(count, Vec::new);
            self.workspace.evaluate_with_constants(
                gene.tokens(),
                columns,
                &mut self.values,
                &mut self.slopes,
            );
            for (r, value) in residual.iter_mut().zip(&self.values) {
                *r -= weight * value;
            }
            for slopes in &self.slopes[fixed_constants(gene)..] {
                derivatives.push(slopes.iter().map(|s| weight * s).collect());
            }
        }
        if *loss != Loss::Squared {
            for r in &mut residual {
                *r = loss.weight(*r, TINY) * (*r - loss.bottom(*r, TINY));
            }
        }
        if let Some(weights) = data.weights() {
            for (r, &row) in residual.iter_mut().zip(rows) {
                *r *= weights[row];
            }
        }
        let share = -2.0 / rows.len() as f64;
        let gradient: Vec<f64> = derivatives
            .iter()
            .map(|d| share * d.iter().zip(&residual).map(|(d, r)| d * r).sum::<f64>())
            .collect();
        gradient.iter().all(|g| g.is_finite()).then_some(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use approx::assert_relative_eq;

    fn saturating(rows: usize) -> Result<Data> {
        let x: Vec<f64> = (0..rows)
            .map(|i| 0.1 + 4.0 * (i * 37 % rows) as f64 / rows as f64)
            .collect();
        let y = x.iter().map(|x| 5.0 - 3.0 * libm::exp(-0.8 * x)).collect();
        Data::from_columns([("x", x)], ("y", y))
    }

    /// Differences of the loss itself, on a batch of all rows.
    #[test]
    fn the_gradient_is_that_of_the_mean_square() -> Result<()> {
        let data = saturating(23)?;
        let gene = Expression::parse("exp(-1.1*x)+tanh(0.4*x-0.2)", &["x"])?;
        let coefficients = [4.0, -2.0];
        let loss = |constants: &[f64]| -> Result<f64> {
            let mut moved = gene.clone();
            moved.set_constants(&mut constants.iter().copied());
            let mut sum = 0.0;
            for (row, y) in data.target().iter().enumerate() {
                let value = moved.evaluate_row(&[data.columns()[0][row]])?;
                sum += (y - 4.0 + 2.0 * value) * (y - 4.0 + 2.0 * value);
            }
            Ok(sum / 23.0)
        };
        let rows: Vec<usize> = (0..23).collect();
        let found = Batch::default()
            .gradient(
                std::slice::from_ref(&gene),
                &coefficients,
                &data,
                &rows,
                &Loss::Squared,
            )
            .expect("finite values");
        let at: Vec<f64> = gene.constants().collect();
        assert_eq!(found.len(), 3);
        for (k, gradient) in found.iter().enumerate() {
            let h = 1e-5;
            let (mut up, mut down) = (at.clone(), at.clone());
            up[k] += h;
            down[k] -= h;
            let difference = (loss(&up)? - loss(&down)?) / (2.0 * h);
            // Central differences with this step are good to about 1e-9.
            assert_relative_eq!(*gradient, difference, max_relative = 1e-6, epsilon = 1e-8);
        }
        Ok(())
    }

    #[test]
    fn descends_to_the_constant_of_a_law() -> Result<()> {
        let data = saturating(60)?;
        let descent = GradientDescent::new().epochs(300);
        let mut genes = vec![Expression::parse("exp(-2*x)", &["x"])?];
        let mut fitter = Fitter::new(&data);
        let before = fitter.fit(&mut genes.clone(), 0, 0.0).expect("finite").sse;
        let mut rng = stream(1, 0, 0, 0, Purpose::Descent);
        let after = descent
            .fit(&mut genes, &data, &mut fitter, &mut rng)
            .expect("finite");
        let constant = genes[0].constants().next().expect("a constant");
        // The steps never end, they only shrink; Levenberg-Marquardt gives all digits here.
        assert_relative_eq!(constant.abs(), 0.8, max_relative = 0.02);
        assert!(after < 1e-3 * before, "{after} {before}");
        let mut again = vec![Expression::parse("exp(-2*x)", &["x"])?];
        let mut rng = stream(1, 0, 0, 0, Purpose::Descent);
        let repeated = descent.fit(&mut again, &data, &mut fitter, &mut rng);
        assert_eq!(repeated.map(f64::to_bits), Some(after.to_bits()));
        assert_eq!(again, genes);
        Ok(())
    }

    #[test]
    fn never_ends_worse_than_it_began() -> Result<()> {
        let data = saturating(40)?;
        let mut fitter = Fitter::new(&data);
        for (seed, text) in [
            "log(x-0.05)",
            "1/(x-0.09)",
            "sqrt(x+1)",
            "exp(exp(2*x))",
            "x",
        ]
        .iter()
        .enumerate()
        {
            let mut genes = vec![Expression::parse(text, &["x"])?];
            let before = fitter.fit(&mut genes.clone(), 0, 0.0).map(|o| o.sse);
            let rng = &mut stream(seed as u64, 0, 0, 0, Purpose::Descent);
            let wild = GradientDescent::new().learning_rate(1.0).decay(0.0);
            let after = wild.fit(&mut genes, &data, &mut fitter, rng);
            match (before, after) {
                (Ok(before), Some(after)) => assert!(after <= before, "{text}"),
                (Err(_), None) => {}
                other => panic!("{text}: {other:?}"),
            }
        }
        Ok(())
    }

    #[test]
    fn refuses_settings_out_of_range() {
        for (bad, expected) in [
            (GradientDescent::new().epochs(1_000_000), "epochs"),
            (GradientDescent::new().batch_size(0), "batch_size"),
            (GradientDescent::new().learning_rate(0.0), "learning_rate"),
            (
                GradientDescent::new().learning_rate(f64::NAN),
                "learning_rate",
            ),
            (GradientDescent::new().decay(-1.0), "decay"),
        ] {
            match bad.validate() {
                Err(Error::InvalidParameter { name, .. }) => assert_eq!(name, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}
