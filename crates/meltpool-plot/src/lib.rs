//! House style for scientific figures of melt pools: laws against data, Pareto fronts, radiographs.

mod error;

pub use error::{Error, Result};
