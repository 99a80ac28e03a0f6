//! A film: a scene, a detector, a number of frames and a seed.

mod map;
mod plan;
mod tracks;
mod truth;

pub use plan::{FilmPlan, Recording};
pub use truth::{KeyholeGeometry, VelocityField, WallRow};

use crate::detector::Detector;
use crate::error::{Error, Result, require};
use crate::scene::Scene;

/// Largest number of frames of a film.
const MAX_FRAMES: u64 = 1 << 24;

/// A film to be made: frame = function of (parameters, seed, index).
///
/// [`plan`](Self::plan) checks everything and prepares what all frames share; the plan then gives any frame and its
/// truth by its index. Each frame and each source of noise has a ChaCha8 stream of its own, so that frames come out the same
/// alone, in order, or in parallel.
///
/// # Examples
/// ```
/// use meltpool_sim::preset;
///
/// let film = preset::scan_cycle(256, 256).n_frames(4).seed(7).plan()?;
/// let frame = film.frame(3)?;
/// let (depth_um, mask) = (film.keyhole_geometry(3)?.depth_um, film.keyhole_mask(3)?);
/// assert_eq!(frame.dim(), mask.dim());
/// assert!(depth_um > 100.0);
/// assert_eq!(frame, film.record()?.frames.index_axis(ndarray::Axis(0), 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Film {
    pub(crate) scene: Scene,
    pub(crate) detector: Detector,
    pub(crate) n_frames: usize,
    pub(crate) seed: u64,
}

impl Film {
    /// A film of 32 frames with seed 0.
    pub fn new(scene: Scene, detector: Detector) -> Self {
        Self {
            scene,
            detector,
            n_frames: 32,
            seed: 0,
        }
    }

    /// Number of frames (32 unless set).
    pub fn n_frames(mut self, n_frames: usize) -> Self {
        self.n_frames = n_frames;
        self
    }

    /// Seed of every random stream (0 unless set).
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The scene.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// The same film of a changed scene.
    pub fn map_scene(mut self, change: impl FnOnce(Scene) -> Scene) -> Self {
        self.scene = change(self.scene);
        self
    }

    /// The same film with a changed detector.
    pub fn map_detector(mut self, change: impl FnOnce(Detector) -> Detector) -> Self {
        self.detector = change(self.detector);
        self
    }

    /// Checks every parameter, and that the keyhole stays inside the image in every frame.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::TooLarge`] or [`Error::KeyholeOutside`].
    pub fn validate(&self) -> Result<()> {
        require(self.n_frames > 0, "n_frames", "at least 1", self.n_frames)?;
        if self.n_frames as u64 > MAX_FRAMES {
            return Err(Error::TooLarge {
                what: "frames",
                limit: MAX_FRAMES,
                found: self.n_frames as u64,
            });
        }
        self.detector.validate()?;
        self.scene.validate()?;
        (0..self.n_frames).try_for_each(|frame| self.scene.keyhole_inside(frame, 0.0))
    }

    /// Checks the parameters and prepares what all frames share.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn plan(&self) -> Result<FilmPlan> {
        self.validate()?;
        Ok(FilmPlan::new(self.clone()))
    }
}
