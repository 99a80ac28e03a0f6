//! Poisson deviates: Hörmann's PTRS from a mean of 10, Knuth's products below.
//!
//! W. Hörmann, Insur. Math. Econ. 12, 39 (1993), doi 10.1016/0167-6687(93)90997-4. Many deviates are made in blocks: one random
//! word for each, four fifths of which are accepted by a comparison that the compiler vectorizes; the rest are listed, their
//! tests of acceptance evaluated side by side, and only what is rejected there is drawn again one by one.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::uniform;
use crate::kernel::dispatch::{Job, dispatch};

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
#[inline(always)]
fn hat(mean: f32) -> (f32, f32) {
    let b = 0.931 + 2.53 * mean.sqrt();
    (b, 0.9277 - 3.6224 / (b - 2.0))
}

/// The place and the height of a word's point, in (-0.5, 0.5) and (0, 1).
#[inline(always)]
fn point(place: u32, height: u32) -> (f64, f64) {
    const STEP: f64 = 1.0 / 4_294_967_296.0;
    (
        (f64::from(place) + 0.5) * STEP - 0.5,
        (f64::from(height) + 0.5) * STEP,
    )
}

fn poisson_transformed(rng: &mut ChaCha8Rng, mean: f64, (b, squeeze): (f32, f32)) -> f64 {
    let (b, squeeze) = (f64::from(b), f64::from(squeeze));
    let a = -0.059 + 0.024_83 * b;
    loop {
        let bits = rng.next_u64();
        let (u, v) = point((bits >> 32) as u32, bits as u32);
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

/// Whether $v\,/\alpha$ is below the probability of `k`.
fn accepted(k: f64, mean: f64, b: f64, v: f64) -> bool {
    let y = v * (1.1239 + 1.1328 / (b - 3.4));
    let x = (mean - k) / k;
    if k >= 10.0 {
        return stirling(k, x, y) > 0.0;
    }
    libm::log(y) <= k * libm::log(mean) - mean - ln_factorial(k)
}

/// 1 if $\ln y \le \ln P(k)$, else -1, for $k \ge 10$ and $x = (\mu - k)/k$, by Stirling's
/// $\ln P(k) = k\,(\ln(1 + x) - x) - \tfrac12\ln 2\pi k - 1/12k + 1/360k^3 - 1/1260k^5$. For small $x$ the bracket is a series,
/// good to 1e-12, that does not cancel.
#[inline(always)]
fn stirling(k: f64, x: f64, y: f64) -> f64 {
    let series = x
        * x
        * horner(
            [
                -1.0 / 2.0,
                1.0 / 3.0,
                -1.0 / 4.0,
                1.0 / 5.0,
                -1.0 / 6.0,
                1.0 / 7.0,
                -1.0 / 8.0,
                1.0 / 9.0,
                -1.0 / 10.0,
                1.0 / 11.0,
            ],
            x,
        );
    let bracket = if x.abs() < 0.1 {
        series
    } else {
        ln(1.0 + x) - x
    };
    let r = 1.0 / k;
    let right = k * bracket - r * (1.0 / 12.0 - r * r * (1.0 / 360.0 - r * r / 1260.0));
    if 0.5 * ln(y * y * (std::f64::consts::TAU * k)) <= right {
        1.0
    } else {
        -1.0
    }
}

/// The polynomial of these coefficients, the constant one first.
#[inline(always)]
fn horner<const N: usize>(coefficients: [f64; N], x: f64) -> f64 {
    let mut sum = coefficients[N - 1];
    for c in coefficients[..N - 1].iter().rev() {
        sum = c + x * sum;
    }
    sum
}

/// The natural logarithm of a positive, normal number, within 1e-14 of itself and 1 together; no branch, so that the compiler
/// vectorizes it.
#[inline(always)]
fn ln(x: f64) -> f64 {
    // the fraction from 0.707 to 1.414 and the exponent, by way of the top bits of the number
    const HALF_ROOT: u64 = 0x3FE6_A09E_0000_0000;
    let bits = x.to_bits().wrapping_sub(HALF_ROOT);
    let exponent = f64::from((bits >> 32) as i32 >> 20);
    let fraction = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) + HALF_ROOT);
    let s = (fraction - 1.0) / (fraction + 1.0);
    let s2 = s * s;
    let series = horner(
        [
            1.0 / 3.0,
            1.0 / 5.0,
            1.0 / 7.0,
            1.0 / 9.0,
            1.0 / 11.0,
            1.0 / 13.0,
            1.0 / 15.0,
            1.0 / 17.0,
        ],
        s2,
    );
    exponent * std::f64::consts::LN_2 + 2.0 * (s + s * s2 * series)
}

