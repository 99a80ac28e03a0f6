//! Arrays of double precision that other programs computed, for tests.

use ndarray::Array2;

/// Reads a little-endian `.npy` of doubles with one or two axes in C order.
pub(crate) fn load(name: &str) -> Array2<f64> {
    let path = format!(
        "{}/tests/data/oracle/{name}.npy",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(&path).unwrap();
    let length = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..length]).into_owned();
    assert!(
        header.contains("'<f8'") && header.contains("False"),
        "{header}"
    );
    let shape = header.split('(').nth(1).unwrap().split(')').next().unwrap();
    let sides: Vec<usize> = shape
        .split(',')
        .filter_map(|side| side.trim().parse().ok())
        .collect();
    let values = bytes[length..]
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    Array2::from_shape_vec((sides[0], sides.get(1).copied().unwrap_or(1)), values).unwrap()
}

/// $\lVert a - b\rVert/\lVert b\rVert$.
pub(crate) fn relative(found: &[f64], expected: &Array2<f64>) -> f64 {
    let (mut sum, mut norm) = (0.0, 0.0);
    for (a, b) in found.iter().zip(expected) {
        sum += (a - b).powi(2);
        norm += b * b;
    }
    f64::sqrt(sum / norm)
}
