//! Cubic ridge regression: a closed-form baseline that recurrent networks must beat.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::error::{Error, Result, finite, require, same_length};
use crate::regressor::Regressor;

/// Settings of a polynomial ridge regression.
///
/// Inputs become $z = \mathrm{clip}((x-\mu)/\sigma, \pm3)$; the features are all monomials of $z$ up to the degree (3 inputs and degree 3:
/// 20 terms); the coefficients minimize $\|Y - Z\beta\|^2 + \rho n\|\beta'\|^2$, where $\beta'$ leaves out the constant. Cost
/// O(n p² + p³) for p terms.
///
/// # Examples
/// ```
/// use meltpool_ml::{CubicRidge, Regressor};
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((50, 1), |(k, _)| k as f64 / 10.0);
/// let y = x.mapv(|x| x * x);
/// let model = CubicRidge::new().ridge(1e-9).fit(&x.view(), &y.view())?;
/// let off = (model.predict(&x.view())? - &y).mapv(f64::abs);
/// assert!(off.iter().all(|off| *off < 1e-5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CubicRidge {
    ridge: f64,
    degree: usize,
    clip: f64,
}

impl Default for CubicRidge {
    fn default() -> Self {
        Self::new()
    }
}

impl CubicRidge {
    /// Degree 3, ridge 0.01 a sample, inputs clipped at 3 standard deviations.
    pub fn new() -> Self {
        Self {
            ridge: 0.01,
            degree: 3,
            clip: 3.0,
        }
    }

    /// The penalty $\rho$ a sample; default 0.01.
    pub fn ridge(mut self, ridge: f64) -> Self {
        self.ridge = ridge;
        self
    }

    /// Highest degree of the monomials, 1 to 6; default 3.
    pub fn degree(mut self, degree: usize) -> Self {
        self.degree = degree;
        self
    }

    /// Standard deviations at which inputs are cut off; default 3.
    pub fn clip(mut self, clip: f64) -> Self {
        self.clip = clip;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        require(
            self.ridge >= 0.0 && self.ridge.is_finite(),
            "ridge",
            "finite and not negative",
            self.ridge,
        )?;
        require(
            (1..=6).contains(&self.degree),
            "degree",
            "1 to 6",
            self.degree,
        )?;
        require(self.clip > 0.0, "clip", "positive", self.clip)
    }

    /// Fits all targets, one column each, to the inputs.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::LengthMismatch`], [`Error::TooFewSamples`] without rows, [`Error::NonFinite`], and
    /// [`Error::Singular`] if the penalty is too small for the inputs. A constant input is allowed: it becomes 0.
    pub fn fit(&self, inputs: &ArrayView2<f64>, targets: &ArrayView2<f64>) -> Result<FittedRidge> {
        self.validate()?;
        same_length("the targets", inputs.nrows(), targets.nrows())?;
        let n = inputs.nrows();
        if n == 0 {
            return Err(Error::TooFewSamples {
                purpose: "a ridge regression",
                needed: 1,
                found: 0,
            });
        }
        require(
            (1..=16).contains(&inputs.ncols()),
            "inputs",
            "1 to 16 columns",
            inputs.ncols(),
        )?;
        finite("the inputs", inputs.rows())?;
        finite("the targets", targets.rows())?;
        let mean = inputs.sum_axis(Axis(0)) / n as f64;
        let squares = (inputs - &mean).mapv(|v| v * v).sum_axis(Axis(0));
        let inverse = squares
            .iter()
            .map(|sum| 1.0 / ((sum / n as f64).sqrt() + 1e-9))
            .collect();
        let steps = monomials(inputs.ncols(), self.degree);
        let mut model = FittedRidge {
            mean: mean.to_vec(),
            inverse,
            clip: self.clip,
            steps,
            coefficients: Vec::new(),
            n_targets: targets.ncols(),
        };
        let p = model.n_terms();
        let mut z = Array2::zeros((n, p));
        let mut scratch = vec![0.0; p];
        for (input, mut row) in inputs.rows().into_iter().zip(z.rows_mut()) {
            model.terms(&input.to_vec(), &mut scratch);
            row.assign(&Array1::from(scratch.clone()));
        }
        let mut normal = z.t().dot(&z);
        for k in 1..p {
            normal[[k, k]] += self.ridge * n as f64;
        }
        model.coefficients = solve(normal, z.t().dot(targets))?.iter().copied().collect();
        Ok(model)
    }
}

