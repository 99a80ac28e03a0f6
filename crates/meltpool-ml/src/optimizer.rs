//! Adam and AdamW on plain arrays, and schedules of the learning rate.

use crate::error::{Result, require};
use crate::kernel::{Job, dispatch};

/// Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1), and with decay AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2).
///
/// $m \leftarrow \beta_1 m + (1-\beta_1)g$, $v \leftarrow \beta_2 v + (1-\beta_2)g^2$,
/// $\theta \leftarrow \theta - \eta\,\hat m/(\sqrt{\hat v} + \varepsilon) - \eta w\theta$ with $\hat m = m/(1-\beta_1^t)$,
/// $\hat v = v/(1-\beta_2^t)$.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self::new()
    }
}

impl Adam {
    /// $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\varepsilon = 10^{-7}$ as in Keras, no decay.
    pub fn new() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.0,
        }
    }

    /// $\beta_1$ in [0, 1).
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// $\beta_2$ in [0, 1).
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// $\varepsilon$: 1e-7 in Keras, 1e-8 in PyTorch, 1e-5 in burn.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Decoupled decay $w$ of all parameters; more than 0 makes it AdamW.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter).
    pub fn validate(&self) -> Result<()> {
        let unit = |v: f64| (0.0..1.0).contains(&v);
        require(unit(self.beta1), "beta1", "in [0, 1)", self.beta1)?;
        require(unit(self.beta2), "beta2", "in [0, 1)", self.beta2)?;
        require(
            self.epsilon > 0.0 && self.epsilon.is_finite(),
            "epsilon",
            "positive and finite",
            self.epsilon,
        )?;
        require(
            self.weight_decay >= 0.0 && self.weight_decay.is_finite(),
            "weight_decay",
            "not negative and finite",
            self.weight_decay,
        )
    }

    /// One step of all arrays, in one pass over memory.
    pub(crate) fn step(
        &self,
        rate: f64,
        weights: &mut [Vec<f32>],
        gradients: &[Vec<f32>],
        state: &mut AdamState,
    ) {
        state.step += 1;
        let power = |beta: f64| 1.0 - libm::pow(beta, state.step as f64);
        let (b1, b2) = (self.beta1 as f32, self.beta2 as f32);
        let (c1, c2) = ((1.0 - self.beta1) as f32, (1.0 - self.beta2) as f32);
        let rate_hat = (rate / power(self.beta1)) as f32;
        let root = (1.0 / power(self.beta2)) as f32;
        let epsilon = self.epsilon as f32;
        let keep = (1.0 - rate * self.weight_decay) as f32;
        let moments = state.first.iter_mut().zip(&mut state.second);
        for ((weights, gradients), (first, second)) in
            weights.iter_mut().zip(gradients).zip(moments)
        {
            dispatch(Move {
                weights,
                gradients,
                first,
                second,
                numbers: [b1, b2, c1, c2, rate_hat, root, epsilon, keep],
            });
        }
    }
}

/// One step of one array.
struct Move<'a> {
    weights: &'a mut [f32],
    gradients: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    numbers: [f32; 8],
}

impl Job for Move<'_> {
    #[inline(always)]
    fn run(self) {
        let [b1, b2, c1, c2, rate, root, epsilon, keep] = self.numbers;
        let pairs = self.weights.iter_mut().zip(self.gradients);
        for ((w, g), (m, v)) in pairs.zip(self.first.iter_mut().zip(self.second)) {
            *m = b1 * *m + c1 * *g;
            *v = b2 * *v + c2 * (*g * *g);
            *w = keep * *w - rate * *m / ((*v * root).sqrt() + epsilon);
        }
    }
}

/// Moments of all parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AdamState {
    pub(crate) step: u64,
    pub(crate) first: Vec<Vec<f32>>,
    pub(crate) second: Vec<Vec<f32>>,
}

impl AdamState {
    pub(crate) fn new(weights: &[Vec<f32>]) -> Self {
        let zeros: Vec<Vec<f32>> = weights.iter().map(|w| vec![0.0; w.len()]).collect();
        Self {
            step: 0,
            first: zeros.clone(),
            second: zeros,
        }
    }
}

/// The learning rate over the steps of a run.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Schedule {
    /// The same throughout.
    Constant,
    /// $\frac12(1+\cos\pi s/S)$ of the rate at step s of S: down to 0.
    Cosine,
    /// Up from 0 in this share of the steps, then as cosine.
    WarmUpCosine(f64),
    /// Down to 0 along a line.
    Linear,
}

impl Schedule {
    /// Share of the rate at a step.
    pub(crate) fn factor(self, step: usize, n_steps: usize) -> f64 {
        let place = step as f64 / n_steps.max(1) as f64;
        let cosine = |place: f64| 0.5 * (1.0 + libm::cos(std::f64::consts::PI * place));
        match self {
            Self::Constant => 1.0,
            Self::Cosine => cosine(place),
            Self::WarmUpCosine(share) if place < share => place / share,
            Self::WarmUpCosine(share) => cosine((place - share) / (1.0 - share)),
            Self::Linear => 1.0 - place,
        }
    }

    pub(crate) fn validate(self) -> Result<()> {
        if let Self::WarmUpCosine(share) = self {
            require(
                (0.0..1.0).contains(&share),
                "schedule",
                "a warm-up in [0, 1)",
                share,
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_has_the_size_of_the_rate() {
        let mut weights = vec![vec![1.0, -1.0]];
        let mut state = AdamState::new(&weights);
        Adam::new().step(0.1, &mut weights, &[vec![5.0, -0.3]], &mut state);
        approx::assert_relative_eq!(weights[0][0], 0.9, epsilon = 1e-6);
        approx::assert_relative_eq!(weights[0][1], -0.9, epsilon = 1e-6);
    }

    #[test]
    fn decay_is_decoupled_from_the_gradient() {
        let mut weights = vec![vec![2.0]];
        let mut state = AdamState::new(&weights);
        Adam::new()
            .weight_decay(0.5)
            .step(0.1, &mut weights, &[vec![0.0]], &mut state);
        approx::assert_relative_eq!(weights[0][0], 2.0 * 0.95, epsilon = 1e-6);
    }

    #[test]
    fn schedules_start_and_end_as_they_say() {
        for schedule in [Schedule::Cosine, Schedule::Linear] {
            assert_eq!(schedule.factor(0, 100), 1.0);
            assert!(schedule.factor(100, 100).abs() < 1e-15);
        }
        let warm = Schedule::WarmUpCosine(0.1);
        assert_eq!((warm.factor(0, 100), warm.factor(10, 100)), (0.0, 1.0));
        assert!(Schedule::WarmUpCosine(1.0).validate().is_err());
        assert!(Adam::new().beta1(1.0).validate().is_err());
        assert!(Adam::new().epsilon(0.0).validate().is_err());
    }
}
