//! Intervals around predicted depths, and whether they hold on unseen runs.
//!
//! What is seen: coverage and width of split conformal intervals of nominal 90 % around the cubic ridge of a, E, t on twenty runs: calibrated and tested on frames at
//! random, and on whole runs, mean and standard error over many splits. A single split by run scatters by several points. Then what
//! four other spreads are worth on unseen runs: five networks, Monte Carlo dropout, a heteroscedastic loss, quantiles; each covers what it covers, and only
//! calibration makes it 90 %. Last, the adaptive interval on a signal whose gain drifts. All simulated (`n2000`). 5 sets x 40 splits; networks
//! (T = 5 with E, t) of 40 epochs on 2 splits. 2 min; `--quick`: 5 splits, 1 epoch. Output: `target/figures/ml_uncertainty/`.

use meltpool_ml::{
    AdaptiveConformal, LossKind, NetworkConfig, Scaler, Split, SplitConformal, SplitStrategy,
    Trainer,
};
use meltpool_plot::{Axis, Curve, OKABE_ITO, PanelFigure, ScatterFigure, Series};
use ndarray::{Array2, Axis as Along, concatenate, s};
use serde_json::{Value, json};

#[path = "support/ml.rs"]
mod ml;
use ml::{BY_RUN, Outcome, RANDOM, Set, Task, flag, lstm, signal_trainer};
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml_scores::{mean_and_deviation, of_seeds, page, save};

const ALPHA: f64 = 0.1;

/// Train, calibration and test rows: 60, 20 and 20 % of the frames or of the runs.
fn three_parts(set: &Set, by_run: bool, seed: u64) -> Outcome<(Split, Vec<usize>)> {
    let (outer, share) = if by_run {
        (BY_RUN, SplitStrategy::Grouped { test_share: 0.25 })
    } else {
        (RANDOM, SplitStrategy::Random { test_share: 0.25 })
    };
    let split = outer.split(&set.runs, seed)?;
    let own: Vec<usize> = split.train.iter().map(|row| set.runs[*row]).collect();
    let inner = share.split(&own, seed + 1)?;
    let rows = |part: &[usize]| part.iter().map(|k| split.train[*k]).collect();
    let calibration = rows(&inner.test);
    Ok((
        Split {
            train: rows(&inner.train),
            test: split.test,
        },
        calibration,
    ))
}

fn pick(table: &Array2<f64>, rows: &[usize]) -> Array2<f64> {
    table.select(Along(0), rows)
}

/// Coverage of both targets and widths in µm of one split.
fn one_split(set: &Set, by_run: bool, seed: u64) -> Outcome<[f64; 4]> {
    let (split, calibration) = three_parts(set, by_run, seed)?;
    let task = Task::new(set, split, seed)?;
    let predicted = task.ridge("a,E,t")?;
    let intervals = SplitConformal::fit(
        &pick(&set.labels, &calibration).view(),
        &pick(&predicted, &calibration).view(),
        ALPHA,
    )?;
    let test = &task.split.test;
    let covered = intervals.coverage(
        &pick(&set.labels, test).view(),
        &pick(&predicted, test).view(),
    )?;
    let widths = intervals.half_widths();
    Ok([covered[0], covered[1], 2.0 * widths[0], 2.0 * widths[1]])
}

