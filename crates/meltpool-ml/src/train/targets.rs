//! What a network is to learn: labels, a teacher's soft labels, hints, and which loss measures the distance.

use ndarray::Array2;

use crate::error::{Error, Result, require, same_length};
use crate::network::{NetworkConfig, Pull};
use crate::random::{Purpose, Random};

/// What is minimized.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum LossKind {
    /// Mean of $(\hat y - y)^2$ over samples and targets.
    MeanSquare,
    /// Mean of $\frac12(s + (\hat y - y)^2 e^{-s})$, the negative logarithm of a normal density with $s = \ln\sigma^2$; the network
    /// gives first all $\hat y$, then all $s$ (Nix and Weigend, ICNN 1994, doi 10.1109/ICNN.1994.374138, equation 6).
    Gaussian,
    /// Mean pinball loss $\max(q d, (q-1)d)$ with $d = y - \hat y$; the network gives all targets for the first level, then for the
    /// second, and so on (Koenker and Bassett, Econometrica 46, 33 (1978), doi 10.2307/1913643).
    Quantile(Vec<f64>),
}

impl LossKind {
    /// Numbers that the network gives for each target.
    pub fn n_outputs_per_target(&self) -> usize {
        match self {
            Self::MeanSquare => 1,
            Self::Gaussian => 2,
            Self::Quantile(levels) => levels.len(),
        }
    }
}

/// The share $\lambda$ of labels in the loss, over the epochs: 1 is no teacher, 0 the teacher only.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum LambdaSchedule {
    /// The same throughout.
    Constant(f64),
    /// From the first number to the second along a line.
    Linear(f64, f64),
}

