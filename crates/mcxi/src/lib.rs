//! Move contrast X-ray imaging (MCXI): what moves in an X-ray sequence, by temporal frequency.
//!
//! A radiograph of a melting metal shows what absorbs, and most of that stands still: the plate, its scratches, the flat field. This
//! crate looks at each pixel through time instead. It keeps the frequencies at which liquid and vapor move, so that images and
//! sequences show only what moves, and it knows how much of them is noise. It is for films of some ten to some thousand frames of a
//! fixed camera. It does not read files (`xray-io`), estimate velocity (`optical-flow`) or outline shapes
//! (`meltpool-morphology`).
//!
//! # A first example
//!
//! ```
//! use mcxi::{Band, ContrastToNoise, FrameRate, MoveContrast, auc};
//! use ndarray::{Array2, Array3};
//!
//! // A rough plate at 1.087 MHz; in its left half something flickers, weaker than the roughness.
//! let mut state = 1_u32;
//! let mut random = || { state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); f64::from(state >> 8) / f64::from(1 << 24) };
//! let plate = Array2::from_shape_simple_fn((40, 40), || 1000.0 + 200.0 * random());
//! let frames = Array3::from_shape_fn((32, 40, 40), |(n, y, x)| {
//!     let flicker = if x < 20 { 20.0 * (0.9 * n as f64 + y as f64).sin() } else { 0.0 };
//!     (plate[[y, x]] + flicker + 20.0 * random()) as u16
//! });
//! let left = Array2::from_shape_fn((40, 40), |(_, x)| x < 20);
//! let right = left.mapv(|inside| !inside);
//!
//! let rate = FrameRate::from_hertz(1.087e6)?;
//! let image = MoveContrast::new(rate).band(Band::from_hertz(100e3, 250e3)).image(&frames.view())?;
//! let one_frame = frames.index_axis(ndarray::Axis(0), 16).mapv(f64::from);
//! assert!(ContrastToNoise::new(&one_frame, &left, &right)?.over_background() < 0.5);
//! assert!(ContrastToNoise::new(&image, &left, &right)?.over_background() > 4.0);
//! assert!(auc(&image, &left, &right)? > 0.99);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The method from zero
//!
//! 1. *Normalize.* $t = (I - D)/(F - D)$ with flat and dark field; $A = -\ln t$ is linear in path length. The beam flickers, and so
//!    does every pixel with it: one gain a frame, from a region that stands still, takes that away ([`Normalization`]).
//! 2. *Remove the trend.* $d_n = A_n - p(t_n)$ with the least-squares polynomial $p$ of each pixel ([`Detrend`]). What stands still is gone
//!    with the mean; slow drift goes with the line.
//! 3. *Weight.* $w_n d_n$ with a [`Window`]; $S_1 = \sum w_n$, $S_2 = \sum w_n^2$.
//! 4. *Transform.* $X_k = \sum_{n=0}^{T-1} w_n d_n e^{-2\pi i k n/N}$, $f_k = k f_s/N$, $k = 0 \ldots \lfloor N/2\rfloor$. One-sided factor $c_k$ = 1 at zero
//!    and (even $N$) Nyquist, else 2. Then $a_k = c_k|X_k|/S_1$ is the amplitude of a sinusoid, $\arg X_k$ its phase, and
//!    $P_k = c_k|X_k|^2/(f_s S_2)$ the density in squared units per Hz ([`Spectrum`]).
//! 5. *Reduce a band* $B = [f_1, f_2]$ to an image: $\mathrm{RMS}_B = \big(\sum_{k\in B} P_k f_s/N\big)^{1/2}$ or another [`Measure`]
//!    ([`MoveContrast`]). For all frequencies and the rectangular window its square is the variance exactly (Parseval).
//! 6. Or *filter the sequence*: $s = \mathrm{irfft}(H\,\mathrm{rfft}(d))$ on the mirrored record, with raised-cosine edges ([`BandPass`]). This is what
//!    optical flow takes.
//! 7. *Know the noise.* White noise of variance $\sigma^2$ gives $E[\mathrm{RMS}_B^2] = \beta\sigma^2$, $\beta = \sum_B c_k/N$
//!    ([`MoveContrast::noise_fractions`]); $|X_k|^2/E|X_k|^2$ is exponential, and the ratio of two bands of one pixel has an $F$ law,
//!    which gives a threshold with a false-alarm probability that holds ([`MotionDetector`]).
//! 8. *Where nothing moves*: liquid in which $\mathrm{RMS}_B$ does not rise above the noise is a quasi-stationary zone ([`StagnationMap`]).
//!
//! What can be gained? In one frame the background has $\sigma_b^2 = \sigma_{fp}^2 + \sigma_n^2$: fixed pattern and noise. A band that keeps
//! the noise fraction $\beta$ and the part $r$ of the signal raises the contrast to noise by
//! $r\sqrt{(\sigma_{fp}^2 + \sigma_n^2)/(\beta\sigma_n^2)}$. Without fixed pattern and with $\beta = 0.2$ that is at most 2.2; a factor of ten needs
//! $\sigma_{fp}/\sigma_n > 4$, smoothing, or an accumulated image. [`NoiseTerms`] and [`ContrastToNoise`] hold every term.
//!
//! # What was published and what is reconstructed
//!
//! The published descriptions that could be read (below) say: a per-pixel spectrum in time, the static background suppressed in the frequency
//! domain, amplitude and phase of each frequency and the zero order, several bands, near-zero contrast where nothing moves. They state no
//! window, trend, band, reduction, extension or definition of the contrast-to-noise ratio. Those here are ours, with the conventions
//! of signal processing, and no default is the published value:
//!
//! | choice | default | why |
//! |---|---|---|
//! | window | Hann for images; rectangular for detection | leakage against detection power |
//! | trend | linear | drift lies in the lowest frequencies |
//! | band | 0.03 to 0.25 of the frame rate | drift below, noise above |
//! | measure | RMS | has units of the input and an exact noise law |
//! | edges of a filtered sequence | 0.02 of the frame rate | less ringing |
//! | extension in time | mirrored | no wrap-around |
//!
//! # Conventions
//!
//! Axes are frames, rows, columns. Frequencies are in Hz; bands also as fractions of the frame rate, up to 0.5. Images have units of the input.
//! `u8`, `u16` and `f32` are computed in `f32`, `f64` in `f64`. A pixel that is not finite spoils its own results only, or is refused
//! ([`NonFinite`]). The same values give the same bits for any type of pixel, number of threads, size of image, in memory, streamed or read
//! in strips; lengths that are no power of two with more than 64 kept frequencies go through `rustfft`, whose bits may differ
//! between machines.
//!
//! # Choosing a method
//!
//! | you want | use |
//! |---|---|
//! | one image of what moves | [`MoveContrast::image`]; several bands and measures in one pass: [`MoveContrast::images`] |
//! | short records (about 30 frames), broad motion | [`Window::Rectangular`]: Hann halves the record and costs detection |
//! | no band to choose | [`Spectrum::wiener_image`]; [`Spectrum::automatic_band`]; [`Spectrum::best_band`] if regions are known |
//! | images over time | [`MoveContrast::sliding`]; live: [`MoveContrast::stream`]; larger than memory: [`MoveContrast::sliding_from`], [`MoveContrast::images_from`] |
//! | a sequence for optical flow | [`BandPass`] |
//! | does this pixel move? | [`MotionDetector`] |
//! | where does the melt stand still? | [`StagnationMap`] |
//! | something else to compare with | [`rival`]: on a keyhole that sweeps through the image the plain standard deviation is a serious rival |
//!
//! # Feature flags
//!
//! | feature | default | |
//! |---|---|---|
//! | `rayon` | yes | blocks of pixels on several threads, with the same bits |
//! | `lapack` | no | eigenvalues for [`rival::svd_filter`] and [`rival::RobustPca`] by LAPACK through `ndarray-linalg`; the final binary links the library |
//! | `serde` | no | `Serialize` and `Deserialize` for settings and results |
//!
//! # References
//!
//! - Song et al., Metals 16(5), 487 (2026), doi 10.3390/met16050487, and its review record: MCXI of keyhole pores.
//! - IUCrJ 7, 793 (2020), and Acta Phys. Sin. 72, 150701 (2023): move contrast imaging; abstracts only were read.
//! - P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967), doi 10.1109/TAU.1967.1161901: densities from weighted records.
//! - F. J. Harris, Proc. IEEE 66, 51 (1978), doi 10.1109/PROC.1978.10837: windows.

mod adaptive;
mod band;
mod bandpass;
mod contrast;
mod detect;
mod detrend;
mod eigen;
mod error;
mod frames;
mod kernel;
mod measure;
mod noise;
mod normalize;
mod parallel;
mod quality;
mod region;
pub mod rival;
mod sample;
mod smooth;
mod spectrum;
mod stagnation;
mod stream;
mod window;

pub use adaptive::{BandChoice, BandCriterion};
pub use band::Band;
pub use bandpass::{BandPass, Extension};
pub use contrast::{BandImage, MoveContrast};
pub use detect::{Detection, MotionDetector, f_threshold};
pub use detrend::Detrend;
pub use error::{Error, Result};
pub use frames::NonFinite;
pub use measure::Measure;
pub use noise::PhotonModel;
pub use normalize::{Normalization, subtract_region_mean};
pub use quality::{ContrastToNoise, NoiseTerms, RocPoint, auc, roc};
pub use sample::{Real, Sample};
pub use smooth::gaussian;
pub use spectrum::{Spectrum, zero_order};
pub use stagnation::{Stagnation, StagnationAt, StagnationMap};
pub use stream::{ContrastStream, WindowImages};
pub use window::{Window, WindowSums};
pub use xray_io::{FrameRate, PixelSize};
