//! Where a search stands.

/// What a search is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Phase {
    /// It goes through the levels of enumeration.
    Enumeration,
    /// It evolves the islands of a run.
    Evolution,
}

/// Where a search stands after a level of enumeration or a generation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Progress {
    /// What was done last.
    pub phase: Phase,
    /// The run, from 0.
    pub run: usize,
    /// How many runs there are.
    pub n_runs: usize,
    /// Generations done in this run.
    pub generation: usize,
    /// How many there are.
    pub max_generations: usize,
    /// Levels of enumeration done.
    pub level: usize,
    /// How many there are.
    pub n_levels: usize,
    /// Models fitted in this run, or while enumerating.
    pub evaluations: u64,
    /// Models fitted in the whole search.
    pub total_evaluations: u64,
    /// Least error on the training rows so far in this run: the root of the mean of what is minimized, so the RMSE for squares and
    /// the root of twice the mean [`Loss`](crate::Loss) for another; infinite if nothing was valid yet.
    pub best_error: f64,
    /// Models on the run's front; while enumerating, the models found.
    pub front_size: usize,
}
