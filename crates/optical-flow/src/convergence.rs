//! How an iterative method ended.

/// Why an iterative method stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StopReason {
    /// The measure that the tolerance bounds fell below it.
    Tolerance,
    /// The iterations were used up first.
    MaxIterations,
    /// The data are exactly solved by the start, for example by zero motion.
    Exact,
}

/// How the solver of one system of equations ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Convergence {
    /// Why it stopped.
    pub reason: StopReason,
    /// Sweeps or cycles that were made.
    pub iterations: usize,
    /// True relative residual $\lVert b - Ax\rVert_2/\lVert b\rVert_2$ of the linear system at the end; for [`TvL1`](crate::TvL1), which solves none, the root
    /// mean square change of the last iteration in px.
    pub residual: f64,
    /// The last relative change of the field, $\lVert\Delta u\rVert_2/\lVert u\rVert_2$, where the solver measures it; px for [`TvL1`](crate::TvL1).
    pub update: Option<f64>,
    /// The bound on the residual or the change, whichever the solver stops by.
    pub tolerance: f64,
}

impl Convergence {
    /// A system whose solution is the start.
    pub(crate) fn exact(tolerance: f64) -> Self {
        Self {
            reason: StopReason::Exact,
            iterations: 0,
            residual: 0.0,
            update: None,
            tolerance,
        }
    }

    /// Whether the stopping measure fell below its tolerance.
    pub fn is_converged(&self) -> bool {
        self.reason != StopReason::MaxIterations
    }
}

/// What happened on one level of the pyramid.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LevelReport {
    /// Rows of the level.
    pub n_rows: usize,
    /// Columns of the level.
    pub n_columns: usize,
    /// One entry a warp, in the order they were made.
    pub solves: Vec<Convergence>,
    /// Root mean square of the brightness difference, in intensity units, before the level's first warp.
    pub difference_before: f64,
    /// The same with the level's result.
    pub difference_after: f64,
    /// Whether the result of this level was dropped, as it explained the frames worse than its start.
    pub rejected: bool,
    /// Pixels whose update was cut to the limit in the last warp.
    pub clamped: usize,
}
