//! All models and both targets of Mojumder et al., arXiv 2509.03029 (2025), beside the paper's figures, with intervals.
//!
//! What is seen: R² and mean absolute error of the image model, fusion, the signal-only models and the student, on a random split and on
//! unseen runs, mean ± standard deviation over data and split seeds. The paper's figures are one run of a split that is not stated; nothing
//! here is called reproduced that depends on it. Baselines that need no network stand beside. All simulated (`multi148`, 64 x 64 pixels).
//! `--set n2000` or `spot148`; `--size 128`; `--seeds N` (3; with `--full` 5, and 10 for signals); `--epochs N` for signals (800; n2000 40); `--only images`
//! or `signals`; `--teachers FOLDER` takes soft labels NAME_SPLIT_SEED.npy of another program; `--stored FOLDER` takes the frames, labels and splits of the reference program (`benches/peers/meltpool_ml_sets.py`).
//! 5 minutes of processor time; `--quick`: one seed, few epochs. Output: `target/figures/mojumder_table/`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use meltpool_ml::{
    Inputs, LambdaSchedule, NearestNeighbor, NetworkConfig, Regressor, Score, Targets,
};
use ndarray::{Array2, Axis as Along};
use serde_json::json;
use xray_io::SequenceReaderExt;

#[path = "support/ml.rs"]
mod ml;
use ml::{
    BY_RUN, Outcome, RANDOM, Set, Task, argument, flag, image_trainer, lstm, number, signal_trainer,
};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{Scores, finish, of_seeds, save};

/// R² of pool and keyhole as published.
const PAPER: [(&str, &str, &str); 4] = [
    ("CNN-4", "about 0.96 (target not stated)", "?"),
    ("fusion, scalar", "0.9241", "0.9842"),
    ("LSTM T=1", "0.8695", "not stated"),
    ("student T=5, lambda 0.5", "0.9336", "0.9360"),
];

struct Plan {
    set: String,
    size: usize,
    stored: Option<PathBuf>,
    teachers: Option<PathBuf>,
    image_epochs: usize,
    signal_epochs: usize,
    image_seeds: u64,
    signal_seeds: u64,
}

