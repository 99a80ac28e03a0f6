//! When a search ends.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::Data;
use crate::clock::Clock;
use crate::control::Stopper;
use crate::linear::dot;
use crate::progress::Progress;
use crate::regressor::SymbolicRegressor;
use crate::search_result::StopReason;

/// Error relative to the root mean square of the target at which a law is exact to rounding.
const EXACT: f64 = 1e-12;

/// Decides when a search ends.
#[derive(Debug)]
pub(crate) struct Watch {
    started: Clock,
    time_limit: Option<Duration>,
    max_evaluations: u64,
    target_error: f64,
    stopper: Option<Stopper>,
}

impl Watch {
    pub(crate) fn new(settings: &SymbolicRegressor, data: &Data, stopper: Option<Stopper>) -> Self {
        let target = data.target();
        let rms = (dot(target, target) / target.len() as f64).sqrt();
        Self {
            started: Clock::start(),
            time_limit: settings.time_limit,
            max_evaluations: settings.max_evaluations,
            target_error: settings.target_error.max(EXACT * rms),
            stopper,
        }
    }

    /// Why the search ends here, if it does.
    pub(crate) fn reason(
        &self,
        progress: &Progress,
        observer: &mut impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Option<StopReason> {
        if observer(progress).is_break() {
            Some(StopReason::Observer)
        } else if self.stopper.as_ref().is_some_and(Stopper::is_stopped) {
            Some(StopReason::Signal)
        } else if progress.best_error <= self.target_error {
            Some(StopReason::TargetError)
        } else if progress.total_evaluations >= self.max_evaluations {
            Some(StopReason::MaxEvaluations)
        } else if self.started.is_over(self.time_limit) {
            Some(StopReason::TimeLimit)
        } else {
            None
        }
    }
}
