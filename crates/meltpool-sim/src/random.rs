//! Random streams, one for each frame and purpose, and exact normal and Poisson deviates.
//!
//! The generator is ChaCha8 with the whole key (seed, frame, purpose) as its 256-bit seed. Normal deviates are
//! Marsaglia and Tsang's ziggurat with 128 layers (doi 10.18637/jss.v005.i08) on 64-bit words; Poisson deviates are Hörmann's
//! PTRS (doi 10.1016/0167-6687(93)90997-4) from a mean of 10, Knuth's products below. Tables and logarithms come from `libm`,
//! so that the bits do not depend on the platform.

use std::sync::OnceLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for. Part of the key, so that no two uses share a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Texture = 1,
    SurfaceTexture = 2,
    Flat = 3,
    Gain = 4,
    Photons = 5,
    ReadNoise = 6,
    FlatPhotons = 7,
    Defects = 8,
    Spatter = 9,
    Powder = 10,
    Depth = 11,
    Signal = 12,
    Label = 13,
    Spot = 14,
    Selection = 15,
    ThirdChannel = 16,
    Particles = 17,
    FlatReadNoise = 18,
}

/// The ChaCha8 stream of one slot (a frame, a run) of a purpose.
pub(crate) fn stream(seed: u64, slot: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&slot.to_le_bytes());
    key[16..24].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// A uniform deviate in [0, 1) with 53 bits.
pub(crate) fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

const LAYERS: usize = 128;
/// Where the tail begins, and the area of each layer.
const TAIL: f64 = 3.442_619_855_899;
const AREA: f64 = 9.912_563_035_262_17e-3;

struct Ziggurat {
    /// Right edges of the layers, from the widest (a virtual one for the tail) to 0.
    edge: [f64; LAYERS + 1],
    /// The density at the edges.
    density: [f64; LAYERS + 1],
}

fn ziggurat() -> &'static Ziggurat {
    static TABLE: OnceLock<Ziggurat> = OnceLock::new();
    TABLE.get_or_init(|| {
        let f = |x: f64| libm::exp(-0.5 * x * x);
        let (mut edge, mut density) = ([0.0; LAYERS + 1], [0.0; LAYERS + 1]);
        edge[0] = AREA / f(TAIL);
        edge[1] = TAIL;
        for i in 2..LAYERS {
            let y = AREA / edge[i - 1] + f(edge[i - 1]);
            edge[i] = (-2.0 * libm::log(y)).sqrt();
        }
        for i in 0..=LAYERS {
            density[i] = f(edge[i]);
        }
        Ziggurat { edge, density }
    })
}

/// Draws standard normal deviates; holds the table so that the hot loop does not look it up.
#[derive(Clone, Copy)]
pub(crate) struct Normal(&'static Ziggurat);

impl Normal {
    pub(crate) fn new() -> Self {
        Self(ziggurat())
    }

    #[inline]
    pub(crate) fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        loop {
            let bits = rng.next_u64();
            let layer = (bits & 127) as usize;
            // 53 bits in [-1, 1)
            let u = (bits >> 11) as f64 * (2.0 / 9_007_199_254_740_992.0) - 1.0;
            let x = u * self.0.edge[layer];
            if x.abs() < self.0.edge[layer + 1] {
                return x;
            }
            if let Some(value) = self.edge_case(rng, layer, x, u) {
                return value;
            }
        }
    }

    #[cold]
    fn edge_case(self, rng: &mut ChaCha8Rng, layer: usize, x: f64, u: f64) -> Option<f64> {
        if layer == 0 {
            loop {
                let a = -libm::log(1.0 - uniform(rng)) / TAIL;
                let b = -libm::log(1.0 - uniform(rng));
                if 2.0 * b >= a * a {
                    return Some(if u < 0.0 { -(TAIL + a) } else { TAIL + a });
                }
            }
        }
        let (low, high) = (self.0.density[layer], self.0.density[layer + 1]);
        (low + uniform(rng) * (high - low) < libm::exp(-0.5 * x * x)).then_some(x)
    }
}

/// One standard normal deviate.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    Normal::new().draw(rng)
}

/// A Poisson deviate of this mean; 0 for a mean of 0 or below.
#[inline]
pub(crate) fn poisson(rng: &mut ChaCha8Rng, mean: f64) -> f64 {
    if mean >= 10.0 {
        return poisson_transformed(rng, mean, hat(mean as f32));
    }
    if mean <= 0.0 {
        return 0.0;
    }
    let limit = libm::exp(-mean);
    let (mut product, mut count) = (uniform(rng), 0.0);
    while product > limit {
        product *= uniform(rng);
        count += 1.0;
    }
    count
}

