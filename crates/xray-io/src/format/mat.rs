//! MATLAB files of version 4 and 5; version 7.3 is HDF5.
//!
//! "MAT-File Format", The `MathWorks`. Values are handed out as they are stored, which may be smaller than the class of
//! the array: MATLAB keeps whole numbers of a double array in bytes where they fit.

use std::path::Path;
use std::sync::Arc;

use super::fortran::Fortran;
use super::raw::ByteOrder;
use crate::codec::inflate_zlib;
use crate::error::{Error, Result, cut};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::source::Source;
use crate::time::TimeAxis;

/// An array of a file, or why it is none.
struct Variable {
    name: String,
    kind: Kind,
}

enum Kind {
    Array {
        source: Arc<Source>,
        dims: Vec<u64>,
        pixel_type: PixelType,
        offset: u64,
        bytes: u64,
    },
    Other(&'static str),
}

/// Variables of a file at most.
const MAX_VARIABLES: usize = 1 << 16;

/// A deflate stream cannot be longer than this many times itself.
const MAX_INFLATION: u64 = 1032;

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let head = source.read_up_to(0, 128)?;
    let mark = head.get(126..128);
    let (byte_order, variables) = match mark {
        Some(b"IM") => (
            ByteOrder::Little,
            version_5(source, ByteOrder::Little, context)?,
        ),
        Some(b"MI") => (ByteOrder::Big, version_5(source, ByteOrder::Big, context)?),
        _ => version_4(source)?,
    };
    let chosen = choose(path, variables, context.dataset())?;
    let (source, dims, pixel_type, offset, bytes) = match chosen.kind {
        Kind::Array {
            source,
            dims,
            pixel_type,
            offset,
            bytes,
        } => (source, dims, pixel_type, offset, bytes),
        Kind::Other(what) => return Err(Error::unsupported(path, "a variable", what)),
    };
    let (n_frames, n_rows, n_columns) = match dims[..] {
        [rows, columns] => (1, rows, columns),
        [frames, rows, columns] => (frames, rows, columns),
        _ => {
            let found = format!("of {} axes", dims.len());
            return Err(Error::unsupported(path, "an array", found));
        }
    };
    if dims.contains(&0) {
        return Err(Error::NoFrames {
            path: path.to_owned(),
        });
    }
    let limits = context.limits();
    let size = pixel_type.bytes() as u64;
    let frame_bytes = limits.frame_bytes(path, n_rows, n_columns, size)? as u64;
    limits.check_frames(path, n_frames)?;
    let needed = frame_bytes.saturating_mul(n_frames);
    // In this order of values no frame is whole unless all are.
    if needed > bytes {
        return Err(Error::Truncated {
            path: path.to_owned(),
            frame: None,
            what: "the array",
            offset,
            needed,
            available: bytes,
        });
    }
    source.check_range("the array", offset, needed)?;
    Ok(Box::new(Fortran {
        source,
        format: "MAT",
        shape: SequenceShape {
            n_frames: n_frames as usize,
            n_rows: n_rows as usize,
            n_columns: n_columns as usize,
        },
        pixel_type,
        byte_order,
        offset,
        metadata: Metadata::new(),
        time_axis: TimeAxis::unknown(),
    }))
}

/// The variable of this name, else the only array of several rows and columns, else the only one.
fn choose(path: &Path, variables: Vec<Variable>, wanted: Option<&str>) -> Result<Variable> {
    if let Some(wanted) = wanted {
        let found = variables
            .into_iter()
            .find(|variable| variable.name == wanted);
        return found.ok_or_else(|| Error::NotFound {
            path: path.to_owned(),
            what: "variable",
            name: cut(wanted, 80),
        });
    }
    let is_image = |variable: &Variable| match &variable.kind {
        Kind::Array { dims, .. } => dims.iter().all(|length| *length > 1),
        Kind::Other(_) => false,
    };
    let n_images = variables
        .iter()
        .filter(|variable| is_image(variable))
        .count();
    let names: Vec<&str> = variables
        .iter()
        .map(|variable| variable.name.as_str())
        .collect();
    let choices = cut(&names.join(", "), 200);
    let is_only = variables.len() == 1;
    variables
        .into_iter()
        .find(|variable| is_only || (n_images == 1 && is_image(variable)))
        .ok_or_else(|| {
            let path = path.to_owned();
            if choices.is_empty() {
                Error::NoFrames { path }
            } else {
                Error::Ambiguous {
                    path,
                    what: "variable",
                    choices,
                }
            }
        })
}

