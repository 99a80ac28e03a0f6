//! Opening a file or folder, and saving what is whole of a damaged one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::calibration::{FrameRate, PixelSize};
use crate::error::{Error, Result};
use crate::format::{self, RawDescription};
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::reader::{Described, Selected, SequenceReader, SequenceShape};
use crate::sequence::axis_from;
use crate::source::Source;
use crate::time::{TimeAxis, Timing};

/// Opens a file or a folder of files with the default settings; the format is found by content, then by extension.
///
/// # Errors
///
/// As [`Opener::open`].
///
/// # Examples
///
/// ```no_run
/// use xray_io::SequenceReaderExt;
///
/// let reader = xray_io::open("scan.tif")?;
/// println!("{} {:?} {}", reader.format(), reader.shape(), reader.pixel_type());
/// let sequence = reader.read_all()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn SequenceReader>> {
    Opener::new().open(path)
}

/// The frames that are whole of a damaged file, with the default settings.
///
/// # Errors
///
/// As [`Opener::salvage`].
pub fn salvage(path: impl AsRef<Path>) -> Result<Salvage> {
    Opener::new().salvage(path)
}

/// What frames show, in files that hold projections and fields together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Role {
    /// The sample.
    #[default]
    Projection,
    /// The beam without the sample.
    Flat,
    /// No beam.
    Dark,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Projection => "projection",
            Self::Flat => "flat",
            Self::Dark => "dark",
        })
    }
}

/// How a file is opened: limits, strictness, choices, and what the user knows better than the file.
///
/// # Examples
///
/// ```no_run
/// use xray_io::{FrameRate, Limits, Opener};
///
/// let reader = Opener::new()
///     .limits(Limits::new().max_frame_bytes(64 << 20))
///     .frame_rate(FrameRate::from_kilohertz(50.0)?)
///     .open("frames/")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opener {
    limits: Limits,
    lenient: bool,
    stack_as_time: bool,
    plane: Option<usize>,
    channel: Option<usize>,
    slice: Option<usize>,
    dataset: Option<String>,
    role: Role,
    metadata: Metadata,
    raw: Option<RawDescription>,
    uniformity: Option<f64>,
}

impl Opener {
    /// Strict, with the default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Caps on what the file may ask for.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens files whose structure contradicts itself as far as possible, and lists what was mended in the notes of the
    /// metadata. A frame that is not whole still is an error when it is read. Default: no.
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    /// Takes a stack whose axis is called depth or channel as a sequence in time. Default: no; its frames are read all
    /// the same, but without a time axis.
    pub fn stack_as_time(mut self, stack_as_time: bool) -> Self {
        self.stack_as_time = stack_as_time;
        self
    }

    /// Takes one sample of each pixel (from 0) of files that have several, such as red, green and blue. Default: files
    /// with several are refused.
    pub fn plane(mut self, plane: usize) -> Self {
        self.plane = Some(plane);
        self
    }

    /// Takes this channel (from 0) of a stack with several. Default: such stacks are refused.
    pub fn channel(mut self, channel: usize) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Takes this slice in depth (from 0) of a stack with several of them and several times. Default: such stacks are
    /// refused.
    pub fn slice(mut self, slice: usize) -> Self {
        self.slice = Some(slice);
        self
    }

    /// Takes the array of this name of files that hold several. Default: only one array, or the standard name.
    pub fn dataset(mut self, name: impl Into<String>) -> Self {
        self.dataset = Some(name.into());
        self
    }

    /// Takes the flat or dark fields of files that hold them beside the projections (Data Exchange, NeXus). It does not
    /// count where an array is named by [`dataset`](Self::dataset). Default [`Role::Projection`].
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// What the user knows; it goes before what the file says.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// The frame rate of the kept frames, if the file has none or a wrong one.
    pub fn frame_rate(mut self, rate: FrameRate) -> Self {
        self.metadata = self.metadata.with_frame_rate(rate);
        self
    }

    /// The pixel size, if the file has none or a wrong one.
    pub fn pixel_size(mut self, size: PixelSize) -> Self {
        self.metadata = self.metadata.with_pixel_size(size);
        self
    }

    /// Reads the file as pixels of this description, whatever it contains.
    pub fn raw(mut self, description: RawDescription) -> Self {
        self.raw = Some(description);
        self
    }

