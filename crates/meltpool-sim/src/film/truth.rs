//! The exact truth of a film, frame by frame.

use ndarray::Array2;

use super::plan::{FilmPlan, span};
use crate::error::{Result, not_negative};
use crate::flow::{Position, Velocity};
use crate::sphere::SphereState;

/// Size and place of the keyhole in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyholeGeometry {
    /// Depth of the tip in µm.
    pub depth_um: f64,
    /// Width at the mouth in µm.
    pub mouth_width_um: f64,
    /// Largest width in µm, over 256 depths.
    pub largest_width_um: f64,
    /// Area of the outline in µm².
    pub area_um2: f64,
    /// Column of the middle of the mouth.
    pub mouth_column: f64,
    /// Whether there is a keyhole at all.
    pub open: bool,
}

/// Both walls of the keyhole in one row of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WallRow {
    /// The row.
    pub row: usize,
    /// Column of the rear (left) wall.
    pub left: f64,
    /// Column of the front (right) wall.
    pub right: f64,
    /// Speed of the rear wall to the right in m/s.
    pub left_speed_m_s: f64,
    /// Speed of the front wall to the right in m/s.
    pub right_speed_m_s: f64,
}

/// A velocity field on the pixels, in pixels a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct VelocityField {
    /// To the right.
    pub u: Array2<f32>,
    /// Down.
    pub v: Array2<f32>,
}

