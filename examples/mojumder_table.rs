//! All models and both targets of Mojumder et al., arXiv 2509.03029 (2025), beside the paper's figures, with intervals.
//!
//! What is seen: R² and mean absolute error of the image model, fusion, the signal-only models and the student, on a random split and on
//! unseen runs, mean ± standard deviation over data and split seeds. The paper's figures are one run of a split that is not stated; nothing
//! here is called reproduced that depends on it. Baselines that need no network stand beside. All simulated (`multi148`, 64 x 64 pixels;
//! `--set n2000`: 5 epochs for images, 40 for signals). Default: 3 seeds, 5 minutes of
//! processor time; `--full`: 5 seeds (10 for signals); `--seeds N`.
//! Output: `target/figures/mojumder_table/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use meltpool_ml::{
    CubicRidge, Init, Inputs, LambdaSchedule, NearestNeighbor, NetworkConfig, Regressor, Scaler,
    Score, SplitStrategy, Targets, Trainer, paired_test,
};
use meltpool_plot::{Axis, Figure, ScatterFigure, Series, Theme};
use ndarray::{Array2, Axis as Along, s};
use rayon::prelude::*;
use serde_json::json;

#[path = "support/ml.rs"]
#[expect(dead_code, reason = "labels are judged here, not the truth")]
mod ml;
use ml::{Outcome, Set, mean_and_deviation};

/// R² of pool and keyhole as published.
const PAPER: [(&str, &str, &str); 4] = [
    ("CNN-4", "about 0.96 (target not stated)", ""),
    ("fusion, scalar", "0.9241", "0.9842"),
    ("LSTM T=1", "0.8695", "not stated"),
    ("student T=5, lambda 0.5", "0.9336", "0.9360"),
];

struct Plan {
    set: String,
    image_epochs: usize,
    signal_epochs: usize,
    image_seeds: u64,
    signal_seeds: u64,
}

