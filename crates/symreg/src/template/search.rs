//! Genetic programming of the parts of a template.

use std::collections::HashSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Form, Template, TemplateLaw, TemplateResult};
use crate::clock::Clock;
use crate::constraints::Constraints;
use crate::descent::ConstantOptimizer;
use crate::evolution::enter;
use crate::expression::Expression;
use crate::loss::Loss;
use crate::map_all::map_all;
use crate::mutation::mutate;
use crate::population::{Alphabet, Individual};
use crate::random::{Place, Purpose};
use crate::refit::Refit;
use crate::regressor::SymbolicRegressor;
use crate::selection::{Parents, elite, survivors};
use crate::variation::cross_genes;
use crate::{Data, Error, Result, Selection};

/// Attempts to make a child whose structure the new generation does not have yet.
const ATTEMPTS: usize = 6;

impl SymbolicRegressor {
    /// Searches for what a template leaves open, by least squares.
    ///
    /// Genetic programming with the settings of this search: operators, sizes, limits of a part (those of a gene), rates, selection,
    /// runs, seed, and the ends by error, evaluations and time. An individual has one expression for each part; crossover takes
    /// material for a part from the same part of another, or from any part that may use no other columns. All constants of the parts
    /// and all parameters are fitted together by Levenberg-Marquardt; there is no bias and no weight but those in the
    /// template. Not used are islands, enumeration, samples of rows, guesses and checkpoints. The same seed and data give the same bits for any
    /// number of threads; a limit of time ends between generations.
    ///
    /// O(population × generations × rows × nodes × constants).
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); those of [`Expression::parse`](crate::Expression::parse) for the text; [`Error::TemplateSlot`] for a name
    /// that does not stand in it once; [`Error::UnknownColumn`] and [`Error::TemplatePart`] for the columns of a part;
    /// [`Error::CountMismatch`] unless there is one label a row where there are parameters by label; [`Error::InvalidParameter`]
    /// for a loss, an optimizer or constraints, which templates do not have; [`Error::TooFewRows`] if the template alone has as many
    /// parameters as there are rows; [`Error::NoValidModel`] if no law is finite on all rows.
    pub fn fit_template(&self, template: &Template, data: &Data) -> Result<TemplateResult> {
        self.validate()?;
        for (name, is_plain) in [
            ("loss", self.loss == Loss::Squared),
            (
                "constant_optimizer",
                !matches!(self.optimizer, ConstantOptimizer::GradientDescent(_)),
            ),
            ("constraints", self.constraints == Constraints::default()),
        ] {
            if !is_plain {
                return Err(Error::InvalidParameter {
                    name,
                    requirement: "the default under a template",
                    found: "another".to_owned(),
                });
            }
        }
        let form = Form::new(template, data)?;
        let parameters: usize = form.first_parameters().map(|p| p.constant_count()).sum();
        if data.n_rows() < parameters + 1 {
            return Err(Error::TooFewRows {
                rows: data.n_rows(),
                parameters,
                needed: parameters + 1,
            });
        }
        let slots: Vec<String> = template.slots.iter().map(|s| s.name.clone()).collect();
        let search = Breeding::new(self, &form, data);
        let mut evaluations = 0;
        let mut laws = Vec::new();
        let start = Clock::start();
        for run in 0..self.runs.max(1) {
            let archive = search.run(run as u32, start, &mut evaluations);
            laws.extend(
                map_all(
                    &archive,
                    || (),
                    |(), i| TemplateLaw::pruned(&form, &slots, i.genes.clone(), data, self.measure),
                )
                .into_iter()
                .flatten(),
            );
        }
        TemplateResult::new(laws, evaluations).ok_or(Error::NoValidModel {
            evaluations,
            constraints: Vec::new(),
        })
    }
}

struct Breeding<'a> {
    settings: &'a SymbolicRegressor,
    form: &'a Form,
    data: &'a Data,
    alphabets: Vec<Alphabet>,
    /// For each part, those whose expressions fit into it.
    donors: Vec<Vec<usize>>,
}

impl<'a> Breeding<'a> {
    fn new(settings: &'a SymbolicRegressor, form: &'a Form, data: &'a Data) -> Self {
        let alphabets = form
            .parts
            .iter()
            .map(|columns| Alphabet {
                variables: columns.clone(),
                ..Alphabet::new(settings, data)
            })
            .collect();
        let donors = form
            .parts
            .iter()
            .map(|own| {
                (0..form.parts.len())
                    .filter(|&k| form.parts[k].iter().all(|c| own.contains(c)))
                    .collect()
            })
            .collect();
        Self {
            settings,
            form,
            data,
            alphabets,
            donors,
        }
    }

