//! Fitted models: a bias and a weighted sum of genes.

use ndarray::{Array1, ArrayRef2};

use crate::complexity::ComplexityMeasure;
use crate::constant::Convergence;
use crate::expression::{Expression, Token};
use crate::kernel::workspace::{Columns, Workspace};
use crate::operator::Operator;
use crate::{Data, Error, Result};

/// Relative error below which a fit of noise-free data counts as exact.
const NOISE_FLOOR: f64 = 1e-13;

/// A fitted law: $\hat y = b + \sum_i w_i\, g_i(x)$, each gene $g_i$ an [`Expression`].
///
/// With one gene this is an expression with linear scaling. Made by
/// [`ConstantFit`](crate::ConstantFit) or by a search.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Model {
    pub(crate) genes: Vec<Expression>,
    pub(crate) weights: Vec<f64>,
    pub(crate) bias: f64,
    pub(crate) names: Vec<String>,
    pub(crate) n_rows: usize,
    pub(crate) sse: f64,
    /// What was minimized: the sum of twice the loss, for least squares the same.
    pub(crate) objective: f64,
    /// The power of the residuals that it goes with.
    pub(crate) degree: f64,
    pub(crate) total_sum_of_squares: f64,
    pub(crate) target_rms: f64,
    pub(crate) fitted_constants: usize,
    pub(crate) measure: ComplexityMeasure,
    pub(crate) convergence: Convergence,
    pub(crate) noise_variance: Option<f64>,
    pub(crate) through_origin: bool,
}

/// How well a model predicts some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Score {
    /// $1 - \mathrm{SSE}/\mathrm{SST}$, the mean taken over the rows scored, weighted where they are. NaN if undefined.
    pub r2: f64,
    /// Root mean square error, in the target's unit, weighted where the rows are. NaN if undefined.
    pub rmse: f64,
    /// Rows scored.
    pub n_rows: usize,
    /// Rows on which the model has no finite value; if any, `r2` and `rmse` are NaN.
    pub n_undefined: usize,
}

impl Score {
    /// The score of `predicted` against `measured`, which must have the same length.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if the lengths differ.
    ///
    /// # Examples
    ///
    /// ```
    /// let score = symreg::Score::of(&[1.0, 2.0, 3.0], &[1.0, 2.0, 2.0])?;
    /// assert_eq!(score.r2, 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(measured: &[f64], predicted: &[f64]) -> Result<Self> {
        if measured.len() != predicted.len() {
            return Err(Error::CountMismatch {
                what: "predictions",
                expected: measured.len(),
                found: predicted.len(),
            });
        }
        Ok(Self::weighted(measured, predicted, None))
    }

    /// The score of as many predictions as `data` has rows, with their weights.
    pub(crate) fn on(data: &Data, predicted: &[f64]) -> Self {
        Self::weighted(data.target(), predicted, data.weights())
    }

    /// `weights` have a mean of 1.
    fn weighted(measured: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Self {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let n = measured.len();
        let n_undefined = predicted.iter().filter(|v| !v.is_finite()).count();
        let sum = |of: &dyn Fn(usize) -> f64| (0..n).map(|i| weight(i) * of(i)).sum::<f64>();
        let mean = sum(&|i| measured[i]) / n as f64;
        let total = sum(&|i| (measured[i] - mean) * (measured[i] - mean));
        let sse = sum(&|i| (measured[i] - predicted[i]) * (measured[i] - predicted[i]));
        let defined = n_undefined == 0 && n > 0;
        Self {
            r2: if defined && total > 0.0 {
                1.0 - sse / total
            } else {
                f64::NAN
            },
            rmse: if defined {
                (sse / n as f64).sqrt()
            } else {
                f64::NAN
            },
            n_rows: n,
            n_undefined,
        }
    }
}

impl Model {
    /// The genes, with their fitted inner constants.
    #[must_use]
    pub fn genes(&self) -> &[Expression] {
        &self.genes
    }