/// Solves with a symmetric positive definite matrix by the decomposition of Cholesky.
fn solve(mut a: Array2<f64>, mut b: Array2<f64>) -> Result<Array2<f64>> {
    let p = a.nrows();
    for j in 0..p {
        let mut diagonal = a[[j, j]];
        for k in 0..j {
            diagonal -= a[[j, k]] * a[[j, k]];
        }
        if diagonal <= a[[j, j]].abs() * 1e-14 || !diagonal.is_finite() {
            return Err(Error::Singular { row: j });
        }
        let root = diagonal.sqrt();
        a[[j, j]] = root;
        for i in j + 1..p {
            let mut value = a[[i, j]];
            for k in 0..j {
                value -= a[[i, k]] * a[[j, k]];
            }
            a[[i, j]] = value / root;
        }
    }
    for mut column in b.columns_mut() {
        for i in 0..p {
            let known: f64 = (0..i).map(|k| a[[i, k]] * column[k]).sum();
            column[i] = (column[i] - known) / a[[i, i]];
        }
        for i in (0..p).rev() {
            let known: f64 = (i + 1..p).map(|k| a[[k, i]] * column[k]).sum();
            column[i] = (column[i] - known) / a[[i, i]];
        }
    }
    Ok(b)
}

/// Each monomial after the constant as an earlier one times an input.
fn monomials(n_inputs: usize, degree: usize) -> Vec<(u16, u16)> {
    // terms of the last degree with their last input, so that each product is built once
    let mut last = vec![(0_usize, 0_usize)];
    let mut steps = Vec::new();
    for _ in 0..degree {
        let mut next = Vec::new();
        for (term, from) in &last {
            for input in *from..n_inputs {
                steps.push((*term as u16, input as u16));
                next.push((steps.len(), input));
            }
        }
        last = next;
    }
    steps
}

/// A fitted polynomial ridge regression.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FittedRidge {
    mean: Vec<f64>,
    inverse: Vec<f64>,
    clip: f64,
    steps: Vec<(u16, u16)>,
    /// One row a term, one column a target.
    coefficients: Vec<f64>,
    n_targets: usize,
}

impl FittedRidge {
    /// Number of inputs.
    pub fn n_inputs(&self) -> usize {
        self.mean.len()
    }

    /// Number of targets.
    pub fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// Number of terms, the constant included.
    pub fn n_terms(&self) -> usize {
        self.steps.len() + 1
    }

    fn terms(&self, inputs: &[f64], terms: &mut [f64]) {
        let k = self.mean.len();
        terms[0] = 1.0;
        // the first steps are the inputs themselves, and later ones read them there
        let scales = self.mean.iter().zip(&self.inverse);
        for ((term, input), (mean, inverse)) in terms[1..=k].iter_mut().zip(inputs).zip(scales) {
            *term = ((input - mean) * inverse).clamp(-self.clip, self.clip);
        }
        for (place, (term, input)) in self.steps.iter().enumerate().skip(k) {
            terms[place + 1] = terms[usize::from(*term)] * terms[usize::from(*input) + 1];
        }
    }

    /// Predicts one row without allocation.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if `inputs`, `scratch` (one value a term) or `outputs` do not fit.
    pub fn predict_into(
        &self,
        inputs: &[f64],
        scratch: &mut [f64],
        outputs: &mut [f64],
    ) -> Result<()> {
        same_length("the inputs", self.n_inputs(), inputs.len())?;
        same_length("the scratch", self.n_terms(), scratch.len())?;
        same_length("the outputs", self.n_targets(), outputs.len())?;
        self.terms(inputs, scratch);
        if let [first, second] = outputs {
            let (mut a, mut b) = ([0.0; 2], [0.0; 2]);
            let pairs = scratch
                .chunks_exact(2)
                .zip(self.coefficients.chunks_exact(4));
            for (terms, c) in pairs {
                a[0] += terms[0] * c[0];
                b[0] += terms[0] * c[1];
                a[1] += terms[1] * c[2];
                b[1] += terms[1] * c[3];
            }
            if let ([.., last], [.., c, d]) = (&*scratch, self.coefficients.as_slice())
                && scratch.len() % 2 == 1
            {
                a[0] += last * c;
                b[0] += last * d;
            }
            (*first, *second) = (a[0] + a[1], b[0] + b[1]);
            return Ok(());
        }
        outputs.fill(0.0);
        for (term, row) in scratch
            .iter()
            .zip(self.coefficients.chunks_exact(self.n_targets))
        {
            for (output, coefficient) in outputs.iter_mut().zip(row) {
                *output += term * coefficient;
            }
        }
        Ok(())
    }
}

