//! Training epochs, single predictions and the stream, on the sizes of the peers' table: 118 samples, batches of 16, one output.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use meltpool_ml::{
    CubicRidge, Device, Inputs, Network, NetworkConfig, StreamingStudent, Targets, Trainer,
};
use ndarray::{Array2, Array3, Array4};
use std::hint::black_box;

const N: usize = 118;

fn images(n: usize) -> Array4<f32> {
    Array4::from_shape_fn((n, 1, 128, 128), |(k, _, y, x)| {
        ((k * 7 + y * 3 + x * 5) as f32 * 0.01).sin()
    })
}

fn windows(n: usize, steps: usize) -> Array3<f32> {
    Array3::from_shape_fn((n, steps, 1), |(k, t, _)| ((k + t) as f32 * 0.3).sin())
}

fn models() -> Vec<(&'static str, NetworkConfig, Inputs)> {
    let scalar = Array2::from_shape_fn((N, 1), |(k, _)| (k as f32 * 0.3).cos());
    vec![
        (
            "cnn4",
            NetworkConfig::cnn(128, 4, 1),
            Inputs::new().with_images(images(N)),
        ),
        (
            "fusion2",
            NetworkConfig::fusion(128, 1),
            Inputs::new().with_images(images(N)).with_vectors(scalar),
        ),
        (
            "lstm_t1",
            NetworkConfig::lstm(1, 1, 1),
            Inputs::new().with_sequences(windows(N, 1)),
        ),
        (
            "lstm_t5",
            NetworkConfig::lstm(5, 1, 1),
            Inputs::new().with_sequences(windows(N, 5)),
        ),
    ]
}

fn training(c: &mut Criterion) {
    let mut group = c.benchmark_group("meltpool-ml/training_epoch");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(N as u64));
    let labels = Array2::from_shape_fn((N, 1), |(k, _)| (k as f32 * 0.1).sin());
    for (name, config, inputs) in models() {
        for device in [Device::Native, Device::Flex] {
            if device.validate().is_err() {
                continue;
            }
            let trainer = Trainer::new().n_epochs(1).device(device);
            let id = BenchmarkId::new(name, device.name());
            group.bench_function(id, |b| {
                b.iter(|| trainer.fit(&config, &inputs, &Targets::new(labels.clone())));
            });
        }
    }
    group.finish();
}

fn prediction(c: &mut Criterion) {
    let mut group = c.benchmark_group("meltpool-ml/one_prediction");
    group.throughput(Throughput::Elements(1));
    for (name, config, inputs) in models() {
        let one = inputs.select(&[3]);
        for device in [Device::Native, Device::Flex] {
            let Ok(network) = Network::new(config.clone(), 0).and_then(|n| n.on(device)) else {
                continue;
            };
            let id = BenchmarkId::new(name, device.name());
            group.bench_function(id, |b| b.iter(|| network.predict(black_box(&one))));
        }
    }
    group.finish();
}

fn stream(c: &mut Criterion) {
    let mut group = c.benchmark_group("meltpool-ml/stream");
    let Ok(mut student) = Network::new(NetworkConfig::lstm(5, 1, 2), 0)
        .and_then(|network| StreamingStudent::new(&network))
    else {
        return;
    };
    let mut out = [0.0_f32; 2];
    group.bench_function("lstm_step", |b| {
        b.iter(|| student.push(black_box(&[0.3]), &mut out));
    });
    group.bench_function("lstm_window_t5", |b| {
        b.iter(|| student.predict_window(&mut out));
    });
    let x = Array2::from_shape_fn((200, 3), |(k, j)| ((k * (j + 2)) as f64 * 0.37).sin());
    let y = x.select(ndarray::Axis(1), &[0, 1]);
    if let Ok(ridge) = CubicRidge::new().fit(&x.view(), &y.view()) {
        let mut scratch = vec![0.0; ridge.n_terms()];
        let mut depths = [0.0; 2];
        group.bench_function("ridge_20_terms", |b| {
            b.iter(|| ridge.predict_into(black_box(&[0.1, 0.2, 0.3]), &mut scratch, &mut depths));
        });
    }
    group.finish();
}

criterion_group!(benches, training, prediction, stream);
criterion_main!(benches);
