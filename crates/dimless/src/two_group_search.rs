//! Exhaustive search for two dimensionless groups whose effects add up.

mod shape;

use std::fmt;

use crate::error::{Error, Result};
use crate::law_data::LawData;
use crate::law_search::{LawSearch, Split, centered};
use crate::law_search_result::canonical;
use crate::linear::{damped, dot};
use crate::pi::Group;
use crate::scaling_law::{LawScores, LawTest, Short, fitted_target, test_pairs};
pub use shape::GroupShape;
use shape::{Curve, Shape};

/// Most pairs of curves that a search compares.
pub const MAX_CURVE_PAIRS: u64 = 400_000_000;

const MAX_ITERATIONS: usize = 60;
/// Largest effect of one group over the rows, in that of the target.
const LARGEST_EFFECT: f64 = 10.0;
/// Starts from the grid for each choice of two powers: of the fit to all rows, and of each fit that leaves rows out.
const N_STARTS: usize = 12;
const N_STARTS_OF_SPLITS: usize = 3;

/// Search of all pairs of dimensionless groups with exponents within a bound for the two whose effects add up to the target:
///
/// $$y = c_0 + c_1 f(\Pi_1) + c_2 f(\Pi_2)$$
///
/// with the curve $f$ of [`GroupShape`]. It is made for targets with two causes, such as the porosity of printed parts: too
/// little energy leaves gaps, too much makes keyholes.
///
/// Neither effect may be more than ten times that of the target over the rows, so that the two do not just cancel each other.
/// All pairs are compared on a grid of curves (exactly, from the correlations of all curves with each other); the best are
/// then fitted with all constants free and scored. A target of one group, or of products of powers of two, is a matter
/// of [`LawSearch`].
///
/// # Examples
///
/// ```
/// use dimless::{GroupShape, LawData, System, TwoGroupSearch};
///
/// let system = System::new([("a", "m"), ("b", "m"), ("v", "m/s"), ("w", "m/s")])?;
/// let wave = |i: i32, k: f64| 1.0 + 0.7 * f64::sin(f64::from(i) * k);
/// let columns: Vec<Vec<f64>> = [1.3, 2.1, 0.7, 2.9].map(|k| (0..60).map(|i| wave(i, k)).collect()).to_vec();
/// let target: Vec<f64> = (0..60).map(|i| 2.0 + columns[0][i] / columns[1][i] - 0.5 * columns[2][i] / columns[3][i]).collect();
/// let data = LawData::new(system, &columns, "y", &target)?;
/// let found = TwoGroupSearch::new().max_exponent(1).shape(GroupShape::Power).fit(&data)?;
/// let groups = found.best().groups().each_ref().map(ToString::to_string);
/// assert_eq!(groups, ["a b^-1", "v w^-1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TwoGroupSearch {
    max_exponent: u32,
    shape: GroupShape,
    powers: Vec<f64>,
    n_refined: usize,
    folds: usize,
    leave_label_out: bool,
    seed: u64,
}

impl Default for TwoGroupSearch {
    fn default() -> Self {
        Self::new()
    }
}

impl TwoGroupSearch {
    /// A search with the defaults that the setters state.
    pub fn new() -> Self {
        Self {
            max_exponent: 2,
            shape: GroupShape::Step,
            powers: vec![1.0, -1.0],
            n_refined: 30,
            folds: 10,
            leave_label_out: false,
            seed: 0,
        }
    }

    /// The largest exponent in magnitude; 2 by default.
    #[must_use]
    pub fn max_exponent(mut self, max_exponent: u32) -> Self {
        self.max_exponent = max_exponent;
        self
    }

    /// The curve of each group; [`GroupShape::Step`] by default.
    #[must_use]
    pub fn shape(mut self, shape: GroupShape) -> Self {
        self.shape = shape;
        self
    }

    /// The powers of a group that are tried in its curve; 1 and -1 by default.
    #[must_use]
    pub fn powers(mut self, powers: impl Into<Vec<f64>>) -> Self {
        self.powers = powers.into();
        self
    }

    /// How many of the best pairs are fitted with all constants free and returned; 30 by default.
    #[must_use]
    pub fn n_refined(mut self, n_refined: usize) -> Self {
        self.n_refined = n_refined;
        self
    }

