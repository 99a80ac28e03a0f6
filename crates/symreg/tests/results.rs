//! The public contract of results: intervals cover, exports agree with the law, the report holds what was found.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use symreg::{
    BoxAnalysis, ConstantFit, ConstantSnapping, ConstantUncertainty, Criterion, Data, Export,
    Expression, HtmlReport, Language, Monotonicity, Noise, Operator, OperatorDefinition, Penalty,
    Result, SymbolicRegressor,
};

/// Normal noise by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// The depth law of Gan et al. (Eq. 2) in one input, with additive noise.
fn depths(seed: u64, rows: usize, noise: f64) -> Result<Data> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let ke: Vec<f64> = (0..rows)
        .map(|_| 0.05 + 2.5 * rng.random::<f64>())
        .collect();
    let depth = ke
        .iter()
        .map(|k| 5.12 - 5.07 * (-k).exp() + noise * normal(rng))
        .collect();
    Data::from_columns([("ke", ke)], ("depth", depth))
}

/// Of 400 data sets about 95 % must have the true constant inside of its interval: between 92 and 98 % is three
/// standard deviations of that count.
#[test]
fn intervals_cover_the_truth_as_often_as_they_say() -> Result<()> {
    const SETS: u64 = 400;
    let truth = [5.12, -5.07, -1.0];
    let gene = Expression::parse("exp(-0.8*ke)", &["ke"])?;
    let (mut linear, mut profile) = ([0; 3], [0; 3]);
    for seed in 0..SETS {
        let data = depths(seed, 40, 0.2)?;
        let model = ConstantFit::new()
            .starts(1)
            .fit(std::slice::from_ref(&gene), &data)?;
        let way = ConstantUncertainty::new();
        for (found, counts) in [
            (way.linear(&model, &data)?, &mut linear),
            (way.profile(&model, &data)?, &mut profile),
        ] {
            for ((c, t), count) in found.constants().iter().zip(truth).zip(counts) {
                *count += i32::from(c.low <= t && t <= c.high);
            }
        }
    }
    for count in linear.iter().chain(&profile) {
        let share = f64::from(*count) / SETS as f64;
        assert!((0.92..=0.98).contains(&share), "{linear:?} {profile:?}");
    }
    Ok(())
}

#[test]
fn a_search_ends_in_a_law_that_can_be_used_elsewhere() -> Result<()> {
    let data = depths(3, 90, 0.05)?;
    let result = SymbolicRegressor::new()
        .operators([
            Operator::Add,
            Operator::Mul,
            Operator::Div,
            Operator::Exp,
            Operator::Tanh,
        ])
        .max_genes(1)
        .population_size(200)
        .max_generations(8)
        .runs(2)
        .seed(1)
        .fit(&data)?;
    let front = result.front();
    let ranking = front.ranking(Criterion::Bic, Penalty::FittedConstants);
    let best = ranking[0].model;
    assert!(best.r2() > 0.99);
    assert!(
        front
            .ties(Criterion::Bic, Penalty::FittedConstants)
            .iter()
            .all(|r| r.difference <= 2.0)
    );
    let lengths = front.ranking_by_description_length(&data, Noise::Estimated)?;
    assert_eq!(lengths.len(), front.models().len());

    let snapped = ConstantSnapping::new().apply(best, &data)?;
    assert!(snapped.value() <= ranking[0].value + 1e-6);
    let shortest = front.shortest(&data)?.expect("the front has a law");
    let way = BoxAnalysis::new().monotonicity(&shortest.expression(), &data.ranges(), 0)?;
    assert_eq!(
        way,
        Monotonicity::NonDecreasing,
        "the depth rises with the Keyhole number"
    );

    for language in Language::ALL {
        let text = Export::new(language).model(best, &data)?;
        assert!(
            text.contains("depth"),
            "{language:?} names the target:\n{text}"
        );
    }
    let page = HtmlReport::new().search(&result).write(front, &data)?;
    for model in front.models() {
        let text = model.to_infix_rounded(4).replace('<', "&lt;");
        assert!(page.contains(&text), "the page lacks {text}");
    }
    Ok(())
}

/// A law with an operator that only this program knows says so in every language.
#[test]
fn an_operator_of_ones_own_is_named_in_every_language() -> Result<()> {
    OperatorDefinition::unary(
        "bell_curve",
        |x| libm::exp(-x * x),
        |x, value| -2.0 * x * value,
    )
    .register()?;
    let law = Expression::parse("2*bell_curve(x)", &["x"])?;
    let latex = law.to_latex(&["x"], 3)?;
    assert_eq!(latex, r"2\,\operatorname{bell\_curve}\left(x\right)");
    for language in Language::ALL {
        let text = Export::new(language).expression(&law, &["x"])?;
        let named = text.contains("bell_curve") || text.contains(r"bell\_curve");
        assert!(named, "{language:?}: {text}");
        let data = matches!(language, Language::Json | Language::Dot);
        assert!(
            data || text.contains("defined elsewhere"),
            "{language:?}: {text}"
        );
    }
    // A backslash does not join a comment of C to the next line.
    let text = Export::new(Language::C)
        .description("in \\")
        .expression(&law, &["x"])?;
    assert!(
        text.lines().all(|line| !line.trim_end().ends_with('\\')),
        "{text}"
    );
    let names = ["None", "Ok", "x"];
    let law = Expression::parse("None*Ok + x", &names)?;
    let rust = Export::new(Language::Rust).expression(&law, &names)?;
    assert!(rust.contains("None_") && rust.contains("Ok_"), "{rust}");
    Ok(())
}

/// Terms of 1e14 that nearly cancel: what is stated is what the law gives.
#[test]
fn errors_are_those_of_the_law_as_it_is_evaluated() -> Result<()> {
    let x: Vec<f64> = (1..80).map(f64::from).collect();
    let y = x.iter().map(|x| 3.0 + 2.0 * x + (7.0 * x).sin()).collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let fit = ConstantFit::new().max_iterations(0);
    for offset in ["10", "1e4", "1e8", "1e11", "1e13"] {
        let gene = Expression::parse(&format!("log({offset}+x)"), &["x"])?;
        let Ok(model) = fit.fit(&[gene], &data) else {
            continue;
        };
        let score = model.score(&data)?;
        assert!(
            model.rmse() >= score.rmse * (1.0 - 1e-6),
            "{offset}: {} stated, {} true",
            model.rmse(),
            score.rmse
        );
    }
    Ok(())
}
