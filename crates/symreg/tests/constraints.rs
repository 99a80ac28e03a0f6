//! Laws under conditions: what breaks one never comes out, and the truth still does.

use symreg::{
    BoxAnalysis, Constraints, Criterion, Data, Error, Expression, Interval, Model, Monotonicity,
    Operator, Penalty, Result, SearchResult, SymbolicRegressor, Token,
};

fn search() -> SymbolicRegressor {
    SymbolicRegressor::new()
        .population_size(80)
        .max_generations(4)
        .enumeration_levels(1)
        .runs(2)
}

/// Two inputs, and a law with a wave on it that pure fitting would follow.
fn rows() -> Result<Data> {
    let a: Vec<f64> = (0..80).map(|i| 0.3 + 0.05 * f64::from(i)).collect();
    let b: Vec<f64> = (0..80)
        .map(|i| 0.5 + f64::from((i * 37) % 80) / 40.0)
        .collect();
    let y = a
        .iter()
        .zip(&b)
        .map(|(a, b)| 4.0 - 3.0 * libm::exp(-a / b) + 0.05 * libm::sin(9.0 * a))
        .collect();
    Data::from_columns([("a", a), ("b", b)], ("y", y))
}

fn uses(model: &Model, op: Operator) -> usize {
    let tokens = model.genes().iter().flat_map(Expression::tokens);
    tokens.filter(|t| **t == Token::Apply(op)).count()
}

fn all(result: &SearchResult) -> impl Iterator<Item = &Model> {
    let fronts = result.runs().iter().map(symreg::RunResult::front);
    fronts
        .flat_map(symreg::ParetoFront::models)
        .chain(result.front().models())
}

#[test]
fn limits_of_structure_hold_for_every_model() -> Result<()> {
    let data = rows()?;
    let free = search().fit(&data)?;
    assert!(
        all(&free).any(|m| uses(m, Operator::Div) > 1),
        "the limit limits nothing"
    );
    let rules = Constraints::new()
        .max_uses(Operator::Div, 1)
        .max_nesting(Operator::Exp, Operator::Exp, 0)
        .max_argument_nodes(Operator::Exp, 0, 5)
        .requires("b")
        .predicate(|genes| genes.len() <= 2);
    let result = search().constraints(rules).fit(&data)?;
    for model in all(&result) {
        assert!(uses(model, Operator::Div) <= 1, "{}", model.to_infix());
        assert!(model.genes().len() <= 2);
        assert!(model.genes().iter().any(|g| g.variables().contains(&1)));
        for gene in model.genes() {
            for (root, token) in gene.tokens().iter().enumerate() {
                if *token == Token::Apply(Operator::Exp) {
                    let argument = &gene.tokens()[gene.subtree_start(root)..root];
                    assert!(argument.len() <= 5, "{}", model.to_infix());
                    assert!(!argument.contains(&Token::Apply(Operator::Exp)));
                }
            }
        }
    }
    let best = result
        .front()
        .best(Criterion::Bic, Penalty::FittedConstants);
    assert!(best.is_some_and(|(m, _)| m.r2() > 0.99));
    Ok(())
}

#[test]
fn proofs_hold_for_every_model() -> Result<()> {
    let data = rows()?;
    let rules = Constraints::new()
        .monotone("a", Monotonicity::NonDecreasing)
        .range(0.0, 5.0)
        .widened(0.1);
    let result = search().constraints(rules).fit(&data)?;
    let sides = data.widened_ranges(0.1);
    let analysis = BoxAnalysis::new().max_boxes(2000);
    for model in all(&result) {
        let law = model.expression();
        let way = analysis.monotonicity(&law, &sides, 0)?;
        assert!(
            matches!(way, Monotonicity::NonDecreasing | Monotonicity::Constant),
            "{}",
            model.to_infix()
        );
        let report = analysis.range(&law, &sides)?;
        let inside = |i: Interval| i.low() >= 0.0 && i.high() <= 5.0;
        assert!(report.is_defined() && report.enclosure().is_some_and(inside));
    }
    Ok(())
}

