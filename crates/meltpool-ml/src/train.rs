//! The training loop: batches, loss, optimizer, early stopping, checkpoints.

mod state;
mod targets;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ndarray::Array2;

use crate::augment::Augment;
use crate::error::{Error, Result, require};
use crate::network::{Device, Inputs, Masks, Network, NetworkConfig, Parameters, evaluate};
use crate::optimizer::{Adam, Schedule};
use crate::parallel;
use crate::random::{Purpose, Random};

use state::State;
pub use targets::{LambdaSchedule, LossKind, Targets};

/// One epoch of a run.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EpochRecord {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean loss of its batches.
    pub train_loss: f64,
    /// Loss of the validation part after it.
    pub validation_loss: Option<f64>,
}

/// What an observer is told after each epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The epoch that ended.
    pub record: EpochRecord,
    /// Epochs of the run.
    pub n_epochs: usize,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum StopReason {
    /// All epochs were run.
    Epochs,
    /// The validation loss did not fall for as long as was allowed.
    EarlyStopping,
    /// The observer ended it.
    Observer,
}

/// The course of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct History {
    /// Its epochs.
    pub epochs: Vec<EpochRecord>,
    /// Why it ended.
    pub reason: StopReason,
    /// The epoch whose parameters were kept.
    pub best_epoch: usize,
}

impl History {
    /// Writes one line an epoch: epoch, rate, train loss, validation loss (empty if there is none).
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_csv(&self, path: &Path) -> Result<()> {
        use std::fmt::Write as _;
        let mut text = "epoch,learning_rate,train_loss,validation_loss\n".to_owned();
        for e in &self.epochs {
            let validation = e.validation_loss.map(|v| v.to_string()).unwrap_or_default();
            // writing to a string cannot fail
            let _ = writeln!(
                text,
                "{},{},{},{validation}",
                e.epoch, e.learning_rate, e.train_loss
            );
        }
        std::fs::write(path, text).map_err(|e| Error::io(path, e))
    }
}

/// A trained network and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The network.
    pub network: Network,
    /// The course.
    pub history: History,
}

/// Settings of a training run.
///
/// Same settings, data, seed and device give the same bits, with any number of threads, and a run that was resumed from a checkpoint
/// gives those of one that was not interrupted.
///
/// # Examples
/// ```
/// use meltpool_ml::{Inputs, NetworkConfig, Targets, Trainer};
/// use ndarray::{Array2, Array3};
///
/// // learn the mean of windows of three values
/// let windows = Array3::from_shape_fn((32, 3, 1), |(n, t, _)| ((n * 3 + t) as f32 * 0.7).sin());
/// let means = Array2::from_shape_fn((32, 1), |(n, _)| (0..3).map(|t| windows[[n, t, 0]]).sum::<f32>() / 3.0);
/// let inputs = Inputs::new().with_sequences(windows);
/// let trainer = Trainer::new().n_epochs(60).learning_rate(0.01).seed(1);
/// let trained = trainer.fit(&NetworkConfig::lstm(3, 1, 1), &inputs, &Targets::new(means))?;
/// let last = trained.history.epochs[59].train_loss;
/// assert!(last < 0.01 * trained.history.epochs[0].train_loss);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Trainer {
    n_epochs: usize,
    batch_size: usize,
    drop_last: bool,
    learning_rate: f64,
    schedule: Schedule,
    adam: Adam,
    clip_norm: Option<f64>,
    ema: Option<f64>,
    #[serde(default)]
    swa: Option<usize>,
    #[serde(default)]
    augment: Option<Augment>,
    patience: Option<usize>,
    loss: LossKind,
    seed: u64,
    #[serde(skip)]
    device: Device,
    #[serde(skip)]
    checkpoint: Option<PathBuf>,
    #[serde(skip, default = "one")]
    checkpoint_every: usize,
}

fn one() -> usize {
    1
}

impl Default for Trainer {
    fn default() -> Self {
        Self::new()
    }
}

impl Trainer {
    /// 60 epochs, batches of 16, Adam with 1e-3 and a cosine to 0, mean square error, seed 0, native device; no clipping, averaging,
    /// early stopping or checkpoint. The paper states none of these.
    pub fn new() -> Self {
        Self {
            n_epochs: 60,
            batch_size: 16,
            drop_last: false,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            adam: Adam::new(),
            clip_norm: None,
            ema: None,
            swa: None,
            augment: None,
            patience: None,
            loss: LossKind::MeanSquare,
            seed: 0,
            device: Device::Native,
            checkpoint: None,
            checkpoint_every: 1,
        }
    }

