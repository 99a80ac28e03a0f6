//! Learned estimates of melt-pool and keyhole quantities from X-ray frames and absorptivity, and how far to trust them.
//!
//! A radiograph shows the depth of melt pool and keyhole; the absorptance of the laser is far cheaper to measure. This crate trains networks
//! on both, distills them into a student that needs the signal alone, runs that student beside a 50 kHz camera, and judges all of them
//! on whole unseen runs, with intervals, beside baselines that need no network. It does not read image files (`xray-io`), simulate
//! (`meltpool-sim`) or outline shapes (`meltpool-morphology`): arrays in, arrays out.
//!
//! # A first example
//!
//! ```
//! use meltpool_ml::{
//!     CubicRidge, Inputs, NetworkConfig, Regressor, Scaler, Score, SplitStrategy, Targets, Trainer, sequences, signal_windows,
//! };
//! use ndarray::{Array2, Axis};
//!
//! // a depth that follows the mean of the last three values of a signal, in four runs of 30 frames
//! let signal: Vec<f64> = (0..120).map(|k| (0.7 * k as f64).sin() + 0.3 * (2.1 * k as f64).cos()).collect();
//! let runs: Vec<usize> = (0..120).map(|k| k / 30).collect();
//! let windows = signal_windows(&signal, 3, 0.0)?;
//! let depth = windows.map_axis(Axis(1), |w| 100.0 + 40.0 * w.mean().unwrap_or(0.0)).insert_axis(Axis(1));
//!
//! let split = SplitStrategy::Grouped { test_share: 0.25 }.split(&runs, 1)?;
//! let pick = |table: &Array2<f64>, rows: &[usize]| table.select(Axis(0), rows);
//! let scaler = Scaler::fit(&depth.view(), &split.train)?;
//! let targets = scaler.apply(&depth.view())?.mapv(|v| v as f32).select(Axis(0), &split.train);
//! let inputs = Inputs::new().with_sequences(sequences(&windows.view(), None)?);
//! let trained = Trainer::new().n_epochs(60).learning_rate(5e-3).fit(&NetworkConfig::lstm(3, 1, 1), &inputs.select(&split.train), &Targets::new(targets))?;
//! let predicted = scaler.invert(&trained.network.predict(&inputs)?.mapv(f64::from).view())?;
//! let score = &Score::columns(&pick(&depth, &split.test).view(), &pick(&predicted, &split.test).view())?[0];
//! assert!(score.r2 > Some(0.95), "{score:?}");
//!
//! // what a closed form does with the same windows
//! let ridge = CubicRidge::new().fit(&pick(&windows, &split.train).view(), &pick(&depth, &split.train).view())?;
//! let baseline = ridge.predict(&pick(&windows, &split.test).view())?;
//! assert!(Score::columns(&pick(&depth, &split.test).view(), &baseline.view())?[0].r2 > Some(0.95));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Concepts
//!
//! - *Data.* [`Preprocess`] turns, sizes and normalizes frames; [`frame_values`] gives each frame its value of the signal,
//!   [`signal_windows`] its history and [`absorbed_energy`] what the plate has taken up. [`Scaler`] and [`standardize_images`] learn from the train
//!   rows only.
//! - *Splits.* [`SplitStrategy`] and [`k_fold`]: frames of one run are neighbors in time, and a random split tests what it
//!   has all but seen. Grouped, blocked and leave-one-out splits ask the question that matters.
//! - *Networks.* [`NetworkConfig`] names every choice. A [`Network`] is plain arrays ([`Parameters`]) run on a [`Device`] chosen at run time: this
//!   crate's own engine, always there, or one of burn's.
//!   [`shared_groups`], [`first_test_dependence`] and [`first_look_ahead`] find a leak; [`NestedSelection`] chooses without one.
//! - *Training.* [`Trainer`] minimizes the distance to [`Targets`]: labels, a teacher's soft labels with a share $\lambda$, hints from its
//!   features, samples without labels. [`Augment`] changes samples, [`NetworkConfig::with_dropout`] drops features, [`Trainer::ema`] and [`Trainer::swa`]
//!   average weights. Checkpoints resume to the same bits.
//! - *Judging.* [`Score`] (R² says when it is undefined), [`Bootstrap`], [`paired_test`], [`label_noise_ceiling`]; [`SplitConformal`] and
//!   [`AdaptiveConformal`] for intervals; [`Network::predict_dropout`], several seeds and [`LossKind::Gaussian`] for spreads, which only calibration makes intervals.
//! - *Running.* [`StreamingStudent`]: one sample in, one prediction out, no allocation.
//!
//! # What was published and what is not known
//!
//! The paper (below) states: 148 frames, 128 x 128 pixels after a turn by 7 degrees, four convolutional blocks for the image model, two and
//! a scalar's dense layer of 32 units for fusion, an LSTM of 32 units with a window of five for the student, R² and MAE. It was read as a
//! summary, and that states neither kernel, padding, activation, filters of the later blocks, loss, optimizer, rate, batch,
//! epochs, split and seeds nor the share of labels in the student's loss. Each is a field or setter here with a default that is ours; none is
//! the paper's value. With 30 test frames of one run its order of models is not resolved: see `docs/validation.md` of the workspace.
//!
//! # Conventions
//!
//! Samples first. Images are samples x channels x rows x columns, windows samples x steps x signals with the newest last. Networks compute in
//! `f32`, everything else in `f64`. Targets keep the unit they are given in; networks see them standardized. The same data, settings, seed and device
//! give the same bits on one machine, with any number of threads.
//!
//! # Choosing a method
//!
//! | you have | use |
//! |---|---|
//! | the signal only | [`CubicRidge`] of absorptance, energy and time first; then [`NetworkConfig::lstm`] with the same three |
//! | images | [`NetworkConfig::cnn`]; with few frames [`NetworkConfig::with_pooled_head`] |
//! | both | [`NetworkConfig::fusion_history`]; other [`Fusion`]s for comparison |
//! | a teacher, and few or no labels | [`Targets::with_teacher`], [`Targets::with_labeled`], [`Targets::with_hint`] |
//! | a stream | [`StreamingStudent`], [`AdaptiveConformal`] |
//! | weights of Keras or PyTorch | [`Network::import`] |
//!
//! # Feature flags
//!
//! | feature | default | |
//! |---|---|---|
//! | `rayon` | yes | images of a batch, and seeds, on several threads; the same bits |
//! | `flex` | no | networks on burn's engine for the processor |
//! | `ndarray` | no | on burn's older one |
//! | `wgpu`, `cuda`, `tch` | no | on graphics cards and libtorch through burn; they compile no backend test here |
//! | `burn` | no | what these have in common; of no use alone |
//!
//! # References
//!
//! - Mojumder, Halder, Tonge, Multimodal learning of melt pool dynamics in laser powder bed fusion, arXiv 2509.03029 (2025).
//! - Hochreiter and Schmidhuber, Neural Comput. 9, 1735 (1997), doi 10.1162/neco.1997.9.8.1735: long short-term memory.
//! - NIST AM-Bench asynchronous challenge, doi 10.18434/mds2-2525: the data behind the paper.

