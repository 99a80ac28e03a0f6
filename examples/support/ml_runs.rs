//! Spot pulses of any model and camera as labeled frames, with a third channel.
#![allow(dead_code, reason = "each example uses its part")]

use meltpool_sim::{PulseHistory, PulseModel, PulseNoise, SpotPulse, SpotRadiograph};
use ndarray::{Array2, Array4, s};
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::ml::{Outcome, Set};

/// Runs to be simulated.
#[derive(Clone)]
pub struct Runs {
    /// Nominal power of each run in W.
    pub powers_w: Vec<f64>,
    pub radius_um: f64,
    pub model: PulseModel,
    pub camera: SpotRadiograph,
    /// Every how many frames one is kept.
    pub every: usize,
    pub seed: u64,
}

impl Runs {
    /// Runs of the calibrated model on a spot of 60 µm, seen on 64 x 64 pixels, every fifth frame.
    pub fn new(powers_w: impl IntoIterator<Item = f64>, seed: u64) -> Self {
        Self {
            powers_w: powers_w.into_iter().collect(),
            radius_um: 60.0,
            model: PulseModel::calibrated(),
            camera: SpotRadiograph::new(64).tilt_deg(7.0),
            every: 5,
            seed,
        }
    }

    /// The set, and the thermal signal of each frame (20 values, the newest last).
    pub fn simulate(&self) -> Outcome<(Set, Array2<f64>)> {
        let histories: Vec<PulseHistory> = (0..)
            .zip(&self.powers_w)
            .map(|(run, power)| {
                let noise = PulseNoise::Seed {
                    seed: self.seed,
                    run,
                };
                SpotPulse::new(*power, self.radius_um)
                    .model(self.model.clone())
                    .simulate(&noise)
            })
            .collect::<Result<_, _>>()?;
        let frames: Vec<(usize, usize)> = histories
            .iter()
            .enumerate()
            .flat_map(|(run, h)| {
                (0..h.n_frames())
                    .step_by(self.every)
                    .map(move |frame| (run, frame))
            })
            .collect();
        let n = frames.len();
        let thermal: Vec<Vec<f64>> = (0..)
            .zip(&histories)
            .map(|(run, h)| h.measured_thermal_signal(self.radius_um, self.seed, run))
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut images = Array4::zeros((n, 1, self.camera_size()?, self.camera_size()?));
        let (mut windows, mut hot) = (Array2::zeros((n, 20)), Array2::zeros((n, 20)));
        let (mut physics, mut truth) = (Array2::zeros((n, 2)), Array2::zeros((n, 2)));
        let mut labels = Array2::zeros((n, 2));
        for (row, (run, frame)) in frames.iter().enumerate() {
            let h = &histories[*run];
            for back in 0..=(*frame).min(19) {
                windows[[row, 19 - back]] = h.signal[frame - back];
                hot[[row, 19 - back]] = thermal[*run][frame - back];
            }
            let energy: f64 = h.signal[..=*frame].iter().sum();
            physics[[row, 0]] = energy * self.powers_w[*run] * self.model.frame_time;
            physics[[row, 1]] = h.time_us[*frame];
            let depths = [h.pool_depth_um[*frame], h.depth_um[*frame]];
            for (k, noise) in [8.0, 4.0].into_iter().enumerate() {
                truth[[row, k]] = depths[k];
                labels[[row, k]] = depths[k] + noise * normal(&mut rng);
            }
            let sizes = [
                depths[1],
                h.width_um[*frame],
                h.pool_half_width_um[*frame].max(1.0),
                depths[0].max(1.0),
            ];
            let image = self
                .camera
                .frame(sizes, self.seed, *run as u64, *frame as u32)?;
            images.slice_mut(s![row, 0, .., ..]).assign(&image);
        }
        let runs = frames.iter().map(|f| f.0).collect();
        Ok((
            Set::given(images, runs, windows, physics, labels, truth),
            hot,
        ))
    }

    fn camera_size(&self) -> Outcome<usize> {
        Ok(self.camera.transmission(0.0, 0.0, 1.0, 1.0)?.nrows())
    }
}

/// A standard normal number, by Box and Muller.
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
