//! Searches that minimize something else than squares.

use approx::assert_relative_eq;
use symreg::{
    Criterion, CustomLoss, Data, Error, Loss, Penalty, Result, StopReason, SymbolicRegressor,
};

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
    let (law, _) = best.expect("the front has a law");
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

/// What a search minimizes is what its progress shows and what ends it.
#[test]
fn the_error_of_a_search_is_the_loss_that_it_minimizes() -> Result<()> {
    let x: Vec<f64> = (0..40).map(f64::from).collect();
    let mut y: Vec<f64> = x
        .iter()
        .map(|x| 1.0 + 2.0 * x + 0.3 * (5.0 * x).sin())
        .collect();
    y[7] = 100.0;
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let search = SymbolicRegressor::gan()
        .loss(Loss::Absolute)
        .population_size(40)
        .max_generations(3)
        .runs(1);
    let result = search.fit(&data)?;
    let least = result
        .front()
        .models()
        .iter()
        .map(|m| (2.0 * m.loss() / 40.0).sqrt());
    let least = least.fold(f64::INFINITY, f64::min);
    let shown = *result.runs()[0].history().last().expect("a generation");
    // The laws of the front are fitted on to convergence.
    assert!(
        least <= shown * (1.0 + 1e-9) && least > 0.9 * shown,
        "{least} and {shown}"
    );
    let ended = search.target_error(1.001 * shown).fit(&data)?;
    assert_eq!(ended.runs()[0].stop_reason(), StopReason::TargetError);
    Ok(())
}
