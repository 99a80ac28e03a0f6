//! The search: several independent runs of genetic programming.

mod settings;
mod validation;

use std::ops::ControlFlow;
use std::time::Duration;

#[cfg(doc)]
use crate::Error;
use crate::checkpoint;
use crate::complexity::ComplexityMeasure;
use crate::constraints::Constraints;
use crate::control::RunControl;
use crate::descent::ConstantOptimizer;
use crate::loss::Loss;
use crate::mutation::MutationWeights;
use crate::operator::Operator;
use crate::progress::Progress;
use crate::search::Search;
use crate::search_result::SearchResult;
use crate::selection::Selection;
use crate::watch::Watch;
use crate::{Data, Result};

/// Searches a table for short formulas.
///
/// A candidate is a model $b + \sum_i w_i g_i(x)$ of one or more genes (GPTIPS form). Bias,
/// weights and the constants inside the genes are fitted to the training rows, so the search only
/// has to find structures.
///
/// Enumeration comes first: sums of small formulas in several forms of the target, products and quotients,
/// screened in closed form ([`enumeration_levels`](Self::enumeration_levels)). Evolution starts from the best
/// of them. Parents are chosen by Pareto tournament on error and expressional complexity, or otherwise
/// ([`selection`](Self::selection)), on one island or several, and each run keeps the front of all that it has
/// evaluated.
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
    pub(crate) first_run: usize,
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
    pub(crate) remembered_fits: usize,
    pub(crate) sampled_rows: usize,
    pub(crate) measure: ComplexityMeasure,
    pub(crate) enumeration_levels: usize,
    pub(crate) islands: usize,
    pub(crate) migration_interval: usize,
    pub(crate) migration_size: usize,
    pub(crate) selection: Selection,
    pub(crate) mutations: MutationWeights,
    pub(crate) optimizer: ConstantOptimizer,
    pub(crate) guesses: Vec<String>,
    /// Texts of the genes of each model.
    pub(crate) warm_models: Vec<Vec<String>>,
    pub(crate) constraints: Constraints,
    pub(crate) loss: Loss,
    pub(crate) target_error: f64,
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
            first_run: 0,
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
            remembered_fits: 10_000,
            sampled_rows: 0,
            measure: ComplexityMeasure::Expressional,
            enumeration_levels: 3,
            islands: 1,
            migration_interval: 5,
            migration_size: 10,
            selection: Selection::ParetoTournament,
            mutations: MutationWeights::new(),
            optimizer: ConstantOptimizer::LevenbergMarquardt,
            guesses: Vec::new(),
            warm_models: Vec::new(),
            constraints: Constraints::new(),
            loss: Loss::Squared,
            target_error: 0.0,
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
            remembered_fits: 0,
            sampled_rows: 0,
            ..Self::new()
        }
    }

    /// A search to be driven step by step.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), except [`Error::NoValidModel`].
    pub fn search<'a>(&self, data: &'a Data) -> Result<Search<'a>> {
        Search::new(self, data)
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
    /// [`Error::TooFewRows`] below 4 rows; [`Error::Guess`]; [`Error::NoValidModel`] when nothing was
    /// finite on all rows.
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
        observer: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<SearchResult> {
        self.fit_controlled(data, &RunControl::new(), observer)
    }

    /// As [`fit_observed`](Self::fit_observed), with files to go on from and a switch that stops it.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), and [`Error::Checkpoint`] for a file that cannot be written, read, or used.
    pub fn fit_controlled(
        &self,
        data: &Data,
        control: &RunControl,
        mut observer: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<SearchResult> {
        let watch = Watch::new(self, data, control.stopper.clone());
        let loaded = match &control.checkpoint {
            Some(path) if control.resume => checkpoint::load(path, self, data)?,
            _ => None,
        };
        let mut unsaved = 0;
        let save = |search: &Search| match &control.checkpoint {
            Some(path) => checkpoint::save(path, search),
            None => Ok(()),
        };
        // The state of a file was not judged before the process ended.
        let mut is_resumed = loaded.is_some();
        let mut search = match loaded {
            Some(search) => search,
            None => self.search(data)?,
        };
        while is_resumed || search.advance() {
            if !is_resumed {
                unsaved += 1;
                if unsaved > control.extra_steps {
                    save(&search)?;
                    unsaved = 0;
                }
            }
            is_resumed = false;
            if let Some(reason) = watch.reason(&search.progress(), &mut observer) {
                if unsaved > 0 {
                    save(&search)?;
                }
                search.stop(reason);
            }
        }
        search.finish()
    }
}