#[expect(clippy::too_many_lines, reason = "one table, one figure")]
fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    let full = arguments.iter().any(|a| a == "--full");
    let set = arguments
        .iter()
        .position(|a| a == "--set")
        .and_then(|k| arguments.get(k + 1));
    let set = set.map_or("multi148", String::as_str).to_owned();
    let seeds = arguments
        .iter()
        .position(|a| a == "--seeds")
        .and_then(|k| arguments.get(k + 1))
        .and_then(|n| n.parse::<u64>().ok());
    let large = set == "n2000";
    let plan = Plan {
        image_epochs: if large { 5 } else { 60 },
        signal_epochs: if large { 40 } else { 800 },
        image_seeds: seeds.unwrap_or(if full { 5 } else { 3 }),
        signal_seeds: seeds.unwrap_or(match (full, large) {
            (true, false) => 10,
            (true, true) => 5,
            (false, _) => 3,
        }),
        set,
    };
    let folder = Path::new("target/figures/mojumder_table");
    std::fs::create_dir_all(folder)?;
    let mut csv = "split,model,seed,r2_pool,r2_keyhole,mae_pool_um,mae_keyhole_um\n".to_owned();
    let mut report = BTreeMap::new();
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("R² of the pool's depth"),
        Axis::dimensionless("R² of the keyhole's depth"),
    )
    .theme(Theme::page())
    .note(format!(
        "{}: simulated frames; mean ± standard deviation over seeds",
        plan.set
    ));
    for (split_name, strategy) in [
        ("random", SplitStrategy::Random { test_share: 0.2 }),
        ("run", SplitStrategy::Grouped { test_share: 0.2 }),
    ] {
        let seeds = plan.image_seeds.max(plan.signal_seeds);
        let results: Vec<BTreeMap<&'static str, Vec<Score>>> = (0..seeds)
            .into_par_iter()
            .map(|seed| one_seed(&plan, &strategy, seed).map_err(|e| e.to_string()))
            .collect::<Result<_, _>>()?;
        println!(
            "{} set, {split_name} split; R² pool / keyhole, MAE µm, (n seeds)",
            plan.set
        );
        let mut columns: BTreeMap<&'static str, [Vec<f64>; 2]> = BTreeMap::new();
        let names: Vec<&'static str> = results[0].keys().copied().collect();
        for name in names {
            let rows: Vec<(usize, &Vec<Score>)> = results
                .iter()
                .enumerate()
                .filter_map(|(k, r)| r.get(name).map(|s| (k, s)))
                .collect();
            let r2 = |k: usize| {
                rows.iter()
                    .filter_map(|(_, s)| s[k].r2)
                    .collect::<Vec<f64>>()
            };
            let mae = |k: usize| {
                mean_and_deviation(&rows.iter().map(|(_, s)| s[k].mae).collect::<Vec<_>>()).0
            };
            let (pool, keyhole) = (mean_and_deviation(&r2(0)), mean_and_deviation(&r2(1)));
            let paper = PAPER
                .iter()
                .find(|p| p.0 == name)
                .map_or(String::new(), |p| format!("   paper: {} / {}", p.1, p.2));
            let undefined = 2 * rows.len() - r2(0).len() - r2(1).len();
            println!(
                "  {name:26} {:.4} ± {:.3} / {:.4} ± {:.3}   MAE {:.1} / {:.1}  ({}{}){paper}",
                pool.0,
                pool.1,
                keyhole.0,
                keyhole.1,
                mae(0),
                mae(1),
                rows.len(),
                if undefined > 0 {
                    format!(", {undefined} undefined")
                } else {
                    String::new()
                },
            );
            for (seed, s) in &rows {
                let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.5}"));
                writeln!(
                    csv,
                    "{split_name},{name},{seed},{},{},{:.3},{:.3}",
                    number(s[0].r2),
                    number(s[1].r2),
                    s[0].mae,
                    s[1].mae
                )?;
            }
            report.insert(
                format!("{split_name}: {name}"),
                json!([pool.0, keyhole.0, pool.1, keyhole.1]),
            );
            columns.insert(name, [r2(0), r2(1)]);
            if [
                "CNN-4",
                "fusion, scalar",
                "fusion, history T=5",
                "LSTM T=1",
                "LSTM T=5",
                "ridge a,E,t",
            ]
            .contains(&name)
            {
                let series = Series::new(
                    format!("{name}, {split_name}"),
                    vec![pool.0],
                    vec![keyhole.0],
                );
                figure = figure.series(series.x_error(vec![pool.1]).y_error(vec![keyhole.1]));
            }
        }
        for (a, b) in [
            ("fusion, history T=5", "CNN-4"),
            ("LSTM T=5", "LSTM T=1"),
            ("student T=5, lambda 0.5", "LSTM T=5 (teacher's seeds)"),
        ] {
            if let (Some(x), Some(y)) = (columns.get(a), columns.get(b)) {
                for (k, target) in ["pool", "keyhole"].into_iter().enumerate() {
                    if x[k].len() == y[k].len() && x[k].len() > 1 {
                        let t = paired_test(&x[k], &y[k], 0)?;
                        println!(
                            "  {a} minus {b}, {target}: {:+.4} ± {:.4} (standard error), p = {:.3}, {} pairs",
                            t.mean_difference, t.standard_error, t.p_value, t.n
                        );
                    }
                }
            }
        }
    }
    std::fs::write(folder.join(format!("{}.csv", plan.set)), csv)?;
    let files = figure.save_all(folder, "mojumder_table")?;
    println!("wrote {}", files.png.display());
    println!("{}", json!(report));
    Ok(())
}

