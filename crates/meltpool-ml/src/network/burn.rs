//! The engine on burn: the same networks on any of its devices, with its own differentiation.

use burn_tensor::ops::{ConvOptions, MaxPoolOptions};
use burn_tensor::{Device, Tensor, TensorData, activation, module};

use super::config::NetworkConfig;
use super::convolution::Block;
use super::dropout::Masks;
use super::graph::{Engine, Role, forward};
use super::{Evaluation, Loss};
use crate::error::{Error, Result};

/// Tensors of the ranks that networks use.
#[derive(Debug, Clone)]
pub(crate) enum AnyRank {
    One(Tensor<1>),
    Two(Tensor<2>),
    Three(Tensor<3>),
    Four(Tensor<4>),
}

impl AnyRank {
    fn new(values: Vec<f32>, shape: &[usize], device: &Device) -> Self {
        let data = TensorData::new(values, shape.to_vec());
        match shape.len() {
            1 => Self::One(Tensor::from_data(data, device)),
            2 => Self::Two(Tensor::from_data(data, device)),
            3 => Self::Three(Tensor::from_data(data, device)),
            _ => Self::Four(Tensor::from_data(data, device)),
        }
    }

    fn learning(self) -> Self {
        match self {
            Self::One(t) => Self::One(t.require_grad()),
            Self::Two(t) => Self::Two(t.require_grad()),
            Self::Three(t) => Self::Three(t.require_grad()),
            Self::Four(t) => Self::Four(t.require_grad()),
        }
    }

    fn one(&self) -> Tensor<1> {
        match self {
            Self::One(t) => t.clone(),
            _ => unreachable!("the network gives a tensor of rank 1 here"),
        }
    }

    fn two(&self) -> Tensor<2> {
        match self {
            Self::Two(t) => t.clone(),
            _ => unreachable!("the network gives a tensor of rank 2 here"),
        }
    }

    fn three(&self) -> Tensor<3> {
        match self {
            Self::Three(t) => t.clone(),
            _ => unreachable!("the network gives a tensor of rank 3 here"),
        }
    }

    fn four(&self) -> Tensor<4> {
        match self {
            Self::Four(t) => t.clone(),
            _ => unreachable!("the network gives a tensor of rank 4 here"),
        }
    }
}

struct Burn<'a> {
    device: &'a Device,
    parameters: &'a [Vec<f32>],
    learns: bool,
    tensors: Vec<AnyRank>,
    dropout: Option<Masks>,
}

impl Engine for Burn<'_> {
    type T = AnyRank;

    fn parameter(&mut self, _: String, shape: &[usize], _: Role) -> AnyRank {
        let values = self.parameters[self.tensors.len()].clone();
        let mut tensor = AnyRank::new(values, shape, self.device);
        if self.learns {
            tensor = tensor.learning();
        }
        self.tensors.push(tensor.clone());
        tensor
    }

    fn conv_block(&mut self, x: &AnyRank, w: &AnyRank, b: &AnyRank, block: Block) -> AnyRank {
        let half = block.kernel / 2;
        let options = ConvOptions::new([1, 1], [half, half], [1, 1], 1);
        let maps = module::conv2d(x.four(), w.four(), Some(b.one()), options);
        let maps = activation::relu(maps);
        AnyRank::Four(module::max_pool2d(maps, MaxPoolOptions::new([2, 2])))
    }

    fn pool_cells(&mut self, x: &AnyRank, dim: [usize; 3], side: usize) -> AnyRank {
        let [channels, rows, columns] = dim;
        let (high, wide) = (rows / side, columns / side);
        let maps = x.four();
        let n = maps.dims()[0];
        let rows = maps.reshape([n * channels * side, high, side, wide]);
        let cells = rows.mean_dim(3).mean_dim(1);
        AnyRank::Two(cells.reshape([n, channels * side * side]))
    }

    fn flatten(&mut self, x: &AnyRank, n: usize) -> AnyRank {
        let maps = x.four();
        let samples = maps.dims()[0];
        AnyRank::Two(maps.reshape([samples, n]))
    }

    fn dense(&mut self, x: &AnyRank, w: &AnyRank, b: &AnyRank) -> AnyRank {
        AnyRank::Two(module::linear(x.two(), w.two(), Some(b.one())))
    }

    fn relu(&mut self, x: &AnyRank) -> AnyRank {
        AnyRank::Two(activation::relu(x.two()))
    }

    fn sigmoid(&mut self, x: &AnyRank) -> AnyRank {
        AnyRank::Two(activation::sigmoid(x.two()))
    }

    fn lstm(&mut self, x: &AnyRank, w: &AnyRank, r: &AnyRank, b: &AnyRank) -> AnyRank {
        let (x, r) = (x.three(), r.two());
        let [samples, steps, inputs] = x.dims();
        let units = r.dims()[0];
        // one product for the inputs of all steps and all gates
        let sums = module::linear(x.reshape([samples * steps, inputs]), w.two(), Some(b.one()));
        let sums = sums.reshape([samples, steps, 4 * units]);
        let mut hidden: Option<Tensor<2>> = None;
        let mut cell: Option<Tensor<2>> = None;
        for step in 0..steps {
            let mut here = sums
                .clone()
                .narrow(1, step, 1)
                .reshape([samples, 4 * units]);
            if let Some(hidden) = hidden {
                here = here + hidden.matmul(r.clone());
            }
            let gate = |k: usize, n: usize| here.clone().narrow(1, k * units, n * units);
            let both = activation::sigmoid(gate(0, 2));
            let candidate = activation::tanh(gate(2, 1));
            let output = activation::sigmoid(gate(3, 1));
            let mut new = both.clone().narrow(1, 0, units) * candidate;
            if let Some(old) = cell {
                new = new + both.narrow(1, units, units) * old;
            }
            hidden = Some(output * activation::tanh(new.clone()));
            cell = Some(new);
        }
        match hidden {
            Some(last) => AnyRank::Two(last),
            None => unreachable!("validation asks for a step"),
        }
    }

    fn concatenate(&mut self, parts: &[AnyRank]) -> AnyRank {
        AnyRank::Two(Tensor::cat(parts.iter().map(AnyRank::two).collect(), 1))
    }

    fn dropout(&mut self, x: &AnyRank, n: usize) -> AnyRank {
        let Some(masks) = &mut self.dropout else {
            return x.clone();
        };
        let x = x.two();
        let mask = TensorData::new(masks.next(n), x.dims());
        AnyRank::Two(x * Tensor::<2>::from_data(mask, self.device))
    }

    fn add(&mut self, a: &AnyRank, b: &AnyRank) -> AnyRank {
        match (a, b) {
            (AnyRank::One(a), AnyRank::One(b)) => AnyRank::One(a.clone() + b.clone()),
            _ => AnyRank::Two(a.two() + b.two()),
        }
    }

    fn multiply(&mut self, a: &AnyRank, b: &AnyRank) -> AnyRank {
        AnyRank::Two(a.two() * b.two())
    }

    fn scale_columns(&mut self, x: &AnyRank, scale: &AnyRank) -> AnyRank {
        AnyRank::Two(x.two() * scale.one().unsqueeze::<2>())
    }

    fn modulate(&mut self, x: &AnyRank, s: &AnyRank, t: &AnyRank, _: [usize; 3]) -> AnyRank {
        let maps = x.four();
        let [samples, channels, _, _] = maps.dims();
        let scale = s.two().reshape([samples, channels, 1, 1]) + 1.0;
        let shift = t.two().reshape([samples, channels, 1, 1]);
        AnyRank::Four(maps * scale + shift)
    }
}

