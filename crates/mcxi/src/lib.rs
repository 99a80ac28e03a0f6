//! Move contrast X-ray imaging (MCXI): what moves in an X-ray sequence, by temporal frequency.

mod band;
mod bandpass;
mod contrast;
mod detrend;
mod error;
mod frames;
mod kernel;
mod measure;
mod parallel;
mod sample;
mod spectrum;
mod stream;
mod window;

pub use band::Band;
pub use bandpass::{BandPass, Extension};
pub use contrast::{BandImage, MoveContrast};
pub use detrend::Detrend;
pub use error::{Error, Result};
pub use frames::NonFinite;
pub use measure::Measure;
pub use sample::{Real, Sample};
pub use spectrum::{Spectrum, zero_order};
pub use stream::{ContrastStream, WindowImages};
pub use window::{Window, WindowSums};
pub use xray_io::FrameRate;
