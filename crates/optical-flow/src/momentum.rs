//! How much of the motion goes each way.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::field::FlowField;
use crate::metric::percentile;

/// What is summed to the fractions of a [`MomentumBalance`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MomentumWeight {
    /// Lengths of the component: $P_\pm = \sum_{\pm v > 0}|v| / \sum|v|$.
    #[default]
    Speed,
    /// One for each pixel that moves at all.
    Count,
}

/// Fractions of the motion along one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fraction {
    /// Part along the positive axis, between 0 and 1; not a number without motion.
    pub positive: f64,
    /// The rest, $1 - P_+$.
    pub negative: f64,
    /// Bounds of the 95 % interval of the positive part, by the bootstrap.
    pub interval: (f64, f64),
}

impl Fraction {
    /// $|P_+ - P_-|$.
    pub fn imbalance(&self) -> f64 {
        (self.positive - self.negative).abs()
    }
}

/// Positive and negative fractions of the motion along columns and rows, as in Song et al., Metals 16(5), 487 (2026).
///
/// The paper does not say what it sums; the default is the signed over the total speed. The bootstrap draws square blocks of pixels, as
/// neighbors are alike,; the generator is SplitMix64.
///
/// # Examples
///
/// ```
/// use optical_flow::{FlowField, MomentumBalance};
///
/// let mut flow = FlowField::uniform((32, 32), 1.0, 0.5);
/// flow.u.slice_mut(ndarray::s![..16, ..]).fill(-1.0);
/// let balance = MomentumBalance::new().balance(&flow, None)?;
/// assert_eq!(balance.x.positive, 0.5);
/// assert_eq!(balance.y.positive, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MomentumBalance {
    weight: MomentumWeight,
    block: usize,
    n_resamples: usize,
    seed: u64,
}

/// Fractions along both axes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Balance {
    /// Along columns, to the right.
    pub x: Fraction,
    /// Along rows, down.
    pub y: Fraction,
}

impl Default for MomentumBalance {
    fn default() -> Self {
        Self::new()
    }
}

/// SplitMix64: G. L. Steele, D. Lea and C. H. Flood, doi 10.1145/2660193.2660195.
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl MomentumBalance {
    /// Sums of speed, blocks of 16 px, 1000 resamples, seed 0.
    pub fn new() -> Self {
        Self {
            weight: MomentumWeight::Speed,
            block: 16,
            n_resamples: 1000,
            seed: 0,
        }
    }

    /// What is summed.
    pub fn weight(mut self, weight: MomentumWeight) -> Self {
        self.weight = weight;
        self
    }

    /// Side of the blocks that the bootstrap draws, px: about the distance over which the motion is alike.
    pub fn block(mut self, block: usize) -> Self {
        self.block = block;
        self
    }

    /// Resamples of the bootstrap.
    pub fn n_resamples(mut self, n_resamples: usize) -> Self {
        self.n_resamples = n_resamples;
        self
    }

    /// Seed of the bootstrap.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        Error::at_least("block", "at least 1", self.block == 0, self.block)?;
        Error::at_least(
            "n_resamples",
            "from 1 to 1000000",
            self.n_resamples == 0 || self.n_resamples > 1_000_000,
            self.n_resamples,
        )
    }

    /// The fractions of a field, inside `mask` if one is given; unknown vectors are left out.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`], [`Error::ShapeMismatch`], [`Error::TooFewPixels`] if nothing is left.
    pub fn balance(&self, flow: &FlowField, mask: Option<&Array2<bool>>) -> Result<Balance> {
        self.validate()?;
        if let Some(mask) = mask {
            Error::same_shape("mask", flow.dim(), mask.dim())?;
        }
        let (rows, columns) = flow.dim();
        let across = columns.div_ceil(self.block);
        // positive and negative sums along x and y of each block
        let mut blocks = vec![[0.0_f64; 4]; across * rows.div_ceil(self.block)];
        let mut n = 0;
        for ((y, x), u) in flow.u.indexed_iter() {
            if mask.is_some_and(|mask| !mask[[y, x]]) || !flow.is_known((y, x)) {
                continue;
            }
            n += 1;
            let block = &mut blocks[y / self.block * across + x / self.block];
            for (axis, value) in [(0, *u), (2, flow.v[[y, x]])] {
                let sum = match self.weight {
                    MomentumWeight::Speed => f64::from(value.abs()),
                    MomentumWeight::Count => f64::from(u8::from(value != 0.0)),
                };
                block[axis + usize::from(value < 0.0)] += sum;
            }
        }
        if n == 0 {
            return Err(Error::TooFewPixels {
                what: "flow",
                needed: 1,
                found: 0,
            });
        }
        blocks.retain(|block| block.iter().any(|sum| *sum > 0.0));
        let part = |sums: &[f64; 4], axis: usize| sums[axis] / (sums[axis] + sums[axis + 1]);
        let add = |mut total: [f64; 4], block: &[f64; 4]| {
            for (total, value) in total.iter_mut().zip(block) {
                *total += value;
            }
            total
        };
        let whole = blocks.iter().fold([0.0; 4], add);
        let mut state = self.seed;
        let mut draws = [Vec::new(), Vec::new()];
        if !blocks.is_empty() {
            for _ in 0..self.n_resamples {
                let mut total = [0.0; 4];
                for _ in 0..blocks.len() {
                    let at = (split_mix(&mut state) % blocks.len() as u64) as usize;
                    total = add(total, &blocks[at]);
                }
                draws[0].push(part(&total, 0));
                draws[1].push(part(&total, 2));
            }
        }
        let fraction = |axis: usize, draws: &mut Vec<f64>| {
            let positive = part(&whole, axis);
            Fraction {
                positive,
                negative: 1.0 - positive,
                interval: (percentile(draws, 0.025), percentile(draws, 0.975)),
            }
        };
        let [x, y] = &mut draws;
        Ok(Balance {
            x: fraction(0, x),
            y: fraction(2, y),
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values that are exact")]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_interval_holds_the_value() -> Result<()> {
        let u = Array2::from_shape_fn((64, 64), |(y, x)| {
            (0.2 * x as f32).sin() + 0.1 * (y as f32).cos()
        });
        let flow = FlowField::new(u.clone(), -u)?;
        let balance = MomentumBalance::new().block(8).balance(&flow, None)?;
        assert_eq!(balance.x.positive + balance.x.negative, 1.0);
        approx::assert_relative_eq!(balance.x.positive, balance.y.negative, max_relative = 1e-12);
        let (low, high) = balance.x.interval;
        assert!(low < balance.x.positive && balance.x.positive < high && high - low < 0.3);
        assert_eq!(
            balance,
            MomentumBalance::new().block(8).balance(&flow, None)?
        );
        let count = MomentumBalance::new()
            .block(8)
            .weight(MomentumWeight::Count)
            .balance(&flow, None)?;
        assert!((count.x.positive - balance.x.positive).abs() < 0.1);
        Ok(())
    }

    #[test]
    fn says_what_is_missing() -> Result<()> {
        let still = FlowField::zeros((8, 8));
        assert!(
            MomentumBalance::new()
                .balance(&still, None)?
                .x
                .positive
                .is_nan()
        );
        let none = Array2::from_elem((8, 8), false);
        assert!(MomentumBalance::new().balance(&still, Some(&none)).is_err());
        assert!(
            MomentumBalance::new()
                .block(0)
                .balance(&still, None)
                .is_err()
        );
        Ok(())
    }
}
