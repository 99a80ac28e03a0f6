//! False alarms of the motion detector on noise without motion, from 1e-1 to 1e-4.
//!
//! White noise whose level differs from pixel to pixel, and Poisson counts of 50 to 90 photons; 32 frames, 12 million pixels each, so
//! that the counting error at 1e-4 is 3 %. All generated, no picture; about a minute (`--quick`: a twentieth of the pixels). Output:
//! `target/figures/mcxi_false_alarms/table.csv`; the last line is JSON.

use std::fmt::Write as _;
use std::fs;

use mcxi::{Band, Detrend, FrameRate, MotionDetector};
use ndarray::Array3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::json;

#[path = "support/motion.rs"]
mod motion;
use motion::{Outcome, is_quick};

const FRAMES: usize = 32;
const COLUMNS: usize = 1000;
const NOMINAL: [f64; 4] = [1e-1, 1e-2, 1e-3, 1e-4];

/// Normal deviates by Box and Muller, with a standard deviation of 5 to 45 on a mean of 1000.
fn white(random: &mut ChaCha8Rng, rows: usize) -> Array3<f32> {
    Array3::from_shape_fn((FRAMES, rows, COLUMNS), |(_, _, x)| {
        let radius = (-2.0 * (1.0 - random.random::<f32>()).ln()).sqrt();
        let angle = std::f32::consts::TAU * random.random::<f32>();
        1000.0 + (5.0 + 0.04 * x as f32) * radius * angle.cos()
    })
}

/// Poisson deviates by inversion of their sum, with a mean of 50, 51 … 90.
fn photons(random: &mut ChaCha8Rng, rows: usize) -> Array3<u16> {
    let tables: Vec<Vec<f64>> = (50..=90)
        .map(|mean| {
            let mean = f64::from(mean);
            let (mut term, mut sum) = ((-mean).exp(), 0.0);
            (0..250)
                .map(|k| {
                    sum += term;
                    term *= mean / f64::from(k + 1);
                    sum
                })
                .collect()
        })
        .collect();
    Array3::from_shape_fn((FRAMES, rows, COLUMNS), |(_, _, x)| {
        let table = &tables[x % tables.len()];
        let uniform = random.random::<f64>();
        table.partition_point(|sum| *sum < uniform) as u16
    })
}

fn alarms<S: mcxi::Sample>(frames: &Array3<S>, detrend: Detrend) -> Outcome<[usize; 4]> {
    let rate = FrameRate::from_hertz(1.0)?;
    let mut found = [0; 4];
    for (found, nominal) in found.iter_mut().zip(NOMINAL) {
        let detection = MotionDetector::new(
            rate,
            Band::from_fraction(0.12, 0.22),
            Band::from_fraction(0.28, 0.47),
        )
        .detrend(detrend)
        .false_alarm_probability(nominal)
        .apply(&frames.view())?;
        *found = detection.moving.iter().filter(|moving| **moving).count();
    }
    Ok(found)
}

fn main() -> Outcome<()> {
    let (parts, rows) = (60, if is_quick() { 10 } else { 200 });
    let n = (parts * rows * COLUMNS) as f64;
    let counts: Vec<[[usize; 4]; 3]> = (0..parts as u64)
        .into_par_iter()
        .map(|part| -> Result<_, String> {
            let mut random = ChaCha8Rng::seed_from_u64(1);
            random.set_stream(part);
            let noise = white(&mut random, rows);
            let counts = photons(&mut random, rows);
            let of = |result: Outcome<[usize; 4]>| result.map_err(|error| error.to_string());
            Ok([
                of(alarms(&noise, Detrend::Mean))?,
                of(alarms(&noise, Detrend::Linear))?,
                of(alarms(&counts, Detrend::Mean))?,
            ])
        })
        .collect::<Result<_, _>>()?;
    let mut table = "noise,nominal,measured_over_nominal,counting_error\n".to_owned();
    let mut rows_of_json = Vec::new();
    for (i, name) in ["white", "white, linear trend removed", "photons"]
        .into_iter()
        .enumerate()
    {
        for (j, nominal) in NOMINAL.into_iter().enumerate() {
            let alarms: usize = counts.iter().map(|c| c[i][j]).sum();
            let ratio = alarms as f64 / n / nominal;
            let error = 1.0 / (n * nominal).sqrt();
            println!("{name:<28} {nominal:.0e}: {ratio:.4} ± {error:.4}");
            assert!(
                (ratio - 1.0).abs() < 0.1_f64.max(3.0 * error),
                "within ±10 %"
            );
            writeln!(table, "\"{name}\",{nominal:e},{ratio:.5},{error:.5}")?;
            rows_of_json.push(json!({ "noise": name, "nominal": nominal, "ratio": ratio, "counting_error": error }));
        }
    }
    fs::create_dir_all("target/figures/mcxi_false_alarms")?;
    fs::write("target/figures/mcxi_false_alarms/table.csv", table)?;
    println!("{}", json!({ "pixels": n, "rates": rows_of_json }));
    Ok(())
}