fn main() -> Outcome {
    let quick = flag("--quick");
    let (n_sets, n_splits) = if quick { (1, 5) } else { (5, 40) };
    let mut report = json!({});
    let mut figure = PanelFigure::new(3).theme(page(75.0));
    let mut panel = ScatterFigure::new(
        Axis::dimensionless("share of splits below"),
        Axis::new("coverage of the pool", "%"),
    );
    for (name, by_run, color) in [
        ("frames at random", false, OKABE_ITO[4]),
        ("unseen runs", true, OKABE_ITO[5]),
    ] {
        let all = of_seeds(n_sets, |k| {
            let set = Set::new("n2000", 64, 1000 + k)?;
            (0..n_splits)
                .map(|seed| one_split(&set, by_run, 1000 * k + seed))
                .collect::<Outcome<Vec<_>>>()
        })?;
        let rows: Vec<[f64; 4]> = all.into_iter().flatten().collect();
        let column = |k: usize| rows.iter().map(|r| r[k]).collect::<Vec<f64>>();
        let [pool, keyhole, pool_width, keyhole_width] =
            [0, 1, 2, 3].map(|k| mean_and_deviation(&column(k)));
        let n = rows.len() as f64;
        println!(
            "{name}: coverage of nominal 90 %: pool {:.1} ± {:.1} % (standard error {:.2}), keyhole {:.1} ± {:.1} % ({:.2}); widths {:.0} / {:.0} µm; {n} splits",
            100.0 * pool.0,
            100.0 * pool.1,
            100.0 * pool.1 / n.sqrt(),
            100.0 * keyhole.0,
            100.0 * keyhole.1,
            100.0 * keyhole.1 / n.sqrt(),
            pool_width.0,
            keyhole_width.0
        );
        report[name] = json!({ "coverage": [pool.0, keyhole.0], "standard_error": [pool.1 / n.sqrt(), keyhole.1 / n.sqrt()], "width_um": [pool_width.0, keyhole_width.0], "splits": rows.len() });
        let mut sorted: Vec<f64> = column(0).iter().map(|v| 100.0 * v).collect();
        sorted.sort_by(f64::total_cmp);
        let shares: Vec<f64> = (0..sorted.len()).map(|k| (k as f64 + 0.5) / n).collect();
        panel = panel.curve(Curve::new(name, shares, sorted).color(color));
    }
    panel = panel.curve(Curve::new("nominal", [0.0, 1.0], [90.0, 90.0]).dashed());
    figure = figure.panel(panel);

    let (rows, spread) = spreads(if quick { 1 } else { 40 }, if quick { 1 } else { 2 })?;
    report["spreads"] = spread;
    let names: Vec<String> = rows.iter().rev().map(|r| r.0.clone()).collect();
    let mut panel = ScatterFigure::new(
        Axis::new("pool inside, unseen runs", "%").range(0.0, 105.0),
        Axis::categories("spread", names),
    );
    let places: Vec<f64> = (0..rows.len())
        .map(|k| (rows.len() - 1 - k) as f64)
        .collect();
    for (name, k, color) in [
        ("as given", 1, OKABE_ITO[4]),
        ("calibrated", 2, OKABE_ITO[5]),
    ] {
        let values: Vec<f64> = rows
            .iter()
            .map(|r| 100.0 * if k == 1 { r.1 } else { r.2 })
            .collect();
        panel = panel.series(Series::new(name, values, places.clone()).color(color));
    }
    figure = figure.panel(
        panel.curve(Curve::new("nominal", [90.0, 90.0], [-0.5, rows.len() as f64 - 0.5]).dashed()),
    );

    let (panel, adaptive) = drifting()?;
    report["drift"] = adaptive;
    save(&figure.panel(panel), "ml_uncertainty")?;
    println!("{report}");
    Ok(())
}

type Spread = (String, f64, f64);

/// Coverage of the pool by intervals from four kinds of spread, as they are and scaled on the calibration runs.
fn spreads(epochs: usize, n_splits: u64) -> Outcome<(Vec<Spread>, Value)> {
    let mut sums: Vec<Spread> = Vec::new();
    for seed in 0..n_splits {
        let set = Set::new("n2000", 64, 1000 + seed)?;
        let (split, calibration) = three_parts(&set, true, seed)?;
        let task = Task::new(&set, split, seed)?;
        let inputs = set.sequences(&task.split.train, 5, true)?;
        let trainer = signal_trainer(epochs, set.runs.len());
        let part = inputs.select(&task.split.train);
        let fit = |config: &NetworkConfig, trainer: &Trainer| {
            trainer.clone().seed(seed).fit(config, &part, &task.hard())
        };
        // center and half width of a nominal 90 % interval, in standardized units, pool only
        let mut found: Vec<(&str, Vec<f64>, Vec<f64>)> = Vec::new();
        let members = trainer.fit_seeds(&lstm(5, 3), &part, &task.hard(), &[0, 1, 2, 3, 4])?;
        let all: Vec<Array2<f64>> = members
            .iter()
            .map(|m| Ok(m.network.predict(&inputs)?.mapv(f64::from)))
            .collect::<Outcome<_>>()?;
        let stacked = concatenate(
            Along(1),
            &all.iter().map(|p| p.slice(s![.., ..1])).collect::<Vec<_>>(),
        )?;
        let center = stacked.mean_axis(Along(1)).ok_or("no members")?.to_vec();
        found.push((
            "five networks",
            center,
            stacked.std_axis(Along(1), 1.0).mapv(|v| 1.645 * v).to_vec(),
        ));
        let dropped = fit(&lstm(5, 3).with_dropout(0.1), &trainer)?
            .network
            .predict_dropout(&inputs, 50, 0)?;
        found.push((
            "dropout of 10 %",
            dropped.mean.column(0).to_vec(),
            dropped
                .standard_deviation
                .column(0)
                .mapv(|v| 1.645 * v)
                .to_vec(),
        ));
        let mut wide = lstm(5, 3);
        wide.n_outputs = 4;
        let normal = fit(&wide, &trainer.clone().loss(LossKind::Gaussian))?
            .network
            .predict(&inputs)?
            .mapv(f64::from);
        found.push((
            "normal density",
            normal.column(0).to_vec(),
            normal.column(2).mapv(|v| 1.645 * (0.5 * v).exp()).to_vec(),
        ));
        let levels = LossKind::Quantile(vec![0.05, 0.95]);
        let q = fit(&wide, &trainer.clone().loss(levels))?
            .network
            .predict(&inputs)?
            .mapv(f64::from);
        let (low, high) = (q.column(0), q.column(2));
        found.push((
            "quantiles",
            ((&low + &high) / 2.0).to_vec(),
            ((&high - &low) / 2.0).mapv(|v| v.max(1e-6)).to_vec(),
        ));
        for (k, (name, center, half)) in found.into_iter().enumerate() {
            // residuals over half widths: an interval is right if 90 % of them lie below 1
            let ratio = |rows: &[usize]| -> Array2<f64> {
                Array2::from_shape_fn((rows.len(), 1), |(r, _)| {
                    (f64::from(task.labels[[rows[r], 0]]) - center[rows[r]]).abs() / half[rows[r]]
                })
            };
            let (test, own) = (ratio(&task.split.test), ratio(&calibration));
            let zeros = |t: &Array2<f64>| Array2::zeros(t.dim());
            let scale = SplitConformal::fit(&own.view(), &zeros(&own).view(), ALPHA)?;
            let covered = scale.coverage(&test.view(), &zeros(&test).view())?[0];
            let plain = test.iter().filter(|r| **r <= 1.0).count() as f64 / test.len() as f64;
            if seed == 0 {
                sums.push((name.to_owned(), 0.0, 0.0));
            }
            sums[k].1 += plain / n_splits as f64;
            sums[k].2 += covered / n_splits as f64;
        }
    }
    let mut report = json!({});
    for (name, plain, calibrated) in &sums {
        println!(
            "{name}: {:.1} % of the pool's labels inside as given, {:.1} % calibrated by runs",
            100.0 * plain,
            100.0 * calibrated
        );
        report[name] = json!([plain, calibrated]);
    }
    Ok((sums, report))
}