    /// The number of folds of the cross-validation, 10 by default; 0 leaves it out.
    #[must_use]
    pub fn cross_validation(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// Whether each law is also fitted to all labels but one and scored on that one; false by default.
    #[must_use]
    pub fn leave_label_out(mut self, leave_label_out: bool) -> Self {
        self.leave_label_out = leave_label_out;
        self
    }

    /// Seed of the folds, 0 by default. The generator is ChaCha8.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        self.single().validate()?;
        if self.n_refined == 0 || self.n_refined > 10_000 {
            return Err(Error::InvalidParameter {
                name: "n_refined",
                requirement: "from 1 to 10000",
                found: self.n_refined.to_string(),
            });
        }
        Ok(())
    }

    /// The search of one group whose splits and scores are used.
    fn single(&self) -> LawSearch {
        LawSearch::new()
            .max_exponent(self.max_exponent)
            .powers(self.powers.clone())
            .cross_validation(self.folds)
            .leave_label_out(self.leave_label_out)
            .seed(self.seed)
    }

    const fn n_constants(&self) -> usize {
        match self.shape {
            GroupShape::Power => 3,
            GroupShape::Step => 7,
        }
    }

    /// Compares all pairs, and fits and scores the best.
    ///
    /// # Errors
    ///
    /// Those of [`LawSearch::fit`]; [`Error::TooLarge`] above [`MAX_CURVE_PAIRS`].
    ///
    /// # Performance
    ///
    /// O($(g s)^2 n$) for $g$ groups, $s$ curves a group (one or six for each power) and $n$ rows, then for each refined pair up to
    /// 60 steps of O($n$) from 12 starts, and 3 for each fold and label, for each choice of two powers; O($g s n$) memory. Half a
    /// second for 24 groups, 30 pairs and 66 rows; for many rows lower [`n_refined`](Self::n_refined) and the folds.
    ///
    /// # References
    ///
    /// The form follows Eq. 5 of Gan et al., *Discovering universal scaling laws in 3D printing of metals* (preprint). Both
    /// stages are ordinary least squares.
    pub fn fit(&self, data: &LawData) -> Result<TwoGroupSearchResult> {
        self.validate()?;
        self.check_rows(data)?;
        let groups = self.single().groups(data)?;
        let n_groups = groups.len();
        let mut members = Vec::new();
        for group in groups {
            if let Some((center, u)) = centered(data.group_logarithms(&group)?) {
                members.push(Member { group, center, u });
            }
        }
        let pairs = self.best_pairs(&members, data.arranged_target())?;
        if pairs.is_empty() {
            return Err(Error::NoGroup { n_groups });
        }
        let splits = self.single().splits(data)?;
        let mut laws = Vec::new();
        for (first, second) in pairs {
            laws.extend(self.law(data, [&members[first], &members[second]], &splits)?);
        }
        laws.sort_by(|a, b| b.scores.r_squared.total_cmp(&a.scores.r_squared));
        if laws.is_empty() {
            return Err(Error::NoGroup { n_groups });
        }
        let n = members.len() as u64;
        Ok(TwoGroupSearchResult {
            laws,
            n_groups,
            n_pairs: n * n.saturating_sub(1) / 2,
        })
    }

    /// One law: these two groups.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::OtherVariables`]; [`Error::ConstantColumn`] when one of the groups has one value in
    /// all rows, or both vary together.
    pub fn fit_groups(&self, data: &LawData, groups: [&Group; 2]) -> Result<TwoGroupLaw> {
        self.validate()?;
        self.check_rows(data)?;
        let member = |group: &Group| {
            let (center, u) =
                centered(data.group_logarithms(group)?).ok_or_else(|| Error::ConstantColumn {
                    name: group.to_string(),
                })?;
            Ok(Member {
                group: group.clone(),
                center,
                u,
            })
        };
        let (first, second) = (member(groups[0])?, member(groups[1])?);
        let splits = self.single().splits(data)?;
        let law = self.law(data, [&first, &second], &splits)?;
        law.ok_or_else(|| Error::ConstantColumn {
            name: format!("{} beside {}", groups[0], groups[1]),
        })
    }

    fn check_rows(&self, data: &LawData) -> Result<()> {
        let needed = self.n_constants() + 2;
        if data.n_rows() < needed {
            return Err(Error::TooFewRows {
                needed,
                found: data.n_rows(),
            });
        }
        Ok(())
    }

