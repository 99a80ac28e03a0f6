//! Photron `.cih` (text) and `.cihx` (XML) headers, and the pixels without a header of `.mraw` beside them.
//!
//! There is no public specification. The keys and layouts are those of files of FASTCAM SA-Z and Nova S16 cameras; what
//! cannot be known from a file is decided by its size or refused.

mod header;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use header::Header;

use super::raw::{ByteOrder, EvenFrames};
use crate::calibration::FrameRate;
use crate::codec::read_packed;
use crate::error::{Error, Result, cut};
use crate::metadata::{EffectiveBits, Metadata, Recorded};
use crate::opener::Context;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

const FORMAT: &str = "Photron MRAW";

/// Opens the header; the pixels lie beside it.
pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let header = Header::read(source, context.limits())?;
    let geometry = Geometry::new(&header, context)?;
    let pixels = beside(source, &["mraw", "MRAW", "Mraw"], "file of pixels")?;
    assemble(
        &header,
        geometry,
        &Arc::new(Source::open(&pixels)?),
        context,
    )
}

/// Opens the pixels; the header lies beside them.
pub(crate) fn open_pixels(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = beside(source, &["cihx", "cih", "CIHX", "CIH"], "header")?;
    let header = Header::read(&Source::open(&path)?, context.limits())?;
    let geometry = Geometry::new(&header, context)?;
    assemble(&header, geometry, source, context)
}

/// The file of the same name with one of these endings.
fn beside(source: &Source, endings: &[&str], what: &'static str) -> Result<PathBuf> {
    let path = source.path();
    endings
        .iter()
        .map(|ending| path.with_extension(ending))
        .find(|candidate| !source.is_memory() && candidate.is_file())
        .ok_or_else(|| Error::NotFound {
            path: path.to_owned(),
            what,
            name: cut(
                &path
                    .with_extension(endings[0])
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy(),
                80,
            ),
        })
}

/// What the header says about the size of the pixels.
#[derive(Debug, Clone, Copy)]
struct Geometry {
    n_rows: usize,
    n_columns: usize,
    /// Bits of one pixel in the file.
    bits: u32,
    claimed_frames: u64,
}

impl Geometry {
    fn new(header: &Header, context: &Context<'_>) -> Result<Self> {
        let keys = header.keys();
        let bits = match header.positive(keys.bits)? {
            bits @ (8 | 10 | 12 | 16) => bits as u32,
            other => return Err(Error::unsupported(header.path(), keys.bits, other)),
        };
        if let Some(kind) = header.text(keys.color) {
            if !["mono", "raw"].contains(&kind.to_ascii_lowercase().as_str()) {
                return Err(Error::unsupported(header.path(), keys.color, kind));
            }
        }
        if let Some(format) = header.text(keys.file_format) {
            if !format.eq_ignore_ascii_case("mraw") {
                return Err(Error::unsupported(header.path(), keys.file_format, format));
            }
        }
        let (rows, columns) = (header.positive(keys.height)?, header.positive(keys.width)?);
        // In memory a pixel has one byte or two.
        let bytes = if bits == 8 { 1 } else { 2 };
        context
            .limits()
            .frame_bytes(header.path(), rows, columns, bytes)?;
        Ok(Self {
            n_rows: rows as usize,
            n_columns: columns as usize,
            bits,
            claimed_frames: header.positive(keys.total_frames)?,
        })
    }

    fn pixel_type(self) -> PixelType {
        if self.bits == 8 {
            PixelType::U8
        } else {
            PixelType::U16
        }
    }

    /// Bytes of a frame without gaps, if it ends on a byte.
    fn exact(self) -> Option<u64> {
        let bits = (self.n_rows * self.n_columns) as u64 * u64::from(self.bits);
        (bits % 8 == 0).then_some(bits / 8)
    }

