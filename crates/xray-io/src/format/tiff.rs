//! TIFF, BigTIFF, ImageJ stacks and OME-TIFF (TIFF 6.0; BigTIFF; OME 2016-06).
//!
//! Directories are walked once, when the file is opened: the index holds 16 bytes a strip. Frames are decoded straight into
//! the caller's buffer.

mod decode;
mod directory;
mod imagej;
mod layout;
mod ome;
mod stack;
pub(crate) mod unpack;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use directory::{Directory, Header, tag};
use layout::{Compression, Layout};

use crate::error::{Error, Result};
use crate::format::ByteOrder;
use crate::metadata::{EffectiveBits, Metadata, Origin, Recorded};
use crate::opener::Context;
use crate::pixel::PixelType;
use crate::reader::{SequenceReader, SequenceShape};
use crate::roi::RegionOfInterest;
use crate::source::Source;
use crate::time::TimeAxis;

/// Where a strip or tile lies in the file.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    offset: u64,
    bytes: u64,
}

/// Where the pixels of the pages lie.
#[derive(Debug)]
enum Pages {
    /// One table of chunks, the same number for each page.
    Chunks(Vec<Chunk>),
    /// Frames follow each other from this offset without a break: stacks with one directory.
    Contiguous(u64),
}

/// The order in which the pages of a file are the frames of a sequence.
#[derive(Debug)]
enum Order {
    AsStored(usize),
    Listed(Vec<usize>),
}

#[derive(Debug)]
struct Tiff {
    source: Arc<Source>,
    format: &'static str,
    byte_order: ByteOrder,
    layout: Layout,
    chunks_of_page: usize,
    pages: Pages,
    order: Order,
    /// Pages that cannot be read, found when the file was opened (never strict).
    broken: HashMap<usize, Error>,
    metadata: Metadata,
    time_axis: TimeAxis,
}

impl Tiff {
    fn page(&self, frame: usize) -> Result<usize> {
        self.shape().check_frame(frame)?;
        let page = match &self.order {
            Order::AsStored(_) => frame,
            Order::Listed(pages) => pages[frame],
        };
        match self.broken.get(&page) {
            Some(error) => Err(error.clone()),
            None => Ok(page),
        }
    }

    /// Where a page starts, if it lies in one piece as it lies in memory.
    fn plain_offset(&self, page: usize) -> Option<u64> {
        let bytes = self.shape().frame_bytes(self.layout.pixel_type) as u64;
        match &self.pages {
            Pages::Contiguous(first) => Some(first + page as u64 * bytes),
            Pages::Chunks(chunks) if self.layout.is_plain() => {
                let chunks = &chunks[page * self.chunks_of_page..(page + 1) * self.chunks_of_page];
                let in_one_piece = chunks
                    .windows(2)
                    .all(|pair| pair[0].offset + pair[0].bytes == pair[1].offset);
                let exact = chunks.len() == 1
                    || chunks
                        .iter()
                        .enumerate()
                        .all(|(i, chunk)| chunk.bytes == self.layout.chunk_bytes(i) as u64);
                (in_one_piece && exact).then(|| chunks[0].offset)
            }
            Pages::Chunks(_) => None,
        }
    }

    fn read_plain(&self, offset: u64, destination: &mut [u8]) -> Result<()> {
        self.source.read_exact_at("pixels", offset, destination)?;
        if self.byte_order.is_foreign() {
            crate::pixel::swap_bytes(destination, self.layout.pixel_type.bytes());
        }
        Ok(())
    }
}

