//! A frame and its truth, the same bits twice.
use meltpool_sim::preset;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan = preset::scan_cycle(256, 256).n_frames(3).seed(7).plan()?;
    assert_eq!(plan.frame(2)?, plan.record()?.frames.index_axis(ndarray::Axis(0), 2));
    assert!(plan.keyhole_geometry(2)?.depth_um > 100.0);
    Ok(())
}
