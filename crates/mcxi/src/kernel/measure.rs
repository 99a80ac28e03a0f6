//! From the spectrum of a band to one number a pixel.

use super::lane::{LANES, Lane};
use crate::measure::Measure;
use crate::sample::Real;

/// A band and what is reported of it.
#[derive(Debug, Clone)]
pub(crate) struct Reduce<R> {
    pub(crate) measure: Measure,
    /// First frequency, relative to the first that is kept.
    pub(crate) start: usize,
    /// One-sided factors $c_k$.
    pub(crate) sided: Vec<R>,
    /// Frequencies $f_k$ in Hz.
    pub(crate) hertz: Vec<R>,
    /// Scale of the result.
    pub(crate) scale: R,
}

impl<R: Real> Reduce<R> {
    /// `power`: squared modulus of the kept frequencies.
    #[inline(always)]
    pub(crate) fn run(&self, power: &[Lane<R>]) -> Lane<R> {
        let power = &power[self.start..][..self.sided.len()];
        match self.measure {
            Measure::Power => {
                let mut sum = self.sum(power);
                sum.scale(self.scale);
                sum
            }
            Measure::Rms => {
                let mut sum = self.sum(power);
                for value in &mut sum.0 {
                    *value = (*value * self.scale).root();
                }
                sum
            }
            Measure::SumAmplitude => {
                let mut sum = Lane::zero();
                for (p, c) in power.iter().zip(&self.sided) {
                    for l in 0..LANES {
                        sum.0[l] = sum.0[l] + p.0[l].root() * *c;
                    }
                }
                sum.scale(self.scale);
                sum
            }
            Measure::MaxAmplitude => {
                let mut best = Lane::zero();
                for (p, c) in power.iter().zip(&self.sided) {
                    for l in 0..LANES {
                        let amplitude = p.0[l].root() * *c;
                        // not a number stays
                        if amplitude > best.0[l] || is_nan(amplitude) {
                            best.0[l] = amplitude;
                        }
                    }
                }
                best.scale(self.scale);
                best
            }
            Measure::PeakFrequency => {
                let mut best = Lane::zero();
                let mut at = Lane::splat(R::NAN);
                let mut bad = Lane::<R>::zero();
                for (p, f) in power.iter().zip(&self.hertz) {
                    bad.add_scaled(p, R::of(1.0));
                    for l in 0..LANES {
                        if p.0[l] > best.0[l] {
                            best.0[l] = p.0[l];
                            at.0[l] = *f;
                        }
                    }
                }
                for l in 0..LANES {
                    if is_nan(bad.0[l]) {
                        at.0[l] = R::NAN;
                    }
                }
                at
            }
            Measure::CentroidFrequency => {
                let (mut sum, mut first) = (Lane::zero(), Lane::zero());
                for (p, f) in power.iter().zip(&self.hertz) {
                    sum.add_scaled(p, R::of(1.0));
                    first.add_scaled(p, *f);
                }
                let mut out = first;
                for (out, sum) in out.0.iter_mut().zip(sum.0) {
                    *out = *out / sum;
                }
                out
            }
        }
    }

    #[inline(always)]
    fn sum(&self, power: &[Lane<R>]) -> Lane<R> {
        let mut sum = Lane::zero();
        for (p, c) in power.iter().zip(&self.sided) {
            sum.add_scaled(p, *c);
        }
        sum
    }
}

#[inline(always)]
fn is_nan<R: Real>(value: R) -> bool {
    value.partial_cmp(&value).is_none()
}
