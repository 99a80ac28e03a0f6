//! Laws through rows whose inputs are uncertain.

use approx::assert_relative_eq;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use symreg::{
    ConstantFit, ConstantUncertainty, Data, Error, ErrorsInVariables, Expression, Result,
};

fn gene(text: &str, names: &[&str]) -> Result<Vec<Expression>> {
    Ok(vec![Expression::parse(text, names)?])
}

/// York 1966, doi 10.1139/p66-090: points of Pearson with weights that differ by three powers of ten.
const YORK: [(f64, f64, f64, f64); 10] = [
    (0.0, 5.9, 1000.0, 1.0),
    (0.9, 5.4, 1000.0, 1.8),
    (1.8, 4.4, 500.0, 4.0),
    (2.6, 4.6, 800.0, 8.0),
    (3.3, 3.5, 200.0, 20.0),
    (4.4, 3.7, 80.0, 20.0),
    (5.2, 2.8, 60.0, 70.0),
    (6.1, 2.8, 20.0, 70.0),
    (6.5, 2.4, 1.8, 100.0),
    (7.4, 1.5, 1.0, 500.0),
];

/// The exact solution as Reed 1989 (doi 10.1119/1.15963) and York et al. 2004 (doi 10.1119/1.1632486) give it: slope, intercept and sum of squares.
#[test]
fn the_line_of_york() -> Result<()> {
    let sigma = |w: f64| 1.0 / w.sqrt();
    let data = Data::from_columns(
        [("x", YORK.map(|r| r.0).to_vec())],
        ("y", YORK.map(|r| r.1).to_vec()),
    )?
    .with_sigmas(&YORK.map(|r| sigma(r.3)))?;
    let fit = ErrorsInVariables::new()
        .sigmas("x", YORK.map(|r| sigma(r.2)))
        .fit(&gene("x", &["x"])?, &data)?;
    assert!(fit.is_converged());
    assert_relative_eq!(fit.model().bias(), 5.479_910_22, max_relative = 1e-8);
    assert_relative_eq!(
        fit.model().weights()[0],
        -0.480_533_407,
        max_relative = 1e-8
    );
    let chi_squared = fit.model().chi_squared().unwrap();
    assert_relative_eq!(chi_squared, 11.866_353_2, max_relative = 1e-8);
    Ok(())
}

/// With one ratio of variances the slope is known in closed form (Deming 1943).
#[test]
fn equal_uncertainties_give_the_line_of_deming() -> Result<()> {
    let x: Vec<f64> = (0..30).map(|i| f64::from((i * 11) % 30) / 7.0).collect();
    let y: Vec<f64> = (0..30)
        .map(|i| 1.5 * x[i as usize] + 0.4 * libm::sin(f64::from(i * i)))
        .collect();
    let (sigma_x, sigma_y) = (0.3, 0.2);
    let mean = |v: &[f64]| v.iter().sum::<f64>() / 30.0;
    let (mx, my) = (mean(&x), mean(&y));
    let product = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum()
    };
    let (sxx, sxy, syy) = (
        product(&x, mx, &x, mx),
        product(&x, mx, &y, my),
        product(&y, my, &y, my),
    );
    let ratio = (sigma_y / sigma_x) * (sigma_y / sigma_x);
    let half = 0.5 * (syy - ratio * sxx);
    let slope = (half + (half * half + ratio * sxy * sxy).sqrt()) / sxy;
    let data = Data::from_columns([("x", x)], ("y", y))?.with_sigmas(&[sigma_y; 30])?;
    let fit = ErrorsInVariables::new()
        .sigma("x", sigma_x)
        .fit(&gene("x", &["x"])?, &data)?;
    assert_relative_eq!(fit.model().weights()[0], slope, max_relative = 1e-9);
    assert_relative_eq!(fit.model().bias(), my - slope * mx, max_relative = 1e-9);
    Ok(())
}

/// Two uncertain inputs of a law that is not linear: constants, standard errors and sum of squares of ODRPACK, by
/// `tests/data/odrpack/make.py`.
#[test]
fn agrees_with_odrpack() -> Result<()> {
    let row = |i: u32| {
        let (i, step) = (f64::from(i), f64::from(i / 12));
        let p = 0.4 + 0.35 * (i - 12.0 * step) + 0.05 * libm::sin(3.0 * i);
        let q = 1.0 + 0.5 * step + 0.04 * libm::cos(5.0 * i);
        let y = 5.0 - 4.5 * libm::exp(-0.8 * p / q) + 0.06 * libm::sin(7.0 * i + 1.0);
        (p, q, y, 0.03 + 0.001 * i, 0.04 + 0.002 * i)
    };
    let rows: Vec<_> = (0..24).map(row).collect();
    let data = Data::from_columns(
        [
            ("p", rows.iter().map(|r| r.0).collect()),
            ("q", rows.iter().map(|r| r.1).collect()),
        ],
        ("y", rows.iter().map(|r| r.2).collect()),
    )?
    .with_sigmas(&rows.iter().map(|r| r.4).collect::<Vec<_>>())?;
    let fit = ErrorsInVariables::new()
        .sigma("p", 0.08)
        .sigmas("q", rows.iter().map(|r| r.3))
        .fit(&gene("exp(-0.5*p/q)", &["p", "q"])?, &data)?;
    assert!(fit.is_converged() && fit.iterations() < 50);
    let law = fit.model();
    let rate = law.genes()[0].constants().next().unwrap();
    for (ours, theirs) in [
        (law.bias(), ODRPACK[0].0),
        (law.weights()[0], ODRPACK[1].0),
        (rate, ODRPACK[2].0),
    ] {
        assert_relative_eq!(ours, theirs, max_relative = 1e-9);
    }
    assert_relative_eq!(
        law.chi_squared().unwrap(),
        4.232_133_672_372,
        max_relative = 1e-11
    );
    let intervals = ConstantUncertainty::new().linear(law, fit.rows())?;
    for (ours, (_, theirs)) in intervals.constants().iter().zip(ODRPACK) {
        assert_relative_eq!(ours.standard_error, theirs, max_relative = 1e-7);
    }
    Ok(())
}

