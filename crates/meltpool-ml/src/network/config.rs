//! What a network is made of; every choice that a paper may leave open is a named field.

use crate::error::{Error, Result, require};

/// What becomes of the maps after the last convolutional block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum ImageHead {
    /// All values in the order channel, row, column: 2 million weights for two blocks on 128 x 128 pixels.
    Flatten,
    /// Means over a grid of this many by this many cells a channel; 1 is global average pooling.
    Pooled(usize),
}

/// A branch that sees images: blocks of convolution, ReLU and 2 x 2 max pooling, then a dense layer with ReLU.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageBranch {
    /// Channels of the image.
    pub n_channels: usize,
    /// Rows of the image.
    pub n_rows: usize,
    /// Columns of the image.
    pub n_columns: usize,
    /// Filters of each block; their number is the number of blocks.
    pub filters: Vec<usize>,
    /// Side of the kernels, odd; padding keeps the size, the stride is 1.
    pub kernel: usize,
    /// What becomes of the maps.
    pub head: ImageHead,
    /// Units of the dense layer.
    pub n_hidden: usize,
}

impl ImageBranch {
    /// One channel, 32 filters a block, 3 x 3 kernels, flattened, 64 units.
    pub fn new(n_rows: usize, n_columns: usize, n_blocks: usize) -> Self {
        Self {
            n_channels: 1,
            n_rows,
            n_columns,
            filters: vec![32; n_blocks],
            kernel: 3,
            head: ImageHead::Flatten,
            n_hidden: 64,
        }
    }
}

/// A branch that sees the history of signals: a layer of long short-term memory, and a dense layer with ReLU if asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SequenceBranch {
    /// Steps of a window.
    pub n_steps: usize,
    /// Signals a step.
    pub n_inputs: usize,
    /// Units of the recurrent layer.
    pub n_hidden: usize,
    /// Units of the dense layer after it; 0 for none.
    pub n_dense: usize,
    /// Vectors of bias: 1 as in Keras, 2 as in PyTorch and burn. The second changes no function, only counts and training.
    pub n_biases: usize,
}

impl SequenceBranch {
    /// 32 units, 64 dense units, one vector of bias.
    pub fn new(n_steps: usize, n_inputs: usize) -> Self {
        Self {
            n_steps,
            n_inputs,
            n_hidden: 32,
            n_dense: 64,
            n_biases: 1,
        }
    }
}

/// A branch that sees numbers: a dense layer with ReLU.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VectorBranch {
    /// How many numbers.
    pub n_inputs: usize,
    /// Units of the dense layer.
    pub n_hidden: usize,
}

impl VectorBranch {
    /// 32 units.
    pub fn new(n_inputs: usize) -> Self {
        Self {
            n_inputs,
            n_hidden: 32,
        }
    }
}

/// One modality.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Branch {
    /// Images.
    Image(ImageBranch),
    /// Windows of signals.
    Sequence(SequenceBranch),
    /// Plain numbers.
    Vector(VectorBranch),
}

impl Branch {
    /// Shape of one sample.
    pub fn input_shape(&self) -> Vec<usize> {
        match self {
            Self::Image(b) => vec![b.n_channels, b.n_rows, b.n_columns],
            Self::Sequence(b) => vec![b.n_steps, b.n_inputs],
            Self::Vector(b) => vec![b.n_inputs],
        }
    }
}

/// Where several branches meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Fusion {
    /// Features are concatenated before a common dense layer with ReLU; the fusion of the paper, which calls it early.
    Early,
    /// Features of the other branches scale and shift each channel of the image's last maps (feature-wise linear modulation, Perez et
    /// al., AAAI 2018, doi 10.1609/aaai.v32i1.11671, equation 1, with the scale counted from 1); the rest is as for the image alone.
    Intermediate,
    /// Each branch predicts; the prediction is their sum with learned weights a target, at first the mean.
    Late,
    /// Features of each branch, brought to one width, are weighted by $\sigma$ of a dense layer of all features and added.
    Gated,
}

/// How parameters start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Init {
    /// As Keras 3: Glorot uniform kernels, zero biases; recurrent kernels orthogonal, forget gates' bias 1.
    Keras,
    /// As PyTorch: kernels and biases uniform within $1/\sqrt{\text{fan in}}$, recurrent layers within $1/\sqrt{\text{units}}$.
    PyTorch,
    /// As PyTorch with all biases zero.
    ZeroBias,
}

