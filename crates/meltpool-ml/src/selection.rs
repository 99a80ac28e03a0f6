//! The choice among settings inside the train part, and the judgment of that choice outside of it.

use crate::error::{Error, Result, require};
use crate::split::{Split, k_fold};

/// One outer fold of a nested selection.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedFold {
    /// Rows to learn from and to judge on.
    pub split: Split,
    /// Mean loss of each candidate over the inner folds.
    pub inner_losses: Vec<f64>,
    /// The candidate with the smallest of them, the first of equals.
    pub chosen: usize,
    /// Its loss on the test part of the outer fold, learned from all of the train part.
    pub outer_loss: f64,
}

/// Nested cross-validation: candidates are compared on folds of the train part, and only the chosen one sees the test part.
///
/// The best of many scores on one test part is too good; the mean of the outer losses is not, since no test row had a say in the choice.
///
/// # References
/// Varma and Simon, BMC Bioinformatics 7, 91 (2006), doi 10.1186/1471-2105-7-91.
///
/// # Examples
/// ```
/// use meltpool_ml::{CubicRidge, NestedSelection, Regressor, Score};
/// use ndarray::{Array2, Axis};
///
/// let x = Array2::from_shape_fn((60, 1), |(k, _)| (k % 12) as f64 / 6.0 - 1.0);
/// let y = x.mapv(|x| x - 2.0 * x.powi(3));
/// let runs: Vec<usize> = (0..60).map(|row| row / 12).collect();
/// let folds = NestedSelection::new(5, 3).run(&runs, 3, |candidate, split| {
///     let pick = |t: &Array2<f64>, rows: &[usize]| t.select(Axis(0), rows);
///     let law = CubicRidge::new().degree(candidate + 1).ridge(1e-6);
///     let fitted = law.fit(&pick(&x, &split.train).view(), &pick(&y, &split.train).view())?;
///     let predicted = fitted.predict(&pick(&x, &split.test).view())?;
///     Ok(Score::columns(&pick(&y, &split.test).view(), &predicted.view())?[0].rmse)
/// })?;
/// assert!(folds.iter().all(|fold| fold.chosen == 2 && fold.outer_loss < 1e-3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NestedSelection {
    n_outer: usize,
    n_inner: usize,
    by_group: bool,
    seed: u64,
}

impl NestedSelection {
    /// This many outer folds, and this many folds of each train part; whole groups go together, seed 0.
    pub fn new(n_outer: usize, n_inner: usize) -> Self {
        Self {
            n_outer,
            n_inner,
            by_group: true,
            seed: 0,
        }
    }

    /// Whether whole groups go together; default yes.
    pub fn by_group(mut self, by_group: bool) -> Self {
        self.by_group = by_group;
        self
    }

    /// Seed of the folds; default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for fewer than 2 folds.
    pub fn validate(&self) -> Result<()> {
        require(self.n_outer >= 2, "n_outer", "at least 2", self.n_outer)?;
        require(self.n_inner >= 2, "n_inner", "at least 2", self.n_inner)
    }

