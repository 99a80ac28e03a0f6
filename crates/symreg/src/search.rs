//! A search as a machine of steps: the levels of enumeration, then the generations of each run.

use std::borrow::Cow;

use rand::seq::index;

use crate::constraints::Rules;
use crate::context::Context;
use crate::evolution::{ClosedRun, Run};
use crate::population::{Alphabet, Individual};
use crate::progress::{Phase, Progress};
use crate::random::{Purpose, stream};
use crate::regressor::SymbolicRegressor;
use crate::search_result::{RunResult, SearchResult, StopReason};
use crate::seeding::Enumeration;
use crate::starts;
use crate::{Data, Error, ParetoFront, Result};

/// A search that the caller drives, one level of enumeration or one generation at a time.
///
/// [`SymbolicRegressor::fit`] does the same in one call and applies its rules for stopping (target error,
/// evaluations, time), which are the caller's affair here.
///
/// # Examples
///
/// ```
/// use symreg::{Data, SymbolicRegressor};
/// let x: Vec<f64> = (1..30).map(f64::from).collect();
/// let y = x.iter().map(|x| 3.0 * x.sqrt() + 0.01 * (7.0 * x).sin()).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let settings = SymbolicRegressor::gan().population_size(50).max_generations(3).runs(1);
/// let mut search = settings.search(&data)?;
/// while search.advance() {
///     println!("{:?}", search.progress());
/// }
/// assert_eq!(search.finish()?, settings.fit(&data)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub(crate) settings: SymbolicRegressor,
    pub(crate) data: &'a Data,
    /// The rows that enumeration and evolution see.
    sample: Cow<'a, Data>,
    alphabet: Alphabet,
    rules: Rules,
    guesses: Vec<Individual>,
    pub(crate) enumeration: Enumeration,
    pub(crate) closed: Vec<ClosedRun>,
    pub(crate) run: Option<Run>,
    reason: Option<StopReason>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(settings: &SymbolicRegressor, data: &'a Data) -> Result<Self> {
        settings.validate()?;
        data.check_searchable()?;
        let rules = Rules::new(&settings.constraints, data)?;
        let sample = sample_of(settings, data)?;
        Ok(Self {
            guesses: starts::individuals(settings, &sample, &rules)?,
            rules,
            settings: settings.clone(),
            data,
            sample,
            alphabet: Alphabet::new(settings, data),
            enumeration: Enumeration::default(),
            closed: Vec::new(),
            run: None,
            reason: None,
        })
    }

    fn context(&self) -> Context<'_> {
        Context {
            settings: &self.settings,
            data: &self.sample,
            alphabet: &self.alphabet,
            rules: &self.rules,
        }
    }

    /// Guesses, then what enumeration found.
    fn seeds(&self) -> Vec<Individual> {
        [self.guesses.as_slice(), &self.enumeration.found].concat()
    }

    /// Goes through the next level of enumeration or the next generation; `false` when all runs are done.
    pub fn advance(&mut self) -> bool {
        if self.reason.is_some() {
            return false;
        }
        let context = Context {
            settings: &self.settings,
            data: &self.sample,
            alphabet: &self.alphabet,
            rules: &self.rules,
        };
        match self.run.take() {
            Some(mut run) if run.generation < self.settings.max_generations => {
                run.advance(context);
                self.run = Some(run);
                return true;
            }
            Some(run) => self.closed.push(run.close(self.sample.n_rows())),
            None if self.closed.is_empty() && self.enumeration.advance(context) => return true,
            None => {}
        }
        if self.closed.len() == self.settings.runs {
            self.reason = Some(StopReason::MaxGenerations);
            return false;
        }
        let index = (self.settings.first_run + self.closed.len()) as u32;
        let run = Run::start(self.context(), index, &self.seeds(), self.guesses.len());
        self.run = Some(run);
        true
    }

    /// Where the search stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let done: u64 = self.closed.iter().map(|r| r.evaluations).sum();
        let before = self.guesses.len() as u64 + self.enumeration.fits + done;
        if let Some(run) = &self.run {
            let mut progress = run.progress(self.context());
            progress.total_evaluations += before;
            return progress;
        }
        let seeds = self.guesses.iter().chain(&self.enumeration.found);
        let best = seeds.map(|i| i.sse).fold(f64::INFINITY, f64::min);
        Progress {
            phase: Phase::Enumeration,
            run: 0,
            n_runs: self.settings.runs,
            generation: 0,
            max_generations: self.settings.max_generations,
            level: self.enumeration.level,
            n_levels: self.settings.enumeration_levels,
            evaluations: before,
            total_evaluations: before,
            best_error: (best / self.sample.n_rows() as f64).sqrt(),
            front_size: self.guesses.len() + self.enumeration.found.len(),
        }
    }

    /// Ends the search where it stands.
    pub(crate) fn stop(&mut self, reason: StopReason) {
        self.reason = Some(reason);
    }

    /// The fronts of all runs, fitted to convergence. A run that is not at its end counts as stopped by an observer.
    ///
    /// # Errors
    ///
    /// [`Error::NoValidModel`] when nothing was finite on all rows and met the constraints.
    pub fn finish(mut self) -> Result<SearchResult> {
        let rows = self.sample.n_rows();
        let mut last = StopReason::MaxGenerations;
        if let Some(run) = self.run.take() {
            last = self.reason.unwrap_or(StopReason::Observer);
            self.closed.push(run.close(rows));
        } else if self.closed.is_empty() {
            // Stopped before evolution began: what enumeration found is the result.
            last = self.reason.unwrap_or(StopReason::Observer);
            let index = self.settings.first_run as u32;
            self.closed
                .push(Run::of_seeds(index, &self.seeds()).close(rows));
        }
        let closed = std::mem::take(&mut self.closed);
        let count = closed.len();
        let all_rows = Context {
            data: self.data,
            ..self.context()
        };
        let runs: Vec<RunResult> = closed
            .into_iter()
            .enumerate()
            .map(|(k, run)| {
                let reason = if k + 1 == count {
                    last
                } else {
                    StopReason::MaxGenerations
                };
                run.finish(all_rows, reason)
            })
            .collect();
        let front = ParetoFront::merged(runs.iter().map(RunResult::front));
        if front.models().is_empty() {
            let evaluations = runs.iter().map(RunResult::evaluations).sum();
            return Err(Error::NoValidModel {
                evaluations,
                constraints: self.rules.kinds(),
            });
        }
        let stopped = matches!(last, StopReason::Observer | StopReason::Signal);
        Ok(SearchResult::new(front, runs, self.data.report(), stopped))
    }
}