/// A network: branches, their fusion and a linear output.
///
/// # Examples
/// ```
/// use meltpool_ml::NetworkConfig;
///
/// // parameter counts for 128 x 128 pixels and one target
/// assert_eq!(NetworkConfig::cnn(128, 4, 1).n_parameters()?, 159_265);
/// assert_eq!(NetworkConfig::fusion(128, 1).n_parameters()?, 2_113_121);
/// assert_eq!(NetworkConfig::lstm(5, 1, 1).n_parameters()?, 6_529);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NetworkConfig {
    /// The modalities, in the order of the inputs.
    pub branches: Vec<Branch>,
    /// Where they meet; of no effect for one branch.
    pub fusion: Fusion,
    /// Units of the common dense layer of fused networks.
    pub n_hidden: usize,
    /// Number of targets.
    pub n_outputs: usize,
    /// How parameters start.
    pub init: Init,
    /// Share of the features before the last layer that a training step sets to zero; the others are scaled up. Nothing is dropped in
    /// [`Network::predict`](crate::Network::predict).
    #[serde(default)]
    pub dropout: f64,
}

impl NetworkConfig {
    /// A network of these branches with early fusion, 64 common units and Keras' start.
    pub fn new(branches: Vec<Branch>, n_outputs: usize) -> Self {
        Self {
            branches,
            fusion: Fusion::Early,
            n_hidden: 64,
            n_outputs,
            init: Init::Keras,
            dropout: 0.0,
        }
    }

    /// The image model: `n_blocks` blocks of 32 filters on `side` x `side` pixels, 64 dense units, linear output.
    pub fn cnn(side: usize, n_blocks: usize, n_outputs: usize) -> Self {
        let branch = Branch::Image(ImageBranch::new(side, side, n_blocks));
        Self::new(vec![branch], n_outputs)
    }

    /// The fusion model with a scalar: two blocks and 64 units beside one number with 32 units; 64 common units, linear output.
    pub fn fusion(side: usize, n_outputs: usize) -> Self {
        let branches = vec![
            Branch::Image(ImageBranch::new(side, side, 2)),
            Branch::Vector(VectorBranch::new(1)),
        ];
        Self::new(branches, n_outputs)
    }

    /// The fusion model with a history: as [`fusion`](Self::fusion), with an LSTM of 32 units in place of the dense layer.
    pub fn fusion_history(side: usize, n_steps: usize, n_inputs: usize, n_outputs: usize) -> Self {
        let mut sequence = SequenceBranch::new(n_steps, n_inputs);
        sequence.n_dense = 0;
        let branches = vec![
            Branch::Image(ImageBranch::new(side, side, 2)),
            Branch::Sequence(sequence),
        ];
        Self::new(branches, n_outputs)
    }

    /// The signal-only model and student: LSTM of 32 units, 64 dense units, linear output.
    pub fn lstm(n_steps: usize, n_inputs: usize, n_outputs: usize) -> Self {
        let branch = Branch::Sequence(SequenceBranch::new(n_steps, n_inputs));
        Self::new(vec![branch], n_outputs)
    }

    /// The same with another fusion.
    pub fn with_fusion(mut self, fusion: Fusion) -> Self {
        self.fusion = fusion;
        self
    }

    /// The same with another start.
    pub fn with_init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// The same with this share of the features before the last layer dropped while training.
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// The same with the maps of every image branch pooled to a grid instead of flattened.
    pub fn with_pooled_head(mut self, side: usize) -> Self {
        for branch in &mut self.branches {
            if let Branch::Image(image) = branch {
                image.head = ImageHead::Pooled(side);
            }
        }
        self
    }

