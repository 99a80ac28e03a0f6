//! Screening: which terms, alone and together, explain a target, in closed form.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::pairs::{self, Pair};
use super::pieces::{Signatures, signature};
use crate::kernel::dispatch::{Job, dispatch};
use crate::linear::{dot, dot_within};
use crate::map_all::map_all;

/// Part of a term's norm that must be left after projection for the term to count.
const DEPENDENT: f64 = 1e-7;

/// A target and terms as unit vectors: rows weighted, the constant (and whatever else is always fitted)
/// projected out.
#[derive(Debug)]
pub(super) struct Space {
    rows: usize,
    weights: Vec<f64>,
    /// Orthonormal directions that every model holds.
    always: Vec<Vec<f64>>,
    target: Vec<f64>,
    /// Unit vectors, one after the other.
    atoms: Vec<f64>,
    /// What each atom was made from, as the caller counts.
    sources: Vec<usize>,
    seen: Signatures,
    /// Scalar product of each atom with the target.
    scores: Vec<f64>,
    /// Scalar products of one atom with the first atoms, as far as they were asked for.
    products: Mutex<HashMap<usize, Arc<[f64]>>>,
}

/// Some atoms and the share of the target's variance that they explain together.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) r2: f64,
    /// Indices of atoms, ascending.
    pub(super) atoms: Vec<usize>,
}

impl Space {
    /// `None` if nothing of the target is left beside `always`.
    pub(super) fn new(target: &[f64], weights: &[f64], always: &[Vec<f64>]) -> Option<Self> {
        // Eight lanes without a remainder.
        let rows = target.len().next_multiple_of(8);
        let mut space = Self {
            rows,
            weights: weights.to_vec(),
            always: Vec::new(),
            target: Vec::new(),
            atoms: Vec::new(),
            sources: Vec::new(),
            seen: Signatures::default(),
            scores: Vec::new(),
            products: Mutex::default(),
        };
        for column in always {
            if let Some(direction) = space.direction(column) {
                space.always.push(direction);
            }
        }
        space.target = space.direction(target)?;
        Some(space)
    }

    /// The weighted column without its part along `always`, of norm 1.
    fn direction(&self, column: &[f64]) -> Option<Vec<f64>> {
        let mut v = vec![0.0; self.rows];
        self.write_direction(column, &mut v).then_some(v)
    }

    /// As [`direction`](Self::direction), into a column of zeros; `false` if nothing is left of it.
    fn write_direction(&self, column: &[f64], to: &mut [f64]) -> bool {
        dispatch(Direction {
            column,
            weights: &self.weights,
            always: &self.always,
            to,
        })
    }

    /// Adds an atom, unless it equals one that is there up to a factor and what is always fitted.
    pub(super) fn push(&mut self, column: &[f64], source: usize) {
        let start = self.atoms.len();
        let mut atoms = std::mem::take(&mut self.atoms);
        atoms.resize(start + self.rows, 0.0);
        let atom = &mut atoms[start..];
        let is_new = self.write_direction(column, atom)
            && signature(&atom[..column.len()]).is_some_and(|key| self.seen.insert(key));
        if is_new {
            self.scores.push(dot(atom, &self.target));
            self.sources.push(source);
        } else {
            atoms.truncate(start);
        }
        self.atoms = atoms;
    }

    /// Makes place for so many atoms more.
    pub(super) fn reserve(&mut self, atoms: usize) {
        self.atoms.reserve(atoms * self.rows);
        self.seen.reserve(atoms);
    }

    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    pub(super) fn source(&self, atom: usize) -> usize {
        self.sources[atom]
    }

    fn atom(&self, index: usize) -> &[f64] {
        &self.atoms[index * self.rows..(index + 1) * self.rows]
    }

