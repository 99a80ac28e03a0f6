//! Training samples changed at random, the same for the same seed, epoch and sample.

use ndarray::ArrayView2;

use crate::error::{Result, require};
use crate::parallel;
use crate::preprocess::warped;
use crate::random::{Purpose, Random};

/// Random changes of the training samples.
///
/// What a sample becomes depends on the seed of the training run, the epoch and the number of the sample alone: neither batches nor
/// threads nor a resumed run change it. All are off by default, and none touches the labels: use only those under which the targets stay what they
/// are (depths survive a mirrored image, but not a change of scale).
///
/// # Examples
/// ```
/// use meltpool_ml::{Augment, Trainer};
///
/// let augment = Augment::new().rotation_deg(7.0).mirror(true).shift_px(2.0).noise(0.05);
/// let trainer = Trainer::new().augment(Some(augment));
/// trainer.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Augment {
    rotation_deg: f64,
    mirror: bool,
    shift_px: f64,
    gain: f64,
    noise: f64,
    cutout_px: usize,
    jitter_steps: f64,
    signal_gain: f64,
    signal_noise: f64,
}

impl Augment {
    /// Nothing is changed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Images turn by an angle uniform within ± this; default 0.
    pub fn rotation_deg(mut self, rotation_deg: f64) -> Self {
        self.rotation_deg = rotation_deg;
        self
    }

    /// Half of the images have left and right exchanged; default no.
    pub fn mirror(mut self, mirror: bool) -> Self {
        self.mirror = mirror;
        self
    }

    /// Images move by uniform within ± this along rows and columns, in pixels and parts of them; default 0.
    pub fn shift_px(mut self, shift_px: f64) -> Self {
        self.shift_px = shift_px;
        self
    }

    /// Images times 1 plus uniform within ± this; default 0.
    pub fn gain(mut self, gain: f64) -> Self {
        self.gain = gain;
        self
    }

