//! The drift of a keyhole along the columns of a sequence.

use ndarray::{Array2, Array3, Axis, s};

/// Slope and scatter of the keyhole's column against the frame.
pub struct Drift {
    pub pixels_per_frame: f64,
    /// Root mean square distance from the line, px.
    pub rms: f64,
    /// The column in each frame.
    pub columns: Vec<f64>,
    /// The threshold that was found, in units of the frames.
    pub threshold: f64,
}

/// The keyhole is what is brighter than its own median over time by ten times the noise, after smoothing by a Gaussian of 2 px; its column is the mean over those
/// pixels in some rows. The noise is the median of absolute values, over 0.6745: nothing but the rows is given.
pub fn drift(
    frames: &Array3<f32>,
    rows: std::ops::Range<usize>,
    smooth: impl Fn(&Array2<f32>) -> Array2<f32>,
) -> Option<Drift> {
    let n = frames.dim().0;
    let median = frames.map_axis(Axis(0), |pixel| {
        let mut values = pixel.to_vec();
        values.sort_by(f32::total_cmp);
        0.5 * (values[(n - 1) / 2] + values[n / 2])
    });
    let differences: Vec<Array2<f32>> = frames
        .outer_iter()
        .map(|frame| smooth(&(&frame - &median)))
        .collect();
    let mut sizes: Vec<f32> = differences
        .iter()
        .flat_map(|d| d.iter().map(|v| v.abs()))
        .collect();
    let half = sizes.len() / 2;
    let noise = f64::from(*sizes.select_nth_unstable_by(half, f32::total_cmp).1) / 0.6745;
    let threshold = 10.0 * noise;
    let mut columns = Vec::with_capacity(n);
    for difference in &differences {
        let (mut sum, mut count) = (0.0, 0.0);
        for ((_, column), value) in difference.slice(s![rows.clone(), ..]).indexed_iter() {
            if f64::from(*value) > threshold {
                sum += column as f64;
                count += 1.0;
            }
        }
        if count == 0.0 {
            return None;
        }
        columns.push(sum / count);
    }
    let middle = 0.5 * (n - 1) as f64;
    let mean = columns.iter().sum::<f64>() / n as f64;
    let (mut product, mut square) = (0.0, 0.0);
    for (k, column) in columns.iter().enumerate() {
        let t = k as f64 - middle;
        product += t * (column - mean);
        square += t * t;
    }
    let slope = product / square;
    let rest = columns
        .iter()
        .enumerate()
        .map(|(k, column)| (column - mean - slope * (k as f64 - middle)).powi(2));
    Some(Drift {
        pixels_per_frame: slope,
        rms: (rest.sum::<f64>() / n as f64).sqrt(),
        columns,
        threshold,
    })
}
