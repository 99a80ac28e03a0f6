//! HDF5: Data Exchange, NeXus tomography, and plain arrays.
//!
//! Groups, links, headers and chunk indices are read by `hdf5-reader`; the data are read here, from where they lie into
//! the buffer of the caller, with filters of our own where that crate has none.
//!
//! De Carlo et al., "Scientific data exchange: a schema for HDF5-based storage of raw and analyzed data", J. Synchrotron
//! Rad. 21 (2014), doi 10.1107/S160057751401604X. NeXus application definition NXtomo.

mod chunks;
mod describe;
mod filters;
mod find;
mod store;

use std::sync::Arc;

use chunks::{Chunked, Grid};
use filters::Pipeline;
use find::{Content, Convention, Found};
use hdf5_reader::chunk_index::{self, ChunkEntry};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::messages::layout::{ChunkIndexing, DataLayout};
use hdf5_reader::{Dataset, Hdf5File, OpenOptions};
use ndarray::Array3;
use store::{Store, refused};

use super::raw::{ByteOrder, EvenFrames};
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::pixel::PixelType;
use crate::reader::{Selected, SequenceReader, SequenceShape};
use crate::sequence::ImageSequence;
use crate::source::Source;
use crate::time::TimeAxis;

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let storage = Arc::new(Store(Arc::clone(source)));
    let options = OpenOptions::default().with_max_object_header_bytes(4 << 20);
    let file = Hdf5File::from_storage_with_options(storage, options)
        .map_err(|refusal| refused(path, &refusal))?;
    let end = file.superblock().eof_address;
    if end > source.len() && end != u64::MAX {
        context.fault(Error::Truncated {
            path: path.to_owned(),
            frame: None,
            what: "the file by its superblock",
            offset: 0,
            needed: end,
            available: source.len(),
        })?;
    }
    match find::find(&file, source, context.dataset(), context.role())? {
        Content::Array(found) => {
            let reader = array(&file, source, &found, context)?;
            Ok(match found.frames {
                Some(frames) if frames.len() < reader.shape().n_frames => {
                    Box::new(Selected::new(reader, frames)?)
                }
                _ => reader,
            })
        }
        Content::Constant { value, like } => {
            let shape = Array::new(source, &like.dataset, context)?.shape;
            context
                .limits()
                .frame_bytes(path, shape.n_rows as u64, shape.n_columns as u64, 4)?;
            let frame = Array3::from_elem((1, shape.n_rows, shape.n_columns), value as f32);
            Ok(Box::new(ImageSequence::new(frame)?))
        }
    }
}

/// Shape and type of an array.
struct Array {
    shape: SequenceShape,
    pixel_type: PixelType,
    byte_order: ByteOrder,
    frame_bytes: usize,
}

impl Array {
    fn new(source: &Source, dataset: &Dataset, context: &Context<'_>) -> Result<Self> {
        let path = source.path();
        let (pixel_type, byte_order) = pixel_type(dataset.dtype())
            .ok_or_else(|| Error::unsupported(path, "an array of", type_name(dataset.dtype())))?;
        let dims = dataset.shape();
        if dims.contains(&0) {
            return Err(Error::NoFrames {
                path: path.to_owned(),
            });
        }
        let (frames, [n_rows, n_columns]) = match dims {
            [] => (&[][..], [1, 1]),
            [columns] => (&[][..], [1, *columns]),
            [frames @ .., rows, columns] => (frames, [*rows, *columns]),
        };
        let n_frames = frames
            .iter()
            .try_fold(1_u64, |product, length| product.checked_mul(*length))
            .unwrap_or(u64::MAX);
        let limits = context.limits();
        let frame_bytes = limits.frame_bytes(path, n_rows, n_columns, pixel_type.bytes() as u64)?;
        limits.check_frames(path, n_frames)?;
        Ok(Self {
            shape: SequenceShape {
                n_frames: n_frames as usize,
                n_rows: n_rows as usize,
                n_columns: n_columns as usize,
            },
            pixel_type,
            byte_order,
            frame_bytes,
        })
    }
}

