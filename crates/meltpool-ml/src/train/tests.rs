use std::ops::ControlFlow;

use ndarray::{Array2, Array3, Array4};

use super::*;
use crate::network::Fusion;

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

fn windows(n: usize) -> (Inputs, Array2<f32>) {
    let mut rng = Random::new(7, Purpose::Test, 0);
    let x = Array3::from_shape_simple_fn((n, 4, 1), || rng.normal() as f32);
    let y = Array2::from_shape_fn((n, 2), |(row, k)| {
        let last = x[[row, 3, 0]];
        if k == 0 {
            last.tanh()
        } else {
            x[[row, 2, 0]] * 0.5 - last * 0.3
        }
    });
    (Inputs::new().with_sequences(x), y)
}

fn images(n: usize) -> (Inputs, Array2<f32>) {
    let mut rng = Random::new(8, Purpose::Test, 0);
    let y = Array2::from_shape_simple_fn((n, 1), || rng.normal() as f32);
    let x = Array4::from_shape_fn((n, 1, 16, 16), |(k, _, row, column)| {
        let depth = 8.0 + 3.0 * y[[k, 0]];
        f32::from(u8::from((row as f32) < depth && column > 5 && column < 10))
            + 0.05 * rng.normal() as f32
    });
    (Inputs::new().with_images(x), y)
}

fn small_cnn() -> NetworkConfig {
    let mut config = NetworkConfig::cnn(16, 2, 1);
    if let crate::network::Branch::Image(image) = &mut config.branches[0] {
        image.filters = vec![4, 4];
        image.n_hidden = 16;
    }
    config
}

#[test]
fn networks_overfit_eight_samples() -> Outcome {
    let trainer = Trainer::new()
        .n_epochs(300)
        .batch_size(8)
        .learning_rate(0.01);
    let (x, y) = windows(8);
    let end = |t: &Trained| t.history.epochs.last().map_or(f64::NAN, |e| e.train_loss);
    let trained = trainer.fit(&NetworkConfig::lstm(4, 1, 2), &x, &Targets::new(y))?;
    assert!(end(&trained) < 1e-3, "{}", end(&trained));
    let (x, y) = images(8);
    let trained = trainer.fit(&small_cnn(), &x, &Targets::new(y))?;
    assert!(end(&trained) < 1e-3, "{}", end(&trained));
    Ok(())
}

#[test]
fn a_resumed_run_has_the_bits_of_an_uninterrupted_one() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("state.safetensors");
    let (x, y) = windows(24);
    let (vx, vy) = windows(9);
    let targets = Targets::new(y.clone())
        .with_teacher(y.mapv(|v| 0.9 * v), LambdaSchedule::Linear(1.0, 0.2))
        .with_hint(Array2::from_elem((24, 3), 0.4), 0.1);
    let config = NetworkConfig::lstm(4, 1, 2);
    let trainer = Trainer::new()
        .n_epochs(12)
        .batch_size(7)
        .ema(Some(0.9))
        .patience(Some(50))
        .clip_norm(Some(0.5))
        .seed(3);
    let validation = Some((&vx, &vy));
    let whole = trainer.fit_observed(&config, &x, &targets, validation, &mut |_| {
        ControlFlow::Continue(())
    })?;
    let saving = trainer.clone().checkpoint(&path, 1);
    let mut stop = |p: &Progress| {
        if p.record.epoch == 4 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let part = saving.fit_observed(&config, &x, &targets, validation, &mut stop)?;
    assert_eq!(part.history.reason, StopReason::Observer);
    let resumed = saving.resume(&path, &config, &x, &targets, validation, &mut |_| {
        ControlFlow::Continue(())
    })?;
    assert_eq!(resumed, whole);
    // another run is refused
    let other =
        saving
            .clone()
            .seed(4)
            .resume(&path, &config, &x, &targets, validation, &mut |_| {
                ControlFlow::Continue(())
            });
    assert!(matches!(other, Err(Error::Checkpoint { .. })));
    Ok(())
}

#[cfg(feature = "rayon")]
#[test]
fn one_thread_and_two_give_the_same_bits() -> Outcome {
    let (x, y) = images(20);
    let fit = |threads: usize| -> std::result::Result<Trained, Box<dyn std::error::Error>> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        Ok(pool.install(|| {
            Trainer::new()
                .n_epochs(3)
                .seed(2)
                .fit(&small_cnn(), &x, &Targets::new(y.clone()))
        })?)
    };
    assert_eq!(fit(1)?, fit(2)?);
    Ok(())
}

