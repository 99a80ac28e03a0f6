//! Frames that drift: how far, and back.

use super::sample::sample;
use super::{Correction, FrameKernel, Interpolation, Prepared, frame_of, invalid};
use crate::error::Result;
use crate::reader::{SequenceReader, SequenceShape};
use crate::roi::RegionOfInterest;

/// How far the content of a frame lies from that of the reference, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shift {
    /// Along the columns, positive to the right.
    pub x: f64,
    /// Along the rows, positive down.
    pub y: f64,
}

/// Finds the drift of each frame against a reference frame, to parts of a pixel.
///
/// The region of the reference is compared with the same region of each frame, moved by all whole shifts within the limit,
/// by the sum of squared differences of values from which the means of both were taken; the lowest point of the parabola
/// in x and y through the best shift and its eight neighbors gives the parts of a pixel.
///
/// # Accuracy
///
/// Below a tenth of a pixel for structures that are smooth over some pixels. The region must hold what stays as it is,
/// such as the edge of the sample, not the pool.
///
/// # Performance
///
/// O(frames · region · (2 `max_shift` + 1)²).
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{DriftSearch, ImageSequence, RegionOfInterest, SequenceReaderExt, ShiftFrames};
///
/// // A blob that drifts to the right by 0.5 pixels a frame.
/// let frames = Array3::from_shape_fn((4, 32, 32), |(t, r, c)| {
///     let (x, y) = (c as f32 - 14.0 - 0.5 * t as f32, r as f32 - 16.0);
///     100.0 * (-(x * x + y * y) / 30.0).exp()
/// });
/// let sequence = ImageSequence::new(frames)?;
/// let region = RegionOfInterest::new(6, 6, 20, 20);
/// let shifts = DriftSearch::new(region, 3).apply(&sequence)?;
/// assert!((shifts[3].x - 1.5).abs() < 0.1 && shifts[3].y.abs() < 0.1);
/// let steady = sequence.correct(&ShiftFrames::back(shifts))?;
/// assert!((steady.read_frame_f32(3)?[[16, 14]] - 100.0).abs() < 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftSearch {
    region: RegionOfInterest,
    max_shift: usize,
    reference: usize,
}

impl DriftSearch {
    /// With the region of the reference that is looked for, and the largest shift in pixels. The region must be this far
    /// from the border.
    pub fn new(region: RegionOfInterest, max_shift: usize) -> Self {
        Self {
            region,
            max_shift,
            reference: 0,
        }
    }

    /// The frame that does not move. Default 0.
    pub fn reference(mut self, frame: usize) -> Self {
        self.reference = frame;
        self
    }

    /// The shift of each frame.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a region whose pixels are all alike in the reference, one with a
    /// pixel that is no number, and a frame that fits best at the border of the search, so that its drift is not known;
    /// [`Error::RegionOutside`](crate::Error::RegionOutside); and those of reading.
    pub fn apply<R: SequenceReader + ?Sized>(&self, input: &R) -> Result<Vec<Shift>> {
        let shape = input.shape();
        let (region, m) = (self.region, self.max_shift);
        region.check(shape.n_rows, shape.n_columns)?;
        shape.check_frame(self.reference)?;
        let has_margin = region.row >= m
            && region.column >= m
            && region.row + region.n_rows + m <= shape.n_rows
            && region.column + region.n_columns + m <= shape.n_columns;
        if m == 0 || !has_margin {
            return Err(invalid(
                "max_shift",
                "at least 1 and at most the distance of the region from the border",
                m,
            ));
        }
        let searched = RegionOfInterest::new(
            region.row - m,
            region.column - m,
            region.n_rows + 2 * m,
            region.n_columns + 2 * m,
        );
        let pixels = frame_of(&input, self.reference)?;
        all_numbers(&pixels, shape, searched, self.reference)?;
        let reference = centered(&pixels, shape, region, 0, 0);
        if reference
            .iter()
            .all(|value| value.total_cmp(&reference[0]).is_eq())
        {
            let found = format!(
                "{} in all of frame {}",
                pixels[region.row * shape.n_columns + region.column],
                self.reference
            );
            return Err(invalid("region", "with some structure", found));
        }
        let side = 2 * m + 1;
        (0..shape.n_frames)
            .map(|frame| {
                let pixels = frame_of(&input, frame)?;
                all_numbers(&pixels, shape, searched, frame)?;
                let costs: Vec<f64> = (0..side * side)
                    .map(|i| {
                        let (dy, dx) = ((i / side) as i64 - m as i64, (i % side) as i64 - m as i64);
                        let moved = centered(&pixels, shape, region, dy, dx);
                        moved
                            .iter()
                            .zip(&reference)
                            .map(|(a, b)| (a - b) * (a - b))
                            .sum()
                    })
                    .collect();
                let best = (0..costs.len())
                    .min_by(|&a, &b| costs[a].total_cmp(&costs[b]))
                    .unwrap_or(0);
                let (row, column) = (best / side, best % side);
                if frame != self.reference
                    && [row, column].iter().any(|at| *at == 0 || at + 1 == side)
                {
                    return Err(invalid(
                        "max_shift",
                        "more than the drift of every frame",
                        format!("frame {frame} fits best {m} pixels away"),
                    ));
                }
                let part = top(&costs, side, row, column);
                Ok(Shift {
                    x: column as f64 - m as f64 + part.x,
                    y: row as f64 - m as f64 + part.y,
                })
            })
            .collect()
    }
}

