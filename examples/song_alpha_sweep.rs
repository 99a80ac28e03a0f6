//! Song et al., Metals 16(5), 487 (2026): the smoothness weight against contrast, noise, displacement and frame rate, one at a time.
//!
//! What is seen: the best weight of Horn-Schunck (least mean end-point error, without smoothing of the frames) on a generated vortex of smooth texture
//! (256 x 256 px), while one quantity changes. A faster camera sees smaller steps with fewer photons: displacement falls with the rate, noise rises
//! with its root. A law $\alpha = c\,\text{contrast}^a\,\text{noise}^b\,\text{displacement}^d$ is fitted to all points, and the automatic configuration, which smooths noisy frames,
//! stands beside. The published rule is lost but for its inputs. Some 20 s (`--quick`: every second weight). Output: `target/figures/song_alpha_sweep/`.

use std::f32::consts::TAU;
use std::fmt::Write as _;

use meltpool_plot::{Axis, ScatterFigure, Series, Theme};
use ndarray::Array2;
use optical_flow::{FlowError, FlowEstimator, FlowField, HornSchunck, Image, PreSmoothing};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, is_quick, save};

const SIZE: usize = 256;

/// One condition: standard deviation of the texture and of the noise, in intensity, and largest displacement, px.
#[derive(Clone, Copy)]
struct Condition {
    contrast: f64,
    noise: f64,
    displacement: f64,
}

/// The quantity that changes, and the condition at a multiple of its base.
type Sweep = (&'static str, fn(f64) -> Condition);

const BASE: Condition = Condition {
    contrast: 0.1,
    noise: 0.01,
    displacement: 2.0,
};

/// Waves of 8 to 60 px in all directions, of standard deviation one.
fn waves(rng: &mut ChaCha8Rng) -> Vec<[f32; 3]> {
    (0..40)
        .map(|_| {
            let k = TAU / (8.0 * 7.5_f32.powf(rng.random::<f32>()));
            let angle = TAU * rng.random::<f32>();
            [k * angle.cos(), k * angle.sin(), TAU * rng.random::<f32>()]
        })
        .collect()
}

fn pair(c: Condition) -> Outcome<(Image, Image, FlowField)> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let waves = waves(&mut rng);
    let texture = |x: f32, y: f32| -> f32 {
        waves
            .iter()
            .map(|w| (w[0] * x + w[1] * y + w[2]).sin())
            .sum::<f32>()
            / 20.0_f32.sqrt()
    };
    // every point turns about the middle by an angle that depends on its distance alone; the largest step is at 50 px
    let angle = |r: f32| {
        let s = r / 50.0;
        (c.displacement as f32 / 50.0) * (0.5 - 0.5 * s * s).exp()
    };
    let middle = 0.5 * (SIZE - 1) as f32;
    let turned = |y: usize, x: usize, sign: f32| {
        let (dx, dy) = (x as f32 - middle, y as f32 - middle);
        let (sin, cos) = (sign * angle(dx.hypot(dy))).sin_cos();
        (middle + cos * dx - sin * dy, middle + sin * dx + cos * dy)
    };
    let shape = (SIZE, SIZE);
    let mut noisy = |at: &dyn Fn(usize, usize) -> (f32, f32)| {
        Array2::from_shape_fn(shape, |(y, x)| {
            let (px, py) = at(y, x);
            // the sum of twelve uniform numbers is nearly normal
            let sum: f32 = (0..12).map(|_| rng.random::<f32>()).sum();
            0.5 + c.contrast as f32 * texture(px, py) + c.noise as f32 * (sum - 6.0)
        })
    };
    let first = noisy(&|y, x| (x as f32, y as f32));
    let second = noisy(&|y, x| turned(y, x, -1.0));
    let truth = FlowField::new(
        Array2::from_shape_fn(shape, |(y, x)| turned(y, x, 1.0).0 - x as f32),
        Array2::from_shape_fn(shape, |(y, x)| turned(y, x, 1.0).1 - y as f32),
    )?;
    Ok((
        Image::new(&first.view())?,
        Image::new(&second.view())?,
        truth,
    ))
}

