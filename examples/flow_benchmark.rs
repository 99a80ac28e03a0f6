//! A folder of pairs with known motion: a table of errors and of processor time, one thread.
//!
//! `-- [FOLDER] [--methods auto,fixed,song,robust,non-local,dis,farneback,lk,median,tvl1,piv,liu-shen] [--pairs NAME,…] [--export FOLDER]`: folders with `frame10.png`, `frame11.png` and `flow10.flo`, at any depth; the generated pairs of the test
//! data have their truth in closed form. Without a folder it takes the test data, where they are at hand, else the five
//! pairs of `crates/optical-flow/tests/data/small`. A `peers.csv` in the folder gives the best of the other programs beside ours. Keyhole
//! pairs are scored inside the pool. `fixed` is Horn-Schunck with a given weight of 0.1, `median` with ten warps and medians
//! of 5 x 5 px. `--export` writes the true motion of each pair. Some 20 s. The last line is JSON. Output: `target/figures/flow_benchmark/`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use meltpool_plot::{TableFigure, Theme};
use optical_flow::{FlowError, Image};
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, argument, cpu_seconds, method, pairs, save, test_data};

/// Programs that are compared: not our own earlier trials, and not those measured on a few pairs only.
const PEERS: [&str; 8] = [
    "cv_DIS_fast",
    "cv_DIS_medium",
    "cv_DIS_med_fs0_vr10",
    "cv_Farneback_default",
    "cv_PyrLK_grid4",
    "cv_DeepFlow",
    "sk_ILK_r7",
    "openpiv_windef_64_32_16",
];

/// The best peer of a pair.
fn best_peer(folder: &Path, pair: &str) -> Outcome<Option<(String, f64)>> {
    let path = folder.join("peers.csv");
    if !path.exists() {
        return Ok(None);
    }
    let mut best: Option<(String, f64)> = None;
    for record in csv::Reader::from_path(path)?.records() {
        let record = record?;
        if record[0].rsplit('/').next() != Some(pair) || !PEERS.contains(&&record[1]) {
            continue;
        }
        let error: f64 = record[3].parse()?;
        if best.as_ref().is_none_or(|best| error < best.1) {
            best = Some((record[1].to_owned(), error));
        }
    }
    Ok(best)
}

fn main() -> Outcome<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()?;
    let given = std::env::args()
        .nth(1)
        .filter(|text| !text.starts_with("--"));
    let folder = given
        .map(PathBuf::from)
        .or_else(|| test_data("optical-flow"));
    let folder = folder.unwrap_or_else(|| {
        println!("no test data at hand: the five small pairs");
        Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/optical-flow/tests/data/small")
    });
    let names = argument("--methods").unwrap_or_else(|| "auto,song,robust".to_owned());
    let names: Vec<&str> = names.split(',').collect();
    let chosen = argument("--pairs");
    let export = argument("--export").map(PathBuf::from);
    let mut header = vec!["pair".to_owned()];
    header.extend(names.iter().map(|name| format!("{name} px")));
    header.push("best peer px".to_owned());
    // wide enough for all columns
    let width = (20.0 * header.len() as f64 + 40.0).max(183.0);
    let mut figure = TableFigure::new(header)
        .title("mean end-point error")
        .theme(Theme::page().width_mm(width).height_mm(150.0));
    let mut table = "pair,method,aee_px,aae_deg,p95_px,cpu_ms\n".to_owned();
    let mut rows = Vec::new();
    let start = Instant::now();
    for pair in pairs(&folder)? {
        // the small cut-outs would be counted twice
        if pair.first.dim().0 < 200 && folder.ends_with("optical-flow") {
            continue;
        }
        let is_chosen = |names: &String| names.split(',').any(|name| name == pair.name);
        if !chosen.as_ref().is_none_or(is_chosen) {
            continue;
        }
        if let Some(folder) = &export {
            pair.truth
                .write_flo(folder.join(format!("{}.flo", pair.name)))?;
        }
        let (first, second) = (
            Image::new(&pair.first.view())?,
            Image::new(&pair.second.view())?,
        );
        let mut cells = vec![pair.name.clone()];
        let mut line = format!("{}:", pair.name);
        let mut row = json!({ "pair": pair.name });
        for name in &names {
            let method = method(name)?;
            let before = cpu_seconds(start);
            let result = method.estimate(&first, &second)?;
            let ms = 1e3 * (cpu_seconds(start) - before);
            let error = FlowError::between(&result.flow, &pair.truth, pair.mask.as_ref())?;
            assert!(error.end_point.is_finite(), "a flow is bounded");
            cells.push(format!("{:.4}", error.end_point));
            write!(line, " {name} {:.4} px {ms:.0} ms,", error.end_point)?;
            row[*name] = json!(error.end_point);
            writeln!(
                table,
                "{},{name},{:.5},{:.3},{:.4},{ms:.1}",
                pair.name, error.end_point, error.angular_deg, error.end_point_p95
            )?;
        }
        let peer = best_peer(&folder, &pair.name)?;
        cells.push(
            peer.as_ref()
                .map_or_else(String::new, |peer| format!("{:.4}", peer.1)),
        );
        row["best_peer"] = json!(peer.as_ref().map(|peer| peer.1));
        println!("{line} best peer {peer:?}");
        figure = figure.row(cells);
        rows.push(row);
    }
    assert!(!rows.is_empty(), "a folder without pairs");
    save("flow_benchmark", &figure, &table)?;
    println!("{}", json!({ "aee_px": rows }));
    Ok(())
}
