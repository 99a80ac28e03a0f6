//! Properties that hold for any scene, and settings through JSON.

use meltpool_sim::{
    Camera, Detector, Eddy, Film, Flow, HalfEllipse, Keyhole, Plate, Pore, Position,
    PrescribedKeyhole, Scene, Spatter, StreamFlow, Texture,
};
use proptest::prelude::*;

/// A small film with a pool, eddies, a keyhole, a pore and droplets.
#[derive(Debug, Clone)]
struct Setting {
    size: (usize, usize),
    seed: u64,
    eddies: Vec<Eddy>,
    photons: f64,
    pore: f64,
}

fn settings() -> impl Strategy<Value = Setting> {
    let eddy = (
        -80.0_f64..80.0,
        6.0_f64..30.0,
        20.0_f64..70.0,
        15.0_f64..50.0,
    )
        .prop_map(|(strength, sigma, x, y)| Eddy {
            strength,
            sigma,
            center: Position::new(x, y),
        });
    (
        (64_usize..90, 70_usize..100),
        any::<u64>(),
        prop::collection::vec(eddy, 0..4),
        1.0_f64..1e5,
        1.0_f64..6.0,
    )
        .prop_map(|(size, seed, eddies, photons, pore)| Setting {
            size,
            seed,
            eddies,
            photons,
            pore,
        })
}

fn film(setting: &Setting) -> Film {
    let camera = Camera::new(setting.size.0, setting.size.1, 1.0, 1e6);
    let plate = Plate {
        thickness: 100.0,
        attenuation: 4e-3,
        surface_row: 10.0,
        face_texture: 0.01,
    };
    let pool = HalfEllipse::new(Position::new(45.0, 10.0), 30.0, 45.0, 40.0);
    let keyhole = PrescribedKeyhole::new(50.0, 9.0)
        .speed(0.0)
        .depth_and_swing(25.0, 4.0)
        .mouth_and_swing(5.0, 1.0)
        .tail_swing(1.0);
    let scene = Scene::new(camera, plate)
        .pool(pool)
        .flow(Flow::Stream(StreamFlow::new(pool, setting.eddies.clone())))
        .texture(Texture::Random {
            std: 0.02,
            correlation: 3.0,
        })
        .keyhole(Keyhole::Prescribed(keyhole))
        .pores(vec![Pore::new(Position::new(30.0, 30.0), setting.pore)])
        .spatter(Spatter {
            count: 5,
            speed: 3.0,
            radius: 2.0,
            half_angle: 0.5,
        });
    Film::new(scene, Detector::new(setting.photons))
        .n_frames(5)
        .seed(setting.seed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_film_is_a_function_of_its_settings_whatever_the_order_and_threads(setting in settings()) {
        let plan = film(&setting).plan()?;
        let recorded = plan.record()?;
        let again = film(&setting).plan()?;
        // last frame first, alone
        for frame in (0..5).rev() {
            let alone = again.frame(frame)?;
            prop_assert_eq!(alone.view(), recorded.frames.index_axis(ndarray::Axis(0), frame));
        }
        let in_order: Vec<_> = plan.frames().collect();
        for (frame, image) in in_order.iter().enumerate() {
            prop_assert_eq!(image.view(), recorded.frames.index_axis(ndarray::Axis(0), frame));
        }
        let other = film(&Setting { seed: setting.seed ^ 1, ..setting.clone() }).plan()?;
        if setting.photons > 100.0 {
            prop_assert_ne!(other.frame(0)?, again.frame(0)?);
        }
    }

    /// Central differences of the velocity: nothing is made or lost anywhere in the pool.
    #[test]
    fn any_eddies_are_free_of_divergence_and_rest_on_the_border(setting in settings()) {
        let plan = film(&setting).plan()?;
        let h = 1e-3;
        let (mut fastest, mut worst) = (0.0_f64, 0.0_f64);
        for i in 0..40 {
            for j in 0..40 {
                let at = Position::new(12.0 + 1.7 * f64::from(i), 8.0 + 1.2 * f64::from(j));
                let v = |dx: f64, dy: f64| plan.velocity(Position::new(at.x + dx, at.y + dy), 1.0);
                let divergence = (v(h, 0.0).u - v(-h, 0.0).u + v(0.0, h).v - v(0.0, -h).v) / (2.0 * h);
                fastest = fastest.max(v(0.0, 0.0).speed());
                worst = worst.max(divergence.abs());
            }
        }
        // the second derivative jumps at the border and 25 pixels below the surface, where differences see h times the jump
        prop_assert!(worst <= 1e-5 * (1.0 + fastest), "{} at {}", worst, fastest);
        for turn in 0..20 {
            let (s, c) = (std::f64::consts::PI * f64::from(turn) / 20.0).sin_cos();
            let on_border = Position::new(45.0 + 30.0 * c, 10.0 + 45.0 * s);
            prop_assert!(plan.velocity(on_border, 0.0).speed() < 1e-9);
        }
    }

    /// What is absorbed is what lies in the way: no frame is brighter than the open beam but for edges and noise.
    #[test]
    fn absorbance_is_that_of_the_matter(setting in settings()) {
        let plan = film(&setting).plan()?;
        for frame in 0..5 {
            let absorbance = plan.absorbance(frame)?;
            // the plate, its texture and a droplet in front of it
            let most = 4e-3 * (100.0 + 0.02 * 40.0 * 6.0 + 4.0) + 0.01 * 6.0;
            prop_assert!(absorbance.iter().all(|a| a.is_finite() && *a < most as f32 && *a > -0.07));
            let mask = plan.keyhole_mask(frame)?;
            let area = mask.iter().filter(|inside| **inside).count() as f64;
            let truth = plan.keyhole_geometry(frame)?.area_um2;
            // each of the rows can be wrong by one pixel
            prop_assert!((area - truth).abs() <= 35.0, "{} {}", area, truth);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn films_survive_json() -> Result<(), Box<dyn std::error::Error>> {
    use meltpool_sim::preset;
    for film in [
        preset::scan_cycle(64, 96),
        preset::pinch_off(),
        preset::aps_like(),
        preset::gan_movie(3, 1)?,
    ] {
        let text = serde_json::to_string(&film)?;
        assert_eq!(serde_json::from_str::<Film>(&text)?, film);
    }
    let pulse = meltpool_sim::SpotPulse::new(232.0, 60.0);
    let text = serde_json::to_string(&pulse)?;
    assert_eq!(
        serde_json::from_str::<meltpool_sim::SpotPulse>(&text)?,
        pulse
    );
    Ok(())
}
