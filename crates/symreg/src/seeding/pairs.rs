//! The best pair of terms, over all pairs, from blocks of their Gram matrix.

#![expect(
    clippy::inline_always,
    reason = "the body of a tile is put into the function of each instruction set"
)]

use crate::kernel::dispatch::{Job, dispatch};
use crate::map_all::map_all;

/// Squared scalar product above which two atoms are one: the difference of such a pair fits noise by
/// cancellation, and rounding makes its score.
const COLLINEAR: f32 = 0.995;
/// Atoms of a tile.
const DOWN: usize = 4;
const ACROSS: usize = 2;
/// Atoms that share one pass over those before them: they stay in the first-level cache.
const BLOCK: usize = 32;
/// Rows added at a time.
pub(super) const LANES: usize = 8;

/// An atom with the partner among the atoms before it that explains most together with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    pub(super) atom: usize,
    pub(super) partner: usize,
    pub(super) r2: f32,
}

/// For each atom but the first, its best partner among those before it.
///
/// `atoms` are unit vectors of `rows` values (a multiple of eight), one after the other, `scores` their products $r_i$ with the
/// unit target. Together two explain
/// $(r_i^2 + r_j^2 - 2 r_i r_j G_{ij})/(1 - G_{ij}^2)$ of its variance, with $G_{ij}$ their own
/// product. O(atoms² × rows / 2) products, in tiles that stay in registers; never more than a tile of
/// the matrix is held. In single precision: the score of a pair is good to some 1e-4.
pub(super) fn best_partners(atoms: &[f32], rows: usize, scores: &[f32]) -> Vec<Pair> {
    debug_assert_eq!(atoms.len(), rows * scores.len());
    debug_assert_eq!(rows % LANES, 0);
    let blocks: Vec<usize> = (0..scores.len()).step_by(BLOCK).collect();
    map_all(
        &blocks,
        || (),
        |(), &start| {
            dispatch(Block {
                atoms,
                rows,
                scores,
                start,
            })
        },
    )
    .concat()
}

struct Block<'a> {
    atoms: &'a [f32],
    rows: usize,
    scores: &'a [f32],
    start: usize,
}

impl Job for Block<'_> {
    type Output = Vec<Pair>;

    #[inline(always)]
    fn run(self) -> Vec<Pair> {
        let Self {
            atoms,
            rows,
            scores,
            start,
        } = self;
        let end = (start + BLOCK).min(scores.len());
        let atom = |i: usize| &atoms[i * rows..(i + 1) * rows];
        let mut best = [(f32::NEG_INFINITY, 0_usize); BLOCK];
        for j in (0..end).step_by(ACROSS) {
            let across = [atom(j), atom((j + 1).min(scores.len() - 1))];
            for first in (start..end).step_by(DOWN) {
                if first + DOWN <= j {
                    continue;
                }
                // The last group repeats its last atom in the places that are left.
                let place = |i: usize| atom((first + i).min(end - 1));
                let products = tile([place(0), place(1), place(2), place(3)], across);
                // Loops: a closure would be a call, compiled for no instruction set.
                let (mut known, mut own) = ([0.0; DOWN], [0.0; DOWN]);
                for i in 0..DOWN {
                    known[i] = best[(first - start + i).min(BLOCK - 1)].0;
                    own[i] = scores[(first + i).min(end - 1)];
                }
                for k in 0..ACROSS {
                    let other = scores[(j + k).min(scores.len() - 1)];
                    // Four at once without a branch: hardly ever is one better than what is known.
                    let mut better = false;
                    for i in 0..DOWN {
                        let g = products[i][k];
                        let above = own[i] * own[i] + other * other - 2.0 * own[i] * other * g;
                        better |= g * g <= COLLINEAR && above > known[i] * (1.0 - g * g);
                    }
                    if better {
                        let group = (first..(first + DOWN).min(end)).zip(&products);
                        for (atom, row) in group.filter(|(atom, _)| *atom > j + k) {
                            let (a, g) = (scores[atom], row[k]);
                            let below = 1.0 - g * g;
                            let r2 = (a * a + other * other - 2.0 * a * other * g) / below;
                            let place = &mut best[atom - start];
                            if g * g <= COLLINEAR && r2 > place.0 {
                                *place = (r2, j + k);
                            }
                        }
                    }
                }
            }
        }
        (start..end)
            .zip(best)
            .filter(|(_, (r2, _))| r2.is_finite())
            .map(|(atom, (r2, partner))| Pair { atom, partner, r2 })
            .collect()
    }
}

/// The products of four columns with two.
#[inline(always)]
fn tile(down: [&[f32]; DOWN], across: [&[f32]; ACROSS]) -> [[f32; ACROSS]; DOWN] {
    let mut sums = [[[0.0_f32; LANES]; ACROSS]; DOWN];
    let [d0, d1, d2, d3] = down.map(|d| d.chunks_exact(LANES));
    let [a0, a1] = across.map(|a| a.chunks_exact(LANES));
    for (((((d0, d1), d2), d3), a0), a1) in d0.zip(d1).zip(d2).zip(d3).zip(a0).zip(a1) {
        let (d, a) = (
            [lanes(d0), lanes(d1), lanes(d2), lanes(d3)],
            [lanes(a0), lanes(a1)],
        );
        for i in 0..DOWN {
            for j in 0..ACROSS {
                for lane in 0..LANES {
                    sums[i][j][lane] += d[i][lane] * a[j][lane];
                }
            }
        }
    }
    // The compiler would arrange the lanes for this last step, and shuffle them in the loop.
    let sums = std::hint::black_box(sums);
    sums.map(|row| row.map(|s| ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))))
}

/// A chunk of `LANES` values.
#[inline(always)]
fn lanes(chunk: &[f32]) -> [f32; LANES] {
    let mut out = [0.0; LANES];
    out.copy_from_slice(chunk);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::Basis;

    fn unit(mut v: Vec<f64>) -> Vec<f64> {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        for x in &mut v {
            *x -= mean;
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.into_iter().map(|x| x / norm).collect()
    }

    /// The closed form against least squares, for every pair.
    #[test]
    fn agrees_with_direct_least_squares() {
        let rows = 24_i32;
        let atoms: Vec<Vec<f64>> = (0..11)
            .map(|k| {
                let column = (0..rows)
                    .map(|i| libm::sin((0.3 + 0.17 * f64::from(k)) * f64::from(i) + f64::from(k)));
                unit(column.collect())
            })
            .collect();
        let y = unit((0..rows).map(|i| f64::from((i * 5) % 13)).collect());
        let dots = |a: &[f64]| a.iter().zip(&y).map(|(p, q)| p * q).sum::<f64>();
        let scores: Vec<f32> = atoms.iter().map(|a| dots(a) as f32).collect();
        let single: Vec<f32> = atoms.concat().into_iter().map(|v| v as f32).collect();
        let pairs = best_partners(&single, rows as usize, &scores);
        assert_eq!(pairs.len(), 10);
        for pair in pairs {
            let r2 = |j: usize| {
                let mut basis = Basis::with_constant(rows as usize);
                assert!(basis.push(&atoms[pair.atom]) && basis.push(&atoms[j]));
                let mut rest = y.clone();
                basis.project_out(&mut rest);
                1.0 - rest.iter().map(|r| r * r).sum::<f64>()
            };
            assert!((r2(pair.partner) - f64::from(pair.r2)).abs() < 1e-5);
            for j in 0..pair.atom {
                assert!(r2(j) <= f64::from(pair.r2) + 1e-5);
            }
        }
    }
}
