//! Random numbers: ChaCha with 8 rounds, one stream for each purpose, so that nothing depends on the order of calls.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Split = 1,
    Initial = 2,
    Shuffle = 3,
    Bootstrap = 4,
    #[cfg(test)]
    Test = 5,
    Augment = 6,
    Dropout = 7,
}

#[derive(Debug, Clone)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64, purpose: Purpose, item: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ ((purpose as u64) << 56));
        rng.set_stream(item);
        Self(rng)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let u = 1.0 - self.uniform();
        let v = self.uniform();
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// The numbers below n in random order, by Fisher and Yates.
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_holds_each_number_once_and_depends_on_the_stream() {
        let mut a = Random::new(1, Purpose::Split, 0).permutation(50);
        let b = Random::new(1, Purpose::Split, 1).permutation(50);
        let c = Random::new(1, Purpose::Shuffle, 0).permutation(50);
        assert!(a != b && a != c);
        a.sort_unstable();
        assert_eq!(a, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut rng = Random::new(3, Purpose::Bootstrap, 0);
        let values: Vec<f64> = (0..20_000).map(|_| rng.normal()).collect();
        let mean = values.iter().sum::<f64>() / 2e4;
        let variance = values.iter().map(|v| v * v).sum::<f64>() / 2e4;
        assert!(
            mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}
