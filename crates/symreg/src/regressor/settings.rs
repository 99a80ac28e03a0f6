//! The parameters of a search.

use std::time::Duration;

use super::SymbolicRegressor;
use crate::complexity::ComplexityMeasure;
use crate::constraints::Constraints;
use crate::descent::ConstantOptimizer;
use crate::loss::Loss;
use crate::mutation::MutationWeights;
use crate::operator::Operator;
use crate::selection::Selection;

impl SymbolicRegressor {
    /// How far enumeration goes before evolution starts (default 3; 0 leaves it out, 5 is the most). Each
    /// level repeats the one before with more of everything: about 0.1, 0.2, 1, 3 and 20 seconds of one
    /// core for a hundred rows; fits to all rows of a table of 10⁵ take a level to some ten seconds, unless
    /// [`sampled_rows`](Self::sampled_rows) says fewer. No limit of time ends a level within. A search stops after the level that has found an exact law.
    pub fn enumeration_levels(mut self, value: usize) -> Self {
        self.enumeration_levels = value;
        self
    }

    /// [Error](crate::Progress::best_error) on the training rows at which the search stops (default 0): the RMSE for squares. A law
    /// that is exact to rounding, an error of 1e-12 of the target's root mean square, always stops it; the runs that are left
    /// are not made.
    pub fn target_error(mut self, value: f64) -> Self {
        self.target_error = value;
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

    /// What every law must meet (default nothing).
    pub fn constraints(mut self, value: Constraints) -> Self {
        self.constraints = value;
        self
    }

    /// What fits minimize and fronts rank by (default: squared residuals).
    pub fn loss(mut self, value: Loss) -> Self {
        self.loss = value;
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

    /// The number of the first run (default 0; at most a million). Run 7 has the same random numbers in every search with the same
    /// seed, so processes or machines can share the runs of one search: each does its own, writes them by
    /// [`RunControl::checkpoint`](crate::RunControl::checkpoint), and [`SearchResult::merged`](crate::SearchResult::merged) puts
    /// together what [`fit_controlled`](Self::fit_controlled) reads from their files. Each process enumerates for itself.
    pub fn first_run(mut self, value: usize) -> Self {
        self.first_run = value;
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

    /// Fits that a run remembers by their structure (default 10 000, some 2 MB; at most a million; 0: none). A model whose structure
    /// was fitted before takes those constants and that error and is no evaluation.
    pub fn remembered_fits(mut self, value: usize) -> Self {
        self.remembered_fits = value;
        self
    }

    /// Rows that a search works on (default 0: all): for tables of many thousand rows, whose time is in proportion to them.
    ///
    /// So many rows are drawn by the seed, without repetition, and enumeration and evolution see no others. The laws of the fronts
    /// are then fitted to all rows, and [`RunResult::history`](crate::RunResult::history) alone stays that of the sample.
    /// A law that is undefined on a row outside the sample is dropped. Bounds and units are those of all rows.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Data, SymbolicRegressor};
    /// let x: Vec<f64> = (1..20_000).map(|i| 0.001 * f64::from(i)).collect();
    /// let y = x.iter().map(|x| 2.0 - 1.5 * (-0.8 * x).exp() + 1e-3 * (1e4 * x).sin()).collect();
    /// let data = Data::from_columns([("x", x)], ("y", y))?;
    /// let search = SymbolicRegressor::new().sampled_rows(200).population_size(50).max_generations(2).runs(1);
    /// let law = search.fit(&data)?.front().shortest(&data)?.ok_or("no law")?.clone();
    /// assert_eq!(law.to_infix_rounded(2), "2-1.5*exp(-0.8*x)");
    /// assert_eq!(law.n_rows(), 19_999);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sampled_rows(mut self, value: usize) -> Self {
        self.sampled_rows = value;
        self
    }

    /// The measure of complexity (default: expressional, as Gan et al.).
    pub fn complexity_measure(mut self, value: ComplexityMeasure) -> Self {
        self.measure = value;
        self
    }

    /// Islands of each run (default 1): populations of [`population_size`](Self::population_size) each, which
    /// evolve apart and exchange individuals by [`migration_interval`](Self::migration_interval). A
    /// generation fits as many times more models.
    pub fn islands(mut self, value: usize) -> Self {
        self.islands = value;
        self
    }

    /// Generations between two migrations (default 5; 0 for none). Without effect on a single island.
    pub fn migration_interval(mut self, value: usize) -> Self {
        self.migration_interval = value;
        self
    }

    /// Individuals that each island sends to the next one of the ring (default 10): the undominated, the more
    /// accurate first, then those of least error. They take the places of the worst there.
    pub fn migration_size(mut self, value: usize) -> Self {
        self.migration_size = value;
        self
    }

    /// How parents are chosen and who survives (default [`Selection::ParetoTournament`]).
    pub fn selection(mut self, value: Selection) -> Self {
        self.selection = value;
        self
    }

    /// How often each kind of mutation is chosen (default [`MutationWeights::new`]).
    pub fn mutations(mut self, value: MutationWeights) -> Self {
        self.mutations = value;
        self
    }

    /// How the inner constants of new models are fitted (default
    /// [`ConstantOptimizer::LevenbergMarquardt`]). Enumeration, guesses and the models of the final front are fitted
    /// by Levenberg-Marquardt in any case. With [`ConstantOptimizer::GradientDescent`],
    /// [`fit_iterations`](Self::fit_iterations) has no effect on evolution.
    pub fn constant_optimizer(mut self, value: ConstantOptimizer) -> Self {
        self.optimizer = value;
        self
    }
}
