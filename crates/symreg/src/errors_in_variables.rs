//! Laws through rows whose inputs are uncertain too.

use crate::expression::Expression;
use crate::kernel::workspace::{Columns, Workspace};
use crate::{ConstantFit, Data, Error, Loss, Model, Result};

/// Steps on the place of one row, and halvings of one of them.
const PLACE_STEPS: usize = 100;
const HALVINGS: usize = 40;
/// Change of a place, in standard uncertainties of the inputs, below which it stands.
const PLACE_TOLERANCE: f64 = 1e-12;

/// Fits the constants of a structure to rows with known uncertainty of the target *and* of inputs.
///
/// Minimizes
/// $$\chi^2 = \sum_i \left[\frac{(y_i - f(x_i + \delta_i; \theta))^2}{\sigma_{y,i}^2} +
/// \sum_j \frac{\delta_{ij}^2}{\sigma_{ij}^2}\right]$$
/// over the constants $\theta$ and the displacements $\delta$ of the inputs: orthogonal distance regression (Boggs, Byrd and
/// Schnabel 1987, doi 10.1137/0908085), the most probable law if all errors are normal and independent. Least squares on the
/// target alone makes slopes too flat where inputs are uncertain, and its intervals too narrow.
///
/// The displacements of each row follow from the law by Newton steps; the law then follows by a weighted fit on the displaced
/// rows, in which row $i$ has the effective variance $\sigma_{y,i}^2 + \sum_j (\partial f/\partial x_j)^2 \sigma_{ij}^2$, and so on
/// until predictions stand still. That is a stationary point of the sum above. O(iterations × (a fit from one start + rows ×
/// nodes)).
///
/// # Examples
///
/// The line of York (1966, doi 10.1139/p66-090) through the points of Pearson:
///
/// ```
/// use symreg::{Data, ErrorsInVariables, Expression};
/// let x = vec![0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4];
/// let y = vec![5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5];
/// let weights_x = [1000.0_f64, 1000.0, 500.0, 800.0, 200.0, 80.0, 60.0, 20.0, 1.8, 1.0];
/// let weights_y = [1.0_f64, 1.8, 4.0, 8.0, 20.0, 20.0, 70.0, 70.0, 100.0, 500.0];
/// let data = Data::from_columns([("x", x)], ("y", y))?
///     .with_sigmas(&weights_y.map(|w| 1.0 / w.sqrt()))?;
/// let line = ErrorsInVariables::new()
///     .sigmas("x", weights_x.map(|w| 1.0 / w.sqrt()))
///     .fit(&[Expression::parse("x", &["x"])?], &data)?;
/// assert!((line.model().bias() - 5.479910).abs() < 1e-6);
/// assert!((line.model().weights()[0] + 0.4805334).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ErrorsInVariables {
    fit: ConstantFit,
    /// One uncertainty for all rows, or one for each.
    sigmas: Vec<(String, Vec<f64>)>,
    max_iterations: usize,
    tolerance: f64,
}

impl Default for ErrorsInVariables {
    fn default() -> Self {
        Self::new()
    }
}

