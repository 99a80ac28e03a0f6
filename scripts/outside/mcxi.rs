//! What moves in a film.
use mcxi::{Band, FrameRate, MoveContrast};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames = ndarray::Array3::from_shape_fn((32, 8, 16), |(n, y, x)| {
        1000.0_f32 + (37 * x + 61 * y) as f32 + if x < 8 { 20.0 * (0.9 * n as f32).sin() } else { 0.0 }
    });
    let image = MoveContrast::new(FrameRate::from_hertz(1e6)?).band(Band::from_fraction(0.05, 0.25)).image(&frames.view())?;
    assert!(image[[4, 4]] > 100.0 * image[[4, 12]]);
    Ok(())
}
