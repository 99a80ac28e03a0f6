//! Laws whose outer form is known.

use approx::assert_relative_eq;
use symreg::{
    ComplexityMeasure, Constraints, Criterion, Data, Error, Loss, Operator, Result,
    SymbolicRegressor, Template, TemplateResult,
};

fn columns(n: usize) -> (Vec<f64>, Vec<f64>) {
    let x = (0..n).map(|i| 0.3 + 0.05 * i as f64).collect();
    let z = (0..n).map(|i| 1.0 + ((i * 7) % 23) as f64 / 5.0).collect();
    (x, z)
}

fn table(f: impl Fn(f64, f64, usize) -> f64) -> Result<Data> {
    let (x, z) = columns(60);
    let y = (0..60).map(|i| f(x[i], z[i], i)).collect();
    Data::from_columns([("x", x), ("z", z)], ("y", y))
}

fn search() -> SymbolicRegressor {
    SymbolicRegressor::new()
        .operators([Operator::Add, Operator::Mul, Operator::Div, Operator::Sqrt])
        .population_size(200)
        .max_generations(20)
        .runs(1)
        .target_error(1e-10)
        .seed(3)
}

#[test]
fn the_parts_of_a_law_are_found_within_their_columns() -> Result<()> {
    let data = table(|x, z, _| 2.0 - libm::exp(-1.7 * x / (1.0 + x)) * (0.4 + z.sqrt()))?;
    let template = Template::new("2 - exp(-f)*g")
        .part("f", ["x"])
        .part("g", ["z"]);
    let result = search()
        .max_generations(40)
        .fit_template(&template, &data)?;
    let law = result.best();
    assert!(law.rmse() < 1e-9, "{} {:e}", law.to_infix()?, law.rmse());
    assert_relative_eq!(law.r2(), 1.0, epsilon = 1e-12);
    let (f, g) = (law.part("f"), law.part("g"));
    assert_eq!(f.map(symreg::Expression::variables), Some(vec![0]));
    assert_eq!(g.map(symreg::Expression::variables), Some(vec![1]));
    assert_eq!(law.part("h"), None);
    let predicted = law.predict::<&str>(&data, &[])?;
    for (p, y) in predicted.iter().zip(data.target()) {
        assert_relative_eq!(p, y, max_relative = 1e-8);
    }
    assert!(result.evaluations() > 0);
    for pair in result.front().windows(2) {
        assert!(pair[0].complexity() < pair[1].complexity() && pair[0].sse() > pair[1].sse());
    }
    Ok(())
}

#[test]
fn a_parameter_has_a_value_for_each_label_in_one_law() -> Result<()> {
    let labels: Vec<&str> = (0..60).map(|i| ["Ti64", "IN718", "SS316"][i % 3]).collect();
    let rates = [0.9, 0.4, 1.6];
    let data = table(|x, z, i| 5.0 - 4.0 * libm::exp(-rates[i % 3] * x * x / z))?;
    let template = Template::new("top - height*exp(-rate*f)")
        .parameter("top")
        .parameter("height")
        .parameter_by_label("rate")
        .part("f", ["x", "z"])
        .labels(labels.clone());
    let result = search()
        .max_generations(40)
        .fit_template(&template, &data)?;
    let law = result.best();
    assert!(law.rmse() < 1e-8, "{} {:e}", law.to_infix()?, law.rmse());
    assert_eq!(law.labels(), ["IN718", "SS316", "Ti64"]);
    assert_relative_eq!(
        law.parameter("top").unwrap_or(0.0),
        5.0,
        max_relative = 1e-6
    );
    // A factor of the part and of the rates cannot be told apart.
    let found = law.parameter_by_label("rate").unwrap_or(&[]).to_vec();
    assert_relative_eq!(found[0] / found[2], 0.4 / 0.9, max_relative = 1e-6);
    assert_relative_eq!(found[1] / found[2], 1.6 / 0.9, max_relative = 1e-6);
    // Top, height, three rates; a scale of the part adds none.
    assert_eq!(law.fitted_constants(), 5);
    let predicted = law.predict(&data, &labels)?;
    assert_relative_eq!(predicted[7], data.target()[7], max_relative = 1e-6);
    let mut foreign = labels;
    foreign[4] = "AlSi10Mg";
    assert_eq!(
        law.predict(&data, &foreign),
        Err(Error::UnknownLabel {
            label: "AlSi10Mg".to_owned(),
            row: 4
        })
    );
    Ok(())
}

