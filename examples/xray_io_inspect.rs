//! What is in a file of frames: format, shape, timing and where each value comes from, and the first frame as a picture.
//!
//! `cargo run --release --example xray_io_inspect -- PATH` takes any file or folder that `xray-io` reads; `PATH::NAME`
//! takes one array of a file of several, and `--raw ROWSxCOLUMNS:TYPE` (as `37x52:uint16`) a file without a header.
//! Without a path it inspects a generated stack and says so. The picture goes to `target/figures/xray_io_inspect/`. The
//! last line of output is JSON with the digest of the decoded pixels (little-endian, C order); for a damaged file it
//! holds the error, and the exit status is 1. Takes as long as reading the file.

use std::error::Error;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use meltpool_plot::{Axis, Figure, RadiographFigure};
use ndarray::{Array2, Array3};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use xray_io::{
    ImageSequence, Metadata, Opener, PixelSize, PixelType, RawDescription, SequenceReader,
    SequenceReaderExt, TiffWriter, TimeAxis,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const FOLDER: &str = "target/figures/xray_io_inspect";

fn main() -> ExitCode {
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(source) = cause {
                text.push_str(": ");
                text.push_str(&source.to_string());
                cause = source.source();
            }
            println!("{}", json!({ "error": text }));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<Value> {
    fs::create_dir_all(FOLDER)?;
    let mut arguments = std::env::args().skip(1);
    let (mut opener, mut path) = (Opener::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--raw" => {
                opener = opener.raw(description(
                    &arguments.next().ok_or("--raw needs a description")?,
                )?);
            }
            "--quick" => {}
            _ => path = Some(argument),
        }
    }
    let path = match path {
        Some(path) => path,
        None => generated()?,
    };
    let file = match path.rsplit_once("::") {
        Some((file, dataset)) if !Path::new(&path).exists() => {
            opener = opener.dataset(dataset);
            file
        }
        _ => &path,
    };
    let reader = opener.open(file)?;
    describe(&reader);
    let (sum, digest) = pixels(&reader)?;
    println!("picture: {}", picture(&reader)?.display());
    let shape = reader.shape();
    let axis = reader.time_axis();
    Ok(json!({
        "format": reader.format(),
        "shape": [shape.n_frames, shape.n_rows, shape.n_columns],
        "dtype": reader.pixel_type().name(),
        "sum": sum,
        "sha256": digest,
        "frame_interval_s": axis.interval(),
        "exposure_s": axis.exposure(0),
        "trigger_frame": reader.metadata().trigger_frame.as_ref().map(|frame| frame.value),
    }))
}

/// Rows, columns and type as in `37x52:uint16`.
fn description(text: &str) -> Outcome<RawDescription> {
    let wrong = || format!("{text:?} is no description such as 37x52:uint16");
    let (size, name) = text.split_once(':').ok_or_else(wrong)?;
    let (rows, columns) = size.split_once('x').ok_or_else(wrong)?;
    let types = [
        PixelType::U8,
        PixelType::U16,
        PixelType::U32,
        PixelType::I8,
        PixelType::I16,
        PixelType::I32,
        PixelType::F16,
        PixelType::F32,
        PixelType::F64,
    ];
    let pixel_type = types
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or_else(wrong)?;
    Ok(RawDescription::new(
        rows.parse()?,
        columns.parse()?,
        pixel_type,
    ))
}

/// A stack of a bright spot that moves, for a run without a path.
fn generated() -> Outcome<String> {
    println!("no path given: the stack is generated");
    let frames = Array3::from_shape_fn((16, 48, 64), |(t, row, column)| {
        let (x, y) = (column as f32 - 10.0 - 2.5 * t as f32, row as f32 - 24.0);
        1000.0 + 800.0 * (-(x * x + y * y) / 30.0).exp()
    });
    let sequence = ImageSequence::new(frames)?
        .with_metadata(Metadata::new().with_pixel_size(PixelSize::from_micrometers(1.93)?))?
        .with_time_axis(TimeAxis::uniform(0.0, 20e-6)?)?;
    let path = format!("{FOLDER}/generated.tif");
    TiffWriter::new().write(&path, &sequence)?;
    Ok(path)
}

