//! Vector fields as `.flo`, the format of the Middlebury optical flow benchmark.

use std::path::Path;

use ndarray::{Array2, ArrayRef2};

use super::Output;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::source::Source;

/// The first four bytes: 202021.25 as a little-endian `f32`.
const MAGIC: &[u8; 4] = b"PIEH";

/// A vector field in pixels a frame: `u` along the columns to the right, `v` along the rows down.
#[derive(Debug, Clone, PartialEq)]
pub struct Flo {
    /// Component along x.
    pub u: Array2<f32>,
    /// Component along y.
    pub v: Array2<f32>,
}

pub(super) fn check_same_shape(u: &ArrayRef2<f32>, v: &ArrayRef2<f32>) -> Result<()> {
    if u.shape() == v.shape() {
        return Ok(());
    }
    Err(Error::ShapeMismatch {
        what: "v",
        expected: u.shape().to_vec(),
        found: v.shape().to_vec(),
    })
}

/// Writes a field as `.flo`: magic, width, height, then `u` and `v` of each pixel in turn, little-endian.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] if the components differ in shape, and what writing the file gives.
///
/// # References
///
/// S. Baker et al., "A Database and Evaluation Methodology for Optical Flow", Int. J. Comput. Vis. 92, 1–31 (2011),
/// doi 10.1007/s11263-010-0390-2.
pub fn write_flo(path: impl AsRef<Path>, u: &ArrayRef2<f32>, v: &ArrayRef2<f32>) -> Result<()> {
    check_same_shape(u, v)?;
    let length = |n: usize| {
        i32::try_from(n).map_err(|_| Error::InvalidParameter {
            name: "u",
            requirement: "below 2^31 rows and columns",
            found: n.to_string(),
        })
    };
    let (rows, columns) = (length(u.nrows())?, length(u.ncols())?);
    let mut output = Output::create(path.as_ref())?;
    output.put(MAGIC)?;
    output.put(&columns.to_le_bytes())?;
    output.put(&rows.to_le_bytes())?;
    for (u, v) in u.iter().zip(v.iter()) {
        output.put(&u.to_le_bytes())?;
        output.put(&v.to_le_bytes())?;
    }
    output.finish().map(drop)
}

/// Reads a field written as `.flo`.
///
/// # Errors
///
/// [`Error::InvalidField`] or [`Error::Truncated`] if it is none or not whole, [`Error::LimitExceeded`].
///
/// # Examples
///
/// ```
/// use ndarray::{Array2, array};
/// use xray_io::{read_flo, write_flo};
///
/// let (u, v) = (array![[1.0, 2.0, 3.0]], Array2::zeros((1, 3)));
/// let path = std::env::temp_dir().join(format!("xray_io_doc_{}.flo", std::process::id()));
/// write_flo(&path, &u, &v)?;
/// assert_eq!(read_flo(&path)?.u, u);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_flo(path: impl AsRef<Path>) -> Result<Flo> {
    let path = path.as_ref();
    let source = Source::open(path)?;
    let mut head = [0; 12];
    source.read_exact_at("the header", 0, &mut head)?;
    if !head.starts_with(MAGIC) {
        return Err(Error::invalid(
            path,
            "magic",
            Some(0),
            "PIEH",
            head[..4].escape_ascii(),
        ));
    }
    let length = |field, at: usize| -> Result<u64> {
        let value = i32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        u64::try_from(value)
            .ok()
            .filter(|value| *value > 0)
            .ok_or_else(|| Error::invalid(path, field, Some(at as u64), "positive", value))
    };
    let (columns, rows) = (length("width", 4)?, length("height", 8)?);
    let bytes = Limits::new().frame_bytes(path, rows, columns, 8)?;
    source.check_range("the field", 12, bytes as u64)?;
    if source.len() != 12 + bytes as u64 {
        return Err(Error::invalid(
            path,
            "size of the file",
            None,
            "that of the field",
            source.len(),
        ));
    }
    let mut data = vec![0; bytes];
    source.read_exact_at("the field", 12, &mut data)?;
    let component = |at: usize| {
        let values = data
            .chunks_exact(8)
            .map(|pair| f32::from_le_bytes([pair[at], pair[at + 1], pair[at + 2], pair[at + 3]]));
        Array2::from_shape_vec((rows as usize, columns as usize), values.collect()).map_err(|_| {
            Error::BufferLength {
                unit: "pixels",
                expected: bytes / 8,
                found: 0,
            }
        })
    };
    Ok(Flo {
        u: component(0)?,
        v: component(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_damaged() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("field.flo");
        let u = Array2::from_shape_fn((3, 5), |(r, c)| (r * 10 + c) as f32 - 3.5);
        let v = u.mapv(|value| -2.0 * value);
        write_flo(&path, &u.t(), &v.t())?;
        let field = read_flo(&path)?;
        assert_eq!((field.u, field.v), (u.t().to_owned(), v.t().to_owned()));
        let bytes = std::fs::read(&path)?;
        assert_eq!(bytes[..4], 202_021.25_f32.to_le_bytes());
        for cut in [0, 3, 11, 12, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut])?;
            assert!(read_flo(&path).is_err());
        }
        assert!(write_flo(&path, &u, &v.t()).is_err());
        Ok(())
    }
}
