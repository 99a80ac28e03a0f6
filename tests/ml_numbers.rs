//! Numbers of the learned models that the validation record states, as far as they are quick.

use meltpool_ml::{CubicRidge, Regressor, SplitConformal, SplitStrategy, k_fold, shared_groups};
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
fn intervals_from_residuals_of_left_out_runs_cover_nine_tenths_of_unseen_runs() -> Outcome {
    let (mut sums, mut n) = ([0.0, 0.0], 0.0);
    for set in 0..5 {
        let (runs, x, y) = table(1000 + set)?;
        for seed in 0..12 {
            let outer =
                SplitStrategy::Grouped { test_share: 0.2 }.split(&runs, 1000 * set + seed)?;
            assert!(shared_groups(&outer, &runs)?.is_empty());
            let pick = |t: &Array2<f64>, rows: &[usize]| t.select(Axis(0), rows);
            let fit = |rows: &[usize]| {
                CubicRidge::new().fit(&pick(&x, rows).view(), &pick(&y, rows).view())
            };
            // each run of the train part is predicted by a model that has not seen it
            let own: Vec<usize> = outer.train.iter().map(|row| runs[*row]).collect();
            let mut left_out = Array2::zeros((own.len(), 2));
            for fold in k_fold(&own, 8, true, seed)? {
                let rows =
                    |part: &[usize]| part.iter().map(|k| outer.train[*k]).collect::<Vec<_>>();
                let predicted =
                    fit(&rows(&fold.train))?.predict(&pick(&x, &rows(&fold.test)).view())?;
                for (k, row) in fold.test.iter().zip(predicted.rows()) {
                    left_out.row_mut(*k).assign(&row);
                }
            }
            let intervals =
                SplitConformal::fit(&pick(&y, &outer.train).view(), &left_out.view(), 0.1)?;
            let predicted = fit(&outer.train)?.predict(&pick(&x, &outer.test).view())?;
            let covered = intervals.coverage(&pick(&y, &outer.test).view(), &predicted.view())?;
            for (sum, share) in sums.iter_mut().zip(covered) {
                *sum += share;
            }
            n += 1.0;
        }
    }
    for (sum, target) in sums.into_iter().zip(["pool", "keyhole"]) {
        let coverage = sum / n;
        println!("{target}: {coverage:.4}");
        assert!((0.88..=0.92).contains(&coverage), "{target}: {coverage}");
    }
    Ok(())
}
