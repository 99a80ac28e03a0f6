//! Branch and bound over a box of inputs: ranges, poles, proofs of monotonicity.

use std::collections::{BTreeMap, VecDeque};

use crate::expression::{Token, subtree_start};
use crate::operator::Operator;
use crate::{Data, Error, Expression, Result};

use super::Interval;
use super::operation::{binary, product, slope, slopes, sum, unary};

/// Looks at an expression over a whole box of its inputs, and not only at rows.
///
/// The box is halved into at most [`max_boxes`](Self::max_boxes) parts, and on each the expression
/// and its derivatives are enclosed by interval arithmetic. What is said to be proved holds for every
/// point of the box, rounding included; what cannot be proved with so many parts is said to be
/// undecided, never guessed.
///
/// # References
///
/// Moore, Kearfott and Cloud 2009, *Introduction to Interval Analysis*,
/// doi 10.1137/1.9780898717716, chapters 5, 6 (mean value form) and 9.
///
/// # Examples
///
/// ```
/// use symreg::{BoxAnalysis, Expression, Interval, Monotonicity};
/// let law = Expression::parse("1/(x-2) + exp(-y)", &["x", "y"])?;
/// let sides = [Interval::new(1.0, 3.0)?, Interval::new(0.0, 1.0)?];
/// let report = BoxAnalysis::new().range(&law, &sides)?;
/// assert!(!report.is_defined() && report.poles()[0].proved);
/// assert!(report.poles()[0].region[0].contains(2.0));
///
/// let right = [Interval::new(2.5, 3.0)?, Interval::new(0.0, 1.0)?];
/// let way = BoxAnalysis::new().monotonicity(&law, &right, 0)?;
/// assert_eq!(way, Monotonicity::NonIncreasing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BoxAnalysis {
    max_boxes: usize,
}

impl Default for BoxAnalysis {
    fn default() -> Self {
        Self::new()
    }
}

/// How an expression changes with one input, over a whole box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Monotonicity {
    /// Proved not to change at all.
    Constant,
    /// Proved never to fall.
    NonDecreasing,
    /// Proved never to rise.
    NonIncreasing,
    /// Proved to rise somewhere and to fall elsewhere.
    Neither,
    /// Not proved either way, or not proved to be defined everywhere.
    Undecided,
}

/// What makes a value undefined or infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PoleKind {
    /// A denominator that vanishes.
    Denominator,
    /// A logarithm of a number that is not positive.
    Logarithm,
    /// A square root of a negative number.
    Root,
    /// A fractional power of a negative number, or a negative one of zero.
    Power,
    /// A value beyond the range of numbers.
    Overflow,
}

/// A place in an expression that may have no finite value somewhere in the box.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pole {
    /// Index of the operator among the tokens of the expression.
    pub node: usize,
    /// What happens there.
    pub kind: PoleKind,
    /// Whether it surely happens: a point was found, or a denominator that is defined everywhere has
    /// both signs.
    pub proved: bool,
    /// The part of the box where it may happen.
    pub region: Vec<Interval>,
}

/// The values of an expression over a box.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RangeReport {
    enclosure: Option<Interval>,
    attained: Option<Interval>,
    poles: Vec<Pole>,
    boxes: usize,
}

impl RangeReport {
    /// An interval that holds every finite value; `None` if there is none.
    #[must_use]
    pub fn enclosure(&self) -> Option<Interval> {
        self.enclosure
    }

    /// The values seen at the points that were tried: the true range lies between this and
    /// [`enclosure`](Self::enclosure).
    #[must_use]
    pub fn attained(&self) -> Option<Interval> {
        self.attained
    }

    /// Places that may have no finite value, in the order of the tokens.
    #[must_use]
    pub fn poles(&self) -> &[Pole] {
        &self.poles
    }

    /// Whether every point of the box is proved to have a finite value.
    #[must_use]
    pub fn is_defined(&self) -> bool {
        self.poles.is_empty()
    }

