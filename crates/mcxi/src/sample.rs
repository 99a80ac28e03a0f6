//! Types of pixels, and the numbers that are computed with.

#![expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]

use std::sync::Arc;

use realfft::{ComplexToReal, FftNum, RealFftPlanner, RealToComplex};

mod sealed {
    pub trait Sealed {}
}

/// A number that images are computed in: `f32` or `f64`. Sealed.
pub trait Real: sealed::Sealed + FftNum + PartialOrd {
    /// Not a number.
    const NAN: Self;

    /// The nearest number to a value.
    fn of(value: f64) -> Self;

    /// The value, exactly.
    fn as_f64(self) -> f64;

    /// The square root.
    #[must_use]
    fn root(self) -> Self;

    /// Neither infinite nor not a number.
    fn finite(self) -> bool;

    /// A transform of real samples. Made here, for two types, so that the planner is not compiled into every user's program again.
    #[doc(hidden)]
    fn forward(n: usize) -> Arc<dyn RealToComplex<Self>>;

    /// Its inverse.
    #[doc(hidden)]
    fn inverse(n: usize) -> Arc<dyn ComplexToReal<Self>>;
}

macro_rules! real {
    ($type:ty) => {
        impl sealed::Sealed for $type {}
        impl Real for $type {
            const NAN: Self = <$type>::NAN;

            #[inline(always)]
            #[allow(
                clippy::cast_lossless,
                clippy::allow_attributes,
                reason = "the same line for f32 and f64"
            )]
            fn of(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            #[allow(
                clippy::cast_lossless,
                clippy::allow_attributes,
                reason = "the same line for f32 and f64"
            )]
            fn as_f64(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }

            fn forward(n: usize) -> Arc<dyn RealToComplex<Self>> {
                RealFftPlanner::new().plan_fft_forward(n)
            }

            fn inverse(n: usize) -> Arc<dyn ComplexToReal<Self>> {
                RealFftPlanner::new().plan_fft_inverse(n)
            }
        }
    };
}
real!(f32);
real!(f64);

/// A type of pixels: `u8`, `u16` and `f32` are computed in `f32`, `f64` in `f64`. Sealed.
///
/// The same values as `u8`, `u16` or `f32` give the same bits.
pub trait Sample: sealed::Sealed + Copy + Default + Send + Sync {
    /// The type of the images that come from such pixels.
    type Real: Real;

    /// The value, exactly.
    fn real(self) -> Self::Real;
}

impl sealed::Sealed for u8 {}
impl sealed::Sealed for u16 {}

impl Sample for u8 {
    type Real = f32;

    #[inline(always)]
    fn real(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for u16 {
    type Real = f32;

    #[inline(always)]
    fn real(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for f32 {
    type Real = f32;

    #[inline(always)]
    fn real(self) -> f32 {
        self
    }
}

impl Sample for f64 {
    type Real = f64;

    #[inline(always)]
    fn real(self) -> f64 {
        self
    }
}
