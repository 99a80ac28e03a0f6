//! From stored pixels to lanes in time: first value subtracted, trend removed, weighted; or all but the trend's removal together with the
//! first step of the transform.

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
    pub(crate) trend: Vec<Vec<R>>,
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
        (tile, width, offset): (&[S], usize, usize),
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

impl<R: Real> Load<R> {
    /// Loads [`LANES`] pixels from `offset` on and makes the first step of the transform with them, whose factors are `odd`.
    ///
    /// The trend stays; `fit` gets the coefficients of `P` polynomials, whose values are in `trend`, four for each factor.
    #[inline(always)]
    pub(crate) fn run_halved<S: Sample<Real = R>, const P: usize>(
        &self,
        (tile, width, offset): (&[S], usize, usize),
        odd: &[[R; 2]],
        trend: &[[[R; 4]; P]],
        x: &mut [Lane<R>],
        fit: &mut [Lane<R>; P],
    ) {
        let mut base = Lane::zero();
        if self.centered {
            fill(&mut base.0, &tile[offset..], &[R::zero(); LANES]);
        }
        let quarter = odd.len();
        let (x, _) = x.split_at_mut(4 * quarter);
        let (head, tail) = x.split_at_mut(2 * quarter);
        let (a, b) = head.split_at_mut(quarter);
        let (c, d) = tail.split_at_mut(quarter);
        let trend = &trend[..quarter];
        *fit = [Lane::zero(); P];
        // not a chain of iterators, whose parts the compiler does not inline here
        for t in 0..quarter {
            let (a, b, c, d) = (&mut a[t], &mut b[t], &mut c[t], &mut d[t]);
            let (w, q) = (&odd[t], &trend[t]);
            let row = |part: usize| {
                tile.get((t + part * quarter) * width + offset..)
                    .and_then(|row| row.first_chunk::<LANES>())
            };
            if let (Some(ra), Some(rb), Some(rc), Some(rd)) = (row(0), row(1), row(2), row(3)) {
                halved(
                    &mut a.0, &mut b.0, &mut c.0, &mut d.0, ra, rb, rc, rd, &base.0, *w, q, fit,
                );
            }
        }
    }
}

/// Four rows less a base; sums of the halves, turned differences, and what they add to the fit.
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "the compiler knows of references, not of arrays of them, that they do not overlap"
)]
fn halved<S: Sample, const P: usize>(
    a: &mut [S::Real; LANES],
    b: &mut [S::Real; LANES],
    c: &mut [S::Real; LANES],
    d: &mut [S::Real; LANES],
    ra: &[S; LANES],
    rb: &[S; LANES],
    rc: &[S; LANES],
    rd: &[S; LANES],
    base: &[S::Real; LANES],
    w: [S::Real; 2],
    q: &[[S::Real; 4]; P],
    fit: &mut [Lane<S::Real>; P],
) {
    for l in 0..LANES {
        let (xa, xb) = (ra[l].real() - base[l], rb[l].real() - base[l]);
        let (xc, xd) = (rc[l].real() - base[l], rd[l].real() - base[l]);
        for p in 0..P {
            let sum = (xa * q[p][0] + xb * q[p][1]) + (xc * q[p][2] + xd * q[p][3]);
            fit[p].0[l] = fit[p].0[l] + sum;
        }
        let (re, im) = (xa - xc, xd - xb);
        a[l] = xa + xc;
        b[l] = xb + xd;
        c[l] = re * w[0] - im * w[1];
        d[l] = re * w[1] + im * w[0];
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
