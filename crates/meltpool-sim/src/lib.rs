//! Synthetic X-ray films of a laser melting metal, with exact truth beside each frame.
//!
//! It is a test instrument for programs that measure melt flow, keyholes and absorbed power in radiographs: it makes frames of
//! which the answer is known. It is not a fluid solver. Shapes and flows are prescribed or follow a few balance equations, and
//! the documentation of each says what is taken from measurements and what is invented.
//!
//! # A first example
//!
//! A film of a keyhole cycle at 1.087 MHz, its fourth frame, and the truth about it:
//!
//! ```
//! use meltpool_sim::{Position, preset};
//!
//! let plan = preset::scan_cycle(256, 256).n_frames(8).seed(7).plan()?;
//! let frame = plan.frame(3)?; // counts, u16
//! let keyhole = plan.keyhole_geometry(3)?;
//! let mask = plan.keyhole_mask(3)?;
//! let velocity = plan.velocity(Position::new(120.0, 90.0), 3.0); // px/frame
//! println!("{:.1} µm deep, {} pixels, {:.2} px/frame", keyhole.depth_um, mask.len(), velocity.speed());
//! let film = plan.record()?; // all frames, flat field, dark level
//! assert_eq!(film.frames.index_axis(ndarray::Axis(0), 3), frame);
//! # assert!((keyhole.depth_um - 136.9).abs() < 0.1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Frames of a spot pulse over milliseconds, labeled, with the history of the absorptance signal:
//!
//! ```
//! use meltpool_sim::{PulseModel, preset};
//!
//! let data = preset::spot148(64, &PulseModel::calibrated(), 1)?;
//! let sample = &data.samples()[80];
//! let image = data.image(80)?; // transmission relative to the solid plate
//! println!("{:?} µm, signal {:?}", sample.truth_um, sample.signal.last());
//! # assert_eq!((data.n_samples(), image.dim()), (148, (64, 64)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - A [`Scene`] is what is filmed: a [`Plate`], a pool ([`HalfEllipse`]) with a [`Flow`] and a [`Texture`], a [`Keyhole`],
//!   [`Pore`]s, [`Spatter`] and [`Powder`], as functions of time.
//! - A [`Detector`] turns its absorbance into counts.
//! - A [`Film`] is both, a number of frames and a seed; its [`FilmPlan`] gives any frame and its truth by index.
//! - A [`SpotPulse`] runs depth, pool and [`Absorptivity`] of a stationary beam through a pulse; a [`SpotRadiograph`] draws it.
//! - The [`preset`]s are named after what they mimic.
//!
//! # The equations
//!
//! Absorbance, with the density deficit $\Delta = 1 - \rho_l/\rho_s$ of the liquid, its texture $\theta$ and the static texture $S$ of
//! the faces:
//! $$A = \mu\left[t - \Delta\,L_{liq} + \sigma_\theta\,\theta\,L_{liq} - \min(L_{vap}, t) - L_{pore} + L_{drop}\right] + S(x, y).$$
//!
//! Intensity, with the leading term of the transport-of-intensity equation at a free strength $e$, then counts:
//! $$I = e^{-A}\left(1 + e\,\mathrm{clip}(\nabla^2 A, \pm0.4)\right),\qquad
//! K \sim \mathrm{Poisson}\left(N_0\,(1 + jz)\,F\,I\right).$$
//!
//! Texture moves with the liquid: $\theta(\mathbf{x}, t) = \theta_0(\mathbf{X}(\mathbf{x}, t))$ with the backward map
//! $\mathbf{X}$ of the flow by Runge–Kutta steps of fourth order, so it does not diffuse. The shapes and flows are in
//! [`PrescribedKeyhole`], [`PinchOffKeyhole`], [`StreamFlow`], [`WallFlow`] and [`QuietFlow`], the pulse in [`SpotPulse`].
//!
//! | sourced | invented |
//! |---|---|
//! | attenuation of four alloys (xraydb), frame rates, pixel sizes, scan speeds, closing speeds of a neck, measured depths of eleven tracks, profile of spot keyholes, absorptance and depth statistics to which pulses are calibrated | the J shape and its cycle, all flow fields, the liquid's texture, pores, spatter, powder, the detector's structure, the third channel |
//!
//! # Conventions
//!
//! Axes are frames, rows (down), columns (right); `u` is along columns, `v` along rows. Inside a film lengths are pixels, with
//! the centers of pixels at whole numbers, and times are frames; the [`Camera`] converts, and names say µm or m/s where a value is not
//! in these. The liquid of [`FilmPlan::velocity_field`] leaves out the keyhole. Known limits: the steady [`StreamFlow`] passes
//! through the moving keyhole (the [`WallFlow`] does not), metal is not conserved when the keyhole grows, and flows are
//! two-dimensional except [`LayeredFlow`].
//!
//! Randomness: ChaCha8, one stream for each (seed, frame or run, purpose); ziggurat normal deviates, Poisson deviates by PTRS (Hörmann
//! 1993, doi 10.1016/0167-6687(93)90997-4). Elementary functions come from `libm` or from code of this crate, so that the bits do not
//! depend on platform or number of threads. The default seed is 0.
//!
//! # Choosing a method
//!
//! | to test | use |
//! |---|---|
//! | motion contrast, contrast to noise, flow in a melt pool | [`preset::scan_cycle`], [`preset::layered`] |
//! | a stagnation zone, and that none is found where none is | [`preset::pinch_off`], [`preset::no_stagnation`] |
//! | optical flow | [`preset::flow_bench`] |
//! | segmentation, wall speeds, pinch-off | [`preset::scan_cycle`], [`preset::pinch_off`], [`preset::wall_flow`] |
//! | synchrotron films | [`preset::aps_like`], [`preset::gan_movie`], [`preset::moving_beam`] |
//! | learned models of depth from frames and signal | [`preset::spot148`], [`preset::multi148`], [`preset::n2000`] |
//! | scaling laws | [`preset::ProcessMatrix`] |
//!
//! # Feature flags
//!
//! | feature | default | |
//! |---|---|---|
//! | `rayon` | yes | [`FilmPlan::record`] makes frames on several threads, with the same bits |
//! | `serde` | no | `Serialize` and `Deserialize` for scenes, detectors, films, pulses and their truth |
//!
//! # References
//!
//! - Z. Gan et al., Nat. Commun. 12, 2379 (2021), doi 10.1038/s41467-021-22704-0: depths and settings of the movies.
//! - NIST mds2-2525, doi 10.18434/mds2-2525: absorptance of a spot pulse.
//! - W. T. Elam et al., Radiat. Phys. Chem. 63, 121 (2002), doi 10.1016/S0969-806X(01)00227-4: X-ray tables behind xraydb.
//! - G. Marsaglia and W. W. Tsang, J. Stat. Softw. 5(8) (2000), doi 10.18637/jss.v005.i08: ziggurat.

