//! Whole spectra of every pixel, in memory.

use ndarray::{Array2, Array3, ArrayView3, Zip};
use num_complex::Complex;
use xray_io::FrameRate;

use crate::contrast::{MoveContrast, image_of, sided};
use crate::error::{Error, Result};
use crate::frames::Frames;
use crate::parallel::{for_each, strips};
use crate::sample::{Real, Sample};
use crate::window::WindowSums;

/// Pixels that a thread gathers at a time.
const GATHERED: usize = 64;

/// The one-sided temporal spectrum of every pixel: frequencies, rows, columns.
///
/// With $c_k$ = 1 at zero and Nyquist and 2 elsewhere, $S_1 = \sum w$ and $S_2 = \sum w^2$. Made by
/// [`MoveContrast::spectrum`]; takes $8 (N/2 + 1)$ bytes a pixel, twice that in `f64`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum<R> {
    values: Array3<Complex<R>>,
    zero_order: Array2<R>,
    n: usize,
    rate: FrameRate,
    sums: WindowSums,
}

impl MoveContrast {
    /// The spectrum $X_k$ of every pixel, after trend and window.
    ///
    /// Computed by a planned transform of each pixel (`realfft`), independently of the fused pass of [`images`](Self::images).
    ///
    /// # Errors
    ///
    /// As [`images`](Self::images), but bands are not looked at.
    pub fn spectrum<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Spectrum<S::Real>> {
        let n_frames = frames.dim().0;
        let whole = self.clone().band(crate::band::Band::all());
        whole.validate(n_frames)?;
        let source = Frames::new(frames)?;
        let (slices, shape) = (source.slices(), source.shape());
        self.check::<S>(&slices, shape)?;
        let n = self.length(n_frames);
        let n_pixels = shape.0 * shape.1;
        let zero = Complex::new(<S::Real as Real>::of(0.0), <S::Real as Real>::of(0.0));
        let mut bins = vec![vec![zero; n_pixels]; n / 2 + 1];
        let fft = <S::Real as Real>::forward(n);
        let weights: Vec<S::Real> = self.weights(n_frames);
        let trend = self.trend::<S::Real>(n_frames);
        for_each(
            strips(bins.iter_mut().map(Vec::as_mut_slice), n_pixels, GATHERED),
            || {
                (
                    fft.make_input_vec(),
                    fft.make_output_vec(),
                    fft.make_scratch_vec(),
                )
            },
            |(input, output, scratch), mut strip| {
                let here = strip.out.first().map_or(0, |bin| bin.len());
                for pixel in 0..here {
                    gather(&slices, strip.start + pixel, &trend, &weights, input);
                    let done = fft.process_with_scratch(input, output, scratch);
                    for (bin, value) in strip.out.iter_mut().zip(output.iter()) {
                        // the lengths are those of the plan, so this is always done
                        bin[pixel] = if done.is_ok() { *value } else { zero };
                    }
                }
            },
        );
        let values = Array3::from_shape_vec((n / 2 + 1, shape.0, shape.1), bins.concat());
        Ok(Spectrum {
            values: values.map_err(|_| Error::TooLarge {
                what: "the spectrum",
                bytes: usize::MAX,
                limit: isize::MAX as usize,
            })?,
            zero_order: zero_order(frames)?,
            n,
            rate: self.frame_rate(),
            sums: self.window_of().sums(n_frames),
        })
    }

    fn weights<R: Real>(&self, n_frames: usize) -> Vec<R> {
        let weights = self.window_of().weights(n_frames);
        weights.into_iter().map(R::of).collect()
    }

    fn trend<R: Real>(&self, n_frames: usize) -> Vec<Vec<R>> {
        let polynomials = self.detrend_of().polynomials(n_frames);
        polynomials
            .into_iter()
            .map(|q| q.into_iter().map(R::of).collect())
            .collect()
    }
}

/// Samples of one pixel without trend, weighted; zeros behind.
fn gather<S: Sample>(
    frames: &[&[S]],
    pixel: usize,
    trend: &[Vec<S::Real>],
    weights: &[S::Real],
    out: &mut [S::Real],
) {
    let zero = <S::Real as Real>::of(0.0);
    let (samples, padding) = out.split_at_mut(frames.len());
    padding.fill(zero);
    let base = if trend.is_empty() {
        zero
    } else {
        frames[0][pixel].real()
    };
    for (sample, frame) in samples.iter_mut().zip(frames) {
        *sample = frame[pixel].real() - base;
    }
    let mut fit = [zero; 3];
    for (coefficient, q) in fit.iter_mut().zip(trend) {
        for (sample, q) in samples.iter().zip(q) {
            *coefficient = *coefficient + *sample * *q;
        }
    }
    for (coefficient, q) in fit.iter().zip(trend) {
        for (sample, q) in samples.iter_mut().zip(q) {
            *sample = *sample - *coefficient * *q;
        }
    }
    for (sample, w) in samples.iter_mut().zip(weights) {
        *sample = *sample * *w;
    }
}

