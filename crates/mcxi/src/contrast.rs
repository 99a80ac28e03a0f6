//! Motion contrast: images of what moves within bands of frequency.

use ndarray::{Array2, ArrayView3};
use xray_io::FrameRate;

use crate::band::Band;
use crate::detrend::Detrend;
use crate::error::{Error, Result};
use crate::frames::{Frames, NonFinite};
use crate::kernel::block::{BlockPlan, Request};
use crate::kernel::measure::Reduce;
use crate::measure::Measure;
use crate::parallel::run_blocks;
use crate::sample::{Real, Sample};
use crate::window::Window;

/// Longest transform that is made.
const LONGEST: usize = 1 << 22;

/// Images of bands of temporal frequency, pixel by pixel.
///
/// Each pixel's samples $I_n$ lose their trend, are weighted and transformed,
/// $$X_k = \sum_{n=0}^{T-1} w_n d_n e^{-2\pi i k n/N},$$
/// and each image is a [`Measure`] of the frequencies of a [`Band`]. Defaults: the band 0.03 to 0.25 of the frame rate, the Hann window, a
/// linear trend, [`Measure::Rms`], a transform as long as the record. None of them is a published value of the method; see the crate
/// guide for their reasons.
///
/// ```
/// use mcxi::{Band, FrameRate, MoveContrast};
/// use ndarray::Array3;
///
/// // One pixel of a still 4 x 4 scene flickers with an amplitude of 10 counts, 5 periods in 40 frames.
/// let frames = Array3::from_shape_fn((40, 4, 4), |(n, y, x)| {
///     let flicker = if (y, x) == (2, 1) { 10.0 * (std::f64::consts::TAU * 5.0 * n as f64 / 40.0).cos() } else { 0.0 };
///     (1000.0 + 50.0 * (y + x) as f64 + flicker).round() as u16
/// });
/// let rate = FrameRate::from_kilohertz(50.0)?;
/// let image = MoveContrast::new(rate).band(Band::from_hertz(5e3, 10e3)).image(&frames.view())?;
/// assert!((image[[2, 1]] - 10.0 / 2.0_f32.sqrt()).abs() < 0.2);
/// assert_eq!(image[[0, 0]], 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Accuracy
///
/// `u8`, `u16` and `f32` are computed in `f32`: within 1e-5 of the largest value of an image of the sums in exact arithmetic (measured: 1e-6).
/// `f64` is computed in `f64`: within 1e-12. The first value of a pixel is subtracted before anything else, so a large constant costs no digits.
///
/// # Performance
///
/// $O(T \log T)$ a pixel for powers of two; for other lengths $O(T K)$ up to $K = 64$ kept frequencies, else a planned transform a pixel.
/// No spectrum is kept: memory besides input and output is some 0.2 MB and 100 bytes a frame, for each thread. All bands and measures
/// take one pass. The bits do not depend on the number of threads or on the other pixels.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MoveContrast {
    rate: FrameRate,
    bands: Vec<Band>,
    measures: Vec<Measure>,
    window: Window,
    detrend: Detrend,
    transform_length: Option<usize>,
    non_finite: NonFinite,
}

/// One image of a band.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BandImage<R> {
    /// The band.
    pub band: Band,
    /// What the image shows of it.
    pub measure: Measure,
    /// The image, in units of the measure.
    pub image: Array2<R>,
}

impl MoveContrast {
    /// With the defaults, at this frame rate.
    pub fn new(rate: FrameRate) -> Self {
        Self {
            rate,
            bands: vec![Band::from_fraction(0.03, 0.25)],
            measures: vec![Measure::Rms],
            window: Window::default(),
            detrend: Detrend::default(),
            transform_length: None,
            non_finite: NonFinite::default(),
        }
    }

    /// The one band.
    pub fn band(self, band: Band) -> Self {
        self.bands([band])
    }

    /// Several bands, which may overlap.
    pub fn bands(mut self, bands: impl IntoIterator<Item = Band>) -> Self {
        self.bands = bands.into_iter().collect();
        self
    }

    /// The one measure. Default: [`Measure::Rms`].
    pub fn measure(self, measure: Measure) -> Self {
        self.measures([measure])
    }

    /// Several measures of each band.
    pub fn measures(mut self, measures: impl IntoIterator<Item = Measure>) -> Self {
        self.measures = measures.into_iter().collect();
        self
    }

    /// The window. Default: [`Window::Hann`].
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// The trend that is removed. Default: [`Detrend::Linear`].
    pub fn detrend(mut self, detrend: Detrend) -> Self {
        self.detrend = detrend;
        self
    }

    /// The length $N \ge T$ of the transform, zeros being appended. Default: the number of frames.
    pub fn transform_length(mut self, n: usize) -> Self {
        self.transform_length = Some(n);
        self
    }

    /// What is done with pixels that are infinite or not a number. Default: [`NonFinite::Propagate`].
    pub fn non_finite(mut self, policy: NonFinite) -> Self {
        self.non_finite = policy;
        self
    }

    /// The frame rate.
    pub fn frame_rate(&self) -> FrameRate {
        self.rate
    }

    /// Checks the parameters against a number of frames.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewFrames`] for fewer than two, or than two more than the order of the trend; [`Error::InvalidParameter`] for no band, no
    /// measure, or a transform shorter than the record; [`Error::BandOutside`] and [`Error::BandBetweenBins`].
    pub fn validate(&self, n_frames: usize) -> Result<()> {
        self.request::<f64>(n_frames).map(drop)
    }

