//! How much history a signal-only model needs, and what a teacher adds to it.
//!
//! What is seen: R² against the length T of the window, from labels alone and with the truth as a perfect teacher, short and long training,
//! and the same with absorbed energy and time at every step. The published gain from T = 1 without a teacher to T = 5 with one
//! (0.8695 to 0.9336, pool) changes both together; here they are apart. Printed below: distillation with noisy labels and with frames whose
//! labels are held back, where a teacher could pay; the teacher is the cubic ridge of a, E, t of all clean labels. All simulated (`multi148`), random split.
//! 10 seeds, 800 epochs (short: 150). 3 min; `--quick`: 2 seeds, 40 and 10 epochs. Output: `target/figures/ml_context/`.

use meltpool_ml::{LambdaSchedule, Targets};
use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, ScatterFigure, Series};
use ndarray::{Array2, Axis as Along};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, RANDOM, Set, Task, flag, lstm, number, signal_trainer};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{Scores, TARGETS, finish, of_seeds, page, save};

const STEPS: [usize; 5] = [1, 2, 5, 10, 20];
const LONG: &str = "labels, long";
const SHORT: &str = "labels, short";
const PHYSICS: &str = "labels, E and t, long";
const TRUTH: &str = "truth as teacher, long";

fn main() -> Outcome {
    let quick = flag("--quick");
    let seeds = number("--seeds", if quick { 2 } else { 10 })?;
    let (long, short) = if quick { (40, 10) } else { (800, 150) };
    let results = of_seeds(seeds, |seed| one_seed(seed, long, short))?;
    let mut scores = Scores::default();
    for (seed, rows) in results.into_iter().enumerate() {
        for (condition, model, row) in rows {
            scores.add(condition, &model, seed as u64, row);
        }
    }
    scores.print(|_| String::new());
    let name = |steps: usize| format!("T={steps}");
    let mut more = json!({});
    let mut page = PanelFigure::new(2).theme(page(95.0));
    for (k, target) in TARGETS.into_iter().enumerate() {
        let axis = Axis::dimensionless(format!("R², depth of the {target}"));
        let mut panel =
            ScatterFigure::new(Axis::new("window T", "frames").log(), axis.range(0.5, 1.0));
        for (number, condition) in [LONG, SHORT, PHYSICS, TRUTH].into_iter().enumerate() {
            let (mean, deviation): (Vec<f64>, Vec<f64>) = STEPS
                .iter()
                .map(|s| scores.summary(condition, &name(*s), k))
                .unzip();
            let shift = 1.0 + 0.03 * (number as f64 - 1.5);
            let x: Vec<f64> = STEPS.iter().map(|s| *s as f64 * shift).collect();
            let color = OKABE_ITO[[4, 0, 2, 5][number]];
            panel = panel
                .series(
                    Series::new(condition, x.clone(), mean.clone())
                        .y_error(deviation)
                        .color(color),
                )
                .curve(Curve::new("", x, mean).color(color));
        }
        page = page.panel(panel);
    }
    more["context"] = scores.compare(LONG, "T=5", "T=1")?;
    for few in ["labels with 40 µm of noise", "24 labels, rest unlabeled"] {
        more[few] = scores.compare(few, "with teacher", "labels alone")?;
    }
    save(&page, "ml_context")?;
    finish("ml_context", &scores, more)
}

type Row = (&'static str, String, Vec<meltpool_ml::Score>);

fn one_seed(seed: u64, long: usize, short: usize) -> Outcome<Vec<Row>> {
    let set = Set::new("multi148", 64, 1000 + seed)?;
    let task = Task::new(&set, RANDOM.split(&set.runs, seed)?, seed)?;
    let train = &task.split.train;
    let trainer = signal_trainer(long, train.len());
    let pick = |table: &Array2<f32>| table.select(Along(0), train);
    let scaled = |table: &Array2<f64>| -> Outcome<Array2<f32>> {
        Ok(pick(&task.scaler.apply(&table.view())?.mapv(|v| v as f32)))
    };
    let judge = |targets: &Targets, steps: usize| -> Outcome<Vec<meltpool_ml::Score>> {
        let inputs = set.sequences(train, steps, false)?;
        let network = task.student(&lstm(steps, 1), &trainer, &inputs, targets)?;
        task.score(&task.microns(&network, &inputs)?)
    };
    let soft = |labels: Array2<f32>, soft: Array2<f32>, lambda| {
        Targets::new(labels).with_teacher(soft, LambdaSchedule::Constant(lambda))
    };
    let truth = scaled(&set.truth)?;
    let mut rows: Vec<Row> = Vec::new();
    for steps in STEPS {
        let name = format!("T={steps}");
        let inputs = set.sequences(train, steps, false)?;
        rows.push((LONG, name.clone(), judge(&task.hard(), steps)?));
        let brief = signal_trainer(short, train.len());
        rows.push((
            SHORT,
            name.clone(),
            task.judge(&lstm(steps, 1), &brief, &inputs)?,
        ));
        let all = set.sequences(train, steps, true)?;
        rows.push((
            PHYSICS,
            name.clone(),
            task.judge(&lstm(steps, 3), &trainer, &all)?,
        ));
        let perfect = soft(pick(&task.labels), truth.clone(), 0.0);
        rows.push((TRUTH, name, judge(&perfect, steps)?));
    }
    // where a teacher could pay; it has seen all labels of the train part
    let teacher = scaled(&task.ridge("a,E,t")?)?;
    let some: Vec<bool> = (0..train.len())
        .map(|k| k % (train.len() / 24) == 0)
        .collect();
    let mut noisy = pick(&task.labels);
    for (k, value) in noisy.iter_mut().enumerate() {
        // the label noise of the set itself, in another order and five to ten times as strong
        let (row, column) = (train[(k * 37 + 11) % train.len()], k % 2);
        let off = set.labels[[row, column]] - set.truth[[row, column]];
        let factor = 40.0 / [8.0, 4.0][column] / task.scaler.standard_deviation()[column];
        *value += (off * factor) as f32;
    }
    for (condition, labels, is_labeled) in [
        ("labels with 40 µm of noise", noisy, None),
        ("24 labels, rest unlabeled", pick(&task.labels), Some(&some)),
    ] {
        let alone = Targets::new(labels.clone());
        let taught = soft(labels, teacher.clone(), 0.5);
        for (model, targets) in [("labels alone", alone), ("with teacher", taught)] {
            let targets = match is_labeled {
                Some(mask) => targets.with_labeled(mask.clone()),
                None => targets,
            };
            rows.push((condition, model.into(), judge(&targets, 5)?));
        }
    }
    Ok(rows)
}
