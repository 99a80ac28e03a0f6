//! Keyhole, melt pool and pores: their shapes, motion and cycle, frame by frame.
//!
//! **This release holds the error type only.** The crate is planned to hold segmentation of keyhole,
//! melt pool and pores, their geometry with units and uncertainty, tracking through time, the stages
//! of the keyhole cycle, pinch-off events, and the pressures on the keyhole wall.

mod error;

pub use error::{Error, Result};
