//! The motion between any two images or arrays.
//!
//! `-- A B [--method auto|hs|song|robust|non-local|dis|farneback|lk|tvl1|piv|liu-shen] [--alpha auto|X] [--threads T] [--flo OUT.flo] [--truth GT.flo] [--pixel-um X --rate-hz Y]`. `auto` and `hs` are
//! Horn-Schunck (with `--alpha X`: without smoothing and at that weight), `song` the published setting. Without images it makes a
//! vortex pair and says so. The picture (one pixel counts as 1 µm; arrows on the first frame, speed, what the flow leaves unexplained) goes to
//! `target/figures/flow_pair/`; the last line is JSON. Under a second for 512 x 512 px.

use std::path::Path;
use std::time::Instant;

use meltpool_plot::{Axis, Colormap, PanelFigure, Theme};
use ndarray::Array2;
use optical_flow::{
    Alpha, Calibration, FlowError, FlowEstimator, FlowField, FrameRate, HornSchunck, Image,
    LiuShen, PixelSize, PreSmoothing, RobustFlow, residual_map,
};
use serde_json::json;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, argument, cpu_seconds, image, method, quiver, read_image, save};

/// A texture that turns about its center by 2 px at 40 px, and its motion.
fn vortex() -> Outcome<(Array2<f32>, Array2<f32>, FlowField)> {
    let angle = |r: f32| 2.0 / 40.0 * (1.0 - r / 160.0).max(0.0);
    let texture = |x: f32, y: f32| {
        let waves =
            (0.35 * x + 0.1 * y).sin() + (0.3 * y - 0.15 * x).cos() + (0.5 * x - 0.4 * y).sin();
        0.5 + 0.12 * waves
    };
    let turned = |x: usize, y: usize, sign: f32| {
        let (dx, dy) = (x as f32 - 128.0, y as f32 - 128.0);
        let (s, c) = (sign * angle(dx.hypot(dy))).sin_cos();
        (128.0 + c * dx - s * dy, 128.0 + s * dx + c * dy)
    };
    let shape = (256, 256);
    let first = Array2::from_shape_fn(shape, |(y, x)| texture(x as f32, y as f32));
    let second = Array2::from_shape_fn(shape, |(y, x)| {
        let (bx, by) = turned(x, y, -1.0);
        texture(bx, by)
    });
    let truth = FlowField::new(
        Array2::from_shape_fn(shape, |(y, x)| turned(x, y, 1.0).0 - x as f32),
        Array2::from_shape_fn(shape, |(y, x)| turned(x, y, 1.0).1 - y as f32),
    )?;
    Ok((first, second, truth))
}

fn estimator() -> Outcome<Box<dyn FlowEstimator>> {
    let name = argument("--method").unwrap_or_else(|| "auto".to_owned());
    if let Some(text) = argument("--alpha").filter(|text| text != "auto") {
        let alpha: f64 = text.parse()?;
        return Ok(match name.as_str() {
            "auto" | "hs" => Box::new(
                HornSchunck::new()
                    .alpha(Alpha::Fixed(alpha))
                    .pre_smoothing(PreSmoothing::Gaussian(0.0)),
            ),
            "robust" => Box::new(RobustFlow::new().alpha(alpha)),
            "non-local" => Box::new(RobustFlow::non_local().alpha(alpha)),
            "liu-shen" => Box::new(LiuShen::new().alpha(alpha)),
            _ => return Err(format!("{name} has no weight alpha").into()),
        });
    }
    method(&name)
}

fn main() -> Outcome<()> {
    let threads: usize = argument("--threads").map_or(Ok(0), |text| text.parse())?;
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
    if threads == 1 {
        builder.use_current_thread().build_global()?;
    } else {
        builder.build_global()?;
    }
    let files: Vec<String> = std::env::args()
        .skip(1)
        .take_while(|text| !text.starts_with("--"))
        .collect();
    let (first, second, mut truth) = if let [a, b, ..] = &files[..] {
        (read_image(Path::new(a))?, read_image(Path::new(b))?, None)
    } else {
        println!("no images given: a generated vortex");
        let (first, second, truth) = vortex()?;
        (first, second, Some(truth))
    };
    if let Some(path) = argument("--truth") {
        truth = Some(FlowField::read_flo(path)?);
    }
    let (one, two) = (Image::new(&first.view())?, Image::new(&second.view())?);
    let estimator = estimator()?;
    let start = Instant::now();
    let before = cpu_seconds(start);
    let result = estimator.estimate(&one, &two)?;
    let cpu = cpu_seconds(start) - before;
    let wall = start.elapsed().as_secs_f64();
    let speed = result.flow.speed();
    let mean = speed.iter().map(|v| f64::from(*v)).sum::<f64>() / speed.len() as f64;
    let max = f64::from(speed.iter().copied().fold(0.0, f32::max));
    assert!(mean.is_finite() && max.is_finite(), "a flow is bounded");
    if let Some(path) = argument("--flo") {
        result.flow.write_flo(&path)?;
        println!("wrote {path}");
    }
    let left = residual_map(&one, &two, &result.flow)?.mapv(|v| if v.is_nan() { 0.0 } else { v });
    let step = (first.dim().0.max(first.dim().1) / 32).max(4);
    let gain = (step as f64 / max.max(1e-6)) as f32;
    let page = PanelFigure::new(2)
        .theme(Theme::page().height_mm(150.0))
        .panel(image(
            &quiver(&first, &result.flow, step, gain),
            0.5,
            Axis::new("motion", "bar in px"),
            Colormap::Gray,
            Some((0.0, 1.0)),
        ))
        .panel(image(
            &speed,
            1.0,
            Axis::new("speed", "px/frame"),
            Colormap::Cividis,
            None,
        ))
        .panel(image(
            &left,
            1.0,
            Axis::new("unexplained", "intensity"),
            Colormap::Gray,
            None,
        ));
    let table = format!("quantity,value\nmean_px,{mean}\nmax_px,{max}\n");
    save("flow_pair", &page, &table)?;
    let mut line = json!({
        "mean_px": mean, "max_px": max,
        "residual": result.convergence.map(|c| c.residual),
        "converged": result.convergence.map(|c| c.is_converged()),
        "alpha": result.alpha, "pre_smoothing_px": result.pre_smoothing,
        "iterations": result.levels.iter().map(|l| l.solves.iter().map(|s| s.iterations).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "cpu_seconds": cpu, "wall_seconds": wall,
    });
    if let Some(truth) = truth {
        let error = FlowError::between(&result.flow, &truth, None)?;
        line["aee"] = json!(error.end_point);
        line["aae_deg"] = json!(error.angular_deg);
        line["p95_px"] = json!(error.end_point_p95);
    }
    if let (Some(um), Some(hz)) = (argument("--pixel-um"), argument("--rate-hz")) {
        let calibration = Calibration::new(
            PixelSize::from_micrometers(um.parse()?)?,
            FrameRate::from_hertz(hz.parse()?)?,
        );
        line["mean_m_s"] = json!(calibration.meters_per_second(mean));
        line["max_m_s"] = json!(calibration.meters_per_second(max));
    }
    println!("{line}");
    Ok(())
}
