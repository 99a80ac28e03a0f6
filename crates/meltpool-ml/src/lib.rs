//! Learned estimates of melt-pool and keyhole quantities from X-ray frames and absorptivity.
//!
//! **This release holds the error type only.** The crate is planned to hold aligned data sets with honest
//! splits by experiment, metrics with intervals and baselines that need no neural network, and,
//! behind features that bring in the `burn` framework, convolutional and recurrent models, their
//! fusion, and distillation into a student that needs only the cheap signal.

mod error;

pub use error::{Error, Result};
