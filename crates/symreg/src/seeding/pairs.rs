//! The best pair of terms, over all pairs, from blocks of their Gram matrix.

#![expect(
    clippy::inline_always,
    reason = "the body of a tile is put into the function of each instruction set"
)]

use crate::kernel::dispatch::{Job, dispatch};
use crate::linear::dot_within;
use crate::map_all::map_all;

/// Squared scalar product above which two atoms are one: the difference of such a pair fits noise by
/// cancellation, and rounding makes its score.
const COLLINEAR: f64 = 0.995;
/// Atoms of a tile.
const DOWN: usize = 4;
const ACROSS: usize = 2;
const TILE: usize = DOWN * ACROSS;
/// Below every share.
const LEAST: f32 = -1e30;
/// Atoms that share one pass over those before them: they stay in the first-level cache.
const BLOCK: usize = 32;
/// Rows of a column of whole numbers; shorter ones are filled with zeros. A length that the compiler knows is what makes
/// their products quick.
/// Counted in vectors of [`LANES`].
const FEW: usize = 4;
const ALL: usize = 8;
const LANES: usize = 16;
/// One in the whole numbers that atoms are screened in. A sum of products of two unit vectors stays below $2^{30}$.
const ONE: f32 = 32_767.0;
/// What the rounding to such numbers may hide of the share that a pair explains. It moves a product of two atoms by 1.25e-5
/// (standard deviation), and the condition that is screened by at most four times that; this is five such deviations.
const SLACK: f32 = 2.5e-4;

/// An atom with the partner among the atoms before it that explains most together with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    pub(super) atom: usize,
    pub(super) partner: usize,
    pub(super) r2: f64,
}

/// For each atom but the first, its best partner among those before it.
///
/// `atoms` are unit vectors of `rows` values (a multiple of eight), one after the other, `scores` their products $r_i$ with the
/// unit target. Together two explain
/// $(r_i^2 + r_j^2 - 2 r_i r_j G_{ij})/(1 - G_{ij}^2)$ of its variance, with $G_{ij}$ their own
/// product. O(atoms² × rows / 2) products, in tiles that stay in registers; never more than a tile of
/// the matrix is held. Products are screened in whole numbers of 16 bits, whose sums have no rounding and no order,
/// so that they are the same on every machine, and a register holds twice as many values as in single precision; a pair
/// that may be better than the best so far is computed again in double precision.
pub(super) fn best_partners(atoms: &[f64], rows: usize, scores: &[f64]) -> Vec<Pair> {
    debug_assert_eq!(atoms.len(), rows * scores.len());
    debug_assert!(rows <= ALL * LANES);
    if rows <= FEW * LANES {
        of_length::<FEW>(atoms, rows, scores)
    } else {
        of_length::<ALL>(atoms, rows, scores)
    }
}

fn of_length<const N: usize>(atoms: &[f64], rows: usize, scores: &[f64]) -> Vec<Pair> {
    let mut whole = vec![[[0; LANES]; N]; scores.len()];
    dispatch(Rounding {
        atoms,
        rows,
        whole: &mut whole,
    });
    let single: Vec<f32> = scores.iter().map(|v| *v as f32).collect();
    let blocks: Vec<usize> = (0..scores.len()).step_by(BLOCK).collect();
    map_all(
        &blocks,
        || (),
        |(), &start| {
            dispatch(Block {
                atoms,
                rows,
                scores,
                whole: &whole,
                single: &single,
                start,
            })
        },
    )
    .concat()
}

/// An atom in whole numbers.
type Whole<const N: usize> = [[i16; LANES]; N];

/// Atoms turned into whole numbers.
struct Rounding<'a, const N: usize> {
    atoms: &'a [f64],
    rows: usize,
    whole: &'a mut [Whole<N>],
}

impl<const N: usize> Job for Rounding<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (to, from) in self
            .whole
            .iter_mut()
            .zip(self.atoms.chunks_exact(self.rows))
        {
            for (to, from) in to.as_flattened_mut().iter_mut().zip(from) {
                *to = (*from as f32 * ONE).round_ties_even() as i16;
            }
        }
    }
}

struct Block<'a, const N: usize> {
    atoms: &'a [f64],
    rows: usize,
    scores: &'a [f64],
    whole: &'a [Whole<N>],
    single: &'a [f32],
    start: usize,
}

