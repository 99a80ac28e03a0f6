//! The numerical kernel: lanes of pixels side by side, their transform in time, and the instruction set at run time.

#![expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]

pub(crate) mod block;
pub(crate) mod dispatch;
pub(crate) mod lane;
pub(crate) mod load;
pub(crate) mod measure;
pub(crate) mod split;