#[test]
fn seeds_together_are_seeds_alone() -> Outcome {
    let (x, y) = windows(16);
    let trainer = Trainer::new().n_epochs(3);
    let config = NetworkConfig::lstm(4, 1, 2);
    let together = trainer.fit_seeds(&config, &x, &Targets::new(y.clone()), &[5, 6])?;
    for (seed, one) in [5, 6].into_iter().zip(&together) {
        assert_eq!(
            *one,
            trainer
                .clone()
                .seed(seed)
                .fit(&config, &x, &Targets::new(y.clone()))?
        );
    }
    assert_ne!(together[0].network, together[1].network);
    Ok(())
}

#[test]
fn early_stopping_returns_the_best_epoch() -> Outcome {
    let (x, y) = windows(12);
    let (vx, vy) = windows(12);
    // validation labels of the opposite sign: learning makes them worse
    let wrong = vy.mapv(|v| -v);
    let trainer = Trainer::new().n_epochs(100).patience(Some(3));
    let config = NetworkConfig::lstm(4, 1, 2);
    let trained = trainer.fit_observed(
        &config,
        &x,
        &Targets::new(y.clone()),
        Some((&vx, &wrong)),
        &mut |_| ControlFlow::Continue(()),
    )?;
    assert_eq!(trained.history.reason, StopReason::EarlyStopping);
    let losses: Vec<f64> = trained
        .history
        .epochs
        .iter()
        .filter_map(|e| e.validation_loss)
        .collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[trained.history.best_epoch], best);
    assert_eq!(losses.len(), trained.history.best_epoch + 4);
    assert!(trainer.fit(&config, &x, &Targets::new(y)).is_err());
    Ok(())
}

#[test]
fn a_diverging_run_stops_and_leaves_the_last_good_checkpoint() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("state.safetensors");
    let (x, y) = windows(16);
    let trainer = Trainer::new()
        .n_epochs(50)
        .learning_rate(1e18)
        .schedule(Schedule::Constant)
        .checkpoint(&path, 1);
    let mut good = 0;
    let result = trainer.fit_observed(
        &NetworkConfig::lstm(4, 1, 2),
        &x,
        &Targets::new(y),
        None,
        &mut |p| {
            good = p.record.epoch + 1;
            assert!(p.record.train_loss.is_finite());
            ControlFlow::Continue(())
        },
    );
    assert!(matches!(result, Err(Error::Diverged { .. })), "{result:?}");
    assert_eq!(path.exists(), good > 0);
    Ok(())
}

#[test]
fn the_teacher_alone_is_learned_when_lambda_is_zero() -> Outcome {
    let (x, y) = windows(30);
    let soft = y.mapv(|v| 0.5 * v + 0.2);
    let trainer = Trainer::new().n_epochs(5);
    let config = NetworkConfig::lstm(4, 1, 2);
    let taught = Targets::new(y.clone()).with_teacher(soft.clone(), LambdaSchedule::Constant(0.0));
    let taught = trainer.fit(&config, &x, &taught)?;
    assert_eq!(
        taught.network,
        trainer
            .fit(&config, &x, &Targets::new(soft.clone()))?
            .network
    );
    // without labels, whatever stands there is not read
    let mut poisoned = y.clone();
    poisoned.fill(f32::NAN);
    let unlabeled = Targets::new(poisoned)
        .with_teacher(soft, LambdaSchedule::Constant(0.0))
        .with_labeled(vec![false; 30]);
    assert_eq!(
        trainer.fit(&config, &x, &unlabeled)?.network,
        taught.network
    );
    let one =
        Targets::new(y.clone()).with_teacher(y.mapv(|v| v + 9.0), LambdaSchedule::Constant(1.0));
    assert_eq!(
        trainer.fit(&config, &x, &one)?.network,
        trainer.fit(&config, &x, &Targets::new(y))?.network
    );
    Ok(())
}

