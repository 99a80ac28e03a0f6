//! What the examples of learned models share: simulated sets of labeled frames as plain arrays, and models fitted on them.
#![allow(dead_code, reason = "each example uses its part")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use meltpool_ml::{
    CubicRidge, Init, Inputs, Network, NetworkConfig, Regressor, Scaler, Score, Split,
    SplitStrategy, Targets, Trainer, sequences, standardize_images,
};
use meltpool_sim::PulseModel;
use meltpool_sim::preset::{SpotDataset, multi148, n2000, spot148};
use ndarray::{Array2, Array3, Array4, Axis, concatenate, s};
use xray_io::SequenceReaderExt;

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

pub const RANDOM: SplitStrategy = SplitStrategy::Random { test_share: 0.2 };
pub const BY_RUN: SplitStrategy = SplitStrategy::Grouped { test_share: 0.2 };

/// The value after `--NAME`.
pub fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|text| text != name).nth(1)
}

/// The number after `--NAME`, else a default.
pub fn number<T: std::str::FromStr>(name: &str, default: T) -> Outcome<T> {
    match argument(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| format!("{name} needs a number, found {text}").into()),
    }
}

/// Whether `--NAME` is given.
pub fn flag(name: &str) -> bool {
    std::env::args().any(|text| text == name)
}

/// Where images come from.
enum Frames {
    Simulated(SpotDataset),
    Stored(PathBuf),
    Given(Array4<f32>),
}

/// A set of labeled frames.
pub struct Set {
    frames: Frames,
    pub runs: Vec<usize>,
    /// The last 20 values of the absorptance, the newest last.
    pub windows: Array2<f64>,
    /// Absorbed energy in J and time since the laser was switched on in µs.
    pub physics: Array2<f64>,
    /// Depth of pool and keyhole in µm, with the noise of labels.
    pub labels: Array2<f64>,
    /// The same without noise.
    pub truth: Array2<f64>,
    /// Random split and split by run of a stored set.
    pub splits: Option<[Split; 2]>,
}

impl Set {
    /// A preset of the simulator by its name.
    pub fn new(name: &str, size: usize, seed: u64) -> Outcome<Self> {
        Self::of_model(name, size, seed, &PulseModel::calibrated())
    }