/// The zero order: the mean of each pixel over time, before any trend is removed.
///
/// # Errors
///
/// [`Error::EmptySequence`].
pub fn zero_order<S: Sample>(frames: &ArrayView3<'_, S>) -> Result<Array2<S::Real>> {
    let source = Frames::new(frames)?;
    let slices = source.slices();
    let shape = source.shape();
    let mut sum = vec![0.0_f64; shape.0 * shape.1];
    for frame in &slices {
        for (sum, pixel) in sum.iter_mut().zip(*frame) {
            *sum += pixel.real().as_f64();
        }
    }
    let n = slices.len() as f64;
    let mean = sum.into_iter().map(|s| <S::Real as Real>::of(s / n));
    Ok(image_of(shape, mean.collect()))
}

impl<R: Real> Spectrum<R> {
    /// Number of frequencies, $\lfloor N/2\rfloor + 1$.
    pub fn n_bins(&self) -> usize {
        self.values.dim().0
    }

    /// Length $N$ of the transform.
    pub fn transform_length(&self) -> usize {
        self.n
    }

    /// The frame rate.
    pub fn frame_rate(&self) -> FrameRate {
        self.rate
    }

    /// $f_k = k f_s/N$ in Hz.
    pub fn frequency_hz(&self, bin: usize) -> f64 {
        bin as f64 * self.rate.hertz() / self.n as f64
    }

    /// The values $X_k$: frequencies, rows, columns.
    pub fn values(&self) -> ArrayView3<'_, Complex<R>> {
        self.values.view()
    }

    /// The mean over time before any trend is removed.
    pub fn zero_order(&self) -> &Array2<R> {
        &self.zero_order
    }

    /// $a_k = c_k|X_k|/S_1$: the amplitude $a$ of $a\cos(2\pi f_k t + \varphi)$, in units of the input.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if there is no such frequency; so for the others.
    pub fn amplitude(&self, bin: usize) -> Result<Array2<R>> {
        let scale = R::of(sided(bin, self.n) / self.sums.first);
        self.map(bin, |x| x.norm_sqr().root() * scale)
    }

    /// $\arg X_k$ in radians, in $(-\pi, \pi]$: $\varphi$ of $a\cos(2\pi f_k t + \varphi)$ with $t = 0$ at the first frame.
    ///
    /// # Errors
    ///
    /// As [`amplitude`](Self::amplitude).
    pub fn phase(&self, bin: usize) -> Result<Array2<R>> {
        self.map(bin, |x| R::of(libm::atan2(x.im.as_f64(), x.re.as_f64())))
    }

    /// $P_k = c_k|X_k|^2/(f_s S_2)$ in squared units of the input per Hz.
    ///
    /// # Errors
    ///
    /// As [`amplitude`](Self::amplitude).
    pub fn density(&self, bin: usize) -> Result<Array2<R>> {
        let scale = R::of(sided(bin, self.n) / (self.rate.hertz() * self.sums.second));
        self.map(bin, |x| x.norm_sqr() * scale)
    }

    /// All densities: frequencies, rows, columns.
    pub fn densities(&self) -> Array3<R> {
        let mut out = Array3::from_elem(self.values.dim(), R::NAN);
        for (k, (mut out, x)) in out
            .outer_iter_mut()
            .zip(self.values.outer_iter())
            .enumerate()
        {
            let scale = R::of(sided(k, self.n) / (self.rate.hertz() * self.sums.second));
            Zip::from(&mut out)
                .and(&x)
                .for_each(|out, x| *out = x.norm_sqr() * scale);
        }
        out
    }

    fn map(&self, bin: usize, f: impl Fn(Complex<R>) -> R) -> Result<Array2<R>> {
        if bin >= self.n_bins() {
            return Err(Error::parameter(
                "bin",
                "one of the frequencies of the spectrum",
                bin,
            ));
        }
        Ok(self.values.index_axis(ndarray::Axis(0), bin).map(|x| f(*x)))
    }
}
