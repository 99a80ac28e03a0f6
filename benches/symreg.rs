//! Benches of `symreg`: evaluation, constant fitting, one generation and the whole keyhole search.

#[path = "../examples/support/keyhole.rs"]
mod keyhole;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dimless::Source;
use ndarray::Array2;
use symreg::{ConstantFit, Expression};

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

fn keyhole_rows(c: &mut Criterion) {
    let Ok(keyholes) = keyhole::keyholes(&Source::GanTableS1) else {
        return;
    };
    let Ok((ti, _)) = keyholes
        .data
        .split_by_label(&keyholes.material, |m| m == "Ti-6Al-4V")
    else {
        return;
    };
    let Ok(gene) = Expression::parse("exp(-1*(Ps/(Pe*Ts)))", ti.names()) else {
        return;
    };
    let genes = [gene];
    let mut group = c.benchmark_group("symreg/fit");
    let fit = ConstantFit::new().starts(1);
    group.bench_function(BenchmarkId::new("depth_law", "71x3"), |b| {
        b.iter(|| fit.fit(black_box(&genes), black_box(&ti)));
    });
    group.finish();
    let mut group = c.benchmark_group("symreg/search");
    group.sample_size(10);
    let search = keyhole::keyhole_search(1).runs(1);
    let fitted = search.fit(&ti).map_or(0, |r| r.runs()[0].evaluations());
    group.throughput(Throughput::Elements(fitted));
    group.bench_function(BenchmarkId::new("keyhole_one_run", "71x3"), |b| {
        b.iter(|| search.fit(black_box(&ti)))
    });
    group.finish();
}

criterion_group!(benches, evaluate, keyhole_rows);
criterion_main!(benches);
