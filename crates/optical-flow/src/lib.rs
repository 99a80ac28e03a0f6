//! Optical flow for measurement: velocity fields in meters a second from pairs of frames.
//!
//! It is made for radiographs of melt pools: low contrast, 16 bits or floating point, limited by noise, with a pixel size and a frame rate.
//! It says how well its equations are solved, finds its weight from the frames, and compares fields with known ones. It does not read images
//! (`xray-io`), filter in time (`mcxi`) or outline shapes (`meltpool-morphology`).
//!
//! # A first example
//!
//! From two frames to m/s:
//!
//! ```
//! use optical_flow::{Calibration, FlowEstimator, FrameRate, HornSchunck, Image, PixelSize};
//! # let folder = std::env::temp_dir().join(format!("optical_flow_guide_{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let (one, two) = (folder.join("a.npy"), folder.join("b.npy"));
//! # for (path, shift) in [(&one, 0.0_f32), (&two, 2.0)] {
//! #     let wave = |y: f32, x: f32| 1000.0 + 200.0 * (0.35 * x + 0.1 * y).sin() + 200.0 * (0.3 * y - 0.2 * x).cos();
//! #     let frame = ndarray::Array3::from_shape_fn((1, 64, 64), |(_, y, x)| wave(y as f32, x as f32 - shift));
//! #     xray_io::write_npy(path, &xray_io::ImageSequence::new(frame)?)?;
//! # }
//! use xray_io::SequenceReaderExt;
//!
//! let first = xray_io::open(&one)?.read_frame_f32(0)?; // TIFF, HDF5, PNG, NPY, …
//! let second = xray_io::open(&two)?.read_frame_f32(0)?;
//! let (first, second) = Image::pair(&first.view(), &second.view())?; // one intensity scale
//! let result = HornSchunck::new().estimate(&first, &second)?;
//! let scale = Calibration::new(PixelSize::from_micrometers(1.0)?, FrameRate::from_hertz(1.087e6)?);
//! let velocity = result.flow.in_meters_per_second(scale);
//! println!("{:.2} m/s in the middle", velocity.speed()[[32, 32]]);
//! # assert!((velocity.u[[32, 32]] - 2.174).abs() < 0.05);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The method from zero
//!
//! 1. *Brightness moves with the matter*: $I_2(\mathbf x + \mathbf u) = I_1(\mathbf x)$. For small $\mathbf u$ that is one linear equation a pixel,
//!    $I_x u + I_y v + I_t = 0$, for two unknowns.
//! 2. *Neighbors move alike.* Horn and Schunck ask for the field with the least
//!    $E = \iint (I_x u + I_y v + I_t)^2 + \alpha_v^2(|\nabla u|^2 + |\nabla v|^2)$. Its minimum solves a linear system: for each pixel with
//!    $k$ neighbors, $\alpha_5^2/4\,(k\mathbf u - \sum_n \mathbf u_n) + \nabla I(\nabla I\cdot\mathbf u + I_t) = 0$.
//! 3. *$\alpha$ is an intensity*, since $\nabla\mathbf u$ has no unit. [`Image`] states the scale, 0 for black to 1 for white.
//! 4. *Large motion* is found on small images first. Each level of the pyramid warps the second frame by what is known, and looks for the rest.
//! 5. *Sub-pixel accuracy* is decided by the interpolation of that warp ([`Interpolation`]): a cubic B-spline has a third to a quarter of the error of
//!    the usual cubic.
//! 6. *Solving.* A small change per sweep is not a small error: the published rule stops far from the solution. Multigrid converges in a
//!    few cycles, and [`Convergence`] holds the true residual $\lVert b - Ax\rVert/\lVert b\rVert$.
//! 7. *The weight.* Clean frames: the largest $\alpha$ whose field, from a checkerboard of the data, predicts the rest as well as the best
//!    one does. Noisy frames (noise above a quarter of the gradient): smoothing by $\sigma = \sqrt{n/g}$ px, at most 1.75, a data term gathered over
//!    4 px, two warps, and $\alpha = 4.5\sqrt{g n}$ with noise $n$ and gradient $g$. The factor was fitted on one simulated scene at four levels of noise:
//!    scan $\alpha$ where much depends on it.
//! 8. *Edges of motion* want penalties that grow slowly, and medians: [`RobustFlow`].
//! 9. *How sure?* [`Bootstrap`] estimates anew from frames whose motion is known, with what was left unexplained put on them again.
//!
//! # Choosing a method
//!
//! | you have | use |
//! |---|---|
//! | melt flow, vortices, shear, particles; noise | [`HornSchunck::new`] |
//! | three or more noisy frames of a motion that lasts | [`SequenceFlow`] |
//! | many pairs of one size, one after the other | [`HornSchunck::estimate_into`] with one [`Workspace`] |
//! | clean frames with sharp edges of motion (walls, objects) | [`RobustFlow`]; [`RobustFlow::non_local`] where a second or two do not matter |
//! | the same at two thirds of the time | [`InverseSearch`] |
//! | local windows without a global field | [`LucasKanade`], [`Farneback`] |
//! | flat motion with sharp steps, outliers of intensity | [`TvL1`] |
//! | particles; vectors of windows as in velocimetry of seeded flows | [`CrossCorrelation`] |
//! | absorbance or density of a flow that is not free of divergence in projection | [`LiuShen`] |
//! | single points | [`PointTracker`] |
//! | a comparison with published melt-pool velocimetry | [`HornSchunck::song`] |
//! | your own estimator | [`FlowEstimator`] |
//!
//! | you want | use |
//! |---|---|
//! | errors against a known field | [`FlowError`], [`end_point_error`] |
//! | standard errors without a truth | [`Bootstrap`], [`StandardError`] |
//! | outliers among vectors | [`normalized_median`] |
//! | mean and fluctuations of a sequence | [`FlowStatistics`] |
//! | fields from other programs | [`FlowField::read_flo`], [`FlowField::read_vti`] |
//! | trust without a truth | [`residual_map`], [`round_trip`], [`forward_backward`], [`LucasKanade::texture`] |
//! | vorticity, divergence, strain, Q | [`VelocityGradient`] |
//! | parts of the motion each way, with intervals | [`MomentumBalance`] |
//! | zones that stand still | [`SlowZone`] |
//! | paths | [`streamline`] |
//!
//! # Beside other programs
//!
//! | feature | OpenCV | scikit-image | OpenPIV | this crate |
//! |---|---|---|---|---|
//! | Horn-Schunck | legacy interface only | no | no | pyramid, warps, Jacobi, over-relaxation, multigrid |
//! | Lucas-Kanade | 8 bits | yes | no | dense; single points with a check backward |
//! | TV-L1 | yes | yes | no | yes |
//! | cross-correlation in passes, image deformation, median test | no | shift only | yes | yes |
//! | conservation of amounts (Liu-Shen), divergence and curl | no | no | no | yes |
//! | Charbonnier penalties with medians | in other forms | no | no | yes |
//! | weighted non-local medians | no | no | no | yes |
//! | three or more frames, smooth in time | no | no | average of correlations | yes |
//! | 16 bits and floating point | some methods | floating point | integers | all methods, on a stated scale |
//! | masks, not-a-number | no | no | masks | both |
//! | true residual, reason of stopping | no | no | no | yes |
//! | automatic weight, start and smoothing | no | no | no | yes |
//! | standard error of each vector | no | no | no | by bootstrap |
//! | Farnebäck, dense inverse search (DIS) | yes | no | no | yes |
//! | m/s, balance, stagnation | no | no | scaling | yes |
//!
//! # Conventions
//!
//! Axes are rows (down) and columns (right); `u` is along columns, `v` along rows, px/frame, on the pixels of the first frame. Pixels that the
//! motion takes out of the frame carry no data. Pixels that are not finite are refused or masked ([`NonFinite`]). The same frames give the same bits
//! whatever the number of threads and the instruction set.
//!
//! # Feature flags
//!
//! | feature | default | |
//! |---|---|---|
//! | `rayon` | yes | bands of rows on several threads, with the same bits |
//! | `serde` | no | parameters and results as data |
//!
//! # References
//!
//! - B. K. P. Horn and B. G. Schunck, Artif. Intell. 17, 185 (1981), doi 10.1016/0004-3702(81)90024-2.
//! - S. Baker et al., Int. J. Comput. Vis. 92, 1 (2011), doi 10.1007/s11263-010-0390-2: benchmark and `.flo`.
//! - D. Sun, S. Roth and M. J. Black, Int. J. Comput. Vis. 106, 115 (2014), doi 10.1007/s11263-013-0644-x.
//! - G. Farnebäck, SCIA 2003, doi 10.1007/3-540-45103-X_50.
//! - T. Kroeger, R. Timofte, D. Dai and L. Van Gool, ECCV 2016, doi 10.1007/978-3-319-46493-0_29: inverse search.
//! - J. Weickert and C. Schnörr, J. Math. Imaging Vis. 14, 245 (2001), doi 10.1023/A:1011286029287: smoothness in time.
//! - C. Zach, T. Pock and H. Bischof, DAGM 2007, doi 10.1007/978-3-540-74936-3_22: TV-L1.
//! - J. Westerweel and F. Scarano, Exp. Fluids 39, 1096 (2005), doi 10.1007/s00348-005-0016-6: median test.
//! - T. Liu and L. Shen, J. Fluid Mech. 614, 253 (2008), doi 10.1017/S0022112008003273: conservation of amounts.
//! - Song et al., Metals 16(5), 487 (2026), doi 10.3390/met16050487, and its review record: melt-pool velocimetry by Horn-Schunck.

