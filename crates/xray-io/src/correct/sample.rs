//! Values between pixels.

/// How a value between pixels is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Interpolation {
    /// The nearest pixel.
    Nearest,
    /// Linear along rows and columns.
    #[default]
    Bilinear,
}

/// The value at a row and column, `None` outside the centers of the outermost pixels.
pub(super) fn sample(
    frame: &[f32],
    n_rows: usize,
    n_columns: usize,
    (row, column): (f64, f64),
    interpolation: Interpolation,
) -> Option<f32> {
    // Rounding of a rotation must not push the outermost pixels out.
    const SLACK: f64 = 1e-9;
    let (last_row, last_column) = ((n_rows - 1) as f64, (n_columns - 1) as f64);
    let inside = |at: f64, last: f64| at >= -SLACK && at <= last + SLACK;
    if !(inside(row, last_row) && inside(column, last_column)) {
        return None;
    }
    let (row, column) = (row.clamp(0.0, last_row), column.clamp(0.0, last_column));
    let at = |r: f64, c: f64| frame[r as usize * n_columns + c as usize];
    if interpolation == Interpolation::Nearest {
        return Some(at(row.round(), column.round()));
    }
    let (r, c) = (row.floor(), column.floor());
    let (dr, dc) = (row - r, column - c);
    let (r1, c1) = ((r + 1.0).min(last_row), (c + 1.0).min(last_column));
    // A weight of zero must not let a NaN of the next pixel in.
    let mix = |a: f32, b: f32, share: f64| {
        if share == 0.0 {
            f64::from(a)
        } else {
            f64::from(a) * (1.0 - share) + f64::from(b) * share
        }
    };
    let upper = mix(at(r, c), at(r, c1), dc);
    if dr == 0.0 {
        return Some(upper as f32);
    }
    let lower = mix(at(r1, c), at(r1, c1), dc);
    Some((upper * (1.0 - dr) + lower * dr) as f32)
}