#![expect(
    clippy::inline_always,
    reason = "bodies of kernels are put into callers compiled for wider instruction sets"
)]
#![cfg_attr(
    test,
    expect(clippy::float_cmp, reason = "where bits or exact values are promised")
)]

mod augment;
mod checkpoint;
mod conformal;
mod error;
mod kernel;
mod leak;
mod metric;
mod neighbor;
mod network;
mod optimizer;
mod parallel;
mod preprocess;
mod random;
mod regressor;
mod ridge;
mod safetensors;
mod scaler;
mod selection;
mod signal;
mod split;
mod stream;
mod train;

pub use augment::Augment;
pub use checkpoint::Convention;
pub use conformal::{AdaptiveConformal, SplitConformal};
pub use error::{Error, Result};
pub use leak::{first_look_ahead, first_test_dependence, shared_groups};
pub use metric::{
    Bootstrap, Interval, PairedTest, Score, best_lag, label_noise_ceiling, paired_test, r2,
    spearman,
};
pub use neighbor::NearestNeighbor;
pub use network::{
    Branch, Device, DropoutPrediction, Fusion, ImageBranch, ImageHead, Init, Inputs, Network,
    NetworkConfig, Parameters, SequenceBranch, VectorBranch,
};
pub use optimizer::{Adam, Schedule};
pub use preprocess::{Gray, Preprocess, sequences, standardize_images};
pub use regressor::{Law, Regressor};
pub use ridge::{CubicRidge, FittedRidge};
pub use scaler::Scaler;
pub use selection::{NestedFold, NestedSelection};
pub use signal::{Alignment, absorbed_energy, frame_values, shifted, signal_windows};
pub use split::{Split, SplitStrategy, k_fold};
pub use stream::StreamingStudent;
pub use train::{
    EpochRecord, History, LambdaSchedule, LossKind, Progress, StopReason, Targets, Trained, Trainer,
};
