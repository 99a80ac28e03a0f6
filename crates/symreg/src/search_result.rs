//! What a search returns.

use crate::data::DataReport;
use crate::front::ParetoFront;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StopReason {
    /// All generations were done.
    MaxGenerations,
    /// The observer asked to stop.
    Observer,
    /// A [`Stopper`](crate::Stopper) was thrown.
    Signal,
    /// A law reached the target error, or is exact to rounding.
    TargetError,
    /// The allowed number of fits was made.
    MaxEvaluations,
    /// The time was over.
    TimeLimit,
}

/// Complexity and error of one individual of a last generation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CandidatePoint {
    /// Complexity of the genes, summed.
    pub complexity: usize,
    /// Error on the training rows, as [`Progress::best_error`](crate::Progress::best_error).
    pub error: f64,
    /// Number of genes.
    pub n_genes: usize,
}

/// The outcome of one independent run.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RunResult {
    front: ParetoFront,
    last_generation: Vec<CandidatePoint>,
    history: Vec<f64>,
    generations: usize,
    evaluations: u64,
    stop_reason: StopReason,
}

impl RunResult {
    pub(crate) fn new(
        front: ParetoFront,
        last_generation: Vec<CandidatePoint>,
        history: Vec<f64>,
        generations: usize,
        evaluations: u64,
        stop_reason: StopReason,
    ) -> Self {
        Self {
            front,
            last_generation,
            history,
            generations,
            evaluations,
            stop_reason,
        }
    }

    /// The front of all models that the run evaluated, fitted to convergence.
    #[must_use]
    pub fn front(&self) -> &ParetoFront {
        &self.front
    }

    /// Complexity and error of the individuals of the last generation that are finite on all rows.
    #[must_use]
    pub fn last_generation(&self) -> &[CandidatePoint] {
        &self.last_generation
    }

    /// Least RMSE after each generation, the initial one first.
    #[must_use]
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// Generations done.
    #[must_use]
    pub fn generations(&self) -> usize {
        self.generations
    }

    /// Models fitted.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Why the run ended.
    #[must_use]
    pub fn stop_reason(&self) -> StopReason {
        self.stop_reason
    }
}

/// The outcome of a search.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SearchResult {
    front: ParetoFront,
    runs: Vec<RunResult>,
    data_report: DataReport,
    stopped: bool,
}

impl SearchResult {
    pub(crate) fn new(
        front: ParetoFront,
        runs: Vec<RunResult>,
        data_report: DataReport,
        stopped: bool,
    ) -> Self {
        Self {
            front,
            runs,
            data_report,
            stopped,
        }
    }

    /// The runs of several searches of the same rows together, such as those that
    /// [`first_run`](crate::SymbolicRegressor::first_run) has shared out; `None` of none.
    ///
    /// In the order of their runs this is, to the bit, what one search of all runs gives.
    #[must_use]
    pub fn merged(results: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut results = results.into_iter();
        let mut whole = results.next()?;
        for part in results {
            whole.runs.extend(part.runs);
            whole.stopped |= part.stopped;
        }
        whole.front = ParetoFront::merged(whole.runs.iter().map(RunResult::front));
        Some(whole)
    }

    /// The front of all runs together.
    #[must_use]
    pub fn front(&self) -> &ParetoFront {
        &self.front
    }

    /// Each run by itself, to see whether they agree.
    #[must_use]
    pub fn runs(&self) -> &[RunResult] {
        &self.runs
    }

    /// What the rows could not tell from the start.
    #[must_use]
    pub fn data_report(&self) -> &DataReport {
        &self.data_report
    }

    /// Whether the observer or a [`Stopper`](crate::Stopper) ended the search early.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.stopped
    }
}
