//! The drift of the keyhole in real frames, which are not in the repository.

#[path = "../examples/support/drift.rs"]
#[expect(dead_code, reason = "columns and threshold are for the figure")]
mod drift;

use std::error::Error;
use std::path::PathBuf;

use drift::drift;
use mcxi::gaussian;
use ndarray::Array3;
use xray_io::SequenceReaderExt;

#[test]
fn is_found_in_real_frames() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = std::env::var_os("MELTPOOL_TEST_DATA").map_or_else(
        || vec![root.join("shared/data"), root.join("../shared/data")],
        |folder| vec![PathBuf::from(folder)],
    );
    let name = "mcxi/aps_ti64_P200_v0.5_frames0230-0261.tif";
    let Some(path) = folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
    else {
        println!("SKIPPED: no {name} in MELTPOOL_TEST_DATA or shared/data");
        return Ok(());
    };
    let frames = xray_io::open(path)?.read_all()?.into_array();
    let found = drift(&frames, 105..300, |image| {
        gaussian(image, 2.0).unwrap_or_else(|_| image.clone())
    })
    .ok_or("a frame without a keyhole")?;
    // 4.8 px/frame with a rest of 3.2 px by another program, its threshold chosen by eye
    approx::assert_relative_eq!(found.pixels_per_frame, 4.8, max_relative = 0.05);
    approx::assert_relative_eq!(found.rms, 3.2, max_relative = 0.1);
    Ok(())
}

#[test]
fn of_a_made_blob_is_that_of_the_blob() {
    let frames = Array3::from_shape_fn((16, 40, 120), |(k, y, x)| {
        let (dx, dy) = (x as f32 - 30.0 - 3.5 * k as f32, y as f32 - 20.0);
        let noise = ((y * 7919 + x * 104_729 + k * 31_337) % 101) as f32 / 101.0;
        if dx.hypot(dy) < 6.0 { 100.0 } else { noise }
    });
    let found = drift(&frames, 0..40, Clone::clone);
    let slope = found.map_or(f64::NAN, |found| found.pixels_per_frame);
    approx::assert_relative_eq!(slope, 3.5, max_relative = 1e-2);
}
