//! Benches of `dimless`: Pi bases, repeating sets, unit texts, group evaluation, the self-consistent depth law, the
//! search for scaling laws, estimators, recognition.

#[path = "../examples/support/keyhole_columns.rs"]
mod keyhole_columns;
#[path = "../examples/support/porosity_columns.rs"]
mod porosity_columns;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dimless::{
    DepthAbsorptivity, ExponentialDepthLaw, FixedPoint, LawSearch, Link, MutualInformation,
    NumberCatalog, Symbol, System, Table, ThresholdPower, TwoGroupSearch, Unit, dataset,
};

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

/// The Keyhole number from the 71 rows of one alloy: 69 groups, 6 powers, exponents within 4.
fn discovery(criterion: &mut Criterion) -> Outcome {
    let data = keyhole_columns::keyhole_data()?.filter_labels(|m| m == "Ti-6Al-4V")?;
    let plain = LawSearch::new().cross_validation(0);
    let searches = [
        ("keyhole_71", plain.clone()),
        (
            "keyhole_71, quadratic",
            plain.clone().link(Link::Polynomial(2)),
        ),
        (
            "keyhole_71, saturation",
            plain.clone().link(Link::ExponentialSaturation),
        ),
        ("keyhole_71, monotone", plain.clone().link(Link::Monotone)),
        ("keyhole_71, ten folds", LawSearch::new()),
        (
            "keyhole_71, exponents to 12",
            plain.clone().max_exponent(12),
        ),
    ];
    let mut group = criterion.benchmark_group("dimless/lattice_search");
    for (name, search) in &searches {
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| search.fit(black_box(&data)));
        });
    }
    group.finish();
    let law = plain.fit(&data)?.best().clone();
    criterion.bench_function("dimless/refine/71", |b| {
        b.iter(|| plain.refine(black_box(&data), &law));
    });
    let mut group = criterion.benchmark_group("dimless/bootstrap");
    group.sample_size(10);
    group.bench_function("search/1000", |b| {
        b.iter(|| plain.bootstrap(black_box(&data), 1000));
    });
    group.bench_function("exponents/1000", |b| {
        b.iter(|| plain.bootstrap_exponents(black_box(&data), &law, 1000));
    });
    group.finish();
    let porosity = porosity_columns::porosity_data()?;
    let pairs = TwoGroupSearch::new().max_exponent(1).cross_validation(0);
    criterion.bench_function("dimless/two_groups/276 pairs", |b| {
        b.iter(|| pairs.fit(black_box(&porosity)));
    });
    Ok(())
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dimless/table_read");
    group.throughput(Throughput::Elements(90));
    group.bench_function(BenchmarkId::from_parameter(90), |b| {
        b.iter(dataset::keyhole);
    });
    group.finish();
}

/// Pairs of numbers between 0 and 1 that share some information, from a linear congruential generator.
fn pairs(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..n)
        .map(|_| {
            let x = next();
            (x, x + 0.2 * next())
        })
        .unzip()
}

fn estimators(criterion: &mut Criterion) -> Outcome {
    let mut group = criterion.benchmark_group("dimless/mutual_information");
    for n in [90, 1_000, 10_000] {
        let (x, y) = pairs(n);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::from_parameter(n), |b| {
            b.iter(|| MutualInformation::new().estimate(&[black_box(&x)], &y));
        });
    }
    group.finish();
    let rows = dataset::keyhole_rows()?;
    let mut group = criterion.benchmark_group("dimless/threshold_power");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(rows.len()), |b| {
        b.iter(|| ThresholdPower::new().estimate_rows(black_box(&rows)));
    });
    group.finish();
    Ok(())
}

fn recognition(criterion: &mut Criterion) -> Outcome {
    use Symbol as S;
    let system = System::new(KEYHOLE_2021)?;
    let symbols = [
        ("etaP", S::AbsorbedPower),
        ("V", S::ScanSpeed),
        ("r0", S::SpotRadius),
        ("alpha", S::ThermalDiffusivity),
        ("rho", S::Density),
        ("cp", S::HeatCapacity),
        ("dT", S::LiquidusRise),
    ];
    let catalog = NumberCatalog::laser_melting(&system, symbols)?;
    let mut group = criterion.benchmark_group("dimless/recognize");
    for exponents in [[2, -1, -3, -1, -2, -2, -2], [0, 0, 2, -2, 0, 1, 1]] {
        let id = if exponents[0] == 2 {
            "keyhole_squared"
        } else {
            "unnamed"
        };
        group.bench_function(BenchmarkId::from_parameter(id), |b| {
            b.iter(|| catalog.recognize(black_box(exponents)));
        });
    }
    group.bench_function(BenchmarkId::from_parameter("choose_groups"), |b| {
        b.iter(|| black_box(&catalog).choose_groups());
    });
    group.finish();
    Ok(())
}

fn all(criterion: &mut Criterion) {
    // The inputs are constants of this file; an error here is a defect of the bench.
    assert!(pi_basis(criterion).is_ok());
    unit_text(criterion);
    assert!(evaluation(criterion).is_ok());
    self_consistent(criterion);
    reading(criterion);
    assert!(discovery(criterion).is_ok());
    assert!(estimators(criterion).is_ok());
    assert!(recognition(criterion).is_ok());
}

criterion_group!(benches, all);
criterion_main!(benches);
