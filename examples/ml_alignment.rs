//! What a wrong co-registration of signal and frames costs.
//!
//! What is seen: R² of pool and keyhole depth when the signal is moved against the frames by -5 to 5 frames of 20 µs and by parts of a frame: a
//! ridge regression of absorptance, energy and time, and the LSTM with T = 5. A shift beyond the pulse, as a test by ±5 ms would be, says
//! nothing: the pulse lasts 2 ms. Below: the offset that maximizes the correlation of signal and keyhole depth finds a planted shift. The keyhole's
//! fluctuations are white at 50 kHz, so one frame is all it takes; the pool forgets slowly. All simulated (`spot148`, one run), random
//! split. 10 seeds, LSTM of 150 epochs. 1 min; `--quick`: 2 seeds, 10 epochs; `--stored FOLDER`: the run of the reference program. Output: `target/figures/ml_alignment/`.

use std::path::Path;

use meltpool_ml::{Inputs, Scaler, best_lag, sequences, shifted, signal_windows};
use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, ScatterFigure, Series};
use ndarray::{Array2, s};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, RANDOM, Set, Task, argument, flag, lstm, number, signal_trainer};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{Scores, TARGETS, finish, of_seeds, page, save};

const SHIFTS: [f64; 11] = [-5.0, -2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 5.0];
const MODELS: [&str; 2] = ["ridge a,E,t", "LSTM T=5"];

fn main() -> Outcome {
    let quick = flag("--quick");
    let seeds = number("--seeds", if quick { 2 } else { 10 })?;
    let epochs = if quick { 10 } else { 150 };
    let mut scores = Scores::default();
    let mut found = Vec::new();
    for (seed, (rows, lag)) in of_seeds(seeds, |seed| one_seed(seed, epochs))?
        .into_iter()
        .enumerate()
    {
        for (condition, model, row) in rows {
            scores.add(&condition, model, seed as u64, row);
        }
        found.push(lag);
    }
    scores.print(|_| String::new());
    println!("offset of largest correlation, signal 3 frames late: {found:?}");
    assert!(
        found.iter().all(|lag| *lag == 3),
        "the planted offset is found: {found:?}"
    );
    let mut figure = PanelFigure::new(2).theme(page(80.0));
    for (k, target) in TARGETS.into_iter().enumerate() {
        let x = Axis::new("signal moved by", "frames of 20 µs");
        let y = Axis::dimensionless(format!("R², depth of the {target}")).range(0.4, 1.0);
        let mut panel = ScatterFigure::new(x, y);
        for (model, color) in MODELS.into_iter().zip([OKABE_ITO[4], OKABE_ITO[5]]) {
            let (mean, deviation): (Vec<f64>, Vec<f64>) = SHIFTS
                .iter()
                .map(|shift| scores.summary(&name(*shift), model, k))
                .unzip();
            panel = panel
                .series(
                    Series::new(model, SHIFTS, mean.clone())
                        .y_error(deviation)
                        .color(color),
                )
                .curve(Curve::new("", SHIFTS, mean).color(color));
        }
        figure = figure.panel(panel);
    }
    let keyhole = |shift: f64| scores.summary(&name(shift), MODELS[0], 1).0;
    assert!(keyhole(0.0) > keyhole(1.0) + 0.02 && keyhole(0.0) > keyhole(-1.0) + 0.02);
    save(&figure, "ml_alignment")?;
    let more =
        json!({ "ridge_keyhole_at_0": keyhole(0.0), "at_1": keyhole(1.0), "at_-1": keyhole(-1.0) });
    finish("ml_alignment", &scores, more)
}

fn name(shift: f64) -> String {
    format!("moved by {shift} frames")
}

type Row = (String, &'static str, Vec<meltpool_ml::Score>);

fn one_seed(seed: u64, epochs: usize) -> Outcome<(Vec<Row>, isize)> {
    // one run, so that the rows are consecutive frames
    let (set, split) = match argument("--stored") {
        None => {
            let set = Set::new("spot148", 64, 1000 + seed)?;
            let split = RANDOM.split(&set.runs, seed)?;
            (set, split)
        }
        Some(root) => {
            let set = Set::stored(&Path::new(&root).join(format!("single148_0/{seed}")), false)?;
            let split = set.splits.clone().ok_or("a stored set has splits")?[0].clone();
            (set, split)
        }
    };
    let task = Task::new(&set, split, seed)?;
    let train = &task.split.train;
    let signal = set.windows.column(19).to_vec();
    let mut rows = Vec::new();
    for shift in SHIFTS {
        let moved = shifted(&signal, shift)?;
        // energy and time stay where they are: they hardly change within a frame
        let mut columns = set.columns("a,E,t")?;
        columns.column_mut(0).assign(&ndarray::aview1(&moved));
        rows.push((
            name(shift),
            MODELS[0],
            task.score(&task.ridge_of(&columns)?)?,
        ));
        let windows: Array2<f64> = signal_windows(&moved, 5, 0.0)?;
        let scaled = Scaler::fit_shared(&windows.view(), train)?.apply(&windows.view())?;
        let inputs = Inputs::new().with_sequences(sequences(&scaled.slice(s![.., ..]), None)?);
        let trainer = signal_trainer(epochs, train.len());
        rows.push((
            name(shift),
            MODELS[1],
            task.judge(&lstm(5, 1), &trainer, &inputs)?,
        ));
    }
    // search: a signal that comes three frames late
    let depth = set.labels.column(1).to_vec();
    let (lag, _) = best_lag(&depth, &shifted(&signal, -3.0)?, 10)?;
    Ok((rows, lag))
}
