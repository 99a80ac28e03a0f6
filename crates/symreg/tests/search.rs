//! The public contract of the search: laws found, bits repeated, bad input named.

use std::ops::ControlFlow;

use approx::assert_relative_eq;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use symreg::{
    ConstantFit, Criterion, Data, Error, Expression, Operator, Penalty, Result, SearchResult,
    StopReason, SymbolicRegressor,
};

/// Normal noise by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// The depth law of Gan et al. (Eq. 2) on random inputs, with relative noise.
fn depth_law(seed: u64, rows: usize, noise: f64) -> Result<Data> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut columns = vec![Vec::new(); 4];
    for _ in 0..rows {
        let power = 0.5 + 27.5 * rng.random::<f64>();
        let peclet = 5.0 + 13.0 * rng.random::<f64>();
        let temperature = 1.8 + 2.4 * rng.random::<f64>();
        let depth = 5.12 - 5.07 * (-power / (peclet * temperature)).exp();
        columns[0].push(power);
        columns[1].push(peclet);
        columns[2].push(temperature);
        columns[3].push(depth * (1.0 + noise * normal(rng)));
    }
    let target = columns.pop().unwrap_or_default();
    Data::from_columns(
        ["Ps", "Pe", "Ts"].into_iter().zip(columns),
        ("depth", target),
    )
}

#[test]
fn finds_the_keyhole_number_in_noisy_depths() -> Result<()> {
    for seed in 1..=3 {
        let data = depth_law(seed, 90, 0.03)?;
        let result = SymbolicRegressor::gan()
            .max_genes(1)
            .runs(3)
            .seed(seed)
            .fit(&data)?;
        let (_, law) = result.front().knee().expect("the front has a knee");
        let product = law.expression().power_product(&data)?;
        assert_eq!(
            product,
            Some(vec![1.0, -1.0, -1.0]),
            "seed {seed}: {}",
            law.to_infix_rounded(4)
        );
    }
    Ok(())
}

#[test]
fn finds_the_depth_law_exactly_without_noise() -> Result<()> {
    let data = depth_law(5, 60, 0.0)?;
    let result = SymbolicRegressor::gan()
        .max_genes(1)
        .runs(2)
        .seed(1)
        .fit(&data)?;
    let (law, _) = result
        .front()
        .best(Criterion::Bic, Penalty::FittedConstants)
        .expect("a law");
    assert!(1.0 - law.r2() < 1e-12, "{}", law.to_infix_rounded(6));
    assert_relative_eq!(law.bias(), 5.12, max_relative = 1e-8);
    assert_relative_eq!(law.weights()[0], -5.07, max_relative = 1e-8);
    Ok(())
}

#[test]
fn finds_a_law_of_two_genes() -> Result<()> {
    let x: Vec<f64> = (0..80)
        .map(|i| 0.3 + f64::from(i * 37 % 80) / 20.0)
        .collect();
    let z: Vec<f64> = (0..80)
        .map(|i| 0.2 + f64::from(i * 53 % 80) / 25.0)
        .collect();
    let y = x
        .iter()
        .zip(&z)
        .map(|(x, z)| 1.0 + 0.7 * x * z - 2.0 * (-z).exp())
        .collect();
    let data = Data::from_columns([("x", x), ("z", z)], ("y", y))?;
    let result = SymbolicRegressor::gan()
        .max_genes(2)
        .runs(2)
        .seed(4)
        .fit(&data)?;
    let best = result.front().models().last().expect("a front");
    assert!(1.0 - best.r2() < 1e-10, "{}", best.to_infix_rounded(5));
    Ok(())
}

