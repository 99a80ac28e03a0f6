//! The eleven Al6061 movies of Gan et al. (preprint to Nat. Commun. 12, 2379, 2021, captions of movies S1 to S11), simulated.
//!
//! What is seen: a keyhole that crosses the plate, deeper for more power and less speed. The settings are those of the captions; the
//! mean depths are the measured ones; all else in the frames is invented (the paper's own films are not public). The table
//! `settings.csv` has the settings, `contradictions.csv` where the supplement contradicts itself and the reading taken.
//! For each movie a stack `sN.tif` (ImageJ TIFF of 16 bits, with pixel size and frame interval) and a moving picture `sN.png` (animated
//! PNG, 2 x 2 pixels in one, over the flat field, bar of 100 µm). One minute and 400 MB; `--quick`: movies 3 and 10 only.
//! Output: `target/figures/gan_movies/`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use meltpool_plot::{Axis, Contrast, Figure, PanelFigure, RadiographFigure, Theme};
use meltpool_sim::{FilmPlan, Recording, preset};
use ndarray::{Array2, Array3, s};
use tiff::encoder::{Compression, DeflateLevel, Rational, TiffEncoder, colortype::Gray16};
use tiff::tags::{ResolutionUnit, Tag};
use xray_io::{SequenceReader, SequenceReaderExt};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Moving pictures show so many frames a second.
const SHOWN_PER_SECOND: u16 = 20;

/// What the supplement says twice, and what the films hold.
const CONTRADICTIONS: [[&str; 3]; 4] = [
    [
        "captions: stationary laser illumination; the same captions: scan speed 0.3 to 1.2 m/s",
        "the beam scans",
        "a stationary beam has no scan speed",
    ],
    [
        "captions: 1.98 um a pixel; methods: 1.93 um",
        "1.98 um",
        "the caption names the film",
    ],
    [
        "methods: Al6061 samples 0.75 mm thick; two sentences later: lit top surface 1 mm wide",
        "0.75 mm",
        "stated of the sample",
    ],
    [
        "heading: stationary and scanning; all eleven captions have a scan speed",
        "all scan",
        "no caption has none",
    ],
];

fn write_stack(path: &Path, record: &Recording, plan: &FilmPlan) -> Outcome<()> {
    let camera = plan.camera();
    let (n, rows, columns) = record.frames.dim();
    let description = format!(
        "ImageJ=1.54f\nimages={n}\nframes={n}\nunit=um\nfinterval={:e}\ntunit=s\n",
        1.0 / camera.frame_rate_hz()
    );
    // pixels a micrometer, to six digits
    let per_um = Rational {
        n: 1_000_000,
        d: (camera.pixel_size_um() * 1e6).round() as u32,
    };
    let mut encoder = TiffEncoder::new(BufWriter::new(File::create(path)?))?
        .with_compression(Compression::Deflate(DeflateLevel::Fast));
    for frame in record.frames.outer_iter() {
        let mut image = encoder.new_image::<Gray16>(columns as u32, rows as u32)?;
        image
            .encoder()
            .write_tag(Tag::ImageDescription, description.as_str())?;
        image.x_resolution(per_um.clone());
        image.y_resolution(per_um.clone());
        image.resolution_unit(ResolutionUnit::None);
        image.write_data(frame.as_slice().ok_or("frames are contiguous")?)?;
    }
    Ok(())
}

/// Frames over the flat field, 2 x 2 pixels in one.
fn small(record: &Recording) -> Array3<f32> {
    let (n, rows, columns) = record.frames.dim();
    let dark = record.dark as f32;
    Array3::from_shape_fn((n, rows / 2, columns / 2), |(n, y, x)| {
        let part = |image: &dyn Fn(usize, usize) -> f32| -> f32 {
            [(0, 0), (0, 1), (1, 0), (1, 1)]
                .iter()
                .map(|(i, j)| image(2 * y + i, 2 * x + j) - dark)
                .sum()
        };
        let light = part(&|y, x| f32::from(record.frames[[n, y, x]]));
        light / part(&|y, x| record.flat[[y, x]]).max(1.0)
    })
}

fn write_moving(path: &Path, frames: &Array3<f32>, pixel_um: f64) -> Outcome<()> {
    let (n, rows, columns) = frames.dim();
    // one gray scale for the movie, from the plate alone
    let mut plate: Vec<f32> = frames
        .slice(s![..;8, rows / 8.., ..])
        .iter()
        .copied()
        .collect();
    plate.sort_unstable_by(f32::total_cmp);
    let (low, high) = (
        plate[plate.len() / 200],
        plate[plate.len() - 1 - plate.len() / 200],
    );
    let bar = (100.0 / pixel_um).round() as usize;
    let mut encoder = png::Encoder::new(
        BufWriter::new(File::create(path)?),
        columns as u32,
        rows as u32,
    );
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(n as u32, 0)?;
    encoder.set_frame_delay(1, SHOWN_PER_SECOND)?;
    let mut writer = encoder.write_header()?;
    for frame in frames.outer_iter() {
        let mut gray = frame.mapv(|v| ((v - low) / (high - low) * 255.0).clamp(0.0, 255.0) as u8);
        gray.slice_mut(s![rows - 12..rows - 7, columns - 10 - bar..columns - 8])
            .fill(0);
        gray.slice_mut(s![rows - 11..rows - 8, columns - 9 - bar..columns - 9])
            .fill(255);
        writer.write_image_data(gray.as_slice().ok_or("pictures are contiguous")?)?;
    }
    Ok(writer.finish()?)
}

