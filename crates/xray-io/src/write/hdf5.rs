//! Writing Data Exchange HDF5.

mod structure;

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use structure::{Attribute, DatasetHeader, Kind, group_header, superblock};

use super::{Output, to_little_endian};
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::pixel::PixelType;
use crate::reader::SequenceReader;
use crate::time::{TimeAxis, Timing};

/// Writes sequences as Data Exchange HDF5, in pure Rust.
///
/// The frames are `/exchange/data` in their own pixel type, contiguous and without compression, so that they can be read
/// at the speed of the disk and mapped; flat and dark fields, where given, are `data_white` and `data_dark` beside them.
/// Frames are read one at a time, so a sequence larger than memory can be written. A time axis becomes `/exchange/time`,
/// one start a frame in seconds. Pixel size, exposure, frame rate, distance and camera stand in
/// `/measurement/instrument/detector`, the beam energy in `/measurement/instrument/monochromator`, the material in
/// `/measurement/sample`, each with its unit; other metadata have no place in this form.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use xray_io::{DataExchangeWriter, ImageSequence, Role, SequenceReader, TimeAxis};
///
/// let sequence = ImageSequence::new(Array3::ones((2, 3, 4)))?.with_time_axis(TimeAxis::uniform(0.0, 20e-6)?)?;
/// let flat = ImageSequence::new(Array3::ones((1, 3, 4)))?;
/// let path = std::env::temp_dir().join(format!("xray_io_doc_{}.h5", std::process::id()));
/// DataExchangeWriter::new().flat(&flat).write(&path, &sequence)?;
/// let back = xray_io::open(&path)?;
/// assert_eq!(back.format(), "Data Exchange HDF5");
/// assert!((back.time_axis().start(1).ok_or("known")? - 20e-6).abs() < 1e-12);
/// # drop(back);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// De Carlo et al., J. Synchrotron Rad. 21 (2014), doi 10.1107/S160057751401604X; the HDF5 File Format Specification,
/// version 3.0: superblock of version 2, object headers of version 2.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataExchangeWriter<'a> {
    flat: Option<&'a dyn SequenceReader>,
    dark: Option<&'a dyn SequenceReader>,
}

/// The start of the pixels: behind the superblock, at a boundary on which numbers and blocks of a disk start.
const FIRST_BYTE: u64 = 4096;

impl<'a> DataExchangeWriter<'a> {
    /// Without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Flat fields, written as `data_white`. Default none.
    pub fn flat(mut self, fields: &'a dyn SequenceReader) -> Self {
        self.flat = Some(fields);
        self
    }

    /// Dark fields, written as `data_dark`. Default none.
    pub fn dark(mut self, fields: &'a dyn SequenceReader) -> Self {
        self.dark = Some(fields);
        self
    }

    /// Writes the sequence in its own pixel type.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if the fields do not have the size of the frames, [`Error::InvalidParameter`] if the file
    /// is one that is read, and what reading the sequences or writing the file gives.
    pub fn write(&self, path: impl AsRef<Path>, sequence: &dyn SequenceReader) -> Result<()> {
        let size = |reader: &dyn SequenceReader| (reader.shape().n_rows, reader.shape().n_columns);
        for (what, fields) in [("flat fields", self.flat), ("dark fields", self.dark)] {
            if let Some(fields) = fields.filter(|fields| size(*fields) != size(sequence)) {
                let list = |(rows, columns)| vec![rows, columns];
                return Err(Error::ShapeMismatch {
                    what,
                    expected: list(size(sequence)),
                    found: list(size(fields)),
                });
            }
        }
        let path = path.as_ref();
        let fields = [self.flat, self.dark].into_iter().flatten();
        let readers: Vec<&dyn SequenceReader> = fields.chain([sequence]).collect();
        let mut file = Writer {
            output: Output::create_from(path, &readers)?,
        };
        file.output.put(&[0; FIRST_BYTE as usize])?;
        let data = file.frames(sequence, "projections")?;
        let mut exchange = vec![("data", data)];
        for (name, what, fields) in [
            ("data_white", "flat fields", self.flat),
            ("data_dark", "dark fields", self.dark),
        ] {
            if let Some(fields) = fields {
                exchange.push((name, file.frames(fields, what)?));
            }
        }
        if let Some(starts) = starts(sequence.time_axis(), sequence.shape().n_frames) {
            exchange.push(("time", file.numbers(&starts, "s", true)?));
        }
        exchange.push(("title", file.text("high-speed X-ray sequence")?));
        let exchange = file.group(&exchange, &[])?;
        let measurement = file.measurement(sequence.metadata(), sequence.time_axis())?;
        let implements = file.text("measurement:exchange")?;
        let root = file.group(
            &[
                ("implements", implements),
                ("exchange", exchange),
                ("measurement", measurement),
            ],
            &[],
        )?;
        let end = file.output.written;
        let mut file = file.output.finish()?;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&superblock(root, end)))
            .map_err(|source| Error::io(path, "write", source))
    }
}

