//! What each of three modalities adds: image, absorptance, and a thermal signal, on clear and on poor images.
//!
//! What is seen: R² of every subset of {image, absorptance of the last five frames, thermal signal of the last five frames} on unseen runs, with images of 600 photons
//! a reference pixel (as recorded at a synchrotron) and of 6. With clear images the signals have nothing to add; they pay when the image is poor. All simulated: eight
//! runs of 210 to 350 W, every fifth frame, 64 x 64 pixels; the thermal channel is an invented model of a photodiode. Early fusion, four blocks
//! with a 4 x 4 head. 2 seeds, 60 epochs (signals alone 600). 5 min of processor time; `--seeds N`; `--quick`: 1 seed, 1 epoch.
//! Output: `target/figures/ml_modalities/`.

use meltpool_ml::{Branch, ImageBranch, Inputs, NetworkConfig, Scaler, SequenceBranch, sequences};
use ndarray::{Array2, Array3, s};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
#[path = "support/ml_runs.rs"]
mod ml_runs;
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml::{BY_RUN, Outcome, Task, flag, image_trainer, number};
use ml_runs::Runs;
use ml_scores::{Scores, finish, of_seeds, save};

/// Image, absorptance, thermal signal.
const SUBSETS: [(&str, [bool; 3]); 7] = [
    ("image", [true, false, false]),
    ("absorptance", [false, true, false]),
    ("thermal", [false, false, true]),
    ("image, absorptance", [true, true, false]),
    ("image, thermal", [true, false, true]),
    ("absorptance, thermal", [false, true, true]),
    ("all three", [true, true, true]),
];
const CLEAR: &str = "600 photons";
const POOR: &str = "6 photons";

fn main() -> Outcome {
    let quick = flag("--quick");
    let seeds = number("--seeds", if quick { 1 } else { 2 })?;
    let epochs = if quick { 1 } else { 60 };
    let mut scores = Scores::default();
    for (condition, photons) in [(CLEAR, 600.0), (POOR, 6.0)] {
        let results = of_seeds(seeds, |seed| {
            let mut runs = Runs::new((0..8).map(|k| 210.0 + 20.0 * f64::from(k)), 2000 + seed);
            runs.camera = runs.camera.photons(photons);
            let (set, thermal) = runs.simulate()?;
            let task = Task::new(&set, BY_RUN.split(&set.runs, seed)?, seed)?;
            let train = &task.split.train;
            let images = set.images(train)?;
            let window = |windows: &Array2<f64>| -> Outcome<Array3<f32>> {
                let scaled = Scaler::fit_shared(&windows.view(), train)?.apply(&windows.view())?;
                Ok(sequences(&scaled.slice(s![.., 15..]), None)?)
            };
            let (absorptance, thermal) = (window(&set.windows)?, window(&thermal)?);
            let mut rows = Vec::new();
            for (name, [sees, absorbs, glows]) in SUBSETS {
                let (mut branches, mut inputs) = (Vec::new(), Inputs::new());
                if sees {
                    branches.push(Branch::Image(ImageBranch::new(64, 64, 4)));
                    inputs = inputs.with_images(images.clone());
                }
                for signal in [absorbs.then_some(&absorptance), glows.then_some(&thermal)]
                    .into_iter()
                    .flatten()
                {
                    branches.push(Branch::Sequence(SequenceBranch::new(5, 1)));
                    inputs = inputs.with_sequences(signal.clone());
                }
                let config = NetworkConfig::new(branches, 2).with_pooled_head(4);
                let n_epochs = if sees { epochs } else { 10 * epochs };
                rows.push((
                    name,
                    task.judge(&config, &image_trainer(n_epochs, train.len()), &inputs)?,
                ));
            }
            Ok(rows)
        })?;
        for (seed, rows) in results.into_iter().enumerate() {
            for (model, row) in rows {
                scores.add(condition, model, seed as u64, row);
            }
        }
    }
    scores.print(|_| String::new());
    let mut more = json!({ "seeds": seeds, "epochs": epochs });
    for condition in [CLEAR, POOR] {
        more[format!("{condition}: what signals add to the image")] =
            scores.compare(condition, SUBSETS[6].0, SUBSETS[0].0)?;
    }
    save(
        &scores.figure(&[CLEAR, POOR], &SUBSETS.map(|s| s.0), 0.0),
        "ml_modalities",
    )?;
    finish("ml_modalities", &scores, more)
}