    /// Parts that the box was cut into.
    #[must_use]
    pub fn boxes(&self) -> usize {
        self.boxes
    }
}

/// What one pass over one box gives.
struct Pass {
    value: Option<Interval>,
    /// Derivative by each variable of the box.
    gradient: Vec<Interval>,
    /// Nodes that may be undefined.
    undefined: Vec<(usize, PoleKind)>,
}

impl BoxAnalysis {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self { max_boxes: 512 }
    }

    /// Most parts that the box is cut into (default 512).
    pub fn max_boxes(mut self, value: usize) -> Self {
        self.max_boxes = value;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if (1..=1_000_000).contains(&self.max_boxes) {
            return Ok(());
        }
        Err(Error::InvalidParameter {
            name: "max_boxes",
            requirement: "from 1 to 1000000",
            found: self.max_boxes.to_string(),
        })
    }

    /// Encloses the values over the box whose side `i` is the range of variable `i`, and lists the
    /// places that may be undefined. O(boxes × nodes × variables): the largest number of boxes on an expression of 2000 nodes takes seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]; [`Error::VariableOutOfRange`] if a variable has no side.
    pub fn range(&self, expression: &Expression, sides: &[Interval]) -> Result<RangeReport> {
        let parts = self.parts(expression, sides, |_| false)?;
        let mut enclosure: Option<Interval> = None;
        let mut attained: Option<Interval> = None;
        let mut places: BTreeMap<(usize, PoleKind), Vec<Interval>> = BTreeMap::new();
        let mut signs = Signs::new(expression);
        for (part, pass) in &parts {
            if let Some(value) = pass.value {
                enclosure = Some(enclosure.map_or(value, |e| e.hull(value)));
            }
            for place in &pass.undefined {
                places
                    .entry(*place)
                    .and_modify(|r| {
                        for (side, other) in r.iter_mut().zip(part) {
                            *side = side.hull(*other);
                        }
                    })
                    .or_insert_with(|| part.clone());
            }
            for point in points(part) {
                let value = Interval::point(expression.evaluate_row(&point)?);
                if value.is_bounded() {
                    attained = Some(attained.map_or(value, |a| a.hull(value)));
                }
                signs.look(&point);
            }
        }
        let poles = places
            .iter()
            .map(|(&(node, kind), region)| {
                let inside = subtree_start(expression.tokens(), node);
                let clean = places.keys().all(|(n, _)| *n >= node || *n < inside);
                Pole {
                    node,
                    kind,
                    proved: signs.prove(node, kind, clean),
                    region: region.clone(),
                }
            })
            .collect();
        Ok(RangeReport {
            enclosure,
            attained,
            poles,
            boxes: parts.len(),
        })
    }

    /// Whether the expression rises or falls with variable `variable` over the whole box.
    ///
    /// A proof needs the expression to be defined everywhere in the box: `1/x` falls on either side
    /// of 0, but not across it. O(boxes × nodes × variables).
    ///
    /// # Errors
    ///
    /// As [`range`](Self::range).
    pub fn monotonicity(
        &self,
        expression: &Expression,
        sides: &[Interval],
        variable: usize,
    ) -> Result<Monotonicity> {
        if variable >= sides.len() {
            return Err(Error::VariableOutOfRange {
                index: variable,
                columns: sides.len(),
            });
        }
        // A part whose derivative has one sign needs no more cutting.
        let parts = self.parts(expression, sides, |pass| {
            let d = pass.gradient[variable];
            pass.undefined.is_empty() && (d.low >= 0.0 || d.high <= 0.0)
        })?;
        let (mut rises, mut falls) = (false, false);
        for (part, _) in &parts {
            for point in points(part) {
                let here: Vec<Interval> = point.iter().map(|v| Interval::point(*v)).collect();
                let pass = pass(expression, &here);
                if pass.undefined.is_empty() {
                    rises |= pass.gradient[variable].low > 0.0;
                    falls |= pass.gradient[variable].high < 0.0;
                }
            }
        }
        if rises && falls {
            return Ok(Monotonicity::Neither);
        }
        if parts.iter().any(|(_, pass)| !pass.undefined.is_empty()) {
            return Ok(Monotonicity::Undecided);
        }
        let all = |f: fn(Interval) -> bool| parts.iter().all(|(_, p)| f(p.gradient[variable]));
        Ok(match (all(|d| d.low >= 0.0), all(|d| d.high <= 0.0)) {
            (true, true) => Monotonicity::Constant,
            (true, false) => Monotonicity::NonDecreasing,
            (false, true) => Monotonicity::NonIncreasing,
            (false, false) => Monotonicity::Undecided,
        })
    }

    /// Cuts the box in half again and again, first made first cut, until there are enough parts or
    /// every part is `done`.
    fn parts(
        &self,
        expression: &Expression,
        sides: &[Interval],
        done: impl Fn(&Pass) -> bool,
    ) -> Result<Vec<(Vec<Interval>, Pass)>> {
        self.validate()?;
        expression.check_variables(sides.len())?;
        let used = expression.variables();
        let mut open = VecDeque::new();
        let mut finished = Vec::new();
        let whole = pass(expression, sides);
        open.push_back((sides.to_vec(), whole));
        while let Some((part, pass_of_part)) = open.pop_front() {
            if done(&pass_of_part) {
                finished.push((part, pass_of_part));
                continue;
            }
            let full = open.len() + finished.len() + 2 > self.max_boxes;
            let Some(axis) = widest(&part, &pass_of_part, sides, &used).filter(|_| !full) else {
                finished.push((part, pass_of_part));
                continue;
            };
            let middle = part[axis].middle();
            for (low, high) in [(part[axis].low, middle), (middle, part[axis].high)] {
                let mut half = part.clone();
                half[axis] = Interval { low, high };
                let pass_of_half = pass(expression, &half);
                open.push_back((half, pass_of_half));
            }
        }
        Ok(finished)
    }
}