fn pixel_type(datatype: &Datatype) -> Option<(PixelType, ByteOrder)> {
    let order = |order: &hdf5_reader::ByteOrder| match order {
        hdf5_reader::ByteOrder::LittleEndian => ByteOrder::Little,
        hdf5_reader::ByteOrder::BigEndian => ByteOrder::Big,
    };
    Some(match datatype {
        Datatype::Enum { base, .. } => return pixel_type(base),
        Datatype::FixedPoint {
            size,
            signed,
            byte_order,
        } => {
            let found = match (size, signed) {
                (1, false) => PixelType::U8,
                (2, false) => PixelType::U16,
                (4, false) => PixelType::U32,
                (8, false) => PixelType::U64,
                (1, true) => PixelType::I8,
                (2, true) => PixelType::I16,
                (4, true) => PixelType::I32,
                (8, true) => PixelType::I64,
                _ => return None,
            };
            (found, order(byte_order))
        }
        Datatype::FloatingPoint { size, byte_order } => {
            let found = match size {
                2 => PixelType::F16,
                4 => PixelType::F32,
                8 => PixelType::F64,
                _ => return None,
            };
            (found, order(byte_order))
        }
        _ => return None,
    })
}

fn type_name(datatype: &Datatype) -> &'static str {
    match datatype {
        Datatype::String { .. } | Datatype::VarLen { .. } => "texts or lists",
        Datatype::Compound { .. } => "compounds",
        Datatype::Array { .. } => "arrays",
        Datatype::Opaque { .. } | Datatype::Bitfield { .. } => "bits without a type",
        Datatype::Reference { .. } => "references",
        _ => "numbers of an unknown size",
    }
}

fn array(
    file: &Hdf5File,
    source: &Arc<Source>,
    found: &Found,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let dataset = &found.dataset;
    let array = Array::new(source, dataset, context)?;
    let format = match found.convention {
        Convention::DataExchange => "Data Exchange HDF5",
        Convention::Nexus => "NeXus HDF5",
        Convention::Plain => "HDF5",
    };
    let mut metadata = Metadata::new();
    let time_axis = describe::describe(
        file,
        source,
        found,
        array.shape.n_frames,
        &mut metadata,
        context,
    )?;
    if dataset.ndim() > 3 {
        metadata.note(
            found.name.clone(),
            format!(
                "{:?} values: the axes before the last two count as frames",
                dataset.shape()
            ),
        );
    }
    let header = file
        .get_or_parse_header(dataset.address())
        .map_err(|refusal| refused(path, &refusal))?;
    let base = file.superblock().base_address;
    let layout = header.messages.iter().find_map(|message| match message {
        HdfMessage::DataLayout(layout) => Some(&layout.layout),
        _ => None,
    });
    if header
        .messages
        .iter()
        .any(|message| matches!(message, HdfMessage::ExternalFiles(_)))
    {
        return Err(Error::unsupported(path, "an array", "in external files"));
    }
    let even = |source: Arc<Source>, offset, metadata, time_axis| {
        Box::new(EvenFrames {
            source,
            format,
            shape: array.shape,
            pixel_type: array.pixel_type,
            byte_order: array.byte_order,
            offset,
            stride: array.frame_bytes as u64,
            metadata,
            time_axis,
        })
    };
    match layout {
        Some(DataLayout::Contiguous { address, .. }) if *address != u64::MAX => {
            let offset = address.saturating_add(base);
            for frame in 0..array.shape.n_frames {
                let at = offset.saturating_add(frame as u64 * array.frame_bytes as u64);
                if let Err(error) = source.check_range("pixels", at, array.frame_bytes as u64) {
                    context.fault(error.in_frame(frame))?;
                    break;
                }
            }
            Ok(even(Arc::clone(source), offset, metadata, time_axis))
        }
        Some(DataLayout::Compact { data }) => {
            let inner = Arc::new(Source::memory(path, data.clone()));
            inner.check_range(
                "compact data",
                0,
                (array.frame_bytes * array.shape.n_frames) as u64,
            )?;
            Ok(even(inner, 0, metadata, time_axis))
        }
        Some(DataLayout::Chunked {
            address,
            dims,
            chunk_indexing,
            ..
        }) => {
            let index = Index {
                address: *address,
                dims,
                indexing: chunk_indexing.as_ref(),
            };
            let filters = header
                .messages
                .iter()
                .find_map(|message| match message {
                    HdfMessage::FilterPipeline(pipeline) => Some(pipeline.filters.clone()),
                    _ => None,
                })
                .unwrap_or_default();
            chunked(
                file,
                source,
                found,
                &array,
                &index,
                filters,
                Parts {
                    format,
                    metadata,
                    time_axis,
                },
                context,
            )
        }
        Some(DataLayout::Contiguous { .. }) => {
            metadata.note(
                found.name.clone(),
                "was never written and holds the fill value",
            );
            let chunk = [1, array.shape.n_rows, array.shape.n_columns];
            let grid = Grid::new(source, base, array.shape, chunk, &[])?;
            let pixel = array.pixel_type.bytes();
            let pipeline = Pipeline::new(Vec::new(), pixel, array.frame_bytes)
                .map_err(|filter| Error::unsupported(path, "filter", filter))?;
            Ok(Box::new(Chunked {
                source: Arc::clone(source),
                format,
                shape: array.shape,
                pixel_type: array.pixel_type,
                byte_order: array.byte_order,
                grid,
                pipeline,
                fill: fill(dataset, pixel),
                metadata,
                time_axis,
            }))
        }
        None => Err(Error::unsupported(path, "an array", "without a layout")),
    }
}

