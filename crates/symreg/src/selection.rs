//! Choosing parents and survivors.

mod grid;
mod nondominated;
mod tournament;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::population::Individual;
use crate::regressor::SymbolicRegressor;

/// How parents are chosen and who survives.
///
/// All three keep the front of everything that a run has fitted; they differ in where the next models come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Selection {
    /// Parents by tournament on error and complexity, an elite survives (the default, as Gan et al.).
    ///
    /// `tournament_size` individuals are drawn; with `pareto_probability` one of those that no other drawn one
    /// dominates is taken at random, else the one of least error (Smits and Kotanchek 2005,
    /// doi 10.1007/0-387-23254-0_17). `elite_fraction` of the population is carried over.
    #[default]
    ParetoTournament,
    /// The elitist non-dominated sorting algorithm of Deb et al. (2002, doi 10.1109/4235.996017).
    ///
    /// Parents win a tournament of two by rank, then by crowding distance; the best of parents and children
    /// together survive, whole ranks first and the least crowded of the last one. The objectives are complexity and
    /// the logarithm of the residual sum of squares, which the crowding distance needs: errors span many decades.
    /// Models that are not finite on all rows rank last. Here ranks come from one sweep over the sorted models,
    /// O(n log n), instead of the paper's comparison of all pairs.
    NsgaII,
    /// A grid of elites (MAP-Elites: Mouret and Clune 2015, arXiv 1504.04909).
    ///
    /// A cell is a size and a function signature: two sizes an octave of complexity, and the set of functions that
    /// occur, signs and squares not counted. Each cell keeps the model of least error that fell into it. Parents are
    /// drawn uniformly from the occupied cells, so the population is as large as their number.
    QualityDiversity,
}

/// How the parents of one generation are drawn.
#[derive(Debug)]
pub(crate) enum Parents {
    Tournament,
    /// Rank and crowding distance of each individual.
    Ranked(Vec<(usize, f64)>),
    Uniform,
}

impl Parents {
    pub(crate) fn new(selection: Selection, population: &[Individual]) -> Self {
        match selection {
            Selection::ParetoTournament => Self::Tournament,
            Selection::NsgaII => Self::Ranked(nondominated::ranked(population)),
            Selection::QualityDiversity => Self::Uniform,
        }
    }

    /// Index of a parent.
    pub(crate) fn choose(
        &self,
        population: &[Individual],
        settings: &SymbolicRegressor,
        rng: &mut ChaCha8Rng,
    ) -> usize {
        match self {
            Self::Tournament => tournament::tournament(
                population,
                settings.tournament_size,
                settings.pareto_probability,
                rng,
            ),
            Self::Ranked(keys) => nondominated::binary_tournament(keys, rng),
            Self::Uniform => rng.random_range(0..population.len()),
        }
    }
}

/// The population that follows from parents and their children.
pub(crate) fn survivors(
    settings: &SymbolicRegressor,
    parents: Vec<Individual>,
    children: Vec<Individual>,
) -> Vec<Individual> {
    let mut all = parents;
    all.extend(children);
    match settings.selection {
        Selection::ParetoTournament => all,
        Selection::NsgaII => nondominated::survivors(all, settings.population_size),
        Selection::QualityDiversity => grid::elites(all),
    }
}

/// Places of the undominated individuals of finite error, by rising complexity, and of all others by rising error.
pub(crate) fn front_and_rest(individuals: &[Individual]) -> (Vec<usize>, Vec<usize>) {
    let points: Vec<(usize, f64)> = individuals.iter().map(|i| (i.complexity, i.sse)).collect();
    let front: Vec<usize> = crate::pareto_front(&points)
        .into_iter()
        .filter(|&i| points[i].1.is_finite())
        .collect();
    let mut rest: Vec<usize> = (0..points.len()).filter(|i| !front.contains(i)).collect();
    rest.sort_by(|&i, &j| {
        points[i]
            .1
            .total_cmp(&points[j].1)
            .then(points[i].0.cmp(&points[j].0))
            .then(i.cmp(&j))
    });
    (front, rest)
}

/// The undominated individuals by rising complexity, then those of least error.
pub(crate) fn elite(population: &[Individual], count: usize) -> Vec<Individual> {
    let (mut order, by_error) = front_and_rest(population);
    // When there is no room for the whole front, its more accurate end goes first.
    if order.len() > count {
        order.drain(..order.len() - count);
    }
    order
        .into_iter()
        .chain(by_error)
        .take(count)
        .map(|i| population[i].clone())
        .collect()
}
