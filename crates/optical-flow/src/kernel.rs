//! The hot loops: rows of pixels as slices, compiled for the instruction set found at run time.

#![expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]

pub(crate) mod dispatch;
pub(crate) mod filter;
pub(crate) mod relax;
pub(crate) mod spline;
