//! The same networks on this workspace's own engine and on burn: outputs, and what training makes of them.

use meltpool_ml::{
    Adam, Branch, Device, Fusion, ImageBranch, Inputs, Network, NetworkConfig, SequenceBranch,
    Targets, Trainer, VectorBranch,
};
use ndarray::{Array2, Array3, Array4};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn value(k: usize, a: usize) -> f32 {
    let x = (12.9898 * k as f64 + 78.233 * a as f64 + 0.5).sin() * 43_758.545_3;
    (x - x.floor() - 0.5) as f32 * 2.0
}

fn inputs(n: usize) -> Inputs {
    Inputs::new()
        .with_images(Array4::from_shape_fn((n, 1, 16, 16), |(k, _, y, x)| {
            value((k * 16 + y) * 16 + x, 1)
        }))
        .with_sequences(Array3::from_shape_fn((n, 5, 2), |(k, t, j)| {
            value((k * 5 + t) * 2 + j, 2)
        }))
        .with_vectors(Array2::from_shape_fn((n, 2), |(k, j)| value(k * 2 + j, 3)))
}

fn networks() -> Vec<NetworkConfig> {
    let mut image = ImageBranch::new(16, 16, 2);
    image.filters = vec![4, 5];
    image.n_hidden = 8;
    let mut sequence = SequenceBranch::new(5, 2);
    sequence.n_biases = 2;
    let branches = vec![
        Branch::Image(image),
        Branch::Sequence(sequence),
        Branch::Vector(VectorBranch::new(2)),
    ];
    let fusions = [
        Fusion::Early,
        Fusion::Intermediate,
        Fusion::Late,
        Fusion::Gated,
    ];
    let all = fusions.map(|fusion| NetworkConfig::new(branches.clone(), 2).with_fusion(fusion));
    let pooled = all.clone().map(|config| config.with_pooled_head(2));
    all.into_iter().chain(pooled).collect()
}

#[test]
fn burn_predicts_the_same() -> Outcome {
    for config in networks() {
        let network = Network::new(config, 3)?;
        let own = network.predict(&inputs(6))?;
        let burn = network.on(Device::Flex)?.predict(&inputs(6))?;
        for (a, b) in own.iter().zip(&burn) {
            // sums of some hundred products in another order
            approx::assert_abs_diff_eq!(a, b, epsilon = 1e-5);
        }
    }
    Ok(())
}

#[test]
fn burn_learns_the_same() -> Outcome {
    let labels = Array2::from_shape_fn((12, 2), |(k, j)| value(k * 2 + j, 9));
    for config in networks() {
        // an epsilon above the gradients' rounding, so that no step has a random sign
        let trainer = Trainer::new()
            .n_epochs(3)
            .batch_size(5)
            .adam(Adam::new().epsilon(1e-2))
            .learning_rate(1e-2);
        let fit = |device| {
            trainer
                .clone()
                .device(device)
                .fit(&config, &inputs(12), &Targets::new(labels.clone()))
        };
        let (own, burn) = (fit(Device::Native)?, fit(Device::Flex)?);
        for (a, b) in own.history.epochs.iter().zip(&burn.history.epochs) {
            approx::assert_relative_eq!(a.train_loss, b.train_loss, max_relative = 1e-4);
        }
        let start = Network::new(config, 0)?;
        let mut moved = 0.0_f32;
        for ((a, b), s) in own
            .network
            .parameters()
            .iter()
            .zip(burn.network.parameters().iter())
            .zip(start.parameters().iter())
        {
            for ((a, b), s) in a.2.iter().zip(b.2).zip(s.2) {
                // nine steps of 0.01
                approx::assert_abs_diff_eq!(a, b, epsilon = 1e-4);
                moved = moved.max((a - s).abs());
            }
        }
        assert!(moved > 0.01, "training moves the weights: {moved}");
    }
    Ok(())
}
