//! Blocks of pixels: from stored frames to images of bands, with no spectrum in memory.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use num_complex::Complex;
use realfft::RealToComplex;

use super::dispatch::{Job, dispatch};
use super::lane::{LANES, Lane};
use super::load::Load;
use super::measure::Reduce;
use super::split::{Place, Split};
use crate::sample::{Real, Sample};

/// Most frequencies for which the sums of the definition are taken where the length is no power of two.
const MOST_DIRECT: usize = 64;

/// Bytes of a tile of stored pixels, which is to stay in a cache of the second level.
const TILE_BYTES: usize = 128 << 10;

/// How the transform of a block is made. Which one is used depends on the length and the bands alone.
#[derive(Clone)]
enum Route<R> {
    /// Powers of two.
    Split(Split<R>),
    /// Few frequencies of any length: cosines and sines, frequency by frequency.
    Direct(Vec<Vec<[R; 2]>>),
    /// Anything else, pixel by pixel.
    General(Arc<dyn RealToComplex<R>>),
}

impl<R> fmt::Debug for Route<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Split(_) => "Split",
            Self::Direct(_) => "Direct",
            Self::General(_) => "General",
        })
    }
}

/// All that a block needs to know.
#[derive(Debug, Clone)]
pub(crate) struct BlockPlan<R> {
    load: Load<R>,
    route: Route<R>,
    /// Kept frequencies.
    kept: Range<usize>,
    /// Window applied to the spectrum: $a_0, -a_1/2, a_2/2$.
    comb: [R; 3],
    /// Whether the zero frequency is left out of the comb, its mean being removed.
    zero_mean: bool,
    reduce: Vec<Reduce<R>>,
}

/// Buffers of one thread.
#[derive(Debug)]
pub(crate) struct Workspace<S: Sample> {
    tile: Vec<S>,
    x: Vec<Lane<S::Real>>,
    spectrum: Vec<[Lane<S::Real>; 2]>,
    power: Vec<Lane<S::Real>>,
    gathered: Vec<S::Real>,
    output: Vec<Complex<S::Real>>,
    scratch: Vec<Complex<S::Real>>,
}

/// Pixels of a tile: whole cache lines of every frame.
pub(crate) fn tile_width<S>(n_frames: usize) -> usize {
    let pixels = TILE_BYTES / (n_frames * size_of::<S>()).max(1);
    (pixels / 64 * 64).clamp(64, 512)
}

/// Length of the transform, how the window is applied, and what is asked for.
#[derive(Debug)]
pub(crate) struct Request<R> {
    pub(crate) n_frames: usize,
    pub(crate) n: usize,
    pub(crate) window: crate::window::Window,
    pub(crate) detrend: crate::detrend::Detrend,
    pub(crate) kept: Range<usize>,
    pub(crate) reduce: Vec<Reduce<R>>,
}

impl<R: Real> BlockPlan<R> {
    pub(crate) fn new(request: Request<R>) -> Self {
        let Request {
            n_frames,
            n,
            window,
            detrend,
            kept,
            reduce,
        } = request;
        let split = Split::<R>::covers(n);
        // All windows are sums of cosines of the record's length: three or five neighbors of the plain spectrum.
        let on_spectrum = split && n == n_frames;
        let rectangular = window == crate::window::Window::Rectangular;
        let weights = (!on_spectrum && !rectangular).then(|| window.weights(n_frames));
        let comb = if on_spectrum {
            let [a0, a1, a2] = window.coefficients();
            [R::of(a0), R::of(-a1 / 2.0), R::of(a2 / 2.0)]
        } else {
            [R::of(1.0), R::zero(), R::zero()]
        };
        let route = if split {
            Route::Split(Split::new(n))
        } else if kept.len() <= MOST_DIRECT {
            Route::Direct(kept.clone().map(|k| waves(k, n_frames, n)).collect())
        } else {
            Route::General(R::forward(n))
        };
        Self {
            load: Load::new(n_frames, n, detrend, weights, on_spectrum),
            route,
            kept,
            comb,
            zero_mean: on_spectrum && detrend != crate::detrend::Detrend::None,
            reduce,
        }
    }

    pub(crate) fn n_images(&self) -> usize {
        self.reduce.len()
    }

    pub(crate) fn n_frames(&self) -> usize {
        self.load.n_frames
    }

