//! Scaling symmetries of a law: which products of powers its inputs enter by.

use rand::RngExt;

use crate::expression::Expression;
use crate::kernel::workspace::{Columns, Workspace};
use crate::random::{Purpose, stream};
use crate::{Data, Error, Result};

/// Points at which a symmetry is tested.
const POINTS: usize = 64;
/// Largest relative departure that counts as rounding.
const TOLERANCE: f64 = 1e-9;

impl Expression {
    /// The one power product $\prod_j x_j^{e_j}$ that the expression depends on, if there is one.
    ///
    /// If $f(x) = g(\prod_j x_j^{e_j})$, the logarithmic gradient
    /// $(x_j\,\partial f/\partial x_j)_j$ points along $e$ everywhere, and conversely. It is
    /// computed exactly (reverse mode) at 64 points drawn log-uniformly, with a fixed seed, from
    /// the range of each column of `data`; its direction must agree to 1e-9. The exponents are
    /// scaled so that the first that is not zero is 1. `None` if no such product exists, or the
    /// expression is constant or has no finite gradient on at least half of the points.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`]; [`Error::NotPositive`] if a column that the expression uses
    /// has a value that is not positive.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Data, Expression};
    /// let data = Data::from_columns(
    ///     [("Ps", vec![1.0, 28.0]), ("Pe", vec![5.0, 18.0]), ("Ts", vec![1.9, 4.2])],
    ///     ("depth", vec![0.3, 5.0]),
    /// )?;
    /// let law = |text| Expression::parse(text, data.names());
    /// let ke = law("5.12-5.07*exp(-Ps/(Pe*Ts))")?.power_product(&data)?;
    /// assert_eq!(ke, Some(vec![1.0, -1.0, -1.0]));
    /// assert_eq!(law("Ps/Pe+0.1*Ps")?.power_product(&data)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn power_product(&self, data: &Data) -> Result<Option<Vec<f64>>> {
        let slopes = self.logarithmic_gradients(data)?;
        if slopes.len() < POINTS / 2 {
            return Ok(None);
        }
        let columns = data.n_columns();
        let weight = |j: usize| slopes.iter().map(|s| s[j] * s[j]).sum::<f64>();
        let Some(reference) = (0..columns).max_by(|&i, &j| weight(i).total_cmp(&weight(j))) else {
            return Ok(None);
        };
        let total = weight(reference);
        if total.is_nan() || total <= 0.0 {
            return Ok(None);
        }
        let exponents: Vec<f64> = (0..columns)
            .map(|j| slopes.iter().map(|s| s[j] * s[reference]).sum::<f64>() / total)
            .collect();
        let agrees = slopes.iter().all(|s| {
            let size = s.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            s.iter()
                .zip(&exponents)
                .all(|(v, e)| (v - e * s[reference]).abs() <= TOLERANCE * size)
        });
        if !agrees {
            return Ok(None);
        }
        let cleaned: Vec<f64> = exponents.into_iter().map(snapped).collect();
        let first = cleaned.iter().copied().find(|e| *e != 0.0).unwrap_or(1.0);
        Ok(Some(
            cleaned
                .into_iter()
                .map(|e| snapped(e / first) + 0.0)
                .collect(),
        ))
    }

    /// Whether the value stays the same when every input $x_j$ is multiplied by $\lambda^{w_j}$,
    /// for all $\lambda > 0$: whether $\sum_j w_j x_j\,\partial f/\partial x_j = 0$.
    ///
    /// With weights 1, 1 for two inputs this asks whether they enter only as their ratio. Tested
    /// as in [`power_product`](Self::power_product). A constant expression has every symmetry.
    ///
    /// # Errors
    ///
    /// [`Error::CountMismatch`] if there is not one weight a column, and the errors of
    /// [`power_product`](Self::power_product).
    pub fn has_scaling_symmetry(&self, weights: &[f64], data: &Data) -> Result<bool> {
        if weights.len() != data.n_columns() {
            return Err(Error::CountMismatch {
                what: "weights",
                expected: data.n_columns(),
                found: weights.len(),
            });
        }
        let slopes = self.logarithmic_gradients(data)?;
        let holds = |s: &Vec<f64>| {
            let parts = s.iter().zip(weights).map(|(v, w)| v * w);
            let size = parts.clone().fold(0.0_f64, |m, v| m.max(v.abs()));
            parts.sum::<f64>().abs() <= TOLERANCE * size
        };
        Ok(slopes.len() >= POINTS / 2 && slopes.iter().all(holds))
    }

    /// $x_j\,\partial f/\partial x_j$ at the test points where it is finite.
    fn logarithmic_gradients(&self, data: &Data) -> Result<Vec<Vec<f64>>> {
        self.check_variables(data.n_columns())?;
        let used = self.variables();
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(data.n_columns());
        for (j, column) in data.columns().iter().enumerate() {
            let mut rng = stream(0, 0, 0, j as u64, Purpose::TestPoints);
            if !used.contains(&j) {
                columns.push(vec![1.0; POINTS]);
                continue;
            }
            if let Some(row) = column.iter().position(|v| *v <= 0.0) {
                return Err(Error::NotPositive {
                    column: data.names()[j].clone(),
                    row,
                    value: column[row],
                });
            }
            let low = libm::log(column.iter().copied().fold(f64::INFINITY, f64::min));
            let high = libm::log(column.iter().copied().fold(0.0, f64::max));
            // A column of one value still needs room to vary.
            let high = if high - low < 1e-6 {
                low + libm::log(2.0)
            } else {
                high
            };
            let point = |_| libm::exp(low + (high - low) * rng.random::<f64>());
            columns.push((0..POINTS).map(point).collect());
        }
        let mut workspace = Workspace::default();
        let mut gradient = vec![0.0; data.n_columns()];
        let mut slopes = Vec::with_capacity(POINTS);
        for row in 0..POINTS {
            let value = workspace.gradient_by_variables(
                self.tokens(),
                Columns::new(&columns),
                row,
                &mut gradient,
            );
            let slope: Vec<f64> = gradient
                .iter()
                .zip(&columns)
                .map(|(g, c)| g * c[row])
                .collect();
            if value.is_finite() && slope.iter().all(|s| s.is_finite()) {
                slopes.push(slope);
            }
        }
        Ok(slopes)
    }
}

