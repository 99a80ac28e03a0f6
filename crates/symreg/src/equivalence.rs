//! Whether two expressions are the same function.

use rand::RngExt;

use crate::interval::Interval;
use crate::random::{Purpose, stream};
use crate::{Error, Expression, Result};

/// Points at which two expressions are compared.
const POINTS: usize = 64;
/// Largest relative difference that counts as rounding.
const TOLERANCE: f64 = 1e-9;

/// The comparison of two expressions at random points.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Equivalence {
    /// Points of the 64 at which the values were compared: both finite, and neither so sensitive
    /// to the inputs that rounding alone moves it by more than the tolerance.
    pub compared: usize,
    /// Points at which one value is finite and the other is not.
    pub defined_once: usize,
    /// Largest relative difference at the points compared.
    pub largest_difference: f64,
}

impl Equivalence {
    /// Whether the expressions agree to 1e-9 relative at all points compared, these are at least half of
    /// all, and nowhere only one of them is defined.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.compared >= POINTS / 2
            && self.defined_once == 0
            && self.largest_difference <= TOLERANCE
    }
}

impl Expression {
    /// Compares two expressions at 64 points drawn evenly, with a fixed seed, from a box whose side
    /// `i` is the range of variable `i`. No constant is fitted.
    ///
    /// This is the test by which a law counts as found in data without noise. The box is best wider
    /// than that of the rows, as [`Data::widened_ranges`](crate::Data::widened_ranges)`(0.25)` gives
    /// it, so that a close fit is not taken for the law.
    ///
    /// # Errors
    ///
    /// [`Error::VariableOutOfRange`] if a variable has no side; [`Error::InvalidParameter`] for a
    /// side that is not bounded.
    ///
    /// # Examples
    ///
    /// ```
    /// use symreg::{Expression, Interval};
    /// let sides = [Interval::new(0.1, 2.0)?];
    /// let law = Expression::parse("(1-exp(-2*x))/(1+exp(-2*x))", &["x"])?;
    /// assert!(law.equivalence(&Expression::parse("tanh(x)", &["x"])?, &sides)?.holds());
    /// assert!(!law.equivalence(&Expression::parse("erf(0.88*x)", &["x"])?, &sides)?.holds());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn equivalence(&self, other: &Self, sides: &[Interval]) -> Result<Equivalence> {
        self.check_variables(sides.len())?;
        other.check_variables(sides.len())?;
        if let Some(side) = sides.iter().find(|s| !s.is_bounded()) {
            return Err(Error::InvalidParameter {
                name: "sides",
                requirement: "bounded",
                found: format!("{} to {}", side.low(), side.high()),
            });
        }
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(sides.len());
        for (j, side) in sides.iter().enumerate() {
            let mut rng = stream(0, 0, 1, j as u64, Purpose::TestPoints);
            let point = |_| {
                let share = rng.random::<f64>();
                // Without forming the width, which may overflow.
                side.low() * (1.0 - share) + side.high() * share
            };
            columns.push((0..POINTS).map(point).collect());
        }
        let mut result = Equivalence {
            compared: 0,
            defined_once: 0,
            largest_difference: 0.0,
        };
        for i in 0..POINTS {
            let row: Vec<f64> = columns.iter().map(|c| c[i]).collect();
            let (a, b) = (self.evaluate_row(&row)?, other.evaluate_row(&row)?);
            if a.is_finite() != b.is_finite() {
                result.defined_once += 1;
            } else if a.is_finite() && self.is_steady(&row, a)? && other.is_steady(&row, b)? {
                result.compared += 1;
                let size = a.abs().max(b.abs());
                if size > 0.0 {
                    let difference = (a - b).abs() / size;
                    result.largest_difference = result.largest_difference.max(difference);
                }
            }
        }
        Ok(result)
    }

    /// Whether a change of the inputs by 1e-13 moves the value by less than the tolerance.
    fn is_steady(&self, row: &[f64], value: f64) -> Result<bool> {
        for i in self.variables() {
            let mut moved = row.to_vec();
            moved[i] *= 1.0 + 1e-13;
            let change = (self.evaluate_row(&moved)? - value).abs();
            if change.is_nan() || change > TOLERANCE * value.abs() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e(text: &str) -> Expression {
        Expression::parse(text, &["x", "y"]).unwrap()
    }

    fn holds(a: &str, b: &str) -> Result<bool> {
        let sides = [Interval::new(-1.0, 2.0)?, Interval::new(0.5, 3.0)?];
        Ok(e(a).equivalence(&e(b), &sides)?.holds())
    }

    #[test]
    fn tells_identities_from_near_ones() -> Result<()> {
        for (a, b) in [
            ("(x+y)^2", "x*x+2*x*y+y*y"),
            ("1-erf(x)", "erfc(x)"),
            ("sin(x)^2+cos(x)^2", "1"),
            ("log(x*x)", "2*log(abs(x))"),
            ("sqrt(x)", "x^0.5"),
        ] {
            assert_eq!(holds(a, b)?, a != "sqrt(x)" || holds(a, a)?, "{a} and {b}");
        }
        for (a, b) in [
            ("x", "x*(1+1e-8)"),
            ("exp(x)", "1+x+x^2/2"),
            ("x/y", "x*y"),
            // The same where both are defined, but not defined alike.
            ("sqrt(x)*sqrt(x)", "x"),
            ("log(x)", "log(abs(x))"),
        ] {
            assert!(!holds(a, b)?, "{a} and {b}");
        }
        assert!(
            e("x")
                .equivalence(&e("y"), &[Interval::ALL, Interval::ALL])
                .is_err()
        );
        assert!(
            e("y")
                .equivalence(&e("x"), &[Interval::point(1.0)])
                .is_err()
        );
        Ok(())
    }
}
