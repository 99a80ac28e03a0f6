//! Models trained on spot pulses, asked about a moving beam.
//!
//! What is seen: keyhole depth by four models trained on ten spot pulses, on tracks of 0.05 to 0.3 m/s (above, 300 W nominal open no keyhole): an image model, a ridge of the absorptance alone, one with energy
//! and time, and an LSTM of T = 5. On a track the beam meets cold plate all the time: absorbed energy and time since the laser was switched on go on growing
//! while the depth does not, so that the inputs that help most on spots put it some 10 µm too deep at 0.2 m/s and above. The absorptance still follows the depth; the image
//! model sees another camera (1.93 µm, brought to the same field by the beam's known position, static background divided out), another shape of the
//! pool and other noise. All simulated: depths and signal by the same law of the pulse. 2 seeds, 40 epochs for images, 400 for signals. 1 min; `--quick`: 1 seed,
//! 1 and 10 epochs. Output: `target/figures/ml_scan/`.

use meltpool_ml::{
    CubicRidge, Inputs, NetworkConfig, Regressor, Scaler, Score, absorbed_energy, sequences,
    signal_windows,
};
use meltpool_plot::{Axis, Curve, OKABE_ITO, ScatterFigure, Series};
use meltpool_sim::preset::moving_beam;
use meltpool_sim::{PulseNoise, SpotPulse, SpotRadiograph};
use ndarray::{Array2, Array3, Array4, Axis as Along, s};
use serde_json::json;

#[path = "support/ml.rs"]
mod ml;
#[path = "support/ml_runs.rs"]
mod ml_runs;
#[path = "support/ml_scores.rs"]
mod ml_scores;
use ml::{Outcome, Set, Task, flag, image_trainer, lstm, number, signal_trainer};
use ml_runs::Runs;
use ml_scores::{mean_and_deviation, of_seeds, page, save};

const SPEEDS: [f64; 4] = [0.05, 0.1, 0.2, 0.3];
const MODELS: [&str; 4] = ["image", "ridge a", "ridge a,E,t", "LSTM T=5"];

/// Depth, signal and frames of 64 x 64 pixels over 676 µm around a beam of 300 W at a speed.
fn track(speed: f64, seed: u64) -> Outcome<Set> {
    let pulse = SpotPulse::new(300.0, 60.0);
    let lit = 60e-6 / speed;
    let law = |time: f64| pulse.equilibrium_depth(time.min(lit));
    let history = pulse.simulate_with(&PulseNoise::Seed { seed, run: 0 }, law)?;
    let plan = moving_beam(300.0, 60.0, speed, seed)?.plan()?;
    let n = plan.n_frames().min(history.n_frames());
    let frames: Vec<Array2<f32>> = (0..n)
        .map(|k| Ok(plan.frame(k)?.mapv(f32::from)))
        .collect::<Outcome<_>>()?;
    // what stands still, as the median over time of every eighth frame
    let background = Array2::from_shape_fn(frames[0].dim(), |place| {
        let mut values: Vec<f32> = frames.iter().step_by(8).map(|f| f[place]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2].max(1.0)
    });
    let px = plan.camera().pixel_size_um();
    let mut images = Array4::ones((n, 1, 64, 64));
    for (k, frame) in frames.iter().enumerate() {
        let beam = 80.0 + plan.camera().pixels_per_frame(speed) * k as f64;
        for ((y, x), value) in images.slice_mut(s![k, 0, .., ..]).indexed_iter_mut() {
            // the cell's corners in pixels of the film, whose surface is in row 40; that of a spot at 0.12 of the field
            let cell = 676.0 / 64.0 / px;
            let (top, left) = (
                40.0 + cell * (y as f64 - 0.12 * 64.0),
                beam + cell * (x as f64 - 32.0),
            );
            let (mut sum, mut count) = (0.0, 0.0);
            for row in top.max(0.0) as usize..((top + cell).max(0.0) as usize).min(frame.nrows()) {
                for column in
                    left.max(0.0) as usize..((left + cell).max(0.0) as usize).min(frame.ncols())
                {
                    sum += frame[[row, column]] / background[[row, column]];
                    count += 1.0;
                }
            }
            if count > 0.0 {
                *value = sum / count;
            }
        }
    }
    let windows = signal_windows(&history.signal[..n], 20, 0.0)?;
    let energy = absorbed_energy(&history.signal[..n], 300.0, 20e-6)?;
    let physics = Array2::from_shape_fn((n, 2), |(row, k)| {
        if k == 0 {
            energy[row]
        } else {
            history.time_us[row]
        }
    });
    let truth = Array2::from_shape_fn((n, 2), |(row, k)| {
        if k == 0 {
            f64::NAN
        } else {
            history.depth_um[row]
        }
    });
    Ok(Set::given(
        images,
        vec![0; n],
        windows,
        physics,
        truth.clone(),
        truth,
    ))
}

/// Mean absolute error of the keyhole's depth in µm, and the mean of prediction minus truth.
type Errors = [(f64, f64); 4];

