//! One island: the step from one generation to the next, and what leaves for another island.

use std::collections::HashSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::context::{Context, Offspring};
use crate::expression::Expression;
use crate::mutation::mutate;
use crate::population::{Individual, skeleton};
use crate::random::{Place, Purpose};
use crate::selection::{Parents, Selection, elite};
use crate::variation::{cross_genes, cross_models};

/// Structures of the first generation of an island, whose generation is 0.
pub(crate) fn first(context: Context, island: Place) -> Vec<Offspring> {
    let mut seen = HashSet::new();
    (0..context.settings.population_size)
        .map(|slot| {
            let place = at(island, slot);
            let mut rng = place.stream(context.settings.seed, Purpose::Initial);
            let genes =
                context.distinct(&mut seen, &mut rng, |rng| context.random_model(rng, slot));
            Offspring { place, genes }
        })
        .collect()
}

/// Children of a population, for the slots behind those that `kept` takes. They do not repeat the structures that they will
/// stand beside, as far as a few attempts go.
pub(crate) fn offspring(
    context: Context,
    population: &[Individual],
    kept: &[Individual],
    island: Place,
) -> Vec<Offspring> {
    let settings = context.settings;
    let parents = Parents::new(settings.selection, population);
    // Where parents and children compete, a child that repeats a parent is a wasted fit.
    let known = match settings.selection {
        Selection::ParetoTournament => kept,
        _ => population,
    };
    let mut seen: HashSet<Vec<u32>> = known.iter().map(|i| skeleton(&i.genes)).collect();
    (kept.len()..settings.population_size)
        .map(|slot| {
            let place = at(island, slot);
            let mut rng = place.stream(settings.seed, Purpose::Offspring);
            let genes = context.distinct(&mut seen, &mut rng, |rng| {
                child(context, population, &parents, rng, slot)
            });
            Offspring { place, genes }
        })
        .collect()
}

fn at(island: Place, slot: usize) -> Place {
    Place {
        slot: slot as u64,
        ..island
    }
}

fn child(
    context: Context,
    population: &[Individual],
    parents: &Parents,
    rng: &mut ChaCha8Rng,
    slot: usize,
) -> Vec<Expression> {
    let s = context.settings;
    let parent = |rng: &mut ChaCha8Rng| &population[parents.choose(population, s, rng)];
    let draw: f64 = rng.random();
    if draw < s.crossover_probability {
        let (a, b) = (&parent(rng).genes, &parent(rng).genes);
        if s.max_genes > 1 && rng.random_bool(s.high_level_crossover_probability) {
            return cross_models(a, b, s.gene_exchange_probability, s.max_genes, rng);
        }
        let (i, j) = (rng.random_range(0..a.len()), rng.random_range(0..b.len()));
        let mut genes = a.clone();
        genes[i] = cross_genes(&a[i], &b[j], context.alphabet, rng);
        genes
    } else if draw < s.crossover_probability + s.mutation_probability {
        let mut genes = parent(rng).genes.clone();
        let i = rng.random_range(0..genes.len());
        genes[i] = mutate(&genes[i], &s.mutations, context.alphabet, rng);
        genes
    } else {
        context.random_model(rng, slot)
    }
}

/// Sends the best individuals of each island to the next, the last one's to the first.
///
/// All leave before any arrives. An individual whose structure the island has already takes that one's place
/// if it is better and is lost if not; the others take the places of the worst, which are never those of the
/// elite.
pub(crate) fn migrate(islands: &mut [Vec<Individual>], count: usize) {
    let n = islands.len();
    if n < 2 {
        return;
    }
    let leaving: Vec<Vec<Individual>> = islands.iter().map(|p| elite(p, count)).collect();
    for (from, travelers) in leaving.into_iter().enumerate() {
        let population = &mut islands[(from + 1) % n];
        let mut known: Vec<Vec<u32>> = population.iter().map(|i| skeleton(&i.genes)).collect();
        let mut worst: Vec<usize> = (0..population.len()).collect();
        worst.sort_by(|&i, &j| {
            let (a, b) = (&population[i], &population[j]);
            (b.sse.total_cmp(&a.sse))
                .then(b.complexity.cmp(&a.complexity))
                .then(j.cmp(&i))
        });
        let mut places = worst.into_iter();
        for traveler in travelers {
            let structure = skeleton(&traveler.genes);
            let place = match known.iter().position(|k| *k == structure) {
                Some(place) if traveler.sse < population[place].sse => Some(place),
                Some(_) => None,
                None => places.find(|&p| traveler.sse < population[p].sse),
            };
            if let Some(place) = place {
                known[place] = structure;
                population[place] = traveler;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn individual(variable: u16, complexity: usize, sse: f64) -> Individual {
        Individual {
            genes: vec![Expression::variable(variable)],
            complexity,
            sse,
        }
    }

    fn errors(population: &[Individual]) -> Vec<f64> {
        population.iter().map(|i| i.sse).collect()
    }

    #[test]
    fn the_best_of_each_island_replace_the_worst_of_the_next() {
        let mut islands = vec![
            vec![
                individual(0, 1, 1.0),
                individual(1, 1, 9.0),
                individual(2, 1, 8.0),
            ],
            vec![
                individual(3, 1, 2.0),
                individual(4, 1, 7.0),
                individual(5, 1, 6.0),
            ],
            vec![
                individual(6, 1, 3.0),
                individual(7, 1, 5.0),
                individual(8, 1, f64::INFINITY),
            ],
        ];
        migrate(&mut islands, 1);
        assert_eq!(errors(&islands[0]), [1.0, 3.0, 8.0]);
        assert_eq!(errors(&islands[1]), [2.0, 1.0, 6.0]);
        // Not the 1.0 that has just arrived there.
        assert_eq!(errors(&islands[2]), [3.0, 5.0, 2.0]);
    }

    #[test]
    fn a_known_structure_is_not_doubled() {
        let mut islands = vec![
            vec![individual(0, 1, 1.0), individual(1, 1, 9.0)],
            vec![individual(0, 1, 2.0), individual(2, 1, 7.0)],
        ];
        migrate(&mut islands, 1);
        // The better of two fits of one structure.
        assert_eq!(errors(&islands[1]), [1.0, 7.0]);
        // The worse one does not come back.
        assert_eq!(errors(&islands[0]), [1.0, 9.0]);
        let mut alone = vec![vec![individual(0, 1, 1.0)]];
        migrate(&mut alone, 5);
        assert_eq!(errors(&alone[0]), [1.0]);
    }
}
