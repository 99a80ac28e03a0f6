//! A fitted law of two groups whose effects add up.

use std::fmt;

use crate::error::Result;
use crate::law_data::LawData;
use crate::pi::Group;
use crate::scaling_law::{LawScores, LawTest, Short, test_pairs};
use crate::two_group_search::Sum;

/// A target as the sum of the effects of two groups, fitted to rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TwoGroupLaw {
    groups: [Group; 2],
    centers: [f64; 2],
    /// Least and largest logarithm of each group among the rows of the fit.
    ranges: [(f64, f64); 2],
    sum: Sum,
    target_name: String,
    scores: LawScores,
}

impl TwoGroupLaw {
    /// `u` are the logarithms of the groups in the rows of the fit, less their centers.
    pub(crate) fn new(
        groups: [Group; 2],
        centers: [f64; 2],
        u: [&[f64]; 2],
        sum: Sum,
        target_name: &str,
        scores: LawScores,
    ) -> Self {
        let range = |k: usize| {
            let ends = u[k]
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |r, &u| {
                    (r.0.min(u), r.1.max(u))
                });
            (ends.0 + centers[k], ends.1 + centers[k])
        };
        Self {
            ranges: [range(0), range(1)],
            groups,
            centers,
            sum,
            target_name: target_name.to_owned(),
            scores,
        }
    }

    /// The two groups.
    pub const fn groups(&self) -> &[Group; 2] {
        &self.groups
    }

    /// The constant $c_0$ and the factors $c_1$ and $c_2$ of the two curves.
    pub const fn constants(&self) -> [f64; 3] {
        self.sum.constants
    }

    /// The constants within each curve, of the group itself in SI units: $p$ for a power; $p$, $s$, $\theta$ for a step.
    ///
    /// The factor of a power in [`constants`](Self::constants) is that of the group over its geometric mean on the rows of
    /// the fit, $(\Pi/\bar\Pi)^p$; the means are [`means`](Self::means).
    pub fn curves(&self) -> [Vec<f64>; 2] {
        [0, 1].map(|k| self.sum.shapes[k].constants(self.centers[k]))
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
    /// [`Error::OtherVariables`](crate::Error::OtherVariables).
    pub fn predict_rows(&self, data: &LawData) -> Result<Vec<f64>> {
        let logarithms = self.logarithms(data)?;
        Ok(data.in_given_order(&self.predicted(&logarithms)))
    }

    /// Whether a constant of a step is at an end of its range: the middle at the least or largest group, or the width at its least or
    /// largest. Then the rows do not show the whole step.
    pub fn is_at_edge(&self) -> bool {
        self.sum.shapes.iter().any(|shape| shape.is_at_edge())
    }

    /// The score on rows that may be others than those of the fit.
    ///
    /// # Errors
    ///
    /// As [`ScalingLaw::test`](crate::ScalingLaw::test).
    pub fn test(&self, data: &LawData) -> Result<LawTest> {
        let logarithms = self.logarithms(data)?;
        let outside = |row: &usize| {
            let ranges = logarithms.iter().zip(&self.ranges);
            let mut inside = ranges.map(|(u, range)| (range.0..=range.1).contains(&u[*row]));
            !inside.all(|inside| inside)
        };
        let n_extrapolated = (0..data.n_rows()).filter(outside).count();
        let target = data.arranged_target().iter().copied();
        let pairs: Vec<(f64, f64)> = target.zip(self.predicted(&logarithms)).collect();
        test_pairs(&pairs, n_extrapolated, data)
    }

    /// The logarithms of both groups in each row, in the order of the data.
    fn logarithms(&self, data: &LawData) -> Result<[Vec<f64>; 2]> {
        Ok([
            data.group_logarithms(&self.groups[0])?,
            data.group_logarithms(&self.groups[1])?,
        ])
    }

    fn predicted(&self, [first, second]: &[Vec<f64>; 2]) -> Vec<f64> {
        let [a, b] = self.centers;
        let rows = first.iter().zip(second);
        rows.map(|(u, v)| self.sum.at([u - a, v - b])).collect()
    }
}

impl fmt::Display for TwoGroupLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [c, a, b] = self.sum.constants;
        let first = self.sum.shapes[0].text(&self.groups[0], self.centers[0]);
        let second = self.sum.shapes[1].text(&self.groups[1], self.centers[1]);
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
