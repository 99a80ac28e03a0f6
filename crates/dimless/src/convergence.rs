//! How an iteration ended.

/// Why an iteration stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// The residual is within the tolerance.
    Tolerance,
    /// The greatest number of iterations was reached first.
    MaxIterations,
    /// The function jumps over 0 here: a change of sign, but no root.
    Jump,
    /// No step makes the result better, to rounding.
    NoProgress,
}

/// How an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Convergence {
    /// Why it stopped.
    pub reason: Reason,
    /// The number of iterations: bisections for a root, steps for exponents.
    pub iterations: usize,
    /// What was left: $|g(x) - x|$ for a root, the relative gain of the last step for exponents.
    pub residual: f64,
    /// What was asked for: the width of the bracket of a root, the relative gain for exponents.
    pub tolerance: f64,
}