fn version_4(source: &Arc<Source>) -> Result<(ByteOrder, Vec<Variable>)> {
    let path = source.path();
    let (mut at, mut order, mut variables) = (0, ByteOrder::Little, Vec::new());
    while at < source.len() && variables.len() < MAX_VARIABLES {
        let head = source.read_vec("the header of a variable", at, 20)?;
        let word = |i: usize, order: ByteOrder| {
            let mut word = [0; 4];
            word.copy_from_slice(&head[4 * i..4 * i + 4]);
            match order {
                ByteOrder::Little => u32::from_le_bytes(word),
                ByteOrder::Big => u32::from_be_bytes(word),
            }
        };
        if at == 0 && word(0, ByteOrder::Little) > 9999 {
            order = ByteOrder::Big;
        }
        let kind = word(0, order);
        // Thousands: machine; hundreds: 0; tens: number; ones: full, text or sparse.
        let is_known = kind < 5000 && kind / 100 % 10 == 0 && kind / 10 % 10 < 6 && kind % 10 < 3;
        let length = u64::from(word(4, order));
        if !is_known || length == 0 || length > 256 {
            return Err(Error::invalid(
                path,
                "type and name of a variable",
                Some(at),
                "those of MATLAB 4",
                format!("type {kind}, {length} characters"),
            ));
        }
        let (rows, columns) = (u64::from(word(1, order)), u64::from(word(2, order)));
        let pixel_type = [
            PixelType::F64,
            PixelType::F32,
            PixelType::I32,
            PixelType::I16,
            PixelType::U16,
            PixelType::U8,
        ][kind as usize / 10 % 10];
        let name = source.read_vec("the name of a variable", at + 20, length)?;
        let name = String::from_utf8_lossy(&name)
            .trim_end_matches('\0')
            .to_owned();
        let offset = at + 20 + length;
        let is_complex = word(3, order) != 0;
        let bytes = rows
            .checked_mul(columns)
            .and_then(|n| n.checked_mul(pixel_type.bytes() as u64))
            .unwrap_or(u64::MAX);
        let all = bytes.saturating_mul(if is_complex { 2 } else { 1 });
        source.check_range("the values of a variable", offset, all)?;
        let kind = match (kind % 10, is_complex) {
            (0, false) => Kind::Array {
                source: Arc::clone(source),
                dims: vec![rows, columns],
                pixel_type,
                offset,
                bytes,
            },
            (0, true) => Kind::Other("of complex numbers"),
            (1, _) => Kind::Other("of text"),
            _ => Kind::Other("that is sparse"),
        };
        variables.push(Variable { name, kind });
        at = offset + all;
    }
    Ok((order, variables))
}

/// A data element: its type, where its data are, and where the next one starts.
#[derive(Clone, Copy)]
struct Element {
    kind: u32,
    offset: u64,
    bytes: u64,
    next: u64,
}

const COMPRESSED: u32 = 15;
const MATRIX: u32 = 14;

fn element(source: &Source, order: ByteOrder, at: u64) -> Result<Element> {
    let head = source.read_vec("a data element", at, 8)?;
    let word = |i: usize| {
        let mut word = [0; 4];
        word.copy_from_slice(&head[i..i + 4]);
        match order {
            ByteOrder::Little => u32::from_le_bytes(word),
            ByteOrder::Big => u32::from_be_bytes(word),
        }
    };
    let (first, second) = (word(0), word(4));
    // Short elements have their size in the upper half of the first word, and their data in the second.
    let found = if first >> 16 == 0 {
        let bytes = u64::from(second);
        let padded = if first == COMPRESSED {
            bytes
        } else {
            bytes.div_ceil(8) * 8
        };
        Element {
            kind: first,
            offset: at + 8,
            bytes,
            next: at + 8 + padded,
        }
    } else {
        Element {
            kind: first & 0xffff,
            offset: at + 4,
            bytes: u64::from(first >> 16).min(4),
            next: at + 8,
        }
    };
    source.check_range("a data element", found.offset, found.bytes)?;
    Ok(found)
}

