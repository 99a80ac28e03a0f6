//! The image model of Mojumder et al., arXiv 2509.03029 (2025), on unseen frames and on unseen runs.
//!
//! What is seen: depths of pool and keyhole by four convolutional blocks beside the labels of the test part, and the loss of each epoch. Crosses are
//! frames of a random split, whose neighbors were trained on; circles are frames of a run that was left out. The paper's R² of
//! about 0.96 is one run of a split that it does not state. All simulated (`multi148`, 64 x 64 pixels, labels with a noise of 8 and 4 µm). Seed 0, 60 epochs,
//! batches of 16. 1 min; `--quick`: 2 epochs. Output: `target/figures/mojumder_cnn/`.

use meltpool_ml::{Inputs, NetworkConfig};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{BY_RUN, Outcome, RANDOM, Set, Task, flag, image_trainer};
#[path = "support/ml_parity.rs"]
mod ml_parity;
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_parity::Parity;

fn main() -> Outcome {
    let epochs = if flag("--quick") { 2 } else { 60 };
    let set = Set::new("multi148", 64, 1000)?;
    let mut figure = Parity::new();
    for (name, strategy) in [("random split", RANDOM), ("unseen run", BY_RUN)] {
        let task = Task::new(&set, strategy.split(&set.runs, 0)?, 0)?;
        let inputs = Inputs::new().with_images(set.images(&task.split.train)?);
        let trainer = image_trainer(epochs, set.runs.len());
        figure.add(
            &task,
            name,
            &NetworkConfig::cnn(64, 4, 2),
            &trainer,
            &inputs,
        )?;
    }
    let r2 = figure.r2("random split");
    assert!(epochs < 60 || r2.iter().all(|r2| *r2 > 0.9), "{r2:?}");
    figure.finish(
        "mojumder_cnn",
        json!({ "epochs": epochs, "paper_r2": "about 0.96, target not stated" }),
    )
}
