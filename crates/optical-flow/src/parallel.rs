//! Bands of rows on one or several threads, with the same bits.

/// Rows of a band. Fixed, so that sums over bands do not depend on the number of threads.
pub(crate) const BAND: usize = 32;

/// Images below this number of pixels stay on one thread.
const LEAST: usize = 128 * 128;

/// Whether work on so many pixels goes to several threads.
pub(crate) fn is_parallel(n_pixels: usize) -> bool {
    #[cfg(feature = "rayon")]
    return n_pixels >= LEAST && rayon::current_num_threads() > 1;
    #[cfg(not(feature = "rayon"))]
    {
        let _ = n_pixels >= LEAST;
        false
    }
}

/// Calls `work` for each item, on several threads if that is allowed. The order of the results is that of the items.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    n_pixels: usize,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    #[cfg(feature = "rayon")]
    if is_parallel(n_pixels) {
        use rayon::prelude::*;
        return items.into_par_iter().map(work).collect();
    }
    let _ = n_pixels;
    items.into_iter().map(work).collect()
}

/// Calls `work` with the first row and the rows of each band of `N` planes of `stride` values a row.
pub(crate) fn bands<const N: usize, R: Send>(
    planes: [&mut [f32]; N],
    stride: usize,
    work: impl Fn(usize, [&mut [f32]; N]) -> R + Sync + Send,
) -> Vec<R> {
    let n_pixels = planes.first().map_or(0, |plane| plane.len());
    let planes = planes.map(|plane| (plane, BAND * stride));
    chunks(planes, n_pixels, |band, parts| work(band * BAND, parts))
}

/// Calls `work` with the number of each chunk and the chunks of `N` planes, each with its own length of a chunk.
pub(crate) fn chunks<const N: usize, R: Send>(
    planes: [(&mut [f32], usize); N],
    n_pixels: usize,
    work: impl Fn(usize, [&mut [f32]; N]) -> R + Sync + Send,
) -> Vec<R> {
    chunks_with(planes, n_pixels, || (), |(), band, parts| work(band, parts))
}

/// [`chunks`] with memory that is kept from chunk to chunk; what is in it must not change what `work` gives.
pub(crate) fn chunks_with<const N: usize, S: Send, R: Send>(
    planes: [(&mut [f32], usize); N],
    n_pixels: usize,
    memory: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, usize, [&mut [f32]; N]) -> R + Sync + Send,
) -> Vec<R> {
    let mut chunks = planes.map(|(plane, length)| plane.chunks_mut(length.max(1)));
    let mut items = Vec::new();
    loop {
        let parts: Vec<&mut [f32]> = chunks.iter_mut().filter_map(Iterator::next).collect();
        let Ok(parts) = <[&mut [f32]; N]>::try_from(parts) else {
            break;
        };
        items.push((items.len(), parts));
    }
    #[cfg(feature = "rayon")]
    if is_parallel(n_pixels) {
        use rayon::prelude::*;
        return items
            .into_par_iter()
            .map_init(memory, |memory, (band, parts)| work(memory, band, parts))
            .collect();
    }
    let _ = n_pixels;
    let mut memory = memory();
    items
        .into_iter()
        .map(|(band, parts)| work(&mut memory, band, parts))
        .collect()
}

/// Runs both, at the same time if that is allowed.
pub(crate) fn both<A: Send, B: Send>(
    n_pixels: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    #[cfg(feature = "rayon")]
    if is_parallel(n_pixels) {
        return rayon::join(one, other);
    }
    let _ = n_pixels;
    (one(), other())
}
