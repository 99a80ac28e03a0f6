//! What the examples of optical flow share: pairs of frames with a known motion, pictures, time.
#![allow(dead_code, reason = "each example uses its part")]

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use meltpool_plot::{Axis, Colormap, Contrast, Figure, RadiographFigure};
use ndarray::Array2;
use optical_flow::{
    CrossCorrelation, Farneback, FlowEstimator, FlowField, HornSchunck, InverseSearch, LiuShen,
    LucasKanade, PreSmoothing, RobustFlow, TvL1,
};
use xray_io::SequenceReaderExt;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The value after `--NAME`.
pub fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|text| text != name);
    arguments.nth(1)
}

pub fn is_quick() -> bool {
    std::env::args().any(|text| text == "--quick")
}

/// An estimator by its name on the command line.
pub fn method(name: &str) -> Outcome<Box<dyn FlowEstimator>> {
    Ok(match name {
        "auto" | "hs" => Box::new(HornSchunck::new()),
        "fixed" => Box::new(
            HornSchunck::new()
                .alpha(0.1)
                .pre_smoothing(PreSmoothing::Gaussian(0.0)),
        ),
        "song" => Box::new(HornSchunck::song()),
        "median" => Box::new(
            HornSchunck::new()
                .alpha(0.02)
                .pre_smoothing(PreSmoothing::Gaussian(0.0))
                .warps(10)
                .median_radius(2)
                .update_limit(1.0),
        ),
        "robust" => Box::new(RobustFlow::new()),
        "non-local" => Box::new(RobustFlow::non_local()),
        "dis" => Box::new(InverseSearch::new()),
        "farneback" => Box::new(Farneback::new()),
        "lk" => Box::new(LucasKanade::new()),
        "tvl1" => Box::new(TvL1::new()),
        "piv" => Box::new(CrossCorrelation::new()),
        "liu-shen" => Box::new(LiuShen::new()),
        _ => return Err(format!("no method {name}").into()),
    })
}

/// A part of the folder of test data: `MELTPOOL_TEST_DATA`, else `shared/data` beside the checkout.
pub fn test_data(part: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folders = std::env::var_os("MELTPOOL_TEST_DATA").map_or_else(
        || vec![root.join("shared/data"), root.join("../shared/data")],
        |folder| vec![PathBuf::from(folder)],
    );
    folders
        .into_iter()
        .map(|folder| folder.join(part))
        .find(|path| path.exists())
}

/// An image as intensities from 0 to 1: gray or color PNG by its luminance, any other file by `xray-io`, scaled by its type.
pub fn read_image(path: &Path) -> Outcome<Array2<f32>> {
    let is_png = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("png"));
    if is_png {
        let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
        let mut pixels = vec![0; reader.output_buffer_size().ok_or("a huge image")?];
        let info = reader.next_frame(&mut pixels)?;
        if info.bit_depth == png::BitDepth::Eight && info.color_type != png::ColorType::Indexed {
            let n = info.color_type.samples();
            let value = |(y, x)| {
                let p = &pixels[(y * info.width as usize + x) * n..];
                let gray = if n < 3 {
                    f64::from(p[0])
                } else {
                    // rounded to counts, as most programs do
                    (0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]))
                        .round()
                };
                (gray / 255.0) as f32
            };
            let shape = (info.height as usize, info.width as usize);
            return Ok(Array2::from_shape_fn(shape, value));
        }
    }
    let reader = xray_io::open(path)?;
    let frame = reader.read_frame_f32(0)?;
    let white = match reader.pixel_type() {
        xray_io::PixelType::U8 => 255.0,
        xray_io::PixelType::U16 => 65_535.0,
        _ => 1.0,
    };
    Ok(frame.mapv(|value| value / white))
}

/// A pair of frames with its motion.
pub struct Pair {
    pub name: String,
    pub first: Array2<f32>,
    pub second: Array2<f32>,
    pub truth: FlowField,
    /// Where it is scored.
    pub mask: Option<Array2<bool>>,
}

/// The motion of the generated pairs in closed form, by the name of the folder.
fn closed_form(name: &str, shape: (usize, usize)) -> Option<FlowField> {
    if let Some(text) = name.strip_prefix("uniform_") {
        let d: f64 = text.strip_suffix("px")?.parse().ok()?;
        let a = 30.0_f64.to_radians();
        return Some(FlowField::uniform(
            shape,
            (d * a.cos()) as f32,
            (d * a.sin()) as f32,
        ));
    }
    let n = shape.0 as f64;
    let mut flow = FlowField::zeros(shape);
    let shear = name.starts_with("shear_");
    let rankine = name.starts_with("rankine_");
    if !shear && !rankine && !name.starts_with("lamb_oseen_") {
        return None;
    }
    for ((row, column), u) in flow.u.indexed_iter_mut() {
        let (x, y) = (column as f64, row as f64);
        let c = 0.5 * (n - 1.0);
        if shear {
            *u = (5.0 / c * (y - c)) as f32;
            continue;
        }
        // every point turns about the center by the arc that its speed gives
        let (dx, dy) = (x - c - 0.37, y - c - 0.37);
        let r = dx.hypot(dy).max(1e-9);
        let speed = if rankine {
            if r < 70.0 {
                4.0 * r / 70.0
            } else {
                4.0 * 70.0 / r
            }
        } else {
            let core = 60.0 / 1.120_91;
            4.0 / 0.638_173 * (1.0 - (-(r / core).powi(2)).exp()) * core / r
        };
        let (sin, cos) = (speed / r).sin_cos();
        *u = (cos * dx - sin * dy - dx) as f32;
        flow.v[[row, column]] = (sin * dx + cos * dy - dy) as f32;
    }
    Some(flow)
}

