//! Readers made of readers: some frames, a region, other metadata.

use std::ops::Range;
use std::path::Path;

use super::{SequenceReader, SequenceShape};
use crate::error::Result;
use crate::metadata::Metadata;
use crate::pixel::PixelType;
use crate::roi::RegionOfInterest;
use crate::time::TimeAxis;

/// A region of each frame; made by [`crop`](super::SequenceReaderExt::crop).
#[derive(Debug, Clone)]
pub struct Cropped<R> {
    reader: R,
    region: RegionOfInterest,
}

impl<R: SequenceReader> Cropped<R> {
    pub(super) fn new(reader: R, region: RegionOfInterest) -> Result<Self> {
        let shape = reader.shape();
        Ok(Self {
            region: region.check(shape.n_rows, shape.n_columns)?,
            reader,
        })
    }

    /// The region.
    pub fn region(&self) -> RegionOfInterest {
        self.region
    }
}

impl<R: SequenceReader> SequenceReader for Cropped<R> {
    fn format(&self) -> &'static str {
        self.reader.format()
    }

    fn path(&self) -> &Path {
        self.reader.path()
    }

    fn shape(&self) -> SequenceShape {
        SequenceShape {
            n_frames: self.reader.shape().n_frames,
            n_rows: self.region.n_rows,
            n_columns: self.region.n_columns,
        }
    }

    fn pixel_type(&self) -> PixelType {
        self.reader.pixel_type()
    }

    fn metadata(&self) -> &Metadata {
        self.reader.metadata()
    }

    fn time_axis(&self) -> &TimeAxis {
        self.reader.time_axis()
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.reader
            .read_native_region_into(frame, &self.region, destination)
    }

    fn read_native_region_into(
        &self,
        frame: usize,
        region: &RegionOfInterest,
        destination: &mut [u8],
    ) -> Result<()> {
        let inner = region.check(self.region.n_rows, self.region.n_columns)?;
        let outer = RegionOfInterest {
            row: self.region.row + inner.row,
            column: self.region.column + inner.column,
            ..inner
        };
        self.reader
            .read_native_region_into(frame, &outer, destination)
    }
}

/// Some frames of a reader, in a stated order; made by [`select`](super::SequenceReaderExt::select) and
/// [`range`](super::SequenceReaderExt::range).
#[derive(Debug, Clone)]
pub struct Selected<R> {
    reader: R,
    frames: Vec<usize>,
    time_axis: TimeAxis,
}

impl<R: SequenceReader> Selected<R> {
    pub(crate) fn new(reader: R, frames: Vec<usize>) -> Result<Self> {
        let shape = reader.shape();
        for &frame in &frames {
            shape.check_frame(frame)?;
        }
        if frames.is_empty() {
            return Err(crate::Error::NoFrames {
                path: reader.path().to_owned(),
            });
        }
        let time_axis = reader.time_axis().select(&frames);
        Ok(Self {
            reader,
            frames,
            time_axis,
        })
    }

    /// Numbers of the frames in the reader that they come from.
    pub fn frame_numbers(&self) -> &[usize] {
        &self.frames
    }

    fn number(&self, frame: usize) -> Result<usize> {
        self.shape().check_frame(frame)?;
        Ok(self.frames[frame])
    }
}

impl<R: SequenceReader> SequenceReader for Selected<R> {
    fn format(&self) -> &'static str {
        self.reader.format()
    }

    fn path(&self) -> &Path {
        self.reader.path()
    }

    fn shape(&self) -> SequenceShape {
        SequenceShape {
            n_frames: self.frames.len(),
            ..self.reader.shape()
        }
    }

    fn pixel_type(&self) -> PixelType {
        self.reader.pixel_type()
    }

    fn metadata(&self) -> &Metadata {
        self.reader.metadata()
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.reader
            .read_native_into(self.number(frame)?, destination)
    }

    fn read_native_region_into(
        &self,
        frame: usize,
        region: &RegionOfInterest,
        destination: &mut [u8],
    ) -> Result<()> {
        self.reader
            .read_native_region_into(self.number(frame)?, region, destination)
    }

    fn read_f32_into(&self, frame: usize, destination: &mut [f32]) -> Result<()> {
        self.reader.read_f32_into(self.number(frame)?, destination)
    }
}

/// A reader with other metadata and time axis.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) reader: Box<dyn SequenceReader>,
    pub(crate) metadata: Metadata,
    pub(crate) time_axis: TimeAxis,
}

impl SequenceReader for Described {
    fn format(&self) -> &'static str {
        self.reader.format()
    }

    fn path(&self) -> &Path {
        self.reader.path()
    }

    fn shape(&self) -> SequenceShape {
        self.reader.shape()
    }

    fn pixel_type(&self) -> PixelType {
        self.reader.pixel_type()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.reader.read_native_into(frame, destination)
    }

    fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        self.reader.read_native_range_into(frames, destination)
    }

    fn read_native_region_into(
        &self,
        frame: usize,
        region: &RegionOfInterest,
        destination: &mut [u8],
    ) -> Result<()> {
        self.reader
            .read_native_region_into(frame, region, destination)
    }

    fn read_f32_into(&self, frame: usize, destination: &mut [f32]) -> Result<()> {
        self.reader.read_f32_into(frame, destination)
    }
}
