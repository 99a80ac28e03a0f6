//! The safetensors format: a header in JSON, then arrays row by row, little endian.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::error::{Error, Result};

/// Longest header that is read.
const MAX_HEADER: u64 = 16 << 20;
/// Largest file that is read.
const MAX_FILE: u64 = 4 << 30;

/// One array of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// Arrays by name, and notes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct File {
    pub(crate) notes: BTreeMap<String, String>,
    pub(crate) arrays: BTreeMap<String, Array>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

fn broken(path: &Path, reason: impl Into<String>) -> Error {
    Error::Checkpoint {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

impl File {
    /// Writes beside the file and then puts it in its place, so that an older one is never half overwritten.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let mut header = serde_json::Map::new();
        header.insert("__metadata__".into(), serde_json::json!(self.notes));
        let mut offset = 0_u64;
        for (name, array) in &self.arrays {
            let end = offset + 4 * array.values.len() as u64;
            let entry = serde_json::json!({ "dtype": "F32", "shape": array.shape, "data_offsets": [offset, end] });
            header.insert(name.clone(), entry);
            offset = end;
        }
        let mut text = serde_json::Value::Object(header).to_string().into_bytes();
        // arrays start at a multiple of 8
        text.resize(text.len().next_multiple_of(8), b' ');
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = path.with_file_name(name);
        let write = || -> std::io::Result<()> {
            let mut out = std::io::BufWriter::new(std::fs::File::create(&beside)?);
            out.write_all(&(text.len() as u64).to_le_bytes())?;
            out.write_all(&text)?;
            for array in self.arrays.values() {
                for value in &array.values {
                    out.write_all(&value.to_le_bytes())?;
                }
            }
            out.flush()?;
            out.get_ref().sync_all()?;
            drop(out);
            std::fs::rename(&beside, path)
        };
        write().map_err(|source| {
            // what is left beside is of no use; a second failure would only hide the first
            let _ = std::fs::remove_file(&beside);
            Error::io(path, source)
        })
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let io = |source| Error::io(path, source);
        let mut file = std::fs::File::open(path).map_err(io)?;
        let n_bytes = file.metadata().map_err(io)?.len();
        if n_bytes > MAX_FILE {
            return Err(broken(
                path,
                format!("the file of {n_bytes} bytes is larger than {MAX_FILE}"),
            ));
        }
        let mut length = [0; 8];
        if n_bytes < 8 {
            return Err(broken(
                path,
                format!("the file ends after {n_bytes} bytes, within the length of its header"),
            ));
        }
        file.read_exact(&mut length).map_err(io)?;
        let n_header = u64::from_le_bytes(length);
        if n_header > MAX_HEADER || n_header + 8 > n_bytes {
            return Err(broken(
                path,
                format!("a header of {n_header} bytes does not fit a file of {n_bytes}"),
            ));
        }
        let mut header = vec![0; n_header as usize];
        file.read_exact(&mut header).map_err(io)?;
        let entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&header)
            .map_err(|e| broken(path, format!("the header is no JSON object: {e}")))?;
        let mut data = Vec::with_capacity((n_bytes - 8 - n_header) as usize);
        file.read_to_end(&mut data).map_err(io)?;
        let mut result = Self::default();
        for (name, value) in entries {
            if name == "__metadata__" {
                result.notes = serde_json::from_value(value)
                    .map_err(|e| broken(path, format!("the notes are no strings: {e}")))?;
                continue;
            }
            let entry: Entry = serde_json::from_value(value)
                .map_err(|e| broken(path, format!("tensor {name:?} is not described: {e}")))?;
            result
                .arrays
                .insert(name.clone(), array(path, &name, &entry, &data)?);
        }
        Ok(result)
    }
}

fn array(path: &Path, name: &str, entry: &Entry, data: &[u8]) -> Result<Array> {
    let [start, end] = entry.data_offsets;
    let Some(bytes) = usize::try_from(start)
        .ok()
        .zip(usize::try_from(end).ok())
        .and_then(|(start, end)| data.get(start..end))
    else {
        return Err(broken(
            path,
            format!(
                "tensor {name:?} at bytes {start} to {end} lies outside the data of {} bytes",
                data.len()
            ),
        ));
    };
    let size = match entry.dtype.as_str() {
        "F32" => 4,
        "F64" => 8,
        other => {
            return Err(broken(
                path,
                format!("tensor {name:?} has type {other}, only F32 and F64 are read"),
            ));
        }
    };
    let n = entry
        .shape
        .iter()
        .try_fold(size, |n: usize, side| n.checked_mul(*side));
    if n != Some(bytes.len()) {
        return Err(broken(
            path,
            format!(
                "tensor {name:?} of shape {:?} has {} bytes",
                entry.shape,
                bytes.len()
            ),
        ));
    }
    let values = bytes
        .chunks_exact(size)
        .map(|c| match c {
            [a, b, c, d] => f32::from_le_bytes([*a, *b, *c, *d]),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as f32,
            _ => unreachable!("chunks of 4 or 8 bytes"),
        })
        .collect();
    Ok(Array {
        shape: entry.shape.clone(),
        values,
    })
}
