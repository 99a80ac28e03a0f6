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
    /// The rest of the trend, if it is removed from the spectrum: its polynomials' values at the first step, and their weighted
    /// spectra at the kept frequencies.
    trend: Trend<R>,
    reduce: Vec<Reduce<R>>,
}

/// Polynomials that are fitted as the pixels are loaded and subtracted from the spectrum.
#[derive(Debug, Clone)]
enum Trend<R> {
    /// All is done before the transform.
    Before,
    /// Nothing but the mean, or nothing at all.
    Zero(FittedTrend<R, 0>),
    Line(FittedTrend<R, 1>),
    Parabola(FittedTrend<R, 2>),
}

#[derive(Debug, Clone)]
struct FittedTrend<R, const P: usize> {
    /// Values at the first step.
    values: Vec<[[R; 4]; P]>,
    /// Places of the spectrum that are used, and what a polynomial has there.
    spectra: Vec<(usize, [R; P])>,
}

impl<R: Real, const P: usize> FittedTrend<R, P> {
    /// `polynomials` without the constant one; `bins`: the frequencies that are looked at.
    fn new(polynomials: &[Vec<f64>], split: &Split<R>, n: usize, bins: Range<usize>) -> Self {
        let part = |q: &[f64], k: usize, f: fn(f64) -> f64| {
            let at = |t: usize| std::f64::consts::TAU * ((k * t) % n) as f64 / n as f64;
            q.iter().enumerate().map(|(t, q)| q * f(at(t))).sum::<f64>()
        };
        let spectra = bins
            .filter(|_| P > 0)
            .flat_map(|k| {
                let place = split.place(k);
                let sign = -place.sign.as_f64();
                let re = std::array::from_fn(|p| R::of(part(&polynomials[p], k, libm::cos)));
                let im = std::array::from_fn(|p| R::of(sign * part(&polynomials[p], k, libm::sin)));
                let has_im = sign != 0.0;
                std::iter::once((place.re, re)).chain(has_im.then_some((place.im, im)))
            })
            .collect();
        Self {
            values: (0..n / 4)
                .map(|t| {
                    std::array::from_fn(|p| {
                        std::array::from_fn(|part| R::of(polynomials[p][t + part * (n / 4)]))
                    })
                })
                .collect(),
            spectra,
        }
    }
}

/// Buffers of one thread.
#[derive(Debug)]
pub(crate) struct Workspace<S: Sample> {
    tile: Vec<S>,
    x: Vec<Lane<S::Real>>,
    power: Vec<Lane<S::Real>>,
    gathered: Vec<S::Real>,
    output: Vec<Complex<S::Real>>,
    scratch: Vec<Complex<S::Real>>,
}

/// Pixels of a tile: whole cache lines of every frame.
pub(crate) fn tile_width<S>(n_frames: usize) -> usize {
    let pixels = TILE_BYTES / (n_frames * size_of::<S>()).max(1);
    (pixels / 64 * 64).clamp(64, 2048)
}

