//! A student beside the camera: how long a step, a window of five frames and a ridge regression take, and that they are right.
//!
//! What is seen: the distribution of latencies on one thread against the 20 µs between two frames at 50 kHz. An LSTM of 32 units is
//! trained for a short time on simulated frames (`multi148`), then streamed sample by sample without allocation; its windows are compared with
//! the same network on burn. All simulated. Some 10 s. Output: `target/figures/ml_stream/`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use meltpool_ml::{
    CubicRidge, Device, NetworkConfig, Scaler, SplitConformal, SplitStrategy, StreamingStudent,
    Targets, Trainer,
};
use meltpool_plot::{Axis, Curve, Figure, OKABE_ITO, ScatterFigure, Theme};
use ndarray::Axis as Along;
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
use ml::{Outcome, Set};

const REPEATS: usize = 200_000;

#[expect(clippy::too_many_lines, reason = "one table, one figure")]
fn main() -> Outcome {
    let set = Set::new("multi148", 64, 1000)?;
    let split = SplitStrategy::Random { test_share: 0.2 }.split(&set.runs, 0)?;
    let scaler = Scaler::fit(&set.labels.view(), &split.train)?;
    let labels = scaler.apply(&set.labels.view())?.mapv(|v| v as f32);
    let inputs = set.sequences(&split.train, 5, false)?;
    let targets = Targets::new(labels.select(Along(0), &split.train));
    let trainer = Trainer::new().n_epochs(150);
    let trained = trainer.fit(
        &NetworkConfig::lstm(5, 1, 2),
        &inputs.select(&split.train),
        &targets,
    )?;

    // the same windows on the stream, on this crate's network, and on burn
    let network = trained.network;
    let predicted = network.predict(&inputs)?;
    let on_burn = network.clone().on(Device::Flex)?.predict(&inputs)?;
    let signals = Scaler::fit_shared(&set.windows.view(), &split.train)?;
    let one_signal = Scaler::fit(
        &set.windows
            .select(Along(0), &split.train)
            .into_shape_with_order((split.train.len() * 20, 1))?
            .view(),
        &(0..split.train.len() * 20).collect::<Vec<_>>(),
    )?;
    assert!((signals.mean()[0] - one_signal.mean()[0]).abs() < 1e-12);
    let microns = scaler.invert(&predicted.mapv(f64::from).view())?;
    let part = |rows: &[usize]| {
        (
            set.labels.select(Along(0), rows),
            microns.select(Along(0), rows),
        )
    };
    let (y, p) = part(&split.test);
    let intervals = SplitConformal::fit(&y.view(), &p.view(), 0.1)?;
    let mut student = StreamingStudent::new(&network)?;
    let mut to_burn = 0.0_f32;
    let mut to_network = 0.0_f32;
    let mut out = [0.0_f32; 2];
    for row in 0..set.runs.len() {
        for step in 15..20 {
            let scaled =
                (set.windows[[row, step]] - signals.mean()[0]) / signals.standard_deviation()[0];
            student.remember(&[scaled as f32])?;
        }
        student.predict_window(&mut out)?;
        for k in 0..2 {
            to_burn = to_burn.max((out[k] - on_burn[[row, k]]).abs());
            to_network = to_network.max((out[k] - predicted[[row, k]]).abs());
        }
    }
    let mut student = student
        .with_scalers(&one_signal, &scaler)?
        .with_intervals(&intervals)?;

    let ridge = CubicRidge::new().fit(
        &set.columns("a,E,t")?.select(Along(0), &split.train).view(),
        &set.labels.select(Along(0), &split.train).view(),
    )?;
    let columns: Vec<[f64; 3]> = set
        .columns("a,E,t")?
        .rows()
        .into_iter()
        .map(|r| [r[0], r[1], r[2]])
        .collect();
    let mut scratch = vec![0.0; ridge.n_terms()];
    let mut depths = [0.0; 2];
    let mut kept = 0.0;
    let signal: Vec<f32> = set.windows.column(19).iter().map(|v| *v as f32).collect();
    let n = signal.len();
    let step = latencies(1, |k| {
        let done = student.push(&[signal[k % n]], &mut out);
        kept += f64::from(out[0]);
        done.is_ok()
    })?;
    let window = latencies(1, |_| {
        let done = student.predict_window(&mut out);
        kept += f64::from(out[0]);
        done.is_ok()
    })?;
    // a clock reading takes as long as a ridge regression: 64 of them between two readings
    let cubic = latencies(64, |k| {
        let done = ridge.predict_into(&columns[k % n], &mut scratch, &mut depths);
        kept += depths[0];
        done.is_ok()
    })?;
    let clock = latencies(1, |_| true)?;
    assert!(kept.is_finite());
    let quantile = |sorted: &[f64], q: f64| sorted[((sorted.len() - 1) as f64 * q) as usize];
    let report = json!({
        "lstm_step_p50_us": quantile(&step, 0.5), "lstm_step_p99_us": quantile(&step, 0.99),
        "window_p50_us": quantile(&window, 0.5), "window_p99_us": quantile(&window, 0.99),
        "ridge_p50_us": quantile(&cubic, 0.5), "ridge_p99_us": quantile(&cubic, 0.99),
        "clock_p50_us": quantile(&clock, 0.5), "max_difference_to_burn": to_burn, "max_difference_to_network": to_network,
        "half_width_um": intervals.half_widths(),
    });
    assert!(
        to_burn < 1e-5 && to_network < 1e-5,
        "the stream is the network: {to_burn}, {to_network}"
    );

    let folder = Path::new("target/figures/ml_stream");
    std::fs::create_dir_all(folder)?;
    let mut table = "share,step_us,window_us,ridge_us\n".to_owned();
    let shares: Vec<f64> = (1..1000).map(|k| f64::from(k) / 1000.0).collect();
    for share in &shares {
        writeln!(
            table,
            "{share},{:.4},{:.4},{:.4}",
            quantile(&step, *share),
            quantile(&window, *share),
            quantile(&cubic, *share)
        )?;
    }
    std::fs::write(folder.join("latency.csv"), table)?;
    let mut figure = ScatterFigure::new(
        Axis::new("latency", "µs").log(),
        Axis::dimensionless("share of predictions below"),
    )
    .theme(Theme::page())
    .note("one thread; between two frames at 50 kHz pass 20 µs; simulated signal");
    for (k, (name, sorted)) in [
        ("ridge, 20 terms", &cubic),
        ("LSTM step", &step),
        ("LSTM window, T = 5", &window),
    ]
    .into_iter()
    .enumerate()
    {
        let x: Vec<f64> = shares.iter().map(|q| quantile(sorted, *q)).collect();
        figure = figure.curve(Curve::new(name, x, shares.clone()).color(OKABE_ITO[k + 1]));
    }
    figure = figure.curve(
        Curve::new(
            "frame interval at 50 kHz",
            vec![20.0, 20.0001],
            vec![0.0, 1.0],
        )
        .dashed(),
    );
    let files = figure.save_all(folder, "ml_stream")?;
    println!("wrote {}", files.png.display());
    println!("{report}");
    Ok(())
}

/// Sorted times of one call in µs, measured over `group` calls each.
fn latencies(group: usize, mut call: impl FnMut(usize) -> bool) -> Outcome<Vec<f64>> {
    let mut times = Vec::with_capacity(REPEATS / group);
    for k in 0..REPEATS / group + 1000 {
        let start = Instant::now();
        let mut is_done = true;
        for j in 0..group {
            is_done &= call(k * group + j);
        }
        let time = start.elapsed().as_secs_f64() * 1e6 / group as f64;
        if !is_done {
            return Err("a prediction failed".into());
        }
        // the first calls warm the caches
        if k >= 1000 {
            times.push(time);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