/// The lowest point of the parabola of both directions through the 3 × 3 costs around a shift, from there. Nothing at the
/// border of the search and where the costs have no lowest point.
fn top(costs: &[f64], side: usize, row: usize, column: usize) -> Shift {
    if row == 0 || column == 0 || row + 1 == side || column + 1 == side {
        return Shift::default();
    }
    let at = |dy: usize, dx: usize| costs[(row + dy - 1) * side + column + dx - 1];
    let (gx, gy) = (0.5 * (at(1, 2) - at(1, 0)), 0.5 * (at(2, 1) - at(0, 1)));
    let xx = at(1, 2) - 2.0 * at(1, 1) + at(1, 0);
    let yy = at(2, 1) - 2.0 * at(1, 1) + at(0, 1);
    // Structures that are not along rows or columns couple both directions.
    let xy = 0.25 * (at(2, 2) - at(2, 0) - at(0, 2) + at(0, 0));
    let determinant = xx * yy - xy * xy;
    if xx > 0.0 && determinant > 0.0 {
        let x = (xy * gy - yy * gx) / determinant;
        let y = (xy * gx - xx * gy) / determinant;
        if x.abs() <= 1.0 && y.abs() <= 1.0 {
            return Shift { x, y };
        }
    }
    Shift::default()
}

/// All pixels of the region are numbers.
fn all_numbers(
    frame: &[f32],
    shape: SequenceShape,
    region: RegionOfInterest,
    number: usize,
) -> Result<()> {
    for row in region.row..region.row + region.n_rows {
        for column in region.column..region.column + region.n_columns {
            let value = frame[row * shape.n_columns + column];
            if !value.is_finite() {
                let found = format!("{value} in row {row}, column {column} of frame {number}");
                return Err(invalid(
                    "region",
                    "of pixels that are numbers, with its surroundings",
                    found,
                ));
            }
        }
    }
    Ok(())
}

/// The moved region without its mean.
fn centered(
    frame: &[f32],
    shape: SequenceShape,
    region: RegionOfInterest,
    dy: i64,
    dx: i64,
) -> Vec<f64> {
    let (row, column) = (
        (region.row as i64 + dy) as usize,
        (region.column as i64 + dx) as usize,
    );
    let mut values: Vec<f64> = (row..row + region.n_rows)
        .flat_map(|r| {
            let start = r * shape.n_columns + column;
            &frame[start..start + region.n_columns]
        })
        .map(|value| f64::from(*value))
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    for value in &mut values {
        *value -= mean;
    }
    values
}

/// Moves each frame by its own shift.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftFrames {
    shifts: Vec<Shift>,
    interpolation: Interpolation,
    fill: f32,
}

impl ShiftFrames {
    /// Moves the content of each frame by this: to the right and down for positive numbers.
    pub fn by(shifts: Vec<Shift>) -> Self {
        Self {
            shifts,
            interpolation: Interpolation::Bilinear,
            fill: f32::NAN,
        }
    }

    /// Takes back a drift that was found: moves each frame by the opposite.
    pub fn back(shifts: Vec<Shift>) -> Self {
        Self::by(
            shifts
                .into_iter()
                .map(|shift| Shift {
                    x: -shift.x,
                    y: -shift.y,
                })
                .collect(),
        )
    }

    /// Default [`Interpolation::Bilinear`].
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// What stands where no pixel of the input is. Default NaN.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Correction for ShiftFrames {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let n_frames = input.shape().n_frames;
        if self.shifts.len() != n_frames {
            return Err(invalid(
                "shifts",
                "one a frame",
                format!("{} for {n_frames} frames", self.shifts.len()),
            ));
        }
        if let Some(shift) = self
            .shifts
            .iter()
            .find(|shift| !(shift.x.is_finite() && shift.y.is_finite()))
        {
            return Err(invalid("shifts", "finite", format!("{shift:?}")));
        }
        let text = format!("each frame shifted, {:?}", self.interpolation);
        Ok(Prepared::like(input, text, self.clone()))
    }
}