/// Pixels from one row of a tile to the next: a cache line more, so that rows do not all fall into the same lines of the cache.
fn tile_stride<S>(n_frames: usize) -> usize {
    tile_width::<S>(n_frames) + 64 / size_of::<S>()
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
        let trend = match &route {
            Route::Split(split) if on_spectrum && n >= 8 => {
                let all = detrend.polynomials(n_frames);
                let rest = all.get(1..).unwrap_or_default();
                // the comb reaches two frequencies further, and at zero and Nyquist back
                let bins = kept.start.saturating_sub(2)..(kept.end + 2).min(n / 2 + 1);
                match rest.len() {
                    0 => Trend::Zero(FittedTrend::new(rest, split, n, bins)),
                    1 => Trend::Line(FittedTrend::new(rest, split, n, bins)),
                    _ => Trend::Parabola(FittedTrend::new(rest, split, n, bins)),
                }
            }
            _ => Trend::Before,
        };
        Self {
            load: Load::new(n_frames, n, detrend, weights, on_spectrum),
            trend,
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
            tile: vec![S::default(); self.n_frames() * tile_stride::<S>(self.n_frames())],
            x: vec![Lane::zero(); self.load.n],
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
        // a function of its own for each way, so that each is small enough to be inlined as a whole
        match (&self.route, &self.trend) {
            (Route::Split(split), Trend::Before) => {
                self.dispatch(Whole(split), frames, start, out, workspace);
            }
            (Route::Split(split), Trend::Zero(trend)) => {
                self.dispatch(Halved { split, trend }, frames, start, out, workspace);
            }
            (Route::Split(split), Trend::Line(trend)) => {
                self.dispatch(Halved { split, trend }, frames, start, out, workspace);
            }
            (Route::Split(split), Trend::Parabola(trend)) => {
                self.dispatch(Halved { split, trend }, frames, start, out, workspace);
            }
            (Route::Direct(waves), _) => {
                self.dispatch(Sums(waves), frames, start, out, workspace);
            }
            (Route::General(fft), _) => {
                self.dispatch(Planned(fft.as_ref()), frames, start, out, workspace);
            }
        }
    }

    fn dispatch<S: Sample<Real = R>>(
        &self,
        way: impl Way<R>,
        frames: &[&[S]],
        start: usize,
        out: &mut [&mut [R]],
        workspace: &mut Workspace<S>,
    ) {
        dispatch(BlockJob {
            plan: self,
            way,
            frames,
            start,
            out,
            workspace,
        });
    }

    /// The squared moduli of the kept frequencies after the window.
    #[inline(always)]
    fn combed(&self, split: &Split<R>, x: &[Lane<R>], power: &mut [Lane<R>]) {
        let [a0, a1, a2] = self.comb;
        for (k, power) in self.kept.clone().zip(power) {
            let k = k as isize;
            let at = self.place(split, k);
            let (re, im) = (&x[at.re].0, &x[at.im].0);
            if a1 == R::zero() {
                plain_power(&mut power.0, re, im, a0, at.sign);
                continue;
            }
            let (below, above) = (self.place(split, k - 1), self.place(split, k + 1));
            let near = [a1 * below.sign, a1 * above.sign, a1, a0 * at.sign, a0];
            let sides = (
                &x[below.re].0,
                &x[below.im].0,
                &x[above.re].0,
                &x[above.im].0,
            );
            if a2 == R::zero() {
                hann_power(&mut power.0, re, im, sides, near);
                continue;
            }
            let (low, high) = (self.place(split, k - 2), self.place(split, k + 2));
            let far = [a2 * low.sign, a2 * high.sign, a2];
            let ends = (&x[low.re].0, &x[low.im].0, &x[high.re].0, &x[high.im].0);
            blackman_power(&mut power.0, re, im, sides, near, ends, far);
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
}

/// References to the real and imaginary parts of two frequencies.
type Pair<'a, R> = (
    &'a [R; LANES],
    &'a [R; LANES],
    &'a [R; LANES],
    &'a [R; LANES],
);

// One loop over the lanes each, so that nothing is stored but the power.

#[inline(always)]
fn plain_power<R: Real>(power: &mut [R; LANES], re: &[R; LANES], im: &[R; LANES], a0: R, sign: R) {
    let by = a0 * sign;
    for l in 0..LANES {
        let (real, imaginary) = (re[l] * a0, im[l] * by);
        power[l] = real * real + imaginary * imaginary;
    }
}

#[inline(always)]
fn hann_power<R: Real>(
    power: &mut [R; LANES],
    re: &[R; LANES],
    im: &[R; LANES],
    sides: Pair<'_, R>,
    near: [R; 5],
) {
    let (below_re, below_im, above_re, above_im) = sides;
    for l in 0..LANES {
        let real = re[l] * near[4] + (below_re[l] + above_re[l]) * near[2];
        let imaginary = im[l] * near[3] + (below_im[l] * near[0] + above_im[l] * near[1]);
        power[l] = real * real + imaginary * imaginary;
    }
}

#[inline(always)]
fn blackman_power<R: Real>(
    power: &mut [R; LANES],
    re: &[R; LANES],
    im: &[R; LANES],
    sides: Pair<'_, R>,
    near: [R; 5],
    ends: Pair<'_, R>,
    far: [R; 3],
) {
    let (below_re, below_im, above_re, above_im) = sides;
    let (low_re, low_im, high_re, high_im) = ends;
    for l in 0..LANES {
        let real = re[l] * near[4]
            + (below_re[l] + above_re[l]) * near[2]
            + (low_re[l] + high_re[l]) * far[2];
        let imaginary = im[l] * near[3]
            + (below_im[l] * near[0] + above_im[l] * near[1])
            + (low_im[l] * far[0] + high_im[l] * far[1]);
        power[l] = real * real + imaginary * imaginary;
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

/// A way to the squared moduli of the kept frequencies of [`LANES`] pixels of the tile, from `offset` on.
trait Way<R: Real> {
    fn powers<S: Sample<Real = R>>(
        &self,
        plan: &BlockPlan<R>,
        source: (usize, usize),
        workspace: &mut Workspace<S>,
    );
}

/// Trend and weights first, then the transform; only of records too short for the other way, or with zeros appended.
struct Whole<'a, R>(&'a Split<R>);

impl<R: Real> Way<R> for Whole<'_, R> {
    #[inline(always)]
    fn powers<S: Sample<Real = R>>(
        &self,
        plan: &BlockPlan<R>,
        (stride, offset): (usize, usize),
        workspace: &mut Workspace<S>,
    ) {
        let x = &mut workspace.x;
        plan.load.run((&workspace.tile, stride, offset), x);
        self.0.transform(x);
        if plan.zero_mean {
            x[0] = Lane::zero();
        }
        plan.combed(self.0, x, &mut workspace.power);
    }
}

/// The transform as the pixels are loaded; then trend and window are taken off the spectrum.
struct Halved<'a, R, const P: usize> {
    split: &'a Split<R>,
    trend: &'a FittedTrend<R, P>,
}

