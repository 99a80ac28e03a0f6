//! Networks against outputs, gradients and optimizer steps computed by JAX in double precision, and against themselves.

use ndarray::{Array2, Array3, Array4};
use serde_json::Value;

use super::graph::{forward, record};
use super::*;
use crate::optimizer::{Adam, AdamState};

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

/// Weight i of tensor a: scale (frac(43758.5453 sin(12.9898 i + 78.233 a + 0.5)) - 0.5).
pub(crate) fn formula(n: usize, a: usize, scale: f64) -> Vec<f64> {
    (0..n)
        .map(|i| {
            let x = libm::sin(12.9898 * i as f64 + 78.233 * a as f64 + 0.5) * 43758.5453_f64;
            (x - x.floor() - 0.5) * scale
        })
        .collect()
}

pub(crate) fn golden() -> std::result::Result<Value, Box<dyn std::error::Error>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/golden_models/golden_models.json"
    );
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => other.as_f64().into_iter().collect(),
    }
}

/// The recurrent network of the golden file in the order of its layers.
pub(crate) fn lstm_weights() -> Vec<Vec<f64>> {
    [
        (128, 1, 1.0),
        (32 * 128, 2, 0.5),
        (128, 3, 0.2),
        (32 * 64, 4, 0.5),
        (64, 5, 0.2),
        (64, 6, 0.5),
        (1, 7, 0.2),
    ]
    .map(|(n, a, scale)| formula(n, a, scale))
    .to_vec()
}

const LSTM_NAMES: [&str; 7] = ["W", "R", "b", "D", "d", "O", "o"];
const FUSION_NAMES: [&str; 12] = [
    "k1", "c1", "k2", "c2", "D", "d", "A", "a", "E", "e", "O", "o",
];

fn fusion_weights() -> Vec<Vec<f64>> {
    [
        (36, 11, 1.0),
        (4, 12, 0.2),
        (144, 13, 0.6),
        (4, 14, 0.2),
        (512, 15, 0.4),
        (8, 16, 0.2),
        (4, 17, 1.0),
        (4, 18, 0.2),
        (96, 19, 0.8),
        (8, 20, 0.2),
        (8, 21, 0.8),
        (1, 22, 0.2),
    ]
    .map(|(n, a, scale)| formula(n, a, scale))
    .to_vec()
}

fn fusion_config() -> NetworkConfig {
    let mut image = ImageBranch::new(16, 16, 2);
    image.filters = vec![4, 4];
    image.n_hidden = 8;
    let mut vector = VectorBranch::new(1);
    vector.n_hidden = 4;
    let mut config = NetworkConfig::new(vec![Branch::Image(image), Branch::Vector(vector)], 1);
    config.n_hidden = 8;
    config
}

type Shaped = (Vec<usize>, Vec<f64>);

fn lstm_inputs() -> Vec<Shaped> {
    vec![(vec![3, 5, 1], formula(15, 8, 4.0))]
}

fn fusion_inputs() -> Vec<Shaped> {
    vec![
        (vec![2, 1, 16, 16], formula(512, 23, 2.0)),
        (vec![2, 1], formula(2, 24, 2.0)),
    ]
}

/// Loss, predictions, gradients, hidden states.
type Run64 = (f64, Vec<f64>, Vec<Vec<f64>>, Option<Vec<f64>>);

/// Mean square error, predictions and gradients in double precision.
fn run64(
    config: &NetworkConfig,
    weights: &[Vec<f64>],
    inputs: &[Shaped],
    targets: &[f64],
) -> Run64 {
    let mut tape = tape::Tape::new(weights);
    let nodes: Vec<usize> = inputs
        .iter()
        .map(|(s, v)| tape.input(s.clone(), v.clone()))
        .collect();
    let outputs = forward(config, &mut tape, &nodes);
    let predictions = tape.value(outputs.prediction).to_vec();
    let n = targets.len() as f64;
    let off: Vec<f64> = predictions
        .iter()
        .zip(targets)
        .map(|(p, y)| p - y)
        .collect();
    let loss = off.iter().map(|d| d * d).sum::<f64>() / n;
    let seed = off.iter().map(|d| 2.0 * d / n).collect();
    let gradients = tape.backward(vec![(outputs.prediction, seed)]);
    (loss, predictions, gradients, tape.hidden_states())
}

