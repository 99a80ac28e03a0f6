//! Images on a stated intensity scale, with masks.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::plane::Plane;
use crate::smooth::{gaussian, gaussian_weights, separable};

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A type of pixels: `u8`, `u16`, `f32` or `f64`. Sealed.
pub trait Pixel: sealed::Sealed + Copy + Send + Sync {
    /// The value that becomes intensity 1: the largest of an integer type, 1 of a floating-point type.
    const WHITE: f64;

    /// The value, exactly.
    fn value(self) -> f64;
}

impl Pixel for u8 {
    const WHITE: f64 = 255.0;
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Pixel for u16 {
    const WHITE: f64 = 65_535.0;
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Pixel for f32 {
    const WHITE: f64 = 1.0;
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Pixel for f64 {
    const WHITE: f64 = 1.0;
    fn value(self) -> f64 {
        self
    }
}

/// A frame on the intensity scale that the smoothness weight $\alpha$ is stated on.
///
/// Intensity 0 is black and 1 is white: `u8` is divided by 255, `u16` by 65535, floating-point pixels are taken as they are.
/// Cameras that fill a part of their range want [`Image::with_range`], or [`Image::pair`] for two frames with one scale. Values
/// may lie outside 0 to 1. Views of any stride are accepted; pixels are copied to `f32`.
///
/// # Examples
///
/// ```
/// use ndarray::{Array2, s};
/// use optical_flow::Image;
///
/// let counts = Array2::from_shape_fn((16, 32), |(y, x)| (40 * y + x) as u16);
/// let image = Image::with_range(&counts.slice(s![.., ..;2]), 0.0, 1000.0)?;
/// assert_eq!(image.dim(), (16, 16));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    plane: Plane,
    /// 1 where a pixel has data, 0 where it has none; absent if all have.
    weight: Option<Plane>,
    unit: f64,
}

/// What to do with pixels that are infinite or not a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonFinite {
    /// [`Error::NonFinite`], with the first such pixel.
    #[default]
    Refuse,
    /// They are masked: they carry no data, and the flow there continues that of their neighbors.
    Mask,
}

impl Image {
    /// A frame whose white, as the type of its pixels says, is intensity 1.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewPixels`] if it is empty, [`Error::NonFinite`] at the first pixel that is infinite or not a number.
    pub fn new<P: Pixel>(pixels: &ArrayView2<'_, P>) -> Result<Self> {
        Self::with_policy(pixels, 0.0, P::WHITE, NonFinite::Refuse)
    }

    /// A frame with `black` at intensity 0 and `white` at intensity 1.
    ///
    /// # Errors
    ///
    /// As [`Image::new`], and [`Error::InvalidParameter`] if the range is not ascending and finite.
    pub fn with_range<P: Pixel>(
        pixels: &ArrayView2<'_, P>,
        black: f64,
        white: f64,
    ) -> Result<Self> {
        Self::with_policy(pixels, black, white, NonFinite::Refuse)
    }

    /// As [`Image::with_range`], with a choice for pixels that are not finite.
    ///
    /// # Errors
    ///
    /// As [`Image::with_range`]; [`Error::TooFewPixels`] if no pixel is finite.
    pub fn with_policy<P: Pixel>(
        pixels: &ArrayView2<'_, P>,
        black: f64,
        white: f64,
        non_finite: NonFinite,
    ) -> Result<Self> {
        if pixels.is_empty() {
            return Err(Error::TooFewPixels {
                what: "image",
                needed: 1,
                found: 0,
            });
        }
        if !(black.is_finite() && white.is_finite() && white > black) {
            return Err(Error::parameter(
                "white",
                "finite and above black",
                format_args!("{white} over {black}"),
            ));
        }
        let scale = 1.0 / (white - black);
        let (rows, columns) = pixels.dim();
        let mut n_bad = 0;
        let mut weight = Plane::filled(rows, columns, 1.0);
        let mut plane = Plane::new(rows, columns);
        for ((row, column), pixel) in pixels.indexed_iter() {
            let value = ((pixel.value() - black) * scale) as f32;
            if value.is_finite() {
                plane.row_mut(row)[column] = value;
                continue;
            }
            if non_finite == NonFinite::Refuse {
                return Err(Error::NonFinite {
                    what: "image",
                    row,
                    column,
                    found: pixel.value(),
                });
            }
            n_bad += 1;
            weight.row_mut(row)[column] = 0.0;
        }
        let image = Self {
            plane,
            weight: None,
            unit: white - black,
        };
        if n_bad == 0 {
            return Ok(image);
        }
        image.with_weight(weight)
    }

