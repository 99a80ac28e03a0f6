//! Vector fields as VTK ImageData (`.vti`), for ParaView.

mod read;
mod tag;

use std::path::Path;

use ndarray::ArrayRef2;
pub use read::{Vti, read_vti};

use super::Output;
use super::flo::check_same_shape;
use crate::calibration::PixelSize;
use crate::error::Result;

/// Writes a vector field as VTK ImageData with one point a pixel and the vectors `velocity`.
///
/// VTK has y up: row 0 becomes the largest y, and the second component is `-v`, so that the picture in ParaView looks as
/// the frame does and arrows point the same way. The spacing is the pixel size in meters, 1 without one. Values stay in
/// the unit in which they are given.
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) if the components differ in shape, and what writing the file
/// gives.
///
/// # References
///
/// The VTK User's Guide, "VTK File Formats", section "XML File Formats": serial ImageData with appended raw data and
/// 64-bit headers.
pub fn write_vti(
    path: impl AsRef<Path>,
    u: &ArrayRef2<f32>,
    v: &ArrayRef2<f32>,
    pixel_size: Option<PixelSize>,
) -> Result<()> {
    check_same_shape(u, v)?;
    let (rows, columns) = u.dim();
    let extent = format!(
        "0 {} 0 {} 0 0",
        columns.saturating_sub(1),
        rows.saturating_sub(1)
    );
    let spacing = pixel_size.map_or(1.0, PixelSize::meters);
    let mut output = Output::create(path.as_ref())?;
    let head = format!(
        "<?xml version=\"1.0\"?>\n\
         <VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
         <ImageData WholeExtent=\"{extent}\" Origin=\"0 0 0\" Spacing=\"{spacing:e} {spacing:e} {spacing:e}\">\n\
         <Piece Extent=\"{extent}\">\n<PointData Vectors=\"velocity\">\n\
         <DataArray type=\"Float32\" Name=\"velocity\" NumberOfComponents=\"3\" format=\"appended\" offset=\"0\"/>\n\
         </PointData>\n</Piece>\n</ImageData>\n<AppendedData encoding=\"raw\">\n_"
    );
    output.put(head.as_bytes())?;
    output.put(&((rows * columns * 12) as u64).to_le_bytes())?;
    for (u_row, v_row) in u.rows().into_iter().zip(v.rows()).rev() {
        for (u, v) in u_row.iter().zip(v_row) {
            for component in [*u, -*v, 0.0] {
                output.put(&component.to_le_bytes())?;
            }
        }
    }
    output.put(b"\n</AppendedData>\n</VTKFile>\n")?;
    output.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_are_turned_and_v_points_up() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("field.vti");
        let (u, v) = (
            array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            array![[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]],
        );
        write_vti(&path, &u, &v, Some(PixelSize::from_micrometers(2.0)?))?;
        let bytes = std::fs::read(&path)?;
        let start = bytes
            .windows(2)
            .position(|pair| pair == b"\n_")
            .ok_or("data")?
            + 2;
        let text = std::str::from_utf8(&bytes[..start])?;
        assert!(
            text.contains("WholeExtent=\"0 1 0 2 0 0\"")
                && text.contains("Spacing=\"2e-6 2e-6 2e-6\""),
            "{text}"
        );
        assert_eq!(u64::from_le_bytes(bytes[start..start + 8].try_into()?), 72);
        let values: Vec<f32> = bytes[start + 8..start + 80]
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        assert_eq!(values[..6], [5.0, 5.0, 0.0, 6.0, 6.0, 0.0]);
        assert_eq!(values[12..], [1.0, 1.0, 0.0, 2.0, 2.0, 0.0]);
        Ok(())
    }
}
