//! What all frames of a film share, and the frames.

use ndarray::{Array2, Array3, Axis};

use super::Film;
use super::map::{BackwardMap, PoolPixels, unsteady_map};
use super::tracks::Tracks;
use crate::camera::Camera;
use crate::detector::{Buffers, Noise};
use crate::error::{Error, Result};
use crate::filter::{Border, standardized};
use crate::flow::Position;
use crate::kernel::dispatch::{Job, dispatch};
use crate::random::{Normal, Purpose, normal, stream};
use crate::texture::{Texture, sample};

/// Open-beam frames that are averaged to the recorded flat field.
const FLAT_FRAMES: usize = 20;
/// Frames whose maps are made before they are rendered.
const BATCH: usize = 8;
/// Largest number of pixels of a recorded film.
const MAX_RECORDED: u64 = 1 << 33;

/// Frames with what is recorded beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Counts: frames, rows, columns.
    pub frames: Array3<u16>,
    /// Mean of 20 frames of the open beam, in counts, dark level included.
    pub flat: Array2<f32>,
    /// Dark level in counts.
    pub dark: f64,
}

/// A film whose parameters are checked: gives any frame and its truth by index.
#[derive(Debug, Clone)]
pub struct FilmPlan {
    pub(super) film: Film,
    /// Absorbance of the plate with the texture of its faces at time 0.
    base: Array2<f32>,
    face: Option<Array2<f32>>,
    flat: Array2<f32>,
    defects: Option<Array2<u8>>,
    textures: Vec<Array2<f32>>,
    pixels: PoolPixels,
    pub(super) tracks: Tracks,
}

impl FilmPlan {
    pub(super) fn new(film: Film) -> Self {
        let (scene, seed) = (&film.scene, film.seed);
        let std = scene.plate.face_texture as f32;
        let face = (std > 0.0).then(|| {
            let mut rng = stream(seed, 0, Purpose::SurfaceTexture);
            let gauss = Normal::new();
            let noise =
                Array2::from_shape_simple_fn(scene.camera.shape(), || gauss.draw(&mut rng) as f32);
            standardized(noise, 2.0, 2.0, Border::Wrap).mapv(|x| std * x)
        });
        let n_layers = scene
            .layers
            .as_ref()
            .map_or(1, |layers| layers.factors().len());
        let textures = match &scene.texture {
            Texture::None => Vec::new(),
            texture => (0..n_layers as u64)
                .map(|k| texture.field(&scene.camera, seed, k))
                .collect(),
        };
        let mut plan = Self {
            flat: film.detector.flat_field(&scene.camera, seed),
            defects: film.detector.defect_map(&scene.camera, seed),
            pixels: PoolPixels::at(scene, 0.0),
            base: Array2::zeros((0, 0)),
            tracks: Tracks::new(&film),
            face,
            textures,
            film,
        };
        plan.base = plan.plate_absorbance(0.0);
        plan
    }

    /// The film.
    pub fn film(&self) -> &Film {
        &self.film
    }

    /// The camera.
    pub fn camera(&self) -> &Camera {
        &self.film.scene.camera
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.film.n_frames
    }

    pub(super) fn check(&self, frame: usize) -> Result<()> {
        if frame < self.film.n_frames {
            Ok(())
        } else {
            Err(Error::NoSuchFrame {
                frame,
                n_frames: self.film.n_frames,
            })
        }
    }

    /// Displacement of the sample at a time.
    pub(super) fn shift(&self, time: f64) -> Position {
        let drift = self.film.scene.drift;
        Position::new(drift.u * time, drift.v * time)
    }

    /// Displacement of the keyhole by the jitter of the beam in a frame.
    pub(super) fn beam_shift(&self, frame: usize) -> f64 {
        let jitter = self.film.scene.beam_jitter;
        if jitter > 0.0 {
            jitter * normal(&mut stream(self.film.seed, frame as u64, Purpose::Spot))
        } else {
            0.0
        }
    }