type Row = (&'static str, Vec<Score>);

fn main() -> Outcome {
    let (full, quick) = (flag("--full"), flag("--quick"));
    let set = argument("--set").unwrap_or_else(|| "multi148".into());
    let large = set == "n2000";
    let seeds: u64 = number("--seeds", if quick { 1 } else { 3 + 2 * u64::from(full) })?;
    let only = argument("--only").unwrap_or_default();
    let epochs = if large { 40 } else { 800 };
    let plan = Plan {
        size: number("--size", 64)?,
        stored: argument("--stored").map(PathBuf::from),
        teachers: argument("--teachers").map(PathBuf::from),
        image_epochs: if large {
            5
        } else if quick {
            3
        } else {
            60
        },
        signal_epochs: number("--epochs", if quick { 20 } else { epochs })?,
        image_seeds: if only == "signals" { 0 } else { seeds },
        signal_seeds: match only.as_str() {
            "images" => 0,
            _ if full && !large => seeds.max(10),
            _ => seeds,
        },
        set,
    };
    let mut scores = Scores::default();
    let mut differences = json!({});
    let splits = match argument("--split").as_deref() {
        Some("random") => vec!["random split"],
        Some("run") => vec!["unseen runs"],
        _ => vec!["random split", "unseen runs"],
    };
    for split in &splits {
        let work = |seed| one_seed(&plan, *split == "unseen runs", seed);
        for (seed, rows) in of_seeds(plan.image_seeds.max(plan.signal_seeds), work)?
            .into_iter()
            .enumerate()
        {
            for (model, row) in rows {
                scores.add(split, model, seed as u64, row);
            }
        }
    }
    println!(
        "{}, {} epochs for images, {} for signals",
        plan.set, plan.image_epochs, plan.signal_epochs
    );
    scores.print(|model| {
        let paper = PAPER.iter().find(|p| p.0 == model);
        paper.map_or(String::new(), |p| format!("   paper: {} / {}", p.1, p.2))
    });
    for split in &splits {
        for (a, b) in [
            ("fusion, history T=5", "CNN-4"),
            ("fusion, history T=5", "CNN-2"),
            ("LSTM T=5", "LSTM T=1"),
            ("student T=5, lambda 0.5", "LSTM T=5"),
        ] {
            differences[format!("{split}: {a} minus {b}")] = scores.compare(split, a, b)?;
        }
    }
    let shown = [
        "CNN-4",
        "CNN-2",
        "fusion, scalar",
        "fusion, history T=5",
        "LSTM T=1",
        "LSTM T=5",
        "student T=5, lambda 0.5",
        "LSTM T=5 + E,t",
        "ridge a,E,t",
    ];
    let here: Vec<&str> = shown
        .into_iter()
        .filter(|m| !scores.r2(splits[0], m, 0).is_empty())
        .collect();
    save(&scores.figure(&splits, &here, 0.3), "mojumder_table")?;
    let name = if plan.stored.is_some() {
        "stored"
    } else {
        "own"
    };
    let table = format!(
        "{}_{}_{name}_{}{only}.csv",
        plan.set, plan.size, plan.signal_epochs
    );
    std::fs::write(
        ml_scores::folder("mojumder_table")?.join(table),
        scores.csv(),
    )?;
    finish(
        "mojumder_table",
        &scores,
        json!({ "differences": differences }),
    )
}

impl Plan {
    fn set(&self, seed: u64, with_images: bool) -> Outcome<Set> {
        match &self.stored {
            None => Set::new(&self.set, self.size, 1000 + seed),
            Some(root) => {
                let name = if self.set == "spot148" {
                    "single148"
                } else {
                    &self.set
                };
                let size = if with_images { self.size } else { 0 };
                Set::stored(
                    &Path::new(root).join(format!("{name}_{size}/{seed}")),
                    with_images,
                )
            }
        }
    }
}

fn task(set: &Set, by_run: bool, seed: u64) -> Outcome<Task<'_>> {
    let split = match (&set.splits, by_run) {
        (Some(splits), _) => splits[usize::from(by_run)].clone(),
        (None, false) => RANDOM.split(&set.runs, seed)?,
        (None, true) => BY_RUN.split(&set.runs, seed)?,
    };
    Task::new(set, split, seed)
}

fn one_seed(plan: &Plan, by_run: bool, seed: u64) -> Outcome<Vec<Row>> {
    let start = Instant::now();
    let mut rows = Vec::new();
    let mut teacher = None;
    if seed < plan.image_seeds {
        let set = plan.set(seed, true)?;
        teacher = Some(images(plan, &task(&set, by_run, seed)?, &mut rows)?);
    }
    if seed < plan.signal_seeds {
        let set = plan.set(seed, false)?;
        if let Some(folder) = &plan.teachers {
            let split = if by_run { "run" } else { "random" };
            let file = folder.join(format!("{}_{split}_{seed}.npy", plan.set));
            // seeds without a file have no student
            if file.exists() {
                let frames = xray_io::open(&file)?.read_all()?.into_array();
                teacher = Some(frames.index_axis_move(Along(0), 0));
            }
        }
        signals(
            plan,
            &task(&set, by_run, seed)?,
            teacher.as_ref(),
            &mut rows,
        )?;
    }
    eprintln!("seed {seed}: {:.0} s", start.elapsed().as_secs_f64());
    Ok(rows)
}

/// Image models and fusion; gives the standardized predictions of the fusion with a scalar.
fn images(plan: &Plan, task: &Task, rows: &mut Vec<Row>) -> Outcome<Array2<f32>> {
    let (set, train) = (task.set, &task.split.train);
    let trainer = image_trainer(plan.image_epochs, set.runs.len());
    let images = set.images(train)?;
    let frames = Inputs::new().with_images(images.clone());
    for (name, blocks) in [("CNN-4", 4), ("CNN-2", 2)] {
        let config = NetworkConfig::cnn(plan.size, blocks, 2);
        rows.push((name, task.judge(&config, &trainer, &frames)?));
    }
    let both = frames.with_vectors(set.vectors(train, "a")?);
    let fused = task.network(&NetworkConfig::fusion(plan.size, 2), &trainer, &both)?;
    let soft = fused.predict(&both)?;
    rows.push(("fusion, scalar", task.score(&task.microns(&fused, &both)?)?));
    // the same network with the history of signal, energy and time
    let history = set.history(train, 5, true)?;
    let both = Inputs::new().with_images(images).with_sequences(history);
    let config = NetworkConfig::fusion_history(plan.size, 5, 3, 2);
    rows.push(("fusion, history T=5", task.judge(&config, &trainer, &both)?));
    Ok(soft)
}

