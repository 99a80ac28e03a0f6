//! Virtual data sets: arrays whose parts lie in other data sets, of this file or of files beside it.
//!
//! Sources are looked for in the folder of the file and below it, nowhere else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::layouts::HeapId;
use super::mappings::{MAPPED, Stored, mappings};
use super::selection::{Places, Selection};
use super::{Job, Opened};
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::opener::Context;
use crate::pixel::{PixelType, swap_bytes};
use crate::reader::{SequenceReader, SequenceShape};
use crate::roi::RegionOfInterest;
use crate::source::Source;
use crate::time::TimeAxis;

/// Virtual data sets in a chain at most.
const MAX_DEPTH: usize = 4;

/// Parts of an array at most, those of virtual parts counted: each may be looked at for one frame.
const MAX_PARTS: u64 = 1 << 20;

/// An array by the name of its file and its own.
type Key = (String, String);

/// Where the elements of a part come from, and something about it; or why they cannot.
type Origin<T> = Result<(Arc<dyn SequenceReader>, T)>;

/// The lengths of an array, and how many parts it has.
type Extent = (Vec<u64>, u64);

/// Elements of an array that are those of another one, in the same order.
struct Part {
    here: Slab,
    origin: Origin<Slab>,
    /// Its place in the list: of parts that overlap the later one holds.
    order: usize,
    /// Frames here from the first to the last that it touches.
    first: u64,
    last: u64,
    /// Each of its frames is a whole frame there.
    is_whole: bool,
}

/// A selection of an array whose axes before the last two count as frames.
struct Slab {
    lengths: Vec<u64>,
    lead: Vec<Places>,
    rows: Places,
    columns: Places,
}

impl Slab {
    /// None if the selection does not fit the array.
    fn new(selection: &Selection, dims: &[u64]) -> Option<Self> {
        let mut axes = match selection {
            Selection::All => dims.iter().map(|length| Places::all(*length)).collect(),
            Selection::Slab(axes) => axes.clone(),
        };
        let fits = |(axis, length): (&Places, &u64)| axis.end() <= *length;
        if axes.len() != dims.len() || !axes.iter().zip(dims).all(fits) {
            return None;
        }
        let mut lengths = dims.to_vec();
        while axes.len() < 2 {
            axes.insert(0, Places::all(1));
            lengths.insert(0, 1);
        }
        let columns = axes.pop()?;
        let rows = axes.pop()?;
        Some(Self {
            lengths,
            lead: axes,
            rows,
            columns,
        })
    }

    fn n_elements(&self) -> Option<u64> {
        let mut product = self.rows.len().checked_mul(self.columns.len())?;
        for axis in &self.lead {
            product = product.checked_mul(axis.len())?;
        }
        Some(product)
    }

    /// Selected elements in each frame.
    fn per_frame(&self) -> u64 {
        self.rows.len() * self.columns.len()
    }

    /// All rows and columns are selected.
    fn has_whole_frames(&self) -> bool {
        matches!(self.lengths[..], [.., rows, columns]
            if self.rows.len() == rows && self.columns.len() == columns)
    }

    /// The place of a frame among those that are selected.
    fn number_of(&self, frame: u64) -> Option<u64> {
        let (mut rest, mut place, mut scale) = (frame, 0, 1);
        for (axis, length) in self.lead.iter().zip(&self.lengths).rev() {
            place += axis.number(rest % length)? * scale;
            rest /= length;
            scale *= axis.len();
        }
        Some(place)
    }

    /// The frame at a place among those that are selected.
    fn frame_at(&self, place: u64) -> u64 {
        let (mut rest, mut frame, mut scale) = (place, 0, 1);
        for (axis, length) in self.lead.iter().zip(&self.lengths).rev() {
            frame += axis.place(rest % axis.len()).0 * scale;
            rest /= axis.len();
            scale *= length;
        }
        frame
    }

    fn n_frames(&self) -> u64 {
        self.lead.iter().map(Places::len).product()
    }
}