/// The side along which the value may change most, of those that can still be halved.
fn widest(part: &[Interval], pass: &Pass, whole: &[Interval], used: &[usize]) -> Option<usize> {
    let change = |i: usize| {
        let d = pass.gradient[i];
        d.low.abs().max(d.high.abs()) * part[i].width()
    };
    let relative = |i: usize| {
        if whole[i].is_bounded() && whole[i].width() > 0.0 {
            part[i].width() / whole[i].width()
        } else {
            1.0
        }
    };
    let known = pass.undefined.is_empty() && used.iter().all(|i| change(*i).is_finite());
    used.iter()
        .copied()
        .filter(|&i| {
            let middle = part[i].middle();
            part[i].low < middle && middle < part[i].high
        })
        .max_by(|&i, &j| {
            // A side that has hardly been cut is cut all the same.
            let score = |k| {
                if known {
                    (change(k), relative(k))
                } else {
                    (relative(k), 0.0)
                }
            };
            let (a, b) = (score(i), score(j));
            a.0.total_cmp(&b.0)
                .then(a.1.total_cmp(&b.1))
                .then(j.cmp(&i))
        })
}

/// Middle and, up to eight, corners of a part.
fn points(part: &[Interval]) -> Vec<Vec<f64>> {
    let mut found = vec![part.iter().map(|s| s.middle()).collect::<Vec<f64>>()];
    let corners = 1_usize << part.len().min(3);
    for corner in 0..corners {
        let point: Vec<f64> = part
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let upper = corner >> (i % 3) & 1 == 1;
                let v = if upper { s.high } else { s.low };
                v.clamp(-f64::MAX, f64::MAX)
            })
            .collect();
        found.push(point);
    }
    found
}

