//! A recurrent student that keeps up with the camera: one step a sample, no allocation, no framework.

use crate::conformal::SplitConformal;
use crate::error::{Error, Result, require, same_length};
use crate::kernel::{Job, dispatch};
use crate::network::{Branch, Network, exponential};
use crate::scaler::Scaler;

/// A signal-only network of one recurrent layer, unrolled over single samples, in `f32`.
///
/// [`push`](Self::push) moves the state on by one sample and predicts from it: the history is as long as the stream.
/// [`predict_window`](Self::predict_window) starts anew at the first of the last T samples, as the network was trained, and so gives
/// the numbers of [`Network::predict`] for windows. After construction nothing is allocated.
///
/// # Performance
/// A step of 32 units with one input and the layers after it is 6300 multiply-adds.
///
/// # Examples
/// ```
/// use meltpool_ml::{Network, NetworkConfig, StreamingStudent};
///
/// let network = Network::new(NetworkConfig::lstm(5, 1, 2), 0)?;
/// let mut student = StreamingStudent::new(&network)?;
/// let mut depth = [0.0; 2];
/// for sample in [0.1, 0.4, 0.3] {
///     student.push(&[sample], &mut depth)?;
/// }
/// // before five samples have come, the baseline 0 stands for those before the first
/// student.predict_window(&mut depth)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StreamingStudent {
    n_inputs: usize,
    n_hidden: usize,
    n_dense: usize,
    n_outputs: usize,
    /// Input rows, then recurrent rows, each over all gates.
    input: Vec<f32>,
    recurrent: Vec<f32>,
    bias: Vec<f32>,
    dense: Vec<f32>,
    dense_bias: Vec<f32>,
    output: Vec<f32>,
    output_bias: Vec<f32>,
    scale_in: Vec<[f32; 2]>,
    scale_out: Vec<[f32; 2]>,
    half_widths: Vec<f32>,
    live: State,
    fresh: State,
    ring: Vec<f32>,
    newest: usize,
    n_steps: usize,
    layer: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq)]
struct State {
    hidden: Vec<f32>,
    cell: Vec<f32>,
    gates: Vec<f32>,
}

impl State {
    fn new(n: usize) -> Self {
        Self {
            hidden: vec![0.0; n],
            cell: vec![0.0; n],
            gates: vec![0.0; 4 * n],
        }
    }

    fn reset(&mut self) {
        self.hidden.fill(0.0);
        self.cell.fill(0.0);
    }
}

impl StreamingStudent {
    /// Takes the weights of a network with one recurrent branch and no other.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for another kind of network, [`Error::NonFinite`] for weights that are no numbers.
    pub fn new(network: &Network) -> Result<Self> {
        let config = network.config();
        let [Branch::Sequence(branch)] = config.branches.as_slice() else {
            return Err(Error::InvalidParameter {
                name: "network",
                requirement: "one recurrent branch",
                found: format!("{} branches, or one of another kind", config.branches.len()),
            });
        };
        let get = |name: &str| -> Result<Vec<f32>> {
            let (_, values) =
                network
                    .parameters()
                    .get(name)
                    .ok_or_else(|| Error::InvalidParameter {
                        name: "network",
                        requirement: "all arrays of its configuration",
                        found: name.to_owned(),
                    })?;
            match values.iter().position(|v| !v.is_finite()) {
                Some(position) => Err(Error::NonFinite {
                    what: "the weights",
                    sample: 0,
                    position,
                    found: f64::from(values[position]),
                }),
                None => Ok(values.to_vec()),
            }
        };
        let mut bias = get("branch0.lstm.bias")?;
        if branch.n_biases == 2 {
            for (sum, second) in bias.iter_mut().zip(get("branch0.lstm.bias2")?) {
                *sum += second;
            }
        }
        let (dense, dense_bias) = if branch.n_dense > 0 {
            (get("branch0.dense.weight")?, get("branch0.dense.bias")?)
        } else {
            (Vec::new(), Vec::new())
        };
        let n_hidden = branch.n_hidden;
        // one row an output, so that each is one sum of products
        let weights = get("output.weight")?;
        let (n_out, n_in) = (config.n_outputs, weights.len() / config.n_outputs);
        let output = (0..weights.len())
            .map(|k| weights[(k % n_in) * n_out + k / n_in])
            .collect();
        Ok(Self {
            n_inputs: branch.n_inputs,
            n_hidden,
            n_dense: branch.n_dense,
            n_outputs: config.n_outputs,
            input: get("branch0.lstm.input")?,
            recurrent: get("branch0.lstm.recurrent")?,
            bias,
            dense,
            dense_bias,
            output,
            output_bias: get("output.bias")?,
            scale_in: vec![[0.0, 1.0]; branch.n_inputs],
            scale_out: vec![[0.0, 1.0]; config.n_outputs],
            half_widths: vec![f32::INFINITY; config.n_outputs],
            live: State::new(n_hidden),
            fresh: State::new(n_hidden),
            ring: vec![0.0; branch.n_steps * branch.n_inputs],
            newest: 0,
            n_steps: branch.n_steps,
            layer: vec![0.0; branch.n_dense],
        })
    }

