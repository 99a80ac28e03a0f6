//! Distillation of Mojumder et al., arXiv 2509.03029 (2025): a student that needs the signal alone, taught by the fusion of image and signal.
//!
//! What is seen: R² of the signal-only network with T = 1 (labels), T = 5 (labels), T = 5 with a teacher by shares of labels of 0.5 and 0, by a
//! share that falls, with hints from the teacher's features, and by a mean of three teachers. The paper goes from T = 1 without to T = 5 with a teacher at once (0.8695 to
//! 0.9336 of the pool); the row of T = 5 with labels alone tells the two apart. Then the signal of the test part is spoiled: by random noise, by a
//! drift of its gain, by a plume that attenuates. All simulated (`multi148`, 64 x 64 pixels, random split). 3 seeds, teacher 60 epochs, students 800.
//! 4 min of processor time; `--seeds N`; `--quick`: 1 seed, 1 and 10 epochs. Output: `target/figures/mojumder_transfer/`.

use meltpool_ml::{
    Inputs, LambdaSchedule, Network, NetworkConfig, Scaler, Score, Targets, sequences,
};
use ndarray::{Array2, Axis as Along, s};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, RANDOM, Set, Task, flag, image_trainer, lstm, number, signal_trainer};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{Scores, finish, of_seeds, save};

const LABELS: &str = "T=5, labels";
const STUDENT: &str = "T=5, share 0.5";
const MODELS: [&str; 8] = [
    "teacher (image, signal)",
    "T=1, labels",
    LABELS,
    STUDENT,
    "T=5, share 0",
    "T=5, share 1 to 0",
    "T=5, share 0.5 and hint",
    "T=5, mean of 3 teachers",
];
const CLEAN: &str = "signal as it is";
const SPOILED: [&str; 3] = ["noise of 0.03", "gain falls by 10 %", "plume takes 10 %"];

type Row = (&'static str, &'static str, Vec<Score>);

fn main() -> Outcome {
    let quick = flag("--quick");
    let seeds = number("--seeds", if quick { 1 } else { 3 })?;
    let epochs = if quick { (1, 10) } else { (60, 800) };
    let mut scores = Scores::default();
    for (seed, rows) in of_seeds(seeds, |seed| one_seed(seed, epochs))?
        .into_iter()
        .enumerate()
    {
        for (condition, model, row) in rows {
            scores.add(condition, model, seed as u64, row);
        }
    }
    scores.print(|_| String::new());
    let mut more =
        json!({ "seeds": seeds, "paper": { "T=1": 0.8695, "student": [0.9336, 0.9360] } });
    more["context alone"] = scores.compare(CLEAN, LABELS, MODELS[1])?;
    for model in &MODELS[3..] {
        more[format!("{model} minus labels")] = scores.compare(CLEAN, model, LABELS)?;
    }
    for condition in SPOILED {
        more[format!("{condition}: student minus labels")] =
            scores.compare(condition, STUDENT, LABELS)?;
    }
    let conditions = [CLEAN, SPOILED[0], SPOILED[1], SPOILED[2]];
    save(
        &scores.figure(&conditions, &MODELS, 0.4),
        "mojumder_transfer",
    )?;
    finish("mojumder_transfer", &scores, more)
}

fn one_seed(seed: u64, epochs: (usize, usize)) -> Outcome<Vec<Row>> {
    let set = Set::new("multi148", 64, 1000 + seed)?;
    let task = Task::new(&set, RANDOM.split(&set.runs, seed)?, seed)?;
    let train = &task.split.train;
    let both = Inputs::new()
        .with_images(set.images(train)?)
        .with_vectors(set.vectors(train, "a")?);
    let (config, trainer) = (
        NetworkConfig::fusion(64, 2),
        image_trainer(epochs.0, train.len()),
    );
    // three teachers that differ by their seed
    let part = both.select(train);
    let teachers = trainer.fit_seeds(
        &config,
        &part,
        &task.hard(),
        &[seed, seed + 100, seed + 200],
    )?;
    let soft: Vec<Array2<f32>> = teachers
        .iter()
        .map(|t| t.network.predict(&part))
        .collect::<Result<_, _>>()?;
    let first = &teachers[0].network;
    let mut rows = vec![(CLEAN, MODELS[0], task.score(&task.microns(first, &both)?)?)];
    let taught = |schedule| task.hard().with_teacher(soft[0].clone(), schedule);
    let half = LambdaSchedule::Constant(0.5);
    let students: [(&str, usize, Targets); 7] = [
        (MODELS[1], 1, task.hard()),
        (MODELS[2], 5, task.hard()),
        (MODELS[3], 5, taught(half)),
        (MODELS[4], 5, taught(LambdaSchedule::Constant(0.0))),
        (MODELS[5], 5, taught(LambdaSchedule::Linear(1.0, 0.0))),
        (
            MODELS[6],
            5,
            taught(half).with_hint(first.features(&part)?, 0.1),
        ),
        (MODELS[7], 5, task.hard().with_teachers(&soft, half)?),
    ];
    let trainer = signal_trainer(epochs.1, train.len());
    for (name, steps, targets) in students {
        let inputs = set.sequences(train, steps, false)?;
        let student = task.student(&lstm(steps, 1), &trainer, &inputs, &targets)?;
        rows.push((CLEAN, name, task.score(&task.microns(&student, &inputs)?)?));
        if steps == 5 {
            for condition in SPOILED {
                rows.push((condition, name, spoiled(&task, &student, condition)?));
            }
        }
    }
    Ok(rows)
}

/// Scores of a trained student on a signal that went wrong after its training.
fn spoiled(task: &Task, student: &Network, condition: &str) -> Outcome<Vec<Score>> {
    let set = task.set;
    let n = set.runs.len();
    let mut windows = set.windows.clone();
    for ((row, step), value) in windows.indexed_iter_mut() {
        // a fixed sequence that looks random: every frame's value has one error, whichever window it stands in
        let frame = row + step;
        let u = ((frame as f64 * 12.9898 + 78.233 + task.seed as f64).sin() * 43_758.545_3)
            .rem_euclid(1.0);
        *value = match condition {
            "noise of 0.03" => *value + 0.03 * 12_f64.sqrt() * (u - 0.5),
            "gain falls by 10 %" => *value * (1.0 - 0.1 * row as f64 / n as f64),
            _ => *value * 0.9,
        };
    }
    let scaled =
        Scaler::fit_shared(&set.windows.view(), &task.split.train)?.apply(&windows.view())?;
    let inputs = Inputs::new().with_sequences(sequences(&scaled.slice(s![.., 15..]), None)?);
    debug_assert_eq!(inputs.n_samples(), set.labels.len_of(Along(0)));
    task.score(&task.microns(student, &inputs)?)
}
