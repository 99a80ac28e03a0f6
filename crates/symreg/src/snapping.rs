//! Round numbers in place of fitted constants, where the rows allow it.

use crate::linear::{dot, norm};
use crate::refit::{Refit, check_finite, columns_of, floored_sse};
use crate::{Criterion, Data, Error, Expression, Model, Result};

/// Steps of each refit.
const ITERATIONS: usize = 200;
/// A fraction or a multiple of pi counts only if no other is within so many windows: then one in about
/// fifteen constants meets one by chance.
const LONELY: f64 = 8.0;
/// Norm left of a column after projection, relative to the norm before, below which it is dependent.
const DEPENDENT: f64 = 1e-10;

/// Replaces fitted constants by round numbers where an information criterion falls.
///
/// A constant held at a number costs no parameter. Candidates, the simplest first: 0; 1 and -1; whole
/// numbers to 12 and halves; fractions with denominators to 9 and numerators to 12; multiples of pi
/// and their reciprocals; of the last two kinds only one that is alone within 32 standard errors. One constant after another is held at the simplest candidate that lowers
/// the criterion, all others being fitted again. Constants held so are exact in the result.
///
/// A round number that the rows *allow* is not proved: with few or noisy rows the interval of a
/// constant holds several of them.
///
/// # Examples
///
/// ```
/// use symreg::{ConstantFit, ConstantSnapping, Data, Expression};
/// let x: Vec<f64> = (1..40).map(|i| 0.1 * f64::from(i)).collect();
/// let y: Vec<f64> = x.iter().enumerate()
///     .map(|(i, v)| 1.5 * v.powi(2) + 0.01 * (f64::from(i as u32 * 7 % 11) - 5.0))
///     .collect();
/// let data = Data::from_columns([("x", x)], ("y", y))?;
/// let model = ConstantFit::new().fit(&[Expression::parse("x^1.9", &["x"])?], &data)?;
/// let law = ConstantSnapping::new().apply(&model, &data)?;
/// assert_eq!(law.to_infix(), "1.5*square(x)");
/// assert_eq!(law.fitted_constants(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConstantSnapping {
    criterion: Criterion,
}

impl Default for ConstantSnapping {
    fn default() -> Self {
        Self::new()
    }
}

/// A constant that was replaced by a round number.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snap {
    /// The fitted value at the time.
    pub from: f64,
    /// The number in its place.
    pub to: f64,
    /// How a person writes it: `-1`, `2/3`, `3*pi/2`.
    pub text: String,
    /// The criterion with it less that without: negative, or about zero for a constant that others could
    /// stand in for.
    pub change: f64,
}

/// A law some of whose constants are round numbers.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SnappedLaw {
    expression: Expression,
    names: Vec<String>,
    snaps: Vec<Snap>,
    fitted_constants: usize,
    value: f64,
    sse: f64,
    total_sum_of_squares: f64,
    n_rows: usize,
}

impl SnappedLaw {
    /// The law, simplified.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Names of the variables of the expression.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The law as text with all digits.
    #[must_use]
    pub fn to_infix(&self) -> String {
        self.expression.to_infix(&self.names).unwrap_or_default()
    }

    /// What was replaced, in the order in which it was.
    #[must_use]
    pub fn snaps(&self) -> &[Snap] {
        &self.snaps
    }

    /// Constants that are still fitted and that the rows can tell apart.
    #[must_use]
    pub fn fitted_constants(&self) -> usize {
        self.fitted_constants
    }

    /// The criterion, with the constants still fitted and the noise variance as parameters.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// R² on the rows.
    #[must_use]
    pub fn r2(&self) -> f64 {
        1.0 - self.sse / self.total_sum_of_squares
    }

    /// Root mean square error on the rows.
    #[must_use]
    pub fn rmse(&self) -> f64 {
        (self.sse / self.n_rows as f64).sqrt()
    }
}

impl ConstantSnapping {
    /// Snapping by BIC.
    #[must_use]
    pub fn new() -> Self {
        Self {
            criterion: Criterion::Bic,
        }
    }