#[test]
fn numbers_of_the_text_are_held_and_parameters_alone_are_a_fit() -> Result<()> {
    let data = table(|x, z, _| 3.5 * libm::exp(-0.5 * x) + 0.1 * z)?;
    let template = Template::new("a*exp(-0.5*x) + b*z")
        .parameter("a")
        .parameter("b");
    let result = search().fit_template(&template, &data)?;
    assert_eq!((result.evaluations(), result.front().len()), (1, 1));
    let law = result.best();
    assert_relative_eq!(law.parameter("a").unwrap_or(0.0), 3.5, max_relative = 1e-10);
    assert_relative_eq!(law.parameter("b").unwrap_or(0.0), 0.1, max_relative = 1e-9);
    assert_eq!((law.fitted_constants(), law.complexity()), (2, 0));
    // Least squares by hand: BIC of two constants and the variance.
    let held = Template::new("a*exp(-0.6*x) + b*z")
        .parameter("a")
        .parameter("b");
    let held = search().fit_template(&held, &data)?;
    let law = held.best();
    let expected = Criterion::Bic.value(60, law.sse(), 3);
    assert_eq!(law.criterion(Criterion::Bic), expected);
    assert!(law.sse() > 1e-4);
    Ok(())
}

#[test]
fn the_same_bits_for_any_number_of_threads() -> Result<()> {
    let data = table(|x, z, i| x / z + 0.01 * ((i * 13) % 7) as f64)?;
    let template = Template::new("f + p*g")
        .part("f", ["x", "z"])
        .part("g", ["z"])
        .parameter("p");
    let run = |threads: usize| -> Result<TemplateResult> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let search = search().population_size(60).max_generations(4).runs(2);
        match pool {
            Ok(pool) => pool.install(|| search.fit_template(&template, &data)),
            Err(_) => search.fit_template(&template, &data),
        }
    };
    assert_eq!(run(1)?, run(4)?);
    Ok(())
}

#[test]
fn what_is_wrong_is_named() -> Result<()> {
    let data = table(|x, z, _| x + z)?;
    let fit = |t: Template| search().fit_template(&t, &data).map(|_| ());
    let slot = |name: &str, found| {
        Err(Error::TemplateSlot {
            name: name.to_owned(),
            found,
        })
    };
    assert_eq!(fit(Template::new("f + f").part("f", ["x"])), slot("f", 2));
    assert_eq!(fit(Template::new("x + z").parameter("p")), slot("p", 0));
    assert!(matches!(
        fit(Template::new("f + (").part("f", ["x"])),
        Err(Error::Parse { .. })
    ));
    assert!(matches!(
        fit(Template::new("f").part("f", ["w"])),
        Err(Error::UnknownColumn { .. })
    ));
    assert!(matches!(
        fit(Template::new("x").part("x", ["x"])),
        Err(Error::NameClash { .. })
    ));
    assert!(matches!(
        fit(Template::new("f").part("f", [""; 0])),
        Err(Error::TemplatePart { .. })
    ));
    let unlabeled = Template::new("p*x")
        .parameter_by_label("p")
        .labels(["a"; 3]);
    assert_eq!(
        fit(unlabeled),
        Err(Error::CountMismatch {
            what: "labels",
            expected: 60,
            found: 3
        })
    );
    let template = Template::new("log(-x) + f").part("f", ["x"]);
    assert!(matches!(fit(template), Err(Error::NoValidModel { .. })));
    let template = Template::new("f").part("f", ["x"]);
    for (search, name) in [
        (search().loss(Loss::Absolute), "loss"),
        (
            search().constraints(Constraints::new().requires("x")),
            "constraints",
        ),
    ] {
        assert!(matches!(
            search.fit_template(&template, &data),
            Err(Error::InvalidParameter { name: n, .. }) if n == name
        ));
    }
    let measure = search().complexity_measure(ComplexityMeasure::NodeCount);
    assert!(measure.fit_template(&template, &data).is_ok());
    Ok(())
}