/// The frames of a virtual data set.
pub(super) struct Virtual {
    source: Arc<Source>,
    format: &'static str,
    shape: SequenceShape,
    pixel_type: PixelType,
    /// A pixel that no part has, in the order of this machine.
    fill: Vec<u8>,
    /// In the order of their first frames.
    parts: Vec<Part>,
    /// The last frame of any of the parts up to each one.
    reach: Vec<u64>,
    metadata: Metadata,
    time_axis: TimeAxis,
}

impl std::fmt::Debug for Virtual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Virtual")
            .field("path", &self.source.path())
            .field("shape", &self.shape)
            .field("n_parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

/// The open sources of one virtual data set.
struct Sources<'a> {
    opened: &'a Opened,
    depth: usize,
    files: BTreeMap<String, Result<Arc<Opened>>>,
    arrays: BTreeMap<Key, Origin<Extent>>,
}

impl Sources<'_> {
    fn file(&mut self, name: &str, context: &mut Context<'_>) -> Result<Arc<Opened>> {
        if let Some(found) = self.files.get(name) {
            return found.clone();
        }
        let found = beside(&self.opened.source, name, context).and_then(|path| {
            let opened = Opened::new(&Arc::new(Source::open(&path)?), context)?;
            Ok(Arc::new(opened))
        });
        self.files.insert(name.to_owned(), found.clone());
        found
    }

    fn array(&mut self, key: &Key, context: &mut Context<'_>) -> Origin<Extent> {
        if let Some(found) = self.arrays.get(key) {
            return found.clone();
        }
        let found = self.open(key, context);
        self.arrays.insert(key.clone(), found.clone());
        found
    }

    fn open(&mut self, (file, dataset): &Key, context: &mut Context<'_>) -> Origin<Extent> {
        let other;
        let opened = if file == "." {
            self.opened
        } else {
            other = self.file(file, context)?;
            &*other
        };
        let found = opened.dataset(dataset)?;
        let dims = found.shape().to_vec();
        let metadata = (Metadata::new(), TimeAxis::unknown());
        let job = Job::new(opened, &found, dataset, "HDF5", metadata, context)?;
        let (reader, n_parts) = job.read(self.depth + 1, context)?;
        Ok((Arc::from(reader), (dims, n_parts)))
    }
}

