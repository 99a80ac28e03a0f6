//! NumPy arrays: `.npy` (format 1.0 to 3.0) and `.npz`.

mod header;
mod zip;

use std::path::Path;
use std::sync::Arc;

use header::Header;

use super::fortran::Fortran;
use super::raw::EvenFrames;
use crate::error::{Error, Result, cut};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let length = source.len();
    open_at(source, 0, length, "NPY", context)
}

/// Opens the array that takes `length` bytes from `start`.
fn open_at(
    source: &Arc<Source>,
    start: u64,
    length: u64,
    format: &'static str,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let limits = *context.limits();
    let (header, data) = Header::read(source, start, length, &limits)?;
    let (n_frames, n_rows, n_columns) = match header.shape[..] {
        [rows, columns] => (1, rows, columns),
        [frames, rows, columns] => (frames, rows, columns),
        _ => {
            let found = format!("of {} axes", header.shape.len());
            return Err(Error::unsupported(path, "an array", found));
        }
    };
    if n_frames == 0 || n_rows == 0 || n_columns == 0 {
        let found = format!("{:?}", header.shape);
        return Err(Error::invalid(
            path,
            "shape",
            Some(start),
            "without zeros",
            found,
        ));
    }
    let frame_bytes =
        limits.frame_bytes(path, n_rows, n_columns, header.pixel_type.bytes() as u64)? as u64;
    let available = (start + length).saturating_sub(data);
    let whole = (available / frame_bytes).min(n_frames);
    let needed = u128::from(frame_bytes) * u128::from(n_frames);
    let mut found = n_frames;
    if whole < n_frames {
        let error = Error::Truncated {
            path: path.to_owned(),
            frame: Some(whole as usize),
            what: "the array",
            offset: data,
            needed: u64::try_from(needed).unwrap_or(u64::MAX),
            available,
        };
        // In Fortran order no frame is whole.
        if whole == 0 || header.fortran_order {
            return Err(error);
        }
        context.fault(error)?;
        found = whole;
    } else if u128::from(available) > needed {
        let error = Error::invalid(
            path,
            "shape",
            Some(start),
            "that of all bytes of the array",
            format!("{:?}", header.shape),
        );
        context.fault(error)?;
    }
    limits.check_frames(path, found)?;
    let shape = SequenceShape {
        n_frames: found as usize,
        n_rows: n_rows as usize,
        n_columns: n_columns as usize,
    };
    let (metadata, time_axis) = (Metadata::new(), TimeAxis::unknown());
    let source = Arc::clone(source);
    if header.fortran_order && header.shape.iter().filter(|length| **length > 1).count() > 1 {
        return Ok(Box::new(Fortran {
            source,
            format,
            shape,
            pixel_type: header.pixel_type,
            byte_order: header.byte_order,
            offset: data,
            metadata,
            time_axis,
        }));
    }
    Ok(Box::new(EvenFrames {
        source,
        format,
        shape,
        pixel_type: header.pixel_type,
        byte_order: header.byte_order,
        offset: data,
        stride: frame_bytes,
        metadata,
        time_axis,
    }))
}

pub(crate) fn open_npz(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let limits = *context.limits();
    let entries = zip::entries(source, &limits)?;
    let path = source.path();
    let name_of = |entry: &zip::Entry| {
        entry
            .name
            .strip_suffix(".npy")
            .unwrap_or(&entry.name)
            .to_owned()
    };
    let arrays: Vec<&zip::Entry> = entries
        .iter()
        .filter(|entry| {
            Path::new(&entry.name)
                .extension()
                .is_some_and(|extension| extension == "npy")
        })
        .collect();
    let entry = match (context.dataset(), &arrays[..]) {
        (Some(wanted), _) => arrays
            .iter()
            .find(|entry| name_of(entry) == wanted)
            .ok_or_else(|| Error::NotFound {
                path: path.to_owned(),
                what: "array",
                name: cut(wanted, 80),
            })?,
        (None, [only]) => only,
        (None, []) => {
            return Err(Error::NoFrames {
                path: path.to_owned(),
            });
        }
        (None, several) => {
            let names: Vec<String> = several.iter().map(|entry| name_of(entry)).collect();
            let choices = cut(&names.join(", "), 200);
            return Err(Error::Ambiguous {
                path: path.to_owned(),
                what: "array",
                choices,
            });
        }
    };
    match entry.read(source, &limits)? {
        zip::Contents::Stored { offset, bytes } => open_at(source, offset, bytes, "NPZ", context),
        zip::Contents::Inflated(bytes) => {
            let inner = Arc::new(Source::memory(path, bytes));
            let length = inner.len();
            open_at(&inner, 0, length, "NPZ", context)
        }
    }
}
