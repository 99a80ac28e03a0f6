//! Whether what a model learns from has seen what it is judged on.

use ndarray::{Array2, ArrayView2};

use crate::error::{Result, same_length};
use crate::split::{Split, distinct};

/// What stands in the place of values that must not matter.
const POISON: f64 = 1e9;

/// Groups (runs, materials, machines) with rows on both sides of a split, ascending: a split by group has none.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch) if the split names rows that `groups` has not.
///
/// # Examples
/// ```
/// use meltpool_ml::{SplitStrategy, shared_groups};
///
/// let runs: Vec<usize> = (0..40).map(|row| row / 10).collect();
/// let random = SplitStrategy::Random { test_share: 0.25 }.split(&runs, 0)?;
/// let grouped = SplitStrategy::Grouped { test_share: 0.25 }.split(&runs, 0)?;
/// assert!(!shared_groups(&random, &runs)?.is_empty());
/// assert!(shared_groups(&grouped, &runs)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shared_groups(split: &Split, groups: &[usize]) -> Result<Vec<usize>> {
    let rows = split.train.iter().chain(&split.test);
    let needed = rows.max().map_or(0, |last| last + 1);
    if needed > groups.len() {
        same_length("the groups", needed, groups.len())?;
    }
    let tested = distinct(&split.test.iter().map(|r| groups[*r]).collect::<Vec<_>>());
    let mut shared = distinct(&split.train.iter().map(|r| groups[*r]).collect::<Vec<_>>());
    shared.retain(|group| tested.binary_search(group).is_ok());
    Ok(shared)
}

/// The first train row whose prepared values change when the test rows do: a scaler, a filter or a table that was fitted on all rows.
///
/// `prepare` is the whole way from raw columns to what a model sees (one row a sample). It is run twice, the second time with every value of the
/// test rows replaced by $10^9$, and the train rows must come out with the same bits.
///
/// # Errors
/// Those of `prepare`; [`Error::LengthMismatch`](crate::Error::LengthMismatch) if it gives another number of rows.
///
/// # Panics
/// If the split names a row outside.
///
/// # Examples
/// ```
/// use meltpool_ml::{Scaler, SplitStrategy, first_test_dependence};
/// use ndarray::Array2;
///
/// let values = Array2::from_shape_fn((20, 2), |(k, j)| (k * (j + 1)) as f64);
/// let split = SplitStrategy::Random { test_share: 0.2 }.split(&[0; 20], 0)?;
/// let all: Vec<usize> = (0..20).collect();
/// let leaks = first_test_dependence(&values.view(), &split, |v| Scaler::fit(v, &all)?.apply(v))?;
/// let clean = first_test_dependence(&values.view(), &split, |v| Scaler::fit(v, &split.train)?.apply(v))?;
/// assert_eq!((leaks.is_some(), clean), (true, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn first_test_dependence(
    values: &ArrayView2<f64>,
    split: &Split,
    mut prepare: impl FnMut(&ArrayView2<f64>) -> Result<Array2<f64>>,
) -> Result<Option<usize>> {
    let mut poisoned = values.to_owned();
    for row in &split.test {
        poisoned.row_mut(*row).fill(POISON);
    }
    let (before, after) = (prepare(values)?, prepare(&poisoned.view())?);
    same_length("the prepared rows", values.nrows(), before.nrows())?;
    same_length("the prepared rows", values.nrows(), after.nrows())?;
    Ok(first_difference(
        &before,
        &after,
        split.train.iter().copied(),
    ))
}

/// The first frame whose window changes when the signal after it does: a window that looks into the future, or a smoothing that does.
///
/// `windows` makes one row a frame from the whole signal. It is run once for each frame whose future is replaced by $10^9$, so O(n) times.
///
/// # Errors
/// Those of `windows`; [`Error::LengthMismatch`](crate::Error::LengthMismatch) if it does not give one row a frame.
///
/// # Examples
/// ```
/// use meltpool_ml::{first_look_ahead, shifted, signal_windows};
///
/// let signal: Vec<f64> = (0..30).map(|k| f64::from(k).sin()).collect();
/// assert_eq!(first_look_ahead(&signal, |s| signal_windows(s, 5, 0.0))?, None);
/// // one frame too early, as by a wrong co-registration
/// assert_eq!(first_look_ahead(&signal, |s| signal_windows(&shifted(s, 1.0)?, 5, 0.0))?, Some(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn first_look_ahead(
    signal: &[f64],
    mut windows: impl FnMut(&[f64]) -> Result<Array2<f64>>,
) -> Result<Option<usize>> {
    let before = windows(signal)?;
    same_length("the windows", signal.len(), before.nrows())?;
    for frame in 0..signal.len().saturating_sub(1) {
        let mut poisoned = signal.to_vec();
        poisoned[frame + 1..].fill(POISON);
        let after = windows(&poisoned)?;
        same_length("the windows", signal.len(), after.nrows())?;
        if first_difference(&before, &after, [frame].into_iter()).is_some() {
            return Ok(Some(frame));
        }
    }
    Ok(None)
}