fn one_seed(seed: u64, epochs: (usize, usize)) -> Outcome<Vec<Errors>> {
    let mut plan = Runs::new((0..10).map(|k| 230.0 + 14.0 * f64::from(k)), 6000 + seed);
    plan.camera = SpotRadiograph::new(64);
    let (set, _) = plan.simulate()?;
    let all: Vec<usize> = (0..set.runs.len()).collect();
    let task = Task::new(
        &set,
        meltpool_ml::Split {
            train: all.clone(),
            test: all.clone(),
        },
        seed,
    )?;
    let mut images = set.raw_images()?;
    let (mean, deviation) = meltpool_ml::standardize_images(&mut images, &all)?;
    let config = NetworkConfig::cnn(64, 4, 2).with_pooled_head(4);
    let image = task.network(
        &config,
        &image_trainer(epochs.0, all.len()),
        &Inputs::new().with_images(images),
    )?;
    let signal = task.network(
        &lstm(5, 1),
        &signal_trainer(epochs.1, all.len()),
        &set.sequences(&all, 5, false)?,
    )?;
    let windows = Scaler::fit_shared(&set.windows.view(), &all)?;
    let history = |set: &Set| -> Outcome<Array3<f32>> {
        let scaled = windows.apply(&set.windows.view())?;
        Ok(sequences(&scaled.slice(s![.., 15..]), None)?)
    };
    let ridge = |columns: &str| -> Outcome<_> {
        Ok(CubicRidge::new().fit(&set.columns(columns)?.view(), &set.labels.view())?)
    };
    let (alone, physics) = (ridge("a")?, ridge("a,E,t")?);
    // new spot pulses of the same settings first, then tracks
    plan.seed += 500;
    plan.powers_w = vec![240.0, 300.0, 340.0];
    let mut sets = vec![plan.simulate()?.0];
    for speed in SPEEDS {
        sets.push(track(speed, 7000 + seed)?);
    }
    sets.iter()
        .map(|set| {
            let scaled = set
                .raw_images()?
                .mapv(|v| ((f64::from(v) - mean) / deviation) as f32);
            let depths = [
                task.microns(&image, &Inputs::new().with_images(scaled))?,
                alone.predict(&set.columns("a")?.view())?,
                physics.predict(&set.columns("a,E,t")?.view())?,
                task.microns(&signal, &Inputs::new().with_sequences(history(set)?))?,
            ];
            let truth = set.truth.column(1);
            let mut errors = [(0.0, 0.0); 4];
            for (error, depth) in errors.iter_mut().zip(&depths) {
                let off = &depth.column(1) - &truth;
                *error = (
                    Score::new(&truth, &depth.column(1))?.mae,
                    off.mean_axis(Along(0))
                        .map_or(f64::NAN, ndarray::Array0::into_scalar),
                );
            }
            Ok(errors)
        })
        .collect()
}

fn main() -> Outcome {
    let quick = flag("--quick");
    let seeds = number("--seeds", if quick { 1 } else { 2 })?;
    let results = of_seeds(seeds, |seed| {
        one_seed(seed, if quick { (1, 10) } else { (40, 400) })
    })?;
    let x = Axis::categories(
        "beam",
        ["spot", "0.05 m/s", "0.1 m/s", "0.2 m/s", "0.3 m/s"],
    );
    let mut figure = ScatterFigure::new(
        x,
        Axis::new("mean absolute error, keyhole depth", "µm").log(),
    )
    .theme(page(100.0))
    .note("trained on simulated spot pulses");
    let mut report = json!({});
    for (k, model) in MODELS.into_iter().enumerate() {
        let of = |place: usize, part: fn(&(f64, f64)) -> f64| -> Vec<f64> {
            results.iter().map(|r| part(&r[place][k])).collect()
        };
        let errors: Vec<f64> = (0..=SPEEDS.len())
            .map(|place| mean_and_deviation(&of(place, |e| e.0)).0)
            .collect();
        let bias: Vec<f64> = (0..=SPEEDS.len())
            .map(|place| mean_and_deviation(&of(place, |e| e.1)).0)
            .collect();
        let shown = |v: &[f64]| {
            v.iter()
                .map(|v| format!("{v:.1}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        println!(
            "{model}: mean absolute error {} µm, bias {} µm on spots and tracks of {SPEEDS:?} m/s",
            shown(&errors),
            shown(&bias)
        );
        let places: Vec<f64> = (0..errors.len())
            .map(|p| p as f64 + 0.06 * (k as f64 - 1.5))
            .collect();
        let color = OKABE_ITO[[4, 5, 2, 6][k]];
        figure = figure
            .series(Series::new(model, places.clone(), errors.clone()).color(color))
            .curve(Curve::new("", places, errors.clone()).color(color));
        report[model] = json!({ "mae_um": errors, "bias_um": bias });
    }
    save(&figure, "ml_scan")?;
    println!("{report}");
    Ok(())
}