    /// Number of trainable parameters.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn n_parameters(&self) -> Result<usize> {
        let parts = super::graph::record(self)?;
        Ok(parts
            .iter()
            .map(|p| p.shape.iter().product::<usize>())
            .sum())
    }

    /// Checks all sizes.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a size that is zero or beyond reason, images too small for their blocks, more than one image for
    /// intermediate fusion, and more than 100 million parameters.
    pub fn validate(&self) -> Result<()> {
        const LARGE: usize = 1 << 16;
        let size = |value: usize, name: &'static str| {
            require((1..=LARGE).contains(&value), name, "1 to 65536", value)
        };
        require(
            (1..=32).contains(&self.branches.len()),
            "branches",
            "1 to 32 of them",
            self.branches.len(),
        )?;
        size(self.n_hidden, "n_hidden")?;
        size(self.n_outputs, "n_outputs")?;
        require(
            (0.0..1.0).contains(&self.dropout),
            "dropout",
            "in [0, 1)",
            self.dropout,
        )?;
        let mut n_images = 0;
        for branch in &self.branches {
            match branch {
                Branch::Image(b) => {
                    n_images += 1;
                    size(b.n_channels, "n_channels")?;
                    size(b.n_rows, "n_rows")?;
                    size(b.n_columns, "n_columns")?;
                    size(b.n_hidden, "n_hidden")?;
                    require(
                        (1..=12).contains(&b.filters.len()),
                        "filters",
                        "1 to 12 blocks",
                        b.filters.len(),
                    )?;
                    for filters in &b.filters {
                        size(*filters, "filters")?;
                    }
                    require(
                        b.kernel % 2 == 1 && b.kernel <= 31,
                        "kernel",
                        "odd and at most 31",
                        b.kernel,
                    )?;
                    let rows = b.n_rows >> b.filters.len();
                    let columns = b.n_columns >> b.filters.len();
                    require(
                        rows > 0 && columns > 0,
                        "filters",
                        "few enough that pooling leaves a pixel",
                        b.filters.len(),
                    )?;
                    if let ImageHead::Pooled(side) = b.head {
                        require(
                            side > 0 && rows.is_multiple_of(side) && columns.is_multiple_of(side),
                            "head",
                            "a grid that divides the last maps",
                            format!("{side} for {rows} by {columns}"),
                        )?;
                    }
                }
                Branch::Sequence(b) => {
                    size(b.n_steps, "n_steps")?;
                    size(b.n_inputs, "n_inputs")?;
                    size(b.n_hidden, "n_hidden")?;
                    require(b.n_dense <= LARGE, "n_dense", "at most 65536", b.n_dense)?;
                    require(
                        (1..=2).contains(&b.n_biases),
                        "n_biases",
                        "1 or 2",
                        b.n_biases,
                    )?;
                }
                Branch::Vector(b) => {
                    size(b.n_inputs, "n_inputs")?;
                    size(b.n_hidden, "n_hidden")?;
                }
            }
        }
        if self.fusion == Fusion::Intermediate && self.branches.len() > 1 {
            require(
                n_images == 1,
                "fusion",
                "intermediate only with exactly one image",
                format!("{n_images} images"),
            )?;
        }
        self.check_count()
    }

    fn check_count(&self) -> Result<()> {
        let weights = super::graph::trace(self)
            .iter()
            .try_fold(0_usize, |sum, p| {
                p.shape
                    .iter()
                    .try_fold(1_usize, |n, side| n.checked_mul(*side))
                    .and_then(|n| sum.checked_add(n))
            })
            .unwrap_or(usize::MAX);
        if weights > 100_000_000 {
            return Err(Error::InvalidParameter {
                name: "branches",
                requirement: "of at most 100 million parameters",
                found: weights.to_string(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_layers() -> Result<()> {
        let mut two = NetworkConfig::lstm(5, 1, 1);
        if let Branch::Sequence(branch) = &mut two.branches[0] {
            branch.n_biases = 2;
        }
        assert_eq!(two.n_parameters()?, 6_657);
        // 4 blocks and 2 x 2 x 32 pooled values
        let small = NetworkConfig::cnn(128, 4, 1).with_pooled_head(1);
        assert_eq!(small.n_parameters()?, 320 + 3 * 9_248 + 32 * 64 + 64 + 65);
        let history = NetworkConfig::fusion_history(128, 5, 1, 1);
        let lstm = 4 * 32 * (1 + 32 + 1);
        assert_eq!(
            history.n_parameters()?,
            320 + 9_248 + 32_768 * 64 + 64 + lstm + 96 * 64 + 64 + 65
        );
        Ok(())
    }

    #[test]
    fn impossible_sizes_are_named() {
        let reject = |config: NetworkConfig| config.validate().is_err();
        assert!(reject(NetworkConfig::cnn(8, 4, 1)));
        assert!(reject(NetworkConfig::cnn(64, 0, 1)));
        assert!(reject(NetworkConfig::cnn(64, 2, 0)));
        assert!(reject(NetworkConfig::lstm(0, 1, 1)));
        assert!(reject(NetworkConfig::lstm(1, 1, 1).with_dropout(1.0)));
        assert!(reject(NetworkConfig::lstm(1, 1, 1).with_dropout(f64::NAN)));
        assert!(reject(NetworkConfig::new(vec![], 1)));
        assert!(reject(NetworkConfig::cnn(64, 2, 1).with_pooled_head(5)));
        assert!(reject(NetworkConfig::cnn(65_536, 1, 65_536)));
        let blind = NetworkConfig::new(
            vec![
                Branch::Vector(VectorBranch::new(1)),
                Branch::Vector(VectorBranch::new(2)),
            ],
            1,
        );
        assert!(reject(blind.with_fusion(Fusion::Intermediate)));
    }
}