fn version_5(
    source: &Arc<Source>,
    order: ByteOrder,
    context: &Context<'_>,
) -> Result<Vec<Variable>> {
    let path = source.path();
    let (mut at, mut variables, mut inflated) = (128, Vec::new(), 0_u64);
    while at < source.len() && variables.len() < MAX_VARIABLES {
        let outer_at = at;
        let outer = element(source, order, at)?;
        at = outer.next;
        let (inner, start) = if outer.kind == COMPRESSED {
            let stream = source.read_vec("a compressed element", outer.offset, outer.bytes)?;
            let codec = |problem| Error::Codec {
                path: path.to_owned(),
                frame: None,
                offset: outer.offset,
                codec: "deflate",
                problem,
            };
            let mut head = [0; 8];
            inflate_zlib(&stream, &mut head).map_err(codec)?;
            let mut size = [0; 4];
            size.copy_from_slice(&head[4..]);
            let size = u64::from(match order {
                ByteOrder::Little => u32::from_le_bytes(size),
                ByteOrder::Big => u32::from_be_bytes(size),
            });
            let claimed = size.saturating_add(8);
            // The size is held against the stream before anything of that size is made.
            if claimed > outer.bytes.saturating_mul(MAX_INFLATION).saturating_add(64) {
                return Err(Error::invalid(
                    path,
                    "size of a compressed element",
                    Some(outer.offset),
                    "one that the stream can have",
                    size,
                ));
            }
            inflated = inflated.saturating_add(claimed);
            context.limits().check_total_bytes(path, inflated)?;
            let mut whole = vec![0; claimed as usize];
            inflate_zlib(&stream, &mut whole).map_err(codec)?;
            (Arc::new(Source::memory(path, whole)), 0)
        } else {
            (Arc::clone(source), outer_at)
        };
        let matrix = element(&inner, order, start)?;
        if matrix.kind == MATRIX && matrix.bytes > 0 {
            variables.push(variable(&inner, order, matrix)?);
        }
    }
    Ok(variables)
}

fn variable(source: &Arc<Source>, order: ByteOrder, matrix: Element) -> Result<Variable> {
    let path = source.path();
    let mut at = matrix.offset;
    let mut next = |what: &'static str| -> Result<Element> {
        let end = matrix.offset + matrix.bytes;
        if at >= end {
            return Err(Error::invalid(
                path,
                what,
                Some(at),
                "inside its array",
                "the end",
            ));
        }
        let found = element(source, order, at)?;
        at = found.next;
        Ok(found)
    };
    let numbers = |element: Element| -> Result<Vec<u32>> {
        let bytes = source.read_vec("a data element", element.offset, element.bytes.min(1024))?;
        Ok(bytes
            .chunks_exact(4)
            .map(|bytes| {
                let mut word = [0; 4];
                word.copy_from_slice(bytes);
                match order {
                    ByteOrder::Little => u32::from_le_bytes(word),
                    ByteOrder::Big => u32::from_be_bytes(word),
                }
            })
            .collect())
    };
    let flags = numbers(next("array flags")?)?;
    let flags = flags.first().copied().unwrap_or(0);
    let dims: Vec<u64> = numbers(next("dimensions")?)?
        .into_iter()
        .map(u64::from)
        .collect();
    let name = next("name")?;
    let name = source.read_vec("a name", name.offset, name.bytes.min(256))?;
    let name = String::from_utf8_lossy(&name)
        .trim_end_matches('\0')
        .to_owned();
    let other = |what| {
        Ok(Variable {
            name: name.clone(),
            kind: Kind::Other(what),
        })
    };
    match flags & 0xff {
        6..=15 => {}
        1 => return other("of cells"),
        2 | 3 => return other("of structures"),
        4 => return other("of text"),
        5 => return other("that is sparse"),
        _ => return other("of an unknown class"),
    }
    if flags & 0x800 != 0 {
        return other("of complex numbers");
    }
    let values = next("values")?;
    let pixel_type = match values.kind {
        1 => PixelType::I8,
        2 => PixelType::U8,
        3 => PixelType::I16,
        4 => PixelType::U16,
        5 => PixelType::I32,
        6 => PixelType::U32,
        7 => PixelType::F32,
        9 => PixelType::F64,
        12 => PixelType::I64,
        13 => PixelType::U64,
        _ => return other("of values of an unknown type"),
    };
    Ok(Variable {
        kind: Kind::Array {
            source: Arc::clone(source),
            dims,
            pixel_type,
            offset: values.offset,
            bytes: values.bytes,
        },
        name,
    })
}