    /// The pairs with the best $R^2$ on the grid of curves, best first.
    fn best_pairs(&self, members: &[Member], target: &[f64]) -> Result<Vec<(usize, usize)>> {
        let ones = vec![1.0; target.len()];
        let mut curves: Vec<(usize, Vec<f64>)> = Vec::new();
        for (index, member) in members.iter().enumerate() {
            for shape in self.shape.grid(&member.u, &self.powers) {
                let values = member.u.iter().map(|&u| shape.at(u)).collect();
                curves.extend(unit(values, &ones, &ones).map(|values| (index, values)));
            }
        }
        let count = curves.len() as u64;
        let found = count.saturating_mul(count) / 2;
        if found > MAX_CURVE_PAIRS {
            return Err(Error::TooLarge {
                what: "number of pairs of curves",
                limit: MAX_CURVE_PAIRS,
                found,
            });
        }
        let Some(y) = unit(target.to_vec(), &ones, &ones) else {
            return Ok(Vec::new());
        };
        let along: Vec<f64> = curves.iter().map(|(_, curve)| dot(curve, &y)).collect();
        // The best of each pair of groups, of one first group at a time.
        let mut kept: Vec<(f64, usize, usize)> = Vec::new();
        let mut best = vec![0.0_f64; members.len()];
        let mut start = 0;
        for first in 0..members.len() {
            let end = start + curves[start..].iter().take_while(|c| c.0 == first).count();
            best.fill(0.0);
            for i in start..end {
                for (j, (second, curve)) in curves.iter().enumerate().skip(end) {
                    let between = dot(&curves[i].1, curve);
                    let r = explained(along[i], along[j], between).unwrap_or(0.0);
                    if r > best[*second] {
                        best[*second] = r;
                    }
                }
            }
            let found = best.iter().enumerate().skip(first + 1);
            kept.extend(
                found
                    .filter(|(_, r)| **r > 0.0)
                    .map(|(second, &r)| (r, first, second)),
            );
            kept.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            kept.truncate(self.n_refined);
            start = end;
        }
        Ok(kept
            .into_iter()
            .map(|(_, first, second)| (first, second))
            .collect())
    }

    fn law(
        &self,
        data: &LawData,
        members: [&Member; 2],
        splits: &[Split],
    ) -> Result<Option<TwoGroupLaw>> {
        let target = fitted_target(data, false)?;
        let u = [members[0].u.as_slice(), members[1].u.as_slice()];
        // Groups that are powers of each other on these rows are one group.
        let between = dot(u[0], u[1]);
        if between * between > (1.0 - 1e-10) * dot(u[0], u[0]) * dot(u[1], u[1]) {
            return Ok(None);
        }
        let fits: Vec<Option<Sum>> = splits
            .iter()
            .enumerate()
            .map(|(index, split)| {
                let n_starts = if index == 0 {
                    N_STARTS
                } else {
                    N_STARTS_OF_SPLITS
                };
                self.best_sum(u, &target, &split.weights, n_starts)
            })
            .collect();
        let Some(whole) = fits.first().copied().flatten() else {
            return Ok(None);
        };
        let predicted = |split: usize, row: usize| {
            fits[split + 1].map_or(f64::NAN, |fit| fit.at([u[0][row], u[1][row]]))
        };
        let more = self.n_constants() - 2;
        let scores = self
            .single()
            .scores(data, &target, whole.ssr, more, splits, &predicted);
        Ok(Some(TwoGroupLaw {
            groups: members.map(|m| m.group.clone()),
            centers: members.map(|m| m.center),
            ranges: members.map(|m| {
                let ends =
                    m.u.iter()
                        .fold((f64::INFINITY, f64::NEG_INFINITY), |r, &u| {
                            (r.0.min(u), r.1.max(u))
                        });
                (ends.0 + m.center, ends.1 + m.center)
            }),
            shapes: whole.shapes,
            constants: whole.constants,
            target_name: data.target_name().to_owned(),
            scores,
        }))
    }