#[test]
fn losses_have_the_gradients_of_central_differences() {
    let labels = Array2::from_shape_fn((3, 2), |(k, j)| 0.3 * k as f32 - 0.5 * j as f32);
    let rows = [2, 0, 1];
    for (kind, n_outputs) in [
        (LossKind::MeanSquare, 2),
        (LossKind::Gaussian, 4),
        (LossKind::Quantile(vec![0.1, 0.9]), 4),
    ] {
        let mut targets =
            Targets::new(labels.clone()).with_hint(Array2::from_elem((3, 2), 0.7), 0.5);
        if kind == LossKind::MeanSquare {
            targets = targets.with_teacher(labels.mapv(|v| v * v), LambdaSchedule::Constant(0.3));
        }
        let predictions: Vec<f32> = (0..3 * n_outputs).map(|k| (k as f32 * 1.7).sin()).collect();
        let features: Vec<f32> = (0..9).map(|k| (k as f32 * 0.9).cos()).collect();
        let matrix = vec![(0..6).map(|k| (k as f32 * 2.1).sin()).collect::<Vec<f32>>()];
        let loss =
            |p: &[f32], f: &[f32], m: &[Vec<f32>]| targets.pull(&kind, &rows, 0, 1, p, f, m).0.loss;
        let (pull, extra) = targets.pull(&kind, &rows, 0, 1, &predictions, &features, &matrix);
        let slope = |values: &[f32], k: usize, loss: &dyn Fn(&[f32]) -> f64| {
            let mut moved = values.to_vec();
            moved[k] += 1e-2;
            let (up, high) = (loss(&moved), moved[k]);
            moved[k] = values[k] - 1e-2;
            (up - loss(&moved)) / f64::from(high - moved[k])
        };
        // single precision of the gradients and the cubic term of the differences
        for k in 0..predictions.len() {
            let s = slope(&predictions, k, &|p| loss(p, &features, &matrix));
            approx::assert_abs_diff_eq!(f64::from(pull.predictions[k]), s, epsilon = 2e-4);
        }
        let pulled = pull.features.unwrap_or_default();
        for (k, pulled) in pulled.iter().enumerate() {
            let s = slope(&features, k, &|f| loss(&predictions, f, &matrix));
            approx::assert_abs_diff_eq!(f64::from(*pulled), s, epsilon = 1e-5);
        }
        for (k, pulled) in extra[0].iter().enumerate() {
            let s = slope(&matrix[0], k, &|m| {
                loss(&predictions, &features, &[m.to_vec()])
            });
            approx::assert_abs_diff_eq!(f64::from(*pulled), s, epsilon = 1e-5);
        }
    }
}

#[test]
fn a_gaussian_loss_learns_the_noise() -> Outcome {
    let mut rng = Random::new(11, Purpose::Test, 0);
    let n = 400;
    let x = Array3::from_shape_simple_fn((n, 1, 1), || rng.normal() as f32);
    let y = Array2::from_shape_fn((n, 1), |(k, _)| x[[k, 0, 0]] + 0.5 * rng.normal() as f32);
    let trainer = Trainer::new()
        .n_epochs(60)
        .batch_size(32)
        .loss(LossKind::Gaussian)
        .learning_rate(3e-3);
    let inputs = Inputs::new().with_sequences(x);
    let trained = trainer.fit(&NetworkConfig::lstm(1, 1, 2), &inputs, &Targets::new(y))?;
    let log: f32 = trained.network.predict(&inputs)?.column(1).sum() / n as f32;
    // variance 0.25 from 400 samples: log within a standard error of 0.07, and some fitted noise
    assert!((log - 0.25_f32.ln()).abs() < 0.25, "{log}");
    Ok(())
}

#[test]
fn bad_settings_and_data_are_named() {
    let (x, y) = windows(6);
    let config = NetworkConfig::lstm(4, 1, 2);
    let fit = |t: Trainer, y: &Targets| t.fit(&config, &x, y);
    let targets = Targets::new(y.clone());
    for bad in [
        Trainer::new().n_epochs(0),
        Trainer::new().batch_size(0),
        Trainer::new().learning_rate(f64::NAN),
        Trainer::new().ema(Some(1.0)),
        Trainer::new().clip_norm(Some(0.0)),
        Trainer::new().drop_last(true),
    ] {
        assert!(matches!(
            fit(bad, &targets),
            Err(Error::InvalidParameter { .. })
        ));
    }
    let short = Targets::new(Array2::zeros((5, 2)));
    assert!(matches!(
        fit(Trainer::new(), &short),
        Err(Error::ShapeMismatch { .. })
    ));
    for lambda in [-0.1, 1.1, f64::NAN] {
        let soft = targets
            .clone()
            .with_teacher(y.clone(), LambdaSchedule::Constant(lambda));
        assert!(matches!(
            fit(Trainer::new(), &soft),
            Err(Error::InvalidParameter { name: "lambda", .. })
        ));
    }
    let mut nan = y.clone();
    nan[[2, 1]] = f32::NAN;
    assert!(matches!(
        fit(Trainer::new(), &Targets::new(nan)),
        Err(Error::NonFinite {
            sample: 2,
            position: 1,
            ..
        })
    ));
    let late = NetworkConfig::fusion_history(16, 4, 1, 2).with_fusion(Fusion::Late);
    assert!(
        Targets::new(y)
            .with_hint(Array2::zeros((6, 2)), 1.0)
            .extra_start(&late, 0)
            .is_err()
    );
    let missing = Trainer::new().device(Device::Cuda(0)).validate();
    assert!(matches!(missing, Err(Error::DeviceMissing { .. })) || cfg!(feature = "cuda"));
}

