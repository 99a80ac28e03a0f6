//! Quasi-stationary zones: liquid whose motion contrast is not above the noise floor.

use ndarray::{Array2, ArrayRef2, ArrayView3, Zip};
use xray_io::PixelSize;

use crate::contrast::MoveContrast;
use crate::error::{Error, Result};
use crate::measure::Measure;
use crate::region::{check_mask, values};
use crate::sample::{Real, Sample};
use crate::smooth::gaussian;

/// The map of quasi-stationary zones (QSSZ): $\{\text{inside the liquid}\} \cap \{\mathrm{RMS}_B < T(p_{fa})\}$.
///
/// The band power, smoothed, is compared with its own distribution in a region that is known to stand still: the threshold is the
/// value that a fraction $p_{fa}$ of that region exceeds. It is empirical, so neither the correlation of smoothed noise nor its law
/// has to be known; the region must have the gray level of the liquid, or the noise differs. Where the liquid moves too slowly, or
/// carries too little texture, to rise above the noise, it counts as stationary: the map says what was not seen to move.
///
/// ```
/// use mcxi::{FrameRate, MoveContrast, StagnationMap};
/// use ndarray::{Array2, Array3};
///
/// let mut state = 1_u32;
/// let frames = Array3::from_shape_fn((32, 48, 64), |(n, y, x)| {
///     state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
///     let moving = if y > 24 && x > 32 { 20.0 * (0.9 * n as f32 + 0.7 * x as f32).cos() } else { 0.0 };
///     1000.0 + moving + (state >> 24) as f32 * 0.1
/// });
/// let liquid = Array2::from_shape_fn((48, 64), |(y, _)| y > 24);
/// let contrast = MoveContrast::new(FrameRate::from_hertz(1.087e6)?);
/// let map = StagnationMap::new(contrast).smoothing_px(1.0).apply(&frames.view(), &liquid, &liquid.mapv(|inside| !inside))?;
/// assert!((map.mask.iter().filter(|m| **m).count() as f64 / (23.0 * 33.0) - 1.0).abs() < 0.15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StagnationMap {
    contrast: MoveContrast,
    probability: f64,
    smoothing_px: f64,
}

/// A map of zones at rest.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stagnation {
    /// Liquid that was not seen to move.
    pub mask: Array2<bool>,
    /// Smoothed band power in squared units of the input.
    pub power: Array2<f64>,
    /// Power below which a pixel is at rest.
    pub threshold: f64,
}

/// The zone in one window.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StagnationAt {
    /// Middle of the window, in frames.
    pub center: f64,
    /// The map.
    pub map: Stagnation,
    /// Its area in µm².
    pub area_um2: f64,
}

impl Stagnation {
    /// Pixels of the zone.
    pub fn n_pixels(&self) -> usize {
        self.mask.iter().filter(|inside| **inside).count()
    }

    /// Area in µm².
    pub fn area_um2(&self, pixel_size: PixelSize) -> f64 {
        self.n_pixels() as f64 * pixel_size.micrometers() * pixel_size.micrometers()
    }
}

impl StagnationMap {
    /// With the defaults, on the first band of a motion contrast (its measure is not looked at).
    pub fn new(contrast: MoveContrast) -> Self {
        Self {
            contrast: contrast.measure(Measure::Power),
            probability: 1e-2,
            smoothing_px: 2.0,
        }
    }

    /// The share of the static region that is called moving. Default: 0.01.
    pub fn false_alarm_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Standard deviation in px of the Gaussian under which the band power is put. Default: 2.
    pub fn smoothing_px(mut self, sigma_px: f64) -> Self {
        self.smoothing_px = sigma_px;
        self
    }

    /// The map of a whole sequence.
    ///
    /// # Errors
    ///
    /// As [`MoveContrast::images`]; [`Error::ShapeMismatch`]; [`Error::InvalidParameter`]; [`Error::SmallRegion`] if the static region has fewer
    /// pixels than the threshold needs (one in the tail).
    pub fn apply<S: Sample>(
        &self,
        frames: &ArrayView3<'_, S>,
        liquid: &ArrayRef2<bool>,
        static_region: &ArrayRef2<bool>,
    ) -> Result<Stagnation> {
        self.check()?;
        let power = self.contrast.image(frames)?;
        self.map(&power, liquid, static_region)
    }

    /// The map of windows of `length` frames, every `hop` frames, and its area. `liquid` gives the mask for the middle of a window.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply) and [`MoveContrast::sliding`].
    pub fn over_time<S: Sample>(
        &self,
        frames: &ArrayView3<'_, S>,
        static_region: &ArrayRef2<bool>,
        pixel_size: PixelSize,
        [length, hop]: [usize; 2],
        mut liquid: impl FnMut(f64) -> Array2<bool>,
    ) -> Result<Vec<StagnationAt>> {
        self.check()?;
        self.contrast
            .sliding(frames, length, hop)?
            .into_iter()
            .map(|window| {
                let power = &window.images[0].image;
                let map = self.map(power, &liquid(window.center), static_region)?;
                Ok(StagnationAt {
                    center: window.center,
                    area_um2: map.area_um2(pixel_size),
                    map,
                })
            })
            .collect()
    }

    fn check(&self) -> Result<()> {
        if self.probability > 0.0 && self.probability < 1.0 {
            return Ok(());
        }
        let found = self.probability;
        Err(Error::parameter(
            "false_alarm_probability",
            "between 0 and 1",
            found,
        ))
    }

    fn map<R: Real>(
        &self,
        power: &Array2<R>,
        liquid: &ArrayRef2<bool>,
        static_region: &ArrayRef2<bool>,
    ) -> Result<Stagnation> {
        check_mask("liquid", liquid, power.dim())?;
        let power = gaussian(&power.mapv(Real::as_f64), self.smoothing_px)?;
        let needed = (1.0 / self.probability).ceil() as usize;
        let mut still = values("static", &power, static_region, needed)?;
        still.sort_unstable_by(f64::total_cmp);
        let above = (self.probability * still.len() as f64).round() as usize;
        let threshold = still[still.len() - above.clamp(1, still.len())];
        let mask = Zip::from(&power)
            .and(liquid)
            .map_collect(|power, inside| *inside && *power < threshold);
        Ok(Stagnation {
            mask,
            power,
            threshold,
        })
    }
}