impl LambdaSchedule {
    /// The share in an epoch.
    pub fn at(self, epoch: usize, n_epochs: usize) -> f64 {
        match self {
            Self::Constant(lambda) => lambda,
            Self::Linear(from, to) => {
                from + (to - from) * epoch as f64 / n_epochs.saturating_sub(1).max(1) as f64
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Teacher {
    soft: Array2<f32>,
    lambda: LambdaSchedule,
}

#[derive(Debug, Clone, PartialEq)]
struct Hint {
    features: Array2<f32>,
    weight: f64,
}

/// Labels of samples, and what a teacher adds to them (Hinton et al., arXiv 1503.02531, for regression without a temperature).
///
/// $L = \lambda\,\mathrm{MSE}(\hat y, y) + (1-\lambda)\,\mathrm{MSE}(\hat y, y_{teacher}) + w\,\overline{(Ah_s - h_t)^2}$ with the features $h$ of
/// student and teacher before their last layers and a learned matrix $A$ (Romero et al., arXiv 1412.6550, equation 3). Standardize targets first.
/// Samples without a label keep the teacher's terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    labels: Array2<f32>,
    is_labeled: Option<Vec<bool>>,
    teacher: Option<Teacher>,
    hint: Option<Hint>,
}

impl Targets {
    /// Labels only, one row a sample.
    pub fn new(labels: Array2<f32>) -> Self {
        Self {
            labels,
            is_labeled: None,
            teacher: None,
            hint: None,
        }
    }

    /// Adds the soft labels of a teacher.
    pub fn with_teacher(mut self, soft: Array2<f32>, lambda: LambdaSchedule) -> Self {
        self.teacher = Some(Teacher { soft, lambda });
        self
    }

    /// Adds the mean soft labels of several teachers.
    ///
    /// # Errors
    /// [`Error::TooFewSamples`] for no teacher, [`Error::ShapeMismatch`] if they differ in shape.
    pub fn with_teachers(self, soft: &[Array2<f32>], lambda: LambdaSchedule) -> Result<Self> {
        let Some(first) = soft.first() else {
            return Err(Error::TooFewSamples {
                purpose: "the mean of teachers",
                needed: 1,
                found: 0,
            });
        };
        let mut sum = Array2::<f32>::zeros(first.dim());
        for other in soft {
            if other.dim() != first.dim() {
                return Err(Error::ShapeMismatch {
                    what: "a teacher".into(),
                    expected: first.shape().to_vec(),
                    found: other.shape().to_vec(),
                });
            }
            sum += other;
        }
        Ok(self.with_teacher(sum / soft.len() as f32, lambda))
    }

    /// Adds the features of a teacher as a hint of this weight.
    pub fn with_hint(mut self, features: Array2<f32>, weight: f64) -> Self {
        self.hint = Some(Hint { features, weight });
        self
    }

    /// Says which samples have a label.
    pub fn with_labeled(mut self, is_labeled: Vec<bool>) -> Self {
        self.is_labeled = Some(is_labeled);
        self
    }

    fn has_label(&self, row: usize) -> bool {
        self.is_labeled.as_ref().is_none_or(|labeled| labeled[row])
    }

    pub(super) fn check(&self, config: &NetworkConfig, n: usize, loss: &LossKind) -> Result<()> {
        let shape = |what: &str, found: &Array2<f32>, columns: usize| {
            if found.dim() == (n, columns) {
                Ok(())
            } else {
                Err(Error::ShapeMismatch {
                    what: what.into(),
                    expected: vec![n, columns],
                    found: found.shape().to_vec(),
                })
            }
        };
        if let LossKind::Quantile(levels) = loss {
            require(!levels.is_empty(), "levels", "at least one", 0)?;
            for level in levels {
                require(
                    *level > 0.0 && *level < 1.0,
                    "levels",
                    "between 0 and 1",
                    level,
                )?;
            }
        }
        let per_target = loss.n_outputs_per_target();
        require(
            config.n_outputs == per_target * self.labels.ncols(),
            "n_outputs",
            "the targets times the outputs a target of the loss",
            config.n_outputs,
        )?;
        shape("the targets", &self.labels, config.n_outputs / per_target)?;
        if let Some(labeled) = &self.is_labeled {
            same_length("the marks of labels", n, labeled.len())?;
            require(
                self.teacher.is_some() || self.hint.is_some() || labeled.contains(&true),
                "is_labeled",
                "true for a sample, or with a teacher",
                "none",
            )?;
        }
        let finite = |what: &'static str, values: &Array2<f32>, all: bool| {
            for (sample, row) in values.rows().into_iter().enumerate() {
                let bad = row.iter().position(|v| !v.is_finite());
                if let Some(position) = bad.filter(|_| all || self.has_label(sample)) {
                    return Err(Error::NonFinite {
                        what,
                        sample,
                        position,
                        found: f64::from(row[position]),
                    });
                }
            }
            Ok(())
        };
        finite("the targets", &self.labels, false)?;
        if let Some(teacher) = &self.teacher {
            require(
                *loss == LossKind::MeanSquare,
                "loss",
                "mean square with a teacher",
                format!("{loss:?}"),
            )?;
            shape("the soft labels", &teacher.soft, config.n_outputs)?;
            finite("the soft labels", &teacher.soft, true)?;
            for lambda in [teacher.lambda.at(0, 2), teacher.lambda.at(1, 2)] {
                require((0.0..=1.0).contains(&lambda), "lambda", "in [0, 1]", lambda)?;
            }
        }
        if let Some(hint) = &self.hint {
            shape("the hints", &hint.features, hint.features.ncols())?;
            finite("the hints", &hint.features, true)?;
            require(
                hint.weight >= 0.0 && hint.weight.is_finite(),
                "weight",
                "not negative and finite",
                hint.weight,
            )?;
        }
        Ok(())
    }

    /// The matrix of the hint, rows of the student's features.
    pub(super) fn extra_start(&self, config: &NetworkConfig, seed: u64) -> Result<Vec<Vec<f32>>> {
        let Some(hint) = &self.hint else {
            return Ok(Vec::new());
        };
        let parameters = crate::network::Parameters::new(config, seed)?;
        // the last layer's kernel has one row a feature
        let n_features = parameters
            .get("output.weight")
            .map_or(0, |(shape, _)| shape[0]);
        require(
            n_features > 0,
            "fusion",
            "one with a common last layer for hints",
            "late",
        )?;
        let n_hints = hint.features.ncols();
        let limit = 1.0 / (n_features as f64).sqrt();
        let mut rng = Random::new(seed, Purpose::Initial, u64::MAX);
        let draw = (0..n_features * n_hints).map(|_| (limit * (2.0 * rng.uniform() - 1.0)) as f32);
        Ok(vec![draw.collect()])
    }

    /// Loss and gradients of a batch; the second result are the gradients of the extra arrays.
    #[expect(
        clippy::too_many_arguments,
        reason = "the batch, its place in the run and what the network gave"
    )]
    pub(super) fn pull(
        &self,
        kind: &LossKind,
        rows: &[usize],
        epoch: usize,
        n_epochs: usize,
        predictions: &[f32],
        features: &[f32],
        extra: &[Vec<f32>],
    ) -> (Pull, Vec<Vec<f32>>) {
        let n_outputs = predictions.len() / rows.len();
        let n_targets = self.labels.ncols();
        let scale = 1.0 / (rows.len() * n_targets) as f64;
        let mut loss = 0.0;
        let mut gradient = vec![0.0_f32; predictions.len()];
        let lambda = self
            .teacher
            .as_ref()
            .map_or(1.0, |t| t.lambda.at(epoch, n_epochs));
        for (place, row) in rows.iter().enumerate() {
            let own = &predictions[place * n_outputs..(place + 1) * n_outputs];
            let pull = &mut gradient[place * n_outputs..(place + 1) * n_outputs];
            for k in 0..n_targets {
                let label = f64::from(self.labels[[*row, k]]);
                let has_label = self.has_label(*row);
                match kind {
                    LossKind::MeanSquare => {
                        let prediction = f64::from(own[k]);
                        let (mut value, mut slope) = (0.0, 0.0);
                        if has_label {
                            let d = prediction - label;
                            value += lambda * d * d;
                            slope += 2.0 * lambda * d;
                        }
                        if let Some(teacher) = &self.teacher {
                            let d = prediction - f64::from(teacher.soft[[*row, k]]);
                            value += (1.0 - lambda) * d * d;
                            slope += 2.0 * (1.0 - lambda) * d;
                        }
                        loss += scale * value;
                        pull[k] = (scale * slope) as f32;
                    }
                    LossKind::Gaussian if has_label => {
                        let d = f64::from(own[k]) - label;
                        let log = f64::from(own[n_targets + k]);
                        let precision = libm::exp(-log);
                        loss += scale * 0.5 * (log + d * d * precision);
                        pull[k] = (scale * d * precision) as f32;
                        pull[n_targets + k] = (scale * 0.5 * (1.0 - d * d * precision)) as f32;
                    }
                    LossKind::Quantile(levels) if has_label => {
                        for (q, level) in levels.iter().enumerate() {
                            let d = label - f64::from(own[q * n_targets + k]);
                            let slope = if d >= 0.0 { *level } else { level - 1.0 };
                            loss += scale * slope * d;
                            pull[q * n_targets + k] = (-scale * slope) as f32;
                        }
                    }
                    LossKind::Gaussian | LossKind::Quantile(_) => {}
                }
            }
        }
        let mut result = Pull {
            loss,
            predictions: gradient,
            features: None,
        };
        let (Some(hint), Some(matrix)) = (&self.hint, extra.first()) else {
            return (result, Vec::new());
        };
        let n_hints = hint.features.ncols();
        let n_features = features.len() / rows.len();
        let scale = hint.weight / (rows.len() * n_hints) as f64;
        let mut pulled_matrix = vec![0.0_f32; matrix.len()];
        let mut pulled = vec![0.0_f32; features.len()];
        for (place, row) in rows.iter().enumerate() {
            let own = &features[place * n_features..(place + 1) * n_features];
            for j in 0..n_hints {
                let mapped: f64 = (0..n_features)
                    .map(|i| f64::from(own[i]) * f64::from(matrix[i * n_hints + j]))
                    .sum();
                let d = mapped - f64::from(hint.features[[*row, j]]);
                result.loss += scale * d * d;
                let slope = (2.0 * scale * d) as f32;
                for i in 0..n_features {
                    pulled_matrix[i * n_hints + j] += slope * own[i];
                    pulled[place * n_features + i] += slope * matrix[i * n_hints + j];
                }
            }
        }
        result.features = Some(pulled);
        (result, vec![pulled_matrix])
    }
}
