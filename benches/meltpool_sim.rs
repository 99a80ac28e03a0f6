//! Benches of `meltpool-sim`: one frame of each kind on one thread.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use meltpool_sim::{PulseNoise, SpotPulse, SpotRadiograph, preset};

/// Frames in order, so that the map is carried along: a film of 16 frames, divided by 16 in the throughput.
fn scan_cycle(c: &mut Criterion) {
    let mut group = c.benchmark_group("meltpool-sim/scan_cycle");
    group.sample_size(10);
    for size in [256_usize, 512] {
        let Ok(plan) = preset::scan_cycle(size, size).n_frames(16).seed(1).plan() else {
            continue;
        };
        group.throughput(Throughput::Elements(16 * (size * size) as u64));
        group.bench_function(
            BenchmarkId::from_parameter(format!("{size}x{size}x16")),
            |b| {
                b.iter(|| {
                    plan.frames()
                        .map(|frame| u64::from(frame[(0, 0)]))
                        .sum::<u64>()
                });
            },
        );
    }
    group.finish();
}

fn spot(c: &mut Criterion) {
    let mut group = c.benchmark_group("meltpool-sim/spot");
    let radiograph = SpotRadiograph::new(128).tilt_deg(7.0);
    group.throughput(Throughput::Elements(128 * 128));
    group.bench_function("128x128", |b| {
        b.iter(|| radiograph.frame(black_box([120.0, 40.0, 180.0, 170.0]), 1, 0, 0));
    });
    let pulse = SpotPulse::new(232.0, 60.0);
    group.throughput(Throughput::Elements(pulse.n_steps() as u64));
    group.bench_function("pulse", |b| {
        b.iter(|| pulse.simulate(black_box(&PulseNoise::Seed { seed: 1, run: 0 })));
    });
    group.finish();
}

criterion_group!(benches, scan_cycle, spot);
criterion_main!(benches);
