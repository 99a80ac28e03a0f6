//! Equations that determine a value through itself, such as a depth whose absorptivity depends on the depth.

use crate::absorptivity::DepthAbsorptivity;
use crate::convergence::{Convergence, Reason};
use crate::error::{Error, Result};
use crate::law::ExponentialDepthLaw;

/// One solution of $x = g(x)$.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Root {
    /// The solution $x$.
    pub value: f64,
    /// How its refinement ended.
    pub convergence: Convergence,
}

/// What was found in the bracket.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FixedPoints {
    roots: Vec<Root>,
    jumps: Vec<Root>,
}

impl FixedPoints {
    /// The solutions in rising order; empty when there is none.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// The number of solutions.
    pub fn n_roots(&self) -> usize {
        self.roots.len()
    }

    /// Places where the function jumps over 0 without a solution.
    pub fn jumps(&self) -> &[Root] {
        &self.jumps
    }

    /// The solution, if there is exactly one.
    pub fn single(&self) -> Option<Root> {
        match self.roots.as_slice() {
            [root] => Some(*root),
            _ => None,
        }
    }
}

/// Finds all solutions of $x = g(x)$ in a bracket, by a scan for changes of sign and bisection of each.
///
/// A depth law is such an equation: the keyhole number holds the absorptivity, the absorptivity the depth. Putting the
/// measured depth into the absorptivity uses what is to be predicted; solving the equation does not.
///
/// Two solutions between neighboring points of the scan, and one that only touches, are missed; raise
/// [`n_intervals`](Self::n_intervals) where that can happen.
///
/// # Performance
///
/// `n_intervals` + 1 evaluations, and about 40 a solution.
///
/// # Examples
///
/// ```
/// use dimless::FixedPoint;
///
/// let cosine = FixedPoint::new(0.0, 2.0).solve(|x| Ok(f64::cos(x)))?;
/// let root = cosine.single().ok_or("one solution")?;
/// assert!((root.value - 0.739_085_133_215).abs() < 1e-11);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FixedPoint {
    low: f64,
    high: f64,
    n_intervals: usize,
    tolerance: f64,
    max_iterations: usize,
}

