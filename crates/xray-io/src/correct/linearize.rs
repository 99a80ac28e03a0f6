//! Stored values by a table.

use super::{Correction, FrameKernel, Prepared, invalid};
use crate::error::Result;
use crate::reader::SequenceReader;

/// Replaces each stored value by its entry in a table: cameras that store 10 bits often compand 12 bits or more in them,
/// and the counts come back by the table of the camera.
///
/// No table is built in. That of Phantom cameras for packed 10 bits has 1024 entries up to 4095 and comes with the
/// software of the camera; without one the stored values stay as they are.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{ImageSequence, Linearize, SequenceReaderExt};
///
/// let stored = Array3::from_shape_fn((1, 1, 4), |(.., c)| c as f32);
/// // Square-root companding.
/// let table: Vec<f32> = (0..1024).map(|value| (value * value) as f32 / 256.0).collect();
/// let linear = ImageSequence::new(stored)?.correct(&Linearize::new(table))?.read_frame_f32(0)?;
/// assert_eq!(linear[[0, 3]], 9.0 / 256.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidParameter`](crate::Error::InvalidParameter) if the table is empty or not finite, and when a frame is
/// read that has a value without an entry: negative, not whole, or beyond the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Linearize {
    table: Vec<f32>,
}

impl Linearize {
    /// The entry `table[k]` for the stored value `k`.
    pub fn new(table: Vec<f32>) -> Self {
        Self { table }
    }
}

impl Correction for Linearize {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        if self.table.is_empty() {
            return Err(invalid("table", "not empty", "no entry"));
        }
        if let Some(entry) = self.table.iter().find(|entry| !entry.is_finite()) {
            return Err(invalid("table", "finite", entry));
        }
        let text = format!("linearized by a table of {} entries", self.table.len());
        Ok(Prepared::like(input, text, self.clone()))
    }
}

impl FrameKernel for Linearize {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        for value in out {
            // Whole numbers have a place, whatever is beyond has none.
            let place = value.max(-1.0) as i64;
            let entry = usize::try_from(place)
                .ok()
                .filter(|_| value.fract() == 0.0)
                .and_then(|place| self.table.get(place));
            *value =
                *entry.ok_or_else(|| invalid("table", "of an entry for each value", *value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;
    use crate::{ImageSequence, SequenceReaderExt};

    #[test]
    fn every_value_needs_its_entry() -> Result<()> {
        let of = |values: [f32; 2]| {
            ImageSequence::new(Array3::from_shape_fn((1, 1, 2), |(.., c)| values[c]))
        };
        let table = Linearize::new(vec![5.0, 7.0, 100.0]);
        let found = of([2.0, 0.0])?.correct(&table)?.read_frame_f32(0)?;
        assert_eq!(found, array![[100.0, 5.0]]);
        for value in [3.0, -1.0, 0.5, f32::NAN, f32::INFINITY, -0.25] {
            let corrected = of([1.0, value])?.correct(&table)?;
            assert!(corrected.read_frame_f32(0).is_err(), "{value}");
        }
        for table in [vec![], vec![1.0, f32::NAN]] {
            assert!(of([0.0, 0.0])?.correct(&Linearize::new(table)).is_err());
        }
        Ok(())
    }
}
