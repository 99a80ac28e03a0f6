//! Frames from one format to another, corrected on the way.
//!
//! `cargo run --release --example xray_io_convert -- FROM TO [STEP ...]` reads any file or folder that `xray-io` reads and
//! writes `TO` as TIFF (`.tif`, with ImageJ metadata), Data Exchange HDF5 (`.h5`) or NumPy (`.npy`). The steps, in the order given: `--flat-field`
//! (with the fields of the same file), `--minus-log`, `--divide-delayed LAG`, `--despeckle`, `--flicker`, `--rotate
//! DEGREES`, `--bin N`, `--bin-frames N`, `--resample ROWSxCOLUMNS`, `--normalize`, `--rate HERTZ` and `--pixel MICROMETERS`
//! for what the file does not say. `--salvage` keeps the whole frames of a damaged file. Without arguments it converts a
//! generated stack. The frames are computed one after another, so a file may be larger than the memory. The last line of
//! output is JSON.

use std::error::Error;
use std::fs;

use ndarray::Array3;
use serde_json::{Value, json};
use xray_io::{
    BinFrames, BinPixels, Correction, DataExchangeWriter, Despeckle, DivideDelayed, FlatField,
    Flicker, FrameRate, ImageSequence, MinusLog, Normalize, Opener, PixelSize, Resample, Role,
    Rotate, SequenceReader, SequenceReaderExt, TiffWriter, TimeAxis, write_npy,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/xray_io_convert";

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--quick")
        .collect();
    let (from, to, steps) = match &arguments[..] {
        [] => {
            let (from, to) = generated()?;
            let steps = ["--despeckle", "--divide-delayed", "1"].map(str::to_owned);
            (from, to, steps.to_vec())
        }
        [from, to, steps @ ..] => (from.clone(), to.clone(), steps.to_vec()),
        [_] => return Err("give FROM and TO".into()),
    };
    println!("{}", convert(&from, &to, &steps)?);
    Ok(())
}

fn convert(from: &str, to: &str, steps: &[String]) -> Outcome<Value> {
    let mut opener = Opener::new();
    let (mut corrections, mut salvages): (Vec<Box<dyn Correction>>, bool) = (Vec::new(), false);
    let mut steps = steps.iter();
    while let Some(step) = steps.next() {
        let mut value = || steps.next().ok_or(format!("{step} needs a value"));
        match step.as_str() {
            "--flat-field" => {
                let fields = |role| Opener::new().role(role).open(from);
                corrections.push(Box::new(FlatField::from_readers(
                    &fields(Role::Flat)?,
                    &fields(Role::Dark)?,
                )?));
            }
            "--minus-log" => corrections.push(Box::new(MinusLog::new())),
            "--divide-delayed" => corrections.push(Box::new(DivideDelayed::new(value()?.parse()?))),
            "--despeckle" => corrections.push(Box::new(Despeckle::new())),
            "--flicker" => corrections.push(Box::new(Flicker::new())),
            "--rotate" => corrections.push(Box::new(Rotate::degrees(value()?.parse()?))),
            "--bin" => corrections.push(Box::new(BinPixels::new(value()?.parse()?))),
            "--bin-frames" => corrections.push(Box::new(BinFrames::new(value()?.parse()?))),
            "--resample" => {
                let size = value()?;
                let (rows, columns) = size.split_once('x').ok_or("such as 128x128")?;
                corrections.push(Box::new(Resample::to(rows.parse()?, columns.parse()?)));
            }
            "--normalize" => corrections.push(Box::new(Normalize::new())),
            "--rate" => opener = opener.frame_rate(FrameRate::from_hertz(value()?.parse()?)?),
            "--pixel" => {
                opener = opener.pixel_size(PixelSize::from_micrometers(value()?.parse()?)?);
            }
            "--salvage" => salvages = true,
            other => return Err(format!("no step {other}").into()),
        }
    }
    let mut reader: Box<dyn SequenceReader> = if salvages {
        let salvage = opener.salvage(from)?;
        for fault in salvage.faults() {
            println!("left out: {fault}");
        }
        Box::new(salvage.into_reader())
    } else {
        opener.open(from)?
    };
    for correction in &corrections {
        reader = Box::new(reader.correct(correction.as_ref())?);
    }
    match to.to_ascii_lowercase().rsplit('.').next() {
        Some("npy") => write_npy(to, &reader)?,
        Some("h5" | "hdf5") => DataExchangeWriter::new().write(to, &reader)?,
        Some("tif" | "tiff") => TiffWriter::new().write(to, &reader)?,
        _ => return Err(format!("{to} must end in .tif, .h5 or .npy").into()),
    }
    // What was written is read back and compared with what was meant.
    let written = xray_io::open(to)?;
    assert_eq!(written.shape(), reader.shape());
    let last = reader.shape().n_frames - 1;
    let (meant, found) = (reader.read_frame_f32(last)?, written.read_frame_f32(last)?);
    let is_same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
    assert!(meant.iter().zip(&found).all(is_same));
    let shape = written.shape();
    println!("wrote {to}");
    Ok(json!({
        "from": from,
        "format": reader.format(),
        "to": to,
        "shape": [shape.n_frames, shape.n_rows, shape.n_columns],
        "dtype": written.pixel_type().name(),
        "steps": corrections.len(),
        "frame_interval_s": reader.time_axis().interval(),
    }))
}

/// A bright spot that moves, written as a stack.
fn generated() -> Outcome<(String, String)> {
    println!("no paths given: the frames are generated");
    fs::create_dir_all(FOLDER)?;
    let frames = Array3::from_shape_fn((24, 64, 96), |(t, row, column)| {
        let (x, y) = (column as f32 - 12.0 - 3.0 * t as f32, row as f32 - 32.0);
        1000.0 + 700.0 * (-(x * x + y * y) / 40.0).exp()
    });
    let sequence = ImageSequence::new(frames)?.with_time_axis(TimeAxis::uniform(0.0, 20e-6)?)?;
    let (from, to) = (
        format!("{FOLDER}/frames.tif"),
        format!("{FOLDER}/ratio.tif"),
    );
    TiffWriter::new().write(&from, &sequence)?;
    Ok((from, to))
}
