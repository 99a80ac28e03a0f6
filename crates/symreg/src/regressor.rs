//! The search: several independent runs of genetic programming.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::complexity::ComplexityMeasure;
use crate::evolution::Evolution;
use crate::linear::dot;
use crate::operator::Operator;
use crate::population::Alphabet;
use crate::search_result::{RunResult, SearchResult, StopReason};
use crate::seeding::Enumeration;
use crate::{Data, Error, ParetoFront, Result};

/// Error relative to the root mean square of the target at which a law is exact to rounding.
const EXACT: f64 = 1e-12;
/// Most individuals of a population, and most nodes and genes of one, that a search accepts.
const MAX_POPULATION: usize = 1_000_000;
const MAX_GENE_NODES: usize = 400;
const MAX_GENES: usize = 10;

/// Searches a table for short formulas.
///
/// A candidate is a model $b + \sum_i w_i g_i(x)$ of one or more genes (GPTIPS form). Bias,
/// weights and the constants inside the genes are fitted to the training rows, so the search only
/// has to find structures.
///
/// Enumeration comes first: sums of small formulas in several forms of the target, products and quotients,
/// screened in closed form ([`enumeration_levels`](Self::enumeration_levels)). Evolution starts from the best
/// of them. Parents are chosen by Pareto tournament on error and expressional complexity, and each run
/// keeps the front of all that it has evaluated.
///
/// Several independent runs, seeded apart, show whether the answer depends on luck; enumeration is the
/// same for all. The same seed and data give the same bits, whatever the number of threads.
///
/// Rates and probabilities follow GPTIPS 2 (Searson 2015, doi 10.1007/978-3-319-20883-1_22), the program that
/// Gan et al. used, where the paper is silent; a setter says where we depart from it.
///
/// # Examples
///
/// ```
/// use symreg::{Criterion, Data, Penalty, SymbolicRegressor};
/// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
/// let z: Vec<f64> = (1..40).map(|i| f64::from(i * i % 17 + 1)).collect();
/// let y: Vec<f64> = x.iter().zip(&z).map(|(x, z)| 2.0 + 3.0 * x / z).collect();
/// let data = Data::from_columns([("x", x), ("z", z)], ("y", y))?;
/// let result = SymbolicRegressor::new().population_size(100).runs(1).seed(7).max_genes(1).fit(&data)?;
/// let (law, _) = result.front().best(Criterion::Bic, Penalty::FittedConstants).ok_or("no law")?;
/// assert_eq!(law.to_infix_rounded(4), "2+3*(x/z)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SymbolicRegressor {
    pub(crate) operators: Vec<Operator>,
    pub(crate) population_size: usize,
    pub(crate) max_generations: usize,
    pub(crate) runs: usize,
    pub(crate) seed: u64,
    pub(crate) max_genes: usize,
    pub(crate) max_depth: usize,
    pub(crate) max_nodes: usize,
    pub(crate) max_complexity: usize,
    pub(crate) tournament_size: usize,
    pub(crate) pareto_probability: f64,
    pub(crate) elite_fraction: f64,
    pub(crate) crossover_probability: f64,
    pub(crate) mutation_probability: f64,
    pub(crate) high_level_crossover_probability: f64,
    pub(crate) gene_exchange_probability: f64,
    pub(crate) constant_range: (f64, f64),
    pub(crate) constant_probability: f64,
    pub(crate) fit_iterations: usize,
    pub(crate) measure: ComplexityMeasure,
    pub(crate) enumeration_levels: usize,
    pub(crate) target_rmse: f64,
    pub(crate) max_evaluations: u64,
    pub(crate) time_limit: Option<Duration>,
}

impl Default for SymbolicRegressor {
    fn default() -> Self {
        Self::new()
    }
}