    /// Takes samples and gives predictions in their own units: scalers of the signals (one column a signal) and of the targets.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn with_scalers(mut self, signals: &Scaler, targets: &Scaler) -> Result<Self> {
        same_length(
            "the scaler of the signals",
            self.n_inputs,
            signals.mean().len(),
        )?;
        same_length(
            "the scaler of the targets",
            self.n_outputs,
            targets.mean().len(),
        )?;
        for (to, (mean, std)) in self
            .scale_in
            .iter_mut()
            .zip(signals.mean().iter().zip(signals.standard_deviation()))
        {
            *to = [*mean as f32, (1.0 / std) as f32];
        }
        for (to, (mean, std)) in self
            .scale_out
            .iter_mut()
            .zip(targets.mean().iter().zip(targets.standard_deviation()))
        {
            *to = [*mean as f32, *std as f32];
        }
        Ok(self)
    }

    /// Adds conformal intervals: half widths in the units of the predictions.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn with_intervals(mut self, intervals: &SplitConformal) -> Result<Self> {
        same_length(
            "the intervals",
            self.n_outputs,
            intervals.half_widths().len(),
        )?;
        for (to, width) in self.half_widths.iter_mut().zip(intervals.half_widths()) {
            *to = *width as f32;
        }
        Ok(self)
    }

    /// Fills the history before the first sample with this value of every signal, as when the laser is off; default 0.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if it is not finite.
    pub fn with_baseline(mut self, baseline: f32) -> Result<Self> {
        require(baseline.is_finite(), "baseline", "finite", baseline)?;
        for step in self.ring.chunks_exact_mut(self.n_inputs) {
            for (to, [mean, inverse]) in step.iter_mut().zip(&self.scale_in) {
                *to = (baseline - mean) * inverse;
            }
        }
        Ok(self)
    }

    /// Steps of a window.
    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Half widths of the intervals, infinite if there are none.
    pub fn half_widths(&self) -> &[f32] {
        &self.half_widths
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.live.reset();
        self.ring.fill(0.0);
        self.newest = 0;
    }

    fn keep(&mut self, sample: &[f32]) -> Result<()> {
        same_length("the sample", self.n_inputs, sample.len())?;
        if let Some(position) = sample.iter().position(|v| !v.is_finite()) {
            return Err(Error::NonFinite {
                what: "the sample",
                sample: 0,
                position,
                found: f64::from(sample[position]),
            });
        }
        self.newest = if self.newest + 1 == self.n_steps {
            0
        } else {
            self.newest + 1
        };
        let place = self.newest * self.n_inputs;
        for ((to, value), [mean, inverse]) in self.ring[place..]
            .iter_mut()
            .zip(sample)
            .zip(&self.scale_in)
        {
            *to = (value - mean) * inverse;
        }
        Ok(())
    }

    /// Remembers a sample for [`predict_window`](Self::predict_window) and predicts nothing.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn remember(&mut self, sample: &[f32]) -> Result<()> {
        self.keep(sample)
    }

    /// Takes a sample, moves the state on and predicts.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of signals or outputs, [`Error::NonFinite`]; the state is then as before.
    pub fn push(&mut self, sample: &[f32], outputs: &mut [f32]) -> Result<()> {
        same_length("the outputs", self.n_outputs, outputs.len())?;
        self.keep(sample)?;
        let place = self.newest * self.n_inputs;
        dispatch(Push {
            student: self,
            place,
            outputs,
        });
        Ok(())
    }

    /// Predicts from the last T samples alone, from a state of zero.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of outputs.
    pub fn predict_window(&mut self, outputs: &mut [f32]) -> Result<()> {
        same_length("the outputs", self.n_outputs, outputs.len())?;
        dispatch(Window {
            student: self,
            outputs,
        });
        Ok(())
    }

    /// Units of the recurrent and of the dense layer.
    pub fn n_units(&self) -> (usize, usize) {
        (self.n_hidden, self.n_dense)
    }
}

