//! The depth of a slot in a frame of contrast.
use meltpool_morphology::{EdgeShape, KeyholeFinder, KeyholeGauge, PixelSize};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let contrast = ndarray::Array2::from_shape_fn((100, 120), |(y, x)| {
        let inside = (10..70).contains(&y) && (50..70).contains(&x);
        (if inside { 0.2_f32 } else { 0.0 }) + 0.002 * ((7 * x + 5 * y) % 11) as f32
    });
    let gauge = KeyholeGauge::new(PixelSize::from_micrometers(1.0)?);
    let sighting = KeyholeFinder::new(gauge, 9.5).edge(EdgeShape::Step, 0.0).apply(&contrast.view())?;
    assert!((sighting.keyhole().ok_or("no keyhole")?.geometry.depth_um - 60.0).abs() < 0.5);
    Ok(())
}