/// The best of a geometric series of weights, by a parabola through the least error and its neighbors; the error, and weight and error of the automatic
/// configuration, which smooths noisy frames.
fn best(c: Condition) -> Outcome<[f64; 4]> {
    let (first, second, truth) = pair(c)?;
    let plain = || HornSchunck::new().pre_smoothing(PreSmoothing::Gaussian(0.0));
    let step = if is_quick() { 1.0 } else { 0.5 };
    let n_steps = (10.0 / step) as u32;
    let exponents: Vec<f64> = (0..=n_steps).map(|k| -7.0 + step * f64::from(k)).collect();
    let mut errors = Vec::new();
    for exponent in &exponents {
        let flow = plain()
            .alpha(exponent.exp2())
            .estimate(&first, &second)?
            .flow;
        errors.push(FlowError::between(&flow, &truth, None)?.end_point);
    }
    let at = (1..errors.len() - 1)
        .min_by(|a, b| errors[*a].total_cmp(&errors[*b]))
        .unwrap_or(1);
    let [a, b, d] = [at - 1, at, at + 1].map(|k| errors[k].ln());
    let curvature = (a - 2.0 * b + d).max(1e-9);
    let exponent = exponents[at] + step * (0.5 * (a - d) / curvature).clamp(-1.0, 1.0);
    let automatic = HornSchunck::new().estimate(&first, &second)?;
    let error = FlowError::between(&automatic.flow, &truth, None)?.end_point;
    Ok([
        exponent.exp2(),
        errors[at],
        automatic.alpha.unwrap_or(f64::NAN),
        error,
    ])
}

/// Least squares of four unknowns by elimination.
fn fit(rows: &[[f64; 4]], values: &[f64]) -> [f64; 4] {
    let mut m = [[0.0; 5]; 4];
    for (row, value) in rows.iter().zip(values) {
        for i in 0..4 {
            for j in 0..4 {
                m[i][j] += row[i] * row[j];
            }
            m[i][4] += row[i] * value;
        }
    }
    for i in 0..4 {
        let pivot = m[i];
        for (k, row) in m.iter_mut().enumerate() {
            if k != i {
                let f = row[i] / pivot[i];
                for (value, p) in row.iter_mut().zip(pivot) {
                    *value -= f * p;
                }
            }
        }
    }
    std::array::from_fn(|i| m[i][4] / m[i][i])
}

fn main() -> Outcome<()> {
    let scales = [0.25, 0.5, 1.0, 2.0, 4.0];
    let sweeps: [Sweep; 4] = [
        ("contrast", |s| Condition {
            contrast: s * BASE.contrast,
            ..BASE
        }),
        ("noise", |s| Condition {
            noise: s * BASE.noise,
            ..BASE
        }),
        ("displacement", |s| Condition {
            displacement: s * BASE.displacement,
            ..BASE
        }),
        ("frame rate", |s| Condition {
            displacement: BASE.displacement / s,
            noise: BASE.noise * s.sqrt(),
            ..BASE
        }),
    ];
    let mut table = "sweep,scale,contrast,noise,displacement_px,best_alpha,aee_px,automatic_alpha,automatic_aee_px\n".to_owned();
    let mut figure = ScatterFigure::new(
        Axis::dimensionless("quantity over its base").log(),
        Axis::new("best weight", "intensity").log(),
    )
    .theme(Theme::page());
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    let mut worst = 0.0_f64;
    for (name, condition) in sweeps {
        let mut weights = Vec::new();
        for scale in scales {
            let c = condition(scale);
            let [alpha, error, automatic, automatic_error] = best(c)?;
            assert!(alpha.is_finite() && error.is_finite());
            println!(
                "{name} x {scale}: best weight {alpha:.3} ({error:.4} px), automatic {automatic:.3} ({automatic_error:.4} px)"
            );
            writeln!(
                table,
                "{name},{scale},{},{},{},{alpha:.4},{error:.5},{automatic:.4},{automatic_error:.5}",
                c.contrast, c.noise, c.displacement
            )?;
            rows.push([1.0, c.contrast.ln(), c.noise.ln(), c.displacement.ln()]);
            values.push(alpha.ln());
            weights.push(alpha);
            worst = worst.max(automatic_error / error);
        }
        figure = figure.series(Series::new(name, scales.to_vec(), weights));
    }
    let law = fit(&rows, &values);
    let rest: f64 = rows
        .iter()
        .zip(&values)
        .map(|(row, value)| (row.iter().zip(law).map(|(a, b)| a * b).sum::<f64>() - value).powi(2))
        .sum();
    let rms = (rest / values.len() as f64).sqrt();
    println!(
        "alpha = {:.2} contrast^{:.2} noise^{:.2} displacement^{:.2}, within a factor of {:.2} (rms)",
        law[0].exp(),
        law[1],
        law[2],
        law[3],
        rms.exp()
    );
    save("song_alpha_sweep", &figure, &table)?;
    println!(
        "{}",
        json!({ "factor": law[0].exp(), "contrast": law[1], "noise": law[2], "displacement": law[3], "rms_factor": rms.exp(), "automatic_over_best_worst": worst })
    );
    Ok(())
}