#[test]
fn curves_are_written() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (x, y) = windows(6);
    let trained =
        Trainer::new()
            .n_epochs(2)
            .fit(&NetworkConfig::lstm(4, 1, 2), &x, &Targets::new(y))?;
    let path = folder.path().join("curves.csv");
    trained.history.write_csv(&path)?;
    assert_eq!(std::fs::read_to_string(&path)?.lines().count(), 3);
    Ok(())
}

#[test]
fn averaged_weights_are_the_mean_of_the_epochs_ends() -> Outcome {
    let (x, y) = windows(20);
    let config = NetworkConfig::lstm(4, 1, 2);
    let trainer = |n| {
        Trainer::new()
            .n_epochs(n)
            .batch_size(6)
            .schedule(Schedule::Constant)
            .seed(2)
    };
    let fit = |t: Trainer| t.fit(&config, &x, &Targets::new(y.clone()));
    // with a constant rate, a run of k epochs is the start of a longer one
    let ends: Vec<Trained> = [3, 4, 5]
        .map(|n| fit(trainer(n)))
        .into_iter()
        .collect::<Result<_>>()?;
    let averaged = fit(trainer(5).swa(Some(2)))?;
    for (k, (_, _, mean)) in averaged.network.parameters().iter().enumerate() {
        for (j, value) in mean.iter().enumerate() {
            let own = |t: &Trained| t.network.parameters().values[k][j];
            let expected = ends.iter().map(own).sum::<f32>() / 3.0;
            approx::assert_abs_diff_eq!(*value, expected, epsilon = 1e-6);
        }
    }
    assert!(fit(trainer(5).swa(Some(5))).is_err());
    assert!(fit(trainer(5).swa(Some(2)).ema(Some(0.9))).is_err());
    Ok(())
}

#[test]
fn changed_dropped_and_averaged_runs_resume_to_the_same_bits() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("state.safetensors");
    let (x, y) = images(12);
    let config = small_cnn().with_dropout(0.3);
    let trainer = Trainer::new()
        .n_epochs(5)
        .batch_size(5)
        .swa(Some(2))
        .augment(Some(
            Augment::new().rotation_deg(7.0).mirror(true).noise(0.1),
        ))
        .checkpoint(&path, 1);
    let targets = Targets::new(y);
    let whole = trainer.fit(&config, &x, &targets)?;
    for stop in [1, 3] {
        let mut left = stop;
        let mut observer = |_: &Progress| {
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        trainer.fit_observed(&config, &x, &targets, None, &mut observer)?;
        let resumed = trainer.resume(&path, &config, &x, &targets, None, &mut |_| {
            ControlFlow::Continue(())
        })?;
        assert_eq!(resumed, whole);
    }
    let plain = trainer.clone().augment(None).fit(&config, &x, &targets)?;
    let kept = trainer.fit(&config.clone().with_dropout(0.0), &x, &targets)?;
    assert!(
        plain.network != whole.network && kept.network.parameters() != whole.network.parameters()
    );
    Ok(())
}

#[test]
fn training_has_the_same_bits_on_the_baseline_path() -> Outcome {
    let (x, y) = windows(10);
    let run = |baseline: bool| {
        crate::kernel::BASELINE_ONLY.set(baseline);
        let trainer = Trainer::new().n_epochs(3).batch_size(5);
        let trained = trainer.fit(&NetworkConfig::lstm(4, 1, 2), &x, &Targets::new(y.clone()));
        crate::kernel::BASELINE_ONLY.set(false);
        trained
    };
    assert_eq!(run(true)?, run(false)?);
    Ok(())
}