/// The nearest multiple of one sixtieth if `value` is that to rounding, else `value`.
fn snapped(value: f64) -> f64 {
    let nearest = (value * 60.0).round() / 60.0;
    if (value - nearest).abs() < 1e-8 {
        nearest
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn table() -> Result<Data> {
        Data::from_columns(
            [
                ("x", vec![0.1, 30.0]),
                ("y", vec![5.0, 18.0]),
                ("z", vec![1.9, 4.2]),
            ],
            ("t", vec![1.0, 2.0]),
        )
    }

    fn product(text: &str) -> Option<Vec<f64>> {
        let data = table().unwrap();
        Expression::parse(text, data.names())
            .unwrap()
            .power_product(&data)
            .unwrap()
    }

    #[test]
    fn finds_the_product_whatever_its_writing() {
        for text in [
            "x/(y*z)",
            "3-2*exp(-0.5*x/y/z)",
            "tanh(x*y/(y*y*z))+erf(1/(y/x*z))",
            "log(x)-log(y)-log(z)",
            "sqrt(x)/sqrt(y*z)",
        ] {
            assert_eq!(product(text), Some(vec![1.0, -1.0, -1.0]), "{text}");
        }
        assert_eq!(product("y^2/x"), Some(vec![1.0, -2.0, 0.0]));
        assert_eq!(product("sqrt(x)*z/y"), Some(vec![1.0, -2.0, 2.0]));
        let odd = product("x*y^-0.613").unwrap();
        assert_relative_eq!(odd[1], -0.613, max_relative = 1e-9);
    }

    #[test]
    fn finds_none_where_there_is_none() {
        for text in ["x+y", "x/y+0.001*x", "exp(-x/y)+z", "4", "log(-x)"] {
            assert_eq!(product(text), None, "{text}");
        }
    }

    #[test]
    fn tells_whether_two_inputs_enter_only_as_their_ratio() -> Result<()> {
        let data = table()?;
        let symmetric = |text: &str| {
            Expression::parse(text, data.names())?.has_scaling_symmetry(&[1.0, 1.0, 0.0], &data)
        };
        assert!(symmetric("x/y+exp(-x/y)*z+z")?);
        assert!(symmetric("x/(y+0.3*x)")?);
        assert!(!symmetric("(x+0.1)/y")?);
        assert!(symmetric("4")?);
        Ok(())
    }

    #[test]
    fn needs_positive_columns_and_one_weight_each() -> Result<()> {
        let data = Data::from_columns([("x", vec![1.0, -2.0])], ("t", vec![1.0, 2.0]))?;
        let e = Expression::parse("x", &["x"])?;
        assert!(matches!(
            e.power_product(&data),
            Err(Error::NotPositive { row: 1, .. })
        ));
        assert!(e.has_scaling_symmetry(&[], &data).is_err());
        Ok(())
    }
}
