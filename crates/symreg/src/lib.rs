//! Symbolic regression by genetic programming: short formulas from data, with their evidence.

mod error;

pub use error::{Error, Result};
