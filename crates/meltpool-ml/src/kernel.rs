//! Loops that are compiled for several instruction sets.

mod dispatch;

#[cfg(test)]
pub(crate) use dispatch::BASELINE_ONLY;
pub(crate) use dispatch::{Job, dispatch};