    /// Normal noise of this standard deviation on every pixel, in the unit of the inputs (standardized images: theirs); default 0. Photon noise of
    /// many photons is close to normal.
    pub fn noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }

    /// A square of this side at a random place is set to 0, the mean of standardized images; default 0 for none.
    pub fn cutout_px(mut self, cutout_px: usize) -> Self {
        self.cutout_px = cutout_px;
        self
    }

    /// Windows of signals move in time by uniform within ± this, in steps and parts of them, interpolated along a line; default 0.
    pub fn jitter_steps(mut self, jitter_steps: f64) -> Self {
        self.jitter_steps = jitter_steps;
        self
    }

    /// Windows of signals times 1 plus uniform within ± this; default 0.
    pub fn signal_gain(mut self, signal_gain: f64) -> Self {
        self.signal_gain = signal_gain;
        self
    }

    /// Normal noise of this standard deviation on every value of windows and vectors; default 0.
    pub fn signal_noise(mut self, signal_noise: f64) -> Self {
        self.signal_noise = signal_noise;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a number that is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        for (name, value) in [
            ("rotation_deg", self.rotation_deg),
            ("shift_px", self.shift_px),
            ("gain", self.gain),
            ("noise", self.noise),
            ("jitter_steps", self.jitter_steps),
            ("signal_gain", self.signal_gain),
            ("signal_noise", self.signal_noise),
        ] {
            require(
                value >= 0.0 && value.is_finite(),
                name,
                "finite and not negative",
                value,
            )?;
        }
        Ok(())
    }

    /// Changes the samples of a batch in place; `rows` are their numbers in the data set.
    pub(crate) fn apply_batch(
        &self,
        parts: &mut [(Vec<usize>, Vec<f32>)],
        rows: &[usize],
        seed: u64,
        epoch: usize,
    ) {
        for (number, (shape, values)) in parts.iter_mut().enumerate() {
            let size = values.len() / rows.len().max(1);
            let changed = parallel::map(rows.len(), |k| {
                let item = ((epoch as u64) << 40) | ((rows[k] as u64) << 8) | number as u64;
                let random = Random::new(seed, Purpose::Augment, item);
                let sample = &values[k * size..(k + 1) * size];
                match shape.as_slice() {
                    [_, _, height, width] => self.image(sample, *height, *width, random),
                    [_, _, n_signals] => self.window(sample, *n_signals, random),
                    _ => self.vector(sample, random),
                }
            });
            values.clear();
            values.extend(changed.into_iter().flatten());
        }
    }

    fn image(&self, sample: &[f32], height: usize, width: usize, mut random: Random) -> Vec<f32> {
        let mut around = |half: f64| half * (2.0 * random.uniform() - 1.0);
        let angle = around(self.rotation_deg);
        let shift = (around(self.shift_px), around(self.shift_px));
        let gain = (1.0 + around(self.gain)) as f32;
        let mirrors = around(1.0) < 0.0 && self.mirror;
        let (top, left) = (random.below(height), random.below(width));
        let mut image = Vec::with_capacity(sample.len());
        for plane in sample.chunks_exact((height * width).max(1)) {
            match ArrayView2::from_shape((height, width), plane) {
                Ok(view) => image.extend(warped(&view, angle, shift)),
                Err(_) => unreachable!("a plane is height by width"),
            }
        }
        for plane in image.chunks_exact_mut((height * width).max(1)) {
            for (y, row) in plane.chunks_exact_mut(width).enumerate() {
                if mirrors {
                    row.reverse();
                }
                let half = self.cutout_px / 2;
                let cut = |place: usize, center: usize| {
                    place + half >= center && place + half < center + self.cutout_px
                };
                for (x, value) in row.iter_mut().enumerate() {
                    *value *= gain;
                    if self.noise > 0.0 {
                        *value += (self.noise * random.normal()) as f32;
                    }
                    if cut(y, top) && cut(x, left) {
                        *value = 0.0;
                    }
                }
            }
        }
        image
    }

    fn window(&self, sample: &[f32], n_signals: usize, mut random: Random) -> Vec<f32> {
        let mut around = |half: f64| half * (2.0 * random.uniform() - 1.0);
        let jitter = around(self.jitter_steps);
        let gain = (1.0 + around(self.signal_gain)) as f32;
        let n_steps = sample.len() / n_signals.max(1);
        let mut window = Vec::with_capacity(sample.len());
        for step in 0..n_steps {
            let place = (step as f64 + jitter).clamp(0.0, n_steps as f64 - 1.0);
            let (low, part) = (place as usize, (place - place.floor()) as f32);
            let high = (low + 1).min(n_steps - 1);
            for signal in 0..n_signals {
                let (a, b) = (
                    sample[low * n_signals + signal],
                    sample[high * n_signals + signal],
                );
                window.push(gain * (a + part * (b - a)));
            }
        }
        self.add_signal_noise(&mut window, &mut random);
        window
    }

    fn vector(&self, sample: &[f32], mut random: Random) -> Vec<f32> {
        let mut vector = sample.to_vec();
        self.add_signal_noise(&mut vector, &mut random);
        vector
    }

    fn add_signal_noise(&self, values: &mut [f32], random: &mut Random) {
        if self.signal_noise > 0.0 {
            for value in values {
                *value += (self.signal_noise * random.normal()) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = Vec<(Vec<usize>, Vec<f32>)>;

    fn parts(n: usize) -> Parts {
        let wave = |k: usize| (k as f32 * 0.37).sin();
        vec![
            (vec![n, 1, 12, 10], (0..n * 120).map(wave).collect()),
            (vec![n, 5, 2], (0..n * 10).map(wave).collect()),
            (vec![n, 3], (0..n * 3).map(wave).collect()),
        ]
    }

    fn applied(augment: Augment, rows: &[usize], seed: u64, epoch: usize) -> Parts {
        let (all, mut batch) = (parts(8), parts(rows.len()));
        for ((shape, values), (_, every)) in batch.iter_mut().zip(&all) {
            let size: usize = shape[1..].iter().product();
            let own = rows.iter().flat_map(|r| &every[r * size..(r + 1) * size]);
            *values = own.copied().collect();
        }
        augment.apply_batch(&mut batch, rows, seed, epoch);
        batch
    }

    fn everything() -> Augment {
        Augment::new()
            .rotation_deg(7.0)
            .mirror(true)
            .shift_px(1.5)
            .gain(0.1)
            .noise(0.1)
            .cutout_px(3)
            .jitter_steps(1.0)
            .signal_gain(0.1)
            .signal_noise(0.1)
    }

    #[test]
    fn nothing_is_changed_by_default() {
        assert_eq!(
            applied(Augment::new(), &[0, 1, 2, 3, 4, 5, 6, 7], 1, 0),
            parts(8)
        );
    }

    #[test]
    fn a_sample_depends_on_seed_epoch_and_its_number_alone() {
        let batch = applied(everything(), &[5, 2, 7], 1, 3);
        let alone = applied(everything(), &[2], 1, 3);
        for ((shape, all), (_, one)) in batch.iter().zip(&alone) {
            let size: usize = shape[1..].iter().product();
            assert_eq!(all[size..2 * size], one[..]);
        }
        for other in [
            applied(everything(), &[2], 2, 3),
            applied(everything(), &[2], 1, 4),
        ] {
            for ((_, a), (_, b)) in other.iter().zip(&alone) {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn each_change_is_what_its_name_says() {
        let rows: Vec<usize> = (0..8).collect();
        let plain = parts(8);
        let mirrored = applied(Augment::new().mirror(true), &rows, 0, 0);
        let mut n_mirrored = 0;
        for (a, b) in mirrored[0].1.chunks(120).zip(plain[0].1.chunks(120)) {
            let back: Vec<f32> = b.chunks(10).flat_map(|r| r.iter().rev().copied()).collect();
            assert!(a == b || *a == back[..]);
            n_mirrored += usize::from(a != b);
        }
        assert!((1..8).contains(&n_mirrored));
        let brighter = applied(Augment::new().gain(0.2), &rows, 0, 0);
        for (a, b) in brighter[0].1.chunks(120).zip(plain[0].1.chunks(120)) {
            let gain = a[1] / b[1];
            assert!((gain - 1.0).abs() <= 0.2 + 1e-6);
            assert!(a.iter().zip(b).all(|(a, b)| (a - gain * b).abs() < 1e-5));
        }
        let cut = applied(Augment::new().cutout_px(4), &rows, 0, 0);
        for (a, b) in cut[0].1.chunks(120).zip(plain[0].1.chunks(120)) {
            let gone = a.iter().zip(b).filter(|(a, b)| a != b).count();
            assert!((1..=16).contains(&gone), "{gone}");
        }
        let noisy = applied(Augment::new().noise(0.5), &rows, 0, 0);
        let off: f32 = noisy[0]
            .1
            .iter()
            .zip(&plain[0].1)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        // 960 draws: three standard errors of a variance
        assert!((off / 960.0 / 0.25 - 1.0).abs() < 3.0 * (2.0_f32 / 960.0).sqrt());
        // a line moves along itself, away from its ends
        let ramp = vec![(vec![1, 5, 1], vec![0.0, 1.0, 2.0, 3.0, 4.0])];
        let mut moved = ramp;
        Augment::new()
            .jitter_steps(1.0)
            .apply_batch(&mut moved, &[3], 0, 0);
        let by = moved[0].1[2] - 2.0;
        assert!(by != 0.0 && by.abs() <= 1.0);
        assert!((moved[0].1[1] - 1.0 - by).abs() < 1e-6 && (moved[0].1[3] - 3.0 - by).abs() < 1e-6);
    }

    #[test]
    fn negative_and_infinite_settings_are_refused() {
        assert!(Augment::new().gain(-0.1).validate().is_err());
        assert!(Augment::new().noise(f64::NAN).validate().is_err());
        assert!(everything().validate().is_ok());
    }
}
