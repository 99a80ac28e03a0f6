//! What goes on around a search: stopping it from outside, and files to go on from.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that ends a search from another thread or from a signal handler.
///
/// Copies share the switch. The search ends after the generation, or the level of enumeration, in which it is thrown.
///
/// # Examples
///
/// The flag may be set by anything, such as the function `signal_hook::flag::register(SIGINT, stopper.flag())`:
///
/// ```
/// use symreg::{Data, RunControl, StopReason, Stopper, SymbolicRegressor};
/// use std::ops::ControlFlow;
/// let x: Vec<f64> = (1..30).map(f64::from).collect();
/// let y = x.iter().map(|x| x.sqrt() + (0.1 * x).sin()).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let stopper = Stopper::new();
/// let control = RunControl::new().stopper(&stopper);
/// let search = SymbolicRegressor::gan().population_size(30).runs(1);
/// let result = search.fit_controlled(&data, &control, |progress| {
///     if progress.generation == 2 {
///         stopper.stop();
///     }
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(result.runs()[0].stop_reason(), StopReason::Signal);
/// assert_eq!(result.runs()[0].generations(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stopper {
    flag: Arc<AtomicBool>,
}

impl Stopper {
    /// A switch that is not thrown.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Throws the switch.
    pub fn stop(&self) {
        self.flag.store(true, Ordering::SeqCst);
    }

    /// Whether it was thrown.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// The switch itself: `true` stops.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }
}

impl From<Arc<AtomicBool>> for Stopper {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self { flag }
    }
}

/// What goes on around a search: see [`SymbolicRegressor::fit_controlled`](crate::SymbolicRegressor::fit_controlled).
///
/// # Examples
///
/// The same call starts a search and goes on with one that was killed:
///
/// ```
/// use symreg::{Data, RunControl, SymbolicRegressor};
/// use std::ops::ControlFlow;
/// let x: Vec<f64> = (1..30).map(f64::from).collect();
/// let y = x.iter().map(|x| x.sqrt() + (0.1 * x).sin()).collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let folder = std::env::temp_dir().join(format!("symreg-control-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// let control = RunControl::new().checkpoint(folder.join("search")).resume(true);
/// let search = SymbolicRegressor::gan().population_size(30).max_generations(4).runs(1);
/// // Stopped in the middle.
/// search.fit_controlled(&data, &control, |p| match p.generation {
///     2 => ControlFlow::Break(()),
///     _ => ControlFlow::Continue(()),
/// })?;
/// let resumed = search.fit_controlled(&data, &control, |_| ControlFlow::Continue(()))?;
/// assert_eq!(resumed, search.fit(&data)?);
/// std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RunControl {
    pub(crate) stopper: Option<Stopper>,
    pub(crate) checkpoint: Option<PathBuf>,
    /// Steps between two files, less one.
    pub(crate) extra_steps: usize,
    pub(crate) resume: bool,
}

impl RunControl {
    /// No switch and no file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A switch that ends the search (default none).
    pub fn stopper(mut self, value: &Stopper) -> Self {
        self.stopper = Some(value.clone());
        self
    }

    /// A file that the search writes its state to (default none), replacing what is there.
    ///
    /// It is written to a file of the same name with `.partial` at the end, forced to the disk and renamed, so
    /// that the file is whole whenever the process or the machine dies. It stays when the search is over.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }

    /// Generations and levels of enumeration from one file to the next (default 1; 0 counts as 1). When the search
    /// is stopped, its state is written in any case.
    pub fn checkpoint_interval(mut self, value: usize) -> Self {
        self.extra_steps = value.saturating_sub(1);
        self
    }

    /// Whether the search goes on from its file, if there is one (default: it begins anew). Its result has the bits of a search
    /// that was never interrupted; the observer sees the state of the file again. A time limit counts from the call. Closures cannot
    /// be told apart: a loss, an operator or a predicate of one's own has to be the one that the file was written with.
    pub fn resume(mut self, value: bool) -> Self {
        self.resume = value;
        self
    }
}
