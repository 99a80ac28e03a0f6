//! Lucas and Kanade's method, dense, on a pyramid.

use crate::coarse_to_fine::Levels;
use crate::derivative::gradient_row;
use crate::error::{Error, Result};
use crate::estimator::{FlowEstimator, FlowResult, Shift};
use crate::field::FlowField;
use crate::horn_schunck::check_frames;
use crate::image::Image;
use crate::interpolate::Sampler;
use crate::phase::global_shift;
use crate::plane::Plane;
use crate::smooth::gaussian;

/// The motion of a Gaussian window around each pixel, by iterated least squares.
///
/// Each step solves $\langle\nabla I\,\nabla I^T\rangle\,\delta = -\langle\nabla I\,I_t\rangle$ with $\langle\cdot\rangle$ a Gaussian mean, around the
/// field so far. Where the smaller eigenvalue of the matrix is below `threshold` there is no texture in some direction: the step along it is
/// damped, and [`LucasKanade::texture`] says where.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
/// use optical_flow::{FlowEstimator, Image, LucasKanade};
///
/// let frame = |dx: f32| Array2::from_shape_fn((64, 64), |(y, x)| {
///     0.5 + 0.2 * (0.4 * (x as f32 - dx)).sin() + 0.2 * (0.3 * y as f32 + 0.2 * (x as f32 - dx)).cos()
/// });
/// let result = LucasKanade::new()
///     .estimate(&Image::new(&frame(0.0).view())?, &Image::new(&frame(0.7).view())?)?;
/// assert!((result.flow.u[[32, 32]] - 0.7).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(n \cdot \text{window} \cdot \text{iterations})$.
///
/// # References
///
/// B. D. Lucas and T. Kanade, Proc. IJCAI, 674 (1981).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LucasKanade {
    window: f64,
    iterations: usize,
    threshold: f64,
    start_from_phase: bool,
}

impl Default for LucasKanade {
    fn default() -> Self {
        Self::new()
    }
}

/// Products of the gradient, gathered over the window: the matrix and the right-hand side.
type Gathered = [Plane; 5];

impl LucasKanade {
    /// A window of 5 px standard deviation, 4 iterations a level, threshold 1e-6.
    pub fn new() -> Self {
        Self {
            window: 5.0,
            iterations: 4,
            threshold: 1e-6,
            start_from_phase: true,
        }
    }

    /// Standard deviation of the Gaussian window, px.
    pub fn window(mut self, window: f64) -> Self {
        self.window = window;
        self
    }

    /// Iterations on each level.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// Smallest eigenvalue that counts as texture, in squared intensity a squared pixel.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Whether to start from the uniform shift that phase correlation finds. Default yes.
    pub fn start_from_phase(mut self, start_from_phase: bool) -> Self {
        self.start_from_phase = start_from_phase;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        if !(0.5..=100.0).contains(&self.window) {
            return Err(Error::parameter(
                "window",
                "from 0.5 to 100 px",
                self.window,
            ));
        }
        Error::at_least(
            "iterations",
            "from 1 to 1000",
            self.iterations == 0 || self.iterations > 1000,
            self.iterations,
        )?;
        Error::positive("threshold", self.threshold)
    }

    /// The smaller eigenvalue of the matrix of each pixel of a frame: where it is below the threshold, motion is not determined.
    ///
    /// # Errors
    ///
    /// As [`LucasKanade::validate`].
    pub fn texture(&self, frame: &Image) -> Result<ndarray::Array2<f32>> {
        self.validate()?;
        let (rows, columns) = frame.dim();
        let still = Plane::new(rows, columns);
        let ones = Plane::filled(rows, columns, 1.0);
        let [a, b, d, _, _] = self.gather(frame.plane(), &still, frame.weight().unwrap_or(&ones));
        Ok(Plane::from_fn(rows, columns, |(y, x)| {
            let (a, b, d) = (a.at(y, x), b.at(y, x), d.at(y, x));
            let half = 0.5 * (a - d);
            (0.5 * (a + d) - half.hypot(b)).max(0.0)
        })
        .into_array())
    }

    fn gather(&self, mean: &Plane, difference: &Plane, weight: &Plane) -> Gathered {
        let (rows, columns) = mean.dim();
        let mut products: Gathered = std::array::from_fn(|_| Plane::new(rows, columns));
        let (mut along, mut down) = (vec![0.0; columns], vec![0.0; columns]);
        let mut padded = Vec::new();
        for y in 0..rows {
            gradient_row(mean, y, &mut padded, &mut along, &mut down);
            let (t, w) = (difference.row(y), weight.row(y));
            let [a, b, d, p, q] = &mut products;
            let (a, b, d, p, q) = (
                a.row_mut(y),
                b.row_mut(y),
                d.row_mut(y),
                p.row_mut(y),
                q.row_mut(y),
            );
            for x in 0..columns {
                let (gx, gy) = (w[x] * along[x], w[x] * down[x]);
                a[x] = gx * along[x];
                b[x] = gx * down[x];
                d[x] = gy * down[x];
                p[x] = -gx * t[x];
                q[x] = -gy * t[x];
            }
        }
        products.map(|plane| gaussian(&plane, self.window))
    }