    /// The same with other physics.
    pub fn of_model(name: &str, size: usize, seed: u64, model: &PulseModel) -> Outcome<Self> {
        let data = match name {
            "spot148" => spot148(size, model, seed)?,
            "multi148" => multi148(size, model, seed)?,
            "n2000" => n2000(size, model, seed)?,
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
            // frame 0 lies before the laser
            let last = sample.frame.cast_signed();
            let frames = signals.range((sample.run, 1.min(last))..=(sample.run, last));
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
            frames: Frames::Simulated(data),
            splits: None,
        })
    }

    /// A set that `benches/peers/meltpool_ml_sets.py` wrote, with the labels that were drawn beside images or those drawn without.
    pub fn stored(folder: &Path, with_images: bool) -> Outcome<Self> {
        let table = folder.join("table.csv");
        let text = std::fs::read_to_string(&table).map_err(|e| {
            format!(
                "{}: {e}; benches/peers/meltpool_ml_sets.py writes it",
                table.display()
            )
        })?;
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(str::parse).collect())
            .collect::<Result<_, _>>()?;
        let n = rows.len();
        let columns = |first: usize, count: usize| {
            Array2::from_shape_fn((n, count), |(row, k)| rows[row][first + k])
        };
        let split = |column: usize| {
            let part = |tested: bool| {
                (0..n)
                    .filter(|row| (rows[*row][column] > 0.5) == tested)
                    .collect()
            };
            Split {
                train: part(false),
                test: part(true),
            }
        };
        Ok(Self {
            frames: Frames::Stored(folder.join("images.npy")),
            runs: rows.iter().map(|row| row[0] as usize).collect(),
            physics: columns(1, 2),
            labels: columns(if with_images { 5 } else { 3 }, 2),
            truth: columns(7, 2),
            windows: columns(11, 20),
            splits: Some([split(9), split(10)]),
        })
    }

    /// A set of frames that were made elsewhere, one row a frame.
    pub fn given(
        images: Array4<f32>,
        runs: Vec<usize>,
        windows: Array2<f64>,
        physics: Array2<f64>,
        labels: Array2<f64>,
        truth: Array2<f64>,
    ) -> Self {
        Self {
            frames: Frames::Given(images),
            runs,
            windows,
            physics,
            labels,
            truth,
            splits: None,
        }
    }

    /// The simulated samples of a preset, none of another set.
    pub fn samples(&self) -> &[meltpool_sim::preset::SpotSample] {
        match &self.frames {
            Frames::Simulated(data) => data.samples(),
            _ => &[],
        }
    }

    /// Images as they are: transmission relative to the solid plate.
    pub fn raw_images(&self) -> Outcome<Array4<f32>> {
        match &self.frames {
            Frames::Simulated(data) => {
                let first = data.image(0)?.dim();
                let mut images = Array4::zeros((self.runs.len(), 1, first.0, first.1));
                for row in 0..self.runs.len() {
                    images
                        .slice_mut(s![row, 0, .., ..])
                        .assign(&data.image(row)?);
                }
                Ok(images)
            }
            Frames::Stored(path) => {
                let frames = xray_io::open(path)?.read_all()?.into_array();
                Ok(frames.insert_axis(Axis(1)))
            }
            Frames::Given(images) => Ok(images.clone()),
        }
    }

    /// Images, standardized by those of the train part.
    pub fn images(&self, train: &[usize]) -> Outcome<Array4<f32>> {
        let mut images = self.raw_images()?;
        standardize_images(&mut images, train)?;
        Ok(images)
    }

    /// Windows of the last `steps` values, with energy and time at every step if asked for.
    pub fn history(
        &self,
        train: &[usize],
        steps: usize,
        with_physics: bool,
    ) -> Outcome<Array3<f32>> {
        let scaler = Scaler::fit_shared(&self.windows.view(), train)?;
        let scaled = scaler.apply(&self.windows.view())?;
        let last = scaled.slice(s![.., scaled.ncols() - steps..]);
        let physics = Scaler::fit(&self.physics.view(), train)?.apply(&self.physics.view())?;
        let physics = with_physics.then_some(physics);
        let physics = physics.as_ref().map(|p| p.view());
        Ok(sequences(&last, physics.as_ref())?)
    }

    /// The same as the only input of a network.
    pub fn sequences(&self, train: &[usize], steps: usize, with_physics: bool) -> Outcome<Inputs> {
        Ok(Inputs::new().with_sequences(self.history(train, steps, with_physics)?))
    }

    /// Columns for closed forms: `a` (absorptance now), `mean5` (of the last five), `E` and `t` (energy and time), `P` (nominal power).
    pub fn columns(&self, names: &str) -> Outcome<Array2<f64>> {
        let last = self.windows.ncols();
        let mut parts = Vec::new();
        for name in names.split(',') {
            parts.push(match name {
                "a" => self.windows.slice(s![.., last - 1..]).to_owned(),
                "mean5" => {
                    let five = self.windows.slice(s![.., last - 5..]);
                    five.sum_axis(Axis(1)).insert_axis(Axis(1)) / 5.0
                }
                "E" => self.physics.slice(s![.., ..1]).to_owned(),
                "t" => self.physics.slice(s![.., 1..]).to_owned(),
                "P" => {
                    let powers: Vec<f64> = self.samples().iter().map(|s| s.power_w).collect();
                    Array2::from_shape_vec((powers.len(), 1), powers)?
                }
                other => return Err(format!("no column is called {other}").into()),
            });
        }
        let views: Vec<_> = parts.iter().map(|p| p.view()).collect();
        Ok(concatenate(Axis(1), &views)?)
    }

    /// One standardized column as the input of a dense branch.
    pub fn vectors(&self, train: &[usize], names: &str) -> Outcome<Array2<f32>> {
        let columns = self.columns(names)?;
        let scaled = Scaler::fit(&columns.view(), train)?.apply(&columns.view())?;
        Ok(scaled.mapv(|v| v as f32))
    }
}