    /// Share of metal in a row, 0 above and 1 below the surface.
    fn metal(&self, row: usize, time: f64) -> f32 {
        let below = row as f64 - self.film.scene.plate.surface_row - self.shift(time).y;
        (0.5 * (1.0 + libm::tanh(below))) as f32
    }

    fn plate_absorbance(&self, time: f64) -> Array2<f32> {
        let plate = self.film.scene.plate;
        let shift = self.shift(time);
        let solid = (plate.attenuation * plate.thickness) as f32;
        let mut out = Array2::zeros(self.camera().shape());
        for (y, mut line) in out.axis_iter_mut(Axis(0)).enumerate() {
            let metal = self.metal(y, time);
            for (x, out) in line.iter_mut().enumerate() {
                let face = self.face.as_ref();
                let face = face.map_or(0.0, |face| {
                    bilinear(face, x as f64 - shift.x, y as f64 - shift.y)
                });
                *out = metal * (solid + face);
            }
        }
        out
    }

    /// Displacements of the texture at a frame: where the matter seen at each pixel of the pool was at time 0.
    fn map_at(&self, frame: usize) -> BackwardMap {
        let mut map = BackwardMap::start(self.pixels.index.len(), self.textures.len());
        self.carry(&mut map, frame);
        map
    }

    fn carry(&self, map: &mut BackwardMap, frame: usize) {
        while self.film.scene.is_fixed() && !self.textures.is_empty() && map.frame() < frame {
            map.next_frame(&self.film.scene, &self.pixels);
        }
    }

    /// The absorbance at a time inside `frame`, into the buffer; `map` belongs to `frame`.
    fn absorbance_into(&self, frame: usize, offset: f64, map: &BackwardMap, work: &mut Buffers) {
        let scene = &self.film.scene;
        let time = frame as f64 + offset;
        work.absorbance.clear();
        if scene.drift.speed() == 0.0 {
            work.absorbance
                .extend_from_slice(self.base.as_slice().unwrap_or(&[]));
        } else {
            work.absorbance.extend(self.plate_absorbance(time).iter());
        }
        self.subtract_vapor(frame, time, work);
        let moved;
        let pixels = if scene.is_fixed() {
            &self.pixels
        } else {
            moved = PoolPixels::at(scene, time);
            &moved
        };
        let w = self.camera().n_columns();
        let mu = scene.plate.attenuation as f32;
        let mut liquid = pixels.path.clone();
        if scene.liquid_excludes_vapor {
            for (path, index) in liquid.iter_mut().zip(&pixels.index) {
                *path = (*path - work.vapor[*index as usize]).max(0.0);
            }
        }
        let deficit = mu * scene.deficit as f32;
        for (path, index) in liquid.iter().zip(&pixels.index) {
            work.absorbance[*index as usize] -= deficit * path;
        }
        if !self.textures.is_empty() {
            let within;
            let map = if !scene.is_fixed() {
                within = unsteady_map(scene, pixels, time);
                &within
            } else if offset == 0.0 {
                map
            } else {
                let mut later = map.clone();
                later.move_back(scene, pixels, offset);
                within = later;
                &within
            };
            // layers are independent and share the path
            let strength = mu * scene.texture.std() as f32 / self.textures.len() as f32;
            for (layer, texture) in self.textures.iter().enumerate() {
                let (dx, dy) = map.layer(layer);
                let Some(field) = texture.as_slice() else {
                    continue;
                };
                dispatch(AddTexture {
                    field,
                    shape: texture.dim(),
                    index: &pixels.index,
                    columns: w,
                    dx,
                    dy,
                    liquid: &liquid,
                    strength,
                    absorbance: &mut work.absorbance,
                });
            }
        }
        self.add_spheres(frame, time, work);
    }