/// Value and gradient over a box, the value also by the mean value form.
fn pass(expression: &Expression, part: &[Interval]) -> Pass {
    let tokens = expression.tokens();
    let zero = Interval::point(0.0);
    let n = part.len();
    let mut stack: Vec<(Option<Interval>, Vec<Interval>)> = Vec::new();
    let mut undefined = Vec::new();
    for (node, token) in tokens.iter().enumerate() {
        let entry = match *token {
            Token::Constant(c) => (Some(Interval::point(c)), vec![zero; n]),
            Token::Variable(v) => {
                let mut gradient = vec![zero; n];
                gradient[usize::from(v)] = Interval::point(1.0);
                (Some(part[usize::from(v)]), gradient)
            }
            Token::Apply(op) if op.arity() == 1 => {
                let (a, mut gradient) = stack.pop().unwrap_or((None, vec![zero; n]));
                let value = a.and_then(|a| {
                    let image = unary(op, a);
                    note(op, node, image.undefined, image.values, &mut undefined);
                    image.values
                });
                let factor = match (a, value) {
                    (Some(a), Some(value)) => slope(op, a, value),
                    _ => Interval::ALL,
                };
                for d in &mut gradient {
                    *d = chain(factor, *d);
                }
                (value, gradient)
            }
            Token::Apply(op) => {
                let (b, right) = stack.pop().unwrap_or((None, vec![zero; n]));
                let (a, left) = stack.pop().unwrap_or((None, vec![zero; n]));
                let (value, factors) = match (a, b) {
                    (Some(a), Some(b)) => {
                        let image = binary(op, a, b);
                        note(op, node, image.undefined, image.values, &mut undefined);
                        match image.values {
                            Some(v) => (Some(v), slopes(op, a, b, v)),
                            None => (None, (Interval::ALL, Interval::ALL)),
                        }
                    }
                    _ => (None, (Interval::ALL, Interval::ALL)),
                };
                // The power of libraries: 1 to whatever is 1, and whatever to 0 is 1, NaN included.
                let start = subtree_start(tokens, node);
                let value = if op == Operator::Pow && undefined.iter().any(|(n, _)| *n >= start) {
                    let one = Interval::point(1.0);
                    Some(value.map_or(one, |v| v.hull(one)))
                } else {
                    value
                };
                let gradient = left
                    .into_iter()
                    .zip(right)
                    .map(|(l, r)| sum(chain(factors.0, l), chain(factors.1, r)))
                    .collect();
                (value, gradient)
            }
        };
        stack.push(entry);
    }
    let (value, gradient) = stack.pop().unwrap_or((None, vec![zero; n]));
    let value = match value {
        Some(v) if undefined.is_empty() => Some(tighter(expression, part, &gradient, v)),
        other => other,
    };
    Pass {
        value,
        gradient,
        undefined,
    }
}

/// The intersection with the mean value form f(m) + f'(X)·(X − m).
fn tighter(
    expression: &Expression,
    part: &[Interval],
    gradient: &[Interval],
    value: Interval,
) -> Interval {
    let bounded = part.iter().all(|s| s.is_bounded());
    let smooth = gradient.iter().all(|d| d.is_bounded());
    if !(bounded && smooth) || part.iter().all(|s| s.width() <= 0.0) {
        return value;
    }
    let middle: Vec<Interval> = part.iter().map(|s| Interval::point(s.middle())).collect();
    // One pass at a point, which ends here since its sides have no width.
    let Some(mut form) = pass(expression, &middle).value else {
        return value;
    };
    for ((side, m), d) in part.iter().zip(&middle).zip(gradient) {
        let offset = sum(
            *side,
            Interval {
                low: -m.high,
                high: -m.low,
            },
        );
        form = sum(form, chain(*d, offset));
    }
    form.intersection(value).unwrap_or(value)
}