    /// The best single atoms, best first.
    pub(super) fn singles(&self, count: usize) -> Vec<Selection> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        let key = |i: usize| self.scores[i] * self.scores[i];
        let better = |i: &usize, j: &usize| key(*j).total_cmp(&key(*i)).then(i.cmp(j));
        if count < order.len() {
            order.select_nth_unstable_by(count, better);
            order.truncate(count);
        }
        order.sort_unstable_by(better);
        order
            .into_iter()
            .map(|i| Selection {
                r2: key(i),
                atoms: vec![i],
            })
            .collect()
    }

    /// For each of the first `first` atoms the best partner among those before it, best pairs first.
    pub(super) fn pairs(&self, first: usize) -> Vec<Selection> {
        let n = first.min(self.len());
        let found: Vec<Pair> =
            pairs::best_partners(&self.atoms[..n * self.rows], self.rows, &self.scores[..n]);
        let mut out: Vec<Selection> = found
            .into_iter()
            .map(|p| Selection {
                r2: p.r2,
                atoms: vec![p.partner, p.atom],
            })
            .collect();
        out.sort_by(|a, b| b.r2.total_cmp(&a.r2).then(a.atoms.cmp(&b.atoms)));
        out
    }

    /// Each start extended atom by atom to at most `most`, each size exchanged until no single exchange helps.
    ///
    /// Only the first `first` atoms take part, and those of the starts.
    pub(super) fn extended(
        &self,
        starts: &[Selection],
        first: usize,
        most: usize,
    ) -> Vec<Selection> {
        map_all(
            starts,
            || (),
            |(), start| Extension::new(self, start, first).grow(most),
        )
        .concat()
    }

    /// The products of an atom with the first `first`. One atom is often chosen from several starts.
    fn products(&self, atom: usize, first: usize) -> Arc<[f64]> {
        let known = || self.products.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&atom).filter(|p| p.len() == first).cloned();
        found.unwrap_or_else(|| {
            let products: Arc<[f64]> = dispatch(Products {
                atoms: &self.atoms[..first * self.rows],
                own: self.atom(atom),
            })
            .into();
            known().insert(atom, Arc::clone(&products));
            products
        })
    }

    /// The weights of the rows.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }
}

/// A column as a unit vector, see [`Space::direction`].
struct Direction<'a> {
    column: &'a [f64],
    weights: &'a [f64],
    always: &'a [Vec<f64>],
    to: &'a mut [f64],
}

impl Job for Direction<'_> {
    type Output = bool;

    #[expect(
        clippy::inline_always,
        reason = "put into the function of each instruction set"
    )]
    #[inline(always)]
    fn run(self) -> bool {
        let v = self.to;
        for ((v, x), w) in v.iter_mut().zip(self.column).zip(self.weights) {
            *v = x * w;
        }
        let before = dot_within(v, v).sqrt();
        for _ in 0..2 {
            for q in self.always {
                let part = dot_within(q, v);
                for (v, d) in v.iter_mut().zip(q) {
                    *v -= part * d;
                }
            }
        }
        let after = dot_within(v, v).sqrt();
        // Written so that NaN is refused.
        if !(after > DEPENDENT * before && after.is_normal()) {
            return false;
        }
        for v in v.iter_mut() {
            *v /= after;
        }
        true
    }
}

/// The products of all atoms with one.
struct Products<'a> {
    atoms: &'a [f64],
    own: &'a [f64],
}

impl Job for Products<'_> {
    type Output = Vec<f64>;

    #[expect(
        clippy::inline_always,
        reason = "put into the function of each instruction set"
    )]
    #[inline(always)]
    fn run(self) -> Vec<f64> {
        let mut products = Vec::with_capacity(self.atoms.len() / self.own.len());
        for atom in self.atoms.chunks_exact(self.own.len()) {
            let mut lanes = [0.0; 8];
            for (a, b) in atom.chunks_exact(8).zip(self.own.chunks_exact(8)) {
                for lane in 0..8 {
                    lanes[lane] += a[lane] * b[lane];
                }
            }
            products.push(
                ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
                    + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7])),
            );
        }
        products
    }
}

/// Largest selection whose atoms are exchanged.
const EXCHANGED: usize = 5;

/// A selection that grows. Products of the chosen atoms with all others are kept, so that a step costs one
/// pass over the atoms however many are exchanged for trial.
struct Extension<'a> {
    space: &'a Space,
    /// Atoms that may be added.
    first: usize,
    atoms: Vec<usize>,
    r2: f64,
    /// Products of those atoms with one that is or was chosen.
    products: HashMap<usize, Arc<[f64]>>,
}

