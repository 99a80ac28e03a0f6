//! One run: its islands, its archive, and the step from one generation to the next.

use crate::context::{Context, Offspring};
use crate::island;
use crate::map_all::map_all;
use crate::memory::FitMemory;
use crate::population::{Individual, skeleton};
use crate::progress::{Phase, Progress};
use crate::random::Place;
use crate::search_result::{CandidatePoint, RunResult, StopReason};
use crate::selection::{elite, survivors};
use crate::{ConstantFit, ParetoFront, Selection};

/// Part of the first population that comes from enumeration, as one over this.
const SEED_SHARE: usize = 5;

/// A run that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) index: u32,
    pub(crate) generation: usize,
    pub(crate) evaluations: u64,
    /// The population of each island; none before the first generation.
    pub(crate) islands: Vec<Vec<Individual>>,
    /// What nothing that was fitted dominates.
    pub(crate) archive: Vec<Individual>,
    pub(crate) history: Vec<f64>,
    /// Constants by structure.
    pub(crate) memory: FitMemory,
}

impl Run {
    /// No generation yet, and the seeds in the archive.
    pub(crate) fn of_seeds(index: u32, seeds: &[Individual]) -> Self {
        let mut run = Self {
            index,
            generation: 0,
            evaluations: 0,
            islands: Vec::new(),
            archive: Vec::new(),
            history: Vec::new(),
            memory: FitMemory::default(),
        };
        enter(&mut run.archive, seeds);
        run
    }

    /// The first generation. The best seeds take the places of the first individuals: they are dealt to the islands
    /// in turn, `guesses` of them at least.
    pub(crate) fn start(
        context: Context,
        index: u32,
        seeds: &[Individual],
        guesses: usize,
    ) -> Self {
        let mut run = Self::of_seeds(index, seeds);
        let settings = context.settings;
        let structures = (0..settings.islands)
            .map(|k| island::first(context, run.place(k)))
            .collect();
        run.islands = run.evaluate(context, structures);
        let share = settings.population_size / SEED_SHARE * settings.islands;
        for (k, seed) in seeds.iter().enumerate().take(share.max(guesses)) {
            let (island, slot) = (k % settings.islands, k / settings.islands);
            if let Some(place) = run.islands[island].get_mut(slot) {
                *place = seed.clone();
            }
        }
        for population in &run.islands {
            enter(&mut run.archive, population);
        }
        if settings.selection == Selection::QualityDiversity {
            for population in &mut run.islands {
                *population = survivors(settings, Vec::new(), std::mem::take(population));
            }
        }
        run.history.push(run.best_error(context));
        run
    }

    /// The next generation of every island, then the migration that may be due.
    pub(crate) fn advance(&mut self, context: Context) {
        self.generation += 1;
        let settings = context.settings;
        let kept: Vec<Vec<Individual>> = self
            .islands
            .iter()
            .map(|population| match settings.selection {
                Selection::ParetoTournament => {
                    let size = settings.population_size as f64;
                    elite(
                        population,
                        (settings.elite_fraction * size).round() as usize,
                    )
                }
                _ => Vec::new(),
            })
            .collect();
        let structures = (self.islands.iter().zip(&kept).enumerate())
            .map(|(k, (population, kept))| {
                island::offspring(context, population, kept, self.place(k))
            })
            .collect();
        let children = self.evaluate(context, structures);
        for ((population, kept), children) in self.islands.iter_mut().zip(kept).zip(children) {
            enter(&mut self.archive, &kept);
            enter(&mut self.archive, &children);
            *population = match settings.selection {
                Selection::ParetoTournament => [kept, children].concat(),
                _ => survivors(settings, std::mem::take(population), children),
            };
        }
        if settings.migration_interval > 0 && self.generation % settings.migration_interval == 0 {
            island::migrate(&mut self.islands, settings.migration_size);
        }
        self.history.push(self.best_error(context));
    }

