//! A search as WebAssembly: `found` gives 1 where it ends in the law, and traps or gives 0 where it does not.
//! `scripts/check-all wasm` builds and runs it.

use symreg::{Data, SymbolicRegressor};

fn search() -> Result<bool, Box<dyn std::error::Error>> {
    let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
    let y = x.iter().map(|x| 2.0 + 3.0 * x * x).collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let settings = SymbolicRegressor::new().population_size(50).max_generations(2).runs(1);
    let law = settings.fit(&data)?.front().shortest(&data)?.ok_or("no law")?.clone();
    // There is no clock to stop by, and that is an error, not a trap.
    let limited = settings.time_limit(std::time::Duration::from_secs(1)).fit(&data);
    Ok(law.r2() > 1.0 - 1e-12 && limited.is_err())
}

#[unsafe(no_mangle)]
pub extern "C" fn found() -> i32 {
    i32::from(search().unwrap_or(false))
}
