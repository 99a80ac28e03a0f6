//! The motion between two frames.
use optical_flow::{FlowEstimator, HornSchunck, Image};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wave = |y: f32, x: f32| 500.0 + 80.0 * (0.3 * x + 0.2 * y).sin() + 80.0 * (0.25 * y - 0.3 * x).cos();
    let [a, b] = [0.0_f32, 1.0].map(|by| ndarray::Array2::from_shape_fn((48, 48), |(y, x)| wave(y as f32, x as f32 - by)));
    let (first, second) = Image::pair(&a.view(), &b.view())?;
    let flow = HornSchunck::new().estimate(&first, &second)?.flow;
    assert!((flow.u[[24, 24]] - 1.0).abs() < 0.05);
    Ok(())
}