    /// Fits the structures of all islands at once, so that small islands use all threads. What was fitted before is remembered.
    fn evaluate(
        &mut self,
        context: Context,
        structures: Vec<Vec<Offspring>>,
    ) -> Vec<Vec<Individual>> {
        let sizes: Vec<usize> = structures.iter().map(Vec::len).collect();
        let all: Vec<Offspring> = structures.into_iter().flatten().collect();
        let limit = context.settings.remembered_fits;
        let mut known: Vec<Option<Individual>> = Vec::with_capacity(all.len());
        let mut new: Vec<Offspring> = Vec::with_capacity(all.len());
        for offspring in all {
            let fit = if limit == 0 {
                None
            } else {
                self.memory.recall(&skeleton(&offspring.genes), limit)
            };
            if fit.is_none() {
                new.push(offspring);
            }
            known.push(fit);
        }
        self.evaluations += new.len() as u64;
        let mut fitted = context.evaluate(&new).into_iter();
        let mut individuals = known.into_iter().filter_map(|known| {
            known.or_else(|| {
                let fit = fitted.next()?;
                if limit > 0 {
                    self.memory.keep(skeleton(&fit.genes), fit.clone(), limit);
                }
                Some(fit)
            })
        });
        sizes
            .into_iter()
            .map(|size| individuals.by_ref().take(size).collect())
            .collect()
    }

    fn place(&self, island: usize) -> Place {
        Place {
            run: self.index,
            island: island as u32,
            generation: self.generation as u32,
            slot: 0,
        }
    }

    fn best_error(&self, context: Context) -> f64 {
        let best = self
            .archive
            .iter()
            .map(|i| i.sse)
            .fold(f64::INFINITY, f64::min);
        (best / context.data.n_rows() as f64).sqrt()
    }

    pub(crate) fn progress(&self, context: Context) -> Progress {
        Progress {
            phase: Phase::Evolution,
            run: self.index as usize - context.settings.first_run,
            n_runs: context.settings.runs,
            generation: self.generation,
            max_generations: context.settings.max_generations,
            level: context.settings.enumeration_levels,
            n_levels: context.settings.enumeration_levels,
            evaluations: self.evaluations,
            total_evaluations: self.evaluations,
            best_error: self.best_error(context),
            front_size: self.archive.len(),
        }
    }

    /// What is kept of a run that is over.
    pub(crate) fn close(self, rows: usize) -> ClosedRun {
        let last = self
            .islands
            .iter()
            .flatten()
            .filter(|i| i.sse.is_finite())
            .map(|i| CandidatePoint {
                complexity: i.complexity,
                error: (i.sse / rows as f64).sqrt(),
                n_genes: i.genes.len(),
            })
            .collect();
        ClosedRun {
            generation: self.generation,
            evaluations: self.evaluations,
            archive: self.archive,
            history: self.history,
            last,
        }
    }
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClosedRun {
    pub(crate) generation: usize,
    pub(crate) evaluations: u64,
    pub(crate) archive: Vec<Individual>,
    pub(crate) history: Vec<f64>,
    pub(crate) last: Vec<CandidatePoint>,
}

impl ClosedRun {
    /// The front fitted to convergence, and the last generation.
    pub(crate) fn finish(self, context: Context, reason: StopReason) -> RunResult {
        let polish = ConstantFit::new()
            .starts(1)
            .through_origin(context.rules.through_origin())
            .loss(context.settings.loss.clone())
            .complexity_measure(context.settings.measure);
        let models = map_all(
            &self.archive,
            || (),
            |(), i| {
                let model = polish.fit(&i.genes, context.data).ok()?;
                // The fit may have turned signs around that the canonical form places better.
                let genes = context.canonical(model.genes().to_vec());
                let model = polish.fit(&genes, context.data).ok()?;
                context.rules.keeps(&model).then_some(model)
            },
        );
        let front = ParetoFront::from_models(models.into_iter().flatten().collect());
        RunResult::new(
            front,
            self.last,
            self.history,
            self.generation,
            self.evaluations,
            reason,
        )
    }
}

/// Adds to the archive what nothing in it covers, and takes out what that dominates.
pub(crate) fn enter(archive: &mut Vec<Individual>, individuals: &[Individual]) {
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