/// What is known before the data are looked at.
struct Parts {
    format: &'static str,
    metadata: Metadata,
    time_axis: TimeAxis,
}

/// Where the index of chunks is.
struct Index<'a> {
    address: u64,
    /// Lengths of a chunk, in old versions with the bytes of an element behind them.
    dims: &'a [u32],
    indexing: Option<&'a ChunkIndexing>,
}

#[expect(clippy::too_many_arguments, reason = "the parts of one header")]
fn chunked(
    file: &Hdf5File,
    source: &Arc<Source>,
    found: &Found,
    array: &Array,
    index: &Index<'_>,
    filters: Vec<hdf5_reader::messages::filter_pipeline::FilterDescription>,
    parts: Parts,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let dataset = &found.dataset;
    let dims = index.dims.get(..dataset.ndim()).unwrap_or(index.dims);
    if dims.is_empty() || dims.len() != dataset.ndim() || dims.contains(&0) {
        let text = format!("{dims:?} for {:?}", dataset.shape());
        return Err(Error::invalid(
            path,
            "chunk lengths",
            None,
            "one an axis, none zero",
            text,
        ));
    }
    let (before, last) = dims.split_at(dims.len().saturating_sub(3));
    let mut chunk = [1; 3];
    for (to, from) in chunk.iter_mut().rev().zip(last.iter().rev()) {
        *to = *from as usize;
    }
    let entries = entries(file, dataset, index, dims).map_err(|refusal| refused(path, &refusal))?;
    let entries = if before.is_empty() {
        entries
    } else {
        flatten(source, dataset, before, entries)?
    };
    let pixel = array.pixel_type.bytes();
    let chunk_bytes = context.limits().frame_bytes(
        path,
        (chunk[0] as u64).saturating_mul(chunk[1] as u64),
        chunk[2] as u64,
        pixel as u64,
    )?;
    let pipeline = Pipeline::new(filters, pixel, chunk_bytes)
        .map_err(|filter| Error::unsupported(path, "filter", filter))?;
    let mut entries = entries;
    if pipeline.is_empty() {
        // An index without filters need not say how long its chunks are.
        entries
            .iter_mut()
            .for_each(|entry| entry.size = chunk_bytes as u64);
    }
    for entry in entries.iter_mut().filter(|entry| entry.size == 0) {
        entry.size = chunk_bytes as u64;
    }
    let base = file.superblock().base_address;
    let grid = Grid::new(source, base, array.shape, chunk, &entries)?;
    let Parts {
        format,
        mut metadata,
        time_axis,
    } = parts;
    if grid.n_missing() > 0 {
        let text = format!(
            "{} chunks were never written and hold the fill value",
            grid.n_missing()
        );
        metadata.note(found.name.clone(), text);
    }
    for fault in grid.faults(source) {
        context.fault(fault)?;
    }
    Ok(Box::new(Chunked {
        source: Arc::clone(source),
        format,
        shape: array.shape,
        pixel_type: array.pixel_type,
        byte_order: array.byte_order,
        grid,
        pipeline,
        fill: fill(dataset, pixel),
        metadata,
        time_axis,
    }))
}

