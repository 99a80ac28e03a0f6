//! From absorbance to digital frames.

use ndarray::{Array2, Zip};

use crate::camera::Camera;
use crate::error::{Result, finite, not_negative, positive, require};
use crate::filter::{Border, Scratch, add_exp, blur, blur_from, standardized, weights_f32};
use crate::kernel::dispatch::{Job, dispatch};
use crate::random::{Normal, Purpose, normal, normal_all, poisson_all, stream, uniform};

/// Where the blur of the scintillator acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum BlurOrder {
    /// After the photons are counted: the noise is correlated in space, as behind a thick scintillator.
    #[default]
    AfterNoise,
    /// Before: the noise is white in space.
    BeforeNoise,
}

/// A group of photons of one energy in a spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpectralLine {
    /// Share of the open beam's counts; the shares are scaled to a sum of 1.
    pub weight: f64,
    /// Attenuation relative to the scene's coefficient.
    pub relative_attenuation: f64,
}

/// The structure of the open beam: profile, bands, scratches and fixed pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FlatStructure {
    /// Amplitude of the slow wave across the image.
    pub wave: f64,
    /// Standard deviation of horizontal bands.
    pub bands: f64,
    /// Standard deviation of scratches; white fixed pattern has half of it.
    pub pattern: f64,
}

impl Default for FlatStructure {
    fn default() -> Self {
        Self {
            wave: 0.12,
            bands: 0.02,
            pattern: 0.02,
        }
    }
}

/// Turns absorbance into counts.
///
/// In order: $I = \sum_k w_k e^{-m_k A}$ (one line unless set), averaged over the exposure; edge enhancement
/// $I\,(1 + e\,\mathrm{clip}(\nabla^2 A, \pm0.4))$ with $A$ smoothed by 0.8 pixels, the leading term of the
/// transport-of-intensity equation with its strength $e$ as a free parameter; afterglow; $J = N_0\,(1 + jz)\,b\,F\,I$ with gain
/// jitter, bunch and flat field; Poisson; blur; gain, dark level and read noise; rounding, saturation and defects.
///
/// # Examples
/// ```
/// use meltpool_sim::Detector;
///
/// let detector = Detector::new(2e4).gain_jitter(0.01).blur_px(1.0);
/// assert_eq!(detector.photons(), 2e4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Detector {
    photons: f64,
    blur_px: f64,
    blur_order: BlurOrder,
    edge: f64,
    gain_jitter: f64,
    read_noise: f64,
    dark: f64,
    gain: f64,
    saturation: u16,
    flat: Option<FlatStructure>,
    afterglow: f64,
    dead_fraction: f64,
    hot_fraction: f64,
    bunches: Vec<f64>,
    spectrum: Vec<SpectralLine>,
    exposure: f64,
    sub_frames: usize,
}

impl Detector {
    /// A detector with this many photons a pixel and frame in the open beam, and the other parameters of the scan-cycle
    /// film: edge 0.6, blur of 1 pixel after the noise, gain jitter 0.01, read noise 4, dark level 20, 16 bits, structured flat.
    pub fn new(photons: f64) -> Self {
        Self {
            photons,
            blur_px: 1.0,
            blur_order: BlurOrder::AfterNoise,
            edge: 0.6,
            gain_jitter: 0.01,
            read_noise: 4.0,
            dark: 20.0,
            gain: 1.0,
            saturation: u16::MAX,
            flat: Some(FlatStructure::default()),
            afterglow: 0.0,
            dead_fraction: 0.0,
            hot_fraction: 0.0,
            bunches: Vec::new(),
            spectrum: Vec::new(),
            exposure: 0.0,
            sub_frames: 1,
        }
    }

    /// Photons a pixel and frame in the open beam.
    pub fn photons(&self) -> f64 {
        self.photons
    }

    /// Dark level in counts.
    pub fn dark_level(&self) -> f64 {
        self.dark
    }

    /// Standard deviation of the blur in pixels (1 unless set).
    pub fn blur_px(mut self, blur_px: f64) -> Self {
        self.blur_px = blur_px;
        self
    }

    /// Whether the blur acts before or after the photon noise (after unless set).
    pub fn blur_order(mut self, blur_order: BlurOrder) -> Self {
        self.blur_order = blur_order;
        self
    }

    /// Strength of the edge enhancement (0.6 unless set).
    pub fn edge(mut self, edge: f64) -> Self {
        self.edge = edge;
        self
    }

    /// Standard deviation of the gain from frame to frame (0.01 unless set).
    pub fn gain_jitter(mut self, gain_jitter: f64) -> Self {
        self.gain_jitter = gain_jitter;
        self
    }

