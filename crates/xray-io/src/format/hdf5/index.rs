//! The index of the chunks of an array.

use std::sync::Arc;

use hdf5_reader::chunk_index::{self, ChunkEntry};
use hdf5_reader::messages::layout::ChunkIndexing;
use hdf5_reader::{Dataset, Hdf5File};

use super::store::refused;
use crate::error::{Error, Result};
use crate::source::Source;

/// Where the index is.
pub(super) struct Index<'a> {
    pub(super) address: u64,
    /// Lengths of a chunk, in old versions with the bytes of an element behind them.
    pub(super) dims: &'a [u32],
    pub(super) indexing: Option<&'a ChunkIndexing>,
}

impl Index<'_> {
    /// Frames, rows and columns of a chunk, and all chunks.
    pub(super) fn read(
        &self,
        file: &Hdf5File,
        source: &Arc<Source>,
        dataset: &Dataset,
    ) -> Result<([usize; 3], Vec<ChunkEntry>)> {
        let path = source.path();
        let dims = self.dims.get(..dataset.ndim()).unwrap_or(self.dims);
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
        let found =
            entries(file, dataset, self, dims).map_err(|refusal| refused(path, &refusal))?;
        let found = if before.is_empty() {
            found
        } else {
            flatten(source, dataset, before, found)?
        };
        Ok((chunk, found))
    }
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