    /// All that nothing dominates of one run.
    fn run(&self, run: u32, start: Clock, evaluations: &mut u64) -> Vec<Individual> {
        let s = self.settings;
        let parameters: Vec<Expression> = self.form.first_parameters().collect();
        let mut seen = HashSet::new();
        let first = self.structures(run, 0, 0, &mut seen, |rng, slot| {
            let mut genes = self.random_parts(rng, slot);
            genes.extend_from_slice(&parameters);
            genes
        });
        let mut archive = Vec::new();
        let mut population = self.evaluate(&first, evaluations);
        enter(&mut archive, &population);
        let goal = s.target_error * s.target_error * self.data.n_rows() as f64;
        for generation in 1..=s.max_generations {
            let done = archive.iter().any(|i: &Individual| i.sse <= goal)
                || *evaluations >= s.max_evaluations
                || start.is_over(s.time_limit)
                // Nothing to search for: the parameters are fitted.
                || self.form.parts.is_empty();
            if done {
                break;
            }
            let kept = match s.selection {
                Selection::ParetoTournament => {
                    let count = s.elite_fraction * s.population_size as f64;
                    elite(&population, count.round() as usize)
                }
                _ => Vec::new(),
            };
            let known = match s.selection {
                Selection::ParetoTournament => &kept,
                _ => &population,
            };
            let mut seen: HashSet<Vec<u32>> = known.iter().map(|i| skeleton(&i.genes)).collect();
            let parents = Parents::new(s.selection, &population);
            let next = self.structures(
                run,
                generation as u32,
                kept.len(),
                &mut seen,
                |rng, slot| self.child(&population, &parents, rng, slot),
            );
            let children = self.evaluate(&next, evaluations);
            enter(&mut archive, &children);
            population = match s.selection {
                Selection::ParetoTournament => [kept, children].concat(),
                _ => survivors(s, population, children),
            };
        }
        archive
    }

    fn structures(
        &self,
        run: u32,
        generation: u32,
        first: usize,
        seen: &mut HashSet<Vec<u32>>,
        make: impl Fn(&mut ChaCha8Rng, usize) -> Vec<Expression>,
    ) -> Vec<Vec<Expression>> {
        let purpose = if generation == 0 {
            Purpose::Initial
        } else {
            Purpose::Offspring
        };
        // Without parts there is one structure.
        let last = match self.form.parts.len() {
            0 => 1,
            _ => self.settings.population_size,
        };
        (first..last)
            .map(|slot| {
                let place = Place {
                    run,
                    island: 0,
                    generation,
                    slot: slot as u64,
                };
                let rng = &mut place.stream(self.settings.seed, purpose);
                let mut genes = make(rng, slot);
                for _ in 1..ATTEMPTS {
                    if seen.insert(skeleton(&genes)) {
                        break;
                    }
                    genes = make(rng, slot);
                }
                genes
            })
            .collect()
    }

    fn random_parts(&self, rng: &mut ChaCha8Rng, slot: usize) -> Vec<Expression> {
        self.alphabets
            .iter()
            .enumerate()
            .map(|(k, alphabet)| alphabet.ramped(rng, slot + 7 * k))
            .collect()
    }

    fn child(
        &self,
        population: &[Individual],
        parents: &Parents,
        rng: &mut ChaCha8Rng,
        slot: usize,
    ) -> Vec<Expression> {
        let s = self.settings;
        let parent = |rng: &mut ChaCha8Rng| &population[parents.choose(population, s, rng)].genes;
        let mut genes = parent(rng).clone();
        let k = rng.random_range(0..self.alphabets.len());
        let draw: f64 = rng.random();
        if draw < s.crossover_probability {
            let other = parent(rng);
            if self.alphabets.len() > 1 && rng.random_bool(s.high_level_crossover_probability) {
                genes[k] = other[k].clone();
            } else {
                let donor = self.donors[k][rng.random_range(0..self.donors[k].len())];
                genes[k] = cross_genes(&genes[k], &other[donor], &self.alphabets[k], rng);
            }
        } else if draw < s.crossover_probability + s.mutation_probability {
            genes[k] = mutate(&genes[k], &s.mutations, &self.alphabets[k], rng);
        } else {
            let fresh = self.random_parts(rng, slot);
            genes.splice(..fresh.len(), fresh);
        }
        genes
    }

    /// Fits the constants of new structures, each by itself.
    fn evaluate(&self, structures: &[Vec<Expression>], evaluations: &mut u64) -> Vec<Individual> {
        *evaluations += structures.len() as u64;
        let (s, rows) = (self.settings, self.data.n_rows());
        map_all(
            structures,
            || Refit::of_data(&self.form.columns, self.data),
            |refit, genes| {
                let mut genes = genes.clone();
                let parts = &genes[..self.form.parts.len()];
                let complexity = parts.iter().map(|g| s.measure.of(g)).sum();
                let (mut law, free) = self.form.compose(&genes);
                let constants = free.iter().filter(|f| **f).count();
                let small = constants + 1 < rows && complexity <= s.max_complexity;
                let sse = small
                    .then(|| refit.fit(&mut law, &free, s.fit_iterations))
                    .flatten()
                    .unwrap_or(f64::INFINITY);
                self.form.take_back(&law, &mut genes);
                Individual {
                    genes,
                    complexity,
                    sse,
                }
            },
        )
    }
}

/// The structure without its numbers, part by part.
fn skeleton(genes: &[Expression]) -> Vec<u32> {
    let mut out = Vec::new();
    for gene in genes {
        gene.skeleton(&mut out);
    }
    out
}