/// The rows that a search works on, in their order.
fn sample_of<'a>(settings: &SymbolicRegressor, data: &'a Data) -> Result<Cow<'a, Data>> {
    let (n, most) = (data.n_rows(), settings.sampled_rows);
    if most == 0 || n <= most {
        return Ok(Cow::Borrowed(data));
    }
    let mut rng = stream(settings.seed, 0, 0, 0, Purpose::Sample);
    let mut rows = index::sample(&mut rng, n, most).into_vec();
    rows.sort_unstable();
    let sample = data.at(&rows);
    sample.check_searchable()?;
    Ok(Cow::Owned(sample))
}

impl Alphabet {
    pub(crate) fn new(settings: &SymbolicRegressor, data: &Data) -> Self {
        let report = data.report();
        let by_arity = |n| {
            settings
                .operators
                .iter()
                .copied()
                .filter(|o| o.arity() == n)
                .collect()
        };
        Self {
            variables: (0..data.n_columns())
                .filter(|&i| !report.constant_columns().contains(&data.names()[i]))
                .map(|i| i as u16)
                .collect(),
            unary: by_arity(1),
            binary: by_arity(2),
            constant_probability: settings.constant_probability,
            constant_range: settings.constant_range,
            max_depth: settings.max_depth,
            max_nodes: settings.max_nodes,
        }
    }
}
