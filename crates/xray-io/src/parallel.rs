//! Work on equal parts of a buffer, on several threads where the feature `rayon` is on.

use crate::error::Result;

/// Parts smaller than this are given to a thread together.
#[cfg(feature = "rayon")]
const JOB_BYTES: usize = 1 << 18;

/// Calls `work` with the number and the buffer of each part of `length` elements; the error of the first part that
/// fails, whatever the number of threads.
pub(crate) fn for_each_part<T: Send>(
    buffer: &mut [T],
    length: usize,
    work: impl Fn(usize, &mut [T]) -> Result<()> + Send + Sync,
) -> Result<()> {
    if length == 0 {
        return Ok(());
    }
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let parts = buffer.len() / length;
        let bytes = length.saturating_mul(size_of::<T>());
        if parts > 1 && rayon::current_num_threads() > 1 && parts.saturating_mul(bytes) > JOB_BYTES
        {
            let first = buffer
                .par_chunks_exact_mut(length)
                .with_min_len((JOB_BYTES / bytes.max(1)).max(1))
                .enumerate()
                .filter_map(|(i, part)| work(i, part).err().map(|error| (i, error)))
                .min_by_key(|(i, _)| *i);
            return first.map_or(Ok(()), |(_, error)| Err(error));
        }
    }
    buffer
        .chunks_exact_mut(length)
        .enumerate()
        .try_for_each(|(i, part)| work(i, part))
}