impl SequenceReader for Tiff {
    fn format(&self) -> &'static str {
        self.format
    }

    fn path(&self) -> &Path {
        self.source.path()
    }

    fn shape(&self) -> SequenceShape {
        let n_frames = match &self.order {
            Order::AsStored(n) => *n,
            Order::Listed(pages) => pages.len(),
        };
        SequenceShape {
            n_frames,
            n_rows: self.layout.n_rows,
            n_columns: self.layout.n_columns,
        }
    }

    fn pixel_type(&self) -> PixelType {
        self.layout.pixel_type
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn time_axis(&self) -> &TimeAxis {
        &self.time_axis
    }

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        let page = self.page(frame)?;
        self.shape()
            .check_bytes(1, self.layout.pixel_type, destination.len())?;
        match self.plain_offset(page) {
            Some(offset) => self.read_plain(offset, destination),
            None => self.decode(page, destination),
        }
        .map_err(|error| error.in_frame(frame))
    }

    fn read_native_range_into(&self, frames: Range<usize>, destination: &mut [u8]) -> Result<()> {
        self.shape().check_range(&frames)?;
        self.shape()
            .check_bytes(frames.len(), self.layout.pixel_type, destination.len())?;
        let bytes = self.shape().frame_bytes(self.layout.pixel_type);
        crate::parallel::for_each_part(destination, bytes, |i, part| {
            self.read_native_into(frames.start + i, part)
        })
    }

    fn read_native_region_into(
        &self,
        frame: usize,
        region: &RegionOfInterest,
        destination: &mut [u8],
    ) -> Result<()> {
        let page = self.page(frame)?;
        let region = region.check(self.layout.n_rows, self.layout.n_columns)?;
        let bytes = self.layout.pixel_type.bytes();
        let row_bytes = region.n_columns * bytes;
        if destination.len() != row_bytes * region.n_rows {
            let expected = row_bytes * region.n_rows;
            return Err(Error::BufferLength {
                unit: "bytes",
                expected,
                found: destination.len(),
            });
        }
        let Some(start) = self.plain_offset(page) else {
            let mut whole = vec![0; self.shape().frame_bytes(self.layout.pixel_type)];
            self.read_native_into(frame, &mut whole)?;
            region.copy(&whole, self.layout.n_columns, bytes, destination);
            return Ok(());
        };
        for (r, row) in destination.chunks_exact_mut(row_bytes).enumerate() {
            let first = (region.row + r) * self.layout.n_columns + region.column;
            self.read_plain(start + (first * bytes) as u64, row)
                .map_err(|error| error.in_frame(frame))?;
        }
        Ok(())
    }
}

/// What the walk over the directories finds.
struct Walk {
    layout: Option<Layout>,
    first: Option<Directory>,
    chunks: Vec<Chunk>,
    n_pages: usize,
    broken: HashMap<usize, Error>,
    skipped: usize,
}

/// Follows the chain of directories.
fn walk(source: &Source, header: Header, context: &mut Context<'_>) -> Result<Walk> {
    let limits = *context.limits();
    // Tables that lie in the file once each need at least 5 bytes a chunk there; more memory than this means that
    // pages share tables.
    let most_chunks = (limits.metadata_bytes() / 16).saturating_add(source.len() / 5);
    let mut walk = Walk {
        layout: None,
        first: None,
        chunks: Vec::new(),
        n_pages: 0,
        broken: HashMap::new(),
        skipped: 0,
    };
    let mut seen = HashSet::new();
    let mut buffer = Vec::new();
    let mut next = header.first;
    while next != 0 {
        if !seen.insert(next) {
            let requirement = "the offset of a directory that did not come before";
            context.fault(Error::invalid(
                source.path(),
                "next directory",
                Some(next),
                requirement,
                next,
            ))?;
            break;
        }
        limits.check_ifds(source.path(), seen.len() as u64)?;
        let directory = match Directory::read(source, header, next, &limits, &mut buffer) {
            Ok(directory) => directory,
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => {
                context.fault(error.in_frame(walk.n_pages))?;
                break;
            }
        };
        next = directory.next;
        // Thumbnails and masks are no frames.
        if directory
            .integer(source, tag::SUBFILE, "NewSubfileType")
            .ok()
            .flatten()
            .unwrap_or(0)
            & 0b101
            != 0
        {
            walk.skipped += 1;
            continue;
        }
        let page = walk.n_pages;
        if let Err(error) = add_page(source, &directory, &mut walk, most_chunks, context) {
            let error = error.in_frame(page);
            if walk.layout.is_none() {
                return Err(error);
            }
            context.fault(error.clone())?;
            let layout_chunks = walk
                .layout
                .as_ref()
                .map_or(0, |layout| layout.chunks_of_plane() as usize);
            walk.chunks.truncate(page * layout_chunks);
            let total = (page + 1).saturating_mul(layout_chunks);
            let most_places = most_chunks.min((1 << 20) + source.len() / 5);
            if total as u64 > most_places {
                // Places kept for pages that cannot be read are memory as well.
                context.fault(Error::LimitExceeded {
                    path: source.path().to_owned(),
                    limit: "max_metadata_bytes",
                    claimed: (total as u64).saturating_mul(16),
                    allowed: most_places.saturating_mul(16),
                })?;
                break;
            }
            walk.chunks.resize(
                total,
                Chunk {
                    offset: 0,
                    bytes: 0,
                },
            );
            walk.broken.insert(page, error);
        }
        walk.n_pages += 1;
        walk.first.get_or_insert(directory);
    }
    Ok(walk)
}

