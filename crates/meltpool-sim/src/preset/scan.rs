//! Films at the microsecond scale.

use crate::camera::Camera;
use crate::detector::Detector;
use crate::film::Film;
use crate::flow::{
    Flow, LambOseen, LayeredFlow, LogisticArea, Position, QuietFlow, Rankine, Shear, StreamFlow,
    Uniform, Velocity, WallFlow,
};
use crate::keyhole::{Keyhole, PinchOffKeyhole, PrescribedKeyhole};
use crate::pool::HalfEllipse;
use crate::scene::{Plate, Scene};
use crate::sphere::Pore;
use crate::texture::Texture;

/// Attenuation of Ti-6Al-4V (90 Ti, 6 Al, 4 V by weight, 4430 kg/m³) at 24 keV in 1/µm: 3992 1/m by xraydb 4.5.8 (tables of
/// W. T. Elam et al., doi 10.1016/S0969-806X(01)00227-4), rounded as in the reference program.
const TI64_24_KEV: f64 = 3.99e-3;

/// Parts that all films of the scan-cycle family share.
struct Stage {
    camera: Camera,
    surface: f64,
    column: f64,
    pool: HalfEllipse,
}

fn stage(n_rows: usize, n_columns: usize) -> Stage {
    let camera = Camera::new(n_rows, n_columns, 1.0, 1.087e6);
    let (h, w) = (n_rows as f64, n_columns as f64);
    let (surface, column) = (0.15 * h, 0.62 * w);
    let pool = HalfEllipse::new(
        Position::new(column - 0.14 * w, surface),
        0.34 * w,
        0.42 * h,
        150.0,
    );
    Stage {
        camera,
        surface,
        column,
        pool,
    }
}

impl Stage {
    fn keyhole(&self) -> PrescribedKeyhole {
        PrescribedKeyhole::new(self.column, self.camera.frames(24.0))
            .speed(self.camera.pixels_per_frame(0.5))
    }

    fn stream(&self) -> StreamFlow {
        StreamFlow::scan_cycle(self.pool, self.column, self.camera.n_columns() as f64)
    }

    fn scene(&self) -> Scene {
        let plate = Plate {
            thickness: 500.0,
            attenuation: TI64_24_KEV,
            surface_row: self.surface,
            face_texture: 0.02,
        };
        Scene::new(self.camera, plate)
            .liquid_deficit(0.1)
            .pool(self.pool)
            .texture(Texture::Random {
                std: 0.02,
                correlation: 5.0,
            })
    }

    fn pores(&self) -> Vec<Pore> {
        [
            (95.0, 120.0, 7.0),
            (140.0, 70.0, 6.0),
            (60.0, 165.0, 8.0),
            (40.0, 45.0, 5.0),
        ]
        .map(|(dx, dy, r)| Pore::new(Position::new(self.column - dx, self.surface + dy), r))
        .to_vec()
    }
}

/// A keyhole that swings with a period of 24 µs in a plate of Ti-6Al-4V, filmed at 1.087 MHz and 1 µm a pixel.
///
/// Named settings of the published films: 1.087 MHz, 1 µm, 0.5 m/s. The plate of 0.5 mm, the shape and period of the keyhole, the flow, the
/// texture of the liquid, the pores and the detector are invented. 2000 photons a pixel; the scene is laid out for 512 x 512
/// pixels (256 x 256 still holds the keyhole).
pub fn scan_cycle(n_rows: usize, n_columns: usize) -> Film {
    let stage = stage(n_rows, n_columns);
    let scene = stage
        .scene()
        .flow(Flow::Stream(stage.stream()))
        .keyhole(Keyhole::Prescribed(stage.keyhole()))
        .pores(stage.pores());
    Film::new(scene, Detector::new(2000.0))
}

/// [`scan_cycle`] with a flow that follows the walls of the keyhole instead of passing through it.
///
/// The flow is unsteady and its map costs microseconds a point and frame: without texture, for the truth at points. Set a
/// texture for small images.
pub fn wall_flow(n_rows: usize, n_columns: usize) -> Film {
    let stage = stage(n_rows, n_columns);
    let flow = WallFlow::new(stage.stream(), stage.keyhole());
    let film = scan_cycle(n_rows, n_columns);
    film.map_scene(|scene| {
        scene
            .flow(Flow::Wall(Box::new(flow)))
            .texture(Texture::None)
            .pores(Vec::new())
    })
}

/// A neck that closes at 7.98 and 8.04 m/s and leaves a pore, beside a stagnation zone that grows from 1329 to 6508 µm².
///
/// 30 frames of 512 x 512 pixels. Wall speeds and areas are those reported in the review record of Song et al., Metals 16(5), 487 (2026), on move contrast X-ray imaging of
/// keyhole pores; neck, depths and the place of the zone are invented.
pub fn pinch_off() -> Film {
    let stage = stage(512, 512);
    let speed = |v| stage.camera.pixels_per_frame(v);
    let keyhole = PinchOffKeyhole::new(stage.column, 14.0, speed(7.98), speed(8.04));
    let center = Position::new(stage.column - 85.0, stage.surface + 95.0);
    let area = LogisticArea {
        first: 1329.0,
        last: 6508.0,
        middle: 12.0,
        rise: 2.5,
    };
    let flow = QuietFlow::new(stage.stream(), center, area);
    let scene = stage
        .scene()
        .flow(Flow::Quiet(flow))
        .keyhole(Keyhole::PinchOff(keyhole));
    Film::new(scene, Detector::new(20_000.0)).n_frames(30)
}