    /// Standard deviation of the read noise in counts (4 unless set).
    pub fn read_noise(mut self, read_noise: f64) -> Self {
        self.read_noise = read_noise;
        self
    }

    /// Dark level in counts (20 unless set).
    pub fn dark(mut self, dark: f64) -> Self {
        self.dark = dark;
        self
    }

    /// Counts a photon (1 unless set).
    pub fn gain(mut self, gain: f64) -> Self {
        self.gain = gain;
        self
    }

    /// Largest count (65535 unless set).
    pub fn saturation(mut self, saturation: u16) -> Self {
        self.saturation = saturation;
        self
    }

    /// Structure of the open beam, `None` for a perfectly even one.
    pub fn flat(mut self, flat: Option<FlatStructure>) -> Self {
        self.flat = flat;
        self
    }

    /// Share of a frame's light that comes out in the next frame (0 unless set).
    pub fn afterglow(mut self, afterglow: f64) -> Self {
        self.afterglow = afterglow;
        self
    }

    /// Shares of pixels that always read 0 and always read the largest count (0 and 0 unless set).
    pub fn defects(mut self, dead: f64, hot: f64) -> Self {
        self.dead_fraction = dead;
        self.hot_fraction = hot;
        self
    }

    /// Relative intensities of the bunches that expose successive frames, repeated; none unless set.
    pub fn bunches(mut self, bunches: Vec<f64>) -> Self {
        self.bunches = bunches;
        self
    }

    /// Spectrum of the beam; one line unless set.
    pub fn spectrum(mut self, spectrum: Vec<SpectralLine>) -> Self {
        self.spectrum = spectrum;
        self
    }

    /// Exposure as a share of the frame time, averaged over this many sub-frames (an instant, 1 unless set).
    pub fn exposure(mut self, exposure: f64, sub_frames: usize) -> Self {
        self.exposure = exposure;
        self.sub_frames = sub_frames;
        self
    }

    /// The times within a frame, in frames, whose images are averaged.
    pub(crate) fn sub_times(&self) -> Vec<f64> {
        let n = self.sub_frames.max(1);
        (0..n)
            .map(|i| {
                if n == 1 {
                    0.0
                } else {
                    self.exposure * (i as f64 + 0.5) / n as f64
                }
            })
            .collect()
    }

    pub(crate) fn afterglow_share(&self) -> f64 {
        self.afterglow
    }

    /// Checks every parameter.
    ///
    /// # Errors
    /// [`crate::Error::InvalidParameter`] names the first one outside its range.
    pub fn validate(&self) -> Result<()> {
        positive("photons", self.photons)?;
        require(self.photons <= 1e9, "photons", "at most 1e9", self.photons)?;
        not_negative("blur_px", self.blur_px)?;
        require(self.blur_px <= 64.0, "blur_px", "at most 64", self.blur_px)?;
        finite("edge", self.edge)?;
        not_negative("gain_jitter", self.gain_jitter)?;
        not_negative("read_noise", self.read_noise)?;
        finite("dark", self.dark)?;
        positive("gain", self.gain)?;
        if let Some(flat) = self.flat {
            require(
                (0.0..1.0).contains(&flat.wave),
                "flat.wave",
                "in [0, 1)",
                flat.wave,
            )?;
            require(
                (0.0..0.2).contains(&flat.bands),
                "flat.bands",
                "in [0, 0.2)",
                flat.bands,
            )?;
            require(
                (0.0..0.2).contains(&flat.pattern),
                "flat.pattern",
                "in [0, 0.2)",
                flat.pattern,
            )?;
        }
        require(
            (0.0..1.0).contains(&self.afterglow),
            "afterglow",
            "in [0, 1)",
            self.afterglow,
        )?;
        let defects = self.dead_fraction + self.hot_fraction;
        require(
            self.dead_fraction >= 0.0 && self.hot_fraction >= 0.0 && defects <= 1.0,
            "defects",
            "shares of at least 0 with a sum of at most 1",
            (self.dead_fraction, self.hot_fraction),
        )?;
        self.bunches
            .iter()
            .try_for_each(|bunch| not_negative("bunches", *bunch))?;
        for line in &self.spectrum {
            positive("spectrum.weight", line.weight)?;
            not_negative("spectrum.relative_attenuation", line.relative_attenuation)?;
        }
        require(
            (0.0..=1.0).contains(&self.exposure),
            "exposure",
            "in [0, 1]",
            self.exposure,
        )?;
        require(
            (1..=256).contains(&self.sub_frames),
            "sub_frames",
            "between 1 and 256",
            self.sub_frames,
        )
    }