    fn improve(
        &self,
        first: &Plane,
        second: &Sampler,
        weight: Option<&Plane>,
        field: &mut (Plane, Plane),
    ) {
        let (warped, mut known) = second.warp(&field.0, &field.1);
        let (rows, columns) = first.dim();
        if let Some(weight) = weight {
            for (known, weight) in known.data_mut().iter_mut().zip(weight.data()) {
                *known *= weight;
            }
        }
        let mean = Plane::from_fn(rows, columns, |(y, x)| {
            0.5 * (first.at(y, x) + warped.at(y, x))
        });
        let difference = Plane::from_fn(rows, columns, |(y, x)| warped.at(y, x) - first.at(y, x));
        let [a, b, d, p, q] = self.gather(&mean, &difference, &known);
        let damping = self.threshold as f32;
        let (u, v) = (field.0.data_mut(), field.1.data_mut());
        for i in 0..rows * columns {
            let (a, b, d) = (a.data()[i] + damping, b.data()[i], d.data()[i] + damping);
            let (p, q) = (p.data()[i], q.data()[i]);
            let determinant = (a * d - b * b).max(damping * damping);
            let (du, dv) = ((d * p - b * q) / determinant, (a * q - b * p) / determinant);
            if du.is_finite() && dv.is_finite() {
                u[i] += du.clamp(-1.0, 1.0);
                v[i] += dv.clamp(-1.0, 1.0);
            }
        }
    }
}

impl FlowEstimator for LucasKanade {
    fn estimate(&self, first: &Image, second: &Image) -> Result<FlowResult> {
        self.validate()?;
        check_frames(first, second)?;
        if first == second {
            return Ok(FlowResult::new(FlowField::zeros(first.dim())));
        }
        // the window is to fit into the coarsest level
        let least = ((4.0 * self.window) as usize).max(16);
        let levels = Levels::new(
            first.plane().clone(),
            second.plane().clone(),
            first.common_weight(second),
            least,
        );
        let shift = if self.start_from_phase {
            global_shift(first, second, levels.len())
        } else {
            Shift::default()
        };
        let field = levels.descend(
            shift,
            |_| self.iterations,
            |first, second, weight, field| {
                self.improve(first, second, weight, field);
            },
        );
        let mut result = FlowResult::new(field);
        result.initial = shift;
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn says_where_there_is_no_texture() -> Result<()> {
        let stripes = Array2::from_shape_fn((64, 64), |(y, x)| {
            if x < 32 {
                (0.5 * y as f32).sin()
            } else {
                (0.5 * y as f32).sin() * (0.4 * x as f32).cos()
            }
        });
        let texture = LucasKanade::new()
            .window(2.0)
            .texture(&Image::new(&stripes.view())?)?;
        assert!(texture[[32, 10]] < 1e-6 && texture[[32, 54]] > 1e-3);
        Ok(())
    }

    /// Beside a block of the second frame that shows something else: it draws the field away unless it is masked.
    #[test]
    fn masked_pixels_of_either_frame_carry_no_data() -> Result<()> {
        let wave = |y: f32, x: f32| (0.31 * y + 0.2 * x).sin() + (0.23 * x - 0.17 * y).cos();
        let is_block = |y: usize, x: usize| (40..56).contains(&y) && (40..56).contains(&x);
        let first = Array2::from_shape_fn((96, 96), |(y, x)| wave(y as f32, x as f32));
        let second = Array2::from_shape_fn((96, 96), |(y, x)| {
            let shift = if is_block(y, x) { -2.0 } else { 1.0 };
            wave(y as f32, x as f32 - shift)
        });
        let seen = Array2::from_shape_fn((96, 96), |(y, x)| !is_block(y, x));
        let (a, b) = Image::pair(&first.view(), &second.view())?;
        let error = |flow: &FlowField| -> f32 {
            let beside = (36..60).flat_map(|y| (36..60).map(move |x| (y, x)));
            let (mut sum, mut count) = (0.0, 0.0);
            for at in beside.filter(|&(y, x)| !is_block(y, x)) {
                sum += (flow.u[at] - 1.0).hypot(flow.v[at]);
                count += 1.0;
            }
            sum / count
        };
        let of = |a: &Image, b: &Image| -> Result<f32> {
            Ok(error(&LucasKanade::new().estimate(a, b)?.flow))
        };
        let plain = of(&a, &b)?;
        let (second_masked, both) = (
            of(&a, &b.clone().with_mask(&seen)?)?,
            of(&a.clone().with_mask(&seen)?, &b.clone().with_mask(&seen)?)?,
        );
        assert!(second_masked < 0.2 * plain, "{second_masked} {plain}");
        assert!(both < 0.2 * plain, "{both} {plain}");
        Ok(())
    }

    #[test]
    fn rejects_windows_and_counts() {
        assert!(LucasKanade::new().window(0.1).validate().is_err());
        assert!(LucasKanade::new().iterations(0).validate().is_err());
        assert!(LucasKanade::new().threshold(f64::NAN).validate().is_err());
    }
}