/// Deviates of a block.
const BLOCK: usize = 256;
/// So few are drawn one by one.
const FEW: usize = 8;

/// Replaces means by Poisson deviates.
pub(crate) fn poisson_all(rng: &mut ChaCha8Rng, means: &mut [f32]) {
    let mut bytes = [0_u8; 8 * BLOCK];
    let mut block = Block::default();
    for means in means.chunks_mut(BLOCK) {
        let mut n = 0;
        for (i, mean) in means.iter_mut().enumerate() {
            if *mean >= 10.0 {
                (block.index[n], block.mean[n]) = (i as u32, *mean);
                n += 1;
            } else {
                *mean = poisson(rng, f64::from(*mean)) as f32;
            }
        }
        while n > FEW {
            let bytes = &mut bytes[..8 * n];
            rng.fill_bytes(bytes);
            let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            let points = block.place.iter_mut().zip(&mut block.height);
            for ((place, height), bytes) in points.zip(bytes.chunks_exact(8)) {
                (*height, *place) = (word(&bytes[..4]), word(&bytes[4..]));
            }
            dispatch(First {
                block: &mut block,
                n,
            });
            let listed = block.list(means, n);
            dispatch(Second {
                block: &mut block,
                n: listed,
            });
            n = block.settle(means, listed);
        }
        for (i, mean) in block.index[..n].iter().zip(&block.mean) {
            means[*i as usize] = poisson_transformed(rng, f64::from(*mean), hat(*mean)) as f32;
        }
    }
}

/// The points of a block and what has become of them.
struct Block {
    /// Where the deviate goes, and its mean.
    index: [u32; BLOCK],
    mean: [f32; BLOCK],
    place: [u32; BLOCK],
    height: [u32; BLOCK],
    /// What is accepted at once; else -1.
    count: [f32; BLOCK],
    /// Of the others: the candidate, the height over the hat, and 1 if they are accepted, -1 if not, 0 if that is not known.
    candidate: [f64; BLOCK],
    scaled: [f64; BLOCK],
    decided: [f64; BLOCK],
}

impl Default for Block {
    fn default() -> Self {
        Self {
            index: [0; BLOCK],
            mean: [0.0; BLOCK],
            place: [0; BLOCK],
            height: [0; BLOCK],
            count: [0.0; BLOCK],
            candidate: [0.0; BLOCK],
            scaled: [0.0; BLOCK],
            decided: [0.0; BLOCK],
        }
    }
}

impl Block {
    /// Writes what was accepted at once and moves the others to the front, without a branch.
    fn list(&mut self, out: &mut [f32], n: usize) -> usize {
        let mut listed = 0;
        for j in 0..n {
            let (index, count) = (self.index[j], self.count[j]);
            out[index as usize] = count;
            self.index[listed] = index;
            self.mean[listed] = self.mean[j];
            self.place[listed] = self.place[j];
            self.height[listed] = self.height[j];
            listed += usize::from(count < 0.0);
        }
        listed
    }

    /// Writes the accepted candidates and moves the rejected to the front.
    fn settle(&mut self, out: &mut [f32], listed: usize) -> usize {
        let mut n = 0;
        for j in 0..listed {
            let (index, mean, k) = (self.index[j], self.mean[j], self.candidate[j]);
            let decided = self.decided[j];
            let taken = decided > 0.0
                || (decided == 0.0
                    && accepted(k, f64::from(mean), f64::from(hat(mean).0), self.scaled[j]));
            out[index as usize] = k as f32;
            (self.index[n], self.mean[n]) = (index, mean);
            n += usize::from(!taken);
        }
        n
    }
}