fn describe(reader: &dyn SequenceReader) {
    let shape = reader.shape();
    println!("{}: {}", reader.path().display(), reader.format());
    println!(
        "{} frames of {} rows and {} columns, {}",
        shape.n_frames,
        shape.n_rows,
        shape.n_columns,
        reader.pixel_type()
    );
    match reader.time_axis().interval() {
        Some(dt) => println!(
            "every {:.6} µs from {:.6} µs",
            dt * 1e6,
            reader.time_axis().start(0).unwrap_or(0.0) * 1e6
        ),
        None => println!("time axis: {:?}", reader.time_axis().timing()),
    }
    for (name, value, origin) in reader.metadata().known() {
        println!("{name} = {value} ({origin})");
    }
    for note in &reader.metadata().notes {
        println!("note on {}: {}", note.subject, note.text);
    }
}

/// Sum and SHA-256 of all pixels, little-endian in C order.
fn pixels(reader: &dyn SequenceReader) -> Outcome<(Value, String)> {
    let pixel_type = reader.pixel_type();
    let size = pixel_type.bytes();
    let mut frame = vec![0; reader.shape().frame_bytes(pixel_type)];
    let (mut hash, mut whole, mut real) = (Sha256::new(), 0_i128, 0.0_f64);
    for number in 0..reader.shape().n_frames {
        reader.read_native_into(number, &mut frame)?;
        for pixel in frame.chunks_exact_mut(size) {
            if cfg!(target_endian = "big") {
                pixel.reverse();
            }
            let mut word = [0; 8];
            word[..size].copy_from_slice(pixel);
            let word = u64::from_le_bytes(word);
            let unused = 64 - 8 * size as u32;
            match pixel_type {
                PixelType::I8 | PixelType::I16 | PixelType::I32 | PixelType::I64 => {
                    whole +=
                        i128::from(i64::from_le_bytes((word << unused).to_le_bytes()) >> unused);
                }
                PixelType::F16 => real += f64::from(xray_io::f16_to_f32(word as u16)),
                PixelType::F32 => real += f64::from(f32::from_bits(word as u32)),
                PixelType::F64 => real += f64::from_bits(word),
                _ => whole += i128::from(word),
            }
        }
        hash.update(&frame);
    }
    let is_real = matches!(pixel_type, PixelType::F16 | PixelType::F32 | PixelType::F64);
    let digest = hash
        .finalize()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let sum = if is_real {
        json!(real)
    } else {
        i64::try_from(whole).map_or_else(|_| json!(whole as f64), |sum| json!(sum))
    };
    Ok((sum, digest))
}

/// The first frame: with a scale bar if the pixel size is known, else as it is.
fn picture(reader: &dyn SequenceReader) -> Outcome<PathBuf> {
    let frame = reader.read_frame_f32(0)?;
    let path = Path::new(FOLDER).join("first_frame.png");
    let drawn = reader.metadata().pixel_size.as_ref().and_then(|size| {
        let figure = RadiographFigure::new(
            &frame,
            size.value.micrometers(),
            Axis::dimensionless("stored value"),
        );
        figure.save_png(&path).ok()
    });
    if drawn.is_none() {
        plain_picture(&frame, &path)?;
    }
    Ok(path)
}

fn plain_picture(frame: &Array2<f32>, path: &Path) -> Outcome<()> {
    let finite = || frame.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (
        finite().fold(f32::INFINITY, f32::min),
        finite().fold(f32::NEG_INFINITY, f32::max),
    );
    let gray = frame
        .iter()
        .map(|value| (255.0 * (value - low) / (high - low).max(f32::MIN_POSITIVE)) as u8)
        .collect::<Vec<_>>();
    let mut encoder = png::Encoder::new(
        BufWriter::new(fs::File::create(path)?),
        frame.ncols() as u32,
        frame.nrows() as u32,
    );
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(&gray)?;
    Ok(())
}
