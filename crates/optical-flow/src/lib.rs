//! Optical flow for measurement: dense velocity fields in meters per second.
//!
//! **This release holds the error type only.** The crate is planned to hold Horn-Schunck with pyramid,
//! warping and a reported true residual, further estimators behind one trait (Lucas-Kanade, TV-L1,
//! PIV cross-correlation and others), validation of vectors, uncertainty per pixel, and derived
//! quantities (divergence, vorticity, momentum balance). It will not read files (`xray-io`).

mod error;

pub use error::{Error, Result};
