//! Synthetic X-ray films of a laser melting metal, with exact truth beside each frame.
//!
//! **This release holds the error type only.** The crate is planned to hold deterministic scenes
//! (plate, keyhole and its cycle, melt pool with divergence-free flow, pores), their radiographs
//! (Beer-Lambert attenuation, blur, noise, detector), the coupled absorptivity signal, and the truth:
//! velocity fields, masks, depths and pore tracks.

mod error;

pub use error::{Error, Result};