    /// The criterion that must fall (default BIC).
    pub fn criterion(mut self, value: Criterion) -> Self {
        self.criterion = value;
        self
    }

    /// Snaps the constants of a fitted law, weights and bias included. O(constants² × candidates)
    /// refits.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`] if `data` lacks a column that the law uses; [`Error::InvalidModel`]
    /// if it is not finite on a row; [`Error::TooFewRows`] where the criterion is undefined.
    pub fn apply(&self, model: &Model, data: &Data) -> Result<SnappedLaw> {
        let mut law = model.expression();
        let names = model.names();
        let columns = columns_of(&law, names, data)?;
        check_finite(&law, names, &columns, data.n_rows())?;
        let mut fit = Refit::of_data(&columns, data);
        let mut free = vec![true; law.constant_count()];
        // A weight that is written as a difference is positive there and negative for a person.
        let signs = signs_of(model, free.len());
        let mut sse = fit
            .fit(&mut law, &free, ITERATIONS)
            .unwrap_or(f64::INFINITY);
        let mut snaps = Vec::new();
        let mut current =
            self.value_of(&mut fit, &law, &free, sse, data)
                .ok_or(Error::TooFewRows {
                    rows: data.n_rows(),
                    parameters: free.len(),
                    needed: free.len() + 2,
                })?;
        loop {
            let errors = standard_errors(&mut fit, &law, &free, sse, data);
            let values: Vec<f64> = law.constants().collect();
            let mut best: Option<Trial> = None;
            for k in (0..values.len()).filter(|&k| free[k]) {
                let window = (4.0 * errors[k]).max(1e-9 * values[k].abs()).max(1e-300);
                // A constant that others can stand in for costs nothing either way.
                let allowed = if errors[k].is_finite() {
                    current
                } else {
                    current + 1e-6
                };
                let mut held = free.clone();
                held[k] = false;
                for candidate in candidates(signs[k] * values[k], window) {
                    if best
                        .as_ref()
                        .is_some_and(|b| b.candidate.class < candidate.class)
                    {
                        break;
                    }
                    let mut moved = values.clone();
                    moved[k] = signs[k] * candidate.value;
                    let mut trial = law.clone();
                    trial.set_constants(&mut moved.into_iter());
                    let Some(trial_sse) = fit.fit(&mut trial, &held, ITERATIONS) else {
                        continue;
                    };
                    let Some(value) = self.value_of(&mut fit, &trial, &held, trial_sse, data)
                    else {
                        continue;
                    };
                    let distance = (candidate.value - signs[k] * values[k]).abs();
                    // Of two that cost the same, that which moves less.
                    let better = best.as_ref().is_none_or(|b| {
                        if candidate.class != b.candidate.class {
                            candidate.class < b.candidate.class
                        } else if (value - b.value).abs() > 1e-6 {
                            value < b.value
                        } else {
                            distance < b.distance
                        }
                    });
                    if value < allowed && better {
                        best = Some(Trial {
                            constant: k,
                            candidate,
                            law: trial,
                            sse: trial_sse,
                            value,
                            distance,
                        });
                    }
                }
            }
            let Some(found) = best else {
                break;
            };
            let k = found.constant;
            snaps.push(Snap {
                from: signs[k] * values[k],
                to: found.candidate.value,
                text: found.candidate.text,
                change: found.value - current,
            });
            free[k] = false;
            (law, sse, current) = (found.law, found.sse, found.value);
        }
        let fitted_constants = rank(&mut fit, &law, &free);
        let expression = self.short_form(&law, names, data)?;
        Ok(SnappedLaw {
            expression,
            names: names.to_vec(),
            snaps,
            fitted_constants,
            value: current,
            sse,
            total_sum_of_squares: data.total_sum_of_squares(),
            n_rows: data.n_rows(),
        })
    }