    /// The open beam relative to its nominal counts.
    pub(crate) fn flat_field(&self, camera: &Camera, seed: u64) -> Array2<f32> {
        let (h, w) = camera.shape();
        let Some(flat) = self.flat else {
            return Array2::ones((h, w));
        };
        let mut rng = stream(seed, 0, Purpose::Flat);
        let gauss = Normal::new();
        let mut noise = |shape| Array2::from_shape_simple_fn(shape, || gauss.draw(&mut rng) as f32);
        let bands = standardized(noise((h, 1)), 6.0, 0.0, Border::Reflect);
        let scratches = standardized(noise((h, w)), 1.2, 12.0, Border::Reflect);
        let white = noise((h, w));
        let waves: Vec<f64> = (0..w)
            .map(|x| 1.0 + flat.wave * libm::sin(std::f64::consts::TAU * x as f64 / w as f64))
            .collect();
        Array2::from_shape_fn((h, w), |(y, x)| {
            let z = (y as f64 - 0.5 * h as f64) / (0.9 * h as f64);
            let uneven = 1.0
                + flat.bands * f64::from(bands[(y, 0)])
                + flat.pattern * f64::from(scratches[(y, x)])
                + 0.5 * flat.pattern * f64::from(white[(y, x)]);
            (libm::exp(-z * z) * uneven.max(0.0) * waves[x]) as f32
        })
    }

    /// Adds the intensity of one absorbance image, edges included, to `out`.
    pub(crate) fn add_intensity(
        &self,
        absorbance: &[f32],
        camera: &Camera,
        out: &mut [f32],
        work: &mut Buffers,
    ) {
        let share = 1.0 / self.sub_frames.max(1) as f32;
        let total: f64 = self.spectrum.iter().map(|line| line.weight).sum();
        let w = camera.n_columns();
        work.plane.resize(absorbance.len(), 0.0);
        if self.spectrum.is_empty() {
            add_exp(&mut work.plane, absorbance, 0.0, share, 1.0);
        }
        for (i, line) in self.spectrum.iter().enumerate() {
            let weight = share * (line.weight / total) as f32;
            let m = line.relative_attenuation as f32;
            let keep = if i == 0 { 0.0 } else { 1.0 };
            add_exp(&mut work.plane, absorbance, keep, weight, m);
        }
        if self.edge == 0.0 {
            for (out, i) in out.iter_mut().zip(&work.plane) {
                *out += i;
            }
            return;
        }
        work.smooth.resize(absorbance.len(), 0.0);
        if work.edge_weights.is_empty() {
            work.edge_weights = weights_f32(0.8);
        }
        blur_from(
            absorbance,
            &mut work.smooth,
            w,
            &work.edge_weights,
            &work.edge_weights,
            Border::Reflect,
            &mut work.scratch,
        );
        dispatch(Edges {
            smooth: &work.smooth,
            plane: &work.plane,
            edge: self.edge as f32,
            w,
            out,
        });
    }

    /// The factor on all counts of a frame: gain jitter and bunch.
    pub(crate) fn frame_gain(&self, seed: u64, frame: u64) -> f64 {
        let jitter = if self.gain_jitter > 0.0 {
            self.gain_jitter * normal(&mut stream(seed, frame, Purpose::Gain))
        } else {
            0.0
        };
        let bunch = match self.bunches.len() {
            0 => 1.0,
            n => self.bunches[(frame % n as u64) as usize],
        };
        (1.0 + jitter).max(0.0) * bunch
    }

    /// Counts from the intensity, which is overwritten.
    pub(crate) fn count(
        &self,
        intensity: &mut [f32],
        flat: &[f32],
        gain: f64,
        camera: &Camera,
        noise: Noise,
        work: &mut Buffers,
    ) -> Vec<u16> {
        let scale = (self.photons * gain) as f32;
        for (i, f) in intensity.iter_mut().zip(flat) {
            *i *= scale * f;
        }
        if work.blur_weights.is_empty() {
            work.blur_weights = weights_f32(self.blur_px);
        }
        let mut smooth = |image: &mut [f32]| {
            blur(
                image,
                camera.n_columns(),
                &work.blur_weights,
                &work.blur_weights,
                Border::Reflect,
                &mut work.scratch,
            );
        };
        if self.blur_order == BlurOrder::BeforeNoise {
            smooth(intensity);
        }
        let mut rng = stream(
            noise.seed,
            noise.slot,
            if noise.flat {
                Purpose::FlatPhotons
            } else {
                Purpose::Photons
            },
        );
        poisson_all(&mut rng, intensity);
        if self.blur_order == BlurOrder::AfterNoise {
            smooth(intensity);
        }
        let mut rng = stream(
            noise.seed,
            noise.slot,
            if noise.flat {
                Purpose::FlatReadNoise
            } else {
                Purpose::ReadNoise
            },
        );
        work.plane.resize(intensity.len(), 0.0);
        if self.read_noise > 0.0 {
            normal_all(&mut rng, &mut work.plane);
        } else {
            work.plane.fill(0.0);
        }
        let mut counts = vec![0; intensity.len()];
        dispatch(Digitize {
            light: intensity,
            noise: &work.plane,
            gain: self.gain as f32,
            dark: self.dark as f32,
            read_noise: self.read_noise as f32,
            top: f32::from(self.saturation),
            out: &mut counts,
        });
        counts
    }

