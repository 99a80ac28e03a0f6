//! What enumeration finds without any evolution: laws of many forms, exactly, and the two laws of Gan et al.
//! through scatter.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use symreg::{ConstantFit, Data, Expression, Operator, Result, SearchResult, SymbolicRegressor};

const OPERATORS: [Operator; 9] = [
    Operator::Add,
    Operator::Sub,
    Operator::Mul,
    Operator::Div,
    Operator::Sqrt,
    Operator::Exp,
    Operator::Log,
    Operator::Sin,
    Operator::Cos,
];

/// Enumeration alone: a population that cannot evolve.
fn enumeration(levels: usize) -> SymbolicRegressor {
    SymbolicRegressor::new()
        .enumeration_levels(levels)
        .population_size(2)
        .max_generations(0)
        .runs(1)
}

/// Rows of a law with inputs drawn from the same range, and normal noise of a share of its standard
/// deviation.
fn rows(
    law: &str,
    names: &[&str],
    ranges: &[(f64, f64)],
    n: usize,
    noise: f64,
    seed: u64,
) -> Result<Data> {
    let law = Expression::parse(law, names)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let columns: Vec<Vec<f64>> = ranges
        .iter()
        .map(|(low, high)| {
            (0..n)
                .map(|_| low + (high - low) * rng.random::<f64>())
                .collect()
        })
        .collect();
    let clean: Vec<f64> = (0..n)
        .map(|i| law.evaluate_row(&columns.iter().map(|c| c[i]).collect::<Vec<_>>()))
        .collect::<Result<_>>()?;
    let mean = clean.iter().sum::<f64>() / n as f64;
    let deviation = (clean.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n as f64).sqrt();
    let normal = |rng: &mut ChaCha8Rng| {
        let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
    };
    let target = clean
        .iter()
        .map(|y| y + noise * deviation * normal(&mut rng))
        .collect();
    Data::from_columns(names.iter().copied().zip(columns), ("response", target))
}

/// Whether a law of the front leaves less than 1e-10 of the target's standard deviation.
fn is_exact(result: &SearchResult, data: &Data) -> bool {
    let target = data.target();
    let mean = target.iter().sum::<f64>() / target.len() as f64;
    let variance =
        target.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / target.len() as f64;
    let exact = |m: &symreg::Model| m.rmse() < 1e-10 * variance.sqrt();
    result.front().models().iter().any(exact)
}

#[test]
fn finds_laws_of_many_forms_exactly() -> Result<()> {
    let ab = ["a", "b", "c"];
    for (law, levels) in [
        // Sums after the target is squared, inverted, both, exponentiated.
        ("sqrt((a-b)^2+c^2)", 1),
        ("10/(5+(a-3)^2+(b-3)^2)", 1),
        ("a/sqrt(1-(b/(4*c))^2)", 2),
        ("log(a+1)+log(b^2+1)", 1),
        // Products.
        ("0.25*a*(b^2+c^2)", 2),
        ("a*b*log(c)", 2),
        ("a*exp(-b/c)", 2),
        // Quotients of sums.
        ("(a+b)/(1+a*b/c^2)", 3),
        // Sums of a few terms, polynomials among them.
        ("a^4-a^3+0.5*b^2-b", 1),
        ("exp(-(a-1)^2)/(1.2+(b-2.5)^2)", 3),
        ("a+b+2*sqrt(a*b)*cos(c)", 3),
    ] {
        let data = rows(law, &ab, &[(1.0, 4.0), (1.0, 3.5), (1.5, 5.0)], 200, 0.0, 5)?;
        let result = enumeration(levels).operators(OPERATORS).fit(&data)?;
        let best = result.front().models().last().expect("a front");
        assert!(
            is_exact(&result, &data),
            "{law}: {}",
            best.to_infix_rounded(5)
        );
    }
    Ok(())
}

