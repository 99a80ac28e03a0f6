//! Exhaustive search for two dimensionless groups whose effects add up.

mod shape;
mod sum;

use crate::error::{Error, Result};
use crate::law_data::LawData;
use crate::law_search::{LawSearch, Split, centered};
use crate::linear::dot;
use crate::pi::Group;
use crate::scaling_law::fitted_target;
use crate::two_group_law::TwoGroupLaw;
use crate::two_group_search_result::TwoGroupSearchResult;
pub use shape::GroupShape;
pub(crate) use shape::Shape;
pub(crate) use sum::Sum;
use sum::{explained, refine, unit};

/// Most pairs of curves that a search compares.
pub const MAX_CURVE_PAIRS: u64 = 400_000_000;

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
    /// The search of one group whose groups, powers, splits and scores are used.
    single: LawSearch,
    shape: GroupShape,
    n_refined: usize,
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
            single: LawSearch::new().max_exponent(2).powers([1.0, -1.0]),
            shape: GroupShape::Step,
            n_refined: 30,
        }
    }

    /// The largest exponent in magnitude; 2 by default.
    #[must_use]
    pub fn max_exponent(mut self, max_exponent: u32) -> Self {
        self.single = self.single.max_exponent(max_exponent);
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
        self.single = self.single.powers(powers);
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
        self.single = self.single.cross_validation(folds);
        self
    }

    /// Whether each law is also fitted to all labels but one and scored on that one; false by default.
    #[must_use]
    pub fn leave_label_out(mut self, leave_label_out: bool) -> Self {
        self.single = self.single.leave_label_out(leave_label_out);
        self
    }

    /// Seed of the folds, 0 by default. The generator is ChaCha8.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.single = self.single.seed(seed);
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        self.single.validate()?;
        if self.n_refined == 0 || self.n_refined > 10_000 {
            return Err(Error::InvalidParameter {
                name: "n_refined",
                requirement: "from 1 to 10000",
                found: self.n_refined.to_string(),
            });
        }
        Ok(())
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
        data.require_rows(self.n_constants() + 2)?;
        let groups = self.single.groups(data)?;
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
        let splits = self.single.splits(data)?;
        let mut laws = Vec::new();
        for (first, second) in pairs {
            laws.extend(self.law(data, [&members[first], &members[second]], &splits)?);
        }
        let n = members.len() as u64;
        TwoGroupSearchResult::new(laws, n_groups, n * n.saturating_sub(1) / 2)
    }

    /// One law: these two groups.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::OtherVariables`]; [`Error::ConstantColumn`] when one of the groups has one value in
    /// all rows, or both vary together.
    pub fn fit_groups(&self, data: &LawData, groups: [&Group; 2]) -> Result<TwoGroupLaw> {
        self.validate()?;
        data.require_rows(self.n_constants() + 2)?;
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
        let splits = self.single.splits(data)?;
        let law = self.law(data, [&first, &second], &splits)?;
        law.ok_or_else(|| Error::ConstantColumn {
            name: format!("{} beside {}", groups[0], groups[1]),
        })
    }

    /// The pairs with the best $R^2$ on the grid of curves, best first.
    fn best_pairs(&self, members: &[Member], target: &[f64]) -> Result<Vec<(usize, usize)>> {
        let ones = vec![1.0; target.len()];
        let mut curves: Vec<(usize, Vec<f64>)> = Vec::new();
        for (index, member) in members.iter().enumerate() {
            for shape in self.shape.grid(&member.u, self.single.stated_powers()) {
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
            .single
            .scores(data, &target, whole.ssr, more, splits, &predicted);
        let groups = members.map(|m| m.group.clone());
        let centers = members.map(|m| m.center);
        let name = data.target_name();
        Ok(Some(TwoGroupLaw::new(
            groups, centers, u, whole, name, scores,
        )))
    }

    /// The best curves of the grid under a weighting, with their constants then set free.
    fn best_sum(&self, u: [&[f64]; 2], y: &[f64], weights: &[f64], n_starts: usize) -> Option<Sum> {
        let roots: Vec<f64> = weights.iter().map(|&w| libm::sqrt(w)).collect();
        // Steps lie among the rows that count.
        let grids = u.map(|u| {
            let counted = u.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
            let counted: Vec<f64> = counted.map(|(u, _)| *u).collect();
            self.shape.grid(&counted, self.single.stated_powers())
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
        let n_powers = self.single.stated_powers().len();
        let mut starts: Vec<Vec<(f64, [Shape; 2])>> = vec![Vec::new(); n_powers * n_powers];
        for ((a, p), a_along) in units[0].iter().zip(&first) {
            for ((b, q), b_along) in units[1].iter().zip(&second) {
                let r = explained(*a_along, *b_along, dot(p, q)).unwrap_or(0.0);
                let place = |shape: &Shape| {
                    let same = |power: &f64| power.total_cmp(&shape.power()).is_eq();
                    self.single
                        .stated_powers()
                        .iter()
                        .position(same)
                        .unwrap_or(0)
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

/// A group with the logarithm of its value in each row, less the mean of these.
struct Member {
    group: Group,
    center: f64,
    u: Vec<f64>,
}