fn values<const D: usize>(tensor: Tensor<D>, device: &'static str) -> Result<Vec<f32>> {
    tensor
        .into_data()
        .convert::<f32>()
        .try_into_vec::<f32>()
        .map_err(|error| Error::DeviceFailed {
            device,
            reason: format!("{error:?}"),
        })
}

/// Runs the network on a device of burn and, with a loss, goes back for gradients.
pub(crate) fn evaluate(
    config: &NetworkConfig,
    parameters: &[Vec<f32>],
    inputs: &[(Vec<usize>, Vec<f32>)],
    loss: Option<&Loss<'_>>,
    dropout: Option<Masks>,
    device: &Device,
    name: &'static str,
) -> Result<Evaluation> {
    let device = if loss.is_some() {
        device.clone().autodiff()
    } else {
        device.clone()
    };
    let mut engine = Burn {
        device: &device,
        parameters,
        learns: loss.is_some(),
        tensors: Vec::with_capacity(parameters.len()),
        dropout,
    };
    let tensors: Vec<AnyRank> = inputs
        .iter()
        .map(|(shape, values)| AnyRank::new(values.clone(), shape, &device))
        .collect();
    let outputs = forward(config, &mut engine, &tensors);
    let (prediction, features) = (outputs.prediction.two(), outputs.features.two());
    let shape = features.dims();
    let predicted = values(prediction.clone(), name)?;
    let featured = values(features.clone(), name)?;
    let mut result = Evaluation {
        predictions: predicted,
        features: featured,
        n_features: shape[1],
        loss: f64::NAN,
        gradients: Vec::new(),
    };
    let Some(loss) = loss else { return Ok(result) };
    let pull = loss(&result.predictions, &result.features);
    result.loss = pull.loss;
    // the sum of outputs times their gradients has, for the parameters, the gradient of the loss
    let seed = TensorData::new(pull.predictions, prediction.dims());
    let mut scalar = (prediction * Tensor::<2>::from_data(seed, &device)).sum();
    if let Some(pull) = pull.features {
        let seed = TensorData::new(pull, shape);
        scalar = scalar + (features * Tensor::<2>::from_data(seed, &device)).sum();
    }
    let gradients = scalar.backward();
    for (tensor, own) in engine.tensors.iter().zip(parameters) {
        let gradient = match tensor {
            AnyRank::One(t) => t.grad(&gradients).map(|g| values(g, name)),
            AnyRank::Two(t) => t.grad(&gradients).map(|g| values(g, name)),
            AnyRank::Three(t) => t.grad(&gradients).map(|g| values(g, name)),
            AnyRank::Four(t) => t.grad(&gradients).map(|g| values(g, name)),
        };
        result.gradients.push(match gradient {
            Some(values) => values?,
            None => vec![0.0; own.len()],
        });
    }
    Ok(result)
}