impl FixedPoint {
    /// A search between two values, both included.
    pub const fn new(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            n_intervals: 256,
            tolerance: 1e-12,
            max_iterations: 100,
        }
    }

    /// The number of intervals of the scan, at most a million; the default is 256.
    #[must_use]
    pub const fn n_intervals(mut self, n_intervals: usize) -> Self {
        self.n_intervals = n_intervals;
        self
    }

    /// The width of the bracket of a root at which its bisection stops, also relative to the root where that is larger
    /// than 1; the default is 1e-12.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The greatest number of bisections of a root; the default is 100.
    #[must_use]
    pub const fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        let invalid = |name, requirement, found| {
            Err(Error::InvalidParameter {
                name,
                requirement,
                found,
            })
        };
        if !(self.low.is_finite() && self.high.is_finite() && (self.high - self.low).is_finite()) {
            let found = format!("{} to {}", self.low, self.high);
            return invalid("bracket", "finite", found);
        }
        if self.low >= self.high {
            let found = format!("{} to {}", self.low, self.high);
            return invalid("bracket", "rising", found);
        }
        if !(1..=1_000_000).contains(&self.n_intervals) {
            return invalid("n_intervals", "1 to 1000000", self.n_intervals.to_string());
        }
        if !(self.tolerance.is_finite() && self.tolerance > 0.0) {
            return invalid(
                "tolerance",
                "finite and positive",
                self.tolerance.to_string(),
            );
        }
        Ok(())
    }

    /// All solutions of $x = g(x)$ that the scan separates.
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate) and of $g$; [`Error::InvalidValue`] where $g$ is not finite.
    pub fn solve(&self, mut g: impl FnMut(f64) -> Result<f64>) -> Result<FixedPoints> {
        self.validate()?;
        let mut excess = |x: f64| {
            let excess = g(x)? - x;
            if excess.is_finite() {
                return Ok(excess);
            }
            Err(Error::InvalidValue {
                name: format!("function at {x}"),
                row: None,
                requirement: "finite",
                found: excess,
            })
        };
        let width = (self.high - self.low) / self.n_intervals as f64;
        let mut found = FixedPoints {
            roots: Vec::new(),
            jumps: Vec::new(),
        };
        let mut left = (self.low, excess(self.low)?);
        for step in 1..=self.n_intervals {
            let x = if step == self.n_intervals {
                self.high
            } else {
                self.low + width * step as f64
            };
            let right = (x, excess(x)?);
            if left.1 == 0.0 {
                found.roots.push(self.exact(left.0));
            } else if right.1 != 0.0 && (left.1 > 0.0) != (right.1 > 0.0) {
                let root = self.bisect(left, right, &mut excess)?;
                match root.convergence.reason {
                    Reason::Jump => found.jumps.push(root),
                    _ => found.roots.push(root),
                }
            }
            left = right;
        }
        if left.1 == 0.0 {
            found.roots.push(self.exact(left.0));
        }
        Ok(found)
    }

    /// Solves for the keyhole depth in diameters, $e/d = f(\mathrm{Ke}_1\, \eta(e/d))$, where $\mathrm{Ke}_1$ is the
    /// keyhole number at the absorptivity 1.
    ///
    /// # Errors
    ///
    /// As [`solve`](Self::solve); the bracket must not reach below 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use dimless::{DepthAbsorptivity, ExponentialDepthLaw, FixedPoint};
    ///
    /// let law = ExponentialDepthLaw::published();
    /// let depths = FixedPoint::new(0.0, law.plateau()).solve_depth(1.5, &law, &DepthAbsorptivity::new(0.26))?;
    /// assert_eq!(depths.n_roots(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn solve_depth(
        &self,
        keyhole_number_at_unit_absorptivity: f64,
        law: &ExponentialDepthLaw,
        absorptivity: &DepthAbsorptivity,
    ) -> Result<FixedPoints> {
        self.solve(|depth| {
            law.predict(keyhole_number_at_unit_absorptivity * absorptivity.predict(depth)?)
        })
    }

    fn exact(&self, value: f64) -> Root {
        let convergence = Convergence {
            reason: Reason::Tolerance,
            iterations: 0,
            residual: 0.0,
            tolerance: self.tolerance,
        };
        Root { value, convergence }
    }

    /// Bisects between two points of opposite sign.
    fn bisect(
        &self,
        mut left: (f64, f64),
        mut right: (f64, f64),
        excess: &mut impl FnMut(f64) -> Result<f64>,
    ) -> Result<Root> {
        let first_step = (left.1 - right.1).abs();
        let mut iterations = 0;
        let is_narrow = |left: f64, right: f64| {
            let middle = left + (right - left) / 2.0;
            let tolerance = self.tolerance * left.abs().max(right.abs()).max(1.0);
            right - left <= tolerance || middle <= left || middle >= right
        };
        while iterations < self.max_iterations && !is_narrow(left.0, right.0) {
            let middle = left.0 + (right.0 - left.0) / 2.0;
            let value = excess(middle)?;
            iterations += 1;
            if value == 0.0 {
                (left, right) = ((middle, 0.0), (middle, 0.0));
            } else if (value > 0.0) == (left.1 > 0.0) {
                left = (middle, value);
            } else {
                right = (middle, value);
            }
        }
        let (value, residual) = if left.1.abs() <= right.1.abs() {
            (left.0, left.1.abs())
        } else {
            (right.0, right.1.abs())
        };
        // Across a continuous root the values on both sides shrink with the bracket; across a jump they stay.
        let stays = iterations >= 20 && (left.1 - right.1).abs() > 1e-3 * first_step;
        let reason = if stays {
            Reason::Jump
        } else if is_narrow(left.0, right.0) {
            Reason::Tolerance
        } else {
            Reason::MaxIterations
        };
        let convergence = Convergence {
            reason,
            iterations,
            residual,
            tolerance: self.tolerance,
        };
        Ok(Root { value, convergence })
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn finds_every_root_of_a_cubic() -> Result<()> {
        // x = x - (x-1)(x-2)(x-3) has the solutions 1, 2 and 3; 2 is a point of the scan.
        let found =
            FixedPoint::new(0.0, 4.0).solve(|x| Ok(x - (x - 1.0) * (x - 2.0) * (x - 3.0)))?;
        let values: Vec<f64> = found.roots().iter().map(|r| r.value).collect();
        assert_eq!(found.n_roots(), 3);
        for (value, expected) in values.into_iter().zip([1.0, 2.0, 3.0]) {
            // The tolerance of the bracket, relative.
            assert_relative_eq!(value, expected, max_relative = 1e-12);
        }
        assert!(found.single().is_none());
        Ok(())
    }

    #[test]
    fn roots_at_both_ends_are_counted_once() -> Result<()> {
        let found = FixedPoint::new(0.0, 1.0).solve(|x| Ok(x + x * (1.0 - x)))?;
        assert_eq!(found.n_roots(), 2);
        Ok(())
    }

    #[test]
    fn no_root_and_a_jump_are_data() -> Result<()> {
        let search = FixedPoint::new(0.0, 1.0);
        assert_eq!(search.solve(|x| Ok(x + 1.0))?.n_roots(), 0);
        let jump = search.solve(|x| Ok(x + if x < 0.3 { 1.0 } else { -1.0 }))?;
        assert_eq!((jump.n_roots(), jump.jumps().len()), (0, 1));
        assert_relative_eq!(jump.jumps()[0].value, 0.3, max_relative = 1e-11);
        assert_eq!(jump.jumps()[0].convergence.reason, Reason::Jump);
        let short = search.max_iterations(3).solve(|x| Ok(f64::cos(x)))?;
        let reasons: Vec<Reason> = short.roots().iter().map(|r| r.convergence.reason).collect();
        assert_eq!(reasons, [Reason::MaxIterations]);
        Ok(())
    }

    #[test]
    fn bad_parameters_and_functions_are_errors() {
        let identity = |x: f64| Ok(x);
        for search in [
            FixedPoint::new(1.0, 0.0),
            FixedPoint::new(f64::NAN, 0.0),
            FixedPoint::new(0.0, f64::INFINITY),
            FixedPoint::new(0.0, 1.0).n_intervals(0),
            FixedPoint::new(0.0, 1.0).n_intervals(usize::MAX),
            FixedPoint::new(0.0, 1.0).tolerance(0.0),
        ] {
            assert!(matches!(
                search.solve(identity),
                Err(Error::InvalidParameter { .. })
            ));
        }
        let nan = FixedPoint::new(0.0, 1.0).solve(|_| Ok(f64::NAN));
        assert!(matches!(nan, Err(Error::InvalidValue { .. })));
    }
}