/// The start of each frame, if it is known.
fn starts(axis: &TimeAxis, n_frames: usize) -> Option<Vec<f64>> {
    (0..n_frames).map(|frame| axis.start(frame)).collect()
}

/// A file whose objects are written one behind the other; each method gives the address of what it wrote.
struct Writer<'a> {
    output: Output<'a>,
}

impl Writer<'_> {
    /// Fills up to a multiple of 8.
    fn align(&mut self) -> Result<u64> {
        let filling = self.output.written.next_multiple_of(8) - self.output.written;
        self.output.put(&[0; 8][..filling as usize])?;
        Ok(self.output.written)
    }

    fn header(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.align()?;
        self.output.put(bytes)?;
        Ok(at)
    }

    fn frames(&mut self, sequence: &dyn SequenceReader, description: &str) -> Result<u64> {
        let (shape, pixel_type) = (sequence.shape(), sequence.pixel_type());
        let address = self.align()?;
        let mut frame = vec![0; shape.frame_bytes(pixel_type)];
        for number in 0..shape.n_frames {
            sequence.read_native_into(number, &mut frame)?;
            to_little_endian(&mut frame, pixel_type.bytes());
            self.output.put(&frame)?;
        }
        let dims = [shape.n_frames, shape.n_rows, shape.n_columns].map(|length| length as u64);
        let header = DatasetHeader {
            kind: Kind::Number(pixel_type),
            dims: &dims,
            address,
            attributes: &[
                Attribute::new("units", "counts"),
                Attribute::new("description", description),
                Attribute::new("axes", "time:y:x"),
            ],
        };
        self.header(&header.bytes())
    }

    /// Values of `f64`: a list, or one number without axes.
    fn numbers(&mut self, values: &[f64], unit: &str, is_list: bool) -> Result<u64> {
        let address = self.align()?;
        for value in values {
            self.output.put(&value.to_le_bytes())?;
        }
        let dims = [values.len() as u64];
        let header = DatasetHeader {
            kind: Kind::Number(PixelType::F64),
            dims: if is_list { &dims } else { &[] },
            address,
            attributes: &[Attribute::new("units", unit)],
        };
        self.header(&header.bytes())
    }

    fn text(&mut self, text: &str) -> Result<u64> {
        let address = self.align()?;
        // A text ends with a zero byte.
        self.output.put(text.as_bytes())?;
        self.output.put(&[0])?;
        let header = DatasetHeader {
            kind: Kind::Text(text.len() + 1),
            dims: &[],
            address,
            attributes: &[],
        };
        self.header(&header.bytes())
    }

    fn group(&mut self, links: &[(&str, u64)], attributes: &[Attribute<'_>]) -> Result<u64> {
        self.header(&group_header(links, attributes))
    }

    /// What is known about the recording.
    fn measurement(&mut self, metadata: &Metadata, axis: &TimeAxis) -> Result<u64> {
        let mut detector = Vec::new();
        if let Some(size) = &metadata.pixel_size {
            let meters = size.value.meters();
            for name in ["actual_pixel_size_x", "actual_pixel_size_y"] {
                detector.push((name, self.numbers(&[meters], "m", false)?));
            }
        }
        let exposure = metadata.exposure.as_ref().map(|exposure| exposure.value);
        if let Some(seconds) = exposure.or_else(|| axis.exposure(0)) {
            detector.push(("exposure_time", self.numbers(&[seconds], "s", false)?));
        }
        let of_axis = match axis.timing() {
            Timing::Uniform { .. } => axis.frame_rate(),
            _ => None,
        };
        if let Some(rate) = metadata
            .frame_rate
            .as_ref()
            .map(|rate| rate.value)
            .or(of_axis)
        {
            detector.push(("frame_rate", self.numbers(&[rate.hertz()], "Hz", false)?));
        }
        if let Some(distance) = &metadata.detector_distance {
            detector.push(("distance", self.numbers(&[distance.value], "m", false)?));
        }
        if let Some(camera) = &metadata.camera {
            detector.push(("model", self.text(&camera.value)?));
        }
        let mut instrument = vec![("detector", self.group(&detector, &[])?)];
        if let Some(energy) = &metadata.beam_energy {
            let energy = self.numbers(&[energy.value], "eV", false)?;
            instrument.push(("monochromator", self.group(&[("energy", energy)], &[])?));
        }
        let mut measurement = vec![("instrument", self.group(&instrument, &[])?)];
        if let Some(material) = &metadata.material {
            let material = self.text(&material.value)?;
            measurement.push(("sample", self.group(&[("material", material)], &[])?));
        }
        self.group(&measurement, &[])
    }
}