/// Scores of all models for one data and split seed.
#[expect(clippy::too_many_lines, reason = "one block a model")]
fn one_seed(
    plan: &Plan,
    strategy: &SplitStrategy,
    seed: u64,
) -> Outcome<BTreeMap<&'static str, Vec<Score>>> {
    let start = Instant::now();
    let set = Set::new(&plan.set, 64, 1000 + seed)?;
    let split = strategy.split(&set.runs, seed)?;
    let (train, test) = (&split.train, &split.test);
    let scaler = Scaler::fit(&set.labels.view(), train)?;
    let labels = scaler.apply(&set.labels.view())?.mapv(|v| v as f32);
    let small = set.runs.len() < 500;
    let mut scores = BTreeMap::new();
    let run = |config: NetworkConfig,
               trainer: Trainer,
               inputs: &Inputs,
               targets: Targets|
     -> Outcome<Array2<f32>> {
        let trained = trainer
            .seed(seed)
            .fit(&config, &inputs.select(train), &targets)?;
        Ok(trained.network.predict(inputs)?)
    };
    let hard = || Targets::new(labels.select(Along(0), train));
    let judge = |predicted: &Array2<f32>| -> Outcome<Vec<Score>> {
        set.score(&scaler.invert(&predicted.mapv(f64::from).view())?, test)
    };
    let mut teacher = None;
    if seed < plan.image_seeds {
        let images = set.images(train)?;
        let trainer = Trainer::new()
            .n_epochs(plan.image_epochs)
            .batch_size(if small { 16 } else { 32 });
        let frames = Inputs::new().with_images(images.clone());
        scores.insert(
            "CNN-4",
            judge(&run(
                NetworkConfig::cnn(64, 4, 2),
                trainer.clone(),
                &frames,
                hard(),
            )?)?,
        );
        let now = set.sequences(train, 1, false)?;
        let scalar =
            Scaler::fit(&set.columns("a").view(), train)?.apply(&set.columns("a").view())?;
        let both = frames.clone().with_vectors(scalar.mapv(|v| v as f32));
        let predicted = run(NetworkConfig::fusion(64, 2), trainer.clone(), &both, hard())?;
        scores.insert("fusion, scalar", judge(&predicted)?);
        teacher = Some(predicted);
        assert_eq!(now.n_samples(), set.runs.len());
        // the same network with the history of signal, energy and time
        let scaled = Scaler::fit_shared(&set.windows.view(), train)?.apply(&set.windows.view())?;
        let physics = Scaler::fit(&set.physics.view(), train)?.apply(&set.physics.view())?;
        let history = meltpool_ml::sequences(&scaled.slice(s![.., 15..]), Some(&physics.view()))?;
        let both = Inputs::new().with_images(images).with_sequences(history);
        let config = NetworkConfig::fusion_history(64, 5, 3, 2);
        scores.insert(
            "fusion, history T=5",
            judge(&run(config, trainer, &both, hard())?)?,
        );
    }
    if seed < plan.signal_seeds {
        // batches and start as in the reference rows
        let trainer = Trainer::new()
            .n_epochs(plan.signal_epochs)
            .batch_size(if small { 16 } else { 64 })
            .drop_last(true);
        let lstm = |steps: usize, inputs: usize| {
            NetworkConfig::lstm(steps, inputs, 2).with_init(Init::ZeroBias)
        };
        let five = set.sequences(train, 5, false)?;
        let plain = run(lstm(5, 1), trainer.clone(), &five, hard())?;
        scores.insert("LSTM T=5", judge(&plain)?);
        scores.insert(
            "LSTM T=1",
            judge(&run(
                lstm(1, 1),
                trainer.clone(),
                &set.sequences(train, 1, false)?,
                hard(),
            )?)?,
        );
        let physics = run(
            lstm(5, 3),
            trainer.clone(),
            &set.sequences(train, 5, true)?,
            hard(),
        )?;
        scores.insert("LSTM T=5 + E,t", judge(&physics)?);
        if let Some(soft) = &teacher {
            let soft = soft.select(Along(0), train);
            scores.insert("LSTM T=5 (teacher's seeds)", judge(&plain)?);
            for (name, lambda) in [
                ("student T=5, lambda 0.5", 0.5),
                ("student T=5, lambda 0", 0.0),
            ] {
                let targets = hard().with_teacher(soft.clone(), LambdaSchedule::Constant(lambda));
                scores.insert(
                    name,
                    judge(&run(lstm(5, 1), trainer.clone(), &five, targets)?)?,
                );
            }
        }
        for (name, columns) in [
            ("ridge a", "a"),
            ("ridge a,mean5", "a,mean5"),
            ("ridge a,E,t", "a,E,t"),
            ("ridge a,mean5,E,t", "a,mean5,E,t"),
        ] {
            let inputs = set.columns(columns);
            let pick = |table: &Array2<f64>| table.select(Along(0), train);
            let model = CubicRidge::new().fit(&pick(&inputs).view(), &pick(&set.labels).view())?;
            let predicted = model.predict(&inputs.view())?;
            if columns == "a,mean5,E,t" {
                let nearest =
                    NearestNeighbor::fit(&pick(&inputs).view(), &pick(&set.labels).view(), 5)?;
                scores.insert(
                    "5 nearest a,mean5,E,t",
                    set.score(&nearest.predict(&inputs.view())?, test)?,
                );
                let network = scaler.invert(&physics.mapv(f64::from).view())?;
                scores.insert(
                    "mean of LSTM and ridge",
                    set.score(&((network + &predicted) / 2.0), test)?,
                );
            }
            scores.insert(name, set.score(&predicted, test)?);
        }
    }
    eprintln!("seed {seed}: {:.0} s", start.elapsed().as_secs_f64());
    Ok(scores)
}
