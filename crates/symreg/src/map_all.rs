//! The one place where work is spread over threads.

/// Applies `f` to every item, with scratch space made by `init`; on several threads with feature
/// `rayon`, in order either way.
pub(crate) fn map_all<T: Sync, S, R: Send>(
    items: &[T],
    init: impl Fn() -> S + Sync + Send,
    f: impl Fn(&mut S, &T) -> R + Sync + Send,
) -> Vec<R> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        items.par_iter().map_init(init, f).collect()
    }
    #[cfg(not(feature = "rayon"))]
    {
        let mut scratch = init();
        items.iter().map(|item| f(&mut scratch, item)).collect()
    }
}
