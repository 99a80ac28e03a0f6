//! How far the rows determine a law: intervals from resampled rows.

use rand::RngExt;

use crate::error::{Error, Result};
use crate::law_data::LawData;
use crate::law_search::{LawSearch, centered};
use crate::link::{Fit, Fitter};
use crate::pi::Group;
use crate::random;
use crate::refinement::Refiner;
use crate::scaling_law::{ScalingLaw, fitted_target};

/// Most resamples of a bootstrap.
const MAX_RESAMPLES: usize = 1_000_000;
/// Weights of rows held at a time: 16 MB, unless one resample has more rows.
const WEIGHTS_AT_A_TIME: usize = 2_000_000;

/// An interval of percentiles.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The median.
    pub median: f64,
    /// The upper end.
    pub upper: f64,
}

impl Interval {
    /// Whether a value lies in the interval.
    pub fn contains(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }

    /// The interval that holds the part `level` of the values, with equal parts beyond both ends; percentiles are linear
    /// between the sorted values. Nothing without values, or for a level beyond 0 to 1.
    pub(crate) fn of(mut values: Vec<f64>, level: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&level) {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |part: f64| {
            let place = part * last as f64;
            let below = (libm::floor(place) as usize).min(last);
            let above = (below + 1).min(last);
            let rest = place - below as f64;
            if rest > 0.0 {
                values[below] + rest * (values[above] - values[below])
            } else {
                values[below]
            }
        };
        let tail = (1.0 - level) / 2.0;
        Some(Self {
            lower: at(tail),
            median: at(0.5),
            upper: at(1.0 - tail),
        })
    }
}

/// How often a group came first.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GroupCount {
    /// The group.
    pub group: Group,
    /// The number of resamples in which it had the best $R^2$.
    pub count: usize,
}

/// The whole search on resampled rows; see [`LawSearch::bootstrap`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LawBootstrap {
    groups: Vec<GroupCount>,
    /// The exponents of the winner of each resample, with its power.
    exponents: Vec<Vec<f64>>,
    /// The constants of the group that is first on the rows as they are.
    constants: Vec<Vec<f64>>,
    n_resamples: usize,
}

impl LawBootstrap {
    /// The groups that came first in any resample, most often first.
    pub fn groups(&self) -> &[GroupCount] {
        &self.groups
    }

    /// The number of resamples.
    pub const fn n_resamples(&self) -> usize {
        self.n_resamples
    }

    /// The interval of the exponent of one variable over the exponent of another, among the winners that have the other;
    /// at this level, such as 0.95. Nothing where no winner has it.
    ///
    /// The ratio does not depend on the power of the group.
    pub fn exponent(&self, variable: &str, over: &str, level: f64) -> Option<Interval> {
        let names = self.groups.first()?.group.names();
        let place = |name: &str| names.iter().position(|n| n == name);
        let (variable, over) = (place(variable)?, place(over)?);
        let both = self
            .exponents
            .iter()
            .filter_map(|e| Some((*e.get(variable)?, *e.get(over)?)));
        let ratios = both
            .filter(|(_, over)| *over != 0.0)
            .map(|(e, over)| e / over);
        Interval::of(ratios.collect(), level)
    }

    /// The intervals of the constants of the link for the group, and its power, that are best on the rows as they are; in the order of
    /// [`FittedLink::constants`](crate::FittedLink::constants). None for a level beyond 0 to 1.
    pub fn constants(&self, level: f64) -> Vec<Interval> {
        intervals(&self.constants, level)
    }

    /// The interval of a function of these constants, such as the group at which a line crosses zero; resamples in which it is not finite
    /// are left out.
    pub fn interval_of(&self, function: impl Fn(&[f64]) -> f64, level: f64) -> Option<Interval> {
        let values = self.constants.iter().map(|constants| function(constants));
        Interval::of(values.filter(|v| v.is_finite()).collect(), level)
    }
}