/// A folder with `frame10.png`, `frame11.png` and a known motion; `None` if it is none.
pub fn load_pair(folder: &Path) -> Outcome<Option<Pair>> {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (a, b) = (folder.join("frame10.png"), folder.join("frame11.png"));
    if !a.exists() || !b.exists() {
        return Ok(None);
    }
    let (first, second) = (read_image(&a)?, read_image(&b)?);
    let file = folder.join("flow10.flo");
    let clean = folder.with_file_name("keyhole_clean").join("flow10.flo");
    let truth = if file.exists() {
        FlowField::read_flo(file)?
    } else if name.starts_with("keyhole_") && clean.exists() {
        FlowField::read_flo(clean)?
    } else if let Some(truth) = closed_form(&name, first.dim()) {
        truth
    } else {
        return Ok(None);
    };
    let mask = folder.with_file_name("keyhole_pool_mask.png");
    let mask = if name.starts_with("keyhole_") && mask.exists() {
        let mask = read_image(&mask)?;
        (mask.dim() == first.dim()).then(|| mask.mapv(|value| value > 0.5))
    } else {
        None
    };
    Ok(Some(Pair {
        name,
        first,
        second,
        truth,
        mask,
    }))
}

/// All pairs of a folder and of its folders, by name.
pub fn pairs(folder: &Path) -> Outcome<Vec<Pair>> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut found = Vec::new();
    for path in folders {
        match load_pair(&path)? {
            Some(pair) => found.push(pair),
            None => found.extend(pairs(&path)?),
        }
    }
    Ok(found)
}

/// Processor seconds of all threads of this process so far, where the system says it; else the time that passed.
pub fn cpu_seconds(start: Instant) -> f64 {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return start.elapsed().as_secs_f64();
    };
    let ns: f64 = tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .sum();
    if ns > 0.0 {
        ns * 1e-9
    } else {
        start.elapsed().as_secs_f64()
    }
}

/// A frame at twice its size with white arrows of the flow every `step` px, each `gain` times as long as the motion.
pub fn quiver(frame: &Array2<f32>, flow: &FlowField, step: usize, gain: f32) -> Array2<f32> {
    let (rows, columns) = frame.dim();
    let (low, high) = frame
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |r, v| {
            (r.0.min(*v), r.1.max(*v))
        });
    let span = (high - low).max(1e-12);
    // the frame in the lower two thirds of the scale, so that arrows stand out
    let mut out = Array2::from_shape_fn((2 * rows, 2 * columns), |(y, x)| {
        0.6 * (frame[[y / 2, x / 2]] - low) / span
    });
    let mut dot = |x: f32, y: f32| {
        if let Some(pixel) = out.get_mut([y.round().max(0.0) as usize, x.round().max(0.0) as usize])
        {
            *pixel = 1.0;
        }
    };
    let mut line = |from: (f32, f32), to: (f32, f32)| {
        let n = (to.0 - from.0)
            .abs()
            .max((to.1 - from.1).abs())
            .ceil()
            .max(1.0) as usize;
        for k in 0..=n {
            let t = k as f32 / n as f32;
            dot(from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
        }
    };
    for row in (step / 2..rows).step_by(step) {
        for column in (step / 2..columns).step_by(step) {
            let (u, v) = (flow.u[[row, column]], flow.v[[row, column]]);
            if !flow.is_known((row, column)) {
                continue;
            }
            let (dx, dy) = (2.0 * gain * u, 2.0 * gain * v);
            let from = (2.0 * column as f32, 2.0 * row as f32);
            let to = (from.0 + dx, from.1 + dy);
            line(from, to);
            if dx.hypot(dy) > 3.0 {
                for turn in [2.6_f32, -2.6] {
                    let (s, c) = turn.sin_cos();
                    line(
                        to,
                        (
                            to.0 + 0.35 * (c * dx - s * dy),
                            to.1 + 0.35 * (s * dx + c * dy),
                        ),
                    );
                }
            }
        }
    }
    out
}

/// An image between two values with a scale bar.
pub fn image(
    values: &Array2<f32>,
    pixel_um: f64,
    axis: Axis,
    colormap: Colormap,
    range: Option<(f32, f32)>,
) -> RadiographFigure {
    let contrast = range.map_or(
        Contrast::Percentile {
            low: 0.5,
            high: 99.5,
        },
        |(low, high)| Contrast::Window { low, high },
    );
    let across = values.dim().1 as f64 * pixel_um;
    let bar = [1000.0, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0]
        .into_iter()
        .find(|bar| *bar < 0.3 * across)
        .unwrap_or(1.0);
    RadiographFigure::new(values, pixel_um, axis)
        .colormap(colormap)
        .contrast(contrast)
        .scale_bar_um(bar)
}

/// Writes a figure and its numbers to `target/figures/NAME/`.
pub fn save(name: &str, figure: &dyn Figure, table: &str) -> Outcome<()> {
    let folder = Path::new("target/figures").join(name);
    fs::create_dir_all(&folder)?;
    for (end, bytes) in [
        ("png", figure.to_png()?),
        ("svg", figure.to_svg()?.into_bytes()),
        ("csv", table.as_bytes().to_vec()),
    ] {
        let path = folder.join(format!("{name}.{end}"));
        fs::write(&path, bytes)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
