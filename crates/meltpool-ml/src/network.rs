//! Networks on plain arrays: their description, their parameters, and predictions on a device chosen at run time.

#[cfg(feature = "burn")]
mod burn;
mod config;
mod convolution;
mod device;
mod dropout;
mod graph;
mod parameters;
mod real;
mod recurrent;
mod tape;

use ndarray::{Array2, Array3, Array4, ArrayD, Axis};

pub use config::{
    Branch, Fusion, ImageBranch, ImageHead, Init, NetworkConfig, SequenceBranch, VectorBranch,
};
pub use device::Device;
pub use dropout::DropoutPrediction;
pub(crate) use dropout::Masks;
pub use parameters::Parameters;
pub(crate) use real::exponential;

use crate::error::{Error, Result};
use crate::parallel;

/// Gradients of a loss with respect to what a network gave.
pub(crate) struct Pull {
    pub(crate) loss: f64,
    pub(crate) predictions: Vec<f32>,
    pub(crate) features: Option<Vec<f32>>,
}

/// Loss of predictions and features of a batch.
pub(crate) type Loss<'a> = dyn Fn(&[f32], &[f32]) -> Pull + 'a;

/// What a run of a network gives.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub(crate) predictions: Vec<f32>,
    pub(crate) features: Vec<f32>,
    pub(crate) n_features: usize,
    pub(crate) loss: f64,
    pub(crate) gradients: Vec<Vec<f32>>,
}

/// Runs a network and, with a loss, goes back for the gradients of all parameters.
pub(crate) fn evaluate(
    config: &NetworkConfig,
    parameters: &[Vec<f32>],
    inputs: Vec<(Vec<usize>, Vec<f32>)>,
    loss: Option<&Loss<'_>>,
    dropout: Option<Masks>,
    device: Device,
) -> Result<Evaluation> {
    #[cfg(feature = "burn")]
    if let Some(burn_device) = device.burn()? {
        let name = device.name();
        return burn::evaluate(
            config,
            parameters,
            &inputs,
            loss,
            dropout,
            &burn_device,
            name,
        );
    }
    device.validate()?;
    let mut tape = tape::Tape::new(parameters).with_dropout(dropout);
    let nodes: Vec<usize> = inputs
        .into_iter()
        .map(|(shape, values)| tape.input(shape, values))
        .collect();
    let outputs = graph::forward(config, &mut tape, &nodes);
    let predictions = tape.value(outputs.prediction).to_vec();
    let features = tape.value(outputs.features).to_vec();
    let n_samples = predictions.len() / config.n_outputs;
    let mut result = Evaluation {
        n_features: features.len() / n_samples,
        predictions,
        features,
        loss: f64::NAN,
        gradients: Vec::new(),
    };
    if let Some(loss) = loss {
        let pull = loss(&result.predictions, &result.features);
        result.loss = pull.loss;
        let mut seeds = vec![(outputs.prediction, pull.predictions)];
        seeds.extend(pull.features.map(|pull| (outputs.features, pull)));
        result.gradients = tape.backward(seeds);
    }
    Ok(result)
}

/// The inputs of a batch: one array a modality, samples first.
///
/// Images are samples x channels x rows x columns, sequences samples x steps x signals (the newest last), vectors samples x numbers;
/// in the order of the network's branches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs {
    parts: Vec<ArrayD<f32>>,
}

impl Inputs {
    /// No modality yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds images.
    pub fn with_images(mut self, images: Array4<f32>) -> Self {
        self.parts.push(images.into_dyn());
        self
    }

    /// Adds windows of signals.
    pub fn with_sequences(mut self, sequences: Array3<f32>) -> Self {
        self.parts.push(sequences.into_dyn());
        self
    }

