//! The signal-only networks of Mojumder et al., arXiv 2509.03029 (2025): depth from the absorptance alone.
//!
//! What is seen: depths of pool and keyhole by an LSTM of 32 units beside the labels of the test part, from the value of one frame, from the last
//! five, and from the last five with absorbed energy and time since the laser was switched on, and the loss of each epoch. The signal tells the keyhole's depth at
//! once; what it lacks for the pool is the thermal history. The paper's R² of the pool is 0.8695, of a split that it does not state. All
//! simulated (`multi148`, random split). Seed 0, 800 epochs. 30 s; `--quick`: 20 epochs. Output: `target/figures/mojumder_rnn/`.

use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, RANDOM, Set, Task, flag, lstm, signal_trainer};
#[path = "support/ml_parity.rs"]
mod ml_parity;
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_parity::Parity;

fn main() -> Outcome {
    let epochs = if flag("--quick") { 20 } else { 800 };
    let set = Set::new("multi148", 64, 1000)?;
    let mut figure = Parity::new();
    let task = Task::new(&set, RANDOM.split(&set.runs, 0)?, 0)?;
    for (name, steps, with_physics) in [
        ("T = 1", 1, false),
        ("T = 5", 5, false),
        ("T = 5, E, t", 5, true),
    ] {
        let inputs = set.sequences(&task.split.train, steps, with_physics)?;
        let config = lstm(steps, if with_physics { 3 } else { 1 });
        figure.add(
            &task,
            name,
            &config,
            &signal_trainer(epochs, set.runs.len()),
            &inputs,
        )?;
    }
    let (one, all) = (figure.r2("T = 1"), figure.r2("T = 5, E, t"));
    assert!(
        epochs < 800 || all[0] > one[0],
        "history helps the pool: {one:?} {all:?}"
    );
    figure.finish(
        "mojumder_rnn",
        json!({ "epochs": epochs, "paper_r2_pool": 0.8695 }),
    )
}
