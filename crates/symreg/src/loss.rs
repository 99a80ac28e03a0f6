//! What a fit minimizes.

use std::fmt;
use std::sync::Arc;

use crate::{Error, Result};

/// The loss of a residual $r$ = measured − predicted, summed over the rows with their weights.
///
/// Constants are found by iteratively reweighted least squares: each step is a weighted least-squares fit with the
/// weights $\rho'(r)/r$ of the step before, which never raises the loss where $\rho'(r)/r$ falls with $|r|$ (all but
/// powers above 2; Holland and Welsch 1977, doi 10.1080/03610927708827533). Fronts and knees rank by the loss
/// ([`Model::loss`](crate::Model::loss)); RMSE and R² are those of the residuals whatever the loss.
/// AIC and BIC take the loss for the logarithm of a likelihood whose scale is estimated, description lengths
/// are those of normal errors.
///
/// Enumeration screens structures by least squares whatever the loss, and fits the best of them with it.
///
/// # Examples
///
/// A line through rows of which one is far off:
///
/// ```
/// use symreg::{ConstantFit, Data, Expression, Loss};
/// let x: Vec<f64> = (0..20).map(f64::from).collect();
/// let y = x.iter().map(|x| if *x == 7.0 { 100.0 } else { 1.0 + 2.0 * x }).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let line = [Expression::parse("x", &["x"])?];
/// let least = ConstantFit::new().fit(&line, &data)?;
/// let robust = ConstantFit::new().loss(Loss::Absolute).fit(&line, &data)?;
/// assert!((least.bias() - 1.0).abs() > 1.0);
/// assert!((robust.bias() - 1.0).abs() < 1e-5 && (robust.weights()[0] - 2.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Loss {
    /// $r^2/2$ (the default).
    #[default]
    Squared,
    /// $|r|$: the conditional median.
    Absolute,
    /// $r^2/2$ up to $\delta$, $\delta(|r| - \delta/2)$ beyond (Huber 1964, doi 10.1214/aoms/1177703732).
    Huber(f64),
    /// $\delta^2 \ln\cosh(r/\delta)$.
    LogCosh(f64),
    /// $\tau r$ for positive residuals, $(\tau - 1) r$ for negative ones: the conditional quantile of probability
    /// $\tau$.
    Quantile(f64),
    /// $|r| - \epsilon$ where that is positive, else nothing.
    EpsilonInsensitive(f64),
    /// $|r|^p/p$, for $p$ from 1 to 2.
    Power(f64),
    /// A loss of one's own.
    Custom(CustomLoss),
}

/// A loss from closures.
#[derive(Clone)]
pub struct CustomLoss {
    value: Arc<Function>,
    slope: Arc<Function>,
}

type Function = dyn Fn(f64) -> f64 + Send + Sync;

impl CustomLoss {
    /// The loss of a residual and its derivative. The loss must be least at zero, where it is nothing, and the
    /// derivative have the sign of the residual.
    pub fn new(
        value: impl Fn(f64) -> f64 + Send + Sync + 'static,
        slope: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            value: Arc::new(value),
            slope: Arc::new(slope),
        }
    }
}

impl fmt::Debug for CustomLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomLoss")
    }
}

impl PartialEq for CustomLoss {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value) && Arc::ptr_eq(&self.slope, &other.slope)
    }
}

/// A closure cannot be written.
#[cfg(feature = "serde")]
impl serde::Serialize for CustomLoss {
    fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(
            "a loss of one's own cannot be written",
        ))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for CustomLoss {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(serde::de::Error::custom(
            "a loss of one's own cannot be read",
        ))
    }
}

