//! Derivatives of a field: vorticity, divergence, strain, Q.

use ndarray::{Array2, Zip};

use crate::field::FlowField;

/// The gradient of a displacement field, each component in 1/frame (times the frame rate: 1/s).
///
/// Central differences inside, one-sided at the border; exact for linear fields. Axes are those of the image: y points down, so a
/// positive vorticity turns clockwise as seen on the screen.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowField, VelocityGradient};
///
/// // solid rotation by 0.1 rad a frame
/// let u = Array2::from_shape_fn((9, 9), |(y, _)| -0.1 * (y as f32 - 4.0));
/// let v = Array2::from_shape_fn((9, 9), |(_, x)| 0.1 * (x as f32 - 4.0));
/// let gradient = VelocityGradient::of(&FlowField::new(u, v)?);
/// assert!((gradient.vorticity()[[4, 4]] - 0.2).abs() < 1e-6);
/// assert!(gradient.divergence()[[4, 4]].abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VelocityGradient {
    /// $\partial u/\partial x$.
    pub du_dx: Array2<f32>,
    /// $\partial u/\partial y$.
    pub du_dy: Array2<f32>,
    /// $\partial v/\partial x$.
    pub dv_dx: Array2<f32>,
    /// $\partial v/\partial y$.
    pub dv_dy: Array2<f32>,
}

fn difference(field: &Array2<f32>, along_rows: bool) -> Array2<f32> {
    let (rows, columns) = field.dim();
    Array2::from_shape_fn((rows, columns), |(y, x)| {
        let (at, n) = if along_rows { (x, columns) } else { (y, rows) };
        let (low, high) = (at.saturating_sub(1), (at + 1).min(n - 1));
        if low == high {
            return 0.0;
        }
        let value = |k: usize| {
            if along_rows {
                field[[y, k]]
            } else {
                field[[k, x]]
            }
        };
        (value(high) - value(low)) / (high - low) as f32
    })
}

impl VelocityGradient {
    /// Of a field.
    pub fn of(flow: &FlowField) -> Self {
        Self {
            du_dx: difference(&flow.u, true),
            du_dy: difference(&flow.u, false),
            dv_dx: difference(&flow.v, true),
            dv_dy: difference(&flow.v, false),
        }
    }

    /// $\omega = \partial_x v - \partial_y u$.
    pub fn vorticity(&self) -> Array2<f32> {
        &self.dv_dx - &self.du_dy
    }

    /// $\partial_x u + \partial_y v$; in a projection not zero even if the flow is incompressible.
    pub fn divergence(&self) -> Array2<f32> {
        &self.du_dx + &self.dv_dy
    }

    /// Shear strain rate $\tfrac12(\partial_y u + \partial_x v)$.
    pub fn shear_strain(&self) -> Array2<f32> {
        0.5 * (&self.du_dy + &self.dv_dx)
    }

    /// Magnitude of the strain rate, $\sqrt{2 S_{ij}S_{ij}}$.
    pub fn strain_rate(&self) -> Array2<f32> {
        let mut out = self.shear_strain();
        Zip::from(&mut out)
            .and(&self.du_dx)
            .and(&self.dv_dy)
            .for_each(|s, a, b| *s = (2.0 * (a * a + b * b) + 4.0 * *s * *s).sqrt());
        out
    }

    /// $Q = \tfrac12(\lVert\Omega\rVert^2 - \lVert S\rVert^2)$ of the plane: positive where rotation prevails.
    ///
    /// J. C. R. Hunt, A. A. Wray and P. Moin, Center for Turbulence Research Report CTR-S88, 193 (1988).
    pub fn q(&self) -> Array2<f32> {
        let mut out = &self.du_dy * &self.dv_dx;
        Zip::from(&mut out)
            .and(&self.du_dx)
            .and(&self.dv_dy)
            .for_each(|q, a, b| *q = -0.5 * (a * a + b * b) - *q);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_exact_for_linear_fields() -> crate::Result<()> {
        let at = |a: f32, b: f32| {
            Array2::from_shape_fn((6, 8), move |(y, x)| a * x as f32 + b * y as f32)
        };
        let g = VelocityGradient::of(&FlowField::new(at(0.5, -0.25), at(0.75, 1.5))?);
        for (map, value) in [
            (g.vorticity(), 1.0),
            (g.divergence(), 2.0),
            (g.shear_strain(), 0.25),
            (
                g.strain_rate(),
                (2.0_f32 * (0.25 + 2.25) + 4.0 * 0.0625).sqrt(),
            ),
            // -(ux^2 + vy^2)/2 - uy vx
            (g.q(), -0.5 * (0.25 + 2.25) + 0.1875),
        ] {
            assert!(map.iter().all(|v| (v - value).abs() < 1e-5), "{value}");
        }
        Ok(())
    }
}
