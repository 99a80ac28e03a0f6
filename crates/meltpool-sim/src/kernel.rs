//! The instruction set of the hot loops, chosen at run time.

pub(crate) mod dispatch;
