//! Films, pulses and data sets named after what they mimic.
//!
//! | preset | content |
//! |---|---|
//! | [`scan_cycle`], [`wall_flow`], [`layered`] | a keyhole cycle at 1.087 MHz; flow along its walls; flow in layers |
//! | [`pinch_off`] | a neck that closes, a pore, a growing stagnation zone |
//! | [`no_stagnation`] | negative control |
//! | [`flow_bench`] | textured sheets with flows of known velocity |
//! | [`aps_like`] | statistics of public synchrotron frames at 50 kHz |
//! | [`gan_movie`], [`GAN_MOVIES`] | the eleven Al6061 movies of Gan et al. |
//! | [`moving_beam`], [`ProcessMatrix`] | scanned tracks whose depth obeys a stated law |
//! | [`spot148`], [`multi148`], [`n2000`] | labeled frames of spot pulses with their signal |

mod gan;
mod scan;
mod spot;
mod track;

pub use gan::{GAN_MOVIES, GanMovie, gan_movie};
pub use scan::{
    BenchFlow, aps_like, flow_bench, layered, no_stagnation, pinch_off, scan_cycle, wall_flow,
};
pub use spot::{SpotDataset, SpotSample, multi148, n2000, spot148};
pub use track::{MovingBeam, ProcessCase, ProcessMatrix, moving_beam};
