//! How well a region stands out: contrast to noise, receiver operating characteristic.

use ndarray::{ArrayRef2, ArrayView3};

use crate::error::{Error, Result};
use crate::region::{check_mask, moments, values};
use crate::sample::{Real, Sample};

/// The terms of a contrast-to-noise ratio: means and sample standard deviations (divided by n - 1) of two regions.
///
/// The definitions in use differ, so each has its name here and none is called the CNR. That of a non-negative amplitude image is not
/// comparable with that of a signed image: print the [`auc`] beside it.
///
/// ```
/// use mcxi::ContrastToNoise;
/// use ndarray::Array2;
///
/// let image = Array2::from_shape_fn((4, 8), |(y, x)| if x < 4 { 10.0 } else { 0.0 } + f64::from(y as u8 % 2));
/// let left = Array2::from_shape_fn((4, 8), |(_, x)| x < 4);
/// let cnr = ContrastToNoise::new(&image, &left, &left.mapv(|inside| !inside))?;
/// assert_eq!(cnr.signal_mean - cnr.background_mean, 10.0);
/// assert!(cnr.over_background() > 19.0 && cnr.meets_rose(5.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContrastToNoise {
    /// Mean of the signal region.
    pub signal_mean: f64,
    /// Mean of the background region.
    pub background_mean: f64,
    /// Standard deviation in the signal region.
    pub signal_std: f64,
    /// Standard deviation in the background region.
    pub background_std: f64,
    /// Pixels of the signal region.
    pub n_signal: usize,
    /// Pixels of the background region.
    pub n_background: usize,
}

impl ContrastToNoise {
    /// From an image and two regions; pixels that are not finite are left out.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::SmallRegion`] if a region has fewer than two pixels.
    pub fn new<R: Real>(
        image: &ArrayRef2<R>,
        signal: &ArrayRef2<bool>,
        background: &ArrayRef2<bool>,
    ) -> Result<Self> {
        let signal = values("signal", image, signal, 2)?;
        let background = values("background", image, background, 2)?;
        let (signal_mean, signal_variance) = moments(&signal);
        let (background_mean, background_variance) = moments(&background);
        Ok(Self {
            signal_mean,
            background_mean,
            signal_std: signal_variance.sqrt(),
            background_std: background_variance.sqrt(),
            n_signal: signal.len(),
            n_background: background.len(),
        })
    }

    /// $|\mu_s - \mu_b|$.
    pub fn difference(&self) -> f64 {
        (self.signal_mean - self.background_mean).abs()
    }

    /// $|\mu_s - \mu_b|/\sigma_b$.
    pub fn over_background(&self) -> f64 {
        self.difference() / self.background_std
    }

    /// $|\mu_s - \mu_b|/\sqrt{(\sigma_s^2 + \sigma_b^2)/2}$.
    pub fn over_pooled(&self) -> f64 {
        self.difference() / (self.sum_of_squares() / 2.0).sqrt()
    }

    /// $|\mu_s - \mu_b|/\sqrt{\sigma_s^2 + \sigma_b^2}$.
    pub fn over_sum(&self) -> f64 {
        self.difference() / self.sum_of_squares().sqrt()
    }

    /// The criterion of Rose: whether [`over_background`](Self::over_background) reaches a threshold, 3 to 5 in the literature
    /// (A. Rose, J. Opt. Soc. Am. 38, 196 (1948), doi 10.1364/JOSA.38.000196).
    pub fn meets_rose(&self, threshold: f64) -> bool {
        self.over_background() >= threshold
    }

    fn sum_of_squares(&self) -> f64 {
        self.signal_std * self.signal_std + self.background_std * self.background_std
    }
}