/// The constants of Hörmann's PTRS that depend on the mean: hat width and immediate acceptance.
///
/// In single precision, so that a row of them vectorizes: any values near these give an exact sampler.
#[inline]
fn hat(mean: f32) -> (f32, f32) {
    let b = 0.931 + 2.53 * mean.sqrt();
    (b, 0.9277 - 3.6224 / (b - 2.0))
}

#[inline]
fn poisson_transformed(rng: &mut ChaCha8Rng, mean: f64, (b, squeeze): (f32, f32)) -> f64 {
    const STEP: f64 = 1.0 / 4_294_967_296.0;
    let (b, squeeze) = (f64::from(b), f64::from(squeeze));
    let a = -0.059 + 0.024_83 * b;
    loop {
        let bits = rng.next_u64();
        let u = ((bits >> 32) as f64 + 0.5) * STEP - 0.5;
        let v = (f64::from(bits as u32) + 0.5) * STEP;
        let us = 0.5 - u.abs();
        let place = (2.0 * a / us + b) * u + mean + 0.43;
        if us >= 0.07 && v <= squeeze {
            // here the place is positive, so cutting is rounding down
            return place as i64 as f64;
        }
        if place < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let k = place as i64 as f64;
        if accepted(k, mean, b, v / (a / (us * us) + b)) {
            return k;
        }
    }
}

/// Whether $v\,/\alpha$ is below the probability of `k`, with as few logarithms as decide it.
#[inline]
fn accepted(k: f64, mean: f64, b: f64, v: f64) -> bool {
    let y = v * (1.1239 + 1.1328 / (b - 3.4));
    let x = (mean - k) / k;
    if !(k >= 10.0 && x.abs() < 0.1) {
        return libm::log(y) <= k * libm::log(mean) - mean - ln_factorial(k);
    }
    // Stirling: ln P(k) = k (ln(1 + x) - x) - ln(2 pi k)/2 - 1/12k + 1/360k^3; the series is good to 1e-12
    let series = x
        * x
        * (-1.0 / 2.0
            + x * (1.0 / 3.0
                + x * (-1.0 / 4.0
                    + x * (1.0 / 5.0
                        + x * (-1.0 / 6.0
                            + x * (1.0 / 7.0
                                + x * (-1.0 / 8.0
                                    + x * (1.0 / 9.0 + x * (-1.0 / 10.0 + x * (1.0 / 11.0))))))))));
    let r = 1.0 / k;
    let right = k * series - r * (1.0 / 12.0 - r * r * (1.0 / 360.0 - r * r / 1260.0));
    let z = y * (std::f64::consts::TAU * k).sqrt();
    // 1 - 1/z <= ln z <= z - 1
    if z - 1.0 <= right {
        return true;
    }
    if z - 1.0 > right * z {
        return false;
    }
    libm::log(z) <= right
}

/// Replaces means by Poisson deviates.
pub(crate) fn poisson_all(rng: &mut ChaCha8Rng, means: &mut [f32]) {
    const BLOCK: usize = 64;
    let mut hats = [(0.0_f32, 0.0_f32); BLOCK];
    for block in means.chunks_mut(BLOCK) {
        for (hat_of, mean) in hats.iter_mut().zip(block.iter()) {
            *hat_of = hat(*mean);
        }
        for (mean, hat) in block.iter_mut().zip(hats) {
            *mean = if *mean >= 10.0 {
                poisson_transformed(rng, f64::from(*mean), hat)
            } else {
                poisson(rng, f64::from(*mean))
            } as f32;
        }
    }
}