    /// Runs it. `loss` learns candidate number k from the train rows of a split and gives its loss on the test rows, the smaller the better;
    /// `groups` holds the group of each row.
    ///
    /// # Errors
    /// As [`validate`](Self::validate) and [`k_fold`]; [`Error::InvalidParameter`] without candidates; those of `loss`;
    /// [`Error::NonFinite`] if no candidate of a fold has a finite mean loss.
    pub fn run(
        &self,
        groups: &[usize],
        n_candidates: usize,
        mut loss: impl FnMut(usize, &Split) -> Result<f64>,
    ) -> Result<Vec<NestedFold>> {
        self.validate()?;
        require(n_candidates > 0, "n_candidates", "at least 1", n_candidates)?;
        let mut folds = Vec::with_capacity(self.n_outer);
        let outer = k_fold(groups, self.n_outer, self.by_group, self.seed)?;
        for (number, split) in outer.into_iter().enumerate() {
            let own: Vec<usize> = split.train.iter().map(|row| groups[*row]).collect();
            let seed = self.seed.wrapping_add(number as u64 + 1);
            let inner: Vec<Split> = k_fold(&own, self.n_inner, self.by_group, seed)?
                .into_iter()
                .map(|fold| Split {
                    train: fold.train.iter().map(|k| split.train[*k]).collect(),
                    test: fold.test.iter().map(|k| split.train[*k]).collect(),
                })
                .collect();
            let mut inner_losses = Vec::with_capacity(n_candidates);
            for candidate in 0..n_candidates {
                let mut sum = 0.0;
                for fold in &inner {
                    sum += loss(candidate, fold)?;
                }
                inner_losses.push(sum / inner.len() as f64);
            }
            let finite = inner_losses.iter().enumerate().filter(|l| l.1.is_finite());
            let Some((chosen, _)) = finite.min_by(|a, b| a.1.total_cmp(b.1)) else {
                return Err(Error::NonFinite {
                    what: "the losses of all candidates",
                    sample: number,
                    position: 0,
                    found: inner_losses[0],
                });
            };
            let outer_loss = loss(chosen, &split)?;
            folds.push(NestedFold {
                split,
                inner_losses,
                chosen,
                outer_loss,
            });
        }
        Ok(folds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leak::shared_groups;
    use crate::random::{Purpose, Random};

    #[test]
    fn no_choice_sees_a_row_or_a_group_of_the_outer_test_part() -> Result<()> {
        let groups: Vec<usize> = (0..90).map(|row| row / 10).collect();
        for by_group in [true, false] {
            let mut seen: Vec<(usize, Split)> = Vec::new();
            let folds = NestedSelection::new(3, 3).by_group(by_group).seed(4).run(
                &groups,
                2,
                |candidate, split| {
                    seen.push((candidate, split.clone()));
                    Ok(candidate as f64)
                },
            )?;
            // 2 candidates x 3 inner folds, then the chosen one on the outer fold
            assert_eq!((folds.len(), seen.len()), (3, 21));
            for (fold, calls) in folds.iter().zip(seen.chunks(7)) {
                assert_eq!((fold.chosen, fold.outer_loss), (0, 0.0));
                assert_eq!(calls[6], (0, fold.split.clone()));
                for (_, split) in &calls[..6] {
                    for row in split.train.iter().chain(&split.test) {
                        assert!(!fold.split.test.contains(row));
                        let held = fold.split.test.iter().any(|r| groups[*r] == groups[*row]);
                        assert!(!by_group || !held);
                    }
                    assert!(!by_group || shared_groups(split, &groups)?.is_empty());
                }
            }
        }
        Ok(())
    }

    #[test]
    fn the_best_of_many_guesses_looks_good_and_nested_does_not() -> Result<()> {
        // 40 candidates that know nothing: their losses are noise around 1
        let groups: Vec<usize> = (0..60).collect();
        let (mut best, mut nested) = (0.0, 0.0);
        for seed in 0..30 {
            let mut random = Random::new(seed, Purpose::Test, 0);
            let guesses: Vec<Vec<f64>> = (0..40)
                .map(|_| (0..60).map(|_| random.normal()).collect())
                .collect();
            let mut loss = |candidate: usize, split: &Split| {
                let sum: f64 = split
                    .test
                    .iter()
                    .map(|r| guesses[candidate][*r].powi(2))
                    .sum();
                Ok(sum / split.test.len() as f64)
            };
            let folds = NestedSelection::new(5, 4)
                .by_group(false)
                .seed(seed)
                .run(&groups, 40, &mut loss)?;
            nested += folds.iter().map(|f| f.outer_loss).sum::<f64>() / 150.0;
            let whole = Split {
                train: vec![],
                test: (0..60).collect(),
            };
            let all = (0..40).map(|k| loss(k, &whole).unwrap_or(f64::NAN));
            best += all.fold(f64::INFINITY, f64::min) / 30.0;
        }
        // the least of 40 means of 60 squares lies about 0.35 below 1; the nested mean has a standard error of 0.03
        assert!(
            best < 0.75 && (nested - 1.0_f64).abs() < 0.1,
            "{best} {nested}"
        );
        Ok(())
    }

    #[test]
    fn impossible_selections_are_refused() {
        let groups = [0, 0, 1, 1, 2, 2];
        let run = |s: NestedSelection, n| s.run(&groups, n, |_, _| Ok(f64::NAN));
        assert!(run(NestedSelection::new(1, 2), 1).is_err());
        assert!(run(NestedSelection::new(2, 2), 0).is_err());
        assert!(matches!(
            run(NestedSelection::new(4, 2), 1),
            Err(Error::TooFewGroups { .. })
        ));
        assert!(matches!(
            run(NestedSelection::new(3, 2), 1),
            Err(Error::NonFinite { .. })
        ));
    }
}