/// A set, a split of it and standardized labels.
pub struct Task<'a> {
    pub set: &'a Set,
    pub split: Split,
    pub scaler: Scaler,
    pub labels: Array2<f32>,
    pub seed: u64,
}

impl<'a> Task<'a> {
    pub fn new(set: &'a Set, split: Split, seed: u64) -> Outcome<Self> {
        let scaler = Scaler::fit(&set.labels.view(), &split.train)?;
        let labels = scaler.apply(&set.labels.view())?.mapv(|v| v as f32);
        Ok(Self {
            set,
            split,
            scaler,
            labels,
            seed,
        })
    }

    /// Labels of the train part.
    pub fn hard(&self) -> Targets {
        Targets::new(self.labels.select(Axis(0), &self.split.train))
    }

    /// A network trained on the train part.
    pub fn network(
        &self,
        config: &NetworkConfig,
        trainer: &Trainer,
        inputs: &Inputs,
    ) -> Outcome<Network> {
        self.student(config, trainer, inputs, &self.hard())
    }

    /// A network trained on other targets, one row a sample of the train part.
    pub fn student(
        &self,
        config: &NetworkConfig,
        trainer: &Trainer,
        inputs: &Inputs,
        targets: &Targets,
    ) -> Outcome<Network> {
        let trainer = trainer.clone().seed(self.seed);
        Ok(trainer
            .fit(config, &inputs.select(&self.split.train), targets)?
            .network)
    }

    /// Predictions of all rows in µm.
    pub fn microns(&self, network: &Network, inputs: &Inputs) -> Outcome<Array2<f64>> {
        let predicted = network.predict(inputs)?.mapv(f64::from);
        Ok(self.scaler.invert(&predicted.view())?)
    }

    /// Train, predict, judge on the labels of the test part.
    pub fn judge(
        &self,
        config: &NetworkConfig,
        trainer: &Trainer,
        inputs: &Inputs,
    ) -> Outcome<Vec<Score>> {
        let network = self.network(config, trainer, inputs)?;
        self.score(&self.microns(&network, inputs)?)
    }

    /// The cubic ridge of some columns, for all rows in µm.
    pub fn ridge(&self, names: &str) -> Outcome<Array2<f64>> {
        self.ridge_of(&self.set.columns(names)?)
    }

    /// The cubic ridge of any columns, for all rows in µm.
    pub fn ridge_of(&self, columns: &Array2<f64>) -> Outcome<Array2<f64>> {
        let pick = |table: &Array2<f64>| table.select(Axis(0), &self.split.train);
        let model = CubicRidge::new().fit(&pick(columns).view(), &pick(&self.set.labels).view())?;
        Ok(model.predict(&columns.view())?)
    }

    /// R² and mean absolute error of both targets in the test part, against labels.
    pub fn score(&self, predictions: &Array2<f64>) -> Outcome<Vec<Score>> {
        self.score_against(&self.set.labels, predictions)
    }

    /// The same against other targets, such as the truth.
    pub fn score_against(
        &self,
        targets: &Array2<f64>,
        predictions: &Array2<f64>,
    ) -> Outcome<Vec<Score>> {
        let pick = |table: &Array2<f64>| table.select(Axis(0), &self.split.test);
        Ok(Score::columns(
            &pick(targets).view(),
            &pick(predictions).view(),
        )?)
    }
}

/// The signal-only network of the reference rows: 32 units, biases that start at 0, two outputs.
pub fn lstm(n_steps: usize, n_inputs: usize) -> NetworkConfig {
    NetworkConfig::lstm(n_steps, n_inputs, 2).with_init(Init::ZeroBias)
}

/// Batches of the reference rows for signals: full ones only, of 16 or, for large sets, 64.
pub fn signal_trainer(n_epochs: usize, n_samples: usize) -> Trainer {
    Trainer::new()
        .n_epochs(n_epochs)
        .batch_size(if n_samples < 500 { 16 } else { 64 })
        .drop_last(true)
}

/// Batches of the reference rows for images: 16 or, for large sets, 32.
pub fn image_trainer(n_epochs: usize, n_samples: usize) -> Trainer {
    Trainer::new()
        .n_epochs(n_epochs)
        .batch_size(if n_samples < 500 { 16 } else { 32 })
}