fn add_page(
    source: &Source,
    directory: &Directory,
    walk: &mut Walk,
    most_chunks: u64,
    context: &mut Context<'_>,
) -> Result<()> {
    let limits = *context.limits();
    let layout = Layout::read(source, directory, context.plane(), &limits)?;
    let layout = match &mut walk.layout {
        None => walk.layout.insert(layout),
        Some(first) if *first == layout => first,
        Some(first) => {
            let differs = |(what, expected, found)| Error::Inconsistent {
                path: source.path().to_owned(),
                frame: None,
                what,
                expected,
                found,
            };
            let same_size = first.chunks_of_plane() == layout.chunks_of_plane();
            return Err(match first.difference(&layout) {
                Some(difference) => differs(difference),
                None if same_size => differs((
                    "storage (compression, predictor, strips or planes)",
                    first.compression.name().to_owned(),
                    layout.compression.name().to_owned(),
                )),
                None => differs((
                    "strips or tiles",
                    first.chunks_of_plane().to_string(),
                    layout.chunks_of_plane().to_string(),
                )),
            });
        }
    };
    let (offsets_tag, bytes_tag, offsets_name, bytes_name) = if layout.tiled {
        (
            tag::TILE_OFFSETS,
            tag::TILE_BYTES,
            "TileOffsets",
            "TileByteCounts",
        )
    } else {
        (
            tag::STRIP_OFFSETS,
            tag::STRIP_BYTES,
            "StripOffsets",
            "StripByteCounts",
        )
    };
    let needed = layout.all_chunks();
    let path = source.path();
    let total = walk.chunks.len() as u64 + layout.chunks_of_plane();
    if total > most_chunks {
        let (claimed, allowed) = (total.saturating_mul(16), most_chunks.saturating_mul(16));
        return Err(Error::LimitExceeded {
            path: path.to_owned(),
            limit: "max_metadata_bytes",
            claimed,
            allowed,
        });
    }
    for (tag, name) in [(offsets_tag, offsets_name), (bytes_tag, bytes_name)] {
        let entry = directory.entry(tag);
        let found = entry.map_or(0, |entry| entry.count);
        let may_miss =
            tag == bytes_tag && entry.is_none() && layout.compression == Compression::None;
        if found < needed && !may_miss {
            return Err(Directory::short_table(path, name, entry, needed));
        }
    }
    let offsets = directory
        .integers(source, offsets_tag, offsets_name, &limits)?
        .unwrap_or_default();
    let bytes = directory.integers(source, bytes_tag, bytes_name, &limits)?;
    let first = layout.first_chunk() as usize;
    for i in 0..layout.chunks_of_plane() as usize {
        let row = i / layout.chunks_across();
        let offset = offsets[first + i];
        let stored = bytes
            .as_ref()
            .map_or(layout.chunk_bytes(row) as u64, |bytes| bytes[first + i]);
        let what = if layout.tiled { "a tile" } else { "a strip" };
        source.check_range(what, offset, stored)?;
        let least = layout.least_stored(row);
        if stored < least {
            return Err(Error::Truncated {
                path: path.to_owned(),
                frame: None,
                what: if layout.tiled { "a tile" } else { "a strip" },
                offset,
                needed: least,
                available: stored,
            });
        }
        walk.chunks.push(Chunk {
            offset,
            bytes: stored,
        });
    }
    Ok(())
}