/// ln(2 pi)/2.
const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// ln k! for whole k, by the Stirling series from 10 (error below 1e-12).
fn ln_factorial(k: f64) -> f64 {
    if k < 10.0 {
        let mut product = 1.0;
        let mut i = 2.0;
        while i <= k {
            product *= i;
            i += 1.0;
        }
        return libm::log(product);
    }
    let r = 1.0 / k;
    let r2 = r * r;
    (k + 0.5) * libm::log(k) - k
        + HALF_LN_2PI
        + r * (1.0 / 12.0 - r2 * (1.0 / 360.0 - r2 * (1.0 / 1260.0 - r2 / 1680.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Standard normal distribution function.
    fn phi(x: f64) -> f64 {
        0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
    }

    #[test]
    fn normal_deviates_follow_the_distribution_function() {
        let mut rng = stream(3, 0, Purpose::Photons);
        let n = 400_000;
        let mut x: Vec<f64> = (0..n).map(|_| normal(&mut rng)).collect();
        x.sort_by(f64::total_cmp);
        let worst = x
            .iter()
            .enumerate()
            .map(|(i, x)| (phi(*x) - (i as f64 + 0.5) / f64::from(n)).abs())
            .fold(0.0, f64::max);
        // Kolmogorov: 1.63/sqrt(n) is the 1 % point
        assert!(worst < 1.63 / f64::from(n).sqrt(), "{worst}");
        let tail = x.iter().filter(|x| x.abs() > TAIL).count() as f64;
        let expected = 2.0 * phi(-TAIL) * f64::from(n);
        assert!(
            (tail - expected).abs() < 4.0 * expected.sqrt(),
            "{tail} {expected}"
        );
    }

    #[test]
    fn poisson_deviates_have_the_poisson_probabilities() {
        for mean in [0.3, 4.0, 9.99, 10.0, 25.0, 270.0, 2700.0] {
            let mut rng = stream(5, 1, Purpose::Photons);
            let n = 200_000;
            let draws: Vec<f64> = (0..n).map(|_| poisson(&mut rng, mean)).collect();
            let mu = draws.iter().sum::<f64>() / f64::from(n);
            let variance =
                draws.iter().map(|k| (k - mean) * (k - mean)).sum::<f64>() / f64::from(n);
            assert!(
                (mu - mean).abs() < 4.0 * (mean / f64::from(n)).sqrt(),
                "{mean} {mu}"
            );
            let spread = ((mean + 2.0 * mean * mean) / f64::from(n)).sqrt();
            assert!((variance - mean).abs() < 4.0 * spread, "{mean} {variance}");
            // chi-square over the values within two standard deviations
            let (low, high) = (
                (mean - 2.0 * mean.sqrt()).floor().max(0.0),
                (mean + 2.0 * mean.sqrt()).ceil(),
            );
            let mut counts = vec![0.0; (high - low) as usize + 1];
            for k in &draws {
                if (low..=high).contains(k) {
                    counts[(k - low) as usize] += 1.0;
                }
            }
            let chi2: f64 = counts
                .iter()
                .enumerate()
                .map(|(i, found)| {
                    let k = low + i as f64;
                    let expected = f64::from(n) * (k * mean.ln() - mean - ln_factorial(k)).exp();
                    (found - expected) * (found - expected) / expected
                })
                .sum();
            let freedom = counts.len() as f64;
            assert!(
                chi2 < freedom + 4.0 * (2.0 * freedom).sqrt(),
                "{mean}: {chi2} of {freedom}"
            );
        }
    }

    #[test]
    fn the_short_way_of_acceptance_agrees_with_the_long_one() {
        let mut rng = stream(9, 0, Purpose::Photons);
        for i in 0..200_000 {
            let mean = 10.0 * libm::exp(8.0 * uniform(&mut rng));
            let k = (mean + 3.0 * (2.0 * uniform(&mut rng) - 1.0) * mean.sqrt())
                .floor()
                .max(0.0);
            let b = f64::from(hat(mean as f32).0);
            let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
            let right = k * libm::log(mean) - mean - ln_factorial(k);
            // close to the border, on both sides of it
            let v = libm::exp(right + 1e-9 * (uniform(&mut rng) - 0.5) + f64::from(i % 3 - 1))
                / inverse_alpha;
            let left = libm::log(v * inverse_alpha);
            if (left - right).abs() > 1e-10 * mean.max(1.0) {
                assert_eq!(accepted(k, mean, b, v), left <= right, "{k} {mean}");
            }
        }
    }

    #[test]
    fn ln_factorial_is_lgamma() {
        for k in 0..2000 {
            let exact = libm::lgamma(f64::from(k) + 1.0);
            assert!((ln_factorial(f64::from(k)) - exact).abs() < 1e-10 * exact.max(1.0));
        }
    }

    #[test]
    fn streams_differ_in_every_part_of_the_key() {
        let first = |s, f, p| stream(s, f, p).next_u64();
        let base = first(1, 2, Purpose::Gain);
        assert_eq!(base, first(1, 2, Purpose::Gain));
        for other in [
            first(0, 2, Purpose::Gain),
            first(1, 0, Purpose::Gain),
            first(1, 2, Purpose::Flat),
        ] {
            assert_ne!(base, other);
        }
    }
}
