//! Weights and bands that follow the data.

use ndarray::{Array2, ArrayRef2, Zip};

use crate::band::Band;
use crate::error::{Error, Result};
use crate::quality::rank_auc;
use crate::region::{check_mask, moments};
use crate::sample::Real;
use crate::smooth::gaussian;
use crate::spectrum::Spectrum;

impl<R: Real> Spectrum<R> {
    /// Motion contrast with weights of Wiener's kind, in units of the input:
    /// $$\Big(\sum_{k \ge 1} w_k P_k \frac{f_s}{N}\Big)^{1/2}, \qquad w_k(\mathbf x) = \max\left(0, 1 - N_k/\tilde P_k(\mathbf x)\right),$$
    /// $N_k$ the mean density of a static region, $\tilde P_k$ the density under a Gaussian of `sigma_px`. No band has to be chosen. Weights
    /// from densities of single pixels (a width of 0) are worse than none; 2 px are a fair start.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::SmallRegion`]; [`Error::InvalidParameter`] for a bad width.
    pub fn wiener_image(
        &self,
        static_region: &ArrayRef2<bool>,
        sigma_px: f64,
    ) -> Result<Array2<R>> {
        let noise = self.region_density(static_region)?;
        let step = self.frequency_hz(1);
        let (_, n_rows, n_columns) = self.values().dim();
        let mut sum = Array2::<f64>::zeros((n_rows, n_columns));
        for (k, noise) in noise.into_iter().enumerate().skip(1) {
            let density = self.density(k)?;
            let smooth = gaussian(&density, sigma_px)?;
            Zip::from(&mut sum)
                .and(&density)
                .and(&smooth)
                .for_each(|sum, density, smooth| {
                    let weight = (1.0 - noise / smooth.as_f64().max(1e-300)).max(0.0);
                    *sum += weight * density.as_f64() * step;
                });
        }
        Ok(sum.mapv(|power| R::of(power.sqrt())))
    }

