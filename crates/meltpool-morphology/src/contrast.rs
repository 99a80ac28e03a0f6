//! From counts to contrast: what is brighter than the background.

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};

use crate::error::{Error, Result};
use crate::threshold::median;

/// What a frame is compared with.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Background {
    /// The median of each pixel over the frames: for keyholes that are in no pixel for half of the frames.
    TemporalMedian,
    /// A picture of the plate or of the open beam (flat field).
    Image(Array2<f32>),
}

/// Why a frame is not to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Unusable {
    /// All pixels are equal.
    Blank,
    /// More pixels than allowed are at or above the level of saturation.
    Saturated,
    /// Pixels are not numbers or infinite.
    NonFinite,
    /// The beam was off: the region of the gain has no intensity.
    Dark,
}

/// Turns counts into contrast $s = I/(gB) - 1$ with background $B$ and the gain $g$ of the frame.
///
/// The contrast is 0 in what stands still, positive where there is less metal. For small values it is the lack of absorbance.
///
/// # Examples
///
/// ```
/// use meltpool_morphology::{Background, Contrast};
/// use ndarray::{Array2, Array3};
///
/// // the beam flickers by a tenth; one pixel is brighter by a fifth in one frame
/// let mut frames = Array3::from_shape_fn((5, 4, 4), |(n, _, _)| if n == 2 { 110.0_f32 } else { 100.0 });
/// frames[[2, 1, 1]] *= 1.2;
/// let region = Array2::from_shape_fn((4, 4), |(y, _)| y == 3);
/// let film = Contrast::new(Background::TemporalMedian).gain_region(region).apply(&frames.view())?;
/// assert!((film.frames[[2, 1, 1]] - 0.2).abs() < 1e-6 && film.frames[[2, 0, 0]].abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Contrast {
    background: Background,
    dark: f64,
    gain_region: Option<Array2<bool>>,
    saturation: Option<f64>,
    saturated_share: f64,
}

/// Contrast of a film.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContrastFilm {
    /// Frames, rows, columns; 0 where the background has no intensity.
    pub frames: Array3<f32>,
    /// The background without dark level.
    pub background: Array2<f32>,
    /// Gain of each frame: 1 without a region of the gain, NaN in unusable frames.
    pub gains: Vec<f64>,
    /// Why a frame is not to be measured, if so.
    pub unusable: Vec<Option<Unusable>>,
}

impl ContrastFilm {
    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.frames.len_of(Axis(0))
    }

    /// One frame.
    ///
    /// # Panics
    ///
    /// As an index beyond the last frame.
    pub fn frame(&self, frame: usize) -> ArrayView2<'_, f32> {
        self.frames.index_axis(Axis(0), frame)
    }
}

impl Contrast {
    /// Contrast to this background; no dark level, no gain, no limit of saturation.
    pub fn new(background: Background) -> Self {
        Self {
            background,
            dark: 0.0,
            gain_region: None,
            saturation: None,
            saturated_share: 0.001,
        }
    }

    /// Dark level in counts (0 unless set), taken off frames; an image as background is taken without it.
    pub fn dark(mut self, dark: f64) -> Self {
        self.dark = dark;
        self
    }

    /// Pixels that stand still, from whose mean each frame's gain is taken (gain 1 unless set).
    pub fn gain_region(mut self, gain_region: Array2<bool>) -> Self {
        self.gain_region = Some(gain_region);
        self
    }

    /// Counts from which a pixel is saturated (none unless set).
    pub fn saturation(mut self, saturation: f64) -> Self {
        self.saturation = Some(saturation);
        self
    }

    /// Share of saturated pixels above which a frame is not to be measured (0.001 unless set).
    pub fn saturated_share(mut self, saturated_share: f64) -> Self {
        self.saturated_share = saturated_share;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::finite("dark", self.dark)?;
        Error::between("saturated_share", self.saturated_share, 0.0, 1.0)?;
        self.saturation
            .map_or(Ok(()), |level| Error::positive("saturation", level))
    }

