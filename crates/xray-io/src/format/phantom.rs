//! Phantom `.cine` of Vision Research, gray.
//!
//! There is no public specification; offsets are those on which open readers agree, held against a clip of a camera.

mod header;

use std::sync::Arc;

use header::{Header, TaggedBlocks, origin};

use crate::calibration::FrameRate;
use crate::codec::read_packed;
use crate::error::{Error, Result};
use crate::metadata::{EffectiveBits, Metadata, Origin, Recorded};
use crate::opener::Context;
use crate::pixel::{PixelType, swap_bytes};
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::{Exposure, TimeAxis};

/// How the pixels of an image are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Storage {
    /// Bytes or 16-bit words, rows from the bottom up as in a device-independent bitmap, or from the top down.
    Words { bottom_up: bool },
    /// Packed samples of 10 or 12 bits, the most significant bit first, rows from the top down.
    Packed { bits: u32 },
}

#[derive(Debug)]
struct Cine {
    source: Arc<Source>,
    shape: SequenceShape,
    pixel_type: PixelType,
    storage: Storage,
    /// Bytes of one stored image.
    image_bytes: u64,
    /// Where each image starts, its annotation first.
    images: Vec<u64>,
    metadata: Metadata,
    time_axis: TimeAxis,
}

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let header = Header::read(source)?;
    let path = source.path();
    let limits = *context.limits();
    let (n_rows, n_columns) = (u64::from(header.n_rows), u64::from(header.n_columns));
    limits.frame_bytes(path, n_rows, n_columns, 2)?;
    limits.check_frames(path, u64::from(header.n_images))?;
    let table_bytes = u64::from(header.n_images) * 8;
    limits.check_metadata_bytes(path, table_bytes)?;
    let table = source.read_vec("the table of images", header.images_at, table_bytes)?;
    let images: Vec<u64> = table
        .chunks_exact(8)
        .map(|bytes| {
            let mut word = [0; 8];
            word.copy_from_slice(bytes);
            u64::from_le_bytes(word)
        })
        .collect();
    let n_pixels = n_rows * n_columns;
    let bits = stored_bits(source, &header, &images, n_pixels)?;
    let storage = if matches!(bits, 8 | 16) {
        Storage::Words {
            bottom_up: header.bottom_up,
        }
    } else {
        Storage::Packed { bits }
    };
    let image_bytes = n_pixels * u64::from(bits) / 8;
    for (frame, &at) in images.iter().enumerate() {
        // Eight bytes of sizes stand before the pixels at least.
        if let Err(error) = source.check_range("the image", at, image_bytes + 8) {
            context.fault(error.in_frame(frame))?;
        }
    }
    let mut metadata = Metadata::new();
    metadata.entries = header.entries();
    let blocks = TaggedBlocks::read(source, &header, &limits)?;
    let time_axis = timing(source, &header, &blocks, &mut metadata, context)?;
    if let Some(real) = header.real_bits.filter(|real| (1..=bits).contains(real)) {
        let origin = origin(path, "RealBPP", real);
        let value = EffectiveBits {
            bits: real,
            shift: 0,
        };
        metadata.effective_bits = Some(Recorded::new(value, "bit", origin));
    }
    if let Storage::Packed { bits } = storage {
        let text =
            format!("the stored {bits}-bit values are handed out; cameras store them companded");
        metadata.note("packed pixels", text);
    }
    Ok(Box::new(Cine {
        source: Arc::clone(source),
        shape: SequenceShape {
            n_frames: images.len(),
            n_rows: n_rows as usize,
            n_columns: n_columns as usize,
        },
        pixel_type: if bits == 8 {
            PixelType::U8
        } else {
            PixelType::U16
        },
        storage,
        image_bytes,
        images,
        metadata,
        time_axis,
    }))
}

/// Size of the annotation and of the pixels of an image: the first word counts the annotation with both sizes, the last
/// one before the pixels counts the pixels.
fn sizes(source: &Source, at: u64) -> Result<(u64, u64)> {
    let word = |what, at| -> Result<u64> {
        let mut bytes = [0; 4];
        source.read_exact_at(what, at, &mut bytes)?;
        Ok(u64::from(u32::from_le_bytes(bytes)))
    };
    let annotation = word("the size of the annotation", at)?;
    if annotation < 8 {
        return Err(Error::invalid(
            source.path(),
            "annotation size",
            Some(at),
            "at least 8",
            annotation,
        ));
    }
    let pixels = word("the size of the image", at.saturating_add(annotation - 4))?;
    Ok((annotation, pixels))
}

/// Bits of a stored pixel, by the size of the first image that can be read; it must agree with the bitmap header.
fn stored_bits(source: &Source, header: &Header, images: &[u64], n_pixels: u64) -> Result<u32> {
    let path = source.path();
    let claimed = match (header.compression, header.bit_count) {
        (0, bits @ (8 | 16)) => u32::from(bits),
        (256, _) => 10,
        (1024, _) => 12,
        (compression, bits) => {
            let found = format!("{bits} bits with compression {compression}");
            return Err(Error::unsupported(path, "a bitmap of", found));
        }
    };
    if (n_pixels * u64::from(claimed)) % 8 != 0 {
        return Err(Error::unsupported(
            path,
            "an image that ends within a byte,",
            format!("{n_pixels} pixels of {claimed} bits"),
        ));
    }
    let first = images.iter().find_map(|&at| sizes(source, at).ok());
    match first {
        Some((_, bytes)) if bytes * 8 != n_pixels * u64::from(claimed) => {
            let found = format!("{bytes} bytes for {n_pixels} pixels of {claimed} bits");
            Err(Error::invalid(
                path,
                "image size",
                images.first().copied(),
                "that of the bitmap header",
                found,
            ))
        }
        _ => Ok(claimed),
    }
}

