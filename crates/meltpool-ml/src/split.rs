//! Splits into train and test parts: random, by group, in blocks, and folds of each.

use crate::error::{Error, Result, require};
use crate::random::{Purpose, Random};

/// Rows of the train and of the test part, each ascending.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to judge on.
    pub test: Vec<usize>,
}

impl Split {
    fn from_mask(is_test: &[bool]) -> Self {
        let rows = |wanted: bool| {
            (0..is_test.len())
                .filter(|row| is_test[*row] == wanted)
                .collect()
        };
        Self {
            train: rows(false),
            test: rows(true),
        }
    }
}

/// How rows are divided.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum SplitStrategy {
    /// Rows at random. Neighbors in time fall on both sides: this measures interpolation between frames of the same run.
    Random {
        /// Share of the test part; the number of rows is rounded down.
        test_share: f64,
    },
    /// Whole groups (runs, materials, machines) at random: no group is on both sides.
    Grouped {
        /// Share of the groups in the test part, rounded down, at least one.
        test_share: f64,
    },
    /// Consecutive blocks of rows at random, with rows beside a tested block left out of both parts.
    Blocked {
        /// Rows of a block.
        block: usize,
        /// Share of the blocks in the test part, rounded down, at least one.
        test_share: f64,
        /// Rows left out on each side of a tested block.
        embargo: usize,
    },
    /// One group, by number, is the test part: leave one material, run or machine out.
    LeaveGroupOut {
        /// Number of the group.
        group: usize,
    },
}

impl SplitStrategy {
    /// Divides the rows whose groups are given; `groups` holds the group of each row (its run, material or machine).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a share outside (0, 1), an empty block or an unknown group, [`Error::TooFewSamples`] if a part
    /// would be empty, [`Error::TooFewGroups`] for a split by group of one group.
    pub fn split(&self, groups: &[usize], seed: u64) -> Result<Split> {
        let n = groups.len();
        if n < 2 {
            return Err(Error::TooFewSamples {
                purpose: "a split",
                needed: 2,
                found: n,
            });
        }
        let mut rng = Random::new(seed, Purpose::Split, 0);
        let mut is_test = vec![false; n];
        let mut split = match self {
            Self::Random { test_share } => {
                check_share(*test_share)?;
                let n_test = (n as f64 * test_share) as usize;
                for row in &rng.permutation(n)[..n_test] {
                    is_test[*row] = true;
                }
                Split::from_mask(&is_test)
            }
            Self::Grouped { test_share } => {
                check_share(*test_share)?;
                let names = distinct(groups);
                if names.len() < 2 {
                    return Err(Error::TooFewGroups {
                        needed: 2,
                        found: names.len(),
                    });
                }
                let n_test = ((names.len() as f64 * test_share) as usize).max(1);
                let order = rng.permutation(names.len());
                let tested: Vec<usize> = order[..n_test].iter().map(|k| names[*k]).collect();
                for (test, group) in is_test.iter_mut().zip(groups) {
                    *test = tested.contains(group);
                }
                Split::from_mask(&is_test)
            }
            Self::Blocked {
                block,
                test_share,
                embargo,
            } => {
                check_share(*test_share)?;
                require(*block > 0, "block", "at least 1", block)?;
                let n_blocks = n.div_ceil(*block);
                let n_test = ((n_blocks as f64 * test_share) as usize).max(1);
                let order = rng.permutation(n_blocks);
                for number in &order[..n_test] {
                    is_test[number * block..((number + 1) * block).min(n)].fill(true);
                }
                let mut split = Split::from_mask(&is_test);
                let near = |row: usize| {
                    let first = row.saturating_sub(*embargo);
                    let last = row.saturating_add(*embargo).min(n - 1);
                    (first..=last).any(|other| is_test[other] && groups[other] == groups[row])
                };
                split.train.retain(|row| !near(*row));
                split
            }
            Self::LeaveGroupOut { group } => {
                require(groups.contains(group), "group", "one that occurs", group)?;
                for (test, other) in is_test.iter_mut().zip(groups) {
                    *test = other == group;
                }
                Split::from_mask(&is_test)
            }
        };
        split.train.sort_unstable();
        for (purpose, part) in [
            ("the train part", &split.train),
            ("the test part", &split.test),
        ] {
            if part.is_empty() {
                return Err(Error::TooFewSamples {
                    purpose,
                    needed: 1,
                    found: 0,
                });
            }
        }
        Ok(split)
    }
}