/// What a static region says about a sequence: the terms that decide how much a band can gain over one frame.
///
/// In one frame $\sigma_b^2 = \sigma_{fp}^2 + \sigma_n^2$. After a band that keeps the fraction $\beta$ of white noise and the part $r$ of the
/// signal, the contrast to noise has grown by $r\sqrt{(\sigma_{fp}^2 + \sigma_n^2)/(\beta\sigma_n^2)}$.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NoiseTerms {
    /// $\sigma_{fp}$: spatial standard deviation of what does not change; the noise left in the mean over time is taken off.
    pub fixed_pattern_std: f64,
    /// $\sigma_n$: root of the mean over pixels of the variance over time.
    pub temporal_std: f64,
    /// Pixels of the region.
    pub n_pixels: usize,
}

impl NoiseTerms {
    /// From the static region of a sequence.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::SmallRegion`] for fewer than two pixels; [`Error::TooFewFrames`] for fewer than two frames.
    pub fn new<S: Sample>(
        frames: &ArrayView3<'_, S>,
        static_region: &ArrayRef2<bool>,
    ) -> Result<Self> {
        let (n_frames, n_rows, n_columns) = frames.dim();
        check_mask("static", static_region, (n_rows, n_columns))?;
        if n_frames < 2 {
            return Err(Error::TooFewFrames {
                purpose: "a variance over time",
                needed: 2,
                found: n_frames,
            });
        }
        let mut means = Vec::new();
        let mut variances = Vec::new();
        for (lane, inside) in frames
            .lanes(ndarray::Axis(0))
            .into_iter()
            .zip(static_region)
        {
            if *inside {
                let values: Vec<f64> = lane.iter().map(|v| v.real().as_f64()).collect();
                let (mean, variance) = moments(&values);
                if variance.is_finite() {
                    means.push(mean);
                    variances.push(variance);
                }
            }
        }
        if means.len() < 2 {
            return Err(Error::SmallRegion {
                what: "static",
                needed: 2,
                found: means.len(),
            });
        }
        let temporal = moments(&variances).0;
        let spatial = moments(&means).1 - temporal / n_frames as f64;
        Ok(Self {
            fixed_pattern_std: spatial.max(0.0).sqrt(),
            temporal_std: temporal.sqrt(),
            n_pixels: means.len(),
        })
    }

    /// The largest gain over one frame, for a noise fraction $\beta$ and all of the signal kept ($r = 1$).
    pub fn largest_gain(&self, noise_fraction: f64) -> f64 {
        let noise = self.temporal_std * self.temporal_std;
        let frame = self.fixed_pattern_std * self.fixed_pattern_std + noise;
        (frame / (noise_fraction * noise)).sqrt()
    }
}

/// Area under the receiver operating characteristic: the chance that a pixel of the signal is above one of the background, ties half.
///
/// By ranks (Mann and Whitney), exact; $O(n \log n)$. Below 0.5 the signal is darker. Pixels that are not finite are left out.
///
/// # Errors
///
/// [`Error::ShapeMismatch`]; [`Error::SmallRegion`] for an empty region.
pub fn auc<R: Real>(
    image: &ArrayRef2<R>,
    signal: &ArrayRef2<bool>,
    background: &ArrayRef2<bool>,
) -> Result<f64> {
    let signal = values("signal", image, signal, 1)?;
    let background = values("background", image, background, 1)?;
    Ok(rank_auc(&signal, &background))
}

/// Twice the rank sum is a whole number, so the result is exact up to its last rounding.
pub(crate) fn rank_auc(signal: &[f64], background: &[f64]) -> f64 {
    let labeled = |values: &[f64], is_signal| -> Vec<(f64, bool)> {
        // a sum with 0 makes one of the two zeros
        values.iter().map(|v| (*v + 0.0, is_signal)).collect()
    };
    let mut all = labeled(signal, true);
    all.extend(labeled(background, false));
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut doubled = 0_u128;
    let mut below = 0_u128;
    for group in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let ours = group.iter().filter(|v| v.1).count() as u128;
        let theirs = group.len() as u128 - ours;
        doubled += ours * (2 * below + theirs);
        below += theirs;
    }
    doubled as f64 / (2.0 * signal.len() as f64 * background.len() as f64)
}

