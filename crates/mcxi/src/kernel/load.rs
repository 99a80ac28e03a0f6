//! From stored pixels to lanes in time: first value subtracted, trend removed, weighted.

use super::lane::{LANES, Lane};
use crate::detrend::Detrend;
use crate::sample::{Real, Sample};

/// What is done to the samples of a pixel before the transform.
#[derive(Debug, Clone)]
pub(crate) struct Load<R> {
    pub(crate) n_frames: usize,
    /// Length of the transform.
    pub(crate) n: usize,
    /// Whether the first value of a pixel is subtracted: it keeps the rounding to the size of what changes.
    centered: bool,
    /// Orthonormal polynomials to remove here.
    trend: Vec<Vec<R>>,
    /// Weights to apply here.
    weights: Option<Vec<R>>,
}

impl<R: Real> Load<R> {
    /// `weights`: those that are not applied to the spectrum. A mean alone is removed here only together with them.
    pub(crate) fn new(
        n_frames: usize,
        n: usize,
        detrend: Detrend,
        weights: Option<Vec<f64>>,
        mean_is_free: bool,
    ) -> Self {
        let free = mean_is_free && weights.is_none() && detrend == Detrend::Mean;
        let convert = |values: Vec<f64>| values.into_iter().map(R::of).collect::<Vec<R>>();
        let trend = if free {
            Vec::new()
        } else {
            detrend
                .polynomials(n_frames)
                .into_iter()
                .map(convert)
                .collect()
        };
        Self {
            n_frames,
            n,
            centered: detrend != Detrend::None,
            trend,
            weights: weights.map(convert),
        }
    }

    /// Fills `x` with the samples of [`LANES`] pixels from `offset` on, of a tile of `width` pixels by `n_frames` frames.
    #[inline(always)]
    pub(crate) fn run<S: Sample<Real = R>>(
        &self,
        tile: &[S],
        width: usize,
        offset: usize,
        x: &mut [Lane<R>],
    ) {
        let (x, padding) = x.split_at_mut(self.n_frames);
        let mut base = Lane::zero();
        if self.centered {
            fill(&mut base.0, &tile[offset..], &[R::zero(); LANES]);
        }
        for (x, row) in x.iter_mut().zip(tile.chunks_exact(width)) {
            fill(&mut x.0, &row[offset..], &base.0);
        }
        for x in padding {
            *x = Lane::zero();
        }
        let mut fit = [Lane::zero(); 3];
        for (coefficient, polynomial) in fit.iter_mut().zip(&self.trend) {
            for (x, q) in x.iter().zip(polynomial) {
                coefficient.add_scaled(x, *q);
            }
        }
        for (coefficient, polynomial) in fit.iter().zip(&self.trend) {
            for (x, q) in x.iter_mut().zip(polynomial) {
                x.add_scaled(coefficient, -*q);
            }
        }
        if let Some(weights) = &self.weights {
            for (x, w) in x.iter_mut().zip(weights) {
                x.scale(*w);
            }
        }
    }
}

/// Values of pixels less a base.
#[inline(always)]
fn fill<S: Sample>(out: &mut [S::Real; LANES], pixels: &[S], base: &[S::Real; LANES]) {
    if let Some(pixels) = pixels.first_chunk::<LANES>() {
        for l in 0..LANES {
            out[l] = pixels[l].real() - base[l];
        }
    }
}
