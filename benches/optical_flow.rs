//! Benches of `optical-flow`: 512 x 512 pixels with a smooth texture that turns about the middle by up to four pixels, one thread.
//!
//! `benches/peers/optical_flow.py` measures errors and times beside other programs.

use std::f32::consts::TAU;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use optical_flow::{
    CrossCorrelation, Farneback, FlowEstimator, FlowField, FlowResult, HornSchunck, Image,
    InverseSearch, LiuShen, LucasKanade, PreSmoothing, RobustFlow, SequenceFlow, Solver, TvL1,
    Workspace,
};

const SIZE: usize = 512;

/// Waves of several lengths and directions at a place.
fn texture(y: f32, x: f32) -> f32 {
    let waves = [
        (31.0, 7.0, 0.1),
        (-11.0, 23.0, 0.4),
        (17.0, -41.0, 0.7),
        (53.0, 29.0, 0.9),
    ];
    let sum: f32 = waves
        .iter()
        .map(|(a, b, phase)| (TAU * ((a * x + b * y) / SIZE as f32 + phase)).sin())
        .sum();
    0.5 + 0.1 * sum
}

/// The frame after every point has turned by an angle that falls with its distance from the middle.
fn frame(turn: f32) -> Array2<f32> {
    let middle = 0.5 * (SIZE - 1) as f32;
    Array2::from_shape_fn((SIZE, SIZE), |(row, column)| {
        let (y, x) = (row as f32 - middle, column as f32 - middle);
        let (sin, cos) = (turn * (-(x * x + y * y) / 16_000.0).exp()).sin_cos();
        texture(cos * y - sin * x, cos * x + sin * y)
    })
}

fn estimators(c: &mut Criterion) {
    // One thread: times that can be set beside those of other programs.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread();
    if pool.build_global().is_err() {
        return;
    }
    let (first, second) = (frame(0.0), frame(0.05));
    let Ok((first, second)) = Image::pair(&first.view(), &second.view()) else {
        return;
    };
    let given = || {
        HornSchunck::new()
            .alpha(0.1)
            .pre_smoothing(PreSmoothing::Gaussian(0.0))
    };
    let cases: [(&str, Box<dyn FlowEstimator>); 13] = [
        ("automatic", Box::new(HornSchunck::new())),
        ("multigrid", Box::new(given().solver(Solver::Multigrid))),
        (
            "multigrid, tolerance 1e-3, once",
            Box::new(given().tolerance(1e-3).warps(1).integration(0.0)),
        ),
        (
            "over-relaxation",
            Box::new(given().solver(Solver::Sor(1.9))),
        ),
        ("published", Box::new(HornSchunck::song())),
        ("robust", Box::new(RobustFlow::new())),
        ("non-local", Box::new(RobustFlow::non_local())),
        ("inverse search", Box::new(InverseSearch::new())),
        ("farneback", Box::new(Farneback::new())),
        ("lucas-kanade", Box::new(LucasKanade::new())),
        ("tv-l1", Box::new(TvL1::new())),
        ("cross-correlation", Box::new(CrossCorrelation::new())),
        ("liu-shen", Box::new(LiuShen::new())),
    ];
    let mut group = c.benchmark_group("optical-flow/512x512");
    group.sample_size(10);
    for (name, estimator) in cases {
        group.bench_function(name, |b| {
            b.iter(|| estimator.estimate(black_box(&first), black_box(&second)));
        });
    }
    let method = given().solver(Solver::Multigrid);
    let mut workspace = Workspace::new();
    let mut result = FlowResult::new(FlowField::zeros((0, 0)));
    group.bench_function("multigrid, memory kept", |b| {
        b.iter(|| {
            let (first, second) = (black_box(&first), black_box(&second));
            method.estimate_into(first, second, &mut workspace, &mut result)
        });
    });
    let turns = [0.0, 0.05, 0.1, 0.15].map(|turn| Image::new(&frame(turn).view()));
    if let Ok(frames) = turns.into_iter().collect::<Result<Vec<_>, _>>() {
        let sequence = SequenceFlow::new().method(given());
        group.bench_function("sequence of four frames", |b| {
            b.iter(|| sequence.estimate_all(black_box(&frames)));
        });
    }
    group.finish();
}

criterion_group!(benches, estimators);
criterion_main!(benches);
