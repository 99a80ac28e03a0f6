//! Fits that were made before, by the structure of the model.

use std::collections::HashMap;

use crate::population::{Individual, skeleton};

/// The fits of the structures that a run met last: a structure that comes again has its constants already.
///
/// Two layers take turns: when the newer one is full, the older one is forgotten. What is met again moves to the newer
/// one, so the oldest half of what is unused goes first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FitMemory {
    newer: Layer,
    older: Layer,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Layer {
    /// In the order in which they came.
    individuals: Vec<Individual>,
    places: HashMap<Vec<u32>, usize>,
}

impl Layer {
    fn insert(&mut self, key: Vec<u32>, individual: Individual) {
        self.places.entry(key).or_insert_with(|| {
            self.individuals.push(individual);
            self.individuals.len() - 1
        });
    }

    fn get(&self, key: &[u32]) -> Option<&Individual> {
        self.places.get(key).map(|&place| &self.individuals[place])
    }
}

impl FitMemory {
    /// What a checkpoint holds: the individuals of both layers, the older one first.
    pub(crate) fn layers(&self) -> [&[Individual]; 2] {
        [&self.older.individuals, &self.newer.individuals]
    }

    /// A memory from what [`layers`](Self::layers) gave.
    pub(crate) fn from_layers([older, newer]: [Vec<Individual>; 2]) -> Self {
        let layer = |individuals: Vec<Individual>| {
            let mut layer = Layer::default();
            for individual in individuals {
                layer.insert(skeleton(&individual.genes), individual);
            }
            layer
        };
        Self {
            older: layer(older),
            newer: layer(newer),
        }
    }

    /// The fit of a structure, if it is known.
    pub(crate) fn recall(&mut self, key: &[u32], limit: usize) -> Option<Individual> {
        if let Some(found) = self.newer.get(key) {
            return Some(found.clone());
        }
        let found = self.older.get(key)?.clone();
        self.keep(key.to_vec(), found.clone(), limit);
        Some(found)
    }

    /// Keeps a fit, at most `limit` of them. One without a finite error is none: other constants may have one.
    pub(crate) fn keep(&mut self, key: Vec<u32>, individual: Individual, limit: usize) {
        if limit < 2 || !individual.sse.is_finite() {
            return;
        }
        if self.newer.individuals.len() >= limit / 2 {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, individual);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;

    fn individual(variable: u16, sse: f64) -> (Vec<u32>, Individual) {
        let genes = vec![Expression::variable(variable)];
        let key = skeleton(&genes);
        let complexity = 1;
        (
            key,
            Individual {
                genes,
                complexity,
                sse,
            },
        )
    }

    #[test]
    fn what_is_unused_is_forgotten_first() {
        let mut memory = FitMemory::default();
        let keys: Vec<Vec<u32>> = (0..6).map(|v| individual(v, 1.0).0).collect();
        for variable in 0..3 {
            let (key, fit) = individual(variable, f64::from(variable));
            memory.keep(key, fit, 4);
        }
        // 0 and 1 are old; 0 is met again.
        assert_eq!(memory.recall(&keys[0], 4).map(|i| i.sse), Some(0.0));
        let (key, fit) = individual(3, 3.0);
        memory.keep(key, fit, 4);
        assert_eq!(memory.recall(&keys[1], 4), None);
        for (variable, sse) in [(2, 2.0), (0, 0.0), (3, 3.0)] {
            let found = memory.recall(&keys[variable], 4);
            assert_eq!(found.map(|i| i.sse), Some(sse));
        }
        let read = FitMemory::from_layers(memory.layers().map(<[Individual]>::to_vec));
        assert_eq!(read, memory);
        assert!(memory.layers().iter().map(|l| l.len()).sum::<usize>() <= 4);
    }

    #[test]
    fn nothing_is_kept_of_a_failed_fit_or_without_a_limit() {
        let mut memory = FitMemory::default();
        let (key, fit) = individual(0, f64::INFINITY);
        memory.keep(key, fit, 100);
        let (key, fit) = individual(1, 1.0);
        memory.keep(key, fit, 0);
        assert_eq!(memory, FitMemory::default());
    }
}
