//! Motion with a stated false-alarm probability.

use ndarray::{Array2, ArrayView3, Zip};
use num_complex::Complex;
use xray_io::FrameRate;

use crate::band::Band;
use crate::contrast::MoveContrast;
use crate::detrend::Detrend;
use crate::error::{Error, Result};
use crate::measure::Measure;
use crate::sample::{Real, Sample};
use crate::window::Window;

/// Pixels in which a band holds more power than the noise of the same pixel explains, with a false-alarm probability that holds.
///
/// Noise differs from pixel to pixel, so each is its own measure: the mean density of the $J$ frequencies of the band is divided by that of $K$
/// frequencies of a tail, where nothing is expected. For white Gaussian noise and the rectangular window these are independent
/// exponential variables, and their ratio has the law $F(2J, 2K)$:
/// $$p_{fa} = I_{K/(K + J t)}(K, J), \qquad J = 1:\quad t = K\left(p_{fa}^{-1/K} - 1\right).$$
/// A window would correlate the frequencies and break this: Hann with its own tail gives sixteen times too many alarms at $10^{-3}$.
/// The trend that is removed takes a known share of each frequency, for which the ratio is corrected; keep the band above the second
/// frequency, where that share is large.
///
/// ```
/// use mcxi::{Band, FrameRate, MotionDetector};
/// use ndarray::Array3;
///
/// let mut state = 1_u32;
/// let frames = Array3::from_shape_fn((32, 64, 64), |(n, y, x)| {
///     let noise: u32 = (0..12).map(|_| { state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); state >> 20 }).sum();
///     let moving = if y < 8 && x < 8 { 12_000.0 * (0.8 * n as f64).cos() } else { 0.0 };
///     (f64::from(noise) + 10_000.0 + moving) as u16
/// });
/// let rate = FrameRate::from_hertz(1e6)?;
/// let found = MotionDetector::new(rate, Band::from_hertz(94e3, 220e3), Band::from_hertz(280e3, 480e3))
///     .false_alarm_probability(1e-3)
///     .apply(&frames.view())?;
/// assert!(found.moving[[3, 3]]);
/// let alarms = found.moving.indexed_iter().filter(|((y, x), m)| **m && (*y >= 8 || *x >= 8)).count();
/// assert!(alarms < 20); // four expected
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MotionDetector {
    rate: FrameRate,
    band: Band,
    tail: Band,
    detrend: Detrend,
    probability: f64,
}

/// What a [`MotionDetector`] found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Detection<R> {
    /// Mean density of the band over that of the tail; 1 on average without motion. Not a number where the tail is empty.
    pub ratio: Array2<R>,
    /// Whether the ratio is above the threshold.
    pub moving: Array2<bool>,
    /// The threshold $t$.
    pub threshold: f64,
    /// Frequencies of the band, $J$.
    pub n_band: usize,
    /// Frequencies of the tail, $K$.
    pub n_tail: usize,
}

impl MotionDetector {
    /// With the defaults, for a band that may hold motion and a tail that holds none.
    pub fn new(rate: FrameRate, band: Band, tail: Band) -> Self {
        Self {
            rate,
            band,
            tail,
            detrend: Detrend::Linear,
            probability: 1e-2,
        }
    }

    /// The trend that is removed. Default: [`Detrend::Linear`].
    pub fn detrend(mut self, detrend: Detrend) -> Self {
        self.detrend = detrend;
        self
    }

