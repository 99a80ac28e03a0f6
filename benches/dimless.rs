//! Benches of `dimless`: Pi bases, unit texts, group evaluation, the self-consistent depth law.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dimless::{DepthAbsorptivity, ExponentialDepthLaw, FixedPoint, System, Table, Unit, dataset};

/// The seven variables of the keyhole depth, Gan et al. (2021).
const KEYHOLE_2021: [(&str, &str); 7] = [
    ("etaP", "W"),
    ("V", "m/s"),
    ("r0", "m"),
    ("alpha", "m^2/s"),
    ("rho", "kg/m^3"),
    ("cp", "J/(kg K)"),
    ("dT", "K"),
];

/// The eight variables of Eq. 1 of the preprint.
const PREPRINT_EQ1: [(&str, &str); 8] = [
    ("e", "m"),
    ("etaP", "W"),
    ("V", "m/s"),
    ("d", "m"),
    ("K", "W/(m K)"),
    ("rhoCp", "J/(m^3 K)"),
    ("dTv", "K"),
    ("dTm", "K"),
];

/// Twelve variables of convection.
const CONVECTION_12: [(&str, &str); 12] = [
    ("U", "m/s"),
    ("L", "m"),
    ("D", "m"),
    ("rho", "kg/m^3"),
    ("mu", "Pa s"),
    ("k", "W/(m K)"),
    ("cp", "J/(kg K)"),
    ("dT", "K"),
    ("g", "m/s^2"),
    ("beta", "1/K"),
    ("sigma", "N/m"),
    ("omega", "1/s"),
];

type Outcome = Result<(), dimless::Error>;

fn pi_basis(criterion: &mut Criterion) -> Outcome {
    let systems = [
        ("keyhole_2021", System::new(KEYHOLE_2021)?),
        ("preprint_eq1", System::new(PREPRINT_EQ1)?),
        ("convection_12", System::new(CONVECTION_12)?),
    ];
    let mut group = criterion.benchmark_group("dimless/pi_basis");
    for (name, system) in &systems {
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| black_box(system).pi());
        });
    }
    // The reading of the unit texts included.
    group.bench_function(
        BenchmarkId::from_parameter("keyhole_2021_from_units"),
        |b| {
            b.iter(|| System::new(black_box(KEYHOLE_2021))?.pi());
        },
    );
    group.finish();
    let mut group = criterion.benchmark_group("dimless/repeating_sets");
    for (name, system) in &systems {
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| black_box(system).repeating_sets());
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("dimless/circuits");
    for (name, system) in &systems {
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| black_box(system).circuits());
        });
    }
    group.finish();
    Ok(())
}

fn unit_text(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dimless/unit_parse");
    for text in ["um", "W/(m*K)", "kg m^-1 s^(-3/2)"] {
        group.bench_function(BenchmarkId::from_parameter(text), |b| {
            b.iter(|| Unit::parse(black_box(text)));
        });
    }
    group.finish();
}

fn evaluation(criterion: &mut Criterion) -> Outcome {
    const ROWS: usize = 10_000;
    let mut table = Table::new();
    for (index, (name, unit)) in KEYHOLE_2021.into_iter().enumerate() {
        let values = (0..ROWS).map(|row| 1.0 + ((row * 7 + index * 13) % 101) as f64 / 50.0);
        table = table.with_column(name, unit, values.collect())?;
    }
    let basis = System::new(KEYHOLE_2021)?.pi()?;
    let mut group = criterion.benchmark_group("dimless/group_evaluate");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::from_parameter(ROWS), |b| {
        b.iter(|| basis.groups()[0].evaluate_table(black_box(&table)));
    });
    group.finish();
    Ok(())
}

fn self_consistent(criterion: &mut Criterion) {
    let law = ExponentialDepthLaw::published();
    let absorptivity = DepthAbsorptivity::new(0.26);
    let search = FixedPoint::new(0.0, law.plateau());
    let mut group = criterion.benchmark_group("dimless/self_consistent_depth");
    group.bench_function(BenchmarkId::from_parameter(1), |b| {
        b.iter(|| search.solve_depth(black_box(1.5), &law, &absorptivity));
    });
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dimless/table_read");
    group.throughput(Throughput::Elements(90));
    group.bench_function(BenchmarkId::from_parameter(90), |b| {
        b.iter(dataset::keyhole);
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    // The inputs are constants of this file; an error here is a defect of the bench.
    assert!(pi_basis(criterion).is_ok());
    unit_text(criterion);
    assert!(evaluation(criterion).is_ok());
    self_consistent(criterion);
    reading(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