    /// The best curves of the grid under a weighting, with their constants then set free.
    fn best_sum(&self, u: [&[f64]; 2], y: &[f64], weights: &[f64], n_starts: usize) -> Option<Sum> {
        let roots: Vec<f64> = weights.iter().map(|&w| libm::sqrt(w)).collect();
        // Steps lie among the rows that count.
        let grids = u.map(|u| {
            let counted = u.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
            let counted: Vec<f64> = counted.map(|(u, _)| *u).collect();
            self.shape.grid(&counted, &self.powers)
        });
        let units = [0, 1].map(|k| -> Vec<(Shape, Vec<f64>)> {
            let curve = |shape: &Shape| {
                let values = u[k].iter().map(|&u| shape.at(u)).collect();
                Some((*shape, unit(values, weights, &roots)?))
            };
            grids[k].iter().filter_map(curve).collect()
        });
        let target = unit(y.to_vec(), weights, &roots)?;
        let along = |list: &[(Shape, Vec<f64>)]| -> Vec<f64> {
            list.iter().map(|(_, curve)| dot(curve, &target)).collect()
        };
        let (first, second) = (along(&units[0]), along(&units[1]));
        // The best starts for each choice of powers: what is best on the grid need not be so once it is refined.
        let n_powers = self.powers.len();
        let mut starts: Vec<Vec<(f64, [Shape; 2])>> = vec![Vec::new(); n_powers * n_powers];
        for ((a, p), a_along) in units[0].iter().zip(&first) {
            for ((b, q), b_along) in units[1].iter().zip(&second) {
                let r = explained(*a_along, *b_along, dot(p, q)).unwrap_or(0.0);
                let place = |shape: &Shape| {
                    let same = |power: &f64| power.total_cmp(&shape.power()).is_eq();
                    self.powers.iter().position(same).unwrap_or(0)
                };
                if r > 0.0 {
                    starts[place(a) * n_powers + place(b)].push((r, [*a, *b]));
                }
            }
        }
        let refined = starts.into_iter().flat_map(|mut list| {
            list.sort_by(|a, b| b.0.total_cmp(&a.0));
            list.truncate(n_starts);
            list.into_iter().filter_map(|(_, shapes)| {
                let start = Sum::of(shapes, u, y, weights, &roots)?;
                Some(refine(start, u, y, weights, &roots))
            })
        });
        refined.min_by(|a, b| a.ssr.total_cmp(&b.ssr))
    }
}

/// $R^2$ of two curves together, from their correlations with the target and with each other; nothing where they are one.
fn explained(a: f64, b: f64, between: f64) -> Option<f64> {
    let free = 1.0 - between * between;
    (free > 1e-8).then(|| (a * a + b * b - 2.0 * a * b * between) / free)
}

/// A group with the logarithm of its value in each row, less the mean of these.
struct Member {
    group: Group,
    center: f64,
    u: Vec<f64>,
}

/// A sum of a constant and two curves.
#[derive(Debug, Clone, Copy)]
struct Sum {
    shapes: [Shape; 2],
    constants: [f64; 3],
    ssr: f64,
}

impl Sum {
    /// The constants that fit these curves best.
    fn of(
        shapes: [Shape; 2],
        u: [&[f64]; 2],
        y: &[f64],
        weights: &[f64],
        roots: &[f64],
    ) -> Option<Self> {
        let curve = |k: usize| -> Vec<f64> {
            let rows = u[k].iter().zip(roots);
            rows.map(|(&u, root)| root * shapes[k].at(u)).collect()
        };
        let right: Vec<f64> = y.iter().zip(roots).map(|(y, root)| root * y).collect();
        let curves = [curve(0), curve(1)];
        let c = damped(
            &[roots.to_vec(), curves[0].clone(), curves[1].clone()],
            &right,
            &[0.0; 3],
        );
        // Two curves that nearly cancel each other describe no causes, and go anywhere beyond the rows.
        let spread = |values: &[f64]| {
            let counted = values.iter().zip(roots).filter(|(_, root)| **root > 0.0);
            let ends = counted.fold((f64::INFINITY, f64::NEG_INFINITY), |ends, (v, root)| {
                (ends.0.min(v / root), ends.1.max(v / root))
            });
            ends.1 - ends.0
        };
        let most = LARGEST_EFFECT * spread(&right);
        if (0..2).any(|k| c[k + 1].abs() * spread(&curves[k]) > most) {
            return None;
        }
        let mut sum = Self {
            shapes,
            constants: [c[0], c[1], c[2]],
            ssr: 0.0,
        };
        sum.ssr = sum.squares(u, y, weights);
        (sum.ssr.is_finite() && c[1] != 0.0 && c[2] != 0.0).then_some(sum)
    }

    fn at(&self, u: [f64; 2]) -> f64 {
        let [c, a, b] = self.constants;
        c + a * self.shapes[0].at(u[0]) + b * self.shapes[1].at(u[1])
    }

    fn squares(&self, u: [&[f64]; 2], y: &[f64], weights: &[f64]) -> f64 {
        let squared = |row: usize| {
            let residual = y[row] - self.at([u[0][row], u[1][row]]);
            weights[row] * residual * residual
        };
        (0..y.len()).map(squared).sum()
    }
}