impl SymbolicRegressor {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            operators: vec![
                Operator::Add,
                Operator::Sub,
                Operator::Mul,
                Operator::Div,
                Operator::Square,
                Operator::Exp,
                Operator::Log,
                Operator::Tanh,
                Operator::Erf,
            ],
            population_size: 500,
            max_generations: 30,
            runs: 5,
            seed: 0,
            max_genes: 4,
            max_depth: 9,
            max_nodes: 60,
            max_complexity: 400,
            tournament_size: 10,
            pareto_probability: 0.5,
            elite_fraction: 0.15,
            crossover_probability: 0.4,
            mutation_probability: 0.58,
            high_level_crossover_probability: 0.2,
            gene_exchange_probability: 0.5,
            constant_range: (-10.0, 10.0),
            constant_probability: 0.1,
            fit_iterations: 8,
            measure: ComplexityMeasure::Expressional,
            enumeration_levels: 3,
            target_rmse: 0.0,
            max_evaluations: u64::MAX,
            time_limit: None,
        }
    }

    /// The search of Gan et al.: genetic programming alone, as far as the paper and GPTIPS tell it. No
    /// enumeration, genes of at most the 4 levels of GPTIPS and 40 nodes, 30 generations, 5 runs.
    #[must_use]
    pub fn gan() -> Self {
        Self {
            max_depth: 3,
            max_nodes: 40,
            enumeration_levels: 0,
            ..Self::new()
        }
    }

    /// How far enumeration goes before evolution starts (default 3; 0 leaves it out, 5 is the most). Each
    /// level repeats the one before with more of everything: about 0.1, 0.2, 1, 3 and 20 seconds of one
    /// core. A search stops after the level that has found an exact law.
    pub fn enumeration_levels(mut self, value: usize) -> Self {
        self.enumeration_levels = value;
        self
    }

    /// RMSE on the training rows at which the search stops (default 0). A law that is exact to rounding,
    /// an RMSE of 1e-12 of the target's root mean square, always stops it; the runs that are left are not
    /// made.
    pub fn target_rmse(mut self, value: f64) -> Self {
        self.target_rmse = value;
        self
    }

    /// Models fitted, of all runs and the enumeration together, after which the search stops (default: no
    /// limit). It stops after the generation or level that reaches the number, so the same number gives
    /// the same result everywhere.
    pub fn max_evaluations(mut self, value: u64) -> Self {
        self.max_evaluations = value;
        self
    }

    /// Time after which the search stops, after the generation or level that reaches it (default: no
    /// limit). Where it stops depends on the machine: results with a time limit are not reproducible bit
    /// for bit.
    pub fn time_limit(mut self, value: Duration) -> Self {
        self.time_limit = Some(value);
        self
    }

    /// The function set (default: `+ - * /`, square, exp, log, tanh, erf). Gan et al. name nine
    /// functions for the porosity law, erf among them, and show them only in a picture.
    pub fn operators(mut self, value: impl IntoIterator<Item = Operator>) -> Self {
        self.operators = value.into_iter().collect();
        self.operators.sort_unstable();
        self.operators.dedup();
        self
    }

    /// Individuals of each run (default 500).
    pub fn population_size(mut self, value: usize) -> Self {
        self.population_size = value;
        self
    }

    /// Generations of each run after the first (default 30, as Gan et al.).
    pub fn max_generations(mut self, value: usize) -> Self {
        self.max_generations = value;
        self
    }

    /// Independent runs (default 5, as Gan et al. for the keyhole).
    pub fn runs(mut self, value: usize) -> Self {
        self.runs = value;
        self
    }

    /// Seed of all random streams (default 0). Each individual draws from its own ChaCha8 stream,
    /// keyed by seed, run, generation and place in the population.
    pub fn seed(mut self, value: u64) -> Self {
        self.seed = value;
        self
    }

    /// Most genes of a model (default 4, as GPTIPS). With 1, a single expression with linear
    /// scaling is searched.
    pub fn max_genes(mut self, value: usize) -> Self {
        self.max_genes = value;
        self
    }

    /// Greatest depth of a gene, a leaf having depth 0 (default 9; [`gan`](Self::gan) 3, the 4
    /// levels of GPTIPS, which bounds the complexity of a gene to 49).
    pub fn max_depth(mut self, value: usize) -> Self {
        self.max_depth = value;
        self
    }

    /// Most nodes of a gene (default 60; [`gan`](Self::gan) 40).
    pub fn max_nodes(mut self, value: usize) -> Self {
        self.max_nodes = value;
        self
    }

    /// Greatest complexity of a model, all genes together (default 400). A longer one is never fitted.
    /// It bounds the front, on whose ends its knee depends.
    pub fn max_complexity(mut self, value: usize) -> Self {
        self.max_complexity = value;
        self
    }

    /// Individuals drawn, with replacement, for a tournament (default 10, as GPTIPS).
    pub fn tournament_size(mut self, value: usize) -> Self {
        self.tournament_size = value;
        self
    }

    /// Probability that a tournament is decided by dominance in error and complexity instead of by
    /// error alone (default 0.5; GPTIPS: 0, its demonstrations 0.2 to 0.7; the paper used Pareto
    /// tournaments and names no value).
    pub fn pareto_probability(mut self, value: f64) -> Self {
        self.pareto_probability = value;
        self
    }

    /// Part of the population that is carried over unchanged: the undominated, then those of least
    /// error (default 0.15, as GPTIPS).
    pub fn elite_fraction(mut self, value: f64) -> Self {
        self.elite_fraction = value;
        self
    }

    /// Probability that a child comes from crossover (default 0.4; GPTIPS 0.84). What this and
    /// [`mutation_probability`](Self::mutation_probability) leave is a fresh random model. With
    /// fitted constants small steps pay: on noise-free rows of the depth law of Gan et al. (one
    /// gene, eight seeds of five runs) every search found the law, on 18 of 40 runs; with the values
    /// of GPTIPS five of eight, on 14 of 40.
    pub fn crossover_probability(mut self, value: f64) -> Self {
        self.crossover_probability = value;
        self
    }

    /// Probability that a child comes from mutation (default 0.58; GPTIPS 0.14).
    pub fn mutation_probability(mut self, value: f64) -> Self {
        self.mutation_probability = value;
        self
    }

    /// Probability that a crossover exchanges whole genes instead of subtrees (default 0.2, as
    /// GPTIPS); without effect for models of one gene.
    pub fn high_level_crossover_probability(mut self, value: f64) -> Self {
        self.high_level_crossover_probability = value;
        self
    }

    /// Probability of each gene to take part in such an exchange (default 0.5, as GPTIPS).
    pub fn gene_exchange_probability(mut self, value: f64) -> Self {
        self.gene_exchange_probability = value;
        self
    }

    /// Range of new constants before they are fitted (default -10 to 10, as GPTIPS).
    pub fn constant_range(mut self, low: f64, high: f64) -> Self {
        self.constant_range = (low, high);
        self
    }

    /// Probability that a random leaf is a constant (default 0.1, as GPTIPS).
    pub fn constant_probability(mut self, value: f64) -> Self {
        self.constant_probability = value;
        self
    }

    /// Levenberg-Marquardt steps on the inner constants of each new individual, from each of two
    /// starts that differ in sign (default 8; GPTIPS fits gene weights only). The models of the final front are fitted to convergence.
    pub fn fit_iterations(mut self, value: usize) -> Self {
        self.fit_iterations = value;
        self
    }

    /// The measure of complexity (default: expressional, as Gan et al.).
    pub fn complexity_measure(mut self, value: ComplexityMeasure) -> Self {
        self.measure = value;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] naming the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        let count = |name, value: usize, low: usize, high: usize, requirement| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(invalid(name, requirement, value))
            }
        };
        if self.operators.is_empty() {
            return Err(invalid("operators", "at least one operator", "none"));
        }
        count(
            "population_size",
            self.population_size,
            2,
            MAX_POPULATION,
            "from 2 to 1000000",
        )?;
        count(
            "max_generations",
            self.max_generations,
            0,
            u32::MAX as usize - 1,
            "below 4294967295",
        )?;
        count("runs", self.runs, 1, 10_000, "from 1 to 10000")?;
        count("max_genes", self.max_genes, 1, MAX_GENES, "from 1 to 10")?;
        count("max_depth", self.max_depth, 1, 30, "from 1 to 30")?;
        count(
            "max_nodes",
            self.max_nodes,
            3,
            MAX_GENE_NODES,
            "from 3 to 400",
        )?;
        count(
            "max_complexity",
            self.max_complexity,
            1,
            usize::MAX,
            "at least 1",
        )?;
        count(
            "tournament_size",
            self.tournament_size,
            1,
            MAX_POPULATION,
            "from 1 to 1000000",
        )?;
        for (name, value) in [
            ("pareto_probability", self.pareto_probability),
            ("elite_fraction", self.elite_fraction),
            ("crossover_probability", self.crossover_probability),
            ("mutation_probability", self.mutation_probability),
            (
                "high_level_crossover_probability",
                self.high_level_crossover_probability,
            ),
            ("gene_exchange_probability", self.gene_exchange_probability),
            ("constant_probability", self.constant_probability),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(invalid(name, "in [0, 1]", value));
            }
        }
        if self.crossover_probability + self.mutation_probability > 1.0 + 1e-12 {
            return Err(invalid(
                "mutation_probability",
                "at most 1 less the crossover probability",
                self.mutation_probability,
            ));
        }
        count(
            "enumeration_levels",
            self.enumeration_levels,
            0,
            5,
            "from 0 to 5",
        )?;
        if !(self.target_rmse >= 0.0 && self.target_rmse.is_finite()) {
            return Err(invalid(
                "target_rmse",
                "finite and not negative",
                self.target_rmse,
            ));
        }
        let (low, high) = self.constant_range;
        if !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()) {
            return Err(invalid(
                "constant_range",
                "finite and rising",
                format!("{low} to {high}"),
            ));
        }
        count(
            "fit_iterations",
            self.fit_iterations,
            0,
            10_000,
            "from 0 to 10000",
        )
    }

    /// Searches for laws that explain `data`.
    ///
    /// O(runs × generations × population × fit iterations × rows × nodes). On two cores some 45 000
    /// models of one gene are fitted a second to 71 rows, and in proportion fewer to more rows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]; [`Error::ConstantTarget`]; [`Error::TargetOutOfRange`];
    /// [`Error::AllColumnsConstant`];
    /// [`Error::TooFewRows`] below 4 rows; [`Error::NoValidModel`] when nothing was finite on all
    /// rows.
    pub fn fit(&self, data: &Data) -> Result<SearchResult> {
        self.fit_observed(data, |_| ControlFlow::Continue(()))
    }

    /// As [`fit`](Self::fit), calling `observer` after every generation. When it breaks, the
    /// search stops and returns what it has; the result says so.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_observed(
        &self,
        data: &Data,
        mut observer: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<SearchResult> {
        self.validate()?;
        data.check_searchable()?;
        let report = data.report();
        let variables: Vec<u16> = (0..data.n_columns())
            .filter(|&i| !report.constant_columns().contains(&data.names()[i]))
            .map(|i| i as u16)
            .collect();
        let by_arity = |n| {
            self.operators
                .iter()
                .copied()
                .filter(|o| o.arity() == n)
                .collect()
        };
        let alphabet = Alphabet {
            variables,
            unary: by_arity(1),
            binary: by_arity(2),
            constant_probability: self.constant_probability,
            constant_range: self.constant_range,
            max_depth: self.max_depth,
            max_nodes: self.max_nodes,
        };
        let mut watch = Watch::new(self, data);
        let mut enumeration = Enumeration::new(self, data, &alphabet);
        let mut reason = None;
        while reason.is_none() && enumeration.advance() {
            let progress = enumeration.progress();
            reason = watch.reason(&progress, &mut observer);
        }
        watch.add(enumeration.fits());
        let mut runs: Vec<RunResult> = Vec::with_capacity(self.runs);
        for run in 0..self.runs as u32 {
            let seeds = enumeration.found();
            // Stopped before evolution began: the seeds are the result.
            let mut evolution = if reason.is_some() {
                Evolution::of_seeds(self, data, &alphabet, run, seeds)
            } else {
                Evolution::start(self, data, &alphabet, run, seeds)
            };
            while reason.is_none() {
                reason = watch.reason(&evolution.progress(), &mut observer);
                if reason.is_some() || evolution.generation() == self.max_generations {
                    break;
                }
                evolution.advance();
            }
            watch.add(evolution.progress().evaluations);
            runs.push(evolution.finish(reason.unwrap_or(StopReason::MaxGenerations)));
            if reason.is_some() {
                break;
            }
        }
        let front = ParetoFront::merged(runs.iter().map(RunResult::front));
        if front.models().is_empty() {
            let evaluations = runs.iter().map(RunResult::evaluations).sum();
            return Err(Error::NoValidModel { evaluations });
        }
        Ok(SearchResult::new(
            front,
            runs,
            report,
            reason == Some(StopReason::Observer),
        ))
    }
}

