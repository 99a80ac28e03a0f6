//! What a search for a scaling law found.

use crate::error::{Error, Result};
use crate::lattice::size;
use crate::law_data::LawData;
use crate::law_search::centered;
use crate::pi::Group;
use crate::rational::greatest_common_divisor;
use crate::scaling_law::ScalingLaw;

/// All groups of a search with their laws, best $R^2$ on the rows of the fit first.
///
/// The first is not *the* law: see [`front`](Self::front) for what larger exponents buy, and
/// [`alternatives`](Self::alternatives) for the groups that do as well.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LawSearchResult {
    laws: Vec<ScalingLaw>,
    n_groups: usize,
}

/// A group that describes the rows nearly as well as the best, or better than the one it is compared with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Alternative<'a> {
    /// Its place in the search, counted from 1.
    pub rank: usize,
    /// Its law.
    pub law: &'a ScalingLaw,
    /// $R^2$ of the best law less that of this one.
    pub loss: f64,
    /// Correlation of the logarithms of the two groups over the rows.
    pub correlation: f64,
    /// Whether the two groups are powers of each other on these rows up to a factor, so that no link and no score can tell
    /// them apart: the variables in which they differ are constant, or vary together.
    pub is_equivalent: bool,
}

impl LawSearchResult {
    pub(crate) fn new(mut laws: Vec<ScalingLaw>, n_groups: usize) -> Result<Self> {
        if laws.is_empty() {
            return Err(Error::NoGroup { n_groups });
        }
        // Groups that agree to rounding count as equal: then the smaller comes first.
        let key = |law: &ScalingLaw| libm::round(law.scores().r_squared * 1e12);
        laws.sort_by(|a, b| {
            key(b)
                .total_cmp(&key(a))
                .then_with(|| a.size().cmp(&b.size()))
                .then_with(|| b.group().exponents().cmp(a.group().exponents()))
        });
        Ok(Self { laws, n_groups })
    }

    /// The law with the best $R^2$ on the rows of the fit.
    pub fn best(&self) -> &ScalingLaw {
        &self.laws[0]
    }

    /// All laws, best first; among equals the smallest exponents first.
    pub fn laws(&self) -> &[ScalingLaw] {
        &self.laws
    }

    /// How many groups were tried.
    pub const fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// How many of them had one value in all rows, or too few for the link.
    pub fn n_constant(&self) -> usize {
        self.n_groups - self.laws.len()
    }

    /// The place of a group, or of any power of it, counted from 1; nothing if it was not among the groups.
    pub fn rank(&self, group: &Group) -> Option<usize> {
        let wanted = canonical(group.exponents());
        let found = self
            .laws
            .iter()
            .position(|law| law.group().exponents() == wanted)?;
        Some(found + 1)
    }

    /// The law of a group or of any power of it; nothing if it was not among the groups.
    pub fn law(&self, group: &Group) -> Option<&ScalingLaw> {
        self.laws.get(self.rank(group)? - 1)
    }

    /// The Pareto front of $R^2$ against the sum of the magnitudes of the exponents, smallest first: each law is better than
    /// all that are as small.
    pub fn front(&self) -> Vec<&ScalingLaw> {
        let mut by_size: Vec<&ScalingLaw> = self.laws.iter().collect();
        by_size.sort_by_key(|law| law.size());
        let mut front: Vec<&ScalingLaw> = Vec::new();
        for law in by_size {
            if front.last().is_none_or(|last| better(law, last)) {
                front.push(law);
            }
        }
        front
    }

    /// The uniqueness table: every law whose $R^2$ is within `tolerance` of the best one's, the best included.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] for a negative tolerance; [`Error::OtherVariables`] for other data than that of the search.
    pub fn alternatives(&self, data: &LawData, tolerance: f64) -> Result<Vec<Alternative<'_>>> {
        if tolerance.is_nan() || tolerance < 0.0 {
            return Err(Error::InvalidParameter {
                name: "tolerance",
                requirement: "at least 0",
                found: tolerance.to_string(),
            });
        }
        let best = self.best();
        let own = data.group_logarithms(best.group())?;
        let mut table = Vec::new();
        for (index, law) in self.laws.iter().enumerate() {
            let loss = best.scores().r_squared - law.scores().r_squared;
            if loss > tolerance {
                break;
            }
            let correlation = correlation(own.clone(), data.group_logarithms(law.group())?);
            table.push(Alternative {
                rank: index + 1,
                law,
                loss,
                correlation,
                is_equivalent: correlation.abs() > 1.0 - 1e-10,
            });
        }
        Ok(table)
    }
}

fn better(law: &ScalingLaw, other: &ScalingLaw) -> bool {
    law.scores().r_squared > other.scores().r_squared + 1e-12
}

/// Primitive exponents with a positive first one.
pub(crate) fn canonical(exponents: &[i64]) -> Vec<i64> {
    let common = exponents.iter().fold(0, |c, e| {
        greatest_common_divisor(c, e.unsigned_abs().into())
    });
    let negative = exponents.iter().find(|e| **e != 0).is_some_and(|e| *e < 0);
    if common == 0 || size(exponents) == u64::MAX {
        return exponents.to_vec();
    }
    let sign = if negative { -1 } else { 1 };
    exponents
        .iter()
        .map(|&e| sign * (i128::from(e) / common as i128) as i64)
        .collect()
}

fn correlation(a: Vec<f64>, b: Vec<f64>) -> f64 {
    let (Some((_, a)), Some((_, b))) = (centered(a), centered(b)) else {
        return f64::NAN;
    };
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    ab / libm::sqrt(aa * bb)
}