/// Damped Gauss-Newton steps in all constants at once; they never make the fit worse.
fn refine(start: Sum, u: [&[f64]; 2], y: &[f64], weights: &[f64], roots: &[f64]) -> Sum {
    let mut best = start;
    let mut damping = 1e-2;
    for _ in 0..MAX_ITERATIONS {
        let curves = [0, 1].map(|k| -> Vec<Curve> {
            u[k].iter()
                .map(|&u| best.shapes[k].derivatives(u))
                .collect()
        });
        let weighted = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..y.len()).map(|row| roots[row] * value(row)).collect()
        };
        let mut columns = vec![roots.to_vec()];
        columns.extend(curves.iter().map(|curve| weighted(&|row| curve[row].value)));
        let n_free = best.shapes[0].n_free();
        for (curve, constant) in curves.iter().zip(&best.constants[1..]) {
            for k in 0..n_free {
                columns.push(weighted(&|row| constant * curve[row].by_constant[k]));
            }
        }
        if n_free == 0 {
            return best;
        }
        let right = weighted(&|row| y[row] - best.at([u[0][row], u[1][row]]));
        let mut lambda = vec![damping; columns.len()];
        lambda[..3].fill(0.0);
        let free: Vec<(f64, f64, f64)> =
            best.shapes.iter().flat_map(|shape| shape.free()).collect();
        // A constant at an end of its range that would leave it stays, and the others are solved for without it.
        let mut step = damped(&columns, &right, &lambda);
        for _ in 0..free.len() {
            let leaving = free.iter().enumerate().find(|(k, (value, low, high))| {
                let change = step[3 + k];
                (*value <= *low && change < 0.0) || (*value >= *high && change > 0.0)
            });
            let Some((k, _)) = leaving else { break };
            columns[3 + k].fill(0.0);
            step = damped(&columns, &right, &lambda);
        }
        let shapes = [0, 1].map(|k| best.shapes[k].moved(&step[3 + k * n_free..]));
        let next = Sum::of(shapes, u, y, weights, roots).filter(|next| next.ssr < best.ssr);
        match next {
            Some(next) => {
                let gain = best.ssr - next.ssr;
                best = next;
                damping = (damping * 0.3).max(1e-8);
                if gain <= 1e-12 * best.ssr {
                    break;
                }
            }
            None if damping > 1e6 => break,
            None => damping *= 4.0,
        }
    }
    best
}

/// Weighted values less their mean, of unit length; nothing where those that count are all the same or out of range.
fn unit(mut values: Vec<f64>, weights: &[f64], roots: &[f64]) -> Option<Vec<f64>> {
    let mean = dot(&values, weights) / weights.iter().sum::<f64>();
    let size = values.iter().fold(0.0_f64, |s, v| s.max(v.abs()));
    for (value, root) in values.iter_mut().zip(roots) {
        *value = root * (*value - mean);
    }
    let norm = libm::sqrt(dot(&values, &values));
    if !(norm.is_finite() && norm > 1e-9 * size) {
        return None;
    }
    for value in &mut values {
        *value /= norm;
    }
    Some(values)
}

/// The pairs of a search that were fitted with all constants free, best $R^2$ on the rows of the fit first.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawResult"))]
pub struct TwoGroupSearchResult {
    laws: Vec<TwoGroupLaw>,
    n_groups: usize,
    n_pairs: u64,
}

/// The unchecked form that is read before [`TwoGroupSearchResult`] accepts it.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct RawResult {
    laws: Vec<TwoGroupLaw>,
    n_groups: usize,
    n_pairs: u64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawResult> for TwoGroupSearchResult {
    type Error = Error;

    fn try_from(raw: RawResult) -> Result<Self> {
        if raw.laws.is_empty() {
            return Err(Error::NoGroup {
                n_groups: raw.n_groups,
            });
        }
        Ok(Self {
            laws: raw.laws,
            n_groups: raw.n_groups,
            n_pairs: raw.n_pairs,
        })
    }
}

impl TwoGroupSearchResult {
    /// The law with the best $R^2$ on the rows of the fit.
    pub fn best(&self) -> &TwoGroupLaw {
        &self.laws[0]
    }

    /// The laws that were fitted, best first.
    pub fn laws(&self) -> &[TwoGroupLaw] {
        &self.laws
    }