#![expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]

mod absorptivity;
mod alloy;
mod camera;
mod detector;
mod error;
mod film;
mod filter;
mod flow;
mod kernel;
mod keyhole;
mod pool;
pub mod preset;
mod pulse;
mod random;
mod scene;
mod sphere;
mod spot_radiograph;
mod texture;

pub use absorptivity::Absorptivity;
pub use alloy::Alloy;
pub use camera::Camera;
pub use detector::{BlurOrder, Detector, FlatStructure, SpectralLine};
pub use error::{Error, Result};
pub use film::{Film, FilmPlan, KeyholeGeometry, Recording, VelocityField, WallRow};
pub use flow::{
    Eddy, Flow, LambOseen, LayeredFlow, LogisticArea, Position, QuietFlow, Rankine, Shear,
    StreamFlow, Uniform, Velocity, WallFlow,
};
pub use keyhole::{Keyhole, PinchOffKeyhole, PrescribedKeyhole, ProfileKeyhole, Slice, WallSpeed};
pub use pool::HalfEllipse;
pub use pulse::{PulseHistory, PulseModel, PulseNoise, SpotPulse};
pub use scene::{Plate, Scene};
pub use sphere::{Pore, Powder, Spatter, SphereState};
pub use spot_radiograph::SpotRadiograph;
pub use texture::Texture;