    /// The contrast of a film of frames, rows, columns. $O(n)$ in pixels; the median of $T$ frames takes memory for $T$ values more.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::TooFew`] for no pixels, or fewer than three frames for a median;
    /// [`Error::ShapeMismatch`] for a background or region of another size; [`Error::TooFew`] for an empty region.
    pub fn apply<T: Copy + Into<f32>>(&self, frames: &ArrayView3<T>) -> Result<ContrastFilm> {
        self.validate()?;
        let (n_frames, n_rows, n_columns) = frames.dim();
        let shape = (n_rows, n_columns);
        Error::at_least("contrast", "frames", 1, n_frames)?;
        Error::at_least("contrast", "pixels", 1, n_rows * n_columns)?;
        if let Some(region) = &self.gain_region {
            Error::same_shape("gain_region", shape, region.dim())?;
            let n = region.iter().filter(|inside| **inside).count();
            Error::at_least("the gain", "pixels of its region", 1, n)?;
        }
        let dark = self.dark as f32;
        let background = match &self.background {
            Background::Image(image) => {
                Error::same_shape("background", shape, image.dim())?;
                image.clone()
            }
            Background::TemporalMedian => {
                Error::at_least("a temporal median", "frames", 3, n_frames)?;
                let mut through = vec![0.0_f32; n_frames];
                Array2::from_shape_fn(shape, |(y, x)| {
                    for (n, value) in through.iter_mut().enumerate() {
                        let counts: f32 = frames[(n, y, x)].into();
                        *value = counts - dark;
                    }
                    median(&mut through).map_or(0.0, |value| value as f32)
                })
            }
        };
        let inverse = background.mapv(|b| {
            if b.is_finite() && b > 0.0 {
                1.0 / b
            } else {
                0.0
            }
        });
        let mut film = ContrastFilm {
            frames: Array3::zeros(frames.dim()),
            gains: Vec::with_capacity(n_frames),
            unusable: Vec::with_capacity(n_frames),
            background,
        };
        for (source, mut out) in frames.outer_iter().zip(film.frames.outer_iter_mut()) {
            let (mut saturated, mut bad, mut equal) = (0_usize, false, true);
            let first: f32 = source[(0, 0)].into();
            let limit = self.saturation.unwrap_or(f64::INFINITY) as f32;
            let (mut sum, mut n) = (0.0_f64, 0_usize);
            for (index, value) in source.iter().enumerate() {
                let value: f32 = (*value).into();
                saturated += usize::from(value >= limit);
                bad |= !value.is_finite();
                equal &= value.to_bits() == first.to_bits();
                let at = (index / n_columns, index % n_columns);
                let ratio = (value - dark) * inverse[at];
                out[at] = ratio;
                if let Some(region) = &self.gain_region {
                    if region[at] && inverse[at] > 0.0 {
                        sum += f64::from(ratio);
                        n += 1;
                    }
                }
            }
            let gain = if self.gain_region.is_some() && n > 0 {
                sum / n as f64
            } else {
                1.0
            };
            let unusable = if bad {
                Some(Unusable::NonFinite)
            } else if equal && source.len() > 1 {
                Some(Unusable::Blank)
            } else if saturated as f64 > self.saturated_share * source.len() as f64 {
                Some(Unusable::Saturated)
            } else if gain <= 0.0 || gain.is_nan() {
                Some(Unusable::Dark)
            } else {
                None
            };
            let scale = if gain > 0.0 && gain.is_finite() {
                (1.0 / gain) as f32
            } else {
                0.0
            };
            for (out, inverse) in out.iter_mut().zip(&inverse) {
                let value = *out * scale - 1.0;
                *out = if *inverse > 0.0 && value.is_finite() {
                    value
                } else {
                    0.0
                };
            }
            film.gains
                .push(if unusable.is_some() { f64::NAN } else { gain });
            film.unusable.push(unusable);
        }
        Ok(film)
    }
}

/// The surface of the plate in an image: a straight line $y = a + bx$.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SurfaceLine {
    /// Row in the middle column.
    pub row: f64,
    /// Rows a column.
    pub slope: f64,
    /// Standard error of `row` in pixels, from the scatter of 16 parts of the image about the line.
    pub row_error: f64,
}

