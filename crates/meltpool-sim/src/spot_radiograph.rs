//! Radiographs of a spot pulse relative to the solid plate.

use ndarray::Array2;

use crate::error::{Result, not_negative, positive, require};
use crate::filter::exp_f32;
use crate::keyhole::profile_at;
use crate::random::{Normal, Purpose, normal, poisson_all, stream};

/// Largest side of an image.
const MAX_SIZE: usize = 8192;
/// Open-beam frames by which each frame is corrected.
const FLAT_FRAMES: f64 = 8.0;

/// Radiographs of keyhole and pool of a spot pulse: flat-corrected transmission relative to the solid plate.
///
/// With path $c_k$ through vapor (cut at the plate's thickness) and $c_p = 2R\sqrt{1 - (x/R)^2 - (y/h)^2}$ through the pool, the
/// effective path is $th = c_k + 0.05\max(c_p - c_k, 0)$ and $T = e^{\mu\,th}$, blurred by a binomial of three taps. Above the
/// surface $T = e^{0.15\mu t}$: the display range of such frames, not the full transmission of air. Photons are Poisson, 600 at
/// 5.28 µm pixels and in proportion to their area; the frame is divided by a flat with the noise of eight frames.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpotRadiograph {
    size: usize,
    field_um: f64,
    surface: f64,
    attenuation: f64,
    thickness_um: f64,
    deficit: f64,
    edge: f64,
    phase_length_m2: f64,
    blur: f64,
    photons: f64,
    jitter_um: f64,
    tilt_deg: f64,
}

impl SpotRadiograph {
    /// Square radiographs of this size in pixels over a field of 676 µm, with edge enhancement of 0.3.
    pub fn new(size: usize) -> Self {
        Self {
            edge: 0.3,
            phase_length_m2: 0.0,
            ..Self::reference(size)
        }
    }

    /// The parameters of the reference program, with its phase term $1 - 6\cdot10^{-12}\,\mathrm{m}\,\nabla^2 th$, which changes
    /// a frame by at most 5e-6: a slip of units, kept for comparison only.
    pub fn reference(size: usize) -> Self {
        Self {
            size,
            field_um: 676.0,
            surface: 0.12,
            attenuation: 3800.0,
            thickness_um: 750.0,
            deficit: 0.05,
            edge: 0.0,
            phase_length_m2: 6e-12,
            blur: 0.7,
            photons: 600.0,
            jitter_um: 8.0,
            tilt_deg: 0.0,
        }
    }

    /// Size of the field in µm (676 unless set).
    pub fn field_um(mut self, field_um: f64) -> Self {
        self.field_um = field_um;
        self
    }

    /// Attenuation in 1/m (3800 unless set: Ti-6Al-4V at 24.4 keV, 3808 by xraydb 4.5.8) and thickness in µm (750 unless set).
    pub fn plate(mut self, attenuation: f64, thickness_um: f64) -> Self {
        self.attenuation = attenuation;
        self.thickness_um = thickness_um;
        self
    }

    /// Strength of the edge enhancement $1 + e\,\mathrm{clip}(-\mu\nabla^2 th, \pm0.4)$ in pixels (0.3 unless set).
    pub fn edge(mut self, edge: f64) -> Self {
        self.edge = edge;
        self
    }

    /// Photons at 5.28 µm pixels (600 unless set).
    pub fn photons(mut self, photons: f64) -> Self {
        self.photons = photons;
        self
    }

    /// Standard deviation of the beam's position from frame to frame in µm (8 unless set).
    pub fn jitter_um(mut self, jitter_um: f64) -> Self {
        self.jitter_um = jitter_um;
        self
    }

    /// Tilt of the sample in degrees (0 unless set).
    pub fn tilt_deg(mut self, tilt_deg: f64) -> Self {
        self.tilt_deg = tilt_deg;
        self
    }

    /// Size of a pixel in µm.
    pub fn pixel_size_um(&self) -> f64 {
        self.field_um / self.size as f64
    }