/// The negative control: a pool in which all liquid moves at 1.3 m/s, so that there is no stagnation zone at all.
pub fn no_stagnation(n_rows: usize, n_columns: usize) -> Film {
    let stage = stage(n_rows, n_columns);
    let velocity = Velocity {
        u: -stage.camera.pixels_per_frame(1.2),
        v: stage.camera.pixels_per_frame(0.5),
    };
    let scene = stage
        .scene()
        .flow(Flow::Uniform(Uniform::new(velocity)))
        .keyhole(Keyhole::Prescribed(stage.keyhole()));
    Film::new(scene, Detector::new(20_000.0))
}

/// [`scan_cycle`] with a flow in eight layers, fastest at mid-thickness: what a projection loses.
///
/// The texture of eight independent layers averages out, so its strength is scaled by $\sqrt8$.
pub fn layered(n_rows: usize, n_columns: usize) -> Film {
    let stage = stage(n_rows, n_columns);
    let layers = LayeredFlow::cosine(Flow::Stream(stage.stream()), 8);
    scan_cycle(n_rows, n_columns).map_scene(|scene| {
        scene
            .layers(layers)
            .pores(Vec::new())
            .texture(Texture::Random {
                std: 0.02 * 8.0_f64.sqrt(),
                correlation: 5.0,
            })
    })
}

/// The flows of [`flow_bench`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum BenchFlow {
    /// Everywhere the same velocity.
    Uniform,
    /// A linear shear.
    Shear,
    /// A Rankine vortex.
    Rankine,
    /// A pair of Lamb–Oseen vortices that turn against each other.
    LambOseenPair,
}

/// A textured sheet that fills the image and moves by a flow of known velocity: a bench of motion estimators.
///
/// The largest velocity in the image is near `speed` pixels a frame (for `Shear`, at the upper and lower edge). Without keyhole, pores,
/// face texture or edge enhancement.
pub fn flow_bench(size: usize, flow: BenchFlow, speed: f64, texture: Texture) -> Film {
    let camera = Camera::new(size, size, 1.0, 1.0e6);
    let n = size as f64;
    let middle = Position::new(0.5 * n, 0.5 * n);
    let flow = match flow {
        BenchFlow::Uniform => Flow::Uniform(Uniform::new(Velocity {
            u: 0.8 * speed,
            v: 0.6 * speed,
        })),
        BenchFlow::Shear => Flow::Shear(Shear::new(2.0 * speed / n, 0.5 * n)),
        BenchFlow::Rankine => Flow::Rankine(vec![Rankine::new(middle, 0.12 * n, speed)]),
        BenchFlow::LambOseenPair => {
            // the largest speed of one vortex is 0.6382 of circulation / 2 pi a, at 1.1209 core radii
            let circulation = speed * std::f64::consts::TAU * 0.1 * n / 0.638_172_686;
            let at = |x: f64| Position::new(x * n, 0.5 * n);
            Flow::LambOseen(vec![
                LambOseen::new(at(0.3), 0.1 * n, circulation),
                LambOseen::new(at(0.7), 0.1 * n, -circulation),
            ])
        }
    };
    // a pool far larger than the image has an even path
    let pool = HalfEllipse::new(Position::new(0.5 * n, -1.0), 100.0 * n, 100.0 * n, 150.0);
    let plate = Plate {
        thickness: 500.0,
        attenuation: TI64_24_KEV,
        surface_row: -50.0,
        face_texture: 0.0,
    };
    let scene = Scene::new(camera, plate)
        .pool(pool)
        .flow(flow)
        .texture(texture);
    Film::new(scene, Detector::new(20_000.0).edge(0.0).flat(None))
}

/// A keyhole that crosses a rough plate, with the statistics of public synchrotron frames at 50 kHz.
///
/// 400 x 1024 pixels of 1.93 µm (nominal, not verified); texture of the plate's faces 0.061, temporal noise 0.0115 of the intensity and a
/// keyhole that moves 5.22 pixels a frame are measured on those frames (Ti-6Al-4V, 200 W, 0.5 m/s). The shape of the keyhole is invented within the
/// measured depth of 75 to 98 pixels. No texture in the liquid; no flat field, as the public frames have none left.
pub fn aps_like() -> Film {
    let camera = Camera::new(400, 1024, 1.93, 50_000.0);
    let surface = 80.0;
    let keyhole = PrescribedKeyhole::new(150.0, 7.3)
        .speed(5.22)
        .depth_and_swing(86.0, 10.0)
        .mouth_and_swing(20.0, 2.0)
        .tail_swing(5.0);
    let pool = HalfEllipse::new(Position::new(110.0, surface), 110.0, 105.0, 100.0);
    let plate = Plate {
        thickness: 0.5e3 / 1.93,
        attenuation: TI64_24_KEV * 1.93,
        surface_row: surface,
        face_texture: 0.061,
    };
    let scene = Scene::new(camera, plate)
        .liquid_deficit(0.05)
        .pool(pool)
        .pool_speed(5.22)
        .keyhole(Keyhole::Prescribed(keyhole));
    // white noise of 0.0115 behind exp(-1.995): 1/0.0115^2 photons there
    let detector = Detector::new(55_600.0)
        .blur_order(crate::detector::BlurOrder::BeforeNoise)
        .gain_jitter(0.0)
        .read_noise(0.0)
        .dark(0.0)
        .flat(None);
    Film::new(scene, detector).n_frames(150)
}