    /// Adds vectors.
    pub fn with_vectors(mut self, vectors: Array2<f32>) -> Self {
        self.parts.push(vectors.into_dyn());
        self
    }

    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        self.parts.first().map_or(0, |part| part.len_of(Axis(0)))
    }

    /// The given samples, in the given order.
    ///
    /// # Panics
    /// If a row lies outside.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            parts: self.parts.iter().map(|p| p.select(Axis(0), rows)).collect(),
        }
    }

    /// Refuses arrays that do not fit the network, or hold what is no number.
    pub(crate) fn check(&self, config: &NetworkConfig) -> Result<()> {
        crate::error::same_length("the inputs", config.branches.len(), self.parts.len())?;
        let n = self.n_samples();
        for (number, (branch, part)) in config.branches.iter().zip(&self.parts).enumerate() {
            let mut expected = vec![n];
            expected.extend(branch.input_shape());
            if part.shape() != expected {
                return Err(Error::ShapeMismatch {
                    what: format!("input {number}"),
                    expected,
                    found: part.shape().to_vec(),
                });
            }
            let size = branch.input_shape().iter().product::<usize>();
            if let Some(place) = part.iter().position(|v| !v.is_finite()) {
                return Err(Error::NonFinite {
                    what: "the inputs",
                    sample: place / size,
                    position: place % size,
                    found: part.iter().nth(place).copied().map_or(f64::NAN, f64::from),
                });
            }
        }
        if n == 0 {
            return Err(Error::TooFewSamples {
                purpose: "a network",
                needed: 1,
                found: 0,
            });
        }
        Ok(())
    }

    /// Shapes and values of the given samples.
    pub(crate) fn batch(&self, rows: &[usize]) -> Vec<(Vec<usize>, Vec<f32>)> {
        self.parts
            .iter()
            .map(|part| {
                let mut shape = part.shape().to_vec();
                shape[0] = rows.len();
                let mut values = Vec::with_capacity(shape.iter().product());
                for row in rows {
                    values.extend(part.index_axis(Axis(0), *row).iter().copied());
                }
                (shape, values)
            })
            .collect()
    }
}

/// A network with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    config: NetworkConfig,
    parameters: Parameters,
    device: Device,
}

impl Network {
    /// A network with its start, on the native device.
    ///
    /// # Errors
    /// As [`NetworkConfig::validate`].
    ///
    /// # Examples
    /// ```
    /// use meltpool_ml::{Inputs, Network, NetworkConfig};
    /// use ndarray::Array3;
    ///
    /// let network = Network::new(NetworkConfig::lstm(5, 1, 2), 0)?;
    /// let windows = Inputs::new().with_sequences(Array3::zeros((3, 5, 1)));
    /// assert_eq!(network.predict(&windows)?.dim(), (3, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(config: NetworkConfig, seed: u64) -> Result<Self> {
        let parameters = Parameters::new(&config, seed)?;
        Ok(Self {
            config,
            parameters,
            device: Device::Native,
        })
    }

    /// A network with given parameters.
    ///
    /// # Errors
    /// As [`NetworkConfig::validate`], and [`Error::ShapeMismatch`] for the parameters of another network.
    pub fn from_parameters(config: NetworkConfig, parameters: Parameters) -> Result<Self> {
        parameters.fit(&config)?;
        Ok(Self {
            config,
            parameters,
            device: Device::Native,
        })
    }

    /// The same network on another device.
    ///
    /// # Errors
    /// [`Error::DeviceMissing`].
    pub fn on(mut self, device: Device) -> Result<Self> {
        device.validate()?;
        self.device = device;
        Ok(self)
    }

    /// What it is made of.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// What it has learned.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What it has learned, to be changed.
    pub fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Predictions and features; with a seed and the number of a pass, with dropout.
    fn run(&self, inputs: &Inputs, pass: Option<(u64, u64)>) -> Result<(Array2<f32>, Array2<f32>)> {
        inputs.check(&self.config)?;
        let n = inputs.n_samples();
        let rows: Vec<usize> = (0..n).collect();
        let chunks: Vec<&[usize]> = rows.chunks(32).collect();
        let run = |k: usize| {
            evaluate(
                &self.config,
                &self.parameters.values,
                inputs.batch(chunks[k]),
                None,
                pass.map(|(seed, pass)| Masks::new(self.config.dropout, seed, pass, chunks[k])),
                self.device,
            )
        };
        let parts: Vec<Result<Evaluation>> = if self.device == Device::Native {
            parallel::map(chunks.len(), run)
        } else {
            (0..chunks.len()).map(run).collect()
        };
        let mut predictions = Vec::with_capacity(n * self.config.n_outputs);
        let mut features = Vec::new();
        let mut n_features = 0;
        for part in parts {
            let part = part?;
            predictions.extend(part.predictions);
            features.extend(part.features);
            n_features = part.n_features;
        }
        let shaped = |values: Vec<f32>, columns: usize| {
            let found = vec![values.len()];
            Array2::from_shape_vec((n, columns), values).map_err(|_| Error::ShapeMismatch {
                what: "the outputs".into(),
                expected: vec![n, columns],
                found,
            })
        };
        Ok((
            shaped(predictions, self.config.n_outputs)?,
            shaped(features, n_features)?,
        ))
    }

    /// Predictions, one row a sample.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] or [`Error::ShapeMismatch`] for inputs of another network, [`Error::NonFinite`],
    /// [`Error::TooFewSamples`] for none.
    pub fn predict(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        Ok(self.run(inputs, None)?.0)
    }

    /// The features before the last layer, one row a sample: what a student can be given as a hint.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn features(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        Ok(self.run(inputs, None)?.1)
    }
}

#[cfg(test)]
mod golden;