    /// Checks every parameter.
    ///
    /// # Errors
    /// [`crate::Error::InvalidParameter`] names the first one outside its range.
    pub fn validate(&self) -> Result<()> {
        require(
            (1..=MAX_SIZE).contains(&self.size),
            "size",
            "between 1 and 8192",
            self.size,
        )?;
        positive("field_um", self.field_um)?;
        not_negative("attenuation", self.attenuation)?;
        positive("thickness_um", self.thickness_um)?;
        not_negative("edge", self.edge)?;
        positive("photons", self.photons)?;
        not_negative("jitter_um", self.jitter_um)?;
        require(
            self.tilt_deg.abs() < 90.0,
            "tilt_deg",
            "between -90 and 90",
            self.tilt_deg,
        )
    }

    /// The transmission without noise, for depth and mean width of the keyhole and half width and depth of the pool in µm.
    ///
    /// # Errors
    /// As [`validate`](Self::validate), and for sizes that are negative or not finite.
    pub fn transmission(
        &self,
        depth_um: f64,
        width_um: f64,
        half_um: f64,
        pool_um: f64,
    ) -> Result<Array2<f32>> {
        self.draw([depth_um, width_um, half_um, pool_um], 0.0)
    }

    /// A frame with beam jitter and noise from the streams of this seed, run and frame.
    ///
    /// # Errors
    /// As [`transmission`](Self::transmission).
    pub fn frame(
        &self,
        sizes_um: [f64; 4],
        seed: u64,
        run: u64,
        frame: u32,
    ) -> Result<Array2<f32>> {
        let mut rng = stream(seed, run << 32 | u64::from(frame), Purpose::Spot);
        let shift = self.jitter_um * normal(&mut rng);
        let mut image = self.draw(sizes_um, shift)?;
        let pixel = self.pixel_size_um() / 5.28;
        let n = self.photons * pixel * pixel;
        let (gauss, spread) = (Normal::new(), 1.0 / (FLAT_FRAMES * n).sqrt());
        image.mapv_inplace(|t| t.max(0.01) * n as f32);
        if let Some(means) = image.as_slice_mut() {
            poisson_all(&mut rng, means);
        }
        let open = 1.0 / n as f32;
        image.mapv_inplace(|counts| {
            let flat = 1.0 + spread * gauss.draw(&mut rng);
            counts * open / flat.max(0.5) as f32
        });
        Ok(image)
    }

    /// Masks of keyhole and pool without tilt and jitter, from the exact outlines at the centers of pixels.
    ///
    /// # Errors
    /// As [`transmission`](Self::transmission).
    pub fn masks(&self, sizes_um: [f64; 4]) -> Result<(Array2<bool>, Array2<bool>)> {
        check_sizes(sizes_um)?;
        self.validate()?;
        let [depth, width, half, pool] = sizes_um;
        let at = |(row, column): (usize, usize)| {
            let px = self.pixel_size_um();
            (
                (column as f64 + 0.5) * px - 0.5 * self.field_um,
                (row as f64 + 0.5) * px - self.surface * self.field_um,
            )
        };
        let shape = (self.size, self.size);
        let keyhole = Array2::from_shape_fn(shape, |i| {
            let (x, y) = at(i);
            y >= 0.0 && y < depth && x.abs() < 0.5 * width * profile_at(y / depth)
        });
        let liquid = Array2::from_shape_fn(shape, |i| {
            let (x, y) = at(i);
            y >= 0.0 && half > 0.0 && pool > 0.0 && (x / half).powi(2) + (y / pool).powi(2) < 1.0
        });
        Ok((keyhole, liquid))
    }