impl ErrorsInVariables {
    /// No input uncertain yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            fit: ConstantFit::new(),
            sigmas: Vec::new(),
            max_iterations: 200,
            tolerance: 1e-10,
        }
    }

    /// The standard uncertainty of an input in all rows, in its unit; 0 for an exact input.
    pub fn sigma(self, column: impl Into<String>, value: f64) -> Self {
        self.sigmas(column, [value])
    }

    /// The standard uncertainty of an input in each row, in its unit.
    pub fn sigmas(
        mut self,
        column: impl Into<String>,
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        self.sigmas
            .push((column.into(), values.into_iter().collect()));
        self
    }

    /// How constants are fitted and from how many starts the first law comes (default [`ConstantFit::new`]). Its loss is
    /// taken for the squared one.
    pub fn constant_fit(mut self, value: ConstantFit) -> Self {
        self.fit = value;
        self
    }

    /// Most times that displacements and law are found from one another (default 200).
    pub fn max_iterations(mut self, value: usize) -> Self {
        self.max_iterations = value;
        self
    }

    /// Root mean square change of the predictions, in effective standard uncertainties, at which the fit ends (default 1e-10).
    pub fn tolerance(mut self, value: f64) -> Self {
        self.tolerance = value;
        self
    }

    /// Fits bias, weights and all constants of `genes`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`], also for rows without [`Data::with_sigmas`]; [`Error::UnknownColumn`];
    /// [`Error::CountMismatch`] where there is neither one uncertainty nor one a row; [`Error::InvalidWeight`] for one that is
    /// negative or not finite; what [`ConstantFit::fit`] refuses.
    pub fn fit(&self, genes: &[Expression], data: &Data) -> Result<ErrorsInVariablesFit> {
        let invalid = |name, requirement, found: String| Error::InvalidParameter {
            name,
            requirement,
            found,
        };
        if !(self.tolerance >= 0.0 && self.tolerance < 1.0) {
            let found = self.tolerance.to_string();
            return Err(invalid("tolerance", "in [0, 1)", found));
        }
        if self.max_iterations == 0 {
            return Err(invalid("max_iterations", "at least 1", "0".into()));
        }
        let Some(variance) = data.noise_variance() else {
            let requirement = "rows with known uncertainties of the target, see Data::with_sigmas";
            return Err(invalid("data", requirement, "none".into()));
        };
        let target_variances: Vec<f64> = match data.weights() {
            Some(weights) => weights.iter().map(|w| variance / w).collect(),
            None => vec![variance; data.n_rows()],
        };
        let input_variances = self.input_variances(data)?;
        let fit = self.fit.clone().loss(Loss::Squared);
        let mut model = fit.fit(genes, data)?;
        // From here on the constants are near.
        let fit = fit.starts(1);
        let mut moved = Moved {
            displacements: vec![vec![0.0; data.n_rows()]; data.n_columns()],
            rows: data.clone(),
        };
        let mut state = (0, f64::INFINITY);
        while state.0 < self.max_iterations && state.1 > self.tolerance {
            moved.place(
                &model.expression(),
                data,
                &target_variances,
                &input_variances,
            )?;
            let before = model.predict_data(&moved.rows)?;
            model = fit.fit(model.genes(), &moved.rows)?;
            let after = model.predict_data(&moved.rows)?;
            let weights = moved.rows.weights().unwrap_or_default();
            let squares: f64 = (before.iter().zip(&after).zip(weights))
                .map(|((b, a), w)| w * (a - b) * (a - b))
                .sum();
            let unit = moved.rows.noise_variance().unwrap_or(1.0) * data.n_rows() as f64;
            state = (state.0 + 1, (squares / unit).sqrt());
        }
        Ok(ErrorsInVariablesFit {
            model,
            rows: moved.rows,
            iterations: state.0,
            change: state.1,
            is_converged: state.1 <= self.tolerance,
        })
    }

    /// Variances of each column and row; empty for an exact column.
    fn input_variances(&self, data: &Data) -> Result<Vec<Vec<f64>>> {
        let mut out = vec![Vec::new(); data.n_columns()];
        let rows = data.n_rows();
        for (name, sigmas) in &self.sigmas {
            data.column(name)?;
            if sigmas.len() != 1 && sigmas.len() != rows {
                return Err(Error::CountMismatch {
                    what: "standard uncertainties of an input",
                    expected: rows,
                    found: sigmas.len(),
                });
            }
            let fine = |s: &f64| s.is_finite() && *s >= 0.0 && (s * s).is_finite();
            if let Some(row) = sigmas.iter().position(|s| !fine(s)) {
                return Err(Error::InvalidWeight {
                    what: "standard uncertainty of an input",
                    row,
                    value: format!("{:e}", sigmas[row]),
                    requirement: "finite and not negative",
                });
            }
            for (column, known) in out.iter_mut().zip(data.names()) {
                if known == name {
                    *column = sigmas.iter().map(|s| s * s).cycle().take(rows).collect();
                }
            }
        }
        Ok(out)
    }
}

/// Rows where a law puts them.
struct Moved {
    /// By column.
    displacements: Vec<Vec<f64>>,
    /// Displaced inputs, the target as the tangent of the law there sees it, effective uncertainties.
    rows: Data,
}

impl Moved {
    fn place(
        &mut self,
        law: &Expression,
        data: &Data,
        target_variances: &[f64],
        input_variances: &[Vec<f64>],
    ) -> Result<()> {
        let mut columns = data.columns().to_vec();
        let mut target = data.target().to_vec();
        let mut sigmas = vec![0.0; data.n_rows()];
        let mut row_place = RowPlace {
            law,
            workspace: Workspace::default(),
            measured: Vec::new(),
            variances: Vec::new(),
            target: 0.0,
            target_variance: 0.0,
        };
        for row in 0..data.n_rows() {
            row_place.measured = data.columns().iter().map(|c| c[row]).collect();
            let variance = |c: &Vec<f64>| c.get(row).copied().unwrap_or(0.0);
            row_place.variances = input_variances.iter().map(variance).collect();
            row_place.target = data.target()[row];
            row_place.target_variance = target_variances[row];
            let start: Vec<f64> = self.displacements.iter().map(|d| d[row]).collect();
            let found = row_place.find(&start).ok_or_else(|| Error::InvalidModel {
                expression: law.to_infix(data.names()).unwrap_or_default(),
                row,
            })?;
            for (j, by) in found.displacement.iter().enumerate() {
                self.displacements[j][row] = *by;
                columns[j][row] += by;
                target[row] += found.gradient[j] * by;
            }
            sigmas[row] = found.variance.sqrt();
        }
        let names = data.names().iter().map(String::as_str);
        self.rows = Data::from_columns(names.zip(columns), (data.target_name(), target))?
            .with_sigmas(&sigmas)?;
        Ok(())
    }
}