    fn subtract_vapor(&self, frame: usize, time: f64, work: &mut Buffers) {
        let scene = &self.film.scene;
        let (h, w) = self.camera().shape();
        work.vapor.clear();
        work.vapor.resize(h * w, 0.0);
        let Some(keyhole) = &scene.keyhole else {
            return;
        };
        let shift = self.shift(time);
        let (mu, thickness) = (scene.plate.attenuation as f32, scene.plate.thickness as f32);
        let surface = scene.plate.surface_row + shift.y;
        let across = shift.x + self.beam_shift(frame);
        let first = surface.ceil().clamp(0.0, h as f64) as usize;
        let last = (surface + keyhole.depth(time)).ceil().clamp(0.0, h as f64) as usize;
        for row in first..last {
            let Some(mut slice) = keyhole.slice(time, row as f64 - surface) else {
                continue;
            };
            slice.left += across;
            slice.right += across;
            let metal = self.metal(row, time);
            for column in span(slice.left, slice.right, w) {
                let path = slice.vapor_path(column as f64) as f32;
                work.vapor[row * w + column] = path;
                work.absorbance[row * w + column] -= mu * path.min(thickness) * metal;
            }
        }
    }

    fn add_spheres(&self, frame: usize, time: f64, work: &mut Buffers) {
        let (h, w) = self.camera().shape();
        let mu = self.film.scene.plate.attenuation as f32;
        let shift = self.shift(time);
        let mut draw = |center: Position, radius: f64, pore: bool| {
            let center = Position::new(center.x + shift.x, center.y + shift.y);
            for row in span(center.y - radius, center.y + radius, h) {
                let dy = row as f64 - center.y;
                let half = (radius * radius - dy * dy).max(0.0).sqrt();
                for column in span(center.x - half, center.x + half, w) {
                    let dx = column as f64 - center.x;
                    let path = 2.0 * (radius * radius - dx * dx - dy * dy).max(0.0).sqrt() as f32;
                    let index = row * w + column;
                    if !pore {
                        work.absorbance[index] += mu * path;
                    } else if work.vapor[index] == 0.0 {
                        // inside the keyhole the vapor is already counted
                        work.absorbance[index] -= mu * path;
                    }
                }
            }
        };
        for pore in self
            .tracks
            .pores(&self.film, frame)
            .iter()
            .filter(|pore| pore.alive)
        {
            let later = time - frame as f64;
            let (x, y) = (
                pore.center.x + pore.velocity.u * later,
                pore.center.y + pore.velocity.v * later,
            );
            draw(Position::new(x, y), pore.radius, true);
        }
        for droplet in self
            .tracks
            .droplets(time)
            .iter()
            .filter(|droplet| droplet.alive)
        {
            draw(droplet.center, droplet.radius, false);
        }
        for (center, radius) in &self.tracks.powder {
            draw(*center, *radius, false);
        }
    }

    /// The noise-free absorbance at the start of a frame.
    ///
    /// # Errors
    /// [`Error::NoSuchFrame`] beyond the last frame.
    pub fn absorbance(&self, frame: usize) -> Result<Array2<f32>> {
        self.check(frame)?;
        let mut work = Buffers::default();
        self.absorbance_into(frame, 0.0, &self.map_at(frame), &mut work);
        Ok(self.image(work.absorbance))
    }

    fn image<T: Clone + Default>(&self, values: Vec<T>) -> Array2<T> {
        let shape = self.camera().shape();
        // the buffers always hold one value a pixel, so the fallback is never taken
        Array2::from_shape_vec(shape, values).unwrap_or_else(|_| Array2::default(shape))
    }

    fn intensity_into(&self, frame: usize, map: &BackwardMap, work: &mut Buffers) {
        let mut intensity = std::mem::take(&mut work.intensity);
        intensity.clear();
        intensity.resize(self.flat.len(), 0.0);
        for offset in self.film.detector.sub_times() {
            self.absorbance_into(frame, offset, map, work);
            let absorbance = std::mem::take(&mut work.absorbance);
            self.film
                .detector
                .add_intensity(&absorbance, self.camera(), &mut intensity, work);
            work.absorbance = absorbance;
        }
        work.intensity = intensity;
    }