fn check_gradients(expected: &Value, names: &[&str], gradients: &[Vec<f64>], relative: f64) {
    for (name, gradient) in names.iter().zip(gradients) {
        let golden = &expected[*name];
        let size = golden["abs_sum"].as_f64().unwrap_or(f64::NAN);
        let close = |a: f64, b: f64, scale: f64| {
            assert!((a - b).abs() <= relative * scale, "{name}: {a} against {b}");
        };
        close(
            gradient.iter().sum(),
            golden["sum"].as_f64().unwrap_or(f64::NAN),
            size,
        );
        close(gradient.iter().map(|g| g.abs()).sum(), size, size);
        for (a, b) in gradient.iter().zip(numbers(&golden["first"])) {
            close(*a, b, size / (gradient.len() as f64).sqrt());
        }
    }
}

#[test]
fn recurrent_network_in_double_precision_is_golden() -> Outcome {
    let golden = golden()?;
    let config = NetworkConfig::lstm(5, 1, 1);
    let weights = lstm_weights();
    let targets = formula(3, 9, 2.0);
    let (loss, predictions, gradients, hidden) = run64(&config, &weights, &lstm_inputs(), &targets);
    approx::assert_relative_eq!(
        loss,
        golden["lstm"]["loss"].as_f64().unwrap_or(f64::NAN),
        max_relative = 1e-10
    );
    for (a, b) in predictions.iter().zip(numbers(&golden["lstm"]["output"])) {
        approx::assert_relative_eq!(*a, b, max_relative = 1e-10);
    }
    // hidden states: ours steps x samples x units, theirs samples x steps x the first four units
    let hidden = hidden.ok_or("no recurrent layer")?;
    let expected = numbers(&golden["lstm"]["hidden_first4"]);
    assert_eq!(expected.len(), 60);
    for sample in 0..3 {
        for step in 0..5 {
            for unit in 0..4 {
                let own = hidden[(step * 3 + sample) * 32 + unit];
                approx::assert_relative_eq!(
                    own,
                    expected[(sample * 5 + step) * 4 + unit],
                    max_relative = 1e-10
                );
            }
        }
    }
    check_gradients(&golden["lstm"]["grad"], &LSTM_NAMES, &gradients, 1e-10);
    Ok(())
}

#[test]
fn fusion_network_in_double_precision_is_golden() -> Outcome {
    let golden = golden()?;
    let targets = formula(2, 25, 2.0);
    let (loss, predictions, gradients, _) = run64(
        &fusion_config(),
        &fusion_weights(),
        &fusion_inputs(),
        &targets,
    );
    approx::assert_relative_eq!(
        loss,
        golden["fusion"]["loss"].as_f64().unwrap_or(f64::NAN),
        max_relative = 1e-10
    );
    for (a, b) in predictions.iter().zip(numbers(&golden["fusion"]["output"])) {
        approx::assert_relative_eq!(*a, b, max_relative = 1e-10);
    }
    check_gradients(&golden["fusion"]["grad"], &FUSION_NAMES, &gradients, 1e-10);
    Ok(())
}

fn single(values: &[Vec<f64>]) -> Vec<Vec<f32>> {
    values
        .iter()
        .map(|v| v.iter().map(|x| *x as f32).collect())
        .collect()
}

fn devices() -> Vec<Device> {
    let all = [Device::Native, Device::Flex, Device::NdArray];
    let there: Vec<Device> = all.into_iter().filter(|d| d.validate().is_ok()).collect();
    // what was switched on is really checked
    let wanted = 1 + usize::from(cfg!(feature = "flex")) + usize::from(cfg!(feature = "ndarray"));
    assert_eq!(there.len(), wanted);
    there
}