    fn draw(&self, sizes_um: [f64; 4], shift_um: f64) -> Result<Array2<f32>> {
        self.validate()?;
        check_sizes(sizes_um)?;
        // lengths in µm, single precision only after the paths are known
        let [depth, width, half, pool] = sizes_um;
        let (n, px) = (self.size, self.pixel_size_um());
        let angle = self.tilt_deg.to_radians();
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let mut path = vec![0.0_f32; n * n];
        let mut below = vec![false; n * n];
        for row in 0..n {
            let b = (row as f64 + 0.5) * px - self.surface * self.field_um;
            for column in 0..n {
                let a = (column as f64 + 0.5) * px - 0.5 * self.field_um;
                let (x, y) = (a * cos - b * sin, a * sin + b * cos);
                if y < 0.0 {
                    continue;
                }
                let liquid = if half > 0.0 && pool > 0.0 {
                    2.0 * half
                        * (1.0 - (x / half) * (x / half) - (y / pool) * (y / pool))
                            .max(0.0)
                            .sqrt()
                } else {
                    0.0
                };
                let vapor = if depth > 0.0 && y < depth {
                    let radius = 0.5 * width * profile_at(y / depth);
                    2.0 * (radius * radius - (x - shift_um) * (x - shift_um))
                        .max(0.0)
                        .sqrt()
                } else {
                    0.0
                };
                let vapor = vapor.min(self.thickness_um);
                let liquid = liquid.min(self.thickness_um);
                path[row * n + column] = (vapor + self.deficit * (liquid - vapor).max(0.0)) as f32;
                below[row * n + column] = true;
            }
        }
        let image = self.develop(&path, &below);
        Ok(Array2::from_shape_vec((n, n), image).unwrap_or_else(|_| Array2::default((n, n))))
    }

    /// Transmission from effective paths in µm.
    fn develop(&self, path: &[f32], below: &[bool]) -> Vec<f32> {
        let n = self.size;
        let mu = (self.attenuation * 1e-6) as f32;
        let pixel_m = self.pixel_size_um() * 1e-6;
        // per µm of the sum of neighbors
        let phase = (self.phase_length_m2 * 1e-6 / (pixel_m * pixel_m)) as f32;
        let edge = self.edge as f32;
        let wrap = |i: usize, step: usize| (i + step) % n;
        let mut image: Vec<f32> = path.iter().map(|path| exp_f32(mu * path)).collect();
        if edge != 0.0 || phase != 0.0 {
            for row in 0..n {
                let (up, down) = (wrap(row, n - 1) * n, wrap(row, 1) * n);
                for column in 0..n {
                    let sides =
                        path[row * n + wrap(column, n - 1)] + path[row * n + wrap(column, 1)];
                    let sum = path[up + column] + path[down + column] + sides
                        - 4.0 * path[row * n + column];
                    image[row * n + column] *=
                        (1.0 - phase * sum) * (1.0 + edge * (-mu * sum).clamp(-0.4, 0.4));
                }
            }
        }
        if self.blur > 0.0 {
            let k = (self.blur / 4.0) as f32;
            let source = image.clone();
            for row in 0..n {
                let (up, down) = (wrap(row, n - 1) * n, wrap(row, 1) * n);
                for column in 0..n {
                    image[row * n + column] = (1.0 - 2.0 * k) * source[row * n + column]
                        + k * (source[up + column] + source[down + column]);
                }
            }
            let mut line = vec![0.0; n];
            for values in image.chunks_exact_mut(n) {
                line.copy_from_slice(values);
                for column in 0..n {
                    values[column] = (1.0 - 2.0 * k) * line[column]
                        + k * (line[wrap(column, n - 1)] + line[wrap(column, 1)]);
                }
            }
        }
        let air = libm::exp(self.attenuation * self.thickness_um * 1e-6 * 0.15) as f32;
        for (value, below) in image.iter_mut().zip(below) {
            if !below {
                *value = air;
            }
        }
        image
    }
}

fn check_sizes(sizes_um: [f64; 4]) -> Result<()> {
    let names = ["depth_um", "width_um", "half_um", "pool_um"];
    names
        .into_iter()
        .zip(sizes_um)
        .try_for_each(|(name, value)| not_negative(name, value))
}