/// The time stamps, which are believed before the rate of the header.
fn timing(
    source: &Source,
    header: &Header,
    blocks: &TaggedBlocks,
    metadata: &mut Metadata,
    context: &mut Context<'_>,
) -> Result<TimeAxis> {
    let path = source.path();
    let n = header.n_images as usize;
    metadata.trigger_frame = Some(Recorded::new(
        i64::from(header.first_image),
        "",
        origin(path, "FirstImageNo", header.first_image),
    ));
    let mut axis = TimeAxis::unknown();
    if blocks.stamps.len() >= n {
        // Differences of 64-bit stamps are exact; seconds since 1970 as floating-point numbers are not.
        let starts: Vec<f64> = blocks.stamps[..n]
            .iter()
            .map(|stamp| stamp.wrapping_sub(header.trigger_time) as i64 as f64 / 4_294_967_296.0)
            .collect();
        match TimeAxis::from_stamps(starts, context.uniformity()) {
            Ok(found) => axis = found,
            Err(error) => context.fault(Error::invalid(
                path,
                "time stamps",
                None,
                "strictly increasing",
                error,
            ))?,
        }
    } else if !blocks.stamps.is_empty() {
        context.fault(Error::invalid(
            path,
            "time stamps",
            None,
            "one an image",
            format!("{} for {n} images", blocks.stamps.len()),
        ))?;
    }
    let nominal = header.rate.filter(|rate| *rate > 0).map(f64::from);
    if let Some(rate) = axis.frame_rate() {
        if let Some(nominal) = nominal.filter(|nominal| (nominal / rate.hertz() - 1.0).abs() > 0.01)
        {
            let text = format!(
                "{nominal} Hz in the setup, {:.3} Hz by the time stamps, which are taken",
                rate.hertz()
            );
            metadata.note("FrameRate", text);
        }
        let origin = Origin::Derived {
            from: "time stamps".to_owned(),
        };
        metadata.frame_rate = Some(Recorded::new(rate, "Hz", origin));
    } else if let (crate::Timing::Unknown, Some(nominal)) = (axis.timing(), nominal) {
        metadata.note(
            "time stamps",
            "none: times follow from the rate of the setup",
        );
        let rate = FrameRate::from_hertz(nominal)?;
        metadata.frame_rate = Some(Recorded::new(
            rate,
            "Hz",
            origin(path, "FrameRate", nominal),
        ));
        axis = TimeAxis::uniform(f64::from(header.first_image) / nominal, 1.0 / nominal)?;
    }
    let exposures: Vec<f64> = blocks
        .exposures
        .iter()
        .take(n)
        .map(|&exposure| f64::from(exposure) / 4_294_967_296.0)
        .collect();
    if exposures.len() == n && n > 0 && exposures.iter().all(|seconds| *seconds > 0.0) {
        axis = axis.with_exposures(exposures)?;
        if let Exposure::Constant(seconds) = axis.exposures() {
            let origin = Origin::Derived {
                from: "exposure of each image".to_owned(),
            };
            metadata.exposure = Some(Recorded::new(*seconds, "s", origin));
        }
    } else if let Some(nanoseconds) = header.shutter_ns.filter(|value| *value > 0) {
        let seconds = f64::from(nanoseconds) * 1e-9;
        metadata.exposure = Some(Recorded::new(
            seconds,
            "s",
            origin(path, "ShutterNs", nanoseconds),
        ));
        axis = axis.with_exposure(seconds)?;
    }
    Ok(axis)
}

impl SequenceReader for Cine {
    fn format(&self) -> &'static str {
        "Phantom cine"
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, self.pixel_type, destination.len())?;
        self.read(self.images[frame], destination)
            .map_err(|error| error.in_frame(frame))
    }
}

impl Cine {
    fn read(&self, at: u64, destination: &mut [u8]) -> Result<()> {
        let (annotation, found) = sizes(&self.source, at)?;
        if found != self.image_bytes {
            return Err(Error::invalid(
                self.source.path(),
                "image size",
                Some(at + annotation - 4),
                "the same for all images",
                found,
            ));
        }
        let pixels = at + annotation;
        let bottom_up = match self.storage {
            Storage::Packed { bits } => {
                return read_packed(&self.source, pixels, bits, destination);
            }
            Storage::Words { bottom_up } => bottom_up,
        };
        self.source.read_exact_at("pixels", pixels, destination)?;
        if cfg!(target_endian = "big") {
            swap_bytes(destination, self.pixel_type.bytes());
        }
        if bottom_up {
            flip_rows(destination, self.shape.n_columns * self.pixel_type.bytes());
        }
        Ok(())
    }
}

/// Reverses the order of rows in place.
fn flip_rows(frame: &mut [u8], row_bytes: usize) {
    let n_rows = frame.len() / row_bytes;
    let (top, bottom) = frame.split_at_mut(n_rows / 2 * row_bytes);
    for (upper, lower) in top
        .chunks_exact_mut(row_bytes)
        .zip(bottom.rchunks_exact_mut(row_bytes))
    {
        upper.swap_with_slice(lower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_reversed_with_and_without_a_middle_one() {
        for n in 1..6_u8 {
            let mut rows: Vec<u8> = (0..n).flat_map(|row| [row; 3]).collect();
            flip_rows(&mut rows, 3);
            let expected: Vec<u8> = (0..n).rev().flat_map(|row| [row; 3]).collect();
            assert_eq!(rows, expected);
        }
    }
}