impl Loss {
    /// Checks the parameter.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        let (requirement, found, is_fine) = match *self {
            Self::Squared | Self::Absolute | Self::Custom(_) => return Ok(()),
            Self::Huber(d) | Self::LogCosh(d) => {
                ("positive and finite", d, d > 0.0 && d.is_finite())
            }
            Self::EpsilonInsensitive(e) => {
                ("finite and not negative", e, e >= 0.0 && e.is_finite())
            }
            Self::Quantile(t) => ("between 0 and 1", t, t > 0.0 && t < 1.0),
            Self::Power(p) => ("from 1 to 2", p, (1.0..=2.0).contains(&p)),
        };
        if is_fine {
            return Ok(());
        }
        Err(Error::InvalidParameter {
            name: "loss",
            requirement,
            found: found.to_string(),
        })
    }

    /// The power of the residual that the loss grows with where it is small (large for those with a bend at
    /// zero): a likelihood $\exp(-\rho/s)$ of a scale that is estimated makes $n (2/q) \ln(\sum 2\rho/n)$ of it.
    pub(crate) fn degree(&self) -> f64 {
        match *self {
            Self::Squared | Self::Huber(_) | Self::LogCosh(_) | Self::Custom(_) => 2.0,
            Self::Absolute | Self::Quantile(_) | Self::EpsilonInsensitive(_) => 1.0,
            Self::Power(p) => p,
        }
    }

    /// The loss of a residual.
    #[must_use]
    pub fn value(&self, r: f64) -> f64 {
        match *self {
            Self::Squared => 0.5 * r * r,
            Self::Absolute => r.abs(),
            Self::Huber(d) if r.abs() <= d => 0.5 * r * r,
            Self::Huber(d) => d * (r.abs() - 0.5 * d),
            Self::LogCosh(d) => {
                // ln cosh z = |z| + ln(1 + exp(-2|z|)) - ln 2, which does not overflow.
                let z = (r / d).abs();
                d * d * (z + libm::log1p(libm::exp(-2.0 * z)) - std::f64::consts::LN_2)
            }
            Self::Quantile(t) if r < 0.0 => (t - 1.0) * r,
            Self::Quantile(t) => t * r,
            Self::EpsilonInsensitive(e) => (r.abs() - e).max(0.0),
            Self::Power(p) => libm::pow(r.abs(), p) / p,
            Self::Custom(ref own) => (own.value)(r),
        }
    }

    /// Where the parabola of the next step has its bottom: at no residual but for a tube, whose two walls pull
    /// on their own.
    pub(crate) fn bottom(&self, r: f64, least: f64) -> f64 {
        match *self {
            Self::EpsilonInsensitive(e) => {
                let (to_high, to_low) = tube(r, e, least);
                e * (to_high - to_low) / (to_high + to_low)
            }
            _ => 0.0,
        }
    }

    /// $\rho'(r)/r$, the weight of the row in the next step, with residuals below `least` taken for that.
    pub(crate) fn weight(&self, r: f64, least: f64) -> f64 {
        let size = r.abs().max(least);
        let signed = if r < 0.0 { -size } else { size };
        match *self {
            Self::Squared => 1.0,
            Self::Absolute => 1.0 / size,
            Self::Huber(d) => (d / size).min(1.0),
            Self::LogCosh(d) => d * libm::tanh(size / d) / size,
            Self::Quantile(t) if r < 0.0 => (1.0 - t) / size,
            Self::Quantile(t) => t / size,
            Self::EpsilonInsensitive(e) => {
                let (to_high, to_low) = tube(r, e, least);
                0.5 * (to_high + to_low)
            }
            Self::Power(p) => libm::pow(size, p - 2.0),
            Self::Custom(ref own) => (own.slope)(signed) / signed,
        }
    }
}

