//! Random streams: one for each purpose, keyed by where it is used.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for. Part of the key, so that no two uses share a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Initial = 1,
    Offspring = 2,
    TestPoints = 3,
    Descent = 4,
    Sample = 5,
    Bootstrap = 64,
    Permutation = 65,
}

/// Where in a search something is random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) run: u32,
    pub(crate) island: u32,
    pub(crate) generation: u32,
    pub(crate) slot: u64,
}

impl Place {
    /// The stream of this place, as [`stream`] gives it for island 0.
    pub(crate) fn stream(self, seed: u64, purpose: Purpose) -> ChaCha8Rng {
        let mut key = key(seed, self.run, self.generation, self.slot, purpose);
        // Purposes are small: the upper half of their eight bytes is free.
        key[28..].copy_from_slice(&self.island.to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }
}

/// The ChaCha8 stream of one slot of one generation of one run.
///
/// The whole key is the 256-bit seed, so streams do not depend on the order in which they are
/// made, nor on the number of threads.
pub(crate) fn stream(
    seed: u64,
    run: u32,
    generation: u32,
    slot: u64,
    purpose: Purpose,
) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(key(seed, run, generation, slot, purpose))
}

fn key(seed: u64, run: u32, generation: u32, slot: u64, purpose: Purpose) -> [u8; 32] {
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&run.to_le_bytes());
    key[12..16].copy_from_slice(&generation.to_le_bytes());
    key[16..24].copy_from_slice(&slot.to_le_bytes());
    key[24..].copy_from_slice(&(purpose as u64).to_le_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_in_every_part_of_the_key_and_repeat() {
        let first = |s, r, g, k, p| stream(s, r, g, k, p).next_u64();
        let base = first(1, 2, 3, 4, Purpose::Initial);
        assert_eq!(base, first(1, 2, 3, 4, Purpose::Initial));
        for other in [
            first(0, 2, 3, 4, Purpose::Initial),
            first(1, 0, 3, 4, Purpose::Initial),
            first(1, 2, 0, 4, Purpose::Initial),
            first(1, 2, 3, 0, Purpose::Initial),
            first(1, 2, 3, 4, Purpose::Offspring),
        ] {
            assert_ne!(base, other);
        }
        let place = |island| Place {
            run: 2,
            island,
            generation: 3,
            slot: 4,
        };
        let on = |island| place(island).stream(1, Purpose::Initial).next_u64();
        assert_eq!(base, on(0));
        assert_ne!(base, on(1));
        assert_ne!(on(1), on(2));
    }
}
