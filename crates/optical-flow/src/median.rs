//! Medians over small squares by sorting networks, many pixels side by side.
//!
//! The columns of a square are sorted first, once for all squares that share them. Of a square of 5 x 5 px with sorted columns, 56 more exchanges bring
//! the median to its place: rows are sorted, which leaves 13 values that can be it, then those; exchanges without effect on any of the
//! $6^5$ patterns of zeros and ones in sorted columns were taken out (the zero-one principle: D. E. Knuth, The Art of Computer Programming 3, 5.3.4).

use crate::kernel::dispatch::{Kernel, dispatch};
use crate::parallel::bands;
use crate::plane::Plane;
use crate::smooth::pad_row;

/// Exchanges pairs of values so that the first is not larger than the second.
macro_rules! exchange {
    ($w:ident: $($low:literal $high:literal),* $(,)?) => {$(
        let (a, b) = ($w[$low], $w[$high]);
        $w[$low] = if b < a { b } else { a };
        $w[$high] = if b < a { a } else { b };
    )*};
}

/// Sorts each column of `N` rows.
#[derive(Debug, Clone, Copy)]
struct SortColumns;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 5], [&[f32]; 5])> for SortColumns {
    #[inline(always)]
    fn run(([o0, o1, o2, o3, o4], rows): ([&mut [f32]; 5], [&[f32]; 5])) {
        let n = o0.len();
        let (o1, o2, o3, o4) = (&mut o1[..n], &mut o2[..n], &mut o3[..n], &mut o4[..n]);
        let [a, b, c, d, e] = rows.map(|row| &row[..n]);
        for x in 0..n {
            let mut w = [a[x], b[x], c[x], d[x], e[x]];
            exchange!(w: 0 1, 3 4, 2 4, 2 3, 1 4, 0 3, 0 2, 1 3, 1 2);
            [o0[x], o1[x], o2[x], o3[x], o4[x]] = w;
        }
    }
}

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<([&mut [f32]; 3], [&[f32]; 3])> for SortColumns {
    #[inline(always)]
    fn run(([o0, o1, o2], rows): ([&mut [f32]; 3], [&[f32]; 3])) {
        let n = o0.len();
        let (o1, o2) = (&mut o1[..n], &mut o2[..n]);
        let [a, b, c] = rows.map(|row| &row[..n]);
        for x in 0..n {
            let mut w = [a[x], b[x], c[x]];
            exchange!(w: 0 1, 1 2, 0 1);
            [o0[x], o1[x], o2[x]] = w;
        }
    }
}

/// Medians of a row from sorted columns, which are longer than it by twice the radius.
#[derive(Debug, Clone, Copy)]
struct MedianRow;

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&mut [f32], [&[f32]; 5])> for MedianRow {
    #[rustfmt::skip]
    #[inline(always)]
    fn run((out, sorted): (&mut [f32], [&[f32]; 5])) {
        let n = out.len();
        let [a, b, c, d, e] = sorted.map(|row| [0, 1, 2, 3, 4].map(|k: usize| &row[k..][..n]));
        for x in 0..n {
            let mut w = [
                a[0][x], a[1][x], a[2][x], a[3][x], a[4][x], b[0][x], b[1][x], b[2][x], b[3][x], b[4][x],
                c[0][x], c[1][x], c[2][x], c[3][x], c[4][x], d[0][x], d[1][x], d[2][x], d[3][x], d[4][x],
                e[0][x], e[1][x], e[2][x], e[3][x], e[4][x],
            ];
            exchange!(w:
            0 1, 3 4, 2 4, 2 3, 1 4, 0 3, 1 3, 5 6, 8 9, 7 9, 7 8, 6 9, 5 8, 6 8, 6 7, 10 11,
            13 14, 12 14, 12 13, 11 14, 10 13, 10 12, 11 13, 11 12, 15 16, 17 19, 17 18, 16 19,
            15 18, 15 17, 16 18, 20 21, 22 24, 21 24, 20 23, 20 22, 21 23, 21 22, 15 11, 7 3,
            12 20, 4 8, 17 9, 11 3, 12 4, 20 8, 16 17, 20 4, 21 17, 16 13, 3 20, 20 4, 20 21,
            3 20, 4 16, 20 4,
            );
            out[x] = w[4];
        }
    }
}

