//! The cubic ridge against another program on the same tables and splits.

use std::path::{Path, PathBuf};

use meltpool_ml::{CubicRidge, Regressor, Score};
use ndarray::{Array2, Axis};
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

struct Table {
    runs: Vec<usize>,
    labels: Array2<f64>,
    /// a, mean of five, energy, time
    inputs: Array2<f64>,
}

fn read(path: &Path) -> Outcome<Table> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().ok_or("empty")?.split(',').collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|h| *h == name)
            .ok_or(format!("no {name}"))
    };
    let [run, pool, keyhole, energy, time, now] = [
        "run",
        "pool_depth_label_um",
        "keyhole_depth_label_um",
        "cum_signal_energy_J",
        "t_us",
        "absorptance_t0",
    ]
    .map(column);
    let (run, pool, keyhole, energy, time, now) = (run?, pool?, keyhole?, energy?, time?, now?);
    let (mut runs, mut labels, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let values: Vec<f64> = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
        runs.push(values[run] as usize);
        labels.extend([values[pool], values[keyhole]]);
        // the newest value stands last, so that the last five end there
        let mean = values[now - 4..=now].iter().sum::<f64>() / 5.0;
        inputs.extend([values[now], mean, values[energy], values[time]]);
    }
    let n = runs.len();
    Ok(Table {
        runs,
        labels: Array2::from_shape_vec((n, 2), labels)?,
        inputs: Array2::from_shape_vec((n, 4), inputs)?,
    })
}

fn check(set: &str, table: &Table) -> Outcome {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ridge/ridge.json");
    let golden: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(own)?)?;
    let mut n_checked = 0;
    for row in golden.iter().filter(|row| row["set"] == set) {
        let listed: Vec<usize> = serde_json::from_value(row["test"].clone())?;
        let by_rows = row["split"] == "random" || set == "multi148";
        let is_test = |k: usize| {
            if by_rows {
                listed.contains(&k)
            } else {
                listed.contains(&table.runs[k])
            }
        };
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..table.runs.len()).partition(|k| is_test(*k));
        let columns: &[usize] = match row["inputs"].as_str() {
            Some("a") => &[0],
            Some("a,mean5") => &[0, 1],
            Some("a,E,t") => &[0, 2, 3],
            _ => &[0, 1, 2, 3],
        };
        let part = |rows: &[usize]| table.inputs.select(Axis(0), rows).select(Axis(1), columns);
        let model = CubicRidge::new().fit(
            &part(&train).view(),
            &table.labels.select(Axis(0), &train).view(),
        )?;
        let scores = Score::columns(
            &table.labels.select(Axis(0), &test).view(),
            &model.predict(&part(&test).view())?.view(),
        )?;
        for (k, score) in scores.iter().enumerate() {
            let r2 = row["r2"][k].as_f64().ok_or("no number")?;
            let mae = row["mae"][k].as_f64().ok_or("no number")?;
            // the same closed form in another order of operations
            assert!(
                (score.r2.ok_or("undefined")? - r2).abs() < 1e-8,
                "{set} {row} {score:?}"
            );
            assert!((score.mae - mae).abs() < 1e-6);
        }
        n_checked += 1;
    }
    assert_eq!(n_checked, 8);
    Ok(())
}

#[test]
fn scores_on_148_frames_are_those_of_numpy() -> Outcome {
    check(
        "multi148",
        &read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ridge/multi148_table.csv"))?,
    )
}

#[test]
fn scores_on_2000_frames_are_those_of_numpy() -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let candidates = match std::env::var_os("MELTPOOL_TEST_DATA") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => vec![root.join("shared/data"), root.join("../shared/data")],
    };
    let files = candidates
        .into_iter()
        .map(|folder| folder.join("meltpool-ml/n2000_sequences.csv"));
    let Some(path) = files.into_iter().find(|path| path.is_file()) else {
        println!(
            "skipped: no meltpool-ml/n2000_sequences.csv in MELTPOOL_TEST_DATA or shared/data"
        );
        return Ok(());
    };
    check("n2000", &read(&path)?)
}