/// Folds: every row is in the test part of exactly one.
///
/// With `by_group` whole groups go together.
///
/// # Errors
/// [`Error::InvalidParameter`] for fewer than 2 folds, [`Error::TooFewSamples`] or [`Error::TooFewGroups`] for fewer rows or groups
/// than folds.
pub fn k_fold(groups: &[usize], n_folds: usize, by_group: bool, seed: u64) -> Result<Vec<Split>> {
    require(n_folds >= 2, "n_folds", "at least 2", n_folds)?;
    let names = distinct(groups);
    let n_items = if by_group { names.len() } else { groups.len() };
    if n_items < n_folds {
        return Err(if by_group {
            Error::TooFewGroups {
                needed: n_folds,
                found: n_items,
            }
        } else {
            Error::TooFewSamples {
                purpose: "the folds",
                needed: n_folds,
                found: n_items,
            }
        });
    }
    let order = Random::new(seed, Purpose::Split, 1).permutation(n_items);
    let mut fold_of = vec![0; n_items];
    for (place, item) in order.iter().enumerate() {
        fold_of[*item] = place * n_folds / n_items;
    }
    Ok((0..n_folds)
        .map(|fold| {
            let is_test: Vec<bool> = groups
                .iter()
                .enumerate()
                .map(|(row, group)| {
                    let item = if by_group {
                        names.partition_point(|name| name < group)
                    } else {
                        row
                    };
                    fold_of[item] == fold
                })
                .collect();
            Split::from_mask(&is_test)
        })
        .collect())
}

fn check_share(share: f64) -> Result<()> {
    require(
        share > 0.0 && share < 1.0,
        "test_share",
        "between 0 and 1, both excluded",
        share,
    )
}

pub(crate) fn distinct(groups: &[usize]) -> Vec<usize> {
    let mut names = groups.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<usize> {
        (0..100).map(|row| row / 10).collect()
    }

    #[test]
    fn parts_are_disjoint_cover_all_and_depend_on_the_seed() -> Result<()> {
        for strategy in [
            SplitStrategy::Random { test_share: 0.2 },
            SplitStrategy::Grouped { test_share: 0.2 },
            SplitStrategy::LeaveGroupOut { group: 3 },
        ] {
            let split = strategy.split(&groups(), 5)?;
            let mut all = [split.train.clone(), split.test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<_>>(), "{strategy:?}");
            assert_eq!(split, strategy.split(&groups(), 5)?);
        }
        let random = SplitStrategy::Random { test_share: 0.2 };
        assert_ne!(random.split(&groups(), 1)?, random.split(&groups(), 2)?);
        assert_eq!(random.split(&groups(), 1)?.test.len(), 20);
        Ok(())
    }

    #[test]
    fn grouped_splits_share_no_group() -> Result<()> {
        for seed in 0..20 {
            let split = SplitStrategy::Grouped { test_share: 0.25 }.split(&groups(), seed)?;
            assert_eq!(split.test.len(), 20);
            for test in &split.test {
                assert!(split.train.iter().all(|row| row / 10 != test / 10));
            }
        }
        Ok(())
    }

    #[test]
    fn the_embargo_is_kept() -> Result<()> {
        let one_run = vec![0; 148];
        for seed in 0..20 {
            let strategy = SplitStrategy::Blocked {
                block: 15,
                test_share: 0.2,
                embargo: 4,
            };
            let split = strategy.split(&one_run, seed)?;
            for test in &split.test {
                assert!(split.train.iter().all(|row| row.abs_diff(*test) > 4));
            }
        }
        Ok(())
    }

    #[test]
    fn folds_test_each_row_once() -> Result<()> {
        for by_group in [false, true] {
            let folds = k_fold(&groups(), 3, by_group, 1)?;
            let mut tested: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
            tested.sort_unstable();
            assert_eq!(tested, (0..100).collect::<Vec<_>>());
            if by_group {
                for fold in &folds {
                    for test in &fold.test {
                        assert!(fold.train.iter().all(|row| row / 10 != test / 10));
                    }
                }
            }
        }
        Ok(())
    }

    #[test]
    fn impossible_splits_are_refused() {
        let one = vec![7; 10];
        assert!(matches!(
            SplitStrategy::Grouped { test_share: 0.2 }.split(&one, 0),
            Err(Error::TooFewGroups { found: 1, .. })
        ));
        assert!(matches!(
            SplitStrategy::Random { test_share: 0.01 }.split(&one, 0),
            Err(Error::TooFewSamples { .. })
        ));
        for share in [0.0, 1.0, f64::NAN] {
            assert!(
                SplitStrategy::Random { test_share: share }
                    .split(&one, 0)
                    .is_err()
            );
        }
        assert!(
            SplitStrategy::LeaveGroupOut { group: 1 }
                .split(&one, 0)
                .is_err()
        );
        assert!(k_fold(&one, 2, true, 0).is_err() && k_fold(&one, 1, false, 0).is_err());
    }
}
