//! Move contrast X-ray imaging (MCXI): what moves in an X-ray sequence, by temporal frequency.
//!
//! **This release holds the error type only.** The crate is planned to hold a temporal frequency
//! filter per pixel (band, window, amplitude, phase and filtered sequences), the map of
//! quasi-stationary zones that follows from it, and measures of contrast and noise, checked against
//! simulated sequences with known flow. It will not read files (`xray-io`) or estimate velocity
//! (`optical-flow`).

mod error;

pub use error::{Error, Result};