fn first_difference(
    a: &Array2<f64>,
    b: &Array2<f64>,
    mut rows: impl Iterator<Item = usize>,
) -> Option<usize> {
    rows.find(|row| {
        let pairs = a.row(*row).into_iter().zip(b.row(*row));
        pairs.into_iter().any(|(a, b)| a.to_bits() != b.to_bits())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::random::{Purpose, Random};
    use crate::{CubicRidge, Regressor, Scaler, Score, SplitStrategy, shifted, signal_windows};
    use ndarray::Axis;

    fn runs() -> Vec<usize> {
        (0..60).map(|row| row / 10).collect()
    }

    #[test]
    fn a_shared_run_is_named() -> Result<()> {
        let mut split = SplitStrategy::LeaveGroupOut { group: 4 }.split(&runs(), 0)?;
        assert!(shared_groups(&split, &runs())?.is_empty());
        split.train.push(split.test[0]);
        assert_eq!(shared_groups(&split, &runs())?, vec![4_usize]);
        assert!(matches!(
            shared_groups(&split, &runs()[..50]),
            Err(Error::LengthMismatch { .. })
        ));
        Ok(())
    }

    #[test]
    fn a_scaler_that_saw_the_test_part_is_found() -> Result<()> {
        let values = Array2::from_shape_fn((60, 3), |(k, j)| ((k * (j + 2)) as f64).sin());
        let split = SplitStrategy::Grouped { test_share: 0.3 }.split(&runs(), 1)?;
        let all: Vec<usize> = (0..60).collect();
        for shared in [false, true] {
            let fit = |values: &ArrayView2<f64>, rows: &[usize]| {
                if shared {
                    Scaler::fit_shared(values, rows)
                } else {
                    Scaler::fit(values, rows)
                }
            };
            let leak = |v: &ArrayView2<f64>| fit(v, &all)?.apply(v);
            let clean = |v: &ArrayView2<f64>| fit(v, &split.train)?.apply(v);
            assert!(first_test_dependence(&values.view(), &split, leak)?.is_some());
            assert_eq!(first_test_dependence(&values.view(), &split, clean)?, None);
        }
        // a single test row among the rows of the fit
        let mut one = split.train.clone();
        one.push(split.test[0]);
        let leak = |v: &ArrayView2<f64>| Scaler::fit(v, &one)?.apply(v);
        assert!(first_test_dependence(&values.view(), &split, leak)?.is_some());
        Ok(())
    }

    #[test]
    fn a_window_that_looks_ahead_is_found_at_its_first_frame() -> Result<()> {
        let signal: Vec<f64> = (0..40).map(|k| f64::from(k).cos()).collect();
        let clean = |s: &[f64]| signal_windows(s, 5, 0.0);
        assert_eq!(first_look_ahead(&signal, clean)?, None);
        for ahead in [1.0, 0.25] {
            let early = |s: &[f64]| signal_windows(&shifted(s, ahead)?, 5, 0.0);
            assert_eq!(first_look_ahead(&signal, early)?, Some(0));
        }
        assert_eq!(
            first_look_ahead(&signal, |s| signal_windows(&shifted(s, -1.0)?, 5, 0.0))?,
            None
        );
        // a mean over the whole film
        let centered = |s: &[f64]| {
            let mean = s.iter().sum::<f64>() / s.len() as f64;
            signal_windows(&s.iter().map(|v| v - mean).collect::<Vec<_>>(), 5, 0.0)
        };
        assert_eq!(first_look_ahead(&signal, centered)?, Some(0));
        Ok(())
    }

    #[test]
    fn shuffled_labels_and_run_numbers_teach_nothing() -> Result<()> {
        let mut random = Random::new(4, Purpose::Test, 0);
        let n = 400;
        let runs: Vec<usize> = (0..n).map(|row| row / 40).collect();
        let x = Array2::from_shape_fn((n, 2), |_| random.normal());
        let level: Vec<f64> = (0..10).map(|_| 3.0 * random.normal()).collect();
        let y = Array2::from_shape_fn((n, 1), |(k, _)| {
            x[[k, 0]] + level[runs[k]] + 0.1 * random.normal()
        });
        let split = SplitStrategy::Random { test_share: 0.25 }.split(&runs, 0)?;
        let pick = |t: &Array2<f64>, rows: &[usize]| t.select(Axis(0), rows);
        let mut order = split.train.clone();
        for (place, from) in random.permutation(order.len()).into_iter().enumerate() {
            order[place] = split.train[from];
        }
        let shuffled = CubicRidge::new()
            .fit(&pick(&x, &split.train).view(), &pick(&y, &order).view())?
            .predict(&pick(&x, &split.test).view())?;
        let score = Score::columns(&pick(&y, &split.test).view(), &shuffled.view())?;
        assert!(score[0].r2 <= Some(0.1), "{:?}", score[0].r2);
        // the number of the run explains much inside the same runs and nothing of a new one
        let number = Array2::from_shape_fn((n, 1), |(k, _)| runs[k] as f64);
        let r2 = |split: &Split| -> Result<f64> {
            let fitted = CubicRidge::new().fit(
                &pick(&number, &split.train).view(),
                &pick(&y, &split.train).view(),
            )?;
            let predicted = fitted.predict(&pick(&number, &split.test).view())?;
            Ok(
                Score::columns(&pick(&y, &split.test).view(), &predicted.view())?[0]
                    .r2
                    .unwrap_or(f64::NAN),
            )
        };
        assert!(r2(&split)? > 0.2, "{}", r2(&split)?);
        for group in 0..10 {
            let out = SplitStrategy::LeaveGroupOut { group }.split(&runs, 0)?;
            assert!(r2(&out)? <= 0.0, "{group}: {}", r2(&out)?);
        }
        Ok(())
    }
}
