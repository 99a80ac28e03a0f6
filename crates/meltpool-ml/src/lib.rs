//! Learned estimates of melt-pool and keyhole quantities from X-ray frames and absorptivity.

mod checkpoint;
mod conformal;
mod error;
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
mod signal;
mod split;
mod stream;
mod train;

pub use checkpoint::Convention;
pub use conformal::{AdaptiveConformal, SplitConformal};
pub use error::{Error, Result};
pub use metric::{
    Bootstrap, Interval, PairedTest, Score, best_lag, label_noise_ceiling, paired_test, r2,
    spearman,
};
pub use neighbor::NearestNeighbor;
pub use network::{
    Branch, Device, Fusion, ImageBranch, ImageHead, Init, Inputs, Network, NetworkConfig,
    Parameters, SequenceBranch, VectorBranch,
};
pub use optimizer::{Adam, Schedule};
pub use preprocess::{Gray, Preprocess, sequences, standardize_images};
pub use regressor::{Law, Regressor};
pub use ridge::{CubicRidge, FittedRidge};
pub use scaler::Scaler;
pub use signal::{Alignment, absorbed_energy, frame_values, shifted, signal_windows};
pub use split::{Split, SplitStrategy, k_fold};
pub use stream::StreamingStudent;
pub use train::{
    EpochRecord, History, LambdaSchedule, LossKind, Progress, StopReason, Targets, Trained, Trainer,
};