    /// The chance that a pixel without motion is called moving. Default: 0.01.
    pub fn false_alarm_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Looks at each pixel of a sequence.
    ///
    /// # Errors
    ///
    /// As [`MoveContrast::images`]; [`Error::InvalidParameter`] for a probability that is not between 0 and 1, or a band or tail that
    /// holds the zero or Nyquist frequency, or one of the other.
    pub fn apply<S: Sample>(&self, frames: &ArrayView3<'_, S>) -> Result<Detection<S::Real>> {
        let n_frames = frames.dim().0;
        if !(self.probability > 0.0 && self.probability < 1.0) {
            let found = self.probability;
            return Err(Error::parameter(
                "false_alarm_probability",
                "between 0 and 1",
                found,
            ));
        }
        let contrast = MoveContrast::new(self.rate)
            .bands([self.band, self.tail])
            .measure(Measure::Power)
            .window(Window::Rectangular)
            .detrend(self.detrend);
        contrast.validate(n_frames)?;
        let band = self.band.bins(n_frames, self.rate)?;
        let tail = self.tail.bins(n_frames, self.rate)?;
        for (name, bins) in [("band", &band), ("tail", &tail)] {
            if *bins.start() == 0 || 2 * bins.end() == n_frames {
                let found = format!("frequencies {bins:?} of {n_frames} frames");
                return Err(Error::parameter(name, "without zero and Nyquist", found));
            }
        }
        if band.start() <= tail.end() && tail.start() <= band.end() {
            let found = format!("frequencies {tail:?} beside {band:?}");
            return Err(Error::parameter("tail", "apart from the band", found));
        }
        let kept = self.kept(n_frames);
        let share = |bins: std::ops::RangeInclusive<usize>| bins.map(|k| kept[k]).sum::<f64>();
        let (n_band, n_tail) = (band.clone().count(), tail.clone().count());
        let scale = <S::Real as Real>::of(share(tail) / share(band));
        let threshold = f_threshold(n_band, n_tail, self.probability);
        let images = contrast.images(frames)?;
        let limit = <S::Real as Real>::of(threshold);
        let ratio = Zip::from(&images[0].image)
            .and(&images[1].image)
            .map_collect(|band, tail| *band / *tail * scale);
        Ok(Detection {
            moving: ratio.mapv(|r| r > limit),
            ratio,
            threshold,
            n_band,
            n_tail,
        })
    }

    /// Share of the variance of white noise that each frequency keeps when the trend is removed: $1 - \sum_j |Q_{jk}|^2/N$.
    fn kept(&self, n_frames: usize) -> Vec<f64> {
        let trend = self.detrend.polynomials(n_frames);
        (0..=n_frames / 2)
            .map(|k| {
                let lost: f64 = trend
                    .iter()
                    .map(|q| {
                        let sum: Complex<f64> = q
                            .iter()
                            .enumerate()
                            .map(|(n, q)| {
                                let turn = ((k * n) % n_frames) as f64 / n_frames as f64;
                                let angle = -std::f64::consts::TAU * turn;
                                Complex::new(q * libm::cos(angle), q * libm::sin(angle))
                            })
                            .sum();
                        sum.norm_sqr() / n_frames as f64
                    })
                    .sum();
                1.0 - lost
            })
            .collect()
    }
}

/// The value that a variable of the law $F(2j, 2k)$ exceeds with a probability.
pub fn f_threshold(j: usize, k: usize, probability: f64) -> f64 {
    // of y = k / (k + j t), in which the probability grows
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(k, j, middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    let y = f64::midpoint(low, high);
    k as f64 * (1.0 / y - 1.0) / j as f64
}

/// $I_y(a, b)$ of whole numbers: $\sum_{i=a}^{a+b-1} \binom{a+b-1}{i} y^i (1-y)^{a+b-1-i}$, summed from logarithms.
fn incomplete_beta(a: usize, b: usize, y: f64) -> f64 {
    if y <= 0.0 || y >= 1.0 {
        return y.clamp(0.0, 1.0);
    }
    let n = a + b - 1;
    let (log_y, log_z) = (libm::log(y), libm::log1p(-y));
    let log_factorial = |m: usize| libm::lgamma(m as f64 + 1.0);
    (a..=n)
        .map(|i| {
            let choose = log_factorial(n) - log_factorial(i) - log_factorial(n - i);
            libm::exp(choose + i as f64 * log_y + (n - i) as f64 * log_z)
        })
        .sum::<f64>()
        .min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1: `scipy.stats.f.isf(p, 2 * j, 2 * k)`.
    #[test]
    fn thresholds_are_those_of_the_f_law() {
        for (j, k, p, reference) in REFERENCE {
            approx::assert_relative_eq!(f_threshold(j, k, p), reference, max_relative = 1e-9);
        }
        for p in [0.1_f64, 1e-3, 1e-4] {
            let closed = 7.0 * (p.powf(-1.0 / 7.0) - 1.0);
            approx::assert_relative_eq!(f_threshold(1, 7, p), closed, max_relative = 1e-10);
        }
    }

    const REFERENCE: [(usize, usize, f64, f64); 5] = [
        (1, 7, 0.01, 6.514_884_102_182_75),
        (4, 7, 0.1, 2.153_904_453_891_72),
        (4, 7, 1e-4, 10.456_923_287_960_3),
        (10, 20, 1e-3, 3.144_989_530_444_72),
        (3, 40, 0.05, 2.214_192_795_487_92),
    ];
}
