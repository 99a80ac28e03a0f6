//! A keyhole that sweeps through synchrotron radiographs: one frame, motion contrast, and what a frequency filter is worth here.
//!
//! By default the 32 public Ti-6Al-4V frames (200 W, 0.5 m/s; pixel 1.93 µm and 49.6 kHz are nominal) of `mcxi/` in the folder
//! named by `MELTPOOL_TEST_DATA`, else `shared/data`; where they are absent, the preset `aps_like` of the simulator, and the output says so.
//! `--input STACK [--pixel-um X --rate-hz Y]` takes another stack of the same layout. About 10 s. Output: `target/figures/aps_keyhole/`.

use std::fmt::Write as _;
use std::path::PathBuf;

use mcxi::{
    Band, ContrastToNoise, FrameRate, MotionDetector, MoveContrast, Normalization, Window, auc,
    rival,
};
use meltpool_plot::{Axis, Colormap, PanelFigure, Theme};
use meltpool_sim::preset;
use ndarray::{Array2, Array3};
use serde_json::json;
use xray_io::SequenceReaderExt;

#[path = "support/motion.rs"]
mod motion;
use motion::{Outcome, argument, frame, picture, rectangle, save, smoothed};

const STACK: &str = "mcxi/aps_ti64_P200_v0.5_frames0230-0261.tif";

fn frames() -> Outcome<(Array3<f32>, &'static str)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = std::env::var_os("MELTPOOL_TEST_DATA").map_or_else(
        || vec![root.join("shared/data"), root.join("../shared/data")],
        |folder| vec![PathBuf::from(folder)],
    );
    if let Some(path) = argument("--input") {
        return Ok((xray_io::open(path)?.read_all()?.into_array(), "own frames"));
    }
    if let Some(path) = folders
        .iter()
        .map(|folder| folder.join(STACK))
        .find(|path| path.exists())
    {
        let frames = xray_io::open(path)?.read_all()?.into_array();
        return Ok((frames, "32 public synchrotron frames"));
    }
    let record = preset::aps_like().n_frames(32).plan()?.record()?;
    Ok((record.frames.mapv(f32::from), "simulated (aps_like)"))
}

/// False alarms over nominal in the static zone at 1e-1, 1e-2 and 1e-3: each of four frequencies by itself, as many tests as possible.
fn alarm_ratios(
    absorbance: &Array3<f32>,
    still: &Array2<bool>,
    rate: FrameRate,
) -> Outcome<Vec<f64>> {
    let n_still = still.iter().filter(|inside| **inside).count() as f64;
    let mut ratios = Vec::new();
    for nominal in [1e-1, 1e-2, 1e-3] {
        let mut alarms = 0;
        for bin in 4..8 {
            let at = f64::from(bin) / absorbance.dim().0 as f64;
            let (band, tail) = (Band::from_fraction(at, at), Band::from_fraction(0.28, 0.47));
            let found = MotionDetector::new(rate, band, tail)
                .false_alarm_probability(nominal)
                .apply(&absorbance.view())?;
            let inside = found.moving.iter().zip(still);
            alarms += inside.filter(|(moving, still)| **moving && **still).count();
        }
        ratios.push(alarms as f64 / (4.0 * n_still) / nominal);
    }
    Ok(ratios)
}

fn main() -> Outcome<()> {
    let (frames, source) = frames()?;
    println!("frames: {source}");
    let number = |name: &str, default: f64| argument(name).map_or(Ok(default), |text| text.parse());
    let pixel_um = number("--pixel-um", 1.93)?;
    let rate = FrameRate::from_hertz(number("--rate-hz", 49.6e3)?)?;
    let (_, n_rows, n_columns) = frames.dim();
    if n_rows < 380 || n_columns < 1000 {
        return Err("the zones of this example need 380 rows and 1000 columns".into());
    }
    let shape = (n_rows, n_columns);
    let still = rectangle(shape, 240..380, 700..1000);
    let swept = rectangle(shape, 95..150, 470..680);
    let absorbance = Normalization::new()
        .gain_region(rectangle(shape, 250..380, 0..n_columns))
        .absorbance(true)
        .apply(&frames.view())?;
    let view = absorbance.view();

    let contrast = MoveContrast::new(rate);
    let sharp = contrast.clone().window(Window::Rectangular);
    let one = frame(&absorbance, 24);
    let hann = contrast
        .clone()
        .band(Band::from_fraction(0.04, 0.25))
        .image(&view)?;
    let wiener = sharp.spectrum(&view)?.wiener_image(&still, 4.0)?;
    let images: Vec<(&str, Array2<f32>)> = vec![
        ("one frame", one),
        ("band 0.04-0.25, Hann", hann.clone()),
        ("band 0.04-0.25, Hann, 2 px", smoothed(&hann, 2.0)?),
        (
            "all frequencies, rectangular",
            sharp.clone().band(Band::all()).image(&view)?,
        ),
        ("weights, rectangular, density at 4 px", wiener.clone()),
        ("weights, result at 2 px", smoothed(&wiener, 2.0)?),
        ("standard deviation", rival::temporal_std(&view)?),
        (
            "standard deviation, 2 px",
            smoothed(&rival::temporal_std(&view)?, 2.0)?,
        ),
    ];
    let mut table =
        "image,cnr_over_background,cnr_pooled,auc,signal_mean,background_mean,background_std\n"
            .to_owned();
    let mut numbers = Vec::new();
    for (name, image) in &images {
        let cnr = ContrastToNoise::new(image, &swept, &still)?;
        let area = auc(image, &swept, &still)?;
        println!(
            "{name:<32} CNR {:6.2}  AUC {area:.3}",
            cnr.over_background()
        );
        writeln!(
            table,
            "\"{name}\",{:.4},{:.4},{area:.5},{:.6},{:.6},{:.6}",
            cnr.over_background(),
            cnr.over_pooled(),
            cnr.signal_mean,
            cnr.background_mean,
            cnr.background_std
        )?;
        numbers.push((cnr.over_background(), area));
    }
    let ratios = alarm_ratios(&absorbance, &still, rate)?;
    println!("false alarms over nominal at 1e-1, 1e-2, 1e-3: {ratios:.3?}");
    assert!(
        numbers[1].0 > 10.0 * numbers[0].0,
        "motion contrast gains tenfold here"
    );

    let axis = |unit: &str| Axis::new(unit, "–");
    let panel = |i: usize, colormap| {
        picture(
            &images[i].1,
            pixel_um,
            axis(match i {
                0 => "−ln counts",
                1 => "RMS in the band",
                _ => "weighted RMS, 2 px",
            }),
            colormap,
            200.0,
        )
    };
    let page = PanelFigure::new(1)
        .panel(panel(0, Colormap::Gray))
        .panel(panel(1, Colormap::Cividis))
        .panel(panel(5, Colormap::Cividis))
        .theme(Theme::page().height_mm(220.0));
    save("aps_keyhole", &page, &table)?;
    println!(
        "{}",
        json!({
            "frames": source, "cnr_frame": numbers[0].0, "auc_frame": numbers[0].1, "cnr_motion": numbers[1].0, "auc_motion": numbers[1].1,
            "cnr_weights_2px": numbers[5].0, "auc_weights_2px": numbers[5].1, "auc_weights": numbers[4].1, "auc_std_2px": numbers[7].1,
            "false_alarm_ratio": ratios[1], "false_alarm_ratios": ratios
        })
    );
    Ok(())
}