    /// The intensity of a frame with the afterglow of the one before.
    fn lit(&self, frame: usize, map: &BackwardMap, work: &mut Buffers) {
        let glow = self.film.detector.afterglow_share() as f32;
        let before = (glow > 0.0 && frame > 0).then(|| {
            self.intensity_into(frame - 1, &self.map_at(frame - 1), work);
            work.intensity.clone()
        });
        self.intensity_into(frame, map, work);
        if let Some(before) = before {
            for (now, before) in work.intensity.iter_mut().zip(before) {
                *now = (1.0 - glow) * *now + glow * before;
            }
        }
    }

    /// The expected photons of a frame before blur, with its gain jitter, bunch and flat field.
    ///
    /// # Errors
    /// [`Error::NoSuchFrame`] beyond the last frame.
    pub fn expected_photons(&self, frame: usize) -> Result<Array2<f32>> {
        self.check(frame)?;
        let mut work = Buffers::default();
        self.lit(frame, &self.map_at(frame), &mut work);
        let detector = &self.film.detector;
        let scale = (detector.photons() * detector.frame_gain(self.film.seed, frame as u64)) as f32;
        Ok(self.image(work.intensity) * &self.flat * scale)
    }

    /// One frame in counts.
    ///
    /// # Performance
    /// With a steady flow and a texture the backward map takes O(frame) steps; [`record`](Self::record) and
    /// [`frames`](Self::frames) carry it along. With an unsteady flow it takes O(frame) steps in each frame.
    ///
    /// # Errors
    /// [`Error::NoSuchFrame`] beyond the last frame.
    pub fn frame(&self, frame: usize) -> Result<Array2<u16>> {
        self.check(frame)?;
        Ok(self.frame_with(frame, &self.map_at(frame), &mut Buffers::default()))
    }

    fn frame_with(&self, frame: usize, map: &BackwardMap, work: &mut Buffers) -> Array2<u16> {
        self.lit(frame, map, work);
        let gain = self.film.detector.frame_gain(self.film.seed, frame as u64);
        let noise = Noise {
            seed: self.film.seed,
            slot: frame as u64,
            flat: false,
        };
        self.expose(gain, noise, work)
    }

    /// Counts from the intensity in the buffer.
    fn expose(&self, gain: f64, noise: Noise, work: &mut Buffers) -> Array2<u16> {
        let mut intensity = std::mem::take(&mut work.intensity);
        let flat = self.flat.as_slice().unwrap_or(&[]);
        let counts =
            self.film
                .detector
                .count(&mut intensity, flat, gain, self.camera(), noise, work);
        work.intensity = intensity;
        let mut out = self.image(counts);
        self.film
            .detector
            .apply_defects(self.defects.as_ref(), &mut out);
        out
    }

    /// The recorded flat field: the mean of 20 noisy frames of the open beam, in counts, dark level included.
    pub fn recorded_flat(&self) -> Array2<f32> {
        let mut sum = Array2::<f32>::zeros(self.camera().shape());
        let mut work = Buffers::default();
        for slot in 0..FLAT_FRAMES as u64 {
            work.intensity.clear();
            work.intensity.resize(sum.len(), 1.0);
            // the gains of flat frames are those of frames that no film has
            let gain = self
                .film
                .detector
                .frame_gain(self.film.seed, slot | 1 << 40);
            let counts = self.expose(
                gain,
                Noise {
                    seed: self.film.seed,
                    slot,
                    flat: true,
                },
                &mut work,
            );
            sum.zip_mut_with(&counts, |sum, count| *sum += f32::from(*count));
        }
        sum / FLAT_FRAMES as f32
    }

    /// The open beam relative to its nominal counts, without noise.
    pub fn true_flat(&self) -> &Array2<f32> {
        &self.flat
    }

