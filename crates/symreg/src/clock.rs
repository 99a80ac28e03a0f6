//! How long something has taken, where the machine can say so.

use std::time::{Duration, Instant};

/// Whether there is a clock: WebAssembly without a system has none, and asking for the time would trap.
pub(crate) const HAS_CLOCK: bool = !cfg!(all(target_family = "wasm", target_os = "unknown"));

/// A moment from which time is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Option<Instant>);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(HAS_CLOCK.then(Instant::now))
    }

    /// `None` without a clock.
    pub(crate) fn elapsed(self) -> Option<Duration> {
        self.0.map(|from| from.elapsed())
    }

    /// Whether a limit of time is over.
    pub(crate) fn is_over(self, limit: Option<Duration>) -> bool {
        limit.is_some_and(|limit| self.elapsed().is_some_and(|elapsed| elapsed >= limit))
    }
}
