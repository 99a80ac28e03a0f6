//! Rows of different weight, and rows whose uncertainty is known.

use approx::assert_relative_eq;
use symreg::{
    ConstantFit, ConstantUncertainty, Criterion, Data, Error, Expression, Model, Noise, Penalty,
    Result, SymbolicRegressor,
};

fn rows(n: u32) -> (Vec<f64>, Vec<f64>) {
    let x: Vec<f64> = (0..n).map(|i| 0.2 + 0.1 * f64::from(i)).collect();
    let y = x
        .iter()
        .enumerate()
        .map(|(i, v)| 1.0 + 4.0 * libm::exp(-0.7 * v) + 0.05 * (((i * 7) % 11) as f64 / 11.0 - 0.5))
        .collect();
    (x, y)
}

fn decay(data: &Data) -> Result<Model> {
    ConstantFit::new().fit(&[Expression::parse("exp(-1*x)", &["x"])?], data)
}

#[test]
fn a_weight_of_two_is_a_row_twice() -> Result<()> {
    let (x, y) = rows(30);
    let weights: Vec<f64> = (0..30).map(|i| f64::from(1 + i % 2)).collect();
    let weighted =
        Data::from_columns([("x", x.clone())], ("y", y.clone()))?.with_weights(weights)?;
    let twice = |column: &[f64]| -> Vec<f64> {
        column
            .iter()
            .enumerate()
            .flat_map(|(i, v)| std::iter::repeat_n(*v, 1 + i % 2))
            .collect()
    };
    let repeated = Data::from_columns([("x", twice(&x))], ("y", twice(&y)))?;
    let (a, b) = (decay(&weighted)?, decay(&repeated)?);
    assert_relative_eq!(a.bias(), b.bias(), max_relative = 1e-9);
    assert_relative_eq!(a.weights()[0], b.weights()[0], max_relative = 1e-9);
    assert_relative_eq!(a.rmse(), b.rmse(), max_relative = 1e-9);
    let (score, of_twice) = (a.score(&weighted)?, a.score(&repeated)?);
    assert_relative_eq!(score.r2, of_twice.r2, max_relative = 1e-9);
    assert_relative_eq!(score.rmse, of_twice.rmse, max_relative = 1e-9);
    assert_relative_eq!(score.rmse, a.rmse(), max_relative = 1e-9);
    assert_relative_eq!(a.r2(), b.r2(), max_relative = 1e-9);
    // The scale of the weights is of no account.
    let scaled = Data::from_columns([("x", x)], ("y", y))?
        .with_weights((0..30).map(|i| 1e-9 * f64::from(1 + i % 2)).collect())?;
    assert_relative_eq!(decay(&scaled)?.bias(), a.bias(), max_relative = 1e-9);
    Ok(())
}

#[test]
fn known_uncertainties_make_chi_squared_the_misfit() -> Result<()> {
    let (x, y) = rows(30);
    let sigmas: Vec<f64> = (0..30).map(|i| 0.02 * f64::from(1 + i % 3)).collect();
    let data = Data::from_columns([("x", x.clone())], ("y", y.clone()))?.with_sigmas(&sigmas)?;
    let model = decay(&data)?;
    let predicted = model.predict_data(&data)?;
    let chi_squared: f64 = (0..30)
        .map(|i| ((y[i] - predicted[i]) / sigmas[i]).powi(2))
        .sum();
    let found = model.chi_squared().unwrap_or(f64::NAN);
    assert_relative_eq!(found, chi_squared, max_relative = 1e-10);
    let bic = Criterion::Bic.of(&model, Penalty::FittedConstants);
    let expected = chi_squared + 3.0 * libm::log(30.0);
    assert_relative_eq!(bic.unwrap_or(f64::NAN), expected, max_relative = 1e-10);
    // The likelihood itself, up to the constant that the weights bring.
    let length = model.description_length(&data, Noise::of(&data))?;
    let deviation = data.noise_variance().unwrap_or(f64::NAN);
    let misfit = 15.0 * libm::log(std::f64::consts::TAU * deviation) + 0.5 * chi_squared;
    assert_relative_eq!(length.misfit, misfit, max_relative = 1e-10);
    Ok(())
}