    /// Deviation from even spacing, as a share of the interval, up to which time stamps make a uniform axis.
    /// Default [`TimeAxis::DEFAULT_TOLERANCE`].
    pub fn uniformity(mut self, tolerance: f64) -> Self {
        self.uniformity = Some(tolerance);
        self
    }

    /// An error if a setting is out of range.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if let Some(tolerance) = self.uniformity {
            if !(tolerance.is_finite() && tolerance >= 0.0) {
                return Err(Error::InvalidParameter {
                    name: "uniformity",
                    requirement: "zero or positive",
                    found: tolerance.to_string(),
                });
            }
        }
        if let Some(raw) = &self.raw {
            raw.validate()?;
        }
        Ok(())
    }

    /// Opens a file, or a folder with one file a frame; the format is found by content, then by extension.
    ///
    /// Headers are read and every stored range is held against the size of the file; pixels are not read.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::UnknownFormat`], [`Error::FeatureMissing`], and what is wrong with the file.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Box<dyn SequenceReader>> {
        self.validate()?;
        let path = path.as_ref();
        let mut context = Context {
            options: self,
            tolerant: self.lenient,
            faults: Vec::new(),
        };
        let reader = if path.is_dir() {
            format::open_folder(path, &mut context)?
        } else {
            context.open_source(&Arc::new(Source::open(path)?))?
        };
        self.describe(reader, &context.faults)
    }

    /// Opens the bytes of a file in memory; `name` stands in for its path.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_bytes(
        &self,
        name: impl AsRef<Path>,
        bytes: Vec<u8>,
    ) -> Result<Box<dyn SequenceReader>> {
        self.validate()?;
        let mut context = Context {
            options: self,
            tolerant: self.lenient,
            faults: Vec::new(),
        };
        let reader = context.open_source(&Arc::new(Source::memory(name.as_ref(), bytes)))?;
        self.describe(reader, &context.faults)
    }

    /// Opens a damaged file or folder, reads every frame, and keeps those that are whole.
    ///
    /// # Errors
    ///
    /// The first fault, if no frame is whole or the structure cannot be followed at all.
    pub fn salvage(&self, path: impl AsRef<Path>) -> Result<Salvage> {
        self.validate()?;
        let path = path.as_ref();
        let mut context = Context {
            options: self,
            tolerant: true,
            faults: Vec::new(),
        };
        let reader = if path.is_dir() {
            format::open_folder(path, &mut context)?
        } else {
            context.open_source(&Arc::new(Source::open(path)?))?
        };
        let faults = context.faults;
        Salvage::new(self.describe(reader, &faults)?, faults)
    }

    /// As [`salvage`](Self::salvage), of the bytes of a file in memory.
    ///
    /// # Errors
    ///
    /// As [`salvage`](Self::salvage).
    pub fn salvage_bytes(&self, name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Salvage> {
        self.validate()?;
        let mut context = Context {
            options: self,
            tolerant: true,
            faults: Vec::new(),
        };
        let reader = context.open_source(&Arc::new(Source::memory(name.as_ref(), bytes)))?;
        let faults = context.faults;
        Salvage::new(self.describe(reader, &faults)?, faults)
    }

    /// The reader with what the user knows and what was mended.
    fn describe(
        &self,
        reader: Box<dyn SequenceReader>,
        faults: &[Error],
    ) -> Result<Box<dyn SequenceReader>> {
        if self.metadata == Metadata::default() && faults.is_empty() {
            return Ok(reader);
        }
        let mut metadata = reader.metadata().clone();
        metadata.override_with(&self.metadata);
        for fault in faults {
            metadata.note("damaged file", fault.to_string());
        }
        let mut time_axis = reader.time_axis().clone();
        if let Some(rate) = &self.metadata.frame_rate {
            match time_axis.timing() {
                Timing::Irregular(_) => metadata.note(
                    "frame_rate",
                    "the times of the frames are irregular and are kept; the given rate does not change them",
                ),
                Timing::Uniform { t0, .. } => {
                    let exposures = time_axis.exposures().clone();
                    let uniform = TimeAxis::uniform(*t0, rate.value.interval_seconds())?;
                    time_axis = match exposures {
                        crate::Exposure::Unknown => uniform,
                        crate::Exposure::Constant(seconds) => uniform.with_exposure(seconds)?,
                        crate::Exposure::PerFrame(seconds) => uniform.with_exposures(seconds)?,
                    };
                }
                Timing::Unknown => time_axis = axis_from(&metadata, time_axis)?,
            }
        }
        if let Some(exposure) = &self.metadata.exposure {
            time_axis = time_axis.with_exposure(exposure.value)?;
        }
        Ok(Box::new(Described {
            reader,
            metadata,
            time_axis,
        }))
    }
}

