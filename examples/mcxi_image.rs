//! One band image of any sequence.
//!
//! `-- STACK --band LO,HI [--window hann|hamming|blackman|rectangular] [--detrend -1|0|1|2] [--out FILE.npy]`: the band as fractions of the
//! frame rate. Without a stack it films a keyhole cycle and says so. The picture goes to `target/figures/mcxi_image/`; the last line is
//! JSON. Takes as long as reading the file.

use mcxi::{Band, Detrend, FrameRate, MoveContrast, Window};
use meltpool_plot::{Axis, Colormap, PanelFigure};
use ndarray::Axis as Dimension;
use serde_json::json;
use xray_io::{ImageSequence, SequenceReader, SequenceReaderExt};

#[path = "support/motion.rs"]
mod motion;
use motion::{Outcome, argument, picture, save, song_film};

fn main() -> Outcome<()> {
    let path = std::env::args()
        .nth(1)
        .filter(|text| !text.starts_with("--"));
    let (frames, pixel_um, source) = if let Some(path) = path {
        let reader = xray_io::open(&path)?;
        let pixel = reader
            .metadata()
            .calibration()
            .map(|c| c.pixel_size().micrometers());
        (reader.read_all()?.into_array(), pixel, path)
    } else {
        println!("no stack given: a simulated keyhole cycle");
        let film = song_film(20_000.0, 32, 1).plan()?.record()?;
        let frames = film.frames.mapv(f32::from);
        (frames, Some(1.0), "simulated".to_owned())
    };
    let band = argument("--band").unwrap_or_else(|| "0.03,0.25".to_owned());
    let (low, high) = band.split_once(',').ok_or("--band takes LO,HI")?;
    let window = match argument("--window").as_deref() {
        None | Some("hann") => Window::Hann,
        Some("hamming") => Window::Hamming,
        Some("blackman") => Window::Blackman,
        Some("rectangular" | "rect") => Window::Rectangular,
        Some(other) => return Err(format!("no window {other}").into()),
    };
    let detrend = match argument("--detrend").as_deref() {
        Some("-1") => Detrend::None,
        Some("0") => Detrend::Mean,
        None | Some("1") => Detrend::Linear,
        Some("2") => Detrend::Quadratic,
        Some(other) => return Err(format!("no trend of order {other}").into()),
    };
    let image = MoveContrast::new(FrameRate::from_hertz(1.0)?)
        .band(Band::from_fraction(
            low.trim().parse()?,
            high.trim().parse()?,
        ))
        .window(window)
        .detrend(detrend)
        .image(&frames.view())?;
    let mean = image.iter().map(|v| f64::from(*v)).sum::<f64>() / image.len() as f64;
    assert!(mean >= 0.0, "a root of powers");
    // without a known pixel size the bar counts pixels, and the label says so
    let unit = if pixel_um.is_some() {
        "counts"
    } else {
        "counts, bar in px"
    };
    let axis = Axis::new("band RMS", unit);
    let page = PanelFigure::new(1).panel(picture(
        &image,
        pixel_um.unwrap_or(1.0),
        axis,
        Colormap::Cividis,
        100.0,
    ));
    save(
        "mcxi_image",
        &page,
        &format!("quantity,value\nmean_rms,{mean}\n"),
    )?;
    if let Some(path) = argument("--out") {
        let one = image.clone().insert_axis(Dimension(0));
        xray_io::write_npy(&path, &ImageSequence::new(one)?)?;
        println!("wrote {path}");
    }
    let rows =
        json!({ "source": source, "frames": frames.dim().0, "band": band, "mean_rms": mean });
    println!("{rows}");
    Ok(())
}
