//! Benches of `symreg`: evaluation, constant fitting, one generation and the whole keyhole search.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use symreg::{ConstantFit, Data, Evaluator, Expression, Real, SymbolicRegressor};

const NAMES: [&str; 3] = ["Ps", "Pe", "Ts"];

/// Node evaluations a second, leaves counted as nodes.
fn evaluate(c: &mut Criterion) {
    let mut group = c.benchmark_group("symreg/evaluate");
    for (kind, text) in [
        ("arithmetic", "(Ps+2.5)*Pe/(Ts-0.5*Ps)+Pe*(Ts+Ps/Pe)"),
        (
            "mixed",
            "exp(-0.5*Ps/(Pe*Ts))+tanh(Ps/Ts)*sqrt(Pe)+erf(Ps-1)",
        ),
    ] {
        let Ok(expression) = Expression::parse(text, &NAMES) else {
            continue;
        };
        for rows in [1024_usize, 10_240, 102_400] {
            let x = Array2::from_shape_fn((rows, 3), |(i, j)| {
                0.5 + ((i * 31 + j * 17) % 97) as f64 / 65.0
            });
            group.throughput(Throughput::Elements(
                (rows * expression.node_count()) as u64,
            ));
            group.bench_function(BenchmarkId::new(kind, rows), |b| {
                b.iter(|| black_box(&expression).evaluate(black_box(&x)));
            });
        }
    }
    group.finish();
}

/// Node evaluations a second over 100 random trees of ten variables, leaves counted as nodes.
fn kernel(c: &mut Criterion) {
    kernel_of::<f64>(c, "symreg/kernel_f64", |v| v);
    kernel_of::<f32>(c, "symreg/kernel_f32", |v| v as f32);
}

fn kernel_of<T: Real>(c: &mut Criterion, group: &str, round: impl Fn(f64) -> T) {
    let names: Vec<String> = (1..=10).map(|k| format!("X{k}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut group = c.benchmark_group(group);
    for (kind, text) in [
        (
            "arithmetic",
            include_str!("data/symreg/trees_arithmetic.txt"),
        ),
        ("mixed", include_str!("data/symreg/trees_mixed.txt")),
    ] {
        let mut nodes = 0;
        let mut trees = Vec::new();
        for line in text.lines() {
            let Some((count, infix)) = line.split_once(' ') else {
                continue;
            };
            // A tree that cannot be read is a defect of the bench.
            let tree = Expression::parse(infix, &names);
            assert!(tree.is_ok(), "{infix}");
            trees.extend(tree);
            nodes += count.parse::<usize>().unwrap_or(0);
        }
        assert_eq!(trees.len(), 100);
        for rows in [1024_usize, 10_240, 102_400] {
            let column = |k: usize| -> Vec<T> {
                (0..rows)
                    .map(|i| round(0.5 + ((i * 31 + k * 977) % 9973) as f64 * (1.5 / 9973.0)))
                    .collect()
            };
            let Ok(mut evaluator) = Evaluator::new((0..10).map(column).collect()) else {
                continue;
            };
            let mut values = vec![round(0.0); rows];
            group.throughput(Throughput::Elements((rows * nodes) as u64));
            group.bench_function(BenchmarkId::new(kind, rows), |b| {
                b.iter(|| {
                    for tree in &trees {
                        let done = evaluator.evaluate_into(tree, &mut values);
                        black_box((&values, done.is_ok()));
                    }
                });
            });
        }
    }
    group.finish();
}

/// 71 rows of the depth law of Gan et al. (Eq. 2) with a scatter of some percent.
fn depth_rows() -> symreg::Result<Data> {
    let row = |i: usize| {
        let part = |k: usize| ((i * k) % 71) as f64 / 71.0;
        let (power, peclet, temperature) = (
            0.1 + 28.0 * part(29),
            5.0 + 13.0 * part(43),
            1.9 + 2.3 * part(17),
        );
        let scatter = 1.0 + 0.06 * (part(37) - 0.5);
        let depth = (5.12 - 5.07 * (-power / (peclet * temperature)).exp()) * scatter;
        [power, peclet, temperature, depth]
    };
    let column = |j: usize| (0..71).map(|i| row(i)[j]).collect::<Vec<f64>>();
    Data::from_columns(
        NAMES.into_iter().zip((0..3).map(column)),
        ("depth", column(3)),
    )
}

fn fit_and_search(c: &mut Criterion) {
    let Ok(data) = depth_rows() else { return };
    let Ok(gene) = Expression::parse("exp(-1*(Ps/(Pe*Ts)))", &NAMES) else {
        return;
    };
    let genes = [gene];
    let mut group = c.benchmark_group("symreg/fit");
    let fit = ConstantFit::new().starts(1);
    group.bench_function(BenchmarkId::new("depth_law", "71x3"), |b| {
        b.iter(|| fit.fit(black_box(&genes), black_box(&data)));
    });
    group.finish();
    let mut group = c.benchmark_group("symreg/search");
    group.sample_size(10);
    let search = SymbolicRegressor::gan().max_genes(1).runs(1);
    let fitted = search.fit(&data).map_or(0, |r| r.runs()[0].evaluations());
    group.throughput(Throughput::Elements(fitted));
    group.bench_function(BenchmarkId::new("one_run", "71x3"), |b| {
        b.iter(|| search.fit(black_box(&data)));
    });
    group.finish();
}

criterion_group!(benches, evaluate, kernel, fit_and_search);
criterion_main!(benches);
