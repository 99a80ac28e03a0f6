//! Sequences of one band of frequency: what optical flow takes.

use ndarray::{Array3, ArrayView3};
use num_complex::Complex;
use xray_io::FrameRate;

use crate::band::Band;
use crate::error::{Error, Result};
use crate::frames::Frames;
use crate::parallel::{for_each, strips};
use crate::sample::{Real, Sample};

/// Pixels that a thread gathers at a time.
const GATHERED: usize = 64;

/// How a record is continued beyond its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Extension {
    /// Mirrored behind its last frame, $d_{2T-1-n} = d_n$: the filter meets a jump in slope, not in value, and nothing of the end
    /// appears at the start.
    #[default]
    Symmetric,
    /// Repeated: the end meets the start.
    Periodic,
}

/// A sequence of which only one band of temporal frequency is left, in units of the input.
///
/// $$s = \mathrm{irfft}\left(H\,\mathrm{rfft}(d)\right),$$ the first $T$ samples, with $d$ the record less its mean, extended. $H$ is 1 in
/// $[f_1, f_2]$ and falls to 0 outside as $\tfrac12(1 + \cos)$ over the width of the taper; it is real, so nothing is delayed.
///
/// ```
/// use mcxi::{Band, BandPass, FrameRate};
/// use ndarray::Array3;
///
/// let frames = Array3::from_shape_fn((32, 2, 2), |(n, y, _)| 500.0_f32 + (y * n) as f32);
/// let rate = FrameRate::from_hertz(1.087e6)?;
/// let moving = BandPass::new(rate, Band::from_fraction(0.03, 0.25)).apply(&frames.view())?;
/// assert_eq!(moving.dim(), (32, 2, 2));
/// assert_eq!(moving[[7, 0, 1]], 0.0); // what stands still is gone
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Performance
///
/// $O(T \log T)$ a pixel by a planned transform of twice the length; memory is that of the result.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BandPass {
    rate: FrameRate,
    band: Band,
    taper: f64,
    extension: Extension,
    keep_mean: bool,
}

impl BandPass {
    /// With the defaults, for this band.
    pub fn new(rate: FrameRate, band: Band) -> Self {
        Self {
            rate,
            band,
            taper: 0.02,
            extension: Extension::default(),
            keep_mean: false,
        }
    }

    /// Width of the raised-cosine edges outside the band, as a fraction of the frame rate; 0 for a sharp band. Default: 0.02.
    pub fn taper(mut self, taper: f64) -> Self {
        self.taper = taper;
        self
    }

    /// How the record is continued. Default: [`Extension::Symmetric`].
    pub fn extension(mut self, extension: Extension) -> Self {
        self.extension = extension;
        self
    }

    /// Whether the mean of each pixel is put back. Default: no.
    pub fn keep_mean(mut self, keep_mean: bool) -> Self {
        self.keep_mean = keep_mean;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::BandOutside`]; [`Error::InvalidParameter`] for a taper that is not between 0 and 0.5.
    pub fn validate(&self) -> Result<()> {
        self.band.fractions(self.rate)?;
        if (0.0..=0.5).contains(&self.taper) {
            return Ok(());
        }
        Err(Error::parameter("taper", "between 0 and 0.5", self.taper))
    }

    /// The response $H$ at each frequency of a transform of length `n`.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn response(&self, n: usize) -> Result<Vec<f64>> {
        self.validate()?;
        let [low, high] = self.band.fractions(self.rate)?;
        let step = |distance: f64| -> f64 {
            if self.taper > 0.0 {
                0.5 * (1.0
                    - libm::cos(
                        std::f64::consts::PI * (1.0 + distance / self.taper).clamp(0.0, 1.0),
                    ))
            } else if distance >= -1e-9 {
                1.0
            } else {
                0.0
            }
        };
        Ok((0..=n / 2)
            .map(|k| {
                let f = k as f64 / n as f64;
                step(f - low) * step(high - f)
            })
            .collect())
    }

    /// The sequence of the band: frames, rows, columns. Pixels that are not a number stay so, and no others become so.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate); [`Error::EmptySequence`]; [`Error::TooFewFrames`] for fewer than two.
    pub fn apply<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Array3<S::Real>> {
        self.validate()?;
        let source = Frames::new(frames)?;
        let (slices, shape) = (source.slices(), source.shape());
        let n_frames = slices.len();
        if n_frames < 2 {
            return Err(Error::TooFewFrames {
                purpose: "a band",
                needed: 2,
                found: n_frames,
            });
        }
        let n = match self.extension {
            Extension::Symmetric => 2 * n_frames,
            Extension::Periodic => n_frames,
        };
        let response: Vec<S::Real> = self
            .response(n)?
            .into_iter()
            .map(|h| <S::Real as Real>::of(h / n as f64))
            .collect();
        let forward = <S::Real as Real>::forward(n);
        let inverse = <S::Real as Real>::inverse(n);
        let mut out = Array3::from_elem((n_frames, shape.0, shape.1), <S::Real as Real>::NAN);
        let n_pixels = shape.0 * shape.1;
        let images = out.as_slice_mut().unwrap_or_default().chunks_mut(n_pixels);
        let keep = <S::Real as Real>::of(f64::from(u8::from(self.keep_mean)));
        for_each(
            strips(images, n_pixels, GATHERED),
            || {
                let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
                let zero = <S::Real as Real>::of(0.0);
                (
                    forward.make_input_vec(),
                    forward.make_output_vec(),
                    vec![Complex::new(zero, zero); scratch],
                )
            },
            |(samples, bins, scratch), mut strip| {
                let here = strip.out.first().map_or(0, |image| image.len());
                for pixel in 0..here {
                    let mean = gather(&slices, strip.start + pixel, samples);
                    let mut done = forward.process_with_scratch(samples, bins, scratch).is_ok();
                    for (bin, h) in bins.iter_mut().zip(&response) {
                        *bin = *bin * *h;
                    }
                    let last = bins.len() - 1;
                    bins[0].im = <S::Real as Real>::of(0.0);
                    if n % 2 == 0 {
                        bins[last].im = <S::Real as Real>::of(0.0);
                    }
                    done &= inverse.process_with_scratch(bins, samples, scratch).is_ok();
                    if done {
                        for (image, value) in strip.out.iter_mut().zip(samples.iter()) {
                            image[pixel] = *value + mean * keep;
                        }
                    }
                }
            },
        );
        Ok(out)
    }
}

/// Samples of a pixel less their mean, extended; gives the mean.
fn gather<S: Sample>(frames: &[&[S]], pixel: usize, out: &mut [S::Real]) -> S::Real {
    let (samples, mirror) = out.split_at_mut(frames.len());
    let base = frames[0][pixel].real();
    let mut sum = <S::Real as Real>::of(0.0);
    for (sample, frame) in samples.iter_mut().zip(frames) {
        *sample = frame[pixel].real() - base;
        sum = sum + *sample;
    }
    let mean = sum / <S::Real as Real>::of(frames.len() as f64);
    for sample in samples.iter_mut() {
        *sample = *sample - mean;
    }
    for (mirror, sample) in mirror.iter_mut().zip(samples.iter().rev()) {
        *mirror = *sample;
    }
    base + mean
}
