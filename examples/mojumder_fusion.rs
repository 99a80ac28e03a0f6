//! Where image and signal should meet, after Mojumder et al., arXiv 2509.03029 (2025), who fuse early with two blocks and compare with four.
//!
//! What is seen: R² of {2, 4} blocks x {image, image and absorptance, image and history of absorptance, energy and time}, and of intermediate, late and gated
//! fusion, on a random split and on unseen runs, mean ± standard deviation. Paired differences say what fusion adds to the same number of blocks: the
//! paper's own comparison changes blocks and fusion together. All simulated (`multi148`, 64 x 64 pixels; frames and labels are clear enough that the image alone
//! comes near the ceiling of label noise). 2 seeds, 30 epochs, 6 min of processor time; `--seeds N --epochs N`; `--quick`: 1 seed, 1 epoch.
//! Output: `target/figures/mojumder_fusion/`.

use meltpool_ml::{
    Branch, Fusion, ImageBranch, Inputs, NetworkConfig, SequenceBranch, label_noise_ceiling,
};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{BY_RUN, Outcome, RANDOM, Set, Task, flag, image_trainer, number};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{Scores, TARGETS, finish, of_seeds, save};

const MODELS: [&str; 9] = [
    "image, 2 blocks",
    "image, 4 blocks",
    "early, scalar, 2 blocks",
    "early, scalar, 4 blocks",
    "early, history, 2 blocks",
    "early, history, 4 blocks",
    "FiLM, history, 4 blocks",
    "late, history, 4 blocks",
    "gated, history, 4 blocks",
];

fn config(name: &str) -> NetworkConfig {
    let blocks = if name.ends_with("2 blocks") { 2 } else { 4 };
    let image = Branch::Image(ImageBranch::new(64, 64, blocks));
    let mut sequence = SequenceBranch::new(5, 3);
    sequence.n_dense = 0;
    let other = if name.contains("scalar") {
        Branch::Vector(meltpool_ml::VectorBranch::new(1))
    } else {
        Branch::Sequence(sequence)
    };
    let branches = if name.starts_with("image") {
        vec![image]
    } else {
        vec![image, other]
    };
    NetworkConfig::new(branches, 2).with_fusion(match name {
        _ if name.starts_with("FiLM") => Fusion::Intermediate,
        _ if name.starts_with("late") => Fusion::Late,
        _ if name.starts_with("gated") => Fusion::Gated,
        _ => Fusion::Early,
    })
}

fn main() -> Outcome {
    let quick = flag("--quick");
    let seeds = number("--seeds", if quick { 1 } else { 2 })?;
    let epochs = number("--epochs", if quick { 1 } else { 30 })?;
    let conditions = ["random split", "unseen runs"];
    let mut scores = Scores::default();
    for (condition, strategy) in conditions.into_iter().zip([RANDOM, BY_RUN]) {
        let results = of_seeds(seeds, |seed| {
            let set = Set::new("multi148", 64, 1000 + seed)?;
            let task = Task::new(&set, strategy.split(&set.runs, seed)?, seed)?;
            let train = &task.split.train;
            let trainer = image_trainer(epochs, set.runs.len());
            let image = Inputs::new().with_images(set.images(train)?);
            let scalar = image.clone().with_vectors(set.vectors(train, "a")?);
            let history = image.clone().with_sequences(set.history(train, 5, true)?);
            let rows: Outcome<Vec<_>> = MODELS
                .into_iter()
                .map(|name| {
                    let inputs = match name {
                        _ if name.starts_with("image") => &image,
                        _ if name.contains("scalar") => &scalar,
                        _ => &history,
                    };
                    Ok((name, task.judge(&config(name), &trainer, inputs)?))
                })
                .collect();
            rows
        })?;
        for (seed, rows) in results.into_iter().enumerate() {
            for (model, row) in rows {
                scores.add(condition, model, seed as u64, row);
            }
        }
    }
    scores.print(|_| String::new());
    let set = Set::new("multi148", 64, 1000)?;
    for ((k, target), noise) in TARGETS.into_iter().enumerate().zip([8.0, 4.0]) {
        println!(
            "ceiling of label noise, {target}: {:.3}",
            label_noise_ceiling(&set.labels.column(k), noise)?
        );
    }
    let mut more = json!({ "seeds": seeds, "epochs": epochs });
    for condition in conditions {
        for (a, b) in [
            (MODELS[4], MODELS[0]),
            (MODELS[5], MODELS[1]),
            (MODELS[2], MODELS[0]),
            (MODELS[1], MODELS[0]),
        ] {
            more[format!("{condition}: {a} minus {b}")] = scores.compare(condition, a, b)?;
        }
    }
    save(&scores.figure(&conditions, &MODELS, 0.5), "mojumder_fusion")?;
    finish("mojumder_fusion", &scores, more)
}
