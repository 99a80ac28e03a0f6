//! Keyhole, melt pool and pores: their shapes, motion and cycle, frame by frame.
//!
//! From radiographs as plain arrays this crate gives outlines with sub-pixel points, sizes with units and uncertainties, tracks, the kinematics of a pinch-off,
//! the stages and period of the keyhole cycle, and the pressures on the wall. It is for films in which the keyhole is brighter than the metal. It does
//! not read films (`xray-io`), filter them by frequency (`mcxi`), estimate flow (`optical-flow`) or learn (`meltpool-ml`).
//!
//! # A first example
//!
//! ```
//! use meltpool_morphology::{Background, Contrast, KeyholeDrift, KeyholeFinder, KeyholeGauge, PixelSize};
//! use ndarray::Array3;
//!
//! // a round cavity 60 px deep that moves by 4 px a frame through a plate whose surface is row 20
//! let counts = Array3::from_shape_fn((12, 110, 160), |(n, y, x)| {
//!     let (dx, depth) = (x as f64 - 40.0 - 4.0 * n as f64, y as f64 - 20.0);
//!     let path = (100.0 - dx * dx).max(0.0).sqrt() * ((60.0 - depth) / 10.0).clamp(0.0, 1.0).sqrt();
//!     let texture = ((37 * x + 61 * y) % 29) as f64 + ((17 * x + 5 * y + 11 * n) % 7) as f64;
//!     let plate = if y < 20 { 3000.0 } else { 1000.0 * (1.0 + 0.02 * path) };
//!     (plate + texture) as u16
//! });
//! let film = Contrast::new(Background::TemporalMedian).apply(&counts.view())?;
//! let finder = KeyholeFinder::new(KeyholeGauge::new(PixelSize::from_micrometers(1.9)?), 20.0);
//! let sightings = finder.apply_all(&film)?;
//! let keyhole = sightings[5].keyhole().ok_or("no keyhole")?;
//! println!("{:.1} ± {:.1} µm deep", keyhole.geometry.depth_um, keyhole.uncertainty.depth_um);
//! assert!((keyhole.geometry.depth_um / 1.9 - 60.0).abs() < 1.5);
//! assert!((KeyholeDrift::of(&sightings)?.front.slope - 4.0).abs() < 0.05);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - [`Contrast`] turns counts into what is brighter than a [`Background`]: the median of each pixel, or a picture of the plate. It names frames that cannot be measured.
//! - A [`KeyholeFinder`] gives a [`Sighting`] a frame: a [`Keyhole`] with [`Outline`], [`KeyholeGeometry`] and its uncertainty, or the reason why it is
//!   [`Missing`]. No shape is invented. [`KeyholeFinder::corrected`] takes what a user has drawn instead.
//! - [`PoolFinder`] and [`PoreFinder`] find melt pool and pores, [`PoreTracker`] links pores to [`Track`]s.
//! - [`PinchOffFit`] gives the speeds of the walls of a closing neck; [`NeckGauge`] the width of a neck too thin for a threshold.
//! - [`ChangePoints`], [`Period`], [`RatioDistance`] and [`LogisticGrowth`] describe the keyhole cycle.
//! - [`LiquidMetal`] and [`force`] hold the pressures and numbers; [`PowerPulse`] is arithmetic for advice only.
//!
//! # The edge of a round cavity
//!
//! The path of X-rays through a cavity with round walls rises from its wall as $2\sqrt{2Rd}$ with the depth $d$ behind it. Under a blur of $\sigma$ this edge is steepest
//! $0.765\,\sigma$ inside the wall, and its half-maximum lies further in: outlines by half the contrast are too small, by a tenth of the area on
//! simulated films. The finder follows the region to a low level and fits the blurred root along each normal ([`EdgeShape::Round`]; [`EdgeShape::Step`] for flat walls).
//!
//! # Conventions
//!
//! Axes are rows (down) and columns (right), centers of pixels at whole numbers, frames count from 0. Sizes carry their unit in their names; the size of a pixel is required, so that nothing
//! is in pixels by accident. Walls are front (leading along [`ScanDirection`]) and rear. Intervals are two standard errors unless they say otherwise.
//! What the papers leave open (the segmentation, d and h of the hook, the stages, the neck) is a documented choice of ours.
//!
//! # Choosing a method
//!
//! | you have | use |
//! |---|---|
//! | a keyhole that sweeps through the image | [`Background::TemporalMedian`] |
//! | a keyhole that stays, frames before the laser | [`Background::Image`] |
//! | real frames with a bright surface | [`Threshold::Fixed`] and [`KeyholeFinder::surface_margin_px`] |
//! | a neck that closes over several frames | [`PinchOffFit::even`] |
//! | a neck that closes within about a frame | [`PinchOffFit::accelerated`]: the interval tells what is not known |
//! | a pointed keyhole whose tip is lost in the noise | [`TipFit`] |
//! | outlines from ImageJ or a table | [`imagej_roi_set`], [`annotations_csv`] |
//! | a table for learning | [`labels_csv`] |
//! | a tomogram | [`Porosity`] |
//!
//! # Beside other programs
//!
//! Cells marked * are from memory and were not verified.
//!
//! | | Fiji, TrackMate* | scikit-image, trackpy* | R-CNN keyhole repositories | scripts of papers | this crate |
//! |---|---|---|---|---|---|
//! | masks without training | manual | parts | learned | manual | yes, with confidence |
//! | depth, widths, walls, angles, hook | no | no | depth, widths, area, perimeter | some | all, sub-pixel, with uncertainty |
//! | tracks with split and merge | yes | partly | no | manual clicks | yes, with errors |
//! | cycle, neck, pinch-off | no | no | no | by eye | yes |
//! | forces with sourced materials | no | no | no | by hand | yes |
//! | table of velocities with bootstrap | no | no | no | no | yes |
//!
//! # Feature flags
//!
//! | feature | default | |
//! |---|---|---|
//! | `rayon` | yes | frames on several threads, with the same bits |
//! | `serde` | no | `Serialize` and `Deserialize` for settings and results |
//!
//! # References
//!
//! - Song et al., Metals 16(5), 487 (2026), doi 10.3390/met16050487, and its review record: keyhole cycle, pinch-off, forces.
//! - N. Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979), doi 10.1109/TSMC.1979.4310076: the threshold.
//! - W. E. Lorensen and H. E. Cline, Comput. Graph. 21(4), 163 (1987), doi 10.1145/37402.37422: marching cubes, here in the plane.

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
mod tip;
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
pub use tip::{Tip, TipFit};
pub use track::{PoreTracker, Track, TrackEnd, TrackPoint, TrackVelocity};
pub use velocity_table::{VelocityPair, VelocityTable};
pub use wall::{KeyholeDrift, WallSpeed, wall_speeds};
pub use xray_io::{FrameRate, PixelSize};