/// The path of a source in the folder of the file, or below it.
fn beside(source: &Source, name: &str, context: &mut Context<'_>) -> Result<PathBuf> {
    let path = source.path();
    let refuse = |what, name: &str| Error::unsupported(path, what, format!("{name:?}"));
    if source.is_memory() {
        return Err(refuse("a source beside bytes in memory:", name));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    if let Some(inside) = inside(folder, Path::new(name)) {
        return Ok(inside);
    }
    context.fault(refuse("a source in another folder:", name))?;
    let file = Path::new(name).file_name();
    let file = file.ok_or_else(|| refuse("a source named", name))?;
    Ok(folder.join(file))
}

/// The path of a file in this folder or below it.
fn inside(folder: &Path, name: &Path) -> Option<PathBuf> {
    let is_plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.components().all(is_plain) {
        return Some(folder.join(name));
    }
    (name.is_absolute() && name.parent() == Some(folder)).then(|| name.to_owned())
}

impl Job<'_> {
    /// The array whose parts are listed at this place, and how many they are.
    pub(super) fn virtual_set(
        mut self,
        id: HeapId,
        depth: usize,
        context: &mut Context<'_>,
    ) -> Result<(Box<dyn SequenceReader>, u64)> {
        let path = self.opened.path();
        if depth > MAX_DEPTH {
            let text = format!("more than {MAX_DEPTH} deep");
            return Err(Error::unsupported(path, "virtual data sets", text));
        }
        let stored = mappings(self.opened, id)?;
        let mut sources = Sources {
            opened: self.opened,
            depth,
            files: BTreeMap::new(),
            arrays: BTreeMap::new(),
        };
        let mut parts = Vec::with_capacity(stored.len());
        let (mut n_mapped, mut n_parts) = (0_u64, 0_u64);
        for mapping in stored {
            let (part, n) = self.part(parts.len(), mapping, &mut sources, context)?;
            n_mapped = n_mapped.saturating_add(part.here.n_elements().unwrap_or(u64::MAX));
            n_parts = n_parts.saturating_add(n);
            if n_parts > MAX_PARTS {
                let text = format!("more than {MAX_PARTS}");
                return Err(Error::unsupported(path, MAPPED, text));
            }
            parts.push(part);
        }
        let n_elements = Slab::new(&Selection::All, self.dataset.shape());
        if n_elements.and_then(|all| all.n_elements()) > Some(n_mapped) {
            let text = "not all elements have a source: the others hold the fill value";
            self.metadata.note(self.name, text);
        }
        parts.sort_by_key(|part| part.first);
        let mut reach = Vec::with_capacity(parts.len());
        for part in &parts {
            reach.push(part.last.max(reach.last().copied().unwrap_or(0)));
        }
        let pixel = self.array.pixel_type.bytes();
        let mut fill = super::fill(self.dataset, pixel);
        if self.array.byte_order.is_foreign() {
            swap_bytes(&mut fill, pixel);
        }
        let reader = Virtual {
            source: Arc::clone(&self.opened.source),
            format: self.format,
            shape: self.array.shape,
            pixel_type: self.array.pixel_type,
            fill,
            parts,
            reach,
            metadata: self.metadata,
            time_axis: self.time_axis,
        };
        Ok((Box::new(reader), n_parts))
    }

    /// A part, and how many it has itself.
    fn part(
        &self,
        order: usize,
        mapping: Stored,
        sources: &mut Sources<'_>,
        context: &mut Context<'_>,
    ) -> Result<(Part, u64)> {
        let path = self.opened.path();
        let key = (mapping.file, mapping.dataset);
        let wrong = |found: String| Error::invalid(path, MAPPED, None, "inside its arrays", found);
        let here = Slab::new(&mapping.here, self.dataset.shape())
            .ok_or_else(|| wrong(format!("{:?} of {:?}", key.1, key.0)))?;
        let (first, last) = (here.frame_at(0), here.frame_at(here.n_frames() - 1));
        let mut origin = sources.array(&key, context).and_then(|(reader, extent)| {
            if reader.pixel_type() != self.array.pixel_type {
                let (found, wanted) = (reader.pixel_type(), self.array.pixel_type);
                let text = format!("{:?} of {:?} has {found} for {wanted}", key.1, key.0);
                return Err(Error::unsupported(path, "a source of another type:", text));
            }
            let there = Slab::new(&mapping.there, &extent.0)
                .filter(|there| there.n_elements() == here.n_elements())
                .ok_or_else(|| wrong(format!("{:?} of {:?}: {:?}", key.1, key.0, extent.0)))?;
            Ok((reader, there, extent.1))
        });
        if let Err(error) = &mut origin {
            *error = error.clone().in_frame(first as usize);
            context.fault(error.clone())?;
        }
        let n_parts = origin.as_ref().map_or(1, |origin| origin.2);
        let origin = origin.map(|(reader, there, _)| (reader, there));
        let is_whole = here.has_whole_frames()
            && origin.as_ref().is_ok_and(|(_, there)| {
                there.has_whole_frames()
                    && there.columns.len() == here.columns.len()
                    && there.rows.len() == here.rows.len()
            });
        let part = Part {
            here,
            origin,
            order,
            first,
            last,
            is_whole,
        };
        Ok((part, n_parts))
    }
}