    /// Number of epochs; default 60.
    pub fn n_epochs(mut self, n_epochs: usize) -> Self {
        self.n_epochs = n_epochs;
        self
    }

    /// Samples of a batch; default 16.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Whether a last batch that is not full is left out; default no, as in Keras.
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// Learning rate at its highest; default 1e-3.
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// Course of the learning rate, step by step; default cosine to 0.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The optimizer; default [`Adam::new`].
    pub fn adam(mut self, adam: Adam) -> Self {
        self.adam = adam;
        self
    }

    /// Scales gradients whose norm over all parameters is larger down to this; default off.
    pub fn clip_norm(mut self, clip_norm: Option<f64>) -> Self {
        self.clip_norm = clip_norm;
        self
    }

    /// Keeps an exponential moving average of the parameters with this decay a step, and returns it; default off.
    pub fn ema(mut self, ema: Option<f64>) -> Self {
        self.ema = ema;
        self
    }

    /// Averages the parameters at the ends of the epochs from this one on, with equal weights, and returns the mean; default off. Not
    /// together with [`ema`](Self::ema). A constant learning rate, or one that ends above 0, leaves something to average.
    ///
    /// # References
    /// Izmailov et al., Averaging weights leads to wider optima, UAI 2018, arXiv 1803.05407, algorithm 1.
    pub fn swa(mut self, first_epoch: Option<usize>) -> Self {
        self.swa = first_epoch;
        self
    }

    /// Changes the samples of each batch at random; default off.
    pub fn augment(mut self, augment: Option<Augment>) -> Self {
        self.augment = augment;
        self
    }

    /// Stops when the validation loss has not fallen for this many epochs, and returns the best parameters; default off. Validate on
    /// other runs than those trained on.
    pub fn patience(mut self, patience: Option<usize>) -> Self {
        self.patience = patience;
        self
    }

    /// What is minimized; default mean square error.
    pub fn loss(mut self, loss: LossKind) -> Self {
        self.loss = loss;
        self
    }

