//! The numerical kernel: programs run over blocks of rows, elementary functions, and the choice of the instruction set at run
//! time.

pub(crate) mod dispatch;
pub(crate) mod double;
mod gradient;
pub(crate) mod loops;
mod polynomial;
pub(crate) mod real;
pub(crate) mod scratch;
mod single;
pub(crate) mod workspace;