/// Mean square error in single precision on a device.
fn run32(
    config: &NetworkConfig,
    weights: &[Vec<f32>],
    inputs: &[Shaped],
    targets: &[f64],
    device: Device,
) -> Result<Evaluation> {
    let inputs = inputs
        .iter()
        .map(|(shape, values)| (shape.clone(), values.iter().map(|v| *v as f32).collect()))
        .collect();
    let loss = |predictions: &[f32], _: &[f32]| {
        let n = targets.len() as f64;
        let off: Vec<f64> = predictions
            .iter()
            .zip(targets)
            .map(|(p, y)| f64::from(*p) - y)
            .collect();
        Pull {
            loss: off.iter().map(|d| d * d).sum::<f64>() / n,
            predictions: off.iter().map(|d| (2.0 * d / n) as f32).collect(),
            features: None,
        }
    };
    evaluate(config, weights, inputs, Some(&loss), None, device)
}

#[test]
fn every_device_gives_the_golden_outputs_and_gradients_in_single_precision() -> Outcome {
    let golden = golden()?;
    for device in devices() {
        for (name, config, weights, inputs, targets, names) in [
            (
                "lstm",
                NetworkConfig::lstm(5, 1, 1),
                lstm_weights(),
                lstm_inputs(),
                formula(3, 9, 2.0),
                &LSTM_NAMES[..],
            ),
            (
                "fusion",
                fusion_config(),
                fusion_weights(),
                fusion_inputs(),
                formula(2, 25, 2.0),
                &FUSION_NAMES[..],
            ),
        ] {
            let run = run32(&config, &single(&weights), &inputs, &targets, device)?;
            for (a, b) in run.predictions.iter().zip(numbers(&golden[name]["output"])) {
                approx::assert_relative_eq!(f64::from(*a), b, max_relative = 1e-5);
            }
            let gradients: Vec<Vec<f64>> = run
                .gradients
                .iter()
                .map(|g| g.iter().map(|v| f64::from(*v)).collect())
                .collect();
            check_gradients(&golden[name]["grad"], names, &gradients, 1e-5);
        }
    }
    Ok(())
}

#[test]
fn three_steps_of_adam_are_golden() -> Outcome {
    let golden = golden()?;
    let config = NetworkConfig::lstm(5, 1, 1);
    let targets = formula(3, 9, 2.0);
    for device in devices() {
        let mut weights = single(&lstm_weights());
        let mut state = AdamState::new(&weights);
        let adam = Adam::new().epsilon(1e-8);
        for expected in numbers(&golden["lstm"]["adam_losses"]) {
            let run = run32(&config, &weights, &lstm_inputs(), &targets, device)?;
            approx::assert_relative_eq!(run.loss, expected, max_relative = 1e-5);
            adam.step(1e-3, &mut weights, &run.gradients, &mut state);
        }
        let last = run32(&config, &weights, &lstm_inputs(), &targets, device)?;
        for (a, b) in last
            .predictions
            .iter()
            .zip(numbers(&golden["lstm"]["adam_final_output"]))
        {
            // a sign of a gradient near zero moves a weight by 1e-3, so that rounding shows
            approx::assert_relative_eq!(f64::from(*a), b, max_relative = 1e-4);
        }
    }
    Ok(())
}