    fn value_of(
        &self,
        fit: &mut Refit<'_>,
        law: &Expression,
        free: &[bool],
        sse: f64,
        data: &Data,
    ) -> Option<f64> {
        let k = rank(fit, law, free) + 1;
        match data.noise_variance() {
            Some(v) => self
                .criterion
                .value_of_chi_squared(data.n_rows(), sse / v, k - 1),
            None => self
                .criterion
                .value(data.n_rows(), floored_sse(sse, data.target()), k),
        }
    }

    /// The condensed form, if it is the same function on the rows' box.
    #[expect(clippy::unused_self, reason = "a step of this algorithm")]
    fn short_form(&self, law: &Expression, names: &[String], data: &Data) -> Result<Expression> {
        let condensed = law.condensed();
        let sides: Vec<crate::Interval> = names
            .iter()
            .map(|name| {
                let column = data.column(name).unwrap_or(&[0.0]);
                let low = column.iter().copied().fold(f64::INFINITY, f64::min);
                let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                crate::Interval::new(low, high).unwrap_or(crate::Interval::point(0.0))
            })
            .collect();
        let same = law.equivalence(&condensed, &sides)?;
        Ok(if same.largest_difference <= 1e-9 {
            condensed
        } else {
            law.clone()
        })
    }
}

/// -1 for the weights that the whole expression holds as the absolute value of a negative one.
fn signs_of(model: &Model, count: usize) -> Vec<f64> {
    let mut signs = vec![1.0];
    for (gene, weight) in model.genes().iter().zip(model.weights()) {
        signs.push(if *weight < 0.0 { -1.0 } else { 1.0 });
        let skip = usize::from(crate::model::reciprocal(gene).is_some());
        signs.extend((skip..gene.constant_count()).map(|_| 1.0));
    }
    signs.resize(count, 1.0);
    signs
}

/// Number of free constants that the rows can tell apart.
fn rank(fit: &mut Refit<'_>, law: &Expression, free: &[bool]) -> usize {
    let mut directions: Vec<Vec<f64>> = Vec::new();
    for (column, _) in fit.jacobian(law).iter().zip(free).filter(|(_, f)| **f) {
        let before = norm(column);
        let mut rest = column.clone();
        for _ in 0..2 {
            for q in &directions {
                let part = dot(q, &rest);
                for (r, d) in rest.iter_mut().zip(q) {
                    *r -= part * d;
                }
            }
        }
        let after = norm(&rest);
        if after > DEPENDENT * before && after.is_finite() {
            for r in &mut rest {
                *r /= after;
            }
            directions.push(rest);
        }
    }
    directions.len()
}

/// How far each free constant can go alone, the others following: its marginal standard error.
fn standard_errors(
    fit: &mut Refit<'_>,
    law: &Expression,
    free: &[bool],
    sse: f64,
    data: &Data,
) -> Vec<f64> {
    let jacobian = fit.jacobian(law).to_vec();
    let count = free.iter().filter(|f| **f).count();
    let degrees = data.n_rows().saturating_sub(count).max(1) as f64;
    let variance = data.noise_variance().unwrap_or(sse / degrees);
    (0..free.len())
        .map(|k| {
            if !free[k] {
                return 0.0;
            }
            // What the other free columns leave of this one.
            let mut directions: Vec<Vec<f64>> = Vec::new();
            for (j, column) in jacobian.iter().enumerate() {
                if j == k || !free[j] {
                    continue;
                }
                if let Some(q) = orthogonal(column, &directions) {
                    directions.push(q.0);
                }
            }
            match orthogonal(&jacobian[k], &directions) {
                Some((_, left)) => variance.sqrt() / left,
                None => f64::INFINITY,
            }
        })
        .collect()
}

/// The direction of what is left of a column, and its length.
fn orthogonal(column: &[f64], directions: &[Vec<f64>]) -> Option<(Vec<f64>, f64)> {
    let before = norm(column);
    let mut rest = column.to_vec();
    for _ in 0..2 {
        for q in directions {
            let part = dot(q, &rest);
            for (r, d) in rest.iter_mut().zip(q) {
                *r -= part * d;
            }
        }
    }
    let left = norm(&rest);
    if !(left > DEPENDENT * before && left.is_finite()) {
        return None;
    }
    for r in &mut rest {
        *r /= left;
    }
    Some((rest, left))
}

