//! CPU time of one band image of 512 x 512 counts, of reading the counts, and (up to 64 frames) of twelve dynamic modes: what
//! `benches/peers/mcxi.py` compares.
//!
//! `-- FRAMES`: 32 unless given. Generated data; no picture. Some seconds. The last line is JSON.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use mcxi::rival::DynamicModes;
use mcxi::{Band, Detrend, FrameRate, MoveContrast};
use ndarray::Array3;

/// User and system time of this process in seconds, where the system says it; else the time that passed.
fn cpu_seconds(start: Instant) -> f64 {
    let ticks = std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    ticks.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

/// Mean time of a run in ms, over runs of at least half a second: the clock has steps of some ms.
fn mean_ms(mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    work()?;
    let start = Instant::now();
    let before = cpu_seconds(start);
    let mut runs = 0;
    loop {
        work()?;
        runs += 1;
        let used = cpu_seconds(start) - before;
        if used > 0.5 {
            return Ok(used * 1e3 / f64::from(runs));
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // all work on this thread, whose time is measured
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()?;
    let n: usize = std::env::args()
        .find_map(|text| text.parse().ok())
        .unwrap_or(32);
    let mut state = 1_u32;
    let frames = Array3::from_shape_simple_fn((n, 512, 512), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        500 + ((state >> 16) % 1000) as u16
    });
    let band = Band::from_fraction((1 + n / 32) as f64 / n as f64, 0.25);
    let contrast = MoveContrast::new(FrameRate::from_hertz(1.0)?)
        .band(band)
        .detrend(Detrend::Mean);
    let mut mean = 0.0;
    let cpu_ms = mean_ms(|| {
        let image = contrast.image(&frames.view())?;
        mean = image.iter().map(|v| f64::from(*v)).sum::<f64>() / image.len() as f64;
        Ok(())
    })?;
    let mut sum = 0_u16;
    let read_ms = mean_ms(|| {
        let pixels = frames.as_slice().unwrap_or_default();
        sum ^= black_box(pixels).iter().fold(sum, |sum, pixel| sum ^ pixel);
        Ok(())
    })?;
    assert!(mean > 0.0);
    let (mut modes_ms, mut factors) = (0.0, 0.0);
    if n <= 64 {
        let modes = DynamicModes::new(FrameRate::from_hertz(1.0)?).rank(12);
        modes_ms = mean_ms(|| {
            let found = modes.decompose(&frames.view())?;
            factors = found.eigenvalues().iter().map(|v| v.norm()).sum();
            Ok(())
        })?;
    }
    println!(
        r#"{{"frames": {n}, "cpu_ms": {cpu_ms:.3}, "read_ms": {read_ms:.3}, "modes_ms": {modes_ms:.1}, "modes_factors": {factors:.9}, "mean": {mean:.9}, "parity": {sum}}}"#
    );
    Ok(())
}