impl<R: Real, const P: usize> Way<R> for Halved<'_, R, P> {
    #[inline(always)]
    fn powers<S: Sample<Real = R>>(
        &self,
        plan: &BlockPlan<R>,
        (stride, offset): (usize, usize),
        workspace: &mut Workspace<S>,
    ) {
        let x = &mut workspace.x;
        let mut fit = [Lane::zero(); P];
        plan.load.run_halved(
            (&workspace.tile, stride, offset),
            self.split.first(),
            &self.trend.values,
            x,
            &mut fit,
        );
        self.split.transform_halved(x);
        for (place, q) in &self.trend.spectra {
            for (fit, q) in fit.iter().zip(q) {
                x[*place].add_scaled(fit, -*q);
            }
        }
        if plan.zero_mean {
            x[0] = Lane::zero();
        }
        plan.combed(self.split, x, &mut workspace.power);
    }
}

/// The sums of the definition.
struct Sums<'a, R>(&'a [Vec<[R; 2]>]);

impl<R: Real> Way<R> for Sums<'_, R> {
    #[inline(always)]
    fn powers<S: Sample<Real = R>>(
        &self,
        plan: &BlockPlan<R>,
        (stride, offset): (usize, usize),
        workspace: &mut Workspace<S>,
    ) {
        let x = &mut workspace.x;
        plan.load.run((&workspace.tile, stride, offset), x);
        for (wave, power) in self.0.iter().zip(&mut workspace.power) {
            let (mut re, mut im) = (Lane::zero(), Lane::zero());
            for (x, [c, s]) in x.iter().zip(wave) {
                re.add_scaled(x, *c);
                im.add_scaled(x, *s);
            }
            squared(&mut power.0, &re.0, &im.0);
        }
    }
}

/// A planned transform, pixel by pixel.
struct Planned<'a, R>(&'a dyn RealToComplex<R>);

impl<R: Real> Way<R> for Planned<'_, R> {
    #[inline(always)]
    fn powers<S: Sample<Real = R>>(
        &self,
        plan: &BlockPlan<R>,
        (stride, offset): (usize, usize),
        workspace: &mut Workspace<S>,
    ) {
        let Workspace {
            tile,
            x,
            power,
            gathered,
            output,
            scratch,
        } = workspace;
        plan.load.run((tile, stride, offset), x);
        for l in 0..LANES {
            for (value, x) in gathered.iter_mut().zip(x.iter()) {
                *value = x.0[l];
            }
            let done = self.0.process_with_scratch(gathered, output, scratch);
            for (k, power) in plan.kept.clone().zip(power.iter_mut()) {
                // the lengths are those of the plan, so this is always done
                power.0[l] = if done.is_ok() {
                    output[k].re * output[k].re + output[k].im * output[k].im
                } else {
                    R::NAN
                };
            }
        }
    }
}

struct BlockJob<'a, 'b, S: Sample, W> {
    plan: &'a BlockPlan<S::Real>,
    way: W,
    frames: &'a [&'a [S]],
    start: usize,
    out: &'a mut [&'b mut [S::Real]],
    workspace: &'a mut Workspace<S>,
}

impl<S: Sample, W: Way<S::Real>> Job for BlockJob<'_, '_, S, W> {
    #[inline(always)]
    fn run(self) {
        let Self {
            plan,
            way,
            frames,
            start,
            out,
            workspace,
        } = self;
        let width = tile_width::<S>(plan.n_frames());
        let stride = tile_stride::<S>(plan.n_frames());
        let total = out.first().map_or(0, |image| image.len());
        let mut done = 0;
        while done < total {
            let here = width.min(total - done);
            for (row, frame) in workspace.tile.chunks_exact_mut(stride).zip(frames) {
                row[..here].copy_from_slice(&frame[start + done..][..here]);
                if here < width {
                    row[here..width].fill(S::default());
                }
            }
            for offset in (0..here).step_by(LANES) {
                way.powers(plan, (stride, offset), workspace);
                let n = LANES.min(here - offset);
                for (reduce, image) in plan.reduce.iter().zip(out.iter_mut()) {
                    let power = &workspace.power;
                    let out = &mut image[done + offset..][..n];
                    dispatch(ReduceJob { reduce, power, out });
                }
            }
            done += here;
        }
    }
}

/// One image's values of a block.
struct ReduceJob<'a, R> {
    reduce: &'a Reduce<R>,
    power: &'a [Lane<R>],
    out: &'a mut [R],
}

impl<R: Real> Job for ReduceJob<'_, R> {
    #[inline(always)]
    fn run(self) {
        let value = self.reduce.run(self.power);
        self.out.copy_from_slice(&value.0[..self.out.len()]);
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