/// A constant held at a candidate, the others fitted again.
struct Trial {
    constant: usize,
    candidate: Candidate,
    law: Expression,
    sse: f64,
    /// The criterion.
    value: f64,
    /// How far the constant moved.
    distance: f64,
}

/// A round number near a constant.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    /// 0 for the simplest kind of number.
    class: usize,
    value: f64,
    text: String,
}

/// Round numbers within `window` of `value`, the simplest first; of each kind the nearest.
fn candidates(value: f64, window: f64) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |class: usize, number: f64, text: String| {
        let reach = if class < 3 { window } else { LONELY * window };
        if (number - value).abs() <= reach
            && !found
                .iter()
                .any(|c| (c.value - number).abs() <= f64::EPSILON * number.abs())
        {
            found.push(Candidate {
                class,
                value: number,
                text,
            });
        }
    };
    let sign = if value < 0.0 { -1.0 } else { 1.0 };
    let minus = if value < 0.0 { "-" } else { "" };
    add(0, 0.0, "0".into());
    add(1, sign, format!("{minus}1"));
    for numerator in 2..=12_u32 {
        add(
            2,
            sign * f64::from(numerator),
            format!("{minus}{numerator}"),
        );
    }
    for numerator in [1_u32, 3, 5, 7, 9] {
        add(
            2,
            sign * 0.5 * f64::from(numerator),
            format!("{minus}{numerator}/2"),
        );
    }
    for denominator in 3..=9_u32 {
        for numerator in 1..=12_u32 {
            if gcd(numerator, denominator) == 1 {
                let number = f64::from(numerator) / f64::from(denominator);
                add(
                    3,
                    sign * number,
                    format!("{minus}{numerator}/{denominator}"),
                );
            }
        }
    }
    for (k, q) in [1_u32, 2, 3, 4, 6, 8]
        .into_iter()
        .flat_map(|k| [1_u32, 2, 3, 4, 6].map(|q| (k, q)))
        .filter(|(k, q)| gcd(*k, *q) == 1)
    {
        let pi = std::f64::consts::PI;
        let times = |n: u32| {
            if n == 1 {
                String::new()
            } else {
                format!("{n}*")
            }
        };
        let over = if q == 1 {
            String::new()
        } else {
            format!("/{q}")
        };
        let number = f64::from(k) * pi / f64::from(q);
        add(4, sign * number, format!("{minus}{}pi{over}", times(k)));
        let below = if k == 1 {
            "pi".to_owned()
        } else {
            format!("({k}*pi)")
        };
        let number = f64::from(q) / (f64::from(k) * pi);
        add(4, sign * number, format!("{minus}{q}/{below}"));
    }
    found.sort_by(|a, b| {
        let distance = |c: &Candidate| (c.value - value).abs();
        a.class
            .cmp(&b.class)
            .then(distance(a).total_cmp(&distance(b)))
    });
    // Such numbers are dense: one of them means something only if the next is far away.
    let rivals = found.iter().filter(|c| c.class >= 3).count();
    found.retain(|c| c.class < 3 || (rivals == 1 && (c.value - value).abs() <= window));
    // Of each kind the three nearest: any other is farther in all respects.
    let mut counts = [0; 5];
    found.retain(|c| {
        counts[c.class] += 1;
        counts[c.class] <= 3
    });
    found
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConstantFit;

    fn snapped(genes: &[&str], noise: f64, f: impl Fn(f64, f64) -> f64) -> Result<SnappedLaw> {
        let names = ["x", "y"];
        let x: Vec<f64> = (0..60)
            .map(|i| 0.3 + 0.05 * f64::from(i * 7 % 60))
            .collect();
        let y: Vec<f64> = (0..60)
            .map(|i| 0.5 + 0.04 * f64::from(i * 11 % 60))
            .collect();
        let t = x
            .iter()
            .zip(&y)
            .enumerate()
            .map(|(i, (x, y))| f(*x, *y) + noise * ((i * 17 % 31) as f64 / 31.0 - 0.5))
            .collect();
        let data = Data::from_columns([("x", x), ("y", y)], ("t", t))?;
        let genes: Result<Vec<Expression>> =
            genes.iter().map(|g| Expression::parse(g, &names)).collect();
        let model = ConstantFit::new().fit(&genes?, &data)?;
        ConstantSnapping::new().apply(&model, &data)
    }

    #[test]
    fn finds_round_numbers_without_noise() -> Result<()> {
        let law = snapped(&["exp(-0.4*x^1.7)*y"], 0.0, |x, y| {
            (-0.5 * x * x).exp() * y / 3.0
        })?;
        assert_eq!(law.fitted_constants(), 0, "{}", law.to_infix());
        assert_eq!(law.snaps().len(), 4);
        let texts: Vec<&str> = law.snaps().iter().map(|s| s.text.as_str()).collect();
        assert!(
            ["0", "-1/2", "2", "1/3"].iter().all(|t| texts.contains(t)),
            "{texts:?}"
        );
        assert!(
            law.expression()
                .constants()
                .all(|c| [0.5, 2.0, 1.0 / 3.0].contains(&c.abs()))
        );
        let pi = snapped(&["sin(3*x)/y"], 0.0, |x, y| {
            (std::f64::consts::PI * x).sin() / y / (4.0 * std::f64::consts::PI)
        })?;
        let texts: Vec<&str> = pi.snaps().iter().map(|s| s.text.as_str()).collect();
        assert!(
            texts.contains(&"pi") && texts.contains(&"1/(4*pi)"),
            "{texts:?}"
        );
        Ok(())
    }

    #[test]
    fn leaves_numbers_that_are_not_round() -> Result<()> {
        let law = snapped(&["exp(-0.4*x)*y"], 0.0, |x, y| {
            2.0 + 1.2345 * (-0.456_789 * x).exp() * y
        })?;
        assert_eq!(law.fitted_constants(), 2, "{:?}", law.snaps());
        assert_eq!(law.snaps().len(), 1);
        Ok(())
    }

    #[test]
    fn noise_lets_more_numbers_be_round_and_the_criterion_fall() -> Result<()> {
        let law = snapped(&["exp(-0.9*x)*y"], 0.05, |x, y| 0.5 + 2.0 * (-x).exp() * y)?;
        let texts: Vec<&str> = law.snaps().iter().map(|s| s.text.as_str()).collect();
        assert!(
            texts.contains(&"-1") && texts.contains(&"2") && texts.contains(&"1/2"),
            "{texts:?}"
        );
        assert!(law.snaps().iter().all(|s| s.change < 0.0));
        Ok(())
    }

    /// exp(a x + b) with a weight: b and the weight are one constant, and b goes to 0.
    #[test]
    fn a_constant_that_others_stand_in_for_goes() -> Result<()> {
        let law = snapped(&["exp(-0.4*x+0.3)*y"], 0.02, |x, y| {
            2.0 + 1.2345 * (-0.456_789 * x).exp() * y
        })?;
        assert!(law.snaps().iter().any(|s| s.to == 0.0), "{:?}", law.snaps());
        assert!(law.expression().constant_count() <= 3, "{}", law.to_infix());
        Ok(())
    }

    #[test]
    fn a_negative_weight_is_snapped_as_a_negative_number() -> Result<()> {
        let law = snapped(&["x/y"], 0.0, |x, y| 7.0 - 1.5 * x / y)?;
        let numbers: Vec<f64> = law.snaps().iter().map(|s| s.to).collect();
        assert!(
            numbers.contains(&-1.5) && numbers.contains(&7.0),
            "{numbers:?}"
        );
        assert_eq!(law.to_infix(), "7-1.5*x/y");
        Ok(())
    }
}