    /// Two frames on one scale: intensity 0 and 1 are the 0.1st and 99.9th percentile of both together.
    ///
    /// # Errors
    ///
    /// As [`Image::new`], and [`Error::ShapeMismatch`]. Frames of one value are given a range of one count.
    pub fn pair<P: Pixel>(
        first: &ArrayView2<'_, P>,
        second: &ArrayView2<'_, P>,
    ) -> Result<(Self, Self)> {
        Error::same_shape("second", first.dim(), second.dim())?;
        let mut values: Vec<f64> = first
            .iter()
            .chain(second)
            .map(|pixel| pixel.value())
            .filter(|value| value.is_finite())
            .collect();
        if values.is_empty() {
            return Err(Error::TooFewPixels {
                what: "first",
                needed: 1,
                found: 0,
            });
        }
        let last = values.len() - 1;
        let mut percentile = |fraction: f64| {
            let at = (fraction * last as f64).round() as usize;
            *values.select_nth_unstable_by(at, f64::total_cmp).1
        };
        let (black, white) = (percentile(0.001), percentile(0.999));
        let white = if white > black { white } else { black + 1.0 };
        Ok((
            Self::with_range(first, black, white)?,
            Self::with_range(second, black, white)?,
        ))
    }

    /// Leaves out pixels: those where the mask is `false` carry no data.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::TooFewPixels`] if no pixel is left.
    pub fn with_mask(self, mask: &Array2<bool>) -> Result<Self> {
        Error::same_shape("mask", self.dim(), mask.dim())?;
        let (rows, columns) = self.dim();
        let weight = Plane::from_fn(rows, columns, |at| {
            let before = self
                .weight
                .as_ref()
                .map_or(1.0, |weight| weight.at(at.0, at.1));
            if mask[at] { before } else { 0.0 }
        });
        if weight.data().iter().all(|w| *w > 0.0) {
            return Ok(self);
        }
        self.with_weight(weight)
    }

    fn with_weight(mut self, weight: Plane) -> Result<Self> {
        if weight.data().iter().all(|w| *w == 0.0) {
            return Err(Error::TooFewPixels {
                what: "mask",
                needed: 1,
                found: 0,
            });
        }
        fill(&mut self.plane, &weight);
        self.weight = Some(weight);
        Ok(self)
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        self.plane.dim()
    }

    /// Intensity of each pixel; that of a masked pixel is filled in from its neighbors.
    pub fn intensity(&self) -> ArrayView2<'_, f32> {
        let dim = self.dim();
        // the length is rows times columns by construction
        ArrayView2::from_shape(dim, self.plane.data()).unwrap_or_else(|_| {
            ArrayView2::from_shape((0, 0), &[]).unwrap_or_else(|_| unreachable!("an empty view"))
        })
    }

    /// What an intensity of 1 was in the values of the pixels.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// The same mask and scale with other intensities.
    pub(crate) fn with_plane(&self, plane: Plane) -> Self {
        Self {
            plane,
            weight: self.weight.clone(),
            unit: self.unit,
        }
    }

    pub(crate) fn plane(&self) -> &Plane {
        &self.plane
    }

    /// Intensities in counts of 8 bits, smoothed by a Gaussian of this standard deviation in px.
    pub(crate) fn counts(&self, sigma: f64) -> Plane {
        let mut plane = gaussian(&self.plane, sigma);
        for value in plane.data_mut() {
            *value *= 255.0;
        }
        plane
    }

    pub(crate) fn weight(&self) -> Option<&Plane> {
        self.weight.as_ref()
    }

