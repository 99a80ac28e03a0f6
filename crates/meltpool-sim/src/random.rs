//! Random streams, one for each frame and purpose, and exact normal and Poisson deviates.
//!
//! The generator is ChaCha8 with the whole key (seed, frame, purpose) as its 256-bit seed. Normal deviates are
//! Marsaglia and Tsang's ziggurat with 128 layers (doi 10.18637/jss.v005.i08): single ones on 64-bit words, the many of a
//! frame's read noise on 32-bit words, of which 7 bits are the layer and the other 25 the place. Tables and logarithms come
//! from `libm`, so that the bits do not depend on the platform.

mod poisson;

pub(crate) use poisson::{poisson, poisson_all};

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
    /// The edges in single precision.
    edge_f32: [f32; LAYERS + 1],
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
        Ziggurat {
            edge,
            density,
            edge_f32: edge.map(|x| x as f32),
        }
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

/// Fills a slice with standard normal deviates.
pub(crate) fn normal_all(rng: &mut ChaCha8Rng, out: &mut [f32]) {
    const BLOCK: usize = 256;
    let normal = Normal::new();
    let table = normal.0;
    let mut bytes = [0_u8; 4 * BLOCK];
    let mut rest = [(0_u8, 0.0_f32); BLOCK];
    for block in out.chunks_mut(BLOCK) {
        let bytes = &mut bytes[..4 * block.len()];
        rng.fill_bytes(bytes);
        let mut n_rest = 0;
        for (i, (out, word)) in block.iter_mut().zip(bytes.chunks_exact(4)).enumerate() {
            let bits = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            let layer = (bits & 127) as usize;
            // 25 bits in [-1, 1)
            let u = (bits as i32 >> 7) as f32 * (1.0 / 16_777_216.0);
            let x = u * table.edge_f32[layer];
            *out = x;
            // the few that lie outside the rectangle of their layer
            rest[n_rest] = (i as u8, u);
            n_rest += usize::from(x.abs() >= table.edge_f32[layer + 1]);
        }
        for (i, u) in &rest[..n_rest] {
            let i = usize::from(*i);
            let layer = usize::from(bytes[4 * i] & 127);
            let u = f64::from(*u);
            block[i] = normal
                .edge_case(rng, layer, u * table.edge[layer], u)
                .unwrap_or_else(|| normal.draw(rng)) as f32;
        }
    }
}

/// One standard normal deviate.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    Normal::new().draw(rng)
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
        let single: Vec<f64> = (0..n).map(|_| normal(&mut rng)).collect();
        follows_the_distribution_function(single);
        let mut many = vec![0.0_f32; n as usize];
        normal_all(&mut rng, &mut many);
        follows_the_distribution_function(many.into_iter().map(f64::from).collect());
    }

    fn follows_the_distribution_function(mut x: Vec<f64>) {
        let n = x.len() as u32;
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
