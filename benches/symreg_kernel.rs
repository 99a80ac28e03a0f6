//! Node evaluations per second of processor time, for comparison with other programs on a machine that does other work
//! too: `cargo bench --bench symreg_kernel [-- ROWS]`. One line of JSON: Gnode/s of the 100 trees of each of
//! `benches/data/symreg/trees_*.txt`, leaves counted as nodes, in both precisions.

#[path = "../examples/support/symreg_cli.rs"]
#[expect(dead_code, reason = "only the clock is used here")]
mod symreg_cli;

use std::error::Error;
use std::hint::black_box;

use serde_json::json;
use symreg::{Evaluator, Expression, Real};
use symreg_cli::cpu_seconds;

/// Processor time of a measurement; the system counts it in hundredths of a second.
const SECONDS: f64 = 1.0;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`.
    let rows = std::env::args().skip(1).find_map(|a| a.parse().ok());
    let rows = rows.unwrap_or(10_240);
    let mut rates = serde_json::Map::new();
    for (kind, text) in [
        (
            "arithmetic",
            include_str!("data/symreg/trees_arithmetic.txt"),
        ),
        ("mixed", include_str!("data/symreg/trees_mixed.txt")),
    ] {
        rates.insert(
            kind.to_owned(),
            json!({
                "f64": rate::<f64>(text, rows, |v| v)?,
                "f32": rate::<f32>(text, rows, |v| v as f32)?,
            }),
        );
    }
    println!("{}", json!({"rows": rows, "gnodes": rates}));
    Ok(())
}

fn rate<T: Real>(text: &str, rows: usize, round: impl Fn(f64) -> T) -> Result<f64, Box<dyn Error>> {
    let names: Vec<String> = (1..=10).map(|k| format!("X{k}")).collect();
    let (mut nodes, mut trees) = (0, Vec::new());
    for line in text.lines() {
        if let Some((count, infix)) = line.split_once(' ') {
            nodes += count.parse::<usize>()?;
            trees.push(Expression::parse(infix, &names)?);
        }
    }
    let column = |k: usize| -> Vec<T> {
        (0..rows)
            .map(|i| round(0.5 + ((i * 31 + k * 977) % 9973) as f64 * (1.5 / 9973.0)))
            .collect()
    };
    let mut evaluator = Evaluator::new((0..10).map(column).collect())?;
    let mut values = vec![round(0.0); rows];
    let clock = || cpu_seconds().ok_or("no processor times on this system");
    let start = clock()?;
    let (mut passes, mut seconds) = (0, 0.0);
    while seconds < SECONDS {
        for tree in &trees {
            evaluator.evaluate_into(tree, &mut values)?;
            black_box(&values);
        }
        passes += 1;
        seconds = clock()? - start;
    }
    Ok((passes * nodes * rows) as f64 / seconds / 1e9)
}