    /// Bytes of a row that is rounded up to 16 bytes, where that differs from the row as it is.
    fn padded_row(self) -> Option<u64> {
        let bits = self.n_columns as u64 * u64::from(self.bits);
        let padded = bits.div_ceil(128) * 16;
        (padded * 8 != bits && !matches!(self.bits, 8 | 16)).then_some(padded)
    }
}

/// How rows follow each other, decided by the size of the file: headers do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    /// Bytes of a row, if rows are rounded up.
    padded_row: Option<u64>,
    frame_bytes: u64,
    n_frames: u64,
}

fn layout(
    geometry: Geometry,
    path: &Path,
    length: u64,
    metadata: &mut Metadata,
    context: &mut Context<'_>,
) -> Result<Layout> {
    let claimed = geometry.claimed_frames;
    let fits = |frame: u64| frame.checked_mul(claimed) == Some(length);
    let padded_row = geometry.padded_row();
    let padded = padded_row.map(|row| row * geometry.n_rows as u64);
    let of = |padded_row, frame_bytes, n_frames| Layout {
        padded_row,
        frame_bytes,
        n_frames,
    };
    if let Some(frame) = geometry.exact().filter(|frame| fits(*frame)) {
        return Ok(of(None, frame, claimed));
    }
    if let Some(frame) = padded.filter(|frame| fits(*frame)) {
        metadata.note(
            "rows",
            "rounded up to 16 bytes each: decided by the size of the file",
        );
        return Ok(of(padded_row, frame, claimed));
    }
    let Some(frame) = geometry.exact() else {
        return Err(Error::unsupported(
            path,
            "a frame that ends within a byte,",
            format!("{geometry:?}"),
        ));
    };
    let found = length / frame;
    if found == claimed {
        context.fault(Error::invalid(
            path,
            "size of the file of pixels",
            Some(found * frame),
            "that of the frames of the header",
            format!("{length} bytes for {claimed} frames of {frame}"),
        ))?;
    } else {
        context.fault(Error::FrameCount {
            path: path.to_owned(),
            claimed_by: "the header",
            claimed,
            found,
        })?;
    }
    if padded.is_some() {
        metadata.note(
            "rows",
            "taken without gaps, since the size of the file fits no layout of rows",
        );
    }
    Ok(of(None, frame, found.min(claimed)))
}

fn assemble(
    header: &Header,
    geometry: Geometry,
    pixels: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let mut metadata = header.metadata();
    let layout = layout(
        geometry,
        pixels.path(),
        pixels.len(),
        &mut metadata,
        context,
    )?;
    if layout.n_frames == 0 {
        return Err(Error::NoFrames {
            path: pixels.path().to_owned(),
        });
    }
    context
        .limits()
        .check_frames(pixels.path(), layout.n_frames)?;
    let time_axis = timing(header, &mut metadata)?;
    describe(header, geometry, &mut metadata)?;
    let shape = SequenceShape {
        n_frames: layout.n_frames as usize,
        n_rows: geometry.n_rows,
        n_columns: geometry.n_columns,
    };
    if matches!(geometry.bits, 8 | 16) {
        return Ok(Box::new(EvenFrames {
            source: Arc::clone(pixels),
            format: FORMAT,
            shape,
            pixel_type: geometry.pixel_type(),
            byte_order: ByteOrder::Little,
            offset: 0,
            stride: layout.frame_bytes,
            metadata,
            time_axis,
        }));
    }
    Ok(Box::new(Packed {
        source: Arc::clone(pixels),
        shape,
        pixel_type: geometry.pixel_type(),
        bits: geometry.bits,
        layout,
        metadata,
        time_axis,
    }))
}