mod check;
mod coarse_to_fine;
mod convergence;
mod correlation;
mod derivative;
mod derived;
mod error;
mod estimator;
mod farneback;
mod field;
mod horn_schunck;
mod image;
mod interpolate;
mod inverse_search;
mod kernel;
mod lucas_kanade;
mod median;
mod metric;
mod momentum;
mod noise;
#[cfg(test)]
mod oracle;
mod outlier;
mod parallel;
mod phase;
mod physics;
mod plane;
mod pyramid;
mod robust;
mod smooth;
mod stagnation;
mod statistics;
mod streamline;
mod system;
mod tracking;
mod tvl1;
mod uncertainty;

pub use check::{forward_backward, residual_map, round_trip, warp_back};
pub use convergence::{Convergence, LevelReport, StopReason};
pub use correlation::{CrossCorrelation, WindowVectors};
pub use derived::VelocityGradient;
pub use error::{Error, Result};
pub use estimator::{FlowEstimator, FlowResult, Shift};
pub use farneback::Farneback;
pub use field::{FlowField, VelocityField};
pub use horn_schunck::{Alpha, Depth, HornSchunck, PreSmoothing, SequenceFlow, Solver, Workspace};
pub use image::{Image, NonFinite, Pixel};
pub use interpolate::{Interpolation, interpolate};
pub use inverse_search::InverseSearch;
pub use lucas_kanade::LucasKanade;
pub use metric::{FlowError, end_point_error};
pub use momentum::{Balance, Fraction, MomentumBalance, MomentumWeight};
pub use noise::noise_level;
pub use outlier::{MedianTest, normalized_median};
pub use physics::LiuShen;
pub use robust::RobustFlow;
pub use stagnation::SlowZone;
pub use statistics::FlowStatistics;
pub use streamline::{Point, streamline};
pub use tracking::{PointTracker, Track};
pub use tvl1::TvL1;
pub use uncertainty::{Bootstrap, StandardError};
pub use xray_io::{Calibration, FrameRate, PixelSize};
