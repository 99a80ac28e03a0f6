//! From pixel values to colors.

use kuva::plot::ColorMap;
use ndarray::ArrayRef2;

use crate::{Error, Result};

/// The colors of an image, from the lowest value to the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Colormap {
    /// Black to white, as on film.
    #[default]
    Gray,
    /// Dark blue over green to yellow, of evenly rising lightness.
    Viridis,
    /// Dark blue over gray to yellow: looks nearly the same to color-blind readers (Nuñez,
    /// Anderton and Renslow, PLoS ONE 13, e0199239 (2018), doi 10.1371/journal.pone.0199239).
    Cividis,
}

impl Colormap {
    /// The colors at 256 even steps.
    pub(crate) fn table(self) -> Vec<[u8; 3]> {
        let map = match self {
            Self::Gray => None,
            Self::Viridis => Some(ColorMap::Viridis),
            Self::Cividis => Some(ColorMap::Cividis),
        };
        (0..=255u8)
            .map(|i| {
                let color = map
                    .as_ref()
                    .and_then(|m| m.map_rgb(f64::from(i) / 255.0))
                    .unwrap_or((i, i, i));
                [color.0, color.1, color.2]
            })
            .collect()
    }
}

/// The values that are shown as the first and the last color; values beyond take those colors.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Contrast {
    /// Least to greatest value.
    Full,
    /// From one value to another.
    Window {
        /// Shown as the first color.
        low: f32,
        /// Shown as the last color.
        high: f32,
    },
    /// From one percentile to another, by linear interpolation between the sorted values.
    Percentile {
        /// From 0 to 100.
        low: f64,
        /// From 0 to 100, above `low`.
        high: f64,
    },
}

impl Default for Contrast {
    /// Percentiles 0.5 and 99.5: a few hot or dead pixels do not wash out the rest.
    fn default() -> Self {
        Self::Percentile {
            low: 0.5,
            high: 99.5,
        }
    }
}

impl Contrast {
    pub(crate) fn validate(self) -> Result<()> {
        let (good, requirement, found) = match self {
            Self::Full => return Ok(()),
            Self::Window { low, high } => (
                low.is_finite() && high.is_finite() && low < high,
                "a finite window with low < high",
                format!("{low} to {high}"),
            ),
            Self::Percentile { low, high } => (
                low >= 0.0 && low < high && high <= 100.0,
                "percentiles with 0 <= low < high <= 100",
                format!("{low} to {high}"),
            ),
        };
        if good {
            Ok(())
        } else {
            Err(Error::InvalidParameter {
                name: "contrast",
                requirement,
                found,
            })
        }
    }

    /// The window of an image whose pixels are all finite.
    ///
    /// An image of one value gets a window around it.
    pub(crate) fn window(self, image: &ArrayRef2<f32>) -> (f64, f64) {
        let (low, high) = match self {
            Self::Window { low, high } => (f64::from(low), f64::from(high)),
            Self::Full => percentiles(image, 0.0, 100.0),
            Self::Percentile { low, high } => percentiles(image, low, high),
        };
        if low < high {
            (low, high)
        } else {
            let half = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
            (low - half, low + half)
        }
    }
}

fn percentiles(image: &ArrayRef2<f32>, low: f64, high: f64) -> (f64, f64) {
    let mut values: Vec<f32> = image.iter().copied().collect();
    values.sort_unstable_by(f32::total_cmp);
    let at = |percent: f64| {
        let rank = percent / 100.0 * (values.len() - 1) as f64;
        let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
        let (a, b) = (f64::from(values[below]), f64::from(values[above]));
        a + (b - a) * (rank - below as f64)
    };
    (at(low), at(high))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn percentiles_interpolate_between_sorted_values() {
        let image = array![[4.0f32, 1.0], [3.0, 2.0]];
        assert_eq!(Contrast::Full.window(&image), (1.0, 4.0));
        // numpy.percentile([4, 1, 3, 2], [25, 90]) = [1.75, 3.7]
        let contrast = Contrast::Percentile {
            low: 25.0,
            high: 90.0,
        };
        let (low, high) = contrast.window(&image);
        assert!((low - 1.75).abs() < 1e-12 && (high - 3.7).abs() < 1e-12);
    }

    #[test]
    fn a_constant_image_gets_a_window_around_its_value() {
        let (low, high) = Contrast::Full.window(&Array2::from_elem((3, 3), 2.0f32));
        assert_eq!((low, high), (1.0, 3.0));
    }

    #[test]
    fn refuses_windows_without_width() {
        assert!(
            Contrast::Window {
                low: 1.0,
                high: 1.0
            }
            .validate()
            .is_err()
        );
        assert!(
            Contrast::Window {
                low: f32::NAN,
                high: 1.0
            }
            .validate()
            .is_err()
        );
        assert!(
            Contrast::Percentile {
                low: 5.0,
                high: 101.0
            }
            .validate()
            .is_err()
        );
        assert!(Contrast::default().validate().is_ok());
    }

    #[test]
    fn lightness_rises_along_every_map() {
        for map in [Colormap::Gray, Colormap::Viridis, Colormap::Cividis] {
            let light: Vec<f64> = map
                .table()
                .iter()
                .map(|c| crate::Color::rgb(c[0], c[1], c[2]).luminance())
                .collect();
            assert_eq!(light.len(), 256);
            // Colors are rounded to 8 bits, so single steps may fall by a rounding.
            assert!(light.windows(9).all(|w| w[8] > w[0]), "{map:?}");
        }
    }
}
