//! When a search ends.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::Data;
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
    started: Instant,
    time_limit: Option<Duration>,
    max_evaluations: u64,
    target_rmse: f64,
    stopper: Option<Stopper>,
}

impl Watch {
    pub(crate) fn new(settings: &SymbolicRegressor, data: &Data, stopper: Option<Stopper>) -> Self {
        let target = data.target();
        let rms = (dot(target, target) / target.len() as f64).sqrt();
        Self {
            started: Instant::now(),
            time_limit: settings.time_limit,
            max_evaluations: settings.max_evaluations,
            target_rmse: settings.target_rmse.max(EXACT * rms),
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
        } else if progress.best_rmse <= self.target_rmse {
            Some(StopReason::TargetError)
        } else if progress.total_evaluations >= self.max_evaluations {
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
