//! Means and fluctuations of a sequence of fields.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::field::FlowField;

/// Mean, variances and covariance of each pixel over the fields of a sequence, one pass, in double precision.
///
/// Vectors that are unknown are left out, pixel by pixel.
///
/// # Examples
///
/// ```
/// use optical_flow::{FlowField, FlowStatistics};
///
/// let mut statistics = FlowStatistics::new((4, 4));
/// for u in [1.0, 2.0, 3.0] {
///     statistics.add(&FlowField::uniform((4, 4), u, -u))?;
/// }
/// assert_eq!(statistics.mean().u[[2, 2]], 2.0);
/// assert_eq!(statistics.variance_u()[[2, 2]], 1.0);
/// assert_eq!(statistics.covariance()[[2, 2]], -1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// B. P. Welford, Technometrics 4, 419 (1962), doi 10.1080/00401706.1962.10490022.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlowStatistics {
    moments: Array2<Moments>,
    n_fields: usize,
}

/// Number, means, and sums of squares and products of the distances from them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Moments {
    n: f64,
    u: f64,
    v: f64,
    uu: f64,
    uv: f64,
    vv: f64,
}

impl FlowStatistics {
    /// Of no fields so far, for fields of this many rows and columns.
    pub fn new(dim: (usize, usize)) -> Self {
        Self {
            moments: Array2::from_elem(dim, Moments::default()),
            n_fields: 0,
        }
    }

    /// Takes in a field.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`].
    pub fn add(&mut self, flow: &FlowField) -> Result<()> {
        Error::same_shape("flow", self.moments.dim(), flow.dim())?;
        for (at, m) in self.moments.indexed_iter_mut() {
            if !flow.is_known(at) {
                continue;
            }
            let (u, v) = (f64::from(flow.u[at]), f64::from(flow.v[at]));
            m.n += 1.0;
            let (du, dv) = (u - m.u, v - m.v);
            m.u += du / m.n;
            m.v += dv / m.n;
            m.uu += du * (u - m.u);
            m.vv += dv * (v - m.v);
            m.uv += du * (v - m.v);
        }
        self.n_fields += 1;
        Ok(())
    }

    /// Fields that were taken in.
    pub fn n_fields(&self) -> usize {
        self.n_fields
    }

    /// How many known vectors each pixel had.
    pub fn count(&self) -> Array2<usize> {
        self.moments.mapv(|m| m.n as usize)
    }

    /// The mean field, px/frame; not a number where no vector is known.
    pub fn mean(&self) -> FlowField {
        let pick = |value: fn(&Moments) -> f64| {
            self.moments
                .map(|m| if m.n > 0.0 { value(m) as f32 } else { f32::NAN })
        };
        FlowField {
            u: pick(|m| m.u),
            v: pick(|m| m.v),
        }
    }

    fn second(&self, value: fn(&Moments) -> f64) -> Array2<f32> {
        self.moments.map(|m| {
            if m.n > 1.0 {
                (value(m) / (m.n - 1.0)) as f32
            } else {
                f32::NAN
            }
        })
    }

    /// $\langle u'^2\rangle$, px²/frame², with $n - 1$; not a number for fewer than two known vectors.
    pub fn variance_u(&self) -> Array2<f32> {
        self.second(|m| m.uu)
    }

    /// $\langle v'^2\rangle$, as [`FlowStatistics::variance_u`].
    pub fn variance_v(&self) -> Array2<f32> {
        self.second(|m| m.vv)
    }

    /// $\langle u'v'\rangle$: less the Reynolds shear stress over the density.
    pub fn covariance(&self) -> Array2<f32> {
        self.second(|m| m.uv)
    }

    /// Kinetic energy of the fluctuations in the plane, $\tfrac12\langle u'^2 + v'^2\rangle$.
    pub fn fluctuation_energy(&self) -> Array2<f32> {
        self.second(|m| 0.5 * (m.uu + m.vv))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_two_passes_and_leaves_out_the_unknown() -> Result<()> {
        let value =
            |k: usize, y: usize, x: usize| 100.0 + ((k * 31 + y * 17 + x * 7) % 23) as f32 / 7.0;
        let mut statistics = FlowStatistics::new((5, 6));
        let n = 9;
        for k in 0..n {
            let u = Array2::from_shape_fn((5, 6), |(y, x)| {
                if (y, x) == (1, 1) && k % 2 == 0 {
                    f32::NAN
                } else {
                    value(k, y, x)
                }
            });
            let v = Array2::from_shape_fn((5, 6), |(y, x)| value(2 * k + 3, x, y));
            statistics.add(&FlowField::new(u, v)?)?;
        }
        assert_eq!(statistics.n_fields(), n);
        assert_eq!(statistics.count()[[1, 1]], n / 2);
        for at in [(0, 0), (1, 1), (4, 5)] {
            let used: Vec<(f64, f64)> = (0..n)
                .filter(|k| at != (1, 1) || k % 2 == 1)
                .map(|k| {
                    (
                        f64::from(value(k, at.0, at.1)),
                        f64::from(value(2 * k + 3, at.1, at.0)),
                    )
                })
                .collect();
            let m = used.len() as f64;
            let mean = |f: &dyn Fn(&(f64, f64)) -> f64| used.iter().map(f).sum::<f64>() / m;
            let (mu, mv) = (mean(&|p| p.0), mean(&|p| p.1));
            approx::assert_relative_eq!(
                f64::from(statistics.mean().u[at]),
                mu,
                max_relative = 1e-6
            );
            let uv = mean(&|p| (p.0 - mu) * (p.1 - mv)) * m / (m - 1.0);
            let uu = mean(&|p| (p.0 - mu).powi(2)) * m / (m - 1.0);
            let vv = mean(&|p| (p.1 - mv).powi(2)) * m / (m - 1.0);
            approx::assert_relative_eq!(f64::from(statistics.covariance()[at]), uv, epsilon = 1e-5);
            approx::assert_relative_eq!(f64::from(statistics.variance_u()[at]), uu, epsilon = 1e-5);
            approx::assert_relative_eq!(
                f64::from(statistics.fluctuation_energy()[at]),
                0.5 * (uu + vv),
                epsilon = 1e-5
            );
        }
        assert!(FlowStatistics::new((2, 2)).mean().u[[0, 0]].is_nan());
        assert!(statistics.add(&FlowField::zeros((2, 2))).is_err());
        Ok(())
    }
}
