//! The same results in the same order, on one thread or several.

/// The results of `work` for the numbers below `n`.
#[cfg(feature = "rayon")]
pub(crate) fn map<R: Send>(n: usize, work: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
    use rayon::prelude::*;
    if n == 1 {
        return vec![work(0)];
    }
    (0..n).into_par_iter().map(work).collect()
}

/// The results of `work` for the numbers below `n`.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map<R: Send>(n: usize, work: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
    (0..n).map(work).collect()
}
