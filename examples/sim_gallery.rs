//! Simulated radiographs: a keyhole cycle, a pinch-off, an Al6061 track, a spot pulse, and the truth of the first.
//!
//! What is seen: frames as a detector counts them, and the speed of the liquid that no detector shows. All data are
//! generated; takes some seconds. Output: `target/figures/sim_gallery/`.

use std::error::Error;
use std::fs;
use std::path::Path;

use meltpool_plot::{Axis, Colormap, Contrast, Figure, PanelFigure, RadiographFigure, Theme};
use meltpool_sim::{PulseModel, preset};
use ndarray::Array2;

/// A frame over its flat field, as a figure of its own size.
fn figure(image: &Array2<f32>, pixel_um: f64, label: &str) -> RadiographFigure {
    RadiographFigure::new(image, pixel_um, Axis::dimensionless(label))
        .contrast(Contrast::Percentile {
            low: 0.5,
            high: 99.5,
        })
        .scale_bar_um(100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("target/figures/sim_gallery");
    fs::create_dir_all(folder)?;

    let cycle = preset::scan_cycle(512, 512)
        .n_frames(16)
        .map_detector(|_| meltpool_sim::Detector::new(20_000.0))
        .plan()?;
    let pinch = preset::pinch_off().plan()?;
    let track = preset::gan_movie(8, 1)?.plan()?;
    let spot = preset::spot148(256, &PulseModel::calibrated(), 1)?;

    let mut images = Vec::new();
    for (plan, frame) in [(&cycle, 12), (&pinch, 20), (&track, track.n_frames() / 2)] {
        let flat = plan.recorded_flat();
        let counts = plan.frame(frame)?.mapv(f32::from);
        let open = (&flat - 20.0).mapv(|open| open.max(1.0));
        // the plate only: air would take up the gray scale
        let image = (&counts - 20.0) / open;
        images.push(image.slice(ndarray::s![80.., ..]).to_owned());
    }
    let field = cycle.velocity_field(12)?;
    let scale = cycle.camera().meters_per_second() as f32;
    let speed = ndarray::Zip::from(&field.u)
        .and(&field.v)
        .map_collect(|u, v| scale * u.hypot(*v));
    let fastest = speed.iter().copied().fold(0.0_f32, f32::max);
    assert!((7.0..7.6).contains(&fastest), "{fastest}");

    let page = PanelFigure::new(2)
        .panel(figure(&images[0], 1.0, "cycle"))
        .panel(
            RadiographFigure::new(&speed, 1.0, Axis::new("speed", "m/s"))
                .colormap(Colormap::Cividis)
                .scale_bar_um(100.0),
        )
        .panel(figure(&images[1], 1.0, "pinch-off"))
        .panel(figure(&images[2], 1.98, "movie 8"))
        .panel(figure(&spot.image(90)?, 676.0 / 256.0, "spot"))
        .theme(Theme::page().height_mm(200.0));
    for (name, bytes) in [
        ("gallery.png", page.to_png()?),
        ("gallery.svg", page.to_svg()?.into_bytes()),
    ] {
        fs::write(folder.join(name), bytes)?;
        println!("wrote {}", folder.join(name).display());
    }
    let depth = cycle.keyhole_geometry(12)?.depth_um;
    let rows =
        format!("quantity,value\nscan_cycle_depth_um,{depth:.3}\nlargest_speed_m_s,{fastest:.3}\n");
    fs::write(folder.join("gallery.csv"), rows)?;
    println!(
        r#"{{"largest_speed_m_s": {fastest:.3}, "scan_cycle_depth_um": {depth:.3}, "gan_movie_8_frames": {}}}"#,
        track.n_frames()
    );
    Ok(())
}
