//! A figure in both formats.
use meltpool_plot::{Axis, Figure, ScatterFigure, Series};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let figure = ScatterFigure::new(Axis::new("power", "W"), Axis::new("depth", "µm"))
        .series(Series::new("measured", [150.0, 200.0, 250.0], [80.0, 121.0, 166.0]));
    assert_eq!(figure.to_png()?[1..4], *b"PNG");
    assert!(figure.to_svg()?.contains("depth"));
    Ok(())
}
