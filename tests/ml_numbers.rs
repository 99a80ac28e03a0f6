//! Numbers of the learned models that the validation record states, as far as they are quick.

use meltpool_ml::{CubicRidge, Regressor, SplitConformal, SplitStrategy, shared_groups};
use meltpool_sim::PulseModel;
use meltpool_sim::preset::n2000;
use ndarray::{Array2, Axis};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
type Table = (Vec<usize>, Array2<f64>, Array2<f64>);

/// Absorptance, absorbed energy and time of each frame of twenty runs, and the labels of both depths.
fn table(seed: u64) -> Outcome<Table> {
    let data = n2000(64, &PulseModel::calibrated(), seed)?;
    let samples = data.samples();
    let runs = samples.iter().map(|s| s.run).collect();
    // the signal of every frame of a run, from the histories of its samples
    let mut signal = std::collections::BTreeMap::new();
    for s in samples {
        for (back, a) in s.signal.iter().rev().enumerate() {
            signal.insert((s.run, s.frame.wrapping_sub(back)), *a);
        }
    }
    let x = Array2::from_shape_fn((samples.len(), 3), |(row, k)| {
        let s = &samples[row];
        match k {
            0 => s.signal[19],
            1 => signal
                .range((s.run, 1)..=(s.run, s.frame))
                .map(|(_, a)| a * s.power_w * 20e-6)
                .sum(),
            _ => s.time_us,
        }
    });
    let y = Array2::from_shape_fn((samples.len(), 2), |(row, k)| samples[row].label_um[k]);
    Ok((runs, x, y))
}

#[test]
fn conformal_intervals_cover_nine_tenths_of_unseen_runs() -> Outcome {
    let (mut sums, mut n) = ([0.0, 0.0], 0.0);
    for set in 0..5 {
        let (runs, x, y) = table(1000 + set)?;
        for seed in 0..40 {
            let outer =
                SplitStrategy::Grouped { test_share: 0.2 }.split(&runs, 1000 * set + seed)?;
            let own: Vec<usize> = outer.train.iter().map(|row| runs[*row]).collect();
            let inner =
                SplitStrategy::Grouped { test_share: 0.25 }.split(&own, 1000 * set + seed + 1)?;
            assert!(
                shared_groups(&outer, &runs)?.is_empty() && shared_groups(&inner, &own)?.is_empty()
            );
            let rows = |part: &[usize]| part.iter().map(|k| outer.train[*k]).collect::<Vec<_>>();
            let pick = |t: &Array2<f64>, rows: &[usize]| t.select(Axis(0), rows);
            let (train, calibration) = (rows(&inner.train), rows(&inner.test));
            let ridge =
                CubicRidge::new().fit(&pick(&x, &train).view(), &pick(&y, &train).view())?;
            let predicted = ridge.predict(&x.view())?;
            let part = |rows: &[usize]| (pick(&y, rows), pick(&predicted, rows));
            let (labels, own) = part(&calibration);
            let intervals = SplitConformal::fit(&labels.view(), &own.view(), 0.1)?;
            let (labels, own) = part(&outer.test);
            for (sum, share) in sums
                .iter_mut()
                .zip(intervals.coverage(&labels.view(), &own.view())?)
            {
                *sum += share;
            }
            n += 1.0;
        }
    }
    // single splits scatter by five and eight points, so that the mean of 200 has standard errors of 0.3 and 0.6
    for (sum, target) in sums.into_iter().zip(["pool", "keyhole"]) {
        let coverage = sum / n;
        assert!((0.88..=0.92).contains(&coverage), "{target}: {coverage}");
    }
    Ok(())
}