/// Both files read back: every count, pixel size, interval, and the number of pictures.
fn check(stack: &Path, moving: &Path, record: &Recording, plan: &FilmPlan) -> Outcome<()> {
    let reader = xray_io::open(stack)?;
    let calibration = reader
        .metadata()
        .calibration()
        .ok_or("no pixel size or no frame rate")?;
    let rate = calibration.frame_rate().hertz();
    let pixel = calibration.pixel_size().micrometers();
    assert!(
        (rate / plan.camera().frame_rate_hz() - 1.0).abs() < 1e-9,
        "{rate}"
    );
    assert!(
        (pixel / plan.camera().pixel_size_um() - 1.0).abs() < 1e-6,
        "{pixel}"
    );
    assert_eq!(
        reader.read_all()?.into_array(),
        record.frames.mapv(f32::from)
    );
    let decoder = png::Decoder::new(BufReader::new(File::open(moving)?)).read_info()?;
    let shown = decoder
        .info()
        .animation_control
        .map_or(0, |control| control.num_frames);
    assert_eq!(shown as usize, plan.n_frames());
    Ok(())
}

fn main() -> Outcome<()> {
    let folder = Path::new("target/figures/gan_movies");
    std::fs::create_dir_all(folder)?;
    let quick = std::env::args().any(|text| text == "--quick");
    let chosen: Vec<usize> = if quick {
        vec![3, 10]
    } else {
        (1..=11).collect()
    };
    let mut settings = "movie,power_w,speed_m_s,spot_um,measured_depth_um,simulated_mean_depth_um,frames,frame_rate_hz,pixel_um,exposure_us,thickness_mm\n".to_owned();
    let mut page = PanelFigure::new(2);
    let (mut all, mut worst) = (0, 0.0_f64);
    for number in chosen {
        let movie = preset::GAN_MOVIES[number - 1];
        let plan = preset::gan_movie(number, 1)?.plan()?;
        let n = plan.n_frames();
        let record = plan.record()?;
        let (stack, moving) = (
            folder.join(format!("s{number}.tif")),
            folder.join(format!("s{number}.png")),
        );
        write_stack(&stack, &record, &plan)?;
        let frames = small(&record);
        let pixel_um = 2.0 * movie.pixel_size_um;
        write_moving(&moving, &frames, pixel_um)?;
        check(&stack, &moving, &record, &plan)?;
        println!(
            "wrote {} and {}: {n} frames",
            stack.display(),
            moving.display()
        );
        let depths = (0..n)
            .map(|frame| Ok(plan.keyhole_geometry(frame)?.depth_um))
            .collect::<Outcome<Vec<f64>>>()?;
        let depth = depths.iter().sum::<f64>() / n as f64;
        // depths vary by 15 % from frame to frame
        let deviation = (depth / movie.depth_um - 1.0) / (0.15 / (n as f64).sqrt());
        assert!(
            deviation.abs() < 4.0,
            "movie {number}: {depth} against {}",
            movie.depth_um
        );
        (all, worst) = (all + n, worst.max(deviation.abs()));
        writeln!(
            settings,
            "S{number},{},{},{},{},{depth:.1},{n},{},{},{},{}",
            movie.power_w,
            movie.speed_m_s,
            movie.spot_um,
            movie.depth_um,
            movie.frame_rate_hz,
            movie.pixel_size_um,
            movie.exposure_us,
            movie.thickness_mm
        )?;
        let label = format!("S{number}");
        // the plate only: air would take up the gray scale
        let middle: Array2<f32> = frames.slice(s![n / 2, 26.., ..]).to_owned();
        page = page.panel(
            RadiographFigure::new(&middle, pixel_um, Axis::dimensionless(&label))
                .contrast(Contrast::Percentile {
                    low: 0.5,
                    high: 99.5,
                })
                .scale_bar_um(100.0),
        );
    }
    let rows = CONTRADICTIONS
        .map(|row| row.map(|text| format!("\"{text}\"")).join(","))
        .join("\n");
    std::fs::write(
        folder.join("contradictions.csv"),
        format!("supplement,taken,why\n{rows}\n"),
    )?;
    std::fs::write(folder.join("settings.csv"), settings)?;
    let page = page.theme(Theme::page().height_mm(if quick { 80.0 } else { 300.0 }));
    std::fs::write(folder.join("gan_movies.png"), page.to_png()?)?;
    std::fs::write(folder.join("gan_movies.svg"), page.to_svg()?)?;
    println!("wrote {}", folder.join("gan_movies.png").display());
    println!(
        "{}",
        serde_json::json!({ "movies": if quick { 2 } else { 11 }, "frames": all, "largest_deviation_of_mean_depth_sigma": worst, "data": "simulated" })
    );
    Ok(())
}
