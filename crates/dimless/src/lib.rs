//! Exact dimensional analysis: units, Buckingham Pi groups and the dimensionless numbers of laser melting.

mod error;

pub use error::{Error, Result};
