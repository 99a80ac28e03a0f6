//! What a random split over consecutive frames hides, and how a leak is found.
//!
//! What is seen: R² of five models of pool and keyhole depth under four splits of the same frames: at random, in blocks of 15 frames with an
//! embargo of 5 on each side, leaving whole runs out of four, and of twenty. Each run of the set of four has its own power, so a run left out is a new
//! setting; among twenty it is a new run of a known range. Three leaks are then planted and named: a shared run, a scaler that saw the test
//! part, a window that looks ahead. All simulated (`multi148`, `n2000`). 10 seeds, LSTM of 150 epochs (`n2000`: 5 seeds, 40 epochs).
//! 2 min; `--quick`: 2 seeds, 21 and 5 epochs. Output: `target/figures/ml_leakage/`.

use meltpool_ml::{
    Scaler, SplitStrategy, first_look_ahead, first_test_dependence, shared_groups, shifted,
    signal_windows,
};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{BY_RUN, Outcome, RANDOM, Set, Task, flag, lstm, signal_trainer};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{Scores, finish, of_seeds, save};

const BLOCKS: SplitStrategy = SplitStrategy::Blocked {
    block: 15,
    test_share: 0.2,
    embargo: 5,
};
const MODELS: [&str; 4] = ["LSTM T=5", "LSTM T=5 + E,t", "ridge a", "ridge a,E,t"];

fn main() -> Outcome {
    let quick = flag("--quick");
    let mut scores = Scores::default();
    for (condition, name, strategy, seeds, epochs) in [
        ("random", "multi148", RANDOM, 10, 150),
        ("blocks", "multi148", BLOCKS, 10, 150),
        ("new run of 4", "multi148", BY_RUN, 10, 150),
        ("new run of 20", "n2000", BY_RUN, 5, 40),
    ] {
        let (seeds, epochs) = if quick {
            (2, epochs / 7)
        } else {
            (seeds, epochs)
        };
        let results = of_seeds(seeds, |seed| {
            let set = Set::new(name, 64, 1000 + seed)?;
            let task = Task::new(&set, strategy.split(&set.runs, seed)?, seed)?;
            let train = &task.split.train;
            let trainer = signal_trainer(epochs, set.runs.len());
            let mut rows = Vec::new();
            for (model, n_inputs) in [(MODELS[0], 1), (MODELS[1], 3)] {
                let inputs = set.sequences(train, 5, n_inputs == 3)?;
                rows.push((model, task.judge(&lstm(5, n_inputs), &trainer, &inputs)?));
            }
            rows.push((MODELS[2], task.score(&task.ridge("a")?)?));
            rows.push((MODELS[3], task.score(&task.ridge("a,E,t")?)?));
            Ok(rows)
        })?;
        for (seed, rows) in results.into_iter().enumerate() {
            for (model, row) in rows {
                scores.add(condition, model, seed as u64, row);
            }
        }
    }
    scores.print(|_| String::new());

    // three planted leaks
    let set = Set::new("multi148", 64, 1000)?;
    let split = RANDOM.split(&set.runs, 0)?;
    let grouped = BY_RUN.split(&set.runs, 0)?;
    let shared = shared_groups(&split, &set.runs)?;
    println!(
        "random split: runs on both sides {shared:?}; split by run: {:?}",
        shared_groups(&grouped, &set.runs)?
    );
    let all: Vec<usize> = (0..set.runs.len()).collect();
    let windows = set.windows.view();
    let poisoned = first_test_dependence(&windows, &split, |v| Scaler::fit(v, &all)?.apply(v))?;
    let clean =
        first_test_dependence(&windows, &split, |v| Scaler::fit(v, &split.train)?.apply(v))?;
    println!(
        "scaler of all rows: train row {poisoned:?} sees the test part; scaler of the train part: {clean:?}"
    );
    let signal: Vec<f64> = set.windows.column(19).to_vec();
    let early = first_look_ahead(&signal, |s| signal_windows(&shifted(s, 1.0)?, 5, 0.0))?;
    let right = first_look_ahead(&signal, |s| signal_windows(s, 5, 0.0))?;
    println!("signal one frame early: window {early:?} looks ahead; as it should be: {right:?}");
    assert!(shared.len() == 4 && shared_groups(&grouped, &set.runs)?.is_empty());
    assert!(poisoned.is_some() && clean.is_none() && early == Some(0) && right.is_none());

    let conditions = ["random", "blocks", "new run of 4", "new run of 20"];
    let drop =
        scores.summary("random", "LSTM T=5", 0).0 - scores.summary("new run of 4", "LSTM T=5", 0).0;
    assert!(
        quick || drop > 0.05,
        "a random split flatters the network on the signal: {drop}"
    );
    save(&scores.figure(&conditions, &MODELS, 0.0), "ml_leakage")?;
    finish(
        "ml_leakage",
        &scores,
        json!({ "lstm_t5_pool_random_minus_new_run": drop }),
    )
}