/// A stream whose signal loses a fifth of its gain: fixed against adaptive intervals.
fn drifting() -> Outcome<(ScatterFigure, Value)> {
    let set = Set::new("n2000", 64, 1000)?;
    let (split, calibration) = three_parts(&set, true, 0)?;
    let task = Task::new(&set, split, 0)?;
    let predicted = task.ridge("a,E,t")?;
    let fixed = SplitConformal::fit(
        &pick(&set.labels, &calibration).view(),
        &pick(&predicted, &calibration).view(),
        ALPHA,
    )?;
    let mut adaptive = AdaptiveConformal::new(ALPHA, 0.02, 200)?;
    for row in &calibration {
        adaptive.update(set.labels[[*row, 0]] - predicted[[*row, 0]])?;
    }
    let test = &task.split.test;
    let (mut inside, mut shares) = ([0.0, 0.0], [Vec::new(), Vec::new()]);
    for (k, row) in test.iter().enumerate() {
        // the error that a lost gain leaves in the depth, growing along the stream
        let drift = 40.0 * k as f64 / test.len() as f64;
        let residual = set.labels[[*row, 0]] - predicted[[*row, 0]] + drift;
        inside[0] += f64::from(u8::from(residual.abs() <= fixed.half_widths()[0]));
        inside[1] += f64::from(u8::from(adaptive.update(residual)?));
        for j in 0..2 {
            shares[j].push(100.0 * inside[j] / (k + 1) as f64);
        }
    }
    let x: Vec<f64> = (1..=test.len()).map(|k| k as f64).collect();
    let mut panel = ScatterFigure::new(
        Axis::dimensionless("frames of the stream"),
        Axis::new("inside so far", "%").range(50.0, 101.0),
    );
    for (name, share, color) in [
        ("fixed", &shares[0], OKABE_ITO[4]),
        ("adaptive", &shares[1], OKABE_ITO[5]),
    ] {
        panel = panel.curve(Curve::new(name, x.clone(), share.clone()).color(color));
    }
    panel = panel.curve(Curve::new("nominal", [1.0, test.len() as f64], [90.0, 90.0]).dashed());
    let n = test.len() as f64;
    println!(
        "drift of 40 µm along {n} frames: fixed interval covers {:.1} %, adaptive {:.1} %",
        100.0 * inside[0] / n,
        100.0 * inside[1] / n
    );
    let scaler: &Scaler = &task.scaler;
    Ok((
        panel,
        json!({ "fixed": inside[0] / n, "adaptive": inside[1] / n, "pool_deviation_um": scaler.standard_deviation()[0] }),
    ))
}
