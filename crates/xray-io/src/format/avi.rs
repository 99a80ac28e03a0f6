//! AVI with uncompressed gray frames of 8 bits.
//!
//! "AVI RIFF File Reference", Microsoft. The rate in the file is that of playback and is never taken as the frame rate.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

#[derive(Debug)]
struct Avi {
    source: Arc<Source>,
    shape: SequenceShape,
    /// Bytes of a stored row, and whether the lowest row comes first.
    row_bytes: usize,
    bottom_up: bool,
    /// Where the pixels of each frame start.
    frames: Vec<u64>,
    metadata: Metadata,
    time_axis: TimeAxis,
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    match bytes.get(at..at + 4) {
        Some(found) => word.copy_from_slice(found),
        None => return 0,
    }
    u32::from_le_bytes(word)
}

/// What the walk over the chunks finds.
#[derive(Default)]
struct Parts {
    /// The header of the file and the format of the first stream of pictures.
    claimed: Option<u32>,
    playback: Option<(u32, u32)>,
    format: Option<Vec<u8>>,
    /// Number of the stream whose format it is.
    stream: u32,
    n_streams: u32,
    is_video: bool,
    /// Where frames start, and their bytes.
    frames: Vec<(u64, u64)>,
}

/// Lists in lists; no file needs more.
const MAX_DEPTH: usize = 8;

fn walk(
    source: &Source,
    mut at: u64,
    end: u64,
    depth: usize,
    parts: &mut Parts,
    context: &mut Context<'_>,
) -> Result<()> {
    while at.saturating_add(8) <= end {
        let head = source.read_vec("a chunk", at, 8)?;
        let (kind, size) = (&head[..4], u64::from(le32(&head, 4)));
        let data = at + 8;
        if let Err(error) = source.check_range("a chunk", data, size) {
            context.fault(error.in_frame(parts.frames.len()))?;
            if kind != b"RIFF" && kind != b"LIST" {
                return Ok(());
            }
        }
        let inner_end = data.saturating_add(size).min(source.len());
        match kind {
            b"RIFF" | b"LIST" if depth < MAX_DEPTH && inner_end >= data + 4 => {
                walk(source, data + 4, inner_end, depth + 1, parts, context)?;
            }
            b"avih" => {
                let header = source.read_vec("the header", data, size.min(56))?;
                parts.claimed = Some(le32(&header, 16));
            }
            b"strh" => {
                let header = source.read_vec("a stream header", data, size.min(56))?;
                parts.is_video = header.starts_with(b"vids") && parts.format.is_none();
                if parts.is_video {
                    parts.stream = parts.n_streams;
                    parts.playback = Some((le32(&header, 24), le32(&header, 20)));
                }
                parts.n_streams += 1;
            }
            b"strf" if parts.is_video && parts.format.is_none() => {
                parts.format = Some(source.read_vec("a stream format", data, size.min(2048))?);
            }
            // Two digits of the stream, then the kind: db and dc are pictures.
            [a @ b'0'..=b'9', b @ b'0'..=b'9', b'd', b'b' | b'c']
                if u32::from((a - b'0') * 10 + (b - b'0')) == parts.stream =>
            {
                context
                    .limits()
                    .check_frames(source.path(), parts.frames.len() as u64 + 1)?;
                parts.frames.push((data, size));
            }
            _ => {}
        }
        // Chunks start at even places.
        at = data.saturating_add(size).saturating_add(size % 2);
    }
    Ok(())
}

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let mut parts = Parts::default();
    walk(source, 0, source.len(), 0, &mut parts, context)?;
    let format = parts.format.ok_or_else(|| Error::NoFrames {
        path: path.to_owned(),
    })?;
    let (width, height) = (le32(&format, 4) as i32, le32(&format, 8) as i32);
    if width <= 0 || height == 0 {
        let found = format!("{width} and {height}");
        return Err(Error::invalid(
            path,
            "biWidth and biHeight",
            None,
            "positive",
            found,
        ));
    }
    let bits = le32(&format, 14) & 0xffff;
    let compression = format.get(16..20).unwrap_or_default();
    let (columns, rows) = (
        width.unsigned_abs() as usize,
        height.unsigned_abs() as usize,
    );
    let (row_bytes, bottom_up) = match (compression, bits) {
        // Gray by its code: rows from the top without gaps.
        (b"Y800" | b"GREY" | b"Y8  ", _) => (columns, false),
        (b"\0\0\0\0", 8) => {
            let colors = (le32(&format, 32) as usize).clamp(1, 256);
            let is_gray = format
                .get(40..40 + 4 * colors.min(256))
                .is_some_and(|palette| {
                    palette
                        .chunks_exact(4)
                        .enumerate()
                        .all(|(i, color)| color[..3].iter().all(|part| usize::from(*part) == i))
                });
            if !is_gray {
                return Err(Error::unsupported(path, "a palette", "that is not gray"));
            }
            (columns.div_ceil(4) * 4, height > 0)
        }
        _ => {
            let found = format!("{} of {bits} bits", compression.escape_ascii());
            return Err(Error::unsupported(path, "pictures", found));
        }
    };
    context
        .limits()
        .frame_bytes(path, rows as u64, row_bytes as u64, 1)?;
    let needed = (rows * row_bytes) as u64;
    for (frame, (at, size)) in parts.frames.iter().enumerate() {
        if *size != needed {
            let found = format!("{size} bytes for {needed}");
            let error = Error::invalid(
                path,
                "size of a picture",
                Some(*at),
                "that of the format",
                found,
            );
            context.fault(error.in_frame(frame))?;
        }
    }
    let found = parts.frames.len() as u64;
    if found == 0 {
        return Err(Error::NoFrames {
            path: path.to_owned(),
        });
    }
    if let Some(claimed) = parts.claimed.filter(|claimed| u64::from(*claimed) > found) {
        context.fault(Error::FrameCount {
            path: path.to_owned(),
            claimed_by: "dwTotalFrames",
            claimed: u64::from(claimed),
            found,
        })?;
    }
    let mut metadata = Metadata::new();
    if let Some((rate, scale)) = parts.playback {
        let text =
            format!("{rate}/{scale} a second is the rate of playback, not that of recording");
        metadata.note("dwRate", text);
    }
    Ok(Box::new(Avi {
        source: Arc::clone(source),
        shape: SequenceShape {
            n_frames: parts.frames.len(),
            n_rows: rows,
            n_columns: columns,
        },
        row_bytes,
        bottom_up,
        // A picture of another size is no whole frame: it is put where nothing can be read.
        frames: parts
            .frames
            .iter()
            .map(|(at, size)| if *size == needed { *at } else { u64::MAX })
            .collect(),
        metadata,
        time_axis: TimeAxis::unknown(),
    }))
}

impl SequenceReader for Avi {
    fn format(&self) -> &'static str {
        "AVI"
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    fn shape(&self) -> SequenceShape {
        self.shape
    }

    fn pixel_type(&self) -> PixelType {
        PixelType::U8
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, PixelType::U8, destination.len())?;
        let start = self.frames[frame];
        let n_rows = self.shape.n_rows;
        for (row, line) in destination
            .chunks_exact_mut(self.shape.n_columns)
            .enumerate()
        {
            let stored = if self.bottom_up {
                n_rows - 1 - row
            } else {
                row
            };
            let at = start.saturating_add((stored * self.row_bytes) as u64);
            self.source
                .read_exact_at("pixels", at, line)
                .map_err(|error| error.in_frame(frame))?;
        }
        Ok(())
    }
}
