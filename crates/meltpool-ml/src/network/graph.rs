//! The one description of what a network computes, run by different engines.

use super::config::{Branch, Fusion, ImageHead, NetworkConfig};
use super::convolution::Block;
use crate::error::Result;

/// What a parameter is for, which decides how it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Kernel of a dense layer or a convolution.
    Kernel { fan_in: usize, fan_out: usize },
    /// Bias of a layer.
    Bias { fan_in: usize },
    /// Kernel of the inputs of a recurrent layer.
    Input { n_inputs: usize, n_hidden: usize },
    /// Kernel of the states of a recurrent layer.
    Recurrent { n_hidden: usize },
    /// Bias of a recurrent layer, the first or the second.
    GateBias { n_hidden: usize, first: bool },
    /// A weight of late fusion.
    Share { n_branches: usize },
}

/// Name, shape and purpose of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) role: Role,
}

/// The operations of which networks are made. The first axis is the sample.
pub(crate) trait Engine {
    type T: Clone;
    /// The next parameter, in the order in which networks ask.
    fn parameter(&mut self, name: String, shape: &[usize], role: Role) -> Self::T;
    fn conv_block(&mut self, x: &Self::T, w: &Self::T, b: &Self::T, block: Block) -> Self::T;
    /// Means over `side` x `side` cells of each channel, flattened. `dim` is channels, rows, columns.
    fn pool_cells(&mut self, x: &Self::T, dim: [usize; 3], side: usize) -> Self::T;
    fn flatten(&mut self, x: &Self::T, n: usize) -> Self::T;
    fn dense(&mut self, x: &Self::T, w: &Self::T, b: &Self::T) -> Self::T;
    fn relu(&mut self, x: &Self::T) -> Self::T;
    fn sigmoid(&mut self, x: &Self::T) -> Self::T;
    /// The last hidden state.
    fn lstm(&mut self, x: &Self::T, w: &Self::T, r: &Self::T, b: &Self::T) -> Self::T;
    fn concatenate(&mut self, parts: &[Self::T]) -> Self::T;
    /// While training, some of `n` features set to zero and the others scaled up; else the same.
    fn dropout(&mut self, x: &Self::T, n: usize) -> Self::T;
    fn add(&mut self, a: &Self::T, b: &Self::T) -> Self::T;
    fn multiply(&mut self, a: &Self::T, b: &Self::T) -> Self::T;
    /// Each column times its own number.
    fn scale_columns(&mut self, x: &Self::T, scale: &Self::T) -> Self::T;
    /// $(1 + s)x + t$ with one s and one t for each sample and channel. `dim` is channels, rows, columns.
    fn modulate(&mut self, x: &Self::T, s: &Self::T, t: &Self::T, dim: [usize; 3]) -> Self::T;
}

/// What a network gives: predictions, and the features before its last layer.
pub(crate) struct Outputs<T> {
    pub(crate) prediction: T,
    pub(crate) features: T,
}

struct Builder<'a, E: Engine> {
    engine: &'a mut E,
}