impl Regressor for FittedRidge {
    fn predict(&self, inputs: &ArrayView2<f64>) -> Result<Array2<f64>> {
        let mut predictions = Array2::zeros((inputs.nrows(), self.n_targets()));
        let mut scratch = vec![0.0; self.n_terms()];
        let mut outputs = vec![0.0; self.n_targets()];
        let mut row = vec![0.0; inputs.ncols()];
        for (input, mut prediction) in inputs.rows().into_iter().zip(predictions.rows_mut()) {
            for (to, from) in row.iter_mut().zip(input) {
                *to = *from;
            }
            self.predict_into(&row, &mut scratch, &mut outputs)?;
            for (to, from) in prediction.iter_mut().zip(&outputs) {
                *to = *from;
            }
        }
        Ok(predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Random};
    use ndarray::array;

    #[test]
    fn three_inputs_give_twenty_terms_in_order_of_degree() {
        assert_eq!(monomials(3, 3).len() + 1, 20);
        assert_eq!(monomials(4, 3).len() + 1, 35);
        assert_eq!(monomials(1, 3), [(0, 0), (1, 0), (2, 0)]);
        let ridge = FittedRidge {
            mean: vec![0.0, 0.0],
            inverse: vec![1.0, 1.0],
            clip: 10.0,
            steps: monomials(2, 3),
            coefficients: vec![0.0; 10],
            n_targets: 1,
        };
        let mut terms = vec![0.0; 10];
        ridge.terms(&[2.0, 5.0], &mut terms);
        assert_eq!(
            terms,
            [1.0, 2.0, 5.0, 4.0, 10.0, 25.0, 8.0, 20.0, 50.0, 125.0]
        );
    }

    #[test]
    fn a_cubic_is_recovered_and_inputs_are_clipped() -> Result<()> {
        let mut rng = Random::new(1, Purpose::Test, 0);
        let x = Array2::from_shape_simple_fn((300, 2), || 2.0 * rng.uniform() - 1.0);
        let rule = |a: f64, b: f64| 1.0 + a - 2.0 * a * b * b + 0.5 * a * a * a;
        let y = Array2::from_shape_fn((300, 1), |(k, _)| rule(x[[k, 0]], x[[k, 1]]));
        let model = CubicRidge::new().ridge(0.0).fit(&x.view(), &y.view())?;
        for (p, y) in model.predict(&x.view())?.iter().zip(&y) {
            approx::assert_relative_eq!(p, y, epsilon = 1e-10);
        }
        let far = model.predict(&array![[1e9, 0.0], [2e9, 0.0]].view())?;
        assert_eq!(far[[0, 0]], far[[1, 0]]);
        Ok(())
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[1.0], [2.0]];
        let fit = |x: &Array2<f64>, y: &Array2<f64>| CubicRidge::new().fit(&x.view(), &y.view());
        assert!(matches!(
            fit(&x, &array![[1.0]]),
            Err(Error::LengthMismatch { .. })
        ));
        assert!(matches!(
            fit(&x, &array![[1.0], [f64::INFINITY]]),
            Err(Error::NonFinite { sample: 1, .. })
        ));
        assert!(matches!(
            CubicRidge::new().ridge(0.0).fit(&x.view(), &x.view()),
            Err(Error::Singular { .. })
        ));
        assert!(CubicRidge::new().ridge(-1.0).validate().is_err());
        assert!(CubicRidge::new().degree(0).validate().is_err());
        // a constant input is zero after centering and does no harm
        assert!(fit(&array![[1.0, 5.0], [2.0, 5.0]], &x).is_ok());
    }
}