fn invalid(name: &'static str, requirement: &'static str, found: impl std::fmt::Display) -> Error {
    Error::InvalidParameter {
        name,
        requirement,
        found: found.to_string(),
    }
}

/// Decides when a search ends.
struct Watch {
    started: Instant,
    time_limit: Option<Duration>,
    max_evaluations: u64,
    /// Models fitted in the parts of the search that are done.
    evaluations: u64,
    target_rmse: f64,
}

impl Watch {
    fn new(settings: &SymbolicRegressor, data: &Data) -> Self {
        let target = data.target();
        let rms = (dot(target, target) / target.len() as f64).sqrt();
        Self {
            started: Instant::now(),
            time_limit: settings.time_limit,
            max_evaluations: settings.max_evaluations,
            evaluations: 0,
            target_rmse: settings.target_rmse.max(EXACT * rms),
        }
    }

    fn add(&mut self, evaluations: u64) {
        self.evaluations += evaluations;
    }

    /// Why the search ends here, if it does.
    fn reason(
        &self,
        progress: &Progress,
        observer: &mut impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Option<StopReason> {
        if observer(progress).is_break() {
            Some(StopReason::Observer)
        } else if progress.best_rmse <= self.target_rmse {
            Some(StopReason::TargetError)
        } else if self.evaluations + progress.evaluations >= self.max_evaluations {
            Some(StopReason::MaxEvaluations)
        } else if self
            .time_limit
            .is_some_and(|limit| self.started.elapsed() >= limit)
        {
            Some(StopReason::TimeLimit)
        } else {
            None
        }
    }
}

/// Where a search stands.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The run, from 0.
    pub run: usize,
    /// How many runs there are.
    pub n_runs: usize,
    /// Generations done in this run.
    pub generation: usize,
    /// How many there are.
    pub max_generations: usize,
    /// Models fitted in this run.
    pub evaluations: u64,
    /// Least RMSE on the training rows so far; infinite if nothing was valid yet.
    pub best_rmse: f64,
    /// Models on the run's front; while enumerating, the models found.
    pub front_size: usize,
}
