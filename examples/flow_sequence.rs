//! Velocity maps in m/s from a stack of frames, smooth in space and time.
//!
//! `-- STACK --pixel-um X --rate-hz Y [--first N] [--frames N] [--method sequence|pairs] [--coupling T] [--alpha X] [--threads T] [--flo FOLDER]`: any stack that
//! `xray-io` reads. `sequence` is `SequenceFlow`, `pairs` Horn-Schunck on each pair by itself; `--flo` writes a field a pair. Without a stack: the liquid's
//! texture of a simulated keyhole cycle (512 x 512 px, 1.087 MHz, 1 µm) with noise of half its standard deviation, both methods, and the error of each in
//! the liquid. What is seen: arrows on the frame in the middle, the mean speed and what it fluctuates by (a scale of its own); and the true speed where it is
//! known. The last line is JSON. Some 4 s. Output: `target/figures/flow_sequence/`.

use std::fmt::Write as _;
use std::time::Instant;

use meltpool_plot::{Axis, Colormap, PanelFigure, Theme};
use meltpool_sim::{Texture, preset};
use ndarray::{Array2, Array3, Axis as Dimension};
use optical_flow::{
    Calibration, FlowError, FlowField, FlowResult, FlowStatistics, FrameRate, HornSchunck, Image,
    PixelSize, SequenceFlow, Workspace,
};
use rand::{RngExt, SeedableRng};
use serde_json::json;
use xray_io::SequenceReaderExt;

#[path = "support/flow.rs"]
mod flow;
use flow::{Outcome, argument, cpu_seconds, image, is_quick, quiver, save};

/// Frames to measure, with what is known of their motion.
struct Stack {
    frames: Array3<f32>,
    scale: Calibration,
    /// For each pair: the motion, and where it is scored.
    truth: Vec<(FlowField, Array2<bool>)>,
}

/// A number after `--NAME`.
fn number(name: &str) -> Outcome<f64> {
    let text = argument(name).ok_or_else(|| format!("a stack needs {name} too"))?;
    Ok(text.parse()?)
}

fn read(path: &str) -> Outcome<Stack> {
    let all = xray_io::open(path)?.read_all()?.into_array();
    let count = |name: &str, default: usize| argument(name).map_or(Ok(default), |t| t.parse());
    let first = count("--first", 0)?.min(all.dim().0);
    let last = (first + count("--frames", 16)?).min(all.dim().0);
    Ok(Stack {
        frames: all.slice(ndarray::s![first..last, .., ..]).to_owned(),
        scale: Calibration::new(
            PixelSize::from_micrometers(number("--pixel-um")?)?,
            FrameRate::from_hertz(number("--rate-hz")?)?,
        ),
        truth: Vec::new(),
    })
}

/// The liquid's texture of a simulated film, that is what a film without it lacks, and white noise of half its standard deviation.
fn simulated(n_frames: usize) -> Outcome<Stack> {
    let film = preset::scan_cycle(512, 512).n_frames(n_frames).seed(3);
    let plan = film.plan()?;
    let plain = film
        .map_scene(|scene| scene.texture(Texture::None))
        .plan()?;
    let (rows, columns) = plan.camera().shape();
    let mut frames = Array3::zeros((n_frames, rows, columns));
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let (mut truth, mut noise) = (Vec::new(), 0.0);
    for (k, mut out) in frames.axis_iter_mut(Dimension(0)).enumerate() {
        out.assign(&(plan.absorbance(k)? - plain.absorbance(k)?));
        let liquid = plan.liquid_mask(k)?;
        if k == 0 {
            let n = liquid.iter().filter(|inside| **inside).count() as f64;
            let square = out.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
            noise = 0.5 * (square / n).sqrt() as f32;
        }
        // a sum of twelve uniform numbers: nearly normal, of variance one
        out.mapv_inplace(|v| {
            v + noise * ((0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0)
        });
        if k + 1 < n_frames {
            let field = plan.velocity_field(k)?;
            let keyhole = plan.keyhole_mask(k + 1)?;
            let scored = Array2::from_shape_fn(liquid.dim(), |at| liquid[at] && !keyhole[at]);
            truth.push((FlowField::new(field.u, field.v)?, scored));
        }
    }
    Ok(Stack {
        frames,
        scale: Calibration::new(
            PixelSize::from_micrometers(plan.camera().pixel_size_um())?,
            FrameRate::from_hertz(plan.camera().frame_rate_hz())?,
        ),
        truth,
    })
}

/// All frames on one scale: intensity 0 and 1 are the least and the largest value of all.
fn images(frames: &Array3<f32>) -> Outcome<Vec<Image>> {
    let (low, high) = frames
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |r, v| {
            (r.0.min(*v), r.1.max(*v))
        });
    let high = if high > low { high } else { low + 1.0 };
    let image = |frame| Image::with_range(&frame, f64::from(low), f64::from(high));
    Ok(frames.outer_iter().map(image).collect::<Result<_, _>>()?)
}