    /// Which pixels are broken: 0 sound, 1 dead, 2 hot.
    pub(crate) fn defect_map(&self, camera: &Camera, seed: u64) -> Option<Array2<u8>> {
        if self.dead_fraction + self.hot_fraction <= 0.0 {
            return None;
        }
        let mut rng = stream(seed, 0, Purpose::Defects);
        Some(Array2::from_shape_simple_fn(camera.shape(), || {
            let u = uniform(&mut rng);
            if u < self.dead_fraction {
                1
            } else {
                2 * u8::from(u < self.dead_fraction + self.hot_fraction)
            }
        }))
    }

    pub(crate) fn apply_defects(&self, map: Option<&Array2<u8>>, frame: &mut Array2<u16>) {
        if let Some(map) = map {
            Zip::from(frame)
                .and(map)
                .for_each(|count, kind| match kind {
                    1 => *count = 0,
                    2 => *count = self.saturation,
                    _ => {}
                });
        }
    }
}

/// Brightens and darkens edges: adds the plane times one more than the clipped Laplacian to `out`.
struct Edges<'a> {
    smooth: &'a [f32],
    plane: &'a [f32],
    edge: f32,
    w: usize,
    out: &'a mut [f32],
}

impl Job for Edges<'_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            smooth,
            plane,
            edge,
            w,
            out,
        } = self;
        let h = smooth.len() / w;
        let row = |y: usize| &smooth[y * w..(y + 1) * w];
        for (y, (out, plane)) in out
            .chunks_exact_mut(w)
            .zip(plane.chunks_exact(w))
            .enumerate()
        {
            let (here, above, below) = (row(y), row(y.saturating_sub(1)), row((y + 1).min(h - 1)));
            let bright = |plane: f32, vertical: f32, left: f32, center: f32, right: f32| {
                let laplacian = vertical + left + right - 4.0 * center;
                plane * (1.0 + edge * laplacian.clamp(-0.4, 0.4))
            };
            // the first and last pixel stand in for their missing neighbors
            for x in [0, w - 1] {
                let (left, right) = (here[x.saturating_sub(1)], here[(x + 1).min(w - 1)]);
                if x == 0 || w > 1 {
                    out[x] += bright(plane[x], above[x] + below[x], left, here[x], right);
                }
                if w == 1 {
                    break;
                }
            }
            if w > 2 {
                let vertical = above[1..w - 1].iter().zip(&below[1..w - 1]);
                let across = here.iter().zip(&here[1..w - 1]).zip(&here[2..]);
                let inner = out[1..w - 1].iter_mut().zip(&plane[1..w - 1]);
                for (((out, plane), (a, b)), ((l, c), r)) in inner.zip(vertical).zip(across) {
                    *out += bright(*plane, a + b, *l, *c, *r);
                }
            }
        }
    }
}

/// Counts of light and read noise.
struct Digitize<'a> {
    light: &'a [f32],
    noise: &'a [f32],
    gain: f32,
    dark: f32,
    read_noise: f32,
    top: f32,
    out: &'a mut [u16],
}

impl Job for Digitize<'_> {
    #[inline(always)]
    fn run(self) {
        for ((out, i), z) in self.out.iter_mut().zip(self.light).zip(self.noise) {
            let count = self.gain * i + self.dark + self.read_noise * z + 0.5;
            *out = count.clamp(0.0, self.top) as i32 as u16;
        }
    }
}

/// Which streams the noise of a frame comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise {
    pub(crate) seed: u64,
    pub(crate) slot: u64,
    /// Whether the frame is one of the open beam.
    pub(crate) flat: bool,
}

/// Buffers kept between frames.
#[derive(Debug, Default, Clone)]
pub(crate) struct Buffers {
    pub(crate) absorbance: Vec<f32>,
    pub(crate) vapor: Vec<f32>,
    pub(crate) intensity: Vec<f32>,
    plane: Vec<f32>,
    smooth: Vec<f32>,
    scratch: Scratch,
    edge_weights: Vec<f32>,
    blur_weights: Vec<f32>,
}
