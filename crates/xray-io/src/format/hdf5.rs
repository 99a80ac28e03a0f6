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
mod index;
mod layouts;
mod mappings;
mod selection;
mod store;
mod virtual_set;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use chunks::{Chunked, Grid};
use filters::Pipeline;
use find::{Content, Convention, Found};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::{Dataset, Hdf5File, OpenOptions};
use index::Index;
use layouts::Layouts;
use ndarray::Array3;
use store::{Links, Store, refused};

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
    // The crate multiplies the lengths of layouts of version 1 and 2 unchecked. We do not use the product, but in builds
    // that check for overflow a damaged file makes a panic of it, which must not leave this function.
    let outcome = catch_unwind(AssertUnwindSafe(|| open_file(source, context)));
    outcome.unwrap_or_else(|_| {
        Err(Error::invalid(
            source.path(),
            "an HDF5 structure",
            None,
            "readable",
            "numbers that overflow",
        ))
    })
}

/// An open file.
struct Opened {
    file: Hdf5File,
    source: Arc<Source>,
    links: Arc<Links>,
    layouts: Arc<Layouts>,
}

impl Opened {
    fn new(source: &Arc<Source>, context: &mut Context<'_>) -> Result<Self> {
        let path = source.path();
        let layouts = Arc::new(Layouts::default());
        let storage = Arc::new(Store {
            source: Arc::clone(source),
            layouts: Arc::clone(&layouts),
        });
        let links = Arc::new(Links::default());
        let options = OpenOptions::default()
            .with_max_object_header_bytes(4 << 20)
            .with_external_link_resolver(Arc::<Links>::clone(&links));
        let file = Hdf5File::from_storage_with_options(storage, options)
            .map_err(|refusal| refused(path, &refusal))?;
        layouts.begin(file.superblock());
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
        Ok(Self {
            file,
            source: Arc::clone(source),
            links,
            layouts,
        })
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    /// A data set that must be there.
    fn dataset(&self, name: &str) -> Result<Dataset> {
        let refuse = |refusal| {
            self.links
                .blame(self.path(), refused(self.path(), &refusal))
        };
        self.file.dataset(name).map_err(refuse)
    }
}

fn open_file(source: &Arc<Source>, context: &mut Context<'_>) -> Result<Box<dyn SequenceReader>> {
    let path = source.path();
    let opened = Opened::new(source, context)?;
    let content = find::find(&opened.file, source, context.dataset(), context.role());
    match content.map_err(|error| opened.links.blame(path, error))? {
        Content::Array(found) => {
            let reader = array(&opened, &found, context)?;
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

/// An array that was found, and what is known before its data are looked at.
struct Job<'a> {
    opened: &'a Opened,
    dataset: &'a Dataset,
    name: &'a str,
    array: Array,
    format: &'static str,
    metadata: Metadata,
    time_axis: TimeAxis,
}

fn array(
    opened: &Opened,
    found: &Found,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let n_frames = Array::new(&opened.source, &found.dataset, context)?
        .shape
        .n_frames;
    let mut metadata = Metadata::new();
    let (file, source) = (&opened.file, &opened.source);
    let time_axis = describe::describe(file, source, found, n_frames, &mut metadata, context)?;
    let format = match found.convention {
        Convention::DataExchange => "Data Exchange HDF5",
        Convention::Nexus => "NeXus HDF5",
        Convention::Plain => "HDF5",
    };
    let described = (metadata, time_axis);
    let job = Job::new(
        opened,
        &found.dataset,
        &found.name,
        format,
        described,
        context,
    )?;
    Ok(job.read(0, context)?.0)
}

impl<'a> Job<'a> {
    fn new(
        opened: &'a Opened,
        dataset: &'a Dataset,
        name: &'a str,
        format: &'static str,
        (mut metadata, time_axis): (Metadata, TimeAxis),
        context: &Context<'_>,
    ) -> Result<Self> {
        let array = Array::new(&opened.source, dataset, context)?;
        if dataset.ndim() > 3 {
            let text = format!(
                "{:?} values: the axes before the last two count as frames",
                dataset.shape()
            );
            metadata.note(name, text);
        }
        Ok(Self {
            opened,
            dataset,
            name,
            array,
            format,
            metadata,
            time_axis,
        })
    }

    /// The array as its layout says, `depth` virtual data sets deep; and how many parts may be looked at for a frame.
    fn read(
        self,
        depth: usize,
        context: &mut Context<'_>,
    ) -> Result<(Box<dyn SequenceReader>, u64)> {
        let path = self.opened.path();
        let address = self.dataset.address();
        if let Some(id) = self.opened.layouts.virtual_at(address) {
            return self.virtual_set(id, depth, context);
        }
        let header = self.opened.file.get_or_parse_header(address);
        let header = header.map_err(|refusal| refused(path, &refusal))?;
        let (mut layout, mut filters) = (None, Vec::new());
        for message in &header.messages {
            match message {
                HdfMessage::DataLayout(found) => layout = Some(&found.layout),
                HdfMessage::FilterPipeline(found) => filters.clone_from(&found.filters),
                HdfMessage::ExternalFiles(_) => {
                    return Err(Error::unsupported(path, "an array", "in external files"));
                }
                _ => {}
            }
        }
        let reader = match layout {
            Some(DataLayout::Contiguous { address, .. }) if *address != u64::MAX => {
                self.contiguous(*address, context)
            }
            Some(DataLayout::Contiguous { .. }) => self.unwritten(),
            Some(DataLayout::Compact { data }) => {
                let inner = Arc::new(Source::memory(path, data.clone()));
                let (array, n_frames) = (&self.array, self.array.shape.n_frames);
                let bytes = array.frame_bytes.saturating_mul(n_frames);
                inner.check_range("compact data", 0, bytes as u64)?;
                Ok(self.even(inner, 0))
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
                self.chunked(&index, filters, context)
            }
            None => Err(Error::unsupported(path, "an array", "without a layout")),
        };
        Ok((reader?, 1))
    }

    fn even(self, source: Arc<Source>, offset: u64) -> Box<dyn SequenceReader> {
        Box::new(EvenFrames {
            source,
            format: self.format,
            shape: self.array.shape,
            pixel_type: self.array.pixel_type,
            byte_order: self.array.byte_order,
            offset,
            stride: self.array.frame_bytes as u64,
            metadata: self.metadata,
            time_axis: self.time_axis,
        })
    }

    /// One block from an address.
    fn contiguous(
        self,
        address: u64,
        context: &mut Context<'_>,
    ) -> Result<Box<dyn SequenceReader>> {
        let offset = address.saturating_add(self.opened.file.superblock().base_address);
        let bytes = self.array.frame_bytes as u64;
        for frame in 0..self.array.shape.n_frames {
            let at = offset.saturating_add(bytes.saturating_mul(frame as u64));
            if let Err(error) = self.opened.source.check_range("pixels", at, bytes) {
                context.fault(error.in_frame(frame))?;
                break;
            }
        }
        let source = Arc::clone(&self.opened.source);
        Ok(self.even(source, offset))
    }

    /// An array without data has the fill value everywhere.
    fn unwritten(mut self) -> Result<Box<dyn SequenceReader>> {
        self.metadata
            .note(self.name, "was never written and holds the fill value");
        let shape = self.array.shape;
        let chunk = [1, shape.n_rows, shape.n_columns];
        let grid = Grid::new(&self.opened.source, 0, shape, chunk, &[])?;
        self.in_chunks(grid, Vec::new(), chunk)
    }

    fn in_chunks(
        self,
        grid: Grid,
        filters: Vec<FilterDescription>,
        chunk: [usize; 3],
    ) -> Result<Box<dyn SequenceReader>> {
        let pixel = self.array.pixel_type.bytes();
        let chunk_bytes = chunk.iter().product::<usize>() * pixel;
        let path = self.opened.path();
        let pipeline = Pipeline::new(filters, pixel, chunk_bytes)
            .map_err(|filter| Error::unsupported(path, "filter", filter))?;
        Ok(Box::new(Chunked {
            source: Arc::clone(&self.opened.source),
            format: self.format,
            shape: self.array.shape,
            pixel_type: self.array.pixel_type,
            byte_order: self.array.byte_order,
            grid,
            pipeline,
            fill: fill(self.dataset, pixel),
            metadata: self.metadata,
            time_axis: self.time_axis,
        }))
    }

    fn chunked(
        mut self,
        index: &Index<'_>,
        filters: Vec<FilterDescription>,
        context: &mut Context<'_>,
    ) -> Result<Box<dyn SequenceReader>> {
        let path = self.opened.path();
        let (chunk, mut entries) =
            index.read(&self.opened.file, &self.opened.source, self.dataset)?;
        let chunk_bytes = context.limits().frame_bytes(
            path,
            (chunk[0] as u64).saturating_mul(chunk[1] as u64),
            chunk[2] as u64,
            self.array.pixel_type.bytes() as u64,
        )?;
        for entry in &mut entries {
            // An index without filters need not say how long its chunks are.
            if filters.is_empty() || entry.size == 0 {
                entry.size = chunk_bytes as u64;
            }
        }
        let base = self.opened.file.superblock().base_address;
        let grid = Grid::new(&self.opened.source, base, self.array.shape, chunk, &entries)?;
        if grid.n_missing() > 0 {
            let text = format!(
                "{} chunks were never written and hold the fill value",
                grid.n_missing()
            );
            self.metadata.note(self.name, text);
        }
        for fault in grid.faults(&self.opened.source) {
            context.fault(fault)?;
        }
        self.in_chunks(grid, filters, chunk)
    }
}

/// The bytes of a pixel that was never written.
fn fill(dataset: &Dataset, pixel: usize) -> Vec<u8> {
    dataset
        .fill_value()
        .and_then(|fill| fill.value.clone())
        .filter(|fill| fill.len() == pixel)
        .unwrap_or_else(|| vec![0; pixel])
}