/// All fusions and heads on tiny sizes.
fn zoo() -> Vec<NetworkConfig> {
    let mut image = ImageBranch::new(8, 8, 2);
    image.filters = vec![3, 4];
    image.n_hidden = 5;
    let mut sequence = SequenceBranch::new(3, 2);
    sequence.n_hidden = 4;
    sequence.n_dense = 3;
    sequence.n_biases = 2;
    let mut vector = VectorBranch::new(2);
    vector.n_hidden = 3;
    let branches = vec![
        Branch::Image(image),
        Branch::Sequence(sequence),
        Branch::Vector(vector),
    ];
    let mut all = Vec::new();
    for fusion in [
        Fusion::Early,
        Fusion::Intermediate,
        Fusion::Late,
        Fusion::Gated,
    ] {
        let mut config = NetworkConfig::new(branches.clone(), 2).with_fusion(fusion);
        config.n_hidden = 4;
        all.push(config.clone());
        all.push(config.with_pooled_head(1));
    }
    all
}

fn zoo_inputs() -> Vec<Shaped> {
    vec![
        (vec![2, 1, 8, 8], formula(128, 31, 2.0)),
        (vec![2, 3, 2], formula(12, 32, 2.0)),
        (vec![2, 2], formula(4, 33, 2.0)),
    ]
}

#[test]
fn gradients_of_every_fusion_are_those_of_central_differences() -> Outcome {
    let targets = formula(4, 34, 2.0);
    for config in zoo() {
        let parts = record(&config)?;
        let mut weights: Vec<Vec<f64>> = parts
            .iter()
            .enumerate()
            .map(|(k, part)| formula(part.shape.iter().product(), 40 + k, 0.9))
            .collect();
        let (_, _, gradients, _) = run64(&config, &weights, &zoo_inputs(), &targets);
        for k in 0..weights.len() {
            for j in (0..weights[k].len()).step_by(1 + weights[k].len() / 7) {
                let own = weights[k][j];
                weights[k][j] = own + 1e-6;
                let up = run64(&config, &weights, &zoo_inputs(), &targets).0;
                weights[k][j] = own - 1e-6;
                let down = run64(&config, &weights, &zoo_inputs(), &targets).0;
                weights[k][j] = own;
                // truncation and rounding of the difference
                approx::assert_abs_diff_eq!(gradients[k][j], (up - down) / 2e-6, epsilon = 2e-7);
            }
        }
    }
    Ok(())
}

#[test]
fn every_device_agrees_on_every_fusion() -> Outcome {
    let targets = formula(4, 34, 2.0);
    for config in zoo() {
        let weights = Parameters::new(&config, 5)?.values;
        let native = run32(&config, &weights, &zoo_inputs(), &targets, Device::Native)?;
        for device in devices() {
            let other = run32(&config, &weights, &zoo_inputs(), &targets, device)?;
            for (a, b) in native.predictions.iter().zip(&other.predictions) {
                approx::assert_abs_diff_eq!(a, b, epsilon = 1e-5);
            }
            for (a, b) in native
                .gradients
                .iter()
                .flatten()
                .zip(other.gradients.iter().flatten())
            {
                approx::assert_abs_diff_eq!(a, b, epsilon = 1e-5);
            }
        }
    }
    Ok(())
}

#[test]
fn predictions_are_the_same_alone_and_in_a_batch() -> Outcome {
    let network = Network::new(zoo().remove(0), 1)?;
    let shaped = |k: usize| {
        zoo_inputs()[k]
            .1
            .iter()
            .map(|v| *v as f32)
            .collect::<Vec<_>>()
    };
    let inputs = Inputs::new()
        .with_images(Array4::from_shape_vec((2, 1, 8, 8), shaped(0))?)
        .with_sequences(Array3::from_shape_vec((2, 3, 2), shaped(1))?)
        .with_vectors(Array2::from_shape_vec((2, 2), shaped(2))?);
    let both = network.predict(&inputs)?;
    for row in 0..2 {
        let one = network.predict(&inputs.select(&[row]))?;
        for (a, b) in one.iter().zip(both.row(row)) {
            approx::assert_abs_diff_eq!(a, b, epsilon = 1e-6);
        }
    }
    assert!(matches!(
        network.predict(&Inputs::new()),
        Err(Error::LengthMismatch {
            expected: 3,
            found: 0,
            ..
        })
    ));
    Ok(())
}
