//! Several of them by one name.
use meltpool::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = Table::parse("P [W],V [mm/s]\n150,400\n200,500\n")?;
    assert_eq!(table.column("V")?, [0.4, 0.5]);
    let frames = meltpool::ndarray::Array3::<f32>::ones((4, 8, 8));
    assert_eq!(ImageSequence::new(frames)?.n_frames(), 4);
    assert!(FrameRate::from_kilohertz(50.0)?.hertz() > 49_999.0);
    Ok(())
}