/// A line: the standard errors are those of the textbook, with the stated uncertainties.
#[test]
fn intervals_follow_from_stated_uncertainties() -> Result<()> {
    let x: Vec<f64> = (0..12).map(f64::from).collect();
    let y: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, v)| 3.0 + 2.0 * v + if i % 2 == 0 { 0.1 } else { -0.1 })
        .collect();
    let sigmas: Vec<f64> = (0..12).map(|i| 0.5 + 0.1 * f64::from(i)).collect();
    let data = Data::from_columns([("x", x.clone())], ("y", y))?.with_sigmas(&sigmas)?;
    let line = ConstantFit::new().fit(&[Expression::parse("x", &["x"])?], &data)?;
    let intervals = ConstantUncertainty::new().linear(&line, &data)?;
    let sum = |f: &dyn Fn(usize) -> f64| (0..12).map(|i| f(i) / sigmas[i].powi(2)).sum::<f64>();
    let (s, sx, sxx) = (sum(&|_| 1.0), sum(&|i| x[i]), sum(&|i| x[i] * x[i]));
    let determinant = s * sxx - sx * sx;
    let [bias, slope] = [0, 1].map(|k| &intervals.constants()[k]);
    assert_relative_eq!(
        bias.standard_error,
        (sxx / determinant).sqrt(),
        max_relative = 1e-9
    );
    assert_relative_eq!(
        slope.standard_error,
        (s / determinant).sqrt(),
        max_relative = 1e-9
    );
    // 97.5 % point of the normal distribution.
    let half = 0.5 * (slope.high - slope.low) / slope.standard_error;
    assert_relative_eq!(half, 1.959_963_985, max_relative = 1e-6);
    let profile = ConstantUncertainty::new().profile(&line, &data)?;
    assert_relative_eq!(profile.constants()[1].low, slope.low, max_relative = 1e-5);
    let resampled = ConstantUncertainty::new()
        .resamples(400)
        .bootstrap(&line, &data)?;
    assert!(resampled.constants()[1].standard_error > 0.0);
    Ok(())
}

/// Rows that are wrong and weigh nothing do not hide the law.
#[test]
fn a_search_follows_the_weights() -> Result<()> {
    let x: Vec<f64> = (1..60).map(|i| 0.1 * f64::from(i)).collect();
    let z: Vec<f64> = (1..60).map(|i| f64::from(i * i % 17 + 1)).collect();
    let wrong = |i: usize| i % 10 == 3;
    let y: Vec<f64> = (0..59)
        .map(|i| {
            if wrong(i) {
                40.0
            } else {
                2.0 + 3.0 * x[i] / z[i]
            }
        })
        .collect();
    let weights = (0..59)
        .map(|i| if wrong(i) { 1e-18 } else { 1.0 })
        .collect();
    let data = Data::from_columns([("x", x), ("z", z)], ("y", y))?.with_weights(weights)?;
    let search = SymbolicRegressor::new()
        .population_size(50)
        .max_generations(3)
        .enumeration_levels(1)
        .runs(1);
    let result = search.fit(&data)?;
    let law = result
        .front()
        .best(Criterion::Bic, Penalty::FittedConstants);
    let (law, _) = law.expect("the front has a law");
    assert_relative_eq!(law.predict_row(&[2.0, 4.0])?, 3.5, max_relative = 1e-6);
    Ok(())
}

#[test]
fn names_what_is_wrong_with_the_weights() -> Result<()> {
    let (x, y) = rows(5);
    let data = Data::from_columns([("x", x)], ("y", y))?;
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let found = data.clone().with_weights(vec![1.0, 1.0, bad, 1.0, 1.0]);
        assert!(matches!(
            found,
            Err(Error::InvalidWeight {
                what: "weight",
                row: 2,
                ..
            })
        ));
        let found = data.clone().with_sigmas(&[1.0, bad, 1.0, 1.0, 1.0]);
        assert!(matches!(
            found,
            Err(Error::InvalidWeight {
                what: "standard uncertainty",
                row: 1,
                ..
            })
        ));
    }
    assert!(matches!(
        data.clone().with_weights(vec![1.0]),
        Err(Error::CountMismatch {
            what: "weights",
            expected: 5,
            found: 1
        })
    ));
    // Weights too far apart to be told in one number.
    let far = data.with_weights(vec![1e300, 1e-300, 1.0, 1.0, 1.0]);
    assert!(matches!(far, Err(Error::InvalidWeight { row: 1, .. })));
    Ok(())
}

#[test]
fn constants_come_out_to_nearly_all_digits_whatever_the_start() -> Result<()> {
    let (x, y) = rows(30);
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let from = |start: f64| -> Result<(f64, f64)> {
        let gene = Expression::parse(&format!("exp({start}*x)"), &["x"])?;
        let model = ConstantFit::new().starts(1).fit(&[gene], &data)?;
        Ok((
            model.bias(),
            model.genes()[0].constants().next().unwrap_or(0.0),
        ))
    };
    let (bias, rate) = from(-1.0)?;
    for start in [-0.1, -0.69, -0.7, -0.75, -2.0] {
        let (other_bias, other_rate) = from(start)?;
        assert_relative_eq!(other_bias, bias, max_relative = 1e-12);
        assert_relative_eq!(other_rate, rate, max_relative = 1e-12);
    }
    Ok(())
}

#[test]
fn uncertainties_whose_squares_are_no_numbers_are_refused() -> Result<()> {
    let (x, y) = rows(10);
    for size in [1e-200, 1e200] {
        let data = Data::from_columns([("x", x.clone())], ("y", y.clone()))?;
        assert!(matches!(
            data.with_sigmas(&[size; 10]),
            Err(Error::InvalidWeight { row: 0, .. })
        ));
    }
    Ok(())
}