/// The bytes of a pixel that was never written.
fn fill(dataset: &Dataset, pixel: usize) -> Vec<u8> {
    dataset
        .fill_value()
        .and_then(|fill| fill.value.clone())
        .filter(|fill| fill.len() == pixel)
        .unwrap_or_else(|| vec![0; pixel])
}

/// Chunks of an array of more than three axes as those of frames: only chunks of one element along the first axes.
fn flatten(
    source: &Source,
    dataset: &Dataset,
    before: &[u32],
    entries: Vec<ChunkEntry>,
) -> Result<Vec<ChunkEntry>> {
    let shape = dataset.shape();
    let (lead, rest) = shape.split_at(before.len());
    if before.iter().any(|length| *length != 1) {
        return Err(Error::unsupported(
            source.path(),
            "chunks",
            "of several elements along the first of more than three axes",
        ));
    }
    let mut flat = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let first = entry
            .offsets
            .iter()
            .zip(lead)
            .fold(0_u64, |sum, (at, length)| {
                sum.saturating_mul(*length).saturating_add(*at)
            });
        let mut offsets = entry
            .offsets
            .split_off(before.len().min(entry.offsets.len()));
        if let (Some(frame), Some(length)) = (offsets.first_mut(), rest.first()) {
            *frame = first.saturating_mul(*length).saturating_add(*frame);
        }
        flat.push(ChunkEntry { offsets, ..entry });
    }
    Ok(flat)
}

fn entries(
    file: &Hdf5File,
    dataset: &Dataset,
    index: &Index<'_>,
    dims: &[u32],
) -> Result<Vec<ChunkEntry>, hdf5_reader::error::Error> {
    let (storage, superblock) = (file.storage(), file.superblock());
    let (offset, length) = (superblock.offset_size, superblock.length_size);
    let (shape, n) = (dataset.shape(), dataset.ndim());
    // All bits set, in as many bytes as addresses have: never written.
    if index.address == u64::MAX >> (64 - 8 * u32::from(offset.clamp(1, 8))) {
        return Ok(Vec::new());
    }
    let mut found = match index.indexing {
        None => {
            let leaves = hdf5_reader::btree_v1::collect_btree_v1_leaves_storage(
                storage,
                index.address,
                offset,
                length,
                Some(n as u32),
                dims,
                None,
            )?;
            let mut found = Vec::with_capacity(leaves.len());
            for (key, address) in leaves {
                if let hdf5_reader::btree_v1::BTreeV1Key::RawData {
                    chunk_size,
                    filter_mask,
                    mut offsets,
                } = key
                {
                    offsets.truncate(n);
                    found.push(ChunkEntry {
                        address,
                        size: u64::from(chunk_size),
                        filter_mask,
                        offsets,
                    });
                }
            }
            found
        }
        Some(ChunkIndexing::SingleChunk {
            filtered_size,
            filters,
        }) => vec![chunk_index::single_chunk_entry(
            index.address,
            *filtered_size,
            *filters,
            n,
        )],
        Some(ChunkIndexing::Implicit) => chunk_index::collect_implicit_chunk_entries(
            index.address,
            shape,
            dims,
            dataset.raw_element_size()?,
            None,
            storage.len(),
        )?,
        Some(ChunkIndexing::FixedArray { .. }) => {
            hdf5_reader::fixed_array::collect_fixed_array_chunk_entries_storage(
                storage,
                index.address,
                offset,
                length,
                shape,
                dims,
                None,
            )?
        }
        Some(ChunkIndexing::ExtensibleArray { .. }) => {
            hdf5_reader::extensible_array::collect_extensible_array_chunk_entries_storage(
                storage,
                index.address,
                offset,
                length,
                shape,
                dataset.max_dims(),
                dims,
                None,
            )?
        }
        Some(ChunkIndexing::BTreeV2) => chunk_index::collect_v2_chunk_entries_storage(
            storage,
            index.address,
            offset,
            length,
            n as u32,
            dims,
            None,
        )?,
    };
    // Arrays that were made smaller may keep chunks outside.
    found.retain(|entry| {
        entry
            .offsets
            .iter()
            .zip(shape)
            .all(|(at, length)| at < length)
    });
    Ok(found)
}