    pub(crate) fn workspace<S: Sample<Real = R>>(&self) -> Workspace<S> {
        let (output, scratch) = match &self.route {
            Route::General(fft) => (fft.make_output_vec(), fft.make_scratch_vec()),
            _ => (Vec::new(), Vec::new()),
        };
        Workspace {
            tile: vec![S::default(); self.n_frames() * tile_width::<S>(self.n_frames())],
            x: vec![Lane::zero(); self.load.n],
            spectrum: vec![[Lane::zero(); 2]; self.kept.len()],
            power: vec![Lane::zero(); self.kept.len()],
            gathered: vec![R::zero(); self.load.n],
            output,
            scratch,
        }
    }

    /// Images of the pixels from `start` on, as many as the outputs have, from frames in their order in time.
    pub(crate) fn run<S: Sample<Real = R>>(
        &self,
        frames: &[&[S]],
        start: usize,
        out: &mut [&mut [R]],
        workspace: &mut Workspace<S>,
    ) {
        dispatch(BlockJob {
            plan: self,
            frames,
            start,
            out,
            workspace,
        });
    }

    /// The kept frequencies of the values in `x`.
    #[inline(always)]
    fn spectrum<S: Sample<Real = R>>(&self, workspace: &mut Workspace<S>) {
        let Workspace {
            x,
            spectrum,
            gathered,
            output,
            scratch,
            ..
        } = workspace;
        match &self.route {
            Route::Split(split) => {
                split.transform(x);
                if self.zero_mean {
                    x[0] = Lane::zero();
                }
                for (k, [re, im]) in self.kept.clone().zip(spectrum) {
                    self.weighted(split, x, k, &mut re.0, &mut im.0);
                }
            }
            Route::Direct(waves) => {
                for (wave, out) in waves.iter().zip(spectrum) {
                    let (mut re, mut im) = (Lane::zero(), Lane::zero());
                    for (x, [c, s]) in x.iter().zip(wave) {
                        re.add_scaled(x, *c);
                        im.add_scaled(x, *s);
                    }
                    *out = [re, im];
                }
            }
            Route::General(fft) => {
                for l in 0..LANES {
                    for (value, x) in gathered.iter_mut().zip(x.iter()) {
                        *value = x.0[l];
                    }
                    let done = fft.process_with_scratch(gathered, output, scratch);
                    for (k, out) in self.kept.clone().zip(spectrum.iter_mut()) {
                        // the lengths are those of the plan, so this is always done
                        let value = if done.is_ok() {
                            output[k]
                        } else {
                            Complex::new(R::NAN, R::NAN)
                        };
                        out[0].0[l] = value.re;
                        out[1].0[l] = value.im;
                    }
                }
            }
        }
    }

    /// One frequency of the unweighted transform, also of -2 to -1 and beyond Nyquist.
    #[inline(always)]
    fn place(&self, split: &Split<R>, k: isize) -> Place<R> {
        let n = self.load.n as isize;
        let k = if k < 0 { k + n } else { k };
        if k > n / 2 {
            let place = split.place((n - k) as usize);
            Place {
                sign: -place.sign,
                ..place
            }
        } else {
            split.place(k as usize)
        }
    }

    /// One frequency of the weighted transform.
    #[inline(always)]
    fn weighted(
        &self,
        split: &Split<R>,
        x: &[Lane<R>],
        k: usize,
        re: &mut [R; LANES],
        im: &mut [R; LANES],
    ) {
        let k = k as isize;
        let [a0, a1, a2] = self.comb;
        let at = self.place(split, k);
        set_part(re, &x[at.re].0, a0);
        set_part(im, &x[at.im].0, a0 * at.sign);
        if a1 != R::zero() {
            let (below, above) = (self.place(split, k - 1), self.place(split, k + 1));
            add_pair(re, &x[below.re].0, &x[above.re].0, a1, a1);
            add_pair(
                im,
                &x[below.im].0,
                &x[above.im].0,
                a1 * below.sign,
                a1 * above.sign,
            );
        }
        if a2 != R::zero() {
            let (below, above) = (self.place(split, k - 2), self.place(split, k + 2));
            add_pair(re, &x[below.re].0, &x[above.re].0, a2, a2);
            add_pair(
                im,
                &x[below.im].0,
                &x[above.im].0,
                a2 * below.sign,
                a2 * above.sign,
            );
        }
    }
}

/// `out` is `factor` times `part`.
#[inline(always)]
fn set_part<R: Real>(out: &mut [R; LANES], part: &[R; LANES], factor: R) {
    for l in 0..LANES {
        out[l] = part[l] * factor;
    }
}