#[expect(
    clippy::inline_always,
    reason = "a body takes the instruction set of its caller only if it is inlined"
)]
impl Kernel<(&mut [f32], [&[f32]; 3])> for MedianRow {
    #[inline(always)]
    fn run((out, sorted): (&mut [f32], [&[f32]; 3])) {
        let n = out.len();
        let [low, middle, high] = sorted.map(|row| [0, 1, 2].map(|k: usize| &row[k..][..n]));
        for x in 0..n {
            // the largest of the least, the median of the medians, the least of the largest
            let mut w = [
                low[0][x],
                low[1][x],
                low[2][x],
                middle[0][x],
                middle[1][x],
                middle[2][x],
                high[0][x],
                high[1][x],
                high[2][x],
            ];
            exchange!(w: 0 1, 1 2, 3 4, 4 5, 3 4, 6 7, 6 8, 2 4, 4 6, 2 4);
            out[x] = w[4];
        }
    }
}

fn of_side<const SIDE: usize>(plane: &Plane, out: &mut Plane)
where
    SortColumns: for<'a> Kernel<([&'a mut [f32]; SIDE], [&'a [f32]; SIDE])>,
    MedianRow: for<'a> Kernel<(&'a mut [f32], [&'a [f32]; SIDE])>,
{
    let (rows, columns) = plane.dim();
    let radius = SIDE / 2;
    bands([out.data_mut()], columns, |first, [band]| {
        let mut middle: [Vec<f32>; SIDE] = std::array::from_fn(|_| vec![0.0; columns]);
        let mut sorted: [Vec<f32>; SIDE] = std::array::from_fn(|_| vec![0.0; columns + 2 * radius]);
        for (k, out) in band.chunks_exact_mut(columns).enumerate() {
            let row = |j: usize| plane.row((first + k + j).saturating_sub(radius).min(rows - 1));
            dispatch(
                SortColumns,
                (
                    middle.each_mut().map(Vec::as_mut_slice),
                    std::array::from_fn(row),
                ),
            );
            for (padded, row) in sorted.iter_mut().zip(&middle) {
                pad_row(padded, row, radius);
            }
            dispatch(MedianRow, (out, sorted.each_ref().map(Vec::as_slice)));
        }
    });
}

/// The median over a square of side `2 radius + 1` around each pixel, the border repeated; radius 1 or 2.
pub(crate) fn median_into(plane: &Plane, radius: usize, out: &mut Plane) {
    if radius == 1 {
        of_side::<3>(plane, out);
    } else {
        of_side::<5>(plane, out);
    }
}

/// [`median_into`] in place.
pub(crate) fn median(plane: &mut Plane, radius: usize) {
    let (rows, columns) = plane.dim();
    let mut out = Plane::new(rows, columns);
    median_into(plane, radius, &mut out);
    *plane = out;
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values that are exact")]
mod tests {
    use super::*;

    #[test]
    fn is_the_middle_of_the_sorted_values() {
        for (rows, columns, radius) in [(8, 8, 1), (11, 40, 2), (33, 70, 2), (9, 33, 1)] {
            let plane = Plane::from_fn(rows, columns, |(y, x)| {
                ((y * 7919 + x * 104_729 + y * x * 31) % 997) as f32
            });
            let mut found = plane.clone();
            median(&mut found, radius);
            let r = radius as isize;
            for y in 0..rows {
                for x in 0..columns {
                    let mut values = Vec::new();
                    for dy in -r..=r {
                        for dx in -r..=r {
                            values.push(plane.clamped(y as isize + dy, x as isize + dx));
                        }
                    }
                    values.sort_by(f32::total_cmp);
                    assert_eq!(found.at(y, x), values[values.len() / 2], "{y} {x}");
                }
            }
        }
    }
}
