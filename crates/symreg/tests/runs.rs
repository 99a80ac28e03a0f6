//! The public contract of runs: islands, selectors, optimizers, guesses, and that bits repeat with all of them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;

use symreg::{
    ConstantFit, ConstantOptimizer, Data, Error, GradientDescent, MutationWeights, Operator,
    ParseProblem, Result, RunControl, SearchResult, Selection, StopReason, SymbolicRegressor,
};

/// A law of two inputs, seen through scatter that repeats.
fn data(rows: usize) -> Result<Data> {
    let rng = &mut ChaCha8Rng::seed_from_u64(17);
    let mut draw = |low: f64, high: f64| -> Vec<f64> {
        (0..rows)
            .map(|_| low + (high - low) * rng.random::<f64>())
            .collect()
    };
    let (p, q, scatter) = (draw(0.5, 8.0), draw(1.0, 4.0), draw(-0.05, 0.05));
    let y = (p.iter().zip(&q).zip(&scatter))
        .map(|((p, q), s)| 5.0 - 5.0 * libm::exp(-p / q) + s)
        .collect();
    Data::from_columns([("p", p), ("q", q)], ("y", y))
}

fn small() -> SymbolicRegressor {
    SymbolicRegressor::gan()
        .population_size(40)
        .max_generations(6)
        .max_genes(2)
        .runs(2)
        .seed(3)
}

/// One search of each kind.
fn kinds() -> Vec<(&'static str, SymbolicRegressor)> {
    let islands = small().islands(3).migration_interval(2).migration_size(4);
    let descent = GradientDescent::new().epochs(4);
    vec![
        ("islands", islands.clone()),
        ("nsga2", small().selection(Selection::NsgaII)),
        ("grid", small().selection(Selection::QualityDiversity)),
        (
            "nsga2 islands",
            islands.clone().selection(Selection::NsgaII),
        ),
        (
            "grid islands",
            islands.selection(Selection::QualityDiversity),
        ),
        ("mutations", small().mutations(MutationWeights::gptips())),
        (
            "descent",
            small().constant_optimizer(ConstantOptimizer::GradientDescent(descent)),
        ),
        ("guesses", small().guesses(["exp(-p/q)", "p + q"])),
        ("enumeration", small().enumeration_levels(1).islands(2)),
        ("memory", small().remembered_fits(60).islands(2)),
        ("sample", small().sampled_rows(25)),
    ]
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit_of_any_kind_of_run() -> Result<()> {
    let data = data(40)?;
    for (name, search) in kinds() {
        let mut found = Vec::new();
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("threads");
            found.push(pool.install(|| search.fit(&data))?);
        }
        assert_eq!(found[0], found[1], "{name}");
        assert_eq!(found[0], found[2], "{name}");
        let other = search.clone().seed(4).fit(&data)?;
        assert_ne!(
            found[0], other,
            "{name}: another seed must search elsewhere"
        );
    }
    Ok(())
}

