//! What is filmed: plate, pool, flow, texture, keyhole, pores, spatter and powder.

use crate::camera::Camera;
use crate::error::{Error, Result, finite, not_negative, positive, require};
use crate::flow::{Flow, LayeredFlow, Velocity};
use crate::keyhole::Keyhole;
use crate::pool::HalfEllipse;
use crate::sphere::{Pore, Powder, Spatter};
use crate::texture::Texture;

/// The plate: thickness along the beam and attenuation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plate {
    /// Thickness along the beam in pixels.
    pub thickness: f64,
    /// Attenuation coefficient in 1/pixel.
    pub attenuation: f64,
    /// Row of its upper edge.
    pub surface_row: f64,
    /// Standard deviation of the static texture of its faces, in absorbance.
    pub face_texture: f64,
}

/// A scene: everything that is filmed, as a function of time.
///
/// $$A = \mu\left[t_{plate} - \Delta\,L_{liq} + \sigma_\theta\,\theta\,L_{liq} - \min(L_{vap}, t_{plate}) - L_{pore} + L_{drop}\right] + S(x, y)$$
///
/// with $\Delta = 1 - \rho_l/\rho_s$ the density deficit of the liquid, $\theta$ the texture, and $S$ the static texture of the
/// plate's faces. The edge of the plate is a step smoothed over one pixel. All lengths in pixels, times in frames.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scene {
    pub(crate) camera: Camera,
    pub(crate) plate: Plate,
    pub(crate) deficit: f64,
    pub(crate) liquid_excludes_vapor: bool,
    pub(crate) pool: Option<HalfEllipse>,
    pub(crate) pool_speed: f64,
    pub(crate) flow: Flow,
    pub(crate) layers: Option<LayeredFlow>,
    pub(crate) texture: Texture,
    pub(crate) keyhole: Option<Keyhole>,
    pub(crate) pores: Vec<Pore>,
    pub(crate) spatter: Option<Spatter>,
    pub(crate) powder: Option<Powder>,
    pub(crate) drift: Velocity,
    pub(crate) beam_jitter: f64,
    pub(crate) steps_per_frame: usize,
}

impl Scene {
    /// A plate and nothing else.
    pub fn new(camera: Camera, plate: Plate) -> Self {
        Self {
            camera,
            plate,
            deficit: 0.1,
            liquid_excludes_vapor: false,
            pool: None,
            pool_speed: 0.0,
            flow: Flow::Rest,
            layers: None,
            texture: Texture::None,
            keyhole: None,
            pores: Vec::new(),
            spatter: None,
            powder: None,
            drift: Velocity::default(),
            beam_jitter: 0.0,
            steps_per_frame: 2,
        }
    }

    /// The camera.
    pub fn camera(&self) -> &Camera {
        &self.camera
    }

    /// The plate.
    pub fn plate(&self) -> &Plate {
        &self.plate
    }

    /// The flow; for a layered one the mean over the layers is in [`crate::FilmPlan::velocity`].
    pub fn flow_field(&self) -> &Flow {
        &self.flow
    }

    /// The keyhole.
    pub fn keyhole_shape(&self) -> Option<&Keyhole> {
        self.keyhole.as_ref()
    }

    /// Another plate; `face_texture` of 0 leaves its faces smooth.
    pub fn with_plate(mut self, plate: Plate) -> Self {
        self.plate = plate;
        self
    }

    /// Density deficit of the liquid, $1 - \rho_l/\rho_s$ (0.1 unless set).
    pub fn liquid_deficit(mut self, deficit: f64) -> Self {
        self.deficit = deficit;
        self
    }

    /// Whether the liquid path leaves out the vapor path (not unless set).
    pub fn liquid_excludes_vapor(mut self, excludes: bool) -> Self {
        self.liquid_excludes_vapor = excludes;
        self
    }

    /// The melt pool (none unless set).
    pub fn pool(mut self, pool: HalfEllipse) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Speed of the pool to the right in pixels a frame (0 unless set).
    pub fn pool_speed(mut self, pool_speed: f64) -> Self {
        self.pool_speed = pool_speed;
        self
    }

    /// The flow in the pool (at rest unless set).
    pub fn flow(mut self, flow: Flow) -> Self {
        self.flow = flow;
        self
    }

    /// A flow that differs through the thickness, instead of `flow`.
    pub fn layers(mut self, layers: LayeredFlow) -> Self {
        self.layers = Some(layers);
        self
    }

    /// The texture of the liquid (none unless set).
    pub fn texture(mut self, texture: Texture) -> Self {
        self.texture = texture;
        self
    }

