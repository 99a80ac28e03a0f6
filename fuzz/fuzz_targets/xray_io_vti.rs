//! Vector fields in VTK ImageData, as a file with its tags, and as the text alone.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("xray_io_vti_{}.vti", std::process::id()));
    let head = b"<VTKFile type=\"ImageData\" byte_order=\"LittleEndian\"><ImageData WholeExtent=\"0 1 0 1 0 0\">\
        <Piece><PointData Vectors=\"v\"><DataArray type=\"Float32\" Name=\"v\" NumberOfComponents=\"2\" ";
    for text in [bytes.to_vec(), [head, bytes].concat()] {
        if std::fs::write(&path, &text).is_err() {
            return;
        }
        if let Ok(field) = xray_io::read_vti(&path) {
            assert_eq!(field.u.dim(), field.v.dim());
            assert!(field.u.len() <= text.len());
        }
        if let Ok(field) = xray_io::read_flo(&path) {
            assert!(field.u.len() <= text.len());
        }
    }
});
