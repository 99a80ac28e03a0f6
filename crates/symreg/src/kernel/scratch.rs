//! Columns for intermediate results.

use super::real::Real;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Columns of one length in one piece of memory. Each begins with a cache line, so that no vector lies across two of them, and
/// neighbors are an odd number of lines apart, so that columns do not crowd into the same sets of a cache.
#[derive(Debug, Default)]
pub(crate) struct Scratch<T> {
    memory: Vec<T>,
    /// Where the first column begins.
    first: usize,
    /// From the beginning of a column to that of the next.
    stride: usize,
    length: usize,
}

impl<T: Real> Scratch<T> {
    /// Makes room for `count` columns of `length` values; what they held is lost.
    pub(crate) fn shape(&mut self, count: usize, length: usize) {
        let line = LINE / size_of::<T>();
        self.stride = (length.div_ceil(line) | 1) * line;
        self.length = length;
        let most = count * self.stride + line;
        if self.memory.len() < most {
            self.memory.resize(most, T::default());
        }
        // An address that can't be aligned costs time, not truth.
        self.first = self.memory.as_ptr().align_offset(LINE).min(line);
    }

    /// The first values of a column.
    #[inline]
    pub(crate) fn column(&self, index: usize, length: usize) -> &[T] {
        let start = self.first + index * self.stride;
        &self.memory[start..start + length]
    }

    #[inline]
    pub(crate) fn column_mut(&mut self, index: usize, length: usize) -> &mut [T] {
        let start = self.first + index * self.stride;
        &mut self.memory[start..start + length]
    }

    /// One column to write to, and all others to read.
    #[inline]
    pub(crate) fn apart(&mut self, index: usize) -> (&mut [T], Others<'_, T>) {
        let start = self.first + index * self.stride;
        let (before, rest) = self.memory.split_at_mut(start);
        let (own, after) = rest.split_at_mut(self.stride);
        let others = Others {
            before: &before[self.first..],
            after,
            index,
            stride: self.stride,
        };
        (&mut own[..self.length], others)
    }

    /// Three columns to write to, in the order of their places, `a < b < c`.
    pub(crate) fn three(&mut self, a: usize, b: usize, c: usize) -> [&mut [T]; 3] {
        let stride = self.stride;
        let (below_b, rest) = self.memory[self.first..].split_at_mut(b * stride);
        let (b_on, c_on) = rest.split_at_mut((c - b) * stride);
        [
            &mut below_b[a * stride..][..stride],
            &mut b_on[..stride],
            &mut c_on[..stride],
        ]
    }
}

/// All columns but one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others<'a, T> {
    before: &'a [T],
    after: &'a [T],
    /// The column that is left out.
    index: usize,
    stride: usize,
}

impl<'a, T> Others<'a, T> {
    /// The first values of a column.
    #[inline]
    pub(crate) fn column(&self, index: usize, length: usize) -> &'a [T] {
        let (part, place) = if index < self.index {
            (self.before, index)
        } else {
            (self.after, index - self.index - 1)
        };
        &part[place * self.stride..][..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_apart_aligned_and_do_not_crowd() {
        for length in [1, 7, 64, 90, 512, 1024] {
            let mut scratch = Scratch::<f32>::default();
            scratch.shape(5, length);
            for k in 0..5 {
                scratch.column_mut(k, length).fill(k as f32);
                assert_eq!(scratch.column(k, 1).as_ptr() as usize % LINE, 0);
            }
            assert_eq!(scratch.stride * 4 / LINE % 2, 1);
            for k in 0..5 {
                let (own, others) = scratch.apart(k);
                assert_eq!(own, vec![k as f32; length]);
                for other in (0..5).filter(|&o| o != k) {
                    assert_eq!(others.column(other, length), vec![other as f32; length]);
                }
            }
            let [a, b, c] = scratch.three(0, 3, 4);
            assert_eq!((a[0], b[0], c[length - 1]), (0.0, 3.0, 4.0));
        }
    }
}
