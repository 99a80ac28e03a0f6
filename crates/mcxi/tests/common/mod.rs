//! Golden arrays.

use std::error::Error;
use std::path::PathBuf;

use ndarray::{Array3, ArrayD, IxDyn};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// An array of `tests/data/oracle`, as f64: NPY version 1 with little-endian floats in C order, as NumPy wrote them.
pub(crate) fn golden(name: &str) -> Result<ArrayD<f64>, Box<dyn Error>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/oracle")
        .join(format!("{name}.npy"));
    let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length])?;
    assert!(header.contains("'fortran_order': False"), "{header}");
    let shape: Vec<usize> = header
        .split(['(', ')'])
        .nth(1)
        .ok_or("no shape")?
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let data = &bytes[10 + length..];
    let values: Vec<f64> = if header.contains("<f4") {
        data.chunks_exact(4)
            .map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]])))
            .collect()
    } else {
        assert!(header.contains("<f8"), "{header}");
        data.chunks_exact(8)
            .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect()
    };
    Ok(ArrayD::from_shape_vec(IxDyn(&shape), values)?)
}

/// Frames of float32, which f64 holds exactly.
pub(crate) fn frames(name: &str) -> Result<Array3<f64>, Box<dyn Error>> {
    Ok(golden(name)?.into_dimensionality()?)
}

/// Largest deviation, relative to the largest value of the reference.
pub(crate) fn deviation<'a>(
    ours: impl IntoIterator<Item = f64>,
    reference: impl IntoIterator<Item = &'a f64>,
) -> f64 {
    let (mut worst, mut largest, mut n) = (0.0_f64, 0.0_f64, 0);
    let mut reference = reference.into_iter();
    for ours in ours {
        let reference = reference.next().copied().unwrap_or(f64::NAN);
        worst = if (ours - reference).is_nan() {
            f64::INFINITY
        } else {
            worst.max((ours - reference).abs())
        };
        largest = largest.max(reference.abs());
        n += 1;
    }
    assert!(n > 0 && reference.next().is_none(), "sizes differ");
    worst / largest
}