    /// The band of consecutive frequencies, from `first` on, whose RMS image separates two regions best.
    ///
    /// All bands are tried. The regions decide, so they must not be those on which the result is then judged.
    ///
    /// # Performance
    ///
    /// $O(K^2 n)$ for $K$ frequencies and $n$ pixels in the regions, $\log n$ more for [`BandCriterion::Auc`].
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::SmallRegion`] for fewer than two pixels; [`Error::InvalidParameter`] if there is no frequency `first`.
    pub fn best_band(
        &self,
        signal: &ArrayRef2<bool>,
        background: &ArrayRef2<bool>,
        first: usize,
        criterion: BandCriterion,
    ) -> Result<BandChoice> {
        if first >= self.n_bins() {
            return Err(Error::parameter("first", "one of the frequencies", first));
        }
        let (_, n_rows, n_columns) = self.values().dim();
        let mut powers = [Vec::new(), Vec::new()];
        for ((powers, what), mask) in powers
            .iter_mut()
            .zip(["signal", "background"])
            .zip([signal, background])
        {
            check_mask(what, mask, (n_rows, n_columns))?;
            let pixels = mask.iter().filter(|inside| **inside).count();
            if pixels < 2 {
                return Err(Error::SmallRegion {
                    what,
                    needed: 2,
                    found: pixels,
                });
            }
            for k in first..self.n_bins() {
                let density = self.density(k)?;
                let inside = density.iter().zip(mask).filter(|(_, inside)| **inside);
                powers.push(inside.map(|(p, _)| p.as_f64()).collect::<Vec<f64>>());
            }
        }
        let mut best = BandChoice {
            low_hz: f64::NAN,
            high_hz: f64::NAN,
            score: f64::NEG_INFINITY,
        };
        let step = self.frequency_hz(1);
        for low in 0..self.n_bins() - first {
            let mut sums = [vec![0.0; powers[0][0].len()], vec![0.0; powers[1][0].len()]];
            for high in low..self.n_bins() - first {
                let mut images: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
                for ((sum, powers), image) in sums.iter_mut().zip(&powers).zip(&mut images) {
                    for (sum, power) in sum.iter_mut().zip(&powers[high]) {
                        *sum += power * step;
                    }
                    *image = sum
                        .iter()
                        .map(|p| p.sqrt())
                        .filter(|p| p.is_finite())
                        .collect();
                }
                if images.iter().any(|image| image.len() < 2) {
                    continue;
                }
                let score = match criterion {
                    BandCriterion::OverBackground => {
                        let (background, variance) = moments(&images[1]);
                        (moments(&images[0]).0 - background) / variance.sqrt()
                    }
                    BandCriterion::Auc => rank_auc(&images[0], &images[1]),
                };
                if score > best.score {
                    best = BandChoice {
                        low_hz: self.frequency_hz(first + low),
                        high_hz: self.frequency_hz(first + high),
                        score,
                    };
                }
            }
        }
        Ok(best)
    }
}

impl<R: Real> Spectrum<R> {
    /// The band of consecutive frequencies, from `first` on, in which the mean pixel rises furthest above the noise; no region has to be known.
    ///
    /// The noise is the mean level $L$ of the frequencies of `tail`, where nothing should move. Of the mean densities $\bar P_k$ of all pixels the
    /// criterion is
    /// $$\frac{\sum_{k=a}^b (\bar P_k - L)}{L\sqrt{b - a + 1}},$$
    /// the contrast to noise of the power of that band for a pixel that moves as the mean does: its excess over the standard deviation
    /// of the noise, whose densities are independent and exponential (rectangular window). Pixels that are not finite are left out. Drift
    /// and gain jitter count as motion: normalize first, and let `first` skip the lowest frequencies.
    ///
    /// # Performance
    ///
    /// $O(n)$ a frequency and $O(K^2)$.
    ///
    /// # Errors
    ///
    /// [`Error::BandOutside`] and [`Error::BandBetweenBins`] for the tail; [`Error::InvalidParameter`] if `first` does not lie below it;
    /// [`Error::Numerical`] if there is no noise in it.
    pub fn automatic_band(&self, first: usize, tail: Band) -> Result<BandChoice> {
        let noise_bins = tail.bins(self.transform_length(), self.frame_rate())?;
        if first >= *noise_bins.start() {
            return Err(Error::parameter("first", "below the tail", first));
        }
        let mean = |k: usize| -> Result<f64> {
            let density = self.density(k)?;
            let (mut sum, mut n) = (0.0, 0.0);
            for p in density.iter().map(|p| p.as_f64()).filter(|p| p.is_finite()) {
                sum += p;
                n += 1.0;
            }
            Ok(sum / n)
        };
        let count = noise_bins.clone().count() as f64;
        let last = *noise_bins.start();
        let mut level = 0.0;
        for k in noise_bins {
            level += mean(k)? / count;
        }
        if level.is_nan() || level <= 0.0 {
            return Err(Error::Numerical {
                method: "an automatic band",
                reason: "the tail holds no noise to compare with",
            });
        }
        let excess = (first..last)
            .map(|k| Ok(mean(k)? / level - 1.0))
            .collect::<Result<Vec<f64>>>()?;
        let mut best = BandChoice {
            low_hz: f64::NAN,
            high_hz: f64::NAN,
            score: f64::NEG_INFINITY,
        };
        for low in 0..excess.len() {
            let mut sum = 0.0;
            for (high, excess) in excess.iter().enumerate().skip(low) {
                sum += excess;
                let score = sum / ((high - low + 1) as f64).sqrt();
                if score > best.score {
                    best = BandChoice {
                        low_hz: self.frequency_hz(first + low),
                        high_hz: self.frequency_hz(first + high),
                        score,
                    };
                }
            }
        }
        Ok(best)
    }
}

/// What the best band is best at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum BandCriterion {
    /// $(\mu_s - \mu_b)/\sigma_b$ of the RMS image.
    OverBackground,
    /// Area under the receiver operating characteristic.
    Auc,
}

/// The band that was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BandChoice {
    /// Lower edge in Hz.
    pub low_hz: f64,
    /// Upper edge in Hz.
    pub high_hz: f64,
    /// Value of the criterion; minus infinity if no band has one.
    pub score: f64,
}
