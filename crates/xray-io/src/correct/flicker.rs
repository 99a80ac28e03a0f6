//! The brightness of the beam, made the same in all frames.

use super::{Correction, FrameKernel, Prepared, frame_of, invalid, median};
use crate::error::Result;
use crate::reader::SequenceReader;
use crate::roi::RegionOfInterest;

/// Each frame divided by the median of its ratio to the first one, $f_i / \operatorname{med}(f_i/f_0)$, over a region
/// that stays as it is (away from the pool), as in a script of the Advanced Photon Source.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{Flicker, ImageSequence, SequenceReaderExt};
///
/// let frames = Array3::from_shape_fn((3, 4, 4), |(frame, r, c)| (1.0 + frame as f32) * (10 + r + c) as f32);
/// let steady = ImageSequence::new(frames)?.correct(&Flicker::new())?.read_all()?;
/// assert_eq!(steady.frame(0), steady.frame(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flicker {
    region: Option<RegionOfInterest>,
}

impl Flicker {
    /// Over the whole frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the median over this region only. Default: the whole frame.
    pub fn region(mut self, region: RegionOfInterest) -> Self {
        self.region = Some(region);
        self
    }
}

impl Correction for Flicker {
    fn prepare(&self, input: &dyn SequenceReader) -> Result<Prepared> {
        let shape = input.shape();
        let whole = RegionOfInterest::new(0, 0, shape.n_rows, shape.n_columns);
        let region = self
            .region
            .unwrap_or(whole)
            .check(shape.n_rows, shape.n_columns)?;
        let first = frame_of(input, 0)?;
        let pixels: Vec<usize> = (0..region.n_pixels())
            .map(|i| {
                let (r, c) = (i / region.n_columns, i % region.n_columns);
                (region.row + r) * shape.n_columns + region.column + c
            })
            .filter(|&pixel| first[pixel] != 0.0 && first[pixel].is_finite())
            .collect();
        if pixels.is_empty() {
            return Err(invalid("region", "not zero in the first frame", region));
        }
        let first = pixels.iter().map(|&pixel| first[pixel]).collect();
        Ok(Prepared::like(
            input,
            "gain of each frame by its median ratio to the first",
            Kernel { pixels, first },
        ))
    }
}

#[derive(Debug)]
struct Kernel {
    /// The pixels that count, and their values in the first frame.
    pixels: Vec<usize>,
    first: Vec<f32>,
}

impl FrameKernel for Kernel {
    fn frame_into(&self, input: &dyn SequenceReader, frame: usize, out: &mut [f32]) -> Result<()> {
        input.read_f32_into(frame, out)?;
        let mut ratios: Vec<f32> = self
            .pixels
            .iter()
            .zip(&self.first)
            .map(|(&pixel, first)| out[pixel] / first)
            .collect();
        let gain = f64::from(median(&mut ratios));
        for value in out {
            *value = (f64::from(*value) / gain) as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::noise;
    use super::*;
    use crate::SequenceReaderExt;

    #[test]
    fn frames_of_other_brightness_return_to_the_first() -> Result<()> {
        let mut input = noise(4, 5, 6)?;
        let first = input.frame(0).to_owned();
        for (i, mut frame) in input.view_mut().outer_iter_mut().enumerate() {
            frame.assign(&(&first * (0.5 + 0.3 * i as f32)));
            // Something happens outside the region.
            frame[[4, 5]] = 1e6;
        }
        let region = RegionOfInterest::new(0, 0, 4, 5);
        let found = input
            .correct(&Flicker::new().region(region))?
            .read_frame_f32(3)?;
        for (at, found) in found.indexed_iter().filter(|(at, _)| *at != (4, 5)) {
            let base = first[at];
            let expected = base * 0.5;
            assert!(
                (found / expected - 1.0).abs() < 2e-6,
                "the first frame itself is scaled by its gain of 1"
            );
        }
        Ok(())
    }
}