/// One row and the law that it is displaced to.
struct RowPlace<'a> {
    law: &'a Expression,
    workspace: Workspace,
    measured: Vec<f64>,
    variances: Vec<f64>,
    target: f64,
    target_variance: f64,
}

/// What is known at a displacement.
struct Place {
    displacement: Vec<f64>,
    gradient: Vec<f64>,
    value: f64,
    /// Of the difference of target and tangent.
    variance: f64,
    /// The row's part of the sum that is minimized.
    distance: f64,
}

impl RowPlace<'_> {
    /// The displacement of least distance near `start`; `None` where the law is not finite.
    fn find(&mut self, start: &[f64]) -> Option<Place> {
        let mut place = self.at(start.to_vec()).or_else(|| {
            // The law may have changed so that it is not defined there.
            self.at(vec![0.0; start.len()])
        })?;
        for _ in 0..PLACE_STEPS {
            let along: f64 = dot(&place.gradient, &place.displacement);
            let share = (self.target - place.value + along) / place.variance;
            let aim: Vec<f64> = place
                .gradient
                .iter()
                .zip(&self.variances)
                .map(|(g, v)| v * g * share)
                .collect();
            let mut part = 1.0;
            let mut next = None;
            for _ in 0..HALVINGS {
                let trial = place
                    .displacement
                    .iter()
                    .zip(&aim)
                    .map(|(from, to)| from + part * (to - from))
                    .collect();
                let better = |p: &Place| p.distance <= place.distance * (1.0 + 1e-14);
                next = self.at(trial).filter(better);
                if next.is_some() {
                    break;
                }
                part *= 0.5;
            }
            let Some(next) = next else { break };
            let moved = next
                .displacement
                .iter()
                .zip(&place.displacement)
                .zip(&self.variances)
                .map(|((a, b), v)| {
                    if *v > 0.0 {
                        (a - b).abs() / v.sqrt()
                    } else {
                        0.0
                    }
                })
                .fold(0.0, f64::max);
            place = next;
            if moved < PLACE_TOLERANCE {
                break;
            }
        }
        Some(place)
    }

    fn at(&mut self, displacement: Vec<f64>) -> Option<Place> {
        let columns: Vec<Vec<f64>> = self
            .measured
            .iter()
            .zip(&displacement)
            .map(|(x, by)| vec![x + by])
            .collect();
        let mut gradient = vec![0.0; columns.len()];
        let value = self.workspace.gradient_by_variables(
            self.law.tokens(),
            Columns::new(&columns),
            0,
            &mut gradient,
        );
        let mut variance = self.target_variance;
        let mut distance = (self.target - value) * (self.target - value) / self.target_variance;
        for ((g, v), by) in gradient.iter_mut().zip(&self.variances).zip(&displacement) {
            if *v > 0.0 {
                variance += *g * *g * v;
                distance += by * by / v;
            } else {
                // An exact input does not move.
                *g = 0.0;
            }
        }
        (value.is_finite() && variance.is_finite() && distance.is_finite()).then_some(Place {
            displacement,
            gradient,
            value,
            variance,
            distance,
        })
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// A law fitted to rows with uncertain inputs.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ErrorsInVariablesFit {
    model: Model,
    rows: Data,
    iterations: usize,
    change: f64,
    is_converged: bool,
}

impl ErrorsInVariablesFit {
    /// The law. Its [`chi_squared`](Model::chi_squared) is the sum that was minimized; its other figures are about
    /// [`rows`](Self::rows). How well it predicts from inputs as measured is [`Model::score`] of the measured rows.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The rows as the last fit had them: inputs at their most probable places, the target as seen along the tangent of the law
    /// there, effective standard uncertainties. [`ConstantUncertainty::linear`](crate::ConstantUncertainty::linear) of them gives
    /// the intervals of the constants.
    #[must_use]
    pub fn rows(&self) -> &Data {
        &self.rows
    }

    /// Times that displacements and law were found from one another.
    #[must_use]
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Root mean square change of the predictions in the last of them, in effective standard uncertainties.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.change
    }

    /// Whether that change came down to the tolerance.
    #[must_use]
    pub fn is_converged(&self) -> bool {
        self.is_converged
    }
}
