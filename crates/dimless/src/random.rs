//! Random streams: one for each purpose, keyed by where it is used.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for. Part of the key, so that no two uses share a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Folds = 1,
    Bootstrap = 2,
}

/// The ChaCha8 stream of one slot of a purpose; it does not depend on the order in which streams are made.
pub(crate) fn stream(seed: u64, purpose: Purpose, slot: u64) -> ChaCha8Rng {
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&slot.to_le_bytes());
    key[16..24].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(key)
}