#[cfg(feature = "rayon")]
fn bits(result: &SearchResult) -> Vec<(Vec<u64>, String)> {
    let models = result
        .runs()
        .iter()
        .flat_map(|r| r.front().models())
        .chain(result.front().models());
    models
        .map(|m| {
            let mut numbers = vec![m.sse().to_bits(), m.bias().to_bits()];
            numbers.extend(m.weights().iter().map(|w| w.to_bits()));
            numbers.extend(m.expression().constants().map(f64::to_bits));
            (numbers, m.to_infix())
        })
        .collect()
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() -> Result<()> {
    let data = depth_law(9, 70, 0.05)?;
    let search = SymbolicRegressor::gan()
        .population_size(120)
        .max_generations(8)
        .runs(2)
        .seed(11);
    let mut found = Vec::new();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        found.push(bits(&pool.install(|| search.fit(&data))?));
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
    let other = search.clone().seed(12).fit(&data)?;
    assert_ne!(found[0], bits(&other), "another seed must search elsewhere");
    Ok(())
}

/// What a short search finds, stored: it changes when the streams, their use, or the search change,
/// and then the changelog says so.
#[test]
fn a_short_search_finds_what_it_always_found() -> Result<()> {
    let data = depth_law(9, 40, 0.05)?;
    let search = SymbolicRegressor::gan()
        .population_size(60)
        .max_generations(3)
        .runs(1)
        .seed(5);
    let result = search.fit(&data)?;
    let laws: Vec<String> = result
        .front()
        .models()
        .iter()
        .map(|m| m.to_infix_rounded(6))
        .collect();
    let stored = [
        "0.218688+0.121959*Ps",
        "1.84296-0.134247*Pe+0.114355*Ps",
        "3.33604-0.498464*Ts-0.131794*Pe+0.108994*Ps",
        "5.41535-0.512949*Ts-1.47083*log(Pe)+0.105598*Ps",
        "1.47711-0.393738*Ts-0.0086014*(Ps*Pe)+0.209361*Ps",
        "7.02566-0.767952*log(Ts*Ts)+0.109554*Pe-2.61102*log(Pe)+0.102537*Ps",
        "2.59717-0.43325*Ts-0.00748217*(Ps*Pe)+0.192866*(erf(Ps+Ts)-erf(Ts)*(Pe-Ps))+0.00732881*square(Pe)",
    ];
    assert_eq!(laws, stored);
    Ok(())
}

#[test]
fn runs_are_independent_of_their_number() -> Result<()> {
    let data = depth_law(9, 50, 0.05)?;
    let search = SymbolicRegressor::gan()
        .population_size(60)
        .max_generations(4)
        .seed(2);
    let (one, three) = (
        search.clone().runs(1).fit(&data)?,
        search.runs(3).fit(&data)?,
    );
    assert_eq!(one.runs()[0], three.runs()[0]);
    assert_ne!(three.runs()[0].front(), three.runs()[1].front());
    Ok(())
}

/// Scaling the target scales bias and weights and leaves the structures alone.
#[test]
fn scaling_the_target_scales_the_weights_only() -> Result<()> {
    let data = depth_law(9, 50, 0.05)?;
    // A power of two is exact in every operation.
    let scaled = Data::from_columns(
        data.names()
            .iter()
            .cloned()
            .zip(data.columns().iter().cloned()),
        ("depth", data.target().iter().map(|y| y * 4.0).collect()),
    )?;
    let search = SymbolicRegressor::gan()
        .population_size(60)
        .max_generations(4)
        .runs(1);
    let (a, b) = (search.fit(&data)?, search.fit(&scaled)?);
    let genes = |r: &SearchResult| -> Vec<Vec<Expression>> {
        r.front()
            .models()
            .iter()
            .map(|m| m.genes().to_vec())
            .collect()
    };
    assert_eq!(genes(&a), genes(&b));
    for (m, s) in a.front().models().iter().zip(b.front().models()) {
        assert_relative_eq!(4.0 * m.bias(), s.bias(), max_relative = 1e-12);
    }
    Ok(())
}

#[test]
fn the_front_is_one_and_its_errors_are_those_of_its_predictions() -> Result<()> {
    let data = depth_law(2, 40, 0.1)?;
    let result = SymbolicRegressor::gan()
        .population_size(100)
        .max_generations(6)
        .runs(2)
        .fit(&data)?;
    let points = result.front().points();
    assert!(
        points
            .windows(2)
            .all(|w| w[0].0 < w[1].0 && w[0].1 > w[1].1),
        "{points:?}"
    );
    for model in result.front().models() {
        let score = model.score(&data)?;
        assert_relative_eq!(score.rmse, model.rmse(), max_relative = 1e-9);
        assert_relative_eq!(score.r2, model.r2(), max_relative = 1e-9, epsilon = 1e-12);
        let back = Expression::parse(&model.to_infix(), data.names())?;
        assert_eq!(back, model.expression());
        assert!(model.complexity() <= 49 * 4);
    }
    let history = result.runs()[0].history();
    assert_eq!(history.len(), 7);
    assert!(
        history.windows(2).all(|w| w[1] <= w[0]),
        "the archive never gets worse"
    );
    assert!(!result.runs()[0].last_generation().is_empty());
    Ok(())
}

#[test]
fn an_observer_sees_every_generation_and_can_stop() -> Result<()> {
    let data = depth_law(2, 30, 0.1)?;
    let search = SymbolicRegressor::gan()
        .population_size(40)
        .max_generations(5)
        .runs(2);
    let mut seen = Vec::new();
    let whole = search.fit_observed(&data, |p| {
        seen.push((p.run, p.generation, p.evaluations));
        ControlFlow::Continue(())
    })?;
    assert_eq!(seen.len(), 12);
    assert_eq!(seen[0], (0, 0, 40));
    assert!(!whole.was_stopped());
    let stopped = search.fit_observed(&data, |p| {
        if p.generation == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    assert!(stopped.was_stopped());
    assert_eq!(stopped.runs().len(), 1);
    assert_eq!(stopped.runs()[0].stop_reason(), StopReason::Observer);
    assert_eq!(stopped.runs()[0].generations(), 3);
    assert!(!stopped.front().models().is_empty());
    Ok(())
}

#[test]
fn constant_columns_are_reported_and_left_out() -> Result<()> {
    let x: Vec<f64> = (1..30).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|v| v.ln()).collect();
    let data = Data::from_columns([("alloy", vec![1.9; 29]), ("x", x)], ("y", y))?;
    let result = SymbolicRegressor::gan()
        .population_size(60)
        .max_generations(3)
        .runs(1)
        .fit(&data)?;
    assert_eq!(result.data_report().constant_columns(), ["alloy"]);
    assert!(
        result
            .front()
            .models()
            .iter()
            .all(|m| m.expression().variables() == [1])
    );
    Ok(())
}

#[test]
fn names_the_parameter_that_is_out_of_range() -> Result<()> {
    let data = depth_law(1, 20, 0.0)?;
    let base = SymbolicRegressor::gan();
    for (search, expected) in [
        (base.clone().operators([]), "operators"),
        (base.clone().population_size(1), "population_size"),
        (base.clone().runs(0), "runs"),
        (base.clone().max_genes(0), "max_genes"),
        (base.clone().max_depth(0), "max_depth"),
        (base.clone().max_nodes(2), "max_nodes"),
        (base.clone().max_complexity(0), "max_complexity"),
        (base.clone().tournament_size(1_000_001), "tournament_size"),
        (base.clone().tournament_size(0), "tournament_size"),
        (base.clone().pareto_probability(1.1), "pareto_probability"),
        (base.clone().elite_fraction(f64::NAN), "elite_fraction"),
        (
            base.clone().crossover_probability(0.9),
            "mutation_probability",
        ),
        (base.clone().constant_range(1.0, 1.0), "constant_range"),
        (
            base.clone().constant_range(f64::NEG_INFINITY, 1.0),
            "constant_range",
        ),
        (base.clone().fit_iterations(1_000_000), "fit_iterations"),
        (base.clone().remembered_fits(10_000_000), "remembered_fits"),
    ] {
        match search.fit(&data) {
            Err(Error::InvalidParameter { name, .. }) => assert_eq!(name, expected),
            other => panic!("{expected}: {:?}", other.err()),
        }
    }
    Ok(())
}

#[test]
fn names_what_is_wrong_with_the_rows() -> Result<()> {
    let search = SymbolicRegressor::gan()
        .population_size(20)
        .max_generations(1)
        .runs(1);
    let constant = Data::from_columns([("x", vec![1.0, 2.0, 3.0, 4.0])], ("y", vec![2.0; 4]))?;
    assert!(matches!(
        search.fit(&constant),
        Err(Error::ConstantTarget { .. })
    ));
    let short = Data::from_columns([("x", vec![1.0, 2.0])], ("y", vec![1.0, 2.0]))?;
    assert!(matches!(
        search.fit(&short),
        Err(Error::TooFewRows { rows: 2, .. })
    ));
    Ok(())
}

/// The logarithm is undefined on these rows; what is left is the variable itself.
#[test]
fn laws_that_are_undefined_on_a_row_are_discarded() -> Result<()> {
    let x = vec![-1.0, -2.0, -3.0, -5.0, -7.0];
    let data = Data::from_columns([("x", x)], ("y", vec![1.0, 2.0, 4.0, 9.0, 11.0]))?;
    let search = SymbolicRegressor::gan()
        .operators([Operator::Log])
        .population_size(20);
    let result = search.max_generations(1).runs(1).fit(&data)?;
    assert!(
        result
            .front()
            .models()
            .iter()
            .all(|m| !m.to_infix().contains("log"))
    );
    Ok(())
}

#[test]
fn a_single_operator_is_enough() -> Result<()> {
    let x: Vec<f64> = (1..20).map(f64::from).collect();
    let y = x.iter().map(|v| (0.1 * v).exp()).collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    for operator in [Operator::Exp, Operator::Mul] {
        let search = SymbolicRegressor::gan()
            .operators([operator])
            .population_size(30);
        assert!(
            !search
                .max_generations(2)
                .runs(1)
                .fit(&data)?
                .front()
                .models()
                .is_empty()
        );
    }
    Ok(())
}

/// The porosity law of Gan et al. (Eq. 5), its structure given: coefficients from noisy rows.
#[test]
fn fits_the_porosity_law_from_its_structure() -> Result<()> {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let (mut ned, mut ke, mut porosity) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..400 {
        let (a, b) = (4.0 * rng.random::<f64>(), 4.0 * rng.random::<f64>());
        let truth = 0.0591 * libm::erfc(a - 2.04) + 0.0591 * libm::erf(b - 2.09) + 0.0639;
        ned.push(a);
        ke.push(b);
        porosity.push(truth + 1e-4 * normal(rng));
    }
    let data = Data::from_columns([("NED", ned), ("Ke", ke)], ("porosity", porosity))?;
    let first = Expression::parse("erf(NED-1)", data.names())?;
    let second = Expression::parse("erf(Ke-1)", data.names())?;
    let law = ConstantFit::new().fit(&[first, second], &data)?;
    // The noise allows about 1e-4 / (0.06 sqrt(400)), some 1e-4 of each coefficient.
    assert_relative_eq!(law.weights()[0], -0.0591, max_relative = 2e-3);
    assert_relative_eq!(law.weights()[1], 0.0591, max_relative = 2e-3);
    assert_relative_eq!(law.bias(), 0.123, max_relative = 1e-3);
    let shifts: Vec<f64> = law.genes().iter().flat_map(Expression::constants).collect();
    assert_relative_eq!(shifts[0], 2.04, max_relative = 2e-3);
    assert_relative_eq!(shifts[1], 2.09, max_relative = 2e-3);
    assert_eq!(law.fitted_constants(), 5);
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn parameters_and_expressions_survive_serialization() -> Result<(), Box<dyn std::error::Error>> {
    let search = SymbolicRegressor::gan().seed(7).max_genes(2);
    let text = serde_json::to_string(&search)?;
    assert_eq!(serde_json::from_str::<SymbolicRegressor>(&text)?, search);
    let law = Expression::parse("5.12-5.07*exp(-Ps/Pe)", &["Ps", "Pe"])?;
    let text = serde_json::to_string(&law)?;
    assert_eq!(serde_json::from_str::<Expression>(&text)?, law);
    assert!(serde_json::from_str::<Expression>("[{\"Apply\":\"Add\"}]").is_err());
    Ok(())
}

/// Every row that a plain stride would look at has the same input.
#[test]
fn a_column_that_varies_between_the_rows_of_a_stride_is_no_trap() -> Result<()> {
    for rows in [200_usize, 256, 300, 1000, 2560] {
        let x: Vec<f64> = (0..rows)
            .map(|i| {
                let seen = (0..128).any(|k| k * rows / 128 == i);
                if seen { 0.0 } else { 1.0 + (i % 17) as f64 }
            })
            .collect();
        let y = x.iter().enumerate();
        let y = y
            .map(|(i, x)| 2.0 * x + 0.1 * (i * 7 % 13) as f64)
            .collect();
        let data = Data::from_columns([("x", x)], ("y", y))?;
        let result = SymbolicRegressor::new()
            .population_size(20)
            .max_generations(1)
            .runs(1)
            .fit(&data)?;
        let law = result.front().models().last().expect("a law");
        assert!(law.r2() > 0.98, "{rows} rows: {}", law.to_infix_rounded(4));
    }
    Ok(())
}

/// Whatever rows are screened, the column is constant on them.
#[test]
fn a_column_that_varies_in_one_row_is_searched() -> Result<()> {
    let mut x = vec![0.0; 3000];
    x[1234] = 1.0;
    let y = (0..3000).map(|i| f64::from(i * 7 % 13)).collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let search = SymbolicRegressor::new()
        .population_size(20)
        .max_generations(1)
        .runs(1);
    assert!(
        search
            .fit(&data)?
            .front()
            .models()
            .iter()
            .all(|m| m.r2() >= 0.0)
    );
    Ok(())
}

#[test]
fn targets_of_any_size_are_searched_or_refused() -> Result<()> {
    let x: Vec<f64> = (1..60).map(|i| 0.1 * f64::from(i)).collect();
    let search = SymbolicRegressor::new()
        .population_size(20)
        .max_generations(1)
        .runs(1);
    for exponent in [
        -300, -160, -101, -99, -78, -30, 30, 78, 95, 98, 102, 150, 300,
    ] {
        let size = libm::exp10(f64::from(exponent));
        let y = x
            .iter()
            .map(|x| size * (1.0 + libm::sin(3.0 * x)))
            .collect();
        let data = Data::from_columns([("x", x.clone())], ("y", y))?;
        match search.fit(&data) {
            Ok(_) => assert!((-100..100).contains(&exponent), "1e{exponent}"),
            Err(Error::TargetOutOfRange { .. }) => {
                assert!(!(-99..=98).contains(&exponent), "1e{exponent}");
            }
            Err(other) => panic!("1e{exponent}: {other}"),
        }
    }
    Ok(())
}