thread_local! {
    /// Elements of a source on their way. Taken out while in use: a source may be virtual too.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Virtual {
    /// The parts that touch a frame, in the order of the list, with the place of the frame in each.
    fn touching(&self, frame: u64) -> Vec<(&Part, u64)> {
        let behind = self.parts.partition_point(|part| part.first <= frame);
        let mut found: Vec<(&Part, u64)> = self.parts[..behind]
            .iter()
            .zip(&self.reach)
            .rev()
            .take_while(|(_, reach)| **reach >= frame)
            .filter_map(|(part, _)| Some((part, part.here.number_of(frame)?)))
            .collect();
        found.sort_by_key(|(part, _)| part.order);
        found
    }

    /// Copies what a part has of a frame.
    fn copy(&self, part: &Part, place: u64, scratch: &mut Vec<u8>, to: &mut [u8]) -> Result<()> {
        let (reader, there) = part.origin.as_ref().map_err(Clone::clone)?;
        let here = &part.here;
        let pixel = self.pixel_type.bytes();
        let (begin, n) = (place * here.per_frame(), here.per_frame());
        let per_frame = there.per_frame();
        let column = there.columns.start();
        let n_columns = (there.columns.end() - column) as usize;
        let mut at = begin;
        while at < begin + n {
            // Up to the end of a frame of the source.
            let end = ((at / per_frame + 1) * per_frame).min(begin + n);
            let row_of = |element: u64| {
                there
                    .rows
                    .place(element % per_frame / there.columns.len())
                    .0
            };
            let row = row_of(at);
            let n_rows = (row_of(end - 1) - row + 1) as usize;
            let region = RegionOfInterest::new(row as usize, column as usize, n_rows, n_columns);
            scratch.resize(n_rows * n_columns * pixel, 0);
            let frame = there.frame_at(at / per_frame) as usize;
            reader.read_native_region_into(frame, &region, scratch)?;
            while at < end {
                let (i, j) = (
                    (at - begin) / here.columns.len(),
                    (at - begin) % here.columns.len(),
                );
                let (to_column, to_run) = here.columns.place(j);
                let to_row = here.rows.place(i).0;
                let (from_column, from_run) =
                    there.columns.place(at % per_frame % there.columns.len());
                let run = to_run.min(from_run).min(end - at);
                let bytes = run as usize * pixel;
                let from =
                    (row_of(at) - row) as usize * n_columns + (from_column - column) as usize;
                let target = to_row as usize * self.shape.n_columns + to_column as usize;
                to[target * pixel..][..bytes].copy_from_slice(&scratch[from * pixel..][..bytes]);
                at += run;
            }
        }
        Ok(())
    }
}

impl SequenceReader for Virtual {
    fn format(&self) -> &'static str {
        self.format
    }

    crate::reader::of_a_file!();

    fn read_native_into(&self, frame: usize, destination: &mut [u8]) -> Result<()> {
        self.shape.check_frame(frame)?;
        self.shape
            .check_bytes(1, self.pixel_type, destination.len())?;
        let parts = self.touching(frame as u64);
        // A part that has all of the frame hides those before it.
        let shown = parts.iter().rposition(|(part, _)| part.is_whole);
        let mut rest = &parts[..];
        match shown.map(|i| (i, &parts[i])) {
            Some((i, (part, place))) => {
                let (reader, there) = part.origin.as_ref().map_err(Clone::clone)?;
                reader.read_native_into(there.frame_at(*place) as usize, destination)?;
                rest = &parts[i + 1..];
            }
            None => {
                for pixel in destination.chunks_exact_mut(self.fill.len()) {
                    pixel.copy_from_slice(&self.fill);
                }
            }
        }
        let mut scratch = SCRATCH.take();
        let done = rest
            .iter()
            .try_for_each(|(part, place)| self.copy(part, *place, &mut scratch, destination));
        SCRATCH.set(scratch);
        done.map_err(|error| error.in_frame(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_in_the_folder_or_below_it() {
        let folder = Path::new("/scan/one");
        let found = |name: &str| inside(folder, Path::new(name));
        let at = |name: &str| Some(folder.join(name));
        assert_eq!(found("a.h5"), at("a.h5"));
        assert_eq!(found("./raw/a.h5"), at("raw/a.h5"));
        assert_eq!(found("/scan/one/a.h5"), at("a.h5"));
        for name in [
            "../a.h5",
            "raw/../../a.h5",
            "/scan/a.h5",
            "/scan/one/../a.h5",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
    }
}
