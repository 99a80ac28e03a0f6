//! Pixels side by side: one number of the equations is [`LANES`] numbers here.

use crate::sample::Real;

/// Pixels that are transformed side by side.
pub(crate) const LANES: usize = 16;

/// One value of each of [`LANES`] pixels.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Lane<R>(pub(crate) [R; LANES]);

impl<R: Real> Lane<R> {
    #[inline(always)]
    pub(crate) fn splat(value: R) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self::splat(R::zero())
    }

    /// Adds `factor` times `other`.
    #[inline(always)]
    pub(crate) fn add_scaled(&mut self, other: &Self, factor: R) {
        for l in 0..LANES {
            self.0[l] = self.0[l] + other.0[l] * factor;
        }
    }

    /// Multiplies each value.
    #[inline(always)]
    pub(crate) fn scale(&mut self, factor: R) {
        for l in 0..LANES {
            self.0[l] = self.0[l] * factor;
        }
    }
}