/// Adds two values, each with its factor.
#[inline(always)]
fn add_pair<R: Real>(out: &mut [R; LANES], a: &[R; LANES], b: &[R; LANES], by_a: R, by_b: R) {
    for l in 0..LANES {
        out[l] = out[l] + (a[l] * by_a + b[l] * by_b);
    }
}

/// Squared modulus.
#[inline(always)]
fn squared<R: Real>(out: &mut [R; LANES], re: &[R; LANES], im: &[R; LANES]) {
    for l in 0..LANES {
        out[l] = re[l] * re[l] + im[l] * im[l];
    }
}

/// Cosines and negative sines of frequency `k`.
fn waves<R: Real>(k: usize, n_frames: usize, n: usize) -> Vec<[R; 2]> {
    (0..n_frames)
        .map(|t| {
            let turn = ((k as u128 * t as u128) % n as u128) as f64 / n as f64;
            let angle = std::f64::consts::TAU * turn;
            [R::of(libm::cos(angle)), R::of(-libm::sin(angle))]
        })
        .collect()
}

struct BlockJob<'a, 'b, S: Sample> {
    plan: &'a BlockPlan<S::Real>,
    frames: &'a [&'a [S]],
    start: usize,
    out: &'a mut [&'b mut [S::Real]],
    workspace: &'a mut Workspace<S>,
}

impl<S: Sample> Job for BlockJob<'_, '_, S> {
    #[inline(always)]
    fn run(self) {
        let Self {
            plan,
            frames,
            start,
            out,
            workspace,
        } = self;
        let width = tile_width::<S>(plan.n_frames());
        let total = out.first().map_or(0, |image| image.len());
        let mut done = 0;
        while done < total {
            let here = width.min(total - done);
            for (row, frame) in workspace.tile.chunks_exact_mut(width).zip(frames) {
                row[..here].copy_from_slice(&frame[start + done..][..here]);
                if here < width {
                    row[here..].fill(S::default());
                }
            }
            for offset in (0..here).step_by(LANES) {
                plan.load
                    .run(&workspace.tile, width, offset, &mut workspace.x);
                plan.spectrum(workspace);
                for (power, [re, im]) in workspace.power.iter_mut().zip(&workspace.spectrum) {
                    squared(&mut power.0, &re.0, &im.0);
                }
                let n = LANES.min(here - offset);
                for (reduce, image) in plan.reduce.iter().zip(out.iter_mut()) {
                    let value = reduce.run(&workspace.power);
                    image[done + offset..][..n].copy_from_slice(&value.0[..n]);
                }
            }
            done += here;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::BASELINE_ONLY;
    use crate::{Band, Detrend, FrameRate, Measure, MoveContrast, Window};

    /// The baseline and the widest instruction set, each forced, on all three routes; a last tile that is not full.
    #[test]
    fn every_instruction_set_gives_the_same_bits() -> Result<(), Box<dyn std::error::Error>> {
        let rate = FrameRate::from_hertz(1.0)?;
        let n_pixels = 701;
        for n in [32, 37, 131] {
            let frames: Vec<Vec<u16>> = (0..n)
                .map(|t| {
                    (0..n_pixels)
                        .map(|p| ((t * t * 31 + p * 7 + t * p) % 997) as u16)
                        .collect()
                })
                .collect();
            let slices: Vec<&[u16]> = frames.iter().map(Vec::as_slice).collect();
            for detrend in [Detrend::None, Detrend::Mean, Detrend::Linear] {
                let contrast = MoveContrast::new(rate)
                    .window(Window::Blackman)
                    .detrend(detrend)
                    .bands([Band::from_fraction(0.1, 0.2), Band::all()])
                    .measures([
                        Measure::Rms,
                        Measure::SumAmplitude,
                        Measure::MaxAmplitude,
                        Measure::PeakFrequency,
                        Measure::CentroidFrequency,
                    ]);
                let plan = contrast.plan::<f32>(n)?;
                let run = |baseline: bool| {
                    BASELINE_ONLY.set(baseline);
                    let mut images = vec![vec![0.0_f32; n_pixels]; plan.n_images()];
                    let mut out: Vec<&mut [f32]> =
                        images.iter_mut().map(Vec::as_mut_slice).collect();
                    plan.run(&slices, 0, &mut out, &mut plan.workspace());
                    BASELINE_ONLY.set(false);
                    let bits = images.into_iter().flatten().map(f32::to_bits);
                    bits.collect::<Vec<u32>>()
                };
                assert!(run(true) == run(false), "{n} frames, {detrend:?}");
            }
        }
        Ok(())
    }
}