/// A product of slopes, zero where either is exactly zero.
fn chain(factor: Interval, inner: Interval) -> Interval {
    let is_zero = |i: Interval| i.low == 0.0 && i.high == 0.0;
    if is_zero(factor) || is_zero(inner) {
        Interval::point(0.0)
    } else {
        product(factor, inner)
    }
}

fn note(
    op: Operator,
    node: usize,
    is_undefined: bool,
    values: Option<Interval>,
    undefined: &mut Vec<(usize, PoleKind)>,
) {
    if is_undefined {
        let kind = match op {
            Operator::Div => PoleKind::Denominator,
            Operator::Log => PoleKind::Logarithm,
            Operator::Sqrt => PoleKind::Root,
            _ => PoleKind::Power,
        };
        undefined.push((node, kind));
    } else if values.is_some_and(|v| !v.is_bounded()) {
        undefined.push((node, PoleKind::Overflow));
    }
}

/// What the arguments of partial operators were seen to be at points.
struct Signs {
    /// The operator, its kind of argument, and that argument.
    watched: Vec<(usize, Expression, Option<Expression>)>,
    positive: Vec<bool>,
    negative: Vec<bool>,
    undefined: Vec<bool>,
}

impl Signs {
    fn new(expression: &Expression) -> Self {
        let tokens = expression.tokens();
        let mut watched = Vec::new();
        for (node, token) in tokens.iter().enumerate() {
            let Token::Apply(op) = *token else { continue };
            let partial = matches!(
                op,
                Operator::Div | Operator::Log | Operator::Sqrt | Operator::Pow | Operator::Exp
            );
            if partial {
                let start = subtree_start(tokens, node - 1);
                let last = Expression::from_valid(tokens[start..node].to_vec());
                let whole =
                    Expression::from_valid(tokens[subtree_start(tokens, node)..=node].to_vec());
                watched.push((node, last, Some(whole)));
            }
        }
        let n = watched.len();
        Self {
            watched,
            positive: vec![false; n],
            negative: vec![false; n],
            undefined: vec![false; n],
        }
    }

    fn look(&mut self, point: &[f64]) {
        for (i, (_, argument, whole)) in self.watched.iter().enumerate() {
            let value = argument.evaluate_row(point).unwrap_or(f64::NAN);
            self.positive[i] |= value > 0.0;
            self.negative[i] |= value < 0.0;
            let result = whole
                .as_ref()
                .and_then(|w| w.evaluate_row(point).ok())
                .unwrap_or(f64::NAN);
            self.undefined[i] |= value.is_finite() && !result.is_finite();
        }
    }

    /// Whether the place is surely undefined somewhere. `clean`: nothing below it may be.
    fn prove(&self, node: usize, kind: PoleKind, clean: bool) -> bool {
        let Some(i) = self.watched.iter().position(|w| w.0 == node) else {
            return false;
        };
        let crosses = self.positive[i] && self.negative[i];
        self.undefined[i] || (kind == PoleKind::Denominator && clean && crosses)
    }
}

impl Data {
    /// The range of each input column.
    #[must_use]
    pub fn ranges(&self) -> Vec<Interval> {
        self.columns()
            .iter()
            .map(|column| Interval {
                low: column.iter().copied().fold(f64::INFINITY, f64::min),
                high: column.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            })
            .collect()
    }

    /// The range of each input column, widened at either end by a share of its width, but at the
    /// end next to zero at most half of the way there: a positive input stays positive.
    #[must_use]
    pub fn widened_ranges(&self, share: f64) -> Vec<Interval> {
        self.ranges()
            .into_iter()
            .map(|r| {
                let margin = share.max(0.0) * r.width();
                let (mut low, mut high) = (r.low - margin, r.high + margin);
                if r.low > 0.0 {
                    low = low.max(0.5 * r.low);
                }
                if r.high < 0.0 {
                    high = high.min(0.5 * r.high);
                }
                Interval {
                    low: low.clamp(-f64::MAX, f64::MAX),
                    high: high.clamp(-f64::MAX, f64::MAX),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
