//! Films and pulses named after what they mimic.

mod scan;

pub use scan::*;