/// Signal-only networks, students and closed forms.
fn signals(
    plan: &Plan,
    task: &Task,
    teacher: Option<&Array2<f32>>,
    rows: &mut Vec<Row>,
) -> Outcome {
    let (set, train) = (task.set, &task.split.train);
    let trainer = signal_trainer(plan.signal_epochs, set.runs.len());
    let five = set.sequences(train, 5, false)?;
    for (name, steps) in [("LSTM T=1", 1), ("LSTM T=5", 5), ("LSTM T=20", 20)] {
        let inputs = set.sequences(train, steps, false)?;
        rows.push((name, task.judge(&lstm(steps, 1), &trainer, &inputs)?));
    }
    let all = set.sequences(train, 5, true)?;
    let physics = task.microns(&task.network(&lstm(5, 3), &trainer, &all)?, &all)?;
    rows.push(("LSTM T=5 + E,t", task.score(&physics)?));
    // five networks that differ by their seed, at each length of the window; the keyhole forgets at once, the pool slowly
    let mut means = Vec::new();
    for (name, steps) in [
        ("mean of 5 LSTMs T=1 + E,t", 1),
        ("mean of 5 LSTMs T=20 + E,t", 20),
    ] {
        let inputs = set.sequences(train, steps, true)?;
        let seeds: Vec<u64> = (0..5).map(|k| task.seed + 100 * k).collect();
        let part = inputs.select(train);
        let members = trainer.fit_seeds(&lstm(steps, 3), &part, &task.hard(), &seeds)?;
        let mut sum = Array2::zeros(set.labels.dim());
        for member in &members {
            sum += &task.microns(&member.network, &inputs)?;
        }
        rows.push((name, task.score(&(&sum / 5.0))?));
        means.push(sum / 5.0);
    }
    let mut own_windows = means[1].clone();
    own_windows.column_mut(1).assign(&means[0].column(1));
    rows.push(("pool T=20, keyhole T=1", task.score(&own_windows)?));
    let all_means = (&means[0] + &means[1]) / 2.0;
    rows.push(("mean of these ten", task.score(&all_means)?));
    let truth = task.scaler.apply(&set.truth.view())?.mapv(|v| v as f32);
    let pick = |table: &Array2<f32>| table.select(Along(0), train);
    let mut student = |name, soft: &Array2<f32>, lambda| -> Outcome {
        let targets = Targets::new(pick(&task.labels))
            .with_teacher(pick(soft), LambdaSchedule::Constant(lambda));
        let network = task.student(&lstm(5, 1), &trainer, &five, &targets)?;
        rows.push((name, task.score(&task.microns(&network, &five)?)?));
        Ok(())
    };
    if let Some(soft) = teacher {
        student("student T=5, lambda 0.5", soft, 0.5)?;
        student("student T=5, lambda 0", soft, 0.0)?;
    }
    student("student T=5, truth as teacher", &truth, 0.0)?;
    for (name, columns) in [
        ("ridge a", "a"),
        ("ridge a,mean5", "a,mean5"),
        ("ridge a,E,t", "a,E,t"),
        ("ridge a,mean5,E,t", "a,mean5,E,t"),
    ] {
        rows.push((name, task.score(&task.ridge(columns)?)?));
    }
    let columns = set.columns("a,mean5,E,t")?;
    let part = |table: &Array2<f64>| table.select(Along(0), train);
    let nearest = NearestNeighbor::fit(&part(&columns).view(), &part(&set.labels).view(), 5)?;
    rows.push((
        "5 nearest a,mean5,E,t",
        task.score(&nearest.predict(&columns.view())?)?,
    ));
    let mean = (physics + task.ridge("a,mean5,E,t")?) / 2.0;
    rows.push(("mean of LSTM and ridge", task.score(&mean)?));
    Ok(())
}
