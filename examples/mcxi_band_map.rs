//! Which frequencies move where: four bands in one pass, and the centroid frequency, on a simulated keyhole cycle at 1.087 MHz.
//!
//! What is seen: the keyhole wall in all bands, the liquid in the lower ones, each a 100 µm bar; pixels whose band power is not above the noise
//! floor are shown as 0 kHz. `--input STACK --pixel-um X --rate-hz Y` takes own frames (a rectangle of plate at the lower left is then
//! taken for still). Some 10 s. Output: `target/figures/mcxi_band_map/`.

use mcxi::{Band, FrameRate, Measure, MotionDetector, MoveContrast, Normalization};
use meltpool_plot::{Axis, Colormap, PanelFigure, Theme};
use ndarray::Zip;
use serde_json::json;
use std::fmt::Write as _;

#[path = "support/motion.rs"]
mod motion;
use motion::{Outcome, own_frames, picture, rectangle, save, song_scene};

const BANDS: [(f64, f64); 4] = [(0.03, 0.08), (0.08, 0.15), (0.15, 0.3), (0.3, 0.47)];

fn main() -> Outcome<()> {
    let (absorbance, pixel_um, rate) = if let Some(own) = own_frames()? {
        let (_, n_rows, n_columns) = own.frames.dim();
        let still = rectangle(
            (n_rows, n_columns),
            3 * n_rows / 4..n_rows,
            0..n_columns / 3,
        );
        let absorbance = Normalization::new()
            .gain_region(still)
            .absorbance(true)
            .apply(&own.frames.view())?;
        (absorbance, own.pixel_um, own.rate)
    } else {
        println!("frames: simulated (scan_cycle, 20000 photons)");
        (
            song_scene(2e4, 32, 1)?.absorbance,
            1.0,
            FrameRate::from_hertz(1.087e6)?,
        )
    };
    let contrast = MoveContrast::new(rate)
        .bands(BANDS.map(|(low, high)| Band::from_fraction(low, high)))
        .measures([Measure::Rms, Measure::CentroidFrequency]);
    let images = contrast.images(&absorbance.view())?;
    let wide = MoveContrast::new(rate)
        .band(Band::from_fraction(0.03, 0.25))
        .measure(Measure::CentroidFrequency)
        .image(&absorbance.view())?;
    let detection = MotionDetector::new(
        rate,
        Band::from_fraction(0.09, 0.25),
        Band::from_fraction(0.32, 0.47),
    )
    .false_alarm_probability(1e-3)
    .apply(&absorbance.view())?;
    let kilohertz = Zip::from(&wide)
        .and(&detection.moving)
        .map_collect(|hertz, moving| if *moving { hertz / 1e3 } else { 0.0 });
    let mut page = PanelFigure::new(2);
    let mut table = "low_hz,high_hz,mean_rms\n".to_owned();
    let mut means = Vec::new();
    for pair in images.chunks(2) {
        let (low, high) = (
            pair[0].band.low_hz(rate) / 1e3,
            pair[0].band.high_hz(rate) / 1e3,
        );
        let image = &pair[0].image;
        let mean = image.iter().map(|v| f64::from(*v)).sum::<f64>() / image.len() as f64;
        writeln!(table, "{},{},{mean}", low * 1e3, high * 1e3)?;
        means.push(mean);
        let label = format!("{low:.0}–{high:.0} kHz RMS");
        page = page.panel(picture(
            image,
            pixel_um,
            Axis::dimensionless(label),
            Colormap::Cividis,
            100.0,
        ));
    }
    let known: Vec<f64> = kilohertz
        .iter()
        .filter(|f| **f > 0.0)
        .map(|f| f64::from(*f))
        .collect();
    let centroid = known.iter().sum::<f64>() / known.len() as f64;
    page = page.panel(picture(
        &kilohertz,
        pixel_um,
        Axis::new("centroid", "kHz"),
        Colormap::Cividis,
        100.0,
    ));
    let edges = [0.03, 0.25].map(|f| f * rate.hertz() / 1e3);
    assert!(
        (edges[0]..edges[1]).contains(&centroid),
        "a centroid lies in its band"
    );
    save(
        "mcxi_band_map",
        &page.theme(Theme::page().height_mm(250.0)),
        &table,
    )?;
    println!(
        "{}",
        json!({ "mean_rms": means, "centroid_khz": centroid, "moving_pixels": known.len() })
    );
    Ok(())
}
