//! A stack of frames to TIFF and back, with its calibration.
use xray_io::{FrameRate, ImageSequence, Metadata, PixelSize, SequenceReader, SequenceReaderExt, TiffWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metadata = Metadata::new().with_frame_rate(FrameRate::from_kilohertz(50.0)?).with_pixel_size(PixelSize::from_micrometers(2.0)?);
    let frames = ndarray::Array3::from_shape_fn((3, 8, 8), |(t, y, x)| (64 * t + 8 * y + x) as f32);
    let path = std::env::temp_dir().join(format!("outside_{}.tif", std::process::id()));
    TiffWriter::new().write(&path, &ImageSequence::new(frames.clone())?.with_metadata(metadata)?)?;
    let reader = xray_io::open(&path)?;
    assert!(reader.metadata().calibration().is_some());
    assert_eq!(reader.read_all()?.into_array(), frames);
    Ok(std::fs::remove_file(path)?)
}
