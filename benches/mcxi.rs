//! Benches of `mcxi`: one band image (mean removed, Hann window, band RMS) of 512 x 512 pixels, and what stands beside it.
//!
//! `benches/peers/mcxi.py` does the same work in numpy and scipy.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mcxi::{Band, BandPass, Detrend, FrameRate, MoveContrast};
use ndarray::Array3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Counts from 500 to 1499, as the peers' input.
fn frames(n: usize) -> Array3<u16> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    Array3::from_shape_simple_fn((n, 512, 512), || random.random_range(500..1500_u16))
}

fn band(n: usize) -> Band {
    Band::from_fraction((1 + n / 32) as f64 / n as f64, 0.25)
}

fn band_image(c: &mut Criterion) {
    let Ok(rate) = FrameRate::from_hertz(1.0) else {
        return;
    };
    let mut group = c.benchmark_group("mcxi/band_image");
    group.sample_size(10);
    for n in [32_usize, 64, 128, 256, 30, 37] {
        let frames = frames(n);
        group.throughput(Throughput::Bytes(2 * frames.len() as u64));
        for (name, detrend) in [("mean", Detrend::Mean), ("linear", Detrend::Linear)] {
            let contrast = MoveContrast::new(rate).band(band(n)).detrend(detrend);
            group.bench_function(BenchmarkId::new(name, format!("512x512x{n}")), |b| {
                b.iter(|| contrast.image(black_box(&frames.view())));
            });
        }
    }
    group.finish();
}

/// What bounds the pass from below: reading every count once.
fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("mcxi/read");
    group.sample_size(10);
    for n in [32_usize, 128, 256] {
        let frames = frames(n);
        group.throughput(Throughput::Bytes(2 * frames.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("512x512x{n}")), |b| {
            b.iter(|| {
                let pixels = black_box(&frames).as_slice().unwrap_or_default();
                pixels.iter().fold(0_u16, |sum, pixel| sum ^ pixel)
            });
        });
    }
    group.finish();
}

fn others(c: &mut Criterion) {
    let Ok(rate) = FrameRate::from_hertz(1.0) else {
        return;
    };
    let frames = frames(32);
    let mut group = c.benchmark_group("mcxi/others");
    group.sample_size(10);
    group.throughput(Throughput::Elements(frames.len() as u64));
    let pass = BandPass::new(rate, band(32));
    group.bench_function("band_pass/512x512x32", |b| {
        b.iter(|| pass.apply(black_box(&frames.view())));
    });
    group.bench_function("temporal_std/512x512x32", |b| {
        b.iter(|| mcxi::rival::temporal_std(black_box(&frames.view())));
    });
    group.bench_function("svd_filter/512x512x32", |b| {
        b.iter(|| mcxi::rival::svd_filter(black_box(&frames.view()), 1..11));
    });
    group.finish();
}

criterion_group!(benches, band_image, read, others);
criterion_main!(benches);