impl<E: Engine> Builder<'_, E> {
    fn dense(&mut self, name: &str, x: &E::T, n_in: usize, n_out: usize) -> E::T {
        let kernel = Role::Kernel {
            fan_in: n_in,
            fan_out: n_out,
        };
        let w = self
            .engine
            .parameter(format!("{name}.weight"), &[n_in, n_out], kernel);
        let bias = Role::Bias { fan_in: n_in };
        let b = self
            .engine
            .parameter(format!("{name}.bias"), &[n_out], bias);
        self.engine.dense(x, &w, &b)
    }

    /// The linear layer at the end, behind dropout.
    fn output(&mut self, name: &str, features: &E::T, n_in: usize, n_out: usize) -> E::T {
        let kept = self.engine.dropout(features, n_in);
        self.dense(name, &kept, n_in, n_out)
    }

    fn dense_relu(&mut self, name: &str, x: &E::T, n_in: usize, n_out: usize) -> E::T {
        let sums = self.dense(name, x, n_in, n_out);
        self.engine.relu(&sums)
    }

    /// Maps of the image's blocks and their sizes.
    fn maps(&mut self, name: &str, branch: &super::ImageBranch, x: &E::T) -> (E::T, [usize; 3]) {
        let mut maps = x.clone();
        let mut dim = [branch.n_channels, branch.n_rows, branch.n_columns];
        let k = branch.kernel;
        for (number, filters) in branch.filters.iter().enumerate() {
            let area = k * k;
            let kernel = Role::Kernel {
                fan_in: dim[0] * area,
                fan_out: filters * area,
            };
            let shape = [*filters, dim[0], k, k];
            let w = self
                .engine
                .parameter(format!("{name}.conv{number}.weight"), &shape, kernel);
            let bias = Role::Bias {
                fan_in: dim[0] * area,
            };
            let b = self
                .engine
                .parameter(format!("{name}.conv{number}.bias"), &[*filters], bias);
            let block = Block {
                n_channels: dim[0],
                n_rows: dim[1],
                n_columns: dim[2],
                n_filters: *filters,
                kernel: k,
            };
            maps = self.engine.conv_block(&maps, &w, &b, block);
            dim = [*filters, dim[1] / 2, dim[2] / 2];
        }
        (maps, dim)
    }

    fn image_features(
        &mut self,
        name: &str,
        branch: &super::ImageBranch,
        maps: &E::T,
        dim: [usize; 3],
    ) -> E::T {
        let (flat, n) = match branch.head {
            ImageHead::Flatten => {
                let n = dim.iter().product();
                (self.engine.flatten(maps, n), n)
            }
            ImageHead::Pooled(side) => (
                self.engine.pool_cells(maps, dim, side),
                dim[0] * side * side,
            ),
        };
        self.dense_relu(&format!("{name}.dense"), &flat, n, branch.n_hidden)
    }

    /// Features of a branch and their number.
    fn features(&mut self, number: usize, branch: &Branch, x: &E::T) -> (E::T, usize) {
        let name = format!("branch{number}");
        match branch {
            Branch::Image(b) => {
                let (maps, dim) = self.maps(&name, b, x);
                (self.image_features(&name, b, &maps, dim), b.n_hidden)
            }
            Branch::Sequence(b) => {
                let (i, h) = (b.n_inputs, b.n_hidden);
                let input = Role::Input {
                    n_inputs: i,
                    n_hidden: h,
                };
                let w = self
                    .engine
                    .parameter(format!("{name}.lstm.input"), &[i, 4 * h], input);
                let recurrent = Role::Recurrent { n_hidden: h };
                let r =
                    self.engine
                        .parameter(format!("{name}.lstm.recurrent"), &[h, 4 * h], recurrent);
                let bias = |first| Role::GateBias { n_hidden: h, first };
                let mut sum =
                    self.engine
                        .parameter(format!("{name}.lstm.bias"), &[4 * h], bias(true));
                if b.n_biases == 2 {
                    let second = format!("{name}.lstm.bias2");
                    let second = self.engine.parameter(second, &[4 * h], bias(false));
                    sum = self.engine.add(&sum, &second);
                }
                let last = self.engine.lstm(x, &w, &r, &sum);
                if b.n_dense == 0 {
                    (last, h)
                } else {
                    (
                        self.dense_relu(&format!("{name}.dense"), &last, h, b.n_dense),
                        b.n_dense,
                    )
                }
            }
            Branch::Vector(b) => (
                self.dense_relu(&format!("{name}.dense"), x, b.n_inputs, b.n_hidden),
                b.n_hidden,
            ),
        }
    }
}