/// Frame `i` starts `(start frame + i × save step) / record rate` after the trigger.
fn timing(header: &Header, metadata: &mut Metadata) -> Result<TimeAxis> {
    let keys = header.keys();
    let mut axis = TimeAxis::unknown();
    let start = header.integer(keys.start_frame)?;
    if let Some(start) = start {
        metadata.trigger_frame = Some(Recorded::new(start, "", header.origin(keys.start_frame)));
    }
    let step = match header.integer(keys.step)? {
        Some(step) if step > 0 => step,
        Some(0) => {
            metadata.note(keys.step, "0 counts as 1: every frame was kept");
            1
        }
        Some(step) => {
            return Err(Error::invalid(
                header.path(),
                keys.step,
                None,
                "positive",
                step,
            ));
        }
        None => {
            metadata.note(keys.step, "not in the header: every frame counts as kept");
            1
        }
    };
    match header.number(keys.rate)? {
        Some(rate) if rate.is_finite() && rate > 0.0 => {
            if start.is_none() {
                metadata.note(
                    keys.start_frame,
                    "not in the header: times count from the first frame, not from the trigger",
                );
            }
            let frame_rate = FrameRate::from_hertz(rate / step as f64)?;
            let origin = if step == 1 {
                header.origin(keys.rate)
            } else {
                header.derived(&[keys.rate, keys.step])
            };
            metadata.frame_rate = Some(Recorded::new(frame_rate, "Hz", origin));
            let t0 = start.unwrap_or(0) as f64 / rate;
            axis = TimeAxis::uniform(t0, step as f64 / rate)?;
        }
        Some(rate) => metadata.note(keys.rate, format!("{rate} is no rate: no time axis")),
        None => metadata.note(keys.rate, "not in the header: no time axis"),
    }
    if let Some((seconds, origin)) = header.exposure(metadata) {
        metadata.exposure = Some(Recorded::new(seconds, "s", origin));
        axis = axis.with_exposure(seconds)?;
    }
    Ok(axis)
}

fn describe(header: &Header, geometry: Geometry, metadata: &mut Metadata) -> Result<()> {
    let keys = header.keys();
    let recorded = |key: &'static str| {
        header
            .text(key)
            .filter(|text| !text.is_empty())
            .map(|text| Recorded::new(text.to_owned(), "", header.origin(key)))
    };
    metadata.camera = recorded(keys.camera);
    metadata.trigger_mode = recorded(keys.trigger_mode);
    if let Some(depth) = header.integer(keys.depth)? {
        let stored = geometry.bits;
        let bits = u32::try_from(depth)
            .ok()
            .filter(|bits| (1..=stored).contains(bits));
        match (bits, header.text(keys.side).unwrap_or("Lower")) {
            (Some(bits), side @ ("Lower" | "Higher")) => {
                let shift = if side == "Higher" { stored - bits } else { 0 };
                metadata.effective_bits = Some(Recorded::new(
                    EffectiveBits { bits, shift },
                    "bit",
                    header.origin(keys.depth),
                ));
            }
            _ => metadata.note(
                keys.depth,
                format!("{depth} of {stored} bits is not taken over"),
            ),
        }
    }
    if geometry.bits == 10 {
        metadata.note(
            keys.bits,
            "10 bits are unpacked as 12 bits are, the most significant first; no sample of a camera confirms it",
        );
    }
    Ok(())
}

/// Pixels of 10 or 12 bits.
#[derive(Debug)]
struct Packed {
    source: Arc<Source>,
    shape: SequenceShape,
    pixel_type: PixelType,
    bits: u32,
    layout: Layout,
    metadata: Metadata,
    time_axis: TimeAxis,
}

impl SequenceReader for Packed {
    fn format(&self) -> &'static str {
        FORMAT
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, PixelType::U16, destination.len())?;
        let start = frame as u64 * self.layout.frame_bytes;
        match self.layout.padded_row {
            None => read_packed(&self.source, start, self.bits, destination),
            Some(row_bytes) => destination
                .chunks_exact_mut(self.shape.n_columns * 2)
                .zip(0_u64..)
                .try_for_each(|(row, r)| {
                    read_packed(&self.source, start + r * row_bytes, self.bits, row)
                }),
        }
        .map_err(|error| error.in_frame(frame))
    }
}
