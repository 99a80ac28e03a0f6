//! The numerical kernel: elementary functions, and the choice of the instruction set at run time.

pub(crate) mod dispatch;
pub(crate) mod math;
