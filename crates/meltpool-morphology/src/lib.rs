//! Keyhole, melt pool and pores: their shapes, motion and cycle, frame by frame.

mod assignment;
mod contour;
mod contrast;
mod control;
mod cycle;
mod error;
pub mod force;
mod geometry;
mod growth;
mod imagej;
mod keyhole;
mod label;
mod mask;
mod material;
mod neck_profile;
mod outline;
mod pinch_off;
mod pool;
mod pore;
mod porosity;
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
pub use cycle::{ChangePoints, OBSERVED_RATIOS, Period, RatioDistance, Stage, StageKind};
pub use error::{Error, Result};
pub use geometry::{Hook, KeyholeGauge, KeyholeGeometry, ScanDirection};
pub use growth::LogisticGrowth;
pub use imagej::{imagej_roi, imagej_roi_set};
pub use keyhole::{Keyhole, KeyholeFinder, Missing, Sighting, Threshold};
pub use label::{Annotation, annotations_csv, labels_csv};
pub use mask::{
    Component, Components, Connectivity, fill_holes, hysteresis, intersection_over_union,
};
pub use material::{LiquidMetal, Sourced};
pub use neck_profile::{NeckFit, NeckGauge};
pub use outline::{Moments, Outline, Point};
pub use pinch_off::{Neck, NeckSample, PinchOff, PinchOffEvent, PinchOffFit, neck, pinch_offs};
pub use pool::{MeltPool, PoolFinder};
pub use pore::{Pore, PoreFinder, RegionShape};
pub use porosity::{Porosity, Void};
pub use refine::EdgeShape;
pub use statistics::{Interval, Line, Summary, summaries};
pub use threshold::{otsu, quantile, robust_sigma};
pub use track::{PoreTracker, Track, TrackEnd, TrackPoint, TrackVelocity};
pub use velocity_table::{VelocityPair, VelocityTable};
pub use wall::{KeyholeDrift, WallSpeed, wall_speeds};
pub use xray_io::{FrameRate, PixelSize};