pub(crate) fn open(
    source: &Arc<Source>,
    context: &mut Context<'_>,
) -> Result<Box<dyn SequenceReader>> {
    let header = Header::read(source)?;
    let mut walk = walk(source, header, context)?;
    let no_frames = || Error::NoFrames {
        path: source.path().to_owned(),
    };
    let layout = walk.layout.take().ok_or_else(no_frames)?;
    let first = walk.first.take().ok_or_else(no_frames)?;
    // Without its place in the file the only page says nothing about frames that may follow it.
    if let (1, Some(error)) = (walk.n_pages, walk.broken.get(&0)) {
        return Err(error.clone());
    }
    let limits = *context.limits();
    let mut metadata = Metadata::new();
    if walk.skipped > 0 {
        metadata.note(
            "NewSubfileType",
            format!("{} thumbnails or masks left out", walk.skipped),
        );
    }
    describe(source, &first, &layout, &mut metadata, context);
    let description = first
        .text(source, tag::DESCRIPTION, "ImageDescription", &limits)?
        .unwrap_or_default();
    let stack = stack::Stack {
        source,
        layout: &layout,
        n_pages: walk.n_pages,
        pixels_per_unit: first.rational(source, tag::X_RESOLUTION, "XResolution")?,
        first_offset: walk.chunks.first().map_or(0, |chunk| chunk.offset),
        description: &description,
    };
    let found = stack.interpret(&mut metadata, context)?;
    let pages = match found.contiguous {
        Some(offset) => Pages::Contiguous(offset),
        None => Pages::Chunks(walk.chunks),
    };
    let n_frames = match &found.order {
        Order::AsStored(n) => *n,
        Order::Listed(pages) => pages.len(),
    };
    limits.check_frames(source.path(), n_frames as u64)?;
    if n_frames == 0 {
        return Err(no_frames());
    }
    Ok(Box::new(Tiff {
        format: found.format.unwrap_or(header.name()),
        byte_order: header.order,
        chunks_of_page: layout.chunks_of_plane() as usize,
        layout,
        pages,
        order: found.order,
        broken: walk.broken,
        time_axis: found.time_axis,
        metadata,
        source: Arc::clone(source),
    }))
}

/// What the tags themselves say.
fn describe(
    source: &Source,
    directory: &Directory,
    layout: &Layout,
    metadata: &mut Metadata,
    context: &Context<'_>,
) {
    let path = source.path().display().to_string();
    let origin = |key: &str, text: &str| Origin::File {
        path: path.clone(),
        key: key.to_owned(),
        text: crate::error::cut(text, 80),
    };
    if layout.is_packed() {
        let bits = EffectiveBits {
            bits: layout.bits,
            shift: 0,
        };
        let origin = origin("BitsPerSample", &layout.bits.to_string());
        metadata.effective_bits = Some(Recorded::new(bits, "bit", origin));
    }
    if layout.white_is_zero {
        let origin = origin("PhotometricInterpretation", "0");
        metadata.white_is_zero = Some(Recorded::new(true, "", origin));
    }
    if let Ok(Some(turned @ 2..)) = directory.integer(source, tag::ORIENTATION, "Orientation") {
        let text = format!(
            "{turned}: the first row is not the top one, or the first column not the left one; pixels are in the order of the file"
        );
        metadata.note("Orientation", text);
    }
    for (tag, key) in [
        (tag::DESCRIPTION, "ImageDescription"),
        (tag::MODEL, "Model"),
        (tag::SOFTWARE, "Software"),
        (tag::DATE, "DateTime"),
    ] {
        if let Ok(Some(text)) = directory.text(source, tag, key, context.limits()) {
            if tag == tag::MODEL {
                metadata.camera = Some(Recorded::new(
                    crate::error::cut(&text, 80),
                    "",
                    origin(key, &text),
                ));
            }
            metadata.entries.push((key.to_owned(), text));
        }
    }
}
