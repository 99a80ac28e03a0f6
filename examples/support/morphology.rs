//! What the examples and tests of shapes share: simulated films with a picture of the plate before the laser, real frames, pictures.
#![allow(dead_code, reason = "each example uses its part")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use meltpool_morphology::{
    Background, Contrast, ContrastFilm, KeyholeFinder, KeyholeGauge, Outline, PixelSize,
};
use meltpool_plot::{Figure, PanelFigure};
use meltpool_sim::{Film, FilmPlan, Scene};
use ndarray::{Array2, Array3, ArrayView2};
use xray_io::SequenceReaderExt;

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The value after `--NAME`.
pub fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|text| text != name);
    arguments.nth(1)
}

/// Whether `--quick` is given.
pub fn is_quick() -> bool {
    std::env::args().any(|text| text == "--quick")
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

/// The 32 public Ti-6Al-4V radiographs, where they are at hand.
pub fn real_frames() -> Outcome<Option<Array3<f32>>> {
    let Some(path) = test_data("mcxi/aps_ti64_P200_v0.5_frames0230-0261.tif") else {
        return Ok(None);
    };
    Ok(Some(xray_io::open(path)?.read_all()?.into_array()))
}

/// A simulated film as contrast to the plate before the laser.
pub struct Simulated {
    pub plan: FilmPlan,
    pub counts: Array3<u16>,
    pub film: ContrastFilm,
}

/// The plate as it looks before the laser: the mean of 20 frames of the same plate and detector with other noise, dark level off.
pub fn before_the_laser(plan: &FilmPlan) -> Outcome<Array2<f32>> {
    let film = plan.film().clone();
    let dark = dark(plan) as f32;
    let bare = film
        .map_scene(|scene| Scene::new(*scene.camera(), *scene.plate()))
        .n_frames(100_020)
        .plan()?;
    let mut mean = Array2::<f32>::zeros(plan.camera().shape());
    for frame in 100_000..100_020 {
        mean += &bare.frame(frame)?.mapv(|counts| f32::from(counts) - dark);
    }
    Ok(mean / 20.0)
}

/// The dark level of a film in counts: 20 of the microsecond films, else none.
fn dark(plan: &FilmPlan) -> f64 {
    if plan.camera().frame_rate_hz() > 1e5 {
        20.0
    } else {
        0.0
    }
}

pub fn simulate(film: &Film) -> Outcome<Simulated> {
    let plan = film.plan()?;
    let counts = plan.record()?.frames;
    let (n_rows, n_columns) = plan.camera().shape();
    let still = Array2::from_shape_fn((n_rows, n_columns), |(y, x)| {
        10 * y > 7 * n_rows && 5 * x < 2 * n_columns
    });
    let film = Contrast::new(Background::Image(before_the_laser(&plan)?))
        .dark(dark(&plan))
        .gain_region(still)
        .apply(&counts.view())?;
    Ok(Simulated { plan, counts, film })
}

/// A finder for a simulated film: pixel and surface as in the scene, to the right.
pub fn finder(plan: &FilmPlan) -> Outcome<KeyholeFinder> {
    let pixel = PixelSize::from_micrometers(plan.camera().pixel_size_um())?;
    let surface = plan.film().scene().plate().surface_row;
    Ok(KeyholeFinder::new(KeyholeGauge::new(pixel), surface))
}

/// A picture at `scale` times its size with outlines in it, each with its own value.
pub fn with_outlines(
    image: &ArrayView2<f32>,
    range: [f32; 2],
    outlines: &[(&Outline, f32)],
    scale: usize,
) -> Array2<f32> {
    let (n_rows, n_columns) = image.dim();
    let mut out = Array2::from_shape_fn((n_rows * scale, n_columns * scale), |(y, x)| {
        image[(y / scale, x / scale)].clamp(range[0], range[1])
    });
    let s = scale as f64;
    for (outline, value) in outlines {
        let points = outline.points();
        for (i, a) in points.iter().enumerate() {
            let b = points[(i + 1) % points.len()];
            let n = (s * a.distance(b)).ceil().max(1.0) as usize;
            for k in 0..=n {
                let t = k as f64 / n as f64;
                let (x, y) = (a.x + t * (b.x - a.x), a.y + t * (b.y - a.y));
                let (x, y) = (s * (x + 0.5), s * (y + 0.5));
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let at = (y.max(0.0) as usize + dy, x.max(0.0) as usize + dx);
                    if let Some(pixel) = out.get_mut(at) {
                        *pixel = *value;
                    }
                }
            }
        }
    }
    out
}

/// Pictures of equal size side by side, so many in a row.
pub fn tiled(parts: &[Array2<f32>], columns: usize) -> Array2<f32> {
    let (h, w) = parts.first().map_or((1, 1), Array2::dim);
    let rows = parts.len().div_ceil(columns).max(1);
    Array2::from_shape_fn((rows * h, columns * w), |(y, x)| {
        let part = parts.get(y / h * columns + x / w);
        part.and_then(|p| p.get((y % h, x % w)).copied())
            .unwrap_or(0.0)
    })
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