impl<const N: usize> Job for Block<'_, N> {
    type Output = Vec<Pair>;

    #[inline(always)]
    fn run(self) -> Vec<Pair> {
        let Self {
            atoms,
            rows,
            scores,
            whole,
            single,
            start,
        } = self;
        let n = scores.len();
        let end = (start + BLOCK).min(n);
        let atom = |i: usize| &atoms[i * rows..(i + 1) * rows];
        let mut best = [(f64::NEG_INFINITY, 0_usize); BLOCK];
        // What a pair must come up to, for the screening.
        let mut known = [LEAST; BLOCK];
        let mut own = [0.0_f32; BLOCK];
        for i in 0..BLOCK {
            own[i] = single[(start + i).min(end - 1)];
        }
        let unit = 1.0 / (ONE * ONE);
        for j in (0..end).step_by(ACROSS) {
            let across = [&whole[j], &whole[(j + 1).min(n - 1)]];
            let other = [single[j], single[(j + 1).min(n - 1)]];
            for first in (start..end).step_by(DOWN) {
                if first + DOWN <= j {
                    continue;
                }
                // The last group repeats its last atom in the places that are left.
                let place = |i: usize| &whole[(first + i).min(end - 1)];
                let products = tile([place(0), place(1), place(2), place(3)], across);
                // All at once without a branch: hardly ever is one better than what is known.
                let (mut r, mut bar) = ([0.0_f32; TILE], [0.0_f32; TILE]);
                for k in 0..ACROSS {
                    let from = first - start;
                    r[k * DOWN..][..DOWN].copy_from_slice(&own[from..from + DOWN]);
                    bar[k * DOWN..][..DOWN].copy_from_slice(&known[from..from + DOWN]);
                }
                let mut above = [0.0_f32; TILE];
                for l in 0..TILE {
                    let (g, s) = (products[l] as f32 * unit, other[l / DOWN]);
                    above[l] =
                        r[l] * r[l] + s * s - 2.0 * r[l] * s * g + SLACK - bar[l] * (1.0 - g * g);
                }
                let best_margin = above
                    .iter()
                    .fold(0.0, |most, v| if *v > most { *v } else { most });
                let better = best_margin > 0.0;
                if better {
                    for (l, margin) in above.iter().enumerate() {
                        let (i, j) = (first + l % DOWN, j + l / DOWN);
                        if *margin <= 0.0 || j >= i || i >= end {
                            continue;
                        }
                        let g = dot_within(atom(i), atom(j));
                        let (a, b) = (scores[i], scores[j]);
                        let r2 = (a * a + b * b - 2.0 * a * b * g) / (1.0 - g * g);
                        if g * g <= COLLINEAR && r2 > best[i - start].0 {
                            best[i - start] = (r2, j);
                            known[i - start] = r2 as f32;
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

/// The products of four columns with one, then with the other. In this form they become the machine's
/// multiply-and-add of 16-bit numbers.
#[inline(always)]
fn tile<const N: usize>(down: [&Whole<N>; DOWN], across: [&Whole<N>; ACROSS]) -> [i32; TILE] {
    let mut products = [0; TILE];
    for (l, product) in products.iter_mut().enumerate() {
        let (a, b) = (down[l % DOWN], across[l / DOWN]);
        let mut lanes = [0; LANES];
        for part in 0..N {
            for lane in 0..LANES {
                lanes[lane] += i32::from(a[part][lane]) * i32::from(b[part][lane]);
            }
        }
        *product = lanes.iter().sum();
    }
    products
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
        let scores: Vec<f64> = atoms.iter().map(|a| dots(a)).collect();
        let pairs = best_partners(&atoms.concat(), rows as usize, &scores);
        assert_eq!(pairs.len(), 10);
        for pair in pairs {
            let r2 = |j: usize| {
                let mut basis = Basis::with_constant(rows as usize);
                assert!(basis.push(&atoms[pair.atom]) && basis.push(&atoms[j]));
                let mut rest = y.clone();
                basis.project_out(&mut rest);
                1.0 - rest.iter().map(|r| r * r).sum::<f64>()
            };
            assert!((r2(pair.partner) - pair.r2).abs() < 1e-12);
            for j in 0..pair.atom {
                assert!(r2(j) <= pair.r2 + 1e-12);
            }
        }
    }
}