impl SurfaceLine {
    /// Finds the surface of a plate as the strongest step of intensity from row to row, of either sign, in 16 strips of columns.
    ///
    /// Rows of a strip are averaged over its columns by their median; the step is the largest difference over three rows, sub-pixel by a parabola; the
    /// line is fitted by least absolute deviations from the strips' median slope (Theil-Sen). `None` if an image has less than 8 rows or 16
    /// columns or no step. Give a background, not a frame: the mouth of a keyhole is no plate.
    pub fn find(image: &ArrayView2<f32>) -> Option<Self> {
        const STRIPS: usize = 16;
        let (n_rows, n_columns) = image.dim();
        if n_rows < 8 || n_columns < STRIPS {
            return None;
        }
        let mut points = Vec::with_capacity(STRIPS);
        for k in 0..STRIPS {
            let (from, to) = (k * n_columns / STRIPS, (k + 1) * n_columns / STRIPS);
            let mut column = Vec::with_capacity(to - from);
            let mut profile = Vec::with_capacity(n_rows);
            for row in image.rows() {
                column.clear();
                column.extend(
                    row.iter()
                        .skip(from)
                        .take(to - from)
                        .filter(|v| v.is_finite()),
                );
                profile.push(median(&mut column)?);
            }
            let step: Vec<f64> = (1..n_rows - 1)
                .map(|y| (profile[y + 1] - profile[y - 1]).abs())
                .collect();
            let best = (0..step.len()).max_by(|a, b| step[*a].total_cmp(&step[*b]))?;
            if step[best] <= 0.0 {
                return None;
            }
            let around = |d: isize| {
                step.get(best.wrapping_add_signed(d))
                    .copied()
                    .unwrap_or(0.0)
            };
            let shift = peak(around(-1), around(0), around(1));
            points.push((0.5 * (from + to - 1) as f64, best as f64 + 1.0 + shift));
        }
        let mut slopes: Vec<f32> = Vec::new();
        for (i, a) in points.iter().enumerate() {
            for b in &points[i + 1..] {
                slopes.push(((b.1 - a.1) / (b.0 - a.0)) as f32);
            }
        }
        let slope = median(&mut slopes)?;
        let middle = 0.5 * (n_columns - 1) as f64;
        let mut rows: Vec<f64> = points
            .iter()
            .map(|p| p.1 - slope * (p.0 - middle))
            .collect();
        rows.sort_unstable_by(f64::total_cmp);
        let row = 0.5 * (rows[STRIPS / 2 - 1] + rows[STRIPS / 2]);
        let mut off: Vec<f64> = rows.iter().map(|r| (r - row).abs()).collect();
        off.sort_unstable_by(f64::total_cmp);
        let mad = 0.5 * (off[STRIPS / 2 - 1] + off[STRIPS / 2]);
        Some(Self {
            row,
            slope,
            // the median has 1.2533 times the standard error of the mean
            row_error: 1.2533 * 1.4826 * mad / (STRIPS as f64).sqrt(),
        })
    }

    /// Row of the surface in a column of an image with `n_columns` columns.
    pub fn row_at(&self, column: f64, n_columns: usize) -> f64 {
        self.row + self.slope * (column - 0.5 * (n_columns as f64 - 1.0))
    }
}

/// Offset of the top of a parabola through three equidistant values, from -0.5 to 0.5.
pub(crate) fn peak(before: f64, here: f64, after: f64) -> f64 {
    let bend = before - 2.0 * here + after;
    if bend < 0.0 {
        (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_cannot_be_measured_say_why() {
        let mut frames = Array3::from_shape_fn((5, 4, 6), |(n, y, x)| (100 + n + y + 3 * x) as f32);
        frames.index_axis_mut(Axis(0), 1).fill(7.0);
        frames[[2, 1, 1]] = f32::NAN;
        frames.index_axis_mut(Axis(0), 3).mapv_inplace(|v| v + 1e4);
        let film = Contrast::new(Background::Image(Array2::ones((4, 6))))
            .saturation(4095.0)
            .apply(&frames.view())
            .unwrap();
        let expected = [
            None,
            Some(Unusable::Blank),
            Some(Unusable::NonFinite),
            Some(Unusable::Saturated),
            None,
        ];
        assert_eq!(film.unusable, expected);
        assert!(film.gains[1].is_nan() && (film.gains[0] - 1.0).abs() < 1e-12);
        assert!(film.frames.iter().all(|v| v.is_finite()));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let frames = Array3::<f32>::ones((2, 4, 4));
        let median = Contrast::new(Background::TemporalMedian);
        assert!(matches!(
            median.apply(&frames.view()),
            Err(Error::TooFew { .. })
        ));
        let other = Contrast::new(Background::Image(Array2::ones((3, 4))));
        assert!(matches!(
            other.apply(&frames.view()),
            Err(Error::ShapeMismatch { .. })
        ));
        let empty = Contrast::new(Background::Image(Array2::ones((4, 4))))
            .gain_region(Array2::from_elem((4, 4), false));
        assert!(empty.apply(&frames.view()).is_err());
        assert!(median.dark(f64::NAN).apply(&frames.view()).is_err());
    }

    #[test]
    fn a_tilted_surface_is_found() {
        let (row, slope) = (40.3, 0.02);
        let image = Array2::from_shape_fn((100, 320), |(y, x)| {
            let d = y as f64 - (row + slope * (x as f64 - 159.5));
            (500.0 + 400.0 * (d / 1.5).tanh()) as f32 + ((7 * x + 13 * y) % 5) as f32
        });
        let line = SurfaceLine::find(&image.view()).unwrap();
        assert!(
            (line.row - row).abs() < 0.1 && (line.slope - slope).abs() < 5e-4,
            "{line:?}"
        );
        assert!((line.row_at(0.0, 320) - (row - 3.19)).abs() < 0.2);
        assert_eq!(
            SurfaceLine::find(&Array2::<f32>::ones((50, 50)).view()),
            None
        );
        assert_eq!(
            SurfaceLine::find(&Array2::<f32>::ones((1, 50)).view()),
            None
        );
    }
}