    /// All frames in order, each made as it is asked for; the map is carried along.
    pub fn frames(&self) -> impl Iterator<Item = Array2<u16>> + '_ {
        let mut map = self.map_at(0);
        let mut work = Buffers::default();
        (0..self.film.n_frames).map(move |frame| {
            self.carry(&mut map, frame);
            self.frame_with(frame, &map, &mut work)
        })
    }

    /// All frames, with the recorded flat field and the dark level; in parallel with the feature `rayon`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if the frames hold more than 2^33 pixels.
    pub fn record(&self) -> Result<Recording> {
        let (h, w) = self.camera().shape();
        let total = (h as u64 * w as u64).saturating_mul(self.film.n_frames as u64);
        if total > MAX_RECORDED {
            return Err(Error::TooLarge {
                what: "pixels of a film",
                limit: MAX_RECORDED,
                found: total,
            });
        }
        let mut frames = Array3::zeros((self.film.n_frames, h, w));
        let mut map = self.map_at(0);
        for first in (0..self.film.n_frames).step_by(BATCH) {
            let maps: Vec<BackwardMap> = (first..(first + BATCH).min(self.film.n_frames))
                .map(|frame| {
                    self.carry(&mut map, frame);
                    map.clone()
                })
                .collect();
            for (k, image) in self.render_batch(first, &maps).into_iter().enumerate() {
                frames.index_axis_mut(Axis(0), first + k).assign(&image);
            }
        }
        Ok(Recording {
            frames,
            flat: self.recorded_flat(),
            dark: self.film.detector.dark_level(),
        })
    }

    #[cfg(feature = "rayon")]
    fn render_batch(&self, first: usize, maps: &[BackwardMap]) -> Vec<Array2<u16>> {
        use rayon::prelude::*;
        maps.par_iter()
            .enumerate()
            .map_init(Buffers::default, |work, (k, map)| {
                self.frame_with(first + k, map, work)
            })
            .collect()
    }

    #[cfg(not(feature = "rayon"))]
    fn render_batch(&self, first: usize, maps: &[BackwardMap]) -> Vec<Array2<u16>> {
        let mut work = Buffers::default();
        maps.iter()
            .enumerate()
            .map(|(k, map)| self.frame_with(first + k, map, &mut work))
            .collect()
    }
}

/// Looks the texture up at the map and adds it.
struct AddTexture<'a> {
    field: &'a [f32],
    shape: (usize, usize),
    index: &'a [u32],
    columns: usize,
    dx: &'a [f32],
    dy: &'a [f32],
    liquid: &'a [f32],
    strength: f32,
    absorbance: &'a mut [f32],
}

impl Job for AddTexture<'_> {
    #[inline(always)]
    fn run(self) {
        let map = self.dx.iter().zip(self.dy).zip(self.liquid);
        for (index, ((dx, dy), liquid)) in self.index.iter().zip(map) {
            let index = *index as usize;
            let (row, column) = (index / self.columns, index % self.columns);
            let theta = sample(self.field, self.shape, column, row, *dx, *dy);
            self.absorbance[index] += self.strength * theta * liquid;
        }
    }
}

/// The whole numbers from `from` to `to` within `0..n`.
pub(super) fn span(from: f64, to: f64, n: usize) -> std::ops::Range<usize> {
    let limit = n as f64;
    from.ceil().clamp(0.0, limit) as usize..(to.floor() + 1.0).clamp(0.0, limit) as usize
}

/// Bilinear value of a periodic field.
fn bilinear(field: &Array2<f32>, x: f64, y: f64) -> f32 {
    let (h, w) = field.dim();
    let (fx, fy) = (x.floor(), y.floor());
    let (wx, wy) = ((x - fx) as f32, (y - fy) as f32);
    let at = |j: i64, i: i64| {
        let row = (fy as i64 + j).rem_euclid(h as i64) as usize;
        field[(row, (fx as i64 + i).rem_euclid(w as i64) as usize)]
    };
    let top = at(0, 0) + wx * (at(0, 1) - at(0, 0));
    let bottom = at(1, 0) + wx * (at(1, 1) - at(1, 0));
    top + wy * (bottom - top)
}
