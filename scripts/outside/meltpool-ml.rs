//! A closed form on windows of a signal, scored.
use meltpool_ml::{CubicRidge, Regressor, Score, signal_windows};
use ndarray::Axis;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let signal: Vec<f64> = (0..120).map(|k| (0.7 * f64::from(k)).sin() + 0.3 * (2.1 * f64::from(k)).cos()).collect();
    let windows = signal_windows(&signal, 3, 0.0)?;
    let depth = windows.map_axis(Axis(1), |w| 100.0 + 40.0 * w.sum() / 3.0).insert_axis(Axis(1));
    let predicted = CubicRidge::new().fit(&windows.view(), &depth.view())?.predict(&windows.view())?;
    assert!(Score::columns(&depth.view(), &predicted.view())?[0].r2 > Some(0.99));
    Ok(())
}