/// One point of the receiver operating characteristic.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RocPoint {
    /// Pixels at or above this value are called signal.
    pub threshold: f64,
    /// Share of the background that is so called.
    pub false_positive: f64,
    /// Share of the signal that is so called.
    pub true_positive: f64,
}

/// The receiver operating characteristic: one point for each value, from the largest down.
///
/// # Errors
///
/// As [`auc`].
pub fn roc<R: Real>(
    image: &ArrayRef2<R>,
    signal: &ArrayRef2<bool>,
    background: &ArrayRef2<bool>,
) -> Result<Vec<RocPoint>> {
    let signal = values("signal", image, signal, 1)?;
    let background = values("background", image, background, 1)?;
    let mut all: Vec<(f64, bool)> = signal.iter().map(|v| (*v + 0.0, true)).collect();
    all.extend(background.iter().map(|v| (*v + 0.0, false)));
    all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut hits, mut alarms) = (0, 0);
    let mut points = Vec::new();
    for group in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let ours = group.iter().filter(|v| v.1).count();
        hits += ours;
        alarms += group.len() - ours;
        points.push(RocPoint {
            threshold: group[0].0,
            false_positive: alarms as f64 / background.len() as f64,
            true_positive: hits as f64 / signal.len() as f64,
        });
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn definitions_of_contrast_to_noise() -> Result<()> {
        let image = array![[1.0, 3.0, 10.0, 14.0]];
        let signal = array![[false, false, true, true]];
        let cnr = ContrastToNoise::new(&image, &signal, &signal.mapv(|v| !v))?;
        approx::assert_relative_eq!(cnr.over_background(), 10.0 / 2.0_f64.sqrt());
        approx::assert_relative_eq!(cnr.over_pooled(), 10.0 / 5.0_f64.sqrt());
        approx::assert_relative_eq!(cnr.over_sum(), 10.0 / 10.0_f64.sqrt());
        Ok(())
    }

    /// Against the count of all pairs.
    #[test]
    fn auc_is_the_share_of_pairs() -> Result<()> {
        let image = Array2::from_shape_fn((6, 7), |(y, x)| ((y * 5 + x * 3) % 11) as f64);
        let signal = Array2::from_shape_fn((6, 7), |(y, x)| (y * x) % 3 == 1);
        let background = Array2::from_shape_fn((6, 7), |(y, x)| (y * x) % 3 == 2);
        let (mut sum, mut n) = (0.0, 0.0);
        for (a, in_a) in image.iter().zip(&signal) {
            for (b, in_b) in image.iter().zip(&background) {
                if *in_a && *in_b {
                    n += 1.0;
                    sum += 0.5 * (f64::from(u8::from(a > b)) + f64::from(u8::from(a >= b)));
                }
            }
        }
        approx::assert_relative_eq!(auc(&image, &signal, &background)?, sum / n);
        let points = roc(&image, &signal, &background)?;
        let mut area = 0.0;
        let mut last = (0.0, 0.0);
        for p in &points {
            area += (p.false_positive - last.0) * (p.true_positive + last.1) / 2.0;
            last = (p.false_positive, p.true_positive);
        }
        approx::assert_relative_eq!(area, sum / n, max_relative = 1e-12);
        Ok(())
    }

    #[test]
    fn refuses_empty_and_foreign_regions() {
        let image = Array2::<f64>::zeros((3, 3));
        let none = Array2::from_elem((3, 3), false);
        let other = Array2::from_elem((2, 3), true);
        assert!(matches!(
            auc(&image, &none, &none),
            Err(Error::SmallRegion { found: 0, .. })
        ));
        assert!(matches!(
            ContrastToNoise::new(&image, &other, &none),
            Err(Error::ShapeMismatch { .. })
        ));
    }
}
