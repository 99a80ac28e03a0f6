//! Mask and geometry of frames of 400 x 1024 pixels.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meltpool_morphology::{
    Background, Contrast, EdgeShape, KeyholeFinder, KeyholeGauge, PixelSize, Threshold,
};
use meltpool_sim::preset;
use ndarray::Array2;

fn keyholes(criterion: &mut Criterion) {
    let record = preset::aps_like()
        .n_frames(32)
        .plan()
        .and_then(|plan| plan.record());
    let Ok(record) = record else {
        return;
    };
    let still = Array2::from_shape_fn((400, 1024), |(y, _)| y >= 250);
    let contrast = Contrast::new(Background::TemporalMedian).gain_region(still);
    let Ok(film) = contrast.apply(&record.frames.view()) else {
        return;
    };
    let Ok(pixel) = PixelSize::from_micrometers(1.93) else {
        return;
    };
    let finder =
        KeyholeFinder::new(KeyholeGauge::new(pixel), 80.0).threshold(Threshold::Fixed(0.12));
    let mut group = criterion.benchmark_group("morphology/keyhole");
    group.throughput(Throughput::Elements(32));
    for (id, finder) in [
        ("400x1024", finder.clone()),
        ("400x1024, 150 rows", finder.clone().max_depth_px(150.0)),
        (
            "400x1024, 150 rows, step",
            finder.edge(EdgeShape::Step, 0.8).max_depth_px(150.0),
        ),
    ] {
        group.bench_function(id, |b| b.iter(|| finder.apply_all(black_box(&film))));
    }
    group.finish();
}

criterion_group!(benches, keyholes);
criterion_main!(benches);