/// Runs the network.
#[expect(clippy::too_many_lines, reason = "one arm a fusion")]
pub(crate) fn forward<E: Engine>(
    config: &NetworkConfig,
    engine: &mut E,
    inputs: &[E::T],
) -> Outputs<E::T> {
    let mut net = Builder { engine };
    let n_out = config.n_outputs;
    let pairs = || config.branches.iter().zip(inputs).enumerate();
    if config.branches.len() == 1 {
        let (features, n) = net.features(0, &config.branches[0], &inputs[0]);
        let prediction = net.output("output", &features, n, n_out);
        return Outputs {
            prediction,
            features,
        };
    }
    match config.fusion {
        Fusion::Early => {
            let parts: Vec<_> = pairs().map(|(k, (b, x))| net.features(k, b, x)).collect();
            let n = parts.iter().map(|(_, n)| n).sum();
            let parts: Vec<_> = parts.into_iter().map(|(x, _)| x).collect();
            let all = net.engine.concatenate(&parts);
            let features = net.dense_relu("fused", &all, n, config.n_hidden);
            let prediction = net.output("output", &features, config.n_hidden, n_out);
            Outputs {
                prediction,
                features,
            }
        }
        Fusion::Intermediate => {
            let (mut image, mut others, mut n) = (None, Vec::new(), 0);
            for (k, (branch, x)) in pairs() {
                if let Branch::Image(b) = branch {
                    let name = format!("branch{k}");
                    let (maps, dim) = net.maps(&name, b, x);
                    image = Some((name, b, maps, dim));
                } else {
                    let (part, m) = net.features(k, branch, x);
                    others.push(part);
                    n += m;
                }
            }
            let Some((name, branch, maps, dim)) = image else {
                unreachable!("validation asks for one image")
            };
            let other = net.engine.concatenate(&others);
            let scale = net.dense("modulate.scale", &other, n, dim[0]);
            let shift = net.dense("modulate.shift", &other, n, dim[0]);
            let maps = net.engine.modulate(&maps, &scale, &shift, dim);
            let features = net.image_features(&name, branch, &maps, dim);
            let prediction = net.output("output", &features, branch.n_hidden, n_out);
            Outputs {
                prediction,
                features,
            }
        }
        Fusion::Late => {
            let n_branches = config.branches.len();
            let (mut sum, mut all): (Option<E::T>, Vec<E::T>) = (None, Vec::new());
            for (k, (branch, x)) in pairs() {
                let (features, n) = net.features(k, branch, x);
                let own = net.output(&format!("branch{k}.output"), &features, n, n_out);
                let role = Role::Share { n_branches };
                let share = net
                    .engine
                    .parameter(format!("branch{k}.share"), &[n_out], role);
                let part = net.engine.scale_columns(&own, &share);
                sum = Some(match sum {
                    None => part,
                    Some(before) => net.engine.add(&before, &part),
                });
                all.push(features);
            }
            let Some(prediction) = sum else {
                unreachable!("validation asks for a branch")
            };
            let features = net.engine.concatenate(&all);
            Outputs {
                prediction,
                features,
            }
        }
        Fusion::Gated => {
            let parts: Vec<_> = pairs().map(|(k, (b, x))| net.features(k, b, x)).collect();
            let n_all = parts.iter().map(|(_, n)| n).sum();
            let width = config.n_hidden;
            let all: Vec<_> = parts.iter().map(|(x, _)| x.clone()).collect();
            let all = net.engine.concatenate(&all);
            let mut sum: Option<E::T> = None;
            for (k, (part, n)) in parts.iter().enumerate() {
                let wide = net.dense_relu(&format!("branch{k}.width"), part, *n, width);
                let gate = net.dense(&format!("branch{k}.gate"), &all, n_all, width);
                let gate = net.engine.sigmoid(&gate);
                let kept = net.engine.multiply(&gate, &wide);
                sum = Some(match sum {
                    None => kept,
                    Some(before) => net.engine.add(&before, &kept),
                });
            }
            let Some(features) = sum else {
                unreachable!("validation asks for a branch")
            };
            let prediction = net.output("output", &features, width, n_out);
            Outputs {
                prediction,
                features,
            }
        }
    }
}

/// Writes down what a network asks for.
#[derive(Default)]
struct Recorder {
    parts: Vec<Part>,
}

impl Engine for Recorder {
    type T = ();
    fn parameter(&mut self, name: String, shape: &[usize], role: Role) {
        self.parts.push(Part {
            name,
            shape: shape.to_vec(),
            role,
        });
    }
    fn conv_block(&mut self, (): &(), (): &(), (): &(), _: Block) {}
    fn pool_cells(&mut self, (): &(), _: [usize; 3], _: usize) {}
    fn flatten(&mut self, (): &(), _: usize) {}
    fn dense(&mut self, (): &(), (): &(), (): &()) {}
    fn relu(&mut self, (): &()) {}
    fn sigmoid(&mut self, (): &()) {}
    fn lstm(&mut self, (): &(), (): &(), (): &(), (): &()) {}
    fn concatenate(&mut self, _: &[()]) {}
    fn dropout(&mut self, (): &(), _: usize) {}
    fn add(&mut self, (): &(), (): &()) {}
    fn multiply(&mut self, (): &(), (): &()) {}
    fn scale_columns(&mut self, (): &(), (): &()) {}
    fn modulate(&mut self, (): &(), (): &(), (): &(), _: [usize; 3]) {}
}

/// The parameters of sizes that were not checked.
pub(crate) fn trace(config: &NetworkConfig) -> Vec<Part> {
    let mut recorder = Recorder::default();
    forward(config, &mut recorder, &vec![(); config.branches.len()]);
    recorder.parts
}

/// The parameters of a network, in the order of its layers.
pub(crate) fn record(config: &NetworkConfig) -> Result<Vec<Part>> {
    config.validate()?;
    Ok(trace(config))
}