/// Fitted exponents on resampled rows; see [`LawSearch::bootstrap_exponents`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExponentBootstrap {
    names: Vec<String>,
    exponents: Vec<Vec<f64>>,
    n_resamples: usize,
}

impl ExponentBootstrap {
    /// The interval of the exponent of each variable, in the order of the variables, at this level.
    pub fn exponents(&self, level: f64) -> Vec<Interval> {
        intervals(&self.exponents, level)
    }

    /// The interval of the exponent of one variable; nothing if there is no such variable.
    pub fn exponent(&self, name: &str, level: f64) -> Option<Interval> {
        let index = self.names.iter().position(|n| n == name)?;
        let values = self.exponents.iter().filter_map(|e| e.get(index).copied());
        Interval::of(values.collect(), level)
    }

    /// The number of resamples.
    pub const fn n_resamples(&self) -> usize {
        self.n_resamples
    }

    /// The number of resamples to which a law could not be fitted, because their rows had too few values of the group.
    pub fn n_failed(&self) -> usize {
        self.n_resamples.saturating_sub(self.exponents.len())
    }
}

fn intervals(values: &[Vec<f64>], level: f64) -> Vec<Interval> {
    let n = values.first().map_or(0, Vec::len);
    (0..n)
        .filter_map(|index| {
            let values = values.iter().filter_map(|v| v.get(index).copied());
            Interval::of(values.collect(), level)
        })
        .collect()
}