/// One step of the live state.
struct Push<'a> {
    student: &'a mut StreamingStudent,
    place: usize,
    outputs: &'a mut [f32],
}

impl Job for Push<'_> {
    #[inline(always)]
    fn run(self) {
        let s = self.student;
        let sample = &s.ring[self.place..self.place + s.n_inputs];
        step(sample, &s.input, &s.recurrent, &s.bias, &mut s.live);
        let weights = [&s.dense, &s.dense_bias, &s.output, &s.output_bias];
        head(
            &s.live.hidden,
            weights,
            &mut s.layer,
            &s.scale_out,
            self.outputs,
        );
    }
}

/// All steps of a window from a state of zero.
struct Window<'a> {
    student: &'a mut StreamingStudent,
    outputs: &'a mut [f32],
}

impl Job for Window<'_> {
    #[inline(always)]
    fn run(self) {
        let s = self.student;
        s.fresh.reset();
        for back in (0..s.n_steps).rev() {
            let slot = (s.newest + s.n_steps - back) % s.n_steps;
            let sample = &s.ring[slot * s.n_inputs..(slot + 1) * s.n_inputs];
            step(sample, &s.input, &s.recurrent, &s.bias, &mut s.fresh);
        }
        let weights = [&s.dense, &s.dense_bias, &s.output, &s.output_bias];
        head(
            &s.fresh.hidden,
            weights,
            &mut s.layer,
            &s.scale_out,
            self.outputs,
        );
    }
}

/// Adds `value` times a row; sums stay in registers for as long as the row is short.
#[inline(always)]
fn add_row(sums: &mut [f32], row: &[f32], value: f32) {
    for (sum, weight) in sums.iter_mut().zip(row) {
        *sum += value * weight;
    }
}

/// Four rows at once: a quarter of the loads and stores of the sums.
#[inline(always)]
fn add_rows(sums: &mut [f32], rows: &[f32], values: &[f32]) {
    let n = sums.len();
    let mut fours = values.chunks_exact(4).zip(rows.chunks_exact(4 * n));
    for (value, block) in &mut fours {
        let (a, rest) = block.split_at(n);
        let (b, rest) = rest.split_at(n);
        let (c, d) = rest.split_at(n);
        for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *sum += (value[0] * a + value[1] * b) + (value[2] * c + value[3] * d);
        }
    }
    let done = values.len() / 4 * 4;
    for (value, row) in values[done..].iter().zip(rows[done * n..].chunks_exact(n)) {
        add_row(sums, row, *value);
    }
}

/// Sum of products in eight lanes, which are added at the end.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (eights, others) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = eights.remainder().iter().zip(others.remainder());
    let tail: f32 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in eights.zip(others) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let [p, q, r, s, t, u, v, w] = lanes;
    ((p + t) + (r + v)) + ((q + u) + (s + w)) + tail
}