impl FilmPlan {
    /// The keyhole's size and place.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn keyhole_geometry(&self, frame: usize) -> Result<KeyholeGeometry> {
        self.check(frame)?;
        let time = frame as f64;
        let px = self.camera().pixel_size_um();
        let Some(keyhole) = &self.film.scene.keyhole else {
            return Ok(CLOSED);
        };
        let depth = keyhole.depth(time);
        let Some(mouth) = keyhole.slice(time, depth * 1e-9) else {
            return Ok(CLOSED);
        };
        let width = |i: u32| {
            keyhole
                .slice(time, depth * f64::from(i) / 256.0)
                .map_or(0.0, |s| s.width())
        };
        Ok(KeyholeGeometry {
            depth_um: depth * px,
            mouth_width_um: mouth.width() * px,
            largest_width_um: (1..256).map(width).fold(mouth.width(), f64::max) * px,
            area_um2: keyhole.area(time) * px * px,
            mouth_column: 0.5 * (mouth.left + mouth.right)
                + self.shift(time).x
                + self.beam_shift(frame),
            open: depth > 0.0,
        })
    }

    /// Pixels whose center lies inside the keyhole.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn keyhole_mask(&self, frame: usize) -> Result<Array2<bool>> {
        let mut mask = Array2::from_elem(self.camera().shape(), false);
        for wall in self.walls_px(frame)? {
            for column in span(wall.left, wall.right, self.camera().n_columns()) {
                let x = column as f64;
                mask[(wall.row, column)] = x > wall.left && x < wall.right;
            }
        }
        Ok(mask)
    }

    /// Walls in image pixels with speeds in pixels a frame.
    fn walls_px(&self, frame: usize) -> Result<Vec<WallRow>> {
        self.check(frame)?;
        let time = frame as f64;
        let shift = self.shift(time);
        let across = shift.x + self.beam_shift(frame);
        let surface = self.film.scene.plate.surface_row + shift.y;
        let Some(keyhole) = &self.film.scene.keyhole else {
            return Ok(Vec::new());
        };
        let rows = span(
            surface,
            surface + keyhole.depth(time),
            self.camera().n_rows(),
        );
        Ok(rows
            .filter_map(|row| {
                let slice = keyhole.slice(time, row as f64 - surface)?;
                let speed = keyhole.wall_speed(time, row as f64 - surface);
                Some(WallRow {
                    row,
                    left: slice.left + across,
                    right: slice.right + across,
                    // within 2e-3 frames of the tip's passing the speed is not defined
                    left_speed_m_s: speed.map_or(f64::NAN, |speed| speed.left),
                    right_speed_m_s: speed.map_or(f64::NAN, |speed| speed.right),
                })
            })
            .collect())
    }

    /// Both walls in every row of the keyhole and their exact speeds; NaN in a row that the tip is just passing.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn walls(&self, frame: usize) -> Result<Vec<WallRow>> {
        let scale = self.camera().meters_per_second();
        let mut walls = self.walls_px(frame)?;
        for wall in &mut walls {
            wall.left_speed_m_s *= scale;
            wall.right_speed_m_s *= scale;
        }
        Ok(walls)
    }

    /// Whether a point of the image is in the pool, and in the plane of the sample.
    fn in_pool(&self, time: f64, at: Position) -> bool {
        let scene = &self.film.scene;
        scene
            .pool
            .is_some_and(|pool| pool.shifted(scene.pool_speed * time).contains(at))
    }

    /// Pixels whose center lies inside the outline of the pool, the keyhole included.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn pool_mask(&self, frame: usize) -> Result<Array2<bool>> {
        self.check(frame)?;
        let time = frame as f64;
        let shift = self.shift(time);
        Ok(Array2::from_shape_fn(self.camera().shape(), |(y, x)| {
            self.in_pool(time, Position::new(x as f64 - shift.x, y as f64 - shift.y))
        }))
    }

    /// The exact velocity of the liquid at a point of the image in pixels a frame; the mean over layers of a layered flow.
    ///
    /// It is that of the flow model: where the flow does not know the pool's border, it holds outside too. The drift of the
    /// sample is added.
    pub fn velocity(&self, at: Position, time: f64) -> Velocity {
        let scene = &self.film.scene;
        let shift = self.shift(time);
        let at = Position::new(at.x - shift.x, at.y - shift.y);
        let flow = match &scene.layers {
            Some(layers) => layers.velocity(at, time),
            None => scene.flow.velocity(at, time),
        };
        Velocity {
            u: flow.u + scene.drift.u,
            v: flow.v + scene.drift.v,
        }
    }

    /// The velocity on all pixels at a frame, zero outside the liquid (outside the pool and inside the keyhole).
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn velocity_field(&self, frame: usize) -> Result<VelocityField> {
        let liquid = self.liquid_mask(frame)?;
        let mut field = VelocityField {
            u: Array2::zeros(liquid.dim()),
            v: Array2::zeros(liquid.dim()),
        };
        for ((y, x), wet) in liquid.indexed_iter() {
            if *wet {
                let velocity = self.velocity(Position::new(x as f64, y as f64), frame as f64);
                field.u[(y, x)] = velocity.u as f32;
                field.v[(y, x)] = velocity.v as f32;
            }
        }
        Ok(field)
    }

    /// Pixels in the pool and not in the keyhole.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn liquid_mask(&self, frame: usize) -> Result<Array2<bool>> {
        let mut mask = self.pool_mask(frame)?;
        mask.zip_mut_with(&self.keyhole_mask(frame)?, |liquid, vapor| {
            *liquid &= !vapor;
        });
        Ok(mask)
    }

    /// The stagnation zone: pixels of the liquid slower than a threshold in m/s.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame, [`crate::Error::InvalidParameter`] for a negative threshold.
    pub fn stagnation_zone(&self, frame: usize, threshold_m_s: f64) -> Result<Array2<bool>> {
        not_negative("threshold_m_s", threshold_m_s)?;
        let limit = self.camera().pixels_per_frame(threshold_m_s);
        let mut mask = self.liquid_mask(frame)?;
        for ((y, x), slow) in mask.indexed_iter_mut() {
            let at = Position::new(x as f64, y as f64);
            *slow = *slow && self.velocity(at, frame as f64).speed() < limit;
        }
        Ok(mask)
    }

    /// The pores at a frame: centers in the image, velocities in the sample, and whether they are there.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn pores(&self, frame: usize) -> Result<Vec<SphereState>> {
        self.check(frame)?;
        Ok(self.placed(self.tracks.pores(&self.film, frame), frame))
    }

    /// The droplets of spatter at a frame.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchFrame`] beyond the last frame.
    pub fn droplets(&self, frame: usize) -> Result<Vec<SphereState>> {
        self.check(frame)?;
        Ok(self.placed(self.tracks.droplets(frame as f64), frame))
    }

    fn placed(&self, mut spheres: Vec<SphereState>, frame: usize) -> Vec<SphereState> {
        let shift = self.shift(frame as f64);
        for sphere in &mut spheres {
            sphere.center.x += shift.x;
            sphere.center.y += shift.y;
        }
        spheres
    }
}

const CLOSED: KeyholeGeometry = KeyholeGeometry {
    depth_um: 0.0,
    mouth_width_um: 0.0,
    largest_width_um: 0.0,
    area_um2: 0.0,
    mouth_column: 0.0,
    open: false,
};