fn method(name: &str, frames: &[Image]) -> Outcome<Vec<FlowResult>> {
    let mut pair = HornSchunck::new();
    if let Some(text) = argument("--alpha").filter(|text| text != "auto") {
        pair = pair.alpha(text.parse::<f64>()?);
    }
    let coupling: Option<f64> = argument("--coupling").map(|t| t.parse()).transpose()?;
    match name {
        "sequence" => {
            let mut sequence = SequenceFlow::new().method(pair);
            if let Some(coupling) = coupling {
                sequence = sequence.coupling(coupling);
            }
            Ok(sequence.estimate_all(frames)?)
        }
        "pairs" => {
            let mut workspace = Workspace::new();
            let estimate = |two: &[Image]| {
                let mut result = FlowResult::new(FlowField::zeros((0, 0)));
                pair.estimate_into(&two[0], &two[1], &mut workspace, &mut result)?;
                Ok(result)
            };
            frames.windows(2).map(estimate).collect()
        }
        _ => Err(format!("no method {name}").into()),
    }
}

/// Arrows on a frame, mean speed, what it fluctuates by, and the true speed where it is known.
fn page(
    stack: &Stack,
    middle: usize,
    flow: &FlowField,
    statistics: &FlowStatistics,
) -> PanelFigure {
    let unit = stack.scale.meters_per_second(1.0);
    let speed = statistics.mean().speed().mapv(|v| v * unit as f32);
    let frame = stack.frames.index_axis(Dimension(0), middle).to_owned();
    let step = (frame.dim().0.max(frame.dim().1) / 32).max(4);
    let most = flow.speed().iter().copied().fold(0.0, f32::max).max(1e-6);
    let arrows = quiver(&frame, flow, step, 1.5 * step as f32 / most);
    let pixel_um = stack.scale.pixel_size().micrometers();
    let largest = |values: &Array2<f32>| values.iter().copied().fold(1e-6, f32::max);
    let top = largest(&speed);
    let map = |values: &Array2<f32>, title: &str, top: f32| {
        let axis = Axis::new(title, "m/s");
        image(values, pixel_um, axis, Colormap::Cividis, Some((0.0, top)))
    };
    let variance = statistics.variance_u() + statistics.variance_v();
    let fluctuation = variance.mapv(|v| v.sqrt() * unit as f32);
    let mut page = PanelFigure::new(2)
        .theme(Theme::page().height_mm(150.0))
        .panel(image(
            &arrows,
            0.5 * pixel_um,
            Axis::dimensionless(format!(
                "frame, longest arrow {:.1} m/s",
                f64::from(most) * unit
            )),
            Colormap::Gray,
            Some((0.0, 1.0)),
        ))
        .panel(map(&speed, "mean speed", top))
        .panel(map(&fluctuation, "fluctuation", largest(&fluctuation)));
    if let Some((truth, _)) = stack.truth.get(middle) {
        page = page.panel(map(
            &truth.speed().mapv(|v| v * unit as f32),
            "true speed",
            top,
        ));
    }
    page
}