    /// The weight of each gene.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The constant term.
    #[must_use]
    pub fn bias(&self) -> f64 {
        self.bias
    }

    /// Names of the input columns, in the order that [`predict`](Self::predict) expects.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Rows that the model was fitted to.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Residual sum of squares on the training rows, weighted where the rows are.
    #[must_use]
    pub fn sse(&self) -> f64 {
        self.sse
    }

    /// Root mean square error on the training rows.
    #[must_use]
    pub fn rmse(&self) -> f64 {
        (self.sse / self.n_rows as f64).sqrt()
    }

    /// R² on the training rows.
    #[must_use]
    pub fn r2(&self) -> f64 {
        1.0 - self.sse / self.total_sum_of_squares
    }

    /// $\chi^2$ on the training rows, where [`Data::with_sigmas`] gave their uncertainties.
    #[must_use]
    pub fn chi_squared(&self) -> Option<f64> {
        self.noise_variance.map(|v| self.sse / v)
    }

    /// The loss on the training rows, $\sum_i w_i\,\rho(r_i)$: half of the residual sum of squares, or what
    /// [`ConstantFit::loss`](crate::ConstantFit::loss) asked for.
    #[must_use]
    pub fn loss(&self) -> f64 {
        0.5 * self.objective
    }

    /// Twice the loss, no smaller than rounding leaves it.
    pub(crate) fn floored_objective(&self) -> f64 {
        let floor = libm::pow(NOISE_FLOOR * self.target_rms, self.degree);
        self.objective.max(self.n_rows as f64 * floor)
    }

    /// Complexity of the genes, summed; weights and bias are not part of the trees and not counted.
    #[must_use]
    pub fn complexity(&self) -> usize {
        self.genes.iter().map(|g| self.measure.of(g)).sum()
    }

    /// Number of fitted constants that the training rows tell apart: bias, weights and inner
    /// constants, as the numerical rank of their joint Jacobian (relative tolerance 1e-10). A
    /// constant that another one can stand in for is not counted twice.
    #[must_use]
    pub fn fitted_constants(&self) -> usize {
        self.fitted_constants
    }

    /// How the fit of the inner constants ended.
    #[must_use]
    pub fn convergence(&self) -> &Convergence {
        &self.convergence
    }

    /// The whole law as one expression, bias and weights included.
    #[must_use]
    pub fn expression(&self) -> Expression {
        let bias = (!self.through_origin).then_some(self.bias);
        law_of(bias, &self.weights, &self.genes)
    }

    /// The law as infix text with all digits; [`Expression::parse`] reads it back.
    #[must_use]
    pub fn to_infix(&self) -> String {
        self.expression().to_infix(&self.names).unwrap_or_default()
    }

    /// The law as text for reading, numbers rounded to `digits` significant digits.
    #[must_use]
    pub fn to_infix_rounded(&self, digits: usize) -> String {
        self.expression()
            .to_infix_rounded(&self.names, digits)
            .unwrap_or_default()
    }

    /// Text that orders models of equal error and complexity.
    pub(crate) fn canonical_text(&self) -> String {
        self.genes
            .iter()
            .map(|g| g.to_infix(&self.names).unwrap_or_default())
            .collect::<Vec<_>>()
            .join(";")
    }

    /// Predictions for rows of inputs (rows × variables, the columns as in [`names`](Self::names)).
    ///
    /// A value that is undefined comes out as NaN or infinite.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if `x` has another number of columns.
    pub fn predict(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        if x.ncols() != self.names.len() {
            return Err(Error::CountMismatch {
                what: "columns",
                expected: self.names.len(),
                found: x.ncols(),
            });
        }
        self.expression().evaluate(x)
    }

    /// The prediction for one row of inputs, in the order of [`names`](Self::names).
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if there is not one value a name.
    pub fn predict_row(&self, row: &[f64]) -> Result<f64> {
        if row.len() != self.names.len() {
            return Err(Error::CountMismatch {
                what: "values",
                expected: self.names.len(),
                found: row.len(),
            });
        }
        self.expression().evaluate_row(row)
    }