impl LawSearch {
    /// The whole search on rows drawn anew with replacement, `n_resamples` times: how often each group comes first, and the
    /// intervals of exponents and constants.
    ///
    /// Exponents of a search are whole numbers within the bound, so their intervals say how firm the choice among these
    /// groups is; [`bootstrap_exponents`](Self::bootstrap_exponents) treats them as real numbers.
    ///
    /// # Errors
    ///
    /// Those of [`fit`](Self::fit); [`Error::InvalidParameter`] for 0 resamples or more than a million.
    ///
    /// # Performance
    ///
    /// O(resamples × groups × powers × rows), exponentials once for many resamples; O(resamples × variables) memory beside some 16 MB.
    ///
    /// # References
    ///
    /// B. Efron, *Bootstrap methods: another look at the jackknife*, Ann. Stat. 7, 1 (1979), doi 10.1214/aos/1176344552.
    pub fn bootstrap(&self, data: &LawData, n_resamples: usize) -> Result<LawBootstrap> {
        let plain = self.clone().cross_validation(0).leave_label_out(false);
        let found = plain.fit(data)?;
        let target = fitted_target(data, self.has_log_target())?;
        let mut fitter = self.fitter(&target);
        // In the order of size, so that the smaller of two equal groups wins, as in the search.
        let groups = self.groups(data)?;
        let mut members = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            if let Some((_, u)) = centered(data.group_logarithms(group)?) {
                members.push((index, u));
            }
        }
        let best = centered(data.group_logarithms(found.best().group())?);
        let mut winners: Vec<Option<(usize, Fit)>> = Vec::with_capacity(n_resamples);
        let mut constants = Vec::new();
        // As many resamples at a time as memory is meant for; exponentials are taken once for each of these.
        for weightings in self.resamples(data, n_resamples)? {
            let mut part: Vec<Option<(usize, Fit)>> = vec![None; weightings.len()];
            for (index, u) in &members {
                let fits = fitter.best(u, &weightings);
                for (winner, fit) in part.iter_mut().zip(fits) {
                    if let Some(fit) = fit {
                        if winner.as_ref().is_none_or(|(_, best)| fit.ssr < best.ssr) {
                            *winner = Some((*index, fit));
                        }
                    }
                }
            }
            winners.extend(part);
            if let Some((center, u)) = &best {
                constants.extend(self.constants_of(
                    &target,
                    found.best(),
                    (*center, u),
                    &weightings,
                ));
            }
        }
        let mut counts = vec![0; groups.len()];
        let mut exponents = Vec::with_capacity(n_resamples);
        for (index, fit) in winners.into_iter().flatten() {
            counts[index] += 1;
            let power = fit.power().unwrap_or(1.0);
            let of_group = groups[index].exponents().iter();
            exponents.push(of_group.map(|&e| power * e as f64).collect());
        }
        let counted = groups
            .into_iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0);
        let mut groups: Vec<GroupCount> = counted
            .map(|(group, count)| GroupCount { group, count })
            .collect();
        groups.sort_by_key(|g| std::cmp::Reverse(g.count));
        Ok(LawBootstrap {
            groups,
            exponents,
            constants,
            n_resamples,
        })
    }

    /// The constants of the link of one group in each resample, with the power that the law has.
    fn constants_of(
        &self,
        target: &[f64],
        law: &ScalingLaw,
        (center, u): (f64, &[f64]),
        weightings: &[Vec<f64>],
    ) -> Vec<Vec<f64>> {
        let powers = [law.link().power().unwrap_or(1.0)];
        let mut fitter = Fitter::new(self.stated_link(), &powers, target);
        let fits: Vec<Fit> = fitter.best(u, weightings).into_iter().flatten().collect();
        fits.into_iter()
            .map(|fit| fitter.finish(fit, center, u).constants())
            .collect()
    }

    /// The fit of real exponents, as in [`refine`](Self::refine), on rows drawn anew with replacement.
    ///
    /// # Errors
    ///
    /// Those of [`refine`](Self::refine) and [`bootstrap`](Self::bootstrap).
    pub fn bootstrap_exponents(
        &self,
        data: &LawData,
        law: &ScalingLaw,
        n_resamples: usize,
    ) -> Result<ExponentBootstrap> {
        let refiner = Refiner::new(self, data, law)?;
        let mut exponents = Vec::new();
        for weightings in self.resamples(data, n_resamples)? {
            let fits = weightings
                .iter()
                .filter_map(|weights| refiner.refine(weights));
            exponents.extend(fits.map(|fit| fit.exponents));
        }
        Ok(ExponentBootstrap {
            names: data.system().names().to_vec(),
            exponents,
            n_resamples,
        })
    }

    /// How often each row is drawn, for each resample, some resamples at a time.
    fn resamples(
        &self,
        data: &LawData,
        n_resamples: usize,
    ) -> Result<impl Iterator<Item = Vec<Vec<f64>>> + use<>> {
        if n_resamples == 0 || n_resamples > MAX_RESAMPLES {
            return Err(Error::InvalidParameter {
                name: "n_resamples",
                requirement: "from 1 to 1000000",
                found: n_resamples.to_string(),
            });
        }
        let (n, seed) = (data.n_rows(), self.stated_seed());
        let draw = move |slot: usize| {
            let mut stream = random::stream(seed, random::Purpose::Bootstrap, slot as u64);
            let mut weights = vec![0.0; n];
            for _ in 0..n {
                weights[stream.random_range(0..n)] += 1.0;
            }
            weights
        };
        let at_a_time = (WEIGHTS_AT_A_TIME / n.max(1)).max(1);
        let starts = (0..n_resamples).step_by(at_a_time);
        Ok(starts.map(move |start| {
            let end = (start + at_a_time).min(n_resamples);
            (start..end).map(draw).collect()
        }))
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn percentiles_are_linear_between_values() -> std::result::Result<(), Box<dyn std::error::Error>>
    {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let interval = Interval::of(values, 0.9).ok_or("an interval")?;
        assert_relative_eq!(interval.lower, 5.0, max_relative = 1e-12);
        assert_relative_eq!(interval.median, 50.0);
        assert_relative_eq!(interval.upper, 95.0, max_relative = 1e-12);
        assert!(interval.contains(5.5) && !interval.contains(95.5));
        assert!(Interval::of(Vec::new(), 0.9).is_none());
        let one = Interval::of(vec![3.0], 0.5).ok_or("an interval")?;
        assert_relative_eq!(one.lower, 3.0);
        Ok(())
    }
}