/// Eq. 2 of Gan et al., 90 rows and 3 % noise.
#[test]
fn finds_the_depth_law_through_noise() -> Result<()> {
    let names = ["Ps", "Pe", "Ts"];
    let ranges = [(2.0, 30.0), (3.0, 20.0), (1.5, 3.3)];
    for seed in 1..=3 {
        let data = rows(
            "5.12-5.07*exp(-Ps/(Pe*Ts))",
            &names,
            &ranges,
            90,
            0.03,
            seed,
        )?;
        let result = enumeration(2).fit(&data)?;
        let truth =
            ConstantFit::new().fit(&[Expression::parse("exp(-(Ps/(Pe*Ts)))", &names)?], &data)?;
        let found = result
            .front()
            .models()
            .iter()
            .find(|m| m.complexity() <= truth.complexity() && m.sse() <= truth.sse() * (1.0 + 1e-9))
            .expect("a law as good and as simple as the true one");
        let group = found.expression().power_product(&data)?;
        assert_eq!(
            group,
            Some(vec![1.0, -1.0, -1.0]),
            "{}",
            found.to_infix_rounded(4)
        );
    }
    Ok(())
}

/// Eq. 5 of Gan et al., 120 rows and 5 % noise: two genes, of which neither is the best alone.
#[test]
fn finds_the_porosity_law_through_noise() -> Result<()> {
    let names = ["Pm", "Pe", "Pv", "Hs", "Ts"];
    let ranges = [
        (10.0, 80.0),
        (3.0, 15.0),
        (5.0, 50.0),
        (0.8, 2.0),
        (1.5, 2.5),
    ];
    let law = "0.0591*(1-erf(Pm/(Pe*Hs)-2.04))+0.0591*erf(Pv/(Pe*Ts)-2.09)+0.0639";
    let data = rows(law, &names, &ranges, 120, 0.05, 1)?;
    let result = enumeration(3).fit(&data)?;
    let (found, _) = result
        .front()
        .best(symreg::Criterion::Bic, symreg::Penalty::FittedConstants)
        .expect("a law");
    // It holds its inputs only in the two groups of the law: nothing changes when they do not.
    for weights in [
        [1.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0, 0.0, 1.0],
        [1.0, 1.0, 1.0, 0.0, 0.0],
    ] {
        let holds = found.expression().has_scaling_symmetry(&weights, &data)?;
        assert!(holds, "{weights:?}: {}", found.to_infix_rounded(4));
    }
    Ok(())
}

/// The best single function of one group is a function of the ratio of the two groups: growing the porosity
/// law gene by gene fails from the first step.
#[test]
fn the_porosity_law_cannot_be_grown_gene_by_gene() -> Result<()> {
    let names = ["Pm", "Pe", "Pv", "Hs", "Ts"];
    let ranges = [
        (10.0, 80.0),
        (3.0, 15.0),
        (5.0, 50.0),
        (0.8, 2.0),
        (1.5, 2.5),
    ];
    let law = "0.0591*(1-erf(Pm/(Pe*Hs)-2.04))+0.0591*erf(Pv/(Pe*Ts)-2.09)+0.0639";
    let data = rows(law, &names, &ranges, 120, 0.05, 1)?;
    let fit = |text: &str| ConstantFit::new().fit(&[Expression::parse(text, &names)?], &data);
    let ratio = fit("erf(1*(Pv*Hs/(Pm*Ts))-1)")?.r2();
    let first = fit("erf(1*(Pm/(Pe*Hs))-2)")?.r2();
    let second = fit("erf(1*(Pv/(Pe*Ts))-2)")?.r2();
    assert!(ratio > first && ratio > second, "{ratio} {first} {second}");
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() -> Result<()> {
    let data = rows(
        "a*exp(-b/c)+0.3*c",
        &["a", "b", "c"],
        &[(1.0, 3.0); 3],
        80,
        0.02,
        9,
    )?;
    let mut found = Vec::new();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        let result = pool.install(|| enumeration(2).fit(&data))?;
        let text: Vec<(String, u64)> = result
            .front()
            .models()
            .iter()
            .map(|m| (m.to_infix(), m.sse().to_bits()))
            .collect();
        found.push(text);
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
    Ok(())
}
