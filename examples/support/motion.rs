//! What the examples of motion contrast share: arguments, a scene with its truth, smoothing of powers.
#![allow(dead_code, reason = "each example uses its part")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use mcxi::{ContrastToNoise, FrameRate, Normalization, gaussian};
use meltpool_plot::{Axis, Colormap, Contrast, Figure, PanelFigure, RadiographFigure};
use meltpool_sim::{Detector, Film, FilmPlan, Texture, preset};
use ndarray::{Array2, Array3, Axis as Dimension, Zip};
use xray_io::SequenceReaderExt;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The value after `--NAME`.
pub fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|text| text != name);
    arguments.nth(1)
}

/// Whether `--quick` is given.
pub fn is_quick() -> bool {
    std::env::args().any(|text| text == "--quick")
}

/// A user's own frames: `--input STACK --pixel-um X --rate-hz Y`.
pub struct Own {
    pub frames: Array3<f32>,
    pub pixel_um: f64,
    pub rate: FrameRate,
}

pub fn own_frames() -> Outcome<Option<Own>> {
    let Some(path) = argument("--input") else {
        return Ok(None);
    };
    let number = |name: &str| -> Outcome<f64> {
        let text = argument(name).ok_or_else(|| format!("--input needs {name} too"))?;
        Ok(text.parse()?)
    };
    Ok(Some(Own {
        frames: xray_io::open(&path)?.read_all()?.into_array(),
        pixel_um: number("--pixel-um")?,
        rate: FrameRate::from_hertz(number("--rate-hz")?)?,
    }))
}

/// A rectangle of an image, as a mask.
pub fn rectangle(
    shape: (usize, usize),
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) -> Array2<bool> {
    Array2::from_shape_fn(shape, |(y, x)| rows.contains(&y) && columns.contains(&x))
}

/// A film of 512 x 512 pixels at 1.087 MHz and 1 µm as absorbance, with what is true about it in the middle frame.
pub struct Scene {
    pub plan: FilmPlan,
    pub absorbance: Array3<f32>,
    /// Plate far from the pool.
    pub still: Array2<bool>,
    /// Liquid faster than 2 m/s that the keyhole never touches.
    pub flow: Array2<bool>,
    /// Liquid texture of the flow above and below one standard deviation.
    pub bright: Array2<bool>,
    pub dark: Array2<bool>,
}

pub const STILL_ROWS: std::ops::Range<usize> = 360..500;
pub const STILL_COLUMNS: std::ops::Range<usize> = 20..200;

/// Counts to absorbance with the recorded flat field; gains from the plate far from the pool.
pub fn absorbance_of(plan: &FilmPlan, still: &Array2<bool>) -> Outcome<Array3<f32>> {
    let record = plan.record()?;
    Ok(Normalization::new()
        .flat(record.flat.mapv(f64::from))
        .dark(record.dark)
        .gain_region(still.clone())
        .absorbance(true)
        .apply(&record.frames.view())?)
}

/// The keyhole cycle (`scan_cycle`) with this many photons a pixel.
pub fn song_film(photons: f64, n_frames: usize, seed: u64) -> Film {
    preset::scan_cycle(512, 512)
        .n_frames(n_frames)
        .seed(seed)
        .map_detector(|_| Detector::new(photons))
}

pub fn song_scene(photons: f64, n_frames: usize, seed: u64) -> Outcome<Scene> {
    let film = song_film(photons, n_frames, seed);
    let middle = n_frames / 2;
    // the liquid's texture is what a film without it lacks, over the path through the liquid, which shows where it is as dense as the plate
    let plain = film.clone().map_scene(|scene| scene.texture(Texture::None));
    let dense = plain.clone().map_scene(|scene| scene.liquid_deficit(0.0));
    let plan = film.plan()?;
    let plain = plain.plan()?.absorbance(middle)?;
    let path = dense.plan()?.absorbance(middle)? - &plain;
    let texture = (plan.absorbance(middle)? - plain) / path.mapv(|path| path.max(1e-6));
    let shape = texture.dim();
    let mut keyhole = Array2::from_elem(shape, false);
    for frame in 0..n_frames {
        let mask = plan.keyhole_mask(frame)?;
        keyhole.zip_mut_with(&mask, |any, here| *any |= *here);
    }
    let pool = plan.pool_mask(middle)?;
    let still = Zip::from(&rectangle(shape, STILL_ROWS, STILL_COLUMNS))
        .and(&pool)
        .and(&keyhole)
        .map_collect(|inside, pool, keyhole| *inside && !pool && !keyhole);
    let field = plan.velocity_field(middle)?;
    let limit = plan.camera().pixels_per_frame(2.0) as f32;
    let flow = Array2::from_shape_fn(shape, |at| {
        pool[at] && !keyhole[at] && field.u[at].hypot(field.v[at]) > limit
    });
    let inside: Vec<f64> = texture
        .iter()
        .zip(&flow)
        .filter(|(_, inside)| **inside)
        .map(|(value, _)| f64::from(*value))
        .collect();
    let n = inside.len() as f64;
    let mean = inside.iter().sum::<f64>() / n;
    let std = (inside.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt() as f32;
    let part = |sign: f32| Array2::from_shape_fn(shape, |at| flow[at] && sign * texture[at] > std);
    Ok(Scene {
        absorbance: absorbance_of(&plan, &still)?,
        bright: part(1.0),
        dark: part(-1.0),
        still,
        flow,
        plan,
    })
}

impl Scene {
    /// Half the difference of the bright and the dark texture over the standard deviation of the still plate.
    pub fn feature_cnr(&self, image: &Array2<f32>) -> Outcome<f64> {
        let bright = ContrastToNoise::new(image, &self.bright, &self.still)?;
        let dark = ContrastToNoise::new(image, &self.dark, &self.still)?;
        Ok((bright.signal_mean - dark.signal_mean).abs() / 2.0 / bright.background_std)
    }
}

/// One frame of a sequence.
pub fn frame(frames: &Array3<f32>, n: usize) -> Array2<f32> {
    frames.index_axis(Dimension(0), n).to_owned()
}

/// An amplitude image smoothed on its square.
pub fn smoothed(image: &Array2<f32>, sigma_px: f64) -> Outcome<Array2<f32>> {
    Ok(gaussian(&image.mapv(|v| v * v), sigma_px)?.mapv(f32::sqrt))
}

/// An image with a scale bar.
pub fn picture(
    image: &Array2<f32>,
    pixel_um: f64,
    axis: Axis,
    colormap: Colormap,
    bar_um: f64,
) -> RadiographFigure {
    RadiographFigure::new(image, pixel_um, axis)
        .colormap(colormap)
        .contrast(Contrast::Percentile {
            low: 0.5,
            high: 99.5,
        })
        .scale_bar_um(bar_um)
}

/// Writes a page and its numbers; gives the folder.
pub fn save(name: &str, page: &PanelFigure, table: &str) -> Outcome<PathBuf> {
    let folder = Path::new("target/figures").join(name);
    fs::create_dir_all(&folder)?;
    for (end, bytes) in [
        ("png", page.to_png()?),
        ("svg", page.to_svg()?.into_bytes()),
        ("csv", table.as_bytes().to_vec()),
    ] {
        let path = folder.join(format!("{name}.{end}"));
        fs::write(&path, bytes)?;
        println!("wrote {}", path.display());
    }
    Ok(folder)
}