    /// Seed of the start and of the order of samples; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where it runs; default native.
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Writes the whole state to this file after every `every` epochs, beside it first and then in its place, so that a good
    /// checkpoint is never half overwritten.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>, every: usize) -> Self {
        self.checkpoint = Some(path.into());
        self.checkpoint_every = every;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::DeviceMissing`].
    pub fn validate(&self) -> Result<()> {
        require(self.n_epochs > 0, "n_epochs", "at least 1", self.n_epochs)?;
        require(
            self.batch_size > 0,
            "batch_size",
            "at least 1",
            self.batch_size,
        )?;
        require(
            self.learning_rate > 0.0 && self.learning_rate.is_finite(),
            "learning_rate",
            "positive and finite",
            self.learning_rate,
        )?;
        self.schedule.validate()?;
        self.adam.validate()?;
        if let Some(norm) = self.clip_norm {
            require(norm > 0.0, "clip_norm", "positive", norm)?;
        }
        if let Some(decay) = self.ema {
            require((0.0..1.0).contains(&decay), "ema", "in [0, 1)", decay)?;
        }
        if let Some(first) = self.swa {
            require(
                first < self.n_epochs && self.ema.is_none(),
                "swa",
                "an epoch of the run, and without ema",
                first,
            )?;
        }
        if let Some(augment) = &self.augment {
            augment.validate()?;
        }
        require(
            self.checkpoint_every > 0,
            "every",
            "at least 1",
            self.checkpoint_every,
        )?;
        self.device.validate()
    }

    /// Trains a network from its start.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], errors of shapes, [`Error::NonFinite`] for data that are no numbers, [`Error::Diverged`] if the loss
    /// leaves the finite numbers (a checkpoint then holds the last good epoch), [`Error::Io`].
    pub fn fit(
        &self,
        config: &NetworkConfig,
        inputs: &Inputs,
        targets: &Targets,
    ) -> Result<Trained> {
        self.fit_observed(config, inputs, targets, None, &mut |_| {
            ControlFlow::Continue(())
        })
    }

    /// As [`fit`](Self::fit), with a validation part and an observer that may end the run after any epoch.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidParameter`] for patience without a validation part.
    pub fn fit_observed(
        &self,
        config: &NetworkConfig,
        inputs: &Inputs,
        targets: &Targets,
        validation: Option<(&Inputs, &Array2<f32>)>,
        observer: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Trained> {
        self.check(config, inputs, targets, validation)?;
        let parameters = Parameters::new(config, self.seed)?;
        let mut weights = parameters.values.clone();
        weights.extend(targets.extra_start(config, self.seed)?);
        let state = State::new(weights, self.ema.is_some() || self.swa.is_some());
        self.run(
            config,
            &parameters,
            inputs,
            targets,
            validation,
            observer,
            state,
        )
    }

    /// Continues a run from its checkpoint, with the same settings and data, and with the same bits as if it had not been interrupted.
    ///
    /// # Errors
    /// As [`fit_observed`](Self::fit_observed), [`Error::Checkpoint`] for a file of another run, [`Error::CheckpointVersion`].
    pub fn resume(
        &self,
        path: &Path,
        config: &NetworkConfig,
        inputs: &Inputs,
        targets: &Targets,
        validation: Option<(&Inputs, &Array2<f32>)>,
        observer: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Trained> {
        self.check(config, inputs, targets, validation)?;
        let parameters = Parameters::new(config, self.seed)?;
        let mut weights = parameters.values.clone();
        weights.extend(targets.extra_start(config, self.seed)?);
        let state = State::load(path, self, config, &parameters, &weights)?;
        self.run(
            config,
            &parameters,
            inputs,
            targets,
            validation,
            observer,
            state,
        )
    }

    /// Trains one network for each seed, several at a time; the results are those of separate runs.
    ///
    /// # Errors
    /// The first error of any run.
    pub fn fit_seeds(
        &self,
        config: &NetworkConfig,
        inputs: &Inputs,
        targets: &Targets,
        seeds: &[u64],
    ) -> Result<Vec<Trained>> {
        parallel::map(seeds.len(), |k| {
            self.clone().seed(seeds[k]).fit(config, inputs, targets)
        })
        .into_iter()
        .collect()
    }

    fn check(
        &self,
        config: &NetworkConfig,
        inputs: &Inputs,
        targets: &Targets,
        validation: Option<(&Inputs, &Array2<f32>)>,
    ) -> Result<()> {
        self.validate()?;
        config.validate()?;
        inputs.check(config)?;
        targets.check(config, inputs.n_samples(), &self.loss)?;
        if let Some((inputs, labels)) = validation {
            inputs.check(config)?;
            Targets::new(labels.clone()).check(config, inputs.n_samples(), &self.loss)?;
        }
        require(
            self.patience.is_none() || validation.is_some(),
            "patience",
            "given only with a validation part",
            "none",
        )?;
        require(
            !self.drop_last || inputs.n_samples() >= self.batch_size,
            "batch_size",
            "at most the number of samples where the last batch is dropped",
            self.batch_size,
        )
    }

    #[expect(
        clippy::too_many_arguments,
        clippy::too_many_lines,
        reason = "the data of a run and its state, in one loop"
    )]
    fn run(
        &self,
        config: &NetworkConfig,
        parameters: &Parameters,
        inputs: &Inputs,
        targets: &Targets,
        validation: Option<(&Inputs, &Array2<f32>)>,
        observer: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
        mut state: State,
    ) -> Result<Trained> {
        let n = inputs.n_samples();
        let n_batches = if self.drop_last {
            n / self.batch_size
        } else {
            n.div_ceil(self.batch_size)
        };
        let n_steps = n_batches * self.n_epochs;
        let n_arrays = parameters.len();
        let mut reason = StopReason::Epochs;
        let network = |weights: &[Vec<f32>]| -> Result<Network> {
            let mut parameters = parameters.clone();
            parameters.values = weights[..n_arrays].to_vec();
            Network::from_parameters(config.clone(), parameters)?.on(self.device)
        };
        while state.epochs.len() < self.n_epochs {
            let epoch = state.epochs.len();
            let order = Random::new(self.seed, Purpose::Shuffle, epoch as u64).permutation(n);
            let (mut sum, mut rate) = (0.0, 0.0);
            for (step, rows) in order.chunks(self.batch_size).take(n_batches).enumerate() {
                let (own, extra) = state.weights.split_at(n_arrays);
                let pulled = std::cell::RefCell::new(Vec::new());
                let loss = |predictions: &[f32], features: &[f32]| {
                    let (pull, extra) = targets.pull(
                        &self.loss,
                        rows,
                        epoch,
                        self.n_epochs,
                        predictions,
                        features,
                        extra,
                    );
                    *pulled.borrow_mut() = extra;
                    pull
                };
                let mut batch = inputs.batch(rows);
                if let Some(augment) = &self.augment {
                    augment.apply_batch(&mut batch, rows, self.seed, epoch);
                }
                let dropout = (config.dropout > 0.0)
                    .then(|| Masks::new(config.dropout, self.seed, epoch as u64, rows));
                let result = evaluate(config, own, batch, Some(&loss), dropout, self.device)?;
                let mut gradients = result.gradients;
                gradients.extend(pulled.into_inner());
                let norm = gradients
                    .iter()
                    .flatten()
                    .map(|g| f64::from(*g).powi(2))
                    .sum::<f64>()
                    .sqrt();
                if !result.loss.is_finite() || !norm.is_finite() {
                    return Err(Error::Diverged {
                        epoch,
                        step,
                        loss: if result.loss.is_finite() {
                            norm
                        } else {
                            result.loss
                        },
                    });
                }
                if let Some(limit) = self.clip_norm.filter(|limit| norm > *limit) {
                    let factor = (limit / norm) as f32;
                    for gradient in gradients.iter_mut().flatten() {
                        *gradient *= factor;
                    }
                }
                rate = self.learning_rate * self.schedule.factor(epoch * n_batches + step, n_steps);
                self.adam
                    .step(rate, &mut state.weights, &gradients, &mut state.adam);
                if let (Some(decay), Some(average)) = (self.ema, &mut state.average) {
                    let (keep, take) = (decay as f32, (1.0 - decay) as f32);
                    for (mean, own) in average
                        .iter_mut()
                        .flatten()
                        .zip(state.weights.iter().flatten())
                    {
                        *mean = keep * *mean + take * own;
                    }
                }
                sum += result.loss;
            }
            if let (Some(first), Some(average)) = (self.swa, &mut state.average) {
                let share = 1.0 / (epoch.saturating_sub(first) + 1) as f32;
                for (mean, own) in average
                    .iter_mut()
                    .flatten()
                    .zip(state.weights.iter().flatten())
                {
                    *mean = if epoch > first {
                        *mean + share * (own - *mean)
                    } else {
                        *own
                    };
                }
            }
            let current = state.average.as_ref().unwrap_or(&state.weights);
            let validation_loss = match validation {
                None => None,
                Some((inputs, labels)) => {
                    let predictions = network(current)?.predict(inputs)?;
                    let labels = Targets::new(labels.clone());
                    let rows: Vec<usize> = (0..inputs.n_samples()).collect();
                    let predicted: Vec<f32> = predictions.iter().copied().collect();
                    Some(
                        labels
                            .pull(&self.loss, &rows, 0, 1, &predicted, &[], &[])
                            .0
                            .loss,
                    )
                }
            };
            let record = EpochRecord {
                epoch,
                learning_rate: rate,
                train_loss: sum / n_batches as f64,
                validation_loss,
            };
            if self.patience.is_some() {
                let loss = validation_loss.unwrap_or(f64::INFINITY);
                if state.best.as_ref().is_none_or(|best| loss < best.1) {
                    state.best = Some((epoch, loss, current.clone()));
                }
            }
            state.epochs.push(record);
            let progress = Progress {
                record,
                n_epochs: self.n_epochs,
            };
            let waited = state.best.as_ref().map_or(0, |best| epoch - best.0);
            let stops = observer(&progress).is_break();
            if let Some(path) = &self.checkpoint {
                let last = stops || epoch + 1 == self.n_epochs;
                if last || (epoch + 1).is_multiple_of(self.checkpoint_every) {
                    state.save(path, self, config, parameters)?;
                }
            }
            if stops {
                reason = StopReason::Observer;
                break;
            }
            if self.patience.is_some_and(|patience| waited >= patience) {
                reason = StopReason::EarlyStopping;
                break;
            }
        }
        let last = state.epochs.len().saturating_sub(1);
        let (best_epoch, weights) = match (state.best, state.average) {
            (Some((epoch, _, weights)), _) => (epoch, weights),
            (None, Some(average)) => (last, average),
            (None, None) => (last, state.weights),
        };
        Ok(Trained {
            network: network(&weights)?,
            history: History {
                epochs: state.epochs,
                reason,
                best_epoch,
            },
        })
    }
}

#[cfg(test)]
mod tests;
