//! The backward map of the pool's pixels, carried from frame to frame where the flow is steady.

use crate::flow::{Flow, LANES, Position, StreamKernel};
use crate::kernel::dispatch::{Job, dispatch};
use crate::scene::Scene;

/// The pixels inside the pool at one time.
#[derive(Debug, Clone, Default)]
pub(crate) struct PoolPixels {
    /// Index in the image.
    pub(crate) index: Vec<u32>,
    /// Path of the beam through liquid.
    pub(crate) path: Vec<f32>,
}

impl PoolPixels {
    pub(crate) fn at(scene: &Scene, time: f64) -> Self {
        let mut pixels = Self::default();
        let Some(pool) = scene.pool else {
            return pixels;
        };
        let pool = pool.shifted(scene.pool_speed * time);
        let (rows, columns) = scene.camera.shape();
        let (sx, sy) = (scene.drift.u * time, scene.drift.v * time);
        let (a, b) = (pool.semi_axis_x(), pool.semi_axis_y());
        for row in 0..rows {
            let y = row as f64 - sy;
            let dy = (y - pool.center().y) / b;
            if y <= pool.center().y || dy >= 1.0 {
                continue;
            }
            let half = a * (1.0 - dy * dy).sqrt() + 1.0;
            let from = (pool.center().x + sx - half)
                .floor()
                .clamp(0.0, columns as f64) as usize;
            let to = (pool.center().x + sx + half)
                .ceil()
                .clamp(0.0, columns as f64) as usize;
            for column in from..to {
                let at = Position::new(column as f64 - sx, y);
                if pool.contains(at) {
                    pixels.index.push((row * columns + column) as u32);
                    pixels.path.push(pool.liquid_path(at) as f32);
                }
            }
        }
        pixels
    }
}

/// Backward displacements of the pool's pixels at a frame, one set a layer.
#[derive(Debug, Clone)]
pub(crate) struct BackwardMap {
    frame: usize,
    dx: Vec<Vec<f32>>,
    dy: Vec<Vec<f32>>,
}

impl BackwardMap {
    pub(crate) fn start(n_pixels: usize, n_layers: usize) -> Self {
        let zeros = vec![vec![0.0; n_pixels.div_ceil(LANES) * LANES]; n_layers];
        Self {
            frame: 0,
            dx: zeros.clone(),
            dy: zeros,
        }
    }

    pub(crate) fn frame(&self) -> usize {
        self.frame
    }

    pub(crate) fn layer(&self, layer: usize) -> (&[f32], &[f32]) {
        (&self.dx[layer], &self.dy[layer])
    }

    /// Carries a map of a steady flow one frame further.
    pub(crate) fn next_frame(&mut self, scene: &Scene, pixels: &PoolPixels) {
        self.move_back(scene, pixels, 1.0);
        self.frame += 1;
    }

    /// Moves the displacements back over a time of at most one frame.
    pub(crate) fn move_back(&mut self, scene: &Scene, pixels: &PoolPixels, time: f64) {
        let steps = scene.steps_per_frame;
        let columns = scene.camera.n_columns();
        let one = [1.0];
        let (flow, factors) = match &scene.layers {
            Some(layers) => (layers.flow(), layers.factors()),
            None => (&scene.flow, &one[..]),
        };
        for (layer, factor) in factors.iter().enumerate() {
            let dt = -time * factor / steps as f64;
            let (dx, dy) = (&mut self.dx[layer], &mut self.dy[layer]);
            match flow {
                Flow::Rest => {}
                Flow::Stream(stream) => {
                    dispatch(StreamSteps {
                        kernel: StreamKernel::new(stream),
                        center: stream.pool().center(),
                        index: &pixels.index,
                        columns,
                        dx,
                        dy,
                        dt: dt as f32,
                        steps,
                    });
                }
                other => {
                    for (i, index) in pixels.index.iter().enumerate() {
                        let (column, row) = place(*index, columns);
                        let mut at =
                            Position::new(column + f64::from(dx[i]), row + f64::from(dy[i]));
                        for _ in 0..steps {
                            at = other.step(at, 0.0, dt);
                        }
                        dx[i] = (at.x - column) as f32;
                        dy[i] = (at.y - row) as f32;
                    }
                }
            }
        }
    }
}

/// Column and row of an index.
fn place(index: u32, columns: usize) -> (f64, f64) {
    (
        (index as usize % columns) as f64,
        (index as usize / columns) as f64,
    )
}

/// Steps of the map in an eddy flow.
struct StreamSteps<'a> {
    kernel: StreamKernel,
    center: Position,
    index: &'a [u32],
    columns: usize,
    dx: &'a mut [f32],
    dy: &'a mut [f32],
    dt: f32,
    steps: usize,
}

impl Job for StreamSteps<'_> {
    #[inline(always)]
    fn run(self) {
        let center = self.center;
        let lanes = self
            .dx
            .chunks_exact_mut(LANES)
            .zip(self.dy.chunks_exact_mut(LANES));
        for (index, (dx, dy)) in self.index.chunks(LANES).zip(lanes) {
            let (mut px, mut py) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            let (mut x, mut y) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            for (lane, index) in index.iter().enumerate() {
                let (column, row) = place(*index, self.columns);
                px[lane] = (column - center.x) as f32;
                py[lane] = (row - center.y) as f32;
            }
            x.copy_from_slice(dx);
            y.copy_from_slice(dy);
            for _ in 0..self.steps {
                self.kernel.step(&px, &py, &mut x, &mut y, self.dt);
            }
            dx.copy_from_slice(&x);
            dy.copy_from_slice(&y);
        }
    }
}

/// The backward map of an unsteady scene from `time` to 0, in the plane of the sample.
pub(crate) fn unsteady_map(scene: &Scene, pixels: &PoolPixels, time: f64) -> BackwardMap {
    let mut map = BackwardMap::start(pixels.index.len(), 1);
    let (sx, sy) = (scene.drift.u * time, scene.drift.v * time);
    for (i, index) in pixels.index.iter().enumerate() {
        let (column, row) = place(*index, scene.camera.n_columns());
        let from = Position::new(column - sx, row - sy);
        let at = scene.flow.advect(from, time, 0.0, scene.steps_per_frame);
        map.dx[0][i] = (at.x - column) as f32;
        map.dy[0][i] = (at.y - row) as f32;
    }
    map
}
