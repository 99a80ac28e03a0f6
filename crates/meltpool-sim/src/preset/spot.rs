//! Labeled frames of spot pulses with the history of their signal.

use ndarray::Array2;

use crate::error::{Error, Result, require};
use crate::pulse::{PulseHistory, PulseModel, PulseNoise, SpotPulse};
use crate::random::{Purpose, normal, stream, uniform};
use crate::spot_radiograph::SpotRadiograph;

/// Steps of signal history beside each frame.
const HISTORY: usize = 20;
/// Standard deviations of the labels: pool and keyhole depth in µm.
const LABEL_NOISE: [f64; 2] = [8.0, 4.0];

/// One labeled frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpotSample {
    /// Number of its run.
    pub run: usize,
    /// Frame in its run.
    pub frame: usize,
    /// Time since the laser was switched on in µs.
    pub time_us: f64,
    /// Nominal power in W.
    pub power_w: f64,
    /// Radius of the spot in µm.
    pub spot_radius_um: f64,
    /// The last 20 values of the measured signal, the frame's own last.
    pub signal: Vec<f64>,
    /// True depth of pool and keyhole in µm.
    pub truth_um: [f64; 2],
    /// The same with annotation noise of 8 and 4 µm.
    pub label_um: [f64; 2],
    /// Depth and mean width of the keyhole, half width and depth of the pool in µm: what is drawn.
    pub sizes_um: [f64; 4],
}

/// Labeled frames; images are drawn on demand.
#[derive(Debug, Clone, PartialEq)]
pub struct SpotDataset {
    samples: Vec<SpotSample>,
    radiograph: SpotRadiograph,
    seed: u64,
}

impl SpotDataset {
    /// The samples.
    pub fn samples(&self) -> &[SpotSample] {
        &self.samples
    }

    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        self.samples.len()
    }

    /// The image of a sample: transmission relative to the solid plate.
    ///
    /// # Errors
    /// [`Error::NoSuchFrame`] beyond the last sample.
    pub fn image(&self, index: usize) -> Result<Array2<f32>> {
        let sample = self.samples.get(index).ok_or(Error::NoSuchFrame {
            frame: index,
            n_frames: self.samples.len(),
        })?;
        self.radiograph.frame(
            sample.sizes_um,
            self.seed,
            sample.run as u64,
            sample.frame as u32,
        )
    }

    /// The image of a sample as 8-bit gray, $\mathrm{clip}((T - 0.7)/1.6)\cdot255$.
    ///
    /// # Errors
    /// As [`image`](Self::image).
    pub fn image_u8(&self, index: usize) -> Result<Array2<u8>> {
        Ok(self
            .image(index)?
            .mapv(|t| ((t - 0.7) / 1.6 * 255.0).clamp(0.0, 255.0) as u8))
    }
}

struct Run {
    index: usize,
    power_w: f64,
    radius_um: f64,
    history: PulseHistory,
}

impl Run {
    fn new(
        index: usize,
        power_w: f64,
        radius_um: f64,
        tail_us: f64,
        model: &PulseModel,
        seed: u64,
    ) -> Result<Self> {
        let history = SpotPulse::new(power_w, radius_um)
            .model(model.clone())
            .tail_us(tail_us)
            .simulate(&PulseNoise::Seed {
                seed,
                run: index as u64,
            })?;
        Ok(Self {
            index,
            power_w,
            radius_um,
            history,
        })
    }