    /// The keyhole (none unless set).
    pub fn keyhole(mut self, keyhole: Keyhole) -> Self {
        self.keyhole = Some(keyhole);
        self
    }

    /// The pores (none unless set); those of a pinch-off are added by themselves.
    pub fn pores(mut self, pores: Vec<Pore>) -> Self {
        self.pores = pores;
        self
    }

    /// Droplets above the surface (none unless set).
    pub fn spatter(mut self, spatter: Spatter) -> Self {
        self.spatter = Some(spatter);
        self
    }

    /// Powder on the surface (none unless set).
    pub fn powder(mut self, powder: Powder) -> Self {
        self.powder = Some(powder);
        self
    }

    /// Drift of the whole sample in pixels a frame (0 unless set).
    pub fn drift(mut self, drift: Velocity) -> Self {
        self.drift = drift;
        self
    }

    /// Standard deviation of the column of the keyhole from frame to frame, in pixels (0 unless set).
    pub fn beam_jitter(mut self, beam_jitter: f64) -> Self {
        self.beam_jitter = beam_jitter;
        self
    }

    /// Runge–Kutta steps of the texture's map in a frame (2 unless set).
    pub fn steps_per_frame(mut self, steps_per_frame: usize) -> Self {
        self.steps_per_frame = steps_per_frame;
        self
    }

    /// Whether geometry and flow allow the map to be carried from frame to frame.
    pub(crate) fn is_fixed(&self) -> bool {
        self.drift.speed() == 0.0 && self.pool_speed == 0.0 && self.flow.is_steady()
    }

    /// Checks every parameter.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] names the first one outside its range; [`Error::TooLarge`] for an image above its limit.
    pub fn validate(&self) -> Result<()> {
        self.camera.validate()?;
        positive("plate.thickness", self.plate.thickness)?;
        not_negative("plate.attenuation", self.plate.attenuation)?;
        finite("plate.surface_row", self.plate.surface_row)?;
        not_negative("plate.face_texture", self.plate.face_texture)?;
        require(
            (0.0..1.0).contains(&self.deficit),
            "liquid_deficit",
            "in [0, 1)",
            self.deficit,
        )?;
        if let Some(pool) = &self.pool {
            pool.validate()?;
            require(
                pool.path() <= self.plate.thickness,
                "pool.path",
                "at most the thickness of the plate",
                pool.path(),
            )?;
        }
        finite("pool_speed", self.pool_speed)?;
        self.flow.validate()?;
        if let Some(layers) = &self.layers {
            layers.validate()?;
            require(
                self.is_fixed(),
                "layers",
                "used without drift and with a pool at rest",
                "both",
            )?;
        }
        self.texture.validate(&self.camera)?;
        if let Some(keyhole) = &self.keyhole {
            keyhole.validate()?;
        }
        require(
            self.pores.len() <= 100_000,
            "pores",
            "at most 100000",
            self.pores.len(),
        )?;
        self.pores.iter().try_for_each(Pore::validate)?;
        if let Some(spatter) = &self.spatter {
            spatter.validate()?;
        }
        if let Some(powder) = &self.powder {
            powder.validate()?;
        }
        finite("drift.u", self.drift.u)?;
        finite("drift.v", self.drift.v)?;
        not_negative("beam_jitter", self.beam_jitter)?;
        require(
            (1..=64).contains(&self.steps_per_frame),
            "steps_per_frame",
            "between 1 and 64",
            self.steps_per_frame,
        )
    }

    /// Fails if the keyhole reaches beyond the image at this frame.
    pub(crate) fn keyhole_inside(&self, frame: usize, shift: f64) -> Result<()> {
        let Some(keyhole) = &self.keyhole else {
            return Ok(());
        };
        let time = frame as f64;
        let (rows, columns) = self.camera.shape();
        let (x, y) = (self.drift.u * time + shift, self.drift.v * time);
        let outside = |side, reached, limit| {
            Err(Error::KeyholeOutside {
                frame,
                side,
                reached,
                limit,
            })
        };
        let depth = keyhole.depth(time);
        let bottom = self.plate.surface_row + depth + y;
        if bottom.is_nan() || bottom >= rows as f64 - 0.5 {
            return outside("its tip", bottom, rows);
        }
        for i in 1..64 {
            if let Some(slice) = keyhole.slice(time, depth * f64::from(i) / 64.0) {
                if slice.left + x < -0.5 {
                    return outside("its left wall", slice.left + x, columns);
                }
                if slice.right + x > columns as f64 - 0.5 {
                    return outside("its right wall", slice.right + x, columns);
                }
            }
        }
        Ok(())
    }
}
