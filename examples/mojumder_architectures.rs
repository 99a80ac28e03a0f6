//! The networks of Mojumder et al., arXiv 2509.03029 (2025): layers, parameters, arithmetic, and what one training epoch costs.
//!
//! What is seen: a table of the image model, early fusion, the signal-only network, their variants with small heads and other fusions, for
//! 128 x 128 pixels and one target: parameters, share of the largest layer, multiply-adds of a prediction, processor time of an epoch of
//! 118 samples in batches of 16 on one thread. Counts are held to those measured in Keras and PyTorch. What the paper leaves open (kernel, filters of the
//! blocks 3 and 4, activation, start) has defaults of ours. Times depend on the machine and its load. 1 min; `--quick` leaves the times
//! out; `--time MODEL EPOCHS` trains one model and prints its time alone (for `benches/peers/meltpool_ml.py`).
//! Output: `target/figures/mojumder_architectures/`.

use std::time::Instant;

use meltpool_ml::{
    Branch, Fusion, ImageHead, Inputs, NetworkConfig, Parameters, SequenceBranch, Targets, Trainer,
};
use meltpool_plot::{TableFigure, Theme};
use ndarray::{Array2, Array3, Array4};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, argument, flag};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::save;

const N: usize = 118;

fn models() -> Vec<(&'static str, NetworkConfig)> {
    let mut two_biases = NetworkConfig::lstm(5, 1, 1);
    if let Branch::Sequence(branch) = &mut two_biases.branches[0] {
        *branch = SequenceBranch {
            n_biases: 2,
            ..branch.clone()
        };
    }
    let history = || NetworkConfig::fusion_history(128, 5, 1, 1);
    vec![
        ("CNN-4", NetworkConfig::cnn(128, 4, 1)),
        (
            "CNN-4, 4 x 4 head",
            NetworkConfig::cnn(128, 4, 1).with_pooled_head(4),
        ),
        ("fusion-2, scalar", NetworkConfig::fusion(128, 1)),
        ("fusion-2, history", history()),
        (
            "the same, FiLM",
            history().with_fusion(Fusion::Intermediate),
        ),
        ("the same, late", history().with_fusion(Fusion::Late)),
        ("the same, gated", history().with_fusion(Fusion::Gated)),
        ("the same, 4 x 4 head", history().with_pooled_head(4)),
        ("LSTM T=1", NetworkConfig::lstm(1, 1, 1)),
        ("LSTM T=5", NetworkConfig::lstm(5, 1, 1)),
        ("LSTM T=5, two biases", two_biases),
    ]
}

fn inputs(config: &NetworkConfig) -> Inputs {
    let wave = |k: usize| (k as f32 * 0.37).sin();
    config
        .branches
        .iter()
        .fold(Inputs::new(), |inputs, branch| match branch {
            Branch::Image(b) => inputs.with_images(Array4::from_shape_fn(
                (N, 1, b.n_rows, b.n_columns),
                |(n, _, y, x)| wave(n * 7 + y * 3 + x * 5),
            )),
            Branch::Sequence(b) => inputs.with_sequences(Array3::from_shape_fn(
                (N, b.n_steps, b.n_inputs),
                |(n, t, j)| wave(n + t + j),
            )),
            Branch::Vector(b) => {
                inputs.with_vectors(Array2::from_shape_fn((N, b.n_inputs), |(n, j)| wave(n + j)))
            }
            _ => inputs,
        })
}

/// Seconds of so many epochs.
fn training_time(config: &NetworkConfig, n_epochs: usize) -> Outcome<f64> {
    let labels = Array2::from_shape_fn((N, 1), |(n, _)| (n as f32 * 0.1).sin());
    let (inputs, targets) = (inputs(config), Targets::new(labels));
    let start = Instant::now();
    Trainer::new()
        .n_epochs(n_epochs)
        .fit(config, &inputs, &targets)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Multiply-adds of one prediction: each weight once for every place where it is used.
fn multiply_adds(config: &NetworkConfig) -> Outcome<usize> {
    let parameters = Parameters::new(config, 0)?;
    let mut sum = 0;
    for (name, shape, values) in parameters.iter() {
        let number: usize = name
            .trim_start_matches("branch")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap_or(0);
        let places = match (&config.branches.get(number), name) {
            _ if shape.len() == 1 => 0,
            (Some(Branch::Image(b)), name) if name.contains("conv") => {
                let block: u32 = name
                    .chars()
                    .rev()
                    .find(char::is_ascii_digit)
                    .and_then(|c| c.to_digit(10))
                    .unwrap_or(0);
                (b.n_rows >> block) * (b.n_columns >> block)
            }
            (Some(Branch::Sequence(b)), name) if name.contains("lstm") => b.n_steps,
            _ => 1,
        };
        sum += places * values.len();
    }
    Ok(sum)
}

fn main() -> Outcome {
    if let Some(model) = argument("--time") {
        let epochs: usize = std::env::args()
            .next_back()
            .and_then(|n| n.parse().ok())
            .ok_or("--time MODEL EPOCHS")?;
        let found = models().into_iter().find(|m| m.0 == model);
        let (_, config) = found.ok_or_else(|| format!("no model is called {model}"))?;
        println!(
            "{}",
            json!({ "model": model, "epochs": epochs, "seconds": training_time(&config, epochs)? })
        );
        return Ok(());
    }
    let quick = flag("--quick");
    let mut table = TableFigure::new([
        "network",
        "parameters",
        "largest layer",
        "multiply-adds",
        "epoch (s)",
    ])
    .title("128 x 128 pixels, one target")
    .note("epoch: 118 samples, batches of 16, all threads of a machine that may be loaded")
    .theme(Theme::page().height_mm(105.0));
    let mut report = json!({});
    for (name, config) in models() {
        let n = config.n_parameters()?;
        let parameters = Parameters::new(&config, 0)?;
        let (largest, size) = parameters
            .iter()
            .map(|p| (p.0.to_owned(), p.2.len()))
            .max_by_key(|p| p.1)
            .ok_or("no layer")?;
        let work = multiply_adds(&config)?;
        let epochs = if name.starts_with("LSTM") { 200 } else { 1 };
        let time = if quick {
            f64::NAN
        } else {
            training_time(&config, epochs)? / epochs as f64
        };
        let shown = if quick {
            "not measured".to_owned()
        } else {
            format!("{time:.2e}")
        };
        let layer = format!(
            "{} ({:.0} %)",
            largest.trim_end_matches(".weight"),
            100.0 * size as f64 / n as f64
        );
        println!("{name:24} {n:9} parameters, {layer:30} {work:10} multiply-adds, epoch {shown} s");
        table = table.row([
            name.to_owned(),
            n.to_string(),
            layer,
            format!("{:.2} M", work as f64 / 1e6),
            shown,
        ]);
        report[name] = json!({ "parameters": n, "multiply_adds": work, "epoch_s": if quick { None } else { Some(time) } });
    }
    for (name, expected) in [
        ("CNN-4", 159_265),
        ("fusion-2, scalar", 2_113_121),
        ("LSTM T=5", 6_529),
        ("LSTM T=5, two biases", 6_657),
    ] {
        assert_eq!(report[name]["parameters"], expected, "{name}");
    }
    let pooled = &models()[1].1.branches[0];
    assert!(matches!(pooled, Branch::Image(b) if b.head == ImageHead::Pooled(4)));
    save(&table, "mojumder_architectures")?;
    println!("{report}");
    Ok(())
}