    /// The place of two groups, or of any powers of them, among the laws that were fitted, counted from 1; nothing if they are not
    /// among these.
    pub fn rank(&self, groups: [&Group; 2]) -> Option<usize> {
        let wanted = groups.map(|group| canonical(group.exponents()));
        let found = self.laws.iter().position(|law| {
            let own = law
                .groups
                .each_ref()
                .map(|group| canonical(group.exponents()));
            own == wanted || (own[0] == wanted[1] && own[1] == wanted[0])
        })?;
        Some(found + 1)
    }

    /// How many groups there are within the bound.
    pub const fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// How many pairs of them were compared.
    pub const fn n_pairs(&self) -> u64 {
        self.n_pairs
    }
}

/// A target as the sum of the effects of two groups, fitted to rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TwoGroupLaw {
    groups: [Group; 2],
    centers: [f64; 2],
    /// Least and largest logarithm of each group among the rows of the fit.
    ranges: [(f64, f64); 2],
    shapes: [Shape; 2],
    constants: [f64; 3],
    target_name: String,
    scores: LawScores,
}

impl TwoGroupLaw {
    /// The two groups.
    pub const fn groups(&self) -> &[Group; 2] {
        &self.groups
    }

    /// The constant $c_0$ and the factors $c_1$ and $c_2$ of the two curves.
    pub const fn constants(&self) -> [f64; 3] {
        self.constants
    }

    /// The constants within each curve, of the group itself in SI units: $p$ for a power; $p$, $s$, $\theta$ for a step.
    ///
    /// The factor of a power in [`constants`](Self::constants) is that of the group over its geometric mean on the rows of
    /// the fit, $(\Pi/\bar\Pi)^p$; the means are [`means`](Self::means).
    pub fn curves(&self) -> [Vec<f64>; 2] {
        [0, 1].map(|k| self.shapes[k].constants(self.centers[k]))
    }

    /// The geometric mean of each group on the rows of the fit.
    pub fn means(&self) -> [f64; 2] {
        self.centers.map(libm::exp)
    }

    /// The scores on the rows of the fit.
    pub const fn scores(&self) -> &LawScores {
        &self.scores
    }

    /// The target of each row.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVariables`].
    pub fn predict_rows(&self, data: &LawData) -> Result<Vec<f64>> {
        Ok(data.in_given_order(&self.predicted(data)?))
    }

    /// Whether a constant of a step is at an end of its range: the middle at the least or largest group, or the width at its least or
    /// largest. Then the rows do not show the whole step.
    pub fn is_at_edge(&self) -> bool {
        self.shapes.iter().any(|shape| shape.is_at_edge())
    }

    /// The score on rows that may be others than those of the fit.
    ///
    /// # Errors
    ///
    /// As [`ScalingLaw::test`](crate::ScalingLaw::test).
    pub fn test(&self, data: &LawData) -> Result<LawTest> {
        let predicted = self.predicted(data)?;
        let logarithms = [
            data.group_logarithms(&self.groups[0])?,
            data.group_logarithms(&self.groups[1])?,
        ];
        let outside = |row: &usize| {
            let ranges = logarithms.iter().zip(&self.ranges);
            let mut inside = ranges.map(|(u, range)| (range.0..=range.1).contains(&u[*row]));
            !inside.all(|inside| inside)
        };
        let n_extrapolated = (0..data.n_rows()).filter(outside).count();
        let pairs: Vec<(f64, f64)> = data
            .arranged_target()
            .iter()
            .copied()
            .zip(predicted)
            .collect();
        test_pairs(&pairs, n_extrapolated, data)
    }

    fn predicted(&self, data: &LawData) -> Result<Vec<f64>> {
        let first = data.group_logarithms(&self.groups[0])?;
        let second = data.group_logarithms(&self.groups[1])?;
        let sum = Sum {
            shapes: self.shapes,
            constants: self.constants,
            ssr: 0.0,
        };
        let [a, b] = self.centers;
        let rows = first.iter().zip(&second);
        Ok(rows.map(|(u, v)| sum.at([u - a, v - b])).collect())
    }
}

impl fmt::Display for TwoGroupLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [c, a, b] = self.constants;
        let first = self.shapes[0].text(&self.groups[0], self.centers[0]);
        let second = self.shapes[1].text(&self.groups[1], self.centers[1]);
        let name = &self.target_name;
        let sign = |c: f64| if c < 0.0 { '-' } else { '+' };
        f.pad(&format!(
            "{name} = {:.4} {} {:.4} {first} {} {:.4} {second}",
            Short(c),
            sign(a),
            Short(a.abs()),
            sign(b),
            Short(b.abs())
        ))
    }
}