impl<'a> Extension<'a> {
    fn new(space: &'a Space, start: &Selection, first: usize) -> Self {
        let mut extension = Self {
            space,
            first: first.min(space.len()),
            atoms: start.atoms.clone(),
            r2: start.r2,
            products: HashMap::new(),
        };
        for &atom in &start.atoms {
            extension.remember(atom);
        }
        extension
    }

    fn remember(&mut self, atom: usize) {
        let (space, first) = (self.space, self.first);
        self.products
            .entry(atom)
            .or_insert_with(|| space.products(atom, first));
    }

    fn grow(mut self, most: usize) -> Vec<Selection> {
        let mut found = Vec::new();
        while self.atoms.len() < most && self.r2 < 1.0 - 1e-13 {
            let Some((atom, r2)) = self.best_addition(&self.atoms) else {
                break;
            };
            self.atoms.push(atom);
            self.r2 = r2;
            self.remember(atom);
            if self.atoms.len() <= EXCHANGED {
                self.exchange();
            }
            let mut atoms = self.atoms.clone();
            atoms.sort_unstable();
            found.push(Selection { r2: self.r2, atoms });
        }
        found
    }

    /// Replaces atoms one at a time while that helps.
    fn exchange(&mut self) {
        for _ in 0..3 {
            let mut improved = false;
            for k in 0..self.atoms.len() {
                let mut rest = self.atoms.clone();
                rest.remove(k);
                if let Some((atom, better)) = self.best_addition(&rest) {
                    if better > self.r2 + 1e-9 * (1.0 - self.r2) {
                        self.atoms[k] = atom;
                        self.r2 = better;
                        self.remember(atom);
                        improved = true;
                    }
                }
            }
            if !improved {
                break;
            }
        }
    }

    /// The atom that explains most together with `chosen`, and how much.
    fn best_addition(&self, chosen: &[usize]) -> Option<(usize, f64)> {
        let columns: Vec<&[f64]> = chosen
            .iter()
            .map(|a| self.products.get(a).map(AsRef::as_ref))
            .collect::<Option<_>>()?;
        // The triangular factor of the Gram matrix of the chosen, row by row, and for all atoms at once
        // what is left of them and of their product with the target.
        let mut factor: Vec<Vec<f64>> = Vec::with_capacity(chosen.len());
        let mut parts: Vec<Vec<f64>> = Vec::with_capacity(chosen.len());
        let mut along: Vec<f64> = Vec::with_capacity(chosen.len());
        let mut norms = vec![1.0; self.first];
        let mut left = self.space.scores[..self.first].to_vec();
        for &a in chosen {
            let own = self.space.atom(a);
            let products: Vec<f64> = chosen[..factor.len()]
                .iter()
                .map(|&b| dot(own, self.space.atom(b)))
                .collect();
            let mut row: Vec<f64> = Vec::with_capacity(chosen.len());
            for (j, known) in factor.iter().enumerate() {
                let taken: f64 = known.iter().zip(&row).map(|(f, v)| f * v).sum();
                row.push((products[j] - taken) / known[j]);
            }
            let pivot = 1.0 - row.iter().map(|v| v * v).sum::<f64>();
            if pivot < 1e-9 {
                return None;
            }
            let scale = 1.0 / pivot.sqrt();
            let known: f64 = row.iter().zip(&along).map(|(f, u)| f * u).sum();
            let u = (self.space.scores[a] - known) * scale;
            let mut part = columns[factor.len()].to_vec();
            for (f, earlier) in row.iter().zip(&parts) {
                for (p, e) in part.iter_mut().zip(earlier) {
                    *p -= f * e;
                }
            }
            for ((p, norm), left) in part.iter_mut().zip(&mut norms).zip(&mut left) {
                *p *= scale;
                *norm -= *p * *p;
                *left -= *p * u;
            }
            row.push(pivot.sqrt());
            factor.push(row);
            parts.push(part);
            along.push(u);
        }
        let explained: f64 = along.iter().map(|u| u * u).sum();
        let mut best: Option<(usize, f64)> = None;
        for (i, (norm, left)) in norms.iter().zip(&left).enumerate() {
            if *norm < 1e-7 {
                continue;
            }
            let gain = left * left / norm;
            if best.is_none_or(|(_, g)| gain > g) {
                best = Some((i, gain));
            }
        }
        best.map(|(i, gain)| (i, (explained + gain).min(1.0)))
    }
}
