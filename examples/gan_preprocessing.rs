//! The image processing of Gan et al.'s supplement (Nat. Commun. 12, 2379, 2021) on a simulated track: divide the stack by
//! itself delayed by one frame, Despeckle, stretch the contrast for display.
//!
//! What is seen: a raw frame, in which the structure of the beam and of the plate hides the keyhole, and the slice of the
//! same moment after each step; what does not move is gone. All frames are simulated, with the settings of movie 8 of the
//! supplement (520 W, 0.6 m/s, 50 kHz). The supplement prints no equations: the slices are f(k-1)/f(k). Takes some
//! seconds. Output: `target/figures/gan_preprocessing/`.

use std::error::Error;
use std::fs;
use std::path::Path;

use meltpool_plot::{Axis, Figure, PanelFigure, RadiographFigure, Theme};
use meltpool_sim::preset;
use ndarray::{Array2, Array3, ArrayView2, Axis as Along};
use xray_io::{
    Despeckle, DivideDelayed, FrameRate, ImageSequence, Metadata, PixelSize, SequenceReader,
    SequenceReaderExt, Stretch, TimeOf,
};

/// Standard deviation over the mean: how strong the structure of a region is.
fn structure(region: &ArrayView2<'_, f32>) -> f64 {
    let values = || region.iter().map(|value| f64::from(*value));
    let n = region.len() as f64;
    let mean = values().sum::<f64>() / n;
    (values().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt() / mean
}

fn panel(image: &Array2<f32>, pixel_um: f64, label: &str) -> RadiographFigure {
    RadiographFigure::new(image, pixel_um, Axis::dimensionless(label)).scale_bar_um(100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("target/figures/gan_preprocessing");
    fs::create_dir_all(folder)?;

    let plan = preset::gan_movie(8, 1)?.plan()?;
    let (camera, middle) = (plan.camera(), plan.n_frames() / 2);
    let (first, n) = (middle.saturating_sub(4), 8.min(plan.n_frames()));
    let (rows, columns) = camera.shape();
    let mut frames = Array3::zeros((n, rows, columns));
    for (i, mut frame) in frames.axis_iter_mut(Along(0)).enumerate() {
        frame.assign(&plan.frame(first + i)?.mapv(f32::from));
    }
    let pixel_um = camera.pixel_size_um();
    let metadata = Metadata::new()
        .with_frame_rate(FrameRate::from_hertz(camera.frame_rate_hz())?)
        .with_pixel_size(PixelSize::from_micrometers(pixel_um)?);
    let sequence = ImageSequence::new(frames)?.with_metadata(metadata)?;

    // The steps of the supplement. Nothing is computed before a frame is asked for.
    let ratio = (&sequence).correct(&DivideDelayed::new(1).time_of(TimeOf::Later))?;
    let clean = (&ratio).correct(&Despeckle::new())?;
    let shown = (&clean).correct(&Stretch::new(0.5, 99.5))?;
    assert_eq!(
        ratio.n_frames(),
        sequence.n_frames() + 1,
        "one slice more than frames"
    );

    let slice = 4;
    let raw = sequence.frame(slice).to_owned();
    let (divided, despeckled) = (ratio.read_frame_f32(slice)?, clean.read_frame_f32(slice)?);
    // The plate below the pool, where nothing moves.
    let quiet = ndarray::s![rows * 3 / 4.., ..];
    let before = structure(&raw.slice(quiet));
    let after = structure(&despeckled.slice(quiet));
    println!(
        "structure of the quiet plate: {before:.4} raw, {after:.4} after division and Despeckle"
    );
    assert!(after < 0.5 * before, "what does not move must go");

    // The keyhole stands out where it came to and where it left.
    let (here, left) = (
        plan.keyhole_mask(first + slice)?,
        plan.keyhole_mask(first + slice - 1)?,
    );
    let mean_where = |mask: &dyn Fn(usize, usize) -> bool| {
        let inside: Vec<f64> = despeckled
            .indexed_iter()
            .filter(|((r, c), _)| mask(*r, *c))
            .map(|(_, value)| f64::from(*value))
            .collect();
        (
            inside.iter().sum::<f64>() / inside.len() as f64,
            inside.len(),
        )
    };
    let (came_to, n_new) = mean_where(&|r, c| here[[r, c]] && !left[[r, c]]);
    let (left_behind, n_old) = mean_where(&|r, c| left[[r, c]] && !here[[r, c]]);
    println!(
        "mean ratio {came_to:.4} in {n_new} pixels the keyhole came to, {left_behind:.4} in {n_old} it left"
    );
    assert!(came_to < 1.0 && left_behind > 1.0, "earlier over later");
    let contrast_to_noise = (left_behind - came_to) / after;

    let page = PanelFigure::new(2)
        .panel(panel(&raw, pixel_um, "counts"))
        .panel(panel(&divided, pixel_um, "f(k-1)/f(k)"))
        .panel(panel(&despeckled, pixel_um, "despeckled"))
        .panel(panel(&shown.read_frame_f32(slice)?, pixel_um, "stretched"))
        .theme(Theme::page().height_mm(170.0));
    for (name, bytes) in [
        ("gan_preprocessing.png", page.to_png()?),
        ("gan_preprocessing.svg", page.to_svg()?.into_bytes()),
    ] {
        fs::write(folder.join(name), bytes)?;
        println!("wrote {}", folder.join(name).display());
    }
    let time = ratio.time_axis().start(slice).ok_or("a time axis")?;
    let table = format!(
        "quantity,value\nstructure_raw,{before:.6}\nstructure_after,{after:.6}\nratio_came_to,{came_to:.6}\nratio_left,{left_behind:.6}\n"
    );
    fs::write(folder.join("gan_preprocessing.csv"), table)?;
    println!(
        r#"{{"slices": {}, "slice_time_s": {time:.6e}, "structure_raw": {before:.4}, "structure_after": {after:.4}, "contrast_to_noise": {contrast_to_noise:.2}}}"#,
        ratio.n_frames()
    );
    Ok(())
}
