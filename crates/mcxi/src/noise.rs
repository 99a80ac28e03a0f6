//! The noise floor: what a spectrum shows where nothing moves.

use ndarray::Array2;

use crate::contrast::{MoveContrast, sided};
use crate::error::{Error, Result};
use crate::region::check_mask;
use crate::sample::Real;
use crate::spectrum::Spectrum;

impl MoveContrast {
    /// $\beta = \sum_{k \in B} c_k/N$: the share of the variance of white noise that each band keeps, so that
    /// $E[\mathrm{RMS}_B^2] = \beta\sigma^2$. What a removed trend takes from the lowest frequencies is left out of account.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn noise_fractions(&self, n_frames: usize) -> Result<Vec<f64>> {
        self.validate(n_frames)?;
        let n = self.length(n_frames);
        self.bands_of()
            .iter()
            .map(|band| {
                let bins = band.bins(n, self.frame_rate())?;
                Ok(bins.map(|k| sided(k, n)).sum::<f64>() / n as f64)
            })
            .collect()
    }
}

/// Noise of a detector that counts photons.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PhotonModel {
    photons_per_count: f64,
    read_noise: f64,
}

impl PhotonModel {
    /// With this many photons a count, and no read noise.
    pub fn new(photons_per_count: f64) -> Self {
        Self {
            photons_per_count,
            read_noise: 0.0,
        }
    }

    /// Standard deviation of the read noise in counts. Default: 0.
    pub fn read_noise(mut self, counts: f64) -> Self {
        self.read_noise = counts;
        self
    }

    /// Variance of an intensity, $I/g + \sigma_r^2$, in counts².
    pub fn intensity_variance(&self, counts: f64) -> f64 {
        counts / self.photons_per_count + self.read_noise * self.read_noise
    }

    /// Variance of an absorbance, $1/(g I) + \sigma_r^2/I^2$ to first order, without unit.
    pub fn absorbance_variance(&self, counts: f64) -> f64 {
        self.intensity_variance(counts) / (counts * counts)
    }
}

impl<R: Real> Spectrum<R> {
    /// The white level of each pixel: median density from a frequency on, divided by $\ln 2$, without Nyquist; in squared units of the
    /// input per Hz.
    ///
    /// $|X_k|^2$ of white noise is exponential, whose median is $\ln 2$ of its mean; the median ignores a few frequencies that hold signal.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if no frequency is left.
    pub fn tail_level(&self, from_hz: f64) -> Result<Array2<R>> {
        let n = self.transform_length();
        let slack = 1e-9 * self.frequency_hz(n);
        let tail: Vec<usize> = (0..self.n_bins())
            .filter(|k| self.frequency_hz(*k) >= from_hz - slack && 2 * k != n)
            .collect();
        if tail.is_empty() {
            return Err(Error::parameter(
                "from_hz",
                "below the last frequency",
                from_hz,
            ));
        }
        let densities: Vec<Array2<R>> = tail
            .into_iter()
            .map(|k| self.density(k))
            .collect::<Result<_>>()?;
        let mut values = vec![0.0; densities.len()];
        Ok(Array2::from_shape_fn(densities[0].dim(), |index| {
            for (value, density) in values.iter_mut().zip(&densities) {
                *value = density[index].as_f64();
            }
            values.sort_unstable_by(f64::total_cmp);
            if values.iter().any(|v| v.is_nan()) {
                return R::NAN;
            }
            let half = values.len() / 2;
            let median = if values.len() % 2 == 1 {
                values[half]
            } else {
                f64::midpoint(values[half - 1], values[half])
            };
            R::of(median / std::f64::consts::LN_2)
        }))
    }

    /// Mean density of each frequency over a static region, in squared units of the input per Hz.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::SmallRegion`] for an empty region.
    pub fn region_density(&self, region: &ndarray::ArrayRef2<bool>) -> Result<Vec<f64>> {
        let (_, n_rows, n_columns) = self.values().dim();
        check_mask("static", region, (n_rows, n_columns))?;
        (0..self.n_bins())
            .map(|k| {
                let values = crate::region::values("static", &self.density(k)?, region, 1)?;
                Ok(values.iter().sum::<f64>() / values.len() as f64)
            })
            .collect()
    }
}