    /// The images of each band, and of each measure within it, in their order.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::EmptySequence`]; [`Error::NonFinite`] if the policy is to refuse.
    pub fn images<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Vec<BandImage<S::Real>>> {
        let plan = self.plan::<S::Real>(frames.dim().0)?;
        let frames = Frames::new(frames)?;
        self.check::<S>(&frames.slices(), frames.shape())?;
        Ok(self.run(&plan, &frames.slices(), frames.shape()))
    }

    /// The image of the first band and measure.
    ///
    /// # Errors
    ///
    /// As [`images`](Self::images).
    pub fn image<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Array2<S::Real>> {
        let mut only = self.clone();
        only.bands.truncate(1);
        only.measures.truncate(1);
        let mut images = only.images(frames)?;
        // `validate` has found a band and a measure
        Ok(images.swap_remove(0).image)
    }

    pub(crate) fn window_of(&self) -> Window {
        self.window
    }

    pub(crate) fn detrend_of(&self) -> Detrend {
        self.detrend
    }

    pub(crate) fn bands_of(&self) -> &[Band] {
        &self.bands
    }

    pub(crate) fn length(&self, n_frames: usize) -> usize {
        self.transform_length.unwrap_or(n_frames)
    }

    /// An error for the first bad pixel, if the policy says so.
    pub(crate) fn check<S: Sample>(&self, frames: &[&[S]], shape: (usize, usize)) -> Result<()> {
        match self.non_finite {
            NonFinite::Propagate => Ok(()),
            NonFinite::Reject => frames.iter().enumerate().try_for_each(|(frame, pixels)| {
                match pixels.iter().position(|p| !p.real().finite()) {
                    None => Ok(()),
                    Some(at) => Err(Error::NonFinite {
                        frame,
                        row: at / shape.1,
                        column: at % shape.1,
                        found: pixels[at].real().as_f64(),
                    }),
                }
            }),
        }
    }

    pub(crate) fn plan<R: Real>(&self, n_frames: usize) -> Result<BlockPlan<R>> {
        self.request(n_frames).map(BlockPlan::new)
    }

    /// Images of checked frames, given as slices in their order in time.
    pub(crate) fn run<S: Sample>(
        &self,
        plan: &BlockPlan<S::Real>,
        frames: &[&[S]],
        shape: (usize, usize),
    ) -> Vec<BandImage<S::Real>> {
        let images = run_blocks(plan, frames, shape.0 * shape.1);
        self.kinds()
            .zip(images)
            .map(|((band, measure), pixels)| BandImage {
                band,
                measure,
                image: image_of(shape, pixels),
            })
            .collect()
    }

    /// Bands and measures in the order of the images.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (Band, Measure)> + '_ {
        self.bands
            .iter()
            .flat_map(|band| self.measures.iter().map(|measure| (*band, *measure)))
    }

    fn request<R: Real>(&self, n_frames: usize) -> Result<Request<R>> {
        let needed = (self.detrend.n_terms() + 1).max(2);
        if n_frames < needed {
            return Err(Error::TooFewFrames {
                purpose: "a spectrum after this trend",
                needed,
                found: n_frames,
            });
        }
        let n = self.length(n_frames);
        if n < n_frames || n > LONGEST {
            return Err(Error::parameter(
                "transform_length",
                "at least the number of frames and at most 4194304",
                n,
            ));
        }
        if self.bands.is_empty() || self.measures.is_empty() {
            let name = if self.bands.is_empty() {
                "bands"
            } else {
                "measures"
            };
            return Err(Error::parameter(name, "at least one", 0));
        }
        let bins = self
            .bands
            .iter()
            .map(|band| band.bins(n, self.rate))
            .collect::<Result<Vec<_>>>()?;
        let first = bins.iter().map(|bins| *bins.start()).min().unwrap_or(0);
        let last = bins.iter().map(|bins| *bins.end()).max().unwrap_or(0);
        let sums = self.window.sums(n_frames);
        let mut reduce = Vec::new();
        for bins in bins {
            for measure in &self.measures {
                let scale = match measure {
                    Measure::Rms | Measure::Power => 1.0 / (n as f64 * sums.second),
                    Measure::SumAmplitude | Measure::MaxAmplitude => 1.0 / sums.first,
                    Measure::PeakFrequency | Measure::CentroidFrequency => 1.0,
                };
                reduce.push(Reduce {
                    measure: *measure,
                    start: bins.start() - first,
                    sided: bins.clone().map(|k| R::of(sided(k, n))).collect(),
                    hertz: bins
                        .clone()
                        .map(|k| R::of(k as f64 * self.rate.hertz() / n as f64))
                        .collect(),
                    scale: R::of(scale),
                });
            }
        }
        Ok(Request {
            n_frames,
            n,
            window: self.window,
            detrend: self.detrend,
            kept: first..last + 1,
            reduce,
        })
    }
}

/// One-sided factor $c_k$ of a transform of length `n`.
pub(crate) fn sided(k: usize, n: usize) -> f64 {
    if k == 0 || 2 * k == n { 1.0 } else { 2.0 }
}

/// An image of pixels in their order; not a number everywhere if there are not as many as the shape has, which never is.
pub(crate) fn image_of<R: Real>(shape: (usize, usize), pixels: Vec<R>) -> Array2<R> {
    Array2::from_shape_vec(shape, pixels).unwrap_or_else(|_| Array2::from_elem(shape, R::NAN))
}
