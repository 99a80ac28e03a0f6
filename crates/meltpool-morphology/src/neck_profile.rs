//! The width of a thin neck from how bright it is, below what a threshold can follow.

use ndarray::ArrayView2;

use crate::error::{Error, Result};
use crate::pinch_off::NeckSample;

/// A neck by the fit of a round cavity to the profile across it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NeckFit {
    /// Column of its middle.
    pub center: f64,
    /// Half its width in pixels.
    pub half_width: f64,
    /// Contrast of a pixel of path.
    pub contrast_per_px: f64,
    /// Root mean square of the residuals.
    pub residual_rms: f64,
}

impl NeckFit {
    /// Its walls at a time, with this standard deviation of each in pixels.
    pub fn sample(&self, frame: f64, sigma: f64) -> NeckSample {
        NeckSample {
            frame,
            rear: self.center - self.half_width,
            front: self.center + self.half_width,
            sigma,
        }
    }
}

/// Fits $b + 2k\sqrt{w^2 - (x - c)^2}$ under the blur of the detector to the mean profile over some rows.
///
/// A neck is about as deep along the beam as it is wide. Once $k$ is known from frames in which it is wide ([`calibrated`](Self::calibrated)), its brightness
/// tells its width where a threshold has lost it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NeckGauge {
    row: f64,
    center: f64,
    half_rows: usize,
    reach_px: f64,
    blur_px: f64,
    contrast_per_px: Option<f64>,
}

impl NeckGauge {
    /// A gauge around this row and column: rows up to 2 above and below, columns up to 20 to both sides, blur of 1 px, contrast of a pixel
    /// of path free.
    pub fn new(row: f64, center: f64) -> Self {
        Self {
            row,
            center,
            half_rows: 2,
            reach_px: 20.0,
            blur_px: 1.0,
            contrast_per_px: None,
        }
    }

    /// Rows above and below that are averaged (2 unless set).
    pub fn half_rows(mut self, half_rows: usize) -> Self {
        self.half_rows = half_rows;
        self
    }

    /// Columns to either side (20 px unless set).
    pub fn reach_px(mut self, reach_px: f64) -> Self {
        self.reach_px = reach_px;
        self
    }

    /// Standard deviation of the blur of the detector in pixels (1 unless set).
    pub fn blur_px(mut self, blur_px: f64) -> Self {
        self.blur_px = blur_px;
        self
    }

    /// The contrast of a pixel of path, as found in wide necks.
    pub fn calibrated(mut self, contrast_per_px: f64) -> Self {
        self.contrast_per_px = Some(contrast_per_px);
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::finite("row", self.row)?;
        Error::finite("center", self.center)?;
        Error::between("reach_px", self.reach_px, 4.0, 500.0)?;
        Error::between("blur_px", self.blur_px, 0.0, 50.0)?;
        self.contrast_per_px
            .map_or(Ok(()), |k| Error::positive("contrast_per_px", k))
    }

