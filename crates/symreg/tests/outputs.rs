//! One structure for several targets.

use approx::assert_relative_eq;
use symreg::{Constraints, Criterion, Data, Error, Operator, Result, SymbolicRegressor};

fn output(name: &str, swapped: bool, f: impl Fn(f64, f64, usize) -> f64) -> Result<Data> {
    let x: Vec<f64> = (0..60).map(|i| 0.3 + 0.05 * f64::from(i)).collect();
    let z: Vec<f64> = (0..60)
        .map(|i| 1.0 + f64::from((i * 7) % 23) / 5.0)
        .collect();
    let y = (0..60).map(|i| f(x[i], z[i], i)).collect();
    let mut columns = vec![("x", x), ("z", z)];
    if swapped {
        columns.reverse();
    }
    Data::from_columns(columns, (name, y))
}

fn search() -> SymbolicRegressor {
    SymbolicRegressor::new()
        .operators([Operator::Mul, Operator::Div, Operator::Exp, Operator::Tanh])
        .population_size(60)
        .max_generations(5)
        .runs(1)
        .seed(5)
}

/// Alone the noisy output cannot tell exp from tanh; the precise one decides for both.
#[test]
fn the_precise_output_decides_the_structure_of_the_noisy_one() -> Result<()> {
    let noise = |i: usize| 0.08 * (((i * 29) % 31) as f64 / 31.0 - 0.5);
    let depth = output("depth", false, |x, z, _| {
        3.0 - 2.0 * libm::exp(-1.3 * x / z)
    })?;
    let width = output("width", true, |x, z, i| {
        1.0 + 0.5 * libm::exp(-0.9 * x / z) + noise(i)
    })?;
    let result = search().fit_outputs(&[depth, width])?;
    let Some(law) = result.best(Criterion::Bic) else {
        panic!("no law");
    };
    let [depth, width] = law.models() else {
        panic!("{} models", law.models().len());
    };
    assert_eq!(depth.to_infix_rounded(4), "3-2*exp(-1.3*(x/z))");
    assert_eq!(width.names(), ["z", "x"]);
    let rate = width.genes()[0].constants().next().unwrap_or(0.0);
    assert_relative_eq!(rate, -0.9, max_relative = 0.2);
    assert!(width.to_infix().contains("exp") && width.r2() > 0.9);
    assert_eq!(law.complexity(), depth.complexity());
    // What the noisy output had alone fits noise, so one structure costs something, and not much.
    let cost = result.cost_of_sharing(Criterion::Bic).unwrap_or(f64::NAN);
    assert!((-1e-6..60.0).contains(&cost), "{cost}");
    assert!(result.n_structures() >= result.front().len());
    assert_eq!(result.separate().len(), 2);
    for pair in result.front().windows(2) {
        assert!(pair[0].complexity() < pair[1].complexity());
    }
    Ok(())
}

#[test]
fn outputs_must_have_the_same_rows_and_columns() -> Result<()> {
    let first = output("a", false, |x, z, _| x * z)?;
    let other = Data::from_columns([("x", vec![1.0, 2.0, 4.0])], ("b", vec![1.0, 3.0, 2.0]))?;
    assert!(matches!(
        search().fit_outputs(&[first.clone(), other]),
        Err(Error::LengthMismatch { found: 3, .. })
    ));
    let column: Vec<f64> = (0..60).map(f64::from).collect();
    let target = column.iter().map(|v| v * v).collect();
    let other = Data::from_columns([("x", column)], ("b", target))?;
    assert!(matches!(
        search().fit_outputs(&[first, other]),
        Err(Error::UnknownColumn { .. })
    ));
    assert!(matches!(
        search().fit_outputs(&[]),
        Err(Error::CountMismatch { .. })
    ));
    Ok(())
}

/// A shared law keeps the constraints that each output's own search keeps.
#[test]
fn constraints_hold_for_shared_laws() -> Result<()> {
    let noise = |i: usize| 0.4 * (((i * 29) % 31) as f64 / 31.0 - 0.5);
    let first = output("first", false, |x, _, i| 0.2 + 0.3 * x + noise(i))?;
    let second = output("second", false, |x, z, i| 0.1 + 0.3 * x * z + noise(i + 7))?;
    let rules = Constraints::new().range(0.0, 100.0).widened(0.1);
    let outputs = [first, second];
    let result = search().constraints(rules).fit_outputs(&outputs)?;
    assert!(!result.front().is_empty());
    for law in result.front() {
        for (model, data) in law.models().iter().zip(&outputs) {
            // The corners of the widened box, and a lattice between them.
            let [x, z] = [0, 1].map(|i| {
                let column = &data.columns()[i];
                let low = column.iter().copied().fold(f64::INFINITY, f64::min);
                let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let room = 0.1 * (high - low);
                (low - room, high + room)
            });
            let at = |(low, high): (f64, f64), k: usize| low + (high - low) * k as f64 / 20.0;
            for (i, j) in (0..=20).flat_map(|i| (0..=20).map(move |j| (i, j))) {
                let value = model.predict_row(&[at(x, i), at(z, j)])?;
                assert!(
                    (0.0..=100.0).contains(&value),
                    "{value}: {}",
                    model.to_infix()
                );
            }
        }
    }
    Ok(())
}
