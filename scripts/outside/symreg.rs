//! A law from rows.
use symreg::{Data, SymbolicRegressor};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x: Vec<f64> = (0..40).map(|i| 1.0 + 0.1 * f64::from(i)).collect();
    let y = x.iter().map(|x| 2.0 + 3.0 / x).collect();
    let rows = Data::from_columns([("x", x)], ("y", y))?;
    let found = SymbolicRegressor::new().max_genes(1).population_size(60).runs(1).seed(1).fit(&rows)?;
    let law = found.front().shortest(&rows)?.ok_or("no law")?;
    assert!(law.r2() > 0.999_999, "{}", law.to_infix());
    Ok(())
}