impl FrameKernel for ShiftFrames {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        let source = frame_of(input, frame)?;
        let (n_rows, n_columns) = (input.shape().n_rows, input.shape().n_columns);
        let shift = self.shifts[frame];
        for (row, line) in out.chunks_exact_mut(n_columns).enumerate() {
            for (column, value) in line.iter_mut().enumerate() {
                let from = (row as f64 - shift.y, column as f64 - shift.x);
                *value = sample(&source, n_rows, n_columns, from, self.interpolation)
                    .unwrap_or(self.fill);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::{ImageSequence, SequenceReaderExt};
    use ndarray::Array3;

    #[test]
    fn whole_shifts_move_pixels_exactly() -> Result<()> {
        let input = noise(2, 6, 7)?;
        let shifts = vec![Shift::default(), Shift { x: 2.0, y: -1.0 }];
        let moved = input.clone().correct(&ShiftFrames::by(shifts).fill(-5.0))?;
        assert_eq!(moved.read_frame_f32(0)?, input.frame(0));
        for ((row, column), found) in moved.read_frame_f32(1)?.indexed_iter() {
            let expected = if column >= 2 && row + 1 < 6 {
                input.frame(1)[(row + 1, column - 2)]
            } else {
                -5.0
            };
            assert_eq!(*found, expected);
        }
        assert!(
            input
                .correct(&ShiftFrames::by(vec![Shift::default()]))
                .is_err()
        );
        Ok(())
    }

    #[test]
    fn finds_drifts_of_parts_of_a_pixel_in_both_directions() -> Result<()> {
        let truth: Vec<Shift> = (0..9)
            .map(|i| Shift {
                x: 0.37 * f64::from(i) - 1.5,
                y: 1.2 - 0.31 * f64::from(i),
            })
            .collect();
        let frames = Array3::from_shape_fn((9, 40, 48), |(t, r, c)| {
            let (x, y) = (c as f64 - truth[t].x, r as f64 - truth[t].y);
            (200.0
                + 50.0 * (0.31 * x + 0.1 * y).sin()
                + 40.0 * (0.27 * y - 0.05 * x).cos()
                + 3.0 * t as f64) as f32
        });
        let region = RegionOfInterest::new(8, 8, 24, 32);
        let reference = 4;
        let found = DriftSearch::new(region, 5)
            .reference(reference)
            .apply(&ImageSequence::new(frames)?)?;
        for (found, truth_of) in found.iter().zip(&truth) {
            let (x, y) = (
                truth_of.x - truth[reference].x,
                truth_of.y - truth[reference].y,
            );
            assert!(
                (found.x - x).abs() < 0.1 && (found.y - y).abs() < 0.1,
                "{found:?}, {x} {y}"
            );
        }
        Ok(())
    }

    #[test]
    fn what_has_no_drift_that_can_be_known_is_an_error() -> Result<()> {
        let blob = |t: usize, x: f32| {
            Array3::from_shape_fn((t, 32, 32), move |(t, r, c)| {
                let (dx, dy) = (c as f32 - 16.0 - x * t as f32, r as f32 - 16.0);
                100.0 * (-(dx * dx + dy * dy) / 30.0).exp()
            })
        };
        let search = DriftSearch::new(RegionOfInterest::new(8, 8, 16, 16), 3);
        let error = |frames: Array3<f32>| -> Result<String> {
            let found = search.apply(&ImageSequence::new(frames)?);
            Ok(found.expect_err("no drift can be known").to_string())
        };
        let flat = Array3::from_elem((2, 32, 32), 7.0);
        assert!(error(flat)?.contains("region"));
        let mut broken = blob(2, 0.0);
        broken[(1, 9, 30)] = f32::NAN;
        broken[(1, 6, 20)] = f32::NAN;
        assert!(error(broken)?.contains("row 6, column 20 of frame 1"));
        assert!(error(blob(2, 5.0))?.contains("frame 1"));
        // A pixel that is not looked at may be anything.
        let mut fine = blob(2, 1.0);
        fine[(1, 0, 0)] = f32::NAN;
        assert!((search.apply(&ImageSequence::new(fine)?)?[1].x - 1.0).abs() < 0.05);
        Ok(())
    }
}
