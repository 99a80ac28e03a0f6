//! One run: a population, its archive, and the step from one generation to the next.

use std::collections::HashSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::constant::Fitter;
use crate::expression::Expression;
use crate::map_all::map_all;
use crate::population::{Alphabet, Individual, skeleton};
use crate::random::{Purpose, stream};
use crate::regressor::{Progress, SymbolicRegressor};
use crate::search_result::{CandidatePoint, RunResult, StopReason};
use crate::selection::tournament;
use crate::variation::{cross_genes, cross_models, mutate};
use crate::{ConstantFit, Data, ParetoFront};

/// Attempts to make a child whose structure the new generation does not have yet.
const ATTEMPTS: usize = 6;
/// Part of the first population that comes from enumeration, as one over this.
const SEED_SHARE: usize = 5;
/// Relative decrease of the residual that ends the fit of a new individual.
const FIT_TOLERANCE: f64 = 1e-6;

pub(crate) struct Evolution<'a> {
    settings: &'a SymbolicRegressor,
    data: &'a Data,
    alphabet: &'a Alphabet,
    run: u32,
    generation: usize,
    evaluations: u64,
    population: Vec<Individual>,
    archive: Vec<Individual>,
    history: Vec<f64>,
}

impl<'a> Evolution<'a> {
    /// No generation yet, and the seeds in the archive.
    pub(crate) fn of_seeds(
        settings: &'a SymbolicRegressor,
        data: &'a Data,
        alphabet: &'a Alphabet,
        run: u32,
        seeds: &[Individual],
    ) -> Self {
        let mut evolution = Self {
            settings,
            data,
            alphabet,
            run,
            generation: 0,
            evaluations: 0,
            population: Vec::new(),
            archive: Vec::new(),
            history: Vec::new(),
        };
        enter(&mut evolution.archive, seeds);
        evolution
    }

    /// The first generation.
    pub(crate) fn start(
        settings: &'a SymbolicRegressor,
        data: &'a Data,
        alphabet: &'a Alphabet,
        run: u32,
        seeds: &[Individual],
    ) -> Self {
        let mut evolution = Self::of_seeds(settings, data, alphabet, run, seeds);
        let mut seen = HashSet::new();
        let children: Vec<Vec<Expression>> = (0..settings.population_size)
            .map(|slot| {
                let mut rng = stream(settings.seed, run, 0, slot as u64, Purpose::Initial);
                evolution.distinct(&mut seen, &mut rng, |rng| evolution.random_model(rng, slot))
            })
            .collect();
        evolution.population = evolution.evaluate(&children);
        // The best of what enumeration found takes the place of the first individuals.
        let places = settings.population_size / SEED_SHARE;
        for (place, seed) in evolution.population.iter_mut().zip(seeds).take(places) {
            *place = seed.clone();
        }
        evolution.record();
        evolution
    }

    pub(crate) fn generation(&self) -> usize {
        self.generation
    }

    pub(crate) fn progress(&self) -> Progress {
        let best = self
            .archive
            .iter()
            .map(|i| i.sse)
            .fold(f64::INFINITY, f64::min);
        Progress {
            run: self.run as usize,
            n_runs: self.settings.runs,
            generation: self.generation,
            max_generations: self.settings.max_generations,
            evaluations: self.evaluations,
            best_rmse: (best / self.data.n_rows() as f64).sqrt(),
            front_size: self.archive.len(),
        }
    }

    /// The next generation.
    pub(crate) fn advance(&mut self) {
        self.generation += 1;
        let size = self.settings.population_size;
        let elite = self.elite((self.settings.elite_fraction * size as f64).round() as usize);
        let mut seen: HashSet<Vec<u32>> = elite.iter().map(|i| skeleton(&i.genes)).collect();
        let children: Vec<Vec<Expression>> = (elite.len()..size)
            .map(|slot| {
                let generation = self.generation as u32;
                let seed = self.settings.seed;
                let mut rng = stream(seed, self.run, generation, slot as u64, Purpose::Offspring);
                self.distinct(&mut seen, &mut rng, |rng| self.child(rng, slot))
            })
            .collect();
        let children = self.evaluate(&children);
        self.population = elite;
        self.population.extend(children);
        self.record();
    }

    /// The front fitted to convergence, and the last generation.
    pub(crate) fn finish(self, reason: StopReason) -> RunResult {
        let polish = ConstantFit::new()
            .starts(1)
            .complexity_measure(self.settings.measure);
        let models = map_all(
            &self.archive,
            || (),
            |(), i| {
                let model = polish.fit(&i.genes, self.data).ok()?;
                // The fit may have turned signs around that the canonical form places better.
                let genes = self.canonical(model.genes().to_vec());
                polish.fit(&genes, self.data).ok()
            },
        );
        let front = ParetoFront::from_models(models.into_iter().flatten().collect());
        let rows = self.data.n_rows() as f64;
        let last = self
            .population
            .iter()
            .filter(|i| i.sse.is_finite())
            .map(|i| CandidatePoint {
                complexity: i.complexity,
                rmse: (i.sse / rows).sqrt(),
                n_genes: i.genes.len(),
            })
            .collect();
        RunResult::new(
            front,
            last,
            self.history,
            self.generation,
            self.evaluations,
            reason,
        )
    }