/// Constants and their standard errors.
const ODRPACK: [(f64, f64); 3] = [
    (5.054_330_288_274, 0.068_254_027_558),
    (-4.511_575_966_34, 0.133_442_902_487),
    (-0.767_830_730_358, 0.049_564_895_366),
];

#[test]
fn exact_inputs_give_the_fit_of_the_target() -> Result<()> {
    let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| 2.0 + 3.0 * libm::exp(-0.7 * x) + 0.01 * libm::sin(40.0 * x))
        .collect();
    let data = Data::from_columns([("x", x)], ("y", y))?.with_sigmas(&[0.01; 39])?;
    let genes = gene("exp(-1*x)", &["x"])?;
    let plain = ConstantFit::new().fit(&genes, &data)?;
    for fit in [
        ErrorsInVariables::new(),
        ErrorsInVariables::new().sigma("x", 0.0),
    ] {
        let fit = fit.fit(&genes, &data)?;
        assert_relative_eq!(fit.model().bias(), plain.bias(), max_relative = 1e-12);
        assert_eq!(fit.rows().columns(), data.columns());
        assert_eq!(fit.rows().target(), data.target());
    }
    Ok(())
}

/// 400 tables of a line with inputs as uncertain as a third of their spread: least squares on the target is too flat, this fit
/// is not, and its 95 % intervals hold the slope as often as they say.
#[test]
fn slopes_are_not_made_flat_by_uncertain_inputs() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut normal = || {
        let (u, v): (f64, f64) = (rng.random(), rng.random());
        (-2.0 * libm::log(1.0 - u)).sqrt() * libm::cos(std::f64::consts::TAU * v)
    };
    let genes = gene("x", &["x"])?;
    let (mut plain, mut ours, mut squares, mut held) = (0.0, 0.0, 0.0, 0);
    let tables = 400;
    for _ in 0..tables {
        let truth: Vec<f64> = (0..60).map(|i| 0.05 * f64::from(i)).collect();
        let x = truth.iter().map(|t| t + 0.3 * normal()).collect();
        let y = truth
            .iter()
            .map(|t| 1.0 + 2.0 * t + 0.2 * normal())
            .collect();
        let data = Data::from_columns([("x", x)], ("y", y))?.with_sigmas(&[0.2; 60])?;
        plain += ConstantFit::new().fit(&genes, &data)?.weights()[0];
        let fit = ErrorsInVariables::new()
            .sigma("x", 0.3)
            .fit(&genes, &data)?;
        let slope = fit.model().weights()[0];
        ours += slope;
        squares += (slope - 2.0) * (slope - 2.0);
        let intervals = ConstantUncertainty::new().linear(fit.model(), fit.rows())?;
        let interval = &intervals.constants()[1];
        held += i32::from(interval.low <= 2.0 && 2.0 <= interval.high);
    }
    let count = f64::from(tables);
    // The expected attenuation is var(x) / (var(x) + 0.09) = 0.75 / 0.84.
    assert!((plain / count - 2.0 * 0.75 / 0.84).abs() < 0.02);
    let standard_error = (squares / count / count).sqrt();
    assert!((ours / count - 2.0).abs() < 3.0 * standard_error);
    // 380 expected, standard deviation 4.4.
    assert!((367..=393).contains(&held), "{held}");
    Ok(())
}

#[test]
fn bad_input_is_named() -> Result<()> {
    let x: Vec<f64> = (0..9).map(f64::from).collect();
    let bare = Data::from_columns([("x", x.clone())], ("y", x.iter().map(|v| v * v).collect()))?;
    let data = bare.clone().with_sigmas(&[0.1; 9])?;
    let genes = gene("x", &["x"])?;
    let fit = ErrorsInVariables::new();
    assert!(matches!(
        fit.clone().sigma("x", 0.1).fit(&genes, &bare),
        Err(Error::InvalidParameter { name: "data", .. })
    ));
    assert!(matches!(
        fit.clone().sigma("z", 0.1).fit(&genes, &data),
        Err(Error::UnknownColumn { .. })
    ));
    assert!(matches!(
        fit.clone().sigmas("x", [0.1; 4]).fit(&genes, &data),
        Err(Error::CountMismatch { found: 4, .. })
    ));
    for bad in [-1.0, f64::NAN, f64::INFINITY, 1e200] {
        assert!(matches!(
            fit.clone().sigma("x", bad).fit(&genes, &data),
            Err(Error::InvalidWeight { row: 0, .. })
        ));
    }
    for bad in [fit.clone().tolerance(f64::NAN), fit.max_iterations(0)] {
        assert!(matches!(
            bad.fit(&genes, &data),
            Err(Error::InvalidParameter { .. })
        ));
    }
    Ok(())
}