#[test]
fn names_what_is_wrong_with_constraints() -> Result<()> {
    let data = rows()?;
    let error = |rules: Constraints| search().constraints(rules).fit(&data).map(|_| ());
    let named = |found: Result<()>, wanted: &str| matches!(found, Err(Error::InvalidParameter { name, .. }) if name == wanted);
    assert!(matches!(
        error(Constraints::new().requires("c")),
        Err(Error::UnknownColumn { .. })
    ));
    assert!(named(error(Constraints::new().range(1.0, 0.0)), "range"));
    assert!(named(
        error(Constraints::new().range(f64::NAN, 0.0)),
        "range"
    ));
    assert!(named(error(Constraints::new().widened(-1.0)), "widened"));
    let way = Constraints::new().monotone("a", Monotonicity::Neither);
    assert!(named(error(way), "monotone"));
    let argument = Constraints::new().max_argument_nodes(Operator::Exp, 1, 3);
    assert!(named(error(argument), "max_argument_nodes"));
    // Nothing can meet it: no law, and said so.
    let none = error(Constraints::new().predicate(|_| false));
    let Err(none) = none else {
        panic!("a law that nothing admits");
    };
    let text = none.to_string();
    assert!(
        text.ends_with("finite on all training rows and met the constraints (predicate)"),
        "{text}"
    );
    let broken = search()
        .constraints(Constraints::new().max_uses(Operator::Exp, 0))
        .guesses(["exp(a)"])
        .fit(&data);
    assert!(matches!(broken, Err(Error::Guess { .. })));
    Ok(())
}

#[cfg(feature = "dimensions")]
mod units {
    use super::*;
    use dimless::Dimension;
    use symreg::{ConstantDimensions, DimensionCheck};

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    /// Kinetic energy and work of a force: a sum that only units hold apart from others.
    #[test]
    fn every_gene_has_the_unit_of_the_target_and_there_is_no_bias() -> Outcome {
        let n = 60;
        let column = |k: usize, low: f64| -> Vec<f64> {
            (0..n).map(|i| low + ((i * k) % n) as f64 / 20.0).collect()
        };
        let (m, v, f, x) = (
            column(7, 1.0),
            column(11, 0.5),
            column(17, 1.0),
            column(23, 0.4),
        );
        let y = (0..n)
            .map(|i| 0.5 * m[i] * v[i] * v[i] + f[i] * x[i])
            .collect();
        let data = Data::from_columns([("m", m), ("v", v), ("f", f), ("x", x)], ("e", y))?;
        let dimensions = [
            Dimension::of("kg")?,
            Dimension::of("m/s")?,
            Dimension::of("N")?,
            Dimension::of("m")?,
        ];
        let energy = Dimension::of("J")?;
        let columns = || ["m", "v", "f", "x"].into_iter().zip(dimensions);
        let rules = Constraints::new().units(columns(), energy, ConstantDimensions::Dimensionless);
        let result = search().constraints(rules).fit(&data)?;
        for model in all(&result) {
            assert_eq!(model.bias().to_bits(), 0.0_f64.to_bits());
            for gene in model.genes() {
                DimensionCheck::new().check(gene, &dimensions, energy)?;
            }
            // The whole law too: nothing without a unit is added to it.
            DimensionCheck::new().check(&model.expression(), &dimensions, energy)?;
        }
        let best = result.front().models().last().ok_or("no law")?;
        assert!(best.r2() > 1.0 - 1e-12, "{}", best.to_infix());
        let intervals = symreg::ConstantUncertainty::new().linear(best, &data)?;
        assert!(intervals.constants().iter().all(|c| c.name != "bias"));

        let unknown =
            Constraints::new().units(columns().take(3), energy, ConstantDimensions::Dimensionless);
        assert!(matches!(
            search().constraints(unknown).fit(&data),
            Err(Error::InvalidParameter { name: "units", .. })
        ));
        Ok(())
    }
}
