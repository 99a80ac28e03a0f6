//! Simulated sets of labeled frames as plain arrays, and the rows of tables of scores.

use std::collections::BTreeMap;
use std::error::Error;

use meltpool_ml::{Inputs, Scaler, Score, sequences, standardize_images};
use meltpool_sim::PulseModel;
use meltpool_sim::preset::{SpotDataset, multi148, n2000, spot148};
use ndarray::{Array2, Array4, Axis, s};

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A set of labeled frames.
pub struct Set {
    pub data: SpotDataset,
    pub runs: Vec<usize>,
    /// The last 20 values of the absorptance, the newest last.
    pub windows: Array2<f64>,
    /// Absorbed energy in J and time since the laser was switched on in µs.
    pub physics: Array2<f64>,
    /// Depth of pool and keyhole in µm, with the noise of labels.
    pub labels: Array2<f64>,
    /// The same without noise.
    pub truth: Array2<f64>,
}

impl Set {
    /// A preset of the simulator by its name.
    pub fn new(name: &str, size: usize, seed: u64) -> Outcome<Self> {
        let model = PulseModel::calibrated();
        let data = match name {
            "spot148" => spot148(size, &model, seed)?,
            "multi148" => multi148(size, &model, seed)?,
            "n2000" => n2000(size, &model, seed)?,
            other => return Err(format!("no set is called {other}").into()),
        };
        let samples = data.samples();
        let n = samples.len();
        // the signal of each run, from the histories of all its samples
        let mut signals: BTreeMap<(usize, isize), f64> = BTreeMap::new();
        for sample in samples {
            for (back, value) in sample.signal.iter().rev().enumerate() {
                signals.insert(
                    (sample.run, sample.frame.cast_signed() - back.cast_signed()),
                    *value,
                );
            }
        }
        let mut physics = Array2::zeros((n, 2));
        for (row, sample) in samples.iter().enumerate() {
            let frames = signals.range((sample.run, 1)..=(sample.run, sample.frame.cast_signed()));
            let sum: f64 = frames.map(|(_, a)| a * sample.power_w * 20e-6).sum();
            physics[[row, 0]] = if sample.frame == 0 { 0.0 } else { sum };
            physics[[row, 1]] = sample.time_us;
        }
        let history = samples.first().map_or(0, |s| s.signal.len());
        Ok(Self {
            runs: samples.iter().map(|s| s.run).collect(),
            windows: Array2::from_shape_fn((n, history), |(row, k)| samples[row].signal[k]),
            labels: Array2::from_shape_fn((n, 2), |(row, k)| samples[row].label_um[k]),
            truth: Array2::from_shape_fn((n, 2), |(row, k)| samples[row].truth_um[k]),
            physics,
            data,
        })
    }

    /// Images, standardized by those of the train part.
    pub fn images(&self, train: &[usize]) -> Outcome<Array4<f32>> {
        let first = self.data.image(0)?.dim();
        let mut images = Array4::zeros((self.runs.len(), 1, first.0, first.1));
        for row in 0..self.runs.len() {
            let mut place = images.slice_mut(s![row, 0, .., ..]);
            place.assign(&self.data.image(row)?);
        }
        standardize_images(&mut images, train)?;
        Ok(images)
    }

    /// Windows of the last `steps` values as network inputs, with energy and time at every step if asked for.
    pub fn sequences(&self, train: &[usize], steps: usize, with_physics: bool) -> Outcome<Inputs> {
        let scaler = Scaler::fit_shared(&self.windows.view(), train)?;
        let scaled = scaler.apply(&self.windows.view())?;
        let last = scaled.slice(s![.., scaled.ncols() - steps..]);
        let physics = Scaler::fit(&self.physics.view(), train)?.apply(&self.physics.view())?;
        let physics = with_physics.then_some(physics);
        Ok(Inputs::new().with_sequences(sequences(
            &last,
            physics.as_ref().map(|p| p.view()).as_ref(),
        )?))
    }

    /// Columns for the ridge: a, a and the mean of five, a and E and t, or all.
    pub fn columns(&self, names: &str) -> Array2<f64> {
        let last = self.windows.ncols();
        let now = self.windows.slice(s![.., last - 1..]).to_owned();
        let five = self
            .windows
            .slice(s![.., last - 5..])
            .sum_axis(Axis(1))
            .insert_axis(Axis(1))
            / 5.0;
        let mut parts = vec![now.view()];
        if names.contains("mean5") {
            parts.push(five.view());
        }
        if names.contains('E') {
            parts.push(self.physics.view());
        }
        // rows agree by construction
        ndarray::concatenate(Axis(1), &parts).unwrap_or(now.clone())
    }

    /// R² and mean absolute error of both targets in the test part.
    pub fn score(&self, predictions: &Array2<f64>, test: &[usize]) -> Outcome<Vec<Score>> {
        let pick = |table: &Array2<f64>| table.select(Axis(0), test);
        Ok(Score::columns(
            &pick(&self.labels).view(),
            &pick(predictions).view(),
        )?)
    }
}

/// Mean and standard deviation.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}
