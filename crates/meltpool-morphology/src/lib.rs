//! Keyhole, melt pool and pores: their shapes, motion and cycle, frame by frame.

mod assignment;
mod contour;
mod contrast;
mod control;
mod error;
pub mod force;
mod geometry;
mod keyhole;
mod mask;
mod material;
mod outline;
mod pinch_off;
mod pore;
mod refine;
mod smooth;
mod statistics;
mod threshold;
mod track;
mod velocity_table;
mod wall;

pub use contour::outlines;
pub use contrast::{Background, Contrast, ContrastFilm, SurfaceLine, Unusable};
pub use control::{Advice, EVIDENCE, PowerPulse};
pub use error::{Error, Result};
pub use geometry::{Hook, KeyholeGauge, KeyholeGeometry, ScanDirection};
pub use keyhole::{Keyhole, KeyholeFinder, Missing, Sighting, Threshold};
pub use mask::{
    Component, Components, Connectivity, fill_holes, hysteresis, intersection_over_union,
};
pub use material::{LiquidMetal, Sourced};
pub use outline::{Moments, Outline, Point};
pub use pinch_off::{Neck, NeckSample, PinchOff, PinchOffEvent, PinchOffFit, neck, pinch_offs};
pub use pore::{Pore, PoreFinder, RegionShape};
pub use refine::EdgeShape;
pub use statistics::{Interval, Line, Summary, summaries};
pub use threshold::{otsu, quantile, robust_sigma};
pub use track::{PoreTracker, Track, TrackEnd, TrackPoint, TrackVelocity};
pub use velocity_table::{VelocityPair, VelocityTable};
pub use wall::{KeyholeDrift, WallSpeed, wall_speeds};
pub use xray_io::{FrameRate, PixelSize};