    /// The sample of a frame, where frame -1 is the one before the laser.
    fn sample(&self, frame: isize, clean_zeros: bool, baseline: f64, seed: u64) -> SpotSample {
        let h = &self.history;
        let at = |values: &[f64]| {
            usize::try_from(frame)
                .ok()
                .and_then(|k| values.get(k))
                .copied()
                .unwrap_or(0.0)
        };
        let slot = (self.index as u64) << 32;
        // the dark signal before the pulse: one stream a run
        let mut rng = stream(seed, slot, Purpose::Label);
        let dark: Vec<f64> = (0..=HISTORY).map(|_| baseline * normal(&mut rng)).collect();
        let signal = (0..HISTORY as isize)
            .map(|j| {
                let k = frame - (HISTORY as isize - 1) + j;
                let earlier =
                    || dark[(k + HISTORY as isize + 1).rem_euclid(HISTORY as isize + 1) as usize];
                usize::try_from(k)
                    .ok()
                    .and_then(|k| h.signal.get(k))
                    .copied()
                    .unwrap_or_else(earlier)
            })
            .collect();
        let truth = [at(&h.pool_depth_um), at(&h.depth_um)];
        let mut rng = stream(seed, slot | (frame + 2) as u64, Purpose::Label);
        let mut label = truth;
        for (label, std) in label.iter_mut().zip(LABEL_NOISE) {
            let noise = std * normal(&mut rng);
            if !(clean_zeros && *label <= 0.0) {
                *label += noise;
            }
        }
        SpotSample {
            run: self.index,
            frame: (frame + 1) as usize,
            time_us: (frame + 1) as f64 * 20.0,
            power_w: self.power_w,
            spot_radius_um: self.radius_um,
            signal,
            truth_um: truth,
            label_um: label,
            sizes_um: [
                truth[1],
                at(&h.width_um),
                at(&h.pool_half_width_um).max(1.0),
                truth[0].max(1.0),
            ],
        }
    }
}

fn drawn(runs: &[Run], n: usize, size: usize, seed: u64) -> SpotDataset {
    let mut all: Vec<(usize, usize)> = runs
        .iter()
        .flat_map(|run| (0..run.history.n_frames()).map(|frame| (run.index, frame)))
        .collect();
    // a partial shuffle by Fisher and Yates, then the first n in order
    let mut rng = stream(seed, 0, Purpose::Selection);
    let n = n.min(all.len());
    for i in 0..n {
        let j = i + (uniform(&mut rng) * (all.len() - i) as f64) as usize;
        all.swap(i, j);
    }
    all.truncate(n);
    all.sort_unstable();
    let samples = all
        .into_iter()
        .map(|(run, frame)| runs[run].sample(frame as isize, false, 0.006, seed))
        .collect();
    SpotDataset {
        samples,
        radiograph: SpotRadiograph::new(size).tilt_deg(7.0),
        seed,
    }
}

fn check(size: usize) -> Result<()> {
    require(
        (8..=8192).contains(&size),
        "size",
        "between 8 and 8192",
        size,
    )
}

/// One run at nominal 232 W on a spot of 60 µm radius: 148 frames, 1 before, 103 with and 44 after the laser.
///
/// Labels of truths that are 0 stay 0. Images of `size` x `size` pixels over 676 µm.
///
/// # Errors
/// [`Error::InvalidParameter`] for a size below 8 or above 8192.
pub fn spot148(size: usize, model: &PulseModel, seed: u64) -> Result<SpotDataset> {
    check(size)?;
    let run = Run::new(0, 232.0, 60.0, 880.0, model, seed)?;
    let samples = (-1..147)
        .map(|frame| run.sample(frame, true, 0.01, seed))
        .collect();
    Ok(SpotDataset {
        samples,
        radiograph: SpotRadiograph::new(size).tilt_deg(7.0),
        seed,
    })
}

/// 148 frames drawn from runs at nominal 220, 240, 280 and 350 W on a spot of 60 µm radius.
///
/// # Errors
/// As [`spot148`].
pub fn multi148(size: usize, model: &PulseModel, seed: u64) -> Result<SpotDataset> {
    check(size)?;
    let runs = [220.0, 240.0, 280.0, 350.0].into_iter().enumerate();
    let runs = runs
        .map(|(i, power)| Run::new(i, power, 60.0, 0.0, model, seed))
        .collect::<Result<Vec<_>>>()?;
    Ok(drawn(&runs, 148, size, seed))
}

/// 2000 frames drawn from 20 runs of nominal 200 to 380 W on spots of 50 to 70 µm radius.
///
/// # Errors
/// As [`spot148`].
pub fn n2000(size: usize, model: &PulseModel, seed: u64) -> Result<SpotDataset> {
    check(size)?;
    let mut rng = stream(seed, 1, Purpose::Selection);
    let runs = (0..20)
        .map(|i| {
            let (power, radius) = (
                200.0 + 180.0 * uniform(&mut rng),
                50.0 + 20.0 * uniform(&mut rng),
            );
            Run::new(i, power, radius, 0.0, model, seed)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(drawn(&runs, 2000, size, seed))
}