    /// Calls `make` until it gives a structure that is not in `seen`, a few times at most.
    fn distinct(
        &self,
        seen: &mut HashSet<Vec<u32>>,
        rng: &mut ChaCha8Rng,
        make: impl Fn(&mut ChaCha8Rng) -> Vec<Expression>,
    ) -> Vec<Expression> {
        let mut genes = Vec::new();
        for _ in 0..ATTEMPTS {
            genes = self.canonical(make(rng));
            if !genes.is_empty() && seen.insert(skeleton(&genes)) {
                break;
            }
        }
        if genes.is_empty() {
            genes.push(Expression::variable(crate::population::pick(
                rng,
                &self.alphabet.variables,
            )));
        }
        genes
    }

    /// Canonical genes without those that are constant, occur twice or exceed the limits of size.
    fn canonical(&self, genes: Vec<Expression>) -> Vec<Expression> {
        let mut complexity = 0;
        let mut out: Vec<Expression> = Vec::with_capacity(genes.len());
        for gene in genes.into_iter().filter_map(|g| g.canonical_gene()) {
            let size = self.settings.measure.of(&gene);
            // Taking constants together can make a gene deeper than what it was made from.
            if gene.node_count() <= self.settings.max_nodes
                && gene.depth() <= self.settings.max_depth
                && complexity + size <= self.settings.max_complexity
                && !out.contains(&gene)
            {
                complexity += size;
                out.push(gene);
            }
        }
        out
    }

    fn random_model(&self, rng: &mut ChaCha8Rng, slot: usize) -> Vec<Expression> {
        let count = rng.random_range(1..=self.settings.max_genes);
        (0..count)
            .map(|k| self.alphabet.ramped(rng, slot + 7 * k))
            .collect()
    }

    fn child(&self, rng: &mut ChaCha8Rng, slot: usize) -> Vec<Expression> {
        let s = self.settings;
        let parent = |rng: &mut ChaCha8Rng| {
            &self.population[tournament(
                &self.population,
                s.tournament_size,
                s.pareto_probability,
                rng,
            )]
        };
        let draw: f64 = rng.random();
        if draw < s.crossover_probability {
            let (a, b) = (&parent(rng).genes, &parent(rng).genes);
            if s.max_genes > 1 && rng.random_bool(s.high_level_crossover_probability) {
                return cross_models(a, b, s.gene_exchange_probability, s.max_genes, rng);
            }
            let (i, j) = (rng.random_range(0..a.len()), rng.random_range(0..b.len()));
            let mut genes = a.clone();
            genes[i] = cross_genes(&a[i], &b[j], self.alphabet, rng);
            genes
        } else if draw < s.crossover_probability + s.mutation_probability {
            let mut genes = parent(rng).genes.clone();
            let i = rng.random_range(0..genes.len());
            genes[i] = mutate(&genes[i], self.alphabet, rng);
            genes
        } else {
            self.random_model(rng, slot)
        }
    }

    /// The undominated individuals by rising complexity, then those of least error.
    fn elite(&self, count: usize) -> Vec<Individual> {
        let points: Vec<(usize, f64)> = self
            .population
            .iter()
            .map(|i| (i.complexity, i.sse))
            .collect();
        let mut order: Vec<usize> = crate::pareto_front(&points)
            .into_iter()
            .filter(|&i| points[i].1.is_finite())
            .collect();
        let mut by_error: Vec<usize> = (0..points.len()).filter(|i| !order.contains(i)).collect();
        by_error.sort_by(|&i, &j| {
            points[i]
                .1
                .total_cmp(&points[j].1)
                .then(points[i].0.cmp(&points[j].0))
                .then(i.cmp(&j))
        });
        // When there is no room for the whole front, its more accurate end goes first.
        if order.len() > count {
            order.drain(..order.len() - count);
        }
        order
            .into_iter()
            .chain(by_error)
            .take(count)
            .map(|i| self.population[i].clone())
            .collect()
    }

    fn evaluate(&mut self, models: &[Vec<Expression>]) -> Vec<Individual> {
        self.evaluations += models.len() as u64;
        let settings = self.settings;
        let rows = self.data.n_rows();
        map_all(
            models,
            || Fitter::new(self.data),
            |fitter, genes| {
                Individual::fitted(genes.clone(), rows, settings.measure, |genes| {
                    let outcome =
                        fitter.fit_either_sign(genes, settings.fit_iterations, FIT_TOLERANCE);
                    outcome.ok().map(|o| o.sse)
                })
            },
        )
    }

    /// Enters the population into the archive, in slot order.
    fn record(&mut self) {
        enter(&mut self.archive, &self.population);
        self.history.push(self.progress().best_rmse);
    }
}

/// Adds to the archive what nothing in it covers, and takes out what that dominates.
fn enter(archive: &mut Vec<Individual>, individuals: &[Individual]) {
    for individual in individuals {
        if !individual.sse.is_finite() {
            continue;
        }
        let covered = archive
            .iter()
            .any(|a| a.sse <= individual.sse && a.complexity <= individual.complexity);
        if !covered {
            archive.retain(|a| !individual.dominates(a));
            archive.push(individual.clone());
        }
    }
}