fn main() -> Outcome<()> {
    let threads: usize = argument("--threads").map_or(Ok(0), |text| text.parse())?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;
    let path = std::env::args().nth(1).filter(|a| !a.starts_with("--"));
    let stack = if let Some(path) = path {
        read(&path)?
    } else {
        println!("no stack given: texture of a simulated keyhole cycle");
        simulated(if is_quick() { 4 } else { 8 })?
    };
    let unit = stack.scale.meters_per_second(1.0);
    let frames = images(&stack.frames)?;
    let wanted = argument("--method").unwrap_or_else(|| "sequence".to_owned());
    let mut methods = vec![wanted.as_str()];
    if !stack.truth.is_empty() {
        methods.extend(["sequence", "pairs"].into_iter().filter(|m| *m != wanted));
    }
    let mut line = json!({ "pairs": frames.len().saturating_sub(1), "method": wanted });
    let mut table = "method,pair,mean_m_s,residual,error_m_s,zero_field_m_s\n".to_owned();
    let mut shown = None;
    for name in methods {
        let start = Instant::now();
        let before = cpu_seconds(start);
        let results = method(name, &frames)?;
        let seconds = cpu_seconds(start) - before;
        let mut statistics = FlowStatistics::new(frames[0].dim());
        let (mut errors, mut zeros) = (0.0, 0.0);
        for (k, result) in results.iter().enumerate() {
            statistics.add(&result.flow)?;
            let mean = f64::from(result.flow.speed().mean().unwrap_or(0.0)) * unit;
            let residual = result.convergence.map_or(f64::NAN, |c| c.residual);
            write!(table, "{name},{k},{mean:.5},{residual:.2e},")?;
            if let Some((truth, scored)) = stack.truth.get(k) {
                let still = FlowField::zeros(truth.dim());
                let error = FlowError::between(&result.flow, truth, Some(scored))?.end_point * unit;
                let zero = FlowError::between(&still, truth, Some(scored))?.end_point * unit;
                write!(table, "{error:.5},{zero:.5}")?;
                errors += error / results.len() as f64;
                zeros += zero / results.len() as f64;
            } else {
                write!(table, ",")?;
            }
            writeln!(table)?;
            if let (Some(folder), true) = (argument("--flo"), name == wanted) {
                std::fs::create_dir_all(&folder)?;
                result.flow.write_flo(format!("{folder}/{k:05}.flo"))?;
            }
        }
        println!(
            "{name}: {} pairs, {seconds:.2} s of processor time",
            results.len()
        );
        if !stack.truth.is_empty() {
            println!("  {errors:.3} m/s from the truth, where a field of zeros is {zeros:.3}");
            line["zero_field_m_s"] = json!(zeros);
            line["errors_m_s"][name] = json!(errors);
        }
        line["cpu_seconds"][name] = json!(seconds);
        if name == wanted {
            shown = Some((results, statistics));
        }
    }
    let (results, statistics) = shown.ok_or("no method")?;
    let middle = results.len() / 2;
    let speed = statistics.mean().speed().mapv(|v| v * unit as f32);
    line["mean_m_s"] = json!(speed.mean());
    line["max_m_s"] = json!(speed.iter().copied().fold(0.0, f32::max));
    let worst = results
        .iter()
        .filter_map(|r| r.convergence)
        .map(|c| c.residual);
    line["residual"] = json!(worst.fold(0.0, f64::max));
    if let (Some(one), Some(other)) = (
        line["errors_m_s"]["sequence"].as_f64(),
        line["errors_m_s"]["pairs"].as_f64(),
    ) {
        assert!(
            one < other,
            "frames together are nearer to the truth than pairs"
        );
    }
    let page = page(&stack, middle, &results[middle].flow, &statistics);
    save("flow_sequence", &page, &table)?;
    println!("{line}");
    Ok(())
}