/// The comparison that accepts most points.
struct First<'a> {
    block: &'a mut Block,
    n: usize,
}

impl Job for First<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { block, n } = self;
        // whole vectors: what lies beyond `n` is not used
        for i in 0..n.next_multiple_of(8).min(BLOCK) {
            let (b, squeeze) = hat(block.mean[i]);
            let b = f64::from(b);
            let a = -0.059 + 0.024_83 * b;
            let (u, v) = point(block.place[i], block.height[i]);
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + f64::from(block.mean[i]) + 0.43).floor() as f32;
            let k = if us >= 0.07 { k } else { -1.0 };
            block.count[i] = if v <= f64::from(squeeze) { k } else { -1.0 };
        }
    }
}

/// The test of acceptance of the others.
struct Second<'a> {
    block: &'a mut Block,
    n: usize,
}

impl Job for Second<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { block, n } = self;
        for j in 0..n.next_multiple_of(8).min(BLOCK) {
            let b = f64::from(hat(block.mean[j]).0);
            let mean = f64::from(block.mean[j]);
            let a = -0.059 + 0.024_83 * b;
            let (u, v) = point(block.place[j], block.height[j]);
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            let scaled = v / (a / (us * us) + b);
            block.candidate[j] = k;
            block.scaled[j] = scaled;
            let x = (mean - k) / k;
            let test = stirling(k, x, scaled * (1.1239 + 1.1328 / (b - 3.4)));
            let test = if k >= 10.0 { test } else { 0.0 };
            let test = if us < 0.013 && v > us { -1.0 } else { test };
            block.decided[j] = if k >= 0.0 { test } else { -1.0 };
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
    use super::super::{Purpose, stream};
    use super::*;
    use crate::kernel::dispatch::BASELINE_ONLY;

    /// Mean, variance and chi-square of the values within two standard deviations.
    fn follows_the_law(mean: f64, draws: &[f64]) {
        let n = draws.len() as u32;
        let mu = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|k| (k - mean) * (k - mean)).sum::<f64>() / f64::from(n);
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
        for k in draws {
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

    #[test]
    fn poisson_deviates_have_the_poisson_probabilities() {
        for mean in [0.3_f32, 4.0, 9.99, 10.0, 25.0, 270.0, 2700.0, 27_000.0] {
            let mut rng = stream(5, 1, Purpose::Photons);
            let n = 200_000;
            let exact = f64::from(mean);
            let single: Vec<f64> = (0..n).map(|_| poisson(&mut rng, exact)).collect();
            follows_the_law(exact, &single);
            let mut many = vec![mean; n];
            poisson_all(&mut rng, &mut many);
            let many: Vec<f64> = many.into_iter().map(f64::from).collect();
            follows_the_law(exact, &many);
        }
    }

    /// Blocks that are not full, means of 0, below 10 and beyond side by side; the baseline forced.
    #[test]
    fn every_instruction_set_gives_the_same_counts() {
        let means: Vec<f32> = (0..3001).map(|i| (i % 977) as f32 * 1.37).collect();
        let draw = |baseline: bool| {
            BASELINE_ONLY.set(baseline);
            let mut counts = means.clone();
            poisson_all(&mut stream(1, 2, Purpose::Photons), &mut counts);
            BASELINE_ONLY.set(false);
            counts
        };
        assert_eq!(draw(true), draw(false));
        assert!(draw(true).iter().all(|k| *k >= 0.0 && k.fract() == 0.0));
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
    fn ln_is_the_logarithm() {
        for i in 1..400_000 {
            let x = libm::exp(f64::from(i - 200_000) * 1e-3);
            let exact = libm::log(x);
            assert!((ln(x) - exact).abs() < 1e-14 * (1.0 + exact.abs()), "{x}");
        }
    }

    #[test]
    fn ln_factorial_is_lgamma() {
        for k in 0..2000 {
            let exact = libm::lgamma(f64::from(k) + 1.0);
            assert!((ln_factorial(f64::from(k)) - exact).abs() < 1e-10 * exact.max(1.0));
        }
    }
}