/// Weights of the two halves of $\max(0, |r| - \epsilon) = (|r - \epsilon| + |r + \epsilon|)/2 - \epsilon$.
fn tube(r: f64, epsilon: f64, least: f64) -> (f64, f64) {
    let inverse = |distance: f64| 1.0 / distance.abs().max(least);
    (inverse(r - epsilon), inverse(r + epsilon))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConstantFit, Data, Expression};
    use approx::assert_relative_eq;

    fn losses() -> Vec<Loss> {
        vec![
            Loss::Squared,
            Loss::Absolute,
            Loss::Huber(0.7),
            Loss::LogCosh(0.7),
            Loss::Quantile(0.3),
            Loss::Power(1.4),
            Loss::Custom(CustomLoss::new(|r| 2.0 * r * r, |r| 4.0 * r)),
        ]
    }

    #[test]
    fn weights_are_slopes_over_residuals() {
        for loss in losses() {
            for r in [-3.0, -0.4, 0.2, 1.9] {
                let h = 1e-6;
                let slope = (loss.value(r + h) - loss.value(r - h)) / (2.0 * h);
                assert_relative_eq!(loss.weight(r, 1e-9) * r, slope, max_relative = 1e-6);
            }
            assert!(loss.value(0.0).abs() < 1e-15);
        }
        assert_relative_eq!(Loss::LogCosh(1e-3).value(1e6), 1e3, max_relative = 1e-6);
        assert!(Loss::EpsilonInsensitive(0.5).value(0.4).abs() < 1e-15);
    }

    fn scattered() -> Result<Data> {
        let x: Vec<f64> = (0..41).map(|i| 0.1 * f64::from(i)).collect();
        let y = x
            .iter()
            .enumerate()
            .map(|(i, x)| 1.0 + 2.0 * libm::exp(-x) + 0.2 * (((i * i * 7) % 13) as f64 / 6.0 - 1.0))
            .collect();
        Data::from_columns([("x", x)], ("y", y))
    }

    /// Against a search over all three constants: no step from the optimum lowers the loss.
    #[test]
    fn no_change_of_a_constant_lowers_the_loss() -> Result<()> {
        let data = scattered()?;
        let gene = Expression::parse("exp(-0.5*x)", &["x"])?;
        for loss in losses().into_iter().chain([Loss::EpsilonInsensitive(0.05)]) {
            let model = ConstantFit::new()
                .loss(loss.clone())
                .fit(std::slice::from_ref(&gene), &data)?;
            let law = model.expression();
            let total = |e: &Expression| -> f64 {
                let x = data.column("x").unwrap();
                let rows = x.iter().zip(data.target());
                rows.map(|(x, y)| loss.value(y - e.evaluate_row(&[*x]).unwrap()))
                    .sum()
            };
            let least = total(&law);
            assert_relative_eq!(least, model.loss(), max_relative = 1e-6);
            let constants: Vec<f64> = law.constants().collect();
            for k in 0..constants.len() {
                for step in [-0.02, -0.005, 0.005, 0.02] {
                    let mut changed = law.clone();
                    let mut values = constants.clone();
                    values[k] *= 1.0 + step;
                    changed.set_constants(&mut values.into_iter());
                    // Loss functions with a bend are reached to some digits only.
                    assert!(
                        total(&changed) >= least * (1.0 - 1e-4),
                        "{loss:?} {k} {step}"
                    );
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_quantile_leaves_its_share_below() -> Result<()> {
        let data = scattered()?;
        let gene = [Expression::parse("x", &["x"])?];
        for t in [0.2, 0.5, 0.8] {
            let model = ConstantFit::new()
                .loss(Loss::Quantile(t))
                .fit(&gene, &data)?;
            let predicted = model.predict_data(&data)?;
            let below = predicted
                .iter()
                .zip(data.target())
                .filter(|(f, y)| *y < *f)
                .count();
            // Up to the two rows that the line goes through.
            assert!((below as f64 - t * 41.0).abs() <= 3.0, "{t}: {below}");
        }
        Ok(())
    }

    #[test]
    fn names_what_is_wrong_with_a_loss() {
        for bad in [
            Loss::Huber(0.0),
            Loss::LogCosh(f64::NAN),
            Loss::Quantile(1.0),
            Loss::EpsilonInsensitive(-1.0),
            Loss::Power(2.5),
        ] {
            assert!(
                matches!(
                    bad.validate(),
                    Err(Error::InvalidParameter { name: "loss", .. })
                ),
                "{bad:?}"
            );
        }
    }
}
