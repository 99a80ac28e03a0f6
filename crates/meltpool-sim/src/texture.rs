//! The advected scalar that makes flow visible, and static surface texture.

use ndarray::Array2;

use crate::camera::Camera;
use crate::error::{Error, Result, finite, not_negative, positive, require};
use crate::filter::{Border, standardized};
use crate::random::{Normal, Purpose, stream, uniform};

/// Pixels that a texture field reaches beyond the image on each side; beyond that it repeats.
pub(crate) const MARGIN: usize = 128;

/// A scalar of zero mean and unit variance that moves with the liquid, scaled by a relative change of attenuation.
///
/// The field at time 0 covers the image and a margin of 128 pixels and repeats periodically beyond. At time $t$ it is looked up
/// at the backward map of each pixel with bilinear interpolation, once: it does not diffuse.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Texture {
    /// None.
    None,
    /// A Gaussian random field.
    Random {
        /// Standard deviation of the relative change of attenuation.
        std: f64,
        /// Standard deviation of the Gaussian filter in pixels.
        correlation: f64,
    },
    /// Gaussian dots at random places.
    Particles {
        /// Standard deviation of the relative change of attenuation.
        std: f64,
        /// Mean number of particles in a square pixel.
        density: f64,
        /// Standard deviation of a dot in pixels.
        radius: f64,
    },
    /// A plane wave $\sqrt2\cos(k_x x + k_y y)$.
    Cosine {
        /// Standard deviation of the relative change of attenuation.
        std: f64,
        /// Wavelength along x in pixels.
        wavelength_x: f64,
        /// Wavelength along y in pixels.
        wavelength_y: f64,
    },
    /// A given field, of the size of the image and 128 pixels more on each side.
    Field {
        /// Factor of the field.
        std: f64,
        /// The field.
        field: Array2<f32>,
    },
}

impl Texture {
    /// The factor of the field.
    pub(crate) fn std(&self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Random { std, .. }
            | Self::Particles { std, .. }
            | Self::Cosine { std, .. }
            | Self::Field { std, .. } => *std,
        }
    }

    /// The field at time 0 with its margin, for one layer.
    pub(crate) fn field(&self, camera: &Camera, seed: u64, layer: u64) -> Array2<f32> {
        let shape = (
            camera.n_rows() + 2 * MARGIN,
            camera.n_columns() + 2 * MARGIN,
        );
        let mut rng = stream(seed, layer, Purpose::Texture);
        match self {
            Self::None => Array2::zeros((1, 1)),
            Self::Random { correlation, .. } => {
                let normal = Normal::new();
                let noise = Array2::from_shape_simple_fn(shape, || normal.draw(&mut rng) as f32);
                standardized(noise, *correlation, *correlation, Border::Wrap)
            }
            Self::Particles {
                density, radius, ..
            } => {
                let mut rng = stream(seed, layer, Purpose::Particles);
                let mut dots = Array2::<f32>::zeros(shape);
                let n = crate::random::poisson(&mut rng, density * dots.len() as f64) as u64;
                for _ in 0..n {
                    let y = (uniform(&mut rng) * shape.0 as f64) as usize;
                    let x = (uniform(&mut rng) * shape.1 as f64) as usize;
                    dots[(y, x)] += 1.0;
                }
                standardized(dots, *radius, *radius, Border::Wrap)
            }
            Self::Cosine {
                wavelength_x,
                wavelength_y,
                ..
            } => Array2::from_shape_fn(shape, |(y, x)| {
                let (x, y) = (x as f64 - MARGIN as f64, y as f64 - MARGIN as f64);
                let phase = std::f64::consts::TAU * (x / wavelength_x + y / wavelength_y);
                (std::f64::consts::SQRT_2 * libm::cos(phase)) as f32
            }),
            Self::Field { field, .. } => field.clone(),
        }
    }

    pub(crate) fn validate(&self, camera: &Camera) -> Result<()> {
        not_negative("std", self.std())?;
        match self {
            Self::None => Ok(()),
            Self::Random { correlation, .. } => {
                positive("correlation", *correlation)?;
                require(
                    *correlation <= 256.0,
                    "correlation",
                    "at most 256 pixels",
                    correlation,
                )
            }
            Self::Particles {
                density, radius, ..
            } => {
                positive("density", *density)?;
                require(
                    *density <= 1.0,
                    "density",
                    "at most 1 a square pixel",
                    density,
                )?;
                positive("radius", *radius)?;
                require(*radius <= 256.0, "radius", "at most 256 pixels", radius)
            }
            Self::Cosine {
                wavelength_x,
                wavelength_y,
                ..
            } => {
                for (name, value) in [
                    ("wavelength_x", *wavelength_x),
                    ("wavelength_y", *wavelength_y),
                ] {
                    require(
                        !value.is_nan() && value != 0.0,
                        name,
                        "a number other than 0",
                        value,
                    )?;
                }
                Ok(())
            }
            Self::Field { field, .. } => {
                let expected = (camera.n_rows() + 2 * MARGIN) * (camera.n_columns() + 2 * MARGIN);
                if field.dim()
                    != (
                        camera.n_rows() + 2 * MARGIN,
                        camera.n_columns() + 2 * MARGIN,
                    )
                {
                    return Err(Error::LengthMismatch {
                        name: "field",
                        expected,
                        found: field.len(),
                    });
                }
                field
                    .iter()
                    .try_for_each(|value| finite("field", f64::from(*value)))
            }
        }
    }
}

/// Bilinear value of a periodic field with margin at pixel (column, row) plus a displacement.
#[inline(always)]
pub(crate) fn sample(
    field: &[f32],
    shape: (usize, usize),
    column: usize,
    row: usize,
    dx: f32,
    dy: f32,
) -> f32 {
    let (fx, fy) = (dx.floor(), dy.floor());
    let (wx, wy) = (dx - fx, dy - fy);
    let (n_rows, n_columns) = shape;
    let x = (column + MARGIN) as isize + fx as isize;
    let y = (row + MARGIN) as isize + fy as isize;
    let inside = x >= 0 && y >= 0 && x + 1 < n_columns as isize && y + 1 < n_rows as isize;
    let (x0, x1, y0, y1) = if inside {
        (x as usize, x as usize + 1, y as usize, y as usize + 1)
    } else {
        let wrap = |i: isize, n: usize| i.rem_euclid(n as isize) as usize;
        (
            wrap(x, n_columns),
            wrap(x + 1, n_columns),
            wrap(y, n_rows),
            wrap(y + 1, n_rows),
        )
    };
    let at = |y: usize, x: usize| field[y * n_columns + x];
    let top = at(y0, x0) + wx * (at(y0, x1) - at(y0, x0));
    let bottom = at(y1, x0) + wx * (at(y1, x1) - at(y1, x0));
    top + wy * (bottom - top)
}