#[inline(always)]
fn step(sample: &[f32], input: &[f32], recurrent: &[f32], bias: &[f32], state: &mut State) {
    let n = state.cell.len();
    let gates = &mut state.gates;
    gates.copy_from_slice(bias);
    add_rows(gates, input, sample);
    add_rows(gates, recurrent, &state.hidden);
    // tanh x = 2 sigma(2 x) - 1: the candidates go through the same loop as the other gates
    for value in &mut gates[2 * n..3 * n] {
        *value *= 2.0;
    }
    for value in gates.iter_mut() {
        *value = 1.0 / (1.0 + exponential(-*value));
    }
    let (input, rest) = gates.split_at(n);
    let (forget, rest) = rest.split_at(n);
    let (candidate, output) = rest.split_at(n);
    let cells = state.cell.iter_mut().zip(&mut state.hidden);
    let gates = input.iter().zip(forget).zip(candidate.iter().zip(output));
    for ((cell, hidden), ((i, f), (g, o))) in cells.zip(gates) {
        *cell = f * *cell + i * (2.0 * g - 1.0);
        *hidden = o * (1.0 - 2.0 / (1.0 + exponential(2.0 * *cell)));
    }
}

#[inline(always)]
fn head(
    hidden: &[f32],
    weights: [&Vec<f32>; 4],
    layer: &mut [f32],
    scale: &[[f32; 2]],
    outputs: &mut [f32],
) {
    let [dense, dense_bias, output, output_bias] = weights;
    let features: &[f32] = if layer.is_empty() {
        hidden
    } else {
        layer.copy_from_slice(dense_bias);
        add_rows(layer, dense, hidden);
        for value in layer.iter_mut() {
            *value = value.max(0.0);
        }
        layer
    };
    let rows = output.chunks_exact(features.len());
    for ((value, bias), row) in outputs.iter_mut().zip(output_bias).zip(rows) {
        *value = bias + dot(features, row);
    }
    for (value, [mean, std]) in outputs.iter_mut().zip(scale) {
        *value = *value * std + mean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Inputs, NetworkConfig};
    use crate::random::{Purpose, Random};
    use ndarray::{Array2, Array3};

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    fn signal(n: usize, k: usize) -> Array2<f32> {
        let mut rng = Random::new(4, Purpose::Test, k as u64);
        Array2::from_shape_simple_fn((n, k), || rng.normal() as f32)
    }

    #[test]
    fn windows_are_those_of_the_network_and_the_ring_wraps() -> Outcome {
        for (n_inputs, n_dense, n_steps) in [(1, 64, 5), (3, 0, 1), (2, 7, 4)] {
            let mut config = NetworkConfig::lstm(n_steps, n_inputs, 2);
            if let Branch::Sequence(branch) = &mut config.branches[0] {
                branch.n_dense = n_dense;
                branch.n_biases = 2;
                branch.n_hidden = 30;
            }
            config.init = crate::Init::PyTorch;
            let network = Network::new(config, 5)?;
            let samples = signal(23, n_inputs);
            let mut student = StreamingStudent::new(&network)?;
            let mut out = [0.0; 2];
            for (row, sample) in samples.rows().into_iter().enumerate() {
                student.remember(&sample.to_vec())?;
                student.predict_window(&mut out)?;
                let window = Array3::from_shape_fn((1, n_steps, n_inputs), |(_, t, k)| {
                    let place = row as isize + 1 - n_steps as isize + t as isize;
                    usize::try_from(place).map_or(0.0, |p| samples[[p, k]])
                });
                let expected = network.predict(&Inputs::new().with_sequences(window))?;
                for (a, b) in out.iter().zip(&expected) {
                    approx::assert_abs_diff_eq!(a, b, epsilon = 1e-6);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn the_stream_is_the_network_over_the_whole_history() -> Outcome {
        let samples = signal(40, 1);
        let mut config = NetworkConfig::lstm(40, 1, 1);
        let long = Network::new(config.clone(), 9)?;
        if let Branch::Sequence(branch) = &mut config.branches[0] {
            branch.n_steps = 5;
        }
        let short = Network::from_parameters(config, long.parameters().clone())?;
        let mut student = StreamingStudent::new(&short)?;
        let mut out = [0.0];
        for sample in &samples {
            student.push(&[*sample], &mut out)?;
        }
        let whole = Array3::from_shape_fn((1, 40, 1), |(_, t, _)| samples[[t, 0]]);
        let expected = long.predict(&Inputs::new().with_sequences(whole))?[[0, 0]];
        approx::assert_abs_diff_eq!(out[0], expected, epsilon = 1e-6);
        Ok(())
    }

    #[test]
    fn units_intervals_and_baseline() -> Outcome {
        let network = Network::new(NetworkConfig::lstm(3, 1, 1), 2)?;
        let table = Array2::from_shape_fn((4, 1), |(k, _)| 2.0 * k as f64);
        let signals = Scaler::fit(&table.view(), &[0, 1, 2, 3])?;
        let targets = Scaler::fit(&table.mapv(|v| 100.0 + 10.0 * v).view(), &[0, 1, 2, 3])?;
        let intervals = SplitConformal::fit(&table.view(), &Array2::zeros((4, 1)).view(), 0.5)?;
        let mut student = StreamingStudent::new(&network)?
            .with_scalers(&signals, &targets)?
            .with_intervals(&intervals)?
            .with_baseline(0.3)?;
        assert_eq!(student.half_widths(), [4.0]);
        let mut out = [0.0];
        student.remember(&[1.1])?;
        student.predict_window(&mut out)?;
        let scaled = |v: f64| ((v - signals.mean()[0]) / signals.standard_deviation()[0]) as f32;
        let window =
            Array3::from_shape_vec((1, 3, 1), vec![scaled(0.3), scaled(0.3), scaled(1.1)])?;
        let raw = network
            .predict(&Inputs::new().with_sequences(window))?
            .mapv(f64::from);
        let expected = targets.invert(&raw.view())?[[0, 0]];
        approx::assert_relative_eq!(f64::from(out[0]), expected, max_relative = 1e-5);
        Ok(())
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() -> Outcome {
        let network = Network::new(NetworkConfig::lstm(5, 1, 2), 7)?;
        let run = |baseline: bool| -> Result<Vec<u32>> {
            crate::kernel::BASELINE_ONLY.set(baseline);
            let mut student = StreamingStudent::new(&network)?;
            let mut bits = Vec::new();
            let mut out = [0.0; 2];
            for sample in &signal(30, 1) {
                student.push(&[*sample], &mut out)?;
                bits.extend(out.map(f32::to_bits));
                student.predict_window(&mut out)?;
                bits.extend(out.map(f32::to_bits));
            }
            crate::kernel::BASELINE_ONLY.set(false);
            Ok(bits)
        };
        assert_eq!(run(true)?, run(false)?);
        Ok(())
    }

    #[test]
    fn a_bad_sample_changes_nothing() -> Outcome {
        let network = Network::new(NetworkConfig::lstm(3, 2, 1), 2)?;
        let mut student = StreamingStudent::new(&network)?;
        let mut out = [0.0];
        student.push(&[0.1, 0.2], &mut out)?;
        let before = student.clone();
        assert!(matches!(
            student.push(&[f32::NAN, 0.0], &mut out),
            Err(Error::NonFinite { position: 0, .. })
        ));
        assert!(student.push(&[0.0], &mut out).is_err());
        assert!(student.push(&[0.0, 0.0], &mut [0.0, 0.0]).is_err());
        assert_eq!(student, before);
        let image = Network::new(NetworkConfig::cnn(8, 1, 1), 0)?;
        assert!(StreamingStudent::new(&image).is_err());
        Ok(())
    }
}