    /// The neck in a frame of contrast; `None` if nothing is brighter than its sides, or the rows leave the image.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub fn apply(&self, contrast: &ArrayView2<f32>) -> Result<Option<NeckFit>> {
        self.validate()?;
        let (n_rows, n_columns) = contrast.dim();
        let (top, bottom) = (
            self.row.round() - self.half_rows as f64,
            self.row.round() + self.half_rows as f64,
        );
        let (left, right) = (
            (self.center - self.reach_px).ceil(),
            (self.center + self.reach_px).floor(),
        );
        if top < 0.0 || left < 0.0 || bottom >= n_rows as f64 || right >= n_columns as f64 {
            return Ok(None);
        }
        let profile: Vec<[f64; 2]> = (left as usize..=right as usize)
            .map(|x| {
                let sum: f64 = (top as usize..=bottom as usize)
                    .map(|y| f64::from(contrast[(y, x)]))
                    .sum();
                [x as f64, sum / (2 * self.half_rows + 1) as f64]
            })
            .collect();
        if profile.iter().any(|p| !p[1].is_finite()) {
            return Ok(None);
        }
        let fit = |c: f64, w: f64| self.levels(&profile, c, w);
        // a grid, then ever smaller steps
        let (mut c, mut w) = (self.center, 1.0);
        let mut best = f64::INFINITY;
        let most = 0.6 * self.reach_px;
        let n = (2.0 * most) as usize;
        for i in 0..=n {
            for j in 1..=n {
                let (a, b) = (
                    self.center + 0.5 * (i as f64 - 0.5 * n as f64),
                    0.5 * j as f64,
                );
                let rest = fit(a, b).1;
                if rest < best {
                    (c, w, best) = (a, b, rest);
                }
            }
        }
        let mut step = 0.5;
        while step > 1e-4 {
            let around = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)];
            let next = around
                .iter()
                .map(|(dc, dw)| (c + dc, (w + dw).max(1e-3)))
                .map(|(a, b)| (fit(a, b).1, a, b))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            match next {
                Some((rest, a, b)) if rest < best => (best, c, w) = (rest, a, b),
                _ => step *= 0.5,
            }
        }
        let (k, rest) = fit(c, w);
        if k <= 0.0 {
            return Ok(None);
        }
        Ok(Some(NeckFit {
            center: c,
            half_width: w,
            contrast_per_px: k,
            residual_rms: (rest / profile.len() as f64).sqrt(),
        }))
    }

    /// Contrast of a pixel and residual sum of squares for a middle and a half width.
    fn levels(&self, profile: &[[f64; 2]], c: f64, w: f64) -> (f64, f64) {
        const NODES: [(f64, f64); 5] = [
            (-2.856_970, 0.011_257),
            (-1.355_626, 0.222_076),
            (0.0, 0.533_333),
            (1.355_626, 0.222_076),
            (2.856_970, 0.011_257),
        ];
        let path = |x: f64| -> f64 {
            let chord = |d: f64| 2.0 * (w * w - d * d).max(0.0).sqrt();
            NODES
                .iter()
                .map(|(z, weight)| weight * chord(x - c + self.blur_px * z))
                .sum()
        };
        let (mut s, mut ss, mut v, mut sv) = (0.0, 0.0, 0.0, 0.0);
        for [x, value] in profile {
            let p = path(*x);
            s += p;
            ss += p * p;
            v += value;
            sv += p * value;
        }
        let n = profile.len() as f64;
        let k = self.contrast_per_px.unwrap_or_else(|| {
            let spread = n * ss - s * s;
            if spread > 0.0 {
                (n * sv - s * v) / spread
            } else {
                0.0
            }
        });
        let ground = (v - k * s) / n;
        let rest = profile.iter().map(|[x, value]| {
            let r = value - ground - k * path(*x);
            r * r
        });
        (k, rest.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn neck(half: f64) -> Array2<f32> {
        Array2::from_shape_fn((20, 80), |(y, x)| {
            // blurred by nothing, sampled over each pixel
            let mean: f64 = (0..20)
                .map(|k| {
                    let d = x as f64 - 40.3 + (f64::from(k) - 9.5) / 20.0;
                    0.004 * 2.0 * (half * half - d * d).max(0.0).sqrt() / 20.0
                })
                .sum();
            (0.05 + mean + 1e-4 * ((7 * x + 3 * y) % 5) as f64) as f32
        })
    }

    #[test]
    fn wide_necks_calibrate_and_thin_ones_follow() {
        let gauge = NeckGauge::new(10.0, 39.0).blur_px(0.3);
        let wide = gauge.apply(&neck(7.5).view()).unwrap().unwrap();
        assert!(
            (wide.half_width - 7.5).abs() < 0.1
                && (wide.contrast_per_px / 0.004 - 1.0).abs() < 0.03,
            "{wide:?}"
        );
        for half in [5.2, 3.0, 1.5] {
            let thin = gauge
                .calibrated(0.004)
                .apply(&neck(half).view())
                .unwrap()
                .unwrap();
            assert!(
                (thin.half_width - half).abs() < 0.1 && (thin.center - 40.3).abs() < 0.1,
                "{thin:?}"
            );
        }
        assert_eq!(
            NeckGauge::new(1.0, 39.0).apply(&neck(3.0).view()).unwrap(),
            None
        );
        assert_eq!(
            NeckGauge::new(10.0, 10.0).apply(&neck(3.0).view()).unwrap(),
            None
        );
        assert!(gauge.calibrated(0.0).apply(&neck(3.0).view()).is_err());
    }
}