/// What a format is given when it opens a file: the settings, and where to report faults.
pub(crate) struct Context<'a> {
    options: &'a Opener,
    tolerant: bool,
    faults: Vec<Error>,
}

impl Context<'_> {
    pub(crate) fn options(&self) -> &Opener {
        self.options
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.options.limits
    }

    pub(crate) fn stack_as_time(&self) -> bool {
        self.options.stack_as_time
    }

    pub(crate) fn plane(&self) -> Option<usize> {
        self.options.plane
    }

    pub(crate) fn channel(&self) -> Option<usize> {
        self.options.channel
    }

    pub(crate) fn slice(&self) -> Option<usize> {
        self.options.slice
    }

    pub(crate) fn dataset(&self) -> Option<&str> {
        self.options.dataset.as_deref()
    }

    pub(crate) fn role(&self) -> Role {
        self.options.role
    }

    /// What the user said; formats need not apply it, but may take the frame rate to place missing frames.
    pub(crate) fn user(&self) -> &Metadata {
        &self.options.metadata
    }

    pub(crate) fn uniformity(&self) -> f64 {
        self.options
            .uniformity
            .unwrap_or(TimeAxis::DEFAULT_TOLERANCE)
    }

    /// A fault of the structure that leaves some frames readable: an error when strict, else it is kept and reading
    /// goes on.
    pub(crate) fn fault(&mut self, error: Error) -> Result<()> {
        if !self.tolerant {
            return Err(error);
        }
        // A damaged file can have as many faults as bytes; the first thousand say enough.
        if self.faults.len() < 1000 {
            self.faults.push(error);
        }
        Ok(())
    }

    pub(crate) fn open_source(&mut self, source: &Arc<Source>) -> Result<Box<dyn SequenceReader>> {
        if let Some(description) = &self.options.raw {
            return format::open_raw(source, description, self);
        }
        format::detect(source)?(source, self)
    }
}

/// The whole frames of a damaged file, and what is wrong with the rest.
///
/// # Examples
///
/// ```no_run
/// use xray_io::SequenceReaderExt;
///
/// let salvage = xray_io::salvage("cut_short.tif")?;
/// for fault in salvage.faults() {
///     eprintln!("{fault}");
/// }
/// let whole = salvage.reader().read_all()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Salvage {
    reader: Selected<Box<dyn SequenceReader>>,
    faults: Vec<Error>,
}

impl Salvage {
    fn new(reader: Box<dyn SequenceReader>, mut faults: Vec<Error>) -> Result<Self> {
        let shape: SequenceShape = reader.shape();
        let mut buffer = vec![0; shape.frame_bytes(reader.pixel_type())];
        let mut whole = Vec::new();
        for frame in 0..shape.n_frames {
            match reader.read_native_into(frame, &mut buffer) {
                Ok(()) => whole.push(frame),
                Err(error) => faults.push(error.in_frame(frame)),
            }
        }
        match (whole.is_empty(), faults.first()) {
            (true, Some(fault)) => Err(fault.clone()),
            _ => Ok(Self {
                reader: Selected::new(reader, whole)?,
                faults,
            }),
        }
    }

    /// The whole frames; its [`frame_numbers`](Selected::frame_numbers) are those in the damaged file.
    pub fn reader(&self) -> &Selected<Box<dyn SequenceReader>> {
        &self.reader
    }

    /// What is wrong, in the order in which it was found; empty if the file is whole.
    pub fn faults(&self) -> &[Error] {
        &self.faults
    }

    /// The whole frames alone.
    pub fn into_reader(self) -> Selected<Box<dyn SequenceReader>> {
        self.reader
    }
}
