//! Searches that minimize something else than squares.

use approx::assert_relative_eq;
use symreg::{Criterion, CustomLoss, Data, Error, Loss, Penalty, Result, SymbolicRegressor};

/// A law with gross errors, all to one side, in every sixth row.
fn rows() -> Result<Data> {
    let x: Vec<f64> = (1..61).map(|i| 0.1 * f64::from(i)).collect();
    let z: Vec<f64> = (1..61).map(|i| f64::from(i * i % 17 + 1)).collect();
    let y = (0..60)
        .map(|i| 2.0 + 3.0 * x[i] / z[i] + if i % 6 == 1 { 5.0 + x[i] } else { 0.0 })
        .collect();
    Data::from_columns([("x", x), ("z", z)], ("y", y))
}

fn law_by(loss: Loss) -> Result<f64> {
    let result = SymbolicRegressor::new()
        .population_size(50)
        .max_generations(2)
        .enumeration_levels(1)
        .max_genes(1)
        .runs(1)
        .loss(loss)
        .fit(&rows()?)?;
    let best = result
        .front()
        .best(Criterion::Bic, Penalty::FittedConstants);
    let (law, _) = best.ok_or(Error::NoValidModel { evaluations: 0 })?;
    law.predict_row(&[2.0, 4.0])
}

#[test]
fn absolute_values_are_not_led_astray() -> Result<()> {
    assert_relative_eq!(law_by(Loss::Absolute)?, 3.5, max_relative = 1e-4);
    assert!((law_by(Loss::Squared)? - 3.5).abs() > 0.1);
    Ok(())
}

#[test]
fn a_loss_of_ones_own_is_minimized() -> Result<()> {
    // The absolute value once more, from closures.
    let own = CustomLoss::new(f64::abs, f64::signum);
    assert_relative_eq!(law_by(Loss::Custom(own))?, 3.5, max_relative = 1e-4);
    Ok(())
}

#[test]
fn a_bad_loss_is_refused_before_the_search() {
    assert!(matches!(
        law_by(Loss::Quantile(0.0)),
        Err(Error::InvalidParameter { name: "loss", .. })
    ));
}