    /// The weight of a pixel in both of two images of one size; none if neither has a mask.
    pub(crate) fn common_weight(&self, other: &Self) -> Option<Plane> {
        match (self.weight(), other.weight()) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (Some(a), Some(b)) => {
                let (rows, columns) = self.dim();
                let product = |(y, x)| a.at(y, x) * b.at(y, x);
                Some(Plane::from_fn(rows, columns, product))
            }
        }
    }
}

/// Fills pixels without weight with a weighted mean of ever wider surroundings.
fn fill(plane: &mut Plane, weight: &Plane) {
    let (rows, columns) = plane.dim();
    let mut known = weight.clone();
    let mut sigma = 1.0;
    while known.data().contains(&0.0) {
        let weights = gaussian_weights(sigma);
        let product = Plane::from_fn(rows, columns, |(y, x)| plane.at(y, x) * known.at(y, x));
        let sums = separable(&product, &weights);
        let norms = separable(&known, &weights);
        let mut next = known.clone();
        for y in 0..rows {
            for x in 0..columns {
                if known.at(y, x) == 0.0 && norms.at(y, x) > 1e-6 {
                    plane.row_mut(y)[x] = sums.at(y, x) / norms.at(y, x);
                    next.row_mut(y)[x] = 1.0;
                }
            }
        }
        known = next;
        // each pass reaches three deviations: the count of passes is the logarithm of the size
        sigma = (2.0 * sigma).min(32.0);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values that are exact")]
mod tests {
    use super::*;
    use ndarray::{array, s};

    #[test]
    fn scales_are_stated() -> Result<()> {
        let bytes = array![[0_u8, 255], [51, 102]];
        assert_eq!(
            Image::new(&bytes.view())?.intensity(),
            array![[0.0, 1.0], [0.2, 0.4]]
        );
        let words = bytes.mapv(|b| u16::from(b) * 257);
        assert_eq!(
            Image::new(&words.view())?,
            Image {
                unit: 65_535.0,
                ..Image::new(&bytes.view())?
            }
        );
        let floats = bytes.mapv(f64::from);
        assert_eq!(
            Image::with_range(&floats.view(), 0.0, 255.0)?,
            Image::new(&bytes.view())?
        );
        assert_eq!(
            Image::new(&floats.slice(s![..;-1, ..]))?.intensity()[[0, 1]],
            102.0
        );
        Ok(())
    }

    #[test]
    fn refuses_or_masks_what_is_not_finite() -> Result<()> {
        let mut pixels = Array2::from_elem((9, 9), 3.0_f32);
        pixels[[4, 5]] = f32::NAN;
        pixels[[7, 1]] = f32::INFINITY;
        assert!(matches!(
            Image::new(&pixels.view()),
            Err(Error::NonFinite {
                row: 4,
                column: 5,
                ..
            })
        ));
        let image = Image::with_policy(&pixels.view(), 0.0, 1.0, NonFinite::Mask)?;
        assert!(image.intensity().iter().all(|v| (*v - 3.0).abs() < 1e-5));
        assert_eq!(
            image.weight().map(|w| w.data().iter().sum::<f32>()),
            Some(79.0)
        );
        pixels.fill(f32::NAN);
        assert!(Image::with_policy(&pixels.view(), 0.0, 1.0, NonFinite::Mask).is_err());
        assert!(Image::new(&Array2::<u8>::zeros((0, 5)).view()).is_err());
        Ok(())
    }

    #[test]
    fn rejects_ranges_and_masks_that_do_not_fit() -> Result<()> {
        let pixels = Array2::<u8>::zeros((4, 4));
        for (black, white) in [
            (1.0, 1.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
        ] {
            assert!(Image::with_range(&pixels.view(), black, white).is_err());
        }
        let image = Image::new(&pixels.view())?;
        assert!(
            image
                .clone()
                .with_mask(&Array2::from_elem((4, 5), true))
                .is_err()
        );
        assert!(
            image
                .clone()
                .with_mask(&Array2::from_elem((4, 4), false))
                .is_err()
        );
        assert!(
            image
                .clone()
                .with_mask(&Array2::from_elem((4, 4), true))?
                .weight()
                .is_none()
        );
        Ok(())
    }
}