    /// Predictions for the rows of a table, whose columns are found by name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`] if `data` lacks a column that the law uses.
    pub fn predict_data(&self, data: &Data) -> Result<Vec<f64>> {
        let mut columns: Vec<Vec<f64>> = vec![vec![0.0; data.n_rows()]; self.names.len()];
        let expression = self.expression();
        for index in expression.variables() {
            columns[index] = data.column(&self.names[index])?.to_vec();
        }
        let mut out = vec![0.0; data.n_rows()];
        Workspace::default().fill(expression.tokens(), Columns::new(&columns), &mut out);
        Ok(out)
    }

    /// R² and RMSE on the rows of a table, whose columns are found by name, with their weights.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`] if `data` lacks a column that the law uses.
    pub fn score(&self, data: &Data) -> Result<Score> {
        Ok(Score::on(data, &self.predict_data(data)?))
    }
}

/// The whole law of a bias, weights and genes, of which there is at least one.
pub(crate) fn law_of(bias: Option<f64>, weights: &[f64], genes: &[Expression]) -> Expression {
    let mut tokens: Vec<Token> = bias.map(Token::Constant).into_iter().collect();
    for (gene, &weight) in genes.iter().zip(weights) {
        let is_first = tokens.is_empty();
        let sign = if weight < 0.0 {
            Operator::Sub
        } else {
            Operator::Add
        };
        tokens.push(Token::Constant(if is_first {
            weight
        } else {
            weight.abs()
        }));
        if let Some(denominator) = reciprocal(gene) {
            tokens.extend_from_slice(denominator);
            tokens.push(Token::Apply(Operator::Div));
        } else {
            tokens.extend_from_slice(gene.tokens());
            tokens.push(Token::Apply(Operator::Mul));
        }
        if !is_first {
            tokens.push(Token::Apply(sign));
        }
    }
    Expression::from_valid(tokens)
}

/// The denominator of a gene `1 / f`, whose numerator the gene's weight stands for.
pub(crate) fn reciprocal(gene: &Expression) -> Option<&[Token]> {
    let tokens = gene.tokens();
    let last = tokens.len() - 1;
    if tokens[last] != Token::Apply(Operator::Div) || tokens[0] != Token::Constant(1.0) {
        return None;
    }
    (gene.subtree_start(last - 1) == 1).then(|| &tokens[1..last])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConstantFit;

    #[test]
    fn prints_a_law_that_is_read_back() -> Result<()> {
        let x: Vec<f64> = (1..30).map(|i| f64::from(i) * 0.2).collect();
        let y: Vec<f64> = x.iter().map(|v| 2.0 - 3.0 / (v + 0.5)).collect();
        let data = Data::from_columns([("x", x)], ("y", y))?;
        let gene = Expression::parse("1/(x+0.3)", &["x"])?;
        let model = ConstantFit::new().fit(&[gene], &data)?;
        assert_eq!(model.to_infix_rounded(3), "2-3/(x+0.5)");
        assert_eq!(model.fitted_constants(), 3);
        let back = Expression::parse(&model.to_infix(), &["x"])?;
        assert_eq!(back, model.expression());
        assert!((model.r2() - 1.0).abs() < 1e-12);
        assert!(model.predict(&ndarray::Array2::zeros((1, 2))).is_err());
        assert!((model.predict_row(&[1.0])? - 0.0).abs() < 1e-9);
        assert!(model.predict_row(&[]).is_err());
        Ok(())
    }

    #[test]
    fn scores_say_how_many_rows_are_undefined() -> Result<()> {
        let score = Score::of(&[1.0, 2.0], &[1.0, f64::NAN])?;
        assert_eq!((score.n_rows, score.n_undefined), (2, 1));
        assert!(score.r2.is_nan() && score.rmse.is_nan());
        assert!(Score::of(&[1.0], &[1.0, 2.0]).is_err());
        Ok(())
    }
}