/// Runs shared out among searches, one of which is interrupted and read from its file.
#[test]
fn shared_runs_are_those_of_one_search() -> Result<()> {
    let data = data(40)?;
    let settings = small().runs(3);
    let whole = settings.fit(&data)?;
    let first = settings.clone().runs(1).fit(&data)?;
    let rest = settings.runs(2).first_run(1);
    let file = std::env::temp_dir().join(format!("symreg-shared-{}", std::process::id()));
    let control = RunControl::new().checkpoint(&file).resume(true);
    let mut steps = 0;
    let part = rest.fit_controlled(&data, &control, |_| {
        steps += 1;
        if steps == 5 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    assert!(part.was_stopped());
    rest.fit_controlled(&data, &control, |_| ControlFlow::Continue(()))?;
    // What another process reads.
    let rest = rest.fit_controlled(&data, &control, |_| ControlFlow::Continue(()))?;
    let merged = SearchResult::merged([first, rest]);
    std::fs::remove_file(&file).ok();
    assert_eq!(merged, Some(whole));
    assert_eq!(SearchResult::merged([]), None);
    Ok(())
}

/// A structure that comes again is no new fit; the search is as good with fewer.
#[test]
fn remembered_fits_are_not_made_again() -> Result<()> {
    let data = data(40)?;
    let settings = small().runs(1);
    let evaluations = |fits: usize| -> Result<u64> {
        let result = settings.clone().remembered_fits(fits).fit(&data)?;
        Ok(result.runs()[0].evaluations())
    };
    let (all, fewer) = (evaluations(0)?, evaluations(10_000)?);
    assert!(fewer < all, "{fewer} of {all}");
    Ok(())
}

#[test]
fn a_sample_is_searched_and_all_rows_are_fitted() -> Result<()> {
    let data = data(3000)?;
    let result = small().sampled_rows(40).runs(1).fit(&data)?;
    for law in result.front().models() {
        assert_eq!(law.n_rows(), 3000);
        let again = ConstantFit::new().fit(law.genes(), &data)?;
        assert!(law.sse() <= again.sse() * (1.0 + 1e-9), "{}", law.sse());
    }
    // A sample of all rows is the table; another seed draws other rows.
    let last = |settings: SymbolicRegressor| -> Result<Vec<f64>> {
        Ok(settings.runs(1).fit(&data)?.runs()[0].history().to_vec())
    };
    assert_eq!(last(small().sampled_rows(3000))?, last(small())?);
    assert_ne!(last(small().sampled_rows(40))?, last(small())?);
    Ok(())
}

#[test]
fn a_law_that_is_undefined_outside_its_sample_is_dropped() -> Result<()> {
    // 1/x is exact on all rows but one, where it has its pole.
    let x: Vec<f64> = (0..2000).map(|i| 0.01 * f64::from(i)).collect();
    let y = x
        .iter()
        .map(|x| if *x == 0.0 { 0.0 } else { 1.0 / x })
        .collect();
    let data = Data::from_columns([("x", x)], ("y", y))?;
    let search = small()
        .operators([Operator::Add, Operator::Mul, Operator::Div])
        .guesses(["1/x"]);
    // All rows: the guess itself is refused.
    assert!(matches!(search.fit(&data), Err(Error::Guess { .. })));
    let result = search.sampled_rows(20).fit(&data)?;
    assert!(result.runs()[0].history().last().is_some_and(|r| *r < 1e-9));
    for law in result.front().models() {
        let score = law.score(&data)?;
        assert_eq!(score.n_undefined, 0, "{}", law.to_infix());
    }
    Ok(())
}

#[test]
fn every_kind_of_run_finds_the_law_and_never_gets_worse() -> Result<()> {
    let data = data(60)?;
    for (name, search) in kinds() {
        let result = search.population_size(150).max_generations(15).fit(&data)?;
        let best = result.front().models().last().expect("a front");
        assert!(best.r2() > 0.995, "{name}: {}", best.to_infix_rounded(4));
        for run in result.runs() {
            assert!(run.history().windows(2).all(|w| w[1] <= w[0]), "{name}");
            assert_eq!(run.history().len(), run.generations() + 1, "{name}");
        }
    }
    Ok(())
}

#[test]
fn islands_differ_from_one_large_population_and_from_islands_that_never_meet() -> Result<()> {
    let data = data(40)?;
    let base = small().runs(1).islands(3);
    let ring = base.clone().migration_interval(2).fit(&data)?;
    let apart = base.clone().migration_interval(0).fit(&data)?;
    let one = small().runs(1).population_size(120).fit(&data)?;
    // The first generation of all islands together: three streams, each with its own key.
    let first = |r: &SearchResult| r.runs()[0].history()[0].to_bits();
    assert_eq!(first(&ring), first(&apart));
    assert_ne!(ring, apart);
    assert_ne!(ring, one);
    // An island that nothing reaches is a run of one island.
    let alone = small().runs(1).islands(1);
    assert_eq!(
        alone.clone().migration_interval(1).fit(&data)?,
        alone.migration_interval(0).fit(&data)?
    );
    // Each island has its own individuals.
    assert!(ring.runs()[0].evaluations() > one.runs()[0].evaluations() * 9 / 10);
    assert!(ring.runs()[0].last_generation().len() > 80);
    Ok(())
}

#[test]
fn limits_count_the_models_of_all_islands() -> Result<()> {
    let data = data(40)?;
    let result = small().islands(3).max_evaluations(300).fit(&data)?;
    assert_eq!(result.runs().len(), 1);
    assert_eq!(result.runs()[0].stop_reason(), StopReason::MaxEvaluations);
    // 120 at first, then 34 children an island: 102 a generation.
    assert_eq!(result.runs()[0].evaluations(), 120 + 2 * 102);
    Ok(())
}

#[test]
fn a_guess_is_found_again_and_reported_where_it_is_wrong() -> Result<()> {
    let data = data(60)?;
    let search = SymbolicRegressor::gan()
        .population_size(4)
        .max_generations(0)
        .runs(1);
    let without = search.fit(&data)?;
    let with = search.clone().guesses(["4 - 2*exp(-3*p/q)"]).fit(&data)?;
    let best = |r: &SearchResult| r.front().models().last().map_or(0.0, symreg::Model::r2);
    assert!(best(&without) < 0.99 && best(&with) > 0.999);

    let cause = |text: &str| match search.clone().guesses(["p", text]).fit(&data) {
        Err(Error::Guess {
            index: 1, source, ..
        }) => *source,
        other => panic!("{text}: {other:?}"),
    };
    assert!(matches!(
        cause("exp(p/"),
        Error::Parse {
            position: 6,
            problem: ParseProblem::UnexpectedEnd
        }
    ));
    assert!(matches!(cause("3 + 2"), Error::ConstantModel { .. }));
    assert!(matches!(cause("log(-p)"), Error::InvalidModel { .. }));
    let deep = "exp(".repeat(9) + "p" + &")".repeat(9);
    assert!(matches!(
        cause(&deep),
        Error::InvalidParameter {
            name: "guesses",
            ..
        }
    ));
    Ok(())
}

#[test]
fn a_warm_start_keeps_what_was_known_and_names_a_missing_column() -> Result<()> {
    let data = data(60)?;
    let first = small().max_generations(12).fit(&data)?;
    let again = small()
        .seed(99)
        .population_size(10)
        .max_generations(1)
        .runs(1)
        .warm_start(first.front());
    let second = again.fit(&data)?;
    for model in first.front().models() {
        let kept =
            second.front().models().iter().any(|m| {
                m.complexity() <= model.complexity() && m.sse() <= model.sse() * (1.0 + 1e-9)
            });
        assert!(kept, "{}", model.to_infix_rounded(4));
    }
    let column = data.columns()[0].clone();
    let other = Data::from_columns([("r", column)], ("y", data.target().to_vec()))?;
    match again.fit(&other) {
        Err(Error::Guess { what, source, .. }) => {
            assert_eq!(what, "model of the warm start");
            assert!(matches!(*source, Error::Parse { .. }));
        }
        result => panic!("{result:?}"),
    }
    // Models beyond the new limits are passed over.
    let tight = again.max_complexity(5).fit(&data)?;
    assert!(tight.front().models().iter().all(|m| m.complexity() <= 5));
    Ok(())
}

#[test]
fn names_the_new_parameter_that_is_out_of_range() -> Result<()> {
    let data = data(20)?;
    let descent =
        |d: GradientDescent| small().constant_optimizer(ConstantOptimizer::GradientDescent(d));
    for (search, expected) in [
        (small().islands(0), "islands"),
        (small().islands(1000).population_size(1001), "islands"),
        (small().islands(2).migration_size(41), "migration_size"),
        (small().mutations(MutationWeights::none()), "mutations"),
        (descent(GradientDescent::new().batch_size(0)), "batch_size"),
        (small().guesses(vec!["p"; 10_001]), "guesses"),
        (small().sampled_rows(9), "sampled_rows"),
    ] {
        match search.fit(&data) {
            Err(Error::InvalidParameter { name, .. }) => assert_eq!(name, expected),
            other => panic!("{expected}: {:?}", other.err()),
        }
    }
    Ok(())
}
